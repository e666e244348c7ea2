"""How long AWS takes over things, and how many of them it allows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """Typical durations (aws-semantics 4 to 6), all in seconds. None of them is contractual on AWS."""

    vpc_pending: float = 2.0
    subnet_pending: float = 2.0
    nat_pending: float = 90.0
    nat_deleting: float = 60.0
    nat_row_kept: float = 3600.0
    """A `deleted` or `failed` NAT gateway stays listed for about an hour."""
    endpoint_pending: float = 60.0
    endpoint_deleting: float = 60.0
    eni_lingers: float = 30.0
    """How long the network interfaces of load balancers and endpoints outlive their owner."""
    role_propagation: float = 0.0
    """How long ECS cannot assume a role that was just made; 0 turns IAM's propagation delay off."""
    tag_index: float = 0.0
    """How old the answers of the Resource Groups Tagging API may be; 0 keeps its index up to date."""

    trail_lookup: float = 0.0
    """Until CloudTrail's LookupEvents lists a call: about five minutes on AWS, which promises nothing."""
    trail_delivery: float = 0.0
    """Until EventBridge hands a call on to the targets of its rules: seconds to minutes on AWS."""

    load_balancer_provisioning: float = 120.0
    target_initial: float = 20.0
    task_provisioning: float = 5.0
    task_pending: float = 10.0
    task_activating: float = 5.0
    task_deprovisioning: float = 10.0
    task_row_kept: float = 3600.0
    service_scheduling: float = 2.0
    task_definition_deleting: float = 300.0
    """How long a deleted task definition that nothing runs is still described."""


@dataclass(frozen=True, slots=True)
class Quotas:
    """AWS's default quotas. Source: VPC User Guide, "Amazon VPC quotas" (aws-semantics 11)."""

    vpcs: int = 5
    """VPCs in a region; the default VPC is one of them."""
    internet_gateways: int = 5
    subnets_in_vpc: int = 200
    route_tables_in_vpc: int = 200
    routes_in_table: int = 50
    addresses: int = 5
    """Elastic IP addresses in a region."""
    nat_gateways_in_zone: int = 5
    """Those that are pending, available or deleting."""
    security_groups: int = 2500
    network_acls_in_vpc: int = 200
    network_acl_rules: int = 20
    """Entries of one direction of a network ACL; AWS's own last one is one of them."""
    gateway_endpoints: int = 20
    interface_endpoints_in_vpc: int = 50
