"""The two handbooks of a drill as PDF: for players, and for controllers and evaluators.

The player handbook is made of ``views.Handbook`` alone and never of a scenario, so that nothing of the script can get into it: what
that shape does not hold, this module can't print.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from app.domain.drills import US
from app.domain.drills.planned import by_time, plan_of
from app.domain.drills.rating import RATINGS
from app.domain.drills.schedule import shown
from app.domain.drills.shapes import clock_text
from app.domain.drills.texts import EXERCISE, mark
from app.domain.drills.views import handbook
from app.interop.drill_wording import NOTHING, TIMES, Wording
from app.interop.paper import moment, render, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from app.domain.drills.model import Inject, Objective, Scenario, SyncPoint
    from app.domain.drills.places import Places, StaffPerson
    from app.domain.drills.planned import Planned
    from app.domain.drills.views import Handbook

_ROLES: Final = (
    "exercise_director", "drill_controller", "drill_evaluator", "simcell", "safety_officer", "observer",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When a scenario is played, as far as it is known. ``window``: within which a drill without notice may begin."""

    ref: str | None = None
    start: datetime | None = None
    window: tuple[datetime, datetime] | None = None


def player_handbook(
    book: Handbook, places: Places, language: str, *, occasion: Occasion | None = None, printed_at: datetime
) -> bytes:
    """Return the player handbook. Of a drill without notice it tells the window and never the start, whatever it is given."""
    say = Wording(language, places)
    data = page(say, "player_handbook", book.title.said(language), printed_at, book.id, occasion)
    data |= _plan(say, book, occasion or Occasion(), for_players=True)
    return render("drill-player", data, printed_at=printed_at)


def controller_handbook(
    scenario: Scenario,
    places: Places,
    language: str,
    *,
    occasion: Occasion | None = None,
    people: Sequence[StaffPerson] = (),
    printed_at: datetime,
) -> bytes:
    """Return the handbook of controllers and evaluators: the plan, who of its staff is who, and the whole script."""
    say = Wording(language, places)
    occasion = occasion or Occasion()
    data = page(say, "controller_handbook", scenario.title.said(language), printed_at, scenario.id, occasion)
    data |= _plan(say, handbook(scenario), occasion, for_players=False)
    data["facts"] += [
        [say.word("duration"), clock_text(scenario.duration)],
        [say.word("hazard"), say.coded("hazards", scenario.hazard)],
        [say.word("quorum"), say.word("quorum_of", n=scenario.quorum)],
        [say.word("author"), scenario.author],
        [say.word("approver"), scenario.approver],
    ]
    data |= {
        "warning": [words("drill-words")["not_for_players"][each] for each in places.languages],
        "summary": scenario.summary.said(language),
        "people": _people(say, scenario, people),
        "line": _line(say, scenario),
        "events": [_event(say, scenario, number, each) for number, each in enumerate(by_time(scenario), 1)],
        "objectives": [_objective(say, scenario, each) for each in scenario.objectives],
        "sync_points": [_sync(say, scenario, each) for each in scenario.sync_points],
        "virtual": _virtual(say, scenario),
        "virtual_how": say.word("virtual_how", seed=scenario.seed),
    }
    return render("drill-controller", data, printed_at=printed_at)


# ---------------------------------------------------------------- what all papers of a drill have


def page(
    say: Wording, what: str, title: str, printed_at: datetime, scenario: str, occasion: Occasion | None
) -> dict[str, Any]:
    """Return the frame of a paper: its title and foot, the words on it, and the mark in every language of the corridor."""
    common = words()
    printed = moment(printed_at, "UTC")
    assert printed is not None
    ref = occasion.ref if occasion is not None and occasion.ref else scenario
    return {
        "lang": say.language,
        "title": f"{say.word(what)} {NOTHING} {title}",
        "paper": say.word(what),
        "heading": title,
        "exercise": mark(say.places.languages),
        "footer": f"{say.word(what)} · {ref} · {common['printed'][say.language]} {printed['utc']} · Concord",
        "page_words": [common["page"][say.language], common["of"][say.language]],
        "words": {key: names[say.language] for key, names in words("drill-words").items()},
    }


def ratings(say: Wording) -> list[dict[str, str]]:
    """Return the four ratings with their names."""
    return [{"letter": each, "name": say.coded("drill_ratings", each)} for each in RATINGS]


# ---------------------------------------------------------------- the plan


