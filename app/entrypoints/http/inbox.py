"""The inbox: what dispatch systems tell, signed; its log; and what waits for a person."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Body, Path, Query, Request, Response
from fastapi.routing import APIRouter
from pydantic import Field

from app.commands.inbox_matters import AnswerUnitCall, DiscardInboxMessage, RunInboxMessage
from app.commands.inbox_receiving import receive
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.errors import ConcordError, NotSignedIn, OutOfRange, SignatureWrong, TooLarge
from app.domain.forms import WHOLE, Form, Instant
from app.domain.inbox.signing import LONGEST_ID, Signed
from app.entrypoints.http.body import StrictRoute, require_plain
from app.entrypoints.http.deps import SPACE, CurrentActor, Enter, Reader, Space, TheDoor, space_router
from app.entrypoints.http.inbox_sources import member_of
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import inbox as queries
from app.queries.inbox import Because, Effect, InboxMatterView, InboxMessageDetail, InboxMessageView
from app.queries.models import ReadModel
from app.store.engine import reading

router = space_router("inbox")
signed = APIRouter(prefix=SPACE, tags=["inbox"], route_class=StrictRoute)
"""Whoever sends here is known by a signature, and has no token."""

Outcome = Literal["received", "applied", "history", "noted", "call", "quarantined", "discarded"]
Status = Literal["held", "settled", "discarded"]
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


class RunAll(Form):
    """Run again what waits of a source."""

    source_id: UUID
    most: Annotated[int, Field(strict=True, ge=1, le=200), WHOLE] = 50
    """How many at most in this call."""


class RanAll(ReadModel):
    """What became of them."""

    run: int
    outcomes: dict[str, int]
    """How many came to which outcome; `refused`: somebody else was seeing to it."""
    waiting: bool
    """Whether more of the source waits that was not run in this call."""


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
    """Read a body up to the inbox's own limit, which is below that of other bodies."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > limit:
            raise TooLarge(f"The body is larger than {limit // 1024} KiB.", extra={"limit_bytes": limit})
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
    status: Annotated[
        list[Status], Query(description="Only those that stand so; `held` if nothing is said.", max_length=3)
    ] = [],  # noqa: B006 - FastAPI copies it
) -> Page[InboxMatterView]:
    """What your member's dispatch systems told and nobody may guess the meaning of, newest first, each with its reason."""
    member = member_of(actor, "list_quarantine")
    of = fingerprint("quarantine", {"space": space, "member": member, "source": source, "status": status})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.matters(
        reader, space, member, "quarantine", source_id=source, status=status or ["held"], before=before, limit=paging.limit
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


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
    responses=responses(errors.RoleMissing, body=True),
)
async def run_all_inbox_messages(
    space: Space,
    actor: CurrentActor,
    door: TheDoor,
    body: Annotated[RunAll, Body(examples=[{"source_id": "019a0000-0000-7000-8000-00000000d1c4"}])],
) -> RanAll:
    """By a dispatcher or admin of the member: each as if it were run alone, in the order of their own times, a number at a time."""
    member = member_of(actor, "run_inbox_message")
    async with reading(door.engine) as conn:  # given back before each of them takes one
        await queries.source(conn, body.source_id, member=member)
        waiting = await queries.held(conn, space, member, body.source_id, body.most + 1)
    outcomes: dict[str, int] = {}
    for id_ in waiting[: body.most]:
        try:
            receipt = await door.execute(RunInboxMessage(), actor=actor, space=space, target=id_)
            outcome = str((receipt.outcome or {}).get("outcome"))
        except NotSignedIn:
            raise
        except ConcordError:
            outcome = "refused"
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return RanAll(run=min(len(waiting), body.most), outcomes=outcomes, waiting=len(waiting) > body.most)


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
