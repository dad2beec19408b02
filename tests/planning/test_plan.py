"""The plan for all lines: it breaks nothing, it is the best there is, and it says what it leaves open and why."""

import itertools
import math
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from app.domain.agreement_reasons import FIGURES as AGREED
from app.domain.agreement_terms import Terms
from app.domain.agreements import Verdict
from app.domain.protocol_data import LANGUAGES
from app.planning import allocation as allocation_module
from app.planning import planner as planner_module
from app.planning.allocation import Solver, SolverFailed, SolverLate
from app.planning.eta import Size
from app.planning.options import options_of
from app.planning.plan import (
    PENALTY_MIN,
    Assignment,
    Cover,
    Limit,
    Line,
    Plan,
    Pool,
    Promise,
    Situation,
    Word,
    difference,
)
from app.planning.plan_reasons import FIGURES, plan_texts, said
from app.planning.planner import Planner, plan
from app.planning.rulings import Ruling
from app.planning.what_if import agreement_suspended, crossing_closed, reserve_raised, resource_out
from tests.planning.corridor import ROOT, borders, depots, member, travel

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)
BY_ROAD, STRAIGHT = travel(), travel(by_road=False)
NARROW = travel(by_road=False, **{code.replace("-", "_"): {"max_weight_t": 40.0} for code in borders()})
PUMP = "pump.high_capacity"
NO_WAY = Verdict(None, Terms(kinds=("immediate",), crossings=("no-such",)), ())
PLACES = ["maastricht", "vise", "liege", "aachen", "sittard", "heinsberg"]
MATERIAL = ROOT.parent / "shared" / "material" / "planning" / "assign100.txt"
WEIGHTS = {"incident_stabilisation": 100, "property": 10, "recovery": 1}


def line(number, at="maastricht", quantity=1, priority="life_safety", **other):
    lon, lat, country = depots()[at]
    said_ = {"requester": member("nl-maastricht"), "type_code": PUMP, "within_min": None} | other
    return Line(uuid.UUID(int=number), quantity=quantity, priority=priority, lon=lon, lat=lat, country=country, **said_)


def pool(id_, at="liege", count=1, owner="be-liege", type_code=PUMP, **other):
    lon, lat, country = depots()[at]
    said_ = {"mobilise_min": 5.0} | other
    return Pool(id_, member(owner), country, type_code, count, lon, lat, **said_)


def covered(lender, line_, type_code):
    """An agreement of all with all."""
    return Cover(Ruling(own=True), None if lender == line_.requester else "all/1")


def situation(lines, pools, **other):
    return Situation(NOON, tuple(lines), tuple(pools), **{"travel": STRAIGHT, "covers": covered, **other})


# ---------------------------------------------------------------- nothing is broken, nothing is better


@st.composite
def situations(draw, *, small=False):
    many = 2 if small else 4
    requesters = [member("nl-maastricht"), member("de-aachen")]
    lines = [
        line(
            number,
            draw(st.sampled_from(PLACES)),
            draw(st.integers(1, 2 if small else 4)),
            draw(st.sampled_from(["life_safety", "property", "recovery"])),
            requester=draw(st.sampled_from(requesters)),
            within_min=draw(st.sampled_from([None, None, 30.0, 60.0])),
        )
        for number in range(1, draw(st.integers(1, many)) + 1)
    ]
    pools = [
        pool(
            f"p{number}",
            draw(st.sampled_from(PLACES)),
            draw(st.integers(0, 2)),
            draw(st.sampled_from(["be-liege", "de-heinsberg", "nl-sittard-geleen", "nl-maastricht"])),
            mobilise_min=float(draw(st.integers(1, 30))),
            vehicles=draw(st.integers(1, 2)),
        )
        for number in range(1, draw(st.integers(1, 2 if small else 5)) + 1)
    ]
    bound = st.sampled_from([None, None, *(frozenset(each.id for each in lines[:some]) for some in (1, 2))])
    limits = [
        Limit("reserve_floor", draw(st.integers(-1, 2)), (each.id,), lent_only=draw(st.booleans()), lines=draw(bound))
        for each in pools
        if draw(st.booleans())
    ]
    if len(pools) > 1 and draw(st.booleans()):
        both = (pools[0].id, pools[1].id)
        limits.append(
            Limit("reserve_floor_area", draw(st.integers(0, 2)), both, lent_only=draw(st.booleans()), lines=draw(bound))
        )
    if draw(st.booleans()):
        limits.append(Limit("cap_units", draw(st.integers(-1, 3)), (), "all/1", PUMP))
    slots = {gate.code: draw(st.integers(0, 2)) for gate in STRAIGHT.gates} if draw(st.booleans()) else {}
    treaty = member(draw(st.sampled_from(["be-liege", "de-heinsberg", "none"])))
    accepted = tuple(
        Promise(draw(st.sampled_from(lines)).id, each.id, 1)
        for each in pools
        if each.count and draw(st.integers(0, 3)) == 0
    )

    def covers(lender, line_, type_code):
        if lender == treaty:
            return Cover(Ruling(), None, 10.0, ad_hoc=True)
        return Cover(Ruling(own=True), "all/1", 5.0)

    cannot = [Word(pools[0].member_id, can=False, line_id=lines[0].id)] if draw(st.integers(0, 3)) == 0 else []
    return situation(
        lines, pools, covers=covers, limits=tuple(limits), slots=slots, accepted=accepted, words=tuple(cannot),
        taken={(STRAIGHT.gates[0].code, 0): 1},
    )  # fmt: skip


