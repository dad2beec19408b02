"""``dispatch-sim`` as an integrator meets it: what it refuses, and what its report looks like in a narrow terminal."""

from __future__ import annotations

import base64

import pytest
from rich.console import Console
from typer.testing import CliRunner

from app.cli import app as concord
from app.cli import dispatch_report
from app.cli.dispatch_report import Only, conforming, show
from app.cli.terminal import USAGE, Refusal

SECRET = "whsec_" + base64.b64encode(b"s" * 24).decode()


@pytest.mark.parametrize("secret", ["abc", "whsec_abc", "whsec_" + "QUJD" * 4, "whsec_" + "QUJD" * 40, SECRET[6:]])
def test_what_is_no_secret_is_refused(secret):
    """Every trial would fail, and the integrator look for the fault in a receiver that is right."""
    probing = ["dispatch-sim", "probe", "http://127.0.0.1:1/", "--secret", secret]
    receiving = ["dispatch-sim", "receive", "--token", "t", "--webhook", "x", "--secret", secret]
    for args in (probing, receiving):
        refused = CliRunner().invoke(concord, args).exception
        assert isinstance(refused, Refusal)
        assert (refused.status, "--secret is no secret" in str(refused)) == (USAGE, True)


def test_where_nobody_listens_it_is_said_once():
    """Thirteen lines of advice about signatures, for a process that was never started."""
    result = CliRunner().invoke(concord, ["dispatch-sim", "probe", "http://127.0.0.1:1/", "--secret", SECRET])
    assert (result.exit_code, result.output.count("Nobody listens"), result.output.count("wants")) == (1, 1, 0)


def system(label):
    """Return the report of a webhook that did all that it has to."""
    figures = dict.fromkeys(("asked", "taken", "missed", "late", "waiting", "tries", "failed", "tried_again", "taken_again", "silences"), 12345)  # fmt: skip
    receipts = dict.fromkeys(("asked", "taken", "late", "missing", "awaited"), 3)
    return figures | {"label": label, "conforms": True, "findings": [], "receipts": receipts, "latency_ms_p50": 1.0, "latency_ms_p95": 2.0}  # fmt: skip


def test_many_systems_are_read_in_eighty_columns(monkeypatch):
    """In columns side by side each figure was cut off after its first digit."""
    console = Console(width=80, record=True, force_terminal=False)
    monkeypatch.setattr(dispatch_report, "out", console)
    found = {"webhooks": [system(f"Control room {number} of the whole province") for number in range(6)], "sources": []}
    show(found)
    text = console.export_text()
    assert text.count("12345") == 6 * 10
    assert all(f"Control room {number} of the whole province" in text for number in range(6))
    assert conforming(found)


def test_where_nothing_is_connected_nothing_conforms(monkeypatch):
    """A script that waits for the status 0 would open the door to a system that was never there."""
    console = Console(width=80, record=True)
    monkeypatch.setattr(dispatch_report, "out", console)
    found = {"webhooks": [], "sources": []}
    show(found)
    assert "Nothing is connected" in console.export_text()
    assert not conforming(found)


def test_a_conversation_judges_the_systems_it_plays_with():
    """A neighbour's trial, or last week's, would decide about this one."""
    live, trial = {"id": "a", "space_kinds": ["live"]}, {"id": "b", "space_kinds": ["integration"]}
    assert [Only("integration").means("webhooks", each) for each in (live, trial)] == [False, True]
    assert Only("integration", "c", "d").means("webhooks", trial) is False
    assert Only("integration", "b").means("webhooks", trial) is True
    assert Only("integration", "b").means("sources", trial) is False
