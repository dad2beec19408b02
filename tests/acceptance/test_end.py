"""The end of the service, as an init system asks for it, while clients wait for what comes next."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from app.cli.server import GRACE_S
from tests.acceptance.serving import LIVE, Place, empty_folder

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(400)]


def test_a_client_that_waits_for_entries_is_answered_when_the_service_ends():
    """Every update of the service would take ten seconds and end in an error for each program that follows the journal."""
    with empty_folder() as folder, ThreadPoolExecutor(1) as thread:
        where = Place(folder, None)
        server = where.start("demo", "--no-play", "--port", "0")
        try:
            where.concord("user", "add", "waits", "--member", "be-liege", "--role", "viewer", "--service")
            token = where.concord("token", "add", "waits", "--label", "waits", "--scope", "read").strip()
            with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=40) as client:
                head = client.get(f"{LIVE}/journal").json()["head"]
                poll = thread.submit(client.get, f"{LIVE}/journal", params={"after": head, "wait_s": 25})
                time.sleep(1)  # nothing tells from outside that the request waits
                assert not poll.done()
                began = time.monotonic()
                assert server.end() == 0
                answer = poll.result(10)
            assert time.monotonic() - began < GRACE_S / 2
            assert answer.status_code == 200
            assert answer.json()["entries"] == []
            assert "Traceback" not in (folder / "stderr").read_text()
        finally:
            server.end()
