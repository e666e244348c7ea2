"""What is wrong with a Route."""

from __future__ import annotations

from good_stack import APP, CERTIFICATE, MATCH, RULE, Cases

CASES: Cases = {
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
}
