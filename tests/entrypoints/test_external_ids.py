"""External ids and contacts as clients read and keep them."""

from __future__ import annotations

import pytest

from tests.world import flood

SPACE = "/api/v1/spaces/live"
IDS, CONTACTS = f"{SPACE}/external-ids", f"{SPACE}/contacts"
DUTY = {"code": "hazmat", "function": "Gefahrgut", "name": "Eva Muster", "phone": "+31 00 000 0111"}


async def send(http, path, **body):
    answer = await http.post(path, json=body)
    assert answer.is_success, answer.text
    return answer


async def test_both_sides_numbers_stand_on_the_incident_and_its_requests(client, world):
    """A control room reads the other's number to it on the telephone."""
    maas, luik = client("maas", "dispatcher"), client("luik", "dispatcher")
    incident = (await send(maas, f"{SPACE}/incidents", **flood())).json()["id"]
    line = {"type_code": "engine.pumper", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78}
    asked = await send(
        maas, f"{SPACE}/requests", incident_id=incident, kind="immediate", lines=[line], then="open"
    )  # fmt: skip
    number = {"kind": "incident", "subject_id": incident}
    made = await send(maas, IDS, source="gms", code="26-0001", **number)
    await send(luik, IDS, source="cad-liege", code="P2026:17", **number)
    read = (await luik.get(f"{SPACE}/incidents/{incident}")).json()["external_ids"]
    assert {(each["source"], each["code"], each["member_id"]) for each in read} == {
        ("gms", "26-0001", str(world.members["maas"])),
        ("cad-liege", "P2026:17", str(world.members["luik"])),
    }
    request = (await luik.get(f"{SPACE}/requests/{asked.json()['id']}")).json()
    assert request["incident_numbers"] == read
    for path, wanted in [("incidents", incident), ("requests", asked.json()["id"])]:
        for code, count in [("cad-liege:P2026:17", 1), ("cad-liege:26-0001", 0)]:
            items = (await maas.get(f"{SPACE}/{path}", params={"external": code})).json()["items"]
            assert [item["id"] for item in items] == [wanted] * count
    one = await maas.get(made.headers["Location"])
    assert (one.json()["subject_id"], one.headers["ETag"]) == (incident, '"1"')


async def test_units_depots_and_members_are_found_by_their_codes(client, world):
    """A dispatch system knows its own codes and nothing else."""
    http = client("luik", "dispatcher")
    unit, depot, member = world.resources["luik-pump-1"], world.depots["luik"], world.members["luik"]
    given = {"resources": ("resource", unit), "depots": ("depot", depot), "members": ("member", member)}
    for path, (kind, id_) in given.items():
        await send(http, IDS, source="cad", kind=kind, code="A 1", subject_id=str(id_))
        found = (await http.get(f"{SPACE}/{path}", params={"external": "cad:A 1"})).json()["items"]
        assert [(each["id"], each["external_ids"][0]["code"]) for each in found] == [(str(id_), "A 1")]
        assert (await http.get(f"{SPACE}/{path}/{id_}")).json()["external_ids"][0]["source"] == "cad"
        assert not (await http.get(f"{SPACE}/{path}", params={"external": "cad:A 2"})).json()["items"]


async def test_lists_of_codes(client, world, clock):
    """What a code meant at the time of a message that comes late."""
    http = client("luik", "dispatcher")
    unit = {"kind": "resource", "subject_id": str(world.resources["luik-pump-1"])}
    first = await send(http, IDS, source="cad", code="1", **unit)
    await send(http, IDS, source="cad", kind="resource_type", code="P", type_code="pump.high_capacity")
    then = clock.now().isoformat()
    clock.move(hours=1)
    await send(http, f"{first.headers['Location']}/end")
    await send(http, IDS, source="cad", kind="resource", code="1", subject_id=str(world.resources["luik-pump-2"]))

    async def found(**params):
        items = (await http.get(IDS, params=params)).json()["items"]
        return [each["subject_id"] or each["type_code"] for each in items]

    one, two = str(world.resources["luik-pump-1"]), str(world.resources["luik-pump-2"])
    assert await found(external="cad:1") == [two]
    assert await found(external="cad:1", at=then) == [one]
    assert await found(ended=True) == [one]
    assert await found(kind="resource_type", external="cad:P") == ["pump.high_capacity"]
    assert await found(type="pump.high_capacity") == ["pump.high_capacity"]
    assert await found(subject=two, member=str(world.members["luik"]), source="cad") == [two]
    page = (await http.get(IDS, params={"limit": 1})).json()
    assert len((await http.get(IDS, params={"limit": 1, "cursor": page["next"]})).json()["items"]) == 1


@pytest.mark.parametrize("wrong", ["cad", ":1", "cad:", "x" * 200])
async def test_half_a_code_finds_nothing_and_says_so(client, wrong):
    """Everything in the list would look like what the code means."""
    answer = await client("luik", "viewer").get(f"{SPACE}/resources", params={"external": wrong})
    assert answer.status_code == 422, answer.text


async def test_a_phone_book_is_read_by_its_own_people(client, world):
    """A neighbour reads what is shared; the duty officer's private number is nobody else's."""
    own, other = client("maas", "dispatcher"), client("luik", "viewer")
    kept = await send(own, CONTACTS, **DUTY)
    shared = await send(own, CONTACTS, **(DUTY | {"code": "shared", "shared": True}))
    assert [each["code"] for each in (await client("maas", "viewer").get(CONTACTS)).json()["items"]] == [
        "hazmat",
        "shared",
    ]
    listed = (await other.get(CONTACTS, params={"member": str(world.members["maas"])})).json()["items"]
    assert [(each["code"], each["phone"]) for each in listed] == [("shared", DUTY["phone"])]
    assert (await other.get(kept.headers["Location"])).status_code == 404
    read = await own.get(shared.headers["Location"])
    changed = await own.patch(
        shared.headers["Location"], json={"shared": False}, headers={"If-Match": read.headers["ETag"]}
    )
    assert changed.status_code == 200, changed.text
    assert (await other.get(shared.headers["Location"])).status_code == 404
    removed = await own.post(f"{kept.headers['Location']}/remove", json={})
    assert removed.status_code == 200, removed.text
    assert (await own.get(kept.headers["Location"])).status_code == 404
