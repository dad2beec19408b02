"""What is overdue where money is concerned, over HTTP: one list for whoever does the accounts, whatever it is about."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Reader, Space, TheDoor, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import money_due as queries
from app.queries.money_due import MoneyDueView

router = space_router("claims")


@router.get(
    "/money-due",
    summary="List what is overdue about money",
    responses=responses(errors.BadCursor, path_ids=False),
)
async def list_money_due(
    space: Space, actor: CurrentActor, reader: Reader, door: TheDoor, paging: PagingQuery
) -> Page[MoneyDueView]:
    """Payments, answers to disputes and claims whose time is over, and statements that wait for an exchange rate; what waits longest first.

    Both what your member has to do (`by_member_id`) and what it waits for.
    """
    of = fingerprint("money_due", {"space": space, "viewer": actor.member_id})
    rows = await queries.money_due(
        reader, space, viewer=actor.member_id, now=door.clock.now(),
        after=decode_cursor(of, paging.cursor, [datetime, UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.due_at, row.id], item=lambda row: row)
