"""One line over all units: the same as a naive look at each of them, and true reasons for the nearer ones that are left out."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.agreement_reasons import reason_texts
from app.domain.agreement_terms import Terms
from app.domain.agreements import AgreementFacts, Case, Stock, Use, check, choose
from app.domain.protocol_data import LANGUAGES
from app.planning.candidates import obstacle_texts
from app.planning.choice import chosen_way
from app.planning.eta import excesses, is_open
from app.planning.recommend import Ask, recommend
from app.planning.routed import RoutedTravel, ranked_anew
from app.planning.rulings import BIT, KNOWN, ORDER, Ruling, bits_of, codes_of
from app.planning.supply import Supply
from app.planning.travel import Eta
from tests.planning.corridor import borders, depots, member, travel, unit

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)
OWNERS = ["nl-maastricht", "be-liege", "be-tongeren", "de-aachen", "de-heinsberg"]
ASKER = "nl-maastricht"
PUMP = "pump.high_capacity"


def agreement(number=1, *, lenders=OWNERS, borrowers=(ASKER,), status="in_force", terms=None):
    facts = AgreementFacts(
        id=uuid.UUID(int=number),
        code=f"agreement-{number}",
        version=1,
        status=status,
        precedence=number,
        lenders=frozenset(member(code) for code in lenders),
        borrowers=frozenset(member(code) for code in borrowers),
        effective_at=NOON - timedelta(days=1),
        expires_at=None,
    )
    return facts, terms or Terms(kinds=("immediate",))


def rulings_of(pairs, *, stocks=None, uses=None, said=None, acknowledge=None):
    """Verdicts of the domain's own check, as whoever uses the planning hands them in."""
    asked = []

    def rulings(lender, ground, crossing):
        asked.append((lender, ground, crossing))
        answer = (acknowledge or {}).get(lender, 0)
        if lender == member(ASKER):
            return Ruling(own=True, acknowledge_min=answer, said=(said or {}).get(lender))
        case = Case("flood", PUMP, "immediate", lender, member(ASKER), 1, NOON, crossing=crossing)
        stock = (stocks or {}).get(lender, Stock(9, 0))
        verdict = choose(check(facts, terms, case, stock, (uses or {}).get(facts.id, Use())) for facts, terms in pairs)
        return Ruling(verdict, acknowledge_min=answer, said=(said or {}).get(lender))

    rulings.asked = asked
    return rulings


def chains(gates_, a, z):
    """Every way over one crossing, and over two with a country between."""
    found = [(gate,) for gate in gates_ if gate.countries == {a, z}]
    for first in gates_:
        for last in gates_:
            between = first.countries - {a}
            if (
                a in first.countries
                and z in last.countries
                and last.countries - {z} == between
                and not between & {a, z}
            ):
                found.append((first, last))
    return found


def on_the_way(of, place, goal, chain):
    """Minutes from one end to the other, piece by piece."""
    settled = of.settle(np.array([place[0]]), np.array([place[1]]), [place[2]])
    first, last = of.number_of(chain[0].code), of.number_of(chain[-1].code)
    between = 0 if first == last else of.transit(place[2], goal.country)[first, last]
    return settled.to_gate[0, first] + between + goal.from_gate[last] + sum(gate.delay_min for gate in chain)


