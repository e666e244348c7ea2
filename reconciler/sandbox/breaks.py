"""Changes behind the reconciler's back, as a person makes them in the AWS console. Plain boto3 client code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from reconciler.model import tags
from reconciler.model.errors import ReconcilerError

from .environment import CONSOLE, DUMMY

_DESCRIBE_TAGS_MOST: Final = 20
_DESCRIBE_SERVICES_MOST: Final = 10
_FOREIGN_GROUP: Final = "made-by-hand"


class NothingToBreakError(ReconcilerError):
    """The stack has nothing of the kind that this break changes; the message says what was looked for."""


class BreakRefusedError(ReconcilerError):
    """AWS refused the change, for instance because it was made before."""


class Account:
    """The AWS account that is to be changed, by a user in the console, and what in it belongs to a stack."""

    def __init__(self, session: boto3.Session, stack: str | None = None, endpoint_url: str | None = None) -> None:
        somebody_else: dict[str, Any] = {
            "endpoint_url": endpoint_url,
            "aws_access_key_id": CONSOLE.access_key,
            "aws_secret_access_key": DUMMY["AWS_SECRET_ACCESS_KEY"],
            "config": Config(user_agent=CONSOLE.user_agent),
        }
        self.ec2: Any = session.client("ec2", **somebody_else)
        self.elbv2: Any = session.client("elbv2", **somebody_else)
        self.ecs: Any = session.client("ecs", **somebody_else)
        self._stack = stack

    def ec2_resources(self, operation: str, member: str) -> list[dict[str, Any]]:
        """The resources of the stack that an EC2 describe call lists, by address: the same break hits the same one."""
        wanted = (
            {"Name": f"tag:{tags.STACK}", "Values": [self._stack]}
            if self._stack
            else {"Name": "tag-key", "Values": [tags.STACK]}
        )
        found: list[dict[str, Any]] = getattr(self.ec2, operation)(Filters=[wanted])[member]
        return sorted(found, key=_address)

    def load_balancers(self) -> list[dict[str, Any]]:
        """The load balancers of the stack, by name."""
        found = self._ours(self.elbv2.describe_load_balancers()["LoadBalancers"], "LoadBalancerArn")
        return sorted(found, key=lambda each: str(each["LoadBalancerName"]))

    def target_groups(self) -> list[dict[str, Any]]:
        """The target groups of the stack, by name."""
        found = self._ours(self.elbv2.describe_target_groups()["TargetGroups"], "TargetGroupArn")
        return sorted(found, key=lambda each: str(each["TargetGroupName"]))

    def rules(self) -> Iterator[list[dict[str, Any]]]:
        """The rules of each listener of the stack, without the default rule, by priority."""
        for balancer in self.load_balancers():
            for listener in self.elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
                rules = self.elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
                yield sorted((rule for rule in rules if not rule["IsDefault"]), key=lambda rule: int(rule["Priority"]))

    def services(self) -> Iterator[dict[str, Any]]:
        """The ECS services of the stack, by cluster and name."""
        for cluster in sorted(self.ecs.list_clusters()["clusterArns"]):
            pages = self.ecs.get_paginator("list_services").paginate(cluster=cluster)
            for part in _parts(sorted(pages.build_full_result()["serviceArns"]), _DESCRIBE_SERVICES_MOST):
                found = self.ecs.describe_services(cluster=cluster, services=part, include=["TAGS"])["services"]
                yield from (
                    each
                    for each in sorted(found, key=lambda each: str(each["serviceName"]))
                    if each["status"] == "ACTIVE" and self._belongs({tag["key"]: tag["value"] for tag in each["tags"]})
                )

    def _ours(self, found: list[dict[str, Any]], arn: str) -> list[dict[str, Any]]:
        owned: set[str] = set()
        for part in _parts([each[arn] for each in found], _DESCRIBE_TAGS_MOST):
            for row in self.elbv2.describe_tags(ResourceArns=part)["TagDescriptions"]:
                if self._belongs({tag["Key"]: tag["Value"] for tag in row["Tags"]}):
                    owned.add(row["ResourceArn"])
        return [each for each in found if each[arn] in owned]

    def _belongs(self, found: Mapping[str, str]) -> bool:
        return found.get(tags.STACK) == self._stack if self._stack else tags.STACK in found


def account(url: str, region: str, stack: str | None = None) -> Account:
    """The account of the sandbox at `url`, entered with dummy credentials whatever the user's own are."""
    session = boto3.Session(region_name=region, botocore_session=_without_settings())
    return Account(session, stack, url)


def _without_settings() -> botocore.session.Session:
    """A session that no profile or configuration file of the user's can turn elsewhere."""
    nothing = (None, None, os.devnull, None)
    variables = {"profile": (None, None, None, None), "config_file": nothing, "credentials_file": nothing}
    return botocore.session.Session(session_vars=variables)


def _address(found: Mapping[str, Any]) -> str:
    return next((str(tag["Value"]) for tag in found["Tags"] if tag["Key"] == tags.ADDRESS), "")


