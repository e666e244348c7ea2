"""Lengths of time as Kubernetes and Go write them."""

from __future__ import annotations

import re

PATTERN = r"^([0-9]+h)?([0-9]+m)?([0-9]+s)?$"


_WORDS = {
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
}
_LONG = re.compile(r"([0-9]{1,6})\s*([a-z]*)", re.IGNORECASE)


def meant(text: str) -> str | None:
    """The duration that a text in another form stands for: `60`, `2 hours`, `1d`."""
    match = _LONG.fullmatch(text)
    unit = _WORDS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        return None
    return f"{int(match[1]) * 24}h" if unit == "d" else f"{match[1]}{unit}"


def seconds(text: str) -> int:
    """Seconds of a duration such as `60s`, `15m` or `1h30m`. Raises `ValueError`."""
    match = re.fullmatch(PATTERN, text)
    if not text or match is None:
        raise ValueError(text)
    hours, minutes, rest = (int(part[:-1]) if part else 0 for part in match.groups())
    return hours * 3600 + minutes * 60 + rest
