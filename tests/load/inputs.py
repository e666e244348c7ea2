"""What somebody might feed to the loader: good stacks with damage, files of variables, bytes. All from one `Random`.

A seed is an input, so a million are cheap; Hypothesis lends a `Random` of its own that it can shrink.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import yaml

from reconciler import kinds
from reconciler.load import Given

STACKS: Final[list[list[dict[str, Any]]]] = [
    [next(iter(yaml.safe_load_all(kind.example))) for kind in kinds.discover().values()],
    *(list(yaml.safe_load_all(path.read_text())) for path in sorted((Path(__file__).parents[2] / "specs").glob("*"))),
]
"""Good stacks, each as its documents: those of the kinds' own help, and the examples."""

_VALUES: Final = (
    *(None, True, False, 0, 1, -1, 65536, 10**30, 0.5, 1e308, float("inf"), float("nan"), "", " ", "*", "&a", "<<"),
    *("internet", "task/web", "loadBalancer/public", "network/main", "10.0.0.0/8", "10.0.0.0/33", "::/0", "0.0.0.0/0"),
    *("${task/web.x}", "${", "${var.x}", "$${var.x", "${secret.a}", "1h", "-1", "9" * 400, "a" * 5000, "1e400"),
    *("arn:aws:iam::1:role/x", "sg-0", "vpc-0123456789abcdef0", "us-east-1a", "\0", "é\u2028", "2026-01-01"),
    *([], {}, [[]], {"": ""}, [None], {"name": "a"}, [{"name": "a"}, {"name": "a"}]),
)
_PIECES: Final = (
    *(b"&a ", b"*a", b"<<: *a\n", b"!!binary ", b"!x ", b"? ", b"- ", b": ", b"{", b"}", b"[", b"]", b"|\n", b">-\n"),
    *(b'"', b"'", b"#", b"%YAML 1.1\n", b"---\n", b"...\n", b"\t", b"\r", b"&b [*a, *a]\n"),
    *(b"${var.x}", b"$${", b"0x1f", b"1:20", b"yes", b"~", b"null", b"kind: Stack\n", b"name: main\n", b"spec:\n"),
    *(b"\xc2\x85", b"\xe2\x80\xa8", b'"\\ud800"', b'"\\0"', b"\n", b"  ", b",", b"@", b"`"),
)
_NO_TEXT: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\x85", b"\0", b"\xed\xa0\x80")
_LETTERS: Final = "aAzZ09.-_/:*${}[]\"' \n\t#&%@\0é\u2028\U0001f600"


def _dumped(documents: list[Any]) -> bytes:
    return yaml.dump_all(documents, Dumper=yaml.CSafeDumper, allow_unicode=True).encode()


