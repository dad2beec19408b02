"""What every step of a mission shares: its lock, the facts its machine asks for, the milestones it sets, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col

from app.commands.agreement_cases import terms_of
from app.commands.fill import settle_request
from app.commands.showing import Showing
from app.domain.because import because
from app.domain.clock import stamp
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.errors import FieldError, NotFound, OutOfOrder, TransitionNotAllowed
from app.domain.lifecycle import machine, not_allowed
from app.domain.on_way import BEFORE_CLEARANCE, BEFORE_LEAVING
from app.domain.stamps import TYPED_AFTER, is_before
from app.store.tables import AutomaticAlarm, Extension, Mission, Reassignment, Request

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.commands.registry import Act
    from app.store.unit_of_work import UnitOfWork

HOME: Final = "returned"
CLOSED: Final = "closed"
RELEASED: Final = "released"
STAGED: Final = "staged"
LEAVING: Final = frozenset({"released", "stood_down", "recalled", "aborted", "returning", "returned", "closed"})
"""Where a mission is no longer at work, nor on its way to it."""
STAGED_FOR: Final = timedelta(minutes=30)
"""How long a unit stands in a staging area without a task until somebody is told."""
RELIEF_AHEAD: Final = timedelta(minutes=60)
"""How long before a unit's time is up somebody has to be on the way in its place."""

MILESTONES: Final = {
    "mobilising": "mobilised_at",
    "in_transit": "left_at",
    "on_scene": "on_scene_at",
    "released": "released_at",
    "returned": "home_at",
}
"""State → the column that keeps when the mission first came to it."""


# ---------------------------------------------------------------- the mission and who stands on its sides


async def known_mission(uow: UnitOfWork) -> Mission:
    """Return the mission as it is before its lock."""
    return _seen(uow, await uow.get(Mission, uow.require_target()))


async def locked_mission(uow: UnitOfWork) -> Mission:
    """Lock the mission the command is about, and compare the revision."""
    mission = _seen(uow, await uow.lock(Mission, uow.require_target()))
    uow.expect_revision(mission)
    return mission


async def locked_with_request(uow: UnitOfWork, mission_id: UUID | None = None) -> tuple[Request, Mission]:
    """Lock a mission and the request it fills, the request first; again where it was reassigned in between."""
    id_ = mission_id or uow.require_target()
    request = await uow.lock(Request, (await uow.get(Mission, id_)).request_id)
    mission = await uow.lock(Mission, id_)
    if mission.request_id != request.id:  # out of order, and meets at worst a command that the door runs again
        request = await uow.lock(Request, mission.request_id)
    if mission_id is None:
        uow.expect_revision(_seen(uow, mission))
    return request, mission


def _seen(uow: UnitOfWork, mission: Mission) -> Mission:
    """Return the mission; help from day to day between two others is not there (``NotFound``)."""
    if mission.kind == DAY_TO_DAY and not uow.sees(mission.lender_id, mission.requester_id):
        raise NotFound(Mission.KIND, mission.id)
    return mission


def authorise(uow: UnitOfWork, mission: Mission) -> None:
    """Check the actor against the two sides of the mission and the kind of help."""
    uow.authorise(sides_of(mission), facts={"request_kind": mission.kind})


def sides_of(mission: Mission) -> dict[str, set[UUID]]:
    """Return who asked and who lends."""
    return {"requester": {mission.requester_id}, "lender": {mission.lender_id}}


def require_under_way(mission: Mission, words: str) -> None:
    """Refuse what makes sense only until a unit is let go.

    Raises:
        TransitionNotAllowed: with the mission as it is.
    """
    if mission.status in LEAVING:
        raise not_now(mission, words)


def not_now(mission: Mission, words: str) -> TransitionNotAllowed:
    """Return the refusal of what can't be done to the mission as it is, with the steps that can."""
    steps = machine("mission").steps(mission.status, facts_of(mission))
    return not_allowed("mission", mission.status, words, steps, words=words, current=mission.state())


def unanswered(mission: Mission) -> bool:
    """Whether the mission waits for its lender's answer to an automatic alarm: committed, and nobody has named a unit."""
    return mission.status == machine("mission").initial and mission.resource_id is None


