"""Claims, for the two members they are between (a draft for the lender alone); missions that wait to be claimed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.cost_terms import CLAIM_DAYS, RATE_DAYS, rate_at, rate_dates
from app.domain.errors import NotFound
from app.domain.money import Amount, Rate
from app.queries.costs import WENT_UNDER, CostView
from app.queries.exchange_rates import ExchangeRateView, rate_of_day
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

Side: TypeAlias = Literal["lender", "requester"]

# Amounts leave JSON as text: as numbers they would be floats on the way.
_AS_TEXT: Final = ", ".join(
    f"'{name}', l.{name}::text"
    for name in (
        "quantity",
        "overlap",
        "free",
        "billable",
        "rate",
        "amount",
        "agreed",
        "counter_amount",
        "answer_amount",
    )
)
_LISTED: Final = """
    SELECT c.*, (SELECT count(*) FROM claim_mission k WHERE k.space_id = c.space_id AND k.claim_id = c.id)::int AS mission_count,
           (SELECT count(*) FROM claim_line l WHERE l.space_id = c.space_id AND l.claim_id = c.id
               AND l.dispute IN ('raised', 'answered'))::int AS open_disputes,
           (SELECT min(l.answer_by) FROM claim_line l WHERE l.space_id = c.space_id AND l.claim_id = c.id
               AND l.dispute = 'raised') AS answer_by,
           EXISTS (SELECT FROM exchange_rate x WHERE x.space_id = c.space_id AND x.base = c.currency AND x.quote = c.ledger_currency
               AND x.day = c.rate_date AND x.status = 'contested') AS rate_contested
      FROM claim c
"""
# One statement, so that a claim, its missions and its lines are those of one moment.
_WHOLE: Final = f"""
    SELECT w.*,
           (SELECT jsonb_agg(to_jsonb(k) || jsonb_build_object('type_code', m.type_code, 'call_sign', r.call_sign,
                        'mobilised_at', m.mobilised_at, 'home_at', m.home_at, 'incident_id', m.incident_id,
                        'request_id', m.request_id, 'relief_of_id', m.relief_of_id, 'agreement_code', a.code) ORDER BY m.id)
              FROM claim_mission k
              JOIN mission m ON m.space_id = k.space_id AND m.id = k.mission_id
              LEFT JOIN resource r ON r.space_id = m.space_id AND r.id = m.resource_id
              LEFT JOIN agreement a ON a.space_id = k.space_id AND a.id = k.agreement_id
             WHERE k.space_id = w.space_id AND k.claim_id = w.id) AS missions,
           (SELECT jsonb_agg(to_jsonb(l) || jsonb_build_object({_AS_TEXT}) ORDER BY l.position)
              FROM claim_line l WHERE l.space_id = w.space_id AND l.claim_id = w.id) AS lines
      FROM ({_LISTED}) w
"""  # noqa: S608 - constants of this module
_RATE: Final = """
    SELECT true FROM exchange_rate WHERE space_id = $1 AND base = $2 AND quote = $3 AND day > $4 AND day <= $5 LIMIT 1
"""
_UNCLAIMED: Final = f"""
    SELECT m.id, m.revision, m.lender_id, m.requester_id, m.type_code, r.call_sign, m.incident_id, m.request_id, m.relief_of_id,
           m.mobilised_at, m.home_at, m.kilometres, m.agreement_id, m.agreement_version,
           coalesce(p.cost->>'currency', x.currency) AS currency,
           m.home_at + make_interval(days => coalesce((p.cost->>'claim_within_days')::int, {CLAIM_DAYS})) AS claim_by
      FROM mission m
      {WENT_UNDER}
      JOIN member x ON x.space_id = m.space_id AND x.id = m.lender_id
      LEFT JOIN resource r ON r.space_id = m.space_id AND r.id = m.resource_id
