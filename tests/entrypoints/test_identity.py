"""Who is asking: tokens and sessions over HTTP, and what each user may look at."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import HTTPConnection

from app.commands.tokens import AddToken, RevokeToken
from app.commands.users import AddUser, ChangeUser, DeactivateUser
from app.domain.errors import CsrfFailed, ScopeMissing
from app.entrypoints.http.identity import websocket_signed_in
from app.main import create_app
from app.settings import Settings

PASSWORD = "seven boats on the Meuse"
HERE = "http://concord.test"


@pytest.fixture
async def anna(door, world):
    """The id of an admin of maas who has a password."""
    body = {
        "login": "a.visser",
        "display_name": "Anna Visser",
        "password": PASSWORD,
        "roles": ["admin"],
        "language": "nl",
    }
    receipt = await door.execute(AddUser.model_validate(body), actor=world.actor("maas", "admin"), space="live")
    return receipt.id


@pytest.fixture
async def console(anonymous, anna):
    """A client with Anna's session, which sends the session's CSRF token."""
    answer = await anonymous.post("/api/v1/session", json={"login": "a.visser", "password": PASSWORD})
    anonymous.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return anonymous


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def with_token(client, text, path="/api/v1/session"):
    return await client.get(path, headers={"Authorization": f"Bearer {text}"})


# ---------------------------------------------------------------- sessions


async def test_sign_in_sets_a_cookie_that_scripts_and_other_sites_do_not_get(anonymous, anna, world):
    """A script in a page, or a page elsewhere, could take the session."""
    answer = await anonymous.post("/api/v1/session", json={"login": "a.visser", "password": PASSWORD})
    assert answer.status_code == 201
    body = answer.json()
    assert body["user"]["id"] == str(anna)
    assert body["user"]["language"] == "nl"
    assert body["user"]["member"]["id"] == str(world.members["maas"])
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("concord_session=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    who = (await anonymous.get("/api/v1/session")).json()
    assert who == body


@pytest.mark.parametrize(
    ("how", "name"),
    [
        ({"public_url": "https://help.example"}, "__Host-concord_session"),
        ({"cookie_secure": True}, "__Host-concord_session"),
        ({"public_url": "https://help.example", "cookie_secure": False}, "concord_session"),
    ],
)
async def test_cookie_over_https_is_bound_to_the_host(database, clock, anna, how, name):
    """Over an open line, or from a subdomain, somebody could read the session or plant one."""
    app = create_app(Settings(**how), database, clock=clock, background=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://concord.test") as client,
    ):
        answer = await client.post("/api/v1/session", json={"login": "a.visser", "password": PASSWORD})
        assert answer.headers["Set-Cookie"].startswith(f"{name}=")
        assert ("Secure" in answer.headers["Set-Cookie"]) == name.startswith("__Host-")
        assert (await client.get("/api/v1/session")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"login": "a.visser", "password": "not the password"},
        {"login": "nobody", "password": PASSWORD},
        {"login": "dispatcher@maas", "password": PASSWORD},
    ],
)
async def test_refused_sign_in_does_not_say_what_was_wrong(anonymous, anna, body):
    """A stranger could find out who works here."""
    answer = await anonymous.post("/api/v1/session", json=body)
    assert slug(answer) == (401, "bad-credentials")
    assert answer.json()["detail"] == "No active user signs in with this name and this password."
    assert "Set-Cookie" not in answer.headers


async def test_throttled_sign_in_says_how_long_to_wait(anonymous, anna):
    """A person would try again at once, and wait longer each time."""
    for _ in range(5):
        await anonymous.post("/api/v1/session", json={"login": "a.visser", "password": "not the password"})
    answer = await anonymous.post("/api/v1/session", json={"login": "a.visser", "password": PASSWORD})
    assert slug(answer) == (429, "too-many")
    assert answer.headers["Retry-After"] == "1"


async def test_change_by_cookie_needs_the_csrf_token(console):
    """A page elsewhere could make Anna's browser change things."""
    body = {"login": "b.peeters", "display_name": "Bo Peeters", "roles": []}
    right = console.headers.pop("X-CSRF-Token")
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": right[:-1]}, {"X-CSRF-Token": "é".encode("latin-1")}):
        assert slug(await console.post("/api/v1/users", json=body, headers=headers)) == (403, "csrf-failed")
    assert (await console.get("/api/v1/users")).status_code == 200
    assert (await console.post("/api/v1/users", json=body, headers={"X-CSRF-Token": right})).status_code == 201


