"""The two units of work, and the only place where anything is committed.

``UnitOfWork`` is for the domain: rows and journal entries in one transaction, READ COMMITTED, locks in one order
(request, request line, offer, agreement, (agreement, type), (lender, type), resources by id, missions by id, everything else, journal
head). ``Operation`` is for what has no journal: sessions, throttles, the audit of refusals.

Locks are taken ``FOR NO KEY UPDATE``: they exclude each other, but not the key-share locks that foreign keys take.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from app.domain import authority
from app.domain.chain import Draft, plain
from app.domain.errors import Conflict, NotFound, StaleRevision
from app.domain.ids import new_id
from app.store import journal
from app.store.engine import driver
from app.store.rows import Rows
from app.store.tables.base import Journaled, Spaced
from app.store.tables.door import DueWork
from app.store.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    import asyncpg
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.domain.authority import Actor
    from app.settings import Settings

LIVE: Final = "live"
Visibility = Literal["public", "corridor", "parties"]
RowT = TypeVar("RowT", bound=Spaced)
AnyRowT = TypeVar("AnyRowT", bound=Journaled)


@dataclass(slots=True)
class Recorded:
    """One entry that the transaction will append."""

    type: str
    subject: Journaled
    visibility: Visibility
    parties: tuple[UUID, ...]
    data: dict[str, Any]
    rows: list[Journaled]
    hides: bool = False
    """Whether it tells its rows as removed, though they are still in their tables."""
    wordless: bool = False
    """Whether it leaves out why."""
    apart: bool = False
    """Whether it was for the corridor, and is for its parties alone."""


_LOCK_STOCK: Final = """
    WITH words AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0)))
    SELECT pg_advisory_xact_lock(hashtextextended($2, 0)) FROM words
"""


@dataclass(slots=True)
class Act:
    """What every entry of a transaction says of the act behind it."""

    command: str
    via: str
    occurred_at: datetime
    why: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What its entries say besides: of which message of a dispatch system it is the effect."""