GOOD: Final = [_dumped(stack) for stack in STACKS]
_DOCUMENTS: Final = [[b"---\n" + _dumped([document]) for document in stack] for stack in STACKS]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a document."""
    if path:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from _places(item, (*path, key))


def _at(value: Any, path: Iterable[Any]) -> Any:
    for step in path:
        value = value[step]
    return value


def _text(random: Random, longest: int) -> str:
    return "".join(random.choice(_LETTERS) for _ in range(random.randint(0, longest)))


def _value(random: Random, depth: int = 3) -> Any:
    """What may stand where something else was expected."""
    match random.randrange(12):
        case 0 if depth:
            return [_value(random, depth - 1) for _ in range(random.randrange(4))]
        case 1 if depth:
            return {_text(random, 10): _value(random, depth - 1) for _ in range(random.randrange(4))}
        case 2:
            return random.randint(-(2**70), 2**70)
        case 3:
            return _text(random, 20)
        case 4:
            there = random.choice(random.choice(STACKS))
            return copy.deepcopy(_at(there, random.choice(list(_places(there)))))
        case _:
            return copy.deepcopy(random.choice(_VALUES))


def _chosen(random: Random) -> tuple[int, list[int]]:
    """A stack and which of its documents: all, or the Stack and a few, which take less time to judge."""
    number = random.randrange(len(STACKS))
    all_of_it = range(len(STACKS[number]))
    return number, list(all_of_it) if random.randrange(3) == 0 else [0, *random.sample(all_of_it[1:], 2)]


def damaged(random: Random) -> bytes:
    """A good stack in which some values are other ones, gone, twice or under another name."""
    number, chosen = _chosen(random)
    written = {which: _DOCUMENTS[number][which] for which in chosen}
    for _ in range(random.randint(1, 2)):
        which = random.choice(chosen)
        document = copy.deepcopy(STACKS[number][which])
        for _ in range(random.randint(1, 3)):
            _damage(random, document)
        written[which] = b"---\n" + _dumped([document])
    texts = list(written.values())
    if random.randrange(8) == 0:
        random.shuffle(texts)
        texts.append(random.choice(random.choice(_DOCUMENTS)))
    return b"".join(texts)


def _damage(random: Random, document: Any) -> None:
    places = list(_places(document))
    if not places:
        return
    *path, last = random.choice(places)
    place = _at(document, path)
    match random.randrange(5):
        case 0:
            del place[last]
        case 1 if isinstance(place, list):
            place.append(copy.deepcopy(place[last]))
        case 1:
            place[_text(random, 12)] = place.pop(last)
        case _:
            place[last] = _value(random)


def _piece(random: Random) -> bytes:
    """A few bytes that mean something in YAML; rarely some that are no text, which end an input at once."""
    match random.randrange(100):
        case 0:
            return random.choice(_NO_TEXT)
        case 1:
            return random.randbytes(random.randrange(9))
        case _:
            return random.choice(_PIECES)


def edited(random: Random) -> bytes:
    """A good stack with characters put in or taken out, as an editor or a bad merge does."""
    number, chosen = _chosen(random)
    text = b"".join(_DOCUMENTS[number][which] for which in chosen)
    for _ in range(random.randint(1, 3)):
        start = random.randint(0, len(text))
        put = _piece(random)
        if random.randrange(50) == 0:
            put *= random.randrange(3000)
        text = text[:start] + put + text[start + random.choice((0, 0, 1, 2, random.randrange(40))) :]
    return text


def scrap(random: Random) -> bytes:
    """Bytes, some of which mean something in YAML."""
    return b"".join(_piece(random) for _ in range(random.randint(0, 40)))


VARIED: Final = b"""\
apiVersion: reconciler.dev/v1
kind: Stack
metadata: {name: s}
spec:
  region: ${var.text}
  tags: {a: "${var.text} ${var.number} ${var.flag}", b: "$${var.text}"}
  variables: {text: {}, number: {type: Integer}, flag: {type: Boolean}, many: {type: List}}
---
apiVersion: reconciler.dev/v1
kind: Network
metadata: {name: main}
spec:
  cidr: 10.0.0.0/16
  availabilityZones: ${var.many}
"""
"""A stack with variables of each type."""

_NAMES: Final = ("text", "number", "flag", "many", "other", "te xt", "")
_TEXTS: Final = (
    "true",
    "5",
    "us-east-1",
    "a,b",
    "us-east-1a,us-east-1b",
    "",
    ",",
    "-0",
    "1e5",
    "\uff19",
    "\ud800",
    "${var.text}",
)


def given(random: Random) -> Given:
    """Values of variables from flags, files and the environment."""
    return Given(
        _flags(random), tuple((f"v{n}.yaml", _file(random)) for n in range(random.randrange(3))), _flags(random)
    )


def _flags(random: Random) -> dict[str, str]:
    names = random.sample(_NAMES, random.randrange(5))
    return {name: random.choice(_TEXTS) if random.randrange(3) else _text(random, 20) for name in names}


def _file(random: Random) -> bytes:
    if random.randrange(3) == 0:
        return scrap(random)
    names = random.sample(_NAMES, random.randrange(5))
    return _dumped([{name: _value(random, 2) for name in names}])
