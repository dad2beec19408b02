"""The pages of the API's description: everything they load is ours and is what its makers published."""

import base64
import hashlib
import json
import re

import httpx
import pytest
from fastapi import FastAPI

from app.entrypoints.http import docs, problems
from app.entrypoints.http.pages import STATIC, STATIC_PATH, render

VENDOR = STATIC_PATH / "vendor"


@pytest.fixture
async def client():
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json", routes=[STATIC])
    problems.install(app)
    docs.install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://concord.test") as client:
        yield client


def test_vendored_files_are_what_was_published():
    """A file changed by hand, or one that nobody wrote down, could hold anything."""
    lock = json.loads((VENDOR / "vendor.lock.json").read_text())
    listed = {}
    for package in lock["packages"]:
        assert {"name", "registry", "version", "licence", "integrity", "files"} == set(package) - {"edits"}
        assert any(name.endswith("/LICENSE") for name in package["files"])
        listed |= package["files"]
    there = {
        path.relative_to(VENDOR).as_posix(): "sha512-"
        + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "vendor.lock.json"
    }
    assert there == listed


async def test_the_viewer_loads_only_from_here(client):
    """In a crisis room without the Internet the description must still open; and our policy forbids inline scripts."""
    page = (await client.get("/docs")).text
    assert 'data-openapi="/api/v1/openapi.json"' in page
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(address.startswith("/") for address in loaded)
    for address in loaded:
        if address.startswith(("/static/", "/api/")):
            assert (await client.get(address)).status_code == 200, address
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|style=", page)


async def test_files_are_asked_for_again_only_when_changed(client):
    """1.7 MB of viewer need to cross a field connection once."""
    first = await client.get("/static/vendor/swagger-ui/swagger-ui-bundle.js")
    again = await client.get(first.request.url.path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get("/static/../http/docs.py")).status_code == 404
    assert (await client.get("/static/%2e%2e/__init__.py")).status_code == 404


def test_pages_escape_what_they_show():
    """A text with markup is shown, not run."""
    page = render("docs.html", openapi='"><script>alert(1)</script>').body.decode()
    assert "<script>alert" not in page
