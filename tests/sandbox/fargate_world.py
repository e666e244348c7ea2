"""A small world for tests of load balancers and tasks: two public subnets in two zones, and what stands in them.

All requests go through clients that do not retry, so that a refusal is one request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from reconciler.sandbox import Sandbox

NGINX = "public.ecr.aws/nginx/nginx:1.27"


@cache
def client(service: str) -> Any:
    """One client per service for the whole run: making one costs more than most tests."""
    session = boto3.session.Session("AKIASANDBOXEXAMPLE00", "sandbox", region_name="us-east-1")
    return session.client(service, config=Config(retries={"total_max_attempts": 1}))


@contextmanager
def refused(code: str, message: str = "") -> Iterator[None]:
    """The request inside must be refused with this error code, and a message that has this in it."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert message in error["Message"]


@dataclass
class World:
    """A VPC with an internet gateway, its subnets, and shorthands for what tests put there."""

    sandbox: Sandbox
    vpc: str = ""
    gateway: str = ""
    table: str = ""
    subnets: list[str] = field(default_factory=list)
    group: str = ""
    """A security group that admits everything from everywhere."""

    @classmethod
    def build(cls, sandbox: Sandbox, *, internet: bool = True) -> World:
        """A VPC with two subnets; with `internet` their route table leads to an internet gateway."""
        ec2 = client("ec2")
        world = cls(sandbox, ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])
        world.subnets = [world.subnet("10.0.0.0/24", "us-east-1a"), world.subnet("10.0.1.0/24", "us-east-1b")]
        in_vpc = [{"Name": "vpc-id", "Values": [world.vpc]}]
        (table,) = ec2.describe_route_tables(Filters=in_vpc)["RouteTables"]
        world.table = table["RouteTableId"]
        world.group = world.security_group("all", "0.0.0.0/0")
        if internet:
            world.gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
            ec2.attach_internet_gateway(InternetGatewayId=world.gateway, VpcId=world.vpc)
            ec2.create_route(RouteTableId=world.table, DestinationCidrBlock="0.0.0.0/0", GatewayId=world.gateway)
        client("ecs").create_cluster(clusterName="main")
        return world

    def subnet(self, cidr: str, zone: str) -> str:
        made = client("ec2").create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=zone)
        return str(made["Subnet"]["SubnetId"])

    def security_group(self, name: str, *sources: str) -> str:
        """A group that admits all TCP from these CIDRs."""
        ec2 = client("ec2")
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        ranges = [{"CidrIp": source} for source in sources]
        if ranges:
            permission = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "IpRanges": ranges}
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
        return str(group)

    def load_balancer(self, name: str = "web", **settings: Any) -> dict[str, Any]:
        asked = {"Subnets": self.subnets, "SecurityGroups": [self.group]} | settings
        (made,) = client("elbv2").create_load_balancer(Name=name, **asked)["LoadBalancers"]
        return dict(made)

    def target_group(self, name: str = "web", **settings: Any) -> str:
        asked = {"Protocol": "HTTP", "Port": 80, "VpcId": self.vpc, "TargetType": "ip"} | settings
        (made,) = client("elbv2").create_target_group(Name=name, **asked)["TargetGroups"]
        return str(made["TargetGroupArn"])

    def listener(self, balancer: str, *groups: str, port: int = 80, **settings: Any) -> dict[str, Any]:
        """A listener that forwards to these target groups, or answers 404 without any."""
        action: dict[str, Any] = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        if groups:
            targets = [{"TargetGroupArn": group} for group in groups]
            action = {"Type": "forward", "ForwardConfig": {"TargetGroups": targets}}
        asked = {"Protocol": "HTTP", "Port": port, "DefaultActions": [action]} | settings
        (made,) = client("elbv2").create_listener(LoadBalancerArn=balancer, **asked)["Listeners"]
        return dict(made)

    def served_group(self, name: str = "web", **settings: Any) -> str:
        """A target group behind a listener of a load balancer of its own."""
        group = self.target_group(name, **settings)
        self.listener(self.load_balancer(name)["LoadBalancerArn"], group)
        return group

    def definition(self, *containers: dict[str, Any], **settings: Any) -> str:
        """Register a revision of the family `web`; returns its ARN."""
        shown = list(containers) or [container()]
        asked: dict[str, Any] = {
            "family": "web",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": shown,
        }
        made = client("ecs").register_task_definition(**asked | settings)
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def network(self, *, public: bool = True, **settings: Any) -> dict[str, Any]:
        placed = {
            "subnets": self.subnets,
            "securityGroups": [self.group],
            "assignPublicIp": "ENABLED" if public else "DISABLED",
        }
        return {"awsvpcConfiguration": placed | settings}

    def service(self, *groups: str, definition: str | None = None, **settings: Any) -> dict[str, Any]:
        """A service `web` with two tasks whose container `app` is registered in these target groups on port 80."""
        registered = [{"targetGroupArn": group, "containerName": "app", "containerPort": 80} for group in groups]
        asked: dict[str, Any] = {
            "cluster": "main",
            "serviceName": "web",
            "taskDefinition": definition or self.definition(),
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": self.network(),
            "loadBalancers": registered,
        }
        return dict(client("ecs").create_service(**asked | settings)["service"])

    def update(self, **settings: Any) -> dict[str, Any]:
        return dict(client("ecs").update_service(cluster="main", service="web", **settings)["service"])

    def look(self, name: str = "web") -> dict[str, Any]:
        (service,) = client("ecs").describe_services(cluster="main", services=[name], include=["TAGS"])["services"]
        return dict(service)

    def after(self, seconds: float) -> dict[str, Any]:
        """The service `web` some seconds later."""
        self.sandbox.clock.advance(seconds)
        return self.look()

    def events(self) -> list[str]:
        """The events of the service `web`, oldest first."""
        return [event["message"] for event in reversed(self.look()["events"])]

    def tasks(self, desired_status: str = "RUNNING", **filters: Any) -> list[dict[str, Any]]:
        ecs = client("ecs")
        arns = ecs.list_tasks(cluster="main", desiredStatus=desired_status, **filters)["taskArns"]
        if not arns:
            return []
        return list(ecs.describe_tasks(cluster="main", tasks=arns)["tasks"])

    def run_task(self, **settings: Any) -> dict[str, Any]:
        """Run one task of the latest `web`."""
        asked: dict[str, Any] = {
            "cluster": "main",
            "taskDefinition": "web",
            "launchType": "FARGATE",
            "networkConfiguration": self.network(),
        }
        (task,) = client("ecs").run_task(**asked | settings)["tasks"]
        return dict(task)

    def task(self, arn: str) -> dict[str, Any]:
        (task,) = client("ecs").describe_tasks(cluster="main", tasks=[arn])["tasks"]
        return dict(task)

    def health(self, group: str) -> list[tuple[str, str | None]]:
        """State and reason of each target of a group."""
        answer = client("elbv2").describe_target_health(TargetGroupArn=group)
        found = [entry["TargetHealth"] for entry in answer["TargetHealthDescriptions"]]
        return [(health["State"], health.get("Reason")) for health in found]

    def interfaces(self, **filters: str) -> list[dict[str, Any]]:
        """The network interfaces of the VPC."""
        wanted = {"vpc-id": self.vpc} | {name.replace("_", "-"): value for name, value in filters.items()}
        asked = [{"Name": name, "Values": [value]} for name, value in wanted.items()]
        return list(client("ec2").describe_network_interfaces(Filters=asked)["NetworkInterfaces"])


def container(image: str = NGINX, name: str = "app", port: int | None = 80, **settings: Any) -> dict[str, Any]:
    """A container definition."""
    ports = {"portMappings": [{"containerPort": port}]} if port else {}
    return {"name": name, "image": image} | ports | settings


def details(task: dict[str, Any]) -> dict[str, str]:
    """What a task's attachment says of its network interface."""
    (attachment,) = task["attachments"]
    return {entry["name"]: entry["value"] for entry in attachment["details"]}


def rollouts(service: dict[str, Any]) -> list[tuple[str, str, int, str]]:
    """Status, task definition revision, running count and rollout state of each deployment."""
    return [
        (one["status"], one["taskDefinition"].rpartition("/")[2], one["runningCount"], one["rolloutState"])
        for one in service["deployments"]
    ]
