"""What routes ask for: the door, the actor, the space, the key, the revision; and how a receipt is answered.

No dependency commits anything: the door has done so before a receipt exists.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import asyncpg
from fastapi import Depends, Header, Path, Request, Response
from fastapi.routing import APIRouter
from pydantic import Field, WithJsonSchema
from typing_extensions import override

from app.commands.execute import Door
from app.commands.receipt import Receipt
from app.commands.registry import Command
from app.domain.authority import Actor, role_missing
from app.domain.forms import ONE_LINE, text_schema
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.identity import current_actor
from app.entrypoints.http.paging import etag, if_match, required_if_match
from app.queries.spaces import require_reader
from app.store.engine import reading
from app.store.migrate import PERMANENT_SPACES

SPACE = "/api/v1/spaces/{space}"
LIVE = "live"

CurrentActor = Annotated[Actor, Depends(current_actor)]
# Dependencies are coroutines, also where they wait for nothing: FastAPI sends a plain function, or a class, to a thread.


async def the_door(request: Request) -> Door:
    """Return this process' door."""
    door: Door = request.app.state.door
    return door


TheDoor = Annotated[Door, Depends(the_door)]


_SpaceName = Annotated[
    str,
    Path(pattern="^[a-z][a-z0-9-]{1,62}$", description="`live`, `integration`, or a drill's own.", examples=["live"]),
]


async def _space(request: Request, door: TheDoor, actor: CurrentActor, space: _SpaceName) -> str:
    """Return the space's name, once it is known that there is one and that the actor may read there.

    A space that was there stays there. Who has what part in a drill is looked up each time: ``request.state.drill_staff`` says
    whether the actor is of its staff.
    """
    known: set[str] = request.app.state.known_spaces
    request.state.drill_staff = False
    if space not in known:
        async with reading(door.engine) as conn:
            request.state.drill_staff = await require_reader(conn, space, actor)
        if space in PERMANENT_SPACES:
            known.add(space)
    return space


Space = Annotated[str, Depends(_space)]
"""The space in the address, for who is signed in; an unknown one is not found."""


if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection
else:
    Connection = asyncpg.Connection  # generic for the type checker alone


async def _reader(door: TheDoor) -> AsyncIterator[Connection]:
    async with reading(door.engine) as conn:
        yield conn


Reader = Annotated[Connection, Depends(_reader)]
"""A connection for queries, given back when the answer is made."""


async def _snapshot_reader(door: TheDoor) -> AsyncIterator[Connection]:
    async with reading(door.engine, snapshot=True) as conn:
        yield conn


SnapshotReader = Annotated[Connection, Depends(_snapshot_reader)]
"""The same, where all statements have to see one instant."""

KEY_EXAMPLE = "b1f5c1de-2f1f-4c0e-9d8c-0b5a3f5a7e11"
_KeyText = Annotated[
    str, Field(min_length=1, max_length=200), ONE_LINE, WithJsonSchema(text_schema(1, 200, KEY_EXAMPLE))
]
_Key = Annotated[
    _KeyText | None,
    Header(
        alias="Idempotency-Key",
        description="Your own key for this message: a repeat within 24 hours gets the first receipt and changes nothing.",
        examples=[KEY_EXAMPLE],
    ),
]
_IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The ETag you read. If the thing has changed since, you get 409 and how it is now.",
        examples=['"3"'],
    ),
]


class Doorway:
    """The door as one request sees it: who asks, in which space, under which key."""

    def __init__(
        self,
        door: Door,
        actor: Actor,
        space: str,
        response: Response,
        key: str | None,
        if_match_: str | None,
    ) -> None:
        self.door = door
        self.actor = actor
        self.space = space
        self.response = response
        self.key = key
        self.if_match = if_match_

    async def execute(self, command: Command, *, target: UUID | None = None, edit: bool = False) -> Receipt:
        """Pass the command through the door and set ETag; ``edit`` makes If-Match obligatory."""
        revision = required_if_match(self.if_match) if edit else if_match(self.if_match)
        receipt = await self.door.execute(
            command, actor=self.actor, space=self.space, key=self.key, target=target, revision=revision
        )
        self.response.headers["ETag"] = etag(receipt.revision)
        return receipt

    async def create(self, command: Command, collection: str, *, target: UUID | None = None) -> Receipt:
        """Pass a command that makes something new; ``Location`` is its address in ``collection`` of the space."""
        receipt = await self.execute(command, target=target)
        self.response.headers["Location"] = f"/api/v1/spaces/{self.space}/{collection}/{receipt.id}"
        return receipt


async def _doorway(
    door: TheDoor,
    actor: CurrentActor,
    space: Space,
    response: Response,
    key: _Key = None,
    if_match_: _IfMatch = None,
) -> Doorway:
    return Doorway(door, actor, space, response, key, if_match_)


Enter = Annotated[Doorway, Depends(_doorway)]


class FreeDoorway(Doorway):
    """The door for what belongs to no space (users, tokens): the journal of the live one tells of it."""

    @override
    async def create(self, command: Command, collection: str, *, target: UUID | None = None) -> Receipt:
        receipt = await self.execute(command, target=target)
        self.response.headers["Location"] = f"/api/v1/{collection}/{receipt.id}"
        return receipt


async def _free_doorway(
    door: TheDoor,
    actor: CurrentActor,
    response: Response,
    key: _Key = None,
    if_match_: _IfMatch = None,
) -> FreeDoorway:
    return FreeDoorway(door, actor, LIVE, response, key, if_match_)


EnterFree = Annotated[FreeDoorway, Depends(_free_doorway)]


def admin_of(actor: Actor, reading: str) -> UUID:
    """Return the member whose admin the actor is; ``reading`` names what it wants to read.

    Raises:
        RoleMissing: it is none.
    """
    if actor.member_id is None or "admin" not in actor.roles:
        raise role_missing(reading, ["admin"], "member")
    return actor.member_id


def space_router(tag: str) -> APIRouter:
    """Return a router for one subject under ``/api/v1/spaces/{space}``, with the strict reading of bodies."""
    return APIRouter(prefix=SPACE, tags=[tag], route_class=StrictRoute)
