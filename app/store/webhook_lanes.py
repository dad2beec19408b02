"""How far each endpoint has come in each journal, and what waits for it: hand-written statements on tables that no journal tells of.

A lane is claimed with SKIP LOCKED for ``LEASE_S`` by the database's own clock and kept by renewing that, so that any number of processes share the work; whatever
its holder writes names the lease, and has no effect once another has it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from app.domain.webhooks import SPACE_KINDS, Wanted

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

LEASE_S: Final = 10
"""How soon another process takes over from one that was killed. Who lives renews its leases every second (``renew``), however long a
receiver takes."""
_KINDS: Final[dict[str, str]] = {wanted: kind for kind, wanted in SPACE_KINDS.items()}

# ---------------------------------------------------------------- with the commands

_OPEN: Final = """
    INSERT INTO webhook_lane (space_id, endpoint_id, seq, failures, next_at)
    SELECT s.id, $1, h.seq, 0, $3 FROM space s JOIN journal_head h ON h.space_id = s.id
    WHERE (s.kind = ANY($2) OR s.id = 'live') AND s.frozen_at IS NULL
    ON CONFLICT DO NOTHING
"""
_DROP: Final = """
    UPDATE webhook_delivery d SET status = 'dropped', receipt_by = NULL
    WHERE endpoint_id = $1 AND status = 'waiting'
      AND NOT EXISTS (SELECT FROM space s WHERE s.id = d.space_id AND s.kind = ANY($2)) AND event <> 'webhook_endpoint.tested'
"""
_CLOSE: Final = """
    DELETE FROM webhook_lane l USING space s
    WHERE l.endpoint_id = $1 AND s.id = l.space_id AND NOT s.kind = ANY($2) AND ($3 = false OR s.id <> 'live')
"""
_TRY_NOW: Final = """
    UPDATE webhook_lane SET failures = 0, failing_since = NULL, next_at = $2 WHERE endpoint_id = $1
"""
_REPLAY: Final = """
    UPDATE webhook_lane
    SET replay_after = least(coalesce(replay_after, $3::bigint), $3::bigint),
        replay_to = greatest(coalesce(replay_to, 0), least(coalesce($4::bigint, seq), seq))
    WHERE endpoint_id = $1 AND space_id = $2 AND seq > $3
    RETURNING least(coalesce($4::bigint, seq), seq)
"""


async def open_lanes(conn: Connection, endpoint: UUID, kinds: Collection[str], now: datetime) -> None:
    """Have the endpoint follow the spaces of these kinds from here on; live in any case, for what is sent as a test.

    Spaces that come later are followed from their beginning (``join``).
    """
    await conn.execute(_OPEN, endpoint, _space_kinds(kinds), now)


async def close_lanes(conn: Connection, endpoint: UUID, kinds: Collection[str], *, live: bool = True) -> None:
    """Have the endpoint follow no spaces but those of these kinds: what waits of others is not sent. ``live`` keeps that one's lane."""
    await conn.execute(_CLOSE, endpoint, _space_kinds(kinds), live)
    await conn.execute(_DROP, endpoint, _space_kinds(kinds))


async def try_now(conn: Connection, endpoint: UUID, now: datetime) -> None:
    """Have what failed tried again at once, as if nothing had failed yet."""
    await conn.execute(_TRY_NOW, endpoint, now)


async def replay(conn: Connection, endpoint: UUID, space: str, after: int, to: int | None) -> int | None:
    """Have what comes after ``after`` sent once more, up to ``to``; return where that ends, None where nothing of it was looked at yet,
    or the endpoint has nothing to do with the space.
    """
    ends: int | None = await conn.fetchval(_REPLAY, endpoint, space, after, to)
    if ends is None:
        ends = await conn.fetchval(
            "SELECT seq FROM webhook_lane WHERE endpoint_id = $1 AND space_id = $2", endpoint, space
        )
    return ends


def _space_kinds(kinds: Collection[str]) -> list[str]:
    return [_KINDS[kind] for kind in kinds]


