"""Certificates of ACM: who uses one, and that it cannot go as long as somebody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.core.exceptions import AWSError
from moto.elbv2.models import elbv2_backends

from .patch import Installer, patch


class ResourceInUseError(AWSError):
    """A load balancer uses the certificate."""

    TYPE = "ResourceInUseException"


def _users(account_id: str, region: str, arn: str) -> list[str]:
    """The load balancers with a listener that has the certificate."""
    balancers = elbv2_backends[account_id][region].load_balancers.values()
    return sorted(
        balancer.arn
        for balancer in balancers
        if any(arn in (listener.certificates or ()) for listener in balancer.listeners.values())
    )


@patch("acm-in-use", "ACM API Reference, DeleteCertificate: ResourceInUseException; DescribeCertificate: InUseBy")
def in_use(into: Installer) -> None:
    @into.wrap(AWSCertificateManagerBackend, "delete_certificate")
    def delete(original: Callable[..., Any], backend: Any, arn: str) -> None:
        if _users(backend.account_id, backend.region_name, arn):
            raise ResourceInUseError(f"Certificate {arn} in account {backend.account_id} is in use.")
        original(backend, arn)

    @into.wrap(CertBundle, "describe")
    def describe(original: Callable[..., Any], bundle: Any) -> Any:
        _, _, _, region, account_id, _ = bundle.arn.split(":", 5)
        bundle.in_use_by = _users(account_id, region, bundle.arn)
        return original(bundle)


PATCHES = (in_use,)
