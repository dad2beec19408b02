"""The after-action report of drills that were played to their end, and the plan that follows from several."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.domain.drills import US
from app.domain.drills.after_action import after_action, stretches
from app.domain.drills.clock import Timeline
from app.domain.drills.improvement import improvement_plan, past_of, way
from app.domain.drills.planned import by_time, plan_of
from app.domain.drills.rating import rate
from app.domain.drills.report import Assessment, Held, Written
from tests.domain.drills.making import MINUTE, SCENARIOS, START, event, playing, running, shipped, small
from tests.domain.drills.played import held, played, reported

NAMES = [file.stem for file in SCENARIOS]


def over(play, minute=60, written=None, **more):
    how = Held(ref="DRL-1", started_at=START, ended_at=START + timedelta(minutes=minute), lasted_us=minute * MINUTE, **more)  # fmt: skip
    return after_action(play, how, rate(play, how.lasted_us, ended=True), written or Written())


@pytest.mark.parametrize("name", NAMES)
def test_everything_of_a_script_is_on_the_time_line_once(name):
    """Somebody looks for the inject that never came; it has to be there, and to say so."""
    report, play = reported(name), played(name)
    assert sorted(line.inject for line in report.line) == sorted(each.id for each in play.scenario.injects)
    for line in report.line:
        assert (line.outcome == "delivered") == (line.inject in play.deliveries)
        if line.trigger == "offset" and line.delivered_us is not None:
            assert line.difference_us == 0
        if line.outcome != "delivered":
            assert not line.expected
        expect = play.scenario.inject(line.inject).expect
        if expect is not None and line.outcome == "delivered":
            asked = {member for each in line.expected for member in each.members}
            assert asked == set(play.members(expect.by))
    came = [line.delivered_us for line in report.line if line.delivered_us is not None]
    assert came == sorted(came)


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_told_can_be_looked_up(name):
    """A figure without its entries is an opinion."""
    report, play = reported(name), played(name)
    events = {each.seq: each for each in play.events}
    delivered = {each.seq for each in play.deliveries.values()}
    standings = set()
    for line in report.line:
        for expected in line.expected:
            standings.add(expected.standing)
            if expected.by == "journal" and expected.standing in {"done", "late"}:
                (seq,) = expected.evidence
                assert events[seq].type == play.scenario.inject(line.inject).expect.event
                assert events[seq].at_us == expected.done_us
    assert {"done", "late", "missed"} & standings
    for result in report.objectives:
        assert set(result.evidence) <= events.keys() | delivered
        assert {"P"} <= set(result.thresholds) <= {"P", "S", "M"}
        assert (result.interval is None) == (result.unit != "share" or not result.n)
        if result.hits is not None and result.interval is not None:
            assert result.interval[0] <= result.hits / result.n <= result.interval[1]


@pytest.mark.parametrize("name", NAMES)
def test_each_city_saw_what_it_was_told_and_did(name):
    """Counted twice: by the report, and here from the events themselves."""
    report, play = reported(name), played(name)
    assert [each.member for each in report.saw] == list(report.members)
    made = 0
    for saw in report.saw:
        own = [each for each in play.events if each.member == saw.member]
        assert sum(each.own for each in saw.entries) == len(own)
        made += len(own)
        assert sum(each.count for each in saw.counts) == len(saw.entries)
        for counted in saw.counts:
            same = [each for each in saw.entries if (each.type, each.own) == (counted.type, counted.own)]
            assert counted.first_us == min(each.at_us for each in same)
            assert counted.count == len(same)
        for inject in saw.told:
            assert saw.member in play.members(play.scenario.inject(inject).to)
    assert made == len(play.events)


def test_an_overrule_stands_beside_the_figure():
    """The word of an evaluator counts, and what was measured is not hidden by it."""
    result = reported("meuse-flood").objectives[0]
    assert (result.rating, result.overruled.reason) == ("S", "The clock in one room was two minutes slow.")
    plain = rate(played("meuse-flood"), held("meuse-flood").lasted_us, ended=True)[0]
    assert (result.computed, result.figure, result.n) == (
        plain.computed,
        round(plain.measured.figure, 3),
        plain.measured.n,
    )


def test_contingencies_spared_and_injects_left_out():
    """'It was not needed' and 'nobody got round to it' are two things."""
    opened = event(3, "request.opened", 7, "nl-maastricht", ids={"request": "r"}, requester="nl-maastricht")
    offered = event(4, "offer.made", 9, "be-liege", ids={"request": "r", "offer": "o"}, requester="nl-maastricht")
    play = playing(small(), delivered={"begin": 0, "flood": 5, "pumps": 9}, events=[opened, offered])
    outcomes = {line.inject: line.outcome for line in over(play, 35).line}
    assert outcomes["prompt"] == "spared"
    assert outcomes["spare"] == outcomes["finish"] == "left_out"
    # Ended before it was asked: then it was neither.
    assert {line.inject: line.outcome for line in over(play, 20).line}["prompt"] == "left_out"
    unmet = playing(small(), delivered={"begin": 0, "flood": 5}, events=[opened])
    assert {line.inject: line.outcome for line in over(unmet, 35).line}["prompt"] == "left_out"
    (saw,) = [each for each in over(play).saw if each.member == "nl-maastricht"]
    assert [(each.seq, each.own) for each in saw.entries] == [(3, True), (4, False)]


def test_what_was_open_at_the_end_was_not_missed():
    """Ten minutes to ask, and the drill was stopped after three: nobody failed."""
    play = playing(small(), delivered={"begin": 0, "flood": 5})
    (expected,) = next(line for line in over(play, 8, stopped=True).line if line.inject == "flood").expected
    assert (expected.standing, expected.by) == ("not_assessed", None)
    (expected,) = next(line for line in over(play, 16).line if line.inject == "flood").expected
    assert (expected.standing, expected.by) == ("missed", "journal")


def test_evaluators_tell_what_no_entry_shows():
    """Whether the press got the same figures from both banks stands in no journal."""
    scenario = small(
        ('      event: request.opened\n      within: "00:10:00"\n', ""), ("by: [nl-maastricht]", "by: [NL]")
    )
    play = playing(scenario, delivered={"flood": 5})
    word = Assessment(inject="flood", members=("nl-heerlen",), standing="late", seq=9, note="By phone.")
    found = next(line for line in over(play, written=Written(assessments=(word,))).line if line.inject == "flood")
    told = {each.members: (each.standing, each.by, each.evidence, each.note) for each in found.expected}
    assert told == {
        ("nl-maastricht",): ("not_assessed", None, (), None),
        ("nl-heerlen",): ("late", "evaluator", (9,), "By phone."),
    }


def test_the_plan_says_when_and_what_it_leaves_open():
    """An offset is a time; what waits for an event has at most a latest one."""
    plan = plan_of(small())
    told = {id_: (each.trigger, each.at_us, each.latest_us) for id_, each in plan.items()}
    assert told == {
        "begin": ("offset", 0, None),
        "flood": ("offset", 5 * MINUTE, None),
        "pumps": ("event", None, 20 * MINUTE),
        "follow": ("inject", None, 21 * MINUTE),
        "prompt": ("not_met", 30 * MINUTE, None),
        "both": ("sync", None, 40 * MINUTE),
        "spare": ("hand", None, None),
        "finish": ("offset", 60 * MINUTE, None),
    }
    assert [each.id for each in by_time(small())][-2:] == ["finish", "spare"]
    assert {each.inject for each in over(playing(small())).line} == plan.keys()


def test_time_that_was_not_played():
    """A site that stood for five minutes, everybody for two on the wall, and a jump over ten."""

    def wall(minutes):
        return START + timedelta(minutes=minutes)

    one = running()
    two = one.pause_site(wall(5), "east", "Fire alarm")
    three = two.resume_site(wall(10), "east", "NL", {"NL"})
    four = three.pause(wall(12), "A fall")
    five = four.resume(wall(14), "NL", {"NL"})
    six = five.jump(wall(16), 30 * MINUTE, ())
    seven = six.pause_site(wall(17), "west", "Smoke")
    play = replace(playing(small()), timeline=Timeline((one, two, three, four, five, six, seven)))
    told = [(each.kind, each.site, each.from_us / MINUTE, each.to_us / MINUTE, each.wall_s) for each in stretches(play, 40 * MINUTE)]  # fmt: skip
    assert told == [
        ("pause", "east", 5, 10, None),
        ("pause", None, 12, 12, 120.0),
        ("jump", None, 14, 30, None),
        ("pause", "west", 31, 40, None),
    ]
    assert [each.reason for each in stretches(play, 40 * MINUTE)] == ["Fire alarm", "A fall", None, "Smoke"]


def test_the_hot_wash_is_straight_after():
    """What somebody writes the next day is what the others said."""
    report = reported("meuse-flood")
    assert [(each.wash.member, each.in_time) for each in report.hot_wash] == [("nl-maastricht", True), ("be-liege", False)]  # fmt: skip
    assert report.silent == ("de-aachen",)


# ---------------------------------------------------------------- across drills


def with_rating(report, rating):
    first = replace(report.objectives[0], overruled=None, rating=rating, computed=rating)
    return replace(report, objectives=(first, *report.objectives[1:]))


def plan(before, after, as_of=date(2027, 7, 1), day=30, **changes):
    one = with_rating(reported("meuse-flood", 1), before)
    two = with_rating(reported("meuse-flood", 2, day), after)
    one = replace(one, actions=(replace(one.actions[0], **changes), one.actions[1]))
    return improvement_plan([past_of(replace(two, actions=())), past_of(one)], as_of)


@pytest.mark.parametrize(
    ("before", "after", "standing", "gone"),
    [
        ("M", "S", "retested", "better"),
        ("M", "P", "retested", "better"),
        ("P", "P", "retested", "same"),
        ("M", "M", "overdue", "same"),
        ("S", "U", "overdue", "worse"),
        ("M", None, "overdue", None),
        (None, "P", "retested", None),
    ],
)
def test_a_retest_closes_an_action_only_if_it_shows_something(before, after, standing, gone):
    """An action that was done and did not help is not done."""
    found = next(each for each in plan(before, after).actions if each.action.id == "ca-1-1")
    assert (found.standing, found.retest.way) == (standing, gone)
    assert (found.retest.before, found.retest.after) == (before, after)


def test_open_overdue_done():
    """By the day on which one asks."""
    assert [each.standing for each in plan("M", "M", date(2027, 6, 1)).actions] == ["open", "open"]
    assert [each.standing for each in plan("M", "M", date(2027, 6, 2)).actions] == ["overdue", "open"]
    assert [each.standing for each in plan("M", "M", date(2028, 1, 1)).actions] == ["overdue", "overdue"]
    done = plan("M", "M", date(2028, 1, 1), done_on=date(2027, 5, 20))
    assert [(each.action.id, each.standing) for each in done.actions] == [("ca-1-2", "overdue"), ("ca-1-1", "done")]
    assert [each.action.id for each in done.standing("done")] == ["ca-1-1"]
    # A retest that was held before, or is the same drill, is none.
    assert plan("M", "P", date(2028, 1, 1), day=-9).standing("retested") == ()
    assert plan("M", "P", retest_drill="DRL-2027-0001").standing("retested") == ()


def test_the_trend_of_an_objective():
    """Oldest first, whichever came first into the list; and honest about a measure that was changed."""
    found = next(each for each in plan("M", "P").trends if each.objective == "both_banks_reported")
    assert [(each.drill, each.rating, each.comparable) for each in found.points] == [
        ("DRL-2027-0001", "M", True), ("DRL-2027-0002", "P", True),
    ]  # fmt: skip
    assert found.way == "better"
    one, two = reported("meuse-flood", 1), reported("meuse-flood", 2, 30)
    harder = replace(two.objectives[0], thresholds={"P": 60.0, "S": 120.0, "M": 180.0})
    changed = improvement_plan([past_of(one), past_of(replace(two, objectives=(harder,)))], date(2027, 7, 1))
    assert [each.comparable for each in changed.trends[0].points] == [True, False]
    assert way("P", "U") == "worse"
    assert way(None, "P") is None


def test_the_plays_are_not_all_alike():
    """A test on drills in which everything goes well tests half of a report."""
    ratings = {result.computed for name in NAMES for result in reported(name).objectives}
    assert ratings >= {"P", "S", "U"}
    outcomes = {line.outcome for name in NAMES for line in reported(name).line}
    assert outcomes >= {"delivered", "left_out"}
    assert all(shipped(name).duration * US == reported(name).planned_us for name in NAMES)
