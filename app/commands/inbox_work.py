"""Working on a message of the inbox: read by its source's mapping, done as its member's dispatchers would, or held back for a person.

It was kept before (``inbox_receiving.py``), with due work that comes to it if the process dies; its effects, its outcome and the mark of that
work are one commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import asyncpg
import structlog
from pydantic import ValidationError
from sqlmodel import col

from app.commands.execute import FUTURE
from app.commands.inbox_acts import Acting
from app.commands.inbox_incidents import on_incident
from app.commands.inbox_kept import WORKED_ON, Became, Kept, locked_message, write
from app.commands.inbox_mappings import mapping_in_use
from app.commands.inbox_units import on_mission, on_unit
from app.commands.registry import Command, handles
from app.domain.because import because
from app.domain.clock import stamp
from app.domain.errors import ConcordError, Conflict, Unavailable
from app.domain.inbox.depth import DEEPEST, too_deep
from app.domain.inbox.held import HeldBack
from app.domain.inbox.reading import read
from app.domain.json_text import read_json
from app.domain.lifecycle import machine
from app.store.engine import AWAY
from app.store.tables import InboxMatter, InboxSource

if TYPE_CHECKING:
    from app.domain.inbox.mapping import Mapping
    from app.domain.inbox.reading import Told
    from app.store.unit_of_work import UnitOfWork

BEST_FIRST: Final = ("call", "applied", "noted", "history")
"""Of several things told in one message, which outcome is the message's."""


PATIENCE: Final = 3
"""So often a message is tried again by itself that failed of something unforeseen; then it is held back for a person."""
GIVEN_UP_AFTER: Final = 8
"""After so many failures of whatever kind, also of writing down what became of it (some four minutes), nothing more is tried but to hold it back."""

_FAILED: Final = """
    SELECT attempts, outcome FROM due_work WHERE space_id = $1 AND target = $2 AND command = 'work_inbox_message' AND done_at IS NULL
    ORDER BY attempts DESC LIMIT 1
"""

OF_THE_MESSAGE: Final = ("22", "23", "42")
"""Classes of PostgreSQL's errors that come again however often it is tried: data, constraints, statements."""

log = structlog.get_logger(__name__)


class WorkInboxMessage(Command):
    """Work on a message that has come: by the service itself."""


@handles(WorkInboxMessage)
async def work_inbox_message(uow: UnitOfWork, _cmd: WorkInboxMessage) -> None:
    """Record what the message does, or ``inbox_matter.held`` or ``inbox_matter.called``. Locks the message, then what its commands lock.

    Raises:
        Conflict: it was worked on already.
    """
    uow.authorise()
    kept = await locked_message(uow, uow.require_target())
    if kept.outcome not in WORKED_ON:
        raise Conflict("This message was worked on already.")
    row = await uow.raw.fetchrow(_FAILED, uow.space, kept.id)
    failed, of = (row["attempts"], row["outcome"] or "") if row is not None else (0, "")
    source = await source_of(uow, kept)
    if failed < GIVEN_UP_AFTER:
        await work(uow, kept, source, kept.edited, again=failed < PATIENCE)
        return
    became = Became("quarantined")
    _held_of(became, of.partition("(")[0] or "unknown", None)
    await write(uow, kept, became, kept.edited)
    await _matter(uow, kept, source, became)


async def source_of(uow: UnitOfWork, kept: Kept) -> InboxSource:
    """Return the source of a message."""
    (found,) = await uow.find(InboxSource, col(InboxSource.id) == kept.source_id)
    return found


async def work(
    uow: UnitOfWork, kept: Kept, source: InboxSource, edited: dict[str, Any] | None, *, again: bool = False
) -> Became:
    """Do what a message tells, or hold it back, and keep what became of it. ``again``: what fails of something unforeseen is raised."""
    try:
        by = await mapping_in_use(uow, source)
    except ValidationError as error:  # it was taken once: by an earlier version of the service
        if again:
            raise
        became = Became("quarantined")
        _fail(became, error, kept, None)
    else:
        became = await taken(uow, source, kept, edited, by, again=again)
    await write(uow, kept, became, edited)
    await _matter(uow, kept, source, became)
    return became


async def taken(
    uow: UnitOfWork, source: InboxSource, kept: Kept, edited: dict[str, Any] | None, by: tuple[int, Mapping] | None,
    *, again: bool = False,
) -> Became:  # fmt: skip
    """Do what a message tells and return what became of it: all of it, or nothing.

    What fails of something unforeseen is held back as ours to mend, or raised where it is tried ``again`` by itself. A database that is
    away, or that had another change go first, is no fault of the message: that is always raised.
    """
    became = Became("quarantined", mapping_version=by[0] if by else None)
    acting: Acting | None = None
    try:
        mapping, told = _understood(uow, kept, edited, by, became)
        # By a clock ahead of ours nothing that follows may become older: it counts as of when it came.
        acting = Acting(uow, source, kept.id, min(told.at, kept.received_at), became)
        async with uow.connection.begin_nested():  # of what is held back, nothing stays
            became.outcome = await _do(acting, told, mapping)
    except HeldBack as why:
        _hold(became, why.because, why.detail, acting)
    except Unavailable:
        raise
    except ConcordError as refusal:
        _hold(became, _refused(refusal), refusal.detail, acting)
    except Exception as error:  # whatever it is, nothing that came is lost or goes unseen
        if again or _elsewhere(error):
            raise
        _fail(became, error, kept, acting)
    return became


