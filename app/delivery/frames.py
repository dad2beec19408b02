"""Messages of the feed as bytes: JSON text, and the WebSocket frame (RFC 6455) around it, made once for many readers.

A burst is written to each reader in one piece, however many frames it holds. Where a reader negotiated permessage-deflate
(RFC 7692) without context takeover, one deflated frame fits them all as well; it is made when the first of them needs it.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW_BITS: Final = 12
"""Window of the deflated frames; a reader that asked for a smaller one is sent the plain ones."""
WORTH_DEFLATING: Final = 256
"""Bytes under which deflating gains nothing that a packet would notice."""

_TEXT: Final = 0x81  # FIN, opcode 1 (RFC 6455, 5.2)
_DEFLATED: Final = 0xC1  # and RSV1 (RFC 7692, 6)
_TAIL: Final = 4  # an empty stored block, left out (RFC 7692, 7.2.1)
_LEVEL: Final = 6
_MEMORY: Final = 5


def framed(first: int, payload: bytes) -> bytes:
    """Return an unmasked frame, as servers send it, with the length in the shortest form (RFC 6455, 5.2)."""
    length = len(payload)
    if length < 126:  # noqa: PLR2004 - 126 and 127 announce the longer forms
        return bytes((first, length)) + payload
    if length < 1 << 16:
        return bytes((first, 126)) + length.to_bytes(2, "big") + payload
    return bytes((first, 127)) + length.to_bytes(8, "big") + payload


def deflated(payload: bytes) -> bytes:
    """Return the payload deflated by itself, so that it means the same to every reader (RFC 7692, 7.2.1)."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -WINDOW_BITS, _MEMORY)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-_TAIL]


class Message:
    """One message: its text in UTF-8, its frame, and the deflated frame from the first time it is asked for."""

    __slots__ = ("_packed", "plain", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.plain = framed(_TEXT, text)
        self._packed: bytes | None = None

    @property
    def packed(self) -> bytes:
        """The frame for who negotiated deflate; short messages are not deflated for them either."""
        if self._packed is None:
            short = len(self.text) < WORTH_DEFLATING
            self._packed = self.plain if short else framed(_DEFLATED, deflated(self.text))
        return self._packed


class Burst:
    """Messages that leave together, in their order."""

    __slots__ = ("_packed", "_plain", "messages")

    def __init__(self, messages: Iterable[Message]) -> None:
        self.messages = tuple(messages)
        self._plain: bytes | None = None
        self._packed: bytes | None = None

    @property
    def plain(self) -> bytes:
        """All frames in one piece."""
        if self._plain is None:
            self._plain = b"".join([message.plain for message in self.messages])
        return self._plain

    @property
    def packed(self) -> bytes:
        """All frames in one piece, for who negotiated deflate."""
        if self._packed is None:
            self._packed = b"".join([message.packed for message in self.messages])
        return self._packed


def burst(*texts: bytes) -> Burst:
    """Return the texts as a burst."""
    return Burst([Message(text) for text in texts])
