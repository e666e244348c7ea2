"""Lengths of time as Kubernetes and Go write them."""

from __future__ import annotations

import re

PATTERN = r"^([0-9]+h)?([0-9]+m)?([0-9]+s)?$"


def seconds(text: str) -> int:
    """Seconds of a duration such as `60s`, `15m` or `1h30m`. Raises `ValueError`."""
    match = re.fullmatch(PATTERN, text)
    if not text or match is None:
        raise ValueError(text)
    hours, minutes, rest = (int(part[:-1]) if part else 0 for part in match.groups())
    return hours * 3600 + minutes * 60 + rest
