"""What the agreements say, as the planning takes it in: verdicts of ``domain.agreements``, one for each class of units, never worked out here.

And all reasons as bits of one number, in the order in which they are told: the first that holds is the lowest bit.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID

from app.domain import agreement_reasons
from app.domain.agreement_reasons import RESERVES
from app.domain.agreements import Verdict
from app.planning import candidates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.domain.agreement_terms import Terms
    from app.planning.candidates import Why

ORDER: Final[tuple[str, ...]] = (
    # its state, and its owner's word
    "out_of_service",
    "reserved",
    "committed",
    "promised",
    "said_cannot",
    "lender_cannot",
    # no agreement that counts
    "no_agreement",
    "not_in_force",
    "not_yet_effective",
    "expired",
    "terminated",
    "lender_not_party",
    "borrower_not_party",
    "same_member",
    "not_asked",
    # its scope, its area
    "hazard_not_covered",
    "type_not_covered",
    "kind_not_covered",
    "phase_not_reached",
    "place_not_covered",
    # its caps, the reserve
    "cap_units",
    "longest_deployment",
    "yearly_cost_cap",
    "cost_above_agreed",
    "cost_free_hours",
    "cost_currency",
    "reserve_floor",
    "reserve_floor_hours",
    "reserve_floor_area",
    # the border
    "crossing_not_allowed",
    "no_open_crossing",
    "too_heavy",
    "too_high",
    "too_wide",
    "crossing_full",
    # the time, and the others
    "too_late",
    "wanted_elsewhere",
    # told, and never in the way
    "notice_given",
    "review_due",
    "reserve_floor_later",
    "clauses_open",
    "lender_can",
    "transits",
    "passed_over",
)
"""Every reason of both files of words, the first to be told first."""
BIT: Final[Mapping[str, int]] = MappingProxyType({code: 1 << number for number, code in enumerate(ORDER)})
KNOWN: Final = frozenset(agreement_reasons.FIGURES) | frozenset(candidates.FIGURES)
"""What ``ORDER`` must hold, no more and no less; a test sees to it."""


def bits_of(codes: Iterable[str]) -> int:
    """Return the reasons as one number."""
    bits = 0
    for code in codes:
        bits |= BIT[code]
    return bits


def codes_of(bits: int) -> tuple[str, ...]:
    """Return the reasons of a number, the first to be told first."""
    return tuple(_codes(bits))


def _codes(bits: int) -> Iterator[str]:
    while bits:
        lowest = bits & -bits
        yield ORDER[lowest.bit_length() - 1]
        bits ^= lowest


@dataclass(frozen=True, slots=True)
class Ruling:
    """What counts for units of one lender towards one line: the verdict on one of them, the lender's own word, how soon it answers."""

    verdict: Verdict | None = None
    """None for the asker's own units, and where there is no agreement to ask."""
    own: bool = False
    acknowledge_min: float = 0.0
    """Until the lender's control room has answered: from the response commitments, or what is usual."""
    said: str | None = None
    """The lender's own word: ``can`` lifts the reserve, ``cannot`` stands above everything."""
    keeping: tuple[tuple[str, Terms], ...] = ()
    """By what the lender keeps something at home from the line: agreements by their codes, whichever is cited; those that go first first."""
    reserve_left: int | None = None
    """How many the lender could still send before its reserve; told, not asked."""
    more: tuple[Why, ...] = ()
    """What stands against the lender's units beside the verdict: its own word with its figures, or that all are promised."""
    bits: int = field(init=False, compare=False)
    """The blocking reasons."""
    crossings: tuple[str, ...] | None = field(init=False, compare=False)
    """Codes of the crossings that the agreement names; None where it names none, and any may be taken."""

    def __post_init__(self) -> None:
        """Work the bits out once: a ruling is asked for by many units."""
        object.__setattr__(self, "bits", self._bits())
        object.__setattr__(self, "crossings", self._crossings())

    def _bits(self) -> int:
        if self.said == "cannot":
            return BIT["said_cannot"]
        more = bits_of(why.code for why in self.more)
        if self.own:
            return more
        if self.verdict is None:
            return more | BIT["no_agreement"]
        lifted = RESERVES if self.said == "can" else frozenset()
        return more | bits_of(reason.code for reason in self.verdict.against if reason.code not in lifted)

    def _crossings(self) -> tuple[str, ...] | None:
        if self.own or self.verdict is None:
            return None
        named = self.verdict.terms.crossings
        return None if isinstance(named, str) else tuple(named)

    def figures(self, code: str) -> Mapping[str, Any]:
        """Return the figures with which a reason is told; none where it does not stand."""
        for why in self.more:
            if why.code == code:
                return why.figures
        reasons = () if self.verdict is None else self.verdict.reasons
        return next((reason.figures for reason in reasons if reason.code == code), {})


Rulings: TypeAlias = Callable[[UUID, int, "str | None"], Ruling]
"""(lender, ground, code of the crossing or None while none is chosen) → what counts. Asked once for each class, so keep what is dear.

``ground`` is the caller's own number for where a lender's units are at home, where that matters to its reserve in an area or to a yearly cap.
"""


@dataclass(frozen=True, slots=True)
class KeyedRulings:
    """Rulings that say what they rest on: who asks twice with the same key would be told the same, and need not ask."""

    key: Hashable
    of_lender: Rulings

    def __call__(self, lender: UUID, ground: int, crossing: str | None) -> Ruling:
        """Return what counts."""
        return self.of_lender(lender, ground, crossing)


def heard(rulings: Rulings, cannot: frozenset[UUID]) -> Rulings:
    """Return the rulings with the word of those members that they can't send to this line."""
    if not cannot:
        return rulings

    def of_lender(lender: UUID, ground: int, crossing: str | None) -> Ruling:
        ruling = rulings(lender, ground, crossing)
        return replace(ruling, said="cannot") if lender in cannot and not ruling.own else ruling

    return KeyedRulings((rulings.key, cannot), of_lender) if isinstance(rulings, KeyedRulings) else of_lender
