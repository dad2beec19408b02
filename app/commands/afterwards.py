"""What is done about every act once its handler is through, by whichever door it came: of people, of the service itself, of a dispatch system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.commands.drill_alerts import mind_drills
from app.commands.notices import tell_authorities
from app.commands.patients import keep_between

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork


async def afterwards(uow: UnitOfWork) -> None:
    """Tell authorities that are to know, have drills under way look at live incidents, and keep help from day to day between its two members."""
    await tell_authorities(uow)
    await mind_drills(uow)
    await keep_between(uow)
