"""Which units of a plan's pools are told for which line, in which order, and without which."""

import asyncio
import uuid
from datetime import UTC, datetime

from app.delivery.plans import _answer
from app.planning.eta import Size
from app.planning.facts import FreeUnit, OpenLine, Picture, Promised
from app.planning.papers import Asked, Counted, Lender, Papers
from app.planning.picture import posed
from app.planning.planner import Planner
from app.queries.forces import Forces
from app.queries.plan_facts import _ahead, _taken, _units
from app.queries.plans import Kept, Question, Ways, plan_view, units_by_line, what_if_view
from tests.planning.corridor import depots, member, travel, unit

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)
PUMP = "pump.high_capacity"
MAAS = member("nl-maastricht")
STRAIGHT = travel(by_road=False)
LON, LAT, COUNTRY = depots()["maastricht"]
A1, A2 = (uuid.UUID(int=number) for number in (1, 2))
FIRST, SECOND = (uuid.UUID(int=number) for number in (100, 101))


def line(id_, priority="life_safety"):
    asked = Asked(MAAS, COUNTRY, "flood", "immediate", PUMP, LON, LAT)
    return OpenLine(id_, uuid.UUID(int=9), "R", asked, 1, 0, priority, None, COUNTRY)


def kept(*lines, promised=()):
    """Two pumps of the member that asks, and its plan for some lines."""
    units = tuple(
        FreeUnit(id_, name, MAAS, COUNTRY, PUMP, LON, LAT, 5.0, Size(None, None, None))
        for id_, name in ((A1, "A1"), (A2, "A2"))
    )
    papers = Papers([], {MAAS: Lender(COUNTRY, "Europe/Amsterdam", "EUR")})
    of = posed(Picture(NOON, 1, lines, units, promised, papers, {PUMP: Counted({}, {}).after(None)}), STRAIGHT)
    ways = Ways(by_road=False, roads_wrong=False, routed=None)
    return Kept("1", of, Planner(of.situation).plan(20), (), {gate.code: gate for gate in STRAIGHT.gates}, {}, ways)


def told(view):
    return {each.request_line_id: [unit.resource_id for unit in each.units] for each in view.assignments}


def test_a_unit_that_is_out_goes_nowhere():
    """Who asks what becomes of it without a pump must not read that this pump goes."""
    of = kept(line(FIRST))
    assert told(plan_view(of, None, "en")) == {FIRST: [A1]}
    assert told(what_if_view(_answer(of, Question(resource=A1)), None, "en")) == {FIRST: [A2]}
    assert told(what_if_view(_answer(of, Question(resource=A2)), None, "en")) == {FIRST: [A1]}


def test_a_unit_that_is_promised_by_name_is_told_for_its_line():
    """A dispatcher who has offered a pump to one line reads it there, and not at the line before."""
    of = kept(line(FIRST), line(SECOND), promised=(Promised(SECOND, MAAS, PUMP, 1, None, A1),))
    assert told(plan_view(of, None, "en")) == {FIRST: [A2], SECOND: [A1]}
    assert units_by_line(of) == {FIRST: [A2], SECOND: [A1]}


def test_the_lines_that_save_life_are_read_first():
    """Within a priority they stay in the order in which they were opened."""
    third = uuid.UUID(int=102)
    of = kept(line(FIRST, "property"), line(SECOND), line(third))
    assert [each.request_line_id for each in plan_view(of, None, "en").lines] == [SECOND, third, FIRST]


def test_the_order_of_units_does_not_depend_on_what_was_before():
    """Another process, which never saw the unit that has gone, comes to the same plan."""
    there = [unit("nl-maastricht", number, "maastricht") for number in range(5)]
    orders = []
    for gone in (None, *there[:3]):
        forces = Forces("live", None)
        for each in there if gone is None else [gone, *(each for each in there if each is not gone)]:
            forces.supply.put(PUMP, each)
        if gone is not None:
            forces.supply.drop(gone.id)
            forces.supply.put(PUMP, gone)
        orders.append([each.id for each in asyncio.run(_units(forces, {PUMP}, set()))])
    assert all(order == sorted(each.id for each in there) for order in orders)


def test_what_is_on_its_way_takes_a_place_a_vehicle_and_waits_for_the_next_hour():
    """A platoon of four at a bridge that takes three an hour is no single car, and the fourth one is there in the hour after."""
    crossings = {code: {"code": code, "countries": ("BE", "NL"), "has_control": False} for code in ("narrow", "wide")}
    there = {"status": "in_transit", "crossings_behind": 0, "lon": None, "lat": None}
    rows = [
        there | {"way": ["narrow"], "type_code": "formation.water_supply", "many": 1},
        there | {"way": ["narrow"], "type_code": PUMP, "many": 3},
        there | {"way": ["wide"], "type_code": PUMP, "many": 2},
    ]
    told = _taken(_ahead(rows, crossings, []), {"narrow": 3, "wide": 60})
    assert told == {("narrow", 0): 3, ("narrow", 1): 3, ("narrow", 2): 1, ("wide", 0): 2}
