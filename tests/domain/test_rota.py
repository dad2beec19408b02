"""The rota of the coordinator: sides alternate, nobody is forgotten, and it turns on days that people know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.rota import PERIODS, Seat, next_change, order

SEATS = st.lists(st.sampled_from(["NL", "BE", "DE"]), min_size=1, max_size=9).map(
    lambda countries: [Seat(UUID(int=number), country) for number, country in enumerate(countries, 1)]
)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@given(SEATS, st.integers(0, 30))
def test_sides_alternate(seats, count):
    """Two months in a row of one side, and the other asks whose corridor it is."""
    country = {seat.member_id: seat.country for seat in seats}
    turns = order(seats, [], count)
    assert len(turns) == count
    if len(set(country.values())) > 1:
        assert all(country[a] != country[b] for a, b in pairwise(turns))


@given(SEATS, st.integers(1, 30), st.integers(0, 30))
def test_it_goes_on_where_it_was(seats, done, count):
    """After a restart, or with twelve more turns planned, nobody is passed over or comes twice."""
    whole = order(seats, [], done + count)
    assert order(seats, whole[:done], count) == whole[done:]


@given(SEATS)
def test_everybody_comes_in_time(seats):
    """A small town beside a large city leads, too."""
    largest = max(sum(seat.country == each.country for seat in seats) for each in seats)
    sides = len({seat.country for seat in seats})
    assert set(order(seats, [], largest * sides)) == {seat.member_id for seat in seats}


def test_without_members_there_are_no_turns():
    """Before a corridor is loaded nobody leads it."""
    assert order([], [], 12) == []


@given(INSTANTS, st.sampled_from(PERIODS), st.integers(0, 23))
def test_the_next_change_is_the_first_one_after(after, period, hour):
    """A turn of no length, or one that is left out, would have two coordinators, or none."""
    change = next_change(after, period, hour)
    longest = {"weekly": 7, "monthly": 31, "quarterly": 92}[period]
    assert after < change <= after + timedelta(days=longest)
    assert (change.hour, change.minute, change.second, change.microsecond) == (hour, 0, 0, 0)


@pytest.mark.parametrize(
    ("after", "period", "change"),
    [
        ("2026-11-29T06:00:00Z", "monthly", "2026-12-01T08:00:00Z"),
        ("2026-12-01T08:00:00Z", "monthly", "2027-01-01T08:00:00Z"),
        ("2026-12-01T07:59:59Z", "monthly", "2026-12-01T08:00:00Z"),
        ("2026-11-29T06:00:00Z", "quarterly", "2027-01-01T08:00:00Z"),
        ("2026-02-10T06:00:00Z", "quarterly", "2026-04-01T08:00:00Z"),
        ("2026-11-29T06:00:00Z", "weekly", "2026-11-30T08:00:00Z"),
        ("2026-11-30T08:00:00Z", "weekly", "2026-12-07T08:00:00Z"),
    ],
)
def test_days_that_people_know(after, period, change):
    """The first of the month, a Monday: what everybody has in the calendar."""
    assert next_change(datetime.fromisoformat(after), period, 8) == datetime.fromisoformat(change)
