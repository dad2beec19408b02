"""What the door knows: each command's model, name and handler. Handlers enter themselves with ``@handles``."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

from app.domain.forms import Form, Instant, LongText

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork


class Command(Form):
    """The body of a command: imperative name, no unknown fields, checked for form before it comes to the door.

    What it is about (``target``) and the revision it starts from travel beside it, from the address and ``If-Match``.
    """

    CONFIDES: ClassVar[bool] = False
    """A refusal may tell what is hidden from others of the member: of it, the audit keeps the kind alone."""

    def said_otherwise(self) -> set[str] | None:
        """Return the fields by which a repeat need not be known, since another one says as much; None: all count."""
        return None


class Act(Command):
    """A command that is an act of people: when it happened, and why, in their own words."""

    occurred_at: Instant | None = None
    """When it happened, if not just now; never in the future."""
    why: LongText | None = None


class QuietAct(Command):
    """An act of a drill's staff about its script. Nobody says why in the journal, for players read it; nor does the audit."""

    CONFIDES = True

    occurred_at: Instant | None = None
    """When it happened, if not just now; never in the future."""


C = TypeVar("C", bound=Command)
Handler: TypeAlias = "Callable[[UnitOfWork, C], Awaitable[None]]"


@dataclass(frozen=True, slots=True)
class Entry:
    """One command as the door knows it."""

    name: str
    model: type[Command]
    handler: Handler[Any]


BY_MODEL: dict[type[Command], Entry] = {}
BY_NAME: dict[str, Entry] = {}


def snake(name: str) -> str:
    """Return ``OpenRequest`` as ``open_request``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def handles(model: type[C]) -> Callable[[Handler[C]], Handler[C]]:
    """Enter the decorated function as the handler of ``model``; its name must be the command's."""

    def enter(handler: Handler[C]) -> Handler[C]:
        name = snake(model.__name__)
        if handler.__name__ != name or name in BY_NAME:
            message = f"{handler.__name__} can't handle {model.__name__}: the name must be {name}, once"
            raise RuntimeError(message)
        BY_MODEL[model] = BY_NAME[name] = Entry(name, model, handler)
        return handler

    return enter
