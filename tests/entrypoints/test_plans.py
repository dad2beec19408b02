"""The plan for all open lines, and what would be if, as members read them over HTTP."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from types import SimpleNamespace
from uuid import UUID

import pytest

from app.commands.crossings import SetCrossingState
from app.delivery.plans import AGAIN, _after
from app.domain.authority import SYSTEM
from app.planning.candidates import Why
from app.planning.plan import Assignment, Hindrance, Plan
from app.queries import candidates
from app.queries.costs import EstimateView
from app.queries.forces import Forces
from app.queries.forces_rows import some_units
from app.queries.plan_changes import change_view
from app.queries.plans import Kept, Ways, _Reader
from app.store.engine import reading
from tests.until import until
from tests.world import flood

PLAN = "/api/v1/spaces/live/plan"
WHAT_IF = f"{PLAN}/what-if"
ENGINES = 8
"""Of all members of the world together."""
NEVER = "0197a1b2-0000-7000-8000-000000000001"


def pumps(quantity, priority="life_safety", **other):
    return {
        "type_code": "pump.high_capacity", "quantity": quantity, "priority": priority, "lon": 5.7, "lat": 50.78,
    } | other  # fmt: skip


@pytest.fixture
async def ask(client):
    """Opens a request of maas for lines; returns the ids of its lines."""
    maas = client("maas", "dispatcher")
    incident = (await maas.post("/api/v1/spaces/live/incidents", json=flood())).json()["id"]

    async def asking(*lines):
        body = {"incident_id": incident, "kind": "immediate", "lines": lines, "then": "open"}
        made = await maas.post("/api/v1/spaces/live/requests", json=body)
        assert made.status_code == 201, made.text
        rows = made.json()["rows"]["request_line"]
        return [row["id"] for row in sorted(rows, key=lambda row: row["position"])]

    return asking


@pytest.fixture(autouse=True)
def soon(application):
    """Plans are made anew without the pause that gathers changes."""
    application.state.plans.debounce_s = 0.0


@pytest.fixture
async def no_detour(door, world):
    """Between Belgium and Germany nothing is open: there is no way round through a third country."""
    await door.execute(
        SetCrossingState(control="closed"), actor=SYSTEM, space="live", target=world.crossings["lichtenbusch"]
    )


def idle(world):
    """Without a unit that is there, and that no line asks for."""
    return {"resource_out": str(world.resources["luik-engine-1"])}


def sent(plan, world):
    """How many each member sends to each line."""
    code = {str(id_): name for name, id_ in world.members.items()}
    told = {}
    for each in plan["assignments"]:
        key = (each["request_line_id"], code[each["member_id"]])
        told[key] = told.get(key, 0) + each["quantity"]
    return told


async def test_all_open_lines_are_planned_at_once_and_what_is_open_says_why(client, world, ask):
    """Two lines that each count on the same pump: who plans them one by one promises it twice."""
    first, second = await ask(pumps(4), pumps(4, "property"))
    plan = (await client("maas", "dispatcher").get(PLAN)).json()
    assert (plan["status"], plan["note"], plan["ways"]["by"]) == ("optimal", None, "great_circle")
    told = sent(plan, world)
    # two of its own, two of three of luik's and one of two of aken's (each keeps one at home), hasselt's without an agreement: six
    by_member = dict.fromkeys(world.members, 0)
    for (_, code), many in told.items():
        by_member[code] += many
    assert by_member == {"maas": 2, "luik": 2, "aken": 1, "hasselt": 1}
    assert sum(many for (line, _), many in told.items() if line == first) == 4
    (ad_hoc,) = [each for each in plan["assignments"] if each["ad_hoc"]]
    assert ad_hoc["member_id"] == str(world.members["hasselt"])
    luik = next(each for each in plan["assignments"] if each["member_id"] == str(world.members["luik"]))
    assert (luik["agreement_code"], luik["agreement_version"], luik["crossing_id"]) == (
        "maas-broad", 1, str(world.crossings["eijsden"]),
    )  # fmt: skip
    assert len(luik["units"]) == luik["quantity"]
    assert luik["estimate"]["currency"] == "EUR"
    lines = {line["request_line_id"]: line for line in plan["lines"]}
    assert (lines[first]["unmet"], lines[second]["unmet"], plan["unmet_units"], plan["life_safety_unmet"]) == (
        0,
        2,
        2,
        0,
    )
    whys = {each["why"]["code"] for each in lines[second]["why"]}
    assert "wanted_elsewhere" in whys
    assert "reserve_floor" in whys
    assert all(each["why"]["text"] and "{" not in each["why"]["text"] for each in lines[second]["why"])
    (help_,) = {each["text"] for each in plan["help"] if each["member_id"] == str(world.members["luik"])} or {""}
    assert plan["help"], plan
    assert all(each["gain_units"] == 1 for each in plan["help"])
    assert "Luik" in help_ or "Liège" in help_


async def test_each_lender_that_keeps_some_at_home_is_named(client, world, ask):
    """ "The lender keeps 1 at home … holds 2 units back" stood for Liège and Aachen: nobody knew whom to ring."""
    (line,) = await ask(pumps(9))
    plan = (await client("maas", "dispatcher").get(PLAN, params={"language": "en"})).json()
    (row,) = [each for each in plan["lines"] if each["request_line_id"] == line]
    kept = {each["member_id"]: each for each in row["why"] if each["why"]["code"] == "reserve_floor"}
    assert kept.keys() == {str(world.members["luik"]), str(world.members["aken"])}
    assert {each["units"] for each in kept.values()} == {1}
    assert kept[str(world.members["aken"])]["text"].startswith("Aachen: ")
    assert kept[str(world.members["aken"])]["text"].endswith(kept[str(world.members["aken"])]["why"]["text"])


@pytest.mark.parametrize(
    ("many", "language", "last"),
    [
        (3, "en", None),
        (4, "en", "And 1 more lender, for the same reason."),
        (5, "en", "And 2 more lenders, for the same reason."),
        (5, "de", "Und 2 weitere Mitglieder, aus demselben Grund."),
        (5, "fr", "Et 2 autres membres, pour la même raison."),
        (5, "nl", "En nog 2 leden, om dezelfde reden."),
    ],
)
def test_three_lenders_are_told_and_how_many_more_there_are(many, language, last):
    """Thirty lenders that can't would push everything else off the screen; a sum under one name would be untrue."""
    who = [uuid.UUID(int=number) for number in range(1, many + 1)]
    names = {each: {"en": f"m{number}", language: f"{language}{number}"} for number, each in enumerate(who)}
    why = [Hindrance(Why("said_cannot"), many - number, each) for number, each in enumerate(who)]
    reader = _Reader(SimpleNamespace(members=names, gates={}), None, None, None, language)
    told = reader._hindrances(SimpleNamespace(asked=None), (*why, Hindrance(Why("wanted_elsewhere"), 1)))
    assert [each.member_id for each in told[:3]] == who[:3]
    assert [each.text.split("\u00a0")[0].split(":")[0] for each in told[:3]] == [f"{language}{n}" for n in range(3)]
    assert told[-1].why.code == "wanted_elsewhere"
    assert told[-1].member_id is None
    rest = told[3:-1]
    assert [each.text for each in rest] == ([] if last is None else [last])
    assert sum(each.units for each in rest) == sum(range(1, many - 2))
    assert all(each.why.figures["reason"] == "said_cannot" for each in rest)


