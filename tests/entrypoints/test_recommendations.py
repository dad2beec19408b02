"""Whom to ask, and why not the nearer ones, as a dispatcher asks over HTTP: from what the process holds, which follows the journal."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from app.commands.crossings import AddCrossing, SetCrossingState
from app.commands.resources import SetResourceStatus
from app.delivery.routers import HttpRouter
from app.domain.authority import SYSTEM
from app.main import create_app
from app.queries.plan_facts import picture_of
from app.settings import Settings
from tests.until import until
from tests.world import everywhere, flood

LINES = [
    {
        "type_code": "pump.high_capacity",
        "quantity": 2,
        "priority": "life_safety",
        "lon": 5.7,
        "lat": 50.78,
        "needed_by": "2026-07-14T14:30:00Z",
    },
]
ROADS = """
version: 1
classes: {main: {speed_kmh: 50, winding: 1.2}}
junctions:
  NL: {maas: [5.69, 50.85], east: [6.01, 50.78]}
  BE: {luik: [5.57, 50.63], visé: [5.69, 50.74]}
  DE: {aken: [6.08, 50.78]}
roads:
  NL:
    - {road: A2, class: main, via: [maas, "@eijsden"]}
    - {road: N278, class: main, via: [maas, east, "@vaals"]}
  BE:
    - {road: A25, class: main, via: [luik, vise, "@eijsden"]}
    - {road: A3, class: main, via: [luik, "@lichtenbusch"]}
  DE:
    - {road: L1, class: main, via: [aken, "@vaals"]}
    - {road: L2, class: main, via: [aken, "@lichtenbusch"]}
""".replace("visé:", "vise:")


@pytest.fixture
async def asked(client):
    """maas's open request for two pumps; the addresses of its recommendations and of its candidates."""
    maas = client("maas", "dispatcher")
    incident = (await maas.post("/api/v1/spaces/live/incidents", json=flood())).json()["id"]
    body = {"incident_id": incident, "kind": "immediate", "lines": LINES, "then": "open"}
    made = (await maas.post("/api/v1/spaces/live/requests", json=body)).json()
    return f"/api/v1/spaces/live/requests/{made['id']}/recommendations"


def names(found, of="items"):
    return [item["call_sign"] for item in found[of]]


async def test_who_is_proposed_and_why_a_nearer_one_is_not(client, world, asked):
    """The requester sees the time in its parts, the agreement in its version, what is left of the reserve; and one true reason for each that is left out."""
    found = (await client("maas", "dispatcher").get(asked)).json()
    by_name = {item["call_sign"]: item for item in found["items"]}
    assert set(by_name) == {
        "maas pump 1",
        "maas pump 2",
        *(f"luik pump {n}" for n in (1, 2, 3)),
        "aken pump 1",
        "aken pump 2",
    }
    own, luik = by_name["maas pump 1"], by_name["luik pump 1"]
    assert (own["of_requester"], own["agreement_code"], own["crossing_id"], own["eta"]["acknowledge_min"]) == (
        True, None, None, 0,
    )  # fmt: skip
    assert (luik["agreement_code"], luik["agreement_version"], luik["reserve_left"]) == ("maas-broad", 1, 2)
    assert luik["crossing_id"] == str(world.crossings["eijsden"])
    parts = luik["eta"]
    assert parts["total_min"] == sum(value for name, value in parts.items() if name != "total_min")
    assert (parts["acknowledge_min"], parts["mobilise_min"]) == (found["usual_answer_min"], 10)
    assert luik["readiness"] == {"papers": True, "couplings": True, "radios": True, "languages": ["en"]}
    totals = [item["eta"]["total_min"] for item in found["items"]]
    assert totals == sorted(totals)
    (hasselt,) = found["left_out"]
    assert (hasselt["call_sign"], hasselt["why"]["code"], hasselt["only_agreement"]) == (
        "hasselt pump 1", "lender_not_party", True,
    )  # fmt: skip
    assert found["ways"] == {"by": "great_circle", "note": None}
    assert found["of_type"] == 8
    short = (await client("maas", "dispatcher").get(asked, params={"limit": 2})).json()
    assert (names(short), short["more"]) == (names(found)[:2], 5)


