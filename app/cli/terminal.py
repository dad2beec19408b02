"""What all commands share: messages on standard error, settings, signals, and errors told in one line.

Standard output is for what a command was asked for, so that it can be piped; everything else goes to standard error.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeAlias

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from app.settings import Settings

FAILED: Final = 1
USAGE: Final = 2
FOUND: Final = 3
"""`journal verify` found that the journal is not as it was written."""

out: Final = Console(highlight=False, soft_wrap=True)
err: Final = Console(stderr=True, highlight=False, soft_wrap=True)

Data: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder of the embedded database. Without it: the database in CONCORD_DATABASE_URL, then the folder in"
        " CONCORD_DATA, then the default one.",
        show_default=False,
    ),
]


class Refusal(Exception):
    """A command can't go on, for a reason its user can do something about: one line, and the exit status."""

    def __init__(self, message: str, *, status: int = FAILED) -> None:
        super().__init__(message)
        self.status = status


class Ended(SystemExit):
    """A signal asked this process to end. What is open is closed on the way out."""


def settings_of(**given: Any) -> Settings:
    """Return the settings of the environment, with what was given on the command line in their place.

    Raises:
        Refusal: a variable holds what it can't.
    """
    from pydantic import ValidationError

    from app.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        # An address may hold a password.
        held = "what it is" if name == "DATABASE_URL" else repr(first["input"])
        message = f"CONCORD_{name} can't be {held}: {first['msg']}."
        raise Refusal(message, status=USAGE) from error
    return settings.model_copy(update={name: value for name, value in given.items() if value is not None})


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Yield what tells of each step that may take longer than a moment: a spinner, or lines where nobody watches."""
    if not err.is_terminal:
        yield lambda line: err.print(escape(line))
        return
    with err.status("") as status:
        yield lambda line: status.update(escape(line))


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Callable[[int, int | None], None]]:
    """Yield ``advance(done, total)`` of a progress bar on standard error; nothing is shown where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(escape(what), total=total)
        yield lambda done, of: progress.update(task, completed=done, total=total if of is None else of)


def run(app: typer.Typer) -> NoReturn:
    """Run the command line and exit; what can be foreseen to go wrong is told in one line, without a traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    # A terminal that is closed ends the database with us, as SIGTERM does; whoever runs us under nohup wants us to stay.
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))
    try:
        app()
    except Exception as error:
        # The outermost frame: whatever is not told here is a defect, and goes on with its traceback.
        said = told(error)
        if said is None:
            raise
        message, status = said
        err.print(f"[bold red]Error:[/] {escape(' '.join(message.split()))}")
        sys.exit(status)
    sys.exit(0)


def end_process() -> None:
    """End this process in order, as SIGTERM does; from any thread."""
    os.kill(os.getpid(), signal.SIGTERM)


def _end(number: int, _frame: FrameType | None) -> None:
    # Once: closing the database must not be interrupted by an impatient second one.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise Ended(128 + number)


def told(error: Exception) -> tuple[str, int] | None:
    """Return an error that can be foreseen in words for the user, with the exit status; None for a defect."""
    if isinstance(error, Refusal):
        return str(error), error.status
    for reader in (_refused, _of_database, _of_system):
        if (said := reader(error)) is not None:
            return said
    return None


def _refused(error: Exception) -> tuple[str, int] | None:
    from pydantic import ValidationError

    from app.domain.errors import ConcordError
    from app.store.embedded import EmbeddedError

    if isinstance(error, EmbeddedError):
        return f"{error.message} {error.hint}", FAILED
    if isinstance(error, ConcordError):
        details = " ".join(f"{each.pointer.lstrip('/')}: {each.detail}" for each in error.errors)
        return f"{error.title}: {error.detail} {details} {error.advice}", FAILED
    if isinstance(error, ValidationError):
        wrong = (f"{'.'.join(map(str, each['loc'])) or error.title}: {each['msg']}" for each in error.errors())
        return "; ".join(wrong), USAGE
    return None


def _of_database(error: Exception) -> tuple[str, int] | None:
    import asyncpg
    from sqlalchemy.exc import ArgumentError, DBAPIError

    if isinstance(error, ArgumentError | asyncpg.ClientConfigurationError):
        return "CONCORD_DATABASE_URL is no address of a database: postgresql://user:password@host:port/name.", USAGE
    cause: BaseException = error
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause = error.orig.__cause__ or error.orig
    if isinstance(cause, asyncpg.UndefinedTableError):
        return "The database is not at this release's schema. Run `concord migrate`.", FAILED
    if isinstance(cause, asyncpg.PostgresError | asyncpg.InterfaceError | DBAPIError):
        return f"The database refused: {cause}", FAILED
    return None


def _of_system(error: Exception) -> tuple[str, int] | None:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}.", FAILED
    if isinstance(error, OSError):
        return f"The database or a file can't be reached: {error}.", FAILED
    return None
