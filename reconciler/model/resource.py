"""One AWS resource: as wanted, as observed, and what is known of its type."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from reconciler.model.facts import Fact, Name
from reconciler.model.fields import Fields
from reconciler.model.frozen import Frozen
from reconciler.model.values import EMPTY, NO_TOKEN, FrozenMap, Ref, Token

if TYPE_CHECKING:
    from reconciler.model.ports import Reader

F = TypeVar("F", bound=Fields)


class Resource(Frozen, Generic[F]):
    """One AWS resource as wanted.

    `address` is `type/name...`, stable over time; `owner` the object that a user wrote (`Task/web`); `after` the
    addresses that must be done first though no field refers to them.
    """

    address: str
    type: str
    fields: F
    owner: str
    after: frozenset[str] = frozenset()


class Reference(Frozen, Generic[F]):
    """Something in AWS that a spec refers to and that is not ours: only ever read.

    `fields` say what it is looked for by, `owner` is the object that refers to it. Its address may be referred to like
    that of a resource.
    """

    address: str
    kind: Referred[F]
    fields: F
    owner: str


class State(Enum):
    """Where an observed object is in its AWS life."""

    READY = "ready"
    PENDING = "pending"
    DELETING = "deleting"
    FAILED = "failed"
    REVERTED = "reverted"
    """AWS gave up what it was asked for and went back to what was there before, which runs."""


class Observed(Frozen, Generic[F]):
    """One AWS object as AWS describes it now.

    `address` comes from our tags (of a part that cannot carry tags: from its parent's) and is `None` for what is
    foreign. `id` names it in AWS; `outputs` are what others may refer to, `id` included. `tags` are all its tags.
    `evidence`: it only helps to see where traffic can go, nobody put it there, so it is never listed as foreign.
    `applied` is the digest our last converging call left on it. `delegated` names fields that belong to an AWS agent
    now, with who. `detail` says what AWS says of a state that is not `READY`. `created` orders twins, older first.
    `in_use`: something works by it or in it now, such as the tasks of a service.
    `by_index` marks one that was not looked at closely enough to act upon: its tags come from AWS's index of tags and
    may be minutes old, or others of its address were not looked for.
    """

    type: str
    id: str
    fields: F
    address: str | None = None
    stack: str | None = None
    owner: str | None = None
    outputs: FrozenMap[str, str] = EMPTY
    tags: FrozenMap[str, str] = EMPTY
    applied: str | None = None
    state: State = State.READY
    detail: str = ""
    created: str = ""
    delegated: FrozenMap[str, str] = EMPTY
    in_use: bool = False
    evidence: bool = False
    by_index: bool = False


class Call(Frozen):
    """One AWS request as data.

    `params` may hold `Ref`s and `Template`s, resolved when the call is made. `save` maps outputs of the resource to
    JMESPath expressions over the answer; `known` gives outputs that no answer carries. `mine` is an expression that
    finds our tag in the answer, for a create that AWS answers with whatever bears the name already. `late`: one
    of an update that takes away, and waits where something else has to come first. `beside`: it may be made at the same
    time as the call before it, and as those that that one is beside.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    save: FrozenMap[str, str] = EMPTY
    known: FrozenMap[str, str] = EMPTY
    mine: str = ""
    late: bool = False
    beside: bool = False

    @property
    def name(self) -> str:
        """`ec2:CreateVpc`, as IAM and CloudTrail call it."""
        return f"{self.service}:{self.operation}"


class Exposed(Frozen):
    """Requests that are answered neither as before nor as after while a resource changes.

    `name` is that of the rule that took them, `requests` its conditions: values by what they are compared with, of
    which a request meets one each.
    """

    name: str
    requests: FrozenMap[str, frozenset[str]]


class Holder(NamedTuple):
    """Something that keeps AWS from deleting an object, in words. `passing`: AWS made it for something else, and takes
    it away by itself some time after that has gone."""

    what: str
    passing: bool = False


Known = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Tags by type and id."""


class Digests(Protocol):
    """What a desired graph says of itself in tags. To work it out takes time, so whoever asks first waits for it."""

    @property
    def applied_digests(self) -> Mapping[str, str]:
        """That of each address."""

    @property
    def digest(self) -> str:
        """That of all of it."""


class Scope(Frozen):
    """Where an observation looks: one region of an account, for the stacks named.

    `expected` holds the desired resources by type (to be asked for by name where AWS's lists hide things), `graphs`
    by stack the digests that what is desired would carry, `found` what the types in `needs` gave in this pass and what
    the specs refer to, `places` the objects of others that hold, or held, parts of the stacks though no spec names
    them, as tags do (`tags.short`). `known` is by type and id what was there a moment ago, with its tags: a hint of
    what will be asked, and never an answer. `by_index` allows tags to come from AWS's index of them, and more to be
    left out that only matters where something is to be done.
    """

    region: str
    stacks: tuple[str, ...]
    expected: Mapping[str, Sequence[Resource[Any]]] = dataclasses.field(default_factory=dict)
    graphs: Mapping[str, Digests] = dataclasses.field(default_factory=dict)
    found: Mapping[str, Sequence[Observed[Any]]] = dataclasses.field(default_factory=dict)
    places: frozenset[str] = frozenset()
    known: Known = dataclasses.field(default_factory=dict)
    by_index: bool = False

    def digests(self, stack: str | None) -> Mapping[str, str]:
        """The applied digest that each desired address of a stack would carry."""
        graph = self.graphs.get(stack or "")
        return graph.applied_digests if graph is not None else {}

    def ids(self, type_name: str) -> list[str]:
        """Sorted ids of the live objects of a type found earlier that belong to the stacks of this scope."""
        return sorted({o.id for o in self.found.get(type_name, ()) if o.stack in self.stacks})

    @property
    def networks(self) -> list[str]:
        """Sorted ids of the VPCs that concern the stacks of this scope: their own, and others that they live in."""
        return sorted({o.id for o in self.found.get("vpc", ())})

    def foreseen(self, type_name: str) -> list[str]:
        """Sorted ids of the objects of a type that are most likely there."""
        return sorted(self.known.get(type_name, ()))


class Context(Frozen):
    """What a type needs to know, beside the fields, to write its requests.

    `name` is the AWS name chosen for a new object, `token` the idempotency token of this creation, `tags` all the
    tags that a create call carries, `parent_changes` the fields of its parent that change in the same run.
    """

    stack: str
    account: str
    region: str
    partition: str
    name: str = ""
    token: Token = NO_TOKEN
    tags: FrozenMap[str, str] = EMPTY
    parent_changes: frozenset[str] = frozenset()

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional resource of this account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


class Replacement(Enum):
    """How a type is replaced when an immutable field changes."""

    CREATE_FIRST = "create-first"
    DELETE_FIRST = "delete-first"
    NEVER = "never"


class Naming(Enum):
    """How the AWS name of a new object is made of stack, object and address."""

    NONE = "none"
    """AWS gives ids; there is no name."""
    STABLE = "stable"
    """One name for ever: old and new never live side by side."""
    DIGEST = "digest"
    """Ends in eight hexadecimal digits of stack, address and replacement digest."""


class Readable(ABC, Generic[F]):
    """A resource type as far as it is read. One instance per module of `resources/`, named `TYPE`.

    A type that is this and no more is never made, changed or removed: it has no requests that could.
    """

    name: ClassVar[str]
    cloudformation: ClassVar[str]
    fields: ClassVar[type[Fields]]
    needs: ClassVar[tuple[str, ...]] = ()
    """Types whose observation this one reads from `Scope.found`."""
    published: ClassVar[Mapping[str, str]] = {}
    """What others may have written down, by output or part, with what people call it: a replacement changes it."""
    readdressed: ClassVar[Mapping[str, str]] = {}
    """Fields, of entries too (`natGatewayId`), whose change brings other addresses, with what people call those."""
    addressed_by: ClassVar[Mapping[str, str]] = {}
    """Those of them that name an object whose address it is, with its type: another one may stand under the same."""
    refines: ClassVar[bool] = False
    """What it says of traffic makes an answer finer; where it could not be read, the answer stands without it."""
    tells_health: ClassVar[bool] = False
    """Once it was read, what it does not say is well is not."""
    marks_parts: ClassVar[bool] = False
    """It has no tags of its own, but what it is made of carries those that say whose it is: they count as its own
    where all parts have them."""

    def ahead(self, reader: Reader, scope: Scope) -> Iterable[Callable[[], object]]:
        """Questions that `observe` will ask, surely or most likely, whatever the types in `needs` give. They are asked
        while those are looked at: the reader remembers the answers."""
        del reader, scope
        return ()

    def outline(self, reader: Reader, scope: Scope) -> Iterable[Observed[F]] | None:
        """All that `observe` gives with no more than their ids and owners, for the types that need this one, where
        AWS tells that sooner than the rest; of types that need no other."""
        del reader, scope
        return None

    @abstractmethod
    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[F]]:
        """All objects of this type that belong to the stacks of `scope` or live inside something that does."""

    def facts(self, name: Name, fields: F, identity: str | None) -> Iterable[Fact]:
        """What one resource of this type does to traffic, wanted or observed. `identity` is the id of a live one."""
        del name, fields, identity
        return ()


class Referred(Readable[F]):
    """A type of what specs only refer to. It has no requests that could make, change or remove one."""

    put_right: ClassVar[str]
    """What a person can do where a reference means nothing."""

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[F]]:
        """Nothing: what is referred to is looked for one by one."""
        del reader, scope
        return ()

    @abstractmethod
    def candidates(self, reader: Reader, wanted: F) -> Iterable[Observed[F]]:
        """Everything that is as a reference says (see `found`), which means one thing only where this is one."""

    def found(self, wanted: F, identity: str, **outputs: str) -> Observed[F]:
        """What was found of a reference, which it carries, so that it never passes for what another means."""
        known = FrozenMap({"id": identity, **outputs})
        return Observed(type=self.name, id=identity, fields=wanted, outputs=known, evidence=True)

    @abstractmethod
    def meant(self, wanted: F) -> str:
        """What a reference looks for, in words that stand after "no": `VPC with the tag team=shop`."""

    def unresolved(self, wanted: F, found: Sequence[Observed[F]]) -> tuple[str, str]:
        """Why a reference means nothing, or too much, with what a person can do."""
        if not found:
            return f"there is no {self.meant(wanted)}", self.put_right
        names = ", ".join(sorted(one.id for one in found))
        return f"there is more than one {self.meant(wanted)}: {names}", "write more tags, or the id of one"


class ResourceType(Readable[F]):
    """Everything known about one AWS resource type that specs compile to.

    Reading goes through the `Reader` it is handed; writing is returned as `Call`s. A *collection* (the rules of a
    group, the routes of a table) is a type of its own whose address is its parent's and `/` and its `collection` name;
    its id is its parent's and its applied digest is a tag of its parent.
    """

    after: ClassVar[Mapping[str, str]] = {}
    """Other types to come first, by the type through which both are related: an ECS service comes after
    `listener-rules` that lead to a `target-group` it also leads to."""
    mentions: ClassVar[frozenset[str]] = frozenset()
    """Types that it only mentions: AWS takes it whether they are there or not. Where their name, and so what is
    mentioned, is the same each time they are made, it does not come after them."""
    replacement: ClassVar[Replacement] = Replacement.CREATE_FIRST
    replacement_reason: ClassVar[str] = ""
    """AWS's reason why a type that is not `CREATE_FIRST` is not."""
    waits_only_on_request: ClassVar[bool] = False
    """An apply is done once AWS took the change; its settling is waited for under `--wait` only."""
    naming: ClassVar[Naming] = Naming.NONE
    name_limit: ClassVar[int] = 255
    name_separator: ClassVar[str] = "-"
    """Between stack and address parts of a `STABLE` name: a character that no object's name can hold, so that no two
    objects meet in one name."""
    name_prefix: ClassVar[str] = ""
    name_with_region: ClassVar[bool] = False
    """The service is global: the name tells regions apart."""
    tagged_by: ClassVar[str] = "id"
    """The output that tag calls take: an ARN where that is not the id."""
    collection: ClassVar[str | None] = None
    parent: ClassVar[str | None] = None
    """The field that refers to the parent of a collection or of a part that cannot carry tags."""
    taggable: ClassVar[bool] = True
    guarded: ClassVar[str | None] = None
    """What people call it, where deleting or replacing one must be allowed explicitly."""
    awaited: ClassVar[bool] = False
    """Dependants wait until it is `READY`, not only until it exists."""
    settles: ClassVar[bool] = False
    """It is not `READY`, or not gone, when the call that made or removed it returns."""
    dead_when_failed: ClassVar[bool] = False
    """A `FAILED` object of this type can never become `READY`: it is replaced."""
    fades_when_failed: ClassVar[bool] = False
    """AWS removes a `FAILED` object of this type by itself, and it holds nothing meanwhile: it is as good as gone."""
    keeps: ClassVar[int] = 0
    """How many retired objects, newest first, stay as history."""
    absent: ClassVar[frozenset[str]] = frozenset()
    """Error codes of a delete that mean: already gone."""
    not_yet: ClassVar[tuple[tuple[str, str], ...]] = ()
    """(code, part of the message) of errors that mean: what this refers to is not visible or usable yet."""
    lasting: ClassVar[frozenset[str]] = frozenset()
    """Error codes that stay true however long one waits: what is missing is nothing that this program makes."""
    goes_around: ClassVar[frozenset[str]] = frozenset()
    """Fields of a collection's parent: where one changes, a part of the collection's update comes before that and the
    rest (`Call.late`) after it."""
    changed_by: ClassVar[tuple[str, ...]] = ()
    """The calls (`ec2:DeleteRoute`) that make, change or remove one, beside those that tag it: their events tell whose
    doing a drift is. Source: the service's CloudTrail page."""

    @abstractmethod
    def create(self, resource: Resource[F], context: Context) -> Sequence[Call]:
        """The requests that make it; the first that answers with an identity saves it."""

    @abstractmethod
    def update(
        self, resource: Resource[F], observed: Observed[F], changed: frozenset[str], context: Context
    ) -> Sequence[Call]:
        """The requests that bring the changed top-level fields (never an immutable one) to what is wanted."""

    def attach(self, observed: Observed[F], old: frozenset[str], new: Iterable[Ref]) -> Call | None:
        """The request that ties new targets to what leads to one of the old ones by id, while nothing goes there yet;
        `None` where that cannot be. The update that is to come unties or uses them."""
        del observed, old, new
        return None

    def succeeding(self, desired: F, old: Observed[F]) -> F:
        """What a replacement of a live object begins as."""
        del old
        return desired

    def exposes(self, resource: Resource[F], observed: Observed[F], context: Context) -> Sequence[Exposed]:
        """Requests that the calls of `update` cannot but answer otherwise than before or after."""
        del resource, observed, context
        return ()

    def protected(self, observed: Observed[F]) -> tuple[str, str] | None:
        """Why AWS refuses to delete it, with what a person can do; `None` where it does not."""
        del observed
        return None

    @abstractmethod
    def delete(self, observed: Observed[F], context: Context) -> Sequence[Call]:
        """The requests that remove it."""

    def tag(self, target: str | Ref, put: Mapping[str, str], remove: Iterable[str]) -> Sequence[Call]:
        """The requests that set and remove tags of an object by its id. Types without tags have none."""
        raise NotImplementedError(f"{self.name} has no tags of its own")

    def tag_parts(
        self,
        observed: Observed[F],
        put: Mapping[str, str],
        remove: Sequence[str],
        resource: Resource[F] | None = None,
    ) -> Sequence[Call]:
        """The requests that set and remove tags of what it is made of, of types that mark that; of those parts alone
        that the desired `resource` keeps, where there is one."""
        raise NotImplementedError(f"{self.name} marks no parts")

    def causes(self, reader: Reader, observed: Observed[F]) -> Sequence[str]:
        """Lines on why a `FAILED` object failed, first cause first, beyond its `detail`. Read for people only."""
        del reader, observed
        return ()

    def holders(self, reader: Reader, identity: str) -> Sequence[Holder]:
        """What keeps AWS from deleting an object, as far as it can be found. Read for people only."""
        del reader, identity
        return ()

    def outputs_of_name(self, context: Context) -> Mapping[str, str]:
        """The outputs that follow from the name alone: whoever refers to a deleted object still names the next one."""
        del context
        return {}

    def align(self, desired: F, observed: F) -> F:
        """`observed` with its entries keyed as in `desired`, where AWS keeps no name for an entry."""
        del desired
        return observed

    def conflicts(self, desired: F, observed: F) -> str | None:
        """Why AWS refuses a new object beside an observed one, with what a person can do; `None` where it does not.

        `desired` has ids where its references live, as `observed` has.
        """
        del desired, observed
        return None

    def fits(self, desired: F, observed: F) -> bool:
        """A last word on whether an observed object whose immutable fields agree can be the desired one."""
        del desired, observed
        return True
