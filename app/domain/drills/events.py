"""The journal as drills see it: each entry as one flat ``Event``, and the filters by which scenarios pick events.

``EVENTS`` are the types that a scenario may name: those of them that tell how help goes. Every one is recorded by a command
(a test holds that); types of set-up and of money are left out, for no drill turns on them.

An entry holds only the rows it changed, so what a filter asks of (the type of resource behind a mission's step, who asked) is
looked up in the rows of earlier entries: ``Reader`` keeps them, and is given the shadow copies that the drill began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from app.domain.chain import Entry
    from app.domain.drills.clock import Timeline
    from app.domain.drills.shapes import Match, Where

EVENTS: Final[frozenset[str]] = frozenset(
    f"{kind}.{what}"
    for kind, all_ in {
        "incident": "reported changed phase_changed logged closed",
        "request": "drafted submitted opened acknowledged declined changed partly_committed committed reopened closed"
        " cancelled called_off expired left_unfilled line_late",
        "offer": "made accepted provisionally_accepted declined withdrawn expired committed",
        "mission": "committed unit_assigned mobilising in_transit at_border cleared at_rendezvous staged on_scene"
        " transporting at_destination released returning returned closed stood_down recalled aborted taken_back reassigned rerouted"
        " way_barred liaison_named guide_named manifest_written relief_planned split sent_to_rendezvous",
        "call": "recorded confirmed ring_back taken_back",
        "debt": "owed made_good overdue lapsed",
        "question": "asked answered",
        "reserve": "overridden",
        "resource": "status_set reserved taken_out let_go",
        "crossing": "state_set reopened",
        "rendezvous": "opened closed",
        "authority": "informed confirmed",
        "shift": "handed_over taken_over",
        "extension": "asked granted refused",
        "reassignment": "proposed agreed refused",
        "host_support": "asked confirmed declined",
        "automatic_aid": "alarmed passed_on",
        "automatic_alarm": "raised rolling cannot silent called_off",
        "response_commitment": "begun kept broken",
    }.items()
    for what in all_.split()
)

SUBJECTS: Final = ("request", "offer", "mission", "incident", "call", "crossing", "resource")
"""Kinds of rows by which the events about one thing are brought together (``per`` of a measure)."""

FIGURES: Final[Mapping[str, tuple[str, str]]] = {
    "quantity": ("request_line", "quantity"),
    "offered_quantity": ("offer_line", "quantity"),
    "accepted_quantity": ("offer_line", "accepted_quantity"),
    "severity": ("incident", "severity"),
    "delay_min": ("crossing", "delay_min"),
}
"""Figures that ``least`` and ``most`` look at: the kind of row and its column. Of several lines in one entry: their sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the journal of a drill.

    ``at_us`` is the drill time at which it happened (``occurred_at``), and not when it was written down. ``facts`` are texts
    by the names of ``Where``'s fields; ``ids`` are the rows it is about, by their kind; ``figures`` as in ``FIGURES``.
    """

    seq: int
    type: str
    at_us: int
    member: str | None = None
    """The member that acted, by its code; None where the service itself did."""
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    resources: tuple[tuple[str, str, str, str], ...] = ()
    """Resources it changed: id, member, type, status."""


def fits(event: Event, match: Match, countries: Mapping[str, str]) -> bool:
    """Return whether an event is one that ``match`` asks for; ``countries`` gives the country of each member."""
    if event.type != match.event:
        return False
    return all(_holds(event, name, wanted, countries) for name, wanted in asked(match.where))


def asked(where: Where) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the filters that are set, with the values they take."""
    for name in type(where).model_fields:
        if wanted := getattr(where, name):
            yield name, wanted


PARTIES: Final = frozenset({"member", "requester", "lender", "owner"})
"""Filters that take a member or, with two capital letters, any member of a country."""


def belongs(member: str | None, parties: Iterable[str], countries: Mapping[str, str]) -> bool:
    """Return whether a member is among parties, which are members, countries, or ``all``."""
    return member is not None and any(each in {"all", member, countries.get(member)} for each in parties)


def _holds(event: Event, name: str, wanted: tuple[str, ...], countries: Mapping[str, str]) -> bool:
    found = frozenset({event.member} - {None}) if name == "member" else event.facts.get(name, frozenset())
    if name in PARTIES:
        return any(belongs(each, wanted, countries) for each in found)
    return not found.isdisjoint(wanted)


Row = Mapping[str, Any]


