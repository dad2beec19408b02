"""The real program with its clock put forward: ``python -m tests.acceptance.later HOURS serve …``.

Signatures and leases go by the machine's own clock, as they do in the program: a receiver holds a signature against its own.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from app.cli import main
from app.domain.clock import SystemClock

if __name__ == "__main__":
    AHEAD = timedelta(hours=float(sys.argv.pop(1)))
    SystemClock.now = lambda _clock: datetime.now(UTC) + AHEAD
    main()
