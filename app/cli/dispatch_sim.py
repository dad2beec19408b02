"""``dispatch-sim``: a dispatch system to try things with, trials of one's own endpoint, and the conformance report. Over HTTP alone."""

from __future__ import annotations

import asyncio
import base64
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from app.cli.terminal import FAILED, USAGE, Refusal, err, out

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from simulations.client import Client
    from simulations.dispatch.system import Manner, System

sims = typer.Typer(
    no_args_is_help=True,
    help="Try a dispatch system: ours against your service, or yours against ours. See docs/dispatch.md.",
)

INTEGRATION: Final = "integration"
SECRET_BYTES: Final = (24, 64)
TIMEOUT_S: Final = 30.0
TOKEN_ENDS_SOON: Final = timedelta(days=21)

Url = Annotated[
    str, typer.Option("--url", envvar="CONCORD_URL", help="Where Concord is.", metavar="URL", show_default=True)
]
Token = Annotated[
    str,
    typer.Option(
        "--token", envvar="CONCORD_TOKEN", help="A token of your member's, better in CONCORD_TOKEN than here."
    ),
]
OfSpace = Annotated[str, typer.Option("--space", help="The space to play in.")]


class Speech(StrEnum):
    """How the simulated system speaks."""

    FMS = "fms"
    GENERIC = "generic"


def install(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(sims, name="dispatch-sim", rich_help_panel="Dispatch systems")


@sims.command(
    "receive",
    epilog="**Examples**\n\n"
    "All by itself, by the token of an admin who is also a dispatcher: `concord dispatch-sim receive --connect`\n\n"
    "Where Concord can't reach this machine: `concord dispatch-sim receive --connect --pull`\n\n"
    "With everything that can go wrong: `concord dispatch-sim receive --connect --fault all --seed 7 --pause 3`\n\n"
    "**Exit status:** 0 all as it should be · 1 something else became of a message.",
)
def receive(
    url: Url = "http://127.0.0.1:8000",
    token: Token = "",
    space: OfSpace = INTEGRATION,
    connect: Annotated[
        bool,
        typer.Option("--connect", help="Add webhook, source, mapping and units' codes for the time, and remove them."),
    ] = False,
    webhook: Annotated[
        str | None, typer.Option("--webhook", metavar="ID", help="Your webhook that leads here.")
    ] = None,
    secret: Annotated[
        str, typer.Option("--secret", envvar="CONCORD_WEBHOOK_SECRET", help="Its secret.", show_default=False)
    ] = "",
    source: Annotated[
        str | None, typer.Option("--source", metavar="ID", help="Your source, to tell of units by.")
    ] = None,
    source_secret: Annotated[
        str, typer.Option("--source-secret", envvar="CONCORD_INBOX_SECRET", help="Its secret.", show_default=False)
    ] = "",
    codes: Annotated[
        str, typer.Option("--codes", help="The list of codes by which its units are known.")
    ] = "dispatch-sim",
    speech: Annotated[Speech, typer.Option("--speech", help="In which words it tells of its units.")] = Speech.FMS,
    pull: Annotated[bool, typer.Option("--pull", help="Read the outbox instead of listening.")] = False,
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="Port to listen on; 0: a free one.")] = 0,
    pause: Annotated[float, typer.Option("--pause", min=0, help="Seconds between two statuses of a unit.")] = 10,
    late: Annotated[float, typer.Option("--late", min=0, help="Seconds that a late status is late.")] = 20,
    receipt_after: Annotated[
        float, typer.Option("--receipt-after", min=0, help="Seconds until a receipt is answered.")
    ] = 1,
    heartbeat: Annotated[
        int, typer.Option("--heartbeat", min=0, max=60, help="Minutes between heartbeats; 0: none.")
    ] = 1,
    fault: Annotated[
        list[str],
        typer.Option(
            "--fault",
            help="`twice`, `late`, `order`, `signature`, `skew`, `unit`, `code`, `changed` or `all`; repeatable.",
        ),
    ] = [],  # noqa: B006 - typer copies it
    seed: Annotated[int, typer.Option("--seed", help="Where faults stand; the same for the same seed.")] = 1,
    missions: Annotated[
        int, typer.Option("--missions", min=0, help="End once so many units are home; 0: go on until Ctrl-C.")
    ] = 0,
) -> None:
    """Be a dispatch system: receive, verify, answer receipts, and tell of the units along their missions.

    Prints a line for everything that comes and goes, and at the end what was counted.
    """
    from simulations.dispatch.statuses import LANGUAGES
    from simulations.dispatch.system import Manner

    _require_trial(space)
    if not connect and (webhook is None or not (pull or secret)):
        message = "Name your webhook with --webhook ID and its secret, or let both be made with --connect."
        raise Refusal(message, status=USAGE)
    for given, option in ((secret, "--secret"), (source_secret, "--source-secret")):
        if given:
            _require_secret(given, option)
    manner = Manner(receipt_after, pause, late, heartbeat * 60.0 or None, _faults(fault), seed)
    ends = _Ends(webhook, secret, source, source_secret, codes, connect=connect, pull=pull, port=port)
    work = _receive(url, _required(token), space, ends, LANGUAGES[speech.value], manner, missions)
    if not _run(work):
        raise typer.Exit(FAILED)


