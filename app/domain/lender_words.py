"""The lender's own word: for a time it can, whatever it keeps at home by an agreement, or it cannot, whatever an agreement allows.

Pure: the word that stands comes in with the lender's stock. It counts until its time is over, also while nobody has come round to ending it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from app.domain.clock import stamp

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

CAN: Final = "lender_can"
"""What a verdict is told with where the lender's word sets its reserve aside."""
CANNOT: Final = "lender_cannot"
"""What stands against units whose owner says that it cannot."""
CAN_FIGURES: Final = frozenset({"until", "until_local"})
CANNOT_FIGURES: Final = CAN_FIGURES | {"decline_reason"}


@dataclass(frozen=True, slots=True)
class Word:
    """What a lender says about a type until an instant; ``can``, or it cannot, for the coded ``reason``."""

    id: UUID
    can: bool
    until: datetime
    said_at: datetime
    reason: str | None = None
    note: str | None = None
    """Its own words; with ``can`` the reason for going below the reserve."""
    said_by: UUID | None = None

    def can_at(self, at: datetime) -> bool:
        """Return whether it says at an instant that the lender can."""
        return self.can and at < self.until

    def cannot_at(self, at: datetime) -> bool:
        """Return whether it says at an instant that the lender cannot."""
        return not self.can and at < self.until

    def figures(self, at: datetime, zone: str) -> dict[str, Any]:
        """Return how it is told at an instant: until when, by the lender's clocks too (with the day where that is another one), and why not."""
        here, ends = at.astimezone(ZoneInfo(zone)), self.until.astimezone(ZoneInfo(zone))
        local = f"{ends:%H:%M}" if here.date() == ends.date() else f"{ends:%Y-%m-%d %H:%M}"
        told: dict[str, Any] = {"until": stamp(self.until), "until_local": local}
        return told if self.can else told | {"decline_reason": self.reason}

    def act(self) -> dict[str, Any]:
        """Return the named act that it is, as an offer that goes below the reserve cites it."""
        return {
            "reason": self.note,
            "by": self.said_by and str(self.said_by),
            "at": self.said_at.isoformat(),
            "word_id": str(self.id),
        }


def cannot(word: Word | None, at: datetime, zone: str) -> dict[str, Any] | None:
    """Return the figures of a word by which the lender cannot at an instant; None where none stands."""
    return word.figures(at, zone) if word is not None and word.cannot_at(at) else None
