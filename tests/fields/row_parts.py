"""What rows of several kinds say."""

from __future__ import annotations

from typing import Final

from rows import SUBNETS, VPCS


def rules(listener: str, *paths: str) -> tuple[str, ...]:
    return tuple(f"listener/{listener}/rules rules[{path}" for path in paths)


def group(owner: str, *keys: str) -> tuple[str, ...]:
    return tuple(f"security-group/{owner}/rules {key}" for key in keys)


def definition(task: str, *paths: str) -> tuple[str, ...]:
    """A change of a task definition, which is a new revision that the service moves to."""
    return (*(f"task-definition/{task} {path}" for path in paths), f"service/{task} taskDefinition")


def app(*paths: str) -> tuple[str, ...]:
    """A change of a container of the task `web`."""
    return definition("web", *(f"containerDefinitions[app].{path}" for path in paths))


EXISTING: Final = (
    (
        "Network/theirs",
        {
            "existing": {"id": VPCS[0]},
            "availabilityZones": ["us-east-1a", "us-east-1b"],
            "private": {"ids": list(SUBNETS[:2])},
        },
    ),
    ("LoadBalancer/inner", {"network": "theirs", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}),
)
SPARE_ROUTE: Final = (
    (
        "Route/spare",
        {"loadBalancer": "spare", "listener": "http", "default": {"forward": [{"task": "api", "port": "http"}]}},
    ),
)
CERTIFICATE: Final = "arn:aws:iam::123456789012:server-certificate/{}"
SECURE: Final = (
    (
        "LoadBalancer/spare listeners[1]",
        {
            "name": "secure",
            "port": 443,
            "protocol": "HTTPS",
            "certificates": [CERTIFICATE.format("shop"), CERTIFICATE.format("other")],
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
        },
    ),
)
ON_NETWORK: Final = (("LoadBalancer/spare type", "Network"), ("LoadBalancer/spare listeners[http].protocol", "TCP"))
EXTRA: Final = {"name": "extra", "containerPort": 8081}
ACTIONS: Final = rules("front/http", "api].actions")
DEFAULT: Final = ("listener/front/http defaultActions",)
BACK: Final = ("service/web taskDefinition",)
"""The way back to what was before: that revision is still there."""
EXECUTION: Final = "role/web/execution policies[execution].policyDocument"
