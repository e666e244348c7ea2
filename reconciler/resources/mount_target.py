"""AWS::EFS::MountTarget, only read: where the file systems of tasks can be reached.

AWS: EFS DescribeMountTargets, DescribeMountTargetSecurityGroups.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.errors import AwsError, ErrorClass
from reconciler.model.facts import Fact, Name, Stand
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope
from reconciler.model.values import FrozenMap, Id


class MountTarget(Fields):
    """One mount target of a file system, which has at most one in each zone, all in one VPC."""

    file_system_id: str = field(immutable=True)
    subnet_id: Id
    vpc_id: Id
    availability_zone: str
    security_groups: frozenset[Id]
    life_cycle_state: str


class MountTargetType(Readable[MountTarget]):
    name = "mount-target"
    cloudformation = "AWS::EFS::MountTarget"
    fields = MountTarget
    refines = True

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[MountTarget]]:
        """A request for each file system that tasks mount, and for each target of it. One that is gone has none."""
        volumes = [v for task in scope.expected.get("task-definition", ()) for v in task.fields.volumes.values()]
        systems = {v.efs_volume_configuration.file_system_id for v in volumes if v.efs_volume_configuration}
        for system in sorted(systems):
            yield from _targets(reader, system)

    def facts(self, name: Name, fields: MountTarget, identity: str | None) -> Iterable[Fact]:
        yield Stand(name, frozenset({fields.subnet_id}), frozenset(fields.security_groups), "endpoint")


def _targets(reader: Reader, system: str) -> Iterable[Observed[MountTarget]]:
    try:
        found = reader.pages("efs", "DescribeMountTargets", "MountTargets", FileSystemId=system)
    except AwsError as error:
        if error.error_class is not ErrorClass.NOT_FOUND:
            raise
        return
    for target in found:
        identity = target["MountTargetId"]
        groups = reader.get("efs", "DescribeMountTargetSecurityGroups", MountTargetId=identity)["SecurityGroups"]
        fields = MountTarget(
            file_system_id=system,
            subnet_id=Id(target["SubnetId"]),
            vpc_id=Id(target["VpcId"]),
            availability_zone=target["AvailabilityZoneName"],
            security_groups=frozenset(map(Id, groups)),
            life_cycle_state=target["LifeCycleState"],
        )
        outputs = FrozenMap({"id": identity})
        yield Observed(type="mount-target", id=identity, fields=fields, outputs=outputs, evidence=True)


TYPE = MountTargetType()
