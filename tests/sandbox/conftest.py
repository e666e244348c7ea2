"""With `--plain-moto` a behaviour test passes by failing.

So one run shows that each of them tells the sandbox from moto, and a newer moto that has mended a point makes
the run fail: then the patch can go.
"""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from reconciler.sandbox import Sandbox


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--plain-moto"):
        return
    for item in items:
        if "tests/sandbox/" not in item.path.as_posix():
            continue
        if item.get_closest_marker("stricter_than_moto"):
            item.add_marker(pytest.mark.xfail(strict=True, reason="moto is gentler than AWS here"))
        else:
            item.add_marker(pytest.mark.skip(reason="not a behaviour of AWS"))


@pytest.fixture
def ec2(sandbox: Sandbox) -> Any:
    return boto3.client("ec2")


@pytest.fixture
def code_of() -> Callable[..., str]:
    """Calls an operation that must be refused; gives AWS's error code."""

    def refused(operation: Callable[..., Any], **parameters: Any) -> str:
        with pytest.raises(ClientError) as raised:
            operation(**parameters)
        return raised.value.response["Error"]["Code"]

    return refused


class Network:
    """A VPC with two subnets and an attached internet gateway, for tests of what stands in it."""

    def __init__(self, ec2: Any, sandbox: Sandbox) -> None:
        self.ec2 = ec2
        self.sandbox = sandbox
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.one, self.other = (
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
            for cidr, zone in (("10.0.0.0/24", "us-east-1a"), ("10.0.1.0/24", "us-east-1b"))
        )
        self.igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.igw, VpcId=self.vpc)
        self.table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]

    def group(self, name: str = "web") -> str:
        """A new security group."""
        return self.ec2.create_security_group(GroupName=name, Description="d", VpcId=self.vpc)["GroupId"]

    def address(self) -> str:
        """A new Elastic IP address."""
        return self.ec2.allocate_address(Domain="vpc")["AllocationId"]

    def nat(self, allocation_id: str, **more: Any) -> str:
        """A new NAT gateway, still pending."""
        answer = self.ec2.create_nat_gateway(SubnetId=self.one, AllocationId=allocation_id, **more)
        return answer["NatGateway"]["NatGatewayId"]

    def nat_row(self, nat: str) -> dict[str, Any]:
        """What DescribeNatGateways says of a NAT gateway."""
        return self.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]

    def endpoint(self, service: str, **more: Any) -> dict[str, Any]:
        """A new VPC endpoint."""
        name = f"com.amazonaws.us-east-1.{service}"
        return self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=name, **more)["VpcEndpoint"]

    def interfaces(self) -> list[dict[str, Any]]:
        """The network interfaces in the VPC."""
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}]
        return self.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]

    def routes(self) -> dict[str, dict[str, Any]]:
        """The routes of the table, by destination."""
        table = self.ec2.describe_route_tables(RouteTableIds=[self.table])["RouteTables"][0]
        return {row.get("DestinationCidrBlock") or row["DestinationPrefixListId"]: row for row in table["Routes"]}


@pytest.fixture
def network(ec2: Any, sandbox: Sandbox) -> Network:
    return Network(ec2, sandbox)
