"""Bytes to YAML documents: every value with its place, nothing coerced, nothing that can hang or crash.

The parser's events are read one by one, so nesting, aliases and size are bounded before anything is built from
them. Plain scalars follow YAML 1.2's core schema; where YAML 1.1 readers (PyYAML, and many tools around
Kubernetes) would see something else than a person wrote, that is a problem and not a guess.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import yaml

from reconciler.kinds._object import Node, Path, Position, cut, printable, quoted
from reconciler.load._scalars import scalar, surprise, type_name, unprintable
from reconciler.load._secretive import may_be_secret, without_secrets
from reconciler.load._syntax import in_words

MAX_BYTES: Final = 4 * 1024 * 1024
"""Size of one file; some five thousand objects."""

MAX_CAREFUL: Final = 1024 * 1024
"""Characters of a file that PyYAML's slow loader is asked about: it takes some seconds for these."""

MAX_DEPTH: Final = 50
"""Mappings and sequences inside each other; the spec language needs ten."""

MAX_NODES: Final = 500_000
"""Values of one file once its aliases are written out: a few lines can stand for billions."""

_MERGE: Final = "<<"
"""YAML 1.1's merge key. Quoted or not, nothing of ours has that name."""

_BOMS: Final = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
"""What YAML 1.1 does not allow in a stream (section 5.1, `c-printable`), and byte order marks inside of it."""


class Fault(NamedTuple):
    """Something wrong with the text itself, before it is an object."""

    at: Position
    message: str
    hint: str
    path: Path = ()


class Document(NamedTuple):
    """One document of a file; `faults` are the ones inside it that leave the rest readable."""

    root: Node
    faults: list[Fault]


class _Unreadable(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, at: Position, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.fault = Fault(at, message, hint)


class _NotYaml(_Unreadable):
    """The parser gave up."""


def documents(data: bytes, loader: Any = None) -> list[Document | Fault]:
    """The documents of a file in order; at its end the fault that made the rest unreadable, if there is one.

    `loader` is PyYAML's loader to take the events from. By default the C one where it is installed, with the same
    answers as the other: that one is asked where the two disagree, on tabs and on what is no YAML.
    """
    try:
        text = _decoded(data)
    except _Unreadable as error:
        return [error.fault]
    found: list[Document | Fault] = []
    for one in [loader] if loader else _loaders(text):
        found = []
        try:
            for document in _documents(text, one):
                found.append(document)
        except _NotYaml as error:
            found.append(error.fault)
            continue
        except _Unreadable as error:
            found.append(error.fault)
        break
    return found


def _loaders(text: str) -> list[Any]:
    fast = getattr(yaml, "CSafeLoader", None)
    if fast is None:
        return [yaml.SafeLoader]
    if len(text) > MAX_CAREFUL:
        return [fast]
    return [yaml.SafeLoader] if "\t" in text else [fast, yaml.SafeLoader]


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _Unreadable(Position(1, 1), f"the file has more than {MAX_BYTES} bytes", "split it")
    for bom, name in _BOMS.items():
        if data.startswith(bom):
            raise _Unreadable(Position(1, 1), f"the file is {name}", "save it as UTF-8")
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(errors="replace")
        message = f"the file is not UTF-8: byte 0x{data[error.start]:02x}"
        raise _Unreadable(_position_after(before), message, "save it as UTF-8") from None
    if bad := _FORBIDDEN.search(text):
        message = f"the character U+{ord(bad.group()):04X} is not allowed in YAML"
        raise _Unreadable(_position_after(text[: bad.start()]), message, "remove it")
    return text


def _position_after(text: str) -> Position:
    lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", text)
    return Position(len(lines), len(lines[-1]) + 1)


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)


def _documents(text: str, loader: Any) -> Iterator[Document]:
    events = _events(text, loader)
    size = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            composer = _Composer(size)
            yield composer.document(events)
            size = composer.size


def _events(text: str, loader: Any) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = _position(mark)
        opened = error.context_mark.line + 1 if error.context_mark else None
        message, hint = in_words(error.problem or "syntax error", error.context or "", opened)
        hint = _how_to_write_a_variable(text, mark) or hint
        raise _NotYaml(at, f"not valid YAML: {message}", hint) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _NotYaml(Position(1, 1), f"not valid YAML: {printable(str(error))}") from None


