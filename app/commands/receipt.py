"""What a command answers: where it stands in the journal, and how what it touched is now."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Receipt(BaseModel):
    """The answer to a command. A repeat under the same key gives the same receipt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str = Field(description="The command that was carried out.", examples=["open_request"])
    seq: int = Field(
        description="The journal's sequence after it: what a reader has to have seen to see this.", examples=[4711]
    )
    recorded_at: datetime = Field(description="When it was recorded (UTC).")
    kind: str = Field(description="What kind of thing it was about.", examples=["request"])
    id: UUID = Field(description="The id of that thing.")
    revision: int = Field(description="Its revision now: send it as If-Match with the next change.", examples=[2])
    subject: dict[str, Any] = Field(description="Its state now.")
    rows: dict[str, list[dict[str, Any]]] = Field(description="The state of everything that changed, by kind.")
    warnings: list[dict[str, Any]] = Field(
        default_factory=list, description="What went through, but somebody should know."
    )
    outcome: dict[str, Any] | None = Field(
        default=None,
        description="What was done, in place of `rows`, where these would be thousands: an import's counts.",
    )
    once: dict[str, Any] | None = Field(
        default=None, description="What is shown this once and kept nowhere: a new token's text."
    )
