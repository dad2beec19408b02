"""Who acts in the demonstration's stories: a service account for each part, and the weeks before the flood that they have lived through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.cli.people import carry_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from app.commands.execute import Door

MEMBERS: Final = """
    SELECT code, id, names ->> coalesce(languages ->> 0, 'en') AS name, languages ->> 0 AS language
      FROM member WHERE space_id = 'live'
"""
PLAYER: Final = {
    "en": "Demonstration player",
    "de": "Rolle der Vorführung",
    "fr": "Rôle de la démonstration",
    "nl": "Rol van de demonstratie",
}
"""What the accounts are called that play the flood, in the language of their member."""
USERS: Final = "SELECT login, id FROM user_account WHERE active"
HOME: Final = """
    SELECT r.member_id, r.id, d.lon, d.lat FROM resource r
      JOIN depot d ON d.space_id = r.space_id AND d.id = r.depot_id
     WHERE r.space_id = 'live' AND NOT r.retired AND NOT EXISTS (
        SELECT FROM mission m WHERE m.space_id = r.space_id AND m.resource_id = r.id AND m.status NOT IN ('returned', 'closed'))
       AND (r.formation_id IS NULL OR r.status <> 'committed')
"""
BEGUN: Final = "SELECT EXISTS (SELECT FROM journal_entry)"


async def let_play(door: Door, cast: Iterable[str], *, days: int = 1) -> dict[str, str]:
    """Return a token, good for so many days, for each ``<member code>/<role>``; whoever has no account gets one."""
    from app.commands.tokens import AddToken
    from app.commands.users import AddUser
    from app.store.engine import reading

    async with reading(door.engine) as conn:
        members = {row["code"]: row for row in await conn.fetch(MEMBERS)}
        users = {row["login"]: row["id"] for row in await conn.fetch(USERS)}
    tokens: dict[str, str] = {}
    for who in sorted(cast):
        code, _, role = who.partition("/")
        login, member = f"player.{code}.{role}", members[code]
        name = f"{PLAYER.get(member['language'], PLAYER['en'])}, {member['name'] or code}"
        if login not in users:
            added = AddUser(member_id=member["id"], login=login, display_name=name, roles=[role], kind="service")
            users[login] = (await carry_out(door, added)).id
        token = AddToken(user_id=users[login], label="concord demo", scopes=["write"], days=days)
        tokens[who] = ((await carry_out(door, token)).once or {})["token"]
    return tokens


async def has_begun(door: Door) -> bool:
    """Whether anything has happened in this database."""
    from app.store.engine import reading

    async with reading(door.engine) as conn:
        return bool(await conn.fetchval(BEGUN))


async def stand_at_home(door: Door) -> None:
    """Report every unit that is on no mission as standing at its depot now: nobody should wonder at positions of weeks ago."""
    from collections import defaultdict

    from app.commands.positions import ReportedPosition, ReportPositions, report_positions
    from app.domain.authority import Actor
    from app.store.engine import reading

    spots: dict[UUID, list[ReportedPosition]] = defaultdict(list)
    async with reading(door.engine) as conn:
        for row in await conn.fetch(HOME):
            spot = ReportedPosition(resource_id=row["id"], lon=row["lon"], lat=row["lat"])
            spots[row["member_id"]].append(spot)
    for member_id, standing in spots.items():
        dispatcher = Actor(id=None, kind="system", member_id=member_id, roles=frozenset({"dispatcher"}), via="system")
        await report_positions(door, ReportPositions(items=tuple(standing)), actor=dispatcher, space="live")


async def live_through_the_weeks_before(door: Door, dsn: str, folder: Path, tell: Callable[[str], None]) -> None:
    """Load the corridor as of some weeks ago, and have everything happen that ``simulations.history`` tells, up to now.

    The drills of that time are played between its steps, and those to come are planned at its end. For a database in which nothing
    has happened: the journal's times never go back.
    """
    import httpx

    from app.cli.demo_drills import DemoDrills
    from app.commands.due import next_due, run_due
    from app.commands.execute import Door
    from app.commands.load_corridor import load_corridor
    from app.domain.clock import SetClock
    from app.main import create_app
    from simulations import history

    now = door.clock.now()
    clock = SetClock(history.begins(now))
    past = Door(door.engine, door.settings, clock)
    await load_corridor(past, folder, tell, today=now)
    story = history.story()
    tokens = await let_play(past, story.cast, days=story.days + 1)

    drills = DemoDrills.read(now)
    await drills.begin(past)

    async def go_on(to: datetime) -> None:
        while (due := await next_due(past)) is not None and due <= to:
            clock.at = max(clock.at, due)
            await run_due(past)
        clock.at = max(clock.at, to)

    async def turn(to: datetime) -> None:
        await drills.until(to, go_on)
        await go_on(to)

    application = create_app(door.settings, dsn, clock=clock, background=False)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application)
        await history.tell(clock.at, tokens, transport=transport, turn=turn, progress=tell)
    await turn(now)
    tell("Planning drills")
    await drills.plan(door)
