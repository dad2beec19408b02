"""Crossings: on the map by the deployment, their state by those whose roads they join."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.commands.crossings import AddCrossing, SetCrossingState
from app.commands.due import run_due
from app.domain.authority import SYSTEM
from app.domain.errors import Duplicate, Malformed, NotFound, OutOfRange, OutsideCorridor, RoleMissing
from app.domain.ids import new_id
from app.queries.crossings import crossing as crossing_query
from app.store.engine import reading
from tests.world import everywhere


@pytest.fixture
def kelmis(world):
    def body(**other):
        said = {
            "code": "kelmis",
            "names": everywhere("Kelmis"),
            "lon": 6.02,
            "lat": 50.74,
            "roads": ["N3", "L 23"],
            "member_a_id": world.members["luik"],
            "member_b_id": world.members["aken"],
            "capacity_vph": 400,
            "max_weight_t": 12.5,
        }
        return AddCrossing.model_validate(said | other)

    return body


async def test_a_crossing_is_added(door, kelmis, assert_fold):
    """Its limits decide which lorry is sent over it."""
    receipt = await door.execute(kelmis(), actor=SYSTEM, space="live")
    assert receipt.subject["max_weight_t"] == 12.5
    assert receipt.subject["control"] == "none"
    await assert_fold()


async def test_no_border_within_one_country(door, world, kelmis):
    """A crossing between two members of one country would be chosen where no border is."""
    with pytest.raises(Malformed, match="no border"):
        await door.execute(kelmis(member_b_id=world.members["hasselt"]), actor=SYSTEM, space="live")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code": "vaals"}, Duplicate),
        ({"lat": 52.0}, OutsideCorridor),
        ({"closed_until": "2026-07-15T00:00:00Z"}, Malformed),
        ({"member_a_id": "0197a1b2-0000-7000-8000-000000000000"}, NotFound),
    ],
)
async def test_what_does_not_fit_is_refused(door, kelmis, changed, error):
    """A crossing that stands somewhere else, or twice, would mislead every convoy."""
    with pytest.raises(error):
        await door.execute(kelmis(**changed), actor=SYSTEM, space="live")


@pytest.mark.parametrize("member", ["maas", "aken"])
async def test_either_side_says_how_it_is(door, world, member, assert_fold):
    """The control stands on one side of the border, and the queue on the other."""
    receipt = await door.execute(
        SetCrossingState(control="checks", delay_min=25),
        actor=world.actor(member, "dispatcher"),
        space="live",
        target=world.crossings["vaals"],
    )
    assert (receipt.subject["control"], receipt.subject["delay_min"]) == ("checks", 25)
    await assert_fold()


@pytest.mark.parametrize(("member", "role"), [("luik", "dispatcher"), ("maas", "viewer")])
async def test_nobody_else_does(door, world, member, role):
    """Hearsay from afar would redirect convoys."""
    with pytest.raises(RoleMissing):
        await door.execute(
            SetCrossingState(control="closed"),
            actor=world.actor(member, role),
            space="live",
            target=world.crossings["vaals"],
        )


async def test_closed_until_goes_with_closed(door, world, clock, assert_fold):
    """A crossing that was opened would otherwise still be shown as closed until tomorrow."""
    actor, vaals = world.actor("maas", "dispatcher"), world.crossings["vaals"]

    async def say(**state):
        command = SetCrossingState.model_validate(state)
        return (await door.execute(command, actor=actor, space="live", target=vaals)).subject

    tomorrow = clock.now() + timedelta(days=1)
    assert (await say(control="closed", closed_until=tomorrow))["closed_until"] is not None
    assert (await say(delay_min=40))["closed_until"] is not None
    assert (await say(closed_until=None))["closed_until"] is None
    await say(closed_until=tomorrow)
    opened = await say(control="none", delay_min=0)
    assert (opened["control"], opened["closed_until"]) == ("none", None)
    with pytest.raises(Malformed, match="goes with control 'closed'"):
        await say(closed_until=tomorrow)
    with pytest.raises(OutOfRange, match="is over"):
        await say(control="closed", closed_until=clock.now())
    await assert_fold()


@pytest.fixture
def say(door, world):
    """Says how it is at a crossing, as a dispatcher of Maastricht."""

    async def says(code, **state):
        command = SetCrossingState.model_validate(state)
        actor = world.actor("maas", "dispatcher")
        return await door.execute(command, actor=actor, space="live", target=world.crossings[code])

    return says


async def test_it_opens_by_itself_as_it_was(door, engine, world, clock, say, assert_fold):
    """Nobody remembers at four in the morning to open on the map what was closed until four."""
    await say("vaals", control="closed", closed_until=clock.now() + timedelta(hours=1))
    await say("vaals", closed_until=clock.now() + timedelta(hours=2))
    clock.move(hours=1)
    assert await run_due(door) == 1
    assert (await crossing_of(engine, world, "vaals")).control == "closed"
    clock.move(hours=1)
    assert await run_due(door) == 1
    found = await crossing_of(engine, world, "vaals")
    assert (found.control, found.closed_until, found.delay_min) == ("checks", None, 10)
    await assert_fold()


async def test_it_does_not_open_once_somebody_has_seen_to_it(door, engine, world, clock, say):
    """What people said later counts: opened by hand, or closed for good."""
    await say("vaals", control="closed", closed_until=clock.now() + timedelta(hours=1))
    await say("vaals", closed_until=None)
    clock.move(hours=2)
    await run_due(door)
    assert (await crossing_of(engine, world, "vaals")).control == "closed"


async def test_limits_are_said_and_taken_away(say, assert_fold):
    """A bridge that was hit by a tree carries less until it has been looked at."""
    lowered = (await say("eijsden", max_weight_t=7.5, capacity_vph=120)).subject
    assert (lowered["max_weight_t"], lowered["capacity_vph"], lowered["control"]) == (7.5, 120, "none")
    lifted = (await say("eijsden", max_weight_t=None, capacity_vph=None)).subject
    assert (lifted["max_weight_t"], lifted["capacity_vph"]) == (None, 120)
    await assert_fold()


async def crossing_of(engine, world, code):
    async with reading(engine) as conn:
        return await crossing_query(conn, "live", world.crossings[code])


async def test_one_that_is_not_there(door, world):
    """A wrong id is said to be wrong."""
    with pytest.raises(NotFound):
        await door.execute(
            SetCrossingState(delay_min=1), actor=world.actor("maas", "dispatcher"), space="live", target=new_id()
        )
