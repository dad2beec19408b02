"""Import, export and templates by the command line, as somebody who sets up a city uses them."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from app.cli import app as concord
from app.interop.drill_marks import mark_csv, mark_geojson
from app.interop.sheet_writing import template


@pytest.fixture
def run(database, monkeypatch):
    """Runs the command line on the test's database."""
    monkeypatch.setenv("CONCORD_DATABASE_URL", database)

    def runs(*args):
        return CliRunner().invoke(concord, [str(each) for each in args])

    return runs


MAAS = ("--member", "maas")


def test_from_a_template_to_a_round_trip(run, tmp_path):
    """A template, filled in, tried, imported, exported and imported again."""
    file, out = tmp_path / "depots.csv", tmp_path / "out.geojson"
    assert run("template", "depots", "--semicolon").stdout.lstrip("\ufeff").startswith("code;name;")
    file.write_text("code;name;lon;lat\nnoord;Kazerne Noord;5,69;50,87\n", encoding="utf-8")
    tried = run("import", "depots", file, *MAAS, "--decimal-comma", "--dry-run")
    assert tried.stdout.splitlines() == ["line 2: add noord", "Would add 1, change 0, leave 0 as they are."], (
        tried.stderr
    )
    done = run("import", "depots", file, *MAAS, "--decimal-comma")
    assert done.stdout == "Added 1, changed 0, left 0 as they were.\n", done.stderr
    assert run("export", "depots", *MAAS, "--format", "geojson", "-o", out).exit_code == 0
    assert run("import", "depots", out, *MAAS).stdout == "Added 0, changed 0, left 2 as they were.\n"
    changed = tmp_path / "more.csv"
    changed.write_text("code,name\nnoord,Noord\n")
    assert "line 2: change noord: name" in run("import", "depots", changed, *MAAS, "--dry-run").stdout


def test_every_bad_row_is_named(run, tmp_path):
    """One line for each thing wrong, on standard error; nothing is changed, and a script sees it by the status."""
    bad = tmp_path / "bad.csv"
    bad.write_text('code,name,lon,lat\na,A,1,2\nB,B,x,2\nc,C,"5,69",50.8\n', encoding="utf-8")
    told = run("import", "depots", bad, *MAAS)
    assert (told.exit_code, told.stdout) == (1, "")
    assert [line.partition(":")[0] for line in told.stderr.splitlines()] == [
        "line 2, lon", "line 3, code", "line 3, lon", "line 4, lon", "Nothing was changed",
    ]  # fmt: skip
    assert "--decimal-comma" in told.stderr
    assert run("export", "depots", *MAAS).stdout.count("\n") == 2


def test_what_can_not_be_told_is_asked_for(run, tmp_path):
    """A format that was guessed would be told as a hundred bad rows."""
    named = tmp_path / "depots.list"
    named.write_text("code,name,lon,lat\nnoord,Noord,5.69,50.87\n")
    refused = run("import", "depots", named, *MAAS)
    assert "--format" in str(refused.exception)
    assert "Added 1" in run("import", "depots", named, *MAAS, "--format", "csv").stdout
    assert "atlantis" in str(run("import", "depots", named, "--member", "atlantis", "--format", "csv").exception)
    assert run("import", "ships", named, *MAAS).exit_code == 2
    assert run("import", "depots", tmp_path, *MAAS).exit_code == 2


def test_old_windows_files(run, tmp_path):
    """A dispatch system of twenty years ago writes Windows-1252, and says so nowhere."""
    file = tmp_path / "contacts.csv"
    file.write_bytes("code;function;phone\nsued;Leitstelle Süd;+49 00 000 0101\n".encode("cp1252"))
    assert re.search(r"line 2 is no UTF-8.*cp1252", str(run("import", "contacts", file, *MAAS).exception))
    assert "Added 1" in run("import", "contacts", file, *MAAS, "--encoding", "cp1252").stdout
    assert "Leitstelle Süd,,'+49 00 000 0101" in run("export", "contacts", *MAAS).stdout


@pytest.mark.parametrize("suffix", ["csv", "geojson"])
def test_the_file_of_a_drill_is_not_taken_into_live(run, tmp_path, suffix):
    """Pumps that a script invented would be offered to a neighbour in a flood."""
    file = tmp_path / f"EXERCISE-depots.{suffix}"
    plain = template("depots", suffix)
    file.write_bytes(mark_csv(plain, ["en", "nl"]) if suffix == "csv" else mark_geojson(plain, ["en", "nl"]))
    told = run("import", "depots", file, *MAAS)
    assert (told.exit_code, told.stdout) == (1, "")
    assert "is a drill's" in str(told.exception)
