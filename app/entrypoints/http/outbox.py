"""The dispatch system's own side of a webhook: its outbox where nothing can be sent to it, what it has taken over, that it is there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import Body, Query
from fastapi.routing import APIRouter
from pydantic import Field

from app.commands.dispatch_receipts import TakeIntoDispatch
from app.commands.receipt import Receipt
from app.commands.webhooks import require_asked
from app.delivery.webhook_messages import Messages
from app.domain import authority, errors
from app.domain.authority import role_missing
from app.domain.forms import LARGEST_INTEGER, WHOLE, Form
from app.domain.lifecycle import machine
from app.domain.webhook_addresses import origin
from app.domain.webhooks import SPACE_KINDS
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, TheDoor, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import webhooks as queries
from app.queries.models import ReadModel
from app.queries.webhooks import DispatchReceiptView, WebhookStanding, WebhookView
from app.store import webhook_lanes as lanes
from app.store.unit_of_work import LIVE, operation

if TYPE_CHECKING:
    import asyncpg

    from app.commands.execute import Door
    from app.domain.authority import Actor

router = space_router("dispatch systems")
free = APIRouter(prefix="/api/v1", tags=["dispatch systems"], route_class=StrictRoute)

LARGEST_PAGE = 200
Seq = Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER), WHOLE]


class OutboxPage(ReadModel):
    """Events of an outbox, in the journal's order."""

    events: tuple[dict[str, Any], ...]
    """CloudEvents, as a webhook would be sent them."""
    next_after: int
    """Send it as `after` for what follows, and acknowledge it once these are kept."""
    replayed: tuple[int, ...]
    """The seqs of those among them that are there once more; acknowledge these with it, or they come again. Until this is empty there may be
    more of them."""
    more: bool
    """Whether there is more after `next_after` already."""
    looked_at: int
    """Up to which seq of the journal the outbox has come."""
    sent_to: str | None
    """Where all of this is sent, too: this webhook has an address, and who reads it here takes it twice. Null: it is only read here."""
    status: str
    """The webhook's. Its outbox is read whatever it is: one that is paused or disabled is only sent nothing."""
    tests_alone: bool
    """Whether nothing comes here but tests: the webhook does not ask for spaces of this kind."""


class Acknowledge(Form):
    """All events up to a seq are kept, and those that were replayed and are named."""

    seq: Seq
    """`next_after` of what was read."""
    replayed: Annotated[list[Seq], Field(max_length=LARGEST_PAGE)] = Field(default_factory=list)
    """`replayed` of what was read. One that is not named stays: it may have come after the reading."""


class Acknowledged(ReadModel):
    """What an acknowledgement did."""

    seq: int
    taken: int
    """How many events that had not been acknowledged before."""


class Heartbeat(Form):
    """The dispatch system is there."""


class Heard(ReadModel):
    """The answer to a heartbeat: so are we."""

    at: datetime
    status: str
    """The webhook's."""
    again_within_min: int | None
    """When the next one is wanted, in minutes; null: none is."""


