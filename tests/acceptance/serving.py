"""The real program as a process of its own, on an empty folder or on an external server, seen from outside only."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import httpx

from app.settings import Settings
from app.store.database import open_database

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180
POLL_S = 0.02
LIVE = "/api/v1/spaces/live"


def environment(**more):
    """The caller's, without settings of its own deployment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONCORD_")}
    return kept | {"COLUMNS": "200", "PYTHONUNBUFFERED": "1"} | {k: v for k, v in more.items() if v is not None}


@contextmanager
def empty_folder():
    """A folder under /tmp that the database's own account can reach as well, when root runs the tests."""
    made = Path(tempfile.mkdtemp(prefix="concord-acceptance-", dir="/tmp"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@asynccontextmanager
async def place():
    """An empty place to serve from: a folder, or with CONCORD_TEST_DATABASE_URL a fresh database of that server."""
    with empty_folder() as folder:
        named = os.environ.get("CONCORD_TEST_DATABASE_URL")
        if not named:
            yield Place(folder, None)
            return
        name = f"concord_acceptance_{uuid.uuid4().hex[:8]}"
        connection = await asyncpg.connect(named, timeout=10)
        try:
            await connection.execute(f"CREATE DATABASE {name}")
            yield Place(folder, f"{named.rsplit('/', 1)[0]}/{name}")
            await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        finally:
            await connection.close()


class Place:
    """Where the data is: what every command of one deployment is told by its environment."""

    def __init__(self, folder: Path, url: str | None) -> None:
        self.folder = folder
        self.url = url
        self.settings: dict[str, str] = {}
        """Further ones, by their names in the environment."""

    def environment(self):
        return environment(CONCORD_DATABASE_URL=self.url, CONCORD_DATA=str(self.folder / "data"), **self.settings)

    def concord(self, *args, given=None, status=0):
        """Run one command of the command line to its end; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *map(str, args)],
            cwd=ROOT, env=self.environment(), input=given, capture_output=True, text=True, timeout=PATIENCE_S,
        )  # fmt: skip
        assert done.returncode == status, f"concord {' '.join(map(str, args))}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *args, hours_ahead=0):
        """Start a command that serves; return it once it says where. What it says goes to files, which never fill up."""
        program = ["tests.acceptance.later", str(hours_ahead)] if hours_ahead else ["app.cli"]
        said = self.folder / f"stdout-{uuid.uuid4().hex[:8]}"
        with said.open("wb") as stdout, (self.folder / "stderr").open("ab") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", *program, *map(str, args)],
                cwd=ROOT, env=self.environment(), stdout=stdout, stderr=stderr,
            )  # fmt: skip
        return Server(process, _address(process, said, self.folder / "stderr"))

    @contextmanager
    def database(self):
        """Yield the address of the database, while the service runs or after it has ended."""
        settings = Settings(database_url=self.url, data=self.folder / "data")
        with open_database(settings, create=False) as dsn:
            yield dsn


class Server:
    """A process that serves."""

    def __init__(self, process: subprocess.Popen, url: str) -> None:
        self.process = process
        self.url = url

    def end(self) -> int:
        """Ask it to end, as an init system does; return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=PATIENCE_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(timeout=PATIENCE_S)
        return self.process.returncode


def _address(process: subprocess.Popen, stdout: Path, stderr: Path) -> str:
    """Return the address that the process prints, once it answers there."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"(?:serves|demo) at (http://[0-9.]+:\d+)", stdout.read_text(encoding="utf-8")):
            return found.group(1)
        time.sleep(POLL_S)
    process.kill()
    process.wait()
    message = f"it did not begin to serve: {stdout.read_text()}{stderr.read_text()[-3000:]}"
    raise AssertionError(message)


class Person:
    """One user's client, that expects what it is told to expect."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path, *, status=200, **params):
        answer = await self.http.get(_full(path), headers=self.headers, params=params)
        assert answer.status_code == status, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def all(self, path, **params):
        """A whole list, page by page."""
        items, cursor = [], {}
        while True:
            page = await self.get(path, limit=100, **params, **cursor)
            items += page["items"]
            if not page["next"]:
                return items
            cursor = {"cursor": page["next"]}

    async def does(self, path, *, refused=None, method="POST", key=None, revision=None, **body):
        """Carry out a command and return its receipt; ``refused``: the problem it is to be refused with, returned."""
        headers = self.headers | {"Idempotency-Key": key or str(uuid.uuid4())}
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        answer = await self.http.request(method, _full(path), headers=headers, json=body)
        if refused is None:
            assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        else:
            assert not answer.is_success, f"{method} {path} went through"
            assert answer.json()["type"] == f"/problems/{refused}", answer.text
        return answer.json()

    async def journal(self):
        """Everything this user may read of the journal, from the beginning, without a gap."""
        entries, after = [], 0
        while True:
            page = await self.get("journal", after=after, limit=1000)
            entries += page["entries"]
            after = page["after"]
            if page["head"] == after:  # the head is looked up last: what is written meanwhile is on the next page
                assert [entry["seq"] for entry in entries] == list(range(1, after + 1))
                return entries


def _full(path):
    return path if path.startswith("/") else f"{LIVE}/{path}"


async def in_thread(work, *args, **named):
    """Run what waits for a process without holding up the loop."""
    return await asyncio.to_thread(work, *args, **named)
