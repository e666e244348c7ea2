"""What is sent again, what is not, and what an answer that never came leaves behind."""

import random
import socket
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from loopback_aws import LOST, Answer, LoopbackAws, SteppedClock, ec2, ec2_error, ids

from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.aws.retries import Patience
from reconciler.model.errors import AwsError, ErrorClass
from reconciler.model.resource import Call

VPC = ec2("CreateVpc", "<vpc><vpcId>vpc-1</vpcId></vpc>")
CIDR = {"CidrBlock": "10.0.0.0/16"}
SUBNET = {"VpcId": "vpc-1", **CIDR}


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def reader(access: Access, clock: SteppedClock, calls: Calls) -> AwsReader:
    return AwsReader(access, clock, calls)


@pytest.fixture
def perform(access: Access, clock: SteppedClock, calls: Calls) -> Callable[..., Mapping[str, Any]]:
    writer = AwsWriter(access, clock, calls)

    def perform(operation: str, params: Mapping[str, Any], service: str = "ec2") -> Mapping[str, Any]:
        return writer.perform(Call(service, operation, params), params)

    return perform


def test_a_throttled_read_is_sent_again_and_every_attempt_counted(
    aws: LoopbackAws, reader: AwsReader, calls: Calls, clock: SteppedClock
) -> None:
    throttled = ec2_error("RequestLimitExceeded", 503)
    aws.on("DescribeVpcs", throttled, throttled, ec2("DescribeVpcs", ids("vpc-1")))
    assert [vpc["VpcId"] for vpc in reader.pages("ec2", "DescribeVpcs", "Vpcs")] == ["vpc-1"]
    assert calls.by_operation() == {"ec2:DescribeVpcs": len(aws.requests)} == {"ec2:DescribeVpcs": 3}
    assert sum(clock.slept) > 0


def test_who_waits_hears_of_what_goes_on_failing_and_not_of_what_passes(
    aws: LoopbackAws, access: Access, reader: AwsReader, clock: SteppedClock
) -> None:
    heard: list[tuple[str, float]] = []
    begun = clock.now()
    access.held_up = lambda error: heard.append((str(error), clock.now() - begun))
    throttled = ec2_error("RequestLimitExceeded", 503)
    aws.on("DescribeVpcs", throttled, ec2("DescribeVpcs", ids("vpc-1")))
    reader.pages("ec2", "DescribeVpcs", "Vpcs")
    assert heard == []
    aws.on("DescribeSubnets", throttled)
    with pytest.raises(AwsError):
        reader.pages("ec2", "DescribeSubnets", "Subnets")
    assert {said for said, _ in heard} == {"ec2:DescribeSubnets: RequestLimitExceeded: as scripted"}
    assert heard[0][1] >= Patience().silent


def test_a_throttled_create_is_sent_again_for_nothing_was_done(
    aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]]
) -> None:
    aws.on("CreateVpc", ec2_error("RequestLimitExceeded", 503), VPC)
    assert perform("CreateVpc", CIDR)["Vpc"]["VpcId"] == "vpc-1"
    assert len(aws.sent("CreateVpc")) == 2


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (LOST, "ConnectionClosedError"),
        (ec2_error("InternalError", 500), "InternalError"),
        (Answer("<html><body>Http/1.1 Service Unavailable</body></html>", 503), "503"),
        (Answer("<CreateVpcResponse><vpc>"), "ResponseParserError"),
        (Answer(VPC.body, cut=True), "IncompleteReadError"),
    ],
)
def test_a_create_that_aws_would_do_twice_is_sent_once_where_its_answer_is_lost(
    aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]], answer: Answer, code: str
) -> None:
    aws.on("CreateVpc", answer, VPC)
    with pytest.raises(AwsError) as caught:
        perform("CreateVpc", CIDR)
    assert (caught.value.code, caught.value.error_class, caught.value.lost) == (code, ErrorClass.TRANSIENT, True)
    assert len(aws.sent("CreateVpc")) == 1


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("DeleteSubnet", {"SubnetId": "subnet-1"}),
        ("CreateSubnet", SUBNET),
        ("CreateTags", {"Resources": ["vpc-1"], "Tags": []}),
        ("ModifyVpcAttribute", {"VpcId": "vpc-1", "EnableDnsSupport": {"Value": True}}),
    ],
)
def test_a_request_that_cannot_be_done_twice_is_sent_again_where_its_answer_is_lost(
    aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]], operation: str, params: dict[str, Any]
) -> None:
    aws.on(operation, LOST, ec2(operation))
    perform(operation, params)
    assert len(aws.sent(operation)) == 2


