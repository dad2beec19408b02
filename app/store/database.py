"""Which database a process works on, decided in one place: the one that is named, or the embedded one of a folder."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from app.store.embedded import EmbeddedError, EmbeddedServer, FolderInUse, attach, default_folder
from app.store.embedded_process import POLL_S
from app.store.embedded_watch import Watch
from app.store.engine import plain_dsn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from app.settings import Settings

WAIT_FOR_START_S: Final = 60.0
"""How long a short command waits for the server of another process that is just starting."""


def data_folder(settings: Settings, data: Path | None = None) -> Path:
    """Return where this deployment keeps files on this machine: ``data``, CONCORD_DATA, or the user's default."""
    return data or settings.data or default_folder()


@contextmanager
def open_database(
    settings: Settings,
    data: Path | None = None,
    progress: Callable[[str], None] = lambda _line: None,
    *,
    sole: bool = False,
    create: bool = True,
    on_lost: Callable[[], None] | None = None,
) -> Iterator[str]:
    """Yield the DSN: CONCORD_DATABASE_URL unless a folder is named by ``data``, else that of the embedded server.

    The embedded server is started, and stopped at the end. Where another process runs it, its server is used and left
    running; with ``sole`` that is refused, for whoever means to serve. Without ``create``, a folder without a database
    is refused instead of filled.

    With ``on_lost`` the embedded server is watched, and started again when it ends; ``on_lost`` is called, from another
    thread, when that is in vain, and leaving the context then raises.

    Raises:
        FolderInUse: ``sole``, and somebody else runs the server; or it did not become ready in time.
        EmbeddedError: whatever else stands in the way.
    """
    if settings.database_url is not None and data is None:
        yield plain_dsn(settings.database_url)
        return
    server = EmbeddedServer(data_folder(settings, data))
    if not create and not (server.data / "PG_VERSION").exists():
        raise EmbeddedError(
            f"There is no database in {server.folder}.",
            "Name its folder with --data, or the database in CONCORD_DATABASE_URL.",
        )
    with ExitStack() as open_:
        open_.callback(server.stop)
        dsn = server.start(progress) if sole else _start_or_attach(server, progress)
        if on_lost is not None and server.port is not None:
            open_.enter_context(Watch(server, on_lost))
        yield dsn


def _start_or_attach(server: EmbeddedServer, progress: Callable[[str], None]) -> str:
    """Start the server, unless another process runs one on the folder; return the DSN of that which runs."""
    deadline = time.monotonic() + WAIT_FOR_START_S
    while True:
        try:
            return server.start(progress)
        except FolderInUse as in_use:
            if (dsn := attach(server.folder)) is not None:
                return dsn
            if time.monotonic() > deadline:
                raise
            progress(f"Waiting for process {in_use.pid}, which is starting the database")
            time.sleep(20 * POLL_S)
