"""One request until it is through, or the error that ends its action."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.execute._failures import Failed, Interrupted, LookAgain, failure_of, is_of_another
from reconciler.execute._run import Run, Step
from reconciler.model.answers import taken
from reconciler.model.errors import AwsError, ErrorClass
from reconciler.model.plan import Action, Verb
from reconciler.model.resource import Call, Holder

_NOT_YET_BUDGET = 300.0
"""Seconds that a fresh object may stay invisible to the next call (Terraform's general EC2 constant)."""
_CONFLICT_ATTEMPTS = 5
_NAMES_HOLDERS, _STILL_HELD = 5, 10
"""Refusals of a delete, over some ten seconds and over a minute, after which a person hears what is in the way: most
goes by itself, and is nothing to do something about before the second."""
_HOLDERS_SHOWN = 5


def perform(run: Run, action: Action, call: Call, *, sealing: bool = False) -> None:
    """Make one request of an action and keep what its answer gives.

    A seal makes nothing that could be there already, whatever its action does. Raises `Failed`, `Interrupted`, and
    `LookAgain` where only AWS knows whether the request is still to be made.
    """
    started = run.clock.now()
    attempts = 0
    while True:
        if run.is_ending:
            raise Interrupted
        attempts += 1
        try:
            answer = run.writer.perform(call, run.outputs.filled_in(call, run.reader))
        except AwsError as error:
            if action.verb is Verb.DELETE and error.code in run.kind_of(action).absent:
                return
            _judge(run, action, error, attempts, started, sealing=sealing)
            run.back_off(attempts)
            continue
        if call.mine and not taken(call.mine, answer):
            raise LookAgain(is_of_another(call))
        run.outputs.add(action.address, call.known)
        run.outputs.add(
            action.address,
            {name: str(value) for name, path in call.save.items() if (value := taken(path, answer))},
        )
        return


def _judge(run: Run, action: Action, error: AwsError, attempts: int, started: float, *, sealing: bool) -> None:
    """Returns where the request should be made again; raises where it should not."""
    not_yet = run.kind_of(action).not_yet
    says_not_yet = any(error.code == code and part in error.message for code, part in not_yet)
    now = run.clock.now()
    match error.error_class:
        case _ if error.lost and action.verb is Verb.CREATE and not sealing:
            raise LookAgain(error)
        case ErrorClass.EXISTS if action.verb in (Verb.CREATE, Verb.PREPARE, Verb.UPDATE) and not sealing:
            raise LookAgain(error)
        case ErrorClass.DEPENDENCY if now < run.deadline:
            if attempts in (1, _NAMES_HOLDERS, _STILL_HELD):
                run.tell(action, Step.WAITING, now - started, _held(run, action, attempts) or error.message)
            return
        case ErrorClass.DEPENDENCY:
            raise Failed(failure_of(error, _in_the_way(run, action)))
        case ErrorClass.CONFLICT if attempts < _CONFLICT_ATTEMPTS:
            return
        case _ if (says_not_yet or _may_lag(run, action, error)) and now - started < _NOT_YET_BUDGET:
            if attempts == 1:
                run.tell(action, Step.WAITING, now - started, error.message)
            if now < run.deadline:
                return
    raise Failed(failure_of(error))


def _may_lag(run: Run, action: Action, error: AwsError) -> bool:
    """Not found means not yet only where something it could mean was made in this run."""
    if error.error_class is ErrorClass.NOT_YET:
        return True
    if error.error_class is not ErrorClass.NOT_FOUND or error.code in run.kind_of(action).lasting:
        return False
    near = {action.address, *run.graph.edges.get(action.address, frozenset())}
    return bool(near & run.outputs.made)


def _held(run: Run, action: Action, refusals: int) -> str:
    """What a person hears while AWS refuses a delete; nothing where there is no more to say than AWS does."""
    found = _holders(run, action) if refusals >= _NAMES_HOLDERS and action.verb is Verb.DELETE else ()
    if not found:
        return ""
    if refusals < _STILL_HELD and all(one.passing for one in found):
        return f"waiting until AWS has removed {_listed(found)}"
    return f"in the way: {_listed(found)}; this goes on when what owns them is removed"


def _in_the_way(run: Run, action: Action) -> str:
    """What holds an object that AWS would not delete, and what to do about it."""
    found = _holders(run, action)
    if not found:
        return "find what still uses it, remove that, and run again"
    return f"in the way: {_listed(found)}; remove what owns them, or run again when AWS has cleaned up"


def _holders(run: Run, action: Action) -> Sequence[Holder]:
    try:
        return run.kind_of(action).holders(run.reader.fresh(), action.id or "")
    except AwsError:
        return ()  # it would only have been a help


def _listed(found: Sequence[Holder]) -> str:
    more = f" and {len(found) - _HOLDERS_SHOWN} more" if len(found) > _HOLDERS_SHOWN else ""
    return ", ".join(one.what for one in found[:_HOLDERS_SHOWN]) + more
