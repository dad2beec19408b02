"""A client that never gives up: ``python -m tests.acceptance.hammer URL TOKEN INCIDENT FILE``.

It sends commands, each under a key of its own, and writes down every receipt before it sends the next. While the service is
away it sends the same command again under the same key. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from itertools import count
from pathlib import Path

import httpx

AT_ONCE = 4
LIVE = "/api/v1/spaces/live"
PLACE = {"type": "Point", "coordinates": [5.7, 50.78]}


async def acknowledged(http: httpx.AsyncClient, path: str, body: dict, key: str) -> dict:
    """Send one command until it is acknowledged; return its receipt."""
    while True:
        try:
            answer = await http.post(path, json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            await asyncio.sleep(0.05)
            continue
        if answer.is_success:
            return answer.json()
        if answer.status_code != 503:
            message = f"{path}: {answer.status_code} {answer.text}"
            raise RuntimeError(message)
        await asyncio.sleep(0.05)


async def go_on(http: httpx.AsyncClient, incident: str, file) -> None:
    """Log and report in turn."""
    for number in count():
        key = str(uuid.uuid4())
        if number % 5:
            path, body = f"{LIVE}/incidents/{incident}/log", {"text": key, "language": "en"}
        else:
            path, body = f"{LIVE}/incidents", {"title": key, "hazard": "other", "severity": 1, "area": PLACE}
        receipt = await acknowledged(http, path, body, key)
        told = {"key": key, "seq": receipt["seq"], "kind": receipt["kind"], "id": receipt["id"]}
        file.write(json.dumps(told) + "\n")
        file.flush()
        os.fsync(file.fileno())


async def end_of_input() -> None:
    """Return once standard input ends; a thread that reads it could not be cancelled."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def hammer(url: str, token: str, incident: str, file) -> None:
    """Hammer with a few commands at once, until standard input ends."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=20) as http:
        workers = [asyncio.create_task(go_on(http, incident, file)) for _ in range(AT_ONCE)]
        ended = asyncio.create_task(end_of_input())
        done, _ = await asyncio.wait([ended, *workers], return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        for task in done:
            task.result()


if __name__ == "__main__":
    with Path(sys.argv[4]).open("a", encoding="utf-8") as receipts:
        asyncio.run(hammer(*sys.argv[1:4], receipts))
