"""Times that lie ahead: what is wanted, or promised, for a time that has passed can't be kept by anybody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from app.domain.because import because
from app.domain.clock import stamp
from app.domain.errors import FieldError, OutOfRange

if TYPE_CHECKING:
    from datetime import datetime

    from app.store.unit_of_work import UnitOfWork

WRITTEN_DOWN_LATE: Final = timedelta(minutes=5)
"""How long ago a time may lie that is meant as now: clocks differ, and typing takes a while."""


def require_ahead(uow: UnitOfWork, at: datetime | None, pointer: str) -> None:
    """Refuse a time that had passed when it was said (``occurred_at``), by more than ``WRITTEN_DOWN_LATE``.

    Raises:
        OutOfRange: with the field's place in the body, and what to do.
    """
    said_at = min(uow.now, uow.act.occurred_at)
    if at is None or at >= said_at - WRITTEN_DOWN_LATE:
        return
    detail = f"{at.isoformat()} had passed when this was said ({said_at.isoformat()})."
    hint = "Send a time that lies ahead, or none for at once; give `occurred_at` for what was said earlier."
    raise OutOfRange(
        detail,
        errors=[FieldError(pointer, OutOfRange.slug, detail)],
        hint=hint,
        extra=because("time_passed", until_at=stamp(at)),
    )
