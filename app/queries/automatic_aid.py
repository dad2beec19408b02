"""Automatic aid: what was alarmed for, for its requester; each lender's alarm, for the two; and what a clause would do now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.agreements import UNUSED, Case, Stock
from app.domain.automatic_order import KIND, Means, Other, Wanted, against, best, turns
from app.domain.errors import NotFound
from app.domain.protocol_data import LANGUAGES
from app.domain.resource_types import parts_of_type
from app.queries.agreements import ReasonView
from app.queries.efforts import expected
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel, Row
from app.store.agreements import agreed, stocks_of, uses_of
from app.store.costs import with_spent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import asyncpg

    from app.domain.agreement_reasons import Reason
    from app.domain.automatic_order import Obstacle, Turn

_OUT = """
    SELECT a.lender_id, a.agreement_id, count(*) AS out FROM mission m
      JOIN automatic_alarm a ON a.space_id = m.space_id AND a.offer_id = m.offer_id
     WHERE m.space_id = $1 AND m.type_code = $2 AND m.status NOT IN ('returned', 'closed')
     GROUP BY a.lender_id, a.agreement_id
"""


_ABOUT = """
    SELECT i.hazard, i.phases, m.country FROM incident i
      JOIN member m ON m.space_id = i.space_id AND m.id = $3
     WHERE i.space_id = $1 AND i.id = $2
"""


class PassedOver(ReadModel):
    """A lender that was not alarmed, and why."""

    lender_id: UUID
    agreement_id: UUID
    agreement_code: str
    reasons: tuple[dict[str, Any], ...]
    """`{code, blocking, detail, figures}`, as agreements tell theirs."""


class AutomaticAidView(Row):
    """What was alarmed for under a clause of automatic aid."""

    request_id: UUID
    incident_id: UUID
    requester_id: UUID
    type_code: str
    quantity: int
    lacking: int
    """How many nobody sends, or has said so yet."""
    status: str
    """`alarmed`, `rolling`, `unfilled` (nobody is left) or `called_off`."""
    alarmed_at: datetime
    ended_at: datetime | None
    passed_over: tuple[PassedOver, ...]


class AutomaticAlarmView(Row):
    """One lender's alarm."""

    aid_id: UUID
    request_id: UUID
    offer_id: UUID
    incident_id: UUID
    requester_id: UUID
    lender_id: UUID
    agreement_id: UUID
    agreement_version: int
    type_code: str
    quantity: int
    turn: int
    """Which in the order this lender was, from 1."""
    status: str
    """`alarmed`, `rolling`, `cannot`, `silent` or `called_off`."""
    alarmed_at: datetime
    answer_by: datetime
    """Until when the lender's dispatch says whether it rolls; then the next one is alarmed."""
    answered_at: datetime | None
    sends: int | None
    """How many of the quantity roll."""
    reason: str | None
    """Why not: one of `decline_reasons`."""
    note: str | None


class LenderInTurn(ReadModel):
    """A lender that the clause would alarm, in its place."""

    lender_id: UUID
    agreement_id: UUID
    agreement_code: str
    free: int
    """How many of the type it has at home and has promised to nobody."""
    reasons: tuple[ReasonView, ...]
    """Why it would not be alarmed for all that are wanted; nothing, and it would be."""
    would_send: int
    """How many of those wanted it would be alarmed for now; none, and it would be passed over."""


class Covered(ReadModel):
    """A type that a clause of automatic aid covers at a place."""

    type_code: str
    most: int
    """How many one lender sends under the clause at most."""
    lenders: tuple[LenderInTurn, ...]


