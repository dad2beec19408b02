"""Virtual players: the same seed is the same drill, whoever asks and in whatever order."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.drills.model import Delay
from app.domain.drills.virtual import Answer, Asked, VirtualPlayer, chance, delay_s, virtual_players
from tests.domain.drills.making import shipped, small

PUMP = "pump.high_capacity"


def player(seed=7, member="nl-heerlen", **changes):
    policy = small().policies["calm"].model_copy(update=changes)
    return VirtualPlayer(member, policy, seed)


stimuli = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8, unique=True)


@settings(deadline=None)
@given(stimuli, st.randoms())
def test_the_order_of_calls_changes_nothing(names, rng):
    """Three servers share the work: which of them asks first is chance, and the drill is not."""
    asked = [Asked(PUMP, 2, 3)]
    first = {name: (player().answer(name, asked), player().steps(name, ["mobilising", "in_transit"])) for name in names}
    shuffled = list(names)
    rng.shuffle(shuffled)
    again = {
        name: (player().answer(name, asked), player().steps(name, ["mobilising", "in_transit"])) for name in shuffled
    }
    assert first == again


def test_the_same_seed_for_ever():
    """A report of last year can be played again: these figures are not to change with a release."""
    found = player().answer("need_pumps", [Asked(PUMP, 2, 3)])
    assert found == player().answer("need_pumps", [Asked(PUMP, 2, 3)])
    assert chance(1, "a") == pytest.approx(0.66663733, abs=1e-7)
    others = {player(seed).answer("need_pumps", [Asked(PUMP, 2, 3)]) for seed in range(30)}
    assert len(others) > 20
    assert player(member="be-liege").answer("need_pumps", [Asked(PUMP, 2, 3)]) != found
    assert chance(1, "a", "b") != chance(1, "ab")


def test_delays_are_lognormal():
    """Half of them are below the median, and their logarithms spread as the policy says."""
    delay = Delay.model_validate({"median": "00:10:00", "spread": 0.5})
    drawn = [delay_s(delay, 3, "nl-heerlen", f"s{n}", "x") for n in range(4000)]
    assert statistics.median(drawn) == pytest.approx(600, rel=0.03)
    assert statistics.stdev(math.log(each) for each in drawn) == pytest.approx(0.5, rel=0.05)
    assert all(each > 0 for each in drawn)
    assert delay_s(Delay.model_validate({"median": "00:10:00", "spread": 0}), 3, "m", "s", "x") == 600
    assert delay_s(Delay.model_validate({"median": "00:00:00"}), 3, "m", "s", "x") == 0


def test_the_shares_are_those_of_the_policy():
    """A lender that declines three in ten, and takes nine of ten offers."""
    calm = player(accept_share=0.9)
    declined = [calm.answer(f"s{n}", [Asked(PUMP, 1, 9)]).declined is not None for n in range(3000)]
    assert statistics.mean(declined) == pytest.approx(0.3, abs=0.03)
    taken = [calm.accept(f"s{n}", offered=3, lacking=2).quantity for n in range(3000)]
    assert set(taken) == {0, 2}
    assert statistics.mean(each == 2 for each in taken) == pytest.approx(0.9, abs=0.03)


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(0, 6), st.text(min_size=1, max_size=8))
def test_a_reserve_stays_at_home(quantity, available, stimulus):
    """Whatever is asked, what the policy keeps is kept."""
    found = player(decline_share=0.0).answer(stimulus, [Asked(PUMP, quantity, available)])
    assert sum(found.offered) == max(0, min(quantity, available - 1))
    reason = None if any(found.offered) else "reserve" if available else "none_available"
    assert found.declined == reason
    assert found.answer_s >= found.acknowledge_s


def test_two_lines_of_one_type_share_what_is_there():
    """Else a lender would offer the same pump twice."""
    found = player(decline_share=0.0).answer("s", [Asked(PUMP, 2, 4), Asked(PUMP, 4, 4), Asked("boat.rescue", 1, 1)])
    assert found.offered == (2, 1, 1)
    assert player(decline_share=1.0).answer("s", [Asked(PUMP, 2, 4)]) == Answer(
        found.acknowledge_s, found.answer_s, (0,), "own_emergency"
    )


def test_steps_go_on_from_each_other():
    """A unit that arrives before it left would be refused by the mission's machine."""
    states = ["mobilising", "in_transit", "at_rendezvous", "on_scene"]
    found = player().steps("m", states)
    assert [state for state, _ in found] == states
    assert [at for _, at in found] == sorted(at for _, at in found)
    assert player().commit("m") >= 0
    assert player().open("m") != player().commit("m")


def test_who_is_played():
    """`--virtual all` plays for people too, by a policy that the scenario has."""
    scenario = shipped("meuse-flood")
    assert set(virtual_players(scenario)) == {"nl-roermond", "be-maasmechelen", "de-heinsberg"}
    everybody = virtual_players(scenario, everybody=True)
    assert set(everybody) == {each.member for each in scenario.players}
    assert everybody["nl-roermond"].policy == scenario.policies["careful"]
    without = small((", play: virtual, policy: calm}", "}")).model_copy(update={"policies": {}})
    with pytest.raises(ValueError, match="no policy"):
        virtual_players(without, everybody=True)
