"""Incidents: anybody's dispatchers report and change them, the lead's representative closes them, and the log only grows."""

from __future__ import annotations

import pytest

from app.commands.incidents import AddLogEntry, ChangeIncident, ChangePhase, CloseIncident, ReportIncident
from app.domain.errors import OutsideCorridor, RoleMissing, StaleRevision, TransitionNotAllowed, UnknownCode
from tests.world import flood

LIVE = "live"


async def _report(door, world, **other):
    body = ReportIncident.model_validate(flood(**other))
    return await door.execute(body, actor=world.actor("maas", "dispatcher"), space=LIVE)


async def test_reported_by_the_member_that_leads_it(door, world, assert_fold):
    """Nobody would know whom to ring."""
    receipt = await _report(door, world, phases={"NL": "grip_2"})
    assert receipt.subject["lead_member_id"] == str(world.members["maas"])
    assert receipt.subject["status"] == "reported"
    assert receipt.subject["ref"].startswith("I-")
    await assert_fold()


async def test_changed_by_a_dispatcher_of_the_other_side(door, world, assert_fold):
    """The side that sees more could not say so."""
    first = await _report(door, world)
    change = ChangeIncident(severity=5, status="active", phases={"BE": "federal"})
    receipt = await door.execute(
        change, actor=world.actor("luik", "dispatcher"), space=LIVE, target=first.id, revision=first.revision
    )
    assert (receipt.subject["severity"], receipt.subject["status"]) == (5, "active")
    assert receipt.subject["phases"] == {"BE": "federal"}
    assert receipt.revision == first.revision + 1
    await assert_fold()


async def test_a_change_of_what_somebody_else_changed_is_refused_with_how_it_is(door, world):
    """Two control rooms would overwrite each other without noticing."""
    first = await _report(door, world)
    luik, aken = world.actor("luik", "dispatcher"), world.actor("aken", "dispatcher")
    await door.execute(ChangeIncident(severity=5), actor=luik, space=LIVE, target=first.id, revision=1)
    with pytest.raises(StaleRevision) as refused:
        await door.execute(ChangeIncident(severity=2), actor=aken, space=LIVE, target=first.id, revision=1)
    assert refused.value.extra["current"]["severity"] == 5


async def test_closed_by_the_leads_representative_only(door, world, assert_fold):
    """A neighbour could declare somebody else's flood over."""
    first = await _report(door, world)
    for member, role in (("luik", "authorised_representative"), ("maas", "dispatcher")):
        with pytest.raises(RoleMissing):
            await door.execute(CloseIncident(), actor=world.actor(member, role), space=LIVE, target=first.id)
    lead = world.actor("maas", "authorised_representative")
    receipt = await door.execute(CloseIncident(why="Dry."), actor=lead, space=LIVE, target=first.id)
    assert receipt.subject["status"] == "closed"
    await assert_fold()


async def test_the_lead_is_handed_over_and_never_taken(door, world, assert_fold):
    """A neighbour that makes itself the lead could declare somebody else's flood over."""
    first = await _report(door, world)
    maas, luik = world.actor("maas", "dispatcher"), world.actor("luik", "dispatcher")
    to_luik = ChangeIncident(lead_member_id=world.members["luik"])
    with pytest.raises(RoleMissing):
        await door.execute(to_luik, actor=luik, space=LIVE, target=first.id)
    same = ChangeIncident(lead_member_id=world.members["maas"], severity=5)
    assert (await door.execute(same, actor=luik, space=LIVE, target=first.id)).subject["severity"] == 5
    handed = await door.execute(to_luik, actor=maas, space=LIVE, target=first.id)
    assert handed.subject["lead_member_id"] == str(world.members["luik"])
    await assert_fold()


async def test_a_closed_incident_is_closed_and_says_so(door, world):
    """Whoever tries again would not learn what state it is in."""
    first = await _report(door, world)
    lead = world.actor("maas", "authorised_representative")
    await door.execute(CloseIncident(), actor=lead, space=LIVE, target=first.id)
    with pytest.raises(TransitionNotAllowed) as refused:
        await door.execute(CloseIncident(), actor=lead, space=LIVE, target=first.id)
    assert refused.value.extra["current"]["status"] == "closed"
    with pytest.raises(TransitionNotAllowed) as refused:
        await door.execute(ChangeIncident(severity=1), actor=lead_dispatcher(world), space=LIVE, target=first.id)
    assert refused.value.extra["current"]["status"] == "closed"


