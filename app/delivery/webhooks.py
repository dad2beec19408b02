"""The worker of the webhooks: from each journal by each endpoint's cursor, in order, at least once.

    claim lanes (SKIP LOCKED) ──▶ for each, by itself:  read the journal after the cursor ──▶ rows of what is asked for
                                                        send what waits, one after the other ──▶ attempts, when to try again

What is to be sent stands in the database before anything is sent, and is done once the receiver has taken it: a process that is killed
leaves its lanes to the others. A lane waits for its own receiver alone. Nothing here holds a connection or a lock of the database while
it waits for a receiver.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from app.commands.webhook_states import DisableWebhook, GiveUpWebhook
from app.delivery.webhook_messages import Messages, rows_of
from app.delivery.webhook_sender import Body, Sender
from app.domain.authority import SYSTEM
from app.domain.chain import Entry, Viewer
from app.domain.errors import ConcordError
from app.domain.ids import new_id
from app.domain.webhook_addresses import networks
from app.domain.webhooks import GIVEN_UP_AFTER, STALE, TESTED, acts_on, events, mentions, pause_s
from app.interop.cloud_events import heartbeat
from app.queries.webhook_contexts import abouts
from app.store import journal
from app.store import webhook_lanes as lanes
from app.store.engine import AWAY
from app.store.unit_of_work import LIVE, operation
from app.store.webhook_lanes import Beat, Claim, Try, Work
from app.telemetry import WEBHOOK_TRIES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence
    from uuid import UUID

    import asyncpg
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.commands.execute import Door
    from app.delivery.webhook_messages import Message

POLL_S: Final = 1.0
"""How often it looks without a hint: a try that failed is due by the clock alone."""
AT_ONCE: Final = 200
"""Lanes that one process works on at a time. Most of their time is waiting, and who is slow must not take them all."""
READ: Final = 500
"""Entries read at a time."""
BATCH: Final = 500
"""Messages made at a time, at most; at least half as many: lanes that began together would else all wait for the database at one time."""
READ_KEPT_S: Final = 1.0
"""For how long what was read is at hand for other lanes."""
CONNECTIONS: Final = 4
"""Lanes that speak with the database at a time: as many as its pool may open."""
WRITTEN_AFTER_S: Final = 1.0
"""After so long what was sent is written down, though there is more: a process that is killed then sends little twice."""
GONE: Final = 410

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is sent next on a lane."""

    work: Work
    made: Sequence[Message]
    last: tuple[bool, int] | None
    """The last delivery of it (whether once more, seq), where others may wait behind it."""


class _Unwritten:
    """The batch of a lane that was sent, and is being written down while the next one is sent: one at most."""

    def __init__(self) -> None:
        self._writing: asyncio.Task[None] | None = None

    def begin(self, writing: Coroutine[Any, Any, None]) -> None:
        """Have it written down; the one before it is ``over``."""
        self._writing = asyncio.create_task(writing, name="webhook_writing")

    async def over(self) -> None:
        """Wait until it is written down. Raises what kept it from being."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing

    async def dropped(self) -> None:
        """Give it a moment where the lane ends otherwise, and then give it up: what was sent is sent again."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=WRITTEN_AFTER_S)
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)


