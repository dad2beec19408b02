"""What is told of a unit, or of a mission: its status, its position, the state that it has reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.commands.inbox_kept import last_told, note_told, one_at_a_time
from app.commands.parts import lock_units
from app.commands.positions import keep_positions
from app.domain.because import because
from app.domain.errors import Conflict, OutOfOrder, TransitionNotAllowed
from app.domain.inbox.held import HeldBack
from app.domain.inbox.meaning import Advance, Call, Nothing, SetStatus, Stands, of_status
from app.domain.on_way import BEFORE_LEAVING
from app.domain.stamps import TYPED_AFTER, is_before

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

    from app.commands.inbox_acts import Acting
    from app.domain.inbox.mapping import Mapping, StatusMeaning
    from app.domain.inbox.reading import Point, Told

# The one that it named then. What was only entered since counts for what was told before, where the code named nothing else then.
_UNIT: Final = """
    SELECT r.id, r.member_id, r.call_sign, r.type_code, r.status, r.out_of_service_reason AS reason, r.retired,
           m.id AS mission_id, m.status AS mission, m.status_at AS mission_at
      FROM external_id x
      JOIN resource r ON r.space_id = x.space_id AND r.id = x.resource_id
      LEFT JOIN mission m ON m.space_id = r.space_id AND m.resource_id = r.id AND m.status NOT IN ('returned', 'closed')
     WHERE x.space_id = $1 AND x.source = $2 AND x.kind = 'resource' AND x.code = $3 AND x.member_id = $5
       AND (x.valid_to IS NULL OR (x.valid_from <= $4 AND x.valid_to > $4))
     ORDER BY x.valid_from <= $4 AND (x.valid_to IS NULL OR x.valid_to > $4) DESC, x.valid_from DESC, m.id DESC LIMIT 1
"""
_MISSION: Final = """
    SELECT id, lender_id, resource_id, status, status_at FROM mission WHERE space_id = $1 AND id = $2
