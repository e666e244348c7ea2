"""What stays when its object goes, and what nothing may replace: annotations, plans and AWS."""

from __future__ import annotations

import re
from collections.abc import Callable

import boto3
import pytest
from cuts import Cut, Guillotine, client
from worlds import SMALL, graph, world

from reconciler.cli._text import plan_text
from reconciler.diff import compare
from reconciler.engine import empty_graph, view
from reconciler.model.graph import Graph
from reconciler.model.plan import Plan, Verb
from reconciler.model.ports import Writer
from reconciler.model.snapshot import Snapshot
from reconciler.model.tags import DELETION_POLICY
from reconciler.plan import Choices, make
from reconciler.sandbox import Sandbox

TIER = "two-tier.yaml"


def annotated(obj: str, annotation: str, value: str) -> Callable[[str], str]:
    """An edit that puts an annotation on an object (`Task/web`)."""
    kind, _, name = obj.partition("/")

    def edit(text: str) -> str:
        pattern = rf"kind: {kind}\nmetadata:\s*({{name: {name}}}|\n +name: {name})\n"
        done = f'kind: {kind}\nmetadata: {{name: {name}, annotations: {{reconciler.dev/{annotation}: "{value}"}}}}\n'
        text, count = re.subn(pattern, done, text)
        assert count == 1
        return text

    return edit


KEPT = graph(TIER, annotated("Task/web", "deletion-policy", "Retain"))
MINE = {"log-group/web", "role/web/execution", "security-group/task/web", "service/web", "task-definition/web"}
NEEDED = {"cluster/main", "vpc/main", "subnet/main/public/us-east-1a", "subnet/main/public/us-east-1b"}


def deletion(snapshot: Snapshot, desired: Graph, retained: frozenset[str] = frozenset()) -> Plan:
    return make(compare(empty_graph(desired.stack, desired.types), snapshot), Choices(retained=retained))


def addresses(plan: Plan, verb: Verb) -> set[str]:
    return {action.address for action in plan.actions if action.verb is verb}


def test_what_says_so_and_all_that_it_needs_stays_when_the_stack_goes() -> None:
    plan = deletion(world(KEPT), KEPT)
    released, deleted = addresses(plan, Verb.RELEASE), addresses(plan, Verb.DELETE)
    assert released >= MINE | NEEDED
    assert not released & deleted
    assert {"service/orders", "load-balancer/public", "nat-gateway/main/us-east-1a"} <= deleted
    because = {action.address: action.because for action in plan.actions if action.verb is Verb.RELEASE}
    assert (because["service/web"], because["cluster/main"]) == ("", "service/web")


def test_no_part_of_what_stays_is_deleted() -> None:
    deleted = addresses(deletion(world(KEPT), KEPT), Verb.DELETE)
    assert "security-group/task/web/rules" not in deleted
    everything = graph(TIER, annotated("Network/main", "deletion-policy", "Retain"))
    assert not {a for a in addresses(deletion(world(everything), everything), Verb.DELETE) if "/main/p" in a}


def test_a_whole_stack_stays_where_the_stack_says_so() -> None:
    desired = graph(TIER, annotated("Stack/shop", "deletion-policy", "Retain"))
    assert addresses(deletion(world(desired), desired), Verb.DELETE) == set()


def test_files_that_say_so_count_though_nobody_applied_them() -> None:
    before = graph(TIER)
    retained = frozenset(address for address in KEPT.resources if KEPT.retains(address))
    assert addresses(deletion(world(before), before, retained), Verb.RELEASE) >= MINE | NEEDED


def test_the_policy_is_shown_where_it_comes_and_goes_and_where_somebody_takes_it_away() -> None:
    without = graph(TIER)
    for present, desired, change in ((without, KEPT, (None, "Retain")), (KEPT, without, ("Retain", None))):
        plan = make(compare(desired, world(present)))
        lines = {(a.address, c.path, c.observed, c.desired) for a in plan.visible for c in a.changes}
        target_groups = {a for a, r in desired.resources.items() if r.owner == "Task/web" and r.type == "target-group"}
        assert lines == {(a, f"tags[{DELETION_POLICY}]", *change) for a in MINE | target_groups}
        assert not plan.drift
    (service,) = world(KEPT).found["service/web"]
    tags = type(service.tags)((k, v) for k, v in service.tags.items() if k != DELETION_POLICY)
    found = {**world(KEPT).found, "service/web": (type(service)(**{**_parts(service), "tags": tags}),)}
    seen = compare(KEPT, Snapshot(**{**_parts(world(KEPT)), "found": found}))
    assert [(d.address, [c.path for c in d.changes]) for d in make(seen).drift] == [
        ("service/web", [f"tags[{DELETION_POLICY}]"])
    ]


def _parts(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__}  # type: ignore[attr-defined]