def _parts(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _first(items: Iterable[Any], what: str) -> Any:
    for item in items:
        return item
    raise NothingToBreakError(f"found no {what}; apply a stack that has one first")


@dataclass(frozen=True, slots=True)
class Break:
    """One change: its name, what it does in general, and how."""

    name: str
    summary: str
    change: Callable[[Account], str]

    def apply(self, account: Account) -> str:
        """Make the change and say what was done, with ids.

        Raises NothingToBreakError where there is nothing to change and BreakRefusedError where AWS refuses.
        """
        try:
            return self.change(account)
        except ClientError as error:
            raise BreakRefusedError(f"AWS refused to {self.summary}: {error}") from None
        except BotoCoreError as error:
            raise BreakRefusedError(f"AWS did not answer: {error}") from None


def _open_ssh(account: Account) -> str:
    groups = account.ec2_resources("describe_security_groups", "SecurityGroups")
    group = _first(groups, "security group")["GroupId"]
    account.ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    return f"security group {group} now lets anybody in on port 22"


def _delete_nat_route(account: Account) -> str:
    tables = account.ec2_resources("describe_route_tables", "RouteTables")
    routes = ((table["RouteTableId"], route) for table in tables for route in table["Routes"])
    table, route = _first(
        ((table, route) for table, route in routes if "NatGatewayId" in route), "route to a NAT gateway"
    )
    destination = route["DestinationCidrBlock"]
    account.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=destination)
    return f"route table {table} has no route for {destination} any more; it led to {route['NatGatewayId']}"


def _scale_to_zero(account: Account) -> str:
    service = _first((each for each in account.services() if each["desiredCount"]), "service with tasks")
    account.ecs.update_service(cluster=service["clusterArn"], service=service["serviceArn"], desiredCount=0)
    return f"service {service['serviceName']} wants 0 tasks now; it wanted {service['desiredCount']}"


def _delete_listener_rule(account: Account) -> str:
    rule = _first((rule for rules in account.rules() for rule in rules), "listener rule")
    account.elbv2.delete_rule(RuleArn=rule["RuleArn"])
    return f"the rule of priority {rule['Priority']} is gone from its listener: {rule['RuleArn']}"


def _swap_priorities(account: Account) -> str:
    one, other = _first((pair for rules in account.rules() for pair in pairwise(rules)), "listener with two rules")
    account.elbv2.set_rule_priorities(
        RulePriorities=[
            {"RuleArn": one["RuleArn"], "Priority": int(other["Priority"])},
            {"RuleArn": other["RuleArn"], "Priority": int(one["Priority"])},
        ]
    )
    return f"two rules of a listener have changed places: priorities {one['Priority']} and {other['Priority']}"


def _change_health_check(account: Account) -> str:
    groups = (group for group in account.target_groups() if "HealthCheckPath" in group)
    group = _first(groups, "target group with an HTTP health check")
    account.elbv2.modify_target_group(TargetGroupArn=group["TargetGroupArn"], HealthCheckPath="/changed-by-hand")
    return (
        f"target group {group['TargetGroupName']} is checked at /changed-by-hand now, not at {group['HealthCheckPath']}"
    )


def _remove_tag(account: Account) -> str:
    vpc = _first(account.ec2_resources("describe_vpcs", "Vpcs"), "VPC")
    keys = [tag["Key"] for tag in vpc["Tags"] if not tag["Key"].startswith(tags.PREFIX)]
    key = _first(sorted(keys, key=lambda key: key == "Name"), "tag on the VPC")
    account.ec2.delete_tags(Resources=[vpc["VpcId"]], Tags=[{"Key": key}])
    return f"VPC {vpc['VpcId']} has lost its tag {key}"


def _delete_association(account: Account) -> str:
    tables = account.ec2_resources("describe_route_tables", "RouteTables")
    associations = (each for table in tables for each in table["Associations"] if "SubnetId" in each)
    association = _first(associations, "route table association")
    account.ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    return f"subnet {association['SubnetId']} follows the VPC's main route table now, not {association['RouteTableId']}"


def _other_task_definition(account: Account) -> str:
    service = _first(account.services(), "service")
    current = account.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    containers = [dict(container) for container in current["containerDefinitions"]]
    containers[0]["environment"] = [*containers[0].get("environment", []), {"name": "CHANGED_BY_HAND", "value": "1"}]
    kept = ("cpu", "memory", "executionRoleArn", "taskRoleArn", "volumes", "runtimePlatform", "ephemeralStorage")
    registered = account.ecs.register_task_definition(
        family=f"{current['family']}-by-hand",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=containers,
        **{key: current[key] for key in kept if current.get(key)},
    )["taskDefinition"]["taskDefinitionArn"]
    account.ecs.update_service(cluster=service["clusterArn"], service=service["serviceArn"], taskDefinition=registered)
    return f"service {service['serviceName']} runs {registered} now, not {service['taskDefinition']}"


def _delete_load_balancer(account: Account) -> str:
    balancer = _first(account.load_balancers(), "load balancer")
    account.elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    return f"load balancer {balancer['LoadBalancerName']} is gone, its listeners and rules too"


def _add_foreign(account: Account) -> str:
    vpc = _first(account.ec2_resources("describe_vpcs", "Vpcs"), "VPC")["VpcId"]
    group = account.ec2.create_security_group(GroupName=_FOREIGN_GROUP, Description="made by hand", VpcId=vpc)[
        "GroupId"
    ]
    return f"VPC {vpc} has a security group that nobody declared: {group}"


BREAKS: Final = (
    Break("open-ssh", "open SSH to the world on a security group", _open_ssh),
    Break("delete-nat-route", "delete the route to a NAT gateway", _delete_nat_route),
    Break("scale-to-zero", "scale a service to zero tasks", _scale_to_zero),
    Break("delete-listener-rule", "delete a listener rule", _delete_listener_rule),
    Break("swap-priorities", "swap the priorities of two listener rules", _swap_priorities),
    Break("change-health-check", "change the health check path of a target group", _change_health_check),
    Break("remove-tag", "remove a tag from the VPC", _remove_tag),
    Break("delete-association", "take a subnet's route table away", _delete_association),
    Break("other-task-definition", "point a service at another task definition", _other_task_definition),
    Break("delete-load-balancer", "delete a whole load balancer", _delete_load_balancer),
    Break("add-foreign", "add a security group that nobody declared to the VPC", _add_foreign),
)
