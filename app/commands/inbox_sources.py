"""Sources of the inbox: a member's dispatch systems that may tell us something, kept by its admin.

As webhooks, they belong to no space: their entries stand in the journal of the live one, for their own member's eyes, without a secret.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from pydantic import Field

from app.commands.registry import Command, handles
from app.commands.webhooks import Kinds
from app.commands.whose import whose
from app.domain.errors import NotFound
from app.domain.external_ids import Source
from app.domain.forms import WHOLE, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.webhooks import SpaceKind, new_secret
from app.store.tables import InboxSource, Member
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Sequence

PerMinute = Annotated[int, Field(strict=True, ge=1, le=60_000), WHOLE]
USUAL: Final = 600


def _live() -> list[SpaceKind]:
    return ["live"]


class AddInboxSource(Command):
    """Let a dispatch system tell what happens. The secret that it signs with is in the receipt, once."""

    member_id: UUID | None = None
    """Whose it is; the acting admin's member if none is named."""
    label: ShortText
    """What it is, so that one knows which is which."""
    source: Source
    """Whose codes it uses, as `cad-liege`: units and incidents are looked up among the external ids of that name."""
    space_kinds: Kinds = Field(default_factory=_live)
    """`live`, `exercise` (drills), `integration`. What it tells acts in no other space."""
    per_minute: PerMinute = USUAL
    """How many messages of it are taken in a minute."""


class ChangeInboxSource(Command):
    """Change a source. Only the fields sent change."""

    label: ShortText | None = None
    source: Source | None = None
    space_kinds: Kinds | None = None
    per_minute: PerMinute | None = None


class RotateInboxSecret(Command):
    """Make a new secret; what is signed by either counts until the old one's time is over."""

    old_counts_hours: Annotated[int, Field(strict=True, ge=0, le=7 * 24), WHOLE] = 24
    """For how long the old one still counts. An older one than that counts no more at once."""


class PauseInboxSource(Command):
    """Take nothing for a while; the dispatch system is told to try again."""


class ResumeInboxSource(Command):
    """Take what it tells again."""


class RemoveInboxSource(Command):
    """Take nothing any more, for good."""


@handles(AddInboxSource)
async def add_inbox_source(uow: UnitOfWork, cmd: AddInboxSource) -> None:
    """Record ``inbox_source.added``; the secret goes into the receipt alone."""
    member_id = whose(uow, cmd.member_id)
    uow.authorise({"member": {member_id}})
    await uow.get(Member, member_id)
    secret = new_secret()
    source = uow.add(
        InboxSource(
            id=new_id(),
            member_id=member_id,
            label=cmd.label,
            source=cmd.source,
            space_kinds=_each_once(cmd.space_kinds),
            per_minute=cmd.per_minute,
            secret=secret,
            created_at=uow.now,
        )
    )
    uow.once = {"secret": secret}
    _record(uow, "added", source)


@handles(ChangeInboxSource)
async def change_inbox_source(uow: UnitOfWork, cmd: ChangeInboxSource) -> None:
    """Record ``inbox_source.changed`` with the names of the fields that changed. Locks the source."""
    source = await locked_source(uow)
    require_there(source, "be changed")
    sent = sorted(name for name in cmd.model_fields_set if getattr(cmd, name) is not None)
    for name in sent:
        value = getattr(cmd, name)
        setattr(source, name, _each_once(value) if isinstance(value, list) else value)
    _record(uow, "changed", source, fields=sent)


@handles(RotateInboxSecret)
async def rotate_inbox_secret(uow: UnitOfWork, cmd: RotateInboxSecret) -> None:
    """Record ``inbox_source.secret_rotated``; the new one goes into the receipt alone. Locks the source."""
    source = await locked_source(uow)
    require_there(source, "get a new secret")
    source.old_secret = source.secret if cmd.old_counts_hours else None
    source.old_secret_until = uow.now + timedelta(hours=cmd.old_counts_hours) if cmd.old_counts_hours else None
    source.secret = new_secret()
    uow.once = {"secret": source.secret}
    _record(uow, "secret_rotated", source)


@handles(PauseInboxSource)
async def pause_inbox_source(uow: UnitOfWork, _cmd: PauseInboxSource) -> None:
    """Record ``inbox_source.paused``. Locks the source."""
    await _step(uow, "pause", "paused")


@handles(ResumeInboxSource)
async def resume_inbox_source(uow: UnitOfWork, _cmd: ResumeInboxSource) -> None:
    """Record ``inbox_source.resumed``. Locks the source."""
    await _step(uow, "resume", "resumed")


@handles(RemoveInboxSource)
async def remove_inbox_source(uow: UnitOfWork, _cmd: RemoveInboxSource) -> None:
    """Record ``inbox_source.removed``: its secrets are gone. What is held back stays until somebody has seen to it. Locks the source."""
    source = await _step(uow, "remove", "removed")
    source.secret, source.old_secret, source.old_secret_until = "", None, None


async def locked_source(uow: UnitOfWork, id_: UUID | None = None) -> InboxSource:
    """Lock a source, the one the command is about if none is named; other members' are not there for the actor."""
    wanted = id_ or uow.require_target()
    source = await uow.lock_free(InboxSource, wanted)
    if not uow.sees(source.member_id):
        raise NotFound(InboxSource.KIND, wanted)
    uow.authorise({"member": {source.member_id}})
    if id_ is None:
        uow.expect_revision(source)
    return source


def require_there(source: InboxSource, words: str) -> None:
    """Refuse what can't be done to a source that was removed."""
    machine("inbox_source").refuse_final(source.status, words, source.state())


async def _step(uow: UnitOfWork, step: str, what: str) -> InboxSource:
    source = await locked_source(uow)
    source.status = machine("inbox_source").next(source.status, step)
    _record(uow, what, source)
    return source


def _record(uow: UnitOfWork, what: str, source: InboxSource, **data: object) -> None:
    uow.record(f"inbox_source.{what}", source, visibility="parties", parties=[source.member_id], **data)


def _each_once(values: Sequence[object]) -> list[str]:
    return list(dict.fromkeys(map(str, values)))
