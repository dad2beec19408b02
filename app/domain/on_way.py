"""How far a mission has come on its way over crossings: the one rule for whom a closed crossing is told to, whose place is counted there, and who can still be sent another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

BEFORE_LEAVING: Final = frozenset({"committed", "mobilising"})
"""Where a unit is still at home."""
BEFORE_CLEARANCE: Final = BEFORE_LEAVING | {"in_transit", "at_border"}
"""Where a mission stands while a crossing with control is still ahead of it."""
ON_WAY: Final = BEFORE_CLEARANCE | {"cleared", "reassigned"}
"""Where a mission can have a crossing ahead of it: after the last one with control there may be one without, and a new place may lie over a border."""


class Passage(NamedTuple):
    """What of a crossing counts for how far a mission has come."""

    countries: Collection[str]
    """Those that it joins."""
    has_control: bool


def passed(way: Sequence[Passage], status: str, here: str | None, behind: int | None) -> int:
    """Return how many crossings of its way (in turn) a mission has behind it, as far as that is known.

    People's word counts, as it was kept when they gave it (``behind``, see ``said``; None: nobody kept it, and today's control has to do). Of a way over two, a unit
    that is ``here``, in a country that the second one joins, is over the first. Whether it is over the last one no position tells: roads zigzag along a border.
    """
    if status not in ON_WAY:
        return len(way)
    if status in BEFORE_LEAVING:
        return 0
    told = said([each.has_control for each in way], status) if behind is None else behind
    seen = 1 if len(way) > 1 and here in way[1].countries else 0
    return min(len(way), max(told, seen))


def said(controls: Sequence[bool], status: str) -> int:
    """Return how many crossings of a way with these controls (in turn) are behind who comes to a state now, by people's word.

    Who stands at the border is at the first crossing with control, at least, and who is cleared is over the last one.
    """
    controlled = [number for number, has_control in enumerate(controls) if has_control]
    if status == "cleared":
        return controlled[-1] + 1 if controlled else 1
    return controlled[0] if status == "at_border" and controlled else 0


def along(way: Sequence[Passage], goal: str) -> list[str]:
    """Return the countries that a way to the ``goal`` leads through, from where it begins; empty where its crossings lead nowhere."""
    found = [goal]
    for each in reversed(way):
        before = set(each.countries) - {found[0]}
        if len(before) != 1:
            return []
        found.insert(0, *before)
    return found
