"""Whether the secrets of containers are there, and whether the execution role may decrypt those that a key of
somebody's own encrypts.

Secrets Manager and Parameter Store decrypt in the role's name (ECS developer guide, "Amazon ECS task execution IAM
role": kms:Decrypt is needed where the key is not AWS's own); no way to KMS is needed for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds._object import Path, cut
from reconciler.kinds.task import KIND, TaskSpec
from reconciler.load import StackObjects
from reconciler.model.graph import Graph, Readables
from reconciler.model.snapshot import Snapshot
from reconciler.resources.task_secret import TYPE, TaskSecret, named, whole
from reconciler.startable._doubt import Doubt, definitions, doubt


def doubts(stack: StackObjects, graph: Graph, snapshot: Snapshot, types: Readables) -> Iterator[Doubt]:
    """Each secret that is not there, which somebody may yet make, and each key that the files do not name: its own
    policy may allow it all the same. Secrets of another account may only not be shown to us."""
    looked = TYPE.name in types and TYPE.name not in snapshot.unknown
    seen = {one.fields.secret: one.fields for one in snapshot.evidence if isinstance(one.fields, TaskSecret)}
    wanted = definitions(graph.resources)
    path: Path = ("spec", "secretsKmsKeys")
    for task in stack.of(KIND):
        for place, arn in _written(task.spec) if looked else ():
            if whole(arn) not in seen and arn.split(":")[3:5] == [snapshot.region, snapshot.account]:
                message = f"{cut(whole(arn))} is not there"
                yield doubt(stack, task.id, place, message, "make it, or correct the ARN", possible=True)
        told = {_id_of(key) for key in task.spec.secrets_kms_keys}
        for arn in sorted({whole(arn) for arn in named(wanted[task.name])}):
            key = seen[arn].key_id if arn in seen else ""
            if not key or _id_of(key) in told or (key.startswith("alias/") and told):
                continue
            message = f"{cut(arn)} is encrypted with the key {cut(key)}, which the execution role may not decrypt with"
            yield doubt(stack, task.id, path, message, "add the ARN of the key", possible=True)


def _written(spec: TaskSpec) -> Iterator[tuple[Path, str]]:
    """The ARNs of secrets with the places in the files where they are written."""
    for index, container in enumerate(spec.containers):
        for name, arn in container.secrets.items():
            yield ("spec", "containers", index, "secrets", name), arn
    for name, arn in spec.logs.secret_options.items():
        yield ("spec", "logs", "secretOptions", name), arn


def _id_of(key: str) -> str:
    """The id in a key's ARN; an id or an alias itself."""
    return key.rpartition(":key/")[2]
