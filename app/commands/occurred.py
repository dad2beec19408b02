"""What cannot have happened before something else: answers before the question, a commitment before its acceptance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.because import because
from app.domain.clock import stamp
from app.domain.errors import FieldError, OutOfOrder

if TYPE_CHECKING:
    from datetime import datetime

    from app.commands.registry import Act
    from app.store.tables.base import Journaled
    from app.store.unit_of_work import UnitOfWork


def keep_after(uow: UnitOfWork, cmd: Act, earliest: datetime | None, before: str, current: Journaled) -> None:
    """Refuse what is said to have happened before ``earliest``; what just happened comes after it.

    ``before`` says what happened then, as a sentence without its time. That may bear a clock that is a little ahead of ours.

    Raises:
        OutOfOrder: with ``current`` as it is, and what to do.
    """
    if earliest is None:
        return
    if cmd.occurred_at is None:
        uow.act.occurred_at = max(uow.act.occurred_at, earliest)
    elif cmd.occurred_at < earliest:
        message = f"{before} at {earliest.isoformat()}, and this can't have happened before."
        error = FieldError("/occurred_at", OutOfOrder.slug, message)
        hint = "Send an `occurred_at` that is no earlier, or leave it out for now."
        raise OutOfOrder(
            message,
            errors=[error],
            extra={**because("before_its_cause", earliest_at=stamp(earliest)), "current": current.state()},
            hint=hint,
        )
