"""Loading a corridor from a folder of files: checked first as a whole, then entered command by command.

What is there already, by its code, stays as it is; so a load that was broken off is finished by loading again, and a load
that was finished changes nothing. A unit is known by its owner and call sign.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from typing_extensions import override

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.coordination import SetRota
from app.commands.corridor_files import Key, as_of, read_corridor
from app.domain.authority import SYSTEM
from app.domain.errors import ConcordError, Conflict
from app.store.engine import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    import asyncpg

    from app.commands.corridor_files import CorridorFiles, Entry
    from app.commands.execute import Door

LIVE: Final = "live"
TOLD_EVERY: Final = 50
THERE: Final = """
    SELECT 'member' AS kind, code AS name, id FROM member WHERE space_id = $1
    UNION ALL SELECT 'crossing', code, id FROM crossing WHERE space_id = $1
    UNION ALL SELECT 'rendezvous', code, id FROM rendezvous WHERE space_id = $1
    UNION ALL SELECT 'depot', m.code || '/' || d.code, d.id
      FROM depot d JOIN member m ON m.space_id = d.space_id AND m.id = d.member_id WHERE d.space_id = $1
    UNION ALL SELECT 'resource', m.code || '/' || r.call_sign, r.id
      FROM resource r JOIN member m ON m.space_id = r.space_id AND m.id = r.member_id WHERE r.space_id = $1
    UNION ALL SELECT 'agreement', code, id FROM agreement WHERE space_id = $1
"""
SIGNATURES: Final = """
    SELECT a.status, EXISTS (
        SELECT FROM journal_entry e
        WHERE e.space_id = a.space_id AND e.subject_id = a.id AND e.type = 'agreement.suspended'
    ) AS set_aside, array(
        SELECT c.member_id FROM agreement_consent c
        WHERE c.space_id = a.space_id AND c.agreement_id = a.id AND c.version = a.version
    ) AS consented
    FROM agreement a WHERE a.space_id = $1 AND a.id = $2
"""


@dataclass(slots=True)
class Loaded:
    """How many of each were entered; what was there already does not count."""

    corridor: int = 0
    members: int = 0
    crossings: int = 0
    rendezvous: int = 0
    depots: int = 0
    resources: int = 0
    formations: int = 0
    agreements: int = 0

    @override
    def __str__(self) -> str:
        """One line for whoever loaded it."""
        counts = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "corridor"}
        if not self.corridor and not any(counts.values()):
            return "Everything was there already; nothing was changed."
        listed = ", ".join(f"{count} {name}" for name, count in counts.items())
        return f"Loaded {'the corridor, ' if self.corridor else ''}{listed}."


async def load_corridor(
    door: Door, folder: Path, progress: Callable[[str], None], *, today: datetime | None = None
) -> Loaded:
    """Load the folder into the live space, as the service itself, and tell each step.

    ``today``: from when on ``expires_in_days`` counts, where it is not the day that the door's clock shows.

    Raises:
        ProtocolDataError: something is wrong in a file; if it could be seen from the files, nothing was written.
        Conflict: the deployment serves another corridor.
    """
    progress(f"Checking {folder.name}")
    read = read_corridor(folder)
    loaded = Loaded()
    there = await _there(door)
    await _define(door, read.corridor, loaded)
    for name in ("members", "crossings", "rendezvous", "depots", "resources", "formations", "agreements"):
        entries: tuple[Entry, ...] = getattr(read, name)
        for number, entry in enumerate(entries):
            if number % TOLD_EVERY == 0:
                progress(f"Loading {name}: {number} of {len(entries)}")
            if entry.key not in there:
                there[entry.key] = await _enter(door, entry, there, today)
                setattr(loaded, name, getattr(loaded, name) + 1)
    await _take_turns(door, loaded, there)
    progress("Putting agreements into force")
    await _sign(door, read, there)
    return loaded


async def _take_turns(door: Door, loaded: Loaded, ids: dict[Key, UUID]) -> None:
    """Have the members take turns as coordinator, monthly unless it was set otherwise; newcomers join at the end of the order."""
    async with reading(door.engine) as conn:
        rota = await conn.fetchrow("SELECT period, hour_utc, member_ids FROM rota WHERE space_id = $1", LIVE)
    if rota is not None and not loaded.members:
        return
    said = {} if rota is None else {"period": rota["period"], "hour_utc": rota["hour_utc"]}
    known = [] if rota is None else [UUID(each) for each in rota["member_ids"]]
    members = [*known, *(id_ for (kind, _), id_ in ids.items() if kind == "member" and id_ not in known)]
    await door.execute(SetRota.model_validate(said | {"member_ids": members}), actor=SYSTEM, space=LIVE)


async def _there(door: Door) -> dict[Key, UUID]:
    async with reading(door.engine) as conn:
        return {(row["kind"], row["name"]): row["id"] for row in await conn.fetch(THERE, LIVE)}


async def _define(door: Door, entry: Entry, loaded: Loaded) -> None:
    async with reading(door.engine) as conn:
        code: str | None = await conn.fetchval("SELECT code FROM corridor")
    if code is None:
        await _enter(door, entry, {})
        loaded.corridor = 1
    elif code != entry.code:
        message = f"This deployment serves the corridor {code!r}, and the files are of {entry.code!r}."
        raise Conflict(message, hint="One deployment serves one corridor: start another one for this.")


async def _enter(door: Door, entry: Entry, ids: dict[Key, UUID], today: datetime | None = None) -> UUID:
    """Carry the entry's command out; two who load at once are told the same, by its key."""
    key = f"load:{entry.key[0]}:{entry.code}"
    command = entry.ready(ids)
    if entry.expires_in_days is not None:
        day = (today or door.clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
        command = command.model_copy(update={"expires_at": day + timedelta(days=entry.expires_in_days + 1)})
    try:
        return (await door.execute(command, actor=SYSTEM, space=LIVE, key=key)).id
    except ConcordError as error:
        raise as_of(entry, error) from error


async def _sign(door: Door, read: CorridorFiles, ids: dict[Key, UUID]) -> None:
    """Put agreements that are not beyond it into force, with the consent of every party that has not given it."""
    for entry in read.agreements:
        id_ = ids[entry.key]
        async with reading(door.engine) as conn:
            row = await conn.fetchrow(SIGNATURES, LIVE, id_)
        assert row is not None
        if row["status"] in {"draft", "proposed"}:
            await _put_into_force(door, entry, ids, row)
        elif row["status"] != "in_force" or row["set_aside"]:
            continue
        if entry.suspended is not None:
            await door.execute(entry.suspended, actor=SYSTEM, space=LIVE, target=id_)


async def _put_into_force(door: Door, entry: Entry, ids: dict[Key, UUID], row: asyncpg.Record) -> None:
    id_, command = ids[entry.key], entry.ready(ids)
    assert isinstance(command, DraftAgreement)
    # It was signed on paper: at the latest on the day from which it counts.
    now = door.clock.now()
    signed = min(command.effective_at, now)
    if row["status"] == "draft":
        await door.execute(ProposeAgreement(occurred_at=signed), actor=SYSTEM, space=LIVE, target=id_)
    missing: Iterable[Any] = {*command.lenders, *command.borrowers} - {*row["consented"]}
    for party in sorted(missing):
        consent = ConsentToAgreement(on_behalf_of=party, occurred_at=signed)
        await door.execute(consent, actor=SYSTEM, space=LIVE, target=id_)
