"""A dispatch system's end of Concord's webhooks, in Python: verify, keep once, answer, say what was taken over.

    pip install standardwebhooks
    CONCORD_WEBHOOK_SECRET=whsec_… CONCORD_URL=https://concord.example.org CONCORD_TOKEN=concord_… CONCORD_WEBHOOK=<id> \
        PORT=9000 python receiver.py

Events come in the journal's order and at least once. What is kept here, in SQLite, is kept once, by its id, before it is answered: whoever
answers first and falls over then has lost it. That it was taken over is said again and again until it is heard, also after a restart: what is
still to be said stands beside the event. Put a proxy that ends TLS in front of it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

LARGEST = 1 << 20
LONGEST_PAUSE_S = 60.0
"""Between two tries to say that something was taken over; somebody is rung after that time."""
CONFLICT, SERVER_ERROR = 409, 500
LATER = {401, 403, 408, 425, 429}
"""Refusals that end: a token that was renewed, a limit that was kept to. Any other 4xx says the same the next time."""


class Store:
    """What was received."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path)
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, type TEXT, body TEXT, number TEXT, to_say INTEGER)"
        )

    def keep(self, event: dict) -> bool:
        """Keep an event, durably, and whether it is to be said that it was taken over; False where it was kept before."""
        wants = bool(event["data"].get("receipt"))  # a heartbeat has none
        with self.db:
            kept = self.db.execute(
                "INSERT INTO event (id, type, body, to_say) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (event["id"], event["type"], json.dumps(event), wants),
            )
        return kept.rowcount == 1

    def to_say(self) -> list[dict]:
        """Return the events of which it is still to be said that they were taken over, the first one first."""
        rows = self.db.execute("SELECT body FROM event WHERE to_say ORDER BY rowid")
        return [json.loads(body) for (body,) in rows]

    def said(self, event: dict) -> None:
        """Note that it was said."""
        with self.db:
            self.db.execute("UPDATE event SET to_say = 0 WHERE id = ?", (event["id"],))

    def number(self, event: dict) -> str | None:
        """Return the number under which this system keeps the event's incident, if it has one: yours comes from your own books."""
        incident = event["data"]["incident"]
        return incident and f"P-{incident['ref']}"


class Handler(BaseHTTPRequestHandler):
    """One request. A drill's event is marked: here it is kept and shown to nobody who sends real vehicles."""

    timeout = float(os.environ.get("TIMEOUT_S", "15"))
    """A connection that says nothing for so long is closed."""
    kept_at: str
    webhook: Webhook
    news: threading.Event

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= LARGEST:
            self.answer(413)
            return
        body = self.rfile.read(length)  # exactly these bytes were signed: verify before anything reads them
        try:
            event = self.webhook.verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.answer(401)
            return
        store = Store(self.kept_at)
        new = store.keep(event)
        store.db.close()
        self.answer(204)
        if new:
            self.news.set()

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_said: object) -> None:
        """Say nothing of each request."""


def take(event: dict, number: str | None) -> bool:
    """Say ``taken_into_dispatch`` for an event that wants it, under our number; False where it is to be said again later.

    Once said, a second time is refused, which does no harm.
    """
    data = event["data"]
    address = (
        f"{os.environ['CONCORD_URL']}/api/v1/spaces/{data['space']}/webhooks/{os.environ['CONCORD_WEBHOOK']}/receipts"
    )
    request = urllib.request.Request(
        address,
        data=json.dumps({"seq": data["seq"], "number": number}).encode(),
        headers={"Authorization": f"Bearer {os.environ['CONCORD_TOKEN']}", "Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as refusal:
        print(f"not told that {event['id']} was taken over: {refusal}", flush=True)
        if number is not None and refusal.code == CONFLICT and b"/problems/duplicate" in refusal.read():
            return take(event, None)  # another incident has our number: without it, nobody is rung
        return refusal.code < SERVER_ERROR and refusal.code not in LATER
    except OSError as error:  # nobody answers
        print(f"not told that {event['id']} was taken over: {error}", flush=True)
        return False
    return True


def say_all(path: str, news: threading.Event) -> None:
    """Say what was taken over, in order, and again until it is heard; for ever."""
    store, pause_s = Store(path), 1.0
    while True:
        news.clear()
        heard = True
        for event in store.to_say():
            if not (heard := take(event, store.number(event))):
                break
            store.said(event)
        pause_s = 1.0 if heard else min(2 * pause_s, LONGEST_PAUSE_S)
        news.wait(None if heard else pause_s)


def main() -> None:
    """Serve until killed."""
    Handler.kept_at, Handler.news = os.environ.get("STORE", "received.sqlite"), threading.Event()
    Handler.webhook = Webhook(os.environ["CONCORD_WEBHOOK_SECRET"])
    # Each request has a thread of its own: a connection that breaks off midway holds up no other.
    server = ThreadingHTTPServer((os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "9000"))), Handler)
    threading.Thread(target=say_all, args=(Handler.kept_at, Handler.news), daemon=True).start()
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
