"""The words of the corridor as data: `protocols/typing/`.

Resource types are what two sides of a border agree on when they call the same thing by three names; a missing name or a
code that exists nowhere leaves somebody on the telephone without the word they need.
"""

import csv
import re
from pathlib import Path

import pytest

from app.domain.protocol_data import load as read_yaml

ROOT = Path(__file__).parents[2]
TYPING = ROOT / "protocols" / "typing"
EMSI_CLASSES = ROOT.parent / "shared" / "material" / "typing" / "EMSI-RESOURCE.RTYPE.CLASS.csv"

LANGUAGES = {"en", "de", "fr", "nl"}
KINDS = {"team", "vehicle", "equipment", "facility", "supply", "person"}
EU_MODULES = {"HCP", "FRB", "MUSAR", "GFFF", "GFFF-V", "FFFH", "CBRNDET", "ETS", "FC", "WP", "AMP", "FHOS", None}


def load(name):
    return read_yaml(TYPING / name, (TYPING / name).read_text("utf-8"))


TYPES_FILE = load("resource_types.yaml")
TYPES = TYPES_FILE["types"]
VOCABULARY = load("vocabulary.yaml")


def every_names(node, path=""):
    """Yield each `names` mapping of a file with the path where it stands."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "names":
                yield path, value
            else:
                yield from every_names(value, f"{path}/{key}")
    elif isinstance(node, list):
        for item in node:
            label = item.get("code", "?") if isinstance(item, dict) else "?"
            yield from every_names(item, f"{path}/{label}")


ALL_NAMES = [*every_names(TYPES_FILE, "resource_types"), *every_names(VOCABULARY, "vocabulary")]


@pytest.mark.parametrize(("path", "names"), ALL_NAMES, ids=[path for path, _ in ALL_NAMES])
def test_every_word_has_a_name_in_every_language(path, names):
    """A dispatcher in Liège would read a bare code where the French name is missing."""
    assert set(names) == LANGUAGES
    for name in names.values():
        assert isinstance(name, str)
        assert name == name.strip() != ""


def test_sixty_types_and_more_with_stable_dotted_codes():
    """Offers, agreements and dispatch systems refer to a type by its code alone."""
    codes = [entry["code"] for entry in TYPES]
    assert len(codes) == len(set(codes)) >= 60
    for code in codes:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", code), code


@pytest.mark.parametrize(
    ("field", "codes"),
    [
        ("flood", "pump.high_capacity boat.rescue team.flood_rescue barrier.flood team.dike filler.sandbags"),
        ("fire", "engine.pumper engine.off_road engine.foam aerial.ladder tanker.water vehicle.hose_layer boat.fire"),
        ("rescue", "engine.rescue team.usar team.rescue_dogs team.rope_rescue vehicle.crane helicopter.rescue"),
        ("medical", "ambulance.als ambulance.bls ambulance.emergency_doctor post.treatment team.psychosocial"),
        ("hazmat", "team.hazmat team.detection team.radiation vehicle.decontamination boom.oil"),
        ("shelter", "shelter.emergency supply.beds tent.large kitchen.field team.care plant.water_purification"),
        ("power", "generator.mobile generator.large team.electricity mast.lighting vehicle.fuel"),
        ("transport", "vehicle.bus vehicle.personnel vehicle.truck vehicle.low_loader vehicle.swap_body"),
        ("command", "command.vehicle command.post person.officer person.liaison team.communications"),
        ("drones", "drone.team drone.mapping drone.heavy_lift"),
    ],
)
def test_types_cover_every_field_of_help(field, codes):
    """Each field of help that the corridor is for has types to ask for."""
    assert set(codes.split()) <= {entry["code"] for entry in TYPES}, field


@pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry["code"])
def test_a_type_is_complete(entry):
    """A type without a unit cannot be counted; one without a measure cannot be compared."""
    assert set(entry) - {"parts"} == {"code", "kind", "unit", "names", "also", "minimum", "crosswalk"}
    assert entry["kind"] in KINDS
    assert entry["unit"] in TYPES_FILE["units"]
    assert entry["minimum"]
    for figure in entry["minimum"]:
        assert set(figure) <= {"measure", "value", "source"}
        assert figure["measure"] in TYPES_FILE["measures"]
        assert figure["value"] > 0
        assert figure.get("source", "named").strip()


@pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry["code"])
def test_national_terms_can_be_searched(entry):
    """What is said on the telephone must find the type: terms are text, and none stands twice under one language."""
    assert set(entry["also"]) == LANGUAGES
    for language, terms in entry["also"].items():
        assert terms, language
        assert all(isinstance(term, str) and term == term.strip() != "" for term in terms), (language, terms)
        folded = [term.casefold() for term in terms]
        assert len(folded) == len(set(folded)), (language, terms)


def test_composite_types_are_made_of_others():
    """A platoon whose parts nobody knows could never be filled; what is counted in parts is known by its code alone."""
    by_code = {entry["code"]: entry for entry in TYPES}
    composite = {code for code, entry in by_code.items() if "parts" in entry}
    assert {"formation.engine_strike_team", "formation.basic_platoon", "formation.hcp_module"} <= composite
    assert composite == {code for code in by_code if code.startswith("formation.")}
    for code in composite:
        parts = {part["type"]: part["quantity"] for part in by_code[code]["parts"]}
        assert len(parts) == len(by_code[code]["parts"]) > 1, code
        assert set(parts) <= set(by_code) - composite, code
        assert all(1 <= quantity <= 20 for quantity in parts.values()), code


def test_terms_of_three_countries_lead_to_the_type_they_mean():
    """The words that crews of the three countries say for the same thing end at the same code."""

    def found(term):
        return {
            entry["code"]
            for entry in TYPES
            if any(term.casefold() == other.casefold() for terms in entry["also"].values() for other in terms)
        }

    for code, terms in {
        "engine.pumper": ["HLF", "LF", "TS", "TAS", "AP", "autopomp"],
        "engine.off_road": ["TLF-W", "CCFM", "TST"],
        "vehicle.hose_layer": ["SW 2000", "DA", "SL"],
        "ambulance.als": ["RTW", "PIT"],
        "ambulance.bls": ["KTW", "VPSP", "zorgambulance"],
        "helicopter.ambulance": ["RTH", "Lifeliner", "SMUR héliporté"],
        "team.detection": ["ABC-Erkunder", "MPL", "VDIP"],
        "person.officer": ["Zugführer", "OvD", "chef de colonne"],
        "ambulance.emergency_doctor": ["NEF", "MUG", "SMUR"],
        "aerial.ladder": ["DLK", "AL", "AE"],
        "pump.high_capacity": ["HCP", "WTS"],
    }.items():
        for term in terms:
            assert code in found(term), (term, found(term))


@pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry["code"])
def test_crosswalk_has_its_three_columns(entry):
    """Exports to NIMS, EMSI and the Union mechanism look these up and must know when there is no counterpart."""
    crosswalk = entry["crosswalk"]
    assert set(crosswalk) == {"nims", "emsi", "eu_module"}
    nims = crosswalk["nims"]
    said = {"figures": {"match", "kind", "type"}, "name": {"match", "kind"}, "none": {"match"}}
    assert set(nims) == said[nims["match"]], "of every type it is said whether there is one"
    assert nims.get("kind", "none").strip()
    assert nims.get("type", 1) in {1, 2, 3, 4}
    assert re.fullmatch(r"[A-Z0-9]+(/[A-Z0-9]+)*", crosswalk["emsi"])
    assert crosswalk["eu_module"] in EU_MODULES


@pytest.mark.skipif(not EMSI_CLASSES.exists(), reason="the EMSI classes are reference material outside the project")
def test_emsi_codes_exist():
    """A code that the standard does not know would make every EMSI message with it invalid at the other end."""
    with EMSI_CLASSES.open(encoding="utf-8", newline="") as file:
        known = {row["code"] for row in csv.DictReader(file)}
    assert {entry["crosswalk"]["emsi"] for entry in TYPES} - known == set()


@pytest.mark.parametrize(
    ("group", "codes"),
    [
        (
            "hazards",
            "flood flash_flood wildfire structural_fire chemical_release mass_casualty power_failure storm other",
        ),
        ("priorities", "life_safety incident_stabilisation property recovery"),
        ("request_kinds", "immediate planned day_to_day"),
        ("crossing_controls", "none checks closed"),
        ("readiness", "papers couplings radios languages"),
        ("out_of_service_reasons", "maintenance crew damage own_incident exercise other"),
        ("decline_reasons", "none_available own_emergency reserve crew distance no_agreement other"),
        ("cost_terms", "free free_for_hours reimbursed"),
    ],
)
def test_coded_words_are_those_of_the_domain(group, codes):
    """A code that vanished would leave journal entries that nobody can read."""
    assert list(VOCABULARY[group]) == codes.split()


def test_severities_go_from_one_to_five():
    """Severity 4 and 5 stand down drills: the scale must not shift."""
    assert list(VOCABULARY["severities"]) == [1, 2, 3, 4, 5]


def test_each_country_has_its_own_phases_in_order():
    """Each side names how far it has scaled up in its own system, beginning with none."""
    phases = VOCABULARY["phases"]
    assert list(phases) == list(VOCABULARY["countries"]) == ["NL", "BE", "DE"]
    assert list(phases["NL"]) == ["none", *(f"grip_{n}" for n in range(1, 6))]
    assert list(phases["BE"]) == ["none", "municipal", "provincial", "federal"]
    assert list(phases["DE"]) == ["none", "grosseinsatzlage", "katastrophenfall"]
    for country in phases.values():
        assert [phase["rank"] for phase in country.values()] == list(range(len(country)))
