"""AWS::ECS::Service on Fargate. AWS: ECS CreateService, UpdateService, DescribeServices."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.facts import LINUX_EPHEMERAL, Fact, Member, Name, Stand
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Naming, Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import EMPTY, NOT_REPORTED, UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._ecs import foreseen, services
from reconciler.resources._ownership import EcsTags, lower_tag_list, ownership, tag_map
from reconciler.resources._rollouts import causes


class AwsvpcConfiguration(Fields):
    """Where the network interfaces of the tasks stand. `assign_public_ip` is `ENABLED` or `DISABLED`."""

    subnets: frozenset[Ref | Id] = field()
    security_groups: frozenset[Ref | Id] = field()
    assign_public_ip: str = "DISABLED"


class NetworkConfiguration(Fields):
    """AWS's wrapper around the one network mode that Fargate has."""

    awsvpc_configuration: AwsvpcConfiguration = field()


class ServiceLoadBalancer(Fields):
    """A container's port that is registered in a target group."""

    target_group_arn: Ref | Id
    container_name: str
    container_port: int


class DeploymentCircuitBreaker(Fields):
    """Whether a deployment that starts no healthy tasks is given up, and rolled back."""

    enable: bool
    rollback: bool


class DeploymentConfiguration(Fields):
    """How tasks are replaced by a rolling update; percentages of the desired count."""

    deployment_circuit_breaker: DeploymentCircuitBreaker | Marker = field(default=UNSET)
    maximum_percent: int | Marker = field(default=UNSET)
    minimum_healthy_percent: int | Marker = field(default=UNSET)


class CapacityProvider(Fields):
    """The share of the tasks that run on one capacity provider."""

    weight: int
    base: int


class Service(Fields):
    """How many tasks of what run where, and behind what."""

    cluster: Ref | Id = field(immutable=True)
    launch_type: str | Marker | None = field(immutable=True, default="FARGATE")
    capacity_provider_strategy: FrozenMap[str, CapacityProvider] = field(default=EMPTY)
    task_definition: Ref | Id = field()
    desired_count: int | Marker = field()
    network_configuration: NetworkConfiguration | Marker | None = field()
    load_balancers: frozenset[ServiceLoadBalancer] = field(default=frozenset(), follows=True)
    """Tasks of one service cannot serve by an old and a new target group each in its own way, so that the new one had
    tasks before the old one lost them: a second service can."""
    deployment_configuration: DeploymentConfiguration | Marker = field(default=UNSET)
    health_check_grace_period_seconds: int | Marker | None = field(default=UNSET)
    enable_execute_command: bool = False
    platform_version: str | Marker | None = field(default="LATEST")


_MEMBERS = {
    "capacity_provider_strategy": "capacityProviderStrategy",
    "task_definition": "taskDefinition",
    "desired_count": "desiredCount",
    "network_configuration": "networkConfiguration",
    "load_balancers": "loadBalancers",
    "deployment_configuration": "deploymentConfiguration",
    "health_check_grace_period_seconds": "healthCheckGracePeriodSeconds",
    "enable_execute_command": "enableExecuteCommand",
    "platform_version": "platformVersion",
}
_AUTOSCALING = "Application Auto Scaling"
_ADDRESSES = "tasks' addresses"
"""Every deployment starts other tasks, each with a network interface of its own (ECS developer guide, "Fargate task
networking")."""


