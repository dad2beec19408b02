"""The feed, with a real server and a real client library, in every turn its protocol can take."""

from __future__ import annotations

import asyncio

import asyncpg
import httpx
import orjson
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from websockets.exceptions import InvalidStatus

from app.commands.agreement_versions import DraftAgreementVersion, WithdrawAgreement
from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.incidents import ReportIncident
from app.commands.missions import AdvanceMission, ReleaseMission
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import AcknowledgeRequest, CloseRequest, DraftRequest, OpenRequest
from app.commands.responses import DeclineRequest
from app.commands.tokens import AddToken, RevokeToken
from app.commands.users import AddUser, ChangeUser, DeactivateUser
from app.delivery import feed as feeds
from app.delivery import hub as hubs
from app.delivery import wire
from app.entrypoints import feed as entrypoint
from app.queries import snapshot as snapshots
from app.settings import Settings
from app.store.engine import reading
from app.store.folded import folded_and_tables
from app.store.tables import JOURNALED
from tests.following import Follower, following, served
from tests.until import until
from tests.world import everywhere, flood

MAAS, LUIK, AKEN = ("maas", "dispatcher"), ("luik", "dispatcher"), ("aken", "dispatcher")


@pytest.fixture
async def address(application):
    async with served(application) as found:
        yield found


@pytest.fixture
def do(application, world):
    """Executes a command as ``who`` (member, role), through the served application's own door."""

    async def does(model, target=None, *, who=MAAS, **body):
        door, command = application.state.door, model.model_validate(body)
        return await door.execute(command, actor=world.actor(*who), space="live", target=target)

    return does


@pytest.fixture
def report(do):
    async def reports(title="Water"):
        # No protocol is made for a storm: a report is one entry, and these tests count.
        return await do(ReportIncident, **flood(title=title, hazard="storm"))

    return reports


@pytest.fixture
def ask(do, report):
    """Has maas draft a request for pumps; returns the receipt."""

    async def asks(quantity=2, then="open"):
        incident = await report()
        line = {"type_code": "pump.high_capacity", "quantity": quantity, "priority": "life_safety"}
        there = {"lon": 5.7, "lat": 50.78}
        return await do(DraftRequest, incident_id=incident.id, kind="immediate", lines=[line | there], then=then)

    return asks


@pytest.fixture
def follow(address, world):
    """Connects to the feed as a member's user."""

    def follows(member="aken", role="viewer", **more):
        return following(address, token=world.token(member, role), **more)

    return follows


def types(follower):
    return [entry["type"] for entry in follower.entries]


# ---------------------------------------------------------------- from the beginning, and after a break


async def test_snapshot_then_live(follow, world, report):
    """A screen that opens in the middle would not know what came before, or what comes after."""
    before = await report("Before")
    async with follow() as aken:
        assert aken.hello["you"] == {
            "user_id": str(world.users["aken", "viewer"]),
            "member_id": str(world.members["aken"]),
            "roles": ["viewer"],
        }
        assert (aken.hello["space"], aken.hello["head"]) == ("live", before.seq)
        await aken.snapshot()
        assert aken.mine == before.seq
        assert set(aken.rows["incident"]) == {str(before.id)}
        assert set(aken.rows["member"]) == {str(id_) for id_ in world.members.values()}
        assert "resource" not in aken.rows
        after = await report("After")
        await aken.reaches(after.seq)
        assert aken.rows["incident"][str(after.id)] == after.subject


async def test_resume_tells_what_was_missed(follow, report):
    """After a tunnel the screen would lack what happened meanwhile, or show it twice."""
    first = await report()
    missed = [await report(f"Missed {number}") for number in range(30)]
    async with follow() as aken:
        await aken.resume(first.seq)
        await aken.next("heartbeat")
        assert [entry["seq"] for entry in aken.entries] == [each.seq for each in missed]
        live = await report("Live")
        await aken.reaches(live.seq)
        assert aken.entries[-1]["prev"] == missed[-1].seq
        # What is asked for again is told again, and the line goes on behind it.
        await aken.resume(missed[-2].seq)
        await aken.next("heartbeat")
        assert [entry["seq"] for entry in aken.entries[-2:]] == [missed[-1].seq, live.seq]
        await aken.reaches((await report("Later")).seq)