async def test_units_of_one_member_are_ranked_alone(client, world, asked):
    """A city that comes after twelve units of others was told "5 others could come later", and could never see, nor send, its own."""
    luik = client("luik", "dispatcher")
    first = (await luik.get(asked, params={"limit": 1})).json()
    assert names(first) != ["luik pump 1"]
    theirs = {"member": str(world.members["luik"])}
    own = (await luik.get(asked, params={"limit": 1} | theirs)).json()
    assert (names(own), own["more"], own["of_type"]) == (["luik pump 1"], 2, 8)
    every = (await luik.get(asked, params={"limit": 200} | theirs)).json()
    assert (names(every), every["left_out"], every["more"]) == ([f"luik pump {n}" for n in (1, 2, 3)], [], 0)
    (barred,) = (await luik.get(asked, params={"member": str(world.members["hasselt"])})).json()["left_out"]
    assert (barred["call_sign"], barred["why"]["code"]) == ("hasselt pump 1", "lender_not_party")


async def test_costs_are_for_the_two_who_would_pay_and_be_paid(client, asked):
    """What help costs is between its lender and the requester; a third city reads the rest."""
    party = (await client("maas", "dispatcher").get(asked)).json()["items"]
    third = (await client("hasselt", "dispatcher").get(asked)).json()["items"]
    lender = (await client("luik", "dispatcher").get(asked)).json()["items"]
    of = {item["call_sign"]: item["estimate"] for item in party}
    assert of["maas pump 1"] is None
    assert of["luik pump 1"]["currency"] == "EUR"
    assert not any(item["estimate"] for item in third)
    assert {item["call_sign"] for item in lender if item["estimate"]} == {f"luik pump {n}" for n in (1, 2, 3)}


async def test_a_unit_that_is_wanted_more_elsewhere_is_told_though_nobody_looks_at_the_plan(client, asked, application):
    """With nobody on the plan's screen, twelve boats stood as free for whoever asked first, and ten of them were the last hope of another line."""
    maas = client("maas", "dispatcher")
    (incident,) = (await maas.get("/api/v1/spaces/live/incidents")).json()["items"]
    less = {**LINES[0], "quantity": 1, "priority": "property"}
    body = {"incident_id": incident["id"], "kind": "immediate", "lines": [less], "then": "open"}
    made = (await maas.post("/api/v1/spaces/live/requests", json=body)).json()
    found = (await maas.get(f"/api/v1/spaces/live/requests/{made['id']}/recommendations")).json()
    assert found["plan_as_of_seq"] == found["as_of_seq"]
    elsewhere = [item for item in found["left_out"] if item["why"]["code"] == "wanted_elsewhere"]
    assert len(elsewhere) == LINES[0]["quantity"]
    looked = application.state.plans._spaces["live"].looked_at
    await maas.get(asked)
    assert application.state.plans._spaces["live"].looked_at > looked  # who reads recommendations keeps the plan alive


async def test_a_plan_that_takes_long_keeps_no_recommendations_waiting(client, asked, monkeypatch):
    """Whom to ask must be on the screen while the first plan of a morning is still being worked out, and must say that it has not been asked."""
    from app.delivery import plans

    go_on, make = threading.Event(), plans._plan

    def slow(*args):
        assert go_on.wait(30)
        return make(*args)

    monkeypatch.setattr(plans, "_plan", slow)
    monkeypatch.setattr(plans, "FIRST_S", 0.05)
    maas = client("maas", "dispatcher")
    found = (await maas.get(asked)).json()
    assert (found["plan_as_of_seq"], found["items"] != []) == (None, True)
    go_on.set()

    async def ready():
        return (await maas.get(asked)).json()["plan_as_of_seq"] is not None

    await until(ready)


