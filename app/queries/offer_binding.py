"""Who binds a member by an offer now, and the ways on which its units could come: what the two sides are shown before they bind.

Both are what the commands decide by (``commands.agreement_again``, ``commands.crossing_choice``), asked without a lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from uuid import UUID

from app.domain.requests import PLANNED
from app.planning.candidates import Gate
from app.planning.eta import Size, country_of, excesses, is_open, minutes_over
from app.queries.candidates import AREAS, GATES
from app.queries.lists import decoded
from app.queries.models import ReadModel
from app.store.agreements import cited

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import asyncpg

    from app.domain.agreement_terms import Terms
    from app.planning.eta import Sized
    from app.queries.offers import OfferView

SideOfOffer: TypeAlias = Literal["requester", "lender"]

_ABOUT: Final = """
    SELECT o.id, r.kind, i.phases, asks.country AS requester, lends.country AS lender
      FROM offer o
      JOIN request r ON r.space_id = o.space_id AND r.id = o.request_id
      JOIN member asks ON asks.space_id = o.space_id AND asks.id = r.member_id
      JOIN member lends ON lends.space_id = o.space_id AND lends.id = o.lender_id
      LEFT JOIN incident i ON i.space_id = r.space_id AND i.id = r.incident_id
     WHERE o.space_id = $1 AND o.id = ANY($2)
"""
# Where the way of each line begins: at the depot of its unit, and as long as nobody has named one at the lender's own centre.
_PIECES: Final = """
    SELECT l.id, l.agreement_id, l.agreement_version, w.lon, w.lat, lends.country AS lender, asks.country AS requester,
           coalesce(d.lon, lends.lon) AS from_lon, coalesce(d.lat, lends.lat) AS from_lat,
           (SELECT jsonb_agg(jsonb_build_array(u.weight_t, u.height_m, u.width_m)) FROM resource u
             WHERE u.space_id = l.space_id AND (u.id = l.resource_id OR u.formation_id = l.resource_id)) AS sizes
      FROM offer_line l
      JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
      JOIN request r ON r.space_id = o.space_id AND r.id = o.request_id
      JOIN request_line w ON w.space_id = l.space_id AND w.id = l.request_line_id
      JOIN member asks ON asks.space_id = o.space_id AND asks.id = r.member_id
      JOIN member lends ON lends.space_id = o.space_id AND lends.id = o.lender_id
      LEFT JOIN resource u ON u.space_id = l.space_id AND u.id = l.resource_id
      LEFT JOIN depot d ON d.space_id = u.space_id AND d.id = u.depot_id
     WHERE l.space_id = $1 AND l.offer_id = $2 AND NOT l.committed AND (o.status <> 'accepted' OR l.accepted_quantity > 0)
     ORDER BY l.id
"""


class WayView(ReadModel):
    """One crossing over which the units of an offer could come."""

    crossing_id: UUID
    eta_min: int
    """Estimated minutes from the depot to the place, the crossing's delay among them; of several units the last one's."""
    allowed: bool
    """The agreement of every line lets units pass there."""
    against: tuple[str, ...]
    """Codes of the agreements that do not."""
    barred: tuple[Literal["closed", "too_heavy", "too_high", "too_wide"], ...]
    """Why a unit can't pass there now."""
    best: bool
    """The one that is taken where none is named."""


class WaysView(ReadModel):
    """The crossings between the two sides of an offer: those that can be taken first, the soonest first."""

    offer_id: UUID
    items: tuple[WayView, ...]


async def dispatchers_bind(
    conn: asyncpg.Connection[Any], space: str, offers: Sequence[OfferView]
) -> dict[UUID, tuple[SideOfOffer, ...]]:
    """Return for each offer the sides whose dispatchers may bind by it: the requester accepting, the lender committing.

    For planned help that is where the agreement of every line says so, at the phase that the member's country has come to.
    """
    about = {row["id"]: row for row in await conn.fetch(_ABOUT, space, [offer.id for offer in offers])}
    planned = [offer for offer in offers if about[offer.id]["kind"] == PLANNED]
    named = {(line.agreement_id, line.agreement_version) for offer in planned for line in offer.lines}
    versions = await cited(conn, space, {(id_, version) for id_, version in named if id_ and version})
    found: dict[UUID, tuple[SideOfOffer, ...]] = {offer.id: ("requester", "lender") for offer in offers}
    for offer in planned:
        row = decoded(about[offer.id], "phases")
        all_terms = [
            versions[line.agreement_id, line.agreement_version][1]
            if line.agreement_id and line.agreement_version
            else None
            for line in offer.lines
            if offer.status != "accepted" or (line.accepted_quantity and not line.committed)
        ]
        found[offer.id] = tuple(
            side
            for side in ("requester", "lender")
            if all_terms and all(_bound(terms, row[side], row["phases"] or {}) for terms in all_terms)
        )
    return found


