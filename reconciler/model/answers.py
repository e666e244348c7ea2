"""What is taken from AWS's answers: JMESPath expressions, with one function that JMESPath lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jmespath
from jmespath import functions


class _Functions(functions.Functions):  # type: ignore[misc]  # jmespath has no types
    @functions.signature({"types": ["string"]}, {"types": ["string"]})  # type: ignore[untyped-decorator]
    def _func_after(self, text: str, separator: str) -> str:
        """`after(TEXT, SEPARATOR)`: what follows the last separator; AWS has parts of ARNs that no member holds."""
        return text.rpartition(separator)[2]


_OPTIONS = jmespath.Options(custom_functions=_Functions())


def taken(expression: str, answer: Mapping[str, Any]) -> Any:
    """The value of an expression over an answer; `None` where it has none."""
    return jmespath.search(expression, answer, options=_OPTIONS)
