"""Shift hand-overs: a control room's word to its own next shift, with what is open at that moment.

What is open is looked up by the service, so that nobody has to remember it at the end of a night. Nobody else sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from pydantic import Field

from app.commands.registry import Act, handles
from app.domain.because import because
from app.domain.chain import plain
from app.domain.errors import Conflict, Forbidden, NotFound
from app.domain.forms import Code, Form, Instant, Language, Note
from app.domain.ids import new_id
from app.domain.vocabulary import codes, require
from app.store.tables import Handover

if TYPE_CHECKING:
    from uuid import UUID

    from app.store.unit_of_work import UnitOfWork

MOST_OF_A_KIND: Final = 100
"""Matters of one kind that a note lists; ``more`` counts the others."""

OPEN_MATTERS: Final = {
    "requests": """
        SELECT r.id, r.ref, r.status, r.incident_id FROM request r
         WHERE r.space_id = $1 AND r.member_id = $2
           AND r.status IN ('draft', 'submitted', 'open', 'partly_committed', 'committed') ORDER BY r.id
    """,
    "asked_of_us": """
        SELECT r.id, r.ref, r.status, r.member_id, r.incident_id FROM request r
         WHERE r.space_id = $1 AND r.member_id <> $2 AND r.status IN ('open', 'partly_committed')
           AND NOT EXISTS (SELECT FROM response s
                            WHERE s.space_id = r.space_id AND s.request_id = r.id AND s.member_id = $2)
           AND NOT EXISTS (SELECT FROM offer o
                            WHERE o.space_id = r.space_id AND o.request_id = r.id AND o.lender_id = $2) ORDER BY r.id
    """,
    "missions": """
        SELECT m.id, m.status, m.request_id, m.lender_id, m.requester_id, m.type_code, u.call_sign
          FROM mission m LEFT JOIN resource u ON u.space_id = m.space_id AND u.id = m.resource_id
         WHERE m.space_id = $1 AND $2 IN (m.lender_id, m.requester_id) AND m.status NOT IN ('returned', 'closed')
         ORDER BY m.id
    """,
    "debts": """
        SELECT d.id, d.act, d.status, d.request_id, d.due_at FROM debt d
         WHERE d.space_id = $1 AND d.member_id = $2 AND d.status IN ('owed', 'overdue') ORDER BY d.id
    """,
    "calls": """
        SELECT c.id, c.status, c.request_id, c.requester_id, c.lender_id FROM call c
         WHERE c.space_id = $1 AND $2 IN (c.requester_id, c.lender_id) AND c.status IN ('unconfirmed', 'alarmed') ORDER BY c.id
    """,
    "notices": """
        SELECT n.id, n.name, n.event, n.request_id FROM authority_notice n
         WHERE n.space_id = $1 AND n.member_id = $2 AND n.confirmed_at IS NULL ORDER BY n.id
    """,
}
"""Kind of matter → what of it is open for a member ($2). Read without locks: it is as it was when the note was written."""


class ShelvedAlarm(Form):
    """A kind of alarm that this console does not show for a while."""

    kind: Code
    until: Instant


class HandOverShift(Act):
    """Leave word for the next shift. What is open is added by the service."""

    text: Note
    language: Language | None = None
    """What it is written in."""
    shelved: Annotated[tuple[ShelvedAlarm, ...], Field(max_length=50)] = ()
    """Alarms that are shelved: only the console knows."""


class TakeOverShift(Act):
    """The next shift has read it and takes over."""


@handles(HandOverShift)
async def hand_over_shift(uow: UnitOfWork, cmd: HandOverShift) -> None:
    """Record ``shift.handed_over``, for the own member alone."""
    member_id, user_id = _own(uow)
    uow.authorise({"member": {member_id}})
    if cmd.language is not None:
        require("language", cmd.language, codes("languages"), pointer="/language")
    matters = await _open_matters(uow, member_id)
    matters["shelved"] = [each.model_dump(mode="json") for each in cmd.shelved]
    note = uow.add(
        Handover(
            space_id=uow.space,
            id=new_id(),
            member_id=member_id,
            written_by_id=user_id,
            text=cmd.text,
            language=cmd.language,
            matters=matters,
            occurred_at=uow.act.occurred_at,
        )
    )
    uow.record("shift.handed_over", note, visibility="parties", parties=[member_id])


@handles(TakeOverShift)
async def take_over_shift(uow: UnitOfWork, _cmd: TakeOverShift) -> None:
    """Record ``shift.taken_over``. Locks the note.

    Raises:
        NotFound: another member's.
        Forbidden: the actor wrote it.
        Conflict: somebody has taken over already.
    """
    id_ = uow.require_target()
    note = await uow.lock(Handover, id_)
    if not uow.sees(note.member_id):
        raise NotFound(Handover.KIND, id_)
    _, user_id = _own(uow)
    uow.authorise({"member": {note.member_id}})
    uow.expect_revision(note)
    if note.taken_at is not None:
        message = "The shift was taken over already."
        raise Conflict(
            message,
            extra={**because("shift_taken"), "current": note.state()},
            hint="Read it; there is nothing more to do.",
        )
    if note.written_by_id == user_id:
        raise Forbidden(
            "You wrote this note yourself.",
            hint="Let a colleague of the next shift take over.",
            extra=because("own_note"),
        )
    note.taken_at, note.taken_by_id = uow.act.occurred_at, user_id
    uow.record("shift.taken_over", note, visibility="parties", parties=[note.member_id])


def _own(uow: UnitOfWork) -> tuple[UUID, UUID]:
    if uow.actor.member_id is None or uow.actor.id is None:
        message = "the service itself has no shifts"
        raise RuntimeError(message)
    return uow.actor.member_id, uow.actor.id


async def _open_matters(uow: UnitOfWork, member_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = {}
    more: dict[str, int] = {}
    for kind, statement in OPEN_MATTERS.items():
        rows = await uow.raw.fetch(statement, uow.space, member_id)
        found[kind] = [{name: plain(value) for name, value in row.items()} for row in rows[:MOST_OF_A_KIND]]
        if len(rows) > MOST_OF_A_KIND:
            more[kind] = len(rows) - MOST_OF_A_KIND
    found["more"] = more
    return orjson.loads(orjson.dumps(found))  # type: ignore[no-any-return]  # the same, as JSON holds it
