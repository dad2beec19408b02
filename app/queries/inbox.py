"""The inbox as its member sees it: its sources, how their messages are read, what came, and what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.domain.inbox.depth import text_of, told_in
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

LATELY: Final = timedelta(hours=24)
_MESSAGES: Final = "SELECT * FROM inbox_message"


class InboxSourceView(Row):
    """A member's dispatch system that may tell us something, without its secrets."""

    member_id: UUID
    label: str
    source: str
    """Whose codes it uses, among the external ids."""
    space_kinds: list[str]
    """`live`, `exercise`, `integration`."""
    per_minute: int
    status: str
    """`active`, `paused`, `removed`."""
    mapping_version: int | None
    """By which its messages are read; null: none, and all of them are quarantined."""
    old_secret_until: datetime | None
    """Until when the secret before this one counts."""
    created_at: datetime


class InboxHealth(ReadModel):
    """How a source is doing."""

    status: str
    mapping_version: int | None
    last_at: datetime | None
    """When its last message came."""
    last_applied_at: datetime | None
    """When the last one came that changed something."""
    held: int
    """Messages that wait for a person, in all spaces."""
    held_in: dict[str, int]
    """The same by space, where any wait."""
    calls: int
    """Units that called and were not answered, in all spaces."""
    today: dict[str, int]
    """Messages of the last 24 hours, by outcome."""


class InboxMappingView(Row):
    """One version of how a source's messages are read."""

    source_id: UUID
    version: int
    status: str
    """`draft`, `in_use`, `replaced`."""
    title: str
    note: str | None
    created_at: datetime
    created_by_id: UUID | None
    tried_at: datetime | None
    """When it was first tried on a message; null: never, and it can't be turned on."""
    turned_on_at: datetime | None
    turned_on_by_id: UUID | None


class InboxMappingDetail(InboxMappingView):
    """One version, with what it says."""

    mapping: dict[str, Any]


class Effect(ReadModel):
    """One thing that a message did."""

    event: str
    """As the journal names it, or `position`."""
    kind: str
    id: UUID
    inferred: bool
    """Whether it was skipped on the way, and is taken as given."""
    state: str | None


class Because(ReadModel):
    """A coded reason; its words are the reader's own."""

    code: str
    figures: dict[str, Any]


class InboxMessageView(ReadModel):
    """One message, and what became of it."""

    id: UUID
    webhook_id: str
    source_id: UUID
    received_at: datetime
    sent_at: datetime
    """Its `webhook-timestamp`."""
    at: datetime | None
    """Its own time: when it happened, by the dispatch system."""
    kinds: list[str]
    """`unit_status`, `position`, `incident`, `mission`."""
    outcome: str
    """`received`, `applied`, `history`, `noted`, `call`, `quarantined`, `discarded`."""
    because: Because | None
    detail: str | None
    """The same in English."""
    resource_id: UUID | None
    mission_id: UUID | None
    incident_id: UUID | None
    mapping_version: int | None
    tries: int
    settled_at: datetime | None


class InboxMessageDetail(InboxMessageView):
    """One message with what it said."""

    text: str
    """As it came."""
    body: Any
    """The same, read; null where it is no JSON, or nested too deeply."""
    edited: Any
    """What a person has made of it; null: nothing."""
    effects: tuple[Effect, ...]


class HeldReason(ReadModel):
    """How much waits of a source for one reason."""

    source_id: UUID
    code: str
    """`inbox_unknown_unit` …: the reason's words are the reader's own."""
    count: int


class HeldReasons(ReadModel):
    """How much waits for a person, by source and reason, the most first."""

    waiting: int
    """In all."""
    reasons: tuple[HeldReason, ...]


