"""Mappings: what they may hold, what they read, and what they never guess."""

from __future__ import annotations

import contextlib
import copy
import json
from datetime import UTC, datetime

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.domain.inbox.held import HeldBack
from app.domain.inbox.mapping import Mapping, schema, shipped
from app.domain.inbox.meaning import Advance, Call, Nothing, SetStatus, Stands, of_status
from app.domain.inbox.paths import KEPT, Path, find
from app.domain.inbox.reading import read
from app.domain.lifecycle import machine
from app.settings import protocols_path

PATH = TypeAdapter(Path)
FMS = shipped()["fms-de"]
FILES = sorted((protocols_path() / "dispatch").glob("*.json"))
SCHEMA = protocols_path() / "wire" / "inbox" / "1" / "mapping.schema.json"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
KNOWN = ["at", "time", "kind", "unit", "status", "issi", "position", "lon", "lat", "number", "title", "hazard", "severity", "mission_id",
         "state", "soort", "eenheid", "message", "statut", "vehicule", "horodatage", "intervention", "tijdstip"]  # fmt: skip
VALUES = JSON | st.sampled_from(
    ["2026-07-14T12:00:00Z", "unit_status", "incident", "status", "3", "P1", 1784030400, 3, 5.7, 1e308]
)
MESSAGES = st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=8), VALUES, max_size=10) | JSON


def held_back(does):
    """Why what is done is held back; None where it is not."""
    try:
        does()
    except HeldBack as held:
        return held.because
    return None


def test_the_schema_is_what_is_checked():
    """An integrator validates against the file and is refused by the service: a day lost on each side."""
    assert json.loads(SCHEMA.read_text("utf-8")) == json.loads(json.dumps(schema()))
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_shipped_fits_the_schema_and_says_where_it_is_from(file):
    """A table of codes without a source is a rumour; a fictional one that does not say so is worse."""
    content = json.loads(file.read_text("utf-8"))
    jsonschema.validate(content, schema())
    mapping = Mapping.model_validate(content)
    assert mapping.sources
    assert mapping.fictional == ("example" in file.stem) == ("fictional" in mapping.title)
    assert mapping.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=False)["schema"] == 1


@pytest.mark.parametrize(
    ("key", "stands", "does"),
    [
        ("1", "released", Advance("returning")), ("2", "returning", Advance("returned")), ("3", "mobilising", Advance("in_transit")),
        ("4", "in_transit", Advance("on_scene")), ("5", "on_scene", Call("speech")), ("0", "on_scene", Call("urgent")),
        ("7", "on_scene", Advance("transporting")), ("8", "transporting", Advance("at_destination")),
        ("1", "on_scene", "inbox_not_now"), ("2", "in_transit", "inbox_not_now"), ("6", "on_scene", "inbox_unit_on_mission"),
        ("6", None, SetStatus("out_of_service", "other")), ("3", None, SetStatus("out_of_service", "own_incident")),
        ("2", None, Nothing("RTW 1 is available already.")),
    ],
)  # fmt: skip
def test_the_german_table(key, stands, does):
    """1 free by radio, 2 home, 3 on the way, 4 there, 5 and 0 calls, 6 out of service, 7 transporting, 8 at the hospital."""
    meaning = FMS.meaning("ambulance.als", key)
    unit = Stands("RTW 1", "available" if stands is None else "committed", None, stands)
    if isinstance(does, str):
        with pytest.raises(HeldBack) as held:
            of_status(meaning, unit)
        assert held.value.because["code"] == does
    else:
        assert of_status(meaning, unit) == does


@pytest.mark.parametrize("reason", ["maintenance", "crew", "damage"])
def test_what_a_person_took_out_of_service_no_radio_puts_back(reason):
    """An engine in the workshop whose driver presses 2 is still in the workshop."""
    assert isinstance(
        of_status(FMS.meaning("engine.pumper", "2"), Stands("HLF 1", "out_of_service", reason, None)), Nothing
    )


def test_a_promised_unit_that_drives_waits_for_a_person_and_one_that_breaks_down_is_out():
    """Whether a reserved unit drives to the neighbour or to a fire at home, no key says: its offer could not be committed after a wrong guess."""
    unit = Stands("HLF 1", "reserved", None, None)
    with pytest.raises(HeldBack) as held:
        of_status(FMS.meaning("engine.pumper", "3"), unit)
    assert held.value.because == {"code": "unit_promised", "figures": {"unit": "HLF 1"}}
    assert of_status(FMS.meaning("engine.pumper", "6"), unit) == SetStatus("out_of_service", "other")


