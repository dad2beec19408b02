"""What a status means for a unit as it stands: pure, so that trying it out and doing it can't differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from app.domain.because import because
from app.domain.inbox.held import HeldBack

if TYPE_CHECKING:
    from app.domain.inbox.mapping import Idle, StatusMeaning

OUT: Final = "out_of_service"
OWN: Final = "own_incident"


@dataclass(frozen=True, slots=True)
class Stands:
    """How a unit stands now. ``mission`` is the state of the mission that it is on, if it is on one."""

    call_sign: str
    status: str
    reason: str | None
    mission: str | None


@dataclass(frozen=True, slots=True)
class Advance:
    """The unit's mission has reached a state."""

    to: str


@dataclass(frozen=True, slots=True)
class SetStatus:
    """The unit can be asked for, or can't."""

    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """The unit wants to speak to its dispatcher."""

    what: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Understood, and nothing is to be changed; ``why`` in English."""

    why: str


def of_status(meaning: StatusMeaning, unit: Stands) -> Advance | SetStatus | Call | Nothing:
    """Return what a status means for a unit.

    Raises:
        HeldBack: it contradicts what is known of the unit.
    """
    if meaning.call is not None:
        return Call(meaning.call)
    if unit.mission is not None:
        return _on_mission(meaning, unit, unit.mission)
    return _idle(meaning.idle, unit)


def _idle(does: Idle | None, unit: Stands) -> SetStatus | Nothing:
    if does is None:
        return Nothing(f"{unit.call_sign} is on no mission here.")
    if does.status == OUT:
        return _taken_out(unit, does.reason)
    if unit.status == OUT and unit.reason in does.undoes:
        return SetStatus("available", None)
    if unit.status == OUT:
        return Nothing(f"{unit.call_sign} is out of service ({unit.reason}), which this status does not end.")
    return Nothing(f"{unit.call_sign} is {unit.status} already.")


def _on_mission(meaning: StatusMeaning, unit: Stands, state: str) -> Advance | Nothing:
    if meaning.mission is None:
        if meaning.idle is None:
            return Nothing("This status changes nothing.")
        detail = f"{unit.call_sign} is on a mission ({state}), and “{meaning.label}” is none of its states."
        raise HeldBack(detail, because("inbox_unit_on_mission", unit=unit.call_sign, mission_status=state))
    if meaning.only_from and state not in (*meaning.only_from, meaning.mission):
        detail = f"The mission of {unit.call_sign} is {state}; “{meaning.label}” follows {', '.join(meaning.only_from)} alone."
        raise HeldBack(detail, because("inbox_not_now", mission_status=state, wanted_status=meaning.mission))
    return Advance(meaning.mission)


def _taken_out(unit: Stands, reason: str | None) -> SetStatus | Nothing:
    if unit.status == OUT:
        return Nothing(f"{unit.call_sign} is out of service already ({unit.reason}).")
    if unit.status == "committed":
        return Nothing(f"{unit.call_sign} is away with its formation.")
    if unit.status == "reserved" and reason == OWN:
        detail = f"{unit.call_sign} is promised in an offer: whether it drives for that one or at home, the status does not say."
        raise HeldBack(detail, because("unit_promised", unit=unit.call_sign))
    return SetStatus(OUT, reason)
