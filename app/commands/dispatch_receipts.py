"""What a dispatch system says it has taken over, under its own number; and the ring in the console where it does not say so in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import orjson
from pydantic import Field
from sqlmodel import col

from app.commands.external_ids import lock_codes, new_external_id
from app.commands.registry import Act, Command, handles
from app.domain.because import because
from app.domain.errors import Conflict, Duplicate, NotFound
from app.domain.external_ids import ExternalCode
from app.domain.forms import LARGEST_INTEGER, WHOLE
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.webhooks import mentions
from app.store.tables import DispatchReceipt, ExternalId, WebhookEndpoint

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from app.store.unit_of_work import UnitOfWork

Seq = Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER), WHOLE]

# Whoever decides about a receipt holds the row of its delivery: taking it and ringing for it meet there.
_DELIVERY: Final = """
    SELECT d.event, d.made_at, d.receipt_by, e.payload FROM webhook_delivery d
    JOIN journal_entry e ON e.space_id = d.space_id AND e.seq = d.seq
    WHERE d.space_id = $1 AND d.endpoint_id = $2 AND d.seq = $3 FOR UPDATE OF d
"""
_AWAITED_NO_MORE: Final = """
    UPDATE webhook_delivery SET receipt_by = NULL WHERE space_id = $1 AND endpoint_id = $2 AND seq = $3