def require_sound(of, found):
    """Every promise that a plan makes can be kept: counted anew from what it says, not from how it was made."""
    lines, pools = {each.id: each for each in of.lines}, {each.id: each for each in of.pools}
    sent, got, passing = {}, {}, {}
    for each in found.assignments:
        assert each.quantity > 0
        target = lines[each.line_id]
        assert target.within_min is None or each.eta_min <= target.within_min + 1e-6
        sent[each.pool_id] = sent.get(each.pool_id, 0) + each.quantity
        got[each.line_id] = got.get(each.line_id, 0) + each.quantity * (not each.part)
        home = pools[each.pool_id].country == target.country
        assert (each.crossing is None) == home
        if each.crossing is not None:
            over = [(each.crossing, each.bucket), *each.via]
            for key in over:
                assert key[0] not in of.shut
                passing[key] = passing.get(key, 0) + each.quantity * pools[each.pool_id].vehicles
            gates = [of.travel.gates[of.travel.number_of(code)] for code, _ in over]
            sides = [pools[each.pool_id].country]
            for gate in gates:
                assert sides[-1] in gate.countries
                sides += gate.countries - {sides[-1]}
            assert sides[-1] == target.country
            assert len(set(sides)) == len(sides)
            goal = of.travel.goal(target.lon, target.lat, target.country)
            last = of.travel.number_of(gates[-1].code)
            passes = each.eta_min - goal.from_gate[last] - gates[-1].delay_min
            assert over[-1][1] * of.bucket_min <= passes + 1e-6
            assert passes - 1e-6 <= (over[-1][1] + 1) * of.bucket_min
        cover = of.covers(pools[each.pool_id].member_id, target, each.type_code)
        assert each.ad_hoc == cover.ad_hoc
        assert not any(
            not word.can and word.member_id == each.member_id and word.line_id in {None, each.line_id}
            for word in of.words
        )
    for id_, many in sent.items():
        assert many <= pools[id_].count
    for limit in of.limits:
        if limit.agreement is None:
            counted = sum(
                each.quantity
                for each in found.assignments
                if each.pool_id in limit.pools
                and not (limit.lent_only and lines[each.line_id].requester == each.member_id)
                and (limit.lines is None or each.line_id in limit.lines)
            )
        else:
            counted = sum(
                each.quantity
                for each in found.assignments
                if each.agreement == limit.agreement and each.type_code == limit.type_code
            )
        assert counted <= max(0, limit.left)
    for (code, bucket), many in passing.items():
        if code in of.slots:
            assert many <= max(0, of.slots[code] - of.taken.get((code, bucket), 0))
    open_ = {each.line_id: each for each in found.unmet}
    for each in of.lines:
        if each.quantity > 0 and not each.parts:
            missing = each.quantity - got.get(each.id, 0)
            assert missing >= 0
            assert missing == (open_[each.id].quantity if each.id in open_ else 0)
    for each in found.unmet:
        assert each.why
        for hindrance in each.why:
            assert hindrance.why.code


@settings(deadline=None, max_examples=60)
@given(situations())
def test_no_plan_breaks_a_cap_a_reserve_a_slot_a_deadline_or_the_supply(of):
    """A plan that can't be kept is found out on the road."""
    planned = Planner(of)
    for found in (planned.plan(20), planned.greedy()):
        require_sound(of, found)
    assert planned.plan(20).status == "optimal"


def left_of(of, options, number):
    """How many of a pool may go to lines that it can help, by its own reserve: one that is kept for those at home alone counts where none of them asks."""
    own = of.pools[number]
    asked_at_home = any(
        of.lines[line_].requester == own.member_id
        for line_, pool_ in zip(options.line, options.pool, strict=True)
        if pool_ == number
    )
    floors = [
        each.left
        for each in of.limits
        if each.pools == (own.id,) and each.lines is None and not (each.lent_only and asked_at_home)
    ]
    return min([own.count, *(max(0, left) for left in floors)])


def measures(of, options, value, accepted):
    """What a choice of units by option comes to, in the order of the aims; None where it breaks something."""
    pools = of.pools
    sent, got, gone = [0] * len(pools), [0] * len(of.lines), {}
    caps, passing, minutes, ad_hoc, cost = 0, {}, 0.0, 0, 0.0
    kept_time = dict(accepted)
    for at, many in enumerate(value):
        if not many:
            continue
        number, target = int(options.pool[at]), int(options.line[at])
        sent[number] += many
        gone[pools[number].id, target] = gone.get((pools[number].id, target), 0) + many
        got[target] += many
        ad_hoc += many * bool(options.ad_hoc[at])
        caps += many * (not options.ad_hoc[at])
        cost += many * options.cost[at]
        minutes += many * options.minutes[at]
        for gate, bucket in ((options.gate[at], options.bucket[at]), (options.then[at], options.then_bucket[at])):
            if gate >= 0:
                key = int(gate), int(bucket)
                passing[key] = passing.get(key, 0) + many * pools[number].vehicles
        if at in kept_time:
            minutes -= PENALTY_MIN * min(many, kept_time[at])
    if any(many > each.count for many, each in zip(sent, pools, strict=True)):
        return None
    if any(many > each.quantity for many, each in zip(got, of.lines, strict=True)):
        return None
    owner = {each.id: each.member_id for each in pools}
    for limit in of.limits:
        counted = caps
        if not limit.agreement:
            counted = sum(
                many
                for (id_, target), many in gone.items()
                if id_ in limit.pools
                and (limit.lines is None or of.lines[target].id in limit.lines)
                and not (limit.lent_only and of.lines[target].requester == owner[id_])
            )
        if counted > max(0, limit.left):
            return None
    for (gate, bucket), many in passing.items():
        code = STRAIGHT.gates[gate].code
        if code in of.slots and many > max(0, of.slots[code] - of.taken.get((code, bucket), 0)):
            return None
    left = [each.quantity - many for each, many in zip(of.lines, got, strict=True)]
    safety = sum(many for each, many in zip(of.lines, left, strict=True) if each.priority == "life_safety")
    promised = {}
    for at, many in accepted:
        promised[int(options.line[at])] = promised.get(int(options.line[at]), 0) + many
    lost = sum(
        max(0, min(promised.get(at, 0), each.quantity) - (each.quantity - left[at])) for at, each in enumerate(of.lines)
    )
    shares = []
    for requester in {each.requester for each in of.lines}:
        mine = [at for at, each in enumerate(of.lines) if each.requester == requester]
        could = 0
        for at in mine:
            there = {int(options.pool[row]) for row in np.flatnonzero(options.line == at)}
            could += min(of.lines[at].quantity, sum(left_of(of, options, number) for number in there))
        if could:
            asked = sum(of.lines[at].quantity for at in mine)
            shares.append(max(0.0, (asked - sum(left[at] for at in mine)) / could))
    weighted = sum(WEIGHTS.get(each.priority, 0) * many for each, many in zip(of.lines, left, strict=True))
    return (safety, lost, -min([1.0, *shares]), weighted, ad_hoc, round(minutes, 5), round(cost, 5))


