"""When drills are held: no hour that does not exist, none that is meant twice, nobody in two drills at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.drills.schedule import (
    Booking,
    CountryReady,
    Monthly,
    Recurrence,
    Seat,
    Weekly,
    coming,
    first_clash,
    holds_for,
    instant,
    occurrences,
    readiness,
    require_recurrence,
    shown,
    stands_down,
    zone_of,
)
from app.domain.errors import Malformed, UnknownCode
from tests.domain.drills.making import GROUND, small

ZONES = ("Europe/Brussels", "Europe/Amsterdam", "Europe/Berlin")
# The last Sundays of March and October.
FORWARD = (date(2027, 3, 28), date(2028, 3, 26))
BACK = (date(2026, 10, 25), date(2027, 10, 31))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", FORWARD)
@pytest.mark.parametrize("minute", [0, 30, 59])
def test_an_hour_that_does_not_exist_is_refused(zone, day, minute):
    """At 2:30 of that night there is nobody to start a drill: the clocks go from 2 to 3."""
    with pytest.raises(Malformed) as caught:
        instant(datetime.combine(day, time(2, minute)), zone)
    assert f"does not exist in {zone}" in caught.value.detail
    assert f"Choose 01:{minute:02} or 03:{minute:02}." in caught.value.detail
    # The minute before, and the first one after.
    assert instant(datetime.combine(day, time(1, 59)), zone) == datetime(day.year, 3, day.day, 0, 59, tzinfo=UTC)
    assert instant(datetime.combine(day, time(3)), zone) == datetime(day.year, 3, day.day, 1, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", BACK)
@pytest.mark.parametrize("minute", [0, 30, 59])
def test_an_hour_that_is_there_twice_is_asked_about(zone, day, minute):
    """One director would come an hour before the other."""
    local = datetime.combine(day, time(2, minute))
    with pytest.raises(Malformed, match=r"is there twice.*Say which: first or second"):
        instant(local, zone)
    first, second = instant(local, zone, "first"), instant(local, zone, "second")
    assert first == datetime(day.year, 10, day.day, 0, minute, tzinfo=UTC)
    assert second - first == timedelta(hours=1)
    assert shown(first, zone) == f"{local:%Y-%m-%d %H:%M}+02:00 {zone}"
    assert shown(second, zone) == f"{local:%Y-%m-%d %H:%M}+01:00 {zone}"
    # Nothing is ambiguous just before and just after.
    assert instant(datetime.combine(day, time(1, 59)), zone) < first
    assert instant(datetime.combine(day, time(3)), zone) > second


@settings(deadline=None)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.sampled_from(ZONES))
def test_an_instant_shows_as_the_hour_that_was_chosen(local, zone):
    """What stands on both calendars is what was typed, or it was refused."""
    if local.month in {3, 10} and local.hour == 2:  # a change of that hour is tested above
        local = local.replace(hour=4)
    found = instant(local, zone)
    assert found.astimezone(zone_of(zone)).replace(tzinfo=None) == local
    assert found.tzinfo is UTC


def test_the_sides_of_the_border_agree():
    """Brussels, Amsterdam and Berlin have had one time since 1978; a start is one instant for all of them."""
    for local in (
        datetime(2027, 7, 14, 9),
        datetime(2027, 12, 1, 9),
        datetime(2027, 3, 28, 3),
        datetime(2027, 10, 31, 1),
    ):
        assert len({instant(local, zone) for zone in ZONES}) == 1


def test_what_is_no_local_time_or_zone_is_refused():
    """A time with an offset in a field for local hours would be moved twice."""
    with pytest.raises(Malformed, match="has an offset"):
        instant(datetime(2027, 5, 1, 9, tzinfo=UTC), ZONES[0])
    for zone in ("Europe/Aachen", "", "../etc/passwd", "CET+1", "a\0b"):
        with pytest.raises(UnknownCode, match="no time zone"):
            instant(datetime(2027, 5, 1, 9), zone)


# ---------------------------------------------------------------- recurrence


def days(recurrence, count):
    return [each.local.date() for each in islice(occurrences(recurrence), count)]


def test_each_week_at_the_same_local_hour():
    """Nine o'clock stays nine o'clock over the change: in UTC it is an hour earlier in summer."""
    weekly = Recurrence(Weekly(weekday=0), date(2027, 3, 18), time(9), "Europe/Brussels")
    found = list(islice(occurrences(weekly), 3))
    assert [each.at for each in found] == [
        datetime(2027, 3, 22, 8, tzinfo=UTC), datetime(2027, 3, 29, 7, tzinfo=UTC), datetime(2027, 4, 5, 7, tzinfo=UTC),
    ]  # fmt: skip
    fortnight = Recurrence(Weekly(weekday=3, every=2), date(2027, 3, 18), time(9), "Europe/Brussels", date(2027, 4, 20))
    assert days(fortnight, 9) == [date(2027, 3, 18), date(2027, 4, 1), date(2027, 4, 15)]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (Monthly(1, 0), [date(2027, 2, 1), date(2027, 3, 1), date(2027, 4, 5)]),
        (Monthly(-1, 6), [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 28)]),
        (Monthly(5, 6), [date(2027, 1, 31), date(2027, 5, 30), date(2027, 8, 29)]),
        (Monthly(2, 2, every=3), [date(2027, 4, 14), date(2027, 7, 14), date(2027, 10, 13)]),
    ],
)
def test_each_month_on_the_nth_weekday(rule, found):
    """'The last Sunday' is what people say, and months differ."""
    assert days(Recurrence(rule, date(2027, 1, 20), time(9), ZONES[0]), 3) == found


def test_an_occurrence_that_does_not_exist_is_not_moved():
    """A night drill each Sunday at 2:30 falls out twice a year; held at another hour it would surprise one side."""
    nightly = Recurrence(Weekly(weekday=6), date(2027, 3, 21), time(2, 30), "Europe/Amsterdam")
    before, gap, then = islice(occurrences(nightly), 3)
    assert (before.problem, then.problem) == (None, None)
    assert gap.at is None
    assert "does not exist" in gap.problem
    with pytest.raises(Malformed) as caught:
        require_recurrence(nightly)
    assert [each.detail[9:22] for each in caught.value.errors] == ["2027-03-28 do", "2027-10-31 is", "2028-03-26 do", "2028-10-29 is"]  # fmt: skip
    assert {each.pointer for each in caught.value.errors} == {"/start"}
    settled = Recurrence(Monthly(-1, 6, every=12), date(2027, 10, 1), time(2, 30), "Europe/Berlin", which="second")
    require_recurrence(settled)
    assert next(occurrences(settled)).at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    require_recurrence(Recurrence(Weekly(weekday=6), date(2027, 3, 21), time(3, 30), "Europe/Amsterdam"))


@pytest.mark.parametrize(
    "rule", [Weekly(7), Weekly(0, every=0), Weekly(0, every=53), Monthly(0, 0), Monthly(6, 0), Monthly(1, -1)]
)
def test_a_rule_that_means_nothing_is_refused(rule):
    """Each zero weeks would be for ever."""
    with pytest.raises(Malformed, match="A weekday is"):
        require_recurrence(Recurrence(rule, date(2027, 1, 20), time(9), ZONES[0]))


def test_a_recurrence_without_a_day_is_refused():
    """It would stand on no calendar, and nobody would miss it."""
    with pytest.raises(Malformed, match="no such day"):
        require_recurrence(Recurrence(Weekly(0), date(2027, 1, 20), time(9), ZONES[0], until=date(2027, 1, 21)))


def test_what_comes_next():
    """The schedule shows the next ones, and those that fall out among them."""
    nightly = Recurrence(Weekly(weekday=6), date(2027, 1, 3), time(2, 30), "Europe/Brussels")
    found = coming(nightly, datetime(2027, 3, 21, 1, 30, tzinfo=UTC), 3)
    assert [each.local.date() for each in found] == [date(2027, 3, 28), date(2027, 4, 4), date(2027, 4, 11)]
    assert [each.at is None for each in found] == [True, False, False]


# ---------------------------------------------------------------- may it be held


def booking(drill, start, members, hours=2):
    return Booking(drill, datetime(2027, 5, 4, start, tzinfo=UTC), timedelta(hours=hours), frozenset(members))


def test_nobody_plays_two_drills_at_one_time():
    """Told with the member and the other drill; one that begins as the other ends is none, nor is the drill itself."""
    taken = [booking("a", 9, ["x", "z"]), booking("c", 12, ["x", "y"])]
    assert first_clash(booking("b", 10, ["x", "y"]), taken) == ("x", "a")
    assert first_clash(booking("b", 11, ["x"], hours=1), taken) is None
    assert first_clash(booking("a", 9, ["x"]), taken) is None


def test_a_drill_holds_until_enough_are_ready():
    """A drill over the border with one side in it is none."""
    scenario = small(("quorum: 1", "quorum: 3"))
    assert holds_for(scenario, ["nl-maastricht", "be-liege"], GROUND.members) == []
    few, nobody = holds_for(scenario, ["nl-maastricht"], GROUND.members)
    assert few.detail == "2 of 3 needed players are ready."
    assert nobody.told() == {
        "code": "drill_nobody_ready", "detail": "Nobody of BE is ready.", "figures": {"country": "BE"},
    }  # fmt: skip
    of_nl = replace(nobody, detail="Nobody of NL is ready.", figures={"country": "NL"})
    # The machine at Heerlen is there, and speaks for no country that has people among its players.
    assert holds_for(small(), [], GROUND.members) == [nobody, of_nl]
    assert holds_for(small(), ["be-liege"], GROUND.members) == [of_nl]
    assert holds_for(scenario, ["de-aachen", "be-liege"], GROUND.members) == [few, of_nl]


def test_what_is_shown_of_the_quorum_is_what_decides():
    """A director would chase two more by phone while the service counts the machines as there, and begins."""
    seats = [Seat("NL", True, True), Seat("NL", False, False), Seat("BE", True, False), Seat("DE", False, False)]
    found = readiness(3, seats)
    assert (found.ready, found.needed, found.enough) == (3, 3, False)
    assert found.countries == (
        CountryReady("BE", 0, 1, False), CountryReady("DE", 1, 1, True), CountryReady("NL", 2, 2, True),
    )  # fmt: skip
    assert readiness(3, [*seats[:2], replace(seats[2], ready=True), seats[3]]).enough
    assert not readiness(5, [*seats[:2], replace(seats[2], ready=True), seats[3]]).enough


def test_the_real_thing_comes_first():
    """Severity 4 of a member that plays ends it; less is the directors' to say; somebody else's is not asked about."""
    members = ["nl-maastricht", "be-liege"]
    assert stands_down(members, []) == "go_on"
    assert stands_down(members, [(5, ["de-aachen"])]) == "go_on"
    assert stands_down(members, [(3, ["be-liege"])]) == "ask"
    assert stands_down(members, [(3, ["be-liege"]), (4, ["de-aachen", "nl-maastricht"])]) == "stand_down"
