"""What keeps AWS from deleting something, as people are told."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_reader import ScriptedReader

from reconciler.model.resource import Holder
from reconciler.resources._holders import interfaces

ATTACHMENT = "arn:aws:ecs:us-east-1:123456789012:attachment/c78e2121"


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({"TagSet": [{"Key": "aws:ecs:serviceName", "Value": "web"}]}, Holder("eni-1 (a task of service web)", True)),
        ({"Description": ATTACHMENT, "TagSet": []}, Holder("eni-1 (a task of ECS)", True)),
        ({"Description": "ELB app/web/0a1b", "RequesterManaged": True}, Holder("eni-1 (ELB app/web/0a1b)", True)),
        ({"Description": "a printer", "RequesterManaged": False}, Holder("eni-1 (a printer)")),
        ({"Description": "", "InterfaceType": "interface"}, Holder("eni-1 (interface)")),
    ],
)
def test_what_aws_made_for_something_else_goes_with_that(described: dict[str, Any], expected: Holder) -> None:
    answer = {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", **described}]}
    assert interfaces(ScriptedReader(DescribeNetworkInterfaces=answer), "subnet-id", "subnet-1") == [expected]
