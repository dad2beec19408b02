"""How well a dispatch system tells what it knows, over a window of time: what came, late, twice, wrongly signed, held back."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.conformance import LATE_AFTER, REFUSED, conforms, found, held_back
from app.domain.webhooks import SPACE_KINDS
from app.queries.conformance import FindingView, views
from app.queries.models import ReadModel

if TYPE_CHECKING:
    import asyncpg

    from app.queries.inbox import InboxSourceView


class HeldView(ReadModel):
    """Messages that were held back for one reason, also those that somebody has seen to since."""

    code: str
    """`inbox_unknown_unit` …: the reason's words are the reader's own."""
    count: int
    last_at: datetime


class InboxConformance(ReadModel):
    """What one source told in a window of time, and how."""

    source_id: UUID
    label: str
    status: str
    mapping_version: int | None
    since: datetime
    until: datetime
    space: str | None
    """Only this space; null: all."""
    conforms: bool | None
    """Null where there was nothing to judge by."""
    received: int
    """Messages that were kept."""
    outcomes: dict[str, int]
    """Of these, how many came to what: `applied`, `history`, `noted`, `call`, `quarantined`, `discarded`, `received`."""
    late: int
    """Told more than 60 s after they were true."""
    out_of_order: int
    """Older than what was known: history."""
    held: int
    """That were held back for a person."""
    still_held: int
    held_because: tuple[HeldView, ...]
    duplicates: int
    """That came before under their id. This and what follows: at least so many, whole minutes at the window's edges."""
    wrongly_signed: int
    outside_window: int
    """Stamped more than 5 min off our clock."""
    id_used_again: int
    too_many: int
    too_large: int
    """Refused unread, and so signed by nobody knows whom."""
    not_at_work: int
    """Refused because the source was paused, or does not act in that kind of space."""
    skew_s_p50: float | None
    """By how much its timestamps are behind our clock at the moment of receipt, in seconds: its clock and the way together. Of what was kept."""
    skew_s_worst: float | None
    """The furthest off, also of what was refused for it; ahead of our clock is negative."""
    delay_s_p50: float | None
    """From when a message was true to its receipt, in seconds."""
    delay_s_p95: float | None
    missions: int
    """Of units that have a code of this source, sent out in this time, in spaces of the kinds that it acts in; since there is the source, and
    as far back as messages are kept. Also those that came home without that anybody said that they left."""
    untold: int
    """Of these, under way or over without a status of it."""
    findings: tuple[FindingView, ...]
    """Faults first."""


UNSIGNED: Final = ("signature", "too_large")
"""Refusals of what may be anybody's."""
_WINDOW: Final = "source_id = $1 AND received_at >= $2 AND received_at < $3 AND ($4::text IS NULL OR space_id = $4)"
_CAME: Final = f"SELECT outcome, count(*) AS count FROM inbox_message WHERE {_WINDOW} GROUP BY outcome"  # noqa: S608 - a constant of ours
_TIMES: Final = f"""
    SELECT count(*) FILTER (WHERE received_at - at > $5) AS late,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - sent_at)) AS skew,
           min(extract(epoch FROM received_at - sent_at)) AS ahead, max(extract(epoch FROM received_at - sent_at)) AS behind,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - at)) FILTER (WHERE at IS NOT NULL) AS delay,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - at)) FILTER (WHERE at IS NOT NULL) AS delay_95
    FROM inbox_message WHERE {_WINDOW}
"""  # noqa: S608 - a constant of ours
_HELD: Final = """
    SELECT because ->> 'code' AS code, count(*) AS count, count(*) FILTER (WHERE status = 'held') AS still, max(held_at) AS last_at
    FROM inbox_matter
    WHERE source_id = $1 AND held_at >= $2 AND held_at < $3 AND ($4::text IS NULL OR space_id = $4) AND because IS NOT NULL
    GROUP BY because ->> 'code' ORDER BY count DESC, last_at DESC
"""
_REFUSED: Final = """
    SELECT why, sum(count)::int AS count, min(off_s) AS behind, max(off_s) AS ahead FROM inbox_refusal
    WHERE source_id = $1 AND minute > $2::timestamptz - interval '1 minute' AND minute < $3 AND ($4::text IS NULL OR space_id = $4)
    GROUP BY why
"""
_MISSIONS: Final = """
    SELECT count(*) AS missions, count(*) FILTER (WHERE m.status NOT IN ('committed', 'mobilising') AND NOT EXISTS (
        SELECT FROM inbox_message i WHERE i.space_id = m.space_id AND i.source_id = $1 AND i.mission_id = m.id)) AS untold
    FROM mission m JOIN space p ON p.id = m.space_id AND p.kind = ANY($7)
    WHERE m.lender_id = $5 AND coalesce(m.mobilised_at, m.home_at) >= greatest($2::timestamptz, $8::timestamptz) AND coalesce(m.mobilised_at, m.home_at) < $3
      AND ($4::text IS NULL OR m.space_id = $4)
      AND EXISTS (SELECT FROM external_id x WHERE x.space_id = m.space_id AND x.resource_id = m.resource_id AND x.source = $6)
"""


