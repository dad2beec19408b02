"""The journal's chain, pure: what an entry is, which bytes of it are hashed, and how one entry holds on to the one before.

    payload digest = SHA-256(salt ‖ payload)         16 random bytes of salt for each entry: a short payload can't be guessed
    digest         = SHA-256(header ‖ payload digest)
    hash           = SHA-256(hash of the entry before ‖ digest)

Header and payload are JSON in the one canonical form of RFC 8785 and are kept as the bytes that were hashed. A payload can
be erased with its salt, and a reader without the right to an entry is given its digest alone: the chain verifies either way.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import orjson
import rfc8785

from app.domain.clock import stamp

Visibility: TypeAlias = Literal["public", "corridor", "parties"]
VISIBILITIES: Final[tuple[Visibility, ...]] = ("public", "corridor", "parties")

GENESIS: Final = bytes(32)
"""What stands for the hash before the first entry."""

SALT_BYTES: Final = 16
HASH_BYTES: Final = 32

HEADER_KEYS: Final = ("actor", "at", "parties", "seq", "space", "subject", "type", "v", "visibility")
"""In the order of RFC 8785, 3.2.3; ``header_parts`` is cut at ``seq``."""

_WHOLE: Final = 2**53
_SMALL, _LARGE = 1e-5, 1e15
"""Floats between these are written alike by orjson and ECMAScript."""

_AS_IT_IS: Final = frozenset({str, bool, type(None), UUID})
"""What orjson writes as RFC 8785 does, whatever the value."""

_PLAIN: Final = frozenset({str, bool, int, float, type(None)})
"""What JSON has by itself: most of what comes, so looked at first."""

SYSTEM: Final = "system"
"""The actor of what the service does by itself, on a deadline for instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry before it has a place in the journal.

    ``type`` is past tense (``request.opened``), ``v`` the version of its payload. ``parties`` are ids of members, given
    for visibility ``parties`` and for no other; they are kept sorted. ``payload`` holds no personal data in its rows.
    Raises ``ValueError`` where these do not fit together.
    """

    type: str
    subject_kind: str
    subject_id: UUID
    visibility: Visibility
    payload: Mapping[str, Any]
    parties: tuple[UUID, ...] = ()
    v: int = 1

    def __post_init__(self) -> None:
        if self.visibility not in VISIBILITIES:
            raise ValueError(f"An entry is public, corridor or parties, not {self.visibility!r}.")
        if (self.visibility == "parties") is not bool(self.parties):
            raise ValueError(f"An entry that is {self.visibility} was given {len(self.parties)} parties.")
        object.__setattr__(self, "parties", tuple(sorted(set(self.parties))))


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes the journal is read with. Without a member: somebody of the corridor who is no party to anything."""

    member_id: UUID | None
    corridor: bool = True
    """False for the outside world, which sees only what is public."""

    def sees(self, visibility: Visibility, parties: Collection[UUID]) -> bool:
        """Return whether an entry of this visibility is for these eyes; the store's statements say the same in SQL."""
        if visibility == "parties":
            return self.member_id in parties
        return self.corridor or visibility == "public"


