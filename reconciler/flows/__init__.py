"""Where traffic can go: pure analysis over facts, of what is wanted and of what was observed alike."""

from reconciler.flows.declared import Judged, broken, judged
from reconciler.flows.drawing import drawing
from reconciler.flows.effects import ONLY_INTERNET, Effect, effects
from reconciler.flows.ends import NoSuchEndError
from reconciler.flows.explain import fixes
from reconciler.flows.matrix import Row, matrix
from reconciler.flows.read import world_of_graph, world_of_snapshot
from reconciler.flows.shadows import Shadowed, shadowed
from reconciler.flows.trace import BLOCKED, REACHABLE, UNKNOWN, Query, Verdict, trace
from reconciler.flows.walking import Blocker, Hop, Unclear
from reconciler.flows.world import World

__all__ = [
    "BLOCKED",
    "ONLY_INTERNET",
    "REACHABLE",
    "UNKNOWN",
    "Blocker",
    "Effect",
    "Hop",
    "Judged",
    "NoSuchEndError",
    "Query",
    "Row",
    "Shadowed",
    "Unclear",
    "Verdict",
    "World",
    "broken",
    "drawing",
    "effects",
    "fixes",
    "judged",
    "matrix",
    "shadowed",
    "trace",
    "world_of_graph",
    "world_of_snapshot",
]
