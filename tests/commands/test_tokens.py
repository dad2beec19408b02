"""Tokens: shown once, narrowed by scopes, revoked at once."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest

from app.commands.tokens import AddToken, RevokeToken
from app.commands.users import AddUser, DeactivateUser
from app.domain.authority import SYSTEM
from app.domain.errors import Conflict, Malformed, MissingField, NotFound, RoleMissing, ScopeMissing, UnknownCode


def token(**other):
    return AddToken.model_validate({"label": "dispatch system", "scopes": ["read", "write"]} | other)


async def made(door, actor, *, target=None, key=None, **other):
    return await door.execute(token(**other), actor=actor, space="live", target=target, key=key)


async def test_text_of_a_token_is_shown_once_and_kept_nowhere(door, world, pg, assert_fold):
    """Whoever reads the database, or repeats a message, would hold everybody's tokens."""
    viewer = world.actor("maas", "viewer")
    first = await made(door, viewer, key="k")
    again = await made(door, viewer, key="k")
    text = first.once["token"]
    assert text.startswith("concord_")
    assert len(text) >= 8 + 43
    assert again.once is None
    assert again.model_dump(exclude={"once"}) == first.model_dump(exclude={"once"})
    conn = await pg()
    assert (
        await conn.fetchval("SELECT token_hash FROM api_token WHERE id = $1", first.id)
        == hashlib.sha256(text.encode()).digest()
    )
    for told in await conn.fetch("SELECT payload FROM journal_entry WHERE subject_id = $1", first.id):
        assert text not in told["payload"]
        assert "dispatch system" not in told["payload"]
    assert text not in await conn.fetchval("SELECT receipt::text FROM idempotency")
    await assert_fold()


async def test_token_is_for_oneself_or_by_an_admin(door, world):
    """Anybody could act in a colleague's name."""
    viewer, dispatcher, admin = (world.actor("maas", role) for role in ("viewer", "dispatcher", "admin"))
    assert (await made(door, viewer)).subject["user_id"] == str(viewer.id)
    assert (await made(door, admin, target=viewer.id)).subject["user_id"] == str(viewer.id)
    with pytest.raises(RoleMissing):
        await made(door, dispatcher, target=viewer.id)
    with pytest.raises(NotFound):
        await made(door, world.actor("luik", "admin"), user_id=viewer.id)
    with pytest.raises(Malformed):
        await made(door, admin, target=viewer.id, user_id=dispatcher.id)
    with pytest.raises(MissingField):
        await made(door, SYSTEM)


async def test_scopes_are_known(door, world):
    """A token with a misspelt scope would fail on the night it is needed."""
    with pytest.raises(UnknownCode) as refusal:
        await made(door, world.actor("maas", "admin"), scopes=["read", "make_ofer"])
    assert refusal.value.errors[0].pointer == "/scopes/1"
    receipt = await made(door, world.actor("maas", "admin"), scopes=["make_offer", "read", "read"])
    assert receipt.subject["scopes"] == ["make_offer", "read"]


async def test_narrow_token_makes_no_wider_one(door, world):
    """A token for one purpose could make itself one for everything."""
    admin = dataclasses.replace(world.actor("maas", "admin"), scopes=frozenset({"add_token", "read"}))
    assert await made(door, admin, scopes=["read"])
    with pytest.raises(ScopeMissing):
        await made(door, admin, scopes=["read", "write"])
    assert await made(door, dataclasses.replace(admin, scopes=frozenset({"write"})), scopes=["read", "write"])


async def test_no_token_for_who_is_gone(door, world):
    """A deactivated user would come back by another way."""
    admin = world.actor("maas", "admin")
    gone = world.users["maas", "viewer"]
    await door.execute(DeactivateUser(), actor=admin, space="live", target=gone)
    with pytest.raises(Conflict):
        await made(door, admin, target=gone)


async def test_revoked_by_its_user_or_an_admin_and_only_once(door, world, assert_fold):
    """A token that was lost could not be stopped; or anybody could stop a city's dispatch system."""
    viewer, admin = world.actor("maas", "viewer"), world.actor("maas", "admin")
    one, other = await made(door, viewer), await made(door, viewer)
    for stranger, error in ((world.actor("maas", "dispatcher"), RoleMissing), (world.actor("luik", "admin"), NotFound)):
        with pytest.raises(error):
            await door.execute(RevokeToken(), actor=stranger, space="live", target=one.id)
    for actor, receipt in ((viewer, one), (admin, other)):
        revoked = await door.execute(RevokeToken(), actor=actor, space="live", target=receipt.id)
        assert revoked.subject["revoked_at"] is not None
        assert revoked.revision == 2
    with pytest.raises(Conflict):
        await door.execute(RevokeToken(), actor=viewer, space="live", target=one.id)
    with pytest.raises(NotFound):
        await door.execute(RevokeToken(), actor=viewer, space="live", target=viewer.id)
    await assert_fold()


async def test_service_account_has_tokens(door, world):
    """A dispatch system could not be let in at all."""
    admin = world.actor("maas", "admin")
    service = AddUser(login="cad.maas", display_name="CAD", roles=["dispatcher"], kind="service")
    user = await door.execute(service, actor=admin, space="live")
    assert (await made(door, admin, target=user.id, days=1)).once
