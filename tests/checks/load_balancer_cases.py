"""What is wrong with a LoadBalancer."""

from __future__ import annotations

from good_stack import CERTIFICATE, LISTENER, ONE_OF_TWO_NETWORKS, PRIVATE, PUBLIC, Cases

CASES: Cases = {
    "a network that is not there": (
        [("  network: main\n  type: Network", "  network: zzz\n  type: Network")],
        [f'LoadBalancer/wire: spec.network: there is no Network "zzz", {ONE_OF_TWO_NETWORKS}'],
    ),
    "a peer that is not there": (
        [("allowFrom: [task/web]", "allowFrom: [task/wed]")],
        ['LoadBalancer/wire: spec.allowFrom[0]: there is no Task "wed", did you mean "web"?'],
    ),
    "a peer's block with host bits": (
        [("allowFrom: [internet]", "allowFrom: [10.1.2.3/16]")],
        ["LoadBalancer/front: spec.allowFrom[0]: 10.1.2.3/16 has host bits set, write 10.1.0.0/16"],
    ),
    "a zone twice": (
        [("us-east-1b]", "us-east-1a]")],
        [
            "LoadBalancer/front: spec.network: Network/main has one zone, a load balancer of type Application "
            "needs two, add a zone with its subnets, or write type: Network",
            "Network/main: spec.availabilityZones[1]: is named twice, name each zone once",
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
}