async def test_it_follows_units_crossings_and_words_at_once(client, door, clock, world, asked, application):
    """A unit that has just been sent, or a bridge that has just been closed, must not be proposed for one more second; nor is everything read anew for it."""
    maas = client("maas", "dispatcher")
    before = (await maas.get(asked)).json()
    forces = application.state.forces.of("live")
    assert forces.filled == 1
    broken = SetResourceStatus(status="out_of_service", reason="crew")
    await door.execute(broken, actor=SYSTEM, space="live", target=world.resources["luik-pump-1"])
    closed = SetCrossingState(control="closed")
    await door.execute(closed, actor=SYSTEM, space="live", target=world.crossings["vaals"])
    round_ = {item["call_sign"]: item for item in (await maas.get(asked)).json()["items"]}["aken pump 1"]
    way = [round_["crossing_id"], *round_["via_crossing_ids"]]
    assert way == [str(world.crossings[code]) for code in ("lichtenbusch", "eijsden")]
    (warning,) = [each for each in round_["warnings"] if each["code"] == "transits"]
    assert (warning["blocking"], warning["figures"]) == (False, {"country": "BE", "crossing": "eijsden"})
    assert "(België)" in warning["text"]
    await door.execute(closed, actor=SYSTEM, space="live", target=world.crossings["lichtenbusch"])
    found = (await client("luik", "dispatcher").get(asked)).json()
    assert found["as_of_seq"] > before["as_of_seq"]
    out = {item["call_sign"]: item for item in found["left_out"]}
    assert "luik pump 1" not in names(found)
    assert (out["luik pump 1"]["why"]["code"], out["luik pump 1"]["status"]) == ("out_of_service", "out_of_service")
    assert out["luik pump 1"]["why"]["text"] == "Hors service\u00a0: Pas d'équipage."
    assert (out["aken pump 1"]["why"]["code"], out["aken pump 1"]["eta"]) == ("no_open_crossing", None)
    (left,) = {item["reserve_left"] for item in found["items"] if item["call_sign"].startswith("luik")}
    assert left == 1
    clock.move(minutes=1)
    near = str(world.resources["luik-pump-3"])
    report = {"items": [{"resource_id": near, "lon": 5.7, "lat": 50.779}]}
    assert (await client("luik", "dispatcher").post("/api/v1/spaces/live/positions", json=report)).json()["kept"] == 1
    clock.move(seconds=40)
    found = (await maas.get(asked)).json()
    moved = next(item for item in found["items"] if item["resource_id"] == near)
    assert (moved["place"]["coordinates"], moved["position_age_s"]) == ([5.7, 50.779], 40)
    word = {"word": "cannot", "reason": "own_emergency", "until_at": "2026-07-14T16:00:00Z"}
    said = await client("luik", "authorised_representative").post("/api/v1/spaces/live/lender-words", json=word)
    assert said.status_code == 201, said.text
    found = (await maas.get(asked)).json()
    assert names(found) == ["maas pump 1", "maas pump 2"]
    whys = {item["call_sign"]: item["why"]["code"] for item in found["left_out"]}
    assert (whys["luik pump 2"], whys["luik pump 1"]) == ("lender_cannot", "out_of_service")
    assert forces.filled == 1


async def test_a_gap_is_filled_from_the_tables(client, door, world, asked, application, monkeypatch):
    """A process that was asked long ago reads the tables, not a week of journal; and an agreement that a party sets aside is none for everybody."""
    maas = client("maas", "dispatcher")
    await maas.get(asked)
    monkeypatch.setattr("app.queries.forces.MOST_MISSED", 1)
    forces = application.state.forces.of("live")
    for name in ("luik-pump-1", "luik-pump-2"):
        broken = SetResourceStatus(status="out_of_service", reason="damage")
        await door.execute(broken, actor=SYSTEM, space="live", target=world.resources[name])
    found = (await maas.get(asked)).json()
    assert {"luik pump 1", "luik pump 2"} <= set(names(found, "left_out"))
    assert forces.filled == 2
    suspend = {"reason": "No crews until Friday."}
    address = f"/api/v1/spaces/live/agreements/{world.agreements['maas-broad']}/suspend"
    assert (await client("luik", "authorised_representative").post(address, json=suspend)).status_code < 300
    found = (await maas.get(asked)).json()
    assert names(found) == ["maas pump 1", "maas pump 2"]
    assert {item["why"]["code"] for item in found["left_out"] if "aken" in item["call_sign"]} == {"not_in_force"}