# ---------------------------------------------------------------- with the worker


@dataclass(frozen=True, slots=True)
class Claim:
    """A lane that this process works on."""

    space: str
    endpoint: UUID
    lease: UUID


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed lane as it is now, with what is needed of its endpoint."""

    seq: int
    head: int
    replay_after: int | None
    replay_to: int | None
    failures: int
    failing_since: datetime | None
    next_at: datetime
    member: UUID
    status: str
    url: str | None
    secrets: tuple[str, ...]
    wanted: Wanted
    receipts: bool
    space_kind: str
    asked: bool
    """Whether the endpoint asks for spaces of this kind; else it is there for tests alone."""


class Try(NamedTuple):
    """One attempt at a delivery."""

    seq: int
    at: datetime
    answer: int | None
    error: str | None
    latency_ms: float
    digest: bytes

    @property
    def well(self) -> bool:
        """Whether the receiver took it."""
        return self.answer is not None and 200 <= self.answer < 300  # noqa: PLR2004 - a class of HTTP statuses


_JOIN: Final = """
    INSERT INTO webhook_lane (space_id, endpoint_id, seq, failures, next_at)
    SELECT s.id, e.id, 0, 0, $1
    FROM webhook_endpoint e JOIN space s
      ON e.space_kinds ? CASE s.kind WHEN 'drill' THEN 'exercise' ELSE s.kind END AND s.frozen_at IS NULL
    JOIN journal_head h ON h.space_id = s.id
    WHERE e.status <> 'removed' AND NOT EXISTS (SELECT FROM webhook_lane l WHERE l.endpoint_id = e.id AND l.space_id = s.id)
    ON CONFLICT DO NOTHING
"""
_CLAIM: Final = f"""
    UPDATE webhook_lane l SET lease = $2, leased_until = clock_timestamp() + interval '{LEASE_S} s'
    FROM (
        SELECT l.space_id, l.endpoint_id FROM webhook_lane l
        JOIN webhook_endpoint e ON e.id = l.endpoint_id JOIN journal_head h ON h.space_id = l.space_id
        WHERE e.status <> 'removed' AND (l.lease IS NULL OR l.leased_until < clock_timestamp())
          AND (h.seq > l.seq OR l.replay_after IS NOT NULL
               OR (e.status = 'active' AND e.url IS NOT NULL AND l.next_at <= $1 AND EXISTS (
                   SELECT FROM webhook_delivery d
                   WHERE d.space_id = l.space_id AND d.endpoint_id = l.endpoint_id AND d.status = 'waiting')))
        ORDER BY l.next_at LIMIT $3 FOR UPDATE OF l SKIP LOCKED
    ) AS due
    WHERE l.space_id = due.space_id AND l.endpoint_id = due.endpoint_id
    RETURNING l.space_id, l.endpoint_id
"""  # noqa: S608 - a constant of ours
_LOAD: Final = f"""
    UPDATE webhook_lane l SET leased_until = clock_timestamp() + interval '{LEASE_S} s'
    FROM webhook_endpoint e, journal_head h, space s
    WHERE l.space_id = $1 AND l.endpoint_id = $2 AND l.lease = $3 AND e.id = l.endpoint_id AND h.space_id = l.space_id AND s.id = l.space_id
    RETURNING l.seq, h.seq AS head, l.replay_after, l.replay_to, l.failures, l.failing_since, l.next_at,
              e.member_id, e.status, e.url, e.secret, CASE WHEN e.old_secret_until > $4 THEN e.old_secret END AS old_secret,
              e.events, e.incident_ids, e.type_codes, e.member_ids, e.receipts, e.space_kinds, s.kind
