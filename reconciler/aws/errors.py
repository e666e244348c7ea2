"""AWS's errors, classed by what to do about them: one table, each row with its source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from reconciler.aws.advice import next_step
from reconciler.aws.calls import is_read
from reconciler.model.errors import AwsError, ErrorClass


class Row(NamedTuple):
    """Codes that ask for the same, of one service or (`None`) of all, and where that is known from."""

    error_class: ErrorClass
    source: str
    codes: str
    service: str | None = None


TABLE: Final = (
    Row(
        ErrorClass.THROTTLED,
        "botocore retry table",
        "BandwidthLimitExceeded EC2ThrottledException ProvisionedThroughputExceededException RequestLimitExceeded "
        "RequestThrottled RequestThrottledException SlowDown ThrottledException Throttling ThrottlingException "
        "TooManyRequestsException",
    ),
    Row(
        ErrorClass.TRANSIENT,
        "AWS common errors; EC2 API error codes; ECS, IAM, Logs, tagging and Auto Scaling API models",
        "GatewayTimeout HealthUnavailable InternalError InternalFailure InternalServerError "
        "InternalServerException InternalServiceError InternalServiceException RequestTimeout "
        "RequestTimeoutException ServerException ServiceFailure ServiceUnavailable ServiceUnavailableException "
        "Unavailable",
    ),
    Row(
        ErrorClass.QUOTA,
        "EC2 API error codes; ELB and IAM API models; ECS, Logs and Auto Scaling API models",
        "AddressLimitExceeded InternetGatewayLimitExceeded LimitExceeded LimitExceededException "
        "NatGatewayLimitExceeded ResourceLimitExceeded RouteLimitExceeded RouteTableLimitExceeded "
        "RulesPerSecurityGroupLimitExceeded SecurityGroupLimitExceeded SecurityGroupsPerInterfaceLimitExceeded "
        "ServiceQuotaExceededException SubnetLimitExceeded TagLimitExceeded TargetGroupAssociationLimit "
        "VpcEndpointLimitExceeded VpcLimitExceeded",
    ),
    Row(
        ErrorClass.NOT_FOUND,
        "EC2 API error codes; IAM and ECS API models",
        "ClusterNotFoundException Gateway.NotAttached MISSING NatGatewayNotFound NoSuchEntity "
        "ObjectNotFoundException ResourceNotFoundException ServiceNotFoundException",
    ),
    Row(
        ErrorClass.DEPENDENCY,
        "EC2 API error codes; IAM, ELB and ECS API models",
        "ClusterContainsCapacityProviderException ClusterContainsContainerInstancesException "
        "ClusterContainsServicesException ClusterContainsTasksException DeleteConflict DependencyViolation "
        "InvalidGroup.InUse InvalidIPAddress.InUse ResourceInUse TrustStoreInUse",
    ),
    Row(
        ErrorClass.CONFLICT,
        "EC2 API error codes; API models of ECS, ELB, IAM, Logs, Auto Scaling and tagging",
        "ConcurrentModification ConcurrentModificationException ConcurrentMutationLimitExceeded "
        "ConcurrentUpdateException ConflictException EntityTemporarilyUnmodifiable IdempotentParameterMismatch "
        "IncorrectState OperationAbortedException PriorRequestNotComplete ResourceInUseException "
        "ServiceNotActiveException UpdateInProgressException",
    ),
    Row(
        ErrorClass.EXISTS,
        "EC2 API error codes; API models of ELB, IAM, Logs and Cloud Map",
        "DuplicateListener DuplicateLoadBalancerName DuplicateTargetGroupName EntityAlreadyExists "
        "InvalidGroup.Duplicate InvalidPermission.Duplicate InvalidSubnet.Conflict NamespaceAlreadyExists "
        "PriorityInUse Resource.AlreadyAssociated ResourceAlreadyExistsException RouteAlreadyExists "
        "ServiceAlreadyExists",
    ),
    Row(
        ErrorClass.DENIED,
        "AWS common errors; EC2 API error codes",
        "ACCESS_DENIED AccessDenied AccessDeniedException AuthFailure Blocked BlockedException ExpiredToken "
        "ExpiredTokenException IncompleteSignature InvalidAccessKeyId InvalidClientTokenId "
        "InvalidSignatureException MissingAuthenticationToken NotAuthorized OptInRequired PendingVerification "
        "RegionDisabledException RequestExpired SignatureDoesNotMatch UnauthorizedOperation "
        "UnrecognizedClientException",
    ),
    Row(
        ErrorClass.TERMINAL,
        "AWS common errors; EC2 API error codes; ELB API model (a wire code without its shape's ending)",
        "ALPNPolicyNotFound CannotDelete ClientException InvalidConfigurationRequest InvalidParameter "
        "InvalidParameterCombination InvalidParameterException InvalidParameterValue MalformedPolicyDocument "
        "MissingParameter NotImplemented OperationNotPermitted UnmodifiableEntity ValidationError "
        "ValidationException",
    ),
)
"""What a code means wherever it is seen."""


class Wording(NamedTuple):
    """A code that means something else where the message says so, or where this operation gives it."""

    error_class: ErrorClass
    source: str
    service: str
    codes: str
    text: str = ""
    operations: str = ""


_ECS_VALIDATION = "InvalidParameterException ClientException"

WORDINGS: Final = (
    Wording(
        ErrorClass.NOT_YET,
        "terraform-provider-aws: target group not attached to a listener yet",
        "ecs",
        _ECS_VALIDATION,
        "does not have an associated load balancer",
    ),
    Wording(
        ErrorClass.NOT_YET,
        "terraform-provider-aws: first use of ECS in an account",
        "ecs",
        _ECS_VALIDATION,
        "unable to assume the service linked role",
    ),
    Wording(
        ErrorClass.NOT_YET,
        "terraform-provider-aws: IAM propagation",
        "ecs",
        _ECS_VALIDATION,
        "verify that the ecs service role being passed has the proper permissions",
    ),
    Wording(
        ErrorClass.NOT_YET,
        "terraform-provider-aws: IAM propagation",
        "ecs",
        _ECS_VALIDATION,
        "unable to assume the role",
    ),
    Wording(ErrorClass.NOT_YET, "IAM propagation", "ecs", _ECS_VALIDATION, "role is not valid"),
    Wording(
        ErrorClass.DEPENDENCY,
        "ECS CreateService: the name is held until the tasks of the old service have left their target groups",
        "ecs",
        _ECS_VALIDATION,
        "still draining",
    ),
    Wording(
        ErrorClass.THROTTLED,
        "terraform-provider-aws: RegisterTaskDefinition",
        "ecs",
        _ECS_VALIDATION,
        "too many concurrent attempts to create a new revision",
    ),
    Wording(
        ErrorClass.EXISTS,
        "terraform-provider-aws: CreateService with another token",
        "ecs",
        _ECS_VALIDATION,
        "not idempotent",
    ),
    Wording(
        ErrorClass.DEPENDENCY,
        "terraform-provider-aws: DeleteService",
        "ecs",
        _ECS_VALIDATION,
        "cannot be stopped while deployments are active",
    ),
    Wording(
        ErrorClass.NOT_FOUND, "ECS DescribeTaskDefinition", "ecs", _ECS_VALIDATION, "unable to describe task definition"
    ),
    Wording(
        ErrorClass.NOT_FOUND,
        "ECS CreateService: a subnet, security group or target group it names",
        "ecs",
        _ECS_VALIDATION,
        "does not exist",
    ),
    Wording(
        ErrorClass.NOT_YET,
        "terraform-provider-aws: right after CreateService",
        "application-autoscaling",
        "ValidationException",
        "service doesn't exist",
    ),
    Wording(
        ErrorClass.NOT_YET,
        "terraform-provider-aws: IAM propagation",
        "application-autoscaling",
        "ValidationException",
        "unable to assume iam role",
    ),
    Wording(
        ErrorClass.NOT_YET,
        "terraform-provider-aws: the role in a trust policy was just made",
        "iam",
        "MalformedPolicyDocument",
        "invalid principal",
    ),
    Wording(
        ErrorClass.DEPENDENCY,
        "cluster-api-provider-aws: the NAT gateway that held the address is not gone yet",
        "ec2",
        "AuthFailure",
        operations="ReleaseAddress DisassociateAddress",
    ),
)
"""Where AWS reuses a code. The first row that fits wins over the table."""

_BY_CODE: Final = {(row.service, code): row.error_class for row in TABLE for code in row.codes.split()}

_ENDINGS: Final = (
    (re.compile(r"NotFound(Exception)?$"), ErrorClass.NOT_FOUND),
    (re.compile(r"(LimitExceeded|QuotaExceeded)(Exception)?$|^TooMany"), ErrorClass.QUOTA),
    (re.compile(r"AlreadyExists(Exception)?$|\.Duplicate$|^Duplicate"), ErrorClass.EXISTS),
    (re.compile(r"\.InUse$"), ErrorClass.DEPENDENCY),
)
"""How AWS names codes that the table does not list (EC2 API error codes; the models of the others)."""

_SIDE: Final = re.compile(r"^(Client|Server)\.")
"""EC2's SOAP heritage: some answers say whose fault it was."""