"""  # noqa: S608 - a constant of ours


class LineWhyView(ReadModel):
    """Why a line is not simply quantity times rate (`cost_reasons` of the vocabulary)."""

    code: str
    figures: dict[str, Any]


class ClaimLineView(Row):
    """One item of one mission: `quantity` = `overlap` + `free` + `billable`, unless it can't be claimed."""

    mission_id: UUID
    position: int
    item: str
    consumable: str | None
    unit: str
    quantity: Amount
    """As measured."""
    overlap: Amount
    """Counted with the unit that was relieved."""
    free: Amount
    billable: Amount
    rate: Amount | None
    """Per unit; null: not among what the terms name."""
    amount: Amount
    """As claimed."""
    agreed: Amount
    """What is left of it by disputes and waivers."""
    waived: bool
    why: tuple[LineWhyView, ...]
    dispute: str | None
    """State of the dispute about it; null: there was none."""
    dispute_reason: str | None
    counter_amount: Amount | None
    """What the requester would pay."""
    disputed_at: datetime | None
    answer_by: datetime | None
    """By when the lender answers, where the terms say so."""
    answer: str | None
    answer_amount: Amount | None
    """What the lender then still asks for."""
    answered_at: datetime | None


class ClaimMissionView(ReadModel):
    """A mission in the claim, with the version of the agreement and the cost terms it went under."""

    mission_id: UUID
    type_code: str
    call_sign: str | None
    incident_id: UUID | None
    request_id: UUID
    relief_of_id: UUID | None
    mobilised_at: datetime | None
    home_at: datetime | None
    agreement_id: UUID | None
    agreement_code: str | None
    agreement_version: int | None
    cost: CostView


class ClaimBrief(Row):
    """A claim without its lines."""

    ref: str
    lender_id: UUID
    requester_id: UUID
    status: str
    currency: str
    total: Amount
    """As claimed."""
    agreed: Amount
    """What is to be paid: less what was disputed and settled, or waived."""
    ledger_currency: str
    """The corridor's."""
    ledger_total: Amount | None
    exchange_rate: Rate | None
    """Null until it is submitted, and where both are one currency."""
    rate_date: date | None
    rate_source: str | None
    rate_contested: bool
    """Somebody contests the rate: it can't be verified or paid until that is settled."""
    claim_by: datetime
    """When the time to claim is over."""
    submitted_at: datetime | None
    pay_by: datetime | None
    overdue: bool
    verified_at: datetime | None
    paid_at: datetime | None
    payment_reference: str | None
    closed_at: datetime | None
    mission_count: int
    open_disputes: int
    answer_by: datetime | None
    """By when the lender answers the dispute that waits longest; null: none waits for it, or the terms don't say."""


class NoRateView(ReadModel):
    """An exchange rate that nobody has entered: of `base` in `quote`, for that day or the seven days before."""

    base: str
    quote: str
    day: date


class ClaimView(ClaimBrief):
    """A claim with its missions and lines."""

    no_rate: NoRateView | None
    """What a draft can't be submitted without; the finance of any member may enter it."""
    rate: ExchangeRateView | None
    """The exchange rate that it is converted by, as it stands now: whose word it is, and who contests it."""
    missions: tuple[ClaimMissionView, ...]
    lines: tuple[ClaimLineView, ...]


class UnclaimedView(Row):
    """A mission that is home, that its terms let be claimed, and that is in no claim."""

    lender_id: UUID
    requester_id: UUID
    type_code: str
    call_sign: str | None
    incident_id: UUID | None
    request_id: UUID
    relief_of_id: UUID | None
    mobilised_at: datetime | None
    home_at: datetime | None
    kilometres: float | None
    agreement_id: UUID | None
    agreement_version: int | None
    currency: str
    """What it is claimed in; a claim holds missions of one currency."""
    claim_by: datetime | None


