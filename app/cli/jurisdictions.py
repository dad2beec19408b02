"""``corridor jurisdiction``: for what a member may ask. Its own admin can make it narrower, and nobody but the operator wider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.data import corridors, opened_door
from app.cli.people import carry_out, member_of, on_database
from app.cli.terminal import Data, err

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.settings import Settings

EXAMPLE = "**Example:** `concord corridor jurisdiction be-liege --hazard flood --hazard storm --kind immediate`"
READ = "SELECT jurisdiction FROM member WHERE space_id = 'live' AND id = $1"


def install(_app: typer.Typer) -> None:
    """Add the command of this module to those of the corridor."""
    corridors.command(epilog=EXAMPLE)(jurisdiction)


def jurisdiction(
    member: Annotated[str, typer.Argument(help="The member's code, such as be-liege.")],
    hazard: Annotated[
        list[str] | None, typer.Option("--hazard", help="A hazard it may ask for; repeatable. Left out: as it is.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="immediate, planned or day_to_day; repeatable. Left out: as it is."),
    ] = None,
    data: Data = None,
) -> None:
    """Say for which hazards, and in which ways, a member may ask. Prints how it is then."""

    async def work(settings: Settings, dsn: str, tell: Callable[[str], None]) -> dict[str, list[str]]:
        from app.commands.members import ChangeMember
        from app.store.engine import reading

        async with opened_door(settings, dsn, tell) as door:
            id_ = await member_of(door, member)
            async with reading(door.engine) as conn:
                said: dict[str, list[str]] = dict(await conn.fetchval(READ, id_))
            wanted = said | ({"hazards": hazard} if hazard else {}) | ({"kinds": kind} if kind else {})
            if wanted != said:
                await carry_out(door, ChangeMember.model_validate({"jurisdiction": wanted}), target=id_)
            return wanted

    said = on_database(work, data)
    err.print(f"{member} may ask:")
    typer.echo(f"hazards: {', '.join(said['hazards'])}")
    typer.echo(f"kinds: {', '.join(said['kinds'])}")
