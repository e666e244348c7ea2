"""The few words in which resource types say what they do to traffic.

`flows` solves over these and knows no type; a type says them of one resource, wanted or observed alike. Components are
named by a `Ref` (wanted) or an `Id` (observed); where nothing is known of an address yet, any address of the segment
stands for it.
"""

from __future__ import annotations

from typing import Literal

from reconciler.model.frozen import Frozen
from reconciler.model.values import EMPTY, FrozenMap, Id, Ref

Name = Ref | Id
Ports = tuple[int, int]
ANY_PORT: Ports = (0, 65535)
EPHEMERAL: Ports = (1024, 65535)
"""Ports that an unknown client may open a connection from (VPC user guide, "Ephemeral ports")."""
LINUX_EPHEMERAL: Ports = (32768, 60999)
"""Ports that a Linux kernel opens connections from (net.ipv4.ip_local_port_range)."""


class Span(Frozen):
    """Addresses that lie together: a network, or (`within` it) a segment of one zone. `ranges` are IPv4 blocks."""

    name: Name
    ranges: tuple[str, ...]
    within: Name | None = None
    zone: str = ""


class Link(Frozen):
    """`name` hangs on `to`: a segment on the table that routes for it or on the filter at its edge, a table on the
    network whose main one it is, a filter on the network whose segments it holds for where no other does."""

    name: Name
    to: Name
    role: Literal["table", "edge", "main-table"]


class Stand(Frozen):
    """Something that opens or takes connections in some segments, in any number of copies.

    `label` is what people call it (`task/web`). `filters` are the stateful filters on its interfaces; `filtered` is
    false where none at all stands before it (which is not the same as a filter without rules). `public`: it has public
    addresses too. `runs` names what says which ports it opens. `ephemeral` are the ports that it connects from.
    `known_as` is how its live copies or their interfaces name it. Interfaces of tasks name nobody: where copies were
    not read, they are known by their filters.
    """

    name: Name
    segments: frozenset[Name]
    filters: frozenset[Name]
    kind: Literal["task", "proxy", "endpoint"]
    label: str = ""
    public: bool = False
    runs: Name | None = None
    copies: int | None = None
    ephemeral: Ports = EPHEMERAL
    filtered: bool = True
    known_as: str = ""


class Cross(Frozen):
    """Whether the nodes of a proxy pass connections on to targets in any zone, or in their own only; a pool may say
    otherwise for its own targets, or nothing (`None`)."""

    name: Name
    crosses: bool | None


class Keep(Frozen):
    """Whether the targets of a pool see the address of the client, or that of the proxy's node."""

    pool: Name
    keeps: bool


class Interface(Frozen):
    """A live network interface. `belongs` is what it says of whose it is, `role` what that means."""

    name: Name
    segment: Name
    filters: frozenset[Name]
    address: str
    public_address: str | None
    belongs: str
    role: Literal["task", "other"]


class Copy(Frozen):
    """A live copy of the stand that is `known_as`, with its interface."""

    name: Name
    known_as: str
    interface: Name


class Health(Frozen):
    """What a pool says of one of its targets; only `healthy` ones get connections while there are some."""

    pool: Name
    address: str
    port: int
    state: str
    reason: str = ""


class Open(Frozen):
    """A port that a container of what `name` describes opens."""

    name: Name
    container: str
    port: int
    protocol: str
    port_name: str | None = None


class Contains(Frozen):
    """A container of what `name` describes, whether or not it opens a port."""

    name: Name
    container: str


class Route(Frozen):
    """Where a table sends packets for a destination: an IPv4 block, or the id of a prefix list.

    `target` is `None` for delivery inside the network. `unmodelled` says what the target is where the analysis does
    not follow it. `dead`: AWS knows that the target is gone.
    """

    table: Name
    destination: str
    target: Name | None = None
    dead: bool = False
    unmodelled: str = ""


class Allow(Frozen):
    """One rule of a filter.

    A stateful filter (`order` is `None`) has rules that allow; a stateless one is asked in `order` and the first rule
    that matches decides by `accept`. `peer` is an IPv4 block, a filter (everything it stands before) or the id of a
    prefix list. `protocol` is `tcp`, `udp` or another word of AWS; `all` is every protocol.
    """

    filter: Name
    direction: Literal["in", "out"]
    protocol: str
    ports: Ports
    peer: str | Name
    text: str
    order: int | None = None
    accept: bool = True


class Listen(Frozen):
    """A port that a proxy listens on. `protocol` is AWS's word, `transports` are `tcp`, `udp` or both of them."""

    name: Name
    proxy: Name
    port: int
    protocol: str
    transports: frozenset[str]


class Forward(Frozen):
    """What a listener does with what meets `when` (values by AWS's name of the condition, any of them).

    The lowest `order` that matches decides. `pools` are where it goes, by weight; where there are none, `answer` is
    what the proxy itself says. `unclear` says why it cannot be told whether it is passed on.
    """

    listener: Name
    rule: str
    order: int
    when: FrozenMap[str, frozenset[str]] = EMPTY
    pools: FrozenMap[Name, int] = EMPTY
    answer: str = ""
    unclear: str = ""


class Member(Frozen):
    """A stand that a pool passes connections to, at a port."""

    pool: Name
    stand: Name
    port: int


class Translate(Frozen):
    """A gateway between a network and the internet.

    `one-to-one` hangs on a network and swaps the private and public address of one interface; `many-to-one` stands in
    a segment and lends its address to connections that are opened inside. `public`: it has an address of the internet.
    """

    name: Name
    kind: Literal["one-to-one", "many-to-one"]
    at: Name | None
    public: bool = True
    known_as: str = ""
    """How its live interface names it."""


class Serve(Frozen):
    """A service of AWS that `name` brings into a network.

    In `tables` it is a way to the service's addresses, which only AWS knows; otherwise it is a stand of that name.
    `named`: the service's own names lead to it, from everywhere in the network.
    """

    name: Name
    service: str
    tables: frozenset[Name] = frozenset()
    named: bool = False


Fact = (
    Span
    | Link
    | Stand
    | Cross
    | Keep
    | Interface
    | Copy
    | Health
    | Open
    | Contains
    | Route
    | Allow
    | Listen
    | Forward
    | Member
    | Translate
    | Serve
)
