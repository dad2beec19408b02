"""The door: every change of the domain passes here, from every entrypoint.

execute(command)  ──▶ may this actor ever?  ──▶ transaction:
1  the handler: locks, checks authority and state, changes rows, records events; authorities that are to know are told
2  rows are written, entries appended (the head is locked last), the key is stored
3  COMMIT  ──▶ a hint with the seq  ──▶ the receipt
a deadlock or a lost race  ──▶ again, a few times          a refusal ──▶ audit, in a transaction of its own
a key that was used before  ──▶ the first receipt

Nearly every key is new, so none is looked up before something speaks against it: storing it a second time fails, or the
state that the first message left refuses the second one.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncpg
import orjson
import structlog
from sqlalchemy.exc import DBAPIError

from app.commands.afterwards import afterwards
from app.commands.at_work import AtWork
from app.commands.frozen import require_open
from app.commands.patients import refuse_texts
from app.commands.receipt import Receipt
from app.commands.registry import BY_MODEL, Command, Entry
from app.domain import authority
from app.domain.because import because
from app.domain.clock import Clock, SystemClock
from app.domain.errors import (
    ConcordError,
    Conflict,
    Duplicate,
    FieldError,
    KeyReused,
    NotFound,
    OutOfRange,
    TransitionNotAllowed,
    Unavailable,
)
from app.store.engine import reading
from app.store.unit_of_work import LIVE, Act, UnitOfWork, commit, operation, unit_of_work
from app.telemetry import COMMAND_RETRIES, COMMAND_SECONDS, COMMANDS, JOURNAL_SEQ

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.domain.authority import Actor
    from app.settings import Settings

log = structlog.get_logger(__name__)

T = TypeVar("T")

ATTEMPTS: Final = 6
AT_ONCE: Final = 8
"""Commands that one process carries out at a time; the others wait here, where they hold no lock. A command is many short waits
for the database and as many turns of one processor: fifty at once would each hold its locks for as long as all fifty take."""
LOCK_PATIENCE_S: Final = 15
"""For how long after its first attempt a command that did not get its lock in time begins again, before its sender is told to. It has
let go of what it held, so that who waits for that goes on, and it begins again alone. One attempt waits for
`CONCORD_LOCK_TIMEOUT_MS` at most."""
AUDITED_PER_MINUTE: Final = 60
"""Refusals of one actor that one process writes down in a minute; more say nothing new."""
FUTURE: Final = timedelta(minutes=2)
"""How far ahead of ours another clock may be before what it says is refused."""

RACES: Final[frozenset[str]] = frozenset(
    {
        "pk_idempotency",
        "uq_agreement_space_id_code",
        "uq_incident_space_id_ref",
        "uq_request_space_id_ref",
        "uq_corridor_singleton",
        "uq_member_space_id_code",
        "uq_crossing_space_id_code",
        "uq_rendezvous_space_id_code",
        "uq_rendezvous_space_id_guide_code",
        "uq_depot_space_id_member_id_code",
        "uq_drill_space_id_code",
        "uq_corrective_action_space_id_ref",
        "uq_claim_space_id_ref",
        "uq_claim_mission_space_id_mission_id",
        "uq_exchange_rate_space_id_base_quote_day",
        "uq_resource_call_sign",
        "uq_contact_space_id_member_id_code",
        "uq_external_id_current",
        "uq_response_space_id_request_id_member_id",
        "uq_protocol_overlay_space_id_member_id_code",
        "ix_incident_protocol_current",
    }
)
"""Unique constraints whose violation means that somebody else was first, or a short code was drawn twice: run again.
The handler then finds what is taken, and refuses with it."""


@dataclass(slots=True)
class Door:
    """The one way to change anything. One a process; it holds no state that matters."""

    engine: AsyncEngine
    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    on_commit: Callable[[str, int], None] = lambda _space, _seq: None
    on_doubt: Callable[[UUID], None] = lambda _user: None
    """Told of a user whose session ended: no journal tells of it."""
    on_due: Callable[[datetime], None] = lambda _at: None
    """Told when something falls due that a command has put down, after its commit; nobody may rely on it."""
    _audited: dict[str, deque[float]] = field(default_factory=dict)
    _at_work: AtWork = field(default_factory=lambda: AtWork(AT_ONCE))

    async def execute(
        self,
        command: Command,
        *,
        actor: Actor,
        space: str,
        key: str | None = None,
        target: UUID | None = None,
        revision: int | None = None,
    ) -> Receipt:
        """Carry out ``command`` and return its receipt, after it is durable.

        ``key`` makes a repeat harmless for 24 hours; ``target`` is what the command is about; ``revision`` is the one
        the actor started from.

        Raises:
            ConcordError: refused; nothing was changed.
        """
        entry = BY_MODEL[type(command)]
        started = time.perf_counter()
        try:
            authority.may_ever(entry.name, actor)
            call = _Call(
                entry, command, actor, space, key, target, revision, _digest(entry.name, target, revision, command)
            )
            receipt = await self._first_or(call)
        except ConcordError as refusal:
            COMMANDS.labels(entry.name, refusal.slug).inc()
            await self._audit(entry, actor, space, target, refusal)
            raise
        COMMANDS.labels(entry.name, "done").inc()
        COMMAND_SECONDS.labels(entry.name).observe(time.perf_counter() - started)
        return receipt

    async def rehearse(
        self, command: Command, *, actor: Actor, space: str, target: UUID | None = None
    ) -> dict[str, Any]:
        """Carry out ``command``, take all of it back, and return its outcome: what it would do. Holds its locks meanwhile.

        Raises:
            ConcordError: the refusal that it would meet.
        """
        entry = BY_MODEL[type(command)]
        authority.may_ever(entry.name, actor)
        call = _Call(entry, command, actor, space, None, target, None, b"")
        return await self._again(entry.name, lambda _again: self._attempt_and_undo(call))

    async def _first_or(self, call: _Call) -> Receipt:
        """Carry the call out; a refusal by what the very same call did a moment before is no refusal.

        A client that hears nothing sends its message again. While the first one is still at work its key can't be seen:
        the second waits at a lock, then finds the state that the first one made, and is refused by it.
        """
        try:
            return await self._persist(call)
        except (KeyReused, Unavailable):
            raise
        except ConcordError:
            if call.key is None:
                raise
            async with reading(self.engine) as conn:
                first = await _repeat(conn, call)
            if first is None:
                raise
            return first

    async def _persist(self, call: _Call) -> Receipt:
        return await self._again(call.entry.name, lambda again: self._attempt(call, again=again))

    async def _again(self, name: str, attempt: Callable[[bool], Awaitable[T]]) -> T:
        """Run a transaction, again after a deadlock or a lost race, at most ``ATTEMPTS`` times, and after a lock that was not to be had
        for ``LOCK_PATIENCE_S``: then when no other command is at work here, for those are what it would wait for again.
        """
        began, beside = time.monotonic(), True
        for number in range(ATTEMPTS):
            try:
                async with self._at_work.one() if beside else self._at_work.alone():
                    return await attempt(number > 0)
            except (DBAPIError, asyncpg.PostgresError) as error:
                if isinstance(cause := _cause(error), asyncpg.LockNotAvailableError):
                    waited_s = time.monotonic() - began
                    log.warning("lock_not_available", command=name, waited_s=round(waited_s, 1), where=cause.context)
                    if waited_s < LOCK_PATIENCE_S and number + 1 < ATTEMPTS:
                        COMMAND_RETRIES.inc()
                        beside = False
                        continue
                if (refusal := _refusal_of(error)) is not None:
                    raise refusal from error
                if not _worth_another_try(error):
                    raise
                COMMAND_RETRIES.inc()
                await asyncio.sleep(random.uniform(0, 0.01 * 2**number))  # noqa: S311 - jitter, no secret
        message = f"{name} met other changes {ATTEMPTS} times in a row."
        raise Unavailable(message)

    def _transaction(self, call: _Call) -> AbstractAsyncContextManager[UnitOfWork]:
        now = self.clock.now()
        act = _act(call.entry.name, call.command, call.actor, now)
        return unit_of_work(
            self.engine,
            space=call.space,
            actor=call.actor,
            now=now,
            act=act,
            settings=self.settings,
            target=call.target,
            revision=call.revision,
        )

    async def _attempt_and_undo(self, call: _Call) -> dict[str, Any]:
        async with self._transaction(call) as uow:
            _ = await require_open(uow)
            await call.entry.handler(uow, call.command)
            await refuse_texts(uow, call.command)
            await uow.flush()  # what only the database can refuse is refused here
            return uow.outcome or {}

    async def _attempt(self, call: _Call, *, again: bool) -> Receipt:
        async with self._transaction(call) as uow:
            if again and call.key is not None and (first := await _repeat(uow.raw, call)) is not None:
                return first
            drill_id = await require_open(uow)
            try:
                await call.entry.handler(uow, call.command)
            except TransitionNotAllowed as refusal:
                refusal.extra.setdefault("current", uow.known_state(refusal.extra["machine"]))
                raise
            await refuse_texts(uow, call.command)
            await afterwards(uow)
            if drill_id is not None:
                uow.later("advance_drill", uow.now, drill_id, space=LIVE)
            receipt = await self._conclude(uow, call.entry)
            if call.key is not None:
                await _remember(uow, call, receipt)
            await commit(uow)
        for space, seq in uow.appended():
            self.hint(space, seq)
        if (at := uow.first_due()) is not None:
            self.on_due(at)
        return receipt

    async def _conclude(self, uow: UnitOfWork, entry: Entry) -> Receipt:
        """Write what the handler did, append the entries, and build the receipt (inside the transaction)."""
        if not uow.authorised:
            message = f"{entry.name} never asked whether its actor may"
            raise RuntimeError(message)
        appended = await uow.finish()
        if uow.main is None:
            message = f"{entry.name} recorded nothing"
            raise RuntimeError(message)
        state = uow.state_of(uow.main)
        return Receipt(
            command=entry.name,
            seq=appended.last_seq if appended else 0,
            recorded_at=uow.now,
            kind=uow.main.KIND,
            id=state["id"],
            revision=state["revision"],
            subject=state,
            rows=uow.rows() if uow.outcome is None else {},
            warnings=uow.warnings,
            outcome=uow.outcome,
            once=uow.once,
        )

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place among the commands that this process carries out at a time: for due work that somebody waits for."""
        async with self._at_work.one():
            yield

    def hint(self, space: str, seq: int) -> None:
        """Tell whoever listens that the journal of ``space`` is at ``seq``; nobody may rely on it."""
        JOURNAL_SEQ.labels(space).set(seq)
        self.on_commit(space, seq)

    # ------------------------------------------------------------ refusals

    async def _audit(self, entry: Entry, actor: Actor, space: str, target: UUID | None, refusal: ConcordError) -> None:
        """Write the refusal down in a transaction of its own; never more than ``AUDITED_PER_MINUTE`` for one actor."""
        name, detail = entry.name, refusal.title if entry.model.CONFIDES else refusal.detail
        if actor.id is None:
            return
        recent = self._audited.setdefault(actor.ref, deque())
        now = time.monotonic()
        while recent and recent[0] < now - 60:
            recent.popleft()
        if len(recent) >= AUDITED_PER_MINUTE:
            return
        recent.append(now)
        try:
            async with operation(self.engine) as tx:
                await tx.raw.execute(
                    "INSERT INTO audit (at, space_id, actor, member_id, command, target, slug, detail)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    self.clock.now(), space, actor.ref, actor.member_id, name, target, refusal.slug, detail[:1000],
                )  # fmt: skip
        except (DBAPIError, asyncpg.PostgresError, OSError) as error:
            log.warning("audit_failed", command=name, error=repr(error))


