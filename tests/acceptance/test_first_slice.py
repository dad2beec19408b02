"""The first slice, end to end: a city asks, two neighbours send across the border, the units come home.

The real server on an empty folder (or a fresh database of CONCORD_TEST_DATABASE_URL), set up by the command line and HTTP
alone. Three members carry one request through everything that can happen to it, and one phone call beside it. At the end
the journal verifies, here and as a file, and its fold is what the tables and the API say.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import httpx
import pytest

from app.store.engine import create_engine
from app.store.folded import folded_and_tables
from tests.acceptance.serving import Person, in_thread, place

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

MAASTRICHT, LIEGE, AACHEN = "nl-maastricht", "be-liege", "de-aachen"
ROLES = ("dispatcher", "authorised_representative", "liaison_officer")
PUMP = "pump.high_capacity"


@pytest.fixture
async def city():
    """An empty place, and the server that runs on it while the test does."""
    async with place() as where:
        server = await in_thread(where.start, "serve", "--port", "0")
        try:
            async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
                yield where, http
        finally:
            status = await in_thread(server.end)
        assert status == 0, (where.folder / "stderr").read_text()[-3000:]


async def people(where, http):
    """Load the corridor and make an admin of each member by the command line; the admins make the others over HTTP."""
    await in_thread(where.concord, "corridor", "load", "meuse-rhine")
    found = {}
    for code in (MAASTRICHT, LIEGE, AACHEN):
        login = f"admin.{code}"
        await in_thread(
            where.concord, "user", "add", login, "--member", code, "--role", "admin", "--password-stdin",
            given="correct horse battery\n",
        )  # fmt: skip
        token = await in_thread(where.concord, "token", "add", login, "--label", "acceptance")
        admin = Person(http, token.strip())
        for role in ROLES:
            user = await admin.does("/api/v1/users", login=f"{role}.{code}", display_name=role, roles=[role])
            made = await admin.does(f"/api/v1/users/{user['id']}/tokens", label="x", scopes=["write"], days=1)
            found[code, role] = Person(http, made["once"]["token"])
    return found


async def filled(person, request_id):
    """How the request stands: its state, and what is wanted, committed, pending and open of its line."""
    request = await person.get(f"requests/{request_id}")
    (line,) = request["lines"]
    fill = line["fill"]
    return request["status"], fill["wanted"], fill["committed"], fill["pending"], fill["open"]


async def states(person, missions):
    return [(await person.get(f"missions/{id_}"))["status"] for id_ in missions]


def ids(receipt, kind):
    return [row["id"] for row in receipt["rows"][kind]]


async def test_a_city_asks_a_neighbour_sends_the_unit_comes_home(city):
    """The slice is what all later work stands on: if any step of it failed, no city could be helped by this service."""
    where, http = city
    cast = await people(where, http)
    maas, maas_rep = cast[MAASTRICHT, "dispatcher"], cast[MAASTRICHT, "authorised_representative"]
    luik, luik_liaison = cast[LIEGE, "dispatcher"], cast[LIEGE, "liaison_officer"]
    aken, aken_rep = cast[AACHEN, "dispatcher"], cast[AACHEN, "authorised_representative"]
    aken_liaison = cast[AACHEN, "liaison_officer"]
    member = {each["code"]: each["id"] for each in await maas.all("members")}
    crossing = {each["code"]: each for each in await maas.all("crossings")}
    units = {each["call_sign"]: each["id"] for each in await maas.all("resources")}
    assert len(member) >= 8
    assert len(crossing) >= 10
    assert len(units) == 610
    agreed = await maas.all("agreements")
    assert len(agreed) == 8
    assert Counter(each["status"] for each in agreed) == {"in_force": 7, "suspended": 1}

    # ---- the incident, and the request for four pumps
    incident = await maas.does(
        "incidents",
        title="Meuse over its banks at Eijsden",
        hazard="flood",
        severity=4,
        area={"type": "Polygon", "coordinates": [[[5.69, 50.77], [5.73, 50.77], [5.73, 50.8], [5.69, 50.8], [5.69, 50.77]]]},
    )  # fmt: skip
    await maas.does(f"incidents/{incident['id']}", method="PATCH", revision=1, status="active")
    assert [each["title"] for each in await luik.all("incidents")] == ["Meuse over its banks at Eijsden"]
    drafted = await maas.does(
        "requests",
        incident_id=incident["id"],
        kind="immediate",
        lines=[{"type_code": PUMP, "quantity": 4, "priority": "life_safety", "place": "Eijsden", "lon": 5.706, "lat": 50.779}],
    )  # fmt: skip
    request, (line,) = drafted["id"], ids(drafted, "request_line")
    await luik.get(f"requests/{request}", status=404)
    await maas.does(f"requests/{request}/submit")
    await maas.does(f"requests/{request}/open")
    assert await filled(luik, request) == ("open", 4, 0, 0, 4)
    await luik.does(f"requests/{request}/acknowledge")

    # ---- the reserve says no to all three pumps of Liège; two are offered, and Aachen sees nothing of it
    refused = await luik.does(
        f"requests/{request}/offers", refused="agreement-refused", lines=[{"request_line_id": line, "quantity": 3}]
    )
    floor = next(each for each in refused["reasons"] if each["code"] == "reserve_floor")
    assert floor["figures"] == {
        "agreement": "meuse-flood-nl-be",
        "type_code": "pump.high_capacity",
        "keep": 1,
        "available": 3,
        "promised": 0,
        "quantity": 3,
        "would_leave": 0,
    }
    assert await luik.all(f"requests/{request}/offers") == []
    two = await luik.does(f"requests/{request}/offers", lines=[{"request_line_id": line, "quantity": 2}])
    assert two["subject"]["status"] == "offered"
    assert await filled(maas, request) == ("open", 4, 0, 0, 4)
    await luik.does(
        f"requests/{request}/offers", refused="agreement-refused", lines=[{"request_line_id": line, "quantity": 1}]
    )
    assert [each["id"] for each in await maas.all(f"requests/{request}/offers")] == [two["id"]]
    assert await aken.all(f"requests/{request}/offers") == []
    await aken.get(f"offers/{two['id']}", status=404)
    hidden = {entry["seq"] for entry in await aken.journal() if entry["hidden"]}
    assert two["seq"] in hidden
    assert two["seq"] not in {entry["seq"] for entry in await maas.journal() if entry["hidden"]}

    # ---- the requester takes both, and could not take more than was offered
    (luik_line,) = ids(two, "offer_line")
    await luik.does(f"offers/{two['id']}/accept", refused="wrong-side")
    await maas.does(
        f"offers/{two['id']}/accept", refused="over-filled", lines=[{"offer_line_id": luik_line, "quantity": 3}]
    )
    await maas.does(f"offers/{two['id']}/accept")
    assert await filled(maas, request) == ("open", 4, 0, 2, 2)

    # ---- Aachen: one within the reserve, the second by its representative's word, which everybody sees
    both = {
        "lines": [
            {"request_line_id": line, "quantity": 2, "override_reserve": {"reason": "Ruhige Lage, Ersatz kommt."}}
        ]
    }
    await aken.does(f"requests/{request}/offers", refused="role-missing", **both)
    await aken.does(
        f"requests/{request}/offers", refused="agreement-refused", lines=[{"request_line_id": line, "quantity": 2}]
    )
    below = await aken_rep.does(f"requests/{request}/offers", **both)
    assert {each["code"] for each in below["warnings"]} == {"reserve_floor", "clauses_open"}
    told = [entry for entry in await luik.journal() if entry["type"] == "reserve.overridden"]
    assert [entry["data"]["reason"] for entry in told] == ["Ruhige Lage, Ersatz kommt."]
    await maas.does(f"offers/{below['id']}/accept")
    assert await filled(maas, request) == ("open", 4, 0, 4, 0)

    # ---- both commit; one way has no control at the border, the other has
    committed = await luik.does(
        f"offers/{two['id']}/commit",
        units=[{"offer_line_id": luik_line, "resource_id": units[name]} for name in ("HCP Liège 1", "HCP Visé 1")],
    )
    from_luik = ids(committed, "mission")
    assert await filled(maas, request) == ("partly_committed", 4, 2, 2, 0)
    (aken_line,) = ids(below, "offer_line")
    checks = crossing["bocholtz-vetschau"]
    assert checks["control"] == "checks"
    going = [
        {"offer_line_id": aken_line, "resource_id": units[name], "crossing_id": checks["id"]}
        for name in ("Heros Aachen HCP 1", "Heros Walheim HCP 1")
    ]
    await maas.does(f"offers/{below['id']}/commit", refused="wrong-side", units=going)
    from_aken = ids(await aken.does(f"offers/{below['id']}/commit", units=going), "mission")
    assert await filled(maas, request) == ("committed", 4, 4, 0, 0)
    assert await states(luik, [*from_luik, *from_aken]) == ["committed"] * 4
    ways = [await maas.get(f"missions/{id_}") for id_ in (from_luik[0], from_aken[0])]
    assert [way["has_control"] for way in ways] == [False, True]
    assert ways[0]["crossing_id"] in {each["id"] for each in crossing.values() if each["control"] == "none"}
    assert (await maas.get(f"resources/{units['HCP Visé 1']}"))["status"] == "committed"

    # ---- on the way
    for to in ("mobilising", "in_transit"):
        for who, missions in ((luik, from_luik), (aken, from_aken)):
            for id_ in missions:
                assert (await who.does(f"missions/{id_}/advance", to=to))["subject"]["status"] == to
    no_control = await luik_liaison.does(
        f"missions/{from_luik[0]}/border", refused="transition-not-allowed", to="at_border"
    )
    assert no_control["current"]["status"] == "in_transit"
    await aken.does(f"missions/{from_aken[0]}/advance", refused="transition-not-allowed", to="on_scene")
    await maas.does(f"missions/{from_aken[0]}/advance", refused="wrong-side", to="on_scene")
    for id_ in from_aken:
        await aken_liaison.does(f"missions/{id_}/border", to="at_border")
        await aken_liaison.does(f"missions/{id_}/border", to="cleared")
    for who, missions in ((luik, from_luik), (aken, from_aken)):
        for id_ in missions:
            await who.does(f"missions/{id_}/advance", to="at_rendezvous")
            await who.does(f"missions/{id_}/advance", to="on_scene")
    assert await states(maas, [*from_luik, *from_aken]) == ["on_scene"] * 4

    # ---- the lender recalls one of its own
    home_first, *_ = reversed(from_luik)
    recalled_unit = (await luik.get(f"missions/{home_first}"))["resource_id"]
    await maas.does(f"missions/{home_first}/recall", refused="wrong-side", why="x")
    await luik.does(f"missions/{home_first}/recall", why="L'Ourthe déborde à Angleur.")
    assert await filled(maas, request) == ("partly_committed", 4, 3, 0, 1)
    told = [entry for entry in await maas.journal() if entry["type"] == "mission.recalled"]
    assert [entry["data"]["why"] for entry in told] == ["L'Ourthe déborde à Angleur."]
    for to in ("returning", "returned"):
        await luik.does(f"missions/{home_first}/advance", to=to)
    assert (await maas.get(f"resources/{recalled_unit}"))["status"] == "available"

    await one_phone_call(cast, member, incident["id"], units)

    # ---- release, return, close
    await maas.does(f"requests/{request}/close", refused="transition-not-allowed")
    left = [id_ for id_ in [*from_luik, *from_aken] if id_ != home_first]
    for id_ in left:
        await maas.does(f"missions/{id_}/release")
        who = luik if id_ in from_luik else aken
        for to in ("returning", "returned"):
            await who.does(f"missions/{id_}/advance", to=to)
    assert await states(maas, left) == ["returned"] * 3
    pumps = await maas.all("resources", type=PUMP)
    assert {pump["status"] for pump in pumps} == {"available"}
    for id_ in [*from_luik, *from_aken]:
        await maas.does(f"missions/{id_}/close")
    assert await maas.all("missions", active=True) == []
    assert (await maas.does(f"requests/{request}/close"))["subject"]["status"] == "closed"
    await maas.does(f"incidents/{incident['id']}/close", refused="role-missing")
    assert (await maas_rep.does(f"incidents/{incident['id']}/close"))["subject"]["status"] == "closed"
    steps = [step["state"] for step in (await aken.get(f"missions/{from_aken[0]}/steps"))["items"]]
    assert steps[1:] == [
        "mobilising", "in_transit", "at_border", "cleared", "at_rendezvous", "on_scene", "released", "returning",
        "returned", "closed",
    ]  # fmt: skip

    await journal_and_present(where, cast)


async def one_phone_call(cast, member, incident, units):
    """Aachen writes down what was agreed by voice; Maastricht owes two acts, does one, and confirms the call with its own record."""
    maas, maas_rep = cast[MAASTRICHT, "dispatcher"], cast[MAASTRICHT, "authorised_representative"]
    luik, aken = cast[LIEGE, "dispatcher"], cast[AACHEN, "dispatcher"]
    said = {
        "requester_id": member[MAASTRICHT], "lender_id": member[AACHEN], "incident_id": incident,
        "type_code": "engine.rescue", "quantity": 1, "place": "Eijsden", "lon": 5.706, "lat": 50.779,
    }  # fmt: skip
    before = len(await luik.all("requests"))
    unit = units["Florian Aachen RW 1"]
    call = await aken.does(
        "assist-now", **said, person_rung="Meldkamer", resource_ids=[unit], why="Anruf, Haus eingestürzt."
    )
    (mission,) = ids(call, "mission")
    (request,) = ids(call, "request")
    assert await states(luik, [mission]) == ["mobilising"]
    assert await filled(maas, request) == ("committed", 1, 1, 0, 0)
    debts = await luik.all("debts")
    assert sorted((debt["act"], debt["status"]) for debt in debts) == [("accept", "owed"), ("open", "owed")]
    assert {debt["member_id"] for debt in debts} == {member[MAASTRICHT]}
    assert await luik.all("calls") == []
    assert [each["person_rung"] for each in await maas.all("calls")] == ["Meldkamer"]
    first = next(debt for debt in debts if debt["act"] == "open")
    await maas.does(f"debts/{first['id']}/make-good", refused="role-missing")
    await maas_rep.does(f"debts/{first['id']}/make-good", why="Achteraf bekrachtigd.")
    matched = await maas.does("assist-now", **said, person_rung="Leitstelle Aachen")
    assert (matched["id"], matched["subject"]["status"]) == (call["id"], "confirmed")
    assert {debt["status"] for debt in await luik.all("debts")} == {"made_good"}
    assert len(await luik.all("requests")) == before + 1
    await aken.does(f"missions/{mission}/advance", to="in_transit")
    await maas.does(f"missions/{mission}/stand-down", why="Iedereen is eruit.")
    for to in ("returning", "returned"):
        await aken.does(f"missions/{mission}/advance", to=to)
    await maas.does(f"missions/{mission}/close")
    assert await filled(maas, request) == ("open", 1, 0, 0, 1)
    await maas.does(f"requests/{request}/close")


async def journal_and_present(where, cast):
    """The journal verifies, here and elsewhere; folded it gives the tables, and what the API lists."""
    maas, aken = cast[MAASTRICHT, "dispatcher"], cast[AACHEN, "dispatcher"]
    head = await maas.get("journal", after=0, limit=1)
    kept = f"{head['head']}:{head['head_hash']}"
    await in_thread(where.concord, "journal", "verify", "--head", kept)
    file = where.folder / "journal.jsonl"
    for who in ([], ["--as-member", LIEGE]):
        await in_thread(where.concord, "journal", "export", "--output", file, *who)
        checked = await in_thread(where.concord, "journal", "verify", file, "--head", kept)
        assert f"{head['head']} entries" in checked
        assert ("0 of them hidden" in checked) is (who == [])
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*lines[:-3], *lines[-2:]]) + "\n", encoding="utf-8")
    await in_thread(where.concord, "journal", "verify", file, status=3)

    with where.database() as dsn:
        engine = create_engine(dsn, pool_size=2)
        told, held = await folded_and_tables(engine, "live")
        await engine.dispose()
    assert told == held
    counted = Counter({kind: len(rows) for kind, rows in held.items()})
    assert (counted["request"], counted["mission"], counted["offer"], counted["debt"], counted["call"]) == (
        2,
        5,
        3,
        2,
        1,
    )

    await as_the_api_lists(maas, offers=3, calls=1)
    await as_the_api_lists(aken, offers=2, calls=1)


LISTS = {
    "incident": "incidents", "request": "requests", "mission": "missions", "debt": "debts", "offer": "offers",
    "call": "calls", "resource": "resources", "member": "members", "crossing": "crossings", "depot": "depots",
    "agreement": "agreements",
}  # fmt: skip


async def as_the_api_lists(person, *, offers, calls):
    """What a member folds from its pages of the journal is what the lists show it, row by row."""
    told = {}
    for entry in await person.journal():
        for kind, rows in (entry.get("rows") or {}).items():
            for row in rows:
                told.setdefault(kind, {})[row["id"]] = row
    for kind, path in LISTS.items():
        listed = {item["id"]: item for item in await person.all(path)}
        known = told.get(kind, {})
        assert listed.keys() == known.keys(), kind
        for id_, item in listed.items():
            shared = item.keys() & known[id_].keys()
            assert {"id", "revision"} <= shared
            assert {name: _plain(item[name]) for name in shared} == {name: _plain(known[id_][name]) for name in shared}
    assert (len(told["offer"]), len(told["call"])) == (offers, calls)


def _plain(value):
    """Times as instants: the journal and the API may write them differently."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value) if "T" in value else value
        except ValueError:
            return value
    return value
