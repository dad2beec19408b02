"""A small scenario to break, and drills under way to look at."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from app.domain.drills import US
from app.domain.drills.clock import Clock, Timeline
from app.domain.drills.events import Event
from app.domain.drills.ground import Ground, read_ground
from app.domain.drills.play import Delivery, Play
from app.domain.drills.scenario import ScenarioInvalid, load_scenario, parse_scenario

ROOT = Path(__file__).parents[3]
SCENARIOS = sorted((ROOT / "simulations" / "scenarios").glob("*.yaml"))
START = datetime(2027, 5, 4, 9, tzinfo=UTC)
MINUTE = 60 * US

GROUND = Ground(
    corridor="meuse-rhine",
    languages=("en", "nl"),
    members={"nl-maastricht": "NL", "nl-heerlen": "NL", "be-liege": "BE", "de-aachen": "DE"},
    crossings={"eijsden-vise": ("nl-maastricht", "be-liege")},
    rendezvous={"gronsveld": "nl-maastricht"},
    resources={"nl-maastricht": {"pump.high_capacity": 2}, "be-liege": {"pump.high_capacity": 3}, "nl-heerlen": {}},
)

TEXT = """\
id: small
version: 1
corridor: meuse-rhine
type: functional
hazard: flood
title: {en: Small, nl: Klein}
summary: {en: A small one, nl: Een kleintje}
author: Exercise cell
approver: Director
duration: "01:00:00"
smoke_speed: 60
seed: 7
notice: {kind: announced}
directive: {en: Play, nl: Speel}
extent_of_play: {en: Here, nl: Hier}
situation: {en: Rain, nl: Regen}
communications: [{means: phone, use: {en: Talking, nl: Praten}}]
stop_words: {en: REAL EMERGENCY, nl: ECHTE NOODSITUATIE}
quorum: 1
sites:
  - {id: west, member: be-liege, name: {en: West, nl: West}}
  - {id: east, member: nl-maastricht, name: {en: East, nl: Oost}}
players:
  - {member: nl-maastricht, site: east}
  - {member: be-liege, site: west}
  - {member: nl-heerlen, site: east, play: virtual, policy: calm}
policies:
  calm:
    acknowledge: {median: "00:01:00"}
    answer: {median: "00:04:00"}
    accept: {median: "00:02:00"}
    commit: {median: "00:02:00"}
    mobilise: {median: "00:05:00"}
    step: {median: "00:06:00"}
    decline_share: 0.3
    reserve: {pump.high_capacity: 1}
roles:
  - {role: exercise_director, member: nl-maastricht}
  - {role: exercise_director, member: be-liege}
  - {role: drill_controller, member: be-liege}
  - {role: drill_evaluator, member: nl-maastricht}
  - {role: drill_evaluator, member: be-liege}
  - {role: safety_officer, member: be-liege}
voices:
  caller: {en: A caller, nl: Een beller}
sync_points:
  - {id: ready, name: {en: Ready, nl: Klaar}, sides: [NL, BE], event: request.acknowledged}
objectives:
  - id: asked
    name: {en: Asked, nl: Gevraagd}
    for: [nl-maastricht]
    measure: {metric: time, from: {inject: flood}, to: {event: request.opened}}
    levels: {P: {within: "00:05:00"}, S: {within: "00:10:00"}, M: {within: "00:20:00"}}
  - id: answered
    name: {en: Answered, nl: Beantwoord}
    for: [BE, NL]
    measure: {metric: share, from: {event: request.opened}, to: {event: offer.made}, per: request, within: "00:10:00"}
    levels: {P: {at_least: 0.9}, S: {at_least: 0.7}, M: {at_least: 0.5}}
  - id: kept
    name: {en: Kept, nl: Behouden}
    for: [nl-maastricht, be-liege]
    measure: {metric: reserve_kept, type: pump.high_capacity}
    levels: {P: {at_least: 2}, S: {at_least: 1}}
