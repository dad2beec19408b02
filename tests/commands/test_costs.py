"""What an offer is expected to cost, and the most that an agreement may cost in a year."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from app.commands.agreement_versions import DraftAgreementVersion
from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.calls import AssistNow
from app.commands.missions import CloseMission, StandDown
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.domain.agreements import Case
from app.domain.authority import SYSTEM
from app.domain.errors import AgreementRefused, Conflict, OutOfRange
from app.queries.agreements import try_case
from app.store.costs import spent
from app.store.invariants import broken_invariants
from tests.commands.conftest import LUIK, PUMP, RATES
from tests.interleaving import overlapping
from tests.world import everywhere


def offered(line, unit=None, **more):
    """The body of an offer of one unit."""
    return {"lines": [{"request_line_id": line, **({"resource_id": unit} if unit else {}), **more}]}


async def test_an_offer_says_what_it_is_likely_to_cost(act, ask, sign, world, assert_fold):
    """Who accepts without knowing the price hears it from the treasurer."""
    await sign({"terms": "reimbursed", "currency": "EUR", "rates": RATES})
    request, (line,) = await ask((PUMP, 2))
    made = await act(MakeOffer, request, who=LUIK, **offered(line, world.resources["luik-pump-1"], expected_hours=10))
    told = made.rows["offer_line"][0]["estimate"]
    kilometres = Decimal(told["kilometres"])
    assert (told["hours"], told["crew"], told["currency"]) == ("10.00", 4, "EUR")
    assert 40 < kilometres < 60
    assert Decimal(told["amount"]) == 600 + 1200 + (kilometres * Decimal("1.20")).quantize(Decimal("0.01"))
    unnamed = await act(MakeOffer, request, who=LUIK, **offered(line))
    assert unnamed.rows["offer_line"][0]["estimate"]["hours"] == "8.00"
    await assert_fold()


async def test_what_is_promised_counts_against_the_yearly_cost(act, ask, sign, world):
    """Five offers on one day, each of them within the cap."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES[:1]}
    await sign(cost, yearly_cost={"amount": "1000.00", "currency": "EUR"})
    request, (line,) = await ask(("engine.pumper", 4))
    priced = {"agreement_id": None, "expected_hours": 8}
    first = await act(MakeOffer, request, who=LUIK, **offered(line, world.resources["luik-engine-1"], **priced))
    agreement = first.rows["offer_line"][0]["agreement_id"]
    await act(
        MakeOffer, request, who=("aken", "dispatcher"), **offered(line, world.resources["aken-engine-1"], **priced)
    )
    named = offered(line, world.resources["luik-engine-2"], agreement_id=agreement)
    with pytest.raises(AgreementRefused) as refused:
        await act(MakeOffer, request, who=LUIK, **named)
    (reason,) = refused.value.extra["reasons"]
    assert (reason["code"], reason["figures"]) == (
        "yearly_cost_cap",
        {"limit": "1000.00", "currency": "EUR", "spent": "960.00", "adds": "480.00"},
    )


DEAR = {"terms": "reimbursed", "currency": "EUR", "rates": [{"item": "vehicle_hours", "rate": "9000.00"}]}


async def test_a_lender_prices_no_help_that_was_agreed(act, ask, sign, world, assert_fold):
    """Under an agreement that is free, or beyond its rates, its own price goes only as help without the agreement."""
    await sign({"terms": "free"})
    request, (line,) = await ask((PUMP, 2))
    with pytest.raises(AgreementRefused) as refused:
        await act(MakeOffer, request, who=LUIK, **offered(line, world.resources["luik-pump-1"], cost=DEAR))
    (reason,) = refused.value.extra["reasons"]
    figures = {"item": "vehicle_hours", "asks": "9000.00", "agreed": "0", "currency": "EUR"}
    assert (reason["code"], reason["figures"]) == ("cost_above_agreed", figures)
    boss = ("luik", "authorised_representative")
    asked = offered(line, world.resources["luik-pump-1"], cost=DEAR, ad_hoc=True)
    made = (await act(MakeOffer, request, who=boss, **asked)).rows["offer_line"][0]
    assert (made["agreement_id"], made["cost"]) == (None, DEAR)
    assert "cost_above_agreed" in {finding["code"] for finding in made["findings"]}
    await assert_fold()


