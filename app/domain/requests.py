"""What requests are called where rules ask for it: the kind with time to sign, and the states in which help is still of use."""

from __future__ import annotations

from typing import Final

PLANNED: Final = "planned"
"""Help for hours or days, which has the time to be signed by who binds a member."""
STILL_ASKING: Final = ("open", "partly_committed")
"""States of a request in which an offer is of use."""
