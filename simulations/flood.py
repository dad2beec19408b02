"""The flood of the demonstration: an hour on the Meuse, played through the HTTP API by clients like anyone's.

The story itself stands in ``corridors/meuse-rhine/flood.yaml``. What an earlier start left behind is put away before the
first step; after the last one, what is still on its way is brought home. Meanwhile the units move (``movement.py``).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

import httpx

from simulations.client import Away, Client, Refused
from simulations.movement import Movement
from simulations.putting_away import put_away
from simulations.story import VERBS, Missing, Names, Step, Story, read_story

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE: Final = "corridors/meuse-rhine/flood.yaml"
TIMEOUT_S: Final = 30.0
ANYWAY: Final = "anything"
"""``expect`` of a step that may be refused or not: it puts right what may be right already."""


@cache
def story() -> Story:
    """Return the story of the flood.

    Raises:
        StoryError: it contradicts itself.
    """
    with as_file(files("simulations") / FILE) as path:
        return read_story(path)


def cast() -> frozenset[str]:
    """Return ``<member code>/<role>`` of everybody in the story: the tokens that ``play`` wants."""
    return story().cast


async def play(
    base_url: str,
    tokens: Mapping[str, str],
    *,
    progress: Callable[[str], None],
    speed: float = 1.0,
    stop: asyncio.Event,
    transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    """Play the flood: one hour at ``speed`` 1. Ends early, between two steps, once ``stop`` is set.

    ``tokens``: by ``<member code>/<role>``; a step of somebody without one is left out. What fails unexpectedly is told in
    one line, and the story goes on where it can. ``transport``: for tests without a network.
    """
    if speed <= 0:
        raise ValueError(f"speed must be above 0, not {speed}")
    async with httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT_S, transport=transport) as http:
        clients = {who: Client(http, token) for who, token in tokens.items()}
        player = Player(clients, progress, speed, stop)
        with suppress(_Stopped):
            await player.play(story())


class _Stopped(Exception):
    """The event is set."""


@dataclass(slots=True)
class Player:
    """Whoever acts a story out: one client for each part in it."""

    clients: Mapping[str, Client]
    progress: Callable[[str], None]
    speed: float
    stop: asyncio.Event

    async def play(self, told: Story) -> None:
        """Play the story from its beginning.

        Raises:
            _Stopped.
        """
        if not self.clients:
            self.progress("Nobody is signed in: there is nothing to play.")
            return
        try:
            await self._or_stop(put_away(self.clients, told.incident_titles))
            names = Names(await self._or_stop(known(self.clients)))
        except (Refused, Away) as error:
            self.progress(f"{told.title} can't begin: {error}")
            return
        for step in told.beforehand:
            await self.act(step, names, quietly=True)
        self.progress(f"{told.title}: it begins.")
        begun = asyncio.get_running_loop().time()
        async with Movement(self.clients, self.progress, self.speed).going(self.stop):
            for step in told.steps:
                await self._until(begun + step.at_s / self.speed)
                await self.act(step, names)
            with suppress(Refused, Away):
                await self._or_stop(put_away(self.clients, told.incident_titles))
        self.progress(f"{told.title}: it is over, and everybody is home.")

    async def _until(self, moment: float) -> None:
        pause_s = max(0.0, moment - asyncio.get_running_loop().time())
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), pause_s)
        if self.stop.is_set():
            raise _Stopped

    async def _or_stop(self, work: Any) -> Any:
        """Await ``work``, but no longer than until ``stop`` is set."""
        doing = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise _Stopped
            return doing.result()
        finally:
            for task in (doing, stopping):
                task.cancel()
            await asyncio.gather(doing, stopping, return_exceptions=True)

    async def act(self, step: Step, names: Names, *, quietly: bool = False) -> bool:
        """Carry out one step; tell what came of it, and return whether it went as the story says."""
        tell = _silence if quietly else self.progress
        client = self.clients.get(step.who)
        if client is None:
            tell(f"{step.clock} {step.who}: left out, for want of a token: {step.tell}")
            return False
        try:
            await self._or_stop(_done(client, step, names))
        except Missing as error:
            tell(f"{step.clock} {step.who}: left out, for {error}: {step.tell}")
        except Refused as refused:
            if step.expect in {refused.slug, ANYWAY}:
                why = f" ({', '.join(refused.reasons)})" if refused.reasons else ""
                tell(f"{step.clock} {step.who}: {step.tell}: refused, {refused.slug}{why}")
                return True
            tell(f"{step.clock} {step.who}: did not work: {step.tell}: {refused}")
        except Away as error:
            tell(f"{step.clock} {step.who}: did not work, the service is away: {step.tell}: {error}")
        else:
            if step.expect in {None, ANYWAY}:
                tell(f"{step.clock} {step.who}: {step.tell}")
                return True
            tell(f"{step.clock} {step.who}: did not work: it should have been refused ({step.expect}): {step.tell}")
        return False


def _silence(_line: str) -> None:
    """Tell nobody."""


async def _done(client: Client, step: Step, names: Names) -> None:
    """Send the step's command, once for each thing it is about; keep the receipt under the step's name."""
    method, path = VERBS[step.does]
    body = names.resolve(step.body())
    for of in step.of or ("",):
        address = path.format(of=names.resolve(of))
        receipt = await (client.patch(address, body) if method == "PATCH" else client.post(address, body))
        if step.as_:
            names.receipts[step.as_] = receipt


async def known(clients: Mapping[str, Client]) -> dict[str, dict[str, str]]:
    """Return the ids of members, crossings, units and so on by what a story calls them; statements as far as clients see any.

    Raises:
        Refused, Away.
    """
    client = next(iter(clients.values()))
    codes = {row["id"]: row["code"] for row in await client.all("members")}
    newest: dict[str, tuple[str, str]] = {}
    for who, accounts in clients.items():
        if who.endswith("/finance"):
            for row in await accounts.all("statements"):
                pair = "/".join(sorted((codes[row["member_a_id"]], codes[row["member_b_id"]])))
                newest[pair] = max(newest.get(pair, ("", "")), (row["month"], row["id"]))
    return {
        "member": {code: id_ for id_, code in codes.items()},
        "crossing": {row["code"]: row["id"] for row in await client.all("crossings")},
        "rendezvous": {row["code"]: row["id"] for row in await client.all("rendezvous")},
        "unit": {row["call_sign"]: row["id"] for row in await client.all("resources")},
        "agreement": {row["code"]: row["id"] for row in await client.all("agreements")},
        "statement": {pair: id_ for pair, (_, id_) in newest.items()},
    }