@dataclass(frozen=True, slots=True)
class _Call:
    entry: Entry
    command: Command
    actor: Actor
    space: str
    key: str | None
    target: UUID | None
    revision: int | None
    digest: bytes


def _digest(name: str, target: UUID | None, revision: int | None, command: Command) -> bytes:
    body = command.model_dump(mode="json", exclude=command.said_otherwise())
    said = [name, target and str(target), revision, body]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()


def _act(name: str, command: Command, actor: Actor, now: datetime) -> Act:
    occurred: datetime | None = getattr(command, "occurred_at", None)
    if occurred is not None and occurred > now + FUTURE:
        message = f"occurred_at {occurred.isoformat()} lies in the future; it is {now.isoformat()} here."
        raise OutOfRange(
            message, errors=[FieldError("/occurred_at", OutOfRange.slug, message)], extra=because("in_the_future")
        )
    return Act(command=name, via=actor.via, occurred_at=occurred or now, why=getattr(command, "why", None))


async def _repeat(conn: asyncpg.Connection[Any], call: _Call) -> Receipt | None:
    """Return the receipt that was given under this key. Raises ``KeyReused`` where it was for another message."""
    row = await conn.fetchrow(
        "SELECT digest, receipt FROM idempotency WHERE space_id = $1 AND actor = $2 AND key = $3",
        call.space, call.actor.ref, call.key,
    )  # fmt: skip
    if row is None:
        return None
    if row["digest"] != call.digest:
        message = f"The key {call.key!r} came first with another message."
        raise KeyReused(message)
    return Receipt.model_validate(row["receipt"])


