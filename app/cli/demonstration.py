"""``demo``: the demonstration corridor with people to sign in as, and a flood that is played through the HTTP API."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table

from app.cli.data import corridor_folder, opened_door
from app.cli.people import carry_out
from app.cli.players import has_begun, let_play, live_through_the_weeks_before, stand_at_home
from app.cli.running import Host, Port
from app.cli.terminal import Data, Ended, Refusal, end_process, err, out, settings_of, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from uuid import UUID

    from app.cli.server import Company
    from app.commands.execute import Door
    from app.settings import Settings

EPILOG = "**Examples:** `concord demo` · `concord demo --port 8001 --data ./demo --speed 10`"
CORRIDOR: Final = "meuse-rhine"
LOGINS_FILE: Final = "demo-logins.json"
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for each other."""
PUTS_AWAY: Final = ("dispatcher", "authorised_representative")


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody the reader can sign in as."""

    login: str
    member: str
    language: str
    name: str
    role: str
    to_try: str
    """What this one can do that is worth seeing."""


LOGINS: Final = (
    Login("maastricht", "nl-maastricht", "nl", "Dispatcher, Maastricht", "dispatcher",
          "dispatcher: ask for help, log a phone call, accept, stand down"),
    Login("liege", "be-liege", "fr", "Dispatcher, Liège", "dispatcher",
          "dispatcher on the other side: offer, send, recall, answer an alarm"),
    Login("aachen", "de-aachen", "de", "Dispatcher, Aachen", "dispatcher",
          "dispatcher in the third country, behind a border with checks"),
    Login("aachen-liaison", "de-aachen", "de", "Liaison officer, Aachen", "liaison_officer",
          "travels with units: at the border, let through, asks for fuel"),
    Login("maastricht-rep", "nl-maastricht", "nl", "Representative, Maastricht", "authorised_representative",
          "representative: open what is planned, change an agreement"),
    Login("liege-rep", "be-liege", "fr", "Representative, Liège", "authorised_representative",
          "representative: consent, suspend, go below a reserve"),
    Login("maastricht-finance", "nl-maastricht", "nl", "Finance, Maastricht", "finance",
          "finance: verify or dispute a claim, and claim for a mission"),
    Login("aachen-finance", "de-aachen", "de", "Finance, Aachen", "finance",
          "finance: a claim in francs, one overdue, monthly statements"),
    Login("maastricht-admin", "nl-maastricht", "nl", "Administrator, Maastricht", "admin",
          "administrator: users, tokens, what was refused, health"),
)  # fmt: skip
DRILL_LOGINS: Final = (
    Login("sittard-director", "nl-sittard-geleen", "nl", "Exercise director, Sittard-Geleen", "exercise_director",
          "directs a drill: begin the one that is ready, pause, end, hot wash"),
    Login("hasselt-director", "be-hasselt", "nl", "Exercise director, Hasselt", "exercise_director",
          "directs it on the other side: plan another, approve, say go on"),
    Login("heinsberg-director", "de-heinsberg", "de", "Exercise director, Heinsberg", "exercise_director",
          "directs it on the third side: after a pause its word is needed, too"),
    Login("sittard-control", "nl-sittard-geleen", "nl", "Drill controller, Sittard-Geleen", "drill_controller",
          "controls it: the script, inject now, tick what was done"),
    Login("heinsberg-evaluator", "de-heinsberg", "de", "Drill evaluator, Heinsberg", "drill_evaluator",
          "evaluates it: objectives, observations, ratings"),
    Login("heerlen", "nl-heerlen", "nl", "Dispatcher, Heerlen", "dispatcher",
          "plays in it, and in last month's: the report and what came of it"),
    Login("heinsberg", "de-heinsberg", "de", "Dispatcher, Heinsberg", "dispatcher",
          "plays on the other side: what is told, and the red button"),
    Login("liege-director", "be-liege", "fr", "Exercise director, Liège", "exercise_director",
          "directs next week's drill, in which Liège is not yet READY"),
)  # fmt: skip


def demo(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=600, help="How much faster than real time.")] = 1.0,
    play: Annotated[bool, typer.Option("--play/--no-play", help="Whether the flood is played.")] = True,
) -> None:
    """Show everything on this machine: a corridor of three countries, a flood of an hour, people to sign in as.

    Places are real; services, units and telephone numbers are fictional. The data is kept; start again to go on.
    """
    from app.cli.server import bound, serve_app
    from app.store.database import data_folder, open_database
    from app.telemetry import configure_logging

    settings = settings_of(host=host, port=port)
    configure_logging(level=settings.log_level, as_json=settings.log_json)
    try:
        with bound(settings) as listening, ExitStack() as open_:
            if settings.roads is None:
                roads = open_.enter_context(corridor_folder(CORRIDOR)) / "roads.yaml"
                settings = settings.model_copy(update={"roads": roads})
            with steps() as tell:
                dsn = open_.enter_context(open_database(settings, data, tell, sole=True, on_lost=end_process))
                logins = _Logins(data_folder(settings, data) / LOGINS_FILE)
                tokens = asyncio.run(_prepare(settings, dsn, logins, tell, playing=play))
                tell("Starting the service")
            serve_app(
                settings,
                dsn,
                listening,
                lambda url: _show(url, logins, playing=play),
                _company(settings, dsn, logins, tokens, speed),
            )
    except Ended:
        return  # as it was asked to


# ---------------------------------------------------------------- people


class _Logins:
    """The passwords of the demonstration, in a file of its own for the owner's eyes: the next start shows them again."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            kept = {}
        except ValueError as error:
            message = f"{file} can't be read. Remove it: new passwords are made then."
            raise Refusal(message) from error
        self.passwords: dict[str, str] = {
            each.login: str(kept[each.login]) if isinstance(kept, dict) and each.login in kept else _new_password()
            for each in (*LOGINS, *DRILL_LOGINS)
        }

    def keep(self) -> None:
        """Write the file, before any of its passwords counts."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_name(f".{self.file.name}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(fresh, flags, 0o600), "w", encoding="utf-8") as stream:
            json.dump(self.passwords, stream, indent=2)
        fresh.replace(self.file)


def _new_password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


async def _prepare(
    settings: Settings, dsn: str, logins: _Logins, tell: Callable[[str], None], *, playing: bool
) -> dict[str, str]:
    """Load the corridor, let people in, and return the players' tokens by ``<member code>/<role>``."""
    from app.commands.integration import fill_integration
    from app.commands.load_corridor import load_corridor
    from app.store.migrate import migrate

    await migrate(dsn, progress=tell)
    async with opened_door(settings, dsn, tell) as door:
        await _refuse_another_corridor(door)
        with corridor_folder(CORRIDOR) as folder:
            if await has_begun(door):
                await load_corridor(door, folder, tell)
            else:
                await live_through_the_weeks_before(door, dsn, folder, tell)
        tell("Filling the integration space")
        await fill_integration(door)
        tell("Making logins")
        logins.keep()
        await _let_all_in(door, LOGINS, logins)
        await stand_at_home(door)
        return await let_play(door, _cast()) if playing else {}


