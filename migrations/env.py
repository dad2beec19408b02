"""Alembic's environment. ``app/store/migrate.py`` hands in an open connection; there is no ini file and no second way in."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import app.store.tables  # noqa: F401 - fills the metadata
from app.store.tables.base import UtcTime


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write our own column types as the plain ones they are, so that a migration needs nothing of the application."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    compare_type=True,
    compare_server_default=False,
    render_item=render_item,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
