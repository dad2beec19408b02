"""Extensions: the requester asks to keep a unit for longer, and its lender decides (EDXL-RM: RequestExtendedDeploymentDuration)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlmodel import col

from app.commands.agreement_cases import hours_until, refuse_outright, terms_of
from app.commands.mission_steps import (
    authorise,
    end_alarm,
    locked_mission,
    remind_of_relief,
    require_under_way,
)
from app.commands.offer_check import set_aside
from app.commands.registry import Act, handles
from app.commands.response_commitments import put_off_turn_out
from app.commands.showing import Showing
from app.domain.agreements import stays_too_long
from app.domain.because import because
from app.domain.clock import stamp
from app.domain.errors import Conflict, FieldError, MissingField, OutOfRange
from app.domain.forms import Flag, Instant, Note
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.store.tables import Extension, Mission

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.agreement_reasons import Reason
    from app.store.unit_of_work import UnitOfWork


class AskExtension(Act):
    """Ask the lender to leave the unit for longer."""

    until: Instant
    """By when it is then to be relieved, or to leave."""
    reason: Note


class AnswerExtension(Act):
    """The lender's word on how long its unit stays."""

    granted: Flag
    reason: Note | None = None
    """Why not; needed with a refusal."""
    ad_hoc: Flag = False
    """For longer than the agreement knows, under the treaty that the deployment names: its representative's own word."""


@handles(AskExtension)
async def ask_extension(uow: UnitOfWork, cmd: AskExtension) -> None:
    """Record ``extension.asked``; one that was asked before and not answered lapses. Locks the mission, then that one.

    Raises:
        TransitionNotAllowed: the unit is let go.
        OutOfRange: it may stay until then as it is, or that time has passed.
    """
    mission = await locked_mission(uow)
    authorise(uow, mission)
    require_under_way(mission, "be extended")
    _require_longer(uow, mission, cmd.until)
    asked = await _asked(uow, mission)
    extension = uow.add(
        Extension(
            space_id=uow.space,
            id=new_id(),
            mission_id=mission.id,
            request_id=mission.request_id,
            status=machine("extension").initial,
            until=cmd.until,
            reason=cmd.reason,
            asked_by_id=uow.actor.id,
            occurred_at=uow.act.occurred_at,
        )
    )
    uow.record("extension.asked", extension)
    for each in asked:
        each.status = machine("extension").next(each.status, "lapse")
        uow.record("extension.lapsed", each)
    if (too_long := await _too_long(uow, mission, cmd.until)) is not None:
        uow.warn(too_long.code, too_long.detail, figures=dict(too_long.figures))


@handles(AnswerExtension)
async def answer_extension(uow: UnitOfWork, cmd: AnswerExtension) -> None:
    """Record ``extension.granted``, with the mission's new time, or ``extension.refused``. Locks the mission, then the extension.

    Raises:
        TransitionNotAllowed: it was answered, or has lapsed.
        MissingField: a refusal without its reason.
        Conflict: the time that was asked for has passed.
        AgreementRefused: it would stay for longer than its agreement knows, and nobody has said so.
    """
    known = await uow.get(Extension, uow.require_target())
    mission = await uow.lock(Mission, known.mission_id)
    extension = await uow.lock_target(Extension)
    authorise(uow, mission)
    if cmd.ad_hoc:
        uow.authorise({"lender": {mission.lender_id}}, command="offer_ad_hoc", facts={"request_kind": mission.kind})
    if not cmd.granted and cmd.reason is None:
        detail = "Say why the unit can't stay."
        raise MissingField(detail, errors=[FieldError("/reason", MissingField.slug, detail)])
    with Showing(extension):
        extension.status = machine("extension").next(extension.status, "grant" if cmd.granted else "refuse")
    extension.answer, extension.answered_at = cmd.reason, uow.act.occurred_at
    extension.answered_by_id = uow.actor.id
    if not cmd.granted:
        uow.record("extension.refused", extension)
        return
    if extension.until <= uow.now:
        detail = f"The unit was to stay until {extension.until.isoformat()}; it is {uow.now.isoformat()} here."
        hint = "Refuse it with a reason; the requester can ask for a later time."
        raise Conflict(
            detail,
            extra={**because("time_passed", until_at=stamp(extension.until)), "current": extension.state()},
            hint=hint,
        )
    findings: list[dict[str, Any]] = []
    if (too_long := await _too_long(uow, mission, extension.until)) is not None:
        if not cmd.ad_hoc:
            refuse_outright([too_long], "/granted")
        findings = [reason.told() for reason in set_aside([too_long])]
        uow.warn(too_long.code, too_long.detail, figures=dict(too_long.figures))
    extension.was, mission.relieve_by = mission.relieve_by, extension.until
    end_alarm(mission, "relief_due")
    uow.record("extension.granted", extension, mission, findings=findings)
    remind_of_relief(uow, mission)
    await put_off_turn_out(uow, mission)


async def _asked(uow: UnitOfWork, mission: Mission) -> list[Extension]:
    open_state = machine("extension").initial
    return await uow.lock_where(Extension, col(Extension.mission_id) == mission.id, col(Extension.status) == open_state)


def _require_longer(uow: UnitOfWork, mission: Mission, until: datetime) -> None:
    if until <= uow.now:
        detail = f"That time has passed: it is {uow.now.isoformat()} here."
    elif mission.relieve_by is not None and until <= mission.relieve_by:
        detail = f"The unit stays until {mission.relieve_by.isoformat()} anyway."
    else:
        return
    raise OutOfRange(detail, errors=[FieldError("/until", OutOfRange.slug, detail)])


async def _too_long(uow: UnitOfWork, mission: Mission, until: datetime) -> Reason | None:
    """Return what the version that the mission cites says to a stay until then, counted from the mobilisation."""
    terms = await terms_of(uow, mission.agreement_id, mission.agreement_version)
    return None if terms is None else stays_too_long(terms, hours_until(until, mission.mobilised_at or uow.now))
