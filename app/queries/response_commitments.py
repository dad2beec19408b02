"""Response commitments: what was promised about each request, and how much of it was kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.lists import Where, fetch
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg


TOOK_MIN: Final = "round((extract(epoch FROM c.done_at - c.since) / 60)::numeric, 2)::float8"
"""Minutes that a row ``c`` took, for a SELECT."""
_SELECT: Final = f"SELECT c.*, {TOOK_MIN} AS took_min FROM response_commitment c"  # noqa: S608 - constants of ours


class ResponseCommitmentView(Row):
    """One step of one lender about one request, and whether it was done in time."""

    request_id: UUID
    requester_id: UUID
    lender_id: UUID
    """Who promised it."""
    agreement_id: UUID
    agreement_version: int
    mission_id: UUID | None
    """The unit that turns out; null for the other steps."""
    step: str
    """`acknowledge`, `answer` (by an offer, or by declining) or `turn_out`."""
    binding: str
    """`best_effort` or `obligatory`."""
    within_min: int
    """Minutes that were promised."""
    since: datetime
    """From when they count: the request's opening, or the unit's commitment or alarm."""
    due_at: datetime
    done_at: datetime | None
    took_min: float | None
    """Minutes that it took; null as long as it is not done."""
    status: str
    """`running`, `kept`, `broken` or `lapsed` (no longer needed when its time came)."""


class ShareKept(ReadModel):
    """How much of what was promised was kept, over the whole list and not this page alone."""

    step: str
    n: int
    """Kept and broken together; what runs or has lapsed is not among them."""
    kept: int
    share: float | None
    """Kept of n, from 0 to 1; null where there is nothing to count."""
    median_min: float | None
    """Of those that were done: half took no longer than this."""


async def commitment(
    conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None
) -> ResponseCommitmentView:
    """Return one commitment, for the two members that it is between.

    Raises:
        NotFound: there is none of that id in the space, or it is between others.
    """
    where = _between(viewer, space).add("id = {}", id_)
    rows = await fetch(conn, _SELECT, where, order="id", limit=1)
    if not rows:
        raise NotFound("response_commitment", id_)
    return ResponseCommitmentView.model_validate(dict(rows[0]))


async def commitments(
    conn: asyncpg.Connection[Any], where: Where, *, before: tuple[UUID] | None = None, limit: int = 50
) -> list[ResponseCommitmentView]:
    """Return those that ``chosen`` describes, newest first."""
    if before is not None:
        where = Where(list(where.parts), list(where.values)).add("id < {}", before[0])
    rows = await fetch(conn, _SELECT, where, order="id DESC", limit=limit)
    return [ResponseCommitmentView.model_validate(dict(row)) for row in rows]


async def totals(conn: asyncpg.Connection[Any], where: Where) -> list[ShareKept]:
    """Return the share that was kept of those that ``chosen`` describes, by step and in all (``*``)."""
    rows = await conn.fetch(
        f"""SELECT coalesce(step, '*') AS step, count(*) FILTER (WHERE status IN ('kept', 'broken')) AS n,
                   count(*) FILTER (WHERE status = 'kept') AS kept,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM done_at - since) / 60)
                       FILTER (WHERE done_at IS NOT NULL) AS median_min
              FROM response_commitment WHERE {where.sql} GROUP BY ROLLUP (step) ORDER BY step""",  # noqa: S608
        *where.values,
    )
    return [
        ShareKept(
            step=row["step"],
            n=row["n"],
            kept=row["kept"],
            share=row["kept"] / row["n"] if row["n"] else None,
            median_min=None if row["median_min"] is None else round(float(row["median_min"]), 2),
        )
        for row in rows
    ]


def chosen(
    space: str,
    *,
    viewer: UUID | None,
    request: UUID | None = None,
    member: UUID | None = None,
    agreement: UUID | None = None,
    step: Sequence[str] = (),
    status: Sequence[str] = (),
    binding: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Where:
    """Return the filter of a list: ``member`` keeps what it promised, times are of ``since``."""
    where = _between(viewer, space).add_if(request, "request_id = {}").add_if(member, "lender_id = {}")
    where.add_if(agreement, "agreement_id = {}").add_if(list(step), "step = ANY({})")
    where.add_if(list(status), "status = ANY({})").add_if(binding, "binding = {}")
    return where.add_if(since, "since >= {}").add_if(until, "since < {}")


def _between(viewer: UUID | None, space: str) -> Where:
    where = Where().add("space_id = {}", space)
    return where if viewer is None else where.add("{} IN (requester_id, lender_id)", viewer)
