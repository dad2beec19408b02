"""Whether a message is from whom it says: Standard Webhooks 1.0.0, by any of the secrets that count, compared in constant time."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

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
        """Return whether one of the secrets has signed it: its bytes, whatever they mean."""
        readable = self.sent_at is not None and 0 < len(self.id) <= LONGEST_ID and self.id.isprintable()
        told = f"{self.id}.{self.timestamp}.".encode() + self.body
        sent = [each.encode() for each in self.signatures.split(" ")[:MOST_SIGNATURES]]
        found = False
        for secret in secrets:
            ours = b"v1," + base64.b64encode(hmac.digest(_key(secret), told, "sha256"))
            for each in sent:
                found |= hmac.compare_digest(ours, each)
        return found and readable


@lru_cache(maxsize=256)
def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_") + "==")
