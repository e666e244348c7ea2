"""The one table of what is not tried of a field, each with the rule of AWS that forbids it.

`change`: the field never changes by itself. `behind`: nobody can change it behind our back, because what carries it in
AWS never changes and can only be replaced (after a colon: where it gets this value).
"""

from __future__ import annotations

from typing import Final, Literal

Step = Literal["change", "behind"]

_ATTACHED = (
    "AWS detaches no internet gateway while public addresses of its VPC are in use (EC2, DetachInternetGateway)."
)
_BELONGS = "It never leaves what it is a part of: it is replaced with that (Network.cidr, LoadBalancer.network)."
_STAYS = "It never moves (EC2, CreateNatGateway, CreateVpcEndpoint, CreateSubnet): another address is another one."
_VPC_STAYS = "Nothing moves from one VPC to another (EC2, CreateSecurityGroup; ELBv2, CreateLoadBalancer)."
_RULE_STAYS = "A rule never leaves its listener (ELBv2, ModifyRule)."
_FARGATE = "Fargate has this one value (ECS, RegisterTaskDefinition)."

EXEMPT: Final[dict[tuple[str, Step], str]] = {
    ("Stack.region", "change"): "Nothing in AWS moves from one region to another.",
    ("Network.cidr", "behind"): "The first block of a VPC never changes (EC2, AssociateVpcCidrBlock adds others).",
    ("Network.public.cidrs", "behind"): "The block of a subnet never changes (EC2, ModifySubnetAttribute).",
    ("Network.private.cidrs", "behind"): "The block of a subnet never changes (EC2, ModifySubnetAttribute).",
    ("Network.public", "behind"): "The block of a subnet never changes (EC2, ModifySubnetAttribute).",
    ("Network.elasticIps", "behind"): _STAYS,
    ("Network.existing", "behind"): _VPC_STAYS,
    ("Network.existing.id", "behind"): _VPC_STAYS,
    ("Network.existing.tags", "behind"): _VPC_STAYS,
    ("LoadBalancer.existing", "behind"): _RULE_STAYS,
    ("LoadBalancer.existing.arn", "behind"): _RULE_STAYS,
    (
        "LoadBalancer.existing.firstPriority",
        "behind",
    ): "Priorities mean nothing but an order (ELBv2, CreateRule): a later one than need be is as good.",
    ("LoadBalancer.network", "behind"): "The VPC of a load balancer never changes (ELBv2, SetSubnets).",
    ("LoadBalancer.type", "behind"): "The type of a load balancer never changes (ELBv2, CreateLoadBalancer).",
    ("LoadBalancer.scheme", "behind"): "The scheme of a load balancer never changes (ELBv2, CreateLoadBalancer).",
    ("LoadBalancer.listeners[].protocol: TCP", "behind"): "HTTP and TCP are of load balancers of different types.",
    ("Task.cluster", "behind"): "The cluster of a service never changes (ECS, UpdateService).",
    ("Task.network", "behind"): "The VPC of a security group never changes (EC2, CreateSecurityGroup).",
    (
        "Task.containers[].ports[].name",
        "behind",
    ): "The name of a target group never changes (ELBv2, ModifyTargetGroup).",
    (
        "Task.containers[].ports[].targetGroup.protocolVersion",
        "behind",
    ): "The protocol version of a target group never changes (ELBv2, ModifyTargetGroup).",
    ("internet-gateway.vpc_id", "change"): _ATTACHED,
    ("elastic-ip.domain", "change"): "EC2 has the domain vpc alone since EC2-Classic ended (EC2, AllocateAddress).",
    ("listener-rules.listener_arn", "change"): _BELONGS,
    ("shared-rules.listener_arn", "change"): _BELONGS,
    ("listener.load_balancer_arn", "change"): _BELONGS,
    ("network-acl.vpc_id", "change"): _BELONGS,
    ("network-acl.is_default", "change"): "AWS makes the default one with a VPC, and no other (EC2, CreateVpc).",
    ("route-table-association.subnet_id", "change"): _BELONGS,
    ("route-table.vpc_id", "change"): _BELONGS,
    ("routes.route_table_id", "change"): _BELONGS,
    ("security-group-rules.group_id", "change"): _BELONGS,
    ("target-group.vpc_id", "change"): _BELONGS,
    ("subnet.vpc_id", "change"): _BELONGS,
    ("vpc-endpoint.vpc_id", "change"): _BELONGS,
    ("nat-gateway.subnet_id", "change"): _STAYS,
    ("scalable-target.cluster", "change"): _BELONGS,
    ("scalable-target.service", "change"): _BELONGS,
    ("nat-gateway.connectivity_type", "change"): _STAYS,
    ("subnet.availability_zone", "change"): _STAYS,
    ("vpc-endpoint.service_name", "change"): _STAYS,
    ("vpc-endpoint.vpc_endpoint_type", "change"): _STAYS,
    (
        "security-group.description",
        "change",
    ): "It never changes (EC2, CreateSecurityGroup), and ours is the object's name.",
    ("target-group.target_type", "change"): "Fargate's network mode takes targets by ip alone (ECS, LoadBalancer).",
    ("task-definition.network_mode", "change"): _FARGATE,
    ("task-definition.requires_compatibilities", "change"): _FARGATE,
    ("internet-gateway.attached", "change"): _ATTACHED,
}
