"""``start``: from ``concord demo`` on an empty folder to its first page, and the same again on the folder as it was left.

Everything counts: the interpreter, making the database, migrations, the corridor, logins, and the first answer. Printed
without a goal. Without the flood, which would only play beside it.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import httpx

from simulations.bench.measure import Effort, Figure, Report, empty_folder
from simulations.bench.server import served

if TYPE_CHECKING:
    from pathlib import Path


def measure(effort: Effort, report: Report) -> None:
    """Measure both, each pair on a folder of its own."""
    first: list[float] = []
    second: list[float] = []
    for number in range(effort.rounds):
        report.tell(f"start: {number + 1} of {effort.rounds}")
        with empty_folder() as folder:
            first.append(_first_page_s(folder / "demo"))
            second.append(_first_page_s(folder / "demo"))
    report.add(Figure("start", "empty folder to first page", statistics.median(first), "s"))
    report.add(Figure("start", "second start to first page", statistics.median(second), "s"))


def _first_page_s(folder: Path) -> float:
    """Start the demonstration on ``folder``, and return the seconds until its first page was there."""
    began = time.perf_counter()
    with served(["demo", "--port", "0", "--no-play", "--data", str(folder)]) as url:
        httpx.get(f"{url}/", timeout=30).raise_for_status()
        return time.perf_counter() - began
