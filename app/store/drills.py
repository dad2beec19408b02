"""A drill under way as the rules look at it (``domain/drills/play.py``): read from its rows and from the journal of its space.

Reading a journal from its first entry at every look would take longer with each one. What was read of a space is kept, and read
on from there; it is begun anew when the drill's clock got another row. Nothing rests on it: any process makes the same of the journal.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.chain import Entry
from app.domain.clock import stamp
from app.domain.drills import placed
from app.domain.drills.clock import LATEST_US, Clock, Timeline
from app.domain.drills.events import Event, Reader
from app.domain.drills.ground import Ground
from app.domain.drills.model import Scenario
from app.domain.drills.play import Delivery, Play
from app.store import journal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

KEPT: Final = 8
"""Drills of which a process keeps what it has read."""
AT_ONCE: Final = 1000

_CODES: Final = """
    SELECT id, code, country FROM member WHERE space_id = $1
    UNION ALL SELECT id, code, NULL FROM crossing WHERE space_id = $1
    UNION ALL SELECT id, code, NULL FROM rendezvous WHERE space_id = $1
"""
_DELIVERIES: Final = """
    SELECT d.inject, d.at_us, d.by, e.seq FROM drill_delivery d
    LEFT JOIN journal_entry e
      ON e.space_id = d.space_id AND e.subject_kind = 'drill_delivery' AND e.subject_id = d.id
    WHERE d.space_id = $1 ORDER BY d.at_us, d.id
"""
_MARKS: Final = "SELECT about, party, at_us FROM drill_mark WHERE space_id = $1 AND drill_id = $2 AND kind = 'sync'"
_PLAYERS: Final = """
    SELECT m.code, p.joined_us FROM drill_participant p
    JOIN member m ON m.space_id = p.space_id AND m.id = p.member_id
    WHERE p.space_id = $1 AND p.drill_id = $2 AND p.role = 'player'
