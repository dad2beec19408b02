"""Which injects are due: once each, in their order, and never because a server was late."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.drills.clock import Timeline
from app.domain.drills.injects import look
from app.domain.drills.play import Delivery
from tests.domain.drills.making import (
    GROUND,
    MINUTE,
    SCENARIOS,
    START,
    event,
    playing,
    real_ground,
    running,
    shipped,
    small,
)

REQUEST = {"request": "r1"}


def at(minutes):
    return START + timedelta(minutes=minutes)


def due(scenario, minute, **more):
    """What is due at a minute: inject → (minute that counts, reason)."""
    found = look(playing(scenario, **more), running(), at(minute))
    return {each.inject: (each.at_us / MINUTE, each.reason) for each in found.due}


def test_at_an_offset():
    """The simplest trigger: due from its second on, and not before."""
    scenario = small()
    first = look(playing(scenario), running(), START)
    assert [each.inject for each in first.due] == ["begin"]
    assert first.next_us == 5 * MINUTE
    assert first.wake_at == at(5)
    assert first.by_hand == ("spare",)
    begun = {"begin": 0}
    assert due(scenario, 4.99, delivered=begun) == {}
    assert due(scenario, 5, delivered=begun) == {"flood": (5, "offset")}
    # Late by a minute: delivered now, and counted from when it was due.
    assert due(scenario, 6, delivered=begun) == {"flood": (5, "offset")}


def test_after_an_event_with_delay_or_else():
    """A request opened early brings what follows early; one that is never opened does not stop the drill."""
    scenario = small()
    begun = {"begin": 0, "flood": 5}
    opened = event(11, "request.opened", 7, "nl-maastricht", ids=REQUEST)
    found = look(playing(scenario, delivered=begun, events=[opened]), running(), at(8))
    assert found.due == ()
    assert found.next_us == 9 * MINUTE
    found = look(playing(scenario, delivered=begun, events=[opened]), running(), at(9))
    assert [(each.inject, each.reason, each.evidence) for each in found.due] == [("pumps", "event", (11,))]
    # No event: at else_at. An event after that changes nothing.
    assert due(scenario, 20, delivered=begun) == {"pumps": (20, "else")}
    late = event(12, "request.opened", 20.5, "nl-maastricht", ids=REQUEST)
    assert due(scenario, 21, delivered=begun, events=[late]) == {"pumps": (20, "else")}
    # In time, though its delay ends later.
    just = event(12, "request.opened", 19.5, "nl-maastricht", ids=REQUEST)
    assert due(scenario, 21, delivered=begun, events=[just]) == {}
    assert due(scenario, 21.5, delivered=begun, events=[just]) == {"pumps": (21.5, "event")}
    # What is only to come in the journal is not seen yet.
    assert look(playing(scenario, delivered=begun, events=[just]), running(), at(10)).next_us == 20 * MINUTE


def test_after_another_inject():
    """Counted from the delivery, which may have been by hand and early."""
    scenario = small()
    assert due(scenario, 30, delivered={"begin": 0, "flood": 5, "pumps": 12.5, "prompt": 30}) == {
        "follow": (13.5, "inject")
    }
    assert "follow" not in due(scenario, 13, delivered={"begin": 0, "flood": 5, "pumps": 12.5})


def test_a_contingency_comes_only_if_it_is_needed():
    """A prompt for an offer that was made already makes players doubt the console."""
    scenario = small()
    before = {"begin": 0, "flood": 5, "pumps": 9, "follow": 10}
    opened = event(11, "request.opened", 7, "nl-maastricht", ids=REQUEST)
    made = event(12, "offer.made", 12, "be-liege", ids=REQUEST)
    assert look(playing(scenario, delivered=before, events=[opened]), running(), at(29)).next_us == 30 * MINUTE
    assert due(scenario, 30, delivered=before, events=[opened]) == {"prompt": (30, "not_met")}
    found = look(playing(scenario, delivered=before, events=[opened, made]), running(), at(30))
    assert found.due == ()
    assert found.spared == ("prompt",)
    # Nothing was asked at all: the objective is not met either.
    assert due(scenario, 30, delivered=before) == {"prompt": (30, "not_met")}
    # A server that looks an hour late decides by what was known at the time.
    too_late = event(12, "offer.made", 31, "be-liege", ids=REQUEST)
    assert due(scenario, 39, delivered=before, events=[opened, too_late]) == {"prompt": (30, "not_met")}


def test_a_sync_point_waits_for_every_side():
    """One side alone would go on to a part of the script that the other has not come to."""
    scenario = small()
    before = {"begin": 0, "flood": 5, "pumps": 9, "follow": 10, "prompt": 30}
    dutch = event(11, "request.acknowledged", 12, "nl-heerlen", ids=REQUEST)
    belgian = event(12, "request.acknowledged", 17, "be-liege", ids=REQUEST)
    german = event(13, "request.acknowledged", 12, "de-aachen", ids=REQUEST)
    assert due(scenario, 39, delivered=before, events=[dutch, german]) == {}
    found = look(playing(scenario, delivered=before, events=[dutch, german, belgian]), running(), at(39))
    assert [(each.inject, each.at_us, each.evidence) for each in found.due] == [("both", 18 * MINUTE, (11, 12))]
    assert due(scenario, 40, delivered=before, events=[dutch]) == {"both": (40, "else")}


def test_sync_points_by_hand_and_by_expectation():
    """Controllers on both sides say so; or the players of both did what an inject wanted."""
    by_hand = small(("event: request.acknowledged}", "by_hand: true}"))
    before = {"begin": 0, "flood": 5, "pumps": 9, "follow": 10, "prompt": 30}
    said = {("ready", "NL"): 12 * MINUTE}
    assert due(by_hand, 38, delivered=before, reached=said) == {}
    said["ready", "BE"] = 37 * MINUTE
    assert due(by_hand, 36.5, delivered=before, reached=said) == {}
    assert due(by_hand, 38, delivered=before, reached=said) == {"both": (38, "sync")}
    expected = small(("event: request.acknowledged}", "expectation_of: flood}"))
    early = event(10, "request.opened", 4, "be-liege", ids=REQUEST)
    opened = event(11, "request.opened", 7, "nl-maastricht", ids=REQUEST)
    belgian = event(12, "request.opened", 8, "be-liege", ids=REQUEST)
    assert due(expected, 20, delivered=before, events=[early, opened]) == {}
    assert due(expected, 20, delivered=before, events=[early, opened, belgian]) == {"both": (9, "sync")}
    assert due(expected, 20, delivered={"begin": 0, "pumps": 9, "follow": 10}, events=[opened, belgian]) == {
        "flood": (5, "offset")
    }


def test_a_standing_clock_delivers_nothing():
    """While somebody real is hurt nobody is to get a telephone call about a flood."""
    scenario = small()
    play = playing(scenario, delivered={"begin": 0})
    paused = running().pause(at(6))
    found = look(play, paused, at(60))
    assert (found.due, found.wake_at, found.next_us) == ((), None, 20 * MINUTE)
    for over in (running().end(at(6)), running().stop(at(6))):
        assert look(play, over, at(60)).by_hand == ()
    assert look(playing(scenario, delivered={"begin": 0, "finish": 60}), running(), at(70)).due == ()


def test_a_paused_site_gets_its_injects_when_it_plays_on():
    """They are held, not lost, and count from then: nobody is measured while the alarm in their building rings."""
    scenario = small()
    clock = running()
    paused = clock.pause_site(at(4), "east")
    line = Timeline((clock, paused))
    play = replace(playing(scenario, delivered={"begin": 0}), timeline=line)
    found = look(play, paused, at(8))
    assert [each.inject for each in found.held] == ["flood"]
    assert found.due == ()
    back = paused.resume_site(at(11), "east", "NL", ["NL"])
    found = look(replace(play, timeline=Timeline((clock, paused, back))), back, at(12))
    assert [(each.inject, each.at_us) for each in found.due] == [("flood", 11 * MINUTE)]
    # What goes to several sites waits for none of them.
    everybody = replace(play, deliveries={})
    assert [each.inject for each in look(everybody, paused, at(4)).due] == ["begin"]


def test_speed_moves_the_wake_up_and_nothing_else():
    """At speed 30 five minutes are ten seconds."""
    clock = running(speed=30)
    found = look(playing(small(), delivered={"begin": 0}, clock=clock), clock, START)
    assert found.wake_at == START + timedelta(seconds=10)


def run_through(scenario, events, ground, rng):
    """Play a scenario to its end, waking only when told to, with events as they come and looks in between."""
    clock, now, delivered, order = running(), START, {}, []
    seen = []
    waiting = sorted(events, key=lambda each: each.at_us)
    for _ in range(500):
        while waiting and START + timedelta(microseconds=waiting[0].at_us) <= now:
            seen.append(waiting.pop(0))
        play = playing(scenario, events=sorted(seen, key=lambda e: e.seq), ground=ground)
        found = look(replace(play, deliveries=dict(delivered)), clock, now)
        for each in found.due:
            assert each.inject not in delivered
            assert each.at_us <= clock.at_us(now)
            delivered[each.inject] = Delivery(at_us=each.at_us)
            order.append((each.inject, each.at_us, each.reason))
        if found.due:
            continue
        following = [
            t for t in (found.wake_at, START + timedelta(microseconds=waiting[0].at_us) if waiting else None) if t
        ]
        if not following:
            break
        # A server is a little late, by up to two seconds.
        now = max(now, min(following)) + timedelta(microseconds=rng.randrange(2_000_000))
    return order


@pytest.mark.parametrize("name", [file.stem for file in SCENARIOS])
def test_a_drill_in_which_nobody_does_anything_still_ends(name):
    """Every inject that waits for people has another way, or is one that may stay away."""
    scenario = shipped(name)
    order = run_through(scenario, [], real_ground(), random.Random(1))
    came = [inject for inject, _, _ in order]
    assert came[0] == "begin"
    assert came[-1] == "finish"
    assert len(came) == len(set(came))
    assert {each.id for each in scenario.injects if not each.by_hand} == set(came)


MEMBERS = ["nl-maastricht", "be-liege", "nl-heerlen"]
some_events = st.lists(
    st.tuples(
        st.sampled_from(["request.opened", "request.acknowledged", "offer.made"]),
        st.integers(0, 60 * 60),
        st.sampled_from(MEMBERS),
        st.sampled_from(["r1", "r2"]),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=40)
@given(some_events, st.integers(0, 10), st.integers(0, 10))
def test_the_same_events_are_the_same_drill(drawn, one, two):
    """However late each server was: the same injects, at the same drill times, for the same reasons."""
    events = [
        event(number, type_, second / 60, member, ids={"request": request})
        for number, (type_, second, member, request) in enumerate(sorted(drawn, key=lambda each: each[1]), 1)
    ]
    first, second = (
        sorted(run_through(small(), events, GROUND, random.Random(seed)), key=lambda each: (each[1], each[0]))
        for seed in (one, two)
    )
    assert first == second
    assert {"begin", "flood", "pumps", "follow", "both", "finish"} <= {each[0] for each in first}
