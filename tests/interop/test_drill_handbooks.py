"""The handbooks of drills, read as PDF: the players' holds nothing of the script, the controllers' all of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from app.domain.drills.events import EVENTS
from app.domain.drills.places import StaffPerson, read_places
from app.domain.drills.shapes import clock_text
from app.domain.drills.views import handbook
from app.domain.protocol_data import LANGUAGES
from app.interop.drill_handbooks import Occasion, controller_handbook, player_handbook
from app.interop.paper import words
from tests.domain.drills.making import ROOT, SCENARIOS, shipped
from tests.interop.pdfs import read, require_marked, squeezed, texts_of

NAMES = [file.stem for file in SCENARIOS]
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
PLACES = read_places(ROOT / "simulations" / "corridors" / "meuse-rhine")


@cache
def players(name, language):
    return player_handbook(handbook(shipped(name)), PLACES, language, printed_at=NOW)


@cache
def controllers(name, language):
    return controller_handbook(shipped(name), PLACES, language, printed_at=NOW)


def script(scenario):
    """Everything that tells the plot, in every language."""
    yield from scenario.summary.root.values()
    for inject in scenario.injects:
        yield from inject.text.root.values()
        if inject.expect:
            yield from inject.expect.action.root.values()
        if inject.incident:
            yield from inject.incident.title.root.values()
        if inject.sensor:
            yield inject.sensor.station
        for line in inject.need.lines if inject.need else ():
            yield line.place
    for each in (*scenario.objectives, *scenario.sync_points):
        yield from each.name.root.values()


def targets(scenario):
    """The thresholds and times by which players are judged, as papers write times."""
    for objective in scenario.objectives:
        for level in objective.levels.given.values():
            if level.within is not None:
                yield clock_text(level.within)
    for inject in scenario.injects:
        yield from (clock_text(each) for each in (inject.at, inject.expect and inject.expect.within) if each)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_players_read_nothing_of_the_script(name, language):
    """One sentence of it and the drill is a play that everybody has read."""
    scenario = shipped(name)
    found = read(players(name, language))
    for said in (scenario.directive, scenario.situation, scenario.extent_of_play):
        assert squeezed(said.said(language)) in found
    for secret in script(scenario):
        assert squeezed(secret) not in found, secret
    plain = "".join(texts_of(players(name, language)))
    allowed = {clock_text(scenario.duration)} if scenario.notice.kind == "announced" else set()
    assert set(re.findall(r"\d\d:\d\d:\d\d", plain)) == allowed
    assert set(targets(scenario)) - allowed
    assert str(scenario.seed) not in re.findall(r"\d+", plain)
    assert words("drill-words")["virtual"][language] not in plain
    machine = [each.member for each in scenario.players if each.play == "virtual"]
    assert found.count(squeezed(words("drill-words")["by_machine"][language])) == len(machine) > 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_controllers_read_all_of_it(name, language):
    """What a controller does not find on paper is not said in the drill."""
    scenario = shipped(name)
    found = read(controllers(name, language))
    for inject in scenario.injects:
        assert squeezed(inject.text.said(language)) in found
        if inject.expect:
            assert squeezed(inject.expect.action.said(language)) in found
    for each in (*scenario.objectives, *scenario.sync_points):
        assert squeezed(each.name.said(language)) in found
    for said in (scenario.summary, scenario.directive, scenario.situation):
        assert squeezed(said.said(language)) in found
    plain = "".join(texts_of(controllers(name, language)))
    assert set(targets(scenario)) <= set(re.findall(r"\d\d:\d\d:\d\d", plain))
    for each in LANGUAGES:
        assert squeezed(words("drill-words")["not_for_players"][each]) in found


def test_whoever_is_told_is_told_in_his_own_language():
    """The controller who rings Verviers needs the French text, whatever language the handbook is in."""
    found = read(controllers("vesdre-flash-flood", "nl"))
    told = [each for each in shipped("vesdre-flash-flood").injects if "be-verviers" in each.to]
    assert told
    for inject in told:
        assert squeezed(inject.text.said("fr")) in found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("made", [players, controllers])
@pytest.mark.parametrize("name", NAMES)
def test_each_page_is_marked_and_numbered_and_set_in_our_font(name, made, language):
    """A page that was left in a copier must not be taken for a real one."""
    require_marked(made(name, language), language)


def test_the_start_of_a_drill_without_notice_is_not_on_players_paper():
    """Also when whoever prints it gives it by mistake."""
    start = datetime(2027, 5, 4, 9, 15, tzinfo=UTC)
    window = (start - timedelta(hours=30), start + timedelta(hours=42))
    occasion = Occasion(ref="DRL-2027-0004", start=start, window=window)
    book = player_handbook(handbook(shipped("bus-crash")), PLACES, "en", occasion=occasion, printed_at=NOW)
    text = "".join(texts_of(book))
    assert "11:15" not in text
    assert "2027-05-03 05:15+02:00" in text
    assert "DRL-2027-0004" in text
    staff = controller_handbook(shipped("bus-crash"), PLACES, "en", occasion=occasion, printed_at=NOW)
    assert "2027-05-04 11:15+02:00" in "".join(texts_of(staff))
    known = player_handbook(handbook(shipped("meuse-flood")), PLACES, "en", occasion=occasion, printed_at=NOW)
    assert "2027-05-04 11:15+02:00" in "".join(texts_of(known))


@pytest.mark.parametrize("language", LANGUAGES)
def test_staff_find_each_other(language):
    """Who has to reach the safety officer in a hurry does not look for a telephone book."""
    people = (
        StaffPerson(role="safety_officer", member="nl-maastricht", name="Noor Blank", phones=("+31 00 000 7701",), email="noor@veiligheid.example"),
        StaffPerson(role="drill_controller", member="nl-maastricht", name="Bas Grau"),
    )  # fmt: skip
    scenario = shipped("meuse-flood")
    book = controller_handbook(scenario, PLACES, language, people=people, printed_at=NOW)
    found, blank = read(book), squeezed(words("drill-words")["to_be_named"][language])
    for said in ("Noor Blank", "+31 00 000 7701", "noor@veiligheid.example", "Bas Grau"):
        assert squeezed(said) in found
    for role in scenario.roles:
        assert squeezed(PLACES.members[role.member].phone) in found
    assert found.count(blank) == sum(role.count for role in scenario.roles) - len(people)
    # A channel without a number of its own says where the numbers stand; in the players' handbook, too.
    assert squeezed(words("drill-words")["see_who_plays"][language].partition("{part}")[0].partition("}")[2]) in found
    without = read(players("meuse-flood", language))
    assert blank not in without
    assert squeezed(words("drill-words")["who_is_who"][language]) not in without


def test_every_event_has_a_name_on_paper():
    """A report that says mission.sent_to_rendezvous is one for programmers."""
    assert set(words("drill-events")) == {each.replace(".", "_") for each in EVENTS}


def test_the_words_have_the_same_gaps_in_every_language():
    """A figure that is missing in one language is missing for one side."""
    for key, names in words("drill-words").items():
        assert len({frozenset(re.findall(r"{(\w+)}", text)) for text in names.values()}) == 1, key
