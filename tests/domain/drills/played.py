"""The scenarios that come along played to their end without a server: injects by the core's own clock, players by the scenario's seed.

What players do is drawn (in time, late, or not at all) and told as the events that expectations and objectives ask for, so that a
report of it has everything in it that one of a real drill has.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache

from app.domain.drills import US
from app.domain.drills.after_action import after_action
from app.domain.drills.clock import Timeline
from app.domain.drills.events import PARTIES, Event, asked
from app.domain.drills.injects import look
from app.domain.drills.play import Delivery, Play
from app.domain.drills.rating import overrule, rate
from app.domain.drills.report import Assessment, CorrectiveAction, Held, HotWash, Observation, Written
from app.domain.drills.virtual import chance
from tests.domain.drills.making import MINUTE, START, real_ground, running, shipped

FORMULA = '=HYPERLINK("http://example.invalid")'
LONG = "Pumpenförderstromüberwachungseinrichtungsausfallmeldung"


class Drama:
    """A drill that grows: what happens is put off until its time has come."""

    def __init__(self, name):
        self.scenario, self.seq, self.coming = shipped(name), 0, []
        ground = real_ground()
        self.countries = ground.members
        holdings = {
            f"{member}/{type_}/{n}": (member, type_, "available")
            for member, held in ground.resources.items()
            for type_, count in held.items()
            for n in range(count)
        }
        self.play = Play(
            scenario=self.scenario,
            countries=self.countries,
            timeline=Timeline((running(speed=60),)),
            holdings=holdings,
        )

    def number(self):
        self.seq += 1
        return self.seq

    def draw(self, *names):
        return chance(self.scenario.seed, *map(str, names))

    def member_of(self, party, *names):
        members = self.play.members((party,))
        return members[int(self.draw(*names) * len(members))]

    def happens(self, match, at_us, member, ids):
        """Let an event happen that fits."""
        facts = {}
        for key, wanted in asked(match.where):
            values = [self.member_of(each, key, at_us) if key in PARTIES else each for each in wanted[:1]]
            if key == "member":
                member = values[0]
            else:
                facts[key] = frozenset(values)
        figures = {"offered_quantity": 1.0 + int(self.draw("figure", at_us) * 3), "delay_min": 12.0, "severity": 3.0}
        self.coming.append((at_us, match.event, member, facts, ids, figures))

    def due_events(self, until_us):
        now = sorted((each for each in self.coming if each[0] <= until_us), key=lambda each: each[:2])
        self.coming = [each for each in self.coming if each[0] > until_us]
        events = [
            Event(seq=self.number(), type=type_, at_us=at, member=member, facts=facts, ids=ids, figures=figures)
            for at, type_, member, facts, ids, figures in now
        ]
        self.play = replace(self.play, events=(*self.play.events, *events))

    def deliver(self, due):
        delivery = Delivery(at_us=due.at_us, seq=self.number())
        self.play = replace(self.play, deliveries={**self.play.deliveries, due.inject: delivery})
        expect = self.scenario.inject(due.inject).expect
        if expect is None or expect.match is None:
            return
        members = self.play.members(expect.by)
        for member in members[:1] if expect.who == "any" else members:
            luck = self.draw(due.inject, member)
            if luck < 0.85:
                took_us = round((expect.within or 0) * US * (luck + 0.3))
                self.happens(expect.match, due.at_us + took_us, member, {"request": f"x-{due.inject}"})

    def chatter(self):
        """What objectives from one event to another are measured by: three of each."""
        for objective in self.scenario.objectives:
            measure = objective.measure
            if measure.over is not None:
                for n in range(3):
                    self.happens(measure.over, (15 + 9 * n) * MINUTE, self.member_of("all", objective.id, n), {})
            if measure.end is None:
                continue
            within = objective.levels.P.within or measure.within or 600
            per = measure.per if measure.per not in {"drill", "member"} else "request"
            for n in range(3):
                ids = {per: f"{objective.id}-{n}"}
                member = self.member_of(objective.of[0], objective.id, n)
                begin_us = round((10 + 8 * n + 5 * self.draw(objective.id, n)) * MINUTE)
                if measure.start.match is not None:
                    self.happens(measure.start.match, begin_us, self.member_of("all", n), ids)
                if (luck := self.draw(objective.id, n, "end")) < 0.9:
                    self.happens(measure.end, begin_us + round(within * US * (0.4 + luck)), member, ids)

    def run(self):
        self.chatter()
        second = 0
        clock = self.play.timeline.rows[0]
        while second * 60 * US <= self.scenario.duration_us:
            now = START + timedelta(seconds=second)
            self.due_events(clock.at_us(now))
            while due := look(self.play, clock, now).due:
                for each in due:
                    self.deliver(each)
            second += 1
        return self.play


@cache
def played(name):
    return Drama(name).run()


def held(name, number=1, day=0):
    scenario = shipped(name)
    wall = timedelta(seconds=scenario.duration / 60)
    start = START + timedelta(days=day)
    return Held(ref=f"DRL-2027-{number:04}", started_at=start, ended_at=start + wall, lasted_us=scenario.duration_us)


def written(name, number=1):
    """What people wrote about a drill, with texts that want to get out of their cells."""
    scenario = shipped(name)
    one, two = scenario.players[0].member, scenario.players[2].member
    unseen = next((i for i in scenario.injects if i.expect and i.expect.event is None), None)
    ended = held(name, number).ended_at
    objective = scenario.objectives[0].id
    return Written(
        summary="Everybody stayed to the end.",
        assessments=()
        if unseen is None
        else (Assessment(inject=unseen.id, members=(one,), standing="done", seq=4, note="In one call."),),
        observations=(
            Observation(id="ob-1", by="u-7", at_us=12 * MINUTE, text=FORMULA, kind="strength", member=one, objective=objective, seq=5),
            Observation(id="ob-2", by="u-8", at_us=25 * MINUTE, text=f"#let x = 1 *fett* {LONG} <b>\nZweite Zeile", language="de", member=two),
        ),
        hot_washes=(
            HotWash(member=one, at=ended + timedelta(minutes=12), went_well="Snel contact.", to_improve="Meer pompen.", language="nl"),
            HotWash(member=two, at=ended + timedelta(minutes=42), went_well="Klare Meldungen.", to_improve=LONG, to_change="Zweite Rufgruppe.", language="de"),
        ),
        actions=(
            CorrectiveAction(id=f"ca-{number}-1", drill=f"DRL-2027-{number:04}", text=f"-1+{FORMULA}", language="en", owner=one, function="Head of the control room", due=date(2027, 6, 1), objective=objective, retest_drill=f"DRL-2027-{number + 1:04}"),
            CorrectiveAction(id=f"ca-{number}-2", drill=f"DRL-2027-{number:04}", text="Rufgruppe für die Übergänge festlegen", language="de", owner=two, due=date(2027, 12, 1)),
        ),
    )  # fmt: skip


@cache
def reported(name, number=1, day=0):
    """The report of a scenario played, with one rating overruled."""
    play = played(name)
    how = held(name, number, day)
    rated = rate(play, how.lasted_us, ended=True)
    first = overrule(rated[0], rating="S", reason="The clock in one room was two minutes slow.", by="u-7", seq=5)
    return after_action(play, how, (first, *rated[1:]), written(name, number))
