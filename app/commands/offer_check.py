"""The agreements' word on an offer, line by line: which one counts, what stands against it, and what a lender overrides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.domain.agreement_parts import parts_in
from app.domain.agreement_reasons import NO_AGREEMENT, RESERVES, Reason
from app.domain.agreements import choose, kept_from
from app.domain.errors import AgreementRefused, FieldError, NotFound
from app.domain.lender_words import CAN
from app.store.tables import Agreement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.commands.agreement_cases import Known
    from app.domain.agreements import Case, Stock, Verdict
    from app.domain.lender_words import Word


@dataclass(frozen=True, slots=True)
class Sought:
    """What the agreements are asked about one line. ``agreement_id`` asks that one alone."""

    case: Case
    request_line_id: UUID
    agreement_id: UUID | None = None
    override_reserve: bool = False
    ad_hoc: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it: the verdict that counts (None: ``ad_hoc``), every reason that was set aside or is to be known."""

    verdict: Verdict | None
    reasons: tuple[Reason, ...]
    stock: Stock
    """What the lender had of the type, less the lines before this one."""
    word: Word | None = None
    """The lender's own word that it can, where the reserve would stand against the line but for it."""
    kept: tuple[Reason, ...] = ()
    """Of help without an agreement the reserves that the lender goes below by its own word."""

    @property
    def overridden(self) -> Reason | None:
        """The reserve floor, where the lender went below it by its own word."""
        told = self.kept if self.verdict is None else self.reasons
        return next((reason for reason in told if reason.code in RESERVES), None)


def judge(known: Known, lines: Sequence[Sought]) -> list[Found]:
    """Return what counts for each line, each after those before it; what is allowed counts as promised from then on.

    Help without an agreement is no way round a reserve: whoever goes below it says so, with a reason that all see.

    Raises:
        NotFound: an agreement that a line names is not there.
        AgreementRefused: with every reason, by line, if any line is refused.
    """
    found: list[Found] = []
    told: list[dict[str, Any]] = []
    wrong: list[FieldError] = []
    for index, line in enumerate(lines):
        stock = known.stocks[line.case.type_code]
        kept = kept_from(known.check(line.case), line.case) if line.ad_hoc else None
        evades = kept is not None and not (line.override_reserve and not _needs_the_act_alone(known, line))
        verdict = kept if evades else _verdict(known, line)
        if line.ad_hoc and not evades:
            below = () if kept is None else set_aside(kept.reasons)
            found.append(Found(None, _once((*below, *set_aside(_reasons(verdict)))), stock, kept=below))
            known.promise(line.case, None)
        elif verdict is not None and verdict.allowed:
            found.append(Found(verdict, verdict.reasons, stock, _word(known, line, verdict)))
            known.promise(line.case, verdict.agreement.id)
        else:
            told += [_told(index, line, verdict, reason) for reason in _reasons(verdict)]
            detail = " ".join(reason.detail for reason in _against(verdict))
            wrong.append(FieldError(f"/lines/{index}", AgreementRefused.slug, detail))
    if wrong:
        raise AgreementRefused(wrong[0].detail, errors=wrong, extra={"reasons": told})
    return found


def _word(known: Known, line: Sought, verdict: Verdict) -> Word | None:
    """Return the word that the verdict rests on: about what is sent, or about a part of it."""
    if all(reason.code != CAN for reason in verdict.reasons):
        return None
    words = (known.stocks[each.type_code].word for each in (line.case, *parts_in(line.case)))
    return next((word for word in words if word is not None and word.can_at(line.case.at)), None)


def set_aside(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Return the reasons as they are told where help is given all the same: none of them blocks."""
    return tuple(replace(reason, blocking=False) for reason in reasons)


def _verdict(known: Known, line: Sought) -> Verdict | None:
    """Return what the agreements say; the reserve is set aside only where nothing allows the line as it is."""
    plain = choose(known.check(line.case), only=line.agreement_id)
    if plain is None and line.agreement_id is not None:
        raise NotFound(Agreement.KIND, line.agreement_id)
    if plain is None or plain.allowed or not line.override_reserve:
        return plain
    return choose(known.check(line.case, reserve_overridden=True), only=line.agreement_id)


def _needs_the_act_alone(known: Known, line: Sought) -> bool:
    """Return whether an agreement would allow the line but for the reserve, at whatever price: then it goes under that one, by the act alone."""
    verdict = choose(known.check(replace(line.case, cost=None), reserve_overridden=True))
    return verdict is not None and verdict.allowed


def _once(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    return tuple(reason for at, reason in enumerate(reasons) if reason not in reasons[:at])


def _reasons(verdict: Verdict | None) -> tuple[Reason, ...]:
    return (NO_AGREEMENT,) if verdict is None else verdict.reasons


def _against(verdict: Verdict | None) -> tuple[Reason, ...]:
    return (NO_AGREEMENT,) if verdict is None else verdict.against


def _told(index: int, line: Sought, verdict: Verdict | None, reason: Reason) -> dict[str, Any]:
    agreement = None if verdict is None else verdict.agreement
    return {
        "line": index,
        "request_line_id": line.request_line_id,
        "agreement_id": None if agreement is None else agreement.id,
        "agreement_code": None if agreement is None else agreement.code,
        **reason.told(),
    }
