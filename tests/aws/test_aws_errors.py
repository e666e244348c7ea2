"""The table of errors: each code has one class, and what AWS's own models declare is in it."""

from collections import Counter

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
    UnauthorizedSSOTokenError,
)
from botocore.session import Session

from reconciler.aws.errors import TABLE, WORDINGS, classify
from reconciler.model.errors import AwsError, ErrorClass

URL = "https://ec2.us-east-1.amazonaws.com/"


def classed(service: str, operation: str, code: str, message: str = "", status: int = 400) -> AwsError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return classify(service, operation, ClientError(answer, operation))


def test_no_code_has_two_classes() -> None:
    codes = Counter((row.service, code) for row in TABLE for code in row.codes.split())
    assert [code for code, times in codes.items() if times > 1] == []


def test_every_row_has_a_source() -> None:
    assert all(row.source for row in TABLE)
    assert all(wording.source for wording in WORDINGS)


@pytest.mark.parametrize(
    ("service", "code", "error_class"),
    [
        ("ec2", "RequestLimitExceeded", ErrorClass.THROTTLED),
        ("ec2", "Client.RequestLimitExceeded", ErrorClass.THROTTLED),
        ("elbv2", "Throttling", ErrorClass.THROTTLED),
        ("resourcegroupstaggingapi", "ThrottledException", ErrorClass.THROTTLED),
        # botocore retries this one as if it were throttling; it is a quota.
        ("ecs", "LimitExceededException", ErrorClass.QUOTA),
        ("elbv2", "TooManyRules", ErrorClass.QUOTA),
        ("ec2", "VpcEndpointLimitExceeded", ErrorClass.QUOTA),
        ("ec2", "NetworkAclLimitExceeded", ErrorClass.QUOTA),
        ("ec2", "InvalidNatGatewayID.NotFound", ErrorClass.NOT_FOUND),
        ("ec2", "Gateway.NotAttached", ErrorClass.NOT_FOUND),
        ("elbv2", "TargetGroupNotFound", ErrorClass.NOT_FOUND),
        ("iam", "NoSuchEntity", ErrorClass.NOT_FOUND),
        ("elbv2", "ALPNPolicyNotFound", ErrorClass.TERMINAL),
        ("elbv2", "ResourceInUse", ErrorClass.DEPENDENCY),
        ("ecs", "ResourceInUseException", ErrorClass.CONFLICT),
        ("ec2", "InvalidGroup.InUse", ErrorClass.DEPENDENCY),
        ("elbv2", "PriorityInUse", ErrorClass.EXISTS),
        ("ec2", "ConcurrentMutationLimitExceeded", ErrorClass.CONFLICT),
        ("ec2", "InvalidPermission.Duplicate", ErrorClass.EXISTS),
        ("logs", "ResourceAlreadyExistsException", ErrorClass.EXISTS),
        ("ec2", "UnauthorizedOperation", ErrorClass.DENIED),
        ("ecs", "ServerException", ErrorClass.TRANSIENT),
        ("ec2", "InvalidParameterValue", ErrorClass.TERMINAL),
        ("ec2", "SomethingNew", ErrorClass.TERMINAL),
    ],
)
def test_a_code_is_classed(service: str, code: str, error_class: ErrorClass) -> None:
    assert classed(service, "CreateThing", code).error_class is error_class


@pytest.mark.parametrize(
    ("status", "error_class"),
    [(429, ErrorClass.THROTTLED), (500, ErrorClass.TRANSIENT), (503, ErrorClass.TRANSIENT), (431, ErrorClass.TERMINAL)],
)
def test_a_code_that_nobody_knows_is_classed_by_its_status(status: int, error_class: ErrorClass) -> None:
    assert classed("ec2", "CreateThing", "SomethingNew", status=status).error_class is error_class


def test_what_the_far_end_does_not_implement_is_not_tried_again() -> None:
    assert classed("ec2", "CreateThing", "NotImplemented", status=501).error_class is ErrorClass.TERMINAL


