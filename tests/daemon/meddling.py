"""What somebody else does in AWS behind a daemon's back."""

from __future__ import annotations

import boto3

from reconciler.sandbox import Sandbox
from reconciler.sandbox.breaks import BREAKS, Account

(OPEN_SSH,) = [each for each in BREAKS if each.name == "open-ssh"]


def console() -> Account:
    """The account as a person in the console changes it."""
    return Account(boto3.Session(), "shop")


def scale_to_zero() -> None:
    """Nothing of the service `orders` runs any more."""
    ecs = boto3.client("ecs")
    (cluster,) = ecs.list_clusters()["clusterArns"]
    orders = next(a for a in ecs.list_services(cluster=cluster)["serviceArns"] if "orders" in a)
    ecs.update_service(cluster=cluster, service=orders, desiredCount=0)


def deny_all(sandbox: Sandbox) -> dict[str, str]:
    """Somebody puts the private subnets behind an ACL without entries; the old ACLs by association, to undo it."""
    ec2 = boto3.client("ec2", "us-east-1")
    ours = {"Name": "tag:reconciler.dev/address", "Values": ["subnet/main/private/*"]}
    subnets = ec2.describe_subnets(Filters=[ours])
    ids = {subnet["SubnetId"] for subnet in subnets["Subnets"]}
    assert len(ids) == 2
    acl = ec2.create_network_acl(VpcId=subnets["Subnets"][0]["VpcId"])["NetworkAcl"]["NetworkAclId"]
    back = {}
    for other in ec2.describe_network_acls()["NetworkAcls"]:
        for association in other["Associations"]:
            if association["SubnetId"] in ids:
                made = ec2.replace_network_acl_association(
                    AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl
                )
                back[made["NewAssociationId"]] = other["NetworkAclId"]
    return back
