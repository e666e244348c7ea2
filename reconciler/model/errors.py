"""What can go wrong, classed by what to do about it.

ReconcilerError     rooms derive their own beside these: what is asked for is not there, the store fails
├── Refused        a guard said no: wrong account, wrong owner, too much to delete
├── LeaseLost      somebody else works on this stack
└── AwsError       AWS said no, or nothing
"""

from __future__ import annotations

from enum import Enum


class ReconcilerError(Exception):
    """Base of all errors of this program; the text is fit for a person to read. `fix` says what to do about it."""

    fix: str = ""


class Refused(ReconcilerError):
    """A guard said no before anything was changed."""

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(f"{reason}; {fix}" if fix else reason)
        self.reason = reason
        self.fix = fix


class LeaseLost(ReconcilerError):
    """The right to change this stack is gone; nothing more may be written."""


class ErrorClass(Enum):
    """What an AWS error asks for."""

    THROTTLED = "throttled"
    TRANSIENT = "transient"
    NOT_YET = "not yet consistent"
    NOT_FOUND = "not found"
    DEPENDENCY = "dependency still there"
    CONFLICT = "conflict"
    EXISTS = "already exists"
    DENIED = "denied"
    QUOTA = "quota"
    TERMINAL = "terminal"


class AwsError(ReconcilerError):
    """AWS refused a request, or its answer never came.

    `lost` is true when the request may have been carried out all the same. `next` says what a person can do.
    """

    def __init__(
        self,
        *,
        operation: str,
        code: str,
        message: str,
        error_class: ErrorClass,
        lost: bool = False,
        request_id: str = "",
        next_step: str = "",
    ) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.operation = operation
        self.code = code
        self.message = message
        self.error_class = error_class
        self.lost = lost
        self.request_id = request_id
        self.next_step = next_step
