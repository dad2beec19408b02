"""The check of agreements: every reason, and nothing let through that was not agreed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.agreement_reasons import FIGURES, NO_AGREEMENT, RESERVES, Reason, reason_texts, reason_texts_from
from app.domain.agreement_terms import Hours, Terms
from app.domain.agreements import UNUSED, AgreementFacts, Case, Stock, Use, check, choose, kept_from, with_reserves
from app.domain.cost_terms import Cost, Effort
from app.domain.errors import ProtocolDataError
from app.domain.lender_words import Word
from app.domain.protocol_data import LANGUAGES
from app.settings import protocols_path

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)
MAAS, LUIK, HASSELT = UUID(int=1), UUID(int=2), UUID(int=3)
MEMBERS = (MAAS, LUIK, HASSELT)
HAZARDS, TYPES = ("flood", "wildfire", "other"), ("pump.high_capacity", "engine.pumper", "ambulance.als")
KINDS = ("immediate", "planned", "day_to_day")


def agreed(**other):
    facts = {
        "id": UUID(int=9),
        "code": "broad",
        "version": 1,
        "status": "in_force",
        "precedence": 100,
        "lenders": frozenset({MAAS, LUIK}),
        "borrowers": frozenset({MAAS, LUIK}),
        "effective_at": NOON - timedelta(days=1),
        "expires_at": NOON + timedelta(days=1),
    }
    return AgreementFacts(**facts | other)


def terms(**other):
    said = {"kinds": list(KINDS), "reserve": [{"type": "pump.high_capacity", "keep": 1}]}
    return Terms.model_validate(said | other)


def case(**other):
    said = {
        "hazard": "flood",
        "type_code": "pump.high_capacity",
        "kind": "planned",
        "lender": LUIK,
        "borrower": MAAS,
        "quantity": 1,
        "at": NOON,
    }
    return Case(**said | other)


def codes(verdict):
    return [reason.code for reason in verdict.reasons]


def box(west, south, east, north):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


PLENTY = Stock(available=100, promised=0)
RATES = [{"item": "vehicle_hours", "rate": "60.00"}]
CAPPED = {
    "cost": {"terms": "reimbursed", "currency": "EUR", "rates": RATES},
    "yearly_cost": {"amount": "1000.00", "currency": "EUR"},
}
DEAR = Cost.model_validate(
    {"terms": "reimbursed", "currency": "EUR", "rates": [{"item": "vehicle_hours", "rate": "61.00"}]}
)
NIGHT = {"start": "22:00", "end": "06:00"}
SOUTH = box(5.0, 50.0, 6.0, 50.8)
NORTHERN, SOUTHERN = UUID(int=21), UUID(int=22)
TWO_DEPOTS = Stock(2, 0, {NORTHERN: (5.5, 50.9), SOUTHERN: (5.5, 50.5)})
"""One pump in either half of the lender's ground."""


@pytest.mark.parametrize(
    ("facts", "said", "about", "stock", "expected"),
    [
        ({}, {}, {}, PLENTY, []),
        ({"status": "suspended"}, {}, {}, PLENTY, ["not_in_force"]),
        ({"effective_at": NOON + timedelta(seconds=1)}, {}, {}, PLENTY, ["not_yet_effective"]),
        ({"effective_at": NOON}, {}, {}, PLENTY, []),
        ({"expires_at": NOON}, {}, {}, PLENTY, ["expired"]),
        ({"expires_at": None}, {}, {}, PLENTY, []),
        ({}, {}, {"lender": HASSELT}, PLENTY, ["lender_not_party"]),
        ({}, {}, {"borrower": HASSELT}, PLENTY, ["borrower_not_party"]),
        ({}, {"hazards": ["wildfire"]}, {}, PLENTY, ["hazard_not_covered"]),
        ({}, {"types": ["engine.pumper"]}, {}, PLENTY, ["type_not_covered"]),
        ({}, {"kinds": ["immediate"]}, {}, PLENTY, ["kind_not_covered"]),
        ({}, {}, {"quantity": 3}, Stock(3, 0), ["reserve_floor"]),
        ({}, {}, {"quantity": 2}, Stock(3, 0), []),
        ({}, {}, {"quantity": 2}, Stock(3, 1), ["reserve_floor"]),
        ({}, {"reserve": []}, {"quantity": 3}, Stock(3, 0), []),
        ({}, {}, {"quantity": 3, "type_code": "engine.pumper"}, Stock(3, 0), []),
        ({"terminates_at": NOON}, {}, {}, PLENTY, ["terminated"]),
        (
            {},
            {"phases": {"NL": "grip_2"}},
            {"country": "NL", "phases": {"NL": "grip_1"}},
            PLENTY,
            ["phase_not_reached"],
        ),
        ({}, {"phases": {"NL": "grip_2"}}, {"country": "NL", "phases": {}}, PLENTY, ["phase_not_reached"]),
        ({}, {"phases": {"NL": "grip_2"}}, {"country": "NL", "phases": {"NL": "grip_3"}}, PLENTY, []),
        ({}, {"phases": {"NL": "grip_2"}}, {"country": "BE", "phases": {"NL": "none"}}, PLENTY, []),
        ({}, {"phases": {"NL": "grip_2"}}, {"country": "NL", "phases": None}, PLENTY, []),
        ({}, {"area": SOUTH}, {"place": (5.5, 50.9)}, PLENTY, ["place_not_covered"]),
        ({}, {"area": SOUTH}, {"place": (5.5, 50.8)}, PLENTY, []),
        ({}, {"area": SOUTH}, {"place": None}, PLENTY, []),
        ({}, {"crossings": ["vaals"]}, {"crossing": "eijsden"}, PLENTY, ["crossing_not_allowed"]),
        ({}, {"crossings": ["vaals"]}, {"crossing": "vaals"}, PLENTY, []),
        ({}, {"crossings": ["vaals"]}, {"crossing": None}, PLENTY, []),
        ({}, {"caps": {"longest_deployment_h": 24}}, {"duration_h": 24.5}, PLENTY, ["longest_deployment"]),
        ({}, {"caps": {"longest_deployment_h": 24}}, {"duration_h": 24.0}, PLENTY, []),
        ({}, {"caps": {"longest_deployment_h": 24}}, {"duration_h": None}, PLENTY, []),
    ],
)
def test_each_reason_stands_alone(facts, said, about, stock, expected):
    """A lender refused for the wrong reason mends the wrong thing."""
    assert codes(check(agreed(**facts), terms(**said), case(**about), stock)) == expected


