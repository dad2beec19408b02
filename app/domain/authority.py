"""Who may do what, loaded from ``protocols/authority.yaml``; ``execute`` asks here before every command.

Two questions, asked at two moments: ``may_ever`` before anything is read (could this actor do it at all?), ``check`` once
the handler knows which member stands on which side of the matter. Roles form no ladder: each grant names its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.domain.errors import RoleMissing, ScopeMissing, WrongSide
from app.domain.protocol_data import Code, Names, Shape, parse, read, wrong

if TYPE_CHECKING:
    from pathlib import Path

ActorKind = Literal["person", "service", "system", "virtual", "source"]
Via = Literal["console", "api", "dispatch_system", "protocol", "virtual_player", "system"]
HeldBy = Literal["member", "user", "nobody"]

READ_SCOPE = "read"
WRITE_SCOPE = "write"
CALENDAR_SCOPE = "calendar"
"""Of the key in a calendar's address: it reads the calendar of drills, and nothing else."""

_NO_FACTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for which member, in which roles, and by which way in.

    ``scopes`` narrows a token: ``read``, ``write`` (every command), or names of commands; ``None`` is everything the
    roles allow, as in a session. Only the service itself (``SYSTEM``) has no id.
    """

    id: UUID | None
    kind: ActorKind
    member_id: UUID | None
    roles: frozenset[str]
    via: Via
    scopes: frozenset[str] | None = None

    @property
    def ref(self) -> str:
        """How the journal names the actor: ``user:<id>`` or ``system``, never by name."""
        return "system" if self.id is None else f"user:{self.id}"


SYSTEM = Actor(id=None, kind="system", member_id=None, roles=frozenset(), via="system")
"""The service itself: due work, and the command line of whoever runs the deployment. It may do everything."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its code, its name by language, and in one line (English) what it is for."""

    code: str
    names: Mapping[str, str]
    may: str


@dataclass(frozen=True, slots=True)
class Side:
    """A side of a matter; ``of`` lists the sides it joins, ``anyone`` means that every member is on it."""

    code: str
    held_by: HeldBy
    means: str
    of: tuple[str, ...]
    anyone: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """One way to be allowed: a role of ``roles``, on ``side``, while each fact in ``when`` has one of its values."""

    side: Side
    roles: tuple[str, ...]
    when: Mapping[str, tuple[str, ...]]

    def fits(self, facts: Mapping[str, str]) -> bool:
        """Whether the facts meet ``when``; a fact that was not handed in meets nothing."""
        return all(facts.get(fact) in values for fact, values in self.when.items())

    def has_role(self, actor: Actor) -> bool:
        """Whether the actor could use this grant if it stood on the right side."""
        if self.side.held_by == "nobody":
            return False
        if self.side.held_by == "user":
            return actor.id is not None
        return actor.member_id is not None and not actor.roles.isdisjoint(self.roles)

    def on_side(self, actor: Actor, sides: Mapping[str, frozenset[UUID]]) -> bool:
        """Whether the actor (its member, or itself) stands on the side."""
        if self.side.anyone:
            return True
        holder = actor.id if self.side.held_by == "user" else actor.member_id
        return any(holder in sides.get(code, frozenset()) for code in (self.side.code, *self.side.of))


@dataclass(frozen=True, slots=True)
class Authority:
    """The whole table: roles, sides, and for every command its grants."""

    version: int
    roles: Mapping[str, Role]
    sides: Mapping[str, Side]
    facts: Mapping[str, tuple[str, ...]]
    commands: Mapping[str, tuple[Grant, ...]]


def may_ever(command: str, actor: Actor) -> None:
    """Refuse an actor that could not do ``command`` whatever it is about, before anything is read.

    Raises ``ScopeMissing`` for a token made for less, ``RoleMissing`` where no grant knows the actor's roles, and
    ``ValueError`` for a command that stands in no table, which is a mistake of ours.
    """
    grants = _grants(command)
    if actor.kind == "system":
        return
    if actor.scopes is not None and actor.scopes.isdisjoint({WRITE_SCOPE, command}):
        raise ScopeMissing(command)
    if not any(grant.has_role(actor) for grant in grants):
        raise _refusal(command, grants)


def check(
    command: str, actor: Actor, sides: Mapping[str, frozenset[UUID]], facts: Mapping[str, str] = _NO_FACTS
) -> None:
    """Refuse an actor that may not do ``command`` in this matter; asks ``may_ever`` too.

    ``sides`` holds the ids of the members (for ``self``: users) on each side, ``facts`` what grants may hang on, such as
    ``request_kind``. Raises as ``may_ever`` does, ``WrongSide`` where the role is there and the member stands elsewhere, and ``ValueError`` when none of the sides that count was handed in.
    """
    may_ever(command, actor)
    if actor.kind == "system":
        return
    grants = _grants(command)
    _demand_sides(command, grants, sides)
    fitting = [grant for grant in grants if grant.fits(facts)]
    if not any(grant.has_role(actor) and grant.on_side(actor, sides) for grant in fitting):
        held = [grant for grant in fitting if grant.side.held_by == "member" and grant.has_role(actor)]
        raise _wrong_side(command, held) if held else _refusal(command, fitting or grants)


def is_by_itself(command: str) -> bool:
    """Return whether the service alone carries the command out: nobody can send it."""
    return all(grant.side.held_by == "nobody" for grant in authority().commands.get(command, ()))


def who_may(command: str) -> str:
    """Return, in words, on which side and in which roles people may send a command."""
    grants = authority().commands.get(command, ())
    return " or ".join(
        f"{grant.side.code.replace('_', ' ')} ({', '.join(sorted(role.replace('_', ' ') for role in grant.roles))})"
        for grant in grants
        if grant.side.held_by != "nobody"
    )