@pytest.mark.parametrize(
    ("service", "operation", "code", "message", "error_class"),
    [
        (
            "ecs",
            "CreateService",
            "InvalidParameterException",
            "The target group with targetGroupArn arn:x does not have an associated load balancer.",
            ErrorClass.NOT_YET,
        ),
        (
            "ecs",
            "CreateService",
            "InvalidParameterException",
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
            ErrorClass.NOT_YET,
        ),
        ("ecs", "RegisterTaskDefinition", "ClientException", "Role is not valid", ErrorClass.NOT_YET),
        (
            "ecs",
            "CreateService",
            "InvalidParameterException",
            "Unable to Start a service that is still Draining.",
            ErrorClass.DEPENDENCY,
        ),
        (
            "ecs",
            "CreateService",
            "InvalidParameterException",
            "Creation of service was not idempotent.",
            ErrorClass.EXISTS,
        ),
        (
            "ecs",
            "DeleteService",
            "InvalidParameterException",
            "The service cannot be stopped while deployments are active.",
            ErrorClass.DEPENDENCY,
        ),
        (
            "ecs",
            "DescribeTaskDefinition",
            "ClientException",
            "Unable to describe task definition.",
            ErrorClass.NOT_FOUND,
        ),
        (
            "ecs",
            "RegisterTaskDefinition",
            "ClientException",
            "Too many concurrent attempts to create a new revision of the specified family.",
            ErrorClass.THROTTLED,
        ),
        (
            "application-autoscaling",
            "RegisterScalableTarget",
            "ValidationException",
            "ECS service doesn't exist: service/shop/web",
            ErrorClass.NOT_YET,
        ),
        (
            "iam",
            "UpdateAssumeRolePolicy",
            "MalformedPolicyDocument",
            'Invalid principal in policy: "AWS":"arn:x"',
            ErrorClass.NOT_YET,
        ),
        ("ec2", "ReleaseAddress", "AuthFailure", "You do not have permission", ErrorClass.DEPENDENCY),
        # The same codes without those words, or elsewhere, stay what they are.
        ("ec2", "DescribeVpcs", "AuthFailure", "AWS was not able to validate the credentials", ErrorClass.DENIED),
        ("ecs", "CreateService", "InvalidParameterException", "desiredCount is negative", ErrorClass.TERMINAL),
        ("logs", "PutRetentionPolicy", "InvalidParameterException", "the unit does not exist", ErrorClass.TERMINAL),
        ("iam", "CreateRole", "MalformedPolicyDocument", "Syntax errors in policy.", ErrorClass.TERMINAL),
        ("elbv2", "CreateRule", "ValidationError", "a rule that is still draining", ErrorClass.TERMINAL),
    ],
)
def test_words_tell_what_a_code_that_aws_uses_twice_means(
    service: str, operation: str, code: str, message: str, error_class: ErrorClass
) -> None:
    assert classed(service, operation, code, message).error_class is error_class


@pytest.mark.parametrize(
    ("exception", "error_class", "lost"),
    [
        (ReadTimeoutError(endpoint_url=URL), ErrorClass.TRANSIENT, True),
        (HTTPClientError(error="reset"), ErrorClass.TRANSIENT, True),
        (ConnectTimeoutError(endpoint_url=URL), ErrorClass.TRANSIENT, False),
        (SSLError(endpoint_url=URL, error="[SSL: CERTIFICATE_VERIFY_FAILED]"), ErrorClass.TERMINAL, False),
        (SSLError(endpoint_url=URL, error="EOF occurred in violation of protocol"), ErrorClass.TRANSIENT, True),
        (NoCredentialsError(), ErrorClass.DENIED, False),
        (UnauthorizedSSOTokenError(), ErrorClass.DENIED, False),
        (KeyError("GetCallerIdentityResult"), ErrorClass.TRANSIENT, True),
    ],
)
def test_trouble_on_the_way_is_lost_only_where_aws_may_have_acted(
    exception: Exception, error_class: ErrorClass, lost: bool
) -> None:
    change, look = classify("ec2", "CreateVpc", exception), classify("ec2", "DescribeVpcs", exception)
    assert (change.error_class, change.lost) == (error_class, lost)
    assert (look.error_class, look.lost) == (error_class, False)


@pytest.mark.parametrize("service", ["ecs", "elbv2", "iam", "logs", "application-autoscaling", "servicediscovery"])
def test_what_the_models_declare_is_classed_as_its_name_says(service: str) -> None:
    endings = {
        "NotFound": {ErrorClass.NOT_FOUND},
        "LimitExceeded": {ErrorClass.QUOTA, ErrorClass.THROTTLED},
        "AlreadyExists": {ErrorClass.EXISTS},
        "Throttling": {ErrorClass.THROTTLED},
        "AccessDenied": {ErrorClass.DENIED},
    }
    model = Session().get_service_model(service)
    wrong = []
    for shape in model.error_shapes:
        code = shape.metadata.get("error", {}).get("code", shape.name)
        for ending, classes in endings.items():
            if code.removesuffix("Exception").endswith(ending) and code != "ALPNPolicyNotFound":
                found = classed(service, "CreateThing", code).error_class
                wrong += [(code, found)] if found not in classes else []
    assert wrong == []


def test_every_error_says_what_to_do_next() -> None:
    codes = [(row.service or "ec2", code) for row in TABLE for code in row.codes.split()]
    assert [code for service, code in codes if not classed(service, "CreateThing", code).next_step] == []


@pytest.mark.parametrize(
    ("service", "operation", "code", "message", "says"),
    [
        ("ec2", "CreateVpc", "UnauthorizedOperation", "You are not authorized", "allow ec2:CreateVpc "),
        ("elbv2", "CreateRule", "AccessDenied", "", "allow elasticloadbalancing:CreateRule "),
        ("resourcegroupstaggingapi", "GetResources", "AccessDeniedException", "", "allow tag:GetResources "),
        (
            "ecs",
            "CreateService",
            "AccessDeniedException",
            "User: x is not authorized to perform: iam:PassRole on resource: y",
            "allow iam:PassRole ",
        ),
        ("ec2", "CreateVpc", "UnauthorizedOperation", "with an explicit deny in a service control policy", "denies"),
        ("ec2", "AllocateAddress", "AddressLimitExceeded", "", "EC2-VPC Elastic IPs"),
        ("elbv2", "DeleteLoadBalancer", "OperationNotPermitted", "deletion protection is enabled", "switch it off"),
        ("ec2", "CreateVpc", "InternalError", "", "is not known"),
    ],
)
def test_the_next_step_is_the_one_for_this_error(
    service: str, operation: str, code: str, message: str, says: str
) -> None:
    assert says in classed(service, operation, code, message, 400).next_step
