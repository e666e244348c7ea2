"""What is wrong with a Stack or a Flow."""

from __future__ import annotations

from good_stack import Cases

CASES: Cases = {
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
}
