"""What two versions say differently: nothing is missed, and nothing told that is the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.domain.agreement_difference import Change, difference
from app.domain.agreement_terms import Terms

SQUARE = {"type": "Polygon", "coordinates": [[[5, 50], [6, 50], [6, 51], [5, 51], [5, 50]]]}
WIDER = {"type": "Polygon", "coordinates": [[[5, 50], [7, 50], [7, 51], [5, 51], [5, 50]]]}


def said(**terms):
    return {"terms": Terms.model_validate({"kinds": ["planned"]} | terms).model_dump(mode="json")}


def test_each_change_stands_at_its_path():
    """A representative who signs the second version looks for what is new, and finds a wall of text."""
    before = said(
        hazards=["flood", "storm"],
        area=SQUARE,
        caps={"units": [{"type": "pump.high_capacity", "most": 4}, {"type": "boat.rescue", "most": 1}]},
        reserve=[{"type": "pump.high_capacity", "keep": 1}],
        phases={"NL": "grip_1"},
    )
    after = said(
        hazards=["storm", "wildfire"],
        area=WIDER,
        caps={"units": [{"type": "pump.high_capacity", "most": 6}], "longest_deployment_h": 72},
        reserve=[
            {"type": "pump.high_capacity", "keep": 1},
            {"type": "pump.high_capacity", "keep": 2, "hours": {"start": "22:00", "end": "06:00"}},
        ],
        phases={"NL": "grip_2"},
        clauses={"customs": {"status": "settled", "texts": {"en": "Nothing is declared."}}},
    )
    found = {(change.path, change.kind): (change.was, change.now) for change in difference(before, after)}
    assert found.pop(("/terms/area/coordinates", "changed"), None) is None, "an area is one thing"
    assert found.pop(("/terms/area", "changed"))[1]["coordinates"][0][1] == [7.0, 50.0]
    night = found.pop(("/terms/reserve/pump.high_capacity#2", "added"))[1]
    assert (night["keep"], night["hours"]["start"]) == (2, "22:00")
    customs = found.pop(("/terms/clauses/customs", "added"))[1]
    assert customs["status"] == "settled"
    assert found == {
        ("/terms/caps/longest_deployment_h", "added"): (None, 72),
        ("/terms/caps/units/boat.rescue", "removed"): ({"type": "boat.rescue", "most": 1}, None),
        ("/terms/caps/units/pump.high_capacity/most", "changed"): (4, 6),
        ("/terms/hazards", "added"): (None, "wildfire"),
        ("/terms/hazards", "removed"): ("flood", None),
        ("/terms/phases/NL", "changed"): ("grip_1", "grip_2"),
    }


def test_order_is_no_difference():
    """Two lists of the same codes that were sorted by two secretaries."""
    before = said(hazards=["flood", "storm"], caps={"units": [{"type": "a", "most": 1}, {"type": "b", "most": 2}]})
    after = said(hazards=["storm", "flood"], caps={"units": [{"type": "b", "most": 2}, {"type": "a", "most": 1}]})
    assert difference(before, after) == ()


def test_all_there_are_is_another_thing_than_some():
    """From some hazards to every hazard: nothing is added to a list, the list is gone."""
    (change,) = difference(said(hazards=["flood"]), said(hazards="*"))
    assert change == Change("/terms/hazards", "changed", ["flood"], "*")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.dictionaries(st.sampled_from(["type", "keep", "texts", "x"]), inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(st.sampled_from(["terms", "lenders", "notice_days"]), values)


def _applied(document, changes):
    """Carry out changes of mappings alone; each is at one path."""
    for change in changes:
        *path, last = change.path.split("/")[1:]
        inner = document
        for name in path:
            inner = inner[name]
        if change.kind == "removed":
            inner[last] = None
        else:
            inner[last] = change.now
    return document


def _without_nothing(value):
    """What is null says as little as what is missing."""
    if not isinstance(value, dict):
        return value
    return {name: _without_nothing(inner) for name, inner in value.items() if inner is not None}


@given(documents, documents)
def test_the_difference_leads_from_one_to_the_other(before, after):
    """A difference that leaves something out is signed for something else."""
    changes = difference(before, after)
    assert (changes == ()) is (_without_nothing(before) == _without_nothing(after))
    copied = _copy(before)
    assert _without_nothing(_applied(copied, changes)) == _without_nothing(after)


def _copy(value):
    return {name: _copy(inner) for name, inner in value.items()} if isinstance(value, dict) else value
