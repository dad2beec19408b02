"""The benches of the feed, with few clients: that they measure all sides and say so. How fast it was is never asserted."""

from __future__ import annotations

import shutil

import orjson
import pytest

from simulations import bench
from simulations.bench import console, drill, fanout, memory
from simulations.bench.measure import Effort, Report

A_LITTLE = Effort(rounds=1, seconds=0.2)

pytestmark = pytest.mark.slow


def lines(capfd):
    return [orjson.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_fanout(monkeypatch, capfd):
    """A side that lost its clients, or was never told, would look quick."""
    monkeypatch.setattr(fanout, "SIZES", (5, 20))
    monkeypatch.setattr(fanout, "WITH_GOAL", 20)
    assert bench.run(["fanout"], as_json=True, effort=A_LITTLE) == 0
    told = lines(capfd)
    assert [line["case"] for line in told] == ["n=5"] * 4 + ["n=20"] * 4
    assert {line["against"] for line in told} == set(fanout.BARE.values())
    assert all(line["value"] > 0 and line["against_value"] > 0 for line in told)
    goals = [line["goal"] for line in told if line["case"] == "n=20"]
    assert sorted(goals, key=str) == ["<= 0.25", "<= 1.2", None, None]
    assert all(line["goal"] is None for line in told if line["case"] == "n=5")


def test_drill(monkeypatch, capfd):
    """An inject that comes to some members alone, or twice, would make a good figure."""
    monkeypatch.setattr(drill, "MEMBERS", 4)
    monkeypatch.setattr(drill, "INJECTS", 3)
    monkeypatch.setattr(drill, "EVERY_S", 1)
    assert bench.run(["drill"], as_json=True, effort=A_LITTLE) == 0
    told = {line["case"]: line for line in lines(capfd)}
    late = [told[f"due → delivered, {share}"]["value"] for share in ("p50", "p95", "p99", "max")]
    assert late[0] > 0
    assert late == sorted(late)
    assert told["due → delivered, p99"]["goal"] == "<= 1"
    once = told["delivered once"]
    assert once["value"] == once["against_value"] > 0
    twice = [("inject_0", 1.0), ("inject_0", 1.1)]
    with pytest.raises(RuntimeError, match="inject_0"):
        drill._tell({"inject_0": 1.0}, twice, 1, Report(as_json=True))


def test_memory(monkeypatch, capfd):
    """What a release adds to each open screen is seen nowhere else."""
    monkeypatch.setattr(memory, "CLIENTS", 300)
    monkeypatch.setattr(memory, "WARM", 50)
    monkeypatch.setattr(memory, "RESOURCES", 1000)
    assert bench.run(["memory"], as_json=True, effort=A_LITTLE) == 0
    idle, process = lines(capfd)
    assert (idle["unit"], idle["against"], idle["goal"]) == ("B", "picows", "<= 1.3")
    assert process["unit"] == "MiB"
    assert process["value"] > 10


def test_console(monkeypatch, capfd):
    """A screen that takes twice as long to show that lives are at stake is noticed by nobody until it matters."""
    if next(filter(None, map(shutil.which, console.BROWSERS)), None) is None:
        pytest.skip("there is no Chromium here")
    monkeypatch.setattr(console, "REQUESTS", 20)
    assert bench.run(["console"], as_json=True, effort=A_LITTLE) == 0
    told = lines(capfd)
    assert [line["case"].rpartition(": ")[2] for line in told] == [
        "snapshot heard → painted",
        "page opened → painted",
        *(
            f"{what}, {share}"
            for what in ("change recorded → painted", "change heard → painted", "from frame to frame")
            for share in ("p50", "p95")
        ),
    ]
    assert all(line["value"] > 0 and line["unit"] == "ms" and line["goal"] is None for line in told)
