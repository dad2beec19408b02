"""Whether a message is from whom it says: Standard Webhooks 1.0.0, by any of the secrets that count, compared in constant time."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from standardwebhooks import Webhook

TOLERANCE: Final = timedelta(minutes=5)
"""How far a message's timestamp may lie from our clock, either way."""
LONGEST_ID: Final = 200
MOST_SIGNATURES: Final = 10
_TIMESTAMP: Final = re.compile(r"[0-9]{9,11}")
NOBODY: Final = "whsec_" + "A" * 43 + "="
"""Held against messages of sources that are not there, so that these take as long."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A message with the headers of Standard Webhooks."""

    id: str
    timestamp: str
    signatures: str
    body: bytes

    @property
    def sent_at(self) -> datetime | None:
        """When it says that it was sent; None where that is no Unix time."""
        return datetime.fromtimestamp(int(self.timestamp), UTC) if _TIMESTAMP.fullmatch(self.timestamp) else None

    def by_one_of(self, secrets: Sequence[str]) -> bool:
        """Return whether one of the secrets has signed it."""
        at = self.sent_at
        readable = at is not None and 0 < len(self.id) <= LONGEST_ID and self.id.isprintable()
        try:
            text = self.body.decode()
        except UnicodeDecodeError:
            readable, text = False, ""
        sent = [each.encode() for each in self.signatures.split(" ")[:MOST_SIGNATURES]]
        found = False
        for secret in secrets:
            ours = _webhook(secret).sign(self.id, at or datetime.fromtimestamp(0, UTC), text).encode()
            for each in sent:
                found |= hmac.compare_digest(ours, each)
        return found and readable


@lru_cache(maxsize=256)
def _webhook(secret: str) -> Webhook:
    return Webhook(secret)
