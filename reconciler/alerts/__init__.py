"""Telling people and programs what is wrong: one alert per incident, whatever happens in between.

What is to be sent is written down together with the findings that it is about (`Router`), so that neither is ever
there without the other, and sent from there until somebody has taken it (`Outbox`, `Sinks`).
"""

from reconciler.alerts.outbox import Outbox
from reconciler.alerts.router import Router, Rule
from reconciler.alerts.sinks import Sinks

__all__ = ["Outbox", "Router", "Rule", "Sinks"]
