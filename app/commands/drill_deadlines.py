"""Deadlines in a drill's space go by the drill's clock: none passes while it stands, and they come so many times as soon as it runs.

A deadline stands in its row, and as due work, as the instant of the wall's clock at which it comes if the drill's clock goes on as
it goes. With each step of the clock both are put where the same drill time now comes, in the transaction of that step and with no
command at work in the space: from instant to drill time by the clock as it ran, and back by the one that runs now. Who may see a
row is told that it moved. What people do not answer for stays: the turns of the rota, and times that are days ahead.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col

from app.commands.frozen import hold_still
from app.commands.patients import between, help_of
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.store.drills import clock_of
from app.store.tables import (
    AutomaticAlarm,
    Crossing,
    Debt,
    LenderWord,
    Offer,
    Request,
    RequestLine,
    ResponseCommitment,
    UnaskedOffer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from app.domain.drills.clock import Clock
    from app.store.tables import DrillClock
    from app.store.tables.base import Spaced
    from app.store.unit_of_work import UnitOfWork

MOVED: Final = "drill.deadlines_moved"
_COLUMNS: Final[Mapping[str, tuple[type[Spaced], str]]] = {
    "expire_request": (Request, "expires_at"),
    "mark_line_late": (RequestLine, "needed_by"),
    "expire_offer": (Offer, "valid_until"),
    "expire_unasked_offer": (UnaskedOffer, "valid_until"),
    "pass_automatic_alarm": (AutomaticAlarm, "answer_by"),
    "break_response_commitment": (ResponseCommitment, "due_at"),
    "mark_debt_overdue": (Debt, "due_at"),
    "reopen_crossing": (Crossing, "closed_until"),
    "end_lender_word": (LenderWord, "until_at"),
}
"""What falls due, and the column of its row in which people read when."""
BY_DRILLS_CLOCK: Final = (*_COLUMNS, "ring_back")
"""Due work that waits while the drill stands. A call that nobody confirms has no column."""
_OPEN: Final = """
    SELECT id, command, target, due_at FROM due_work
    WHERE space_id = $1 AND done_at IS NULL AND due_at > $2 AND command = ANY($3) FOR UPDATE SKIP LOCKED
"""
_PUT: Final = "UPDATE due_work SET due_at = $2 WHERE id = $1"


def as_it_ran(row: DrillClock) -> tuple[Clock, datetime]:
    """Return the clock as it last ran, and the instant until which it did, of one that stands."""
    until = row.anchor_utc
    for each in reversed(row.timeline):
        clock = clock_of(each)
        if clock.state == "running":
            return clock, until
        until = clock.anchor_utc
    return clock_of(row.__dict__), until


async def follow(there: UnitOfWork, before: Clock, until: datetime, after: Clock) -> None:
    """Move what falls due after ``until`` from where ``before`` had it to where ``after`` has it; record ``drill.deadlines_moved``.

    ``there`` is the drill's space. Waits for the commands at work in it. What has been jumped over falls due now.
    """
    await hold_still(there, there.space)

    def moved(at: datetime) -> datetime:
        return after.due_at(before.at_us(at)) or at

    targets: defaultdict[str, set[UUID]] = defaultdict(set)
    for work in await there.raw.fetch(_OPEN, there.space, until, list(BY_DRILLS_CLOCK)):
        await there.raw.execute(_PUT, work["id"], moved(work["due_at"]))
        targets[work["command"]].add(work["target"])
    changed: list[Any] = []
    for command, (table, column) in _COLUMNS.items():
        if command not in targets:
            continue
        wanted: Any = col(table.id).in_(list(targets[command]))
        for row in await there.lock_where(table, wanted):
            at: datetime | None = getattr(row, column)
            if at is not None and at > until and moved(at) != at:
                setattr(row, column, moved(at))
                changed.append(row)
    seen: defaultdict[tuple[UUID, ...], list[Any]] = defaultdict(list)
    for row in changed:
        seen[await _eyes(there, row)].append(row)
    for parties, rows in sorted(seen.items()):
        there.record(MOVED, rows[0], *rows[1:], visibility="parties" if parties else "corridor", parties=parties)


async def _eyes(there: UnitOfWork, row: Any) -> tuple[UUID, ...]:
    """Return the members that alone see a row, none where all do: as it is told by the commands about it."""
    help_ = await help_of(there, row)
    seen: set[UUID | None] = set()
    if isinstance(help_, Request) and help_.opened_at is None:
        seen = {help_.member_id}
    elif help_ is not None and help_.kind == DAY_TO_DAY:
        seen = set(between(help_))
    elif isinstance(row, Offer):
        seen = {row.lender_id, (await there.get(Request, row.request_id)).member_id}
    elif isinstance(row, UnaskedOffer):
        seen = {row.lender_id, row.to_member_id}
    elif isinstance(row, AutomaticAlarm | ResponseCommitment):
        seen = {row.lender_id, row.requester_id}
    return tuple(sorted(each for each in seen if each is not None))