_BY_STATUS: Final = ((500, ErrorClass.TRANSIENT), (430, ErrorClass.TERMINAL), (429, ErrorClass.THROTTLED))

SDK_ERRORS: Final = (sdk.BotoCoreError, sdk.ClientError, ResponseParserError, KeyError, RuntimeError)
"""All that a request can raise: the last two for an answer in another protocol, and credentials that stay expired."""

_STILL_EXPIRED: Final = "credentials are still expired"

_NEVER_SENT: Final = (sdk.EndpointConnectionError, sdk.ConnectTimeoutError, sdk.ProxyConnectionError)
_BROKEN: Final = (sdk.HTTPClientError, sdk.IncompleteReadError, sdk.SSLError, ResponseParserError, KeyError)
_NO_CREDENTIALS: Final = (
    sdk.CredentialRetrievalError,
    sdk.LoginError,
    sdk.MetadataRetrievalError,
    sdk.NoAuthTokenError,
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.RefreshWithMFAUnsupportedError,
    sdk.SSOError,
    sdk.TokenRetrievalError,
    sdk.UnknownCredentialError,
)

_ECS_GONE: Final = "MISSING"
"""The reason ECS gives in a description for what does not exist: an answer, not a failure."""


def classify(service: str, operation: str, exception: Exception) -> AwsError:
    """What botocore raised, as the error the rest of the program knows."""
    if isinstance(exception, sdk.ClientError):
        return _refused(service, operation, exception)
    error_class, lost = _transport(operation, exception)
    code, message = type(exception).__name__, str(exception)
    if isinstance(exception, KeyError):
        code, message = ResponseParserError.__name__, f"the answer is not in AWS's protocol: there is no {message}"
    elif _STILL_EXPIRED in message:
        code = "ExpiredToken"
    return _error(service, operation, code, message, error_class, lost=lost)


