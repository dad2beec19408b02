"""The plans of one process: for each space that somebody looks at, one that is kept, and made anew when something has changed.

The first look makes it, at the plan itself or at recommendations, which leave out what it sends elsewhere. As long as somebody has looked within ``LOOKED_AT_S``, a follower hears the journal and makes it anew ``DEBOUNCE_S`` after a change, or after a unit has
moved noticeably (``moves.py``), and every ``AGAIN_S`` without either, for time passes. Plans are made in one thread of their own, one after the other, each in limited time; facts are read on the event loop,
which never waits for a solver. Nobody's state is here: another process plans for itself, and comes to the same.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import structlog

from app.delivery.moves import NOTICEABLE_MIN, Moves
from app.delivery.wakes import POLL_S
from app.domain.errors import NotFound, Unavailable
from app.planning.papers import Papers
from app.planning.picture import posed
from app.planning.planner import Planner
from app.planning.routed import RoutedTravel, ends_of, not_told
from app.planning.travel import Travel
from app.planning.what_if import crossing_closed, reserve_raised, resource_out
from app.queries.plan_changes import says_other
from app.queries.plan_facts import picture_of, require_there
from app.queries.plans import Answer, Kept, Ways, units_by_line
from app.queries.recommendations import Elsewhere
from app.store import journal
from app.store.engine import AWAY, reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.delivery.wakes import Ear, Wakes
    from app.domain.clock import Clock
    from app.planning.candidates import Gate
    from app.planning.facts import Picture
    from app.planning.picture import Posed
    from app.planning.plan import Plan
    from app.planning.planner import Help
    from app.planning.roads import Roads
    from app.planning.routed import Legs
    from app.queries.forces import AllForces
    from app.queries.plans import Question
    from app.queries.recommendations import Router

    T = TypeVar("T")

DEBOUNCE_S: Final = 2.0
"""A change seldom comes alone."""
AGAIN_S: Final = 60.0
LOOKED_AT_S: Final = 180.0
LIMIT_S: Final = 2.0
"""For the solver; then the best that it has found counts, or greedy."""
HELP_S: Final = 1.0
"""For finding out what would help most."""
PATIENCE_S: Final = 20.0
"""For a plan that somebody waits for, with those that are made before it."""
FIRST_S: Final = 3.0
"""How long recommendations wait for a plan where none is kept; they are told without one then."""
MOST_WAITING: Final = 8
"""Questions that wait for the thread; whoever asks then is told to come back."""
AGAIN: Final = "Ask again in a few seconds: nothing was touched, and nothing waits for you."
LONGEST_PAUSE_S: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Space:
    kept: Kept | None = None
    moves: Moves | None = None
    papers: Papers | None = None
    travel: Travel | None = None
    """The thread's own: ways are kept in it."""
    made_from: tuple[object, ...] = ()
    looked_at: float = 0.0
    follower: asyncio.Task[None] | None = None
    first: asyncio.Task[None] | None = None
    """Makes the first plan, for those who did not wait for it."""
    making: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def followed(self) -> bool:
        """Whether what is kept is kept up to date."""
        return self.follower is not None and not self.follower.done()


