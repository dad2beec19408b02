"""A PostgreSQL of our own, started on a folder: what `concord` runs on when no database is named.

One application uses a folder at a time: it holds the file `lock`. The server's processes hold `server.lock`, whose
descriptor they inherit: the kernel lets go of it when the last of them has ended, however it ended. That tells a server
that lives from one that was killed without reading process tables, and a recycled process id can't deceive it.

A server outlives an application that was killed; the next start finds it by that lock and goes on using it.

Linux and macOS; Windows lacks what this is built on (`fcntl`, users to hand over to).
"""

import contextlib
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from app.store.embedded_binaries import (
    Account,
    Binaries,
    EmbeddedError,
    Progress,
    choose_account,
    environment,
    find_binaries,
)
from app.store.embedded_cluster import (
    check_major,
    data_major,
    enter_folder,
    make_cluster,
    read_password,
    sweep,
    telling_line,
)
from app.store.embedded_process import (
    ADDRESS,
    DATABASE,
    POLL_S,
    USER,
    PasswordRefused,
    ask_mark,
    end_left_alive,
    end_server,
    exists,
    free_port,
    open_private,
    read_postmaster,
    take_lock,
)

__all__ = ["EmbeddedError", "EmbeddedServer", "FolderInUse", "attach", "default_folder"]

START_TIMEOUT_S = 90.0
"""Recovery after a crash replays up to a gigabyte of log."""
RETRY_S = 2.0
"""How long to try again after a refusal that passes by itself."""
PASSING = ("another postmaster", "shared memory block", "Address already in use", "could not create any TCP/IP sockets")
"""What PostgreSQL says while processes of a killed server still end, or when somebody else took the port first."""
SOCKET_PATH_BYTES = 103
"""The longest path of a unix socket on macOS; Linux has 107."""
LOG_BYTES = 10_000_000
"""A longer log is put aside as `postgres.log.1` at the next start."""


