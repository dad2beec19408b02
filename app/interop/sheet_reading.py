"""From a file of CSV or GeoJSON to rows of plain values; whatever is wrong in a cell is kept with its place, not raised.

CSV as spreadsheets on both sides of the border write it: comma, semicolon or tabulator, with or without a byte order mark
and a line ``sep=;``, lines that end in any way. The encoding is UTF-8 unless the sender says otherwise: guessed, a Windows-1252
"Lüttich" may come out as something else, and nobody notices.

A decimal comma is refused unless the sender says that the file has them: ``5,690`` may be five or five thousand, and as a longitude
both are on the Earth.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

from app.domain.errors import (
    FieldError,
    MissingField,
    OutOfRange,
    TooLarge,
    UnknownField,
    UnreadableFile,
    WrongFormat,
    WrongType,
)
from app.domain.import_reasons import said
from app.interop.sheet_columns import SHEETS, Column, Sheet, SheetKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MOST_BYTES: Final = 16 * 1024**2
MOST_TOLD: Final = 1_000
"""Bad cells that are named in one refusal; of more it is said that there are more."""
MOST_ROWS: Final = 20_000
FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
"""How a text begins that a spreadsheet would take for a formula, or that was guarded against it by ``'``."""

Format = Literal["csv", "geojson"]
Encoding = Literal["utf-8", "cp1252"]

_WORDS: Final = re.compile(r"\s*\|\s*")
_WHOLE: Final = re.compile(r"[+-]?\d{1,18}(?:\.0+)?")
_NUMBER: Final = re.compile(r"[+-]?\d{1,18}(?:\.\d+)?")
_COMMA: Final = re.compile(r"[+-]?\d{1,18},\d+")
_YES: Final = frozenset({"yes", "true", "1", "x", "ja", "j", "oui", "y", "wahr", "vrai", "waar"})
_NO: Final = frozenset({"no", "false", "0", "nein", "nee", "n", "non", "falsch", "faux", "onwaar"})
_SEPARATORS: Final = ",;\t"
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class BadCell:
    """One thing wrong: in which row, in which column (none: the row as a whole), and why, coded with its figures."""

    row: int
    column: str | None
    slug: str
    code: str
    figures: dict[str, Any]

    @property
    def detail(self) -> str:
        """Why, in English."""
        return said(self.code, self.figures)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row: the line it begins on (CSV, counting from 1) or its feature's number, and what stands in the columns that it has.

    An empty cell is None; a column that the file does not have is not there.
    """

    at: int
    values: dict[str, Any]


@dataclass(slots=True)
class Read:
    """A file that was read: rows whose cells could be read, and what was wrong in the others."""

    unit: Literal["line", "feature"]
    rows: list[SheetRow] = field(default_factory=list)
    bad: list[BadCell] = field(default_factory=list)

    def wrong(
        self,
        row: int,
        column: str | None,
        error: type[WrongFormat | WrongType | UnknownField | MissingField],
        code: str,
        **figures: Any,
    ) -> None:
        """Keep what is wrong; of a file that is wrong all over, enough to know that it is."""
        if len(self.bad) <= MOST_TOLD:
            self.bad.append(BadCell(row, column, error.slug, code, figures))


def read_sheet(
    kind: SheetKind, data: bytes, format_: Format, *, encoding: Encoding = "utf-8", decimal_comma: bool = False
) -> Read:
    """Return the rows of a file.

    Raises:
        TooLarge: more than ``MOST_BYTES``.
        OutOfRange: more than ``MOST_ROWS``.
        UnreadableFile: it can't be told what its rows and columns are.
    """
    if len(data) > MOST_BYTES:
        message = f"The file has {len(data) / 1024**2:.1f} MiB; {MOST_BYTES // 1024**2} are read at a time."
        raise TooLarge(message, extra={"limit_bytes": MOST_BYTES}, hint="Send it in parts.")
    text = _decoded(data, encoding)
    return _csv(SHEETS[kind], text, decimal_comma) if format_ == "csv" else _geojson(SHEETS[kind], text)


def _decoded(data: bytes, encoding: Encoding) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        _unreadable("It is UTF-16; save it as CSV in UTF-8.")
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = "UTF-8" if encoding == "utf-8" else "Windows-1252"
        other = (
            " Save it as CSV in UTF-8; or, if it was saved on Windows as plain CSV, say that it is Windows-1252"
            " (`--encoding cp1252`, or `charset=windows-1252` in Content-Type)."
        )
        _unreadable(f"A byte in line {line} is no {name}.{other if encoding == 'utf-8' else ''}")


def _unreadable(detail: str, **extra: Any) -> NoReturn:
    raise UnreadableFile(detail, errors=[FieldError("", UnreadableFile.slug, detail)], extra=extra)


def _require_few(rows: int) -> None:
    if rows > MOST_ROWS:
        detail = f"The file has more than {MOST_ROWS} rows."
        raise OutOfRange(detail, errors=[FieldError("", OutOfRange.slug, detail)], hint="Send it in parts.")


# ---------------------------------------------------------------- CSV


def _csv(sheet: Sheet, text: str, decimal_comma: bool) -> Read:
    read = Read("line")
    records = _records(text, sheet)
    _, header = next(records, (1, []))
    columns = _columns(sheet, header)
    width = len(header)
    for line, cells in records:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != width and any(cell.strip() for cell in cells[width:] or [*"x"][: width - len(cells)]):
            read.wrong(line, None, WrongFormat, "cells_count", cells=len(cells), wanted=width)
            continue
        values: dict[str, Any] = {}
        for column, cell in zip(columns, cells, strict=False):
            if column is not None:
                _take(read, line, column, _unguarded(cell.strip()), values, decimal_comma)
        read.rows.append(SheetRow(line, values))
        _require_few(len(read.rows))
    return read


def _records(text: str, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a CSV text with the number of the line on which each begins."""
    first, _, rest = text.partition("\n")
    skipped = 0
    if said := re.fullmatch(r"\s*sep=(.)\s*", first):
        separator, text, skipped = said[1], rest, 1
    else:
        separator = max(_SEPARATORS, key=lambda each: _known(next(csv.reader([first], delimiter=each), []), sheet))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1 + skipped
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            _unreadable(f"From line {line} on it is no CSV ({error}). Is a quotation mark left open?")


