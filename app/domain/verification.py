"""Is a journal still as it was written? Entries go in one by one, a report comes out; memory stays the same however many.

What can be told apart: an entry that was **changed**, **dropped**, **inserted** or **reordered**, a chain **broken**
between two entries (one of them was rewritten with all its own digests), an entry of another space (**foreign**), an end
that is not the **head**, and lines that are no entries (**unreadable**). Stubs are counted, entries with an erased
payload are named, and both are right. The file of a drill has its mark as the first and the last line, and nothing else around it. A cut tail, or a journal written anew from some entry on, shows only against a head that was kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson

from app.domain.chain import (
    GENESIS,
    HASH_BYTES,
    HEADER_KEYS,
    Entry,
    Stub,
    entry_digest,
    link,
    payload_digest,
)
from app.domain.drills.journal_marks import MARKS, last_of, mark_of
from app.domain.findings import ERASED_LISTED, Findings, Kind, Report

FORMAT: Final = "concord_journal"
"""The key that marks the first line of an export; its value is the version of the format."""
FORMAT_VERSION: Final = 1

_GAPS: Final = 1000
"""Gaps remembered at a time, in case what is missing turns up later."""
_CANDIDATES: Final = 4
"""Hashes that the next entry may follow from, once something was wrong."""

_STUB_KEYS: Final = frozenset({"seq", "digest", "hash"})
_ENTRY_KEYS: Final = _STUB_KEYS | {"header", "payload", "salt", "payload_digest"}

Line: TypeAlias = Entry | Stub | Mapping[str, Any] | bytes | str


@dataclass(slots=True)
class _Read:
    """A line, read. ``header`` is None in a stub."""

    seq: int
    digest: bytes
    hash: bytes
    header: bytes | None = None
    payload: bytes | None = None
    salt: bytes | None = None
    payload_digest: bytes = b""


@dataclass(slots=True)
class _Gap:
    """Entries not seen yet, and the hashes that the first of them may follow from (none: not known)."""

    first: int
    last: int
    before: tuple[bytes, ...]


@dataclass(slots=True)
class _Anchor:
    """A head that somebody names; ``end`` where the journal must end there."""

    seq: int
    hash: bytes
    source: str
    end: bool
    met: bool = False
    differs: bool = False


class Verifier:
    """Fed line by line, in the order of the journal or the file; ``finish`` tells what was found.

    ``head`` is (seq, hash) as kept elsewhere; ``space`` the space that every header must name (else the first one seen).
    """

    def __init__(self, head: tuple[int, bytes] | None = None, *, space: str | None = None) -> None:
        self._space = space
        self._anchors: list[_Anchor] = []
        self._given = head is not None
        if head is not None:
            self._anchors.append(_Anchor(*head, source="the head that was kept elsewhere", end=False))
        self._faults = Findings()
        self._lines = self._entries = self._hidden = self._erased = 0
        self._erased_seqs: list[int] = []
        self._mark: tuple[str, ...] | None = None  # that a drill's file begins with
        self._closed = False  # by the mark that it ends with
        self._previous = 0  # seq of the line before
        self._top = 0  # highest seq so far
        self._top_hash = GENESIS
        self._after_top: tuple[bytes, ...] = (GENESIS,)  # what the entry after the highest may follow from
        self._gaps: list[_Gap] = []

    def expect_end(self, seq: int, hash_: bytes, source: str) -> None:
        """Demand that the journal ends with this entry; ``source`` says who claims so."""
        self._anchors.append(_Anchor(seq, hash_, source, end=True))

    def fault(self, kind: Kind, seq: int, detail: str) -> None:
        """Add a fault that was found by somebody who sees more than the lines."""
        self._faults.add(kind, seq, seq, detail)

    def feed(self, line: Line) -> None:
        """Take the next line. Nothing is raised: what is wrong goes into the report."""
        self._lines += 1
        try:
            line = orjson.loads(line) if isinstance(line, (bytes, str)) else line
            if self._closed or (isinstance(line, Mapping) and not MARKS.isdisjoint(line)):
                self._take_mark(line)
                return
            opens = self._lines == (1 if self._mark is None else 2)
            read = self._first_line(line) if opens else _parse(line)
        except (ValueError, TypeError, KeyError) as error:
            self._faults.add("unreadable", self._lines, self._lines, f"this is no entry of a journal ({_why(error)})")
            return
        if read is None:
            return
        self._entries += 1
        digests = self._own(read)
        before, duplicate = self._place(read.seq)
        after = self._follow(read, digests, before)
        if read.seq > self._top:
            self._top, self._top_hash, self._after_top = read.seq, read.hash, after
        elif read.seq == self._top:
            self._after_top = (*self._after_top, *after)[:_CANDIDATES]
        elif not duplicate:
            self._give_to_gap(read.seq + 1, after)
        self._previous = read.seq
        for anchor in self._anchors:
            if anchor.seq == read.seq:
                anchor.met |= anchor.hash == read.hash
                anchor.differs |= anchor.hash != read.hash

    def finish(self) -> Report:
        """Return what was found in all lines."""
        if self._mark is not None:
            self._check_marks()
        for gap in self._gaps:
            self._dropped(gap)
        for anchor in self._anchors:
            self._check(anchor)
        return Report(
            space=self._space,
            entries=self._entries,
            hidden=self._hidden,
            erased=self._erased,
            erased_seqs=tuple(self._erased_seqs),
            head=(self._top, self._top_hash),
            faults=self._faults.ordered(),
            unlisted=self._faults.unlisted,
            head_checked=self._given,
        )

    def _take_mark(self, line: Line) -> None:
        """Read the mark of a drill: before everything else, or the same one after everything else."""
        if self._closed or not isinstance(line, Mapping):
            raise ValueError("it stands behind the mark that ends a drill's file")
        if self._lines == 1:
            self._mark = mark_of(line)
        elif self._mark is None or last_of(line) != self._mark:
            raise ValueError("a drill's mark stands first and last, and nowhere else")
        else:
            self._closed = True

    def _check_marks(self) -> None:
        if not self._closed:
            self._faults.add(
                "unreadable", self._lines, self._lines, "a drill's file ends with its mark, and this one does not"
            )
        if self._space is not None and not self._space.startswith("drill-"):
            self._faults.add("foreign", 0, 0, f"the file is marked as a drill's, and its journal is of {self._space}")

    def _first_line(self, line: Line) -> _Read | None:
        """Read the line that opens an export, or an entry where there is no such line."""
        if not isinstance(line, Mapping) or FORMAT not in line:
            return _parse(line)
        if line[FORMAT] != FORMAT_VERSION:
            raise ValueError(f"format {line[FORMAT]!r} is not known here, only {FORMAT_VERSION}")
        space, head = line["space"], line["head"]
        if not isinstance(space, str):
            raise TypeError("the space is not a text")
        if self._space is not None and space != self._space:
            self._faults.add("foreign", 0, 0, f"the export is of the space {space}, not {self._space}")
        self._space = space
        seq, hash_ = head["seq"], _bytes(head["hash"])
        if not isinstance(seq, int) or len(hash_) != HASH_BYTES:
            raise ValueError("its head is no seq and hash")
        self.expect_end(seq, hash_, "the first line of the export")
        return None

    def _own(self, read: _Read) -> tuple[bytes, ...]:
        """Check an entry by itself. Return the digests it may stand in the chain with."""
        if read.header is None:
            self._hidden += 1
            return (read.digest,)
        seq = read.seq
        if read.payload is None or read.salt is None:
            if read.payload is not None or read.salt is not None:
                self._faults.add("changed", seq, seq, "payload and salt are erased together or not at all")
            self._erased += 1
            if len(self._erased_seqs) < ERASED_LISTED:
                self._erased_seqs.append(seq)
        elif payload_digest(read.salt, read.payload) != read.payload_digest:
            self._faults.add("changed", seq, seq, "the payload does not match its digest")
        true_digest = entry_digest(read.header, read.payload_digest)
        if true_digest != read.digest:
            self._faults.add("changed", seq, seq, "header and payload digest do not match the entry's digest")
        self._check_header(seq, read.header, whole=true_digest == read.digest)
        return (read.digest,) if true_digest == read.digest else (read.digest, true_digest)

    def _check_header(self, seq: int, text: bytes, *, whole: bool) -> None:
        """Check what a header says. The space of the journal is learnt from a ``whole`` one: a changed one would accuse all others."""
        try:
            header = orjson.loads(text)
        except ValueError:
            header = None
        if not isinstance(header, dict) or set(header) != set(HEADER_KEYS):
            self._faults.add("changed", seq, seq, "its header is not one of a journal")
            return
        if self._space is None and whole:
            self._space = str(header["space"])
        if self._space is not None and header["space"] != self._space:
            self._faults.add("foreign", seq, seq, f"its header names the space {header['space']}, not {self._space}")
        named = header["seq"]
        if not isinstance(named, int):
            self._faults.add("changed", seq, seq, "its header has no place")
        elif named != seq:
            way = "later" if named > seq else "earlier"
            self._faults.add("reordered", seq, seq, f"by its header its place is {abs(named - seq)} {way}")

    def _place(self, seq: int) -> tuple[tuple[bytes, ...], bool]:
        """Settle where an entry stands. Return the hashes it may follow from, and whether its place was taken."""
        if seq == self._top + 1:
            return self._after_top, False
        if seq > self._top:
            self._gaps.append(_Gap(self._top + 1, seq - 1, self._after_top))
            if len(self._gaps) > _GAPS:
                self._dropped(self._gaps.pop(0))
            return (), False
        at = next((at for at, gap in enumerate(self._gaps) if gap.first <= seq <= gap.last), None)
        if at is None:
            self._faults.add("inserted", seq, seq, "more than one entry claims this place")
            return (), True
        if seq < self._previous:
            self._faults.add("reordered", seq, seq, f"it stands after entry {self._previous}")
        gap = self._gaps[at]
        parts = (_Gap(gap.first, seq - 1, gap.before), _Gap(seq + 1, gap.last, ()))
        self._gaps[at : at + 1] = [part for part in parts if part.first <= part.last]
        return (gap.before if seq == gap.first else ()), False

    def _follow(self, read: _Read, digests: tuple[bytes, ...], before: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Check the link to the entry before. Return the hashes that the next one may follow from."""
        if not before:
            return (read.hash,)
        possible = [link(hash_, digest) for hash_ in before for digest in digests]
        if read.hash in possible:
            return (read.hash,)
        self._faults.add(
            "broken",
            max(read.seq - 1, 1),
            read.seq,
            "the hashes do not follow from one another: here an entry was rewritten, or some were taken out or put in",
        )
        return (read.hash, *possible)[:_CANDIDATES]

    def _give_to_gap(self, first: int, before: tuple[bytes, ...]) -> None:
        for gap in self._gaps:
            if gap.first == first:
                gap.before = before

    def _dropped(self, gap: _Gap) -> None:
        self._faults.add("dropped", gap.first, gap.last, "missing")

    def _check(self, anchor: _Anchor) -> None:
        if anchor.seq == 0:
            anchor.met = anchor.hash == GENESIS
            anchor.differs = not anchor.met
        if anchor.seq > self._top:
            self._faults.add(
                "dropped", self._top + 1, anchor.seq, f"missing at the end, which {anchor.source} puts at {anchor.seq}"
            )
        elif anchor.differs and not anchor.met:
            self._faults.add(
                "head",
                anchor.seq,
                anchor.seq,
                f"{anchor.source} has another hash here: this entry or one before it was rewritten",
            )
        if anchor.end and self._top > anchor.seq:
            self._faults.add(
                "inserted", anchor.seq + 1, self._top, f"beyond the end, which {anchor.source} puts at {anchor.seq}"
            )


