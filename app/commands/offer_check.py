"""The agreements' word on an offer, line by line: which one counts, what stands against it, and what a lender overrides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.domain.agreements import NO_AGREEMENT, RESERVE_FLOOR, Reason, Verdict, check, choose
from app.domain.errors import AgreementRefused, FieldError, NotFound
from app.store.tables import Agreement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.domain.agreements import AgreementFacts, Case, Stock, Terms


@dataclass(frozen=True, slots=True)
class Sought:
    """What the agreements are asked about one line. ``agreement_id`` asks that one alone."""

    case: Case
    stock: Stock
    request_line_id: UUID
    agreement_id: UUID | None = None
    override_reserve: bool = False
    ad_hoc: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it: the verdict that counts (None: ``ad_hoc``), and every reason that was set aside."""

    verdict: Verdict | None
    reasons: tuple[Reason, ...]

    @property
    def overridden(self) -> Reason | None:
        """The reserve floor, where the lender went below it by its own word."""
        if self.verdict is None:
            return None
        return next((reason for reason in self.reasons if reason.code == RESERVE_FLOOR), None)


def judge(known: Sequence[tuple[AgreementFacts, Terms]], lines: Sequence[Sought]) -> list[Found]:
    """Return what counts for each line, of the agreements that are ``known`` (``app.store.agreements.agreed``).

    Raises:
        NotFound: an agreement that a line names is not there.
        AgreementRefused: with every reason, by line, if any line is refused.
    """
    found: list[Found] = []
    told: list[dict[str, Any]] = []
    wrong: list[FieldError] = []
    for index, line in enumerate(lines):
        evaded = _reserve_alone(known, line) if line.ad_hoc else None
        verdict = evaded or _verdict(known, line)
        if line.ad_hoc and evaded is None:
            found.append(Found(None, tuple(replace(reason, blocking=False) for reason in _reasons(verdict))))
        elif verdict is not None and verdict.allowed:
            found.append(Found(verdict, verdict.reasons))
        else:
            told += [_told(index, line, verdict, reason) for reason in _reasons(verdict)]
            detail = " ".join(reason.detail for reason in _reasons(verdict))
            wrong.append(FieldError(f"/lines/{index}", AgreementRefused.slug, detail))
    if wrong:
        raise AgreementRefused(wrong[0].detail, errors=wrong, extra={"reasons": told})
    return found


def _verdict(known: Sequence[tuple[AgreementFacts, Terms]], line: Sought) -> Verdict | None:
    """Return what the agreements say; the reserve is set aside only where nothing allows the line as it is."""
    asked = [pair for pair in known if line.agreement_id in {None, pair[0].id}]
    if not asked and line.agreement_id is not None:
        raise NotFound(Agreement.KIND, line.agreement_id)
    plain = choose(check(facts, terms, line.case, line.stock) for facts, terms in asked)
    if plain is None or plain.allowed or not line.override_reserve:
        return plain
    return choose(check(facts, terms, line.case, line.stock, reserve_overridden=True) for facts, terms in asked)


def _reserve_alone(known: Sequence[tuple[AgreementFacts, Terms]], line: Sought) -> Verdict | None:
    """Return the agreement, if there is one, that would allow the line but for the reserve.

    Help without an agreement is no way round it: whoever goes below the reserve says so, with a reason that all see.
    """
    verdicts = (check(facts, terms, line.case, line.stock) for facts, terms in known)
    return choose(verdict for verdict in verdicts if verdict.only_reserve)


def _reasons(verdict: Verdict | None) -> tuple[Reason, ...]:
    return (NO_AGREEMENT,) if verdict is None else verdict.reasons


def _told(index: int, line: Sought, verdict: Verdict | None, reason: Reason) -> dict[str, Any]:
    agreement = None if verdict is None else verdict.agreement
    return {
        "line": index,
        "request_line_id": line.request_line_id,
        "agreement_id": None if agreement is None else agreement.id,
        "agreement_code": None if agreement is None else agreement.code,
        **reason.told(),
    }
