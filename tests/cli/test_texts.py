"""What people and scripts read, word for word: golden files of texts and documents over worlds of plain data.

`pytest tests/cli --update-golden` writes them anew.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from worlds import SPECS, edited, graph, observed, world

from reconciler import checks, engine
from reconciler.attribution import Attribution
from reconciler.aws.advice import next_step
from reconciler.cli import _documents as documents
from reconciler.cli._failures import InvalidInputError, failure_of
from reconciler.cli._objects import Shown, object_table, object_text
from reconciler.cli._text import OF_THE_STACK, apply_text, drift_text, plan_text, progress_line
from reconciler.cli._values import changed_lines
from reconciler.conditions import conditions_of
from reconciler.diff import compare
from reconciler.execute import INTERRUPTED, Progress, Step
from reconciler.flows import Judged, effects
from reconciler.load import load
from reconciler.model.errors import AwsError, ErrorClass, Refused
from reconciler.model.graph import Graph
from reconciler.model.plan import Action, Cause, Change, Failure, Outcome, Plan, Result, Verb
from reconciler.model.resource import State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import FrozenMap, Id
from reconciler.plan import Choices, make
from reconciler.resources.security_group_rules import RuleKey
from reconciler.status import RunningTask

Golden = Callable[[str, str], None]

TWO_TIER = graph()
NAT = "nat-gateway/main/us-east-1a"
ADDRESSES = sorted(TWO_TIER.resources)
BUNDLE = load({"two-tier.yaml": (SPECS / "two-tier.yaml").read_bytes()})
STACK = BUNDLE.stacks["shop"]
FLOWS = [
    Judged("internet-reaches-web", "Reachable", "Reachable", True, "through loadBalancer/public", None),
    Judged("orders-stay-inside", "Blocked", "Reachable", False, "through loadBalancer/internal", None),
    Judged("web-reaches-orders", "Reachable", "Unknown", None, "network-acl could not be read", None),
]


def viewed(desired: Graph, snapshot: Snapshot, **choices: Any) -> engine.View:
    comparison = compare(desired, snapshot)
    return engine.View(snapshot, comparison, make(comparison, Choices(**choices)))


def planned(desired: Graph, snapshot: Snapshot) -> Plan:
    return viewed(desired, snapshot).plan


def changed(old: str, new: str) -> Graph:
    """The reference with one text in it replaced, and AWS still as the reference says."""

    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return graph(edit=edit)


def meddled() -> Snapshot:
    """The reference fully applied, then SSH opened, a rule removed, a service scaled by hand, a log group deleted."""
    rules = observed(TWO_TIER, "security-group/task/web/rules").fields
    (rule, *_) = rules.ingress.values()
    ssh = RuleKey("tcp", 22, 22, "0.0.0.0/0")
    found = world(TWO_TIER, without=["log-group/web"])
    found = edited(found, "service/orders", desired_count=1)
    return edited(found, "security-group/task/web/rules", ingress=FrozenMap({ssh: rule}))


def text_of(plan: Plan, *, calls: bool = False) -> str:
    return plan_text(plan, FLOWS, colour=False, calls=calls)


def document(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2)


def drifted(view: engine.View, desired: Graph) -> dict[str, Any]:
    changed_reach = effects(desired, view.snapshot, desired.types, view.plan.drift)
    return documents.drift_document(view, desired, FLOWS, changed_reach)


def outcomes(plan: Plan, **results: dict[str, Any]) -> list[Outcome]:
    """Every action done in a second, but for what is said of an address."""
    found = []
    for action in plan.actions:
        given = results.get(action.address, {})
        identity = f"id-of/{action.address}" if given.get("result", Result.DONE) is Result.DONE else None
        found.append(Outcome(action, **{"result": Result.DONE, "id": identity, "seconds": 1.0, **given}))
    return found


def test_a_plan_for_an_empty_account_lists_every_field(golden: Golden) -> None:
    plan = planned(TWO_TIER, world(TWO_TIER, without=ADDRESSES, converged=False))
    golden("plan-create.txt", text_of(plan))
    golden("plan-create.json", document(documents.plan_document(plan, TWO_TIER, FLOWS)))


def test_a_plan_names_the_requests_when_it_is_wide(golden: Golden) -> None:
    plan = planned(changed("nginx:1.27", "nginx:1.28"), world(TWO_TIER))
    golden("plan-wide.txt", text_of(plan, calls=True))


def test_a_plan_without_changes_says_so(golden: Golden) -> None:
    golden("plan-nothing.txt", text_of(planned(TWO_TIER, world(TWO_TIER))))


def test_a_plan_shows_an_update_field_by_field(golden: Golden) -> None:
    desired = graph(
        edit=lambda text: text.replace("- path: /api/*", "- path: /v2/*").replace("replicas: 2", "replicas: 3")
    )
    plan = planned(desired, world(TWO_TIER))
    golden("plan-update.txt", text_of(plan))
    golden("plan-update.json", document(documents.plan_document(plan, desired, FLOWS)))


def test_a_plan_tells_what_was_changed_in_aws_from_what_was_changed_in_the_files(golden: Golden) -> None:
    golden("plan-drift.txt", text_of(planned(TWO_TIER, meddled())))


def test_a_plan_marks_the_field_that_forces_a_replacement_and_what_must_be_allowed(golden: Golden) -> None:
    desired = changed("scheme: Internal\n", "scheme: InternetFacing\n")
    plan = planned(desired, world(TWO_TIER))
    golden("plan-replace.txt", text_of(plan))
    golden("plan-replace.json", document(documents.plan_document(plan, desired, FLOWS)))


def test_a_plan_lists_what_is_no_longer_in_the_files(golden: Golden) -> None:
    desired = graph("peers.yaml")
    renamed = dataclasses.replace(desired, stack=dataclasses.replace(desired.stack, name="shop"))
    plan = planned(renamed, world(TWO_TIER))
    golden("plan-pruned.txt", text_of(plan))
    assert plan.disruptions


def test_a_plan_of_a_deletion_does_not_say_that_the_files_lack_what_it_lists(golden: Golden) -> None:
    plan = planned(engine.empty_graph(TWO_TIER.stack, TWO_TIER.types), world(TWO_TIER))
    golden("plan-delete.txt", plan_text(plan, (), colour=False, unowned=OF_THE_STACK))


def test_a_plan_says_what_is_blocked_and_how_to_unblock_it(golden: Golden) -> None:
    denied = "ec2:DescribeNatGateways: UnauthorizedOperation: You are not authorized to perform this operation."
    found = dataclasses.replace(world(TWO_TIER, without=[NAT]), unknown={"nat-gateway": denied})
    view = viewed(TWO_TIER, found)
    golden("plan-blocked.txt", text_of(view.plan))
    golden(
        "drift-unreadable.txt",
        drift_text(drifted(view, TWO_TIER), view.plan.drift, FLOWS, colour=False),
    )


def test_drift_names_every_field_and_what_was_wanted(golden: Golden) -> None:
    view = viewed(TWO_TIER, meddled())
    found = drifted(view, TWO_TIER)
    golden("drift.txt", drift_text(found, view.plan.drift, FLOWS, colour=False))
    golden("drift.json", document(found))


def test_drift_tells_pending_and_foreign_apart(golden: Golden) -> None:
    stranger = dataclasses.replace(
        observed(TWO_TIER, "security-group/task/web"), id="sg-stranger", address=None, stack=None, owner=None
    )
    found = dataclasses.replace(world(TWO_TIER), foreign=(stranger,))
    desired = changed("nginx:1.27", "nginx:1.28")
    view = viewed(desired, found)
    golden(
        "drift-pending.txt",
        drift_text(drifted(view, desired), view.plan.drift, FLOWS, colour=False),
    )


def test_what_the_files_name_no_longer_is_pending_unless_it_is_drift() -> None:
    def told(edit: Callable[[str], str]) -> tuple[int, list[str]]:
        desired = graph(edit=lambda text: edit(text.replace("endpoints: [s3]", "endpoints: []")))
        found = drifted(viewed(desired, world(TWO_TIER)), desired)
        return found["pending"], [item["status"] for item in found["drift"]]

    assert told(lambda text: text) == (1, [])
    assert told(lambda text: text.replace("prune: true", "prune: false")) == (0, ["Orphaned"])


def test_what_aws_gave_up_is_told_by_all_and_nobody_is_sent_to_run_again(golden: Golden) -> None:
    snapshot = edited(world(TWO_TIER), "service/web", task_definition=Id("td:old"))
    (live,) = snapshot.found["service/web"]
    back = dataclasses.replace(live, state=State.REVERTED, detail="rolled back")
    view = viewed(TWO_TIER, dataclasses.replace(snapshot, found={**snapshot.found, "service/web": (back,)}))
    (web,) = (item for item in shown(TWO_TIER, view.snapshot) if item.obj.id == "Task/web")
    texts = (
        drift_text(drifted(view, TWO_TIER), view.plan.drift, FLOWS, colour=False),
        object_text(web),
        apply_text(engine.Applied((), view.plan, 0), colour=False),
    )
    golden("gave-up.txt", "\n\n".join(texts))


REFUSED = Failure(
    "ecs:CreateService",
    "AccessDeniedException",
    "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:CreateService",
    "allow ecs:CreateService to these credentials (a request that sets tags also needs the service's tag action)",
)


def failed() -> engine.Applied:
    plan = planned(TWO_TIER, world(TWO_TIER, without=ADDRESSES, converged=False))
    results = {
        "service/web": {"result": Result.FAILED, "failure": REFUSED},
        "nat-gateway/main/us-east-1a": {
            "result": Result.FAILED,
            "failure": Failure(
                "ec2:CreateNatGateway",
                "NatGatewayLimitExceeded",
                "The maximum number of NAT Gateways has been reached.",
                next_step("ec2", "CreateNatGateway", "NatGatewayLimitExceeded", "", ErrorClass.QUOTA),
            ),
        },
        "route-table/main/private/us-east-1a/routes": {
            "result": Result.SKIPPED,
            "because": "nat-gateway/main/us-east-1a",
        },
        "route-table/main/private/us-east-1b/routes": {
            "result": Result.SKIPPED,
            "because": "nat-gateway/main/us-east-1a",
        },
        "service/orders": {"result": Result.SKIPPED, "because": "nat-gateway/main/us-east-1a"},
        "load-balancer/public": {"result": Result.PENDING, "detail": "provisioning"},
    }
    return engine.Applied(tuple(outcomes(plan, **results)), plan, 0)


def test_an_apply_says_what_failed_what_was_skipped_because_of_what_and_what_is_next(golden: Golden) -> None:
    golden("apply-failed.txt", apply_text(failed(), colour=False))
    calls = {"ec2:CreateVpc": 1, "ec2:DescribeVpcs": 1}
    golden("apply-failed.json", document(documents.apply_document("shop", failed(), TWO_TIER.types, calls, 1)))


def test_an_apply_that_was_interrupted_says_what_is_done_what_was_begun_and_what_was_not(golden: Golden) -> None:
    plan = planned(TWO_TIER, world(TWO_TIER, without=ADDRESSES, converged=False))
    cut = {"result": Result.SKIPPED, "because": INTERRUPTED}
    results = {a.address: cut for a in plan.actions if a.owner.startswith(("Task/", "LoadBalancer/"))}
    results["nat-gateway/main/us-east-1a"] = {**cut, "detail": "begun"}
    golden("apply-interrupted.txt", apply_text(engine.Applied(tuple(outcomes(plan, **results)), plan, 0), colour=False))


def test_an_apply_that_converged_says_so(golden: Golden) -> None:
    plan = planned(TWO_TIER, world(TWO_TIER, without=ADDRESSES, converged=False))
    rolling = dataclasses.replace(observed(TWO_TIER, "service/web"), state=State.PENDING, detail="0 of 2 tasks running")
    seen = compare(TWO_TIER, world(TWO_TIER, without=["service/web"], more=[rolling]))
    applied = engine.Applied(tuple(outcomes(plan)), make(seen, Choices()), 0, seen)
    golden("apply-converged.txt", apply_text(applied, colour=False))
    golden("apply-converged.json", document(documents.apply_document("shop", applied, TWO_TIER.types, {}, 0)))


def test_progress_is_a_line_per_step(golden: Golden) -> None:
    plan = planned(changed("nginx:1.27", "nginx:1.28"), meddled())
    lines = [
        progress_line(Progress(action, step, 1.5, "what AWS says" if step is not Step.STARTED else ""))
        for step in Step
        for action in plan.actions[:3]
    ]
    golden("progress.txt", "\n".join(lines))


def shown(desired: Graph, snapshot: Snapshot) -> list[Shown]:
    view = viewed(desired, snapshot)
    objects = sorted((o.id, o) for o in (STACK.stack, *STACK.objects.values()))
    running = (
        RunningTask("06fe6f0e", "RUNNING", "us-east-1b", "eni-192568a8", "10.0.1.5", "203.0.113.4", "healthy"),
        RunningTask("2157b85f", "PENDING", "us-east-1a", "eni-db85dd66", "10.0.0.6", "", "UNKNOWN"),
    )
    return [
        Shown(
            obj, desired, view, conditions_of(name, view.comparison, view.plan), running if name == "Task/web" else ()
        )
        for name, obj in objects
    ]


def test_get_is_a_table_with_status_and_addresses(golden: Golden) -> None:
    found = shown(TWO_TIER, meddled())
    golden("get.txt", object_table(found, wide=False))
    golden("get-wide.txt", object_table(found, wide=True))
    golden(
        "get.json",
        document({"items": [item.document() for item in found if item.obj.kind in ("Task", "LoadBalancer")]}),
    )


DESCRIBED = ("Task/web", "Task/orders", "LoadBalancer/internal", "Network/main", "Route/orders")


def test_describe_tells_everything_known_of_an_object(golden: Golden) -> None:
    found = {item.obj.id: item for item in shown(TWO_TIER, meddled())}
    texts = [object_text(found[name]) for name in DESCRIBED]
    golden("describe.txt", "\n\n".join(texts))


BROKEN = """\
apiVersion: reconciler.dev/v1
kind: Stack
metadata: {name: shop}
spec: {region: us-east-1, owner: no}
---
apiVersion: reconciler.dev/v1
kind: Network
metadata: {name: main}
spec:
  cidr: 10.0.0.0/16
  zones:
    - {name: us-east-1a, public: 10.1.0.0/24}
  natGateways: Single
