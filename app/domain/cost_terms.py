"""What help costs by an agreement: its terms, and what comes of them for what a mission took. No clock, no database.

One rule frees: *free for N hours* frees the same share of everything. Of 16 hours of which 12 are free, three quarters of the
kilometres, of the people's hours and of what was used up are free too; a mission that lasts a minute more costs a minute more.
What a relief did while the unit it relieves was still at work counts once: it is taken off the relief.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, NamedTuple, Protocol, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.forms import NO_LANGUAGE, WHOLE, Code, Form, ShortText, Texts
from app.domain.money import ZERO, Amount, Currency, quantity, rounded

Item: TypeAlias = Literal["vehicle_hours", "person_hours", "kilometres", "consumables"]
ReasonCode: TypeAlias = Literal[
    "free", "free_without_agreement", "free_hours", "relief_overlap", "not_eligible", "estimated", "by_times",
]  # fmt: skip
Days: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=3650), WHOLE]

ITEMS: Final[tuple[Item, ...]] = ("vehicle_hours", "person_hours", "kilometres", "consumables")
UNITS: Final[Mapping[Item, str]] = {"vehicle_hours": "h", "person_hours": "h", "kilometres": "km"}
"""What an item is counted in; a consumable says so itself."""
EXPECTED_HOURS: Final = 8
"""How long a deployment is taken to last where nobody says: one shift. This project's working figure."""
CLAIM_DAYS: Final = 90
PAY_DAYS: Final = 60
"""Deadlines where the terms name none: this project's working figures."""
RATE_DAYS: Final = 7
"""How old an exchange rate may be for a day: banks publish none on Sundays and feasts."""


# ---------------------------------------------------------------- what is agreed


class ItemRate(Form):
    """What one unit of something costs. The most exact rate counts: that of the type before that of all types."""

    item: Item
    rate: Amount
    """For an hour, a kilometre, or one ``unit`` of a consumable."""
    type: Code | None = None
    """Only for resources of this type."""
    consumable: ShortText | None = None
    """Which one, as it is written down when it was used."""
    unit: ShortText | None = None
    """What the consumable is counted in."""

    @model_validator(mode="after")
    def _consumables_by_name(self) -> Self:
        named = self.consumable is not None and self.unit is not None
        if named is not (self.item == "consumables") or (self.consumable is None) is not (self.unit is None):
            raise PydanticCustomError(
                "value_error", "consumable and unit stand with consumables, and with nothing else"
            )
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """What the rate is for."""
        return (self.item, self.type or "", (self.consumable or "").casefold(), (self.unit or "").casefold())


class Disputes(Form):
    """What happens where the two sides do not agree on a line."""

    answer_within_days: Days | None = None
    settled_by: Texts = Field(default_factory=dict)
    """Who decides in the end, by language."""


class Cost(Form):
    """Who pays. The first ``hours`` are free where the terms say so, and only there.

    Terms of before there were rates hold no more than ``terms`` and ``hours``: nothing can be claimed under them.
    """

    terms: Literal["free", "free_for_hours", "reimbursed"]
    hours: Annotated[int, Field(strict=True, ge=1, le=24 * 365), WHOLE] | None = None
    currency: Currency | None = None
    """What is claimed in; the lender's own currency if nothing is said."""
    rate_date: Literal["mobilised", "home", "submitted"] = "home"
    """Which day's exchange rate counts: that of the first departure, of the last return, of the claim."""
    rates: Annotated[tuple[ItemRate, ...], Field(max_length=200)] = ()
    """What can be claimed; anything else can't."""
    claim_within_days: Days | None = None
    """After the unit is home."""
    pay_within_days: Days | None = None
    """After the claim was submitted."""
    disputes: Disputes | None = None

    @model_validator(mode="after")
    def _hours_where_they_count(self) -> Self:
        if (self.terms == "free_for_hours") is (self.hours is None):
            raise PydanticCustomError("value_error", "hours stand with free_for_hours, and with nothing else")
        if self.terms == "free" and self.rates:
            raise PydanticCustomError("value_error", "what is free has no rates")
        keys = [rate.key for rate in self.rates]
        if len(set(keys)) < len(keys):
            raise PydanticCustomError("value_error", "two rates are for the same")
        return self

    def rate_of(self, item: Item, type_code: str, consumable: str = "", unit: str = "") -> Decimal | None:
        """Return what a unit of the item costs for this type; None where it can't be claimed."""
        by_key = {rate.key: rate.rate for rate in self.rates}
        for kind in (type_code, ""):
            found = by_key.get((item, kind, consumable.casefold(), unit.casefold()))
            if found is not None:
                return found
        return None

    def under(self, agreed: Self) -> Self:
        """Return a lender's own terms as they count under an agreement: what is paid is its own, how and when stands in the paper."""
        paper = ("currency", "rate_date", "claim_within_days", "pay_within_days", "disputes")
        return self.model_copy(update={name: getattr(agreed, name) for name in paper})

    def stored(self) -> dict[str, Any]:
        """Return the terms as offer lines hold them: what is not said is left out, so that short ones stay short."""
        told = self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        return {"terms": self.terms} | told


