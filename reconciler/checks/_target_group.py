"""What a load balancer can do with the port of a task.

Source: "Target groups for your Application Load Balancers" and their health checks, user guide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from reconciler.kinds import Object, Path, Problem, _duration
from reconciler.kinds._container import Port
from reconciler.kinds._scope import TRANSPORTS
from reconciler.kinds._target_group import HealthCheck, Stickiness, TargetGroupOptions
from reconciler.kinds.task import TaskSpec

INTERVAL: Final = (5, 300)
TIMEOUT: Final = (2, 120)
DELAY: Final = (0, 3600)
SLOW_START: Final = (30, 900)
STICKY: Final = (1, 604_800)
HTTP_CODES: Final = (200, 499)
GRPC_CODES: Final = (0, 99)


def port_problems(task: Object[Any], path: Path, port: Port) -> Iterator[Problem]:
    """What no load balancer takes of a port."""
    options = port.target_group or TargetGroupOptions()
    if port.health_check:
        yield from _health(task, (*path, "healthCheck"), port.health_check, grpc=options.protocol_version == "GRPC")
    here: Path = (*path, "targetGroup")
    yield from _range(task, (*here, "deregistrationDelay"), options.deregistration_delay, DELAY)
    if _duration.seconds(options.slow_start):
        yield from _range(task, (*here, "slowStart"), options.slow_start, SLOW_START)
        if options.algorithm != "RoundRobin":
            yield task.problem((*here, "slowStart"), f"{options.algorithm} has none", "remove one of them")
    if options.stickiness:
        yield from _sticky(task, (*here, "stickiness"), options.stickiness)


def transport_for(
    route: Object[Any], path: Path, task: Object[TaskSpec], port: Port, listener: str
) -> Iterator[Problem]:
    """A listener passes on to a port what that takes, and asks over TCP whether it is well."""
    number = port.container_port
    opened = {p.protocol for c in task.spec.containers for p in c.ports if p.container_port == number}
    wanted = TRANSPORTS.get(listener, ("tcp",))
    if port.protocol not in wanted:
        message = f"port {port.name} of {task.id} is {port.protocol}, the listener takes {' and '.join(wanted)}"
        yield route.problem(path, message, f"name a {wanted[0]} port")
    elif missing := sorted(set(wanted) - opened):
        message = f"the listener takes {' and '.join(wanted)}, {task.id} opens {number} for {port.protocol} alone"
        yield route.problem(path, message, f"open the port for {missing[0]} too")
    elif "tcp" not in opened and not (port.health_check and port.health_check.port):
        message = f"port {port.name} of {task.id} takes no TCP, by which health is checked"
        yield route.problem(path, message, "write healthCheck there, with protocol: TCP and a port that does")


def port_for(
    route: Object[Any], path: Path, task: Object[Any], port: Port, type_: str, listener: str
) -> Iterator[Problem]:
    """What a listener cannot pass on to a port."""
    options = port.target_group or TargetGroupOptions()
    if type_ == "Network":
        yield from _network(route, path, task, port)
        return
    if port.health_check and port.health_check.protocol == "TCP":
        message = f"the health check of port {port.name} of {task.id} is TCP, which type Application does not make"
        yield route.problem(path, message, "write HTTP there, or name another port")
    if options.protocol_version != "HTTP1" and listener != "HTTPS":
        message = f"port {port.name} of {task.id} speaks {options.protocol_version}, which needs a listener with HTTPS"
        yield route.problem(path, message, "name a listener with HTTPS")


def _network(route: Object[Any], path: Path, task: Object[Any], port: Port) -> Iterator[Problem]:
    options = port.target_group or TargetGroupOptions()
    plain = TargetGroupOptions()
    for name in ("protocol_version", "slow_start", "algorithm"):
        if getattr(options, name) != getattr(plain, name):
            message = f"port {port.name} of {task.id} has {TargetGroupOptions.model_fields[name].alias}"
            yield route.problem(path, f"{message}, which type Network has not", "remove it, or name another port")
    if options.stickiness not in (None, Stickiness()):
        message = f"port {port.name} of {task.id} has stickiness with settings, which type Network has not"
        yield route.problem(path, message, "write stickiness: {}")


def _health(task: Object[Any], path: Path, check: HealthCheck, *, grpc: bool) -> Iterator[Problem]:
    yield from _range(task, (*path, "interval"), check.interval, INTERVAL)
    if check.timeout:
        yield from _range(task, (*path, "timeout"), check.timeout, TIMEOUT)
    if _duration.seconds(check.timeout or "5s") >= _duration.seconds(check.interval):
        message = f"{check.timeout or 'the 5s that AWS takes'} is not less than the interval {check.interval}"
        yield task.problem((*path, "timeout"), message, "write less")
    if check.protocol == "TCP":
        for name in ("path", "codes"):
            if getattr(check, name) is not None:
                yield task.problem((*path, name), "a check with TCP only opens a connection", "remove it")
    elif check.codes:
        yield from _codes(task, (*path, "codes"), check.codes, GRPC_CODES if grpc else HTTP_CODES)


def _codes(task: Object[Any], path: Path, codes: str, bounds: tuple[int, int]) -> Iterator[Problem]:
    low, high = bounds
    for part in codes.split(","):
        first, _, last = part.partition("-")
        ends = int(first), int(last or first)
        if not (low <= ends[0] <= ends[1] <= high):
            yield task.problem(path, f"{part} is no answer that AWS takes", f"write codes from {low} to {high}")


def _sticky(task: Object[Any], path: Path, stickiness: Stickiness) -> Iterator[Problem]:
    yield from _range(task, (*path, "duration"), stickiness.duration, STICKY)
    if stickiness.cookie and stickiness.cookie.startswith(("AWSALB", "AWSALBAPP", "AWSALBTG")):
        yield task.problem((*path, "cookie"), "AWSALB is how the load balancer's own begin", "write another name")


def _range(task: Object[Any], path: Path, text: str, bounds: tuple[int, int]) -> Iterator[Problem]:
    low, high = bounds
    if not low <= _duration.seconds(text) <= high:
        yield task.problem(path, f"{text} is no time that AWS takes", f"write {low}s to {high}s")
