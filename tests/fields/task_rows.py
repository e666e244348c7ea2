"""Every field of Task beside its containers, volumes and logs."""

from __future__ import annotations

from typing import Final

from row_parts import definition, group
from rows import STRANGER, Row


def _deployment(*paths: str) -> tuple[str, ...]:
    return tuple(f"service/web deploymentConfiguration.{path}" for path in paths)


_GIVEN_ROLE: Final = "arn:aws:iam::123456789012:role/shop-tasks"
_OTHER_ROLE: Final = "arn:aws:iam::123456789012:role/shop-tasks-2"
_PORT_9001: Final = {"name": "more", "containerPort": 9001}
_UNSCALED: Final = ("- scalable-target/idle",)
_SPOT: Final = [{"capacityProvider": "FARGATE_SPOT", "weight": 3}, {"capacityProvider": "FARGATE", "base": 1}]
_ON_SPOT: Final = (("Task/web capacityProviderStrategy", _SPOT),)
_STRATEGY: Final = "service/web capacityProviderStrategy"

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
    Row("Task/web cpu", 1024, definition("web", "cpu"), given=(("Task/web memory", 2048),)),
    Row("Task/idle memory", 1024, definition("idle", "memory"), removed=("service/idle taskDefinition",)),
    Row("Task/web cpuArchitecture", "X86_64", definition("web", "runtimePlatform.cpuArchitecture"), removed=()),
    Row("Task/web ephemeralStorage", 100, definition("web", "ephemeralStorage")),
    Row(
        "Task/web taskRoleArn",
        _GIVEN_ROLE,
        definition("web", "taskRoleArn"),
        removed=("+ role/web/task", *definition("web", "taskRoleArn")),
        given=(("Task/web taskRoleArn", _OTHER_ROLE),),
    ),
    Row(
        "Task/web executionRoleArn",
        _GIVEN_ROLE,
        definition("web", "executionRoleArn"),
        removed=("+ role/web/execution", *definition("web", "executionRoleArn")),
        given=(("Task/web executionRoleArn", _OTHER_ROLE),),
    ),
    Row(
        "Task/idle executeCommand",
        True,
        ("service/idle enableExecuteCommand", "+ role/idle/task", *definition("idle", "taskRoleArn")),
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
