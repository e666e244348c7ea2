"""Values to models: what pydantic finds wrong, in words that say where and what would be right."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from reconciler.kinds._object import Node, Path, Problem, Source, counted, cut, dotted, listed, quoted
from reconciler.kinds._spec import Format, Hidden
from reconciler.load._scalars import Surprise, scalar, surprise, type_name, unprintable
from reconciler.load._secretive import may_be_secret, without_secrets
from reconciler.load._variables import Fault, Filled, Variables, filled
from reconciler.model.frozen import Frozen

M = TypeVar("M", bound=BaseModel)


def suggestion(word: str, words: Iterable[str], otherwise: str) -> str:
    """`did you mean "X"?` where a word is close to one of the words, else the other text."""
    if len(word) > 100:
        return otherwise
    known = list(words)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if not close:
        by_lower = {other.lower(): other for other in known}
        close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
        close = [by_lower[lower] for lower in close] or _alone_in_common(word.lower(), by_lower)
    return f"did you mean {quoted(close[0])}?" if close else otherwise


def _alone_in_common(word: str, by_lower: Mapping[str, str]) -> list[str]:
    """The one known word that a word is a part of, or the other way round: `zones` of `availabilityZones`."""
    shortest = 3
    found = [other for lower, other in by_lower.items() if shortest <= len(lower) and (lower in word or word in lower)]
    return found if len(found) == 1 and len(word) >= shortest else []


@dataclass(slots=True)
class Reading:
    """One document on its way to an object: collects everything that is wrong with it."""

    source: Source
    object: str
    variables: Variables | None = None
    """Those of the document's stack; `None` where it is not known which that is."""
    problems: list[Problem] = field(default_factory=list)
    paths: set[Path] = field(default_factory=set)
    """Where the problems are."""
    unusable: set[Path] = field(default_factory=set)
    """Paths whose value is already known to be wrong: what a model says about them is an echo."""
    filled: dict[Path, Filled] = field(default_factory=dict)
    """Paths whose value comes from variables."""
    surprising: dict[Path, tuple[int, Surprise]] = field(default_factory=dict)
    """Which of the problems is that a plain scalar means something else in YAML 1.1."""

    def problem(self, path: Path, message: str, hint: str, *, at_key: bool = False) -> None:
        at = self.source.key_at(path) if at_key else self.source.at(path)
        self.paths.add(path)
        self.problems.append(
            Problem(self.source.file, at.line, at.column, self.object, dotted(without_secrets(path)), message, hint)
        )

    def value(self, node: Node, path: Path) -> Any:
        """A node as plain Python values; sequences become tuples. Wrong scalars become `None` and a problem."""
        if node.fields is not None:
            return {key: self.value(child, (*path, key)) for key, (_, child) in node.fields.items()}
        if node.items is not None:
            return tuple(self.value(child, (*path, index)) for index, child in enumerate(node.items))
        text = node.text or ""
        if bad := unprintable(text):
            return self._unusable(path, bad, "remove it")
        if "${var." in text and path[:2] != _DECLARATIONS:
            return self._filled(path, text, node)
        if not node.plain:
            return text
        if found := surprise(text):
            if may_be_secret(path):
                return self._unusable(path, f"what is written {found.what}", "write it in quotes")
            self.surprising[path] = len(self.problems), found
            return self._unusable(path, f"{cut(text)} {found.what}", found.hint)
        value = scalar(text)
        return self._unusable(path, "is empty", _how_to_fill(path)) if value is None else value

    def _filled(self, path: Path, text: str, node: Node) -> Any:
        """A scalar with the values of its variables."""
        if not _may_vary(path):
            return self._unusable(path, "names a variable", "write it out: variables are for spec and annotations")
        if self.variables is None:
            self.unusable.add(path)
            return None
        found = filled(text, plain=node.plain, variables=self.variables)
        if isinstance(found, Fault):
            self.unusable.add(path)
            if found.message:
                self.problem(path, found.message, found.hint)
            return None
        self.filled[path] = found
        return found.value

    def _unusable(self, path: Path, message: str, hint: str) -> None:
        self.unusable.add(path)
        self.problem(path, message, hint)

    def model(self, model: type[M], value: Mapping[str, Any], prefix: Path = ()) -> M | None:
        """The validated model, or `None` and its problems."""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                path = (*prefix, *_path(details))
                unknown = details["type"] == "extra_forbidden"
                if path in self.surprising and not unknown:
                    self._put_right(path, details["type"], self._words(model, details, path)[1])
                wrong_already = any(path[: len(bad)] == bad for bad in self.unusable)
                if _is_echo(details) or (wrong_already and not unknown):
                    continue
                message, hint = self._words(model, details, path)
                if unknown and without_secrets(path) != path:
                    message = "has a field that is not known"
                self.problem(path, message, hint, at_key=unknown)
            return None

    def _put_right(self, path: Path, error: str, hint: str) -> None:
        """Once it is known what a field takes: say what is right there, which what a word may mean need not be."""
        index, found = self.surprising[path]
        if error in ("int_type", "bool_type") and found.meant:
            hint = f"write {found.meant}"
        self.problems[index] = self.problems[index]._replace(hint=hint)

    def _words(self, model: type[BaseModel], details: ErrorDetails, path: Path) -> tuple[str, str]:
        """What is wrong and what would be right, and where the value comes from if it is a variable's."""
        explained = _Explained(model, details, self.source.text(path))
        if explained.is_hidden:
            explained = _Explained(model, details, None)
        message, hint = explained.words()
        found = next((self.filled[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.filled), None)
        if found is None:
            return message, hint
        if details["type"] in ("int_type", "bool_type"):
            wanted = "Integer" if details["type"] == "int_type" else "Boolean"
            hint = f"declare {found.name} with type: {wanted} and write ${{var.{found.name}}} without quotes"
        return f"{message} (variable {found.name}, from {found.origin})", hint


_DECLARATIONS: Final = ("spec", "variables")


def _how_to_fill(path: Path) -> str:
    """What to do about a field without a value: YAML takes a ':' without a space after it for a part of the name."""
    name, colon, rest = str(path[-1]).partition(":") if path else ("", "", "")
    together = colon and rest and not may_be_secret(path)
    return f"write {quoted(f'{name}: {rest}')[1:-1]}, with a space" if together else "give it a value or remove it"


def _may_vary(path: Path) -> bool:
    """Whether variables may stand at a path: what an object is called and whose it is never varies."""
    return path[:1] == ("spec",) or path[:2] == ("metadata", "annotations")


def _is_echo(details: ErrorDetails) -> bool:
    """Pydantic counts the valid entries of a list: one with a wrong entry is too short as well."""
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def _path(details: ErrorDetails) -> Path:
    return tuple(step for step in details["loc"] if step != "[key]")


def _choices(annotation: Any) -> Iterator[Any]:
    """The values of the `Literal` in an annotation, be it an item's or an optional one."""
    for argument in typing.get_args(annotation):
        if typing.get_origin(annotation) is Literal:
            yield argument
        else:
            yield from _choices(argument)


def _formats(marks: Iterable[Any]) -> Iterator[Format]:
    """The formats among the marks of a field and of the types in its annotation."""
    for mark in marks:
        if isinstance(mark, Format):
            yield mark
        else:
            yield from _formats(typing.get_args(mark))


_OUTSIDE: Final = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")
"""What a variable is written like elsewhere."""
_OPPOSITES: Final = ("un", "in", "non", "not", "no", "dis")


class _Explained(Frozen):
    """One of pydantic's errors. `text` is the scalar as written, if it is one."""

    model: type[BaseModel]
    details: ErrorDetails
    text: str | None

    @property
    def is_hidden(self) -> bool:
        """Whether the value may be a secret."""
        if not any(isinstance(step, str) for step in _path(self.details)):
            return False
        info = self._info()
        return info is not None and any(isinstance(mark, Hidden) for mark in info.metadata)

    def words(self) -> tuple[str, str]:
        """What is wrong and what would be right."""
        kind, value = self.details["type"], self.details["input"]
        ctx: Mapping[str, Any] = self.details.get("ctx", {})
        match kind:
            case "missing":
                return "is missing", self._what_is_missing()
            case "extra_forbidden":
                return self._unknown_field()
            case "literal_error":
                return self._not_one_of(value)
            case "format":
                return self._shown(value), str(ctx["right"])
            case "string_type" | "int_type" | "bool_type":
                return self._wrong_scalar(kind, value)
            case "tuple_type":
                return f"is {type_name(value)}, not a list", self._as_list()
            case "dict_type" | "mapping_type" | "model_type" | "model_attributes_type":
                return f"is {type_name(value)}, not a mapping", f"write its fields {self._as_mapping()}"
            case _:
                return self._out_of_bounds(kind, value, ctx)

    def _out_of_bounds(self, kind: str, value: Any, ctx: Mapping[str, Any]) -> tuple[str, str]:
        match kind:
            case "too_short":
                least = counted(ctx["min_length"], "entry", "entries")
                return f"has {counted(len(value), 'entry', 'entries')}" if value else "is an empty list", (
                    f"write at least {least}"
                )
            case "too_long":
                return f"has {counted(len(value), 'entry', 'entries')}", f"write at most {ctx['max_length']}"
            case "string_too_short":
                return f"has {counted(len(value), 'character')}", f"write at least {ctx['min_length']}"
            case "string_too_long":
                return f"has {counted(len(value), 'character')}", f"write at most {ctx['max_length']}"
            case "greater_than_equal":
                return self._shown(value), f"write at least {ctx['ge']}"
            case "less_than_equal":
                return self._shown(value), f"write at most {ctx['le']}"
            case _:
                return "is not valid", self.details["msg"]

    def _as_list(self) -> str:
        """How a list is written whose one entry stands there without one."""
        if self.text is None:
            return "put '- ' before each entry"
        required = self._required()
        form = self._format()
        if not required and form is not None and not form.takes(self.text):
            return f"write a list: {form.right.removeprefix('write ')}"
        return f"write [{required}]" if required else f"write [{cut(self.text)}]"

    def _as_mapping(self) -> str:
        """How a mapping is written, with the fields that it has where that is known."""
        if required := self._required():
            return f"as {required}"
        fields = listed(_by_alias(model)) if (model := self._meant_model()) else ""
        return f"({fields}) as name: value" if fields else "as name: value"

    def _required(self) -> str:
        """The fields that a mapping must have, in the form that it is written in."""
        model = self._meant_model()
        names = [name for name, field in _by_alias(model).items() if field.is_required()] if model else []
        return "{" + ", ".join(f"{name}: ..." for name in names) + "}" if names else ""

    def _meant_model(self) -> type[BaseModel] | None:
        """What a field, or an entry under a key that users choose, or of a list, is a mapping of."""
        model, name = self._owner()
        info = _by_alias(model).get(name) if model else None
        return next(_models(info.annotation), None) if info else model

    def _shown(self, value: Any) -> str:
        return f"is {quoted(value)}"

    def _wrong_scalar(self, kind: str, value: Any) -> tuple[str, str]:
        if kind == "string_type":
            form = self._format()
            if form is not None and not form.takes(self.text or ""):
                return f"is {type_name(value)}, not text", form.hint(self.text or "")
            right = "write text" if self.text is None else f"write {quoted(self.text)} in quotes"
            return f"is {type_name(value)}, not text", right
        wanted = "a whole number" if kind == "int_type" else "true or false"
        if isinstance(value, str):
            if variable := _OUTSIDE.fullmatch(value):
                return f"is the text {quoted(value)}", f"did you mean ${{var.{variable['name']}}}?"
            if isinstance(scalar(value), bool if kind == "bool_type" else int):
                return f"is the text {quoted(value)}", f"write {cut(value)} without quotes"
            unit = f": {self._description()}" if value[:1].isdigit() and kind == "int_type" else ""
            return f"is the text {quoted(value)}", f"write {wanted}{unit}"
        shown = type_name(value) if self.text is None else cut(self.text)
        unit = f": {self._description()}" if isinstance(value, float) and kind == "int_type" else ""
        return f"is {shown}", f"write {wanted}{unit}"

    def _format(self) -> Format | None:
        """How the text of the field must look, where it must."""
        info = self._info()
        return next(_formats([*info.metadata, info.annotation]), None) if info else None

    def _info(self) -> FieldInfo | None:
        """The field that the last named step of the path is."""
        model, name = self._owner()
        return _by_alias(model).get(name) if model else None

    def _description(self) -> str:
        """What the field is, in one sentence."""
        info = self._info()
        return ((info.description if info else None) or self._owner()[1]).split(". ")[0].rstrip(".")

    def _owner(self) -> tuple[type[BaseModel] | None, str]:
        """The model that the last named step of the path is looked for in, and that step: a list for its items."""
        path = _path(self.details)
        *parents, last = path[: max(n for n, step in enumerate(path, 1) if isinstance(step, str))]
        model: type[BaseModel] | None = self.model
        free = False  # the next step is a key that users choose
        for step in parents:
            if free:
                free = False
            elif isinstance(step, str) and model is not None:
                info = _by_alias(model).get(step)
                model = next(_models(info.annotation), None) if info else None
                free = info is not None and typing.get_origin(info.annotation) is Mapping
        return model, str(last)

    def _what_is_missing(self) -> str:
        return f"add it: {self._description()}"

    def _unknown_field(self) -> tuple[str, str]:
        model, name = self._owner()
        fields = list(_by_alias(model)) if model else []
        known = f"the fields here are {listed(fields)}" if fields else "nothing can be set here"
        inside = [field for field, info in _by_alias(model).items() if _has(info, name)] if model else []
        if inside and name != "name":
            return "is not a known field here", f"write it in {' or '.join(inside)}"
        return "is not a known field", suggestion(name, fields, known)

    def _not_one_of(self, value: Any) -> tuple[str, str]:
        info = self._info()
        allowed = list(_choices(info.annotation)) if info else []
        words = [str(choice) for choice in allowed]
        one_of = f"write one of {listed(words)}" if len(words) > 1 else f"write {words[0]}"
        if all(isinstance(choice, int) for choice in allowed):
            return self._shown(value), _nearest(value, allowed, one_of)
        if not isinstance(value, str):
            return f"is {type_name(value)}", one_of
        opposite = any(value.lower() == prefix + word.lower() for prefix in _OPPOSITES for word in words)
        return self._shown(value), one_of if opposite else suggestion(value, words, one_of)


def _nearest(value: Any, allowed: list[int], one_of: str) -> str:
    """What to write instead of a number that is none of the allowed ones, or of a text that may stand for one."""
    number = scalar(value) if isinstance(value, str) else value
    if isinstance(number, str) and (digits := re.match(r"[0-9]{1,9}", number)):
        number = int(digits.group())
    if not isinstance(number, int):
        return one_of
    near = min(allowed, key=lambda known: abs(known - number))
    return f"write {near} without quotes" if value == str(near) else f"write {near}, or {one_of[6:]}"


def _by_alias(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _has(info: FieldInfo, name: str) -> bool:
    """Whether what a field holds, one or many, has a field of some name."""
    return any(name in _by_alias(model) for model in _models(info.annotation))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)
