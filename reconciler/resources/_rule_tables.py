"""From one table of listener rules to another, so that between two calls every request is answered as before or after.

Every step makes rules appear (a create), vanish (a delete) or both at once (a change of what a rule says); one may give
many rules other places (SetRulePriorities is atomic). What follows holds whatever the two tables are:

Where no rule that stays changes places, a rule appears after those before it in the new table that a request of its own
could meet, and vanishes before those before it in the old table, and after all in the new one that could take what it
took. Then what a request meets first is what it met in the old table, or what it meets in the new one: a rule that has
appeared stands behind no rule that could yet appear before it; behind a rule that has vanished no old one is left that
it was before; and what was taken from it everything is there to take.

Where rules change places, those that appear do so behind all others, where they take only what no old rule took. The
one move puts the new table in front and what is to vanish, in its old order, behind: there that takes only what no
new rule takes. A rule that only answers otherwise is changed in place before the move if nothing of the new table that
it could meet is before it but what was, and after the move if nothing of the old table was before it but what still is.

A change that cannot be fitted in is made as a new rule that appears and an old one that vanishes, which always can. All
this takes room beside the old rules. Where the quota leaves too little, old rules vanish too early, and requests that
could meet them may be answered by others for a moment: `Transition.exposed` names those rules.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from graphlib import CycleError, TopologicalSorter
from itertools import count as count_from
from itertools import islice, pairwise
from typing import Any, Final

from reconciler.model.frozen import Frozen
from reconciler.resources._conditions import Conditions, covers, may_meet

LAST_PRIORITY = 50_000
STRIDE = 100
"""Between the priorities of two rules, so that others find room in between."""


class Row(Frozen):
    """A rule in a table. `answer` is what it does, `number` its priority: in AWS, or where it would best be."""

    name: str
    number: int
    conditions: Conditions
    answer: Any


class Deed(Enum):
    """What a step does, in the order in which steps are taken where nothing else decides."""

    CHANGE = "change"
    CREATE = "create"
    DEFAULT = "default"
    """Somebody else gives the listener another default action."""
    MOVE = "move"
    DELETE = "delete"


class Step(Frozen):
    """One call. `name` is that of the rule; `number` the priority of a new one; `moves` the new priorities of rules
    there are (`old`) and of rules that an earlier step made. `beside`: it needs not wait for the step before it, nor
    for those that that one is beside."""

    deed: Deed
    name: str = ""
    number: int = 0
    moves: tuple[tuple[str, bool, int], ...] = ()
    beside: bool = False


class Transition(Frozen):
    """The steps from one table to another, and the old rules whose requests are answered otherwise meanwhile."""

    steps: tuple[Step, ...]
    exposed: tuple[str, ...] = ()


class Numbers(Frozen):
    """The priorities that rules may have: none before `first`, and none that is `taken` by rules of others."""

    first: int = 1
    taken: frozenset[int] = frozenset()

    def spread(self, count: int) -> list[int]:
        """Priorities for so many rules, with room in between."""
        stride = max(1, min(STRIDE, (LAST_PRIORITY - self.first + 1) // (count + 1)))
        found: list[int] = []
        last = self.first - 1
        for n in range(count):
            last = next(self.behind(max(last, self.first + stride * (n + 1) - 2)))
            found.append(last)
        return found

    def behind(self, number: int) -> Iterator[int]:
        """The priorities behind one, in order; they may end behind `LAST_PRIORITY`."""
        return (n for n in count_from(max(number + 1, self.first)) if n not in self.taken)


ALL_NUMBERS: Final = Numbers()


def staying(present: Sequence[Row], wanted: Sequence[Row], numbers: Numbers = ALL_NUMBERS) -> frozenset[str]:
    """The rules of both tables that need not change places: as many as can be, those with the right number surely."""
    live = {row.name: row.number for row in present if row.number >= numbers.first}
    rows = [row for row in wanted if row.name in live]
    best: list[tuple[int, frozenset[str]]] = []
    for n, row in enumerate(rows):
        before = [best[m] for m in range(n) if live[rows[m].name] < live[row.name]]
        weight, names = max(before, key=_weight, default=(0, frozenset()))
        worth = 1 + len(rows) * (live[row.name] == row.number)
        best.append((weight + worth, names | {row.name}))
    return max(best, key=_weight, default=(0, frozenset()))[1]


def _weight(found: tuple[int, frozenset[str]]) -> int:
    return found[0]


def transition(
    present: Sequence[Row],
    wanted: Sequence[Row],
    *,
    room: int | None,
    default: bool,
    numbers: Numbers = ALL_NUMBERS,
) -> Transition:
    """The steps from the rules there are to those wanted, both in the order in which they are asked.

    A rule of both tables has one name. `room` is how many more rules there may be at a time, `None` as many as it
    takes; `default` says that the default action becomes another meanwhile.
    """
    edit = _Edit(present, wanted, default, numbers)
    work = edit.in_place() or edit.with_a_move()
    return _scheduled(work, room)


_Needs = dict[Step, set[Step]]


class _Work(Frozen):
    """Steps with what each needs, and those before all of them. `deletes` are in the order of the old table."""

    needs: _Needs
    deletes: tuple[Step, ...]
    first: tuple[Step, ...] = ()


class _Edit:
    def __init__(self, present: Sequence[Row], wanted: Sequence[Row], default: bool, numbers: Numbers) -> None:
        self._numbers = numbers
        self._present = present
        self._wanted = wanted
        self._old = {row.name: row for row in present}
        self._new = {row.name: row for row in wanted}
        self._asked = {row.name: n for n, row in enumerate(present)}
        self._to_be_asked = {row.name: n for n, row in enumerate(wanted)}
        self._default = default

    def _changed(self, split: Iterable[str]) -> list[str]:
        """Rules of both tables that say something else, but for those that are made anew."""
        kept = (n for n in self._new if n in self._old and n not in split)
        return [n for n in kept if _said(self._old[n]) != _said(self._new[n])]

    def _answers_otherwise(self, name: str) -> bool:
        return self._old[name].conditions == self._new[name].conditions

    def in_place(self) -> _Work | None:
        """The steps without a move; `None` where rules change places or there is no room between two."""
        split: set[str] = set()
        while True:
            stay = [n for n in self._new if n in self._old and n not in split]
            if any(self._old[a].number > self._old[b].number for a, b in pairwise(stay)):
                return None
            if any(self._old[n].number < self._numbers.first for n in stay):
                return None
            places = self._places(frozenset(stay))
            if places is None:
                return None
            work = self._placed(split, places)
            try:
                TopologicalSorter(work.needs).prepare()
            except CycleError as error:
                split.add(next(step.name for step in error.args[1] if step.deed is Deed.CHANGE))
                continue
            return work

    def _places(self, stay: frozenset[str]) -> dict[str, int] | None:
        """Priorities for what does not stay, in between what does and where nothing is; `None` without room."""
        taken = {row.number for row in self._present} | self._numbers.taken
        found: dict[str, int] = {}
        waiting: list[Row] = []
        low = self._numbers.first - 1
        for row in [*self._wanted, None]:
            if row is not None and row.name not in stay:
                waiting.append(row)
                continue
            high = LAST_PRIORITY + 1 if row is None else self._old[row.name].number
            if waiting:
                free: Sequence[int] = range(low + 1, high)
                if any(low < number < high for number in taken):
                    free = [number for number in free if number not in taken]
                if len(free) < len(waiting):
                    return None
                numbers = _spread(free, [other.number for other in waiting], is_end=row is None)
                found |= zip((other.name for other in waiting), numbers, strict=True)
            waiting = []
            low = high
        return found

    def _placed(self, split: set[str], places: Mapping[str, int]) -> _Work:
        changes = {n: Step(Deed.CHANGE, n) for n in self._changed(split)}
        appear = {n: Step(Deed.CREATE, n, number) for n, number in places.items()} | changes
        gone = [row.name for row in self._present if row.name not in self._new or row.name in split]
        vanish = {n: Step(Deed.DELETE, n) for n in gone} | changes
        needs: _Needs = {step: set() for step in (*appear.values(), *vanish.values())}
        appear_in_order = [self._new[n] for n in self._new if n in appear]
        for n, row in enumerate(appear_in_order):
            for before in appear_in_order[:n]:
                if not self._only_answers(before.name, changes) and _meet(row, before):
                    needs[appear[row.name]].add(appear[before.name])
        for row in (self._old[n] for n in vanish):
            step = vanish[row.name]
            if step.deed is Deed.CHANGE and covers(self._new[row.name].conditions, row.conditions):
                continue
            for other in (self._old[n] for n in vanish):
                if self._asked[other.name] > self._asked[row.name] and _meet(row, other):
                    needs[step].add(vanish[other.name])
            needs[step] |= {appear[other.name] for other in appear_in_order if _meet(row, other)}
        if self._default:
            self._around_the_default(needs, appear, vanish)
        for step, needed in needs.items():
            needed.discard(step)
        return _Work(needs, tuple(vanish[n] for n in gone))

    def _only_answers(self, name: str, changes: Mapping[str, Step]) -> bool:
        return name in changes and self._answers_otherwise(name)

    def _around_the_default(self, needs: _Needs, appear: Mapping[str, Step], vanish: Mapping[str, Step]) -> None:
        """What takes requests from the default action does so before that changes, what leaves them to it after."""
        default = Step(Deed.DEFAULT)
        needs[default] = set()
        for name, step in appear.items():
            if step.deed is Deed.CREATE or not covers(self._old[name].conditions, self._new[name].conditions):
                needs[default].add(step)
        for name, step in vanish.items():
            if step.deed is Deed.DELETE or not covers(self._new[name].conditions, self._old[name].conditions):
                needs[step].add(default)

    def with_a_move(self) -> _Work:
        """The steps around one move. Among rules of others a rule may pass one of them, so that no change is made in
        place there."""
        split = {n for n in self._changed(()) if self._numbers.taken or not self._answers_otherwise(n)}
        while True:
            before = [n for n in self._changed(split) if self._is_behind_the_same(n, split, self._wanted)]
            after = [n for n in self._changed(split) if n not in before]
            unfit = {n for n in after if not self._is_behind_the_same(n, split, self._present)}
            if not unfit:
                return self._moved(split, before, after)
            split |= unfit

    def _is_behind_the_same(self, name: str, split: set[str], table: Sequence[Row]) -> bool:
        """Whether all in a table that comes before a rule and shares requests with it stays before it."""
        tables = (self._asked, self._to_be_asked)
        own = self._old[name]
        for row in table:
            if row.name == name:
                break
            stays = row.name in self._old and row.name in self._new and row.name not in split
            if _meet(own, row) and not (stays and all(at[row.name] < at[name] for at in tables)):
                return False
        return True

    def _moved(self, split: set[str], before: Iterable[str], after: Iterable[str]) -> _Work:
        made = [n for n in self._new if n not in self._old or n in split]
        gone = [n for n in self._asked if n not in self._new or n in split]
        live = {n: row.number for n, row in self._old.items()}
        first: tuple[Step, ...] = ()
        targets = self._targets(split)
        behind = self._behind(live, targets, count=len(made) + len(gone))
        if behind and behind[-1] > LAST_PRIORITY:
            live = dict(zip(live, self._numbers.spread(len(live)), strict=True))
            first = (Step(Deed.MOVE, moves=tuple((n, True, number) for n, number in live.items())),)
            targets = self._afresh()
            behind = self._behind(live, targets, count=len(made) + len(gone))
        creates = {n: Step(Deed.CREATE, n, behind[i]) for i, n in enumerate(made)}
        kept = [(n, targets[n]) for n in self._new if n not in creates and targets[n] != live[n]]
        back = [(n, behind[len(made) + i]) for i, n in enumerate(gone)]
        move = Step(
            Deed.MOVE,
            moves=(
                *((n, False, targets[n]) for n in made),
                *((n, True, number) for n, number in (*kept, *back)),
            ),
        )
        earlier = [Step(Deed.CHANGE, n) for n in before]
        needs: _Needs = {move: {*creates.values(), *earlier}, **{step: set() for step in earlier}}
        for i, n in enumerate(made):
            needs[creates[n]] = {creates[other] for other in made[:i] if _meet(self._new[n], self._new[other])}
        needs |= {Step(Deed.CHANGE, n): {move} for n in after}
        ready = {move}
        if self._default:
            default = Step(Deed.DEFAULT)
            needs[default] = set(creates.values())
            ready.add(default)
        deletes = {n: Step(Deed.DELETE, n) for n in gone}
        for i, n in enumerate(gone):
            needed = {deletes[other] for other in gone[i + 1 :] if _meet(self._old[n], self._old[other])}
            takes_over = self._default or any(_meet(self._old[n], row) for row in self._wanted)
            needs[deletes[n]] = needed | (ready if takes_over else set())
        return _Work(needs, tuple(deletes.values()), first)

    def _behind(self, *tables: Mapping[str, int], count: int) -> list[int]:
        """So many priorities behind all that rules have."""
        last = max((number for table in tables for number in table.values()), default=0)
        return list(islice(self._numbers.behind(last), count))

    def _targets(self, split: set[str]) -> dict[str, int]:
        """Where each wanted rule ends: those that need not move where they are, if there is room for the others."""
        stay = staying([row for row in self._present if row.name not in split], self._wanted, self._numbers)
        places = self._places(stay)
        return self._afresh() if places is None else places | {n: self._old[n].number for n in stay}

    def _afresh(self) -> dict[str, int]:
        return dict(zip(self._new, self._numbers.spread(len(self._new)), strict=True))


def _spread(free: Sequence[int], asked: Sequence[int], *, is_end: bool) -> Iterator[int]:
    """Of free priorities as many, in order, as are asked for: the very ones where they are free, else such that others
    find room in between."""
    start = 0
    for n, number in enumerate(asked):
        last = len(free) - (len(asked) - n)
        at = bisect_left(free, number, start, last + 1)
        if at > last or free[at] != number:
            at = start + (last - start) // (len(asked) - n + 1)
            if is_end:
                at = min(bisect_left(free, free[start] + STRIDE - 1), at)
        yield free[at]
        start = at + 1


def _meet(one: Row, other: Row) -> bool:
    return may_meet(one.conditions, other.conditions)


def _said(row: Row) -> tuple[Conditions, Any]:
    return row.conditions, row.answer


def _scheduled(work: _Work, room: int | None) -> Transition:
    """Steps in an order that each may be taken in, and that the quota allows as long as it can."""
    deeds = list(Deed)
    in_order = sorted(work.needs.items(), key=lambda entry: deeds.index(entry[0].deed))
    needs = {step: set(needed) for step, needed in in_order}
    steps: list[Step] = list(work.first)
    exposed: list[str] = []
    left = list(work.deletes)
    abreast: list[Step] = []
    while needs:
        full = room is not None and room <= 0
        ready = [step for step, needed in needs.items() if not needed and not (full and step.deed is Deed.CREATE)]
        if ready:
            step = ready[0]
        elif left:
            step = left[-1]
            exposed.append(step.name)
        else:
            step = next(one for one, needed in needs.items() if not needed)
        del needs[step]
        for needed in filter(None, needs.values()):
            needed.discard(step)
        if step.deed is Deed.DELETE:
            left.remove(step)
        if room is not None:
            room += (step.deed is Deed.DELETE) - (step.deed is Deed.CREATE)
        beside = bool(abreast) and abreast[-1].deed is step.deed and work.needs[step].isdisjoint(abreast)
        abreast = [*abreast, step] if beside else [step]
        taken = _without_the_dead(step, steps) if step.deed is Deed.MOVE else step
        steps.append(dataclasses.replace(taken, beside=beside))
    return Transition(tuple(steps), tuple(exposed))


def _without_the_dead(move: Step, earlier: Iterable[Step]) -> Step:
    dead = {step.name for step in earlier if step.deed is Deed.DELETE}
    return dataclasses.replace(move, moves=tuple(one for one in move.moves if not (one[1] and one[0] in dead)))
