"""What is wrong between the objects of a stack: each case is a good stack with one thing changed."""

from pathlib import Path

import pytest

from reconciler.checks import check
from reconciler.load import load

SPECS = Path(__file__).parents[2] / "specs"

GOOD = """\
apiVersion: reconciler.dev/v1
kind: Stack
metadata: {name: shop}
spec:
  region: us-east-1
  tags: {team: storefront}
---
apiVersion: reconciler.dev/v1
kind: Network
metadata: {name: main}
spec:
  cidr: 10.0.0.0/16
  availabilityZones: [us-east-1a, us-east-1b]
  public: {cidrs: [10.0.0.0/24, 10.0.1.0/24]}
  private: {cidrs: [10.0.10.0/24, 10.0.11.0/24]}
  nat: Single
  endpoints: [s3]
---
apiVersion: reconciler.dev/v1
kind: Network
metadata: {name: other}
spec: {cidr: 10.9.0.0/16, availabilityZones: [us-east-1a], public: {cidrs: [10.9.0.0/24]}}
---
apiVersion: reconciler.dev/v1
kind: Cluster
metadata: {name: main}
spec: {}
---
apiVersion: reconciler.dev/v1
kind: LoadBalancer
metadata: {name: front}
spec:
  network: main
  type: Application
  scheme: InternetFacing
  allowFrom: [internet]
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: reconciler.dev/v1
kind: LoadBalancer
metadata: {name: wire}
spec:
  network: main
  type: Network
  scheme: Internal
  allowFrom: [task/web]
  listeners: [{name: tcp, port: 9000, protocol: TCP}]
---
apiVersion: reconciler.dev/v1
kind: Task
metadata: {name: web}
spec:
  cluster: main
  network: main
  placement: Private
  cpu: 512
  memory: 1024
  containers:
    - name: app
      image: public.ecr.aws/nginx/nginx:1.27
      ports: [{name: http, containerPort: 80}, {name: stats, containerPort: 8125, protocol: udp}]
      env: {PEER: "http://${loadBalancer/wire.dnsName}/"}
      dependsOn: [{container: side, condition: Start}]
    - name: side
      image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/side:1
      ports: [{name: side, containerPort: 9000}]
      essential: false
  loopback: [{from: app, to: side, port: 9000}]
  allowFrom: [loadBalancer/wire]
---
apiVersion: reconciler.dev/v1
kind: Task
metadata: {name: away}
spec:
  {cluster: main, network: other, placement: Public, containers: [
    {name: app, image: nginx, ports: [{name: http, containerPort: 80}]}]}
---
apiVersion: reconciler.dev/v1
kind: Route
metadata: {name: front}
spec:
  loadBalancer: front
  listener: http
  rules:
    - name: api
      match: {paths: ["/api/*"]}
      forward: [{task: web, port: http}]
    - name: admin
      match: {hosts: ["admin.example.com"]}
      fixedResponse: {statusCode: 403}
  default: {forward: [{task: web, port: http}]}
---
apiVersion: reconciler.dev/v1
kind: Route
metadata: {name: wire}
spec: {loadBalancer: wire, listener: tcp, default: {forward: [{task: web, port: side}]}}
---
apiVersion: reconciler.dev/v1
kind: Flow
metadata: {name: in}
spec: {from: internet, to: task/web, port: http, path: /api/x, via: [loadBalancer/front]}
"""


def changed(*edits: tuple[str, str]) -> str:
    """The good stack with texts replaced, each of which occurs."""
    text = GOOD
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def problems(text: str) -> list[str]:
    """What the checks say, without the place."""
    bundle = load({"f": text.encode()})
    assert bundle.problems == (), "the case is about the checks, the loader must be content"
    (stack,) = bundle.stacks.values()
    return [problem.text.split(": ", 1)[1] for problem in check(stack)]


PRIVATE = "  private: {cidrs: [10.0.10.0/24, 10.0.11.0/24]}\n"
PUBLIC = "  public: {cidrs: [10.0.0.0/24, 10.0.1.0/24]}\n"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
ACL = "Network/main: spec.networkAcls.public.inbound"
APP = "Task/web: spec.containers[0]"
RULE = "Route/front: spec.rules[0]"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d"
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/platform/50dc6c495c0c9188/0467ef3c"
MATCH = 'match: {paths: ["/api/*"]}'
ENV = 'env: {PEER: "http://${loadBalancer/wire.dnsName}/"}'
ONE_OF_TWO_NETWORKS = "write one of main, other"

