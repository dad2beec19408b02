"""An incident that ends while another member's request still asks: the lead calls it off, and its member is told why."""

from __future__ import annotations

import pytest

from app.commands.called_off_requests import CallOffRequest
from app.commands.incidents import CloseIncident
from app.commands.missions import ReleaseMission, StandDown
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import CancelRequest, DraftRequest
from app.domain.errors import Conflict, NotFound, TransitionNotAllowed, WrongSide
from tests.commands.conftest import LUIK, PUMP

LEAD, AKEN = ("maas", "authorised_representative"), ("aken", "dispatcher")
WHY = "The dike holds, and nobody answers at your desk."


@pytest.fixture
def asks(act, incident):
    """Has aken ask for pumps for the incident that maas leads; returns the receipt."""

    async def asked(quantity=2, then="open"):
        line = {"type_code": PUMP, "quantity": quantity, "priority": "property", "lon": 5.7, "lat": 50.78}
        return await act(DraftRequest, who=AKEN, incident_id=incident, kind="immediate", lines=[line], then=then)

    return asked


async def test_the_lead_is_not_stuck(act, asks, incident, world, conn, assert_fold):
    """The flood is over and a neighbour's night desk is empty: the incident would stand open, and units leave for nothing."""
    first, second = await asks(), await asks(then="submit")
    offer = await act(
        MakeOffer, first.id, who=LUIK,
        lines=[{"request_line_id": first.rows["request_line"][0]["id"], "resource_id": world.resources["luik-pump-1"]}],
    )  # fmt: skip
    with pytest.raises(Conflict) as refused:
        await act(CloseIncident, incident, who=LEAD)
    assert {row["id"] for row in refused.value.extra["requests"]} == {first.id, second.id}
    off = await act(CallOffRequest, first.id, who=LEAD, why=WHY)
    assert off.subject["status"] == "cancelled"
    assert [(each["id"], each["status"]) for each in off.rows["offer"]] == [(str(offer.id), "expired")]
    assert [unit["status"] for unit in off.rows["resource"]] == ["available"]
    told = "SELECT payload, visibility FROM journal_entry WHERE type = 'request.called_off' ORDER BY seq"
    (entry,) = await conn.fetch(told)
    assert WHY in entry["payload"]
    await act(CallOffRequest, second.id, who=LEAD, why=WHY)
    assert [row["visibility"] for row in await conn.fetch(told)] == ["corridor", "parties"], (
        "what nobody saw nobody sees now"
    )
    await act(CloseIncident, incident, who=LEAD)
    await assert_fold()


async def test_units_go_on_until_they_are_released(act, asks, incident, world, conn, assert_fold):
    """Nobody commands the unit of another: what is under way is its requester's to release, whatever became of the paper."""
    asked = await asks()
    line = {"request_line_id": asked.rows["request_line"][0]["id"], "resource_id": world.resources["luik-pump-1"]}
    offer = await act(MakeOffer, asked.id, who=LUIK, lines=[line])
    await act(AcceptOffer, offer.id, who=AKEN)
    committed = await act(CommitOffer, offer.id, who=LUIK)
    assert committed.rows["request"][0]["status"] == "partly_committed"
    off = await act(CallOffRequest, asked.id, who=LEAD, why=WHY)
    assert [(each["code"], each["figures"]) for each in off.warnings] == [("units_go_on", {"n": 1})]
    await act(CloseIncident, incident, who=LEAD)
    mission = committed.rows["mission"][0]["id"]
    with pytest.raises(TransitionNotAllowed):
        await act(ReleaseMission, mission, who=AKEN)
    stood_down = await act(StandDown, mission, who=AKEN)
    assert "request" not in stood_down.rows, "what was called off does not ask again"
    assert await conn.fetchval("SELECT status FROM request") == "cancelled"
    await assert_fold()


async def test_only_what_the_lead_may_end(act, asks, ask):
    """The lead would end what is another incident's, its own by a word that is for others, or read what is still a draft."""
    asked = await asks()
    with pytest.raises(WrongSide):
        await act(CallOffRequest, asked.id, who=("aken", "authorised_representative"), why=WHY)
    own, _ = await ask((PUMP, 1))
    with pytest.raises(WrongSide):
        await act(CallOffRequest, own, who=LEAD, why=WHY)
    with pytest.raises(NotFound):
        await act(CallOffRequest, (await asks(then="draft")).id, who=LEAD, why=WHY)
    submitted = await asks(then="submit")
    with pytest.raises(NotFound):
        await act(CallOffRequest, submitted.id, who=("luik", "authorised_representative"), why=WHY)
    await act(CancelRequest, asked.id, who=AKEN)
    with pytest.raises(TransitionNotAllowed):
        await act(CallOffRequest, asked.id, who=LEAD, why=WHY)
