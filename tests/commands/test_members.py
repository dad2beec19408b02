"""Members join by the deployment and keep their own particulars."""

from __future__ import annotations

import asyncio

import pytest

from app.commands.members import AddMember, ChangeMember
from app.domain.authority import SYSTEM
from app.domain.errors import Duplicate, OutsideCorridor, RoleMissing, StaleRevision, UnknownCode
from tests.world import HAZARDS, box, everywhere


def eupen(**other):
    body = {
        "code": "eupen",
        "country": "BE",
        "names": everywhere("Eupen"),
        "area": box(5.9, 50.5, 6.0, 50.6),
        "lon": 5.95,
        "lat": 50.55,
        "time_zone": "Europe/Brussels",
        "languages": ["de", "fr"],
        "currency": "EUR",
        "phone": "+32 00 000 0905",
        "jurisdiction": {"hazards": HAZARDS, "kinds": ["planned"]},
        "informed_authorities": [{"name": "Province", "kind": "province"}],
    }
    return AddMember.model_validate(body | other)


async def test_a_member_joins(door, assert_fold):
    """Without its particulars in the receipt, whoever loads a corridor could not go on."""
    receipt = await door.execute(eupen(), actor=SYSTEM, space="live")
    assert receipt.subject["informed_authorities"] == [{"name": "Province", "kind": "province", "contact": None}]
    assert (receipt.subject["lon"], receipt.subject["lat"]) == (5.95, 50.55)
    await assert_fold()


async def test_no_member_lets_another_in(door, world):
    """Who belongs to the corridor is the corridor's own decision."""
    with pytest.raises(RoleMissing):
        await door.execute(eupen(), actor=world.actor("maas", "admin"), space="live")


@pytest.mark.parametrize(
    ("field", "value", "error", "pointer"),
    [
        ("code", "maas", Duplicate, None),
        ("country", "FR", UnknownCode, "/country"),
        ("time_zone", "Europe/Eupen", UnknownCode, "/time_zone"),
        ("languages", ["de", "xx"], UnknownCode, "/languages/1"),
        ("jurisdiction", {"hazards": ["dragon"], "kinds": []}, UnknownCode, "/jurisdiction/hazards/0"),
        ("jurisdiction", {"hazards": [], "kinds": ["someday"]}, UnknownCode, "/jurisdiction/kinds/0"),
        ("informed_authorities", [{"name": "N", "kind": "duke"}], UnknownCode, "/informed_authorities/0/kind"),
        ("area", box(0.0, 50.5, 6.0, 50.6), OutsideCorridor, "/area"),
        ("lon", 15.0, OutsideCorridor, "/lon"),
    ],
)
async def test_what_does_not_fit_is_refused_in_its_place(door, assert_fold, field, value, error, pointer):
    """An operator with fourteen members in a file has to be told which word of which one is wrong."""
    with pytest.raises(error) as refused:
        await door.execute(eupen(**{field: value}), actor=SYSTEM, space="live")
    assert [wrong.pointer for wrong in refused.value.errors] == ([pointer] if pointer else [])
    await assert_fold()


async def test_two_of_one_code_at_once(door):
    """The one who comes second is told so, by the check and not by the database."""
    results = await asyncio.gather(
        *(door.execute(eupen(), actor=SYSTEM, space="live") for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Duplicate", "Duplicate", "Receipt"]


async def test_only_what_is_sent_changes(door, world, assert_fold):
    """An admin who corrects the telephone would otherwise empty the rest."""
    admin, maas = world.actor("maas", "admin"), world.members["maas"]
    before = await door.execute(ChangeMember(), actor=admin, space="live", target=maas)
    changed = ChangeMember.model_validate({"phone": "+31 00 000 0999", "talkgroup": None, "names": None})
    after = await door.execute(changed, actor=admin, space="live", target=maas, revision=before.revision)
    expected = before.subject | {"phone": "+31 00 000 0999", "talkgroup": None, "revision": before.revision + 1}
    assert after.subject == expected
    await assert_fold()


@pytest.mark.parametrize(("member", "role"), [("luik", "admin"), ("maas", "dispatcher")])
async def test_nobody_else_changes_it(door, world, member, role):
    """A neighbour who changes our telephone number sends our calls elsewhere."""
    with pytest.raises(RoleMissing):
        await door.execute(
            ChangeMember(phone="+31 00 000 0999"),
            actor=world.actor(member, role),
            space="live",
            target=world.members["maas"],
        )


async def test_nobody_widens_its_own_jurisdiction(door, world, assert_fold):
    """A city that gives itself the say over chemicals asks for what the corridor never gave it; less is its own affair."""
    admin, maas = world.actor("maas", "admin"), world.members["maas"]
    less = ChangeMember.model_validate({"jurisdiction": {"hazards": ["flood", "storm"], "kinds": ["planned"]}})
    narrowed = await door.execute(less, actor=admin, space="live", target=maas)
    assert narrowed.subject["jurisdiction"] == {"hazards": ["flood", "storm"], "kinds": ["planned"]}
    for wider in ({"hazards": ["flood", "wildfire"], "kinds": []}, {"hazards": [], "kinds": ["planned", "immediate"]}):
        more = ChangeMember.model_validate({"jurisdiction": wider})
        with pytest.raises(RoleMissing) as refused:
            await door.execute(more, actor=admin, space="live", target=maas)
        assert refused.value.extra["side"] == "corridor"
    more = ChangeMember.model_validate({"jurisdiction": {"hazards": HAZARDS, "kinds": ["immediate", "planned"]}})
    await door.execute(more, actor=SYSTEM, space="live", target=maas)
    await assert_fold()


async def test_a_stale_change_is_refused_with_how_it_is(door, world):
    """Two admins of one member don't undo each other's work unseen."""
    admin, maas = world.actor("maas", "admin"), world.members["maas"]
    await door.execute(ChangeMember(phone="+31 00 000 0998"), actor=admin, space="live", target=maas)
    with pytest.raises(StaleRevision) as refused:
        await door.execute(ChangeMember(phone="+31 00 000 0999"), actor=admin, space="live", target=maas, revision=1)
    assert refused.value.extra["current"]["phone"] == "+31 00 000 0998"
