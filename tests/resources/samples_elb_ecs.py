"""Samples of load balancing, ECS, IAM and Logs: a service behind a load balancer, in the network of EC2's samples."""

from __future__ import annotations

import dataclasses
from typing import Any

from type_sample import Sample

from reconciler.model.fields import Fields
from reconciler.model.resource import Resource
from reconciler.model.values import UNSET, FrozenMap, Ref, Template
from reconciler.resources._actions import Action, FixedResponse, Redirect, forward_to
from reconciler.resources._conditions import conditions_of
from reconciler.resources._containers import Container, LogConfiguration, PortMapping
from reconciler.resources._listener_rules import ListenerRule
from reconciler.resources._policy import policy_document
from reconciler.resources.cluster import Cluster
from reconciler.resources.listener import Listener
from reconciler.resources.listener_rules import ListenerRules
from reconciler.resources.load_balancer import LoadBalancer
from reconciler.resources.log_group import LogGroup
from reconciler.resources.role import Policy, Role
from reconciler.resources.scalable_target import ScalableTarget, TargetTracking
from reconciler.resources.service import (
    AwsvpcConfiguration,
    CapacityProvider,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    NetworkConfiguration,
    Service,
    ServiceLoadBalancer,
)
from reconciler.resources.shared_rules import SharedRules
from reconciler.resources.subnet import Subnet
from reconciler.resources.target_group import Matcher, TargetGroup
from reconciler.resources.task_definition import TaskDefinition

VPC = Ref("vpc/main")
SUBNETS = frozenset({Ref("subnet/main/public/us-east-1a"), Ref("subnet/main/private/us-east-1a")})
WEB_GROUP, BALANCER_GROUP = Ref("security-group/task/web"), Ref("security-group/load-balancer/public")
BALANCER, NETWORK_BALANCER = Ref("load-balancer/public"), Ref("load-balancer/stream")
LISTENER = Ref("listener/public/http")
TARGETS, CANARY = Ref("target-group/public/web/http"), Ref("target-group/public/canary/http")
STREAM, DATAGRAMS = Ref("target-group/stream/web/stream"), Ref("target-group/stream/web/datagrams")
LOGS = Ref("log-group/web")
EXECUTION = Ref("role/web/execution", "arn")
DEFINITION, NEXT_DEFINITION = Ref("task-definition/web"), Ref("task-definition/web-next")

NOT_FOUND = FixedResponse(status_code="404", content_type="text/plain", message_body="no such shop")
TO_WEB = forward_to({TARGETS: 1})
_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_CERTIFICATE = "arn:aws:iam::123456789012:server-certificate/{}"


def _resource(address: str, fields: Fields, type_name: str = "") -> Resource[Any]:
    return Resource(address, type_name or address.split("/", 1)[0], fields, "Task/web")


def _balancer(**changes: Any) -> LoadBalancer:
    fields: dict[str, Any] = {
        "vpc_id": VPC,
        "type": "application",
        "scheme": "internet-facing",
        "subnets": SUBNETS,
        "security_groups": frozenset({BALANCER_GROUP}),
        "attributes": FrozenMap(),
    }
    return LoadBalancer(**fields | changes)


def _targets(**changes: Any) -> TargetGroup:
    fields: dict[str, Any] = {
        "vpc_id": VPC,
        "protocol": "HTTP",
        "port": 80,
        "target_type": "ip",
        "health_check_protocol": "HTTP",
        "health_check_port": "traffic-port",
        "health_check_path": "/healthz",
        "health_check_interval_seconds": 30,
        "health_check_timeout_seconds": 5,
        "healthy_threshold_count": 5,
        "unhealthy_threshold_count": 2,
        "matcher": Matcher(http_code="200"),
        "attributes": FrozenMap(),
    }
    return TargetGroup(**fields | changes)


def _listener(*actions: Action, port: int = 80) -> Listener:
    return Listener(load_balancer_arn=BALANCER, port=port, protocol="HTTP", default_actions=actions)


