"""Lists as maps read them: one page as a GeoJSON FeatureCollection (RFC 7946), for whoever asks with `Accept`.

The same rows under the same filters, only in another form: the geometry stands apart, everything else under `properties`.
`next` is a member of our own beside the standard ones, as section 6.1 allows; in a drill `exercise` is the first member and
`exercise_last` the last one, with the mark in each language of the corridor, as in its files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.domain.drills import journal_marks
from app.entrypoints.http.csv_files import is_drill
from app.entrypoints.http.deps import Reader, Space
from app.entrypoints.http.paging import Page
from app.entrypoints.http.problems import Responses
from app.queries.drill_calendar import languages_of

MEDIA_TYPE = "application/geo+json"

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "features", "next"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "id", "geometry", "properties"],
                "properties": {
                    "type": {"const": "Feature"},
                    "id": {"type": "string", "format": "uuid"},
                    "geometry": {"type": "object"},
                    "properties": {"type": "object"},
                },
            },
        },
        "next": {"type": ["string", "null"]},
        "exercise": {"type": "array", "items": {"type": "string"}, "description": "In a drill alone: its mark, first."},
        "exercise_last": {
            "type": "array",
            "items": {"type": "string"},
            "description": "In a drill alone: its mark, last.",
        },
    },
}


def _weight(accept: str, media_type: str) -> float:
    """Return the weight (RFC 9110, 12.4.2) that `Accept` gives to a media type by its own name; 0 where it is not named."""
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name == media_type:
            weights = [piece[2:] for piece in parameters if piece.startswith("q=")]
            try:
                return float(weights[0]) if weights else 1.0
            except ValueError:
                return 0.0
    return 0.0


@dataclass(frozen=True, slots=True)
class Layer:
    """A FeatureCollection is what the client would rather have; of a drill, marked in these ``languages``."""

    languages: tuple[str, ...] = ()


async def _wanted(request: Request, response: Response, space: Space, reader: Reader) -> Layer | None:
    response.headers["Vary"] = "Accept"
    accept = request.headers.get("accept", "")
    as_features = _weight(accept, MEDIA_TYPE)
    if as_features == 0 or as_features < _weight(accept, "application/json"):
        return None
    return Layer(tuple(await languages_of(reader)) if is_drill(space) else ())


AsFeatures = Annotated[Layer | None, Depends(_wanted)]
"""The layer that the client would rather have than a page; None for a page."""


def with_features(documented: Responses) -> Responses:
    """Add the FeatureCollection to what an operation answers."""
    return {200: {"content": {MEDIA_TYPE: {"schema": _SCHEMA}}}} | documented


def shown(page: Page[Any], as_features: Layer | None, *, geometry: str) -> Page[Any] | Response:
    """Return the page itself, or as features whose geometry is the field of that name."""
    if as_features is None:
        return page
    features = [_feature(item, geometry) for item in page.items]
    body: dict[str, Any] = {"type": "FeatureCollection", "features": features, "next": page.next}
    if spoken := as_features.languages:
        body = journal_marks.first_line(spoken) | body | journal_marks.last_line(spoken)
    return JSONResponse(body, media_type=MEDIA_TYPE, headers={"Vary": "Accept"})


def _feature(item: BaseModel, geometry: str) -> dict[str, Any]:
    properties = item.model_dump(mode="json")
    place = properties.pop(geometry)
    return {"type": "Feature", "id": properties["id"], "geometry": place, "properties": properties}
