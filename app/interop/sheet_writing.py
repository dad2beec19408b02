"""From rows of plain values to a file of CSV or GeoJSON that `sheet_reading` reads back as the same rows.

A spreadsheet takes a text that begins with ``=``, ``+``, ``-`` or ``@`` for a formula and computes it, also where a neighbour wrote it
into a name: such texts, telephone numbers among them, get a ``'`` in front (OWASP, CSV Injection), which the way back takes away.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from app.interop.sheet_columns import SHEETS, Column, SheetKind
from app.interop.sheet_reading import FORMULA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from app.interop.sheet_reading import Format

MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "geojson": "application/geo+json"}


def write_sheet(kind: SheetKind, rows: Iterable[Mapping[str, Any]], format_: Format, *, separator: str = ",") -> bytes:
    """Return the file. CSV begins with a byte order mark, by which spreadsheets know that it is UTF-8."""
    return _csv(kind, rows, separator) if format_ == "csv" else _geojson(kind, rows)


def template(kind: SheetKind, format_: Format, *, separator: str = ",") -> bytes:
    """Return a file with every column and one row, as an example."""
    row = {column.name: column.example for column in SHEETS[kind].columns}
    return write_sheet(kind, [row], format_, separator=separator)


def _csv(kind: SheetKind, rows: Iterable[Mapping[str, Any]], separator: str) -> bytes:
    columns = SHEETS[kind].columns
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    writer.writerows([_cell(column, row.get(column.name)) for column in columns] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.holds == "yes_no":
        return "yes" if value else "no"
    if column.holds in {"whole", "number"}:
        return str(int(value)) if float(value).is_integer() else f"{Decimal(repr(float(value))):f}"
    said = " | ".join(map(str, value)) if column.holds == "words" else str(value)
    return f"'{said}" if FORMULA.match(said) else said


def _geojson(kind: SheetKind, rows: Iterable[Mapping[str, Any]]) -> bytes:
    sheet = SHEETS[kind]
    apart = {"lon", "lat"} if sheet.placed else set()
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]} if "lon" in row else None,
            "properties": {column.name: row.get(column.name) for column in sheet.columns if column.name not in apart},
        }
        for row in rows
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features}, option=orjson.OPT_INDENT_2)
