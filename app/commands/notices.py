"""Keeping authorities informed: told when it happens, in the same transaction, and never asked.

Of help from day to day they are not told: it is no disaster, a busy pair would tell a governor of each ambulance, and what the two
members need of it stands in their monthly statement.

An agreement says of which events the authorities of its parties are told (``inform_on``), a member of which it wants its own
told in any case. What is written here is whom the control room has to tell, and the receipt that came back. Nothing waits
for it: no command looks whether an authority has confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from app.commands.patients import is_day_to_day
from app.commands.registry import Act, handles
from app.domain.because import because
from app.domain.errors import Conflict
from app.domain.forms import ShortText
from app.domain.ids import new_id
from app.store.tables import (
    AuthorityNotice,
    AutomaticAlarm,
    Call,
    Incident,
    IncidentProtocol,
    Mission,
    Offer,
    OfferLine,
    Request,
)
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from uuid import UUID

    from app.store.tables import Journaled
    from app.store.unit_of_work import Recorded

TOLD_ON: Final[Mapping[str, str]] = {
    "request.opened": "request_opened",
    "offer.committed": "help_committed",
    "call.recorded": "help_committed",
    "automatic_alarm.rolling": "help_committed",
    "mission.in_transit": "unit_departed",
    "mission.on_scene": "unit_on_scene",
    "mission.stood_down": "help_ended_early",
    "mission.recalled": "help_ended_early",
    "mission.taken_back": "help_ended_early",
    "mission.aborted": "help_ended_early",
    "mission.returned": "unit_home",
    "incident.phase_changed": "phase_changed",
    "protocol.applied": "protocol_applied",
}
"""Entry of the journal → the event that authorities are told of (the vocabulary's ``inform_events``)."""

WANTED: Final = """
    SELECT m.id, m.informed_authorities, m.inform_on FROM member m
     WHERE m.space_id = $1 AND m.id = ANY($2) AND jsonb_array_length(m.informed_authorities) > 0 ORDER BY m.id
"""
AGREED: Final = """
    SELECT v.agreement_id, v.version, v.terms -> 'inform_on' AS inform_on FROM agreement_version v
     WHERE v.space_id = $1 AND (v.agreement_id, v.version) IN (SELECT * FROM unnest($2::uuid[], $3::int[]))
       AND jsonb_typeof(v.terms -> 'inform_on') = 'array'
"""


class ConfirmReceipt(Act):
    """The authority has confirmed that it knows. ``occurred_at`` is when."""

    person: ShortText | None = None
    """Who confirmed. Seen by your own member alone."""


@dataclass(frozen=True, slots=True)
class _Matter:
    """What an event is about, and whose authorities are to know."""

    incident_id: UUID | None
    members: tuple[UUID, ...]
    request_id: UUID | None = None
    mission_id: UUID | None = None
    agreements: frozenset[tuple[UUID, int]] = frozenset()
    kinds: frozenset[str] = frozenset()
    """Kinds of authorities that a protocol has told, whatever else is agreed or wished."""


@handles(ConfirmReceipt)
async def confirm_receipt(uow: UnitOfWork, cmd: ConfirmReceipt) -> None:
    """Record ``authority.confirmed``. Locks the notice.

    Raises:
        Conflict: its receipt is known already.
    """
    notice = await uow.lock_target(AuthorityNotice)
    uow.authorise({"member": {notice.member_id}})
    if notice.confirmed_at is not None:
        message = "This authority has confirmed already."
        raise Conflict(
            message, extra={**because("authority_confirmed"), "current": notice.state()}, hint="Once is enough."
        )
    notice.confirmed_at = max(uow.act.occurred_at, notice.occurred_at)
    notice.confirmed_by_id, notice.confirmed_person = uow.actor.id, cmd.person
    uow.record("authority.confirmed", notice)


async def tell_authorities(uow: UnitOfWork) -> None:
    """Record ``authority.informed`` for each member whose authorities are to know what this transaction recorded.

    The door asks this after every command: what is told follows from the entries, and no command has to think of it.
    """
    for recorded in uow.recorded():
        event = TOLD_ON.get(recorded.type)
        if event is None or recorded.data.get("inferred") or await is_day_to_day(uow, recorded.subject):
            continue
        matter = await _matter(uow, recorded)
        if matter is not None:
            await _tell(uow, event, matter)


async def _tell(uow: UnitOfWork, event: str, matter: _Matter) -> None:
    members = await uow.raw.fetch(WANTED, uow.space, list(matter.members))
    if not members:
        return
    agreement = await _agreement(uow, event, matter.agreements)
    for member in members:
        authorities = _read(member["informed_authorities"])
        if agreement is None and event not in _read(member["inform_on"]):
            authorities = [each for each in authorities if each["kind"] in matter.kinds]
        if not authorities:
            continue
        notices = [
            uow.add(
                AuthorityNotice(
                    space_id=uow.space,
                    id=new_id(),
                    member_id=member["id"],
                    name=authority["name"],
                    kind=authority["kind"],
                    contact=authority.get("contact"),
                    event=event,
                    incident_id=matter.incident_id,
                    request_id=matter.request_id,
                    mission_id=matter.mission_id,
                    agreement_id=agreement[0] if agreement else None,
                    agreement_version=agreement[1] if agreement else None,
                    occurred_at=uow.act.occurred_at,
                )
            )
            for authority in authorities
        ]
        uow.record("authority.informed", *notices, event=event)


async def _agreement(uow: UnitOfWork, event: str, agreements: Collection[tuple[UUID, int]]) -> tuple[UUID, int] | None:
    """Return the agreement that wants the event told, if one of those that the help runs under does."""
    if not agreements:
        return None
    ids, versions = zip(*sorted(agreements), strict=True)
    rows = await uow.raw.fetch(AGREED, uow.space, list(ids), list(versions))
    return next(((row["agreement_id"], row["version"]) for row in rows if event in _read(row["inform_on"])), None)


async def _matter(uow: UnitOfWork, recorded: Recorded) -> _Matter | None:
    subject = recorded.subject
    if isinstance(subject, Request):
        return _Matter(subject.incident_id, (subject.member_id,), subject.id)
    if isinstance(subject, Mission):
        both = (subject.requester_id, subject.lender_id)
        agreements = _cited((subject,))
        return _Matter(subject.incident_id, both, subject.request_id, subject.id, agreements)
    if isinstance(subject, Call | AutomaticAlarm):
        both = (subject.requester_id, subject.lender_id)
        told = uow.recorded() if isinstance(subject, Call) else (recorded,)
        lines = [row for each in told for row in each.rows]
        return _Matter(subject.incident_id, both, subject.request_id, agreements=_cited(lines))
    if isinstance(subject, Offer):
        request = await uow.get(Request, subject.request_id)
        both = (request.member_id, subject.lender_id)
        return _Matter(request.incident_id, both, request.id, agreements=_cited(recorded.rows))
    return _of_incident(uow, recorded)


def _of_incident(uow: UnitOfWork, recorded: Recorded) -> _Matter | None:
    subject = recorded.subject
    if isinstance(subject, IncidentProtocol) and not recorded.data.get("again"):  # of the same one again they know
        return _Matter(subject.incident_id, (subject.member_id,), kinds=frozenset(subject.notify))
    if isinstance(subject, Incident):
        own = uow.actor.member_id or subject.lead_member_id
        return _Matter(subject.id, tuple({subject.lead_member_id, own}))
    return None


def _cited(rows: Iterable[Journaled]) -> frozenset[tuple[UUID, int]]:
    return frozenset(
        (row.agreement_id, row.agreement_version)
        for row in rows
        if isinstance(row, Mission | OfferLine | AutomaticAlarm)
        and row.agreement_id is not None
        and row.agreement_version is not None
    )


def _read(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value or ()
