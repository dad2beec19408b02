"""``drill check``: can these scenarios be played, and if not, which line of which file is wrong?"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import drill_run
from app.cli.data import corridor_folder
from app.cli.drill_papers import papers
from app.cli.terminal import FAILED, Refusal, err

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.domain.drills.ground import Ground
    from app.domain.drills.model import Scenario

drills = typer.Typer(
    no_args_is_help=True, help="Drills: check the scripts they are played from, print their handbooks, and play them."
)


def install(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(drills, name="drill", rich_help_panel="Drills")
    drills.command(
        "papers",
        epilog="**Example:** `concord drill papers meuse-flood --lang nl --out handbooks`",
    )(papers)
    drills.command("run", epilog=drill_run.EPILOG)(drill_run.run)


@contextmanager
def scenario_file(name: str) -> Iterator[Path]:
    """Yield the file of a scenario: a file by that path, or one that comes with Concord by that name.

    Raises:
        Refusal: it is neither.
    """
    if Path(name).is_file():
        yield Path(name)
        return
    with as_file(files("simulations") / "scenarios") as shipped:
        if (shipped / f"{name}.yaml").is_file():
            yield shipped / f"{name}.yaml"
            return
        known = ", ".join(sorted(each.stem for each in shipped.glob("*.yaml")))
    message = f"{name!r} is no file, and no scenario that comes with Concord ({known})."
    raise Refusal(message)


@drills.command(
    "check",
    epilog="**Examples:** `concord drill check meuse-flood` · `concord drill check scenarios/*.yaml --corridor ./our-corridor`"
    "\n\n**Exit status:** 0 all can be played, 1 one can't.",
)
def check(
    names: Annotated[
        list[str], typer.Argument(metavar="FILE|NAME…", help="Scenario files, or names such as `meuse-flood`.")
    ],
    corridor: Annotated[
        str | None,
        typer.Option("--corridor", metavar="FOLDER|NAME", help="The corridor; else the one that the scenario names."),
    ] = None,
) -> None:
    """Check scenarios: every fault of every file, as FILE:LINE:COLUMN: PATH: what is wrong. Needs no database."""
    from app.domain.drills.scenario import ScenarioInvalid, load_scenario

    wrong, grounds = 0, dict[Path, "Ground"]()
    for name in names:
        with ExitStack() as open_:
            file = open_.enter_context(scenario_file(name))
            ground = _ground(corridor, file, open_, grounds)
            try:
                scenario = load_scenario(file, ground)
            except ScenarioInvalid as error:
                wrong += 1
                for fault in error.faults:
                    typer.echo(f"{name if Path(name).is_file() else file.name}:{fault}")
            else:
                typer.echo(_fine(scenario))
    if wrong:
        err.print(f"[bold red]{wrong} of {len(names)} can't be played.[/] Mend what is named above and check again.")
        raise typer.Exit(FAILED)


def _ground(corridor: str | None, file: Path, open_: ExitStack, read: dict[Path, Ground]) -> Ground:
    from app.domain.drills.ground import read_ground

    try:
        folder = open_.enter_context(corridor_folder(corridor or named_corridor(file)))
    except Refusal:
        if corridor is not None:
            raise
        # What a scenario names wrongly is told as a fault of its line, on some ground.
        folder = open_.enter_context(corridor_folder("meuse-rhine"))
    try:
        return read.get(folder) or read.setdefault(folder, read_ground(folder))
    except (KeyError, TypeError, ValueError) as error:
        message = f"The corridor in {folder} can't be read: {error!r}. Check it with `concord corridor load`."
        raise Refusal(message) from error


def named_corridor(file: Path) -> str:
    """Return the corridor that a scenario's file names, before anything else of it is checked; empty if it names none."""
    from app.domain.drills import placed

    found = placed.read(file.read_text(encoding="utf-8", errors="replace")).data
    said = found.get("corridor") if isinstance(found, dict) else None
    return said if isinstance(said, str) else ""


def _fine(scenario: Scenario) -> str:
    from app.domain.drills.shapes import clock_text

    lasts = clock_text(scenario.duration)
    smoke = -(-scenario.duration // scenario.smoke_speed)
    return (
        f"{scenario.id}: {scenario.title.said('en')} can be played: {len(scenario.injects)} injects,"
        f" {len(scenario.objectives)} objectives, {lasts}, or {smoke} seconds at speed {scenario.smoke_speed}."
    )