def test_a_token_of_ours_makes_a_create_safe_to_send_again(
    aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]]
) -> None:
    aws.on("CreateRouteTable", LOST, ec2("CreateRouteTable"))
    perform("CreateRouteTable", {"VpcId": "vpc-1", "ClientToken": "ours"})
    assert [request.params["ClientToken"] for request in aws.sent("CreateRouteTable")] == ["ours", "ours"]


def test_a_token_that_botocore_makes_up_does_not(aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]]) -> None:
    aws.on("CreateRouteTable", LOST, ec2("CreateRouteTable"))
    with pytest.raises(AwsError):
        perform("CreateRouteTable", {"VpcId": "vpc-1"})
    assert [bool(request.params.get("ClientToken")) for request in aws.sent("CreateRouteTable")] == [True]


def test_what_exists_after_a_lost_answer_may_be_our_own(
    aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]]
) -> None:
    aws.on("CreateSubnet", LOST, ec2_error("InvalidSubnet.Conflict"))
    with pytest.raises(AwsError) as caught:
        perform("CreateSubnet", SUBNET)
    assert (caught.value.error_class, caught.value.lost) == (ErrorClass.EXISTS, True)


def test_what_exists_without_a_lost_answer_is_not_our_own(
    aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]]
) -> None:
    aws.on("CreateSubnet", ec2_error("RequestLimitExceeded", 503), ec2_error("InvalidSubnet.Conflict"))
    with pytest.raises(AwsError) as caught:
        perform("CreateSubnet", SUBNET)
    assert (caught.value.error_class, caught.value.lost) == (ErrorClass.EXISTS, False)


@pytest.mark.parametrize("code", ["DependencyViolation", "InvalidVpcID.NotFound", "UnauthorizedOperation"])
def test_errors_that_waiting_here_does_not_mend_are_raised_at_once(
    aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]], clock: SteppedClock, code: str
) -> None:
    aws.on("DeleteVpc", ec2_error(code))
    with pytest.raises(AwsError) as caught:
        perform("DeleteVpc", {"VpcId": "vpc-1"})
    assert (caught.value.operation, caught.value.code) == ("ec2:DeleteVpc", code)
    assert (len(aws.requests), clock.slept) == (1, [])


def test_botocore_sends_nothing_again_by_itself(aws: LoopbackAws, access: Access, clock: SteppedClock) -> None:
    aws.on("DescribeVpcs", ec2_error("Unavailable", 503))
    impatient = AwsReader(access, clock, Calls(), Patience(throttled=0, transient=0))
    with pytest.raises(AwsError):
        impatient.get("ec2", "DescribeVpcs")
    assert len(aws.requests) == 1


@pytest.mark.parametrize(
    ("answer", "patience"), [(ec2_error("RequestLimitExceeded", 503), 300), (ec2_error("Unavailable", 503), 60)]
)
def test_patience_ends(
    aws: LoopbackAws, reader: AwsReader, clock: SteppedClock, answer: Answer, patience: float
) -> None:
    aws.on("DescribeSubnets", ec2("DescribeSubnets"))
    reader.get("ec2", "DescribeSubnets")
    aws.on("DescribeVpcs", answer)
    started = clock.now()
    with pytest.raises(AwsError):
        reader.get("ec2", "DescribeVpcs")
    assert patience / 2 < clock.now() - started < patience + 10


