"""Carrying out a plan: every action as soon as what it needs is ready, on a bounded pool of threads.

What AWS answers is used for the rest of the run and never stored: the next look finds the truth. An answer that got
lost, or says that something is already there, is answered by looking again, not by doing it twice.
"""

from reconciler.execute._run import INTERRUPTED, Limits, Progress, Step
from reconciler.execute._schedule import execute

__all__ = ["INTERRUPTED", "Limits", "Progress", "Step", "execute"]
