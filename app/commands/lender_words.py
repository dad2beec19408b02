"""The lender's own word, which stands above the plan: for a time it can, or it cannot.

``cannot`` takes a member's units out of everybody's candidates; ``can`` puts its reserve aside, which is a named act with a reason that all
see. Neither binds: a member that cannot may still offer, and one that can is asked as ever.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from sqlmodel import col

from app.commands.registry import Act, Command, handles
from app.commands.showing import Showing
from app.domain.errors import Conflict, FieldError, MissingField, OutOfRange
from app.domain.forms import Code, Instant, LongText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import require_type
from app.domain.vocabulary import codes, require
from app.store.tables import LenderWord

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

LONGEST: Final = timedelta(days=7)
"""For how long a word stands at most: what is to last is agreed."""


class SayLenderWord(Act):
    """Say that your member can, or cannot, until an instant. It replaces what it said before about the same types."""

    word: Literal["can", "cannot"]
    type_code: Code | None = None
    """About which type; about all that it has, if none is named. What is said about a type goes before what is said about all."""
    until_at: Instant
    """When it ends by itself, within a week."""
    reason: Code | None = None
    """Why it cannot, one of `decline_reasons`; needed with ``cannot``."""
    note: LongText | None = None
    """Why it can, below what it keeps at home; needed with ``can``. All see it."""


class WithdrawLenderWord(Act):
    """Take the word back before its time is over."""


class EndLenderWord(Command):
    """The word's time is over: by the service itself."""


@handles(SayLenderWord)
async def say_lender_word(uow: UnitOfWork, cmd: SayLenderWord) -> None:
    """Record ``lender_word.said``, with the one that it replaces. Locks the member's words.

    Raises:
        OutOfRange: it would be over already, or stand for too long.
        MissingField: no reason.
    """
    member_id = uow.actor.member_id
    if member_id is None:
        message = "the service itself lends nothing"
        raise RuntimeError(message)
    uow.authorise({"member": {member_id}}, facts={"lender_word": cmd.word})
    _require_sense(uow, cmd)
    await uow.lock_words(member_id)
    same = col(LenderWord.type_code).is_(None) if cmd.type_code is None else col(LenderWord.type_code) == cmd.type_code
    before = await uow.lock_where(
        LenderWord, col(LenderWord.member_id) == member_id, col(LenderWord.status) == "standing", same
    )
    for word in before:
        _end(uow, word, "replace")
    await uow.flush()  # one word stands at most: the old one ends first
    said = uow.add(
        LenderWord(
            space_id=uow.space,
            id=new_id(),
            member_id=member_id,
            type_code=cmd.type_code,
            word=cmd.word,
            reason=cmd.reason,
            note=cmd.note,
            said_at=uow.now,
            said_by_id=uow.actor.id,
            until_at=cmd.until_at,
        )
    )
    uow.later("end_lender_word", cmd.until_at, said.id)
    uow.record("lender_word.said", said, *before)


@handles(WithdrawLenderWord)
async def withdraw_lender_word(uow: UnitOfWork, _cmd: WithdrawLenderWord) -> None:
    """Record ``lender_word.withdrawn``. Locks the member's words.

    Raises:
        TransitionNotAllowed: it was replaced, taken back, or is over.
    """
    word = await _locked(uow)
    uow.authorise({"member": {word.member_id}})
    _end(uow, word, "withdraw")
    uow.record("lender_word.withdrawn", word)


@handles(EndLenderWord)
async def end_lender_word(uow: UnitOfWork, _cmd: EndLenderWord) -> None:
    """Record ``lender_word.over``. Locks the member's words.

    Raises:
        Conflict: its time has not come.
        TransitionNotAllowed: it ended before.
    """
    word = await _locked(uow)
    uow.authorise()
    if word.until_at > uow.now:
        raise Conflict("The word's time has not come.", extra={"current": word.state()})
    _end(uow, word, "end")
    uow.record("lender_word.over", word)


def _require_sense(uow: UnitOfWork, cmd: SayLenderWord) -> None:
    if cmd.type_code is not None:
        require_type(cmd.type_code)
    if not uow.now < cmd.until_at <= uow.now + LONGEST:
        detail = f"Say until when, within {LONGEST.days} days from now."
        raise OutOfRange(detail, errors=[FieldError("/until_at", OutOfRange.slug, detail)])
    if cmd.word == "can" and cmd.note is None:
        detail = "Say why your member goes below what it keeps at home: all see it."
        raise MissingField(detail, errors=[FieldError("/note", MissingField.slug, detail)])
    if cmd.word == "cannot" and cmd.reason is None:
        detail = "Say why not, by one of `decline_reasons`."
        raise MissingField(detail, errors=[FieldError("/reason", MissingField.slug, detail)])
    if cmd.reason is not None:
        require("reason", cmd.reason, codes("decline_reasons"), pointer="/reason")


async def _locked(uow: UnitOfWork) -> LenderWord:
    seen = await uow.get(LenderWord, uow.require_target())
    await uow.lock_words(seen.member_id)
    return await uow.lock_target(LenderWord)


def _end(uow: UnitOfWork, word: LenderWord, step: str) -> None:
    with Showing(word):
        word.status = machine("lender_word").next(word.status, step)
    word.ended_at = uow.now
