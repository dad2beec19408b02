"""What a scenario may name: the members, crossings and rendezvous of its corridor, in the languages of the corridor.

Commands make a ``Ground`` of their tables; the command line reads it from the folder of a corridor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from app.domain.resource_types import type_codes
from app.domain.vocabulary import codes

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ground:
    """A corridor, as far as scenarios name it. Everything by its code."""

    corridor: str
    languages: tuple[str, ...]
    members: Mapping[str, str]
    """Code → country (ISO 3166-1 alpha-2)."""
    crossings: Mapping[str, tuple[str, str]]
    """Code → the two members that it joins."""
    rendezvous: Mapping[str, str]
    """Code → the member whose it is."""
    resources: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Member → resource type → how many it has; for what a reserve can be."""
    types: frozenset[str] = field(default_factory=type_codes)
    hazards: frozenset[str] = field(default_factory=lambda: codes("hazards"))

    def country(self, member: str) -> str:
        """Return the country of a member; empty for one that is not known."""
        return self.members.get(member, "")


def read_ground(folder: Path) -> Ground:
    """Return the ground of a corridor's folder (``corridor.yaml`` and those beside it), as ``concord corridor load`` takes it.

    Raises:
        OSError, ValueError, KeyError: the files are not those of a corridor.
    """

    def file(name: str) -> Any:
        path = folder / f"{name}.yaml"
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return yaml.load(path.read_text("utf-8"), Loader=loader) if path.is_file() else []  # noqa: S506 - a SafeLoader

    corridor = file("corridor")
    resources: dict[str, dict[str, int]] = {}
    for each in file("resources"):
        held = resources.setdefault(each["member"], {})
        held[each["type"]] = held.get(each["type"], 0) + 1
    return Ground(
        corridor=corridor["code"],
        languages=tuple(corridor["languages"]),
        members={each["code"]: each["country"] for each in file("members")},
        crossings={each["code"]: (each["joins"][0], each["joins"][1]) for each in file("crossings")},
        rendezvous={each["code"]: each["member"] for each in file("rendezvous")},
        resources=resources,
    )
