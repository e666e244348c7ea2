"""Failures of a whole command, or of one stack of several: as lines and as the document of `-o json`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reconciler.model.errors import AwsError, ReconcilerError, Refused
from reconciler.model.frozen import Frozen

if TYPE_CHECKING:
    from reconciler.kinds import Problem


class InputError(ReconcilerError):
    """The command line names something that cannot be read, or that is not there."""


class InvalidInputError(ReconcilerError):
    """The files have problems; each has been told."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.text for problem in problems))
        self.problems = problems


class Failure(Frozen):
    """Why a command came to nothing. `code` is AWS's, or one CamelCase word of ours; `operation` is AWS's or empty."""

    code: str
    message: str
    next: str = ""
    operation: str = ""
    problems: Sequence[Problem] = ()

    @property
    def text(self) -> str:
        """The lines for standard error."""
        if self.problems:
            return "\n".join(problem.text for problem in self.problems)
        said = ": ".join(part for part in (self.operation, self.operation and self.code, self.message) if part)
        return f"error: {said}\n  next: {self.next}" if self.next else f"error: {said}"

    def document(self, stack: str | None = None) -> dict[str, Any]:
        """The document in place of the one that the command would have printed."""
        found: dict[str, Any] = {"stack": stack} if stack else {}
        found["error"] = {
            "operation": self.operation or None,
            "code": self.code,
            "message": self.message,
            "next": self.next or None,
        }
        if self.problems:
            found["problems"] = problem_documents(self.problems)
        return found


def failure_of(error: ReconcilerError) -> Failure:
    """What to say of an error."""
    match error:
        case AwsError():
            return Failure(error.code, error.message, error.next_step, error.operation)
        case Refused():
            return Failure("Refused", error.reason, error.fix)
        case InvalidInputError():
            count = len(error.problems)
            told = f"{count} problem{'s' if count > 1 else ''} in the files"
            return Failure("InvalidInput", told, "correct the files", problems=error.problems)
        case _:
            code = "InvalidInput" if isinstance(error, InputError) else type(error).__name__
            return Failure(code, str(error), error.fix)


def problem_documents(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems of files as `validate -o json` lists them."""
    names = ("file", "line", "column", "object", "field", "message", "hint")
    return [{name: getattr(problem, name) for name in names} for problem in problems]
