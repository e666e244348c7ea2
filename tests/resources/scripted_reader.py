"""A reader that answers from a table, for what no sandbox shows: odd forms of answers, objects that vanish, pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from reconciler.model.errors import AwsError, ErrorClass

T = TypeVar("T")
Answer = Mapping[str, Any] | Callable[..., Mapping[str, Any]]


class ScriptedReader:
    """Answers each operation with what `answers` has for it; a function gets the parameters. `asked` are the
    operations in order."""

    account, region, partition = "123456789012", "us-east-1", "aws"

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.params: list[Mapping[str, Any]] = []

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> list[Any]:
        return list(self.get(service, operation, **params)[key])

    def get(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        self.asked.append(operation)
        self.params.append(params)
        answer = self.answers[operation]
        return answer(**params) if callable(answer) else answer

    def together(self, questions: Iterable[Callable[[], T]]) -> list[T]:
        return [ask() for ask in questions]

    def fresh(self) -> ScriptedReader:
        return self


def refused(operation: str, code: str, message: str = "") -> AwsError:
    """An error as the reader raises it."""
    return AwsError(operation=operation, code=code, message=message, error_class=ErrorClass.NOT_FOUND)
