"""The other side of the bench ``commands``: the statements that commands come to, recorded once, and sent again by bare asyncpg.

They are the very statements, with the very arguments, in the very transactions: recorded while the whole application carried
out an errand over HTTP. Sent again, every id, key and short code that was new then is new again; hashes and times stay as
they were, for the database does not look at them. What the application does to arrive at them is not repeated.
"""

from __future__ import annotations

import re
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import event
from typing_extensions import override

from app.domain.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_SHORT_CODE: Final = re.compile(r"\bR-[0-9A-Z]{5}\b")
_MILLISECOND: Final = 80
"""By how much a UUID of version 7 is shifted to leave its time (RFC 9562, 5.7)."""


class Statement(NamedTuple):
    """A statement as it was sent; with ``many``, for each of the rows in ``args``."""

    sql: str
    args: tuple[Any, ...]
    many: bool = False


class Recorded(NamedTuple):
    """What an errand came to, and when it began: ids that are younger were made in it (seconds since 1970)."""

    began: float
    transactions: list[list[Statement]]


@dataclass(slots=True)
class Recorder:
    """Notes the statements of transactions, in their order, on every connection that an engine opens from now on."""

    transactions: list[list[Statement]] = field(default_factory=list)
    _open: list[Statement] | None = None

    def attach(self, engine: AsyncEngine) -> None:
        """Note what SQLAlchemy prepares, and what is sent past it on its driver's connections."""
        event.listen(engine.sync_engine, "before_cursor_execute", self._prepared)
        event.listen(engine.sync_engine, "do_connect", self._connecting)

    def note(self, sql: str, args: tuple[Any, ...]) -> None:
        """Take a statement in, if a transaction is open."""
        word = sql.strip(" ;\n").upper()
        if word.startswith("BEGIN"):
            self._open = []
        elif word == "COMMIT":
            if self._open:
                self.transactions.append(self._open)
            self._open = None
        elif word == "ROLLBACK":
            self._open = None
        elif self._open is not None:
            self._open.append(Statement(sql, args))

    def _prepared(self, _conn: Any, _cursor: Any, sql: str, args: Any, _context: Any, many: bool) -> None:
        if self._open is not None:
            self._open.append(Statement(sql, tuple(args), many))

    def _connecting(self, _dialect: Any, _record: Any, _args: Any, kwargs: dict[str, Any]) -> None:
        kwargs["connection_class"] = _noting(self.note)


def _noting(note: Callable[[str, tuple[Any, ...]], None]) -> type[asyncpg.Connection[Any]]:
    class Noting(asyncpg.Connection):  # type: ignore[misc]  # published without types
        """A connection that tells what it is asked."""

        @override
        async def execute(self, query: str, *args: Any, timeout: float | None = None) -> Any:
            note(query, args)
            return await super().execute(query, *args, timeout=timeout)

        @override
        async def fetch(self, query: str, *args: Any, **kwargs: Any) -> Any:
            note(query, args)
            return await super().fetch(query, *args, **kwargs)

        @override
        async def fetchrow(self, query: str, *args: Any, **kwargs: Any) -> Any:
            note(query, args)
            return await super().fetchrow(query, *args, **kwargs)

        @override
        async def fetchval(self, query: str, *args: Any, **kwargs: Any) -> Any:
            note(query, args)
            return await super().fetchval(query, *args, **kwargs)

    return Noting


@contextmanager
def recording(recorder: Recorder) -> Iterator[list[list[Statement]]]:
    """Yield the list of the transactions that are committed while this is open."""
    recorder.transactions = []
    yield recorder.transactions


class Again:
    """One errand's transactions on a connection, over and over, one at each step.

    What is sent is made ready before it is measured.
    """

    def __init__(self, conn: asyncpg.Connection[Any], errand: Recorded, name: str) -> None:
        self.conn = conn
        self._errand = errand
        self._name = name
        self._number = 0
        self._ready: deque[list[Statement]] = deque()

    def make_ready(self, commands: int) -> None:
        """Have at least so many commands ready to be sent."""
        while len(self._ready) < commands:
            self._number += 1
            renew = _Renewal(self._errand.began, f"{self._name}-{self._number}")
            for transaction in self._errand.transactions:
                self._ready.append([s._replace(args=renew.value(s.args)) for s in transaction])

    async def step(self) -> None:
        """Carry out one command's transaction."""
        if not self._ready:
            self.make_ready(1)
        async with self.conn.transaction():
            for sql, args, many in self._ready.popleft():
                if many:
                    await self.conn.executemany(sql, args)
                else:
                    await self.conn.fetch(sql, *args)


class _Renewal:
    """New ids and codes for those that were new when the errand was recorded, the same one everywhere."""

    def __init__(self, began: float, code: str) -> None:
        self._since_ms = int(began * 1000)
        self._code = code
        self._ids: dict[UUID, UUID] = {}

    def value(self, value: Any) -> Any:
        """Return ``value`` with what has to be new in it."""
        if isinstance(value, UUID):
            return self._id(value)
        if isinstance(value, str):
            text = _UUID.sub(lambda found: str(self._id(UUID(found[0]))), value)
            return _SHORT_CODE.sub(self._code, text)
        if isinstance(value, tuple | list):
            return type(value)(self.value(item) for item in value)
        return value

    def _id(self, id_: UUID) -> UUID:
        if id_.int >> _MILLISECOND < self._since_ms:
            return id_
        found = self._ids.get(id_)
        if found is None:
            found = self._ids[id_] = new_id()
        return found
