"""Whom to ring for a signature: representatives, their deputies, who is on duty."""

from __future__ import annotations

import asyncio

import pytest

from app.commands.representatives import NameRepresentative, RemoveRepresentative, SetDuty
from app.commands.users import AddUser
from app.domain.errors import Conflict, Duplicate, Malformed, NotFound, RoleMissing
from app.queries.representatives import representatives
from app.store.engine import reading

ADMIN = ("maas", "admin")


@pytest.fixture
async def deputy(do, world):
    """A second user of Maastricht who may bind it."""
    body = {"login": "deputy@maas", "display_name": "A deputy", "roles": ["authorised_representative"]}
    return (await do(AddUser.model_validate(body), who=ADMIN)).id


@pytest.fixture
def name(do, world):
    """Names a user a representative of Maastricht."""

    async def names(user, *, of=None, who=ADMIN):
        return await do(NameRepresentative(user_id=user, deputy_of_id=of), world.members["maas"], who=who)

    return names


async def test_a_principal_and_a_deputy(do, door, world, name, deputy, assert_fold):
    """At three in the morning the control room rings the one on duty, and then the one who stands in."""
    principal = await name(world.users["maas", "authorised_representative"])
    second = await name(deputy, of=principal.id)
    await do(SetDuty(on_duty=True), principal.id, who=("maas", "authorised_representative"))
    await do(SetDuty(on_duty=True), second.id, who=("maas", "dispatcher"))
    off = await do(SetDuty(on_duty=False), principal.id, who=("maas", "dispatcher"))
    assert off.subject["on_duty"] is False
    async with reading(door.engine) as conn:
        own = await representatives(conn, "live", world.members["maas"], viewer=world.members["maas"])
        theirs = await representatives(conn, "live", world.members["maas"], viewer=world.members["luik"])
    assert [(row.display_name, row.on_duty, row.may_bind) for row in own] == [
        ("authorised representative of maas", False, True),
        ("A deputy", True, True),
    ]
    assert own[1].deputy_of_id == own[0].id
    assert [row.display_name for row in theirs] == [None, None]
    await assert_fold()


async def test_who_may_not_bind_is_nobody_to_ring(world, name):
    """A list of representatives that names somebody without the right ends a phone call at the wrong desk."""
    with pytest.raises(Conflict):
        await name(world.users["maas", "dispatcher"])
    with pytest.raises(NotFound):
        await name(world.users["luik", "authorised_representative"])


async def test_a_deputy_stands_in_for_a_principal(do, world, name, deputy):
    """A chain of deputies ends with nobody who answers."""
    principal = await name(world.users["maas", "authorised_representative"])
    with pytest.raises(NotFound):
        await name(deputy, of=deputy)
    second = await name(deputy, of=principal.id)
    with pytest.raises(Duplicate):
        await name(deputy)
    third = {"login": "third@maas", "display_name": "A third", "roles": ["authorised_representative"]}
    another = (await do(AddUser.model_validate(third), who=ADMIN)).id
    with pytest.raises(Malformed):
        await name(another, of=second.id)
    with pytest.raises(Conflict, match="Deputies"):
        await do(RemoveRepresentative(), principal.id, who=ADMIN)
    await do(RemoveRepresentative(), second.id, who=ADMIN)
    await do(RemoveRepresentative(), principal.id, who=ADMIN)


async def test_two_admins_name_the_same_at_once(world, name, assert_fold):
    """One of them is told; the list holds the user once."""
    user = world.users["maas", "authorised_representative"]
    results = await asyncio.gather(name(user), name(user), return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["Duplicate", "Receipt"]
    await assert_fold()


async def test_nobody_else(do, world, name, deputy):
    """A neighbour who decides whom we ring decides who binds us."""
    user = world.users["maas", "authorised_representative"]
    for who in (("luik", "admin"), ("maas", "dispatcher")):
        with pytest.raises(RoleMissing):
            await name(user, who=who)
    row = await name(user)
    for who in (("luik", "dispatcher"), ("maas", "viewer")):
        with pytest.raises(RoleMissing):
            await do(SetDuty(on_duty=True), row.id, who=who)
    with pytest.raises(RoleMissing):
        await do(RemoveRepresentative(), row.id, who=("luik", "admin"))