def may(command: str, actor: Actor, sides: Mapping[str, frozenset[UUID]], facts: Mapping[str, str] = _NO_FACTS) -> bool:
    """Whether ``check`` would let it pass: for lists of what somebody can do next."""
    try:
        check(command, actor, sides, facts)
    except (RoleMissing, ScopeMissing):
        return False
    return True


def _grants(command: str) -> tuple[Grant, ...]:
    try:
        return authority().commands[command]
    except KeyError:
        message = f"{command!r} stands in no line of protocols/authority.yaml; add it there"
        raise ValueError(message) from None


def _demand_sides(command: str, grants: Iterable[Grant], sides: Mapping[str, frozenset[UUID]]) -> None:
    wanted: set[str] = set()
    for grant in grants:
        if grant.side.anyone or grant.side.held_by == "nobody":
            return
        wanted |= {grant.side.code, *grant.side.of}
    if wanted.isdisjoint(sides):
        message = f"{command} is decided by {', '.join(sorted(wanted))}; the caller handed in {sorted(sides)}"
        raise ValueError(message)


def _refusal(command: str, grants: Iterable[Grant]) -> RoleMissing:
    """Name the roles of all grants of the first side: the one a colleague would be asked on."""
    listed = list(grants)
    side = listed[0].side
    return RoleMissing(command, _roles_on(listed, side.code), side.code, side.means)


def role_missing(reading: str, roles: Iterable[str], side: str, means: str | None = None) -> RoleMissing:
    """Build the refusal of what is no command, for want of one of ``roles``. ``means``: who stands on a side that the table does not know."""
    return RoleMissing(reading, named_roles(roles), side, means or authority().sides[side].means)


def _wrong_side(command: str, held: Iterable[Grant]) -> WrongSide:
    """Name the side on which the actor's own role would be enough."""
    listed = list(held)
    side = listed[0].side
    return WrongSide(command, _roles_on(listed, side.code), side.code, side.means)


def _roles_on(grants: Iterable[Grant], side: str) -> dict[str, str]:
    return named_roles(role for grant in grants if grant.side.code == side for role in grant.roles)


def named_roles(roles: Iterable[str]) -> dict[str, str]:
    """Return roles by code, each once, with their names in English."""
    return {role: authority().roles[role].names["en"] for role in roles}


# ---------------------------------------------------------------- the file


class _RoleShape(Shape):
    names: Names
    may: str


class _SideShape(Shape):
    held_by: HeldBy
    means: str
    of: tuple[Code, ...] = ()
    anyone: bool = False


class _GrantShape(Shape):
    side: Code
    roles: tuple[Code, ...] = ()
    when: dict[Code, Annotated[tuple[Code, ...], Field(min_length=1)]] = Field(default_factory=dict)


class _AuthorityShape(Shape):
    version: Annotated[int, Field(ge=1)]
    roles: dict[Code, _RoleShape]
    sides: dict[Code, _SideShape]
    facts: dict[Code, tuple[Code, ...]] = Field(default_factory=dict)
    commands: dict[Code, Annotated[tuple[_GrantShape, ...], Field(min_length=1)]]


@cache
def authority() -> Authority:
    """Return the table, read once per process. Raises ``ProtocolDataError`` when the file is wrong."""
    file, shape = read("authority.yaml", _AuthorityShape)
    return _build(file, shape)


def authority_from(file: Path, text: str) -> Authority:
    """Build the table from ``text`` as if read from ``file``: for checking a file before it is put in place."""
    return _build(file, parse(file, text, _AuthorityShape))


def roles() -> tuple[str, ...]:
    """Return the codes of all roles in the file's order, for CHECK constraints and validation."""
    return tuple(authority().roles)


def commands() -> tuple[str, ...]:
    """Return the names of all commands in the file's order; a token's scope may be any of them."""
    return tuple(authority().commands)


def _build(file: Path, shape: _AuthorityShape) -> Authority:
    sides = {code: Side(code, side.held_by, side.means, side.of, side.anyone) for code, side in shape.sides.items()}
    for code, side in sides.items():
        for part in side.of:
            if part not in sides or sides[part].held_by != side.held_by:
                raise wrong(file, f"sides.{code}.of", f"{part!r} is not a side held by a {side.held_by}")
    return Authority(
        version=shape.version,
        roles=MappingProxyType(
            {code: Role(code, MappingProxyType(role.names), role.may) for code, role in shape.roles.items()}
        ),
        sides=MappingProxyType(sides),
        facts=MappingProxyType(shape.facts),
        commands=MappingProxyType(
            {
                command: tuple(
                    _grant(file, f"commands.{command}.{index}", grant, shape, sides)
                    for index, grant in enumerate(grants)
                )
                for command, grants in shape.commands.items()
            }
        ),
    )


def _grant(file: Path, key: str, grant: _GrantShape, shape: _AuthorityShape, sides: Mapping[str, Side]) -> Grant:
    """Build one grant; its side, roles and facts must exist, and roles count only on a side that members hold."""
    if grant.side not in sides:
        raise wrong(file, f"{key}.side", f"{grant.side!r} is not a side")
    side = sides[grant.side]
    if (side.held_by == "member") != bool(grant.roles):
        raise wrong(file, f"{key}.roles", f"the side {side.code!r} is held by {side.held_by}; roles: {grant.roles}")
    for role in grant.roles:
        if role not in shape.roles:
            raise wrong(file, f"{key}.roles", f"{role!r} is not a role")
    for fact, values in grant.when.items():
        if unknown := sorted(set(values) - set(shape.facts.get(fact, ()))):
            raise wrong(file, f"{key}.when.{fact}", f"not values of that fact: {unknown}")
    when = MappingProxyType(grant.when)
    return Grant(side, grant.roles, when)
