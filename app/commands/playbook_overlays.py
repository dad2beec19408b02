"""Overlays: what a member does otherwise than a shared protocol says. The shared one is never copied."""

from __future__ import annotations

from sqlmodel import col

from app.commands.registry import Act, handles
from app.domain.errors import Duplicate
from app.domain.forms import Code, Flag
from app.domain.ids import new_id
from app.domain.playbook_overlays import Operations, effective, written
from app.domain.playbooks import playbook
from app.store.tables import Member, ProtocolOverlay
from app.store.unit_of_work import UnitOfWork


class AddProtocolOverlay(Act):
    """Say what your member does otherwise than a shared protocol, and why."""

    code: Code
    """The shared protocol."""
    operations: Operations


class ChangeProtocolOverlay(Act):
    """Say it anew: all of it, in place of what was said before.

    An operation that is sent as it stood before stays as it was written, to be reviewed where it no longer fits.
    """

    operations: Operations
    reviewed: Flag = False
    """Everything sent is meant against the shared protocol as it is now, also what did not fit it."""


class RemoveProtocolOverlay(Act):
    """Do again as the shared protocol says."""


@handles(AddProtocolOverlay)
async def add_protocol_overlay(uow: UnitOfWork, cmd: AddProtocolOverlay) -> None:
    """Record ``protocol.adapted``.

    Raises:
        NotFound: no such member, or protocol.
        Duplicate: the member has an overlay for it.
        UnknownCode, MissingField, Conflict: an operation that the shared protocol does not bear.
    """
    member = await uow.get(Member, uow.require_target())
    uow.authorise({"member": {member.id}})
    base = playbook(cmd.code)
    operations = written(base, cmd.operations)
    if taken := await uow.find(
        ProtocolOverlay, col(ProtocolOverlay.member_id) == member.id, col(ProtocolOverlay.code) == cmd.code
    ):
        message = f"{member.code} has an overlay for {cmd.code} already."
        raise Duplicate(message, extra={"current": taken[0].state()}, hint="Change that one.")
    overlay = uow.add(
        ProtocolOverlay(
            space_id=uow.space,
            id=new_id(),
            member_id=member.id,
            code=base.code,
            base_version=base.version,
            operations=operations,
        )
    )
    uow.record("protocol.adapted", overlay)


@handles(ChangeProtocolOverlay)
async def change_protocol_overlay(uow: UnitOfWork, cmd: ChangeProtocolOverlay) -> None:
    """Record ``protocol.adapted``. Locks the overlay.

    Raises:
        UnknownCode, MissingField, Conflict: an operation that the shared protocol does not bear.
    """
    overlay = await uow.lock_target(ProtocolOverlay)
    uow.authorise({"member": {overlay.member_id}})
    base = playbook(overlay.code)
    overlay.operations = written(base, cmd.operations, () if cmd.reviewed else overlay.operations)
    if not effective(base, overlay.operations).to_review:
        overlay.base_version = base.version
    uow.revise(overlay)
    uow.record("protocol.adapted", overlay)


@handles(RemoveProtocolOverlay)
async def remove_protocol_overlay(uow: UnitOfWork, _cmd: RemoveProtocolOverlay) -> None:
    """Record ``protocol.adaptation_removed``. Locks the overlay. What applies to an incident already stays."""
    overlay = await uow.lock_target(ProtocolOverlay)
    uow.authorise({"member": {overlay.member_id}})
    await uow.remove(overlay)
    uow.record("protocol.adaptation_removed", overlay)
