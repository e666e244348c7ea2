"""The running tasks of a stack: where each is, its addresses, its health. Read for people, never compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.frozen import Frozen
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed

_BATCH = 100
"""Tasks that DescribeTasks takes at once (ECS API reference)."""


class RunningTask(Frozen):
    """One task of a service with the network interface that Fargate gave it."""

    task: str
    status: str
    zone: str
    network_interface: str
    private_address: str
    public_address: str
    health: str
    stopped_reason: str = ""


def running_tasks(reader: Reader, service: Observed[Any]) -> list[RunningTask]:
    """The tasks of one service by id, with their public addresses and their health at its load balancers."""
    cluster = service.fields.cluster.value
    name = service.outputs["name"]
    arns = reader.pages("ecs", "ListTasks", "taskArns", cluster=cluster, serviceName=name)
    tasks: list[Mapping[str, Any]] = []
    for start in range(0, len(arns), _BATCH):
        batch = arns[start : start + _BATCH]
        tasks += reader.get("ecs", "DescribeTasks", cluster=cluster, tasks=batch)["tasks"]
    interfaces = [detail for task in tasks if (detail := _interface(task).get("networkInterfaceId"))]
    public = _public_addresses(reader, interfaces)
    health = _target_health(reader, service)
    return sorted((_running(task, public, health) for task in tasks), key=lambda t: t.task)


def _interface(task: Mapping[str, Any]) -> dict[str, str]:
    for attachment in task.get("attachments", ()):
        if attachment["type"] == "ElasticNetworkInterface":
            return {detail["name"]: detail["value"] for detail in attachment["details"]}
    return {}


def _public_addresses(reader: Reader, interfaces: list[str]) -> dict[str, str]:
    if not interfaces:
        return {}
    by_id = [{"Name": "network-interface-id", "Values": sorted(interfaces)}]
    found = reader.pages("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces", Filters=by_id)
    return {eni["NetworkInterfaceId"]: eni.get("Association", {}).get("PublicIp", "") for eni in found}


def _target_health(reader: Reader, service: Observed[Any]) -> dict[str, str]:
    """Address of a target -> the worst thing a target group says of it."""
    found: dict[str, str] = {}
    for balancer in service.fields.load_balancers:
        answer = reader.get("elbv2", "DescribeTargetHealth", TargetGroupArn=balancer.target_group_arn.value)
        for target in answer["TargetHealthDescriptions"]:
            state = target["TargetHealth"]["State"]
            if found.get(target["Target"]["Id"], "healthy") == "healthy":
                found[target["Target"]["Id"]] = state
    return found


def _running(task: Mapping[str, Any], public: Mapping[str, str], health: Mapping[str, str]) -> RunningTask:
    interface = _interface(task)
    private = interface.get("privateIPv4Address", "")
    return RunningTask(
        task=task["taskArn"].rsplit("/", 1)[-1],
        status=task["lastStatus"],
        zone=task.get("availabilityZone", ""),
        network_interface=interface.get("networkInterfaceId", ""),
        private_address=private,
        public_address=public.get(interface.get("networkInterfaceId", ""), ""),
        health=health.get(private, task.get("healthStatus", "UNKNOWN")),
        stopped_reason=task.get("stoppedReason", ""),
    )


def services_of(found: Iterable[Observed[Any]], address: str) -> list[Observed[Any]]:
    """The live ECS services of an address."""
    return [o for o in found if o.type == "service" and o.address == address]
