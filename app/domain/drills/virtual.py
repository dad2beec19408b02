"""Players that are no people: what they decide, and after how long, from a policy and a seed.

Each draw is a hash of (seed, member, stimulus, what is drawn), so it depends on no other draw and on no order of calls: three
server processes, or one that was killed and started again, decide alike. The same seed is the same drill.

A *stimulus* is what a player answers, by a name that is the same in every run: the id of the inject that brought the need, and
what became of it (``need_pumps``, ``need_pumps/2`` for the second line, ``need_pumps/be-liege`` for an offer on it). Ids of
rows differ from run to run and are no stimuli.

This module only decides. The commands are sent, under an actor kind of their own, by whoever plays the drill.
"""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from app.domain.drills.model import Delay, Player, Policy, Scenario

_NORMAL: Final = statistics.NormalDist()
_SLOWEST: Final = 4.0
"""Standard deviations at which a delay is cut off: once in thirty thousand draws, and a drill does not wait for it."""


def chance(seed: int, *names: str) -> float:
    """Return a number between 0 and 1, neither included, that these names always have under this seed."""
    said = "\x1f".join([str(seed), *names]).encode()
    bits = int.from_bytes(hashlib.sha256(said).digest()[:8], "big") >> 11
    return (bits + 0.5) / 2**53


def delay_s(delay: Delay, seed: int, member: str, stimulus: str, what: str) -> int:
    """Return a lognormal delay in whole seconds: median times e to the power of spread times a standard normal draw."""
    normal = _NORMAL.inv_cdf(chance(seed, member, stimulus, what))
    return round(delay.median * math.exp(delay.spread * max(-_SLOWEST, min(_SLOWEST, normal))))


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of a request, and how many of its type the player has available at home now."""

    type: str
    quantity: int
    available: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a player says to a request. Delays in seconds of drill time, from the moment at which it was opened."""

    acknowledge_s: int
    answer_s: int
    """Never before the acknowledgement."""
    offered: tuple[int, ...]
    """How many of each line, in their order; all 0 if it declines."""
    declined: str | None
    """The reason (``decline_reasons``), if it sends nothing."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a player says to an offer on its request."""

    quantity: int
    """How many it takes; 0: it declines the offer."""
    after_s: int


@dataclass(frozen=True, slots=True)
class VirtualPlayer:
    """One player: its member, its policy and the drill's seed."""

    member: str
    policy: Policy
    seed: int

    def _after(self, delay: Delay, stimulus: str, what: str) -> int:
        return delay_s(delay, self.seed, self.member, stimulus, what)

    def answer(self, stimulus: str, lines: Sequence[Asked]) -> Answer:
        """Decide on a request: how many of each line it can send without its reserve, or why it sends none."""
        acknowledge_s = self._after(self.policy.acknowledge, stimulus, "acknowledge")
        answer_s = acknowledge_s + self._after(self.policy.answer, stimulus, "answer")
        if chance(self.seed, self.member, stimulus, "decline") < self.policy.decline_share:
            return Answer(acknowledge_s, answer_s, (0,) * len(lines), self.policy.decline_reason)
        left: dict[str, int] = {}
        offered = []
        for line in lines:
            free = left.get(line.type, line.available - self.policy.reserve.get(line.type, 0))
            offered.append(max(0, min(line.quantity, free)))
            left[line.type] = free - offered[-1]
        if any(offered):
            return Answer(acknowledge_s, answer_s, tuple(offered), None)
        reason = "reserve" if any(line.available > 0 for line in lines) else "none_available"
        return Answer(acknowledge_s, answer_s, tuple(offered), reason)

    def open(self, stimulus: str) -> int:
        """Return after how many seconds it asks for what an inject said it needs."""
        return self._after(self.policy.answer, stimulus, "open")

    def accept(self, stimulus: str, *, offered: int, lacking: int) -> Acceptance:
        """Decide on an offer: no more than is still lacking, and none at all at the policy's share."""
        after_s = self._after(self.policy.accept, stimulus, "accept")
        takes = chance(self.seed, self.member, stimulus, "accept?") < self.policy.accept_share
        return Acceptance(max(0, min(offered, lacking)) if takes else 0, after_s)

    def commit(self, stimulus: str) -> int:
        """Return after how many seconds it commits what was accepted."""
        return self._after(self.policy.commit, stimulus, "commit")

    def steps(self, stimulus: str, states: Sequence[str]) -> tuple[tuple[str, int], ...]:
        """Return the states that a mission goes through, each with the seconds since it was committed.

        The first takes as long as mobilising does, each further one a step of the policy.
        """
        at_s, found = 0, []
        for number, state in enumerate(states):
            at_s += self._after(self.policy.step if number else self.policy.mobilise, stimulus, state)
            found.append((state, at_s))
        return tuple(found)


def virtual_players(scenario: Scenario, *, everybody: bool = False) -> dict[str, VirtualPlayer]:
    """Return the virtual players by their member; ``everybody``: also those whom people play, by the first policy.

    Raises:
        ValueError: there is no policy by which to play for people.
    """

    def policy(player: Player) -> Policy:
        if player.policy is not None:
            return scenario.policies[player.policy]
        if not scenario.policies:
            raise ValueError(f"{scenario.id} has no policy by which to play for {player.member}.")
        return next(iter(scenario.policies.values()))

    chosen = [player for player in scenario.players if everybody or player.play == "virtual"]
    return {player.member: VirtualPlayer(player.member, policy(player), scenario.seed) for player in chosen}