@router.get("/outbox/{webhook_id}", summary="Read an outbox", responses=responses(errors.RoleMissing, errors.Conflict))
async def read_outbox(
    space: Space,
    webhook_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    after: Annotated[
        int | None,
        Query(
            ge=0, le=LARGEST_INTEGER, description="Events after this seq; without it, those that were not acknowledged."
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Most events.")] = 50,
) -> OutboxPage:
    """For networks that nothing can be sent into: the same events in the same order, by a dispatcher or admin of the member, or its token.

    What was read stays until it is acknowledged. What is replayed fills the page up, wherever `after` stands, until it is acknowledged by its
    seq. A webhook that is paused or disabled is sent nothing, and its outbox is read all the same. Reading says that the system is there. A space of a kind that the webhook does not ask
    for is refused; of the live one there is an outbox in any case, for tests.
    """
    found = await _own(reader, actor, webhook_id, "read_outbox")
    kind = await queries.space_kind(reader, space)
    if kind in SPACE_KINDS and kind != LIVE:  # whose outbox holds tests at least
        require_asked(space, kind, found.space_kinds)
    looked_at = await queries.head_of_lane(reader, space, webhook_id)
    if after is None:
        first = await lanes.first_waiting(reader, space, webhook_id)
        after = looked_at if first is None else first - 1
    waiting = await lanes.outbox(reader, space, webhook_id, after, limit + 1)
    shown, next_after = waiting[:limit], max(after, 0)
    if shown:
        next_after = shown[-1][0]
    if len(shown) < limit:
        shown = await lanes.once_more(reader, space, webhook_id, after, limit - len(shown)) + shown
    of = SPACE_KINDS[kind]
    base = (door.settings.public_url or "").rstrip("/")
    made = await Messages(base).made(reader, space, of, found.member_id, shown) if shown else []
    await _heard(door, webhook_id)
    return OutboxPage(
        events=tuple(orjson.loads(each.body.raw) for each in made),
        next_after=next_after,
        replayed=tuple(seq for seq, replayed, _ in shown if replayed),
        more=len(waiting) > limit,
        looked_at=looked_at,
        sent_to=None if found.url is None else origin(found.url),
        status=found.status,
        tests_alone=of not in found.space_kinds,
    )


@router.post("/outbox/{webhook_id}/acknowledge", summary="Acknowledge what was read", responses=responses(body=True))
async def acknowledge_outbox(
    space: Space,
    webhook_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    body: Annotated[Acknowledge, Body(examples=[{"seq": 4711, "replayed": [95, 96]}])],
) -> Acknowledged:
    """By a dispatcher or admin of the member, or its token: all up to this seq is kept, and what was replayed and is named. Once more does nothing.

    A seq that this outbox has not come to yet is refused: nobody can have read it.
    """
    found = await _own(reader, actor, webhook_id, "read_outbox")
    authority.check("read_outbox", actor, {"member": frozenset({found.member_id})})
    looked_at = await queries.head_of_lane(reader, space, webhook_id)
    if body.seq > looked_at:
        detail = f"This outbox has come to {looked_at}: {body.seq} can't have been read."
        raise errors.OutOfRange(
            detail,
            errors=[errors.FieldError("/seq", errors.OutOfRange.slug, detail)],
            hint="Acknowledge the seq of the last event that you keep: `next_after` of what you read.",
        )
    async with operation(door.engine) as tx:
        taken = await lanes.acknowledge(tx.raw, space, webhook_id, body.seq, body.replayed, door.clock.now())
    await _heard(door, webhook_id)
    return Acknowledged(seq=body.seq, taken=taken)


@free.post(
    "/webhooks/{webhook_id}/heartbeat",
    summary="Say that the dispatch system is there",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def send_heartbeat(
    webhook_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    _body: Annotated[Heartbeat, Body(examples=[{}])],
) -> Heard:
    """By a dispatcher or admin of the member, or its token. What could not be delivered is tried at once."""
    found = await _own(reader, actor, webhook_id, "read_outbox")
    authority.check("read_outbox", actor, {"member": frozenset({found.member_id})})
    machine("webhook_endpoint").refuse_final(
        found.status, "hear that its system is there", found.model_dump(mode="json")
    )
    now = await _heard(door, webhook_id)
    return Heard(at=now, status=found.status, again_within_min=found.heartbeat_min)


@router.post(
    "/webhooks/{webhook_id}/receipts",
    summary="Say that something was taken into dispatch",
    responses=responses(errors.Duplicate, body=True),
)
async def take_into_dispatch(
    webhook_id: UUID,
    enter: Enter,
    actor: CurrentActor,
    door: TheDoor,
    command: Annotated[TakeIntoDispatch, Body(examples=[{"seq": 4711, "number": "2026-001234"}])],
) -> Receipt:
    """By a dispatcher of the member, or its system's token: dispatchers see it there, under this number, which becomes the member's own of the
    incident. Events whose `receipt` is not null want this within its time, or the console rings.
    """
    receipt = await enter.execute(command, target=webhook_id)
    if actor.via != "console":  # a dispatcher says nothing of whether the system is there
        await _heard(door, webhook_id)
    return receipt


@router.get("/dispatch-receipts", summary="List what was taken into dispatch", responses=responses(errors.BadCursor))
async def list_dispatch_receipts(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Annotated[
        list[Literal["missing", "taken"]], Query(description="Only those that stand so.", max_length=2)
    ] = [],  # noqa: B006 - FastAPI copies it
    mission: Annotated[UUID | None, Query(description="Only those about this mission.")] = None,
    ring: Annotated[
        bool | None, Query(description="Only those for which somebody still has to ring, or the others.")
    ] = None,
) -> Page[DispatchReceiptView]:
    """Of your own member's systems, newest first."""
    of = fingerprint(
        "dispatch_receipts",
        {"space": space, "member": actor.member_id, "status": status, "mission": mission, "ring": ring},
    )
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.dispatch_receipts(
        reader,
        space,
        actor.member_id,
        status=status,
        mission=mission,
        ring=ring,
        before=before,
        limit=paging.limit,
    )
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@free.get(
    "/webhook-standings",
    summary="List whether your dispatch systems are reached",
    responses=responses(errors.RoleMissing, errors.BadCursor, path_ids=False),
)
async def list_webhook_standings(actor: CurrentActor, reader: Reader, paging: PagingQuery) -> Page[WebhookStanding]:
    """Your own member's, newest first, for its dispatchers and admins: by their names, to know whom to ring."""
    if actor.member_id is None or actor.roles.isdisjoint({"dispatcher", "admin"}):
        raise role_missing("list_webhook_standings", ["dispatcher", "admin"], "member")
    of = fingerprint("webhook_standings", {"member": actor.member_id})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.standings(reader, actor.member_id, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


async def _heard(door: Door, webhook_id: UUID) -> datetime:
    """Write down that the dispatch system is there, in a transaction of its own: it locks what those who send lock, too."""
    now = door.clock.now()
    async with operation(door.engine) as tx:
        await lanes.heard(tx.raw, webhook_id, now)
    return now


async def _own(reader: asyncpg.Connection[Any], actor: Actor, webhook_id: UUID, reading: str) -> WebhookView:
    """Return a webhook of the actor's member, to its dispatchers and admins.

    Raises:
        NotFound: another member's, or none.
        RoleMissing: a colleague without either role.
    """
    found = await queries.webhook(reader, webhook_id, member=actor.member_id)
    if actor.roles.isdisjoint({"dispatcher", "admin"}):
        raise role_missing(reading, ["dispatcher", "admin"], "member")
    return found
