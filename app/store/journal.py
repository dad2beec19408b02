"""The journal in the database: appended to in one statement, read through somebody's eyes, erased payload by payload.

Hand-written statements on an asyncpg connection: the append is in every command, and holds the lock that everybody else
in the space waits for.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from app.domain.chain import (
    GENESIS,
    Draft,
    Entry,
    Stub,
    Viewer,
    actor_id,
    canonical,
    header_parts,
    new_salt,
    payload_digest,
)
from app.domain.clock import stamp
from app.domain.drills import journal_marks
from app.domain.errors import NotFound
from app.domain.findings import Report
from app.domain.protocol_data import LANGUAGES
from app.domain.verification import FORMAT, FORMAT_VERSION, Verifier
from app.store.turns import Turns

Connection: TypeAlias = asyncpg.Connection

# The head is locked and moved on by one UPDATE: in READ COMMITTED PostgreSQL computes it anew from the row as the
# transaction before left it. What the INSERT needs of it is in RETURNING, and sha256() is cheaper than a second look.
_APPEND_ONE: Final = """
WITH head AS (
    UPDATE journal_head
    SET seq = seq + 1,
        hash = sha256(hash || sha256(convert_to($2 || (seq + 1)::text || $3, 'UTF8') || $6))
    WHERE space_id = $1
    RETURNING seq, hash
)
INSERT INTO journal_entry (
    space_id, seq, header, payload, salt, payload_digest, digest, hash,
    recorded_at, type, subject_kind, subject_id, actor_id, visibility, parties
)
SELECT $1, head.seq, built.header, $4, $5, $6, sha256(convert_to(built.header, 'UTF8') || $6), head.hash,
       $7, $8, $9, $10, $11, $12, $13
FROM head, LATERAL (SELECT $2 || head.seq::text || $3 AS header) AS built
RETURNING seq, hash
"""

# For several entries the hashes run through them one after the other, and the head moves on once, at the end. FOR UPDATE
# reads the row anew after waiting for its lock, as above.
_APPEND_MANY: Final = """
WITH RECURSIVE head AS MATERIALIZED (
    SELECT seq, hash FROM journal_head WHERE space_id = $1 FOR UPDATE
), draft AS MATERIALIZED (
    SELECT d.*, head.seq + d.n AS seq, d.before || (head.seq + d.n)::text || d.after AS header
    FROM head, unnest(
        $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bytea[],
        $9::text[], $10::text[], $11::uuid[], $12::text[], $13::text[]
    ) WITH ORDINALITY AS d (
        before, after, payload, salt, payload_digest, type, subject_kind, subject_id, visibility, parties, n
    )
), digested AS MATERIALIZED (
    SELECT array_agg(sha256(convert_to(header, 'UTF8') || payload_digest) ORDER BY n) AS digests FROM draft
), chain (n, digest, hash) AS (
    SELECT 0, NULL::bytea, head.hash FROM head
    UNION ALL
    SELECT chain.n + 1, digests[chain.n + 1], sha256(chain.hash || digests[chain.n + 1])
    FROM chain, digested
    WHERE chain.n < cardinality(digests)
), moved AS (
    UPDATE journal_head
    SET seq = journal_head.seq + final.n, hash = final.hash
    FROM (SELECT n, hash FROM chain ORDER BY n DESC LIMIT 1) AS final
    WHERE space_id = $1
    RETURNING journal_head.seq, journal_head.hash
), kept AS (
    INSERT INTO journal_entry (
        space_id, seq, header, payload, salt, payload_digest, digest, hash,
        recorded_at, type, subject_kind, subject_id, actor_id, visibility, parties
    )
    SELECT $1, draft.seq, draft.header, draft.payload, draft.salt, draft.payload_digest, chain.digest, chain.hash,
           $2, draft.type, draft.subject_kind, draft.subject_id, $3, draft.visibility, draft.parties::uuid[]
    FROM draft JOIN chain USING (n)
)
SELECT seq, hash FROM moved
"""

# What these eyes may not see does not leave the database. $4: no viewer, everything; $5: of the corridor; $6: the member.
_SPOKEN_IN_A_DRILL: Final = """
SELECT coalesce((SELECT languages FROM corridor), $2::jsonb) FROM space WHERE id = $1 AND kind = 'drill'
"""

_READ: Final = """
SELECT seq, digest, hash, visible,
       CASE WHEN visible THEN header END AS header, CASE WHEN visible THEN payload END AS payload,
       CASE WHEN visible THEN salt END AS salt, CASE WHEN visible THEN payload_digest END AS payload_digest,
       recorded_at, type, subject_kind, subject_id, actor_id, visibility, parties
