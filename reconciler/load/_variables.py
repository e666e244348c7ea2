"""`${var.NAME}`: values that are given from outside of the specs, or that a Stack gives itself.

A Stack declares its variables with a type. A plain value that is nothing but `${var.NAME}` has the variable's type;
in quotes, or with more around it, it is text; `$${var.` is a plain `${var.`. The first of these that names a variable
wins: flag, the last file that has it, environment, the Stack's own default.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.kinds._object import Node, Path, Position, Problem, Source, cut, dotted, listed, quoted
from reconciler.kinds.stack import VARIABLE_NAME
from reconciler.load import _yaml
from reconciler.load._scalars import scalar, surprise, type_name, unprintable
from reconciler.model.frozen import Frozen

ENVIRONMENT: Final = "RECONCILER_VAR_"
"""What the names of environment variables begin with that give a value: `RECONCILER_VAR_image`."""

Value = str | int | bool | tuple[str, ...]

_TOKEN: Final = re.compile(r"\$\$\{var\.|\$\{var\.(?P<name>[^{}]*)(?P<end>\}?)")
_TYPES: Final[Mapping[str, type]] = {"String": str, "Integer": int, "Boolean": bool, "List": tuple}
_RIGHT: Final[Mapping[str, str]] = {
    "String": "write text",
    "Integer": "write a whole number",
    "Boolean": "write true or false",
    "List": "write a list of texts",
}


class Given(Frozen):
    """Values from outside: by flag, files of `NAME: value` with their names, and environment variables of ours."""

    flags: Mapping[str, str] = field(default_factory=dict)
    files: tuple[tuple[str, bytes], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


class _Wrong(Frozen):
    """Why something is no value of a variable's type, and what would be. `anywhere`: it is a value of nothing."""

    message: str
    hint: str
    anywhere: bool = False


class _Entry(Frozen):
    """A value in a file of values. `problem` makes one of what is wrong with it, at its place."""

    node: Node
    file: str
    key: Position

    def problem(self, name: str, message: str, hint: str) -> Problem:
        at = self.node.at if self.node.is_scalar else self.key
        return Problem(self.file, at.line, at.column, "", name, message, hint)


@dataclass(slots=True)
class Values:
    """All that was given from outside, read once for all stacks."""

    given: Given
    problems: list[Problem] = field(default_factory=list)
    entries: dict[str, _Entry] = field(default_factory=dict)
    """Of each name the last entry of a file, which wins."""

    @classmethod
    def of(cls, given: Given) -> Values:
        values = cls(given)
        for file, data in given.files:
            values._read(file, data)
        return values

    def unknown(self, stacks: Iterable[Variables]) -> Iterator[Problem]:
        """What is given and no stack declares. The environment may hold what is meant for others."""
        known = sorted({name for stack in stacks for name in stack.declared})
        first = min(stacks, key=lambda stack: stack.source.file, default=None)
        none = f"the variables are {listed(known)}" if known else "add it to spec.variables of the Stack"
        for name, entry in self.entries.items():
            if name not in known:
                message = "is a variable of no Stack"
                yield entry.problem(name, message, _near(name, known, none))
        for name in self.given.flags:
            if name not in known and first is not None:
                message = f"has no {cut(name)}, which --var gives a value"
                yield first.problem(("spec", "variables"), message, _near(name, known, none))

    def _read(self, file: str, data: bytes) -> None:
        for document in _yaml.documents(data):
            if isinstance(document, _yaml.Fault):
                self._fault(file, document)
                continue
            for fault in document.faults:
                self._fault(file, fault)
            if document.root.fields is None:
                right = "write NAME: value, one on a line"
                self._fault(file, _yaml.Fault(document.root.at, "the file holds no values by name", right))
            for name, (at, node) in (document.root.fields or {}).items():
                self.entries[name] = _Entry(node, file, at)

    def _fault(self, file: str, fault: _yaml.Fault) -> None:
        line, column = fault.at
        self.problems.append(Problem(file, line, column, "", dotted(fault.path), fault.message, fault.hint))