@pytest.mark.parametrize(
    ("after", "epoch", "reason"),
    [(0, "another", "other_epoch"), (10_000, None, "from_the_future"), (0, None, "too_far_behind")],
)
async def test_told_to_take_a_snapshot(follow, report, monkeypatch, after, epoch, reason):
    """A screen would go on from where nothing leads to the present, and show a world that never was."""
    monkeypatch.setattr(feeds, "MOST_MISSED", 20)
    async with follow() as aken:
        await aken.resume(after, epoch)
        told = await aken.next()
        assert (told["kind"], told["reason"], told["epoch"]) == ("reset", reason, aken.epoch)
        await report("Nobody who was reset hears of this yet")
        await aken.say(kind="snapshot")
        assert (await aken.next())["kind"] == "snapshot"
        await aken.next("heartbeat")
        await aken.reaches((await report()).seq)


async def test_joining_while_much_happens(application, follow, world, do):
    """Between catching up and live, an entry could fall through or come twice (`Follower` asserts that none does)."""
    start = (await do(ReportIncident, **flood(hazard="storm"))).seq
    done = asyncio.Event()

    async def write():
        for number in range(120):
            last = await do(ReportIncident, **flood(title=f"Entry {number}", hazard="storm"))
        done.set()
        return last.seq

    async def join(number):
        await asyncio.sleep(0.001 * number)  # spread over the writing; nothing waits for it
        async with follow() as reader:
            if number % 2:
                await reader.resume(start)
            else:
                await reader.snapshot()
            await reader.until(lambda _: done.is_set())
            await reader.reaches(await writing)
            return reader.entries if number % 2 else reader.rows["incident"]

    writing = asyncio.create_task(write())
    found = await asyncio.gather(*(join(number) for number in range(24)))
    last = await writing
    for entries in found[1::2]:
        assert [entry["seq"] for entry in entries] == list(range(start + 1, last + 1))
    for rows in found[::2]:
        assert len(rows) == 121


# ---------------------------------------------------------------- what each may see


async def test_help_from_asking_to_coming_home(follow, world, do, ask):
    """The whole way, on three screens that opened at the start: each ends with what a screen opened at the end shows.

    What a member may not see would reach its browser; what it may see only from some moment on would lack its beginning.
    """
    async with follow("maas") as maas, follow("luik") as luik, follow("aken") as aken:
        screens = {"maas": maas, "luik": luik, "aken": aken}
        for screen in screens.values():
            await screen.snapshot()
        asked = await ask(then="submit")
        line = asked.rows["request_line"][0]["id"]
        await maas.reaches(asked.seq)
        assert maas.rows["request"][str(asked.id)]["status"] == "submitted"
        await do(OpenRequest, asked.id)
        await aken.until(lambda aken: str(asked.id) in aken.rows.get("request", {}))
        assert aken.entries[-1]["rows"].keys() == {"request", "request_line"}, "opened without its lines"
        assert types(aken) == ["incident.reported", "request.opened"], "it saw the draft"
        await do(AcknowledgeRequest, asked.id, who=AKEN)
        await do(DeclineRequest, asked.id, who=AKEN, reason="none_available")
        units = [{"request_line_id": line, "resource_id": world.resources[f"luik-pump-{n}"]} for n in (1, 2)]
        offer = await do(MakeOffer, asked.id, who=LUIK, lines=units)
        await do(AcceptOffer, offer.id)
        await aken.until(lambda aken: aken.fill.get(line, {}).get("pending") == 2)
        assert "offer" not in aken.rows, "an offer between two others"
        committed = await do(CommitOffer, offer.id, who=LUIK)
        await aken.until(lambda aken: aken.fill[line]["committed"] == 2 and aken.fill[line]["pending"] == 0)
        mission = committed.rows["mission"][0]
        for state in ("mobilising", "in_transit", "on_scene"):
            await do(AdvanceMission, mission["id"], who=LUIK, to=state)
        await do(ReleaseMission, mission["id"])
        moved = await do(AdvanceMission, mission["id"], who=LUIK, to="returning")
        for name, screen in screens.items():
            await screen.reaches(moved.seq)
            assert screen.rows["mission"][mission["id"]]["status"] == "returning"
            async with follow(name) as later:
                await later.snapshot()
                for kind, rows in later.rows.items():
                    for id_, state in rows.items():
                        assert screen.rows[kind][id_] == state, f"{name} was told {kind} otherwise"
                await screen.until(lambda screen, told=later.fill[line]: screen.fill.get(line) == told)
                assert ("offer" in later.rows) is (name != "aken")
        assert "offer.accepted" in types(luik)
        assert "offer.accepted" not in types(aken)


