"""The account guard: a stack is only ever touched in the account it names."""

from __future__ import annotations

from reconciler.model.errors import Refused


def check_account(wanted: str | None, actual: str) -> None:
    """Raises `Refused` when the credentials belong to another account than the stack names. `None` names none."""
    if wanted is not None and wanted != actual:
        raise Refused(
            f"the stack belongs to account {wanted}, but these credentials are for account {actual}",
            "choose another profile (--profile or AWS_PROFILE), or correct the account in the Stack",
        )
