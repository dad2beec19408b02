"""The weeks before the flood: help that was given, and what came of it, so that a demonstration does not begin with empty lists.

The story stands in ``corridors/meuse-rhine/history.yaml``. It is told once, to a database in which nothing has happened yet, by a
clock that whoever tells it moves on: so each step has its own time, what falls due in between is done in between, and the months
that are over have their statements.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Final

import httpx

from simulations.client import Client
from simulations.flood import TIMEOUT_S, Player, known
from simulations.story import Names, read_story

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from simulations.story import Story

FILE: Final = "corridors/meuse-rhine/history.yaml"


@cache
def story() -> Story:
    """Return the story of the weeks before.

    Raises:
        StoryError: it contradicts itself.
    """
    with as_file(files("simulations") / FILE) as path:
        return read_story(path)


def begins(now: datetime) -> datetime:
    """Return when the story has to begin to be over by ``now``: at midnight (UTC), so many days before as it says."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=story().days)


async def tell(
    begin: datetime,
    tokens: Mapping[str, str],
    *,
    transport: httpx.AsyncBaseTransport,
    turn: Callable[[datetime], Awaitable[None]],
    progress: Callable[[str], None],
) -> None:
    """Tell the story to the service behind ``transport``, step by step.

    ``tokens``: by ``<member code>/<role>``. ``turn`` sets the service's clock to the time it is given, which never goes back.
    ``progress`` is told what did not work, and how far the story has come.

    Raises:
        Refused, Away: the corridor can't be read.
    """
    at = begin
    async with httpx.AsyncClient(base_url="http://history.invalid", timeout=TIMEOUT_S, transport=transport) as http:
        clients = {who: Client(http, token) for who, token in tokens.items()}
        names = Names(await known(clients), now=lambda: at)
        wrong: list[str] = []
        player = Player(clients, wrong.append, speed=1.0, stop=asyncio.Event())
        steps = story().steps
        for number, step in enumerate(steps):
            if number % 50 == 0:
                progress(f"Telling the weeks before: {number} of {len(steps)} steps")
            at = begin + timedelta(seconds=step.at_s)
            await turn(at)
            if not await player.act(step, names):
                progress(wrong[-1])