@dataclass(slots=True)
class Variables:
    """The variables of one Stack with their values. `source` is the document of the Stack."""

    source: Source
    stack: str
    values: Values
    problems: list[Problem] = field(default_factory=list)
    declared: dict[str, Node] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    mistaken: bool = False
    """Whether some reference leads to no variable: it may be meant for one that nothing else names."""
    _known: dict[str, tuple[Value, str] | None] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source, stack: str, values: Values) -> Variables:
        found = cls(source, stack, values)
        spec = (source.node.fields or {}).get("spec")
        block = (spec[1].fields or {}).get("variables") if spec else None
        found.declared = {name: node for name, (_, node) in ((block[1].fields or {}) if block else {}).items()}
        return found

    def value(self, name: str) -> tuple[Value, str] | None:
        """The value of a variable and where it comes from; `None` where that is a problem that was told already."""
        if name not in self.used:
            self.used.add(name)
            self._known[name] = self._value(name)
        return self._known[name]

    def unused(self) -> Iterator[Problem]:
        """The variables that nothing names."""
        for name in () if self.mistaken else self.declared.keys() - self.used:
            hint = f"write ${{var.{cut(name)}}} where it is meant, or remove it"
            yield self.problem(("spec", "variables", name), "is used nowhere", hint)

    def missing(self, name: str) -> tuple[str, str]:
        """What to say of a name that is no variable of the stack."""
        self.mistaken = True
        if not re.fullmatch(VARIABLE_NAME.pattern, name):
            return f"{quoted(name)} is no name of a variable", f"{VARIABLE_NAME.right} (a plain ${{var. is $${{var.)"
        known = sorted(self.declared)
        of = f"the variables are {listed(known)}" if known else f"add it to spec.variables of Stack/{self.stack}"
        return f"there is no variable {quoted(name)} in Stack/{self.stack}", _near(name, known, of)

    def problem(self, path: Path, message: str, hint: str) -> Problem:
        at = self.source.at(path) if path[-1] == "default" else self.source.key_at(path)
        return Problem(self.source.file, at.line, at.column, f"Stack/{self.stack}", dotted(path), message, hint)

    def _kind(self, name: str) -> str | None:
        """The declared type, unless it is none that there is."""
        kind = self.source.text(("spec", "variables", name, "type")) or "String"
        return kind if kind in _TYPES else None

    def _value(self, name: str) -> tuple[Value, str] | None:
        kind = self._kind(name)
        if kind is None or self.declared[name].fields is None:
            return None  # the model says so
        given = self.values.given
        if name in given.flags:
            return self._of_text(name, kind, given.flags[name], "--var")
        entry = self.values.entries.get(name)
        if entry is not None:
            found = _of_node(kind, entry.node)
            if isinstance(found, _Wrong):
                self.problems.append(entry.problem(name, f"{found.message}; the variable is {kind}", found.hint))
                return None
            return found, f"{entry.file}:{entry.key.line}"
        if name in given.environment:
            return self._of_text(name, kind, given.environment[name], ENVIRONMENT + name)
        default = (self.declared[name].fields or {}).get("default")
        if default is None:
            self.problems.append(self._without_value(name))
            return None
        found = _of_node(kind, default[1])
        if isinstance(found, _Wrong):
            if not found.anywhere:
                path = ("spec", "variables", name, "default")
                self.problems.append(self.problem(path, f"{found.message}; the variable is {kind}", found.hint))
            return None
        return found, f"its default in Stack/{self.stack}"

    def _without_value(self, name: str) -> Problem:
        description = self.source.text(("spec", "variables", name, "description"))
        what = f"has no value ({cut(description)})" if description else "has no value"
        near = difflib.get_close_matches(name, sorted(self.values.given.environment), 1, 0.6)
        meant = f"did you mean it by {ENVIRONMENT}{near[0]}? " if near else ""
        ways = f"--var {cut(name)}=VALUE, a --var-file, {ENVIRONMENT}{cut(name)} or default"
        return self.problem(("spec", "variables", name), what, f"{meant}give it one by {ways}")

    def _of_text(self, name: str, kind: str, text: str, origin: str) -> tuple[Value, str] | None:
        found = _of_text(kind, text)
        if isinstance(found, _Wrong):
            message = f"is {kind}, and {origin} {found.message}"
            self.problems.append(self.problem(("spec", "variables", name), message, found.hint))
            return None
        return found, origin