async def test_pumps_that_all_go_are_counted(client, world, ask):
    """ "Not enough" for a boat that saves lives made people ring on: how many there are was said nowhere. One that works counts, one that is broken does not."""
    (line,) = await ask(pumps(9, type_code="engine.pumper"))
    maas, luik = client("maas", "dispatcher"), client("luik", "dispatcher")

    async def row():
        plan = (await maas.get(PLAN, params={"language": "en"})).json()
        (mine,) = [each for each in plan["lines"] if each["request_line_id"] == line]
        return mine, [(each["why"]["code"], each["why"]["figures"].get("units"), each["units"]) for each in mine["why"]]

    def there(of):
        return of["under_way"] + of["wanted"] - of["unmet"]

    mine, why = await row()
    assert (there(mine), why) == (ENGINES, [("all_sent", ENGINES, 0)])
    assert f"there are only {ENGINES} in the corridor" in mine["why"][0]["text"]
    unit = str(world.resources["luik-engine-1"])
    body = {"lines": [{"request_line_id": line, "resource_id": unit}]}
    offer = (await luik.post(f"/api/v1/spaces/live/requests/{mine['request_id']}/offers", json=body)).json()["id"]
    assert (await maas.post(f"/api/v1/spaces/live/offers/{offer}/accept", json={})).status_code < 300
    assert (await luik.post(f"/api/v1/spaces/live/offers/{offer}/commit", json={})).status_code < 300

    async def under_way():
        return (await row())[0]["under_way"] == 1

    await until(under_way)
    assert (await row())[1] == [("all_sent", ENGINES, 0)]
    broken = f"/api/v1/spaces/live/resources/{world.resources['maas-engine-1']}/status"
    told = await maas.post(broken, json={"status": "out_of_service", "reason": "maintenance"})
    assert told.status_code == 200, told.text

    async def one_less():
        return (await row())[1] == [("all_sent", ENGINES - 1, 0)]

    await until(one_less)