def test_every_reason_is_told_at_once():
    """A dispatcher who learns the reasons one by one loses minutes with each."""
    facts = agreed(
        status="suspended",
        effective_at=NOON + timedelta(days=2),
        expires_at=NOON,
        lenders=frozenset({MAAS}),
        borrowers=frozenset({LUIK}),
        spent=Decimal("990.00"),
    )
    facts = replace(facts, terminates_at=NOON, review_at=NOON)
    said = terms(
        hazards=["other"],
        types=["ambulance.als"],
        kinds=["day_to_day"],
        phases={"NL": "grip_1"},
        area=SOUTH,
        crossings=["vaals"],
        caps={"units": [{"type": "pump.high_capacity", "most": 1}], "longest_deployment_h": 1},
        reserve=[
            {"type": "pump.high_capacity", "keep": 1},
            {"type": "pump.high_capacity", "keep": 1, "hours": {"start": "08:00", "end": "16:00"}},
            {"type": "pump.high_capacity", "keep": 1, "hours": {"start": "13:30", "end": "16:00"}},
            {"type": "pump.high_capacity", "keep": 1, "area": SOUTH},
        ],
        clauses={"insurance": {"status": "open"}},
        **CAPPED | {"cost": CAPPED["cost"] | {"terms": "free_for_hours", "hours": 2}},
    )
    about = case(
        country="NL",
        phases={},
        place=(5.5, 50.9),
        crossing="eijsden",
        duration_h=2,
        effort=Effort(Decimal(8)),
        cost=DEAR,
    )
    word = Word(UUID(int=9), True, NOON + timedelta(hours=1), NOON, note="Calm.")
    verdict = check(facts, said, about, Stock(1, 0, word=word), Use(1, 0))
    theirs = replace(facts, lenders=facts.borrowers, borrowers=facts.lenders)
    said_to_parties = check(theirs, said, about, Stock(1, 0, word=word), Use(1, 0))
    assert set(codes(said_to_parties)) - set(codes(verdict)) == {"yearly_cost_cap"}, "the parties' matter alone"
    told = {reason.code: reason for reason in (*verdict.reasons, *said_to_parties.reasons)}
    assert set(told) == set(FIGURES) - {
        NO_AGREEMENT.code,
        "notice_given",
        "cost_currency",
        "not_asked",
        "same_member",
        "passed_over",
    }
    for reason in told.values():
        assert set(reason.figures) == FIGURES[reason.code]
        assert len({reason.said(language) for language in LANGUAGES}) == len(LANGUAGES)
    assert not verdict.allowed
    assert not verdict.only_reserve


@pytest.mark.parametrize(
    ("spent", "quantity", "stops"),
    [("520.00", 1, False), ("520.01", 1, True), ("0.00", 2, False), ("0.00", 3, True), (None, 3, False)],
)
def test_the_yearly_cost_is_a_cap(spent, quantity, stops):
    """A town council that agreed to a thousand euros would find a bill for two."""
    facts = agreed(spent=None if spent is None else Decimal(spent))
    about = case(quantity=quantity, type_code="engine.pumper", effort=Effort(Decimal(8)))
    reasons = check(facts, terms(**CAPPED), about, PLENTY).reasons
    assert [reason.code for reason in reasons] == (["yearly_cost_cap"] if stops else [])
    for reason in reasons:
        adds = str(Decimal("480.00") * quantity)
        assert dict(reason.figures) == {"limit": "1000.00", "currency": "EUR", "spent": spent, "adds": adds}


BY_TYPE = [
    {"item": "vehicle_hours", "rate": "60.00"},
    {"item": "vehicle_hours", "rate": "40.00", "type": "engine.pumper"},
]
FOAM = {"item": "consumables", "consumable": "foam", "unit": "l", "rate": "2.00"}


