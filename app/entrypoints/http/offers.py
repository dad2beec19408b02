"""Offers over HTTP: made, answered, taken back, committed. Only the two members they are between see them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.offer_answers import AcceptOffer, DeclineOffer, WithdrawOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code, Instant
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, TheDoor, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import offers as queries
from app.queries import requests as request_queries
from app.queries.offer_binding import WaysView, ways
from app.queries.offers import OfferView

router = space_router("offers")

STATUSES = states("offer")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]
Statuses = Annotated[list[Status], Query(description="Only these states.")]
TWO_PUMPS = {
    "lines": [{"request_line_id": "0197a1b2-0000-7000-8000-000000000004", "quantity": 2}],
    "note": "Deux pompes avec équipage, prêtes dans 30 minutes.",
    "valid_until": "2026-07-14T15:00:00Z",
}
ONE_OF_THEM = {"lines": [{"offer_line_id": "0197a1b2-0000-7000-8000-000000000005", "quantity": 1}]}
THIS_PUMP = {
    "units": [
        {
            "offer_line_id": "0197a1b2-0000-7000-8000-000000000005",
            "resource_id": "0197a1b2-0000-7000-8000-000000000006",
            "talkgroup": "DEMO-NL-101",
        }
    ]
}


@router.get("/offers", summary="List your offers", responses=responses(errors.BadCursor, errors.UnknownCode))
async def list_offers(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Statuses = [],  # noqa: B006 - FastAPI copies it
    member: Annotated[UUID | None, Query(description="Only those between your member and this one.")] = None,
    since: Annotated[Instant | None, Query(description="Only those made at or after this instant.")] = None,
    until: Annotated[Instant | None, Query(description="Only those made before this instant.")] = None,
) -> Page[OfferView]:
    """What your member has offered and been offered, newest first."""
    _known(status)
    of = fingerprint(
        "offers",
        {
            "space": space, "viewer": actor.member_id, "status": status, "member": member, "since": since,
            "until": until,
        },
    )  # fmt: skip
    rows = await queries.offers(
        reader, space, viewer=actor.member_id, status=status, member=member, since=since, until=until,
        before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get(
    "/requests/{request_id}/offers",
    summary="List the offers for a request",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_offers_for_request(
    space: Space,
    request_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Statuses = [],  # noqa: B006 - FastAPI copies it
) -> Page[OfferView]:
    """All of them for who asked; for a lender its own. Newest first."""
    _known(status)
    await request_queries.request(reader, space, request_id, viewer=actor.member_id)
    of = fingerprint(
        "request_offers", {"space": space, "viewer": actor.member_id, "request": request_id, "status": status}
    )
    rows = await queries.offers(
        reader, space, viewer=actor.member_id, request=request_id, status=status,
        before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post(
    "/requests/{request_id}/offers",
    status_code=201,
    summary="Offer help",
    responses=responses(
        errors.AgreementRefused, errors.NotAvailable, errors.OutOfOrder, errors.UnknownCode, errors.NaiveTime, body=True
    ),
)
async def make_offer(
    request_id: UUID, enter: Enter, command: Annotated[MakeOffer, Body(examples=[TWO_PUMPS])]
) -> Receipt:
    """By the lender's dispatcher or representative. The agreements are checked: a refusal holds every reason, coded, by line.

    `override_reserve` and `ad_hoc` are acts of an authorised representative; the first is seen by the whole corridor.
    """
    return await enter.create(command, "offers", target=request_id)


@router.get("/offers/{offer_id}", summary="Read an offer", responses=responses())
async def read_offer(
    space: Space, offer_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> OfferView:
    """One offer with its lines, for the two members it is between."""
    found = await queries.offer(reader, space, offer_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.get("/offers/{offer_id}/crossings", summary="See on which ways an offer could come", responses=responses())
async def list_offer_crossings(
    space: Space, offer_id: UUID, actor: CurrentActor, reader: Reader, door: TheDoor
) -> WaysView:
    """The crossings over which what is not committed could come, the best first: those that bar a unit, or that the agreement
    does not allow, say so. None where it passes no border.
    """
    found = await queries.offer(reader, space, offer_id, viewer=actor.member_id)
    return await ways(reader, space, found, at=door.clock.now(), roads=door.settings.roads)


@router.post(
    "/offers/{offer_id}/accept",
    summary="Accept an offer",
    responses=responses(
        errors.TransitionNotAllowed, errors.OverFilled, errors.NotAvailable, errors.OutOfOrder, body=True
    ),
)
async def accept_offer(
    offer_id: UUID, enter: Enter, command: Annotated[AcceptOffer, Body(examples=[ONE_OF_THEM])]
) -> Receipt:
    """By who asked: all of it, or the lines and quantities named, never more than the request still lacks."""
    return await enter.execute(command, target=offer_id)


@router.post(
    "/offers/{offer_id}/decline",
    summary="Decline an offer",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def decline_offer(
    offer_id: UUID,
    enter: Enter,
    command: Annotated[DeclineOffer, Body(examples=[{"why": "Nearer ones are on their way, thank you."}])],
) -> Receipt:
    """By who asked. Units that were kept free for it are available again."""
    return await enter.execute(command, target=offer_id)


@router.post(
    "/offers/{offer_id}/withdraw",
    summary="Withdraw an offer",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def withdraw_offer(
    offer_id: UUID,
    enter: Enter,
    command: Annotated[WithdrawOffer, Body(examples=[{"why": "We need them ourselves now."}])],
) -> Receipt:
    """By the lender, as long as nothing of it is committed; afterwards a mission is recalled instead."""
    return await enter.execute(command, target=offer_id)


@router.post(
    "/offers/{offer_id}/commit",
    summary="Commit an offer",
    responses=responses(
        errors.TransitionNotAllowed, errors.OverFilled, errors.NotAvailable, errors.OutOfOrder, body=True
    ),
)
async def commit_offer(
    offer_id: UUID, enter: Enter, command: Annotated[CommitOffer, Body(examples=[THIS_PUMP])]
) -> Receipt:
    """By the lender's representative; by its dispatcher for `immediate` and `day_to_day`. Each unit becomes a mission."""
    return await enter.execute(command, target=offer_id)


def _known(status: list[str]) -> None:
    for number, code in enumerate(status):
        require("state of an offer", code, STATUSES, pointer=f"query/status/{number}")