class Fault(Frozen):
    """A text that cannot be filled in: what is wrong, unless that was told elsewhere."""

    message: str = ""
    hint: str = ""


class Filled(Frozen):
    """What a text is with its variables filled in. `name` and `origin` are those of the last of them."""

    value: Value
    name: str
    origin: str


def filled(text: str, *, plain: bool, variables: Variables) -> Filled | Fault:
    """A scalar that names variables, with their values."""
    whole = _TOKEN.fullmatch(text) if plain else None
    result, end, last = "", 0, ("", "")
    fault: Fault | None = None
    for match in _TOKEN.finditer(text):
        result += text[end : match.start()]
        end = match.end()
        name = match["name"]
        if name is None:
            result += "${var."
            continue
        if not match["end"]:
            variables.mistaken = True
            return Fault(f"{quoted('${var.' + name)} is never closed", "add the '}'")
        if name not in variables.declared:
            return Fault(*variables.missing(name))
        found = variables.value(name)
        if found is None:
            fault = Fault()
            continue
        last = name, found[1]
        if whole is not None:
            return Filled(found[0], *last)
        if isinstance(found[0], tuple):
            message = f"variable {name} is a list ({found[1]})"
            return Fault(message, f"write ${{var.{name}}} without quotes and alone, or another variable")
        result += _as_text(found[0])
    return fault or Filled(result + text[end:], *last)


def _as_text(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_node(kind: str, node: Node) -> Value | _Wrong:
    """The value of a node of YAML, never coerced."""
    if kind == "List" and node.items is not None:
        texts = []
        for item in node.items:
            text = _of_node("String", item)
            if isinstance(text, _Wrong):
                return text
            texts.append(str(text))
        return tuple(texts)
    value = _plain_value(node)
    if isinstance(value, _Wrong):
        return value
    if type(value) is _TYPES[kind]:
        return value  # type: ignore[return-value]
    shown = quoted(value) if isinstance(value, str) else type_name(value)
    if kind == "String" and node.text is not None:
        return _Wrong(f"is {shown}, not text", f"write {quoted(node.text)} in quotes")
    return _Wrong(f"is {shown}", _RIGHT[kind])


def _plain_value(node: Node) -> object:
    if node.text is None:
        return {} if node.fields is not None else ()
    if bad := unprintable(node.text):
        return _Wrong(bad, "remove it", anywhere=True)
    if "${var." in node.text:
        return _Wrong("names a variable", "write the value itself")
    if not node.plain:
        return node.text
    if found := surprise(node.text):
        return _Wrong(f"is {cut(node.text)}, which {found.what}", found.hint, anywhere=True)
    value = scalar(node.text)
    return _Wrong("is empty", "give it a value or remove it", anywhere=True) if value is None else value


def _of_text(kind: str, text: str) -> Value | _Wrong:
    """The value that a flag or an environment variable gives as text."""
    if bad := unprintable(text):
        return _Wrong(f"gives text that {bad}", "remove it")
    parse: Mapping[str, Callable[[str], Value | None]] = {
        "String": str,
        "Integer": lambda given: int(given) if re.fullmatch(r"-?[0-9]{1,18}", given) else None,
        "Boolean": {"true": True, "false": False}.get,
        "List": lambda given: tuple(part.strip() for part in given.split(",") if part.strip()),
    }
    value = parse[kind](text)
    return _Wrong(f"says {quoted(text)}", _RIGHT[kind]) if value is None else value


def _near(name: str, known: Iterable[str], otherwise: str) -> str:
    close = difflib.get_close_matches(name, list(known), 1, 0.6) if len(name) <= 100 else []
    return f"did you mean {quoted(close[0])}?" if close else otherwise
