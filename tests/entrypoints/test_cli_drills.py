"""`concord drill check`, as the author of a scenario uses it."""

from __future__ import annotations

from pathlib import Path

import yaml
from typer.testing import CliRunner

from app.cli import app
from app.cli.terminal import Refusal

SCENARIOS = Path(__file__).parents[2] / "simulations" / "scenarios"


def check(*args):
    return CliRunner().invoke(app, ["drill", "check", *map(str, args)])


def injects(name):
    return len(yaml.safe_load((SCENARIOS / f"{name}.yaml").read_text("utf-8"))["injects"])


def test_what_comes_along_can_be_played():
    """By name, as someone who has only the wheel asks, and by file."""
    said = check("meuse-flood", SCENARIOS / "bus-crash.yaml")
    assert said.exit_code == 0
    flood, crash = (f"{injects('meuse-flood')} injects", f"{injects('bus-crash')} injects")
    assert said.stdout.splitlines() == [
        f"meuse-flood: Flood on both banks of the Meuse can be played: {flood}, 5 objectives, 02:00:00, or 120 seconds at speed 60.",
        f"bus-crash: Coach crash at the Lichtenbusch crossing can be played: {crash}, 5 objectives, 01:00:00, or 120 seconds at speed 30.",
    ]


def test_every_fault_of_every_file_is_told_with_its_place(tmp_path):
    """In the form of compilers, so that an editor jumps there; and the exit status stops a pipeline."""
    text = (SCENARIOS / "meuse-flood.yaml").read_text("utf-8")
    one, two = tmp_path / "meuse-flood.yaml", tmp_path / "broken.yaml"
    one.write_text(text.replace("boat.rescue", "boat.rescu"), "utf-8")
    two.write_text("id: [", "utf-8")
    said = check(one, "bus-crash", two)
    assert said.exit_code == 1
    lines = said.stdout.splitlines()
    first = next(n for n, line in enumerate(text.splitlines(), 1) if "boat.rescue" in line)
    assert lines[0].startswith(f"{one}:{first}:")
    assert lines[0].endswith("'boat.rescu' is no resource type here; meant: 'boat.rescue'?")
    assert sum(line.startswith(f"{one}:") for line in lines) == 3
    assert lines[-1].startswith(f"{two}:")
    assert "is not YAML" in lines[-1]
    assert "2 of 3 can't be played" in said.stderr


def test_the_corridor_is_the_one_that_is_named(tmp_path):
    """A wrong name in the file is a fault of its line; a wrong option is told at once."""
    text = (SCENARIOS / "meuse-flood.yaml").read_text("utf-8")
    file = tmp_path / "meuse-flood.yaml"
    file.write_text(text.replace("corridor: meuse-rhine", "corridor: meuse-rhin"), "utf-8")
    said = check(file)
    assert said.exit_code == 1
    assert said.stdout.startswith(f"{file}:5:11: corridor: 'meuse-rhin' is no corridor here; meant: 'meuse-rhine'?")
    assert check("meuse-flood", "--corridor", "meuse-rhine").exit_code == 0
    for args in (["meuse-flood", "--corridor", "nowhere"], ["nowhere"]):
        said = check(*args)
        assert isinstance(said.exception, Refusal)
        assert "nowhere" in str(said.exception)
    (tmp_path / "corridor.yaml").write_text("code: x", "utf-8")
    said = check("meuse-flood", "--corridor", tmp_path)
    assert isinstance(said.exception, Refusal)
    assert said.exception.status == 1


def papers(*args):
    return CliRunner().invoke(app, ["drill", "papers", *map(str, args)])


def test_the_handbooks_of_a_scenario(tmp_path):
    """Without a server, for whoever prepares a drill at home: two files a language, in a folder that is made."""
    folder = tmp_path / "new" / "papers"
    said = papers("meuse-flood", "--lang", "nl", "--out", folder)
    assert said.exit_code == 0, said.output
    names = {"meuse-flood-player-handbook-nl.pdf", "meuse-flood-controller-handbook-nl.pdf"}
    assert {Path(line).name for line in said.stdout.split()} == {file.name for file in folder.iterdir()} == names
    assert all(file.read_bytes().startswith(b"%PDF-") for file in folder.iterdir())


def test_papers_that_cannot_be_made(tmp_path):
    """Each with what to do about it."""
    broken = tmp_path / "meuse-flood.yaml"
    broken.write_text((SCENARIOS / "meuse-flood.yaml").read_text("utf-8").replace("boat.rescue", "boat.rescu"), "utf-8")
    taken = tmp_path / "taken"
    taken.write_text("", "utf-8")
    for args, told in [
        (("meuse-flood", "--lang", "es", "--out", tmp_path), "one of en, de, fr, nl"),
        (("nowhere", "--out", tmp_path), "no scenario that comes with Concord"),
        ((broken, "--out", tmp_path), "concord drill check"),
        (("meuse-flood", "--lang", "en", "--out", taken), "Choose another folder"),
    ]:
        said = papers(*args)
        assert isinstance(said.exception, Refusal), said.output
        assert told in str(said.exception)
