"""What a person does about a message that waits: mends and runs it again, discards it with a reason, or answers the unit that calls."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from pydantic import Field, JsonValue
from sqlmodel import col

from app.commands.inbox_kept import locked_message
from app.commands.inbox_work import record, settle, source_of, work
from app.commands.registry import Act, handles
from app.domain.errors import ConcordError, Conflict, FieldError, Malformed, NotFound, WrongFormat
from app.domain.forms import ONE_LINE, Form, Note
from app.domain.inbox.depth import DEEPEST, too_deep
from app.domain.json_text import read_json
from app.store.tables import InboxMatter

if TYPE_CHECKING:
    from uuid import UUID

    from app.store.unit_of_work import UnitOfWork

MOST_CHANGES: Final = 50
_DISCARD: Final = "UPDATE inbox_message SET outcome = 'discarded' WHERE space_id = $1 AND id = $2"


class Edit(Form):
    """One value of a message, as a person has mended it."""

    at: Annotated[str, Field(max_length=500, pattern=r"^(/.*)?$", examples=["/status"]), ONE_LINE]
    """Where it stands: a JSON pointer (RFC 6901)."""
    value: JsonValue


class RunInboxMessage(Act):
    """Run a message again that was held back: the mapping or a table of codes was mended, or a value in it is."""

    changes: Annotated[list[Edit], Field(max_length=MOST_CHANGES)] = Field(default_factory=list)
    """What is wrong in it, put right. The message as it came stays beside."""


class DiscardInboxMessage(Act):
    """Have a message that was held back never take effect."""

    why: Note
    """Why; it stays in the journal."""


class AnswerUnitCall(Act):
    """The unit that called was answered."""


@handles(RunInboxMessage)
async def run_inbox_message(uow: UnitOfWork, cmd: RunInboxMessage) -> None:
    """Record ``inbox_matter.settled`` or ``inbox_matter.still_held``, and what the message does. Locks the message, then what it locks.

    Raises:
        Conflict: it does not wait any more.
        StaleRevision: somebody has seen to it since the actor read it.
        WrongFormat: a change names no place in it.
    """
    kept = await locked_message(uow, uow.require_target())
    source = await source_of(uow, kept)
    _authorise(uow, source.member_id)
    if kept.outcome != "quarantined":
        raise Conflict("This message does not wait for anybody any more.")
    # Whoever changes the matter holds its message.
    uow.expect_revision(await uow.get(InboxMatter, kept.id))
    edited = kept.edited
    if cmd.changes:
        edited = _mended(edited if edited is not None else _body(kept.body), cmd.changes)
    became = await work(uow, kept, source, edited)
    uow.outcome = became.told()


@handles(DiscardInboxMessage)
async def discard_inbox_message(uow: UnitOfWork, _cmd: DiscardInboxMessage) -> None:
    """Record ``inbox_matter.discarded``. Locks the message, then the matter."""
    kept = await locked_message(uow, uow.require_target())
    source = await source_of(uow, kept)
    _authorise(uow, source.member_id)
    matter = await _held(uow, "quarantine")
    settle(uow, matter, "discard")
    await uow.raw.execute(_DISCARD, uow.space, kept.id)
    record(uow, "discarded", matter)


@handles(AnswerUnitCall)
async def answer_unit_call(uow: UnitOfWork, _cmd: AnswerUnitCall) -> None:
    """Record ``inbox_matter.answered``. Locks the matter."""
    matter = await _held(uow, "call")
    settle(uow, matter, "settle")
    record(uow, "answered", matter)


async def _held(uow: UnitOfWork, what: str) -> InboxMatter:
    rows = await uow.lock_where(InboxMatter, col(InboxMatter.id) == uow.require_target(), col(InboxMatter.what) == what)
    if not rows or not uow.sees(rows[0].member_id):
        raise NotFound("unit call" if what == "call" else "quarantined message", uow.require_target())
    uow.authorise({"member": {rows[0].member_id}})
    uow.expect_revision(rows[0])
    return rows[0]


def _authorise(uow: UnitOfWork, member: UUID) -> None:
    if not uow.sees(member):
        raise NotFound("quarantined message", uow.require_target())
    uow.authorise({"member": {member}})


def _body(raw: bytes) -> Any:
    if too_deep(raw):
        detail = f"What came is nested more than {DEEPEST} levels deep, so that no value in it can be changed."
        raise Malformed(detail, errors=[FieldError("/changes", Malformed.slug, detail)])
    try:
        return read_json(raw)
    except ConcordError as wrong:
        raise Malformed(
            "What came is no JSON, so that no value in it can be changed.", errors=[FieldError("/changes", wrong.slug, wrong.detail)]
        ) from None  # fmt: skip


def _mended(body: Any, changes: list[Edit]) -> dict[str, Any]:
    whole: Any = {"": copy.deepcopy(body)}
    for number, change in enumerate(changes):
        steps = ["", *(step.replace("~1", "/").replace("~0", "~") for step in change.at.split("/")[1:])]
        here: Any = whole
        for step in steps[:-1]:
            here = _step(here, step, number, change.at)
        last = steps[-1]
        if isinstance(here, dict):
            here[last] = change.value
        elif isinstance(here, list) and last.isdecimal() and int(last) < len(here):
            here[int(last)] = change.value
        else:
            raise _nowhere(number, change.at)
    if not isinstance(whole[""], dict):
        detail = "A message is an object: {…}."
        raise WrongFormat(detail, errors=[FieldError("/changes", WrongFormat.slug, detail)])
    if _too_deep(whole[""]):
        detail = f"Mended so, the message would be nested more than {DEEPEST} levels deep."
        raise WrongFormat(detail, errors=[FieldError("/changes", WrongFormat.slug, detail)])
    return dict(whole[""])


def _too_deep(body: Any) -> bool:
    try:
        return too_deep(orjson.dumps(body))
    except orjson.JSONEncodeError:  # beyond what can be written at all
        return True


def _step(here: Any, step: str, number: int, at: str) -> Any:
    if isinstance(here, dict) and step in here:
        return here[step]
    if isinstance(here, list) and step.isdecimal() and len(step) < 7 and int(step) < len(here):  # noqa: PLR2004
        return here[int(step)]
    raise _nowhere(number, at)


def _nowhere(number: int, at: str) -> WrongFormat:
    detail = f"There is no place {at} in the message."
    return WrongFormat(detail, errors=[FieldError(f"/changes/{number}/at", WrongFormat.slug, detail)])
