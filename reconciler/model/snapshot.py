"""What AWS has in one account and region that concerns one stack."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.frozen import Frozen
from reconciler.model.resource import Observed


class Snapshot(Frozen):
    """One look at AWS.

    `found` holds the objects that carry our tags by address, several where an address is doubled; `foreign` what
    lives in our networks, clusters and load balancers without our tags; `evidence` what else is there and tells where
    traffic can go: what AWS makes by itself, the parts of what is foreign, what is of other stacks, and what lives in
    networks that the specs only refer to; `unknown` the types that could not be read, with the reason: of these nothing
    is known to be absent. `references` has what each reference of the spec may mean: one thing, unless it is wrong.
    `claimed` are the real tags, by id, of what the spec takes over.
    """

    account: str
    region: str
    partition: str
    stack: str
    found: Mapping[str, tuple[Observed[Any], ...]]
    foreign: tuple[Observed[Any], ...] = ()
    evidence: tuple[Observed[Any], ...] = ()
    unknown: Mapping[str, str] = dataclasses.field(default_factory=dict)
    references: Mapping[str, tuple[Observed[Any], ...]] = dataclasses.field(default_factory=dict)
    claimed: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)

    def live(self) -> Iterator[Observed[Any]]:
        """Every object of the stack, in order of address."""
        for address in sorted(self.found):
            yield from self.found[address]

    @property
    def referred(self) -> Mapping[str, Observed[Any]]:
        """What the references of the spec mean, by address, where each means one thing."""
        return {address: found[0] for address, found in self.references.items() if len(found) == 1}

    def everything(self) -> Iterator[Observed[Any]]:
        """Whatever is there, whosever it is."""
        yield from self.live()
        yield from self.foreign
        yield from self.evidence