def test_it_ends_sooner_while_aws_has_not_answered_anything(
    aws: LoopbackAws, reader: AwsReader, clock: SteppedClock
) -> None:
    aws.on("DescribeVpcs", LOST)
    started = clock.now()
    with pytest.raises(AwsError):
        reader.get("ec2", "DescribeVpcs")
    assert clock.now() - started <= 10


def test_a_refusal_is_an_answer(aws: LoopbackAws, reader: AwsReader, clock: SteppedClock) -> None:
    aws.on("DescribeSubnets", ec2_error("UnauthorizedOperation"))
    with pytest.raises(AwsError):
        reader.get("ec2", "DescribeSubnets")
    aws.on("DescribeVpcs", LOST)
    started = clock.now()
    with pytest.raises(AwsError):
        reader.get("ec2", "DescribeVpcs")
    assert clock.now() - started > 10


def test_a_seed_repeats_the_waits(aws: LoopbackAws, make_access: Callable[..., Access]) -> None:
    aws.on("DescribeVpcs", ec2_error("Unavailable", 503))
    waits = []
    for seed in (7, 7, 8):
        clock = SteppedClock()
        access = make_access(endpoint_url=aws.url, sandbox=True, dice=random.Random(seed))
        with pytest.raises(AwsError):
            AwsReader(access, clock, Calls()).get("ec2", "DescribeVpcs")
        waits.append(clock.slept)
    assert waits[0] == waits[1] != waits[2]


def test_a_throttled_service_is_left_alone_for_a_while_and_the_others_are_not(
    aws: LoopbackAws, access: Access, clock: SteppedClock
) -> None:
    aws.on("DescribeVpcs", ec2_error("RequestLimitExceeded", 503))
    aws.on("DescribeSubnets", ec2("DescribeSubnets"))
    aws.on("ListClusters", Answer('{"clusterArns": []}'))
    reader = AwsReader(access, clock, Calls(), Patience(throttled=0))
    with pytest.raises(AwsError):
        reader.get("ec2", "DescribeVpcs")
    reader.get("ecs", "ListClusters")
    assert clock.slept == []
    reader.get("ec2", "DescribeSubnets")
    assert len(clock.slept) == 1


def test_an_answer_that_breaks_off_is_not_an_empty_one(aws: LoopbackAws, reader: AwsReader) -> None:
    whole = '{"clusterArns": ["arn:aws:ecs:us-east-1:123456789012:cluster/shop"]}'
    aws.on("ListClusters", Answer(whole, cut=True), Answer(whole))
    assert len(reader.pages("ecs", "ListClusters", "clusterArns")) == 1


def test_nobody_at_the_endpoint_is_not_a_lost_answer(make_access: Callable[..., Access], clock: SteppedClock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        access = make_access(endpoint_url=f"http://127.0.0.1:{taken.getsockname()[1]}", sandbox=True)
        with pytest.raises(AwsError) as caught:
            AwsWriter(access, clock, Calls()).perform(Call("ec2", "CreateVpc", CIDR), CIDR)
    assert (caught.value.error_class, caught.value.lost) == (ErrorClass.TRANSIENT, False)
    assert "--endpoint-url" in caught.value.next_step


def test_parameters_that_are_none_are_left_out_at_every_depth(
    aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]]
) -> None:
    aws.on("UpdateService", Answer("{}"))
    network = {"awsvpcConfiguration": {"subnets": ("subnet-1",), "assignPublicIp": None}}
    perform("UpdateService", {"service": "web", "desiredCount": None, "networkConfiguration": network}, service="ecs")
    assert aws.requests[0].params == {
        "service": "web",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    }


UNSUCCESSFUL = (
    "<unsuccessful><item><resourceId>vpce-1</resourceId><error><code>InvalidVpcEndpoint.NotFound</code>"
    "<message>gone</message></error></item><item><resourceId>vpce-2</resourceId><error>"
    "<code>OperationNotPermitted</code><message>in use by a service</message></error></item></unsuccessful>"
)


