"""What no shape can tell of a scenario: names that dangle, missing languages, times beyond the end, people who approve themselves.

Each check yields the path of what is wrong and a sentence that goes on from it: ``injects[3].to[0]`` *is no player*.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from app.domain.authority import Via
from app.domain.drills.checking import Found, party_faults, unknown
from app.domain.drills.circles import circles, waits_for
from app.domain.drills.events import EVENTS, PARTIES, asked
from app.domain.drills.inject_checks import inject_faults
from app.domain.drills.measure_checks import objective_faults
from app.domain.drills.model import Player, Scenario
from app.domain.drills.shapes import Match, Moment, Texts, Where
from app.domain.drills.texts import claims_to_be_real, normalised
from app.domain.vocabulary import codes, vocabulary

if TYPE_CHECKING:
    from app.domain.drills.ground import Ground
    from app.domain.drills.placed import Path

SMOKE_S = 120
"""Seconds that a scenario lasts at most at its smoke speed."""


def faults_of(scenario: Scenario, ground: Ground) -> Found:
    """Yield every fault of a scenario that has the right shape."""
    yield from _plan(scenario, ground)
    yield from _people(scenario, ground)
    yield from _languages(scenario, (), ground.languages)
    yield from _twice(scenario)
    yield from _picked(scenario, (), ground)
    yield from _sync_points(scenario, ground)
    yield from objective_faults(scenario, ground)
    yield from inject_faults(scenario, ground)
    yield from _circles(scenario)


def _plan(scenario: Scenario, ground: Ground) -> Found:
    if scenario.corridor != ground.corridor:
        yield ("corridor",), unknown("corridor", scenario.corridor, [ground.corridor])
    if scenario.hazard not in ground.hazards:
        yield ("hazard",), unknown("hazard", scenario.hazard, ground.hazards)
    if normalised(scenario.author) == normalised(scenario.approver):
        yield ("approver",), "is the author; somebody else approves a script"
    if scenario.duration == 0:
        yield ("duration",), "is nothing"
    if scenario.duration > SMOKE_S * scenario.smoke_speed:
        needed = -(-scenario.duration // SMOKE_S)
        more = f"; {needed} would do" if needed <= 60 else "; make it shorter"  # noqa: PLR2004 - the fastest
        yield ("smoke_speed",), f"is too slow: at this speed it lasts longer than {SMOKE_S} seconds{more}"
    if (scenario.notice.kind == "no_notice") is (scenario.notice.window_h is None):
        yield ("notice",), "has a window_h if it is no_notice, and only then"
    if scenario.quorum > len(scenario.players):
        yield ("quorum",), f"is more than the {len(scenario.players)} players"


def _people(scenario: Scenario, ground: Ground) -> Found:
    players = {player.member for player in scenario.players}
    for number, site in enumerate(scenario.sites):
        if site.member not in ground.members:
            yield ("sites", number, "member"), unknown("member", site.member, ground.members)
    seen: set[str] = set()
    for number, player in enumerate(scenario.players):
        at: Path = ("players", number)
        if player.member in seen:
            yield (*at, "member"), f"{player.member} plays twice"
        seen.add(player.member)
        if player.member not in ground.members:
            yield (*at, "member"), f"{unknown('member', player.member, ground.members)}, so nobody can play it"
        yield from _player(scenario, player, at)
    yield from _policies(scenario, ground)
    yield from _roles(scenario, ground, players)


def _player(scenario: Scenario, player: Player, at: Path) -> Found:
    sites = [site.id for site in scenario.sites]
    if player.site not in sites:
        yield (*at, "site"), unknown("site", player.site, sites)
    if player.play == "virtual" and player.policy is None:
        yield at, "is virtual and has no policy"
    if player.play == "people" and player.policy is not None:
        yield (*at, "policy"), "is for virtual players; people decide for themselves"
    if player.policy is not None and player.policy not in scenario.policies:
        yield (*at, "policy"), unknown("policy", player.policy, scenario.policies)


def _policies(scenario: Scenario, ground: Ground) -> Found:
    for name, policy in scenario.policies.items():
        for code in policy.reserve:
            if code not in ground.types:
                yield ("policies", name, "reserve", code), unknown("resource type", code, ground.types)
        if policy.decline_reason not in codes("decline_reasons"):
            reason = unknown("reason to decline", policy.decline_reason, codes("decline_reasons"))
            yield ("policies", name, "decline_reason"), reason


def _roles(scenario: Scenario, ground: Ground, players: set[str]) -> Found:
    for number, role in enumerate(scenario.roles):
        if role.member not in ground.members:
            yield ("roles", number, "member"), unknown("member", role.member, ground.members)
    held = {(role.role, ground.country(role.member)) for role in scenario.roles}
    for country in sorted({ground.country(each) for each in players} - {""}):
        if ("exercise_director", country) not in held:
            yield ("roles",), f"{country} plays and has no exercise_director"
        if ("drill_evaluator", country) not in held:
            yield ("roles",), f"{country} plays and has no drill_evaluator"
    for needed in ("safety_officer", "drill_controller"):
        if needed not in {role.role for role in scenario.roles}:
            yield ("roles",), f"nobody is {needed}"


def _languages(thing: Any, path: Path, wanted: Iterable[str]) -> Found:
    """Look at every text: in every language, and none that claims to be no drill."""
    if isinstance(thing, Texts):
        missing = [language for language in wanted if not thing.root.get(language, "").strip()]
        if missing:
            yield path, f"is missing in {', '.join(missing)}"
        for language, text in thing.root.items():
            if language not in set(wanted):
                yield (*path, language), f"{language} is no language of this corridor"
            if path[0] != "stop_words" and (phrase := claims_to_be_real(text)):
                yield (*path, language), f"says {phrase!r}: only somebody who stops a drill may say so"
        return
    for key, value in _inside(thing):
        yield from _languages(value, (*path, key), wanted)
        if isinstance(value, str) and path and (phrase := claims_to_be_real(value)):
            yield (*path, key), f"says {phrase!r}: only somebody who stops a drill may say so"


def _inside(thing: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(thing, BaseModel):
        for name, field in type(thing).model_fields.items():
            yield field.alias or name, getattr(thing, name)
    elif isinstance(thing, dict):
        yield from thing.items()
    elif isinstance(thing, tuple):
        yield from enumerate(thing)


def _twice(scenario: Scenario) -> Found:
    for name in ("sites", "sync_points", "objectives", "injects"):
        seen: set[str] = set()
        for number, each in enumerate(getattr(scenario, name)):
            if each.id in seen:
                yield (name, number, "id"), f"{each.id!r} stands twice"
            seen.add(each.id)


def _picked(thing: Any, path: Path, ground: Ground) -> Found:
    """Look at every event that is named, and at what it is filtered by."""
    event = getattr(thing, "event", None) if isinstance(thing, BaseModel) else None
    if event is not None and event not in EVENTS:
        yield (*path, "event"), unknown("event of the journal", event, EVENTS)
    if isinstance(thing, Where):
        yield from _filters(thing, path, ground)
        return
    if isinstance(thing, BaseModel) and event is None and not isinstance(thing, Match):
        where = getattr(thing, "where", None)
        if isinstance(where, Where) and any(asked(where)):
            yield (*path, "where"), "filters events, and no event is named"
    if isinstance(thing, Moment) and (thing.event is None) is (thing.inject is None):
        yield path, "is either an event or an inject"
    for key, value in _inside(thing):
        yield from _picked(value, (*path, key), ground)


def _filters(where: Where, path: Path, ground: Ground) -> Found:
    members = {*ground.members, *ground.members.values()}
    known: dict[str, tuple[str, Collection[str]]] = {
        **dict.fromkeys(PARTIES, ("member or country", members)),
        "type": ("resource type", ground.types),
        "kind": ("kind of request", codes("request_kinds")),
        "priority": ("priority", codes("priorities")),
        "hazard": ("hazard", ground.hazards),
        "crossing": ("crossing", ground.crossings),
        "rendezvous": ("rendezvous", ground.rendezvous),
        "control": ("crossing control", codes("crossing_controls")),
        "reason": ("reason to decline", codes("decline_reasons")),
        "phase": ("phase", {phase for phases in vocabulary()["phases"].values() for phase in phases}),
        "via": ("way in", get_args(Via)),
        "status": ("status of a resource", {"available", "reserved", "committed", "out_of_service"}),
    }
    for name, values in asked(where):
        what, list_ = known.get(name, ("", ()))
        for number, value in enumerate(values):
            if what and value not in list_:
                yield (*path, name, number), unknown(what, value, list_)


def _sync_points(scenario: Scenario, ground: Ground) -> Found:
    injects = {inject.id: inject for inject in scenario.injects}
    for number, point in enumerate(scenario.sync_points):
        at: Path = ("sync_points", number)
        ways = [point.event is not None, point.expectation_of is not None, point.by_hand is not None]
        if sum(ways) != 1:
            yield at, "is reached in one way: by event, expectation_of or by_hand"
        yield from party_faults(scenario, ground, point.sides, (*at, "sides"))
        if point.expectation_of is not None:
            awaited = injects.get(point.expectation_of)
            if awaited is None:
                yield (*at, "expectation_of"), unknown("inject", point.expectation_of, injects)
            elif awaited.expect is None or awaited.expect.event is None:
                yield (*at, "expectation_of"), f"{awaited.id!r} expects no event"


def _circles(scenario: Scenario) -> Found:
    numbers = {
        (kind, each.id): (f"{kind}s", number)
        for kind in ("inject", "objective", "sync_point")
        for number, each in enumerate(getattr(scenario, f"{kind}s"))
    }
    for circle in circles(waits_for(scenario)):
        way = " → ".join(f"{kind.replace('_', ' ')} {id_}" for kind, id_ in circle)
        yield numbers[circle[0]], f"waits for itself: {way}"
