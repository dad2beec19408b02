"""The lines of a monthly statement so that they can be checked: what was measured, the agreement, each rate and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from app.domain.cost_terms import Consumed, Cost, Effort, bill, read_cost, total, without_agreement
from app.domain.money import Amount
from app.queries.models import ReadModel

AUDITED: Final = """
    JOIN mission m ON m.space_id = l.space_id AND m.id = l.mission_id
    LEFT JOIN resource r ON r.space_id = m.space_id AND r.id = m.resource_id
    LEFT JOIN agreement a ON a.space_id = l.space_id AND a.id = l.agreement_id
    JOIN member ml ON ml.space_id = l.space_id AND ml.id = l.lender_id
    JOIN member mr ON mr.space_id = l.space_id AND mr.id = l.requester_id
    JOIN offer_line o ON o.space_id = m.space_id AND o.id = m.offer_line_id
    LEFT JOIN agreement_version v
      ON v.space_id = m.space_id AND v.agreement_id = m.agreement_id AND v.version = m.agreement_version
"""
"""Joins to ``statement_line l`` what a treasurer looks up for it."""
AUDIT: Final = """
    'call_sign', r.call_sign, 'mobilised_at', m.mobilised_at, 'home_at', m.home_at, 'crew', m.crew_count,
    'agreement_code', a.code, 'agreement_names', a.names, 'used', m.consumables,
    'lender_code', ml.code, 'lender_name', ml.names ->> (ml.languages ->> 0),
    'requester_code', mr.code, 'requester_name', mr.names ->> (mr.languages ->> 0),
    'cost', CASE WHEN (m.agreement_id, m.agreement_version) IS NOT DISTINCT FROM (o.agreement_id, o.agreement_version)
                 THEN o.cost ELSE v.terms -> 'cost' END
"""
"""That, as members of a line's JSON; ``cost`` as ``app.queries.costs.WENT_UNDER`` has it."""


class StatementItemView(ReadModel):
    """One item of a line: `quantity` less `free` is `billable`, times `rate` is `amount`."""

    item: str
    consumable: str | None
    unit: str
    quantity: Amount
    free: Amount
    billable: Amount
    rate: Amount | None
    """Per unit; null: not among what the terms name."""
    amount: Amount


class FiguresBeforeView(ReadModel):
    """What a line said in the version before."""

    hours: Amount
    person_hours: Amount | None
    kilometres: Amount | None
    currency: str
    amount: Amount
    ledger_amount: Amount | None


class StatementLineView(ReadModel):
    """One mission. No place and no text: nothing of a patient is in it."""

    mission_id: UUID
    lender_id: UUID
    lender_code: str
    lender_name: str
    """In the lender's own language."""
    requester_id: UUID
    requester_code: str
    requester_name: str
    """In the requester's own language."""
    agreement_id: UUID | None
    agreement_code: str | None
    agreement_names: dict[str, str] | None
    agreement_version: int | None
    type_code: str
    call_sign: str | None
    """The unit that went."""
    mobilised_at: datetime | None
    home_at: datetime | None
    day: date
    """On which the unit came home, on its owner's calendar."""
    crew: int | None
    hours: Amount
    person_hours: Amount | None
    kilometres: Amount | None
    cost_terms: str
    """`free`, `free_for_hours` or `reimbursed`."""
    free_hours: int | None
    """Of the mission's hours, with `free_for_hours`."""
    vehicle_hours_rate: Amount | None
    person_hours_rate: Amount | None
    kilometres_rate: Amount | None
    """What an hour, a person's hour and a kilometre cost by the terms; null: they are not paid."""
    items: tuple[StatementItemView, ...]
    """How the amount comes about; empty where it does not come out of what is written down of the mission by now."""
    currency: str
    amount: Amount
    ledger_amount: Amount | None
    """In the corridor's currency; null: no exchange rate was known."""
    before: FiguresBeforeView | None
    """Where the version before said otherwise, what it said."""


def audited(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line as it was read, with its rates, and its amount item by item."""
    cost = read_cost(line["cost"]) if line["cost"] else Cost(terms="free")
    effort = Effort(
        hours=Decimal(line["hours"]),
        crew=line["crew"],
        person_hours=_decimal(line["person_hours"]),
        kilometres=_decimal(line["kilometres"]),
        consumables=tuple(
            Consumed(used["item"], Decimal(str(used["quantity"])), used["unit"]) for used in line["used"] or ()
        ),
    )
    lines = bill(cost, line["type_code"], effort, line["currency"])
    lines = lines if line["agreement_id"] else without_agreement(lines)
    rates = {
        f"{item}_rate": None if cost.terms == "free" else cost.rate_of(item, line["type_code"])
        for item in ("vehicle_hours", "person_hours", "kilometres")
    }
    items = [StatementItemView.model_validate(each, from_attributes=True) for each in lines]
    fits = total(lines) == Decimal(line["amount"])
    return {**line, **rates, "cost_terms": cost.terms, "free_hours": cost.hours, "items": items if fits else []}


def _decimal(told: str | None) -> Decimal | None:
    return None if told is None else Decimal(told)