@pytest.mark.parametrize(
    ("origin", "status"),
    [(HERE, 204), ("http://elsewhere.test", 403), ("null", 403), ("", 403), ("http://[", 403), (f"{HERE}.evil", 403)],
)
async def test_change_by_cookie_comes_from_our_own_page(console, origin, status):
    """A page elsewhere that got hold of a CSRF token could use it."""
    answer = await console.delete("/api/v1/session", headers={"Origin": origin})
    assert answer.status_code == status
    if status == 403:
        again = await console.post(
            "/api/v1/session", json={"login": "a.visser", "password": PASSWORD}, headers={"Origin": origin}
        )
        assert slug(again) == (403, "csrf-failed")


async def test_public_url_is_ours(database, clock, anna):
    """Behind a proxy that changes Host, nobody could sign in."""
    app = create_app(Settings(public_url="https://help.example"), database, clock=clock, background=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://10.0.0.5:8000") as client,
    ):
        answer = await client.post(
            "/api/v1/session",
            json={"login": "a.visser", "password": PASSWORD},
            headers={"Origin": "https://help.example"},
        )
        assert answer.status_code == 201


async def test_session_ends_idle_and_in_any_case(console, clock, settings):
    """A browser left open in a control room would stay signed in for good."""
    for _ in range(2):
        clock.move(minutes=settings.idle_minutes / 2)
        assert (await console.get("/api/v1/session")).status_code == 200
    clock.move(minutes=settings.idle_minutes)
    assert slug(await console.get("/api/v1/session")) == (401, "token-expired")


async def test_session_in_use_ends_too(console, clock, settings):
    """A stolen session could be kept alive for ever."""
    for _ in range(settings.session_hours - 1):
        clock.move(hours=1)
        assert (await console.get("/api/v1/session")).status_code == 200
    clock.move(hours=1)
    assert slug(await console.get("/api/v1/session")) == (401, "token-expired")


async def test_use_of_a_session_is_written_once_a_minute(console, clock, pg):
    """Each request of each console would cost a write."""
    conn = await pg()
    begun = await conn.fetchval("SELECT last_used_at FROM session")
    clock.move(seconds=59)
    await console.get("/api/v1/session")
    assert await conn.fetchval("SELECT last_used_at FROM session") == begun
    clock.move(seconds=1)
    await console.get("/api/v1/session")
    assert await conn.fetchval("SELECT last_used_at FROM session") == clock.now()


async def test_sign_out_ends_the_session_itself(console):
    """Whoever copied the cookie would stay in after Anna has left."""
    cookie = console.cookies["concord_session"]
    answer = await console.delete("/api/v1/session")
    assert answer.status_code == 204
    assert not console.cookies
    console.cookies["concord_session"] = cookie
    assert slug(await console.get("/api/v1/session")) == (401, "token-invalid")


async def test_what_an_admin_takes_away_is_gone_with_the_next_request(console, door, world, anna):
    """Somebody dismissed could go on until the session ends."""
    admin = world.actor("maas", "admin")
    await door.execute(ChangeUser(roles=["viewer"]), actor=admin, space="live", target=anna)
    assert (await console.get("/api/v1/session")).json()["user"]["roles"] == ["viewer"]
    assert slug(await console.get("/api/v1/users")) == (403, "role-missing")
    await door.execute(DeactivateUser(), actor=admin, space="live", target=anna)
    assert slug(await console.get("/api/v1/session")) == (401, "token-invalid")


# ---------------------------------------------------------------- tokens


async def test_token_says_who_it_is_and_needs_no_csrf_token(client):
    """A dispatch system could not work: it has no page that knows the token."""
    maas = client("maas", "viewer")
    answer = (await maas.get("/api/v1/session")).json()
    assert answer["user"]["login"] == "viewer@maas"
    assert answer["csrf_token"] is None
    assert answer["scopes"] == ["read", "write"]
    made = await maas.post(
        f"/api/v1/users/{answer['user']['id']}/tokens",
        json={"label": "x", "scopes": ["read"]},
        headers={"Origin": "http://elsewhere.test"},
    )
    assert made.status_code == 201
    assert (await maas.get(made.headers["Location"])).json()["label"] == "x"
    assert (await with_token(maas, made.json()["once"]["token"])).status_code == 200
    assert slug(await maas.delete("/api/v1/session")) == (409, "conflict")


