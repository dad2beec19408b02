"""The places of the console's map, for whoever looks for one by name."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import orjson

from app.domain.gazetteer import gazetteer
from app.entrypoints.http.pages import STATIC_PATH

if TYPE_CHECKING:
    from app.domain.gazetteer import Place

FOLDER: Final = STATIC_PATH / "basemap"


@cache
def places() -> tuple[Place, ...]:
    """Return the towns and villages of the map with their names on both sides; read once per process."""
    features = orjson.loads((FOLDER / "places.json").read_bytes())
    return gazetteer(features, orjson.loads((FOLDER / "place_names.json").read_bytes()))
