"""The server's processes: the locks that tell whether any lives, what the server says of itself, and how it is ended."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.store.embedded_binaries import Account, Binaries, EmbeddedError

if sys.platform != "win32":
    import fcntl

ADDRESS = "127.0.0.1"
DATABASE = "concord"
USER = "concord"
PROBE_TIMEOUT_S = 10.0
POLL_S = 0.01
STOPPING = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
"""Fast shutdown, then immediate, then none at all (recovery makes up for it), and how many seconds each is given."""


class PasswordRefused(EmbeddedError):
    """A PostgreSQL answers at the port and doesn't take our password."""


@dataclass(frozen=True)
class Postmaster:
    """The server as it describes itself in `data/postmaster.pid`."""

    pid: int
    port: int
    ready: bool


def read_postmaster(data: Path) -> Postmaster | None:
    """What `postmaster.pid` says: line 1 the process id, 4 the port, 8 the status. None when absent or half-written.

    The file outlives a killed server, and another process may have its id by then.
    """
    try:
        lines = (data / "postmaster.pid").read_text(encoding="ascii", errors="replace").split("\n")
        return Postmaster(int(lines[0]), int(lines[3]), lines[7].strip() == "ready")
    except (FileNotFoundError, IndexError, ValueError):
        return None


def open_private(path: Path, flags: int) -> int:
    """Open or make a 0600 file that belongs to the folder's owner, never through a symbolic link. Returns a descriptor.

    Root may be started on a folder of an ordinary user, who must be able to start on it again.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def take_lock(path: Path) -> int | None:
    """A descriptor that holds the lock file until every process that shares it has closed it; None while others do.

    Raises `EmbeddedError` where the file system has no such locks.
    """
    descriptor = open_private(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError as error:
        os.close(descriptor)
        raise EmbeddedError(
            f"The file system of {path.parent} has no file locks: {error.strerror}.",
            "Name a folder on a local disk with --data.",
        ) from error
    return descriptor


def ask_mark(account: Account, binaries: Binaries, data: Path, port: int, password: str) -> str | None:
    """The `cluster_name` of the server at the port; None if nobody answers, or it is not the one of `data`.

    The password is not given away to a stranger at the port: SCRAM doesn't show it, and psql is told to accept nothing else.
    Raises `PasswordRefused`.
    """
    query = "SELECT current_setting('data_directory') || E'\\n' || current_setting('cluster_name')"
    argv: list[str | Path] = [binaries.program("psql"), "-X", "-w", "-A", "-t", "-h", ADDRESS, "-p", str(port)]
    argv += ["-U", USER, "-d", DATABASE, "-c", query]
    extra = {"PGPASSWORD": password, "PGREQUIREAUTH": "scram-sha-256", "PGCONNECT_TIMEOUT": "5"}
    extra |= {"PGSSLMODE": "disable", "PGGSSENCMODE": "disable"}
    try:
        answer = account.run(argv, timeout_s=PROBE_TIMEOUT_S, extra=extra)
    except subprocess.TimeoutExpired:
        return None
    if "password authentication failed" in answer.stderr:
        raise PasswordRefused(
            f"The server at port {port}, left alive in {data}, refuses the password in {data.with_name('password')}.",
            "Bring that file back from where it was copied from.",
        )
    directory, _, mark = answer.stdout.removesuffix("\n").rpartition("\n")
    return mark if answer.returncode == 0 and Path(directory) == data else None


def end_server(ended: Callable[[], bool], send: Callable[[int], None]) -> None:
    """Ask the server to end, ever less politely. Raises `EmbeddedError` when nothing helps."""
    for number, patience_s in STOPPING:
        if ended():
            return
        send(number)
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            if ended():
                return
            time.sleep(POLL_S)
    raise EmbeddedError("The embedded database does not end.", "See its log, postgres.log, in the data folder.")


def end_left_alive(data: Path, pid: int, lock: Path) -> None:
    """End a server that is no child of ours. Once its lock is free nothing is signalled: the id may be another's by then."""

    def ended() -> bool:
        descriptor = take_lock(lock)
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is not None

    def send(number: int) -> None:
        there = read_postmaster(data)
        if there is not None and there.pid == pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    end_server(ended, send)


def exists(pid: int) -> bool:
    """Whether any process has this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def free_port() -> int:
    """A port that was free a moment ago: when somebody is quicker, the server says so and the start tries another."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port
