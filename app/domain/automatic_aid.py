"""The automatic-aid clause of an agreement: where, when and of what help is promised before anybody asks for it.

Inside the clause nobody opens, accepts or commits: the agreement has done so. What is left to people is the one thing that no
paper knows, whether a unit can go now: the lender's dispatch says *rolling* or *cannot*, and the next lender is alarmed in its
stead. Who is next, and why somebody was passed over: ``automatic_order.py``.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import cache
from typing import Annotated, Final, Self, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from app.domain import geo
from app.domain.forms import WHOLE, Code, Form, fitting, pattern_schema

ANSWER_WITHIN: Final = timedelta(minutes=2)
"""How long a lender's dispatch has to say *rolling* or *cannot*; silence alarms the next."""

_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
ClockTime: TypeAlias = Annotated[
    str,
    fitting(_CLOCK, "a time of day is written as 18:30"),
    WithJsonSchema(pattern_schema(_CLOCK, "18:30")),
]
"""A time of day on the wall of the lender's control room."""


class DailyHours(Form):
    """A part of every day, by the lender's clocks. One that ends before it begins goes over midnight."""

    begins: ClockTime
    ends: ClockTime

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.begins == self.ends:
            raise PydanticCustomError(
                "value_error", "hours that begin as they end are no time; leave them out for all day"
            )
        return self

    def hold(self, at: datetime, time_zone: str) -> bool:
        """Whether the moment lies in these hours, by the clocks of the zone; the end is no longer in it."""
        now = at.astimezone(_zone(time_zone)).time()
        begins, ends = time.fromisoformat(self.begins), time.fromisoformat(self.ends)
        return begins <= now < ends if begins < ends else now >= begins or now < ends


class AutomaticAidClause(Form):
    """One clause. ``quantity`` is how many of a type one lender has out under it at once; ``lenders`` are alarmed in this order."""

    types: Annotated[tuple[Code, ...], Field(min_length=1, max_length=100)]
    strip: geo.Area
    """Where it holds: an area along the border. A border of the area belongs to it."""
    hours: DailyHours | None = None
    """When it holds; all day if nothing is said."""
    quantity: Annotated[int, Field(strict=True, ge=1, le=100), WHOLE]
    lenders: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=50)]
    """Who is alarmed, the first one first. Whoever asks is left out."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.lenders)) < len(self.lenders):
            raise PydanticCustomError("value_error", "a lender stands in the order once")
        return self

    def covers(self, type_code: str, lon: float, lat: float) -> bool:
        """Whether the clause is about this type at this place, at whatever hour."""
        return type_code in self.types and geo.covers(self.strip, lon, lat)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
