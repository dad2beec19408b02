"""What the parties of an agreement have settled: the terms of one version, as they are signed, stored and checked.

Scope, areas, crossings, caps, the reserve at home, and the clauses that are settled or still open. What they come to for one
case of help is worked out in ``agreements.py``; what a clause says of the money or of help without asking stands in a module
of its own, and here as one field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, LiteralString, Self, TypeAlias
from uuid import UUID

import orjson
from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from app.domain import geo
from app.domain.automatic_aid import AutomaticAidClause
from app.domain.cost_terms import FREE, Cost, YearlyCost, in_languages
from app.domain.forms import (
    NO_LANGUAGE,
    WHOLE,
    Code,
    Count,
    CountryCode,
    Form,
    Language,
    LongText,
    Quantity,
    Texts,
    fitting,
    pattern_schema,
)
from app.domain.response_commitments import ResponseCommitment, require_one_a_type
from app.domain.vocabulary import vocabulary

EVERYTHING: Final = "*"
NO_PHASE: Final = "none"

Codes: TypeAlias = Literal["*"] | Annotated[tuple[Code, ...], Field(min_length=1, max_length=500)]
"""Some codes, or all there are and will be."""

_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
ClockTime: TypeAlias = Annotated[
    str, fitting(_CLOCK, "a time of day is written as 22:00"), WithJsonSchema(pattern_schema(_CLOCK, "22:00"))
]
"""A time of day, as clocks at the lender's show it."""

Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _refuse_twice(keys: Iterable[str], message: LiteralString) -> None:
    for key, count in Counter(keys).items():
        if count > 1:
            code = orjson.loads(key)["type"] if key.startswith("{") else key
            raise PydanticCustomError("value_error", message, {"code": code})


# ---------------------------------------------------------------- the reserve at home


