"""What people wrote about a drill, and how its objectives were rated; each for those who may read it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.drills.sides import TOLD
from app.domain.errors import NotFound
from app.queries.drills import known
from app.queries.lists import Where, decoded, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.authority import Actor

UNITS: Final = {"time": "s", "share": "share", "least": "figure", "most": "figure"}
"""What is measured → in what its figure is counted; the rest are counts."""

_ACTIONS: Final = """
    SELECT a.*, d.code AS drill, m.code AS owner, r.code AS retest_drill FROM corrective_action a
    JOIN drill d ON d.space_id = a.space_id AND d.id = a.drill_id
    JOIN member m ON m.space_id = a.space_id AND m.id = a.owner_member_id
    LEFT JOIN drill r ON r.space_id = a.space_id AND r.id = a.retest_drill_id
"""


class DrillObservationView(Row):
    """What an evaluator, controller or director saw."""

    drill_id: UUID
    member_id: UUID
    """The writer's member."""
    mine: bool
    """You wrote it."""
    kind: str
    """`strength`, `improvement` or `note`."""
    objective: str | None
    text: str
    seq: int | None
    """The entry of the drill's journal that it is about."""
    at_us: int
    """Drill time."""
    observed_at: datetime


class DrillRatingView(Row):
    """An objective as it was measured when the drill ended, and the evaluators' word against it, if there is one."""

    drill_id: UUID
    objective: str
    position: int
    """In the order of the script."""
    names: dict[str, str]
    metric: str
    unit: str
    """Of the figure: `s`, `share`, `count` or `figure`."""
    figure: float | None
    n: int
    """How many were measured."""
    hits: int | None
    interval: tuple[float, float] | None
    """Of a share: Wilson's, 95 %."""
    not_assessed: int
    """Left out, for those concerned had not joined yet."""
    never: bool
    """It never came to its end."""
    evidence: tuple[int, ...]
    """Entries of the drill's journal behind the figure."""
    computed: str | None
    """`P`, `S`, `M` or `U` by the figure; null where nothing was measured."""
    rating: str | None
    """The one that counts."""
    overruled: str | None
    reason: str | None
    """Why it was overruled."""
    seq: int | None
    """The entry that says so."""


class DrillHotWashView(Row):
    """What a member said straight after the end."""

    drill_id: UUID
    member_id: UUID
    went_well: str
    to_improve: str
    to_change: str | None
    written_at: datetime
    late: bool
    """It first came more than half an hour after the end."""


class CorrectiveActionView(Row):
    """What has to become better, by whose hand, until when, and which drill tests it again."""

    ref: str
    drill_id: UUID
    drill: str
    """Code of the drill that showed it."""
    objective: str | None
    text: str
    owner_member_id: UUID
    owner: str
    """Code of the member."""
    status: str
    due_on: date
    overdue: bool
    retest_drill_id: UUID | None
    retest_drill: str | None
    note: str | None
    done_at: datetime | None


async def observations(
    conn: asyncpg.Connection[Any],
    space: str,
    drill_id: UUID,
    *,
    actor: Actor,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[DrillObservationView]:
    """Return what was seen, newest first: for the staff, and once the hot wash was held for everybody who took part.

    Raises:
        NotFound: there is no such drill.
        RoleMissing: the reader is none of them.
    """
    (await known(conn, space, drill_id, actor)).require_told("reading observations")
    rows = await fetch(
        conn, "SELECT * FROM drill_observation", _of(space, drill_id, before), order="id DESC", limit=limit
    )
    return [
        DrillObservationView.model_validate(dict(row) | {"mine": actor.id is not None and row["author_id"] == actor.id})
        for row in rows
    ]


async def ratings(
    conn: asyncpg.Connection[Any],
    space: str,
    drill_id: UUID,
    *,
    actor: Actor,
    after: tuple[int] | None = None,
    limit: int = 50,
) -> list[DrillRatingView]:
    """Return the ratings in the order of the script; there are none before the end.

    Raises:
        NotFound: there is no such drill.
    """
    _ = await known(conn, space, drill_id, actor)
    where = Where().add("space_id = {}", space).add("drill_id = {}", drill_id)
    if after is not None:
        where.add("position > {}", after[0])
    rows = await fetch(conn, "SELECT * FROM drill_rating", where, order="position", limit=limit)
    return [_rating(row) for row in rows]


async def hot_washes(
    conn: asyncpg.Connection[Any],
    space: str,
    drill_id: UUID,
    *,
    actor: Actor,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[DrillHotWashView]:
    """Return what members said, newest first: all of it for the staff, one's own at once, and the others' once it was held.

    Raises:
        NotFound: there is no such drill.
    """
    found = await known(conn, space, drill_id, actor)
    where = _of(space, drill_id, before)
    if not found.staff and not (found.took_part and found.row["status"] in TOLD):
        where.add("member_id = {}", actor.member_id)
    rows = await fetch(conn, "SELECT * FROM drill_hot_wash", where, order="id DESC", limit=limit)
    return [DrillHotWashView.model_validate(dict(row)) for row in rows]


def _of(space: str, drill_id: UUID, before: tuple[UUID] | None) -> Where:
    where = Where().add("space_id = {}", space).add("drill_id = {}", drill_id)
    return where if before is None else where.add("id < {}", before[0])


def _rating(row: asyncpg.Record) -> DrillRatingView:
    found = decoded(row, "names", "interval", "evidence")
    unit = UNITS.get(found["metric"], "count")
    return DrillRatingView.model_validate(found | {"unit": unit, "rating": found["overruled"] or found["computed"]})


# ---------------------------------------------------------------- corrective actions


async def corrective_action(
    conn: asyncpg.Connection[Any], space: str, id_: UUID, *, today: date
) -> CorrectiveActionView:
    """Return one action.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow(f"{_ACTIONS} WHERE a.space_id = $1 AND a.id = $2", space, id_)
    if row is None:
        raise NotFound("corrective_action", id_)
    return _action(row, today)


async def corrective_actions(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    today: date,
    status: Sequence[str] = (),
    drill: UUID | None = None,
    owner: UUID | None = None,
    overdue: bool | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[CorrectiveActionView]:
    """Return actions of all drills, newest first."""
    where = Where().add("a.space_id = {}", space).add_if(list(status), "a.status = ANY({})")
    where.add_if(drill, "a.drill_id = {}").add_if(owner, "a.owner_member_id = {}")
    if overdue is not None:
        where.add("(a.status = 'open' AND a.due_on < {}) = {}", today, overdue)
    if before is not None:
        where.add("a.id < {}", before[0])
    return [_action(row, today) for row in await fetch(conn, _ACTIONS, where, order="a.id DESC", limit=limit)]


def _action(row: asyncpg.Record, today: date) -> CorrectiveActionView:
    overdue = row["status"] == "open" and row["due_on"] < today
    return CorrectiveActionView.model_validate(dict(row) | {"overdue": overdue})