class FolderInUse(EmbeddedError):
    """Another application holds the folder. `pid` is its process id, None if it has not written it yet."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(f"{folder} is in use by {holder}.", "Stop it first, or name another folder with --data.")
        self.folder = folder
        self.pid = pid


def default_folder() -> Path:
    """Where data goes unless the user says otherwise: /var/lib/concord for root, else below the user's home.

    Raises `EmbeddedError` for a user without a home.
    """
    _refuse_windows()
    if os.geteuid() == 0:
        return Path("/var/lib/concord")
    data_home = Path(os.environ.get("XDG_DATA_HOME", ""))
    if data_home.is_absolute():
        return data_home / "concord"
    try:
        return Path.home() / ".local" / "share" / "concord"
    except RuntimeError as error:
        raise EmbeddedError("This user has no home to keep data in.", "Name a folder with --data.") from error


def attach(folder: Path) -> str | None:
    """The DSN of the server that another application runs on the folder; None when none is ready there.

    Its lock tells that it lives, so the port in its file is its own. Raises `EmbeddedError` when the password is not to
    be read.
    """
    folder = Path(folder).expanduser().resolve()
    free = take_lock(folder / "server.lock")
    if free is not None:
        os.close(free)
        return None
    there = read_postmaster(folder / "data")
    if there is None or not there.ready:
        return None
    try:
        password = read_password(folder, data_exists=True)
    except PermissionError as error:
        raise EmbeddedError(
            f"{folder} is used by another user: its password can't be read.", "Run this as that user."
        ) from error
    return f"postgresql://{USER}:{password}@{ADDRESS}:{there.port}/{DATABASE}"


class EmbeddedServer:
    """The PostgreSQL server of one folder.

    `fsync=False` is for tests: it loses data when the machine stops. `settings` are PostgreSQL's, by name. A server left
    alive under other settings, or by other binaries, is stopped and started anew.

    Blocks: start it before an event loop runs, or in a thread.
    """

    def __init__(self, folder: Path, *, fsync: bool = True, settings: Mapping[str, str] | None = None) -> None:
        _refuse_windows()
        self.folder = Path(folder).expanduser().resolve()
        self.data = self.folder / "data"
        self.fsync = fsync
        self.settings = dict(settings or {})
        self.pid: int | None = None
        self.port: int | None = None
        self.reused = False
        """Whether the server had been left alive by an application that was killed."""
        self._server_lock = self.folder / "server.lock"
        self._password = ""
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._launched_with: tuple[Account, Binaries] | None = None
        self._ending = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def dsn(self) -> str:
        """`postgresql://…`, for asyncpg as it stands. Raises `EmbeddedError` before the start."""
        if self.port is None:
            raise EmbeddedError("The embedded database has not been started.", "Start it first.")
        return f"postgresql://{USER}:{self._password}@{ADDRESS}:{self.port}/{DATABASE}"

    def start(self, progress: Progress | None = None) -> str:
        """Start the server, or find the one left alive, and return the DSN of its database.

        `progress` is told of each step that may take longer than a moment.
        Raises `FolderInUse` when another application has the folder, `EmbeddedError` for whatever else stands in the way.
        """
        tell = progress or (lambda _: None)
        if self._lock is not None:
            raise EmbeddedError(f"The database in {self.folder} has been started already.", "Stop it first.")
        try:
            account = choose_account(self.data)
            enter_folder(self.folder, account)
            self._lock = self._take_folder()
            sweep(self.folder)
            major = data_major(self.data)
            binaries = find_binaries(self.folder, account, major, tell)
            check_major(self.data, major, binaries)
            self._password = read_password(self.folder, data_exists=major is not None)
            if major is None:
                make_cluster(self.folder, account, binaries, self._password, fsync=self.fsync, progress=tell)
            self._launched_with = account, binaries
            self._serve(account, binaries, tell)
        except OSError as error:
            self.stop()
            raise EmbeddedError(
                f"The database in {self.folder} can't be started: {error}", "Name another folder with --data."
            ) from error
        except BaseException:
            # An interrupt too must not leave the server and the lock behind.
            self.stop()
            raise
        return self.dsn

    @property
    def lives(self) -> bool:
        """Whether the server that was started, or found, still runs."""
        if self._process is not None:
            return self._process.poll() is None
        free = take_lock(self._server_lock)
        if free is not None:
            os.close(free)
        return free is None

    def revive(self) -> None:
        """Start a server that ended by itself again, at its port, so that whoever has the DSN finds it there.

        `give_up`, from another thread, ends the wait. Raises `EmbeddedError` when it does not start.
        """
        if self._launched_with is None or self.port is None:
            raise EmbeddedError("The embedded database has not been started.", "Start it first.")
        if self._process is not None and self._process.poll() is not None:
            self._process = self.pid = None
        self._serve(*self._launched_with, lambda _line: None, port=self.port)

    def give_up(self) -> None:
        """Have a start that is under way in another thread end, as what was started is about to be stopped."""
        self._ending.set()

    def stop(self) -> None:
        """Shut the server down, without waiting for its clients, and let go of the folder. Does nothing a second time.

        Raises `EmbeddedError` when the server doesn't end, even killed.
        """
        pid, process = self.pid, self._process
        self.pid = self.port = self._process = None
        self._ending.clear()
        try:
            if process is not None:
                end_server(lambda: process.poll() is not None, process.send_signal)
            elif pid is not None:
                end_left_alive(self.data, pid, self._server_lock)
        finally:
            if self._lock is not None:
                os.ftruncate(self._lock, 0)
                os.close(self._lock)
                self._lock = None

    def _take_folder(self) -> int:
        """The descriptor that holds the folder until it is closed or this process ends."""
        path = self.folder / "lock"
        try:
            descriptor = take_lock(path)
        except PermissionError as error:
            raise EmbeddedError(
                f"{self.folder} is used by another user: {path} can't be opened.",
                "Start as that user, or name another folder with --data.",
            ) from error
        if descriptor is None:
            holder = path.read_text(encoding="ascii", errors="replace").strip()
            raise FolderInUse(self.folder, int(holder) if holder.isdecimal() else None)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return descriptor

    def _serve(self, account: Account, binaries: Binaries, tell: Progress, *, port: int | None = None) -> None:
        """Find the live server or launch one; wait for what is left of a killed one to end. `port`: it has to be this."""
        options = self._options()
        mark = hashlib.sha256(repr((options, str(binaries.folder), binaries.version)).encode()).hexdigest()[:16]
        deadline = time.monotonic() + START_TIMEOUT_S
        retry_until: float | None = None
        waiting = False
        while time.monotonic() < deadline and not self._ending.is_set():
            free = take_lock(self._server_lock)
            if free is None:
                if self._use_left_alive(account, binaries, mark):
                    return
                if not waiting:
                    tell("Waiting for the database server of an earlier start")
                    waiting = True
                time.sleep(POLL_S)
                continue
            tell(f"Starting PostgreSQL {binaries.version}")
            try:
                self._clear_traces(account, binaries)
                refusal = self._launch(account, binaries, {**options, "cluster_name": mark}, free, deadline, port)
            finally:
                os.close(free)
            if refusal is None:
                return
            retry_until = retry_until or time.monotonic() + RETRY_S
            if time.monotonic() > retry_until or not any(words in refusal for words in PASSING):
                raise EmbeddedError(
                    f"PostgreSQL did not start: {telling_line(refusal)}", f"Its log is {self.folder / 'postgres.log'}."
                )
            time.sleep(10 * POLL_S)
        raise EmbeddedError(
            f"The database in {self.folder} was not ready within {START_TIMEOUT_S:.0f} s.",
            f"Processes of an earlier server may still be ending, or it recovers: see {self.folder / 'postgres.log'}.",
        )

    def _options(self) -> dict[str, str]:
        """The settings that a server left alive must share, but for the port."""
        options = {"unix_socket_permissions": "0700", "timezone": "UTC", "log_timezone": "UTC"}
        if not self.fsync:
            # Nothing more is given up: a killed server still has every commit, so tests may kill it.
            options |= {"fsync": "off"}
        options |= self.settings | {"listen_addresses": ADDRESS}
        run = self.folder / "run"
        # PostgreSQL reads a list of folders here. A path too long for the system leaves TCP alone, which is all we hand out.
        fits = len(os.fsencode(run / ".s.PGSQL.65535")) <= SOCKET_PATH_BYTES
        quoted = str(run).replace('"', '""')
        return options | {"unix_socket_directories": f'"{quoted}"' if fits else ""}

    def _use_left_alive(self, account: Account, binaries: Binaries, mark: str) -> bool:
        """Go on with the server that is there, if it is ready, ours, and as we want it; stop it if it is otherwise."""
        there = read_postmaster(self.data)
        if there is None or not there.ready or not exists(there.pid):
            return False
        found = ask_mark(account, binaries, self.data, there.port, self._password)
        if found is None:
            return False
        if found != mark:
            end_left_alive(self.data, there.pid, self._server_lock)
            return False
        self.pid, self.port, self.reused = there.pid, there.port, True
        return True

    def _clear_traces(self, account: Account, binaries: Binaries) -> None:
        """Remove what a killed server left, now that none of its processes lives.

        PostgreSQL goes by the process id in these files, and refuses to start when another process of the same user has got
        it since, which is common in a container. Raises `EmbeddedError` when a server runs that was started by other hands,
        and so without our lock.
        """
        there = read_postmaster(self.data)
        if there is not None and exists(there.pid):
            mark: str | None = None
            # Another PostgreSQL may have got the port since.
            with contextlib.suppress(PasswordRefused):
                mark = ask_mark(account, binaries, self.data, there.port, self._password)
            if mark is not None:
                raise EmbeddedError(
                    f"A PostgreSQL that Concord did not start (process {there.pid}) runs on {self.data}.",
                    "Stop it first.",
                )
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        run = self.folder / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        account.own(run)
        for left in run.glob(".s.PGSQL.*"):
            left.unlink()

    def _launch(
        self,
        account: Account,
        binaries: Binaries,
        options: dict[str, str],
        lock: int,
        deadline: float,
        port: int | None,
    ) -> str | None:
        """Start the server and wait until it is ready. Returns None, or what it said when it ended instead.

        It gets a process session of its own, so that Ctrl-C in a terminal reaches this application first.
        """
        argv = [str(binaries.program("postgres")), "-D", str(self.data), "-p", str(port or free_port())]
        argv += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        log = self.folder / "postgres.log"
        if log.is_file() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_name("postgres.log.1"))
        with os.fdopen(open_private(log, os.O_WRONLY | os.O_APPEND), "ab") as stream:
            before = os.fstat(stream.fileno()).st_size
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                cwd="/",
                env=environment(),
                user=account.uid,
                group=account.gid,
                extra_groups=account.extra_groups,
                start_new_session=True,
                pass_fds=[lock],
            )
        while time.monotonic() < deadline and not self._ending.is_set():
            if self._process.poll() is not None:
                self._process = None
                with log.open("rb") as stream:
                    stream.seek(before)
                    return stream.read().decode("utf-8", "replace")
            there = read_postmaster(self.data)
            if there is not None and there.ready and there.pid == self._process.pid:
                self.pid, self.port, self.reused = there.pid, there.port, False
                return None
            time.sleep(POLL_S)
        return f"not ready within {START_TIMEOUT_S:.0f} s"


def _refuse_windows() -> None:
    if sys.platform == "win32":
        raise EmbeddedError(
            "The embedded database runs on Linux and macOS, not on Windows.",
            "Name a running PostgreSQL in CONCORD_DATABASE_URL, or use WSL.",
        )
