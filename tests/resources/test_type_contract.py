"""What every resource type owes the engine, whichever it is: a new module in `resources/` is covered by being there."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any, TypeVar

import pytest
from canned_answers import Digested
from samples import SAMPLES
from service_models import faults, operation_model, plain, unanswered
from type_sample import Sample
from worlds import graph

from reconciler.model.errors import AwsError, ErrorClass
from reconciler.model.fields import Fields, canonical, digest_of, set_fields, traits_of
from reconciler.model.resource import (
    Call,
    Context,
    Naming,
    Observed,
    Readable,
    Referred,
    Replacement,
    Resource,
    ResourceType,
    Scope,
)
from reconciler.model.values import FrozenMap, Ref
from reconciler.resources import discover, evidence

TYPES = discover()
READABLES = {**TYPES, **evidence()}
CASES = {s.resource.address: (READABLES[s.resource.type], s) for all_ in SAMPLES.values() for s in all_}
WRITTEN = {address: case for address, case in CASES.items() if case[1].resource.type in TYPES}
each_type = pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
each_readable = pytest.mark.parametrize("kind", READABLES.values(), ids=READABLES)
each_sample = pytest.mark.parametrize(("kind", "sample"), WRITTEN.values(), ids=WRITTEN)
each_readable_sample = pytest.mark.parametrize(("kind", "sample"), CASES.values(), ids=CASES)

Kind = ResourceType[Any]
CONTEXT = Context(
    stack="shop",
    account="123456789012",
    region="us-east-1",
    partition="aws",
    name="chosen-name",
    token="token-of-this-creation",
    tags=FrozenMap({"team": "storefront", "reconciler.dev/address": "sentinel/address"}),
)


def parts_of(value: Any) -> Iterator[Fields]:
    """Every field set in a value, itself included."""
    if isinstance(value, Fields):
        yield value
        for _, item, _ in set_fields(value):
            yield from parts_of(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from parts_of(item)
    elif isinstance(value, tuple | frozenset):
        for item in value:
            yield from parts_of(item)


def differing(one: Fields, other: Fields) -> frozenset[str]:
    """The names of the fields in which two field sets of one type differ."""
    return frozenset(name for name in traits_of(type(one)) if getattr(one, name) != getattr(other, name))


def all_calls(kind: Kind, sample: Sample) -> Iterator[Call]:
    """Every request that the type would make of its sample."""
    yield from kind.create(sample.resource, CONTEXT)
    for other in sample.others:
        for wanted, present in ((sample.resource.fields, other), (other, sample.resource.fields)):
            resource = dataclasses.replace(sample.resource, fields=wanted)
            yield from kind.update(resource, sample.observed(present), differing(wanted, present), CONTEXT)
    yield from kind.delete(sample.observed(), CONTEXT)
    if kind.taggable:
        yield from kind.tag(sample.outputs.get(kind.tagged_by, "id"), {"team": "checkout"}, ["env"])


def by_type(resources: Iterable[Resource[Any]]) -> dict[str, list[Resource[Any]]]:
    found: dict[str, list[Resource[Any]]] = {}
    for resource in resources:
        found.setdefault(resource.type, []).append(resource)
    return found


T = TypeVar("T")


_OF_ONE = ("DescribeSecret",)
"""Operations that describe one object and find none in an empty account."""


class EmptyAccount:
    """A reader of an account that has nothing; checks what it is asked against the service's model."""

    account, region, partition = "123456789012", "us-east-1", "aws"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> list[Any]:
        answer = self.get(service, operation, **params)
        return list(answer[key])

    def get(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        assert faults(service, operation, params) == []
        self.asked.append(operation)
        if operation in _OF_ONE:
            raise AwsError(operation=operation, code="NotFound", message="", error_class=ErrorClass.NOT_FOUND)
        shape = operation_model(service, operation).output_shape
        return {name: [] for name, member in shape.members.items() if member.type_name == "list"} if shape else {}

    def together(self, questions: Iterable[Callable[[], T]]) -> list[T]:
        return [ask() for ask in questions]

    def fresh(self) -> EmptyAccount:
        return self


@each_readable
def test_a_type_has_a_sample(kind: Readable[Any]) -> None:
    assert SAMPLES.get(kind.name), f"add a Sample of {kind.name} to a module tests/resources/samples_...py"


@each_readable
def test_a_type_is_called_like_its_module_and_like_something_of_cloudformation(kind: Readable[Any]) -> None:
    module = type(kind).__module__
    assert module.rpartition(".")[2].replace("_", "-") == kind.name
    assert re.fullmatch(r"AWS::[A-Za-z0-9]+::[A-Za-z]+", kind.cloudformation)
    assert "AWS: " in (importlib.import_module(module).__doc__ or ""), "the module names the AWS operations behind it"


@each_type
def test_what_a_type_says_of_other_types_is_true_of_types_that_exist(kind: Kind) -> None:
    named = {*kind.needs, *kind.after.keys(), *kind.after.values()}
    assert named <= TYPES.keys()


@pytest.mark.parametrize("kind", evidence().values(), ids=evidence())
def test_what_is_only_read_has_no_request_that_changes_it_and_needs_types_that_exist(kind: Readable[Any]) -> None:
    assert [name for name in ("create", "update", "delete", "tag") if hasattr(kind, name)] == []
    assert set(kind.needs) <= READABLES.keys()


def test_types_can_be_observed_one_after_the_other() -> None:
    assert len(list(TopologicalSorter({name: t.needs for name, t in READABLES.items()}).static_order())) == len(
        READABLES
    )


@each_type
def test_a_part_names_the_immutable_field_that_leads_to_its_parent(kind: Kind) -> None:
    if kind.collection or not kind.taggable:
        assert kind.parent in traits_of(kind.fields)
        assert traits_of(kind.fields)[kind.parent].immutable


@each_type
def test_a_type_that_is_not_simply_replaced_says_why(kind: Kind) -> None:
    assert (kind.replacement is Replacement.CREATE_FIRST) == (kind.replacement_reason == "")


@each_readable_sample
def test_every_field_set_says_what_it_is_for(kind: Readable[Any], sample: Sample) -> None:
    for part in parts_of((sample.resource.fields, *sample.others)):
        name, written = type(part).__name__, type(part).__doc__
        assert written, f"{name} has no docstring"
        assert not written.startswith(f"{name}("), f"{name} has no docstring but the one that dataclasses make up"


@each_readable_sample
def test_a_sample_is_of_its_type_and_has_a_digest(kind: Readable[Any], sample: Sample) -> None:
    assert isinstance(sample.resource.fields, kind.fields)
    for fields in (sample.resource.fields, *sample.others):
        assert isinstance(hash(fields), int)
        assert digest_of(canonical(fields, lambda _: ""))


@each_type
def test_the_samples_change_every_field_that_can_change(kind: Kind) -> None:
    mutable = {name for name, traits in traits_of(kind.fields).items() if traits.compared and not traits.immutable}
    changed: set[str] = set()
    for sample in SAMPLES.get(kind.name, ()):
        for other in sample.others:
            changed |= differing(sample.resource.fields, other)
    assert changed == mutable


@each_sample
def test_every_request_is_one_that_the_service_takes(kind: Kind, sample: Sample) -> None:
    calls = list(all_calls(kind, sample))
    assert {call.name: wrong for call in calls if (wrong := faults(call.service, call.operation, call.params))} == {}


@each_sample
def test_writing_is_all_that_requests_do(kind: Kind, sample: Sample) -> None:
    assert [c.name for c in all_calls(kind, sample) if c.operation.startswith(("Describe", "Get", "List"))] == []


@each_sample
def test_what_is_saved_is_in_the_answer(kind: Kind, sample: Sample) -> None:
    assert {call.name: gone for call in all_calls(kind, sample) if (gone := unanswered(call))} == {}


@each_sample
def test_equal_inputs_give_equal_requests(kind: Kind, sample: Sample) -> None:
    assert list(all_calls(kind, sample)) == list(all_calls(kind, sample))


@each_sample
def test_a_new_object_gets_its_identity_with_its_tags_its_token_and_its_name(kind: Kind, sample: Sample) -> None:
    if kind.collection:
        return
    if kind.marks_parts:
        assert all("sentinel/address" in repr(plain(c.params)) for c in kind.create(sample.resource, CONTEXT))
        return
    first = kind.create(sample.resource, CONTEXT)[0]
    assert "id" in {**first.save, **first.known}
    sent = plain(first.params)
    tokens = {"ClientToken", "clientToken", "CreatorRequestId"} & operation_model(
        first.service, first.operation
    ).input_shape.members.keys()
    assert [sent.get(token) for token in tokens] == [CONTEXT.token] * len(tokens)
    if kind.taggable:
        assert "sentinel/address" in repr(sent)
    if kind.naming is not Naming.NONE:
        assert CONTEXT.name in repr(sent)


@each_sample
def test_every_change_is_made_by_some_request(kind: Kind, sample: Sample) -> None:
    base = sample.resource.fields
    for other in sample.others:
        resource = dataclasses.replace(sample.resource, fields=other)
        assert kind.update(resource, sample.observed(), differing(base, other), CONTEXT), differing(base, other)


@each_type
def test_tags_are_set_and_removed_where_there_are_tags(kind: Kind) -> None:
    if kind.taggable:
        calls = kind.tag(Ref("some/object"), {"team": "checkout"}, ["env"])
        assert len(calls) == 2
        assert "checkout" in repr(plain(calls[0].params))
        assert "env" in repr(plain(calls[1].params))
    else:
        with pytest.raises(NotImplementedError):
            kind.tag("id", {"team": "checkout"}, [])


@each_readable_sample
def test_an_empty_account_has_nothing_and_is_only_read(kind: Readable[Any], sample: Sample) -> None:
    found: dict[str, list[Observed[Any]]] = {n: [s.observed() for s in SAMPLES[n]] for n in kind.needs}
    reader = EmptyAccount()
    scope = Scope(
        region=reader.region,
        stacks=("shop",),
        expected={**by_type(graph("production.yaml").resources.values()), kind.name: [sample.resource]},
        graphs={"shop": Digested({sample.resource.address: "v1.0123456789abcdef"})},
        found=found,
    )
    wanted = sample.resource.fields
    found_none = kind.candidates(reader, wanted) if isinstance(kind, Referred) else kind.observe(reader, scope)
    assert list(found_none) == []
    assert reader.asked
    assert [operation for operation in reader.asked if not operation.startswith(("Describe", "Get", "List"))] == []


@pytest.mark.parametrize("kind", [k for k in READABLES.values() if isinstance(k, Referred)], ids=lambda k: k.name)
def test_what_specs_only_refer_to_has_no_request_that_could_change_it(kind: Referred[Any]) -> None:
    assert kind.name not in TYPES
    assert not any(hasattr(kind, verb) for verb in ("create", "update", "delete", "tag"))
