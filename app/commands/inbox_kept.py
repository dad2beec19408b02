"""Messages of the inbox as their table keeps them: locked, read, and written with what became of them.

Operational: no journal tells of them. What they did, and what waits for a person, does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson

from app.domain.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from app.store.unit_of_work import UnitOfWork

WORKED_ON: Final = frozenset({"received", "quarantined"})
"""Outcomes after which a message is worked on, again if need be."""

_LOCK: Final = """
    SELECT id, source_id, body, edited, outcome, received_at, tries FROM inbox_message WHERE space_id = $1 AND id = $2
    FOR NO KEY UPDATE
"""
_WRITE: Final = """
    UPDATE inbox_message SET outcome = $3, because = $4::jsonb, detail = $5, at = $6, kinds = $7::jsonb, effects = $8::jsonb,
        resource_id = $9, mission_id = $10, incident_id = $11, mapping_version = $12, edited = $13::jsonb, tries = tries + 1,
        settled_at = $14
    WHERE space_id = $1 AND id = $2
"""
_LAST: Final = "SELECT at FROM inbox_last WHERE space_id = $1 AND kind = $2 AND about = $3"
_NEWER: Final = """
    INSERT INTO inbox_last (space_id, kind, about, at, code) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (space_id, kind, about) DO UPDATE SET at = excluded.at, code = excluded.code
    WHERE inbox_last.at <= excluded.at
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message, locked."""

    id: UUID
    source_id: UUID
    body: bytes
    edited: dict[str, Any] | None
    outcome: str
    received_at: datetime
    tries: int


@dataclass(slots=True)
class Became:
    """What became of a message."""

    outcome: str
    detail: str = ""
    because: dict[str, Any] | None = None
    at: datetime | None = None
    kinds: tuple[str, ...] = ()
    effects: list[dict[str, Any]] = field(default_factory=list)
    resource_id: UUID | None = None
    mission_id: UUID | None = None
    incident_id: UUID | None = None
    call: str | None = None
    mapping_version: int | None = None
    unit: dict[str, Any] | None = None
    """Code, id and call sign of the unit, for whoever tries a mapping."""
    read: dict[str, Any] = field(default_factory=dict)
    """What was read, likewise."""

    def told(self) -> dict[str, Any]:
        """Return it for a receipt."""
        return {"outcome": self.outcome, "because": self.because, "detail": self.detail, "effects": self.effects}


async def locked_message(uow: UnitOfWork, id_: UUID) -> Kept:
    """Return a message of this space, locked: the first lock of whoever works on it.

    Raises:
        NotFound: there is none.
    """
    row = await uow.raw.fetchrow(_LOCK, uow.space, id_)
    if row is None:
        raise NotFound("inbox message", id_)
    edited = row["edited"]
    found = dict(row) | {"edited": orjson.loads(edited) if isinstance(edited, str | bytes) else edited}
    return Kept(**found)


async def write(uow: UnitOfWork, kept: Kept, became: Became, edited: dict[str, Any] | None) -> None:
    """Keep what became of a message."""
    await uow.raw.execute(
        _WRITE, uow.space, kept.id, became.outcome, _json(became.because), became.detail[:1000], became.at,
        _json(list(became.kinds)), _json(became.effects), became.resource_id, became.mission_id, became.incident_id,
        became.mapping_version, _json(edited), uow.now,
    )  # fmt: skip


async def last_told(uow: UnitOfWork, kind: str, about: UUID) -> datetime | None:
    """Return the time of the last thing that was told of a unit or an incident."""
    found: datetime | None = await uow.raw.fetchval(_LAST, uow.space, kind, about)
    return found


async def note_told(uow: UnitOfWork, kind: str, about: UUID, at: datetime, code: str) -> None:
    """Keep the time of what was just told of it."""
    await uow.raw.execute(_NEWER, uow.space, kind, about, at, code[:100])


async def one_at_a_time(uow: UnitOfWork, kind: str, about: UUID) -> None:
    """Lock what messages tell of a unit or an incident: they are worked on one after the other."""
    await uow.raw.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{uow.space}/inbox/{kind}/{about}"
    )  # fmt: skip


def _json(value: object) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