@sims.command(
    "play",
    epilog="**Examples**\n\n"
    "Your endpoint is connected and tells of its units: `concord dispatch-sim play`\n\n"
    "It receives only: `concord dispatch-sim play --move`\n\n"
    "With request, offer and commitment, by a neighbour's token in CONCORD_NEIGHBOUR_TOKEN: the same.\n\n"
    "**Exit status:** 0 all came about · 1 something did not.",
)
def play(
    url: Url = "http://127.0.0.1:8000",
    token: Token = "",
    neighbour: Annotated[
        str,
        typer.Option(
            "--neighbour-token",
            envvar="CONCORD_NEIGHBOUR_TOKEN",
            help="A dispatcher's of another member: it asks.",
            show_default=False,
        ),
    ] = "",
    space: OfSpace = INTEGRATION,
    type_: Annotated[str | None, typer.Option("--type", help="Type of the unit, such as pump.high_capacity.")] = None,
    move: Annotated[bool, typer.Option("--move", help="Move the mission here; do not wait for your system.")] = False,
    patience: Annotated[float, typer.Option("--patience", min=1, help="Seconds to wait for your system.")] = 120,
    webhook: Annotated[
        str | None, typer.Option("--webhook", metavar="ID", help="Judge this webhook alone.", show_default=False)
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="ID", help="Judge this source alone.", show_default=False)
    ] = None,
) -> None:
    """Play help that is asked for, promised, sent and home again, so that your endpoint gets it all; then print how it did."""
    from simulations.dispatch.conversation import Conversation

    _require_trial(space)

    async def work() -> bool:
        began = datetime.now(UTC)
        async with _client(url, _required(token)) as own, AsyncExitStack() as open_:
            other = await open_.enter_async_context(_client(url, neighbour)) if neighbour else None
            conversation = Conversation(own, other, space, _say, type_, moves=move, patience_s=patience)
            checks = await conversation.play()
            well = await _settled(own, space, began, patience, webhook, source)
            for each in checks:
                out.print(f"{_mark(well=each.well)} {escape(each.name)}: {escape(each.detail)}")
            return well and all(each.well for each in checks)

    if not _run(work()):
        raise typer.Exit(FAILED)


@sims.command(
    "probe",
    epilog="**Example:** `concord dispatch-sim probe http://127.0.0.1:9000/ --secret whsec_…`\n\n"
    "**Exit status:** 0 it answers as it has to · 1 it does not.",
)
def probe_(
    endpoint: Annotated[str, typer.Argument(metavar="URL", help="Your endpoint.")],
    secret: Annotated[
        str, typer.Option("--secret", envvar="CONCORD_WEBHOOK_SECRET", help="The secret that it verifies with.")
    ],
) -> None:
    """Try an endpoint from here, without any service: what it has to take, and what it has to refuse."""
    _require_secret(secret, "--secret")
    if not _run(_probe(endpoint, secret)):
        raise typer.Exit(FAILED)