def _secure(**changes: Any) -> Listener:
    fields: dict[str, Any] = {
        "load_balancer_arn": BALANCER,
        "port": 443,
        "protocol": "HTTPS",
        "default_actions": (NOT_FOUND,),
        "certificate_arn": _CERTIFICATE.format("shop"),
        "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    }
    return Listener(**fields | changes)


def _stream(**changes: Any) -> Listener:
    fields: dict[str, Any] = {
        "load_balancer_arn": NETWORK_BALANCER,
        "port": 5000,
        "protocol": "TCP",
        "default_actions": (forward_to({STREAM: 1}),),
    }
    return Listener(**fields | changes)


def _rule(priority: int, conditions: dict[str, tuple[str, ...]], action: Action = TO_WEB) -> ListenerRule:
    return ListenerRule(
        priority=priority, conditions=conditions_of(conditions.items()), actions=(action,), rule_arn="arn-of-the-rule"
    )


def _rules(**rules: ListenerRule) -> ListenerRules:
    return ListenerRules(listener_arn=LISTENER, rules=FrozenMap(rules))


def _in_theirs(**rules: ListenerRule) -> SharedRules:
    return SharedRules(listener_arn=Ref("listener/theirs/http"), rules=FrozenMap(rules), first_priority=2000)


_FORBIDDEN = FixedResponse(status_code="403", content_type="text/plain")
_API = _rule(1, {"path-pattern": ("/api/*",)})
_ADMIN = _rule(2, {"path-pattern": ("/admin/*",)}, _FORBIDDEN)
_MOVED = _rule(
    1,
    {"path-pattern": ("/api/*",)},
    Redirect(status_code="HTTP_302", protocol="HTTPS", host="new.shop", port="443", path="/v2", query="from=old"),
)
_STICKY = _rule(3, {"host-header": ("shop.example.com",)}, forward_to({TARGETS: 9, CANARY: 1}, stickiness=60))
_SHARED = _rule(3, {"host-header": ("shop.example.com",)}, forward_to({TARGETS: 9, CANARY: 1}))
_TEAM = _rule(1, {"http-header X-Team": ("Blue",), "query-string": ("Debug=On", "=all"), "source-ip": ("10.0.0.0/8",)})


def _service(**changes: Any) -> Service:
    fields: dict[str, Any] = {
        "cluster": Ref("cluster/main"),
        "task_definition": DEFINITION,
        "desired_count": 2,
        "network_configuration": _placed("ENABLED", WEB_GROUP),
        "load_balancers": frozenset({_registered(TARGETS)}),
        "deployment_configuration": _deployed(200, rollback=True),
        "health_check_grace_period_seconds": 60,
    }
    return Service(**fields | changes)


def _on(**shares: tuple[int, int]) -> Service:
    """A service on capacity providers, by weight and base."""
    strategy = {name: CapacityProvider(weight=weight, base=base) for name, (weight, base) in shares.items()}
    return _service(
        load_balancers=frozenset(),
        health_check_grace_period_seconds=UNSET,
        launch_type=UNSET,
        capacity_provider_strategy=FrozenMap(strategy),
    )


def _tracking(aim: float) -> TargetTracking:
    return TargetTracking(
        predefined_metric_type="ECSServiceAverageCPUUtilization",
        target_value=aim,
        scale_in_cooldown=60,
        scale_out_cooldown=30,
    )


_MEMORY = TargetTracking(predefined_metric_type="ECSServiceAverageMemoryUtilization", target_value=70.0)


def _scaled(**changes: Any) -> ScalableTarget:
    fields: dict[str, Any] = {
        "cluster": Ref("cluster/main"),
        "service": Ref("service/scaled"),
        "min_capacity": 1,
        "max_capacity": 4,
        "policies": FrozenMap({"cpu": _tracking(60.0)}),
        "resource_id": "service/main/scaled",
    }
    return ScalableTarget(**fields | changes)


def _placed(public: str, *groups: Ref) -> NetworkConfiguration:
    placement = AwsvpcConfiguration(subnets=SUBNETS, security_groups=frozenset(groups), assign_public_ip=public)
    return NetworkConfiguration(awsvpc_configuration=placement)


def _registered(targets: Ref) -> ServiceLoadBalancer:
    return ServiceLoadBalancer(target_group_arn=targets, container_name="app", container_port=80)


def _deployed(maximum: int, minimum: int = 100, *, enable: bool = True, rollback: bool) -> DeploymentConfiguration:
    return DeploymentConfiguration(
        deployment_circuit_breaker=DeploymentCircuitBreaker(enable=enable, rollback=rollback),
        maximum_percent=maximum,
        minimum_healthy_percent=minimum,
    )


def _definition(image: str) -> TaskDefinition:
    app = Container(
        image=image,
        command=("serve", "--port", "80"),
        entry_point=("/bin/sh", "-c"),
        environment=FrozenMap({"SHOP": Template(("http://", Ref(BALANCER.address, "dnsName"), "/")), "MODE": "fast"}),
        port_mappings=frozenset({PortMapping(container_port=80, name="http"), PortMapping(container_port=5000)}),
        depends_on=FrozenMap({"cache": "START"}),
        log_configuration=LogConfiguration(
            log_driver="awslogs",
            options=FrozenMap({"awslogs-group": LOGS, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}),
        ),
    )
    return TaskDefinition(
        cpu=256,
        memory=512,
        execution_role_arn=EXECUTION,
        container_definitions=FrozenMap({"app": app, "cache": Container(image="redis:7", essential=False)}),
    )


_TRUST = policy_document(
    {"Statement": {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}}
)
_TIMED_TRUST = policy_document(
    {
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"DateLessThan": {"aws:CurrentTime": "2031-01-01T00:00:00Z"}},
        }
    }
)
_WRITES_LOGS = policy_document(
    {
        "Statement": {
            "Effect": "Allow",
            "Action": ["logs:PutLogEvents", "logs:CreateLogStream"],
            "Resource": Template((Ref(LOGS.address, "arn"), ":*")),
        }
    }
)
_PULLS = policy_document({"Statement": {"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"}})