async def claim(
    conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None, now: datetime
) -> ClaimView:
    """Return one claim.

    Raises:
        NotFound: there is none of that id in the space for these eyes.
    """
    rows = await fetch(conn, _WHOLE, _seen_by(viewer, space, "w").add("w.id = {}", id_), order="w.id", limit=1)
    if not rows:
        raise NotFound("claim", id_)
    found = decoded(rows[0], "missions", "lines")
    shown = ClaimView.model_validate(found | {"no_rate": None, "rate": None})
    if shown.currency == shown.ledger_currency:
        return shown
    if shown.rate_date is not None:
        rate = await rate_of_day(conn, space, shown.currency, shown.ledger_currency, shown.rate_date)
        return shown.model_copy(update={"rate": rate})
    return shown.model_copy(update={"no_rate": await _no_rate(conn, space, shown, now)})


async def claims(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    status: Sequence[str] = (),
    side: Side | None = None,
    member: UUID | None = None,
    mission: UUID | None = None,
    overdue: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[ClaimBrief]:
    """Return claims, newest first; ``side`` is the one that the viewer's member stands on, ``member`` the other one."""
    where = _seen_by(viewer, space, "c").add_if(list(status), "c.status = ANY({})").add_if(overdue, "c.overdue = {}")
    if side is not None and viewer is not None:
        where.add(f"c.{side}_id = {{}}", viewer)
    where.add_if(member, "{} IN (c.lender_id, c.requester_id)")
    where.add_if(
        mission,
        "EXISTS (SELECT FROM claim_mission k WHERE k.space_id = c.space_id AND k.claim_id = c.id AND k.mission_id = {})",
    )
    where.add_if(since, "c.submitted_at >= {}").add_if(until, "c.submitted_at < {}")
    if before is not None:
        where.add("c.id < {}", before[0])
    rows = await fetch(conn, _LISTED, where, order="c.id DESC", limit=limit)
    return [ClaimBrief.model_validate(dict(row)) for row in rows]


async def unclaimed(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    requester: UUID | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[UnclaimedView]:
    """Return what the viewer's member can still claim for, newest first."""
    where = Where().add("m.space_id = {}", space).add_if(viewer, "m.lender_id = {}")
    where.add_if(requester, "m.requester_id = {}")
    where.add("m.kind <> 'day_to_day' AND m.status IN ('returned', 'closed') AND m.home_at IS NOT NULL")
    where.add("p.cost->>'terms' <> 'free' AND jsonb_array_length(coalesce(p.cost->'rates', '[]'::jsonb)) > 0")
    where.add("NOT EXISTS (SELECT FROM claim_mission k WHERE k.space_id = m.space_id AND k.mission_id = m.id)")
    if before is not None:
        where.add("m.id < {}", before[0])
    rows = await fetch(conn, _UNCLAIMED, where, order="m.id DESC", limit=limit)
    return [UnclaimedView.model_validate(dict(row)) for row in rows]


async def _no_rate(conn: asyncpg.Connection[Any], space: str, claim: ClaimView, now: datetime) -> NoRateView | None:
    """Return the rate that is missing to convert a draft as ``submit_claim`` will."""
    left, home = ([each.mobilised_at for each in claim.missions], [each.home_at for each in claim.missions])
    counted = rate_dates(each.cost for each in claim.missions)
    if len(counted) != 1:
        return None  # nothing to convert, or to be claimed apart
    at = rate_at(counted[0], left, home, now)
    zone = await conn.fetchval("SELECT time_zone FROM member WHERE space_id = $1 AND id = $2", space, claim.lender_id)
    day = at.astimezone(ZoneInfo(zone)).date()
    since = day - timedelta(days=RATE_DAYS)
    known = await conn.fetchval(_RATE, space, claim.currency, claim.ledger_currency, since, day)
    return None if known else NoRateView(base=claim.currency, quote=claim.ledger_currency, day=day)


def _seen_by(viewer: UUID | None, space: str, of: str) -> Where:
    where = Where().add(f"{of}.space_id = {{}}", space)
    if viewer is None:
        return where
    return where.add(
        f"({of}.lender_id = {{}} OR ({of}.requester_id = {{}} AND {of}.submitted_at IS NOT NULL))", viewer, viewer
    )
