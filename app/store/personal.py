"""Where people stand in the tables: what is erased on request, what is forgotten with time, and what never names anybody.

Every column that holds a text is declared here, and a test fails on one that is not: a name that nobody knows of is a name
that nobody erases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from uuid import UUID

    import asyncpg


@dataclass(frozen=True, slots=True)
class Named:
    """Columns of one table that hold a person's name, or telephone, and are hidden from the journal.

    ``of`` are the columns with the members whose person it may be; ``user`` the one with the user, where there is one.
    """

    table: str
    name: str
    phone: str | None
    of: tuple[str, ...]
    over: str
    """When the matter is over, as SQL of the row ``t``: from then on the time counts for which people are kept."""
    user: str | None = None
    more: tuple[str, ...] = ()
    """Other columns about the same person."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are looked into, and emptied together."""
        return (self.name, *(() if self.phone is None else (self.phone,)), *self.more)


_INCIDENT_OVER: Final = (
    "(SELECT i.closed_at FROM incident i WHERE i.space_id = t.space_id AND i.id = t.incident_id"
    " AND i.status = 'closed')"
)
_MISSION_OVER: Final = f"CASE WHEN t.incident_id IS NULL THEN t.home_at ELSE {_INCIDENT_OVER} END"
_NOTICE_OVER: Final = f"CASE WHEN t.incident_id IS NULL THEN t.confirmed_at ELSE {_INCIDENT_OVER} END"

CALLS: Final = (
    Named("call", "person_rung", None, ("requester_id", "lender_id"), "t.occurred_at"),
    Named("call", "confirmed_person", None, ("requester_id", "lender_id"), "t.occurred_at"),
)
"""Who was on the telephone."""
CONTACTS: Final = (
    Named("mission", "liaison_name", "liaison_phone", ("lender_id",), _MISSION_OVER, user="liaison_user_id"),
    Named("mission", "guide_name", "guide_phone", ("requester_id",), _MISSION_OVER),
    Named("resource", "leader_name", "leader_phone", ("member_id",), "CASE WHEN t.retired THEN t.position_at END"),
    Named("authority_notice", "confirmed_person", None, ("member_id",), _NOTICE_OVER),
)
"""Who is met on the way, and who confirmed: needed until the incident is closed, or the unit is home. Who leads a formation: for
as long as there is one."""

PHONE_BOOK: Final = (
    Named("contact", "name", "phone", ("member_id",), "NULL::timestamptz", more=("phone_2", "email", "note")),
)
"""Whom a member has others ring: kept until the member changes it, or somebody asks to be erased."""
EVERYBODY: Final = (*CALLS, *CONTACTS, *PHONE_BOOK)
LOCKED_FIRST: Final = ("resource", "mission")
"""Tables in the order in which commands lock their rows; all others after these."""
PHONES: Final = frozenset({*(each.phone for each in EVERYBODY if each.phone is not None), "phone_2"})

OF_USERS: Final[dict[str, frozenset[str]]] = {
    "user_account": frozenset({"login", "display_name", "password_hash"}),
    "api_token": frozenset({"label"}),
    "audit": frozenset({"detail"}),
}
"""Columns that are about a user, and go with it."""

