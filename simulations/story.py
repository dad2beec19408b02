"""A story that clients of the API act out: who does what, when and why, as a YAML file that people can read and change.

A step names its time (``"mm:ss"`` from the start, or ``"12d 14:05"`` for a story of days), who acts (``<member code>/<role>``), the command, what it is about
(``of``), its body (``with``), a name for what comes of it (``as``) and one line for whoever watches (``tell``). ``why``
goes into the journal, in the language of those who act. ``expect`` names the problem that the step is to be refused with.

In ``of`` and ``with``, texts of these forms stand for something else:

    $pumps               the id of what the step named ``pumps`` was about
    $pumps.line.2        the id of the second line that came of it; so for mission, debt, request …, the first if no number
    member:be-liege      the id of a member, by its code
    crossing:lichtenbusch, rendezvous:gronsveld, unit:HCP Liège 1, agreement:roer-water-rescue
    statement:de-aachen/nl-heerlen   the newest monthly statement between the two
    in 90 min            that long from now, in real time
    today                the day that it is in UTC
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

MINUTE_S: Final = 60
HOUR_S: Final = 3600
DAY_S: Final = 86_400
LOOKED_UP: Final = ("member", "crossing", "rendezvous", "unit", "agreement", "statement")

_NAMED = re.compile(r"\$(?P<name>[a-z][a-z0-9_]*)(?:\.(?P<kind>[a-z_]+)(?:\.(?P<number>[1-9]\d*))?)?")
_SOON = re.compile(r"in (?P<minutes>-?\d+) min")
_TIME = re.compile(r"(?P<minutes>\d{1,3}):(?P<seconds>[0-5]\d)")
_DAY_TIME = re.compile(r"(?P<day>\d{1,3})d (?P<hours>[01]\d|2[0-3]):(?P<minutes>[0-5]\d)")

VERBS: Final[Mapping[str, tuple[str, str]]] = {
    "report_incident": ("POST", "incidents"),
    "change_incident": ("PATCH", "incidents/{of}"),
    "add_log_entry": ("POST", "incidents/{of}/log"),
    "close_incident": ("POST", "incidents/{of}/close"),
    "draft_request": ("POST", "requests"),
    "change_request": ("PATCH", "requests/{of}"),
    "submit_request": ("POST", "requests/{of}/submit"),
    "open_request": ("POST", "requests/{of}/open"),
    "acknowledge_request": ("POST", "requests/{of}/acknowledge"),
    "decline_request": ("POST", "requests/{of}/decline"),
    "send_day_to_day": ("POST", "requests/{of}/send"),
    "cancel_request": ("POST", "requests/{of}/cancel"),
    "close_request": ("POST", "requests/{of}/close"),
    "make_offer": ("POST", "requests/{of}/offers"),
    "accept_offer": ("POST", "offers/{of}/accept"),
    "decline_offer": ("POST", "offers/{of}/decline"),
    "withdraw_offer": ("POST", "offers/{of}/withdraw"),
    "commit_offer": ("POST", "offers/{of}/commit"),
    "advance_mission": ("POST", "missions/{of}/advance"),
    "report_at_border": ("POST", "missions/{of}/border"),
    "release_mission": ("POST", "missions/{of}/release"),
    "stand_down": ("POST", "missions/{of}/stand-down"),
    "recall": ("POST", "missions/{of}/recall"),
    "abort_mission": ("POST", "missions/{of}/abort"),
    "assign_unit": ("POST", "missions/{of}/assign-unit"),
    "name_liaison": ("POST", "missions/{of}/liaison"),
    "name_guide": ("POST", "missions/{of}/guide"),
    "ask_host_support": ("POST", "missions/{of}/host-support"),
    "confirm_host_support": ("POST", "host-support/{of}/confirm"),
    "ask_extension": ("POST", "missions/{of}/extensions"),
    "answer_extension": ("POST", "extensions/{of}/answer"),
    "reassign_mission": ("POST", "missions/{of}/reassignments"),
    "answer_reassignment": ("POST", "reassignments/{of}/answer"),
    "plan_relief": ("POST", "missions/{of}/relief"),
    "split_mission": ("POST", "missions/{of}/split"),
    "write_manifest": ("POST", "missions/{of}/manifest"),
    "record_measures": ("POST", "missions/{of}/measures"),
    "alarm_automatic_aid": ("POST", "incidents/{of}/automatic-aid"),
    "answer_automatic_alarm": ("POST", "automatic-alarms/{of}/answer"),
    "ask_question": ("POST", "requests/{of}/questions"),
    "answer_question": ("POST", "questions/{of}/answer"),
    "close_mission": ("POST", "missions/{of}/close"),
    "draft_claim": ("POST", "claims"),
    "submit_claim": ("POST", "claims/{of}/submit"),
    "dispute_claim_line": ("POST", "claim-lines/{of}/dispute"),
    "answer_dispute": ("POST", "claim-lines/{of}/answer"),
    "verify_claim": ("POST", "claims/{of}/verify"),
    "pay_claim": ("POST", "claims/{of}/pay"),
    "close_claim": ("POST", "claims/{of}/close"),
    "enter_exchange_rate": ("POST", "exchange-rates"),
    "acknowledge_statement": ("POST", "statements/{of}/acknowledge"),
    "dispute_statement": ("POST", "statements/{of}/dispute"),
    "assist_now": ("POST", "assist-now"),
    "confirm_call": ("POST", "calls/{of}/confirm"),
    "make_debt_good": ("POST", "debts/{of}/make-good"),
    "set_crossing_state": ("POST", "crossings/{of}/state"),
    "reroute_mission": ("POST", "missions/{of}/reroute"),
    "send_to_rendezvous": ("POST", "missions/{of}/rendezvous"),
    "set_rendezvous_state": ("POST", "rendezvous/{of}/state"),
    "change_phase": ("POST", "incidents/{of}/phase"),
    "confirm_receipt": ("POST", "notices/{of}/confirm"),
    "hand_over_shift": ("POST", "handovers"),
    "take_over_shift": ("POST", "handovers/{of}/take"),
    "add_protocol_overlay": ("POST", "members/{of}/protocol-overlays"),
    "tick_checklist_item": ("POST", "checklist-items/{of}/tick"),
    "untick_checklist_item": ("POST", "checklist-items/{of}/untick"),
    "offer_unasked": ("POST", "incidents/{of}/unasked-offers"),
    "withdraw_unasked_offer": ("POST", "unasked-offers/{of}/withdraw"),
    "set_resource_status": ("POST", "resources/{of}/status"),
}
"""Each command: how it is sent, and where to; ``{of}`` is what the step is about."""


class StoryError(Exception):
    """The story contradicts itself; the message names the file and the step."""


class Missing(Exception):
    """A step refers to what has not come about: a step before it failed, or a unit is not there."""


@dataclass(frozen=True, slots=True)
class Step:
    """One act of one person."""

    at_s: int
    who: str
    does: str
    tell: str
    of: tuple[str, ...] = ()
    with_: Mapping[str, Any] = field(default_factory=dict)
    as_: str | None = None
    why: str | None = None
    expect: str | None = None

    @property
    def clock(self) -> str:
        """When, as people read it."""
        if self.at_s >= DAY_S:
            day, left = divmod(self.at_s, DAY_S)
            return f"{day}d {left // HOUR_S:02d}:{left % HOUR_S // MINUTE_S:02d}"
        return f"{self.at_s // MINUTE_S:02d}:{self.at_s % MINUTE_S:02d}"

    def body(self) -> dict[str, Any]:
        """Return the body as it stands in the story."""
        return {**self.with_, **({"why": self.why} if self.why else {})}

    def references(self) -> Iterator[str]:
        """Go through every text of the step that could stand for something else."""
        yield from self.of
        yield from _texts(self.with_)


@dataclass(frozen=True, slots=True)
class Story:
    """The steps in the order of their times, and those that put things right before each start."""

    title: str
    beforehand: tuple[Step, ...]
    steps: tuple[Step, ...]
    days: int = 0
    """How long it takes, if it is a story of days."""

    @property
    def cast(self) -> frozenset[str]:
        """Who takes part: ``<member code>/<role>`` of everybody a token is needed for."""
        return frozenset(step.who for step in (*self.beforehand, *self.steps))

    @property
    def incident_titles(self) -> frozenset[str]:
        """How the story's incidents are called, to know them again after a start that was broken off."""
        return frozenset(str(step.with_["title"]) for step in self.steps if step.does == "report_incident")


