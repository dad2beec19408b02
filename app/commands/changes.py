"""What a PATCH writes: the fields that were sent, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.commands.registry import Command
    from app.store.tables import Journaled


def write_sent(row: Journaled, command: Command, fields: Collection[str], *, clearable: Collection[str] = ()) -> None:
    """Copy ``fields`` of ``command`` to ``row`` where they were sent; null empties a ``clearable`` one, and else says nothing."""
    sent: dict[str, Any] = command.model_dump(mode="json", include={*fields} & command.model_fields_set)
    for name, value in sent.items():
        if value is not None or name in clearable:
            setattr(row, name, value)
