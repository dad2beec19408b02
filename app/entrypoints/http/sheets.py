"""Import and export over HTTP: a member's depots, resources and contacts as CSV or GeoJSON.

The body of an import is the file itself. It is read in a thread: ten thousand rows take a second of computing, and the feed goes on.
"""

from __future__ import annotations

import asyncio
import email.message
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from app.commands.import_files import import_command
from app.commands.imports import in_words_of, watcher
from app.domain import errors
from app.domain.because import because
from app.domain.errors import FieldError, UnsupportedMediaType
from app.domain.forms import LongText
from app.entrypoints.http import progress
from app.entrypoints.http.body import require_plain
from app.entrypoints.http.csv_files import is_drill
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.languages import ReadersLanguage
from app.entrypoints.http.problems import Responses, responses
from app.entrypoints.http.progress import wants_progress, with_progress
from app.interop.drill_marks import PREFIX, is_marked, mark_csv, mark_geojson, without_marks
from app.interop.sheet_columns import SheetKind
from app.interop.sheet_reading import Encoding, Format
from app.interop.sheet_writing import MEDIA_TYPES, template, write_sheet
from app.queries import exports as queries
from app.queries import members as member_queries
from app.queries.drill_calendar import languages_of
from app.store.turns import without_full_collections

if TYPE_CHECKING:
    from app.entrypoints.http.progress import Tell

router = space_router("import and export")

Kind = Annotated[SheetKind, Path(description="What the file is of.", examples=["depots"])]
Wanted = Annotated[Literal["csv", "geojson"], Query(alias="format", description="The format of the file.")]
Separator = Annotated[
    Literal["comma", "semicolon"],
    Query(
        description="What stands between the cells of CSV; spreadsheets set to German, French or Dutch want the semicolon."
    ),
]
SEPARATORS: Final = {"comma": ",", "semicolon": ";"}
CHARSETS: Final[dict[str, Encoding]] = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "windows-1252": "cp1252", "cp1252": "cp1252",
}  # fmt: skip

_CSV: Final = template("depots", "csv").decode("utf-8-sig")
_FEATURES: Final[dict[str, Any]] = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [5.69, 50.87]},
            "properties": {"code": "noord", "name": "Kazerne Noord"},
        }
    ],
}
_FEATURES_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {"type": {"const": "FeatureCollection"}, "features": {"type": "array", "items": {"type": "object"}}},
}
_FILE: Final[dict[str, Any]] = {
    "text/csv": {"schema": {"type": "string"}, "example": _CSV},
    "application/geo+json": {"schema": _FEATURES_SCHEMA, "example": _FEATURES},
}
_BODY: Final[dict[str, Any]] = {"requestBody": {"required": True, "content": _FILE}}


class ImportChange(BaseModel):
    """What an import does with one row."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    row: int
    """The line it begins on (CSV), or the number of its feature (GeoJSON)."""
    name: str
    """Its call sign or code."""
    does: Literal["add", "change"]
    fields: tuple[str, ...]
    """Which columns differ from what was there."""


class ImportAnswer(BaseModel):
    """What an import did; or with `dry_run`, what it would do."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    dry_run: bool
    """Nothing was changed."""
    kind: SheetKind
    member_id: UUID
    """Whose they are."""
    seq: int | None
    """The journal's sequence after it; null after a dry run."""
    added: int
    changed: int
    unchanged: int
    """Rows that say what is there already."""
    changes: tuple[ImportChange, ...]
    """The first of the rows that were added or changed; the counts are of all."""


def _told(documented: Responses) -> Responses:
    return {200: {"description": "What it did, or would do.", "content": progress.CONTENT}} | documented


def _files(documented: Responses) -> Responses:
    return {200: {"description": "The file.", "content": _FILE}} | documented


@router.get(
    "/imports/{kind}/template",
    summary="Download a template",
    response_class=Response,
    responses=_files(responses(path_ids=False)),
)
async def read_template(
    _space: Space, _actor: CurrentActor, kind: Kind, format_: Wanted = "csv", separator: Separator = "comma"
) -> Response:
    """A file with every column and one row as an example: delete that row, fill in yours, and send it."""
    return _file(template(kind, format_, separator=SEPARATORS[separator]), format_, f"{kind}-template")


