"""Places with the names that both sides of a border call them by: Aachen, Aken, Aix-la-Chapelle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Place:
    """A town or village."""

    name: str
    country: str
    """ISO 3166-1 alpha-2."""
    population: int
    lon: float
    lat: float
    names: Mapping[str, str] = field(default_factory=dict)
    """Language → its name there, where that is another one."""
    also: tuple[str, ...] = ()

    def named(self, language: str) -> str:
        """Return what the place is called in a language."""
        return self.names.get(language, self.name)

    def every_name(self) -> Iterator[str]:
        """Go through all its names, the one at home first."""
        yield self.name
        yield from self.names.values()
        yield from self.also


def gazetteer(features: Mapping[str, Any], other_names: Iterable[Mapping[str, Any]]) -> tuple[Place, ...]:
    """Return the places of a GeoJSON collection of points (``n``, ``cc``, ``pop``), with their other names.

    Raises:
        ValueError: other names are for a place that is not in the collection.
    """
    known = {(entry["n"], entry["cc"]): entry for entry in other_names}
    found: list[Place] = []
    used: set[tuple[str, str]] = set()
    for feature in features["features"]:
        said = feature["properties"]
        key = (said["n"], said["cc"])
        used.add(key)
        more = known.get(key, {})
        lon, lat = feature["geometry"]["coordinates"]
        found.append(
            Place(said["n"], said["cc"], said["pop"], lon, lat, more.get("names", {}), tuple(more.get("also", ())))
        )
    if absent := sorted(set(known) - used):
        raise ValueError(f"other names for places that are not there: {absent}")
    return tuple(found)
