"""Exchange rates over HTTP: typed in with their source, never fetched."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Body, Query

from app.commands.contested_rates import AgreeToExchangeRate, ContestExchangeRate
from app.commands.exchange_rates import EnterExchangeRate
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.money import Currency
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import exchange_rates as queries
from app.queries.exchange_rates import ExchangeRateView

router = space_router("claims")

AGAINST: Final = {"reason": "That was Monday's rate.", "rate": "1.0418", "source": "ECB reference rate of 14 July"}


@router.get(
    "/exchange-rates",
    summary="List exchange rates",
    responses=responses(errors.BadCursor, path_ids=False),
)
async def list_exchange_rates(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    base: Annotated[Currency | None, Query(description="Only from this currency.")] = None,
    quote: Annotated[Currency | None, Query(description="Only into this currency.")] = None,
) -> Page[ExchangeRateView]:
    """Every rate that somebody has entered, the last one first."""
    of = fingerprint("exchange_rates", {"space": space, "base": base, "quote": quote})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.exchange_rates(reader, space, base=base, quote=quote, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post(
    "/exchange-rates",
    status_code=201,
    summary="Enter an exchange rate",
    responses=responses(errors.OutOfRange, errors.Duplicate, body=True),
)
async def enter_exchange_rate(
    enter: Enter,
    command: Annotated[
        EnterExchangeRate,
        Body(
            examples=[
                {"base": "CHF", "quote": "EUR", "rate": "1.0432", "day": "2026-07-13", "source": "ECB reference rate"}
            ]
        ),
    ],
) -> Receipt:
    """By the finance of any member; who entered it may correct it. A correction reaches claims that nobody has verified."""
    return await enter.execute(command)


@router.post(
    "/exchange-rates/{rate_id}/contest",
    summary="Contest an exchange rate",
    responses=responses(errors.TransitionNotAllowed, errors.OutOfRange, body=True),
)
async def contest_exchange_rate(
    rate_id: UUID, enter: Enter, command: Annotated[ContestExchangeRate, Body(examples=[AGAINST])]
) -> Receipt:
    """By the finance of another member. Claims that are converted by this rate can't be verified or paid until both have agreed on one.

    What two have agreed on binds these two: another member whose claim or statement is converted by it, and not agreed to yet, may contest it anew.
    """
    return await enter.execute(command, target=rate_id)


@router.post(
    "/exchange-rates/{rate_id}/agree",
    summary="Agree to the other side's exchange rate",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def agree_to_exchange_rate(
    rate_id: UUID, enter: Enter, command: Annotated[AgreeToExchangeRate, Body(examples=[{}])]
) -> Receipt:
    """By the finance of whoever entered it, which takes the rate named against it, or of whoever contests it, which takes the one entered.

    The rate is settled; claims that nobody has verified are converted by it.
    """
    return await enter.execute(command, target=rate_id)
