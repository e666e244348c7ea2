"""What a listener does with a request: actions and conditions, checked and filled in as AWS does."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from moto.elbv2.exceptions import (
    ActionTargetGroupNotFoundError,
    ELBClientError,
    ListenerNotFoundError,
    PriorityInUseError,
    RuleNotFoundError,
)
from moto.elbv2.models import ELBv2Backend

from .engine import engine
from .patch import Installer, Patch, patch

Action = dict[str, Any]
Condition = dict[str, Any]

RELEASE_SECONDS: Final = 5.0
"""How long a target group is still "in use" after the last listener or rule that named it has gone."""

_TERMINAL: Final = ("forward", "redirect", "fixed-response")
_AUTHENTICATION: Final = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")
_MOST_TARGET_GROUPS: Final = 5
_MOST_VALUES: Final = 5
_MOST_WILDCARDS: Final = 5
_MOST_RULES: Final = 100
_LAST_PRIORITY: Final = 50_000
_LARGEST_WEIGHT: Final = 999
_LONGEST_BODY: Final = 1024
_ONCE: Final = ("host-header", "path-pattern", "http-request-method", "source-ip")
_REDIRECT: Final = {
    "Protocol": "#{protocol}",
    "Host": "#{host}",
    "Port": "#{port}",
    "Path": "/#{path}",
    "Query": "#{query}",
}
_TYPED: Final = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
_FORWARDS_TO: Final[Mapping[str, tuple[str, ...]]] = {
    "HTTP": ("HTTP", "HTTPS"),
    "HTTPS": ("HTTP", "HTTPS"),
    "TCP": ("TCP",),
    "TLS": ("TCP", "TLS"),
    "UDP": ("UDP",),
    "TCP_UDP": ("TCP_UDP",),
}
"""The protocols of target groups that a listener may forward to. Source: API errors, IncompatibleProtocols."""


def _invalid(message: str) -> ELBClientError:
    return ELBClientError("ValidationError", message)


def _bad_action(message: str) -> ELBClientError:
    return ELBClientError("InvalidLoadBalancerAction", message)


def _not_permitted(message: str) -> ELBClientError:
    return ELBClientError("OperationNotPermitted", message)


def target_group_arns(actions: Iterable[Mapping[str, Any]]) -> list[str]:
    """The target groups that filled-in actions forward to."""
    return [
        group["TargetGroupArn"]
        for action in actions
        if action["Type"] == "forward"
        for group in action["ForwardConfig"]["TargetGroups"]
    ]


def _uses(backend: Any) -> Iterator[tuple[str, str]]:
    """Target group and load balancer, for every action of every rule."""
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                for arn in target_group_arns(action.data for action in rule.actions):
                    yield arn, balancer.arn


def refresh_load_balancer_arns(backend: Any) -> None:
    """Let each target group name the load balancers whose rules forward to it, and no others."""
    users: dict[str, list[str]] = {}
    for group_arn, balancer_arn in _uses(backend):
        known = users.setdefault(group_arn, [])
        if balancer_arn not in known:
            known.append(balancer_arn)
    for group in backend.target_groups.values():
        if group.load_balancer_arns and group.arn not in users:
            group.used_until = engine().now() + RELEASE_SECONDS
        group.load_balancer_arns = users.get(group.arn, [])


def fill_actions(
    backend: Any, balancer: Any, protocol: str, actions: Sequence[Action], *, on_rule: bool = False
) -> list[Action]:
    """The actions of one listener or rule with all that AWS fills in.

    Raises what CreateListener and CreateRule raise for actions that cannot be.
    """
    filled = [_fill_action(action, protocol) for action in actions]
    _check_sequence(filled, protocol)
    for arn in target_group_arns(filled):
        _check_target_group(backend, balancer, protocol, arn)
    if on_rule and balancer.type != "application":
        raise _not_permitted("Rules are unsupported for Network Load Balancer listeners")
    return filled


def _fill_action(action: Action, protocol: str) -> Action:
    match action["Type"]:
        case "forward":
            return _fill_forward(action)
        case "redirect":
            return _fill_redirect(action, protocol)
        case "fixed-response":
            config = action.get("FixedResponseConfig") or {}
            if len(config.get("MessageBody", "")) > _LONGEST_BODY:
                raise _invalid(f"The message body cannot be longer than '{_LONGEST_BODY}' characters")
            set_fields = {key: value for key, value in config.items() if value != ""}
            return {**action, "FixedResponseConfig": set_fields}
        case _:
            return dict(action)


def _fill_forward(action: Action) -> Action:
    config = action.get("ForwardConfig") or {}
    arn = action.get("TargetGroupArn")
    groups = [dict(group) for group in config.get("TargetGroups") or ([{"TargetGroupArn": arn}] if arn else [])]
    if not groups:
        raise _invalid("A target group ARN must be specified")
    if arn and [group["TargetGroupArn"] for group in groups] != [arn]:
        raise _bad_action(
            "If you specify both ForwardConfig and TargetGroupArn, ForwardConfig must name the same single target group"
        )
    if len(groups) > _MOST_TARGET_GROUPS:
        raise ELBClientError("TooManyTargetGroups", f"You can forward to at most {_MOST_TARGET_GROUPS} target groups")
    for group in groups:
        group.setdefault("Weight", 1)
        if not 0 <= group["Weight"] <= _LARGEST_WEIGHT:
            raise _invalid(f"Weight '{group['Weight']}' must be between '0' and '{_LARGEST_WEIGHT}' inclusive")
    stickiness = dict(config.get("TargetGroupStickinessConfig") or {"Enabled": False})
    filled = {**action, "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}}
    filled.pop("TargetGroupArn", None)
    if len(groups) == 1:
        filled["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    return filled


def _fill_redirect(action: Action, protocol: str) -> Action:
    config = _REDIRECT | {key: value for key, value in (action.get("RedirectConfig") or {}).items() if value != ""}
    if config.get("StatusCode") not in {"HTTP_301", "HTTP_302"}:
        raise _invalid("A redirect status code of HTTP_301 or HTTP_302 must be specified")
    if all(config[part] == _REDIRECT[part] for part in ("Protocol", "Host", "Port", "Path")):
        raise _bad_action("The redirect configuration is not valid because it creates a loop")
    if protocol == "HTTPS" and config["Protocol"] == "HTTP":
        raise _bad_action("A redirect from HTTPS to HTTP is not supported")
    return {**action, "RedirectConfig": config}


def _check_sequence(actions: Sequence[Action], protocol: str) -> None:
    if not actions:
        raise _invalid("You must specify a default action or the actions of a rule")
    last = sum(action["Type"] in _TERMINAL for action in actions)
    ordered = sorted(actions, key=lambda action: action.get("Order") or 0)
    if last != 1 or ordered[-1]["Type"] not in _TERMINAL:
        raise _bad_action(
            f"Exactly one action must be one of [{', '.join(_TERMINAL)}], and it must be the last to be performed"
        )
    if len(actions) > 1 and len({action.get("Order") for action in actions}) < len(actions):
        raise _bad_action("Each action must have an order, and no two the same")
    if protocol != "HTTPS" and any(action["Type"] in _AUTHENTICATION for action in actions):
        raise _bad_action("Authentication actions are supported on HTTPS listeners only")
    if protocol not in {"HTTP", "HTTPS"} and actions[0]["Type"] != "forward":
        raise _bad_action(f"A listener with protocol '{protocol}' supports forward actions only")


def _check_target_group(backend: Any, balancer: Any, protocol: str, arn: str) -> None:
    group = backend.target_groups.get(arn)
    if group is None:
        raise ActionTargetGroupNotFoundError(arn)
    if group.target_type != "lambda" and group.protocol not in _FORWARDS_TO.get(protocol, (group.protocol,)):
        raise ELBClientError(
            "IncompatibleProtocols",
            f"Listener protocol '{protocol}' is not supported with a target group with the protocol '{group.protocol}'",
        )
    if group.vpc_id and group.vpc_id != balancer.vpc_id:
        raise _invalid(f"Target group '{arn}' must be in the same VPC as load balancer '{balancer.arn}'")
    if any(other != balancer.arn for other in group.load_balancer_arns):
        raise ELBClientError(
            "TargetGroupAssociationLimit",
            f"The following target groups cannot be associated with more than one load balancer: {arn}",
        )


def fill_conditions(conditions: Sequence[Condition]) -> list[Condition]:
    """The conditions of one rule, each with its typed form and, where there is one, the older `Values`.

    Raises what CreateRule raises. Source: ALB guide, "Condition types for listener rules", and its quotas.
    """
    if not conditions:
        raise _invalid("A condition must be specified")
    fields = [condition.get("Field") for condition in conditions]
    for field in _ONCE:
        if fields.count(field) > 1:
            raise _invalid(f"A rule can have only one '{field}' condition")
    filled = [_fill_condition(condition) for condition in conditions]
    values = [value for condition in filled for value in _values(condition)]
    if len(values) > _MOST_VALUES:
        raise _invalid(f"Rules can have at most {_MOST_VALUES} condition values")
    if sum(value.count("*") + value.count("?") for value in values) > _MOST_WILDCARDS:
        raise _invalid(f"Rules can have at most {_MOST_WILDCARDS} wildcard characters")
    return filled


def _fill_condition(condition: Condition) -> Condition:
    field = condition.get("Field", "")
    name = _TYPED.get(field)
    if name is None:
        raise _invalid(f"Condition field '{field}' must be one of '[{', '.join(_TYPED)}]'")
    config = condition.get(name)
    if config and condition.get("Values"):
        raise _invalid(f"You cannot provide both Values and '{name}' for a condition of type '{field}'")
    if config is None:
        if field not in {"host-header", "path-pattern"}:
            raise _invalid(f"A '{name}' must be specified with '{field}'")
        config = {"Values": list(condition.get("Values") or ())}
    filled = {"Field": field, name: dict(config)}
    if field in {"host-header", "path-pattern"} and not config.get("RegexValues"):
        filled["Values"] = list(config.get("Values") or ())
    for value in _values(filled):
        _check_value(field, value)
    if not _values(filled):
        raise _invalid("A condition value must be specified")
    return filled


def _values(condition: Condition) -> list[str]:
    config = condition[_TYPED[condition["Field"]]]
    values = list(config.get("Values") or ()) + list(config.get("RegexValues") or ())
    if condition["Field"] == "query-string":
        return [f"{pair.get('Key', '')}={pair['Value']}" if pair.get("Key") else pair["Value"] for pair in values]
    return values


def _check_value(field: str, value: str) -> None:
    if field == "source-ip":
        _check_source(value)
    elif field == "http-request-method" and not re.fullmatch(r"[A-Z_-]{1,40}", value):
        raise _invalid(f"The 'http-request-method' value '{value}' can contain A-Z, hyphen and underscore only")
    elif field == "host-header" and "." not in value:
        raise _invalid(f"The 'host-header' value '{value}' must contain at least one '.' character")
    elif len(value) > (2 * 128 + 1 if field == "query-string" else 128):
        raise _invalid(f"The '{field}' value is too long; the limit is '128'")


def _check_source(value: str) -> None:
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        raise _invalid(f"The 'source-ip' value '{value}' must be a valid CIDR block") from None
    if str(network) == "255.255.255.255/32":
        raise _invalid(f"The 'source-ip' value '{value}' is not supported")


def sorted_rules(listener: Any) -> list[Any]:
    """The rules of a listener in the order in which they are tried, the default rule last."""
    return sorted(
        listener.rules.values(), key=lambda rule: _LAST_PRIORITY + 1 if rule.is_default else int(rule.priority)
    )


def _find_rule(backend: Any, arn: str) -> tuple[Any, Any]:
    """The listener and its rule. Raises RuleNotFound."""
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                if rule.arn == arn:
                    return listener, rule
    raise RuleNotFoundError(f"One or more rules not found: '{arn}'")


def _check_priority(priority: int) -> None:
    if not 1 <= int(priority) <= _LAST_PRIORITY:
        raise _invalid(f"Priority '{priority}' must be between '1' and '{_LAST_PRIORITY}' inclusive")


@patch("elbv2-create-rule", "Elastic Load Balancing API: CreateRule")
def _create_rule(into: Installer) -> None:
    @into.wrap(ELBv2Backend, "create_rule")
    def create(
        original: Callable[..., Any],
        backend: Any,
        listener_arn: str,
        conditions: Sequence[Condition],
        priority: int,
        actions: Sequence[Action],
        tags: list[dict[str, str]] | None = None,
    ) -> Any:
        listeners = backend.describe_listeners(None, [listener_arn])
        if not listeners:
            raise ListenerNotFoundError()
        (listener,) = listeners
        balancer = backend.load_balancers[listener.load_balancer_arn]
        _check_priority(priority)
        if sum(len(other._non_default_rules) for other in balancer.listeners.values()) >= _MOST_RULES:
            raise ELBClientError("TooManyRules", "You've reached the limit on the number of rules per load balancer")
        filled = fill_actions(backend, balancer, listener.protocol, actions, on_rule=True)
        shown = fill_conditions(conditions)
        rule = original(backend, listener_arn, conditions, int(priority), filled, tags)
        rule.conditions = shown
        refresh_load_balancer_arns(backend)
        return rule


@patch("elbv2-change-rule", "Elastic Load Balancing API: ModifyRule, DeleteRule")
def _change_rule(into: Installer) -> None:
    @into.wrap(ELBv2Backend, "modify_rule")
    def modify(
        original: Callable[..., Any],
        backend: Any,
        rule_arn: str,
        conditions: Sequence[Condition],
        actions: Sequence[Action],
    ) -> Any:
        listener, rule = _find_rule(backend, rule_arn)
        if rule.is_default:
            raise _not_permitted(f"Default rule '{rule_arn}' cannot be modified")
        balancer = backend.load_balancers[listener.load_balancer_arn]
        filled = fill_actions(backend, balancer, listener.protocol, actions, on_rule=True) if actions else actions
        shown = fill_conditions(conditions) if conditions else rule.conditions
        changed = original(backend, rule_arn, conditions, filled)
        changed.conditions = shown
        refresh_load_balancer_arns(backend)
        return changed

    @into.wrap(ELBv2Backend, "delete_rule")
    def delete(original: Callable[..., Any], backend: Any, arn: str) -> None:
        _, rule = _find_rule(backend, arn)
        if rule.is_default:
            raise _not_permitted(f"Default rule '{arn}' cannot be deleted")
        original(backend, arn)
        backend.tagging_service.delete_all_tags_for_resource(arn)
        refresh_load_balancer_arns(backend)


@patch("elbv2-rule-priorities", "Elastic Load Balancing API: SetRulePriorities")
def _rule_priorities(into: Installer) -> None:
    @into.replace_method(ELBv2Backend, "set_rule_priorities")
    def set_priorities(backend: Any, rule_priorities: Sequence[Mapping[str, Any]]) -> list[Any]:
        wanted = {entry["RuleArn"]: int(entry["Priority"]) for entry in rule_priorities}
        found = {arn: _find_rule(backend, arn) for arn in wanted}
        for arn, (listener, rule) in found.items():
            _check_priority(wanted[arn])
            if rule.is_default:
                raise _not_permitted(f"Default rule '{arn}' cannot be re-prioritized")
            after = [wanted.get(other.arn, other.priority) for other in listener.rules.values()]
            if after.count(wanted[arn]) > 1:
                raise PriorityInUseError()
        for arn, (_, rule) in found.items():
            rule.priority = wanted[arn]
        return [rule for _, rule in found.values()]


PATCHES: Final[tuple[Patch, ...]] = (_create_rule, _change_rule, _rule_priorities)