def naive(units, of, ask, rulings, limit, elsewhere=()):
    """Each unit on its own, by the plain words of the rules: what the arrays must come to."""
    rows = []
    for each in units:
        lender, ground = each.member_id, 0
        base = rulings(lender, ground, None)
        goal = of.goal(ask.lon, ask.lat, ask.country)
        codes, ruling = set(), base
        if each.status != "available":
            codes.add(each.status)
        part = base.acknowledge_min, each.mobilisation_min
        place = each.lon, each.lat, each.country
        if each.country == ask.country:
            eta = of.eta(*place, goal, ask.at, mobilise_min=part[1], acknowledge_min=part[0])
        else:
            open_ = [gate for gate in of.gates if is_open(gate, ask.at)]
            fits = [gate for gate in open_ if not excesses(gate, each)]
            ways = chains(open_, each.country, ask.country)
            able = chains(fits, each.country, ask.country)
            among = [
                way for way in able if base.crossings is None or {gate.code for gate in way} <= set(base.crossings)
            ]
            if not ways:
                codes.add("no_open_crossing")
            elif not able:
                whose = [way for way in ways if len(way) == 1] or ways
                codes |= {excess.code for way in whose for gate in way for excess in excesses(gate, each)}
            elif not among:
                for first in {way[0].code for way in able}:
                    mine = [way for way in able if way[0].code == first]
                    named = rulings(lender, ground, first).crossings
                    among += [
                        way for way in mine if named is None or {gate.code for gate in way[1:]} <= set(named)
                    ] or mine
            timed = [(on_the_way(of, place, goal, way), [gate.code for gate in way], way) for way in among]
            if timed:
                minutes, names, _ = min(timed)
                eta = of.told(*part, minutes, of.number_of(names[0]), of.number_of(names[1]) if names[1:] else -1)
                if base.crossings is not None and not set(names) <= set(base.crossings):
                    ruling = rulings(lender, ground, names[0])
                    if ruling.crossings is not None and not set(names[1:]) <= set(ruling.crossings):
                        codes.add("crossing_not_allowed")
            else:
                eta = Eta(*part, float("inf"), 0.0, None)
        codes |= set(codes_of(ruling.bits))
        near = eta.total_min
        if near == float("inf"):
            from app.domain.geo import great_circle_km

            straight = of.straight_min(great_circle_km(each.lon, each.lat, ask.lon, ask.lat))
            near = base.acknowledge_min + each.mobilisation_min + straight
        elif ask.within_min is not None and near > ask.within_min:
            codes.add("too_late")
        if each.id in elsewhere:
            codes.add("wanted_elsewhere")
        rows.append((round(near, 6), each.call_sign, each.id, eta, tuple(code for code in ORDER if code in codes)))
    rows.sort(key=lambda row: row[:3])
    can = [row for row in rows if not row[4]]
    picks = can[:limit]
    last = picks[-1][0] if len(picks) == limit else float("inf")
    left = [row for row in rows if row[4] and row[0] <= last]
    return picks, left[:limit], len(can) - len(picks), len(left) - len(left[:limit])


