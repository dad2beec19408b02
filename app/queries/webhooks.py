"""A member's webhooks: what they ask for, how they are doing, what was sent to them, and what their systems have taken over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

LATELY: Final = timedelta(hours=24)


class WebhookView(Row):
    """A webhook, without its secrets."""

    member_id: UUID
    label: str
    url: str | None
    """Null: nothing is sent; its dispatch system reads the outbox."""
    events: list[str]
    incident_ids: list[UUID]
    type_codes: list[str]
    member_ids: list[UUID]
    space_kinds: list[str]
    """`live`, `exercise`, `integration`."""
    source: str | None
    """Whose codes its system uses."""
    receipts: bool
    """Whether its system says what it has taken over."""
    heartbeat_min: int | None
    silent_since: datetime | None
    """Since when its system has not said that it is there, if that is an alarm."""
    status: str
    paused_why: str | None
    """`by_hand`, or `failing`: nothing could be delivered for three days."""
    old_secret_until: datetime | None
    """Until when the secret before this one counts."""
    created_at: datetime


class WebhookStanding(ReadModel):
    """Whether a dispatch system is reached, for those who ring it where it is not: without its address, which may hold a secret."""

    id: UUID
    label: str
    space_kinds: list[str]
    status: str
    paused_why: str | None
    silent_since: datetime | None
    """Since when its system has not said that it is there, if that is an alarm."""
    failing_since: datetime | None
    """Since when nothing could be delivered; null where the last try was well."""
    heard_at: datetime | None
    reached_at: datetime | None


class LaneView(ReadModel):
    """How far a webhook has come in the journal of one space."""

    space: str
    seq: int
    """The last entry that was looked at."""
    head: int
    """The journal's last."""
    taken: int | None
    """The last entry that its system has taken, or acknowledged in its outbox."""
    waiting: int
    """Deliveries that were not taken yet."""
    waiting_since: datetime | None
    """Since when the oldest of them waits."""
    failures: int
    """Tries in a row that failed."""
    failing_since: datetime | None
    next_at: datetime | None
    """When the next try is made; null where nothing waits."""


class WebhookHealth(ReadModel):
    """How a webhook is doing."""

    status: str
    waiting: int
    failing_since: datetime | None
    reached_at: datetime | None
    """When its system last took something."""
    heard_at: datetime | None
    """When its system last said that it is there."""
    missed_at: datetime | None
    """When our last heartbeat was not taken."""
    silent_since: datetime | None
    delivered_24h: int
    failed_24h: int
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    """Of what was taken in the last 24 hours."""
    rung: int
    """Entries that have not been taken over in time, still are not, and whose mission is not home: for these somebody rings."""
    rung_in: dict[str, int]
    """The same by space, where there are any."""
    lanes: tuple[LaneView, ...]


class DeliveryView(ReadModel):
    """One entry for one webhook, and how its last try went."""

    space: str
    seq: int
    event: str
    status: str
    """`waiting`, `delivered`, or `dropped` (its kind of space was taken off the webhook)."""
    replayed: bool
    tries: int
    made_at: datetime
    tried_at: datetime | None
    delivered_at: datetime | None
    answer: int | None
    """HTTP status of the last try."""
    error: str | None
    """Why there was none: `timeout`, `name_not_found`, `address_refused`, `tls`, `no_connection`, `closed`, `no_http`."""
    latency_ms: float | None
    receipt_by: datetime | None
    """By when `taken_into_dispatch` is awaited."""


class AttemptView(ReadModel):
    """One try."""

    number: int
    at: datetime
    answer: int | None
    error: str | None
    latency_ms: float
    digest: str
    """SHA-256 of the text that was sent, in hexadecimal."""


class DispatchReceiptView(Row):
    """What a dispatch system has taken over, or has not in time."""

    endpoint_id: UUID
    member_id: UUID
    seq: int
    """Which entry of this space's journal."""
    event: str
    incident_id: UUID | None
    mission_id: UUID | None
    status: str
    """`missing`: somebody rings; `taken`."""
    ring: bool
    """Whether somebody still has to ring: it is missing, and its mission is not home."""
    request_id: UUID | None
    request_ref: str | None
    """Of the mission."""
    number: str | None
    """Under which number that system has it."""
    asked_at: datetime
    rung_at: datetime | None
    taken_at: datetime | None


async def webhook(conn: asyncpg.Connection[Any], id_: UUID, *, member: UUID | None) -> WebhookView:
    """Return one webhook of a member's.

    Raises:
        NotFound: the member has none of that id.
    """
    row = await conn.fetchrow("SELECT * FROM webhook_endpoint WHERE id = $1 AND member_id = $2", id_, member)
    if row is None:
        raise NotFound("webhook", id_)
    return _webhook(row)