class InboxMatterView(Row):
    """A message that waits for a person, or did."""

    source_id: UUID
    member_id: UUID
    what: str
    """`quarantine`, or `call`: a unit calls its dispatcher."""
    status: str
    """`held`, `settled`, `discarded`."""
    because: Because | None
    call: str | None
    """`urgent` or `speech`."""
    resource_id: UUID | None
    mission_id: UUID | None
    incident_id: UUID | None
    at: datetime | None
    held_at: datetime
    settled_at: datetime | None
    settled_by_id: UUID | None
    tries: int


async def sources(
    conn: asyncpg.Connection[Any],
    member: UUID | None,
    *,
    status: Sequence[str] = (),
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[InboxSourceView]:
    """Return a member's sources, newest first; those that were removed only where that is asked for."""
    where = Where().add("member_id = {}", member).add("status = ANY({})", list(status) or ["active", "paused"])
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM inbox_source", where, order="id DESC", limit=limit)
    return [InboxSourceView.model_validate(decoded(row, "space_kinds")) for row in rows]


async def source(conn: asyncpg.Connection[Any], id_: UUID, *, member: UUID | None) -> InboxSourceView:
    """Return one of a member's sources.

    Raises:
        NotFound: another member's, or none.
    """
    row = await conn.fetchrow("SELECT * FROM inbox_source WHERE id = $1 AND member_id = $2", id_, member)
    if row is None:
        raise NotFound("inbox source", id_)
    return InboxSourceView.model_validate(decoded(row, "space_kinds"))


async def health(conn: asyncpg.Connection[Any], of: InboxSourceView, now: datetime) -> InboxHealth:
    """Return how a source is doing."""
    counts = await conn.fetch(
        "SELECT outcome, count(*) AS came FROM inbox_message WHERE source_id = $1 AND received_at > $2 GROUP BY 1",
        of.id, now - LATELY,
    )  # fmt: skip
    last = await conn.fetchrow(
        "SELECT max(received_at) AS at, max(received_at) FILTER (WHERE outcome = 'applied') AS applied"
        " FROM inbox_message WHERE source_id = $1",
        of.id,
    )
    waiting = await conn.fetch(
        "SELECT space_id, count(*) FILTER (WHERE what = 'quarantine') AS held, count(*) FILTER (WHERE what = 'call') AS calls"
        " FROM inbox_matter WHERE source_id = $1 AND status = 'held' GROUP BY 1 ORDER BY space_id <> 'live', space_id",
        of.id,
    )
    assert last is not None
    return InboxHealth(
        status=of.status,
        mapping_version=of.mapping_version,
        last_at=last["at"],
        last_applied_at=last["applied"],
        held=sum(row["held"] for row in waiting),
        held_in={row["space_id"]: row["held"] for row in waiting if row["held"]},
        calls=sum(row["calls"] for row in waiting),
        today={row["outcome"]: row["came"] for row in counts},
    )


async def mappings(
    conn: asyncpg.Connection[Any], source_id: UUID, *, before: tuple[int] | None = None, limit: int = 50
) -> list[InboxMappingView]:
    """Return the versions of a source's mapping, newest first."""
    where = Where().add("source_id = {}", source_id)
    if before is not None:
        where.add("version < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM inbox_mapping", where, order="version DESC", limit=limit)
    return [InboxMappingView.model_validate(dict(row)) for row in rows]


async def mapping(conn: asyncpg.Connection[Any], source_id: UUID, version: int) -> InboxMappingDetail:
    """Return one version of a source's mapping.

    Raises:
        NotFound: there is none.
    """
    row = await conn.fetchrow("SELECT * FROM inbox_mapping WHERE source_id = $1 AND version = $2", source_id, version)
    if row is None:
        raise NotFound("inbox mapping", version)
    found = decoded(row, "content")
    return InboxMappingDetail.model_validate(found | {"mapping": found["content"]})


async def messages(
    conn: asyncpg.Connection[Any],
    space: str,
    source_id: UUID,
    *,
    outcome: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[InboxMessageView]:
    """Return what came from a source in a space, newest first."""
    where = (
        Where().add("space_id = {}", space).add("source_id = {}", source_id).add_if(list(outcome), "outcome = ANY({})")
    )
    where.add_if(since, "received_at >= {}").add_if(until, "received_at < {}")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, _MESSAGES, where, order="id DESC", limit=limit)
    return [InboxMessageView.model_validate(_decoded(row)) for row in rows]


async def message(conn: asyncpg.Connection[Any], space: str, source_id: UUID, id_: UUID) -> InboxMessageDetail:
    """Return one message with what it said.

    Raises:
        NotFound: none of this source in this space; or its time is over.
    """
    row = await conn.fetchrow(
        _MESSAGES + " WHERE space_id = $1 AND source_id = $2 AND id = $3", space, source_id, id_
    )  # fmt: skip
    if row is None:
        raise NotFound("inbox message", id_)
    found = _decoded(row)
    text = text_of(bytes(row["body"]))
    try:
        body = told_in(bytes(row["body"]))
    except ValueError:
        body = None
    return InboxMessageDetail.model_validate(found | {"text": text, "body": body})


async def matters(
    conn: asyncpg.Connection[Any],
    space: str,
    member: UUID | None,
    what: str,
    *,
    source_id: UUID | None = None,
    because: str | None = None,
    status: Sequence[str] = ("held",),
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[InboxMatterView]:
    """Return a member's messages that wait for a person, or did, newest first."""
    where = Where().add("space_id = {}", space).add("member_id = {}", member).add("what = {}", what)
    where.add_if(source_id, "source_id = {}").add_if(list(status), "status = ANY({})")
    where.add_if(because, "because ->> 'code' = {}")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM inbox_matter", where, order="id DESC", limit=limit)
    return [InboxMatterView.model_validate(decoded(row, "because")) for row in rows]


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where a source's held messages were gone through: those that waited ``until`` then, up to this ``at`` (None: it has none) and ``id``."""

    until: datetime
    at: datetime | None
    id: UUID


async def held(
    conn: asyncpg.Connection[Any],
    space: str,
    member: UUID | None,
    source_id: UUID,
    *,
    because: str | None,
    until: datetime,
    after: Place | None,
    limit: int,
) -> list[Place]:
    """Return what waits of a source, one more than ``limit``, in the order of the messages' own times; those without one last. ``because``: for
    this reason alone.

    What was held back after ``until``, when this way through them began, belongs to the next one.
    """
    where = Where().add("space_id = {}", space).add("member_id = {}", member).add("source_id = {}", source_id)
    where.add("what = 'quarantine' AND status = 'held' AND held_at <= {}", until)
    where.add_if(because, "because ->> 'code' = {}")
    if after is not None and after.at is not None:
        where.add("(at IS NULL OR (at, id) > ({}, {}))", after.at, after.id)
    elif after is not None:
        where.add("at IS NULL AND id > {}", after.id)
    rows = await fetch(conn, "SELECT at, id FROM inbox_matter", where, order="at NULLS LAST, id", limit=limit)
    return [Place(until, row["at"], row["id"]) for row in rows]


async def held_reasons(conn: asyncpg.Connection[Any], space: str, member: UUID | None) -> HeldReasons:
    """Return how much of a member's waits for a person, by source and reason."""
    rows = await conn.fetch(
        "SELECT source_id, because ->> 'code' AS code, count(*) AS count FROM inbox_matter WHERE space_id = $1 AND member_id = $2"
        " AND what = 'quarantine' AND status = 'held' GROUP BY 1, 2 ORDER BY count DESC, code, source_id",
        space, member,
    )  # fmt: skip
    found = tuple(HeldReason.model_validate(dict(row)) for row in rows)
    return HeldReasons(waiting=sum(each.count for each in found), reasons=found)


def _decoded(row: asyncpg.Record) -> dict[str, Any]:
    return decoded(row, "because", "kinds", "effects", "edited")
