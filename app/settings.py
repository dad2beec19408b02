"""Every setting, read from the environment under the prefix ``CONCORD_``; README lists them, and a test compares.

Also the one resolver of data files: in a checkout ``protocols/`` and ``migrations/`` stand beside ``app/``, in an
installed wheel under ``app/_data/``.
"""

from __future__ import annotations

import re
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

_APP = Path(__file__).resolve().parent


def _address(value: str) -> str:
    if not re.match(r"postgres(ql)?(\+asyncpg)?://", value):
        raise PydanticCustomError("database_url", "it is written postgresql://user:password@host:port/name")
    return value


def _networks(value: str) -> str:
    try:
        for part in filter(str.strip, value.split(",")):
            ip_network(part.strip())
    except ValueError:
        raise PydanticCustomError("networks", "networks are written 10.20.0.0/16, with commas between") from None
    return value


def _router(value: str) -> str:
    if not re.fullmatch(r"(osrm|valhalla)\+https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise PydanticCustomError("router", "it is written osrm+http://host:port or valhalla+https://host")
    return value


TREATY: Final = {
    "en": "mutual assistance between neighbouring states, case by case",
    "de": "gegenseitige Hilfe zwischen Nachbarstaaten, im Einzelfall",
    "fr": "l'assistance mutuelle entre États voisins, au cas par cas",
    "nl": "wederzijdse bijstand tussen buurstaten, per geval",
}
"""What help without an agreement rests on, where nobody has named the treaty."""


def _by_language(value: dict[str, str] | str) -> dict[str, str] | str:
    if isinstance(value, dict) and ("en" not in value or not all(map(str.strip, value.values()))):
        raise PydanticCustomError("treaty", "a text, or a JSON object of texts by language that has at least en")
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
    webhook_networks: Annotated[str, AfterValidator(_networks)] = Field(
        default="", description="Private networks, with commas between, into which webhooks may be sent, also by http."
    )
    webhook_timeout_s: float = Field(
        default=15, gt=0, le=30, description="Seconds in which a dispatch system has to answer a webhook."
    )
    inbox_body_kb: int = Field(
        default=64, ge=1, le=1024, description="Largest message of a dispatch system that is read, in KiB."
    )
    retention_days_inbox: int = Field(
        default=90, ge=1, le=3650, description="Days until a message of a dispatch system that is done with is erased."
    )
    retention_days_deliveries: int = Field(
        default=90, ge=1, le=3650, description="Days until what was sent to dispatch systems leaves their log."
    )
    roads: Path | None = Field(
        default=None,
        description="File of the corridor's roads, for times of travel; without one, 1.3 times the great circle.",
    )
    router: Annotated[str, AfterValidator(_router)] | None = Field(
        default=None,
        description="External router for times of travel, osrm+http://… or valhalla+http://…; when it fails, the own roads answer.",
    )
    treaty: Annotated[dict[str, str] | str, AfterValidator(_by_language)] = Field(
        default=TREATY,
        description="Legal basis named when help is given without an agreement (`ad_hoc`): one text, or a JSON object by language.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line written."
    )
    log_json: bool = Field(default=False, description="Write log lines as JSON.")

    @property
    def origins(self) -> frozenset[str]:
        """``feed_origins``, each as a browser writes it."""
        return frozenset(origin.strip().lower().rstrip("/") for origin in self.feed_origins.split(",")) - {""}

    def treaty_in(self, language: str) -> str:
        """Return what help without an agreement rests on, in a language; in English where it is not said in that one."""
        return self.treaty if isinstance(self.treaty, str) else self.treaty.get(language, self.treaty["en"])


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
