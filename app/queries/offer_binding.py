"""Who binds a member by an offer now, and the ways on which its units could come: what the two sides are shown before they bind.

Both are what the commands decide by (``commands.agreement_again``, ``commands.crossing_choice``), asked without a lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from uuid import UUID

from app.domain.requests import PLANNED
from app.planning.candidates import Gate
from app.planning.choice import chosen_way, travel_with
from app.planning.eta import CLOSED, Size, country_of, excesses, is_open
from app.queries.candidates import AREAS, GATES
from app.queries.lists import decoded
from app.queries.models import ReadModel
from app.store.agreements import cited

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from pathlib import Path

    import asyncpg

    from app.domain.agreement_terms import Terms
    from app.planning.eta import Sized
    from app.planning.travel import Eta, Travel
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
# Where the way of each line begins: where its unit is, and as long as nobody has named one at the lender's own centre.
_PIECES: Final = """
    SELECT l.id, l.agreement_id, l.agreement_version, w.lon, w.lat, lends.country AS lender, asks.country AS requester,
           coalesce(p.lon, u.lon, lends.lon) AS from_lon, coalesce(p.lat, u.lat, lends.lat) AS from_lat,
           (SELECT jsonb_agg(jsonb_build_array(u.weight_t, u.height_m, u.width_m)) FROM resource u
             WHERE u.space_id = l.space_id AND (u.id = l.resource_id OR u.formation_id = l.resource_id)) AS sizes
      FROM offer_line l
      JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
      JOIN request r ON r.space_id = o.space_id AND r.id = o.request_id
      JOIN request_line w ON w.space_id = l.space_id AND w.id = l.request_line_id
      JOIN member asks ON asks.space_id = o.space_id AND asks.id = r.member_id
      JOIN member lends ON lends.space_id = o.space_id AND lends.id = o.lender_id
      LEFT JOIN resource u ON u.space_id = l.space_id AND u.id = l.resource_id
      LEFT JOIN position p ON p.space_id = u.space_id AND p.resource_id = u.id AND p.at > u.position_at
     WHERE l.space_id = $1 AND l.offer_id = $2 AND NOT l.committed AND (o.status <> 'accepted' OR l.accepted_quantity > 0)
     ORDER BY l.id
"""


class WayView(ReadModel):
    """One way on which the units of an offer could come, by the crossing at which they leave their country."""

    crossing_id: UUID
    via_crossing_ids: tuple[UUID, ...]
    """Those after it, on a way through a country between."""
    eta_min: int
    """Estimated minutes on the way to the place, the delays of its crossings among them; of several units the last one's."""
    allowed: bool
    """The agreement of every line lets units pass there."""
    against: tuple[str, ...]
    """Codes of the agreements that do not."""
    barred: tuple[Literal["closed", "too_heavy", "too_high", "too_wide"], ...]
    """Why a unit can't pass there now, or at a crossing after it."""
    best: bool
    """The one that is taken where none is named."""


class WaysView(ReadModel):
    """The ways between the two sides of an offer: those that can be taken first, the soonest first.

    A way through a country between is told where it is the best one, or sooner than those that lead there directly and can be taken; where the agreement
    allows it, only those of them count that it allows, too.
    """

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

    country: str
    there: str
    start: tuple[float, float]
    goal: tuple[float, float]
    size: Sized | None
    terms: Terms | None
    agreement: str | None

    def allows(self, gate: Gate) -> bool:
        """Whether what it stands under lets its unit pass there."""
        return self.terms is None or self.terms.allows_crossing(gate.code)

    def way(self, travel: Travel, at: datetime, by: str | None = None, *, whatever: bool = False) -> Eta:
        """Return its way, over a crossing if one is named; ``whatever``: however large its unit is."""
        allowed = None if self.terms is None else [gate.code for gate in travel.gates if self.allows(gate)]
        goal = travel.goal(*self.goal, self.there)
        size = None if whatever else self.size
        return chosen_way(travel, *self.start, self.country, goal, at, unit=size, allowed=allowed, by=by)