@dataclass(slots=True)
class Names:
    """What the texts of a story stand for: what is looked up by code, and what has come of its steps."""

    known: Mapping[str, Mapping[str, str]]
    """For each of ``LOOKED_UP``: code or call sign → id."""
    receipts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    """The clock that the service goes by."""

    def resolve(self, value: Any) -> Any:
        """Return ``value`` with every text that stands for something else replaced.

        Raises:
            Missing: what is referred to is not there.
        """
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {name: self.resolve(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        return value

    def _text(self, value: str) -> str:
        if named := _NAMED.fullmatch(value):
            return self._named(named)
        kind, _, code = value.partition(":")
        if kind in LOOKED_UP:
            try:
                return self.known[kind][code]
            except KeyError as error:
                raise Missing(f"there is no {kind} {code}") from error
        if soon := _SOON.fullmatch(value):
            return (self.now() + timedelta(minutes=int(soon["minutes"]))).isoformat()
        return self.now().date().isoformat() if value == "today" else value

    def _named(self, named: re.Match[str]) -> str:
        receipt = self.receipts.get(named["name"])
        if receipt is None:
            raise Missing(f"{named['name']} has not come about")
        if named["kind"] is None:
            return str(receipt["id"])
        rows: Mapping[str, list[Mapping[str, Any]]] = receipt["rows"]
        kinds = ("offer_line", "request_line") if named["kind"] == "line" else (named["kind"],)
        found = next((rows[kind] for kind in kinds if kind in rows), [])
        number = int(named["number"] or 1)
        if len(found) < number:
            raise Missing(f"{named['name']} has no {named['kind']} {number}")
        return str(found[number - 1]["id"])


def read_story(path: Path) -> Story:
    """Read and check a story.

    Raises:
        StoryError: a step is not complete, not in order, or refers to a name that no step before it gives.
    """
    told = yaml.safe_load(path.read_text("utf-8"))
    given: set[str] = set()
    before = tuple(
        _step(raw, f"{path.name}, beforehand {n}", given, at="00:00") for n, raw in enumerate(told["beforehand"], 1)
    )
    steps: list[Step] = []
    for number, raw in enumerate(told["steps"], 1):
        where = f"{path.name}, step {number}"
        step = _step(raw, where, given, at=raw.get("at"))
        if steps and step.at_s < steps[-1].at_s:
            raise StoryError(f"{where}: {step.clock} is before the step above it")
        steps.append(step)
    return Story(str(told["title"]), before, tuple(steps), int(told.get("days", 0)))


def _step(raw: Mapping[str, Any], where: str, given: set[str], *, at: Any) -> Step:
    unknown = set(raw) - {"at", "who", "does", "of", "with", "as", "why", "tell", "expect"}
    missing = {"who", "does", "tell"} - set(raw)
    at_s = _seconds(str(at))
    if unknown or missing or at_s is None:
        raise StoryError(f"{where}: unknown {sorted(unknown)}, missing {sorted(missing)}, at {at!r}")
    of = raw.get("of", [])
    step = Step(
        at_s=at_s,
        who=raw["who"],
        does=raw["does"],
        tell=raw["tell"],
        of=tuple(of if isinstance(of, list) else [of]),
        with_=raw.get("with", {}),
        as_=raw.get("as"),
        why=raw.get("why"),
        expect=raw.get("expect"),
    )
    if step.does not in VERBS:
        raise StoryError(f"{where}: no command {step.does}")
    if ("{of}" in VERBS[step.does][1]) != bool(step.of):
        raise StoryError(f"{where}: {step.does} and `of` do not go together")
    for text in step.references():
        named = _NAMED.fullmatch(text)
        if named and named["name"] not in given:
            raise StoryError(f"{where}: nothing above is called {named['name']}")
    if step.as_:
        given.add(step.as_)
    return step


def _seconds(at: str) -> int | None:
    """Return how long after the beginning that is; None if it is no time."""
    if time := _TIME.fullmatch(at):
        return int(time["minutes"]) * MINUTE_S + int(time["seconds"])
    if time := _DAY_TIME.fullmatch(at):
        return int(time["day"]) * DAY_S + int(time["hours"]) * HOUR_S + int(time["minutes"]) * MINUTE_S
    return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
