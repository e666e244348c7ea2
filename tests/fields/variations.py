"""The one table of variations: for every field of every kind, another value and what must be seen of the change.

A field that is written nowhere here fails the test. `[app]` chooses an entry of a list by its name, `[0]` by number.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from exemptions import EXEMPT

from reconciler.checks import check
from reconciler.compile import graph_of
from reconciler.load import load
from reconciler.model.graph import Graph

ABSENT: Final = object()
"""The field is not written."""

STRANGER: Final = "sg-0123456789abcdef0"
PREFIX_LIST: Final = "pl-0123456789abcdef0"
"""Stand for a security group and a prefix list that are not ours; `REAL` holds their ids where there is an AWS."""
TARGETS: Final = ("pcx-00000000000000001", "tgw-00000000000000001", "eni-00000000000000001")
ALLOCATION: Final = "eipalloc-00000000000000001"
"""Stand for what routes of ours lead to and for an Elastic IP, neither of which is ours."""
VPCS: Final = ("vpc-00000000000000001", "vpc-00000000000000002")
BALANCERS: Final = tuple(
    f"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/platform-{n}/000000000000000{n}"
    for n in (1, 2)
)
SUBNETS: Final = tuple(f"subnet-000000000000000{n:02}" for n in range(4))
"""Stand in the same way for two VPCs that are not ours, and for private subnets of the first: two of each zone."""
REAL: Final[dict[str, str]] = {}

Edit = tuple[str, Any]
"""A field (`Task/web containers[app].command`) and its value."""

BASE: Final[list[dict[str, Any]]] = list(yaml.safe_load_all((Path(__file__).parent / "base.yaml").read_text()))
_NAMES = ("name", "container", "task", "from")


@dataclass(frozen=True)
class Row:
    """One change of one field.

    From the base, with `given` edits first, `field` is set to `to`, together with `also`. The plan must show `shows`
    and nothing else: whole lines, `*` for any text, each found at least once. Then the field is removed, where it is
    not required, and the plan must show `removed` (by default `shows` with creating and deleting the other way
    round). `needed` is what validation says where the field cannot simply be left out, `refused` what a pass says
    where it cannot be changed. `unseen` is a change of the graph that AWS has no field for.
    """

    field: str
    to: Any
    shows: tuple[str, ...] = ()
    removed: tuple[str, ...] | None = None
    given: tuple[Edit, ...] = ()
    also: tuple[Edit, ...] = ()
    needed: str = ""
    refused: str = ""
    unseen: bool = False

    @property
    def shows_when_removed(self) -> tuple[str, ...]:
        if self.removed is not None:
            return self.removed
        other_way = {"+ ": "- ", "- ": "+ "}
        return tuple(other_way.get(line[:2], line[:2]) + line[2:] for line in self.shows)

    @property
    def id(self) -> str:
        """The field as introspection knows it: `Task.containers[].command`."""
        thing, _, path = self.field.partition(" ")
        return thing.partition("/")[0] + "." + re.sub(r"\[[^\]]*\]", "[]", path)

    @property
    def stays(self) -> bool:
        """Whether AWS forbids that anybody changes what this row changes: a field, or just this value of it."""
        return bool({(self.id, "behind"), (f"{self.id}: {self.to}", "behind")} & EXEMPT.keys())

    def start(self) -> Graph:
        return graph(self.given)

    def changed(self) -> Graph:
        return graph([*self.given, *self.also, (self.field, self.to)])

    def without(self) -> Graph:
        return graph([*self.given, (self.field, ABSENT)])


class Invalid(Exception):
    """The edits do not make a good stack; says why."""


def graph(edits: Iterable[Edit] = ()) -> Graph:
    """The graph of the base with edits, which must be a good stack."""
    documents = copy.deepcopy(BASE)
    for field, value in edits:
        _write(documents, field, value)
    text = yaml.dump_all(documents, Dumper=yaml.CSafeDumper)
    for stand_in, real in REAL.items():
        text = text.replace(stand_in, real)
    bundle = load({"base.yaml": text.encode()})
    (stack,) = bundle.stacks.values()
    problems = [*bundle.problems, *check(stack)]
    if problems:
        raise Invalid("\n".join(problem.text for problem in problems))
    return graph_of(stack.stack, stack.objects)


def _write(documents: list[dict[str, Any]], field: str, wanted: Any) -> None:
    value = wanted if wanted is ABSENT else copy.deepcopy(wanted)
    thing, _, path = field.partition(" ")
    kind, _, name = thing.partition("/")
    if not path:
        documents.append({"apiVersion": "reconciler.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": value})
        return
    place: Any = next(d for d in documents if (d["kind"], d["metadata"]["name"]) == (kind, name))["spec"]
    *steps, last = re.findall(r"[^.\[\]]+(?![^\[]*\])|(?<=\[)[^\]]+(?=\])", path)
    for step in steps:
        place = place[_found(place, step)] if isinstance(place, list) else place.setdefault(step, {})
    key = _found(place, last) if isinstance(place, list) else last
    if value is ABSENT:
        if isinstance(place, list):
            del place[key]
        else:
            place.pop(key, None)
    elif isinstance(place, list) and key == len(place):
        place.append(value)
    else:
        place[key] = value


def _found(entries: list[Any], step: str) -> int:
    if step.isdigit():
        return int(step)
    return next(i for i, e in enumerate(entries) if any(isinstance(e, dict) and e.get(n) == step for n in _NAMES))


def _definition(task: str, *paths: str) -> tuple[str, ...]:
    """A change of a task definition, which is a new revision that the service moves to."""
    return (*(f"task-definition/{task} {path}" for path in paths), f"service/{task} taskDefinition")


def _app(*paths: str) -> tuple[str, ...]:
    """A change of a container of the task `web`."""
    return _definition("web", *(f"containerDefinitions[app].{path}" for path in paths))


def _deployment(*paths: str) -> tuple[str, ...]:
    return tuple(f"service/web deploymentConfiguration.{path}" for path in paths)


def _rules(listener: str, *paths: str) -> tuple[str, ...]:
    return tuple(f"listener/{listener}/rules rules[{path}" for path in paths)


def _group(group: str, *keys: str) -> tuple[str, ...]:
    return tuple(f"security-group/{group}/rules {key}" for key in keys)


_EXECUTION: Final = "role/web/execution policies[execution].policyDocument"
_WINDOW: Final = {"schedule": "0 2 * * 6", "duration": "2h"}
_WINDOWS: Final = (("Stack/shop maintenanceWindows", [_WINDOW]),)
_GIVEN_ROLE: Final = "arn:aws:iam::123456789012:role/shop-tasks"
_OTHER_ROLE: Final = "arn:aws:iam::123456789012:role/shop-tasks-2"
_SIZE: Final = (
    ("Stack/shop variables", {"size": {"type": "Integer", "default": 3, "description": "copies"}}),
    ("Task/web replicas", "${var.size}"),
)
_IN_TEXT: Final = (
    ("Stack/shop variables", {"size": {"type": "Integer", "default": 3}}),
    ("Task/web containers[app].env", {"SIZE": "${var.size} copies"}),
)
_ROLE: Final = ("Stack/shop assumeRole", {"arn": "arn:aws:iam::123456789012:role/reconciler"})
_EXISTING: Final = (
    (
        "Network/theirs",
        {
            "existing": {"id": VPCS[0]},
            "availabilityZones": ["us-east-1a", "us-east-1b"],
            "private": {"ids": list(SUBNETS[:2])},
        },
    ),
    ("LoadBalancer/inner", {"network": "theirs", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}),
)
_BY_TAGS: Final = (
    *_EXISTING,
    ("Network/theirs existing", {"tags": {"Name": "one"}}),
    ("Network/theirs private", {"tags": {"tier": "private"}}),
)
_GUEST: Final = (
    *_EXISTING[:1],
    (
        "LoadBalancer/guest",
        {
            "network": "theirs",
            "existing": {"arn": BALANCERS[0]},
            "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
        },
    ),
    (
        "Route/guest",
        {
            "loadBalancer": "guest",
            "listener": "http",
            "rules": [{"name": "a", "match": {"paths": ["/a"]}, "fixedResponse": {"statusCode": 403}}],
        },
    ),
)
_BALANCER_OF_OURS: Final = ("*",)
_ROUTED: Final = (("Network/main routes", [{"to": "10.70.0.0/16", "via": TARGETS[0]}]),)


_LISTS: Final = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "*"}}'
_WITH_LOGS: Final = (("Network/main endpoints", ["s3", "logs"]), ("Network/main endpointOptions", {"logs": {}}))


def _extra_routes(destination: str) -> tuple[str, ...]:
    """A change of a route in all tables of the network `main`."""
    tables = ("public", "private/us-east-1a", "private/us-east-1b")
    return tuple(f"route-table/main/{table}/routes routes[{destination}]*" for table in tables)


_ACL_ENTRIES: Final = [
    {"ruleNumber": 100, "action": "Allow", "ports": "443", "cidr": "0.0.0.0/0"},
    {"ruleNumber": 110, "action": "Allow", "protocol": "icmp", "icmp": {"type": 8}, "cidr": "10.0.0.0/8"},
]
_ACL: Final = {"inbound": _ACL_ENTRIES, "outbound": copy.deepcopy(_ACL_ENTRIES)}
_WITH_ACL: Final = (("Network/other networkAcls", {"public": _ACL}),)


def _acl_rows(way: str, shown: str) -> Iterable[Row]:
    """Each field of the entries of one direction, in the network ACL of public subnets."""
    here, acl = f"Network/other networkAcls[public].{way}", f"network-acl/other/public {shown}"

    def row(path: str, value: Any, *shows: str, **more: Any) -> Row:
        return Row(f"{here}{path}", value, tuple(acl + line for line in shows), given=_WITH_ACL, **more)

    yield row("", [_ACL_ENTRIES[0]], "[110].*", removed=(f"{acl}[100].*",))
    yield row("[0].ruleNumber", 90, "[90].*", "[100].*")
    yield row("[0].action", "Deny", "[100].ruleAction")
    yield row("[0].protocol", "udp", "[100].protocol")
    no_ports = ((f"{here}[0].ports", ABSENT),)
    yield row("[0].protocol", "47", "[100].protocol", "[100].*Port", also=no_ports, removed=("*",))
    yield row("[0].ports", "400-500", "[100].fromPort", "[100].toPort")
    yield row("[0].cidr", "10.0.0.0/8", "[100].cidrBlock")
    icmp = tuple(f"[110].{name}" for name in ("icmpType", "icmpCode"))
    yield row("[1].icmp", {"type": 3, "code": 4}, *icmp, removed=tuple(acl + line for line in icmp))
    yield row("[1].icmp.type", 0, "[110].icmpType")
    yield row("[1].icmp.code", 0, "[110].icmpCode")


_MOVED_SUBNETS: Final = ("load-balancer/inner subnets[*",)
_MOVED_VPC: Final = (
    "load-balancer/inner vpcId",
    "load-balancer/inner subnets[*",
    "load-balancer/inner securityGroups[*",
    "security-group/load-balancer/inner vpcId",
    "security-group/load-balancer/inner/rules groupId",
    "listener/inner/http loadBalancerArn",
    "listener/inner/http/rules listenerArn",
)
_PUBLIC_TOO: Final = (*_EXISTING, ("LoadBalancer/inner scheme", "InternetFacing"), ("Network/theirs private", ABSENT))
_PRIVATE: Final = (("Network/other private", {"cidrs": ["10.9.10.0/24", "10.9.11.0/24"]}),)
_ON_SIDE: Final = (("Task/web loopback", ABSENT), ("Task/web containers[app].dependsOn", ABSENT))
_SPARE_ROUTE: Final = (
    (
        "Route/spare",
        {"loadBalancer": "spare", "listener": "http", "default": {"forward": [{"task": "api", "port": "http"}]}},
    ),
)
_CERTIFICATE: Final = "arn:aws:iam::123456789012:server-certificate/{}"
_SECURE: Final = (
    (
        "LoadBalancer/spare listeners[1]",
        {
            "name": "secure",
            "port": 443,
            "protocol": "HTTPS",
            "certificates": [_CERTIFICATE.format("shop"), _CERTIFICATE.format("other")],
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
        },
    ),
)
_WEB_GROUP: Final = "target-group/front/web/http"
_STICKY: Final = (
    ("Task/web containers[app].ports[http].targetGroup", {"stickiness": {"duration": "1h", "cookie": "S"}}),
)
_LOGGED: Final = (("LoadBalancer/spare accessLogs", {"bucket": "shop-logs", "prefix": "front"}),)
_ON_NETWORK: Final = (("LoadBalancer/spare type", "Network"), ("LoadBalancer/spare listeners[http].protocol", "TCP"))
_BOTH_TRANSPORTS: Final = (
    *_SPARE_ROUTE,
    *_ON_NETWORK,
    ("Task/api containers[app].ports[1]", {"name": "datagrams", "containerPort": 80, "protocol": "udp"}),
)
_TO_NETWORK: Final = (
    "listener/spare/http loadBalancerArn",
    "listener/spare/http protocol",
    "listener/spare/http defaultActions",
    "load-balancer/spare type",
    "target-group/spare/api/http protocol*",
    "target-group/spare/api/http healthCheck*",
    "service/api loadBalancers[*",
)
_PORT_9001: Final = {"name": "more", "containerPort": 9001}
_EXTRA: Final = {"name": "extra", "containerPort": 8081}
_TO_WEB: Final = {"task": "web", "port": "http"}
_NEITHER: Final = "has no forward, redirect or fixedResponse"
_TO_API: Final = {"task": "api", "port": "http"}
_ROUTED_TO_WEB: Final = (
    ("Route/front rules[api].forward[web].port", "web"),
    ("Route/front default.forward[web].port", "web"),
    ("Flow/in port", "web"),
)
_UNSCALED: Final = ("- scalable-target/idle",)
_THIRD: Final = (("Task/web containers[2]", {"name": "third", "image": "redis:7", "essential": False}),)
_THIRD_TASK: Final = (
    (
        "Task/third",
        {
            "cluster": "main",
            "network": "main",
            "placement": "Public",
            "containers": [{"name": "app", "image": "nginx", "ports": [{"name": "http", "containerPort": 80}]}],
        },
    ),
)
_LATER_ALONE: Final = (("Route/later listener", "plain"),)
_LATER_ANSWERS: Final = (*_LATER_ALONE, ("Route/later default", {"fixedResponse": {"statusCode": 410}}))
_LISTENER_MOVED: Final = ("listener/spare/http loadBalancerArn", "listener/spare/http/rules listenerArn")
_RULE_MOVED: Final = _rules("front/http", "priority 300].*")
_ACTIONS: Final = _rules("front/http", "api].actions")
_CONDITIONS: Final = _rules("front/http", "api].conditions")
_REDIRECT: Final = {
    "protocol": "HTTPS",
    "host": "shop.example.com",
    "port": 443,
    "path": "/v2/#{path}",
    "query": "from=old",
    "statusCode": 301,
}
_ANSWER: Final = _rules("front/http", "admin].actions")
_DEFAULT: Final = ("listener/front/http defaultActions",)
_PLAIN: Final = ("listener/front/plain defaultActions",)


def _secret(field: str) -> tuple[Row, ...]:
    """The three places that a secret of an alert may be in."""
    places = {
        "env": ("HOOK_URL", "OTHER_URL"),
        "file": ("/run/hook", "/run/other"),
        "value": ("https://a.example.com", "https://b.example.com"),
    }
    one_of = "exactly one|write one|has none"
    return tuple(
        Row(f"{field}.{name}", after, given=((field, {name: before}),), needed=one_of)
        for name, (before, after) in places.items()
    )


_TOPIC: Final = "arn:aws:sns:us-east-1:123456789012:other"
_SINKS: Final = "Alert/on-call sinks"
_ALERTS: Final = (
    Row(_SINKS, [{"name": "chat", "apprise": {"url": {"env": "OTHER"}}}]),
    Row(f"{_SINKS}[hook].name", "other"),
    Row(f"{_SINKS}[hook].webhook", {"url": {"env": "URL"}}, needed="hook|sink|write one"),
    Row(f"{_SINKS}[hook].webhook.url", {"env": "URL"}),
    *_secret(f"{_SINKS}[hook].webhook.url"),
    Row(f"{_SINKS}[hook].webhook.secret", {"env": "KEY"}),
    *_secret(f"{_SINKS}[hook].webhook.secret"),
    Row(f"{_SINKS}[topic].sns", {"topicArn": _TOPIC}, needed="topic|sink|write one"),
    Row(f"{_SINKS}[topic].sns.topicArn", _TOPIC),
    Row(f"{_SINKS}[chat].apprise", {"url": {"env": "OTHER"}}, needed="chat|sink|write one"),
    Row(f"{_SINKS}[chat].apprise.url", {"env": "OTHER"}),
    *_secret(f"{_SINKS}[chat].apprise.url"),
    Row("Alert/on-call severity", "error"),
    Row("Alert/on-call events", ["ApplyFailed"]),
    Row("Alert/on-call objects", ["Task/*"]),
    Row("Alert/on-call groupWait", "10s"),
    Row("Alert/on-call repeatInterval", "4h"),
    Row("Alert/on-call template", {"title": "drift", "text": "drift"}),
    Row("Alert/on-call template.title", "drift"),
    Row("Alert/on-call template.text", "drift"),
)


_SPOT: Final = [{"capacityProvider": "FARGATE_SPOT", "weight": 3}, {"capacityProvider": "FARGATE", "base": 1}]
_ON_SPOT: Final = (("Task/web capacityProviderStrategy", _SPOT),)
_STRATEGY: Final = "service/web capacityProviderStrategy"
_EFS: Final = {"fileSystemId": "fs-0123456789abcdef0", "accessPointId": "fsap-0123456789abcdef0", "iam": True}
_VOLUMES: Final = (
    ("Task/web volumes", [{"name": "data", "efs": _EFS}, {"name": "scratch"}]),
    (
        "Task/web containers[app].mounts",
        [{"volume": "data", "path": "/data"}, {"volume": "scratch", "path": "/scratch", "readOnly": True}],
    ),
)
_PLAIN_EFS: Final = (*_VOLUMES, ("Task/web volumes[data].efs", {"fileSystemId": "fs-0123456789abcdef0"}))
_SEEN: Final = [{"volume": "more", "path": "/more"}, {"volume": "scratch", "path": "/scratch"}]
_TASK_ROLE: Final = "role/web/task policies[task].policyDocument"
_FIRELENS_LOGS: Final = (
    ("Task/web logs", {"driver": "awsfirelens", "options": {"Name": "stdout"}, "retentionDays": 7}),
    ("Task/web containers[side].firelens", {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}}),
)
_SPLUNK: Final = {
    "driver": "splunk",
    "options": {"splunk-url": "https://splunk.example.com:8088"},
    "secretOptions": {"splunk-token": "arn:aws:ssm:us-east-1:123456789012:parameter/shop/splunk"},
    "retentionDays": 7,
}
_WRITTEN_OUT: Final = {
    "driver": "splunk",
    "options": {"splunk-url": "https://splunk.example.com:8088", "splunk-token": "one"},
    "retentionDays": 7,
}
_KEY: Final = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def _both(*paths: str) -> tuple[str, ...]:
    """A change of both containers of the task `web`."""
    return _definition("web", *(f"containerDefinitions[{one}].{path}" for one in ("app", "side") for path in paths))


def _efs(*paths: str) -> tuple[str, ...]:
    """A change of the file system of the task `web`."""
    return _definition("web", *(f"volumes[data].efsVolumeConfiguration.{path}" for path in paths))


_BACK: Final = ("service/web taskDefinition",)
"""The way back to what was before: that revision is still there."""
_TASKS: Final = (
    Row(
        "Task/web capacityProviderStrategy",
        _SPOT,
        ("cluster/main capacityProviders[FARGATE*", f"{_STRATEGY}[FARGATE*"),
        removed=(f"{_STRATEGY}[FARGATE*",),
    ),
    Row("Task/web capacityProviderStrategy[0].weight", 5, (f"{_STRATEGY}[FARGATE_SPOT].weight",), given=_ON_SPOT),
    Row("Task/web capacityProviderStrategy[1].base", 2, (f"{_STRATEGY}[FARGATE].base",), given=_ON_SPOT),
    Row(
        "Task/web capacityProviderStrategy[0].capacityProvider",
        "FARGATE_SPOT",
        (f"{_STRATEGY}[FARGATE*",),
        given=(("Task/web capacityProviderStrategy", [{"capacityProvider": "FARGATE"}]),),
    ),
    Row(
        "Task/web volumes[data].efs.fileSystemId",
        "fs-0123456789abcdef1",
        (*_efs("fileSystemId"), _TASK_ROLE),
        given=_VOLUMES,
    ),
    Row(
        "Task/web volumes[data].efs.accessPointId",
        "fsap-0123456789abcdef1",
        (*_efs("accessPointId"), _TASK_ROLE),
        given=_VOLUMES,
    ),
    Row(
        "Task/web volumes[data].efs.transitEncryptionPort",
        2999,
        _efs("transitEncryptionPort"),
        given=_VOLUMES,
        removed=_BACK,
    ),
    Row("Task/web volumes[data].efs.iam", False, (*_efs("iam"), _TASK_ROLE), given=_VOLUMES, removed=()),
    Row("Task/web volumes[data].efs.rootDirectory", "/shop", _efs("rootDirectory"), given=_PLAIN_EFS, removed=_BACK),
    Row(
        "Task/web volumes[data].efs.transitEncryption",
        False,
        _efs("transitEncryption"),
        given=_PLAIN_EFS,
        removed=_BACK,
    ),
    Row(
        "Task/web volumes",
        [{"name": "data", "efs": {"fileSystemId": "fs-0123456789abcdef0"}}],
        (*_definition("web", "volumes[data]*"), *_app("mountPoints[data /data *]")),
        also=(("Task/web containers[app].mounts", [{"volume": "data", "path": "/data"}]),),
        removed=_BACK,
    ),
    Row(
        "Task/web volumes[scratch].name",
        "disk",
        (*_definition("web", "volumes[scratch]*", "volumes[disk]*"), *_app("mountPoints[*")),
        given=_VOLUMES,
        also=(("Task/web containers[app].mounts[1].volume", "disk"),),
    ),
    Row(
        "Task/web volumes[data].efs",
        {"fileSystemId": "fs-0123456789abcdef0"},
        (*_efs("*"), _TASK_ROLE),
        given=_VOLUMES,
        removed=_efs("*"),
    ),
    Row(
        "Task/web containers[side].mounts",
        [{"volume": "scratch", "path": "/scratch"}],
        _definition("web", "containerDefinitions[side].mountPoints[scratch /scratch *]"),
        given=_VOLUMES,
        removed=_BACK,
    ),
    Row(
        "Task/web containers[app].mounts[1].volume",
        "more",
        _app("mountPoints[* /scratch *]"),
        given=(*_VOLUMES, ("Task/web volumes[2]", {"name": "more"}), ("Task/web containers[side].mounts", _SEEN)),
    ),
    Row("Task/web containers[app].mounts[1].path", "/tmp", _app("mountPoints[scratch *"), given=_VOLUMES),
    Row(
        "Task/web containers[app].mounts[0].readOnly",
        True,
        (*_app("mountPoints[*"), _TASK_ROLE),
        given=_VOLUMES,
        removed=(*_BACK, _TASK_ROLE),
    ),
    Row(
        "Task/web containers[side].firelens",
        {"type": "fluentd"},
        _definition("web", "containerDefinitions[side].firelensConfiguration.*"),
        given=_FIRELENS_LOGS,
        needed="no container routes the logs",
    ),
    Row(
        "Task/web containers[side].firelens.type",
        "fluentd",
        _definition("web", "containerDefinitions[side].firelensConfiguration.type"),
        given=_FIRELENS_LOGS,
    ),
    Row(
        "Task/web containers[side].firelens.options",
        {"enable-ecs-log-metadata": "false"},
        _definition("web", "containerDefinitions[side].firelensConfiguration.options*"),
        given=_FIRELENS_LOGS,
    ),
    Row(
        "Task/web logs.driver",
        "splunk",
        (*_both("logConfiguration.*"), "- log-group/web", _EXECUTION),
        also=(("Task/web logs", _SPLUNK),),
        removed=(*_BACK, "+ log-group/web", _EXECUTION),
    ),
    Row(
        "Task/web logs.options",
        {"mode": "non-blocking", "max-buffer-size": "4m"},
        _both("logConfiguration.options[m*"),
        removed=_BACK,
    ),
    Row(
        "Task/web logs.secretOptions",
        {"splunk-token": "arn:aws:ssm:us-east-1:123456789012:parameter/shop/other"},
        (*_both("logConfiguration.secretOptions*"), _EXECUTION),
        given=(("Task/web logs", _SPLUNK),),
        needed="needs splunk-token",
    ),
    Row(
        "Task/web logs.options",
        {"splunk-url": "https://splunk.example.com:8088", "splunk-token": "another"},
        _both("logConfiguration.hiddenOptions[splunk-token]"),
        given=(("Task/web logs", _WRITTEN_OUT),),
        needed="needs splunk-url, splunk-token",
    ),
    Row("Task/web logs.kmsKey", _KEY, ("log-group/web kmsKeyId",)),
    Row("Task/web secretsKmsKeys", [_KEY], (_EXECUTION,)),
    Row("Task/api autoscaling.requestsPerTarget", 1000, ("scalable-target/api policies[requests].*",)),
)


ROWS: Final = (
    *_ALERTS,
    *_TASKS,
    Row("Stack/shop events", {"queueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/events"}),
    Row(
        "Stack/shop events.queueUrl",
        "https://sqs.us-east-1.amazonaws.com/123456789012/others",
        given=(("Stack/shop events", {"queueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/events"}),),
    ),
    Row("Stack/shop account", "123456789012"),
    Row("Stack/shop assumeRole", {"arn": "arn:aws:iam::123456789012:role/reconciler"}),
    Row("Stack/shop assumeRole.arn", "arn:aws:iam::123456789012:role/deploy", given=(_ROLE,)),
    Row("Stack/shop assumeRole.externalId", "shop", given=(_ROLE,)),
    Row("Stack/shop assumeRole.sessionName", "shop", given=(_ROLE,)),
    Row(
        "Stack/shop variables",
        {"size": {"type": "Integer", "default": 3}},
        ("service/web desiredCount",),
        also=(("Task/web replicas", "${var.size}"),),
    ),
    Row(
        "Stack/shop variables[size].type",
        "String",
        given=_IN_TEXT,
        also=(("Stack/shop variables[size].default", "3"),),
        needed="is a number, not text",
    ),
    Row("Stack/shop variables[size].default", 5, ("service/web desiredCount",), given=_SIZE, needed="has no value"),
    Row("Stack/shop variables[size].description", "how many", given=_SIZE),
    Row("Stack/shop owner", "checkout", refused="belongs to owner default"),
    Row("Stack/shop tags", {"team": "checkout"}, ("* tags[team]",)),
    Row("Stack/shop drift", {"policy": "Alert"}),
    Row("Stack/shop drift.policy", "Ignore"),
    Row("Stack/shop drift.interval", "5m"),
    Row("Stack/shop prune", False),
    Row("Stack/shop heal", False),
    Row("Stack/shop promote", False),
    Row("Stack/shop maxDisruption", 3),
    Row("Stack/shop maintenanceWindows", [_WINDOW]),
    Row("Stack/shop maintenanceWindows[0].schedule", "0 3 * * *", given=_WINDOWS),
    Row("Stack/shop maintenanceWindows[0].duration", "1h", given=_WINDOWS),
    Row("Stack/shop maintenanceWindows[0].timeZone", "Europe/Berlin", given=_WINDOWS),
    Row("Stack/shop maintenanceWindows[0].allows", ["Heal"], given=_WINDOWS),
    Row(
        "Network/other cidr",
        "10.8.0.0/16",
        ("*/other* cidrBlock", "*/other* vpcId", "*/other* routeTableId", "*/other* subnetId", "*/routes *gatewayId"),
        also=(("Network/other public.cidrs", ["10.8.0.0/24", "10.8.1.0/24"]),),
        needed="cidr is missing",
    ),
    Row("Network/theirs existing", {"tags": {"Name": "two"}}, _MOVED_VPC, given=_BY_TAGS, needed="cidr is missing"),
    Row(
        "Network/theirs existing.id",
        VPCS[1],
        _MOVED_VPC,
        given=(*_BY_TAGS, ("Network/theirs existing", {"id": VPCS[0]})),
        needed="must say which VPC",
    ),
    Row("Network/theirs existing.tags", {"Name": "two"}, _MOVED_VPC, given=_BY_TAGS, needed="must say which VPC"),
    Row(
        "Network/theirs private.ids",
        list(SUBNETS[2:]),
        _MOVED_SUBNETS,
        given=_EXISTING,
        needed="must say which subnets",
    ),
    Row(
        "Network/theirs private.tags",
        {"tier": "spare"},
        _MOVED_SUBNETS,
        given=_BY_TAGS,
        needed="must say which subnets",
    ),
    Row(
        "Network/theirs public.ids",
        list(SUBNETS[2:]),
        _MOVED_SUBNETS,
        given=(*_PUBLIC_TOO, ("Network/theirs public", {"ids": list(SUBNETS[:2])})),
        needed="must say which subnets",
    ),
    Row(
        "Network/theirs public.tags",
        {"tier": "spare"},
        _MOVED_SUBNETS,
        given=(*_PUBLIC_TOO, ("Network/theirs public", {"tags": {"tier": "private"}})),
        needed="must say which subnets",
    ),
    Row(
        "Network/other availabilityZones",
        ["us-east-1a", "us-east-1b", "us-east-1c"],
        ("+ route-table-association/other/public/us-east-1c", "+ subnet/other/public/us-east-1c"),
        also=(("Network/other public.cidrs", ["10.9.0.0/24", "10.9.1.0/24", "10.9.2.0/24"]),),
    ),
    Row(
        "Network/other public",
        {"cidrs": ["10.9.0.0/24", "10.9.2.0/24"]},
        (
            "route-table-association/other/public/us-east-1b subnetId",
            "subnet/other/public/us-east-1b cidrBlock",
        ),
        removed=("- */other/public*", "- internet-gateway/other"),
        given=_PRIVATE,
    ),
    Row(
        "Network/other public.cidrs",
        ["10.9.0.0/24", "10.9.2.0/24"],
        ("route-table-association/other/public/us-east-1b subnetId", "subnet/other/public/us-east-1b cidrBlock"),
        removed=("route-table-association/other/public/* subnetId", "subnet/other/public/* cidrBlock"),
    ),
    Row(
        "Network/other availabilityZones",
        ["us-east-1c", "us-east-1a", "us-east-1b"],
        ("+ route-table-association/other/public/us-east-1c", "+ subnet/other/public/us-east-1c"),
        given=(("Network/other public", {}),),
    ),
    Row(
        "Network/other private",
        {"cidrs": ["10.9.10.0/24", "10.9.11.0/24"]},
        (
            "+ subnet/other/private/*",
            "+ route-table/other/private/us-east-1?",
            "+ route-table/other/private/*/routes",
            "+ route-table-association/other/private/*",
        ),
        removed=(
            "- subnet/other/private/*",
            "- route-table/other/private/us-east-1?",
            "- route-table-association/other/private/*",
        ),
    ),
    Row(
        "Network/other private.cidrs",
        ["10.9.10.0/24", "10.9.12.0/24"],
        ("route-table-association/other/private/us-east-1b subnetId", "subnet/other/private/us-east-1b cidrBlock"),
        removed=("route-table-association/other/private/* subnetId", "subnet/other/private/* cidrBlock"),
        given=_PRIVATE,
    ),
    Row(
        "Network/other nat",
        "Single",
        (
            "+ elastic-ip/other/us-east-1a",
            "+ nat-gateway/other/us-east-1a",
            "route-table/other/private/us-east-1a/routes routes[0.0.0.0/0].natGatewayId",
            "route-table/other/private/us-east-1b/routes routes[0.0.0.0/0].natGatewayId",
        ),
        given=_PRIVATE,
    ),
    Row(
        "Network/other nat",
        "PerZone",
        (
            "+ elastic-ip/other/us-east-1?",
            "+ nat-gateway/other/us-east-1?",
            "route-table/other/private/us-east-1?/routes routes[0.0.0.0/0].natGatewayId",
        ),
        given=_PRIVATE,
    ),
    Row(
        "Network/main nat",
        "PerZone",
        (
            "+ elastic-ip/main/us-east-1b",
            "+ nat-gateway/main/us-east-1b",
            "route-table/main/private/us-east-1b/routes routes[0.0.0.0/0].natGatewayId",
        ),
        removed=("- elastic-ip/main/*", "- nat-gateway/main/*", "route-table/main/private/*/routes *.natGatewayId"),
        given=(("Task/api placement", "Public"),),
    ),
    Row(
        "Network/main endpointOptions",
        {"s3": {"policy": _LISTS}},
        ("vpc-endpoint/main/s3 policyDocument",),
    ),
    Row(
        "Network/main endpointOptions[s3].policy",
        _LISTS.replace("List", "Get"),
        ("vpc-endpoint/main/s3 policyDocument",),
        given=(("Network/main endpointOptions", {"s3": {"policy": _LISTS}}),),
    ),
    Row(
        "Network/main endpointOptions[logs].privateDns",
        False,
        ("vpc-endpoint/main/logs privateDnsEnabled",),
        given=_WITH_LOGS,
    ),
    Row(
        "Network/main endpointOptions[logs].placement",
        "Public",
        ("vpc-endpoint/main/logs subnetIds[*",),
        given=_WITH_LOGS,
    ),
    Row(
        "Network/main endpointOptions[logs].placement",
        "Private",
        ("vpc-endpoint/main/logs subnetIds[*",),
        given=(*_WITH_LOGS, ("Network/main endpointOptions[logs].placement", "Public")),
        removed=(),
    ),
    Row("Network/other dnsHostnames", False, ("vpc/other enableDnsHostnames",)),
    Row(
        "Network/other dnsSupport",
        False,
        ("vpc/other enableDnsSupport",),
        given=(("Network/other dnsHostnames", False),),
    ),
    Row(
        "Network/main elasticIps",
        [ALLOCATION],
        (
            "- elastic-ip/main/us-east-1a",
            "nat-gateway/main/us-east-1a allocationId",
            "route-table/main/private/us-east-1?/routes routes[0.0.0.0/0].natGatewayId",
        ),
    ),
    Row("Network/main routes", [{"to": "10.70.0.0/16", "via": TARGETS[0]}], _extra_routes("10.70.0.0/16")),
    Row("Network/main routes[0].to", "10.71.0.0/16", _extra_routes("10.7?.0.0/16"), given=_ROUTED),
    *(Row("Network/main routes[0].via", via, _extra_routes("10.70.0.0/16"), given=_ROUTED) for via in TARGETS[1:]),
    Row(
        "Network/main routes[0].tiers",
        ["Private"],
        ("route-table/main/public/routes routes[10.70.0.0/16]*",),
        given=_ROUTED,
    ),
    Row("Network/other networkAcls", {"public": _ACL}, ("+ network-acl/other/public",)),
    Row("Network/other networkAcls", {"private": _ACL}, ("+ network-acl/other/private",), given=_PRIVATE),
    *_acl_rows("inbound", "ingress"),
    *_acl_rows("outbound", "egress"),
    Row(
        "Network/main routes[0].tiers",
        ["Public"],
        ("route-table/main/private/us-east-1?/routes routes[10.70.0.0/16]*",),
        given=_ROUTED,
    ),
    Row(
        "Network/main endpoints",
        ["s3", "dynamodb"],
        ("+ vpc-endpoint/main/dynamodb",),
        removed=("- vpc-endpoint/main/*",),
    ),
    Row(
        "Network/main endpoints",
        ["s3", "logs"],
        ("+ security-group/network/main", "+ security-group/network/main/rules", "+ vpc-endpoint/main/logs"),
        removed=("- security-group/network/main", "- vpc-endpoint/main/s3", "- vpc-endpoint/main/logs"),
    ),
    Row("LoadBalancer/guest existing.arn", BALANCERS[1], ("listener/guest/http/rules *",), given=_GUEST),
    Row(
        "LoadBalancer/guest existing.firstPriority",
        2000,
        ("listener/guest/http/rules rules[a].priority",),
        given=_GUEST,
        removed=(),
    ),
    Row(
        "LoadBalancer/guest existing",
        {"arn": BALANCERS[1]},
        ("listener/guest/http/rules *",),
        given=_GUEST,
        removed=_BALANCER_OF_OURS,
    ),
    Row(
        "LoadBalancer/spare network",
        "other",
        (
            *_LISTENER_MOVED,
            "load-balancer/spare vpcId",
            "load-balancer/spare subnets[*",
            "load-balancer/spare securityGroups[*",
            "security-group/load-balancer/spare vpcId",
            "security-group/load-balancer/spare/rules groupId",
        ),
    ),
    Row(
        "LoadBalancer/spare type",
        "Network",
        _TO_NETWORK,
        removed=("+ listener/spare/http/rules", "target-group/spare/api/http matcher.httpCode", *_TO_NETWORK),
        given=_SPARE_ROUTE,
        also=(("LoadBalancer/spare listeners[http].protocol", "TCP"),),
    ),
    Row(
        "LoadBalancer/spare scheme",
        "Internal",
        (*_LISTENER_MOVED, "load-balancer/spare scheme", "load-balancer/spare subnets[*"),
        removed=(),
    ),
    Row(
        "LoadBalancer/front allowFrom",
        ["10.0.0.0/8", "task/api"],
        _group("load-balancer/front", "ingress[tcp 80 *", "ingress[tcp 8080 *"),
    ),
    Row(
        "LoadBalancer/front allowFrom",
        ["internet", STRANGER, PREFIX_LIST],
        _group("load-balancer/front", "ingress[tcp 80 ?*-*]", "ingress[tcp 8080 ?*-*]"),
        removed=_group("load-balancer/front", "ingress[tcp 80 *]", "ingress[tcp 8080 *]"),
    ),
    Row(
        "LoadBalancer/front listeners",
        [{"name": "http", "port": 80, "protocol": "HTTP"}],
        ("- listener/front/plain", *_group("load-balancer/front", "ingress[tcp 8080 0.0.0.0/0]")),
    ),
    Row(
        "LoadBalancer/front listeners[plain].name",
        "spare",
        ("+ listener/front/spare", "+ listener/front/spare/rules", "- listener/front/plain"),
    ),
    Row(
        "LoadBalancer/front listeners[plain].port",
        8082,
        ("listener/front/plain port", *_group("load-balancer/front", "ingress[tcp 808? 0.0.0.0/0]")),
    ),
    Row(
        "LoadBalancer/spare listeners[http].protocol",
        "TCP",
        _TO_NETWORK,
        given=_SPARE_ROUTE,
        also=(("LoadBalancer/spare type", "Network"),),
    ),
    Row(
        "LoadBalancer/spare listeners[http].protocol",
        "TLS",
        ("listener/spare/http protocol", "listener/spare/http certificateArn", "listener/spare/http sslPolicy"),
        given=(*_SPARE_ROUTE, *_ON_NETWORK),
        also=(("LoadBalancer/spare listeners[http].certificates", [_CERTIFICATE.format("shop")]),),
    ),
    Row(
        "LoadBalancer/spare listeners[http].protocol",
        "TCP_UDP",
        (
            "listener/spare/http protocol",
            "listener/spare/http defaultActions",
            "target-group/spare/api/http protocol",
            "service/api loadBalancers[*",
            "scalable-target/api service",
            *_group("load-balancer/spare", "egress[udp 80 security-group/task/api]"),
            *_group("task/api", "ingress[udp 80 security-group/load-balancer/spare]"),
        ),
        given=_BOTH_TRANSPORTS,
    ),
    Row(
        "LoadBalancer/spare listeners[http].protocol",
        "UDP",
        (
            "listener/spare/http protocol",
            "listener/spare/http defaultActions",
            "+ target-group/spare/api/datagrams",
            "- target-group/spare/api/http",
            "service/api loadBalancers[*",
            *_group("load-balancer/spare", "egress[udp 80 security-group/task/api]"),
            *_group("task/api", "ingress[udp 80 security-group/load-balancer/spare]"),
        ),
        given=_BOTH_TRANSPORTS,
        also=(("Route/spare default.forward[0].port", "datagrams"),),
    ),
    *(
        Row(f"LoadBalancer/spare {option}", value, ("load-balancer/spare attributes*",), **more)
        for option, value, more in (
            ("idleTimeout", "2m", {}),
            ("deletionProtection", True, {}),
            ("accessLogs", {"bucket": "shop-logs", "prefix": "front"}, {}),
            ("accessLogs.bucket", "shop-logs-2", {"given": _LOGGED}),
            ("accessLogs.prefix", "back", {"given": _LOGGED}),
            ("attributes", {"routing.http2.enabled": "false", "client_keep_alive.seconds": "600"}, {}),
            ("crossZone", True, {"given": (*_SPARE_ROUTE, *_ON_NETWORK)}),
        )
    ),
    Row(
        "LoadBalancer/spare listeners[secure].certificates",
        [_CERTIFICATE.format("third"), _CERTIFICATE.format("shop")],
        ("listener/spare/secure certificateArn", "listener/spare/secure otherCertificateArns[*"),
        given=_SECURE,
        needed="HTTPS needs a certificate",
    ),
    Row(
        "LoadBalancer/spare listeners[secure].sslPolicy",
        "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        ("listener/spare/secure sslPolicy",),
        given=_SECURE,
    ),
    Row(
        "LoadBalancer/spare listeners[http].redirectTo",
        "secure",
        ("listener/spare/http defaultActions",),
        given=_SECURE,
    ),
    Row("Task/idle cluster", "second", ("service/idle cluster",)),
    Row(
        "Task/idle network",
        "other",
        (
            "security-group/task/idle vpcId",
            "security-group/task/idle/rules groupId",
            "service/idle networkConfiguration.awsvpcConfiguration.securityGroups[*",
            "service/idle networkConfiguration.awsvpcConfiguration.subnets[*",
        ),
    ),
    Row(
        "Task/idle placement",
        "Private",
        (
            "service/idle networkConfiguration.awsvpcConfiguration.assignPublicIp",
            "service/idle networkConfiguration.awsvpcConfiguration.subnets[*",
        ),
        removed=(),
    ),
    Row("Task/web replicas", 3, ("service/web desiredCount",), needed="with 1 replica no task may be stopped"),
    Row(
        "Task/idle autoscaling",
        {"min": 2, "max": 3, "cpu": 50},
        ("+ scalable-target/idle", "service/idle desiredCount"),
        removed=_UNSCALED,
    ),
    Row("Task/api autoscaling.min", 2, ("scalable-target/api minCapacity",)),
    Row("Task/api autoscaling.max", 9, ("scalable-target/api maxCapacity",)),
    Row(
        "Task/api autoscaling.cpu",
        40,
        ("scalable-target/api policies[cpu].targetValue",),
        removed=("scalable-target/api policies[cpu].*",),
    ),
    Row(
        "Task/api autoscaling.memory",
        40,
        ("scalable-target/api policies[memory].targetValue",),
        removed=("scalable-target/api policies[memory].*",),
    ),
    Row("Task/api autoscaling.scaleInCooldown", "2m", ("scalable-target/api policies[*].scaleInCooldown",)),
    Row("Task/api autoscaling.scaleOutCooldown", "2m", ("scalable-target/api policies[*].scaleOutCooldown",)),
    Row("Task/web cpu", 1024, _definition("web", "cpu"), given=(("Task/web memory", 2048),)),
    Row("Task/idle memory", 1024, _definition("idle", "memory"), removed=("service/idle taskDefinition",)),
    Row(
        "Task/idle containers",
        [{"name": "app", "image": "public.ecr.aws/nginx/nginx:1.28"}],
        _definition("idle", "containerDefinitions[app].image"),
    ),
    Row(
        "Task/idle containers[app].name",
        "main",
        _definition("idle", "containerDefinitions[app].*", "containerDefinitions[main].*"),
    ),
    Row("Task/web containers[app].image", "public.ecr.aws/nginx/nginx:1.28", _app("image")),
    Row("Task/web containers[app].command", ["serve", "--fast"], _app("command")),
    Row("Task/web containers[app].entryPoint", ["/bin/sh", "-c"], _app("entryPoint")),
    Row(
        "Task/web containers[app].env",
        {"MODE": "slow", "SINCE": "always"},
        _app("environment[MODE]", "environment[FRONT]", "environment[SINCE]"),
        removed=_app("environment[MODE]", "environment[SINCE]"),
    ),
    Row("Task/web containers[app].user", "1000:1000", _app("user")),
    Row("Task/web containers[app].workingDirectory", "/srv/shop", _app("workingDirectory")),
    Row("Task/web containers[app].readonlyRootFilesystem", False, _app("readonlyRootFilesystem"), removed=()),
    Row(
        "Task/web containers[app].envFiles",
        ["arn:aws:s3:::shop-config/web.env", "arn:aws:s3:::shop-more/all.env"],
        (_EXECUTION, *_app("environmentFiles")),
    ),
    Row(
        "Task/web containers[app].secrets",
        {"PASSWORD": "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-GhIjKl"},
        (_EXECUTION, *_app("secrets[PASSWORD]", "secrets[FLAGS]")),
        removed=(_EXECUTION, *_app("secrets[PASSWORD]")),
    ),
    Row("Task/web containers[app].healthCheck", {"command": ["CMD", "true"]}, _app("healthCheck.*")),
    Row("Task/web containers[app].healthCheck.command", ["CMD", "true"], _app("healthCheck.command")),
    Row("Task/web containers[app].healthCheck.interval", "20s", _app("healthCheck.interval")),
    Row("Task/web containers[app].healthCheck.timeout", "3s", _app("healthCheck.timeout")),
    Row("Task/web containers[app].healthCheck.retries", 5, _app("healthCheck.retries")),
    Row("Task/web containers[app].healthCheck.startPeriod", "30s", _app("healthCheck.startPeriod")),
    Row(
        "Task/web containers[app].ulimits",
        {"nofile": {"soft": 1, "hard": 4096}},
        _app("ulimits[nofile].softLimit"),
        removed=_app("ulimits[nofile].softLimit", "ulimits[nofile].hardLimit"),
    ),
    Row("Task/web containers[app].ulimits[nofile].soft", 1024, _app("ulimits[nofile].softLimit")),
    Row("Task/web containers[app].ulimits[nofile].hard", 9000, _app("ulimits[nofile].hardLimit")),
    Row("Task/web containers[app].stopTimeout", "100s", _app("stopTimeout")),
    Row("Task/web cpuArchitecture", "X86_64", _definition("web", "runtimePlatform.cpuArchitecture"), removed=()),
    Row("Task/web ephemeralStorage", 100, _definition("web", "ephemeralStorage")),
    Row("Task/web logs", {"retentionDays": 14}, ("log-group/web retentionInDays",)),
    *(Row("Task/web logs.retentionDays", days, ("log-group/web retentionInDays",)) for days in (1, 90, 3653)),
    Row(
        "Task/web taskRoleArn",
        _GIVEN_ROLE,
        _definition("web", "taskRoleArn"),
        removed=("+ role/web/task", "service/web taskDefinition"),
        given=(("Task/web taskRoleArn", _OTHER_ROLE),),
    ),
    Row(
        "Task/web executionRoleArn",
        _GIVEN_ROLE,
        _definition("web", "executionRoleArn"),
        removed=("+ role/web/execution", "service/web taskDefinition"),
        given=(("Task/web executionRoleArn", _OTHER_ROLE),),
    ),
    Row(
        "Task/idle executeCommand",
        True,
        ("service/idle enableExecuteCommand", "+ role/idle/task", *_definition("idle", "taskRoleArn")),
        removed=("service/idle enableExecuteCommand", "- role/idle/task", "service/idle taskDefinition"),
    ),
    Row("Task/web platformVersion", "LATEST", ("service/web platformVersion",), removed=()),
    Row("Task/idle platformVersion", "1.3.0", ("service/idle platformVersion",)),
    Row("Task/web healthCheckGracePeriod", "30s", ("service/web healthCheckGracePeriodSeconds",)),
    Row("Task/web deployment", {"maximumPercent": 120, "minimumHealthyPercent": 50}, _deployment("*")),
    Row("Task/web deployment.minimumHealthyPercent", 60, _deployment("minimumHealthyPercent")),
    Row("Task/web deployment.maximumPercent", 120, _deployment("maximumPercent")),
    Row(
        "Task/web deployment.circuitBreaker",
        {"enable": False, "rollback": False},
        _deployment("deploymentCircuitBreaker.enable"),
        removed=_deployment("deploymentCircuitBreaker.enable", "deploymentCircuitBreaker.rollback"),
    ),
    Row("Task/web deployment.circuitBreaker.enable", False, _deployment("deploymentCircuitBreaker.enable")),
    Row(
        "Task/web deployment.circuitBreaker.rollback",
        True,
        _deployment("deploymentCircuitBreaker.rollback"),
        removed=(),
    ),
    Row(
        "Task/web containers[side].ports",
        [{"name": "side", "containerPort": 9000}, {"name": "b", "containerPort": 1}],
        (
            *_group("task/web", "ingress[tcp 1 security-group/task/api]"),
            *_definition("web", "containerDefinitions[side].portMappings[1 tcp b]"),
        ),
        removed=(
            *_group("task/web", "ingress[tcp 1 security-group/task/api]", "ingress[tcp 9000 security-group/task/api]"),
            *_definition("web", "containerDefinitions[side].portMappings[*"),
        ),
        given=(("Task/web loopback", ABSENT),),
    ),
    Row(
        "Task/web containers[app].ports[http].name",
        "web",
        (
            "+ target-group/front/web/web",
            "- target-group/front/web/http",
            *_DEFAULT,
            *_ACTIONS,
            "service/web loadBalancers[target-group/front/web/* app 80]",
            *_app("portMappings[80 tcp http]", "portMappings[80 tcp web]"),
        ),
        also=_ROUTED_TO_WEB,
    ),
    Row(
        "Task/web containers[app].ports[http].containerPort",
        81,
        (
            *_DEFAULT,
            *_ACTIONS,
            *_group("load-balancer/front", "egress[tcp 8? security-group/task/web]"),
            *_group("task/web", "ingress[tcp 8? security-group/task/api]"),
            *_group("task/web", "ingress[tcp 8? security-group/load-balancer/front]"),
            *_group("task/web", "ingress[tcp 8? 10.1.0.0/16]"),
            "target-group/front/web/http port",
            "service/web loadBalancers[target-group/front/web/http app 8?]",
            *_app("portMappings[8? tcp http]"),
        ),
    ),
    Row(
        "Task/web containers[side].ports[side].protocol",
        "udp",
        (
            *_group("task/web", "ingress[tcp 9000 security-group/task/api]"),
            *_group("task/web", "ingress[udp 9000 security-group/task/api]"),
            *_definition("web", "containerDefinitions[side].portMappings[9000 ??p side]"),
        ),
        removed=(
            *_group("task/web", "ingress[tcp 9000 security-group/task/api]"),
            *_group("task/web", "ingress[udp 9000 security-group/task/api]"),
            "service/web taskDefinition",
        ),
        given=(("Task/web loopback", ABSENT),),
    ),
    Row(
        "Task/web containers[app].ports[http].healthCheck",
        {"path": "/ready"},
        ("target-group/front/web/http healthCheckPath",),
    ),
    Row(
        "Task/web containers[app].ports[http].healthCheck.path",
        "/ready",
        ("target-group/front/web/http healthCheckPath",),
    ),
    *(
        Row(f"Task/web containers[app].ports[http].healthCheck.{option}", value, (f"{_WEB_GROUP} {shown}",))
        for option, value, shown in (
            ("protocol", "HTTPS", "healthCheckProtocol"),
            ("interval", "10s", "healthCheckIntervalSeconds"),
            ("timeout", "3s", "healthCheckTimeoutSeconds"),
            ("healthyThreshold", 3, "healthyThresholdCount"),
            ("unhealthyThreshold", 4, "unhealthyThresholdCount"),
            ("codes", "200-299,302", "matcher.httpCode"),
        )
    ),
    Row(
        "Task/api containers[app].ports[extra].healthCheck.protocol",
        "TCP",
        ("target-group/spare/api/extra healthCheck*",),
        given=(
            *_SPARE_ROUTE,
            *_ON_NETWORK,
            ("Task/api containers[app].ports[1]", {**_EXTRA, "healthCheck": {"protocol": "HTTP"}}),
            ("Route/spare default.forward[0].port", "extra"),
        ),
    ),
    Row(
        "Task/web containers[app].ports[http].healthCheck.port",
        8081,
        (
            f"{_WEB_GROUP} healthCheckPort",
            *_group("load-balancer/front", "egress[tcp 8081 security-group/task/web]"),
            *_group("task/web", "ingress[tcp 8081 security-group/load-balancer/front]"),
        ),
    ),
    *(
        Row(f"Task/web containers[app].ports[http].targetGroup{option}", value, (f"{_WEB_GROUP} attributes*",), **more)
        for option, value, more in (
            ("", {"deregistrationDelay": "20s", "slowStart": "40s", "stickiness": {"duration": "1h"}}, {}),
            (".deregistrationDelay", "5s", {}),
            (".slowStart", "30s", {}),
            (".algorithm", "LeastOutstandingRequests", {}),
            (".algorithm", "WeightedRandom", {}),
            (".stickiness", {"cookie": "SHOP", "duration": "2h"}, {}),
            (".stickiness.duration", "2h", {"given": _STICKY}),
            (".stickiness.cookie", "CART", {"given": _STICKY}),
        )
    ),
    *(
        Row(
            "Task/api containers[app].ports[extra].targetGroup.protocolVersion",
            version,
            (
                "target-group/spare/api/extra protocolVersion",
                *shown,
                "listener/spare/secure defaultActions",
                "service/api loadBalancers[*",
                "scalable-target/api service",
            ),
            given=(
                *_SECURE,
                ("Task/api containers[app].ports[1]", _EXTRA),
                (
                    "Route/spare",
                    {
                        "loadBalancer": "spare",
                        "listener": "secure",
                        "default": {"forward": [{"task": "api", "port": "extra"}]},
                    },
                ),
            ),
        )
        for version, shown in (
            ("HTTP2", ()),
            ("GRPC", ("target-group/spare/api/extra healthCheckPath", "target-group/spare/api/extra matcher.*")),
        )
    ),
    Row(
        "Task/web containers[app].dependsOn", [{"container": "side", "condition": "Complete"}], _app("dependsOn[side]")
    ),
    Row(
        "Task/web containers[app].dependsOn[side].container",
        "third",
        _app("dependsOn[side]", "dependsOn[third]"),
        given=_THIRD,
    ),
    *(
        Row("Task/web containers[app].dependsOn[side].condition", condition, _app("dependsOn[side]"), given=given)
        for condition, given in (
            ("Complete", ()),
            ("Success", ()),
            ("Healthy", (("Task/web containers[side].healthCheck", {"command": ["CMD", "true"]}),)),
        )
    ),
    Row(
        "Task/web containers[side].essential",
        True,
        _definition("web", "containerDefinitions[side].essential"),
        removed=(),
    ),
    Row("Task/web loopback", [{"from": "side", "to": "app", "port": 80}]),
    Row("Task/web loopback[app].from", "side"),
    Row("Task/web loopback[app].to", "app", also=(("Task/web loopback[app].port", 80),)),
    Row("Task/web loopback[app].port", 9001, given=(("Task/web containers[side].ports[1]", _PORT_9001),)),
    Row(
        "Task/web allowFrom",
        ["10.0.0.0/8"],
        _group("task/web", "ingress[tcp 80 *", "ingress[tcp 9000 *"),
        removed=_group("task/web", "ingress[tcp 80 10.0.0.0/8]", "ingress[tcp 9000 10.0.0.0/8]"),
    ),
    Row(
        "Task/web containers[app].ports[http].allowFrom",
        ["task/idle"],
        _group("task/web", "ingress[tcp 80 10.1.0.0/16]", "ingress[tcp 80 security-group/task/idle]"),
        removed=_group("task/web", "ingress[tcp 80 security-group/task/idle]"),
    ),
    Row(
        "Task/web egress",
        [],
        _group(
            "task/web",
            "egress[tcp 80 security-group/task/api]",
            "egress[tcp 443 0.0.0.0/0]",
            "egress[udp 53 10.2.0.0/16]",
        ),
        removed=_group("task/web", "egress[all 0.0.0.0/0]"),
    ),
    Row(
        "Task/web egress[0].to",
        "loadBalancer/spare",
        _group("task/web", "egress[tcp 80 security-group/*/*]"),
    ),
    Row(
        "Task/web egress[1].ports",
        [54],
        _group("task/web", "egress[udp 5? 10.2.0.0/16]"),
        removed=_group("task/web", "egress[udp 54 10.2.0.0/16]", "egress[all 10.2.0.0/16]"),
    ),
    Row(
        "Task/web egress[1].protocol",
        "tcp",
        _group("task/web", "egress[udp 53 10.2.0.0/16]", "egress[tcp 53 10.2.0.0/16]"),
        removed=(),
    ),
    Row(
        "Task/idle securityGroups",
        [STRANGER],
        ("service/idle networkConfiguration.awsvpcConfiguration.securityGroups[sg-*]",),
    ),
    Row("Route/later loadBalancer", "spare", (*_RULE_MOVED, *_rules("spare/http", "late].*"))),
    Row("Route/later listener", "plain", (*_RULE_MOVED, *_rules("front/plain", "late].*"))),
    Row(
        "Route/front rules",
        [{"name": "api", "match": {"paths": ["/v2"]}, "forward": [{"task": "api", "port": "http"}]}],
        _rules("front/http", "api].actions", "api].conditions", "priority 200].*"),
        removed=(
            *_rules("front/http", "priority 100].*"),
            "- target-group/front/api/http",
            *_group("load-balancer/front", "egress[tcp 80 security-group/task/api]"),
            *_group("task/api", "ingress[tcp 80 security-group/load-balancer/front]"),
            "service/api loadBalancers[*",
        ),
    ),
    Row(
        "Route/front rules[api].forward",
        [{"task": "api", "port": "http"}],
        _ACTIONS,
        needed=_NEITHER,
    ),
    Row(
        "Route/front rules[api].forward[api].task",
        "third",
        (
            "+ target-group/front/third/http",
            "- target-group/front/api/http",
            *_ACTIONS,
            *_group("load-balancer/front", "egress[tcp 80 security-group/task/api]"),
            *_group("load-balancer/front", "egress[tcp 80 security-group/task/third]"),
            *_group("task/api", "ingress[tcp 80 security-group/load-balancer/front]"),
            *_group("task/third", "ingress[tcp 80 security-group/load-balancer/front]"),
            "service/api loadBalancers[*",
            "service/third loadBalancers[*",
        ),
        given=_THIRD_TASK,
    ),
    Row(
        "Route/front rules[api].forward[api].port",
        "extra",
        (
            "+ target-group/front/api/extra",
            "- target-group/front/api/http",
            *_ACTIONS,
            *_group("load-balancer/front", "egress[tcp 80 security-group/task/api]"),
            *_group("load-balancer/front", "egress[tcp 8081 security-group/task/api]"),
            *_group("task/api", "ingress[tcp 80 security-group/load-balancer/front]"),
            *_group("task/api", "ingress[tcp 8081 security-group/load-balancer/front]"),
            "service/api loadBalancers[*",
        ),
        given=(("Task/api containers[app].ports[1]", _EXTRA),),
    ),
    Row("Route/front rules[api].forward[web].weight", 7, _ACTIONS),
    Row("Route/front rules[admin].fixedResponse", {"statusCode": 410}, _ANSWER, needed=_NEITHER),
    Row("Route/front rules[admin].fixedResponse.statusCode", 404, _ANSWER),
    *(
        Row("Route/front rules[admin].fixedResponse.contentType", value, _ANSWER)
        for value in ("application/json", "application/javascript", "text/css")
    ),
    Row("Route/front rules[admin].fixedResponse.body", "go away", _ANSWER),
    Row("Route/front rules[admin].name", "closed", unseen=True),
    Row("Route/front rules[admin].match", {"hosts": ["admin.example.com"]}, _rules("front/http", "admin].conditions")),
    Row("Route/front rules[api].match.paths", ["/api/*", "/v2/*"], _rules("front/http", "api].conditions")),
    Row("Route/front rules[api].match.hosts", ["*.example.com"], _rules("front/http", "api].conditions")),
    Row("Route/front rules[api].match.methods", ["GET", "HEAD"], _CONDITIONS),
    Row("Route/front rules[api].match.headers", {"X-Version": ["2", "3*"]}, _CONDITIONS),
    Row("Route/front rules[api].match.query", {"Debug": ["On"], "*": ["all"]}, _CONDITIONS),
    Row("Route/front rules[api].match.sourceIps", ["192.0.2.0/24"], _CONDITIONS),
    Row("Route/front rules[api].stickiness", "1h", _ACTIONS),
    Row("Route/front default.stickiness", "10m", _DEFAULT, given=(("Route/front default.forward[1]", _TO_API),)),
    *(
        row
        for field, lines, given in (
            ("Route/front rules[admin].redirect", _ANSWER, (("Route/front rules[admin].fixedResponse", ABSENT),)),
            ("Route/later default.redirect", _PLAIN, _LATER_ALONE),
        )
        for row in (
            Row(field, {"host": "example.org"}, lines, given=(*given, (field, _REDIRECT)), needed=_NEITHER),
            *(
                Row(f"{field}.{part}", value, lines, given=(*given, (field, _REDIRECT)))
                for part, value in (
                    ("protocol", "HTTP"),
                    ("host", "example.org"),
                    ("port", 8443),
                    ("path", "/v3"),
                    ("query", "a=b"),
                    ("statusCode", 302),
                )
            ),
        )
    ),
    Row("Route/front default", {"forward": [{"task": "api", "port": "http"}]}, _DEFAULT),
    Row("Route/front default.forward", [_TO_WEB, _TO_API], _DEFAULT, needed=_NEITHER),
    Row("Route/front default.forward[web].task", "api", _DEFAULT),
    Row(
        "Route/front default.forward[web].port",
        "side",
        (
            "+ target-group/front/web/side",
            *_DEFAULT,
            *_group("load-balancer/front", "egress[tcp 9000 security-group/task/web]"),
            *_group("task/web", "ingress[tcp 9000 security-group/load-balancer/front]"),
            "service/web loadBalancers[target-group/front/web/side side 9000]",
        ),
    ),
    Row("Route/front default.forward[web].weight", 2, _DEFAULT, given=(("Route/front default.forward[1]", _TO_API),)),
    Row("Route/later default.fixedResponse", {"statusCode": 410}, _PLAIN, given=_LATER_ALONE, needed=_NEITHER),
    Row("Route/later default.fixedResponse.statusCode", 503, _PLAIN, given=_LATER_ANSWERS),
    Row("Route/later default.fixedResponse.contentType", "text/html", _PLAIN, given=_LATER_ANSWERS),
    Row("Route/later default.fixedResponse.body", "<p>gone", _PLAIN, given=_LATER_ANSWERS),
    Row("Route/later order", -1, _rules("front/http", "late].priority")),
    Row("Flow/in from", "10.0.0.0/8"),
    Row("Flow/in to", "task/api"),
    Row("Flow/in port", 80),
    Row("Flow/in protocol", "udp", also=(("Flow/in path", ABSENT), ("Flow/in host", ABSENT))),
    Row("Flow/in path", "/"),
    Row("Flow/in host", "www.example.com"),
    Row("Flow/in via", []),
    Row("Flow/in notVia", ["loadBalancer/spare"]),
    Row("Flow/in expect", "Blocked"),
)
