"""What the shapes of a scenario are made of: times, words, parties, texts in several languages, and picked events."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, RootModel, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.domain.protocol_data import Shape as _Shape

_CLOCK: Final = re.compile(r"(\d{2,3}):([0-5]\d):([0-5]\d)")


def _seconds(value: Any) -> Any:
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("drill_time", 'a time in a drill is written "HH:MM:SS", as in "00:25:00"')
    hours, minutes, seconds = map(int, found.groups())
    return hours * 3600 + minutes * 60 + seconds


def clock_text(seconds: float) -> str:
    """Return seconds as files write them."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _one_or_many(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return value
    return (str(value),) if isinstance(value, str | int) and not isinstance(value, bool) else value


_WORD: Final = r"^[a-z][a-z0-9]*([._-][a-z0-9]+)*$"
_PARTY: Final = r"^([A-Z]{2}|all|[a-z]{2}-[a-z]+(-[a-z]+)*)$"
_ONE_OR_MANY: Final = {"type": "string"}

Seconds: TypeAlias = Annotated[
    int,
    BeforeValidator(_seconds),
    PlainSerializer(clock_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK.pattern}$", "examples": ["00:25:00"]}),
]
Word: TypeAlias = Annotated[str, StringConstraints(pattern=_WORD, max_length=64)]
Line: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Many: TypeAlias = Annotated[
    tuple[Line, ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [_ONE_OR_MANY, {"type": "array", "items": _ONE_OR_MANY, "minItems": 1}]}),
]
Party: TypeAlias = Annotated[str, StringConstraints(pattern=_PARTY)]
"""A member's code, a country's two capital letters for all of its players, or ``all``."""
Parties: TypeAlias = Annotated[tuple[Party, ...], Field(min_length=1)]
Quantity: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=1000)]
Minutes: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=1440)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Spread: TypeAlias = Annotated[float, Field(ge=0, le=2)]
LonLat: TypeAlias = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]


class Shape(_Shape):
    """The base: takes the names that files use, such as ``from``."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True)


class Texts(RootModel[dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")], str]], frozen=True):
    """One text in several languages; ``checks`` wants all of the corridor's."""

    def said(self, language: str) -> str:
        """Return the text in a language, else in English, else in whichever there is."""
        return self.root.get(language) or self.root.get("en") or next(iter(self.root.values()), "")


# ---------------------------------------------------------------- picking events


class Where(Shape):
    """Filters on an event; all that are set must fit, and of several values one."""

    member: Many = ()
    """Who acted."""
    requester: Many = ()
    lender: Many = ()
    owner: Many = ()
    """Whose the resource is."""
    type: Many = ()
    """Resource type."""
    kind: Many = ()
    """Kind of request."""
    priority: Many = ()
    hazard: Many = ()
    crossing: Many = ()
    rendezvous: Many = ()
    control: Many = ()
    """How a crossing is passed."""
    status: Many = ()
    """Of a resource."""
    reason: Many = ()
    """Why somebody declined."""
    act: Many = ()
    """What is owed after a telephone call."""
    phase: Many = ()
    via: Many = ()
    """From where it came: ``console``, ``api`` …"""


class Match(Shape):
    """An event of the journal."""

    event: str
    where: Where = Where()


def one_of(*names: str) -> dict[str, Any]:
    """Return what a JSON schema says where exactly one of some keys is given."""
    return {"oneOf": [{"required": [name]} for name in names]}


class Moment(Shape):
    """An event of the journal, or the delivery of an inject."""

    model_config = ConfigDict(json_schema_extra=one_of("event", "inject"))

    event: str | None = None
    inject: Word | None = None
    where: Where = Where()

    @property
    def match(self) -> Match | None:
        """Return the event it is, if it is one."""
        return None if self.event is None else Match(event=self.event, where=self.where)
