"""A reader that gives answers as AWS gives them, for what no sandbox shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from service_models import operation_model

from reconciler.model.resource import Observed, Scope
from reconciler.model.values import FrozenMap
from reconciler.resources.vpc import TYPE, Vpc

T = TypeVar("T")

ACCOUNT = "123456789012"


class CannedAnswers:
    """Answers each operation with the items given for it, whatever the filters; `asked` are the requests made.

    Answers are checked against the service's model, so that no test knows a member that AWS has not.
    """

    account, region, partition = ACCOUNT, "us-east-1", "aws"

    def __init__(self, answers: Mapping[str, list[dict[str, Any]]]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> list[Any]:
        answer: list[Any] = self.get(service, operation, **params)[key]
        return answer

    def get(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        self.asked.append((operation, params))
        shape = operation_model(service, operation).output_shape
        assert shape is not None
        key = next(name for name, member in shape.members.items() if member.type_name == "list")
        items = self._answers[operation]
        unknown = {name for item in items for name in item} - shape.members[key].member.members.keys()
        assert not unknown, f"{operation} never answers with {unknown}"
        return {key: items}

    def together(self, questions: Iterable[Callable[[], T]]) -> list[T]:
        return [ask() for ask in questions]

    def fresh(self) -> CannedAnswers:
        return self


def tags(address: str, stack: str = "shop") -> list[dict[str, str]]:
    """The tags of an object of ours."""
    ours = {"stack": stack, "owner": "default", "address": address, "applied": "v1.0123456789abcdef"}
    return [{"Key": f"reconciler.dev/{key}", "Value": value} for key, value in ours.items()]


class Digested(NamedTuple):
    """A desired graph as far as a look needs it."""

    applied_digests: Mapping[str, str]
    digest: str = ""


def scope(*vpcs: str, **found: list[Observed[Any]]) -> Scope:
    """A look for the stack `shop`, whose VPCs are known by id; `found` by type, underscores for hyphens."""
    fields = Vpc(cidr_block="10.0.0.0/16", enable_dns_support=True, enable_dns_hostnames=True)
    seen: dict[str, list[Observed[Any]]] = {
        TYPE.name: [
            Observed(TYPE.name, vpc, fields, "vpc/main", "shop", outputs=FrozenMap({"id": vpc})) for vpc in vpcs
        ]
    }
    seen |= {name.replace("_", "-"): items for name, items in found.items()}
    return Scope(region="us-east-1", stacks=("shop",), found=seen)