async def test_what_is_not_there_or_not_for_these_eyes(client, asked):
    """A draft's recommendations would tell another city of a request that nobody opened."""
    maas, luik = client("maas", "dispatcher"), client("luik", "dispatcher")
    other_line = {"line": "0197a1b2-0000-7000-8000-000000000001"}
    assert (await maas.get(asked, params=other_line)).json()["type"] == "/problems/not-found"
    assert (await maas.get(asked, params={"language": "pl"})).json()["type"] == "/problems/unknown-code"
    for limit in (0, 201, "x"):
        assert (await maas.get(asked, params={"limit": limit})).status_code == 422
    incident = (await maas.get("/api/v1/spaces/live/incidents")).json()["items"][0]["id"]
    body = {"incident_id": incident, "kind": "planned", "lines": LINES}
    draft = (await maas.post("/api/v1/spaces/live/requests", json=body)).json()["id"]
    address = f"/api/v1/spaces/live/requests/{draft}/recommendations"
    assert (await maas.get(address)).status_code == 200
    assert (await luik.get(address)).status_code == 404


# ---------------------------------------------------------------- roads, and an external router


@pytest.fixture
def served(database, clock):
    """Serves an application with other settings, for the time of a block."""

    class Serving:
        def __init__(self, **settings):
            self.app = create_app(Settings(**settings), database, clock=clock, background=False)

        async def __aenter__(self):
            self.lifespan = self.app.router.lifespan_context(self.app)
            await self.lifespan.__aenter__()
            return self

        async def __aexit__(self, *error):
            await self.lifespan.__aexit__(*error)

        async def get(self, world, address):
            async with self.http(world, "maas") as http:
                return (await http.get(address)).json()

        def http(self, world, member):
            headers = {"Authorization": f"Bearer {world.token(member, 'dispatcher')}"}
            transport = httpx.ASGITransport(app=self.app)
            return httpx.AsyncClient(transport=transport, base_url="http://concord.test", headers=headers)

    return Serving


async def test_ways_are_of_the_corridors_roads_where_it_has_some(served, world, asked, tmp_path):
    """A detour by the only bridge is no straight line; and a file that does not fit is said, not silently left out."""
    file = tmp_path / "roads.yaml"
    file.write_text(ROADS, "utf-8")
    async with served(roads=file) as app:
        found = await app.get(world, asked)
        assert found["ways"] == {"by": "roads", "note": None}
        luik = next(item for item in found["items"] if item["call_sign"] == "luik pump 1")
    file.write_text(ROADS.replace("@eijsden", "@nowhere"), "utf-8")
    async with served(roads=file) as app:
        wrong = await app.get(world, asked)
        assert wrong["ways"]["by"] == "great_circle"
        assert wrong["ways"]["note"]
        straight = next(item for item in wrong["items"] if item["call_sign"] == "luik pump 1")
    assert luik["eta"]["road_min"] != straight["eta"]["road_min"]