PROSE: Final[dict[str, frozenset[str]]] = {
    "agreement": frozenset({"suspended_reason", "suspended_reasons"}),
    "agreement_version": frozenset({"terms"}),
    "authority_notice": frozenset({"name", "contact"}),
    "automatic_alarm": frozenset({"note"}),
    "checklist_item": frozenset({"texts"}),
    "claim": frozenset({"payment_reference", "rate_source"}),
    "claim_mission": frozenset({"cost"}),
    "claim_line": frozenset({"consumable", "dispute_reason", "answer"}),
    "corrective_action": frozenset({"text", "note"}),
    "depot": frozenset({"name", "address"}),
    "drill": frozenset({"hot_wash", "reason"}),
    "drill_clock": frozenset({"reason", "pause_reasons"}),
    "drill_hot_wash": frozenset({"went_well", "to_improve", "to_change"}),
    "drill_mark": frozenset({"note"}),
    "drill_observation": frozenset({"text"}),
    "drill_rating": frozenset({"reason"}),
    "exchange_rate": frozenset({"source", "contest_reason", "counter_source"}),
    "extension": frozenset({"reason", "answer"}),
    "handover": frozenset({"text"}),
    "host_support": frozenset({"note", "place", "answer"}),
    "inbox_matter": frozenset({"because"}),
    "incident": frozenset({"title"}),
    "incident_log": frozenset({"text"}),
    "incident_protocol": frozenset({"radio_plan"}),
    "lender_word": frozenset({"note"}),
    "member": frozenset({"informed_authorities"}),
    "mission": frozenset({"place", "destination", "consumables", "manifest"}),
    "offer": frozenset({"note"}),
    "offer_line": frozenset({"reserve_override", "cost"}),
    "protocol_overlay": frozenset({"operations"}),
    "question": frozenset({"text", "answer"}),
    "reassignment": frozenset({"place", "reason", "answer"}),
    "rendezvous": frozenset({"note"}),
    "request": frozenset({"note"}),
    "request_line": frozenset({"place"}),
    "response": frozenset({"note"}),
    "statement": frozenset({"payment_reference"}),
    "turn_swap": frozenset({"reason", "answer"}),
    "unasked_offer": frozenset({"note", "place", "answer"}),
    "unasked_offer_line": frozenset({"reserve_override", "cost"}),
}
"""Columns in which people write as they like, and may name somebody. They stand in the journal, too."""

UNTOLD: Final[dict[str, frozenset[str]]] = {
    "inbox_mapping": frozenset({"title", "note"}),
    "inbox_message": frozenset({"edited", "because", "detail", "effects"}),
}
"""Columns in which somebody may be named and that stand in no journal: what dispatch systems sent (the bytes of
``inbox_message.body``, too), and what is noted of how it is read."""

PROSE_UNDER: Final[dict[str, frozenset[str]]] = {
    "terms": frozenset({"legal_basis", "who_may_bind", "texts", "settled_by"}),
    "cost": frozenset({"settled_by"}),
}
"""Of prose that stands among codes and figures: the column → the keys, however deep, under which people write as they like."""
COPIES_OF_TERMS: Final = frozenset({("offer_line", "cost"), ("unasked_offer_line", "cost"), ("claim_mission", "cost")})
"""Columns, by table, into which the service copies what stands in the terms of the version that the row cites."""

CODED: Final = frozenset({"command", "via", "occurred_at", "member_id"})
"""What every entry says of its act, and no person writes."""
TOLD_AGAIN: Final = "texts.erased"
"""The event by which the service tells again what stood in entries that were erased; ``authors`` in it says who had told which text first."""
_NEVER_SURE: Final = re.compile(r"""[^\x20-\x7e]|[iks"\\]""")

SHORTEST_IN_TEXTS: Final = 4
"""Letters that a name has at least, to be looked for in texts."""

NEVER_IN: Final = frozenset({"corridor", "crossing", "drill_task", "idempotency", "journal_entry", "journal_head", "login_throttle",
                             "position", "resource_type", "session", "space", "due_work",
                             "dispatch_receipt", "inbox_last", "inbox_refusal", "inbox_source", "webhook_attempt", "webhook_delivery", "webhook_endpoint", "webhook_lane"})  # fmt: skip
