"""`events setup` shows every request whole, and as a person can read it."""

from __future__ import annotations

import json

import yaml

from reconciler.cli._event_setup import _parameters
from reconciler.event_setup import calls
from reconciler.resources import discover

LONG = 160


def test_each_request_is_shown_whole_with_its_documents_opened() -> None:
    url = "https://sqs.us-east-1.amazonaws.com/123456789012"
    for call in calls("events", discover(), partition="aws", region="us-east-1", account="123456789012", url=url):
        text = _parameters(call)
        shown = yaml.safe_load(text)
        again = {
            key: {k: _text(v) for k, v in value.items()} if key == "Attributes" else _text(value)
            for key, value in shown.items()
        }
        assert again == call.params
        assert "\\" not in text
        assert all(len(line) < LONG for line in text.splitlines() if "arn:" not in line)


def _text(value: object) -> object:
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else value