async def test_a_unit_is_committed_to_the_way_that_was_told(served, door, clock, pg, world, asked, tmp_path):
    """Told over one bridge and sent over another, it stands before a barrier at night; and the next ones are planned into a queue that nobody counted."""
    file = tmp_path / "roads.yaml"
    file.write_text(ROADS, "utf-8")
    sides = {"member_a_id": world.members["maas"], "member_b_id": world.members["luik"], "capacity_vph": 60}
    kanne = {"code": "kanne", "names": everywhere("Kanne"), "lon": 5.5, "lat": 50.75, "roads": ["N671"], **sides}
    at_kanne = (await door.execute(AddCrossing.model_validate(kanne), actor=SYSTEM, space="live")).id
    closed = SetCrossingState(control="closed")
    await door.execute(closed, actor=SYSTEM, space="live", target=world.crossings["vaals"])
    clock.move(minutes=1)
    space = "/api/v1/spaces/live"
    async with served(roads=file) as app, app.http(world, "maas") as maas:
        told, sent = {}, {}
        for owner, call_sign in (("aken", "aken pump 1"), ("luik", "luik pump 1")):
            async with app.http(world, owner) as theirs:
                unit = str(world.resources[f"{owner}-pump-1"])
                if owner == "luik":  # it is out on a practice ground, and not at its depot
                    report = {"items": [{"resource_id": unit, "lon": 5.5, "lat": 50.745}]}
                    await theirs.post(f"{space}/positions", json=report)
                found = (await maas.get(asked, params={"member": str(world.members[owner])})).json()
                pick = next(item for item in found["items"] if item["call_sign"] == call_sign)
                told[owner] = (pick["crossing_id"], *pick["via_crossing_ids"])
                line = {"request_line_id": found["request_line_id"], "resource_id": unit}
                offer = (await theirs.post(asked.replace("recommendations", "offers"), json={"lines": [line]})).json()
                await maas.post(f"{space}/offers/{offer['id']}/accept", json={})
                ways = (await theirs.get(f"{space}/offers/{offer['id']}/crossings")).json()["items"]
                (best,) = [way for way in ways if way["best"]]
                assert (best["crossing_id"], *best["via_crossing_ids"]) == told[owner]
                assert best["eta_min"] == pytest.approx(pick["eta"]["road_min"] + pick["eta"]["crossing_min"], abs=1)
                made = await theirs.post(f"{space}/offers/{offer['id']}/commit", json={})
                (mission,) = made.json()["rows"]["mission"]
                sent[owner] = (mission["crossing_id"], *mission["via_crossing_ids"])
        assert sent == told
        assert told["luik"] == (str(at_kanne),)
        assert told["aken"] == tuple(str(world.crossings[code]) for code in ("lichtenbusch", "eijsden"))
        read = (await maas.get(f"{space}/missions")).json()["items"]
        assert {(each["crossing_id"], *each["via_crossing_ids"]) for each in read} == set(told.values())
        facts = await picture_of(await pg(), app.app.state.forces.of("live"), clock.now(), None)
        assert facts.taken == {("lichtenbusch", 0): 1, ("eijsden", 0): 1, ("kanne", 0): 1}


class Table(BaseHTTPRequestHandler):
    """A router's table: every leg takes as many minutes as it is told, or it is not well."""

    def do_GET(self):
        sources, targets = self.path.split("sources=")[1].split("&")[0], self.path.split("destinations=")[1]
        many = [len(each.split("&")[0].split("%3B")) for each in (sources, targets)]
        rows = [[self.server.minutes * 60.0] * many[1]] * many[0]
        rows[: self.server.unknown] = [[None] * many[1]] * min(self.server.unknown, many[0])
        self.answer({"code": "Ok", "durations": rows})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        row = [{"time": self.server.minutes * 60.0, "distance": 1.0}] * len(asked["targets"])
        self.answer({"sources_to_targets": [row] * len(asked["sources"])})

    def answer(self, body):
        self.server.asked.append(self.path)
        sent = self.server.instead if self.server.instead is not None else json.dumps(body).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *said):
        pass


@pytest.fixture
def table():
    """A real HTTP server on loopback that answers as OSRM and Valhalla do."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Table)
    server.daemon_threads = False  # so that closing it waits for those who answer
    server.minutes, server.status, server.instead, server.asked, server.unknown = 40, 200, None, [], 0
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("kind", ["osrm", "valhalla"])
async def test_an_external_router_is_asked_and_the_own_roads_answer_when_it_fails(kind, served, world, asked, table):
    """A router that is away at night must cost nobody the list; and whoever reads it is told whose times they are."""
    async with served(router=f"{kind}+http://127.0.0.1:{table.server_address[1]}") as app:
        found = await app.get(world, asked)
        assert found["ways"] == {"by": "router", "note": None}
        by_name = {item["call_sign"]: item["eta"] for item in found["items"]}
        assert (by_name["maas pump 1"]["road_min"], by_name["luik pump 1"]["road_min"]) == (40, 80)
        assert by_name["aken pump 1"]["crossing_min"] == 10
        table.status = 500
        failed = await app.get(world, asked)
        assert failed["ways"]["by"] == "great_circle"
        assert failed["ways"]["note"].startswith("De externe routeplanner")
        assert failed["items"][0]["eta"]["road_min"] != 40
        many = len(table.asked)
        await app.get(world, asked)
        assert len(table.asked) == many  # it is left alone for a while


async def test_ways_that_a_router_does_not_know_are_said(served, world, asked, table):
    """Times of two kinds in one list, told as the router's, were compared with each other as if they were of one."""
    async with served(router=f"osrm+http://127.0.0.1:{table.server_address[1]}") as app:
        table.unknown = 1  # the place of the first unit of the list
        found = await app.get(world, asked)
        assert found["ways"]["by"] == "router"
        here = found["items"][0]["place"]
        own = sum(item["place"] == here for item in found["items"])
        assert f"de tijden van {own} van de {len(found['items'])} " in found["ways"]["note"]
        table.unknown = 1000
        found = await app.get(world, asked)
        assert found["ways"]["by"] == "great_circle"
        assert found["ways"]["note"].startswith("De externe routeplanner")


