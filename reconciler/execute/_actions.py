"""One action from its first request to the end of its waits."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from reconciler.execute._failures import Failed, Interrupted, LookAgain, failure_of
from reconciler.execute._requests import perform
from reconciler.execute._run import FIRST_PAUSE, INTERRUPTED, LONGEST_PAUSE, Run, Step
from reconciler.execute._watch import Watch
from reconciler.model.errors import AwsError, ErrorClass, LeaseLost
from reconciler.model.plan import Action, Failure, Outcome, Result, Verb
from reconciler.model.resource import Call, Observed, State
from reconciler.model.values import Ref

_BEGUN = "begun"
_LOOKS = 8
"""Looks, over half a minute, for an object of ours after AWS said, or may have meant, that it exists: lists lag creates
by seconds, and whoever made it may have died just before."""


class Worker:
    """Carries out actions, one in each thread that asks it to. `usable` hears of each whose followers may begin,
    `abreast` makes the requests of an action that may be made at the same time."""

    def __init__(self, run: Run, usable: Callable[[Action], None], abreast: Executor) -> None:
        self._run = run
        self._abreast = abreast
        self._watch = Watch(run)
        self._usable = usable

    def outcome(self, action: Action) -> Outcome:
        """What became of one action. Whatever else is raised than what AWS or the caller made of it ends the run."""
        run = self._run
        start = run.clock.now()
        try:
            run.tell(action, Step.STARTED)
            outcome = self._carried_out(action, start)
        except Failed as failed:
            outcome = Outcome(action, Result.FAILED, failure=failed.failure)
        except Interrupted:
            outcome = Outcome(action, Result.SKIPPED, because=INTERRUPTED, detail=_BEGUN)
        except LeaseLost as lost:
            run.lost = lost
            outcome = Outcome(action, Result.SKIPPED, because="lease lost")
        outcome = dataclasses.replace(outcome, id=self._identity(action), seconds=max(0.0, run.clock.now() - start))
        said = outcome.failure.message if outcome.failure else outcome.because or outcome.detail
        run.tell(action, Step(outcome.result.value), outcome.seconds, said)
        return outcome

    def _identity(self, action: Action) -> str | None:
        """The id of what an action works on, or made; that of a collection is its parent's."""
        run = self._run
        if action.verb is not Verb.CREATE:
            return action.id
        parent = run.graph.parent(action.address) if run.kind_of(action).collection else None
        return run.outputs.of(parent).get("id") if parent else run.outputs.made_id(action.address)

    def _carried_out(self, action: Action, start: float) -> Outcome:
        kind = self._run.kind_of(action)
        for dying in action.after_gone:
            held = self._watched(action, start, dying, until_gone=True)
            if held is not None:
                return held
        self._make(action)
        if action.verb is Verb.RELEASE:
            return Outcome(action, Result.DONE)
        waits = self._run.is_awaited(action)
        if waits:
            settled = self._settle(action, start)
            if settled is not None:
                return settled
        elif action.verb is not Verb.DELETE:
            self._usable(action)
        for call in action.seal:
            perform(self._run, action, call, sealing=True)
        if kind.settles and not waits and self._is_waited_for(action):
            settled = self._settle(action, start)
            if settled is not None:
                return settled
        return Outcome(action, Result.DONE)

    def _make(self, action: Action) -> None:
        calls = list(action.calls)
        looks = 0
        while calls:
            try:
                self._perform_first(action, calls)
            except LookAgain as again:
                looks += 1
                mine = self._watch.find(action.type, action.address, made=action.verb is Verb.CREATE)
                if mine is not None:
                    self._run.outputs.add(action.address, mine.outputs)
                    calls = list(self._watch.remaining(action, mine))
                if looks >= _LOOKS:
                    stranger = "an object that is not of this stack is in the way; rename or remove it"
                    exists = again.error.error_class is ErrorClass.EXISTS
                    raise Failed(failure_of(again.error, stranger if exists else "")) from again
                if calls:
                    self._run.back_off(looks)

    def _perform_first(self, action: Action, calls: list[Call]) -> None:
        """Makes the first call of some and those that may be made beside it, and leaves those that are not done."""
        count = 1
        while count < len(calls) and calls[count].beside and count < self._run.limits.threads:
            count += 1
        group = calls[:count]
        if count == 1:
            perform(self._run, action, group[0])
            del calls[0]
            return
        requests = [self._abreast.submit(perform, self._run, action, call) for call in group]
        errors = [request.exception() for request in requests]
        calls[:count] = [call for call, error in zip(group, errors, strict=True) if error is not None]
        for error in errors:
            if error is not None:
                raise error

    def _is_waited_for(self, action: Action) -> bool:
        if action.verb is Verb.REFRESH:
            return False
        return action.type in self._run.limits.wait_for or not self._run.kind_of(action).waits_only_on_request

    def _settle(self, action: Action, start: float) -> Outcome | None:
        """Waits until the object of an action is ready or gone; an outcome where it is not within the budget."""
        identity = action.id if action.verb is not Verb.CREATE else self._run.outputs.value(Ref(action.address))
        return self._watched(action, start, identity, until_gone=action.verb is Verb.DELETE)

    def _watched(self, action: Action, start: float, identity: str | None, *, until_gone: bool) -> Outcome | None:
        """Waits for one object of the type of an action; an outcome where the budget ends first."""
        run, kind = self._run, self._run.kind_of(action)
        said = ""
        pause = FIRST_PAUSE
        while True:
            found = self._watch.look(action.type, identity)
            if until_gone:
                if found is None or (found.state is State.FAILED and kind.fades_when_failed):
                    return None
            elif found is not None and found.state is State.READY:
                return None
            elif found is not None and found.state in (State.FAILED, State.REVERTED):
                raise Failed(self._given_up(action, found))
            detail = found.detail or found.state.value if found else "not visible yet"
            if detail != said:
                said = detail
                run.tell(action, Step.WAITING, run.clock.now() - start, detail)
            if run.clock.now() + pause > run.deadline:
                return Outcome(action, Result.PENDING, detail=detail)
            run.pause(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _given_up(self, action: Action, found: Observed[Any]) -> Failure:
        """What AWS says of an object that it gave up on, down to the first cause where it tells that."""
        kind = self._run.kind_of(action)
        try:
            causes = kind.causes(self._run.reader.fresh(), found)
        except AwsError as error:
            causes = [f"the cause could not be read: {error}"]
        message = "\n".join([found.detail or f"{kind.name} {found.id} failed in AWS", *causes])
        return Failure("", "Failed", message, "change the spec and apply again, or the same again with apply --retry")
