"""A mapping: how the messages of one dispatch system are read. Data, and nothing that runs; what stands in no table is not guessed.

``protocols/wire/inbox/1/mapping.schema.json`` is made from these classes, and ``protocols/dispatch/`` holds mappings to begin with.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from app.domain.because import because
from app.domain.forms import ONE_LINE, WHOLE, Code, Flag, Form, ShortText, text_schema
from app.domain.inbox.held import HeldBack
from app.domain.inbox.paths import Path
from app.domain.lifecycle import machine
from app.domain.resource_types import type_codes
from app.domain.vocabulary import codes
from app.settings import protocols_path

MOST_CODES: Final = 500
SCHEMA_ID: Final = "urn:concord:inbox:mapping:1"

Kind: TypeAlias = Literal["unit_status", "position", "incident", "mission"]
TheirCode: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=100), ONE_LINE, WithJsonSchema(text_schema(1, 100, "4"))
]
"""A code as the dispatch system writes it."""


def _one_of(what: str, words: Collection[str]) -> AfterValidator:
    def known(value: str) -> str:
        if value not in words:
            told = {"value": value[:64], "what": what, "words": ", ".join(sorted(words))}
            raise PydanticCustomError("unknown_code", "{value} is no {what}; there are {words}", told)
        return value

    return AfterValidator(known)


def _enum(words: Collection[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": sorted(words)})


_REACHED: Final = frozenset(machine("mission").reached_by("advance_mission"))
_MISSION: Final = frozenset(machine("mission").states)
_INCIDENT: Final = frozenset({"reported", *machine("incident").reached_by("change_incident")})
_REASONS: Final = codes("out_of_service_reasons")
_HAZARDS: Final = codes("hazards")

MissionState: TypeAlias = Annotated[str, _one_of("state that a unit can be told to have reached", _REACHED), _enum(_REACHED)]  # fmt: skip
AnyMissionState: TypeAlias = Annotated[str, _one_of("state of a mission", _MISSION), _enum(_MISSION)]
IncidentState: TypeAlias = Annotated[str, _one_of("state that an incident can be told to have", _INCIDENT), _enum(_INCIDENT)]  # fmt: skip
Reason: TypeAlias = Annotated[str, _one_of("reason for being out of service", _REASONS), _enum(_REASONS)]
Hazard: TypeAlias = Annotated[str, _one_of("hazard", _HAZARDS), _enum(_HAZARDS)]


def _type_pattern(value: str) -> str:
    known = type_codes()
    family = value.removesuffix("*")
    fits = value == "*" or value in known or (value.endswith(".*") and any(code.startswith(family) for code in known))
    if not fits:
        raise PydanticCustomError(
            "unknown_code", "{value} is no resource type, and no family of them", {"value": value[:64]}
        )
    return value


TypePattern: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=64),
    AfterValidator(_type_pattern),
    WithJsonSchema({"type": "string", "maxLength": 64, "examples": ["engine.pumper", "ambulance.*", "*"]}),
]
"""A resource type, all of one family (`ambulance.*`), or every one (`*`)."""


class At(Form):
    """When it happened, in the dispatch system's own time."""

    path: Path
    written: Literal["rfc3339", "epoch_s", "epoch_ms"]
    """RFC 3339 with an offset, or seconds or milliseconds since 1970 (UTC)."""


class Place(Form):
    """Where a value stands."""

    path: Path


class KindOf(Form):
    """What a message is about: told by a code in it, or always the same."""

    path: Path | None = None
    codes: Annotated[
        dict[TheirCode, Annotated[list[Kind], Field(min_length=1, max_length=4)]], Field(max_length=MOST_CODES)
    ] = Field(default_factory=dict)
    always: Annotated[list[Kind], Field(max_length=4)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.always) == bool(self.path) or bool(self.path) != bool(self.codes):
            raise PydanticCustomError("kind", "either `path` with `codes`, or `always`")
        return self

    @property
    def named(self) -> frozenset[str]:
        """Every kind that a message can be of."""
        return frozenset(kind for kinds in (self.always, *self.codes.values()) for kind in kinds)


class Idle(Form):
    """What a status does to a unit that is on no mission here."""

    status: Literal["available", "out_of_service"]
    reason: Reason | None = None
    """Why it is out of service; then, and only then."""
    undoes: Annotated[list[Reason], Field(max_length=20)] = Field(default_factory=list)
    """With `available`: the reasons that it ends. What a person took out of service for another one stays so."""

    @model_validator(mode="after")
    def _reason_fits(self) -> Self:
        if (self.status == "out_of_service") != (self.reason is not None):
            raise PydanticCustomError("reason", "`reason` goes with out_of_service, and has to stand there")
        if self.undoes and self.status != "available":
            raise PydanticCustomError("undoes", "`undoes` goes with available")
        return self


class StatusMeaning(Form):
    """What one status code means. One that changes nothing says so by having a label alone."""

    label: ShortText
    """What the dispatch system's people call it."""
    mission: MissionState | None = None
    """The state that the unit's mission has reached."""
    only_from: Annotated[list[AnyMissionState], Field(max_length=20)] = Field(default_factory=list)
    """Only where the mission is in one of these; elsewhere it contradicts what is known, and is held back."""
    idle: Idle | None = None
    call: Literal["urgent", "speech"] | None = None
    """The unit wants to speak to its dispatcher: shown, and no state."""

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        if self.call is not None and (self.mission or self.idle):
            raise PydanticCustomError("call", "a call changes no state")
        if self.only_from and self.mission is None:
            raise PydanticCustomError("only_from", "`only_from` goes with `mission`")
        return self