"""  # noqa: S608 - a constant of ours
_ADD: Final = """
    WITH mine AS (SELECT FROM webhook_lane WHERE space_id = $1 AND endpoint_id = $2 AND lease = $3 FOR UPDATE)
    INSERT INTO webhook_delivery (space_id, endpoint_id, seq, event, made_at, status, replayed, tries, receipt_by)
    SELECT $1, $2, new.seq, new.event, $4, 'waiting', $5, 0, new.receipt_by
    FROM mine, unnest($6::bigint[], $7::text[], $8::timestamptz[]) AS new (seq, event, receipt_by)
    ON CONFLICT (space_id, endpoint_id, seq) DO UPDATE
    SET status = 'waiting', replayed = true, delivered_at = NULL
    WHERE webhook_delivery.status <> 'waiting'
       OR ($5 AND EXISTS (SELECT FROM webhook_endpoint e WHERE e.id = $2 AND e.url IS NULL))
"""
_RING: Final = """
    INSERT INTO due_work (id, space_id, command, target, body, due_at, attempts)
    SELECT due.id, $1, 'ring_for_dispatch', $2, jsonb_build_object('seq', due.seq), due.at, 0
    FROM unnest($3::uuid[], $4::bigint[], $5::timestamptz[]) AS due (id, seq, at)
"""
_MOVE: Final = "UPDATE webhook_lane SET seq = $4 WHERE space_id = $1 AND endpoint_id = $2 AND lease = $3"
_MOVE_REPLAY: Final = """
    UPDATE webhook_lane
    SET replay_after = CASE WHEN replay_after < $4 THEN $5::bigint ELSE replay_after END,
        replay_to = CASE WHEN replay_after < $4 AND $5::bigint IS NULL THEN NULL ELSE replay_to END
    WHERE space_id = $1 AND endpoint_id = $2 AND lease = $3
"""
_WAITING: Final = """
    SELECT seq, replayed, receipt_by FROM webhook_delivery
    WHERE space_id = $1 AND endpoint_id = $2 AND status = 'waiting' AND (replayed, seq) > ($4, $5) ORDER BY replayed, seq LIMIT $3
"""
_BEFORE_ALL: Final = (False, 0)
_NEW_WAITS: Final = """
    SELECT EXISTS (SELECT FROM webhook_delivery WHERE space_id = $1 AND endpoint_id = $2 AND status = 'waiting' AND NOT replayed)
"""
_TRIED: Final = """
    WITH mine AS (SELECT FROM webhook_lane WHERE space_id = $1 AND endpoint_id = $2 AND lease = $3 FOR UPDATE),
    tried AS (
        SELECT t.* FROM mine, unnest($4::bigint[], $5::timestamptz[], $6::int[], $7::text[], $8::float8[], $9::bytea[], $10::bool[])
               AS t (seq, at, answer, error, latency_ms, digest, well)
    ), done AS (
        UPDATE webhook_delivery d
        SET tries = d.tries + 1, tried_at = tried.at, status = CASE WHEN tried.well THEN 'delivered' ELSE d.status END,
            delivered_at = CASE WHEN tried.well THEN tried.at ELSE d.delivered_at END
        FROM tried WHERE d.space_id = $1 AND d.endpoint_id = $2 AND d.seq = tried.seq
        RETURNING d.seq, d.tries
    )
    INSERT INTO webhook_attempt (space_id, endpoint_id, seq, number, at, answer, error, latency_ms, digest)
    SELECT $1, $2, tried.seq, done.tries, tried.at, tried.answer, tried.error, tried.latency_ms, tried.digest
    FROM tried JOIN done USING (seq)
"""
_WENT: Final = """
    UPDATE webhook_lane SET failures = $4, failing_since = $5, next_at = CASE WHEN next_at = $9 THEN $6 ELSE next_at END
    WHERE space_id = $1 AND endpoint_id = $2 AND lease = $3
      AND ($4 = 0 OR (failures = $7 AND failing_since IS NOT DISTINCT FROM $8::timestamptz
           AND EXISTS (SELECT FROM webhook_endpoint e WHERE e.id = $2 AND e.url IS NOT DISTINCT FROM $10::text)))
"""
_RELEASE: Final = """
    UPDATE webhook_lane SET lease = NULL, leased_until = NULL WHERE space_id = $1 AND endpoint_id = $2 AND lease = $3
