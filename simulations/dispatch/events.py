"""What a webhook brings, as a dispatch system reads it (``protocols/wire/webhooks/1/message.schema.json``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

HEARTBEAT: Final = "concord.heartbeat"
SENT_OUT: Final = frozenset({"mission.committed", "mission.mobilising"})
"""A unit of ours is to go."""
SENT_HOME: Final = frozenset({"mission.released", "mission.stood_down", "mission.recalled", "mission.aborted"})


@dataclass(frozen=True, slots=True)
class Event:
    """One event, or a heartbeat (without a seq)."""

    id: str
    type: str
    space: str
    seq: int | None
    replayed: bool
    receipt_by: str | None
    """By when it wants to be taken into dispatch: RFC 3339; None where it does not."""
    incident: dict[str, Any] | None
    rows: dict[str, list[dict[str, Any]]]
    external_ids: list[dict[str, Any]]

    @classmethod
    def read(cls, message: dict[str, Any]) -> Self:
        """Read a message that was verified. Raises ``KeyError`` where it is none of ours."""
        data = message["data"]
        wanted = data.get("receipt")
        return cls(
            id=message["id"],
            type=message["type"],
            space=data.get("space", ""),
            seq=data.get("seq"),
            replayed=bool(message.get("replayed")),
            receipt_by=None if wanted is None else wanted["by"],
            incident=data.get("incident"),
            rows=data.get("rows") or {},
            external_ids=data.get("external_ids") or [],
        )

    def missions_of(self, lender: str) -> list[dict[str, Any]]:
        """Return the missions that it tells of in which this member sends."""
        return [row for row in self.rows.get("mission", ()) if row["lender_id"] == lender]
