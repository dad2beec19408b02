"""The lender's own word over HTTP: that a member can, or cannot, until when, and why."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.lender_words import SayLenderWord, WithdrawLenderWord
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import lender_words as queries
from app.queries.lender_words import LenderWordView

router = space_router("lender words")

STATUSES = states("lender_word")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]
OWN_FIRE = {
    "word": "cannot",
    "type_code": "pump.high_capacity",
    "until_at": "2026-07-14T14:00:00Z",
    "reason": "own_emergency",
    "note": "Incendie dans le port.",
}


@router.get(
    "/lender-words",
    summary="List what members say: that they can, or cannot",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_lender_words(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    member: Annotated[UUID | None, Query(description="Only this member's.")] = None,
    status: Annotated[list[Status], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
) -> Page[LenderWordView]:
    """What stands, and what stood, newest first. Everybody sees it."""
    for number, code in enumerate(status):
        require("state", code, STATUSES, pointer=f"query/status/{number}")
    of = fingerprint("lender_words", {"space": space, "member": member, "status": status})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.words(reader, space, status=status, member=member, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/lender-words/{word_id}", summary="Read a member's word", responses=responses())
async def read_lender_word(
    space: Space, word_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> LenderWordView:
    """One word, until when it stands, and why it was given."""
    found = await queries.word(reader, space, word_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/lender-words",
    status_code=201,
    summary="Say that your member can, or cannot",
    responses=responses(errors.MissingField, errors.OutOfRange, errors.UnknownCode, errors.NaiveTime, body=True),
)
async def say_lender_word(enter: Enter, command: Annotated[SayLenderWord, Body(examples=[OWN_FIRE])]) -> Receipt:
    """`cannot` by a dispatcher or representative: its units are nobody's candidates until then. `can` by an authorised
    representative alone: what the member keeps at home does not stand against its help until then. It replaces what the member said before
    about the same types.
    """  # fmt: skip
    return await enter.create(command, "lender-words")


@router.post(
    "/lender-words/{word_id}/withdraw",
    summary="Take your member's word back",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def withdraw_lender_word(
    word_id: UUID, enter: Enter, command: Annotated[WithdrawLenderWord, Body(examples=[{"why": "Le feu est éteint."}])]
) -> Receipt:
    """By a dispatcher or representative of the member. What was offered under it stands."""
    return await enter.execute(command, target=word_id)