"""
_RENEW: Final = f"""
    UPDATE webhook_lane SET leased_until = clock_timestamp() + interval '{LEASE_S} s' WHERE lease = ANY($1)
"""  # noqa: S608 - a constant of ours
_REACHED: Final = """
    INSERT INTO webhook_pulse (endpoint_id, reached_at) VALUES ($1, $2)
    ON CONFLICT (endpoint_id) DO UPDATE SET reached_at = greatest(webhook_pulse.reached_at, $2), missed_at = NULL
"""


async def join(conn: Connection, now: datetime) -> None:
    """Have endpoints follow spaces that came after them, from their beginning."""
    await conn.execute(_JOIN, now)


async def claim(conn: Connection, now: datetime, lease: UUID, most: int) -> list[Claim]:
    """Claim lanes in which something is to be done, those first that have waited longest."""
    rows = await conn.fetch(_CLAIM, now, lease, most)
    return [Claim(row["space_id"], row["endpoint_id"], lease) for row in rows]


async def load(conn: Connection, claim: Claim, now: datetime) -> Work | None:
    """Return the lane as it is and renew its lease; None where another has it, or it is there no more."""
    row = await conn.fetchrow(_LOAD, *_of(claim), now)
    if row is None:
        return None
    kind = SPACE_KINDS[row["kind"]]
    events, incidents, types, members = (
        frozenset(map(str, row[name])) for name in ("events", "incident_ids", "type_codes", "member_ids")
    )
    wanted = Wanted(events, incidents, types, members, exercise="exercise" in row["space_kinds"])
    return Work(
        row["seq"], row["head"], row["replay_after"], row["replay_to"], row["failures"], row["failing_since"],
        row["next_at"], row["member_id"], row["status"], row["url"],
        tuple(secret for secret in (row["secret"], row["old_secret"]) if secret), wanted, row["receipts"],
        kind, kind in row["space_kinds"],
    )  # fmt: skip


async def add(
    conn: Connection, claim: Claim, now: datetime, new: Sequence[tuple[int, str, datetime | None]], *, replayed: bool
) -> None:
    """Have entries delivered, each as (seq, event, by when a receipt is awaited); one that was delivered before, once more."""
    if new:
        await conn.execute(_ADD, *_of(claim), now, replayed, *map(list, zip(*new, strict=True)))


async def ring_later(
    conn: Connection, claim: Claim, ids: Sequence[UUID], awaited: Sequence[tuple[int, datetime]]
) -> None:
    """Have somebody ring about these entries (seq, by when), unless they are taken over until then."""
    if awaited:
        seqs, times = zip(*awaited, strict=True)
        await conn.execute(_RING, claim.space, claim.endpoint, list(ids), list(seqs), list(times))


async def move(conn: Connection, claim: Claim, seq: int) -> bool:
    """Move the cursor; False where another has the lane."""
    return bool((await conn.execute(_MOVE, *_of(claim), seq)) == "UPDATE 1")


async def move_replay(conn: Connection, claim: Claim, looked_at: int, on: int | None) -> bool:
    """Say that a replay is through up to ``looked_at``, and goes on after ``on``, or is over. One that was asked for anew meanwhile,
    from further back, begins there.
    """
    return bool((await conn.execute(_MOVE_REPLAY, *_of(claim), looked_at + 1, on)) == "UPDATE 1")


async def waiting(
    conn: Connection, claim: Claim, most: int, behind: tuple[bool, int] | None = None
) -> list[tuple[int, bool, datetime | None]]:
    """Return what is to be sent next, as (seq, whether once more, by when a receipt is awaited): new entries before replayed ones.

    ``behind``: only what comes after that delivery, as (whether once more, seq).
    """
    rows = await conn.fetch(_WAITING, claim.space, claim.endpoint, most, *(behind or _BEFORE_ALL))
    return [(row["seq"], row["replayed"], row["receipt_by"]) for row in rows]


async def new_waits(conn: Connection, claim: Claim) -> bool:
    """Whether something waits that is not there once more."""
    return bool(await conn.fetchval(_NEW_WAITS, claim.space, claim.endpoint))


async def tried(conn: Connection, claim: Claim, tries: Sequence[Try]) -> None:
    """Write down attempts, and what they delivered."""
    columns = (
        [each.seq for each in tries], [each.at for each in tries], [each.answer for each in tries],
        [each.error for each in tries], [each.latency_ms for each in tries], [each.digest for each in tries],
        [each.well for each in tries],
    )  # fmt: skip
    await conn.execute(_TRIED, *_of(claim), *columns)


async def went(
    conn: Connection, claim: Claim, work: Work, *, failures: int, failing_since: datetime | None, next_at: datetime
) -> None:
    """Say how it went, and when the lane is tried again; ``work`` is what that began with.

    Where it is to be tried at once since then, it is: a failure from before that sets no pause, and does not count where the endpoint
    was changed or resumed.
    """
    loaded = (work.failures, work.failing_since, work.next_at, work.url)
    await conn.execute(_WENT, *_of(claim), failures, failing_since, next_at, *loaded)


async def reached(conn: Connection, endpoint: UUID, at: datetime) -> None:
    """Say that the receiver has taken something."""
    await conn.execute(_REACHED, endpoint, at)


async def renew(conn: Connection, leases: Collection[UUID]) -> None:
    """Keep lanes that are at work: until ``LEASE_S`` from now."""
    await conn.execute(_RENEW, list(leases))


async def let_go(conn: Connection, leases: Collection[UUID]) -> None:
    """Let others have all lanes of these leases."""
    await conn.execute("UPDATE webhook_lane SET lease = NULL, leased_until = NULL WHERE lease = ANY($1)", list(leases))


async def release(conn: Connection, claim: Claim) -> None:
    """Let others have the lane."""
    await conn.execute(_RELEASE, *_of(claim))


def _of(claim: Claim) -> tuple[str, UUID, UUID]:
    return claim.space, claim.endpoint, claim.lease


# ---------------------------------------------------------------- the outbox, and what both sides say of themselves

_OUTBOX: Final = """
    SELECT seq, replayed, receipt_by FROM webhook_delivery
    WHERE space_id = $1 AND endpoint_id = $2 AND seq > $3 AND status <> 'dropped' ORDER BY seq LIMIT $4
