"""Offers, for the two members they are between, and responses, for everybody."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.costs import EstimateView
from app.queries.lists import Where, decoded, fetch
from app.queries.models import Row
from app.queries.offer_binding import dispatchers_bind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

# One statement, so that an offer and its lines are those of one moment.
_SELECT = """
    SELECT o.*, r.member_id AS requester_id,
           (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.id) FROM offer_line l
             WHERE l.space_id = o.space_id AND l.offer_id = o.id) AS lines
      FROM offer o JOIN request r ON r.space_id = o.space_id AND r.id = o.request_id
"""


class OfferLineView(Row):
    """So many of a type, or one named unit, for a line of the request."""

    request_line_id: UUID
    type_code: str
    resource_id: UUID | None
    quantity: int
    accepted_quantity: int
    """What the requester took of it; pending until it is committed."""
    committed: bool
    agreement_id: UUID | None
    """The agreement it runs under; null: `ad_hoc`."""
    agreement_version: int | None
    reserve_override: dict[str, Any] | None
    """The lender's named act that goes below its reserve: reason, by, at."""
    findings: tuple[dict[str, Any], ...]
    """What the agreement said when the offer was made, and was set aside."""
    cost: dict[str, Any]
    """Who pays: terms, and hours, rates, deadlines where there are any."""
    estimate: EstimateView | None
    """What all of it is expected to cost; null where no terms were agreed, or nobody had estimated yet."""


class OfferView(Row):
    """An offer."""

    request_id: UUID
    requester_id: UUID
    lender_id: UUID
    status: str
    note: str | None
    offered_at: datetime
    accepted_at: datetime | None
    """When the requester took it, for good or provisionally, last."""
    valid_until: datetime | None
    lines: tuple[OfferLineView, ...]
    dispatchers_bind: tuple[Literal["requester", "lender"], ...] = ()
    """Sides whose dispatchers may bind by it now: for planned help where the agreement says so at the phase that has come."""


class ResponseView(Row):
    """A member's word that it can't send."""

    request_id: UUID
    member_id: UUID
    reason: str
    note: str | None
    occurred_at: datetime


async def offer(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> OfferView:
    """Return one offer.

    Raises:
        NotFound: there is none of that id in the space, or the viewer is on neither side of it.
    """
    rows = await fetch(conn, _SELECT, _seen_by(viewer, space).add("o.id = {}", id_), order="o.id", limit=1)
    if not rows:
        raise NotFound("offer", id_)
    return (await _with_sides(conn, space, [_offer(rows[0])]))[0]


async def offers(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    request: UUID | None = None,
    status: Sequence[str] = (),
    member: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[OfferView]:
    """Return the offers that the viewer's member made or got, newest first; ``member`` is the other side, or its own."""
    where = _seen_by(viewer, space).add_if(request, "o.request_id = {}").add_if(list(status), "o.status = ANY({})")
    where.add_if(member, "{} IN (o.lender_id, r.member_id)")
    where.add_if(since, "o.offered_at >= {}").add_if(until, "o.offered_at < {}")
    if before is not None:
        where.add("o.id < {}", before[0])
    found = [_offer(row) for row in await fetch(conn, _SELECT, where, order="o.id DESC", limit=limit)]
    return await _with_sides(conn, space, found)


async def responses(
    conn: asyncpg.Connection[Any], space: str, request: UUID, *, before: tuple[UUID] | None = None, limit: int = 50
) -> list[ResponseView]:
    """Return who has answered that it can't send, and why; newest first. Whether the request is seen is asked before."""
    where = Where().add("space_id = {}", space).add("request_id = {}", request)
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM response", where, order="id DESC", limit=limit)
    return [ResponseView.model_validate(dict(row)) for row in rows]


def _seen_by(viewer: UUID | None, space: str) -> Where:
    where = Where().add("o.space_id = {}", space)
    return where if viewer is None else where.add("{} IN (o.lender_id, r.member_id)", viewer)


async def _with_sides(conn: asyncpg.Connection[Any], space: str, found: list[OfferView]) -> list[OfferView]:
    sides = await dispatchers_bind(conn, space, found) if found else {}
    return [offer.model_copy(update={"dispatchers_bind": sides[offer.id]}) for offer in found]


def _offer(row: asyncpg.Record) -> OfferView:
    return OfferView.model_validate(decoded(row, "lines"))