@pytest.mark.parametrize(
    ("agreed_cost", "own", "expected"),
    [
        ({"terms": "free"}, {"terms": "reimbursed", "rates": RATES}, ["cost_above_agreed"]),
        ({"terms": "free"}, {"terms": "reimbursed", "currency": "CHF", "rates": RATES}, ["cost_above_agreed"]),
        ({"terms": "free"}, {"terms": "free"}, []),
        ({"terms": "free"}, {"terms": "reimbursed"}, []),
        (CAPPED["cost"], CAPPED["cost"], []),
        (CAPPED["cost"], CAPPED["cost"] | {"rates": [{"item": "vehicle_hours", "rate": "59.99"}]}, []),
        (CAPPED["cost"], CAPPED["cost"] | {"rates": [{"item": "vehicle_hours", "rate": "60.01"}]}, ["cost_above_agreed"]),
        (CAPPED["cost"], {"terms": "free_for_hours", "hours": 2, "rates": RATES}, []),
        (CAPPED["cost"], {"terms": "reimbursed", "rates": RATES}, []),
        (CAPPED["cost"], CAPPED["cost"] | {"currency": "CHF"}, ["cost_currency"]),
        ({"terms": "reimbursed", "rates": RATES}, CAPPED["cost"], []),
        ({"terms": "reimbursed", "rates": RATES}, CAPPED["cost"] | {"currency": "CHF"}, ["cost_currency"]),
        ({"terms": "free_for_hours", "hours": 3, "rates": RATES}, {"terms": "reimbursed", "rates": RATES}, ["cost_free_hours"]),
        (CAPPED["cost"] | {"rates": BY_TYPE}, CAPPED["cost"], ["cost_above_agreed"]),
        (CAPPED["cost"], CAPPED["cost"] | {"rates": [{"item": "kilometres", "rate": "0.01"}]}, ["cost_above_agreed"]),
        (CAPPED["cost"] | {"rates": [FOAM]}, CAPPED["cost"] | {"rates": [FOAM | {"consumable": "Foam"}]}, []),
        (CAPPED["cost"] | {"rates": [FOAM]}, CAPPED["cost"] | {"rates": [FOAM | {"unit": "kg"}]}, ["cost_above_agreed"]),
        (CAPPED["cost"], CAPPED["cost"] | {"rates": [RATES[0], RATES[0] | {"type": "ambulance.als", "rate": "99.00"}]}, []),
    ],
)  # fmt: skip
def test_a_lender_asks_no_more_than_is_agreed(agreed_cost, own, expected):
    """Under a free agreement a council would be sent a bill that nobody signed for; to ask less is nobody's harm."""
    about = case(type_code="engine.pumper", cost=Cost.model_validate(own), currency="EUR")
    assert codes(check(agreed(), terms(cost=agreed_cost), about, PLENTY)) == expected


def test_a_formation_asks_no_more_for_its_parts():
    """A pump that leaves its module on the way is billed as a pump."""
    by_part = CAPPED["cost"] | {
        "rates": [*RATES, {"item": "vehicle_hours", "rate": "10.00", "type": "pump.high_capacity"}]
    }
    about = case(type_code="formation.hcp_module", cost=Cost.model_validate(CAPPED["cost"]), currency="EUR")
    (reason,) = check(agreed(), terms(cost=by_part, reserve=[]), about, PLENTY).reasons
    assert (reason.code, reason.figures["agreed"]) == ("cost_above_agreed", "10.00")


def test_a_lower_price_counts_under_the_cap():
    """Who asks less uses up less of the year."""
    cheap = Cost.model_validate(CAPPED["cost"] | {"rates": [{"item": "vehicle_hours", "rate": "10.00"}]})
    about = case(type_code="engine.pumper", effort=Effort(Decimal(8)), cost=cheap, currency="EUR")
    assert codes(check(agreed(spent=Decimal("920.00")), terms(**CAPPED), about, PLENTY)) == []
    assert codes(check(agreed(spent=Decimal("920.01")), terms(**CAPPED), about, PLENTY)) == ["yearly_cost_cap"]


def test_a_cap_is_in_the_currency_of_the_rates():
    """A thousand of what?"""
    with pytest.raises(ValidationError):
        terms(**CAPPED | {"yearly_cost": {"amount": "1000.00", "currency": "CHF"}})


def test_reserve_is_told_with_its_figures_in_four_languages():
    """Without the figures nobody can tell how far below the reserve an offer goes."""
    (reason,) = check(agreed(), terms(), case(quantity=2), Stock(3, 1)).reasons
    assert dict(reason.figures) == {
        "type_code": "pump.high_capacity",
        "keep": 1,
        "available": 3,
        "promised": 1,
        "quantity": 2,
        "would_leave": 0,
        "agreement": "broad",
    }
    assert reason.told() == {
        "code": "reserve_floor",
        "blocking": True,
        "detail": "High-capacity pump: the lender keeps 1 at home (broad). Available: 3; promised: 1; with 2 more gone: 0.",
        "figures": dict(reason.figures),
    }
    assert len({reason.said(language) for language in LANGUAGES}) == len(LANGUAGES)


def test_what_is_allowed_may_still_be_warned_of():
    """Nobody is told that the insurance is open, or that the agreement ends next month, until something has happened."""
    facts = agreed(terminates_at=NOON + timedelta(days=30), review_at=NOON - timedelta(days=1))
    said = terms(clauses={"insurance": {"status": "open"}, "customs": {"status": "not_applicable"}})
    verdict = check(facts, said, case(), PLENTY)
    assert codes(verdict) == ["notice_given", "review_due", "clauses_open"]
    assert (verdict.allowed, verdict.warned) == (True, True)
    assert verdict.reasons[-1].said("nl") == "Tussen de partijen nog niet geregeld: Verzekering."
    plain = check(agreed(), terms(), case(), PLENTY)
    assert (plain.allowed, plain.warned) == (True, False)


