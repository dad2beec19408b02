"""Help that members offer before anybody has asked for it, for the two members it is between."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.costs import EstimateView
from app.queries.lists import Where, decoded, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

# One statement, so that an offer and its lines are those of one moment.
_SELECT = """
    SELECT o.*,
           (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.position) FROM unasked_offer_line l
             WHERE l.space_id = o.space_id AND l.unasked_offer_id = o.id) AS lines
      FROM unasked_offer o
"""


class UnaskedOfferLineView(Row):
    """So many of a type, or one named unit."""

    type_code: str
    resource_id: UUID | None
    """Named, and kept free for nobody until the offer is taken up."""
    quantity: int
    expected_hours: int | None
    agreement_id: UUID | None
    """The agreement it would run under; null: `ad_hoc`."""
    agreement_version: int | None
    reserve_override: dict[str, Any] | None
    """The lender's named act that goes below its reserve: reason, by, at; and the id of its word that it can, where it rests on one."""
    findings: tuple[dict[str, Any], ...]
    """What the agreement said when it was offered, and was set aside."""
    cost: dict[str, Any]
    estimate: EstimateView | None


class UnaskedOfferView(Row):
    """Help that nobody has asked for."""

    incident_id: UUID
    lender_id: UUID
    to_member_id: UUID
    """The member that led the incident."""
    kind: str
    """Of the request that it becomes: `immediate` or `planned`."""
    status: str
    note: str | None
    place: str | None
    lon: float
    lat: float
    """Where to."""
    offered_at: datetime
    valid_until: datetime
    answer: str | None
    """Why it was declined."""
    answered_at: datetime | None
    request_id: UUID | None
    """The request that was opened when it was taken up."""
    offer_id: UUID | None
    """The offer that stands under it."""
    lines: tuple[UnaskedOfferLineView, ...]


async def unasked_offer(
    conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None
) -> UnaskedOfferView:
    """Return one unasked offer.

    Raises:
        NotFound: there is none of that id in the space, or the viewer is on neither side of it.
    """
    rows = await fetch(conn, _SELECT, _seen_by(viewer, space).add("o.id = {}", id_), order="o.id", limit=1)
    if not rows:
        raise NotFound("unasked_offer", id_)
    return UnaskedOfferView.model_validate(decoded(rows[0], "lines"))


async def unasked_offers(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    incident: UUID | None = None,
    status: Sequence[str] = (),
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[UnaskedOfferView]:
    """Return the unasked offers that the viewer's member made or got, newest first."""
    where = _seen_by(viewer, space).add_if(incident, "o.incident_id = {}").add_if(list(status), "o.status = ANY({})")
    if before is not None:
        where.add("o.id < {}", before[0])
    rows = await fetch(conn, _SELECT, where, order="o.id DESC", limit=limit)
    return [UnaskedOfferView.model_validate(decoded(row, "lines")) for row in rows]


def _seen_by(viewer: UUID | None, space: str) -> Where:
    where = Where().add("o.space_id = {}", space)
    return where if viewer is None else where.add("{} IN (o.lender_id, o.to_member_id)", viewer)
