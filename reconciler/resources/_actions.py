"""What a listener or a rule does with a request. AWS: Elastic Load Balancing v2, Action.

AWS answers with more than it was given: both the short and the long form of a forward, the placeholders of a redirect
filled in (aws-semantics, normalisation table). Reading brings every action to one form; what this program does not
model stays visible as `Other`.
"""

from __future__ import annotations

from typing import Literal

from reconciler.model.fields import Fields, field
from reconciler.model.values import FrozenMap, Id, Ref


class Forward(Fields):
    """To target groups, by weight (0 to 999). The weight of a sole group means nothing and is 1."""

    type: Literal["forward"] = field(default="forward")
    target_groups: FrozenMap[Ref | Id, int]
    stickiness_duration_seconds: int | None = None
    """How long a client keeps its target group; `None` is off."""


class FixedResponse(Fields):
    """An answer of the load balancer itself."""

    type: Literal["fixed-response"] = field(default="fixed-response")
    status_code: str
    content_type: str | None = None
    message_body: str | None = None


class Redirect(Fields):
    """An answer that sends the client elsewhere; the placeholders keep a part of the request."""

    type: Literal["redirect"] = field(default="redirect")
    status_code: str
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


class Other(Fields):
    """An action that only others make (authentication): AWS's own JSON."""

    type: str
    text: str


Action = Forward | FixedResponse | Redirect | Other