async def test_a_price_of_ones_own_is_no_way_round_the_reserve(act, ask, sign, world):
    """One cent more, and without the agreement the last pump would go unseen."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES[:1]}
    await sign(cost, reserve=[{"type": PUMP, "keep": 3}])
    request, (line,) = await ask((PUMP, 2))
    boss = ("luik", "authorised_representative")
    for more in ({}, {"cost": DEAR}):
        with pytest.raises(AgreementRefused) as refused:
            await act(
                MakeOffer, request, who=boss, **offered(line, world.resources["luik-pump-1"], ad_hoc=True, **more)
            )
        assert {reason["code"] for reason in refused.value.extra["reasons"]} == {"reserve_floor"}


async def test_a_lower_price_is_the_lenders_own(act, ask, sign, world, conn, clock):
    """It is held against the cap with what it asks; when it is claimed and paid stands in the paper."""
    cost = {
        "terms": "reimbursed",
        "currency": "EUR",
        "rates": RATES[:1],
        "claim_within_days": 30,
        "rate_date": "submitted",
    }
    agreement = await sign(cost, yearly_cost={"amount": "1000.00", "currency": "EUR"})
    request, (line,) = await ask((PUMP, 2))
    cheap = {"terms": "reimbursed", "rates": [{"item": "vehicle_hours", "rate": "10.00"}], "claim_within_days": 3000}
    made = await act(MakeOffer, request, who=LUIK, **offered(line, cost=cheap, expected_hours=10))
    told = made.rows["offer_line"][0]
    assert (told["agreement_id"], told["estimate"]["amount"]) == (str(agreement), "100.00")
    assert told["cost"] == cost | {"rates": [{"item": "vehicle_hours", "rate": "10.00"}]}
    assert await spent(conn, "live", agreement, "EUR", clock.now()) == 100
    swiss = {"terms": "reimbursed", "currency": "CHF", "rates": [{"item": "vehicle_hours", "rate": "1.00"}]}
    with pytest.raises(AgreementRefused) as refused:
        await act(MakeOffer, request, who=LUIK, **offered(line, cost=swiss))
    assert [reason["code"] for reason in refused.value.extra["reasons"]] == ["cost_currency"]


async def test_the_old_years_promises_count_in_the_new_year(act, ask, sign, world, conn, clock):
    """Offered before midnight and sent after it, each of two lenders would have the whole year's money."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES[:1]}
    agreement = await sign(cost, yearly_cost={"amount": "500.00", "currency": "EUR"})
    clock.at = datetime(2026, 12, 31, 23, 50, tzinfo=UTC)
    request, (line,) = await ask((PUMP, 4))
    first = await act(MakeOffer, request, who=LUIK, **offered(line, world.resources["luik-pump-1"]))
    await act(AcceptOffer, first.id)
    clock.move(minutes=20)
    assert await spent(conn, "live", agreement, "EUR", clock.now()) == 480
    aken = ("aken", "dispatcher")
    second = offered(line, world.resources["aken-pump-1"], agreement_id=agreement)
    with pytest.raises(AgreementRefused) as refused:
        await act(MakeOffer, request, who=aken, **second)
    assert [reason["code"] for reason in refused.value.extra["reasons"]] == ["yearly_cost_cap"]
    await act(CommitOffer, first.id, who=LUIK)
    assert await spent(conn, "live", agreement, "EUR", clock.now()) == 480
    assert not await broken_invariants(conn)


