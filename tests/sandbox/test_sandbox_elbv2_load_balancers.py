"""Load balancers in the sandbox behave as the documents named in each test say."""

import pytest
from fargate_world import World, client, refused

from reconciler.sandbox import Sandbox

pytestmark = pytest.mark.stricter_than_moto


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World.build(sandbox)


def state_of(arn: str) -> str:
    (balancer,) = client("elbv2").describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    return str(balancer["State"]["Code"])


def test_a_load_balancer_is_provisioning_for_a_while(world: World) -> None:
    """ELB API, LoadBalancerState: provisioning, then active."""
    arn = world.load_balancer()["LoadBalancerArn"]
    assert state_of(arn) == "provisioning"
    world.sandbox.clock.advance(60)
    assert state_of(arn) == "provisioning"
    world.sandbox.clock.advance(90)
    assert state_of(arn) == "active"


def test_scheme_and_type_have_defaults(world: World) -> None:
    """ELB API, CreateLoadBalancer: internet-facing by default."""
    assert world.load_balancer()["Scheme"] == "internet-facing"


def test_each_subnet_holds_an_interface(world: World) -> None:
    """EC2 API, DescribeNetworkInterfaces; ALB guide: nodes have public addresses when internet-facing."""
    arn = world.load_balancer()["LoadBalancerArn"]
    found = world.interfaces(description=f"ELB {arn.partition(':loadbalancer/')[2]}")
    assert sorted(one["SubnetId"] for one in found) == sorted(world.subnets)
    assert {one["Attachment"]["InstanceOwnerId"] for one in found} == {"amazon-elb"}
    assert all("PublicIp" in one["Association"] for one in found)
    assert {group["GroupId"] for one in found for group in one["Groups"]} == {world.group}


def test_interfaces_of_an_internal_load_balancer_are_private(world: World) -> None:
    """ALB guide, "Load balancer scheme": nodes of an internal load balancer have private addresses only."""
    world.load_balancer(Scheme="internal")
    found = world.interfaces()
    assert len(found) == 2
    assert not any("Association" in one for one in found)


def test_interfaces_outlive_the_load_balancer(world: World) -> None:
    """ALB guide, "Delete your load balancer"; what lingers blocks the deletion of subnets and groups."""
    arn = world.load_balancer()["LoadBalancerArn"]
    client("elbv2").delete_load_balancer(LoadBalancerArn=arn)
    assert len(world.interfaces()) == 2
    with refused("DependencyViolation"):
        client("ec2").delete_security_group(GroupId=world.group)
    world.sandbox.clock.advance(120)
    assert world.interfaces() == []
    client("ec2").delete_security_group(GroupId=world.group)


def test_two_zones_are_needed(world: World) -> None:
    """ALB guide, "Subnets for your load balancer": at least two Availability Zones."""
    with refused("ValidationError", "two different Availability Zones"):
        world.load_balancer(Subnets=world.subnets[:1])


def test_one_subnet_per_zone(world: World) -> None:
    """ELB API, CreateLoadBalancer: one subnet per Availability Zone."""
    twin = world.subnet("10.0.2.0/24", "us-east-1a")
    with refused("InvalidConfigurationRequest", "same Availability Zone"):
        world.load_balancer(Subnets=[*world.subnets, twin])


def test_unknown_subnets_have_elb_code(world: World) -> None:
    """ELB API, CreateLoadBalancer, errors: SubnetNotFound."""
    with refused("SubnetNotFound"):
        world.load_balancer(Subnets=[world.subnets[0], "subnet-0123456789abcdef0"])


def test_small_subnets_are_refused(world: World) -> None:
    """ALB guide, "Subnets for your load balancer": /27 or larger, with eight free addresses."""
    small = world.subnet("10.0.2.0/28", "us-east-1a")
    with refused("InvalidSubnet", small):
        world.load_balancer(Subnets=[small, world.subnets[1]])


def test_full_subnets_are_refused(world: World) -> None:
    """ALB guide, "Subnets for your load balancer": at least eight free addresses per subnet."""
    tight = world.subnet("10.0.2.0/27", "us-east-1a")
    for _ in range(20):
        client("ec2").create_network_interface(SubnetId=tight)
    with refused("InvalidSubnet", tight):
        world.load_balancer(Subnets=[tight, world.subnets[1]])


