"""``journal verify`` and ``journal export``: is the journal still as it was written, and can others check that?"""

from __future__ import annotations

import asyncio
import gzip
import os
import stat
import sys
import tempfile
import zlib
from contextlib import ExitStack, aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from app.cli.terminal import FOUND, Data, Refusal, bar, err, settings_of, steps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from io import BufferedReader

    import asyncpg

    from app.domain.findings import Report

journals = typer.Typer(no_args_is_help=True, help="The journal: check it, export it.")

REPORT_EVERY = 1000
GZIP: Final = b"\x1f\x8b"
"""How a file compressed with gzip begins (RFC 1952, 2.3.1)."""
LONGEST_OPENING: Final = 10_000
"""Bytes in which the first line of an export ends for sure."""
Head = tuple[int, bytes]


def install(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(journals, name="journal", rich_help_panel="Data")


@journals.command(
    "verify",
    epilog="**Examples:** `concord journal verify` · `concord journal verify --head 4711:9f86…` ·"
    " `concord journal verify journal.jsonl.gz`, which needs no database\n\n**Exit status:** 0 as it was written, 3 it is not.",
)
def verify(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="An export, plain or compressed with gzip, to check instead of the database; - for standard input."
        ),
    ] = None,
    space: Annotated[
        str | None, typer.Option("--space", help="The space whose journal it is; live if there is no FILE.")
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head", metavar="SEQ:HASH", help="A head that was kept elsewhere: finds a cut tail and a rewrite."
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Check that no entry of the journal was changed, dropped, inserted or reordered; name those that were.

    The last line of the answer names the journal's head: keep it elsewhere, and check against it next time.
    """
    kept = None if head is None else _head(head)
    report = _verify_database(space or "live", kept, data) if file is None else _verify_file(file, space, kept)
    for sentence in report.sentences():
        typer.echo(sentence)
    if not report.ok:
        faults = len(report.faults) + report.unlisted
        err.print(
            f"[bold red]The journal is not as it was written:[/] {faults} {'fault' if faults == 1 else 'faults'}."
        )
        raise typer.Exit(FOUND)
    err.print("[green]The journal is as it was written.[/]")


@journals.command(
    "export",
    epilog="**Examples:** `concord journal export -o journal.jsonl` ·"
    " `concord journal export --as-member be-liege | gzip > liege.jsonl.gz`",
)
def export(
    space: Annotated[str, typer.Option("--space", help="The space whose journal it is.")] = "live",
    as_member: Annotated[
        str | None,
        typer.Option(
            "--as-member", metavar="CODE", help="What this member may see; the rest as stubs. Else everything."
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; else standard output.")] = None,
    data: Data = None,
) -> None:
    """Write the journal as JSON lines, which `journal verify FILE` checks on any machine, without a database.

    First what it is and where it ends, then each entry; for an entry that is hidden a stub, which keeps the chain whole.
    Of a drill, EXERCISE stands in a line of its own before and after that, in each language of the corridor.
    """
    from app.store.database import open_database

    with (
        steps() as tell,
        open_database(settings_of(), data, tell, create=False) as dsn,
        target(output) as stream,
    ):
        tell("Writing the journal")
        lines = asyncio.run(_export(dsn, space, as_member, stream))
    err.print(f"{lines} entries of {space}" + ("." if output is None else f" in {output}."))


# ---------------------------------------------------------------- verify


def _head(text: str) -> Head:
    from app.domain.verification import parse_head

    try:
        return parse_head(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--head") from error


def _verify_database(space: str, head: Head | None, data: Path | None) -> Report:
    from app.store.database import open_database

    with ExitStack() as open_:
        with steps() as tell:
            dsn = open_.enter_context(open_database(settings_of(), data, tell, create=False))
        return asyncio.run(_verify(dsn, space, head))


async def _verify(dsn: str, space: str, head: Head | None) -> Report:
    from app.store import journal

    async with _connected(dsn) as connection:
        with bar("Checking the journal") as advance:
            return await journal.verify(connection, space, head, advance)


def _verify_file(file: Path, space: str | None, head: Head | None) -> Report:
    from app.domain.verification import Verifier, opens_export

    verifier = Verifier(head, space=space)
    with _source(file) as (stream, size), bar("Checking the journal", size) as advance:
        try:
            opening = stream.readline(LONGEST_OPENING)
            if not opening.strip():
                raise Refusal(f"{file} is empty: that is no export of a journal.")
            if not opens_export(opening):
                raise Refusal(
                    f"{file} is no export of a journal: its first line is not the one that `concord journal export` writes."
                )
            verifier.feed(opening)
            read = len(opening)
            for number, line in enumerate(stream):
                read += len(line)
                if line.strip():
                    verifier.feed(line)
                if number % REPORT_EVERY == 0:
                    advance(read, None)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise Refusal(f"{file} can't be unpacked: it is damaged, or its end is missing.") from error
    return verifier.finish()


@contextmanager
def _source(file: Path) -> Iterator[tuple[IO[bytes], int | None]]:
    """Yield what is to be read, unpacked, and how many bytes it has where that is known."""
    if str(file) == "-":
        yield _unpacked(cast("BufferedReader", sys.stdin.buffer))[0], None
        return
    with file.open("rb") as plain:
        about = os.fstat(plain.fileno())
        stream, packed = _unpacked(plain)
        yield stream, about.st_size if stat.S_ISREG(about.st_mode) and not packed else None


def _unpacked(plain: BufferedReader) -> tuple[IO[bytes], bool]:
    packed = plain.peek(len(GZIP))[: len(GZIP)] == GZIP
    return (cast("IO[bytes]", gzip.GzipFile(fileobj=plain)) if packed else plain), packed


# ---------------------------------------------------------------- export


async def _export(dsn: str, space: str, as_member: str | None, stream: IO[bytes]) -> int:
    from app.domain.chain import Viewer
    from app.domain.clock import SystemClock
    from app.domain.drills.journal_marks import is_mark
    from app.store import journal

    async with _connected(dsn) as connection:
        viewer = None if as_member is None else Viewer(await _member_id(connection, space, as_member))
        entries = -1
        now = SystemClock().now()
        async with aclosing(journal.export_lines(connection, space, viewer, exported_at=now)) as lines:
            async for line in lines:
                stream.write(line + b"\n")
                entries += not is_mark(line)
    return entries


async def _member_id(connection: asyncpg.Connection[Any], space: str, code: str) -> Any:
    found = await connection.fetchval("SELECT id FROM member WHERE space_id = $1 AND code = $2", space, code)
    if found is None:
        raise Refusal(f"There is no member {code!r} in the space {space!r}.")
    return found


@contextmanager
def target(output: Path | None) -> Iterator[IO[bytes]]:
    """Yield the stream to write to. A file is put in its place whole, or not at all, and is for its owner's eyes."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    try:
        descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}-")
    except OSError as error:
        raise _not_written(output, error) from error
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        try:
            part.replace(output)
        except OSError as error:
            raise _not_written(output, error) from error
    finally:
        part.unlink(missing_ok=True)


def _not_written(output: Path, error: OSError) -> Refusal:
    """The file to name is the one that was asked for, not the one beside it that is written first."""
    return Refusal(f"{output} can't be written: {error.strerror}.")


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    import asyncpg

    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)
