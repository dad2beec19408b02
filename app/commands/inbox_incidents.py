"""What is told of an incident: opened under the dispatch system's own number, or brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlmodel import col

from app.commands.external_ids import lock_codes
from app.commands.inbox_kept import last_told, note_told, one_at_a_time
from app.domain.because import because
from app.domain.inbox.held import HeldBack
from app.domain.stamps import is_before
from app.store.tables import ExternalId, Incident

if TYPE_CHECKING:
    from uuid import UUID

    from app.commands.inbox_acts import Acting
    from app.domain.inbox.mapping import IncidentOf
    from app.domain.inbox.reading import IncidentTold, Point


async def on_incident(acting: Acting, told: IncidentTold, of: IncidentOf) -> list[str]:
    """Open the incident, or bring it up to date; return the outcome. Locks its member's list of numbers.

    What changed something is compared with for all who tell of the incident. What merely said so again, which asks nobody whether it may,
    makes older only what comes under the same number.
    """
    uow, source = acting.uow, acting.source
    await lock_codes(uow, source.member_id, source.source, "incident")
    known = await uow.find(
        ExternalId,
        col(ExternalId.member_id) == source.member_id,
        col(ExternalId.source) == source.source,
        col(ExternalId.kind) == "incident",
        col(ExternalId.code) == told.number,
        col(ExternalId.valid_to).is_(None),
    )
    if not known:
        await _require_new(acting, told.number)
        id_ = await _open(acting, told, of)
        outcome = "applied"
    else:
        assert known[0].incident_id is not None
        id_ = known[0].incident_id
        await one_at_a_time(uow, "incident", id_)
        times = [await last_told(uow, "incident", about) for about in (id_, known[0].id)]
        last = max((at for at in times if at is not None), default=None)
        if last is not None and is_before(acting.at, last):
            acting.became.incident_id = id_
            acting.became.detail = f"Something later was told of it already, at {last.isoformat()}."
            return ["history"]
        outcome = await _update(acting, await uow.get(Incident, id_), told)
    acting.became.incident_id = id_
    about = id_ if outcome == "applied" else known[0].id
    await note_told(uow, "incident", about, acting.at, told.number)
    return [outcome]


async def _require_new(acting: Acting, number: str) -> None:
    """Hold back what comes under a number that an incident had, and has no more, while it goes on: it would be opened a second time."""
    ended = await acting.uow.find(
        ExternalId,
        col(ExternalId.member_id) == acting.source.member_id,
        col(ExternalId.source) == acting.source.source,
        col(ExternalId.kind) == "incident",
        col(ExternalId.code) == number,
    )
    for each in ended:
        assert each.incident_id is not None
        incident = await acting.uow.get(Incident, each.incident_id)
        if incident.status != "closed":
            detail = f"{incident.ref} had the number {number}, and has it no more."
            raise HeldBack(detail, because("inbox_number_ended", value=number, ref=incident.ref))


async def _open(acting: Acting, told: IncidentTold, of: IncidentOf) -> UUID:
    for value, path in ((told.title, of.title.path), (told.hazard, of.hazard.path), (told.severity, of.severity.path),
                        (told.at, of.lon.path)):  # fmt: skip
        if value is None:
            detail = f"The incident {told.number} is new, and there is nothing at {path}."
            raise HeldBack(detail, because("inbox_path_missing", path=path))
    assert told.at is not None
    there = await acting.send(
        "report_incident", None, title=told.title, hazard=told.hazard, severity=told.severity, area=_point(told.at)
    )  # fmt: skip
    assert there.main is not None
    id_: UUID = there.main.id  # type: ignore[attr-defined]  # an incident has one
    number = {"source": acting.source.source, "kind": "incident", "code": told.number, "subject_id": id_}
    await acting.send("add_external_id", None, member_id=acting.source.member_id, **number)
    if told.status not in {None, "reported"}:
        await acting.send("change_incident", id_, status=told.status)
    return id_


async def _update(acting: Acting, incident: Incident, told: IncidentTold) -> str:
    wanted: dict[str, Any] = {
        name: value
        for name, value in (("title", told.title), ("hazard", told.hazard), ("severity", told.severity), ("status", told.status))
        if value is not None and value != getattr(incident, name)
    }  # fmt: skip
    # What people have drawn says more than the dispatch system's point.
    if told.at is not None and incident.area.get("type") == "Point" and incident.area != _point(told.at):
        wanted["area"] = _point(told.at)
    if not wanted:
        acting.became.detail = f"{incident.ref} is so already."
        return "noted"
    await acting.send("change_incident", incident.id, **wanted)
    return "applied"


def _point(at: Point) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [at.lon, at.lat]}