class Webhooks:
    """One a process. ``run`` it; tests take ``turn`` after ``turn`` instead."""

    def __init__(self, engine: AsyncEngine, door: Door, *, sender: Sender | None = None) -> None:
        settings = door.settings
        self._engine = engine
        self._door = door
        self._base = (settings.public_url or "").rstrip("/")
        self._messages = Messages(self._base)
        self._sender = sender or Sender(networks(settings.webhook_networks), timeout_s=settings.webhook_timeout_s)
        self._woken = asyncio.Event()
        self._working: dict[asyncio.Task[bool], UUID | None] = {}
        """What is at work, and the lease of its lane."""
        self._connections = asyncio.Semaphore(CONNECTIONS)
        self._read: dict[tuple[str, int, int, int], Sequence[Entry]] = {}
        """Entries by space, what they come after, how many were asked for, and the head at that time."""
        self._read_since = 0.0

    def wake(self, _space: str) -> None:
        """Look before long: a journal went on."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled."""
        renewed = time.monotonic()
        try:
            while True:
                self._woken.clear()
                try:
                    await self._begin()
                    if time.monotonic() - renewed >= POLL_S:
                        await self._keep()
                        renewed = time.monotonic()
                except AWAY as error:
                    log.warning("webhooks_wait", error=repr(error))
                    await asyncio.sleep(POLL_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._woken.wait()
        finally:
            await self.close()

    async def close(self) -> None:
        """End what is under way, and let others have its lanes."""
        working = dict(self._working)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await self._sender.close()
        if leases := {lease for lease in working.values() if lease is not None}:
            with suppress(*AWAY):  # then they run out
                async with operation(self._engine) as tx:
                    await lanes.let_go(tx.raw, leases)

    async def _keep(self) -> None:
        """Renew the leases of what is at work."""
        if leases := {lease for lease in self._working.values() if lease is not None}:
            async with self._bookkeeping() as conn:
                await lanes.renew(conn, leases)

    async def turn(self) -> bool:
        """Do what can be done now, and return whether that was anything."""
        began = await self._begin()
        return any(await asyncio.gather(*began))

    async def _begin(self) -> list[asyncio.Task[bool]]:
        """Claim what is due, and begin with it."""
        free = AT_ONCE - len(self._working)
        if free <= 0:
            return []
        now = self._door.clock.now()
        async with self._connections, operation(self._engine) as tx:
            await lanes.join(tx.raw, now)
            claims = await lanes.claim(tx.raw, now, new_id(), free)
            beats = await lanes.beats(tx.raw, now, free)
        work = [(self._lane(claim), claim.lease) for claim in claims] + [(self._beat(beat), None) for beat in beats]
        began = []
        for each, lease in work:
            task = asyncio.create_task(each, name="webhook")
            self._working[task] = lease
            task.add_done_callback(self._done)
            began.append(task)
        return began

    def _done(self, task: asyncio.Task[bool]) -> None:
        del self._working[task]
        if not task.cancelled() and task.exception() is None and task.result():
            self._woken.set()  # what came while it was at work had no hint that anybody heard

    # ------------------------------------------------------------ one lane

    async def _lane(self, claim: Claim) -> bool:
        """Bring a lane as far as it goes; return whether anything was done."""
        did = False
        unwritten = _Unwritten()
        try:
            batch = await self._batch(claim)
            while batch is not None:
                did = True
                batch = await self._go_on(claim, batch, unwritten)
        except AWAY as error:
            log.warning("webhook_waits", endpoint=str(claim.endpoint), error=repr(error))
            return False
        except Exception:  # whatever it is, the other lanes go on; this one is tried again when its lease has run out
            log.exception("webhook_failed", endpoint=str(claim.endpoint), space=claim.space)
            return False
        finally:
            await unwritten.dropped()
        return did

    async def _batch(self, claim: Claim, behind: tuple[bool, int] | None = None) -> _Batch | None:
        """Look at what is new and return what is to be sent next, which may be nothing yet; None when the lane was let go.

        ``behind``: another batch, which ends there, is still being sent; then None says that nothing is to be prepared, and the lane is kept.
        """
        now = self._door.clock.now()
        async with self._bookkeeping() as conn:
            work = await lanes.load(conn, claim, now)
            if work is None:
                return None
            looked = await self._look(conn, claim, work, now, again=behind is None)
            batch = await self._waiting(conn, claim, work, now, behind)
            if looked or batch.made:
                return batch
            if behind is None:
                await lanes.release(conn, claim)
        return None

    async def _go_on(self, claim: Claim, batch: _Batch, unwritten: _Unwritten) -> _Batch | None:
        """Send a batch, and make the next one ready meanwhile; return that, None where one failed and the lane was let go.

        What went well is written down while the next batch is being sent, one batch after the other; a process that is killed then
        sends both again.
        """
        if not batch.made:
            await unwritten.over()
            return await self._batch(claim)
        half = (len(batch.made) + 1) // 2
        ahead: asyncio.Task[_Batch | None] | None = None
        try:
            tries, retry_after_s = await self._send(batch.work, batch.made[:half])
            if len(tries) == half and tries[-1].well:
                if batch.last is not None:
                    ahead = asyncio.create_task(self._batch(claim, batch.last), name="webhook_ahead")
                more, retry_after_s = await self._send(batch.work, batch.made[half:])
                tries += more
            await unwritten.over()
            write = partial(self._written, claim, batch.work, tries, retry_after_s)
            whole = tries[-1].well and len(tries) == len(batch.made)
            following = await self._ready(ahead) if ahead is not None and whole else None
            if following is None or not following.made:
                await write()
                return await self._batch(claim) if tries[-1].well else None
            unwritten.begin(write())
            after = replace(following.work, failures=0, failing_since=None, next_at=tries[-1].at)
            return replace(following, work=after)
        finally:
            if ahead is not None and not ahead.done():
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    async def _ready(self, ahead: asyncio.Task[_Batch | None]) -> _Batch | None:
        """Return what was prepared; nothing where the database was slow with it: it is asked for again once what was sent is written down."""
        try:
            return await ahead
        except AWAY as error:
            log.info("webhook_not_ready", error=repr(error))
            return None

    @asynccontextmanager
    async def _bookkeeping(self) -> AsyncIterator[asyncpg.Connection[Any]]:
        """Open a short transaction that need not outlive a crash of the database: its end is not waited for on disk.

        Cursor, rows and what falls due are one transaction: what is lost is lost together, and done again. So is what was sent: it is
        sent twice then.
        """
        async with self._connections, operation(self._engine) as tx:
            await tx.raw.execute("SET LOCAL synchronous_commit = off")
            yield tx.raw

    # ------------------------------------------------------------ from the journal to rows

    async def _look(
        self, conn: asyncpg.Connection[Any], claim: Claim, work: Work, now: datetime, *, again: bool
    ) -> bool:
        """Look at the entries after the cursor, or, where there are none, at those that are to be sent once more (``again``).

        Not while a batch is being sent: what of it is asked for once more waits already, and would be passed over.
        Return whether there were any. The lane's row is locked by this transaction.
        """
        if work.head > work.seq:
            last, chosen = await self._chosen(conn, claim, work, work.seq, READ)
            new = [(entry.seq, entry.type, _receipt_by(entry, work, now)) for entry in chosen]
            awaited = [(seq, by) for seq, _, by in new if by is not None]
            await lanes.move(conn, claim, last)
            await lanes.add(conn, claim, now, new, replayed=False)
            await lanes.ring_later(conn, claim, [new_id() for _ in awaited], awaited)
            return True
        if again and work.replay_after is not None and work.replay_to is not None:
            after, to = work.replay_after, work.replay_to
            last, chosen = await self._chosen(conn, claim, work, after, min(READ, to - after))
            await lanes.move_replay(conn, claim, after, last if last < to else None)
            await lanes.add(conn, claim, now, [(entry.seq, entry.type, None) for entry in chosen], replayed=True)
            return True
        return False

    async def _chosen(
        self, conn: asyncpg.Connection[Any], claim: Claim, work: Work, after: int, most: int
    ) -> tuple[int, list[Entry]]:
        """Look at up to ``most`` entries after a seq as the member sees them; return the last one's seq, and those that are asked for."""
        batch, viewer = await self._entries(conn, claim.space, after, most, work.head), Viewer(work.member)
        lines = [line for line in batch if viewer.sees(line.visibility, line.parties)]
        asked = [line for line in lines if line.type != TESTED and work.asked and work.wanted.takes(line.type)]
        if asked and work.wanted.narrow:
            about = await abouts(conn, claim.space, [mentions(rows_of(entry)) for entry in asked])
            asked = [entry for entry, each in zip(asked, about, strict=True) if work.wanted.fits(each)]
        tests = [line for line in lines if line.type == TESTED and line.subject_id == claim.endpoint]
        last = batch[-1].seq if batch else after + most
        return last, sorted((*asked, *tests), key=lambda entry: entry.seq)

    async def _entries(
        self, conn: asyncpg.Connection[Any], space: str, after: int, most: int, head: int
    ) -> Sequence[Entry]:
        """Return up to ``most`` entries after a seq, whoever sees them: as the feed, read once for all and judged for each."""
        if time.monotonic() - self._read_since > READ_KEPT_S:
            self._read = {}
            self._read_since = time.monotonic()
        read, key = self._read, (space, after, most, head)
        if key not in read:
            read[key] = [line for line in await journal.read(conn, space, after, most) if isinstance(line, Entry)]
        return read[key]

    # ------------------------------------------------------------ from rows to the receiver

    async def _waiting(
        self, conn: asyncpg.Connection[Any], claim: Claim, work: Work, now: datetime, behind: tuple[bool, int] | None
    ) -> _Batch:
        """Return what is to be sent now; nothing ``behind`` what is sent once more where something new waits: that comes before all the rest."""
        if work.status != "active" or work.url is None or work.next_at > now:
            return _Batch(work, (), None)
        if behind is not None and behind[0] and await lanes.new_waits(conn, claim):
            return _Batch(work, (), None)
        most = BATCH - secrets.randbelow(BATCH // 2)
        waiting = await lanes.waiting(conn, claim, most, behind)
        if not waiting:
            return _Batch(work, (), None)
        made = await self._messages.made(conn, claim.space, work.space_kind, work.member, waiting)
        seq, replayed, _ = waiting[-1]
        return _Batch(work, made, (replayed, seq) if len(waiting) == most else None)

    async def _send(self, work: Work, made: Sequence[Message]) -> tuple[list[Try], float | None]:
        """Send, one after the other, until one fails or it takes long; return how it went, and for how long the receiver puts us off."""
        tries: list[Try] = []
        retry_after_s: float | None = None
        began = time.monotonic()
        for each in made:
            answer = await self._sender.post(work.url or "", each.id, each.body, work.secrets)
            at, retry_after_s = self._door.clock.now(), answer.retry_after_s
            tries.append(Try(each.seq, at, answer.status, answer.error, answer.latency_ms, each.body.digest))
            if not tries[-1].well or time.monotonic() - began > WRITTEN_AFTER_S / 2:
                break
        _count(tries)
        return tries, retry_after_s

    async def _written(self, claim: Claim, work: Work, tries: Sequence[Try], retry_after_s: float | None) -> None:
        """Write down what was tried; what fails is tried later, and given up after three days."""
        last = tries[-1]
        taken = [each for each in tries if each.well]
        failures, since, next_at = 0, None, last.at
        if not last.well:
            failures = 1 if taken else work.failures + 1
            since = last.at if taken or work.failing_since is None else work.failing_since
            chance = secrets.randbelow(1001) / 1000
            next_at = last.at + timedelta(seconds=pause_s(failures, chance, retry_after_s))
        async with self._bookkeeping() as conn:
            await lanes.tried(conn, claim, tries)
            await lanes.went(conn, claim, work, failures=failures, failing_since=since, next_at=next_at)
            if taken:
                await lanes.reached(conn, claim.endpoint, taken[-1].at)
            if not last.well:
                await lanes.release(conn, claim)
        if last.answer == GONE and work.url is not None:
            await self._of_itself(claim.endpoint, DisableWebhook(url=work.url))
        elif since is not None and last.at - since >= GIVEN_UP_AFTER:
            await self._of_itself(claim.endpoint, GiveUpWebhook(failing_since=since))

    async def _of_itself(self, endpoint: UUID, command: DisableWebhook | GiveUpWebhook) -> None:
        """Turn an endpoint off, unless it was paused, removed, or changed or resumed meanwhile."""
        with suppress(ConcordError):
            await self._door.execute(command, actor=SYSTEM, space=LIVE, target=endpoint)

    # ------------------------------------------------------------ heartbeats

    async def _beat(self, beat: Beat) -> bool:
        """Say that we are there."""
        now = self._door.clock.now()
        id_, body = heartbeat(self._base, str(beat.endpoint), now, beat.minutes)
        answer = await self._sender.post(beat.url, id_, Body(body), beat.secrets)
        well = answer.status is not None and 200 <= answer.status < 300  # noqa: PLR2004 - a class of HTTP statuses
        try:
            async with self._connections, operation(self._engine) as tx:
                await (lanes.reached if well else lanes.missed)(tx.raw, beat.endpoint, now)
            if answer.status == GONE:
                await self._of_itself(beat.endpoint, DisableWebhook(url=beat.url))
        except AWAY as error:
            log.warning("webhook_beat_not_written", error=repr(error))
        return False


def _receipt_by(entry: Entry, work: Work, now: datetime) -> datetime | None:
    """Return by when the dispatch system has to have taken an entry over, None where that is not awaited."""
    if not work.receipts or now - entry.recorded_at > STALE:
        return None
    if not acts_on(entry.type, rows_of(entry), str(work.member)):
        return None
    return entry.recorded_at + timedelta(seconds=events().receipt_within_s)


def _count(tries: Sequence[Try]) -> None:
    outcomes = Counter(
        "delivered" if each.well else each.error or f"answer_{(each.answer or 0) // 100}xx" for each in tries
    )
    for outcome, count in outcomes.items():
        WEBHOOK_TRIES.labels(outcome).inc(count)
