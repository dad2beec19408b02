"""The command line, as a stranger uses it: by itself, and as processes of their own on an embedded database."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import typer
from pydantic import ValidationError
from typer.testing import CliRunner

from app.cli import app as concord
from app.cli.journal import target
from app.cli.terminal import Refusal, settings_of, told
from app.commands.users import AddUser
from app.domain.chain import GENESIS
from app.domain.errors import FieldError, Malformed
from app.settings import Settings
from app.store.database import open_database
from app.store.embedded import EmbeddedError, EmbeddedServer, attach

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180


def environment(**more):
    """The caller's, without settings of its deployment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONCORD_")}
    return kept | {"COLUMNS": "200"} | more


def run(*args, given=None, **more):
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *map(str, args)],
        cwd=ROOT, env=environment(**more), input=given, capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip


@contextmanager
def serving(*args, **more):
    """Run `concord serve` (or another command that serves) until the block ends; yields the process and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", *map(str, args)],
        cwd=ROOT, env=environment(**more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        address = None
        for line in process.stdout:
            if found := re.search(r"https?://[0-9a-z.]+:[0-9]+", line):
                address = found.group()
                break
        assert address, process.stderr.read()
        yield process, address
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


def ended(process):
    """Ask a process to end, as an init system does; return its status and what it said to the end."""
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=PATIENCE_S)
    return process.returncode, said


@pytest.fixture(scope="module")
def folder():
    """An empty place that the database's account can reach as well, when root runs the tests."""
    made = Path(tempfile.mkdtemp(prefix="concord-cli-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def export_of(folder, text):
    """Write lines as a file and return its path."""
    file = folder / "journal.jsonl"
    file.write_text(text, encoding="utf-8")
    return file


# ---------------------------------------------------------------- help, usage, errors


def commands_of(group, path=()):
    for name, command in sorted(group.commands.items()):
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from commands_of(command, (*path, name))


ALL = dict(commands_of(typer.main.get_command(concord)))


def test_the_commands_are_those_of_the_readme():
    """A README that promises a command, or forgets one, misleads whoever starts with it."""
    leaves = {path for path, command in ALL.items() if not hasattr(command, "commands")}
    assert leaves == {
        ("serve",), ("demo",), ("migrate",), ("corridor", "load"), ("corridor", "jurisdiction"), ("corridor", "rota"), ("user", "add"), ("user", "export"), ("user", "erase"),
        ("token", "add"),
        ("journal", "verify"), ("journal", "export"), ("openapi",), ("bench",),
        ("import",), ("export",), ("template",), ("drill", "check"), ("drill", "run"), ("drill", "papers"),
        ("dispatch-sim", "receive"), ("dispatch-sim", "play"), ("dispatch-sim", "probe"), ("dispatch-sim", "report"),
    }  # fmt: skip


@pytest.mark.parametrize("path", [(), *ALL], ids=lambda path: " ".join(path) or "concord")
def test_every_command_helps(path):
    """A stranger would be left to read the code; help must come, and say what each option is for."""
    result = CliRunner().invoke(concord, [*path, "--help"])
    assert result.exit_code == 0, result.output
    command = ALL.get(path)
    if command is not None:
        assert command.help
        assert all(getattr(each, "help", None) for each in command.params), [each.name for each in command.params]


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["serve", "--port", "70000"],
        ["journal", "verify", "--head", "12"],
        ["user", "add", "somebody"],
        ["token", "add", "somebody", "--label", "x", "--days", "0"],
    ],
)
def test_wrong_usage_is_status_2(args):
    """A script that tells its own mistake from a refusal by the status would be misled."""
    assert CliRunner().invoke(concord, args).exit_code == 2


def test_every_foreseeable_error_is_one_line():
    """Somebody in a control room would read a traceback instead of what to do."""
    refusal = Malformed("Not like this.", errors=[FieldError("/login", "malformed", "it is empty")], hint="Fill it in.")
    message, status = told(refusal)
    assert status == 1
    assert "Not like this." in message
    assert "login: it is empty" in message
    assert "Fill it in." in message
    assert told(EmbeddedError("It is broken.", "Mend it.")) == ("It is broken. Mend it.", 1)
    assert told(ConnectionRefusedError(111, "Connection refused"))[1] == 1
    assert told(RuntimeError("a defect")) is None


