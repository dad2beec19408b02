"""Help that nobody has asked for, over HTTP: offered for an incident, taken up, declined, withdrawn."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.receipt import Receipt
from app.commands.unasked_offers import DeclineUnaskedOffer, OfferUnasked, TakeUpUnaskedOffer, WithdrawUnaskedOffer
from app.domain import errors
from app.domain.forms import Code
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import unasked_offers as queries
from app.queries.unasked_offers import UnaskedOfferView

router = space_router("offers")

STATUSES = states("unasked_offer")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]
TWO_PUMPS = {
    "lines": [{"type_code": "pump.high_capacity", "quantity": 2}],
    "note": "Wir sehen das Wasser steigen: Zwei Pumpen stehen bereit.",
    "valid_until": "2026-07-14T15:00:00Z",
}


@router.get(
    "/unasked-offers",
    summary="List help that was offered unasked",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_unasked_offers(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    incident: Annotated[UUID | None, Query(description="Only for this incident.")] = None,
    status: Annotated[list[Status], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
) -> Page[UnaskedOfferView]:
    """What your member has offered, and been offered, before anybody asked; newest first."""
    for number, code in enumerate(status):
        require("state", code, STATUSES, pointer=f"query/status/{number}")
    of = fingerprint(
        "unasked_offers", {"space": space, "viewer": actor.member_id, "incident": incident, "status": status}
    )
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.unasked_offers(
        reader, space, viewer=actor.member_id, incident=incident, status=status, before=before, limit=paging.limit
    )
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post(
    "/incidents/{incident_id}/unasked-offers",
    status_code=201,
    summary="Offer help unasked",
    responses=responses(errors.AgreementRefused, errors.NotAvailable, errors.UnknownCode, errors.NaiveTime, body=True),
)
async def offer_unasked(
    incident_id: UUID, enter: Enter, command: Annotated[OfferUnasked, Body(examples=[TWO_PUMPS])]
) -> Receipt:
    """By the lender's dispatcher or representative, to the member that leads the incident. The agreements are checked as for any offer:
    `override_reserve` and `ad_hoc` are acts of an authorised representative. Nothing is kept free until it is taken up.
    """  # fmt: skip
    return await enter.create(command, "unasked-offers", target=incident_id)


@router.get("/unasked-offers/{unasked_offer_id}", summary="Read an unasked offer", responses=responses())
async def read_unasked_offer(
    space: Space, unasked_offer_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> UnaskedOfferView:
    """One of them with its lines, for the two members it is between."""
    found = await queries.unasked_offer(reader, space, unasked_offer_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/unasked-offers/{unasked_offer_id}/take-up",
    summary="Take up help that was offered unasked",
    responses=responses(
        errors.TransitionNotAllowed, errors.AgreementRefused, errors.NotAvailable, errors.OutOfJurisdiction, body=True
    ),
)
async def take_up_unasked_offer(
    unasked_offer_id: UUID,
    enter: Enter,
    command: Annotated[TakeUpUnaskedOffer, Body(examples=[{"priority": "property", "place": "Quai de Maestricht"}])],
) -> Receipt:
    """By a dispatcher for `immediate`, by an authorised representative for `planned`. A request is opened with the lines, and the offer
    stands under it, accepted: the lender commits as usual. The agreements and the reserve are asked again.
    """  # fmt: skip
    return await enter.execute(command, target=unasked_offer_id)


@router.post(
    "/unasked-offers/{unasked_offer_id}/decline",
    summary="Decline help that was offered unasked",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def decline_unasked_offer(
    unasked_offer_id: UUID,
    enter: Enter,
    command: Annotated[DeclineUnaskedOffer, Body(examples=[{"reason": "Das Wasser fällt schon, danke."}])],
) -> Receipt:
    """By the member that it was offered to, with a reason."""
    return await enter.execute(command, target=unasked_offer_id)


@router.post(
    "/unasked-offers/{unasked_offer_id}/withdraw",
    summary="Withdraw an unasked offer",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def withdraw_unasked_offer(
    unasked_offer_id: UUID,
    enter: Enter,
    command: Annotated[WithdrawUnaskedOffer, Body(examples=[{"why": "Wir brauchen sie jetzt selbst."}])],
) -> Receipt:
    """By the lender, as long as nobody has answered."""
    return await enter.execute(command, target=unasked_offer_id)
