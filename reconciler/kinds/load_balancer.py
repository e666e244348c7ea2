"""LoadBalancer: an Application or Network load balancer with its listeners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.kinds import _duration
from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._object import Object
from reconciler.kinds._scope import Scope
from reconciler.kinds._spec import (
    DURATION,
    PEERS,
    AllowedText,
    DigitsOrText,
    Format,
    Label,
    NetworkName,
    PortNumber,
    SpecModel,
)
from reconciler.kinds.network import subnet_refs
from reconciler.model.resource import Reference, Resource
from reconciler.model.values import FrozenMap, Ref
from reconciler.resources import listener as elb_listener
from reconciler.resources import load_balancer as elb
from reconciler.resources._actions import Action, FixedResponse, Redirect
from reconciler.resources.existing_listener import TYPE as EXISTING_LISTENER
from reconciler.resources.existing_listener import ExistingListener
from reconciler.resources.existing_load_balancer import TYPE as EXISTING_LOAD_BALANCER
from reconciler.resources.existing_load_balancer import ExistingLoadBalancer
from reconciler.resources.existing_security_group import TYPE as EXISTING_SECURITY_GROUP
from reconciler.resources.existing_security_group import ExistingSecurityGroup
from reconciler.resources.listener_rules import ListenerRules
from reconciler.resources.shared_rules import SharedRules

EXAMPLE = """\
apiVersion: reconciler.dev/v1
kind: LoadBalancer
metadata: {name: public}
spec:
  network: main
  type: Application
  scheme: InternetFacing
  allowFrom: [internet]
  listeners:
    - {name: http, port: 80, protocol: HTTP}
"""


CertificateArn = Annotated[
    str,
    Format(
        r"^arn:aws[a-z-]*:(acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+"
        r"|iam::[0-9]{12}:server-certificate/[A-Za-z0-9/+=,.@_-]+)$",
        "write the ARN of a certificate of ACM, or of a server certificate of IAM",
        max_length=2048,
    ),
]
BalancerArn = Annotated[
    str,
    Format(
        r"^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:"
        r"(loadbalancer/app/[A-Za-z0-9-]+/[0-9a-f]+|listener/app/[A-Za-z0-9-]+/[0-9a-f]+/[0-9a-f]+)$",
        "write the ARN of a load balancer of type Application, or of a listener of one",
    ),
]
SslPolicy = Annotated[
    str,
    Format(r"^ELBSecurityPolicy-[A-Za-z0-9-]+$", "write a policy such as ELBSecurityPolicy-TLS13-1-2-2021-06"),
]
SSL_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""AWS's recommended policy ("Security policies for your Application Load Balancer")."""

SECURE = ("HTTPS", "TLS")
"""Protocols that take certificates."""


class Listener(SpecModel):
    """A port that the load balancer listens on."""

    name: Label = Field(description="Name of the listener, which Routes refer to.")
    port: PortNumber = Field(description="Port that clients connect to.")
    protocol: Literal["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"] = Field(
        description="HTTP or HTTPS on a load balancer of type Application; TCP, TLS, UDP or TCP_UDP, which is both, on "
        "one of type Network."
    )
    certificates: tuple[CertificateArn, ...] = Field(
        default=(),
        max_length=26,
        description="Certificates of HTTPS and TLS by ARN. Clients get the one for the host that they name (SNI), the "
        "first where none is.",
    )
    ssl_policy: SslPolicy | None = Field(
        default=None, description=f"Versions and ciphers of HTTPS and TLS; {SSL_POLICY} where none is written."
    )
    redirect_to: Label | None = Field(
        default=None,
        description="Name of the HTTPS listener that clients are sent to (301) with what no rule takes, instead of "
        "the default of a Route.",
    )


class AccessLogs(SpecModel):
    """Where a load balancer writes a line for each request."""

    bucket: Annotated[
        str, Format(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "write the name of a bucket of S3", max_length=63)
    ] = Field(description="Bucket of S3, whose policy lets load balancers write.")
    prefix: Annotated[str, Format(r"^[^/].*[^/]$|^[^/]$", "write a prefix without / at its ends")] | None = Field(
        default=None, description="What the keys of the logs begin with."
    )


