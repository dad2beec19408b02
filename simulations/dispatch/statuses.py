"""What a dispatch system tells of a unit on its way, and what can go wrong with that: planned beforehand, the same for the same seed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Literal, TypeAlias

Signing: TypeAlias = Literal["right", "wrong", "stale"]

DONE: Final = frozenset({"applied", "history", "noted"})
"""What becomes of a message in which all is as it should be. (It may tell what somebody has entered already.)"""
HELD: Final = frozenset({"quarantined"})
NOBODY: Final = "SIM-NOBODY"
"""A unit that nobody has."""
NO_STATUS: Final = "no-such-status"

Words: TypeAlias = Callable[[str, str, datetime], dict[str, Any]]
"""(unit's code, status, when) → the message's body."""


def _fms(unit: str, status: str, at: datetime) -> dict[str, Any]:
    return {"time": at.isoformat(), "issi": unit, "status": status}


def _generic(unit: str, status: str, at: datetime) -> dict[str, Any]:
    return {"kind": "unit_status", "at": at.isoformat(), "unit": unit, "status": status}


@dataclass(frozen=True, slots=True)
class Language:
    """How a dispatch system speaks: which mapping that ships reads it, and its words for a unit's way."""

    mapping: str
    words: Words
    out: tuple[str, ...]
    home: tuple[str, ...]


LANGUAGES: Final[Mapping[str, Language]] = {
    "fms": Language("fms-de", _fms, ("3", "4"), ("1", "2")),
    "generic": Language("generic", _generic, ("in_transit", "on_scene"), ("returning", "returned")),
}

FAULTS: Final[Mapping[str, str]] = {
    "twice": "a status comes twice, under one id",
    "late": "a status comes some time after it was true",
    "order": "a status comes before the one that was earlier",
    "signature": "a status is signed with another secret",
    "skew": "a status is stamped ten minutes ago",
    "unit": "a status of a unit that nobody knows",
    "code": "a status that stands in no table",
    "changed": "another status under an id that was used",
}
SKEW: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Sending:
    """One message that is to be sent."""

    id: str
    unit: str
    status: str
    wait_s: float
    """After the one before it."""
    true_at_s: float
    """When it is true, from the beginning of the plan."""
    expects: frozenset[str]
    """What may become of it: outcomes of the inbox, or HTTP statuses as text."""
    signing: Signing = "right"
    fault: str | None = None

    def body(self, language: Language, began: datetime) -> dict[str, Any]:
        """Return what is sent, in a plan that began then."""
        return language.words(self.unit, self.status, began + timedelta(seconds=self.true_at_s))


def plan(
    unit: str, way: Sequence[str], chance: Random, *, pause_s: float, faults: Collection[str] = (), late_s: float = 5.0
) -> list[Sending]:
    """Return what is sent of a unit on its way, each ``pause_s`` after the one before, with every fault that is asked for once."""

    def id_() -> str:
        return f"sim-{chance.getrandbits(64):016x}"

    sent = [Sending(id_(), unit, status, pause_s, pause_s * number, DONE) for number, status in enumerate(way, start=1)]
    if "late" in faults:
        sent[-1] = replace(sent[-1], wait_s=pause_s + late_s, fault="late")
    if "order" in faults and len(sent) > 1:
        first = chance.randrange(len(sent) - 1)
        earlier, later = sent[first], sent[first + 1]
        sent[first] = replace(later, wait_s=earlier.wait_s + later.wait_s)
        sent[first + 1] = replace(earlier, wait_s=0.0, fault="order")
    plain = list(sent)
    for fault in (each for each in FAULTS if each in faults and each not in {"late", "order"}):
        of = chance.choice(plain)
        sent.insert(sent.index(of) + 1, _faulty(fault, of, id_(), way))
    return sent


def _faulty(fault: str, of: Sending, id_: str, way: Sequence[str]) -> Sending:
    """Return the message that goes wrong in this way, right behind one that does not."""
    beside = replace(of, wait_s=0.0, fault=fault)
    other = next(status for status in (*way, NO_STATUS) if status != of.status)
    return {
        "twice": replace(beside, expects=frozenset({"duplicate"})),
        "changed": replace(beside, status=other, expects=frozenset({"409"})),
        "signature": replace(beside, id=id_, signing="wrong", expects=frozenset({"401"})),
        "skew": replace(beside, id=id_, signing="stale", expects=frozenset({"401"})),
        "unit": replace(beside, id=id_, unit=NOBODY, expects=HELD),
        "code": replace(beside, id=id_, status=NO_STATUS, expects=HELD),
    }[fault]


def still_true(sending: Sending, sent: Collection[str]) -> bool:
    """Return whether a message of the way out is still sent once the unit was called home: no status of it, no repeat of what was not sent."""
    if sending.fault in {"twice", "changed"}:
        return sending.id in sent
    return sending.fault not in {None, "late", "order"}
