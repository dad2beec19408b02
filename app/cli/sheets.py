"""``import``, ``export`` and ``template``: depots, resources and contacts of a member, as CSV or GeoJSON."""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from app.cli.data import opened_door
from app.cli.people import LIVE, member_of
from app.cli.terminal import FAILED, Data, Refusal, bar, err, settings_of, steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.commands.imports import Import
    from app.interop.sheet_reading import Format


class Kind(StrEnum):
    """What a file is of."""

    DEPOTS = "depots"
    RESOURCES = "resources"
    CONTACTS = "contacts"


class Formats(StrEnum):
    """How a file is written."""

    CSV = "csv"
    GEOJSON = "geojson"


class Encodings(StrEnum):
    """How the characters of a file are written."""

    UTF8 = "utf-8"
    CP1252 = "cp1252"


What = Annotated[Kind, typer.Argument(metavar="KIND", help="depots, resources or contacts.")]
Member = Annotated[
    str, typer.Option("--member", "-m", metavar="CODE", help="Whose: the member's code, such as be-liege.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write; else standard output.")]
Written = Annotated[Formats, typer.Option("--format", help="csv or geojson.")]
Semicolon = Annotated[
    bool, typer.Option("--semicolon", help="Semicolons between cells: for spreadsheets set to German, French or Dutch.")
]
SUFFIXES: Final[Mapping[str, Format]] = {".csv": "csv", ".txt": "csv", ".geojson": "geojson", ".json": "geojson"}


def install(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        "import",
        rich_help_panel="Data",
        epilog="**Examples:** `concord import resources units.csv --member be-liege --dry-run` ·"
        " `concord import depots depots.geojson -m nl-maastricht`",
    )(import_)
    app.command(
        "export", rich_help_panel="Data", epilog="**Example:** `concord export resources -m be-liege -o units.csv`"
    )(export)
    app.command(
        "template", rich_help_panel="Data", epilog="**Example:** `concord template resources --semicolon -o units.csv`"
    )(template)


def import_(
    kind: What,
    file: Annotated[Path, typer.Argument(help="CSV or GeoJSON, by the end of its name.", exists=True, dir_okay=False)],
    member: Member,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what the file would do, and change nothing.")] = False,
    format_: Annotated[
        Formats | None, typer.Option("--format", help="csv or geojson, where the file's name does not tell.")
    ] = None,
    encoding: Annotated[
        Encodings, typer.Option("--encoding", help="utf-8, or cp1252 (Windows-1252).")
    ] = Encodings.UTF8,
    decimal_comma: Annotated[
        bool, typer.Option("--decimal-comma", help="The numbers of the CSV have decimal commas.")
    ] = False,
    data: Data = None,
) -> None:
    """Enter and correct depots, resources or contacts of a member from a file: all of it, or nothing.

    A row changes what one of its external ids, or its call sign or code, names, and else adds. A column that the file does not
    have stays as it is, an empty cell empties what can be empty, and what the file does not name stays. Every row that does not
    fit is named on standard error.
    """
    from app.commands.import_files import import_command
    from app.commands.imports import watcher
    from app.domain.errors import BadRows
    from app.interop.drill_marks import is_marked

    wanted: Format | None = format_.value if format_ else SUFFIXES.get(file.suffix.lower())
    if wanted is None:
        raise Refusal(f"The name {file.name!r} does not tell whether it is CSV or GeoJSON. Say --format.")
    content = file.read_bytes()
    if is_marked(content, geojson=wanted == "geojson"):
        raise Refusal(
            f"{file.name} is a drill's: EXERCISE stands first and last in it. Nothing of a drill is taken into live."
        )
    with bar(f"Reading {file.name}") as advance:
        watcher.set(advance)
        command = import_command(
            kind.value,
            content,
            wanted,
            member=None,
            encoding=encoding.value,
            decimal_comma=decimal_comma,
        )
    try:
        said = _on_door(data, command, member, dry_run)
    except BadRows as refusal:
        for row in refusal.extra["rows"]:
            unit = "line" if "line" in row else "feature"
            column = f", {row['column']}" if row["column"] else ""
            err.print(escape(f"{unit} {row[unit]}{column}: {row['detail']}"))
        err.print(f"[bold red]Nothing was changed:[/] {escape(refusal.detail.partition(';')[0])}.")
        raise typer.Exit(FAILED) from None
    _tell(said, dry_run)


