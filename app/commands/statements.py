"""Monthly statements: help from day to day between two members, both ways, netted; made by the service, acknowledged by both, and paid.

A mission belongs to the month in which its unit came home, on the calendar of its lender. One that is written down late stands
in the next statement. One that is wrong is disputed; whose unit it was corrects what was measured and has it issued anew, as its next
version. Nothing about a patient is in it: no place, no destination, no text.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import and_, or_
from sqlmodel import col, select

from app.commands.occurred import keep_after
from app.commands.rate_lookup import contested, keep_rates, no_rate, rate_on
from app.commands.registry import Act, Command, handles
from app.commands.showing import Showing
from app.commands.statement_lines import changes, lines_of, set_off
from app.domain.because import because
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.day_to_day import keep_short
from app.domain.errors import Conflict, NotFound
from app.domain.forms import ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.money import ZERO
from app.store.tables import Corridor, Member, Mission, Statement, StatementLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.store.unit_of_work import UnitOfWork

LAST_MINUTES: Final = timedelta(minutes=10)
"""Before a statement is made: a mission that comes home then has one of its own made, for the month's may have begun."""

_EXPECTED: Final = """
    SELECT EXISTS (SELECT FROM due_work d JOIN mission m ON m.space_id = d.space_id AND m.id = d.target
                    WHERE d.done_at IS NULL AND d.due_at = $2 AND d.space_id = $1 AND d.command = 'make_statement'
                      AND d.body->>'month' = $3
                      AND (m.lender_id, m.requester_id) IN (($4::uuid, $5::uuid), ($5, $4)))
"""

Answer = Literal["as_measured", "as_agreed", "was_yours", "counted_once", "in_another_month", "other"]
Reason = Literal["not_ours", "missing", "wrong_hours", "wrong_kilometres", "wrong_rate", "counted_twice", "other"]


class MakeStatement(Command):
    """A month is over for both members: by the service itself."""

    month: Annotated[date, Field(strict=False)]
    """Its first day."""


class AcknowledgeStatement(Act):
    """The statement is right, for the member that says so. Takes back its own dispute."""


class DisputeStatement(Act):
    """Something in the statement is wrong. There is no free text: it would be about a patient sooner or later."""

    reason: Reason
    mission_id: UUID | None = None
    """Which line; left out where one is missing, or several are wrong: then all may be corrected."""


class AnswerStatement(Act):
    """All of the disputed statement is right: it stays as it is. By the side that did not dispute it."""

    answer: Answer
    """Why: no free text here either."""


class ReissueStatement(Act):
    """What was measured is corrected: have the statement worked out anew. By whose unit it was."""


class PayStatement(Act):
    """The rest was paid, at `occurred_at`. By who owed it."""

    reference: ShortText
    """Of the payment, by which the other side finds it: no name of a person."""


async def expect_statement(uow: UnitOfWork, mission: Mission) -> None:
    """Have the statement made in which the mission will stand: when the month that it is now is over for both members.

    Once for the two and the month, however many missions there are. A clock that is ahead of ours may say that the unit came home in
    the month that begins in a minute: then it is that one.
    """
    lender, requester = await uow.get(Member, mission.lender_id), await uow.get(Member, mission.requester_id)
    month = _month_of(max(uow.now, mission.home_at or uow.now), lender)
    over, told = _over(month, (lender, requester)), month.isoformat()
    if over - uow.now > LAST_MINUTES and await uow.raw.fetchval(
        _EXPECTED, uow.space, over, told, lender.id, requester.id
    ):
        return
    uow.later("make_statement", over, mission.id, {"month": told})


