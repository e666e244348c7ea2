"""Carrying out a plan: every action as soon as what it needs is ready, on a bounded pool of threads.

What AWS answers is used for the rest of the run and never stored: the next look finds the truth. An answer that got
lost, or says that something is already there, is answered by looking again, not by doing it twice.
"""

from __future__ import annotations

import dataclasses
import queue
import random
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from graphlib import TopologicalSorter
from typing import Any

from reconciler.diff import compare
from reconciler.model.answers import taken
from reconciler.model.errors import AwsError, ErrorClass, LeaseLost
from reconciler.model.graph import Graph, Types
from reconciler.model.plan import Action, Failure, Outcome, Plan, Result, Verb
from reconciler.model.ports import Clock, Reader, Writer
from reconciler.model.resource import Call, Context, Observed, ResourceType, Scope, State
from reconciler.model.values import FrozenMap, Id, Ref, Template, Token
from reconciler.observe import Look, by_type, snapshot_of
from reconciler.plan import part_tags

INTERRUPTED = "interrupted"
"""Why an action was skipped, or not finished, after the run was asked to stop."""
_BEGUN = "begun"
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_NOT_YET_BUDGET = 300.0
"""Seconds that a fresh object may stay invisible to the next call (Terraform's general EC2 constant)."""
_CONFLICT_ATTEMPTS = 5
_NAMES_HOLDERS = 5
"""Refusals of a delete, over some ten seconds, after which a person hears what is in the way: most goes by itself."""
_HOLDERS_SHOWN = 5
_MARK_BYTES = 4
_LOOKS = 8
"""Looks, over half a minute, for an object of ours after AWS said, or may have meant, that it exists: lists lag creates
by seconds, and whoever made it may have died just before."""


class Step(Enum):
    """What a person hears of an action while it runs."""

    STARTED = "started"
    WAITING = "waiting"
    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """One step of one action; `seconds` since its first request."""

    action: Action
    step: Step
    seconds: float = 0.0
    detail: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait and how much to do at once.

    `settle` are the seconds for what AWS does on its own time. `wait_for` names types that are waited for though
    nothing depends on their being ready (services, under `--wait`). `threads` bounds the actions under way.
    """

    settle: float = 900.0
    wait_for: frozenset[str] = frozenset()
    threads: int = 16


def execute(
    plan: Plan,
    graph: Graph,
    reader: Reader,
    writer: Writer,
    clock: Clock,
    *,
    live: Iterable[Observed[Any]] = (),
    limits: Limits | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> list[Outcome]:
    """What became of every action of a plan, in the plan's order.

    `live` is what the plan was made for, whosever it is: inside of it later looks find what is to go. What does not
    depend on a failed action goes on. When `stop` is set no further action begins and those under way
    finish their request.
    """
    run = _Run(plan, graph, tuple(live), reader, writer, clock, limits or Limits(), progress, stop)
    return run.outcomes()


class _Failed(Exception):
    """An action ended in failure; carries what to report."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _Interrupted(Exception):
    """The run was asked to stop while an action waited."""


