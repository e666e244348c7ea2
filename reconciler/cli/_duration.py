"""Spans of time on the command line."""

from __future__ import annotations

import re
from typing import Any

import click

_UNITS = {"s": 1, "m": 60, "h": 3600}


class Duration(click.ParamType[float]):
    """`90s`, `15m`, `1h` as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        if isinstance(value, int | float):
            return float(value)
        match = re.fullmatch(r"([0-9]+)([smh])", value)
        if not match:
            self.fail(f"{value!r} is no duration; write one such as 90s, 15m or 1h", param, ctx)
        return float(match[1]) * _UNITS[match[2]]
