"""Response commitments: begun when a request is opened, a call is written down, a lender is alarmed or a unit is committed; measured
by what is done, broken when their time passes.

What an agreement promises stands in its terms; here it becomes a row for each lender and step, so that both sides see the time
that is left, and afterwards whether it was kept, with the figure. A commitment is between the two members.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import and_, col, or_

from app.commands.agreement_cases import matter_of
from app.commands.crossing_choice import way_of
from app.commands.registry import Command, handles
from app.domain.agreements import Stock, check, choose
from app.domain.errors import Conflict
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.requests import PLANNED, STILL_ASKING
from app.domain.response_commitments import promised
from app.planning.eta import minutes_by
from app.store.agreements import agreed, response_of
from app.store.tables import (
    AutomaticAlarm,
    Call,
    Depot,
    Mission,
    Request,
    RequestLine,
    Resource,
    ResponseCommitment,
)
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.domain.agreements import AgreementFacts
    from app.domain.response_commitments import ResponseCommitment as Promise
    from app.domain.response_commitments import Step

ON_REQUEST: Final[tuple[Step, ...]] = ("acknowledge", "answer")
UNHEARD: Final = ("alarmed", "silent")
"""States of an automatic alarm to which its lender has said nothing."""
_ENOUGH: Final = Stock(1_000_000, 0)
"""What a lender has, or keeps at home, says nothing about whether it answers."""


class BreakResponseCommitment(Command):
    """The time of a commitment has passed: by the service itself."""


@handles(BreakResponseCommitment)
async def break_response_commitment(uow: UnitOfWork, _cmd: BreakResponseCommitment) -> None:
    """Record ``response_commitment.broken``, or ``response_commitment.lapsed`` where it was no longer needed. Locks the commitment.

    Refused, and so without effect, once it was done.

    Raises:
        Conflict: its time has not passed.
    """
    uow.authorise()
    seen = await uow.get(ResponseCommitment, uow.require_target())
    request = await uow.get(Request, seen.request_id)
    mission = None if seen.mission_id is None else await uow.get(Mission, seen.mission_id)
    commitment = await uow.lock_target(ResponseCommitment)
    if commitment.due_at > uow.now:
        message = "The commitment's time has not passed."
        raise Conflict(message, extra={"current": commitment.state()})
    needed = await _waits_for_word(uow, request, commitment) if mission is None else mission.ended_by is None
    commitment.status = machine("response_commitment").next(commitment.status, "break" if needed else "lapse")
    _record(uow, commitment, commitment.status)


async def _waits_for_word(uow: UnitOfWork, request: Request, commitment: ResponseCommitment) -> bool:
    """Return whether the lender's word is still needed: the request asks, or help of its own rolls on a call that nobody has
    confirmed there, or on an alarm that it has not answered.
    """
    if request.status in STILL_ASKING:
        return True
    if machine("request").is_final(request.status):
        return False
    calls = await uow.find(
        Call,
        col(Call.request_id) == request.id,
        col(Call.lender_id) == commitment.lender_id,
        col(Call.status).in_(machine("call").sources("confirm")),
    )
    alarms = await uow.find(
        AutomaticAlarm,
        col(AutomaticAlarm.request_id) == request.id,
        col(AutomaticAlarm.lender_id) == commitment.lender_id,
        col(AutomaticAlarm.status).in_(UNHEARD),
    )
    return bool(calls or alarms)


async def begin_answers(uow: UnitOfWork, request: Request, lines: Sequence[RequestLine]) -> None:
    """Record ``response_commitment.begun`` of each lender that has promised to acknowledge or answer; the caller has opened the request.

    Of several agreements the one counts that help would run under; of several lines the shortest time.
    """
    known = [pair for pair in await agreed(uow.raw, uow.space) if pair[1].response]
    if not known or request.opened_at is None:
        return
    lenders = {lender for facts, _ in known for lender in facts.lenders} - {request.member_id}
    for lender in sorted(lenders if request.to_member_id is None else lenders & {request.to_member_id}):
        matter = await matter_of(
            uow, incident_id=request.incident_id, kind=request.kind, lender_id=lender, borrower_id=request.member_id
        )
        shortest: dict[Step, tuple[int, AgreementFacts, Promise]] = {}
        for line in lines:
            case = matter.case(line.type_code, 1, uow.now, place=(line.lon, line.lat))
            verdict = choose(check(facts, terms, case, _ENOUGH, reserve_overridden=True) for facts, terms in known)
            if verdict is None or not verdict.allowed:
                continue
            promise = promised(verdict.terms.response, line.type_code)
            for step in ON_REQUEST if promise is not None else ():
                minutes = promise.within(step) if promise is not None else None
                if promise is not None and minutes is not None and minutes < shortest.get(step, (minutes + 1,))[0]:
                    shortest[step] = (minutes, verdict.agreement, promise)
        begun = [
            _begin(uow, request, lender, facts.id, facts.version, step, minutes, promise.binding, request.opened_at)
            for step, (minutes, facts, promise) in shortest.items()
        ]
        if begun:
            both = [request.member_id, lender]
            uow.record("response_commitment.begun", begun[0], *begun[1:], visibility="parties", parties=both)


async def begin_own_answers(
    uow: UnitOfWork,
    request: Request,
    lender: UUID,
    under: tuple[AgreementFacts, Sequence[Promise]] | None,
    type_code: str,
) -> None:
    """Record ``response_commitment.begun`` of one lender that was rung or alarmed and nobody else, from now on: before that there was
    nothing to read.

    ``under`` is the agreement that the help runs under and what it promises; None: it promises nothing.
    """
    promise = None if under is None else promised(tuple(under[1]), type_code)
    if under is None or promise is None:
        return
    facts, at = under[0], uow.now
    begun = [
        _begin(uow, request, lender, facts.id, facts.version, step, minutes, promise.binding, at)
        for step in ON_REQUEST
        if (minutes := promise.within(step)) is not None
    ]
    if begun:
        both = [request.member_id, lender]
        uow.record("response_commitment.begun", begun[0], *begun[1:], visibility="parties", parties=both)


async def begin_turn_out(uow: UnitOfWork, request: Request, mission: Mission) -> None:
    """Record ``response_commitment.begun`` where the mission's agreement promises a time to turn out.

    It counts from the unit's commitment. Planned help and a relief leave later, if a time was named by which they are to be there:
    then it counts so that the last minute that was promised is the last one in which the unit can leave and be there in time.
    """
    if mission.agreement_id is None or mission.agreement_version is None:
        return
    said = await response_of(uow.raw, uow.space, mission.agreement_id, mission.agreement_version)
    promise = promised(said, mission.type_code)
    minutes = None if promise is None else promise.within("turn_out")
    if promise is None or minutes is None:
        return
    begun = _begin(
        uow, request, mission.lender_id, mission.agreement_id, mission.agreement_version, "turn_out", minutes,
        promise.binding, await _turn_out_since(uow, mission, minutes, mission.status_at), mission_id=mission.id,
    )  # fmt: skip
    both = [request.member_id, mission.lender_id]
    uow.record("response_commitment.begun", begun, visibility="parties", parties=both)


async def put_off_turn_out(uow: UnitOfWork, relieved: Mission) -> None:
    """Record ``response_commitment.put_off`` of each relief that has not left yet, now that the unit it relieves stays for longer.
    Locks the commitments.
    """
    reliefs = {each.id: each for each in await uow.find(Mission, col(Mission.relief_of_id) == relieved.id)}
    for commitment in await uow.lock_where(
        ResponseCommitment,
        col(ResponseCommitment.mission_id).in_(list(reliefs)),
        col(ResponseCommitment.status) == machine("response_commitment").initial,
    ):
        if commitment.mission_id is None:
            continue
        since = await _turn_out_since(uow, reliefs[commitment.mission_id], commitment.within_min, commitment.since)
        if since == commitment.since:
            continue
        commitment.since, commitment.due_at = since, since + uow.lasting(timedelta(minutes=commitment.within_min))
        uow.later("break_response_commitment", commitment.due_at, commitment.id)
        _record(uow, commitment, "put_off")


async def _turn_out_since(uow: UnitOfWork, mission: Mission, minutes: int, at_least: datetime) -> datetime:
    there_by: datetime | None = None
    if mission.relief_of_id is not None:
        there_by = (await uow.get(Mission, mission.relief_of_id)).relieve_by
    elif mission.kind == PLANNED:
        there_by = (await uow.get(RequestLine, mission.request_line_id)).needed_by
    if there_by is None or mission.resource_id is None:
        return at_least
    depot = await uow.get(Depot, (await uow.get(Resource, mission.resource_id)).depot_id)
    way = (depot.lon, depot.lat, mission.lon, mission.lat)
    drive_min = minutes_by(await way_of(uow, mission), *way)
    return max(at_least, there_by - uow.lasting(timedelta(minutes=drive_min + minutes)))


async def answered(uow: UnitOfWork, request_id: UUID, lender: UUID, *steps: Step, at: datetime | None = None) -> None:
    """Record whether the lender kept its commitments about these steps, now that it has done them. Locks them.

    An answer counts from when it can be heard, which is now, whatever the lender says of when it was given; ``at`` is for what the other
    side heard then and there, on the telephone.
    """
    await _done(
        uow,
        at or uow.now,
        await uow.lock_where(
            ResponseCommitment,
            col(ResponseCommitment.request_id) == request_id,
            col(ResponseCommitment.lender_id) == lender,
            col(ResponseCommitment.step).in_(steps),
            col(ResponseCommitment.done_at).is_(None),
        ),
    )


async def turned_out(uow: UnitOfWork, mission: Mission) -> None:
    """Record whether the commitment to turn out was kept, now that the unit has left its depot; whoever leaves has answered, too.
    Locks them.

    That it left counts from when it did: the control room may be told late. That it is an answer counts from now.
    """
    found = await uow.lock_where(
        ResponseCommitment,
        or_(
            col(ResponseCommitment.mission_id) == mission.id,
            and_(
                col(ResponseCommitment.request_id) == mission.request_id,
                col(ResponseCommitment.lender_id) == mission.lender_id,
                col(ResponseCommitment.mission_id).is_(None),
            ),
        ),
        col(ResponseCommitment.done_at).is_(None),
    )
    await _done(uow, uow.act.occurred_at, [each for each in found if each.mission_id is not None])
    await _done(uow, uow.now, [each for each in found if each.mission_id is None])


async def take_back_answers(uow: UnitOfWork, call: Call, missions: Sequence[UUID], *, all_of_request: bool) -> None:
    """Have a phone call that never was measure nobody: what it began goes, what it answered runs on. Locks the commitments.

    Record ``response_commitment.taken_back`` with those that go, and ``response_commitment.begun`` of each that runs on.
    """
    gone: list[ResponseCommitment] = []
    begun: list[ResponseCommitment] = []
    request = await uow.get(Request, call.request_id)
    for old in await uow.lock_where(
        ResponseCommitment,
        col(ResponseCommitment.request_id) == call.request_id,
        col(ResponseCommitment.lender_id) == call.lender_id,
    ):
        began_it = all_of_request or old.mission_id in missions
        if not began_it and old.done_at != max(call.occurred_at, old.since):
            continue
        await uow.remove(old)
        gone.append(old)
        if not began_it:
            await uow.flush()  # of each step there is one
            step = next(each for each in ON_REQUEST if each == old.step)
            version = (old.agreement_id, old.agreement_version)
            begun.append(
                _begin(
                    uow,
                    request,
                    old.lender_id,
                    *version,
                    step,
                    old.within_min,
                    old.binding,
                    old.since,
                    due_at=old.due_at,
                )
            )
    both = [call.requester_id, call.lender_id]
    for what, rows in (("taken_back", gone), ("begun", begun)):
        if rows:
            uow.record(f"response_commitment.{what}", rows[0], *rows[1:], visibility="parties", parties=both)


def _begin(
    uow: UnitOfWork,
    request: Request,
    lender: UUID,
    agreement_id: UUID,
    version: int,
    step: Step,
    minutes: int,
    binding: str,
    since: datetime,
    *,
    mission_id: UUID | None = None,
    due_at: datetime | None = None,
) -> ResponseCommitment:
    due_at = due_at or since + uow.lasting(timedelta(minutes=minutes))
    begun = uow.add(
        ResponseCommitment(
            space_id=uow.space,
            id=new_id(),
            request_id=request.id,
            requester_id=request.member_id,
            lender_id=lender,
            agreement_id=agreement_id,
            agreement_version=version,
            mission_id=mission_id,
            step=step,
            binding=binding,
            within_min=minutes,
            since=since,
            due_at=due_at,
            status=machine("response_commitment").initial,
        )
    )
    uow.later("break_response_commitment", max(due_at, uow.now), begun.id)
    return begun


async def _done(uow: UnitOfWork, at: datetime, commitments: Sequence[ResponseCommitment]) -> None:
    steps = machine("response_commitment")
    for commitment in commitments:
        if steps.is_final(commitment.status):
            continue
        commitment.done_at = max(at, commitment.since)
        in_time = commitment.done_at <= commitment.due_at
        if commitment.status == "running":
            commitment.status = steps.next(commitment.status, "keep" if in_time else "break")
            _record(uow, commitment, commitment.status)
        elif in_time:
            commitment.status = steps.next(commitment.status, "mend")
            _record(uow, commitment, commitment.status)
        else:
            _record(uow, commitment, "done_late")


def _record(uow: UnitOfWork, commitment: ResponseCommitment, what: str) -> None:
    both = [commitment.requester_id, commitment.lender_id]
    uow.record(f"response_commitment.{what}", commitment, visibility="parties", parties=both)
