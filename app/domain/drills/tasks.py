"""What virtual players have to do, and when: made of the events and deliveries of a drill, so that whoever looks finds the same.

A task is due at a time of the drill that follows from an event and the player's policy alone. Its ``key`` is the same in every run:
it is made of members, injects, and of how many there were before, and never of ids of rows. What is to be sent, to whom, is in
``about``; what is still there to send is found out when the task's time has come.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from app.domain.drills import US
from app.domain.drills.virtual import VirtualPlayer, delay_s

if TYPE_CHECKING:
    from app.domain.drills.events import Event
    from app.domain.drills.model import Delay, Inject
    from app.domain.drills.play import Play

NEXT_STEP: Final = {
    "mission.committed": "mobilise",
    "mission.mobilising": "step",
    "mission.in_transit": "step",
    "mission.at_border": "step",
    "mission.cleared": "step",
    "mission.at_rendezvous": "step",
    "mission.staged": "step",
    "mission.released": "step",
    "mission.stood_down": "step",
    "mission.recalled": "step",
    "mission.aborted": "step",
    "mission.returning": "step",
}
"""After which event of a mission its lender takes a further step, and the policy's delay until then."""
DONE_WHEN_EXPECTED: Final = frozenset(
    {
        "crossing.state_set", "incident.phase_changed", "incident.logged", "shift.handed_over", "incident.changed",
        "question.asked",
    }
)  # fmt: skip
"""What a virtual player does because an inject expects it. Reports, requests, offers and guides follow from what happens."""


@dataclass(frozen=True, slots=True, order=True)
class Task:
    """One thing to do, by one player."""

    at_us: int
    key: str
    what: str = field(compare=False)
    member: str = field(compare=False)
    about: Mapping[str, Any] = field(compare=False, default_factory=dict)


def tasks(play: Play, players: Mapping[str, VirtualPlayer]) -> list[Task]:
    """Return every task there is by now, done or not, in the order in which they fall due."""
    made = _Making(play, players)
    found = [*made.of_injects()]
    for event in play.events:
        found += made.of_event(event)
    return sorted(found)


