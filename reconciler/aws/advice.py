"""The next thing to try, in one sentence, for every error of AWS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from reconciler.model.errors import ErrorClass

_IAM_PREFIX: Final = {
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
}
"""IAM's name of a service where it is not the client's (Service Authorization Reference)."""

_NAMED_ACTION: Final = re.compile(r"not authorized to perform:? (?P<action>[\w-]+:\w+)", re.IGNORECASE)

_LOG_IN = "log in again (aws sso login), or choose other credentials with --profile or AWS_PROFILE"
_NOT_VALID_HERE = (
    "these credentials are not valid here: check the profile, and that the region is enabled for the account"
)

_BY_CODE: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Credentials and the way to AWS.
        "NoCredentialsError": "there are no AWS credentials: choose a profile with --profile or AWS_PROFILE, log in "
        "(aws sso login), or try without an account on a sandbox (--sandbox)",
        "PartialCredentialsError": "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither",
        "ExpiredToken": _LOG_IN,
        "ExpiredTokenException": _LOG_IN,
        "RequestExpired": "set this machine's clock right, or " + _LOG_IN,
        "InvalidClientTokenId": _NOT_VALID_HERE,
        "UnrecognizedClientException": _NOT_VALID_HERE,
        "AuthFailure": _NOT_VALID_HERE,
        "InvalidAccessKeyId": _NOT_VALID_HERE,
        "SignatureDoesNotMatch": "check the secret access key, and that this machine's clock is right",
        "InvalidSignatureException": "check the secret access key, and that this machine's clock is right",
        "OptInRequired": "enable the region for the account, or subscribe to the service",
        "RegionDisabledException": "enable the region for the account (Account settings, AWS Regions)",
        "EndpointConnectionError": "check the network, the name of the region, and --endpoint-url or AWS_ENDPOINT_URL",
        "ConnectTimeoutError": "check the network, firewall and proxy between this machine and AWS",
        "ProxyConnectionError": "check HTTPS_PROXY and HTTP_PROXY",
        "SSLError": "check the certificates: AWS_CA_BUNDLE names the ones to trust",
        "ResponseParserError": "check --endpoint-url or AWS_ENDPOINT_URL: what answers there does not speak AWS's "
        "protocol",
        "ParamValidationError": "this request is wrong by AWS's own model: please report it, with the plan",
        # Quotas (VPC and ELB user guides; the numbers are the defaults).
        "VpcLimitExceeded": "quota 'VPCs per Region' (5): delete a VPC, or ask for more in Service Quotas",
        "SubnetLimitExceeded": "quota 'Subnets per VPC' (200): ask for more in Service Quotas",
        "AddressLimitExceeded": "quota 'EC2-VPC Elastic IPs' (5 per Region): release an address, or ask for more in "
        "Service Quotas",
        "NatGatewayLimitExceeded": "quota 'NAT gateways per Availability Zone' (5): ask for more in Service Quotas",
        "InternetGatewayLimitExceeded": "quota 'Internet gateways per Region' (5): it grows with 'VPCs per Region'",
        "RouteTableLimitExceeded": "quota 'Route tables per VPC' (200): ask for more in Service Quotas",
        "RouteLimitExceeded": "quota 'Routes per route table' (50): ask for more in Service Quotas",
        "SecurityGroupLimitExceeded": "quota 'VPC security groups per Region' (2500): ask for more in Service Quotas",
        "RulesPerSecurityGroupLimitExceeded": "quota 'Inbound or outbound rules per security group' (60): allow "
        "fewer sources, or ask for more in Service Quotas",
        "SecurityGroupsPerInterfaceLimitExceeded": "quota 'Security groups per network interface' (5): ask for more "
        "in Service Quotas",
        "VpcEndpointLimitExceeded": "quota 'Interface VPC endpoints per VPC' (50) or 'Gateway VPC endpoints per "
        "Region' (20): ask for more in Service Quotas",
        "TooManyLoadBalancers": "quota 'Application (or Network) Load Balancers per Region' (50): ask for more in "
        "Service Quotas",
        "TooManyTargetGroups": "quota 'Target Groups per Region' (3000): ask for more in Service Quotas",
        "TooManyListeners": "quota 'Listeners per Load Balancer' (50): use fewer ports, or ask for more in Service "
        "Quotas",
        "TooManyRules": "quota 'Rules per Application Load Balancer' (100): use fewer routes, or ask for more in "
        "Service Quotas",
        "TooManyCertificates": "quota 'Certificates per Load Balancer' (25): ask for more in Service Quotas",
        "TargetGroupAssociationLimit": "a target group serves one load balancer only: give the other one its own",
    }
)

_BY_CLASS: Final[Mapping[ErrorClass, str]] = MappingProxyType(
    {
        ErrorClass.THROTTLED: "AWS limits how often this account may ask: wait a minute and run again, what is done "
        "stays done",
        ErrorClass.TRANSIENT: "run again; if it goes on, see the AWS Health Dashboard for this service and region",
        ErrorClass.NOT_YET: "AWS has not caught up with an earlier change: run again in a minute",
        ErrorClass.NOT_FOUND: "it is gone, or not visible yet: run again to look afresh",
        ErrorClass.DEPENDENCY: "something still uses it: remove what is in the way, or wait for it to go, and run "
        "again",
        ErrorClass.CONFLICT: "something else is changing it: run again when that is done",
        ErrorClass.EXISTS: "it exists already: if it is not ours, rename one of the two or delete the other",
        ErrorClass.QUOTA: "a quota of the account is reached: see Service Quotas for this service and ask for more",
        ErrorClass.TERMINAL: "AWS refuses these values: correct the spec and run again",
    }
)


def iam_action(service: str, operation: str) -> str:
    """The IAM action that a request needs: `elasticloadbalancing:CreateRule`."""
    return f"{_IAM_PREFIX.get(service, service)}:{operation}"


def next_step(
    service: str, operation: str, code: str, message: str, error_class: ErrorClass, *, lost: bool = False
) -> str:
    """What a person can do about an error."""
    if error_class is ErrorClass.TERMINAL and "deletion protection" in message.lower():
        return "deletion protection is on and is never switched off from here: switch it off yourself, then run again"
    if code in _BY_CODE:
        return _BY_CODE[code]
    if lost:
        return "whether AWS did it is not known: run again, the next look finds out"
    if error_class is ErrorClass.DENIED:
        return _permission(service, operation, code, message)
    return _BY_CLASS[error_class]


def _permission(service: str, operation: str, code: str, message: str) -> str:
    if code.endswith("Error"):
        return _LOG_IN
    if operation == "AssumeRole":
        return (
            "allow sts:AssumeRole on the role to these credentials, and check the role's trust policy and external id"
        )
    named = _NAMED_ACTION.search(message)
    action = named["action"] if named else iam_action(service, operation)
    if "explicit deny" in message.lower():
        return f"a policy denies {action} explicitly: look at service control policies and permissions boundaries"
    return f"allow {action} to these credentials (a request that sets tags also needs the service's tag action)"