def export(
    kind: What,
    member: Member,
    output: Output = None,
    format_: Written = Formats.CSV,
    semicolon: Semicolon = False,
    data: Data = None,
) -> None:
    """Write depots, resources or contacts of a member to a file that can be imported again.

    Of formations only the parts: no row says what a formation is made of, so it is formed anew.
    In CSV a text that a spreadsheet would take for a formula gets a ' in front, which an import takes away.
    """
    from app.interop.sheet_writing import write_sheet
    from app.queries.exports import export_rows
    from app.store.database import open_database
    from app.store.engine import reading

    settings = settings_of()

    async def rows(dsn: str, tell: Any) -> list[dict[str, Any]]:
        async with opened_door(settings, dsn, tell) as door:
            id_ = await member_of(door, member)
            async with reading(door.engine) as conn:
                return await export_rows(conn, LIVE, kind.value, id_, viewer=None)

    with steps() as tell, open_database(settings, data, tell, create=False) as dsn:
        found = asyncio.run(rows(dsn, tell))
    written = write_sheet(kind.value, found, format_.value, separator=";" if semicolon else ",")
    _put(written, output)
    err.print(f"{len(found)} {kind.value} of {member}.")


def template(kind: What, output: Output = None, format_: Written = Formats.CSV, semicolon: Semicolon = False) -> None:
    """Write a file with every column and one row as an example. Needs no database."""
    from app.interop.sheet_writing import template as written

    _put(
        written(kind.value, format_.value, separator=";" if semicolon else ","),
        output,
    )


# ---------------------------------------------------------------- parts


def _on_door(data: Path | None, command: Import, member: str, dry_run: bool) -> dict[str, Any]:
    """Carry the import out on the deployment's database, or only try it, and return what it says."""
    from app.commands.imports import watcher
    from app.domain.authority import SYSTEM
    from app.store.database import open_database

    settings = settings_of()

    async def work(dsn: str) -> dict[str, Any]:
        async with opened_door(settings, dsn, lambda line: err.print(escape(line))) as door:
            of = await member_of(door, member)
            sent = command.model_copy(update={"member_id": of})
            with bar("Comparing and writing") as advance:
                watcher.set(advance)
                if dry_run:
                    return await door.rehearse(sent, actor=SYSTEM, space=LIVE)
                return (await door.execute(sent, actor=SYSTEM, space=LIVE)).outcome or {}

    with open_database(settings, data, lambda line: err.print(escape(line)), create=False) as dsn:
        return asyncio.run(work(dsn))


def _tell(said: dict[str, Any], dry_run: bool) -> None:
    if dry_run:
        for change in said["changes"]:
            fields = f": {', '.join(change['fields'])}" if change["fields"] else ""
            typer.echo(f"{said['unit']} {change['row']}: {change['does']} {change['name']}{fields}")
        if (more := said["added"] + said["changed"] - len(said["changes"])) > 0:
            typer.echo(f"… and {more} more")
        typer.echo(f"Would add {said['added']}, change {said['changed']}, leave {said['unchanged']} as they are.")
        err.print("Nothing was changed.")
    else:
        typer.echo(f"Added {said['added']}, changed {said['changed']}, left {said['unchanged']} as they were.")


def _put(written: bytes, output: Path | None) -> None:
    if output is not None:
        output.write_bytes(written)
        err.print(f"Written to {output}.")
    else:
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()