def _bound(terms: Terms | None, country: str, phases: Mapping[str, str]) -> bool:
    return terms is not None and terms.bound_by_dispatchers(country, phases)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One line: where its way begins and ends, how large its unit is, and what it stands under."""

    countries: frozenset[str]
    start: tuple[float, float]
    goal: tuple[float, float]
    size: Sized | None
    terms: Terms | None
    agreement: str | None


async def ways(conn: asyncpg.Connection[Any], space: str, offer: OfferView, *, at: datetime) -> WaysView:
    """Return the crossings over which what is not committed of an offer could come; none where it passes no border."""
    pieces = await _pieces(conn, space, offer)
    gates = [Gate(**{**row, "countries": frozenset(row["countries"])}) for row in await conn.fetch(GATES, space)]
    between = [gate for gate in gates if any(gate.countries == piece.countries for piece in pieces)]
    best = {gate.id for piece in pieces if (gate := _best(piece, between, at)) is not None}
    views = [_way(gate, [piece for piece in pieces if piece.countries == gate.countries], at, best) for gate in between]
    views.sort(key=lambda way: (bool(way.barred), not way.allowed, way.eta_min, way.crossing_id))
    return WaysView(offer_id=offer.id, items=tuple(views))


def _best(piece: _Piece, gates: Sequence[Gate], at: datetime) -> Gate | None:
    """Return what ``choose_crossing`` takes: of those that carry the unit one that is allowed, the soonest."""
    open_ways = [
        gate
        for gate in gates
        if gate.countries == piece.countries and is_open(gate, at) and not excesses(gate, piece.size)
    ]
    return min(
        open_ways,
        key=lambda gate: (not _allows(piece, gate), minutes_over(gate, *piece.start, *piece.goal), gate.code),
        default=None,
    )


def _allows(piece: _Piece, gate: Gate) -> bool:
    return piece.terms is None or piece.terms.allows_crossing(gate.code)


def _way(gate: Gate, pieces: Sequence[_Piece], at: datetime, best: set[UUID]) -> WayView:
    against = {piece.agreement for piece in pieces if piece.agreement and not _allows(piece, gate)}
    beyond = {excess.code for piece in pieces for excess in excesses(gate, piece.size)}
    return WayView.model_validate(
        {
            "crossing_id": gate.id,
            "eta_min": round(max(minutes_over(gate, *piece.start, *piece.goal) for piece in pieces)),
            "allowed": not against,
            "against": sorted(against),
            "barred": [*([] if is_open(gate, at) else ["closed"]), *sorted(beyond)],
            "best": gate.id in best,
        }
    )


async def _pieces(conn: asyncpg.Connection[Any], space: str, offer: OfferView) -> list[_Piece]:
    rows = [decoded(row, "sizes") for row in await conn.fetch(_PIECES, space, offer.id)]
    areas = [(row["country"], row["area"]) for row in await conn.fetch(AREAS, space)]
    named = {(row["agreement_id"], row["agreement_version"]) for row in rows if row["agreement_id"]}
    versions = await cited(conn, space, named)
    found: list[_Piece] = []
    for row in rows:
        there = country_of(areas, row["lon"], row["lat"], otherwise=row["requester"])
        facts, terms = versions.get((row["agreement_id"], row["agreement_version"]), (None, None))
        size = Size.of(Size(*each) for each in row["sizes"]) if row["sizes"] else None
        if there != row["lender"]:
            found.append(
                _Piece(
                    frozenset({row["lender"], there}),
                    (row["from_lon"], row["from_lat"]),
                    (row["lon"], row["lat"]),
                    size,
                    terms,
                    None if facts is None else facts.code,
                )
            )
    return found
