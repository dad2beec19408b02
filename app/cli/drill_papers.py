"""``drill papers``: the two handbooks of a scenario as PDF, without a database."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.data import corridor_folder
from app.cli.terminal import USAGE, Refusal

if TYPE_CHECKING:
    from app.domain.drills.model import Scenario
    from app.domain.drills.places import Places


def papers(
    name: Annotated[str, typer.Argument(metavar="FILE|NAME", help="A scenario file, or a name such as `meuse-flood`.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to write them; it is made if need be.")],
    lang: Annotated[
        list[str] | None,
        typer.Option("--lang", metavar="LANGUAGE", help="en, de, fr or nl, once for each; else all of them."),
    ] = None,
    corridor: Annotated[
        str | None,
        typer.Option("--corridor", metavar="FOLDER|NAME", help="The corridor; else the one that the scenario names."),
    ] = None,
) -> None:
    """Write the handbook for players, and the one for controllers and evaluators, as PDF. Needs no database."""
    from app.domain.drills.views import handbook
    from app.domain.protocol_data import LANGUAGES
    from app.interop.drill_handbooks import controller_handbook, player_handbook

    languages = list(dict.fromkeys(lang or LANGUAGES))
    if unknown := [each for each in languages if each not in LANGUAGES]:
        message = f"There are no papers in {', '.join(unknown)}; --lang is one of {', '.join(LANGUAGES)}."
        raise Refusal(message, status=USAGE)
    scenario, places = _read(name, corridor)
    now = datetime.now(UTC)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for language in languages:
            made = {
                "player-handbook": player_handbook(handbook(scenario), places, language, printed_at=now),
                "controller-handbook": controller_handbook(scenario, places, language, printed_at=now),
            }
            for what, pdf in made.items():
                file = out / f"{scenario.id}-{what}-{language}.pdf"
                file.write_bytes(pdf)
                typer.echo(file)
    except OSError as error:
        message = f"{out} can't be written to: {error.strerror}. Choose another folder with --out."
        raise Refusal(message) from error


def _read(name: str, corridor: str | None) -> tuple[Scenario, Places]:
    from app.cli.drills import named_corridor, scenario_file
    from app.domain.drills.ground import read_ground
    from app.domain.drills.places import read_places
    from app.domain.drills.scenario import ScenarioInvalid, load_scenario
    from app.domain.errors import ProtocolDataError

    with ExitStack() as open_:
        file = open_.enter_context(scenario_file(name))
        folder = open_.enter_context(corridor_folder(corridor or named_corridor(file)))
        try:
            return load_scenario(file, read_ground(folder)), read_places(folder)
        except ScenarioInvalid as error:
            more = "" if len(error.faults) == 1 else f", and {len(error.faults) - 1} more"
            message = f"{file}:{error.faults[0]}{more}. Mend it first; `concord drill check` tells every fault."
            raise Refusal(message) from error
        except (KeyError, TypeError, ValueError, ProtocolDataError) as error:
            message = f"The corridor in {folder} can't be read: {error!r}. Check it with `concord corridor load`."
            raise Refusal(message) from error