class ExistingBalancer(SpecModel):
    """A load balancer of type Application that is there already. Only rules are ever added to its listeners."""

    arn: BalancerArn = Field(description="ARN of the load balancer, or of the one of its listeners that is meant.")
    first_priority: int = Field(
        default=1,
        ge=1,
        le=50_000,
        description="Rules get no priority before this one, and none that somebody else's rule has.",
    )

    @property
    def listener_arn(self) -> str | None:
        """ARN of the one listener that is meant, where one is."""
        return self.arn if ":listener/" in self.arn else None

    @property
    def load_balancer_arn(self) -> str:
        """ARN of the load balancer, which the ARN of a listener holds."""
        start, _, name = self.arn.partition(":listener/")
        return f"{start}:loadbalancer/{name.rpartition('/')[0]}" if name else self.arn


class LoadBalancerSpec(SpecModel):
    """An Application or Network load balancer with its listeners."""

    network: NetworkName = Field(description="Name of the Network that it lives in.")
    existing: ExistingBalancer | None = Field(
        default=None,
        description="A load balancer to add rules to instead of a new one. Neither it nor its listeners are ever "
        "changed, nor are rules of others; listeners say which of its ports Routes mean.",
    )
    type: Literal["Application", "Network"] = Field(
        default="Application", description="Application routes HTTP requests, Network passes connections on."
    )
    scheme: Literal["InternetFacing", "Internal"] = Field(
        default="Internal",
        description="InternetFacing: public subnets and public addresses. Internal: private addresses only.",
    )
    allow_from: tuple[AllowedText, ...] = Field(
        default=(),
        description=f"Who may connect to the listeners: {PEERS}.",
    )
    idle_timeout: Annotated[str, DURATION] | None = Field(
        default=None, description="Time without data after which type Application closes a connection; AWS takes 60s."
    )
    deletion_protection: bool = Field(
        default=False, description="Whether AWS refuses to delete it, until this is taken away."
    )
    access_logs: AccessLogs | None = Field(default=None, description="Whether and where it writes access logs.")
    cross_zone: bool = Field(
        default=False, description="Whether type Network passes connections on across zones; Application always does."
    )
    attributes: Mapping[str, DigitsOrText] = Field(
        default={},
        description="Other attributes by AWS's key, such as routing.http2.enabled; one that is taken away goes back "
        "to what AWS fills in, where this program knows it.",
    )
    listeners: tuple[Listener, ...] = Field(min_length=1, max_length=50, description="Ports that it listens on.")


NAMED = {
    "idleTimeout": "idle_timeout.timeout_seconds",
    "deletionProtection": "deletion_protection.enabled",
    "accessLogs": "access_logs.s3.enabled",
    "crossZone": "load_balancing.cross_zone.enabled",
}
"""AWS's keys of the attributes that have options of their own."""

NOT_FOUND = FixedResponse(status_code="404", content_type="text/plain")
"""What a listener without a default route answers."""


def compiled(obj: Object[LoadBalancerSpec], scope: Scope) -> Iterator[Resource[Any] | Reference[Any]]:
    """The load balancer and its listeners with their rules; its security group depends on others too."""
    spec = obj.spec
    if spec.existing is not None:
        yield from _referred(obj, spec.existing, scope)
        return
    network = scope.spec("Network", spec.network)
    public = spec.scheme == "InternetFacing" or network.private is None
    balancer = Ref(f"load-balancer/{obj.name}")
    yield Resource(
        balancer.address,
        "load-balancer",
        elb.LoadBalancer(
            vpc_id=Ref(f"vpc/{spec.network}"),
            type=spec.type.lower(),
            scheme="internet-facing" if spec.scheme == "InternetFacing" else "internal",
            subnets=subnet_refs(spec.network, network, public=public),
            security_groups=frozenset({Ref(f"security-group/load-balancer/{obj.name}")}),
            attributes=_attributes(spec),
        ),
        obj.id,
    )
    earlier: frozenset[str] = frozenset()
    for listener in spec.listeners:
        ref = Ref(f"listener/{obj.name}/{listener.name}")
        yield Resource(
            ref.address,
            "listener",
            elb_listener.Listener(
                load_balancer_arn=balancer,
                port=listener.port,
                protocol=listener.protocol,
                certificate_arn=listener.certificates[0] if listener.certificates else None,
                other_certificate_arns=frozenset(listener.certificates[1:]),
                ssl_policy=(listener.ssl_policy or SSL_POLICY) if listener.protocol in SECURE else None,
                default_actions=_default(obj, listener, scope),
            ),
            obj.id,
        )
        if spec.type == "Application":
            rules = scope.rules.get((obj.name, listener.name), FrozenMap())
            collection = ListenerRules(listener_arn=ref, rules=rules)
            yield Resource(f"{ref.address}/rules", "listener-rules", collection, obj.id, earlier)
            earlier = frozenset({f"{ref.address}/rules"})