"""
_ONCE_MORE: Final = """
    SELECT seq, replayed, receipt_by FROM webhook_delivery
    WHERE space_id = $1 AND endpoint_id = $2 AND seq <= $3 AND status = 'waiting' AND replayed ORDER BY seq LIMIT $4
"""
# New entries come in the order of their seqs, so whoever read up to one has read those before it. A replay comes behind the reader's back.
_ACKNOWLEDGE: Final = """
    UPDATE webhook_delivery SET status = 'delivered', delivered_at = $4
    WHERE space_id = $1 AND endpoint_id = $2 AND status = 'waiting' AND (seq <= $3 AND NOT replayed OR seq = ANY($5))
"""
_FIRST_WAITING: Final = """
    SELECT min(seq) FROM webhook_delivery WHERE space_id = $1 AND endpoint_id = $2 AND status = 'waiting' AND NOT replayed
"""
_HEARD: Final = """
    INSERT INTO webhook_pulse (endpoint_id, heard_at) VALUES ($1, $2)
    ON CONFLICT (endpoint_id) DO UPDATE SET heard_at = greatest(webhook_pulse.heard_at, $2)
"""
# Also where a try is under way: its failure is from before that.
_HEARD_TRY: Final = """
    UPDATE webhook_lane SET next_at = $2 WHERE endpoint_id = $1 AND (next_at > $2 OR lease IS NOT NULL)
"""
_BEATS: Final = """
    INSERT INTO webhook_pulse (endpoint_id, beat_at)
    SELECT e.id, $1 FROM webhook_endpoint e
    WHERE e.heartbeat_min IS NOT NULL AND e.status = 'active' AND e.url IS NOT NULL
      AND NOT EXISTS (SELECT FROM webhook_pulse p WHERE p.endpoint_id = e.id AND p.beat_at IS NOT NULL)
    ON CONFLICT (endpoint_id) DO UPDATE SET beat_at = coalesce(webhook_pulse.beat_at, excluded.beat_at)