class ServiceType(EcsTags, ResourceType[Service]):
    name = "service"
    cloudformation = "AWS::ECS::Service"
    changed_by = (
        "ecs:CreateService",
        "ecs:UpdateService",
        "ecs:DeleteService",
    )
    fields = Service
    needs = ("cluster",)
    after = FrozenMap(
        {
            "listener-rules": "target-group",
            "shared-rules": "target-group",
            "listener": "target-group",
            "route-table-association": "subnet",
            "vpc-endpoint": "vpc",
            "security-group-rules": "security-group",
        }
    )
    published = FrozenMap({"tasks": _ADDRESSES})
    readdressed = FrozenMap(
        dict.fromkeys(
            (
                "task_definition",
                "network_configuration",
                "load_balancers",
                "platform_version",
                "capacity_provider_strategy",
            ),
            _ADDRESSES,
        )
    )
    naming = Naming.DIGEST
    settles = True
    waits_only_on_request = True
    absent = frozenset({"ServiceNotFoundException", "ServiceNotActiveException", "ClusterNotFoundException"})
    not_yet = (
        ("ClusterNotFoundException", ""),
        ("InvalidParameterException", "does not have an associated load balancer"),
        ("InvalidParameterException", "verify that the ECS service role being passed has the proper permissions"),
        ("InvalidParameterException", "Unable to assume the service linked role"),
        ("InvalidParameterException", "InvalidGroup.NotFound"),
        ("InvalidParameterException", "InvalidSubnetID.NotFound"),
        ("ClientException", "TaskDefinition not found"),
    )

    def ahead(self, reader: Reader, scope: Scope) -> Iterable[Callable[[], object]]:
        return (partial(foreseen, reader, scope),)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Service]]:
        found = services(reader, scope)
        if not found:
            return
        scaled = _scaled(reader)
        for service in found:
            arn = service["serviceArn"]
            state, detail = _state(service)
            cluster = service["clusterArn"].rpartition("/")[2]
            is_scaled = f"service/{cluster}/{service['serviceName']}" in scaled
            yield Observed(
                type=self.name,
                id=arn,
                fields=_read(service),
                outputs=FrozenMap({"id": arn, "arn": arn, "name": service["serviceName"]}),
                state=state,
                detail=detail,
                created=str(service.get("createdAt", "")),
                delegated=FrozenMap({"desired_count": _AUTOSCALING}) if is_scaled else EMPTY,
                in_use=service.get("runningCount", 0) > 0,
                **ownership(tag_map(service.get("tags"))),
            )

    def facts(self, name: Name, fields: Service, identity: str | None) -> Iterable[Fact]:
        configuration = fields.network_configuration
        if isinstance(configuration, Marker) or configuration is None:
            return
        awsvpc = configuration.awsvpc_configuration
        yield Stand(
            name,
            segments=awsvpc.subnets,
            filters=awsvpc.security_groups,
            kind="task",
            label=f"task/{name.address.split('/', 1)[1]}" if isinstance(name, Ref) else "",
            public=awsvpc.assign_public_ip == "ENABLED",
            runs=fields.task_definition,
            copies=fields.desired_count if isinstance(fields.desired_count, int) else None,
            ephemeral=LINUX_EPHEMERAL,
            known_as=identity.partition(":service/")[2] if identity else "",
        )
        for balancer in fields.load_balancers:
            yield Member(balancer.target_group_arn, name, balancer.container_port)

    def create(self, resource: Resource[Service], context: Context) -> Sequence[Call]:
        wanted = resource.fields
        params: dict[str, Any] = {"cluster": wanted.cluster, "serviceName": context.name}
        if isinstance(wanted.launch_type, str):
            params["launchType"] = wanted.launch_type
        for name in _MEMBERS:
            value = getattr(wanted, name)
            if _is_given(value) and value not in (frozenset(), EMPTY):
                params[_MEMBERS[name]] = _param(value)
        params["tags"] = lower_tag_list(context.tags)
        if context.token:
            params["clientToken"] = context.token
        save = {"id": "service.serviceArn", "arn": "service.serviceArn", "name": "service.serviceName"}
        return [Call("ecs", "CreateService", params, save=FrozenMap(save))]

    def succeeding(self, desired: Service, old: Observed[Service]) -> Service:
        """As many tasks as autoscaling had come to."""
        if "desired_count" in old.delegated:
            return dataclasses.replace(desired, desired_count=old.fields.desired_count)
        return desired

    def update(
        self, resource: Resource[Service], observed: Observed[Service], changed: frozenset[str], context: Context
    ) -> Sequence[Call]:
        """One request: each one may start a deployment, and a second would cancel the first.

        AWS shows no grace period without load balancers, so what it has is not known when some come. Only a new
        deployment moves tasks to other capacity; an empty strategy leads back to the launch type.
        """
        wanted = resource.fields
        if "load_balancers" in changed and wanted.load_balancers:
            changed |= {"health_check_grace_period_seconds"}
        params = {
            member: _param(getattr(wanted, name))
            for name, member in _MEMBERS.items()
            if name in changed and _is_given(getattr(wanted, name))
        }
        if "capacity_provider_strategy" in changed:
            params["forceNewDeployment"] = True
        if not params:
            return []
        target = {"cluster": observed.fields.cluster, "service": observed.id}
        return [Call("ecs", "UpdateService", {**target, **params})]

    def delete(self, observed: Observed[Service], context: Context) -> Sequence[Call]:
        params = {"cluster": observed.fields.cluster, "service": observed.id, "force": True}
        return [Call("ecs", "DeleteService", params)]

    def causes(self, reader: Reader, observed: Observed[Service]) -> Sequence[str]:
        """The first task that the failed deployment lost, and what the service said of it."""
        return causes(reader, str(observed.fields.cluster), observed.id)