class _Making:
    def __init__(self, play: Play, players: Mapping[str, VirtualPlayer]) -> None:
        self.play, self.players = play, players
        self.requests: Counter[str] = Counter()
        self.names: dict[str, str] = {}
        """Row's id → what it is called in keys."""
        self.numbers: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.requesters: dict[str, str] = {}

    # ------------------------------------------------------------ what the script brings

    def of_injects(self) -> Iterator[Task]:
        for inject in self.play.scenario.injects:
            delivery = self.play.deliveries.get(inject.id)
            if delivery is None:
                continue
            yield from self._incident(inject, delivery.at_us)
            yield from self._need(inject, delivery.at_us)
            yield from self._prompt(inject, delivery.at_us)
            yield from self._expected(inject, delivery.at_us)

    def _incident(self, inject: Inject, at_us: int) -> Iterator[Task]:
        if inject.incident is None:
            return
        expected = () if inject.expect is None else self.play.members(inject.expect.by)
        reports = inject.expect is not None and inject.expect.event == "incident.reported"
        of = expected if reports and inject.expect and inject.expect.who == "each" else (inject.incident.lead,)
        for member in of:
            if (player := self.players.get(member)) is not None:
                due_us = at_us + player.open(inject.id) * US
                yield Task(due_us, f"{inject.id}/{member}/report", "report", member, {"inject": inject.id})
        lead = self.players.get(inject.incident.lead)
        if lead is None:
            return
        for each in inject.incident.takes:
            for number in range(each.quantity):
                key = f"{inject.id}/{lead.member}/take/{each.type}/{number + 1}"
                yield Task(at_us + lead.open(key) * US, key, "take", lead.member, {"type": each.type})

    def _need(self, inject: Inject, at_us: int) -> Iterator[Task]:
        if inject.need is None or (player := self.players.get(inject.need.member)) is None:
            return
        reported = self._reported(inject.need.incident)
        if reported is not None:
            due_us = max(at_us + player.open(inject.id) * US, reported.at_us + US)
            about = {"inject": inject.id, "incident": reported.ids["incident"]}
            yield Task(due_us, f"{inject.id}/{player.member}/ask", "ask", player.member, about)

    def _reported(self, inject_id: str) -> Event | None:
        """Return the report of the incident that came by an inject: the lead's, or else the first of its hazard after it."""
        content = self.play.scenario.inject(inject_id).incident
        delivery = self.play.deliveries.get(inject_id)
        if content is None or delivery is None:
            return None
        found = [
            event
            for event in self.play.events
            if event.type == "incident.reported"
            and event.at_us >= delivery.at_us
            and content.hazard in event.facts.get("hazard", ())
        ]
        return next((event for event in found if event.member == content.lead), found[0] if found else None)

    def _prompt(self, inject: Inject, at_us: int) -> Iterator[Task]:
        if inject.offer is None or (player := self.players.get(inject.offer.member)) is None:
            return
        due_us = at_us + delay_s(player.policy.answer, player.seed, player.member, inject.id, "prompted") * US
        yield Task(due_us, f"{inject.id}/{player.member}/prompted", "prompted", player.member, {"inject": inject.id})

    def _expected(self, inject: Inject, at_us: int) -> Iterator[Task]:
        expect = inject.expect
        if expect is None or expect.event not in DONE_WHEN_EXPECTED:
            return
        members = [each for each in self.play.members(expect.by) if each in self.players]
        for member in members if expect.who == "each" else members[:1]:
            player = self.players[member]
            due_us = at_us + delay_s(player.policy.acknowledge, player.seed, member, inject.id, "expected") * US
            about = {"inject": inject.id, "event": expect.event}
            yield Task(due_us, f"{inject.id}/{member}/expected", "expected", member, about)

    # ------------------------------------------------------------ what others did

    def of_event(self, event: Event) -> Iterator[Task]:
        if event.type == "request.opened":
            yield from self._opened(event)
        elif event.type == "offer.made":
            yield from self._offered(event)
        elif event.type == "offer.accepted":
            yield from self._accepted(event)
        elif event.type == "question.asked":
            yield from self._asked(event)
        elif event.type in NEXT_STEP:
            yield from self._mission(event)

    def _opened(self, event: Event) -> Iterator[Task]:
        requester, id_ = event.member or "", event.ids.get("request", "")
        self.requests[requester] += 1
        name = self.names[id_] = f"{requester}/request-{self.requests[requester]}"
        self.requesters[id_] = requester
        for member, player in self.players.items():
            if member == requester or event.at_us < self.play.joined.get(member, 0):
                continue
            answer = player.answer(name, ())
            about = {"request": id_, "name": name}
            ack_us, answer_us = (event.at_us + each * US for each in (answer.acknowledge_s, answer.answer_s))
            yield Task(ack_us, f"{name}/{member}/acknowledge", "acknowledge", member, about)
            yield Task(answer_us, f"{name}/{member}/answer", "answer", member, about)

    def _offered(self, event: Event) -> Iterator[Task]:
        request, offer = event.ids.get("request", ""), event.ids.get("offer", "")
        of = self.names.get(request)
        if of is None or event.member is None:
            return
        self.numbers[of][event.member] += 1
        name = self.names[offer] = f"{of}/{event.member}-{self.numbers[of][event.member]}"
        player = self.players.get(self.requesters[request])
        if player is not None:
            after_s = player.accept(name, offered=1, lacking=1).after_s
            about = {"offer": offer, "request": request, "name": name}
            yield Task(event.at_us + after_s * US, f"{name}/accept", "accept", player.member, about)

    def _accepted(self, event: Event) -> Iterator[Task]:
        offer = event.ids.get("offer", "")
        name = self.names.get(offer)
        lender = next(iter(event.facts.get("lender", ())), "")
        if name is None or (player := self.players.get(lender)) is None:
            return
        about = {"offer": offer, "name": name}
        due_us = event.at_us + self._after(player, player.policy.commit, name, "commit")
        yield Task(due_us, f"{name}/commit", "commit", lender, about)

    def _asked(self, event: Event) -> Iterator[Task]:
        question, of = event.ids.get("question", ""), self.names.get(event.ids.get("request", ""))
        if of is None:
            return
        self.numbers[of]["question"] += 1
        name = f"{of}/question-{self.numbers[of]['question']}"
        player = self.players.get(self.requesters[event.ids["request"]])
        if player is not None and player.member != event.member:
            due_us = event.at_us + self._after(player, player.policy.acknowledge, name, "reply")
            yield Task(due_us, f"{name}/reply", "reply", player.member, {"question": question})

    def _mission(self, event: Event) -> Iterator[Task]:
        mission = event.ids.get("mission", "")
        of = self.names.get(event.ids.get("offer", ""))
        if event.type == "mission.committed" and of is not None:
            self.numbers[of]["mission"] += 1
            self.names[mission] = f"{of}/unit-{self.numbers[of]['mission']}"
            yield from self._guide(event, mission)
        name = self.names.get(mission)
        lender = next(iter(event.facts.get("lender", ())), "")
        if name is None or (player := self.players.get(lender)) is None:
            return
        delay: Delay = getattr(player.policy, NEXT_STEP[event.type])
        due_us = event.at_us + self._after(player, delay, name, event.type)
        yield Task(due_us, f"{name}/after-{event.type.partition('.')[2]}", "step", lender, {"mission": mission})

    def _guide(self, event: Event, mission: str) -> Iterator[Task]:
        requester = next(iter(event.facts.get("requester", ())), "")
        if (player := self.players.get(requester)) is not None:
            name = self.names[mission]
            due_us = event.at_us + self._after(player, player.policy.accept, name, "guide")
            yield Task(due_us, f"{name}/guide", "guide", requester, {"mission": mission, "name": name})

    @staticmethod
    def _after(player: VirtualPlayer, delay: Delay, name: str, what: str) -> int:
        return delay_s(delay, player.seed, player.member, name, what) * US
