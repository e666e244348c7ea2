"""What a monitoring system may know of the daemon, in Prometheus' text format."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from reconciler.model.plan import Drifted, Outcome, Reason

_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

Calls = Callable[[], Mapping[str, int]]


class Metrics(Collector):
    """Counters of one process. Calls, throttles and the queue are asked for when somebody reads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._passes = Counter(
            "reconciler_passes", "Passes over a stack by result.", ["stack", "result"], registry=self._registry
        )
        self._seconds = Histogram(
            "reconciler_pass_seconds", "Duration of passes.", ["stack"], buckets=_BUCKETS, registry=self._registry
        )
        self._drift = Gauge(
            "reconciler_drift_items",
            "Objects of ours that AWS no longer has as we left them.",
            ["stack", "kind"],
            registry=self._registry,
        )
        self._heals = Counter("reconciler_heals", "Drift put right.", ["stack", "kind"], registry=self._registry)
        self._success = Gauge(
            "reconciler_last_success_timestamp_seconds",
            "When a pass last found the stack in sync.",
            ["stack"],
            registry=self._registry,
        )
        self._lease = Gauge(
            "reconciler_lease_held",
            "1 where the last pass had the stack's lease, 0 where another process had it.",
            ["stack"],
            registry=self._registry,
        )
        self.calls: Calls = dict
        self.throttles: Calls = dict
        self.events: Calls = dict
        self.queue: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self._registry.register(self)

    def passed(self, stack: str, result: str, seconds: float, now: float) -> None:
        """One pass ended."""
        self._passes.labels(stack, result).inc()
        self._seconds.labels(stack).observe(seconds)
        if result == "in sync":
            self._success.labels(stack).set(now)

    def drifted(self, stack: str, items: Iterable[Drifted]) -> None:
        """What a look found."""
        found = Tally(item.owner.partition("/")[0] for item in items)
        for kind in [labels[1] for labels in self._drift._metrics if labels[0] == stack]:
            self._drift.labels(stack, kind).set(found.get(kind, 0))
        for kind, number in found.items():
            self._drift.labels(stack, kind).set(number)

    def healed(self, stack: str, done: Iterable[Outcome]) -> None:
        """What an apply did."""
        for outcome in done:
            if outcome.action.reason is Reason.DRIFT:
                self._heals.labels(stack, outcome.action.owner.partition("/")[0]).inc()

    def lease(self, stack: str, *, held: bool) -> None:
        """Whether a pass could have the lease."""
        self._lease.labels(stack).set(held)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """What is counted elsewhere."""
        calls = CounterMetricFamily("reconciler_aws_calls", "Requests to AWS by operation.", labels=["operation"])
        for operation, number in self.calls().items():
            calls.add_metric([operation], number)
        yield calls
        throttles = CounterMetricFamily(
            "reconciler_aws_throttles", "Requests that AWS throttled, by operation.", labels=["operation"]
        )
        for operation, number in self.throttles().items():
            throttles.add_metric([operation], number)
        yield throttles
        events = CounterMetricFamily("reconciler_events", "Events of AWS by what became of them.", labels=["result"])
        for result, number in self.events().items():
            events.add_metric([result], number)
        yield events
        depth, busy = self.queue()
        yield GaugeMetricFamily("reconciler_queue_depth", "Stacks that are due and wait for a worker.", depth)
        yield GaugeMetricFamily("reconciler_workers_busy", "Stacks that are worked on.", busy)
