"""Waiting for what tells nobody that it has come about."""

from __future__ import annotations

import asyncio


async def until(condition, *, patience_s=20):
    """Return as soon as ``condition()`` holds; it may be awaitable. Fails after ``patience_s``."""
    async with asyncio.timeout(patience_s):
        while True:
            held = condition()
            if asyncio.iscoroutine(held):
                held = await held
            if held:
                return
            await asyncio.sleep(0.001)