"""Tables without prose of people: places, types, digests, keys that are gone in a day, addresses and numbers of dispatch systems, the
journal, whose entries are erased, and what falls due: an erasure forgets the names that it looks for when it is done."""
NEVER: Final = frozenset(
    {
        "act", "actor", "alarms", "answer_language", "area", "base", "call_sign", "code", "command", "control",
        "country", "currency", "binding", "ended_by", "estimate", "event", "findings", "guide_code", "hazard", "inform_on",
        "jurisdiction", "kilometres_from", "kind", "language", "languages", "ledger_currency", "matters", "member_ids", "member_space", "names",
        "other_names", "out_of_service_reason", "period", "phases", "priority", "quote", "readiness", "ref", "roles",
        "scopes", "slug", "space_id", "status", "step", "talkgroup", "time_zone", "type_code",
    }
)  # fmt: skip
"""Columns, wherever they stand, that hold codes, figures, places and names of things. Also the telephone of a control room."""
NEVER_HERE: Final = frozenset(
    {
        ("automatic_aid", "passed_over"),
        ("automatic_alarm", "reason"),
        ("claim_line", "dispute"),
        ("claim_line", "item"),
        ("claim_line", "unit"),
        ("claim_line", "why"),
        ("contact", "function"),
        ("corrective_action", "objective"),
        ("drill", "title"),
        ("drill", "scenario"),
        ("drill", "type"),
        ("drill", "notice"),
        ("drill", "handbook"),
        ("drill", "script"),
        ("drill", "recurrence"),
        ("drill", "virtual"),
        ("drill", "held_because"),
        ("drill", "go_ahead"),
        ("drill", "plays_in"),
        ("drill_clock", "title"),
        ("drill_clock", "stop_words"),
        ("drill_clock", "paused_sites"),
        ("drill_clock", "words"),
        ("drill_clock", "site_words"),
        ("drill_clock", "timeline"),
        ("drill_delivery", "inject"),
        ("drill_delivery", "by"),
        ("drill_delivery", "reason"),
        ("drill_delivery", "evidence"),
        ("drill_delivery", "told"),
        ("drill_mark", "about"),
        ("drill_mark", "party"),
        ("drill_observation", "objective"),
        ("drill_participant", "role"),
        ("drill_participant", "site"),
        ("drill_participant", "play"),
        ("drill_rating", "objective"),
        ("drill_rating", "metric"),
        ("drill_rating", "interval"),
        ("drill_rating", "evidence"),
        ("drill_rating", "computed"),
        ("drill_rating", "overruled"),
        ("external_id", "source"),
        ("inbox_mapping", "content"),
        ("inbox_mapping", "digest"),
        ("inbox_matter", "call"),
        ("inbox_matter", "what"),
        ("inbox_message", "kinds"),
        ("inbox_message", "outcome"),
        ("inbox_message", "webhook_id"),
        ("incident_protocol", "notify"),
        ("incident_protocol", "package"),
        ("incident_protocol", "rendezvous_kinds"),
        ("lender_word", "reason"),
        ("lender_word", "word"),
        ("member", "phone"),
        ("response", "reason"),
        ("statement", "answer"),
        ("statement", "dispute_reason"),
    }
)
"""Columns that are a text of people elsewhere, and none in this table."""


def naming(names: Sequence[str]) -> re.Pattern[str]:
    """Return what finds ``names`` in a text as words, however capitals are written: Anna is not in Hannah, nor in Johanna.

    In Python, since what PostgreSQL takes for a letter depends on the locale of its database.
    """
    return re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names) or r"(?!)", re.IGNORECASE)


def in_texts(names: Sequence[str], login: str | None = None) -> list[str]:
    """Return which of ``names`` are looked for in texts, the longest first.

    No login that is an ordinary word: whoever signs in as *storm* would be blacked out of every weather report. Nor what is as short as an
    abbreviation: *Jan* is a month, too.
    """
    words = {name for name in names if len(name) >= SHORTEST_IN_TEXTS and not (name == login and name.isalpha())}
    return sorted(words, key=lambda name: (-len(name), name))


def naming_in_texts(names: Sequence[str]) -> re.Pattern[str]:
    """Return what finds ``names`` in what people write, as words: a name of one word only where it is written as a name is.

    *Storm* and *STORM* are found, *storm* is not. Names of several words, numbers and addresses are found however they are written.
    """
    found = []
    for name in names:
        spelt = f"(?i:{re.escape(name)})"
        if name.isalpha():
            spellings = {name[0].upper() + name[1:], name.capitalize(), name.upper()}
            spelt = f"(?:{'|'.join(map(re.escape, sorted(spellings)))})"
        found.append(rf"(?<!\w){spelt}(?!\w)")
    return re.compile("|".join(found) or r"(?!)")


def surely_there(name: str) -> str:
    """Return a piece of ``name`` that stands in small letters wherever the name does, in the locale of any database; may be empty.

    What another database takes for a small letter of *É* or *İ* is its own matter, so it is the longest piece of ASCII. Nor are there *i*,
    *k* and *s* in it: *İ*, the sign of Kelvin and the long s are the same letters, if capitals don't count; nor what JSON writes otherwise.
    """
    return max(_NEVER_SURE.split(name.lower()), key=len)


