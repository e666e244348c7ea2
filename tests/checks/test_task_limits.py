"""Volumes, logs, capacity and scaling of a Task: what is refused, in which words; and the roles that follow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.checks import check
from reconciler.compile import graph_of
from reconciler.load import load
from reconciler.resources._policy import document_text

BASE = """\
apiVersion: reconciler.dev/v1
kind: Stack
metadata: {{name: s}}
spec: {{region: {region}}}
---
apiVersion: reconciler.dev/v1
kind: Network
metadata: {{name: main}}
spec: {{cidr: 10.0.0.0/16, availabilityZones: [{region}a], public: {{cidrs: [10.0.0.0/24]}}}}
---
apiVersion: reconciler.dev/v1
kind: Cluster
metadata: {{name: main}}
---
apiVersion: reconciler.dev/v1
kind: Task
metadata: {{name: web}}
spec:
  cluster: main
  network: main
  placement: Public
{spec}
  containers:
    - name: app
      image: nginx
{container}
"""
FS = "fileSystemId: fs-0123456789abcdef0"
POINT = "accessPointId: fsap-0123456789abcdef0"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/x"


def text(spec: str = "", container: str = "", region: str = "us-east-1") -> bytes:
    indented = ["\n".join(" " * by + line for line in part.splitlines()) for part, by in ((spec, 2), (container, 6))]
    return BASE.format(spec=indented[0], container=indented[1], region=region).encode()


def problems(spec: str = "", container: str = "") -> list[str]:
    bundle = load({"f": text(spec, container)})
    (stack,) = bundle.stacks.values()
    return [p.text.partition("Task/web: spec.")[2] for p in sorted([*bundle.problems, *check(stack)])]


def statements(role: str, spec: str = "", container: str = "", region: str = "us-east-1") -> list[dict[str, Any]]:
    """What a role of the task may do; nothing where there is no such role."""
    (stack,) = load({"f": text(spec, container, region)}).stacks.values()
    assert check(stack) == []
    resource = graph_of(stack.stack, stack.objects).resources.get(f"role/web/{role}")
    if resource is None:
        return []
    found: list[dict[str, Any]] = json.loads(str(document_text(resource.fields.policies[role].policy_document)))[
        "Statement"
    ]
    return sorted(found, key=lambda one: str(one["Action"]))


SEEN = "mounts: [{volume: data, path: /data}]"
WRONG = {
    "a volume that nobody sees": (
        "volumes: [{name: data}]",
        "",
        ["volumes[0].name: no container sees it, add it to mounts of a container, or remove it"],
    ),
    "a volume that is not there": (
        "volumes: [{name: data}]",
        "mounts: [{volume: dta, path: /x}, {volume: data, path: /y}]",
        ['containers[0].mounts[0].volume: there is no volume "dta", did you mean "data"?'],
    ),
    "no volume at all": (
        "",
        SEEN,
        ['containers[0].mounts[0].volume: there is no volume "data", add it to volumes of the task'],
    ),
    "two volumes of a name": (
        "volumes: [{name: data}, {name: data}]",
        SEEN,
        ["volumes[1].name: is the name of two volumes, rename one"],
    ),
    "two volumes at one path": (
        "volumes: [{name: data}, {name: more}]",
        "mounts: [{volume: data, path: /x}, {volume: more, path: /x}]",
        ["containers[0].mounts[1].path: is where another volume is seen already, choose another path"],
    ),
    "a directory beside an access point": (
        f"volumes: [{{name: data, efs: {{{FS}, {POINT}, rootDirectory: /x}}}}]",
        SEEN,
        [
            "volumes[0].efs.rootDirectory: the access point says which directory is seen"
            ", remove it, or remove accessPointId"
        ],
    ),
    "IAM without encryption": (
        f"volumes: [{{name: data, efs: {{{FS}, iam: true, transitEncryption: false}}}}]",
        SEEN,
        ["volumes[0].efs.transitEncryption: iam needs encryption on the way, remove it: it is on by default"],
    ),
    "a port without encryption": (
        f"volumes: [{{name: data, efs: {{{FS}, transitEncryption: false, transitEncryptionPort: 99}}}}]",
        SEEN,
        ["volumes[0].efs.transitEncryptionPort: nothing is encrypted on the way, remove it, or transitEncryption"],
    ),
    "EFS on an old platform": (
        f"platformVersion: 1.3.0\nvolumes: [{{name: data, efs: {{{FS}}}}}]",
        SEEN,
        ["volumes[0].efs: Fargate has EFS since platform version 1.4.0, write platformVersion: LATEST"],
    ),
    "more than an old platform has": (
        "platformVersion: 1.3.0\nephemeralStorage: 21\nexecuteCommand: true",
        "envFiles: ['arn:aws:s3:::shop/web.env']\n"
        "secrets: {A: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:user::',"
        " B: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf'}",
        [
            f"{field}: Fargate has {what} since platform version 1.4.0, write platformVersion: LATEST"
            for field, what in (
                ("ephemeralStorage", "more than 20 GiB of disk"),
                ("executeCommand", "ECS Exec"),
                ("containers[0].envFiles", "env files"),
                ("containers[0].secrets.A", "parts and versions of secrets"),
            )
        ],
    ),
    "an id that is none": (
        "volumes: [{name: data, efs: {fileSystemId: data}}]",
        SEEN,
        ['volumes[0].efs.fileSystemId: is "data", write a file system\'s id such as fs-0123456789abcdef0'],
    ),
    "a provider twice": (
        "capacityProviderStrategy: [{capacityProvider: FARGATE}, {capacityProvider: FARGATE}]",
        "",
        ["capacityProviderStrategy[1].capacityProvider: is there twice, keep one of them"],
    ),
    "two bases": (
        "capacityProviderStrategy: [{capacityProvider: FARGATE, base: 1}, {capacityProvider: FARGATE_SPOT, base: 1}]",
        "",
        ["capacityProviderStrategy[1].base: another entry has a base already, keep one of them"],
    ),
    "no weight": (
        "capacityProviderStrategy: [{capacityProvider: FARGATE_SPOT, weight: 0}]",
        "",
        ["capacityProviderStrategy: has no weight above 0, so no replica could be placed, raise one"],
    ),
    "a provider that is none": (
        "capacityProviderStrategy: [{capacityProvider: SPOT}]",
        "",
        ['capacityProviderStrategy[0].capacityProvider: is "SPOT", did you mean "FARGATE_SPOT"?'],
    ),
    "an option of the group": (
        "logs: {options: {awslogs-group: mine}}",
        "",
        ["logs.options.awslogs-group: follows from the task, remove it"],
    ),
    "an option like another": (
        "logs: {options: {max-bufer-size: 1m}}",
        "",
        ['logs.options.max-bufer-size: is no option of awslogs on Fargate, did you mean "max-buffer-size"?'],
    ),
    "a mode that is none": (
        "logs: {options: {mode: fast}}",
        "",
        ["logs.options.mode: is fast, write blocking or non-blocking"],
    ),
    "two patterns": (
        "logs: {options: {awslogs-datetime-format: a, awslogs-multiline-pattern: b}}",
        "",
        ["logs.options.awslogs-multiline-pattern: cannot be beside awslogs-datetime-format, keep one of them"],
    ),
    "a secret of awslogs": (
        f"logs: {{secretOptions: {{token: '{PARAMETER}'}}}}",
        "",
        ["logs.secretOptions: awslogs has no option that is a secret, remove it"],
    ),
    "splunk without a token": (
        "logs: {driver: splunk, options: {splunk-url: x}}",
        "",
        ["logs.driver: splunk needs splunk-token, add them to options or secretOptions"],
    ),
    "firelens without a router": (
        "logs: {driver: awsfirelens}",
        "",
        [
            "logs.driver: no container routes the logs"
            ", add a container with firelens: {type: fluentbit} and an image such as aws-for-fluent-bit"
        ],
    ),
    "a router without logs": (
        "",
        "firelens: {type: fluentbit}",
        ["containers[0].firelens: no container sends it logs, write logs: {driver: awsfirelens}"],
    ),
    "firelens as another user": (
        "logs: {driver: awsfirelens}",
        'firelens: {type: fluentbit}\nuser: "1000:0"',
        ["containers[0].user: container app routes the logs, which ECS lets user 0 do and no other, remove it"],
    ),
    "firelens as root": ("logs: {driver: awsfirelens}", 'firelens: {type: fluentbit}\nuser: "0:1000"', []),
    "a configuration in S3": (
        "logs: {driver: awsfirelens}",
        "firelens: {type: fluentbit, options: {config-file-type: s3}}",
        [
            "containers[0].firelens.options.config-file-type: Fargate takes configuration from a file of the image only"
            ", write file"
        ],
    ),
    "a driver that Fargate lacks": (
        "logs: {driver: journald}",
        "",
        ['logs.driver: is "journald", write one of awslogs, splunk, awsfirelens'],
    ),
    "a key without a group": (
        f"logs: {{driver: splunk, options: {{splunk-url: x, splunk-token: token}}, kmsKey: '{KEY}'}}",
        "",
        ["logs.kmsKey: there is no log group, remove it, or write driver: awslogs"],
    ),
    "requests that nobody counts": (
        "autoscaling: {min: 1, max: 2, requestsPerTarget: 5}",
        "",
        [
            "autoscaling.requestsPerTarget: no Application load balancer forwards to the task"
            ", add a Route, or scale by cpu or memory"
        ],
    ),
    "scaling by nothing": (
        "autoscaling: {min: 1, max: 2}",
        "",
        ["autoscaling: does not say by what, add cpu, memory or requestsPerTarget"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_aws_refuses_is_said_before_it_does(case: str) -> None:
    spec, container, expected = WRONG[case]
    assert problems(spec, container) == expected


def test_the_task_s_role_mounts_just_its_file_systems_and_writes_only_where_a_container_does() -> None:
    volumes = f"volumes: [{{name: data, efs: {{{FS}, {POINT}, iam: true}}}}, {{name: other, efs: {{{FS}}}}}]"
    mounts = "mounts: [{{volume: data, path: /data, readOnly: {}}}, {{volume: other, path: /x}}]"
    arn = "arn:aws:elasticfilesystem:us-east-1:*"
    expected = {
        "Effect": "Allow",
        "Action": "elasticfilesystem:ClientMount",
        "Resource": f"{arn}:file-system/fs-0123456789abcdef0",
        "Condition": {
            "StringLike": {"elasticfilesystem:AccessPointArn": [f"{arn}:access-point/fsap-0123456789abcdef0"]}
        },
    }
    assert _one(statements("task", volumes, mounts.format("true"))) == expected
    written = _one(statements("task", volumes, mounts.format("false")))
    assert sorted(written["Action"]) == ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    assert statements("task", volumes.replace(", iam: true", ""), mounts.format("false")) == []


def _one(found: list[dict[str, Any]]) -> dict[str, Any]:
    (only,) = found
    return {k: v[0] if isinstance(v, list) and len(v) == 1 else v for k, v in only.items()}


def test_the_execution_role_decrypts_with_the_keys_that_are_named_and_no_other() -> None:
    with_key = statements("execution", f"secretsKmsKeys: ['{KEY}']", f"secrets: {{A: '{PARAMETER}'}}")
    decrypt = [_one([s]) for s in with_key if "kms:Decrypt" in s["Action"]]
    assert decrypt == [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}]
    assert not any("kms" in str(s) for s in statements("execution", "", f"secrets: {{A: '{PARAMETER}'}}"))


def test_secrets_of_the_log_driver_are_the_execution_role_s_business_and_no_group_is_made() -> None:
    splunk = f"logs: {{driver: splunk, options: {{splunk-url: x}}, secretOptions: {{splunk-token: '{PARAMETER}'}}}}"
    assert _one(statements("execution", splunk)) == {
        "Effect": "Allow",
        "Action": "ssm:GetParameters",
        "Resource": PARAMETER,
    }
    without = "logs: {driver: splunk, options: {splunk-url: x, splunk-token: token}}"
    assert statements("execution", without) == []


def test_permissions_are_in_the_partition_of_the_region() -> None:
    image = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/web:1"
    (stack,) = load({"f": text(region="cn-north-1").replace(b"nginx", image.encode())}).stacks.values()
    role = graph_of(stack.stack, stack.objects).resources["role/web/execution"].fields
    assert "arn:aws-cn:ecr:cn-north-1:123456789012:repository/web" in str(role.policies["execution"].policy_document)