@pytest.mark.parametrize(
    ("use", "quantity", "expected"),
    [
        (Use(2, 1), 1, []),
        (Use(2, 1), 2, ["cap_units"]),
        (Use(3, 1), 1, ["cap_units"]),
        (Use(0, 0), 5, ["cap_units"]),
        (Use(0, 0), 4, []),
    ],
)
def test_a_cap_counts_what_is_out_and_what_is_promised(use, quantity, expected):
    """The fifth pump under an agreement for four is paid by nobody."""
    said = terms(caps={"units": [{"type": "pump.high_capacity", "most": 4}]})
    verdict = check(agreed(), said, case(quantity=quantity), PLENTY, use)
    assert codes(verdict) == expected
    if expected:
        assert verdict.reasons[0].figures["would_be"] == use.under_way + use.promised + quantity
    assert check(agreed(), said, case(type_code="engine.pumper", quantity=9), PLENTY, use).allowed


@pytest.mark.parametrize(
    ("hours", "local", "within"),
    [
        (NIGHT, "2026-07-14T22:00", True),
        (NIGHT, "2026-07-14T21:59", False),
        (NIGHT, "2026-07-15T05:59", True),
        (NIGHT, "2026-07-15T06:00", False),
        ({"start": "08:00", "end": "16:00"}, "2026-07-14T08:00", True),
        ({"start": "08:00", "end": "16:00"}, "2026-07-14T16:00", False),
        ({"start": "00:00", "end": "00:00", "weekdays": ["tue"]}, "2026-07-14T23:59", True),
        ({"start": "00:00", "end": "00:00", "weekdays": ["tue"]}, "2026-07-15T00:00", False),
        (NIGHT | {"weekdays": ["tue"]}, "2026-07-14T23:00", True),
        (NIGHT | {"weekdays": ["tue"]}, "2026-07-15T05:00", True),
        (NIGHT | {"weekdays": ["tue"]}, "2026-07-14T05:00", False),
        (NIGHT | {"weekdays": ["wed"]}, "2026-07-15T05:00", False),
    ],
)
def test_hours_of_a_reserve(hours, local, within):
    """A night that ends at midnight leaves a city without its pump until the morning (14 July 2026 is a Tuesday)."""
    assert Hours.model_validate(hours).hold(datetime.fromisoformat(local)) is within


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        ("2026-07-14T20:30:00+00:00", "Europe/Brussels", ["reserve_floor_hours"]),
        ("2026-07-14T20:30:00+00:00", "UTC", []),
        ("2026-12-14T20:30:00+00:00", "Europe/Brussels", []),
        ("2026-12-14T21:30:00+00:00", "Europe/Brussels", ["reserve_floor_hours"]),
    ],
)
def test_the_hours_are_those_of_the_lenders_clocks(at, zone, expected):
    """Half past ten at night in Liège is half past eight in Greenwich, in summer; in winter half past nine is early."""
    said = terms(reserve=[{"type": "pump.high_capacity", "keep": 2, "hours": NIGHT}])
    facts = agreed(effective_at=NOON - timedelta(days=1), expires_at=None)
    about = case(at=datetime.fromisoformat(at), zone=zone)
    verdict = check(facts, said, about, Stock(2, 0))
    assert codes(verdict) == expected
    assert verdict.only_reserve is bool(expected)


@pytest.mark.parametrize(
    ("resource_id", "stock", "expected"),
    [
        (None, TWO_DEPOTS, ["reserve_floor_area"]),
        (SOUTHERN, TWO_DEPOTS, ["reserve_floor_area"]),
        (NORTHERN, TWO_DEPOTS, []),
        (NORTHERN, replace(TWO_DEPOTS, promised=1), []),
        (SOUTHERN, Stock(3, 0, TWO_DEPOTS.homes | {UUID(int=23): (5.6, 50.6)}), []),
        (SOUTHERN, Stock(3, 1, TWO_DEPOTS.homes | {UUID(int=23): (5.6, 50.6)}), ["reserve_floor_area"]),
    ],
)
def test_a_reserve_in_a_part_of_the_lenders_ground(resource_id, stock, expected):
    """The south keeps its pump; whoever promises one without a name may have meant that one."""
    said = terms(reserve=[{"type": "pump.high_capacity", "keep": 1, "area": SOUTH}])
    verdict = check(agreed(), said, case(resource_id=resource_id), stock)
    assert codes(verdict) == expected
    assert verdict.only_reserve is bool(expected)


def test_a_reserve_of_one_lender_is_no_one_elses():
    """One city keeps a pump in its far valley; the others have no far valley."""
    said = terms(reserve=[{"type": "pump.high_capacity", "keep": 2, "lender": str(LUIK)}])
    assert codes(check(agreed(), said, case(), Stock(2, 0))) == ["reserve_floor"]
    assert check(agreed(), said, case(lender=MAAS, borrower=LUIK), Stock(2, 0)).allowed


def test_what_was_offered_before_is_counted_with_the_next():
    """Two lines of one offer would each be the last that is allowed."""
    assert TWO_DEPOTS.less(1, SOUTHERN) == Stock(1, 0, {NORTHERN: (5.5, 50.9)})
    assert TWO_DEPOTS.less(2) == replace(TWO_DEPOTS, promised=2)
    assert Use(1, 0).more(2) == Use(1, 2)


# ---------------------------------------------------------------- properties