@dataclass(slots=True)
class Reader:
    """Makes events of entries, in the order of the journal.

    ``codes`` gives the code of each member, crossing and rendezvous by its id; ``timeline`` the drill's clock as it went.
    ``rows`` are those known so far, by kind and id: begin with the shadow copies of resources, so that the first change of
    one tells its member. It is changed as entries are read.
    """

    codes: Mapping[str, str]
    timeline: Timeline
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)

    def entry(self, entry: Entry) -> Event:
        """Return the event of an entry as the store reads it. Of one that was erased only its type and subject are left."""
        payload = entry.body() or {}
        said = (payload.get("data") or {}).get("occurred_at")
        return self.read(
            seq=entry.seq,
            type_=entry.type,
            subject=(entry.subject_kind, str(entry.subject_id)),
            payload=payload,
            occurred_at=datetime.fromisoformat(said) if said else entry.recorded_at,
        )

    def read(
        self, *, seq: int, type_: str, subject: tuple[str, str], payload: Mapping[str, Any], occurred_at: datetime
    ) -> Event:
        """Return the event of one entry: its subject's kind and id, its payload (``{"data": …, "rows": …}``) as written."""
        changed: Mapping[str, list[Row]] = payload.get("rows") or {}
        for kind, states in changed.items():
            for state in states:
                if state.get("removed") is not True:
                    self.rows[kind, str(state["id"])] = state
        data: Mapping[str, Any] = payload.get("data") or {}
        about = self._about(subject, changed)
        return Event(
            seq=seq,
            type=type_,
            at_us=self.timeline.at_us(occurred_at),
            member=self._code(data.get("member_id")),
            facts=self._facts(data, about, changed),
            ids={kind: str(row["id"]) for kind, row in about.items()},
            figures=_figures(changed),
            resources=tuple(self._resource(each) for each in changed.get("resource", ())),
        )

    def _code(self, id_: Any) -> str | None:
        return None if id_ is None else self.codes.get(str(id_))

    def _about(self, subject: tuple[str, str], changed: Mapping[str, list[Row]]) -> dict[str, Row]:
        """Return the rows that the entry is about: its subject, what that points to, and single rows it changed."""
        about: dict[str, Row] = {}
        waiting = [(kind, str(states[0]["id"])) for kind, states in changed.items() if len(states) == 1]
        waiting.insert(0, (subject[0], str(subject[1])))
        while waiting:
            kind, id_ = waiting.pop(0)
            row = self.rows.get((kind, id_))
            if kind in about or row is None:
                continue
            about[kind] = row
            waiting += [(key[:-3], str(value)) for key, value in row.items() if key.endswith("_id") and value]
        return about

    def _facts(
        self, data: Mapping[str, Any], about: Mapping[str, Row], changed: Mapping[str, list[Row]]
    ) -> dict[str, frozenset[str]]:
        lines = [*changed.get("request_line", ()), *changed.get("offer_line", ())]
        request = about.get("request", {})
        if not lines:
            # A mission or an offer's line names its own type; a step of the request is about all of its lines.
            narrow = [about[kind] for kind in ("mission", "offer_line", "automatic_alarm", "call") if kind in about]
            lines = narrow[:1] or [
                row for (kind, _), row in self.rows.items()
                if kind == "request_line" and row.get("request_id") == request.get("id") and request
            ]  # fmt: skip
        said: dict[str, set[Any]] = {
            "type": {row.get("type_code") for row in [*lines, about.get("resource", {})]},
            "priority": {row.get("priority") for row in [*lines, about.get("request_line", {})]},
            "kind": {request.get("kind"), about.get("mission", {}).get("kind")},
            "requester": {self._code(request.get("member_id")), self._code(about.get("call", {}).get("requester_id"))},
            "lender": {self._code(row.get("lender_id")) for row in about.values()},
            "owner": {self._code(about.get("resource", {}).get("member_id"))},
            "hazard": {about.get("incident", {}).get("hazard")},
            "crossing": {self._code(about.get("crossing", {}).get("id"))} if "crossing" in about else set(),
            "rendezvous": {self._code(about.get("rendezvous", {}).get("id"))} if "rendezvous" in about else set(),
            "control": {about.get("crossing", {}).get("control")},
            "status": {about.get("resource", {}).get("status")},
            "reason": {row.get("reason") for row in about.values()},
            "act": {about.get("debt", {}).get("act")},
            "phase": set((about.get("incident", {}).get("phases") or {}).values()),
            "via": {data.get("via")},
        }
        if "mission" in about and "crossing" not in about:
            way = (about["mission"].get("crossing_id"), *about["mission"].get("via_crossing_ids", ()))
            said["crossing"] = {self._code(id_) for id_ in way}
        return {name: kept for name, values in said.items() if (kept := frozenset(str(v) for v in values if v))}

    def _resource(self, row: Row) -> tuple[str, str, str, str]:
        return str(row["id"]), self._code(row["member_id"]) or "", str(row["type_code"]), str(row["status"])


def _figures(changed: Mapping[str, list[Row]]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, (kind, column) in FIGURES.items():
        if rows := [row for row in changed.get(kind, ()) if row.get(column) is not None]:
            figures[name] = float(sum(row[column] for row in rows))
    return figures
