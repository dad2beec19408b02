"""Overlays: what a member does otherwise than a shared protocol says, and why, as typed operations. All of it is pure.

An operation is stored with what the shared protocol said when it was written (``was``). When the shared one says something
else in a newer version, the operation no longer fits: it is told, to be reviewed, and the rest still applies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from app.domain.errors import Conflict, FieldError, MissingField
from app.domain.forms import WHOLE, Code, Form, Note, Quantity
from app.domain.playbooks import MOST_MINUTES, Item, PackageLine
from app.domain.resource_types import require_type
from app.domain.vocabulary import codes, require

if TYPE_CHECKING:
    from app.domain.playbooks import Playbook

MOST_OPERATIONS: Final = 100
Priority = Literal["life_safety", "incident_stabilisation", "property", "recovery"]
DueMinutes = Annotated[int, Field(strict=True, ge=0, le=MOST_MINUTES), WHOLE]
Texts = Annotated[dict[Code, Note], Field(min_length=1, max_length=10)]
"""Language (ISO 639-1) → text; one language is enough for a member's own."""


class ChangeQuantity(Form):
    """Ask for more of a type, or for less."""

    op: Literal["change_quantity"]
    type_code: Code
    quantity: Quantity
    why: Note


class AddLine(Form):
    """Ask for a type that the shared package has not."""

    op: Literal["add_line"]
    type_code: Code
    quantity: Quantity
    priority: Priority
    within_min: DueMinutes
    why: Note


class RemoveLine(Form):
    """Do without a type of the shared package."""

    op: Literal["remove_line"]
    type_code: Code
    why: Note


class AddItem(Form):
    """One more thing to do in the first hour."""

    op: Literal["add_item"]
    code: Code
    due_min: DueMinutes
    texts: Texts
    why: Note


class ChangeItem(Form):
    """Do a thing of the shared checklist sooner or later, or say it in other words."""

    op: Literal["change_item"]
    code: Code
    due_min: DueMinutes | None = None
    texts: Texts | None = None
    why: Note


class RemoveItem(Form):
    """Leave a thing of the shared checklist out."""

    op: Literal["remove_item"]
    code: Code
    why: Note


class SetRadioPlan(Form):
    """Use another radio plan."""

    op: Literal["set_radio_plan"]
    texts: Texts
    why: Note


class AddRendezvousKind(Form):
    """Want one more kind of rendezvous."""

    op: Literal["add_rendezvous_kind"]
    kind: Code
    why: Note


class RemoveRendezvousKind(Form):
    """Do without a kind of rendezvous."""

    op: Literal["remove_rendezvous_kind"]
    kind: Code
    why: Note


Operation: TypeAlias = Annotated[
    ChangeQuantity
    | AddLine
    | RemoveLine
    | AddItem
    | ChangeItem
    | RemoveItem
    | SetRadioPlan
    | AddRendezvousKind
    | RemoveRendezvousKind,
    Field(discriminator="op"),
]
Operations = Annotated[tuple[Operation, ...], Field(min_length=1, max_length=MOST_OPERATIONS)]
_STORED: Final[TypeAdapter[Operation]] = TypeAdapter(Operation)
_FIGURES: Final = ("quantity", "priority", "within_min")


@dataclass(frozen=True, slots=True)
class Difference:
    """One operation, and what it makes of the shared protocol's word. Without ``fits`` it does not apply: review it."""

    op: str
    part: str
    key: str
    base: Any
    """What the shared protocol says now; None where it has nothing."""
    own: Any
    """What the member says; None where it leaves it out."""
    why: str
    fits: bool


@dataclass(frozen=True, slots=True)
class Effective:
    """A protocol as it applies to one member, and how it differs from the shared one."""

    playbook: Playbook
    differences: tuple[Difference, ...] = ()

    @property
    def to_review(self) -> tuple[Difference, ...]:
        """What does not fit any more."""
        return tuple(each for each in self.differences if not each.fits)


def part_of(operation: Operation) -> tuple[str, str]:
    """Return which part of a protocol an operation is about: the kind of part, and its code."""
    match operation:
        case ChangeQuantity() | AddLine() | RemoveLine():
            return "line", operation.type_code
        case AddItem() | ChangeItem() | RemoveItem():
            return "item", operation.code
        case SetRadioPlan():
            return "radio_plan", ""
        case AddRendezvousKind() | RemoveRendezvousKind():
            return "rendezvous", operation.kind


def base_value(base: Playbook, operation: Operation) -> Any:
    """Return what the shared protocol says where the operation says something else, as JSON; None where it has nothing."""
    match operation:
        case ChangeQuantity() | AddLine() | RemoveLine():
            line = next((each for each in base.package if each.type_code == operation.type_code), None)
            if line is None:
                return None
            return line.quantity if operation.op == "change_quantity" else line.model_dump(include={*_FIGURES})
        case AddItem() | ChangeItem() | RemoveItem():
            item = next((each for each in base.checklist if each.code == operation.code), None)
            if item is None:
                return None
            fields = _changed(operation) if operation.op == "change_item" else {"due_min", "texts"}
            return item.model_dump(include=fields)
        case SetRadioPlan():
            return dict(base.radio_plan)
        case AddRendezvousKind() | RemoveRendezvousKind():
            return operation.kind if operation.kind in base.rendezvous else None


