"""The command line, ``concord``. Modules are imported when a command needs them, so that help comes at once."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import data, dispatch_sim, drills, journal, jurisdictions, people, rota, running, sheets
from app.cli.terminal import run

EPILOG = """
**Try it:** `concord demo` starts everything on this machine and prints where to look.

**Run it:** `concord corridor load FOLDER`, `concord user add …`, `concord serve`.

**Database:** the PostgreSQL in CONCORD_DATABASE_URL, else an embedded one in the folder given by --data or CONCORD_DATA
(else /var/lib/concord for root, ~/.local/share/concord for others).

**Exit status:** 0 fine · 1 refused or failed · 2 wrong usage · 3 `journal verify` found something.
"""

app = typer.Typer(
    name="concord",
    help="Mutual assistance across a border: cities ask, neighbours send, both hold the journal.",
    epilog=EPILOG,
    rich_markup_mode="markdown",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"concord {version('concord')}")
        raise typer.Exit


@app.callback()
def concord(
    _version_asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Take what concerns the program as a whole."""


running.install(app)
data.install(app)
jurisdictions.install(app)
rota.install(app)
people.install(app)
sheets.install(app)
journal.install(app)
drills.install(app)
dispatch_sim.install(app)


def main() -> None:
    """Run the command line: the entry point of the package."""
    run(app)