@pytest.mark.parametrize(
    ("service", "operation", "params", "answer", "code", "error_class"),
    [
        pytest.param(
            "ec2",
            "DeleteVpcEndpoints",
            {"VpcEndpointIds": ["vpce-1", "vpce-2"]},
            ec2("DeleteVpcEndpoints", UNSUCCESSFUL),
            "OperationNotPermitted",
            ErrorClass.TERMINAL,
            id="one gone, one refused",
        ),
        pytest.param(
            "ec2",
            "DeleteVpcEndpoints",
            {"VpcEndpointIds": ["vpce-1"]},
            ec2("DeleteVpcEndpoints", UNSUCCESSFUL.partition("<item><resourceId>vpce-2")[0] + "</unsuccessful>"),
            "InvalidVpcEndpoint.NotFound",
            ErrorClass.NOT_FOUND,
            id="all gone",
        ),
        pytest.param(
            "ecs",
            "DeleteTaskDefinitions",
            {"taskDefinitions": ["web:1"]},
            Answer('{"failures": [{"arn": "web:1", "reason": "MISSING"}]}'),
            "MISSING",
            ErrorClass.NOT_FOUND,
            id="ecs",
        ),
        pytest.param(
            "resourcegroupstaggingapi",
            "TagResources",
            {"ResourceARNList": ["arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"], "Tags": {"a": "b"}},
            Answer('{"FailedResourcesMap": {"arn:x": {"StatusCode": 403, "ErrorCode": "AccessDeniedException"}}}'),
            "AccessDeniedException",
            ErrorClass.DENIED,
            id="tagging",
        ),
    ],
)
def test_failures_in_an_answer_of_status_200_are_seen(
    aws: LoopbackAws,
    perform: Callable[..., Mapping[str, Any]],
    service: str,
    operation: str,
    params: dict[str, Any],
    answer: Answer,
    code: str,
    error_class: ErrorClass,
) -> None:
    aws.on(operation, answer)
    with pytest.raises(AwsError) as caught:
        perform(operation, params, service=service)
    assert (caught.value.code, caught.value.error_class) == (code, error_class)


def test_every_hidden_failure_is_named(aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]]) -> None:
    aws.on("DeleteVpcEndpoints", ec2("DeleteVpcEndpoints", UNSUCCESSFUL))
    with pytest.raises(AwsError, match=r"vpce-1: gone; vpce-2: in use by a service"):
        perform("DeleteVpcEndpoints", {"VpcEndpointIds": ["vpce-1", "vpce-2"]})


def test_a_description_may_say_that_something_is_missing_but_not_that_it_could_not_look(
    aws: LoopbackAws, reader: AwsReader
) -> None:
    missing = '{"services": [], "failures": [{"arn": "a", "reason": "MISSING"}]}'
    aws.on("DescribeServices", Answer(missing), Answer(missing.replace("MISSING", "ACCESS_DENIED")))
    assert reader.get("ecs", "DescribeServices", services=["a"])["failures"]
    with pytest.raises(AwsError) as caught:
        reader.fresh().get("ecs", "DescribeServices", services=["a"])
    assert caught.value.error_class is ErrorClass.DENIED


def test_a_request_that_breaks_aws_own_model_is_terminal_and_never_sent(
    aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]]
) -> None:
    with pytest.raises(AwsError) as caught:
        perform("CreateVpc", {"CidrBlock": 10})
    assert (caught.value.code, caught.value.error_class) == ("ParamValidationError", ErrorClass.TERMINAL)
    assert aws.requests == []


def test_the_request_id_that_support_asks_for_is_kept(
    aws: LoopbackAws, perform: Callable[..., Mapping[str, Any]]
) -> None:
    aws.on("DeleteVpc", ec2_error("DependencyViolation"))
    with pytest.raises(AwsError) as caught:
        perform("DeleteVpc", {"VpcId": "vpc-1"})
    assert caught.value.request_id == "req-1"