class Plans:
    """One a process. ``close`` it at the end."""

    def __init__(
        self, engine: AsyncEngine, wakes: Wakes, clock: Clock, forces: AllForces, router: Router | None = None,
        *, debounce_s: float = DEBOUNCE_S,
    ) -> None:  # fmt: skip
        """Keep what is needed; nothing runs yet."""
        self._engine = engine
        self._wakes = wakes
        self._clock = clock
        self._forces = forces
        self._router = router
        self.debounce_s = debounce_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="plan")
        self._waiting = 0
        self._spaces: dict[str, _Space] = defaultdict(_Space)
        self._process = uuid.uuid4().hex[:8]
        self._made = 0

    async def close(self) -> None:
        """End the followers; a plan that is being made is finished by nobody's wish."""
        tasks = [task for each in self._spaces.values() for task in (each.first, each.follower) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    # ---------------------------------------------------------------- asking

    async def of(self, space: str) -> Kept:
        """Return the plan of a space; made first where none is kept, or the last one is of long ago.

        Raises:
            NotFound: there is no such space.
            Unavailable: too many ask for plans at the moment.
        """
        mine = self._spaces[space]
        mine.looked_at = time.monotonic()
        kept = mine.kept if mine.followed else None
        if kept is None:
            async with mine.making:
                kept = mine.kept if mine.followed else None
                if kept is None:
                    kept = await self._make(space)
                    mine.follower = asyncio.create_task(self._follow(space), name=f"plan {space}")
        return kept

    async def elsewhere(self, space: str) -> Elsewhere | None:
        """Return which units the plan sends to which line; None where none is ready within ``FIRST_S``: it is made then, for the next one who asks.

        It is a look at the plan like any other: who reads recommendations keeps it up to date.
        """
        mine = self._spaces[space]
        mine.looked_at = time.monotonic()
        if not mine.followed:
            if mine.first is None or mine.first.done():
                mine.first = asyncio.create_task(self._first(space), name=f"first plan {space}")
            await asyncio.wait([mine.first], timeout=FIRST_S)
        kept = mine.kept if mine.followed else None
        return None if kept is None else Elsewhere(kept.posed.picture.seq, units_by_line(kept))

    async def _first(self, space: str) -> None:
        """Make the plan of a space for whoever does not wait for it to the end."""
        try:
            await self.of(space)
        except (*AWAY, NotFound, Unavailable) as error:
            log.warning("plan_waits", space=space, error=repr(error))

    async def what_if(self, space: str, question: Question) -> Answer:
        """Return what would be if; nothing is touched, and nothing of it is kept.

        Raises:
            NotFound: what is asked about is not in the space.
            Unavailable: too many ask for plans at the moment.
        """
        async with reading(self._engine) as conn:
            await require_there(conn, space, question)
        kept = await self.of(space)
        return await self._in_thread(lambda: _answer(kept, question))

    # ---------------------------------------------------------------- making

    async def _make(self, space: str) -> Kept:
        mine = self._spaces[space]
        forces = self._forces.of(space)
        async with reading(self._engine) as conn:
            moves = await Moves.from_now(conn, space)
            picture = await picture_of(conn, forces, self._clock.now(), mine.papers)
        mine.papers = picture.papers
        gates, roads, wrong = tuple(forces.travel.gates), forces.travel.roads, forces.roads_wrong
        legs = None
        if self._router is not None:
            goals = [(line.asked.lon, line.asked.lat) for line in picture.lines]
            places = [(unit.lon, unit.lat) for unit in picture.units]
            legs = await self._router.legs(*ends_of(forces.travel, places, goals))
        routed = None if self._router is None else legs is not None
        before, self._made = mine.kept, self._made + 1
        name = f"{self._process}-{self._made}"
        made = await self._in_thread(lambda: _plan(mine, picture, gates, roads, legs))
        posed_, plan, help_ = made
        own, of = (0, 0) if not legs else not_told(legs, forces.travel, posed_.situation, plan)
        kept = Kept(
            name, posed_, plan, help_, {gate.code: gate for gate in gates}, forces.members.names,
            Ways(by_road=roads is not None, roads_wrong=wrong, routed=routed, own=own, of=of),
        )  # fmt: skip
        mine.kept, mine.moves = _after(before, kept), moves
        return mine.kept

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise Unavailable("Too many plans are asked for at the moment.", hint=AGAIN)
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except TimeoutError:
            raise Unavailable("The plan was not ready in time.", hint=AGAIN) from None
        finally:
            self._waiting -= 1

    async def _change(self, space: str, ear: Ear) -> None:
        """Return when the journal has gone on, a unit has moved noticeably, or a plan is old enough to be made anew in any case."""
        again_at = time.monotonic() + AGAIN_S
        kept, moves = self._spaces[space].kept, self._spaces[space].moves
        assert kept is not None
        assert moves is not None
        picture = kept.posed.picture
        while time.monotonic() < again_at and not self._wakes.ending:
            ear.begin()
            async with reading(self._engine) as conn:
                head, _ = await journal.head_of(conn, space)
                if head > picture.seq or await moves.noticeable(conn, picture):
                    return
            await ear.wait(picture.seq, timeout_s=POLL_S)

    async def _follow(self, space: str) -> None:
        """Make the plan anew after changes, for as long as somebody looks at it."""
        mine, pause_s = self._spaces[space], self.debounce_s
        with self._wakes.listening(space) as ear:
            while time.monotonic() - mine.looked_at < LOOKED_AT_S and not self._wakes.ending:
                try:
                    await self._change(space, ear)
                    await asyncio.sleep(pause_s)  # what comes with it is taken in at once
                    async with mine.making:
                        await self._make(space)
                except (*AWAY, Unavailable) as error:
                    log.warning("plan_waits", space=space, error=repr(error))
                    pause_s = LONGEST_PAUSE_S
                else:
                    pause_s = self.debounce_s


def _after(before: Kept | None, kept: Kept) -> Kept:
    """Return what is kept, with the last plan that said something else to those who read the difference, and since when it says the same."""
    at = kept.posed.picture.at
    if before is None:
        return replace(kept, same_since=at)
    if says_other(before.plan, kept.plan, NOTICEABLE_MIN):
        return replace(kept, before=replace(before, before=None), same_since=at)
    return replace(kept, before=before.before, same_since=before.same_since)


# ---------------------------------------------------------------- in the thread


def _plan(
    mine: _Space, picture: Picture, gates: tuple[Gate, ...], roads: Roads | None, legs: Legs | None
) -> tuple[Posed, Plan, tuple[Help, ...]]:
    """Make a plan. The ways of the plan before are kept where roads and crossings stand where they stood."""
    places = tuple((gate.code, gate.lon, gate.lat, gate.countries) for gate in gates)
    if mine.travel is None or mine.made_from != (places, id(roads)):
        mine.travel, mine.made_from = Travel(gates, roads), (places, id(roads))
    for gate in gates:
        mine.travel.put_gate(gate)
    travel = mine.travel if legs is None else RoutedTravel(mine.travel, legs)
    of = posed(picture, travel)
    planner = Planner(of.situation)
    plan = planner.plan(LIMIT_S)
    if planner.failure is not None:
        log.error("solver_failed", error=planner.failure)
    help_ = planner.help(plan, limit_s=HELP_S) if plan.status == "optimal" else ()
    return of, plan, help_


def _answer(kept: Kept, question: Question) -> Answer:
    of, unknown, suspended = kept.posed, False, False
    for gate in kept.gates.values():  # a later plan may have taken in what has changed since
        of.situation.travel.put_gate(gate)
    if question.agreement is not None:
        papers = of.picture.papers
        suspended = any(facts.id == question.agreement and facts.status == "suspended" for facts, _ in papers.pairs)
        unknown |= all(facts.id != question.agreement for facts, _ in papers.pairs)
        pairs = [
            (replace(facts, status="suspended") if facts.id == question.agreement else facts, terms)
            for facts, terms in papers.pairs
        ]
        changed = Papers(pairs, papers.lenders, papers.homes)
        of = posed(replace(of.picture, papers=changed), of.situation.travel)
    situation = of.situation
    if question.crossing is not None:
        code = next((gate.code for gate in kept.gates.values() if gate.id == question.crossing), "")
        unknown |= not code
        situation = crossing_closed(situation, code)
    if question.reserve is not None:
        member, type_code, by = question.reserve
        pools = tuple(id_ for id_ in of.units if (id_.member_id, id_.type_code) == (member, type_code))
        there = sum(len(of.units[id_]) for id_ in pools)
        figures = {
            "type_code": type_code, "keep": max(0, by), "available": there, "promised": 0, "quantity": 1,
            "would_leave": max(0, by - 1), "agreement": "-",
        }  # fmt: skip
        unknown |= not pools
        if pools:
            situation = reserve_raised(situation, pools, by, figures)
    if question.resource is not None:
        pool = next((id_ for id_, units in of.units.items() if question.resource in {unit.id for unit in units}), None)
        unknown |= pool is None
        if pool is not None:
            situation = resource_out(situation, pool)
            left = tuple(unit for unit in of.units[pool] if unit.id != question.resource)
            of = replace(of, units={**of.units, pool: left})
    planner = Planner(situation)
    return Answer(kept, replace(of, situation=situation), planner.plan(LIMIT_S), unknown, suspended)
