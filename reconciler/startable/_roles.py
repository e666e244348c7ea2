"""Whether a task's roles allow what its containers refer to: those that it is given, and ours as they are in AWS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.flows.patterns import matches
from reconciler.kinds._object import Path, cut
from reconciler.kinds.task import KIND, roles_of
from reconciler.load import StackObjects
from reconciler.model.graph import Graph, Readables
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import Id
from reconciler.resources._policy import Document
from reconciler.resources.given_role import TYPE, GivenRole
from reconciler.resources.role import Role
from reconciler.resources.task_definition import TaskDefinition
from reconciler.startable._doubt import Doubt, definitions, doubt

_PRINCIPAL = "ecs-tasks.amazonaws.com"
_FIELDS = {"execution": "executionRoleArn", "task": "taskRoleArn"}


def doubts(stack: StackObjects, graph: Graph, snapshot: Snapshot, types: Readables) -> Iterator[Doubt]:
    """What is not allowed for sure; conditions, and policies that may not be read, are not guessed at."""
    listed = TYPE.name in types and TYPE.name not in snapshot.unknown
    given = {one.id: one.fields for one in snapshot.evidence if isinstance(one.fields, GivenRole)}
    wanted = definitions(graph.resources)
    for task in stack.of(KIND):
        definition = wanted[task.name]
        for name, needed in roles_of(task, graph.stack.region).items():
            if needed is None:
                continue
            arn = _used(definition, name)
            path: Path = ("spec", _FIELDS[name])
            if isinstance(arn, Id) and listed and arn.value not in given:
                message = f"there is no role {cut(arn.value)} in account {snapshot.account}"
                yield doubt(stack, task.id, path, message, "make it, or take the line out", possible=name == "task")
            if isinstance(arn, Id) and arn.value in given:
                role = given[arn.value]
                trust, limit = role.assume_role_policy_document, role.boundary
                for fault, fix in _faults(needed, trust, role.policies, whole=role.whole, limit=limit):
                    message = f"the role {cut(arn.value)} {fault}"
                    yield doubt(stack, task.id, path, message, fix, possible=name == "task")
            for live in snapshot.found.get(f"role/{task.name}/{name}", ())[:1] if not isinstance(arn, Id) else ():
                documents = {key: policy.policy_document for key, policy in live.fields.policies.items()}
                attached = bool(live.fields.managed_policy_arns)
                trust = live.fields.assume_role_policy_document
                for fault, _ in _faults(needed, trust, documents, whole=not attached):
                    message = f"as AWS is, its {name} role {fault}"
                    yield doubt(stack, task.id, ("spec",), message, "apply restores it", possible=True)


def _used(definition: TaskDefinition, name: str) -> object:
    return definition.execution_role_arn if name == "execution" else definition.task_role_arn


def _faults(
    needed: Role, trust: Document, policies: Mapping[str, Document], *, whole: bool, limit: Document | None = None
) -> Iterator[tuple[str, str]]:
    """What a role lacks, with what to do. Beyond `limit`, its permissions boundary, nothing is allowed."""
    principals = [
        who
        for statement in trust["Statement"]
        if statement.get("Effect") == "Allow" and not statement.get("Condition")
        for who in statement.get("Principal", {}).get("Service", ())
    ]
    conditional = any(statement.get("Condition") for statement in trust["Statement"])
    if _PRINCIPAL not in principals and not conditional:
        yield f"cannot be assumed by ECS ({_PRINCIPAL})", f"let {_PRINCIPAL} assume it in its trust policy"
    for action, resource in sorted(_pairs(needed)):
        if limit is not None and not _may(limit["Statement"], action, resource):
            yield f"may not do {action}{_on(resource)} within its permissions boundary", "allow it in the boundary"
    if not whole:
        return
    statements = [statement for document in policies.values() for statement in document["Statement"]]
    for action, resource in sorted(_pairs(needed)):
        if not _may(statements, action, resource):
            yield f"does not allow {action}{_on(resource)}", "allow it in one of its policies"


def _on(resource: str) -> str:
    return f" on {cut(resource)}" if resource not in ("", "*") else ""


def _pairs(role: Role) -> set[tuple[str, str]]:
    """Actions with what each is for; with nothing where AWS alone knows the ARN."""
    return {
        (action, resource if isinstance(resource, str) else "")
        for policy in role.policies.values()
        for statement in policy.policy_document["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def _may(statements: Iterable[Any], action: str, resource: str) -> bool:
    """Whether some statement allows it, or is of a form that is not looked into."""
    return any(
        statement.get("Effect") == "Allow"
        and ("NotAction" in statement or _covers(statement.get("Action", ()), action.lower(), lower=True))
        and ("NotResource" in statement or not resource or _covers(statement.get("Resource", ()), resource))
        for statement in statements
    )


def _covers(patterns: Iterable[object], text: str, *, lower: bool = False) -> bool:
    return any(
        not isinstance(pattern, str) or matches(pattern.lower() if lower else pattern, text) for pattern in patterns
    )