@settings(deadline=None, max_examples=60)
@given(situations(small=True))
def test_brute_force_finds_nothing_better(of):
    """All that could be sent is tried: what the solver calls the best must be it, aim after aim."""
    options = options_of(of)
    numbers = {each.id: at for at, each in enumerate(of.pools)}
    lines = {each.id: at for at, each in enumerate(of.lines)}
    accepted = []
    for promise in of.accepted:
        rows = np.flatnonzero((options.line == lines[promise.line_id]) & (options.pool == numbers[promise.pool_id]))
        if len(rows):
            accepted.append((int(rows[np.argmin(options.minutes[rows])]), promise.quantity))
    tops = [min(of.pools[p].count, of.lines[at].quantity) for p, at in zip(options.pool, options.line, strict=True)]
    if math.prod(top + 1 for top in tops) > 20_000:
        return
    best = min(
        told
        for value in itertools.product(*(range(top + 1) for top in tops))
        if (told := measures(of, options, value, accepted)) is not None
    )
    planned = Planner(of)
    found = planned.plan(20)
    gates = {gate.code: number for number, gate in enumerate(STRAIGHT.gates)} | {None: -1}
    columns = zip(options.line, options.pool, options.gate, options.bucket, strict=True)
    row_of = {tuple(map(int, each)): at for at, each in enumerate(columns)}
    value = [0] * options.size
    for each in found.assignments:
        bucket = -1 if each.bucket is None else each.bucket
        value[row_of[lines[each.line_id], numbers[each.pool_id], gates[each.crossing], bucket]] += each.quantity
    assert measures(of, options, value, accepted) == pytest.approx(best)


def test_a_way_through_a_third_country_takes_a_slot_at_each_crossing_when_it_comes_there():
    """A convoy that was counted at the border where it leaves, and not where it comes in, stands in a queue that nobody planned."""
    lines, pools = [line(1, "heinsberg", 4, requester=member("de-heinsberg"))], [pool("pumps", "maaseik", 4)]
    of = situation(lines, pools, travel=BY_ROAD)
    (free,) = plan(of).assignments
    (last, bucket) = free.via[0]
    assert BY_ROAD.gates[BY_ROAD.number_of(free.crossing)].countries == {"BE", "NL"}
    scarce = replace(of, slots={last: 1})
    planned = Planner(scarce)
    for found in (planned.plan(20), planned.greedy()):
        require_sound(scarce, found)
    found = planned.plan(20)
    over = [at for each in found.assignments for at in each.via if at[0] == last]
    assert (last, bucket) in over
    assert len(over) == len(set(over))
    assert found.minutes > free.eta_min * 4
    full = replace(of, slots={gate.code: 0 for gate in BY_ROAD.gates if gate.code != free.crossing})
    (open_,) = plan(full).unmet
    assert (open_.quantity, open_.why[0].why.code) == (4, "crossing_full")
    assert open_.why[0].why.figures["crossing"] != free.crossing


# ---------------------------------------------------------------- the aims


def test_life_goes_before_everything_and_the_nearest_is_not_always_sent():
    """The closest unit of all goes where only it is in time."""
    lines = [line(1, "vise", priority="property"), line(2, "vise", priority="life_safety", within_min=20.0)]
    found = plan(situation(lines, [pool("near", "vise"), pool("far", "liege", mobilise_min=30.0)]))
    assert {(each.line_id.int, each.pool_id) for each in found.assignments} == {(1, "far"), (2, "near")}
    found = plan(situation(lines, [pool("near", "vise")]))
    assert [(each.line_id.int, each.pool_id) for each in found.assignments] == [(2, "near")]
    (open_,) = found.unmet
    assert (open_.quantity, [each.why.code for each in open_.why]) == (1, ["wanted_elsewhere"])


def test_scarcity_is_shared():
    """A city that asks second, or from farther away, does not stand there with nothing."""
    lines = [
        line(1, "vise", 4, "property"),
        line(2, "aachen", 4, "property", requester=member("de-aachen")),
    ]
    found = plan(situation(lines, [pool("pumps", "vise", 4)]))
    assert sorted(each.quantity for each in found.assignments) == [2, 2]
    assert found.worst_share == pytest.approx(0.5)
    assert Planner(situation(lines, [pool("pumps", "vise", 4)])).greedy().worst_share == 0


@pytest.mark.parametrize("formation", [False, True])
def test_scarcity_is_shared_even_where_a_third_cannot_be_helped_at_all(formation):
    """The only unit for the third stays at home, or its formation lacks a part: that is no reason to be unfair to the others."""
    lines = [line(1, "vise", 2, "property"), line(2, "aachen", 2, "property", requester=member("de-aachen"))]
    pools = [pool("pumps", "vise", 2)]
    limits = ()
    if formation:
        lines.append(replace(platoon(3), requester=member("de-heinsberg")))
        pools += [
            pool("engine", "vise", 1, type_code="engine.pumper"),
            pool("officer", "vise", 1, type_code="person.officer"),
        ]
    else:
        lines.append(line(3, "heinsberg", type_code="boat", requester=member("de-heinsberg")))
        pools.append(pool("boat", "vise", 1, type_code="boat"))
        limits = (Limit("reserve_floor", 0, ("boat",)),)
    found = plan(situation(lines, pools, limits=limits), 20)
    assert sorted(each.quantity for each in found.assignments) == [1, 1]
    assert found.worst_share == pytest.approx(0.5)