"""
_GROUND: Final = {
    "members": "SELECT code, country FROM member WHERE space_id = $1",
    "crossings": """
        SELECT c.code, a.code AS a, b.code AS b FROM crossing c
        JOIN member a ON a.space_id = c.space_id AND a.id = c.member_a_id
        JOIN member b ON b.space_id = c.space_id AND b.id = c.member_b_id WHERE c.space_id = $1
    """,
    "rendezvous": """
        SELECT r.code, m.code AS member FROM rendezvous r
        JOIN member m ON m.space_id = r.space_id AND m.id = r.member_id WHERE r.space_id = $1
    """,
    "resources": """
        SELECT m.code, r.type_code, count(*) AS held FROM resource r
        JOIN member m ON m.space_id = r.space_id AND m.id = r.member_id
        WHERE r.space_id = $1 AND NOT r.retired GROUP BY 1, 2
    """,
}


# ---------------------------------------------------------------- the clock as it is stored


def stored(clock: Clock) -> dict[str, Any]:
    """Return a row of the clock as its columns, and as ``timeline`` keeps it."""
    return {
        "status": clock.state,
        "anchor_utc": stamp(clock.anchor_utc),
        "anchor_us": clock.anchor_us,
        "speed": clock.speed,
        "paused_sites": sorted(clock.paused_sites),
        "words": sorted(clock.words),
        "site_words": sorted([site, director] for site, director in clock.site_words),
        "pause_reasons": sorted([site, reason] for site, reason in clock.pause_reasons),
    }


def clock_of(row: Mapping[str, Any]) -> Clock:
    """Return the clock of what ``stored`` made."""
    anchor = row["anchor_utc"]
    return Clock(
        state=row["status"],
        anchor_utc=anchor if isinstance(anchor, datetime) else datetime.fromisoformat(anchor),
        anchor_us=row["anchor_us"],
        speed=row["speed"],
        paused_sites=frozenset(row["paused_sites"]),
        words=frozenset(row["words"]),
        site_words=frozenset((site, director) for site, director in row["site_words"]),
        # Rows of a time line that are older than this have none.
        pause_reasons=frozenset((site, reason) for site, reason in row.get("pause_reasons") or ()),
    )


# ---------------------------------------------------------------- what a scenario is held against, and what it says


async def ground_of(conn: asyncpg.Connection[Any], space: str) -> Ground:
    """Return the corridor as scenarios name it, from the tables."""
    corridor = await conn.fetchrow("SELECT code, languages FROM corridor")
    rows = {name: await conn.fetch(statement, space) for name, statement in _GROUND.items()}
    resources: dict[str, dict[str, int]] = {}
    for row in rows["resources"]:
        resources.setdefault(row["code"], {})[row["type_code"]] = row["held"]
    return Ground(
        corridor=corridor["code"] if corridor else "",
        languages=tuple(corridor["languages"]) if corridor else (),
        members={row["code"]: row["country"] for row in rows["members"]},
        crossings={row["code"]: (row["a"], row["b"]) for row in rows["crossings"]},
        rendezvous={row["code"]: row["member"] for row in rows["rendezvous"]},
        resources=resources,
    )


_SCENARIOS: OrderedDict[bytes, Scenario] = OrderedDict()


def scenario_of(script: str, digest: bytes) -> Scenario:
    """Return the scenario of a script that was checked when it was planned; ``digest`` is the SHA-256 of the script."""
    found = _SCENARIOS.get(digest)
    if found is None:
        found = _SCENARIOS[digest] = Scenario.model_validate(placed.read(script).data)
        while len(_SCENARIOS) > KEPT:
            _SCENARIOS.popitem(last=False)
    return found


# ---------------------------------------------------------------- a drill under way


@dataclass(slots=True)
class _Read:
    reader: Reader
    rows: int
    """How many rows the clock had."""
    seq: int = 0
    events: list[Event] = field(default_factory=list)


_READ: OrderedDict[tuple[str, UUID], _Read] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Playing:
    """A drill that has begun: what the rules are handed, its clock, and who is who."""

    play: Play
    clock: Clock
    space: str
    members: Mapping[str, UUID]
    """Code → id; of all members, players or not."""
    rows: Mapping[tuple[str, str], Mapping[str, Any]]
    """The last state of each row as the journal tells it, by kind and id."""


async def playing(conn: asyncpg.Connection[Any], drill: Mapping[str, Any]) -> Playing:
    """Return the drill as it stands. ``drill`` is a row of that table that has begun (``id``, ``plays_in``, ``script``, ``script_digest``).

    Other statements of the transaction are seen, its entries are not yet.
    """
    space: str = drill["plays_in"]
    scenario = scenario_of(drill["script"], drill["script_digest"])
    row = await conn.fetchrow("SELECT * FROM drill_clock WHERE space_id = $1 AND id = $2", space, drill["id"])
    assert row is not None
    timeline = Timeline(tuple(clock_of(each) for each in row["timeline"]))
    named = await conn.fetch(_CODES, space)
    countries = {each["code"]: each["country"] for each in named if each["country"]}
    read = await _read_on(conn, (space, drill["id"]), timeline, {str(each["id"]): each["code"] for each in named})
    deliveries = {
        each["inject"]: Delivery(at_us=each["at_us"], by=each["by"], seq=each["seq"])
        for each in await conn.fetch(_DELIVERIES, space)
    }
    play = Play(
        scenario=scenario,
        countries=countries,
        timeline=timeline,
        deliveries=deliveries,
        events=tuple(read.events),
        reached={
            (each["about"], each["party"]): each["at_us"] for each in await conn.fetch(_MARKS, "live", drill["id"])
        },
        joined={
            each["code"]: LATEST_US if each["joined_us"] is None else each["joined_us"]
            for each in await conn.fetch(_PLAYERS, "live", drill["id"])
            if each["joined_us"] != 0
        },
    )
    members = {each["code"]: each["id"] for each in named if each["country"]}
    return Playing(play, clock_of(row), space, members, read.reader.rows)


async def _read_on(
    conn: asyncpg.Connection[Any], key: tuple[str, UUID], timeline: Timeline, codes: Mapping[str, str]
) -> _Read:
    read = _READ.get(key)
    if read is None or read.rows != len(timeline.rows):
        read = _Read(Reader(codes, timeline), len(timeline.rows))
    read.reader.codes = codes
    while True:
        after = read.seq
        entries = await journal.read(conn, key[0], after, AT_ONCE)
        if read.seq != after:
            continue  # somebody else in this process has read on meanwhile
        for entry in entries:
            if isinstance(entry, Entry):
                read.events.append(read.reader.entry(entry))
            read.seq = entry.seq
        if len(entries) < AT_ONCE:
            break
    _READ[key] = read
    _READ.move_to_end(key)
    while len(_READ) > KEPT:
        _READ.popitem(last=False)
    return read
