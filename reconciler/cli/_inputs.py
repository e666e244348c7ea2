"""What the command line says of the files: which they are, and the values of their variables."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.cli._failures import InputError
from reconciler.load import ENVIRONMENT, MAX_BYTES, Bundle, Given, load
from reconciler.model.frozen import Frozen

SUFFIXES = (".yaml", ".yml")

C = TypeVar("C", bound=Callable[..., Any])


class Inputs(Frozen):
    """`-f`, `--var` and `--var-file` as they were given."""

    paths: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    variable_files: tuple[str, ...] = ()

    def bundle(self) -> Bundle:
        """The objects of all files. Raises `InputError` where something cannot be read."""
        return load(self._read(), self._given())

    def files(self) -> list[Path]:
        """All files that are meant, standard input left out. Raises `InputError`."""
        return [*self._specs(), *map(Path, self.variable_files)]

    def signature(self) -> Hashable:
        """What changes whenever one of the files does, and is cheap to ask for. Raises `InputError`."""
        found = []
        for path in self.files():
            try:
                known = path.stat()
            except OSError:
                continue
            found.append((str(path), known.st_mtime_ns, known.st_size, known.st_ino))
        return tuple(found)

    def present(self) -> bool:
        """Whether there is any file of specs at all."""
        try:
            return bool(self._specs())
        except InputError:
            return False

    def _specs(self) -> list[Path]:
        if "" in self.paths:
            raise InputError("-f '' names no file; is a variable empty?")
        named = [path for path in self.paths or ("specs",) if path != "-"]
        return [file for path in named for file in _spec_files(Path(path), given=bool(self.paths))]

    def _read(self) -> list[tuple[str, bytes]]:
        """Names and bytes of all spec files, in order.

        Of what is too long, or never ends, only as much is read as shows that it is.
        """
        found: list[tuple[str, bytes]] = []
        if "-" in self.paths:
            found.append(("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 1)))
        return [*found, *((str(file), _bytes(file)) for file in self._specs())]

    def _given(self) -> Given:
        flags = dict(_named_value(text) for text in self.variables)
        files = tuple((path, _bytes(Path(path))) for path in self.variable_files)
        ours = {name: value for name, value in os.environ.items() if name.startswith(ENVIRONMENT)}
        return Given(flags, files, {name.removeprefix(ENVIRONMENT): value for name, value in ours.items()})


def files_option(function: C) -> C:
    """`-f PATH`, `--var NAME=VALUE` and `--var-file PATH`, all repeatable, merged into the `inputs` argument."""

    @click.option(
        "-f",
        "--file",
        "paths",
        multiple=True,
        metavar="PATH",
        help="File or folder of specs, - for standard input; repeatable. Default: ./specs",
    )
    @click.option(
        "--var",
        "variables",
        multiple=True,
        metavar="NAME=VALUE",
        help="Value of a variable of the specs; repeatable. Wins over --var-file.",
    )
    @click.option(
        "--var-file",
        "variable_files",
        multiple=True,
        metavar="PATH",
        help="File with NAME: value on each line; repeatable, the last that names one wins. "
        f"Wins over {ENVIRONMENT}NAME in the environment, that over the default in the Stack.",
    )
    @functools.wraps(function)
    def wrapped(
        *args: Any, paths: Sequence[str], variables: Sequence[str], variable_files: Sequence[str], **kwargs: Any
    ) -> Any:
        for text in variables:
            _named_value(text)
        inputs = Inputs(tuple(paths), tuple(variables), tuple(variable_files))
        return function(*args, inputs=inputs, **kwargs)

    return wrapped  # type: ignore[return-value]


def _named_value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.UsageError(f"--var {text!r} gives no variable a value; write NAME=VALUE")
    return name, value


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise InputError(f"{file}: no such file; check the path") from error
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}; make it readable or leave it out") from error


def _spec_files(path: Path, *, given: bool) -> Iterator[Path]:
    if path.is_dir():
        files = sorted(
            file
            for file in path.rglob("*")
            if file.suffix in SUFFIXES
            and file.is_file()
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
        )
        if not files:
            raise InputError(f"{path}: no .yaml or .yml file in this folder; name the right one with -f")
        yield from files
    elif path.exists():
        yield path
    else:
        hint = "check the path" if given else "name your files with -f PATH"
        raise InputError(f"{path}: no such file or folder; {hint}")
