"""The gate that every request passes, before and after moto: counting, faults, one lock, the engine, the audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from . import wire
from .engine import Engine
from .faults import ConnectionLostError, Dice, Faults, Phase
from .sqs_poll import found_nothing, patience, pause

Work = Callable[[], wire.Answer | None]
"""Has moto do the work of a request; None where moto knows no such service."""

Audit = Callable[[wire.Request, wire.Answer], None]
"""Takes note of every answer, refusals included; called under the lock."""


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

    def __init__(
        self, engine: Engine, faults: Faults, rules: tuple[Rule, ...] = (), audit: Audit | None = None
    ) -> None:
        self._engine = engine
        self._dice = Dice(faults)
        self._rules = rules
        self._audit = audit
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
        clock, until = self._engine.clock, self._engine.clock.now() + patience(request)
        while clock.now() < until and found_nothing(answer):
            clock.sleep(min(pause(clock), until - clock.now()))
            answer = self._work(request, work)
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
            answer = self._work(request, work)
            self._note(request, answer)
            return answer

    def _work(self, request: wire.Request, work: Work) -> wire.Answer:
        with self._engine.lock:
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
            if answer is not None:
                self._note(request, answer)
        return answer

    def _note(self, request: wire.Request, answer: wire.Answer) -> None:
        if self._audit is not None and request.mutating:
            self._audit(request, answer)