async def webhooks(
    conn: asyncpg.Connection[Any],
    member: UUID,
    *,
    status: Sequence[str] = (),
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[WebhookView]:
    """Return a member's webhooks, newest first; those that were removed only where their status is asked for."""
    where = Where().add("member_id = {}", member).add_if(list(status), "status = ANY({})")
    if not status:
        where.add("status <> 'removed'")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM webhook_endpoint", where, order="id DESC", limit=limit)
    return [_webhook(row) for row in rows]


_STANDINGS: Final = """
    SELECT e.id, e.label, e.space_kinds, e.status, e.paused_why, e.silent_since, p.heard_at, p.reached_at,
           (SELECT min(l.failing_since) FROM webhook_lane l WHERE l.endpoint_id = e.id) AS failing_since
    FROM webhook_endpoint e LEFT JOIN webhook_pulse p ON p.endpoint_id = e.id
"""


async def standings(
    conn: asyncpg.Connection[Any], member: UUID, *, before: tuple[UUID] | None = None, limit: int = 50
) -> list[WebhookStanding]:
    """Return whether a member's dispatch systems are reached, newest first."""
    where = Where().add("e.member_id = {}", member).add("e.status <> 'removed'")
    if before is not None:
        where.add("e.id < {}", before[0])
    rows = await fetch(conn, _STANDINGS, where, order="e.id DESC", limit=limit)
    return [WebhookStanding.model_validate(decoded(row, "space_kinds")) for row in rows]


_LANES: Final = """
    SELECT l.space_id AS space, l.seq, h.seq AS head, l.failures, l.failing_since, (
               SELECT max(d.seq) FROM webhook_delivery d
               WHERE d.endpoint_id = l.endpoint_id AND d.space_id = l.space_id AND d.status = 'delivered'
           ) AS taken,
           w.waiting, w.waiting_since, CASE WHEN w.waiting > 0 THEN l.next_at END AS next_at
    FROM webhook_lane l JOIN journal_head h ON h.space_id = l.space_id, LATERAL (
        SELECT count(*) AS waiting, min(made_at) AS waiting_since FROM webhook_delivery d
        WHERE d.endpoint_id = l.endpoint_id AND d.space_id = l.space_id AND d.status = 'waiting'
    ) AS w
    WHERE l.endpoint_id = $1 ORDER BY l.space_id <> 'live', l.space_id
"""
_FIGURES: Final = """
    SELECT count(*) FILTER (WHERE answer BETWEEN 200 AND 299) AS delivered,
           count(*) FILTER (WHERE answer IS NULL OR NOT answer BETWEEN 200 AND 299) AS failed,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE answer BETWEEN 200 AND 299) AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE answer BETWEEN 200 AND 299) AS p95
    FROM webhook_attempt WHERE endpoint_id = $1 AND at > $2
"""
# As the console's alarm has it: once a unit is home again, nobody has to ring for it any more.
_RING: Final = "r.status = 'missing' AND coalesce(m.status NOT IN ('returned', 'closed'), true)"
_OF_MISSION: Final = "dispatch_receipt r LEFT JOIN mission m ON m.space_id = r.space_id AND m.id = r.mission_id"
_RUNG: Final = f"""
    SELECT r.space_id, count(*) AS rung FROM {_OF_MISSION}
    WHERE r.endpoint_id = $1 AND {_RING} GROUP BY 1 ORDER BY r.space_id <> 'live', r.space_id
"""  # noqa: S608 - constants of this module
_RECEIPTS: Final = f"""
    SELECT r.*, m.request_id, q.ref AS request_ref, {_RING} AS ring
    FROM {_OF_MISSION} LEFT JOIN request q ON q.space_id = m.space_id AND q.id = m.request_id
"""  # noqa: S608 - constants of this module


async def health(conn: asyncpg.Connection[Any], found: WebhookView, now: datetime) -> WebhookHealth:
    """Return how a webhook is doing."""
    lanes = [LaneView.model_validate(dict(row)) for row in await conn.fetch(_LANES, found.id)]
    figures = await conn.fetchrow(_FIGURES, found.id, now - LATELY)
    pulse = await conn.fetchrow("SELECT * FROM webhook_pulse WHERE endpoint_id = $1", found.id) or {}
    failing = [lane.failing_since for lane in lanes if lane.failing_since is not None]
    rung = {row["space_id"]: row["rung"] for row in await conn.fetch(_RUNG, found.id)}
    return WebhookHealth(
        status=found.status,
        waiting=sum(lane.waiting for lane in lanes),
        failing_since=min(failing, default=None),
        reached_at=pulse.get("reached_at"),
        heard_at=pulse.get("heard_at"),
        missed_at=pulse.get("missed_at"),
        silent_since=found.silent_since,
        delivered_24h=figures["delivered"],
        failed_24h=figures["failed"],
        latency_ms_p50=figures["p50"],
        latency_ms_p95=figures["p95"],
        rung=sum(rung.values()),
        rung_in=rung,
        lanes=tuple(lanes),
    )


_DELIVERIES: Final = """
    SELECT d.space_id AS space, d.seq, d.event, d.status, d.replayed, d.tries, d.made_at, d.tried_at, d.delivered_at, d.receipt_by,
           a.answer, a.error, a.latency_ms
    FROM webhook_delivery d LEFT JOIN webhook_attempt a
      ON a.space_id = d.space_id AND a.endpoint_id = d.endpoint_id AND a.seq = d.seq AND a.number = d.tries
"""


async def deliveries(
    conn: asyncpg.Connection[Any],
    endpoint: UUID,
    *,
    space: str | None = None,
    status: Sequence[str] = (),
    event: str | None = None,
    failed: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, str, int] | None = None,
    limit: int = 50,
) -> list[DeliveryView]:
    """Return what was, or is to be, delivered to a webhook, newest first."""
    where = Where().add("d.endpoint_id = {}", endpoint).add_if(space, "d.space_id = {}").add_if(event, "d.event = {}")
    where.add_if(list(status), "d.status = ANY({})").add_if(since, "d.made_at >= {}").add_if(until, "d.made_at < {}")
    where.add_if(failed, "(a.number IS NOT NULL AND coalesce(a.answer NOT BETWEEN 200 AND 299, true)) = {}")
    if before is not None:
        where.add("(d.made_at, d.space_id, d.seq) < ({}, {}, {})", *before)
    rows = await fetch(conn, _DELIVERIES, where, order="d.made_at DESC, d.space_id DESC, d.seq DESC", limit=limit)
    return [DeliveryView.model_validate(dict(row)) for row in rows]


