"""Whatever the bytes are: one line that says what is wrong, never a traceback, never a hang."""

import random
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.checks import check
from reconciler.load import _yaml, load

SPECS = Path(__file__).parents[2] / "specs"
REFERENCE = [(SPECS / name).read_bytes() for name in ("two-tier.yaml", "peers.yaml")]

DEEP = 100_000


def bomb() -> bytes:
    """Forty lines that stand for 9 ** 40 values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    return "\n".join(lines).encode()


def merge_bomb() -> bytes:
    """Mappings that are each as large as the first."""
    fields = ", ".join(f"k{n}: 1" for n in range(20_000))
    return f"b: &b {{{fields}}}\nl:\n".encode() + b"- {<<: *b}\n" * 20_000


BYTES = {
    "nothing": (b"", "f:1:1: the file holds no objects, write one or remove the file"),
    "only a comment": (b"# later\n", "f:1:1: the file holds no objects, write one or remove the file"),
    "only a line between documents": (
        b"---\n",
        "f:2:1: the document is empty, write one or remove the '---' above",
    ),
    "a word": (b"hello\n", "f:1:1: the document is not an object, write apiVersion, kind, metadata and spec"),
    "a list": (b"- a\n- b\n", "f:1:1: the document is not an object, write apiVersion, kind, metadata and spec"),
    "somebody else's file": (
        b"services: {web: {image: nginx}}\n",
        "f:1:1: the document is not an object, write apiVersion, kind, metadata and spec",
    ),
    "no YAML": (
        b"kind: [a\nspec: }\n",
        "f:2:5: not valid YAML: something is missing in the [ of line 1, "
        "write ',' between the entries and ] at its end, and put text that holds {, [ or ': ' in quotes",
    ),
    "a tab for indentation": (
        b"kind: Task\nspec:\n\tcpu: 1\n",
        "f:3:1: not valid YAML: there is a tab, write spaces instead",
    ),
    "a tab between tokens": (
        b"kind:\tTask\n",
        "f:1:6: not valid YAML: there is a tab, write spaces instead",
    ),
    "a bracket for a value": (
        b"kind: }\n",
        "f:1:7: not valid YAML: there is a } where no value can begin, "
        "write the value before it, or put text that holds } in quotes",
    ),
    "a value that never comes": (
        b"kind: [\n---\n",
        "f:2:1: not valid YAML: a value is missing, write it, and close every bracket above",
    ),
    "text beside a bar": (
        b"kind: |Task\n",
        "f:1:8: not valid YAML: text cannot follow | or > on its line, "
        "write it on the lines below, or put it in quotes",
    ),
    "an open quote": (b'kind: "Task\n---\n', "f:2:1: not valid YAML: the quote of line 1 is not closed, close it"),
    "a pattern that begins with an asterisk": (
        b"kind: [*.html]\n",
        "f:1:9: not valid YAML: text cannot begin with * or &, which are for aliases, put it in quotes",
    ),
    "a Windows path in quotes": (
        b'kind: "C:\\data"\n',
        "f:1:11: not valid YAML: there is no escape \\d, write \\\\d, or put the text in '...'",
    ),
    "NUL": (b"kind: Task\n# \x00\n", "f:2:3: the character U+0000 is not allowed in YAML, remove it"),
    "a control character": (b"kind: \x1b[0m\n", "f:1:7: the character U+001B is not allowed in YAML, remove it"),
    "a byte order mark inside": (
        b"kind: Task\n\xef\xbb\xbfspec: {}\n",
        "f:2:1: the character U+FEFF is not allowed in YAML, remove it",
    ),
    "no UTF-8": (b"kind: Task\nname: caf\xe9\n", "f:2:10: the file is not UTF-8: byte 0xe9, save it as UTF-8"),
    "UTF-16": ("kind: Task\n".encode("utf-16"), "f:1:1: the file is UTF-16, save it as UTF-8"),
    "UTF-16, the other way round": (
        b"\xfe\xff" + "kind: Task\n".encode("utf-16-be"),
        "f:1:1: the file is UTF-16, save it as UTF-8",
    ),
    "UTF-32": ("kind: Task\n".encode("utf-32"), "f:1:1: the file is UTF-32, save it as UTF-8"),
    "a Python object": (
        b"!!python/object/apply:os.system [id]\n",
        'f:1:1: the tag "tag:yaml.org,2002:python/object/apply:os.system" is not supported, write the plain value',
    ),
    "a value that contains itself": (
        b"kind: &a [*a]\n",
        "f:1:11: *a stands for a value that contains it, write the value out",
    ),
    "an alias of nothing": (
        b"kind: *a\n",
        "f:1:7: *a stands for nothing, write &a before the value that it repeats",
    ),
    "a bomb of aliases": (bomb(), "f:6:40: more than 500000 values with aliases written out, split the file"),
    "a bomb of merges": (merge_bomb(), "f:14:8: more than 500000 values with aliases written out, split the file"),
    "deep brackets": (b"[" * DEEP, "f:1:51: more than 50 levels inside each other, flatten it"),
    "deep braces": (b"{a: " * DEEP, "f:1:201: more than 50 levels inside each other, flatten it"),
    "deep dashes": (b"- " * DEEP, "f:1:101: more than 50 levels inside each other, flatten it"),
    "deep aliases": (
        b"a: &a " + b"[" * 40 + b"]" * 40 + b"\nb: " + b"[" * 40 + b"*a" + b"]" * 40 + b"\n",
        "f:2:44: more than 50 levels inside each other, flatten it",
    ),
    "too many bytes": (
        b"#" * (4 * 1024 * 1024 + 1),
        "f:1:1: the file has more than 4194304 bytes, split it",
    ),
    "as many bytes as are read": (
        b"#" * (4 * 1024 * 1024),
        "f:1:1: the file holds no objects, write one or remove the file",
    ),
    "a version of YAML beyond all bounds": (b"%YAML 1." + b"9" * 5000 + b"\n---\na\n", None),
    "an escape that is no character": (b'kind: "\\UFFFFFFFF"\n', None),
    "a tag that is no UTF-8": (b"kind: !%ff x\n", None),
}


@pytest.mark.parametrize(("data", "expected"), BYTES.values(), ids=BYTES)
def test_what_cannot_be_read_is_one_line(data: bytes, expected: str | None) -> None:
    found = [problem.text for problem in load({"f": data}).problems]
    if expected is None:
        assert len(found) == 1
    else:
        assert found == [expected]


@pytest.mark.parametrize(("data", "expected"), BYTES.values(), ids=BYTES)
def test_it_is_the_same_line_without_libyaml(
    data: bytes, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_libyaml = load({"f": data})
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert load({"f": data}) == with_libyaml


def test_as_many_levels_as_are_allowed() -> None:
    def nested(levels: int) -> list[str]:
        data = b"kind: " + b"[" * (levels - 1) + b"]" * (levels - 1) + b"\n"
        return [problem.message for problem in load({"f": data}).problems]

    assert "more than 50 levels inside each other" not in nested(50)
    assert nested(51) == ["more than 50 levels inside each other"]


def test_an_utf_8_byte_order_mark_at_the_start_is_no_problem() -> None:
    assert load({"f": b"\xef\xbb\xbf" + REFERENCE[0]}) == load({"f": REFERENCE[0]})


def test_windows_line_ends_are_no_problem() -> None:
    assert load({"f": REFERENCE[1].replace(b"\n", b"\r\n")}) == load({"f": REFERENCE[1]})


def test_what_was_read_before_the_unreadable_part_is_reported_too() -> None:
    data = b"kind: Tsk\napiVersion: reconciler.dev/v1\nmetadata: {name: a}\n---\nkind: [\n"
    found = [problem.text for problem in load({"f": data}).problems]
    assert [text.split(":")[1] for text in found] == ["1", "6"]


def test_a_line_that_belongs_to_no_object_is_told_of() -> None:
    *_, last = load({"f": b"{kind: Task}\nspec: {}\n"}).problems
    assert last.text == (
        "f:2:1: not valid YAML: the line belongs to no object, "
        "write --- above it where another object begins, or indent it like the lines around it"
    )


@pytest.mark.parametrize("escape", ["\\0", "\\ud800"])
def test_an_escape_that_no_api_takes_is_refused(escape: str) -> None:
    data = b'apiVersion: reconciler.dev/v1\nkind: Stack\nmetadata: {name: s}\nspec: {owner: "%s"}\n'
    found = [problem.text for problem in load({"f": data.replace(b"%s", escape.encode())}).problems]
    assert len(found) >= 1
    assert all(text.isprintable() for text in found)


def harmless(data: bytes) -> None:
    """Loads and checks, and looks at every line that is printed."""
    bundle = load({"f": data})
    problems = [*bundle.problems, *(p for stack in bundle.stacks.values() for p in check(stack))]
    for problem in problems:
        assert problem.text.isprintable()
        assert problem.line >= 1
        assert problem.column >= 1
    assert problems or bundle.stacks


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    harmless(data)


@settings(max_examples=150)
@given(st.text(alphabet="abk:-[]{}&*!|>'\"%#?,<=\n\t 019.~@`\\", max_size=200))
def test_any_text_of_yaml_s_own_characters(text: str) -> None:
    harmless(text.encode())


FRAGMENTS = [
    *("&a ", "*a", "!!x ", "<<: *a", "- ", ": ", "? ", "{", "}", "[", "]", "\t", "\0", "---\n", "...\n", "|", ">"),
    *("'", '"', "#", "%YAML 1.9\n", "\n", "  ", "no", "010", "1:30", "~", "=", "\\", "\x85", "\u2028", "\ufeff"),
    *("null", "@", "`", "\r", "é😀", '"\\ud800"', "!", "!<", "${task/", "1" * 30, ",", "|+", ">-2", "${task/web.x}"),
]


def mutated(seed: int) -> bytes:
    """A reference file with a few accidents."""
    chance = random.Random(seed)
    text = chance.choice(REFERENCE).decode()
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        match chance.randrange(4):
            case 0:
                text = text[:at] + chance.choice(FRAGMENTS) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randint(1, 12) :]
            case 2:
                start = chance.randrange(len(text))
                text = text[:at] + text[start : start + chance.randint(1, 80)] + text[at:]
            case _:
                text = text[:at] + chr(chance.randrange(32, 127)) + text[at + 1 :]
    return text.encode()


@settings(max_examples=200)
@given(st.integers(0, 2**32))
def test_a_reference_file_with_accidents(seed: int) -> None:
    harmless(mutated(seed))


def shape(data: bytes, loader: object) -> list[object]:
    """What was composed, places included; of a fault only that there is one."""
    return [
        (str(found.root), [(f.at, f.message, f.path) for f in found.faults])
        if isinstance(found, _yaml.Document)
        else (found.at, found.message)
        for found in _yaml.documents(data, loader)
    ]


@settings(max_examples=100, derandomize=True)
@given(st.integers(0, 2**32))
def test_libyaml_makes_no_difference(seed: int) -> None:
    """But for a question mark inside plain text of a flow collection, which only libyaml takes as YAML 1.2 says."""
    data = mutated(seed).replace(b"?", b"")
    assert shape(data, None) == shape(data, yaml.SafeLoader)
