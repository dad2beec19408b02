"""A scenario file that can't be played is refused with every fault, each where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.drills.scenario import ScenarioInvalid, load_scenario, parse_scenario
from tests.domain.drills.making import GROUND, TEXT, changed, faults, line_of, small


def test_the_small_scenario_can_be_played():
    """Else every test below would find the wrong fault."""
    scenario = small()
    assert scenario.duration == 3600
    assert scenario.inject("pumps").after.delay == 120
    assert scenario.members(GROUND.members, ("NL",)) == ("nl-maastricht", "nl-heerlen")
    assert scenario.title.said("de") == "Small"
    with pytest.raises(KeyError):
        scenario.inject("nobody")


REFUSED = {
    "kind of inject": (("kind: need", "kind: needed"), "injects[2].kind", "is 'needed', and not one of"),
    "resource type": (("{type: pump.high_capacity, quantity: 2", "{type: pump.hi, quantity: 2"), "injects[2].need.lines[0].type", "no resource type"),
    "hazard": (("hazard: flood\n      severity", "hazard: flod\n      severity"), "injects[1].incident.hazard", "meant: 'flood'?"),
    "metric": (("metric: share", "metric: shares"), "objectives[1].measure.metric", "not one of"),
    "hazard of all": (("hazard: flood\ntitle", "hazard: rain\ntitle"), "hazard", "no hazard here"),
    "corridor": (("corridor: meuse-rhine", "corridor: rhine"), "corridor", "no corridor here"),
    "inject to follow": (("after: {inject: pumps,", "after: {inject: pmps,"), "injects[3].after.inject", "meant: 'pumps'?"),
    "event": (("after: {event: request.opened", "after: {event: request.open"), "injects[2].after.event", "no event of the journal"),
    "both an event and an inject": (("after: {inject: pumps,", "after: {inject: pumps, event: offer.made,"), "injects[3].after", "either an event or an inject"),
    "objective of a contingency": (("if_not_met: {objective: answered", "if_not_met: {objective: answer"), "injects[4].if_not_met.objective", "no objective"),
    "sync point": (("sync: {point: ready", "sync: {point: red"), "injects[5].sync.point", "no sync point"),
    "measure": (("    measure: {metric: time, from: {inject: flood}, to: {event: request.opened}}\n", ""), "objectives[0].measure", "is measured by something"),
    "what a metric needs": ((", to: {event: request.opened}}", "}"), "objectives[0].measure", "to is missing: the metric time needs it"),
    "what no metric takes": (("{metric: reserve_kept,", "{metric: reserve_kept, summary: median,"), "objectives[2].measure.summary", "does not go with the metric reserve_kept"),
    "inject of a measure": (("from: {inject: flood}", "from: {inject: fire}"), "objectives[0].measure.from.inject", "no inject"),
    "levels turned round": (('P: {within: "00:05:00"}', 'P: {within: "00:15:00"}'), "objectives[0].levels", "from the strictest"),
    "levels of two kinds": (("P: {at_least: 0.9}", "P: {at_most: 0.9}"), "objectives[1].levels", "one kind of bound"),
    "share above one": (("P: {at_least: 0.9}", "P: {at_least: 90}"), "objectives[1].levels.P", "a share, from 0 to 1"),
    "time of a share": (("P: {at_least: 0.9}", 'P: {within: "00:01:00"}'), "objectives[1].levels.P", "this one is share"),
    "two levels alike": (("M: {at_least: 0.5}", "M: {at_least: 0.7}"), "objectives[1].levels.M", "never be reached: S has the same"),
    "kept by whatever comes": (("S: {at_least: 1}", "S: {at_least: 0}"), "objectives[2].levels.S", "never below 0"),
    "infinite": (("P: {at_least: 0.9}", "P: {at_least: 1e400}"), "objectives[1].levels.P.at_least", "too large for a number"),
    "no bound": (("P: {at_least: 0.9}", "P: {}"), "objectives[1].levels.P", "has one bound"),
    "reserve that nobody has": (("P: {at_least: 2}", "P: {at_least: 3}"), "objectives[2].levels.P", "nl-maastricht has only 2"),
    "member twice": (("member: be-liege, site: west}\n  - {member: nl-heerlen", "member: nl-maastricht, site: west}\n  - {member: nl-heerlen"), "players[1].member", "plays twice"),
    "language": (("text: {en: Water, nl: Water}", "text: {en: Water}"), "injects[1].text", "is missing in nl"),
    "empty language": (("text: {en: Water, nl: Water}", 'text: {en: Water, nl: " "}'), "injects[1].text", "is missing in nl"),
    "language of nobody": (("text: {en: Water, nl: Water}", "text: {en: Water, nl: Water, it: Acqua}"), "injects[1].text.it", "no language of this corridor"),
    "author approves": (("approver: Director", "approver: exercise  CELL"), "approver", "is the author"),
    "real in English": (("text: {en: Water, nl: Water}", "text: {en: This is NOT a drill, nl: Water}"), "injects[1].text.en", "'not a drill'"),
    "real in German": (("place: Quay", "place: keine Übung"), "injects[2].need.lines[0].place", "'keine übung'"),
    "offset beyond": (('at: "00:05:00"', 'at: "01:05:00"'), "injects[1].at", "beyond the end of the exercise at 01:00:00"),
    "else_at beyond": (('else_at: "00:20:00"', 'else_at: "02:20:00"'), "injects[2].after.else_at", "beyond the end"),
    "contingency beyond": (('by: "00:30:00"', 'by: "09:30:00"'), "injects[4].if_not_met.by", "beyond the end"),
    "time in numbers": (('at: "00:05:00"', "at: 300"), "injects[1].at", 'is written "HH:MM:SS"'),
    "virtual of nobody": (("member: nl-heerlen, site: east, play: virtual", "member: nl-heerlem, site: east, play: virtual"), "players[2].member", "no member here; meant: 'nl-heerlen'?"),
    "virtual without policy": ((", policy: calm}", "}"), "players[2]", "is virtual and has no policy"),
    "policy": ((", policy: calm}", ", policy: calmer}"), "players[2].policy", "no policy"),
    "policy for people": (("be-liege, site: west}\n  - {member: nl-h", "be-liege, site: west, policy: calm}\n  - {member: nl-h"), "players[1].policy", "people decide for themselves"),
    "site": (("member: be-liege, site: west}", "member: be-liege, site: north}"), "players[1].site", "no site"),
    "reserve of no type": (("reserve: {pump.high_capacity: 1}", "reserve: {pumps: 1}"), "policies.calm.reserve.pumps", "no resource type"),
    "no director": (("exercise_director, member: be-liege", "observer, member: be-liege"), "roles", "BE plays and has no exercise_director"),
    "no safety officer": (("safety_officer", "observer"), "roles", "nobody is safety_officer"),
    "two triggers": (('at: "00:05:00"', 'at: "00:05:00"\n    by_hand: true'), "injects[1]", "has at and by_hand"),
    "no trigger": (('    at: "00:05:00"\n', ""), "injects[1]", "has no trigger"),
    "content of another kind": (("kind: offer_prompt", "kind: information"), "injects[4].offer", "does not go with an inject of kind information"),
    "no content": (("kind: information\n    from: be-liege", "kind: sensor\n    from: be-liege"), "injects[3]", "brings no sensor"),
    "sender": (("from: caller", "from: callers"), "injects[1].from", "meant: 'caller'?"),
    "nobody to go to": (("to: [BE]", "to: [DE]"), "injects[3].to[0]", "is no player of this scenario"),
    "two of one id": (("id: follow", "id: pumps"), "injects[3].id", "stands twice"),
    "no end": (("kind: end_of_exercise", "kind: information"), "injects", "there is one end_of_exercise, and here are 0"),
    "late start": (('means: radio, at: "00:00:00"', 'means: radio, at: "00:01:00"'), "injects[0].at", 'begins at "00:00:00"'),
    "more than it has": (("lines: [{type: pump.high_capacity, quantity: 1}]", "lines: [{type: pump.high_capacity, quantity: 4}]"), "injects[4].offer.lines[0].quantity", "be-liege has 3 of"),
    "too slow": (("smoke_speed: 60", "smoke_speed: 20"), "smoke_speed", "30 would do"),
    "unknown key": (("seed: 7", "seed: 7\nsead: 8"), "sead", "is not known here"),
    "filter": (("after: {event: request.opened,", "after: {event: request.opened, where: {type: pump},"), "injects[2].after.where.type[0]", "no resource type"),
    "expectation half told": (('      within: "00:10:00"\n', ""), "injects[1].expect", "or neither"),
    "window of an announced one": (("{kind: announced}", "{kind: announced, window_h: 3}"), "notice", "only then"),
    "quorum": (("quorum: 1", "quorum: 9"), "quorum", "more than the 3 players"),
    "file's name": (("id: small", "id: smaller"), "id", "but the file is named 'small.yaml'"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_each_fault_is_told_where_it_stands(what):
    """An author who is told only 'invalid' goes looking through three hundred lines."""
    change, path, message = REFUSED[what]
    told = faults(change)
    assert any(f": {path}: " in each and message in each for each in told), told
    # The line is that of the change, or of what is around it, in which something is missing or now too much.
    (line,) = {int(each.split(":")[0]) for each in told if f": {path}: " in each}
    text = changed(change)
    began = next(number for number, (a, b) in enumerate(zip(TEXT, text, strict=False)) if a != b)
    near = text[:began].count("\n") + 1
    assert path in {"roles", "injects"} or abs(near - line) <= 7, (line, near)


def test_line_and_column_are_those_of_the_value():
    """An editor that jumps to the place must land on it."""
    text = changed(("severity: 3", "severity: 9"))
    (told,) = faults(text=text)
    line = line_of("severity: 9", text)
    column = text.splitlines()[line - 1].index("9") + 1
    assert told.startswith(f"{line}:{column}: injects[1].incident.severity: ")


def test_all_faults_are_told_and_not_the_first():
    """One fault a run is an afternoon for a file of three hundred lines."""
    told = faults(
        ("hazard: flood\n      severity", "hazard: flod\n      severity"),
        ("from: caller", "from: callers"),
        ("text: {en: Then, nl: Dan}", "text: {en: Then}"),
        ("quorum: 1", "quorum: 9"),
    )
    assert len(told) == 4
    assert [int(each.split(":")[0]) for each in told] == sorted(int(each.split(":")[0]) for each in told)


CIRCLES = {
    "two injects": [("after: {event: request.opened, delay", "after: {inject: follow, delay")],
    "itself": [("after: {inject: pumps, delay", "after: {inject: follow, delay")],
    "a contingency and its objective": [
        ('at: "00:05:00"', 'if_not_met: {objective: asked, by: "00:05:00"}'),
    ],
    "a sync point and what it expects": [
        ("sides: [NL, BE], event: request.acknowledged", "sides: [NL, BE], expectation_of: flood"),
        ('at: "00:05:00"', "sync: {point: ready}"),
    ],
}


@pytest.mark.parametrize("what", CIRCLES)
def test_a_circle_is_told_as_a_way_round(what):
    """Injects that wait for each other never come, and nobody sees why."""
    told = [each for each in faults(*CIRCLES[what]) if "waits for itself" in each]
    assert len(told) == 1, told
    names = told[0].split("waits for itself: ")[1].split(" → ")
    assert names[0] == names[-1]
    assert len(names) >= 2


def test_what_is_no_yaml_is_told_with_its_line():
    """A forgotten bracket is the most frequent fault of all."""
    (told,) = faults(text=TEXT.replace("sides: [NL, BE]", "sides: [NL, BE", 1))
    assert told.split(":")[2].strip() == "(file)"
    assert abs(int(told.split(":")[0]) - line_of("sides: [NL")) <= 1
    assert faults(text="")[0].startswith("1:1: (file): holds keys and values")
    assert "stands twice" in faults(("seed: 7", "seed: 7\nseed: 8"))[0]
    assert "alias" in "".join(faults(("title: {en: Small", "title: &a {en: Small"), ("summary: {en: A small one, nl: Een kleintje}", "summary: *a")))  # fmt: skip
    assert "U+0007" in faults(("seed: 7", "seed: \x07"))[0]
    assert "only plain values" in faults(("seed: 7", "seed: !!python/object:os.system 7"))[0]
    assert "nested too deeply" in faults(text="[" * 5000)[0]
    assert "longer than" in faults(text="a" * 1_000_001)[0]


def test_a_file_is_read_as_yaml_of_today(tmp_path):
    """In YAML 1.1 `no` is False and 10:25:00 a number: a Norwegian text and a time would be lost."""
    assert small(("text: {en: Then, nl: Dan}", "text: {en: no, nl: on}")).inject("follow").text.said("en") == "no"
    assert small(('at: "00:05:00"', "at: 00:10:25")).inject("flood").at == 625
    file = tmp_path / "small.yaml"
    file.write_bytes(TEXT.replace("Small", "Sm\xe4ll").encode("latin-1"))
    with pytest.raises(ScenarioInvalid, match=f":{line_of('Small')}:1: .*is not UTF-8"):
        load_scenario(file, GROUND)


def test_the_refusal_of_the_api_names_pointers_and_lines():
    """A client that uploads a script shows the faults beside it."""
    with pytest.raises(ScenarioInvalid) as caught:
        small(("from: caller", "from: callers"), ("quorum: 1", "quorum: 9"))
    refusal = caught.value.refusal()
    assert [each.pointer for each in refusal.errors] == ["/quorum", "/injects/1/from"]
    assert refusal.extra["faults"][1]["line"] == line_of("from: caller")
    assert "2 faults" in refusal.detail


@settings(deadline=None)
@given(st.text(max_size=200) | st.integers(0, len(TEXT) - 9).map(lambda cut: TEXT[:cut]))
def test_whatever_is_read_is_refused_in_order(text):
    """A file from elsewhere may hold anything; the reader answers with faults and never with a traceback."""
    with pytest.raises(ScenarioInvalid) as caught:
        parse_scenario(text, GROUND, name="small.yaml")
    assert all(fault.line >= 1 and fault.column >= 1 for fault in caught.value.faults)
    assert caught.value.faults


@settings(deadline=None)
@given(st.data())
def test_a_value_of_any_other_sort_is_a_fault_with_a_place(data):
    """Each value in turn becomes something else; nothing but faults may come of it."""
    lines = TEXT.splitlines(keepends=True)
    number = data.draw(st.sampled_from([n for n, line in enumerate(lines) if ": " in line]))
    other = data.draw(st.sampled_from(["null", "[]", "{}", "-1", "1e400", "'x'", "[[1]]", "{a: {b: c}}", "99999999999999999999"]))  # fmt: skip
    key = lines[number].split(": ")[0]
    text = "".join([*lines[:number], f"{key}: {other}\n", *lines[number + 1 :]])
    assert all(each.split(": ")[2] for each in faults(text=text))