statuses = st.sampled_from(["available"] * 4 + ["reserved", "committed", "out_of_service"])
many_units = st.lists(
    st.tuples(
        st.sampled_from(OWNERS),
        st.sampled_from(sorted(depots())),
        statuses,
        st.integers(0, 40),
        st.sampled_from([None, 3.0, 10.0, 19.0, 40.0]),
        st.sampled_from([None, 2.5, 2.8]),
    ),
    min_size=1,
    max_size=25,
)
papers = st.lists(
    st.tuples(
        st.sets(st.sampled_from(OWNERS), min_size=1),
        st.sampled_from(["in_force", "in_force", "suspended"]),
        st.one_of(st.just("*"), st.sets(st.sampled_from(sorted(borders())), min_size=1, max_size=4).map(sorted).map(tuple)),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    max_size=3,
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(
    many_units,
    papers,
    st.sampled_from(sorted(depots())),
    st.sets(st.sampled_from(sorted(borders())), max_size=9),
    st.one_of(st.none(), st.integers(0, 120)),
    st.integers(1, 6),
    st.booleans(),
    st.data(),
)
def test_the_ranking_is_that_of_a_naive_look_at_each_unit(rows, paper, at, shut, within, limit, by_road, data):
    """Speed that ranks otherwise than the rules do sends the wrong unit, and nobody sees it."""
    of = travel(by_road=by_road, **{code.replace("-", "_"): {"control": "closed"} for code in shut})
    units = [
        unit(owner, number, place, status=status, mobilisation_min=ready, weight_t=weight, width_m=width)
        for number, (owner, place, status, ready, weight, width) in enumerate(rows)
    ]
    pairs = [
        agreement(
            number,
            lenders=lenders,
            status=status,
            terms=Terms(
                kinds=("immediate",),
                crossings=crossings,
                caps={"units": [{"type": PUMP, "most": most}]} if most else {},
                reserve=[{"type": PUMP, "keep": keep}] if keep else [],
            ),
        )
        for number, (lenders, status, crossings, most, keep) in enumerate(paper, 1)
    ]
    stocks = {member(owner): Stock(data.draw(st.integers(0, 3)), 0) for owner in OWNERS}
    uses = {facts.id: Use(data.draw(st.integers(0, 2))) for facts, _ in pairs}
    said = {member(OWNERS[1]): data.draw(st.sampled_from([None, "can", "cannot"]))}
    rulings = rulings_of(pairs, stocks=stocks, uses=uses, said=said, acknowledge={member(OWNERS[2]): 4})
    elsewhere = {each.id for each in units if data.draw(st.integers(0, 5)) == 0}
    lon, lat, country = depots()[at]
    ask = Ask(PUMP, lon, lat, country, NOON, within)

    supply = Supply(of)
    for each in units:  # as they were before the events
        supply.put(
            "engine.pumper" if data.draw(st.booleans()) else PUMP, replace(each, lon=5.5, lat=50.9, status="available")
        )
    for each in data.draw(st.permutations(units)):
        supply.put(PUMP, replace(each, lon=6.0, lat=50.7, status="reserved"))
        supply.set_status(each.id, each.status, each.out_of_service_reason)
        supply.move(each.id, each.lon, each.lat)
    gone = [each for each in units if data.draw(st.integers(0, 6)) == 0]
    for each in gone:
        supply.drop(each.id)
    there = [each for each in units if each not in gone]
    assert len(supply) == len(there)

    found = recommend(supply, ask, rulings, limit=limit, elsewhere=elsewhere)
    picks, left, more, more_left = naive(there, of, ask, rulings, limit, elsewhere)
    assert [pick.unit.id for pick in found.picks] == [row[2] for row in picks]
    assert [(out.unit.id, out.codes) for out in found.left_out] == [(row[2], row[4]) for row in left]
    assert (found.more, found.more_left_out) == (more, more_left)
    for told, row in zip([*found.picks, *found.left_out], [*picks, *left], strict=True):
        assert told.eta.total_min == pytest.approx(row[3].total_min)
        assert (told.eta.gates, told.eta.crossing_min) == (row[3].gates, row[3].crossing_min)
    goal = of.goal(lon, lat, country)
    for pick in found.picks:
        each = next(one for one in there if one.id == pick.unit.id)
        place = each.lon, each.lat, each.country
        alone = chosen_way(of, *place, goal, NOON, unit=each, allowed=pick.ruling.crossings)
        assert alone.total_min == pytest.approx(pick.eta.road_min + pick.eta.crossing_min), "it goes as it was told"
    for out in found.left_out:
        texts = obstacle_texts().get(out.first.code) or reason_texts()[out.first.code]
        assert out.first.code == out.codes[0]
        for language in LANGUAGES:
            assert "{" not in out.first.said(language), texts


def one_way():
    """A corridor, a supply of three units, and an agreement for all of them."""
    of = travel()
    supply = Supply(of)
    for owner, place in (("be-liege", "vise"), ("de-aachen", "aachen"), (ASKER, "gulpen")):
        supply.put(PUMP, unit(owner, 1, place))
    lon, lat, country = depots()["maastricht"]
    return supply, Ask(PUMP, lon, lat, country, NOON)


def test_the_order_follows_a_crossing_and_a_position_at_once():
    """Recommendations that are a minute behind send a unit to a closed bridge."""
    supply, ask = one_way()
    rulings = rulings_of([agreement()])
    first = recommend(supply, ask, rulings).picks
    assert [pick.unit.call_sign for pick in first] == ["be-liege 1", "nl-maastricht 1", "de-aachen 1"]
    assert first[1].eta.gate is None
    supply.move(first[1].unit.id, *depots()["maastricht"][:2])
    assert recommend(supply, ask, rulings).picks[0].unit.call_sign == "nl-maastricht 1"
    straight = [gate for gate in supply.travel.gates if gate.countries == {"NL", "BE"}]
    for gate in straight:
        supply.travel.put_gate(replace(gate, control="closed"))
    found = recommend(supply, ask, rulings)
    assert [pick.unit.call_sign for pick in found.picks] == ["nl-maastricht 1", "de-aachen 1", "be-liege 1"]
    assert [each.countries for each in found.picks[2].eta.gates] == [{"BE", "DE"}, {"DE", "NL"}]
    named = agreement(terms=Terms(kinds=("immediate",), crossings=(found.picks[2].eta.gate.code,)))
    far = recommend(supply, ask, rulings_of([named])).left_out[-1]  # the second one is not among them
    assert (far.unit.call_sign, far.codes) == ("be-liege 1", ("crossing_not_allowed",))
    assert far.first.figures["crossing"] == found.picks[2].eta.via[0].code
    for gate in supply.travel.gates:
        if gate.countries == {"BE", "DE"}:
            supply.travel.put_gate(replace(gate, control="closed"))
    (out,) = recommend(supply, ask, rulings).left_out
    assert (out.first.code, dict(out.first.figures)) == ("no_open_crossing", {"from_country": "BE", "to_country": "NL"})
    assert out.eta.total_min == float("inf")


def test_limits_of_a_crossing_that_change_are_known():
    """A lorry goes through a third country where the bridges between the two are too weak for it, and nowhere where those on that way are as well."""
    supply, ask = one_way()
    supply.put(PUMP, unit("be-liege", 1, "vise", weight_t=20.0))
    rulings = rulings_of([agreement()])
    assert any(pick.unit.call_sign == "be-liege 1" for pick in recommend(supply, ask, rulings).picks)
    for gate in supply.travel.gates:
        if gate.countries == {"NL", "BE"}:
            supply.travel.put_gate(replace(gate, max_weight_t=12.0))
    (round_,) = [pick for pick in recommend(supply, ask, rulings).picks if pick.unit.call_sign == "be-liege 1"]
    assert round_.eta.via
    assert {why.code for why in round_.passed_by} == {"too_heavy"}
    for gate in supply.travel.gates:
        if gate.countries == {"NL", "DE"}:
            supply.travel.put_gate(replace(gate, max_weight_t=12.0))
    (out,) = recommend(supply, ask, rulings).left_out
    assert out.first.code == "too_heavy"
    assert out.first.figures["weight_t"] == 20.0
    assert "20" in out.first.said("nl")
    for gate in supply.travel.gates:
        if gate.countries == {"NL", "BE"}:
            supply.travel.put_gate(replace(gate, control="closed"))
    (out,) = recommend(supply, ask, rulings).left_out  # it could leave for Germany, and not come in from there
    assert out.first.code == "too_heavy"


def test_the_owners_word_stands_above_the_reserve():
    """Whoever lends decides about what is theirs, at every moment."""
    supply, ask = one_way()
    kept = agreement(terms=Terms(kinds=("immediate",), reserve=[{"type": PUMP, "keep": 9}]))
    luik = member("be-liege")
    stands = recommend(supply, ask, rulings_of([kept]))
    assert [out.first.code for out in stands.left_out] == ["reserve_floor", "reserve_floor"]
    lifted = recommend(supply, ask, rulings_of([kept], said={luik: "can"}), limit=2)
    assert lifted.picks[0].unit.member_id == luik
    refused = recommend(supply, ask, rulings_of([agreement()], said={luik: "cannot"}))
    assert [out.first.code for out in refused.left_out] == ["said_cannot"]


def test_a_class_is_asked_once_however_many_units_it_has():
    """Verdicts cost a thousand times what a row costs."""
    supply, ask = one_way()
    for number in range(2, 300):
        supply.put(PUMP, unit("be-liege", number, "liege"))
    rulings = rulings_of([agreement()])
    recommend(supply, ask, rulings)
    assert len(rulings.asked) == 3


def test_what_a_router_makes_late_is_told_and_what_it_makes_soon_enough_is_proposed():
    """Units that vanished from the list into a number could be sent by nobody; one that the router has in time stayed out by the own graph."""
    supply, ask = one_way()
    ask = replace(ask, within_min=40.0)
    found = recommend(supply, ask, rulings_of([agreement()]), limit=9)
    soon, late = found.picks[0], found.left_out[-1]
    assert (late.unit.call_sign, late.codes) == ("de-aachen 1", ("too_late",))
    to = ask.lon, ask.lat
    legs = {}
    for each, minutes in ((soon, 90.0), (late, 10.0)):
        for gate in supply.travel.gates:
            legs[(each.unit.lon, each.unit.lat), (gate.lon, gate.lat)] = minutes
            legs[(gate.lon, gate.lat), to] = 1.0
    anew = ranked_anew(found, supply, RoutedTravel(supply.travel, legs), ask, limit=9)
    assert "de-aachen 1" in [pick.unit.call_sign for pick in anew.picks]
    (out,) = anew.left_out
    assert (out.unit, out.codes) == (soon.unit, ("too_late",))
    assert out.first.figures == {"eta_min": round(out.eta.total_min), "within_min": 40}
    assert anew.more_left_out == 0


def test_nothing_of_a_type_is_an_answer_too():
    supply, ask = one_way()
    found = recommend(supply, replace(ask, type_code="helicopter.rescue"), rulings_of([]))
    assert (found.picks, found.left_out, found.of_type) == ((), (), 0)


def test_all_reasons_have_a_place_in_the_order():
    """A reason that the files of words gain and the order does not would stop the ranking in the night it is first told."""
    assert set(ORDER) == KNOWN
    assert len(ORDER) == len(set(ORDER)) < 63
    assert codes_of(bits_of(["too_late", "reserved", "cap_units"])) == ("reserved", "cap_units", "too_late")
    assert BIT[ORDER[0]] == 1
