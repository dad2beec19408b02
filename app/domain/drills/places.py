"""What the papers of a drill say beside the scenario: names of places in each language, and by what numbers members are reached.

Queries make ``Places`` of their tables; the command line reads it from the folder of a corridor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.domain.protocol_data import load

if TYPE_CHECKING:
    from pathlib import Path

Names = Mapping[str, str]
"""Language → name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPlace:
    """A member as it stands on paper."""

    names: Names
    country: str
    languages: tuple[str, ...] = ()
    """Those of its control room, the first one first."""
    time_zone: str = "UTC"
    phone: str = ""
    talkgroup: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """A corridor's names, by code; ``languages`` are those of the corridor, in its order."""

    languages: tuple[str, ...]
    members: Mapping[str, MemberPlace]
    crossings: Mapping[str, Names] = field(default_factory=dict)
    rendezvous: Mapping[str, Names] = field(default_factory=dict)

    def zones(self, members: tuple[str, ...]) -> tuple[str, ...]:
        """Return the time zones in which some members live, each once."""
        return tuple(dict.fromkeys(self.members[each].time_zone for each in members if each in self.members))


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPerson:
    """Somebody who has a function in a drill, and by what of their own they are reached; empty: by their control room."""

    role: str
    member: str
    name: str
    phones: tuple[str, ...] = ()
    email: str = ""


def read_places(folder: Path) -> Places:
    """Return the names of a corridor's folder, as ``concord corridor load`` takes it.

    Raises:
        OSError, ValueError, KeyError: the files are not those of a corridor.
    """

    def file(name: str) -> Any:
        path = folder / f"{name}.yaml"
        return (load(path, path.read_text("utf-8")) if path.is_file() else None) or []

    return Places(
        languages=tuple(file("corridor")["languages"]),
        members={
            each["code"]: MemberPlace(
                names=each["names"],
                country=each["country"],
                languages=tuple(each.get("languages") or ()),
                time_zone=each.get("time_zone") or "UTC",
                phone=each.get("phone") or "",
                talkgroup=each.get("talkgroup") or "",
            )
            for each in file("members")
        },
        crossings={each["code"]: each["names"] for each in file("crossings")},
        rendezvous={each["code"]: each["names"] for each in file("rendezvous")},
    )
