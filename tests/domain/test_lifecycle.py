"""The state machines of protocols/lifecycle/: their rows in the design's table, and laws that hold for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.domain import lifecycle
from app.domain.authority import commands
from app.domain.errors import ProtocolDataError, TransitionNotAllowed
from app.domain.lifecycle import MACHINES, machine, machine_from
from app.domain.protocol_data import LANGUAGES
from app.settings import protocols_path

CONTROL = {"crossing_has_control": True, "day_to_day": False}
NO_CONTROL = {"crossing_has_control": False, "day_to_day": False}
DAY_TO_DAY = {"crossing_has_control": False, "day_to_day": True}
BEFORE_RELEASE = (
    "committed",
    "mobilising",
    "in_transit",
    "at_border",
    "cleared",
    "at_rendezvous",
    "staged",
    "on_scene",
)

any_machine = st.sampled_from(MACHINES).map(machine)


@st.composite
def machine_state_facts(draw):
    subject = draw(any_machine)
    facts = draw(st.fixed_dictionaries({}, optional=dict.fromkeys(subject.facts, st.booleans())))
    return subject, draw(st.sampled_from(list(subject.states))), facts


def walk(name, steps, facts=None):
    """Take named steps from the initial state and return the states passed, the initial one included."""
    state = machine(name).initial
    passed = [state]
    for step in steps.split():
        state = machine(name).next(state, step, facts or {})
        passed.append(state)
    return " ".join(passed)


# ---------------------------------------------------------------- laws of all machines


def test_every_file_is_a_machine_that_the_code_knows():
    """A file nobody loads would be a rule that nobody keeps."""
    files = {file.stem for file in (protocols_path() / "lifecycle").glob("*.yaml")}
    assert files == set(MACHINES)


@given(any_machine, st.data())
def test_a_random_life_stays_within_the_declared_states(subject, data):
    """Whatever people do in whatever order, a row never holds a state that screens and constraints don't know."""
    state = subject.initial
    for _ in range(30):
        facts = data.draw(st.fixed_dictionaries(dict.fromkeys(subject.facts, st.booleans())))
        steps = subject.allowed(state, facts)
        if not steps:
            break
        step = data.draw(st.sampled_from(steps))
        after = subject.next(state, step.name, facts)
        assert after == step.to == subject.to(state, step.to, facts).to
        assert after in lifecycle.states(subject.name)
        state = after


@given(machine_state_facts(), st.data())
def test_a_path_is_made_of_allowed_steps_nobody_had_to_decide(given_, data):
    """A status that is ahead must fill in only what can really have happened, and no recall nobody spoke."""
    subject, state, facts = given_
    target = data.draw(st.sampled_from(list(subject.states)))
    try:
        path = subject.path(state, target, facts)
    except TransitionNotAllowed:
        assert state != target
        return
    assert path[-1:] == ([target] if state != target else [])
    assert len(set(path)) == len(path)
    here = state
    for there in path:
        assert not subject.to(here, there, facts).never_inferred
        here = there


@given(machine_state_facts(), st.text(max_size=12) | st.sampled_from(["commit", "close", "on_scene", "closed"]))
def test_a_step_is_taken_or_refused_with_what_is_possible(given_, wanted):
    """A refusal that doesn't say what would be possible leaves a dispatcher guessing at three in the morning."""
    subject, state, facts = given_
    possible = [step.name for step in subject.allowed(state, facts)]
    if wanted in possible:
        assert subject.next(state, wanted, facts) in subject.states
    else:
        with pytest.raises(TransitionNotAllowed) as refused:
            subject.next(state, wanted, facts)
        assert refused.value.extra == {
            "machine": subject.name,
            "state": state,
            "transition": wanted,
            "allowed": subject.steps(state, facts),
            "can_send": subject.sent_for(state, subject.steps(state, facts)),
        }


@given(machine_state_facts())
def test_a_final_state_has_no_way_out_and_every_other_has_one(given_):
    """Closed is closed; and nothing may get stuck in a state that no one can end."""
    subject, state, facts = given_
    if subject.is_final(state):
        assert subject.allowed(state, facts) == ()
    else:
        assert any(state in step.sources for step in subject.transitions)


@given(machine_state_facts())
def test_a_missing_fact_never_opens_a_step(given_):
    """A caller that forgets a fact must be refused, not waved through a border."""
    subject, state, facts = given_
    without = set(subject.allowed(state, {}))
    assert without <= set(subject.allowed(state, facts))
    assert all(step.only_if is None and step.unless is None for step in without)