def hidden_failure(service: str, operation: str, answer: Mapping[str, Any]) -> AwsError | None:
    """The failure that AWS reports in an answer of HTTP status 200.

    EC2 lists it under `Unsuccessful` (DeleteVpcEndpoints), ECS under `failures` (RunTask, Describe*), tagging under
    `FailedResourcesMap`. Of several, what is already gone weighs least.
    """
    found = [
        (reason, f"{what}: {text}" if text else what)
        for reason, what, text in _failures(service, answer)
        if not (reason == _ECS_GONE and is_read(operation))
    ]
    if not found:
        return None
    classes = [_class_of(service, operation, code, message, 0) for code, message in found]
    worst = min(range(len(found)), key=lambda n: classes[n] is ErrorClass.NOT_FOUND)
    message = "; ".join(message for _, message in found)
    return _error(service, operation, found[worst][0], message, classes[worst], answer=answer)


def _failures(service: str, answer: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Code, resource and message of each failure in an answer."""
    if service == "ec2":
        for item in answer.get("Unsuccessful") or ():
            error = item.get("Error", {})
            yield error.get("Code", ""), item.get("ResourceId", ""), error.get("Message", "")
    elif service == "ecs":
        for item in answer.get("failures") or ():
            reason = item.get("reason", "")
            yield reason, item.get("arn", ""), item.get("detail") or reason
    elif service == "resourcegroupstaggingapi":
        for arn, item in (answer.get("FailedResourcesMap") or {}).items():
            yield item.get("ErrorCode", ""), arn, item.get("ErrorMessage", "")


def _refused(service: str, operation: str, exception: sdk.ClientError) -> AwsError:
    answer = exception.response
    if exception.operation_name != operation:
        # Getting credentials is a request of its own (AssumeRole), made before the one that was asked for.
        service, operation = "sts", exception.operation_name
    details = answer.get("Error", {})
    code = _SIDE.sub("", str(details.get("Code") or "Unknown"))
    message = str(details.get("Message") or "AWS gave no reason")
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    error_class = _class_of(service, operation, code, message, status)
    lost = error_class is ErrorClass.TRANSIENT and _changes(operation)
    return _error(service, operation, code, message, error_class, lost=lost, answer=answer)


def _class_of(service: str, operation: str, code: str, message: str, status: int) -> ErrorClass:
    text = message.lower()
    for wording in WORDINGS:
        if (
            wording.service == service
            and code in wording.codes.split()
            and wording.text in text
            and (not wording.operations or operation in wording.operations.split())
        ):
            return wording.error_class
    listed = _BY_CODE.get((service, code)) or _BY_CODE.get((None, code))
    if listed is not None:
        return listed
    by_ending = (error_class for ending, error_class in _ENDINGS if ending.search(code))
    by_status = (error_class for least, error_class in _BY_STATUS if status >= least)
    return next(by_ending, None) or next(by_status, ErrorClass.TERMINAL)


def _transport(operation: str, exception: Exception) -> tuple[ErrorClass, bool]:
    """Class of what went wrong on the way, and whether the request may have reached AWS."""
    if isinstance(exception, _NEVER_SENT):
        return ErrorClass.TRANSIENT, False
    if isinstance(exception, sdk.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(exception):
        return ErrorClass.TERMINAL, False
    if isinstance(exception, _BROKEN):
        return ErrorClass.TRANSIENT, _changes(operation)
    if isinstance(exception, _NO_CREDENTIALS) or _STILL_EXPIRED in str(exception):
        return ErrorClass.DENIED, False
    return ErrorClass.TERMINAL, _changes(operation) and not isinstance(exception, sdk.BotoCoreError)


def _changes(operation: str) -> bool:
    """Whether it matters if the request was carried out: credentials asked for twice harm nobody."""
    return not is_read(operation) and not operation.startswith("AssumeRole")


def _error(
    service: str,
    operation: str,
    code: str,
    message: str,
    error_class: ErrorClass,
    *,
    lost: bool = False,
    answer: Mapping[str, Any] | None = None,
) -> AwsError:
    return AwsError(
        operation=f"{service}:{operation}",
        code=code,
        message=message,
        error_class=error_class,
        lost=lost,
        request_id=(answer or {}).get("ResponseMetadata", {}).get("RequestId", ""),
        next_step=next_step(service, operation, code, message, error_class, lost=lost),
    )