members = st.sampled_from(MEMBERS)
some_members = st.frozensets(members, min_size=1)
scope = lambda codes_: st.one_of(st.just("*"), st.lists(st.sampled_from(codes_), min_size=1, unique=True))
moments = st.integers(-3, 3).map(lambda days: NOON + timedelta(days=days))
facts_ = st.builds(
    AgreementFacts,
    id=st.uuids(),
    code=st.sampled_from(["a", "b", "c", "d"]),
    version=st.just(1),
    status=st.sampled_from(["proposed", "in_force", "in_force", "in_force", "suspended", "expired"]),
    precedence=st.integers(1, 5),
    lenders=some_members,
    borrowers=some_members,
    effective_at=moments,
    expires_at=st.none() | moments,
    terminates_at=st.none() | moments,
    review_at=st.none() | moments,
)
areas = st.none() | st.sampled_from([SOUTH, box(5.0, 50.7, 6.0, 51.0)])
places = st.tuples(st.sampled_from([5.1, 5.5, 6.5]), st.sampled_from([50.5, 50.75, 50.9]))
hours_ = st.none() | st.sampled_from(
    [NIGHT, {"start": "08:00", "end": "16:00", "weekdays": ["mon", "tue"]}, {"start": "12:00", "end": "12:00"}]
)
floors = st.lists(
    st.tuples(st.sampled_from(TYPES), areas, hours_, st.none() | members.map(str), st.integers(0, 5)),
    unique_by=lambda floor: repr(floor[:4]),
    max_size=5,
).map(
    lambda kept: [
        {"type": code, "keep": keep, "area": area, "hours": hours, "lender": lender}
        for code, area, hours, lender, keep in kept
    ]
)
caps_ = st.builds(
    lambda units, longest: {
        "units": [{"type": code, "most": most} for code, most in units.items()],
        "longest_deployment_h": longest,
    },
    st.dictionaries(st.sampled_from(TYPES), st.integers(1, 6)),
    st.none() | st.integers(1, 48),
)
PHASES = ("none", "grip_1", "grip_2", "grip_3")
clauses_ = st.dictionaries(
    st.sampled_from(["insurance", "customs"]), st.just({"status": "open"}) | st.just({"status": "not_applicable"})
)
terms_ = st.fixed_dictionaries(
    {
        "hazards": scope(HAZARDS),
        "types": scope(TYPES),
        "kinds": st.lists(st.sampled_from(KINDS), min_size=1, unique=True),
        "phases": st.dictionaries(st.just("NL"), st.sampled_from(PHASES)),
        "area": areas,
        "crossings": scope(("vaals", "eijsden")),
        "caps": caps_,
        "reserve": floors,
        "clauses": clauses_,
    }
).map(Terms.model_validate)
cases = st.builds(
    Case,
    hazard=st.sampled_from(HAZARDS),
    type_code=st.sampled_from(TYPES),
    kind=st.sampled_from(KINDS),
    lender=members,
    borrower=members,
    quantity=st.integers(1, 8),
    at=moments,
    resource_id=st.none(),
    place=st.none() | places,
    country=st.none() | st.sampled_from(["NL", "BE"]),
    phases=st.none() | st.dictionaries(st.sampled_from(["NL", "BE"]), st.sampled_from(PHASES)),
    crossing=st.none() | st.sampled_from(["vaals", "eijsden"]),
    duration_h=st.none() | st.floats(0, 60),
    zone=st.sampled_from(["UTC", "Europe/Brussels"]),
)
stocks = st.builds(
    lambda homes, promised: Stock(len(homes), promised, {UUID(int=40 + n): home for n, home in enumerate(homes)}),
    st.lists(places, max_size=8),
    st.integers(0, 8),
)
uses_ = st.builds(Use, under_way=st.integers(0, 4), promised=st.integers(0, 4))


@given(facts_, terms_, cases, stocks, uses_)
def test_nothing_outside_the_agreement_is_allowed(facts, said, about, stock, use):
    """A unit that crosses the border under an agreement that doesn't cover it is not insured."""
    if check(facts, said, about, stock, use).allowed:
        assert facts.terminates_at is None or about.at < facts.terminates_at
        assert said.area is None or about.place is None or said.covers_place(*about.place)
        assert about.crossing is None or said.crossings == "*" or about.crossing in said.crossings
        most = said.caps.most(about.type_code)
        assert most is None or use.under_way + use.promised + about.quantity <= most
        longest = said.caps.longest_deployment_h
        assert longest is None or about.duration_h is None or about.duration_h <= longest
        if about.country == "NL" and about.phases is not None and "NL" in said.phases:
            assert PHASES.index(about.phases.get("NL", "none")) >= PHASES.index(said.phases["NL"])
        assert facts.status == "in_force"
        assert facts.effective_at <= about.at
        assert facts.expires_at is None or about.at < facts.expires_at
        assert about.lender in facts.lenders
        assert about.borrower in facts.borrowers
        assert said.covers_hazard(about.hazard)
        assert said.covers_type(about.type_code)
        assert about.kind in said.kinds
        for floor in said.reserve:
            if floor.type == about.type_code and floor.hours is None and floor.lender in {None, about.lender}:
                counted = stock if floor.area is None else stock.within(floor.area)
                left = counted.available - counted.promised - about.quantity
                assert (left if floor.area is None else max(0, left)) >= floor.keep


