"""Names in texts: blacked out in the rows, erased from the journal, and what the erased entries told is told again.

A space's journal is read piece by piece, each in a transaction of its own, and so are the entries erased: neither keeps a lock
for longer than a command does, however old the journal is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID

import orjson
from sqlmodel import col

from app.domain.chain import plain
from app.store import journal
from app.store.agreements import take_turn
from app.store.personal import (
    COPIES_OF_TERMS,
    PROSE_UNDER,
    TOLD_AGAIN,
    below,
    naming_in_texts,
    prose_of,
    says,
    surely_there,
    words_of,
)
from app.store.tables import JOURNALED, AgreementVersion, Member

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping, Sequence

    import asyncpg

    from app.store.tables import Journaled
    from app.store.unit_of_work import UnitOfWork, Visibility

Key: TypeAlias = "tuple[str, UUID]"
Text: TypeAlias = "tuple[str, UUID, str]"
"""A column of a row."""
Eyes: TypeAlias = "tuple[Visibility, tuple[UUID, ...]]"

BLACK: Final = "█████"
"""Of one length, whatever stood there: the length of a name tells of it."""
TOLD_AT_ONCE: Final = 200
"""Rows in one entry."""
READ_AT_ONCE: Final = 5000
"""Entries that one run looks through."""
ERASED_AT_ONCE: Final = 200
"""Entries that one run erases: it holds the locks of the rows that they tell."""
LOCKED_FIRST: Final = ("request", "request_line", "offer", "agreement", "agreement_version", "resource", "mission")
"""Kinds of rows in the order in which commands lock them; all others after these."""
FORGOTTEN: Final = frozenset({"user", "token"})
"""Kinds without prose, which belong to no space: their entries hold nothing to erase."""


_END: Final = "SELECT seq FROM journal_head WHERE space_id = $1"
# A piece of a name is enough to look closer; where that is empty, each entry is looked at.
_NAMING: Final = """
    SELECT e.seq, e.payload FROM journal_entry e
     WHERE e.space_id = $1 AND e.seq > $2 AND e.seq <= $3 AND e.payload IS NOT NULL
       AND EXISTS (SELECT FROM unnest($4::text[]) n WHERE strpos(lower(e.payload), n) > 0)
     ORDER BY e.seq
"""
# Whose people, or dispatch systems, told it is unknown (NULL) of an entry by the service itself.
_FOUND: Final = """
    SELECT e.seq, e.type, e.visibility, e.parties, e.payload,
           coalesce(u.member_id, s.member_id, CASE WHEN e.subject_kind = 'inbox_matter' THEN e.parties[1] END) AS member_id
      FROM journal_entry e LEFT JOIN user_account u ON u.id = e.actor_id LEFT JOIN inbox_source s ON s.id = e.actor_id
     WHERE e.space_id = $1 AND e.seq = ANY($2) AND e.payload IS NOT NULL ORDER BY e.seq
"""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry in which a name stands: whose people told it, to whose eyes, and what."""

    seq: int
    type: str
    member: UUID | None
    eyes: Eyes
    payload: dict[str, Any]

    @property
    def rows(self) -> dict[Key, dict[str, Any]]:
        """The states that it tells."""
        rows = self.payload.get("rows", {})
        return {
            (kind, UUID(state["id"])): state for kind, states in rows.items() if kind in JOURNALED for state in states
        }

    @property
    def authors(self) -> dict[Text, tuple[int, UUID]]:
        """Who had told a text first, and where, of the texts that are told again here because that entry was erased."""
        given = self.payload.get("data", {}).get("authors", ())
        return {(kind, UUID(id_), column): (seq, UUID(member)) for kind, id_, column, member, seq in given}


async def read_on(uow: UnitOfWork, names: Sequence[str], after: int) -> tuple[list[int], int, bool]:
    """Return the entries after ``after`` in which a name stands, how far was read, and whether that is the journal's end."""
    end: int = await uow.raw.fetchval(_END, uow.space) or 0
    until = min(after + READ_AT_ONCE, end)
    pattern = naming_in_texts(names)
    rows = await uow.raw.fetch(_NAMING, uow.space, after, until, [surely_there(name) for name in names])
    found = [row["seq"] for row in rows if _names_somebody(orjson.loads(row["payload"]), pattern)]
    return found, until, until == end


