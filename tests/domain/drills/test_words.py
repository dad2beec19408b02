"""Every code of a drill that people see has a name in every language."""

from __future__ import annotations

from typing import get_args

import pytest

from app.domain.authority import authority
from app.domain.drills.clock import State
from app.domain.drills.expectations import Standing
from app.domain.drills.injects import Reason
from app.domain.drills.model import Scenario
from app.domain.drills.rating import Rating
from app.domain.protocol_data import LANGUAGES
from app.domain.vocabulary import codes, vocabulary

DEFINITIONS = Scenario.model_json_schema()["$defs"]


def of(shape, field):
    said = Scenario.model_json_schema() if shape == "Scenario" else DEFINITIONS[shape]
    return set(said["properties"][field]["enum"])


GROUPS = {
    "drill_types": of("Scenario", "type"),
    "drill_notices": of("Notice", "kind"),
    "drill_inject_kinds": of("Inject", "kind"),
    "drill_means": of("Inject", "means"),
    "drill_channels": of("Channel", "means") | of("CommunicationsContent", "channel"),
    "drill_sensors": of("SensorContent", "quantity"),
    "drill_metrics": of("Measure", "metric"),
    "drill_clock_states": set(get_args(State)),
    "drill_reasons": {*get_args(Reason), "hand"},
    "drill_standings": set(get_args(Standing)),
    "drill_ratings": set(get_args(Rating)),
}


@pytest.mark.parametrize("group", GROUPS)
def test_the_words_are_those_of_the_code(group):
    """A code without a name is what a controller would read on the events list."""
    assert codes(group) == GROUPS[group]
    for word in vocabulary()[group].values():
        assert set(word["names"]) == set(LANGUAGES)


def test_no_group_is_left_over_and_roles_are_those_of_users():
    """A role in a script that nobody can hold would be a chair that stays empty."""
    assert {group for group in vocabulary() if group.startswith("drill_")} == set(GROUPS)
    assert of("Role", "role") <= set(authority().roles)
