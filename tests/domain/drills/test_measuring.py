"""Objectives measured and rated, and what is expected of whom."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.drills.clock import Timeline
from app.domain.drills.expectations import awaited, expectations
from app.domain.drills.metrics import Measured, measure, met, wilson
from app.domain.drills.rating import overrule, rate, rating_of
from app.domain.errors import Malformed
from tests.domain.drills.making import MINUTE, START, event, playing, running, small

END = 60 * MINUTE


def one(
    measure_,
    events,
    *,
    levels="{P: {at_most: 1}, S: {at_most: 2}, M: {at_most: 3}}",
    at=60,
    ended=True,
    of="all",
    **more,
):
    """Measure one objective, written as a file writes it, in place of the first of the small scenario."""
    scenario = small(
        ("for: [nl-maastricht]", f"for: [{of}]"),
        ("measure: {metric: time, from: {inject: flood}, to: {event: request.opened}}", f"measure: {measure_}"),
        ('levels: {P: {within: "00:05:00"}, S: {within: "00:10:00"}, M: {within: "00:20:00"}}', f"levels: {levels}"),
    )
    play = playing(scenario, events=events, **more)
    return measure(play, scenario.objective("asked"), round(at * MINUTE), ended=ended)


def about(request, offer=None, mission=None):
    ids = {"request": request}
    return ids | ({"offer": offer} if offer else {}) | ({"mission": mission} if mission else {})


TIMES = 'levels: {P: {within: "00:05:00"}, S: {within: "00:10:00"}, M: {within: "00:20:00"}}'
WITHIN = TIMES.removeprefix("levels: ")
OPENED = [
    event(1, "request.opened", 10, "nl-maastricht", ids=about("r1")),
    event(2, "request.opened", 12, "nl-maastricht", ids=about("r2")),
    event(3, "offer.made", 14, "be-liege", ids=about("r1", "o1")),
    event(4, "offer.made", 15, "be-liege", ids=about("r1", "o2")),
    event(5, "offer.made", 22, "be-liege", ids=about("r2", "o3")),
    event(6, "request.opened", 30, "nl-maastricht", ids=about("r3")),
]


@pytest.mark.parametrize(
    ("summary", "figure"),
    [("longest", None), ("median", 600), ("shortest", 240)],
)
def test_times_per_request(summary, figure):
    """Each request is compared with its own first offer; one without an answer counts as never."""
    found = one(
        f"{{metric: time, from: {{event: request.opened}}, to: {{event: offer.made}}, per: request, summary: {summary}}}",
        OPENED,
        levels=WITHIN,
    )
    assert (found.figure, found.n, found.open, found.never) == (figure, 3, 1, figure is None)
    assert found.evidence == (1, 3, 2, 5, 6)


def test_times_while_the_drill_goes_on():
    """A request that waits has waited so long already; it is not 'never' yet."""
    found = one(
        "{metric: time, from: {event: request.opened}, to: {event: offer.made}, per: request}",
        OPENED, levels=WITHIN, at=35, ended=False,
    )  # fmt: skip
    assert (found.figure, found.open, found.never) == (600, 1, False)
    assert one("{metric: time, from: {event: request.opened}, to: {event: offer.made}, per: offer}", OPENED, levels=WITHIN).n == 0  # fmt: skip


def test_time_of_the_whole_drill_and_of_each_member():
    """'The first of all', and 'each for itself', are two questions."""
    events = [
        event(1, "incident.reported", 4, "nl-maastricht"),
        event(2, "incident.reported", 8, "nl-maastricht"),
        event(3, "incident.reported", 17, "nl-heerlen"),
    ]
    text = "{metric: time, from: {inject: flood}, to: {event: incident.reported}%s}"
    drill = one(text % "", events, levels=WITHIN, delivered={"flood": 5})
    assert (drill.figure, drill.n, drill.evidence) == (180, 1, (2,))
    scenario = small(("for: [nl-maastricht]", "for: [NL]"), ("to: {event: request.opened}}", "to: {event: incident.reported}, per: member}"))  # fmt: skip
    play = playing(scenario, events=events, delivered={"flood": 5})
    each = measure(play, scenario.objective("asked"), END, ended=True)
    assert (each.figure, each.n) == (720, 2)
    late = replace(play, joined={"nl-heerlen": 10 * MINUTE})
    found = measure(late, scenario.objective("asked"), END, ended=True)
    assert (found.figure, found.n, found.not_assessed) == (180, 1, 1)
    nobody = measure(playing(scenario, events=events), scenario.objective("asked"), END, ended=True)
    assert (nobody.figure, nobody.n) == (None, 0)
    assert rating_of(nobody, scenario.objective("asked").levels) is None


def test_who_joined_late_is_not_assessed_for_what_came_before():
    """A control room that came at half past is not blamed for the first half hour."""
    text = "{metric: share, from: {event: request.opened}, to: {event: offer.made}, per: request}"
    shares = "{P: {at_least: 0.9}, S: {at_least: 0.7}, M: {at_least: 0.5}}"
    found = one(text, OPENED, levels=shares, of="be-liege", joined={"be-liege": 11 * MINUTE})
    assert (found.hits, found.n, found.not_assessed) == (1, 2, 1)


def test_a_share_says_how_sure_it_is():
    """Two of three is no 67 per cent of anything; the interval says so."""
    text = '{metric: share, from: {event: request.opened}, to: {event: offer.made}, per: request, within: "00:08:00"}'
    shares = "{P: {at_least: 0.9}, S: {at_least: 0.7}, M: {at_least: 0.5}}"
    found = one(text, OPENED, levels=shares)
    assert (found.hits, found.n, found.figure) == (1, 3, 1 / 3)
    assert found.interval == pytest.approx((0.0615, 0.7923), abs=1e-4)
    # Until its time is over a request is neither.
    soon = one(text, OPENED, levels=shares, at=35, ended=False)
    assert (soon.hits, soon.n, soon.open) == (1, 2, 1)
    nothing = one(text, [], levels=shares)
    assert (nothing.figure, nothing.interval, nothing.n) == (None, None, 0)


def test_wilson_against_figures_of_the_literature():
    """Newcombe 1998 (Statistics in Medicine 17, 857-872), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)
    for hits, n in ((1, 0), (0, 0), (-1, 4), (5, 4)):
        with pytest.raises(ValueError, match="is no share"):
            wilson(hits, n)