def _referred(
    obj: Object[LoadBalancerSpec], existing: ExistingBalancer, scope: Scope
) -> Iterator[Resource[Any] | Reference[Any]]:
    """What others refer to as they would to a load balancer of ours, and the rules, which alone are."""
    arn = existing.load_balancer_arn
    balancer, group = ExistingLoadBalancer(load_balancer_arn=arn), ExistingSecurityGroup(load_balancer_arn=arn)
    yield Reference(f"load-balancer/{obj.name}", EXISTING_LOAD_BALANCER, balancer, obj.id)
    yield Reference(f"security-group/load-balancer/{obj.name}", EXISTING_SECURITY_GROUP, group, obj.id)
    for listener in obj.spec.listeners:
        ref = Ref(f"listener/{obj.name}/{listener.name}")
        wanted = ExistingListener(
            load_balancer_arn=arn,
            port=listener.port,
            protocol=listener.protocol,
            listener_arn=existing.listener_arn,
        )
        yield Reference(ref.address, EXISTING_LISTENER, wanted, obj.id)
        rules = SharedRules(
            listener_arn=ref,
            rules=scope.rules.get((obj.name, listener.name), FrozenMap()),
            first_priority=existing.first_priority,
        )
        yield Resource(f"{ref.address}/rules", "shared-rules", rules, obj.id)


def _attributes(spec: LoadBalancerSpec) -> FrozenMap[str, str]:
    wanted = dict(spec.attributes)
    if spec.idle_timeout:
        wanted[NAMED["idleTimeout"]] = str(_duration.seconds(spec.idle_timeout))
    if spec.deletion_protection:
        wanted[NAMED["deletionProtection"]] = "true"
    if spec.cross_zone:
        wanted[NAMED["crossZone"]] = "true"
    if spec.access_logs:
        wanted[NAMED["accessLogs"]] = "true"
        wanted["access_logs.s3.bucket"] = spec.access_logs.bucket
        wanted["access_logs.s3.prefix"] = spec.access_logs.prefix or ""
    scheme = "internet-facing" if spec.scheme == "InternetFacing" else "internal"
    return elb.unlike_aws(wanted, elb.filled_in(spec.type.lower(), scheme))


def _default(obj: Object[LoadBalancerSpec], listener: Listener, scope: Scope) -> tuple[Action, ...]:
    if listener.redirect_to:
        port = next(other.port for other in obj.spec.listeners if other.name == listener.redirect_to)
        return (Redirect(status_code="HTTP_301", protocol="HTTPS", port=str(port)),)
    return scope.defaults.get((obj.name, listener.name), (NOT_FOUND,))


KIND = Kind(
    name="LoadBalancer",
    plural="loadbalancers",
    spec=LoadBalancerSpec,
    example=EXAMPLE,
    compiled=compiled,
    columns=(
        Column("Type", ".spec.type"),
        Column("Scheme", ".spec.scheme"),
        Column("Network", ".spec.network"),
    ),
    outputs={"dnsName": "DNS name of the load balancer.", "arn": "ARN of the load balancer."},
    output_refs={"dnsName": ("load-balancer", "dnsName"), "arn": ("load-balancer", "id")},
)