class Hours(Form):
    """From a time of day to another, by clocks at the lender's; over midnight where the second is the earlier one.

    A night belongs to the day on which it begins: ``fri`` from 22:00 to 06:00 ends on Saturday morning.
    """

    start: ClockTime
    end: ClockTime
    """No longer within; the same as ``start`` is a whole day from then on."""
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] = WEEKDAYS

    def hold(self, local: datetime) -> bool:
        """Return whether a moment lies within, told by the lender's clock."""
        now, start, end = local.hour * 60 + local.minute, _minute(self.start), _minute(self.end)
        if start < end:
            return start <= now < end and WEEKDAYS[local.weekday()] in self.weekdays
        began = local if now >= start else local - timedelta(days=1)
        within = now >= start or now < end or start == end
        return within and WEEKDAYS[began.weekday()] in self.weekdays

    def begin_within(self, local: datetime, hours: float) -> bool:
        """Return whether they begin after a moment and before so many hours have passed, told by the lender's clock."""
        start, until = _minute(self.start), local + timedelta(hours=hours)
        for day in range(min(int(hours // 24) + 2, 9)):  # a week holds every weekday
            begins = local.replace(hour=start // 60, minute=start % 60, second=0, microsecond=0) + timedelta(days=day)
            if local < begins < until and WEEKDAYS[begins.weekday()] in self.weekdays:
                return True
        return False


class Reserve(Form):
    """What a lender keeps at home of one type: its available units, less the promised ones, never fall below ``keep``."""

    type: Code
    keep: Count
    lender: UUID | None = None
    """Who keeps it; every lender, if nobody is named."""
    area: geo.Area | None = None
    """Only units whose depot stands here are counted; those that were promised without a name may be any of them."""
    hours: Hours | None = None
    """Only then; at all hours, if nothing is said."""


# ---------------------------------------------------------------- caps


class UnitCap(Form):
    """How many units of one type are out or promised at once under the agreement, whoever lends them; those of formations, too."""

    type: Code
    most: Quantity


class Caps(Form):
    """What the parties do not go beyond. Beyond them it is help without an agreement, and a representative's own word."""

    units: Annotated[tuple[UnitCap, ...], Field(max_length=500)] = ()
    longest_deployment_h: Annotated[int, Field(strict=True, ge=1, le=24 * 365), WHOLE] | None = None
    """Hours from the mobilisation of a unit to its relief."""

    @model_validator(mode="after")
    def _one_cap_a_type(self) -> Self:
        _refuse_twice((cap.type for cap in self.units), "the caps name {code} twice")
        return self

    def most(self, type_code: str) -> int | None:
        """Return how many of the type may be out at once, or None where nothing is said."""
        return next((cap.most for cap in self.units if cap.type == type_code), None)


# ---------------------------------------------------------------- clauses


class Clause(Form):
    """One thing that has to be clear before people cross a border, and whether it is."""

    status: Literal["settled", "open", "not_applicable"]
    texts: Annotated[dict[Language, LongText], Field(default_factory=dict, max_length=24)]
    """What was settled, or what is still open, by language."""

    @model_validator(mode="after")
    def _settled_says_how(self) -> Self:
        if self.status == "settled" and not any(self.texts.values()):
            raise PydanticCustomError("value_error", "a clause that is settled says how: give its text")
        return self


class Clauses(Form):
    """The clauses of an agreement, typed and not prose. One that is missing has not been spoken of."""

    command: Clause | None = None
    """Under whose orders a unit works."""
    liability: Clause | None = None
    """Who answers for damage that a unit does."""
    insurance: Clause | None = None
    """Who insures people and vehicles on the other side."""
    compensation: Clause | None = None
    """Who pays when somebody is hurt."""
    licences_and_driving: Clause | None = None
    """Whether licences and qualifications count on the other side."""
    customs: Clause | None = None
    """What of the equipment is declared at the border."""
    controlled_medicines: Clause | None = None
    """What an ambulance may carry across."""
    blue_lights: Clause | None = None
    """Whether blue lights and right of way count on the other side."""
    data_protection: Clause | None = None
    """What may be told of people."""
    radio_plan: Clause | None = None
    """On which channels both sides hear each other."""

    def listed(self) -> Iterator[tuple[str, Clause | None]]:
        """Go through the clauses in their order."""
        for name in type(self).model_fields:
            yield name, getattr(self, name)

    @property
    def open(self) -> tuple[str, ...]:
        """Those that were spoken of and are not settled."""
        return tuple(name for name, clause in self.listed() if clause is not None and clause.status == "open")

    @property
    def unsaid(self) -> tuple[str, ...]:
        """Those that nobody has spoken of."""
        return tuple(name for name, clause in self.listed() if clause is None)


# ---------------------------------------------------------------- the whole


class Terms(Form):
    """The terms of one version, as its row holds them. ``*`` stands for every hazard, type or crossing."""

    hazards: Codes = EVERYTHING
    types: Codes = EVERYTHING
    kinds: Annotated[tuple[Literal["immediate", "planned", "day_to_day"], ...], Field(min_length=1, max_length=3)]
    phases: Annotated[dict[CountryCode, Code], Field(default_factory=dict, max_length=24)]
    """From which phase on a country may ask under it: that of the country that asks counts. One that is not named: always."""
    area: geo.Area | None = None
    """Where help may go; anywhere in the corridor, if nothing is said."""
    crossings: Codes = EVERYTHING
    """Codes of the crossings that a unit may take."""
    caps: Caps = Caps()
    reserve: Annotated[tuple[Reserve, ...], Field(max_length=500)] = ()
    cost: Cost = FREE
    yearly_cost: YearlyCost | None = None
    """The most that help under it may cost in a calendar year, in the currency of its cost terms."""
    automatic_aid: Annotated[tuple[AutomaticAidClause, ...], Field(max_length=20)] = ()
    response: Annotated[tuple[ResponseCommitment, ...], Field(max_length=50)] = ()
    clauses: Clauses = Clauses()
    dispatchers_bind: Annotated[dict[CountryCode, Code], Field(default_factory=dict, max_length=24)]
    """From which phase of its country on a member's dispatchers accept and commit planned help too; one not named: never."""
    legal_basis: Texts = Field(default_factory=dict)
    """The treaty or law that it rests on, by language."""
    who_may_bind: Texts = Field(default_factory=dict)
    """Who may bind a party, by language: what the parties say of it; what is checked is the authority table and ``dispatchers_bind``."""
    inform_on: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    """Events of which the authorities of the parties are told, beside those that each member names itself."""

    @field_validator("reserve")
    @classmethod
    def _one_floor_a_case(cls, reserve: tuple[Reserve, ...]) -> tuple[Reserve, ...]:
        """Refuse two floors of one type for the same lender, area and hours: nobody could say which one counts."""
        _refuse_twice(map(_floor_key, reserve), "the reserve names {code} twice for the same lender, area and hours")
        return reserve

    @field_validator("response")
    @classmethod
    def _one_commitment_a_type(cls, response: tuple[ResponseCommitment, ...]) -> tuple[ResponseCommitment, ...]:
        require_one_a_type(response)
        return response

    @field_validator("yearly_cost")
    @classmethod
    def _cap_in_its_currency(cls, most: YearlyCost | None, told: ValidationInfo) -> YearlyCost | None:
        cost = told.data.get("cost")  # not there where it was refused itself
        if most is not None and cost is not None and most.currency != cost.currency:
            raise PydanticCustomError("value_error", "the yearly cost is in the currency that the cost terms name")
        return most

    def covers_hazard(self, hazard: str) -> bool:
        """Whether the scope holds the hazard."""
        return self.hazards == EVERYTHING or hazard in self.hazards

    def covers_type(self, type_code: str) -> bool:
        """Whether the scope holds the type."""
        return self.types == EVERYTHING or type_code in self.types

    def covers_place(self, lon: float, lat: float) -> bool:
        """Whether help may go there."""
        return self.area is None or geo.covers(self.area, lon, lat)

    def allows_crossing(self, code: str) -> bool:
        """Whether a unit may take the crossing."""
        return self.crossings == EVERYTHING or code in self.crossings

    def reached(self, country: str, phases: Mapping[str, str]) -> bool:
        """Whether the country that asks has come to the phase from which on the agreement is for it."""
        wanted = self.phases.get(country)
        return wanted is None or rank(country, phases.get(country, NO_PHASE)) >= rank(country, wanted)

    def bound_by_dispatchers(self, country: str, phases: Mapping[str, str]) -> bool:
        """Whether dispatchers of a member of the country may bind it for planned help, now that it has come so far."""
        wanted = self.dispatchers_bind.get(country)
        return wanted is not None and rank(country, phases.get(country, NO_PHASE)) >= rank(country, wanted)

    def floors(self, type_code: str, lender: UUID, local: datetime) -> tuple[Reserve, ...]:
        """Return what a lender keeps at home of the type at a moment, told by its own clock."""
        return tuple(
            floor
            for floor in self.reserve
            if floor.type == type_code
            and floor.lender in {None, lender}
            and (floor.hours is None or floor.hours.hold(local))
        )

    def floors_ahead(self, type_code: str, lender: UUID, local: datetime, hours: float) -> tuple[Reserve, ...]:
        """Return what a lender keeps at home of the type not now, but at some time within so many hours."""
        return tuple(
            floor
            for floor in self.reserve
            if floor.type == type_code
            and floor.lender in {None, lender}
            and floor.hours is not None
            and not floor.hours.hold(local)
            and floor.hours.begin_within(local, hours)
        )


ONCE_IN_ONE_LANGUAGE: Final = ("legal_basis", "who_may_bind")


def read_terms(stored: Mapping[str, Any]) -> Terms:
    """Read the terms of a version as its row holds them.

    What was signed stays as it was signed, so rows of before there was a text per language hold one text, of which nobody said in which
    language it is. It is read as such (``und``); the row, the entries that told it and the consents to it stay what they are.
    """
    once = {name: stored[name] for name in ONCE_IN_ONE_LANGUAGE if isinstance(stored.get(name), str)}
    cost = {} if stored.get("cost") is None else {"cost": in_languages(stored["cost"])}
    texts = {name: {NO_LANGUAGE: text} if text else {} for name, text in once.items()}
    return Terms.model_validate({**stored, **cost, **texts})


def rank(country: str, phase: str) -> int:
    """Return how far a phase of a country has gone; 0 for one that nobody knows."""
    found: int = vocabulary()["phases"].get(country, {}).get(phase, {}).get("rank", 0)
    return found


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _floor_key(floor: Reserve) -> str:
    said = floor.model_dump(mode="json", exclude={"keep"}, exclude_none=True)
    return floor.type if said == {"type": floor.type} else orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode()
