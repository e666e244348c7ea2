"""AWS::ECS::TaskDefinition. AWS: ECS RegisterTaskDefinition; a revision never changes, only its tags do.

The address of a task definition is a family; its revisions are objects of that one address. Every registration makes a
revision, so a family is looked through before another one is made.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.errors import AwsError
from reconciler.model.facts import Contains, Fact, Name, Open
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Naming, Observed, Resource, ResourceType, Scope, State
from reconciler.model.tags import CONVERGED
from reconciler.model.values import EMPTY, FrozenMap, Id, Ref, Template, transform
from reconciler.resources._containers import Container, container_params, read_container
from reconciler.resources._ecs import services
from reconciler.resources._ownership import EcsTags, lower_tag_list, ownership, tag_map
from reconciler.resources._volumes import Volume, read_volume, volume_params


class RuntimePlatform(Fields):
    """What the containers run on; what AWS takes where nothing is said."""

    cpu_architecture: str = "X86_64"
    operating_system_family: str = "LINUX"


class TaskDefinition(Fields):
    """What a task runs.

    `cpu` in units (1024 are one vCPU), `memory` in MiB, `ephemeral_storage` in GiB; roles are references to their
    `arn`.
    """

    cpu: int = field(immutable=True)
    memory: int = field(immutable=True)
    network_mode: str = field(immutable=True, default="awsvpc")
    requires_compatibilities: frozenset[str] = field(immutable=True, default=frozenset({"FARGATE"}))
    execution_role_arn: Ref | Id | None = field(immutable=True, default=None)
    task_role_arn: Ref | Id | None = field(immutable=True, default=None)
    runtime_platform: RuntimePlatform = field(immutable=True, default=RuntimePlatform())
    ephemeral_storage: int = field(immutable=True, default=20)
    volumes: FrozenMap[str, Volume] = field(immutable=True, default=EMPTY)
    container_definitions: FrozenMap[str, Container] = field(immutable=True)


_STORAGE = 20
"""GiB that a Fargate task has anyway; AWS takes 21 and more only (ECS API reference, EphemeralStorage)."""
_LOOK_BACK = 10
"""Revisions of a family that are looked at, newest first, for the one that is wanted."""
_INACTIVE = "INACTIVE"


class TaskDefinitionType(EcsTags, ResourceType[TaskDefinition]):
    name = "task-definition"
    cloudformation = "AWS::ECS::TaskDefinition"
    changed_by = (
        "ecs:RegisterTaskDefinition",
        "ecs:DeregisterTaskDefinition",
        "ecs:DeleteTaskDefinitions",
    )
    fields = TaskDefinition
    needs = ("cluster",)
    naming = Naming.STABLE
    name_separator = "_"
    keeps = 1
    not_yet = (("ClientException", "Role is not valid"),)

    def ahead(self, reader: Reader, scope: Scope) -> Iterable[Callable[[], object]]:
        arns = scope.foreseen(self.name)
        known: list[Callable[[], object]] = [partial(_described, reader, arn) for arn in arns]
        clusters = scope.known.get("cluster", {}).items()
        unfinished = tuple(map(_family_start, _unfinished(scope, ((_stack_in(arn), tags) for arn, tags in clusters))))
        families = {arn.rpartition("/")[2].rpartition(":")[0] for arn in arns}
        known += [partial(_listed, reader, one, "ACTIVE") for one in sorted(families) if one.startswith(unfinished)]
        return (partial(_families, reader, scope.stacks, "ACTIVE"), partial(reader.together, known))

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[TaskDefinition]]:
        """What services run, and the newest revisions of families where that is not what is wanted, or where the last
        apply came to no end: it may not have come to retire what it replaced.

        What runs is not known to be wanted where `${…}` stands in it: the digest stays though that comes to something
        else, such as the name of a load balancer that was made anew. Such a family is looked through when there is
        something to do at all."""
        families = _families(reader, scope.stacks, "ACTIVE")
        clusters = ((cluster.stack, cluster.tags) for cluster in scope.found.get("cluster", ()))
        unfinished = tuple(map(_family_start, _unfinished(scope, clusters)))
        named: set[str] = set()
        running: dict[str, list[Observed[TaskDefinition]]] = {}

        def see_what_runs() -> None:
            named.update(_named_by_services(reader, scope))
            for seen in reader.together(partial(_described, reader, arn, in_use=True) for arn in sorted(named)):
                if seen is not None:
                    running.setdefault(seen.outputs["family"], []).append(seen)

        ahead: list[Callable[[], object]] = [see_what_runs]
        ahead += [partial(_listed, reader, one, "ACTIVE") for one in sorted(families) if one.startswith(unfinished)]
        reader.together(ahead)
        dependent = {wanted.address for wanted in scope.expected.get(self.name, ()) if _names_outputs(wanted.fields)}
        unsure = {family for family, seen in running.items() if any(one.address in dependent for one in seen)}
        whole = {
            family
            for family in {*running, *families}
            if family.startswith(unfinished) or (family in unsure and not scope.by_index)
        }
        searched = [
            family
            for family in sorted({*running, *families})
            if family in whole or not any(_is_wanted(one, scope) for one in running.get(family, ()))
        ]

        def newest_of(family: str) -> list[Observed[TaskDefinition]]:
            return list(_newest(reader, scope, family, "ACTIVE", named, whole=family in whole))

        found = reader.together(partial(newest_of, family) for family in searched)
        newest = dict(zip(searched, found, strict=True))
        for family in sorted({*running, *newest}):
            closely = family in newest or family not in unsure
            for one in (*running.get(family, ()), *newest.get(family, ())):
                if one.stack in scope.stacks and one.state is State.READY:
                    yield one if closely else dataclasses.replace(one, by_index=True)
        yield from _left_behind(reader, scope)

    def facts(self, name: Name, fields: TaskDefinition, identity: str | None) -> Iterable[Fact]:
        for container, entry in fields.container_definitions.items():
            yield Contains(name, container)
            for mapping in entry.port_mappings:
                yield Open(name, container, mapping.container_port, mapping.protocol, mapping.name)

    def create(self, resource: Resource[TaskDefinition], context: Context) -> Sequence[Call]:
        wanted = resource.fields
        containers = wanted.container_definitions
        params: dict[str, Any] = {
            "family": context.name,
            "cpu": str(wanted.cpu),
            "memory": str(wanted.memory),
            "networkMode": wanted.network_mode,
            "requiresCompatibilities": sorted(wanted.requires_compatibilities),
            "containerDefinitions": [container_params(name, containers[name]) for name in sorted(containers)],
            "tags": lower_tag_list(context.tags),
        }
        if wanted.execution_role_arn is not None:
            params["executionRoleArn"] = wanted.execution_role_arn
        if wanted.task_role_arn is not None:
            params["taskRoleArn"] = wanted.task_role_arn
        if wanted.runtime_platform != RuntimePlatform():
            params["runtimePlatform"] = {
                "cpuArchitecture": wanted.runtime_platform.cpu_architecture,
                "operatingSystemFamily": wanted.runtime_platform.operating_system_family,
            }
        if wanted.volumes:
            params["volumes"] = [volume_params(name, wanted.volumes[name]) for name in sorted(wanted.volumes)]
        if wanted.ephemeral_storage != _STORAGE:
            params["ephemeralStorage"] = {"sizeInGiB": wanted.ephemeral_storage}
        made = "taskDefinition."
        save = {
            "id": made + "taskDefinitionArn",
            "arn": made + "taskDefinitionArn",
            "family": made + "family",
            "revision": made + "revision",
        }
        return [Call("ecs", "RegisterTaskDefinition", params, save=FrozenMap(save))]

    def update(
        self,
        resource: Resource[TaskDefinition],
        observed: Observed[TaskDefinition],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        return []

    def delete(self, observed: Observed[TaskDefinition], context: Context) -> Sequence[Call]:
        """ECS deletes only revisions that were deregistered before (ECS API reference, DeleteTaskDefinitions)."""
        calls = [Call("ecs", "DeleteTaskDefinitions", {"taskDefinitions": [observed.id]})]
        if observed.detail != _INACTIVE:
            calls.insert(0, Call("ecs", "DeregisterTaskDefinition", {"taskDefinition": observed.id}))
        return calls


def _named_by_services(reader: Reader, scope: Scope) -> set[str]:
    """The revisions of families of the stacks that a service runs, is moving to, or would go back to."""
    named: set[str] = set()
    for service in services(reader, scope):
        named.add(service["taskDefinition"])
        named.update(deployment["taskDefinition"] for deployment in service.get("deployments", ()))
    starts = tuple(_family_start(stack) for stack in scope.stacks)
    return {arn for arn in named if arn.rpartition("/")[2].startswith(starts)}


def _family_start(stack: str) -> str:
    """How the families of a stack begin (see `naming`); no object's name has an underscore in it."""
    return f"{stack}_"