def _how_to_write_a_variable(text: str, mark: Any) -> str:
    """Inside of { } and [ ] a plain `${` ends where YAML sees the brace."""
    inside = mark is not None and text[max(mark.index - 1, 0) : mark.index + 1] == "${"
    return (
        'write "${...}" in quotes here; for a variable that is no text write the mapping line by line' if inside else ""
    )


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read."""

    node: Node
    anchor: str | None
    height: int = 1
    size: int = 1
    key: tuple[Position, str] | None = None
    """The key of a mapping that waits for its value."""
    wants_key: bool = True
    merged: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class _Composer:
    """Builds one document from events, without recursion. `size` counts the values of the file so far."""

    size: int
    faults: list[Fault] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int, int] | None] = field(default_factory=dict)
    """Node, height and expanded size by anchor; `None` while the node is still open."""
    root: Node | None = None
    another: bool = False
    """Whether a second object seems to begin inside of the first."""

    def document(self, events: Iterator[yaml.Event]) -> Document:
        for event in events:
            at = _position(event.start_mark)
            match event:
                case yaml.DocumentEndEvent():
                    break
                case yaml.AliasEvent():
                    self._add(at, *self._alias(event.anchor or "", at))
                case yaml.ScalarEvent():
                    self._scalar(event, at)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._start(event, at)
                case _:
                    self._end()
        assert self.root is not None, "a document has exactly one root"
        return Document(self.root, self.faults)

    def _count(self, at: Position, size: int) -> None:
        self.size += size
        if self.size > MAX_NODES:
            raise _Unreadable(at, f"more than {MAX_NODES} values with aliases written out", "split the file")

    def _alias(self, anchor: str, at: Position) -> tuple[Node, int, int]:
        if anchor not in self.anchors:
            if may_be_secret(self._path()):
                raise _Unreadable(at, "an alias stands for nothing", "write a value that begins with * in quotes")
            raise _Unreadable(
                at, f"*{cut(anchor)} stands for nothing", f"write &{cut(anchor)} before the value that it repeats"
            )
        found = self.anchors[anchor]
        if found is None:
            raise _Unreadable(at, f"*{cut(anchor)} stands for a value that contains it", "write the value out")
        self._count(at, found[2])
        return found

    def _scalar(self, event: yaml.ScalarEvent, at: Position) -> None:
        self._refuse_tag(event.tag, at)
        self._count(at, 1)
        node = Node(at, text=event.value, plain=event.style is None or event.style == "")
        if event.anchor:
            self.anchors[event.anchor] = (node, 0, 1)
        self._add(at, node, 0, 1)

    def _start(self, event: yaml.CollectionStartEvent, at: Position) -> None:
        self._refuse_tag(event.tag, at)
        self._count(at, 1)
        if len(self.stack) >= MAX_DEPTH:
            raise _Unreadable(at, f"more than {MAX_DEPTH} levels inside each other", "flatten it")
        mapping = isinstance(event, yaml.MappingStartEvent)
        node = Node(at, fields={}) if mapping else Node(at, items=[])
        if event.anchor:
            self.anchors[event.anchor] = None
        self.stack.append(_Open(node, event.anchor))

    def _end(self) -> None:
        done = self.stack.pop()
        _merge(done)
        if done.anchor:
            self.anchors[done.anchor] = (done.node, done.height, done.size)
        self._add(done.node.at, done.node, done.height, done.size)

    def _refuse_tag(self, tag: str | None, at: Position) -> None:
        path = self._path()
        if tag and may_be_secret(path):
            self._fault(at, "a tag is not supported", "write a value that begins with ! in quotes", path)
        elif tag:
            self._fault(at, f"the tag {quoted(tag)} is not supported", "write the plain value", path)

    def _fault(self, at: Position, message: str, hint: str, path: Path) -> None:
        self.faults.append(Fault(at, message, hint, path))

    def _path(self) -> Path:
        """Where the next value goes."""
        path: list[str | int] = []
        for parent in self.stack:
            if parent.node.items is not None:
                path.append(len(parent.node.items))
            elif parent.key is not None:
                path.append(parent.key[1])
        return tuple(path)

    def _add(self, at: Position, node: Node, height: int, size: int) -> None:
        """Puts a finished value where it belongs."""
        if len(self.stack) + height > MAX_DEPTH:
            raise _Unreadable(at, f"more than {MAX_DEPTH} levels inside each other", "flatten it")
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.height = max(parent.height, height + 1)
        parent.size += size
        if parent.node.items is not None:
            parent.node.items.append(node)
        elif parent.wants_key:
            parent.wants_key = False
            parent.key = self._key(at, node)
        else:
            parent.wants_key = True
            self._field(parent, node)

    def _key(self, at: Position, node: Node) -> tuple[Position, str] | None:
        path = self._path()
        if node.text is None:
            self._fault(at, "a key is a mapping or a sequence", "write a name", path)
            return None
        if without_secrets((*path, node.text)) == path:
            return at, node.text  # no field has that name, which is said where it is known, and without the name
        if bad := unprintable(node.text):
            self._fault(at, f"the key {quoted(node.text)} {bad}", "remove it", path)
        elif node.plain and (wrong := _not_a_name(node.text)):
            hint = f"write {quoted(node.text)} in quotes"
            self._fault(at, f"the key {cut(node.text)} {wrong}", hint, (*path, node.text))
        return at, node.text

    def _field(self, parent: _Open, value: Node) -> None:
        fields = parent.node.fields
        assert fields is not None, "only mappings have keys"
        if parent.key is None:
            return
        at, key = parent.key
        path, parent.key = self._path(), None
        if key == _MERGE:
            sources = value.items if value.items is not None else [value]
            if any(source.fields is None for source in sources):
                self._fault(at, "<< merges something that is no mapping", "name anchors of mappings", path)
            parent.merged.extend(source for source in sources if source.fields is not None)
        elif key in fields:
            self._twice(at, path, fields[key][0].line)
        else:
            # Where nothing is written there is no place: the parsers disagree on it, the key's is better.
            nothing = value.plain and not value.text
            fields[key] = (at, Node(at, "", plain=True) if nothing else value)

    def _twice(self, at: Position, path: Path, first: int) -> None:
        """A second object without a line before it writes everything of the first one twice: said once."""
        if len(path) > 1:
            self._fault(at, "is written twice", f"keep one (the first is on line {first})", path)
        elif not self.another:
            self.another = True
            hint = f"keep one (the first is on line {first}), or write --- above it where another object begins"
            self._fault(at, "is written twice", hint, path)


def _merge(done: _Open) -> None:
    """YAML 1.1's merge key: fields of other mappings, where this one (or an earlier of them) has none."""
    for source in done.merged:
        assert done.node.fields is not None, "only mappings have merge keys"
        for key, entry in (source.fields or {}).items():
            done.node.fields.setdefault(key, entry)


def _not_a_name(text: str) -> str | None:
    """Why a plain key would not be read as text by every reader of YAML."""
    if found := surprise(text):
        return found.what
    value = scalar(text)
    return None if isinstance(value, str) else f"is {type_name(value)}, not text"
