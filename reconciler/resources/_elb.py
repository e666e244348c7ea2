"""What ELBv2 holds that concerns some stacks, read once for all its types.

ELBv2 can neither filter by tag nor give tags with a description: everything is listed, narrowed to what stands in
networks of ours or is named like ours, and the tags of that, where the index of tags may not tell them, are read twenty
ARNs at a time (ELBv2 API reference, DescribeTags). The calls are the same whichever type asks, so a reader that
remembers makes them once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from reconciler.model.errors import AwsError
from reconciler.model.frozen import Frozen
from reconciler.model.ports import Reader
from reconciler.model.resource import Scope
from reconciler.model.tags import STACK
from reconciler.resources._ownership import in_stacks, tag_map
from reconciler.resources._tag_index import balancers_with_rules, indexed_tags

T = TypeVar("T")

ARNS_PER_CALL = 20
_OF_APPLICATION = ":listener/app/"
_NAME_START = 21
"""Characters of a stack's name that the shortest cut of a 32-character name surely keeps."""
_NOT_FOUND = frozenset({"LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound"})


def full_name(arn: str) -> str:
    """How CloudWatch names a load balancer (`app/NAME/HEX`) or a target group (`targetgroup/NAME/HEX`)."""
    return arn.rpartition(":")[2].removeprefix("loadbalancer/")


def _balancer_of(listener: str) -> str:
    """What `full_name` makes of the load balancer that a listener (`listener/app/NAME/HEX/HEX`) belongs to."""
    return listener.removeprefix("listener/").rpartition("/")[0]


def unless_gone(question: Callable[[], T]) -> T | None:
    """What a question about one object gives; `None` where the object has gone since it was listed."""
    try:
        return question()
    except AwsError as error:
        if error.code not in _NOT_FOUND:
            raise
        return None


class LoadBalancing(Frozen):
    """Descriptions as AWS gives them, each with its tags by ARN. Listeners are those of load balancers in `networks`
    and of those elsewhere that are ours or `used`: others' load balancers that specs refer to, or that lead to target
    groups of ours. The tags of `by_index` come from the index of tags."""

    networks: frozenset[str]
    stacks: frozenset[str]
    load_balancers: Sequence[Mapping[str, Any]]
    target_groups: Sequence[Mapping[str, Any]]
    listeners: Sequence[Mapping[str, Any]]
    tags: Mapping[str, Mapping[str, str]]
    by_index: frozenset[str]
    used: frozenset[str] = frozenset()

    def concerns(self, arn: str, vpc_id: str | None) -> bool:
        """Whether an object is of one of the stacks, or a stranger in their networks."""
        return arn in self.tags and (vpc_id in self.networks or arn in self.used or self.is_ours(arn))

    def is_ours(self, arn: str) -> bool:
        """Whether an object carries the tag of one of the stacks."""
        return self.tags.get(arn, {}).get(STACK) in self.stacks