def _plan(say: Wording, book: Handbook, occasion: Occasion, *, for_players: bool) -> dict[str, Any]:
    language = say.language
    sites = {
        site.id: {"name": site.name.said(language), "members": [each for each, at in book.players if at == site.id]}
        for site in book.sites
    }
    return {
        "facts": _facts(say, book, occasion, for_players=for_players),
        "stop": [{"language": each, "words": book.stop_words.said(each)} for each in say.places.languages],
        "directive": book.directive.said(language),
        "extent": book.extent_of_play.said(language),
        "situation": book.situation.said(language),
        "sites": [
            {"name": site["name"], "members": [_reached(say, each, book.simulated) for each in site["members"]]}
            for site in sites.values()
            if site["members"]
        ],
        "staff": _staff(say, book),
        "channels": [
            {
                "means": say.coded("drill_channels", each.means),
                "detail": each.detail or _elsewhere(say, each.means),
                "use": each.use.said(language),
            }
            for each in book.communications
        ],
        "mark_words": say.word("mark_words", words=" · ".join(EXERCISE[each] for each in say.places.languages)),
        "ratings": ratings(say),
    }


def _facts(say: Wording, book: Handbook, occasion: Occasion, *, for_players: bool) -> list[list[str]]:
    facts = [
        [say.word("kind"), say.coded("drill_types", book.type)],
        [say.word("notice"), say.coded("drill_notices", book.notice.kind)],
        _start(say, book, occasion, for_players=for_players),
    ]
    if for_players:
        lasts = say.word("not_told") if book.duration_s is None else clock_text(book.duration_s)
        facts.append([say.word("duration"), lasts])
    facts.append([say.word("version"), f"{book.id} · {book.version}"])
    countries = dict.fromkeys(say.places.members[m].country for m, _ in book.players if m in say.places.members)
    facts.append([say.word("players"), f"{len(book.players)} ({', '.join(map(say.country, countries))})"])
    return facts


def _start(say: Wording, book: Handbook, occasion: Occasion, *, for_players: bool) -> list[str]:
    zones = say.places.zones(tuple(member for member, _ in book.players))

    def at(instant: datetime) -> str:
        # One local time for those that show the same one.
        local: dict[str, list[str]] = {}
        for zone in zones:
            said = shown(instant, zone).rpartition(" ")
            local.setdefault(said[0], []).append(said[2])
        return "\n".join(f"{time} ({', '.join(of)})" for time, of in local.items())

    hidden = for_players and book.notice.kind == "no_notice"
    if occasion.start is not None and not hidden:
        return [say.word("starts"), at(occasion.start)]
    if book.notice.kind == "no_notice":
        if occasion.window is not None:
            return [say.word("begins_within"), "\n".join(map(at, occasion.window))]
        return [say.word("starts"), say.word("window_hours", n=book.notice.window_h or 0)]
    return [say.word("starts"), say.word("to_be_told")]


def _reached(say: Wording, code: str, simulated: Collection[str]) -> dict[str, str]:
    place = say.places.members.get(code)
    return {
        "name": say.member(code),
        "note": say.word("by_machine") if code in simulated else "",
        "country": say.country(place.country) if place else "",
        "phone": (place.phone if place else "") or NOTHING,
        "talkgroup": (place.talkgroup if place else "") or NOTHING,
    }


def _staff(say: Wording, book: Handbook) -> list[dict[str, str]]:
    found = []
    for role in _ROLES:
        of = [each for each in book.roles if each.role == role]
        if of:
            by = ", ".join(say.member(each.member) + (f" ({each.count})" if each.count > 1 else "") for each in of)
            found.append({"function": say.role(role), "by": by, "task": say.word(f"duty_{role}")})
    return found


def _elsewhere(say: Wording, means: str) -> str:
    """Return where the number of a channel stands that has none of its own: each member has one."""
    column = {"phone": "phone", "radio": "talkgroup"}.get(means)
    return NOTHING if column is None else say.word("see_who_plays", column=say.word(column), part=say.word("who_plays"))


def _people(say: Wording, scenario: Scenario, people: Sequence[StaffPerson]) -> list[dict[str, Any]]:
    """Return who holds each function of each member, and by what they are reached; blanks for those that nobody knows yet."""
    found = []
    for role in _ROLES:
        for part in (each for each in scenario.roles if each.role == role):
            place = say.places.members.get(part.member)
            named = [each for each in people if (each.role, each.member) == (role, part.member)]
            room = (place.phone, place.talkgroup) if place else ()
            rows = [
                {"name": each.name, "reached": [one for one in (*each.phones, each.email) if one], "known": True}
                for each in named
            ]
            rows += [{"name": say.word("to_be_named"), "reached": [], "known": False}] * (part.count - len(named))
            found.append(
                {
                    "function": say.role(role),
                    "member": say.member(part.member),
                    "country": say.country(place.country) if place else "",
                    "room": [each for each in room if each],
                    "people": rows,
                }
            )
    return found


# ---------------------------------------------------------------- the script


