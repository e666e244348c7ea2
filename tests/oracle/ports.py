"""Which ports connections are opened from, so that no network ACL tells apart what no probe does.

Whether answers come back depends on the port that a connection was opened from. The port ranges of all ACLs cut the
ports into intervals within which nothing can differ, and one port of each stands for it.
"""

from __future__ import annotations

import itertools

from reconciler.model.snapshot import Snapshot

CLIENT = (1024, 65535)
"""Where unknown clients, load balancers and NAT gateways open connections from (VPC guide, "Ephemeral ports")."""
TASK = (32768, 60999)
"""Where Linux does."""


def intervals(snapshot: Snapshot, span: tuple[int, int]) -> list[tuple[int, int]]:
    """The intervals of a span between the edges that some ACL draws."""
    edges = {span[0], span[1] + 1}
    for observed in snapshot.everything():
        if observed.type == "network-acl":
            for entry in (*observed.fields.ingress.values(), *observed.fields.egress.values()):
                if entry.from_port is not None:
                    edges |= {edge for edge in (entry.from_port, entry.to_port + 1) if span[0] < edge <= span[1]}
    ordered = sorted(edges)
    return [(low, high - 1) for low, high in itertools.pairwise(ordered)]


class PortPlan:
    """Ports, each for one connection alone; `translated` says what NAT gateways are to make of some of them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.translated: dict[int, int] = {}
        self._client = [_Ports(*one) for one in intervals(snapshot, CLIENT)]
        self._task = [_Ports(*one) for one in intervals(snapshot, TASK)]
        self._lent = [_Ports((low + high) // 2, high) for low, high in intervals(snapshot, CLIENT)]

    def of_client(self) -> list[int]:
        """For one connection of a host, or of a load balancer: one port of each interval."""
        return [ports.next() for ports in self._client]

    def of_task(self) -> list[int]:
        """For one connection of a task: one of each interval that stays as it is at a NAT gateway, and one for each of
        the intervals that the gateway may choose from."""
        found = []
        for ports in self._task:
            found.append(ports.next())
            for lent in self._lent:
                found.append(ports.next())
                self.translated[found[-1]] = lent.next()
        return found


class _Ports:
    """The ports of an interval, one after the other."""

    def __init__(self, low: int, high: int) -> None:
        self._low, self._high, self._given = low, high, 0

    def next(self) -> int:
        self._given += 1
        assert self._low + self._given <= self._high, "more connections than ports: no port may be used twice"
        return self._low + self._given
