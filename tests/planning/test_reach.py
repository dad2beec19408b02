"""What can be at a place within a time: whom a border, a weight or the minutes leave out."""

from __future__ import annotations

import pytest

from app.planning.eta import driving_min
from app.planning.reach import Spot, within
from tests.planning.test_candidates import AKEN, EIJSDEN, LUIK, MAAS, NOON, gate, unit

SPOT = Spot("NL", 5.7, 50.78, NOON)


def names(units, gates=(EIJSDEN,), *, minutes=60):
    return [each.unit.call_sign for each in within(units, gates, SPOT, minutes)]


def test_the_first_to_arrive_stands_first():
    found = within([unit(LUIK, "far"), unit(MAAS, "near")], [EIJSDEN], SPOT, 120)
    assert [each.unit.call_sign for each in found] == ["near", "far"]
    near, far = found
    assert (near.gates, near.delay_min) == ((), 0)
    assert far.gates == (EIJSDEN,)
    assert far.eta_min == round(10 + driving_min(far.km))


def test_the_minutes_count_from_the_order():
    """A unit two kilometres away that takes an hour to turn out is not there in half an hour."""
    slow = unit(MAAS, "slow", mobilisation_min=60)
    (told,) = within([slow], [], SPOT, 24 * 60)
    assert names([slow], minutes=told.eta_min) == ["slow"]
    assert names([slow], minutes=told.eta_min - 1) == []


def test_nobody_comes_over_a_closed_border():
    closed = gate("eijsden", "NL BE", control="closed")
    assert names([unit(LUIK), unit(MAAS, "own")], [closed]) == ["own"]
    assert names([unit(AKEN)], [EIJSDEN]) == []


def test_a_unit_too_heavy_for_every_bridge_is_not_promised():
    bridge = gate("eijsden", "NL BE", max_weight_t=20)
    assert names([unit(LUIK, "heavy", weight_t=32), unit(LUIK, "light", weight_t=12)], [bridge]) == ["light"]


@pytest.mark.parametrize("delay", [0, 25])
def test_the_wait_at_the_border_counts(delay):
    (told,) = within([unit(LUIK)], [gate("eijsden", "NL BE", delay_min=delay)], SPOT, 24 * 60)
    assert told.delay_min == delay
    assert told.eta_min == round(10 + driving_min(told.km) + delay)
