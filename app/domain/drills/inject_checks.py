"""Checks of injects: when they come, from whom and to whom, and what they bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.domain.drills.checking import Found, party_faults, time_fault, unknown
from app.domain.drills.fault_words import said
from app.domain.vocabulary import codes, phases, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from app.domain.drills.ground import Ground
    from app.domain.drills.model import IncidentContent, Inject, NeedContent, OfferContent, Scenario
    from app.domain.drills.placed import Path

TRIGGERS: Final = ("at", "after", "if_not_met", "sync", "by_hand")
CONTENT: Final[Mapping[str, str]] = {
    "incident": "incident",
    "own_incident": "incident",
    "need": "need",
    "sensor": "sensor",
    "crossing_outage": "crossing",
    "communications_loss": "communications",
    "offer_prompt": "offer",
}
"""What an inject of each kind brings; the others bring their text alone."""


def inject_faults(scenario: Scenario, ground: Ground) -> Found:
    """Yield what is wrong with each inject, and with their beginning and end."""
    for number, inject in enumerate(scenario.injects):
        at: Path = ("injects", number)
        yield from _trigger(scenario, inject, at)
        yield from _parties(scenario, ground, inject, at)
        yield from _content(scenario, ground, inject, at)
    yield from _start_and_end(scenario)


def _trigger(scenario: Scenario, inject: Inject, at: Path) -> Found:
    given = [name for name in TRIGGERS if getattr(inject, name) is not None]
    if len(given) != 1:
        ways = ", ".join(TRIGGERS)
        yield at, said("triggers", given=" and ".join(given), ways=ways) if given else said("no_trigger", ways=ways)
    if fault := time_fault(scenario, inject.at):
        yield (*at, "at"), fault
    yield from _after(scenario, inject, (*at, "after"))
    if (contingency := inject.if_not_met) is not None:
        objectives = [each.id for each in scenario.objectives]
        if contingency.objective not in objectives:
            yield (*at, "if_not_met", "objective"), unknown("objective", contingency.objective, objectives)
        if fault := time_fault(scenario, contingency.by):
            yield (*at, "if_not_met", "by"), fault
    if inject.sync is not None and inject.sync.point not in (points := [each.id for each in scenario.sync_points]):
        yield (*at, "sync", "point"), unknown("sync point", inject.sync.point, points)
    for name, waiting in (("after", inject.after), ("sync", inject.sync)):
        times = {} if waiting is None else {"else_at": waiting.else_at, "delay": waiting.delay}
        for key, offset in times.items():
            if fault := time_fault(scenario, offset):
                yield (*at, name, key), fault


def _after(scenario: Scenario, inject: Inject, at: Path) -> Found:
    if (after := inject.after) is None:
        return
    injects = {each.id: each for each in scenario.injects}
    if (after.event is None) is (after.inject is None):
        yield at, said("follows_one")
    if after.inject is None:
        return
    if after.inject not in injects:
        yield (*at, "inject"), unknown("inject", after.inject, injects)
    elif injects[after.inject].kind == "end_of_exercise":
        yield (*at, "inject"), said("after_the_end")


def _parties(scenario: Scenario, ground: Ground, inject: Inject, at: Path) -> Found:
    senders = {"control", *scenario.voices, *(player.member for player in scenario.players)}
    if inject.sender not in senders:
        yield (*at, "from"), unknown("voice or player", inject.sender, senders)
    yield from party_faults(scenario, ground, inject.to, (*at, "to"))
    objectives = [each.id for each in scenario.objectives]
    if inject.objective is not None and inject.objective not in objectives:
        yield (*at, "objective"), unknown("objective", inject.objective, objectives)
    if (expect := inject.expect) is not None:
        yield from party_faults(scenario, ground, expect.by, (*at, "expect", "by"))
        if (expect.event is None) is not (expect.within is None):
            yield (*at, "expect"), said("event_and_time")
        if fault := time_fault(scenario, expect.within):
            yield (*at, "expect", "within"), fault


def _content(scenario: Scenario, ground: Ground, inject: Inject, at: Path) -> Found:
    wanted = CONTENT.get(inject.kind)
    for name in dict.fromkeys(CONTENT.values()):
        given = getattr(inject, name)
        if name == wanted and given is None:
            yield at, said("brings_nothing", kind=inject.kind, name=name)
        elif name != wanted and given is not None:
            yield (*at, name), said("other_kind", kind=inject.kind)
    if inject.incident is not None:
        yield from _incident(scenario, ground, inject.incident, (*at, "incident"))
        if inject.kind == "own_incident" and not inject.incident.takes:
            yield (*at, "incident"), said("takes_nothing")
    if inject.need is not None:
        yield from _need(scenario, ground, inject.need, (*at, "need"))
    if inject.offer is not None:
        yield from _offer(scenario, ground, inject.offer, (*at, "offer"))
    if inject.crossing is not None and inject.crossing.code not in ground.crossings:
        yield (*at, "crossing", "code"), unknown("crossing", inject.crossing.code, ground.crossings)
    if inject.communications is not None:
        yield from party_faults(scenario, ground, inject.communications.members, (*at, "communications", "members"))
    for name, lasting in (("crossing", inject.crossing), ("communications", inject.communications)):
        if lasting is not None and (fault := time_fault(scenario, lasting.lasts)):
            yield (*at, name, "lasts"), fault


def _player(scenario: Scenario, ground: Ground, member: str, path: Path) -> Found:
    if member not in {player.member for player in scenario.players}:
        yield path, said("plays_not" if member in ground.members else "no_member", member=member)


def _types(ground: Ground, types: Iterable[str], at: Path) -> Found:
    for number, code in enumerate(types):
        if code not in ground.types:
            yield (*at, number, "type"), unknown("resource type", code, ground.types)


def _incident(scenario: Scenario, ground: Ground, incident: IncidentContent, at: Path) -> Found:
    if incident.hazard not in ground.hazards:
        yield (*at, "hazard"), unknown("hazard", incident.hazard, ground.hazards)
    yield from _player(scenario, ground, incident.lead, (*at, "lead"))
    for country, phase in incident.phases.items():
        if country not in vocabulary()["phases"]:
            yield (*at, "phases", country), unknown("country", country, vocabulary()["phases"])
        elif phase not in phases(country):
            yield (*at, "phases", country), unknown("phase", phase, phases(country))
    yield from _types(ground, [each.type for each in incident.takes], (*at, "takes"))
    for number, taken in enumerate(incident.takes):
        yield from _has(ground, incident.lead, taken.type, taken.quantity, (*at, "takes", number, "quantity"))


def _need(scenario: Scenario, ground: Ground, need: NeedContent, at: Path) -> Found:
    yield from _player(scenario, ground, need.member, (*at, "member"))
    injects = {each.id: each for each in scenario.injects}
    if need.incident not in injects:
        yield (*at, "incident"), unknown("inject", need.incident, injects)
    elif injects[need.incident].incident is None:
        yield (*at, "incident"), said("brings_no_incident", inject=need.incident)
    yield from _types(ground, [each.type for each in need.lines], (*at, "lines"))
    for number, line in enumerate(need.lines):
        if line.priority not in codes("priorities"):
            yield (*at, "lines", number, "priority"), unknown("priority", line.priority, codes("priorities"))
        if line.rendezvous is not None and line.rendezvous not in ground.rendezvous:
            yield (*at, "lines", number, "rendezvous"), unknown("rendezvous", line.rendezvous, ground.rendezvous)


def _offer(scenario: Scenario, ground: Ground, offer: OfferContent, at: Path) -> Found:
    yield from _player(scenario, ground, offer.member, (*at, "member"))
    injects = {each.id: each for each in scenario.injects}
    asked = injects.get(offer.need)
    if asked is None:
        yield (*at, "need"), unknown("inject", offer.need, injects)
    elif asked.need is None:
        yield (*at, "need"), said("brings_no_need", inject=offer.need)
    elif asked.need.member == offer.member:
        yield (*at, "member"), said("helps_itself")
    yield from _types(ground, [each.type for each in offer.lines], (*at, "lines"))
    for number, line in enumerate(offer.lines):
        yield from _has(ground, offer.member, line.type, line.quantity, (*at, "lines", number, "quantity"))


def _has(ground: Ground, member: str, code: str, quantity: int, path: Path) -> Found:
    """A member can only be prompted for what it has; a ground that does not count resources is not asked."""
    held = ground.resources.get(member)
    if held is not None and code in ground.types and held.get(code, 0) < quantity:
        yield path, said("has_of", member=member, n=held.get(code, 0), type=code)


def _start_and_end(scenario: Scenario) -> Found:
    for kind in ("start_of_exercise", "end_of_exercise"):
        found = [number for number, inject in enumerate(scenario.injects) if inject.kind == kind]
        if len(found) != 1:
            place: Path = ("injects", found[1]) if found else ("injects",)
            yield place, said("one_of_kind", kind=kind, n=len(found))
        for number in found:
            if scenario.injects[number].at is None:
                yield ("injects", number), said("at_offset")
    ends = [inject.at for inject in scenario.injects if inject.kind == "end_of_exercise" and inject.at is not None]
    for number, inject in enumerate(scenario.injects):
        if inject.kind == "start_of_exercise" and inject.at not in {None, 0}:
            yield ("injects", number, "at"), said("begins_at_zero")
        if inject.at is not None and ends and inject.at > min(ends):
            yield ("injects", number, "at"), said("later_than_end")
