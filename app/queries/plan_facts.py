"""The facts that a plan is made of: open lines from the tables, units and agreements from the forces that the process holds."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from app.domain.errors import NotFound
from app.domain.on_way import ON_WAY, Passage, passed
from app.domain.resource_types import parts_of_type
from app.planning.eta import Size, country_of
from app.planning.facts import FreeUnit, OpenLine, Picture, Promised
from app.planning.papers import Asked, Papers
from app.planning.picture import vehicles_of
from app.planning.plan import Word
from app.planning.supply import STATE
from app.queries.lists import decoded
from app.queries.said_cannot import said_cannot
from app.store.fill import FILL
from app.store.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from app.domain.geo import GeoJson
    from app.planning.papers import Counted
    from app.planning.supply import Block
    from app.queries.forces import Forces
    from app.queries.plans import Question

_LINES: Final = f"""
    SELECT l.id, l.request_id, r.ref, r.member_id, r.kind, m.country, i.hazard, i.phases, l.type_code, l.priority, l.needed_by,
           l.lon, l.lat, {FILL}
      FROM request_line l
      JOIN request r ON r.space_id = l.space_id AND r.id = l.request_id
      JOIN member m ON m.space_id = r.space_id AND m.id = r.member_id
      LEFT JOIN incident i ON i.space_id = r.space_id AND i.id = r.incident_id
     WHERE l.space_id = $1 AND r.status IN ('open', 'partly_committed') AND r.kind <> 'day_to_day'
     ORDER BY r.opened_at, r.id, l.position
"""  # noqa: S608 - constants of ours
# What was offered and not answered yet stands for its line as what was accepted does: its units are set aside for it.
_PROMISED: Final = """
    SELECT l.request_line_id AS line_id, o.lender_id AS lender, l.type_code, l.resource_id AS unit,
           CASE WHEN o.status = 'accepted' THEN l.accepted_quantity ELSE l.quantity END AS quantity, a.code, l.agreement_version AS version,
           o.status
      FROM offer_line l
      JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
      LEFT JOIN agreement a ON a.space_id = l.space_id AND a.id = l.agreement_id
     WHERE l.space_id = $1 AND l.request_line_id = ANY($2) AND NOT l.committed AND o.status IN ('offered', 'provisional', 'accepted')
     ORDER BY l.id
"""
ELSEWHERE: Final = {
    "crossing": "Name one of `/crossings`.",
    "agreement": "Name one of `/agreements`.",
    "member": "Name one of `/members`.",
    "resource": "Name one of `/resources`.",
}
"""What to do next where something that was named is not there."""
_BUSY: Final = STATE["reserved"] | STATE["committed"]
_CROSSINGS: Final = """
    SELECT c.id, c.code, c.capacity_vph, ARRAY[a.country, b.country] AS countries,
           CASE WHEN c.control = 'closed' THEN c.reopens_as ELSE c.control END = 'checks' AS has_control
      FROM crossing c
      JOIN member a ON a.space_id = c.space_id AND a.id = c.member_a_id
      JOIN member b ON b.space_id = c.space_id AND b.id = c.member_b_id
     WHERE c.space_id = $1
"""
# Those that have still to pass the border pass it before long: they take places in the present hour, and in the next ones where that is full.
_TAKEN: Final = """
    SELECT m.crossing_id || m.via_crossing_ids AS way, m.status, m.crossings_behind, m.type_code, at.lon, at.lat, count(*)::int AS many
      FROM mission m
      LEFT JOIN LATERAL (
           SELECT coalesce(p.lon, u.lon) AS lon, coalesce(p.lat, u.lat) AS lat
             FROM resource u
             LEFT JOIN position p ON p.space_id = u.space_id AND p.resource_id = u.id AND p.at > u.position_at
            WHERE u.space_id = m.space_id AND u.id = m.resource_id) at ON m.via_crossing_ids <> '{}'
     WHERE m.space_id = $1 AND m.crossing_id IS NOT NULL AND m.status = ANY($2)
     GROUP BY 1, 2, 3, 4, 5, 6
