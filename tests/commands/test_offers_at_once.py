"""Offers at once: whatever the order in which two commands take their locks, no line is overfilled, no reserve is broken
unsaid, and no unit goes twice.
"""

from __future__ import annotations

import pytest

from app.commands.agreements import SuspendAgreement
from app.commands.offer_answers import AcceptOffer, WithdrawOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.requests import CancelRequest
from app.store.agreements import stock_of
from tests.commands.test_offers import AKEN, MAAS, PUMP, offered, some

STOPS = range(1, 6)
"""Four locks, and the moment before everything is written: no command of offers has more."""


async def left(pg, world):
    return (await stock_of(await pg(), "live", world.members["luik"], PUMP)).free


@pytest.mark.parametrize("at", STOPS)
async def test_two_acceptances_never_overfill(do, ask, meet, pg, at):
    """Two officers at two screens take the last gap twice, and one city's pump drives for nothing."""
    request, (line,) = await ask((PUMP, 2))
    luik = await do(offered(some(line, 2)), request)
    aken = await do(offered(some(line, 1)), request, who=AKEN)
    accepting = (do(AcceptOffer(), offer.id, who=MAAS) for offer in (luik, aken))
    assert await meet(*accepting, at) == ["OverFilled", "Receipt"]
    taken = await (await pg()).fetchval("SELECT sum(accepted_quantity) FROM offer_line WHERE request_id = $1", request)
    assert 0 < taken <= 2


@pytest.mark.parametrize("named", [(), (0,), (0, 1)])
@pytest.mark.parametrize("at", STOPS)
async def test_two_offers_never_break_the_reserve(do, ask, meet, pg, world, at, named):
    """Two dispatchers promise two pumps each to two requests, by name or not: together they'd leave less than none."""
    pumps = world.units("luik", "pump")
    (first, (line,)), (second, (other,)) = await ask(), await ask()
    lines = [some(other, resource_id=pumps[n]) for n in named] + [some(other)] * (2 - len(named))
    making = (do(offered(some(line, 2)), first), do(offered(*lines), second))
    assert await meet(*making, at) == ["AgreementRefused", "Receipt"]
    assert await left(pg, world) == 1


@pytest.mark.parametrize("at", STOPS)
async def test_two_offers_never_hold_one_unit(do, ask, meet, pg, world, at):
    """Two cities wait for the same pump."""
    (first, (line,)), (second, (other,)) = await ask(), await ask()
    unit = world.units("luik", "pump")[0]
    making = (do(offered(some(line, resource_id=unit)), first), do(offered(some(other, resource_id=unit)), second))
    assert await meet(*making, at) == ["NotAvailable", "Receipt"]


@pytest.mark.parametrize("at", STOPS)
async def test_two_commitments_never_take_one_unit(do, ask, meet, pg, world, at):
    """One pump can't drive to two places."""
    unit = world.units("luik", "pump")[0]
    committing = []
    for _ in range(2):
        request, (line,) = await ask((PUMP, 1))
        made = await do(offered(some(line)), request)
        await do(AcceptOffer(), made.id, who=MAAS)
        body = {"units": [{"offer_line_id": made.rows["offer_line"][0]["id"], "resource_id": unit}]}
        committing.append(do(CommitOffer.model_validate(body), made.id))
    assert await meet(*committing, at) == ["NotAvailable", "Receipt"]
    assert await (await pg()).fetchval("SELECT count(*) FROM mission WHERE resource_id = $1", unit) == 1


@pytest.mark.parametrize("at", STOPS)
async def test_an_offer_is_committed_once(do, ask, meet, pg, world, at):
    """Two people press the same button."""
    request, (line,) = await ask((PUMP, 1))
    made = await do(offered(some(line, resource_id=world.units("luik", "pump")[0])), request)
    await do(AcceptOffer(), made.id, who=MAAS)
    assert await meet(do(CommitOffer(), made.id), do(CommitOffer(), made.id), at) == ["Conflict", "Receipt"]
    assert await (await pg()).fetchval("SELECT count(*) FROM mission") == 1


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", STOPS)
async def test_an_offer_is_withdrawn_or_committed(do, ask, meet, pg, world, at, swapped):
    """A unit that was taken back must not roll, and one that rolls was not taken back."""
    request, (line,) = await ask((PUMP, 1))
    unit = world.units("luik", "pump")[0]
    made = await do(offered(some(line, resource_id=unit)), request)
    await do(AcceptOffer(), made.id, who=MAAS)
    pair = [do(CommitOffer(), made.id), do(WithdrawOffer(), made.id)]
    assert await meet(*(reversed(pair) if swapped else pair), at) == ["Receipt", "TransitionNotAllowed"]
    status = await (await pg()).fetchval("SELECT status FROM resource WHERE id = $1", unit)
    assert status == ("available" if swapped else "committed")


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", STOPS)
async def test_no_offer_outlives_its_request(do, ask, meet, pg, world, at, swapped):
    """An offer made as the request is cancelled would keep a unit for nobody."""
    request, (line,) = await ask()
    unit = world.units("luik", "pump")[0]
    pair = [do(offered(some(line, resource_id=unit)), request), do(CancelRequest(), request, who=MAAS)]
    answers = await meet(*(reversed(pair) if swapped else pair), at)
    assert answers == (["Conflict", "Receipt"] if swapped else ["Receipt", "Receipt"])
    assert await (await pg()).fetchval("SELECT status FROM resource WHERE id = $1", unit) == "available"
    assert await (await pg()).fetchval("SELECT count(*) FROM offer WHERE status <> 'expired'") == 0


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", STOPS)
async def test_nothing_is_offered_under_an_agreement_that_is_set_aside(do, ask, meet, pg, world, at, swapped):
    """Offered before the suspension or refused after it; never in between."""
    request, (line,) = await ask()
    setting_aside = do(
        SuspendAgreement(reason="Insurance"), world.agreements["maas-broad"], who=("aken", "authorised_representative")
    )
    pair = [do(offered(some(line)), request), setting_aside]
    answers = await meet(*(reversed(pair) if swapped else pair), at)
    told = [
        row["type"]
        for row in await (await pg()).fetch(
            "SELECT type FROM journal_entry WHERE type IN ('offer.made', 'agreement.suspended') ORDER BY seq"
        )
    ]
    if "AgreementRefused" in answers:
        assert told == ["agreement.suspended"]
    else:
        assert told == ["offer.made", "agreement.suspended"]