FROM journal_entry, LATERAL (
    SELECT $4::bool OR visibility = 'public' OR ($5::bool AND visibility = 'corridor')
           OR (visibility = 'parties' AND coalesce($6::uuid = ANY (parties), false)) AS visible
) AS seen
WHERE space_id = $1 AND seq > $2
ORDER BY seq
LIMIT $3
"""

_ABOUT: Final = _READ.replace("seq > $2", "seq > $2 AND subject_kind = $7 AND subject_id = $8 AND visible")

_ABOUT_ALL: Final = _READ.replace(
    "seq > $2",
    "seq > $2 AND (subject_kind, subject_id) IN (SELECT * FROM unnest($7::text[], $8::uuid[])) AND visible",
)

_THESE: Final = _READ.replace("seq > $2", "seq = ANY($2) AND visible")

_PREFETCH: Final = 1000
"""Entries fetched at a time where a whole journal is gone through."""


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the new entries stand, and the hash of the last of them."""

    first_seq: int
    last_seq: int
    hash: bytes


async def ensure_head(conn: Connection, space: str) -> None:
    """Give a space its empty journal; nothing happens where it has one."""
    await conn.execute(
        "INSERT INTO journal_head (space_id, seq, hash) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING", space, GENESIS
    )


async def append(
    conn: Connection, *, space: str, actor: str, recorded_at: datetime, drafts: Sequence[Draft]
) -> Appended:
    """Add entries at the journal's end, in their order, in one statement.

    Locks the space's head row until the transaction ends: take every other lock before. ``actor`` is ``user:…`` or
    ``system``. Raises ``NotFound`` where the space has no journal, ``ValueError`` for a draft that is no canonical JSON
    and for no drafts at all.
    """
    if not drafts:
        raise ValueError("There is nothing to append.")
    who = actor_id(actor)
    rows, turns = [], Turns()
    for draft in drafts:
        await turns.due()  # the head is not locked yet
        before, after = header_parts(draft, space=space, actor=actor, recorded_at=recorded_at)
        payload, salt = canonical(draft.payload), new_salt()
        rows.append((before, after, payload.decode(), salt, payload_digest(salt, payload)))
    if len(drafts) == 1:
        draft = drafts[0]
        row = await conn.fetchrow(
            _APPEND_ONE, space, *rows[0],
            recorded_at, draft.type, draft.subject_kind, draft.subject_id, who, draft.visibility, draft.parties,
        )  # fmt: skip
    else:
        row = await conn.fetchrow(
            _APPEND_MANY, space, recorded_at, who, *zip(*rows, strict=True),
            [draft.type for draft in drafts], [draft.subject_kind for draft in drafts],
            [draft.subject_id for draft in drafts], [draft.visibility for draft in drafts],
            ["{" + ",".join(map(str, draft.parties)) + "}" for draft in drafts],
        )  # fmt: skip
    if row is None:
        raise NotFound("space", space)
    return Appended(first_seq=row["seq"] - len(drafts) + 1, last_seq=row["seq"], hash=row["hash"])


async def head_of(conn: Connection, space: str) -> tuple[int, bytes]:
    """Return the last seq of a space's journal and its hash, without a lock. Raises ``NotFound``."""
    row = await conn.fetchrow("SELECT seq, hash FROM journal_head WHERE space_id = $1", space)
    if row is None:
        raise NotFound("space", space)
    return row["seq"], row["hash"]


async def read(
    conn: Connection, space: str, after: int, limit: int, viewer: Viewer | None = None
) -> list[Entry | Stub]:
    """Return up to ``limit`` entries after seq ``after``, in order; stubs for those that are not for the viewer's eyes.

    Without a viewer: all, for the service itself.
    """
    return [_line(row) for row in await conn.fetch(_READ, space, after, limit, *_eyes(viewer))]


async def these(conn: Connection, space: str, seqs: Sequence[int], viewer: Viewer | None = None) -> list[Entry]:
    """Return the entries of these seqs, in order; only those for the viewer's eyes."""
    rows = await conn.fetch(_THESE, space, list(seqs), None, *_eyes(viewer))
    return [line for row in rows if isinstance(line := _line(row), Entry)]


async def about(
    conn: Connection, space: str, kind: str, id_: UUID, after: int, limit: int, viewer: Viewer | None = None
) -> list[Entry]:
    """Return up to ``limit`` entries about one thing after seq ``after``, in order; only those for the viewer's eyes."""
    rows = await conn.fetch(_ABOUT, space, after, limit, *_eyes(viewer), kind, id_)
    return [line for row in rows if isinstance(line := _line(row), Entry)]


