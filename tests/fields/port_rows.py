"""Every field of a port of a container, and of the target group behind it."""

from __future__ import annotations

from typing import Final

from row_parts import ACTIONS, DEFAULT, EXTRA, ON_NETWORK, SECURE, SPARE_ROUTE, app, definition, group
from rows import ABSENT, Row

_WEB_GROUP: Final = "target-group/front/web/http"
_STICKY: Final = (
    ("Task/web containers[app].ports[http].targetGroup", {"stickiness": {"duration": "1h", "cookie": "S"}}),
)
_ROUTED_TO_WEB: Final = (
    ("Route/front rules[api].forward[web].port", "web"),
    ("Route/front default.forward[web].port", "web"),
    ("Flow/in port", "web"),
)

ROWS: Final = (
    Row(
        "Task/web containers[side].ports",
        [{"name": "side", "containerPort": 9000}, {"name": "b", "containerPort": 1}],
        (
            *group("task/web", "ingress[tcp 1 security-group/task/api]"),
            *definition("web", "containerDefinitions[side].portMappings[1 tcp b]"),
        ),
        removed=(
            *group("task/web", "ingress[tcp 1 security-group/task/api]", "ingress[tcp 9000 security-group/task/api]"),
            *definition("web", "containerDefinitions[side].portMappings[*"),
        ),
        given=(("Task/web loopback", ABSENT),),
    ),
    Row(
        "Task/web containers[app].ports[http].name",
        "web",
        (
            "+ target-group/front/web/web",
            "- target-group/front/web/http",
            *DEFAULT,
            *ACTIONS,
            "service/web loadBalancers[target-group/front/web/* app 80]",
            *app("portMappings[80 tcp http]", "portMappings[80 tcp web]"),
        ),
        also=_ROUTED_TO_WEB,
    ),
    Row(
        "Task/web containers[app].ports[http].containerPort",
        81,
        (
            *DEFAULT,
            *ACTIONS,
            *group("load-balancer/front", "egress[tcp 8? security-group/task/web]"),
            *group("task/web", "ingress[tcp 8? security-group/task/api]"),
            *group("task/web", "ingress[tcp 8? security-group/load-balancer/front]"),
            *group("task/web", "ingress[tcp 8? 10.1.0.0/16]"),
            "target-group/front/web/http port",
            "service/web loadBalancers[target-group/front/web/http app 8?]",
            *app("portMappings[8? tcp http]"),
        ),
    ),
    Row(
        "Task/web containers[side].ports[side].protocol",
        "udp",
        (
            *group("task/web", "ingress[tcp 9000 security-group/task/api]"),
            *group("task/web", "ingress[udp 9000 security-group/task/api]"),
            *definition("web", "containerDefinitions[side].portMappings[9000 ??p side]"),
        ),
        removed=(
            *group("task/web", "ingress[tcp 9000 security-group/task/api]"),
            *group("task/web", "ingress[udp 9000 security-group/task/api]"),
            "service/web taskDefinition",
        ),
        given=(("Task/web loopback", ABSENT),),
    ),
    Row(
        "Task/web containers[app].ports[http].healthCheck",
        {"path": "/ready"},
        ("target-group/front/web/http healthCheckPath",),
    ),
    Row(
        "Task/web containers[app].ports[http].healthCheck.path",
        "/ready",
        ("target-group/front/web/http healthCheckPath",),
    ),
    *(
        Row(f"Task/web containers[app].ports[http].healthCheck.{option}", value, (f"{_WEB_GROUP} {shown}",))
        for option, value, shown in (
            ("protocol", "HTTPS", "healthCheckProtocol"),
            ("interval", "10s", "healthCheckIntervalSeconds"),
            ("timeout", "3s", "healthCheckTimeoutSeconds"),
            ("healthyThreshold", 3, "healthyThresholdCount"),
            ("unhealthyThreshold", 4, "unhealthyThresholdCount"),
            ("codes", "200-299,302", "matcher.httpCode"),
        )
    ),
    Row(
        "Task/api containers[app].ports[extra].healthCheck.protocol",
        "TCP",
        ("target-group/spare/api/extra healthCheck*",),
        given=(
            *SPARE_ROUTE,
            *ON_NETWORK,
            ("Task/api containers[app].ports[1]", {**EXTRA, "healthCheck": {"protocol": "HTTP"}}),
            ("Route/spare default.forward[0].port", "extra"),
        ),
    ),
    Row(
        "Task/web containers[app].ports[http].healthCheck.port",
        8081,
        (
            f"{_WEB_GROUP} healthCheckPort",
            *group("load-balancer/front", "egress[tcp 8081 security-group/task/web]"),
            *group("task/web", "ingress[tcp 8081 security-group/load-balancer/front]"),
        ),
    ),
    *(
        Row(f"Task/web containers[app].ports[http].targetGroup{option}", value, (f"{_WEB_GROUP} attributes*",), **more)
        for option, value, more in (
            ("", {"deregistrationDelay": "20s", "slowStart": "40s", "stickiness": {"duration": "1h"}}, {}),
            (".deregistrationDelay", "5s", {}),
            (".slowStart", "30s", {}),
            (".algorithm", "LeastOutstandingRequests", {}),
            (".algorithm", "WeightedRandom", {}),
            (".stickiness", {"cookie": "SHOP", "duration": "2h"}, {}),
            (".stickiness.duration", "2h", {"given": _STICKY}),
            (".stickiness.cookie", "CART", {"given": _STICKY}),
        )
    ),
    *(
        Row(
            "Task/api containers[app].ports[extra].targetGroup.protocolVersion",
            version,
            (
                "target-group/spare/api/extra protocolVersion",
                *shown,
                "listener/spare/secure defaultActions",
                "service/api loadBalancers[*",
                "scalable-target/api service",
            ),
            given=(
                *SECURE,
                ("Task/api containers[app].ports[1]", EXTRA),
                (
                    "Route/spare",
                    {
                        "loadBalancer": "spare",
                        "listener": "secure",
                        "default": {"forward": [{"task": "api", "port": "extra"}]},
                    },
                ),
            ),
        )
        for version, shown in (
            ("HTTP2", ()),
            ("GRPC", ("target-group/spare/api/extra healthCheckPath", "target-group/spare/api/extra matcher.*")),
        )
    ),
    Row(
        "Task/web containers[app].ports[http].allowFrom",
        ["task/idle"],
        group("task/web", "ingress[tcp 80 10.1.0.0/16]", "ingress[tcp 80 security-group/task/idle]"),
        removed=group("task/web", "ingress[tcp 80 security-group/task/idle]"),
    ),
    Row(
        "Task/web egress[1].ports",
        [54],
        group("task/web", "egress[udp 5? 10.2.0.0/16]"),
        removed=group("task/web", "egress[udp 54 10.2.0.0/16]", "egress[all 10.2.0.0/16]"),
    ),
)
