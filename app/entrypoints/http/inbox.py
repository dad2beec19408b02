"""The inbox: what dispatch systems tell, signed; its log; and what waits for a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias
from uuid import UUID

from fastapi import Body, Path, Query, Request, Response
from fastapi.routing import APIRouter
from pydantic import Field

from app.commands.inbox_matters import AnswerUnitCall, DiscardInboxMessage, RunInboxMessage
from app.commands.inbox_receiving import receive
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.errors import BadCursor, ConcordError, FieldError, NotSignedIn, OutOfRange, SignatureWrong
from app.domain.forms import ONE_LINE, WHOLE, Form, Instant, Note
from app.domain.inbox.signing import LONGEST_ID, Signed
from app.entrypoints.http.body import StrictRoute, require_plain
from app.entrypoints.http.deps import SPACE, CurrentActor, Enter, Reader, Space, TheDoor, space_router
from app.entrypoints.http.inbox_sources import member_of
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, encode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import inbox as queries
from app.queries.inbox import Because, Effect, HeldReasons, InboxMatterView, InboxMessageDetail, InboxMessageView
from app.queries.models import ReadModel
from app.store.engine import reading

if TYPE_CHECKING:
    from app.commands.execute import Door
    from app.domain.authority import Actor

router = space_router("inbox")
signed = APIRouter(prefix=SPACE, tags=["inbox"], route_class=StrictRoute)
"""Whoever sends here is known by a signature, and has no token."""

Outcome = Literal["received", "applied", "history", "noted", "call", "quarantined", "discarded"]
Status = Literal["held", "settled", "discarded"]
NEVER = datetime.max.replace(tzinfo=UTC)
"""In a cursor: of a message without a time of its own, which comes after all others."""
NOT_YET = frozenset({"received", "quarantined"})
_HEADER = {"in": "header", "required": True}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 2000}
PARAMETERS: list[dict[str, Any]] = [
    _HEADER | {"name": "webhook-id", "description": "The message's own id; the same in every try.",
               "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_ID}, "example": "msg_2026-001234-7"},
    _HEADER | {"name": "webhook-timestamp", "description": "When it was signed, in seconds since 1970 (UTC).",
               "schema": {"type": "string", "pattern": "^[0-9]{9,11}$"}, "example": "1784030400"},
    _HEADER | {"name": "webhook-signature", "description": "`v1,` and the signature in Base64; several with spaces between.",
               "schema": _TEXT, "example": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="},
]  # fmt: skip
BODY = {
    "required": True,
    "description": "JSON as the source's mapping reads it.",
    "content": {"application/json": {"schema": {"type": "object"}, "example": {"issi": "4711", "status": "3"}}},
}


class Taken(ReadModel):
    """What became of a message."""

    message_id: UUID
    webhook_id: str
    outcome: str
    """`applied`, `history`, `noted`, `call`, `duplicate`; with 202 `quarantined` or `received`."""
    first_outcome: str | None
    """Of a duplicate: what became of the first one."""
    because: Because | None
    detail: str
    effects: tuple[Effect, ...]


ReasonCode: TypeAlias = Annotated[str, Field(pattern="^[a-z0-9_-]{1,64}$", examples=["inbox_unknown_unit"])]


class RunAll(Form):
    """Run again what waits of a source."""

    source_id: UUID
    because: ReasonCode | None = None
    """Only what waits for this reason."""
    most: Annotated[int, Field(strict=True, ge=1, le=200), WHOLE] = 50
    """How many at most in this call."""
    cursor: Annotated[str, Field(max_length=1000), ONE_LINE] | None = None
    """`next` of the call before: goes on behind what that one has run."""


class DiscardAll(RunAll):
    """Discard what waits of a source."""

    why: Note
    """Why; it stays in the journal, of each."""


class RanAll(ReadModel):
    """What became of them."""

    run: int
    outcomes: dict[str, int]
    """How many came to which outcome; `refused`: somebody else was seeing to it."""
    waiting: bool
    """Whether more of what was meant waits that was not run in this call."""
    next: str | None
    """Pass on as `cursor` to go on with that; null where nothing is left. What still waits after it was run is not run once more."""


@signed.post(
    "/inbox/{source_id}",
    summary="Tell what a dispatch system knows",
    responses=responses(
        errors.SignatureWrong,
        errors.OutsideReplayWindow,
        errors.OutOfRange,
        errors.TooMany,
        errors.KeyReused,
        body=True,
        path_ids=False,
    )
    | {
        202: {
            "model": Taken,
            "description": "Kept; a person will see to it, or it is still at work. Do not send it again.",
        }
    },
    openapi_extra={"parameters": PARAMETERS, "requestBody": BODY, "security": []},
)
async def tell_inbox(
    space: Annotated[str, Path(max_length=64, description="`live`, `integration`, or a drill's own.")],
    source_id: Annotated[str, Path(max_length=64, description="The source's id.")],
    request: Request,
    response: Response,
    door: TheDoor,
) -> Taken:
    """Signed as Standard Webhooks 1.0.0 says, with the source's secret; no token. Taken once under each `webhook-id`, however often it comes,
    and kept before it is worked on. What the mapping does not know, or what contradicts what is known, waits for a person: 202.
    """
    require_plain(request.headers.get("content-encoding"))
    if len(request.headers.get("webhook-id", "")) > LONGEST_ID:  # of a stranger's, too: its length is no secret
        detail = f"A webhook-id has {LONGEST_ID} characters at most."
        raise OutOfRange(detail, hint="Sign and send it under a shorter one.")
    body = await _body_of(request, door.settings.inbox_body_kb * 1024)
    sent = Signed(
        request.headers.get("webhook-id", ""),
        request.headers.get("webhook-timestamp", ""),
        request.headers.get("webhook-signature", ""),
        body,
    )
    taken = await receive(door, space, _id_of(source_id), sent)
    if taken.outcome in NOT_YET:
        response.status_code = 202
    return Taken(
        message_id=taken.message_id,
        webhook_id=taken.webhook_id,
        outcome=taken.outcome,
        first_outcome=taken.first_outcome,
        because=None if taken.because is None else Because.model_validate(taken.because),
        detail=taken.detail,
        effects=tuple(Effect.model_validate(each) for each in taken.effects),
    )


async def _body_of(request: Request, limit: int) -> bytes:
    """Read a body up to the inbox's own limit, which is below that of other bodies. Of what is larger so much is read that it is seen to be."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > limit:  # refused, and counted, as other messages are
            break
    return bytes(read)


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise SignatureWrong("No source at this address has signed this message.") from None


