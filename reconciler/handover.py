"""From what serves by an old target to what serves by a new one, without a moment in which nothing serves. Pure.

A target group that cannot be changed is replaced. Were rules to lead to the new one first, there would be nobody there
until the service had tasks in it. So the new target group is tied to its load balancer while nothing goes there, a
second service of the same tasks begins, and only when that is at work do the rules lead to it; then the old service and
the old target group go. A service that does not come to work changes nothing. Where no task of the old one runs,
nothing is to be handed over.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from reconciler.diff import Comparison
from reconciler.model.fields import set_fields
from reconciler.model.plan import Action, Blocked, Reason, Verb
from reconciler.model.resource import Observed, Replacement, State
from reconciler.model.values import Ref, refs
from reconciler.uses import LiveGraph


def in_turn(
    actions: Mapping[str, Action], comparison: Comparison, live: LiveGraph, blocked: AbstractSet[str]
) -> tuple[dict[str, Action], list[Blocked]]:
    """The ordered actions of a plan such that each hand-over takes its turn, and what has to stay as it is because
    there is nothing to hand over to. `blocked` are addresses that are not written."""
    turns = _Turns(dict(actions), comparison, live, blocked)
    for address in sorted(comparison.following):
        turns.take(address)
    return turns.actions, turns.stopped


def parted(action: Action) -> tuple[Action, Action]:
    """An update in two: what comes before something else, and what takes away (`Call.late`) and comes after."""
    early = dataclasses.replace(
        action,
        key=f"prepare {action.address}",
        verb=Verb.PREPARE,
        changes=(),
        calls=tuple(call for call in action.calls if not call.late),
        seal=(),
        exposed=(),
    )
    late = tuple(call for call in action.calls if call.late)
    return early, dataclasses.replace(action, calls=late, needs=action.needs | {early.key})


class _Turns:
    def __init__(
        self, actions: dict[str, Action], comparison: Comparison, live: LiveGraph, blocked: AbstractSet[str]
    ) -> None:
        self.actions = actions
        self.stopped: list[Blocked] = []
        self._comparison = comparison
        self._graph = comparison.graph
        self._live = live
        self._blocked = blocked

    def take(self, address: str) -> None:
        """The hand-over to the new object of one address."""
        targets = self._comparison.following[address]
        leading = {holder for target in targets for holder in self._graph.holders.get(target, ())}
        switches = frozenset(
            key
            for key, action in self.actions.items()
            if action.address in leading and action.verb in (Verb.UPDATE, Verb.PREPARE)
        )
        if not switches or not any(old.in_use for old in self._losers(address)):
            return
        gate = self._gate(address)
        if gate is None:
            self._stop(address, targets, switches)
            return
        lost = frozenset(old.id for target in targets for old in self._losers(target))
        if gate and not self._close(gate, address, switches, lost):
            return
        for key, action in self.actions.items():
            if action.verb is Verb.DELETE and action.address == address:
                self._change(key, needs=action.needs | switches)

    def _gate(self, address: str) -> str | None:
        """The action after which the new object is at work; nothing where it is, `None` where it will not be."""
        for key in (f"create {address}", f"update {address}"):
            if key in self.actions:
                return key
        winner = self._comparison.winners.get(address)
        if winner is None or address in self._blocked or winner.state is State.FAILED:
            return None
        if winner.state is not State.PENDING:
            return ""
        key = f"refresh {address}"
        owner = self._graph.resources[address].owner
        waiting = Action(key, address, winner.type, owner, Verb.REFRESH, Reason.PENDING, id=winner.id)
        self.actions.setdefault(key, waiting)
        return key

    def _close(self, gate: str, address: str, switches: frozenset[str], lost: frozenset[str]) -> bool:
        """Lets nothing lead to the new targets before the gate opens. Not where that is not possible: the new object
        has to wait for the rules then, as one that is the first of its kind does."""
        action = self.actions[gate]
        if action.order == Replacement.DELETE_FIRST.value:
            return False
        tied = self._tied(address, lost) if action.verb is Verb.CREATE else {}
        if tied is None:
            return False
        self.actions |= tied
        self._change(gate, handed_over=True, needs=(action.needs - switches) | tied.keys())
        for key in switches:
            self._change(key, needs=self.actions[key].needs | {gate})
        for target in self._comparison.following[address]:
            if f"create {target}" in self.actions:
                self._change(f"create {target}", handed_over=True)
        self._take_away_last(gate, switches)
        return True

    def _take_away_last(self, gate: str, switches: frozenset[str]) -> None:
        """What an update takes away, such as a way to the old port, is needed until nothing leads there."""
        for key, action in self._taking_away(switches):
            early, late = parted(action)
            if early.key not in self.actions:
                self.actions |= {early.key: early, key: late}
            self._change(key, needs=self.actions[key].needs | switches)
            if key in self.actions[gate].needs:
                self._change(gate, needs=self.actions[gate].needs - {key} | {early.key})

    def _tied(self, address: str, lost: frozenset[str]) -> dict[str, Action] | None:
        """Actions that tie the targets of a new object to what leads to the lost ones; `None` where one cannot be."""
        fields = self._graph.resources[address].fields
        found: dict[str, list[Ref]] = {}
        for ref in sorted(
            {r for _, value, traits in set_fields(fields) if traits.follows for r in refs(value)}, key=str
        ):
            holders = sorted(self._graph.holders.get(ref.address, frozenset()) & self._comparison.winners.keys())
            if holders and not self._is_tied(ref):
                able = [holder for holder in holders if self._call(holder, lost, [ref]) is not None]
                if not able:
                    return None
                found.setdefault(able[0], []).append(ref)
        actions = {}
        for holder, loose in found.items():
            call = self._call(holder, lost, loose)
            if call is None:
                return None
            winner = self._comparison.winners[holder]
            action = Action(
                key=f"attach {holder} {address}",
                address=holder,
                type=winner.type,
                owner=self._graph.resources[holder].owner,
                verb=Verb.PREPARE,
                reason=Reason.PENDING,
                id=winner.id,
                calls=(call,),
                needs=frozenset(f"create {ref.address}" for ref in loose) & self.actions.keys(),
            )
            actions[action.key] = action
        return actions

    def _call(self, holder: str, lost: frozenset[str], loose: list[Ref]) -> Any:
        winner = self._comparison.winners[holder]
        return self._graph.types[winner.type].attach(winner, lost, loose)

    def _is_tied(self, target: Ref) -> bool:
        winner = self._comparison.winners.get(target.address)
        users = self._live.users((winner.type, winner.id)) if winner else []
        return any(self._live.address(user) in self._graph.holders[target.address] for user in users)

    def _losers(self, address: str) -> list[Observed[Any]]:
        """What is live at an address and has not won it."""
        winner = self._comparison.winners.get(address)
        found = self._comparison.snapshot.found.get(address, ())
        return [live for live in found if winner is None or live.id != winner.id]

    def _stop(self, address: str, targets: frozenset[str], switches: frozenset[str]) -> None:
        """Everything goes on leading to the old object, which stays."""
        for switch in sorted({self.actions[key].address for key in switches}):
            reason = f"would lead to {address}, which is not at work"
            self.stopped.append(Blocked(switch, reason, f"see {address}"))
        kept = {k for k, a in self.actions.items() if a.verb is Verb.DELETE and a.address in {address, *targets}}
        gone = switches | kept
        self.actions = {
            key: dataclasses.replace(action, needs=action.needs - gone)
            for key, action in self.actions.items()
            if key not in gone
        }
        for key, action in self._taking_away(switches):
            if action.reason is not Reason.DRIFT:
                self._leave_out(key, parted(action)[0])

    def _taking_away(self, switches: frozenset[str]) -> list[tuple[str, Action]]:
        """The updates that take something away, those of what leads to the targets themselves aside."""
        return [
            (key, action)
            for key, action in self.actions.items()
            if action.verb is Verb.UPDATE
            and any(call.late for call in action.calls)
            and not action.parent_changes
            and key not in switches
        ]

    def _leave_out(self, key: str, early: Action) -> None:
        """Does no more of an update than what comes before it takes away: the old object needs its ways."""
        del self.actions[key]
        instead = frozenset({early.key}) if early.calls else early.needs
        for other, action in list(self.actions.items()):
            if key in action.needs:
                self._change(other, needs=action.needs - {key} | instead)
        if early.calls:
            self.actions.setdefault(early.key, early)

    def _change(self, key: str, **changes: Any) -> None:
        self.actions[key] = dataclasses.replace(self.actions[key], **changes)