FREE: Final = Cost(terms="free")


def in_languages(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return terms as they are stored, with the texts that once were in one language under the code for none that was said (``und``)."""
    disputes = stored.get("disputes")
    if not disputes or not isinstance(disputes.get("settled_by"), str):
        return dict(stored)
    text = disputes["settled_by"]
    return {**stored, "disputes": {**disputes, "settled_by": {NO_LANGUAGE: text} if text else {}}}


def read_cost(stored: Mapping[str, Any]) -> Cost:
    """Read cost terms as a row holds them, also those of before there was a text per language."""
    return Cost.model_validate(in_languages(stored))


class MoreThanAgreed(NamedTuple):
    """In what a lender's own terms ask more than the agreement lets it: a code of the agreement's reasons, with its figures."""

    code: Literal["cost_above_agreed", "cost_free_hours", "cost_currency"]
    figures: Mapping[str, Any]


def more_than_agreed(
    own: Cost, agreed: Cost, type_codes: Sequence[str], ledger: str | None
) -> Iterator[MoreThanAgreed]:
    """Go through what a lender's own terms ask for units of these types beyond the agreement's. To ask less is nobody's harm.

    ``ledger`` is the lender's own currency, where the terms name none. Currencies are not compared by a rate: it moves.
    """
    if own.terms == "free" or not own.rates:
        return
    wanted, paid_in = own.currency or ledger, agreed.currency or ledger
    if wanted != paid_in and agreed.terms != "free":
        yield MoreThanAgreed("cost_currency", {"currency": wanted or "", "agreed_currency": paid_in or ""})
        return
    if (own.hours or 0) < (agreed.hours or 0):
        yield MoreThanAgreed("cost_free_hours", {"hours": own.hours or 0, "agreed_hours": agreed.hours or 0})
    asked: dict[tuple[str, ...], MoreThanAgreed] = {}
    for type_code in type_codes:
        for rate in own.rates:
            what = (rate.item, type_code, rate.consumable or "", rate.unit or "")
            asks, allowed = own.rate_of(*what), agreed.rate_of(*what) or ZERO
            if asks is not None and asks > allowed:
                item = rate.item if rate.consumable is None else f"{rate.consumable} ({rate.unit})"
                figures = {"item": item, "asks": str(asks), "agreed": str(allowed), "currency": wanted or ""}
                asked.setdefault((rate.item, *rate.key[2:]), MoreThanAgreed("cost_above_agreed", figures))
    yield from asked.values()


class Priced(Protocol):
    """Cost terms, as far as it counts by which day's exchange rate they are converted."""

    @property
    def terms(self) -> str: ...
    @property
    def rates(self) -> Sequence[object]: ...
    @property
    def rate_date(self) -> str: ...


def rate_dates(costs: Iterable[Priced]) -> list[str]:
    """Return by which days' exchange rates these terms are converted, in the order of the alphabet; what is free is converted by none."""
    return sorted({cost.rate_date for cost in costs if cost.terms != "free" and cost.rates})


def rate_at(of: str, left: Iterable[datetime | None], home: Iterable[datetime | None], now: datetime) -> datetime:
    """Return the instant whose day's exchange rate counts, ``of`` which the terms say (``rate_date``).

    ``now`` stands for what is not known, and for the claim.
    """
    if of == "mobilised":
        return min((at for at in left if at is not None), default=now)
    if of == "home":
        return max((at for at in home if at is not None), default=now)
    return now


class YearlyCost(Form):
    """The most that help under an agreement may cost in a calendar year."""

    amount: Amount
    currency: Currency


# ---------------------------------------------------------------- what was done


@dataclass(frozen=True, slots=True)
class Consumed:
    """Something that was used up."""

    item: str
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Effort:
    """What a mission took, or is expected to take. ``overlap_hours`` of ``hours`` the unit it relieved was at work too."""

    hours: Decimal
    crew: int | None = None
    person_hours: Decimal | None = None
    """Where somebody counted them; else people times hours."""
    kilometres: Decimal | None = None
    kilometres_estimated: bool = False
    consumables: tuple[Consumed, ...] = ()
    overlap_hours: Decimal = ZERO
    hours_assumed: bool = False
    """Nobody has said how long it lasts: ``hours`` are this project's working figure."""
    alone_hours: Decimal | None = None
    """Of ``hours``, those since it was split off a formation: before, its vehicle is the formation's; its people are its own."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a line is not simply quantity times rate: a code, with its figures."""

    code: ReasonCode
    figures: Mapping[str, str] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """Return the reason as rows and the API hold it."""
        return {"code": self.code, "figures": dict(self.figures)}


@dataclass(frozen=True, slots=True)
class BilledLine:
    """One item of a mission: what was measured = what counts once elsewhere + what is free + what is to be paid."""

    item: Item
    consumable: str | None
    unit: str
    quantity: Decimal
    overlap: Decimal
    free: Decimal
    billable: Decimal
    rate: Decimal | None
    """None: not among what the terms name."""
    amount: Decimal
    why: tuple[Why, ...]


def bill(cost: Cost, type_code: str, effort: Effort, currency: str) -> tuple[BilledLine, ...]:
    """Return what a mission costs by the terms, item by item; each amount rounded, so that their sum is the total."""
    hours = quantity(max(effort.hours, ZERO))
    overlap = min(quantity(max(effort.overlap_hours, ZERO)), hours)
    share = _free_share(cost, hours - overlap)
    vehicle = hours if effort.alone_hours is None else min(quantity(effort.alone_hours), hours)
    lines = [_line(cost, type_code, currency, _Measured("vehicle_hours", vehicle, min(overlap, vehicle)), share)]
    people = _people(effort, hours)
    if people is not None:
        alongside = quantity(people * overlap / hours) if hours else ZERO
        counted: tuple[Why, ...] = (
            () if effort.person_hours is not None else (Why("by_times", {"crew": str(effort.crew)}),)
        )
        lines.append(_line(cost, type_code, currency, _Measured("person_hours", people, alongside, counted), share))
    if effort.kilometres is not None:
        guessed: tuple[Why, ...] = (Why("estimated"),) if effort.kilometres_estimated else ()
        driven = _Measured("kilometres", quantity(effort.kilometres), ZERO, guessed)
        lines.append(_line(cost, type_code, currency, driven, share))
    for used in effort.consumables:
        spent = _Measured("consumables", quantity(used.quantity), ZERO, (), used.item, used.unit)
        lines.append(_line(cost, type_code, currency, spent, share))
    return tuple(lines)


def total(lines: Sequence[BilledLine]) -> Decimal:
    """Return what the lines come to."""
    return sum((line.amount for line in lines), ZERO)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an offer line is expected to cost, for one unit; nothing that binds anybody."""

    amount: Decimal
    currency: str
    hours: Decimal
    kilometres: Decimal
    crew: int

    def told(self, count: int = 1) -> dict[str, Any]:
        """Return the estimate for ``count`` units as offers and candidates hold it."""
        return {
            "amount": str(self.amount * count),
            "currency": self.currency,
            "hours": str(self.hours),
            "kilometres": str(self.kilometres),
            "crew": self.crew,
        }


def estimate(cost: Cost, type_code: str, effort: Effort, currency: str) -> Estimate:
    """Return what one unit is expected to cost by the terms: expected hours, the way there and back, its crew."""
    paid_in = cost.currency or currency
    lines = bill(cost, type_code, effort, paid_in)
    km = ZERO if effort.kilometres is None else quantity(effort.kilometres)
    return Estimate(rounded(total(lines), paid_in), paid_in, quantity(effort.hours), km, effort.crew or 0)


def without_agreement(lines: Iterable[BilledLine]) -> tuple[BilledLine, ...]:
    """Return the lines of help that no agreement covers: what is free there is free because nothing was agreed."""

    def reworded(why: Why) -> Why:
        return Why("free_without_agreement") if why.code == "free" else why

    return tuple(replace(line, why=tuple(map(reworded, line.why))) for line in lines)


@dataclass(frozen=True, slots=True)
class _Measured:
    item: Item
    quantity: Decimal
    overlap: Decimal
    why: tuple[Why, ...] = ()
    consumable: str | None = None
    unit: str = ""


def _people(effort: Effort, hours: Decimal) -> Decimal | None:
    if effort.person_hours is not None:
        return quantity(effort.person_hours)
    return None if effort.crew is None else quantity(hours * effort.crew)


def _free_share(cost: Cost, hours: Decimal) -> Decimal:
    """Return the share of everything that is free: all of it, or the agreed hours of those that count."""
    if cost.terms == "free":
        return Decimal(1)
    if cost.hours is None:
        return ZERO
    return Decimal(1) if hours <= cost.hours else cost.hours / hours


def _line(cost: Cost, type_code: str, currency: str, of: _Measured, share: Decimal) -> BilledLine:
    unit = of.unit or UNITS[of.item]
    rate = cost.rate_of(of.item, type_code, of.consumable or "", of.unit)
    counted = of.quantity - of.overlap
    free = min(counted, quantity(counted * share))
    why = list(of.why)
    if of.overlap:
        why.append(Why("relief_overlap", {"quantity": str(of.overlap)}))
    if cost.terms == "free":
        why.append(Why("free"))
    elif rate is None:
        free = ZERO
        why.append(Why("not_eligible"))
    elif free:
        why.append(Why("free_hours", {"hours": str(cost.hours), "quantity": str(free)}))
    billable = ZERO if rate is None else counted - free
    amount = rounded(billable * (rate or ZERO), currency)
    return BilledLine(of.item, of.consumable, unit, of.quantity, of.overlap, free, billable, rate, amount, tuple(why))
