"""A storm, short: many clients at once over HTTP, and everything holds afterwards. The long one is ``concord bench storm``."""

from __future__ import annotations

import orjson
import pytest

from simulations.bench import storm

pytestmark = pytest.mark.slow


def test_a_short_storm_breaks_nothing(capfd):
    """A cap, a reserve or a line would be broken by two cities at once, or the chain by nobody: in the night of all nights."""
    status = storm.run(storm.Plan(seconds=5, clients=6, seed=3), as_json=True)
    told = capfd.readouterr()
    assert status == 0, told.err
    figures = {line["case"]: line["value"] for line in map(orjson.loads, told.out.splitlines())}
    assert figures["commands"] > 0
    assert figures["seq reached"] > figures["commands"]
    assert {"commands/s", "p50 ms", "p95 ms", "refused", "retries", "deadlocks"} <= figures.keys()
