"""The base of the read models: frozen, and made from rows."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict


class ReadModel(BaseModel):
    """What goes out: frozen, documented by its own fields."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Row(ReadModel):
    """A read model with the id and revision of its row."""

    id: UUID
    revision: int
    """Send it as `If-Match: "<revision>"` with a change."""