async def test_who_has_said_that_it_cannot_is_not_counted_on(client, world, ask):
    """Maas would wait for pumps that Luik has said it can't send. An offer that follows counts again."""
    (line,) = await ask(pumps(9))
    maas, luik = client("maas", "dispatcher"), client("luik", "dispatcher")
    at = f"/api/v1/spaces/live/requests/{(await maas.get(PLAN)).json()['lines'][0]['request_id']}"

    async def ranked():
        """How many of Luik's the plan sends, and what stands against them in the plan and in the two rankings."""
        plan = (await maas.get(PLAN)).json()
        recommended = (await maas.get(f"{at}/recommendations")).json()
        candidates_ = (await maas.get(f"{at}/candidates")).json()
        mine = str(world.members["luik"])
        return (
            sum(each["quantity"] for each in plan["assignments"] if each["member_id"] == mine),
            [
                each["why"]["code"]
                for row in plan["lines"]
                for each in row["why"]
                if each["why"]["code"] == "said_cannot"
            ],
            {each["why"]["code"] for each in recommended["left_out"] if each["member_id"] == mine},
            [each["member_id"] for each in recommended["items"]].count(mine),
            {each["can"] for each in candidates_["items"] if each["member_id"] == mine},
        )

    sends, against, left_out, picked, can = await ranked()
    assert (sends, against, left_out & {"said_cannot"}, can) == (2, [], set(), {True})
    assert picked > 0
    said = await luik.post(f"{at}/decline", json={"reason": "own_emergency"})
    assert said.status_code < 300, said.text
    await until(lambda: _sends(maas, world, 0))
    assert await ranked() == (0, ["said_cannot"], {"said_cannot"}, 0, {False})
    offered = await luik.post(f"{at}/offers", json={"lines": [{"request_line_id": line, "quantity": 1}]})
    assert offered.status_code < 300, offered.text
    await until(lambda: _sends(maas, world, 2))
    assert (await ranked())[1] == []


async def _sends(maas, world, many):
    plan = (await maas.get(PLAN)).json()
    return many == sum(
        each["quantity"] for each in plan["assignments"] if each["member_id"] == str(world.members["luik"])
    )


async def test_every_language_has_its_words(client, ask):
    """What would help most is read by who has to decide on it, in the language of the house."""
    await ask(pumps(9))
    told = {}
    for language in ("en", "de", "fr", "nl"):
        plan = (await client("luik", "dispatcher").get(PLAN, params={"language": language})).json()
        told[language] = [each["text"] for each in plan["help"]]
        assert told[language], language
        assert all(each["why"]["text"] for line in plan["lines"] for each in line["why"])
    assert len({tuple(texts) for texts in told.values()}) == 4
    assert "\u00a0:" in told["fr"][0]


async def test_costs_are_for_the_two_who_would_pay_and_be_paid(client, ask):
    """A third city sees who goes where, and not what it costs."""
    await ask(pumps(4))
    plan = (await client("hasselt", "dispatcher").get(PLAN)).json()
    assert plan["assignments"]
    assert not any(each["estimate"] for each in plan["assignments"])


