"""A drill under way, as far as the rules look at it: what was delivered, what the journal holds, who came late."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.domain.drills.clock import Timeline
from app.domain.drills.events import Event, belongs, fits
from app.domain.drills.model import Scenario
from app.domain.drills.shapes import Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An inject that was ticked *delivered*. ``at_us`` is the drill time that counts for what follows it."""

    at_us: int
    by: Literal["clock", "hand"] = "clock"
    seq: int | None = None
    """The entry of the journal that tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """What the rules are handed. All times are drill time in microseconds."""

    scenario: Scenario
    countries: Mapping[str, str]
    """Member → country."""
    timeline: Timeline
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)
    """By inject."""
    events: tuple[Event, ...] = ()
    """In the order of the journal."""
    reached: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Sync point and side → when its controllers said that it is reached."""
    joined: Mapping[str, int] = field(default_factory=dict)
    """Member → when it joined, for those that came after the beginning."""
    holdings: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    """Resource's id → member, type and status at the beginning."""

    def matching(self, match: Match, *, since_us: int = 0, until_us: int | None = None) -> Iterator[Event]:
        """Yield the events that fit, from and until a time (both included), in the order in which they happened.

        Those of its players alone, and what the service itself recorded: nobody else sets off a script or makes a figure.
        """
        playing = {player.member for player in self.scenario.players}
        found = (
            event
            for event in self.events
            if event.at_us >= since_us
            and (until_us is None or event.at_us <= until_us)
            and (event.member is None or event.member in playing)
            and fits(event, match, self.countries)
        )
        yield from sorted(found, key=lambda event: (event.at_us, event.seq))

    def first(
        self, match: Match, *, since_us: int = 0, until_us: int | None = None, by: Collection[str] | None = None
    ) -> Event | None:
        """Return the first event that fits, of those by some members or countries if so wanted."""
        for event in self.matching(match, since_us=since_us, until_us=until_us):
            if by is None or belongs(event.member, by, self.countries):
                return event
        return None

    def members(self, parties: Iterable[str]) -> tuple[str, ...]:
        """Return the players that parties mean."""
        return self.scenario.members(self.countries, tuple(parties))

    def site(self, member: str | None) -> str | None:
        """Return the site at which a member plays; None for one that does not."""
        return next((player.site for player in self.scenario.players if player.member == member), None)

    def there(self, member: str, at_us: int) -> bool:
        """Return whether a member had joined by then."""
        return self.joined.get(member, 0) <= at_us

    def people(self) -> frozenset[str]:
        """Return the members that people play."""
        return frozenset(player.member for player in self.scenario.players if player.play == "people")
