"""Phone calls, for the two members who were on the line, and the debts they leave, for everybody."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.between import OF_SEEN_REQUEST
from app.queries.lists import Where, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg


class CallView(Row):
    """What was agreed by voice: one side wrote it down, the other confirms it."""

    request_id: UUID
    offer_id: UUID
    incident_id: UUID | None
    requester_id: UUID
    lender_id: UUID
    recorded_by_member_id: UUID
    recorded_by_id: UUID | None
    type_code: str
    quantity: int
    person_rung: str | None
    """Who was on the line at the other end."""
    occurred_at: datetime
    status: str
    """`unconfirmed`, `confirmed`, `alarmed`: ring back, or `taken_back`: written down by mistake."""
    confirmed_at: datetime | None
    confirmed_by_id: UUID | None
    confirmed_person: str | None
    """Who took the call, in the words of the side that confirmed it."""


class DebtView(Row):
    """An act that a phone call ran ahead of."""

    call_id: UUID
    request_id: UUID
    member_id: UUID
    """Who owes it."""
    act: str
    """`open`, `accept`, `commit`, or `ad_hoc`: that help is given without an agreement."""
    status: str
    due_at: datetime
    made_good_at: datetime | None
    made_good_by_id: UUID | None


async def call(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> CallView:
    """Return one call.

    Raises:
        NotFound: there is none of that id in the space, or the viewer was not on the line.
    """
    rows = await fetch(conn, "SELECT * FROM call", _heard_by(viewer, space).add("id = {}", id_), order="id", limit=1)
    if not rows:
        raise NotFound("call", id_)
    return CallView.model_validate(dict(rows[0]))


async def calls(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    status: Sequence[str] = (),
    member: UUID | None = None,
    incident: UUID | None = None,
    request: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[CallView]:
    """Return the viewer's own calls, newest first; ``member`` keeps those with it, times are of ``occurred_at``."""
    where = _heard_by(viewer, space).add_if(list(status), "status = ANY({})")
    where.add_if(member, "{} IN (requester_id, lender_id)").add_if(incident, "incident_id = {}")
    where.add_if(request, "request_id = {}").add_if(since, "occurred_at >= {}").add_if(until, "occurred_at < {}")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM call", where, order="id DESC", limit=limit)
    return [CallView.model_validate(dict(row)) for row in rows]


async def debt(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> DebtView:
    """Return one debt.

    Raises:
        NotFound: there is none of that id in the space.
    """
    rows = await fetch(conn, "SELECT * FROM debt", _owed_to(viewer, space).add("id = {}", id_), order="id", limit=1)
    if not rows:
        raise NotFound("debt", id_)
    return DebtView.model_validate(dict(rows[0]))


async def debts(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    status: Sequence[str] = (),
    member: UUID | None = None,
    request: UUID | None = None,
    call: UUID | None = None,
    due_before: datetime | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[DebtView]:
    """Return debts, newest first; ``member`` keeps those it owes."""
    where = _owed_to(viewer, space).add_if(list(status), "status = ANY({})").add_if(member, "member_id = {}")
    where.add_if(request, "request_id = {}").add_if(call, "call_id = {}").add_if(due_before, "due_at < {}")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM debt", where, order="id DESC", limit=limit)
    return [DebtView.model_validate(dict(row)) for row in rows]


def _heard_by(viewer: UUID | None, space: str) -> Where:
    where = Where().add("space_id = {}", space)
    return where if viewer is None else where.add("{} IN (requester_id, lender_id)", viewer)


def _owed_to(viewer: UUID | None, space: str) -> Where:
    """Everybody sees what is owed for a disaster; of help from day to day its two members do."""
    where = Where().add("space_id = {}", space)
    return where if viewer is None else where.add(OF_SEEN_REQUEST.format(table="debt"), viewer)
