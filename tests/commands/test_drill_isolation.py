"""Nothing that is done in a drill touches what is real, whatever ids it is sent; nor does anything in live reach into a drill.

Every command and every route is tried with ids of the other space, of both kinds: those of live that the drill has a shadow of and
those it has not, and the drill's own in live. After each, all live tables are compared byte for byte; what went out is looked at.
"""

from __future__ import annotations

import itertools
import random
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from app.commands.external_ids import AddExternalId
from app.commands.registry import BY_NAME
from app.delivery.webhooks import Webhooks
from app.domain import authority
from app.domain.authority import Actor
from app.domain.errors import ConcordError, Conflict
from app.main import openapi
from app.settings import Settings
from app.store.tables import JOURNALED
from tests.commands.telling import Cad
from tests.commands.who_may import CASES, OWN, Scene
from tests.delivery.receiving import receiving
from tests.following import following, served
from tests.world import flood

if TYPE_CHECKING:
    from collections.abc import Iterator

    import asyncpg

MEMBERS = ("maas", "luik", "aken")
MAAS, LUIK = ("maas", "dispatcher"), ("luik", "dispatcher")
OPERATIONAL = frozenset({"audit", "idempotency", "session", "login_throttle", "token_use", "alembic_version"})
"""Tables about requests and not about the world: a refusal is written down, wherever it was."""
SENDING = re.compile("webhook_(delivery|attempt|lane)")
"""Tables about sending, which moves by itself."""
TABLES = """
    SELECT t.table_name AS name, EXISTS (
        SELECT FROM information_schema.columns c
        WHERE c.table_schema = 'public' AND c.table_name = t.table_name AND c.column_name = 'space_id'
    ) AS spaced
    FROM information_schema.tables t WHERE t.table_schema = 'public' AND t.table_type = 'BASE TABLE'
"""
WRITES = frozenset({"post", "patch", "put", "delete"})
SEED = 20260714
TRIES = 3
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def settings():
    return Settings(webhook_networks="127.0.0.0/8", webhook_timeout_s=2, public_url="https://concord.test")


@dataclass
class Stage:
    """Both worlds, filled, and who acts in them."""

    scene: Scene
    conn: asyncpg.Connection[Any]
    door: Any
    drill: str
    statement: str = ""
    live: dict[str, list[str]] = field(default_factory=dict)
    """Ids by kind that the drill has no row of."""
    shadowed: dict[str, list[str]] = field(default_factory=dict)
    played: dict[str, list[str]] = field(default_factory=dict)
    """Ids by kind that live has no row of."""

    async def does(self, name: str, target: Any = None, /, *, who: tuple[str, str], space: str, **body: Any) -> Any:
        """Carry out a command by its name."""
        model = BY_NAME[name].model.model_validate(body)
        return await self.door.execute(model, actor=self.scene.world.actor(*who), space=space, target=target)

    async def picture(self) -> dict[str, str]:
        """Return a digest of each table's live rows, to the byte; of those of no space, too."""
        if not self.statement:
            parts = []
            for row in await self.conn.fetch(TABLES):
                if row["name"] in OPERATIONAL or SENDING.match(row["name"]):
                    continue
                where = "t.space_id = 'live'" if row["spaced"] else "true"
                if row["name"] == "due_work":
                    where += " AND t.command <> 'advance_drill'"  # by which a drill is woken
                digest = "md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), ''))"
                parts.append(f"SELECT '{row['name']}', {digest} FROM {row['name']} t WHERE {where}")
            assert len(parts) > 60
            self.statement = " UNION ALL ".join(parts)
        return dict(await self.conn.fetch(self.statement))

    async def know(self) -> None:
        """Learn which ids there are in both."""
        for kind, table in JOURNALED.items():
            if "space_id" not in table.model_fields:
                continue
            rows = await self.conn.fetch(f"SELECT space_id, id::text AS id FROM {table.__tablename__}")
            live, drill = ({r["id"] for r in rows if r["space_id"] == space} for space in ("live", self.drill))
            self.live[kind], self.shadowed[kind] = sorted(live - drill), sorted(live & drill)
            # A drill's clock goes under the drill's own id, which is one of live.
            self.played[kind] = [] if kind == "drill_clock" else sorted(drill - live)

    @property
    def only_played(self) -> set[str]:
        """All ids of what is in the drill alone."""
        return {id_ for ids in self.played.values() for id_ in ids}


