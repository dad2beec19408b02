"""What Concord does in a second on the machine at hand, beside what the bare parts do in the same run (``concord bench``).

Each comparison is paired: the two sides take turns, and medians are compared. A goal that is missed is printed as missed;
it is no failure, for a busy machine misses goals too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulations.bench import commands, fanout, journal, memory, start
from simulations.bench.measure import FULL, Effort, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BENCHES: Final[Mapping[str, Callable[[Effort, Report], None]]] = {
    "fanout": fanout.measure,
    "commands": commands.measure,
    "journal": journal.measure,
    "start": start.measure,
    "memory": memory.measure,
}
UNKNOWN: Final = 2
"""The exit status for a bench that does not exist: wrong usage."""


def run(names: Sequence[str], *, as_json: bool, effort: Effort = FULL) -> int:
    """Run the benches of these names, or ``all``; print a table, or with ``as_json`` one object a line. Return the exit status."""
    report = Report(as_json=as_json)
    wanted = list(BENCHES) if "all" in names else list(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in BENCHES]:
        report.tell(f"There is no bench {', '.join(unknown)}. There are: {', '.join(BENCHES)}, all.")
        return UNKNOWN
    for name in wanted:
        BENCHES[name](effort, report)
    report.finish()
    return 0