async def test_snapshot_tells_rows_as_the_journal_does(engine, do, ask, world):
    """A screen folds entries over the snapshot: were a field written otherwise, it would show two values for one thing."""
    asked = await ask()
    line = asked.rows["request_line"][0]["id"]
    offer = await do(MakeOffer, asked.id, who=LUIK, lines=[{"request_line_id": line, "quantity": 2}])
    await do(AcceptOffer, offer.id)
    await do(AcknowledgeRequest, asked.id, who=AKEN)
    async with reading(engine, snapshot=True) as conn:
        seen = await snapshots.snapshot(conn, "live", None)
    told, _ = await folded_and_tables(engine, "live")
    assert {kind for kind, rows in seen.rows.items() if rows} >= {"corridor", "agreement", "offer_line", "request_line"}
    for kind, rows in seen.rows.items():
        assert kind in JOURNALED
        for state in rows:
            assert told[kind][state["id"]] == state


async def test_a_first_agreement_withdrawn_leaves_the_screens_of_others(follow, do, world, assert_fold):
    """A third city would go on showing a proposal that is gone, until somebody reloads the page; the parties keep it as a draft."""
    luik, maas = ("luik", "authorised_representative"), ("maas", "authorised_representative")
    said = {
        "lenders": [world.members["luik"]],
        "borrowers": [world.members["maas"]],
        "terms": {"hazards": ["flood"], "types": ["pump.high_capacity"], "kinds": ["immediate"]},
        "effective_at": "2026-07-01T00:00:00Z",
    }
    drafted = await do(DraftAgreement, who=luik, code="luik-maas", names=everywhere("Luik and Maas"), **said)
    id_ = str(drafted.id)

    def known(follower):
        rows = follower.rows
        parts = [row for kind in ("agreement_version", "agreement_consent") for row in rows.get(kind, {}).values()]
        return id_ in rows["agreement"], sum(row["agreement_id"] == id_ for row in parts)

    async with follow("aken") as aken, follow("maas") as party:
        await aken.snapshot()
        await party.snapshot()
        assert (known(aken), known(party)) == ((False, 0), (True, 1))
        await do(ProposeAgreement, drafted.id, who=luik)
        last = await do(ConsentToAgreement, drafted.id, who=maas)
        for each in (aken, party):
            await each.reaches(last.seq)
            assert known(each) == (True, 2)
        withdrawn = await do(WithdrawAgreement, drafted.id, who=luik, reason="Asked by A. Janssens.", why="Council.")
        assert (withdrawn.subject["status"], len(withdrawn.rows["agreement_consent"])) == ("draft", 1)
        await party.reaches(withdrawn.seq)
        assert known(party) == (True, 2)
        assert party.rows["agreement"][id_]["status"] == "draft"
        await do(DraftAgreementVersion, drafted.id, who=luik, **said)
        marker = await do(ReportIncident, **flood(hazard="storm"))
        await aken.reaches(marker.seq)
        assert known(aken) == (False, 0)
        told = next(entry for entry in aken.entries if entry["type"] == "agreement.taken_back")
        assert not {"why", "reason"} & told["data"].keys()  # nobody's words: nothing in it has to be forgotten one day
        assert "agreement.withdrawn" not in types(aken)
        followed = {kind: rows for kind, rows in aken.rows.items() if kind.startswith("agreement")}
        await aken.snapshot()
        assert followed == {kind: aken.rows.get(kind, {}) for kind in followed}
    await assert_fold()


async def test_snapshot_leaves_out_what_has_ended(engine, do, ask, world):
    """A screen of a year's requests would take a minute to open."""
    asked = await ask()
    await do(CloseRequest, asked.id)
    async with reading(engine, snapshot=True) as conn:
        seen = await snapshots.snapshot(conn, "live", world.members["aken"])
        assert seen.rows["request"] == seen.rows["request_line"] == []
        assert not await snapshots.fill(conn, "live")
        assert await snapshots.fill(conn, "live", [asked.id])


