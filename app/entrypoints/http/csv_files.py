"""Answers as CSV (RFC 4180), for spreadsheets: one header, one row an item, no cell that a spreadsheet would carry out.

Those of a drill's space carry its mark as their first and last line.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from fastapi.responses import Response

from app.interop.drill_marks import PREFIX, mark_csv
from app.queries.drill_calendar import languages_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import asyncpg
    from pydantic import BaseModel

MOST_ROWS: Final = 5_000
_CARRIED_OUT: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection)."""


class Csv(Response):
    """A file in CSV."""

    media_type = "text/csv"


def is_drill(space: str) -> bool:
    """Return whether a space is a drill's, by its name."""
    return space.startswith("drill-")


async def csv_file(
    conn: asyncpg.Connection[Any], space: str, name: str, columns: Sequence[str], rows: Iterable[BaseModel]
) -> Csv:
    """Return the rows as a file of that name, with these of their fields as columns."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    for row in rows:
        told = row.model_dump(mode="json", include=set(columns))
        writer.writerow([_cell(told[column]) for column in columns])
    data = written.getvalue().encode()
    if is_drill(space):
        name, data = PREFIX + name, mark_csv(data, await languages_of(conn))
    return Csv(data, headers={"Content-Disposition": f'attachment; filename="{name}.csv"'})


def csv_answer(columns: Sequence[str]) -> dict[int | str, dict[str, Any]]:
    """Return how such an answer is described."""
    content = {"text/csv": {"schema": {"type": "string"}, "example": ",".join(columns) + "\r\n"}}
    return {200: {"description": "A file in CSV (RFC 4180), in UTF-8.", "content": content}}


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_CARRIED_OUT) else text
