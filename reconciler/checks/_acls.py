"""Network ACLs: rules that EC2 takes, of tiers that there are."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.checks._cidrs import host_bits
from reconciler.checks._lookup import nearest, repeated
from reconciler.kinds import Object, Path, Problem
from reconciler.kinds._acl import WITH_PORTS, AclRule
from reconciler.kinds._object import quoted
from reconciler.kinds.network import NetworkSpec

_TIERS = ("public", "private")


def network_acls(network: Object[NetworkSpec]) -> Iterator[Problem]:
    """Source: EC2 API reference, CreateNetworkAclEntry."""
    for tier, acl in network.spec.network_acls.items():
        path: Path = ("spec", "networkAcls", tier)
        if tier not in _TIERS:
            yield network.problem(path, f"{quoted(tier)} is no tier of subnets", nearest(tier, _TIERS))
        elif getattr(network.spec, tier) is None:
            yield network.problem(path, f"there are no {tier} subnets", f"add spec.{tier}")
        for word, rules in (("inbound", acl.inbound), ("outbound", acl.outbound)):
            yield from _rules(network, (*path, word), rules)


def _rules(network: Object[NetworkSpec], path: Path, rules: tuple[AclRule, ...]) -> Iterator[Problem]:
    for index, rule in enumerate(rules):
        here: Path = (*path, index)
        if problem := host_bits(network, (*here, "cidr"), rule.cidr):
            yield problem
        if rule.ports is not None and rule.protocol not in WITH_PORTS:
            yield network.problem((*here, "ports"), f"{rule.protocol} has no ports", "remove it, or write tcp or udp")
        if rule.icmp is not None and rule.protocol != "icmp":
            message = f"the protocol is {rule.protocol}"
            yield network.problem((*here, "icmp"), message, "remove it, or write protocol: icmp")
        if rule.icmp is not None and rule.icmp.type == -1 and rule.icmp.code != -1:
            message = "a code means nothing without the type that it is of"
            yield network.problem((*here, "icmp", "code"), message, "write its type, or remove it")
    for again, _ in repeated(((*path, i, "ruleNumber"), rule.rule_number) for i, rule in enumerate(rules)):
        yield network.problem(again, "is the number of another rule already", "give each rule a number of its own")
