"""IAM policy documents in one canonical, immutable form, and as the text that AWS takes.

IAM gives back what it was given, but people and tools write one policy in many ways: a scalar or a list of one, lists
and statements in any order, an account as its number or as the ARN of its root (IAM user guide, "Grammar of the IAM
JSON policy language").
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from reconciler.model.values import FrozenMap, Id, Ref, Template

Document = FrozenMap[str, Any]
"""A policy whose statements and lists are sets; texts in it may be `Template`s."""

_VERSION = "2012-10-17"
_OLD_VERSION = "2008-10-17"
"""What IAM takes a document without a version for."""
_ROOT = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")
_ACTIONS = ("Action", "NotAction")
_SETS = (*_ACTIONS, "Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")


def policy_document(data: Mapping[str, Any], *, version: str = _VERSION) -> Document:
    """The canonical form of a policy written as JSON data, whose texts may be `Ref`s and `Template`s.

    `version` is that of a document that gives none.
    """
    statements = data.get("Statement", ())
    if isinstance(statements, Mapping):
        statements = (statements,)
    rest = {key: value for key, value in data.items() if key == "Id" and value}
    return FrozenMap(
        {
            **rest,
            "Version": data.get("Version") or version,
            "Statement": frozenset(_statement(statement) for statement in statements),
        }
    )


def read_document(answer: Mapping[str, Any] | str) -> Document:
    """The canonical form of a policy as IAM returns it: botocore decodes most of them, not all."""
    data = json.loads(unquote(answer)) if isinstance(answer, str) else answer
    return policy_document(data, version=_OLD_VERSION)


@lru_cache(maxsize=1024)
def document_text(document: Document) -> str | Template:
    """The JSON text of a policy; a template where it refers to outputs of other resources."""
    parts: list[str | Ref] = []
    for part in _rendered(document):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    return Template(tuple(parts))


def respelled(document: Document, like: Document) -> Document:
    """`document` with its actions in the upper and lower case of `like`: IAM does not tell them apart."""
    spelling = {
        action.lower(): action
        for statement in like["Statement"]
        for key in _ACTIONS
        for action in statement.get(key, ())
        if isinstance(action, str)
    }
    statements = frozenset(
        FrozenMap(
            (key, frozenset(spelling.get(v.lower(), v) for v in value) if key in _ACTIONS else value)
            for key, value in statement.items()
        )
        for statement in document["Statement"]
    )
    return FrozenMap({**document, "Statement": statements})


def _statement(data: Mapping[str, Any]) -> FrozenMap[str, Any]:
    found: dict[str, Any] = {}
    for key, value in data.items():
        if key in _SETS:
            found[key] = _texts(value)
        elif key in _PRINCIPALS:
            who = value if isinstance(value, Mapping) else {"AWS": value}
            found[key] = FrozenMap((kind, frozenset(map(_account, _texts(names)))) for kind, names in who.items())
        elif key == "Condition":
            found[key] = FrozenMap(
                (test, FrozenMap((k, _texts(v)) for k, v in on.items())) for test, on in value.items()
            )
        elif value != "":
            found[key] = value
    return FrozenMap(found)


def _texts(value: Any) -> frozenset[str | Template]:
    """A scalar or a list as a set; numbers and booleans are the text that IAM compares."""
    items = value if isinstance(value, list | tuple | frozenset) else (value,)
    return frozenset(_text(item) for item in items)


def _text(value: Any) -> str | Template:
    if isinstance(value, str | Template):
        return value
    if isinstance(value, Ref):
        return Template((value,))
    return value.value if isinstance(value, Id) else json.dumps(value)


def _account(principal: str | Template) -> str | Template:
    root = _ROOT.fullmatch(principal) if isinstance(principal, str) else None
    return root[1] if root else principal


def _rendered(value: Any) -> list[str | Ref]:
    if isinstance(value, str):
        return [json.dumps(value)]
    if isinstance(value, Template):
        inner = (json.dumps(part)[1:-1] if isinstance(part, str) else part for part in value.parts)
        return ['"', *inner, '"']
    if isinstance(value, FrozenMap):
        return _enclosed("{", [[f"{json.dumps(key)}:", *_rendered(value[key])] for key in sorted(value)], "}")
    if isinstance(value, frozenset):
        rendered = [_rendered(item) for item in value]
        return _enclosed("[", sorted(rendered, key=lambda parts: "".join(map(str, parts))), "]")
    return [json.dumps(value)]


def _enclosed(start: str, items: list[list[str | Ref]], end: str) -> list[str | Ref]:
    parts: list[str | Ref] = [start]
    for number, item in enumerate(items):
        if number:
            parts.append(",")
        parts += item
    parts.append(end)
    return parts
