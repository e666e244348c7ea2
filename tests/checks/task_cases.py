"""What is wrong with a Task."""

from __future__ import annotations

from good_stack import APP, ENV, SECRET, Cases

CASES: Cases = {
    "a cluster that is not there": (
        [("cluster: main", "cluster: mian")],
        ['Task/web: spec.cluster: there is no Cluster "mian", did you mean "main"?'],
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
    "a task's block with host bits": (
        [("allowFrom: [loadBalancer/wire]", "allowFrom: [10.1.2.3/16]")],
        ["Task/web: spec.allowFrom[0]: 10.1.2.3/16 has host bits set, write 10.1.0.0/16"],
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
