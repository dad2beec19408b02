"""The folder of the embedded database: who may enter it, its password, its data, and what the server says of itself there.

    lock            held by the application that uses the folder; its content is that application's process id
    server.lock     held by the server's processes themselves, see `app.store.embedded`
    password        of the database user `concord`, 0600
    data/           PostgreSQL's own, complete or absent
    run/            the unix socket
    postgres.log    what the server says
    binaries-…/     a copy of PostgreSQL's programs, where root runs it from a place that others can't reach

Whatever starts with a dot is unfinished work of a start that was cut short, and is removed by the next one.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from app.store.embedded_binaries import Account, Binaries, EmbeddedError, Progress, blocked_at
from app.store.embedded_process import DATABASE, USER, open_private

BUILTIN_LOCALE_MAJOR = 17
"""The first major with a locale provider of its own, whose order of strings no update of the system's libraries changes."""
INITDB_TIMEOUT_S = 180.0
STAGING_PREFIX = ".staging-"


def enter_folder(folder: Path, account: Account) -> None:
    """Make the folder if need be, passable for the account and closed to other eyes.

    Folders above are made where they are missing, and otherwise left as they are. Raises `EmbeddedError` when the account
    can't get there.
    """
    # Path.exists raises where a folder above is closed.
    missing = [step for step in [folder, *folder.parents] if not os.path.exists(step)]  # noqa: PTH110
    nearest = missing[-1].parent if missing else folder.parent
    _refuse_if_blocked(folder, nearest, account)
    try:
        for step in reversed(missing):
            step.mkdir(exist_ok=True)
            if account.uid is not None:
                # Said out loud, for root's umask may close what it makes to the account.
                step.chmod(0o755)
        if missing or (account.uid is not None and folder.stat().st_uid == 0 and not any(folder.iterdir())):
            folder.chmod(0o700 if account.uid is None else 0o711)
    except OSError as error:
        raise EmbeddedError(
            f"{folder} can't be made: {error.strerror} ({error.filename}).",
            "Name a folder that you may write to with --data.",
        ) from error
    _refuse_if_blocked(folder, folder, account)
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise EmbeddedError(f"{folder} is no folder that this user may write to.", "Name another one with --data.")


def _refuse_if_blocked(folder: Path, path: Path, account: Account) -> None:
    blocked = blocked_at(path, account)
    if blocked is None:
        return
    if account.uid is None:
        raise EmbeddedError(
            f"{folder} can't be reached: {blocked} is closed to {account.name}.",
            "Name a folder of your own with --data.",
        )
    raise EmbeddedError(
        f"{folder} can't be used: root runs PostgreSQL as {account.name}, to whom {blocked} is closed.",
        "Name a folder open to that account with --data, such as /var/lib/concord, or start as an ordinary user.",
    )


def data_major(data: Path) -> int | None:
    """The major of the data, None when there is none yet.

    Raises `EmbeddedError` when the folder holds something that isn't PostgreSQL's.
    """
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii").strip())
    except (FileNotFoundError, NotADirectoryError):
        if not data.exists() or (data.is_dir() and not any(data.iterdir())):
            return None
        problem = "it has no PG_VERSION"
    except ValueError:
        problem = "its PG_VERSION can't be read"
    raise EmbeddedError(
        f"{data} holds no database of PostgreSQL: {problem}.", "Move it away, or name another folder with --data."
    )


def check_major(data: Path, major: int | None, binaries: Binaries) -> None:
    """Raises `EmbeddedError` when the data is of another major: PostgreSQL can't read it, and we don't convert it."""
    if major is not None and major != binaries.major:
        raise EmbeddedError(
            f"{data} was written by PostgreSQL {major}, and this is {binaries.major}, which can't read it.",
            f"Start PostgreSQL {major} on it and name it in CONCORD_DATABASE_URL, or name another folder with --data.",
        )


def read_password(folder: Path, *, data_exists: bool) -> str:
    """The password of the database user, made when there is no data yet.

    It is written before the data, so that data never exists without it. Raises `EmbeddedError` when it was lost.
    """
    path = folder / "password"
    try:
        # A folder of an ordinary user could lead root elsewhere by a symbolic link.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), encoding="ascii") as stream:
            password = stream.read().strip()
    except FileNotFoundError:
        password = ""
    if password:
        return password
    if data_exists:
        raise EmbeddedError(
            f"The password of the database is missing: {path}.", "Bring it back from where the folder was copied from."
        )
    password = secrets.token_urlsafe(24)
    fresh = folder / ".password"
    with os.fdopen(open_private(fresh, os.O_WRONLY | os.O_TRUNC), "w", encoding="ascii") as stream:
        stream.write(f"{password}\n")
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)
    return password


def sweep(folder: Path) -> None:
    """Remove the unfinished databases of starts that were cut short.

    The `initdb` of a start that was killed a moment ago may still be writing to one; what it leaves then goes at the next start.
    """
    for leftover in folder.glob(f"{STAGING_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def make_cluster(
    folder: Path, account: Account, binaries: Binaries, password: str, *, fsync: bool, progress: Progress
) -> None:
    """Make `folder/data` with the database `concord` in it, whole or not at all.

    It grows in a folder of its own and is renamed when it is complete; a start that was cut short leaves nothing that could
    be taken for a database, and its `initdb`, if still at work, writes to a name that is never used again.
    Raises `EmbeddedError` with PostgreSQL's own words when it fails.
    """
    progress(f"Making a new database in {folder} with PostgreSQL {binaries.version}")
    staging = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=folder))
    try:
        secret = staging / "password"
        secret.touch(mode=0o600)
        secret.write_text(f"{password}\n", encoding="ascii")
        account.own(secret, staging)
        fresh = staging / "data"
        locale = ["--locale=C", "--encoding=UTF8"]
        if binaries.major >= BUILTIN_LOCALE_MAJOR:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = [f"--username={USER}", "--auth=scram-sha-256", f"--pwfile={secret}"]
        durable = [] if fsync else ["--no-sync"]
        initdb: list[str | Path] = [
            binaries.program("initdb"),
            f"--pgdata={fresh}",
            "--data-checksums",
            "--no-instructions",
        ]
        _finish(account, [*initdb, *locale, *access, *durable], "initdb")
        single: list[str | Path] = [binaries.program("postgres"), "--single", "-D", fresh, "-c", "exit_on_error=on"]
        single += ["-c", f"fsync={'on' if fsync else 'off'}", "postgres"]
        _finish(account, single, "postgres --single", stdin=f"CREATE DATABASE {DATABASE};\n")
        fresh.rename(folder / "data")
        _sync_folder(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _finish(account: Account, argv: list[str | Path], name: str, stdin: str = "") -> None:
    hint = "Is the disk full, or mounted for reading only? Otherwise name another folder with --data."
    nameless = "Give this user a name in /etc/passwd, or name a running PostgreSQL in CONCORD_DATABASE_URL."
    try:
        done = account.run(argv, timeout_s=INITDB_TIMEOUT_S, stdin=stdin)
    except subprocess.TimeoutExpired as error:
        raise EmbeddedError(f"{name} did not end within {INITDB_TIMEOUT_S:.0f} s.", hint) from error
    if done.returncode != 0:
        why = telling_line(done.stderr) or f"exit status {done.returncode}"
        raise EmbeddedError(f"{name} failed: {why}", nameless if "look up effective user ID" in why else hint)


def telling_line(text: str) -> str:
    """The line of PostgreSQL's output that says why it gave up: the last FATAL or error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "error:"))]
    return (telling or lines or [""])[-1]


def _sync_folder(folder: Path) -> None:
    """Make a rename in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
