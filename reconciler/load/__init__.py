"""Named bytes to validated objects, sorted into stacks: all that is wrong at once, each with its place.

Pure: whoever calls reads the files. Whatever the bytes are, the answer is a `Bundle`, never an exception.
"""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, Field

from reconciler.kinds import Kind, Metadata, Object, Path, Problem, Source, discover
from reconciler.kinds._annotations import KNOWN, faults
from reconciler.kinds._object import Position, dotted, listed, quoted
from reconciler.kinds._spec import SpecModel
from reconciler.kinds.stack import KIND as STACK
from reconciler.kinds.stack import StackSpec
from reconciler.load import _yaml
from reconciler.load._fields import Reading, suggestion
from reconciler.load._secretive import without_secrets
from reconciler.load._variables import ENVIRONMENT, Given, Values, Variables
from reconciler.load._yaml import MAX_BYTES
from reconciler.model.frozen import Frozen

__all__ = [
    "API_VERSION",
    "ENVIRONMENT",
    "MAX_BYTES",
    "Bundle",
    "Given",
    "Object",
    "Problem",
    "Source",
    "StackObjects",
    "load",
    "suggestion",
]

API_VERSION: Final = "reconciler.dev/v1"

S = TypeVar("S", bound=BaseModel)


class StackObjects(Frozen):
    """The objects of one stack by kind and name, in that order, the `Stack` itself beside them.

    `broken` names objects that are written down but could not be read. `complete` is false when something was
    unreadable that might be an object of this stack: then nothing may be concluded from what is not here. `ambiguous`
    names objects that are defined twice, of which `objects` has the first: what refers to one may mean the other.
    """

    stack: Object[StackSpec]
    objects: Mapping[tuple[str, str], Object[Any]]
    broken: frozenset[tuple[str, str]] = frozenset()
    complete: bool = True
    ambiguous: frozenset[tuple[str, str]] = frozenset()

    def of(self, kind: Kind[S]) -> tuple[Object[S], ...]:
        """The readable objects of a kind, by name."""
        return tuple(found for (name, _), found in self.objects.items() if name == kind.name)

    def get(self, kind: Kind[S], name: str) -> Object[S] | None:
        """One readable object, where a reference to it means that one."""
        key = (kind.name, name)
        return None if key in self.ambiguous else self.objects.get(key)


class Bundle(Frozen):
    """Everything that was read. With any problem in it, the stacks are good for finding more, not for use."""

    stacks: Mapping[str, StackObjects]
    problems: tuple[Problem, ...]


class _Envelope(SpecModel):
    """What every object is wrapped in."""

    api_version: Literal["reconciler.dev/v1"] = Field(description=f"Version of the language: {API_VERSION}.")
    kind: str = Field(description="Kind of the object, such as Task.")
    metadata: Metadata = Field(description="Name of the object.")
    spec: Mapping[str, Any] = Field(default={}, description="What is wanted.")


@dataclass(slots=True)
class _Draft:
    """A document that names its kind and itself. `spec` is `None` where it could not be read."""

    kind: str
    name: str
    metadata: Metadata | None
    spec: BaseModel | None
    source: Source
    object: str

    def problem(self, field: str, message: str, hint: str) -> Problem:
        """A problem of a field of the metadata."""
        path: Path = ("metadata", field)
        at = self.source.at(path)
        return Problem(self.source.file, at.line, at.column, self.object, dotted(path), message, hint)

    def again(self, first: _Draft) -> Problem:
        """The problem that another draft has the same identity."""
        place = f"{first.source.file}:{first.source.at(('metadata', 'name')).line}"
        return self.problem("name", f"is defined twice, first at {place}", "rename one of them")


@dataclass(slots=True)
class _Paper:
    """A document that says what it is, before its fields are looked at: their values may be variables of its stack."""

    source: Source
    kind: str | None
    name: str | None
    faulty: bool

    @property
    def label(self) -> str:
        return f"{(self.kind or '?')[:63]}/{(self.name or '?')[:63]}"


def load(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]], given: Given | None = None) -> Bundle:
    """The objects of all files, by stack. The order of the files makes no difference.

    `given` are the values of variables that come from elsewhere.
    """
    loading = _Loading(Values.of(given or Given()))
    named = dict(files)
    for file in sorted(named):
        loading.read(file, named[file])
    if not named:
        loading.problems.append(Problem("(no files)", 1, 1, "", "", "there is nothing to read", "name a file"))
    return loading.bundle()


