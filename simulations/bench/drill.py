"""``drill``: how late injects are at the members they go to, at speed 1.

A drill of 60 members is played by ``concord serve`` as it ships; a user of each follows the drill's feed over a websocket. An inject
is due at a moment of the machine's clock (``Clock.due_at`` of its drill time); how much later it has come to a member is what is
measured. Nobody acts, so that nothing but its time brings an inject. Each has to come to each member once.

The clients are bare sockets under one epoll, in a process that does nothing else meanwhile.
"""

from __future__ import annotations

import asyncio
import re
import select
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from app.commands.corridor import DefineCorridor
from app.commands.drill_plans import ApproveDrill, PlanDrill
from app.commands.drill_start import EVERYBODY, StartDrill
from app.commands.execute import Door
from app.commands.members import AddMember
from app.commands.tokens import AddToken
from app.commands.users import AddUser
from app.domain.authority import SYSTEM
from app.domain.drills import US
from app.settings import Settings
from app.store.drills import clock_of
from app.store.engine import create_engine, reading
from app.store.migrate import migrate
from simulations.bench.listeners import follow
from simulations.bench.measure import Effort, Figure, Goal, Report, database
from simulations.bench.server import served

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from app.commands.registry import Command
    from app.domain.drills.clock import Clock
    from simulations.bench.listeners import Client

MEMBERS: Final = 60
INJECTS: Final = 20
EVERY_S: Final = 2
LEAD_S: Final = 6
"""From the beginning to the first inject that counts: until then the clients connect to the space that has just been made."""
PATIENCE_S: Final = 10
"""After the last one is due."""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_NAMED: Final = re.compile(r"inject_\d+")
GOAL_MS: Final = 200
AT_MOST: Final = Goal("<=", 1)
LANGUAGES: Final = ("en", "de", "fr", "nl")
COUNTRIES: Final = {"NL": "Europe/Amsterdam", "BE": "Europe/Brussels"}


@dataclass(frozen=True, slots=True)
class Ground:
    """A corridor with its script, and a token for each member."""

    tokens: Sequence[str]
    script: str


def measure(_effort: Effort, report: Report) -> None:
    """Measure one drill: it takes its own time, however little is asked for."""
    with database(report) as dsn, ExitStack() as opened:
        ground = asyncio.run(_ground(dsn))
        url = opened.enter_context(served(["serve", "--port", "0"], CONCORD_DATABASE_URL=dsn))
        space, clock = asyncio.run(_begun(dsn, ground.script))
        clients = follow(f"{url.replace('http', 'ws', 1)}/api/v1/spaces/{space}/feed", ground.tokens)
        for client in clients:
            opened.enter_context(client.sock)
        due = _due(clock)
        connected = time.time()
        counted = {inject: at for inject, at in due.items() if at > connected}
        report.tell(f"drill: {len(counted)} of {len(due)} injects to {len(clients)} members, at speed 1")
        came = _heard(clients, counted)
    _tell(counted, came, len(clients), report)


def _due(clock: Clock) -> dict[str, float]:
    """Return when each inject is due, in seconds of the machine's clock."""
    found = {f"inject_{number}": clock.due_at((LEAD_S + number * EVERY_S) * US) for number in range(INJECTS)}
    return {inject: at.timestamp() for inject, at in found.items() if at is not None}


