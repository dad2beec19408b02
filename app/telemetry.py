"""Log lines and figures: structlog for what happened, prometheus-client for how often and how long."""

from __future__ import annotations

import logging
import sys

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry(auto_describe=True)
COMMANDS = Counter("concord_commands", "Commands by name and outcome", ["command", "outcome"], registry=REGISTRY)
COMMAND_SECONDS = Histogram(
    "concord_command_seconds",
    "Time from a command's arrival at the door to its commit",
    ["command"],
    registry=REGISTRY,
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
COMMAND_RETRIES = Counter("concord_command_retries", "Commands run again after a deadlock or a race", registry=REGISTRY)
JOURNAL_SEQ = Gauge(
    "concord_journal_seq", "Sequence of the journal's last entry that this process saw", ["space"], registry=REGISTRY
)
DUE_DONE = Counter("concord_due_work", "Due work by kind and outcome", ["kind", "outcome"], registry=REGISTRY)
DUE_LATE_SECONDS = Histogram("concord_due_late_seconds", "How late due work was taken up", registry=REGISTRY)
HTTP_REQUESTS = Counter(
    "concord_http_requests",
    "HTTP requests by method, route and status",
    ["method", "route", "status"],
    registry=REGISTRY,
)
FEED_READERS = Gauge("concord_feed_readers", "Connections that follow a feed", registry=REGISTRY)
WEBHOOK_TRIES = Counter(
    "concord_webhook_tries",
    "Deliveries to dispatch systems that were tried, by outcome",
    ["outcome"],
    registry=REGISTRY,
)
REFUSED_LOGINS = Counter("concord_refused_logins", "Sign-ins refused, by reason", ["reason"], registry=REGISTRY)


def configure_logging(*, level: str = "info", as_json: bool = False) -> None:
    """Send every log line, ours and the libraries', to standard error in one form."""
    numeric = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The default one prints every local variable, passwords and tokens among them, and takes seconds over it.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer] if as_json else [*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(numeric, logging.WARNING))