def words_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what people wrote about an act itself, beside the rows, in the payload of its entry."""
    return {key: value for key, value in payload.get("data", {}).items() if key not in CODED}


def prose_of(table: type[Any]) -> frozenset[str]:
    """Return the columns of a table in which people write as they like."""
    return PROSE.get(str(table.__tablename__), frozenset())


def says(value: Any, pattern: re.Pattern[str], under: frozenset[str] | None = None) -> bool:
    """Whether a name stands in a value; only under the keys that are given, if some are."""
    return next(saying(value, pattern, under), None) is not None


def saying(value: Any, pattern: re.Pattern[str], under: frozenset[str] | None = None) -> Iterator[str]:
    """Go through the texts of a value in which a name stands; only under the keys that are given, if some are."""
    if isinstance(value, str):
        if under is None and pattern.search(value) is not None:
            yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from saying(each, pattern, below(key, under))
    elif isinstance(value, list):
        for each in value:
            yield from saying(each, pattern, under)


def below(key: str, under: frozenset[str] | None) -> frozenset[str] | None:
    """Return which keys are asked for in what stands under ``key``."""
    return None if under is None or key in under else under


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the hidden columns are searched for: by ``names`` as words, by ``login`` as a whole value, and by ``user``.

    A login is a short word that may be anybody's first name, and so is a name that is the login again. A telephone that
    only begins alike is another's.
    """

    names: Sequence[str]
    login: str | None = None
    user: UUID | None = None

    def stands_in(self, value: str | None) -> bool:
        """Whether a name, or note, is about this person."""
        if value is None:
            return False
        words = [name for name in self.names if not self._is(name, self.login)]
        return naming(words).search(value) is not None or self._is(value, self.login)

    def is_meant(self, each: Named, row: Mapping[str, Any]) -> bool:
        """Whether a row is about this person."""
        return (
            (each.user is not None and self.user is not None and row[each.user] == self.user)
            or any(self.stands_in(row[column]) for column in each.columns if column not in PHONES)
            or any(self._is(row[column], *self.names) for column in each.columns if column in PHONES)
        )

    def _is(self, value: str | None, *whole: str | None) -> bool:
        return value is not None and value.casefold() in {each.casefold() for each in whole if each is not None}


async def empty_named(conn: asyncpg.Connection[Any], member: UUID, person: Person) -> dict[str, int]:
    """Empty the hidden columns that name a person of ``member``, in every space; return how many rows of each table.

    Locks the rows that it empties, in the order of the house. Changes no revision: what is hidden was in no journal entry and no receipt.
    """
    emptied: dict[str, int] = {}
    for each in sorted(EVERYBODY, key=_turn):
        looked = f"SELECT t.* FROM {each.table} t WHERE {_of_member(each)} AND ({_something(each)})"  # noqa: S608 - columns of this module
        found = [row["id"] for row in await conn.fetch(looked, member) if person.is_meant(each, row)]
        held = await conn.fetch(f"{looked} AND t.id = ANY($2) ORDER BY t.id FOR UPDATE OF t", member, found)
        told = await conn.execute(
            f"UPDATE {each.table} t SET {_nothing(each)} WHERE {_of_member(each)} AND t.id = ANY($2)",  # noqa: S608 - the same
            member,
            [row["id"] for row in held if person.is_meant(each, row)],
        )
        _count(emptied, each.table, told)
    return emptied


async def forget_named(conn: asyncpg.Connection[Any], of: Sequence[Named], before: Any, at_once: int) -> dict[str, int]:
    """Empty the columns of matters that were over ``before``; at most ``at_once`` rows of each, the next run goes on."""
    emptied: dict[str, int] = {}
    for each in of:
        told = await conn.execute(
            f"UPDATE {each.table} SET {_nothing(each)} WHERE ctid = ANY(ARRAY("  # noqa: S608 - the same
            f"SELECT t.ctid FROM {each.table} t WHERE ({_something(each)}) AND {each.over} < $1"
            " LIMIT $2 FOR UPDATE OF t SKIP LOCKED))",
            before,
            at_once,
        )
        _count(emptied, each.table, told)
    return emptied


def _turn(each: Named) -> int:
    return LOCKED_FIRST.index(each.table) if each.table in LOCKED_FIRST else len(LOCKED_FIRST)


def _of_member(each: Named) -> str:
    return f"$1 IN ({', '.join(f't.{column}' for column in each.of)})"


def _nothing(each: Named) -> str:
    return ", ".join(f"{column} = NULL" for column in each.columns)


def _something(each: Named) -> str:
    return " OR ".join(f"t.{column} IS NOT NULL" for column in each.columns)


def _count(emptied: dict[str, int], table: str, told: str) -> None:
    emptied[table] = emptied.get(table, 0) + int(told.rpartition(" ")[2])