@dataclass(slots=True)
class UnitOfWork:
    """One transaction of the domain, as a command's handler sees it."""

    connection: AsyncConnection
    raw: asyncpg.Connection[Any]
    space: str
    actor: Actor
    now: datetime
    act: Act
    settings: Settings
    target: UUID | None = None
    revision: int | None = None
    authorised: bool = False
    warnings: list[dict[str, Any]] = field(default_factory=list)
    main: Journaled | None = None
    once: dict[str, Any] | None = None
    """What the receipt shows this once and nothing keeps: the text of a new token."""
    outcome: dict[str, Any] | None = None
    """What the receipt tells in place of rows, where these would be thousands."""
    last_seq: int = 0
    """Where the journal of the space ends, once this transaction has added to it."""
    pace: int = 1
    """How many times as fast as the wall's clock time goes in this space: a drill's speed."""
    soonest: datetime | None = None
    """When the first thing falls due that was put down in this space."""
    _events: list[Recorded] = field(default_factory=list)
    _touched: dict[int, Journaled] = field(default_factory=dict)
    """Rows that are new, changed or removed, by their identity; each has its new revision."""
    _rows: Rows = field(init=False)
    _states: dict[int, dict[str, Any]] = field(default_factory=dict)
    """States of rows, once all is written."""
    _beside: list[UnitOfWork] = field(default_factory=list)
    """Those of other spaces in the same transaction."""
    _removed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Begin with no row known."""
        self._rows = Rows(self.connection, self.raw)

    # ------------------------------------------------------------ another space

    def beside(self, space: str, *, actor: Actor | None = None, act: Act | None = None) -> UnitOfWork:
        """Return what changes another space in this same transaction: a drill has a plan in live and a clock in its own space.

        It has rows and entries of its own, and is written with this one. Where ``actor`` is named (a virtual player), it is
        that one's act. Within the same space time goes as fast as it does here.
        """
        other = UnitOfWork(
            self.connection, self.raw, space, actor or self.actor, self.now, act or self.act, self.settings
        )  # fmt: skip
        if space == self.space:
            other.pace = self.pace
        self._beside.append(other)
        return other

    def forget(self, other: UnitOfWork) -> None:
        """Have nothing written of what was begun beside: its statements were taken back."""
        self._beside.remove(other)

    def appended(self) -> list[tuple[str, int]]:
        """Return the last seq of each space whose journal this transaction has added to, once it is finished."""
        return [(unit.space, unit.last_seq) for unit in (self, *self._beside) if unit.last_seq]

    def first_due(self) -> datetime | None:
        """Return when the first thing falls due that this transaction has put down, in any space; None if it has put down nothing."""
        return min((unit.soonest for unit in (self, *self._beside) if unit.soonest is not None), default=None)

    # ------------------------------------------------------------ time

    def lasting(self, time: timedelta) -> timedelta:
        """Return for how long something lasts by the wall's clock that has so much time in this space."""
        return time / self.pace

    # ------------------------------------------------------------ authority

    def authorise(
        self,
        sides: Mapping[str, Collection[UUID]] | None = None,
        *,
        command: str | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        """Check the actor against ``protocols/authority.yaml``; the door refuses a handler that never does.

        ``sides`` names the members on each side of the matter ({"requester": {id}, "lender": {id}}).

        Raises:
            RoleMissing, ScopeMissing: the actor may not.
        """
        named = {side: frozenset(members) for side, members in (sides or {}).items()}
        authority.check(command or self.act.command, self.actor, named, facts or {})
        self.authorised = True

    def may(self, command: str, sides: Mapping[str, Collection[UUID]], facts: Mapping[str, str] | None = None) -> bool:
        """Return whether the actor may also do ``command`` here, without refusing."""
        named = {side: frozenset(members) for side, members in sides.items()}
        return authority.may(command, self.actor, named, facts or {})

    def sees(self, *members: UUID | None) -> bool:
        """Return whether the actor belongs to one of ``members`` (the service itself sees everything)."""
        return self.actor.member_id is None or self.actor.member_id in members

    # ------------------------------------------------------------ rows

    async def get(self, table: type[RowT], id_: UUID) -> RowT:
        """Return the row, not locked.

        Raises:
            NotFound: no such row in this space.
        """
        row = await self._rows.get(table, self.space, id_)
        if row is None:
            raise NotFound(table.KIND, id_)
        return row

    async def lock(self, table: type[RowT], id_: UUID) -> RowT:
        """Return the row as it is after its lock was won.

        Raises:
            NotFound: no such row in this space.
        """
        await self.flush()
        row = await self._rows.lock(table, self.space, id_)
        if row is None:
            raise NotFound(table.KIND, id_)
        return row

    async def lock_free(self, table: type[AnyRowT], id_: UUID) -> AnyRowT:
        """Return the row of a table without spaces (users, tokens), as it is after its lock was won.

        Raises:
            NotFound: no such row.
        """
        await self.flush()
        row = await self._rows.lock(table, id_)
        if row is None:
            raise NotFound(table.KIND, id_)
        return row

    async def lock_where(self, table: type[AnyRowT], *where: ColumnElement[bool]) -> list[AnyRowT]:
        """Return the rows of this space (or of a table without spaces) that fit, locked in the order of their ids.

        What this transaction has changed is written first: the rows are read anew.
        """
        await self.flush()
        return await self._rows.find(table, *self._of_space(table), *where, lock=True)

    async def lock_target(self, table: type[RowT]) -> RowT:
        """Lock the row the command is about, and compare the revision the actor started from, if one was sent.

        Raises:
            NotFound: no such row in this space.
            StaleRevision: somebody changed it since.
        """
        row = await self.lock(table, self.require_target())
        self.expect_revision(row)
        return row

    def known_state(self, kind: str) -> dict[str, Any] | None:
        """Return the state of the command's target as this transaction read it, if it is of ``kind``: for refusals."""
        for row in self._rows:
            if isinstance(row, Spaced) and kind == row.KIND and row.id == self.target:
                return row.state()
        return None

    def require_target(self) -> UUID:
        """Return what the command is about; the entrypoint takes it from the address."""
        if self.target is None:
            message = f"{self.act.command} was called without a target"
            raise RuntimeError(message)
        return self.target

    def expect_revision(self, row: Journaled) -> None:
        """Refuse with the present state if the actor started from another revision of ``row``."""
        if self.revision is not None and self.revision != row.revision:
            raise StaleRevision(row.KIND, self.revision, row.state())

    async def find(self, table: type[AnyRowT], *where: ColumnElement[bool]) -> list[AnyRowT]:
        """Return the rows of this space (or of a table without spaces) that fit, in the order of their ids, not locked."""
        return await self._rows.find(table, *self._of_space(table), *where)

    def _of_space(self, table: type[Journaled]) -> tuple[ColumnElement[bool], ...]:
        return (col(table.space_id) == self.space,) if issubclass(table, Spaced) else ()

    def add(self, row: AnyRowT) -> AnyRowT:
        """Have the row inserted with this transaction."""
        self._rows.add(row)
        return row

    async def remove(self, row: Journaled) -> None:
        """Have the row deleted with this transaction; the entry that tells it names its id alone."""
        self._rows.remove(row)
        self.revise(row)
        self._removed.add(id(row))

    def gone(self, row: AnyRowT) -> AnyRowT:
        """Have an entry tell ``row``, which is in no table any more, as removed: for what is told again."""
        self._removed.add(id(row))
        self._states[id(row)] = {"id": plain(row.id), "revision": row.revision}  # type: ignore[attr-defined]  # every one has it
        return row

    def is_changed(self, row: Journaled) -> bool:
        """Return whether this transaction has changed the row, as far as it has been written."""
        return id(row) in self._touched

    def revise(self, row: Journaled) -> None:
        """Give the row its next revision, once in a transaction; for a row whose own columns stay and whose parts change."""
        if id(row) not in self._touched:
            self._touched[id(row)] = row
            row.revision += 1

    async def lock_cap(self, agreement_id: UUID, type_code: str) -> None:
        """Lock (agreement, type) for this transaction: whoever counts what runs under a capped agreement holds this.

        After the agreement itself and before (lender, type): two lenders under one agreement meet here.
        """
        await self.raw.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{self.space}/cap/{agreement_id}/{type_code}"
        )

    async def lock_stock(self, lender: UUID, type_code: str) -> None:
        """Lock (lender, type) for this transaction: whoever counts what a lender has left holds this. Its own word stays as it is."""
        await self.raw.execute(_LOCK_STOCK, f"{self.space}/words/{lender}", f"{self.space}/{lender}/{type_code}")

    async def lock_words(self, lender: UUID) -> None:
        """Lock a lender's own word, that it can or cannot: whoever changes it waits for those who count with it, and they for it."""
        await self.raw.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{self.space}/words/{lender}")

    # ------------------------------------------------------------ what happened

    def record(
        self,
        type_: str,
        subject: Journaled,
        *rows: Journaled,
        visibility: Visibility = "corridor",
        parties: Sequence[UUID] = (),
        **data: Any,
    ) -> None:
        """Have an entry appended at commit: ``type_`` in the past tense, the state of ``subject`` and ``rows`` in it.

        The first subject recorded is what the receipt is about. Every changed row must stand in some entry, or the
        transaction fails: a change that the journal doesn't tell is a defect.
        """
        if self.main is None:
            self.main = subject
        unique = tuple(sorted(set(parties)))
        self._events.append(Recorded(type_, subject, visibility, unique, data, [subject, *rows]))

    def record_hidden(self, type_: str, subject: Journaled, *rows: Journaled) -> None:
        """Have an entry tell the corridor that these rows are not for its eyes any more: as removed, and without a word.

        Record them whole right after, by the eyes that go on seeing them: a fold of both is what each of them sees.
        """
        self.record(type_, subject, *rows)
        self._events[-1].hides = True

    def tell_apart(self, event: Recorded, parties: Sequence[UUID], for_all: Sequence[Journaled]) -> None:
        """Have an entry that was for the corridor told to these members alone; the corridor is told ``for_all`` of its rows, as units are."""
        event.visibility, event.parties, event.apart = "parties", tuple(sorted(set(parties))), True
        if for_all:
            apart = {id(row) for row in for_all}
            event.rows = [row for row in event.rows if id(row) not in apart]
            beside = Recorded("resource.status_set", for_all[0], "corridor", (), {}, list(for_all))
            self._events.insert(self._events.index(event) + 1, beside)

    def say_no_why(self) -> None:
        """Leave out of what the corridor is told why it was done."""
        for event in self._events:
            event.wordless = event.visibility != "parties"

    def recorded(self) -> tuple[Recorded, ...]:
        """Return what was recorded until now, in its order."""
        return tuple(self._events)

    def warn(self, code: str, detail: str, **figures: Any) -> None:
        """Add a warning to the receipt: it went through, and somebody should know this."""
        self.warnings.append({"code": code, "detail": detail, **figures})

    def later(
        self,
        command: str,
        at: datetime,
        target: UUID,
        body: Mapping[str, Any] | None = None,
        *,
        space: str | None = None,
    ) -> None:
        """Have ``command`` carried out by the service itself at ``at``, if its time still comes; in this space, or another."""
        of = space or self.space
        self.soonest = at if self.soonest is None else min(at, self.soonest)
        self._rows.add(
            DueWork(
                id=new_id(),
                space_id=of,
                command=command,
                target=target,
                body=dict(body or {}),
                due_at=at,
                made_at=self.now,
            )
        )

    # ------------------------------------------------------------ the end

    async def flush(self) -> None:
        """Send pending rows to the database now, so that later statements and constraints see them."""
        for row in self._rows.new():
            if isinstance(row, Journaled):
                self._touched.setdefault(id(row), row)
        changed = await self._rows.changed()
        for row in changed:
            if isinstance(row, Journaled):
                self.revise(row)
        await self._rows.write(changed)

    async def finish(self) -> journal.Appended | None:
        """Write the rows, then append the entries: the journals' heads are locked last, that of live before a drill's.

        Raises:
            RuntimeError: a row was changed that no entry tells.
        """
        units = [self, *self._beside]
        for unit in units:
            await unit.write()
        found: journal.Appended | None = None
        for unit in sorted(units, key=lambda each: (each.space != LIVE, each.space)):
            appended = await unit.append()
            if unit is self:
                found = appended
        return found

    def require_live(self) -> None:
        """Refuse, from any other space, what belongs to none: users, tokens, webhooks are the same wherever one plays.

        Raises:
            Conflict: this is another space.
        """
        if self.space != LIVE:
            message = "What belongs to no space is changed from the live one alone."
            raise Conflict(message, hint="Send it again in live.")

    async def write(self) -> None:
        """Write the rows of this space; every change of one is told by an entry.

        Raises:
            Conflict: one belongs to no space, and this is not the live one.
            RuntimeError: one is not told.
        """
        await self.flush()
        if not all(isinstance(row, Spaced) for row in self._touched.values()):
            self.require_live()
        told = {id(row) for event in self._events if not event.hides for row in event.rows}
        for key, row in self._touched.items():
            if key not in told:
                message = f"{self.act.command} changed a {row.KIND} and recorded nothing of it"
                raise RuntimeError(message)

    async def append(self) -> journal.Appended | None:
        """Append this space's entries to its journal. Locks the head."""
        if not self._events:
            return None
        drafts, turns = [], Turns()
        for event in self._events:
            for row in event.rows:
                await turns.due()
                self.state_of(row)
            drafts.append(self._draft(event))
        appended = await journal.append(
            self.raw, space=self.space, actor=self.actor.ref, recorded_at=self.now, drafts=drafts
        )
        self.last_seq = appended.last_seq
        return appended

    def _draft(self, event: Recorded) -> Draft:
        rows: dict[str, list[dict[str, Any]]] = {}
        for row in event.rows:
            rows.setdefault(row.KIND, []).append(self._told(row, hidden=event.hides))
        act = self.act
        data: dict[str, Any] = {
            "command": act.command,
            "via": act.via,
            "occurred_at": act.occurred_at,
            "member_id": self.actor.member_id,
            **act.extra,
            **event.data,
        }
        if act.why and not (event.hides or event.wordless):
            data["why"] = act.why
        subject_id: UUID = event.subject.id  # type: ignore[attr-defined]  # every journaled table has one
        return Draft(
            type=event.type,
            subject_kind=event.subject.KIND,
            subject_id=subject_id,
            visibility=event.visibility,
            parties=event.parties if event.visibility == "parties" else (),
            payload={"data": data, "rows": rows},
        )

    def state_of(self, row: Journaled) -> dict[str, Any]:
        """Return the state of a row, once all is written: entry and receipt say the same of it."""
        state = self._states.get(id(row))
        if state is None:
            state = self._states[id(row)] = row.state()
        return state

    def _told(self, row: Journaled, *, hidden: bool = False) -> dict[str, Any]:
        """Return the row as an entry tells it: its state, or that it is gone."""
        state = self.state_of(row)
        if id(row) not in self._removed and not hidden:
            return state
        return {"id": state["id"], "revision": state["revision"], "removed": True}

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Return the state of every row that the entries tell, each once, by kind; of those told apart, to who is told them."""
        seen: set[int] = set()
        found: dict[str, list[dict[str, Any]]] = {}
        for event in self._events:
            if event.hides or (event.apart and not self.sees(*event.parties)):
                continue
            for row in event.rows:
                if id(row) not in seen:
                    seen.add(id(row))
                    found.setdefault(row.KIND, []).append(self._told(row))
        return found


@asynccontextmanager
async def unit_of_work(
    engine: AsyncEngine,
    *,
    space: str,
    actor: Actor,
    now: datetime,
    act: Act,
    settings: Settings,
    target: UUID | None = None,
    revision: int | None = None,
) -> AsyncIterator[UnitOfWork]:
    """Open the domain's transaction. It ends rolled back unless ``commit`` was called inside."""
    async with engine.connect() as connection:
        _ = await connection.begin()
        raw = await driver(connection)
        yield UnitOfWork(connection, raw, space, actor, now, act, settings, target, revision)


async def commit(uow: UnitOfWork) -> None:
    """Make the transaction durable: the door's last step, before any response is built."""
    await uow.connection.commit()


@dataclass(slots=True)
class Operation:
    """One transaction without a journal, for operational tables."""

    raw: asyncpg.Connection[Any]

    @staticmethod
    def json(value: object) -> str:
        """Return ``value`` as a statement's ``$n::jsonb`` takes it."""
        return orjson.dumps(value).decode()


@asynccontextmanager
async def operation(engine: AsyncEngine) -> AsyncIterator[Operation]:
    """Open an operational transaction; it commits when the block ends well."""
    async with engine.begin() as connection:
        yield Operation(await driver(connection))
