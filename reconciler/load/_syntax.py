"""What PyYAML's parser finds wrong, in words for people who do not think in tokens and blocks."""

from __future__ import annotations

import re
from typing import Final

_INDENT: Final = (
    "the line is indented otherwise than the lines around it",
    "begin the fields of one mapping in one column",
)
_BRACKETS: Final = {"}": "{", "]": "["}
_TEXT_AFTER: Final = "there is text after the end of a value", "put all of the text in one pair of quotes"
_WORDS: Final[tuple[tuple[str, tuple[str, str]], ...]] = (
    (
        r"mapping values are not allowed here",
        (
            "there is a ':' where no field can begin",
            "indent the line like those around it, write a space after each ':' above it, "
            "and put text that holds ': ' in quotes",
        ),
    ),
    (r"expected <block end>, but found '(<block mapping start>|<block sequence start>|-|\?)'", _INDENT),
    (r"expected <block end>, but found '<scalar>'", _TEXT_AFTER),
    (
        r"expected <block end>, but found '([]},{[:])'",
        ("there is a {0} too many", "remove it, or put the text in quotes"),
    ),
    (r"sequence entries are not allowed here", ("there is a '- ' where no entry can begin", "put it on its own line")),
    (r"found character '\\t'.*", ("there is a tab", "write spaces instead")),
    (r"found character '(.)'.*", ("text cannot begin with {0}", "put it in quotes")),
    (
        r"expected alphabetic or numeric character.*",
        ("text cannot begin with * or &, which are for aliases", "put it in quotes"),
    ),
    (
        r"expected ',' or '([]}])', but got '<(stream end|document start|document end)>'",
        ("the {open} of line {line} is not closed", "write {0} at its end"),
    ),
    (
        r"expected ',' or '([]}])'.*",
        (
            "something is missing in the {open} of line {line}",
            "write ',' between the entries and {0} at its end, and put text that holds {{, [ or ': ' in quotes",
        ),
    ),
    (
        r"expected the node content, but found '<.*>'",
        ("a value is missing", "write it, and close every bracket above"),
    ),
    (
        r"expected the node content, but found '(.)'",
        ("there is a {0} where no value can begin", "write the value before it, or put text that holds {0} in quotes"),
    ),
    (
        r"expected '<document start>', but found '<.*>'",
        (
            "the line belongs to no object",
            "write --- above it where another object begins, or indent it like the lines around it",
        ),
    ),
    (
        r"expected (chomping or indentation indicators|a comment or a line break), but found.*",
        ("text cannot follow | or > on its line", "write it on the lines below, or put it in quotes"),
    ),
    (r"could not find expected ':'", ("the line above is no field", "write NAME: VALUE, with a space after the ':'")),
    (
        r"found unexpected (end of stream|document separator)",
        ("the quote of line {line} is not closed", "close it"),
    ),
    (r"found unknown escape character '(.)'", ("there is no escape \\{0}", "write \\\\{0}, or put the text in '...'")),
)
"""By what the parser says: what is wrong, and what would be right."""


def in_words(problem: str, context: str, opened: int | None) -> tuple[str, str]:
    """What is wrong and what would be right. `opened` is the line on which the thing begins that cannot be read."""
    for pattern, (message, hint) in _WORDS:
        if found := re.fullmatch(pattern, problem.replace("\t", "\\t"), re.DOTALL):
            groups = [group or "" for group in found.groups()]
            names = {"line": opened, "open": _BRACKETS.get(groups[0] if groups else "")}
            return message.format(*groups, **names), hint.format(*groups, **names)
    return f"{problem} ({context})" if context else problem, ""