"""
# The last status that was entered, by whomever: that a unit was committed, or is being alarmed, is none of its movement (`_is_early`).
# A unit's ended missions are found among its lender's of its type, for which there is an index.
_ENTERED: Final = """
    SELECT greatest(
        (SELECT max(CASE WHEN m.status IN ('returned', 'closed') THEN m.home_at
                         WHEN m.status NOT IN ('committed', 'mobilising') THEN m.status_at END)
           FROM mission m WHERE m.space_id = $1 AND m.lender_id = $3 AND m.type_code = $4 AND m.resource_id = $2),
        (SELECT coalesce((e.payload::jsonb #>> '{data,occurred_at}')::timestamptz, e.recorded_at)
           FROM journal_entry e
          WHERE e.space_id = $1 AND e.subject_kind = 'resource' AND e.subject_id = $2 AND e.type = 'resource.status_set'
          ORDER BY e.seq DESC LIMIT 1))
"""


async def on_unit(acting: Acting, told: Told, mapping: Mapping) -> list[str]:
    """Do what is told of a unit; return the outcome of each thing told."""
    code = told.unit or ""
    found = await _unit(acting, code)
    await one_at_a_time(acting.uow, "unit", found["id"])
    unit = await _unit(acting, code)  # as it stands, now that nobody else tells of it
    acting.became.resource_id, acting.became.mission_id = unit["id"], unit["mission_id"]
    acting.became.unit = {"code": code, "resource_id": str(unit["id"]), "call_sign": unit["call_sign"]}
    outcomes = []
    if told.status is not None:
        outcomes.append(await _status(acting, told.status, unit, mapping.meaning(unit["type_code"], told.status), code))
    if told.position is not None:
        outcomes.append(await _position(acting, unit["id"], told.position))
    return outcomes


async def on_mission(acting: Acting, which: str, state: str) -> list[str]:
    """Do what is told of a mission that is named itself."""
    id_ = _id_in(which)
    row = None if id_ is None else await acting.uow.raw.fetchrow(_MISSION, acting.uow.space, id_)
    if row is None:
        raise HeldBack(f"There is no mission {which}.", because("inbox_no_mission", value=which))
    if row["lender_id"] != acting.source.member_id:
        raise HeldBack(f"The mission {which} is another member's.", because("inbox_not_yours", what=which))
    acting.became.mission_id, acting.became.resource_id = row["id"], row["resource_id"]
    about: UUID = row["resource_id"] or row["id"]
    await one_at_a_time(acting.uow, "unit", about)
    if _is_older(acting, await last_told(acting.uow, "unit", about)):
        return ["history"]
    outcome = await _advance(acting, row["id"], state, early=_is_early(acting, row["status"], row["status_at"]))
    await note_told(acting.uow, "unit", about, acting.at, state)
    return [outcome]


def _id_in(which: str) -> UUID | None:
    try:
        return UUID(which)
    except ValueError:
        return None


async def _unit(acting: Acting, code: str) -> asyncpg.Record:
    source = acting.source.source
    row = await acting.uow.raw.fetchrow(_UNIT, acting.uow.space, source, code, acting.at, acting.source.member_id)
    if row is None or row["retired"]:
        detail = f"No unit has the code {code!r} in the list {source}."
        raise HeldBack(detail, because("inbox_unknown_unit", source=source, value=code))
    return row


async def _status(acting: Acting, code: str, unit: asyncpg.Record, meaning: StatusMeaning, of: str) -> str:
    """Do what a status means for the unit as it stands; ``of`` is the unit's own code."""
    does = await _judged(acting, unit, meaning)
    if isinstance(does, SetStatus):
        # Somebody may be committing it. Whoever does holds the unit: once we hold it, it is judged by how it stands then.
        await lock_units(acting.uow, [unit["id"]])
        unit = await _unit(acting, of)
        acting.became.mission_id = unit["mission_id"]
        does = await _judged(acting, unit, meaning)
    if does is None:
        return "history"
    if isinstance(does, Call):
        acting.became.call = does.what
        acting.became.detail = f"{unit['call_sign']} calls its dispatcher: {meaning.label}."
        return "call"
    outcome = await _done(acting, unit, does)
    if outcome != "history":
        await note_told(acting.uow, "unit", unit["id"], acting.at, code)
    return outcome


async def _judged(
    acting: Acting, unit: asyncpg.Record, meaning: StatusMeaning
) -> Advance | SetStatus | Call | Nothing | None:
    """Return what a status means for the unit as it stands; None where something later is known of it. Calls are heard however late."""
    stands = Stands(unit["call_sign"], unit["status"], unit["reason"], unit["mission"])
    if meaning.call is not None:
        return of_status(meaning, stands)
    if _is_older(acting, await _last_known(acting, unit)):
        return None
    if _is_early(acting, unit["mission"], unit["mission_at"]):
        return _before_it_was_typed(acting, meaning, stands, unit["mission_at"])
    return of_status(meaning, stands)


def _before_it_was_typed(
    acting: Acting, meaning: StatusMeaning, stands: Stands, committed_at: datetime
) -> Advance | SetStatus | Call | Nothing | None:
    """Return what a status of the time before the unit's commitment means: that it rolled already, or nothing any more."""
    if meaning.mission is None or is_before(acting.at, committed_at - TYPED_AFTER):
        _ = _is_older(acting, committed_at)
        return None
    try:
        return of_status(meaning, stands)
    except HeldBack:  # it was home, or free, before it was sent: that contradicts nothing
        _ = _is_older(acting, committed_at)
        return None


async def _done(acting: Acting, unit: asyncpg.Record, does: Advance | SetStatus | Nothing) -> str:
    if isinstance(does, Nothing):
        acting.became.detail = does.why
        return "noted"
    if isinstance(does, Advance):
        early = _is_early(acting, unit["mission"], unit["mission_at"])
        return await _advance(acting, unit["mission_id"], does.to, early=early)
    body: dict[str, Any] = {"status": does.status} | ({} if does.reason is None else {"reason": does.reason})
    await acting.send("set_resource_status", unit["id"], **body)
    return "applied"


async def _advance(acting: Acting, mission_id: UUID, to: str, *, early: bool) -> str:
    """Advance a mission; ``early``: by what was told of a time before its commitment, of which what contradicts it is history."""
    before = acting.mark()
    try:
        async with acting.uow.connection.begin_nested():
            await acting.send("advance_mission", mission_id, to=to)
    except Conflict as refusal:
        if not (isinstance(refusal, OutOfOrder) or (early and isinstance(refusal, TransitionNotAllowed))):
            raise
        acting.take_back(*before)
        _say_history(acting, refusal.detail, refusal.extra.get("reasons"))
        return "history"
    return "applied"


def _is_early(acting: Acting, mission: str | None, since: datetime | None) -> bool:
    """Return whether the message tells of a time before the unit was committed, or before somebody said that it is being alarmed."""
    return mission in BEFORE_LEAVING and since is not None and is_before(acting.at, since)


async def _last_known(acting: Acting, unit: asyncpg.Record) -> datetime | None:
    """Return the time of the last thing known of a unit: told by messages, or entered by people for it or its missions."""
    uow = acting.uow
    entered = await uow.raw.fetchval(_ENTERED, uow.space, unit["id"], unit["member_id"], unit["type_code"])
    told = await last_told(uow, "unit", unit["id"])
    return max((each for each in (entered, told) if each is not None), default=None)


def _is_older(acting: Acting, last: datetime | None) -> bool:
    """Return whether the message tells of a time before ``last``, and say so."""
    if last is None or not is_before(acting.at, last):
        return False
    _say_history(acting, f"Something later is known already, of {last.isoformat()}.", None)
    return True


def _say_history(acting: Acting, detail: str, reasons: Any) -> None:
    acting.became.detail = detail
    acting.became.because = reasons[0] if reasons else None


async def _position(acting: Acting, unit: UUID, where: Point) -> str:
    kept = await keep_positions(
        acting.uow.raw, acting.uow.space, acting.source.member_id, [(unit, where.lon, where.lat, acting.at)]
    )  # fmt: skip
    if kept[unit] != "kept":
        return "history"
    acting.became.effects.append(
        {"event": "position", "kind": "position", "id": str(unit), "inferred": False, "state": None}
    )  # fmt: skip
    return "applied"
