"""How the papers of a drill say things in one language: codes by their names, times, what an inject brings, what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from app.domain.authority import authority
from app.domain.drills.after_action import unit_of
from app.domain.drills.events import asked
from app.domain.drills.planned import by_time
from app.domain.drills.shapes import clock_text
from app.domain.resource_types import resource_types
from app.domain.vocabulary import vocabulary
from app.interop.paper import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from app.domain.drills.model import IncidentContent, Inject, NeedLine, Objective, Scenario, Target, TypeCount
    from app.domain.drills.places import Places
    from app.domain.drills.report import Unit
    from app.domain.drills.shapes import Match

NOTHING: Final = "\u2013"
"""Stands where there is nothing to say."""
TIMES: Final = "\u00d7"
_GROUPS: Final = {
    "kind": "request_kinds", "priority": "priorities", "hazard": "hazards", "control": "crossing_controls",
}  # fmt: skip
"""Filters of events whose values stand in the vocabulary."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A language, and the names of what a corridor's scenarios name."""

    language: str
    places: Places

    # ------------------------------------------------------------ words and codes

    def word(self, key: str, **filled: Any) -> str:
        """Return a word of ``drill-words.yaml``, with its gaps filled."""
        text = words("drill-words")[key][self.language]
        return text.format(**filled) if filled else text

    def coded(self, group: str, code: str) -> str:
        """Return the name of a code of the vocabulary; the code itself where it has none."""
        entry = vocabulary().get(group, {}).get(code)
        return self.named(entry["names"]) if entry else code

    def named(self, names: Mapping[str, str]) -> str:
        """Return a name in this language, else in English, else in whichever there is."""
        return names.get(self.language) or names.get("en") or next(iter(names.values()), "")

    def event(self, type_: str) -> str:
        """Return what an event is called."""
        names = words("drill-events").get(type_.replace(".", "_"))
        return type_ if names is None else names[self.language]

    def role(self, code: str) -> str:
        """Return what a role is called."""
        return self.named(authority().roles[code].names)

    def type_of(self, code: str) -> str:
        """Return what a resource type is called."""
        found = next((each for each in resource_types()["types"] if each["code"] == code), None)
        return code if found is None else self.named(found["names"])

    def country(self, code: str) -> str:
        """Return what a country is called."""
        return self.coded("countries", code)

    def member(self, code: str) -> str:
        """Return what a member is called."""
        found = self.places.members.get(code)
        return code if found is None else self.named(found.names)

    def members(self, codes: Iterable[str]) -> str:
        """Return members in one line."""
        return ", ".join(map(self.member, codes)) or NOTHING

    def parties(self, parties: Iterable[str]) -> str:
        """Return members, countries and all players in one line."""

        def one(party: str) -> str:
            if party == "all":
                return self.word("all_players")
            return self.country(party) if party.isupper() else self.member(party)

        return ", ".join(map(one, parties))

    def sender(self, scenario: Scenario, inject: Inject) -> str:
        """Return who says what an inject says."""
        if (voice := scenario.voices.get(inject.sender)) is not None:
            return voice.said(self.language)
        return self.word("control") if inject.sender == "control" else self.member(inject.sender)

    def pair(self, name: str, value: str) -> str:
        """Return a name and what it is, with the colon as the language sets it."""
        return f"{name}\u00a0: {value}" if self.language == "fr" else f"{name}: {value}"

    # ------------------------------------------------------------ figures

    def number(self, value: float) -> str:
        """Return a number with the language's decimal sign."""
        text = f"{round(value, 2):g}"
        return text if self.language == "en" else text.replace(".", ",")

    def share(self, value: float) -> str:
        """Return a share as a percentage."""
        return f"{value * 100:.0f}%" if self.language == "en" else f"{value * 100:.0f}\u00a0%"

    def figure(self, value: float | None, unit: Unit) -> str:
        """Return a figure of an objective."""
        if value is None:
            return NOTHING
        return clock_text(value) if unit == "s" else self.share(value) if unit == "share" else self.number(value)

    def bound(self, objective: Objective, target: Target) -> str:
        """Return a threshold of an objective in words."""
        key = "at_least" if target.at_least is not None else "at_most"
        return self.word(key, x=self.figure(target.bound, unit_of(objective)))

    # ------------------------------------------------------------ what is picked

    def match(self, match: Match) -> str:
        """Return an event with its filters."""
        said = [f"{self.word(f'w_{name}')} {self._values(name, wanted)}" for name, wanted in asked(match.where)]
        return self.event(match.event) + (f" ({'; '.join(said)})" if said else "")

    def _values(self, name: str, wanted: Iterable[str]) -> str:
        def one(value: str) -> str:
            if name in {"member", "requester", "lender", "owner"}:
                return self.parties([value])
            if name in _GROUPS:
                return self.coded(_GROUPS[name], value)
            if name == "type":
                return self.type_of(value)
            places = {"crossing": self.places.crossings, "rendezvous": self.places.rendezvous}.get(name, {})
            if name == "phase":
                known = [each[value]["names"] for each in vocabulary()["phases"].values() if value in each]
                return self.named(known[0]) if known else value
            return self.named(places[value]) if value in places else value

        return " / ".join(map(one, wanted))

    # ------------------------------------------------------------ injects

    def trigger(self, scenario: Scenario, inject: Inject) -> str:
        """Return when an inject comes, in a sentence."""
        if inject.at is not None:
            return self.word("when_at", t=clock_text(inject.at))
        if inject.if_not_met is not None:
            name = scenario.objective(inject.if_not_met.objective).name.said(self.language)
            return self.word("when_not_met", t=clock_text(inject.if_not_met.by), what=name)
        if inject.sync is not None:
            name = scenario.sync_point(inject.sync.point).name.said(self.language)
            said = self.word("when_sync", delay=clock_text(inject.sync.delay), what=name)
            return self._or_else(said, inject.sync.else_at)
        after = inject.after
        if after is None:
            return self.word("when_hand")
        if after.match is not None:
            what = self.match(after.match)
        else:
            assert after.inject is not None
            what = self.word("m_inject", what=self.coded("drill_inject_kinds", scenario.inject(after.inject).kind))
            what = f"{what} {self._number(scenario, after.inject)}"
        key = "when_event" if after.delay else "when_event_now"
        return self._or_else(self.word(key, delay=clock_text(after.delay), what=what), after.else_at)

    def _number(self, scenario: Scenario, inject_id: str) -> str:
        return f"{self.word('number_short')} {[each.id for each in by_time(scenario)].index(inject_id) + 1}"

    def _or_else(self, said: str, else_at: int | None) -> str:
        return said if else_at is None else f"{said}, {self.word('else_at', t=clock_text(else_at))}"

    def content(self, inject: Inject) -> list[str]:
        """Return what an inject makes happen in the drill's space, a line each."""
        if inject.incident is not None:
            return self._incident(inject.incident)
        if inject.need is not None:
            return [self._needed(line) for line in inject.need.lines]
        if inject.offer is not None:
            return [self.pair(self.member(inject.offer.member), self._counts(inject.offer.lines))]
        return self._condition(inject)

    def _condition(self, inject: Inject) -> list[str]:
        """Return what an inject measures, closes or cuts off."""
        if (sensor := inject.sensor) is not None:
            said = f"{self.coded('drill_sensors', sensor.quantity)} {self.number(sensor.value)}"
            bound = "" if sensor.threshold is None else f" ({self.word('threshold')} {self.number(sensor.threshold)})"
            return [self.pair(sensor.station, said + bound)]
        if (crossing := inject.crossing) is not None:
            said = self.pair(
                self._values("crossing", [crossing.code]), self.coded("crossing_controls", crossing.control)
            )
            delay = f", {self.word('delay')} {crossing.delay_min}\u00a0min" if crossing.delay_min else ""
            return [said + delay + self._lasting(crossing.lasts)]
        if (lost := inject.communications) is not None:
            said = self.pair(self.coded("drill_channels", lost.channel), self.parties(lost.members))
            return [said + self._lasting(lost.lasts)]
        return []

    def _incident(self, incident: IncidentContent) -> list[str]:
        level = self.named(vocabulary()["severities"][incident.severity]["names"])
        said = [
            self.pair(incident.title.said(self.language), self.coded("hazards", incident.hazard)),
            f"{self.word('severity')} {incident.severity} ({level})",
            f"{self.word('led_by')} {self.member(incident.lead)}",
            f"{self.word('radius')} {self.number(incident.radius_m / 1000)}\u00a0km",
        ]
        takes = [self.pair(self.word("takes"), self._counts(incident.takes))] if incident.takes else []
        return [", ".join(said), *takes]

    def _needed(self, line: NeedLine) -> str:
        wanted = f"{line.quantity} {TIMES} {self.type_of(line.type)}"
        said = [
            self.pair(wanted, self.coded("priorities", line.priority)),
            f"{self.word('needed_in')} {clock_text(line.needed_in)}",
            line.place,
        ]
        if line.rendezvous is not None:
            said.append(f"{self.word('via')} {self._values('rendezvous', [line.rendezvous])}")
        return ", ".join(said)

    def _counts(self, counts: Iterable[TypeCount]) -> str:
        return ", ".join(f"{each.quantity} {TIMES} {self.type_of(each.type)}" for each in counts)

    def _lasting(self, seconds: int | None) -> str:
        return "" if seconds is None else f", {self.word('lasts')} {clock_text(seconds)}"

    # ------------------------------------------------------------ objectives

    def measured(self, scenario: Scenario, objective: Objective) -> str:
        """Return how an objective is measured, in one line."""
        measure = objective.measure
        said = [self.coded("drill_metrics", measure.metric)]
        if measure.start is not None:
            start = measure.start
            if start.match is not None:
                began = self.match(start.match)
            else:
                assert start.inject is not None
                kind = self.coded("drill_inject_kinds", scenario.inject(start.inject).kind)
                began = f"{self.word('m_inject', what=kind)} {self._number(scenario, start.inject)}"
            said.append(self.pair(self.word("m_from"), began))
        if measure.end is not None:
            said.append(self.pair(self.word("m_to"), self.match(measure.end)))
        if measure.over is not None:
            said.append(self.pair(self.word("m_over"), self.match(measure.over)))
        if measure.figure is not None:
            said.append(self.word(f"figure_{measure.figure}"))
        if measure.type is not None:
            said.append(self.type_of(measure.type))
        if measure.within is not None:
            said.append(self.word("within", t=clock_text(measure.within)))
        if measure.metric in {"time", "share"} and measure.per != "drill":
            said.append(f"{self.word('m_for_each')} {self.word(f'per_{measure.per}')}")
            if measure.metric == "time":
                said.append(f"{self.word('m_counts')} {self.word(f'summary_{measure.summary}')}")
        return " · ".join(said)
