"""What the stories of webhooks begin with is what those of commands begin with."""

from __future__ import annotations

from tests.commands.conftest import act, ask, conn, do, incident, reader, sent, walk

__all__ = ["act", "ask", "conn", "do", "incident", "reader", "sent", "walk"]