def _named(cell: str) -> str:
    return re.sub(r"[\s-]+", "_", cell.strip().lower())


def _known(header: Sequence[str], sheet: Sheet) -> int:
    names = {column.name for column in sheet.columns}
    return sum(_named(cell) in names for cell in header)


def _columns(sheet: Sheet, header: Sequence[str]) -> list[Column | None]:
    """Return the column of each cell of the first line; None for one without a name.

    Raises:
        UnreadableFile: a name is not known or stands twice, or what tells the rows apart is missing.
    """
    names = [_named(cell) for cell in header]
    known = sheet.by_name
    listed = f"The columns are: {', '.join(known)}."
    if not _known(header, sheet):
        _unreadable(f"The first line names no column. {listed}", known=list(known))
    if unknown := [
        cell.strip()[:_SHOWN] for cell, name in zip(header, names, strict=True) if name and name not in known
    ]:
        _unreadable(f"There is no column {', '.join(map(repr, unknown))}. {listed}", known=list(known))
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        _unreadable(f"The column {twice[0]!r} stands twice; which one counts would be a guess.")
    if sheet.key not in names:
        _unreadable(f"The column {sheet.key!r} is missing: it tells one row from another.")
    return [known.get(name) for name in names]


def _unguarded(cell: str) -> str:
    """Take away the mark that keeps a spreadsheet from computing a text: what was exported comes back as it was."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _take(read: Read, line: int, column: Column, cell: str, values: dict[str, Any], decimal_comma: bool) -> None:
    """Put what the cell says among the values, or what is wrong with it among the wrong."""
    if not cell:
        values[column.name] = None
    elif column.holds == "text":
        values[column.name] = cell
    elif column.holds == "words":
        values[column.name] = [word for word in _WORDS.split(cell) if word]
    elif column.holds == "yes_no":
        if cell.lower() in _YES | _NO:
            values[column.name] = cell.lower() in _YES
        else:
            read.wrong(line, column.name, WrongFormat, "not_yes_no", value=cell[:_SHOWN])
    else:
        _take_number(read, line, column, cell, values, decimal_comma)


def _take_number(read: Read, line: int, column: Column, cell: str, values: dict[str, Any], decimal_comma: bool) -> None:
    shown = cell[:_SHOWN]
    if decimal_comma:
        if "." in cell:
            read.wrong(line, column.name, WrongFormat, "point_not_comma", value=shown)
            return
        cell = cell.replace(",", ".", 1)
    elif _COMMA.fullmatch(cell):
        read.wrong(line, column.name, WrongFormat, "comma_not_point", value=shown)
        return
    fits, make, what = _NUMBERS[column.holds]
    if fits.fullmatch(cell):
        values[column.name] = make(cell)
    else:
        read.wrong(line, column.name, WrongFormat, what, value=shown)


_NUMBERS: Final[dict[str, tuple[re.Pattern[str], Callable[[str], float], str]]] = {
    "whole": (_WHOLE, lambda cell: int(cell.partition(".")[0]), "no_whole_number"),
    "number": (_NUMBER, float, "no_number"),
}


# ---------------------------------------------------------------- GeoJSON


def _geojson(sheet: Sheet, text: str) -> Read:
    read = Read("feature")
    body = _json(text)
    features = body.get("features") if isinstance(body, dict) and body.get("type") == "FeatureCollection" else None
    if not isinstance(features, list):
        _unreadable("It is no FeatureCollection (RFC 7946, 3.3).")
    _require_few(len(features))
    for number, feature in enumerate(features, 1):
        if (values := _properties(read, sheet, number, feature)) is not None:
            read.rows.append(SheetRow(number, values))
    return read


def _json(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            _unreadable("A key stands twice in one object; which one counts would be a guess.")
        return members

    def not_finite(said: str) -> NoReturn:
        _unreadable(f"{said} is no number (RFC 8259, 6).")

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=not_finite)
    except json.JSONDecodeError as error:
        _unreadable(f"It is no JSON: {error.msg} at line {error.lineno}, column {error.colno}.")
    except (RecursionError, ValueError):  # nested without end, or a whole number of thousands of digits
        _unreadable("It is no JSON that can be read: it is nested too deeply, or a number has too many digits.")


def _properties(read: Read, sheet: Sheet, number: int, feature: Any) -> dict[str, Any] | None:
    properties = feature.get("properties") if isinstance(feature, dict) and feature.get("type") == "Feature" else None
    if not isinstance(properties, dict):
        read.wrong(number, None, WrongType, "no_feature")
        return None
    known = set(sheet.by_name) - ({"lon", "lat"} if sheet.placed else set())
    for name in sorted(set(properties) - known):
        read.wrong(number, name[:_SHOWN], UnknownField, "unknown_property", known=", ".join(sorted(known)))
    values = {name: value if value not in ("", []) else None for name, value in properties.items() if name in known}
    if sheet.placed and feature.get("geometry") is not None:
        if (place := _point(feature["geometry"])) is None:
            read.wrong(number, "geometry", WrongFormat, "no_point")
        else:
            values["lon"], values["lat"] = place
    return values


def _point(geometry: Any) -> tuple[float, float] | None:
    said = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    if isinstance(said, list) and len(said) == 2 and all(type(each) in {int, float} for each in said):  # noqa: PLR2004
        return float(said[0]), float(said[1])
    return None
