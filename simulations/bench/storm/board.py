"""What the clients of the storm know together: the rows of every receipt, as somebody saw them last. So it is stale, as in life."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from simulations.bench.storm.ground import Ground

Json: TypeAlias = "dict[str, Any]"

LATEST: Final = 12
OF_THE_LATEST: Final = 0.8
"""How often one of the latest few is taken: clients meet there."""


@dataclass(slots=True)
class Counts:
    """What came of it all."""

    done: int = 0
    repeated: int = 0
    lost: int = 0
    """Answers that were lost with their connection; the message was sent again under its key."""
    seconds: float = 0.0
    took_s: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    by_name: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class Board:
    """Rows by kind and id, each in the highest revision that somebody saw."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.rows: dict[str, dict[str, Json]] = {}
        for kind, rows in ground.rows.items():
            self.rows[kind] = {row["id"]: dict(row) for row in rows}

    def take(self, rows: Mapping[str, list[Json]]) -> None:
        """Take in what a receipt tells."""
        for kind, states in rows.items():
            known = self.rows.setdefault(kind, {})
            for state in states:
                if state.get("removed"):
                    known.pop(state["id"], None)
                elif state["revision"] >= known.get(state["id"], {}).get("revision", 0):
                    known[state["id"]] = state

    def all(self, kind: str, fits: Callable[[Json], bool] = lambda _row: True) -> list[Json]:
        """Return the rows of a kind that fit, as far as anybody knows."""
        return [row for row in self.rows.get(kind, {}).values() if fits(row)]

    def one(self, rng: Random, kind: str, fits: Callable[[Json], bool] = lambda _row: True) -> Json | None:
        """Return one of them by chance, most often one of the latest; None where there is none."""
        found = self.all(kind, fits)
        if not found:
            return None
        return rng.choice(found[-LATEST:] if rng.random() < OF_THE_LATEST else found)
