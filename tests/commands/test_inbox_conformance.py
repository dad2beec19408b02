"""The conformance report of a source: what came, late, twice, out of order, wrongly signed, held back, and not at all."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest

from app.commands.inbox_receiving import receive
from app.commands.inbox_sources import PauseInboxSource
from app.domain.errors import ConcordError
from app.queries.inbox import source
from app.queries.inbox_conformance import inbox_conformance
from tests.commands.telling import Cad

ANOTHER = "whsec_" + "QUJD" * 8


@pytest.fixture
async def cad(door, world):
    """Luik's dispatch system, which tells FMS statuses."""
    return await Cad.of(door, world)


@pytest.fixture
def report(reader, clock, world):
    """Returns the report of the last day."""

    async def reads(cad, *, space=None, kept=90):
        of = await source(reader, cad.id, member=world.members["luik"])
        since, until = clock.now() - timedelta(days=1), clock.now() + timedelta(seconds=1)
        kept_since = clock.now() - timedelta(days=kept)
        return await inbox_conformance(reader, of, since, until, space, kept_since=kept_since)

    return reads


def codes(told):
    return {each.code: each.count for each in told.findings}


async def test_what_goes_wrong_is_counted_with_what_to_do_next(cad, sent, report, clock):
    """An integrator sees that his units do not move, and not that he signs with the wrong secret or has no code for half of them."""
    assert codes(await report(cad)) == {"nothing_came": 1}
    await sent("luik-pump-1")
    clock.move(minutes=10)
    assert (await cad.tells(cad.fms(4, minutes=-2), id_="first")).outcome == "applied"
    told = await report(cad)
    assert (told.received, told.late, told.conforms, codes(told)) == (1, 1, False, {"told_late": 1})
    first = cad.signed(cad.fms(4), id_="second")
    for _ in range(3):
        await receive(cad.door, "live", cad.id, first)
    assert (await cad.tells(cad.fms(3, minutes=-5))).outcome == "history"
    assert (await cad.tells(cad.fms(4, unit="nobody"))).outcome == "quarantined"
    assert (await cad.tells(cad.fms("x"))).outcome == "quarantined"
    for secret, off in ((ANOTHER, 0), (None, -900), (None, 400)):
        with suppress(ConcordError):
            await cad.tells(cad.fms(4), secret=secret, at=clock.now() + timedelta(seconds=off))
    with suppress(ConcordError):
        await cad.tells(cad.fms(3), id_="second")
    await cad.does(PauseInboxSource, cad.id, role="admin")
    with suppress(ConcordError):
        await cad.tells(cad.fms(4))
    told = await report(cad)
    assert codes(told) == {
        "told_late": 2, "unknown_unit": 1, "unknown_code": 1, "wrongly_signed": 1, "clock_off": 2, "id_used_again": 1,
        "not_at_work": 1, "out_of_order": 1, "repeated": 2,
    }  # fmt: skip
    assert [each.weight for each in told.findings] == sorted(each.weight for each in told.findings)
    assert next(each.weight for each in told.findings if each.code == "wrongly_signed") == "note", (
        "anybody can send that"
    )
    assert (told.received, told.duplicates, told.out_of_order, told.held, told.still_held) == (5, 2, 1, 2, 2)
    assert (told.wrongly_signed, told.outside_window, told.id_used_again, told.not_at_work) == (1, 2, 1, 1)
    assert (told.skew_s_p50, told.skew_s_worst) == (0.0, 900.0)
    assert {each.code for each in told.held_because} == {"inbox_unknown_unit", "inbox_unknown_code"}
    elsewhere = await report(cad, space="integration")
    assert (elsewhere.received, elsewhere.wrongly_signed) == (0, 0)


async def test_a_mission_that_nothing_was_told_of_is_missed(cad, sent, walk, report, clock):
    """The system tells of three pumps in four, and nobody notices until the fourth is looked for."""
    silent, told_of = await sent("luik-pump-1", "luik-pump-2")
    for mission in (silent, told_of):
        await walk(mission, "mobilising")
    assert codes(await report(cad)) == {"nothing_came": 1}
    clock.move(minutes=1)
    await cad.tells(cad.fms(3, unit="4712"))
    await walk(silent, "in_transit")
    told = await report(cad)
    assert (told.missions, told.untold, codes(told)) == (2, 1, {"untold": 1})


async def test_who_signs_nothing_right_is_at_fault(cad, report):
    """The first hour of an integrator with the wrong secret."""
    with suppress(ConcordError):
        await cad.tells(cad.fms(4), secret=ANOTHER)
    told = await report(cad)
    assert [(each.code, each.weight) for each in told.findings] == [("wrongly_signed", "fault")]
    assert told.conforms is False


async def test_missions_before_there_was_a_source_or_whose_messages_are_gone_are_not_missed(
    door, world, sent, walk, report, clock
):
    """A system that was connected this morning is not to blame for last night."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit")
    clock.move(minutes=1)
    cad = await Cad.of(door, world)
    told = await report(cad)
    assert (told.missions, told.untold) == (0, 0)
    (later,) = await sent("luik-pump-2")
    await walk(later, "mobilising", "in_transit")
    clock.move(minutes=1)
    told = await report(cad)
    assert (told.missions, told.untold) == (1, 1)
    told = await report(cad, kept=0)
    assert (told.missions, told.untold) == (0, 0)


async def test_missions_where_it_does_not_act_are_not_asked_of_it(door, world, sent, walk, report):
    """A system on trial would be blamed for every real ambulance that it is not to know of."""
    trying = await Cad.of(door, world, space_kinds=["integration"])
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit")
    told = await report(trying)
    assert (told.missions, told.untold, codes(told)) == (0, 0, {"nothing_came": 1})


async def test_all_as_it_should_be(cad, sent, report, clock):
    """Who has done everything right is told so."""
    await sent("luik-pump-1")
    clock.move(minutes=1)
    await cad.tells(cad.fms(3))
    told = await report(cad)
    assert (told.conforms, told.findings, told.outcomes) == (True, (), {"applied": 1})


async def test_who_has_no_secret_fills_nothing(cad, conn, clock):
    """A stranger who sends rubbish all night leaves a row a minute, and none for a source that is not there."""
    for id_ in (cad.id, UUID(int=7)):
        for _ in range(5):
            cad.id = id_
            with suppress(ConcordError):
                await cad.tells(cad.fms(3), secret=ANOTHER)
    rows = await conn.fetch("SELECT why, count FROM inbox_refusal")
    assert [(row["why"], row["count"]) for row in rows] == [("signature", 5)]