class StatusTable(Form):
    """The status codes of one discipline."""

    discipline: Code
    """Whose they are: `fire`, `ems`, `all`."""
    types: Annotated[list[TypePattern], Field(min_length=1, max_length=50)]
    """For units of which types. The first table that fits counts."""
    statuses: Annotated[dict[TheirCode, StatusMeaning], Field(min_length=1, max_length=MOST_CODES)]

    def fits(self, type_code: str) -> bool:
        """Return whether it is for units of a type."""
        family = f"{type_code.partition('.')[0]}.*"
        return not {"*", family, type_code}.isdisjoint(self.types)


class UnitStatus(Form):
    """The status of a unit."""

    path: Path
    tables: Annotated[list[StatusTable], Field(min_length=1, max_length=20)]

    def never_reached(self) -> list[tuple[int, int, str]]:
        """Return (table, place in its types, type) of what stands in an earlier table already, by its name or within a family or `*`."""
        found: list[tuple[int, int, str]] = []
        before: set[str] = set()
        for number, table in enumerate(self.tables):
            for place, pattern in enumerate(table.types):
                family = f"{pattern.partition('.')[0]}.*"
                if not before.isdisjoint({pattern, family, "*"}):
                    found.append((number, place, pattern))
            before.update(table.types)
        return found


class PositionAt(Form):
    """Where a unit is, WGS 84, in degrees."""

    lon: Place
    lat: Place
    optional: Flag = False
    """Whether a message may lack both."""


class Hazards(Place):
    """The table of kinds of incidents."""

    codes: Annotated[dict[TheirCode, Hazard], Field(min_length=1, max_length=MOST_CODES)]


class Severities(Place):
    """The table of how bad it is: 1 (small) to 5 (disaster)."""

    codes: Annotated[
        dict[TheirCode, Annotated[int, Field(strict=True, ge=1, le=5), WHOLE]],
        Field(min_length=1, max_length=MOST_CODES),
    ]


class IncidentStates(Place):
    """The table of states of an incident. Its end is said by people."""

    codes: Annotated[dict[TheirCode, IncidentState], Field(min_length=1, max_length=MOST_CODES)]


class IncidentOf(Form):
    """An incident, opened under its number, or brought up to date. What a message leaves out stays as it is."""

    number: Place
    title: Place
    hazard: Hazards
    severity: Severities
    lon: Place
    lat: Place
    status: IncidentStates | None = None


class MissionStates(Place):
    """The table of states of a mission."""

    codes: Annotated[dict[TheirCode, MissionState], Field(min_length=1, max_length=MOST_CODES)]


class MissionOf(Form):
    """The state of a mission that is named itself."""

    id: Place
    """Its id, as webhooks tell it."""
    state: MissionStates


class Mapping(Form):
    """How the messages of a dispatch system are read."""

    version: Annotated[Literal[1], Field(alias="schema")]
    """Of this form."""
    title: ShortText
    discipline: Code
    fictional: Flag = False
    """Whether its codes were made up, as an example."""
    sources: Annotated[list[ShortText], Field(max_length=20)] = Field(default_factory=list)
    """Where its codes are written down."""
    at: At
    kind: KindOf
    unit: Place | None = None
    """The unit's code, as it stands among the external ids of the source."""
    unit_status: UnitStatus | None = None
    position: PositionAt | None = None
    incident: IncidentOf | None = None
    mission: MissionOf | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for kind in sorted(self.kind.named):
            if getattr(self, kind) is None:
                words = "messages can be of the kind {kind}, and nothing says how that is read"
                raise PydanticCustomError("kind", words, {"kind": kind})
        if self.unit is None and (self.unit_status or self.position):
            raise PydanticCustomError("unit", "a status or a position is a unit's: `unit` says where its code stands")
        return self

    def meaning(self, type_code: str, status: str) -> StatusMeaning:
        """Return what a status code means for a unit of a type.

        Raises:
            HeldBack: no table is for that type, or the code does not stand in it.
        """
        assert self.unit_status is not None
        for table in self.unit_status.tables:
            if table.fits(type_code):
                if (found := table.statuses.get(status)) is not None:
                    return found
                detail = f"{status!r} stands in no line of the table of statuses ({table.discipline})."
                raise HeldBack(detail, because("inbox_unknown_code", table=table.discipline, value=status[:100]))
        raise HeldBack(
            f"No table of statuses is for units of the type {type_code}.",
            because("inbox_no_table", type_code=type_code),
        )


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a mapping."""
    made = Mapping.model_json_schema(by_alias=True)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    return head | made


@cache
def shipped() -> dict[str, Mapping]:
    """Return the mappings that come with the service, by name, in the order of their files."""
    files = sorted((protocols_path() / "dispatch").glob("*.json"))
    return {file.stem: Mapping.model_validate(json.loads(file.read_text(encoding="utf-8"))) for file in files}