@pytest.mark.parametrize("name", MACHINES)
def test_names_stand_in_every_language(name):
    """A state without a name would show its code to the people of one country."""
    subject = machine(name)
    for names in (subject.title, *subject.names.values()):
        assert tuple(names) == LANGUAGES
        assert all(names.values())
    for language in LANGUAGES:
        shown = [names[language] for names in subject.names.values()]
        assert len(set(shown)) == len(shown), f"two states of {name} look the same in {language}"


@pytest.mark.parametrize("name", MACHINES)
def test_every_step_is_taken_by_a_command_with_known_authority(name):
    """A step by a command that stands in no table of authority could be taken by nobody, or by all."""
    for step in machine(name).transitions:
        assert set(step.by) <= set(commands()), step.name


def test_a_state_of_another_machine_is_a_mistake_of_ours():
    """It must not pass as an ordinary refusal."""
    for ask in (machine("debt").allowed, machine("debt").is_final):
        with pytest.raises(ValueError, match="'in_transit' is not a state of the debt"):
            ask("in_transit")
    with pytest.raises(ValueError, match="not a state"):
        machine("debt").path("in_transit", "made_good")


# ---------------------------------------------------------------- the design's table, row by row


@pytest.mark.parametrize(
    ("name", "steps", "facts", "states"),
    [
        (
            "request",
            "submit open partly_commit commit close",
            {"missions_under_way": False},
            "draft submitted open partly_committed committed closed",
        ),
        ("request", "submit open commit lose_part lose_all cancel", {}, "draft submitted open committed partly_committed open cancelled"),
        ("request", "submit open expire", {}, "draft submitted open expired"),
        ("request", "submit open leave_unfilled", {"ever_committed": False}, "draft submitted open unfilled"),
        ("offer", "offer accept", {}, "draft offered accepted"),
        ("offer", "offer accept_provisionally accept", {}, "draft offered provisional accepted"),
        ("offer", "offer decline", {}, "draft offered declined"),
        ("offer", "offer withdraw", {}, "draft offered withdrawn"),
        ("offer", "offer expire", {}, "draft offered expired"),
        ("offer", "offer accept withdraw", {"any_line_committed": False}, "draft offered accepted withdrawn"),
        (
            "mission",
            "mobilise depart arrive_at_border clear arrive_at_rendezvous stage arrive_on_scene release start_return return close",
            CONTROL,
            "committed mobilising in_transit at_border cleared at_rendezvous staged on_scene released returning returned closed",
        ),
        (
            "mission",
            "mobilise depart arrive_on_scene release start_return return close",
            NO_CONTROL,
            "committed mobilising in_transit on_scene released returning returned closed",
        ),
        (
            "mission",
            "mobilise depart arrive_on_scene transport arrive_at_destination release start_return return close",
            DAY_TO_DAY,
            "committed mobilising in_transit on_scene transporting at_destination released returning returned closed",
        ),
        (
            "mission",
            "mobilise depart arrive_on_scene reassign set_off_again arrive_on_scene",
            NO_CONTROL,
            "committed mobilising in_transit on_scene reassigned in_transit on_scene",
        ),
        ("agreement", "propose enter_into_force suspend resume terminate", {"all_parties_consented": True}, "draft proposed in_force suspended in_force terminated"),
        ("agreement", "propose enter_into_force expire", {"all_parties_consented": True}, "draft proposed in_force expired"),
        ("incident", "activate contain flare_up contain close", {}, "reported active contained active contained closed"),
        ("debt", "fall_overdue make_good", {}, "owed overdue made_good"),
        ("debt", "make_good", {}, "owed made_good"),
        ("resource", "reserve commit come_home take_out put_back reserve let_go", {}, "available reserved committed available out_of_service available reserved available"),
    ],
)  # fmt: skip
def test_the_lives_that_the_design_names(name, steps, facts, states):
    """These are the product's promises; each row is one whole life."""
    assert walk(name, steps, facts) == states


def test_a_border_with_control_is_not_jumped():
    """A unit reported on scene behind a controlled border without having been cleared never was checked."""
    mission = machine("mission")
    for target in ("at_rendezvous", "on_scene"):
        with pytest.raises(TransitionNotAllowed) as refused:
            mission.to("in_transit", target, CONTROL)
        assert "arrive_at_border" in refused.value.extra["allowed"]
    assert mission.to("cleared", "on_scene", CONTROL).name == "arrive_on_scene"


def test_a_border_without_control_is_no_state():
    """Where nobody stands at the line, nobody should have to click it away."""
    with pytest.raises(TransitionNotAllowed):
        machine("mission").to("in_transit", "at_border", NO_CONTROL)