def test_an_internet_facing_one_needs_an_internet_gateway(sandbox: Sandbox) -> None:
    """ELB API, InvalidSubnet; ALB guide: an internet-facing load balancer needs an internet gateway."""
    world = World.build(sandbox, internet=False)
    with refused("InvalidSubnet", "no internet gateway"):
        world.load_balancer()
    world.load_balancer(Scheme="internal")


@pytest.mark.parametrize("name", ["internal-web", "-web", "web-", "w_b", "w" * 33])
def test_names_keep_to_the_rules(world: World, name: str) -> None:
    """ELB API, CreateLoadBalancer, Name."""
    with refused("ValidationError", name):
        world.load_balancer(name)


def test_the_same_settings_give_the_same_load_balancer(world: World) -> None:
    """ELB API, CreateLoadBalancer: idempotent for the same settings."""
    first = world.load_balancer(Tags=[{"Key": "team", "Value": "a"}])
    again = world.load_balancer(Subnets=world.subnets[::-1], Tags=[{"Key": "team", "Value": "a"}])
    assert again["LoadBalancerArn"] == first["LoadBalancerArn"]


@pytest.mark.parametrize(
    "settings", [{"Scheme": "internal"}, {"Tags": [{"Key": "team", "Value": "b"}]}, {"SecurityGroups": []}]
)
def test_a_taken_name_with_other_settings_is_refused(world: World, settings: dict[str, object]) -> None:
    """ELB API, CreateLoadBalancer, errors: DuplicateLoadBalancerName."""
    world.load_balancer(Tags=[{"Key": "team", "Value": "a"}])
    with refused("DuplicateLoadBalancerName"):
        world.load_balancer(**{"Tags": [{"Key": "team", "Value": "a"}]} | settings)


def test_dns_names_are_never_used_again(world: World) -> None:
    """ALB guide, "Load balancer DNS name": a load balancer made again has another name."""
    first = world.load_balancer()
    client("elbv2").delete_load_balancer(LoadBalancerArn=first["LoadBalancerArn"])
    assert world.load_balancer()["DNSName"] != first["DNSName"]


def test_the_default_group_stands_in(world: World) -> None:
    """ELB API, CreateLoadBalancer, SecurityGroups: the VPC's default group when none is given."""
    groups = client("ec2").describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [world.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    )
    default = groups["SecurityGroups"][0]["GroupId"]
    assert world.load_balancer(SecurityGroups=[])["SecurityGroups"] == [default]


def test_unknown_groups_are_refused(world: World) -> None:
    """ELB API, CreateLoadBalancer, errors: InvalidSecurityGroup."""
    with refused("InvalidSecurityGroup"):
        world.load_balancer(SecurityGroups=["sg-0123456789abcdef0"])


def test_groups_of_another_vpc_are_refused(world: World) -> None:
    """ELB API, CreateLoadBalancer, errors: InvalidConfigurationRequest."""
    other = World.build(world.sandbox)
    with refused("InvalidConfigurationRequest"):
        world.load_balancer(SecurityGroups=[other.group])


def test_a_network_load_balancer_may_stand_in_one_zone_without_groups(world: World) -> None:
    """NLB guide, "Create a Network Load Balancer": one zone is enough, and groups only if given at creation."""
    made = world.load_balancer(Type="network", Subnets=world.subnets[:1], SecurityGroups=[])
    assert ":loadbalancer/net/web/" in made["LoadBalancerArn"]
    assert made.get("SecurityGroups", []) == []
    with refused("InvalidConfigurationRequest"):
        client("elbv2").set_security_groups(LoadBalancerArn=made["LoadBalancerArn"], SecurityGroups=[world.group])


def test_changed_groups_are_on_the_interfaces(world: World) -> None:
    """ELB API, SetSecurityGroups: they are the groups of the load balancer's nodes."""
    arn = world.load_balancer()["LoadBalancerArn"]
    group = world.security_group("other")
    client("elbv2").set_security_groups(LoadBalancerArn=arn, SecurityGroups=[group])
    assert {one["GroupId"] for found in world.interfaces() for one in found["Groups"]} == {group}


