"""How benches measure and tell: two sides in turns, medians, the ratio, and the machine it was on."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import statistics
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar

import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from app.store.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: ``rounds`` of each side, each ``seconds`` long."""

    rounds: int
    seconds: float


FULL: Final = Effort(rounds=5, seconds=1.5)


@dataclass(frozen=True, slots=True)
class Goal:
    """What the ratio of ours to theirs should be."""

    relation: Literal["<=", ">="]
    ratio: float

    def met(self, ratio: float) -> bool:
        """Return whether ``ratio`` is on the right side."""
        return ratio <= self.ratio if self.relation == "<=" else ratio >= self.ratio


@dataclass(frozen=True, slots=True)
class Figure:
    """One case of a bench, and what it is compared with; no goal where it is only printed."""

    bench: str
    case: str
    value: float
    unit: str
    against: str | None = None
    against_value: float | None = None
    goal: Goal | None = None
    why: str | None = None
    """Of what the figure is made, as it was measured: told where the goal is missed."""

    @property
    def ratio(self) -> float | None:
        """Ours to theirs."""
        return self.value / self.against_value if self.against_value else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        return None if self.goal is None or self.ratio is None else self.goal.met(self.ratio)

    def line(self) -> dict[str, Any]:
        """Return it as ``--json`` prints it."""
        return {
            "bench": self.bench,
            "case": self.case,
            "value": _figures(self.value),
            "unit": self.unit,
            "against": self.against,
            "against_value": _figures(self.against_value),
            "ratio": _figures(self.ratio),
            "goal": None if self.goal is None else f"{self.goal.relation} {self.goal.ratio:g}",
            "met": self.met,
            "why": self.why if self.met is False else None,
        }


class Report:
    """Tells figures as they come as JSON, or as a table at the end; progress goes to standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.figures: list[Figure] = []
        self._err = Console(stderr=True, highlight=False)

    def tell(self, what: str) -> None:
        """Say what is being done."""
        self._err.print(what, markup=False)

    def add(self, figure: Figure) -> None:
        """Take a figure in; with ``as_json``, print it at once."""
        self.figures.append(figure)
        if self.as_json:
            print(orjson.dumps(figure.line()).decode(), flush=True)

    def finish(self) -> None:
        """Print the table, unless each figure has been printed."""
        if self.as_json:
            return
        table = Table(title="Medians of paired runs", title_justify="left", caption=machine(), caption_justify="left")
        for heading in ("bench", "case", "against"):
            table.add_column(heading)
        for heading in ("ours", "theirs", "ratio"):
            table.add_column(heading, justify="right")
        table.add_column("unit")
        table.add_column("goal")
        for figure in self.figures:
            line = figure.line()
            goal = "" if figure.goal is None else f"{line['goal']}: {'met' if figure.met else 'MISSED'}"
            cells = (line["case"], line["against"], line["value"], line["against_value"], line["ratio"], line["unit"])
            table.add_row(figure.bench, *("" if cell is None else str(cell) for cell in cells), goal)
        # Wide enough wherever it goes: a table that a pipe breaks into pieces can't be read.
        console = Console(width=max(Console().width, 130), highlight=False)
        console.print(table)
        for figure in self.figures:
            if figure.met is False and figure.why is not None:
                console.print(
                    f"{figure.bench}, {figure.case}, against {figure.against}: missed. {figure.why}", markup=False
                )


def _figures(value: float | None) -> float | None:
    """Four figures: more is noise."""
    return None if value is None else float(f"{value:.4g}")


def machine() -> str:
    """Return the machine in a line."""
    model = platform.processor() or platform.machine()
    memory = ""
    if Path("/proc/cpuinfo").exists():
        names = [
            line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line
        ]
        model = names[0].partition(":")[2].strip() if names else model
        memory = f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} x {model}{memory}, {system}, load {os.getloadavg()[0]:.1f}"


# ---------------------------------------------------------------- measuring


Side: TypeAlias = "Callable[[float], Awaitable[float]]"
"""Measures for as many seconds as it is handed, and returns its figure."""
Work: TypeAlias = "Callable[[], Awaitable[None]]"


async def paired(ours: Side, theirs: Side, effort: Effort) -> tuple[float, float]:
    """Return the medians of both sides, which take turns, each going first every other round, after a short warm-up."""
    got: tuple[list[float], list[float]] = ([], [])
    sides = ((ours, got[0]), (theirs, got[1]))
    for side, _ in sides:
        await side(effort.seconds / 5)
    for number in range(effort.rounds):
        for side, figures in sides if number % 2 == 0 else reversed(sides):
            figures.append(await side(effort.seconds))
    return statistics.median(got[0]), statistics.median(got[1])


async def rate(workers: Sequence[Work], seconds: float) -> float:
    """Return how often in a second the workers together do their work, each again as soon as it is done, for ``seconds``."""
    done = 0
    started = time.perf_counter()
    end = started + seconds

    async def go_on(work: Work) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await work()
            done += 1

    async with asyncio.TaskGroup() as group:
        for work in workers:
            group.create_task(go_on(work))
    return done / (time.perf_counter() - started)


def run_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run on the loop that the service runs on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


# ---------------------------------------------------------------- the ground


@contextmanager
def empty_folder() -> Iterator[Path]:
    """Yield an empty folder that the user of the embedded database reaches too; it is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="concord-bench-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(report: Report) -> Iterator[str]:
    """Yield the DSN of an embedded PostgreSQL of the bench's own, that syncs to disk as a real one does."""
    with empty_folder() as folder, EmbeddedServer(folder / "database") as server:
        report.tell("an embedded PostgreSQL of its own, fsync on")
        yield server.dsn
