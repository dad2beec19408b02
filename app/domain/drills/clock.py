"""The clock of a drill: one row {state, anchor_utc, anchor_us, speed}.

    drill time = anchor_us + speed * (now - anchor_utc)   while it runs; anchor_us while it stands

All in whole microseconds: speeds are whole numbers, so nothing is ever rounded on the way from wall time to drill time. Each
step returns a new row whose anchor is the instant of the step; the rows as they followed each other are a ``Timeline``,
which tells at what drill time something happened long after the clock has moved on.

One site can be paused while the others go on: the clock of the drill runs, nothing is delivered there, and the time does not
count against those who play there (``Timeline.played_us``). When the site resumes it is at the same drill time as all others.

Resuming needs the word of every director; pausing needs one. Steps that do not fit raise ``Conflict``, with the row in
``current``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NoReturn, TypeAlias

from app.domain.clock import stamp
from app.domain.drills import US
from app.domain.errors import Conflict, FieldError, OutOfRange

State: TypeAlias = Literal["ready", "running", "paused", "ended", "stopped"]
"""``ended`` as planned; ``stopped`` by a real emergency: frozen, and never started again."""
FASTEST: Final = 60
_ONE: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The row. ``words``: directors (by country) who have said *resume* since the pause, and ``site_words`` for each site."""

    state: State = "ready"
    anchor_utc: datetime
    anchor_us: int = 0
    speed: int = 1
    paused_sites: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    site_words: frozenset[tuple[str, str]] = frozenset()
    pause_reasons: frozenset[tuple[str, str]] = frozenset()
    """Why it stands, where somebody said so: (site, reason), the site empty for a pause of everybody."""

    def at_us(self, now: datetime) -> int:
        """Return the drill time at an instant not before the anchor; before it, the anchor's."""
        if self.state != "running" or now <= self.anchor_utc:
            return self.anchor_us
        return self.anchor_us + self.speed * ((now - self.anchor_utc) // _ONE)

    def due_at(self, offset_us: int) -> datetime | None:
        """Return the first instant at which drill time is ``offset_us`` or later; None while the clock stands before it.

        What is already past is due at the anchor.
        """
        if offset_us <= self.anchor_us:
            return self.anchor_utc
        if self.state != "running":
            return None
        wall_us = -((self.anchor_us - offset_us) // self.speed)  # rounded up
        try:
            return self.anchor_utc + timedelta(microseconds=wall_us)
        except OverflowError:
            return None

    def told(self) -> dict[str, Any]:
        """Return the row as it goes into JSON."""
        return {
            "state": self.state,
            "anchor_utc": stamp(self.anchor_utc),
            "anchor_us": self.anchor_us,
            "speed": self.speed,
            "paused_sites": sorted(self.paused_sites),
            "words": sorted(self.words),
        }

    # ------------------------------------------------------------ steps

    def start(self, now: datetime, *, speed: int = 1) -> Clock:
        """Begin at drill time 0."""
        self._only("start", "ready")
        return replace(self, state="running", anchor_utc=now, anchor_us=0, speed=_speed(speed))

    def pause(self, now: datetime, reason: str | None = None) -> Clock:
        """Stop the time for everybody; words said before no longer count."""
        self._only("pause", "running")
        return replace(self._moved(now), state="paused", words=frozenset(), pause_reasons=self._because("", reason))

    def resume(self, now: datetime, director: str, needed: Collection[str]) -> Clock:
        """Take one director's word; with the last of those ``needed`` the time goes on.

        Directors are known by their country. Raises ``Conflict`` where the clock is not paused or this is no director.
        """
        self._only("resume", "paused")
        if director not in needed:
            self._refuse(f"{director} is none of the directors ({', '.join(sorted(needed))}).", "Ask one of them.")
        if director in self.words:
            self._refuse(f"The director of {director} has said so already.", "The other directors' words are needed.")
        words = self.words | {director}
        if words >= set(needed):
            return replace(
                self, state="running", anchor_utc=now, words=frozenset(), pause_reasons=self._because("", None)
            )
        return replace(self, words=words)

    def pause_site(self, now: datetime, site: str, reason: str | None = None) -> Clock:
        """Let one site stand while the others go on."""
        self._only("pause a site", "running", "paused")
        if site in self.paused_sites:
            self._refuse(f"The site {site} is paused already.", "Nothing more is needed.")
        return replace(
            self._moved(now),
            paused_sites=self.paused_sites | {site},
            site_words=self._without(site),
            pause_reasons=self._because(site, reason),
        )

    def resume_site(self, now: datetime, site: str, director: str, needed: Collection[str]) -> Clock:
        """Take one director's word for a site; with the last of those ``needed`` it plays on, at everybody's drill time."""
        self._only("resume a site", "running", "paused")
        if site not in self.paused_sites:
            self._refuse(f"The site {site} is not paused.", "Nothing more is needed.")
        if director not in needed:
            self._refuse(f"{director} is none of the directors ({', '.join(sorted(needed))}).", "Ask one of them.")
        if (site, director) in self.site_words:
            self._refuse(f"The director of {director} has said so already.", "The other directors' words are needed.")
        words = self.site_words | {(site, director)}
        if {who for where, who in words if where == site} >= set(needed):
            return replace(
                self._moved(now),
                paused_sites=self.paused_sites - {site},
                site_words=self._without(site),
                pause_reasons=self._because(site, None),
            )
        return replace(self, site_words=words)

    def set_speed(self, now: datetime, speed: int) -> Clock:
        """Go on faster or slower from here; drill time does not jump."""
        self._only("change its speed", "ready", "running", "paused")
        return replace(self._moved(now), speed=_speed(speed))

    def jump(self, now: datetime, to_us: int | None, awaited: Collection[str]) -> Clock:
        """Go straight to the next event at ``to_us``; never back, and not while people are waited for.

        ``awaited`` names the injects whose expectation is open with a person (``expectations.awaited``).
        """
        self._only("jump", "running", "paused")
        if awaited:
            hint = "Wait for them, or go faster instead."
            self._refuse(f"People are still at work on {', '.join(sorted(awaited))}.", hint, awaited=sorted(awaited))
        if to_us is None:
            self._refuse("Nothing is to come at a known time.", "Deliver an inject by hand, or end the exercise.")
        moved = self._moved(now)
        if to_us < moved.anchor_us:
            self._refuse("A drill's time does not go back.", "Jump to something that is still to come.")
        return replace(moved, anchor_us=to_us)

    def end(self, now: datetime) -> Clock:
        """End as planned, or before."""
        self._only("end", "ready", "running", "paused")
        return replace(self._moved(now), state="ended", words=frozenset())

    def stop(self, now: datetime) -> Clock:
        """Stop for a real emergency: from any state, at once, for ever. A second stop changes nothing."""
        return self if self.state == "stopped" else replace(self._moved(now), state="stopped", words=frozenset())

    def _moved(self, now: datetime) -> Clock:
        """Return the same clock with its anchor here; an instant before the anchor (two servers' clocks) is the anchor."""
        return replace(self, anchor_utc=max(now, self.anchor_utc), anchor_us=self.at_us(now))

    def _without(self, site: str) -> frozenset[tuple[str, str]]:
        return frozenset(each for each in self.site_words if each[0] != site)

    def _because(self, site: str, reason: str | None) -> frozenset[tuple[str, str]]:
        others = frozenset(each for each in self.pause_reasons if each[0] != site)
        return others | {(site, reason)} if reason else others

    def _only(self, step: str, *states: State) -> None:
        if self.state not in states:
            self._refuse(
                f"The drill's clock is {self.state} and can't {step}; it can when it is {' or '.join(states)}.",
                "Look at its state in `current`.",
            )

    def _refuse(self, detail: str, hint: str, **extra: Any) -> NoReturn:
        raise Conflict(detail, extra={"current": self.told()} | extra, hint=hint)


def _speed(speed: int) -> int:
    if not 1 <= speed <= FASTEST:
        wanted = f"A drill's speed is a whole number from 1 to {FASTEST}."
        raise OutOfRange(wanted, errors=[FieldError("/speed", OutOfRange.slug, wanted)])
    return speed


@dataclass(frozen=True, slots=True)
class Timeline:
    """The rows of a clock in the order in which they came to be, each true from its anchor to the next."""

    rows: tuple[Clock, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse rows out of order: ``ValueError``."""
        if not self.rows or any(a.anchor_utc > b.anchor_utc for a, b in zip(self.rows, self.rows[1:], strict=False)):
            raise ValueError("A time line has at least one row, and they follow each other.")

    def at_us(self, instant: datetime) -> int:
        """Return the drill time at an instant: what happened before the first row happened at its beginning."""
        row = self.rows[0]
        for each in self.rows:
            if each.anchor_utc > instant:
                break
            row = each
        return row.at_us(instant)

    def played_us(self, site: str | None, start_us: int, end_us: int) -> int:
        """Return how much of the drill time from one offset to another a site played: without its own pauses, and jumps."""
        lost = _joined([*self._jumps(), *self._pauses(site)])
        return end_us - start_us - sum(max(0, min(end_us, b) - max(start_us, a)) for a, b in lost)

    def plays_from(self, sites: Collection[str], offset_us: int) -> int | None:
        """Return the first drill time from ``offset_us`` on at which one of the sites was not paused; None if all still are."""
        found: list[int] = []
        for site in sites:
            at = offset_us
            for start, end in self._pauses(site):
                if start <= at < end:
                    at = end
            found.append(at)
        earliest = min(found, default=offset_us)
        return None if earliest >= LATEST_US else earliest

    def _jumps(self) -> Iterable[tuple[int, int]]:
        """Yield the stretches of drill time that were jumped over."""
        for before, row in zip(self.rows, self.rows[1:], strict=False):
            if row.anchor_us > (reached := before.at_us(row.anchor_utc)):
                yield reached, row.anchor_us

    def _pauses(self, site: str | None) -> Iterable[tuple[int, int]]:
        """Yield the stretches of drill time during which a site was paused, in their order."""
        began: int | None = None
        for row in self.rows:
            if site in row.paused_sites and began is None:
                began = row.anchor_us
            elif site not in row.paused_sites and began is not None:
                yield began, row.anchor_us
                began = None
        if began is not None:
            yield began, LATEST_US


def _joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return stretches without overlap."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


LATEST_US: Final = 10_000 * 3600 * US
"""Later than any drill lasts."""
