"""What players may read of a scenario: the plan without the script. Everything that goes to a player is made here.

Left out are the injects, the objectives and their levels, sync points, policies, the seed, the hazard, and the summary, which
tells the plot. Of an inject, once it is delivered to them, players get who says what, and by what means; not its id, which
may give it away, nor what is expected, nor why it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.domain.drills.model import Channel, Inject, Notice, Role, Scenario, SensorContent, Site
    from app.domain.drills.shapes import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Handbook:
    """What the player handbook is made of."""

    id: str
    version: int
    type: str
    title: Texts
    directive: Texts
    extent_of_play: Texts
    situation: Texts
    notice: Notice
    duration_s: int | None
    """None for a drill without notice: its length would tell its end."""
    communications: tuple[Channel, ...]
    stop_words: Texts
    sites: tuple[Site, ...]
    players: tuple[tuple[str, str], ...]
    """Member and site."""
    simulated: tuple[str, ...]
    """Those of them that the machine plays: said openly, for each of their acts says it in the journal (``via``)."""
    roles: tuple[Role, ...]
    quorum: int
    """How many players must be there, or it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A delivered inject as a player gets it. ``sender_name`` is that of a voice; a member or ``control`` has none here."""

    sender: str
    sender_name: Texts | None
    means: str
    text: Texts
    sensor: SensorContent | None


def handbook(scenario: Scenario) -> Handbook:
    """Return the plan as players may read it before and during the drill."""
    return Handbook(
        id=scenario.id,
        version=scenario.version,
        type=scenario.type,
        title=scenario.title,
        directive=scenario.directive,
        extent_of_play=scenario.extent_of_play,
        situation=scenario.situation,
        notice=scenario.notice,
        duration_s=scenario.duration if scenario.notice.kind == "announced" else None,
        communications=scenario.communications,
        stop_words=scenario.stop_words,
        sites=scenario.sites,
        players=tuple((player.member, player.site) for player in scenario.players),
        simulated=tuple(player.member for player in scenario.players if player.play == "virtual"),
        roles=scenario.roles,
        quorum=scenario.quorum,
    )


def told(scenario: Scenario, inject: Inject) -> Told:
    """Return what the players get to whom an inject was delivered."""
    return Told(
        sender=inject.sender,
        sender_name=scenario.voices.get(inject.sender),
        means=inject.means,
        text=inject.text,
        sensor=inject.sensor,
    )