def test_errors_come_without_a_traceback(folder):
    """The same from outside: one line on standard error, nothing on standard output, and a status that is not 0."""
    nowhere = "postgresql://nobody:secret@127.0.0.1:1/none"
    cases = {
        ("migrate",): {"CONCORD_DATABASE_URL": nowhere},
        ("journal", "verify", "--data", str(folder / "nothing")): {},
        ("journal", "verify", str(folder / "nothing.jsonl")): {},
        ("corridor", "load", "no-such-corridor"): {},
        ("serve",): {"CONCORD_PORT": "many"},
        ("user", "add", "x.y", "-m", "be-liege", "-r", "admin"): {},
    }
    for args, more in cases.items():
        result = run(*args, given="", **more)
        assert result.returncode in {1, 2}, args
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        assert result.stderr.splitlines()[-1].startswith("Error: "), result.stderr
        assert "secret" not in result.stderr
    assert not (folder / "nothing").exists()


def test_a_wrong_address_of_the_database_is_not_repeated():
    """Its password would stand in the terminal's history, and in the log of whoever started it."""
    result = run("migrate", CONCORD_DATABASE_URL="mysql://concord:secret@db/concord")
    assert result.returncode == 2
    assert "CONCORD_DATABASE_URL" in result.stderr
    assert "secret" not in result.stderr


def test_a_port_in_use_is_told_before_a_database_is_made(folder):
    """Making a database takes seconds; all for nothing if nobody can listen afterwards."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", "--port", taken.getsockname()[1], "--data", folder / "unused")
    assert result.returncode == 1
    assert "is in use" in result.stderr
    assert not (folder / "unused").exists()


def test_openapi_needs_no_database(tmp_path):
    """The wheel's description is read by generators of clients, on machines without anything."""
    result = run("openapi", CONCORD_DATA=str(tmp_path / "none"))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["openapi"].startswith("3.1")
    assert run("openapi", "-o", tmp_path / "openapi.json").stdout == ""
    assert json.loads((tmp_path / "openapi.json").read_text()) == json.loads(result.stdout)


def test_the_version_is_told():
    """Whoever reports a defect is asked for it first."""
    from importlib.metadata import version

    assert CliRunner().invoke(concord, ["--version"]).output == f"concord {version('concord')}\n"


def test_an_empty_file_is_no_journal(tmp_path):
    """A copy that was cut to nothing would pass for a journal in which all is well."""
    result = run("journal", "verify", export_of(tmp_path, "\n"))
    assert result.returncode == 1
    assert "empty" in result.stderr


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (b"Dear colleagues,\n" * 500, "is no export of a journal"),
        (b'{"seq": 1}\n' * 500, "is no export of a journal"),
        (b"\x00" * 50_000, "is no export of a journal"),
        (gzip.compress(b"Dear colleagues,\n" * 500), "is no export of a journal"),
        (gzip.compress(b'{"concord_journal": 1}\n' * 500)[:-9], "can't be unpacked"),
    ],
    ids=["a letter", "other lines", "nothing but zeros", "a packed letter", "packed, and cut"],
)
def test_a_file_that_is_no_export_is_told_in_one_line(tmp_path, held, words):
    """Who named the wrong file would be told of hundreds of faults in a journal that has none."""
    file = tmp_path / "letter"
    file.write_bytes(held)
    result = run("journal", "verify", file)
    assert result.returncode == 1
    assert result.stdout == ""
    assert [words in line for line in result.stderr.splitlines()] == [True], result.stderr


def test_the_export_of_a_drill_is_checked_with_its_marks(tmp_path):
    """EXERCISE first and last is what the rules ask for; the check would call it a forgery."""
    mark = ["EXERCISE EXERCISE EXERCISE", "ÜBUNG ÜBUNG ÜBUNG"]
    opening = {"concord_journal": 1, "space": "drill-1", "head": {"seq": 0, "hash": GENESIS.hex()}}
    lines = [json.dumps(each) for each in ({"exercise": mark}, opening, {"exercise_last": mark})]
    whole = run("journal", "verify", export_of(tmp_path, "\n".join(lines)))
    assert (whole.returncode, "as it was written" in whole.stderr) == (0, True), whole.stderr
    assert run("journal", "verify", export_of(tmp_path, "\n".join(lines[:2]))).returncode == 3


def test_an_export_that_can_not_be_written_names_the_file_that_was_asked_for(tmp_path):
    """A name that nobody typed would send the reader looking for a file that is not there."""
    wanted = tmp_path / "nowhere" / "journal.jsonl"
    with pytest.raises(Refusal, match=f"^{wanted} can't be written: No such file or directory.$"), target(wanted):
        pass


