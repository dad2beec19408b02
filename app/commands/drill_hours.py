"""The hour of a drill as it is sent and kept: a local time of a zone, how it comes again, and what players are told of it."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, WithJsonSchema

from app.commands.registry import Act
from app.domain.drills.schedule import Monthly, Recurrence, Weekly
from app.domain.errors import FieldError, MissingField, OutOfRange
from app.domain.forms import WHOLE, Form

if TYPE_CHECKING:
    from app.store.tables import Drill

NO_NOTICE: Final = "no_notice"


class WeeklyRule(Form):
    """Each ``every`` weeks on a weekday (0: Monday)."""

    weekday: Annotated[int, Field(strict=True, ge=0, le=6), WHOLE]
    every: Annotated[int, Field(strict=True, ge=1, le=52), WHOLE] = 1


class MonthlyRule(Form):
    """Each ``every`` months on the ``nth`` weekday (-1: the last)."""

    nth: Annotated[int, Field(strict=True, ge=-1, le=5), WHOLE]
    weekday: Annotated[int, Field(strict=True, ge=0, le=6), WHOLE]
    every: Annotated[int, Field(strict=True, ge=1, le=12), WHOLE] = 1


class Repeats(Form):
    """How it comes again, at the same local hour."""

    weekly: WeeklyRule | None = None
    monthly: MonthlyRule | None = None
    until: date | None = None


class ScheduleDrill(Act):
    """Give the drill its hour, as a local time of a zone."""

    CONFIDES = True

    start: Annotated[str, Field(max_length=32), WithJsonSchema({"type": "string", "examples": ["2027-05-04T09:00"]})]
    """Local, without an offset: ``2027-05-04T09:00``."""
    time_zone: Annotated[str, Field(max_length=64)]
    """By its name in the IANA data: ``Europe/Brussels``."""
    which: Literal["first", "second"] | None = None
    """Of an hour that is there twice, when the clocks go back."""
    repeats: Repeats | None = None


def set_hour(drill: Drill, starts_at: datetime, zone: str) -> None:
    """Give the drill its hour; players of one without notice learn of a window around it, and no more."""
    drill.starts_at, drill.time_zone = starts_at, zone
    drill.held_because, drill.go_ahead = [], []
    drill.announced_for = drill.window_from = drill.window_until = None
    if drill.notice != NO_NOTICE:
        drill.announced_for = starts_at
        return
    hours: int = drill.handbook["notice"]["window_h"]
    # The window begins at a midnight (UTC) and is as long as the script says, or one day longer: its ends tell nothing of the hour.
    drill.window_from = starts_at.replace(hour=0, minute=0, second=0, microsecond=0)
    drill.window_until = drill.window_from + timedelta(hours=hours)
    while drill.window_until <= starts_at:
        drill.window_until += timedelta(days=1)


_LOCAL: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:?\d{2})?")
YEARS: Final = (2000, 2100)


def local_of(text: str) -> datetime:
    """Return a local time as it was sent: a day and an hour, in whole seconds.

    Raises:
        OutOfRange: it is none, or of no year in which drills are held.
    """
    try:
        found = datetime.fromisoformat(text) if _LOCAL.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        detail = f"{text!r} is no local time such as 2027-05-04T09:00."
    elif not YEARS[0] <= found.year <= YEARS[1]:
        detail = f"{found.year} is no year from {YEARS[0]} to {YEARS[1]}."
    else:
        return found
    raise OutOfRange(detail, errors=[FieldError("/start", OutOfRange.slug, detail)])


def recurrence_of(cmd: ScheduleDrill) -> Recurrence | None:
    """Return the rule by which it comes again, if it does.

    Raises:
        MissingField: neither weekly nor monthly.
    """
    if cmd.repeats is None:
        return None
    week, month = cmd.repeats.weekly, cmd.repeats.monthly
    if (week is None) is (month is None):
        detail = "It comes again either weekly or monthly."
        raise MissingField(detail, errors=[FieldError("/repeats", MissingField.slug, detail)])
    local = local_of(cmd.start)
    rule = Weekly(week.weekday, week.every) if week else Monthly(month.nth, month.weekday, month.every)  # type: ignore[union-attr]  # one of the two
    at = time(local.hour, local.minute, local.second)
    return Recurrence(rule, local.date(), at, cmd.time_zone, cmd.repeats.until, cmd.which)


def said_recurrence(drill: Drill) -> Recurrence | None:
    """Return the rule by which a drill on the calendar comes again, if it does."""
    return None if drill.recurrence is None else recurrence_of(ScheduleDrill.model_validate(drill.recurrence))
