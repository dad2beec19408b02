"""Loading a corridor: all of it or, where a file is wrong, nothing; and again without changing anything."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

import simulations
from app.commands.execute import Door
from app.commands.load_corridor import Loaded, load_corridor
from app.domain.clock import SetClock
from app.domain.errors import Conflict, ProtocolDataError
from app.settings import Settings
from app.store.engine import create_engine, reading

DEMO = Path(simulations.__file__).parent / "corridors" / "meuse-rhine"
ALL = Loaded(corridor=1, members=14, crossings=15, rendezvous=8, depots=60, resources=600, formations=10, agreements=8)


@pytest.fixture
async def bare(empty_database):
    """The door of a deployment that serves no corridor yet."""
    engine = create_engine(empty_database, pool_size=4)
    yield Door(engine, Settings(), SetClock(datetime(2026, 7, 14, 12, 0, tzinfo=UTC)))
    await engine.dispose()


@pytest.fixture
def folder(tmp_path):
    """A copy of the demonstration corridor that a test may spoil."""
    return Path(shutil.copytree(DEMO, tmp_path / "corridor"))


def told(_line):
    """Nobody watches."""


async def seq(door):
    async with reading(door.engine) as conn:
        return await conn.fetchval("SELECT seq FROM journal_head WHERE space_id = 'live'")


async def test_the_demonstration_loads_and_loads_again(bare):
    """Whoever starts the demonstration a second time finds it as it was."""
    lines = []
    assert await load_corridor(bare, DEMO, lines.append) == ALL
    assert any("600" in line for line in lines)
    before = await seq(bare)
    again = await load_corridor(bare, DEMO, told)
    assert again == Loaded()
    assert "nothing was changed" in str(again)
    assert await seq(bare) == before
    async with reading(bare.engine) as conn:
        states = await conn.fetch("SELECT status, count(*) AS n FROM agreement GROUP BY 1 ORDER BY 1")
    assert [(row["status"], row["n"]) for row in states] == [("in_force", 7), ("suspended", 1)]


async def test_a_load_that_was_broken_off_is_finished(bare, monkeypatch):
    """A power cut in the middle of setting up doesn't mean starting over, or an agreement that waits for signatures."""
    execute = Door.execute

    async def broken_off_after(commands):
        async def counted(self, command, **said):
            nonlocal commands
            if commands == 0:
                raise ConnectionError
            commands -= 1
            return await execute(self, command, **said)

        with monkeypatch.context() as patch, pytest.raises(ConnectionError):
            patch.setattr(Door, "execute", counted)
            await load_corridor(bare, DEMO, told)

    await broken_off_after(1 + 14 + 15 + 8 + 60 + 100)
    await broken_off_after(500 + 10 + 8 + 3)
    assert await load_corridor(bare, DEMO, told) == Loaded()
    async with reading(bare.engine) as conn:
        assert await conn.fetchval("SELECT count(*) FROM resource") == 610
        assert await conn.fetchval("SELECT count(*) FROM agreement WHERE status = 'in_force'") == 7
        assert await conn.fetchval("SELECT count(*) FROM agreement WHERE status = 'suspended'") == 1


async def test_another_corridor_is_refused(door):
    """One deployment serves one corridor; a second one loaded into it would mix them."""
    with pytest.raises(Conflict, match="test-corridor"):
        await load_corridor(door, DEMO, told)


def spoil(folder, file, change):
    path = folder / file
    content = yaml.safe_load(path.read_text("utf-8"))
    change(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("corridor.yaml", lambda it: it.update(languages=["en", "xx"]), "corridor.yaml: meuse-rhine.languages.1: 'xx'"),
        ("members.yaml", lambda it: it[0].update(phone="112"), "members.yaml: nl-maastricht.phone"),
        ("members.yaml", lambda it: it[0].update(colour="red"), "members.yaml: nl-maastricht.colour"),
        ("members.yaml", lambda it: it[0].pop("centre"), "members.yaml: nl-maastricht.centre: is missing"),
        ("members.yaml", lambda it: it[0].update(centre=[50.8]), "members.yaml: nl-maastricht: is not written"),
        ("members.yaml", lambda it: it[0].update(centre=[50.8, 5.7]), "members.yaml: nl-maastricht: 50.8, 5.7"),
        ("members.yaml", lambda it: it[0].update(country="FR"), "members.yaml: nl-maastricht.country: 'FR'"),
        ("members.yaml", lambda it: it[1].update(code="nl-maastricht"), "members.yaml: nl-maastricht: a second member"),
        ("members.yaml", lambda it: it[2].pop("code"), "members.yaml: entry 3: a mapping with a code"),
        ("crossings.yaml", lambda it: it[0].update(joins=["nl-maastricht", "xx"]), "there is no member 'xx'"),
        ("crossings.yaml", lambda it: it[0].update(joins=["nl-maastricht", "nl-heerlen"]), "no border runs between"),
        ("depots.yaml", lambda it: it[0].update(point=[4.0, 52.0]), "depots.yaml: maastricht: 4.0, 52.0"),
        ("resources.yaml", lambda it: it[0].update(depot="eupen"), "there is no depot 'nl-maastricht/eupen'"),
        ("resources.yaml", lambda it: it[0].update(type="wish"), "maastricht-engine-pumper-1.type_code: 'wish'"),
        ("resources.yaml", lambda it: it[1].update(call_sign=it[0]["call_sign"]), "a second resource"),
        ("agreements.yaml", lambda it: it[0].update(hazards=["dragon"]), "agreements.yaml: meuse-rhine-mutual-aid"),
        ("agreements.yaml", lambda it: it[0].update(expires="soon"), "agreements.yaml: meuse-rhine-mutual-aid"),
        ("agreements.yaml", lambda it: it[0]["lenders"].append("xx"), "lenders: there is no member 'xx'"),
    ],
)
async def test_a_file_that_is_wrong_is_named_and_nothing_is_written(bare, folder, file, change, said):
    """Who sets a corridor up finds the line to correct, and no half corridor."""
    spoil(folder, file, change)
    with pytest.raises(ProtocolDataError) as refused:
        await load_corridor(bare, folder, told)
    assert said in refused.value.detail
    assert str(folder / file) in refused.value.advice
    assert await seq(bare) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such file"),
        (b"- {code: a\n", "line"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"code: a\n", "a list of entries"),
        (b"- {code: a, code: b}\n", "stands twice"),
    ],
)
async def test_what_is_no_list_of_entries(bare, folder, text, said):
    """A file that can't be read is told apart from one that is not there."""
    path = folder / "depots.yaml"
    path.unlink() if text is None else path.write_bytes(text)
    with pytest.raises(ProtocolDataError, match=rf"depots\.yaml: .*{said}"):
        await load_corridor(bare, folder, told)


async def test_a_refusal_at_the_door_names_the_entry(bare, folder):
    """What only the door can see, such as an agreement that has ended, is told by file and entry too."""
    spoil(folder, "agreements.yaml", lambda it: it[0].update(expires=datetime(2025, 1, 1).date()))
    with pytest.raises(ProtocolDataError, match=r"agreements\.yaml: meuse-rhine-mutual-aid\.expires_at"):
        await load_corridor(bare, folder, told)
