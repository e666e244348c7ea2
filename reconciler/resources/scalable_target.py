"""AWS::ApplicationAutoScaling::ScalableTarget of an ECS service with its target tracking policies.

AWS: Application Auto Scaling RegisterScalableTarget, PutScalingPolicy; both make or change. The alarms that policies
make belong to Application Auto Scaling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.errors import AwsError
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope
from reconciler.model.values import UNSET, FrozenMap, Id, Marker, Ref, Template
from reconciler.resources._ownership import ownership


class TargetTracking(Fields):
    """What a metric is kept at; cooldowns in seconds.

    `predefined_metric_type` is AWS's name, or the kind of a policy that only others make; `resource_label` the load
    balancer and target group whose requests are counted, where they are.
    """

    predefined_metric_type: str
    resource_label: str | Template | None = None
    target_value: float
    scale_in_cooldown: int = 300
    scale_out_cooldown: int = 300
    disable_scale_in: bool = False


class ScalableTarget(Fields):
    """Between how many tasks a service is kept, and by what."""

    cluster: Ref | Id = field(immutable=True)
    service: Ref | Id = field(immutable=True)
    min_capacity: int = field()
    max_capacity: int = field()
    policies: FrozenMap[str, TargetTracking] = field()
    resource_id: str | Marker = field(default=UNSET, compared=False)
    """What AWS calls the service here, once there is one: `service/CLUSTER/NAME`."""


_SERVICE = "application-autoscaling"
_DIMENSION = "ecs:service:DesiredCount"
_TRACKING = "TargetTrackingScaling"
_GONE = "ObjectNotFoundException"
_COOLDOWN = 300
"""Seconds that ECS services get where a policy says nothing (Application Auto Scaling user guide, "Cooldown")."""


class ScalableTargetType(ResourceType[ScalableTarget]):
    name = "scalable-target"
    cloudformation = "AWS::ApplicationAutoScaling::ScalableTarget"
    changed_by = (
        "application-autoscaling:RegisterScalableTarget",
        "application-autoscaling:DeregisterScalableTarget",
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:DeleteScalingPolicy",
    )
    fields = ScalableTarget
    needs = ("service",)
    tagged_by = "arn"
    absent = frozenset({_GONE})
    not_yet = (("ValidationException", "ECS service doesn't exist"), (_GONE, "No scalable target"))

    def ahead(self, reader: Reader, scope: Scope) -> Iterable[Callable[[], object]]:
        return (partial(scalable_targets, reader),)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[ScalableTarget]]:
        services = {_resource_id(arn): arn for arn in (service.id for service in scope.found.get("service", ()))}
        targets = [
            target
            for target in scalable_targets(reader)
            if target["ResourceId"] in services and target["ScalableDimension"] == _DIMENSION
        ]
        if not targets:
            return
        policies = _policies(reader)
        arns = [target["ScalableTargetARN"] for target in targets]
        for target, tags in zip(targets, reader.together(partial(_tags, reader, arn) for arn in arns), strict=True):
            if tags is None:
                continue
            identity, arn = target["ResourceId"], target["ScalableTargetARN"]
            service = services[identity]
            cluster = service.replace(":service/", ":cluster/").rpartition("/")[0]
            yield Observed(
                type=self.name,
                id=arn,
                fields=ScalableTarget(
                    cluster=Id(cluster),
                    service=Id(service),
                    min_capacity=target["MinCapacity"],
                    max_capacity=target["MaxCapacity"],
                    policies=FrozenMap(policies.get(identity, {})),
                    resource_id=identity,
                ),
                outputs=FrozenMap({"id": arn, "arn": arn}),
                created=str(target.get("CreationTime", "")),
                **ownership(tags),
            )

    def create(self, resource: Resource[ScalableTarget], context: Context) -> Sequence[Call]:
        wanted = resource.fields
        assert isinstance(wanted.cluster, Ref)
        assert isinstance(wanted.service, Ref)
        cluster, service = (Ref(ref.address, "name") for ref in (wanted.cluster, wanted.service))
        identity = Template(("service/", cluster, "/", service))
        register = Call(
            _SERVICE,
            "RegisterScalableTarget",
            {**_capacity(identity, wanted), "Tags": dict(context.tags)},
            save=FrozenMap({"id": "ScalableTargetARN", "arn": "ScalableTargetARN"}),
        )
        return [register, *(_put(identity, name, wanted.policies[name]) for name in sorted(wanted.policies))]

    def update(
        self,
        resource: Resource[ScalableTarget],
        observed: Observed[ScalableTarget],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        wanted, present = resource.fields, observed.fields.policies
        identity = str(observed.fields.resource_id)
        calls = []
        if changed & {"min_capacity", "max_capacity"}:
            calls.append(Call(_SERVICE, "RegisterScalableTarget", _capacity(identity, wanted)))
        if "policies" in changed:
            put = [name for name in sorted(wanted.policies) if wanted.policies[name] != present.get(name)]
            calls += [_put(identity, name, wanted.policies[name]) for name in put]
            gone = sorted(present.keys() - wanted.policies.keys())
            calls += [Call(_SERVICE, "DeleteScalingPolicy", {"PolicyName": n, **_of(identity)}) for n in gone]
        return calls

    def delete(self, observed: Observed[ScalableTarget], context: Context) -> Sequence[Call]:
        """Its policies and their alarms go with it (DeregisterScalableTarget)."""
        return [Call(_SERVICE, "DeregisterScalableTarget", _of(str(observed.fields.resource_id)))]

    def tag(self, target: str | Ref, put: Mapping[str, str], remove: Iterable[str]) -> Sequence[Call]:
        """`TagResource` and `UntagResource`: by ARN."""
        calls = []
        if put:
            calls.append(Call(_SERVICE, "TagResource", {"ResourceARN": target, "Tags": dict(put)}))
        gone = sorted(remove)
        if gone:
            calls.append(Call(_SERVICE, "UntagResource", {"ResourceARN": target, "TagKeys": gone}))
        return calls


def scalable_targets(reader: Reader) -> list[Mapping[str, Any]]:
    """Everything of ECS that Application Auto Scaling moves."""
    return reader.pages(_SERVICE, "DescribeScalableTargets", "ScalableTargets", ServiceNamespace="ecs")


def _resource_id(service_arn: str) -> str:
    """`service/CLUSTER/NAME` of `arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`."""
    return service_arn.rpartition(":")[2]


def _of(identity: str | Template) -> dict[str, Any]:
    return {"ServiceNamespace": "ecs", "ResourceId": identity, "ScalableDimension": _DIMENSION}


def _capacity(identity: str | Template, wanted: ScalableTarget) -> dict[str, Any]:
    return {**_of(identity), "MinCapacity": wanted.min_capacity, "MaxCapacity": wanted.max_capacity}


def _put(identity: str | Template, name: str, policy: TargetTracking) -> Call:
    label = {} if policy.resource_label is None else {"ResourceLabel": policy.resource_label}
    config = {
        "TargetValue": policy.target_value,
        "PredefinedMetricSpecification": {"PredefinedMetricType": policy.predefined_metric_type, **label},
        "ScaleInCooldown": policy.scale_in_cooldown,
        "ScaleOutCooldown": policy.scale_out_cooldown,
        "DisableScaleIn": policy.disable_scale_in,
    }
    params = {
        **_of(identity),
        "PolicyName": name,
        "PolicyType": _TRACKING,
        "TargetTrackingScalingPolicyConfiguration": config,
    }
    return Call(_SERVICE, "PutScalingPolicy", params)


def _policies(reader: Reader) -> dict[str, dict[str, TargetTracking]]:
    """All policies of ECS by what they are for and by name."""
    found: dict[str, dict[str, TargetTracking]] = {}
    for policy in reader.pages(_SERVICE, "DescribeScalingPolicies", "ScalingPolicies", ServiceNamespace="ecs"):
        found.setdefault(policy["ResourceId"], {})[policy["PolicyName"]] = _read(policy)
    return found


def _read(policy: Mapping[str, Any]) -> TargetTracking:
    config = policy.get("TargetTrackingScalingPolicyConfiguration") or {}
    metric = config.get("PredefinedMetricSpecification") or {}
    return TargetTracking(
        predefined_metric_type=metric.get("PredefinedMetricType") or policy["PolicyType"],
        resource_label=metric.get("ResourceLabel") or None,
        target_value=float(config.get("TargetValue", 0)),
        scale_in_cooldown=config.get("ScaleInCooldown", _COOLDOWN),
        scale_out_cooldown=config.get("ScaleOutCooldown", _COOLDOWN),
        disable_scale_in=config.get("DisableScaleIn", False),
    )


def _tags(reader: Reader, arn: str) -> Mapping[str, str] | None:
    """The tags of a target, which no description gives; `None` of one that has just gone."""
    try:
        tags: Mapping[str, str] = reader.get(_SERVICE, "ListTagsForResource", ResourceARN=arn).get("Tags") or {}
    except AwsError as error:
        if error.code in (_GONE, "ResourceNotFoundException"):
            return None
        raise
    return tags


TYPE = ScalableTargetType()