async def test_token_that_does_not_count(anonymous, door, world, clock):
    """A token could be used by whoever finds it, however old, and whoever it was taken from."""
    viewer = world.actor("maas", "viewer")

    async def made(days):
        receipt = await door.execute(AddToken(label="x", scopes=["read"], days=days), actor=viewer, space="live")
        return receipt.id, receipt.once["token"]

    (lost, revoked), (_, short), (_, kept) = await made(2), await made(1), await made(2)
    await door.execute(RevokeToken(), actor=viewer, space="live", target=lost)
    clock.move(days=1)
    assert slug(await with_token(anonymous, revoked)) == (401, "token-invalid")
    assert slug(await with_token(anonymous, short)) == (401, "token-expired")
    assert slug(await with_token(anonymous, "concord_nonsense")) == (401, "token-invalid")
    assert slug(await with_token(anonymous, "")) == (401, "token-invalid")
    assert (await with_token(anonymous, kept)).status_code == 200
    await door.execute(DeactivateUser(), actor=world.actor("maas", "admin"), space="live", target=viewer.id)
    assert slug(await with_token(anonymous, kept)) == (401, "token-invalid")


async def test_who_sends_nothing_is_told_how_to_sign_in(anonymous):
    """A program would not know what is missing."""
    for headers in ({}, {"Authorization": "Basic YTpi"}):
        answer = await anonymous.get("/api/v1/session", headers=headers)
        assert slug(answer) == (401, "not-signed-in")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_token_for_one_command_reads_nothing_and_does_nothing_else(anonymous, door, world):
    """A siren's token could be used to read who works where."""
    dispatcher = world.actor("maas", "dispatcher")
    command = AddToken(label="siren", scopes=["report_incident"])
    text = (await door.execute(command, actor=dispatcher, space="live")).once["token"]
    answer = await with_token(anonymous, text)
    assert slug(answer) == (403, "scope-missing")
    assert answer.json()["scope"] == "read"
    answer = await anonymous.post(
        f"/api/v1/users/{dispatcher.id}/tokens",
        json={"label": "x", "scopes": ["read"]},
        headers={"Authorization": f"Bearer {text}"},
    )
    assert slug(answer) == (403, "scope-missing")
    # A question in a body is reading too: it tells what a neighbour has left.
    maas, luik = (str(world.members[code]) for code in ("maas", "luik"))
    case = {"hazard": "flood", "type_code": "pump.high_capacity", "kind": "planned", "quantity": 1}
    answer = await anonymous.post(
        "/api/v1/spaces/live/agreements/try",
        json=case | {"lender_id": luik, "borrower_id": maas},
        headers={"Authorization": f"Bearer {text}"},
    )
    assert slug(answer) == (403, "scope-missing")


async def test_journal_says_by_which_way_in(client, console, door, world, pg):
    """Nobody could tell later whether a person or a machine did it."""
    admin = world.actor("maas", "admin")
    service = AddUser(login="cad.maas", display_name="CAD", roles=["admin"], kind="service")
    user = await door.execute(service, actor=admin, space="live")
    text = (await door.execute(AddToken(label="x", scopes=["write"]), actor=admin, space="live", target=user.id)).once
    conn = await pg()
    headers = {"dispatch_system": {"Authorization": f"Bearer {text['token']}"}, "console": {}}
    for number, (via, sent) in enumerate(headers.items()):
        body = {"login": f"user{number}", "display_name": "Somebody", "roles": []}
        answer = await console.post("/api/v1/users", json=body, headers=sent)
        assert answer.status_code == 201, answer.text
        payload = await conn.fetchval("SELECT payload FROM journal_entry WHERE subject_id = $1", answer.json()["id"])
        assert f'"via":"{via}"' in payload


