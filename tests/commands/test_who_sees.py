"""What a member may see of another's: whatever is not for all, by role, by whose side one is on, by the way it is read.

Who asks is maas, who lends is luik, aken is a third member. A thing that is not for one's eyes is not there (404), also not in the
list; where the thing is for all and a part of it is not, that part is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest

from tests.commands.who_may import POINT, Scene
from tests.world import ROLES

LIVE = "/api/v1/spaces/live"
MEMBERS = ("maas", "luik", "aken")
ALL, OWN, BOTH, LENDER = MEMBERS, ("maas",), ("maas", "luik"), ("luik",)


@dataclass(frozen=True)
class Thing:
    """One thing: where it is read, in which list it stands, and who sees it."""

    path: str
    id: str
    sees: tuple[str, ...]
    roles: tuple[str, ...] = ROLES
    filters: str = ""
    space: str = LIVE
    listed: bool = True


THINGS = {
    "a draft request": Thing("requests", "draft_planned", OWN),
    "a submitted request": Thing("requests", "submitted_planned", OWN),
    "an open request": Thing("requests", "open_planned", ALL),
    "an offer, with its costs": Thing("offers", "offered_planned", BOTH),
    "an accepted offer": Thing("offers", "accepted_planned", BOTH),
    "a call, with who was rung": Thing("calls", "call", BOTH),
    "a debt": Thing("debts", "debt", ALL),
    "help from day to day that is asked": Thing("requests", "of_luik", BOTH, filters="kind=day_to_day"),
    "help from day to day that is sent": Thing("missions", "daily", BOTH, filters="kind=day_to_day"),
    "a debt of help from day to day": Thing("debts", "daily_debt", BOTH),
    "what an ambulance over there needs": Thing("host-support", "daily_support", BOTH),
    "a mission": Thing("missions", "planned", ALL, filters="kind=planned"),
    "a claim that is drafted": Thing("claims", "claim_draft", LENDER),
    "a claim that is submitted": Thing("claims", "claim_submitted", BOTH),
    "a statement": Thing("statements", "statement", BOTH),
    "a note to the next shift": Thing("handovers", "note", OWN),
    "a contact for oneself": Thing("contacts", "contact", OWN),
    "a contact for all": Thing("contacts", "shared_contact", ALL),
    "a question": Thing("questions", "question", ALL, listed=False),
    "a notice to an authority": Thing("notices", "notice", ALL),
    "a draft agreement": Thing("agreements", "agreement_draft", BOTH),
    "a proposed agreement": Thing("agreements", "agreement_proposed", ALL),
    "a turn of the coordinator": Thing("coordination/turns", "turn_maas", ALL),
    "a swap of turns": Thing("coordination/swaps", "swap_maas", ALL),
    "an overlay of a protocol": Thing("protocol-overlays", "overlay", ALL),
    "an item of a checklist": Thing("checklist-items", "item", ALL, listed=False),
    "a member's own word": Thing("lender-words", "word", ALL),
    "help that is offered unasked": Thing("unasked-offers", "unasked_planned", BOTH),
    "a user": Thing("users", "somebody", OWN, ("admin",), space="/api/v1"),
    "what is held on a user": Thing("users/{id}/personal-data", "somebody", OWN, ("admin",), space="/api/v1"),
    "a user's tokens": Thing("users/{id}/tokens", "somebody", OWN, ("admin",), space="/api/v1"),
}

PARTS = {
    "who travels with the unit": ("missions", "planned", ("liaison_name", "liaison_phone"), BOTH),
    "who meets it": ("missions", "planned", ("guide_name", "guide_phone"), BOTH),
    "who leads a formation on its way": ("formations", "formation", ("leader_name", "leader_phone"), BOTH),
    "who confirmed for an authority": ("notices", "notice", ("confirmed_person",), OWN),
}

ENTRIES = {
    "request.drafted": ("draft_planned", OWN),
    "request.opened": ("open_planned", ALL),
    "request.drafted ": ("of_luik", OWN),
    "request.opened ": ("of_luik", BOTH),
    "mission.mobilising ": ("daily", BOTH),
    "mission.on_scene ": ("daily", BOTH),
    "debt.owed ": ("daily_debt", BOTH),
    "host_support.asked ": ("daily_support", BOTH),
    "offer.made": ("offered_planned", BOTH),
    "call.recorded": ("call", BOTH),
    "mission.committed": ("planned", ALL),
    "claim.drafted": ("claim_draft", LENDER),
    "claim.submitted": ("claim_submitted", BOTH),
    "shift.handed_over": ("note", OWN),
    "user.added": ("somebody", OWN),
    "agreement.drafted": ("agreement_draft", BOTH),
    "agreement.proposed": ("agreement_proposed", ALL),
}
"""Event → the thing of the scene that it is about, and who reads it; of a second thing the event has a space behind it."""


@pytest.fixture
async def scene(monkeypatch, act, sent, walk, sign, home, due, conn, clock, world):
    """Everything there is to see."""
    monkeypatch.setattr(world, "resources", dict(world.resources))
    tools = {
        "act": act,
        "sent": sent,
        "walk": walk,
        "sign": sign,
        "home": home,
        "due": due,
        "conn": conn,
        "clock": clock,
    }
    made = Scene(world, tools)
    await made.prepare()
    mission = await made.mission("planned", "on_scene")
    await made.does("name_liaison", mission, who=("luik", "dispatcher"), name="HBM Schmitz", phone="+49 00 000 0177")
    await made.does("name_guide", mission, name="OvD-B", phone="+31 00 000 0144")
    shared = await made.does(
        "add_contact",
        member_id=world.members["maas"],
        code="all",
        function="For all",
        phone="+31 00 000 0115",
        shared=True,
    )
    made.ids["shared_contact"] = shared.id
    await daily(made)
    leader = {"leader_name": "A. Dupont", "leader_phone": "+32 00 000 0301"}
    await made.does("change_formation", made.ids["formation"], who=("luik", "dispatcher"), **leader)
    await made.does("confirm_receipt", made.ids["notice"], person="Permanence du Gouverneur")
    made.ids |= made.users
    return made


async def daily(made):
    """Have maas ring luik for an ambulance, which is on the scene and needs fuel."""
    called = await made.does(
        "assist_now", requester_id=made.world.members["maas"], lender_id=made.world.members["luik"], kind="day_to_day",
        type_code="ambulance.als", quantity=1, **POINT,
    )  # fmt: skip
    mission = UUID(called.rows["mission"][0]["id"])
    unit = made.unit("luik", "ambulance.als", 1)
    await made.does("assign_unit", mission, who=("luik", "dispatcher"), resource_id=unit)
    await made.walk(mission, "in_transit", "on_scene")
    support = await made.does("ask_host_support", mission, who=("luik", "dispatcher"), kind="fuel", quantity=40)
    made.ids |= {"daily": mission, "daily_unit": unit, "daily_debt": UUID(called.rows["debt"][0]["id"])}
    made.ids |= {"daily_support": support.id, "daily_request": called.rows["request"][0]["id"]}


async def listed(client, thing, id_):
    """Whether the list holds the thing, on any of its pages."""
    cursor = None
    while True:
        params = dict(part.split("=") for part in thing.filters.split("&") if part) | {"limit": "200"}
        answer = await client.get(f"{thing.space}/{thing.path}", params=params | ({"cursor": cursor} if cursor else {}))
        if answer.status_code == 403:
            return False
        assert answer.status_code == 200, answer.text
        if any(item["id"] == id_ for item in answer.json()["items"]):
            return True
        if (cursor := answer.json()["next"]) is None:
            return False


async def test_everybody_sees_what_is_theirs_and_nothing_else(scene, client, anonymous):
    """A city's draft, its price or its people would be on its neighbour's screen; or a colleague would miss what the shift left."""
    wrong = []
    for name, thing in THINGS.items():
        id_ = str(scene.ids[thing.id])
        address = f"{thing.space}/{thing.path}".replace("{id}", id_) + ("" if "{id}" in thing.path else f"/{id_}")
        if (nobody := await anonymous.get(address)).status_code != 401:
            wrong.append(f"{name} to nobody: {nobody.status_code}")
        for member in MEMBERS:
            for role in ROLES:
                reader = client(member, role)
                may = member in thing.sees and role in thing.roles
                status = (await reader.get(address)).status_code
                if (status == 200) != may or status not in {200, 403, 404}:
                    wrong.append(f"{name} to {role} of {member}: {status}")
                if thing.listed and "{id}" not in thing.path and await listed(reader, thing, id_) != may:
                    wrong.append(f"{name} in the list of {role} of {member}: {'is missing' if may else 'is there'}")
    assert not wrong, "\\n".join(wrong)


async def test_what_is_for_two_is_null_to_the_third(scene, client):
    """The telephone of an officer would be on every screen of the corridor."""
    wrong = []
    for name, (path, thing, fields, sees) in PARTS.items():
        for member in MEMBERS:
            for role in ROLES:
                found = (await client(member, role).get(f"{LIVE}/{path}/{scene.ids[thing]}")).json()
                wrong += [
                    f"{name} to {role} of {member}: {found[each]}"
                    for each in fields
                    if bool(found[each]) != (member in sees)
                ]
    assert not wrong, "\\n".join(wrong)


async def test_the_journal_is_read_as_the_tables_are(scene, client, anonymous):
    """What a screen hides would be read in the journal."""
    assert (await anonymous.get(f"{LIVE}/journal")).status_code == 401
    for member in MEMBERS:
        reader, seen, after = client(member, "viewer"), set(), 0
        while True:
            page = (await reader.get(f"{LIVE}/journal", params={"after": after, "limit": 1000})).json()
            seen |= {
                (entry["type"], entry["subject"].partition(":")[2]) for entry in page["entries"] if not entry["hidden"]
            }
            if after == page["after"]:
                break
            after = page["after"]
        for event, (thing, sees) in ENTRIES.items():
            assert ((event.strip(), str(scene.ids[thing])) in seen) == (member in sees), (event, member)


async def test_where_somebody_lies_is_for_two(scene, client, do, world, clock):
    """An ambulance's point is its patient's address: a third member would read it in a list, a search, the journal of a unit or its feed."""
    unit = str(scene.ids["daily_unit"])
    lon, lat = 5.7123, 50.7812
    dispatcher = client("luik", "dispatcher")
    clock.move(minutes=1)
    told = await dispatcher.post(f"{LIVE}/positions", json={"items": [{"resource_id": unit, "lon": lon, "lat": lat}]})
    assert told.json()["kept"] == 1, told.text
    call_sign = (await dispatcher.get(f"{LIVE}/resources/{unit}")).json()["call_sign"]
    for member in MEMBERS:
        reader, knows = client(member, "dispatcher"), member in BOTH
        addresses = (f"resources/{unit}", "resources?limit=200", "positions?limit=200", f"search?q={call_sign}",
                     f"reachable?lon={lon}&lat={lat}&within_min=240&limit=200", f"missions?resource={unit}",
                     f"journal/about/mission/{scene.ids['daily']}", f"journal/about/resource/{unit}",
                     f"journal/about/request/{scene.ids['daily_request']}")  # fmt: skip
        for address in addresses:
            answer = await reader.get(f"{LIVE}/{address}")
            assert answer.status_code == 200, (member, address, answer.text)
            if not knows:
                assert str(lon) not in answer.text, (member, address)
                assert str(scene.ids["daily"]) not in answer.text, (member, address)
        assert (str(lon) in (await reader.get(f"{LIVE}/resources/{unit}")).text) == knows
        assert (str(lon) in (await reader.get(f"{LIVE}/positions?limit=200")).text) == knows


async def test_the_corridor_hears_that_a_unit_is_out_and_not_why(scene, client):
    """A neighbour would plan with an ambulance that is gone; or read what became of its patient."""
    reader = client("aken", "viewer")
    about = (await reader.get(f"{LIVE}/journal/about/resource/{scene.ids['daily_unit']}")).json()["entries"]
    assert [each["rows"]["resource"][0]["status"] for each in about][-1] == "committed"
    await scene.does(
        "abort_mission", scene.ids["daily"], who=("luik", "dispatcher"), why="He died.", out_of_service="crew"
    )
    after = (await reader.get(f"{LIVE}/journal/about/resource/{scene.ids['daily_unit']}")).json()["entries"]
    assert after[-1]["rows"]["resource"][0]["status"] == "out_of_service"
    assert "He died." not in str(after)
