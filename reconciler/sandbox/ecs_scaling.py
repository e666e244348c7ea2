"""Application Auto Scaling of ECS services: limits that hold at once, and errors by their own names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from .ecs_records import Service
from .ecs_services import set_desired_count
from .engine import state
from .patch import Installer, Patch, patch

_MOST_TAGS: Final = 50


class _Tags(dict[str, dict[str, str]]):
    """The tags of scalable targets by their ARNs."""


def _missing(what: str, namespace: str, resource_id: str, dimension: str) -> JsonRESTError:
    return JsonRESTError(
        "ObjectNotFoundException",
        f"No {what} found for service namespace: {namespace}, resource ID: {resource_id}, scalable dimension: "
        f"{dimension}",
    )


def _target(backend: Any, resource_id: str, dimension: str) -> Any:
    return backend.targets.get(dimension, {}).get(resource_id)


def _check_capacities(minimum: int | None, maximum: int | None) -> None:
    if minimum is None or maximum is None:
        raise AWSValidationException("Minimum and maximum capacity must be given for a new scalable target")
    if minimum < 0 or maximum < 0:
        raise AWSValidationException("Minimum and maximum capacity must not be negative")
    if maximum < minimum:
        raise AWSValidationException("Maximum capacity cannot be less than minimum capacity")


def _service(backend: Any, resource_id: str) -> Service | None:
    _, cluster, name = resource_id.split("/")
    service: Service | None = backend.ecs_backend.services.get(f"{cluster}:{name}")
    return service


@patch("ecs-scalable-targets", "Application Auto Scaling API: RegisterScalableTarget, DeregisterScalableTarget")
def _targets(into: Installer) -> None:
    @into.wrap(ApplicationAutoscalingBackend, "register_scalable_target")
    def register(
        original: Callable[..., Any],
        backend: Any,
        namespace: str,
        r_id: str,
        dimension: str,
        min_capacity: int | None,
        max_capacity: int | None,
        role_arn: str,
        suspended_state: str,
    ) -> Any:
        known = _target(backend, r_id, dimension)
        minimum = known.min_capacity if known and min_capacity is None else min_capacity
        maximum = known.max_capacity if known and max_capacity is None else max_capacity
        _check_capacities(minimum, maximum)
        if namespace == "ecs":
            service = _service(backend, r_id)
            if service is None or service.status != "ACTIVE":
                raise AWSValidationException(f"ECS service doesn't exist: {r_id}")
        target = original(backend, namespace, r_id, dimension, min_capacity, max_capacity, role_arn, suspended_state)
        if namespace == "ecs" and service is not None:
            set_desired_count(service, min(max(service.desired_count, target.min_capacity), target.max_capacity))
        return target

    @into.wrap(ApplicationAutoscalingBackend, "deregister_scalable_target")
    def deregister(original: Callable[..., Any], backend: Any, namespace: str, r_id: str, dimension: str) -> None:
        target = _target(backend, r_id, dimension)
        if target is None:
            raise _missing("scalable target", namespace, r_id, dimension)
        for policy in list(backend.policies.values()):
            if (policy.service_namespace, policy.resource_id, policy.scalable_dimension) == (
                namespace,
                r_id,
                dimension,
            ):
                backend.delete_scaling_policy(policy.policy_name, namespace, r_id, dimension)
        original(backend, namespace, r_id, dimension)
        state(backend, _Tags).pop(target.arn, None)


@patch("ecs-scaling-policies", "Application Auto Scaling API: PutScalingPolicy, DeleteScalingPolicy")
def _policies(into: Installer) -> None:
    @into.wrap(ApplicationAutoscalingBackend, "put_scaling_policy")
    def put(original: Callable[..., Any], backend: Any, **asked: Any) -> Any:
        namespace, resource = asked["service_namespace"], asked["resource_id"]
        if _target(backend, resource, asked["scalable_dimension"]) is None:
            raise _missing("scalable target registered", namespace, resource, asked["scalable_dimension"])
        return original(backend, **asked)

    @into.wrap(ApplicationAutoscalingBackend, "delete_scaling_policy")
    def delete(
        original: Callable[..., Any],
        backend: Any,
        policy_name: str,
        service_namespace: str,
        resource_id: str,
        scalable_dimension: str,
    ) -> None:
        try:
            original(backend, policy_name, service_namespace, resource_id, scalable_dimension)
        except AWSValidationException:
            raise _missing("scaling policy", service_namespace, resource_id, scalable_dimension) from None


@patch("ecs-scaling-tags", "Application Auto Scaling API: ListTagsForResource, TagResource, UntagResource")
def _tags(into: Installer) -> None:
    @into.wrap(ApplicationAutoScalingResponse, "register_scalable_target")
    def register(original: Callable[..., Any], response: Any) -> Any:
        backend = response.applicationautoscaling_backend
        known = _target(backend, response._get_param("ResourceId"), response._get_param("ScalableDimension"))
        answer = original(response)
        if known is None:
            state(backend, _Tags)[json.loads(answer)["ScalableTargetARN"]] = dict(response._get_param("Tags") or {})
        return answer

    def tags_of(response: Any) -> dict[str, str]:
        arn = response._get_param("ResourceARN")
        known = state(response.applicationautoscaling_backend, _Tags)
        if arn not in known:
            raise JsonRESTError("ResourceNotFoundException", f"Resource not found: {arn}")
        return known[arn]

    def list_tags_for_resource(response: Any) -> str:
        return json.dumps({"Tags": tags_of(response)})

    def tag_resource(response: Any) -> str:
        tags, added = tags_of(response), response._get_param("Tags")
        if len(tags.keys() | added.keys()) > _MOST_TAGS:
            raise JsonRESTError("TooManyTagsException", f"A resource can have at most {_MOST_TAGS} tags")
        tags.update(added)
        return "{}"

    def untag_resource(response: Any) -> str:
        tags = tags_of(response)
        for key in response._get_param("TagKeys"):
            tags.pop(key, None)
        return "{}"

    for operation in (list_tags_for_resource, tag_resource, untag_resource):
        into.replace(ApplicationAutoScalingResponse, operation.__name__, operation)


PATCHES: Final[tuple[Patch, ...]] = (_targets, _policies, _tags)
