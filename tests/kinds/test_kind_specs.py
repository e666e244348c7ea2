"""What holds for the spec of every kind that is there, and for the small languages inside of them."""

import itertools
from ipaddress import IPv4Network
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.checks import check
from reconciler.kinds import Kind, Peer, _duration, _template, discover
from reconciler.kinds._template import OutputRef
from reconciler.kinds.network import NetworkSpec
from reconciler.load import load

KINDS = list(discover().values())
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def test_discovery_finds_a_kind_in_every_public_module() -> None:
    assert list(discover()) == ["Alert", "Cluster", "Flow", "LoadBalancer", "Network", "Route", "Stack", "Task"]


def test_the_examples_together_are_a_valid_stack() -> None:
    text = "---\n".join(kind.example for kind in KINDS)
    bundle = load({"examples": text.encode()})
    assert bundle.problems == ()
    (stack,) = bundle.stacks.values()
    assert check(stack) == []
    assert {kind for kind, _ in stack.objects} | {"Stack"} == set(discover())


@each_kind
def test_every_field_says_what_it_is_for(kind: Kind[Any]) -> None:
    schema = kind.spec.model_json_schema()
    every = {"": schema, **schema.get("$defs", {})}
    silent = [
        f"{name}.{field}"
        for name, one in every.items()
        for field, info in one.get("properties", {}).items()
        if not info.get("description", "").endswith(".")
    ]
    assert silent == []


@each_kind
def test_every_field_is_in_camel_case_and_no_mapping_takes_unknown_ones(kind: Kind[Any]) -> None:
    schema = kind.spec.model_json_schema()
    for one in (schema, *schema.get("$defs", {}).values()):
        assert one["additionalProperties"] is False
        assert [name for name in one.get("properties", {}) if "_" in name or name[0].isupper()] == []


@each_kind
def test_a_spec_cannot_be_changed(kind: Kind[Any]) -> None:
    spec = kind.spec.model_construct()
    for name in kind.spec.model_fields:
        with pytest.raises(ValidationError):
            setattr(spec, name, None)


@each_kind
def test_the_columns_show_fields_that_exist(kind: Kind[Any]) -> None:
    example = yaml.safe_load(kind.example)
    for column in kind.columns:
        value = example
        for step in column.path.replace("[*]", "").strip(".").split("."):
            value = value[0] if isinstance(value, list) else value
            if step not in value:
                alias = {info.alias for info in kind.spec.model_fields.values()}
                assert step in alias, column
                break
            value = value[step]


@each_kind
def test_late_outputs_are_outputs(kind: Kind[Any]) -> None:
    assert kind.late_outputs <= kind.outputs.keys()


TEMPLATES = {
    "plain": ("abc", ("abc",)),
    "nothing": ("", ()),
    "one": ("${loadBalancer/internal.dnsName}", (OutputRef("loadBalancer", "internal", "dnsName"),)),
    "in text": (
        "http://${loadBalancer/a.dnsName}/x",
        ("http://", OutputRef("loadBalancer", "a", "dnsName"), "/x"),
    ),
    "two": ("${a/b.c}${d/e.f}", (OutputRef("a", "b", "c"), OutputRef("d", "e", "f"))),
    "escaped": ("$${a/b.c}", ("${a/b.c}",)),
    "an escape before one": ("$${x}${a/b.c}", ("${x}", OutputRef("a", "b", "c"))),
    "a variable of the shell": ("${HOME}/$PATH", ("${HOME}/$PATH",)),
    "a default of the shell": ("${HOME:-/root}", ("${HOME:-/root}",)),
    "no output": ("${a/b}", (OutputRef("a", "b", ""),)),
    "never closed": ("x${a/b.c", ("x", OutputRef("a", "b", "c", closed=False))),
}


@pytest.mark.parametrize(("text", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_templates(text: str, expected: tuple[str | OutputRef, ...]) -> None:
    assert _template.parts(text) == expected


def test_a_reference_inside_a_reference_is_an_unfinished_one() -> None:
    first, *_ = _template.references("${a/b${c/d.e}")
    assert not first.closed


DURATIONS = {"60s": 60, "15m": 900, "1h": 3600, "1h30m": 5400, "1h1m1s": 3661, "0s": 0, "90m": 5400}


@pytest.mark.parametrize(("text", "expected"), DURATIONS.items())
def test_durations(text: str, expected: int) -> None:
    assert _duration.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "60", "1d", "m", "-1s", "1s1m", "1.5h", "60s "])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        _duration.seconds(text)


PEERS = {
    "internet": Peer("internet"),
    "10.8.0.0/24": Peer("cidr", "10.8.0.0/24"),
    "10.8.0.7": Peer("cidr", "10.8.0.7/32"),
    "task/web": Peer("task", "web"),
    "loadBalancer/public": Peer("loadBalancer", "public"),
}


@pytest.mark.parametrize(("text", "expected"), PEERS.items())
def test_peers(text: str, expected: Peer) -> None:
    assert Peer.parse(text) == expected


@pytest.mark.parametrize("text", ["", "Internet", "task/", "tasks/web", "10.0.0.0/33", "::/0", "10.0.0.300"])
def test_what_is_no_peer(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is the standard library's
        Peer.parse(text)


@given(st.sampled_from(["10.0.0.0/16", "10.0.4.0/22", "10.0.7.0/24"]), st.sets(st.sampled_from("abcdefgh"), min_size=1))
def test_carved_subnets_never_overlap_and_stay_where_they_are_whichever_zones_come_or_go(
    cidr: str, letters: set[str]
) -> None:
    zones = [f"us-east-1{letter}" for letter in sorted(letters)]
    tier = {"cidr": cidr, "public": {}, "private": {}}
    spec = NetworkSpec.model_validate({**tier, "availabilityZones": tuple(zones)[:6]})
    blocks = [IPv4Network(text) for public in (True, False) for text in spec.blocks(public)]
    assert len(blocks) == 2 * len(zones[:6])
    assert all(block.subnet_of(IPv4Network(cidr)) and block.prefixlen <= 28 for block in blocks)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(blocks, 2))
    alone = NetworkSpec.model_validate({**tier, "availabilityZones": (zones[0],)})
    assert alone.blocks(True)[0] == spec.blocks(True)[0]
    assert alone.blocks(False)[0] == spec.blocks(False)[0]
