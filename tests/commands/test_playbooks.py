"""Protocols at work: the fitting one applies with the incident, its checklist is ticked by who leads or helps, and nothing that binds is done."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app.commands.incidents import ChangeIncident, CloseIncident, ReportIncident
from app.commands.members import ChangeMember
from app.commands.playbook_overlays import AddProtocolOverlay, ChangeProtocolOverlay, RemoveProtocolOverlay
from app.commands.playbooks import TickChecklistItem, UntickChecklistItem
from app.commands.rendezvous import AddRendezvous
from app.commands.requests import DraftRequest
from app.domain.errors import Conflict, Duplicate, NotFound, RoleMissing, StaleRevision
from app.domain.playbooks import playbook
from app.queries import playbooks as queries
from app.store.engine import reading
from tests.commands.conftest import LUIK, MAAS
from tests.interleaving import overlapping
from tests.world import flood

REPRESENTATIVE, ADMIN = ("maas", "authorised_representative"), ("maas", "admin")
SIX_BOATS = {"op": "change_quantity", "type_code": "boat.rescue", "quantity": 6, "why": "Three islands."}
WEIRS = {
    "op": "add_item",
    "code": "ring_weirs",
    "due_min": 3,
    "texts": {"nl": "Stuwen bellen"},
    "why": "They hold the water.",
}


@pytest.fixture
def checklist(door):
    """Returns the checklist of an incident, by code."""

    async def reads(incident, **more):
        async with reading(door.engine) as conn:
            return {row.code: row for row in await queries.checklist(conn, "live", incident, **more)}

    return reads


@pytest.fixture
def applied(door, world):
    """Returns the protocol that applies to an incident, as a member sees it."""

    async def reads(incident, viewer="maas"):
        async with reading(door.engine) as conn:
            return await queries.incident_protocol(conn, "live", incident, viewer=world.members[viewer])

    return reads


@pytest.fixture
def told(conn):
    """Returns (authority's name, event) of every notice."""

    async def reads():
        rows = await conn.fetch("SELECT name, event FROM authority_notice ORDER BY id")
        return [tuple(row) for row in rows]

    return reads


async def test_the_fitting_protocol_applies_with_the_report(incident, checklist, applied, clock, conn, assert_fold):
    """Whoever reports a flood at night has other things to think of than which list is for it."""
    now = await applied(incident)
    assert (now.code, now.version, now.overlay_revision) == ("river_flood", 1, None)
    items = await checklist(incident)
    assert set(items) == {item.code for item in playbook("river_flood").checklist}
    assert items["warn_people"].due_at == clock.now() + timedelta(minutes=20)
    assert now.radio_plan["nl"]
    entry = await conn.fetchrow("SELECT payload FROM journal_entry WHERE type = 'protocol.applied'")
    assert '"via":"protocol"' in entry["payload"]
    assert await conn.fetchval("SELECT count(*) FROM request") == 0, "nothing that binds is done by itself"
    await assert_fold()


async def test_an_incident_that_no_protocol_fits_has_none(act, applied):
    """Not every incident has a list, and that is no error of its report."""
    other = await act(ReportIncident, **flood(hazard="other"))
    with pytest.raises(NotFound):
        await applied(other.id)


async def test_another_hazard_brings_another_protocol(act, incident, checklist, applied, assert_fold):
    """What is done stays done and is not asked for again; what was open is no longer anybody's to do."""
    before = await checklist(incident)
    await act(TickChecklistItem, before["warn_downstream"].id)
    await act(ChangeIncident, incident, hazard="flash_flood")
    assert (await applied(incident)).code == "flash_flood"
    now = await checklist(incident)
    assert now["warn_downstream"].id == before["warn_downstream"].id
    assert now["warn_downstream"].done_at is not None
    assert "check_dikes" not in now
    assert now["warn_people"].id != before["warn_people"].id
    everything = await checklist(incident, superseded=True)
    assert everything["check_dikes"].superseded_at is not None
    with pytest.raises(Conflict) as refused:
        await act(TickChecklistItem, before["check_dikes"].id)
    assert refused.value.hint
    await act(ChangeIncident, incident, hazard="other")
    with pytest.raises(NotFound):
        await applied(incident)
    assert set(await checklist(incident)) == {"warn_downstream"}
    await assert_fold()


async def test_the_same_protocol_is_not_begun_again(act, incident, checklist, applied, conn):
    """A severity that is corrected would wipe the ticks of half an hour off the screen."""
    first, items = await applied(incident), await checklist(incident)
    await act(ChangeIncident, incident, severity=5)
    await act(ChangeIncident, incident, title="Worse")
    assert (await applied(incident)).id == first.id
    assert await checklist(incident) == items
    await act(ChangeIncident, incident, severity=2)
    assert (await applied(incident)).code == "river_flood_watch"
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'protocol.applied'") == 2


async def test_who_leads_or_helps_ticks(act, sent, checklist, clock, assert_fold, world):
    """The neighbour who stands on the dike has seen it; the one who is at home has not."""
    incident = (await act(ReportIncident, **flood())).id
    item = (await checklist(incident))["check_dikes"]
    for who in (LUIK, ("maas", "viewer")):
        with pytest.raises(RoleMissing):
            await act(TickChecklistItem, item.id, who=who)
    await sent("luik-pump-1", incident=incident)
    clock.at += timedelta(minutes=5)
    ticked = await act(TickChecklistItem, item.id, who=LUIK, why="Seen from the boat.")
    assert ticked.subject["done_by_member_id"] == str(world.members["luik"])
    with pytest.raises(Conflict):
        await act(TickChecklistItem, item.id)
    back = await act(UntickChecklistItem, item.id)
    assert (back.subject["done_at"], back.subject["done_by_id"]) == (None, None)
    with pytest.raises(Conflict):
        await act(UntickChecklistItem, item.id)
    with pytest.raises(RoleMissing):
        await act(TickChecklistItem, item.id, who=("aken", "dispatcher"))
    await assert_fold()


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("ticks_first", [True, False])
async def test_a_tick_and_another_protocol_at_once_leave_no_open_item_behind(
    act, incident, checklist, conn, monkeypatch, assert_fold, ticks_first, at
):
    """Two control rooms act in the same second; the list must be the new one's, with what was done."""
    item = (await checklist(incident))["check_dikes"]
    both = [act(TickChecklistItem, item.id), act(ChangeIncident, incident, hazard="flash_flood")]
    first, second = both if ticks_first else reversed(both)
    answers = await overlapping(monkeypatch, conn, first, second, at=at)
    assert not any(isinstance(each, Exception) and not isinstance(each, Conflict) for each in answers)
    left = (await checklist(incident, superseded=True))["check_dikes"]
    assert (left.done_at is None) != (left.superseded_at is None)
    await assert_fold()


async def test_authorities_are_told_as_the_protocol_says(act, world, told, assert_fold):
    """The governor reads of the flood from the control room, and not of each correction."""
    authorities = [
        {"name": "Region", "kind": "region"},
        {"name": "Governor", "kind": "governor"},
        {"name": "Capital", "kind": "state_centre"},
    ]
    await act(ChangeMember, world.members["maas"], who=ADMIN, informed_authorities=authorities)
    flooded = await act(ReportIncident, **flood())
    assert await told() == [("Region", "protocol_applied"), ("Governor", "protocol_applied")]
    await act(ChangeIncident, flooded.id, severity=5)
    assert len(await told()) == 2
    await act(ChangeIncident, flooded.id, severity=1)
    assert (await told())[2:] == [("Region", "protocol_applied")]
    await act(ReportIncident, **flood(hazard="other"))
    assert len(await told()) == 3
    await assert_fold()


async def test_who_wishes_it_is_told_of_every_protocol(act, world, told):
    """A member can have its own told of more than the shared protocol names."""
    wish = {"informed_authorities": [{"name": "Capital", "kind": "state_centre"}], "inform_on": ["protocol_applied"]}
    await act(ChangeMember, world.members["maas"], who=ADMIN, **wish)
    await act(ReportIncident, **flood())
    assert await told() == [("Capital", "protocol_applied")]


async def test_what_is_missing_of_the_package_goes_down_as_it_is_asked_for(act, ask, incident, applied):
    """Two control rooms would ask for the same boats twice; nobody's draft is told to the neighbour."""

    async def missing(viewer="maas"):
        return {line.type_code: line.missing for line in (await applied(incident, viewer)).package}

    assert (await missing())["boat.rescue"] == 4
    await ask(("boat.rescue", 3))
    assert (await missing())["boat.rescue"] == 1
    await ask(("boat.rescue", 5))
    assert (await missing())["boat.rescue"] == 0
    line = {"type_code": "filler.sandbags", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78}
    await act(DraftRequest, incident_id=incident, kind="planned", lines=[line])
    assert (await missing())["filler.sandbags"] == 1
    assert (await missing("luik"))["filler.sandbags"] == 2


async def test_the_nearest_rendezvous_of_the_wanted_kinds_are_shown(act, incident, applied, world):
    """Units from the other side have to know where to turn off."""
    for code, guide, kind, lon in (("far", "M1", "staging_area", 5.9), ("near", "M2", "guide_post", 5.72), ("beds", "M3", "reception_departure_centre", 5.71)):  # fmt: skip
        await act(
            AddRendezvous,
            member_id=world.members["maas"], code=code, guide_code=guide, kind=kind, lon=lon, lat=50.78, capacity=9,
            names=dict.fromkeys(("en", "de", "fr", "nl"), code),
        )  # fmt: skip
    assert [place.code for place in (await applied(incident)).rendezvous] == ["near", "far"]


async def test_the_leads_overlay_applies_and_the_shared_one_stays(act, world, applied, checklist, door, assert_fold):
    """Maastricht knows its islands; Liège goes on with the shared list."""
    added = await act(
        AddProtocolOverlay, world.members["maas"], who=REPRESENTATIVE, code="river_flood", operations=[SIX_BOATS, WEIRS]
    )
    assert added.subject["base_version"] == 1
    ours = (await act(ReportIncident, **flood())).id
    now = await applied(ours)
    assert now.overlay_revision == 1
    assert {line.type_code: line.quantity for line in now.package}["boat.rescue"] == 6
    assert next(iter(await checklist(ours))) == "ring_weirs"
    theirs = (await act(ReportIncident, who=LUIK, **flood())).id
    assert {line.type_code: line.quantity for line in (await applied(theirs)).package}["boat.rescue"] == 4
    await act(ChangeIncident, theirs, who=LUIK, lead_member_id=world.members["maas"])
    handed = await applied(theirs)
    assert (handed.member_id, handed.overlay_revision) == (world.members["maas"], 1)
    async with reading(door.engine) as conn:
        found = await queries.member_protocol(conn, "live", world.members["maas"], "river_flood")
    boats = found.difference[0]
    assert (boats.key, boats.base, boats.own, boats.fits) == ("boat.rescue", 4, 6, True)
    assert found.shared.package[1].quantity == 4
    assert found.effective.package[1].quantity == 6
    await assert_fold()


async def test_an_overlay_is_changed_against_what_was_read_and_removed(act, do, world, conn, assert_fold):
    """Two who write at once overwrite nothing; what applies to an incident already stays."""
    member = world.members["maas"]
    for who in (MAAS, ("luik", "admin")):
        with pytest.raises(RoleMissing):
            await act(AddProtocolOverlay, member, who=who, code="river_flood", operations=[SIX_BOATS])
    with pytest.raises(NotFound):
        await act(AddProtocolOverlay, member, who=ADMIN, code="earthquake", operations=[SIX_BOATS])
    made = await act(AddProtocolOverlay, member, who=ADMIN, code="river_flood", operations=[SIX_BOATS])
    with pytest.raises(Duplicate):
        await act(AddProtocolOverlay, member, who=ADMIN, code="river_flood", operations=[WEIRS])
    change = ChangeProtocolOverlay.model_validate({"operations": [WEIRS]})
    changed = await do(change, made.id, who=REPRESENTATIVE, revision=1)
    assert [each["op"] for each in changed.subject["operations"]] == ["add_item"]
    with pytest.raises(StaleRevision):
        await do(change, made.id, who=ADMIN, revision=1)
    reported = await act(ReportIncident, **flood())
    await act(RemoveProtocolOverlay, made.id, who=ADMIN)
    assert await conn.fetchval("SELECT count(*) FROM protocol_overlay") == 0
    kept = await conn.fetchval(
        "SELECT overlay_revision FROM incident_protocol WHERE incident_id = $1", UUID(str(reported.id))
    )
    assert kept == 2
    await assert_fold()


async def test_what_no_longer_fits_is_warned_of_when_it_applies(act, world, conn, applied):
    """The member must hear of it in the night in which it counts, not only on a page that nobody opens."""
    await act(AddProtocolOverlay, world.members["maas"], who=ADMIN, code="river_flood", operations=[SIX_BOATS, WEIRS])
    await conn.execute("UPDATE protocol_overlay SET operations = jsonb_set(operations, '{0,was}', '3')")
    reported = await act(ReportIncident, **flood())
    assert [warning["code"] for warning in reported.warnings] == ["overlay_to_review"]
    package = {line.type_code: line.quantity for line in (await applied(reported.id)).package}
    assert package["boat.rescue"] == playbook("river_flood").package[1].quantity


async def test_late_ticks_are_taken_after_the_incident_is_closed(act, incident, checklist, clock):
    """The list is put in order after the night."""
    item = (await checklist(incident))["warn_people"]
    when = clock.now()
    clock.at += timedelta(hours=3)
    await act(CloseIncident, incident, who=REPRESENTATIVE)
    ticked = await act(TickChecklistItem, item.id, occurred_at=when.isoformat())
    assert ticked.subject["done_at"].startswith(when.isoformat()[:16])