async def inbox_conformance(
    conn: asyncpg.Connection[Any],
    of: InboxSourceView,
    since: datetime,
    until: datetime,
    space: str | None,
    *,
    kept_since: datetime,
) -> InboxConformance:
    """Return how a source has told what it knew from ``since`` to ``until``, as it stands now. What came before ``kept_since`` may be gone."""
    window = (of.id, since, until, space)
    outcomes: dict[str, int] = {row["outcome"]: row["count"] for row in await conn.fetch(_CAME, *window)}
    times = await conn.fetchrow(_TIMES, *window, LATE_AFTER)
    held = await conn.fetch(_HELD, *window)
    refusals = await conn.fetch(_REFUSED, *window)
    refused = {row["why"]: row["count"] for row in refusals}
    kinds = [kind for kind, called in SPACE_KINDS.items() if called in of.space_kinds]
    missions = await conn.fetchrow(_MISSIONS, *window, of.member_id, of.source, kinds, max(of.created_at, kept_since))
    counts: Counter[str] = Counter(held_back((row["code"], row["count"]) for row in held))
    for why, count in refused.items():
        counts[REFUSED[why]] += count
    counts["no_mapping"] += of.mapping_version is None
    counts["told_late"] += times["late"]
    counts["untold"] += missions["untold"]
    counts["out_of_order"] += outcomes.get("history", 0)
    counts["called"] += outcomes.get("call", 0)
    received = sum(outcomes.values())
    counts["nothing_came"] += not (received or refused)
    # Whoever knows the address can send what is signed by nobody: a fault of the source's is that only where nothing else came.
    signed = received + sum(count for why, count in refused.items() if why not in UNSIGNED)
    findings = found(counts, no_faults={REFUSED[why] for why in UNSIGNED} if signed else ())
    return InboxConformance(
        source_id=of.id, label=of.label, status=of.status, mapping_version=of.mapping_version, since=since, until=until, space=space,
        conforms=conforms(findings, seen=received), received=received, outcomes=outcomes, late=times["late"],
        out_of_order=outcomes.get("history", 0), held=sum(row["count"] for row in held), still_held=sum(row["still"] for row in held),
        held_because=tuple(HeldView.model_validate(dict(row)) for row in held), duplicates=refused.get("duplicate", 0),
        wrongly_signed=refused.get("signature", 0), outside_window=refused.get("window", 0),
        id_used_again=refused.get("key_reused", 0), too_many=refused.get("too_many", 0), too_large=refused.get("too_large", 0), not_at_work=refused.get("not_at_work", 0),
        skew_s_p50=_number(times["skew"]),
        skew_s_worst=_worst(times["ahead"], times["behind"], *(-row[name] for row in refusals for name in ("ahead", "behind") if row[name] is not None)),
        delay_s_p50=_number(times["delay"]), delay_s_p95=_number(times["delay_95"]),
        missions=missions["missions"], untold=missions["untold"], findings=views(findings),
    )  # fmt: skip


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _worst(*offs: Any) -> float | None:
    known = [float(each) for each in offs if each is not None]
    return max(known, key=abs) if known else None
