"""Deadlines in a drill's space go by the drill's clock: none passes while it stands, and they come so many times as soon as it runs.

A deadline stands in its row, and as due work, as the instant of the wall's clock at which it comes if the drill's clock goes on as
it goes. With each step of the clock both are put where the same drill time now comes, in the transaction of that step and with no
command at work in the space: from instant to drill time by the clock as it ran, and back by the one that runs now. Who may see a
row is told that it moved. The time of what is over stays as it was, and so does what people do not answer for: the turns of the rota, and times that are days ahead.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col

from app.commands.frozen import hold_still
from app.commands.patients import between, help_of
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.lifecycle import MACHINES, machine, states
from app.store.drills import clock_of
from app.store.tables import (
    AutomaticAlarm,
    ChecklistItem,
    Crossing,
    Debt,
    IncidentProtocol,
    LenderWord,
    Offer,
    Request,
    RequestLine,
    ResponseCommitment,
    UnaskedOffer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
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
    SELECT id, command, target, due_at, made_at FROM due_work
    WHERE space_id = $1 AND done_at IS NULL AND due_at > $2 AND command = ANY($3) FOR UPDATE SKIP LOCKED
"""
_PUT: Final = "UPDATE due_work SET due_at = $2 WHERE id = $1"
_DRAFTED: Final = """
    SELECT subject_id, recorded_at FROM journal_entry
    WHERE space_id = $1 AND subject_kind = 'request' AND type = 'request.drafted' AND recorded_at >= $2
"""


def as_it_ran(row: DrillClock) -> tuple[Clock, datetime]:
    """Return the clock as it last ran, and the instant until which it did, of one that stands."""
    until = row.anchor_utc
    for each in reversed(row.timeline):
        clock = clock_of(each)
        if clock.state == "running":
            return clock, until
        until = clock.anchor_utc
    return clock_of(row.__dict__), until


def stood(row: DrillClock) -> list[Clock]:
    """Return the rows of a clock that stands since it last ran, in their order."""
    found: list[Clock] = []
    for each in reversed(row.timeline):
        clock = clock_of(each)
        if clock.state == "running":
            break
        found.append(clock)
    return found[::-1]


async def follow(there: UnitOfWork, before: Clock, until: datetime, after: Clock, stood: Sequence[Clock] = ()) -> None:
    """Move what falls due after ``until`` from where ``before`` had it to where ``after`` has it; record ``drill.deadlines_moved``.

    ``there`` is the drill's space; ``stood`` is its clock since ``until``, where it stood. What was put down meanwhile counts from then.
    What has been jumped over falls due now, in its old order: a microsecond lies between. Waits for the commands at work in the space.
    """
    await hold_still(there, there.space)

    def drill_time(at: datetime, made_at: datetime | None) -> int:
        at_that_time = [each for each in stood if made_at is not None and each.anchor_utc <= made_at]
        if made_at is None or not at_that_time:
            return before.at_us(at)
        clock = at_that_time[-1]
        return clock.anchor_us + clock.speed * ((at - made_at) // timedelta(microseconds=1))

    works = await there.raw.fetch(_OPEN, there.space, until, list(BY_DRILLS_CLOCK))
    over = {us for work in works if (us := drill_time(work["due_at"], work["made_at"])) <= after.anchor_us}
    place = {us: timedelta(microseconds=position) for position, us in enumerate(sorted(over))}

    def moved(at: datetime, made_at: datetime | None) -> datetime:
        us = drill_time(at, made_at)
        return (after.due_at(us) or at) + (place.get(us) or timedelta(0))

    made: dict[tuple[str, UUID, datetime], datetime | None] = {}
    targets: defaultdict[str, set[UUID]] = defaultdict(set)
    for work in works:
        await there.raw.execute(_PUT, work["id"], moved(work["due_at"], work["made_at"]))
        targets[work["command"]].add(work["target"])
        made[work["command"], work["target"], work["due_at"]] = work["made_at"]
    changed: list[Any] = []

    def put(row: Any, column: str, made_at: datetime | None) -> None:
        at: datetime | None = getattr(row, column)
        if at is not None and at > until and (to := moved(at, made_at)) != at:
            setattr(row, column, to)
            changed.append(row)

    for command, (table, column) in _COLUMNS.items():
        if command in targets:
            rows = await there.lock_where(table, col(table.id).in_(list(targets[command])))
            for row in [row for row in rows if not await _is_over(there, row)]:
                put(row, column, made.get((command, row.id, getattr(row, column))))
    await _put_what_has_no_work(there, until, put, targets)
    seen: defaultdict[tuple[UUID, ...], list[Any]] = defaultdict(list)
    for row in changed:
        seen[await _eyes(there, row)].append(row)
    for parties, rows in sorted(seen.items()):
        there.record(MOVED, rows[0], *rows[1:], visibility="parties" if parties else "corridor", parties=parties)


async def _put_what_has_no_work(
    there: UnitOfWork,
    until: datetime,
    put: Callable[[Any, str, datetime | None], None],
    targets: Mapping[str, set[UUID]],
) -> None:
    """Move the times for which nothing falls due: those of requests that are not open yet, and of checklists."""
    drafted = {each["subject_id"]: each["recorded_at"] for each in await there.raw.fetch(_DRAFTED, there.space, until)}
    over = [state for state in states("request") if machine("request").is_final(state)]
    requests = await there.lock_where(Request, col(Request.opened_at).is_(None), col(Request.status).not_in(over))
    for request in requests:
        if request.id not in targets["expire_request"]:
            put(request, "expires_at", drafted.get(request.id))
    for line in await there.lock_where(RequestLine, col(RequestLine.request_id).in_([each.id for each in requests])):
        put(line, "needed_by", drafted.get(line.request_id))
    open_ = (col(ChecklistItem.done_at).is_(None), col(ChecklistItem.superseded_at).is_(None))
    items = await there.lock_where(ChecklistItem, *open_, col(ChecklistItem.due_at) > until)
    protocols = {each.incident_protocol_id for each in items}
    applied = {
        each.id: each.applied_at
        for each in await there.find(IncidentProtocol, col(IncidentProtocol.id).in_(list(protocols)))
    }
    for item in items:
        put(item, "due_at", applied[item.incident_protocol_id])


async def _is_over(there: UnitOfWork, row: Any) -> bool:
    """Return whether the time of a row is history: nothing follows the state that it, or the request of a line, is in.

    A lender's commitment is never over: one that was kept is begun anew, with its time, where the call is taken back that it was kept by.
    """
    if isinstance(row, RequestLine):
        row = await there.get(Request, row.request_id)
    if row.KIND not in MACHINES or isinstance(row, ResponseCommitment):
        return False
    return machine(row.KIND).is_final(row.status)


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
