"""What no option makes and others can: an object of the reference stack with that in it, done behind our back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from reconciler.model.values import FrozenMap, Id
from reconciler.resources._actions import Other
from reconciler.resources.routes import Route

STRANGE: Final = "i-am-strange"
_TABLE: Final = "route-table/main/public/routes"
_LISTENER: Final = "listener/public/http"
_SIGN_IN: Final = Other(type="authenticate-oidc", text=f'{{"Issuer": "{STRANGE}"}}')

Edit = Callable[[Any], Any]
"""The fields of the object to what they are then."""


def _elsewhere(target: str) -> Edit:
    """The way to the internet leads somewhere else."""
    return lambda fields: dataclasses.replace(fields, routes=FrozenMap({"0.0.0.0/0": Route(**{target: Id(STRANGE)})}))


def _local_elsewhere(fields: Any) -> Any:
    """The local route, which can lead to an interface and cannot go."""
    moved = Route(network_interface_id=Id(STRANGE), origin="CreateRouteTable")
    return dataclasses.replace(fields, routes=FrozenMap({**fields.routes, "10.0.0.0/16": moved}))


def _each_rule(change: Edit) -> Edit:
    return lambda fields: dataclasses.replace(
        fields, rules=FrozenMap((name, change(rule)) for name, rule in fields.rules.items())
    )


def _rewritten(rule: Any) -> Any:
    return dataclasses.replace(rule, transforms=f'[{{"Type": "{STRANGE}"}}]')


def _signed_in(rule: Any) -> Any:
    return dataclasses.replace(rule, actions=(_SIGN_IN, *rule.actions))


def _signed_in_by_default(fields: Any) -> Any:
    return dataclasses.replace(fields, default_actions=(_SIGN_IN, *fields.default_actions))


def _windows(fields: Any) -> Any:
    platform = dataclasses.replace(fields.runtime_platform, operating_system_family=STRANGE)
    return dataclasses.replace(fields, runtime_platform=platform)


OTHERS: Final[dict[str, tuple[str, str, Edit]]] = {
    "routes.routes[].carrier_gateway_id": (_TABLE, "carrierGatewayId", _elsewhere("carrier_gateway_id")),
    "routes.routes[].core_network_arn": (_TABLE, "coreNetworkArn", _elsewhere("core_network_arn")),
    "routes.routes[].egress_only_internet_gateway_id": (
        _TABLE,
        "egressOnlyInternetGatewayId",
        _elsewhere("egress_only_internet_gateway_id"),
    ),
    "routes.routes[].instance_id": (_TABLE, "instanceId", _elsewhere("instance_id")),
    "routes.routes[].local_gateway_id": (_TABLE, "localGatewayId", _elsewhere("local_gateway_id")),
    "routes.routes[].odb_network_arn": (_TABLE, "odbNetworkArn", _elsewhere("odb_network_arn")),
    "routes.routes[].origin": (_TABLE, "origin", _local_elsewhere),
    "listener-rules.rules[].transforms": (f"{_LISTENER}/rules", "transforms", _each_rule(_rewritten)),
    "listener-rules.rules[].actions[].text": (f"{_LISTENER}/rules", "actions", _each_rule(_signed_in)),
    "task-definition.runtime_platform.operating_system_family": (
        "task-definition/web",
        "operatingSystemFamily",
        _windows,
    ),
    "listener.default_actions[].text": (_LISTENER, "defaultActions", _signed_in_by_default),
}
"""By field: the object, what its drift is called there, and what is done. Rules that we share have the same fields."""