def test_of_lines_that_are_alike_the_first_one_goes_first():
    """Who asked an hour ago is not told that the pump now goes to the one who asks for the same at the same place."""
    there = [pool("a", "vise", 2), pool("b", "liege", 1, mobilise_min=20.0), pool("c", "heinsberg", 2, "de-heinsberg")]
    for quantities in ((3, 5), (2, 2), (4, 9), (3, 40, 1), (2, 3, 4)):
        lines = [line(number, quantity=many) for number, many in enumerate(quantities, start=1)]
        found = plan(situation(lines, there))
        sent = [sum(each.quantity for each in found.assignments if each.line_id == one.id) for one in lines]
        assert sent == [min(many, max(0, 5 - sum(quantities[:at]))) for at, many in enumerate(quantities)]


def test_help_without_an_agreement_comes_last_and_is_marked():
    """It is the act of a representative: asked for only where nobody else can."""

    def covers(lender, line_, type_code):
        return Cover(Ruling(), ad_hoc=True) if lender == member("be-liege") else covered(lender, line_, type_code)

    pools = [pool("near", "vise"), pool("far", "heinsberg", owner="de-heinsberg")]
    (one,) = plan(situation([line(1)], pools, covers=covers)).assignments
    assert (one.pool_id, one.ad_hoc, one.agreement) == ("far", False, "all/1")
    both = plan(situation([line(1, quantity=2)], pools, covers=covers)).assignments
    assert {(each.pool_id, each.ad_hoc) for each in both} == {("near", True), ("far", False)}


def test_a_members_word_stands_above_the_plan():
    pools = [pool("near", "vise"), pool("far", "heinsberg", owner="de-heinsberg")]
    no = Word(member("be-liege"), can=False)
    (one,) = plan(situation([line(1)], pools, words=(no,))).assignments
    assert one.pool_id == "far"
    kept = (Limit("reserve_floor", 0, ("near",)),)
    (one,) = plan(situation([line(1)], pools, limits=kept)).assignments
    assert one.pool_id == "far"
    (one,) = plan(situation([line(1)], pools, limits=kept, words=(Word(member("be-liege"), can=True),))).assignments
    assert one.pool_id == "near"


def test_an_accepted_offer_is_changed_only_for_much():
    """Whoever was told that a unit comes is not told otherwise for ten minutes."""
    lines = [line(1)]
    promise = (Promise(lines[0].id, "far", 1),)
    pools = [pool("near", "vise"), pool("far", "liege", mobilise_min=20.0)]
    (one,) = plan(situation(lines, pools, accepted=promise)).assignments
    assert one.pool_id == "far"
    slow = [pools[0], replace(pools[1], mobilise_min=20.0 + PENALTY_MIN)]
    (one,) = plan(situation(lines, slow, accepted=promise)).assignments
    assert one.pool_id == "near"
    more = [*lines, line(2, "liege", 1, "property", requester=member("de-aachen"))]
    found = plan(situation(more, [pools[1]], accepted=promise))
    assert [(each.line_id.int, each.pool_id) for each in found.assignments] == [(1, "far")]


def test_what_is_on_its_way_is_told_again_and_moves_no_more():
    gone = Promise(uuid.UUID(int=9), "gone", 2)
    found = plan(situation([line(1)], [pool("near")], dispatched=(gone,)))
    assert [(each.pool_id, each.fixed) for each in found.assignments] == [("gone", True), ("near", False)]


def test_slots_of_a_crossing_are_shared_over_time():
    """Twenty lorries at one bridge in one hour are a queue of lorries."""
    code = "eijsden-vise"
    shut = frozenset(gate.code for gate in STRAIGHT.gates if gate.code != code)
    of = situation([line(1, quantity=5)], [pool("pumps", "vise", 5)], slots={code: 2}, shut=shut)
    found = plan(of)
    require_sound(of, found)
    assert sorted((each.bucket, each.quantity) for each in found.assignments) == [(0, 2), (1, 2), (2, 1)]
    assert all((each.waits_min > 0) == (each.bucket > 0) for each in found.assignments)
    hurry = replace(of, lines=(line(1, quantity=5, within_min=45.0),))
    (open_,) = plan(hurry).unmet
    assert (open_.quantity, open_.why[0].why.code) == (3, "crossing_full")
    helped = Planner(hurry)
    told = helped.help(helped.plan(20), limit_s=20)
    assert ("slot", (code,), 1) in {(each.what, each.of, each.gain_units) for each in told}


def test_what_would_help_most_is_told_from_plans_made_anew():
    """Who negotiates for one more unit, or one more on the cap, wants to know what it brings."""
    lines = [line(1, quantity=3), line(2, "aachen", 1, "property")]
    caps = (Limit("cap_units", 1, (), "all/1", PUMP),)

    def covers(lender, line_, type_code):
        return Cover(Ruling(own=True), "all/1" if lender == member("be-liege") else None)

    of = situation(
        lines, [pool("a", "liege", 3), pool("b", "heinsberg", 1, "de-heinsberg")], limits=caps, covers=covers
    )
    planner = Planner(of)
    base = planner.plan(20)
    told = planner.help(base, limit_s=20)
    assert ("cap", ("all/1", PUMP), 1) in {(each.what, each.of, each.gain_units) for each in told}
    assert told[0].gain_life_safety == 1
    assert planner.plan(20).assignments == base.assignments  # nothing is left otherwise


@pytest.mark.parametrize(
    ("limit", "what"),
    [
        (Limit("yearly_cost_cap", 1, (), "all/1"), None),
        (Limit("promised", 1, ("a", "b")), None),
        (Limit("reserve_floor", 1, ("a", "b")), "reserve"),
        (Limit("promised", 1, ("a",)), "unit"),
        (Limit("reserve_floor", 1, ("a",)), "reserve"),
    ],
)
def test_what_would_help_is_what_somebody_can_give(limit, what):
    """What a year costs is its parties' own; what is promised elsewhere nobody can lend out of a reserve."""
    pools = [pool("a", "liege", 2), *([pool("b", "vise", 2)] if "b" in limit.pools else [])]
    planner = Planner(situation([line(1, quantity=3)], pools, limits=(limit,)))
    told = planner.help(planner.plan(20), limit_s=20)
    assert {each.what for each in told} == ({what} if what else set())


