"""Requests and answers as they are on the wire: which operation a request is, and how AWS words an error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, unquote_plus
from uuid import uuid4
from xml.sax.saxutils import escape

Answer = tuple[int, Mapping[str, Any], str | bytes]
"""HTTP status, headers, body: what moto's handlers return."""

Protocol = Literal["ec2", "query", "json", "rest"]

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/,\s]+)/([^/,\s]+)/aws4_request")
_ACTION = re.compile(r"(?:^|&)Action=(\w+)")
_VERSION = re.compile(r"(?:^|&)Version=([\d-]+)")
_RPC_PATH = re.compile(r"/service/\w+/operation/(\w+)")

_CLIENT_OF_SIGNING_NAME: Final = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "states": "stepfunctions",
    "email": "ses",
}
_CLASSIC_ELB_VERSION: Final = "2012-06-01"
_READ_ONLY: Final = ("Describe", "Get", "List", "Lookup", "Search", "BatchGet", "Filter", "Simulate", "GET", "HEAD")
_READS_BY_NAME: Final = frozenset(
    {"sqs:ReceiveMessage", "dynamodb:Query", "dynamodb:Scan", "dynamodb:TransactGetItems", "sts:AssumeRole"}
)


@dataclass(frozen=True)
class Request:
    """One request, before any of it is done."""

    service: str
    """boto3's name of the client: `ec2`, `elbv2`, `ecs`, `resourcegroupstaggingapi`."""
    operation: str
    region: str
    account: str
    protocol: Protocol
    body: str
    access_key: str = ""
    user_agent: str = ""
    source: str = "127.0.0.1"
    """The client's address."""

    @property
    def name(self) -> str:
        """`ec2:CreateVpc`: how operations are counted, and named in `Faults.only`."""
        return f"{self.service}:{self.operation}"

    @property
    def mutating(self) -> bool:
        """Whether the operation may change something."""
        return not self.operation.startswith(_READ_ONLY) and self.name not in _READS_BY_NAME

    @cached_property
    def text(self) -> str:
        """The body as plain text, with the form encoding of the query protocols undone."""
        return unquote_plus(self.body) if self.protocol in ("ec2", "query") else self.body

    @cached_property
    def form(self) -> dict[str, str]:
        """The fields of a request of the query protocols; empty for the others."""
        return dict(parse_qsl(self.body, keep_blank_values=True)) if self.protocol in ("ec2", "query") else {}


def parse(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: str,
    account_of: Callable[[str], str] = lambda key: key,
    source: str = "127.0.0.1",
) -> Request:
    """What a request asks for; `account_of` knows an access key's account.

    An operation of the REST protocols has no name on the wire: it is its HTTP method.
    """
    signed = _CREDENTIAL.search(headers.get("Authorization", ""))
    access_key, region, signing_name = signed.groups() if signed else ("", "us-east-1", "")
    account = headers.get("x-moto-account-id") or account_of(access_key)
    service = _CLIENT_OF_SIGNING_NAME.get(signing_name, signing_name)
    target = headers.get("X-Amz-Target", "")
    rpc = _RPC_PATH.search(path)
    protocol: Protocol
    if target:
        operation, protocol = target.rpartition(".")[2], "json"
    elif rpc:
        operation, protocol = rpc[1], "rest"
    elif action := _ACTION.search(body):
        operation, protocol = action[1], "ec2" if service == "ec2" else "query"
        version = _VERSION.search(body)
        if service == "elbv2" and version and version[1] == _CLASSIC_ELB_VERSION:
            service = "elb"
    else:
        operation, protocol = method, "rest"
    agent = headers.get("User-Agent", "")
    return Request(service, operation, region, account, protocol, body, access_key, agent, source)


def error(request: Request, status: int, code: str, message: str) -> Answer:
    """An AWS error in the words of the request's protocol."""
    request_id = str(uuid4())
    if request.protocol == "ec2":
        body = (
            f"<Response><Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
            f"</Errors><RequestID>{request_id}</RequestID></Response>"
        )
        return status, {"Content-Type": "text/xml", "x-amzn-requestid": request_id}, body
    if request.protocol == "query":
        kind = "Sender" if status < 500 else "Receiver"
        body = (
            f"<ErrorResponse><Error><Type>{kind}</Type><Code>{escape(code)}</Code>"
            f"<Message>{escape(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return status, {"Content-Type": "text/xml", "x-amzn-requestid": request_id}, body
    headers = {"Content-Type": "application/json", "x-amzn-requestid": request_id, "x-amzn-errortype": code}
    return status, headers, json.dumps({"__type": code, "message": message})


_THROTTLE_CODES: Final = {
    "ec2": (503, "RequestLimitExceeded", "Request limit exceeded."),
    "elbv2": (400, "Throttling", "Rate exceeded"),
    "iam": (400, "Throttling", "Rate exceeded"),
    "resourcegroupstaggingapi": (400, "ThrottledException", "Rate exceeded"),
    "servicediscovery": (400, "RequestLimitExceeded", "Rate exceeded"),
    "sqs": (403, "RequestThrottled", "Rate exceeded"),
}


def throttled(request: Request) -> Answer:
    """The service's own throttling error. Codes: aws-semantics 3.2."""
    code = _THROTTLE_CODES.get(request.service, (400, "ThrottlingException", "Rate exceeded"))
    return error(request, *code)


def unavailable(request: Request) -> Answer:
    """An error on AWS's side. Codes: aws-semantics 3.2."""
    if request.protocol == "ec2":
        return error(request, 503, "Unavailable", "The service is temporarily unavailable.")
    return error(request, 500, "InternalFailure", "The request failed because of an unknown error.")


def missing(request: Request, reason: str = "") -> Answer:
    """The sandbox's own answer where moto has nothing to offer."""
    return error(request, 501, "NotImplemented", f"The sandbox does not have {request.name}. {reason}".strip())