def test_what_is_wrong_is_said_in_words(monkeypatch):
    """A regular expression, or "12 items" of a password, says nothing to whoever lets the first colleague in."""
    wrong = {"login": "E. Dupont", "display_name": "E. Dupont", "password": "short", "roles": ["admin"]}
    with pytest.raises(ValidationError) as found:
        AddUser(**wrong)
    said, status = told(found.value)
    assert status == 2
    assert "login: a login is 2 to 100 small letters, digits and ._@+-" in said
    assert "password: a password has 12 to 256 characters" in said
    monkeypatch.setenv("CONCORD_DATABASE_URL", "mysql://concord:secret@db/concord")
    with pytest.raises(Refusal, match=r"is: it is written postgresql://user:password@host:port/name\.$"):
        settings_of()


# ---------------------------------------------------------------- which database


def test_the_folder_of_another_process_is_used_beside_it(folder):
    """`user add` while the service runs would be refused, or fight over the folder."""
    settings = Settings()
    place = folder / "beside"
    assert attach_or_none(place) is None
    with EmbeddedServer(place, fsync=False) as server:
        with open_database(settings, place) as dsn:
            assert dsn == server.dsn
        assert attach(place) == server.dsn
        with pytest.raises(EmbeddedError, match="in use"), open_database(settings, place, sole=True):
            pass
    assert attach(place) is None


def attach_or_none(place):
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o755)
    return attach(place)


def test_the_named_database_counts_unless_a_folder_is_given(folder):
    """A variable that was forgotten in a shell would send `--data DIR` to the city's real database."""
    settings = Settings(database_url="postgresql+asyncpg://a:b@db/c")
    with open_database(settings) as dsn:
        assert dsn == "postgresql://a:b@db/c"
    with pytest.raises(EmbeddedError, match="no database"), open_database(settings, folder / "none", create=False):
        pass


# ---------------------------------------------------------------- the whole, from outside


@pytest.mark.slow
def test_from_an_empty_folder_to_a_checked_journal(folder):
    """The path of everybody who runs this: serve, load, let somebody in, ask by token, check, export, stop, go on."""
    data = folder / "data"
    with serving("serve", "--port", 0, "--data", data) as (process, url):
        assert httpx.get(f"{url}/health/ready").json() == {"status": "ok"}

        second = run("serve", "--port", 0, "--data", data)
        assert second.returncode == 1
        assert f"in use by process {process.pid}" in second.stderr

        nobody = run("user", "add", "e.dupont", "-m", "be-liege", "-r", "admin", "--no-password", "--data", data)
        assert nobody.returncode == 1
        assert "corridor load" in nobody.stderr

        loaded = run("corridor", "load", "meuse-rhine", "--data", data)
        assert loaded.returncode == 0, loaded.stderr

        narrowed = run("corridor", "jurisdiction", "be-liege", "--kind", "planned", "--data", data)
        assert "kinds: planned" in narrowed.stdout.splitlines(), narrowed.stderr
        widened = run(
            "corridor", "jurisdiction", "be-liege", "--kind", "planned", "--kind", "immediate", "--data", data
        )
        assert "kinds: planned, immediate" in widened.stdout.splitlines(), widened.stderr
        nothing = run("corridor", "jurisdiction", "be-liege", "--hazard", "dragon", "--data", data)
        assert (nothing.returncode, "dragon" in nothing.stderr) == (1, True)

        monthly = run("corridor", "rota", "--data", data).stdout.splitlines()
        assert len(monthly) == 13, "who was loaded takes turns, a year ahead"
        said = ("--period", "quarterly", "--hour", "6", "--member", "be-liege", "--member", "nl-maastricht")
        planned = run("corridor", "rota", *said, "--data", data)
        assert planned.stdout.splitlines()[0] == monthly[0], planned.stderr
        assert [line.split()[1:] for line in planned.stdout.splitlines()[2:4]] in (
            [["06:00Z", "be-liege"], ["06:00Z", "nl-maastricht"]], [["06:00Z", "nl-maastricht"], ["06:00Z", "be-liege"]]
        )  # fmt: skip

        added = run(
            "user", "add", "e.dupont", "-m", "be-liege", "-r", "dispatcher", "-r", "admin",
            "--password-stdin", "--language", "fr", "--data", data, given="pomme-poire-cerise\n",
        )  # fmt: skip
        assert added.returncode == 0, added.stderr
        signed_in = httpx.post(f"{url}/api/v1/session", json={"login": "e.dupont", "password": "pomme-poire-cerise"})
        assert signed_in.is_success, signed_in.text
        assert signed_in.json()["user"]["id"] == added.stdout.strip()

        again = run("user", "add", "e.dupont", "-m", "be-liege", "-r", "admin", "--no-password", "--data", data)
        assert again.returncode == 1
        assert "name" in again.stderr

        token = run("token", "add", "e.dupont", "--label", "test", "--data", data)
        assert token.returncode == 0, token.stderr
        headers = {"Authorization": f"Bearer {token.stdout.strip()}"}
        page = httpx.get(f"{url}/api/v1/spaces/live/journal", params={"limit": 1}, headers=headers)
        assert page.status_code == 200, page.text
        assert httpx.get(f"{url}/api/v1/spaces/live/journal").status_code == 401
        nobody = run("token", "add", "nobody.here", "--label", "test", "--data", data)
        assert nobody.returncode == 1
        assert "user add" in nobody.stderr

        check_journal(folder, data)
        status, said = ended(process)
        assert status == 0, said
        assert "Traceback" not in said
    assert attach(data) is None, "the database was left running"

    with serving("serve", "--port", 0, "--data", data) as (process, url):
        assert httpx.get(f"{url}/api/v1/spaces/live/journal", headers=headers).status_code == 200
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0


