"""P / S / M / U for an objective: from the figure, by the levels that the scenario states; evaluators can overrule.

The four ratings are those of the U.S. Homeland Security Exercise and Evaluation Program (HSEEP, revision of January 2020):
performed without challenges, with some challenges, with major challenges, unable to be performed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from app.domain.drills.metrics import Measured, measure
from app.domain.errors import FieldError, Malformed

if TYPE_CHECKING:
    from app.domain.drills.model import Levels, Objective
    from app.domain.drills.play import Play

Rating: TypeAlias = Literal["P", "S", "M", "U"]
RATINGS: Final[tuple[Rating, ...]] = get_args(Rating)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrule:
    """An evaluator's word against the figure; ``by`` is opaque, as people are in the journal."""

    rating: Rating
    reason: str
    by: str
    seq: int | None = None
    """The entry that the observation is bound to."""
    member: str | None = None
    """Code of the member whose evaluator it was."""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """An objective with its figure and rating; ``computed`` is None where it was not assessed."""

    objective: str
    measured: Measured
    computed: Rating | None
    overruled: Overrule | None = None
    overrules: tuple[Overrule, ...] = ()
    """Every word against the figure, in its order; ``overruled`` is the one that counts."""

    @property
    def rating(self) -> Rating | None:
        """Return the rating that counts; the computed one stays beside it."""
        return self.overruled.rating if self.overruled else self.computed


def rating_of(measured: Measured, levels: Levels) -> Rating | None:
    """Return the rating of a figure; None where nothing was measured."""
    if measured.never:
        return "U"
    if measured.figure is None:
        return None
    for rating, target in levels.given.items():
        if target.holds(measured.figure):
            return rating
    return "U"


def rate(play: Play, as_of_us: int, *, ended: bool) -> tuple[Rated, ...]:
    """Return every objective with its figure and rating; while the drill goes on, as it is so far.

    What is still open and may yet be met has no rating: a figure that grows by itself would flatter until it is too late.
    """

    def one(objective: Objective) -> Rated:
        found = measure(play, objective, as_of_us, ended=ended)
        rating = rating_of(found, objective.levels)
        waits = not ended and found.open > 0 and rating != "U"
        return Rated(objective=objective.id, measured=found, computed=None if waits else rating)

    return tuple(one(objective) for objective in play.scenario.objectives)


def overrule(rated: Rated, *, rating: str, reason: str, by: str, seq: int | None = None) -> Rated:
    """Return it with an evaluator's rating in place of the computed one; also where nothing could be measured.

    Raises:
        Malformed: no such rating, or no reason.
    """
    known: dict[str, Rating] = {each: each for each in RATINGS}
    errors = []
    if rating not in known:
        errors.append(FieldError("/rating", Malformed.slug, f"A rating is one of {', '.join(RATINGS)}."))
    if not reason.strip():
        errors.append(FieldError("/reason", Malformed.slug, "Who overrules a figure says why."))
    if errors:
        raise Malformed(errors[0].detail, errors=errors)
    return replace(rated, overruled=Overrule(rating=known[rating], reason=reason.strip(), by=by, seq=seq))