"""
_BEAT: Final = """
    UPDATE webhook_pulse p SET beat_at = $1 + make_interval(mins => due.heartbeat_min)
    FROM (
        SELECT p.endpoint_id, e.heartbeat_min, e.url, e.secret, e.member_id,
               CASE WHEN e.old_secret_until > $1 THEN e.old_secret END AS old_secret,
               p.reached_at > $1 - make_interval(mins => e.heartbeat_min) AS reached
        FROM webhook_pulse p JOIN webhook_endpoint e ON e.id = p.endpoint_id
        WHERE p.beat_at <= $1 AND e.heartbeat_min IS NOT NULL AND e.status = 'active' AND e.url IS NOT NULL
        LIMIT $2 FOR UPDATE OF p SKIP LOCKED
    ) AS due WHERE p.endpoint_id = due.endpoint_id
    RETURNING due.*
"""


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat of ours that is due."""

    endpoint: UUID
    url: str
    secrets: tuple[str, ...]
    minutes: int


async def outbox(
    conn: Connection, space: str, endpoint: UUID, after: int, most: int
) -> list[tuple[int, bool, datetime | None]]:
    """Return what stands in an outbox after a seq, in order, as ``waiting`` does."""
    rows = await conn.fetch(_OUTBOX, space, endpoint, after, most)
    return [(row["seq"], row["replayed"], row["receipt_by"]) for row in rows]


async def once_more(
    conn: Connection, space: str, endpoint: UUID, until: int, most: int
) -> list[tuple[int, bool, datetime | None]]:
    """Return what an outbox is to show once more up to a seq, in order, as ``waiting`` does: what was replayed and not acknowledged yet."""
    rows = await conn.fetch(_ONCE_MORE, space, endpoint, until, most)
    return [(row["seq"], row["replayed"], row["receipt_by"]) for row in rows]


async def first_waiting(conn: Connection, space: str, endpoint: UUID) -> int | None:
    """Return the seq of the first that has not been taken, but for what is there once more."""
    found: int | None = await conn.fetchval(_FIRST_WAITING, space, endpoint)
    return found


async def acknowledge(
    conn: Connection, space: str, endpoint: UUID, seq: int, replayed: Sequence[int], now: datetime
) -> int:
    """Take as delivered all up to ``seq``, and of what is there once more that which is named; return how many these were."""
    told: str = await conn.execute(_ACKNOWLEDGE, space, endpoint, seq, now, replayed)
    return int(told.rpartition(" ")[2])


async def heard(conn: Connection, endpoint: UUID, now: datetime) -> None:
    """Say that the dispatch system is there: what failed is tried at once. Locks lanes, then the pulse, as whoever sends does."""
    await conn.execute(_HEARD_TRY, endpoint, now)
    await conn.execute(_HEARD, endpoint, now)


async def beat_anew(conn: Connection, endpoint: UUID) -> None:
    """Have our heartbeat be due at once, and then as often as the endpoint says by now."""
    await conn.execute("UPDATE webhook_pulse SET beat_at = NULL WHERE endpoint_id = $1", endpoint)


async def beats(conn: Connection, now: datetime, most: int) -> list[Beat]:
    """Return the heartbeats that are due, and have the next ones fall due; who was reached a moment ago needs none."""
    await conn.execute(_BEATS, now)
    rows = await conn.fetch(_BEAT, now, most)
    return [
        Beat(row["endpoint_id"], row["url"], tuple(filter(None, (row["secret"], row["old_secret"]))), row["heartbeat_min"])
        for row in rows
        if not row["reached"]
    ]  # fmt: skip


async def missed(conn: Connection, endpoint: UUID, now: datetime) -> None:
    """Say that our heartbeat was not taken."""
    await conn.execute("UPDATE webhook_pulse SET missed_at = $2 WHERE endpoint_id = $1", endpoint, now)
