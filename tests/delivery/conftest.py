"""What the stories of webhooks begin with is what those of commands begin with."""

from __future__ import annotations

from tests.commands.conftest import act, ask, conn, do, home, incident, reader, sent, sign, walk

__all__ = ["act", "ask", "conn", "do", "home", "incident", "reader", "sent", "sign", "walk"]