@given(facts_, terms_, cases, stocks, uses_, st.integers(1, 5), places)
def test_less_is_never_refused_where_more_is_allowed(facts, said, about, stock, use, more, home):
    """Asking for fewer must not make things worse, nor must more at home, fewer promises or a shorter stay."""
    if check(facts, said, replace(about, quantity=about.quantity + more), stock, use).allowed:
        assert check(facts, said, about, stock, use).allowed
    if check(facts, said, about, stock, use).allowed:
        homes = stock.homes | {UUID(int=90 + n): home for n in range(more)}
        assert check(facts, said, about, Stock(len(homes), stock.promised, homes), use).allowed
        assert check(facts, said, about, replace(stock, promised=max(0, stock.promised - more)), use).allowed
        assert check(facts, said, about, stock, replace(use, under_way=max(0, use.under_way - more))).allowed
        assert check(facts, said, replace(about, duration_h=0.0), stock, use).allowed


@given(facts_, terms_, cases, stocks, uses_)
def test_what_is_not_known_yet_never_stands_against_it(facts, said, about, stock, use):
    """An offer that names neither the way nor the hours would be refused for what nobody has said."""
    unknown = replace(about, place=None, crossing=None, duration_h=None, phases=None)
    if check(facts, said, about, stock, use).allowed:
        assert check(facts, said, unknown, stock, use).allowed


@given(facts_, terms_, cases, stocks, uses_)
def test_a_named_unit_is_never_worse_than_an_unnamed_one(facts, said, about, stock, use):
    """Whoever says which unit goes leaves less in doubt, and must not be punished for it."""
    one = replace(about, quantity=1)
    if check(facts, said, one, stock, use).allowed:
        for id_ in stock.homes:
            assert check(facts, said, replace(one, resource_id=id_), stock, use).allowed


@given(facts_, terms_, cases, stocks, uses_)
def test_an_override_lifts_the_reserve_and_nothing_else(facts, said, about, stock, use):
    """A representative's word about the reserve at home can't sign an agreement."""
    plain = check(facts, said, about, stock, use)
    lifted = check(facts, said, about, stock, use, reserve_overridden=True)
    assert codes(plain) == codes(lifted)
    # That what is not there can't go all the same is said where units are chosen, and not by the paper.
    assert lifted.allowed is (plain.allowed or {reason.code for reason in plain.against} <= RESERVES)
    assert {reason.code for reason in lifted.reasons if reason.blocking}.isdisjoint(RESERVES)


@given(facts_, terms_, cases, stocks, uses_)
def test_every_reason_can_be_read_and_kept(facts, said, about, stock, use):
    """A reason that fails when it is told, or can't be kept in the journal, takes the refusal with it."""
    for reason in check(facts, said, about, stock, use).reasons:
        assert set(reason.figures) == FIGURES[reason.code]
        assert json.loads(json.dumps(reason.told()))["code"] == reason.code
        assert all(reason.said(language) for language in LANGUAGES)


@given(st.lists(st.tuples(facts_, terms_), max_size=6), cases, stocks, st.randoms())
def test_the_choice_is_allowed_if_any_is_and_does_not_depend_on_order(pairs, about, stock, chance):
    """Two control rooms that look at the same moment must see the same agreement."""
    verdicts = [check(facts, said, about, stock) for facts, said in pairs]
    chosen = choose(verdicts)
    if not verdicts:
        assert chosen is None
        return
    allowed = [verdict for verdict in verdicts if verdict.allowed]
    if allowed:
        assert chosen.allowed
        assert chosen.agreement.precedence == min(verdict.agreement.precedence for verdict in allowed)
    else:
        assert len(chosen.against) == min(len(verdict.against) for verdict in verdicts)
    chance.shuffle(verdicts)
    again = choose(verdicts)
    assert (again.allowed, again.agreement.precedence, again.agreement.code) == (
        chosen.allowed,
        chosen.agreement.precedence,
        chosen.agreement.code,
    )


# ---------------------------------------------------------------- terms and texts


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": []},
        {"kinds": ["tomorrow"]},
        {"hazards": []},
        {"reserve": [{"type": "a", "keep": 1}, {"type": "a", "keep": 2}]},
        {"reserve": [{"type": "a", "keep": -1}]},
        {"cost": {"terms": "free_for_hours"}},
        {"cost": {"terms": "free", "hours": 3}},
        {"cost": {"terms": "barter"}},
        {"colour": "blue"},
        {"reserve": [{"type": "a", "keep": 1, "hours": NIGHT}, {"type": "a", "keep": 2, "hours": NIGHT}]},
        {"reserve": [{"type": "a", "keep": 1, "hours": {"start": "24:00", "end": "06:00"}}]},
        {"reserve": [{"type": "a", "keep": 1, "hours": NIGHT | {"weekdays": []}}]},
        {"caps": {"units": [{"type": "a", "most": 1}, {"type": "a", "most": 2}]}},
        {"caps": {"units": [{"type": "a", "most": 0}]}},
        {"caps": {"longest_deployment_h": 0}},
        {"area": {"type": "Point", "coordinates": [5, 50]}},
        {"crossings": []},
        {"clauses": {"weather": {"status": "settled"}}},
        {"clauses": {"customs": {"status": "settled"}}},
        {"clauses": {"customs": {"status": "settled", "texts": {"en": " "}}}},
    ],
)
def test_terms_that_say_nothing_clear_are_refused(wrong):
    """Terms that can be read in two ways are argued about after the flood."""
    with pytest.raises(ValidationError):
        terms(**wrong)


