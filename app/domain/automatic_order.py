"""Automatic aid: whose turn it is, and why somebody is passed over.

Pure: the agreements, what is wanted and each lender's stock come in. Of several agreements the one with the lower precedence
number goes first, then the clauses in their order, then the lenders in the clause's. A lender that two clauses name stands
where the first one puts it, and goes under whichever lets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from app.domain.agreement_parts import with_parts
from app.domain.agreements import UNUSED, check, choose
from app.domain.lender_words import CANNOT, CANNOT_FIGURES, cannot
from app.domain.protocol_data import read
from app.domain.reasons import ReasonsShape, Texts, texts_of, worded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from app.domain.agreement_reasons import Reason
    from app.domain.agreement_terms import Terms
    from app.domain.agreements import AgreementFacts, Case, Stock, Use, Verdict
    from app.domain.automatic_aid import AutomaticAidClause
    from app.domain.lender_words import Word

KIND: Final = "immediate"
"""The kind of every request that automatic aid opens."""

FIGURES: Final[Mapping[str, frozenset[str]]] = {
    "outside_hours": frozenset({"begins", "ends"}),
    "beyond_clause": frozenset({"quantity", "most", "out"}),
    "none_free": frozenset({"quantity", "free"}),
    CANNOT: CANNOT_FIGURES,
}
"""What can stand against a lender beside the agreement's own reasons, and the figures it is told with."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is alarmed for: a type, at a place, for a member."""

    requester: UUID
    type_code: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Turn:
    """One lender under one clause."""

    lender: UUID
    agreement: AgreementFacts
    terms: Terms
    clause: AutomaticAidClause


class Other(NamedTuple):
    """An agreement that may apply as well, and what runs under it by type."""

    agreement: AgreementFacts
    terms: Terms
    uses: Mapping[str, Use]


@dataclass(frozen=True, slots=True)
class Means:
    """How one lender stands to one agreement: the case that it would be, what it has of the type, what runs under the agreement
    (``use``), and how many of them it was alarmed for automatically (``out``). Of a formation the same by its parts' types.
    """

    case: Case
    stock: Stock
    use: Use = UNUSED
    out: int = 0
    stocks: Mapping[str, Stock] = field(default_factory=dict)
    uses: Mapping[str, Use] = field(default_factory=dict)
    others: Sequence[Other] = ()
    """All agreements, the turn's own among them or not: what the lender keeps at home by any of them counts."""

    @property
    def word(self) -> Word | None:
        """The lender's own word that it can, about the type or about a part of it."""
        words = (stock.word for stock in (self.stock, *self.stocks.values()))
        return next((word for word in words if word is not None and word.can_at(self.case.at)), None)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stands against alarming a lender."""

    code: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    def said(self, language: str) -> str:
        """Return it in one of the corridor's languages."""
        return worded(obstacle_texts()[self.code][language], self.figures, language)

    def told(self) -> dict[str, Any]:
        """Return it as rows and the journal hold it, in the form of an agreement's reason."""
        return {"code": self.code, "blocking": True, "detail": self.said("en"), "figures": dict(self.figures)}


def turns(known: Iterable[tuple[AgreementFacts, Terms]], wanted: Wanted) -> dict[UUID, list[Turn]]:
    """Return, in the order of alarm, each lender with the turns that it has under clauses that cover what is wanted.

    Nothing is said yet of hours, numbers or stock: that is why somebody is passed over, not why a clause is silent.
    """
    found: dict[UUID, list[Turn]] = {}
    for facts, terms in sorted(known, key=lambda pair: (pair[0].precedence, pair[0].code)):
        if wanted.requester not in facts.borrowers:
            continue
        for clause in terms.automatic_aid:
            if not clause.covers(wanted.type_code, wanted.lon, wanted.lat):
                continue
            for lender in clause.lenders:
                if lender != wanted.requester and lender in facts.lenders:
                    found.setdefault(lender, []).append(Turn(lender, facts, terms, clause))
    return found


def promised(found: Mapping[UUID, Sequence[Turn]]) -> int:
    """Return how many the clauses promise beforehand in all: of each lender what its most generous clause says."""
    return sum(max(turn.clause.quantity for turn in own) for own in found.values())


def said(turn: Turn, means: Means) -> Verdict:
    """Return what the turn's agreement says to the case, with the reserves of the others that apply, and which of them it goes over."""
    case, code = means.case, means.case.type_code
    mine = check(turn.agreement, turn.terms, case, means.stock, means.use)
    verdicts = [with_parts(mine, case, means.stocks, means.uses)]
    for facts, terms, uses in means.others:
        if facts.id != turn.agreement.id:
            verdict = check(facts, terms, case, means.stock, uses.get(code, UNUSED))
            verdicts.append(with_parts(verdict, case, means.stocks, uses))
    found = choose(verdicts, only=turn.agreement.id)
    assert found is not None
    return found


def against(turn: Turn, means: Means) -> tuple[Reason | Obstacle, ...]:
    """Return everything that stands against alarming the lender now; nothing, and it is alarmed."""
    case, clause = means.case, turn.clause
    found: list[Reason | Obstacle] = [*said(turn, means).against]
    if (word := cannot(means.stock.word, case.at, case.zone)) is not None:
        found.append(Obstacle(CANNOT, word))
    if clause.hours is not None and not clause.hours.hold(case.at, case.zone):
        found.append(Obstacle("outside_hours", {"begins": clause.hours.begins, "ends": clause.hours.ends}))
    if means.out + case.quantity > clause.quantity:
        figures = {"quantity": case.quantity, "most": clause.quantity, "out": means.out}
        found.append(Obstacle("beyond_clause", figures))
    if means.stock.free < case.quantity:
        figures = {"quantity": case.quantity, "free": max(0, means.stock.free)}
        found.append(Obstacle("none_free", figures))
    return tuple(found)


def most(turn: Turn, means: Means) -> int:
    """Return how many of those wanted the lender can be alarmed for now: the largest number that nothing stands against, or 0."""
    wanted = means.case.quantity
    fits = (n for n in range(wanted, 0, -1) if not against(turn, replace(means, case=replace(means.case, quantity=n))))
    return next(fits, 0)


def best(own: Sequence[Turn], means: Mapping[UUID, Means]) -> tuple[Turn, int]:
    """Return the turn of a lender that counts, and for how many: the first of those that let the most go.

    ``means`` is by agreement. Where none lets any go, it is the first one: the lender is told what its first clause says.
    """
    judged = [(turn, most(turn, means[turn.agreement.id])) for turn in own]
    return max(judged, key=lambda each: each[1])


@cache
def obstacle_texts() -> Texts:
    """Return the text of each obstacle by language, with its figures in braces; read once per process.

    Raises:
        ProtocolDataError: the file lacks one, knows one too many, or a text asks for a figure that is not there.
    """
    file, shape = read("typing/automatic_aid_reasons.yaml", ReasonsShape)
    return texts_of(file, shape, FIGURES)
