"""One pass over one stack: may we, look, tell, act, tell again."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from reconciler import engine, policy
from reconciler.attribution import Attribution, Key
from reconciler.daemon import findings, health
from reconciler.daemon.declared import Declared, busy, unjudged
from reconciler.daemon.desired import Desired
from reconciler.daemon.hearing import Hearing
from reconciler.daemon.history import History
from reconciler.daemon.leases import Held, Leases, lease_name
from reconciler.daemon.memory import APPROVALS, HEARD, Memory
from reconciler.daemon.metrics import Metrics
from reconciler.daemon.places import Place, Seen
from reconciler.daemon.queue import Item, Trigger, WorkQueue
from reconciler.daemon.statuses import Statuses
from reconciler.daemon.withheld import contests, not_over, withheld
from reconciler.execute import Limits
from reconciler.flows import Effect, Judged, broken, effects, judged, world_of_graph, world_of_snapshot
from reconciler.kinds import counted
from reconciler.model.errors import AwsError, LeaseLost, ReconcilerError, Refused
from reconciler.model.events import Event, Finding, Open, Severity, news
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph, Readables
from reconciler.model.plan import Plan, Reason, Result
from reconciler.model.ports import Clock
from reconciler.model.snapshot import Snapshot
from reconciler.observe import Look
from reconciler.plan import Choices
from reconciler.resources import configuration
from reconciler.resources.target_health import TYPE as TARGET_HEALTH
from reconciler.store import Lease, Put, StoreError

SOON: Final = 5.0
"""Seconds to the next pass while AWS is still busy with the last one, or somebody else with the stack."""
SETTLE: Final = 10.0
"""Seconds that one pass waits for AWS; then it ends and the next one comes soon."""
SLOWER: Final = 1.2
"""How much longer each time AWS is given to come to rest before it is looked at again, until that is the interval."""
FRESH: Final = 0.2
"""How long ago, in intervals, a look may have ended that a routine pass makes do with: where looks take long, who has
waited for one does not take another."""
FRESH_TO_ACT: Final = 2.0
"""Seconds after which a look is too old to be acted upon: what is done was told, and seen by all guards."""

_PAUSED: Final = ("its annotation says that it is paused", "take the annotation reconciler.dev/paused away")

_ALONE: Final = frozenset({Trigger.EVENT, Trigger.RETRY, Trigger.REQUEST})


@dataclass(slots=True)
class State:
    """What the daemon knows of one stack between passes; none of it is truth about AWS."""

    desired: Desired
    open: dict[str, Open] = field(default_factory=dict)
    changed: float = 0.0
    """When we last wrote: an older look says nothing."""
    in_sync: bool = False
    declared: Declared = field(default_factory=Declared)
    due: float = 0.0
    """When all of it is to be looked at again, whatever else is looked at meanwhile."""
    busy: frozenset[str] = frozenset()
    """Types of which the last look found something that AWS still works on; `busy_looks` in a row did."""
    busy_looks: int = 0

    @property
    def graph(self) -> Graph:
        return self.desired.graph


class Deps(Frozen):
    """What every pass needs."""

    clock: Clock
    place: Callable[[Graph], Place]
    neighbours: Callable[[Graph], Mapping[str, Graph]]
    leases: Leases
    memory: Memory
    history: History
    statuses: Statuses
    metrics: Metrics
    queue: WorkQueue
    stop: threading.Event
    hearing: Hearing | None = None


class Pass:
    """One pass. `run` never raises for what AWS, the store or a user can do."""

    def __init__(self, state: State, item: Item, deps: Deps) -> None:
        self._state = state
        self._item = item
        self._deps = deps
        self._graph = state.graph
        self._name = state.graph.stack.name
        self._began = deps.clock.now()
        self._flows: Sequence[Judged] = ()
        self._effects: Mapping[Key, Effect] = {}
        self._wrote = False
        self._lease = ""
        self._held: Held | None = None
        self.id = secrets.token_hex(4)

    def run(self) -> bool:
        """Do it, and put the stack back in the queue for the next; whether AWS was seen, by us or by who has it."""
        deps, state = self._deps, self._state
        try:
            done = self._under_lease()
            if not done:
                return True
            result, message = "in sync" if state.in_sync else "not in sync", ""
        except LeaseLost as lost:
            result, message = "lease lost", ""
            state.in_sync = False
            self._say("LeaseLost", str(lost), Severity.WARNING)
            deps.queue.add_after(self._name, SOON, Trigger.RETRY)
        except ReconcilerError as error:
            result, message = "failed", findings.in_full(error)
            state.in_sync = False
            self._failed(error)
        now = deps.clock.now()
        deps.metrics.passed(self._name, result, now - self._began, now)
        if not self._wrote:
            deps.history.quiet(self._name, result, message, now - self._began, now)
        deps.memory.tidy()
        return result != "failed"

    def _under_lease(self) -> bool:
        """The pass, where the stack is not in somebody else's hands."""
        deps = self._deps
        place = deps.place(self._graph)
        engine.check_account(self._graph.stack, place.reader)
        self._lease = lease_name(place.reader.account, place.reader.region, self._name)
        try:
            found = deps.leases.take(self._lease)
        except StoreError as error:
            deps.memory.complain(error)
            self._reconciled(place, None)
            return True
        if not isinstance(found, Held):
            deps.metrics.lease(self._name, held=False)
            deps.queue.add_after(self._name, SOON, Trigger.RETRY)
            return False
        self._held = found
        deps.metrics.lease(self._name, held=True)
        self._recall()
        try:
            self._reconciled(place, found)
        finally:
            self._held = None
            deps.leases.give_back(found)
        return True

    def _recall(self) -> None:
        """Another process may have opened or ended findings of the stack since the last pass of this one; where the
        store was lost, what it knew is told nowhere but here."""
        deps = self._deps
        known = deps.memory.open_findings(self._name)
        if deps.memory.failing:
            return
        if not known and deps.statuses.are_lost(self._name):
            deps.memory.restore(self._name, self._state.open)
        else:
            self._state.open = known

    def _reconciled(self, place: Place, held: Held | None) -> None:
        deps, state, graph = self._deps, self._state, self._graph
        choices = self._choices()

        def looked(seen: Seen) -> tuple[Seen, engine.View, Snapshot, list[Judged]]:
            view = engine.view_of(graph, seen.look, choices)
            configured = health.apart(view.snapshot)
            world = world_of_snapshot(graph, configured, _types(graph, seen))
            return seen, view, configured, judged(world, state.desired.flows)

        seen, first, configured, flows = looked(self._seen(place))
        heard = deps.memory.items(HEARD, self._name).get(self._name, {})
        calm = engine.is_quiet(first) and not broken(flows) and not any(health.ailing(first, heard))
        telling = not first.plan.drift or seen.evidence.keys() >= configuration().keys()
        acting = bool(first.plan.actions) and deps.clock.now() - seen.at > FRESH_TO_ACT
        if not engine.is_certain(first) or not telling or not (seen.whole or calm) or acting:
            seen, first, configured, flows = looked(place.seen_alone(graph, more=configuration()))
        _check_anything_seen(seen.look, graph)
        kept = self._unread(first)
        told = policy.told(graph.stack, first.plan.drift)
        changed = effects(graph, configured, _types(graph, seen), told)
        if deps.hearing is not None:
            deps.hearing.noticed(first)
        whose = self._whose(first)
        denied = findings.denied(seen.look.errors.values())
        fresh = self._tell([*findings.drift(told, changed, whose), *denied], (findings.DRIFT, findings.LOOK), kept)
        not_held = state.declared.broken(flows, first, state.open, deps.clock.now())
        self._tell(not_held, (findings.FLOW,), unjudged(flows))
        self._flows, self._effects = flows, changed
        unasked = health.unasked(first, state.open)
        self._tell(health.ailing(first, heard), (health.ROLLOUT, health.TARGETS), [*kept, *unasked])
        if TARGET_HEALTH.name in seen.evidence and (later := {**heard, **health.hearing(first)}) != heard:
            deps.memory.write(Put(HEARD, self._name, later))
        deps.metrics.drifted(self._name, told)
        if self._is_fought_over(fresh if choices.heal else (), first):
            choices = self._choices()
            first = engine.view_of(graph, seen.look, choices)
        if not first.plan.actions:
            state.in_sync = not first.plan.drift and not first.plan.blocked and not broken(flows)
            self._settled(first, seen, place)
            self._tell([], (findings.APPLY,), not_over(first, state.open))
            if held is not None and choices.promote and seen.whole:
                engine.leave_evidence(graph, first, place.reader.fresh(), self._doing(place, held))
            return
        refusal = self._refusal(first.plan) or self._breaking(first.plan, first.snapshot)
        if refusal is not None or held is None:
            state.in_sync = False
            self._settled(first, seen, place, refusal)
            self._tell([refusal] if refusal else [], (findings.APPLY,), not_over(first, state.open))
            return
        self._act(first, seen, place, held, choices)

    def _seen(self, place: Place) -> Seen:
        asked = self._item.triggers - {Trigger.RESYNC, Trigger.SETTLING}
        settling = Trigger.SETTLING in self._item.triggers and self._deps.clock.now() < self._state.due
        types = self._item.types or (self._state.busy if settling else frozenset())
        if types and asked <= {Trigger.EVENT} and not self._item.whole:
            part = place.seen_in_part(self._graph, types, self._since())
            if part is not None:
                return part
        if asked and asked <= _ALONE:
            return place.seen_alone(self._graph, by_index=True)
        neighbours, changed = self._deps.neighbours(self._graph), self._since()
        if asked:
            return place.seen(self._graph, neighbours, began=max(self._item.asked, changed))
        if settling:
            return place.seen(self._graph, neighbours, began=max(self._deps.clock.now() - FRESH_TO_ACT, changed))
        fresh = self._deps.clock.now() - FRESH * self._graph.stack.interval
        return place.seen(self._graph, neighbours, began=changed, ended=fresh)

    def _since(self) -> float:
        """Looks from before this time say nothing: we wrote since, or somebody told what they saw later."""
        return max(self._state.changed, self._deps.memory.told_at(self._name))

    def _choices(self) -> Choices:
        graph, stack = self._graph, self._graph.stack
        owners = {resource.owner for resource in graph.resources.values()}
        resting = {owner for owner in owners if policy.paused(stack, owner)}
        paused = {a: _PAUSED for a, resource in graph.resources.items() if resource.owner in resting}
        now = datetime.fromtimestamp(self._deps.clock.now(), UTC)
        return policy.choices(stack, now, owners, {**paused, **withheld(graph, self._state.open)})

    def _act(
        self,
        first: engine.View,
        seen: Seen,
        place: Place,
        held: Held,
        choices: Choices,
    ) -> None:
        deps, state, graph = self._deps, self._state, self._graph
        began = deps.clock.now()
        if first.plan.visible:
            number = len(first.plan.visible)
            self._say("ApplyStarted", counted(number, "action"), data={"actions": number})
        try:
            applied = engine.apply(graph, first, place.reader.fresh(), self._doing(place, held), choices)
        finally:
            state.changed = deps.clock.now()
        last = first if applied.seen is None else engine.View(applied.seen.snapshot, applied.seen, applied.left)
        failures = list(findings.failures(applied.outcomes, graph))
        if deps.hearing is not None:
            deps.hearing.wrote(self._name, {outcome.action.address for outcome in applied.outcomes}, began)
        self._tell_drift_left(first, applied, last, choices)
        self._tell(failures, (findings.APPLY,), not_over(first, state.open))
        deps.metrics.healed(self._name, [o for o in applied.outcomes if o.result is Result.DONE])
        self._remember(first.plan, applied)
        state.in_sync = applied.converged
        if applied.converged and first.plan.visible:
            self._say("ApplySucceeded", f"{counted(len(applied.outcomes), 'action')} done")
        deps.statuses.keep(state.desired, last, self._flows, deps.clock.now())
        if applied.converged:
            deps.queue.forget(self._name)
            self._next(seen, place)
            if first.plan.visible:
                deps.queue.add_after(self._name, SOON, Trigger.SETTLING)
        elif failures:
            deps.queue.retry(self._name)
        elif not deps.stop.is_set():
            deps.queue.add_after(self._name, SOON, Trigger.RETRY)

    def _tell_drift_left(
        self, first: engine.View, applied: engine.Applied, last: engine.View, choices: Choices
    ) -> None:
        """What is healed, and what has drifted since: what was set again has drifted once more."""
        told = policy.told(self._graph.stack, last.plan.drift)
        self._deps.metrics.drifted(self._name, told)
        ended = "DriftHealed" if choices.heal else ""
        as_it_was = [(item.address, item.id) for item in told if item in first.plan.drift]
        still = {key: effect for key, effect in self._effects.items() if key in as_it_was}
        left = [item for item in told if item.address not in applied.set_again]
        kept = self._unread(last)
        fresh = self._tell(findings.drift(left, still, self._whose(last)), (findings.DRIFT,), kept, ended=ended)
        if applied.set_again:
            fresh += self._tell(findings.drift(told, still, self._whose(last)), (findings.DRIFT,), kept)
        self._is_fought_over(fresh if choices.heal else (), last)

    def _whose(self, view: engine.View) -> Mapping[Key, Attribution]:
        """Whose doing the drift of a look is."""
        found = self._deps.hearing.whose(self._graph, view) if self._deps.hearing is not None else {}
        return findings.remembered(view.plan.drift, found, self._state.open)

    def _doing(self, place: Place, held: Held) -> engine.Doing:
        deps = self._deps
        writer = place.writer.guarded(held)
        return engine.Doing(writer, deps.clock, Limits(settle=SETTLE), stop=deps.stop, told_only=True)

    def _settled(self, view: engine.View, seen: Seen, place: Place, refused: Finding | None = None) -> None:
        deps = self._deps
        deps.queue.forget(self._name)
        deps.statuses.keep(self._state.desired, view, self._flows, deps.clock.now(), refused)
        self._next(seen, place)
        self._settling(view)

    def _next(self, seen: Seen, place: Place) -> None:
        """The next routine pass, for all that shared a look at the same time."""
        due = place.next_at(self._name, self._graph.stack.interval, seen)
        self._state.due = due
        self._deps.queue.add_after(self._name, max(0.0, due - self._deps.clock.now()))

    def _settling(self, view: engine.View) -> None:
        """Where AWS is still busy, the next look comes soon: what is ready is to be told when it is."""
        state = self._state
        state.busy = busy(view)
        state.busy_looks = state.busy_looks + 1 if state.busy else 0
        if state.busy:
            self._deps.queue.add_after(self._name, SOON * SLOWER ** min(state.busy_looks - 1, 50), Trigger.SETTLING)

    def _refusal(self, plan: Plan) -> Finding | None:
        found = policy.disruption(plan, self._graph.stack)
        if not found.reasons:
            return None
        approved = self._deps.memory.items(APPROVALS, self._name).get(self._name, {})
        if found.is_covered(approved.get("keys", ())) and self._deps.clock.now() < approved.get("until", 0.0):
            return None
        why = f"the plan {'; '.join(found.reasons)}"
        fix = f"look at plan, then run: reconciler approve {self._name}"
        return findings.refusal(plan, found.keys, why, fix)

    def _is_fought_over(self, fresh: Iterable[Event], view: engine.View) -> bool:
        """Whether something is not to be fought over any longer, or may be written again."""
        before = withheld(self._graph, self._state.open).keys()
        since = self._deps.clock.now() - policy.CONTESTED_WITHIN
        found = contests(view, fresh, self._state.open, lambda: self._deps.memory.drifts(self._name, since))
        self._tell(found, (findings.CONTESTED,), ())
        return withheld(self._graph, self._state.open).keys() != before

    def _breaking(self, plan: Plan, snapshot: Snapshot) -> Finding | None:
        """A change of the files that would break a declared flow is left to a person; what drifted is healed."""
        if not any(action.reason is Reason.PENDING for action in plan.visible):
            return None
        wrong = broken(judged(world_of_graph(self._graph, snapshot), self._state.desired.flows))
        if not wrong:
            return None
        shown = "; ".join(f"{flow.name} ({flow.why})" for flow in wrong)
        why = f"what the files say breaks a declared flow: {shown}"
        return findings.refusal(plan, (), why, "change the files, or run apply --allow-broken-flows")

    def _failed(self, error: ReconcilerError) -> None:
        """Told under a lease of its own, for the pass's may have run out; who has it now tells what they see."""
        kind = "Refused" if isinstance(error, Refused) else "PassFailed"
        denied = findings.denied([error] if isinstance(error, AwsError) else [])
        (finding,) = denied or [findings.failed_pass(kind, findings.in_full(error))]
        deps = self._deps
        found: Held | Lease | None = None
        with contextlib.suppress(StoreError):
            found = deps.leases.take(self._lease) if self._lease else None
        if not isinstance(found, Lease):
            self._recall()
            self._tell([finding], (findings.LOOK,), ())
        if isinstance(found, Held):
            deps.leases.give_back(found)
        deps.statuses.unknown(self._state.desired, finding.type, finding.message, deps.clock.now())
        deps.queue.retry(self._name)

    def _tell(
        self, found: Iterable[Finding], groups: Iterable[str], kept: Iterable[str], *, ended: str = ""
    ) -> list[Event]:
        """Tell what is new in some groups of findings, and what that was; those of other groups stay as they are.

        A process that slept past its lease tells nothing: another one has told it meanwhile. Raises `LeaseLost`.
        """
        state, mine = self._state, set(groups)
        others = [key for key, one in state.open.items() if one.finding.group not in mine]
        events, still = news(
            self._name,
            state.open,
            found,
            self._deps.clock.now(),
            kept=[*others, *kept],
            ended=ended,
            pass_id=self.id,
        )
        if events and self._held is not None:
            self._held.check()
        before, state.open = state.open, still
        if events:
            self._deps.memory.tell(self._name, events, before, still)
        return events

    def _unread(self, view: engine.View) -> list[str]:
        """Findings about what could not be read this time."""
        blind = view.comparison.unreadable
        return [key for key, one in self._state.open.items() if one.finding.address in blind]

    def _say(
        self, kind: str, message: str, severity: Severity = Severity.INFO, data: Mapping[str, object] | None = None
    ) -> None:
        event = Event(
            kind, self._deps.clock.now(), self._name, "", "", message, severity, pass_id=self.id, data=data or {}
        )
        self._deps.memory.tell(self._name, [event], {}, {})

    def _triggers(self) -> list[str]:
        """Why it is now: routine is a reason only where there is no other."""
        found = self._item.triggers - {Trigger.RESYNC} or self._item.triggers
        return sorted(trigger.name.lower() for trigger in found)

    def _remember(self, plan: Plan, applied: engine.Applied) -> None:
        entry = {
            "pass": self.id,
            "triggers": self._triggers(),
            "seconds": round(self._deps.clock.now() - self._began, 3),
            "drift": len(plan.drift),
            "converged": applied.converged,
            "actions": list(_told(applied)),
        }
        if entry["actions"]:
            self._wrote = True
            self._deps.history.changed(self._name, entry, self._deps.clock.now())


def _told(applied: engine.Applied) -> Iterator[dict[str, object]]:
    for outcome in applied.outcomes:
        action = outcome.action
        yield {
            "address": action.address,
            "object": action.owner,
            "action": action.verb.value,
            "reason": action.reason.value,
            "id": action.id,
            "result": outcome.result.value,
            "changes": [{"path": c.path, "observed": c.observed, "desired": c.desired} for c in action.changes],
            "error": outcome.failure.message if outcome.failure else None,
        }


def _types(graph: Graph, seen: Seen) -> Readables:
    """What a look says of the configuration; how targets do is told apart from it."""
    return {name: kind for name, kind in {**graph.types, **seen.evidence}.items() if name != TARGET_HEALTH.name}


def _check_anything_seen(look: Look, graph: Graph) -> None:
    """A look that saw nothing at all is a failed pass, and the next one had better wait a little."""
    wanted = {resource.type for resource in graph.resources.values()}
    if wanted and wanted <= look.unknown.keys():
        raise look.errors[min(wanted & look.errors.keys())]