def _role(**changes: Any) -> Role:
    fields: dict[str, Any] = {
        "assume_role_policy_document": _TRUST,
        "policies": FrozenMap({"logs": Policy(policy_document=_WRITES_LOGS)}),
        "managed_policy_arns": frozenset[str](),
    }
    return Role(**fields | changes)


NETWORK = (
    Resource(
        "subnet/main/public/us-east-1c",
        "subnet",
        Subnet(vpc_id=VPC, cidr_block="10.0.2.0/24", availability_zone="us-east-1c"),
        "Network/main",
    ),
)
"""What the samples refer to beside the network of EC2's samples."""

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "load-balancer": (
        Sample(
            _resource(BALANCER.address, _balancer()),
            others=(
                _balancer(subnets=SUBNETS | {Ref("subnet/main/public/us-east-1c")}),
                _balancer(security_groups=frozenset({WEB_GROUP})),
                _balancer(attributes=FrozenMap({"idle_timeout.timeout_seconds": "120"})),
            ),
        ),
        Sample(_resource(NETWORK_BALANCER.address, _balancer(type="network", scheme="internal"))),
    ),
    "target-group": (
        Sample(
            _resource(TARGETS.address, _targets()),
            others=(
                _targets(health_check_protocol="HTTPS", health_check_port="8443", health_check_path="/"),
                _targets(health_check_interval_seconds=10, health_check_timeout_seconds=3),
                _targets(healthy_threshold_count=2, unhealthy_threshold_count=3),
                _targets(matcher=Matcher(http_code="200-399")),
                _targets(attributes=FrozenMap({"deregistration_delay.timeout_seconds": "30"})),
            ),
        ),
        Sample(_resource(CANARY.address, _targets())),
        Sample(
            _resource(STREAM.address, TargetGroup(vpc_id=VPC, protocol="TCP", port=5000, target_type="ip")),
        ),
        Sample(
            _resource(DATAGRAMS.address, TargetGroup(vpc_id=VPC, protocol="UDP", port=5000, target_type="ip")),
        ),
    ),
    "listener": (
        Sample(
            _resource(LISTENER.address, _listener(NOT_FOUND)),
            others=(
                _listener(NOT_FOUND, port=8080),
                _listener(TO_WEB),
                _listener(Redirect(status_code="HTTP_301", port="8443", path="/moved")),
                _listener(forward_to({TARGETS: 3, CANARY: 1}, stickiness=600)),
            ),
        ),
        Sample(
            _resource("listener/public/https", _secure()),
            others=(
                _secure(certificate_arn=_CERTIFICATE.format("other")),
                _secure(other_certificate_arns=frozenset({_CERTIFICATE.format("third")})),
                _secure(ssl_policy="ELBSecurityPolicy-TLS13-1-3-2021-06"),
            ),
        ),
        Sample(
            _resource("listener/stream/stream", _stream()),
            others=(_stream(port=5001), _stream(protocol="UDP", default_actions=(forward_to({DATAGRAMS: 1}),))),
        ),
    ),
    "listener-rules": (
        Sample(
            _resource(f"{LISTENER.address}/rules", _rules(api=_API, admin=_ADMIN, shared=_SHARED), "listener-rules"),
            others=(
                _rules(
                    api=dataclasses.replace(_API, priority=2),
                    admin=dataclasses.replace(_ADMIN, priority=1),
                    shared=_SHARED,
                ),
                _rules(api=_rule(1, {"path-pattern": ("/api/*", "/v2/*")}), admin=_ADMIN, shared=_SHARED),
                _rules(
                    team=_TEAM,
                    api=_rule(2, {"path-pattern": ("/api/*",), "http-request-method": ("GET",)}),
                    shared=_SHARED,
                ),
                _rules(api=_MOVED, shared=_STICKY),
                _rules(),
            ),
        ),
    ),
    "shared-rules": (
        Sample(
            _resource("listener/theirs/http/rules", _in_theirs(api=_API, admin=_ADMIN), "shared-rules"),
            others=(_in_theirs(api=_MOVED, admin=_ADMIN), _in_theirs(api=_API), _in_theirs()),
        ),
    ),
    "cluster": (
        Sample(
            _resource("cluster/main", Cluster(capacity_providers=frozenset({"FARGATE", "FARGATE_SPOT"}))),
            others=(Cluster(capacity_providers=frozenset({"FARGATE"})),),
        ),
    ),
    "log-group": (
        Sample(
            _resource(LOGS.address, LogGroup(retention_in_days=30)),
            others=(
                LogGroup(retention_in_days=7),
                LogGroup(retention_in_days=None),
                LogGroup(retention_in_days=30, kms_key_id=_KEY),
            ),
        ),
    ),
    "role": (
        Sample(
            _resource(EXECUTION.address, _role()),
            others=(
                _role(assume_role_policy_document=_TIMED_TRUST),
                _role(policies=FrozenMap({"images": Policy(policy_document=_PULLS)})),
                _role(policies=FrozenMap({"logs": Policy(policy_document=_PULLS)})),
                _role(managed_policy_arns=frozenset({"arn:aws:iam::aws:policy/ReadOnlyAccess"})),
            ),
        ),
    ),
    "task-definition": (
        Sample(_resource(DEFINITION.address, _definition("nginx:1.27"))),
        Sample(_resource(NEXT_DEFINITION.address, _definition("nginx:1.28"))),
    ),
    "scalable-target": (
        Sample(
            _resource("scalable-target/scaled", _scaled()),
            others=(
                _scaled(min_capacity=2),
                _scaled(max_capacity=8),
                _scaled(policies=FrozenMap({"cpu": _tracking(40.0), "memory": _MEMORY})),
                _scaled(policies=FrozenMap({"cpu": dataclasses.replace(_MEMORY, disable_scale_in=True)})),
            ),
            outputs={"id": "arn-of-the-target", "arn": "arn-of-the-target"},
        ),
    ),
    "service": (
        Sample(_resource("service/scaled", _on(FARGATE=(1, 0))), others=(_on(FARGATE=(1, 1), FARGATE_SPOT=(3, 0)),)),
        Sample(
            _resource("service/web", _service()),
            others=(
                _service(task_definition=NEXT_DEFINITION),
                _service(desired_count=3),
                _service(network_configuration=_placed("DISABLED", WEB_GROUP, BALANCER_GROUP)),
                _service(load_balancers=frozenset({_registered(TARGETS), _registered(CANARY)})),
                _service(load_balancers=frozenset(), health_check_grace_period_seconds=0),
                _service(deployment_configuration=_deployed(150, 50, enable=False, rollback=False)),
                _service(health_check_grace_period_seconds=0),
                _service(enable_execute_command=True, platform_version="1.4.0"),
            ),
        ),
    ),
}