"""


_THERE: Final = {
    kind: f"SELECT true FROM {kind} WHERE space_id = $1 AND id = $2"  # noqa: S608 - names of ours
    for kind in ("crossing", "agreement", "member", "resource")
}


async def require_there(conn: asyncpg.Connection[Any], space: str, question: Question) -> None:
    """Require that what is asked about is there.

    Raises:
        NotFound: it is not.
    """
    asked = {
        "crossing": question.crossing,
        "agreement": question.agreement,
        "member": None if question.reserve is None else question.reserve[0],
        "resource": question.resource,
    }
    for kind, id_ in asked.items():
        if id_ is not None and not await conn.fetchval(_THERE[kind], space, id_):
            error = NotFound(kind, id_)
            error.advice = ELSEWHERE[kind]
            raise error


async def picture_of(conn: asyncpg.Connection[Any], forces: Forces, at: datetime, papers: Papers | None) -> Picture:
    """Return the facts of a plan as they are now.

    ``papers`` are those of the picture before: its rulings are kept for as long as the agreements are the same. They belong to whoever plans, in
    its own thread.
    """
    async with forces.current(conn, at):
        seq = forces.cursor
        rows = [decoded(row, "phases", "parts") for row in await conn.fetch(_LINES, forces.space)]
        lines = tuple(line for row in rows if (line := _line(row, forces)).quantity > 0)
        promised = tuple(
            _promised(row) for row in await conn.fetch(_PROMISED, forces.space, [line.id for line in lines])
        )
        codes = {code for line in lines for code in (line.asked.type_code, *parts_of_type(line.asked.type_code))}
        counted: dict[str, Counted] = {}
        for code in sorted(codes):
            counted |= await forces.counted(conn, code)
        crossings = {row["id"]: row for row in await conn.fetch(_CROSSINGS, forces.space)}
        capacity = {row["code"]: row["capacity_vph"] for row in crossings.values()}
        on_way = await conn.fetch(_TAKEN, forces.space, list(ON_WAY))
        taken = _taken(_ahead(on_way, crossings, forces.members.areas), capacity)
        mine = forces.papers
        if papers is None or papers.pairs is not mine.pairs or papers.lenders is not mine.lenders:
            papers = Papers(mine.pairs, mine.lenders, dict(mine.homes))
        elif len(papers.homes) != len(mine.homes):
            papers.homes = dict(mine.homes)  # never changed in place: the thread may be going through it
        units = await _units(forces, codes, {each.unit for each in promised if each.unit is not None})
        words = _words(lines, promised, await said_cannot(conn, forces.space, {line.request_id for line in lines}))
        busy = _busy(forces, codes, {unit.id for unit in units})
        return Picture(at, seq, lines, units, promised, papers, counted, capacity, taken, words, busy)


def _words(
    lines: Iterable[OpenLine], promised: Iterable[Promised], cannot: Mapping[UUID, Collection[UUID]]
) -> tuple[Word, ...]:
    """Return what members have said that they can't. What one has offered to a line before stands all the same."""
    offered = {(each.line_id, each.lender) for each in promised}
    return tuple(
        Word(member, can=False, line_id=line.id)
        for line in lines
        for member in sorted(cannot.get(line.request_id, ()))
        if (line.id, member) not in offered
    )


def _ahead(
    rows: Iterable[Mapping[str, Any]],
    crossings: Mapping[UUID, Mapping[str, Any]],
    areas: Sequence[tuple[str, GeoJson]],
) -> dict[str, int]:
    """Return by crossing how many vehicles have it still ahead of them."""
    found: dict[str, int] = defaultdict(int)
    for row in rows:
        here = None if row["lon"] is None else country_of(areas, row["lon"], row["lat"], otherwise="")
        way = [crossings[id_] for id_ in row["way"]]
        passages = [Passage(each["countries"], each["has_control"]) for each in way]
        for each in way[passed(passages, row["status"], here, row["crossings_behind"]) :]:
            found[each["code"]] += row["many"] * vehicles_of(row["type_code"])
    return found