def verify_lines(lines: Iterable[Line], head: tuple[int, bytes] | None = None) -> Report:
    """Check the lines of an export, or entries in the order of the journal; empty lines are passed over."""
    verifier = Verifier(head)
    for line in lines:
        if not isinstance(line, (bytes, str)) or line.strip():
            verifier.feed(line)
    return verifier.finish()


def opens_export(line: bytes) -> bool:
    """Return whether this is the first line of an export, of whatever version: its own, or the mark of a drill."""
    try:
        read = orjson.loads(line)
        return isinstance(read, dict) and (FORMAT in read or bool(mark_of(read)))
    except ValueError:
        return False


def parse_head(text: str) -> tuple[int, bytes]:
    """Read ``SEQ:HASH`` as ``Report.sentences`` and ``journal export`` write it. Raises ``ValueError``."""
    seq, _, hash_ = text.strip().partition(":")
    if not (seq.isascii() and seq.isdigit() and len(hash_) == 2 * HASH_BYTES):
        raise ValueError(f"A head is SEQ:HASH, a number and {2 * HASH_BYTES} hexadecimal digits, not {text!r}.")
    return int(seq), bytes.fromhex(hash_)


def _parse(line: Line) -> _Read:
    if isinstance(line, Stub):
        return _Read(line.seq, line.digest, line.hash)
    if isinstance(line, Entry):
        return _Read(
            seq=line.seq,
            digest=line.digest,
            hash=line.hash,
            header=line.header.encode(),
            payload=None if line.payload is None else line.payload.encode(),
            salt=line.salt,
            payload_digest=line.payload_digest,
        )
    if not isinstance(line, Mapping):
        raise TypeError("not an object")
    seq = line["seq"]
    if not isinstance(seq, int) or isinstance(seq, bool) or seq < 1:
        raise ValueError(f"{seq!r} is no place in a journal")
    if set(line) not in (_ENTRY_KEYS, _STUB_KEYS):
        # A stub with a payload beside it would show what nothing vouches for.
        raise ValueError("it has not the fields of an entry or a stub")
    read = _Read(seq, _bytes(line["digest"]), _bytes(line["hash"]))
    if "header" in line:
        payload, salt = line["payload"], line["salt"]
        read.header = line["header"].encode() if isinstance(line["header"], str) else b""
        read.payload = None if payload is None else payload.encode() if isinstance(payload, str) else b""
        read.salt = None if salt is None else _bytes(salt)
        read.payload_digest = _bytes(line["payload_digest"])
    return read


def _bytes(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not hexadecimal")
    return bytes.fromhex(value)


def _why(error: Exception) -> str:
    return f"without {error}" if isinstance(error, KeyError) else str(error)