async def hear_alarm(uow: UnitOfWork, mission: Mission) -> None:
    """Have the alarm of an unanswered mission concluded at once: what is done with the mission is an answer to it."""
    for alarm in await uow.find(AutomaticAlarm, col(AutomaticAlarm.offer_id) == mission.offer_id):
        uow.later("pass_automatic_alarm", uow.now, alarm.id)


# ---------------------------------------------------------------- one step


def facts_of(mission: Mission) -> dict[str, bool]:
    """Return what the mission's machine asks for."""
    return {
        "crossing_has_control": mission.has_control and mission.status in BEFORE_CLEARANCE | {"reassigned"},
        "day_to_day": mission.kind == DAY_TO_DAY,
    }


async def take_step(uow: UnitOfWork, mission: Mission, cmd: Act, to: str) -> None:
    """Take one step of the command's own, and record it."""
    keep_order(uow, mission, cmd)
    enter(uow, mission, step_to(mission, to, by=uow.act.command))
    uow.record(f"mission.{to}", mission, state=to)


async def end_early(uow: UnitOfWork, request: Request, mission: Mission, cmd: Act, how: str) -> None:
    """End the mission before its time: it fills nothing any more, and the request goes back to what is left."""
    authorise(uow, mission)
    if unanswered(mission):
        await hear_alarm(uow, mission)
    await take_step(uow, mission, cmd, how)
    mission.ended_by = how
    await tell_request(uow, request)
    await lapse_asked(uow, mission)
    if mission.relief_of_id is not None:
        relieved = await uow.get(Mission, mission.relief_of_id)
        remind_of_relief(uow, relieved)


async def let_go(uow: UnitOfWork, mission: Mission) -> None:
    """Conclude what a release ends: the place of a unit that is relieved is its relief's; what was asked lapses.

    The caller holds the request's lock and the mission's, and has recorded its step.
    """
    if mission.ended_by is None and await reliefs_of(uow, mission.id, in_its_place=True):
        mission.ended_by = "relieved"
    await lapse_asked(uow, mission)


async def reliefs_of(uow: UnitOfWork, mission_id: UUID, *, in_its_place: bool = False) -> list[Mission]:
    """Return the missions that relieve this one and have not been let go; with ``in_its_place`` those that fill its line."""
    found = await uow.find(
        Mission,
        col(Mission.relief_of_id) == mission_id,
        col(Mission.status).not_in(LEAVING),
    )
    return [each for each in found if not in_its_place or each.stands_for_id is not None]


async def tell_request(uow: UnitOfWork, request: Request) -> None:
    """Settle the request's state after its missions changed; record it if it is another one."""
    before = request.status
    if await settle_request(uow, request):
        uow.record(f"request.{'reopened' if request.status == 'open' else request.status}", request, was=before)


async def lapse_asked(uow: UnitOfWork, mission: Mission) -> None:
    """Let what was asked about the mission, and not answered, lapse; record it. Locks it; the caller holds the mission."""
    for extension in await uow.lock_where(
        Extension, col(Extension.mission_id) == mission.id, col(Extension.status) == machine("extension").initial
    ):
        extension.status = machine("extension").next(extension.status, "lapse")
        uow.record("extension.lapsed", extension)
    for proposal in await uow.lock_where(
        Reassignment,
        col(Reassignment.mission_id) == mission.id,
        col(Reassignment.status) == machine("reassignment").initial,
    ):
        proposal.status = machine("reassignment").next(proposal.status, "lapse")
        uow.record("reassignment.lapsed", proposal)


def step_to(mission: Mission, to: str, *, by: str) -> str:
    """Return the state one step on; a refusal shows the mission as it is."""
    with Showing(mission):
        return machine("mission").to(mission.status, to, facts_of(mission), by=by).to


def way_to(mission: Mission, to: str) -> list[str]:
    """Return the states on the way to one that may lie ahead; a refusal shows the mission as it is.

    That the unit is let go is the requester's word. It is taken as given where the unit was on the scene, and nowhere
    else: a unit that is home again and was never there did not do what it was sent for.
    """
    with Showing(mission):
        way = machine("mission").path(mission.status, to, facts_of(mission))
    if RELEASED in way and mission.status not in machine("mission").sources("release"):
        ends = ["stand_down", "recall", "abort"]
        raise not_allowed(
            "mission", mission.status, to, ends, words="come home without being let go", current=mission.state()
        )
    return way


