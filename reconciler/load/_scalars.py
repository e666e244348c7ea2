"""What a plain scalar means, and where readers of YAML 1.1 would see something else in it."""

from __future__ import annotations

import re
from typing import Final

from reconciler.kinds._object import cut, quoted

_INT: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, bool | None]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_YES: Final = frozenset({"y", "yes", "on"})
_NO: Final = frozenset({"n", "no", "off"})
_OTHER_NUMBERS: Final = re.compile(
    r"""(?P<octal>[-+]?0[0-9_]+(\.[0-9_]*)?)
    |(?P<sexagesimal>[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)
    |(?P<underscores>[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9][0-9_]*))
    |(?P<infinite>[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))
    |(?P<date>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt\ \t].*)?)
    |(?P<base>0o[0-7]+)""",
    re.VERBOSE,
)


def surprise(text: str) -> tuple[str, str] | None:
    """What is surprising about a plain scalar for readers of YAML 1.1, and what to write instead."""
    word = text.lower()
    if word in _YES | _NO and text in (word, word.upper(), word.capitalize()):
        meaning = "true" if word in _YES else "false"
        return f"means {meaning} in YAML 1.1", f"write {meaning}, or {quoted(text)} in quotes"
    if text == "=":
        return "is special in YAML 1.1", 'write "=" in quotes'
    if _INT.fullmatch(text) or _FLOAT.fullmatch(text) or not (match := _OTHER_NUMBERS.fullmatch(text)):
        return None
    match match.lastgroup:
        case "octal":
            digits = text.lstrip("+-0_") or "0"
            return "has leading zeros, an octal number in YAML 1.1", f"write {cut(digits)}, or {quoted(text)} in quotes"
        case "sexagesimal":
            return "is a number to the base of 60 in YAML 1.1", f"write {quoted(text)} in quotes"
        case "date":
            return "is a date in YAML 1.1", f"write {quoted(text)} in quotes"
        case "infinite":
            return "is no finite number", f"write a number, or {quoted(text)} in quotes"
        case _:
            return "is an unusual way to write a number", f"write plain decimal digits, or {quoted(text)} in quotes"


def scalar(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar in YAML 1.2's core schema; integers beyond 18 digits are floats."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) <= 18 else float(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def unprintable(text: str) -> str | None:
    """Which character of a text no AWS API takes, if any: NUL, or half of a surrogate pair from an escape."""
    for char in text:
        if char == "\0" or "\ud800" <= char <= "\udfff":
            return f"holds the character U+{ord(char):04X}"
    return None


def type_name(value: object) -> str:
    """What a value is, in the words of an error message."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case dict():
            return "a mapping"
        case _:
            return "a list"