async def test_the_years_money_is_asked_again_at_the_commitment(act, ask, sign, world, conn):
    """What was within the cap when it was offered may be beyond it by now: then it goes by the representative's word, unpaid."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES[:1]}
    agreement = await sign(cost, yearly_cost={"amount": "500.00", "currency": "EUR"})
    request, (line,) = await ask((PUMP, 4))
    offer = await act(MakeOffer, request, who=LUIK, **offered(line, world.resources["luik-pump-1"]))
    await act(AcceptOffer, offer.id)
    # Claims for more than was expected, as they come in during the year.
    await conn.execute(
        "UPDATE agreement_version SET terms = jsonb_set(terms, '{yearly_cost,amount}', '\"400.00\"') WHERE agreement_id = $1",
        agreement,
    )
    with pytest.raises(AgreementRefused) as refused:
        await act(CommitOffer, offer.id, who=LUIK)
    (reason,) = refused.value.extra["reasons"]
    figures = {"limit": "400.00", "currency": "EUR", "spent": "0.00", "adds": "480.00"}
    assert (reason["code"], reason["figures"]) == ("yearly_cost_cap", figures)
    gone = await act(CommitOffer, offer.id, who=("luik", "authorised_representative"), ad_hoc=True)
    assert gone.rows["mission"][0]["agreement_id"] is None


async def test_a_cap_does_not_change_its_currency_in_mid_year(act, ask, sign, world, clock, conn):
    """The new one would begin at nothing, and the year cost twice what was agreed."""

    def cost(currency):
        return {"terms": "reimbursed", "currency": currency, "rates": RATES[:1]}

    agreement = await sign(cost("EUR"), yearly_cost={"amount": "1000.00", "currency": "EUR"})
    parties = [world.members[code] for code in ("maas", "luik", "aken", "hasselt")]
    swiss = {"kinds": ["immediate"], "cost": cost("CHF"), "yearly_cost": {"amount": "1000.00", "currency": "CHF"}}
    version = {"lenders": parties, "borrowers": parties, "precedence": 10, "terms": swiss}
    for begins in ("2026-01-01T00:00:00Z", "2027-03-01T00:00:00Z"):
        with pytest.raises(OutOfRange) as refused:
            await act(DraftAgreementVersion, agreement, who=SYSTEM, **version, effective_at=begins)
        assert refused.value.errors[0].pointer == "/effective_at"
    await act(DraftAgreementVersion, agreement, who=SYSTEM, **version, effective_at="2027-01-01T00:00:00Z")
    await act(ProposeAgreement, agreement, who=SYSTEM)
    for party in parties[:-1]:
        await act(ConsentToAgreement, agreement, who=SYSTEM, on_behalf_of=party)
    clock.at = datetime(2027, 1, 2, 12, 0, tzinfo=UTC)
    with pytest.raises(Conflict, match="2027"):
        await act(ConsentToAgreement, agreement, who=SYSTEM, on_behalf_of=parties[-1])


async def test_what_never_left_costs_nothing(act, sent, sign, walk, conn, clock):
    """A night of help that was called off before the gate opened would use up the year."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES[:1]}
    agreement = await sign(cost, yearly_cost={"amount": "1000.00", "currency": "EUR"})
    stayed, went = await sent("luik-pump-1", "luik-pump-2")
    assert await spent(conn, "live", agreement, "EUR", clock.now()) == 960
    await walk(went, "mobilising")
    for mission in (stayed, went):
        await act(StandDown, mission, why="The dyke holds.")
    assert await spent(conn, "live", agreement, "EUR", clock.now()) == 480, "the one whose crew was alarmed"
    await walk(stayed, "returned")
    await act(CloseMission, stayed, who=LUIK)
    assert await spent(conn, "live", agreement, "EUR", clock.now()) == 480