def check_journal(folder, data):
    """Verify, export, verify the export, and find what was done to it."""
    verified = run("journal", "verify", "--data", data)
    assert verified.returncode == 0, verified.stderr
    head = re.search(r"head (\d+:[0-9a-f]{64})", verified.stdout).group(1)
    assert run("journal", "verify", "--data", data, "--head", head).returncode == 0
    forged = f"{head.split(':')[0]}:{'ab' * 32}"
    assert run("journal", "verify", "--data", data, "--head", forged).returncode == 3
    assert run("journal", "verify", "--data", data, "--space", "nowhere").returncode == 1

    whole, liege = folder / "whole.jsonl", folder / "liege.jsonl"
    assert run("journal", "export", "-o", whole, "--data", data).returncode == 0
    assert run("journal", "export", "--as-member", "be-liege", "-o", liege, "--data", data).returncode == 0
    assert whole.stat().st_mode & 0o077 == 0
    assert run("journal", "export", "--as-member", "atlantis", "--data", data).returncode == 1
    for file in (whole, liege):
        checked = run("journal", "verify", file, "--head", head)
        assert checked.returncode == 0, checked.stdout
        assert head in checked.stdout
    packed = folder / "liege.jsonl.gz"
    packed.write_bytes(gzip.compress(liege.read_bytes()))
    assert run("journal", "verify", packed, "--head", head).returncode == 0
    piped = run("journal", "verify", "-", given=run("journal", "export", "--data", data).stdout)
    assert piped.returncode == 0, piped.stdout

    lines = whole.read_text(encoding="utf-8").splitlines()
    entry = json.loads(lines[7])
    entry["payload"] = entry["payload"].replace("a", "b", 1)
    changed = export_of(folder, "\n".join([*lines[:7], json.dumps(entry), *lines[8:]]))
    found = run("journal", "verify", changed)
    assert found.returncode == 3
    assert f"changed: entry {entry['seq']}:" in found.stdout


@pytest.mark.slow
def test_the_demonstration_shows_itself_and_ends(folder):
    """The first thing a stranger starts: it must answer, let them in, show the same passwords again, and stop clean."""
    data = folder / "demo"
    passwords = []
    for _ in range(2):
        with serving("demo", "--no-play", CONCORD_PORT="0", CONCORD_DATA=str(data)) as (process, url):
            kept = json.loads((data / "demo-logins.json").read_text())
            assert (data / "demo-logins.json").stat().st_mode & 0o077 == 0
            passwords.append(kept)
            for login in ("maastricht", "liege-rep", "aachen"):
                body = {"login": login, "password": kept[login]}
                assert httpx.post(f"{url}/api/v1/session", json=body).is_success
            asked = time.monotonic()
            status, said = ended(process)
            assert status == 0, said
            assert time.monotonic() - asked < 30
        assert attach(data) is None
    assert passwords[0] == passwords[1]


@pytest.fixture
def hang_ups():
    """Hang-ups are heard by what is started, also where the tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hang_ups")
def test_a_closed_terminal_ends_the_database_too(folder):
    """A hang-up must not leave a server behind that nobody watches; under nohup it ends nothing."""
    place = folder / "closed"
    with serving("serve", "--port", "0", "--data", place) as (process, _):
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
    assert not (place / "data" / "postmaster.pid").exists()