async def black_out(
    uow: UnitOfWork, member: UUID, names: Sequence[str], found: Sequence[int], own: frozenset[Text]
) -> tuple[list[int], frozenset[Text], bool]:
    """Take ``names`` out of what the member's people wrote, where the entries ``found`` tell it. Records ``texts.erased`` on the member.

    A text that another member's people wrote is theirs: its control room is to be asked. Who wrote it is who told it first
    with a name in it: whoever answers a dispute tells the whole line again, and is the author of the answer alone. What this
    member wrote is found also where an entry of others repeats it. Return what of ``found`` is not erased, the texts that are the
    member's ``own``, and whether another run has to go on with both: the entries that showed whose they are may be gone by then.

    Takes its turn at the agreements, locks the rows and then the member.
    """
    pattern = naming_in_texts(names)
    told = await _read(uow, found)
    own |= _own(told, member, pattern)
    own |= _copies(told, await _own_versions(uow, own), pattern)
    erased = [each for each in told if _is_erased(each, member, own, pattern)]
    now = erased[:ERASED_AT_ONCE]
    gone = {each.seq for each in now}
    left = [each.seq for each in told if each.seq not in gone]
    if not now:
        return left, own, False
    rows = await _locked(uow, {key for each in now for key in each.rows})
    before = {
        key: {column: plain(getattr(row, column)) for column in prose_of(JOURNALED[key[0]])}
        for key, row in rows.items()
    }
    for kind, id_, column in own:
        row = rows.get((kind, id_))
        if row is not None:
            _black_out(row, column, pattern)
    await uow.flush()
    again = _told_again(uow, rows, now, erased)
    for each in now:
        await journal.erase(uow.raw, uow.space, each.seq)
    await _tell_again(uow, member, again, _authors(erased, before), [each.seq for each in now])
    return left, own, len(erased) > len(now)


async def _read(uow: UnitOfWork, seqs: Sequence[int]) -> list[Told]:
    rows: Sequence[asyncpg.Record] = await uow.raw.fetch(_FOUND, uow.space, list(seqs))
    return [
        Told(row["seq"], row["type"], row["member_id"], (row["visibility"], tuple(row["parties"])), orjson.loads(row["payload"]))
        for row in rows
    ]  # fmt: skip


def _own(told: Iterable[Told], member: UUID, pattern: re.Pattern[str]) -> frozenset[Text]:
    """Return the texts that the member's people were the first to tell. What the service told first is of who tells it next."""
    first: dict[Text, tuple[int, UUID]] = {}
    for each in told:
        known = each.authors
        for text in _naming(each.rows, pattern):
            by = known.get(text) if each.type == TOLD_AGAIN else (each.seq, each.member) if each.member else None
            if by is not None and (text not in first or by[0] < first[text][0]):
                first[text] = by
    return frozenset(text for text, (_, by) in first.items() if by == member)


async def _own_versions(uow: UnitOfWork, own: Iterable[Text]) -> frozenset[tuple[str, int]]:
    """Return the versions of agreements, by agreement, in whose terms the member's people wrote the name."""
    ids = [id_ for kind, id_, _ in own if kind == AgreementVersion.KIND]
    rows = await uow.find(AgreementVersion, col(AgreementVersion.id).in_(ids))
    return frozenset((str(row.agreement_id), row.version) for row in rows)


def _copies(told: Iterable[Told], of: frozenset[tuple[str, int]], pattern: re.Pattern[str]) -> frozenset[Text]:
    """Return the texts that the service took over from the terms of these versions, whoever's act it was."""
    return frozenset(
        text
        for each in told
        for text in _naming(each.rows, pattern)
        if (JOURNALED[text[0]].__tablename__, text[2]) in COPIES_OF_TERMS and _cites(each.rows[text[0], text[1]]) in of
    )


def _cites(state: Mapping[str, Any]) -> tuple[Any, Any]:
    return state.get("agreement_id"), state.get("agreement_version")


def _is_erased(told: Told, member: UUID, own: frozenset[Text], pattern: re.Pattern[str]) -> bool:
    if FORGOTTEN & told.payload.get("rows", {}).keys():
        return False
    if own & _naming(told.rows, pattern):
        return True
    return told.member == member and told.type != TOLD_AGAIN and says(words_of(told.payload), pattern)


async def _locked(uow: UnitOfWork, keys: Iterable[Key]) -> dict[Key, Journaled]:
    """Lock the rows that are still there, in the order of the house."""
    by_kind: dict[str, list[UUID]] = {}
    for kind, id_ in keys:
        by_kind.setdefault(kind, []).append(id_)
    rows: dict[Key, Journaled] = {}
    turn = False
    for kind in sorted(by_kind, key=lambda kind: (LOCKED_FIRST.index(kind) if kind in LOCKED_FIRST else 99, kind)):
        if kind in {"agreement", "agreement_version"} and not turn:
            await take_turn(uow.raw, uow.space)
            turn = True
        table: type[Any] = JOURNALED[kind]
        for row in await uow.lock_where(table, col(table.id).in_(by_kind[kind])):
            rows[kind, row.id] = row
    return rows


