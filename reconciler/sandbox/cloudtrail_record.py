"""One call in CloudTrail's words. Source: CloudTrail User Guide, "CloudTrail record contents for management events",
and the example records of EC2, Elastic Load Balancing and ECS in their own guides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from uuid import uuid4

from . import wire
from .cloudtrail_identity import Identity, identity_of
from .cloudtrail_shapes import answered, asked

_SOURCES: Final = {
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "application-autoscaling": "autoscaling",
    "resourcegroupstaggingapi": "tagging",
    "cloudwatch": "monitoring",
}
_DATA_EVENTS: Final = frozenset(
    {
        "sqs:SendMessage",
        "sqs:SendMessageBatch",
        "sqs:DeleteMessage",
        "sqs:DeleteMessageBatch",
        "sqs:ChangeMessageVisibility",
        "sqs:ChangeMessageVisibilityBatch",
        "sns:Publish",
        "sns:PublishBatch",
        "events:PutEvents",
        "logs:PutLogEvents",
        "cloudwatch:PutMetricData",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:TransactWriteItems",
    }
)
"""What a trail logs only where it is asked to log data events."""

_TYPES: Final = {
    "vpc": "AWS::EC2::VPC",
    "subnet": "AWS::EC2::Subnet",
    "igw": "AWS::EC2::InternetGateway",
    "eipalloc": "AWS::EC2::EIP",
    "nat": "AWS::EC2::NatGateway",
    "rtb": "AWS::EC2::RouteTable",
    "rtbassoc": "AWS::EC2::SubnetRouteTableAssociation",
    "vpce": "AWS::EC2::VPCEndpoint",
    "sg": "AWS::EC2::SecurityGroup",
    "eni": "AWS::EC2::NetworkInterface",
    "loadbalancer": "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "targetgroup": "AWS::ElasticLoadBalancingV2::TargetGroup",
    "listener": "AWS::ElasticLoadBalancingV2::Listener",
    "listener-rule": "AWS::ElasticLoadBalancingV2::ListenerRule",
    "cluster": "AWS::ECS::Cluster",
    "service": "AWS::ECS::Service",
    "task-definition": "AWS::ECS::TaskDefinition",
}
_NAMED: Final = re.compile(
    r"^(?:(?P<prefix>[a-z]+)-[0-9a-f]{8,17}|arn:[\w-]+:(?:elasticloadbalancing|ecs):[\w-]*:\d*:(?P<kind>[a-z-]+)/.+)$"
)


def is_management(request: wire.Request) -> bool:
    """Whether a call that changes something is a management event of an operation that has a name."""
    return request.protocol != "rest" and bool(request.service) and request.name not in _DATA_EVENTS


@dataclass(frozen=True)
class Record:
    """One call, what was answered, and when; `number` orders those of one region."""

    request: wire.Request
    answer: wire.Answer
    time: float
    region: str
    number: int

    @cached_property
    def event_id(self) -> str:
        """The UUID of the event."""
        return str(uuid4())

    @cached_property
    def identity(self) -> Identity:
        """Who called."""
        return identity_of(self.request)

    @property
    def source(self) -> str:
        """`ec2.amazonaws.com`."""
        service = self.request.service
        return f"{_SOURCES.get(service, service)}.amazonaws.com"

    @cached_property
    def event(self) -> dict[str, Any]:
        """The record as it is in a log file, in an EventBridge event, and as text in the answer of LookupEvents."""
        request, identity = self.request, self.identity
        reply = answered(request, self.answer)
        event: dict[str, Any] = {
            "eventVersion": "1.11",
            "userIdentity": identity.document,
            "eventTime": datetime.fromtimestamp(int(self.time), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": self.source,
            "eventName": request.operation,
            "awsRegion": self.region,
            "sourceIPAddress": identity.address or request.source,
            "userAgent": request.user_agent,
        }
        if reply.code:
            event |= {"errorCode": reply.code, "errorMessage": reply.message}
        event |= {
            "requestParameters": asked(request),
            "responseElements": reply.elements,
            "requestID": reply.request_id,
            "eventID": self.event_id,
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": request.account,
            "eventCategory": "Management",
        }
        if identity.console:
            event["sessionCredentialFromConsole"] = "true"
        return event

    @cached_property
    def resources(self) -> list[dict[str, str]]:
        """What the call names, as far as CloudTrail knows it by its form."""
        found = {}
        for text in _texts([self.event["requestParameters"], self.event["responseElements"]]):
            named = _NAMED.match(text)
            kind = _TYPES.get(named["prefix"] or named["kind"]) if named else None
            if kind:
                found[text] = {"ResourceType": kind, "ResourceName": text}
        return list(found.values())

    @cached_property
    def entry(self) -> dict[str, Any]:
        """The call as LookupEvents lists it."""
        return {
            "EventId": self.event_id,
            "EventName": self.request.operation,
            "ReadOnly": "false",
            "AccessKeyId": self.request.access_key,
            "EventTime": int(self.time),
            "EventSource": self.source,
            "Username": self.identity.name,
            "Resources": self.resources,
            "CloudTrailEvent": json.dumps(self.event),
        }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
