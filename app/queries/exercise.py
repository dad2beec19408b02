"""A drill from the inside, for everybody who may enter its space: its clock and its name, and what one's own member was told.

Nothing of the script is read here: the rows hold what players may read, and no column that is hidden is asked for.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.drill_clock import ClockView, clock_view
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel
from app.store.drills import clock_of

if TYPE_CHECKING:
    import asyncpg

_CLOCK: Final = """
    SELECT c.id, c.code, c.title, c.stop_words, c.status, c.anchor_utc, c.anchor_us, c.speed, c.paused_sites, c.words, c.site_words,
           c.pause_reasons,
           s.frozen_at, d.handbook, d.space_id AS live_space, p.site
    FROM drill_clock c
    JOIN space s ON s.id = c.space_id
    JOIN drill d ON d.plays_in = c.space_id
    LEFT JOIN drill_participant p
      ON p.space_id = d.space_id AND p.drill_id = d.id AND p.role = 'player' AND p.member_id = $2
    WHERE c.space_id = $1
"""
_TOLD: Final = "SELECT id, at_us, delivered_at, told FROM drill_delivery"


class ExerciseView(ReadModel):
    """The drill that is played in this space."""

    drill_id: UUID
    code: str
    title: dict[str, str]
    stop_words: dict[str, str]
    """By which everybody knows that it is no exercise any more."""
    clock: ClockView
    at: datetime
    """The server's time."""
    handbook: dict[str, Any]
    my_site: str | None
    """Where your member plays; null if it does not."""
    frozen: bool
    """It is over: nothing can be done here any more."""
    live_space: str
    """The space to go back to."""


class ToldView(ReadModel):
    """What somebody in the drill told your member; marked as an exercise, first and last."""

    sender: str
    """A member's code, `control`, or a voice."""
    sender_name: dict[str, str] | None
    """Of a voice."""
    means: str
    """`phone`, `radio`, `message`, `in_person`, `sensor` or `console`."""
    text: dict[str, str]
    sensor: dict[str, Any] | None
    """What a sensor shows: station, quantity, value, threshold."""


class DeliveryView(ReadModel):
    """One of the things that your member was told."""

    id: UUID
    at_us: int
    """Drill time."""
    delivered_at: datetime
    told: ToldView


async def exercise(conn: asyncpg.Connection[Any], space: str, *, viewer: UUID | None, now: datetime) -> ExerciseView:
    """Return the drill of a space.

    Raises:
        NotFound: no drill is played there.
    """
    row = await conn.fetchrow(_CLOCK, space, viewer)
    if row is None:
        raise NotFound("exercise", space)
    found = decoded(row, "title", "stop_words", "handbook", "paused_sites", "words", "site_words", "pause_reasons")
    return ExerciseView(
        drill_id=found["id"],
        code=found["code"],
        title=found["title"],
        stop_words=found["stop_words"],
        clock=clock_view(clock_of(found), now),
        at=now,
        handbook=found["handbook"],
        my_site=found["site"],
        frozen=found["frozen_at"] is not None,
        live_space=found["live_space"],
    )


async def deliveries(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[DeliveryView]:
    """Return what the viewer's member was told, newest first."""
    where = Where().add("space_id = {}", space).add("{} = ANY(to_member_ids)", viewer)
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, _TOLD, where, order="id DESC", limit=limit)
    return [DeliveryView.model_validate(decoded(row, "told")) for row in rows]