async def delivery(conn: asyncpg.Connection[Any], endpoint: UUID, space: str, seq: int) -> DeliveryView:
    """Return one delivery.

    Raises:
        NotFound: that entry was not for this webhook.
    """
    where = Where().add("d.endpoint_id = {}", endpoint).add("d.space_id = {}", space).add("d.seq = {}", seq)
    rows = await fetch(conn, _DELIVERIES, where, order="d.seq", limit=1)
    if not rows:
        raise NotFound("delivery", f"{space}:{seq}")
    return DeliveryView.model_validate(dict(rows[0]))


async def attempts(conn: asyncpg.Connection[Any], endpoint: UUID, space: str, seq: int) -> list[AttemptView]:
    """Return the tries of a delivery, the last 100, in their order."""
    rows = await conn.fetch(
        "SELECT number, at, answer, error, latency_ms, encode(digest, 'hex') AS digest FROM webhook_attempt"
        " WHERE endpoint_id = $1 AND space_id = $2 AND seq = $3 ORDER BY number DESC LIMIT 100",
        endpoint, space, seq,
    )  # fmt: skip
    return [AttemptView.model_validate(dict(row)) for row in reversed(rows)]


async def dispatch_receipts(
    conn: asyncpg.Connection[Any],
    space: str,
    member: UUID | None,
    *,
    status: Sequence[str] = (),
    mission: UUID | None = None,
    ring: bool | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[DispatchReceiptView]:
    """Return what a member's dispatch systems have taken over, or have not in time, newest first."""
    where = Where().add("r.space_id = {}", space).add("r.member_id = {}", member)
    where.add_if(list(status), "r.status = ANY({})").add_if(mission, "r.mission_id = {}")
    if ring is not None:
        where.add(f"({_RING}) = {{}}", ring)
    if before is not None:
        where.add("r.id < {}", before[0])
    rows = await fetch(conn, _RECEIPTS, where, order="r.id DESC", limit=limit)
    return [DispatchReceiptView.model_validate(dict(row)) for row in rows]


async def space_kind(conn: asyncpg.Connection[Any], space: str) -> str:
    """Return the kind of a space that there is: ``live``, ``integration`` or ``drill``."""
    return str(await conn.fetchval("SELECT kind FROM space WHERE id = $1", space))


async def head_of_lane(conn: asyncpg.Connection[Any], space: str, endpoint: UUID) -> int:
    """Return up to which seq a webhook has looked at a space's journal.

    Raises:
        NotFound: it has nothing to do with that space.
    """
    found: int | None = await conn.fetchval(
        "SELECT seq FROM webhook_lane WHERE space_id = $1 AND endpoint_id = $2", space, endpoint
    )
    if found is None:
        raise NotFound("outbox", f"{endpoint} in {space}")
    return found


def _webhook(row: asyncpg.Record) -> WebhookView:
    lists = ("events", "incident_ids", "type_codes", "member_ids", "space_kinds")
    return WebhookView.model_validate(decoded(row, *lists))
