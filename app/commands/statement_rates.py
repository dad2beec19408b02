"""Statements that could not be converted: completed when the exchange rate arrives; and converted anew by one that was settled."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col

from app.commands.rate_lookup import keep_rates
from app.commands.registry import Command, handles
from app.commands.statement_lines import in_ledger, set_off
from app.commands.statements import tell
from app.domain.cost_terms import RATE_DAYS
from app.domain.errors import Conflict
from app.domain.lifecycle import machine
from app.store.tables import ExchangeRate, Statement, StatementLine

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

AT_ONCE: Final = 20
"""Statements that one run completes: it must not hold their locks for long."""

_WAITING: Final = """
    SELECT DISTINCT s.id FROM statement s JOIN statement_line l ON l.space_id = s.space_id AND l.statement_id = s.id
     WHERE s.space_id = $1 AND s.net IS NULL AND s.status <> 'replaced' AND s.currency = $2
       AND l.ledger_amount IS NULL AND l.currency = $3 AND l.day >= $4 AND l.day < $5
     ORDER BY s.id LIMIT $6
"""
_CONVERTED: Final = """
    SELECT DISTINCT s.id FROM statement s JOIN statement_line l ON l.space_id = s.space_id AND l.statement_id = s.id
     WHERE s.space_id = $1 AND s.status IN ('issued', 'disputed', 'answered') AND s.currency = $2
       AND l.ledger_amount IS NOT NULL AND l.currency = $3 AND l.day >= $4 AND l.day < $5
"""


class CompleteStatements(Command):
    """An exchange rate has arrived: what could not be converted for want of it is, by the service itself."""


@handles(CompleteStatements)
async def complete_statements(uow: UnitOfWork, _cmd: CompleteStatements) -> None:
    """Record ``statement.completed`` for the two members of each statement that the rate was missing in. Keeps the exchange rates; locks
    these statements, and their lines.

    Of many it completes some, and comes back at once for the others.

    Raises:
        Conflict: none waits for this rate.
    """
    uow.authorise()
    await keep_rates(uow)
    rate = await uow.get(ExchangeRate, uow.require_target())
    until = rate.day + timedelta(days=RATE_DAYS)
    found = await uow.raw.fetch(_WAITING, uow.space, rate.quote, rate.base, rate.day, until, AT_ONCE)
    if not found:
        raise Conflict("No statement waits for this rate.")
    for statement in await uow.lock_where(Statement, col(Statement.id).in_([row["id"] for row in found])):
        if statement.net is None:
            await _complete(uow, statement)
    if len(found) == AT_ONCE:
        uow.later("complete_statements", uow.now, rate.id)


async def _complete(uow: UnitOfWork, statement: Statement) -> None:
    lines = await uow.lock_where(StatementLine, col(StatementLine.statement_id) == statement.id)
    converted = []
    for line in lines:
        if line.ledger_amount is None:
            line.ledger_amount = await in_ledger(uow, line.amount, line.currency, statement.currency, line.day)
            converted += [line] if line.ledger_amount is not None else []
    set_off(statement, lines)
    uow.revise(statement)
    tell(uow, "statement.completed", statement, *converted)


async def convert_anew(uow: UnitOfWork, rate: ExchangeRate) -> None:
    """Convert by a rate that was settled what was converted by it before; record ``statement.converted`` of each statement whose sum changes.

    Who has acknowledged such a statement has not said that this sum is right. Locks the statements and their lines.
    """
    await uow.flush()
    until = rate.day + timedelta(days=RATE_DAYS)
    found = await uow.raw.fetch(_CONVERTED, uow.space, rate.quote, rate.base, rate.day, until)
    open_ = machine("statement").sources("acknowledge")
    for statement in await uow.lock_where(Statement, col(Statement.id).in_([row["id"] for row in found])):
        lines = await uow.lock_where(StatementLine, col(StatementLine.statement_id) == statement.id)
        if statement.status not in open_:
            continue
        changed = []
        for line in lines:
            if line.currency != rate.base or line.ledger_amount is None:
                continue
            now = await in_ledger(uow, line.amount, line.currency, statement.currency, line.day)
            if now != line.ledger_amount:
                line.ledger_amount = now
                changed.append(line)
        if changed:
            statement.acknowledged_by_a_at = statement.acknowledged_by_b_at = statement.payer_id = None
            set_off(statement, lines)
            tell(uow, "statement.converted", statement, *changed)
