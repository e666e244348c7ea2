"""`${kind/name.output}`: text that holds outputs of other objects.

Only `${word/` begins a reference, so that shell and other templates pass untouched; `$${` is a plain `${`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r"\$\$\{|\$\{(?P<word>[A-Za-z]+)/(?P<rest>[^{}]*)(?P<end>\}?)")


@dataclass(frozen=True, slots=True, order=True)
class OutputRef:
    """One reference. `output` is empty and `closed` false where the text is unfinished."""

    word: str
    name: str
    output: str
    closed: bool = True

    def __str__(self) -> str:
        return f"${{{self.word}/{self.name}.{self.output}}}"


def parts(text: str) -> tuple[str | OutputRef, ...]:
    """The text in order, as plain pieces (escapes undone, none empty) and references."""
    found: list[str | OutputRef] = []
    plain = ""
    end = 0
    for match in _TOKEN.finditer(text):
        plain += text[end : match.start()]
        end = match.end()
        if match["word"] is None:
            plain += "${"
            continue
        if plain:
            found.append(plain)
            plain = ""
        name, _, output = match["rest"].partition(".")
        found.append(OutputRef(match["word"], name, output, bool(match["end"])))
    plain += text[end:]
    return (*found, plain) if plain else tuple(found)


def references(text: str) -> Iterator[OutputRef]:
    """The references of a text."""
    return (part for part in parts(text) if isinstance(part, OutputRef))
