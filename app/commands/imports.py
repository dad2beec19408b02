"""What imports share: which row is which thing, what differs, every bad row, and one receipt that tells counts.

A row of a file is a thing that is there already if one of its external ids names it, or its call sign or code does; else it is a
new one. A column that the file does not have stays as it is; an empty cell empties what can be empty. What the file does not
name stays. All of it is one transaction: with one bad row nothing is changed, and every bad row is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import Field
from sqlmodel import col
from typing_extensions import override

from app.commands.depots import owner_of
from app.commands.external_ids import new_external_id
from app.commands.registry import Command
from app.domain.because import because
from app.domain.errors import BadRows, Duplicate, FieldError, MissingField
from app.domain.external_ids import ExternalRef, Named, named
from app.domain.forms import Form, LongText
from app.domain.import_reasons import said
from app.store.tables import ExternalId, Member
from app.store.tables.base import Spaced
from app.store.turns import Turns

if TYPE_CHECKING:
    from app.domain.errors import ConcordError
    from app.store.unit_of_work import UnitOfWork

MOST_TOLD: Final = 1_000
"""Rows that a receipt names; its counts are of all."""
IN_AN_ENTRY: Final = 200
"""Rows that one entry of the journal tells: each entry goes to every reader as one message."""
TOLD_EVERY: Final = 200
LOCKED_AT_ONCE: Final = 500
"""Rows that one statement locks, in the order of their ids as all of them are: a statement with thousands of values takes long to write."""

watcher: ContextVar[Callable[[int, int], None]] = ContextVar("watcher")
"""Told how many pieces of work of how many are done, where somebody waits for an import: each row is read, then compared, then written."""

RowT = TypeVar("RowT", bound="ImportedRow")
ThingT = TypeVar("ThingT", bound=Spaced)
Externals = Annotated[tuple[ExternalRef, ...], Field(max_length=20)]


class BadRow(Form):
    """One thing wrong in a file: in which row, in which column (null: the row as a whole), and why, coded with its figures."""

    row: int
    column: str | None
    slug: str
    code: str
    figures: dict[str, Any]

    def said(self, language: str = "en") -> str:
        """Return why in words."""
        return said(self.code, self.figures, language)


class ImportedRow(Form):
    """A row of a file. What is not set has no column there."""

    at: int
    """The line it begins on (CSV), or the number of its feature (GeoJSON)."""

    def sent(self, fields: Iterable[str], *, clearable: Collection[str] = ()) -> dict[str, Any]:
        """Return the fields that the file has; an empty cell says something only where it can be ``clearable``."""
        said = {name: getattr(self, name) for name in fields if name in self.model_fields_set}
        return {name: value for name, value in said.items() if value is not None or name in clearable}


class Import(Command):
    """Enter and correct many things of a member's at once, from a file."""

    member_id: UUID | None = None
    """Whose they are; the actor's own member if nobody is named."""
    file_digest: str = ""
    """SHA-256 of the file and how it was to be read, where it came from one: a repeat is known by it."""
    unit: Literal["line", "feature"] = "line"
    """What its rows are counted in."""
    bad: tuple[BadRow, ...] = ()
    """What was wrong in the file itself; it is told together with what does not fit here."""
    why: LongText | None = None

    @override
    def said_otherwise(self) -> set[str] | None:
        """Thousands of rows would hold everybody up while they are written out anew; the file they came from is as good."""
        return {"rows", "bad"} if self.file_digest else None


@dataclass(frozen=True, slots=True)
class Planned(Generic[ThingT]):
    """What will be done for one row: ``thing`` is None where it is a new one."""

    at: int
    key: str
    thing: ThingT | None
    fields: dict[str, Any]
    """What differs; of a new one, all."""
    codes: tuple[Named, ...] = ()
    """External ids that it is given."""
    ended: tuple[UUID, ...] = ()
    """Those that end."""


@dataclass(slots=True)
class Codes:
    """The external ids of one kind that this member's things have now. Other members' are no concern of its file."""

    kind: str
    subjects: dict[Named, UUID] = field(default_factory=dict)
    of: dict[UUID, dict[Named, UUID]] = field(default_factory=dict)
    """Thing → its codes → their rows."""

    @classmethod
    async def read(cls, uow: UnitOfWork, kind: str, member: UUID) -> Codes:
        """Read them, not locked: a code that is given to two at once is refused by the database, and all is read anew."""
        found = cls(kind)
        own = await uow.raw.fetch(_OWN_CODES, uow.space, kind, member)
        for row in own:
            code = Named(row["source"], row["code"])
            found.subjects[code] = row["subject_id"]
            found.of.setdefault(row["subject_id"], {})[code] = row["id"]
        return found


_OWN_CODES: Final = """
    SELECT id, source, code, coalesce(resource_id, depot_id) AS subject_id FROM external_id
     WHERE space_id = $1 AND kind = $2 AND member_id = $3 AND valid_to IS NULL
"""