def test_terms_survive_being_stored():
    """What was signed must be what is checked."""
    said = terms(
        hazards=["flood"],
        cost={"terms": "free_for_hours", "hours": 12},
        area=SOUTH,
        phases={"NL": "grip_1"},
        caps={"units": [{"type": "pump.high_capacity", "most": 3}]},
        reserve=[{"type": "pump.high_capacity", "keep": 1, "area": SOUTH, "hours": NIGHT}],
        clauses={"customs": {"status": "settled", "texts": {"en": "Nothing is declared."}}},
    )
    assert Terms.model_validate(said.model_dump(mode="json")) == said


def test_every_reason_has_a_text_in_every_language():
    """A reason without words is a number on somebody's screen at night."""
    assert {code: tuple(texts) for code, texts in reason_texts().items()} == dict.fromkeys(FIGURES, LANGUAGES)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("  expired:", "  gone:", "reasons"),
        ("figures: [status]", "figures: [state]", "reasons.not_in_force.figures"),
        ("(state: {status})", "(state: {colour})", "reasons.not_in_force.texts.en"),
        ("(state: {status})", "(state: {status)", "reasons.not_in_force.texts.en"),
    ],
)
def test_a_text_that_can_not_be_filled_in_is_found_when_it_is_loaded(old, new, named):
    """Found at the first refusal, it would turn a refusal into a failure in the middle of an incident."""
    file = protocols_path() / "typing" / "agreement_reasons.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ProtocolDataError) as refusal:
        reason_texts_from(Path(file), text.replace(old, new, 1))
    assert refusal.value.extra["key"] == named


@pytest.mark.parametrize(
    ("terms", "place"),
    [
        ({"reserve": [{"type": "pump.high_capacity", "keep": keep} for keep in (1, 2)]}, ("reserve",)),
        ({"response": [{"answer_min": 10}, {"answer_min": 20}]}, ("response",)),
        ({"yearly_cost": {"amount": "5000", "currency": "EUR"}}, ("yearly_cost",)),
        ({"caps": {"units": [{"type": "pump.high_capacity", "most": most} for most in (1, 2)]}}, ("caps",)),
    ],
)
def test_what_contradicts_itself_is_named_where_it_stands(terms, place):
    """Who writes forty terms looks for the one that is refused, if all that is said is *the terms*."""
    with pytest.raises(ValidationError) as refused:
        Terms.model_validate({"kinds": ["planned"]} | terms)
    assert [error["loc"] for error in refused.value.errors()] == [place]


@pytest.mark.parametrize(
    ("hours", "local", "lasts_h", "within"),
    [
        (NIGHT, "2026-07-14T21:59", 0.1, True),
        (NIGHT, "2026-07-14T12:00", 10, False),
        (NIGHT, "2026-07-14T12:00", 10.1, True),
        (NIGHT, "2026-07-14T23:00", 1, False),
        (NIGHT, "2026-07-14T23:00", 24, True),
        (NIGHT | {"weekdays": ["mon"]}, "2026-07-14T12:00", 24, False),
        (NIGHT | {"weekdays": ["mon"]}, "2026-07-14T12:00", 24 * 7, True),
        (NIGHT | {"weekdays": ["mon"]}, "2026-07-14T12:00", 24 * 365, True),
    ],
)
def test_hours_that_begin_while_help_lasts(hours, local, lasts_h, within):
    """A pump that leaves at one minute to ten is gone all night."""
    assert Hours.model_validate(hours).begin_within(datetime.fromisoformat(local), lasts_h) is within


@pytest.mark.parametrize(
    ("lasts_h", "available", "expected"), [(None, 2, []), (1, 2, []), (9, 2, ["reserve_floor_later"]), (9, 9, [])]
)
def test_what_is_kept_later_is_told_and_stops_nothing(lasts_h, available, expected):
    """Whoever counts on tonight's pump hears in the afternoon that it will be away; whether it goes is for people to say."""
    said = terms(reserve=[{"type": "pump.high_capacity", "keep": 2, "hours": NIGHT}])
    facts = agreed(effective_at=NOON - timedelta(days=1), expires_at=None)
    about = case(at=datetime.fromisoformat("2026-07-14T18:00:00+00:00"), zone="Europe/Brussels", duration_h=lasts_h)
    verdict = check(facts, said, about, Stock(available, 0))
    assert (codes(verdict), verdict.allowed) == (expected, True)
    for reason in verdict.reasons:
        assert (reason.figures["start"], reason.figures["end"], reason.figures["would_leave"]) == ("22:00", "06:00", 1)
        assert len({reason.said(language) for language in ("en", "de", "fr", "nl")}) == 4


def test_a_place_and_an_amount_can_be_read_where_a_comma_is_written():
    """*Der Ort 6,1, 50,7*: four numbers or two; and *45000.00 EUR* stands beside *100,00 EUR*."""
    outside = Reason("place_not_covered", {"lon": 6.1, "lat": 50.7})
    assert "6,1; 50,7 (Länge; Breite)" in outside.said("de")
    capped = Reason("yearly_cost_cap", {"limit": "45000.00", "currency": "EUR", "spent": "1200.5", "adds": "100"})
    assert "45.000,00\N{NO-BREAK SPACE}EUR" in capped.said("de")
    assert "EUR\N{NO-BREAK SPACE}1.200,50" in capped.said("nl")
    assert "EUR\N{NO-BREAK SPACE}45,000.00" in capped.said("en")
    assert "45\N{NARROW NO-BREAK SPACE}000,00\N{NO-BREAK SPACE}EUR" in capped.said("fr")