@pytest.mark.usefixtures("no_detour")
async def test_it_is_made_anew_after_a_change_and_tells_what_changes(client, door, world, ask, application):
    """A plan that still goes over a closed bridge is worse than none; one that silently became another one is not trusted."""
    (line,) = await ask(pumps(4))
    maas = client("maas", "dispatcher")
    got = await maas.get(PLAN)
    before, tag = got.json(), got.headers["etag"]
    same = await maas.get(PLAN, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert (await client("luik", "dispatcher").get(PLAN, headers={"If-None-Match": tag})).status_code == 200
    closed = SetCrossingState(control="closed")
    await door.execute(closed, actor=SYSTEM, space="live", target=world.crossings["eijsden"])
    application.state.wakes.committed("live", 10**6)

    async def newer():
        return (await maas.get(PLAN, headers={"If-None-Match": tag})).status_code == 200

    await until(newer)
    plan = (await maas.get(PLAN)).json()
    assert plan["as_of_seq"] > before["as_of_seq"]
    assert str(world.crossings["eijsden"]) not in {each["crossing_id"] for each in plan["assignments"]}
    moved = {(each["member_id"], each["before"], each["after"]) for each in plan["change"]["moved"]}
    assert (str(world.members["luik"]), sent(before, world)[line, "luik"], 0) in moved
    assert plan["change"]["unmet_units"] == plan["unmet_units"] - before["unmet_units"]
    assert (before["change"], plan["change"]["since"], plan["same_since"]) == (None, before["at"], plan["at"])


async def test_a_detour_that_makes_everybody_late_is_told_as_a_change(client, door, world, ask, application):
    """The same units by the same agreements, half an hour later: whoever compares must not read that nothing has changed."""
    (line,) = await ask(pumps(4))
    maas = client("maas", "dispatcher")
    got = await maas.get(PLAN)
    for code in world.crossings.values():
        await door.execute(SetCrossingState(delay_min=30), actor=SYSTEM, space="live", target=code)
    application.state.wakes.committed("live", 10**6)

    async def later():
        answer = await maas.get(PLAN, headers={"If-None-Match": got.headers["etag"]})
        return (
            answer.status_code == 200
            and answer.json()["lines"][0]["last_min"] > got.json()["lines"][0]["last_min"] + 20
        )

    await until(later)
    change = (await maas.get(PLAN)).json()["change"]
    assert change["moved"] == []
    assert [each["request_line_id"] for each in change["later"]] == [line]


def test_what_nobody_can_see_is_no_other_plan():
    """Two units of one city change places: the difference that people look at stays the one before."""
    line, other, who = (uuid.UUID(int=number) for number in (1, 2, 3))

    def kept(name, before, *units):
        sent_ = tuple(Assignment(at, pool, who, "pump.high_capacity", 1, 20.0) for at, pool in units)
        ways = Ways(by_road=False, roads_wrong=False, routed=None)
        posed = SimpleNamespace(picture=SimpleNamespace(at=int(name)))
        return _after(before, Kept(name, posed, Plan(sent_, (), "optimal"), (), {}, {}, ways))

    first = kept("1", None, (line, "a"))
    second = kept("2", first, (line, "a"), (other, "b"))
    third = kept("3", second, (line, "b"), (other, "a"))
    assert (second.before.name, third.before.name) == ("1", "1")
    assert (first.same_since, second.same_since, third.same_since) == (1, 2, 2)


async def test_it_is_made_anew_when_a_unit_has_come_noticeably_nearer(client, world, clock, ask):
    """Nothing is said when a unit drives: where it is has to be enough. A few hundred metres are nothing to plan anew for."""
    await ask(pumps(1))
    maas = client("maas", "dispatcher")
    got = await maas.get(PLAN)
    tag, seq = got.headers["etag"], got.json()["as_of_seq"]
    sent_before = {unit["resource_id"] for one in got.json()["assignments"] for unit in one["units"]}
    pumps_of_maas = {str(world.resources[code]) for code in ("maas-pump-1", "maas-pump-2")}
    assert len(sent_before) == 1
    (near,) = pumps_of_maas - sent_before
    for minute, (lon, lat) in enumerate([(5.7, 50.7801), (5.7, 50.7802)], start=1):
        clock.move(minutes=minute)
        report = {"items": [{"resource_id": near, "lon": lon, "lat": lat}]}
        assert (await maas.post("/api/v1/spaces/live/positions", json=report)).json()["kept"] == 1

    async def newer():
        return (await maas.get(PLAN, headers={"If-None-Match": tag})).status_code == 200

    await until(newer)
    plan = (await maas.get(PLAN)).json()
    assert plan["as_of_seq"] == seq
    assert {unit["resource_id"] for one in plan["assignments"] for unit in one["units"]} == {near}


async def test_what_is_offered_and_under_way_stands_in_it(client, world, ask, application):
    """An offer that waits for its answer is counted on for its line, and a unit that rolls is planned for nobody else."""
    first, second = await ask(pumps(1), pumps(3, "property"))
    luik, maas = client("luik", "dispatcher"), client("maas", "dispatcher")
    request = next(each for each in (await maas.get("/api/v1/spaces/live/requests")).json()["items"])
    body = {"lines": [{"request_line_id": first, "resource_id": str(world.resources["luik-pump-1"])}]}
    offered = await luik.post(f"/api/v1/spaces/live/requests/{request['id']}/offers", json=body)
    assert offered.status_code == 201, offered.text
    plan = (await maas.get(PLAN)).json()
    units = {
        unit["resource_id"]: each["request_line_id"] for each in plan["assignments"] for unit in each["units"]
    }  # fmt: skip
    assert units[str(world.resources["luik-pump-1"])] == first
    recommended = await maas.get(
        f"/api/v1/spaces/live/requests/{request['id']}/recommendations", params={"line": first}
    )
    whys = {each["call_sign"]: each["why"]["code"] for each in recommended.json()["left_out"]}
    assert set(whys.values()) >= {"wanted_elsewhere", "reserved"}
    offer = offered.json()["id"]
    assert (await maas.post(f"/api/v1/spaces/live/offers/{offer}/accept", json={})).status_code < 300
    assert (await luik.post(f"/api/v1/spaces/live/offers/{offer}/commit", json={})).status_code < 300
    application.state.wakes.committed("live", 10**6)

    async def taken_in():
        lines = {line["request_line_id"] for line in (await maas.get(PLAN)).json()["lines"]}
        return lines == {second}

    await until(taken_in)
    plan = (await maas.get(PLAN)).json()
    there = {unit["resource_id"] for each in plan["assignments"] for unit in each["units"]}
    assert str(world.resources["luik-pump-1"]) not in there


async def test_a_plan_says_what_it_changes_of_what_is_promised_now(client, door, world, ask):
    """Who reads a plan decides what to do next: whom it would newly send, and which promise it would break, and for whom."""
    life, less = await ask(pumps(5), pumps(2, "property"))
    maas, luik = client("maas", "dispatcher"), client("luik", "dispatcher")
    (request,) = (await maas.get("/api/v1/spaces/live/requests")).json()["items"]
    pump = str(world.resources["luik-pump-1"])
    offer = f"/api/v1/spaces/live/requests/{request['id']}/offers"
    at_life = {"lines": [{"request_line_id": life, "resource_id": pump}]}
    offered = await luik.post(offer, json=at_life)
    assert offered.status_code == 201, offered.text
    plan = (await maas.get(PLAN)).json()
    now = plan["now"]
    assert (now["under_way"], now["kept"], now["not_kept"], now["penalty_min"]) == (0, 1, [], 60)
    assert sum(each["quantity"] for each in now["newly"]) + now["kept"] == sum(
        each["quantity"] for each in plan["assignments"]
    )
    assert (await luik.post(f"/api/v1/spaces/live/offers/{offered.json()['id']}/withdraw", json={})).status_code == 200
    at_less = {"lines": [{"request_line_id": less, "resource_id": pump}]}
    offered = await luik.post(offer, json=at_less)
    assert offered.status_code == 201, offered.text
    for code in ("vaals", "lichtenbusch"):
        closed = SetCrossingState(control="closed")
        await door.execute(closed, actor=SYSTEM, space="live", target=world.crossings[code])

    async def changed():
        return (await maas.get(PLAN)).json()["now"]["not_kept"] != []

    await until(changed)
    (broken,) = (await maas.get(PLAN)).json()["now"]["not_kept"]
    assert (broken["request_line_id"], broken["to_line_id"], broken["offer_status"], broken["quantity"]) == (
        less, life, "offered", 1,
    )  # fmt: skip
    assert [unit["resource_id"] for unit in broken["units"]] == [pump]
    closed = SetCrossingState(control="closed")
    await door.execute(closed, actor=SYSTEM, space="live", target=world.crossings["eijsden"])

    async def nowhere():
        return [each["to_line_id"] for each in (await maas.get(PLAN)).json()["now"]["not_kept"]] == [None]

    await until(nowhere)


async def test_minutes_are_told_in_their_parts(client, world, ask):
    """Thirty-eight minutes say nothing about where they could be saved: at the border, on the road, or in the hall."""
    await ask(pumps(5))
    plan = (await client("maas", "dispatcher").get(PLAN)).json()
    for each in plan["assignments"]:
        parts = dict(each["eta"])
        assert parts.pop("total_min") == each["eta_min"] == sum(parts.values())
        own, border = each["member_id"] == str(world.members["maas"]), each["crossing_id"]
        delay = {str(world.crossings["vaals"]): 10, str(world.crossings["eijsden"]): 0}.get(border, 0)
        assert (parts["mobilise_min"], parts["crossing_min"], parts["acknowledge_min"] > 0) == (10, delay, not own)


async def test_a_formation_is_reckoned_with_everybody_who_rides_in_it(client, world, engine):
    """What a whole platoon costs would be told for its leader's car alone, and billed for all of it."""
    luik = client("luik", "dispatcher")
    depot, ids = str(world.depots["luik"]), []
    kinds = (("tanker.water", 3), ("tanker.water", 2), ("vehicle.hose_layer", 2), ("command.vehicle", 1))
    for number, (type_code, crew) in enumerate(kinds):
        unit = {"depot_id": depot, "type_code": type_code, "call_sign": f"Column {number}", "crew": crew}
        made = await luik.post("/api/v1/spaces/live/resources", json=unit | {"mobilisation_min": 10})
        assert made.status_code == 201, made.text
        ids.append(made.json()["id"])
    whole = {"depot_id": depot, "type_code": "formation.water_supply", "call_sign": "Column", "part_ids": ids}
    made = await luik.post("/api/v1/spaces/live/formations", json=whole | {"mobilisation_min": 20})
    assert made.status_code == 201, made.text
    async with reading(engine) as conn:
        read = await some_units(conn, "live", [UUID(made.json()["id"])])
        rows = await conn.fetch(candidates._UNITS, "live", "formation.water_supply", world.members["luik"])
    (formed,) = [each for each in read if each.type_code == "formation.water_supply"]
    assert formed.unit.crew == sum(crew for _, crew in kinds)
    assert [row["crew"] for row in rows] == [formed.unit.crew]


async def test_a_formation_of_which_a_part_goes_out_of_service_is_counted_again(client, world, engine, clock):
    """Nothing is written at the formation's own row: what was counted of its type before would lend it still."""
    luik = client("luik", "dispatcher")
    code, ids = "formation.water_supply", []
    for number, type_code in enumerate(("tanker.water", "tanker.water", "vehicle.hose_layer", "command.vehicle")):
        unit = {
            "depot_id": str(world.depots["luik"]),
            "type_code": type_code,
            "call_sign": f"Column {number}",
            "crew": 2,
        }
        made = await luik.post("/api/v1/spaces/live/resources", json=unit | {"mobilisation_min": 10})
        assert made.status_code == 201, made.text
        ids.append(made.json()["id"])
    whole = {"depot_id": str(world.depots["luik"]), "type_code": code, "call_sign": "Column", "part_ids": ids}
    made = await luik.post("/api/v1/spaces/live/formations", json=whole | {"mobilisation_min": 20})
    assert made.status_code == 201, made.text
    forces, ready = Forces("live", None), []
    for reason in ("maintenance", None):
        async with reading(engine) as conn, forces.current(conn, clock.now()):
            stock = (await forces.counted(conn, code))[code].stocks.get(world.members["luik"])
            ready.append(0 if stock is None else stock.available)
        if reason is not None:
            out = await luik.post(
                f"/api/v1/spaces/live/resources/{ids[0]}/status", json={"status": "out_of_service", "reason": reason}
            )
            assert out.status_code == 200, out.text
    assert (ready, forces.filled) == ([1, 0], 1)


async def test_half_a_formation_that_rolls_is_completed_by_the_plan(client, world, ask):
    """Who watches two tankers leave for a water column must not be told to send for a whole one."""
    luik, maas = client("luik", "dispatcher"), client("maas", "dispatcher")
    units = []
    for number, type_code in enumerate(["tanker.water", "tanker.water", "vehicle.hose_layer", "command.vehicle"]):
        unit = {
            "depot_id": str(world.depots["luik"]), "type_code": type_code, "call_sign": f"Part {number}", "crew": 2,
            "mobilisation_min": 10,
        }  # fmt: skip
        made = await luik.post("/api/v1/spaces/live/resources", json=unit)
        assert made.status_code == 201, made.text
        units.append(made.json()["id"])
    (line,) = await ask({**pumps(1), "type_code": "formation.water_supply"})
    (request,) = (await maas.get("/api/v1/spaces/live/requests")).json()["items"]
    offer = {"lines": [{"request_line_id": line, "resource_id": unit} for unit in units[:2]]}
    offered = await luik.post(f"/api/v1/spaces/live/requests/{request['id']}/offers", json=offer)
    assert offered.status_code == 201, offered.text
    for who, step in ((maas, "accept"), (luik, "commit")):
        answer = await who.post(f"/api/v1/spaces/live/offers/{offered.json()['id']}/{step}", json={})
        assert answer.status_code == 200, answer.text
    plan = (await maas.get(PLAN)).json()
    (told,) = plan["lines"]
    assert (told["under_way"], told["wanted"], told["unmet"]) == (0, 1, 0)
    assert told["parts_under_way"] == {"tanker.water": 2}
    assert {unit["resource_id"] for each in plan["assignments"] for unit in each["units"]} == set(units[2:])
    assert all(each["part"] for each in plan["assignments"])


# ---------------------------------------------------------------- what if


async def test_a_way_through_a_third_country_names_each_crossing(client, world, ask):
    """Who drives through Germany is told so, and where they leave it: the control room there knows of nobody."""
    (line,) = await ask(pumps(5))
    told = (await client("maas", "dispatcher").post(
        WHAT_IF, json={"crossing_closed": str(world.crossings["eijsden"])}
    )).json()  # fmt: skip
    ways = {
        (each["crossing_id"], *each["via_crossing_ids"])
        for each in told["assignments"]
        if each["member_id"] == str(world.members["luik"]) and each["request_line_id"] == line
    }
    assert ways == {(str(world.crossings["lichtenbusch"]), str(world.crossings["vaals"]))}
    through = [each for each in told["assignments"] if each["via_crossing_ids"]]
    assert {each["eta"]["crossing_min"] for each in through} == {25}
    for each in told["assignments"]:
        warned = [(why["code"], why["figures"]) for why in each["warnings"]]
        assert warned == ([("transits", {"country": "DE", "crossing": "vaals"})] if each in through else [])
    assert {why["text"] for each in through for why in each["warnings"]} == {
        "De weg gaat door een derde land (Duitsland) en verder over Vaals. Meld het bij de meldkamer daar."
    }
    (other,) = {
        (each["before"]["crossing_id"], *each["before"]["via_crossing_ids"], each["after"]["crossing_id"], *each["after"]["via_crossing_ids"])
        for each in told["change"]["rerouted"]
        if each["member_id"] == str(world.members["luik"])
    }  # fmt: skip
    assert other == tuple(str(world.crossings[code]) for code in ("eijsden", "lichtenbusch", "vaals"))


@pytest.mark.usefixtures("no_detour")
async def test_what_if_tells_the_difference_and_touches_nothing(client, world, ask, pg):
    """Before a bridge is closed or an agreement set aside, one sees whom it hits."""
    (line,) = await ask(pumps(5))
    maas = client("maas", "dispatcher")
    plan = (await maas.get(PLAN)).json()
    conn = await pg()
    seq = await conn.fetchval("SELECT seq FROM journal_head WHERE space_id = 'live'")

    async def asked(**what):
        answer = await maas.post(WHAT_IF, json=what)
        assert answer.status_code == 200, answer.text
        return answer.json()

    closed = await asked(crossing_closed=str(world.crossings["eijsden"]))
    assert closed["change"]["unmet_units"] > 0
    assert (closed["of"], closed["note"]) == (plan["name"], None)
    moved = {each["member_id"] for each in closed["change"]["moved"]}
    assert str(world.members["luik"]) in moved
    suspended = await asked(agreement_suspended=str(world.agreements["maas-broad"]))
    assert all(each["ad_hoc"] or each["member_id"] == str(world.members["maas"]) for each in suspended["assignments"])
    kept = await asked(
        reserve_kept={"member_id": str(world.members["luik"]), "type_code": "pump.high_capacity", "by": 1}
    )
    assert sent(plan, world)[line, "luik"] - sent(kept, world)[line, "luik"] == 1
    out = await asked(resource_out=str(world.resources["luik-pump-1"]))
    assert sent(plan, world)[line, "luik"] - sent(out, world)[line, "luik"] == 1
    nothing = await asked(resource_out=str(world.resources["luik-engine-1"]))
    assert (nothing["change"]["moved"], nothing["change"]["unmet_units"]) == ([], 0)
    assert nothing["note"].startswith("Het plan rekent er niet op")
    assert await conn.fetchval("SELECT seq FROM journal_head WHERE space_id = 'live'") == seq
    assert (await maas.get(PLAN)).json()["assignments"] == plan["assignments"]


async def test_the_same_units_by_another_agreement_or_none_are_a_difference(client, world, ask):
    """ "Nothing changes" was told of an agreement set aside, though every unit then needs a representative's act, over the same bridge to the same line."""
    (line,) = await ask(pumps(5))
    maas = client("maas", "dispatcher")
    body = {"agreement_suspended": str(world.agreements["maas-broad"])}
    plan, told = (await maas.get(PLAN)).json(), (await maas.post(WHAT_IF, json=body)).json()
    rerouted = {each["member_id"]: each for each in told["change"]["rerouted"]}
    luik = rerouted[str(world.members["luik"])]
    way = {"crossing_id": str(world.crossings["eijsden"]), "via_crossing_ids": []}
    assert (luik["request_line_id"], luik["quantity"]) == (line, sent(plan, world)[line, "luik"])
    assert luik["before"] == way | {"agreement_code": "maas-broad", "agreement_version": 1, "ad_hoc": False}
    assert luik["after"] == way | {"agreement_code": None, "agreement_version": None, "ad_hoc": True}
    assert str(world.members["maas"]) not in rerouted
    assert (told["of_at"], told["worst_share"]) == (plan["at"], 1.0)


def test_what_it_costs_more_is_told_by_currency():
    """A detour by a dearer neighbour read as free: minutes were told, and not what they are paid with."""

    def estimates(*amounts):
        return [
            None if each is None else EstimateView(amount=each[0], currency=each[1], hours="8", kilometres="40", crew=3)
            for each in amounts
        ]

    nothing = Plan((), (), "optimal")
    before = estimates(("118.25", "EUR"), None, ("10", "CHF"))
    after = estimates(("100.00", "EUR"), ("50.50", "EUR"), ("10", "CHF"), ("3", "PLN"))
    told = change_view(nothing, nothing, {}, (before, after)).model_dump(mode="json")["cost"]
    assert told == [
        {"currency": "EUR", "before": "118.25", "after": "150.50"}, {"currency": "PLN", "before": "0", "after": "3"},
    ]  # fmt: skip


@pytest.mark.usefixtures("no_detour")
async def test_sooner_for_fewer_is_told_as_fewer(client, world, ask):
    """After a bridge is lost "the last one 20 minutes sooner" read as good news: those from beyond it don't come at all."""
    (line,) = await ask(pumps(6))
    maas = client("maas", "dispatcher")
    plan = (await maas.get(PLAN)).json()
    told = (await maas.post(WHAT_IF, json={"crossing_closed": str(world.crossings["eijsden"])})).json()
    out = (await maas.post(WHAT_IF, json=idle(world))).json()
    (later,) = told["change"]["later"]
    lost = sum(sent(plan, world).values()) - sum(sent(told, world).values())
    assert (later["request_line_id"], later["fewer"], lost > 0) == (line, lost, True)
    assert out["change"]["later"] == []


async def test_what_if_of_what_is_not_there_is_refused_and_what_is_so_already_is_said(
    client, door, world, ask, application
):
    """ "The plan does not count on it" was told of a bridge with a digit too few, and of an agreement that is suspended already: both read as harmless."""
    await ask(pumps(2))
    maas = client("maas", "dispatcher")
    unknown = [{"crossing_closed": NEVER}, {"agreement_suspended": NEVER}, {"resource_out": NEVER},
               {"reserve_kept": {"member_id": NEVER, "type_code": "pump.high_capacity"}}]  # fmt: skip
    for body in unknown:
        refused = await maas.post(WHAT_IF, json=body)
        assert (refused.status_code, refused.json()["id"]) == (404, NEVER), body
        assert refused.json()["hint"].startswith("Name one of `/")
    kept = await application.state.plans.of("live")
    papers = kept.posed.picture.papers
    for number, (facts, terms) in enumerate(papers.pairs):
        if facts.id == world.agreements["maas-broad"]:
            papers.pairs[number] = (replace(facts, status="suspended"), terms)
    told = (await maas.post(WHAT_IF, json={"agreement_suspended": str(world.agreements["maas-broad"])})).json()
    assert "al opgeschort" in told["note"]


async def test_who_is_one_too_many_is_told_to_ask_again(client, world, ask, application):
    """A hint to use the same Idempotency-Key helps nobody where there is none to use."""
    await ask(pumps(2))
    maas = client("maas", "dispatcher")
    await maas.get(PLAN)
    application.state.plans._waiting = 8
    full = await maas.post(WHAT_IF, json={"crossing_closed": str(world.crossings["eijsden"])})
    assert (full.status_code, full.json()["hint"]) == (503, AGAIN)
    application.state.plans._waiting = 0


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        ({}, "malformed"),
        ({"crossing_closed": None}, "malformed"),
        ({"crossing_closed": "eijsden"}, "wrong-format"),
        ({"bridge": NEVER}, "unknown-field"),
        ({"reserve_kept": {"member_id": NEVER, "type_code": "no.such", "by": 1}}, "unknown-code"),
        ({"reserve_kept": {"member_id": NEVER, "type_code": "engine.pumper", "by": 1e9}}, "out-of-range"),
        ({"reserve_kept": {"member_id": NEVER, "type_code": "engine.pumper", "by": 0.5}}, "wrong-type"),
        ([], "wrong-type"),
    ],
)
async def test_a_question_that_is_none_is_refused(body, type_, client):
    """Whoever mistypes a crossing must not read that closing it changes nothing."""
    answer = await client("maas", "dispatcher").post(WHAT_IF, json=body)
    assert answer.status_code == 422, answer.text
    told = {each["type"] for each in answer.json()["errors"]} | {answer.json()["type"]}
    assert f"/problems/{type_}" in told, answer.text


