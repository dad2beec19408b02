"""``drill run``: play a scenario without people, print what was planned and what came, and write the report."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.data import corridor_folder
from app.cli.terminal import FAILED, Data, err, settings_of, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.cli.drill_reports import Reported
    from app.commands.drill_running import Ran
    from app.settings import Settings


class Who(StrEnum):
    """Whom the machine plays."""

    VIRTUAL = "virtual"
    ALL = "all"


EPILOG = (
    "**Examples:** `concord drill run meuse-flood` · `concord drill run power-loss --speed 60 --virtual all --wait`"
    " · `concord drill run my-drill.yaml --data ./data` · `concord drill run bus-crash --report reports`\n\n**Exit status:** 0 it was played to its end, 1 something broke."
)


def run(
    name: Annotated[str, typer.Argument(metavar="FILE|NAME", help="A scenario file, or a name such as `meuse-flood`.")],
    speed: Annotated[int, typer.Option("--speed", min=1, max=60, help="Times as fast as the wall's clock.")] = 60,
    virtual: Annotated[
        Who, typer.Option("--virtual", help="Whom the machine plays: `all`, or those that the script names for it.")
    ] = Who.ALL,
    wait: Annotated[
        bool,
        typer.Option("--wait/--no-wait", help="Whether time is waited for, or goes on to what comes next at once."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE|FOLDER",
            help="Write the after-action report: `.json`, `.pdf` (English), or into a folder JSON, and CSV and PDF in four languages.",
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Play a drill without people, and print its report: planned and actual, and how each objective went.

    On a database of its own that is thrown away, unless `--data` or CONCORD_DATABASE_URL names one. Its corridor is loaded where it is not there.
    """
    import asyncio

    from app.cli.drill_reports import require_target, show, write
    from app.cli.drills import named_corridor, scenario_file
    from app.telemetry import configure_logging

    require_target(report)

    settings = settings_of()
    configure_logging(level="ERROR", as_json=False)
    with ExitStack() as open_:
        file = open_.enter_context(scenario_file(name))
        script = file.read_text(encoding="utf-8")
        folder = open_.enter_context(corridor_folder(named_corridor(file) or "meuse-rhine"))
        tell = open_.enter_context(steps())
        tell("Opening the database")
        dsn = open_.enter_context(_database(settings, data, tell))
        ran, said = asyncio.run(
            _play(settings, dsn, folder, script, speed=speed, virtual=virtual.value, wait=wait, tell=tell)
        )
    if as_json:
        import orjson

        typer.echo(orjson.dumps(dataclasses.asdict(ran), default=str, option=orjson.OPT_INDENT_2).decode())
    else:
        show(ran, said)
    if report is not None and said is not None:
        for file in write(said, report):
            err.print(f"Written: {file}")
    if ran.broken:
        for line in ran.broken:
            err.print(f"[bold red]Broken:[/] {line}")
        raise typer.Exit(FAILED)


@contextmanager
def _database(settings: Settings, data: Path | None, tell: Callable[[str], None]) -> Iterator[str]:
    """Yield the address of the database that was named, or of one that is there for this drill alone."""
    import tempfile

    from app.store.database import open_database
    from app.store.embedded import EmbeddedServer

    if data is not None or settings.database_url is not None:
        with open_database(settings, data, tell) as dsn:
            yield dsn
        return
    with tempfile.TemporaryDirectory(prefix="concord-drill-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as somebody else where we are root
        with EmbeddedServer(Path(folder) / "data", fsync=False) as server:
            yield server.dsn


async def _play(
    settings: Settings,
    dsn: str,
    folder: Path,
    script: str,
    *,
    speed: int,
    virtual: str,
    wait: bool,
    tell: Callable[[str], None],
) -> tuple[Ran, Reported | None]:
    from app.cli.data import opened_door
    from app.cli.drill_reports import reported
    from app.commands.drill_running import run_drill
    from app.commands.execute import Door
    from app.commands.load_corridor import load_corridor
    from app.domain.clock import SetClock
    from app.domain.drills.shapes import clock_text

    async with opened_door(settings, dsn, tell) as door:
        await load_corridor(door, folder, tell)
        playing = door if wait else Door(door.engine, settings, SetClock(door.clock.now()))
        tell("Playing")
        ran = await run_drill(
            playing,
            script,
            speed=speed,
            virtual=virtual,
            tell=lambda us, inject: tell(f"{clock_text(us / 1e6)} {inject}"),
        )
        return ran, await reported(playing, ran)
