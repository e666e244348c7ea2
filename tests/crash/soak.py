"""A stack's life at random: made, changed, broken, killed, restarted and healed, all of it drawn from one seed.

Every seed is lived twice. The first life goes undisturbed and says what must be there after each step; in the second
AWS answers late, wrongly or not at all and the client's process dies in the middle of its work, again and again.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from cuts import Client, aws, client, explained, inventory
from moto.moto_api._internal import mock_random
from worlds import graph

from reconciler.engine import Applied, empty_graph, view
from reconciler.model.errors import ReconcilerError
from reconciler.model.graph import Graph
from reconciler.model.ports import Guard, Writer
from reconciler.model.resource import Call
from reconciler.sandbox import ClientDied, Faults, Sandbox
from reconciler.sandbox.breaks import BREAKS, Account, BreakRefusedError, NothingToBreakError

STEPS = 3
DEATHS = 3
"""The most processes that die in one step."""
LATEST_DEATH = 60
"""The latest mutating call that a process dies at: an apply of the reference makes about seventy."""
LONGEST_LAG = 10.0
UNSEEN = 2 * LONGEST_LAG
"""Seconds after which nothing is unseen any more, tags included."""
SETTLED = 600.0
"""Seconds after which AWS has done everything that it does by itself: drained, deprovisioned, cleaned up."""

EDITS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "two-tier.yaml": (
        ("nginx:1.27", "nginx:1.28"),
        ("replicas: 2", "replicas: 3"),
        ("containerPort: 8080", "containerPort: 8081"),
        ("healthCheck: {path: /orders}", "healthCheck: {path: /health}"),
        ("endpoints: [s3]", "endpoints: []"),
        ("env: demo", "env: test"),
        ('paths: ["/api/*"]', 'paths: ["/api/*", "/v2/*"]'),
        ("nat: Single", "nat: PerZone"),
        ("allowFrom: [internet]", 'allowFrom: ["198.51.100.0/24"]'),
    ),
    "peers.yaml": (
        ("replicas: 1", "replicas: 2"),
        ("allowFrom: [task/public-1]", "allowFrom: [task/public-1, task/private-1]"),
        ("nat: PerZone", "nat: Single"),
        ("containerPort: 80", "containerPort: 8080"),
        ("memory: 512", "memory: 1024"),
    ),
}
"""What a person may write differently, by file."""


class Noting:
    """A writer that notes the order in which requests begin and end: that of several threads is not in the seed."""

    def __init__(self, writer: Writer, notes: list[str]) -> None:
        self._writer = writer
        self._notes = notes

    def guarded(self, guard: Guard) -> Noting:
        return Noting(self._writer.guarded(guard), self._notes)

    def perform(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        what = f"{call.name} {threading.current_thread().name}"
        self._notes.append(f"begins {what}")
        try:
            answer = self._writer.perform(call, params)
        except BaseException as error:
            self._notes.append(f"fails  {what}: {error}")
            raise
        self._notes.append(f"ends   {what}")
        return answer


@dataclass
class Life:
    """The life of one seed on one sandbox. `undisturbed` is what an earlier, undisturbed life had after each step."""

    sandbox: Sandbox
    seed: int
    undisturbed: list[Mapping[str, int]] | None = None
    after: list[Mapping[str, int]] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    """What was done, for whoever has to find out why it went wrong."""
    calls: list[str] = field(default_factory=list)
    """The requests of the step under way, in the order that they came in."""

    def live(self) -> None:
        """All steps. Raises AssertionError at the first invariant that does not hold."""
        random.seed(self.seed)
        mock_random.seed(self.seed)
        story, self._bad_luck = random.Random(f"story {self.seed}"), random.Random(f"luck {self.seed}")
        self._threads = story.choice((1, 1, 4))
        self._file = story.choice(tuple(EDITS))
        self._neighbour = _settle_neighbour()
        self._edits: set[tuple[str, str]] = set()
        self._desired = graph(self._file)
        self._reach("make", Client.apply)
        for _ in range(STEPS):
            story.choice((self._edit, self._break, self._break_and_edit, self._remake))(story)

    def _edit(self, story: random.Random) -> None:
        self._edits ^= {story.choice(EDITS[self._file])}
        self._desired = graph(self._file, self._edited)
        self._reach(f"edit to {sorted(new for _, new in self._edits)}", Client.apply)

    def _edited(self, text: str) -> str:
        for old, new in self._edits:
            text = text.replace(old, new)
        return text

    def _break(self, story: random.Random) -> None:
        self._reach(f"break {self._broken(story)}", Client.apply)

    def _break_and_edit(self, story: random.Random) -> None:
        self.history.append(f"break {self._broken(story)}")
        self._edit(story)

    def _broken(self, story: random.Random) -> list[str]:
        done = []
        for each in story.sample(BREAKS, story.choice((1, 1, 2, 3))):
            try:
                each.apply(Account(boto3.Session(), self._desired.stack.name))
            except (NothingToBreakError, BreakRefusedError):
                continue
            done.append(each.name)
        return done

    def _remake(self, story: random.Random) -> None:
        del story
        _clear_by_hand()
        self._reach("delete", Client.delete, empty_graph(self._desired.stack, self._desired.types))
        self._reach("make again", Client.apply)

    def _reach(self, what: str, work: Callable[[Client, Graph], Applied], end: Graph | None = None) -> None:
        """Do it, through whatever comes, and see that the end is as it must be.

        A run that starts while something of a dead one cannot be seen yet may make it twice. The last one sees
        everything, and it alone must clean up and come to the end.
        """
        end = end or self._desired
        self.history.append(what)
        self.calls.clear()
        theirs = _by_hand()
        if self.undisturbed is not None:
            self._suffer(work)
            self.sandbox.clock.advance(UNSEEN)
        last = work(self._process(), self._desired)
        assert last.converged, _why(last)
        self.sandbox.clock.advance(SETTLED)
        second = client(self.sandbox.clock)
        planned = view(end, second.reader).plan
        assert not planned.actions, [action.key for action in planned.actions]
        assert not planned.blocked, planned.blocked
        assert work(second, self._desired).converged
        assert second.calls.mutating == 0, second.calls.by_operation()
        assert _by_hand() == theirs, "what others made was touched"
        assert _neighbour_of(self._neighbour) == self._neighbour, "the neighbour was touched"
        self.after.append(_census())
        if self.undisturbed is not None:
            expected = self.undisturbed[len(self.after) - 1]
            assert self.after[-1] == expected, explained(expected, self.after[-1])

    def _process(self) -> Client:
        self.calls.append("a process begins")
        return client(self.sandbox.clock, lambda writer: Noting(writer, self.calls), self._threads)

    def _suffer(self, work: Callable[[Client, Graph], Applied]) -> None:
        """Processes that die, one after the other, on an AWS that is not well."""
        luck = self._bad_luck
        for _ in range(luck.randint(1, DEATHS)):
            self.sandbox.faults = faults = Faults(
                latency=luck.choice((0.0, 0.0, 0.3)),
                throttle=luck.choice((0.0, 0.05, 0.2)),
                errors_5xx=luck.choice((0.0, 0.05)),
                lost_before=luck.choice((0.0, 0.05)),
                lost_after=luck.choice((0.0, 0.05, 0.1)),
                die_at=(luck.randint(1, LATEST_DEATH), luck.choice(("before", "after"))),
                lag=luck.choice((0.0, 0.0, 3.0, LONGEST_LAG)),
                buckets=luck.random() < 0.3,
                page=luck.choice((None, None, 5)),
                seed=luck.randrange(10**6),
            )
            self.history.append(str(faults))
            try:
                work(self._process(), self._desired)
            except (ClientDied, ReconcilerError) as end:
                self.history.append(f"ended by {type(end).__name__} {end}")
            self.sandbox.clock.advance(luck.choice((0.0, 5.0, 120.0)))
        self.sandbox.faults = Faults()


def _why(applied: Applied) -> str:
    failed = [f"{o.action.key}: {o.result.value} {o.failure or o.because or o.detail}" for o in applied.outcomes]
    bad = [line for line in failed if ": done" not in line]
    return "\n".join(
        [*bad, *(f"left: {action.key}" for action in applied.left.actions), *map(str, applied.left.blocked)]
    )


def _census() -> Mapping[str, int]:
    """Everything that there is by type, what runs and what it holds included."""
    found = Counter(inventory())
    ec2, ecs, elb = aws("ec2"), aws("ecs"), aws("elbv2")
    found["NetworkInterfaces"] = len(ec2.describe_network_interfaces()["NetworkInterfaces"])
    for cluster in ecs.list_clusters()["clusterArns"]:
        found["Tasks"] += len(ecs.list_tasks(cluster=cluster)["taskArns"])
    for group in elb.describe_target_groups()["TargetGroups"]:
        found["Targets"] += len(
            elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
        )
    return dict(+found)


def _settle_neighbour() -> dict[str, Any]:
    """Somebody else's things in the same account, which no run has any business with."""
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1a")
    ec2.create_security_group(GroupName="theirs", Description="d", VpcId=vpc)
    ec2.allocate_address(Domain="vpc")
    aws("ecs").create_cluster(clusterName="theirs")
    aws("logs").create_log_group(logGroupName="/theirs")
    aws("elbv2").create_target_group(Name="theirs", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    return _neighbour_of({"vpc": vpc})


def _neighbour_of(known: Mapping[str, Any]) -> dict[str, Any]:
    ec2, vpc = aws("ec2"), known["vpc"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = ec2.describe_subnets(Filters=inside)["Subnets"]
    groups = aws("elbv2").describe_target_groups()["TargetGroups"]
    return {
        "vpc": vpc,
        "subnets": [{k: v for k, v in subnet.items() if k != "State"} for subnet in subnets],
        "groups": ec2.describe_security_groups(Filters=inside)["SecurityGroups"],
        "tables": ec2.describe_route_tables(Filters=inside)["RouteTables"],
        "addresses": [a for a in ec2.describe_addresses()["Addresses"] if not a.get("Tags")],
        "cluster": aws("ecs").describe_clusters(clusters=["theirs"], include=["TAGS"])["clusters"],
        "logs": aws("logs").describe_log_groups(logGroupNamePrefix="/theirs")["logGroups"],
        "targets": [group for group in groups if group["VpcId"] == vpc],
    }


def _by_hand() -> list[Any]:
    """What breaks have left in the stack that is not the stack's."""
    ec2, ecs = aws("ec2"), aws("ecs")
    named = [{"Name": "group-name", "Values": ["made-by-hand"]}]
    families = [a for a in ecs.list_task_definitions()["taskDefinitionArns"] if "-by-hand" in a]
    return [*ec2.describe_security_groups(Filters=named)["SecurityGroups"], *sorted(families)]


def _clear_by_hand() -> None:
    """A person removes by hand what was made by hand: a network goes only when nothing is in it."""
    ec2 = aws("ec2")
    for group in _by_hand():
        if isinstance(group, Mapping):
            ec2.delete_security_group(GroupId=group["GroupId"])
