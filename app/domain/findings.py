"""What a check of the journal found, and how it is told to people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

LISTED: Final = 100
"""Faults told one by one; the others are counted. Neighbours with the same fault are one."""
ERASED_LISTED: Final = 20
"""Entries with an erased payload that are named; the others are counted."""
_NEAR: Final = 4
"""How many of the last faults are looked at for a neighbour: an entry can have as many kinds of fault at once."""

Kind: TypeAlias = Literal[
    "changed", "dropped", "inserted", "reordered", "broken", "foreign", "head", "column", "unreadable"
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, with the entries it is about (for ``unreadable``: lines of the file)."""

    kind: Kind
    first: int
    last: int
    detail: str

    def sentence(self) -> str:
        """Return it for people."""
        one, many = ("line", "lines") if self.kind == "unreadable" else ("entry", "entries")
        which = f"{one} {self.first}" if self.first == self.last else f"{many} {self.first} to {self.last}"
        return f"{self.kind}: {which}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. ``head`` is the last entry that was seen: keep it elsewhere, and check against it next time."""

    space: str | None
    entries: int
    hidden: int
    erased: int
    erased_seqs: tuple[int, ...]
    """The first of the entries whose payload was erased; ``erased`` counts them all."""
    head: tuple[int, bytes]
    faults: tuple[Fault, ...]
    unlisted: int
    """Faults beyond those that are listed."""
    head_checked: bool
    """Whether a head that was kept elsewhere was given."""

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong."""
        return not self.faults

    def sentences(self) -> list[str]:
        """Return the report for people, line by line."""
        seq, hash_ = self.head
        counted = (
            f"{self.entries} entries of the journal {self.space or 'without a name'}, {self.hidden} of them hidden, "
            f"{self.erased} with an erased payload; head {seq}:{hash_.hex()}"
        )
        said = [counted, *self._erasures(), *(fault.sentence() for fault in self.faults)]
        if self.unlisted:
            said.append(f"… and {self.unlisted} more faults")
        if not self.head_checked:
            said.append(
                "Not checked against a head kept elsewhere: a cut tail or a full rewrite can't be seen without one."
            )
        return said

    def _erasures(self) -> list[str]:
        if not self.erased:
            return []
        which = ", ".join(map(str, self.erased_seqs))
        more = f" and {self.erased - len(self.erased_seqs)} more" if self.erased > len(self.erased_seqs) else ""
        one, has = ("entry", "its payload was") if self.erased == 1 else ("entries", "their payloads were")
        return [
            f"erased: {one} {which}{more}: {has} erased, and nothing else about {'it' if self.erased == 1 else 'them'}"
        ]


@dataclass(slots=True)
class Findings:
    """Faults as they are found: neighbours joined, the list bounded."""

    listed: list[Fault] = field(default_factory=list)
    unlisted: int = 0

    def add(self, kind: Kind, first: int, last: int, detail: str) -> None:
        """Note a fault. Neighbours join where kind and detail are the same."""
        for at in range(len(self.listed) - 1, max(-1, len(self.listed) - 1 - _NEAR), -1):
            known = self.listed[at]
            if (known.kind, known.detail) == (kind, detail) and known.first <= first <= known.last + 1:
                self.listed[at] = Fault(kind, known.first, max(known.last, last), detail)
                return
        if len(self.listed) < LISTED:
            self.listed.append(Fault(kind, first, last, detail))
        else:
            self.unlisted += 1

    def ordered(self) -> tuple[Fault, ...]:
        """Return the faults in the order of the journal, those of mere lines last."""
        return tuple(sorted(self.listed, key=lambda fault: (fault.kind == "unreadable", fault.first)))