CASES: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "a cluster that is not there": (
        [("cluster: main", "cluster: mian")],
        ['Task/web: spec.cluster: there is no Cluster "mian", did you mean "main"?'],
    ),
    "a network that is not there": (
        [("  network: main\n  type: Network", "  network: zzz\n  type: Network")],
        [f'LoadBalancer/wire: spec.network: there is no Network "zzz", {ONE_OF_TWO_NETWORKS}'],
    ),
    "a load balancer that is not there": (
        [("loadBalancer: front", "loadBalancer: fronts")],
        ['Route/front: spec.loadBalancer: there is no LoadBalancer "fronts", did you mean "front"?'],
    ),
    "a listener that is not there": (
        [("listener: http", "listener: https")],
        ['Route/front: spec.listener: LoadBalancer/front has no listener "https", did you mean "http"?'],
    ),
    "a task that is not there": (
        [("forward: [{task: web, port: http}]", "forward: [{task: wbe, port: http}]")],
        [f'{RULE}.forward[0].task: there is no Task "wbe", did you mean "web"?'],
    ),
    "a port that is not there": (
        [("forward: [{task: web, port: http}]", "forward: [{task: web, port: htpp}]")],
        [f'{RULE}.forward[0].port: Task/web has no port "htpp", did you mean "http"?'],
    ),
    "a peer that is not there": (
        [("allowFrom: [task/web]", "allowFrom: [task/wed]")],
        ['LoadBalancer/wire: spec.allowFrom[0]: there is no Task "wed", did you mean "web"?'],
    ),
    "a load balancer as a peer that is not there": (
        [("allowFrom: [loadBalancer/wire]", "allowFrom: [internet, loadBalancer/wires]")],
        ['Task/web: spec.allowFrom[1]: there is no LoadBalancer "wires", did you mean "wire"?'],
    ),
    "a peer in another network": (
        [("allowFrom: [loadBalancer/wire]", "allowFrom: [task/away]")],
        [
            "Task/web: spec.allowFrom[0]: Task/away lives in Network/other, not in Network/main, "
            "name what lives in the same network, or an IPv4 block"
        ],
    ),
    "a load balancer of another network as a peer": (
        [
            ("network: main\n  type: Network", "network: other\n  type: Network"),
            ("allowFrom: [task/web]", "allowFrom: []"),
            ("forward: [{task: web, port: side}]", "forward: [{task: away, port: http}]"),
        ],
        [
            "Task/web: spec.allowFrom[0]: LoadBalancer/wire lives in Network/other, not in Network/main, "
            "name what lives in the same network, or an IPv4 block"
        ],
    ),
    "a peer's block with host bits": (
        [("allowFrom: [internet]", "allowFrom: [10.1.2.3/16]")],
        ["LoadBalancer/front: spec.allowFrom[0]: 10.1.2.3/16 has host bits set, write 10.1.0.0/16"],
    ),
    "a task's block with host bits": (
        [("allowFrom: [loadBalancer/wire]", "allowFrom: [10.1.2.3/16]")],
        ["Task/web: spec.allowFrom[0]: 10.1.2.3/16 has host bits set, write 10.1.0.0/16"],
    ),
    "a flow to nowhere": (
        [("to: task/web", "to: task/wbe")],
        ['Flow/in: spec.to: there is no Task "wbe", did you mean "web"?'],
    ),
    "a flow by way of nothing": (
        [("via: [loadBalancer/front]", "via: [loadBalancer/fornt]")],
        ['Flow/in: spec.via[0]: there is no LoadBalancer "fornt", did you mean "front"?'],
    ),
    "a flow to a port that is not there": (
        [("to: task/web, port: http", "to: task/web, port: https")],
        ['Flow/in: spec.port: task/web has no port "https", did you mean "http"?'],
    ),
    "a flow to a listener that is not there": (
        [("to: task/web, port: http", "to: loadBalancer/front, port: htp")],
        ['Flow/in: spec.port: loadBalancer/front has no port "htp", did you mean "http"?'],
    ),
    "a flow to a named port of the internet": (
        [("from: internet, to: task/web", "from: task/web, to: internet")],
        ["Flow/in: spec.port: internet has no named ports, write a number"],
    ),
    "a flow by way of the internet": (
        [("via: [loadBalancer/front]", "via: [internet]")],
        ["Flow/in: spec.via[0]: internet is nothing that traffic passes through, write loadBalancer/NAME or task/NAME"],
    ),
    "a flow by way of what it must avoid": (
        [("via: [loadBalancer/front]", "via: [loadBalancer/front], notVia: [loadBalancer/front]")],
        ["Flow/in: spec.notVia[0]: loadBalancer/front is in spec.via too, keep one"],
    ),
    "a path over udp": (
        [("path: /api/x", "path: /api/x, protocol: udp")],
        ["Flow/in: spec.path: belongs to HTTP, which does not use udp, remove it or write tcp"],
    ),
    "a flow's block with host bits": (
        [("from: internet", "from: 10.1.1.1/8")],
        ["Flow/in: spec.from: 10.1.1.1/8 has host bits set, write 10.0.0.0/8"],
    ),
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
    "a zone twice": (
        [("us-east-1b]", "us-east-1a]")],
        [
            "LoadBalancer/front: spec.network: Network/main has one zone, a load balancer of type Application "
            "needs two, add a zone with its subnets, or write type: Network",
            "Network/main: spec.availabilityZones[1]: is named twice, name each zone once",
        ],
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
    "an existing load balancer with what would change it": (
        [
            (
                "metadata: {name: front}\nspec:\n",
                "metadata: {name: front}\nspec:\n  existing: {arn: " + LISTENER + "}\n",
            ),
        ],
        [
            "LoadBalancer/front: spec.allowFrom: is of no use with an existing load balancer, "
            "of which only the rules are ours, remove it, or remove spec.existing",
            "LoadBalancer/front: spec.scheme: is of no use with an existing load balancer, "
            "of which only the rules are ours, remove it, or remove spec.existing",
            "Route/front: spec.default: LoadBalancer/front is there already, "
            "and what its listeners do by default is not ours, write rules only",
        ],
    ),
    "an existing load balancer that is to be taken over": (
        [
            (
                "metadata: {name: front}\nspec:\n",
                f"metadata: {{name: front, annotations: {{reconciler.dev/adopt: '{LISTENER}'}}}}\n"
                "spec:\n  existing: {arn: " + LISTENER + "}\n",
            ),
            ("  scheme: InternetFacing\n", ""),
            ("  allowFrom: [internet]\n", ""),
        ],
        [
            'LoadBalancer/front: metadata.annotations["reconciler.dev/adopt"]: is not for an existing load balancer, '
            "which is only referred to, remove it, or remove spec.existing",
            "Route/front: spec.default: LoadBalancer/front is there already, "
            "and what its listeners do by default is not ours, write rules only",
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
    "an interface endpoint without a subnet": (
        [(PUBLIC, ""), (PRIVATE, ""), ("nat: Single", "nat: None"), ("endpoints: [s3]", "endpoints: [s3, logs]")],
        [
            "LoadBalancer/front: spec.scheme: Network/main has no public subnets, "
            "add spec.public to Network/main, or write Internal",
            "LoadBalancer/wire: spec.network: Network/main has no subnets, add spec.public to Network/main",
            "Network/main: spec.endpoints[1]: logs is an interface endpoint, but there are no subnets for it, "
            "add spec.private or spec.public",
            "Task/web: spec.placement: Network/main has no private subnets, add spec.private to it, or write Public",
        ],
    ),
    "an ALB in one zone": (
        [
            ("network: main\n  type: Application", "network: other\n  type: Application"),
            ("forward: [{task: web, port: http}]", "forward: [{task: away, port: http}]"),
            ("default: {forward: [{task: web, port: http}]}", "default: {forward: [{task: away, port: http}]}"),
        ],
        [
            "LoadBalancer/front: spec.network: Network/other has one zone, a load balancer of type Application "
            "needs two, add a zone with its subnets, or write type: Network"
        ],
    ),
    "an ALB in a subnet that is too small": (
        [("10.0.1.0/24", "10.0.1.0/28")],
        [
            "LoadBalancer/front: spec.network: its subnet 10.0.1.0/28 is too small for a load balancer of type "
            "Application, make it 10.0.1.0/27 or larger"
        ],
    ),
    "an internet-facing load balancer without public subnets": (
        [
            ("network: main\n  type: Application", "network: other\n  type: Application"),
            (
                "public: {cidrs: [10.9.0.0/24]}",
                "private: {cidrs: [10.9.0.0/24]}, endpoints: [ecr.api, ecr.dkr, s3, logs]",
            ),
            ("placement: Public", "placement: Private"),
            ("image: nginx,", "image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1,"),
            ("forward: [{task: web, port: http}]", "forward: [{task: away, port: http}]"),
            ("default: {forward: [{task: web, port: http}]}", "default: {forward: [{task: away, port: http}]}"),
        ],
        [
            "LoadBalancer/front: spec.scheme: Network/other has no public subnets, "
            "add spec.public to Network/other, or write Internal"
        ],
    ),
    "a listener's name twice": (
        [
            (
                "[{name: http, port: 80, protocol: HTTP}]",
                "[{name: http, port: 80, protocol: HTTP}, {name: http, port: 81, protocol: HTTP}]",
            )
        ],
        ["LoadBalancer/front: spec.listeners[1].name: is the name of two listeners, rename one"],
    ),
    "a listener's port twice": (
        [
            (
                "[{name: http, port: 80, protocol: HTTP}]",
                "[{name: http, port: 80, protocol: HTTP}, {name: more, port: 80, protocol: HTTP}]",
            )
        ],
        ["LoadBalancer/front: spec.listeners[1].port: is the port of listener http already, choose another port"],
    ),
    "HTTPS without a certificate": (
        [("protocol: HTTP}", "protocol: HTTPS}")],
        ["LoadBalancer/front: spec.listeners[0]: HTTPS needs a certificate, add certificates"],
    ),
    "certificates without TLS": (
        [("protocol: HTTP}", f"protocol: HTTP, certificates: [{CERTIFICATE}], sslPolicy: ELBSecurityPolicy-2016-08}}")],
        [
            "LoadBalancer/front: spec.listeners[0].certificates: HTTP takes no certificates, "
            "remove it, or listen with HTTPS or TLS",
            "LoadBalancer/front: spec.listeners[0].sslPolicy: HTTP takes no sslPolicy, "
            "remove it, or listen with HTTPS or TLS",
        ],
    ),
    "a certificate twice": (
        [("protocol: HTTP}", f"protocol: HTTPS, certificates: [{CERTIFICATE}, {CERTIFICATE}]}}")],
        ["LoadBalancer/front: spec.listeners[0].certificates[1]: is written twice, keep one"],
    ),
    "a redirect to a listener that is not there": (
        [("protocol: HTTP}", "protocol: HTTP, redirectTo: https}"), ("\n  default: {forward", "\n  # {forward")],
        [
            'LoadBalancer/front: spec.listeners[0].redirectTo: LoadBalancer/front has no HTTPS listener "https", '
            "add a listener with HTTPS"
        ],
    ),
    "two defaults of a listener": (
        [
            (
                "protocol: HTTP}]",
                "protocol: HTTP, redirectTo: s}, {name: s, port: 443, protocol: HTTPS, "
                f"certificates: [{CERTIFICATE}]}}]",
            )
        ],
        ["Route/front: spec.default: listener http of front redirects to s by default, keep one"],
    ),
    "a redirect from HTTPS to HTTP": (
        [
            ("protocol: HTTP}", f"protocol: HTTPS, certificates: [{CERTIFICATE}]}}"),
            ("fixedResponse: {statusCode: 403}", "redirect: {protocol: HTTP}"),
        ],
        ["Route/front: spec.rules[1].redirect.protocol: a listener with HTTPS redirects to HTTPS only, write HTTPS"],
    ),
    "gRPC without TLS": (
        [("containerPort: 80}", "containerPort: 80, targetGroup: {protocolVersion: GRPC}}")],
        [
            f"Route/front: spec.{place}.forward[0].port: port http of Task/web speaks GRPC, "
            "which needs a listener with HTTPS, name a listener with HTTPS"
            for place in ("default", "rules[0]")
        ],
    ),
    "options of target groups that AWS has not": (
        [
            (
                "containerPort: 80}",
                "containerPort: 80, healthCheck: {interval: 5s, codes: 200-500}, "
                "targetGroup: {slowStart: 20s, algorithm: WeightedRandom, deregistrationDelay: 2h, "
                "stickiness: {duration: 169h, cookie: AWSALB}}}",
            )
        ],
        [
            f"{APP}.ports[0].healthCheck.codes: 200-500 is no answer that AWS takes, write codes from 200 to 499",
            f"{APP}.ports[0].healthCheck.timeout: the 5s that AWS takes is not less than the interval 5s, write less",
            f"{APP}.ports[0].targetGroup.deregistrationDelay: 2h is no time that AWS takes, write 0s to 3600s",
            f"{APP}.ports[0].targetGroup.slowStart: 20s is no time that AWS takes, write 30s to 900s",
            f"{APP}.ports[0].targetGroup.slowStart: WeightedRandom has none, remove one of them",
            f"{APP}.ports[0].targetGroup.stickiness.cookie: AWSALB is how the load balancer's own begin, "
            "write another name",
            f"{APP}.ports[0].targetGroup.stickiness.duration: 169h is no time that AWS takes, write 1s to 604800s",
        ],
    ),
    "a check that only opens a connection, of HTTP": (
        [("containerPort: 80}", "containerPort: 80, healthCheck: {protocol: TCP, path: /}}")],
        [
            *(
                f"Route/front: spec.{place}.forward[0].port: the health check of port http of Task/web is TCP, which "
                "type Application does not make, write HTTP there, or name another port"
                for place in ("default", "rules[0]")
            ),
            f"{APP}.ports[0].healthCheck.path: a check with TCP only opens a connection, remove it",
        ],
    ),
    "options of a target group that a Network load balancer has not": (
        [
            (
                "containerPort: 9000}",
                "containerPort: 9000, targetGroup: {slowStart: 30s, stickiness: {duration: 1h}}}",
            )
        ],
        [
            "Route/wire: spec.default.forward[0].port: port side of Task/web has slowStart, which type Network "
            "has not, remove it, or name another port",
            "Route/wire: spec.default.forward[0].port: port side of Task/web has stickiness with settings, "
            "which type Network has not, write stickiness: {}",
        ],
    ),
    "attributes that a load balancer has not": (
        [
            (
                "type: Application\n",
                "type: Application\n  idleTimeout: 4001s\n  crossZone: true\n  attributes: "
                "{idle_timeout.timeout_seconds: '5', dns_record.client_routing_policy: any_availability_zone}\n",
            ),
            ("type: Network\n", "type: Network\n  idleTimeout: 5s\n"),
        ],
        [
            'LoadBalancer/front: spec.attributes["dns_record.client_routing_policy"]: '
            "type Application has no such attribute, remove it",
            'LoadBalancer/front: spec.attributes["idle_timeout.timeout_seconds"]: has an option of its own, '
            "write idleTimeout",
            "LoadBalancer/front: spec.crossZone: type Application always does, remove it",
            "LoadBalancer/front: spec.idleTimeout: 4001s is no time that AWS takes, write 1s to 4000s",
            "LoadBalancer/wire: spec.idleTimeout: type Network has none, remove it",
        ],
    ),
    "HTTP on a Network load balancer": (
        [("protocol: TCP", "protocol: HTTP")],
        [
            "LoadBalancer/wire: spec.listeners[0].protocol: HTTP is not for a load balancer of type Network, "
            "write TCP, TLS, UDP or TCP_UDP"
        ],
    ),
    "a listener of a Network load balancer with nothing behind it": (
        [
            (
                "loadBalancer: wire, listener: tcp, default: {forward: [{task: web, port: side}]}",
                "loadBalancer: front, listener: http, order: 1, rules: [{name: x, match: {paths: [/x]}, "
                "fixedResponse: {statusCode: 200}}]",
            )
        ],
        [
            "LoadBalancer/wire: spec.listeners[0]: nothing is behind listener tcp, "
            "add a Route with spec.default.forward to it"
        ],
    ),
    "cpu that Fargate does not have": (
        [("cpu: 512", "cpu: 600")],
        [
            "Task/web: spec.cpu: Fargate has no 600 CPU units, "
            "write 512 (there are 256, 512, 1024, 2048, 4096, 8192, 16384)"
        ],
    ),
    "memory that this cpu does not have": (
        [("memory: 1024", "memory: 1500")],
        [
            "Task/web: spec.memory: Fargate has no 1500 MiB with cpu 512, "
            "write 1024 (there are 1024 to 4096 in steps of 1024)"
        ],
    ),
    "memory between two steps is rounded to the nearer": (
        [("memory: 1024", "memory: 1800")],
        [
            "Task/web: spec.memory: Fargate has no 1800 MiB with cpu 512, "
            "write 2048 (there are 1024 to 4096 in steps of 1024)"
        ],
    ),
    "memory of the least cpu": (
        [("cpu: 512", "cpu: 256"), ("memory: 1024", "memory: 4096")],
        ["Task/web: spec.memory: Fargate has no 4096 MiB with cpu 256, write 2048 (there are 512, 1024, 2048)"],
    ),
    "two containers of one name": (
        [
            ("name: side\n", "name: app\n"),
            ("to: side", "to: app"),
            ("dependsOn: [{container: side, condition: Start}]", "env: {}"),
            (ENV, "command: [a]"),
        ],
        ["Task/web: spec.containers[1].name: is the name of two containers, rename one"],
    ),
    "two containers on one port": (
        [("containerPort: 9000", "containerPort: 80"), ("port: 9000}]\n  allow", "port: 80}]\n  allow")],
        [
            "Task/web: spec.containers[1].ports[0].containerPort: container app opens the port already, "
            "choose another: the containers of a task share one network interface"
        ],
    ),
    "two ports of one name": (
        [
            ("{name: side, containerPort", "{name: http, containerPort"),
            ("{task: web, port: side}", "{task: web, port: http}"),
        ],
        ["Task/web: spec.containers[1].ports[0].name: is the name of a port of container app already, rename one"],
    ),
    "no essential container": (
        [("      dependsOn", "      essential: false\n      dependsOn")],
        ["Task/web: spec.containers: has no essential container, leave out essential: false on one of them"],
    ),
    "an environment variable that is none": (
        [(ENV, 'env: {"A=B": x}')],
        [f"{APP}.env[\"A=B\"]: is no name of an environment variable, write one without '='"],
    ),
    "a secret that is a variable too": (
        [(ENV, f"{ENV}\n      secrets: {{PEER: {SECRET}}}")],
        [f"{APP}.secrets.PEER: is a variable in env already, keep one of them"],
    ),
    "a secret under a name that is none": (
        [(ENV, f'{ENV}\n      secrets: {{"A=B": {SECRET}}}')],
        [f"{APP}.secrets[\"A=B\"]: is no name of an environment variable, write one without '='"],
    ),
    "a check that does not say how": (
        [(ENV, f"{ENV}\n      healthCheck: {{command: [curl, -f, localhost]}}")],
        [
            f"{APP}.healthCheck.command[0]: curl is not how a check's command begins, begin with CMD and the program, "
            "or with CMD-SHELL and one line for the shell"
        ],
    ),
    "a line for the shell in pieces": (
        [(ENV, f"{ENV}\n      healthCheck: {{command: [CMD-SHELL, curl, localhost]}}")],
        [
            f"{APP}.healthCheck.command: has 2 entries after CMD-SHELL, which takes one, "
            "write the whole line as one entry, or begin with CMD"
        ],
    ),
    "checks at times that ECS does not know": (
        [(ENV, f"{ENV}\n      healthCheck: {{command: [CMD, t], interval: 4s, timeout: 61s, startPeriod: 6m}}")],
        [
            f"{APP}.healthCheck.interval: 4s is too short, write 5s to 300s",
            f"{APP}.healthCheck.timeout: 61s is too long, write 2s to 60s",
            f"{APP}.healthCheck.startPeriod: 6m is too long, write 0s to 300s",
        ],
    ),
    "a time to stop that Fargate does not give": (
        [(ENV, f"{ENV}\n      stopTimeout: 3m")],
        [f"{APP}.stopTimeout: 3m is too long, write 2s to 120s"],
    ),
    "a limit that Fargate does not let be set": (
        [(ENV, f"{ENV}\n      ulimits: {{nproc: {{soft: 1, hard: 2}}, nofile: {{soft: 9, hard: 8}}}}")],
        [
            f"{APP}.ulimits.nproc: nproc is no limit that Fargate lets be set, write nofile",
            f"{APP}.ulimits.nofile.soft: 9 is above hard (8), write 8",
        ],
    ),
    "a deployment that could move nothing": (
        [("  cpu: 512\n", "  cpu: 512\n  deployment: {maximumPercent: 150}\n")],
        [
            "Task/web: spec.deployment: with 1 replica no task may be stopped and none started meanwhile, "
            "raise maximumPercent or lower minimumHealthyPercent"
        ],
    ),
    "autoscaling that goes nowhere": (
        [("  cpu: 512\n", "  cpu: 512\n  autoscaling: {min: 3, max: 2, scaleInCooldown: 25h}\n")],
        [
            "Task/web: spec.autoscaling.min: 3 is above max (2), write less",
            "Task/web: spec.autoscaling: does not say by what, add cpu, memory or requestsPerTarget",
            "Task/web: spec.autoscaling.scaleInCooldown: 25h is too long, write at most 86400s",
        ],
    ),
    "grace for checks that nobody makes": (
        [("{cluster: main, network: other,", "{healthCheckGracePeriod: 1m, cluster: main, network: other,")],
        [
            "Task/away: spec.healthCheckGracePeriod: no Route forwards to the task, so nothing checks it, "
            "remove it, or add a Route"
        ],
    ),
    "grace for longer than there are numbers": (
        [("  cpu: 512\n", "  cpu: 512\n  healthCheckGracePeriod: 596524h\n")],
        ["Task/web: spec.healthCheckGracePeriod: 596524h is too long, write at most 2147483647s"],
    ),
    "a peer of one port in another network": (
        [
            (
                "{name: http, containerPort: 80}, {name: stats",
                "{name: http, containerPort: 80, allowFrom: [task/away]}, {name: stats",
            )
        ],
        [
            f"{APP}.ports[0].allowFrom[0]: Task/away lives in Network/other, not in Network/main, "
            "name what lives in the same network, or an IPv4 block"
        ],
    ),
    "a way out to another network": (
        [
            (
                "  allowFrom: [loadBalancer/wire]",
                "  allowFrom: [loadBalancer/wire]\n  egress: [{to: task/away}, {to: 10.0.0.1/8}]",
            )
        ],
        [
            "Task/web: spec.egress[0].to: Task/away lives in Network/other, not in Network/main, "
            "name what lives in the same network, or an IPv4 block",
            "Task/web: spec.egress[1].to: 10.0.0.1/8 has host bits set, write 10.0.0.0/8",
        ],
    ),
    "a loopback to a port that nobody opens": (
        [("to: side, port: 9000", "to: side, port: 9001")],
        ["Task/web: spec.loopback[0].port: container side does not open 9001, it opens 9000"],
    ),
    "a loopback to a port of another container": (
        [("to: side, port: 9000", "to: side, port: 80")],
        ["Task/web: spec.loopback[0].port: container side does not open 80, it opens 9000"],
    ),
    "a loopback from and to nobody": (
        [("from: app, to: side", "from: apq, to: sidr")],
        [
            'Task/web: spec.loopback[0].from: there is no container "apq", did you mean "app"?',
            'Task/web: spec.loopback[0].to: there is no container "sidr", did you mean "side"?',
        ],
    ),
    "a dependency on nobody": (
        [("container: side, c", "container: sied, c")],
        [f'{APP}.dependsOn[0].container: there is no container "sied", did you mean "side"?'],
    ),
    "a dependency on itself": (
        [("container: side, c", "container: app, c")],
        [f"{APP}.dependsOn[0].container: containers wait for each other: app -> app, remove one of these"],
    ),
    "containers that wait for each other": (
        [("essential: false", "essential: false\n      dependsOn: [{container: app, condition: Start}]")],
        [f"{APP}.dependsOn[0].container: containers wait for each other: app -> side -> app, remove one of these"],
    ),
    "waiting for the end of an essential container": (
        [("condition: Start", "condition: Success"), ("essential: false", "essential: true")],
        [
            f"{APP}.dependsOn[0].condition: waits for the end of side, and the task ends with it, "
            "write essential: false on side, or condition: Start"
        ],
    ),
    "waiting for health that nobody checks": (
        [("condition: Start", "condition: Healthy")],
        [
            f"{APP}.dependsOn[0].condition: container side has no health check of its own "
            "(a port's is the load balancer's), add healthCheck to container side, or write condition: Start"
        ],
    ),
    "a Public task without public subnets": (
        [("public: {cidrs: [10.9.0.0/24]}", "private: {cidrs: [10.9.0.0/24]}")],
        ["Task/away: spec.placement: Network/other has no public subnets, add spec.public to it, or write Private"],
    ),
    "a Private task without private subnets": (
        [("network: other, placement: Public", "network: other, placement: Private")],
        ["Task/away: spec.placement: Network/other has no private subnets, add spec.private to it, or write Public"],
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
    "a route to a task of another network": (
        [("forward: [{task: web, port: http}]", "forward: [{task: away, port: http}]")],
        [
            f"{RULE}.forward[0].task: Task/away lives in Network/other, LoadBalancer/front in Network/main, "
            "name a task in Network/main"
        ],
    ),
    "a route to a udp port": (
        [("forward: [{task: web, port: http}]", "forward: [{task: web, port: stats}]")],
        [f"{RULE}.forward[0].port: port stats of Task/web is udp, the listener takes tcp, name a tcp port"],
    ),
    "a listener for datagrams before a tcp port": (
        [("port: 9000, protocol: TCP}", "port: 9000, protocol: UDP}")],
        [
            "Route/wire: spec.default.forward[0].port: port side of Task/web is tcp, the listener takes udp, "
            "name a udp port"
        ],
    ),
    "a listener for both before a port for one": (
        [("port: 9000, protocol: TCP}", "port: 9000, protocol: TCP_UDP}")],
        [
            "Route/wire: spec.default.forward[0].port: the listener takes tcp and udp, "
            "Task/web opens 9000 for tcp alone, open the port for udp too"
        ],
    ),
    "a udp port whose health nobody can ask for": (
        [
            ("port: 9000, protocol: TCP}", "port: 9000, protocol: UDP}"),
            ("forward: [{task: web, port: side}]", "forward: [{task: web, port: stats}]"),
        ],
        [
            "Route/wire: spec.default.forward[0].port: port stats of Task/web takes no TCP, "
            "by which health is checked, write healthCheck there, with protocol: TCP and a port that does"
        ],
    ),
    "a rule that does two things": (
        [
            (
                "forward: [{task: web, port: http}]\n    - name: admin",
                "forward: [{task: web, port: http}]\n      fixedResponse: {statusCode: 200}\n    - name: admin",
            )
        ],
        [f"{RULE}: has both forward and fixedResponse, keep one"],
    ),
    "a rule that does nothing": (
        [("\n      fixedResponse: {statusCode: 403}", "")],
        ["Route/front: spec.rules[1]: has no forward, redirect or fixedResponse, write one of them"],
    ),
    "a Route that does nothing": (
        [
            (
                "spec: {loadBalancer: wire, listener: tcp, default: {forward: [{task: web, port: side}]}}",
                "spec: {loadBalancer: front, listener: http}",
            ),
            ("type: Network\n  scheme: Internal", "type: Application\n  scheme: Internal"),
            ("protocol: TCP", "protocol: HTTP"),
        ],
        ["Route/wire: spec: has neither rules nor default, add spec.default"],
    ),
    "a redirect as a fixed response": (
        [("statusCode: 403", "statusCode: 301")],
        ["Route/front: spec.rules[1].fixedResponse.statusCode: 301 cannot be a fixed response, write redirect"],
    ),
    "one target twice": (
        [
            (
                "forward: [{task: web, port: http}]",
                "forward: [{task: web, port: http}, {task: web, port: http, weight: 2}]",
            )
        ],
        [f"{RULE}.forward[1]: forwards to the same port twice, add the weights up in one entry"],
    ),
    "no weight at all": (
        [("forward: [{task: web, port: http}]", "forward: [{task: web, port: http, weight: 0}]")],
        [
            f"{RULE}.forward: has no target with a weight above 0, so every request is answered with 503, "
            "give one a weight"
        ],
    ),
    "a rule that matches nothing": (
        [(MATCH, "match: {}")],
        [
            f"{RULE}.match: matches nothing, add paths, hosts, methods, headers, query or sourceIps, "
            "or move the action to spec.default"
        ],
    ),
    "six patterns in one rule": (
        [(MATCH, "match: {paths: [/a, /b, /c, /d], hosts: [a.b, c.d]}")],
        [f"{RULE}.match: has 6 values, write at most 5 and put the rest in another rule"],
    ),
    "six wildcards in one rule": (
        [(MATCH, 'match: {paths: ["/*/*/*", "/?/?/?"]}')],
        [f"{RULE}.match: has 6 wildcards, write at most 5 and put the rest in another rule"],
    ),
    "one pattern twice": (
        [(MATCH, "match: {paths: [/a, /a]}")],
        [f"{RULE}.match.paths[1]: is written twice, keep one"],
    ),
    "conditions that AWS has not": (
        [
            (
                MATCH,
                "match: {methods: [GET], headers: {'X Y': [a], Host: [b], X-A: [], x-a: [c]}, query: {'a=b': [c]}}",
            )
        ],
        [
            f'{RULE}.match.headers["X Y"]: "X Y" is no name of a header, '
            "write at most 40 letters, digits and ! # $ % & ' * + . ^ _ ` | ~ -",
            f"{RULE}.match.headers.Host: the header Host has a condition of its own, write hosts",
            f"{RULE}.match.headers.X-A: has no values, write what the value may be, or * for any",
            f"{RULE}.match.headers.x-a: is written twice, in another case, put the values together",
            f'{RULE}.match.query["a=b"]: "a=b" is no key of a query, '
            "write 1 to 128 characters of ASCII without spaces and =",
        ],
    ),
    "source addresses that AWS has not": (
        [(MATCH, "match: {sourceIps: [10.0.0.1/8, 255.255.255.255/32]}")],
        [
            f"{RULE}.match.sourceIps[0]: 10.0.0.1/8 has host bits set, write 10.0.0.0/8",
            f"{RULE}.match.sourceIps[1]: nobody connects from 255.255.255.255, remove it",
        ],
    ),
    "a redirect that leads nowhere else": (
        [("fixedResponse: {statusCode: 403}", 'redirect: {path: "/#{path}", query: a=b}')],
        [
            "Route/front: spec.rules[1].redirect: leads to where the request came to, "
            "write another protocol, host, port or path"
        ],
    ),
    "a stickiness that AWS has not": (
        [("fixedResponse: {statusCode: 403}", "fixedResponse: {statusCode: 403}\n      stickiness: 169h")],
        [
            "Route/front: spec.rules[1].stickiness: 169h is no time that AWS takes, write 1s to 168h",
            "Route/front: spec.rules[1].stickiness: nothing is forwarded, remove it, or write forward",
        ],
    ),
    "a path without a slash": (
        [(MATCH, "match: {paths: [api]}")],
        [f'{RULE}.match.paths[0]: "api" fits no path, write "/api"'],
    ),
    "a path with a space": (
        [(MATCH, 'match: {paths: ["/a b"]}')],
        [
            f'{RULE}.match.paths[0]: "/a b" is no pattern of a path, '
            "write at most 128 letters, digits and _ - . $ / ~ \" ' @ : + & * ?"
        ],
    ),
    "a path that is too long": (
        [(MATCH, f"match: {{paths: [/{'a' * 128}]}}")],
        [
            f'{RULE}.match.paths[0]: "/{"a" * 74}..." is no pattern of a path, '
            "write at most 128 letters, digits and _ - . $ / ~ \" ' @ : + & * ?"
        ],
    ),
    "a host without a dot": (
        [("admin.example.com", "localhost")],
        [
            'Route/front: spec.rules[1].match.hosts[0]: "localhost" is no pattern of a host, '
            "write at most 128 letters, digits and - . * ?, with a dot, such as *.example.com"
        ],
    ),
    "a rule's name twice": (
        [("name: admin", "name: api")],
        [
            "Route/front: spec.rules[1].name: is the name of a rule of Route/front on listener http of front already, "
            "rename one"
        ],
    ),
    "two defaults on one listener": (
        [
            ("loadBalancer: wire, listener: tcp", "loadBalancer: front, listener: http"),
            ("type: Network\n  scheme: Internal", "type: Application\n  scheme: Internal"),
            ("protocol: TCP", "protocol: HTTP"),
        ],
        ["Route/wire: spec.default: Route/front has the default of listener http of front already, keep one"],
    ),
    "rules on a Network load balancer": (
        [
            (
                "listener: tcp, default",
                "listener: tcp, rules: [{name: x, match: {paths: [/]}, forward: [{task: web, port: side}]}], default",
            )
        ],
        ["Route/wire: spec.rules: LoadBalancer/wire is of type Network, which has no rules, write spec.default only"],
    ),
    "a fixed response of a Network load balancer": (
        [("default: {forward: [{task: web, port: side}]}", "default: {fixedResponse: {statusCode: 200}}")],
        [
            "Route/wire: spec.default.fixedResponse: a load balancer of type Network gives no answers of its own, "
            "write forward"
        ],
    ),
    "two tasks behind a Network load balancer": (
        [("forward: [{task: web, port: side}]", "forward: [{task: web, port: side}, {task: web, port: http}]")],
        ["Route/wire: spec.default.forward: a load balancer of type Network forwards to one task, keep one"],
    ),
    "a reserved tag": (
        [("team: storefront", "AWS:team: storefront")],
        ['Stack/shop: spec.tags["AWS:team"]: begins with "AWS:", which is reserved, choose another key'],
    ),
    "a tag of ours": (
        [("team: storefront", "reconciler.dev/stack: storefront")],
        [
            'Stack/shop: spec.tags["reconciler.dev/stack"]: begins with "reconciler.dev/", which is reserved, '
            "choose another key"
        ],
    ),
    "a tag's key that is too long": (
        [("team: storefront", f"{'k' * 129}: x")],
        [f'Stack/shop: spec.tags["{"k" * 75}..."]: is a key of 129 characters, write 1 to 128'],
    ),
    "a tag's value that is too long": (
        [("team: storefront", f"team: {'v' * 257}")],
        ["Stack/shop: spec.tags.team: has 257 characters, write at most 256"],
    ),
    "a tag with characters that AWS refuses": (
        [("team: storefront", "team: store#front")],
        [
            'Stack/shop: spec.tags.team: "store#front" has characters that AWS refuses in tags, '
            "write letters, digits, spaces and _ . : / = + - @"
        ],
    ),
    "a role of another account": (
        [
            (
                "region: us-east-1\n",
                'region: us-east-1\n  account: "111111111111"\n'
                '  assumeRole: {arn: "arn:aws:iam::222222222222:role/r"}\n',
            )
        ],
        [
            "Stack/shop: spec.assumeRole.arn: is a role of account 222222222222, "
            "name one of account 111111111111, which spec.account asks for"
        ],
    ),
    "an interval of nothing": (
        [("region: us-east-1\n", "region: us-east-1\n  drift: {interval: 0m}\n")],
        ["Stack/shop: spec.drift.interval: is 0m, write between 1s and 24h"],
    ),
    "an interval of days": (
        [("region: us-east-1\n", "region: us-east-1\n  drift: {interval: 25h}\n")],
        ["Stack/shop: spec.drift.interval: is 25h, write between 1s and 24h"],
    ),
    "an output of nothing": (
        [("${loadBalancer/wire.dnsName}", "${loadBalancer/wier.dnsName}")],
        [f'{APP}.env.PEER: there is no LoadBalancer "wier", did you mean "wire"?'],
    ),
    "an output that does not exist": (
        [("${loadBalancer/wire.dnsName}", "${loadBalancer/wire.dns}")],
        [f'{APP}.env.PEER: loadBalancer/wire has no output "dns", did you mean "dnsName"?'],
    ),
    "an object instead of an output": (
        [("${loadBalancer/wire.dnsName}", "${loadBalancer/wire}")],
        [f'{APP}.env.PEER: "${{loadBalancer/wire}}" names no output, write one of arn, dnsName'],
    ),
    "an output of an unknown kind": (
        [("${loadBalancer/wire.dnsName}", "${loadBalancers/wire.dnsName}")],
        [
            f'{APP}.env.PEER: there are no outputs of "loadBalancers" in ${{loadBalancers/wire.dnsName}}, '
            'did you mean "loadBalancer"? (a plain ${ is written $${)'
        ],
    ),
    "a reference that never ends": (
        [("${loadBalancer/wire.dnsName}/", "${loadBalancer/wire.dnsName")],
        [f"{APP}.env.PEER: \"${{loadBalancer/\" is never closed, add the '}}'"],
    ),
    "a task that waits for itself": (
        [("${loadBalancer/wire.dnsName}", "${task/web.serviceArn}")],
        [f"{APP}.env.PEER: waits for itself: Task/web -> Task/web, remove one of these references"],
    ),
    "tasks that wait for each other": (
        [
            ("${loadBalancer/wire.dnsName}", "${task/away.serviceArn}"),
            ("image: nginx,", 'image: nginx, env: {X: "${task/web.serviceArn}"},'),
        ],
        [
            "Task/away: spec.containers[0].env.X: waits for itself: Task/away -> Task/web -> Task/away, "
            "remove one of these references"
        ],
    ),
}


@pytest.mark.parametrize(("edits", "expected"), CASES.values(), ids=CASES)
def test_one_thing_wrong_is_one_problem(edits: list[tuple[str, str]], expected: list[str]) -> None:
    assert sorted(problems(changed(*edits))) == sorted(expected)


FINE = {
    "the good stack": [],
    "its own log group": [("${loadBalancer/wire.dnsName}", "${task/web.logGroup}")],
    "an escaped reference": [("${loadBalancer/wire.dnsName}", "$${task/nobody.x}")],
    "a variable of the shell": [("${loadBalancer/wire.dnsName}", "${HOME}")],
    "one port with two protocols": [("containerPort: 8125", "containerPort: 80")],
    "ECR through endpoints alone": [
        ("nat: Single", "nat: None"),
        ("endpoints: [s3]", "endpoints: [s3, ecr.api, ecr.dkr, logs]"),
        ("public.ecr.aws/nginx/nginx:1.27", "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"),
    ],
    "a Network load balancer in one zone": [
        ("network: main\n  type: Network", "network: other\n  type: Network"),
        ("allowFrom: [task/web]", "allowFrom: [task/away]"),
        ("allowFrom: [loadBalancer/wire]", "allowFrom: [10.9.0.0/16]"),
        ("forward: [{task: web, port: side}]", "forward: [{task: away, port: http}]"),
    ],
    "an internal load balancer in public subnets where there are no private ones": [
        (PRIVATE, ""),
        ("placement: Private", "placement: Public"),
    ],
    "a wildcard path and host": [(MATCH, 'match: {paths: ["*.png"], hosts: ["*.example.com"]}')],
    "waiting for a container that may end": [("condition: Start", "condition: Complete")],
    "a subnet just large enough for an ALB": [("10.0.1.0/24", "10.0.1.0/27")],
    "as many patterns as a rule can have": [(MATCH, "match: {paths: [/a, /b, /c], hosts: [a.b, c.d]}")],
    "as many wildcards as a rule can have": [(MATCH, 'match: {paths: ["/*/*/*", "/?/?"]}')],
    "patterns as long as they can be": [
        (MATCH, f"match: {{paths: [/{'a' * 127}], hosts: [{'a' * 124}.com]}}"),
    ],
    "the shortest interval": [("region: us-east-1\n", "region: us-east-1\n  drift: {interval: 1s}\n")],
    "the longest interval": [("region: us-east-1\n", "region: us-east-1\n  drift: {interval: 24h}\n")],
    "a tag as long as it can be": [("team: storefront", f"{'k' * 128}: {'v' * 256}")],
    "a flow to a number": [("port: http, path", "port: 8443, path")],
}


@pytest.mark.parametrize("edits", FINE.values(), ids=FINE)
def test_what_is_right_is_no_problem(edits: list[tuple[str, str]]) -> None:
    assert problems(changed(*edits)) == []


@pytest.mark.parametrize("name", ["two-tier.yaml", "peers.yaml"])
def test_the_reference_files_are_without_a_problem(name: str) -> None:
    assert problems((SPECS / name).read_text()) == []


def test_as_many_rules_as_a_load_balancer_can_have() -> None:
    def with_rules(count: int) -> str:
        rules = ", ".join(
            f"{{name: r{n}, match: {{paths: [/{n}]}}, forward: [{{task: web, port: http}}]}}" for n in range(count - 2)
        )
        more = f"spec: {{loadBalancer: front, listener: http, order: 1, rules: [{rules}]}}"
        old = "spec: {loadBalancer: wire, listener: tcp, default: {forward: [{task: web, port: side}]}}"
        return changed((old, more), ("type: Network\n", "type: Application\n"), ("protocol: TCP", "protocol: HTTP"))

    assert problems(with_rules(100)) == []
    assert problems(with_rules(101)) == [
        "Route/wire: spec.rules[98].name: is rule 101 of 101 of LoadBalancer/front, AWS allows 100"
    ]


def behind(count: int) -> str:
    """The good stack with more load balancers in front of its task."""
    return "".join(
        f"---\napiVersion: reconciler.dev/v1\nkind: LoadBalancer\nmetadata: {{name: lb{n}}}\n"
        "spec: {network: main, listeners: [{name: http, port: 80, protocol: HTTP}]}\n"
        f"---\napiVersion: reconciler.dev/v1\nkind: Route\nmetadata: {{name: z{n}}}\n"
        f"spec: {{loadBalancer: lb{n}, listener: http, default: {{forward: [{{task: web, port: http}}]}}}}\n"
        for n in range(count)
    )


def test_as_many_target_groups_as_a_service_can_have() -> None:
    assert problems(GOOD + behind(3)) == []
    assert problems(GOOD + behind(4)) == [
        "Route/z3: spec.default.forward[0]: Task/web is the target of 6 pairs of load balancer and port, AWS allows 5"
    ]


def test_as_many_tags_as_our_own_leave_room_for() -> None:
    def tags(count: int) -> str:
        keys = ", ".join(f"k{n}: v" for n in range(count))
        return changed(("tags: {team: storefront}", f"tags: {{{keys}}}"))

    assert problems(tags(40)) == []
    assert problems(tags(41)) == [
        "Stack/shop: spec.tags: has 41 tags, keep 40: AWS allows 50 on a resource and the rest carry our own marks"
    ]


def test_a_problem_is_at_the_line_of_the_field() -> None:
    text = changed(("memory: 1024", "memory: 1000"))
    (stack,) = load({"f": text.encode()}).stacks.values()
    (problem,) = check(stack)
    line = text.splitlines()[problem.line - 1]
    assert line[problem.column - 1 :] == "1000"


def test_what_cannot_be_read_is_not_called_missing() -> None:
    text = changed(("cidr: 10.0.0.0/16", "cidr: ten"), ("name: app\n", "name: app\n      ful: 1\n"))
    bundle = load({"f": text.encode()})
    assert [problem.object for problem in bundle.problems] == ["Network/main", "Task/web"]
    assert check(bundle.stacks["shop"]) == []


def test_with_an_unreadable_document_nothing_is_called_missing() -> None:
    text = changed(("cluster: main", "cluster: elsewhere")) + "---\nkind: [\n"
    bundle = load({"f": text.encode()})
    assert check(bundle.stacks["shop"]) == []


def test_everything_wrong_is_found_at_once_in_order() -> None:
    text = changed(
        ("cluster: main", "cluster: x"), ("memory: 1024", "memory: 1"), ("statusCode: 403", "statusCode: 301")
    )
    (stack,) = load({"f": text.encode()}).stacks.values()
    found = check(stack)
    assert len(found) == 3
    assert [(p.line, p.column) for p in found] == sorted((p.line, p.column) for p in found)
