"""Short codes that people say on the telephone: R-7KQ2M. Random, so that they tell nothing and need no counter."""

from __future__ import annotations

import secrets
from typing import Final

# Crockford's base 32 (crockford.com/base32.html): no I, L, O, U, which are misread, misheard, or make words.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 5


def short_code(prefix: str) -> str:
    """Return ``prefix``, a dash and five characters: 33 million, kept unique by the table, drawn again on a clash."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