async def _refuse_another_corridor(door: Door) -> None:
    """Keep the demonstration out of a database that is in use for something else."""
    from app.store.engine import reading

    async with reading(door.engine) as conn:
        code = await conn.fetchval("SELECT code FROM corridor")
    if code not in {None, CORRIDOR}:
        message = f"This database holds the corridor {code!r}. Name another folder for the demonstration with --data."
        raise Refusal(message)


async def _known(door: Door) -> tuple[dict[str, UUID], dict[str, Any]]:
    """Return the members' ids by code, and users (id, password_hash) by login."""
    from app.store.engine import reading

    async with reading(door.engine) as conn:
        members = await conn.fetch("SELECT code, id FROM member WHERE space_id = 'live' ORDER BY code")
        users = await conn.fetch("SELECT login, id, password_hash FROM user_account WHERE active")
    return {row["code"]: row["id"] for row in members}, {row["login"]: row for row in users}


async def _let_all_in(door: Door, all_: Sequence[Login], logins: _Logins, stop: asyncio.Event | None = None) -> None:
    """Let them in one by one, until it is to stop."""
    members, users = await _known(door)
    for each in all_:
        if stop is not None and stop.is_set():
            return
        await _let_in(door, each, logins.passwords[each.login], members, users)


async def _let_in(door: Door, who: Login, password: str, members: Mapping[str, UUID], users: Mapping[str, Any]) -> None:
    """Add the user, or give it the password that is shown, if another one counts."""
    from pydantic import SecretStr

    from app.commands.passwords import fits
    from app.commands.representatives import BINDS, NameRepresentative, SetDuty
    from app.commands.users import AddUser, ChangeUser

    secret = SecretStr(password)
    there = users.get(who.login)
    if there is None:
        command = AddUser(
            member_id=members[who.member],
            login=who.login,
            display_name=who.name,
            password=secret,
            language=who.language,
            roles=[who.role],
        )
        added = await carry_out(door, command)
        if who.role == BINDS:
            named = await carry_out(door, NameRepresentative(user_id=added.id), target=members[who.member])
            await carry_out(door, SetDuty(on_duty=True), target=named.id)
    elif not await fits(secret, there["password_hash"]):
        await carry_out(door, ChangeUser(password=secret), target=there["id"])