@dataclass(frozen=True, slots=True)
class Stub:
    """What a reader is given of an entry that is not for these eyes: enough to go on along the chain."""

    seq: int
    digest: bytes
    hash: bytes

    def exported(self) -> dict[str, Any]:
        """Return it as a line of an export holds it."""
        return {"seq": self.seq, "digest": self.digest.hex(), "hash": self.hash.hex()}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it was written. ``header`` and ``payload`` are the text that was hashed, in UTF-8."""

    seq: int
    header: str
    payload: str | None
    """None once it has been erased, together with its salt."""
    salt: bytes | None
    payload_digest: bytes
    digest: bytes
    hash: bytes
    recorded_at: datetime
    type: str
    subject_kind: str
    subject_id: UUID
    actor_id: UUID | None
    """None where the service itself acted."""
    visibility: Visibility
    parties: tuple[UUID, ...]

    def head(self) -> Any:
        """Return the header, read: an object with ``HEADER_KEYS``, unless somebody changed it."""
        return orjson.loads(self.header)

    def body(self) -> dict[str, Any] | None:
        """Return the payload, read; None once it has been erased."""
        return None if self.payload is None else orjson.loads(self.payload)

    def differing_columns(self) -> list[str]:
        """Return what is kept beside the header for searching and differs from it: nothing, unless somebody changed it.

        A header that can't be read has nothing to differ from: that it was changed is found elsewhere.
        """
        try:
            head = self.head()
        except ValueError:
            return []
        if not isinstance(head, dict):
            return []
        beside = {
            "at": stamp(self.recorded_at),
            "type": self.type,
            "subject": subject(self.subject_kind, self.subject_id),
            "visibility": self.visibility,
            "parties": [str(party) for party in self.parties],
            "actor": SYSTEM if self.actor_id is None else f"user:{self.actor_id}",
        }
        return [name for name, value in beside.items() if head.get(name) != value]

    def exported(self) -> dict[str, Any]:
        """Return it as a line of an export holds it: bytes in hexadecimal, header and payload as their exact text."""
        return {
            "seq": self.seq,
            "header": self.header,
            "payload": self.payload,
            "salt": None if self.salt is None else self.salt.hex(),
            "payload_digest": self.payload_digest.hex(),
            "digest": self.digest.hex(),
            "hash": self.hash.hex(),
        }


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line for each type reads best
    """Return ``value`` in the types that JSON has: ids, times and decimals as text, tuples as lists.

    Raises ``TypeError`` for what has no such form, ``ValueError`` for a time without an offset.
    """
    if type(value) in _PLAIN:
        return value
    match value:
        case Enum():  # before str and int: some are both
            return plain(value.value)
        case str() | bool() | int() | float() | None:
            return value
        case UUID() | Decimal():
            return str(value)
        case datetime():
            if value.tzinfo is None:
                raise ValueError(f"The time {value.isoformat()} has no offset.")
            return stamp(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            raise TypeError(f"A {type(value).__name__} can't stand in the journal.")


def canonical(value: Any) -> bytes:
    """Return the one canonical form (RFC 8785) of a value that ``plain`` can take.

    Raises ``ValueError`` for what JSON can't hold for sure: NaN, whole numbers beyond 2**53, half a surrogate pair.
    """
    # Nearly every payload is written alike by orjson, in a fifth of the time; a test holds the two against each other.
    try:
        return orjson.dumps(_written_alike(value), option=orjson.OPT_SORT_KEYS)
    except (_WrittenOtherwise, orjson.JSONEncodeError):
        return rfc8785.dumps(plain(value))


class _WrittenOtherwise(Exception):
    """A value that orjson does not, or may not, write as RFC 8785 wants it."""


def _written_alike(value: Any) -> Any:  # noqa: PLR0911 - one line for each type, the most frequent first
    """Return ``value`` in types that orjson writes in the canonical form; raise ``_WrittenOtherwise`` where it can't be sure.

    The two differ in whole numbers held as floats, in very large and very small ones (ECMAScript writes 0.000001, orjson
    1e-6), and in the order of keys beyond the Basic Multilingual Plane.
    """
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is dict:
        try:
            plainly_sorted = "".join(value).isascii()
        except TypeError:  # a key that is no text
            raise _WrittenOtherwise from None
        if not plainly_sorted:
            raise _WrittenOtherwise
        return {key: item if type(item) in _AS_IT_IS else _written_alike(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [item if type(item) in _AS_IT_IS else _written_alike(item) for item in value]
    if kind is int and -_WHOLE < value < _WHOLE:
        return value
    if kind is float:
        if value.is_integer() and -_WHOLE < value < _WHOLE:
            return int(value)
        if _SMALL <= abs(value) < _LARGE:
            return value
    if kind is datetime and value.tzinfo is not None:
        return stamp(value)
    if isinstance(value, UUID):  # the driver has a class of its own
        return str(value)
    raise _WrittenOtherwise


def subject(kind: str, id_: UUID) -> str:
    """Return how a header names what an entry is about."""
    return f"{kind}:{id_}"


def actor_id(actor: str) -> UUID | None:
    """Return the id within ``user:…``, None for ``system``. Raises ``ValueError`` for anything else."""
    if actor == SYSTEM:
        return None
    kind, _, id_ = actor.partition(":")
    if kind != "user":
        raise ValueError(f"An actor is {SYSTEM!r} or 'user:' and an id, not {actor!r}.")
    return UUID(id_)


def header_parts(draft: Draft, *, space: str, actor: str, recorded_at: datetime) -> tuple[str, str]:
    """Return the canonical header before and after its ``seq``, which only the locked head of the journal knows.

    Raises ``ValueError`` for a time without an offset and a text with half a surrogate pair.
    """
    if recorded_at.tzinfo is None:
        raise ValueError(f"The time {recorded_at.isoformat()} has no offset.")
    before = _text({"actor": actor, "at": stamp(recorded_at), "parties": draft.parties})
    after = _text(
        {
            "space": space,
            "subject": subject(draft.subject_kind, draft.subject_id),
            "type": draft.type,
            "v": draft.v,
            "visibility": draft.visibility,
        }
    )
    return f'{before[:-1]},"seq":', f",{after[1:]}"


def _text(part: dict[str, Any]) -> str:
    """Return a part of a header, whose keys stand in their order, in its canonical form: it holds texts and ids alone."""
    try:
        return orjson.dumps(part).decode()
    except orjson.JSONEncodeError:
        return canonical(part).decode()


def new_salt() -> bytes:
    """Return the random bytes that keep a payload from being guessed from its digest."""
    return secrets.token_bytes(SALT_BYTES)


def payload_digest(salt: bytes, payload: bytes) -> bytes:
    """Return what stands for the payload in the chain, also once payload and salt are erased."""
    return hashlib.sha256(salt + payload).digest()


def entry_digest(header: bytes, digest_of_payload: bytes) -> bytes:
    """Return what stands for the entry where it may not be shown."""
    return hashlib.sha256(header + digest_of_payload).digest()


def link(before: bytes, digest: bytes) -> bytes:
    """Return the hash of an entry, from the hash of the one before it and its own digest."""
    return hashlib.sha256(before + digest).digest()