@pytest.mark.parametrize("state", machine("mission").states)
@pytest.mark.parametrize("key", sorted(FMS.unit_status.tables[0].statuses))
def test_every_key_in_every_state_means_something_or_is_held_back(key, state):
    """A pair that nobody thought of, at night, ends the worker that reads all other messages."""
    unit = Stands("RTW 1", "committed", None, state)
    why = held_back(lambda: of_status(FMS.meaning("ambulance.als", key), unit))
    assert why is None or why["figures"]["mission_status"] == state


@pytest.mark.parametrize(
    "path", ["length(a)", "a || `3`", "`3`", "[a, b]", "{x: a}", "a[]", "a.*", "to_number(a)", "sort_by(a, &b)", "a ||", "", "a" * 201, "&a", "a[1:2]", "!a", "a == 'x'", "a[0] == `1`", "a && !b", "(a == `1`) || b"]
)  # fmt: skip
def test_a_path_only_walks_and_picks(path):
    """A value to fall back on is a guess; a function is code of whoever writes the mapping, run on our processor."""
    with pytest.raises(ValidationError):
        PATH.validate_python(path)


def test_what_was_in_use_before_stays_in_use():
    """A rule that came later must not silence a control room overnight."""
    content = copy.deepcopy(json.loads(FILES[0].read_text("utf-8"))) | {"unit": {"path": "a == 'x' && b"}}
    with pytest.raises(ValidationError):
        Mapping.model_validate(content)
    assert Mapping.model_validate(content, context={KEPT: True}).unit.path == "a == 'x' && b"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", 1),
        ("a.c[1]", "y"),
        ("f[?n == 'status'].v | [0]", 4),
        ("x || a.b", 1),
        ("a.none", None),
        ("'@type'", None),
    ],
)
def test_a_path_finds_one_value(path, found):
    """What stands in a list of fields by name is what half of all dispatch systems send."""
    body = {"a": {"b": 1, "c": ["x", "y"]}, "f": [{"n": "status", "v": 4}]}
    if path.startswith("'"):
        with pytest.raises(ValidationError):
            PATH.validate_python(path)
    else:
        assert find(PATH.validate_python(path), body) == found


@given(text=st.text(max_size=40) | st.text(alphabet="ab.[]?*|&`'\"@(){},:<>=!0 -", max_size=30))
def test_any_text_is_a_path_or_is_refused(text):
    """An error of the library in place of a refusal would be a 500 to the admin who slipped on a key."""
    try:
        path = PATH.validate_python(text)
    except ValidationError:
        return
    with contextlib.suppress(HeldBack):
        find(path, {"a": {"b": [1, {"a": "b"}]}, "b": "a"})


@settings(max_examples=300)
@given(name=st.sampled_from(sorted(shipped())), message=MESSAGES)
def test_whatever_comes_is_read_or_held_back(name, message):
    """One message that nobody foresaw must not stop the next."""
    why = held_back(lambda: json.dumps(read(shipped()[name], message).shown()))
    assert why is None or json.dumps(why).startswith('{"code": "inbox_')


@pytest.mark.parametrize(
    ("written", "value", "at"),
    [
        ("rfc3339", "2026-07-14T14:00:00+02:00", True), ("rfc3339", "2026-07-14T14:00:00", False), ("rfc3339", 1784030400, False),
        ("epoch_s", 1784030400, True), ("epoch_s", "1784030400", True), ("epoch_s", 1784030400000, False), ("epoch_ms", 1784030400000, True),
        ("epoch_s", True, False), ("epoch_s", "nan", False), ("epoch_s", 1e400, False),
    ],
)  # fmt: skip
def test_a_time_says_its_offset_or_is_held_back(written, value, at):
    """The hour that comes twice in October would make a status history, or the future."""
    content = copy.deepcopy(json.loads(FILES[0].read_text("utf-8"))) | {"at": {"path": "t", "written": written}}
    content |= {"kind": {"always": ["unit_status"]}, "unit": {"path": "u"}}
    content["unit_status"]["path"] = "s"
    mapping = Mapping.model_validate(content)
    body = {"t": value, "u": "1", "s": "A1"}
    if at:
        assert read(mapping, body).at == datetime(2026, 7, 14, 12, tzinfo=UTC)
    else:
        with pytest.raises(HeldBack):
            read(mapping, body)
