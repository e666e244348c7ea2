"""Every field of Route."""

from __future__ import annotations

from typing import Final

from row_parts import ACTIONS, DEFAULT, EXTRA, group, rules
from rows import ABSENT, Row

_TO_WEB: Final = {"task": "web", "port": "http"}
_NEITHER: Final = "has no forward, redirect or fixedResponse"
_TO_API: Final = {"task": "api", "port": "http"}
_THIRD_TASK: Final = (
    (
        "Task/third",
        {
            "cluster": "main",
            "network": "main",
            "placement": "Public",
            "containers": [{"name": "app", "image": "nginx", "ports": [{"name": "http", "containerPort": 80}]}],
        },
    ),
)
_LATER_ALONE: Final = (("Route/later listener", "plain"),)
_LATER_ANSWERS: Final = (*_LATER_ALONE, ("Route/later default", {"fixedResponse": {"statusCode": 410}}))
_RULE_MOVED: Final = rules("front/http", "priority 300].*")
_CONDITIONS: Final = rules("front/http", "api].conditions")
_REDIRECT: Final = {
    "protocol": "HTTPS",
    "host": "shop.example.com",
    "port": 443,
    "path": "/v2/#{path}",
    "query": "from=old",
    "statusCode": 301,
}
_ANSWER: Final = rules("front/http", "admin].actions")
_PLAIN: Final = ("listener/front/plain defaultActions",)

ROWS: Final = (
    Row("Route/later loadBalancer", "spare", (*_RULE_MOVED, *rules("spare/http", "late].*"))),
    Row("Route/later listener", "plain", (*_RULE_MOVED, *rules("front/plain", "late].*"))),
    Row(
        "Route/front rules",
        [{"name": "api", "match": {"paths": ["/v2"]}, "forward": [{"task": "api", "port": "http"}]}],
        rules("front/http", "api].actions", "api].conditions", "priority 200].*"),
        removed=(
            *rules("front/http", "priority 100].*"),
            "- target-group/front/api/http",
            *group("load-balancer/front", "egress[tcp 80 security-group/task/api]"),
            *group("task/api", "ingress[tcp 80 security-group/load-balancer/front]"),
            "service/api loadBalancers[*",
        ),
    ),
    Row(
        "Route/front rules[api].forward",
        [{"task": "api", "port": "http"}],
        ACTIONS,
        needed=_NEITHER,
    ),
    Row(
        "Route/front rules[api].forward[api].task",
        "third",
        (
            "+ target-group/front/third/http",
            "- target-group/front/api/http",
            *ACTIONS,
            *group("load-balancer/front", "egress[tcp 80 security-group/task/api]"),
            *group("load-balancer/front", "egress[tcp 80 security-group/task/third]"),
            *group("task/api", "ingress[tcp 80 security-group/load-balancer/front]"),
            *group("task/third", "ingress[tcp 80 security-group/load-balancer/front]"),
            "service/api loadBalancers[*",
            "service/third loadBalancers[*",
        ),
        given=_THIRD_TASK,
    ),
    Row(
        "Route/front rules[api].forward[api].port",
        "extra",
        (
            "+ target-group/front/api/extra",
            "- target-group/front/api/http",
            *ACTIONS,
            *group("load-balancer/front", "egress[tcp 80 security-group/task/api]"),
            *group("load-balancer/front", "egress[tcp 8081 security-group/task/api]"),
            *group("task/api", "ingress[tcp 80 security-group/load-balancer/front]"),
            *group("task/api", "ingress[tcp 8081 security-group/load-balancer/front]"),
            "service/api loadBalancers[*",
        ),
        given=(("Task/api containers[app].ports[1]", EXTRA),),
    ),
    Row("Route/front rules[api].forward[web].weight", 7, ACTIONS),
    Row("Route/front rules[admin].fixedResponse", {"statusCode": 410}, _ANSWER, needed=_NEITHER),
    Row("Route/front rules[admin].fixedResponse.statusCode", 404, _ANSWER),
    *(
        Row("Route/front rules[admin].fixedResponse.contentType", value, _ANSWER)
        for value in ("application/json", "application/javascript", "text/css")
    ),
    Row("Route/front rules[admin].fixedResponse.body", "go away", _ANSWER),
    Row("Route/front rules[admin].name", "closed", unseen=True),
    Row("Route/front rules[admin].match", {"hosts": ["admin.example.com"]}, rules("front/http", "admin].conditions")),
    Row("Route/front rules[api].match.paths", ["/api/*", "/v2/*"], rules("front/http", "api].conditions")),
    Row("Route/front rules[api].match.hosts", ["*.example.com"], rules("front/http", "api].conditions")),
    Row("Route/front rules[api].match.methods", ["GET", "HEAD"], _CONDITIONS),
    Row("Route/front rules[api].match.headers", {"X-Version": ["2", "3*"]}, _CONDITIONS),
    Row("Route/front rules[api].match.query", {"Debug": ["On"], "*": ["all"]}, _CONDITIONS),
    Row("Route/front rules[api].match.sourceIps", ["192.0.2.0/24"], _CONDITIONS),
    Row("Route/front rules[api].stickiness", "1h", ACTIONS),
    Row("Route/front default.stickiness", "10m", DEFAULT, given=(("Route/front default.forward[1]", _TO_API),)),
    *(
        row
        for field, lines, given in (
            ("Route/front rules[admin].redirect", _ANSWER, (("Route/front rules[admin].fixedResponse", ABSENT),)),
            ("Route/later default.redirect", _PLAIN, _LATER_ALONE),
        )
        for row in (
            Row(field, {"host": "example.org"}, lines, given=(*given, (field, _REDIRECT)), needed=_NEITHER),
            *(
                Row(f"{field}.{part}", value, lines, given=(*given, (field, _REDIRECT)))
                for part, value in (
                    ("protocol", "HTTP"),
                    ("host", "example.org"),
                    ("port", 8443),
                    ("path", "/v3"),
                    ("query", "a=b"),
                    ("statusCode", 302),
                )
            ),
        )
    ),
    Row("Route/front default", {"forward": [{"task": "api", "port": "http"}]}, DEFAULT),
    Row("Route/front default.forward", [_TO_WEB, _TO_API], DEFAULT, needed=_NEITHER),
    Row("Route/front default.forward[web].task", "api", DEFAULT),
    Row(
        "Route/front default.forward[web].port",
        "side",
        (
            "+ target-group/front/web/side",
            *DEFAULT,
            *group("load-balancer/front", "egress[tcp 9000 security-group/task/web]"),
            *group("task/web", "ingress[tcp 9000 security-group/load-balancer/front]"),
            "service/web loadBalancers[target-group/front/web/side side 9000]",
        ),
    ),
    Row("Route/front default.forward[web].weight", 2, DEFAULT, given=(("Route/front default.forward[1]", _TO_API),)),
    Row("Route/later default.fixedResponse", {"statusCode": 410}, _PLAIN, given=_LATER_ALONE, needed=_NEITHER),
    Row("Route/later default.fixedResponse.statusCode", 503, _PLAIN, given=_LATER_ANSWERS),
    Row("Route/later default.fixedResponse.contentType", "text/html", _PLAIN, given=_LATER_ANSWERS),
    Row("Route/later default.fixedResponse.body", "<p>gone", _PLAIN, given=_LATER_ANSWERS),
    Row("Route/later order", -1, rules("front/http", "late].priority")),
)
