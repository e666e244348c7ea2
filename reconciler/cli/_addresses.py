"""What of a thing that people may have written down is another after a step of a plan, or gone."""

from __future__ import annotations

from reconciler.model.graph import Types
from reconciler.model.plan import Action, Change, Plan, Reason, Verb, verb_shown
from reconciler.model.values import KNOWN_AFTER_APPLY


class NewAddresses:
    """The answer for each step of one plan: what a step leads to may keep its address though it is made anew."""

    def __init__(self, plan: Plan, types: Types) -> None:
        self._steps = {action.key: action for action in plan.actions}
        self._types = types

    def of(self, action: Action) -> list[str]:
        """What people call it, in alphabetical order."""
        kind = self._types[action.type]
        found = set(kind.published.values()) if verb_shown(action) in ("replace", "delete") else set()
        for change in action.changes:
            names = {change.field, change.path.rpartition(".")[2]} if change.observed is not None else ()
            found |= {kind.readdressed[n] for n in names if n in kind.readdressed and self._moves(action, change, n)}
        return sorted(found)

    def _moves(self, action: Action, change: Change, name: str) -> bool:
        """Whether a field leads to another address, not just to another object that has the same."""
        behind = self._types[action.type].addressed_by.get(name)
        if behind is None or change.desired != KNOWN_AFTER_APPLY:
            return True
        made = [step for step in self._made_for(action) if step.type == behind]
        return not made or any(self._is_elsewhere(step) for step in made)

    def _is_elsewhere(self, made: Action) -> bool:
        """Whether what is made stands under another address than what was there: what is only missing does not."""
        if made.replaces is None and made.reason is not Reason.DRIFT:
            return True
        return bool(self.of(made)) or any(self._types[step.type].published for step in self._made_for(made))

    def _made_for(self, action: Action) -> list[Action]:
        needed = (self._steps[key] for key in sorted(action.needs) if key in self._steps)
        return [step for step in needed if step.verb is Verb.CREATE]
