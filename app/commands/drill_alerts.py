"""What people are told of a drill by themselves: that a live incident concerns it, and that their hot wash is due.

From severity 4 on a live incident that a player leads or lends to stops the drill, as whoever presses REAL EMERGENCY does. A smaller
one is told to the directors, who decide. The door asks ``mind_drills`` after every command in live; what it finds is left to due work,
so that nobody who reports a fire waits for the lock of a drill.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col

from app.commands.drill_clock import stop
from app.commands.drill_parts import Held, held
from app.commands.registry import Command, handles
from app.domain.drills.schedule import STANDS_DOWN, Reason
from app.domain.drills.sides import UNDER_WAY
from app.domain.ids import new_id
from app.store.tables import DrillHotWash, DrillNotice, Incident, Mission
from app.store.unit_of_work import LIVE, UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    import asyncpg

    from app.store.unit_of_work import Recorded

LOOKS_AGAIN_AFTER: Final = timedelta(seconds=10)
"""Of the beginning: by then an incident that was being reported meanwhile can be seen."""
LIVE_INCIDENT: Final = "live_incident"
HOT_WASH_DUE: Final = "hot_wash_due"

_MOVED: Final = frozenset({"mission.reassigned", "reassignment.agreed"})
_INCIDENTS: Final = """
    SELECT i.id, i.ref, i.severity, i.lead_member_id, array(
        SELECT DISTINCT m.lender_id FROM mission m
        WHERE m.space_id = i.space_id AND m.incident_id = i.id AND m.status NOT IN ('returned', 'closed')
    ) AS lenders
    FROM incident i WHERE i.space_id = $1 AND i.status <> 'closed' ORDER BY i.severity DESC, i.ref
"""
_PLAYED: Final = "SELECT id FROM drill WHERE space_id = $1 AND status = ANY($2) ORDER BY id"


class HeedLiveIncidents(Command):
    """Somebody reported, changed or lent to an incident in live while the drill is played."""

    small: bool = True
    """Also those below severity 4. At the beginning they are known: the directors have said to go ahead."""


class RemindOfHotWash(Command):
    """Half of the time for the hot wash is over."""


async def mind_drills(uow: UnitOfWork) -> None:
    """Have each drill under way look at the live incidents, if this transaction changed one, or somebody begins to lend to one."""
    if uow.space != LIVE or not any(map(_concerns, uow.recorded())):
        return
    for row in await uow.raw.fetch(_PLAYED, uow.space, list(UNDER_WAY)):
        uow.later("heed_live_incidents", uow.now, row["id"])


def _concerns(event: Recorded) -> bool:
    return event.type in _MOVED or any(
        isinstance(row, Incident) or (isinstance(row, Mission) and row.revision == 1) for row in event.rows
    )


async def incidents_of(uow: UnitOfWork, players: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """Return the open incidents in live that one of the players leads or lends to, the worst first."""
    return [
        row
        for row in await uow.raw.fetch(_INCIDENTS, LIVE)
        if not {row["lead_member_id"], *row["lenders"]}.isdisjoint(players)
    ]


def sentence_of(incidents: Sequence[asyncpg.Record]) -> str:
    """Return them in a sentence."""
    refs = ", ".join(f"{row['ref']} (severity {row['severity']})" for row in incidents)
    return f"A player leads or lends to {refs}."


def forbidden_by(incidents: Sequence[asyncpg.Record]) -> Reason:
    """Return them as the reason why no drill is played now."""
    return Reason("drill_incident_forbids", sentence_of(incidents), {"refs": [row["ref"] for row in incidents]})


@handles(HeedLiveIncidents)
async def heed_live_incidents(uow: UnitOfWork, cmd: HeedLiveIncidents) -> None:
    """Stop the drill as ``stop_drill`` does, or record ``drill.notice_given`` for each director that was not told of an incident yet.

    Locks the drill; to stop it, as that does.
    """
    found = await held(uow)
    uow.authorise()
    if found.drill.status not in UNDER_WAY:
        return
    incidents = await incidents_of(uow, {each.member_id for each in found.players})
    worst = [row for row in incidents if row["severity"] >= STANDS_DOWN]
    if worst:
        why = forbidden_by(worst)
        found.drill.held_because = [why.told()]
        await stop(uow, found, why.detail)
    elif cmd.small:
        directors = sorted(found.sides["directs"])
        for row in incidents:
            await _give(uow, found, directors, LIVE_INCIDENT, incident_id=row["id"])


@handles(RemindOfHotWash)
async def remind_of_hot_wash(uow: UnitOfWork, _cmd: RemindOfHotWash) -> None:
    """Record ``drill.notice_given`` for each member that people have played and that has not written its hot wash. Locks the drill."""
    found = await held(uow)
    uow.authorise()
    if found.drill.status != "ended":
        return
    of_it = col(DrillHotWash.drill_id) == found.drill.id
    said = {each.member_id for each in await uow.find(DrillHotWash, of_it)}
    silent = [
        each.member_id
        for each in found.players
        if each.member_id not in said
        and each.joined_us is not None
        and each.play != "virtual"
        and found.drill.virtual != "all"
    ]
    await _give(uow, found, silent, HOT_WASH_DUE)


async def _give(uow: UnitOfWork, found: Held, members: Sequence[UUID], kind: str, **about: Any) -> None:
    given = await uow.find(DrillNotice, col(DrillNotice.drill_id) == found.drill.id, col(DrillNotice.kind) == kind)
    before = {(each.member_id, each.incident_id) for each in given}
    for member in members:
        if (member, about.get("incident_id")) in before:
            continue
        notice = uow.add(
            DrillNotice(
                space_id=uow.space,
                id=new_id(),
                drill_id=found.drill.id,
                member_id=member,
                kind=kind,
                given_at=uow.now,
                **about,
            )
        )
        uow.record("drill.notice_given", notice, visibility="parties", parties=[member])
