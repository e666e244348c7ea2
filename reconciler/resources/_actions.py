"""What a listener or a rule does with a request. AWS: Elastic Load Balancing v2, Action.

AWS answers with more than it was given: both the short and the long form of a forward, the placeholders of a redirect
filled in (aws-semantics, normalisation table). Reading brings every action to one form; what this program does not
model stays visible as `Other`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from reconciler.model import facts
from reconciler.model.fields import Fields, field
from reconciler.model.values import FrozenMap, Id, Ref


class Forward(Fields):
    """To target groups, by weight (0 to 999); `forward_to` makes one."""

    type: Literal["forward"] = field(default="forward")
    target_groups: FrozenMap[Ref | Id, int]
    stickiness_duration_seconds: int | None = None
    """How long a client keeps its target group; `None` is off."""


class FixedResponse(Fields):
    """An answer of the load balancer itself."""

    type: Literal["fixed-response"] = field(default="fixed-response")
    status_code: str
    content_type: str | None = None
    message_body: str | None = None


class Redirect(Fields):
    """An answer that sends the client elsewhere; the placeholders keep a part of the request."""

    type: Literal["redirect"] = field(default="redirect")
    status_code: str
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


class Other(Fields):
    """An action that only others make (authentication): AWS's own JSON."""

    type: str
    text: str


LAST = 2**31
"""The order of a default action: after every rule."""

Action = Forward | FixedResponse | Redirect | Other

_REDIRECT = {
    "status_code": "StatusCode",
    "protocol": "Protocol",
    "host": "Host",
    "port": "Port",
    "path": "Path",
    "query": "Query",
}


def read_actions(answer: Iterable[Mapping[str, Any]]) -> tuple[Action, ...]:
    """Actions as AWS lists them, in the order in which they run."""
    ordered = sorted(answer, key=lambda action: action.get("Order", 1))
    return tuple(_read(action) for action in ordered)


def action_params(actions: Iterable[Action]) -> list[dict[str, Any]]:
    """Actions as `CreateListener`, `CreateRule` and their modifications take them."""
    params = [_params(action) for action in actions]
    if len(params) > 1:
        return [{**action, "Order": order} for order, action in enumerate(params, 1)]
    return params


def _read(action: Mapping[str, Any]) -> Action:
    match action["Type"]:
        case "forward":
            return _read_forward(action)
        case "fixed-response" if "FixedResponseConfig" in action:
            config = action["FixedResponseConfig"]
            return FixedResponse(
                status_code=config["StatusCode"],
                content_type=config.get("ContentType") or None,
                message_body=config.get("MessageBody") or None,
            )
        case "redirect" if "RedirectConfig" in action:
            config = action["RedirectConfig"]
            return Redirect(**{name: config[member] for name, member in _REDIRECT.items() if config.get(member)})
        case kind:
            return Other(type=kind, text=json.dumps(action, sort_keys=True, default=str))


def forward_to(weights: Mapping[Ref | Id, int], stickiness: int | None = None) -> Forward:
    """A forward in its canonical form: AWS ignores the weight of a sole group."""
    if len(weights) == 1:
        weights = dict.fromkeys(weights, 1)
    return Forward(target_groups=FrozenMap(weights), stickiness_duration_seconds=stickiness)


def with_idle(actions: Sequence[Action], old: frozenset[str], new: Iterable[Ref]) -> tuple[Action, ...] | None:
    """The same actions with new target groups beside an old one, at no share of the requests.

    AWS counts a target group as used then: it checks the health of targets, and ECS takes it for a service (ELBv2 API
    reference, ForwardActionConfig; ECS guide, "Service load balancing"). `None` where none of the old is led to, or
    there is no place for more.
    """
    for n, action in enumerate(actions):
        if isinstance(action, Forward) and old & {i.value for i in action.target_groups if isinstance(i, Id)}:
            groups: dict[Ref | Id, int] = {**dict.fromkeys(new, 0), **action.target_groups}
            if len(groups) <= _MOST_GROUPS:
                idle = forward_to(groups, action.stickiness_duration_seconds)
                return (*actions[:n], idle, *actions[n + 1 :])
    return None


_MOST_GROUPS = 5
"""Target groups of one action (ALB guide, "Quotas")."""


def _read_forward(action: Mapping[str, Any]) -> Forward:
    config = action.get("ForwardConfig") or {}
    groups = config.get("TargetGroups") or [action]
    stickiness = config.get("TargetGroupStickinessConfig") or {}
    return forward_to(
        {Id(group["TargetGroupArn"]): group.get("Weight", 1) for group in groups},
        stickiness.get("DurationSeconds") if stickiness.get("Enabled") else None,
    )


def _params(action: Action) -> dict[str, Any]:
    match action:
        case Forward():
            return {"Type": action.type, **_forward_params(action)}
        case FixedResponse():
            config = {"StatusCode": action.status_code}
            if action.content_type is not None:
                config["ContentType"] = action.content_type
            if action.message_body is not None:
                config["MessageBody"] = action.message_body
            return {"Type": action.type, "FixedResponseConfig": config}
        case Redirect():
            config = {member: getattr(action, name) for name, member in _REDIRECT.items()}
            return {"Type": action.type, "RedirectConfig": config}
        case Other():
            params: dict[str, Any] = json.loads(action.text)
            return params


def _forward_params(action: Forward) -> dict[str, Any]:
    seconds = action.stickiness_duration_seconds
    groups = sorted(action.target_groups.items(), key=lambda item: str(item[0]))
    if len(groups) == 1 and seconds is None:
        return {"TargetGroupArn": groups[0][0]}
    config: dict[str, Any] = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in groups]}
    if seconds is not None:
        config["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": seconds}
    return {"ForwardConfig": config}


def forwarded(
    listener: Ref | Id, rule: str, order: int, when: FrozenMap[str, frozenset[str]], actions: Iterable[Action]
) -> facts.Forward:
    """What becomes of the requests that a rule takes, as a fact."""
    pools: FrozenMap[Ref | Id, int] = FrozenMap()
    answer = unclear = ""
    for action in actions:
        match action:
            case Forward():
                pools = action.target_groups
            case FixedResponse():
                answer = f"answers {action.status_code}"
            case Redirect():
                answer = f"redirects ({action.status_code})"
            case Other():
                unclear = f"its action {action.type} is not modelled"
    if any(" regex" in key for key in when):
        unclear = "its condition is a regular expression, which is not modelled"
    return facts.Forward(listener, rule, order, when, pools, answer, unclear)