def _taken(on_way: Mapping[str, int], capacity: Mapping[str, int]) -> dict[tuple[str, int], int]:
    """Return how many vehicles on their way take places of each crossing in each hour from now: as many as pass, the rest in the next one."""
    found = {}
    for code, vehicles in on_way.items():
        most, left, hour = capacity.get(code, 0), vehicles, 0
        while left > 0:
            found[code, hour] = min(left, most) if most > 0 else left
            left -= found[code, hour]
            hour += 1
    return found


def _line(row: Mapping[str, Any], forces: Forces) -> OpenLine:
    asked = Asked(
        row["member_id"],
        row["country"],
        row["hazard"],
        row["kind"],
        row["type_code"],
        row["lon"],
        row["lat"],
        tuple(sorted((row["phases"] or {}).items())),
    )
    return OpenLine(
        row["id"],
        row["request_id"],
        row["ref"],
        asked,
        row["wanted"] - row["committed"],
        row["committed"],
        row["priority"],
        row["needed_by"],
        country_of(forces.members.areas, row["lon"], row["lat"], otherwise=row["country"]),
        _there(row),
    )


def _there(row: Mapping[str, Any]) -> dict[str, int]:
    """Return of a formation's parts how many are on their way beside those that make whole ones."""
    wholes = {each["type_code"]: each["wanted"] // row["wanted"] * row["committed"] for each in row["parts"] or ()}
    found = {each["type_code"]: each["committed"] - wholes[each["type_code"]] for each in row["parts"] or ()}
    return {code: many for code, many in found.items() if many > 0}


def _promised(row: Mapping[str, Any]) -> Promised:
    agreement = None if row["code"] is None else f"{row['code']}/{row['version']}"
    return Promised(
        row["line_id"], row["lender"], row["type_code"], row["quantity"], agreement, row["unit"], row["status"]
    )


async def _units(forces: Forces, codes: Collection[str], named: Collection[UUID]) -> tuple[FreeUnit, ...]:
    """Return the units of these types that are free, and those that are promised to the plan's lines by name; in an order that does not depend on what was before."""
    found: list[FreeUnit] = []
    turns = Turns()
    for code in sorted(codes):
        block = forces.supply.blocks.get(code)
        if block is None:
            continue
        rows = set(np.flatnonzero(block.state[: block.count] == 0).tolist())
        rows |= {
            row for id_ in named if (there := forces.supply.row_of(id_)) and there[0] is block for row in there[1:]
        }
        for row in sorted(rows, key=lambda each: block.units[each].id):
            found.append(_unit(block, row, forces))
            await turns.due()
    return tuple(found)


def _busy(forces: Forces, codes: Collection[str], told: Collection[UUID]) -> dict[str, int]:
    """Return by type how many units are on missions or promised, beside those that are told as units of the plan."""
    found = {}
    for code in codes:
        if (block := forces.supply.blocks.get(code)) is not None:
            rows = np.flatnonzero(block.state[: block.count] & _BUSY).tolist()
            found[code] = sum(block.units[row].id not in told for row in rows)
    return found


def _unit(block: Block, row: int, forces: Forces) -> FreeUnit:
    unit = block.units[row]
    owner = block.owners[block.cells[block.cell[row], 0]]
    return FreeUnit(
        unit.id,
        unit.call_sign,
        unit.member_id,
        unit.country,
        block.type_code,
        float(block.lon[row]),
        float(block.lat[row]),
        float(unit.mobilisation_min),
        Size(unit.weight_t, unit.height_m, unit.width_m),
        unit.crew,
        forces.papers.homes.get(owner.ground),
        forces.formation_of(unit.id),
    )
