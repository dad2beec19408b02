"""A corridor as a folder of YAML files, read and checked as a whole before anything of it is written.

    corridor.yaml  members.yaml  crossings.yaml  rendezvous.yaml  depots.yaml  resources.yaml
    formations.yaml  agreements.yaml

Rendezvous and formations may be left out. All but the first are lists of entries, each with a ``code`` by which the others name it. Entries are turned into the
commands that will enter them, so that the form of a field is said once; ids that nobody knows yet are filled in later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID, uuid5

from pydantic import ValidationError

from app.commands import corridor as corridors
from app.commands import members, resources
from app.commands.agreement_drafts import require_lenders, require_scope
from app.commands.agreements import DraftAgreement, SuspendAgreement
from app.commands.corridor import DefineCorridor
from app.commands.crossings import AddCrossing
from app.commands.depots import AddDepot
from app.commands.formations import FormFormation, require_composite
from app.commands.members import AddMember
from app.commands.rendezvous import AddRendezvous
from app.commands.resources import AddResource
from app.domain import geo
from app.domain.agreement_terms import EVERYTHING, Terms
from app.domain.errors import ConcordError, Malformed
from app.domain.protocol_data import load, wrong

if TYPE_CHECKING:
    from pathlib import Path

    from app.commands.registry import Command

Key: TypeAlias = tuple[str, str]
"""What an entry is, and the name by which it is found again: ``("member", "nl-maastricht")``, ``("depot", "nl-maastricht/eijsden")``."""
Ids: TypeAlias = Mapping[Key, UUID]
_UNKNOWN: Final = UUID(int=0)
LATER: Final = ("suspended", "expires_in_days")
"""What is said of an agreement and happens only when it is loaded."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of one file: the command that enters it, and which of its fields wait for the ids of which others."""

    file: Path
    code: str
    key: Key
    command: Command
    waits: Mapping[str, Key | tuple[Key, ...]]
    suspended: SuspendAgreement | None = None
    """An agreement is set aside once it is in force."""
    expires_in_days: int | None = None
    """An agreement ends so many days after it is loaded."""

    def ready(self, ids: Ids) -> Command:
        """Return the command with the ids of what it refers to."""
        command: Any = self.command
        for name, wanted in self.waits.items():
            command = _with(
                command,
                name.split("."),
                ids[wanted] if isinstance(wanted[0], str) else tuple(ids[key] for key in wanted),
            )
        ready: Command = command
        return ready


def _with(whole: Any, path: Sequence[str], value: Any) -> Any:
    """Return a model, or a tuple of models, with the value at the path (``terms``, ``automatic_aid``, ``0``, ``lenders``) set."""
    if not path:
        return value
    if isinstance(whole, tuple):
        number = int(path[0])
        return (*whole[:number], _with(whole[number], path[1:], value), *whole[number + 1 :])
    return whole.model_copy(update={path[0]: _with(getattr(whole, path[0]), path[1:], value)})


@dataclass(frozen=True, slots=True)
class CorridorFiles:
    """A folder that was read and checked."""

    corridor: Entry
    members: tuple[Entry, ...]
    crossings: tuple[Entry, ...]
    rendezvous: tuple[Entry, ...]
    depots: tuple[Entry, ...]
    resources: tuple[Entry, ...]
    formations: tuple[Entry, ...]
    agreements: tuple[Entry, ...]


def read_corridor(folder: Path) -> CorridorFiles:
    """Read the folder and check it as a whole: form, words, references, places, names that stand twice.

    Raises:
        ProtocolDataError: the first thing that is wrong, by file, entry and field.
    """
    read = CorridorFiles(
        corridor=_corridor(folder / "corridor.yaml"),
        members=_entries(folder / "members.yaml", _member),
        crossings=_entries(folder / "crossings.yaml", _crossing),
        rendezvous=_entries(folder / "rendezvous.yaml", _rendezvous, optional=True),
        depots=_entries(folder / "depots.yaml", _depot),
        resources=_entries(folder / "resources.yaml", _resource),
        formations=_entries(folder / "formations.yaml", _formation, optional=True),
        agreements=_entries(folder / "agreements.yaml", _agreement),
    )
    units = (*read.resources, *read.formations)
    listed = (*read.members, *read.crossings, *read.rendezvous, *read.depots, *units, *read.agreements)
    _require_references(listed)
    for entry in (read.corridor, *listed):
        _require_words(entry)
    _require_places(read)
    _require_borders(read)
    _require_crossings(read)
    return read


# ---------------------------------------------------------------- from entries to commands

_Made: TypeAlias = "tuple[type[Command], dict[str, Any], Key, dict[str, Key | tuple[Key, ...]]]"


def _corridor(file: Path) -> Entry:
    said = _load(file)
    if not isinstance(said, dict):
        raise wrong(file, "(file)", "one mapping is wanted")
    return Entry(file, str(said.get("code")), ("corridor", ""), _command(file, "corridor", DefineCorridor, said), {})


