"""Every field of LoadBalancer."""

from __future__ import annotations

from typing import Final

from row_parts import CERTIFICATE, EXISTING, ON_NETWORK, SECURE, SPARE_ROUTE, group
from rows import BALANCERS, PREFIX_LIST, STRANGER, Row

_GUEST: Final = (
    *EXISTING[:1],
    (
        "LoadBalancer/guest",
        {
            "network": "theirs",
            "existing": {"arn": BALANCERS[0]},
            "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
        },
    ),
    (
        "Route/guest",
        {
            "loadBalancer": "guest",
            "listener": "http",
            "rules": [{"name": "a", "match": {"paths": ["/a"]}, "fixedResponse": {"statusCode": 403}}],
        },
    ),
)
_BALANCER_OF_OURS: Final = ("*",)
_LOGGED: Final = (("LoadBalancer/spare accessLogs", {"bucket": "shop-logs", "prefix": "front"}),)
_BOTH_TRANSPORTS: Final = (
    *SPARE_ROUTE,
    *ON_NETWORK,
    ("Task/api containers[app].ports[1]", {"name": "datagrams", "containerPort": 80, "protocol": "udp"}),
)
_TO_NETWORK: Final = (
    "listener/spare/http loadBalancerArn",
    "listener/spare/http protocol",
    "listener/spare/http defaultActions",
    "load-balancer/spare type",
    "target-group/spare/api/http protocol*",
    "target-group/spare/api/http healthCheck*",
    "service/api loadBalancers[*",
)
_LISTENER_MOVED: Final = ("listener/spare/http loadBalancerArn", "listener/spare/http/rules listenerArn")

ROWS: Final = (
    Row("LoadBalancer/guest existing.arn", BALANCERS[1], ("listener/guest/http/rules *",), given=_GUEST),
    Row(
        "LoadBalancer/guest existing.firstPriority",
        2000,
        ("listener/guest/http/rules rules[a].priority",),
        given=_GUEST,
        removed=(),
    ),
    Row(
        "LoadBalancer/guest existing",
        {"arn": BALANCERS[1]},
        ("listener/guest/http/rules *",),
        given=_GUEST,
        removed=_BALANCER_OF_OURS,
    ),
    Row(
        "LoadBalancer/spare network",
        "other",
        (
            *_LISTENER_MOVED,
            "load-balancer/spare vpcId",
            "load-balancer/spare subnets[*",
            "load-balancer/spare securityGroups[*",
            "security-group/load-balancer/spare vpcId",
            "security-group/load-balancer/spare/rules groupId",
        ),
    ),
    Row(
        "LoadBalancer/spare type",
        "Network",
        _TO_NETWORK,
        removed=("+ listener/spare/http/rules", "target-group/spare/api/http matcher.httpCode", *_TO_NETWORK),
        given=SPARE_ROUTE,
        also=(("LoadBalancer/spare listeners[http].protocol", "TCP"),),
    ),
    Row(
        "LoadBalancer/spare scheme",
        "Internal",
        (*_LISTENER_MOVED, "load-balancer/spare scheme", "load-balancer/spare subnets[*"),
        removed=(),
    ),
    Row(
        "LoadBalancer/front allowFrom",
        ["10.0.0.0/8", "task/api"],
        group("load-balancer/front", "ingress[tcp 80 *", "ingress[tcp 8080 *"),
    ),
    Row(
        "LoadBalancer/front allowFrom",
        ["internet", STRANGER, PREFIX_LIST],
        group("load-balancer/front", "ingress[tcp 80 ?*-*]", "ingress[tcp 8080 ?*-*]"),
        removed=group("load-balancer/front", "ingress[tcp 80 *]", "ingress[tcp 8080 *]"),
    ),
    Row(
        "LoadBalancer/front listeners",
        [{"name": "http", "port": 80, "protocol": "HTTP"}],
        ("- listener/front/plain", *group("load-balancer/front", "ingress[tcp 8080 0.0.0.0/0]")),
    ),
    Row(
        "LoadBalancer/front listeners[plain].name",
        "spare",
        ("+ listener/front/spare", "+ listener/front/spare/rules", "- listener/front/plain"),
    ),
    Row(
        "LoadBalancer/front listeners[plain].port",
        8082,
        ("listener/front/plain port", *group("load-balancer/front", "ingress[tcp 808? 0.0.0.0/0]")),
    ),
    Row(
        "LoadBalancer/spare listeners[http].protocol",
        "TCP",
        _TO_NETWORK,
        given=SPARE_ROUTE,
        also=(("LoadBalancer/spare type", "Network"),),
    ),
    Row(
        "LoadBalancer/spare listeners[http].protocol",
        "TLS",
        ("listener/spare/http protocol", "listener/spare/http certificateArn", "listener/spare/http sslPolicy"),
        given=(*SPARE_ROUTE, *ON_NETWORK),
        also=(("LoadBalancer/spare listeners[http].certificates", [CERTIFICATE.format("shop")]),),
    ),
    Row(
        "LoadBalancer/spare listeners[http].protocol",
        "TCP_UDP",
        (
            "listener/spare/http protocol",
            "listener/spare/http defaultActions",
            "target-group/spare/api/http protocol",
            "service/api loadBalancers[*",
            "scalable-target/api service",
            *group("load-balancer/spare", "egress[udp 80 security-group/task/api]"),
            *group("task/api", "ingress[udp 80 security-group/load-balancer/spare]"),
        ),
        given=_BOTH_TRANSPORTS,
    ),
    Row(
        "LoadBalancer/spare listeners[http].protocol",
        "UDP",
        (
            "listener/spare/http protocol",
            "listener/spare/http defaultActions",
            "+ target-group/spare/api/datagrams",
            "- target-group/spare/api/http",
            "service/api loadBalancers[*",
            *group("load-balancer/spare", "egress[udp 80 security-group/task/api]"),
            *group("task/api", "ingress[udp 80 security-group/load-balancer/spare]"),
        ),
        given=_BOTH_TRANSPORTS,
        also=(("Route/spare default.forward[0].port", "datagrams"),),
    ),
    *(
        Row(f"LoadBalancer/spare {option}", value, ("load-balancer/spare attributes*",), **more)
        for option, value, more in (
            ("idleTimeout", "2m", {}),
            ("deletionProtection", True, {}),
            ("accessLogs", {"bucket": "shop-logs", "prefix": "front"}, {}),
            ("accessLogs.bucket", "shop-logs-2", {"given": _LOGGED}),
            ("accessLogs.prefix", "back", {"given": _LOGGED}),
            ("attributes", {"routing.http2.enabled": "false", "client_keep_alive.seconds": "600"}, {}),
            ("crossZone", True, {"given": (*SPARE_ROUTE, *ON_NETWORK)}),
        )
    ),
    Row(
        "LoadBalancer/spare listeners[secure].certificates",
        [CERTIFICATE.format("third"), CERTIFICATE.format("shop")],
        ("listener/spare/secure certificateArn", "listener/spare/secure otherCertificateArns[*"),
        given=SECURE,
        needed="HTTPS needs a certificate",
    ),
    Row(
        "LoadBalancer/spare listeners[secure].sslPolicy",
        "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        ("listener/spare/secure sslPolicy",),
        given=SECURE,
    ),
    Row(
        "LoadBalancer/spare listeners[http].redirectTo",
        "secure",
        ("listener/spare/http defaultActions",),
        given=SECURE,
    ),
)
