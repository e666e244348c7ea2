"""What is wrong with a Network."""

from __future__ import annotations

from good_stack import ACL, Cases

CASES: Cases = {
    "a VPC with host bits": (
        [("cidr: 10.0.0.0/16", "cidr: 10.0.0.1/16")],
        ["Network/main: spec.cidr: 10.0.0.1/16 has host bits set, write 10.0.0.0/16"],
    ),
    "a VPC that is too large": (
        [("cidr: 10.0.0.0/16", "cidr: 10.0.0.0/15")],
        ["Network/main: spec.cidr: 10.0.0.0/15 is too large for a VPC, write /16 to /28, such as 10.0.0.0/16"],
    ),
    "a subnet that is too small": (
        [("10.9.0.0/24", "10.9.0.0/29")],
        [
            "Network/other: spec.public.cidrs[0]: 10.9.0.0/29 is too small for a subnet, "
            "write /16 to /28, such as 10.9.0.0/28"
        ],
    ),
    "a subnet with host bits": (
        [("10.9.0.0/24", "10.9.0.9/24")],
        ["Network/other: spec.public.cidrs[0]: 10.9.0.9/24 has host bits set, write 10.9.0.0/24"],
    ),
    "a subnet outside": (
        [("10.0.1.0/24", "10.1.1.0/24")],
        [
            "Network/main: spec.public.cidrs[1]: 10.1.1.0/24 lies outside the network's 10.0.0.0/16, "
            "write a free block such as 10.0.1.0/24"
        ],
    ),
    "subnets that overlap": (
        [("10.0.1.0/24", "10.0.0.128/25")],
        [
            "Network/main: spec.public.cidrs[1]: 10.0.0.128/25 overlaps 10.0.0.0/24, "
            "write a free block such as 10.0.1.0/25"
        ],
    ),
    "a private subnet over a public one": (
        [("10.0.11.0/24", "10.0.1.0/24")],
        [
            "Network/main: spec.private.cidrs[1]: 10.0.1.0/24 overlaps 10.0.1.0/24, "
            "write a free block such as 10.0.2.0/24"
        ],
    ),
    "a full network": (
        [
            ("10.9.0.0/16, av", "10.9.0.0/24, av"),
            ("[us-east-1a], p", "[us-east-1a, us-east-1b], p"),
            ("10.9.0.0/24]", "10.9.0.0/24, 10.9.0.0/25]"),
        ],
        ["Network/other: spec.public.cidrs[1]: 10.9.0.0/25 overlaps 10.9.0.0/24, make room in 10.9.0.0/24"],
    ),
    "fewer blocks than zones": (
        [("[10.0.10.0/24, 10.0.11.0/24]", "[10.0.10.0/24]")],
        ["Network/main: spec.private.cidrs: has 1 block for 2 zones, write one for each of us-east-1a, us-east-1b"],
    ),
    "a zone of another region": (
        [("us-east-1b]", "us-west-2b]")],
        ["Network/main: spec.availabilityZones[1]: us-west-2b is not in us-east-1, did you mean us-east-1b?"],
    ),
    "NAT without a public subnet": (
        [
            (
                "10.9.0.0/16, availabilityZones: [us-east-1a], public",
                "10.9.0.0/16, availabilityZones: [us-east-1a], nat: PerZone, private",
            ),
            ("network: other, placement: Public", "network: other, placement: Private"),
        ],
        [
            "Network/other: spec.nat: is PerZone, but there are no public subnets for a NAT gateway to stand in, "
            "add spec.public or write None"
        ],
    ),
    "an endpoint twice": (
        [("endpoints: [s3]", "endpoints: [s3, logs, s3]")],
        ["Network/main: spec.endpoints[2]: is named twice, name each endpoint once"],
    ),
    "a network without a block": (
        [("cidr: 10.9.0.0/16, ", "")],
        [
            "Network/other: spec: cidr is missing, "
            "write an IPv4 block such as 10.0.0.0/16, or name an existing VPC with spec.existing"
        ],
    ),
    "subnets by id in a new VPC": (
        [("public: {cidrs: [10.9.0.0/24]}", "public: {ids: [subnet-01234567]}")],
        [
            "Network/other: spec.public.ids: is for an existing VPC, the subnets of this one are new, "
            "remove it, or name the VPC with spec.existing"
        ],
    ),
    "a network too small to carve": (
        [("10.9.0.0/16, av", "10.9.0.0/25, av"), ("public: {cidrs: [10.9.0.0/24]}", "public: {}")],
        [
            "Network/other: spec.public: 10.9.0.0/25 is too small to carve subnets from, "
            "make it /24 or larger, or write cidrs"
        ],
    ),
    "a zone that nothing is carved for": (
        [("Zones: [us-east-1a], p", "Zones: [us-east-1i], p"), ("public: {cidrs: [10.9.0.0/24]}", "public: {}")],
        ["Network/other: spec.public: us-east-1i has no part of its own, write cidrs: parts are for zones a to h"],
    ),
    "a given block over a carved one": (
        [
            ("public: {cidrs: [10.9.0.0/24]}", "public: {cidrs: [10.9.128.0/24]}, private: {}"),
        ],
        ["Network/other: spec.private: 10.9.128.0/20 overlaps 10.9.128.0/24, write a free block such as 10.9.0.0/20"],
    ),
    "an existing VPC that is not said": (
        [("cidr: 10.9.0.0/16, ", "existing: {}, "), ("public: {cidrs: [10.9.0.0/24]}", "public: {}")],
        [
            "Network/other: spec.existing: must say which VPC, write either its id or tags that it has",
            "Network/other: spec.public: must say which subnets of the VPC, "
            "write either their ids or tags that they have",
        ],
    ),
    "an existing VPC with what would be new": (
        [("cidr: 10.9.0.0/16, ", "cidr: 10.9.0.0/16, existing: {id: vpc-01234567}, ")],
        [
            "Network/other: spec.cidr: is of no use with an existing VPC, which is only read, "
            "remove it, or remove spec.existing",
            "Network/other: spec.public.cidrs: is of no use with an existing VPC, name its subnets by ids or tags",
        ],
    ),
    "subnets of an existing VPC": (
        [
            ("cidr: 10.9.0.0/16, ", "existing: {id: vpc-01234567}, "),
            ("public: {cidrs: [10.9.0.0/24]}", "public: {ids: [subnet-01234567, subnet-01234567]}"),
        ],
        [
            "Network/other: spec.public.ids: has 2 ids for 1 zone, write one for each of us-east-1a",
            "Network/other: spec.public.ids[1]: is named twice, name each subnet once",
        ],
    ),
    "an existing VPC that is to stay": (
        [
            (
                "metadata: {name: other}",
                "metadata: {name: other, annotations: {reconciler.dev/deletion-policy: Retain}}",
            ),
            ("cidr: 10.9.0.0/16, ", "existing: {id: vpc-01234567}, "),
            ("public: {cidrs: [10.9.0.0/24]}", "public: {ids: [subnet-01234567]}"),
        ],
        [
            'Network/other: metadata.annotations["reconciler.dev/deletion-policy"]: '
            "says nothing of an existing VPC, which is only read, remove it"
        ],
    ),
    "names in a VPC that nobody answers": (
        [("nat: Single", "nat: Single\n  dnsSupport: false")],
        ["Network/main: spec.dnsHostnames: needs dnsSupport, write false, or take dnsSupport away"],
    ),
    "an endpoint that cannot be called by its name": (
        [("endpoints: [s3]", "endpoints: [s3, logs]\n  dnsHostnames: false")],
        [
            "Network/main: spec.dnsHostnames: is false, but the endpoint logs is called by its name, for which AWS "
            "wants it, take it away, or write privateDns: false for logs"
        ],
    ),
    "options of endpoints that there are not": (
        [("endpoints: [s3]", "endpoints: [s3]\n  endpointOptions: {s3: {privateDns: false}, s4: {}}")],
        [
            "Network/main: spec.endpointOptions.s3.privateDns: s3 is a gateway, which has none, remove it",
            "Network/main: spec.endpointOptions.s4: is no endpoint of this network, write s3",
        ],
    ),
    "more addresses than gateways": (
        [("nat: Single", "nat: Single\n  elasticIps: [eipalloc-01234567, eipalloc-01234567]")],
        [
            "Network/main: spec.elasticIps: has 2 addresses for 1 NAT gateway, write one for each",
            "Network/main: spec.elasticIps[1]: is named twice, a NAT gateway has an address of its own",
        ],
    ),
    "routes that cannot be": (
        [
            (
                "nat: Single",
                "nat: Single\n  routes: [{to: 10.0.3.0/24, via: tgw-01234567}, {to: 0.0.0.0/0, via: tgw-01234567}, "
                "{to: 10.1.0.1/16, via: eni-01234567}, {to: 10.0.0.0/16, via: eni-01234567}]",
            )
        ],
        [
            "Network/main: spec.routes[0].to: 10.0.3.0/24 is in the network itself, where only a network interface can "
            "take packets elsewhere, write a block outside of 10.0.0.0/16",
            "Network/main: spec.routes[1].to: 0.0.0.0/0 of the private subnets leads to NAT already, keep one",
            "Network/main: spec.routes[1].to: 0.0.0.0/0 of the public subnets leads to the internet gateway already, "
            "keep one",
            "Network/main: spec.routes[2].to: 10.1.0.1/16 has host bits set, write 10.1.0.0/16",
            "Network/main: spec.routes[3].to: 10.0.0.0/16 is the network itself, write a smaller block",
        ],
    ),
    "a network ACL of no tier": (
        [("  nat: Single", "  networkAcls: {privat: {}}\n  nat: Single")],
        ['Network/main: spec.networkAcls.privat: "privat" is no tier of subnets, did you mean "private"?'],
    ),
    "a network ACL of subnets that are not there": (
        [("public: {cidrs: [10.9.0.0/24]}}", "public: {cidrs: [10.9.0.0/24]}, networkAcls: {private: {}}}")],
        ["Network/other: spec.networkAcls.private: there are no private subnets, add spec.private"],
    ),
    "rules of a network ACL that EC2 refuses": (
        [
            (
                "  nat: Single",
                "  networkAcls:\n    public:\n      inbound:\n"
                "        - {ruleNumber: 1, action: Allow, protocol: all, ports: '80', cidr: 10.0.0.1/8}\n"
                "        - {ruleNumber: 1, action: Allow, icmp: {type: 8}, cidr: 10.0.0.0/8}\n"
                "        - {ruleNumber: 2, action: Allow, protocol: icmp, icmp: {code: 4}, cidr: 10.0.0.0/8}\n"
                "  nat: Single",
            )
        ],
        [
            f"{ACL}[0].ports: all has no ports, remove it, or write tcp or udp",
            f"{ACL}[0].cidr: 10.0.0.1/8 has host bits set, write 10.0.0.0/8",
            f"{ACL}[1].ruleNumber: is the number of another rule already, give each rule a number of its own",
            f"{ACL}[1].icmp: the protocol is tcp, remove it, or write protocol: icmp",
            f"{ACL}[2].icmp.code: a code means nothing without the type that it is of, write its type, or remove it",
        ],
    ),
}
