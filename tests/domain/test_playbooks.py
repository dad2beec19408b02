"""Protocols as data: every code is known, no two are for one incident, and a member's overlay is applied, told and reviewed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from app.domain.errors import Conflict, MissingField, ProtocolDataError, UnknownCode
from app.domain.playbook_overlays import Operations, effective, written
from app.domain.playbooks import fitting, playbook, playbooks, playbooks_of
from app.domain.resource_types import type_codes
from app.domain.vocabulary import codes
from app.settings import protocols_path

OPERATIONS = TypeAdapter(Operations)
WHY = "We have three islands."
TEXT = (protocols_path() / "response" / "river_flood.yaml").read_text("utf-8")


def said(*operations):
    """Operations as they come in."""
    return OPERATIONS.validate_python([{"why": WHY} | each for each in operations])


def stored(*operations, of="river_flood"):
    """Operations as they are stored."""
    return written(playbook(of), said(*operations))


def newer(**changes):
    """The river flood as a later version says it."""
    return playbook("river_flood").model_copy(update={"version": 2} | changes)


def test_every_code_is_known():
    """A package that nobody can ask for would be found in the night in which it is needed."""
    assert len(playbooks()) >= 7
    for each in playbooks().values():
        assert each.hazard in codes("hazards")
        assert {line.type_code for line in each.package} <= type_codes()
        assert {line.priority for line in each.package} <= codes("priorities")
        assert set(each.notify) <= codes("authority_kinds")
        assert set(each.rendezvous) <= codes("rendezvous_kinds")
        assert [item.due_min for item in each.checklist] == sorted(item.due_min for item in each.checklist)
        assert any(item.code == "ask_standard_package" for item in each.checklist) or each.severity.most < 3


def test_the_hazards_that_are_asked_about_have_one_at_their_worst():
    """A catastrophe without a protocol is the case that it was written for."""
    for hazard in (
        "flood",
        "flash_flood",
        "wildfire",
        "chemical_release",
        "mass_casualty",
        "structural_fire",
        "power_failure",
    ):
        assert fitting(hazard, 5) is not None, hazard
    assert fitting("flood", 2) != fitting("flood", 3)
    assert fitting("other", 5) is None


@pytest.mark.parametrize(
    ("was", "becomes", "key"),
    [
        ("type_code: boat.rescue", "type_code: boat.sunken", "package.1"),
        ("type_code: boat.rescue", "type_code: pump.high_capacity", "package.1"),
        ("priority: life_safety", "priority: urgent", "package.1.priority"),
        ("notify: [region,", "notify: [king,", "notify.0"),
        ("rendezvous: [staging_area,", "rendezvous: [pub,", "rendezvous.0"),
        ("hazard: flood", "hazard: boredom", "hazard"),
        ("code: read_gauges", "code: warn_people", "checklist.3.code"),
        ("from: 3, to: 5", "from: 5, to: 3", "severity"),
        ("code: river_flood\n", "code: another\n", "code"),
        ("  nl: Rivieroverstroming\n", "", "names"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(was, becomes, key):
    """Whoever deploys has to find it in eighty lines."""
    assert was in TEXT
    with pytest.raises(ProtocolDataError) as refused:
        playbooks_of([(Path("river_flood.yaml"), TEXT.replace(was, becomes, 1))])
    assert refused.value.extra["file"] == "river_flood.yaml"
    assert refused.value.extra["key"] == key


@pytest.mark.parametrize(
    ("was", "becomes", "key"),
    [
        ("nothing", "nothing", "severity"),
        ("from: 3, to: 5", "from: 1, to: 2", "checklist.0.texts"),
    ],
)
def test_two_files_must_not_contradict_each_other(was, becomes, key):
    """Which of two protocols applies must not depend on the order of files; one word must not mean two things."""
    other = (
        TEXT.replace("code: river_flood\n", "code: zzz\n")
        .replace("en: 'Name who", "en: 'Call who")
        .replace(was, becomes)
    )
    assert "Call who" in other
    with pytest.raises(ProtocolDataError) as refused:
        playbooks_of([(Path("river_flood.yaml"), TEXT), (Path("zzz.yaml"), other)])
    assert (refused.value.extra["file"], refused.value.extra["key"]) == ("zzz.yaml", key)


def test_each_operation_changes_its_part_and_tells_the_difference():
    """The member's own is shown beside the shared one, and why."""
    own = effective(
        playbook("river_flood"),
        stored(
            {"op": "change_quantity", "type_code": "boat.rescue", "quantity": 6},
            {"op": "add_line", "type_code": "drone.team", "quantity": 1, "priority": "property", "within_min": 60},
            {"op": "remove_line", "type_code": "filler.sandbags"},
            {"op": "add_item", "code": "ring_weirs", "due_min": 12, "texts": {"nl": "Stuwen bellen"}},
            {"op": "change_item", "code": "check_dikes", "due_min": 5},
            {"op": "remove_item", "code": "plan_relief"},
            {"op": "set_radio_plan", "texts": {"nl": "Kanaal 5"}},
            {"op": "add_rendezvous_kind", "kind": "reception_departure_centre"},
            {"op": "remove_rendezvous_kind", "kind": "guide_post"},
        ),
    )
    lines = {line.type_code: line.quantity for line in own.playbook.package}
    assert lines == {
        "pump.high_capacity": 2,
        "boat.rescue": 6,
        "team.flood_rescue": 2,
        "person.liaison": 1,
        "drone.team": 1,
    }
    items = [item.code for item in own.playbook.checklist]
    assert items[:3] == ["check_dikes", "name_incident_commander", "ring_weirs"]
    assert "plan_relief" not in items
    assert own.playbook.radio_plan == {"nl": "Kanaal 5"}
    assert own.playbook.rendezvous == ("staging_area", "reception_departure_centre")
    assert own.to_review == ()
    first, *_, last = own.differences
    assert (first.base, first.own, first.why) == (4, 6, WHY)
    assert (last.base, last.own) == ("guide_post", None)
    assert playbook("river_flood").package[1].quantity == 4, "the shared one stays as it is"