async def test_ways_that_a_router_does_not_know_are_said_of_the_plan_too(client, served, world, asked, table):
    """The plan's times were told as the router's where it knew half of the ways; the list beside it said so."""
    maas = client("maas", "dispatcher")
    at = await maas.get(asked.removesuffix("/recommendations"))
    six = [{**LINES[0], "quantity": 6}]
    body = {"incident_id": at.json()["incident_id"], "kind": "immediate", "lines": six, "then": "open"}
    assert (await maas.post("/api/v1/spaces/live/requests", json=body)).status_code == 201
    plan = "/api/v1/spaces/live/plan"
    async with served(router=f"osrm+http://127.0.0.1:{table.server_address[1]}") as app:
        assert (await app.get(world, plan))["ways"] == {"by": "router", "note": None}
    table.unknown = 1  # where the pumps of maas stand
    async with served(router=f"osrm+http://127.0.0.1:{table.server_address[1]}") as app:
        found = await app.get(world, plan)
    own = sum(each["quantity"] for each in found["assignments"] if each["member_id"] == str(world.members["maas"]))
    every = sum(each["quantity"] for each in found["assignments"])
    assert 0 < own < every
    assert found["ways"]["by"] == "router"
    assert f"de tijden van {own} van de {every} " in found["ways"]["note"]


@pytest.mark.parametrize(
    "instead",
    [
        b"",
        b"no json",
        b"[]",
        b'{"durations": null}',
        b'{"durations": [[null, null], [null, null]]}',
        b'{"durations": [[1]]}',
        b'{"durations": [["soon", 1], [1, 1]]}',
        b'{"durations": [[0, true], [900, 0]]}',
        b'{"durations": [[0, NaN], [900, 0]]}',
        b'{"durations": [[0, -900], [900, 0]]}',
        b'{"durations": [[0, 1e300], [900, 0]]}',
        b'{"durations": [[0, 1%s], [900, 0]]}' % (b"0" * 400),
        b'{"durations": [[0, 0], [0, 0]]}',  # of another country: both on the one road that is nearest
    ],
)
async def test_what_a_router_says_is_not_believed_unread(instead, table):
    """Another service on that port must not become a time of arrival."""
    table.instead = instead
    router = HttpRouter(f"osrm+http://127.0.0.1:{table.server_address[1]}", pause_s=0)
    places = [(5.7, 50.78), (5.8, 50.8)]
    assert await router.legs(places, places) is None
    table.instead = json.dumps({"durations": [[0.0, None], [600, 0]]}).encode()
    assert await router.legs(places, places) == {
        (places[0], places[0]): 0.0, (places[1], places[0]): 10.0, (places[1], places[1]): 0.0,
    }  # fmt: skip
    await router.close()


async def test_nobody_waits_long_for_a_router_that_does_not_answer():
    """A connection that hangs would hang every dispatcher's list."""

    over = asyncio.Event()

    async def silent(reader, writer):
        await reader.read()
        writer.close()
        await writer.wait_closed()
        over.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        address = f"osrm+http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        router = HttpRouter(address, patience_s=0.05)
        assert await router.legs([(5.7, 50.78)], [(5.8, 50.8)]) is None
        await router.close()
        await over.wait()