def _line(say: Wording, scenario: Scenario) -> dict[str, Any]:
    """Return the plan as it is drawn: a row for each inject, times as shares of the whole."""
    plan, total = plan_of(scenario), scenario.duration_us
    rows = []
    for number, inject in enumerate(by_time(scenario), 1):
        planned = plan[inject.id]
        at_us = planned.order_us
        within = inject.expect.within if inject.expect is not None else None
        rows.append(
            {
                "number": number,
                "label": say.coded("drill_inject_kinds", inject.kind),
                "to": say.parties(inject.to),
                "at": None if at_us is None else at_us / total,
                "how": _how(planned),
                "until": None if at_us is None or not within else min(1.0, (at_us + within * US) / total),
            }
        )
    return {"rows": rows, "ticks": ticks(scenario.duration)}


def _how(planned: Planned) -> str:
    if planned.trigger == "not_met":
        return "if"
    if planned.at_us is not None:
        return "fixed"
    return "latest" if planned.latest_us is not None else "hand"


def ticks(seconds: int) -> list[dict[str, Any]]:
    """Return some eight marks of a time axis that ends at ``seconds``, as shares of it."""
    step = next((each for each in (300, 600, 900, 1800, 3600, 7200, 14400) if seconds / each <= 9), 28800)  # noqa: PLR2004
    return [{"at": at / seconds, "label": clock_text(at)[:-3]} for at in range(0, seconds + 1, step)]


def _event(say: Wording, scenario: Scenario, number: int, inject: Inject) -> dict[str, Any]:
    plan = plan_of(scenario)[inject.id]
    short = {"latest": "latest_short", "if": "if_short", "hand": "by_hand_short"}.get(_how(plan))
    tongues = [say.language]
    for member in scenario.members({m: p.country for m, p in say.places.members.items()}, inject.to):
        place = say.places.members.get(member)
        if place is not None and place.languages and place.languages[0] in inject.text.root:
            tongues.append(place.languages[0])
    expect = inject.expect
    return {
        "number": number,
        "id": inject.id,
        "at": NOTHING if plan.order_us is None else clock_text(plan.order_us // US),
        "at_note": "" if short is None else say.word(short),
        "kind": say.coded("drill_inject_kinds", inject.kind),
        "from": say.sender(scenario, inject),
        "to": say.parties(inject.to),
        "means": say.coded("drill_means", inject.means),
        "trigger": say.trigger(scenario, inject),
        "texts": [{"language": each, "text": inject.text.said(each)} for each in dict.fromkeys(tongues)],
        "content": say.content(inject),
        "objective": None
        if inject.objective is None
        else say.pair(say.word("objective"), scenario.objective(inject.objective).name.said(say.language)),
        "expect": None
        if expect is None
        else {
            "who": say.word("any_of" if expect.who == "any" else "each_of", who=say.parties(expect.by))
            if len(expect.by) > 1 or expect.by[0].isupper() or expect.by[0] == "all"
            else say.parties(expect.by),
            "action": expect.action.said(say.language),
            "within": "" if expect.within is None else say.word("within", t=clock_text(expect.within)),
            "seen": say.word("seen_by_evaluator")
            if expect.match is None
            else say.word("seen_by", what=say.match(expect.match)),
        },
    }


def _objective(say: Wording, scenario: Scenario, objective: Objective) -> dict[str, Any]:
    return {
        "name": objective.name.said(say.language),
        "of": say.parties(objective.of),
        "measured": say.measured(scenario, objective),
        "levels": [
            {"letter": level, "bound": say.bound(objective, target)} for level, target in objective.levels.given.items()
        ],
    }


def _sync(say: Wording, scenario: Scenario, point: SyncPoint) -> dict[str, str]:
    how = say.word("sync_by_hand")
    if point.match is not None:
        how = say.word("sync_by", what=say.match(point.match))
    elif point.expectation_of is not None:
        expect = scenario.inject(point.expectation_of).expect
        how = say.word("sync_by_expectation", what="" if expect is None else expect.action.said(say.language))
    return {"name": point.name.said(say.language), "sides": say.parties(point.sides), "how": how}


def _virtual(say: Wording, scenario: Scenario) -> list[dict[str, str]]:
    found = []
    for player in scenario.players:
        if player.play != "virtual" or player.policy is None:
            continue
        policy = scenario.policies[player.policy]
        kept: Iterable[str] = (f"{count} {TIMES} {say.type_of(type_)}" for type_, count in policy.reserve.items())
        found.append(
            {
                "member": say.member(player.member),
                "acknowledges": clock_text(policy.acknowledge.median),
                "answers": clock_text(policy.answer.median),
                "commits": clock_text(policy.commit.median),
                "mobilises": clock_text(policy.mobilise.median),
                "declines": say.share(policy.decline_share),
                "keeps": ", ".join(kept) or NOTHING,
            }
        )
    return found
