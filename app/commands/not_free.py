"""What is said of a unit that can't be taken: it is not free, of another type, or a part of it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from app.domain.because import because
from app.domain.lifecycle import machine

if TYPE_CHECKING:
    from app.store.tables import Resource

Said: TypeAlias = tuple[str, dict[str, Any]]
"""The detail of the refusal in English, and the members of the problem that tell it coded."""


def not_free(unit: Resource) -> Said:
    """Say of a unit how it stands."""
    if unit.retired:
        return f"{unit.call_sign} is retired.", because("unit_retired", unit=unit.call_sign)
    told = because("unit_state", unit=unit.call_sign, unit_status=unit.status)
    return f"{unit.call_sign} is {_called(unit)}.", told


def part_not_free(unit: Resource, part: Resource) -> Said:
    """Say of a formation which part of it is not free, and how that one stands."""
    told = because("part_state", unit=unit.call_sign, part=part.call_sign, unit_status=part.status)
    return f"{part.call_sign}, a part of {unit.call_sign}, is {_called(part)}.", told


def other_type(unit: Resource, type_code: str) -> Said:
    """Say of a unit that it is not what is wanted."""
    return f"{unit.call_sign} is no {type_code}.", because("unit_other_type", unit=unit.call_sign, type_code=type_code)


def _called(unit: Resource) -> str:
    return machine("resource").states[unit.status].names["en"].lower()
