"""Response commitments of an agreement: within how many minutes a lender acknowledges, answers, and turns out.

What is promised is measured: each request that is opened under such an agreement has its times, and whether they were kept
is told with the figure. *Best effort* is told and nothing more; an *obligatory* one that is broken is an alarm on both sides.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self, TypeAlias, get_args

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.forms import WHOLE, Code, Form

Step: TypeAlias = Literal["acknowledge", "answer", "turn_out"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
"""What a lender commits itself to: from the request's opening to its acknowledgement, and to an offer or a refusal; from a
unit's commitment, or its alarm, until it has left its depot."""

WithinMinutes = Annotated[int, Field(strict=True, ge=1, le=7 * 24 * 60), WHOLE]


class ResponseCommitment(Form):
    """What is promised for some types. ``*`` stands for every type that is not named by another one."""

    types: Literal["*"] | Annotated[tuple[Code, ...], Field(min_length=1, max_length=500)] = "*"
    acknowledge_min: WithinMinutes | None = None
    answer_min: WithinMinutes | None = None
    turn_out_min: WithinMinutes | None = None
    binding: Literal["best_effort", "obligatory"] = "best_effort"

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any(self.within(step) for step in STEPS):
            raise PydanticCustomError("value_error", "a commitment says acknowledge_min, answer_min or turn_out_min")
        return self

    def within(self, step: Step) -> int | None:
        """Return the minutes that are promised for a step, or None."""
        minutes: int | None = getattr(self, f"{step}_min")
        return minutes


def promised(commitments: tuple[ResponseCommitment, ...], type_code: str) -> ResponseCommitment | None:
    """Return what is promised for a type: the commitment that names it goes before the one for all."""
    named = next((each for each in commitments if each.types != "*" and type_code in each.types), None)
    return named or next((each for each in commitments if each.types == "*"), None)


def require_one_a_type(commitments: tuple[ResponseCommitment, ...]) -> None:
    """Refuse two commitments for one type: nobody would know which counts. For validators of pydantic models."""
    said = [code for each in commitments for code in (each.types if each.types != "*" else ("*",))]
    if twice := next((code for number, code in enumerate(said) if code in said[:number]), None):
        raise PydanticCustomError("value_error", "the response commitments name {code} twice", {"code": twice})