async def test_snapshot_in_parts(follow, report, monkeypatch):
    """A message of megabytes is refused by many clients, and holds up everything behind it."""
    monkeypatch.setattr(wire, "PART_BYTES", 8192)
    for number in range(40):
        await report(f"{number} " + "water " * 30)
    async with follow() as aken:
        await aken.snapshot()
        parts = [frame for frame in aken.frames if frame["kind"] == "snapshot"]
        assert len(parts) > 2
        assert [part["part"] for part in parts] == list(range(1, len(parts) + 1))
        assert [part["last"] for part in parts] == [False] * (len(parts) - 1) + [True]
        assert max(len(orjson.dumps(part)) for part in parts) < 12_000
        assert len(aken.rows["incident"]) == 40


async def test_heartbeat_says_how_far_one_is(application, follow, do, report, world):
    """Between others' offers nothing comes for hours: the screen could not tell a quiet night from a dead line."""
    async with follow() as aken, follow("luik") as luik:
        await aken.snapshot()
        await luik.snapshot()
        hidden = await do(
            AddToken, world.users["luik", "viewer"], who=("luik", "admin"), label="x", scopes=["read"], days=1
        )
        await luik.reaches(hidden.seq)
        await application.state.hub.beat()
        beat = await aken.next("heartbeat")
        assert (beat["seq"], beat["prev"], aken.entries) == (hidden.seq, hidden.seq - 1, [])
        assert aken.hello["heartbeat_s"] == 10


# ---------------------------------------------------------------- who may listen, and for how long


async def test_nobody(address):
    """The feed would be open to whoever knows its address; a browser would not learn why it was closed."""
    async with following(address) as nobody:
        assert nobody.problem["type"] == "/problems/not-signed-in"
        assert nobody.problem["instance"] == "/api/v1/spaces/live/feed"
        assert await nobody.closed() == 4401


async def test_no_token_in_the_address(address, world):
    """Addresses stand in logs and histories, and a token with them."""
    token = world.token("aken", "viewer")
    async with following(address, query=f"?token={token}&access_token={token}") as nobody:
        assert await nobody.closed() == 4401


@pytest.fixture
async def signed_in(application, do, world):
    """A person of aken who is signed in at the console: (id, cookie, a client that can sign out)."""
    body = {"login": "a.visser", "display_name": "A", "password": "seven boats on the Meuse", "language": "de"}
    who = ("aken", "admin")
    made = await do(AddUser, who=who, member_id=world.members["aken"], roles=["viewer"], **body)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=application), base_url="http://concord.test"
    ) as client:
        answer = await client.post("/api/v1/session", json={"login": "a.visser", "password": body["password"]})
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        yield made.id, {"Cookie": f"concord_session={client.cookies['concord_session']}"}, client


async def test_only_our_own_page_by_cookie(address, signed_in):
    """A page elsewhere could open a feed in somebody's name and read along."""
    _, cookie, _ = signed_in
    async with following(address, headers=cookie | {"Origin": f"http://{address}"}) as ours:
        await ours.snapshot()
    with pytest.raises(InvalidStatus) as refused:
        async with following(address, headers=cookie | {"Origin": "http://elsewhere.test"}):
            pass
    assert refused.value.response.status_code == 403
    assert orjson.loads(refused.value.response.body)["type"] == "/problems/csrf-failed"


async def test_an_origin_counts_for_tokens_too(application, address, world, monkeypatch):
    """Something that runs pages, and has a token, would read along for a page from anywhere."""
    token = world.token("aken", "viewer")
    async with following(address, token=token, headers={"Origin": f"http://{address}"}) as ours:
        await ours.snapshot()
    with pytest.raises(InvalidStatus) as refused:
        async with following(address, token=token, headers={"Origin": "https://wall.test"}):
            pass
    assert refused.value.response.status_code == 403
    named = Settings(feed_origins="https://Wall.test/, https://other.test")
    monkeypatch.setattr(application.state.door, "settings", named)
    async with following(address, token=token, headers={"Origin": "https://wall.test"}) as wall:
        await wall.snapshot()


