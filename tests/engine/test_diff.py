"""What differs, and why: drift, pending, missing."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from worlds import edited, graph, observed, outputs_of, world

from reconciler.diff import Comparison, compare
from reconciler.model import tags as own_tags
from reconciler.model.graph import Graph
from reconciler.model.plan import Cause, Change
from reconciler.model.resource import State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import KNOWN_AFTER_APPLY, NOT_REPORTED, FrozenMap, Id, transform
from reconciler.plan import make
from reconciler.resources.routes import Route
from reconciler.resources.security_group_rules import Rule, RuleKey

RULES = "security-group/task/web/rules"
SERVICE = "service/web"


def changed(comparison: Comparison, address: str) -> dict[str, Change]:
    return {change.path: change for change in comparison.changes.get(address, ())}


@pytest.mark.parametrize("name", ["two-tier.yaml", "peers.yaml"])
def test_a_world_that_mirrors_the_graph_differs_in_nothing(name: str) -> None:
    desired = graph(name)
    found = compare(desired, world(desired))
    assert not found.changes
    assert not found.missing
    assert not found.replaced
    assert not found.stale
    assert not found.orphans


def test_an_entry_that_somebody_added_is_present_and_not_desired() -> None:
    desired = graph()
    before = world(desired)
    (rules,) = before.found[RULES]
    ssh = RuleKey("tcp", 22, 22, "0.0.0.0/0")
    ingress = FrozenMap({**rules.fields.ingress, ssh: Rule(description="me")})
    found = changed(compare(desired, edited(before, RULES, ingress=ingress)), RULES)
    assert [(c.path, c.observed, c.desired, c.cause) for c in found.values()] == [
        ("ingress[tcp 22 0.0.0.0/0]", "present", None, Cause.DRIFT)
    ]


def test_an_entry_that_is_gone_names_the_group_it_let_in_by_id() -> None:
    desired = graph()
    found = changed(compare(desired, edited(world(desired), RULES, ingress=FrozenMap())), RULES)
    balancer = outputs_of(desired, "security-group/load-balancer/public")["id"]
    assert {path: (c.observed, c.desired) for path, c in found.items()} == {
        f"ingress[tcp 80 {balancer}]": (None, "present")
    }


def test_a_deleted_route_shows_the_target_it_led_to() -> None:
    desired = graph()
    table = "route-table/main/private/us-east-1a/routes"
    found = changed(compare(desired, edited(world(desired), table, routes=FrozenMap())), table)
    nat = outputs_of(desired, "nat-gateway/main/us-east-1a")["id"]
    assert {path: (c.observed, c.desired) for path, c in found.items()} == {
        "routes[0.0.0.0/0].natGatewayId": (None, nat)
    }


def test_a_route_that_leads_elsewhere_shows_both_targets() -> None:
    desired = graph()
    table = "route-table/main/public/routes"
    elsewhere = FrozenMap({"0.0.0.0/0": Route(network_interface_id=Id("eni-1"))})
    found = changed(compare(desired, edited(world(desired), table, routes=elsewhere)), table)
    gateway = outputs_of(desired, "internet-gateway/main")["id"]
    assert {path: (c.observed, c.desired) for path, c in found.items()} == {
        "routes[0.0.0.0/0].gatewayId": (None, gateway),
        "routes[0.0.0.0/0].networkInterfaceId": ("eni-1", None),
    }


def test_a_field_that_was_not_reported_is_not_compared() -> None:
    desired = graph()
    silent = edited(world(desired), SERVICE, deployment_configuration=NOT_REPORTED)
    assert not compare(desired, silent).changes


def test_a_delegated_field_is_left_alone_and_the_others_are_not() -> None:
    desired = graph()
    scaled = edited(world(desired), SERVICE, desired_count=7, load_balancers=frozenset())
    (service,) = scaled.found[SERVICE]
    delegated = dataclasses.replace(service, delegated=FrozenMap({"desired_count": "Application Auto Scaling"}))
    found = compare(desired, dataclasses.replace(scaled, found={**scaled.found, SERVICE: (delegated,)}))
    assert {path.split("[")[0] for path in changed(found, SERVICE)} == {"loadBalancers"}


def test_the_same_difference_is_drift_or_pending_by_the_applied_digest() -> None:
    desired = graph()
    scaled = edited(world(desired, converged=False), SERVICE, desired_count=7)
    (service,) = scaled.found[SERVICE]
    for applied, cause in (
        (service.applied, Cause.DRIFT),
        ("v1.0000000000000000", Cause.PENDING),
        (own_tags.NONE, Cause.PENDING),
        ("v0.anything", Cause.PENDING),
    ):
        one = dataclasses.replace(service, applied=applied)
        found = compare(desired, dataclasses.replace(scaled, found={**scaled.found, SERVICE: (one,)}))
        assert changed(found, SERVICE)["desiredCount"].cause is cause, applied


def test_an_applied_tag_that_somebody_removed_is_drift() -> None:
    desired = graph()
    before = world(desired)
    (vpc,) = before.found["vpc/main"]
    bare = dataclasses.replace(
        vpc, applied=None, tags=FrozenMap({k: v for k, v in vpc.tags.items() if k != own_tags.APPLIED})
    )
    found = changed(
        compare(desired, dataclasses.replace(before, found={**before.found, "vpc/main": (bare,)})), "vpc/main"
    )
    assert [(c.path, c.observed, c.cause) for c in found.values()] == [
        ("tags[reconciler.dev/applied]", None, Cause.DRIFT)
    ]


def test_user_tags_are_compared_both_ways_and_those_of_others_are_not() -> None:
    desired = graph(edit=lambda text: text.replace("{team: storefront, env: demo}", "{team: storefront}"))
    before = world(desired)
    (vpc,) = before.found["vpc/main"]
    ours = {"reconciler.dev/tag-keys": "env+team", "env": "demo", "aws:cloudformation": "x", "CostCentre": "7"}
    tagged = dataclasses.replace(vpc, tags=FrozenMap({**vpc.tags, **ours, "team": "other"}))
    found = compare(desired, dataclasses.replace(before, found={**before.found, "vpc/main": (tagged,)}))
    assert {path: (c.observed, c.desired) for path, c in changed(found, "vpc/main").items()} == {
        "tags[team]": ("other", "storefront"),
        "tags[env]": ("demo", None),
    }


def test_a_tag_that_alone_is_behind_is_refreshed_and_shows_no_change() -> None:
    desired = graph()
    before = world(desired)
    (vpc,) = before.found["vpc/main"]
    behind = dataclasses.replace(vpc, applied="v1.0000000000000000")
    found = compare(desired, dataclasses.replace(before, found={**before.found, "vpc/main": (behind,)}))
    assert found.stale == {"vpc/main"}
    assert not found.changes


@pytest.mark.parametrize(
    "address", ["service/web", "load-balancer/public", "route-table-association/main/public/us-east-1a"]
)
def test_what_is_gone_after_a_converged_apply_is_missing(address: str) -> None:
    desired = graph()
    assert compare(desired, world(desired, without=[address])).missing == {address: Cause.DRIFT}


def test_what_is_gone_is_missing_without_anchors_where_a_converged_object_refers_to_it() -> None:
    desired = graph()
    gone = world(desired, without=["nat-gateway/main/us-east-1a"], converged=False)
    assert compare(desired, gone).missing == {"nat-gateway/main/us-east-1a": Cause.DRIFT}


def test_what_only_history_refers_to_is_pending() -> None:
    """A load balancer taken out of the spec and put back: the old task definition named it, the service does not."""
    desired, definition = graph(), "task-definition/web"
    old = dataclasses.replace(observed(desired, definition, converged=False), in_use=False)
    without = ["load-balancer/internal", "listener/internal/http", "listener/internal/http/rules"]
    snapshot = world(desired, without=[*without, definition], more=[old], converged=False)
    assert compare(desired, snapshot).missing["load-balancer/internal"] is Cause.PENDING
    used = world(desired, without=[*without, definition], more=[dataclasses.replace(old, in_use=True)], converged=False)
    assert compare(desired, used).missing["load-balancer/internal"] is Cause.DRIFT


def test_what_never_was_is_pending() -> None:
    desired = graph()
    assert compare(desired, world(desired, without=["service/web"], converged=False)).missing == {
        "service/web": Cause.PENDING
    }


def test_one_anchor_is_evidence_enough() -> None:
    desired = graph()
    gone = world(desired, without=["cluster/main"])
    assert compare(desired, gone).missing == {"cluster/main": Cause.DRIFT}


def test_text_with_an_output_that_is_not_there_yet_is_known_after_apply() -> None:
    desired = graph()
    found = compare(desired, world(desired, without=["load-balancer/internal"]))
    shown = {c.path: c.desired for c in found.replaced["task-definition/web"].changes}
    assert shown["containerDefinitions[app].environment[ORDERS_URL]"] == KNOWN_AFTER_APPLY


def test_an_older_object_of_the_address_does_not_translate() -> None:
    """Both subnets carry one address; the one in the wrong zone loses, so what points at it differs."""
    desired = graph()
    address = "subnet/main/public/us-east-1a"
    stale = observed(desired, address, "0")
    stale = dataclasses.replace(stale, fields=dataclasses.replace(stale.fields, cidr_block="10.0.99.0/24"))
    snapshot = world(desired, more=[stale])
    nat = "nat-gateway/main/us-east-1a"
    moved = edited(snapshot, nat, subnet_id=Id(stale.id))
    found = compare(desired, moved)
    assert found.winners[address].id == f"id:{address}#1"
    assert stale in found.retired
    assert nat in found.replaced


def test_of_twins_the_one_in_use_wins_and_the_other_is_superfluous() -> None:
    desired = graph()
    address = "elastic-ip/main/us-east-1a"
    older = dataclasses.replace(observed(desired, address, "0"), created="0")
    found = compare(desired, world(desired, more=[older]))
    assert found.winners[address].id == f"id:{address}#1"
    assert [t.id for t in found.twins] == [older.id]


def test_twins_that_are_both_in_use_are_contested() -> None:
    desired = graph()
    address = "subnet/main/private/us-east-1a"
    twin = observed(desired, address, "2")
    two = world(desired, more=[twin])
    used = edited(two, "route-table-association/main/private/us-east-1b", subnet_id=Id(twin.id))
    assert set(compare(desired, used).contested) == {address}


def doubled(desired: Graph, first: int, second: int) -> Snapshot:
    """What two processes leave that died one after the other, neither having seen the other's work.

    Each came as far as so many of what can be there twice, in the graph's order.
    """
    order = [a for a in desired.order if desired.types[desired.resources[a].type].cloudformation.startswith("AWS::EC2")]

    def of_the_second(value: Any) -> Any:
        is_output = isinstance(value, Id) and value.value.rpartition("#")[0].rpartition(":")[2] in order
        return Id(value.value.replace("#1", "#2"), value.output) if is_output else value

    late = [observed(desired, address, "2", converged=False) for address in order[:second]]
    more = [dataclasses.replace(one, fields=transform(one.fields, of_the_second)) for one in late]
    there = {*order[:first]}
    return world(desired, without=[a for a in desired.order if a not in there], more=more, converged=False)


@pytest.mark.parametrize("attached", ["0", "1"])
def test_of_two_gateways_the_attached_one_wins(attached: str) -> None:
    """The other cannot be attached beside it, and which is older says nothing: AWS does not tell."""
    desired = graph()
    address, routes = "internet-gateway/main", "route-table/main/public/routes"
    both = [observed(desired, address, generation) for generation in ("0", "1")]
    alone = dataclasses.replace(both[0].fields, vpc_id=NOT_REPORTED, attached=False)
    both = [o if o.id[-1] == attached else dataclasses.replace(o, fields=alone) for o in both]
    found = compare(desired, world(desired, without=[address, routes, "nat-gateway/main/us-east-1a"], more=both))
    assert found.winners[address].id[-1] == attached


@pytest.mark.parametrize(("first", "second"), [(2, 2), (8, 8), (12, 20), (20, 12), (25, 9), (9, 25), (3, 30)])
def test_of_two_unfinished_networks_the_further_one_is_kept(first: int, second: int) -> None:
    desired = graph()
    snapshot = doubled(desired, first, second)
    found = compare(desired, snapshot)
    kept = "#2" if second > first else "#1"
    assert not found.contested
    in_both = {a: o for a, o in found.winners.items() if len(snapshot.found[a]) > 1}
    assert "vpc/main" in in_both
    in_a_network = [o.id[-2:] for a, o in in_both.items() if not a.startswith("elastic-ip/")]
    assert set(in_a_network) == {kept}
    assert not make(found).blocked


def test_what_others_put_into_the_lesser_network_is_not_taken_from_them() -> None:
    desired = graph()
    snapshot = doubled(desired, 20, 12)
    (group,) = (o for o in doubled(desired, 0, 20).found["security-group/task/web"] if o.id.endswith("#2"))
    theirs = dataclasses.replace(group, id="sg-theirs", address=None, stack=None, outputs=FrozenMap())
    found = compare(desired, dataclasses.replace(snapshot, foreign=(theirs,)))
    assert set(found.contested) == {"vpc/main"}


def test_a_dying_object_is_no_candidate() -> None:
    desired = graph()
    dying = dataclasses.replace(observed(desired, SERVICE), state=State.DELETING)
    found = compare(desired, world(desired, without=[SERVICE], more=[dying]))
    assert SERVICE in found.missing


def test_a_type_that_could_not_be_read_concludes_nothing() -> None:
    desired = graph()
    blind = dataclasses.replace(
        world(desired, without=["vpc-endpoint/main/s3"]), unknown={"vpc-endpoint": "AccessDenied"}
    )
    found = compare(desired, blind)
    assert "vpc-endpoint/main/s3" in found.unreadable
    assert not found.missing


def test_a_target_group_that_a_dead_load_balancer_holds_is_replaced_with_it() -> None:
    """AWS lets one load balancer use a target group: a new one needs new target groups."""
    desired = graph(edit=lambda text: text.replace("scheme: InternetFacing", "scheme: Internal", 1))
    before = graph()
    snapshot = world(before)
    found = compare(desired, snapshot)
    assert {"load-balancer/public", "listener/public/http", "target-group/public/web/http"} <= found.replaced.keys()
    assert "target-group/internal/orders/http" not in found.replaced


def test_the_rules_of_a_listener_that_is_replaced_keep_their_names() -> None:
    """AWS has no names for them: what they have in common with the files says which is which."""
    before, address = graph(), "listener/internal/http/rules"
    rules = before.resources[address].fields.rules
    unnamed = FrozenMap((f"arn:{name}", dataclasses.replace(rule, placed=100)) for name, rule in rules.items())
    desired = graph(edit=lambda text: text.replace("scheme: Internal\n", "scheme: InternetFacing\n"))
    found = compare(desired, edited(world(before), address, rules=unnamed))
    assert {change.path for change in found.replaced[address].changes} <= {"listenerArn", "rules[orders].actions"}


def test_a_failed_nat_gateway_is_left_to_aws_which_removes_it() -> None:
    desired, address = graph(), "nat-gateway/main/us-east-1a"
    (live,) = world(desired).found[address]
    corpse = dataclasses.replace(
        live,
        id="nat-failed",
        state=State.FAILED,
        fields=dataclasses.replace(live.fields, allocation_id=None),
        outputs=FrozenMap({"id": "nat-failed"}),
    )
    beside = compare(desired, world(desired, more=[corpse]))
    assert not beside.retired
    assert not beside.twins
    assert not beside.replaced
    assert address in compare(desired, world(desired, without=[address], more=[corpse])).missing
    nothing = dataclasses.replace(desired, resources={})
    assert "nat-failed" not in {orphan.id for orphan in compare(nothing, world(desired, more=[corpse])).orphans}


@pytest.mark.parametrize("first", [State.READY, State.PENDING, State.DELETING])
def test_a_gateway_that_comes_too_late_for_its_address_takes_it_from_nobody(first: State) -> None:
    """AWS gives an Elastic IP to the first that asked for it, and gives up on the other minutes later."""
    desired, address = graph(), "nat-gateway/main/us-east-1a"
    (live,) = world(desired).found[address]
    holder = dataclasses.replace(live, created="1", state=first)
    late = dataclasses.replace(
        live, id="nat-0-late", created="2", state=State.PENDING, outputs=FrozenMap({"id": "nat-0-late"})
    )
    found = compare(desired, world(desired, without=[address], more=[holder, late]))
    assert not found.replaced
    assert not found.twins
    assert [o.id for o in found.winners.values() if o.address == address] == (
        [] if first is State.DELETING else [holder.id]
    )
    assert set(found.missing) == ({address} if first is State.DELETING else set())


def test_a_service_that_went_back_to_just_what_is_wanted_is_well() -> None:
    desired, address = graph(), "service/web"
    (live,) = world(desired).found[address]
    back = dataclasses.replace(live, state=State.REVERTED, detail="rolled back")
    well = compare(desired, world(desired, without=[address], more=[back]))
    assert (well.failed, well.winners[address].state) == ({}, State.READY)
    elsewhere = dataclasses.replace(back, fields=dataclasses.replace(back.fields, task_definition=Id("older")))
    given_up = compare(desired, world(desired, without=[address], more=[elsewhere]))
    assert given_up.failed == {address: "rolled back"}
    assert given_up.winners[address].state is State.REVERTED
