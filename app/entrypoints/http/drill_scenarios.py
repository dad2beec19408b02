"""The scenarios that come with Concord, for who plans drills, and a look at a script before it is planned."""

from __future__ import annotations

import asyncio
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated

from fastapi import Body, Path
from pydantic import Field

from app.commands.drill_plans import Script
from app.domain import errors
from app.domain.authority import role_missing
from app.domain.drills import placed
from app.domain.drills.fault_words import coded
from app.domain.drills.model import Scenario
from app.domain.drills.scenario import ScenarioInvalid, parse_scenario, pointer_of
from app.domain.forms import Form
from app.entrypoints.http.deps import CurrentActor, Reader, Space, space_router
from app.entrypoints.http.identity import require_read
from app.entrypoints.http.problems import responses
from app.queries.models import ReadModel
from app.store.drills import ground_of

if TYPE_CHECKING:
    from app.domain.authority import Actor

router = space_router("drills")

DIRECTOR = "exercise_director"


class ScenarioView(ReadModel):
    """A scenario that comes with Concord."""

    id: str
    version: int
    title: dict[str, str]
    type: str
    """`seminar`, `workshop`, `tabletop`, `game`, `drill`, `functional` or `full_scale`."""
    hazard: str
    duration_s: int
    players: tuple[str, ...]
    """Codes of members."""
    injects: int
    objectives: int


class ScenarioList(ReadModel):
    """All of them."""

    items: tuple[ScenarioView, ...]


class ScenarioText(ReadModel):
    """A scenario's file."""

    script: str
    """YAML, to begin with."""


class CheckScript(Form):
    """A script to be looked at."""

    script: Script


class FaultView(ReadModel):
    """Something wrong in a script."""

    line: int
    column: int
    pointer: str
    """Where that is in what the YAML says, as a JSON pointer."""
    detail: str
    """What is wrong, in English."""
    code: str | None = None
    """What is wrong, to be worded in another language; null where another program says so in its own words."""
    figures: dict[str, str | int] = Field(default_factory=dict)


class ScriptCheckView(ReadModel):
    """Whether a script can be played."""

    ok: bool
    faults: tuple[FaultView, ...]


def _require_director(actor: Actor) -> None:
    if DIRECTOR not in actor.roles:
        raise role_missing("reading scenarios", [DIRECTOR], "any_member")


@cache
def _shipped() -> dict[str, tuple[str, ScenarioView]]:
    """Return the files with what they say, by id. They were checked before they came along."""
    found = {}
    for file in sorted((files("simulations") / "scenarios").iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".yaml"):
            continue
        text = file.read_text(encoding="utf-8")
        said = Scenario.model_validate(placed.read(text).data)
        found[said.id] = (
            text,
            ScenarioView(
                id=said.id,
                version=said.version,
                title=said.title.root,
                type=said.type,
                hazard=said.hazard,
                duration_s=said.duration,
                players=tuple(player.member for player in said.players),
                injects=len(said.injects),
                objectives=len(said.objectives),
            ),
        )
    return found


@router.get("/drill-scenarios", summary="List scenarios", responses=responses(errors.RoleMissing))
async def list_scenarios(space: Space, actor: CurrentActor) -> ScenarioList:
    """Those that come with Concord, for exercise directors. They are for the corridor of the demonstration; change a copy."""
    _ = space
    _require_director(actor)
    return ScenarioList(items=tuple(view for _, view in (await asyncio.to_thread(_shipped)).values()))


@router.get("/drill-scenarios/{scenario_id}", summary="Read a scenario", responses=responses(errors.RoleMissing))
async def read_scenario(
    space: Space,
    scenario_id: Annotated[str, Path(pattern="^[a-z][a-z0-9-]{1,62}$", examples=["meuse-flood"])],
    actor: CurrentActor,
) -> ScenarioText:
    """Its file, for exercise directors."""
    _ = space
    _require_director(actor)
    found = (await asyncio.to_thread(_shipped)).get(scenario_id)
    if found is None:
        raise errors.NotFound("scenario", scenario_id)
    return ScenarioText(script=found[0])


@router.post(
    "/drill-scenarios/check",
    summary="Check a script",
    responses=responses(body=True),
)
async def check_script(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    body: Annotated[CheckScript, Body(examples=[{"script": "id: small-flood\nversion: 1\n"}])],
) -> ScriptCheckView:
    """Whether it could be planned here, and every fault of it by line; nothing is kept. For exercise directors."""
    require_read(actor)
    _require_director(actor)
    ground = await ground_of(reader, space)
    try:
        await asyncio.to_thread(parse_scenario, body.script, ground, name="script")
    except ScenarioInvalid as error:
        faults = tuple(
            FaultView.model_validate(
                {
                    "line": each.line,
                    "column": each.column,
                    "pointer": pointer_of(each.path),
                    "detail": str(each.message),
                }
                | coded(each.message)
            )
            for each in error.faults
        )
        return ScriptCheckView(ok=False, faults=faults)
    return ScriptCheckView(ok=True, faults=())