async def test_a_websocket_comes_from_our_own_page(application, console, door, world):
    """A page elsewhere could open a feed in Anna's name and read along."""
    cookie = f"concord_session={console.cookies['concord_session']}"

    async def opened(**headers):
        raw = [(name.encode(), value.encode()) for name, value in ({"host": "concord.test"} | headers).items()]
        connection = HTTPConnection({"type": "websocket", "headers": raw, "app": application})
        return (await websocket_signed_in(connection)).actor

    assert (await opened(cookie=cookie, origin=HERE)).via == "console"
    token = f"Bearer {world.token('luik', 'viewer')}"
    for sent in ({"cookie": cookie}, {"authorization": token}):
        with pytest.raises(CsrfFailed):
            await opened(**sent, origin="http://elsewhere.test")
    assert (await opened(authorization=token)).via == "api"
    siren = await door.execute(
        AddToken(label="siren", scopes=["make_offer"]), actor=world.actor("luik", "dispatcher"), space="live"
    )
    with pytest.raises(ScopeMissing):
        await opened(authorization=f"Bearer {siren.once['token']}")


# ---------------------------------------------------------------- users, tokens, refusals over HTTP


async def test_admin_keeps_users_from_end_to_end(client):
    """An admin could not let anybody in, or see who is."""
    admin = client("maas", "admin")
    body = {"login": "b.peeters", "display_name": "Bo Peeters", "roles": ["viewer"], "password": PASSWORD}
    made = await admin.post("/api/v1/users", json=body)
    assert made.status_code == 201
    assert PASSWORD not in made.text
    where = made.headers["Location"]
    read = await admin.get(where)
    assert read.json()["display_name"] == "Bo Peeters"
    assert "password_hash" not in read.json()
    assert slug(await admin.patch(where, json={"roles": ["dispatcher"]})) == (428, "revision-required")
    changed = await admin.patch(where, json={"roles": ["dispatcher"]}, headers={"If-Match": read.headers["ETag"]})
    assert changed.headers["ETag"] == '"2"'
    stale = await admin.patch(where, json={"roles": []}, headers={"If-Match": read.headers["ETag"]})
    assert slug(stale) == (409, "stale-revision")
    assert slug(await admin.post("/api/v1/users", json=body)) == (409, "duplicate")
    assert (await admin.post(f"{where}/deactivate", json={})).status_code == 200
    found = (await admin.get("/api/v1/users", params={"active": False})).json()["items"]
    assert [user["login"] for user in found] == ["b.peeters"]


