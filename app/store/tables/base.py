"""What every table shares: column types, keys that include the space, and the state that goes into the journal.

SQLModel classes with ``table=True`` validate nothing and never face the API; CHECK constraints stand beneath them.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint
from sqlmodel import Field, SQLModel
from typing_extensions import override

from app.domain.chain import plain
from app.domain.lifecycle import states

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

JOURNALED: Final[dict[str, type[Journaled]]] = {}
"""Kind of row → table class, for everything whose state stands in the journal."""


class UtcTime(DateTime):
    """``timestamptz``: aware on the way in and out."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)


def ref(columns: str, table: str, *, name: str | None = None) -> ForeignKeyConstraint:
    """Return a foreign key from ``columns`` (spaces between) to ``table``'s id, within the same space."""
    local = columns.split()
    remote = ["id"] if len(local) == 1 else ["id", *local[1:]]
    return ForeignKeyConstraint(
        ["space_id", *local], [f"{table}.space_id", *(f"{table}.{r}" for r in remote)], name=name
    )


def one_of(column: str, values: tuple[str, ...], *, null: bool = False) -> CheckConstraint:
    """Return a CHECK that ``column`` holds one of ``values`` (or nothing, with ``null``)."""
    listed = ", ".join(f"'{value}'" for value in values)
    allow = f"{column} IS NULL OR " if null else ""
    return CheckConstraint(f"{allow}{column} IN ({listed})", name=column)


def state_of(machine: str, column: str = "status") -> CheckConstraint:
    """Return a CHECK that ``column`` holds a state of the machine in ``protocols/lifecycle``."""
    return one_of(column, states(machine))


class Journaled(SQLModel):
    """A row whose state goes into the journal whenever it changes.

    ``revision`` starts at 1 and grows by one with every command that changes the row. ``HIDDEN`` names the columns
    that stay in the table (names, phones, secrets), so that they can be erased without touching the chain.
    """

    KIND: ClassVar[str] = ""
    HIDDEN: ClassVar[frozenset[str]] = frozenset()

    revision: int = Field(default=1, ge=1)

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.KIND:
            JOURNALED[cls.KIND] = cls

    def state(self) -> dict[str, Any]:
        """Return the row as the journal and the API tell it, without what is hidden."""
        names = type(self).public_columns()
        return {name: plain(getattr(self, name)) for name in names}

    @classmethod
    def public_columns(cls) -> tuple[str, ...]:
        """Return the names of the columns that may leave the table, in their order."""
        found = _PUBLIC.get(cls)
        if found is None:
            hidden = cls.HIDDEN | {"space_id"}
            found = _PUBLIC[cls] = tuple(name for name in cls.model_fields if name not in hidden)
        return found


_PUBLIC: dict[type[Journaled], tuple[str, ...]] = {}


class Spaced(Journaled):
    """A journaled row that belongs to a space; a shadow row in a drill keeps its id."""

    space_id: str = Field(primary_key=True, foreign_key="space.id", max_length=64)
    id: UUID = Field(primary_key=True)
