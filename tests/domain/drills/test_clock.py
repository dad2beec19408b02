"""The clock of a drill: exact to the microsecond, and never in two places at once."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.drills.clock import LATEST_US, Clock, Timeline
from app.domain.errors import Conflict, OutOfRange
from tests.domain.drills.making import MINUTE, START, running

ONE = timedelta(microseconds=1)
DIRECTORS = ("BE", "NL")
waits = st.integers(0, 4 * 3600 * 1_000_000)
speeds = st.integers(1, 60)
STEPS = ("pause", "resume", "speed", "jump", "pause_site", "resume_site", "nothing")
stories = st.lists(st.tuples(st.sampled_from(STEPS), waits, speeds), max_size=12)


def after(us):
    return START + timedelta(microseconds=us)


def told(story):
    """Play a story of steps; yields the rows of the clock, and the instant at which it ends."""
    now = START
    clock = Clock(anchor_utc=START).start(START)
    rows = [clock]
    for step, wait, speed in story:
        now += timedelta(microseconds=wait)
        try:
            match step:
                case "pause":
                    clock = clock.pause(now)
                case "resume":
                    clock = clock.resume(now, "BE", DIRECTORS).resume(now, "NL", DIRECTORS)
                case "speed":
                    clock = clock.set_speed(now, speed)
                case "jump":
                    clock = clock.jump(now, clock.at_us(now) + wait, ())
                case "pause_site":
                    clock = clock.pause_site(now, "west")
                case "resume_site":
                    clock = clock.resume_site(now, "west", "BE", DIRECTORS).resume_site(now, "west", "NL", DIRECTORS)
        except Conflict:
            continue
        rows.append(clock)
    return rows, now


@settings(deadline=None)
@given(stories, waits, waits)
def test_drill_time_never_goes_back(story, one, two):
    """An inject that was past and is to come again would be delivered twice."""
    rows, end = told(story)
    line = Timeline(tuple(rows))
    early, late = sorted([one, two])
    assert line.at_us(after(early)) <= line.at_us(after(late))
    assert rows[-1].at_us(end) <= rows[-1].at_us(end + timedelta(microseconds=late))


@settings(deadline=None)
@given(stories)
def test_each_step_but_a_jump_goes_on_where_the_clock_was(story):
    """A change of speed that moves the hands would skip what lies between."""
    rows, _ = told([step for step in story if step[0] != "jump"])
    for before, row in pairwise(rows):
        assert row.anchor_us == before.at_us(row.anchor_utc)


@settings(deadline=None)
@given(waits, waits, waits, speeds)
def test_a_pause_adds_nothing(run, stand, more, speed):
    """However long everybody waited for the ambulance that was real, the drill goes on where it stood."""
    clock = running(speed=speed)
    stopped = clock.pause(after(run))
    assert stopped.at_us(after(run + stand)) == clock.at_us(after(run))
    half = stopped.resume(after(run + stand), "NL", DIRECTORS)
    assert half.state == "paused"
    again = half.resume(after(run + stand), "BE", DIRECTORS)
    assert again.state == "running"
    assert again.at_us(after(run + stand + more)) == clock.at_us(after(run + more))


@settings(deadline=None)
@given(st.integers(0, 6 * 3600 * 1_000_000), stories)
def test_when_an_offset_is_due_is_the_inverse_of_the_time(offset, story):
    """A timer set a microsecond early finds nothing due; one set late keeps sixty control rooms waiting."""
    rows, _ = told(story)
    clock = rows[-1]
    due = clock.due_at(offset)
    if clock.state != "running" and offset > clock.anchor_us:
        assert due is None
        return
    assert clock.at_us(due) >= offset
    assert due == clock.anchor_utc or clock.at_us(due - ONE) < offset


@settings(deadline=None)
@given(st.integers(0, 200 * 3600), speeds)
def test_whole_seconds_stay_whole(seconds, speed):
    """In floats an hour at speed 7 is not an hour: two servers would disagree about what is due."""
    assert running(speed=speed).at_us(START + timedelta(seconds=seconds)) == speed * seconds * 1_000_000


@settings(deadline=None)
@given(stories)
def test_a_time_line_tells_what_each_row_told(story):
    """What is measured afterwards is the time that stood on the screen."""
    rows, end = told(story)
    line = Timeline(tuple(rows))
    assert line.at_us(end) == rows[-1].at_us(end)
    assert line.at_us(START - timedelta(hours=1)) == 0
    for before, row in pairwise(rows):
        if before.anchor_utc < row.anchor_utc:
            assert line.at_us(row.anchor_utc - ONE) == before.at_us(row.anchor_utc - ONE)


@settings(deadline=None)
@given(stories, waits, waits)
def test_a_site_plays_no_longer_than_the_drill(story, one, two):
    """A pause counted twice would make a slow control room a fast one."""
    rows, end = told(story)
    line = Timeline(tuple(rows))
    start, stop = sorted([line.at_us(after(one)), line.at_us(end + timedelta(microseconds=two))])
    assert 0 <= line.played_us("west", start, stop) <= line.played_us("east", start, stop) <= stop - start
    whole = line.played_us("west", 0, stop)
    assert line.played_us("west", 0, start) + line.played_us("west", start, stop) == whole


def test_a_paused_site_loses_its_time_and_no_other_does():
    """The fire alarm in one building is not the slowness of its dispatchers."""
    clock = running()
    paused = clock.pause_site(after(10 * MINUTE), "west")
    assert paused.at_us(after(12 * MINUTE)) == 12 * MINUTE
    half = paused.resume_site(after(15 * MINUTE), "west", "BE", DIRECTORS)
    assert half.paused_sites == {"west"}
    back = half.resume_site(after(16 * MINUTE), "west", "NL", DIRECTORS)
    line = Timeline((clock, paused, half, back))
    assert line.played_us("west", 0, 20 * MINUTE) == 14 * MINUTE
    assert line.played_us("east", 0, 20 * MINUTE) == 20 * MINUTE
    assert line.plays_from({"west"}, 12 * MINUTE) == 16 * MINUTE
    assert line.plays_from({"west", "east"}, 12 * MINUTE) == 12 * MINUTE
    assert line.plays_from({"west"}, 5 * MINUTE) == 5 * MINUTE
    assert Timeline((clock, paused)).plays_from({"west"}, 12 * MINUTE) is None
    assert Timeline((clock, paused)).plays_from((), 12 * MINUTE) == 12 * MINUTE


def test_a_jump_goes_forward_and_waits_for_people():
    """Who jumps past somebody at work on a request measures nothing."""
    clock = running()
    with pytest.raises(Conflict, match="People are still at work on pumps") as caught:
        clock.jump(after(MINUTE), 5 * MINUTE, ["pumps"])
    assert caught.value.extra["awaited"] == ["pumps"]
    assert caught.value.extra["current"]["state"] == "running"
    with pytest.raises(Conflict, match="does not go back"):
        clock.jump(after(MINUTE), MINUTE - 1, ())
    with pytest.raises(Conflict, match="Nothing is to come"):
        clock.jump(after(MINUTE), None, ())
    jumped = clock.jump(after(MINUTE), 5 * MINUTE, ())
    assert jumped.at_us(after(2 * MINUTE)) == 6 * MINUTE
    line = Timeline((clock, jumped))
    assert line.played_us(None, 0, 6 * MINUTE) == 2 * MINUTE
    standing = clock.pause(after(MINUTE)).jump(after(2 * MINUTE), 3 * MINUTE, ())
    assert (standing.state, standing.at_us(after(9 * MINUTE))) == ("paused", 3 * MINUTE)


def test_resuming_needs_every_director():
    """One side alone does not decide that the danger is over on the other."""
    paused = running().pause(after(MINUTE))
    once = paused.resume(after(MINUTE), "NL", DIRECTORS)
    with pytest.raises(Conflict, match="NL has said so already"):
        once.resume(after(MINUTE), "NL", DIRECTORS)
    assert once.state == "paused"
    with pytest.raises(Conflict, match="DE is none of the directors"):
        once.resume(after(MINUTE), "DE", DIRECTORS)
    resumed = once.resume(after(2 * MINUTE), "BE", DIRECTORS)
    assert resumed.state == "running"
    assert not resumed.pause(after(3 * MINUTE)).words  # the words of the last pause do not count in this one


def test_why_it_stands_is_told_for_as_long_as_it_does():
    """Who waits in the rain would not know whether for two minutes or for an ambulance."""
    paused = running().pause(after(MINUTE), "A fall").pause_site(after(MINUTE), "east", "Fire alarm")
    assert paused.pause_reasons == {("", "A fall"), ("east", "Fire alarm")}
    going = paused.resume(after(MINUTE), "NL", DIRECTORS).resume(after(2 * MINUTE), "BE", DIRECTORS)
    assert going.pause_reasons == {("east", "Fire alarm")}
    over = going.resume_site(after(3 * MINUTE), "east", "NL", DIRECTORS).resume_site(
        after(3 * MINUTE), "east", "BE", DIRECTORS
    )
    assert over.pause_reasons == frozenset()
    assert running().pause(after(MINUTE)).pause_reasons == frozenset()
    site = running().pause_site(START, "west").resume_site(START, "west", "NL", DIRECTORS)
    again = site.resume_site(START, "west", "BE", DIRECTORS).pause_site(START, "west")
    assert again.resume_site(START, "west", "BE", DIRECTORS).paused_sites == {"west"}
    with pytest.raises(Conflict, match="DE is none"):
        again.resume_site(START, "west", "DE", DIRECTORS)
    with pytest.raises(Conflict, match="east is not paused"):
        again.resume_site(START, "east", "BE", DIRECTORS)
    with pytest.raises(Conflict, match="paused already"):
        again.pause_site(START, "west")


def test_what_has_ended_stays_ended():
    """A drill that was stopped for a fire must not go on by a click that came late."""
    ready = Clock(anchor_utc=START)
    stopped = running().stop(after(MINUTE))
    ended = running().end(after(MINUTE))
    for clock in (stopped, ended):
        assert clock.at_us(after(9 * MINUTE)) == MINUTE
        assert clock.due_at(2 * MINUTE) is None
        for step in (
            lambda it: it.start(START),
            lambda it: it.pause(START),
            lambda it: it.resume(START, "NL", DIRECTORS),
            lambda it: it.set_speed(START, 2),
            lambda it: it.jump(START, LATEST_US, ()),
            lambda it: it.end(START),
            lambda it: it.pause_site(START, "west"),
            lambda it: it.resume_site(START, "west", "NL", DIRECTORS),
        ):
            with pytest.raises(Conflict):
                step(clock)
    assert stopped.stop(after(2 * MINUTE)) is stopped
    assert ended.stop(after(2 * MINUTE)).state == "stopped"
    assert ready.stop(after(MINUTE)).state == "stopped"
    assert ready.end(after(MINUTE)).at_us(after(2 * MINUTE)) == 0
    assert ready.due_at(MINUTE) is None


@pytest.mark.parametrize("speed", [0, -1, 61, 10**9])
def test_a_speed_is_from_1_to_60(speed):
    """At speed 0 nothing is ever due; beyond 60 nobody can follow."""
    for step in (lambda: running(speed=speed), lambda: running().set_speed(START, speed)):
        with pytest.raises(OutOfRange, match="from 1 to 60"):
            step()


def test_another_servers_clock_may_be_behind():
    """Two servers differ by milliseconds; a step by the slower one must not turn drill time back."""
    fast = running(speed=10).set_speed(after(MINUTE), 20)
    slow = fast.pause(after(MINUTE) - timedelta(milliseconds=5))
    assert slow.at_us(START) == 10 * MINUTE
    assert slow.anchor_utc == fast.anchor_utc
    assert fast.due_at(10**20) is None  # beyond what a date can say
    with pytest.raises(ValueError, match="follow each other"):
        Timeline((fast, running()))
    with pytest.raises(ValueError, match="at least one"):
        Timeline(())
