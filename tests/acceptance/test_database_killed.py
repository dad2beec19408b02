"""`kill -9` of the embedded database alone, under a service that goes on."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress

import httpx
import pytest

from app.store.embedded_process import read_postmaster
from tests.acceptance.serving import PATIENCE_S, Place, empty_folder

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(180)]


def until(what):
    """Wait for a condition of another process, which tells no event."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.02)


def ready(server):
    with suppress(httpx.TransportError):
        return httpx.get(f"{server.url}/health/ready", timeout=10).is_success
    return False


def killed(data):
    there = read_postmaster(data)
    os.kill(there.pid, signal.SIGKILL)
    return there


def test_a_killed_database_is_started_again_at_its_port():
    """After one kill by the kernel, for want of memory, the service would say that it lives and serve nobody for ever."""
    with empty_folder() as folder:
        where = Place(folder, None)
        server = where.start("serve", "--port", "0")
        data = folder / "data" / "data"
        try:
            for _ in range(2):
                there = killed(data)
                until(lambda there=there: (now := read_postmaster(data)) and now.ready and now.pid != there.pid)
                until(lambda: ready(server))
                assert read_postmaster(data).port == there.port
            where.concord("journal", "verify")
            assert (folder / "stderr").read_text().count("database.restarted") == 2
            assert server.end() == 0
        finally:
            server.end()


def test_a_database_that_does_not_start_again_ends_the_service():
    """An init system, that would start the service elsewhere or call somebody, would be told that all is well."""
    with empty_folder() as folder:
        server = Place(folder, None).start("serve", "--port", "0")
        data = folder / "data" / "data"
        try:
            (data / "PG_VERSION").rename(data / "gone")
            killed(data)
            server.process.wait(timeout=PATIENCE_S)
            said = (folder / "stderr").read_text().strip().splitlines()
            assert server.process.returncode == 1
            assert said[-1].startswith("Error: The embedded database ended and does not start again: "), said[-1]
            assert not any("Traceback" in line for line in said), "\n".join(said)
        finally:
            server.end()
            shutil.rmtree(folder / "data", ignore_errors=True)