def test_only_day_to_day_help_transports():
    """A pump does not carry a patient."""
    with pytest.raises(TransitionNotAllowed):
        machine("mission").next("on_scene", "transport", NO_CONTROL)


@pytest.mark.parametrize("state", BEFORE_RELEASE)
@pytest.mark.parametrize(("step", "ends"), [("stand_down", "stood_down"), ("recall", "recalled"), ("abort", "aborted")])
def test_each_side_can_end_a_mission_until_it_is_released(state, step, ends):
    """Whoever lends decides, at every moment, about what is theirs; whoever asked may say: enough."""
    mission = machine("mission")
    assert mission.next(state, step) == ends
    assert mission.next(ends, "start_return") == "returning"
    assert mission.next(ends, "return") == "returned", "a unit that never left home is home already"


def test_skipped_states_are_found_in_their_order():
    """A dispatch system that says 'on scene' first must leave a mission with every state it passed."""
    mission = machine("mission")
    assert mission.path("committed", "on_scene", CONTROL) == ["mobilising", "in_transit", "at_border", "cleared", "on_scene"]  # fmt: skip
    assert mission.path("committed", "on_scene", NO_CONTROL) == ["mobilising", "in_transit", "on_scene"]
    assert mission.path("on_scene", "returned", NO_CONTROL) == ["released", "returning", "returned"]
    assert mission.path("on_scene", "on_scene") == []


@pytest.mark.parametrize(("state", "target"), [("on_scene", "in_transit"), ("returned", "on_scene"), ("in_transit", "recalled"), ("returned", "closed")])  # fmt: skip
def test_a_contradiction_is_held_back(state, target):
    """A status that is behind, or that would need somebody's decision, is not made true by inference."""
    with pytest.raises(TransitionNotAllowed):
        machine("mission").path(state, target, NO_CONTROL)


def test_a_request_with_missions_under_way_is_not_closed():
    """A unit on the road would belong to nothing."""
    request = machine("request")
    assert "close" not in [step.name for step in request.allowed("committed", {"missions_under_way": True})]
    assert request.to("committed", "closed", {"missions_under_way": False}).by == ("close_request", "advance_mission")


def test_an_offer_with_a_mission_is_not_taken_back():
    """From then on the lender recalls the unit; the paper doesn't vanish under it."""
    with pytest.raises(TransitionNotAllowed):
        machine("offer").next("accepted", "withdraw", {"any_line_committed": True})


def test_an_agreement_is_in_force_when_all_have_consented():
    """Nobody is bound by the signature of somebody else."""
    with pytest.raises(TransitionNotAllowed):
        machine("agreement").next("proposed", "enter_into_force", {"all_parties_consented": False})


def test_a_command_takes_only_its_own_steps():
    """The lender's 'advance' must not be able to stand down in the requester's name."""
    mission = machine("mission")
    with pytest.raises(TransitionNotAllowed):
        mission.to("on_scene", "stood_down", NO_CONTROL, by="advance_mission")
    assert mission.to("on_scene", "stood_down", NO_CONTROL, by="stand_down").name == "stand_down"
    assert [step.name for step in mission.allowed("in_transit", CONTROL, by="report_at_border")] == ["arrive_at_border"]


# ---------------------------------------------------------------- files that are wrong

GOOD = {
    "machine": "lamp",
    "version": 1,
    "names": dict.fromkeys(LANGUAGES, "Lamp"),
    "initial": "off",
    "facts": {"power": "There is power."},
    "states": {
        code: {"names": dict.fromkeys(LANGUAGES, code), "means": code, "final": code == "broken"}
        for code in ("off", "on", "broken")
    },
    "transitions": [
        {"name": "light", "from": ["off"], "to": "on", "only_if": "power", "by": ["press"]},
        {"name": "darken", "from": ["on"], "to": "off", "by": ["press"]},
        {"name": "break", "from": ["off", "on"], "to": "broken", "by": ["drop"]},
    ],
}


def changed(change):
    data = yaml.safe_load(yaml.safe_dump(GOOD))
    change(data)
    return yaml.safe_dump(data)


def add_state(data, *, final=False):
    data["states"]["extra"] = {"names": dict.fromkeys(LANGUAGES, "x"), "means": "x", "final": final}


def step(name, source, to):
    return {"name": name, "from": [source], "to": to, "by": ["press"]}


