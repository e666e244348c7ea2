"""The rules of a security group as one collection, owned whole. AWS: EC2 Authorize/RevokeSecurityGroup*.

Rules that AWS merges into one `IpPermission` are exploded into one entry per direction, protocol, ports and peer;
that tuple is AWS's identity of a rule, the description is not part of it (EC2 API reference, SecurityGroupRule).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from reconciler.model.facts import ANY_PORT, Allow, Fact, Name
from reconciler.model.fields import Fields, field
from reconciler.model.frozen import Frozen
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope
from reconciler.model.tags import ADDRESS
from reconciler.model.values import UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._ec2 import cidr, in_vpcs
from reconciler.resources._ownership import Ec2Tags, ownership, tag_map


class RuleKey(Frozen):
    """What makes a rule itself: protocol (`tcp`, `-1` is all), ports, and one peer: a CIDR, a security group or a
    prefix list.

    Ports are `None` for every protocol but TCP, UDP and ICMP, whose "ports" are type and code. A group of another
    account is `account/sg-...`.
    """

    protocol: str
    from_port: int | None
    to_port: int | None
    peer: str | Ref | Id

    def __str__(self) -> str:
        if self.protocol == "-1":
            return f"all {self.peer}"
        ports = str(self.from_port) if self.from_port == self.to_port else f"{self.from_port}-{self.to_port}"
        return f"{self.protocol} {ports} {self.peer}" if self.from_port is not None else f"{self.protocol} {self.peer}"


class Rule(Fields):
    """The part of a rule that can change in place."""

    as_presence = True
    description: str | Marker | None = field(default=UNSET)


Rules = FrozenMap[RuleKey, Rule]


class SecurityGroupRules(Fields):
    """All rules of one group, by direction."""

    group_id: Ref | Id = field(immutable=True)
    ingress: Rules = field()
    egress: Rules = field()


_WITH_PORTS = frozenset({"tcp", "udp", "icmp", "icmpv6"})
EVERYWHERE = RuleKey("-1", None, None, "0.0.0.0/0")
"""The egress rule that AWS gives every new group (EC2 user guide, "Security group rules")."""


class SecurityGroupRulesType(Ec2Tags, ResourceType[SecurityGroupRules]):
    name = "security-group-rules"
    cloudformation = "AWS::EC2::SecurityGroup"
    changed_by = (
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:ModifySecurityGroupRules",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
    )
    fields = SecurityGroupRules
    needs = ("vpc",)
    collection = "rules"
    parent = "group_id"
    absent = frozenset({"InvalidGroup.NotFound", "InvalidPermission.NotFound"})

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[SecurityGroupRules]]:
        for group in in_vpcs(reader, scope, "DescribeSecurityGroups", "SecurityGroups"):
            tags = tag_map(group.get("Tags"))
            yield Observed(
                type=self.name,
                id=group["GroupId"],
                fields=SecurityGroupRules(
                    group_id=Id(group["GroupId"]),
                    ingress=_exploded(group["IpPermissions"], group["OwnerId"]),
                    egress=_exploded(group["IpPermissionsEgress"], group["OwnerId"]),
                ),
                outputs=FrozenMap({"group": group["GroupId"]}),
                evidence=not tags.get(ADDRESS),
                **ownership(tags, self.collection),
            )

    def facts(self, name: Name, fields: SecurityGroupRules, identity: str | None) -> Iterable[Fact]:
        yield from (_allow(fields.group_id, "in", key) for key in fields.ingress)
        yield from (_allow(fields.group_id, "out", key) for key in fields.egress)

    def create(self, resource: Resource[SecurityGroupRules], context: Context) -> Sequence[Call]:
        fresh = SecurityGroupRules(
            group_id=resource.fields.group_id, ingress=FrozenMap(), egress=FrozenMap({EVERYWHERE: Rule()})
        )
        return _calls(resource.fields, fresh, resource.fields.group_id)

    def update(
        self,
        resource: Resource[SecurityGroupRules],
        observed: Observed[SecurityGroupRules],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        return _calls(resource.fields, observed.fields, observed.id)

    def delete(self, observed: Observed[SecurityGroupRules], context: Context) -> Sequence[Call]:
        """Only rules that name other groups are in anybody's way: groups that name each other block both deletes."""
        calls = []
        for direction, rules in (("Ingress", observed.fields.ingress), ("Egress", observed.fields.egress)):
            named = [key for key in rules if not isinstance(key.peer, str)]
            if named:
                calls.append(_revoke(direction, observed.id, named))
        return calls