async def test_a_plan_for_nothing_and_one_that_nobody_can_keep(client, door, world, ask):
    """No line, no crossing, no time: an answer that says so, and never an empty one."""
    maas = client("maas", "dispatcher")
    empty = (await maas.get(PLAN)).json()
    assert (empty["status"], empty["lines"], empty["assignments"], empty["help"]) == ("optimal", [], [], [])
    assert (await client("maas", "dispatcher").post(WHAT_IF, json=idle(world))).json()["note"]


async def test_what_cannot_be_is_told(client, door, world, ask):
    """A deadline that nobody can keep, with every crossing closed."""
    for code in world.crossings.values():
        await door.execute(SetCrossingState(control="closed"), actor=SYSTEM, space="live", target=code)
    soon_, never = await ask(
        pumps(1, needed_by="2026-07-14T12:03:00Z"), {**pumps(3), "type_code": "ambulance.als", "priority": "property"}
    )
    plan = (await client("maas", "dispatcher").get(PLAN)).json()
    lines = {line["request_line_id"]: line for line in plan["lines"]}
    assert plan["assignments"] == []
    assert {each["why"]["code"] for each in lines[soon_]["why"]} >= {"too_late", "no_open_crossing"}
    assert [each["why"]["code"] for each in lines[never]["why"]] == ["no_open_crossing"]