async def about_all(
    conn: Connection, space: str, subjects: Collection[tuple[str, UUID]], viewer: Viewer | None = None
) -> list[Entry]:
    """Return the entries about all of these things, each as (kind, id), in order; only those for the viewer's eyes."""
    kinds, ids = [kind for kind, _ in subjects], [id_ for _, id_ in subjects]
    rows = await conn.fetch(_ABOUT_ALL, space, 0, None, *_eyes(viewer), kinds, ids)
    return [line for row in rows if isinstance(line := _line(row), Entry)]


async def export_lines(
    conn: Connection, space: str, viewer: Viewer | None = None, *, exported_at: datetime
) -> AsyncGenerator[bytes, None]:
    """Yield a space's journal as JSON lines, without line ends: first what it is and where it ends, then each entry.

    A drill's has its mark before and after that, in each language of the corridor.

    All from one snapshot, in a transaction of its own, so that ``conn`` must not be in one. Close the iterator
    (``contextlib.aclosing``) when leaving it early. Raises ``NotFound`` with the first line.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        seq, hash_ = await head_of(conn, space)
        first = {"space": space, "exported_at": stamp(exported_at), "head": {"seq": seq, "hash": hash_.hex()}}
        spoken = await conn.fetchval(_SPOKEN_IN_A_DRILL, space, orjson.dumps(LANGUAGES).decode())
        languages = None if spoken is None else orjson.loads(spoken)
        if languages is not None:
            yield orjson.dumps(journal_marks.first_line(languages))
        yield orjson.dumps({FORMAT: FORMAT_VERSION, **first})
        async for row in conn.cursor(_READ, space, 0, None, *_eyes(viewer), prefetch=_PREFETCH):
            yield orjson.dumps(_line(row).exported())
        if languages is not None:
            yield orjson.dumps(journal_marks.last_line(languages))


async def verify(
    conn: Connection,
    space: str,
    head: tuple[int, bytes] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Check a space's journal: chain, head row, and the columns for searching against the headers.

    ``head`` is a (seq, hash) that was kept elsewhere; ``progress`` is told how many of how many entries are done.
    One snapshot, in a transaction of its own. Raises ``NotFound`` where the space has no journal.
    """
    verifier = Verifier(head, space=space)
    done = 0
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        seq, hash_ = await head_of(conn, space)
        verifier.expect_end(seq, hash_, "the head row")
        async for row in conn.cursor(_READ, space, 0, None, *_eyes(None), prefetch=_PREFETCH):
            line = _line(row)
            verifier.feed(line)
            if isinstance(line, Entry) and (differing := line.differing_columns()):
                verifier.fault("column", line.seq, f"{', '.join(differing)} beside the header differ from it")
            done += 1
            if progress is not None and (done % _PREFETCH == 0 or done == seq):
                progress(done, seq)
    return verifier.finish()


async def erase(conn: Connection, space: str, seq: int) -> bool:
    """Erase an entry's payload and salt, for good; the chain still verifies. False where they are gone already.

    Raises ``NotFound`` where there is no such entry.
    """
    erased = await conn.fetchval(
        "UPDATE journal_entry SET payload = NULL, salt = NULL"
        " WHERE space_id = $1 AND seq = $2 AND payload IS NOT NULL RETURNING true",
        space,
        seq,
    )
    if not erased and not await conn.fetchval(
        "SELECT true FROM journal_entry WHERE space_id = $1 AND seq = $2", space, seq
    ):
        raise NotFound("entry", f"{space}:{seq}")
    return bool(erased)


def _eyes(viewer: Viewer | None) -> tuple[bool, bool, UUID | None]:
    if viewer is None:
        return True, True, None
    return False, viewer.corridor, viewer.member_id


def _line(row: asyncpg.Record) -> Entry | Stub:
    if not row["visible"]:
        return Stub(seq=row["seq"], digest=row["digest"], hash=row["hash"])
    return Entry(
        seq=row["seq"],
        header=row["header"],
        payload=row["payload"],
        salt=row["salt"],
        payload_digest=row["payload_digest"],
        digest=row["digest"],
        hash=row["hash"],
        recorded_at=row["recorded_at"],
        type=row["type"],
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        actor_id=row["actor_id"],
        visibility=row["visibility"],
        parties=tuple(row["parties"]),
    )
