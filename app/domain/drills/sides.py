"""Who stands where in a drill, who may read its script, and which commands fit each of its states."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from app.domain.lifecycle import machine

if TYPE_CHECKING:
    from uuid import UUID

SIDES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "player": "plays",
        "exercise_director": "directs",
        "drill_controller": "controls",
        "simcell": "controls",
        "drill_evaluator": "evaluates",
        "safety_officer": "safeguards",
        "observer": "observes",
    }
)
"""Role in a drill → side in ``protocols/authority.yaml``."""
READS_SCRIPT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "directs": frozenset({"exercise_director"}),
        "controls": frozenset({"drill_controller", "simcell"}),
        "evaluates": frozenset({"drill_evaluator"}),
    }
)
"""Side → the roles of its members' users that read the script. Safety officers, observers and players never do."""

STAFF: Final = frozenset({"exercise_director", "drill_controller", "simcell", "drill_evaluator", "safety_officer"})
"""Roles of those who run the drill: they act in its space and read all of its journal. Observers read what players read."""

UNDER_WAY: Final = ("running", "paused")
BEFORE: Final = ("planned", "approved", "scheduled", "held")
PLAYED: Final = ("ended", "reviewed")
AFTER: Final = (*PLAYED, "stopped")
WASHING: Final = ("ended", "stopped")
"""States in which forms of the hot wash are written: once it was held, others have read them."""
TOLD: Final = ("reviewed", "closed")
"""States in which everybody who took part reads the report and the observations."""

_STEPS: Final = ("change", "approve", "schedule", "start", "stand_down", "end", "review", "close", "stop")
_NAMES: Final = {"review": "hold_hot_wash"}
_OTHERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "answer_ready": (*BEFORE, *UNDER_WAY),
        "go_ahead_with_drill": BEFORE,
        "pause_drill": UNDER_WAY,
        "resume_drill": UNDER_WAY,
        "set_drill_speed": UNDER_WAY,
        "jump_drill": UNDER_WAY,
        "deliver_inject": ("running",),
        "tick_expectation": (*UNDER_WAY, "ended"),
        "reach_sync_point": UNDER_WAY,
        "observe_drill": (*UNDER_WAY, *AFTER),
        "overrule_rating": PLAYED,
        "explain_stop": ("stopped",),
        "write_hot_wash": WASHING,
        "add_corrective_action": AFTER,
    }
)


def commands_in(status: str) -> tuple[str, ...]:
    """Return the commands about a drill that its state allows, whoever sends them; a site can be paused while the drill runs."""
    steps = {_NAMES.get(name, f"{name}_drill"): machine("drill").sources(name) for name in _STEPS}
    return tuple(name for name, states in {**steps, **_OTHERS}.items() if status in states)


def reads_script(member: UUID | None, roles: Collection[str], sides: Mapping[str, Collection[UUID]]) -> bool:
    """Return whether somebody of a member, in these roles, is of the staff; ``sides`` are the members on each."""
    return any(member in sides.get(side, ()) and not wanted.isdisjoint(roles) for side, wanted in READS_SCRIPT.items())


def is_staff(parts: Collection[str], roles: Collection[str]) -> bool:
    """Return whether somebody is of a drill's staff: in a role of its own that the member holds there (``parts``)."""
    return not STAFF.isdisjoint(set(parts) & set(roles))


def reads_space(parts: Collection[str], roles: Collection[str]) -> bool:
    """Return whether somebody reads a drill's space: of a member that plays, or in a role that the member holds in the drill."""
    return "player" in parts or not set(parts).isdisjoint(roles)