@settings(deadline=None)
@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share(case):
    """An interval that leaves out the share it is about would be believed once."""
    hits, n = case
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert low < high
    assert wilson(n - hits, n) == pytest.approx((1 - high, 1 - low))


def test_counts_and_extremes():
    """Filters pick; nothing at all is a count of 0 and no largest figure."""
    events = [
        event(1, "offer.made", 10, "be-liege", figures={"offered_quantity": 2}, type="pump.high_capacity"),
        event(2, "offer.made", 11, "nl-heerlen", figures={"offered_quantity": 1}, type="pump.high_capacity"),
        event(3, "offer.made", 12, "be-liege", figures={"offered_quantity": 9}, type="boat.rescue"),
        event(4, "offer.made", 70, "be-liege", figures={"offered_quantity": 0}, type="pump.high_capacity"),
    ]
    where = "over: {event: offer.made, where: {type: pump.high_capacity}}"
    assert one(f"{{metric: count, {where}}}", events).figure == 2
    assert one("{metric: count, over: {event: offer.made, where: {member: BE}}}", events).evidence == (1, 3)
    assert one("{metric: count, over: {event: offer.made, where: {member: [NL, be-liege]}}}", events).figure == 3
    assert one(f"{{metric: count, {where}}}", [], levels="{P: {at_least: 1}}").figure == 0
    least = one(f"{{metric: least, {where}, figure: offered_quantity}}", events)
    assert (least.figure, least.n, least.evidence) == (1, 2, (2,))
    assert one(f"{{metric: most, {where}, figure: offered_quantity}}", events).figure == 2
    assert one(f"{{metric: most, {where}, figure: severity}}", events).figure is None


def test_few_of_what_there_was_nothing_of_is_not_assessed():
    """'No unit turned back' would be performed without challenges by those who sent none."""
    few = "{P: {at_most: 0}, S: {at_most: 1}}"
    text = "{metric: count, over: {event: mission.way_barred}}"
    assert one(text, [event(1, "offer.made", 10, "be-liege")], levels=few).figure is None
    assert one(text, [event(1, "mission.committed", 10, "be-liege")], levels=few).figure == 0
    assert one(text, [event(1, "mission.way_barred", 10, "be-liege")], levels=few).figure == 1


