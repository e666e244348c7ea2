"""One pass over one stack: look, compare, plan, act, look again. The list of steps and nothing else."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, Final

from reconciler.adoption import admitted
from reconciler.attribution import Attribution, Key, attributed, calls_to_look_up, record_of
from reconciler.diff import Comparison, anchors, compare
from reconciler.execute import Limits, Progress, execute
from reconciler.model import tags as own_tags
from reconciler.model.errors import Refused
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph, Readables, StackPolicy, Types
from reconciler.model.plan import Action, Failure, Outcome, Plan, Reason, Result, Verb
from reconciler.model.ports import Clock, Reader, Writer
from reconciler.model.resource import Known, State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import FrozenMap
from reconciler.observe import NOTHING_KNOWN, Look, known_of, look, snapshot_of
from reconciler.plan import Choices, fingerprint, make

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between looks at what was just written and reads as before: AWS's descriptions lag writes by seconds."""
ROUNDS = 3
"""Plans that one apply may carry out: some changes show only when others are made (an address that a twin had)."""

NON_CONVERGING: Final = "NonConverging"
SET_AGAIN: Final = "SetAgain"
"""Codes of what AWS took and the next look does not show: AWS makes something else of it, or somebody does."""
NOT_KEPT: Final = "make the spec say what AWS makes of it, or take the field out; drift --who says if somebody sets it"
TWO_MINDS: Final = "change the spec, annotate the object, or stop the other party"
"""What a person can do about either."""


class View(Frozen):
    """What one look found and what follows from it."""

    snapshot: Snapshot
    comparison: Comparison
    plan: Plan

    @property
    def fingerprint(self) -> str:
        """A digest of all that the plan depends on."""
        return fingerprint(self.comparison.graph, self.snapshot)


class Applied(Frozen):
    """What an apply or a delete came to.

    `left` is the plan of the last look: empty of actions when converged. `unchanged` counts what needed nothing.
    `seen` is that look's comparison. `set_again` are the addresses that were put right and differ again in that look.
    """

    outcomes: tuple[Outcome, ...]
    left: Plan
    unchanged: int
    seen: Comparison | None = None
    set_again: frozenset[str] = frozenset()

    @property
    def converged(self) -> bool:
        """Everything done and nothing left to do."""
        failed = any(o.result in (Result.FAILED, Result.SKIPPED) for o in self.outcomes)
        return not failed and not self.left.actions and not self.left.blocked

    @property
    def settled(self) -> bool:
        """Nothing that was waited for is still on its way in AWS."""
        return not any(o.result is Result.PENDING for o in self.outcomes)


class Doing(Frozen):
    """How a pass may act: where it writes, how long it waits, whom it tells.

    `told_only` leaves drift that the first look did not show, or that is back, to the next pass: nobody was told of it,
    and no guard saw what healing it takes.
    """

    writer: Writer
    clock: Clock
    limits: Limits = dataclasses.field(default_factory=Limits)
    progress: Callable[[Progress], None] = lambda _: None
    stop: threading.Event | None = None
    told_only: bool = False


def view(
    graph: Graph,
    reader: Reader,
    choices: Choices | None = None,
    evidence: Readables | None = None,
    known: Known = NOTHING_KNOWN,
) -> View:
    """Look at AWS and plan. Changes nothing.

    `evidence` are types to look at beside those of the graph: `resources.evidence()` where the pass says something
    of flows, nothing where it does not, for they cost calls. `known` is what was there a moment ago (see `look`).

    AWS's index of tags lags by minutes, so it is believed where it says that all is well and nowhere else: otherwise
    the objects themselves are asked for their tags. The reader remembers all that was read beside them.
    """
    types = {**graph.types, **(evidence or {})}
    looked = partial(look, types, reader, [graph.stack.name], [graph], known)
    seen = view_of(graph, looked(by_index=True), choices)
    return seen if is_certain(seen) else view_of(graph, looked(), choices)


def is_certain(seen: View) -> bool:
    """Whether a view may be acted upon, or whether the objects themselves must first be asked for their tags."""
    return is_quiet(seen) or not any(live.by_index for live in seen.snapshot.live())


def is_quiet(seen: View) -> bool:
    """Whether a view has nothing to do and nothing to tell."""
    return not (seen.plan.actions or seen.plan.drift or seen.plan.blocked)


def view_of(graph: Graph, seen: Look, choices: Choices | None = None) -> View:
    """What a look, this stack's own or one that several share, says of one stack."""
    snapshot = admitted(graph, snapshot_of(seen, graph.stack))
    comparison = compare(graph, snapshot, choices.today if choices else None)
    return View(snapshot, comparison, make(comparison, choices))


