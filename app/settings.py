"""Every setting, read from the environment under the prefix ``CONCORD_``; README lists them, and a test compares.

Also the one resolver of data files: in a checkout ``protocols/`` and ``migrations/`` stand beside ``app/``, in an
installed wheel under ``app/_data/``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

_APP = Path(__file__).resolve().parent


def _address(value: str) -> str:
    if not re.match(r"postgres(ql)?(\+asyncpg)?://", value):
        raise PydanticCustomError("database_url", "it is written postgresql://user:password@host:port/name")
    return value


class Settings(BaseSettings):
    """The settings of one process. Durations carry their unit in the name."""

    model_config = SettingsConfigDict(env_prefix="CONCORD_", frozen=True, extra="ignore")

    database_url: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None,
        description="PostgreSQL (15 or later) to use instead of the embedded one.",
    )
    data: Path | None = Field(
        default=None, description="Folder of the embedded database; chosen by who runs it when unset."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: str | None = Field(
        default=None, description="Address under which people reach the service, e.g. https://help.example."
    )
    feed_origins: str = Field(
        default="", description="Other origins, with commas between, from which the feed may be opened by token."
    )
    cookie_secure: bool | None = Field(
        default=None, description="Secure flag of the session cookie; unset: follows `public_url`."
    )
    trusted_proxies: str = Field(default="127.0.0.1", description="Addresses whose X-Forwarded-* headers are believed.")
    session_hours: int = Field(default=12, ge=1, le=24 * 30, description="Hours until a session ends by itself.")
    idle_minutes: int = Field(default=8 * 60, ge=5, le=24 * 60, description="Minutes without use until a session ends.")
    body_limit_kb: int = Field(default=1024, ge=16, le=65536, description="Largest body that is read, in KiB.")
    db_pool_size: int = Field(default=10, ge=1, le=200, description="Database connections a process keeps.")
    lock_timeout_ms: int = Field(
        default=5000, ge=100, le=60_000, description="Longest wait for a lock of the database."
    )
    debt_minutes: int = Field(
        default=60, ge=1, le=24 * 60, description="Minutes until the acts missing after a phone call are overdue."
    )
    ring_back_minutes: int = Field(
        default=2, ge=1, le=60, description="Minutes until an unconfirmed phone call alarms."
    )
    idempotency_hours: int = Field(default=24, ge=1, le=24 * 30, description="Hours an Idempotency-Key is remembered.")
    retention_days_calls: int = Field(
        default=365, ge=1, le=3650, description="Days after a phone call until it is forgotten who was rung."
    )
    retention_days_contacts: int = Field(
        default=90, ge=1, le=3650, description="Days after an incident is closed until names of liaison and guide go."
    )
    retention_days_audit: int = Field(
        default=400, ge=1, le=3650, description="Days until what was refused is forgotten."
    )
    treaty: str = Field(
        default="mutual assistance between neighbouring states, case by case",
        description="Legal basis named when help is given without an agreement (`ad_hoc`).",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line written."
    )
    log_json: bool = Field(default=False, description="Write log lines as JSON.")

    @property
    def origins(self) -> frozenset[str]:
        """``feed_origins``, each as a browser writes it."""
        return frozenset(origin.strip().lower().rstrip("/") for origin in self.feed_origins.split(",")) - {""}


def _data(name: str) -> Path:
    for folder in (_APP / "_data" / name, _APP.parent / name):
        if folder.is_dir():
            return folder
    message = f"the folder {name!r} is neither beside the package nor in it; install Concord again"
    raise FileNotFoundError(message)


@cache
def protocols_path() -> Path:
    """Return the folder of versioned protocol data (``protocols/``)."""
    return _data("protocols")


@cache
def migrations_path() -> Path:
    """Return the folder of database migrations (``migrations/``)."""
    return _data("migrations")