@pytest.fixture
async def stage(door, world, tools, conn):
    """One of everything in live, and a drill under way in which help was asked for, promised and sent."""
    scene = Scene(world, tools)
    await scene.prepare()
    drill = await conn.fetchval("SELECT plays_in FROM drill WHERE id = $1", scene.ids["drill_running"])
    made = Stage(scene, conn, door, drill)
    incident = await made.does("report_incident", who=MAAS, space=drill, **flood())
    line = {"type_code": "engine.pumper", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    ask = {"incident_id": incident.id, "kind": "immediate", "lines": [line], "then": "open"}
    asked = await made.does("draft_request", who=MAAS, space=drill, **ask)
    send = {"request_line_id": asked.rows["request_line"][0]["id"], "resource_id": world.units("luik", "engine")[0]}
    offer = await made.does("make_offer", asked.id, who=LUIK, space=drill, lines=[send])
    await made.does("accept_offer", offer.id, who=MAAS, space=drill)
    units = [{"offer_line_id": row["id"]} for row in offer.rows["offer_line"]]
    await made.does("commit_offer", offer.id, who=LUIK, space=drill, units=units)
    await made.does("ask_question", asked.id, who=LUIK, space=drill, text="Is there a hydrant?")
    await made.know()
    assert len(made.only_played) > 8
    return made


def people(case: Any, command: str, world: Any) -> Iterator[tuple[str, Actor]]:
    """Yield those who may do it, as the table has it, with their member."""
    for member, role in itertools.product(MEMBERS, authority.roles()):
        sides = {
            side: frozenset(world.members[member if each == OWN else each] for each in members)
            for side, members in case.sides.items()
        }
        if case.user is not None:
            sides["self"] = frozenset({case.user})
        known = world.users.get((member, role), world.users[member, "viewer"])
        actor = Actor(known, "person", world.members[member], frozenset({role}), "console")
        if authority.may(command, actor, sides, case.facts):
            yield member, actor


def differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the tables that are not as they were."""
    return [table for table in before if before[table] != after[table]]


async def test_no_command_in_a_drill_touches_live(stage, application, world, conn):
    """One handler that forgets its space sends a real pump into a flood that is played."""
    wrong, through, refused = [], set(), set()
    async with receiving() as real, receiving() as playing:
        for receiver, kinds in ((real, ["live"]), (playing, ["exercise"])):
            body = {"label": "CAD", "url": receiver.url, "events": ["*"], "space_kinds": kinds}
            member = world.members["maas"]
            made = await stage.does("add_webhook", who=("maas", "admin"), space="live", member_id=member, **body)
            receiver.secret = made.once["secret"]
        began = await conn.fetchval("SELECT seq FROM journal_head WHERE space_id = 'live'")
        for command, make in [(command, make) for command, makers in CASES.items() for make in makers]:
            case = await make(stage.scene)
            before = await stage.picture()
            for member, actor in itertools.islice(people(case, command, world), 2):
                body = case.body(member) if callable(case.body) else case.body
                model = BY_NAME[command].model.model_validate(body)
                try:
                    await stage.door.execute(model, actor=actor, space=stage.drill, target=case.target)
                    through.add(command)
                except ConcordError:
                    refused.add(command)
            if changed := differing(before, await stage.picture()):
                wrong.append(f"{command} ({make.__name__}): {changed}")
        assert not wrong, "\n".join(wrong)
        assert len(through) > 25, "of what was tried with live ids, much is a shadow's: it has to go through"
        assert through | refused == set(CASES)
        hooks = Webhooks(stage.door.engine, stage.door)
        while await hooks.turn():
            pass
        await hooks.close()
        await stage.know()
        ended = await conn.fetchval("SELECT seq FROM journal_head WHERE space_id = 'live'")
        async with AsyncExitStack() as open_:
            address = await open_.enter_async_context(served(application))
            token = world.token("maas", "dispatcher")
            follower = await open_.enter_async_context(following(address, space="live", token=token))
            await follower.resume(began)
            await follower.reaches(ended)
        told = [*real.texts, *(orjson.dumps(frame).decode() for frame in follower.frames)]
        assert len(real.texts) > 3
        assert [text for text in told if stage.only_played.intersection(m[0] for m in ID.finditer(text))] == []
        assert {each["spacekind"] for each in real.came} == {"live"}
        assert len(playing.came) > 10
        assert {each["spacekind"] for each in playing.came} == {"exercise"}
        assert all(each["exercise"].startswith("EXERCISE EXERCISE EXERCISE") for each in playing.came)


async def test_a_dispatch_system_is_heard_where_it_was_asked_to_and_nowhere_else(stage, world, conn):
    """A control room's system that plays along moves the exercise's pumps; one that is real is not heard in an exercise."""
    code = {"4711": "luik-pump-1"}
    live = await Cad.of(stage.door, world, codes=code, space_kinds=["live"])
    plays = await Cad.of(stage.door, world, codes={}, source="cad-drill", space_kinds=["exercise"])
    named = {"source": "cad-drill", "kind": "resource", "code": "4711", "subject_id": world.resources["luik-pump-1"]}
    await plays.does(AddExternalId, space=stage.drill, occurred_at="2026-01-01T00:00:00Z", **named)
    before = await stage.picture()
    for cad, space in ((live, stage.drill), (plays, "live"), (plays, "integration")):
        with pytest.raises(Conflict):
            await cad.tells(cad.fms(6), space=space)
    assert (await plays.tells(plays.fms(6), space=stage.drill)).outcome == "applied"
    assert (await plays.tells(plays.fms("X"), space=stage.drill)).outcome == "quarantined"
    assert differing(before, await stage.picture()) == ["inbox_refusal"], (
        "it is counted that they were refused, and no more"
    )
    unit = "SELECT status FROM resource WHERE space_id = $1 AND id = $2"
    assert await conn.fetchval(unit, stage.drill, world.resources["luik-pump-1"]) == "out_of_service"


# ---------------------------------------------------------------- every route


@dataclass(frozen=True, eq=False)
class Route:
    """One way of writing, and an example of what is sent there."""

    method: str
    path: str
    example: Any
    etag: bool

    @property
    def parts(self) -> list[str]:
        """The names of the ids in its address."""
        return [name for name in re.findall(r"{(\w+)}", self.path) if name != "space"]

    @property
    def kinds(self) -> set[str]:
        """The names under which its example has ids."""
        return {name for name, value in fields(self.example) if isinstance(value, str) and ID.fullmatch(value)}


def fields(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield everything in a body, with the name that it stands under."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from fields(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from fields(each, name)
    else:
        yield name, value


def routes(methods: frozenset[str]) -> list[Route]:
    """Return every route of a space, with an example of its body."""
    found = []
    for path, operations in openapi()["paths"].items():
        if "{space}" not in path or path.endswith("/feed"):
            continue
        for method in operations.keys() & methods:
            content = operations[method].get("requestBody", {}).get("content", {}).get("application/json", {})
            example = content.get("example") or next(
                (each["value"] for each in content.get("examples", {}).values()), {} if content else None
            )
            names = {each["name"] for each in operations[method].get("parameters", ())}
            found.append(Route(method, path, example, "If-Match" in names))
    return sorted(found, key=lambda route: (route.path, route.method))


class Sender:
    """Sends to routes with ids of somewhere, by people who have every role."""

    def __init__(self, stage: Stage, clients: list[httpx.AsyncClient]) -> None:
        self.stage, self.clients = stage, clients
        self.dice = random.Random(SEED)

    def id_of(self, name: str, ids: dict[str, list[str]]) -> str:
        """Return an id for what is called so: of that kind if there is one, else of any."""
        kind = name.removesuffix("_ids").removesuffix("_id")
        of_kind = ids.get(kind) or [each for known, found in ids.items() if known.endswith(kind) for each in found]
        return self.dice.choice(of_kind or [each for found in ids.values() for each in found])

    def filled(self, value: Any, ids: dict[str, list[str]], name: str = "") -> Any:
        """Return a body with its ids exchanged."""
        if isinstance(value, dict):
            return {key: self.filled(each, ids, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each, ids, name) for each in value]
        return self.id_of(name, ids) if isinstance(value, str) and ID.fullmatch(value) else value

    async def send(self, route: Route, space: str, ids: dict[str, list[str]], of_body: dict[str, list[str]]) -> Any:
        """Send one try of a route."""
        values = {name: self.id_of(name, ids) for name in route.parts}
        address = route.path.format(space=space, **values)
        headers = {"If-Match": '"1"'} if route.etag and self.dice.random() < 0.5 else {}
        body = {} if route.example is None else {"json": self.filled(route.example, of_body)}
        client = self.dice.choice(self.clients)
        return await client.request(route.method.upper(), address, headers=headers, **body)


@pytest.fixture
async def sender(stage, application, act):
    """Two people, of the city that asks and of the one that lends, who have all roles."""
    clients = []
    for member in ("maas", "luik"):
        user = await act_admin(stage, member)
        clients.append(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=application),
                base_url="http://concord.test",
                headers={"Authorization": f"Bearer {user}"},
            )
        )
    yield Sender(stage, clients)
    for each in clients:
        await each.aclose()


async def act_admin(stage: Stage, member: str) -> str:
    """Make somebody of a member who has every role; return a token of theirs."""
    admin, of = (member, "admin"), stage.scene.world.members[member]
    body = {"member_id": of, "login": f"all.of.{member}", "display_name": "All", "roles": sorted(authority.roles())}
    user = await stage.does("add_user", who=admin, space="live", **body)
    token = {"user_id": user.id, "label": "tests", "scopes": ["read", "write"], "days": 30}
    actor = Actor(user.id, "person", of, frozenset(authority.roles()), "console")
    model = BY_NAME["add_token"].model.model_validate(token)
    made = await stage.door.execute(model, actor=actor, space="live", target=user.id)
    return str(made.once["token"])


async def test_no_route_of_a_drill_touches_live(stage, sender):
    """A body with one id of the other world, and a real unit stands reserved for a flood that is played."""
    wrong, through = [], set()
    ways = routes(WRITES)
    assert len(ways) > 110
    for route in ways:
        before = await stage.picture()
        for _ in range(TRIES):
            ids, of_body = sender.dice.choice([
                (stage.live, stage.live), (stage.played, stage.live), (stage.played, stage.shadowed), (stage.shadowed, stage.live),
            ])  # fmt: skip
            answer = await sender.send(route, stage.drill, ids, of_body)
            if answer.status_code >= 500:
                wrong.append(f"{route.method} {route.path}: {answer.text[:300]}")
            if answer.is_success:
                through.add(route)
                if route.kinds and of_body is stage.live and ids is stage.live and route.parts:
                    wrong.append(f"{route.method} {route.path} took ids of live: {answer.text[:300]}")
        if changed := differing(before, await stage.picture()):
            wrong.append(f"{route.method} {route.path} changed {changed}")
    assert not wrong, "\n".join(wrong)
    assert len(through) > 10


async def test_no_route_of_live_takes_what_is_a_drill_s(stage, sender):
    """An id that was read in the exercise, and a button in the wrong window: nobody's real help may come to hang on it."""
    wrong = []
    for route in routes(WRITES):
        if not route.parts and not route.kinds:
            continue
        before = await stage.picture()
        for number in range(TRIES):
            of_body = stage.played if number % 2 == 0 or not route.parts else stage.live
            ids = stage.played if route.parts and number < 2 else stage.live
            if ids is stage.live and of_body is stage.live:
                continue
            if ids is stage.live and not route.kinds:
                continue
            answer = await sender.send(route, "live", ids, of_body)
            # Trying something out, and positions that are not kept, are answered: what counts is that nothing changes.
            if (answer.is_success and route.parts) or answer.status_code >= 500:
                wrong.append(f"{route.method} {route.path}: {answer.status_code} {answer.text[:300]}")
        if changed := differing(before, await stage.picture()):
            wrong.append(f"{route.method} {route.path} changed {changed}")
    assert not wrong, "\n".join(wrong)


async def test_no_list_mixes_the_two_worlds(stage, sender):
    """A unit of the exercise on the real map is a unit that somebody counts on."""
    real = {id_ for ids in stage.live.values() for id_ in ids}
    known = {str(id_) for id_ in stage.scene.ids.values()} & {
        str(row["id"]) for row in await stage.conn.fetch("SELECT id FROM drill")
    }
    wrong, read = [], 0
    for route in routes(frozenset({"get"})):
        for space, ids, foreign in (("live", stage.live, stage.only_played), (stage.drill, stage.played, real - known)):
            values = {name: sender.id_of(name, ids) for name in route.parts}
            for client in sender.clients:
                answer = await client.get(route.path.format(space=space, **values))
                read += answer.is_success
                said = {match[0] for match in ID.finditer(answer.text)} - set(values.values())
                if answer.is_success and said & foreign:
                    wrong.append(f"{route.path} of {space} tells {sorted(said & foreign)[:3]}")
                values = {
                    name: sender.id_of(name, stage.played if space == "live" else stage.live) for name in route.parts
                }
                if route.parts:
                    other = await client.get(route.path.format(space=space, **values))
                    if other.is_success and not re.match(r'{"(items|entries)":\[\]', other.text):
                        wrong.append(f"{route.path} of {space} answers for an id of the other: {other.text[:120]}")
    assert not wrong, "\n".join(wrong)
    assert read > 100