def _scaled(reader: Reader) -> set[str]:
    """The services whose desired count belongs to Application Auto Scaling, as `service/CLUSTER/NAME`."""
    targets = reader.pages(
        "application-autoscaling", "DescribeScalableTargets", "ScalableTargets", ServiceNamespace="ecs"
    )
    return {t["ResourceId"] for t in targets if t["ScalableDimension"] == "ecs:service:DesiredCount"}


def _read(service: Mapping[str, Any]) -> Service:
    balancers = frozenset(
        ServiceLoadBalancer(
            target_group_arn=Id(one["targetGroupArn"]),
            container_name=one["containerName"],
            container_port=one["containerPort"],
        )
        for one in service.get("loadBalancers") or ()
        if "targetGroupArn" in one
    )
    return Service(
        cluster=Id(service["clusterArn"]),
        launch_type=service.get("launchType") or (NOT_REPORTED if service.get("capacityProviderStrategy") else None),
        capacity_provider_strategy=FrozenMap(
            (one["capacityProvider"], CapacityProvider(weight=one.get("weight", 0), base=one.get("base", 0)))
            for one in service.get("capacityProviderStrategy") or ()
        ),
        task_definition=Id(service["taskDefinition"]),
        desired_count=service["desiredCount"],
        network_configuration=_read_network(service.get("networkConfiguration")),
        load_balancers=balancers,
        deployment_configuration=_read_deployment(service.get("deploymentConfiguration")),
        health_check_grace_period_seconds=service.get("healthCheckGracePeriodSeconds", NOT_REPORTED),
        enable_execute_command=service.get("enableExecuteCommand", False),
        platform_version=service.get("platformVersion", NOT_REPORTED),
    )


def _read_network(answer: Mapping[str, Any] | None) -> NetworkConfiguration | None:
    config = (answer or {}).get("awsvpcConfiguration")
    if not config:
        return None
    return NetworkConfiguration(
        awsvpc_configuration=AwsvpcConfiguration(
            subnets=frozenset(map(Id, config["subnets"])),
            security_groups=frozenset(map(Id, config.get("securityGroups") or ())),
            assign_public_ip=config.get("assignPublicIp") or "DISABLED",
        )
    )


def _read_deployment(answer: Mapping[str, Any] | None) -> DeploymentConfiguration | Marker:
    if not answer:
        return NOT_REPORTED
    breaker = answer.get("deploymentCircuitBreaker") or {"enable": False, "rollback": False}
    return DeploymentConfiguration(
        deployment_circuit_breaker=DeploymentCircuitBreaker(enable=breaker["enable"], rollback=breaker["rollback"]),
        maximum_percent=answer.get("maximumPercent", NOT_REPORTED),
        minimum_healthy_percent=answer.get("minimumHealthyPercent", NOT_REPORTED),
    )


def _is_given(value: Any) -> bool:
    return value is not None and not isinstance(value, Marker)


