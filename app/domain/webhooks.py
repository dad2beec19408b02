"""Webhooks, pure: what an endpoint asks for, which entries fit that, when a try that failed is made again.

The names of events and which of them a dispatch has to act on at once stand in ``protocols/wire/webhooks/events.yaml``.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, WithJsonSchema

from app.domain.forms import fitting, pattern_schema
from app.domain.protocol_data import Code, Shape, read

SpaceKind: TypeAlias = Literal["live", "exercise", "integration"]
SPACE_KINDS: Final[Mapping[str, SpaceKind]] = {"live": "live", "drill": "exercise", "integration": "integration"}
"""Kind of a space → what an endpoint calls it."""

EVENT_PATTERN: Final = r"^(\*|[a-z_]{1,40}\.(\*|[a-z_]{1,40}))$"
Event: TypeAlias = Annotated[
    str,
    fitting(EVENT_PATTERN, "an event is written area.what_happened, area.* or *"),
    WithJsonSchema(pattern_schema(EVENT_PATTERN, "mission.*")),
]
"""What an endpoint wants to hear of: ``mission.in_transit``, ``mission.*``, or ``*``."""

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret begins with
SECRET_BYTES: Final = 32
"""Standard Webhooks wants 24 to 64."""

TESTED: Final = "webhook_endpoint.tested"
"""Goes to the endpoint that is tested, whatever it asked for."""

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 900.0
LONGEST_RETRY_AFTER: Final = timedelta(hours=24)
"""For how long a receiver may put us off."""
GIVEN_UP_AFTER: Final = timedelta(days=3)
"""For how long what fails is tried again before the endpoint is paused and its owner told."""
STALE: Final = timedelta(hours=1)
"""Of an entry that is older when it is first looked at, no receipt is awaited: the matter has gone on."""


# ---------------------------------------------------------------- the file of events


class _EventsShape(Shape):
    version: Annotated[int, Field(ge=1)]
    events: dict[Code, tuple[Code, ...]]
    alarm_grade: dict[str, Literal["lender", "requester"]]
    receipt_within_s: Annotated[int, Field(ge=10, le=600)]

    @property
    def areas(self) -> tuple[str, ...]:
        """Areas of events, in the order of the file."""
        return tuple(self.events)


@cache
def events() -> _EventsShape:
    """Return what can be asked for, read once a process. Raises ``ProtocolDataError`` when the file is wrong."""
    _file, shape = read("wire/webhooks/events.yaml", _EventsShape)
    return shape


def acts_on(event: str, rows: Mapping[str, Sequence[Mapping[str, Any]]], member: str) -> bool:
    """Return whether ``member``'s dispatch has to act at once on an event that tells these rows."""
    side = events().alarm_grade.get(event)
    return side is not None and any(row.get(f"{side}_id") == member for listed in rows.values() for row in listed)


# ---------------------------------------------------------------- what an endpoint asks for


@dataclass(frozen=True, slots=True)
class About:
    """What an entry is about: ids as texts."""

    incidents: frozenset[str]
    types: frozenset[str]
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an endpoint asks for; an empty list of incidents, types or members narrows nothing."""

    events: frozenset[str]
    incidents: frozenset[str]
    types: frozenset[str]
    members: frozenset[str]
    exercise: bool = False
    """Whether it asks for what happens in drills."""

    @property
    def narrow(self) -> bool:
        """Whether one has to know what an entry is about."""
        return bool(self.incidents or self.types or self.members)

    def takes(self, event: str) -> bool:
        """Return whether an event of this name is asked for; ``*`` asks for those about drills only along with exercises."""
        area = event.partition(".")[0]
        anything = {"*"} if area != "drill" or self.exercise else set()
        return bool(self.events & {*anything, event, f"{area}.*"})

    def fits(self, about: About) -> bool:
        """Return whether what an entry is about is asked for."""
        return all(
            not asked or not asked.isdisjoint(told)
            for asked, told in (
                (self.incidents, about.incidents),
                (self.types, about.types),
                (self.members, about.members),
            )
        )


MEMBER_KEYS: Final = frozenset(
    {
        "member_id", "requester_id", "lender_id", "lead_member_id", "to_member_id", "recorded_by_member_id", "owner_id",
        "owner_member_id", "of_member_id", "other_member_id", "member_a_id", "member_b_id", "payer_id", "drafted_by_member_id",
        "notice_by_member_id", "done_by_member_id", "entered_by_member_id", "contested_by_member_id", "disputed_by_member_id",
    }
)  # fmt: skip
MEMBER_LISTS: Final[Mapping[str, frozenset[str]]] = {
    "agreement_version": frozenset({"lenders", "borrowers"}),
    "drill_delivery": frozenset({"to_member_ids"}),
    "rota": frozenset({"member_ids"}),
}
"""Kind of a row → its columns that are lists of members."""
KINDS: Final = ("incident", "request", "mission", "offer", "resource", "depot", "claim", "statement")
"""Kinds of things that an entry is about by its rows' own ids, or by `<kind>_id`."""
KEYS: Final[Mapping[str, str]] = {
    **{f"{kind}_id": kind for kind in KINDS},
    **dict.fromkeys(MEMBER_KEYS, "member"),
    "disputed_mission_id": "mission",
    "type_code": "type",
}
"""Column of a row → what kind of thing it points at."""
_OWN: Final = frozenset({*KINDS, "member"})
Rows: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]


def mentions(rows: Rows) -> dict[str, set[str]]:
    """Return what the rows of an entry are or point at, by kind: ``KINDS``, ``member`` and ``type``; ids as texts."""
    found: dict[str, set[str]] = {}
    for kind, listed in rows.items():
        lists = MEMBER_LISTS.get(kind, frozenset())
        for row in listed:
            if kind in _OWN:
                found.setdefault(kind, set()).add(str(row["id"]))
            for key in KEYS.keys() & row.keys():
                if (value := row[key]) is not None:
                    found.setdefault(KEYS[key], set()).add(str(value))
            for key in lists & row.keys():
                found.setdefault("member", set()).update(map(str, row[key]))
    return found


# ---------------------------------------------------------------- secrets, and trying again


def new_secret() -> str:
    """Return a secret as Standard Webhooks writes it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def pause_s(failures: int, chance: float, retry_after_s: float | None = None) -> float:
    """Return how long to wait after so many failures in a row, in seconds.

    It doubles from one second to a quarter of an hour, less up to half by ``chance`` (0 to 1), so that receivers that come back
    are not met by everything at once; never less than the receiver asked for, for a day at most.
    """
    whole = min(FIRST_PAUSE_S * float(1 << min(failures - 1, 20)), LONGEST_PAUSE_S)
    asked = min(retry_after_s or 0.0, LONGEST_RETRY_AFTER.total_seconds())
    return max(whole * (1 - chance / 2), asked)
