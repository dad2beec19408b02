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


def _long_enough(value: SecretStr) -> SecretStr:
    if not SHORTEST <= len(value.get_secret_value()) <= LONGEST:
        which = "too_short" if len(value.get_secret_value()) < SHORTEST else "too_long"
        limits = {"least": SHORTEST, "most": LONGEST}
        raise PydanticCustomError(f"string_{which}", "a password has {least} to {most} characters", limits)
    return value


Password: TypeAlias = Annotated[
    SecretStr,
    AfterValidator(_long_enough),
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
    if _plain(password).casefold() in {unicodedata.normalize("NFC", name).casefold() for name in names}:
        detail = "The password is the name of its owner."
        raise Malformed(detail, errors=[FieldError("/password", Malformed.slug, detail)])


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
