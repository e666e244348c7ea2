"""What is done about it, and in which order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import edited, graph, observed, outputs_of, world

from reconciler.diff import compare
from reconciler.engine import empty_graph
from reconciler.model.graph import Graph
from reconciler.model.plan import Action, Plan, Reason, Verb
from reconciler.model.resource import State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import FrozenMap
from reconciler.plan import Choices, fingerprint, make

TWO_TIER = graph()
ADDRESSES = sorted(TWO_TIER.resources)


def planned(desired: Graph, snapshot: Snapshot, **choices: object) -> Plan:
    return make(compare(desired, snapshot), Choices(**choices))  # type: ignore[arg-type]


def needed(plan: Plan, key: str) -> set[str]:
    """Everything that comes before an action, directly or not."""
    needs: Mapping[str, Iterable[str]] = {a.key: a.needs for a in plan.actions}
    found: set[str] = set()
    ahead = list(needs[key])
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += needs[one]
    return found


def by_key(plan: Plan) -> dict[str, Action]:
    return {a.key: a for a in plan.actions}


def test_a_mirror_world_needs_nothing() -> None:
    plan = planned(TWO_TIER, world(TWO_TIER))
    assert plan.actions == ()
    assert plan.unchanged == len(TWO_TIER.resources)


def test_an_empty_world_needs_everything_once_and_nothing_before_its_needs() -> None:
    plan = planned(TWO_TIER, world(TWO_TIER, without=ADDRESSES, converged=False))
    assert [a.address for a in plan.actions if a.verb is Verb.CREATE] == sorted(
        ADDRESSES, key=lambda a: (TWO_TIER.resources[a].owner, a)
    )
    for action in plan.actions:
        mentioned = TWO_TIER.kind(action.address).mentions
        targets = {one for one in TWO_TIER.targets[action.address] if TWO_TIER.kind(one).name not in mentioned}
        assert {f"create {target}" for target in targets} <= action.needs, action.key


def test_a_role_does_not_wait_for_the_log_group_that_it_mentions_and_a_task_that_writes_there_does() -> None:
    plan = planned(TWO_TIER, world(TWO_TIER, without=ADDRESSES, converged=False))
    group = "create log-group/web"
    assert group not in needed(plan, "create role/web/execution")
    assert group in needed(plan, "create service/web")
    assert {"id", "arn"} <= plan.outputs["log-group/web"].keys()


def test_a_role_waits_for_a_log_group_whose_name_is_not_known_to_stay() -> None:
    dying = dataclasses.replace(observed(TWO_TIER, "log-group/web"), state=State.DELETING)
    gone = ["role/web/execution", "log-group/web"]
    plan = planned(TWO_TIER, world(TWO_TIER, without=gone, more=[dying], converged=False))
    assert "create log-group/web" in needed(plan, "create role/web/execution")


def test_a_task_starts_when_its_way_out_and_its_way_in_are_there() -> None:
    plan = planned(TWO_TIER, world(TWO_TIER, without=ADDRESSES, converged=False))
    before = needed(plan, "create service/orders")
    for address in (
        "route-table/main/private/us-east-1a/routes",
        "route-table-association/main/private/us-east-1b",
        "nat-gateway/main/us-east-1a",
        "listener/internal/http/rules",
        "security-group/task/orders/rules",
        "role/orders/execution",
        "log-group/orders",
        "vpc-endpoint/main/s3",
    ):
        assert f"create {address}" in before, address
    assert "create listener/public/http/rules" not in before


def test_a_stack_is_deleted_from_the_outside_in() -> None:
    nothing = empty_graph(TWO_TIER.stack, TWO_TIER.types)
    plan = planned(nothing, world(TWO_TIER))
    keys = by_key(plan)

    def gone(address: str) -> str:
        return next(k for k, a in keys.items() if a.address == address)

    order = [
        ("service/web", "target-group/public/web/http"),
        ("service/web", "cluster/main"),
        ("service/web", "role/web/execution"),
        ("service/web", "security-group/task/web"),
        ("service/web", "subnet/main/public/us-east-1a"),
        ("service/web", "internet-gateway/main"),
        ("load-balancer/public", "internet-gateway/main"),
        ("listener/public/http", "target-group/public/web/http"),
        ("load-balancer/public", "security-group/load-balancer/public"),
        ("security-group/load-balancer/public/rules", "security-group/task/web"),
        ("security-group/task/web/rules", "security-group/load-balancer/public"),
        ("nat-gateway/main/us-east-1a", "elastic-ip/main/us-east-1a"),
        ("nat-gateway/main/us-east-1a", "internet-gateway/main"),
        ("service/orders", "nat-gateway/main/us-east-1a"),
        ("route-table-association/main/public/us-east-1a", "route-table/main/public"),
        ("internet-gateway/main", "vpc/main"),
        ("subnet/main/private/us-east-1b", "vpc/main"),
        ("task-definition/web", "log-group/web"),
    ]
    for first, then in order:
        assert gone(first) in needed(plan, gone(then)), f"{first} before {then}"


def test_changing_a_replaced_network_replaces_what_lives_in_it_and_asks_first() -> None:
    desired = graph(edit=lambda text: text.replace("10.0.", "10.1."))
    plan = planned(desired, world(TWO_TIER))
    shown = {a.address: (a.order, a.reason) for a in plan.actions if a.replaces}
    assert shown["vpc/main"] == ("create-first", Reason.PENDING)
    assert shown["target-group/public/web/http"] == ("create-first", Reason.CASCADE)
    assert "cluster/main" not in shown
    assert any(d.startswith("replaces network vpc/main") for d in plan.disruptions)
    retired = next(a.key for a in plan.actions if a.address == "vpc/main" and a.retires)
    assert "create vpc/main" in needed(plan, retired)


def test_a_replaced_task_definition_is_retired_only_as_history_allows() -> None:
    desired = graph(edit=lambda text: text.replace("nginx:1.27", "nginx:1.28"))
    address = "task-definition/web"
    snapshot = world(TWO_TIER)
    (running,) = snapshot.found[address]
    history = [
        dataclasses.replace(
            running, id=f"td:{n}", created=f"{n:08d}", in_use=n == 4, outputs=FrozenMap({"id": f"td:{n}"})
        )
        for n in range(1, 5)
    ]
    snapshot = dataclasses.replace(snapshot, found={**snapshot.found, address: tuple(history)})
    plan = planned(desired, edited_service(snapshot, "td:4"))
    assert [a.id for a in plan.actions if a.verb is Verb.DELETE] == ["td:1", "td:2", "td:3"]
    assert by_key(plan)[f"create {address}"].replaces == "td:4"
    assert {a.reason for a in plan.actions if a.verb is Verb.DELETE} == {Reason.PENDING}


def test_a_revision_that_makes_room_for_a_healed_one_is_no_change_of_the_files() -> None:
    address = "task-definition/web"
    snapshot = edited(world(TWO_TIER), address, memory=2048)
    (changed,) = snapshot.found[address]
    running = dataclasses.replace(changed, in_use=True)
    older = dataclasses.replace(changed, id="td:1", created="0", outputs=FrozenMap({"id": "td:1"}))
    plan = planned(TWO_TIER, dataclasses.replace(snapshot, found={**snapshot.found, address: (older, running)}))
    assert [(a.id, a.reason) for a in plan.actions if a.verb is Verb.DELETE] == [("td:1", Reason.DRIFT)]


def test_a_revision_that_is_still_draining_is_the_one_that_is_kept() -> None:
    """A run that finds the new revision running already keeps as much history as the one that began it."""
    address = "task-definition/web"
    snapshot = world(TWO_TIER)
    (running,) = snapshot.found[address]
    older = dataclasses.replace(running.fields, memory=2048)
    history = [
        dataclasses.replace(
            running, id=f"td:{n}", fields=older, created=f"{n:08d}", in_use=n == 2, outputs=FrozenMap({"id": f"td:{n}"})
        )
        for n in (1, 2)
    ]
    new = dataclasses.replace(running, created="00000003", in_use=True)
    plan = planned(TWO_TIER, dataclasses.replace(snapshot, found={**snapshot.found, address: (*history, new)}))
    assert [a.id for a in plan.actions if a.verb is Verb.DELETE] == ["td:1"]


def edited_service(snapshot: Snapshot, definition: str) -> Snapshot:
    from reconciler.model.values import Id

    return edited(snapshot, "service/web", task_definition=Id(definition))


def test_a_changed_image_is_pending_on_definition_and_service() -> None:
    desired = graph(edit=lambda text: text.replace("nginx:1.27", "nginx:1.28"))
    plan = planned(desired, world(TWO_TIER))
    assert {(a.address, a.reason) for a in plan.visible} == {
        ("task-definition/web", Reason.PENDING),
        ("service/web", Reason.PENDING),
    }
    assert not plan.drift


def test_without_heal_only_the_spec_is_followed() -> None:
    desired = graph(edit=lambda text: text.replace("replicas: 2", "replicas: 3"))
    drifted = edited(world(TWO_TIER), "target-group/public/web/http", health_check_path="/by-hand")
    plan = planned(desired, drifted, heal=False)
    assert {a.address for a in plan.visible} == {"service/orders", "service/web"}
    assert {a.address for a in planned(desired, drifted).visible} > {"target-group/public/web/http"}


@pytest.mark.parametrize(
    ("was", "becomes", "goes_along"),
    [
        ("scheme: Internal\n", "scheme: InternetFacing\n", "target-group/internal/orders/http"),
        ("10.0.", "10.1.", "elastic-ip/main/us-east-1a"),
    ],
)
def test_without_heal_what_a_change_of_the_spec_replaces_takes_along_what_it_holds(
    was: str, becomes: str, goes_along: str
) -> None:
    """A new load balancer without its target groups, the old one gone, is worse than none of it."""
    desired = graph(edit=lambda text: text.replace(was, becomes))
    plan = planned(desired, world(TWO_TIER), heal=False)
    assert not plan.blocked
    assert goes_along in {a.address for a in plan.actions if a.replaces}
    assert by_key(plan).keys() == by_key(planned(desired, world(TWO_TIER))).keys()


def test_without_heal_what_needs_something_that_is_gone_is_blocked_and_says_so() -> None:
    """The web task is told the name of the load balancer that is gone, and targets of orders go with theirs."""
    desired = graph(edit=lambda text: text.replace("replicas: 2", "replicas: 3"))
    plan = planned(desired, world(TWO_TIER, without=["load-balancer/internal"]), heal=False)
    assert not plan.visible
    assert {b.address: b.reason for b in plan.blocked} == {
        "service/orders": "needs target-group/internal/orders/http, which is left as it is",
        "service/web": "needs task-definition/web, which is left as it is",
    }


def test_what_is_no_longer_in_the_spec_is_pruned_unless_told_not_to() -> None:
    smaller = graph(edit=lambda text: text.replace("endpoints: [s3]", "endpoints: []"))
    plan = planned(smaller, world(TWO_TIER))
    assert [(a.address, a.verb, a.reason) for a in plan.visible] == [
        ("vpc-endpoint/main/s3", Verb.DELETE, Reason.ORPHANED)
    ]
    kept = graph(
        edit=lambda text: text.replace("endpoints: [s3]", "endpoints: []").replace("prune: true", "prune: false")
    )
    plan = planned(kept, world(TWO_TIER))
    assert plan.actions == ()
    assert [d.status.value for d in plan.drift] == ["Orphaned"]


def test_pruning_more_than_half_must_be_allowed() -> None:
    nothing = empty_graph(TWO_TIER.stack, TWO_TIER.types)
    plan = planned(nothing, world(TWO_TIER))
    assert any("live resources" in d for d in plan.disruptions)


def test_a_rollout_that_aws_gave_up_is_not_tried_again_until_asked() -> None:
    snapshot = edited(world(TWO_TIER), "service/web", desired_count=1)
    (service,) = snapshot.found["service/web"]
    failed = dataclasses.replace(service, state=State.FAILED, detail="tasks failed to start")
    snapshot = dataclasses.replace(snapshot, found={**snapshot.found, "service/web": (failed,)})
    plan = planned(TWO_TIER, snapshot)
    assert plan.actions == ()
    assert [b.address for b in plan.blocked] == ["service/web"]
    assert not plan.drift
    assert [a.key for a in planned(TWO_TIER, snapshot, retry=True).actions] == ["update service/web"]


def test_what_an_earlier_run_made_is_waited_for_by_all_that_leads_to_it() -> None:
    """The routes and associations between a service and its NAT gateway may all be there: its tasks would not start."""
    nat = "nat-gateway/main/us-east-1a"
    (live,) = world(TWO_TIER).found[nat]
    pending = dataclasses.replace(live, state=State.PENDING)
    whole = world(TWO_TIER, without=[nat], more=[pending])
    assert planned(TWO_TIER, whole).actions == ()
    actions = {
        a.key: a for a in planned(TWO_TIER, world(TWO_TIER, without=[nat, "service/orders"], more=[pending])).actions
    }
    assert not actions[f"refresh {nat}"].calls
    assert f"refresh {nat}" in actions["create service/orders"].needs


def test_what_depends_on_a_blocked_address_is_blocked_and_the_rest_is_not() -> None:
    twin = observed(TWO_TIER, "subnet/main/private/us-east-1a", "2")
    snapshot = world(TWO_TIER, more=[twin], without=["service/orders", "service/web"])
    from reconciler.model.values import Id

    snapshot = edited(snapshot, "route-table-association/main/private/us-east-1b", subnet_id=Id(twin.id))
    plan = planned(TWO_TIER, snapshot)
    blocked = {b.address for b in plan.blocked}
    assert {"subnet/main/private/us-east-1a", "service/orders"} <= blocked
    assert "create service/web" in by_key(plan)


def test_subnets_that_trade_their_zones_are_blocked_and_nothing_that_is_used_goes() -> None:
    """Either range is free only when the other subnet is gone: nothing may be taken from what cannot be made anew."""
    desired = graph(edit=lambda text: text.replace("[us-east-1a, us-east-1b]", "[us-east-1b, us-east-1a]"))
    plan = planned(desired, world(TWO_TIER))
    assert {"subnet/main/public/us-east-1a", "subnet/main/private/us-east-1b"} <= {b.address for b in plan.blocked}
    assert [a.key for a in plan.actions if a.verb is Verb.DELETE] == []
    assert not plan.disruptions


def test_equal_worlds_give_equal_plans_and_another_world_another_fingerprint() -> None:
    one, two = (planned(TWO_TIER, world(TWO_TIER, without=["service/web"])) for _ in range(2))
    assert one == two
    other = edited(world(TWO_TIER, without=["service/web"]), "service/orders", desired_count=9)
    assert fingerprint(TWO_TIER, other) != fingerprint(TWO_TIER, world(TWO_TIER, without=["service/web"]))


def test_the_order_of_documents_changes_nothing() -> None:
    turned = graph(edit=lambda text: "\n---\n".join(reversed(text.split("\n---\n"))))
    assert turned.digest == TWO_TIER.digest
    assert planned(turned, world(TWO_TIER)).actions == ()


@settings(max_examples=60)
@given(st.sets(st.sampled_from(ADDRESSES)))
def test_whatever_is_gone_is_made_again_and_can_be_ordered(gone: set[str]) -> None:
    plan = planned(TWO_TIER, world(TWO_TIER, without=gone))
    made = {a.address for a in plan.actions if a.verb is Verb.CREATE}
    assert gone <= made
    assert not plan.blocked
    for action in plan.actions:
        assert action.key not in needed(plan, action.key)


@settings(max_examples=30)
@given(st.sets(st.sampled_from(sorted({r.type for r in TWO_TIER.resources.values()})), min_size=1))
def test_nothing_is_made_or_removed_of_a_type_that_could_not_be_read(blind: set[str]) -> None:
    gone = [a for a, r in TWO_TIER.resources.items() if r.type in blind]
    snapshot = dataclasses.replace(world(TWO_TIER, without=gone), unknown=dict.fromkeys(blind, "AccessDenied"))
    plan = planned(TWO_TIER, snapshot)
    assert not [a.key for a in plan.actions if a.type in blind]


def test_no_address_is_paid_for_that_only_something_blocked_would_use() -> None:
    def swapped(text: str) -> str:
        return text.replace("[us-east-1a, us-east-1b]", "[us-east-1b, us-east-1a]")

    plan = planned(graph(edit=swapped), world(TWO_TIER))
    blocked = {one.address: one for one in plan.blocked}
    assert [a.key for a in plan.actions] == []
    assert blocked["elastic-ip/main/us-east-1b"].reason == "serves nat-gateway/main/us-east-1b alone, which is blocked"
    assert blocked["elastic-ip/main/us-east-1b"].behind == "nat-gateway/main/us-east-1b"


def test_no_plan_touches_what_is_foreign() -> None:
    foreign = dataclasses.replace(
        observed(TWO_TIER, "subnet/main/public/us-east-1a"), id="foreign", address=None, stack=None
    )
    snapshot = dataclasses.replace(world(TWO_TIER, without=["service/web"]), foreign=(foreign,))
    nothing = empty_graph(TWO_TIER.stack, TWO_TIER.types)
    for desired in (TWO_TIER, nothing):
        assert "foreign" not in {a.id for a in planned(desired, snapshot).actions}


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_update_of_a_reference_uses_what_this_run_makes(address: str) -> None:
    """Gone targets come back under new ids: what refers to them must follow in the same plan."""
    plan = planned(TWO_TIER, world(TWO_TIER, without=[address]))
    assert f"create {address}" in by_key(plan)
    for action in plan.actions:
        if action.verb is Verb.UPDATE and address in TWO_TIER.targets[action.address]:
            is_mentioned = TWO_TIER.kind(address).name in TWO_TIER.kind(action.address).mentions
            assert f"create {address}" in action.needs or (is_mentioned and address in plan.outputs)


def test_outputs_of_the_mirror_are_distinct() -> None:
    assert outputs_of(TWO_TIER, "vpc/main") != outputs_of(TWO_TIER, "cluster/main")


def test_what_cannot_be_replaced_names_what_uses_it_and_nothing_makes_way_for_it() -> None:
    """The public subnets are other ones, so the NAT gateways would have to be, with Elastic IPs that they hold."""
    other = graph(
        "connected.yaml", lambda text: text.replace("public: {}", "public: {cidrs: [10.27.0.0/24, 10.27.16.0/24]}")
    )
    plan = planned(other, world(graph("connected.yaml")))
    blocked = {one.address: one for one in plan.blocked}
    gateway, routes = blocked["nat-gateway/main/us-east-1a"], "route-table/main/private/us-east-1a/routes"
    assert gateway.reason == f"cannot be replaced while others use it: {routes}, subnet/main/public/us-east-1a"
    assert gateway.fix == "eipalloc-0123456789abcdef0 is in use by the gateway that is there: name another Elastic IP"
    assert blocked[routes].behind == gateway.address
    assert not plan.visible, "no subnet makes way for one that cannot be made while what stands in it stays"