def _families(reader: Reader, stacks: Iterable[str], status: str) -> set[str]:
    """The families that are named like those of the stacks."""
    starts = tuple(_family_start(stack) for stack in stacks)
    if not starts:
        return set()
    by_prefix = {"familyPrefix": starts[0]} if len(starts) == 1 else {}
    listed = reader.pages("ecs", "ListTaskDefinitionFamilies", "families", status=status, **by_prefix)
    return {family for family in listed if family.startswith(starts)}


def _names_outputs(wanted: TaskDefinition) -> bool:
    """Whether `${…}` stands somewhere in it."""
    found: list[Template] = []

    def leaf(value: Any) -> Any:
        if isinstance(value, Template):
            found.append(value)
        return value

    transform(wanted.container_definitions, leaf)
    return bool(found)


def _is_wanted(seen: Observed[TaskDefinition], scope: Scope) -> bool:
    wanted = scope.digests(seen.stack).get(seen.address or "")
    return wanted is not None and seen.applied == wanted and seen.state is State.READY


def _stack_in(arn: str) -> str:
    """The stack that something is named for."""
    return arn.rpartition("/")[2].partition("_")[0]


def _unfinished(scope: Scope, clusters: Iterable[tuple[str | None, Mapping[str, str]]]) -> list[str]:
    """Stacks whose clusters carry the digest of another graph, or of none: no apply of this one came to its end.
    `clusters` have their stacks and tags."""
    found: dict[str, set[str]] = {}
    for stack, tags in clusters:
        if stack is not None and stack in scope.graphs:
            found.setdefault(stack, set()).add(tags.get(CONVERGED, ""))
    return [stack for stack, carried in found.items() if scope.graphs[stack].digest not in carried]


