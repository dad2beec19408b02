"""``storm``: many clients at once over HTTP, each along random legal paths, and then: does everything still hold?

A fresh demonstration corridor on a real server with its due work and its own settings, and beside its agreements one in which
every limit is near. Clients share cities, units, requests and agreements, so they meet: what one of them has read, another has
changed by the time it acts. A refusal that says so is right; an answer of 5xx, a refusal that no legal step deserves, a repeat
that is not answered as the first, or anything broken afterwards is a failure.

Afterwards: the chain (``journal verify``), the journal folded against the tables, the invariants in SQL, due work that failed.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

import httpx
from rich.console import Console
from rich.table import Table

from simulations.bench.measure import Figure, Report, database, machine, run_loop
from simulations.bench.server import served
from simulations.bench.storm.board import Board, Counts
from simulations.bench.storm.ground import Ground, prepare
from simulations.bench.storm.paths import Walker
from simulations.bench.storm.verdict import OfTheServer, faults_after

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLD_EVERY_S: Final = 10
NAME: Final = "storm"
MOST_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of a storm: ``clients`` at once, for so many seconds; ``seed`` makes each of them choose as it did before."""

    seconds: float = 300
    clients: int = 50
    seed: int = 1


def run(plan: Plan, *, as_json: bool) -> int:
    """Let it storm, print the figures, and return 1 if anything failed."""
    report = Report(as_json=as_json)
    with database(report) as dsn:
        report.tell("storm: the demonstration corridor, and who takes part")
        ground = run_loop(prepare(dsn))
        with served(["serve", "--port", "0"], CONCORD_DATABASE_URL=dsn) as url:
            counts, of_server = run_loop(_storm(url, ground, plan, report))
        report.tell("storm: the chain, the fold, the invariants")
        faults = [*counts.faults, *of_server.faults]
        after, seq, deadlocks = run_loop(faults_after(dsn))
        faults += after
    figures = {**_figures(counts, plan), "retries": of_server.retries, "deadlocks": deadlocks, "seq reached": seq}
    _tell(report, figures, counts, plan)
    for fault in faults[:MOST_TOLD]:
        report.tell(f"FAILED: {fault}")
    if len(faults) > MOST_TOLD:
        report.tell(f"FAILED: and {len(faults) - MOST_TOLD} more")
    report.tell("Something failed." if faults else "Everything holds.")
    return 1 if faults else 0


async def _storm(url: str, ground: Ground, plan: Plan, report: Report) -> tuple[Counts, OfTheServer]:
    counts = Counts()
    board = Board(ground)
    limits = httpx.Limits(max_connections=plan.clients, max_keepalive_connections=plan.clients)
    began = time.perf_counter()
    until = began + plan.seconds
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as http:
        walkers = [Walker(http, board, counts, plan.seed * 1000 + number) for number in range(plan.clients)]
        told = asyncio.create_task(_tell_of_progress(counts, plan, report))
        await asyncio.gather(*(walker.walk(until) for walker in walkers))
        counts.seconds = time.perf_counter() - began
        told.cancel()
        return counts, OfTheServer((await http.get("/metrics")).text)


async def _tell_of_progress(counts: Counts, plan: Plan, report: Report) -> None:
    gone = 0
    while True:
        await asyncio.sleep(TOLD_EVERY_S)
        gone += TOLD_EVERY_S
        report.tell(
            f"storm: {gone} of {plan.seconds:g} s, {counts.done} commands, {sum(counts.refused.values())} refused,"
            f" {len(counts.faults)} failed"
        )


def _figures(counts: Counts, plan: Plan) -> dict[str, float]:
    took = sorted(counts.took_s)
    return {
        "clients": plan.clients,
        "seconds": counts.seconds,
        "commands": counts.done,
        "commands/s": counts.done / counts.seconds if counts.seconds else 0,
        "p50 ms": _quantile(took, 0.5) * 1000,
        "p95 ms": _quantile(took, 0.95) * 1000,
        "refused": sum(counts.refused.values()),
        "repeats answered": counts.repeated,
        "answers lost, sent again": counts.lost,
    }


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


UNITS: Final[Mapping[str, str]] = {"commands/s": "commands/s", "p50 ms": "ms", "p95 ms": "ms", "seconds": "s"}


def _tell(report: Report, figures: Mapping[str, float], counts: Counts, plan: Plan) -> None:
    for case, value in figures.items():
        report.add(Figure(NAME, case, value, UNITS.get(case, "")))
    for slug, number in counts.refused.most_common():
        report.add(Figure(NAME, f"refused: {slug}", number, ""))
    if report.as_json:
        return
    table = Table(
        title=f"A storm of {plan.clients} clients, seed {plan.seed}",
        title_justify="left",
        caption=machine(),
        caption_justify="left",
    )
    for heading in ("figure", "done"):
        table.add_column(heading)
        table.add_column(justify="right")
    left = [(case, f"{value:.1f}" if value % 1 else f"{value:.0f}") for case, value in figures.items()]
    left += [(f"refused: {slug}", str(number)) for slug, number in counts.refused.most_common()]
    right = [(name, str(number)) for name, number in counts.by_name.most_common()]
    for one, other in zip_longest(left, right, fillvalue=("", "")):
        table.add_row(*one, *other)
    Console(width=max(Console().width, 110), highlight=False).print(table)