def load_balancing(reader: Reader, scope: Scope) -> LoadBalancing:
    """The load balancers, target groups and listeners that concern the stacks of a scope.

    A look that expects load balancers and nothing else (waiting until they are ready) reads those alone.
    """
    networks = frozenset(scope.ids("vpc"))
    stacks = frozenset(scope.stacks)

    def narrowed(listed: Iterable[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
        return [one for one in listed if one.get("VpcId") in networks or _named_like(one[name], stacks)]

    of_balancers, of_groups = lists(reader)
    if set(scope.expected) == {"load-balancer"}:
        balancers = narrowed(of_balancers(), "LoadBalancerName")
        tags = tags_of(reader, _arns(balancers, "LoadBalancerArn"))
        return LoadBalancing(networks, stacks, balancers, (), (), tags, frozenset())
    all_balancers, all_groups = reader.together((of_balancers, of_groups))
    balancers, groups = narrowed(all_balancers, "LoadBalancerName"), narrowed(all_groups, "TargetGroupName")
    listeners = _listeners(reader, (b for b in balancers if b.get("VpcId") in networks))
    indexed = indexed_tags(reader, scope)
    arns = [
        *_arns(balancers, "LoadBalancerArn"),
        *_arns(groups, "TargetGroupArn"),
        *_arns(listeners, "ListenerArn"),
    ]
    tags = tags_of(reader, arns, indexed)
    our_groups = (g for g in groups if tags.get(g["TargetGroupArn"], {}).get(STACK) in stacks)
    leading = {arn for group in our_groups for arn in group.get("LoadBalancerArns", ())}
    leading |= {one.id for one in scope.found.get("existing-load-balancer", ())}
    leading |= balancers_with_rules(reader, scope)
    marked = {_balancer_of(place) for place in scope.places}
    leading |= {arn for arn in _arns(all_balancers, "LoadBalancerArn") if full_name(arn) in marked}
    used = frozenset(arn for arn in leading if tags.get(arn, {}).get(STACK) not in stacks)
    known = set(_arns(balancers, "LoadBalancerArn"))
    balancers += (
        others := [b for b in all_balancers if b["LoadBalancerArn"] in used and b["LoadBalancerArn"] not in known]
    )
    tags |= tags_of(reader, _arns(others, "LoadBalancerArn"), indexed)
    elsewhere = (b for b in balancers if b.get("VpcId") not in networks)
    arns_of_ours = {arn for arn, some in tags.items() if some.get(STACK) in stacks}
    strays = [b for b in elsewhere if b["LoadBalancerArn"] in arns_of_ours | used]
    of_strays = _listeners(reader, strays)
    tags |= tags_of(reader, _arns(of_strays, "ListenerArn"), indexed)
    all_listeners = [*listeners, *of_strays]
    return LoadBalancing(networks, stacks, balancers, groups, all_listeners, tags, frozenset(indexed), used)


def foreseen_rules(reader: Reader, scope: Scope) -> None:
    """Asks for the listeners and rules of load balancers that are known, and of those that are named as the stacks' are
    and stand in networks of theirs, before tags say whose they are: the reader remembers the answers."""

    def of_likely() -> None:
        ours = [in_stacks(scope.stacks)]
        networks = {vpc["VpcId"] for vpc in reader.pages("ec2", "DescribeVpcs", "Vpcs", Filters=ours)}
        of_balancers, _ = lists(reader)
        likely = [
            b for b in of_balancers() if b.get("VpcId") in networks and _named_like(b["LoadBalancerName"], scope.stacks)
        ]
        arns = [one["ListenerArn"] for one in _listeners(reader, likely) if may_have_rules(one)]
        reader.together(partial(described_rules, reader, arn) for arn in arns)

    questions: list[Callable[[], object]] = [of_likely]
    questions += [partial(_listeners_of, reader, arn) for arn in scope.foreseen("load-balancer")]
    with_rules = (arn for arn in scope.foreseen("listener") if _OF_APPLICATION in arn)
    questions += [partial(unless_gone, partial(described_rules, reader, arn)) for arn in with_rules]
    reader.together(questions)


def may_have_rules(listener: Mapping[str, Any]) -> bool:
    """Whether a listener is one of an application load balancer."""
    return listener["Protocol"] in ("HTTP", "HTTPS")


def described_rules(reader: Reader, listener: str) -> list[Mapping[str, Any]]:
    """The rules of a listener, the default one among them."""
    return reader.pages("elbv2", "DescribeRules", "Rules", ListenerArn=listener)


def described_balancer(reader: Reader, arn: str) -> list[Mapping[str, Any]]:
    """The description of the load balancer of type Application that an ARN names, where there is one."""
    of_balancers, _ = lists(reader)
    return [one for one in of_balancers() if one["LoadBalancerArn"] == arn and one["Type"] == "application"]


def lists(reader: Reader) -> tuple[Callable[[], list[Mapping[str, Any]]], Callable[[], list[Mapping[str, Any]]]]:
    """The questions for all load balancers and for all target groups of the account and region."""
    return (
        partial(reader.pages, "elbv2", "DescribeLoadBalancers", "LoadBalancers"),
        partial(reader.pages, "elbv2", "DescribeTargetGroups", "TargetGroups"),
    )


def _arns(described: Iterable[Mapping[str, Any]], member: str) -> list[str]:
    return [one[member] for one in described]


def _named_like(name: str, stacks: Iterable[str]) -> bool:
    """Whether a name could be one that was made for an object of one of the stacks (see `naming`)."""
    plain = name.removeprefix("x-")
    return any(text.startswith(stack[:_NAME_START].rstrip("-")) for stack in stacks for text in (name, plain))


def _listeners(reader: Reader, balancers: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Listeners can only be listed by load balancer."""
    arns = sorted(balancer["LoadBalancerArn"] for balancer in balancers)
    return [one for some in reader.together(partial(_listeners_of, reader, arn) for arn in arns) for one in some]


def _listeners_of(reader: Reader, balancer: str) -> list[Mapping[str, Any]]:
    asked = partial(reader.pages, "elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=balancer)
    return unless_gone(asked) or []


def tags_of(
    reader: Reader, arns: Iterable[str], known: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Mapping[str, str]]:
    """Tags by ARN, asked for where not known. What is not there any more, or not visible yet, is left out."""
    found = {arn: known[arn] for arn in arns if arn in known} if known else {}
    ordered = sorted(set(arns) - found.keys())
    chunks = (ordered[start : start + ARNS_PER_CALL] for start in range(0, len(ordered), ARNS_PER_CALL))
    for some in reader.together(partial(_tags_of_some, reader, chunk) for chunk in chunks):
        found |= some
    return found


def _tags_of_some(reader: Reader, arns: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """One request; AWS fails it as a whole when one object is missing, so then halves are asked for."""
    try:
        answer = reader.get("elbv2", "DescribeTags", ResourceArns=list(arns))
    except AwsError as error:
        if error.code not in _NOT_FOUND:
            raise
        if len(arns) == 1:
            return {}
        middle = len(arns) // 2
        return {**_tags_of_some(reader, arns[:middle]), **_tags_of_some(reader, arns[middle:])}
    return {one["ResourceArn"]: tag_map(one.get("Tags")) for one in answer["TagDescriptions"]}