def test_a_plan_says_what_stays_and_why() -> None:
    text = plan_text(deletion(world(KEPT), KEPT), (), colour=False)
    assert re.search(r"  =   service/web  \S+  # stays, no longer the stack's\n", text)
    assert re.search(r"  =   cluster/main  \S+  # stays: service/web needs it\n", text)
    assert re.search(r"Plan: 0 to create, 0 to update, 0 to replace, \d+ to delete, \d+ to release, 0 unchanged", text)


def left(sandbox: Sandbox, desired: Graph) -> tuple[list[str], list[str]]:
    """The clusters that there are, and what of AWS still carries our tags."""
    clusters = [arn.rpartition("/")[2] for arn in boto3.client("ecs").list_clusters()["clusterArns"]]
    seen = view(empty_graph(desired.stack, desired.types), client(sandbox.clock).reader).snapshot
    return sorted(clusters), [live.address or "" for live in seen.live()]


OF_TWO = (
    SMALL
    + """\
---
apiVersion: reconciler.dev/v1
kind: Cluster
metadata: {name: other}
---
apiVersion: reconciler.dev/v1
kind: Task
metadata: {name: web}
spec:
  cluster: main
  network: main
  placement: Public
  containers: [{name: app, image: nginx}]
"""
)


def small(edit: Callable[[str], str] = lambda text: text) -> Graph:
    return graph(TIER, lambda _: edit(OF_TWO))


@pytest.mark.parametrize("annotation", ["Task/web", None])
def test_a_deleted_stack_leaves_what_stays_running_and_nothing_of_it_is_ours(
    sandbox: Sandbox, annotation: str | None
) -> None:
    desired = small(annotated(annotation, "deletion-policy", "Retain")) if annotation else small()
    assert client(sandbox.clock).apply(desired).converged
    gone = client(sandbox.clock).delete(desired)
    assert gone.converged
    assert left(sandbox, desired) == (["shop_main"] if annotation else [], [])
    services = boto3.client("ecs").list_services(cluster="shop_main")["serviceArns"] if annotation else []
    assert len(services) == (1 if annotation else 0)


def test_an_object_that_goes_alone_leaves_what_stays(sandbox: Sandbox) -> None:
    with_policy = annotated("Cluster/other", "deletion-policy", "Retain")
    assert client(sandbox.clock).apply(small(with_policy)).converged
    without = small(
        lambda text: text.replace("kind: Cluster\nmetadata: {name: other}\n---\napiVersion: reconciler.dev/v1\n", "")
    )
    plan = view(without, client(sandbox.clock).reader).plan
    assert [(a.address, a.verb) for a in plan.visible] == [("cluster/other", Verb.RELEASE)]
    assert client(sandbox.clock).apply(without).converged
    clusters, ours = left(sandbox, without)
    assert clusters == ["shop_main", "shop_other"]
    assert "cluster/other" not in ours


def test_a_deletion_that_is_cut_anywhere_leaves_what_stays(sandbox: Sandbox) -> None:
    desired = small(annotated("Task/web", "deletion-policy", "Retain"))
    assert client(sandbox.clock).apply(desired).converged

    def recover() -> None:
        assert client(sandbox.clock).delete(desired).converged
        assert left(sandbox, desired) == (["shop_main"], [])
        assert boto3.client("ecs").list_services(cluster="shop_main")["serviceArns"]

    guillotines: list[Guillotine] = []

    def wrap(writer: Writer) -> Writer:
        guillotines.append(Guillotine(writer, lambda cut: cut.acted and "ntag" in cut.operation, recover))
        return guillotines[-1]

    assert client(sandbox.clock, wrap).delete(desired).converged
    (guillotine,) = guillotines
    guillotine.finish()
    assert guillotine.failures == {}
    assert Cut("ecs:UntagResource", 3, acted=True) in guillotine.cuts


def test_what_must_not_be_replaced_is_blocked_with_all_that_would_force_it() -> None:
    desired = graph(TIER, lambda text: annotated("Task/web", "prevent-replace", "true")(text).replace("10.0.", "10.7."))
    plan = make(compare(desired, world(graph(TIER))))
    blocked = {one.address: one for one in plan.blocked}
    assert {"service/web", "security-group/task/web", "vpc/main"} <= blocked.keys()
    assert "prevent-replace of Task/web forbids" in blocked["vpc/main"].reason
    assert not {a.address for a in plan.actions} & {"vpc/main", "service/web", "subnet/main/public/us-east-1a"}


def test_what_may_be_replaced_or_is_only_revised_is_not_blocked() -> None:
    desired = graph(TIER, annotated("Task/web", "prevent-replace", "true"))
    revised = graph(
        TIER,
        lambda text: (
            annotated("Task/web", "prevent-replace", "true")(text)
            .replace("cpu: 512", "cpu: 1024")
            .replace("memory: 1024", "memory: 2048")
        ),
    )
    plan = make(compare(revised, world(desired)))
    assert not plan.blocked
    assert {a.address for a in plan.visible} == {"task-definition/web", "service/web"}
    lost = make(compare(desired, world(desired, without=["service/web"])))
    assert not lost.blocked