async def test_other_origins_are_for_tokens_alone(application, address, signed_in, monkeypatch):
    """A page that may use tokens could open the feed in the name of whoever looks at it."""
    _, cookie, _ = signed_in
    monkeypatch.setattr(application.state.door, "settings", Settings(feed_origins="https://wall.test"))
    with pytest.raises(InvalidStatus) as refused:
        async with following(address, headers=cookie | {"Origin": "https://wall.test"}):
            pass
    assert refused.value.response.status_code == 403


async def test_signing_out_closes(application, address, signed_in):
    """Who leaves the desk and signs out would leave the feed running in a second window."""
    _, cookie, client = signed_in
    application.state.hub.heartbeat_s = 3600
    async with following(address, headers=cookie) as aken:
        await aken.snapshot()
        assert (await client.delete("/api/v1/session")).is_success
        assert await aken.closed() == 4401  # no heartbeat was waited for
        assert aken.problem["type"] == "/problems/token-invalid"


async def test_a_session_left_alone_closes(application, address, signed_in, clock):
    """A screen in an empty room would go on for ever, though every click on it is refused."""
    _, cookie, _ = signed_in
    async with following(address, headers=cookie) as aken:
        await aken.snapshot()
        clock.move(minutes=application.state.settings.idle_minutes)
        await application.state.hub.check()
        assert await aken.closed() == 4401


async def test_signing_out_while_it_opens(application, address, signed_in, monkeypatch):
    """Between the look at the session and the first message it ends, and the feed would not hear of that."""
    _, cookie, client = signed_in
    identified = entrypoint.websocket_signed_in

    async def then_signs_out(websocket):
        found = await identified(websocket)
        assert (await client.delete("/api/v1/session")).is_success
        return found

    monkeypatch.setattr(entrypoint, "websocket_signed_in", then_signs_out)
    async with following(address, headers=cookie) as aken:
        assert await aken.closed() == 4401


async def test_who_changed_before_anybody_listened_is_looked_up(application, address, world, do, monkeypatch):
    """The first reader of a process, dismissed while it connects, would read on until a heartbeat: nothing told the hub."""
    identified, user = entrypoint.websocket_signed_in, world.users["aken", "viewer"]

    async def then_is_dismissed(websocket):
        found = await identified(websocket)
        await do(DeactivateUser, user, who=("aken", "admin"))
        return found

    monkeypatch.setattr(entrypoint, "websocket_signed_in", then_is_dismissed)
    async with following(address, token=world.token("aken", "viewer")) as aken:
        assert await aken.closed() == 4401


async def test_only_whom_it_concerns_is_looked_up(application, follow, do, world, monkeypatch):
    """Each token that is made would have ten thousand connections looked up."""
    looked_up = []
    standings = hubs.standings

    async def noted(conn, digests, **more):
        looked_up.append(len(digests))
        return await standings(conn, digests, **more)

    monkeypatch.setattr(hubs, "standings", noted)
    async with follow() as aken, follow("luik") as luik:
        for screen in (aken, luik):
            await screen.snapshot()
        await until(lambda: not application.state.hub._doubted)
        looked_up.clear()
        user = world.users["luik", "viewer"]
        await do(AddToken, user, who=("luik", "admin"), user_id=user, label="x", scopes=["read"], days=1)
        await until(lambda: looked_up)
        assert looked_up == [1]


async def test_in_doubt_while_the_database_is_away(application, address, signed_in, monkeypatch):
    """Somebody who signed out in just that second would read on until a heartbeat."""
    hub, (_, cookie, client) = application.state.hub, signed_in
    monkeypatch.setattr(hubs, "AGAIN_S", 0.01)
    standings, failed = hubs.standings, []

    async def away_once(*args, **more):
        if not failed:
            failed.append(True)
            raise ConnectionError
        return await standings(*args, **more)

    async with following(address, headers=cookie) as aken:
        await aken.snapshot()
        await until(lambda: not hub._doubted)
        monkeypatch.setattr(hubs, "standings", away_once)
        assert (await client.delete("/api/v1/session")).is_success
        assert await aken.closed() == 4401
    assert failed


