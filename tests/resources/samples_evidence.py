"""Samples of the types that are only read."""

from __future__ import annotations

from type_sample import Sample

from reconciler.model.fields import Fields
from reconciler.model.resource import Resource
from reconciler.model.values import FrozenMap, Id
from reconciler.resources._balancing import Balancing
from reconciler.resources._policy import policy_document
from reconciler.resources.existing_listener import ExistingListener
from reconciler.resources.existing_load_balancer import ExistingLoadBalancer
from reconciler.resources.existing_security_group import ExistingSecurityGroup
from reconciler.resources.existing_subnet import ExistingSubnet
from reconciler.resources.existing_vpc import ExistingVpc
from reconciler.resources.fargate_quota import FargateQuota
from reconciler.resources.given_role import GivenRole
from reconciler.resources.mount_target import MountTarget
from reconciler.resources.network_interface import NetworkInterface
from reconciler.resources.running_task import RunningTask
from reconciler.resources.target_health import Failed, Target, TargetHealth
from reconciler.resources.task_secret import TaskSecret


def _sample(type_name: str, fields: Fields) -> Sample:
    return Sample(Resource(f"{type_name}/sample", type_name, fields, "nobody"))


_BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/platform/50dc6c495c0c9188"

_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "fargate-quota": (_sample("fargate-quota", FargateQuota(quota_code="L-3032A538", value=6)),),
    "task-secret": (_sample("task-secret", TaskSecret(secret=_SECRET, key_id="alias/ours")),),
    "mount-target": (
        _sample(
            "mount-target",
            MountTarget(
                file_system_id="fs-0123456789abcdef0",
                subnet_id=Id("subnet-1"),
                vpc_id=Id("vpc-1"),
                availability_zone="us-east-1a",
                security_groups=frozenset({Id("sg-1")}),
                life_cycle_state="available",
            ),
        ),
    ),
    "existing-vpc": (_sample("existing-vpc", ExistingVpc(tags=FrozenMap({"Name": "platform"}))),),
    "existing-load-balancer": (_sample("existing-load-balancer", ExistingLoadBalancer(load_balancer_arn=_BALANCER)),),
    "existing-listener": (
        _sample("existing-listener", ExistingListener(load_balancer_arn=_BALANCER, port=80, protocol="HTTP")),
    ),
    "existing-security-group": (
        _sample("existing-security-group", ExistingSecurityGroup(load_balancer_arn=_BALANCER)),
    ),
    "existing-subnet": (
        _sample(
            "existing-subnet",
            ExistingSubnet(vpc_id="vpc-1", availability_zone="us-east-1a", tags=FrozenMap({"tier": "private"})),
        ),
    ),
    "network-interface": (
        _sample(
            "network-interface",
            NetworkInterface(
                vpc_id=Id("vpc-1"),
                subnet_id=Id("subnet-1"),
                private_ip_addresses=("10.0.0.4", "10.0.0.5"),
                public_ips=FrozenMap({"10.0.0.4": "203.0.113.1"}),
                ipv6_addresses=(),
                groups=frozenset({Id("sg-1")}),
                interface_type="interface",
                description="arn:aws:ecs:us-east-1:123456789012:attachment/0123",
                instance_owner_id="123456789012",
                requester_id="123456789012",
                status="in-use",
            ),
        ),
    ),
    "running-task": (
        _sample(
            "running-task",
            RunningTask(
                cluster=Id("shop"),
                service="shop-web",
                task_definition=Id("arn:aws:ecs:us-east-1:123456789012:task-definition/shop-web:1"),
                last_status="RUNNING",
                health_status="HEALTHY",
                network_interface_id=Id("eni-1"),
            ),
        ),
    ),
    "target-health": (
        _sample(
            "target-health",
            TargetHealth(
                target_group_arn=Id("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123"),
                targets=(Target(id="10.0.0.4", port=80, availability_zone="us-east-1a", state="healthy"),),
                failed=(Failed(at="2026-01-01 00:00:00+00:00", why="Health checks failed"),),
            ),
        ),
    ),
    "network-balancing": (
        _sample(
            "network-balancing",
            Balancing(
                of=Id("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123"),
                protocol="TCP",
                attributes=FrozenMap({"preserve_client_ip.enabled": "true"}),
            ),
        ),
    ),
    "application-balancing": (
        _sample(
            "application-balancing",
            Balancing(
                of=Id("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123"),
                protocol="HTTP",
                attributes=FrozenMap({"load_balancing.cross_zone.enabled": "use_load_balancer_configuration"}),
            ),
        ),
    ),
    "given-role": (
        _sample(
            "given-role",
            GivenRole(
                arn=Id("arn:aws:iam::123456789012:role/orders"),
                assume_role_policy_document=policy_document({"Statement": []}),
                policies=FrozenMap(),
                whole=True,
            ),
        ),
    ),
}