async def _remember(uow: UnitOfWork, call: _Call, receipt: Receipt) -> None:
    await uow.raw.execute(
        "INSERT INTO idempotency (space_id, actor, key, digest, receipt, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        call.space, call.actor.ref, call.key, call.digest, receipt.model_dump_json(exclude={"once"}), uow.now,
    )  # fmt: skip


def _cause(error: BaseException) -> asyncpg.PostgresError | None:
    """Return PostgreSQL's own error beneath SQLAlchemy's wrapping, if it is one."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, asyncpg.PostgresError):
            return seen
        seen = getattr(seen, "orig", None) or seen.__cause__
    return None


def _worth_another_try(error: BaseException) -> bool:
    cause = _cause(error)
    if isinstance(cause, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
        return True
    return isinstance(cause, asyncpg.UniqueViolationError) and cause.constraint_name in RACES


def _refusal_of(error: BaseException) -> ConcordError | None:
    """Return the refusal that PostgreSQL's error stands for, where it is one and no defect."""
    cause = _cause(error)
    if isinstance(cause, asyncpg.LockNotAvailableError):
        return Unavailable("Another change held what this one needs for too long.")
    if isinstance(cause, asyncpg.ForeignKeyViolationError) and (cause.constraint_name or "").endswith("_space_id"):
        return NotFound("space", "of that name")
    if isinstance(cause, asyncpg.UniqueViolationError) and cause.constraint_name == "uq_mission_resource_busy":
        return Conflict("The unit is already on a mission.", extra=because("unit_busy"))
    if isinstance(cause, asyncpg.UniqueViolationError) and cause.constraint_name == "uq_user_account_login":
        return Duplicate("Another user signs in under this name.")
    return None
