"""Whether file systems can be mounted: each subnet of a task has a mount target in its zone that lets it in.

The name of a file system leads to the mount target of the task's own zone (EFS user guide, "Mounting on Amazon EC2 with
a DNS name"; ECS developer guide, "Amazon EFS volumes").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.flows import World
from reconciler.flows.world import Stand
from reconciler.kinds._object import Path
from reconciler.load import StackObjects
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph, Readables
from reconciler.model.snapshot import Snapshot
from reconciler.resources.mount_target import TYPE, MountTarget
from reconciler.startable._doubt import Doubt, definitions, doubt
from reconciler.startable._paths import Ways

_NFS = 2049
"""The port of a mount target (EFS user guide, "Using VPC security groups")."""


class Volumes(Frozen):
    """What is known of file systems: of the files, of AWS as it is, and as these two would have traffic go."""

    stack: StackObjects
    graph: Graph
    snapshot: Snapshot
    wanted: World
    present: World

    def doubts(self, types: Readables) -> Iterator[Doubt]:
        """For each task and file system the zones without a mount target, and those whose target lets nobody in.

        Mount targets are others': where the files still make the network, they come after it.
        """
        if TYPE.name not in types or TYPE.name in self.snapshot.unknown:
            return
        ways = Ways(self.present)
        for task, definition in sorted(definitions(self.graph.resources).items()):
            for number, volume in enumerate(self.stack.objects["Task", task].spec.volumes):
                efs = definition.volumes[volume.name].efs_volume_configuration
                stand = self.wanted.by_label.get(f"task/{task}")
                network = self._network_of(stand) if stand else None
                if efs is None or stand is None or network is None:
                    continue
                path: Path = ("spec", "volumes", number, "efs")
                targets = self._targets(efs.file_system_id, network)
                yield from self._without(task, path, efs.file_system_id, stand, targets)
                yield from self._closed(ways, task, path, efs.file_system_id, targets)

    def _network_of(self, stand: Stand) -> str | None:
        """The id of the network that a task is to run in, where that is there."""
        address = self.wanted.network_of(min(stand.segments))
        (*found,) = self.snapshot.found.get(address, ())[:1] or (self.snapshot.referred.get(address),)
        return found[0].id if found[0] else None

    def _targets(self, system: str, network: str) -> Mapping[str, str]:
        """The mount targets of a file system in a network by zone."""
        fields = {one.id: one.fields for one in self.snapshot.evidence if isinstance(one.fields, MountTarget)}
        return {
            target.availability_zone: identity
            for identity, target in fields.items()
            if (target.file_system_id, target.vpc_id.value) == (system, network)
        }

    def _without(self, task: str, path: Path, system: str, stand: Stand, targets: Mapping[str, str]) -> Iterator[Doubt]:
        without = sorted({self.wanted.zone_of(segment) for segment in stand.segments} - targets.keys())
        if without:
            message = f"{system} has no mount target in {' and '.join(without)} of the task's network"
            hint = "make one there, or take the zones out of the network"
            yield doubt(self.stack, f"Task/{task}", path, message, hint, possible=True)

    def _closed(self, ways: Ways, task: str, path: Path, system: str, targets: Mapping[str, str]) -> Iterator[Doubt]:
        stand = self.present.by_label.get(f"task/{task}")
        for segment in sorted(stand.segments) if stand else ():
            zone = self.present.zone_of(segment)
            barrier = ways.barrier(stand, segment, targets[zone], _NFS) if stand and zone in targets else None
            if barrier is not None:
                blocker, fix, _ = barrier
                reason = f"{blocker.component}: {blocker.detail}"
                message = f"as AWS is, {system} cannot be mounted from {zone}: {reason}"
                hint = fix or f"let the task in at port {_NFS}"
                yield doubt(self.stack, f"Task/{task}", path, message, hint, possible=True)
