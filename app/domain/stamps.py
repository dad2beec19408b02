"""Times as others stamp them: compared as precisely as whoever stamped them did."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

TYPED_AFTER: Final = timedelta(minutes=3)
"""For how long before its commitment what a unit was told to do still belongs to it: who is rung up alarms first and types after, and the
radio's clock is not ours. What is longer ago may be the way home from something else."""

_MS_US: Final = 1000


def is_before(stamped: datetime, then: datetime) -> bool:
    """Return whether a stamp lies before a time of ours: one in whole seconds is of the second, and not of its beginning."""
    if stamped.microsecond == 0:
        then = then.replace(microsecond=0)
    elif stamped.microsecond % _MS_US == 0:
        then = then.replace(microsecond=then.microsecond // _MS_US * _MS_US)
    return stamped < then