async def aid(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> AutomaticAidView:
    """Return one, for its requester's own people.

    Raises:
        NotFound: there is none of that id in the space, or it is another member's.
    """
    where = _own("requester_id", viewer, space).add("id = {}", id_)
    rows = await fetch(conn, "SELECT * FROM automatic_aid", where, order="id", limit=1)
    if not rows:
        raise NotFound("automatic_aid", id_)
    return _aid(rows[0])


async def aids(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    incident: UUID | None = None,
    request: UUID | None = None,
    status: Sequence[str] = (),
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[AutomaticAidView]:
    """Return the viewer's own, newest first."""
    where = _own("requester_id", viewer, space).add_if(incident, "incident_id = {}")
    where.add_if(request, "request_id = {}").add_if(list(status), "status = ANY({})")
    if before is not None:
        where.add("id < {}", before[0])
    return [_aid(row) for row in await fetch(conn, "SELECT * FROM automatic_aid", where, order="id DESC", limit=limit)]


async def alarm(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> AutomaticAlarmView:
    """Return one alarm, for the two members that it is between.

    Raises:
        NotFound: there is none of that id in the space, or it is between others.
    """
    where = _between(viewer, space).add("id = {}", id_)
    rows = await fetch(conn, "SELECT * FROM automatic_alarm", where, order="id", limit=1)
    if not rows:
        raise NotFound("automatic_alarm", id_)
    return AutomaticAlarmView.model_validate(dict(rows[0]))


async def alarms(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    aid: UUID | None = None,
    request: UUID | None = None,
    lender: UUID | None = None,
    status: Sequence[str] = (),
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[AutomaticAlarmView]:
    """Return the alarms that the viewer's member raised or got, newest first."""
    where = _between(viewer, space).add_if(aid, "aid_id = {}").add_if(request, "request_id = {}")
    where.add_if(lender, "lender_id = {}").add_if(list(status), "status = ANY({})")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM automatic_alarm", where, order="id DESC", limit=limit)
    return [AutomaticAlarmView.model_validate(dict(row)) for row in rows]


async def covered(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    incident: UUID,
    requester: UUID,
    lon: float,
    lat: float,
    at: datetime,
    quantity: int = 1,
) -> list[Covered]:
    """Return which types clauses cover at a place for a member, and what each lender's turn would come to now.

    Raises:
        NotFound: there is no such incident.
    """
    about = await conn.fetchrow(_ABOUT, space, incident, requester)
    if about is None:
        raise NotFound("incident", incident)
    known = await with_spent(conn, space, await agreed(conn, space), at)
    zones = {
        row["id"]: row["time_zone"]
        for row in await conn.fetch("SELECT id, time_zone FROM member WHERE space_id = $1", space)
    }
    found: list[Covered] = []
    for type_code in sorted({code for _, terms in known for clause in terms.automatic_aid for code in clause.types}):
        if not (order := turns(known, Wanted(requester, type_code, lon, lat))):
            continue
        stocks, uses = await stocks_of(conn, space, type_code), await uses_of(conn, space, type_code)
        parts = parts_of_type(type_code)
        stocks_of_parts = {code: await stocks_of(conn, space, code) for code in parts}
        uses_of_parts = {code: await uses_of(conn, space, code) for code in parts}
        out = {(row["lender_id"], row["agreement_id"]): row["out"] for row in await conn.fetch(_OUT, space, type_code)}
        all_uses = {type_code: uses, **uses_of_parts}
        others = [
            Other(facts, terms, {code: each.get(facts.id, UNUSED) for code, each in all_uses.items()})
            for facts, terms in known
        ]
        lenders: list[LenderInTurn] = []
        for lender, own in order.items():
            case = Case(
                hazard=about["hazard"],
                type_code=type_code,
                kind=KIND,
                lender=lender,
                borrower=requester,
                quantity=quantity,
                at=at,
                place=(lon, lat),
                country=about["country"],
                phases=decoded(about, "phases")["phases"],
                zone=zones[lender],
                effort=await expected(conn, space, lender, type_code, (lon, lat)),
            )
            stock = stocks.get(lender, Stock(0, 0))
            means = {
                turn.agreement.id: Means(
                    case,
                    stock,
                    uses.get(turn.agreement.id, UNUSED),
                    out.get((lender, turn.agreement.id), 0),
                    {code: each.get(lender, Stock(0, 0)) for code, each in stocks_of_parts.items()},
                    {code: each.get(turn.agreement.id, UNUSED) for code, each in uses_of_parts.items()},
                    others,
                )
                for turn in own
            }
            lenders.append(_in_turn(own, means, stock))
        most = max(turn.clause.quantity for own in order.values() for turn in own)
        found.append(Covered(type_code=type_code, most=most, lenders=tuple(lenders)))
    return found


def _in_turn(own: Sequence[Turn], means: Mapping[UUID, Means], stock: Stock) -> LenderInTurn:
    turn, would_send = best(own, means)
    return LenderInTurn(
        lender_id=turn.lender,
        agreement_id=turn.agreement.id,
        agreement_code=turn.agreement.code,
        free=max(0, stock.free),
        reasons=tuple(_reason(each) for each in against(turn, means[turn.agreement.id])),
        would_send=would_send,
    )


def _reason(reason: Reason | Obstacle) -> ReasonView:
    texts = {language: reason.said(language) for language in LANGUAGES}
    return ReasonView(code=reason.code, blocking=True, texts=texts, figures=dict(reason.figures))


def _aid(row: asyncpg.Record) -> AutomaticAidView:
    return AutomaticAidView.model_validate(decoded(row, "passed_over"))


def _own(column: str, viewer: UUID | None, space: str) -> Where:
    where = Where().add("space_id = {}", space)
    return where if viewer is None else where.add(f"{column} = {{}}", viewer)


def _between(viewer: UUID | None, space: str) -> Where:
    where = Where().add("space_id = {}", space)
    return where if viewer is None else where.add("{} IN (requester_id, lender_id)", viewer)