def test_an_objective_counts_the_acts_of_its_own_members():
    """A control room would be rated by a report that its neighbour made, and told that all went well; or by somebody's who plays no part."""
    reported = "{metric: time, from: {inject: flood}, to: {event: incident.reported}}"
    by_others = [event(1, "incident.reported", 6, "be-liege"), event(2, "incident.reported", 7, "be-verviers")]
    more = {"levels": WITHIN, "delivered": {"flood": 5}}
    nothing = one(reported, by_others, of="nl-maastricht", **more)
    assert (nothing.figure, nothing.never, nothing.evidence) == (None, True, ())
    own = one(reported, [*by_others, event(3, "incident.reported", 9, "nl-maastricht")], of="nl-maastricht", **more)
    assert (own.figure, own.evidence) == (240, (3,))
    assert one(reported, by_others, of="BE", **more).evidence == (1,)
    # Whoever has no part in the drill is nobody's, whomever the objective is for.
    assert one(reported, by_others[1:], of="all", **more).never
    assert (
        one("{metric: count, over: {event: offer.made}}", [event(1, "offer.made", 9, "be-verviers")], of="all").n == 0
    )
    # A filter on whose act it is says so itself, and steps of a unit are its owner's, whoever enters them.
    named = "{metric: count, over: {event: incident.reported, where: {member: be-liege}}}"
    assert one(named, by_others, of="nl-maastricht").figure == 1
    moved = [
        event(1, "mission.committed", 10, "be-liege", ids=about("r1", mission="m1"), lender="be-liege", requester="nl-heerlen"),
        event(2, "mission.on_scene", 20, "nl-heerlen", ids=about("r1", mission="m1"), lender="be-liege", requester="nl-heerlen"),
    ]  # fmt: skip
    arrived = "{metric: time, from: {event: mission.committed}, to: {event: mission.on_scene}, per: mission}"
    assert one(arrived, moved, levels=WITHIN, of="be-liege").figure == 600
    # What others lend to others is no task of theirs, and no failure.
    assert one(arrived, moved, levels=WITHIN, of="nl-maastricht").n == 0


def test_a_reserve_is_followed_entry_by_entry():
    """What counts is the worst moment, not the end of the drill when all are home again."""
    scenario = small()
    kept = scenario.objective("kept")
    pump = "pump.high_capacity"
    holdings = {f"m{n}": ("nl-maastricht", pump, "available") for n in (1, 2)}
    holdings |= {f"l{n}": ("be-liege", pump, "available") for n in (1, 2, 3)}
    holdings["x"] = ("nl-heerlen", pump, "available")

    def status(seq, minute, id_, member, to, type_=pump):
        return event(seq, "resource.status_set", minute, member, resources=[(id_, member, type_, to)])

    play = playing(scenario, holdings=holdings)
    assert measure(play, kept, END, ended=True) == Measured(figure=2, n=1)
    events = (
        status(1, 5, "l1", "be-liege", "reserved"),
        status(2, 6, "m1", "nl-maastricht", "committed"),
        status(3, 7, "b1", "nl-maastricht", "committed", "boat.rescue"),
        status(4, 8, "m1", "nl-maastricht", "available"),
        status(5, 90, "m2", "nl-maastricht", "committed"),
    )
    found = measure(replace(play, events=events), kept, END, ended=True)
    assert (found.figure, found.n, found.evidence) == (1, 4, (2,))
    assert rating_of(found, kept.levels) == "S"


def test_met_is_reached_with_nothing_left_open():
    """A contingency that asks too early would spare itself while a request is still unanswered."""
    scenario = small()
    play = playing(scenario, events=OPENED[:3], delivered={"flood": 5})
    asked, answered = scenario.objective("asked"), scenario.objective("answered")
    assert met(play, asked, 10 * MINUTE)
    assert not met(play, asked, 9 * MINUTE)
    assert not met(play, answered, 15 * MINUTE)
    assert met(replace(play, events=tuple(OPENED[:5])), answered, 22 * MINUTE)


# ---------------------------------------------------------------- rating


@pytest.mark.parametrize(
    ("figure", "rating"), [(1.0, "P"), (0.9, "P"), (0.89, "S"), (0.5, "M"), (0.49, "U"), (None, None)]
)
def test_a_rating_follows_the_levels(figure, rating):
    """At the bound it is still the better one."""
    levels = small().objective("answered").levels
    assert rating_of(Measured(figure=figure, n=10), levels) == rating


def test_what_never_came_is_unable():
    """No figure because nothing was asked, and no figure because nobody answered, are two things."""
    levels = small().objective("asked").levels
    assert rating_of(Measured(figure=None, n=2, never=True), levels) == "U"
    assert rating_of(Measured(figure=1201, n=1), levels) == "U"
    rated = rate(playing(small(), delivered={"flood": 5}, events=OPENED), END, ended=True)
    assert [(each.objective, each.rating) for each in rated] == [("asked", "P"), ("answered", "M"), ("kept", "U")]


