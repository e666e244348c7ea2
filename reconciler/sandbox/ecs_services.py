"""Services: what CreateService and UpdateService refuse, keep and fill in, and how long a deleted one is seen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ecs.exceptions import EcsClientException, ECSException, InvalidParameterException
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.elbv2.models import elbv2_backends

from .ecs_pages import find_cluster, page
from .ecs_records import Fields, Service
from .ecs_scheduler import DEPLOYED_SETTINGS, begin_deployment, deploy, new_deployment, wake
from .patch import Installer, Patch, patch

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_LONGEST_TOKEN: Final = 36
_MOST_DESCRIBED: Final = 10
_DEFAULT_PAGE: Final = 10
_MOST_SUBNETS, _MOST_GROUPS = 16, 5
_MOST_TARGET_GROUPS: Final = 5
_FARGATE_PROVIDERS: Final = ("FARGATE", "FARGATE_SPOT")
_DEPLOYMENT: Final = {
    "strategy": "ROLLING",
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "bakeTimeInMinutes": 0,
}
_NO_BREAKER: Final = {"enable": False, "rollback": False}
_CHANGEABLE: Final = (
    *DEPLOYED_SETTINGS,
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "availabilityZoneRebalancing",
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
)


def find_definition(backend: Any, name: str) -> Any:
    """An ACTIVE task definition. Raises ClientException where there is none, or it was deregistered."""
    try:
        definition = backend.describe_task_definition(name)
    except ECSException:
        raise EcsClientException("TaskDefinition not found.") from None
    if definition.status != "ACTIVE":
        raise EcsClientException("TaskDefinition is inactive")
    return definition


def fill_network(backend: Any, definition: Any, asked: Mapping[str, Any] | None) -> Fields | None:
    """A network configuration with AWS's defaults. Raises InvalidParameterException for one that cannot be."""
    if definition.network_mode != "awsvpc":
        return None
    if not asked or not asked.get("awsvpcConfiguration"):
        raise InvalidParameterException(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    given = asked["awsvpcConfiguration"]
    filled = {"subnets": [], "securityGroups": [], "assignPublicIp": "DISABLED"} | given
    _check_network(backend, filled)
    return {"awsvpcConfiguration": filled}


def _check_network(backend: Any, network: Fields) -> None:
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    if not 1 <= len(network["subnets"]) <= _MOST_SUBNETS:
        raise InvalidParameterException(f"Between 1 and {_MOST_SUBNETS} subnets must be specified.")
    if len(network["securityGroups"]) > _MOST_GROUPS:
        raise InvalidParameterException(f"At most {_MOST_GROUPS} security groups can be specified.")
    vpcs = set()
    for subnet_id in network["subnets"]:
        try:
            vpcs.add(ec2.get_subnet(subnet_id).vpc_id)
        except EC2ClientError as error:
            raise InvalidParameterException(
                f"Error retrieving subnet information for [{subnet_id}]: {error.message} (ErrorCode: {error.code})"
            ) from None
    if len(vpcs) > 1:
        raise InvalidParameterException("All subnets must be in the same VPC.")
    for group_id in network["securityGroups"]:
        group = ec2.get_security_group_from_id(group_id)
        if group is None:
            raise InvalidParameterException(
                f"Error retrieving security group information for [{group_id}]: The security group '{group_id}' does "
                "not exist (ErrorCode: InvalidGroup.NotFound)"
            )
        if group.vpc_id not in vpcs:
            raise InvalidParameterException(f"The security group '{group_id}' is not in the VPC of the subnets.")


def _check_load_balancers(backend: Any, definition: Any, entries: Sequence[Fields]) -> None:
    """Source: ECS API, CreateService, `loadBalancers`; ECS guide, "Service load balancing considerations"."""
    if len(entries) > _MOST_TARGET_GROUPS:
        raise InvalidParameterException(f"A service can have at most {_MOST_TARGET_GROUPS} target groups.")
    containers = {container["name"]: container for container in definition.container_definitions}
    groups = elbv2_backends[backend.account_id][backend.region_name].target_groups
    for entry in entries:
        name, port, arn = entry.get("containerName"), entry.get("containerPort"), entry.get("targetGroupArn")
        if name not in containers:
            raise InvalidParameterException(f"The container {name} does not exist in the task definition.")
        if port not in {mapping.get("containerPort") for mapping in containers[name]["portMappings"]}:
            raise InvalidParameterException(f"The container {name} did not have a container port {port} defined.")
        group = groups.get(str(arn))
        if group is None:
            raise InvalidParameterException(f"The target group with targetGroupArn {arn} does not exist.")
        if group.target_type != "ip" and definition.network_mode == "awsvpc":
            raise InvalidParameterException(
                f"The provided target group {arn} has target type {group.target_type}, which is incompatible with the "
                "awsvpc network mode specified in the task definition."
            )
        if not group.load_balancer_arns:
            raise InvalidParameterException(
                f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            )


def fill_launch(cluster: Any, definition: Any, asked: Mapping[str, Any]) -> Fields:
    """Launch type or capacity provider strategy, one of them. Raises InvalidParameterException."""
    launch, strategy = asked.get("launchType"), asked.get("capacityProviderStrategy")
    if launch and strategy:
        raise InvalidParameterException("Specify either Launch Type or Capacity Provider Strategy, but not both.")
    if launch is None:
        strategy = strategy or cluster.default_capacity_provider_strategy
    if strategy:
        known = cluster.capacity_providers or []
        for entry in strategy:
            provider = entry["capacityProvider"]
            if provider not in known:
                raise InvalidParameterException(f"The specified capacity provider '{provider}' was not found.")
        filled = [{"weight": 0, "base": 0} | entry for entry in strategy]
        fargate = strategy[0]["capacityProvider"] in _FARGATE_PROVIDERS
        settings: Fields = {"capacityProviderStrategy": filled}
    else:
        fargate = launch == "FARGATE"
        settings = {"launchType": launch or "EC2"}
    if fargate:
        if "FARGATE" not in definition.compatibilities:
            raise InvalidParameterException("Task definition does not support launch_type FARGATE.")
        settings["platformVersion"] = asked.get("platformVersion") or "LATEST"
    return settings


def _fill_deployment(asked: Mapping[str, Any] | None, before: Mapping[str, Any] | None = None) -> Fields:
    filled = {**_DEPLOYMENT, "deploymentCircuitBreaker": _NO_BREAKER, **(before or {}), **(asked or {})}
    for name in ("maximumPercent", "minimumHealthyPercent"):
        if filled[name] < 0:
            raise InvalidParameterException(f"{name} must not be negative.")
    if filled["maximumPercent"] < filled["minimumHealthyPercent"] or filled["maximumPercent"] == 0:
        raise InvalidParameterException("maximumPercent must be greater than 0 and at least minimumHealthyPercent.")
    filled["deploymentCircuitBreaker"] = _NO_BREAKER | dict(filled["deploymentCircuitBreaker"])
    return filled


def _check_grace(asked: Mapping[str, Any], load_balancers: Sequence[Fields]) -> None:
    grace = asked.get("healthCheckGracePeriodSeconds")
    if grace and not load_balancers:
        raise InvalidParameterException(
            "Health check grace period is only valid for services configured to use load balancers"
        )
    if grace is not None and not 0 <= grace <= 2**31 - 1:
        raise InvalidParameterException("healthCheckGracePeriodSeconds is out of range.")


def _fill_create(backend: Any, cluster: Any, definition: Any, asked: Mapping[str, Any]) -> Fields:
    """All settings of a new service. Source: ECS API, CreateService, and the Service data type."""
    balancers = list(asked.get("loadBalancers") or [])
    _check_load_balancers(backend, definition, balancers)
    _check_grace(asked, balancers)
    deployment = _fill_deployment(asked.get("deploymentConfiguration"))
    rebalancing = asked.get("availabilityZoneRebalancing")
    if rebalancing == "ENABLED" and deployment["maximumPercent"] <= 100:
        raise InvalidParameterException("Availability Zone rebalancing needs a maximumPercent greater than 100.")
    launch = fill_launch(cluster, definition, asked)
    if launch.get("launchType") != "EC2" and (asked.get("placementConstraints") or asked.get("placementStrategy")):
        raise InvalidParameterException("Placement constraints and strategies are not supported with FARGATE.")
    settings = {
        **launch,
        "schedulingStrategy": asked.get("schedulingStrategy") or "REPLICA",
        "deploymentController": asked.get("deploymentController") or {"type": "ECS"},
        "deploymentConfiguration": deployment,
        "loadBalancers": balancers,
        "serviceRegistries": list(asked.get("serviceRegistries") or []),
        "placementConstraints": list(asked.get("placementConstraints") or []),
        "placementStrategy": list(asked.get("placementStrategy") or []),
        "networkConfiguration": fill_network(backend, definition, asked.get("networkConfiguration")),
        "healthCheckGracePeriodSeconds": asked.get("healthCheckGracePeriodSeconds") or 0,
        "enableECSManagedTags": bool(asked.get("enableECSManagedTags")),
        "enableExecuteCommand": bool(asked.get("enableExecuteCommand")),
        "propagateTags": asked.get("propagateTags") or "NONE",
        "availabilityZoneRebalancing": rebalancing or ("ENABLED" if deployment["maximumPercent"] > 100 else "DISABLED"),
        "serviceConnectConfiguration": asked.get("serviceConnectConfiguration"),
        "volumeConfigurations": asked.get("volumeConfigurations"),
    }
    return {name: value for name, value in settings.items() if value is not None}


def _existing(backend: Any, cluster: Any, asked: Mapping[str, Any]) -> Service | None:
    """A service that this CreateService is a repetition of. Raises where its name is taken otherwise."""
    existing: Service | None = backend.services.get(f"{cluster.name}:{asked['serviceName']}")
    if existing is None or existing.status == "INACTIVE":
        return None
    if existing.status == "DRAINING":
        raise InvalidParameterException("Unable to Start a service that is still Draining.")
    if asked.get("clientToken") and existing.request == asked:
        return existing
    raise InvalidParameterException("Creation of service was not idempotent.")


def _find_service(backend: Any, cluster: Any, name: str) -> Service:
    found: Service | None = backend.services.get(f"{cluster.name}:{name.rpartition('/')[2]}")
    if found is None or found.status == "INACTIVE":
        raise ECSException("ServiceNotFoundException", "Service not found.")
    return found


def set_desired_count(service: Service, count: int) -> None:
    """Scale a service."""
    if count != service.desired_count:
        service.desired_count, service.steady = count, False
        wake(service)


def _sorted(value: Any) -> Any:
    """A value that compares equal whatever the order of its lists."""
    if isinstance(value, Mapping):
        return sorted((name, _sorted(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return sorted((_sorted(inner) for inner in value), key=repr)
    return value


@patch("ecs-create-service", "Amazon ECS API: CreateService")
def _create(into: Installer) -> None:
    @into.replace_method(EC2ContainerServiceResponse, "create_service")
    def create(response: Any) -> ActionResult:
        backend, asked = response.ecs_backend, dict(response._get_params())
        cluster = find_cluster(backend, asked.get("cluster"))
        name, count = asked["serviceName"], asked.get("desiredCount")
        if not _NAME.fullmatch(name):
            raise InvalidParameterException("Service name contains invalid characters.")
        if len(asked.get("clientToken") or "") > _LONGEST_TOKEN:
            raise InvalidParameterException(f"clientToken must be at most {_LONGEST_TOKEN} characters long.")
        existing = _existing(backend, cluster, asked)
        if existing is not None:
            return ActionResult({"service": existing.show(tags=True)})
        if count is None or count < 0:
            raise InvalidParameterException("desiredCount must be specified and must not be negative.")
        definition = find_definition(backend, asked["taskDefinition"])
        settings = _fill_create(backend, cluster, definition, asked)
        account = f"arn:{backend.partition}:iam::{backend.account_id}"
        linked = f"{account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
        prefix = f"arn:{backend.partition}:ecs:{backend.region_name}:{backend.account_id}"
        service = Service(
            backend=backend,
            cluster=cluster,
            name=name,
            arn=f"{prefix}:service/{cluster.name}/{name}",
            desired_count=count,
            settings=settings,
            deployments=[new_deployment(definition, settings)],
            tags=list(asked.get("tags") or []),
            request=asked,
            role_arn=linked if settings["loadBalancers"] else None,
        )
        backend.services[f"{cluster.name}:{name}"] = service
        begin_deployment(service)
        return ActionResult({"service": service.show(tags=True)})


@patch("ecs-update-service", "Amazon ECS API: UpdateService")
def _update(into: Installer) -> None:
    @into.replace_method(EC2ContainerServiceResponse, "update_service")
    def update(response: Any) -> ActionResult:
        backend, asked = response.ecs_backend, dict(response._get_params())
        cluster = find_cluster(backend, asked.get("cluster"))
        service = _find_service(backend, cluster, asked["service"])
        if service.status != "ACTIVE":
            raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
        definition = service.primary.definition
        if asked.get("taskDefinition"):
            definition = find_definition(backend, asked["taskDefinition"])
        settings = _fill_update(backend, service, definition, asked)
        count = asked.get("desiredCount")
        if count is not None and count < 0:
            raise InvalidParameterException("desiredCount must not be negative.")
        renewed = definition is not service.primary.definition or any(
            _sorted(settings.get(name)) != _sorted(service.settings.get(name)) for name in DEPLOYED_SETTINGS
        )
        service.settings = settings
        if settings["loadBalancers"] and service.role_arn is None:
            account = f"arn:{backend.partition}:iam::{backend.account_id}"
            service.role_arn = f"{account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
        if count is not None:
            set_desired_count(service, count)
        if renewed or asked.get("forceNewDeployment"):
            deploy(service, definition)
        return ActionResult({"service": service.show(tags=True)})


def _fill_update(backend: Any, service: Service, definition: Any, asked: Mapping[str, Any]) -> Fields:
    """The settings of a service after an update: what was left out stays. Raises what UpdateService raises."""
    settings = service.settings | {name: asked[name] for name in _CHANGEABLE if asked.get(name) is not None}
    settings["deploymentConfiguration"] = _fill_deployment(
        asked.get("deploymentConfiguration"), service.settings["deploymentConfiguration"]
    )
    if asked.get("networkConfiguration") is not None or definition.network_mode == "awsvpc":
        settings["networkConfiguration"] = fill_network(backend, definition, settings.get("networkConfiguration"))
    if asked.get("loadBalancers") is not None or asked.get("taskDefinition"):
        _check_load_balancers(backend, definition, settings["loadBalancers"])
    _check_grace(asked, settings["loadBalancers"])
    if asked.get("capacityProviderStrategy"):
        settings.pop("launchType", None)
        asked = {"platformVersion": settings.get("platformVersion"), **asked}
        settings |= fill_launch(service.cluster, definition, asked)
    elif (
        asked.get("capacityProviderStrategy") is not None and settings.pop("capacityProviderStrategy", None) is not None
    ):
        settings["launchType"] = "FARGATE" if "FARGATE" in definition.compatibilities else "EC2"
    return settings


@patch("ecs-delete-service", "Amazon ECS API: DeleteService")
def _delete(into: Installer) -> None:
    @into.replace_method(EC2ContainerServiceResponse, "delete_service")
    def delete(response: Any) -> ActionResult:
        backend = response.ecs_backend
        cluster = find_cluster(backend, response._get_param("cluster"))
        service = _find_service(backend, cluster, response._get_param("service"))
        if service.status == "ACTIVE":
            if service.desired_count and not response._get_param("force", False):
                raise InvalidParameterException("The service cannot be stopped while it is scaled above 0.")
            service.status, service.desired_count = "DRAINING", 0
            wake(service)
        return ActionResult({"service": service.show(tags=True)})


@patch("ecs-describe-services", "Amazon ECS API: DescribeServices, ListServices")
def _describe(into: Installer) -> None:
    @into.replace_method(EC2ContainerServiceResponse, "describe_services")
    def describe(response: Any) -> ActionResult:
        backend, names = response.ecs_backend, response._get_param("services", [])
        cluster = find_cluster(backend, response._get_param("cluster"))
        if not names:
            raise InvalidParameterException("Services cannot be empty.")
        if len(names) > _MOST_DESCRIBED:
            raise InvalidParameterException(f"Services cannot have more than {_MOST_DESCRIBED} elements.")
        tags = "TAGS" in response._get_param("include", [])
        shown, failures = [], []
        for name in dict.fromkeys(names):
            service = backend.services.get(f"{cluster.name}:{name.rpartition('/')[2]}")
            if service is None:
                prefix = f"arn:{backend.partition}:ecs:{backend.region_name}:{backend.account_id}"
                arn = name if name.startswith("arn:") else f"{prefix}:service/{cluster.name}/{name}"
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                shown.append(service.show(tags=tags))
        return ActionResult({"services": shown, "failures": failures})

    @into.replace_method(EC2ContainerServiceResponse, "list_services")
    def listed(response: Any) -> ActionResult:
        backend = response.ecs_backend
        cluster = find_cluster(backend, response._get_param("cluster"))
        launch, strategy = response._get_param("launchType"), response._get_param("schedulingStrategy")
        found = [
            service.arn
            for service in backend.services.values()
            if service.cluster_name == cluster.name
            and service.status == "ACTIVE"
            and launch in {None, service.launch_type}
            and strategy in {None, service.settings["schedulingStrategy"]}
        ]
        return page(response, "serviceArns", found, _DEFAULT_PAGE)


PATCHES: Final[tuple[Patch, ...]] = (_create, _update, _delete, _describe)
