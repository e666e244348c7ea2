"""The files as they are now, and the last good version of each stack: what is broken or hopeless changes nothing."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import field

from reconciler import checks
from reconciler import compile as compiler
from reconciler.daemon.desired import Desired
from reconciler.load import Bundle, StackObjects
from reconciler.model.errors import ReconcilerError
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Cycle
from reconciler.startable import doubts_of_files

Load = Callable[[], Bundle]
"""The objects of all files. Raises `ReconcilerError` where there is no file, or one cannot be read."""


class Reading(Frozen):
    """One look at the files: what is good in them, and what is wrong."""

    stacks: Mapping[str, Desired] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


class Files:
    """The stacks of some files, read again when the files are other ones than before."""

    def __init__(self, load: Load, sign: Callable[[], Hashable]) -> None:
        self._load = load
        self._sign = sign
        self._signature: Hashable = None
        self._coming: Hashable = None
        self._files: dict[str, frozenset[str]] = {}

    def changed(self) -> Reading | None:
        """What the files say, where they are others than before and the same as at the last call.

        Half of a file may well be good YAML of a stack that has lost half of its objects.
        """
        try:
            signature = self._sign()
        except ReconcilerError as error:
            signature = str(error)
        settled, self._coming = signature == self._coming, signature
        if signature == self._signature or not settled:
            return None
        self._signature = signature
        return self.reading()

    def reading(self) -> Reading:
        """What the files say. Raises nothing that a user can write."""
        try:
            bundle = self._load()
        except ReconcilerError as error:
            return Reading(problems=tuple(str(error).splitlines()))
        problems = {*bundle.problems, *(p for stack in bundle.stacks.values() for p in checks.check(stack))}
        texts = [problem.text for problem in sorted(problems)]
        good: dict[str, Desired] = {}
        broken = {problem.file for problem in problems}
        for name, stack in bundle.stacks.items():
            if self._is_touched(name, stack, broken):
                continue
            try:
                desired = _desired(stack)
            except Cycle as cycle:
                texts.append(f"stack {name}: these wait for each other: {cycle}; take one reference out")
                continue
            hopeless = [one.problem.text for one in doubts_of_files(stack, desired.graph) if not one.possible]
            if hopeless:
                texts += hopeless
                continue
            good[name] = desired
            self._files[name] = _files_of(stack)
        if not bundle.stacks and not texts:
            texts.append("no Stack in these files; write one document of kind Stack")
        return Reading(good, tuple(texts))

    def _is_touched(self, name: str, stack: StackObjects, broken: Iterable[str]) -> bool:
        """Whether a broken file holds, held, or may be about to hold objects of a stack: it lies beside them."""
        files = _files_of(stack) | self._files.get(name, frozenset())
        folders = {posixpath.dirname(file) for file in files}
        return any(file in files or posixpath.dirname(file) in folders for file in broken)


def _files_of(stack: StackObjects) -> frozenset[str]:
    return frozenset(obj.source.file for obj in (stack.stack, *stack.objects.values()))


def _desired(stack: StackObjects) -> Desired:
    graph = compiler.graph_of(stack.stack, stack.objects)
    _ = graph.order
    return Desired.of(stack, graph)
