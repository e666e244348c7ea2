"""Every field of Task."""

from __future__ import annotations

from typing import Final

from row_parts import ACTIONS, DEFAULT, EXTRA, ON_NETWORK, SECURE, SPARE_ROUTE, group
from rows import ABSENT, STRANGER, Row


def _definition(task: str, *paths: str) -> tuple[str, ...]:
    """A change of a task definition, which is a new revision that the service moves to."""
    return (*(f"task-definition/{task} {path}" for path in paths), f"service/{task} taskDefinition")


def _app(*paths: str) -> tuple[str, ...]:
    """A change of a container of the task `web`."""
    return _definition("web", *(f"containerDefinitions[app].{path}" for path in paths))


def _deployment(*paths: str) -> tuple[str, ...]:
    return tuple(f"service/web deploymentConfiguration.{path}" for path in paths)


_EXECUTION: Final = "role/web/execution policies[execution].policyDocument"
_GIVEN_ROLE: Final = "arn:aws:iam::123456789012:role/shop-tasks"
_OTHER_ROLE: Final = "arn:aws:iam::123456789012:role/shop-tasks-2"
_WEB_GROUP: Final = "target-group/front/web/http"
_STICKY: Final = (
    ("Task/web containers[app].ports[http].targetGroup", {"stickiness": {"duration": "1h", "cookie": "S"}}),
)
_PORT_9001: Final = {"name": "more", "containerPort": 9001}
_ROUTED_TO_WEB: Final = (
    ("Route/front rules[api].forward[web].port", "web"),
    ("Route/front default.forward[web].port", "web"),
    ("Flow/in port", "web"),
)
_UNSCALED: Final = ("- scalable-target/idle",)
_THIRD: Final = (("Task/web containers[2]", {"name": "third", "image": "redis:7", "essential": False}),)
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

ROWS: Final = (
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
        removed=("+ role/web/task", *_definition("web", "taskRoleArn")),
        given=(("Task/web taskRoleArn", _OTHER_ROLE),),
    ),
    Row(
        "Task/web executionRoleArn",
        _GIVEN_ROLE,
        _definition("web", "executionRoleArn"),
        removed=("+ role/web/execution", *_definition("web", "executionRoleArn")),
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
            *group("task/web", "ingress[tcp 1 security-group/task/api]"),
            *_definition("web", "containerDefinitions[side].portMappings[1 tcp b]"),
        ),
        removed=(
            *group("task/web", "ingress[tcp 1 security-group/task/api]", "ingress[tcp 9000 security-group/task/api]"),
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
            *DEFAULT,
            *ACTIONS,
            "service/web loadBalancers[target-group/front/web/* app 80]",
            *_app("portMappings[80 tcp http]", "portMappings[80 tcp web]"),
        ),
        also=_ROUTED_TO_WEB,
    ),
    Row(
        "Task/web containers[app].ports[http].containerPort",
        81,
        (
            *DEFAULT,
            *ACTIONS,
            *group("load-balancer/front", "egress[tcp 8? security-group/task/web]"),
            *group("task/web", "ingress[tcp 8? security-group/task/api]"),
            *group("task/web", "ingress[tcp 8? security-group/load-balancer/front]"),
            *group("task/web", "ingress[tcp 8? 10.1.0.0/16]"),
            "target-group/front/web/http port",
            "service/web loadBalancers[target-group/front/web/http app 8?]",
            *_app("portMappings[8? tcp http]"),
        ),
    ),
    Row(
        "Task/web containers[side].ports[side].protocol",
        "udp",
        (
            *group("task/web", "ingress[tcp 9000 security-group/task/api]"),
            *group("task/web", "ingress[udp 9000 security-group/task/api]"),
            *_definition("web", "containerDefinitions[side].portMappings[9000 ??p side]"),
        ),
        removed=(
            *group("task/web", "ingress[tcp 9000 security-group/task/api]"),
            *group("task/web", "ingress[udp 9000 security-group/task/api]"),
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
            *SPARE_ROUTE,
            *ON_NETWORK,
            ("Task/api containers[app].ports[1]", {**EXTRA, "healthCheck": {"protocol": "HTTP"}}),
            ("Route/spare default.forward[0].port", "extra"),
        ),
    ),
    Row(
        "Task/web containers[app].ports[http].healthCheck.port",
        8081,
        (
            f"{_WEB_GROUP} healthCheckPort",
            *group("load-balancer/front", "egress[tcp 8081 security-group/task/web]"),
            *group("task/web", "ingress[tcp 8081 security-group/load-balancer/front]"),
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
                *SECURE,
                ("Task/api containers[app].ports[1]", EXTRA),
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
        group("task/web", "ingress[tcp 80 *", "ingress[tcp 9000 *"),
        removed=group("task/web", "ingress[tcp 80 10.0.0.0/8]", "ingress[tcp 9000 10.0.0.0/8]"),
    ),
    Row(
        "Task/web containers[app].ports[http].allowFrom",
        ["task/idle"],
        group("task/web", "ingress[tcp 80 10.1.0.0/16]", "ingress[tcp 80 security-group/task/idle]"),
        removed=group("task/web", "ingress[tcp 80 security-group/task/idle]"),
    ),
    Row(
        "Task/web egress",
        [],
        group(
            "task/web",
            "egress[tcp 80 security-group/task/api]",
            "egress[tcp 443 0.0.0.0/0]",
            "egress[udp 53 10.2.0.0/16]",
        ),
        removed=group("task/web", "egress[all 0.0.0.0/0]"),
    ),
    Row(
        "Task/web egress[0].to",
        "loadBalancer/spare",
        group("task/web", "egress[tcp 80 security-group/*/*]"),
    ),
    Row(
        "Task/web egress[1].ports",
        [54],
        group("task/web", "egress[udp 5? 10.2.0.0/16]"),
        removed=group("task/web", "egress[udp 54 10.2.0.0/16]", "egress[all 10.2.0.0/16]"),
    ),
    Row(
        "Task/web egress[1].protocol",
        "tcp",
        group("task/web", "egress[udp 53 10.2.0.0/16]", "egress[tcp 53 10.2.0.0/16]"),
        removed=(),
    ),
    Row(
        "Task/idle securityGroups",
        [STRANGER],
        ("service/idle networkConfiguration.awsvpcConfiguration.securityGroups[sg-*]",),
    ),
)