injects:
  - {id: begin, kind: start_of_exercise, from: control, to: [all], means: radio, at: "00:00:00", text: {en: Go, nl: Begin}}
  - id: flood
    kind: incident
    from: caller
    to: [nl-maastricht]
    means: phone
    at: "00:05:00"
    text: {en: Water, nl: Water}
    incident:
      title: {en: Flood, nl: Overstroming}
      hazard: flood
      severity: 3
      lead: nl-maastricht
      point: [5.7, 50.8]
    expect:
      by: [nl-maastricht]
      event: request.opened
      within: "00:10:00"
      action: {en: Asks, nl: Vraagt}
  - id: pumps
    kind: need
    from: control
    to: [nl-maastricht]
    means: message
    after: {event: request.opened, delay: "00:02:00", else_at: "00:20:00"}
    text: {en: Pumps, nl: Pompen}
    need:
      member: nl-maastricht
      incident: flood
      lines:
        - {type: pump.high_capacity, quantity: 2, priority: property, needed_in: "01:00:00", place: Quay, point: [5.7, 50.8]}
  - id: follow
    kind: information
    from: be-liege
    to: [BE]
    means: phone
    after: {inject: pumps, delay: "00:01:00"}
    text: {en: Then, nl: Dan}
  - id: prompt
    kind: offer_prompt
    from: control
    to: [be-liege]
    means: phone
    if_not_met: {objective: answered, by: "00:30:00"}
    text: {en: Offer, nl: Bied aan}
    offer: {member: be-liege, need: pumps, lines: [{type: pump.high_capacity, quantity: 1}]}
  - id: both
    kind: information
    from: control
    to: [all]
    means: message
    sync: {point: ready, delay: "00:01:00", else_at: "00:40:00"}
    text: {en: Both, nl: Beide}
  - {id: spare, kind: information, from: control, to: [all], means: phone, by_hand: true, text: {en: Spare, nl: Reserve}}
  - {id: finish, kind: end_of_exercise, from: control, to: [all], means: radio, at: "01:00:00", text: {en: Over, nl: Over}}
"""


@cache
def small(*changes):
    """The small scenario, with texts replaced by others."""
    return parse_scenario(changed(*changes), GROUND, name="small.yaml")


def changed(*changes):
    text = TEXT
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return text


def faults(*changes, text=None, ground=GROUND):
    """Every fault of the small scenario as changed: line, column, path and message as they are told."""
    try:
        parse_scenario(changed(*changes) if text is None else text, ground, name="small.yaml")
    except ScenarioInvalid as error:
        return [str(fault) for fault in error.faults]
    return []


def line_of(part, text=TEXT):
    """The line, from 1, on which a part of a text first stands."""
    return text[: text.index(part)].count("\n") + 1


@cache
def real_ground():
    return read_ground(ROOT / "simulations" / "corridors" / "meuse-rhine")


@cache
def shipped(name):
    return load_scenario(ROOT / "simulations" / "scenarios" / f"{name}.yaml", real_ground())


def running(**more):
    return Clock(anchor_utc=START).start(START, **more)


def playing(scenario, *, delivered=None, events=(), clock=None, ground=GROUND, **more):
    """A drill under way; ``delivered`` gives minutes by inject."""
    return Play(
        scenario=scenario,
        countries=ground.members,
        timeline=Timeline((clock or running(),)),
        deliveries={each: Delivery(at_us=round(at * MINUTE)) for each, at in (delivered or {}).items()},
        events=tuple(events),
        **more,
    )


def event(seq, type_, minute, member=None, *, ids=None, figures=None, resources=(), **facts):
    return Event(
        seq=seq,
        type=type_,
        at_us=round(minute * MINUTE),
        member=member,
        facts={name: frozenset([value]) for name, value in facts.items()},
        ids=ids or {},
        figures=figures or {},
        resources=tuple(resources),
    )