def test_what_is_still_open_is_not_rated_yet():
    """With nothing done, 'performed without challenges' would stand there until the time for it was over."""
    play = playing(small(), delivered={"flood": 5})

    def asked(minute, **more):
        return rate(replace(play, **more), minute * MINUTE, ended=False)[0]

    assert (asked(6).measured.open, asked(6).rating) == (1, None)
    assert asked(20).rating is None
    assert asked(26).rating == "U", "out of time"
    assert asked(26, events=(event(1, "request.opened", 8, "nl-maastricht"),)).rating == "P"
    assert rate(play, 6 * MINUTE, ended=True)[0].rating == "U"


def test_an_evaluator_overrules_with_a_reason():
    """The figure stays beside it: who reads the report sees both."""
    rated = rate(playing(small(), delivered={"flood": 5}, events=OPENED), END, ended=True)[0]
    other = overrule(rated, rating="M", reason=" Two were sent to the wrong quay. ", by="user:1", seq=14)
    assert (other.rating, other.computed, other.overruled.reason) == ("M", "P", "Two were sent to the wrong quay.")
    assert other.measured == rated.measured
    for rating, reason, pointer in (("X", "why", "/rating"), ("M", " ", "/reason")):
        with pytest.raises(Malformed) as caught:
            overrule(rated, rating=rating, reason=reason, by="user:1")
        assert [each.pointer for each in caught.value.errors] == [pointer]


# ---------------------------------------------------------------- expectations


def stands(play, minute):
    return [(each.inject, each.members, each.standing) for each in expectations(play, round(minute * MINUTE))]


def test_an_expectation_is_open_done_late_or_missed():
    """A controller sees at a glance whom the drill waits for."""
    scenario = small()
    play = playing(scenario, delivered={"begin": 0, "flood": 5})
    him = ("nl-maastricht",)
    assert stands(play, 4) == []
    assert stands(play, 15) == [("flood", him, "open")]
    assert stands(play, 15.1) == [("flood", him, "missed")]
    opened = event(9, "request.opened", 12, "nl-maastricht")
    assert stands(replace(play, events=(opened,)), 14) == [("flood", him, "done")]
    (done,) = expectations(replace(play, events=(opened,)), 14 * MINUTE)
    assert (done.done_us, done.evidence, done.due_us) == (12 * MINUTE, 9, 15 * MINUTE)
    assert stands(replace(play, events=(replace(opened, at_us=16 * MINUTE),)), 20) == [("flood", him, "late")]
    by_another = event(9, "request.opened", 12, "be-liege")
    assert stands(replace(play, events=(by_another,)), 14) == [("flood", him, "open")]
    assert stands(replace(play, joined={"nl-maastricht": 6 * MINUTE}), 14) == [("flood", him, "not_assessed")]


def test_the_clock_waits_for_people_only():
    """A virtual player is never in the way of a jump, and what is missed no longer is."""
    scenario = small()
    play = playing(scenario, delivered={"flood": 5})
    assert awaited(play, 6 * MINUTE) == ("flood",)
    assert awaited(play, 16 * MINUTE) == ()
    virtual = small(("by: [nl-maastricht]", "by: [nl-heerlen]"))
    assert awaited(playing(virtual, delivered={"flood": 5}), 6 * MINUTE) == ()


def test_each_for_itself_or_one_for_all():
    """'Close the crossing' is done once; 'report your phase' by both."""
    both = small(("by: [nl-maastricht]", "by: [NL, be-liege]"))
    one_ = small(("by: [nl-maastricht]", "by: [NL, be-liege]\n      who: any"))
    opened = event(9, "request.opened", 12, "be-liege")
    each = stands(playing(both, delivered={"flood": 5}, events=[opened]), 14)
    assert [standing for *_, standing in each] == ["open", "done", "open"]
    assert stands(playing(one_, delivered={"flood": 5}, events=[opened]), 14) == [
        ("flood", ("nl-maastricht", "be-liege", "nl-heerlen"), "done")
    ]


def test_a_pause_of_the_site_puts_off_what_is_due():
    """Ten minutes outside with the fire alarm are not ten minutes of dawdling."""
    clock = running()
    at = [START.replace(minute=minute) for minute in (7, 17)]
    paused = clock.pause_site(at[0], "east")
    back = paused.resume_site(at[1], "east", "NL", ["NL"])
    play = replace(playing(small(), delivered={"flood": 5}), timeline=Timeline((clock, paused, back)))
    assert stands(play, 24.9) == [("flood", ("nl-maastricht",), "open")]
    assert stands(play, 25.1) == [("flood", ("nl-maastricht",), "missed")]
    opened = event(9, "request.opened", 24, "nl-maastricht")
    assert stands(replace(play, events=(opened,)), 30) == [("flood", ("nl-maastricht",), "done")]
    found = measure(replace(play, events=(opened,)), small().objective("asked"), END, ended=True)
    assert found.figure == 9 * 60
    assert not math.isinf(found.figure)
