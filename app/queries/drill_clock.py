"""A drill's clock as it is told: to its staff, to its players, and on the drill's own page."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from app.queries.models import ReadModel

if TYPE_CHECKING:
    from app.domain.drills.clock import Clock


class ClockStateView(ReadModel):
    """A drill's clock: drill time is `anchor_us` + `speed` * (now - `anchor_utc`) while it is `running`, `anchor_us` else."""

    status: str
    """`ready`, `running`, `paused`, `ended` or `stopped`."""
    speed: int
    anchor_utc: datetime
    anchor_us: int
    paused_sites: tuple[str, ...]
    words: tuple[str, ...]
    """Countries whose directors have said that it goes on."""
    site_words: tuple[tuple[str, str], ...]
    """The same for a site that is paused: site and country."""
    pause_reasons: tuple[tuple[str, str], ...]
    """Why it stands, where somebody said so: site and reason; the site is empty for a pause of everybody."""


class ClockView(ClockStateView):
    """The drill's clock, with the drill time at the moment of the answer."""

    at_us: int
    """Drill time now, in microseconds."""


def clock_state(clock: Clock) -> ClockStateView:
    """Return a clock as it stands."""
    return ClockStateView(
        status=clock.state,
        speed=clock.speed,
        anchor_utc=clock.anchor_utc,
        anchor_us=clock.anchor_us,
        paused_sites=tuple(sorted(clock.paused_sites)),
        words=tuple(sorted(clock.words)),
        site_words=tuple(sorted(clock.site_words)),
        pause_reasons=tuple(sorted(clock.pause_reasons)),
    )


def clock_view(clock: Clock, now: datetime) -> ClockView:
    """Return a clock as it is told now."""
    return ClockView(**clock_state(clock).model_dump(), at_us=clock.at_us(now))
