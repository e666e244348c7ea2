"""What AWS::ElasticLoadBalancingV2's network load balancers and their target groups do with connections, only read.

AWS: ELBv2 DescribeLoadBalancerAttributes, DescribeTargetGroupAttributes.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.facts import Fact, Name
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope
from reconciler.resources._balancing import Balancing, facts, read


class NetworkBalancingType(Readable[Balancing]):
    name = "network-balancing"
    cloudformation = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    fields = Balancing
    needs = ("load-balancer", "target-group")

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Balancing]]:
        balancers = scope.found.get("load-balancer", ())
        groups = scope.found.get("target-group", ())
        mine = [(one.id, None) for one in balancers if one.fields.type == "network"]
        yield from read(reader, self.name, "LoadBalancer", mine)
        theirs = [(one.id, one.fields.protocol) for one in groups if one.fields.protocol not in ("HTTP", "HTTPS")]
        yield from read(reader, self.name, "TargetGroup", theirs)

    def facts(self, name: Name, fields: Balancing, identity: str | None) -> Iterable[Fact]:
        return facts(fields)


TYPE = NetworkBalancingType()
