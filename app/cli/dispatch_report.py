"""The conformance report as tables that people read: a block for each dispatch system, a figure a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from rich.markup import escape
from rich.table import Table

from app.cli.terminal import out

if TYPE_CHECKING:
    from datetime import datetime

    from simulations.client import Client

Figure: TypeAlias = Callable[[Mapping[str, Any]], str]


def _of(name: str) -> Figure:
    return lambda each: str(each[name])


def _time(*names: str, unit: str) -> Figure:
    def figure(each: Mapping[str, Any]) -> str:
        known = [f"{each[name]:.0f}" for name in names if each[name] is not None]
        return f"{' / '.join(known)} {unit}" if known else "-"

    return figure


def _receipts(each: Mapping[str, Any]) -> str:
    told = each["receipts"]
    rest = [f"{told[name]} {name}" for name in ("late", "missing", "awaited") if told[name]]
    return ", ".join([f"{told['taken']} of {told['asked']}", *rest])


def _outcomes(each: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(each["outcomes"].items())) or "-"


VERDICT: Final = {True: "[green]conforms[/]", False: "[red]does not conform[/]", None: "[dim]nothing to judge by[/]"}
OUT: Final[Mapping[str, Figure]] = {
    "asked for": _of("asked"),
    "taken": _of("taken"),
    "missed": _of("missed"),
    "late": _of("late"),
    "waiting": _of("waiting"),
    "tries": _of("tries"),
    "tries that failed": _of("failed"),
    "tried again": _of("tried_again"),
    "taken more than once": _of("taken_again"),
    "answers, p50 / p95": _time("latency_ms_p50", "latency_ms_p95", unit="ms"),
    "receipts taken": _receipts,
    "fell silent": _of("silences"),
}
IN: Final[Mapping[str, Figure]] = {
    "received": _of("received"),
    "what became of it": _outcomes,
    "late": _of("late"),
    "out of order": _of("out_of_order"),
    "repeats of an id": _of("duplicates"),
    "held back": _of("held"),
    "held back still": _of("still_held"),
    "wrongly signed": _of("wrongly_signed"),
    "stamped more than 5 min off": _of("outside_window"),
    "another message under an id": _of("id_used_again"),
    "too many in a minute": _of("too_many"),
    "too large": _of("too_large"),
    "paused, or not of this space": _of("not_at_work"),
    "clock off, p50 / worst": _time("skew_s_p50", "skew_s_worst", unit="s"),
    "true until told, p50 / p95": _time("delay_s_p50", "delay_s_p95", unit="s"),
    "missions": _of("missions"),
    "missions without a status": _of("untold"),
}


class Only(NamedTuple):
    """Which systems are meant: those that ask for a kind of space; of those that are named, no other."""

    space_kind: str
    webhook: str | None = None
    source: str | None = None

    def means(self, name: str, each: Mapping[str, Any]) -> bool:
        """Return whether a webhook or source is meant."""
        if self.webhook is not None or self.source is not None:
            return str(each["id"]) == (self.webhook if name == "webhooks" else self.source)
        return self.space_kind in each["space_kinds"]


async def reports(api: Client, since: datetime, space: str | None, only: Only | None = None) -> dict[str, Any]:
    """Return the reports of webhooks and sources of the token's member, of all if no other are meant. Raises ``Refused``, ``Away``."""
    asked = {"since": since.isoformat(), "space": space}
    found: dict[str, Any] = {"since": since.isoformat(), "space": space}
    # The list of webhooks is the admins'; whether they are reached, their dispatchers read, too.
    for name, path, listed in (
        ("webhooks", "/api/v1/webhooks", "/api/v1/webhook-standings"),
        ("sources", "/api/v1/inbox-sources", "/api/v1/inbox-sources"),
    ):
        meant = [each for each in await api.all(listed) if only is None or only.means(name, each)]
        found[name] = [await api.get(f"{path}/{each['id']}/conformance", **asked) for each in meant]
    return found


def conforming(found: Mapping[str, Any]) -> bool:
    """Return whether something is connected, and nothing is at fault."""
    if not found["webhooks"] and not found["sources"]:
        return False
    return all(each["conforms"] is not False for each in (*found["webhooks"], *found["sources"]))


def show(found: Mapping[str, Any]) -> None:
    """Print them: figures, and for each fault what to do next."""
    if not found["webhooks"] and not found["sources"]:
        out.print(
            "Nothing is connected: there is no webhook and no source to judge. See docs/dispatch.md, steps 6 and 9."
        )
    for title, figures, systems in (
        ("To", OUT, found["webhooks"]),
        ("From", IN, found["sources"]),
    ):
        for each in systems:
            out.print(_block(f"{title} {escape(each['label'])}", figures, each))
    for each in (*found["webhooks"], *found["sources"]):
        for finding in each["findings"]:
            mark = "[red]✗[/]" if finding["weight"] == "fault" else "[yellow]·[/]"
            out.print(
                f"{mark} {escape(each['label'])}: {finding['code']} ({finding['count']})  {escape(finding['next'])}"
            )


def _block(title: str, figures: Mapping[str, Figure], system: Mapping[str, Any]) -> Table:
    """Return one system's figures, narrow enough for a terminal of 80 columns however many systems there are."""
    table = Table("", VERDICT[system["conforms"]], title=title, title_justify="left")
    for name, figure in figures.items():
        table.add_row(name, figure(system))
    return table
