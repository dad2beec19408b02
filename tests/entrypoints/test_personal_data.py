"""What is held on a person, over HTTP and by the command line."""

from __future__ import annotations

import httpx

BODY = {
    "login": "b.peeters",
    "display_name": "Bart Peeters",
    "password": "a sentence nobody would guess",
    "roles": ["viewer"],
}


async def test_a_user_reads_what_is_held_and_an_admin_erases_it(client, application, anonymous, world):
    """Whoever asks would be sent to the operator; and what was erased would still open the door."""
    admin = client("maas", "admin")
    made = await admin.post("/api/v1/users", json=BODY)
    where = made.headers["Location"]
    token = (await admin.post(f"{where}/tokens", json={"label": "Bart's", "scopes": ["read"]})).json()["once"]["token"]
    transport = httpx.ASGITransport(app=application)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://concord.test", headers=headers) as bart:
        held = await bart.get(f"{where}/personal-data")
        assert held.status_code == 200
        assert held.headers["Cache-Control"] == "no-store"
        assert held.json()["profile"]["display_name"] == "Bart Peeters"
        assert token not in held.text
        erased = await admin.post(f"{where}/erase", json={})
        assert erased.status_code == 200, erased.text
        assert (await bart.get(f"{where}/personal-data")).status_code == 401
    read = (await admin.get(where)).json()
    assert (read["active"], read["roles"], read["login"][:7]) == (False, [], "erased-")
    assert read["erased_at"] is not None
    held = await admin.get(f"{where}/personal-data")
    assert "Bart" not in held.text
    assert [act["type"] for act in held.json()["acts"]] == ["user.added", "user.erased"]


async def test_nobody_else_reads_it(client, anonymous, world):
    """A colleague's refusals and acts are nobody's business, and another city's people are not there."""
    where = f"/api/v1/users/{world.users['maas', 'viewer']}/personal-data"
    assert (await client("maas", "dispatcher").get(where)).status_code == 403
    assert (await client("luik", "admin").get(where)).status_code == 404
    assert (await anonymous.get(where)).status_code == 401


async def test_a_person_who_is_no_user(client, world):
    """Who was rung has no account, and the same right."""
    where = f"/api/v1/members/{world.members['maas']}/erase-person"
    asked = {"names": ["Piet de Boer"], "why": "Asked for by letter of 3 July."}
    assert (await client("maas", "admin").post(where, json=asked)).status_code == 200
    assert (await client("maas", "admin").post(where, json={"names": ["Jo"]})).status_code == 422
    assert (await client("luik", "admin").post(where, json={"names": ["Piet de Boer"]})).status_code == 404
    listed = f"/api/v1/members/{world.members['maas']}/erasures"
    (told,) = (await client("maas", "admin").get(listed)).json()["items"]
    assert (told["kind"], told["why"], told["by"]) == ("person", "Asked for by letter of 3 July.", "admin of maas")
    assert (await client("maas", "dispatcher").get(listed)).status_code == 403
    assert (await client("luik", "admin").get(listed)).status_code == 404


async def test_what_is_held_on_a_person_who_is_no_user(client, world):
    """Who was rung asks what is known of it, and the city would have to look through its telephone book by hand."""
    maas = f"/api/v1/members/{world.members['maas']}/personal-data"
    named = {"names": ["Piet de Boer", "+31 00 000 0417"]}
    book = {"code": "pumps", "function": "Pumps", "name": "Piet de Boer", "phone": "+31 00 000 0416",
            "phone_2": "+31 00 000 0417", "email": "piet@example.org", "note": "Not on Sundays."}  # fmt: skip
    dispatcher = client("maas", "dispatcher")
    assert (await dispatcher.post("/api/v1/spaces/live/contacts", json=book)).status_code == 201
    held = await client("maas", "admin").post(maas, json=named)
    assert held.status_code == 200, held.text
    assert held.headers["Cache-Control"] == "no-store"
    (contact,) = held.json()["mentions"]
    assert (contact["kind"], contact["more"]["note"]) == ("contact", "Not on Sundays.")
    assert (await client("maas", "admin").post(maas, json={"names": ["Jo"]})).status_code == 422
    assert (await dispatcher.post(maas, json=named)).status_code == 403
    assert (await client("luik", "admin").post(maas, json=named)).status_code == 404