"""


class TakeIntoDispatch(Act):
    """The dispatch system has taken this over: its dispatchers see it. `occurred_at` is when it did."""

    seq: Seq
    """Of the event, as it was sent."""
    number: ExternalCode | None = None
    """The number under which that system keeps the incident."""


class RingForDispatch(Command):
    """Nothing was taken over in time: by the service itself."""

    seq: Seq


@dataclass(frozen=True, slots=True)
class _Delivered:
    event: str
    made_at: datetime
    awaited: bool
    rows: dict[str, list[dict[str, Any]]]


@handles(TakeIntoDispatch)
async def take_into_dispatch(uow: UnitOfWork, cmd: TakeIntoDispatch) -> None:
    """Record ``dispatch_receipt.taken``, and ``external_id.added`` for a number that is new: it replaces the one that the member had for the
    incident in this list (``external_id.ended``). Warns of a number for which there is no list. Locks the endpoint's delivery, the receipt,
    its member's list of numbers.

    Raises:
        NotFound: nothing of that seq was for this endpoint.
        Conflict: no receipt was asked for with it.
        TransitionNotAllowed: it was taken over before.
        Duplicate: the number is another incident's.
    """
    endpoint = await _endpoint(uow)
    uow.authorise({"member": {endpoint.member_id}})
    delivered = await _delivered(uow, endpoint.id, cmd.seq)
    receipt = await _receipt(uow, endpoint, cmd.seq, delivered)
    receipt.status = machine("dispatch_receipt").next(receipt.status, "take")
    receipt.number = cmd.number
    receipt.taken_at = uow.act.occurred_at
    receipt.taken_by_id = uow.actor.id
    await uow.raw.execute(_AWAITED_NO_MORE, uow.space, endpoint.id, cmd.seq)
    uow.record("dispatch_receipt.taken", receipt, visibility="parties", parties=[endpoint.member_id])
    if cmd.number is None or receipt.incident_id is None:
        return
    if endpoint.source is None:
        uow.warn(
            "number_not_kept",
            f"{cmd.number} is not kept as the incident's number: this webhook has no source.",
            figures={"number": cmd.number},
        )
    else:
        await _number(uow, endpoint, endpoint.source, cmd.number, receipt.incident_id)


@handles(RingForDispatch)
async def ring_for_dispatch(uow: UnitOfWork, cmd: RingForDispatch) -> None:
    """Record ``dispatch_receipt.missing``. Locks the delivery. Refused, and so without effect, where it was taken over."""
    endpoint = await _endpoint(uow)
    uow.authorise()
    delivered = await _delivered(uow, endpoint.id, cmd.seq)
    if not delivered.awaited:
        raise Conflict("Its receipt is awaited no more.")
    receipt = await _receipt(uow, endpoint, cmd.seq, delivered)
    receipt.status = machine("dispatch_receipt").next(receipt.status, "ring")
    receipt.rung_at = uow.now
    await uow.raw.execute(_AWAITED_NO_MORE, uow.space, endpoint.id, cmd.seq)
    uow.record("dispatch_receipt.missing", receipt, visibility="parties", parties=[endpoint.member_id])


async def _endpoint(uow: UnitOfWork) -> WebhookEndpoint:
    id_ = uow.require_target()
    found = await uow.find(WebhookEndpoint, col(WebhookEndpoint.id) == id_)
    if not found or not uow.sees(found[0].member_id):
        raise NotFound(WebhookEndpoint.KIND, id_)
    return found[0]


async def _delivered(uow: UnitOfWork, endpoint: UUID, seq: int) -> _Delivered:
    row = await uow.raw.fetchrow(_DELIVERY, uow.space, endpoint, seq)
    if row is None:
        raise NotFound("delivery", seq)
    payload = {} if row["payload"] is None else orjson.loads(row["payload"])
    return _Delivered(row["event"], row["made_at"], row["receipt_by"] is not None, payload.get("rows", {}))


async def _receipt(uow: UnitOfWork, endpoint: WebhookEndpoint, seq: int, delivered: _Delivered) -> DispatchReceipt:
    """Return the receipt of this entry, locked, or a new one where it is awaited."""
    known = await uow.lock_where(
        DispatchReceipt, col(DispatchReceipt.endpoint_id) == endpoint.id, col(DispatchReceipt.seq) == seq
    )
    if known:
        return known[0]
    if not delivered.awaited:
        raise Conflict(
            f"No receipt was asked for with entry {seq}.",
            extra=because("receipt_not_wanted", seq=seq),
            hint="Answer the events whose `data.receipt` is not null, and those alone; only a webhook with `receipts` has such.",
        )
    about = mentions(delivered.rows)
    return uow.add(
        DispatchReceipt(
            space_id=uow.space,
            id=new_id(),
            endpoint_id=endpoint.id,
            member_id=endpoint.member_id,
            seq=seq,
            event=delivered.event,
            incident_id=_only(about.get("incident", set())),
            mission_id=_only(about.get("mission", set())),
            status=machine("dispatch_receipt").initial,
            asked_at=delivered.made_at,
        )
    )


async def _number(uow: UnitOfWork, endpoint: WebhookEndpoint, source: str, number: str, incident_id: UUID) -> None:
    """Keep the number as the member's own of the incident, unless it is known. One that it had in this list before has ended."""
    await lock_codes(uow, endpoint.member_id, source, "incident")
    known = await uow.find(
        ExternalId,
        col(ExternalId.member_id) == endpoint.member_id,
        col(ExternalId.source) == source,
        col(ExternalId.kind) == "incident",
        col(ExternalId.code) == number,
        col(ExternalId.valid_to).is_(None),
    )
    if not known:
        before = await uow.lock_where(
            ExternalId,
            col(ExternalId.member_id) == endpoint.member_id,
            col(ExternalId.source) == source,
            col(ExternalId.incident_id) == incident_id,
            col(ExternalId.valid_to).is_(None),
        )
        for old in before:
            old.valid_to = max(uow.act.occurred_at, old.valid_from)
            uow.record("external_id.ended", old)
        row = uow.add(new_external_id(uow, endpoint.member_id, source, "incident", number, incident_id))
        uow.record("external_id.added", row)
    elif known[0].incident_id != incident_id:
        detail = f"{source}:{number} is the number of another incident."
        hint = "Send the number that belongs to this one, or leave `number` out: without it the receipt is taken."
        raise Duplicate(detail, extra={"current": known[0].state()}, hint=hint)


def _only(ids: Collection[str]) -> UUID | None:
    """Return the one id that there is; of several it can't be said which one is meant."""
    return UUID(next(iter(ids))) if len(ids) == 1 else None
