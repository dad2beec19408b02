"""``migrate``, ``corridor load``, ``openapi`` and ``bench``."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.terminal import Data, Refusal, err, settings_of, steps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from app.commands.execute import Door
    from app.settings import Settings

corridors = typer.Typer(no_args_is_help=True, help="The corridor: its members, crossings, depots and resources.")


def install(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(rich_help_panel="Data")(migrate)
    app.add_typer(corridors, name="corridor", rich_help_panel="Data")
    app.command(rich_help_panel="More")(openapi)
    app.command(
        rich_help_panel="More",
        epilog="**Examples:** `concord bench commands journal --json > figures.jsonl` · `concord bench storm --seconds 60`",
    )(bench)


# ---------------------------------------------------------------- ground for other modules


async def brought_up(settings: Settings, dsn: str, progress: Callable[[str], None]) -> None:
    """Migrate an embedded database; another one must be at this release already, for its owner migrates it.

    Raises:
        Refusal: it is not.
    """
    from app.store.engine import create_engine, plain_dsn
    from app.store.migrate import is_current, migrate

    engine = create_engine(dsn, pool_size=1)
    try:
        async with engine.connect() as connection:
            if await is_current(connection):
                return
    finally:
        await engine.dispose()
    if settings.database_url is not None and dsn == plain_dsn(settings.database_url):
        message = "The database is not at this release's schema. Run `concord migrate`."
        raise Refusal(message)
    await migrate(dsn, progress=progress)


@asynccontextmanager
async def opened_door(settings: Settings, dsn: str, progress: Callable[[str], None]) -> AsyncIterator[Door]:
    """Yield the door on a database that is at this release."""
    import app.commands.catalogue  # noqa: F401 - enters every handler at the door
    from app.commands.execute import Door
    from app.store.engine import create_engine

    await brought_up(settings, dsn, progress)
    engine = create_engine(dsn, pool_size=4, lock_timeout_ms=settings.lock_timeout_ms)
    try:
        yield Door(engine, settings)
    finally:
        await engine.dispose()


@contextmanager
def corridor_folder(name: str) -> Iterator[Path]:
    """Yield the folder of a corridor: a folder by that path, or one that comes with Concord by that name.

    Raises:
        Refusal: it is neither.
    """
    if (Path(name) / "corridor.yaml").is_file():
        yield Path(name)
        return
    with as_file(files("simulations") / "corridors") as shipped:
        if (shipped / name / "corridor.yaml").is_file():
            yield shipped / name
            return
        known = ", ".join(sorted(each.parent.name for each in shipped.glob("*/corridor.yaml")))
    message = f"{name!r} is no folder with a corridor.yaml, and no corridor that comes with Concord ({known})."
    raise Refusal(message)


# ---------------------------------------------------------------- commands


def migrate(data: Data = None) -> None:
    """Bring the database to this release, from empty or from any earlier one.

    One process at a time; a second one waits for the first. `serve` does this by itself.
    """
    from app.store import migrate as migrations
    from app.store.database import open_database

    settings = settings_of()
    with steps() as tell, open_database(settings, data, tell) as dsn:
        revision = asyncio.run(migrations.migrate(dsn, progress=tell))
    typer.echo(f"The database is at {revision}.")


@corridors.command(
    "load",
    epilog="**Examples:** `concord corridor load meuse-rhine` · `concord corridor load ./our-corridor --data ./data`",
)
def load(
    source: Annotated[str, typer.Argument(metavar="FOLDER|NAME", help="A folder of YAML files, or `meuse-rhine`.")],
    data: Data = None,
) -> None:
    """Load corridor, members, crossings, rendezvous, depots, resources, formations and agreements from a folder of YAML files.

    All files are checked before anything is written. Loading again adds what is new and changes nothing else.
    """
    from app.store.database import open_database

    settings = settings_of()
    with corridor_folder(source) as folder, steps() as tell, open_database(settings, data, tell) as dsn:
        said = asyncio.run(load_into(settings, dsn, folder, tell))
    typer.echo(said)


async def load_into(settings: Settings, dsn: str, folder: Path, tell: Callable[[str], None]) -> str:
    """Load a corridor into the database and return what was loaded, in one line."""
    from app.commands.integration import fill_integration
    from app.commands.load_corridor import load_corridor

    async with opened_door(settings, dsn, tell) as door:
        loaded = await load_corridor(door, folder, tell)
        tell("Filling the integration space")
        await fill_integration(door)
    return str(loaded)


def openapi(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; else standard output.")] = None,
) -> None:
    """Print the API's description (OpenAPI 3.1, JSON). Needs no database."""
    import orjson

    from app.main import openapi as describe

    text = orjson.dumps(describe(), option=orjson.OPT_INDENT_2).decode()
    if output is None:
        typer.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
        err.print(f"Written to {output}.")


def bench(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME…|all", help="`commands`, `journal`, `start`, …, or `all`; or `storm`.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for each case.")] = False,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="storm: how long it lasts.")] = 300,
    clients: Annotated[int, typer.Option("--clients", min=1, max=1000, help="storm: how many at once.")] = 50,
    seed: Annotated[int, typer.Option("--seed", min=0, help="storm: from which each client's choices follow.")] = 1,
) -> None:
    """Measure this machine: what Concord does a second, beside the bare database doing the same.

    `storm` lets many clients at once follow random legal paths over HTTP, and then checks journal, tables and invariants: it
    ends with 1 if anything failed.
    """
    benches = importlib.import_module("simulations.bench")
    plan = importlib.import_module("simulations.bench.storm").Plan(seconds, clients, seed)
    raise typer.Exit(benches.run(names, as_json=as_json, storm_plan=plan))
