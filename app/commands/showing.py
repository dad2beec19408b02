"""A refusal that shows the row as it is: whoever is refused a step decides again by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import Conflict

if TYPE_CHECKING:
    from types import TracebackType

    from app.store.tables.base import Journaled


class Showing:
    """Have a ``Conflict`` that is raised within tell the row's state as ``current``."""

    def __init__(self, row: Journaled) -> None:
        self._row = row

    def __enter__(self) -> None:
        """Nothing is to be prepared."""

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Let the refusal go on, with the state in it."""
        if isinstance(error, Conflict):
            error.extra["current"] = self._row.state()