def _understood(
    uow: UnitOfWork, kept: Kept, edited: dict[str, Any] | None, by: tuple[int, Mapping] | None, became: Became
) -> tuple[Mapping, Told]:
    if by is None:
        raise HeldBack("No mapping of this source is in use.", because("inbox_no_mapping"))
    told = read(by[1], edited if edited is not None else _body(kept.body))
    became.at, became.kinds, became.read = told.at, told.kinds, told.shown()
    if told.at > uow.now + FUTURE:
        detail = f"{told.at.isoformat()} lies in the future; it is {uow.now.isoformat()} here."
        raise HeldBack(detail, because("inbox_from_the_future", told_at=stamp(told.at)))
    return by[1], told


def _refused(refusal: ConcordError) -> dict[str, Any]:
    """Return why a command was refused, with the state in which it met the matter."""
    extra = refusal.extra
    if extra.get("machine") == "mission" and extra.get("transition") in machine("mission").states:
        # No way leads there: that is the contradiction, and it is told with both states.
        why = because("inbox_not_now", mission_status=extra["state"], wanted_status=extra["transition"])
        return dict(why["reasons"][0])
    reasons = extra.get("reasons") or because("inbox_refused", slug=refusal.slug)["reasons"]
    state = (extra.get("current") or {}).get("status")
    figures = dict(reasons[0].get("figures") or {}) | ({} if state is None else {"state": state})
    return {"code": reasons[0]["code"], "figures": figures}


async def _do(acting: Acting, told: Told, mapping: Mapping) -> str:
    outcomes: list[str] = []
    if told.unit is not None:
        outcomes += await on_unit(acting, told, mapping)
    if told.mission is not None:
        outcomes += await on_mission(acting, *told.mission)
    if told.incident is not None and mapping.incident is not None:
        outcomes += await on_incident(acting, told.incident, mapping.incident)
    # A position that may be left out, and was: nothing was told.
    return next((outcome for outcome in BEST_FIRST if outcome in outcomes), "noted")


def _elsewhere(error: Exception) -> bool:
    """Whether it is the database: it is away, or had another change go first."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, asyncpg.PostgresError):
            return (cause.sqlstate or "")[:2] not in OF_THE_MESSAGE
        if isinstance(cause, ValueError):  # the driver's own, of a value that it can't send
            return False
        cause = getattr(cause, "orig", None) or cause.__cause__
    return isinstance(error, AWAY)


def _fail(became: Became, error: Exception, kept: Kept, acting: Acting | None) -> None:
    log.error("inbox_failed", message=str(kept.id), source=str(kept.source_id), exc_info=error)
    _held_of(became, type(error).__name__, acting)


def _held_of(became: Became, name: str, acting: Acting | None) -> None:
    _hold(became, because("inbox_failed", error=name)["reasons"][0], f"Working on it failed: {name}.", acting)


def _hold(became: Became, because: dict[str, Any], detail: str, acting: Acting | None) -> None:
    became.outcome, became.because, became.detail, became.call = "quarantined", because, detail, None
    became.effects = []
    if acting is not None:
        acting.take_back()


def _body(raw: bytes) -> Any:
    if too_deep(raw):
        raise HeldBack(f"It is nested more than {DEEPEST} levels deep.", because("inbox_too_deep", most=DEEPEST))
    try:
        return read_json(raw)
    except ConcordError as wrong:
        raise HeldBack(f"It is no JSON: {wrong.detail}", because("inbox_not_json")) from None


async def _matter(uow: UnitOfWork, kept: Kept, source: InboxSource, became: Became) -> None:
    """Have somebody see to it, or be done with it."""
    held = await uow.lock_where(InboxMatter, col(InboxMatter.id) == kept.id)
    if held and became.outcome == "quarantined":
        matter = held[0]
        matter.because, matter.at, matter.tries = became.because, became.at, matter.tries + 1
        record(uow, "still_held", matter)
    elif held and became.call is not None:
        matter = held[0]
        matter.what, matter.because, matter.call = "call", None, became.call
        record(uow, "called", matter)
    elif held:
        settle(uow, held[0], "settle")
        record(uow, "settled", held[0], outcome=became.outcome)
    elif became.outcome == "quarantined" or became.call is not None:
        made = InboxMatter(
            space_id=uow.space,
            id=kept.id,
            source_id=source.id,
            member_id=source.member_id,
            what="quarantine" if became.call is None else "call",
            status=machine("inbox_matter").initial,
            because=became.because if became.call is None else None,
            call=became.call,
            resource_id=became.resource_id,
            mission_id=became.mission_id,
            incident_id=became.incident_id,
            at=became.at,
            held_at=uow.now,
        )
        record(uow, "held" if became.call is None else "called", uow.add(made))


def settle(uow: UnitOfWork, matter: InboxMatter, step: str) -> None:
    """Take a matter's last step."""
    matter.status = machine("inbox_matter").next(matter.status, step)
    matter.settled_at, matter.settled_by_id = uow.now, uow.actor.id


def record(uow: UnitOfWork, what: str, matter: InboxMatter, **data: object) -> None:
    """Record what became of a matter, for its member's eyes."""
    uow.record(f"inbox_matter.{what}", matter, visibility="parties", parties=[matter.member_id], **data)