def enter(uow: UnitOfWork, mission: Mission, state: str) -> None:
    """Put the mission into a state: its milestone, and the alarms that this ends or may raise later."""
    mission.status, mission.status_at = state, uow.act.occurred_at
    reach(uow, mission, state)
    if state == STAGED:
        uow.later("mark_staged_long", uow.act.occurred_at + STAGED_FOR, mission.id)
    else:
        end_alarm(mission, "staged_without_task")
    if state in LEAVING:
        end_alarm(mission, "relief_due")


def reach(uow: UnitOfWork, mission: Mission, state: str) -> None:
    """Keep when the mission first came to a state; of one that is inferred, that is when it was there at the latest."""
    column = MILESTONES.get(state)
    if column is not None and getattr(mission, column) is None:
        setattr(mission, column, uow.act.occurred_at)
    if state not in BEFORE_LEAVING and mission.mobilised_at is not None:
        mission.mobilised_at = min(mission.mobilised_at, uow.act.occurred_at)  # typed after the unit had left


def keep_order(uow: UnitOfWork, mission: Mission, cmd: Act) -> None:
    """Refuse what is said to have happened before the mission's last step; what just happened comes after it.

    The last step may bear a clock that is a little ahead of ours. A dispatch system's stamp is compared as precisely as it stamps; and that
    a unit was committed, or is being alarmed, was typed: what it tells of its movement from shortly before is no older.

    Raises:
        OutOfOrder: with the mission as it is.
    """
    if cmd.occurred_at is None:
        uow.act.occurred_at = max(uow.act.occurred_at, mission.status_at)
    elif _comes_before(uow, cmd.occurred_at, mission):
        message = f"The mission has been {mission.status} since {mission.status_at.isoformat()}."
        error = FieldError("/occurred_at", OutOfOrder.slug, message)
        raise OutOfOrder(
            message,
            errors=[error],
            extra={
                **because("mission_since", mission_status=mission.status, since_at=stamp(mission.status_at)),
                "current": mission.state(),
            },
        )


def _comes_before(uow: UnitOfWork, at: datetime, mission: Mission) -> bool:
    if uow.actor.via != "dispatch_system":
        return at < mission.status_at
    return is_before(at, mission.status_at - (TYPED_AFTER if mission.status in BEFORE_LEAVING else timedelta()))


# ---------------------------------------------------------------- alarms


def raise_alarm(mission: Mission, code: str) -> None:
    """Set an alarm of ``ALARMS``; it stays until its cause goes."""
    if code not in mission.alarms:
        mission.alarms = [*mission.alarms, code]


def end_alarm(mission: Mission, code: str) -> None:
    """Take an alarm away, if it is set."""
    if code in mission.alarms:
        mission.alarms = [each for each in mission.alarms if each != code]


def remind_of_relief(uow: UnitOfWork, mission: Mission) -> None:
    """Have somebody told before the unit's time is up, unless a relief is on its way by then."""
    due = relief_due_at(mission)
    if due is not None:
        uow.later("mark_relief_due", max(due, uow.now), mission.id)


async def bound_stay(uow: UnitOfWork, mission: Mission) -> None:
    """Have a unit that has been alarmed relieved when its agreement says at the latest, where nobody has said by when."""
    if mission.relieve_by is not None or mission.mobilised_at is None or mission.kind == DAY_TO_DAY:
        return
    terms = await terms_of(uow, mission.agreement_id, mission.agreement_version)
    longest_h = None if terms is None else terms.caps.longest_deployment_h
    if longest_h is not None:
        mission.relieve_by = mission.mobilised_at + timedelta(hours=longest_h)
        remind_of_relief(uow, mission)


def relief_due_at(mission: Mission) -> datetime | None:
    """Return from when on a relief has to be on its way; None where nobody has said how long the unit stays."""
    return None if mission.relieve_by is None else mission.relieve_by - RELIEF_AHEAD
