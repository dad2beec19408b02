"""The sentences that checks of a scenario have in common."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from typing import TypeAlias

from app.domain.drills.fault_words import said
from app.domain.drills.ground import Ground
from app.domain.drills.model import Scenario
from app.domain.drills.placed import Path
from app.domain.drills.shapes import clock_text

Found: TypeAlias = Iterator[tuple[Path, str]]
"""Where, and a sentence that goes on from there."""


def unknown(what: str, code: str, known: Collection[str]) -> str:
    """Return the sentence for a code that is not in a list, with the nearest that is."""
    near = difflib.get_close_matches(code, known, n=1)
    return said("unknown_near", code=code, what=what, near=near[0]) if near else said("unknown", code=code, what=what)


def party_faults(scenario: Scenario, ground: Ground, parties: Iterable[str], path: Path) -> Found:
    """Yield what is wrong with a list of members, countries or ``all``: each has to mean a player, and none twice."""
    seen: set[str] = set()
    for number, party in enumerate(parties):
        if not scenario.members(ground.members, (party,)):
            yield (*path, number), said("no_party", party=party)
        if party in seen:
            yield (*path, number), said("twice", id=party)
        seen.add(party)


def time_fault(scenario: Scenario, at: int | None) -> str | None:
    """Return the sentence for a time beyond the end of the exercise."""
    if at is None or at <= scenario.duration:
        return None
    return said("beyond_end", time=clock_text(at), end=clock_text(scenario.duration))
