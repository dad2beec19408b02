"""How well a dispatch system has kept to what was agreed, over a window of time: figures from what was written down as it happened."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain import conformance as rules
from app.domain.conformance import SLOW_MS, Finding, Weight, conforms, failures, found
from app.queries.models import ReadModel

if TYPE_CHECKING:
    from collections.abc import Iterable

    import asyncpg

    from app.queries.webhooks import WebhookView


class FindingView(ReadModel):
    """One thing that was found."""

    code: str
    """`missed`, `signature_refused`, `receipt_late` …: each of these has its words in the console."""
    weight: Weight
    """`fault`, or `note`: worth knowing."""
    count: int
    next: str
    """What to do about it, in English."""


class FailureView(ReadModel):
    """Tries that failed in one way."""

    answer: int | None
    """The HTTP status that was answered."""
    error: str | None
    """Why there was none."""
    count: int
    last_at: datetime


class ReceiptFigures(ReadModel):
    """What a system had to say it took over."""

    asked: int
    taken: int
    late: int
    """Of these, after its time, when the console had rung, though its event had been taken before."""
    missing: int
    """Not sent, though its event was taken while it was asked for. What was taken later asked for none."""
    awaited: int


class WebhookConformance(ReadModel):
    """What was sent to one webhook in a window of time, and how its system took it."""

    webhook_id: UUID
    label: str
    status: str
    since: datetime
    until: datetime
    space: str | None
    """Only this space; null: all."""
    conforms: bool | None
    """Null where there was nothing to judge by."""
    asked: int
    """Events that it asks for."""
    taken: int
    missed: int
    """Not taken yet, more than 60 s after they happened."""
    waiting: int
    """Not taken yet, within this time."""
    dropped: int
    """Not to be sent any more: their kind of space was taken off the webhook."""
    late: int
    """Taken more than 60 s after they happened."""
    taken_again: int
    """Taken more than once, though nobody had it sent once more."""
    tries: int
    tried_again: int
    """Tries of what had been tried and not taken."""
    failed: int
    failures: tuple[FailureView, ...]
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    latency_ms_max: float | None
    """Of what was taken."""
    receipts: ReceiptFigures
    silences: int
    """How often it did not say that it is there for twice its time."""
    findings: tuple[FindingView, ...]
    """Faults first."""


_DELIVERIES: Final = """
    WITH made AS (
        SELECT d.status, d.receipt_by, coalesce(a.first_at, d.delivered_at) AS taken_at,
               CASE WHEN d.replayed THEN d.made_at ELSE e.recorded_at END AS since, a.well, d.replayed
        FROM webhook_delivery d JOIN journal_entry e ON e.space_id = d.space_id AND e.seq = d.seq, LATERAL (
            SELECT min(at) FILTER (WHERE answer BETWEEN 200 AND 299) AS first_at, count(*) FILTER (WHERE answer BETWEEN 200 AND 299) AS well
            FROM webhook_attempt a WHERE a.space_id = d.space_id AND a.endpoint_id = d.endpoint_id AND a.seq = d.seq
        ) AS a
        WHERE d.endpoint_id = $1 AND d.made_at >= $2 AND d.made_at < $3 AND ($4::text IS NULL OR d.space_id = $4)
    )
    SELECT count(*) AS asked, count(taken_at) AS taken,
           count(*) FILTER (WHERE taken_at IS NULL AND status = 'dropped') AS dropped,
           count(*) FILTER (WHERE taken_at IS NULL AND status = 'waiting' AND since < $5) AS missed,
           count(*) FILTER (WHERE taken_at IS NULL AND status = 'waiting' AND since >= $5) AS waiting,
           count(*) FILTER (WHERE taken_at - since > $6) AS late,
           count(*) FILTER (WHERE well > 1 AND NOT replayed) AS taken_again, count(receipt_by) AS awaited
    FROM made
"""
_WINDOW: Final = "endpoint_id = $1 AND at >= $2 AND at < $3 AND ($4::text IS NULL OR space_id = $4)"
_TRIES: Final = f"""
    SELECT count(*) AS tries, count(*) FILTER (WHERE answer IS NULL OR NOT answer BETWEEN 200 AND 299) AS failed,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM webhook_attempt b WHERE b.space_id = a.space_id AND b.endpoint_id = a.endpoint_id AND b.seq = a.seq
                      AND b.number = a.number - 1 AND (b.answer IS NULL OR NOT b.answer BETWEEN 200 AND 299))) AS tried_again,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE answer BETWEEN 200 AND 299) AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE answer BETWEEN 200 AND 299) AS p95,
           max(latency_ms) FILTER (WHERE answer BETWEEN 200 AND 299) AS longest
    FROM webhook_attempt a WHERE {_WINDOW}