async def ways(
    conn: asyncpg.Connection[Any], space: str, offer: OfferView, *, at: datetime, roads: Path | None = None
) -> WaysView:
    """Return the ways on which what is not committed of an offer could come; none where it passes no border.

    ``roads`` is the file of the corridor's roads.
    """
    pieces = await _pieces(conn, space, offer)
    if not pieces:
        return WaysView(offer_id=offer.id, items=())
    gates = [Gate(**{**row, "countries": frozenset(row["countries"])}) for row in await conn.fetch(GATES, space)]
    travel = await asyncio.to_thread(travel_with, gates, roads)
    best = {tuple(gate.code for gate in piece.way(travel, at).gates) for piece in pieces}
    opened = travel.with_gates(replace(gate, control="none") for gate in gates if gate.control == CLOSED)
    by_gates: dict[tuple[str, ...], list[tuple[_Piece, Eta]]] = {}
    for piece in pieces:
        for eta in _each_way(piece, travel, opened, at):
            by_gates.setdefault(tuple(gate.code for gate in eta.gates), []).append((piece, eta))
    known = {gate.code: gate for gate in gates}
    views = [_way([known[code] for code in codes], told, at, best) for codes, told in by_gates.items()]
    views.sort(key=lambda way: (bool(way.barred), not way.allowed, way.eta_min, way.crossing_id, way.via_crossing_ids))
    return WaysView(offer_id=offer.id, items=tuple(views))


def _each_way(piece: _Piece, travel: Travel, opened: Travel, at: datetime) -> list[Eta]:
    """Return the ways of a piece by the crossing at which they begin: those that are barred, too, and through a country between only what is worth it."""
    found: list[Eta] = []
    for gate in travel.gates:
        if piece.country not in gate.countries:
            continue
        eta = piece.way(travel, at, gate.code)
        if eta.gate is not gate and piece.there in gate.countries:
            eta = piece.way(opened, at, gate.code, whatever=True)
        if eta.gate is not None and eta.gate.code == gate.code:
            found.append(eta)
    way = piece.way(travel, at)
    if way.gate is not None and all(eta.gates != way.gates for eta in found):
        found.append(way)
    usable = [eta for eta in found if not eta.via and not _barred(_as_is(eta, travel), piece, at)]
    return [eta for eta in found if not eta.via or eta.gates == way.gates or not _outdone(eta, usable, piece)]


def _as_is(eta: Eta, travel: Travel) -> list[Gate]:
    """Return the crossings of a way as they are, and not opened."""
    return [travel.gates[travel.number_of(gate.code)] for gate in eta.gates]


def _outdone(eta: Eta, usable: Sequence[Eta], piece: _Piece) -> bool:
    """Whether one of the ways that lead there directly is as soon, and allowed where this one is."""
    allowed = all(map(piece.allows, eta.gates))
    return any(each.total_min <= eta.total_min and (piece.allows(each.gates[0]) or not allowed) for each in usable)


def _barred(way: Sequence[Gate], piece: _Piece, at: datetime) -> list[str]:
    closed = [] if all(is_open(gate, at) for gate in way) else ["closed"]
    return [*closed, *sorted({excess.code for gate in way for excess in excesses(gate, piece.size)})]


def _way(
    way: Sequence[Gate], told: Sequence[tuple[_Piece, Eta]], at: datetime, best: Collection[tuple[str, ...]]
) -> WayView:
    against = {piece.agreement for piece, _ in told if piece.agreement and not all(map(piece.allows, way))}
    barred = dict.fromkeys(code for piece, _ in told for code in _barred(way, piece, at))
    return WayView.model_validate(
        {
            "crossing_id": way[0].id,
            "via_crossing_ids": tuple(gate.id for gate in way[1:]),
            "eta_min": round(max(eta.total_min for _, eta in told)),
            "allowed": not against,
            "against": sorted(against),
            "barred": list(barred),
            "best": tuple(gate.code for gate in way) in best,
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
                    row["lender"],
                    there,
                    (row["from_lon"], row["from_lat"]),
                    (row["lon"], row["lat"]),
                    size,
                    terms,
                    None if facts is None else facts.code,
                )
            )
    return found
