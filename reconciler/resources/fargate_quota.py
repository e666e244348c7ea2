"""Fargate's quotas of the account in the region, only read: how many vCPUs may run at a time.

AWS: Service Quotas GetServiceQuota.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from reconciler.model.errors import AwsError
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope

ON_DEMAND: Final = "L-3032A538"
SPOT: Final = "L-36FBB829"
"""Codes of the quotas of service `fargate` ("Fargate service quotas", ECS developer guide)."""


class FargateQuota(Fields):
    """The vCPUs that may run at a time, on demand or as Spot capacity."""

    quota_code: str = field(immutable=True)
    value: int


class FargateQuotaType(Readable[FargateQuota]):
    name = "fargate-quota"
    cloudformation = "AWS::ServiceQuotas::Quota"
    fields = FargateQuota

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[FargateQuota]]:
        """One that may not be read has no object: nothing is certain then."""
        services = [one.fields for one in scope.expected.get("service", ())]
        spot = any("FARGATE_SPOT" in str(service.capacity_provider_strategy) for service in services)
        for code in ((ON_DEMAND, SPOT) if spot else (ON_DEMAND,)) if services else ():
            value = _value(reader, code)
            if value is not None:
                fields = FargateQuota(quota_code=code, value=value)
                yield Observed(type=self.name, id=code, fields=fields, evidence=True)


def _value(reader: Reader, code: str) -> int | None:
    try:
        answer = reader.get("service-quotas", "GetServiceQuota", ServiceCode="fargate", QuotaCode=code)
    except AwsError:
        return None
    value = answer.get("Quota", {}).get("Value")
    return None if value is None else int(value)


TYPE = FargateQuotaType()