@router.post(
    "/imports/{kind}",
    summary="Import a file",
    response_model=ImportAnswer,
    responses=_told(responses(errors.UnreadableFile, errors.BadRows, errors.Duplicate, errors.NotFound, body=True)),
    openapi_extra=_BODY,
)
async def import_file(
    request: Request,
    enter: Enter,
    kind: Kind,
    member: Annotated[UUID | None, Query(description="Whose they are; your own member's unless named.")] = None,
    dry_run: Annotated[bool, Query(description="Say what the file would do, and change nothing.")] = False,
    decimal: Annotated[
        Literal["point", "comma"], Query(description="What stands before the decimals in the numbers of CSV.")
    ] = "point",
    why: Annotated[LongText | None, Query(description="Why, in your own words.")] = None,
    *,
    language: ReadersLanguage,
) -> ImportAnswer | Response:
    """By a dispatcher or admin of the owner: all of the file or nothing.

    A row changes what one of its external ids, or its call sign or code, names, and else adds. A column that the file does not
    have stays as it is; an empty cell empties what can be empty; what the file does not name stays. CSV is UTF-8 (or
    `charset=windows-1252`), with commas, semicolons or tabulators. Each row that does not fit is named under `rows` of the refusal,
    with a code, its figures, and the reason in your language.

    With `Accept: application/x-ndjson` it tells how far it is: a line of JSON each (`progress` with `step`, `reading` or `writing`,
    and `done` of `total`), and in the last one the `answer`, or the `problem` with its own status; that of the response is then 200.
    """
    format_, encoding = _format_of(request.headers.get("content-type"))
    require_plain(request.headers.get("content-encoding"))
    data = await request.body()
    if is_marked(data, geojson=format_ == "geojson") and not is_drill(enter.space):
        detail = "This file is a drill's: EXERCISE stands first and last in it. Nothing of a drill is taken into live."
        raise errors.UnreadableFile(
            detail, errors=[FieldError("", errors.UnreadableFile.slug, detail)], extra=because("file_of_drill")
        )
    data = without_marks(data) if format_ == "csv" and is_drill(enter.space) else data

    async def carried_out(tell: Tell = _nobody) -> ImportAnswer:
        with without_full_collections():
            watcher.set(partial(tell, "reading"))
            command = await asyncio.to_thread(
                import_command,
                kind,
                data,
                format_,
                member=member,
                encoding=encoding,
                decimal_comma=decimal == "comma",
                why=why,
            )
            watcher.set(partial(tell, "writing"))
            try:
                if dry_run:
                    said, seq = await enter.door.rehearse(command, actor=enter.actor, space=enter.space), None
                else:
                    receipt = await enter.door.execute(command, actor=enter.actor, space=enter.space, key=enter.key)
                    said, seq = receipt.outcome or {}, receipt.seq
            except errors.BadRows as refusal:
                raise in_words_of(refusal, language) from None
        return ImportAnswer.model_validate({"dry_run": dry_run, "kind": kind, "seq": seq, **said})

    return with_progress(request, carried_out) if wants_progress(request) else await carried_out()


def _nobody(_step: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@router.get(
    "/exports/{kind}",
    summary="Export a member's depots, resources or contacts",
    response_class=Response,
    responses=_files(responses()),
)
async def export_file(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    kind: Kind,
    member: Annotated[UUID | None, Query(description="Whose; your own member's unless named.")] = None,
    format_: Wanted = "csv",
    separator: Separator = "comma",
) -> Response:
    """All of them in one file that can be imported again. Of another member's contacts, those that it shares.

    Formations are not among the units: their parts are, and they are formed anew with `POST /formations`.
    In CSV, a text that a spreadsheet would take for a formula has a `'` in front, which an import takes away. In GeoJSON a unit
    stands where it is at home; an import of units does not read the geometry.
    """
    of = member or actor.member_id
    if of is None:
        raise errors.NotFound("member", "that you belong to")
    code = (await member_queries.member(reader, space, of)).code
    rows = await queries.export_rows(reader, space, kind, of, viewer=actor.member_id)
    data = await asyncio.to_thread(write_sheet, kind, rows, format_, separator=SEPARATORS[separator])
    if not is_drill(space):
        return _file(data, format_, f"{kind}-{code}")
    spoken = await languages_of(reader)
    marked = mark_csv(data, spoken) if format_ == "csv" else mark_geojson(data, spoken)
    return _file(marked, format_, f"{PREFIX}{kind}-{code}")


def _file(data: bytes, format_: Format, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format_}"'}
    return Response(data, media_type=MEDIA_TYPES[format_], headers=headers)


def _format_of(content_type: str | None) -> tuple[Format, Encoding]:
    """Return what the body says that it is.

    Raises:
        UnsupportedMediaType: neither CSV nor GeoJSON, or in an encoding that is not read.
    """
    message = email.message.Message()
    message["content-type"] = content_type or "none/none"
    formats: dict[str, Format] = {"text/csv": "csv", "application/geo+json": "geojson"}
    format_ = formats.get(message.get_content_type())
    encoding = CHARSETS.get(str(message.get_content_charset("utf-8")))
    if format_ is None or encoding is None or (format_ == "geojson" and encoding != "utf-8"):
        raise UnsupportedMediaType(
            f"The body says it is {content_type or 'nothing'}; this address reads CSV and GeoJSON.",
            hint="Send text/csv in UTF-8 (or with charset=windows-1252), or application/geo+json.",
        )
    return format_, encoding