def test_what_no_longer_fits_a_newer_version_is_told_and_the_rest_applies():
    """The shared one has learned; what was said against its old word may be wrong now, and must not win in silence."""
    base = playbook("river_flood")
    operations = stored(
        {"op": "change_quantity", "type_code": "boat.rescue", "quantity": 6},
        {"op": "remove_line", "type_code": "filler.sandbags"},
        {"op": "change_item", "code": "check_dikes", "due_min": 5},
        {"op": "add_rendezvous_kind", "kind": "reception_departure_centre"},
    )
    boats = base.package[1].model_copy(update={"quantity": 8})
    later = newer(
        package=(base.package[0], boats, *base.package[2:]),
        rendezvous=(*base.rendezvous, "reception_departure_centre"),
    )
    own = effective(later, operations)
    assert [(each.key, each.base) for each in own.to_review] == [
        ("boat.rescue", 8),
        ("reception_departure_centre", "reception_departure_centre"),
    ]
    lines = {line.type_code: line.quantity for line in own.playbook.package}
    assert lines["boat.rescue"] == 8
    assert "filler.sandbags" not in lines
    assert own.playbook.checklist[0].code == "check_dikes"
    assert own.playbook.version == 2


def test_what_is_to_be_reviewed_stays_so_until_somebody_says_that_it_is():
    """Another change on the same page would put six boats back in force, and nobody has looked."""
    base = playbook("river_flood")
    six = {"op": "change_quantity", "type_code": "boat.rescue", "quantity": 6}
    more = {"op": "remove_line", "type_code": "filler.sandbags"}
    before = stored(six)
    boats = base.package[1].model_copy(update={"quantity": 8})
    later = newer(package=(base.package[0], boats, *base.package[2:]))
    kept = written(later, said(six, more), before)
    assert [(each.key, each.fits) for each in effective(later, kept).differences] == [
        ("boat.rescue", False),
        ("filler.sandbags", True),
    ]
    reviewed = effective(later, written(later, said(six, more)))
    assert reviewed.to_review == ()
    assert reviewed.playbook.package[1].quantity == 6


def test_what_a_newer_version_leaves_out_is_to_be_reviewed():
    """More of a thing that nobody asks for any more."""
    base = playbook("river_flood")
    operations = stored({"op": "change_quantity", "type_code": "boat.rescue", "quantity": 6})
    own = effective(newer(package=(base.package[0],)), operations)
    assert [(each.key, each.base, each.fits) for each in own.differences] == [("boat.rescue", None, False)]
    assert len(own.playbook.package) == 1


@pytest.mark.parametrize(
    ("operation", "refusal", "pointer"),
    [
        ({"op": "change_quantity", "type_code": "ambulance.als", "quantity": 2}, Conflict, "/operations/0"),
        ({"op": "remove_item", "code": "triage_begins"}, Conflict, "/operations/0"),
        ({"op": "add_rendezvous_kind", "kind": "guide_post"}, Conflict, "/operations/0"),
        ({"op": "add_line", "type_code": "boat.rescue", "quantity": 1, "priority": "property", "within_min": 5}, Conflict, "/operations/0"),
        ({"op": "remove_line", "type_code": "boat.sunken"}, UnknownCode, "/operations/0/type_code"),
        ({"op": "add_rendezvous_kind", "kind": "pub"}, UnknownCode, "/operations/0/kind"),
        ({"op": "set_radio_plan", "texts": {"xx": "?"}}, UnknownCode, "/operations/0/texts/xx"),
        ({"op": "change_item", "code": "check_dikes"}, MissingField, "/operations/0/due_min"),
    ],
)  # fmt: skip
def test_an_operation_that_the_shared_one_does_not_bear_is_refused(operation, refusal, pointer):
    """It would stand there, and change nothing."""
    with pytest.raises(refusal) as refused:
        stored(operation)
    assert refused.value.errors[0].pointer == pointer


def test_one_part_is_said_once():
    """Six boats and three boats: which?"""
    with pytest.raises(Conflict):
        stored(
            {"op": "change_quantity", "type_code": "boat.rescue", "quantity": 6},
            {"op": "remove_line", "type_code": "boat.rescue"},
        )