async def test_lists_come_in_pages_and_hold_the_own_member_only(client, world):
    """An admin would see another city's people."""
    admin = client("maas", "admin")
    seen, cursor = [], None
    while True:
        page = (await admin.get("/api/v1/users", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [user["id"] for user in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(str(id_) for (member, _), id_ in world.users.items() if member == "maas")
    assert slug(await admin.get("/api/v1/audit", params={"cursor": "x"})) == (422, "bad-cursor")


async def test_who_holds_a_role_is_told_to_colleagues_alone(client, world):
    """Who may not pay would not know who may; and another city's people are none of their business."""
    admin, viewer = client("maas", "admin"), client("maas", "viewer")
    names = {"Bo Peeters": ["finance"], "Ada Willems": ["finance", "viewer"], "Cas Smit": ["viewer"]}
    for number, (name, roles) in enumerate(names.items()):
        body = {"login": f"user.{number}", "display_name": name, "roles": roles, "password": PASSWORD}
        await admin.post("/api/v1/users", json=body)
    body = {"login": "books", "display_name": "A machine", "roles": ["finance"], "kind": "service"}
    await admin.post("/api/v1/users", json=body)
    seen, params = [], {"role": "finance", "limit": 2}
    while True:
        page = (await viewer.get("/api/v1/role-holders", params=params)).json()
        seen += [each["display_name"] for each in page["items"]]
        if not page["next"]:
            break
        params["cursor"] = page["next"]
    assert seen == ["Ada Willems", "Bo Peeters", "finance of maas"]
    assert {*page["items"][0]} == {"id", "display_name"}
    theirs = (await client("luik", "viewer").get("/api/v1/role-holders", params={"role": "finance"})).json()["items"]
    assert [each["display_name"] for each in theirs] == ["finance of luik"]
    assert slug(await viewer.get("/api/v1/role-holders", params={"role": "king"})) == (422, "unknown-code")


async def test_user_sees_itself_its_tokens_and_nobody_else(client, world):
    """A colleague's login and tokens are nobody's business."""
    viewer = client("maas", "viewer")
    own, colleague, stranger = (
        world.users["maas", "viewer"],
        world.users["maas", "dispatcher"],
        world.users["luik", "viewer"],
    )
    assert (await viewer.get(f"/api/v1/users/{own}")).status_code == 200
    tokens = (await viewer.get(f"/api/v1/users/{own}/tokens")).json()["items"]
    assert [token["label"] for token in tokens] == ["tests"]
    assert "token_hash" not in tokens[0]
    for path in ("", "/tokens"):
        assert slug(await viewer.get(f"/api/v1/users/{colleague}{path}")) == (403, "role-missing")
        assert slug(await viewer.get(f"/api/v1/users/{stranger}{path}")) == (404, "not-found")
    for path in ("/api/v1/users", "/api/v1/audit"):
        assert slug(await viewer.get(path)) == (403, "role-missing")
    other = client("luik", "viewer")
    assert slug(await other.get(f"/api/v1/tokens/{tokens[0]['id']}")) == (404, "not-found")
    assert (await viewer.post(f"/api/v1/tokens/{tokens[0]['id']}/revoke", json={})).status_code == 200
    assert slug(await viewer.get("/api/v1/session")) == (401, "token-invalid")


async def test_admin_sees_what_its_own_users_were_refused(client, world):
    """An attempt would leave no trace for those who have to know."""
    for member in ("maas", "luik"):
        await client(member, "viewer").post("/api/v1/users", json={"login": "xy", "display_name": "x", "roles": []})
    (refused,) = (await client("maas", "admin").get("/api/v1/audit")).json()["items"]
    assert refused["actor"] == f"user:{world.users['maas', 'viewer']}"
    assert (refused["command"], refused["slug"], refused["space"]) == ("add_user", "role-missing", "live")
    assert (refused["user_id"], refused["display_name"]) == (str(world.users["maas", "viewer"]), "viewer of maas")


async def test_refusals_are_found_by_who_what_why_and_when(client, world, clock):
    """An admin who looks for one attempt would read through thousands."""
    viewer, dispatcher, admin = (client("maas", role) for role in ("viewer", "dispatcher", "admin"))
    body = {"login": "xy", "display_name": "x", "roles": []}
    await viewer.post("/api/v1/users", json=body)
    clock.move(minutes=10)
    await dispatcher.post("/api/v1/users", json=body)
    await dispatcher.post(f"/api/v1/users/{world.users['maas', 'viewer']}/deactivate", json={})
    await admin.post(f"/api/v1/users/{world.users['maas', 'admin']}/deactivate", json={})

    async def found(**filters):
        answer = await admin.get("/api/v1/audit", params=filters)
        assert answer.status_code == 200, answer.text
        return [row["command"] for row in answer.json()["items"]]

    assert await found() == ["deactivate_user", "deactivate_user", "add_user", "add_user"]
    assert await found(user=str(world.users["maas", "dispatcher"])) == ["deactivate_user", "add_user"]
    assert await found(command="add_user") == ["add_user", "add_user"]
    assert await found(slug="last-admin") == ["deactivate_user"]
    assert await found(target=str(world.users["maas", "viewer"])) == ["deactivate_user"]
    assert await found(space="integration") == []
    assert await found(until=clock.now().isoformat()) == ["add_user"]
    assert await found(since=clock.now().isoformat(), command="add_user") == ["add_user"]
    first = (await admin.get("/api/v1/audit", params={"limit": 3})).json()
    rest = (await admin.get("/api/v1/audit", params={"limit": 3, "cursor": first["next"]})).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)
    assert slug(await admin.get("/api/v1/audit", params={"command": "launch_rocket"})) == (422, "unknown-code")


async def test_description_names_both_ways_to_sign_in(application):
    """A generated client could not sign in."""
    schema = application.openapi()
    assert schema["paths"]["/api/v1/users"]["get"]["security"] == [{"token": []}, {"session": []}]
    assert "security" not in schema["paths"]["/api/v1/session"]["post"]
