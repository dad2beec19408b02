"""What the feed says, as JSON texts. ``protocols/wire/asyncapi.yaml`` describes them; ``entrypoints/feed.py`` the course.

An entry's header and payload are kept as canonical JSON, and go out as they are: nothing is read and written again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import orjson

from app.domain.clock import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from app.domain.authority import Actor
    from app.domain.chain import Entry

PART_BYTES: Final = 128 * 1024
"""How large a message of a snapshot becomes before the next is begun. Clients often take no more than a MiB."""
PART_ITEMS: Final = 200
"""Items in one message of figures or positions: small enough that an entry never waits long behind one."""

Reason: TypeAlias = Literal["other_epoch", "from_the_future", "too_far_behind"]


def _json(value: object) -> bytes:
    return orjson.dumps(value, default=str)  # asyncpg's ids are a class of their own, which orjson does not know


def hello(*, epoch: str, space: str, head: int, heartbeat_s: float, at: datetime, actor: Actor) -> bytes:
    """Return the first message of a connection."""
    you = {"user_id": actor.id, "member_id": actor.member_id, "roles": sorted(actor.roles)}
    return _json(
        {
            "kind": "hello",
            "epoch": epoch,
            "space": space,
            "head": head,
            "heartbeat_s": heartbeat_s,
            "at": stamp(at),
            "you": you,
        }
    )


def entry_ending(entry: Entry) -> bytes:
    """Return an entry's message from behind ``prev`` on: the part that is alike for everybody who sees it."""
    payload = '"data":null,"rows":null' if entry.payload is None else entry.payload[1:-1]
    return f",{entry.header[1:-1]},{payload}}}".encode()


def entry(prev: int, ending: bytes) -> bytes:
    """Return an entry's message for those who were sent ``prev`` before it."""
    return b'{"kind":"entry","prev":%d%b' % (prev, ending)


def heartbeat(*, prev: int, seq: int, at: datetime) -> bytes:
    """Return the message that says: up to ``seq`` you have been sent everything; the last of it was ``prev``."""
    return _json({"kind": "heartbeat", "prev": prev, "seq": seq, "at": stamp(at)})


def reset(reason: Reason, *, epoch: str, head: int) -> bytes:
    """Return the message that tells to take a snapshot."""
    return _json({"kind": "reset", "reason": reason, "epoch": epoch, "head": head})


def problem(body: Mapping[str, Any]) -> bytes:
    """Return the message before a connection is closed by us: the problem's body."""
    return _json({"kind": "problem", "problem": body})


def snapshot_parts(seq: int, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[bytes]:
    """Yield the messages of a snapshot: rows by kind, ``PART_BYTES`` each, numbered; the last says ``"last": true``."""
    parts: list[dict[str, list[bytes]]] = [{}]
    size = 0
    for kind, states in rows.items():
        for state in states:
            told = _json(state)
            if size and size + len(told) > PART_BYTES:
                parts.append({})
                size = 0
            parts[-1].setdefault(kind, []).append(told)
            size += len(told)
    for number, part in enumerate(parts, start=1):
        held = b",".join(b'"%b":[%b]' % (kind.encode(), b",".join(told)) for kind, told in part.items())
        last = b"true" if number == len(parts) else b"false"
        yield b'{"kind":"snapshot","seq":%d,"part":%d,"last":%b,"rows":{%b}}' % (seq, number, last, held)


def fill(seq: int, lines: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield messages that say how far lines are filled, as of ``seq`` or a little later."""
    for items in _by(PART_ITEMS, lines):
        yield _json({"kind": "fill", "seq": seq, "items": items})


def positions(items: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield messages that say where units are."""
    for some in _by(PART_ITEMS, list(items)):
        yield _json({"kind": "positions", "items": some})


def _by(count: int, items: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    for start in range(0, len(items), count):
        yield items[start : start + count]
