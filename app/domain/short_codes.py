"""Short codes that people say on the telephone: R-7KQ2M. Random, so that they tell nothing and need no counter."""

from __future__ import annotations

import secrets
from typing import Final

# Crockford's base 32 (crockford.com/base32.html): no I, L, O, U, which are misread, misheard, or make words.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 5
_HEARD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def short_code(prefix: str) -> str:
    """Return ``prefix``, a dash and five characters: 33 million, kept unique by the table, drawn again on a clash."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))


def as_said(text: str) -> str:
    """Return what is left of a short code, or of a part of one, that was typed as it was heard: ``r 7kq2o`` as ``R7KQ20``.

    Crockford's reading of the letters that the alphabet leaves out: O is a zero, I and L are a one.
    """
    bare = "".join(mark for mark in text.upper() if mark.isascii() and mark.isalnum())
    return bare[:1] + bare[1:].translate(_HEARD) if bare[:1] == "I" else bare.translate(_HEARD)
