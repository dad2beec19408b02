"""What happened in an incident, told from the journal: one line for each significant event that the reader may see.

Only ids of what belongs to the incident are taken from the tables, and names to say them by; what happened, when and by whom is
what the journal holds. Nothing is told that is not for the reader's eyes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from app.domain.chain import Viewer
from app.domain.lifecycle import MACHINES, machine
from app.domain.playbooks import playbooks
from app.domain.protocol_data import Code, Names, Shape, read
from app.domain.vocabulary import vocabulary
from app.interop.paper import moment
from app.queries.paper import NOTHING, severity_of, state_of, type_of, utc, word
from app.store import journal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import asyncpg

    from app.domain.chain import Entry
    from app.queries.incidents import IncidentView
    from app.queries.members import MemberView
    from app.queries.paper import Reader

RECORDED_LATER: Final = timedelta(minutes=5)
"""What was recorded so much later than it happened says both times."""
STEP: Final = "mission.step"

# What belongs to an incident. Crossings and rendezvous belong to everybody: what became of them while it lasted stands here too.
_SUBJECTS: Final = """
    WITH asked AS (SELECT id FROM request WHERE space_id = $1 AND incident_id = $2)
    SELECT 'incident' AS kind, $2::uuid AS id
    UNION ALL SELECT 'request', id FROM asked
    UNION ALL SELECT 'incident_log', id FROM incident_log WHERE space_id = $1 AND incident_id = $2
    UNION ALL SELECT 'incident_protocol', id FROM incident_protocol WHERE space_id = $1 AND incident_id = $2
    UNION ALL SELECT 'checklist_item', id FROM checklist_item WHERE space_id = $1 AND incident_id = $2
    UNION ALL SELECT 'mission', id FROM mission WHERE space_id = $1 AND incident_id = $2
    UNION ALL SELECT 'call', id FROM call WHERE space_id = $1 AND incident_id = $2
    UNION ALL SELECT 'automatic_aid', id FROM automatic_aid WHERE space_id = $1 AND incident_id = $2
    UNION ALL SELECT 'automatic_alarm', id FROM automatic_alarm WHERE space_id = $1 AND incident_id = $2
    UNION ALL SELECT 'unasked_offer', id FROM unasked_offer WHERE space_id = $1 AND incident_id = $2
    UNION ALL SELECT 'authority_notice', id FROM authority_notice WHERE space_id = $1 AND incident_id = $2
    UNION ALL SELECT 'offer', id FROM offer WHERE space_id = $1 AND request_id IN (SELECT id FROM asked)
    UNION ALL SELECT 'response', id FROM response WHERE space_id = $1 AND request_id IN (SELECT id FROM asked)
    UNION ALL SELECT 'acknowledgement', id FROM acknowledgement WHERE space_id = $1 AND request_id IN (SELECT id FROM asked)
    UNION ALL SELECT 'question', id FROM question WHERE space_id = $1 AND request_id IN (SELECT id FROM asked)
    UNION ALL SELECT 'debt', id FROM debt WHERE space_id = $1 AND request_id IN (SELECT id FROM asked)
    UNION ALL SELECT 'extension', id FROM extension WHERE space_id = $1 AND request_id IN (SELECT id FROM asked)
    UNION ALL SELECT 'reassignment', id FROM reassignment WHERE space_id = $1 AND request_id IN (SELECT id FROM asked)
    UNION ALL SELECT 'host_support', id FROM host_support WHERE space_id = $1 AND request_id IN (SELECT id FROM asked)
"""
_PLACES: Final = """
    SELECT 'crossing' AS kind, id FROM crossing WHERE space_id = $1
    UNION ALL SELECT 'rendezvous', id FROM rendezvous WHERE space_id = $1
"""
_UNITS: Final = "SELECT id, call_sign FROM resource WHERE space_id = $1 AND id = ANY($2)"
_PEOPLE: Final = "SELECT id, display_name FROM user_account WHERE member_space = $1 AND member_id = $2 AND id = ANY($3)"
_TEXTS: Final = "SELECT id, text, language FROM incident_log WHERE space_id = $1 AND id = ANY($2)"


class _Told(Shape):
    version: Annotated[int, Field(ge=1)]
    events: dict[str, Names]
    words: dict[Code, Names]


@cache
def told() -> _Told:
    """Return how the entries of the journal are told, in every language."""
    return read("forms/log.yaml", _Told)[1]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when it happened and was recorded, whose word it is, what it says."""

    seq: int
    occurred_at: datetime
    recorded_at: datetime
    member: str | None
    person: str | None
    """Of the reader's own people, whoever it was."""
    text: str
    language: str | None
    why: str | None
    inferred: bool

    def printed(self, zone: str, language: str) -> dict[str, Any]:
        """Return it as the form takes it."""
        words = told().words
        late = self.recorded_at - self.occurred_at > RECORDED_LATER
        marks = [
            *([self.language] if self.language else []),
            *([words["inferred"][language]] if self.inferred else []),
            *([words["recorded"][language].format(at=utc(self.recorded_at, zone))] if late else []),
        ]
        return {
            "at": moment(self.occurred_at, zone),
            "member": self.member or words["by_itself"][language],
            "person": self.person,
            "text": self.text,
            "why": self.why,
            "marks": " · ".join(marks) or None,
        }


