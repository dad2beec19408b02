"""The corridor is defined once, by whoever runs the deployment, and never cut off from what stands in it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from app.commands.corridor import DefineCorridor
from app.commands.execute import Door
from app.domain.authority import SYSTEM
from app.domain.clock import SystemClock
from app.domain.errors import Conflict, OutsideCorridor, RoleMissing, UnknownCode
from app.settings import Settings
from app.store.engine import create_engine
from tests.world import box, everywhere


def definition(**other):
    body = {
        "code": "test-corridor",
        "names": everywhere("Test corridor"),
        "area": box(5.1, 50.3, 6.6, 51.3),
        "languages": ["en", "de", "fr", "nl"],
        "currency": "EUR",
    }
    return DefineCorridor.model_validate(body | other)


async def test_defining_again_replaces(door, assert_fold):
    """Whoever widens the area keeps one corridor: its id, and everything that stands in it."""
    receipt = await door.execute(definition(), actor=SYSTEM, space="live")
    assert receipt.revision == 2
    assert receipt.subject["area"] == box(5.1, 50.3, 6.6, 51.3)
    await assert_fold()


async def test_nobody_is_left_outside(door):
    """Cutting the area would leave members whose places the service then refuses."""
    with pytest.raises(OutsideCorridor, match="member"):
        await door.execute(definition(area=box(5.1, 50.3, 5.9, 51.3)), actor=SYSTEM, space="live")


async def test_only_the_deployment_defines_it(door, world):
    """An admin of one member would redraw the map for all."""
    with pytest.raises(RoleMissing):
        await door.execute(definition(), actor=world.actor("maas", "admin"), space="live")


async def test_only_in_the_live_space(door):
    """A journal of another space would tell a corridor that the live one doesn't know."""
    with pytest.raises(Conflict, match="live"):
        await door.execute(definition(), actor=SYSTEM, space="integration")


async def test_languages_are_known(door):
    """A language without any name on screen would show codes."""
    with pytest.raises(UnknownCode, match="'xx'"):
        await door.execute(definition(languages=["en", "xx"]), actor=SYSTEM, space="live")


async def test_two_at_once_make_one(empty_database):
    """Two operators who load at the same moment would otherwise stop at a database error."""
    engine = create_engine(empty_database, pool_size=4)
    door = Door(engine, Settings(), SystemClock())
    receipts = await asyncio.gather(*(door.execute(definition(), actor=SYSTEM, space="live") for _ in range(4)))
    async with engine.connect() as connection:
        count = (await connection.execute(text("SELECT count(*) FROM corridor"))).scalar()
    await engine.dispose()
    assert count == 1
    assert len({receipt.id for receipt in receipts}) == 1
