"""What Concord does in a second on the machine at hand, beside what the bare parts do in the same run (``concord bench``).

Each comparison is paired: the two sides take turns, and medians are compared. A goal that is missed is printed as missed;
it is no failure, for a busy machine misses goals too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulations.bench import commands, console, drill, fanout, journal, memory, plan, recommend, start, storm, webhooks
from simulations.bench.measure import FULL, Effort, Report
from simulations.bench.storm import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BENCHES: Final[Mapping[str, Callable[[Effort, Report], None]]] = {
    "fanout": fanout.measure,
    "commands": commands.measure,
    "journal": journal.measure,
    "start": start.measure,
    "memory": memory.measure,
    "console": console.measure,
    "recommend": recommend.measure,
    "plan": plan.measure,
    "fairness": plan.fairness,
    "webhooks": webhooks.measure,
    "drill": drill.measure,
}
UNKNOWN: Final = 2
"""The exit status for a bench that does not exist: wrong usage."""


def run(names: Sequence[str], *, as_json: bool, effort: Effort = FULL, storm_plan: Plan | None = None) -> int:
    """Run the benches of these names, or ``all``; print a table, or with ``as_json`` one object a line. Return the exit status.

    ``storm`` is no comparison, and none of ``all``: it is run by its name, as ``storm_plan`` says, and can fail.
    """
    report = Report(as_json=as_json)
    wanted = list(BENCHES) if "all" in names else list(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in {*BENCHES, storm.NAME}]:
        report.tell(f"There is no bench {', '.join(unknown)}. There are: {', '.join(BENCHES)}, {storm.NAME}, all.")
        return UNKNOWN
    measured = [name for name in wanted if name in BENCHES]
    for name in measured:
        BENCHES[name](effort, report)
    if measured:
        report.finish()
    return storm.run(storm_plan or Plan(), as_json=as_json) if storm.NAME in wanted else 0
