"""Whoever owns the embedded server watches it: one that ended by itself is started again, at its port.

A kill by the kernel for want of memory, or by an impatient hand, would otherwise leave a service that lives and can't serve.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Self

import structlog

from app.store.embedded_binaries import EmbeddedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from app.store.embedded import EmbeddedServer

LOOK_S: Final = 0.2
TRIES: Final = 3
"""Starts in vain, one after the other, until it is given up."""
PAUSE_S: Final = 1.0

log = structlog.get_logger(__name__)


class Watch:
    """Watches while its context is open. ``on_lost`` is called, from the watching thread, when a start was tried in vain."""

    def __init__(self, server: EmbeddedServer, on_lost: Callable[[], None]) -> None:
        self._server = server
        self._on_lost = on_lost
        self._over = threading.Event()
        self._lost: EmbeddedError | None = None
        self._thread = threading.Thread(target=self._run, name="embedded watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Watch no longer. Raises ``EmbeddedError`` if the server was lost, in the place of whatever followed from that."""
        self._over.set()
        self._server.give_up()
        self._thread.join()
        if self._lost is not None:
            raise self._lost from None

    def _run(self) -> None:
        while not self._over.wait(LOOK_S):
            if not self._server.lives and not self._revived():
                self._on_lost()
                return

    def _revived(self) -> bool:
        for number in range(1, TRIES + 1):
            try:
                self._server.revive()
            except (EmbeddedError, OSError) as error:
                if self._over.wait(PAUSE_S):
                    return True  # it is no longer wanted
                log.warning("database.not_restarted", error=str(error), tries=number)
                said, advice = (error.message, error.hint) if isinstance(error, EmbeddedError) else (str(error), "")
                lost = EmbeddedError(f"The embedded database ended and does not start again: {said}", advice)
            else:
                log.warning("database.restarted", folder=str(self._server.folder), port=self._server.port)
                return True
            if number == TRIES:
                self._lost = lost
        return False