def _cast() -> frozenset[str]:
    """Return everybody who takes part in the flood, and whoever puts away what an earlier one left."""
    from simulations.flood import story

    takes_part = {who.partition("/")[0] for who in story().cast}
    return story().cast | {f"{code}/{role}" for code in takes_part for role in PUTS_AWAY}


# ---------------------------------------------------------------- while it serves


def _company(settings: Settings, dsn: str, logins: _Logins, tokens: Mapping[str, str], speed: float) -> Company:
    """Return what goes on beside the service: those who drill are let in, and the flood is played if there are players for it."""

    async def company(url: str, stop: asyncio.Event) -> None:
        import structlog

        from simulations.flood import play

        say = partial(err.print, markup=False)
        try:
            # Their passwords take a second or two to be hashed: nobody waits for that before the service answers.
            async with opened_door(settings, dsn, lambda _: None) as door:
                await _let_all_in(door, DRILL_LOGINS, logins, stop)
            say("Those who drill can sign in.")
            if tokens:
                await play(url, tokens, progress=say, speed=speed, stop=stop)
        except Exception:
            # Whatever is wrong with the story, the service goes on without it.
            structlog.get_logger(__name__).exception("demonstration_ended")

    return company


def _show(url: str, logins: _Logins, *, playing: bool) -> None:
    """Print what the reader needs: where, who, what to look at, how to stop."""
    table = Table(title="Sign in as", title_justify="left", box=None, padding=(0, 1))
    for heading in ("Login", "Password"):
        table.add_column(heading, no_wrap=True)
    table.add_column("What to try")
    for group in (LOGINS, DRILL_LOGINS):
        for each in group:
            table.add_row(each.login, logins.passwords[each.login], each.to_try)
        table.add_section()
    first = LOGINS[0]
    sign_in = json.dumps({"login": first.login, "password": logins.passwords[first.login]})
    out.print()
    out.print(table)
    out.print(f"Passwords are kept in {logins.file}. Places are real; services, units and numbers are fictional.\n")
    played = ": a flood of the Meuse is being played" if playing else ""
    out.print(f"  {url}/console   the control room{played}")
    out.print(f"  {url}/          the overview, without scripts")
    out.print(f"  {url}/docs      the API, to try out")
    out.print(f"  curl -c jar -H 'Content-Type: application/json' -d '{sign_in}' {url}/api/v1/session")
    out.print(f"  curl -b jar {url}/api/v1/spaces/live/incidents\n")
    out.print(f"[bold]Concord demo at {url}[/] (Ctrl-C ends it; the data stays)")