@sims.command(
    "report",
    epilog="**Examples:** `concord dispatch-sim report` · `concord dispatch-sim report --hours 168 --space integration --json`\n\n"
    "**Exit status:** 0 no fault · 1 there are faults, or nothing is connected.",
)
def report(
    url: Url = "http://127.0.0.1:8000",
    token: Token = "",
    space: Annotated[str | None, typer.Option("--space", help="Only what was of this space.")] = None,
    hours: Annotated[float, typer.Option("--hours", min=0.1, max=744, help="How far back.")] = 24,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Print how well your member's dispatch systems kept to what was agreed: for each webhook and each source."""
    from app.cli.dispatch_report import conforming, reports, show

    async def work() -> bool:
        async with _client(url, _required(token)) as api:
            found = await reports(api, datetime.now(UTC) - timedelta(hours=hours), space)
            ends_at = datetime.fromisoformat((await api.get("/api/v1/session"))["expires_at"])
        if as_json:
            import orjson

            typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        else:
            show(found)
            if (left := ends_at - datetime.now(UTC)) < TOKEN_ENDS_SOON:
                out.print(
                    f"[yellow]·[/] This token ends on {ends_at:%Y-%m-%d}, in {left.days} days: make a new one (`concord token add`), and put it in its place."
                )
            else:
                out.print(f"[dim]The token ends on {ends_at:%Y-%m-%d}.[/]")
        return conforming(found)

    if not _run(work()):
        raise typer.Exit(FAILED)


# ---------------------------------------------------------------- the work


class _Ends:
    """Both ends of a connection, as they were named on the command line."""

    def __init__(
        self, webhook: str | None, secret: str, source: str | None, source_secret: str, codes: str, *, connect: bool, pull: bool, port: int
    ) -> None:  # fmt: skip
        self.webhook, self.secret = webhook, secret
        self.source, self.source_secret = source, source_secret
        self.codes, self.connect, self.pull, self.port = codes, connect, pull, port


async def _receive(
    url: str, token: str, space: str, ends: _Ends, language: Any, manner: Manner, missions: int
) -> bool:  # fmt: skip
    from simulations.dispatch.connecting import Codes, Connection, connected
    from simulations.dispatch.inbox import Inbox
    from simulations.dispatch.receiving import listening
    from simulations.dispatch.system import System

    async with AsyncExitStack() as open_:
        api = await open_.enter_async_context(_client(url, token))
        member = (await api.get("/api/v1/session"))["user"]["member"]
        codes = Codes(api, space, ends.codes, give=ends.connect)
        system = System(api, member["id"], space, ends.webhook or "", codes, manner, _say)
        address = None if ends.pull else await open_.enter_async_context(listening(system.receiver, ends.port))
        connection = Connection(ends.webhook or "", ends.secret, ends.source, ends.source_secret)
        if ends.connect:
            minutes = None if manner.heartbeat_s is None else max(1, round(manner.heartbeat_s / 60))
            making = connected(
                api, url=address, source=ends.codes, language=language, heartbeat_min=minutes, space=space,
                space_kind=space if space in {"live", INTEGRATION} else "exercise",
            )  # fmt: skip
            connection = await open_.enter_async_context(making)
        system.webhook_id = connection.webhook_id
        system.receiver.begin(connection.webhook_secret)
        if connection.source_id and connection.source_secret:
            system.language = language
            system.inbox = Inbox(api.http, space, connection.source_id, connection.source_secret)
        where = f"reads the outbox of {system.webhook_id}" if address is None else f"listens at {address}"
        out.print(f"The dispatch system of {member['code']} {where}, in the space {space} (Ctrl-C ends it)")
        await _until_over(system, missions, pull=ends.pull)
    _counted(system)
    return not system.told.unexpected


async def _until_over(system: System, missions: int, *, pull: bool) -> None:
    """Have it work until a signal comes, or so many units are home."""
    working = [asyncio.create_task(system.run())]
    if pull:
        working.append(asyncio.create_task(system.pull()))
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, over.set)
    try:
        while not over.is_set() and not (missions and len(system.home) >= missions):
            for each in working:
                if each.done():
                    await each  # it broke: say of what
            try:
                async with asyncio.timeout(0.2):
                    await over.wait()
            except TimeoutError:
                continue
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
        for each in working:
            each.cancel()
        await asyncio.gather(*working, return_exceptions=True)


def _counted(system: System) -> None:
    """Print what came and went."""
    came, told = system.receiver.count, system.told
    table = Table("what", "how many", title="What came, and what was told")
    rows = {
        "events kept": came.kept,
        "of these sent once more": came.replayed,
        "repeats of an id": came.duplicates,
        "behind a later one": came.out_of_order,
        "wrongly signed": came.wrongly_signed,
        "heartbeats of Concord's": came.heartbeats,
        "heartbeats sent": told.heartbeats,
        "receipts answered": told.receipts,
        "receipts refused": told.receipts_refused,
        "statuses sent": told.statuses,
        **{f"  {outcome}": count for outcome, count in sorted(told.outcomes.items())},
    }
    for name, count in rows.items():
        table.add_row(name, str(count))
    out.print(table)
    for line in told.unexpected:
        out.print(f"[red]✗[/] {escape(line)}")