def _newest(
    reader: Reader, scope: Scope, family: str, status: str, known: Iterable[str] = (), *, whole: bool = False
) -> Iterator[Observed[TaskDefinition]]:
    """Revisions of a family, newest first, up to the one that is wanted or all; `known` ones were looked at already."""
    for arn in _listed(reader, family, status):
        seen = None if arn in known else _described(reader, arn)
        if seen is not None:
            yield seen
            if not whole and _is_wanted(seen, scope):
                return


def _listed(reader: Reader, family: str, status: str) -> list[str]:
    answer = reader.get(
        "ecs", "ListTaskDefinitions", familyPrefix=family, status=status, sort="DESC", maxResults=_LOOK_BACK
    )
    found: list[str] = answer["taskDefinitionArns"][:_LOOK_BACK]
    return found


def _left_behind(reader: Reader, scope: Scope) -> Iterator[Observed[TaskDefinition]]:
    """Revisions of stacks without tasks that were deregistered and not deleted: an interrupted removal."""
    idle = tuple(stack for stack in scope.stacks if not _has_tasks(scope.digests(stack)))
    for family in sorted(_families(reader, idle, _INACTIVE)):
        for seen in _newest(reader, scope, family, _INACTIVE):
            if seen.stack in idle:
                yield seen


def _has_tasks(addresses: Iterable[str]) -> bool:
    return any(address.startswith("task-definition/") for address in addresses)


def _described(reader: Reader, arn: str, *, in_use: bool = False) -> Observed[TaskDefinition] | None:
    """One revision; AWS has no code of its own for one that is gone."""
    try:
        answer = reader.get("ecs", "DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])
    except AwsError as error:
        if error.code == "ClientException" and "Unable to describe" in error.message:
            return None
        raise
    definition = answer["taskDefinition"]
    revision = definition["revision"]
    active = definition.get("status", "ACTIVE") == "ACTIVE"
    return Observed(
        type=TaskDefinitionType.name,
        id=definition["taskDefinitionArn"],
        fields=_read(definition),
        outputs=FrozenMap(
            {
                "id": definition["taskDefinitionArn"],
                "arn": definition["taskDefinitionArn"],
                "family": definition["family"],
                "revision": str(revision),
            }
        ),
        state=State.READY if active else State.FAILED,
        detail="" if active else definition["status"],
        created=f"{revision:09d}",
        in_use=in_use,
        **ownership(tag_map(answer.get("tags"))),
    )


def _read(definition: Mapping[str, Any]) -> TaskDefinition:
    platform = definition.get("runtimePlatform") or {}
    return TaskDefinition(
        cpu=_units(definition.get("cpu", "0")),
        memory=_units(definition.get("memory", "0")),
        network_mode=definition.get("networkMode", "bridge"),
        requires_compatibilities=frozenset(definition.get("requiresCompatibilities", ())),
        execution_role_arn=_role(definition.get("executionRoleArn")),
        task_role_arn=_role(definition.get("taskRoleArn")),
        runtime_platform=RuntimePlatform(
            cpu_architecture=platform.get("cpuArchitecture") or "X86_64",
            operating_system_family=platform.get("operatingSystemFamily") or "LINUX",
        ),
        ephemeral_storage=(definition.get("ephemeralStorage") or {}).get("sizeInGiB", _STORAGE),
        volumes=FrozenMap((volume["name"], read_volume(volume)) for volume in definition.get("volumes") or ()),
        container_definitions=FrozenMap(
            (container["name"], read_container(container)) for container in definition["containerDefinitions"]
        ),
    )


def _units(text: str) -> int:
    """CPU units or MiB, of which AWS knows the spellings `1024`, `1 vCPU` and `2 GB`."""
    match = re.fullmatch(r"\s*([\d.]+)\s*(vcpu|gb)?\s*", text, re.IGNORECASE)
    if match is None:
        return 0
    return int(float(match[1]) * 1024) if match[2] else int(float(match[1]))


def _role(arn: str | None) -> Id | None:
    return Id(arn, "arn") if arn else None


TYPE = TaskDefinitionType()
