"""Network ACLs: the entries that AWS keeps of its own, what it takes as one, and how it words what is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final

from moto.ec2.exceptions import EC2ClientError, InvalidNetworkAclIdError
from moto.ec2.models.network_acls import NetworkAclBackend
from moto.ec2.responses import EC2Response

from .ec2_networks import canonical
from .patch import Installer, patch

LAST_RULE: Final = 32767
"""The number of the entry that denies everything else: every list has it, nobody can change it."""

_NUMBERS: Final = {"all": "-1", "icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}
_WITH_PORTS: Final = ("6", "17")
_WITH_TYPES: Final = ("1", "58")


@patch("ec2-network-acl-last-entry", "VPC User Guide, Custom network ACLs: the rule with an asterisk denies the rest")
def last_entry(into: Installer) -> None:
    @into.wrap(NetworkAclBackend, "create_network_acl")
    def create(original: Callable[..., Any], backend: Any, vpc_id: str, tags: Any = None, default: bool = False) -> Any:
        made = original(backend, vpc_id, tags, default)
        for egress in (True, False) if not default else ():
            backend.create_network_acl_entry(
                made.id, LAST_RULE, "-1", "deny", egress, "0.0.0.0/0", None, None, None, None, None
            )
        return made


def _entry(params: MutableMapping[str, Any]) -> None:
    """Make a request say what EC2 keeps of it. Raises EC2ClientError for what EC2 refuses."""
    number = int(params["RuleNumber"])
    if not 0 < number < LAST_RULE:
        raise EC2ClientError("InvalidParameterValue", f"Rule number {number} is out of range (1 to {LAST_RULE - 1}).")
    protocol = str(params["Protocol"]).lower()
    protocol = _NUMBERS.get(protocol, protocol)
    if protocol in _WITH_PORTS and not params.get("PortRange"):
        raise EC2ClientError("MissingParameter", "The request must contain the parameter portRange for TCP and UDP.")
    if protocol in _WITH_TYPES and not params.get("IcmpTypeCode"):
        raise EC2ClientError("MissingParameter", "The request must contain the parameter icmpTypeCode for ICMP.")
    if protocol not in _WITH_PORTS:
        params.pop("PortRange", None)
    params["Protocol"] = protocol
    params["Icmp"] = params.get("IcmpTypeCode") if protocol in _WITH_TYPES else {}
    if params.get("CidrBlock"):
        params["CidrBlock"] = canonical(params["CidrBlock"])


@patch("ec2-network-acl-entry", "EC2 API Reference, CreateNetworkAclEntry: RuleNumber, PortRange, Icmp, CidrBlock")
def entry(into: Installer) -> None:
    def checked(original: Callable[..., Any], response: Any) -> Any:
        _entry(response.params)
        return original(response)

    for method in ("create_network_acl_entry", "replace_network_acl_entry"):
        into.wrap(EC2Response, method)(checked)


@patch("ec2-network-acl-not-found", "EC2 API Reference, Error codes: InvalidNetworkAclEntry.NotFound and its kin")
def not_found(into: Installer) -> None:
    @into.wrap(NetworkAclBackend, "delete_network_acl_entry")
    def delete_entry(
        original: Callable[..., Any], backend: Any, network_acl_id: str, rule_number: int, egress: bool
    ) -> Any:
        acl = backend.get_network_acl(network_acl_id)
        known = {(row.rule_number, row.egress) for row in acl.network_acl_entries}
        if rule_number == LAST_RULE or (rule_number, egress) not in known:
            raise EC2ClientError(
                "InvalidNetworkAclEntry.NotFound",
                f"The network acl entry identified by {rule_number} does not exist in {network_acl_id}.",
            )
        return original(backend, network_acl_id, rule_number, egress)

    @into.wrap(NetworkAclBackend, "replace_network_acl_association")
    def replace_association(
        original: Callable[..., Any], backend: Any, association_id: str, network_acl_id: str
    ) -> Any:
        backend.get_network_acl(network_acl_id)
        if not any(association_id in acl._associations for acl in backend.network_acls.values()):
            raise EC2ClientError(
                "InvalidAssociationID.NotFound", f"The association ID '{association_id}' does not exist"
            )
        return original(backend, association_id, network_acl_id)

    @into.wrap(NetworkAclBackend, "describe_network_acls")
    def describe(
        original: Callable[..., Any],
        backend: Any,
        network_acl_ids: list[str] | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> Any:
        for acl_id in network_acl_ids or ():
            if acl_id not in backend.network_acls:
                raise InvalidNetworkAclIdError(acl_id)
        return original(backend, network_acl_ids, filters)


@patch("ec2-default-network-acl", "VPC User Guide, Delete a network ACL: the default one cannot be deleted")
def default_one(into: Installer) -> None:
    @into.wrap(NetworkAclBackend, "delete_network_acl")
    def delete(original: Callable[..., Any], backend: Any, network_acl_id: str) -> Any:
        found = backend.network_acls.get(network_acl_id)
        if found is not None and found.default:
            raise EC2ClientError("InvalidParameterValue", f"cannot delete default network ACL {network_acl_id}")
        return original(backend, network_acl_id)


PATCHES = (last_entry, entry, not_found, default_one)