# ---------------------------------------------------------------- formations

PLATOON = {"engine.pumper": 2, "person.officer": 1}


def platoon(number=1, quantity=1):
    return line(number, quantity=quantity, type_code="formation.platoon", parts=PLATOON)


def test_a_formation_is_sent_whole_where_a_member_has_it():
    whole = pool("whole", "aachen", type_code="formation.platoon", owner="de-aachen", vehicles=3)
    parts = [
        pool("engines", "vise", 4, type_code="engine.pumper"),
        pool("officers", "vise", 2, type_code="person.officer"),
    ]
    (one,) = plan(situation([platoon()], [whole, *parts])).assignments
    assert (one.pool_id, one.part) == ("whole", False)


def test_a_formation_is_put_together_from_parts_of_few_members():
    """Four engines of four cities and the officer of a fifth are no platoon."""
    pools = [
        pool("e1", "vise", 1, type_code="engine.pumper"),
        pool("e2", "maastricht", 1, "nl-maastricht", "engine.pumper"),
        pool("e3", "aachen", 2, "de-aachen", "engine.pumper"),
        pool("o1", "liege", 1, type_code="person.officer"),
        pool("o3", "aachen", 1, "de-aachen", "person.officer"),
    ]
    of = situation([platoon()], pools)
    found = plan(of, 20)
    assert {(each.pool_id, each.quantity, each.part) for each in found.assignments} == {
        ("e3", 2, True),
        ("o3", 1, True),
    }
    assert (found.status, found.unmet) == ("optimal", ())
    greedy = Planner(of).greedy()
    require_sound(of, greedy)
    assert greedy.unmet == ()
    assert sum(each.quantity for each in greedy.assignments) == 3


def test_half_a_formation_is_none():
    pools = [
        pool("engines", "vise", 3, type_code="engine.pumper"),
        pool("officers", "vise", 1, type_code="person.officer"),
    ]
    found = plan(situation([platoon(quantity=2)], pools), 20)
    assert sum(each.quantity for each in found.assignments) == 3
    (open_,) = found.unmet
    assert open_.quantity == 1


def test_half_a_formation_that_goes_already_is_completed():
    """Two engines roll for a platoon: what is missing is an officer, and not another platoon."""
    pools = [
        pool("whole", "aachen", type_code="formation.platoon", owner="de-aachen"),
        pool("engines", "maastricht", 4, "nl-maastricht", "engine.pumper"),
        pool("officers", "vise", 2, type_code="person.officer"),
    ]
    of = situation([replace(platoon(), there={"engine.pumper": 2})], pools)
    for found in (plan(of, 20), Planner(situation(of.lines, pools[1:])).greedy()):
        require_sound(of, found)
        assert {(each.pool_id, each.quantity) for each in found.assignments} == {("officers", 1)}
        assert found.unmet == ()
    more = plan(situation([replace(platoon(), quantity=2, there={"engine.pumper": 3})], pools[1:]), 20)
    assert {(each.pool_id, each.quantity) for each in more.assignments} == {("engines", 1), ("officers", 2)}


def test_where_the_whole_one_is_kept_at_home_parts_are_put_together():
    """A platoon that its city keeps is none that can be had."""
    whole = pool("whole", "aachen", type_code="formation.platoon", owner="de-aachen")
    parts = [
        pool("engines", "vise", 2, type_code="engine.pumper"),
        pool("officers", "vise", 1, type_code="person.officer"),
    ]
    for limit in (Limit("reserve_floor", 0, ("whole",)), Limit("cap_units", 0, (), "all/1", "formation.platoon")):
        found = plan(situation([platoon()], [whole, *parts], limits=(limit,)), 20)
        assert found.unmet == (), limit
        assert {each.pool_id for each in found.assignments} == {"engines", "officers"}