@handles(MakeStatement)
async def make_statement(uow: UnitOfWork, cmd: MakeStatement) -> None:
    """Record ``statement.issued`` for the two members. Locks the missions that will stand in it, and keeps the exchange rates.

    What comes home while the month's statement is being made stands in that of the next month.

    Raises:
        Conflict: everything that was done in the month stands in a statement.
    """
    uow.authorise()
    known = await uow.get(Mission, uow.require_target())
    pair = {id_: await uow.get(Member, id_) for id_ in sorted({known.lender_id, known.requester_id})}
    missions = await _unstated(uow, pair, cmd.month)
    if (
        not missions
        and known.home_at is not None
        and (month := _month_of(known.home_at, pair[known.lender_id])) > cmd.month
    ):
        uow.later("make_statement", _over(month, tuple(pair.values())), known.id, {"month": month.isoformat()})
        return
    if not missions:
        raise Conflict("All help from day to day of that month stands in a statement.")
    a, b = pair
    of_both = (col(Statement.member_a_id) == a, col(Statement.member_b_id) == b)
    if await uow.find(Statement, *of_both, col(Statement.month) == cmd.month):
        following = month_after(cmd.month)
        uow.later("make_statement", _over(following, tuple(pair.values())), known.id, {"month": following.isoformat()})
        return
    (corridor,) = await uow.find(Corridor)
    await keep_rates(uow)
    statement = _issued(uow, pair, cmd.month, corridor.currency)
    lines = await lines_of(uow, statement, missions, pair)
    set_off(statement, lines)
    _add(uow, statement, lines)
    tell(uow, "statement.issued", statement, *lines)


@handles(AcknowledgeStatement)
async def acknowledge_statement(uow: UnitOfWork, cmd: AcknowledgeStatement) -> None:
    """Record ``statement.acknowledged`` for the two members, with whose word it is. Locks the statement.

    Raises:
        Conflict: this member has said so before, or nobody knows yet what is to be paid: an exchange rate is missing, or contested.
    """
    statement, own = await _locked(uow)
    keep_short(cmd.why)
    mine = "acknowledged_by_a_at" if own == statement.member_a_id else "acknowledged_by_b_at"
    if getattr(statement, mine) is not None:
        raise Conflict(
            "Your member has acknowledged it already.",
            extra={**because("acknowledged_already"), "current": statement.state()},
        )
    if statement.net is None:
        raise await _not_converted(uow, statement)
    await _require_rates_agreed(uow, statement)
    setattr(statement, mine, uow.act.occurred_at)
    both = statement.acknowledged_by_a_at is not None and statement.acknowledged_by_b_at is not None
    facts = {"both_acknowledged": both}
    own_dispute = statement.disputed_by_member_id == own
    if both:
        statement.status = machine("statement").next(statement.status, "acknowledge", facts)
    elif own_dispute:
        statement.status = machine("statement").next(statement.status, "settle", facts)
    else:
        machine("statement").refuse_final(statement.status, "be acknowledged", statement.state())
    if own_dispute:
        statement.disputed_by_member_id = statement.dispute_reason = statement.disputed_mission_id = None
        statement.answer = statement.answered_at = None
    tell(uow, "statement.acknowledged", statement, party_id=own)


@handles(DisputeStatement)
async def dispute_statement(uow: UnitOfWork, cmd: DisputeStatement) -> None:
    """Record ``statement.disputed`` for the two members. Locks the statement.

    Raises:
        NotFound: the mission does not stand in it.
        TransitionNotAllowed: it is disputed already and not answered, or both have acknowledged it.
    """
    statement, own = await _locked(uow)
    keep_short(cmd.why)
    if cmd.mission_id is not None:
        of = (col(StatementLine.statement_id) == statement.id, col(StatementLine.mission_id) == cmd.mission_id)
        if not await uow.find(StatementLine, *of):
            raise NotFound(f"{Mission.KIND} of this statement", cmd.mission_id)
    _step(statement, "dispute")
    statement.answer = statement.answered_at = None
    statement.disputed_by_member_id = own
    statement.dispute_reason, statement.disputed_mission_id = cmd.reason, cmd.mission_id
    if own == statement.member_a_id:
        statement.acknowledged_by_a_at = None
    else:
        statement.acknowledged_by_b_at = None
    tell(uow, "statement.disputed", statement, party_id=own)


@handles(AnswerStatement)
async def answer_statement(uow: UnitOfWork, cmd: AnswerStatement) -> None:
    """Record ``statement.answered`` for the two members. Locks the statement.

    Raises:
        TransitionNotAllowed: nobody disputes it, or it was answered.
    """
    statement, own = await _locked(uow, authorised=False)
    uow.authorise({"disputed_with": _both(statement) - {statement.disputed_by_member_id}})
    keep_short(cmd.why)
    _step(statement, "answer")
    statement.answer, statement.answered_at = cmd.answer, uow.act.occurred_at
    tell(uow, "statement.answered", statement, party_id=own)