def test_changed_subnets_move_the_interfaces(world: World) -> None:
    """ELB API, SetSubnets: the zones that the load balancer stands in."""
    third = world.subnet("10.0.2.0/24", "us-east-1c")
    arn = world.load_balancer()["LoadBalancerArn"]
    client("elbv2").set_subnets(LoadBalancerArn=arn, Subnets=[world.subnets[0], third])
    world.sandbox.clock.advance(120)
    assert sorted(one["SubnetId"] for one in world.interfaces()) == sorted([world.subnets[0], third])


def test_deletion_protection_protects(world: World) -> None:
    """ALB guide, "Deletion protection": OperationNotPermitted until it is off."""
    elb, arn = client("elbv2"), world.load_balancer()["LoadBalancerArn"]
    protection = {"Key": "deletion_protection.enabled", "Value": "true"}
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[protection])
    with refused("OperationNotPermitted"):
        elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[protection | {"Value": "false"}])
    elb.delete_load_balancer(LoadBalancerArn=arn)


def test_a_missing_name_is_not_found_behind_a_known_one(world: World) -> None:
    """ELB API, DescribeLoadBalancers, errors: LoadBalancerNotFound."""
    world.load_balancer()
    with refused("LoadBalancerNotFound"):
        client("elbv2").describe_load_balancers(Names=["web", "gone"])


def test_at_most_twenty_load_balancers_by_name(world: World) -> None:
    """ELB API, DescribeLoadBalancers, Names: up to 20."""
    world.load_balancer()
    with refused("ValidationError"):
        client("elbv2").describe_load_balancers(Names=["web"] * 21)


def test_a_target_group_forgets_a_deleted_load_balancer(world: World) -> None:
    """ELB API, TargetGroup, LoadBalancerArns: those that route to it."""
    group, arn = world.target_group(), world.load_balancer()["LoadBalancerArn"]
    world.listener(arn, group)
    client("elbv2").delete_load_balancer(LoadBalancerArn=arn)
    (shown,) = client("elbv2").describe_target_groups()["TargetGroups"]
    assert shown.get("LoadBalancerArns", []) == []


def test_pages_of_the_asked_size(world: World) -> None:
    """ELB API, DescribeTargetGroups, PageSize and NextMarker."""
    for name in "abc":
        world.target_group(name)
    first = client("elbv2").describe_target_groups(PageSize=2)
    assert len(first["TargetGroups"]) == 2
    assert len(client("elbv2").describe_target_groups(PageSize=2, Marker=first["NextMarker"])["TargetGroups"]) == 1


def test_a_page_holds_at_most_400(world: World) -> None:
    """ELB API, DescribeListeners, PageSize: 1 to 400."""
    arn = world.load_balancer()["LoadBalancerArn"]
    with refused("ValidationError"):
        client("elbv2").describe_listeners(LoadBalancerArn=arn, PageSize=401)


def test_tags_of_at_most_twenty_resources(world: World) -> None:
    """ELB API, DescribeTags, ResourceArns: up to 20 per call."""
    arn = world.load_balancer()["LoadBalancerArn"]
    with refused("ValidationError", "20"):
        client("elbv2").describe_tags(ResourceArns=[arn] * 21)


def test_tags_of_a_missing_resource_are_not_found(world: World) -> None:
    """ELB API, DescribeTags, errors: TargetGroupNotFound."""
    missing = world.target_group().replace("/web/", "/gone/")
    with refused("TargetGroupNotFound"):
        client("elbv2").describe_tags(ResourceArns=[missing])


def test_fifty_tags_fit_and_no_more(world: World) -> None:
    """ELB API, AddTags: 50 tags per resource, TooManyTags."""
    arn = world.load_balancer()["LoadBalancerArn"]
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    client("elbv2").add_tags(ResourceArns=[arn], Tags=tags[:10])
    client("elbv2").add_tags(ResourceArns=[arn], Tags=tags[10:50])
    with refused("TooManyTags"):
        client("elbv2").add_tags(ResourceArns=[arn], Tags=tags[50:])


def test_a_load_balancer_has_five_security_groups_at_most(world: World) -> None:
    """VPC User Guide, Amazon VPC quotas, Security groups per network interface: 5."""
    arn = world.load_balancer()["LoadBalancerArn"]
    groups = [world.security_group(f"g{number}") for number in range(6)]
    with refused("InvalidConfigurationRequest", "maximum number of security groups"):
        client("elbv2").set_security_groups(LoadBalancerArn=arn, SecurityGroups=groups)
