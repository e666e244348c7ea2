"""moto with no more than it takes for an apply to come to rest: where it contradicts AWS on every look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.sandbox import elbv2_listeners, tagging_index
from reconciler.sandbox.patch import Installer

_CONTRADICTIONS = (
    tagging_index.pages,  # pages of the tagging API end at a hundred tags
    elbv2_listeners.tls,  # a listener without TLS has a policy for it
)


@contextmanager
def mended() -> Iterator[None]:
    """Mend it while this is open."""
    with Installer() as into:
        for patch in _CONTRADICTIONS:
            patch.install(into)
        yield