---
apiVersion: reconciler.dev/v1
kind: Task
metadata: {name: web}
spec:
  cluster: mian
  network: mian
  placement: Publik
  replica: 2
  replicas: 02
  cpu: 256
  cpu: 300
  containers:
    - {name: web, image: nginx, ports: [{name: http, containerPort: 80}, {name: http, containerPort: 80}]}
---
apiVersion: reconciler.dev/v1
kind: Tsk
metadata: {name: other}
spec: {}
"""


def test_problems_of_files_are_a_line_each_with_place_and_remedy(golden: Golden) -> None:
    bundle = load({"shop.yaml": BROKEN.encode()})
    problems = sorted({*bundle.problems, *(p for stack in bundle.stacks.values() for p in checks.check(stack))})
    failure = failure_of(InvalidInputError(problems))
    golden("problems.txt", failure.text)
    golden("problems.json", document(failure.document()))


CODES = {
    ErrorClass.THROTTLED: ("ec2", "DescribeVpcs", "RequestLimitExceeded", "Request limit exceeded."),
    ErrorClass.TRANSIENT: ("ecs", "CreateService", "ServerException", "Service Unavailable. Please try again later."),
    ErrorClass.NOT_YET: ("ecs", "CreateService", "InvalidParameterException", "Unable to assume the role."),
    ErrorClass.NOT_FOUND: ("ec2", "CreateSubnet", "InvalidVpcID.NotFound", "The vpc ID 'vpc-0' does not exist"),
    ErrorClass.DEPENDENCY: ("ec2", "DeleteSubnet", "DependencyViolation", "The subnet 'subnet-0' has dependencies."),
    ErrorClass.CONFLICT: ("elbv2", "CreateRule", "PriorityInUse", "Priority '1' is currently in use"),
    ErrorClass.EXISTS: ("iam", "CreateRole", "EntityAlreadyExists", "Role with name shop_web already exists."),
    ErrorClass.DENIED: ("sts", "GetCallerIdentity", "ExpiredToken", "The security token has expired"),
    ErrorClass.QUOTA: ("ec2", "CreateVpc", "VpcLimitExceeded", "The maximum number of VPCs has been reached."),
    ErrorClass.TERMINAL: ("ec2", "CreateVpc", "InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid."),
}


def test_an_error_of_every_class_names_operation_code_message_and_what_to_do_next(golden: Golden) -> None:
    lines = []
    for error_class, (service, operation, code, message) in CODES.items():
        said = next_step(service, operation, code, message, error_class)
        error = AwsError(
            operation=f"{service}:{operation}", code=code, message=message, error_class=error_class, next_step=said
        )
        lines += [f"[{error_class.value}]", failure_of(error).text]
    assert set(CODES) == set(ErrorClass)
    golden("errors.txt", "\n".join(lines))
    refused = Refused("stack shop belongs to account 1, the credentials to 2", "use credentials of the right account")
    golden("refused.json", document(failure_of(refused).document("shop")))


def test_colour_changes_nothing_but_escapes() -> None:
    plan = planned(changed("scheme: Internal\n", "scheme: InternetFacing\n"), meddled())
    coloured = plan_text(plan, FLOWS, colour=True)
    assert "\033[35m" in coloured
    assert re.sub(r"\033\[[0-9]*m", "", coloured) == text_of(plan)


def test_no_path_or_value_shows_a_python_object() -> None:
    plan = planned(TWO_TIER, world(TWO_TIER, without=ADDRESSES, converged=False))
    shown_changes = [text for a in plan.actions for c in a.changes for text in (c.path, str(c.desired))]
    assert not [text for text in shown_changes if re.search(r"\w\(\w+=|FrozenMap|frozenset|<.* object", text)]


@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.DELETE])
def test_what_a_terminal_would_obey_is_shown_as_an_escape(verb: Verb) -> None:
    change = dataclasses.replace(
        planned(changed("nginx:1.27", "nginx:1.28"), world(TWO_TIER)).actions[0].changes[0],
        observed="\x1b[2J",
        desired="\x9b31m\u202e",
    )
    action = Action(
        key="x",
        address="vpc/main",
        type="vpc",
        owner="Network/main",
        verb=verb,
        reason=failed().outcomes[0].action.reason,
        changes=(change,),
    )
    plan = dataclasses.replace(planned(TWO_TIER, world(TWO_TIER)), actions=(action,))
    assert not [char for char in text_of(plan) if not char.isprintable() and char != "\n"]


def test_drift_names_whose_doing_it_is_and_who_is_not_known(golden: Golden) -> None:
    view = viewed(TWO_TIER, meddled())
    one, *_ = view.plan.drift
    ann = Attribution(
        who="ann",
        principal="arn:aws:iam::123456789012:user/ann",
        call="logs:DeleteLogGroup",
        time="2026-01-01T12:00:00Z",
        source_address="203.0.113.17",
        user_agent="console",
        event_id="7c5d",
    )
    changed_reach = effects(TWO_TIER, view.snapshot, TWO_TIER.types, view.plan.drift)
    found = documents.drift_document(view, TWO_TIER, FLOWS, changed_reach, {(one.address, one.id): ann})
    golden("drift-who.txt", drift_text(found, view.plan.drift, FLOWS, colour=False, who=True))
    golden("drift-who.json", document(found))


def test_what_is_not_set_in_a_structure_is_not_shown() -> None:
    forward = {"type": "forward", "stickinessDurationSeconds": None}
    change = Change("listener/public/http", "defaultActions", [forward], None, "default_actions", Cause.DRIFT)
    assert list(changed_lines(change)) == ['defaultActions: [{"type": "forward"}] -> (none)']
