"""Whether the execution role may decrypt secrets that a key of somebody's own encrypts.

Secrets Manager and Parameter Store decrypt in the role's name (ECS developer guide, "Amazon ECS task execution IAM
role": kms:Decrypt is needed where the key is not AWS's own); no way to KMS is needed for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds._object import Path, cut
from reconciler.kinds.task import KIND
from reconciler.load import StackObjects
from reconciler.model.graph import Graph
from reconciler.model.snapshot import Snapshot
from reconciler.resources.secret_key import SecretKey, named, whole
from reconciler.startable._doubt import Doubt, definitions, doubt


def doubts(stack: StackObjects, graph: Graph, snapshot: Snapshot) -> Iterator[Doubt]:
    """Each key that the files do not name. The policy of the key itself may allow it all the same."""
    keys = {one.fields.secret: one.fields.key_id for one in snapshot.evidence if isinstance(one.fields, SecretKey)}
    wanted = definitions(graph.resources)
    path: Path = ("spec", "secretsKmsKeys")
    for task in stack.of(KIND):
        told = {_id_of(key) for key in task.spec.secrets_kms_keys}
        for arn in sorted({whole(arn) for arn in named(wanted[task.name])}):
            key = keys.get(arn)
            if key is None or _id_of(key) in told or (key.startswith("alias/") and told):
                continue
            message = f"{cut(arn)} is encrypted with the key {cut(key)}, which the execution role may not decrypt with"
            yield doubt(stack, task.id, path, message, "add the ARN of the key", possible=True)


def _id_of(key: str) -> str:
    """The id in a key's ARN; an id or an alias itself."""
    return key.rpartition(":key/")[2]