class Work(Generic[ThingT]):
    """One import while it is done: begun for a member, planned row by row, refused as a whole or written."""

    def __init__(self, uow: UnitOfWork, cmd: Import, what: str) -> None:
        self.uow = uow
        self.what = what
        self.unit = cmd.unit
        self.member_id = owner_of(uow, cmd.member_id)
        self.bad: list[BadRow] = list(cmd.bad)
        self.plans: list[Planned[ThingT]] = []
        self.unchanged = 0
        self.touched: list[Spaced] = []
        """What the journal has to tell, in its order."""
        self._compared = 0
        self._turns = Turns()
        self._given: dict[Named, int] = {}
        self._said = {(each.row, each.column) for each in cmd.bad}
        if not (getattr(cmd, "rows", ()) or cmd.bad):
            detail = f"There is no {cmd.unit} in the file: nothing to import."
            raise MissingField(detail, errors=[FieldError("", MissingField.slug, detail)], extra=because("empty_file"))

    # ------------------------------------------------------------ planning

    async def each(
        self,
        rows: Sequence[RowT],
        things: Mapping[str, ThingT],
        codes: Codes,
        *,
        key: Callable[[RowT], str],
    ) -> AsyncIterator[tuple[RowT, ThingT | None]]:
        """Go through the rows with what each of them is, if it is there; those that can't be told apart are kept as wrong.

        ``things`` are this member's, by their key. In between others have their turn, and who waits is told.
        """
        by_id = {thing.id: thing for thing in things.values()}
        seen: dict[UUID | str, int] = {}
        for number, row in enumerate(rows):
            if number % TOLD_EVERY == 0:
                watcher.get(_nobody)(number, 2 * len(rows))
            await self._turns.due()
            by_code = {codes.subjects[code] for text in codes_in(row) if (code := named(text)) in codes.subjects}
            by_key = things.get(key(row))
            thing = by_id.get(next(iter(by_code))) if len(by_code) == 1 else by_key
            if len(by_code) > 1 or (by_code and by_key is not None and by_key.id not in by_code):
                self.wrong(row.at, "external_ids", Duplicate, "several_things")
                continue
            same = thing.id if thing is not None else key(row)
            if (first := seen.setdefault(same, row.at)) != row.at:
                self.wrong(row.at, None, Duplicate, "same_row", first=first)
                continue
            yield row, thing
        self._compared = len(rows)
        watcher.get(_nobody)(len(rows), 2 * len(rows))

    def plan(self, row: ImportedRow, key: str, thing: ThingT | None, fields: dict[str, Any], codes: Codes) -> None:
        """Keep what is to be done for a row; ``fields`` holds what differs."""
        have = codes.of.get(thing.id, {}) if thing is not None else {}
        ended: tuple[UUID, ...] = ()
        given: tuple[Named, ...] = ()
        if "external_ids" in row.model_fields_set:
            wanted = dict.fromkeys(named(text) for text in codes_in(row))
            given = tuple(code for code in wanted if code not in have)
            ended = tuple(id_ for code, id_ in have.items() if code not in wanted)
            self._give_once(row.at, wanted)
        if thing is not None and not (fields or given or ended):
            self.unchanged += 1
        else:
            self.plans.append(Planned(row.at, key, thing, fields, given, ended))

    def _give_once(self, at: int, wanted: Iterable[Named]) -> None:
        for code in wanted:
            if (first := self._given.setdefault(code, at)) != at:
                self.wrong(at, "external_ids", Duplicate, "code_twice", code=str(code), first=first)

    def require(self, row: ImportedRow, fields: Mapping[str, Any], needed: Iterable[str]) -> bool:
        """Keep as wrong what a new thing lacks, and return whether it lacks nothing."""
        missing = [name for name in needed if fields.get(name) is None]
        for name in missing:
            self.wrong(row.at, name, MissingField, "needed_for_new", column=name)
        return not missing

    def wrong(self, at: int, column: str | None, error: type[ConcordError], reason: str, /, **figures: Any) -> None:
        """Keep what is wrong with a row, as a code of ``import_reasons``; of a column only what was seen first."""
        if (column is None or (at, column) not in self._said) and len(self.bad) <= MOST_TOLD:
            self._said.add((at, column))
            self.bad.append(BadRow(row=at, column=column, slug=error.slug, code=reason, figures=figures))

    def refuse(self) -> None:
        """Refuse the file with all that was wrong.

        Raises:
            BadRows: something was.
        """
        if self.bad:
            raise bad_rows(self.bad, self.unit)

    # ------------------------------------------------------------ writing

    async def lock(self, table: type[ThingT]) -> None:
        """Lock what will change, in the order of ids, and nothing else: a file that changes nothing holds up nobody."""
        ids = sorted(plan.thing.id for plan in self.plans if plan.thing is not None)
        for at in range(0, len(ids), LOCKED_AT_ONCE):
            await self.uow.lock_where(table, col(table.id).in_(ids[at : at + LOCKED_AT_ONCE]))

    async def write(
        self, make: Callable[[Planned[ThingT]], ThingT], change: Callable[[ThingT, dict[str, Any]], None], kind: str
    ) -> None:
        """Do what was planned; ``make`` builds a new thing, ``change`` writes what differs into one that is locked."""
        ended = sorted(id_ for plan in self.plans for id_ in plan.ended)
        gone: list[ExternalId] = []
        for at in range(0, len(ended), LOCKED_AT_ONCE):
            gone += await self.uow.lock_where(ExternalId, col(ExternalId.id).in_(ended[at : at + LOCKED_AT_ONCE]))
        for row in gone:
            row.valid_to = max(self.uow.act.occurred_at, row.valid_from)
        for number, plan in enumerate(self.plans):
            if number % TOLD_EVERY == 0:
                done = self._compared + self._compared * number // len(self.plans)
                watcher.get(_nobody)(done, 2 * self._compared)
            await self._turns.due()
            if plan.thing is None:
                thing = self.uow.add(make(plan))
            else:
                thing = plan.thing
                change(thing, plan.fields)
            self.touched.append(thing)
            for source, code in plan.codes:
                row = new_external_id(self.uow, self.member_id, source, kind, code, thing.id)
                self.touched.append(self.uow.add(row))
        self.touched.extend(gone)

    async def conclude(self, *, private: bool = False) -> None:
        """Record ``<what>.imported``, in as many entries as it takes, and set the outcome. Locks the member.

        ``private`` entries are for the member's own eyes. A file that changed nothing is told too: somebody sent it.
        """
        member = await self.uow.lock(Member, self.member_id)
        counts = {
            "added": sum(plan.thing is None for plan in self.plans),
            "changed": sum(plan.thing is not None for plan in self.plans),
            "unchanged": self.unchanged,
        }
        parts = [self.touched[at : at + IN_AN_ENTRY] for at in range(0, len(self.touched), IN_AN_ENTRY)] or [[]]
        for number, part in enumerate(parts, 1):
            self.uow.record(
                f"{self.what}.imported",
                member,
                *part,
                visibility="parties" if private else "corridor",
                parties=(self.member_id,),
                part=number,
                parts=len(parts),
                **counts,
            )
        changes = [
            {
                "row": plan.at,
                "name": plan.key,
                "does": "add" if plan.thing is None else "change",
                "fields": [*plan.fields, *(["external_ids"] if plan.codes or plan.ended else [])] if plan.thing else [],
            }
            for plan in self.plans[:MOST_TOLD]
        ]
        self.uow.outcome = {"member_id": str(self.member_id), "unit": self.unit, **counts, "changes": changes}