def test_parts_that_were_accepted_for_a_formation_are_changed_only_for_much():
    """Who was told yes for its engines is not told no because others stand a mile nearer."""
    pools = [
        pool("near", "vise", 2, type_code="engine.pumper"),
        pool("far", "liege", 2, type_code="engine.pumper"),
        pool("officers", "vise", 1, type_code="person.officer"),
    ]
    of = situation([platoon()], pools, accepted=(Promise(uuid.UUID(int=1), "far", 2),))
    for found in (plan(of, 20), Planner(of).greedy()):
        assert {each.pool_id for each in found.assignments} == {"far", "officers"}
    assert {each.pool_id for each in plan(situation([platoon()], pools), 20).assignments} == {"near", "officers"}


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 3), st.integers(0, 2), *[st.lists(st.integers(0, 3), min_size=2, max_size=2)] * 2,
    st.integers(0, 3), st.integers(0, 2),
)  # fmt: skip
def test_as_many_formations_as_there_are_parts_for(wanted, wholes, engines, officers, engines_there, officers_there):
    """Counted by hand: whole ones, and of the parts that are free or on their way the scarcest."""
    pools = [pool("whole", "aachen", wholes, "de-aachen", "formation.platoon")]
    for at, (owner, some, leaders) in enumerate(zip(("be-liege", "nl-maastricht"), engines, officers, strict=True)):
        pools.append(pool(f"e{at}", "vise", some, owner, "engine.pumper"))
        pools.append(pool(f"o{at}", "vise", leaders, owner, "person.officer"))
    there = {"engine.pumper": engines_there, "person.officer": officers_there}
    of = situation([replace(platoon(quantity=wanted), there=there)], pools)
    most = wholes + min((sum(engines) + engines_there) // 2, sum(officers) + officers_there)
    planned = Planner(of)
    for found in (planned.plan(20), planned.greedy()):
        require_sound(of, found)
        assert found.unmet_units == max(0, wanted - most)


def test_a_formation_is_there_when_the_last_of_its_parts_is():
    """An engine that comes an hour sooner helps nobody who waits for the officer: "an hour earlier" would be untrue."""
    asked = {1: replace(platoon(quantity=2), there={"engine.pumper": 1})}

    def planned(*times):
        units = [
            Assignment(1, f"{code}{at}", None, code, many, eta, part=True) for at, (code, many, eta) in enumerate(times)
        ]
        return Plan(tuple(units), (), "optimal")

    late = planned(("engine.pumper", 3, 80.0), ("person.officer", 1, 90.0), ("person.officer", 1, 100.0))
    sooner = planned(("engine.pumper", 3, 20.0), ("person.officer", 1, 90.0), ("person.officer", 1, 100.0))
    officers = planned(("engine.pumper", 3, 20.0), ("person.officer", 2, 50.0))
    assert planner_module._arrivals(late, asked) == {1: [90.0, 100.0]}
    assert planner_module._earlier(late, sooner, [replace(asked[1], id=1)]) == 0
    assert planner_module._earlier(late, officers, [replace(asked[1], id=1)]) == 90


def test_of_those_that_come_too_late_the_soonest_is_told():
    """ "45 minutes too late", and a unit that would be three minutes late stands two streets away."""
    pools = [pool("slow", mobilise_min=90.0), pool("soon", mobilise_min=10.0), pool("slower", mobilise_min=120.0)]
    (open_,) = plan(situation([line(1, within_min=6.0)], pools)).unmet
    (why,) = [each.why for each in open_.why]
    (alone,) = plan(situation([line(1, within_min=6.0)], [pools[1]])).unmet
    assert (why.code, why.figures) == ("too_late", alone.why[0].why.figures)
    assert open_.why[0].units == 3


def test_what_is_kept_from_one_line_is_not_kept_from_another():
    """A boat that is kept from those of one agreement goes to those of another, and no third one goes to the first."""
    lines = [line(1, quantity=3, priority="property"), line(2, "heinsberg", 3, requester=member("de-aachen"))]
    kept = Limit("reserve_floor", 1, ("boats",), lines=frozenset({lines[0].id}), lent_only=True)
    for asks, most in ((lines[:1], 1), (lines[1:], 3), (lines, 3)):
        found = plan(situation(asks, [pool("boats", count=3)], limits=(kept,)))
        assert sum(each.quantity for each in found.assignments) == most
    (open_,) = plan(situation(lines[:1], [pool("boats", count=3)], limits=(kept,))).unmet
    assert [(each.why.code, each.units) for each in open_.why] == [("reserve_floor", 2)]
    (open_,) = plan(situation(lines, [pool("boats", count=3)], limits=(kept,))).unmet
    assert {each.why.code for each in open_.why} == {"wanted_elsewhere"}


def test_each_lender_that_holds_back_is_told_with_its_own_figures():
    """ "The lender keeps 1 at home … holds 13 units back" added five lenders up under the figures of the first: nobody knew whom to ring."""
    owners = {"be-liege": (2, 1), "de-heinsberg": (6, 4), "nl-sittard-geleen": (3, 3)}
    pools = [
        pool(f"{who}{half}", count=count // 2 + half * (count % 2), owner=who)
        for who, (count, _) in owners.items()
        for half in (0, 1)
    ]
    limits = tuple(
        Limit("reserve_floor", count - keep, (f"{who}0", f"{who}1"), figures={"keep": keep})
        for who, (count, keep) in owners.items()
    )
    (open_,) = plan(situation([line(1, quantity=20)], pools, limits=limits)).unmet
    assert [(each.member_id, each.units, each.why.figures["keep"]) for each in open_.why] == [
        (member("de-heinsberg"), 4, 4), (member("nl-sittard-geleen"), 3, 3), (member("be-liege"), 1, 1),
    ]  # fmt: skip
    cannot = tuple(Word(member(who), can=False) for who in owners)
    (open_,) = plan(situation([line(1, quantity=20)], pools, words=cannot)).unmet
    assert {(each.why.code, each.member_id): each.units for each in open_.why} == {
        ("said_cannot", member(who)): count for who, (count, _) in owners.items()
    }


def test_what_is_no_lender_s_own_is_told_once():
    """That all come too late is one line on the screen, of the one that would be there first, and not one for each member."""
    pools = [pool("a", owner="be-liege"), pool("b", owner="nl-sittard-geleen")]
    (open_,) = plan(situation([line(1, within_min=1.0)], pools)).unmet
    assert [(each.why.code, each.units, each.member_id) for each in open_.why] == [("too_late", 2, None)]


def test_where_all_there_are_go_the_number_is_told():
    """ "Not enough" made people ring on for boats: there were five, and all were on their way or planned."""
    pools = [pool("a", count=2), pool("b", count=1, owner="de-heinsberg")]

    def why(of):
        (open_,) = plan(of).unmet
        (only,) = open_.why
        return only.why.code, dict(only.why.figures)

    asked_ = [line(1, quantity=9)]
    assert why(situation(asked_, pools)) == ("all_sent", {"type_code": PUMP, "units": 3})
    assert why(situation(asked_, pools, busy={PUMP: 2})) == ("all_sent", {"type_code": PUMP, "units": 5})
    assert why(situation(asked_, [], busy={PUMP: 2})) == ("all_sent", {"type_code": PUMP, "units": 2})
    assert why(situation(asked_, [])) == ("nobody_has_any", {"type_code": PUMP})
    # there are more, which stand in formations: not all are planned
    assert why(situation(asked_, pools, bound=frozenset({PUMP}))) == ("not_enough", {"type_code": PUMP})


# ---------------------------------------------------------------- bad input, and no time


@pytest.mark.parametrize(
    ("asked", "there", "other", "code"),
    [
        (line(1, type_code="no.such"), [pool("a")], {"types": {PUMP}}, "unknown_type"),
        (line(1, quantity=0), [pool("a")], {}, "no_quantity"),
        (line(1, quantity=-3), [pool("a")], {}, "no_quantity"),
        (line(1, within_min=0.0), [pool("a")], {}, "deadline_past"),
        (line(1, within_min=-5.0), [pool("a")], {}, "deadline_past"),
        (line(1, within_min=6.0), [pool("a")], {}, "too_late"),
        (line(1), [], {}, "nobody_has_any"),
        (line(1), [pool("a", count=0)], {}, "nobody_has_any"),
        (line(1), [pool("a")], {"shut": frozenset(gate.code for gate in STRAIGHT.gates)}, "no_open_crossing"),
        (line(1), [pool("a")], {"limits": (Limit("cap_units", -4, (), "all/1", PUMP),)}, "cap_units"),
        (line(1), [pool("a")], {"limits": (Limit("reserve_floor", -4, ("a",)),)}, "reserve_floor"),
        (line(1), [pool("a")], {"covers": lambda *_: Cover(Ruling())}, "no_agreement"),
        (line(1), [pool("a")], {"words": (Word(member("be-liege"), can=False),)}, "said_cannot"),
        (line(1), [pool("a")], {"slots": {gate.code: 0 for gate in STRAIGHT.gates}}, "crossing_full"),
        (line(1), [pool("a", size=Size(99.0, None, None))], {"travel": NARROW}, "too_heavy"),
        (line(1), [pool("a")], {"covers": lambda *_: Cover(Ruling(NO_WAY), "no-way/1")}, "crossing_not_allowed"),
    ],
)
def test_what_cannot_be_is_told_with_its_reason(asked, there, other, code):
    """An empty answer makes people ring everybody to ask why."""
    found = plan(situation([asked], there, **other), 20)
    assert (found.assignments, found.status) == ((), "optimal")
    (open_,) = found.unmet
    assert open_.why[0].why.code == code
    assert open_.quantity == max(0, asked.quantity)
    if (
        code not in AGREED or open_.why[0].why.figures
    ):  # a verdict has its figures, and so has a limit that is made of one
        assert "{" not in said(open_.why[0].why, "en")


def test_a_plan_for_nothing_is_a_plan():
    assert plan(situation([], [])).status == "optimal"
    assert plan(situation([], [pool("a")])).assignments == ()


def test_a_place_that_no_crossing_leads_to_is_told():
    lone = replace(line(1), country="LU")
    (open_,) = plan(situation([lone], [pool("a")])).unmet
    assert open_.why[0].why.code == "no_open_crossing"
    assert dict(open_.why[0].why.figures) == {"from_country": "BE", "to_country": "LU"}


def test_when_time_is_over_greedy_answers_and_says_so():
    """A plan that does not come is worse than one that is not the best."""
    of = situation([line(number, PLACES[number % 6], 2) for number in range(1, 7)], [pool("a", count=9)])
    started = time.perf_counter()
    found = plan(of, 0.0)
    assert (found.status, found.note) == ("greedy", "solver_late")
    assert time.perf_counter() - started < 20
    require_sound(of, found)
    assert sum(each.quantity for each in found.assignments) == 9


def test_a_plan_in_hand_counts_when_there_is_no_time_to_look_at_more(monkeypatch):
    """Where slots are scarce the later ones are looked at second. When time ends meanwhile, what was found first counts, unless greedy does more."""
    solved = []

    class Late(Solver):
        def solve(self, limit_s):
            if solved:
                raise SolverLate("the time is over")
            solved.append(super().solve(limit_s))
            return solved[0]

    code = "eijsden-vise"
    other = [{"NL", "BE"}, {"NL", "DE"}]
    shut = frozenset(gate.code for gate in STRAIGHT.gates if gate.countries in other and gate.code != code)
    monkeypatch.setattr(planner_module, "Solver", Late)
    lines = [
        line(1, "vise", 4, "property"),
        line(2, "aachen", 4, "property", requester=member("de-aachen")),
        line(3, "maastricht", 2, "property", type_code="boat"),
    ]
    boats = [pool(f"boats {number}", "vise", 2, type_code="boat") for number in range(2)]
    of = situation(lines, [pool("pumps", "vise", 4), *boats], slots={code: 2}, shut=shut)
    found = plan(of, 20)
    assert (len(solved), found.status, found.note) == (1, "time_limit", None)
    assert found.worst_share > Planner(of).greedy().worst_share
    require_sound(of, found)
    solved.clear()
    found = plan(situation([line(1, quantity=5)], [pool("pumps", "vise", 5)], slots={code: 2}, shut=shut), 20)
    assert (len(solved), found.status, found.note, found.unmet) == (1, "greedy", "solver_late", ())


def test_whole_numbers_in_hand_count_when_the_next_aim_finds_none(monkeypatch):
    """What was reached stands as a row; when a rounding makes that impossible, it is still reached."""
    solver = Solver(Planner(situation([line(1)], [pool("a"), pool("b", "vise")])).problem)
    bounds = (solver.lower, solver.upper, solver.row_lower, solver.row_upper)
    monkeypatch.setattr(allocation_module, "TOLERANCE", -0.5)
    found = solver._in_whole_numbers(bounds, ("minutes", "safety"), until=time.perf_counter() + 20)
    assert not found.optimal


@pytest.mark.parametrize(
    "error", [SolverFailed("it is broken"), RuntimeError("a corner of HiGHS"), TypeError(), MemoryError()]
)
def test_when_the_solver_fails_greedy_answers_and_says_so(error, monkeypatch):
    """However it fails: nobody at night cares in whose code."""

    class Broken(Solver):
        def solve(self, limit_s):
            raise error

    monkeypatch.setattr(planner_module, "Solver", Broken)
    planner = Planner(situation([line(1)], [pool("a")]))
    found = planner.plan()
    assert (found.status, found.note, len(found.assignments)) == ("greedy", "solver_failed", 1)
    assert planner.failure == repr(error)


def test_every_reason_of_a_plan_has_words():
    assert set(plan_texts()) == set(FIGURES)
    of = situation([line(1, type_code="no.such"), line(2), line(3, quantity=-1)], [], types={PUMP})
    for open_ in plan(of).unmet:
        for language in LANGUAGES:
            assert "{" not in said(open_.why[0].why, language)


# ---------------------------------------------------------------- what if, and again


def test_asking_what_if_tells_the_difference_and_touches_nothing():
    """Before a crossing is closed, or an agreement suspended, one sees what it does to everybody."""
    of = situation(
        [line(1, quantity=2), line(2, "aachen")], [pool("a", "vise", 2), pool("b", "heinsberg", 1, "de-heinsberg")]
    )
    before = plan(of)
    assert difference(before, plan(of)).moved == ()
    (first,) = {each.crossing for each in before.assignments if each.pool_id == "a"}
    closed = plan(crossing_closed(of, first))
    assert first not in {each.crossing for each in closed.assignments}
    assert difference(before, closed).minutes > 0
    suspended = difference(before, plan(agreement_suspended(of, "all/1")))
    assert suspended.unmet_units == 3
    assert suspended.life_safety_unmet == 3
    fewer = difference(before, plan(resource_out(of, "a")))
    kept = difference(before, plan(reserve_raised(of, ("a",))))
    assert fewer.unmet_units == kept.unmet_units == 1
    assert sum(each.before - each.after for each in kept.moved) == 1
    assert sum(each.before - each.after for each in fewer.moved) == 1
    assert plan(of).assignments == before.assignments


def test_what_is_promised_elsewhere_is_not_there_to_be_kept():
    """Three units, one of them promised to somebody else, one to be kept: one can go. Kept twice over, the promise would send it away."""
    of = situation([line(1, quantity=3)], [pool("a", "vise", 3)], limits=(Limit("promised", 2, ("a",)),))
    (sent,) = plan(reserve_raised(of, ("a",))).assignments
    assert sent.quantity == 1


@settings(deadline=None, max_examples=25)
@given(situations(), st.data())
def test_planned_again_from_where_it_stood_is_the_same_as_anew(of, data):
    """A warm start is for speed; a plan that depends on what was asked before it is nobody's."""
    planner = Planner(of)
    planner.plan(20)
    at = data.draw(st.integers(0, len(of.pools) - 1))
    fewer = replace(of.pools[at], count=max(0, of.pools[at].count - 1))
    bound = [each.left for each in of.limits if each.pools == (fewer.id,)]
    if not planner.set_left(("supply", at), min([fewer.count, *bound])):
        return
    again = planner.plan(20)
    fresh = Planner(of)
    fresh.set_left(("supply", at), planner.left(("supply", at)))
    anew = fresh.plan(20)
    told = [
        (p.life_safety_unmet, p.unmet_units, pytest.approx(p.worst_share), pytest.approx(p.minutes))
        for p in (again, anew)
    ]
    assert told[0] == told[1]


@settings(deadline=None, max_examples=25)
@given(situations(), st.data())
def test_planned_again_and_again_after_more_and_less_is_the_same_as_anew(of, data):
    """What an earlier solving proved is used again only as far as it still holds: whatever came in between."""
    planner = Planner(of)
    planner.plan(20)
    keys = [key for key in planner.problem.rows.keys if key[0] in {"supply", "limit", "slot"}]
    if not keys:
        return
    for _ in range(data.draw(st.integers(1, 4))):
        for key in data.draw(st.lists(st.sampled_from(keys), min_size=1, max_size=2, unique=True)):
            planner.set_left(key, max(0, planner.left(key) + data.draw(st.integers(-2, 2))))
        again = planner.plan(20)
        fresh = Planner(of)
        for key in keys:
            fresh.set_left(key, planner.left(key))
        anew = fresh.plan(20)
        told = [
            (p.life_safety_unmet, p.unmet_units, pytest.approx(p.worst_share), pytest.approx(p.minutes))
            for p in (again, anew)
        ]
        assert told[0] == told[1]


def assigned(matrix):
    """The plan of as many pools as lines, one to one, that takes so many minutes by line and pool."""
    many = len(matrix)
    lines = [line(number + 1, "maastricht", 1, "property") for number in range(many)]
    pools = [pool(number, "maastricht", 1, "nl-maastricht", mobilise_min=0.0) for number in range(many)]
    planner = Planner(situation(lines, pools))
    options = planner.options
    options.minutes[:] = matrix[options.line, options.pool]
    planner.problem.aims["minutes"][: options.size] = options.minutes
    return planner.plan(60)


@pytest.mark.parametrize("seed", range(3))
def test_an_assignment_problem_is_solved_as_a_solver_of_another_kind_solves_it(seed):
    """SciPy's linear_sum_assignment (Crouse's Jonker-Volgenant) knows nothing of linear programs: 40 to 40 with draws, as in OR-Library's assign sets."""
    matrix = np.random.default_rng(seed).integers(1, 101, (40, 40)).astype(np.float64)
    found = assigned(matrix)
    assert (found.status, found.unmet, len(found.assignments)) == ("optimal", (), 40)
    assert found.minutes == pytest.approx(matrix[linear_sum_assignment(matrix)].sum())


@pytest.mark.skipif(not MATERIAL.exists(), reason="OR-Library's assign100 is not beside this checkout")
def test_the_assignment_problem_of_or_library_is_solved_to_its_known_optimum():
    """Beasley's assign100: 100 to 100, known to cost 305. As a plan: a pool and a line each, minutes by the matrix."""
    numbers = Path(MATERIAL).read_text("ascii").split()
    many = int(numbers[0])
    found = assigned(np.array(numbers[1 : 1 + many * many], np.float64).reshape(many, many))
    assert (found.status, found.unmet, len(found.assignments)) == ("optimal", (), 100)
    assert found.minutes == pytest.approx(305)
