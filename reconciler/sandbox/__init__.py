"""moto made strict: an AWS on this machine that behaves like the real one.

    with Sandbox(faults=Faults(throttle=0.2, lag=2, seed=1)) as sandbox:
        ...                      # any boto3 client made here
        sandbox.clock.advance(60)
        assert sandbox.calls["ec2:CreateVpc"] == 1

Importing this package loads neither moto nor boto3; the first use of `Sandbox` does.
"""

from typing import TYPE_CHECKING, Any

from .clock import Clock
from .faults import ClientDied, Faults
from .timings import Quotas, Timings

if TYPE_CHECKING:
    from .world import Sandbox

__all__ = ["ClientDied", "Clock", "Faults", "Quotas", "Sandbox", "Timings"]


def __getattr__(name: str) -> Any:
    if name == "Sandbox":
        from .world import Sandbox

        return Sandbox
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