async def test_greedy_answers_for_a_solver_that_fails_or_is_late(client, world, ask, monkeypatch):
    """What is read says that it is not the exact plan, and why; what if is answered, too."""
    from app.delivery import plans
    from app.planning import planner

    class Broken(planner.Solver):
        def solve(self, limit_s):
            raise RuntimeError("a corner of HiGHS")

    with monkeypatch.context() as broken:
        broken.setattr(planner, "Solver", Broken)
        await ask(pumps(4))
        maas = client("maas", "dispatcher")
        plan = (await maas.get(PLAN, params={"language": "en"})).json()
        assert (plan["status"], plan["unmet_units"], plan["help"]) == ("greedy", 0, [])
        assert plan["note"].startswith("The exact plan could not be made")
        answer = await maas.post(WHAT_IF, json=idle(world))
        assert (answer.status_code, answer.json()["status"]) == (200, "greedy")
    monkeypatch.setattr(plans, "LIMIT_S", 0.0)
    late = (await maas.post(WHAT_IF, json=idle(world))).json()
    assert (late["status"], late["unmet_units"]) == ("greedy", 0)


async def test_the_loop_goes_on_while_a_plan_is_made(client, ask, application, monkeypatch):
    """A solver that takes its time must not keep a control room's phone call waiting; too many questions are sent back."""
    import threading

    from app.delivery import plans

    begun, go_on = threading.Event(), threading.Event()
    make = plans._plan

    def slow(*args):
        begun.set()
        assert go_on.wait(30)
        return make(*args)

    monkeypatch.setattr(plans, "_plan", slow)
    await ask(pumps(1))
    maas = client("maas", "dispatcher")
    waiting = asyncio.create_task(maas.get(PLAN))
    await asyncio.to_thread(begun.wait, 30)
    assert (await maas.get("/api/v1/spaces/live/requests")).status_code == 200
    monkeypatch.setattr(plans, "MOST_WAITING", 1)
    other = await maas.get("/api/v1/spaces/integration/plan")
    assert (other.status_code, other.json()["type"]) == (503, "/problems/unavailable")
    assert not waiting.done()
    go_on.set()
    assert (await waiting).status_code == 200