@pytest.mark.parametrize("at", [1, 2, 3])
async def test_two_offers_at_once_stay_within_the_cap(act, ask, sign, world, conn, monkeypatch, at):
    """Two lenders who look at the same moment both see room for one."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES[:1]}
    agreement = await sign(cost, yearly_cost={"amount": "500.00", "currency": "EUR"})
    request, (line,) = await ask(("engine.pumper", 4))
    more, (other,) = await ask(("engine.pumper", 4))
    first = act(MakeOffer, request, who=LUIK, **offered(line, world.resources["luik-engine-1"], agreement_id=agreement))
    aken = ("aken", "dispatcher")
    second = act(MakeOffer, more, who=aken, **offered(other, world.resources["aken-engine-1"], agreement_id=agreement))
    answers = await overlapping(monkeypatch, conn, first, second, at=at)
    assert sum(isinstance(answer, AgreementRefused) for answer in answers) == 1


async def test_a_phone_call_says_how_long_or_the_agreement_does(act, sign, world, incident, assert_fold):
    """Of a call nobody would be told that four hours are the most, and it would be priced at eight that the paper forbids."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES[:1]}
    await sign(cost, caps={"longest_deployment_h": 4})
    members = {"requester_id": world.members["hasselt"], "lender_id": world.members["luik"], "incident_id": incident}
    body = members | {"type_code": "engine.pumper", "lon": 5.7, "lat": 50.78, "quantity": 1}
    unsaid = await act(AssistNow, who=LUIK, **body)
    told = unsaid.rows["offer_line"][0]["estimate"]
    assert (told["hours"], told["amount"]) == ("4.00", "240.00")
    assert "longest_deployment" not in {warning["code"] for warning in unsaid.warnings}
    said = await act(AssistNow, who=LUIK, **body | {"expected_hours": 6, "lon": 5.71})
    found = {warning["code"]: warning for warning in said.warnings}
    assert found["longest_deployment"]["figures"] == {"longest_h": 4, "hours": 6}
    await assert_fold()


@pytest.mark.parametrize("hours", [None, 10])
async def test_who_tries_a_case_hears_what_an_offer_would(act, ask, sign, world, reader, clock, hours):
    """*Try it* said yes, and the offer was refused: the year's money was spent."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES}
    agreement = await sign(cost, yearly_cost={"amount": "1000.00", "currency": "EUR"})
    request, (line,) = await ask((PUMP, 4))
    case = Case(
        "flood",
        PUMP,
        "immediate",
        world.members["luik"],
        world.members["maas"],
        1,
        clock.now(),
        place=(5.7, 50.78),
        duration_h=hours,
    )
    tried = await try_case(reader, "live", case, viewer=world.members["maas"], only=(agreement, None))
    with pytest.raises(AgreementRefused) as refused:
        await act(
            MakeOffer,
            request,
            who=LUIK,
            **offered(line, agreement_id=agreement, **({"expected_hours": hours} if hours else {})),
        )
    (told,) = refused.value.extra["reasons"]
    assert not tried.allowed
    against = [(each.code, each.figures) for each in tried.reasons if each.blocking]
    assert against == [("yearly_cost_cap", told["figures"])]


async def test_what_a_year_has_cost_is_the_parties_matter(sign, world, reader, clock):
    """A neighbour would read from a trial what the others have spent."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES}
    agreement = await sign(cost, yearly_cost={"amount": "10.00", "currency": "EUR"})
    case = Case(
        "flood", PUMP, "immediate", world.members["luik"], world.members["maas"], 1, clock.now(), place=(5.7, 50.78)
    )
    tried = await try_case(reader, "live", case, viewer=uuid4(), only=(agreement, None))
    assert not tried.allowed
    assert [each.code for each in tried.reasons] == ["not_asked"]
    assert tried.verdicts[0].reasons == ()


async def test_what_a_year_has_cost_is_told_to_parties_alone(act, ask, conn, world):
    """Help without an agreement names what stood against it, and maas is no party of what luik and aken have spent."""
    boss = ("luik", "authorised_representative")
    await conn.execute("UPDATE agreement SET status = 'terminated'")
    parties = [world.members[code] for code in ("luik", "aken")]
    terms = {
        "kinds": ["immediate"],
        "cost": {"terms": "reimbursed", "currency": "EUR", "rates": RATES},
        "yearly_cost": {"amount": "100.00", "currency": "EUR"},
    }
    body = {"code": "two", "names": everywhere("Two"), "lenders": parties, "borrowers": parties, "terms": terms}
    drafted = await act(DraftAgreement, who=SYSTEM, **body, effective_at="2026-01-01T00:00:00Z")
    await act(ProposeAgreement, drafted.id, who=SYSTEM)
    for party in parties:
        await act(ConsentToAgreement, drafted.id, who=SYSTEM, on_behalf_of=party)
    request, (line,) = await ask((PUMP, 1))
    made = await act(MakeOffer, request, who=boss, **offered(line, world.resources["luik-pump-1"], ad_hoc=True))
    assert [each["code"] for each in made.rows["offer_line"][0]["findings"]] == ["borrower_not_party"]
