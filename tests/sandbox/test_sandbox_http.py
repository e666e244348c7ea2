"""The same sandbox over HTTP: the same answers, and faults that are real ones."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from reconciler.sandbox import Clock, Faults, Sandbox
from reconciler.sandbox.environment import DUMMY
from reconciler.sandbox.server import serving

ONCE = Config(retries={"total_max_attempts": 1})


class Served:
    """A sandbox and its address."""

    def __init__(self, sandbox: Sandbox, url: str) -> None:
        self.sandbox = sandbox
        self.url = url
        self._session = boto3.Session(
            aws_access_key_id=DUMMY["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=DUMMY["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
        )

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self.url, config=ONCE)


@pytest.fixture
def served() -> Iterator[Served]:
    sandbox = Sandbox(clock=Clock.stepped())
    with serving(sandbox) as url:
        yield Served(sandbox, url)


def test_it_listens_on_loopback_only(served: Served) -> None:
    assert served.url.startswith("http://127.0.0.1:")


def scenario(ec2: Any, sandbox: Sandbox) -> list[Any]:
    """What a run of calls looks like from outside, without ids."""

    def code(call: Any, **parameters: Any) -> str:
        try:
            call(**parameters)
        except ClientError as error:
            answer = error.response
            return f"{answer['Error']['Code']} {answer['ResponseMetadata']['HTTPStatusCode']}"
        return "done"

    vpc = ec2.create_vpc(CidrBlock="10.0.3.4/16")["Vpc"]
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1a")["Subnet"]
    sandbox.clock.advance(60)
    seen = [vpc["State"], vpc["CidrBlock"], ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["State"]]
    seen.append(code(ec2.delete_vpc, VpcId=vpc["VpcId"]))
    seen.append(code(ec2.describe_vpcs, VpcIds=["garbage"]))
    seen.append(code(ec2.delete_nat_gateway, NatGatewayId="nat-12345678"))
    seen.append(code(ec2.delete_subnet, SubnetId=subnet["SubnetId"]))
    seen.append(code(ec2.delete_vpc, VpcId=vpc["VpcId"]))
    return seen


def test_the_answers_are_those_of_the_sandbox_in_process(served: Served) -> None:
    over_http = scenario(served.client("ec2"), served.sandbox)
    served.sandbox.stop()
    with Sandbox() as sandbox:
        assert scenario(boto3.client("ec2", config=ONCE), sandbox) == over_http


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("ecs", "list_clusters"),
        ("elbv2", "describe_load_balancers"),
        ("iam", "list_roles"),
        ("logs", "describe_log_groups"),
        ("sts", "get_caller_identity"),
        ("resourcegroupstaggingapi", "get_resources"),
    ],
)
def test_every_protocol_is_served(served: Served, service: str, operation: str) -> None:
    getattr(served.client(service), operation)()
    (counted,) = served.sandbox.calls
    assert counted.startswith(f"{service}:")


@pytest.mark.parametrize(("faults", "made"), [(Faults(lost_before=1), 0), (Faults(lost_after=1), 1)])
def test_a_lost_connection_is_really_lost(served: Served, faults: Faults, made: int) -> None:
    served.sandbox.faults = faults
    with pytest.raises(ConnectionClosedError):
        served.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    served.sandbox.faults = Faults()
    assert len(served.client("ec2").describe_vpcs()["Vpcs"]) == 1 + made


def test_throttling_has_the_code_of_the_service(served: Served) -> None:
    served.sandbox.faults = Faults(throttle=1)
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        served.client("ec2").describe_vpcs()
    with pytest.raises(ClientError, match="ThrottlingException"):
        served.client("ecs").list_clusters()


def test_what_moto_lacks_is_said_plainly(served: Served) -> None:
    with pytest.raises(ClientError, match=r"NotImplemented.*cloudtrail:ListChannels"):
        served.client("cloudtrail").list_channels()
