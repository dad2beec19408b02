"""What injects expect of players, and how it stands: done, late, open, missed; not assessed for who joined after it was asked.

Only what the journal shows is followed here (an expectation with an event); the rest is for the evaluators' eyes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.domain.drills import US

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.domain.drills.events import Event
    from app.domain.drills.play import Play

Standing: TypeAlias = Literal["done", "late", "open", "missed", "not_assessed"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one inject expects of ``members``: of one, or of several where one does it for all."""

    inject: str
    members: tuple[str, ...]
    standing: Standing
    asked_us: int
    due_us: int
    """The drill time by which it is due, as long as the site is not paused again."""
    done_us: int | None = None
    evidence: int | None = None
    """The seq that shows it."""


def expectations(play: Play, at_us: int) -> tuple[Expectation, ...]:
    """Return every expectation of what was delivered by ``at_us``, in the order of the file."""
    found: list[Expectation] = []
    for inject in play.scenario.injects:
        delivery = play.deliveries.get(inject.id)
        if delivery is None or delivery.at_us > at_us or inject.expect is None or inject.expect.match is None:
            continue
        members = play.members(inject.expect.by)
        groups = [members] if inject.expect.who == "any" else [(member,) for member in members]
        found += [_stands(play, inject.id, group, delivery.at_us, at_us) for group in groups]
    return tuple(found)


def _stands(play: Play, inject_id: str, members: tuple[str, ...], asked_us: int, at_us: int) -> Expectation:
    expect = play.scenario.inject(inject_id).expect
    assert expect is not None
    assert expect.match is not None
    within_us = (expect.within or 0) * US
    there = tuple(member for member in members if play.there(member, asked_us))
    lost = min((at_us - asked_us - play.timeline.played_us(play.site(m), asked_us, at_us) for m in there), default=0)
    due_us = asked_us + within_us + lost
    if not there:
        return Expectation(inject_id, members, "not_assessed", asked_us, due_us)
    event = play.first(expect.match, since_us=asked_us, until_us=at_us, by=there)
    if event is None:
        standing: Standing = "open" if at_us <= due_us else "missed"
        return Expectation(inject_id, there, standing, asked_us, due_us)
    standing = "done" if _took_us(play, event, asked_us) <= within_us else "late"
    return Expectation(inject_id, there, standing, asked_us, due_us, event.at_us, event.seq)


def _took_us(play: Play, event: Event, asked_us: int) -> int:
    return play.timeline.played_us(play.site(event.member), asked_us, event.at_us)


def awaited(play: Play, at_us: int, ticked: Collection[tuple[str, str]] = ()) -> tuple[str, ...]:
    """Return the injects whose expectation is open with a person: while there is one, the clock is not to jump.

    ``ticked``: inject and member, where a controller saw what the journal does not show.
    """
    people = play.people()
    return tuple(
        dict.fromkeys(
            each.inject
            for each in expectations(play, at_us)
            if each.standing == "open"
            and not people.isdisjoint(each.members)
            and not any((each.inject, member) in ticked for member in each.members)
        )
    )
