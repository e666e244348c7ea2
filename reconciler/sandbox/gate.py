"""The gate that every request passes, before and after moto: counting, faults, one lock, the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from . import wire
from .engine import Engine
from .faults import ConnectionLostError, Dice, Faults, Phase

Work = Callable[[], wire.Answer | None]
"""Has moto do the work of a request; None where moto knows no such service."""


class Rule(Protocol):
    """Something that may refuse a request or look at its answer; both run under the lock."""

    def before(self, request: wire.Request, faults: Faults) -> wire.Answer | None:
        """An answer that is given instead of doing the work, or None."""

    def after(self, request: wire.Request, faults: Faults, answer: wire.Answer) -> None:
        """Take note of an answer that moto gave."""

    def clear(self) -> None:
        """Forget everything: the account is empty again."""


class Gate:
    """Serves the requests of one sandbox, in process and over HTTP alike."""

    def __init__(self, engine: Engine, faults: Faults, rules: tuple[Rule, ...] = ()) -> None:
        self._engine = engine
        self._dice = Dice(faults)
        self._rules = rules
        self.calls: Counter[str] = Counter()
        """Requests by operation ("ec2:CreateVpc"), retries and refused ones included."""
        self.watch: Callable[[wire.Request, Phase], None] | None = None
        """Called at each mutating request, before and after the work, without the lock; may raise or fork."""

    @property
    def faults(self) -> Faults:
        """What goes wrong from now on. Setting it draws afresh and revives a dead client."""
        return self._dice.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._dice = Dice(faults)

    def clear(self) -> None:
        """Forget what was counted and what the rules remember."""
        self.calls.clear()
        for rule in self._rules:
            rule.clear()

    def serve(self, request: wire.Request, work: Work) -> wire.Answer:
        """Answer one request.

        Raises ConnectionLostError where no answer comes and ClientDied where the client is to die.
        """
        dice = self._dice
        dice.check_alive()
        number = dice.mutation() if request.mutating else 0
        self._reach(request, dice, number, "before")
        answer = self._refusal(request, dice) or self._answer(request, work)
        self._reach(request, dice, number, "after")
        if dice.draw("lost_after", request.name):
            raise ConnectionLostError
        return answer

    def _reach(self, request: wire.Request, dice: Dice, number: int, phase: Phase) -> None:
        if number:
            if self.watch is not None:
                self.watch(request, phase)
            dice.die(number, phase)

    def _refusal(self, request: wire.Request, dice: Dice) -> wire.Answer | None:
        """The fault that this request meets before any work is done."""
        self._engine.clock.sleep(dice.latency(request.name))
        if not dice.draw("lost_before", request.name):
            if dice.draw("throttle", request.name):
                return self._count(request, wire.throttled(request))
            if dice.draw("errors_5xx", request.name):
                return self._count(request, wire.unavailable(request))
            return None
        self._count(request, None)
        raise ConnectionLostError

    def _answer(self, request: wire.Request, work: Work) -> wire.Answer:
        with self._engine.lock:
            self.calls[request.name] += 1
            self._engine.step()
            for rule in self._rules:
                refused = rule.before(request, self.faults)
                if refused is not None:
                    return refused
            try:
                answer = work() or wire.missing(request)
            except NotImplementedError as lacking:
                return wire.missing(request, str(lacking))
            for rule in self._rules:
                rule.after(request, self.faults, answer)
            return answer

    def _count(self, request: wire.Request, answer: wire.Answer | None) -> wire.Answer | None:
        with self._engine.lock:
            self.calls[request.name] += 1
        return answer
