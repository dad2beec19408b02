"""What the browser tests carry with them is what was published."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

VENDOR = Path(__file__).parent / "vendor"
LOCK = "vendor.lock.json"


def test_axe_is_what_was_published():
    """A checker changed by hand finds what it is told to find. (MPL-2.0: its notice and licence stay with it.)"""
    (package,) = json.loads((VENDOR / LOCK).read_text("utf-8"))["packages"]
    there = {
        path.name: "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
        for path in VENDOR.iterdir()
        if path.name != LOCK
    }
    assert there == package["files"]
    notice = (VENDOR / "axe.min.js").read_text("utf-8")[:600]
    assert f"axe v{package['version']}" in notice
    assert "Mozilla Public" in notice