def test_the_good_file_is_good():
    """Else the cases below would prove nothing."""
    assert machine_from(Path("lamp.yaml"), yaml.safe_dump(GOOD)).next("off", "light", {"power": True}) == "on"


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("initial", lambda d: d.update(initial="dim")),
        ("transitions.1 (darken)", lambda d: d["transitions"][1].update(to="dim")),
        ("transitions.1 (darken)", lambda d: d["transitions"][1].update({"from": ["dim"]})),
        ("transitions.1 (darken)", lambda d: d["transitions"][1].update(unless="daylight")),
        ("facts.power", lambda d: d["transitions"][0].pop("only_if")),
        ("states.extra", lambda d: (add_state(d), d["transitions"].append(step("leave", "extra", "off")))),
        ("states.extra", lambda d: (add_state(d), d["transitions"].append(step("enter", "on", "extra")))),
        (
            "states.broken",
            lambda d: d["transitions"].append(step("mend", "broken", "off")),
        ),
        ("states.broken", lambda d: d["transitions"].pop()),
        (
            "states.extra",
            lambda d: (
                add_state(d),
                d["transitions"].extend([step("enter", "on", "extra"), step("stay", "extra", "extra")]),
            ),
        ),
        ("transitions.3.name", lambda d: d["transitions"].append(step("darken", "on", "broken"))),
        ("transitions.3.to", lambda d: d["transitions"].append(step("dim", "on", "off"))),
        ("states.on.names", lambda d: d["states"]["on"]["names"].pop("fr")),
        ("states.on.names", lambda d: d["states"]["on"]["names"].update(es="x")),
        ("names", lambda d: d["names"].update(nl=" ")),
        ("transitions.0.colour", lambda d: d["transitions"][0].update(colour="red")),
        ("transitions.0.by", lambda d: d["transitions"][0].update(by=[])),
        ("version", lambda d: d.pop("version")),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name_and_key(key, change):
    """Whoever edits a machine learns at the start what is wrong and where, not during a flood."""
    with pytest.raises(ProtocolDataError) as refused:
        machine_from(Path("lamp.yaml"), changed(change))
    assert refused.value.extra["key"] == key
    assert refused.value.detail.startswith(f"lamp.yaml: {key}: ")


@pytest.mark.parametrize(
    ("text", "key"),
    [("machine: [", "line 2"), ("machine: a\nmachine: b\n", "line 2"), ("", "(file)"), ("machine: \x01", "(file)")],
)
def test_text_that_is_no_yaml_of_ours_is_refused(text, key):
    """A key that stands twice would silently win over the first."""
    with pytest.raises(ProtocolDataError) as refused:
        machine_from(Path("lamp.yaml"), text)
    assert refused.value.extra["key"] == key


def test_a_machine_without_a_file_is_refused():
    """The message names the file that is missing from an installation."""
    with pytest.raises(ProtocolDataError, match=r"lamp\.yaml: .*no such file"):
        machine("lamp")


def test_a_file_must_hold_the_machine_it_is_named_after(monkeypatch, tmp_path):
    """Two files swapped would give missions the life of requests."""
    (tmp_path / "lifecycle").mkdir()
    (tmp_path / "lifecycle" / "torch.yaml").write_text(yaml.safe_dump(GOOD), encoding="utf-8")
    (tmp_path / "lifecycle" / "bytes.yaml").write_bytes(b"machine: \xff")
    monkeypatch.setattr("app.domain.protocol_data.protocols_path", lambda: tmp_path)
    with pytest.raises(ProtocolDataError, match="torch"):
        machine("torch")
    with pytest.raises(ProtocolDataError, match="not UTF-8"):
        machine("bytes")


def test_a_refusal_is_a_sentence():
    """A dispatcher reads it in the middle of the night: a step that is not possible, and a state that is not reached."""
    refusals = [
        lambda: machine("offer").to("accepted", "accepted", {"any_line_committed": True}, by="accept_offer"),
        lambda: machine("mission").next(
            "on_scene", "arrive_at_border", {"crossing_has_control": False, "day_to_day": False}
        ),
        lambda: machine("request").refuse_final("closed", "be acknowledged", {}),
    ]
    said = []
    for refusal in refusals:
        with pytest.raises(TransitionNotAllowed) as refused:
            refusal()
        said.append(refused.value.detail)
    assert said == [
        "The offer is “Accepted” and can't become “Accepted”.",
        "The mission is “On scene” and there is no step “arrive at border” from there; possible from there: "  # noqa: ISC004
        "release_mission, stand_down, recall, abort_mission, answer_reassignment.",
        "The request is “Closed” and can't be acknowledged; nothing follows that state.",
    ]
