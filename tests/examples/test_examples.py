"""The examples under `specs/`, each applied, changed and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from cuts import client
from moto.acm.models import acm_backends
from worlds import SPECS, graph

from reconciler.engine import view
from reconciler.model.graph import Graph
from reconciler.sandbox import Sandbox

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-00000000000{}"
CHANGES = {
    "https.yaml": (
        ("redirectTo: https}", "}"),
        ("methods: [GET, HEAD]", "methods: [GET]"),
        ("deregistrationDelay: 20s", "slowStart: 60s"),
        ("idleTimeout: 2m", "idleTimeout: 60s"),
    ),
    "grpc.yaml": (('codes: "0"', 'codes: "0-99"'), ("50051", "50052")),
    "canary.yaml": (("weight: 95", "weight: 50"), ("weight: 5}", "weight: 50}"), ("stickiness: 1h", "stickiness: 2h")),
    "production.yaml": (
        ("requestsPerTarget: 1000", "requestsPerTarget: 500"),
        ("FARGATE_SPOT, weight: 3", "FARGATE_SPOT, weight: 5"),
        ("iam: true", "rootDirectory: /"),
        ("kmsKey: arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab", "options: {}"),
        ("driver: awsfirelens\n    options: ", "driver: awsfirelens\n    # options: "),
    ),
    "public-service.yaml": (("replicas: 2", "replicas: 3"), ("allowFrom: [internet]", "allowFrom: [203.0.113.0/24]")),
    "private-service.yaml": (("nat: Single", "nat: PerZone"), ("containerPort: 8080", "containerPort: 8081")),
    "peers.yaml": (("allowFrom: [task/public-1]", "allowFrom: [task/private-2]"), ("nat: PerZone", "nat: Single")),
    "two-tier.yaml": (
        ("nat: Single", "nat: PerZone"),
        ("statusCode: 403", "statusCode: 404"),
        ("replicas: 2", "replicas: 3"),
    ),
    "isolated.yaml": (
        ("availabilityZones: [us-east-1b]", "availabilityZones: [us-east-1a, us-east-1b, us-east-1c]"),
        ("[s3, ecr.api, ecr.dkr, logs]", "[s3, ecr.api, ecr.dkr, logs, sts]"),
        ('"s3:GetObject"', '["s3:GetObject", "s3:HeadObject"]'),
    ),
    "network-acls.yaml": (
        (
            "{ruleNumber: 90, action: Deny, protocol: all, cidr: 198.51.100.0/24}",
            "{ruleNumber: 90, action: Deny, ports: 80, cidr: 192.0.2.0/24}",
        ),
        (
            "ruleNumber: 120, action: Allow, ports: 1024-65535, cidr: 0.0.0.0/0}\n        - {",
            "ruleNumber: 140, action: Allow, ports: 1024-65535, cidr: 0.0.0.0/0}\n        - {",
        ),
        (
            "        - {ruleNumber: 100, action: Allow, ports: 443, cidr: 0.0.0.0/0}\n",
            "        - {ruleNumber: 105, action: Allow, ports: 443, cidr: 0.0.0.0/0}\n",
        ),
    ),
    "stream.yaml": (
        ("crossZone: true", "crossZone: false"),
        ("interval: 10s", "interval: 20s"),
        ("protocol: TCP}", f"protocol: TLS, certificates: [{CERTIFICATE.format(1)}, {CERTIFICATE.format(2)}]}}"),
        ("port: 9001, protocol: UDP", "port: 9002, protocol: UDP"),
        ("protocol: TCP_UDP", "protocol: TCP"),
    ),
}


ELSEWHERE = {
    "accounts.yaml": "test_accounts.py",
    "connected.yaml": "test_connected.py",
    "existing-load-balancer.yaml": "test_existing_load_balancer.py",
    "existing-vpc.yaml": "test_existing_vpc.py",
}
"""Those that need a world of their own, with the test that applies, changes and deletes them."""


def with_certificates() -> None:
    """The certificates that the examples name: ACM itself chooses the ARN of a new one."""
    acm = boto3.client("acm", region_name="us-east-1")
    made = acm.request_certificate(DomainName="shop.example.com")["CertificateArn"]
    known = acm_backends["123456789012"]["us-east-1"]._certificates
    issued: Any = known[made]
    issued.status = "ISSUED"
    known.update(dict.fromkeys(map(CERTIFICATE.format, (1, 2)), issued))


def edited(name: str, edits: Iterable[tuple[str, str]], variables: Mapping[str, str] = {}) -> Graph:
    def edit(text: str) -> str:
        for old, new in edits:
            assert old in text
            text = text.replace(old, new, 1)
        return text

    return graph(name, edit, variables)


def converged(sandbox: Sandbox, desired: Graph) -> None:
    """Apply, and see that nothing is left to do or drifts."""
    done = client(sandbox.clock, threads=4).apply(desired)
    assert done.converged, done
    seen = view(desired, client(sandbox.clock).reader)
    assert (seen.plan.actions, seen.plan.drift, seen.plan.blocked) == ((), (), ())


@pytest.mark.parametrize("name", CHANGES)
def test_an_example_is_applied_changed_and_deleted(sandbox: Sandbox, name: str) -> None:
    with_certificates()
    for desired in (graph(name), edited(name, CHANGES[name]), graph(name)):
        converged(sandbox, desired)
    assert client(sandbox.clock, threads=4).delete(desired).converged


def test_no_example_is_left_out() -> None:
    assert sorted(path.name for path in SPECS.glob("*.yaml")) == sorted(CHANGES.keys() | ELSEWHERE.keys())
    assert all((Path(__file__).parent / test).exists() for test in ELSEWHERE.values())


def test_a_certificate_that_is_not_there_fails_at_once(sandbox: Sandbox) -> None:
    done = client(sandbox.clock, threads=4).apply(graph("https.yaml"))
    (failed,) = (o for o in done.outcomes if o.failure and o.failure.code == "CertificateNotFound")
    assert failed.action.address == "listener/front/https"
    assert failed.seconds < 60
