"""Protocols at work: the fitting one applies by itself, and its checklist is ticked by people.

Nothing that binds happens here: what is missing of the standard package is told, and asked for by somebody who may.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col

from app.commands.registry import Act, handles
from app.domain.because import because
from app.domain.errors import Conflict
from app.domain.ids import new_id
from app.domain.playbook_overlays import Effective, effective
from app.domain.playbooks import fitting
from app.store.tables import ChecklistItem, Incident, IncidentProtocol, ProtocolOverlay

if TYPE_CHECKING:
    from uuid import UUID

    from app.domain.playbooks import Playbook
    from app.store.unit_of_work import UnitOfWork

HELPING: Final = """
    SELECT lender_id AS member_id FROM mission
     WHERE space_id = $1 AND incident_id = $2 AND status NOT IN ('returned', 'closed')
    UNION SELECT requester_id FROM mission
     WHERE space_id = $1 AND incident_id = $2 AND status NOT IN ('returned', 'closed')
"""


class TickChecklistItem(Act):
    """It is done. ``occurred_at`` is when."""


class UntickChecklistItem(Act):
    """It is not done after all."""


@handles(TickChecklistItem)
async def tick_checklist_item(uow: UnitOfWork, _cmd: TickChecklistItem) -> None:
    """Record ``checklist.ticked``. Locks the item.

    Raises:
        Conflict: it is done already, or another protocol has taken its place.
    """
    item = await _lock_item(uow)
    if item.done_at is not None:
        raise _refused(item, "It is done already.", "Once is enough.")
    item.done_at, item.done_by_id, item.done_by_member_id = uow.act.occurred_at, uow.actor.id, uow.actor.member_id
    uow.record("checklist.ticked", item)


@handles(UntickChecklistItem)
async def untick_checklist_item(uow: UnitOfWork, _cmd: UntickChecklistItem) -> None:
    """Record ``checklist.unticked``. Locks the item; one of a protocol that applies no more is superseded by this.

    Raises:
        Conflict: it is not done.
    """
    item = await _lock_item(uow)
    if item.done_at is None:
        raise _refused(item, "It is not done.", "Nothing is to be taken back.")
    item.done_at = item.done_by_id = item.done_by_member_id = None
    item.superseded_at = (await uow.get(IncidentProtocol, item.incident_protocol_id)).superseded_at
    uow.record("checklist.unticked", item)


async def apply_fitting(uow: UnitOfWork, incident: Incident) -> None:
    """Have the protocol that fits ``incident`` apply, as its lead member has it: ``protocol.applied``, with the checklist.

    Open items of the one before are superseded, done ones stay, and are not asked for again. Where none fits any more:
    ``protocol.superseded``. Nothing happens where the same applies already. The caller has locked the incident.
    """
    current = next(
        iter(
            await uow.lock_where(
                IncidentProtocol,
                col(IncidentProtocol.incident_id) == incident.id,
                col(IncidentProtocol.superseded_at).is_(None),
            )
        ),
        None,
    )
    found = fitting(incident.hazard, incident.severity)
    if found is None:
        if current is not None:
            items, _done = await _supersede(uow, current)
            uow.record("protocol.superseded", current, *items, via="protocol")
        return
    overlay = await _overlay(uow, incident.lead_member_id, found.code)
    revision = None if overlay is None else overlay.revision
    if current is not None and _is_same(current, found, revision, incident.lead_member_id):
        return
    done: frozenset[str] = frozenset()
    superseded: list[ChecklistItem] = []
    if current is not None:
        superseded, done = await _supersede(uow, current)
        await uow.flush()  # one at most applies to an incident: the old one ends first
    as_led = effective(found, [] if overlay is None else overlay.operations)
    if as_led.to_review:
        left_out = len(as_led.to_review)
        detail = f"{left_out} changes of the overlay no longer fit the shared protocol {found.code} and were left out."
        uow.warn("overlay_to_review", detail, figures={"changes": left_out})
    applied = _applied(uow, incident, as_led, revision)
    items = _items(uow, applied, as_led, done)
    again = current is not None and (current.code, current.member_id) == (applied.code, applied.member_id)
    told = [] if current is None else [current, *superseded]
    uow.record("protocol.applied", applied, *items, *told, via="protocol", again=again)


def _is_same(current: IncidentProtocol, found: Playbook, overlay_revision: int | None, lead: UUID) -> bool:
    """Whether nothing would change. Without an overlay all members do the same, but each tells its own authorities."""
    now = (current.code, current.version, current.overlay_revision, current.member_id)
    return now == (found.code, found.version, overlay_revision, lead)


def _applied(uow: UnitOfWork, incident: Incident, as_led: Effective, overlay_revision: int | None) -> IncidentProtocol:
    said = as_led.playbook
    return uow.add(
        IncidentProtocol(
            space_id=uow.space,
            id=new_id(),
            incident_id=incident.id,
            member_id=incident.lead_member_id,
            code=said.code,
            version=said.version,
            overlay_revision=overlay_revision,
            names=dict(said.names),
            package=[line.model_dump() for line in said.package],
            notify=list(said.notify),
            radio_plan=dict(said.radio_plan),
            rendezvous_kinds=list(said.rendezvous),
            applied_at=uow.act.occurred_at,
        )
    )


def _items(uow: UnitOfWork, applied: IncidentProtocol, as_led: Effective, done: frozenset[str]) -> list[ChecklistItem]:
    return [
        uow.add(
            ChecklistItem(
                space_id=uow.space,
                id=new_id(),
                incident_id=applied.incident_id,
                incident_protocol_id=applied.id,
                code=item.code,
                texts=dict(item.texts),
                due_at=applied.applied_at + uow.lasting(timedelta(minutes=item.due_min)),
            )
        )
        for item in as_led.playbook.checklist
        if item.code not in done
    ]


async def _supersede(uow: UnitOfWork, current: IncidentProtocol) -> tuple[list[ChecklistItem], frozenset[str]]:
    """End what applied; return the items that nobody has done, and the codes of all that were done for the incident."""
    items = await uow.lock_where(
        ChecklistItem,
        col(ChecklistItem.incident_id) == current.incident_id,
        col(ChecklistItem.superseded_at).is_(None),
    )
    current.superseded_at = uow.act.occurred_at
    still_open = [item for item in items if item.done_at is None]
    for item in still_open:
        item.superseded_at = uow.act.occurred_at
    return still_open, frozenset(item.code for item in items if item.done_at is not None)


async def _overlay(uow: UnitOfWork, member: UUID, code: str) -> ProtocolOverlay | None:
    found = await uow.find(ProtocolOverlay, col(ProtocolOverlay.member_id) == member, col(ProtocolOverlay.code) == code)
    return next(iter(found), None)


async def _lock_item(uow: UnitOfWork) -> ChecklistItem:
    """Return the item, locked, for who leads the incident or helps with it.

    Raises:
        Conflict: another protocol has taken its place.
    """
    item = await uow.lock_target(ChecklistItem)
    incident = await uow.get(Incident, item.incident_id)
    helping = {row["member_id"] for row in await uow.raw.fetch(HELPING, uow.space, incident.id)}
    uow.authorise({"lead": {incident.lead_member_id}, "helping": helping})
    if item.superseded_at is not None:
        raise _refused(item, "Another protocol has taken its place.", "Look at the checklist as it is now.")
    return item


def _refused(item: ChecklistItem, detail: str, hint: str) -> Conflict:
    return Conflict(detail, extra={**because("item_changed"), "current": item.state()}, hint=hint)