def _param(value: Any) -> Any:
    """A value as ECS takes it."""
    match value:
        case NetworkConfiguration():
            config = value.awsvpc_configuration
            return {
                "awsvpcConfiguration": {
                    "subnets": sorted(config.subnets, key=str),
                    "securityGroups": sorted(config.security_groups, key=str),
                    "assignPublicIp": config.assign_public_ip,
                }
            }
        case DeploymentConfiguration():
            return _deployment_params(value)
        case FrozenMap():
            return [
                {"capacityProvider": name, "weight": share.weight, "base": share.base}
                for name, share in sorted(value.items())
            ]
        case frozenset():
            return [
                {
                    "targetGroupArn": one.target_group_arn,
                    "containerName": one.container_name,
                    "containerPort": one.container_port,
                }
                for one in sorted(value, key=lambda one: (str(one.target_group_arn), one.container_name))
            ]
        case _:
            return value


def _deployment_params(config: DeploymentConfiguration) -> dict[str, Any]:
    params: dict[str, Any] = {}
    breaker = config.deployment_circuit_breaker
    if isinstance(breaker, DeploymentCircuitBreaker):
        params["deploymentCircuitBreaker"] = {"enable": breaker.enable, "rollback": breaker.rollback}
    if not isinstance(config.maximum_percent, Marker):
        params["maximumPercent"] = config.maximum_percent
    if not isinstance(config.minimum_healthy_percent, Marker):
        params["minimumHealthyPercent"] = config.minimum_healthy_percent
    return params


_ROLLING_BACK = "rolling back"


def _state(service: Mapping[str, Any]) -> tuple[State, str]:
    """Whether the last deployment is through, and what AWS says where it is not.

    ECS API reference, Deployment: one PRIMARY that is COMPLETED with all its tasks running is settled. A deployment
    that was rolled back is a failure even when the older one runs well again, unless that is what is wanted.
    """
    if service["status"] == "DRAINING":
        return State.DELETING, f"draining, {service.get('runningCount', 0)} tasks still running"
    deployments = service.get("deployments") or ()
    primary = next((d for d in deployments if d.get("status") == "PRIMARY"), None)
    if primary is None:
        return State.PENDING, _latest_event(service)
    rolled_out = primary.get("rolloutState", "COMPLETED") == "COMPLETED" and len(deployments) == 1
    counts = [service.get(name, 0) for name in ("runningCount", "pendingCount", "desiredCount")]
    settled = rolled_out and counts[0] == counts[2] and counts[1] == 0
    failure = _failure(service, deployments, primary)
    if failure is not None:
        return State.REVERTED if settled else State.FAILED, failure
    if settled:
        return State.READY, ""
    progress = f"{counts[0]} of {counts[2]} tasks running"
    said = primary.get("rolloutStateReason") or _latest_event(service)
    return State.PENDING, f"{progress}; {said}" if said else progress


def _failure(
    service: Mapping[str, Any], deployments: Sequence[Mapping[str, Any]], primary: Mapping[str, Any]
) -> str | None:
    """AWS's words on why the last deployment was given up; `None` where it was not."""
    failed = [d for d in deployments if d.get("rolloutState") == "FAILED"]
    reasons = [d["rolloutStateReason"] for d in failed if d.get("rolloutStateReason")]
    said = [e["message"] for e in service.get("events") or () if "deployment failed" in e.get("message", "")]
    given_up = next(iter([*reasons, *said]), "the deployment was rolled back")
    if primary in failed or _ROLLING_BACK in primary.get("rolloutStateReason", ""):
        return given_up
    began = primary.get("createdAt")
    if began is not None and any(d["createdAt"] > began for d in failed if d.get("createdAt")):
        return given_up
    for event in service.get("events") or ():
        message = event.get("message", "")
        if _ROLLING_BACK in message and (_names(message, primary) or _is_after(event, began)):
            return given_up
    return None


def _names(message: str, deployment: Mapping[str, Any]) -> bool:
    identity = deployment.get("id")
    return bool(identity) and str(identity) in message


def _is_after(event: Mapping[str, Any], began: Any) -> bool:
    return began is not None and event.get("createdAt") is not None and event["createdAt"] >= began


def _latest_event(service: Mapping[str, Any]) -> str:
    events = service.get("events") or ()
    return str(events[0].get("message", "")) if events else ""


TYPE = ServiceType()