@pytest.mark.parametrize(
    ("model", "body", "code"),
    [
        (ChangeUser, {"password": "nine boats on the Meuse"}, 4401),
        (ChangeUser, {"roles": ["viewer", "finance"]}, 4403),
        (DeactivateUser, {}, 4401),
    ],
)
async def test_what_an_admin_takes_away_is_gone_at_once(address, signed_in, do, model, body, code):
    """Somebody who was dismissed would read on until the shift ends."""
    id_, cookie, _ = signed_in
    async with following(address, headers=cookie) as aken:
        await aken.snapshot()
        await do(model, id_, who=("aken", "admin"), **body)
        assert await aken.closed() == code  # the journal told of it; no heartbeat was waited for


async def test_a_revoked_token_closes(address, follow, do, world):
    """A lost laptop's token would go on reading."""
    user = world.users["aken", "viewer"]
    made = await do(AddToken, user, who=("aken", "admin"), user_id=user, label="wall", scopes=["read"], days=1)
    async with following(address, token=made.once["token"]) as wall, follow() as other:
        await wall.snapshot()
        await other.snapshot()
        await do(RevokeToken, made.id, who=("aken", "admin"))
        assert await wall.closed() == 4401
        await other.reaches(other.mine + 1)  # the other one goes on


async def test_a_token_for_less(address, do, world):
    """A siren's token, made to send offers, would read everything."""
    user = world.users["aken", "viewer"]
    made = await do(AddToken, user, who=("aken", "admin"), user_id=user, label="x", scopes=["make_offer"], days=1)
    async with following(address, token=made.once["token"]) as siren:
        assert siren.problem["type"] == "/problems/scope-missing"
        assert await siren.closed() == 4403


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("said", "slug", "pointer"),
    [
        ("no JSON", "malformed-json", None),
        ("[]", "wrong-type", ""),
        ("{}", "missing-field", None),
        ('{"kind": "dance"}', "unknown-code", None),
        ('{"kind": "resume", "epoch": "x"}', "missing-field", "/after"),
        ('{"kind": "resume", "epoch": "x", "after": -1}', "out-of-range", "/after"),
        ('{"kind": "resume", "epoch": "x", "after": true}', "wrong-type", "/after"),
        ('{"kind": "snapshot", "of": "everything"}', "unknown-field", "/of"),
        ('{"kind": "resume", "epoch": "x", "after": NaN}', "not-finite", "/after"),
        (b"\x00\x01", "malformed", None),
    ],
)
async def test_what_is_not_understood(follow, said, slug, pointer):
    """Whoever writes a client would guess at what is wrong with it."""
    async with follow() as aken:
        await aken.websocket.send(said)
        assert await aken.closed() == 4422
        assert aken.problem["type"] == f"/problems/{slug}"
        if pointer is not None:
            assert [wrong["pointer"] for wrong in aken.problem["errors"]] == [pointer]


async def test_a_long_message(application, world):
    """A client could have us keep megabytes."""
    async with (
        served(application, ws_max_size=entrypoint.LONGEST_MESSAGE) as address,
        following(address, token=world.token("aken", "viewer")) as aken,
    ):
        await aken.websocket.send("x" * 20_000)
        assert await aken.closed() == 1009


async def test_nothing_asked(follow, monkeypatch):
    """Connections that nobody uses would pile up."""
    monkeypatch.setattr(entrypoint, "PATIENCE_S", 0.05)
    async with follow() as aken:
        assert await aken.closed() == 4408
        assert aken.problem["type"] == "/problems/nothing-asked"


async def test_no_such_space(follow):
    """A misspelt drill would look like one in which nothing happens."""
    async with follow(space="drill-none") as aken:
        assert aken.problem["type"] == "/problems/not-found"
        assert await aken.closed() == 4404


# ---------------------------------------------------------------- when things go wrong


class Full:
    """An outlet that always has too much waiting."""

    direct = None

    def __init__(self, outlet):
        self._outlet = outlet

    def __getattr__(self, name):
        return getattr(self._outlet, name)

    def offer(self, burst, most_waiting):
        return False