def attribute(
    seen: View, records: Callable[[Iterable[str]], Iterable[Mapping[str, Any]]], me: str
) -> Mapping[Key, Attribution]:
    """Whose doing the drift of a view is. `records` reads CloudTrail's records of calls (`ec2:DeleteRoute`), `me`
    is the ARN that our own calls are made as.
    """
    wanted = calls_to_look_up(seen.comparison, seen.plan.drift)
    documents = records(wanted) if wanted else ()
    found = [record for document in documents if (record := record_of(document)) is not None]
    return attributed(seen.comparison, seen.plan.drift, found, me)


def apply(graph: Graph, first: View, reader: Reader, doing: Doing, choices: Choices | None = None) -> Applied:
    """Carry out the plan of `first`, look again, and go on until AWS is as desired or does not get nearer.

    A change that AWS accepted and that is still there on the next look is not written again. It is reported as
    `SetAgain` where it was drift, and as `NonConverging` where it may be what AWS makes of the spec.
    """
    outcomes: list[Outcome] = []
    set_again: frozenset[str] = frozenset()
    current = first
    for _ in range(ROUNDS):
        if not current.plan.actions:
            break
        done = _execute(graph, current, reader, doing)
        outcomes += done
        if any(o.result in (Result.FAILED, Result.SKIPPED) for o in done):
            break
        before = current.plan
        known = _left(current, done)
        current = _look_after(graph, before, reader, doing, choices, known)
        set_again = _set_again(done, current)
        stubborn = _stubborn(before, current.plan)
        if stubborn:
            outcomes = [_in_vain(o, stubborn.get(o.action.key), set_again) for o in outcomes]
            break
        if doing.told_only and (set_again or _came_meanwhile(first.plan, current.plan)):
            break
    result = Applied(tuple(outcomes), current.plan, first.plan.unchanged, current.comparison, set_again)
    if result.converged and result.settled:
        _anchor(graph, current, reader, doing)
    return result


def leave_evidence(graph: Graph, seen: View, reader: Reader, doing: Doing) -> None:
    """What an apply leaves at its end, where it ended before AWS had come to rest: all is as desired, and at rest."""
    winners = seen.comparison.winners
    known = [winners[address] for address in anchors(graph) if address in winners]
    at_rest = all(winner.state is State.READY for winner in winners.values())
    if is_quiet(seen) and at_rest and not any(anchor.by_index for anchor in known):
        _anchor(graph, seen, reader, doing)


def delete(stack: StackPolicy, types: Types, reader: Reader, doing: Doing, choices: Choices | None = None) -> Applied:
    """Remove everything that carries the stack's tags, whatever a spec says; but let go of what is to stay."""
    nothing = empty_graph(stack, types)
    current = view(nothing, reader, choices)
    outcomes: list[Outcome] = []
    for _ in range(ROUNDS):
        if not current.plan.actions:
            break
        done = _execute(nothing, current, reader, doing)
        outcomes += done
        if any(o.result is not Result.DONE for o in done):
            break
        current = view(nothing, reader.fresh(), choices)
    return Applied(tuple(outcomes), current.plan, 0)


def empty_graph(stack: StackPolicy, types: Types) -> Graph:
    """The desired state of a stack that is to be gone."""
    return Graph.of(dataclasses.replace(stack, prune=True, objects=FrozenMap()), [], types)


def check_account(stack: StackPolicy, reader: Reader) -> None:
    """Raises `Refused` when the credentials belong to another account than the stack names."""
    if stack.account and stack.account != reader.account:
        raise Refused(
            f"stack {stack.name} belongs to account {stack.account}, the credentials to {reader.account}",
            "use credentials of the right account",
        )


def _execute(graph: Graph, current: View, reader: Reader, doing: Doing) -> list[Outcome]:
    return execute(
        current.plan,
        graph,
        reader,
        doing.writer,
        doing.clock,
        live=current.snapshot.everything(),
        limits=doing.limits,
        progress=doing.progress,
        stop=doing.stop,
    )


def _left(before: View, done: Iterable[Outcome]) -> Known:
    """What of ours is there after a run, with the tags that it had before."""
    left = known_of(before.snapshot.live())
    for outcome in done:
        of_type = left.setdefault(outcome.action.type, {})
        if outcome.action.verb is Verb.DELETE:
            of_type.pop(outcome.id or "", None)
        elif outcome.id is not None:
            of_type.setdefault(outcome.id, {})
    return left


def _look_after(
    graph: Graph, before: Plan, reader: Reader, doing: Doing, choices: Choices | None, known: Known
) -> View:
    """The next look, taken again while it shows as undone what was just done."""
    for pause in PAUSES:
        current = view(graph, reader.fresh(), choices, known=known)
        if not _undone(before, current.plan) or (doing.stop is not None and doing.stop.is_set()):
            return current
        doing.clock.sleep(pause)
    return view(graph, reader.fresh(), choices, known=known)