def _calls(desired: SecurityGroupRules, observed: SecurityGroupRules, group: str | Ref | Id) -> list[Call]:
    """Adds before it removes, so that no rule that stays needed is missing in between."""
    add: list[Call] = []
    describe: list[Call] = []
    remove: list[Call] = []
    for direction, wanted, present in (
        ("Ingress", desired.ingress, observed.ingress),
        ("Egress", desired.egress, observed.egress),
    ):
        missing = {key: rule for key, rule in wanted.items() if key not in present}
        if missing:
            permissions = [_permission(key, rule.description) for key, rule in _sorted(missing)]
            add.append(_rules_call(f"AuthorizeSecurityGroup{direction}", group, permissions))
        renamed = {
            key: rule
            for key, rule in wanted.items()
            if key in present and rule.description is not UNSET and rule.description != present[key].description
        }
        if renamed:
            permissions = [_permission(key, rule.description) for key, rule in _sorted(renamed)]
            describe.append(_rules_call(f"UpdateSecurityGroupRuleDescriptions{direction}", group, permissions))
        extra = [key for key in present if key not in wanted]
        if extra:
            remove.append(dataclasses.replace(_revoke(direction, group, extra), late=True))
    return [*add, *describe, *remove]


def _revoke(direction: str, group: str | Ref | Id, keys: Iterable[RuleKey]) -> Call:
    permissions = [_permission(key, None) for key in sorted(keys, key=str)]
    return _rules_call(f"RevokeSecurityGroup{direction}", group, permissions)


def _rules_call(operation: str, group: str | Ref | Id, permissions: list[dict[str, Any]]) -> Call:
    return Call("ec2", operation, {"GroupId": group, "IpPermissions": permissions})


def _sorted(rules: Mapping[RuleKey, Rule]) -> list[tuple[RuleKey, Rule]]:
    return sorted(rules.items(), key=lambda item: str(item[0]))


def _permission(key: RuleKey, description: str | Marker | None) -> dict[str, Any]:
    permission: dict[str, Any] = {"IpProtocol": key.protocol}
    if key.from_port is not None:
        permission |= {"FromPort": key.from_port, "ToPort": key.to_port}
    words = {"Description": description} if isinstance(description, str) else {}
    peer = key.peer
    if isinstance(peer, str):
        if peer.startswith("pl-"):
            return permission | {"PrefixListIds": [{"PrefixListId": peer, **words}]}
        if "/sg-" in peer:
            account, _, group = peer.partition("/")
            return permission | {"UserIdGroupPairs": [{"UserId": account, "GroupId": group, **words}]}
        if ":" in peer:
            return permission | {"Ipv6Ranges": [{"CidrIpv6": peer, **words}]}
        return permission | {"IpRanges": [{"CidrIp": peer, **words}]}
    return permission | {"UserIdGroupPairs": [{"GroupId": peer, **words}]}


def _allow(group: Ref | Id, direction: Literal["in", "out"], key: RuleKey) -> Allow:
    ports = ANY_PORT
    if key.protocol in ("tcp", "udp") and key.from_port is not None and key.to_port is not None:
        ports = (key.from_port, key.to_port)
    protocol = "all" if key.protocol == "-1" else key.protocol
    return Allow(group, direction, protocol, ports, key.peer, text=str(key))


def _exploded(permissions: Iterable[Mapping[str, Any]], account: str) -> Rules:
    rules: dict[RuleKey, Rule] = {}
    for permission in permissions:
        protocol = permission["IpProtocol"]
        ports = (permission.get("FromPort"), permission.get("ToPort")) if protocol in _WITH_PORTS else (None, None)
        for peer, description in _peers(permission, account):
            rules[RuleKey(protocol, *ports, peer)] = Rule(description=description)
    return FrozenMap(rules)


def _peers(permission: Mapping[str, Any], account: str) -> Iterable[tuple[str | Id, str | None]]:
    for entry in permission.get("IpRanges", ()):
        yield cidr(entry["CidrIp"]), entry.get("Description") or None
    for entry in permission.get("Ipv6Ranges", ()):
        yield cidr(entry["CidrIpv6"]), entry.get("Description") or None
    for entry in permission.get("PrefixListIds", ()):
        yield entry["PrefixListId"], entry.get("Description") or None
    for entry in permission.get("UserIdGroupPairs", ()):
        group, owner = entry["GroupId"], entry.get("UserId", account)
        yield Id(group) if owner == account else f"{owner}/{group}", entry.get("Description") or None


TYPE = SecurityGroupRulesType()