class _Run:
    def __init__(
        self,
        plan: Plan,
        graph: Graph,
        live: tuple[Observed[Any], ...],
        reader: Reader,
        writer: Writer,
        clock: Clock,
        limits: Limits,
        progress: Callable[[Progress], None],
        stop: threading.Event | None,
    ) -> None:
        self._plan = plan
        self._graph = graph
        self.live = live
        self._types: Types = graph.types
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._limits = limits
        self._progress = progress
        self._stop = stop or threading.Event()
        self._deadline = clock.now() + limits.settle
        self._mark = secrets.token_hex(_MARK_BYTES)
        self._outputs = _Outputs(plan.outputs)
        self._watch = _Watch(self)
        self._results: dict[str, Outcome] = {}
        self._usable: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._lost: BaseException | None = None

    def outcomes(self) -> list[Outcome]:
        """Runs everything and waits for it."""
        actions = {a.key: a for a in self._plan.actions}
        before = {a.key: sorted(a.needs) for a in self._plan.actions}
        followed = _followed(before)
        sorter = TopologicalSorter(before)
        sorter.prepare()
        with ThreadPoolExecutor(self._limits.threads, thread_name_prefix="execute") as pool:
            released: set[str] = set()
            while sorter.is_active():
                for key in sorted(sorter.get_ready(), key=followed.__getitem__, reverse=True):
                    self._start(pool, actions[key])
                key = self._usable.get()
                if key not in released:
                    released.add(key)
                    sorter.done(key)
        if self._lost is not None:
            raise self._lost
        return [self._results[a.key] for a in self._plan.actions]

    def _start(self, pool: ThreadPoolExecutor, action: Action) -> None:
        failed = sorted(n for n in action.needs if n in self._results and self._results[n].result in _NOT_DONE)
        if failed:
            first = self._results[failed[0]]
            because = first.because if first.result is Result.SKIPPED and first.because else first.action.address
            self._skip(action, because)
        elif self._is_ending():
            self._skip(action, INTERRUPTED)
        else:
            pool.submit(self._work, action)

    def _is_ending(self) -> bool:
        """Whether nothing more is to be sent: the caller wants that, or a worker met what ends the run."""
        return self._stop.is_set() or self._lost is not None

    def _skip(self, action: Action, because: str) -> None:
        self._results[action.key] = Outcome(action, Result.SKIPPED, because=because)
        self._tell(action, Step.SKIPPED, 0.0, because)
        self._usable.put(action.key)

    def _tell(self, action: Action, step: Step, seconds: float = 0.0, detail: str = "") -> None:
        if action.verb not in (Verb.PREPARE, Verb.REFRESH):
            self._progress(Progress(action, step, seconds, detail))

    def _work(self, action: Action) -> None:
        """One action in its thread; whatever happens, those that wait for it hear of it."""
        start = self._clock.now()
        try:
            self._tell(action, Step.STARTED)
            outcome = self._carried_out(action, start)
        except _Failed as failed:
            outcome = Outcome(action, Result.FAILED, failure=failed.failure)
        except _Interrupted:
            outcome = Outcome(action, Result.SKIPPED, because=INTERRUPTED, detail=_BEGUN)
        except LeaseLost as lost:
            self._lost = lost
            outcome = Outcome(action, Result.SKIPPED, because="lease lost")
        except BaseException as error:  # noqa: BLE001 - a worker's death must reach the caller's thread
            self._lost = error
            outcome = Outcome(action, Result.SKIPPED, because=INTERRUPTED, detail=_BEGUN)
        outcome = dataclasses.replace(outcome, seconds=max(0.0, self._clock.now() - start))
        self._results[action.key] = outcome
        said = outcome.failure.message if outcome.failure else outcome.because or outcome.detail
        self._tell(action, Step(outcome.result.value), outcome.seconds, said)
        self._usable.put(action.key)

    def _carried_out(self, action: Action, start: float) -> Outcome:
        kind = self._types[action.type]
        for dying in action.after_gone:
            held = self._watched(action, start, dying, until_gone=True)
            if held is not None:
                return held
        self._make(action)
        if action.verb is Verb.RELEASE:
            return Outcome(action, Result.DONE)
        waits = kind.settles and (kind.awaited or action.handed_over or action.verb is Verb.DELETE)
        if waits:
            settled = self._settle(action, start)
            if settled is not None:
                return settled
        elif action.verb is not Verb.DELETE:
            self._usable.put(action.key)
        for call in action.seal:
            self._perform(action, call, sealing=True)
        if kind.settles and not waits and self._is_waited_for(action):
            settled = self._settle(action, start)
            if settled is not None:
                return settled
        return Outcome(action, Result.DONE)

    def _is_waited_for(self, action: Action) -> bool:
        kind = self._types[action.type]
        if action.verb is Verb.REFRESH:
            return False
        return action.type in self._limits.wait_for or not kind.waits_only_on_request

    def _settle(self, action: Action, start: float) -> Outcome | None:
        """Waits until the object of an action is ready or gone; an outcome where it is not within the budget."""
        identity = action.id if action.verb is not Verb.CREATE else self._outputs.value(Ref(action.address))
        return self._watched(action, start, identity, until_gone=action.verb is Verb.DELETE)

    def _watched(self, action: Action, start: float, identity: str | None, *, until_gone: bool) -> Outcome | None:
        """Waits for one object of the type of an action; an outcome where the budget ends first."""
        kind = self._types[action.type]
        said = ""
        pause = _FIRST_PAUSE
        while True:
            found = self._watch.look(action.type, identity)
            if until_gone:
                if found is None:
                    return None
            elif found is not None and found.state is State.READY:
                return None
            elif found is not None and found.state in (State.FAILED, State.REVERTED):
                raise _Failed(self._given_up(kind, found))
            detail = found.detail or found.state.value if found else "not visible yet"
            if detail != said:
                said = detail
                self._tell(action, Step.WAITING, self._clock.now() - start, detail)
            if self._clock.now() + pause > self._deadline:
                return Outcome(action, Result.PENDING, detail=detail)
            self._pause(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _given_up(self, kind: ResourceType[Any], found: Observed[Any]) -> Failure:
        """What AWS says of an object that it gave up on, down to the first cause where it tells that."""
        try:
            causes = kind.causes(self._reader.fresh(), found)
        except AwsError as error:
            causes = [f"the cause could not be read: {error}"]
        message = "\n".join([found.detail or f"{kind.name} {found.id} failed in AWS", *causes])
        return Failure("", "Failed", message, "change the spec and apply again, or the same again with apply --retry")

    def _make(self, action: Action) -> None:
        calls = list(action.calls)
        looks = 0
        while calls:
            try:
                self._perform(action, calls[0])
                calls.pop(0)
            except _LookAgain as again:
                looks += 1
                mine = self._watch.find(action.type, action.address, but=action.replaces)
                if mine is not None:
                    self._outputs.add(action.address, mine.outputs)
                    calls = list(self._remaining(action, mine))
                if looks >= _LOOKS:
                    stranger = "an object that is not of this stack is in the way; rename or remove it"
                    raise _Failed(
                        _failure(again.error, stranger if again.error.error_class is ErrorClass.EXISTS else "")
                    ) from again
                if calls:
                    self._pause(_backoff(looks))

    def _remaining(self, action: Action, mine: Observed[Any]) -> Iterable[Call]:
        """What still differs from the desired state, as calls of the type itself."""
        reader, stack = self._reader, self._graph.stack
        seen = Look(reader.account, reader.region, reader.partition, {action.type: [mine]}, {}, (stack.name,))
        snapshot = snapshot_of(seen, stack)
        live = {**self._watch.stand_ins(), action.address: (mine,)}
        referred = {address: (one,) for address, one in self._watch.referred().items()}
        comparison = compare(self._graph, dataclasses.replace(snapshot, found=live, references=referred))
        changes = comparison.changes.get(action.address, ())
        changed = frozenset(c.field for c in changes) - {"tags"}
        if not changed or action.address not in comparison.winners:
            return ()
        kind = self._types[action.type]
        context = Context(
            self._graph.stack.name,
            self._reader.account,
            self._reader.region,
            self._reader.partition,
            tags=FrozenMap(part_tags(self._graph, action.address) if kind.marks_parts else {}),
            parent_changes=action.parent_changes,
        )
        resource = comparison.desired(action.address)
        calls = kind.update(resource, comparison.winners[action.address], changed, context)
        return [call for call in calls if action.verb is not Verb.PREPARE or not call.late]

    def _perform(self, action: Action, call: Call, *, sealing: bool = False) -> None:
        """One request until it is through, or the error that ends the action. A seal makes nothing that could be there
        already, whatever its action does."""
        kind = self._types[action.type]
        started = self._clock.now()
        attempts = 0
        while True:
            if self._is_ending():
                raise _Interrupted
            attempts += 1
            try:
                answer = self._writer.perform(call, self._resolved(action, call))
            except AwsError as error:
                if action.verb is Verb.DELETE and error.code in kind.absent:
                    return
                self._judge(action, error, attempts, started, sealing=sealing)
                self._pause(_backoff(attempts))
                continue
            if call.mine and not taken(call.mine, answer):
                raise _LookAgain(_taken(call))
            self._outputs.add(action.address, call.known)
            self._outputs.add(
                action.address,
                {name: str(value) for name, path in call.save.items() if (value := taken(path, answer))},
            )
            return

    def _judge(self, action: Action, error: AwsError, attempts: int, started: float, *, sealing: bool) -> None:
        """Returns where the request should be made again; raises where it should not."""
        kind = self._types[action.type]
        says_not_yet = any(error.code == code and part in error.message for code, part in kind.not_yet)
        now = self._clock.now()
        match error.error_class:
            case _ if error.lost and action.verb is Verb.CREATE and not sealing:
                raise _LookAgain(error)
            case ErrorClass.EXISTS if action.verb in (Verb.CREATE, Verb.PREPARE, Verb.UPDATE) and not sealing:
                raise _LookAgain(error)
            case ErrorClass.DEPENDENCY if now < self._deadline:
                if attempts in (1, _NAMES_HOLDERS):
                    held = f"; {self._in_the_way(action)}" if attempts > 1 and action.verb is Verb.DELETE else ""
                    self._tell(action, Step.WAITING, now - started, f"{error.message}{held}")
                return
            case ErrorClass.DEPENDENCY:
                raise _Failed(_failure(error, self._in_the_way(action)))
            case ErrorClass.CONFLICT if attempts < _CONFLICT_ATTEMPTS:
                return
            case _ if (says_not_yet or self._may_lag(action, error)) and now - started < _NOT_YET_BUDGET:
                if attempts == 1:
                    self._tell(action, Step.WAITING, now - started, error.message)
                if now < self._deadline:
                    return
        raise _Failed(_failure(error))

    def _may_lag(self, action: Action, error: AwsError) -> bool:
        """Not found means not yet only where something it could mean was made in this run."""
        if error.error_class is ErrorClass.NOT_YET:
            return True
        if error.error_class is not ErrorClass.NOT_FOUND or error.code in self._types[action.type].lasting:
            return False
        near = {action.address, *self._graph.edges.get(action.address, frozenset())}
        return bool(near & self._outputs.made)

    def _in_the_way(self, action: Action) -> str:
        """What holds an object that AWS refuses to delete, and what to do about it."""
        try:
            found = self._types[action.type].holders(self._reader.fresh(), action.id or "")
        except AwsError:
            found = ()  # it would only have been a help
        if not found:
            return "find what still uses it, remove that, and run again"
        more = f" and {len(found) - _HOLDERS_SHOWN} more" if len(found) > _HOLDERS_SHOWN else ""
        held = ", ".join(found[:_HOLDERS_SHOWN])
        return f"in the way: {held}{more}; remove what owns them, or run again when AWS has cleaned up"

    def _resolved(self, action: Action, call: Call) -> dict[str, Any]:
        resolved = self._plain(dict(call.params), action)
        assert isinstance(resolved, dict)
        return resolved

    def _plain(self, value: Any, action: Action) -> Any:
        """Request parameters as botocore takes them: references resolved, immutable shapes as lists and dicts."""
        if isinstance(value, Ref):
            return self._outputs.value(value)
        if isinstance(value, Token):
            return f"{value}{self._mark}"
        if isinstance(value, Id):
            return value.value
        if isinstance(value, Template):
            return "".join(str(self._plain(part, action)) for part in value.parts)
        if isinstance(value, Mapping):
            return {key: self._plain(item, action) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(item, action) for item in value]
        if isinstance(value, frozenset):
            return sorted(self._plain(item, action) for item in value)
        return value

    def _pause(self, seconds: float) -> None:
        """Sleeps in slices, so that a run that is asked to stop does so within a second."""
        until = self._clock.now() + seconds
        while (left := until - self._clock.now()) > 0:
            if self._is_ending():
                raise _Interrupted
            self._clock.sleep(min(left, 1.0))

    @property
    def reader(self) -> Reader:
        """The reader of this run."""
        return self._reader

    @property
    def graph(self) -> Graph:
        """The desired graph of this run."""
        return self._graph

    @property
    def known_outputs(self) -> _Outputs:
        """The outputs known so far."""
        return self._outputs


def _followed(before: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """How many actions, one after the other, wait for each: what most wait for is begun first."""
    longest = dict.fromkeys(before, 0)
    for key in reversed(tuple(TopologicalSorter(before).static_order())):
        for need in before[key]:
            longest[need] = max(longest[need], longest[key] + 1)
    return longest


_NOT_DONE = (Result.FAILED, Result.SKIPPED, Result.PENDING)


class _LookAgain(Exception):
    """The request may have been, or had been, carried out already."""

    def __init__(self, error: AwsError) -> None:
        super().__init__(str(error))
        self.error = error


def _taken(call: Call) -> AwsError:
    """What AWS would have said, had it not answered a create with something else of that name."""
    message = "AWS answered with something of this name that does not carry our tags"
    return AwsError(operation=call.name, code="AlreadyExists", message=message, error_class=ErrorClass.EXISTS)


class _Outputs:
    """Outputs by address: those of what lived before, then those of what this run makes."""

    def __init__(self, before: Mapping[str, Mapping[str, str]]) -> None:
        self._lock = threading.Lock()
        self._values = {address: dict(outputs) for address, outputs in before.items()}
        self.made: set[str] = set()

    def add(self, address: str, outputs: Mapping[str, str]) -> None:
        if outputs:
            with self._lock:
                self._values.setdefault(address, {}).update(outputs)
                self.made.add(address)

    def value(self, ref: Ref) -> str:
        with self._lock:
            known = self._values.get(ref.address, {}).get(ref.output)
        if known is None:
            raise _Failed(Failure("", "Unresolved", f"{ref} is not known", "run again; report it if it comes back"))
        return known

    def addresses(self) -> list[str]:
        with self._lock:
            return list(self._values)

    def of(self, address: str) -> FrozenMap[str, str]:
        with self._lock:
            return FrozenMap(self._values.get(address, {}))


class _Watch:
    """Looks at one type at a time, one look serving everybody who waits for that type."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[int, list[Observed[Any]]]] = {}

    def look(self, type_name: str, identity: str | None) -> Observed[Any] | None:
        """The object as it is now, by id."""
        return next((o for o in self._current(type_name) if o.id == identity), None)

    def find(self, type_name: str, address: str, but: str | None) -> Observed[Any] | None:
        """The object as it is now, by address; of doubles the older, never the one that is being replaced."""
        stack = self._run.graph.stack.name
        mine = [o for o in self._current(type_name) if o.stack == stack and o.address == address and o.id != but]
        dead = {State.DELETING, State.FAILED} if self._run.graph.types[type_name].dead_when_failed else {State.DELETING}
        return min((o for o in mine if o.state not in dead), key=lambda o: (o.created, o.id), default=None)

    def stand_ins(self) -> dict[str, tuple[Observed[Any], ...]]:
        """Everything whose outputs are known, as live objects in their desired state."""
        graph = self._run.graph
        return {
            address: (self._stand_in(address),)
            for address in self._run.known_outputs.addresses()
            if address in graph.resources
        }

    def referred(self) -> dict[str, Observed[Any]]:
        """What the references of the spec mean, by address, as far as the plan knew."""
        graph = self._run.graph
        return {
            address: dataclasses.replace(
                one.kind.found(one.fields, outputs["id"]), outputs=outputs, address=address, stack=graph.stack.name
            )
            for address, one in graph.references.items()
            if (outputs := self._run.known_outputs.of(address))
        }

    def _stand_in(self, address: str) -> Observed[Any]:
        graph = self._run.graph
        resource = graph.resources[address]
        outputs = self._run.known_outputs.of(address)
        return Observed(
            type=resource.type,
            id=outputs.get("id", ""),
            fields=resource.fields,
            address=address,
            stack=graph.stack.name,
            owner=graph.stack.owner,
            outputs=outputs,
            applied=graph.applied_digests[address],
        )

    def _current(self, type_name: str) -> list[Observed[Any]]:
        with self._lock:
            lock = self._locks.setdefault(type_name, threading.Lock())
            turn = self._seen.get(type_name, (0, []))[0]
        with lock:
            with self._lock:
                latest, seen = self._seen.get(type_name, (0, []))
            if latest > turn:
                return seen
            seen = self._observe(type_name)
            with self._lock:
                self._seen[type_name] = (latest + 1, seen)
            return seen

    def _observe(self, type_name: str) -> list[Observed[Any]]:
        run = self._run
        kind = run.graph.types[type_name]
        live: dict[str, list[Observed[Any]]] = {}
        for known in run.live:
            live.setdefault(known.type, []).append(known)
        for (stand_in,) in self.stand_ins().values():
            live.setdefault(stand_in.type, []).append(stand_in)
        scope = Scope(
            account=run.reader.account,
            region=run.reader.region,
            partition=run.reader.partition,
            stacks=(run.graph.stack.name,),
            expected={type_name: [r for r in run.graph.resources.values() if r.type == type_name]},
            digests={run.graph.stack.name: run.graph.applied_digests},
            found={**by_type(self.referred().values()), **{need: live.get(need, []) for need in kind.needs}},
        )
        try:
            return list(kind.observe(run.reader.fresh(), scope))
        except AwsError as error:
            raise _Failed(_failure(error)) from error


def _failure(error: AwsError, next_step: str = "") -> Failure:
    return Failure(error.operation, error.code, error.message, next_step or error.next_step)


def _backoff(attempts: int) -> float:
    """Seconds before the next attempt: exponential, capped, with jitter so that threads do not march in step."""
    longest = min(_FIRST_PAUSE * 2.0 ** (attempts - 1), _LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter is no secret