def _came_meanwhile(first: Plan, after: Plan) -> bool:
    """Whether `after` shows drift that `first` did not and that is not of its own making."""
    known = {d.address for d in first.drift} | {a.address for a in first.actions}
    return any(drifted.address not in known for drifted in after.drift)


def _undone(before: Plan, after: Plan) -> bool:
    """Whether `after` works again on what `before` worked on: of two updates, on fields that are to get the same."""
    made = {a.address: a for a in before.actions}
    pairs = [(made[a.address], a) for a in after.actions if a.address in made]
    return any({first.verb, a.verb} != {Verb.UPDATE} or _content(first) & _content(a) for first, a in pairs)


def _stubborn(before: Plan, after: Plan) -> dict[str, Action]:
    """What `after` would do again though AWS took it: updates to the same values, and creates of what is not there."""
    made = {a.key: a for a in before.actions}
    again = [(made[a.key], a) for a in after.actions if a.key in made]
    return {
        a.key: a
        for first, a in again
        if (a.verb is Verb.UPDATE and _content(first) & _content(a)) or (a.verb is Verb.CREATE and not a.replaces)
    }


def _content(action: Action) -> set[tuple[str, str]]:
    return {(c.path, repr(c.desired)) for c in action.changes}


def _set_again(done: Iterable[Outcome], after: View) -> frozenset[str]:
    """What was put right and has drifted again.

    Where all was once as desired AWS has kept what the spec says: it is somebody who wants something else.
    """
    if not after.comparison.converged_before:
        return frozenset()
    healed = {o.action.address for o in done if o.result is Result.DONE and _heals_in_place(o.action)}
    return frozenset(healed & {item.address for item in after.plan.drift})


def _heals_in_place(action: Action) -> bool:
    return action.verb is Verb.UPDATE and action.reason is Reason.DRIFT


def _in_vain(outcome: Outcome, again: Action | None, set_again: AbstractSet[str]) -> Outcome:
    """The outcome of an action that is to be done `again` after AWS took it; any other as it is."""
    if again is None:
        return outcome
    fields = "; ".join(f"{c.path} is {c.observed!r}, not {c.desired!r}" for c in again.changes)
    if again.verb is Verb.CREATE:
        code = NON_CONVERGING
        message = "AWS accepted this and shows nothing of it that carries the stack's tags"
        step = (
            "look whether something of that name is there and whose it is; drift --who says if somebody deletes it; "
            "if AWS is only late, run again"
        )
    elif again.address in set_again:
        code = SET_AGAIN
        message = f"put right, and set again by somebody at once: {fields}"
        step = f"drift --who says who it is; then {TWO_MINDS}"
    else:
        code = NON_CONVERGING
        message = f"AWS accepted the change and still reports: {fields}"
        step = NOT_KEPT
    operation = ", ".join(sorted({call.name for call in again.calls}))
    return dataclasses.replace(outcome, result=Result.FAILED, failure=Failure(operation, code, message, step))


def _anchor(graph: Graph, current: View, reader: Reader, doing: Doing) -> None:
    """Leave the digest of the whole graph on two resources, and nowhere else, as evidence that all of it was there,
    with the objects of others that hold parts of ours.

    The evidence is a convenience: an apply has not failed because it could not be left.
    """
    actions = tuple(_evidence(graph, current.comparison))
    if actions:
        _execute(
            graph, dataclasses.replace(current, plan=dataclasses.replace(current.plan, actions=actions)), reader, doing
        )


def _evidence(graph: Graph, comparison: Comparison) -> Iterator[Action]:
    chosen = set(anchors(graph))
    winners = comparison.winners
    places = own_tags.place_lists(one.id for one in winners.values() if graph.types[one.type].marks_parts)
    for address, winner in sorted(winners.items()):
        kind = graph.types[winner.type]
        tags = winner.tags if kind.collection is None else {}
        carried = {key: value for key, value in tags.items() if own_tags.is_evidence(key)}
        wanted = {own_tags.CONVERGED: graph.digest, **places} if address in chosen else {}
        put = dict(wanted.items() - carried.items())
        remove = sorted(carried.keys() - wanted.keys())
        if put or remove:
            yield Action(
                key=f"evidence {address}",
                address=address,
                type=winner.type,
                owner=graph.resources[address].owner,
                verb=Verb.REFRESH,
                reason=Reason.PENDING,
                id=winner.id,
                seal=tuple(kind.tag(winner.outputs.get(kind.tagged_by, winner.id), FrozenMap(put), remove)),
            )