@dataclass(slots=True)
class _Loading:
    """The state of one `load`."""

    values: Values
    papers: list[_Paper] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    drafts: list[_Draft] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    """Files in which something may be an object that nobody can name."""

    def read(self, file: str, data: bytes) -> None:
        found = False
        for document in _yaml.documents(data):
            found = True
            if isinstance(document, _yaml.Document):
                self._document(file, document)
            else:
                self._unreadable(file, document)
        if not found:
            fault = _yaml.Fault(Position(1, 1), "the file holds no objects", "write one or remove the file")
            self._unreadable(file, fault)

    def _unreadable(self, file: str, fault: _yaml.Fault) -> None:
        self._fault(file, "", fault)
        self.unreadable.add(file)

    def _fault(self, file: str, name: str, fault: _yaml.Fault) -> None:
        line, column = fault.at.line, fault.at.column
        self.problems.append(
            Problem(file, line, column, name, dotted(without_secrets(fault.path)), fault.message, fault.hint)
        )

    def _document(self, file: str, document: _yaml.Document) -> None:
        root = document.root
        if root.fields is None or not root.fields.keys() & {"apiVersion", "kind"}:
            empty = root.plain and not root.text
            message = "the document is empty" if empty else "the document is not an object"
            hint = "write one or remove the '---' above" if empty else "write apiVersion, kind, metadata and spec"
            for fault in document.faults or [_yaml.Fault(root.at, message, hint)]:
                self._unreadable(file, fault)
            return
        source = Source(file, root)
        paper = _Paper(source, source.text(("kind",)), source.text(("metadata", "name")), bool(document.faults))
        for fault in document.faults:
            self._fault(file, paper.label, fault)
        self.papers.append(paper)

    def _read_papers(self) -> None:
        """Objects from documents, each with the variables of its stack."""
        stacks = [(p.name, p.source) for p in self.papers if p.kind == STACK.name and p.name is not None]
        count = Counter(name for name, _ in stacks)
        variables = {name: Variables.of(source, name, self.values) for name, source in stacks if count[name] == 1}
        near = _Near((source.file, name) for name, source in stacks)
        lost = bool(self.unreadable)
        for paper in self.papers:
            named = paper.name if paper.kind == STACK.name else paper.source.text(("metadata", "stack"))
            close = near.to(paper.source.file)
            stack = named if named is not None else close[0] if len(close) == 1 else None
            lost |= stack not in variables
            reading = Reading(paper.source, paper.label, variables.get(stack or ""))
            self._read_paper(paper, reading)
        self.problems += self.values.problems
        for one in variables.values():
            self.problems += one.problems
            self.problems += [] if lost else one.unused()
        self.problems += [] if lost else self.values.unknown(variables.values())

    def _read_paper(self, paper: _Paper, reading: Reading) -> None:
        draft = self._draft(reading, paper.kind, paper.name)
        self.problems.extend(reading.problems)
        if paper.faulty and draft is not None and draft.kind != STACK.name:
            draft.spec = None
        if draft is None:
            self.unreadable.add(paper.source.file)
        else:
            self.drafts.append(draft)

    def _draft(self, reading: Reading, kind_name: str | None, name: str | None) -> _Draft | None:
        value = reading.value(reading.source.node, ())
        envelope = reading.model(_Envelope, value)
        kinds = discover()
        kind = kinds.get(kind_name or "")
        if kind is None:
            if isinstance(value.get("kind"), str):
                hint = suggestion(value["kind"], kinds, f"the kinds are {listed(kinds)}")
                reading.problem(("kind",), f"{quoted(value['kind'])} is not a known kind", hint)
            return None
        spec = self._spec(reading, kind, value.get("spec", {}))
        if not name:
            return None
        metadata = envelope.metadata if envelope else None
        if metadata:
            _check_metadata(reading, kind, metadata)
        usable = spec if kind is STACK or not (reading.problems or reading.unusable) else None
        return _Draft(kind.name, name, metadata, usable, reading.source, reading.object)

    def _spec(self, reading: Reading, kind: Kind[Any], value: object) -> BaseModel | None:
        if not isinstance(value, dict):
            return None
        spec: BaseModel | None = reading.model(kind.spec, value, ("spec",))
        if spec is not None or kind is not STACK:
            return spec
        wrong = {path[1] for path in reading.paths if path[:1] == ("spec",) and len(path) > 1}
        rest = {key: item for key, item in value.items() if key not in wrong}
        return Reading(reading.source, reading.object).model(StackSpec, rest, ("spec",))

    def bundle(self) -> Bundle:
        self._read_papers()
        drafts = [draft for draft in self.drafts if draft.kind == STACK.name]
        near = _Near((draft.source.file, draft.name) for draft in drafts)
        firsts, copied = self._unique(drafts)
        stacks = {name: draft for (_, name), draft in firsts.items()}
        members: dict[str, list[_Draft]] = defaultdict(list)
        for draft in self.drafts:
            if draft.kind != STACK.name and (stack := self._stack_of(draft, stacks, near)):
                members[stack].append(draft)
        found: dict[str, StackObjects] = {}
        for name, draft in sorted(stacks.items()):
            objects, ambiguous = self._unique(members[name], told=(STACK.name, name) in copied)
            if isinstance(draft.spec, StackSpec) and draft.metadata:
                found[name] = StackObjects(
                    Object(STACK.name, name, name, draft.spec, draft.metadata, draft.source),
                    {
                        key: Object(*key, name, member.spec, member.metadata, member.source)
                        for key, member in sorted(objects.items())
                        if member.spec and member.metadata
                    },
                    frozenset(key for key, member in objects.items() if not member.spec),
                    complete=not self.unreadable,
                    ambiguous=ambiguous,
                )
        return Bundle(found, tuple(sorted(set(self.problems))))

    def _unique(
        self, drafts: Iterable[_Draft], *, told: bool = False
    ) -> tuple[dict[tuple[str, str], _Draft], frozenset[tuple[str, str]]]:
        """The first draft of each kind and name, and of which there are more: `told` where that follows from a stack
        that is defined twice."""
        unique: dict[tuple[str, str], _Draft] = {}
        ambiguous = set()
        for draft in drafts:
            key = (draft.kind, draft.name)
            first = unique.setdefault(key, draft)
            if first is draft:
                continue
            ambiguous.add(key)
            if not told:
                self.problems.append(draft.again(first))
        return unique, frozenset(ambiguous)

    def _stack_of(self, draft: _Draft, stacks: Mapping[str, _Draft], near: _Near) -> str | None:
        named = draft.source.text(("metadata", "stack"))
        if named is not None:
            if named not in stacks and not self.unreadable:
                known = f"the stacks are {listed(sorted(stacks))}" if stacks else "add a Stack"
                hint = suggestion(named, stacks, known)
                self.problems.append(draft.problem("stack", f"there is no Stack {quoted(named)}", hint))
            return named
        candidates = near.to(draft.source.file)
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            message = f"could belong to each of the stacks {listed(candidates)}"
            self.problems.append(draft.problem("name", message, "add metadata.stack"))
        elif not self.unreadable:
            message = "belongs to no Stack: its file and folder have none"
            self.problems.append(draft.problem("name", message, "add a Stack or metadata.stack"))
        return None


class _Near:
    """The stacks by file and by folder."""

    def __init__(self, stacks: Iterable[tuple[str, str]]) -> None:
        """Of the file and the name of each stack."""
        self.files: defaultdict[str, list[str]] = defaultdict(list)
        self.folders: defaultdict[str, list[str]] = defaultdict(list)
        by_file = dict.fromkeys(stacks)
        for file, name in by_file:
            self.files[file].append(name)
        for folder, name in dict.fromkeys((posixpath.dirname(file), name) for file, name in by_file):
            self.folders[folder].append(name)

    def to(self, file: str) -> list[str]:
        """The stacks that an object of a file may mean: those of the file, else those of its folder."""
        return self.files.get(file) or self.folders.get(posixpath.dirname(file), [])


def _check_metadata(reading: Reading, kind: Kind[Any], metadata: Metadata) -> None:
    if kind is STACK and metadata.stack not in (None, metadata.name):
        reading.problem(("metadata", "stack"), "a Stack is its own stack", "remove it")
    for fault in faults(metadata.annotations, of_stack=kind is STACK, has_resources=kind.compiled is not None):
        path = ("metadata", "annotations", fault.key)
        reading.problem(path, fault.message, fault.hint, at_key=fault.key not in KNOWN)