def _told_again(
    uow: UnitOfWork, rows: Mapping[Key, Journaled], now: Iterable[Told], erased: Iterable[Told]
) -> dict[Eyes, list[Journaled]]:
    """Return what is to be told again, by whose eyes: those that saw last what is erased, and nobody else.

    A row that has a later revision than was told there, and is not blacked out itself, is told by an entry that stays. So is one
    that was removed, unless its removal is erased.
    """
    last: dict[Key, tuple[dict[str, Any], Eyes]] = {}
    for each in erased:
        for key, state in each.rows.items():
            last[key] = (state, each.eyes)
    again: dict[Eyes, list[Journaled]] = {}
    for key in dict.fromkeys(key for each in now for key in each.rows):
        (state, eyes), row = last[key], rows.get(key)
        if row is None and state.get("removed"):
            table: type[Any] = JOURNALED[key[0]]
            again.setdefault(eyes, []).append(
                uow.gone(table(space_id=uow.space, id=key[1], revision=state["revision"]))
            )
        elif row is not None and (uow.is_changed(row) or row.revision <= state["revision"]):
            again.setdefault(eyes, []).append(row)
    return again


def _authors(erased: Iterable[Told], before: Mapping[Key, Mapping[str, Any]]) -> list[list[Any]]:
    """Return who had told first what stands in the rows, and where: the next erasure can't read it in the journal any more."""
    first: dict[Text, tuple[int, UUID]] = {}
    for each in erased:
        known = each.authors
        for (kind, id_), state in each.rows.items():
            for column, value in before.get((kind, id_), {}).items():
                if not value or state.get(column) != value:
                    continue
                text = (kind, id_, column)
                by = known.get(text) if each.type == TOLD_AGAIN else (each.seq, each.member) if each.member else None
                if by is not None and (text not in first or by[0] < first[text][0]):
                    first[text] = by
    return [[kind, str(id_), column, str(by), seq] for (kind, id_, column), (seq, by) in first.items()]


async def _tell_again(
    uow: UnitOfWork, member_id: UUID, told: dict[Eyes, list[Journaled]], authors: list[list[Any]], seqs: list[int]
) -> None:
    member = await uow.lock(Member, member_id)
    if not told:
        uow.record(TOLD_AGAIN, member, visibility="parties", parties=[member.id], erased=seqs)
    for (visibility, parties), seen in told.items():
        others = [row for row in seen if row is not member]
        for start in range(0, max(len(others), 1), TOLD_AT_ONCE):
            part = others[start : start + TOLD_AT_ONCE]
            shown = {str(row.id) for row in (member, *part)}  # type: ignore[attr-defined]  # every one has it
            known = [each for each in authors if each[1] in shown]
            uow.record(
                TOLD_AGAIN, member, *part, visibility=visibility, parties=parties, erased=seqs, authors=known
            )  # fmt: skip


# ---------------------------------------------------------------- words


def _names_somebody(payload: dict[str, Any], pattern: re.Pattern[str]) -> bool:
    return says(words_of(payload), pattern) or any(
        says(state.get(column), pattern, PROSE_UNDER.get(column))
        for kind, states in payload.get("rows", {}).items()
        if kind in JOURNALED
        for state in states
        for column in prose_of(JOURNALED[kind])
    )


def _naming(rows: Mapping[Key, Mapping[str, Any]], pattern: re.Pattern[str]) -> set[Text]:
    """Return the prose among the states with a name in it."""
    return {
        (kind, id_, column)
        for (kind, id_), state in rows.items()
        for column in prose_of(JOURNALED[kind])
        if says(state.get(column), pattern, PROSE_UNDER.get(column))
    }


def _black_out(row: Journaled, column: str, pattern: re.Pattern[str]) -> None:
    value, under = getattr(row, column), PROSE_UNDER.get(column)
    if says(value, pattern, under):
        setattr(row, column, blacked(value, pattern, under))


def blacked(value: Any, pattern: re.Pattern[str], under: frozenset[str] | None = None) -> Any:
    """Return a value without what is found in its texts; only under the keys that are given, if some are."""
    if isinstance(value, str):
        return pattern.sub(BLACK, value) if under is None else value
    if isinstance(value, dict):
        return {key: blacked(each, pattern, below(key, under)) for key, each in value.items()}
    return [blacked(each, pattern, under) for each in value] if isinstance(value, list) else value