# ---------------------------------------------------------------- whichever agreement is cited

FIRST, SECOND = agreed(precedence=10), agreed(id=UUID(int=8), code="second", precedence=30)
FREE = terms(reserve=[])


def asked_all(about, stock, *, first=None, second=FREE, use=UNUSED, overridden=False):
    said = terms() if first is None else first
    return [
        check(FIRST, said, about, stock, use, reserve_overridden=overridden),
        check(SECOND, second, about, stock, reserve_overridden=overridden),
    ]


def test_a_reserve_is_not_got_round_by_citing_another_agreement():
    """The pump that a city keeps for itself would go all the same, under another paper, and nobody would have said so."""
    about, last = case(), Stock(1, 0)
    for only in (None, SECOND.id, FIRST.id):
        verdict = choose(asked_all(about, last), only=only)
        assert (codes(verdict), verdict.allowed, verdict.only_reserve) == (["reserve_floor"], False, True)
        assert verdict.reasons[0].figures["agreement"] == "broad"
    by_act = choose(asked_all(about, last, overridden=True), only=SECOND.id)
    assert (by_act.allowed, by_act.agreement.code, codes(by_act)) == (True, "second", ["reserve_floor", "passed_over"])
    assert choose(asked_all(about, Stock(2, 0))).allowed, "one of two may go"
    # a cap that is full, a price or a length of stay is no way round it either
    full = {"caps": {"units": [{"type": "pump.high_capacity", "most": 1}]}}
    assert codes(choose(asked_all(about, last, first=terms(**full), use=Use(1, 0)))) == ["reserve_floor"]
    long = terms(caps={"longest_deployment_h": 1})
    assert codes(choose(asked_all(case(duration_h=5), last, first=long))) == ["reserve_floor"]


def test_a_reserve_of_an_agreement_that_does_not_apply_binds_nobody():
    """A city keeps its pump from those whom it has signed that to, for what it has signed: not from everybody."""
    for other in ({"hazards": ["fire"]}, {"types": ["ambulance.als"]}, {"kinds": ["day_to_day"]}, {"area": SOUTH}):
        verdict = choose(asked_all(case(place=(5.5, 50.9)), Stock(1, 0), first=terms(**other)))
        assert (verdict.agreement.code, codes(verdict)) == ("second", []), other
    aside = [
        check(replace(FIRST, status="suspended"), terms(), case(), Stock(1, 0)),
        check(SECOND, FREE, case(), Stock(1, 0)),
    ]
    assert choose(aside).allowed
    assert with_reserves(aside) == aside


def test_the_lenders_word_that_it_can_is_told_whichever_agreement_is_cited():
    """An offer under the other paper would go below the reserve, and cite no word for it."""
    word = Word(UUID(int=9), True, NOON + timedelta(hours=1), NOON, note="Calm.")
    verdict = choose(asked_all(case(), Stock(1, 0, word=word)), only=SECOND.id)
    assert (verdict.allowed, codes(verdict)) == (True, ["reserve_floor", "lender_can", "passed_over"])


def test_other_terms_than_those_that_go_first_are_told():
    """Help would be paid for that should be free: the cap of the first agreement is full, the second one takes over, and nobody is told."""
    cap = terms(reserve=[], caps={"units": [{"type": "pump.high_capacity", "most": 1}]})
    verdict = choose(asked_all(case(), PLENTY, first=cap, use=Use(1, 0)))
    (why,) = verdict.reasons
    assert (verdict.agreement.code, verdict.allowed, why.code, why.blocking) == ("second", True, "passed_over", False)
    assert dict(why.figures) == {"agreement": "broad", "passed_for": ["cap_units"]}
    assert set(why.figures) == FIGURES["passed_over"]
    assert len({why.said(language) for language in LANGUAGES}) == len(LANGUAGES)
    assert "cap" in why.said("en")
    cited = choose(asked_all(case(), PLENTY, first=FREE), only=SECOND.id)
    assert [each.figures["passed_for"] for each in cited.reasons] == [["cited"]]
    assert choose(asked_all(case(), PLENTY, first=FREE)).reasons == (), "the first one is the first one"
    dear = {"terms": "free"}
    asks = choose(
        asked_all(
            case(cost=DEAR),
            PLENTY,
            first=terms(reserve=[], cost=dear),
            second=terms(reserve=[], **CAPPED | {"cost": DEAR.model_dump()}),
        )
    )
    assert [each.figures["passed_for"] for each in asks.reasons if each.code == "passed_over"] == [["cost"]]


def test_help_without_an_agreement_keeps_what_is_signed():
    """A city without a paper for it would send what it has promised others to keep: all that it has signed counts, where nothing applies."""
    last, fire = Stock(1, 0), terms(hazards=["fire"])
    kept = kept_from(asked_all(case(), last, first=fire, second=terms(reserve=[], hazards=["fire"])), case())
    assert (kept.agreement.code, codes(kept)) == ("broad", ["reserve_floor"])
    assert kept_from(asked_all(case(), last, first=fire), case()) is None, "one applies, and keeps nothing"
    assert kept_from(asked_all(case(), Stock(2, 0), first=fire, second=fire), case()) is None
    assert kept_from([check(replace(FIRST, status="suspended"), terms(), case(), last)], case()) is None