async def test_the_log_keeps_who_said_what_in_their_own_language(door, world, assert_fold):
    """The log would be useless afterwards."""
    first = await _report(door, world)
    line = AddLogEntry(text="Dijk bij Borgharen houdt.", language="nl")
    receipt = await door.execute(line, actor=world.actor("luik", "liaison_officer"), space=LIVE, target=first.id)
    assert receipt.subject["text"] == "Dijk bij Borgharen houdt."
    assert receipt.subject["member_id"] == str(world.members["luik"])
    await assert_fold()


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"hazard": "meteor"}, UnknownCode),
        ({"phases": {"NL": "federal"}}, UnknownCode),
        ({"area": {"type": "Point", "coordinates": [4.9, 52.37]}}, OutsideCorridor),
    ],
)
async def test_what_the_corridor_does_not_know_is_refused(door, world, changed, refusal):
    """A misspelt hazard would fall through every agreement's scope; a place in Amsterdam would send nobody anywhere."""
    with pytest.raises(refusal):
        await _report(door, world, **changed)


async def test_an_incident_changes_to_what_its_machine_says(door, world):
    """A state that is made up is told apart from one that is not possible now."""
    first = await _report(door, world)
    for status, refusal in (("closed", UnknownCode), ("over", UnknownCode), ("contained", TransitionNotAllowed)):
        with pytest.raises(refusal):
            await door.execute(ChangeIncident(status=status), actor=lead_dispatcher(world), space=LIVE, target=first.id)
    await door.execute(ChangeIncident(status="active"), actor=lead_dispatcher(world), space=LIVE, target=first.id)


async def test_a_viewer_reports_nothing(door, world):
    """Somebody who may only look could set a corridor in motion."""
    with pytest.raises(RoleMissing):
        await door.execute(ReportIncident.model_validate(flood()), actor=world.actor("maas", "viewer"), space=LIVE)


def lead_dispatcher(world):
    """The dispatcher of the member that leads."""
    return world.actor("maas", "dispatcher")


async def test_each_country_says_how_far_it_has_gone(door, world, assert_fold):
    """A Dutch dispatcher who declares a Belgian federal phase sets off what only Brussels may."""
    maas, luik = world.actor("maas", "dispatcher"), world.actor("luik", "authorised_representative")
    incident = (await door.execute(ReportIncident.model_validate(flood()), actor=maas, space="live")).id

    async def say(actor, country, phase):
        return await door.execute(ChangePhase(country=country, phase=phase), actor=actor, space="live", target=incident)

    await say(maas, "NL", "grip_2")
    both = await say(luik, "BE", "municipal")
    assert both.subject["phases"] == {"NL": "grip_2", "BE": "municipal"}
    assert (await say(maas, "NL", "none")).subject["phases"]["NL"] == "none"
    for actor, country in ((maas, "BE"), (luik, "NL"), (world.actor("maas", "viewer"), "NL")):
        with pytest.raises(RoleMissing):
            await say(actor, country, "none")
    for country, phase, pointer in (("NL", "federal", "/phase"), ("FR", "none", "/country")):
        with pytest.raises(UnknownCode) as refused:
            await say(maas, country, phase)
        assert refused.value.errors[0].pointer == pointer
    await assert_fold()


async def test_another_country_s_phase_does_not_slip_in_with_a_change(door, world):
    """The general change of an incident is no way round; what is sent as it was says nothing."""
    maas = world.actor("maas", "dispatcher")
    body = flood(phases={"NL": "grip_1"})
    incident = (await door.execute(ReportIncident.model_validate(body), actor=maas, space="live")).id
    same = ChangeIncident.model_validate({"phases": {"NL": "grip_2", "BE": "none"}})
    assert (await door.execute(same, actor=maas, space="live", target=incident)).subject["phases"]["NL"] == "grip_2"
    with pytest.raises(RoleMissing):
        await door.execute(ChangeIncident(phases={"BE": "federal"}), actor=maas, space="live", target=incident)
    with pytest.raises(RoleMissing):
        await door.execute(
            ReportIncident.model_validate(flood(phases={"DE": "katastrophenfall"})), actor=maas, space="live"
        )


async def test_the_phase_of_what_is_over(door, world):
    """A phase that rises after the end is a mistake in the choice of the incident."""
    maas, bound = world.actor("maas", "dispatcher"), world.actor("maas", "authorised_representative")
    incident = (await door.execute(ReportIncident.model_validate(flood()), actor=maas, space="live")).id
    await door.execute(CloseIncident(), actor=bound, space="live", target=incident)
    with pytest.raises(TransitionNotAllowed):
        await door.execute(ChangePhase(country="NL", phase="grip_1"), actor=maas, space="live", target=incident)