def _heard(clients: Sequence[Client], due: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return what comes of the injects, with the seconds of the machine's clock, until all should long be there."""
    came: list[tuple[str, float]] = []
    wanted, end = len(clients) * len(due), max(due.values(), default=0.0) + PATIENCE_S
    by_file = {client.sock.fileno(): client for client in clients}
    with select.epoll() as epoll:
        for file in by_file:
            epoll.register(file, select.EPOLLIN)
        while (left_s := end - time.time()) > 0:
            texts: list[tuple[float, bytes]] = []
            for file, _ in epoll.poll(left_s):
                now = time.time()
                texts += [(now, text) for text in by_file[file].texts()]
            came += [(inject, at) for at, text in texts if (inject := _inject(text)) in due]
            if len(came) >= wanted:
                # One that came twice would come by now: the end of the exercise is told after all of them.
                end = min(end, max(due.values()) + EVERY_S)
    return came


def _inject(text: bytes) -> str:
    """Return which inject a message of the feed delivers, by its text, for its name is hidden from players; empty for another message."""
    said = orjson.loads(text)
    if said.get("type") != "inject.delivered":
        return ""
    found = _NAMED.search(said["rows"]["drill_delivery"][0]["told"]["text"]["en"])
    return "" if found is None else found[0]


def _tell(due: Mapping[str, float], came: Sequence[tuple[str, float]], members: int, report: Report) -> None:
    """Print the figures.

    Raises:
        RuntimeError: an inject came to somebody twice, or not at all.
    """
    by_inject: dict[str, list[float]] = {inject: [] for inject in due}
    for inject, at in came:
        by_inject[inject].append(1000 * (at - due[inject]))
    wrong = {inject: len(late) for inject, late in by_inject.items() if len(late) != members}
    if wrong or not by_inject:
        message = f"each inject comes once to each of {members} members; these came otherwise: {wrong}"
        raise RuntimeError(message)
    late = sorted(each for lates in by_inject.values() for each in lates)
    spreads = [max(lates) - min(lates) for lates in by_inject.values()]
    shares = statistics.quantiles(late, n=100, method="inclusive")
    p50, p95, p99 = shares[49], shares[94], shares[98]

    def add(case: str, value: float, unit: str = "ms", *goal: Any) -> None:
        report.add(Figure("drill", case, value, unit, *goal))

    add("due → delivered, p50", p50)
    add("due → delivered, p95", p95)
    add("due → delivered, p99", p99, "ms", f"{GOAL_MS} ms", GOAL_MS, AT_MOST)
    add("due → delivered, max", late[-1])
    add("jitter (p95 − p50)", p95 - p50)  # noqa: RUF001 - a minus
    add("first → last member of an inject, p50", statistics.median(spreads))
    add("first → last member of an inject, max", max(spreads))
    add("delivered once", len(late), "deliveries", "injects x members", len(due) * members)


# ---------------------------------------------------------------- the ground


async def _ground(dsn: str) -> Ground:
    """Make the corridor, and return its script and its members' tokens."""
    await migrate(dsn)
    engine = create_engine(dsn, pool_size=2)
    door = Door(engine, Settings())

    async def does(model: type[Command], target: UUID | None = None, **body: Any) -> Any:
        return await door.execute(model.model_validate(body), actor=SYSTEM, space="live", target=target)

    names = dict.fromkeys(LANGUAGES, "Bench")
    ring = [[5.0, 50.0], [6.0, 50.0], [6.0, 51.0], [5.0, 51.0], [5.0, 50.0]]
    area = {"type": "Polygon", "coordinates": [ring]}
    await does(DefineCorridor, code="bench", names=names, area=area, languages=LANGUAGES, currency="EUR")
    codes: dict[str, str] = {}
    tokens: list[str] = []
    for number in range(MEMBERS):
        country = list(COUNTRIES)[number % len(COUNTRIES)]
        code = f"{country.lower()}-{_LETTERS[number // 26]}{_LETTERS[number % 26]}"
        codes[code] = country
        member = await does(
            AddMember, code=code, country=country, names=dict.fromkeys(LANGUAGES, f"Bench {number}"), area=area, lon=5.5,
            lat=50.5, time_zone=COUNTRIES[country], languages=["nl"], currency="EUR", phone=f"+31 00 000 {number:04}",
            jurisdiction={"hazards": ["flood"], "kinds": ["immediate"]},
        )  # fmt: skip
        user = await does(
            AddUser, member_id=member.id, kind="service", login=code, display_name=code, roles=["viewer"], language="en"
        )  # fmt: skip
        token = await does(AddToken, user.id, user_id=user.id, label="bench", scopes=["read"], days=1)
        tokens.append(token.once["token"])
    await engine.dispose()
    return Ground(tokens, _script(codes))


async def _begun(dsn: str, script: str) -> tuple[str, Clock]:
    """Plan and begin the drill; return its space and its clock."""
    engine = create_engine(dsn, pool_size=2)
    door = Door(engine, Settings())
    plan = PlanDrill.model_validate({"script": script, "speed": 1, "virtual": EVERYBODY})
    planned = await door.execute(plan, actor=SYSTEM, space="live")
    await door.execute(ApproveDrill(), actor=SYSTEM, space="live", target=planned.id)
    began = await door.execute(StartDrill(), actor=SYSTEM, space="live", target=planned.id)
    space: str = began.subject["plays_in"]
    async with reading(engine) as conn:
        row = await conn.fetchrow("SELECT * FROM drill_clock WHERE space_id = $1", space)
    await engine.dispose()
    return space, clock_of(row)


def _script(codes: Mapping[str, str]) -> str:
    """Return a scenario in which everybody is told something every few seconds (YAML, of which JSON is a part)."""

    def said(text: str) -> dict[str, str]:
        return dict.fromkeys(LANGUAGES, text)

    def at(seconds: int) -> str:
        return str(timedelta(seconds=seconds)).rjust(8, "0")

    def inject(id_: str, kind: str, seconds: int) -> dict[str, Any]:
        text = said(f"The water rises: {id_}.")
        return {"id": id_, "kind": kind, "from": "control", "to": ["all"], "means": "message", "at": at(seconds), "text": text}  # fmt: skip

    first = {
        country: next(code for code, of in codes.items() if of == country) for country in dict.fromkeys(codes.values())
    }
    leads = [
        {"role": role, "member": code} for code in first.values() for role in ("exercise_director", "drill_evaluator")
    ]
    director = next(iter(first.values()))
    leads += [{"role": role, "member": director} for role in ("drill_controller", "safety_officer")]
    lasts = LEAD_S + INJECTS * EVERY_S
    takes = {"median": "00:01:00"}
    levels = {level: {"within": at(seconds)} for seconds, level in enumerate("PSM", start=1)}
    return orjson.dumps(
        {
            "id": "bench", "version": 1, "corridor": "bench", "type": "functional", "hazard": "flood",
            "title": said("Bench"), "summary": said("Injects to everybody"), "author": "Bench", "approver": "Director",
            "duration": at(lasts), "smoke_speed": 1, "seed": 1, "notice": {"kind": "announced"},
            "directive": said("Read"), "extent_of_play": said("Here"), "situation": said("Rain"),
            "communications": [{"means": "phone", "use": said("Talking")}], "stop_words": said("REAL EMERGENCY"),
            "quorum": 1, "sites": [{"id": "site", "member": director, "name": said("Site")}],
            "players": [{"member": code, "site": "site"} for code in codes],
            "policies": {"calm": dict.fromkeys(("acknowledge", "answer", "accept", "commit", "mobilise", "step"), takes)},
            "roles": leads,
            "objectives": [
                {
                    "id": "asked", "name": said("Asked"), "for": [director], "levels": levels,
                    "measure": {"metric": "time", "from": {"inject": "begin"}, "to": {"event": "request.opened"}},
                }
            ],
            "injects": [
                inject("begin", "start_of_exercise", 0),
                *(inject(f"inject_{number}", "information", LEAD_S + number * EVERY_S) for number in range(INJECTS)),
                inject("finish", "end_of_exercise", lasts),
            ],
        }
    ).decode()  # fmt: skip