async def lines_of(
    conn: asyncpg.Connection[Any],
    space: str,
    incident: IncidentView,
    members: Mapping[UUID, MemberView],
    reader: Reader,
) -> list[Line]:
    """Return the incident's log for the reader's eyes and in the reader's language, in the order in which it happened."""
    viewer = Viewer(reader.member)
    belonging = [(row["kind"], row["id"]) for row in await conn.fetch(_SUBJECTS, space, incident.id)]
    places = [(row["kind"], row["id"]) for row in await conn.fetch(_PLACES, space)]
    entries = await journal.about_all(conn, space, belonging, viewer)
    about_places = await journal.about_all(conn, space, places, viewer)
    meanwhile = [
        each
        for each in about_places
        if each.recorded_at >= incident.occurred_at
        and (incident.closed_at is None or each.recorded_at <= incident.closed_at)
    ]
    telling = _Telling(incident, members, reader)
    await telling.look_up(conn, space, [*entries, *about_places])
    found = [line for each in sorted([*entries, *meanwhile], key=_seq) if (line := telling.line(each))]
    return sorted(found, key=lambda line: (line.occurred_at, line.seq))


def _seq(entry: Entry) -> int:
    return entry.seq


@dataclass(slots=True)
class _Telling:
    """Tells entries in their order; what one of them said of a thing is known when the next names it."""

    incident: IncidentView
    members: Mapping[UUID, MemberView]
    reader: Reader
    units: dict[str, str] = field(default_factory=dict)
    people: dict[UUID, str] = field(default_factory=dict)
    texts: dict[UUID, tuple[str, str | None]] = field(default_factory=dict)
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """Kind → id → the row as the journal last told it."""

    async def look_up(self, conn: asyncpg.Connection[Any], space: str, entries: Sequence[Entry]) -> None:
        """Read names that the journal holds ids of, and the crossings and rendezvous as they were."""
        resources: set[UUID] = set()
        erased: set[UUID] = set()
        for entry in sorted(entries, key=_seq):
            body = entry.body()
            if body is None:
                erased.add(entry.subject_id)
                continue
            for kind, rows in body["rows"].items():
                for row in rows:
                    if row.get("resource_id"):
                        resources.add(UUID(row["resource_id"]))
                    if kind in {"crossing", "rendezvous", "request"}:
                        self.rows.setdefault(kind, {})[row["id"]] = row
        actors = {entry.actor_id for entry in entries if entry.actor_id is not None}
        self.units = {str(row["id"]): row["call_sign"] for row in await conn.fetch(_UNITS, space, list(resources))}
        own = await conn.fetch(_PEOPLE, space, self.reader.member, list(actors))
        self.people = {row["id"]: row["display_name"] for row in own}
        left = await conn.fetch(_TEXTS, space, list(erased))
        self.texts = {row["id"]: (row["text"], row["language"]) for row in left}

    def line(self, entry: Entry) -> Line | None:
        """Return the line of one entry; nothing where it is no significant event."""
        body = entry.body() or {}
        rows, data = body.get("rows") or {}, body.get("data") or {}
        for kind, changed in rows.items():
            for row in changed:
                self.rows.setdefault(kind, {})[row["id"]] = row
        template = self._template(entry.type)
        if template is None:
            return None
        language: str | None = None
        if not rows and entry.subject_id in self.texts:
            text, language = self.texts[entry.subject_id]
        elif not rows:
            text = told().words["erased"][self.reader.language]
        else:
            row = rows[entry.subject_kind][0]
            text = template.format_map(_Said(self, entry, row, rows, data)) + self._after(entry.type, row)
            language = row.get("language") if entry.type == "incident.logged" else None
        member = data.get("member_id")
        return Line(
            seq=entry.seq,
            occurred_at=datetime.fromisoformat(data["occurred_at"]) if data.get("occurred_at") else entry.recorded_at,
            recorded_at=entry.recorded_at,
            member=self.name_of(member) if member else None,
            person=self.people.get(entry.actor_id) if entry.actor_id else None,
            text=text,
            language=language,
            why=data.get("why"),
            inferred=bool(data.get("inferred")),
        )

    def name_of(self, member: str) -> str:
        found = self.members.get(UUID(member))
        return found.names[self.reader.language] if found else NOTHING

    def named(self, kind: str, id_: str | None) -> str:
        """Return what a crossing or a rendezvous is called."""
        row = self.rows.get(kind, {}).get(id_ or "")
        if row is None:
            return NOTHING
        name = row["names"].get(self.reader.language) or row["names"]["en"]
        return f"{row['guide_code']} {name}" if row.get("guide_code") else str(name)

    def counted(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """Return lines of a request or an offer in one line: units by their call sign, else how many of what."""
        return " + ".join(self.one(row) for row in rows) or NOTHING

    def one(self, row: Mapping[str, Any]) -> str:
        """Return a unit by its call sign and type, or how many of what."""
        name = type_of(row["type_code"])["names"].get(self.reader.language) or row["type_code"]
        sign = self.units.get(row.get("resource_id") or "")
        return f"{sign} ({name})" if sign else f"{row['quantity']} \u00d7 {name}"

    def _template(self, event: str) -> str | None:
        events = told().events
        kind, _, step = event.partition(".")
        if event not in events and kind == "mission" and step in machine("mission").states:
            event = STEP
        return events[event][self.reader.language] if event in events else None

    def _after(self, event: str, row: Mapping[str, Any]) -> str:
        if event == "crossing.state_set" and row.get("closed_until"):
            at = utc(datetime.fromisoformat(row["closed_until"]), "UTC")
            return " " + told().words["until"][self.reader.language].format(until=at)
        return ""


class _Said(dict[str, str]):
    """What stands in the braces of a line; worked out for those that are there."""

    def __init__(
        self,
        telling: _Telling,
        entry: Entry,
        row: Mapping[str, Any],
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
        data: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.telling, self.entry, self.row, self.all_rows, self.data = telling, entry, row, rows, data

    def __missing__(self, name: str) -> str:
        said = getattr(self, f"_{name}")()
        return str(said) if said else NOTHING

    @property
    def _tongue(self) -> str:
        return self.telling.reader.language

    def _mission(self) -> Mapping[str, Any]:
        if self.entry.subject_kind == "mission":
            return self.row
        return self.telling.rows.get("mission", {}).get(self.row.get("mission_id") or "", {})

    def _unit(self) -> str:
        mission = self._mission()
        return self.telling.one({"quantity": 1} | dict(mission)) if mission.get("type_code") else NOTHING

    def _ref(self) -> str | None:
        id_ = self.row["id"] if self.entry.subject_kind == "request" else self.row.get("request_id")
        return self.telling.rows.get("request", {}).get(id_ or "", {}).get("ref")

    def _what(self) -> str:
        kind = self.entry.subject_kind
        if kind in {"request", "offer", "unasked_offer"}:
            line, key = {
                "request": ("request_line", "request_id"),
                "offer": ("offer_line", "offer_id"),
                "unasked_offer": ("unasked_offer_line", "unasked_offer_id"),
            }[kind]
            known = self.telling.rows.get(line, {}).values()
            return self.telling.counted([each for each in known if each[key] == self.row["id"]])
        return self.telling.counted([self.row])

    def _state(self) -> str:
        kind = self.entry.subject_kind
        state = self.data.get("state") if kind == "mission" else None
        if kind == "mission" and self.data.get("inferred"):
            state = self.entry.type.partition(".")[2]
        code = state or self.row["status"]
        return state_of(kind, code, [self._tongue])[0] if kind in MACHINES else code

    def _lender(self) -> str:
        return self.telling.name_of(self.row["lender_id"])

    def _title(self) -> str:
        return str(self.row["title"])

    def _hazard(self) -> str:
        return word("hazards", self.row["hazard"], [self._tongue])[0]

    def _severity(self) -> str:
        return severity_of(self.telling.incident.model_copy(update={"severity": self.row["severity"]}), [self._tongue])[
            0
        ]

    def _lead(self) -> str:
        return self.telling.name_of(self.row["lead_member_id"])

    def _country(self) -> str:
        return word("countries", self.data["country"], [self._tongue])[0]

    def _phase(self) -> str:
        entry = vocabulary()["phases"].get(self.data["country"], {}).get(self.data["phase"])
        return str(entry["names"][self._tongue]) if entry else str(self.data["phase"])

    def _text(self) -> str:
        if "texts" in self.row:
            return str(self.row["texts"].get(self._tongue) or self.row["texts"]["en"])
        return str(self.row["answer"] if self.entry.type == "question.answered" else self.row["text"])

    def _protocol(self) -> str:
        found = playbooks().get(self.row["code"])
        return found.names[self._tongue] if found else str(self.row["code"])

    def _reason(self) -> str:
        return word("decline_reasons", self.row["reason"], [self._tongue])[0]

    def _crossing(self) -> str:
        if self.entry.subject_kind == "crossing":
            return self.telling.named("crossing", self.row["id"])
        if self.data.get("crossing_id"):
            return self.telling.named("crossing", self.data["crossing_id"])
        way = (self.row["crossing_id"], *self.row.get("via_crossing_ids", ()))
        return " → ".join(self.telling.named("crossing", id_) for id_ in way)

    def _control(self) -> str:
        return word("crossing_controls", self.row["control"], [self._tongue])[0]

    def _rendezvous(self) -> str:
        own = self.entry.subject_kind == "rendezvous"
        found = self.telling.named("rendezvous", self.row["id"] if own else self.row["rendezvous_id"])
        return told().words["straight_there"][self._tongue] if found == NOTHING else found

    def _place(self) -> str | None:
        return self.row.get("place")

    def _until(self) -> str:
        return utc(datetime.fromisoformat(self.row["until"]), "UTC")

    def _authority(self) -> str:
        return str(self.row["name"])

    def _event(self) -> str:
        return word("inform_events", self.row["event"], [self._tongue])[0]