@handles(ReissueStatement)
async def reissue_statement(uow: UnitOfWork, cmd: ReissueStatement) -> None:
    """Record ``statement.reissued`` with the new version, its lines and the one that it replaces, and what is different, for the two members.

    Keeps the exchange rates; locks the statement, its missions and its lines.

    Raises:
        TransitionNotAllowed: nobody disputes it.
        Conflict: nothing of it comes out differently.
    """
    await keep_rates(uow)  # before the statement, as whoever corrects one: it locks what it converts
    old, _ = await _locked(uow, authorised=False)
    before = await uow.find(StatementLine, col(StatementLine.statement_id) == old.id)
    wrong = [line for line in before if old.disputed_mission_id in {None, line.mission_id}]
    uow.authorise({"lender": {line.lender_id for line in wrong}})
    keep_short(cmd.why)
    _step(old, "replace")
    pair = {id_: await uow.get(Member, id_) for id_ in (old.member_a_id, old.member_b_id)}
    missions = await uow.lock_where(Mission, col(Mission.id).in_([line.mission_id for line in before]))
    before = await uow.lock_where(StatementLine, col(StatementLine.statement_id) == old.id)
    new = _issued(uow, pair, old.month, old.currency, version=old.version + 1, replaces_id=old.id)
    lines = await lines_of(uow, new, missions, pair)
    set_off(new, lines)
    different = changes(before, lines)
    if not different:
        raise Conflict(
            "Nothing of it comes out differently.",
            extra={**because("statement_unchanged"), "statement_id": old.id},
            hint="Correct what was measured on the mission first; or answer that all of it is right.",
        )
    for line in before:
        line.replaced = True
    await uow.flush()  # a mission stands in one statement that is not replaced
    _add(uow, new, lines)
    parties = sorted(pair)
    uow.record("statement.reissued", new, *lines, visibility="parties", parties=parties, changes=different)
    uow.record("statement.replaced", old, *before, visibility="parties", parties=parties, by_id=str(new.id))


@handles(PayStatement)
async def pay_statement(uow: UnitOfWork, cmd: PayStatement) -> None:
    """Record ``statement.paid`` for the two members. Locks the statement.

    Raises:
        TransitionNotAllowed: not both have acknowledged it, or nothing is to be paid.
        Conflict: an exchange rate that it is converted by is contested.
        OutOfOrder: it would have been paid before it was issued.
    """
    statement, own = await _locked(uow, authorised=False)
    uow.authorise({"requester": {statement.payer_id} if statement.payer_id else set()})
    keep_short(cmd.why)
    keep_after(uow, cmd, statement.issued_at, "The statement was issued", statement)
    _step(statement, "pay", {"something_to_pay": bool(statement.net)})
    await _require_rates_agreed(uow, statement)
    statement.paid_at, statement.payment_reference = uow.act.occurred_at, cmd.reference
    tell(uow, "statement.paid", statement, party_id=own)


def may_be_corrected(statement: Statement, mission_id: UUID) -> bool:
    """Return whether what was measured on a mission in the statement may be put right: its dispute names that one, or none."""
    disputed = statement.status in machine("statement").sources("replace")
    return disputed and statement.disputed_mission_id in {None, mission_id}


def _issued(uow: UnitOfWork, pair: Mapping[UUID, Member], month: date, currency: str, **anew: Any) -> Statement:
    """Return a statement of the two, in the order of their ids, with nothing worked out yet; ``anew``: of which it is the next version."""
    a, b = pair
    return Statement(
        space_id=uow.space,
        id=new_id(),
        member_a_id=a,
        member_b_id=b,
        month=month,
        status=machine("statement").initial,
        currency=currency,
        issued_at=uow.act.occurred_at,
        **anew,
    )


def _add(uow: UnitOfWork, statement: Statement, lines: Sequence[StatementLine]) -> None:
    uow.add(statement)
    for line in lines:
        uow.add(line)


