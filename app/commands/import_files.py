"""From a file to the command that imports it: rows that have the form of a row, and all that was wrong with the others."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from app.commands.import_contacts import ContactRow, ImportContacts
from app.commands.import_depots import DepotRow, ImportDepots
from app.commands.import_resources import ImportResources, ResourceRow
from app.commands.imports import TOLD_EVERY, BadRow, ImportedRow, watcher
from app.domain.errors import MissingField
from app.domain.import_reasons import of_a_cell
from app.domain.wrong_fields import error_class
from app.interop.sheet_reading import read_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from app.commands.imports import Import
    from app.interop.sheet_columns import SheetKind
    from app.interop.sheet_reading import Encoding, Format, SheetRow

COMMANDS: Final[Mapping[SheetKind, tuple[type[ImportedRow], type[Import]]]] = {
    "depots": (DepotRow, ImportDepots),
    "resources": (ResourceRow, ImportResources),
    "contacts": (ContactRow, ImportContacts),
}


def import_command(
    kind: SheetKind,
    data: bytes,
    format_: Format,
    *,
    member: UUID | None,
    encoding: Encoding = "utf-8",
    decimal_comma: bool = False,
    why: str | None = None,
) -> Import:
    """Return the command that imports a file. Pure computing, of a second for ten thousand rows: keep it off the event loop.

    Raises:
        UnreadableFile: its rows and columns can't be told.
        TooLarge, OutOfRange: it is longer than a file may be.
    """
    read = read_sheet(kind, data, format_, encoding=encoding, decimal_comma=decimal_comma)
    model, command = COMMANDS[kind]
    bad = [
        BadRow(row=each.row, column=each.column, slug=each.slug, code=each.code, figures=each.figures)
        for each in read.bad
    ]
    known = {(each.row, each.column) for each in read.bad}
    rows: list[ImportedRow] = []
    for number, row in enumerate(read.rows):
        if number % TOLD_EVERY == 0 and (told := watcher.get(None)) is not None:
            told(number, len(read.rows))
        try:
            rows.append(model.model_validate({"at": row.at, **row.values}))
        except ValidationError as error:
            bad += [each for each in _wrong(row, error) if (each.row, each.column) not in known]
    read_as = f"{kind} {format_} {encoding} {decimal_comma} "
    body: dict[str, Any] = {
        "member_id": member,
        "file_digest": hashlib.sha256(read_as.encode() + data).hexdigest(),
        "unit": read.unit,
        "bad": tuple(bad),
        "rows": tuple(rows),
        "why": why,
    }
    return command.model_validate(body)


def _wrong(row: SheetRow, error: ValidationError) -> list[BadRow]:
    found: list[BadRow] = []
    for each in error.errors(include_url=False):
        column = str(each["loc"][0]) if each["loc"] else None
        empty = each["type"] == "missing" or each["input"] in (None, "")
        kind = MissingField if empty else error_class(each["type"])
        code, figures = of_a_cell(each["type"], kind.slug, column or "", each.get("ctx") or {}, empty=empty)
        found.append(BadRow(row=row.at, column=column, slug=kind.slug, code=code, figures=figures))
    return found