def own_value(operation: Operation) -> Any:
    """Return what the member says, as JSON; None where it leaves something out."""
    match operation:
        case ChangeQuantity():
            return operation.quantity
        case AddLine():
            return operation.model_dump(include={*_FIGURES})
        case AddItem() | ChangeItem():
            return operation.model_dump(include=_changed(operation))
        case SetRadioPlan():
            return dict(operation.texts)
        case AddRendezvousKind():
            return operation.kind
        case _:
            return None


def written(
    base: Playbook, operations: Sequence[Operation], kept: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Return the operations as they are stored, each with what ``base`` says now.

    One that stands in ``kept``, as stored before, stays as it is: what is still to be reviewed stays so.

    Raises:
        UnknownCode: a type, language or kind that is in no list.
        MissingField: a changed item without a change.
        Conflict: an operation on what is not there, on what is there already, or a second one on the same part.
    """
    seen: set[tuple[str, str]] = set()
    stored = []
    known = [({name: value for name, value in each.items() if name != "was"}, dict(each)) for each in kept]
    for number, operation in enumerate(operations):
        pointer = f"/operations/{number}"
        _require_known(operation, pointer)
        part = part_of(operation)
        was = base_value(base, operation)
        adds = operation.op.startswith("add_")
        said = operation.model_dump(mode="json", exclude_none=True)
        before = next((each for as_said, each in known if as_said == said), None)
        if part in seen:
            raise _refused(pointer, "Another operation is about the same part already.", "Say it in one operation.")
        if before is None and adds and was is not None:
            hint = "Change what is there, or leave the operation out."
            raise _refused(pointer, f"The shared protocol has {part[1]!r} already.", hint)
        if before is None and not adds and was is None:
            hint = "Read the shared protocol again, and name one of its parts."
            raise _refused(pointer, f"The shared protocol has no {part[1]!r}.", hint)
        seen.add(part)
        stored.append(said | {"was": was} if before is None else before)
    return stored


def effective(base: Playbook, stored: Sequence[Mapping[str, Any]]) -> Effective:
    """Return ``base`` with the stored operations of an overlay, those that still fit, and what each makes different."""
    lines = {line.type_code: line for line in base.package}
    items = {item.code: item for item in base.checklist}
    kinds = list(base.rendezvous)
    plan: dict[str, str] = base.radio_plan
    differences = []
    for each in stored:
        operation = read_operation(each)
        now = base_value(base, operation)
        fits = now == each.get("was")
        part, key = part_of(operation)
        differences.append(Difference(operation.op, part, key, now, own_value(operation), operation.why, fits))
        if not fits:
            continue
        match operation:
            case ChangeQuantity():
                lines[key] = lines[key].model_copy(update={"quantity": operation.quantity})
            case AddLine():
                lines[key] = PackageLine(type_code=key, **operation.model_dump(include={*_FIGURES}))
            case RemoveLine():
                del lines[key]
            case AddItem():
                items[key] = Item.model_construct(code=key, due_min=operation.due_min, texts=dict(operation.texts))
            case ChangeItem():
                items[key] = items[key].model_copy(update=operation.model_dump(include=_changed(operation)))
            case RemoveItem():
                del items[key]
            case SetRadioPlan():
                plan = dict(operation.texts)
            case AddRendezvousKind():
                kinds.append(key)
            case RemoveRendezvousKind():
                kinds.remove(key)
    changed = {
        "package": tuple(lines.values()),
        "checklist": tuple(sorted(items.values(), key=lambda item: item.due_min)),
        "radio_plan": plan,
        "rendezvous": tuple(kinds),
    }
    return Effective(base.model_copy(update=changed), tuple(differences))


def read_operation(stored: Mapping[str, Any]) -> Operation:
    """Return an operation as it was sent."""
    return _STORED.validate_python({name: value for name, value in stored.items() if name != "was"})


def _changed(operation: ChangeItem | AddItem | RemoveItem) -> set[str]:
    return {name for name in ("due_min", "texts") if getattr(operation, name, None) is not None}


def _require_known(operation: Operation, pointer: str) -> None:
    if isinstance(operation, ChangeQuantity | AddLine | RemoveLine):
        require_type(operation.type_code, pointer=f"{pointer}/type_code")
    if isinstance(operation, AddRendezvousKind | RemoveRendezvousKind):
        require("kind of rendezvous", operation.kind, codes("rendezvous_kinds"), pointer=f"{pointer}/kind")
    if isinstance(operation, AddItem | ChangeItem | SetRadioPlan):
        for language in operation.texts or ():
            require("language", language, codes("languages"), pointer=f"{pointer}/texts/{language}")
    if isinstance(operation, ChangeItem) and not _changed(operation):
        detail = "Say by when it is due, or in which words."
        raise MissingField(detail, errors=[FieldError(f"{pointer}/due_min", MissingField.slug, detail)])


def _refused(pointer: str, detail: str, hint: str) -> Conflict:
    return Conflict(detail, errors=[FieldError(pointer, Conflict.slug, detail)], hint=hint)
