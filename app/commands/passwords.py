"""Passwords: what one has to be, and how it is kept (Argon2id, RFC 9106, with the library's parameters)."""

from __future__ import annotations

import asyncio
import unicodedata
from functools import cache
from typing import Annotated, Final, TypeAlias

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import AfterValidator, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.domain.errors import FieldError, Malformed

SHORTEST: Final = 12
LONGEST: Final = 256
NAMED: Final = 4
"""How many characters a name has that a password is not made of."""
FEWEST: Final = 5
"""How many different characters a password has."""


def _long_enough(value: SecretStr) -> SecretStr:
    if not SHORTEST <= len(value.get_secret_value()) <= LONGEST:
        which = "too_short" if len(value.get_secret_value()) < SHORTEST else "too_long"
        limits = {"least": SHORTEST, "most": LONGEST}
        raise PydanticCustomError(f"string_{which}", "a password has {least} to {most} characters", limits)
    return value


def _of_several_characters(value: SecretStr) -> SecretStr:
    """Refuse what is long by repetition alone: one character, or a short piece, over and over."""
    plain = value.get_secret_value().casefold()
    repeated = (plain + plain).find(plain, 1) < min(len(plain), SHORTEST // 2 + 1)
    if repeated or len(set(plain)) < FEWEST:
        raise PydanticCustomError(
            "value_error",
            "a password has {least} different characters, and is no short piece repeated",
            {"least": FEWEST},
        )
    return value


Password: TypeAlias = Annotated[
    SecretStr,
    AfterValidator(_long_enough),
    AfterValidator(_of_several_characters),
    WithJsonSchema(
        {
            "type": "string", "format": "password", "writeOnly": True,
            "minLength": SHORTEST, "maxLength": LONGEST, "examples": ["correct horse battery staple"],
        }
    ),
]  # fmt: skip
"""A new password. Being a secret, it stays out of logs, and out of the digest kept under an Idempotency-Key: a fast hash
of it there would undo the slow one here."""

_HASHES: Final = PasswordHash((Argon2Hasher(),))


def require_unlike(password: SecretStr, *names: str) -> None:
    """Refuse a password that everybody who knows its owner would try first.

    Raises:
        Malformed: it is one of ``names`` (the login, the display name).
    """
    plain = _letters(_plain(password))
    known = {_letters(unicodedata.normalize("NFC", name)) for name in names} - {""}
    if (
        plain in known
        or any(len(name) >= NAMED and plain.replace(name, "").isdigit() for name in known)
        or any(len(name) >= NAMED and not plain.replace(name, "") for name in known)
    ):
        detail = "The password is the name of its owner, or that name with figures."
        raise Malformed(detail, errors=[FieldError("/password", Malformed.slug, detail)])


def _letters(text: str) -> str:
    """Return the letters and figures of a text, all small: what is left of a name however it is punctuated."""
    return "".join(each for each in text.casefold() if each.isalnum())


async def hashed(password: SecretStr) -> str:
    """Return the hash to keep, made in a thread: it takes some 50 ms of a processor."""
    return await asyncio.to_thread(_HASHES.hash, _plain(password))


async def fits(password: SecretStr, kept: str | None) -> bool:
    """Return whether the password is the one that was kept; None costs the same and is never right."""
    fitting = await asyncio.to_thread(_fits, _plain(password), kept)
    return fitting and kept is not None


def _fits(plain: str, kept: str | None) -> bool:
    return _HASHES.verify(plain, kept or _nobody())


@cache
def _nobody() -> str:
    return _HASHES.hash("the password of an account that is not there")


def _plain(password: SecretStr) -> str:
    """Return the text in form NFC (RFC 8265, 4.2), so that it fits however a keyboard composed it."""
    return unicodedata.normalize("NFC", password.get_secret_value())
