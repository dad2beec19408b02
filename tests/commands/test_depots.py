"""Depots are their owner's; what stands at home moves with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.commands.depots import AddDepot, ChangeDepot, RemoveDepot
from app.commands.external_ids import AddExternalId
from app.commands.resources import AddResource, ChangeResource
from app.domain.authority import SYSTEM
from app.domain.clock import stamp
from app.domain.errors import Conflict, Duplicate, MissingField, NotFound, OutsideCorridor, RoleMissing


def north(**other):
    return AddDepot.model_validate({"code": "north", "name": "Noord", "lon": 5.69, "lat": 50.9} | other)


@pytest.mark.parametrize("role", ["dispatcher", "admin"])
async def test_the_owner_adds_one(door, world, role, assert_fold):
    """Whoever acts for a member need not name it."""
    receipt = await door.execute(north(), actor=world.actor("maas", role), space="live")
    assert receipt.subject["member_id"] == str(world.members["maas"])
    await assert_fold()


async def test_nobody_adds_one_for_another(door, world):
    """Things entered under a neighbour's name would be asked of the neighbour."""
    with pytest.raises(RoleMissing):
        await door.execute(
            north(member_id=world.members["luik"]), actor=world.actor("maas", "dispatcher"), space="live"
        )
    with pytest.raises(RoleMissing):
        await door.execute(north(), actor=world.actor("maas", "viewer"), space="live")


async def test_what_does_not_fit_is_refused(door, world):
    """A code stands for one place of a member, and that place is in the corridor."""
    actor = world.actor("maas", "dispatcher")
    with pytest.raises(Duplicate):
        await door.execute(north(code="main"), actor=actor, space="live")
    with pytest.raises(OutsideCorridor):
        await door.execute(north(lon=50.9, lat=5.69), actor=actor, space="live")
    with pytest.raises(MissingField):
        await door.execute(north(), actor=SYSTEM, space="live")


async def test_what_stands_there_moves_with_it(door, world, clock, assert_fold):
    """Units at home would otherwise be counted from where the depot once was; those elsewhere stay where they are."""
    actor, depot = world.actor("luik", "dispatcher"), world.depots["luik"]
    other = await door.execute(north(code="other", lon=5.6, lat=50.6), actor=actor, space="live")
    away = world.resources["luik-pump-1"]
    await door.execute(ChangeResource(depot_id=other.id), actor=actor, space="live", target=away)
    clock.move(minutes=5)
    moved = await door.execute(ChangeDepot(lon=5.58, lat=50.64), actor=actor, space="live", target=depot)
    units = moved.rows["resource"]
    assert len(units) == 5
    assert {(unit["lon"], unit["lat"], unit["position_at"]) for unit in units} == {(5.58, 50.64, stamp(clock.now()))}
    assert str(away) not in {unit["id"] for unit in units}
    await assert_fold()


async def test_only_what_is_sent_changes(door, world, assert_fold):
    """A corrected name leaves place and address alone; null takes the address away."""
    actor, depot = world.actor("maas", "dispatcher"), world.depots["maas"]
    named = await door.execute(
        ChangeDepot(name="Randwyck", address="Maastricht"), actor=actor, space="live", target=depot
    )
    assert "resource" not in named.rows
    bare = await door.execute(
        ChangeDepot.model_validate({"address": None, "name": None}), actor=actor, space="live", target=depot
    )
    assert (bare.subject["name"], bare.subject["address"]) == ("Randwyck", None)
    await assert_fold()


async def test_moving_is_for_the_owner_and_stays_in_the_corridor(door, world):
    """A depot that moves out of the corridor takes its units with it."""
    depot = world.depots["maas"]
    with pytest.raises(OutsideCorridor):
        await door.execute(ChangeDepot(lat=52.5), actor=world.actor("maas", "dispatcher"), space="live", target=depot)
    with pytest.raises(RoleMissing):
        await door.execute(ChangeDepot(lat=50.9), actor=world.actor("luik", "dispatcher"), space="live", target=depot)


async def test_a_day_old_act_is_told_with_its_time(door, world, clock):
    """Positions say since when they hold."""
    occurred = clock.now() - timedelta(hours=3)
    command = AddResource.model_validate(
        {
            "depot_id": world.depots["maas"],
            "type_code": "engine.pumper",
            "call_sign": "late",
            "mobilisation_min": 1,
            "occurred_at": occurred,
        }
    )
    receipt = await door.execute(command, actor=world.actor("maas", "dispatcher"), space="live")
    assert receipt.subject["position_at"] == stamp(occurred)


async def test_one_entered_by_mistake_is_removed_and_no_other(door, world, assert_fold):
    """A typing error would stand on the map for good; but a depot that units call home, or a dispatch system asks for, must stay."""

    async def does(command, target=None, role="dispatcher", member="maas"):
        return await door.execute(command, actor=world.actor(member, role), space="live", target=target)

    made = await does(north())
    with pytest.raises(RoleMissing):
        await does(RemoveDepot(), made.id, member="luik")
    await does(RemoveDepot(), made.id, "admin")
    with pytest.raises(NotFound):
        await does(ChangeDepot(name="Gone"), made.id)
    with pytest.raises(Conflict):
        await does(RemoveDepot(), world.depots["maas"])
    again = await does(north())
    await does(AddExternalId(kind="depot", subject_id=again.id, source="cad", code="N1"))
    with pytest.raises(Conflict):
        await does(RemoveDepot(), again.id)
    await assert_fold()
