"""What of a plan would take something away, for a moment or for good, so that somebody has to allow it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model.graph import Types
from reconciler.model.plan import Action, Verb
from reconciler.model.resource import Exposed
from reconciler.model.snapshot import Snapshot


def disruptions(actions: Iterable[Action], types: Types, snapshot: Snapshot) -> Iterator[str]:
    """Each as what the plan does: `deletes network vpc/main (vpc-1)`."""
    ordered = sorted(actions, key=lambda a: a.key)
    pruned = [a for a in ordered if a.verb is Verb.DELETE and not a.retires]
    live = len(list(snapshot.live()))
    if len(pruned) * 2 > live:
        yield f"deletes {len(pruned)} of {live} live resources"
    for action in ordered:
        guarded = types[action.type].guarded
        if guarded and action.replaces:
            yield f"replaces {guarded} {action.address}"
        elif guarded and action.verb is Verb.DELETE and not action.retires:
            yield f"deletes {guarded} {action.address} ({action.id})"
        if action.exposed:
            requests = "; ".join(f"{_met(one)} (rule {one.name})" for one in action.exposed)
            yield (
                f"answers some requests neither as before nor as after while {action.address} changes, as the quota of "
                f"rules leaves no room for new ones beside the old: {requests}"
            )


def _met(exposed: Exposed) -> str:
    """Which requests are meant, in words."""
    return ", ".join(f"{name} {' or '.join(sorted(values))}" for name, values in sorted(exposed.requests.items()))
