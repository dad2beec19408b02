"""What help costs: nothing is lost in rounding, nothing is free that was not agreed, and old terms stay readable."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.cost_terms import FREE, Consumed, Cost, Effort, bill, estimate, total, without_agreement
from app.domain.money import minor_unit, rounded

CURRENCIES = st.sampled_from(["EUR", "CHF", "JPY", "KWD"])
HOURS = st.decimals(0, 5000, places=4)
PRICES = st.decimals(0, 10_000, places=4)


@st.composite
def costs(draw):
    """Cost terms of every kind, with some rates."""
    terms = draw(st.sampled_from(["free", "free_for_hours", "reimbursed"]))
    body = {"terms": terms}
    if terms == "free_for_hours":
        body["hours"] = draw(st.integers(1, 8760))
    if terms != "free":
        items = draw(st.sets(st.sampled_from(["vehicle_hours", "person_hours", "kilometres"])))
        body["rates"] = [{"item": item, "rate": str(draw(PRICES))} for item in sorted(items)]
        if draw(st.booleans()):
            body["rates"].append(
                {"item": "consumables", "consumable": "foam", "unit": "l", "rate": str(draw(PRICES))}
            )  # fmt: skip
    return Cost.model_validate(body)


@st.composite
def efforts(draw):
    """What missions take."""
    return Effort(
        hours=draw(HOURS),
        crew=draw(st.none() | st.integers(0, 60)),
        person_hours=draw(st.none() | HOURS),
        kilometres=draw(st.none() | HOURS),
        consumables=tuple(
            Consumed(draw(st.sampled_from(["foam", "Foam", "rope"])), draw(HOURS), "l")
            for _ in range(draw(st.integers(0, 3)))
        ),
        overlap_hours=draw(HOURS),
    )


@given(costs(), efforts(), CURRENCIES)
def test_every_line_adds_up(cost, effort, currency):
    """A cent that appears or vanishes in a sum is a letter between two town halls."""
    lines = bill(cost, "pump.high_capacity", effort, currency)
    assert total(lines) == sum(line.amount for line in lines)
    for line in lines:
        assert min(line.overlap, line.free, line.billable, line.amount) >= 0
        if line.rate is not None:
            assert line.quantity == line.overlap + line.free + line.billable
            assert line.amount == rounded(line.billable * line.rate, currency)
        else:
            assert line.amount == 0
        assert line.amount % minor_unit(currency) == 0
        assert (line.free > 0) <= any(why.code in {"free", "free_hours"} for why in line.why)
        assert line.free == 0 or cost.terms != "reimbursed"


@given(efforts(), CURRENCIES)
def test_what_is_free_costs_nothing(effort, currency):
    """Neighbours who agreed to help for nothing would get a bill."""
    assert total(bill(FREE, "x", effort, currency)) == 0


@given(costs(), efforts())
def test_an_hour_more_is_never_cheaper(cost, effort):
    """With an edge in the terms somebody would drive round the block."""
    longer = Effort(
        effort.hours + 1, effort.crew, effort.person_hours, effort.kilometres, effort.kilometres_estimated,
        effort.consumables, effort.overlap_hours,
    )  # fmt: skip
    lines, more = bill(cost, "x", effort, "EUR"), bill(cost, "x", longer, "EUR")
    if effort.overlap_hours == 0:
        cent = Decimal("0.02") * max((rate.rate for rate in cost.rates), default=Decimal(0)) + Decimal("0.02")
        assert all(after.amount >= before.amount - cent for before, after in zip(lines, more, strict=True))


def test_the_agreed_hours_free_the_same_share_of_everything():
    """Sixteen hours of which twelve are free: three quarters of the way and of the foam are free too."""
    cost = Cost.model_validate(
        {
            "terms": "free_for_hours",
            "hours": 12,
            "rates": [
                {"item": "vehicle_hours", "rate": "60.00"},
                {"item": "person_hours", "rate": "30.00"},
                {"item": "kilometres", "rate": "1.20"},
                {"item": "consumables", "consumable": "foam", "unit": "l", "rate": "4.00"},
            ],
        }
    )
    effort = Effort(
        Decimal(16), 4, None, Decimal(80), kilometres_estimated=True, consumables=(Consumed("Foam", Decimal(10), "l"),)
    )
    told = [(line.item, line.quantity, line.free, line.amount) for line in bill(cost, "x", effort, "EUR")]
    assert told == [
        ("vehicle_hours", Decimal("16.00"), Decimal("12.00"), Decimal("240.00")),
        ("person_hours", Decimal("64.00"), Decimal("48.00"), Decimal("480.00")),
        ("kilometres", Decimal("80.00"), Decimal("60.00"), Decimal("24.00")),
        ("consumables", Decimal("10.00"), Decimal("7.50"), Decimal("10.00")),
    ]


def test_a_relief_is_paid_from_when_the_other_has_gone():
    """Two crews at one pump for an hour are one pump."""
    cost = Cost.model_validate({"terms": "reimbursed", "rates": [{"item": "vehicle_hours", "rate": "60"}]})
    (line, people) = bill(cost, "x", Effort(Decimal(8), 4, overlap_hours=Decimal("1.5")), "EUR")
    assert (line.billable, line.amount, [why.code for why in line.why]) == (Decimal("6.50"), 390, ["relief_overlap"])
    assert (people.overlap, people.rate, people.amount) == (Decimal("6.00"), None, 0)


def test_the_most_exact_rate_counts():
    """A pump at the price of a car, or a car at the price of a pump."""
    rates = [{"item": "vehicle_hours", "rate": "60"}, {"item": "vehicle_hours", "type": "boat.rescue", "rate": "40"}]
    cost = Cost.model_validate({"terms": "reimbursed", "rates": rates, "currency": "CHF"})
    assert estimate(cost, "boat.rescue", Effort(Decimal(2)), "EUR").told(3) == {
        "amount": "240.00", "currency": "CHF", "hours": "2.00", "kilometres": "0", "crew": 0,
    }  # fmt: skip
    assert estimate(cost, "pump.mobile", Effort(Decimal(2)), "EUR").amount == 120


@pytest.mark.parametrize(
    "short", [{"terms": "free"}, {"terms": "free_for_hours", "hours": 12}, {"terms": "reimbursed"}]
)
def test_terms_of_before_there_were_rates_stay_readable(short):
    """An offer of last year could not be opened any more."""
    cost = Cost.model_validate(short)
    assert cost.stored() == short
    assert Cost.model_validate(cost.stored()) == cost
    assert total(bill(cost, "x", Effort(Decimal(20), 4), "EUR")) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"terms": "free", "hours": 3},
        {"terms": "free", "rates": [{"item": "kilometres", "rate": "1"}]},
        {"terms": "reimbursed", "rates": [{"item": "kilometres", "rate": 1.1}]},
        {"terms": "reimbursed", "rates": [{"item": "kilometres", "rate": "-1"}]},
        {"terms": "reimbursed", "rates": [{"item": "kilometres", "rate": "1,10"}]},
        {"terms": "reimbursed", "rates": [{"item": "kilometres", "rate": "1e3"}]},
        {"terms": "reimbursed", "rates": [{"item": "consumables", "rate": "1"}]},
        {"terms": "reimbursed", "rates": [{"item": "kilometres", "unit": "km", "rate": "1"}]},
        {"terms": "reimbursed", "rates": [{"item": "kilometres", "rate": "1"}, {"item": "kilometres", "rate": "2"}]},
        {"terms": "reimbursed", "currency": "eur"},
    ],
)
def test_terms_that_can_be_read_two_ways_are_refused(wrong):
    """Each of these would be argued about after the flood."""
    with pytest.raises(ValidationError):
        Cost.model_validate(wrong)


@pytest.mark.parametrize(
    ("amount", "currency", "paid"),
    [("0.125", "EUR", "0.12"), ("0.135", "EUR", "0.14"), ("2.5", "JPY", "2"), ("0.0005", "KWD", "0.000")],
)
def test_halves_go_to_the_even_cent(amount, currency, paid):
    """Always rounded up, a thousand lines are five euros too dear."""
    assert str(rounded(Decimal(amount), currency)) == paid


def test_help_without_an_agreement_is_not_free_by_one():
    """Who reads "by the agreement" looks for one that is not there."""
    lines = bill(Cost(terms="free"), "pump.high_capacity", Effort(hours=Decimal(3), crew=6), "EUR")
    assert {why.code for line in lines for why in line.why} >= {"free"}
    reworded = without_agreement(lines)
    assert {why.code for line in reworded for why in line.why} == {"by_times", "free_without_agreement"}
    assert [line.amount for line in reworded] == [line.amount for line in lines]
