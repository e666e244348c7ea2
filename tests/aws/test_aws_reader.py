"""Pages as large as AWS allows, and nothing asked twice in one pass."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.session import Session
from loopback_aws import Answer, LoopbackAws, SteppedClock, ec2, ec2_error, ids
from patience import PATIENCE

from reconciler.aws import Access, AwsReader, Calls
from reconciler.aws.reader import PAGE_SIZES
from reconciler.model.errors import AwsError


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def reader(access: Access, clock: SteppedClock, calls: Calls) -> AwsReader:
    return AwsReader(access, clock, calls)


def test_all_pages_are_read(aws: LoopbackAws, reader: AwsReader, calls: Calls) -> None:
    aws.on(
        "DescribeVpcs",
        ec2("DescribeVpcs", ids("vpc-1", "vpc-2") + "<nextToken>second</nextToken>"),
        ec2("DescribeVpcs", ids() + "<nextToken>third</nextToken>"),
        ec2("DescribeVpcs", ids("vpc-3")),
    )
    vpcs = reader.pages("ec2", "DescribeVpcs", "Vpcs")
    assert [vpc["VpcId"] for vpc in vpcs] == ["vpc-1", "vpc-2", "vpc-3"]
    assert [request.params.get("NextToken") for request in aws.requests] == [None, "second", "third"]
    assert calls.total == 3


def test_a_page_that_fails_is_asked_for_again_alone(aws: LoopbackAws, reader: AwsReader) -> None:
    aws.on(
        "DescribeVpcs",
        ec2("DescribeVpcs", ids("vpc-1") + "<nextToken>second</nextToken>"),
        ec2_error("RequestLimitExceeded", 503),
        ec2("DescribeVpcs", ids("vpc-2")),
    )
    assert len(reader.pages("ec2", "DescribeVpcs", "Vpcs")) == 2
    assert [request.params.get("NextToken") for request in aws.requests] == [None, "second", "second"]


def test_pages_are_followed_where_botocore_has_no_paginator(aws: LoopbackAws, reader: AwsReader) -> None:
    first = {"serviceDeployments": [{"status": "SUCCESSFUL"}], "nextToken": "second"}
    last = {"serviceDeployments": [{"status": "IN_PROGRESS"}]}
    aws.on("ListServiceDeployments", Answer(json.dumps(first)), Answer(json.dumps(last)))
    assert len(reader.pages("ecs", "ListServiceDeployments", "serviceDeployments", service="web")) == 2


@pytest.mark.parametrize(
    ("service", "operation", "key", "params", "member", "size"),
    [
        ("ec2", "DescribeSubnets", "Subnets", {}, "MaxResults", "1000"),
        ("ec2", "DescribeSubnets", "Subnets", {"Filters": [{"Name": "vpc-id"}]}, "MaxResults", "1000"),
        ("ec2", "DescribeRouteTables", "RouteTables", {}, "MaxResults", "100"),
        ("ec2", "DescribeVpcEndpoints", "VpcEndpoints", {}, "MaxResults", "1000"),
        ("elbv2", "DescribeTargetGroups", "TargetGroups", {}, "PageSize", "400"),
        ("elbv2", "DescribeTargetGroups", "TargetGroups", {"LoadBalancerArn": "arn"}, "PageSize", "400"),
        ("ecs", "ListServices", "serviceArns", {}, "maxResults", 100),
        ("logs", "DescribeLogGroups", "logGroups", {}, "limit", 50),
        ("iam", "ListRoles", "Roles", {"PathPrefix": "/shop/"}, "MaxItems", "1000"),
        ("resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", {}, "ResourcesPerPage", 100),
        # AWS refuses a page size beside a list of what is wanted.
        ("ec2", "DescribeSubnets", "Subnets", {"SubnetIds": ["subnet-1"]}, "MaxResults", None),
        ("elbv2", "DescribeLoadBalancers", "LoadBalancers", {"Names": ["shop"]}, "PageSize", None),
        ("logs", "DescribeLogGroups", "logGroups", {"logGroupIdentifiers": ["/shop"]}, "limit", None),
    ],
)
def test_pages_are_as_large_as_aws_allows(
    aws: LoopbackAws,
    reader: AwsReader,
    service: str,
    operation: str,
    key: str,
    params: dict[str, object],
    member: str,
    size: object,
) -> None:
    xml = f"<{operation}Response><{operation}Result/></{operation}Response>"
    aws.on(operation, Answer("{}" if service in ("ecs", "logs", "resourcegroupstaggingapi") else xml))
    assert reader.pages(service, operation, key, **params) == []
    assert aws.requests[0].params.get(member) == size


def test_every_page_size_of_ours_is_for_an_operation_whose_model_gives_none() -> None:
    session = Session()
    for name in PAGE_SIZES:
        service, operation = name.split(":")
        limit = session.get_paginator_model(service).get_paginator(operation)["limit_key"]
        shape = session.get_service_model(service).operation_model(operation).input_shape
        assert "max" not in shape.members[limit].metadata, name


def test_the_same_read_is_asked_once_in_a_pass(aws: LoopbackAws, reader: AwsReader) -> None:
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids("vpc-1")))
    by_tag = {"Name": "tag:a", "Values": ["b"]}
    first = reader.pages("ec2", "DescribeVpcs", "Vpcs", Filters=[by_tag])
    again = reader.pages("ec2", "DescribeVpcs", "Vpcs", Filters=({"Values": ("b",), "Name": "tag:a"},), VpcIds=None)
    assert first == again
    assert len(aws.requests) == 1


def test_another_question_is_asked(aws: LoopbackAws, reader: AwsReader) -> None:
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids("vpc-1")))
    for value in ("a", "b"):
        reader.pages("ec2", "DescribeVpcs", "Vpcs", Filters=[{"Name": "tag:stack", "Values": [value]}])
    assert len(aws.requests) == 2


def test_a_new_pass_looks_again(aws: LoopbackAws, reader: AwsReader) -> None:
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids("vpc-1")), ec2("DescribeVpcs", ids()))
    assert len(reader.pages("ec2", "DescribeVpcs", "Vpcs")) == 1
    assert reader.fresh().pages("ec2", "DescribeVpcs", "Vpcs") == []


def test_what_a_caller_does_to_its_list_is_its_own_affair(aws: LoopbackAws, reader: AwsReader) -> None:
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids("vpc-1")))
    reader.pages("ec2", "DescribeVpcs", "Vpcs").clear()
    assert len(reader.pages("ec2", "DescribeVpcs", "Vpcs")) == 1


def test_eight_threads_that_ask_the_same_make_one_call(aws: LoopbackAws, reader: AwsReader) -> None:
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids("vpc-1")))
    together = threading.Barrier(8)

    def ask(_: int) -> int:
        together.wait()
        return len(reader.pages("ec2", "DescribeVpcs", "Vpcs"))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [1] * 8
    assert len(aws.requests) == 1


def test_a_failure_is_not_remembered(aws: LoopbackAws, reader: AwsReader) -> None:
    aws.on("DescribeVpcs", ec2_error("UnauthorizedOperation", 403), ec2("DescribeVpcs", ids("vpc-1")))
    with pytest.raises(AwsError):
        reader.pages("ec2", "DescribeVpcs", "Vpcs")
    assert len(reader.pages("ec2", "DescribeVpcs", "Vpcs")) == 1


def test_one_answer_is_given_whole(aws: LoopbackAws, reader: AwsReader) -> None:
    body = "<vpcId>vpc-1</vpcId><enableDnsSupport><value>true</value></enableDnsSupport>"
    aws.on("DescribeVpcAttribute", ec2("DescribeVpcAttribute", body))
    answer = reader.get("ec2", "DescribeVpcAttribute", VpcId="vpc-1", Attribute="enableDnsSupport")
    assert answer["EnableDnsSupport"] == {"Value": True}


@pytest.mark.parametrize("operation", ["CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "RunInstances"])
def test_a_reader_never_writes(aws: LoopbackAws, reader: AwsReader, operation: str) -> None:
    asks: list[Callable[[], object]] = [
        lambda: reader.get("ec2", operation),
        lambda: reader.pages("ec2", operation, "Vpcs"),
    ]
    for ask in asks:
        with pytest.raises(ValueError, match=operation):
            ask()
    assert aws.requests == []


def test_a_key_that_no_answer_has_is_a_mistake_and_not_an_empty_list(aws: LoopbackAws, reader: AwsReader) -> None:
    with pytest.raises(ValueError, match="Vpc"):
        reader.pages("ec2", "DescribeVpcs", "Vpc")
    assert aws.requests == []


def test_questions_are_asked_side_by_side_and_answered_in_their_order(reader: AwsReader) -> None:
    both_are_asked = threading.Barrier(2, timeout=PATIENCE)

    def question(answer: str) -> Callable[[], str]:
        def ask() -> str:
            both_are_asked.wait()
            return answer

        return ask

    assert reader.together([question("first"), question("second")]) == ["first", "second"]


def test_of_several_failures_the_first_in_order_is_raised(reader: AwsReader) -> None:
    def fail(message: str) -> Callable[[], None]:
        def ask() -> None:
            raise ValueError(message)

        return ask

    with pytest.raises(ValueError, match="first"):
        reader.together([lambda: None, fail("first"), fail("second")])
