"""The check of agreements: every reason, and nothing let through that was not agreed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.agreements import (
    FIGURES,
    NO_AGREEMENT,
    AgreementFacts,
    Case,
    Stock,
    Terms,
    check,
    choose,
    reason_texts,
    reason_texts_from,
)
from app.domain.errors import ProtocolDataError
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


PLENTY = Stock(available=100, promised=0)


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
    )
    said = terms(hazards=["other"], types=["ambulance.als"], kinds=["day_to_day"])
    verdict = check(facts, said, case(), Stock(1, 0))
    assert set(codes(verdict)) == set(FIGURES) - {NO_AGREEMENT.code}
    assert not verdict.allowed
    assert not verdict.only_reserve


def test_reserve_is_told_with_its_figures_in_four_languages():
    """Without the figures nobody can tell how far below the reserve an offer goes."""
    (reason,) = check(agreed(), terms(), case(quantity=2), Stock(3, 1)).reasons
    assert dict(reason.figures) == {"keep": 1, "available": 3, "promised": 1, "quantity": 2, "would_leave": 0}
    assert reason.told() == {
        "code": "reserve_floor",
        "blocking": True,
        "detail": "The lender keeps 1 at home: of 3 available, 1 are promised already, and 2 more would leave 0.",
        "figures": dict(reason.figures),
    }
    assert len({reason.said(language) for language in LANGUAGES}) == len(LANGUAGES)


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
)
floors = st.dictionaries(st.sampled_from(TYPES), st.integers(0, 5)).map(
    lambda kept: [{"type": code, "keep": keep} for code, keep in kept.items()]
)
terms_ = st.builds(
    lambda hazards, types, kinds, reserve: Terms.model_validate(
        {"hazards": hazards, "types": types, "kinds": kinds, "reserve": reserve}
    ),
    scope(HAZARDS),
    scope(TYPES),
    st.lists(st.sampled_from(KINDS), min_size=1, unique=True),
    floors,
)
cases = st.builds(
    Case,
    hazard=st.sampled_from(HAZARDS),
    type_code=st.sampled_from(TYPES),
    kind=st.sampled_from(KINDS),
    lender=members,
    borrower=members,
    quantity=st.integers(1, 8),
    at=moments,
)
stocks = st.builds(Stock, available=st.integers(0, 8), promised=st.integers(0, 8))


@given(facts_, terms_, cases, stocks)
def test_nothing_outside_the_agreement_is_allowed(facts, said, about, stock):
    """A unit that crosses the border under an agreement that doesn't cover it is not insured."""
    if check(facts, said, about, stock).allowed:
        assert facts.status == "in_force"
        assert facts.effective_at <= about.at
        assert facts.expires_at is None or about.at < facts.expires_at
        assert about.lender in facts.lenders
        assert about.borrower in facts.borrowers
        assert said.covers_hazard(about.hazard)
        assert said.covers_type(about.type_code)
        assert about.kind in said.kinds
        keep = said.floor(about.type_code)
        assert keep is None or stock.available - stock.promised - about.quantity >= keep


@given(facts_, terms_, cases, stocks, st.integers(1, 5))
def test_less_is_never_refused_where_more_is_allowed(facts, said, about, stock, more):
    """Asking for fewer must not make things worse, nor must more at home or fewer promises."""
    if check(facts, said, replace(about, quantity=about.quantity + more), stock).allowed:
        assert check(facts, said, about, stock).allowed
    if check(facts, said, about, stock).allowed:
        assert check(facts, said, about, replace(stock, available=stock.available + more)).allowed
        assert check(facts, said, about, replace(stock, promised=max(0, stock.promised - more))).allowed


@given(facts_, terms_, cases, stocks)
def test_an_override_lifts_the_reserve_and_nothing_else(facts, said, about, stock):
    """A representative's word about the reserve at home can't sign an agreement."""
    plain = check(facts, said, about, stock)
    lifted = check(facts, said, about, stock, reserve_overridden=True)
    assert codes(plain) == codes(lifted)
    assert lifted.allowed is (plain.allowed or plain.only_reserve)


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
        assert len(chosen.reasons) == min(len(verdict.reasons) for verdict in verdicts)
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
    ],
)
def test_terms_that_say_nothing_clear_are_refused(wrong):
    """Terms that can be read in two ways are argued about after the flood."""
    with pytest.raises(ValidationError):
        terms(**wrong)


def test_terms_survive_being_stored():
    """What was signed must be what is checked."""
    said = terms(hazards=["flood"], cost={"terms": "free_for_hours", "hours": 12})
    assert Terms.model_validate(said.model_dump(mode="json")) == said


def test_every_reason_has_a_text_in_every_language():
    """A reason without words is a number on somebody's screen at night."""
    assert {code: tuple(texts) for code, texts in reason_texts().items()} == dict.fromkeys(FIGURES, LANGUAGES)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("  expired:", "  gone:", "reasons"),
        ("figures: [status]", "figures: [state]", "reasons.not_in_force.figures"),
        ("is {status} and", "is {colour} and", "reasons.not_in_force.texts.en"),
        ("is {status} and", "is {status and", "reasons.not_in_force.texts.en"),
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
