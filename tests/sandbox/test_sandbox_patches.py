"""Patches are small, named, and leave no trace."""

import ast
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response

import reconciler.sandbox
from reconciler.sandbox import Sandbox
from reconciler.sandbox.patch import FAMILIES, Installer, discover


def test_every_patch_names_the_document_it_follows() -> None:
    assert [patch.name for patch in discover() if len(patch.source) < 10] == []


def _behaviours(module: Path) -> Iterator[ast.FunctionDef]:
    """The tests of a module that plain moto must fail."""
    body = ast.parse(module.read_text()).body
    whole = any(isinstance(line, ast.Assign) and "stricter_than_moto" in ast.unparse(line) for line in body)
    for one in body:
        if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"):
            marks = " ".join(map(ast.unparse, one.decorator_list))
            yield from [one] if whole or "stricter_than_moto" in marks else []


def test_every_test_of_a_behaviour_names_the_document_that_it_expects_it_from() -> None:
    named = re.compile(r"\b(API|[Gg]uide|Reference|RFC)\b")
    modules = Path(__file__).parent.glob("test_*.py")
    found = [(module.name, test) for module in modules for test in _behaviours(module)]
    assert len(found) > 300
    assert [(name, test.name) for name, test in found if not named.search(ast.get_docstring(test) or "")] == []


def test_every_module_of_patches_is_found() -> None:
    """A module whose name starts with no known family would be left out in silence."""
    modules = {module.name for module in pkgutil.iter_modules(reconciler.sandbox.__path__)}
    with_patches = {
        name for name in modules if hasattr(__import__(f"reconciler.sandbox.{name}", fromlist=["PATCHES"]), "PATCHES")
    }
    assert {name for name in with_patches if not name.startswith(FAMILIES)} == set()


@pytest.mark.parametrize("patch", discover(), ids=lambda patch: patch.name)
def test_a_patch_puts_back_what_it_replaced(patch: Any) -> None:
    touched: list[tuple[Any, str, Any]] = []

    class Noting(Installer):
        def replace(self, owner: Any, name: str, value: Any) -> None:
            touched.append((owner, name, vars(owner).get(name)))
            super().replace(owner, name, value)

    with Noting() as installer:
        patch.install(installer)
    assert touched
    first = {(id(owner), name): (owner, name, before) for owner, name, before in reversed(touched)}
    assert [name for owner, name, before in first.values() if vars(owner).get(name) is not before] == []


def test_a_patch_can_be_left_out() -> None:
    with Sandbox(without={"ec2-subnet-size", "ec2-delete-vpc"}):
        ec2 = boto3.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/29")


def test_an_unknown_patch_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="no such patch: nothing"), Sandbox(without={"nothing"}):
        pass


def test_plain_moto_is_plain() -> None:
    before = EC2Backend.delete_vpc, EC2Response.call_action
    with Sandbox(strict=False):
        assert (EC2Backend.delete_vpc, EC2Response.call_action) == before


def test_the_sandbox_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    before = dict(os.environ), EC2Backend.delete_vpc, boto3.DEFAULT_SESSION
    with Sandbox():
        assert "AWS_PROFILE" not in os.environ
        boto3.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert (dict(os.environ), EC2Backend.delete_vpc, boto3.DEFAULT_SESSION) == before


def test_a_new_sandbox_is_empty(sandbox: Sandbox) -> None:
    ec2 = boto3.client("ec2")
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    sandbox.reset()
    assert len(ec2.describe_vpcs()["Vpcs"]) == 1
    assert sandbox.calls["ec2:CreateVpc"] == 0


def test_what_was_to_happen_is_forgotten_by_a_reset(sandbox: Sandbox) -> None:
    ec2 = boto3.client("ec2")
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert sandbox.engine.next_event() is not None
    sandbox.reset()
    assert sandbox.engine.next_event() is None


def test_one_sandbox_at_a_time(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="already running"), Sandbox():
        pass
    boto3.client("ec2").describe_vpcs()


def test_events_happen_in_the_order_of_their_time(sandbox: Sandbox) -> None:
    from moto.ec2.models import ec2_backends

    backend = ec2_backends["123456789012"]["us-east-1"]
    seen: list[tuple[str, float]] = []
    start = sandbox.clock.now()

    def note(name: str) -> None:
        seen.append((name, sandbox.engine.now() - start))

    def first() -> None:
        note("first")
        sandbox.engine.after(backend, 5, lambda: note("its child"))

    sandbox.engine.after(backend, 30, lambda: note("last"))
    sandbox.engine.after(backend, 10, first)
    sandbox.clock.advance(100)
    boto3.client("ec2").describe_vpcs()
    assert seen == [("first", 10), ("its child", 15), ("last", 30)]
