"""The scenarios that come along: playable, complete in four languages, and together an example of everything.

``python -m tests.domain.drills.test_shipped`` writes the JSON Schema anew.
"""

from __future__ import annotations

import ast
import json
from collections import Counter

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from app.domain.drills.events import EVENTS, asked
from app.domain.drills.model import Scenario
from app.domain.drills.scenario import load_scenario
from app.domain.drills.schedule import holds_for
from app.domain.drills.shapes import Texts, Where
from app.domain.lifecycle import MACHINES, machine
from app.domain.protocol_data import LANGUAGES
from app.settings import protocols_path
from tests.domain.drills.making import ROOT, SCENARIOS, real_ground, shipped

SCHEMA = protocols_path() / "wire" / "drill" / "scenario.schema.json"
NAMES = [file.stem for file in SCENARIOS]
WANTED = {
    "meuse-flood": "flood", "vesdre-flash-flood": "flash_flood", "hautes-fagnes-wildfire": "wildfire",
    "chlorine-train": "chemical_release", "bus-crash": "mass_casualty", "power-loss": "power_failure",
    "meuse-low-water": "chemical_release", "dike-evacuation": "flood",
}  # fmt: skip


def schema():
    """The JSON Schema as the shapes say it."""
    made = Scenario.model_json_schema(by_alias=True)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of a drill",
        "description": "A file of simulations/scenarios. What no schema can tell, `concord drill check` tells.",
    }
    return head | {key: value for key, value in made.items() if key not in head}


def written():
    return json.dumps(schema(), indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def test_the_schema_is_that_of_the_shapes():
    """An editor that checks a script by the schema, and the service that plays it, have to agree."""
    assert SCHEMA.read_text("utf-8") == written(), "python -m tests.domain.drills.test_shipped"
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", NAMES)
def test_each_fits_the_schema(name):
    """Both judges, one verdict."""
    data = yaml.safe_load((ROOT / "simulations" / "scenarios" / f"{name}.yaml").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema()).validate(data)
    del data["injects"][1]["text"]
    assert not jsonschema.Draft202012Validator(schema()).is_valid(data)


def test_they_are_there():
    """A city that tries drills begins with one of these."""
    assert {name: shipped(name).hazard for name in NAMES} == WANTED


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_played(name):
    """8 to 15 injects, 3 to 5 objectives, three countries, two minutes at smoke speed; every code and language is checked."""
    scenario = shipped(name)
    ground = real_ground()
    assert 8 <= len(scenario.injects) <= 15
    assert 3 <= len(scenario.objectives) <= 5
    assert {ground.members[player.member] for player in scenario.players} == {"NL", "BE", "DE"}
    assert 100 <= scenario.duration / scenario.smoke_speed <= 120
    assert not holds_for(scenario, [player.member for player in scenario.players], ground.members)
    assert any(inject.expect and inject.expect.event for inject in scenario.injects)


def walk(thing):
    yield thing
    if isinstance(thing, BaseModel) and not isinstance(thing, Texts):
        for name in type(thing).model_fields:
            yield from walk(getattr(thing, name))
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from walk(value)
    elif isinstance(thing, tuple):
        for value in thing:
            yield from walk(value)


@pytest.mark.parametrize("name", NAMES)
def test_each_text_is_written_in_four_languages(name):
    """Nobody's language is a copy of another's: that is how a forgotten translation looks."""
    copies = Counter()
    for thing in walk(shipped(name)):
        if isinstance(thing, Texts):
            assert set(thing.root) == set(LANGUAGES)
            assert all(text == text.strip() and text for text in thing.root.values())
            if len(thing.root["en"].split()) > 3:
                copies.update(len(set(thing.root.values())) < 4 for _ in [0])
    assert not copies[True]


def recorded():
    """The types of entries that commands record: written out in their source, or made of a machine's states."""
    found = set()
    for module in (ROOT / "app" / "commands").glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    for name in MACHINES:
        found |= {f"{name}.{state}" for state in machine(name).states}
    return found


def test_every_event_that_a_scenario_may_name_is_recorded():
    """A measure over an event that never comes says 'not assessed' for ever, and nobody knows why."""
    known = recorded() | {"request.reopened"}
    assert known >= EVENTS, sorted(EVENTS - known)
    source = (ROOT / "app" / "commands" / "mission_steps.py").read_text("utf-8")
    assert "'reopened' if request.status == 'open'" in source  # the one that is put together


@pytest.mark.parametrize("name", NAMES)
def test_the_events_of_each_exist(name):
    """The same, said of those that come along."""
    named = {thing.event for thing in walk(shipped(name)) if getattr(thing, "event", None)}
    assert named
    assert named <= EVENTS


def used():
    """Everything of the model that they use together, as (shape, field) and (shape, field, value of a closed list)."""
    found = set()
    for name in NAMES:
        for thing in walk(shipped(name)):
            if not isinstance(thing, BaseModel) or isinstance(thing, Texts):
                continue
            for field in thing.model_fields_set:
                value = getattr(thing, field)
                found.add((type(thing).__name__, field))
            for shape, field in LISTS:  # what is meant where nothing is said is used, too
                if type(thing).__name__ == shape and isinstance(value := getattr(thing, field), str):
                    found.add((shape, field, value))
    return found


def said_lists():
    """Each closed list of the model: its shape, its field and its values."""
    for shape, said in (schema()["$defs"] | {"Scenario": schema()}).items():
        for field, about in said.get("properties", {}).items():
            for each in (about, *about.get("anyOf", ())):
                if "enum" in each:
                    yield shape, field, each["enum"]


LISTS = [(shape, field) for shape, field, _ in said_lists()]


def test_every_feature_of_the_model_is_used_by_one():
    """A feature without an example is one that nobody finds, and that nobody has tried."""
    definitions = schema()["$defs"] | {"Scenario": schema()}
    aliases = {"from": {"Inject": "sender", "Measure": "start"}, "to": {"Measure": "end"}, "for": {"Objective": "of"}}
    features = {(shape, field, value) for shape, field, values in said_lists() for value in values}
    for shape, said in definitions.items():
        for field in said.get("properties", ()):
            features.add((shape, aliases.get(field, {}).get(shape, field)))
    missing = features - used()
    assert not missing, sorted(missing)
    filters = {
        name for n in NAMES for thing in walk(shipped(n)) if isinstance(thing, Where) for name, _ in asked(thing)
    }
    assert filters == set(Where.model_fields)


def test_what_they_share_is_written_alike():
    """The words that stop a drill are the same whichever drill it is."""
    assert len({str(shipped(name).stop_words.root) for name in NAMES}) == 1
    assert load_scenario(SCENARIOS[0], real_ground()) == shipped(SCENARIOS[0].stem)


if __name__ == "__main__":
    SCHEMA.parent.mkdir(parents=True, exist_ok=True)
    SCHEMA.write_text(written(), "utf-8")
