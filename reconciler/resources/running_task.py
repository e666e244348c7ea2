"""AWS::ECS::Task, only read: which interface is which task's. AWS: ECS ListTasks, DescribeTasks.

ECS starts and stops the tasks of services; CloudFormation has no such type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.facts import Copy, Fact, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope
from reconciler.model.values import FrozenMap, Id
from reconciler.resources._ecs import tasks


class RunningTask(Fields):
    """A task that runs, starts or is about to stop. `service` is the name of its service in ECS, `None` of a task that
    was started alone; `network_interface_id` is `None` until it has one. `health_status` is that of its containers."""

    cluster: Id = field(immutable=True)
    service: str | None
    task_definition: Id
    last_status: str
    health_status: str
    network_interface_id: Id | None


class RunningTaskType(Readable[RunningTask]):
    name = "running-task"
    cloudformation = "AWS::ECS::Task"
    fields = RunningTask
    needs = ("cluster",)
    refines = True

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[RunningTask]]:
        for cluster in scope.ids("cluster"):
            for task in tasks(reader, cluster, "RUNNING"):
                yield Observed(
                    type=self.name,
                    id=task["taskArn"],
                    fields=_fields(task, cluster),
                    outputs=FrozenMap({"id": task["taskArn"]}),
                    evidence=True,
                )

    def facts(self, name: Name, fields: RunningTask, identity: str | None) -> Iterable[Fact]:
        if fields.network_interface_id is not None:
            cluster = fields.cluster.value.rpartition("/")[2]
            yield Copy(name, f"{cluster}/{fields.service}", fields.network_interface_id)


def _fields(task: Mapping[str, Any], cluster: str) -> RunningTask:
    kind, _, name = task.get("group", "").partition(":")
    details = [
        detail
        for attachment in task.get("attachments", ())
        if attachment["type"] == "ElasticNetworkInterface"
        for detail in attachment["details"]
    ]
    interface = next((detail["value"] for detail in details if detail["name"] == "networkInterfaceId"), None)
    return RunningTask(
        cluster=Id(cluster),
        service=name if kind == "service" else None,
        task_definition=Id(task["taskDefinitionArn"]),
        last_status=task["lastStatus"],
        health_status=task.get("healthStatus", "UNKNOWN"),
        network_interface_id=Id(interface) if interface else None,
    )


TYPE = RunningTaskType()