def _step(statement: Statement, transition: str, facts: Mapping[str, bool] | None = None) -> None:
    """Take a step of the statement's machine; a refusal shows the statement as it is."""
    with Showing(statement):
        statement.status = machine("statement").next(statement.status, transition, facts or {})


def _both(statement: Statement) -> set[UUID]:
    return {statement.member_a_id, statement.member_b_id}


def tell(uow: UnitOfWork, what: str, statement: Statement, *rows: StatementLine, **data: object) -> None:
    """Record something of a statement, for its two members."""
    parties = [statement.member_a_id, statement.member_b_id]
    uow.record(what, statement, *rows, visibility="parties", parties=parties, **data)


def month_after(month: date) -> date:
    """Return the first day of the month after the one that ``month`` is the first day of."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


async def _locked(uow: UnitOfWork, *, authorised: bool = True) -> tuple[Statement, UUID]:
    """Lock the statement; it is not there for third members. Return it, and whose word the actor's is: of either, unless the caller asks."""
    known = await uow.get(Statement, uow.require_target())
    own = uow.actor.member_id
    if own is None or own not in {known.member_a_id, known.member_b_id}:
        raise NotFound(Statement.KIND, known.id)
    statement = await uow.lock_target(Statement)
    if authorised:
        uow.authorise({"either": _both(statement)})
    return statement, own


async def _not_converted(uow: UnitOfWork, statement: Statement) -> Conflict:
    of = (col(StatementLine.statement_id) == statement.id, col(StatementLine.ledger_amount).is_(None))
    line = min(await uow.find(StatementLine, *of), key=lambda each: each.day)
    refusal = no_rate(line.currency, statement.currency, line.day)
    refusal.extra["current"] = statement.state()
    return refusal


async def _require_rates_agreed(uow: UnitOfWork, statement: Statement) -> None:
    """Refuse to bind a member by a rate that somebody does not believe. The caller holds the statement.

    Raises:
        Conflict: with the rate as it stands.
    """
    of = (col(StatementLine.statement_id) == statement.id, col(StatementLine.currency) != statement.currency)
    lines = await uow.find(StatementLine, *of, col(StatementLine.amount) > ZERO)
    for currency, day in sorted({(line.currency, line.day) for line in lines}):
        rate = await rate_on(uow, currency, statement.currency, day)
        if rate is not None and rate.status == "contested":
            raise contested(rate, statement)


async def _unstated(uow: UnitOfWork, pair: Mapping[UUID, Member], month: date) -> list[Mission]:
    """Lock what the two did for each other until the month's end and stands in no statement yet; return it.

    What stands in one is passed over by the database, however long the two have known each other; it is looked up once more
    under the locks, for somebody else may have made the statement while this one waited for them.
    """
    a, b = pair
    until = {id_: _start_of(month_after(month), member) for id_, member in pair.items()}
    lender, requester = col(Mission.lender_id), col(Mission.requester_id)
    stands = select(StatementLine.id).where(
        col(StatementLine.space_id) == col(Mission.space_id), col(StatementLine.mission_id) == col(Mission.id)
    )
    missions = await uow.lock_where(
        Mission,
        col(Mission.kind) == DAY_TO_DAY,
        or_(and_(lender == a, requester == b), and_(lender == b, requester == a)),
        col(Mission.home_at) < max(until.values()),
        ~stands.exists(),
    )
    ended = [each for each in missions if each.home_at is not None and each.home_at < until[each.lender_id]]
    stated = await uow.find(StatementLine, col(StatementLine.mission_id).in_([each.id for each in ended]))
    done = {line.mission_id for line in stated}
    return [each for each in ended if each.id not in done]


def _month_of(at: datetime, lender: Member) -> date:
    """Return the first day of the month that an instant is in, on the lender's calendar."""
    return at.astimezone(ZoneInfo(lender.time_zone)).date().replace(day=1)


def _over(month: date, members: Sequence[Member]) -> datetime:
    """Return when a month is over for all of them."""
    return max(_start_of(month_after(month), member) for member in members)


def _start_of(day: date, member: Member) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(member.time_zone))
