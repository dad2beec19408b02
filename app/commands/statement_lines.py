"""The lines of a monthly statement as they are worked out: each mission with what was measured and what it costs, and who owes whom by all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from app.commands.claim_billing import billed, costs_of, effort_of
from app.commands.rate_lookup import rate_on
from app.domain.ids import new_id
from app.domain.money import ZERO, converted, quantity, rounded
from app.store.tables import StatementLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal
    from uuid import UUID

    from app.commands.claim_billing import Billed
    from app.store.tables import Member, Mission, Statement
    from app.store.unit_of_work import UnitOfWork

_FIGURES: Final = ("hours", "person_hours", "kilometres", "currency", "amount", "ledger_amount")


async def lines_of(
    uow: UnitOfWork, statement: Statement, missions: Sequence[Mission], pair: Mapping[UUID, Member]
) -> list[StatementLine]:
    """Return a line for each mission, converted as far as rates are known. The caller holds the missions, and keeps the exchange rates."""
    costs = await costs_of(uow, missions)
    by_currency: dict[str, list[Mission]] = {}
    for mission in missions:
        cost = costs[mission.id]
        by_currency.setdefault((cost and cost.currency) or pair[mission.lender_id].currency, []).append(mission)
    found = {
        of.mission.id: (of, currency)
        for currency, own in by_currency.items()
        for of in await billed(uow, own, currency)
    }
    return [await _line(uow, statement, *found[mission.id], pair[mission.lender_id]) for mission in missions]


async def _line(uow: UnitOfWork, statement: Statement, of: Billed, currency: str, lender: Member) -> StatementLine:
    mission = of.mission
    effort = effort_of(mission)
    amount = rounded(sum((line.amount for line in of.lines), ZERO), currency)
    people = next((line.quantity for line in of.lines if line.item == "person_hours"), None)
    home_at = mission.home_at or uow.act.occurred_at
    day = home_at.astimezone(ZoneInfo(lender.time_zone)).date()
    return StatementLine(
        space_id=uow.space,
        id=new_id(),
        statement_id=statement.id,
        mission_id=mission.id,
        lender_id=mission.lender_id,
        requester_id=mission.requester_id,
        agreement_id=mission.agreement_id,
        agreement_version=mission.agreement_version,
        type_code=mission.type_code,
        day=day,
        hours=quantity(effort.hours),
        person_hours=people,
        kilometres=effort.kilometres,
        currency=currency,
        amount=amount,
        ledger_amount=await in_ledger(uow, amount, currency, statement.currency, day),
    )


async def in_ledger(uow: UnitOfWork, amount: Decimal, currency: str, ledger: str, day: date) -> Decimal | None:
    """Return an amount in the corridor's currency, at the rate of a day; None where none is known."""
    if currency == ledger or amount == ZERO:
        return rounded(amount, ledger)
    rate = await rate_on(uow, currency, ledger, day)
    return None if rate is None else converted(amount, rate.rate, ledger)


def set_off(statement: Statement, lines: Sequence[StatementLine]) -> None:
    """Work out what each owes and who pays the rest; nothing of it is known where a line could not be converted."""
    a, b = statement.member_a_id, statement.member_b_id
    statement.a_owes, statement.b_owes = _owed(statement, lines, a), _owed(statement, lines, b)
    if statement.a_owes is None or statement.b_owes is None:
        return
    statement.net = abs(statement.a_owes - statement.b_owes)
    if statement.net:
        statement.payer_id = a if statement.a_owes > statement.b_owes else b


def _owed(statement: Statement, lines: Sequence[StatementLine], requester: UUID) -> Decimal | None:
    """Return what a member owes the other in the corridor's currency; None where an exchange rate is missing."""
    amounts = [line.ledger_amount for line in lines if line.requester_id == requester]
    known = [amount for amount in amounts if amount is not None]
    return None if len(known) < len(amounts) else rounded(sum(known, ZERO), statement.currency)


def changes(before: Sequence[StatementLine], after: Sequence[StatementLine]) -> list[dict[str, Any]]:
    """Return what is different, by mission: the figures before and after."""
    old = {line.mission_id: line for line in before}
    return [
        {"mission_id": str(line.mission_id), "before": _figures(old[line.mission_id]), "after": _figures(line)}
        for line in after
        if any(getattr(line, name) != getattr(old[line.mission_id], name) for name in _FIGURES)
    ]


def _figures(line: StatementLine) -> dict[str, Any]:
    return {name: None if (value := getattr(line, name)) is None else str(value) for name in _FIGURES}
