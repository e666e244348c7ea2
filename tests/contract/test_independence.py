"""Resource types do not know each other; what they share has a leading underscore."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import reconciler.resources

FOLDER = Path(reconciler.resources.__file__).parent
TYPES = sorted(p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_"))


@pytest.mark.parametrize("name", TYPES)
def test_a_type_imports_no_other_type(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    others = {f"reconciler.resources.{other}" for other in TYPES if other != name}
    assert not imported & others
