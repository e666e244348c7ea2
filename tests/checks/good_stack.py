"""A good stack for one thing to be changed in, and what the cases of all kinds name."""

from __future__ import annotations

from reconciler.checks import check
from reconciler.load import load

Cases = dict[str, tuple[list[tuple[str, str]], list[str]]]
"""By what is wrong: the texts to replace in the good stack, and the problems that this gives, without the place."""

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
