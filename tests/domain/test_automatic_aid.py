"""The clauses of automatic aid and of response: what a paper may say, and where and when it holds."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import ValidationError

from app.domain.agreement_terms import Terms
from app.domain.automatic_aid import AutomaticAidClause, DailyHours
from app.domain.response_commitments import ResponseCommitment, promised
from tests.world import box

PUMP, BOAT = "pump.high_capacity", "boat.rescue"
LUIK, AKEN = UUID(int=1), UUID(int=2)
SUMMER = datetime(2026, 7, 14, tzinfo=UTC)


def clause(**other):
    body = {"types": [PUMP], "strip": box(5.6, 50.7, 5.8, 50.9), "quantity": 2, "lenders": [str(LUIK), str(AKEN)]}
    return AutomaticAidClause.model_validate(body | other)


@pytest.mark.parametrize(
    ("type_code", "lon", "lat", "covered"),
    [(PUMP, 5.7, 50.8, True), (PUMP, 5.8, 50.9, True), (PUMP, 5.81, 50.8, False), (BOAT, 5.7, 50.8, False)],
)
def test_a_clause_holds_for_its_types_in_its_strip(type_code, lon, lat, covered):
    """A pump would roll on no paper at all, or would not roll a metre from the border that was agreed."""
    assert clause().covers(type_code, lon, lat) is covered


@pytest.mark.parametrize(
    ("begins", "ends", "utc", "holds"),
    [
        ("18:00", "07:00", (15, 59), False),
        ("18:00", "07:00", (16, 0), True),
        ("18:00", "07:00", (4, 59), True),
        ("18:00", "07:00", (5, 0), False),
        ("08:00", "17:00", (6, 0), True),
        ("08:00", "17:00", (15, 0), False),
    ],
)
def test_hours_are_those_on_the_lenders_wall(begins, ends, utc, holds):
    """In summer Brussels is two hours ahead of UTC: hours read in UTC would alarm a volunteer station at work."""
    at = SUMMER.replace(hour=utc[0], minute=utc[1])
    assert DailyHours(begins=begins, ends=ends).hold(at, "Europe/Brussels") is holds


@pytest.mark.parametrize(
    "wrong",
    [
        {"lenders": [str(LUIK), str(LUIK)]},
        {"lenders": []},
        {"types": []},
        {"quantity": 0},
        {"hours": {"begins": "08:00", "ends": "08:00"}},
        {"hours": {"begins": "8:00", "ends": "18:00"}},
        {"strip": {"type": "Point", "coordinates": [5.7, 50.8]}},
    ],
)
def test_what_a_clause_never_says(wrong):
    """A clause that can be read in two ways, or alarms nobody, must not be signed."""
    with pytest.raises(ValidationError):
        clause(**wrong)


def test_what_names_a_type_goes_before_what_is_for_all():
    """A boat that was promised within ten minutes must not be measured by the twenty that hold for sandbags."""
    for_all = ResponseCommitment(acknowledge_min=20)
    for_boats = ResponseCommitment(types=(BOAT,), turn_out_min=10, binding="obligatory")
    assert promised((for_all, for_boats), BOAT) is for_boats
    assert promised((for_all, for_boats), PUMP) is for_all
    assert promised((for_boats,), PUMP) is None


@pytest.mark.parametrize(
    "response",
    [
        [{"types": [PUMP]}],
        [{"types": [PUMP], "answer_min": 5}, {"types": [BOAT, PUMP], "answer_min": 6}],
        [{"answer_min": 5}, {"turn_out_min": 5}],
        [{"answer_min": 0}],
    ],
)
def test_a_promise_is_made_once_and_says_something(response):
    """Of two promises for one type, each side would hold the other to its own."""
    with pytest.raises(ValidationError):
        Terms.model_validate({"kinds": ["immediate"], "response": response})