async def test_too_slow_comes_back_with_its_seq(application, follow, report, monkeypatch):
    """One screen on a bad line would hold everybody up, or lose what it was too slow for."""
    async with follow() as aken, follow("luik") as luik:
        await aken.snapshot()
        await luik.snapshot()
        feed = application.state.hub._spaces["live"].feed
        (reader,) = (
            each
            for each in feed.audiences.readers()
            if str(each.audience.viewer.member_id) == aken.hello["you"]["member_id"]
        )
        reader.audience.readers.discard(reader)
        reader.outlet = Full(reader.outlet)
        reader.audience.readers.add(reader)
        missed = await report("Too much for one")
        await luik.reaches(missed.seq)
        assert await aken.closed() == 1013
        mine, epoch = aken.mine, aken.epoch
    async with follow() as again:
        assert again.epoch == epoch
        await again.resume(mine)
        await again.reaches(missed.seq)
        assert [entry["seq"] for entry in again.entries] == [missed.seq]


async def test_a_journal_that_was_replaced(application, follow):
    """After a dump is put back, seqs mean something else: a screen that resumed would mix two histories."""
    async with follow() as aken:
        await aken.snapshot()
        application.state.hub._spaces["live"].feed.epoch = "as it was before"
        await application.state.hub.check()
        assert await aken.closed() == 1012
    async with follow() as again:
        assert again.epoch == aken.epoch


async def test_epoch_belongs_to_the_database(database, empty_database, pg, engine):
    """The same after a restart, or every screen would begin anew; another elsewhere, or it would show a mixture."""
    first, second = await pg(), await pg()
    assert await snapshots.epoch(first) == await snapshots.epoch(second)
    other = await asyncpg.connect(empty_database)
    try:
        assert await snapshots.epoch(other) != await snapshots.epoch(first)
    finally:
        await other.close()


async def test_the_database_goes_away_and_comes_back(follow, report, pg):
    """Every connection is cut in the middle: the screens would stand still for ever, and say that they are live."""
    async with follow() as aken:
        await aken.snapshot()
        conn = await pg()
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        await conn.execute(cut)
        for _ in range(20):  # the pool finds its dead connections one by one
            try:
                told = await report("After the cut")
                break
            except (DBAPIError, asyncpg.InterfaceError, OSError):
                continue
        await aken.reaches(told.seq)
        assert types(aken) == ["incident.reported"]


async def test_no_connection_left(application, follow, report, monkeypatch):
    """In a rush every connection of the pool is taken for a while: the feed would end for good, and nobody be signed out."""
    hub, refused = application.state.hub, []

    def none_left(*_):
        refused.append(asyncio.current_task().get_name())
        raise PoolTimeoutError

    async with follow() as aken:
        await aken.snapshot()
        with monkeypatch.context() as patched:
            patched.setattr(hub._engine.sync_engine.pool, "connect", none_left)
            assert not await hub.check()
            hub._spaces["live"].feed.whereabouts.stir()
            application.state.wakes._all_look()
            await until(lambda: refused.count("feed live") >= 2)
        assert not any(task.done() for task in hub._spaces["live"].tasks)
        await aken.reaches((await report()).seq)


async def test_under_another_server(application, world, report):
    """Behind a server whose transports we don't know, the console would stay dark."""
    async with (
        served(application, ws="websockets-sansio") as address,
        following(address, token=world.token("aken", "viewer")) as aken,
    ):
        await aken.snapshot()
        await aken.reaches((await report()).seq)
        assert types(aken) == ["incident.reported"]
        await aken.websocket.send("no JSON")
        assert await aken.closed() == 4422


async def test_feeds_end_when_nobody_follows(application, address, follow, report):
    """A process would read the journal of every drill there ever was."""
    hub = application.state.hub
    async with follow() as aken:
        await aken.snapshot()
        await hub.beat()
        assert set(hub._spaces) == {"live"}
    await until(lambda: not hub._spaces["live"].connections)
    await hub.beat()
    assert not hub._spaces
    async with follow() as again:
        await again.snapshot()
        await again.reaches((await report()).seq)


def test_the_follower_notices_a_gap():
    """These tests would pass with entries missing."""
    follower = Follower(None)
    follower.mine = 5
    with pytest.raises(AssertionError):
        follower.take({"kind": "entry", "prev": 6, "seq": 7, "rows": {}})
    with pytest.raises(AssertionError):
        follower.take({"kind": "heartbeat", "prev": 6, "seq": 7})
