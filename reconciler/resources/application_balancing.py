"""What the target groups of AWS::ElasticLoadBalancingV2's application load balancers do with requests, only read.

Their load balancers cross zones always (ALB user guide, "Cross-zone load balancing for target groups").
AWS: ELBv2 DescribeTargetGroupAttributes.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.facts import Fact, Name
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope
from reconciler.resources._balancing import Balancing, facts, read


class ApplicationBalancingType(Readable[Balancing]):
    name = "application-balancing"
    cloudformation = "AWS::ElasticLoadBalancingV2::TargetGroup"
    fields = Balancing
    needs = ("target-group",)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Balancing]]:
        groups = scope.found.get("target-group", ())
        theirs = [(one.id, one.fields.protocol) for one in groups if one.fields.protocol in ("HTTP", "HTTPS")]
        yield from read(reader, self.name, "TargetGroup", theirs)

    def facts(self, name: Name, fields: Balancing, identity: str | None) -> Iterable[Fact]:
        return facts(fields)


TYPE = ApplicationBalancingType()