async def _settled(
    own: Client, space: str, since: datetime, patience_s: float, webhook: str | None, source: str | None
) -> bool:
    """Wait until nothing is under way any more, print the report of this conversation alone, and return whether there was no fault.

    Of the systems that ask for this kind of space; of those that were named alone, if any was.
    """
    from app.cli.dispatch_report import Only, conforming, reports, show

    only = Only(space if space in {"live", INTEGRATION} else "exercise", webhook, source)

    loop = asyncio.get_running_loop()
    ends = loop.time() + min(patience_s, 65.0)
    found = await reports(own, since, space, only)
    while loop.time() < ends and any(each["waiting"] or each["receipts"]["awaited"] for each in found["webhooks"]):
        await asyncio.sleep(0.5)
        found = await reports(own, since, space, only)
    show(found)
    return conforming(found)


async def _probe(endpoint: str, secret: str) -> bool:
    import httpx

    from simulations.dispatch.probing import SLOW_MS, probe

    well = True
    async with httpx.AsyncClient(follow_redirects=False) as http:
        async for result in probe(http, endpoint, secret):
            if result.error == "ConnectError":
                out.print(
                    f"{_mark(well=False)} Nobody listens at {escape(endpoint)}: start your endpoint, or look at its address, port and certificate."
                )
                return False
            said = result.error or str(result.answer)
            slow = "  slow: keep it, answer, work on it afterwards" if result.latency_ms > SLOW_MS else ""
            out.print(
                f"{_mark(well=result.well)} {escape(result.trial.name)}: {said} ({result.latency_ms:.0f} ms){slow}"
            )
            if not result.well:
                out.print(f"    [dim]wants {result.trial.wants}.[/] {escape(result.trial.next)}")
            well = well and result.well
    return well


# ---------------------------------------------------------------- pieces


@asynccontextmanager
async def _client(url: str, token: str) -> AsyncIterator[Client]:
    import httpx

    from simulations.client import Client

    async with httpx.AsyncClient(base_url=url.rstrip("/"), timeout=TIMEOUT_S) as http:
        yield Client(http, token)


def _run(work: Coroutine[Any, Any, bool]) -> bool:
    """Run it; what the service refuses is told in one line."""
    from simulations.client import Away, Refused
    from simulations.dispatch.conversation import CannotPlay

    try:
        return asyncio.run(work)
    except Refused as refusal:
        hint = refusal.body.get("hint")
        raise Refusal(f"{refusal}{f' {hint}' if hint else ''}") from refusal
    except (Away, CannotPlay) as refusal:
        raise Refusal(str(refusal)) from refusal


def _faults(named: list[str]) -> frozenset[str]:
    from simulations.dispatch.statuses import FAULTS

    asked = frozenset(FAULTS) if "all" in named else frozenset(named)
    if unknown := asked - FAULTS.keys():
        message = f"There is no fault {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)} and all."
        raise Refusal(message, status=USAGE)
    return asked


def _require_trial(space: str) -> None:
    if space == "live":
        message = (
            "Nothing is simulated in live: what is told there, people act on. Use --space integration, or a drill's."
        )
        raise Refusal(message, status=USAGE)


def _require_secret(secret: str, option: str) -> None:
    """Refuse what is no secret as Standard Webhooks writes it: every signature by it would be wrong, or none could be made."""
    try:
        length = (
            len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) if secret.startswith("whsec_") else 0
        )
    except ValueError:
        length = 0
    if not SECRET_BYTES[0] <= length <= SECRET_BYTES[1]:
        message = f"{option} is no secret: one begins with whsec_ and goes on with {SECRET_BYTES[0]} to {SECRET_BYTES[1]} bytes in Base64. It stood in the first answer, under `once`; rotate it if it is lost."
        raise Refusal(message, status=USAGE)


def _required(token: str) -> str:
    if not token:
        raise Refusal(
            "A token is wanted: put it into CONCORD_TOKEN (`concord token add LOGIN --label …`).", status=USAGE
        )
    return token


def _say(line: str) -> None:
    err.print(f"[dim]{datetime.now(UTC):%H:%M:%S}[/] {escape(line)}")


def _mark(*, well: bool) -> str:
    return "[green]✓[/]" if well else "[red]✗[/]"
