"""What a plain scalar means, and where readers of YAML 1.1 would see something else in it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

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


class Surprise(NamedTuple):
    """What is surprising about a plain scalar for readers of YAML 1.1, how it is written as text, and what else it may
    stand for, where that can be said."""

    what: str
    text: str
    meant: str = ""

    @property
    def hint(self) -> str:
        """What to write instead."""
        as_text = f"{self.text} in quotes"
        return f"write {self.meant}, or {as_text}" if self.meant else f"write {as_text}"


def surprise(text: str) -> Surprise | None:
    """What is surprising about a plain scalar, if anything is."""
    word = text.lower()
    if word in _YES | _NO and text in (word, word.upper(), word.capitalize()):
        meaning = "true" if word in _YES else "false"
        return Surprise(f"means {meaning} in YAML 1.1", quoted(text), meaning)
    if text == "=":
        return Surprise("is special in YAML 1.1", quoted(text))
    if _INT.fullmatch(text) or _FLOAT.fullmatch(text) or not (match := _OTHER_NUMBERS.fullmatch(text)):
        return None
    match match.lastgroup:
        case "octal":
            digits = text.lstrip("+-0_") or "0"
            return Surprise("has leading zeros, an octal number in YAML 1.1", quoted(text), cut(digits))
        case "sexagesimal":
            return Surprise("is a number to the base of 60 in YAML 1.1", quoted(text))
        case "date":
            return Surprise("is a date in YAML 1.1", quoted(text))
        case "infinite":
            return Surprise("is no finite number", quoted(text), "a number")
        case _:
            return Surprise("is an unusual way to write a number", quoted(text), "plain decimal digits")


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
