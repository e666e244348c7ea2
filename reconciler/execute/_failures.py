"""How an action ends before its work is done."""

from __future__ import annotations

from reconciler.model.errors import AwsError, ErrorClass
from reconciler.model.plan import Failure
from reconciler.model.resource import Call


class Failed(Exception):
    """An action ended in failure; carries what to report."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Interrupted(Exception):
    """The run was asked to stop while an action waited."""


class LookAgain(Exception):
    """The request may have been, or had been, carried out already."""

    def __init__(self, error: AwsError) -> None:
        super().__init__(str(error))
        self.error = error


def failure_of(error: AwsError, next_step: str = "") -> Failure:
    """What to report of an error; `next_step` where more is known than the error says."""
    return Failure(error.operation, error.code, error.message, next_step or error.next_step)


def is_of_another(call: Call) -> AwsError:
    """What AWS would have said, had it not answered a create with something else of that name."""
    message = "AWS answered with something of this name that does not carry our tags"
    return AwsError(operation=call.name, code="AlreadyExists", message=message, error_class=ErrorClass.EXISTS)