# ---------------------------------------------------------------- the log


@router.get(
    "/inbox/{source_id}/messages",
    summary="List what a dispatch system told",
    responses=responses(errors.RoleMissing, errors.BadCursor),
)
async def list_inbox_messages(
    space: Space,
    source_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    outcome: Annotated[list[Outcome], Query(description="Only those of which this became.", max_length=7)] = [],  # noqa: B006 - FastAPI copies it
    since: Annotated[Instant | None, Query(description="Only those that came at this instant or later.")] = None,
    until: Annotated[Instant | None, Query(description="Only those that came before this instant.")] = None,
) -> Page[InboxMessageView]:
    """Newest first, each with what became of it and why; for the member's dispatchers and admins."""
    await queries.source(reader, source_id, member=member_of(actor, "list_inbox_messages"))
    filters = {"space": space, "source": source_id, "outcome": outcome, "since": since, "until": until}
    of = fingerprint("inbox_messages", filters)
    rows = await queries.messages(
        reader, space, source_id, outcome=outcome, since=since, until=until,
        before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get(
    "/inbox/{source_id}/messages/{message_id}",
    summary="Read what a dispatch system told",
    responses=responses(errors.RoleMissing),
)
async def read_inbox_message(
    space: Space, source_id: UUID, message_id: UUID, actor: CurrentActor, reader: Reader
) -> InboxMessageDetail:
    """One message as it came, what a person has made of it, and what it did."""
    await queries.source(reader, source_id, member=member_of(actor, "read_inbox_message"))
    return await queries.message(reader, space, source_id, message_id)


# ---------------------------------------------------------------- what waits for a person


@router.get(
    "/quarantine",
    summary="List messages that wait for a person",
    responses=responses(errors.RoleMissing, errors.BadCursor),
)
async def list_quarantine(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    source: Annotated[UUID | None, Query(description="Only of this source.")] = None,
    because: Annotated[
        ReasonCode | None, Query(description="Only what waits, or did, for the reason of this code.")
    ] = None,
    status: Annotated[
        list[Status], Query(description="Only those that stand so; `held` if nothing is said.", max_length=3)
    ] = [],  # noqa: B006 - FastAPI copies it
) -> Page[InboxMatterView]:
    """What your member's dispatch systems told and nobody may guess the meaning of, newest first, each with its reason."""
    member = member_of(actor, "list_quarantine")
    filters = {"space": space, "member": member, "source": source, "because": because, "status": status}
    of = fingerprint("quarantine", filters)
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.matters(
        reader, space, member, "quarantine", source_id=source, because=because, status=status or ["held"], before=before,
        limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get(
    "/quarantine/reasons",
    summary="Count messages that wait for a person",
    responses=responses(errors.RoleMissing),
)
async def count_quarantine(space: Space, actor: CurrentActor, reader: Reader) -> HeldReasons:
    """How many wait of your member's, by source and reason: what to look at first, and what to run again together."""
    return await queries.held_reasons(reader, space, member_of(actor, "count_quarantine"))


@router.post("/quarantine/{message_id}/run", summary="Run a message again", responses=responses(body=True))
async def run_inbox_message(
    message_id: UUID,
    enter: Enter,
    command: Annotated[RunInboxMessage, Body(examples=[{"changes": [{"at": "/status", "value": "4"}]}])],
) -> Receipt:
    """By a dispatcher or admin of the member, once the mapping or a table of codes was mended, or with values changed in the message itself.
    `outcome` says what became of it; it may wait again.
    """
    return await enter.execute(command, target=message_id)


@router.post("/quarantine/{message_id}/discard", summary="Discard a message", responses=responses(body=True))
async def discard_inbox_message(
    message_id: UUID,
    enter: Enter,
    command: Annotated[DiscardInboxMessage, Body(examples=[{"why": "The unit was entered by mistake."}])],
) -> Receipt:
    """By a dispatcher or admin of the member, with a reason: it never takes effect. It stays in the log until its time is over."""
    return await enter.execute(command, target=message_id)


@router.post(
    "/quarantine/run-all",
    summary="Run all messages of a source again",
    responses=responses(errors.RoleMissing, errors.BadCursor, body=True),
)
async def run_all_inbox_messages(
    space: Space,
    actor: CurrentActor,
    door: TheDoor,
    body: Annotated[RunAll, Body(examples=[{"source_id": "019a0000-0000-7000-8000-00000000d1c4"}])],
) -> RanAll:
    """By a dispatcher or admin of the member: each as if it were run alone, in the order of their own times, a number at a time. Call it with
    `next` as `cursor` until that is null: then each that waited at the first call was run once.
    """
    return await _do_all(door, space, actor, member_of(actor, "run_inbox_message"), body, RunInboxMessage())


@router.post(
    "/quarantine/discard-all",
    summary="Discard all messages of a source",
    responses=responses(errors.RoleMissing, errors.BadCursor, body=True),
)
async def discard_all_inbox_messages(
    space: Space,
    actor: CurrentActor,
    door: TheDoor,
    body: Annotated[
        DiscardAll,
        Body(
            examples=[
                {
                    "source_id": "019a0000-0000-7000-8000-00000000d1c4",
                    "because": "inbox_unknown_unit",
                    "why": "No unit of ours.",
                }
            ]
        ),
    ],
) -> RanAll:
    """By a dispatcher or admin of the member, with a reason: each as if it were discarded alone, a number at a time, with `next` as for running
    them. Those that wait for another reason than `because` stay.
    """
    command = DiscardInboxMessage(why=body.why)
    return await _do_all(door, space, actor, member_of(actor, "discard_inbox_message"), body, command)


async def _do_all(
    door: Door,
    space: str,
    actor: Actor,
    member: UUID | None,
    body: RunAll,
    command: RunInboxMessage | DiscardInboxMessage,
) -> RanAll:
    of = fingerprint("held", {"space": space, "source": body.source_id, "because": body.because})
    after = _place(of, body.cursor)
    async with reading(door.engine) as conn:  # given back before each of them takes one
        await queries.source(conn, body.source_id, member=member)
        waiting = await queries.held(
            conn,
            space,
            member,
            body.source_id,
            because=body.because,
            until=after.until if after else door.clock.now(),
            after=after,
            limit=body.most,
        )
    outcomes: dict[str, int] = {}
    chosen, more = waiting[: body.most], len(waiting) > body.most
    for each in chosen:
        try:
            receipt = await door.execute(command, actor=actor, space=space, target=each.id)
            outcome = str((receipt.outcome or {"outcome": "discarded"}).get("outcome"))
        except NotSignedIn:
            raise
        except ConcordError:
            outcome = "refused"
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    last = chosen[-1] if more else None
    following = None if last is None else encode_cursor(of, [last.until, last.at or NEVER, last.id])
    return RanAll(run=len(chosen), outcomes=outcomes, waiting=more, next=following)


def _place(of: str, cursor: str | None) -> queries.Place | None:
    try:
        key = decode_cursor(of, cursor, [datetime, datetime, UUID])
    except BadCursor as wrong:  # it stands in the body here
        raise BadCursor(wrong.detail, errors=[FieldError("/cursor", wrong.slug, wrong.detail)]) from None
    return None if key is None else queries.Place(key[0], None if key[1] == NEVER else key[1], key[2])


@router.get(
    "/unit-calls",
    summary="List units that call their dispatcher",
    responses=responses(errors.RoleMissing, errors.BadCursor),
)
async def list_unit_calls(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Annotated[
        list[Status], Query(description="Only those that stand so; `held` if nothing is said.", max_length=3)
    ] = [],  # noqa: B006 - FastAPI copies it
) -> Page[InboxMatterView]:
    """Your member's units that want to speak to their dispatcher, newest first."""
    member = member_of(actor, "list_unit_calls")
    of = fingerprint("unit_calls", {"space": space, "member": member, "status": status})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.matters(
        reader, space, member, "call", status=status or ["held"], before=before, limit=paging.limit
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post("/unit-calls/{message_id}/answer", summary="Answer a unit that calls", responses=responses(body=True))
async def answer_unit_call(
    message_id: UUID, enter: Enter, command: Annotated[AnswerUnitCall, Body(examples=[{}])]
) -> Receipt:
    """By a dispatcher of the member: it was spoken to."""
    return await enter.execute(command, target=message_id)
