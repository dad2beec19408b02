"""A phone call that was written down by mistake: as long as nobody has built on it, whoever wrote it down takes it back.

The wrong member, the wrong incident, a call that was none: until then the only way out was to stand units down that nobody had sent. What
the call made ends as what never was: it fills no line, costs nothing, is due to nobody, and measures nobody's answer. The journal keeps both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlmodel import col

from app.commands.calls import lock_calls
from app.commands.mission_steps import step_to, tell_request
from app.commands.parts import lock_units, parts_among, put
from app.commands.registry import Act, handles
from app.commands.response_commitments import take_back_answers
from app.domain.because import because
from app.domain.errors import Conflict, NotFound
from app.domain.forms import Note
from app.domain.lifecycle import machine
from app.store.tables import Call, Debt, Mission, Offer, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.store.tables import Resource
    from app.store.unit_of_work import UnitOfWork

NEVER_WAS: Final = "taken_back"
"""How a mission ended that there never was."""

# What the call made is as it was then where it is of its first revision. $2 is the offer of the call ($3), with its missions.
_BUILT: Final = """
    WITH sent AS (SELECT id, revision, status FROM mission WHERE space_id = $1 AND offer_id = $2)
    SELECT 'mission_went_on' AS code, count(*) AS n FROM sent WHERE revision > 1
     UNION ALL
    SELECT 'asked_of_unit', count(*) FROM (
        SELECT mission_id FROM extension WHERE space_id = $1 UNION ALL SELECT mission_id FROM reassignment WHERE space_id = $1
         UNION ALL SELECT mission_id FROM host_support WHERE space_id = $1) asked WHERE mission_id IN (SELECT id FROM sent)
     UNION ALL
    SELECT 'act_made_good', count(*) FROM debt WHERE space_id = $1 AND call_id = $3 AND status = 'made_good'
"""
_WORDS: Final = {
    "mission_went_on": "missions have gone on since",
    "asked_of_unit": "things were asked about its units",
    "act_made_good": "of its missing acts were made good",
}
# What one transaction records stands together, and a call's request right behind it.
_OPENED_BY_CALL: Final = """
    SELECT EXISTS (SELECT FROM journal_entry c JOIN journal_entry o ON o.space_id = c.space_id AND o.seq = c.seq + 1
                    WHERE c.space_id = $1 AND c.type = 'call.recorded' AND c.subject_id = $2
                      AND o.type = 'request.opened' AND o.subject_id = $3 AND o.recorded_at = c.recorded_at)
"""


class TakeBackCall(Act):
    """It was written down by mistake: there was no such help. By a dispatcher of the side that wrote it down."""

    why: Note
    """Read by both sides."""


@handles(TakeBackCall)
async def take_back_call(uow: UnitOfWork, _cmd: TakeBackCall) -> None:
    """Record ``call.taken_back`` with its offer, ``mission.taken_back`` with the unit that was named, ``debt.lapsed``, and of its request
    ``request.cancelled`` where the call made it, else what becomes of it.

    Locks calls of these two members and this type, the request, the offer, (lender, type), the units, the missions, the call, its
    debts, the response commitments.

    Raises:
        NotFound: a call between others.
        TransitionNotAllowed: the other side has confirmed it, or it was taken back before.
        Conflict: something was built on it.
    """
    seen = await uow.get(Call, uow.require_target())
    if not uow.sees(seen.requester_id, seen.lender_id):
        raise NotFound(Call.KIND, seen.id)
    uow.authorise({"writer": {seen.recorded_by_member_id}})
    await lock_calls(uow, seen.requester_id, seen.lender_id, seen.type_code)
    request = await uow.lock(Request, seen.request_id)
    offer = await uow.lock(Offer, seen.offer_id)
    await uow.lock_stock(seen.lender_id, seen.type_code)
    named = await uow.find(Mission, col(Mission.offer_id) == offer.id)
    units = await lock_units(uow, [each.resource_id for each in named if each.resource_id is not None])
    missions = await uow.lock_where(Mission, col(Mission.offer_id) == offer.id)
    call = await uow.lock_target(Call)
    call.status = machine("call").next(call.status, "take_back")
    debts = await uow.lock_where(Debt, col(Debt.call_id) == call.id)
    await _require_untouched(uow, call)
    offer.status = machine("offer").next(offer.status, "take_back")
    both = [call.requester_id, call.lender_id]
    uow.record("call.taken_back", call, offer, visibility="parties", parties=both)
    for mission in missions:
        _undo(uow, mission, units)
    for debt in debts:
        debt.status = machine("debt").next(debt.status, "lapse")
        uow.record("debt.lapsed", debt)
    of_its_own = await uow.raw.fetchval(_OPENED_BY_CALL, uow.space, call.id, request.id)
    await take_back_answers(uow, call, [each.id for each in missions], all_of_request=of_its_own)
    if of_its_own and not machine("request").is_final(request.status):
        request.status = machine("request").to(request.status, "cancelled", by=uow.act.command).to
        request.closed_at = uow.now
        uow.record("request.cancelled", request)
    else:
        await tell_request(uow, request)


def _undo(uow: UnitOfWork, mission: Mission, units: Sequence[Resource]) -> None:
    """End a mission that there never was, and free the unit that was named for it: it stands at home. Record ``mission.taken_back``."""
    freed: list[Resource] = []
    if (unit := next((each for each in units if each.id == mission.resource_id), None)) is not None:
        freed = [unit, *parts_among(unit, units)]
        put([each for each in freed if each.status == "committed"], "available", by=uow.act.command)
    mission.status = step_to(mission, "closed", by=uow.act.command)
    mission.status_at, mission.ended_by = uow.now, NEVER_WAS
    mission.resource_id = mission.mobilised_at = mission.relieve_by = None
    uow.record("mission.taken_back", mission, *freed, state=mission.status)


async def _require_untouched(uow: UnitOfWork, call: Call) -> None:
    """Refuse to undo what somebody has gone on from.

    Raises:
        Conflict: with a reason for each kind of what was built on the call, and how many.
    """
    built = {row["code"]: row["n"] for row in await uow.raw.fetch(_BUILT, uow.space, call.offer_id, call.id)}
    if not any(built.values()):
        return
    told = {
        "mission_went_on": because("mission_went_on", n=built["mission_went_on"]),
        "asked_of_unit": because("asked_of_unit", n=built["asked_of_unit"]),
        "act_made_good": because("act_made_good", n=built["act_made_good"]),
    }
    found = {code: n for code, n in built.items() if n}
    detail = f"Something was built on the call: {', '.join(f'{n} {_WORDS[code]}' for code, n in found.items())}."
    reasons = [reason for code in found for reason in told[code]["reasons"]]
    hint = "Stand its missions down, or have the other side say what is so."
    raise Conflict(detail, extra={"current": call.state(), "reasons": reasons}, hint=hint)
