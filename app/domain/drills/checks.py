"""What no shape can tell of a scenario: names that dangle, missing languages, times beyond the end, people who approve themselves.

Each check yields the path of what is wrong and a sentence that goes on from it: ``injects[3].to[0]`` *is no player*.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel

from app.domain.authority import Via
from app.domain.drills.checking import Found, party_faults, unknown
from app.domain.drills.circles import circles, waits_for
from app.domain.drills.events import EVENTS, PARTIES, asked
from app.domain.drills.fault_words import said
from app.domain.drills.inject_checks import inject_faults
from app.domain.drills.measure_checks import objective_faults
from app.domain.drills.model import Player, Scenario
from app.domain.drills.shapes import Match, Moment, Texts, Where
from app.domain.drills.texts import claims_to_be_real, normalised
from app.domain.vocabulary import codes, vocabulary

if TYPE_CHECKING:
    from app.domain.drills.ground import Ground
    from app.domain.drills.placed import Path

FASTEST = 60
"""A clock's speed."""
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
        yield ("approver",), said("own_approver")
    if scenario.duration == 0:
        yield ("duration",), said("is_nothing")
    if scenario.duration > SMOKE_S * scenario.smoke_speed:
        needed = -(-scenario.duration // SMOKE_S)
        slow = said("smoke_faster", seconds=SMOKE_S, needed=needed)
        yield ("smoke_speed",), slow if needed <= FASTEST else said("smoke_shorter", seconds=SMOKE_S)
    if (scenario.notice.kind == "no_notice") is (scenario.notice.window_h is None):
        yield ("notice",), said("window")
    if scenario.quorum > len(scenario.players):
        yield ("quorum",), said("quorum", n=len(scenario.players))


def _people(scenario: Scenario, ground: Ground) -> Found:
    players = {player.member for player in scenario.players}
    for number, site in enumerate(scenario.sites):
        if site.member not in ground.members:
            yield ("sites", number, "member"), unknown("member", site.member, ground.members)
    seen: set[str] = set()
    for number, player in enumerate(scenario.players):
        at: Path = ("players", number)
        if player.member in seen:
            yield (*at, "member"), said("plays_twice", member=player.member)
        seen.add(player.member)
        if player.member not in ground.members:
            yield (*at, "member"), unknown("member", player.member, ground.members)
        yield from _player(scenario, player, at)
    yield from _policies(scenario, ground)
    yield from _roles(scenario, ground, players)


def _player(scenario: Scenario, player: Player, at: Path) -> Found:
    sites = [site.id for site in scenario.sites]
    if player.site not in sites:
        yield (*at, "site"), unknown("site", player.site, sites)
    if player.play == "virtual" and player.policy is None:
        yield at, said("without_policy")
    if player.play == "people" and player.policy is not None:
        yield (*at, "policy"), said("policy_of_people")
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
            yield ("roles",), said("country_without", country=country, role="exercise_director")
        if ("drill_evaluator", country) not in held:
            yield ("roles",), said("country_without", country=country, role="drill_evaluator")
    for needed in ("safety_officer", "drill_controller"):
        if needed not in {role.role for role in scenario.roles}:
            yield ("roles",), said("nobody_is", role=needed)


def _languages(thing: Any, path: Path, wanted: Iterable[str]) -> Found:
    """Look at every text: in every language, and none that claims to be no drill."""
    if isinstance(thing, Texts):
        missing = [language for language in wanted if not thing.root.get(language, "").strip()]
        if missing:
            yield path, said("missing_in", languages=", ".join(missing))
        for language, text in thing.root.items():
            if language not in set(wanted):
                yield (*path, language), said("other_language", language=language)
            if path[0] != "stop_words" and (phrase := claims_to_be_real(text)):
                yield (*path, language), said("says_real", phrase=phrase)
        return
    for key, value in _inside(thing):
        yield from _languages(value, (*path, key), wanted)
        if isinstance(value, str) and path and (phrase := claims_to_be_real(value)):
            yield (*path, key), said("says_real", phrase=phrase)


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
                yield (name, number, "id"), said("twice", id=each.id)
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
            yield (*path, "where"), said("filters_nothing")
    if isinstance(thing, Moment) and (thing.event is None) is (thing.inject is None):
        yield path, said("event_or_inject")
    for key, value in _inside(thing):
        yield from _picked(value, (*path, key), ground)


OWED: Final = ("open", "accept", "commit", "ad_hoc")
"""Acts that a telephone call takes ahead, and that a representative then owes."""


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
        "act": ("act owed after a call", OWED),
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
            yield at, said("reached_one_way")
        yield from party_faults(scenario, ground, point.sides, (*at, "sides"))
        if point.expectation_of is not None:
            awaited = injects.get(point.expectation_of)
            if awaited is None:
                yield (*at, "expectation_of"), unknown("inject", point.expectation_of, injects)
            elif awaited.expect is None or awaited.expect.event is None:
                yield (*at, "expectation_of"), said("expects_no_event", inject=awaited.id)


def _circles(scenario: Scenario) -> Found:
    numbers = {
        (kind, each.id): (f"{kind}s", number)
        for kind in ("inject", "objective", "sync_point")
        for number, each in enumerate(getattr(scenario, f"{kind}s"))
    }
    for circle in circles(waits_for(scenario)):
        way = " → ".join(f"{kind.replace('_', ' ')} {id_}" for kind, id_ in circle)
        yield numbers[circle[0]], said("circle", way=way)