def codes_in(row: Any) -> tuple[str, ...]:
    """Return the external ids that a row names; contacts have none."""
    codes: tuple[str, ...] = getattr(row, "external_ids", None) or ()
    return codes


def bad_rows(bad: Iterable[BadRow], unit: str) -> BadRows:
    """Return the refusal that names all bad rows, in their order; its words are English, ``in_words_of`` puts them in another language."""
    found = sorted(bad, key=lambda each: (each.row, each.column or ""))
    listed, first = found[:MOST_TOLD], found[0]
    rows = len({each.row for each in listed})
    where = f"{unit} {first.row}" + (f", {first.column}" if first.column else "")
    more = f" ({len(listed) - 1} more in `rows`)" if len(listed) > 1 else ""
    if len(found) > MOST_TOLD:
        more += f" Only the first {MOST_TOLD} are named: mend what they have in common, and send it again."
    return BadRows(
        f"{rows} bad {'row' if rows == 1 else 'rows'}; {where}: {first.said()}.{more}",
        errors=[FieldError(_pointer(each, unit), each.slug, each.said()) for each in listed],
        extra={
            "rows": [
                {
                    unit: each.row,
                    "column": each.column,
                    "type": each.slug,
                    "code": each.code,
                    "figures": each.figures,
                    "detail": each.said(),
                }
                for each in listed
            ]
        },
    )


def in_words_of(refusal: BadRows, language: str) -> BadRows:
    """Return the refusal with the reason of each row in a language; its code and its figures stay."""
    rows = [row | {"detail": said(row["code"], row["figures"], language)} for row in refusal.extra["rows"]]
    errors = [
        FieldError(error.pointer, error.slug, row["detail"]) for error, row in zip(refusal.errors, rows, strict=True)
    ]
    return BadRows(refusal.detail, errors=errors, extra={"rows": rows})


def _pointer(bad: BadRow, unit: str) -> str:
    parts = [f"line/{bad.row}"] if unit == "line" else [f"/features/{bad.row - 1}"]
    if bad.column is not None:
        parts += [bad.column] if unit == "line" or bad.column == "geometry" else ["properties", bad.column]
    return "/".join(parts)


def _nobody(_done: int, _total: int) -> None:
    """Tell nobody."""
