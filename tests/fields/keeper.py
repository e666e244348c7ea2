"""A converged AWS in a process of its own, forked once per case: what costs seconds to build is built once."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from multiprocessing import Pipe
from typing import Generic, TypeVar

from reconciler.sandbox import Sandbox

W = TypeVar("W")


class Keeper(Generic[W]):
    """Holds what `build` made of an empty sandbox; `run` hands it to a case in a child that nobody sees afterwards."""

    def __init__(self, build: Callable[[Sandbox], W], case: Callable[[W, int], None]) -> None:
        self._build = build
        self._case = case
        self._ours, self._theirs = Pipe()
        self._child = os.fork()
        if self._child == 0:
            os._exit(_guarded(self._keep))
        self._theirs.close()
        self._check()

    def run(self, number: int) -> None:
        """Fails with the traceback of a case that failed."""
        self._ours.send(number)
        self._check()

    def close(self) -> None:
        self._ours.close()
        os.waitpid(self._child, 0)

    def _check(self) -> None:
        said = self._ours.recv()
        assert not said, said

    def _keep(self) -> None:
        self._ours.close()
        with Sandbox() as sandbox:
            try:
                world = self._build(sandbox)
            except BaseException:  # noqa: BLE001 - whatever ended it is the report
                self._theirs.send(traceback.format_exc())
                return
            self._theirs.send("")
            while True:
                try:
                    number = self._theirs.recv()
                except EOFError:
                    return
                self._theirs.send(self._forked(world, number))

    def _forked(self, world: W, number: int) -> str:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                self._case(world, number)
                os._exit(0)
            except BaseException:  # noqa: BLE001 - a child reports whatever ended it
                text = traceback.format_exc(limit=-4)
                os.write(writing, f"{text.strip().splitlines()[-1]}\n{text}".encode()[:60000])
            os._exit(1)
        os.close(writing)
        with os.fdopen(reading, "rb") as report:
            text = report.read().decode()
        _, status = os.waitpid(child, 0)
        return text or (f"died with status {status}" if status else "")


def _guarded(work: Callable[[], None]) -> int:
    try:
        work()
    except BaseException:  # noqa: BLE001 - the parent sees the pipe close
        return 1
    return 0
