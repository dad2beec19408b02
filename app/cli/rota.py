"""``corridor rota``: how the coordinator of the corridor changes, and whose turn comes when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.data import corridors, opened_door
from app.cli.people import carry_out, member_of, on_database
from app.cli.terminal import Data, err
from app.domain.rota import Period

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.settings import Settings

EXAMPLE = "**Example:** `concord corridor rota --period quarterly --hour 7`"
TURNS = """
    SELECT t.from_at, m.code, t.status, t.swapped FROM coordination_turn t
      JOIN member m ON m.space_id = t.space_id AND m.id = t.member_id
     WHERE t.space_id = 'live' AND t.status <> 'past' ORDER BY t.from_at
"""
ROTA = "SELECT period, hour_utc, member_ids FROM rota WHERE space_id = 'live'"


def install(_app: typer.Typer) -> None:
    """Add the command of this module to those of the corridor."""
    corridors.command(epilog=EXAMPLE)(rota)


def rota(
    period: Annotated[
        Period | None, typer.Option("--period", help="weekly, monthly or quarterly. Left out: as it is.")
    ] = None,
    hour: Annotated[
        int | None,
        typer.Option("--hour", min=0, max=23, help="At which hour turns change, in UTC. Left out: as it is."),
    ] = None,
    member: Annotated[
        list[str] | None,
        typer.Option("--member", help="A member's code; repeatable, in the order to begin with. Left out: as it is."),
    ] = None,
    data: Data = None,
) -> None:
    """Show whose turn it is to lead the corridor and who follows; with options, plan the coming turns anew."""

    async def work(settings: Settings, dsn: str, tell: Callable[[str], None]) -> list[str]:
        from app.commands.coordination import SetRota
        from app.store.engine import reading

        async with opened_door(settings, dsn, tell) as door:
            async with reading(door.engine) as conn:
                row = await conn.fetchrow(ROTA)
            said: dict[str, Any] = {} if row is None else dict(row)
            wanted = said | ({"period": period} if period else {}) | ({} if hour is None else {"hour_utc": hour})
            if member:
                wanted["member_ids"] = [str(await member_of(door, code)) for code in member]
            if wanted != said:
                await carry_out(door, SetRota.model_validate(wanted))
            async with reading(door.engine) as conn:
                rows = await conn.fetch(TURNS)
            swapped = {True: "  swapped", False: ""}
            return [f"{each['from_at']:%Y-%m-%d %H:%MZ}  {each['code']}{swapped[each['swapped']]}" for each in rows]

    lines = on_database(work, data)
    if not lines:
        err.print("There is no rota yet: load a corridor, or name --period.")
        return
    err.print("From then on, who leads the corridor:")
    for line in lines:
        typer.echo(line)