def _member(said: dict[str, Any]) -> _Made:
    body = _placed(said, "centre")
    return AddMember, body, ("member", said["code"]), {}


def _crossing(said: dict[str, Any]) -> _Made:
    body = _placed(said, "point")
    a, b = body.pop("joins")
    body |= {"member_a_id": _UNKNOWN, "member_b_id": _UNKNOWN}
    return AddCrossing, body, ("crossing", said["code"]), {"member_a_id": ("member", a), "member_b_id": ("member", b)}


def _rendezvous(said: dict[str, Any]) -> _Made:
    body = _placed(said, "point")
    member = body.pop("member")
    return AddRendezvous, body, ("rendezvous", said["code"]), {"member_id": ("member", member)}


def _depot(said: dict[str, Any]) -> _Made:
    body = _placed(said, "point")
    member = body.pop("member")
    return AddDepot, body, ("depot", f"{member}/{said['code']}"), {"member_id": ("member", member)}


def _resource(said: dict[str, Any]) -> _Made:
    body = said | said["crew"] | {"type_code": said["type"], "depot_id": _UNKNOWN}
    member, depot = body.pop("member"), body.pop("depot")
    del body["code"], body["type"]
    waits: dict[str, Key | tuple[Key, ...]] = {
        "member_id": ("member", member),
        "depot_id": ("depot", f"{member}/{depot}"),
    }
    return AddResource, body, ("resource", f"{member}/{said['call_sign']}"), waits


def _formation(said: dict[str, Any]) -> _Made:
    body = said | {"type_code": said["type"], "depot_id": _UNKNOWN}
    member, depot = body.pop("member"), body.pop("depot")
    parts = tuple(("resource", f"{member}/{sign}") for sign in body.pop("parts"))
    body["part_ids"] = [uuid5(_UNKNOWN, name) for _, name in parts]
    del body["code"], body["type"]
    waits: dict[str, Key | tuple[Key, ...]] = {
        "member_id": ("member", member),
        "depot_id": ("depot", f"{member}/{depot}"),
        "part_ids": parts,
    }
    return FormFormation, body, ("resource", f"{member}/{said['call_sign']}"), waits


def _agreement(said: dict[str, Any]) -> _Made:
    body = dict(said)
    waits: dict[str, Key | tuple[Key, ...]] = {}
    for side in ("lenders", "borrowers"):
        named = tuple(("member", str(code)) for code in body[side])
        waits[side] = named
        body[side] = [uuid5(_UNKNOWN, code) for _, code in named]
    body["effective_at"] = _start_of(body.pop("effective"))
    expires = body.pop("expires", None)
    if expires is not None:
        body["expires_at"] = _start_of(expires) + timedelta(days=1)
    clauses = [dict(clause) for clause in body.pop("automatic_aid", ())]
    for number, clause in enumerate(clauses):
        alarmed = tuple(("member", str(code)) for code in clause["lenders"])
        waits[f"terms.automatic_aid.{number}.lenders"] = alarmed
        clause["lenders"] = [uuid5(_UNKNOWN, code) for _, code in alarmed]
    review = body.pop("review", None)
    if review is not None:
        body["review_at"] = _start_of(review)
    floors = [dict(floor) for floor in body.pop("reserve", ())]
    for number, floor in enumerate(floors):
        if "lender" in floor:
            waits[f"terms.reserve.{number}.lender"] = ("member", str(floor["lender"]))
            floor["lender"] = uuid5(_UNKNOWN, str(floor["lender"]))
    body["reserve"] = floors
    for name in LATER:
        body.pop(name, None)
    body["terms"] = {name: body.pop(name) for name in Terms.model_fields if name in body} | {"automatic_aid": clauses}
    return DraftAgreement, body, ("agreement", said["code"]), waits


def _placed(said: dict[str, Any], name: str) -> dict[str, Any]:
    body = dict(said)
    body["lon"], body["lat"] = body.pop(name)
    return body


def _start_of(day: date) -> datetime:
    """Return the first instant of a day in UTC; an agreement counts to the end of the day on which it expires."""
    return datetime.combine(day, time(), tzinfo=UTC)


