"""The present as the journal tells it: the last state of every row. A test holds it against the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from uuid import UUID

from app.domain.chain import Entry

Key: TypeAlias = tuple[str, UUID]
"""The kind of a row (``request``) and its id."""
State: TypeAlias = Mapping[str, Any]


def fold(entries: Iterable[Entry | Mapping[str, Any]], start: Mapping[Key, State] | None = None) -> dict[Key, State]:
    """Return the last state of every row, by kind and id, after ``entries`` in the order of the journal.

    An entry, or its payload, names the full state of each row it changed: ``{"rows": {kind: [state, …]}}``; a state with
    ``"removed": true`` takes the row away. ``start`` is what was before the first entry; it is not changed. Raises
    ``ValueError`` for an entry whose payload was erased: without it the present can't be told.
    """
    present: dict[Key, State] = dict(start or {})
    for entry in entries:
        payload = entry.body() if isinstance(entry, Entry) else entry
        if payload is None:
            raise ValueError("The payload of an entry was erased: the rows it changed are not known.")
        for kind, states in payload.get("rows", {}).items():
            for state in states:
                key = (kind, UUID(str(state["id"])))
                if state.get("removed") is True:
                    present.pop(key, None)
                else:
                    present[key] = state
    return present
