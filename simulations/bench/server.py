"""The service as it ships, started in a process of its own for a bench, and ended with it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ADDRESS: Final = re.compile(r"at (http://\S+)")
GRACE_S: Final = 30


@contextmanager
def served(arguments: Sequence[str], **environment: str) -> Iterator[str]:
    """Run ``concord`` with these arguments; yield the address that it prints once it answers.

    It gets none of the caller's own settings.

    Raises:
        RuntimeError: it ended without printing one; with what it said.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("CONCORD_")}
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "app.cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=env | environment | {"PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if found := _ADDRESS.search(line):
                    yield found[1]
                    break
            else:
                said.seek(0)
                message = f"concord {' '.join(arguments)} did not start: {said.read()[-2000:]}"
                raise RuntimeError(message)
        finally:
            process.stdout.close()
            process.send_signal(signal.SIGTERM)
            process.wait(GRACE_S)