def _load(file: Path) -> Any:
    try:
        return load(file, file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise wrong(file, "(file)", "there is no such file") from None
    except UnicodeDecodeError as error:
        raise wrong(file, f"byte {error.start}", "is not UTF-8") from error


def _entries(file: Path, make: Callable[[dict[str, Any]], _Made], *, optional: bool = False) -> tuple[Entry, ...]:
    if optional and not file.exists():
        return ()
    said = _load(file)
    if not isinstance(said, list):
        raise wrong(file, "(file)", "a list of entries is wanted")
    found: list[Entry] = []
    for number, each in enumerate(said, start=1):
        code = str(each.get("code") or f"entry {number}") if isinstance(each, dict) else f"entry {number}"
        if not isinstance(each, dict) or "code" not in each:
            raise wrong(file, code, "a mapping with a code is wanted")
        try:
            model, body, key, waits = make(each)
        except KeyError as missing:
            raise wrong(file, f"{code}.{missing.args[0]}", "is missing") from None
        except (TypeError, ValueError) as error:
            raise wrong(file, code, f"is not written as it should be ({error})") from None
        found.append(Entry(file, code, key, _command(file, code, model, body), waits, *_later(file, code, each)))
    return tuple(found)


def _later(file: Path, code: str, said: dict[str, Any]) -> tuple[SuspendAgreement | None, int | None]:
    """Return what is done with an agreement once it is loaded: why it is set aside, after how many days it ends."""
    reason, days = (said.get(name) for name in LATER)
    if days is not None and (not isinstance(days, int) or days < 1 or "expires" in said):
        raise wrong(file, f"{code}.expires_in_days", "a number of days is wanted, and no `expires` beside it")
    suspended = None if reason is None else _command(file, f"{code}.suspended", SuspendAgreement, {"reason": reason})
    assert suspended is None or isinstance(suspended, SuspendAgreement)
    return suspended, days


def _command(file: Path, code: str, model: type[Command], body: dict[str, Any]) -> Command:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise wrong(file, ".".join([code, *map(str, first["loc"])]), first["msg"]) from None


# ---------------------------------------------------------------- what only the whole shows


def _require_references(entries: Iterable[Entry]) -> None:
    """Every name stands once, and every name that an entry refers to is there."""
    known: dict[Key, Entry] = {}
    seen: set[tuple[Path, str]] = set()
    for entry in entries:
        if entry.key in known or (entry.file, entry.code) in seen:
            raise wrong(entry.file, entry.code, f"a second {entry.key[0]} {entry.key[1]!r}")
        known[entry.key] = entry
        seen.add((entry.file, entry.code))
    for entry in known.values():
        for name, wanted in entry.waits.items():
            keys: Iterable[Any] = (wanted,) if isinstance(wanted[0], str) else wanted
            for kind, code in keys:
                if (kind, code) not in known:
                    raise wrong(entry.file, f"{entry.code}.{name.removesuffix('_id')}", f"there is no {kind} {code!r}")


def _require_words(entry: Entry) -> None:
    command = entry.command
    try:
        if isinstance(command, DefineCorridor):
            corridors.require_words(command)
        elif isinstance(command, AddMember):
            members.require_words(command)
        elif isinstance(command, AddResource):
            resources.require_words(command)
        elif isinstance(command, FormFormation):
            require_composite(command.type_code)
        elif isinstance(command, DraftAgreement):
            require_scope(command.terms)
            require_lenders(command.terms, command.lenders)
    except Malformed as error:
        raise as_of(entry, error) from error


def _require_places(read: CorridorFiles) -> None:
    """Members' areas and centres, crossings, rendezvous and depots lie in the corridor."""
    assert isinstance(read.corridor.command, DefineCorridor)
    area = read.corridor.command.area.geojson()
    for entry in (*read.members, *read.crossings, *read.rendezvous, *read.depots):
        command = entry.command
        assert isinstance(command, AddMember | AddCrossing | AddRendezvous | AddDepot)
        inside = geo.covers(area, command.lon, command.lat)
        if isinstance(command, AddMember) and not geo.within(area, command.area.geojson()):
            raise wrong(entry.file, f"{entry.code}.area", "is not wholly inside the corridor")
        if not inside:
            place = f"{command.lon}, {command.lat} (longitude, latitude)"
            raise wrong(entry.file, entry.code, f"{place} is not inside the corridor")


def _require_borders(read: CorridorFiles) -> None:
    """A crossing joins members of two countries."""
    country = {entry.key: entry.command.country for entry in read.members if isinstance(entry.command, AddMember)}
    for entry in read.crossings:
        joined = {country[key] for key in entry.waits.values() if key in country}
        if len(joined) == 1:
            raise wrong(entry.file, f"{entry.code}.joins", f"both are in {joined.pop()}: no border runs between them")


def _require_crossings(read: CorridorFiles) -> None:
    """The crossings that an agreement allows are there."""
    known = {entry.code for entry in read.crossings}
    for entry in read.agreements:
        assert isinstance(entry.command, DraftAgreement)
        terms = entry.command.terms
        for code in () if terms.crossings == EVERYTHING else terms.crossings:
            if code not in known:
                raise wrong(entry.file, f"{entry.code}.crossings", f"there is no crossing {code!r}")


def as_of(entry: Entry, error: ConcordError) -> ConcordError:
    """Return a refusal as one of the file and the entry that it is about."""
    field = error.errors[0].pointer.replace("/", ".") if error.errors else ""
    return wrong(entry.file, f"{entry.code}{field}", error.detail)