"""  # noqa: S608 - a constant of ours
_FAILURES: Final = f"""
    SELECT answer, error, count(*) AS count, max(at) AS last_at FROM webhook_attempt
    WHERE {_WINDOW} AND (answer IS NULL OR NOT answer BETWEEN 200 AND 299)
    GROUP BY answer, error ORDER BY count DESC, last_at DESC
"""  # noqa: S608 - a constant of ours
# What was taken after somebody had been rung asked for no receipt any more: that is late, or missed, and no fault of its receipts.
_RECEIPTS: Final = """
    SELECT count(*) FILTER (WHERE status = 'taken') AS taken,
           count(*) FILTER (WHERE status = 'taken' AND rung_at IS NOT NULL AND asked) AS late,
           count(*) FILTER (WHERE status = 'missing' AND asked) AS missing
    FROM dispatch_receipt r, LATERAL (
        SELECT EXISTS (
            SELECT FROM webhook_attempt a WHERE a.space_id = r.space_id AND a.endpoint_id = r.endpoint_id AND a.seq = r.seq
                   AND a.answer BETWEEN 200 AND 299 AND a.at < r.rung_at
        ) OR EXISTS (
            SELECT FROM webhook_delivery d WHERE d.space_id = r.space_id AND d.endpoint_id = r.endpoint_id AND d.seq = r.seq
                   AND d.delivered_at < r.rung_at
        ) AS asked
    ) AS told
    WHERE endpoint_id = $1 AND asked_at >= $2 AND asked_at < $3 AND ($4::text IS NULL OR space_id = $4)
"""
_SILENCES: Final = """
    SELECT count(*) FROM journal_entry
    WHERE space_id = 'live' AND subject_kind = 'webhook_endpoint' AND subject_id = $1 AND type = 'webhook_endpoint.silent'
      AND recorded_at >= $2 AND recorded_at < $3
"""


async def webhook_conformance(
    conn: asyncpg.Connection[Any], of: WebhookView, since: datetime, until: datetime, space: str | None, now: datetime
) -> WebhookConformance:
    """Return how a webhook's system has taken what was made for it from ``since`` to ``until``, as it stands now."""
    window = (of.id, since, until, space)
    made = await conn.fetchrow(_DELIVERIES, *window, now - rules.LATE_AFTER, rules.LATE_AFTER)
    tries = await conn.fetchrow(_TRIES, *window)
    failed = [FailureView.model_validate(dict(row)) for row in await conn.fetch(_FAILURES, *window)]
    receipts = await conn.fetchrow(_RECEIPTS, *window)
    silences = await conn.fetchval(_SILENCES, of.id, since, until)
    counts = failures((each.answer, each.error, each.count) for each in failed) | {
        "nothing_asked": int(made["asked"] == 0),
        # Who reads an outbox is not sent anything: what it does about it is another thing.
        "missed" if of.url is not None else "unread": made["missed"],
        "late" if of.url is not None else "read_late": made["late"],
        "dropped": made["dropped"],
        "answered_slowly": int((tries["p95"] or 0) > SLOW_MS),
        "taken_again": made["taken_again"],
        "receipt_missing": receipts["missing"],
        "receipt_late": receipts["late"],
        "fell_silent": silences,
    }
    findings = found(counts)
    return WebhookConformance(
        webhook_id=of.id, label=of.label, status=of.status, since=since, until=until, space=space,
        conforms=conforms(findings, seen=made["taken"]),
        **{name: made[name] for name in ("asked", "taken", "missed", "waiting", "dropped", "late", "taken_again")},
        tries=tries["tries"], tried_again=tries["tried_again"], failed=tries["failed"], failures=tuple(failed),
        latency_ms_p50=tries["p50"], latency_ms_p95=tries["p95"], latency_ms_max=tries["longest"],
        receipts=ReceiptFigures(
            asked=receipts["taken"] + receipts["missing"] + made["awaited"], taken=receipts["taken"], late=receipts["late"],
            missing=receipts["missing"], awaited=made["awaited"],
        ),
        silences=silences,
        findings=views(findings),
    )  # fmt: skip


def views(findings: Iterable[Finding]) -> tuple[FindingView, ...]:
    """Return what was found as it is read."""
    return tuple(FindingView(code=each.code, weight=each.weight, count=each.count, next=each.next) for each in findings)
