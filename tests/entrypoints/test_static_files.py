"""Files of the pages: compressed, kept by browsers, and new as soon as they have changed."""

from __future__ import annotations

import gzip
import os

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from app.entrypoints.http.static_files import KeptFiles, accepts_gzip

SCRIPT = "export const words = [\n" + "  'pump', 'boat', 'ambulance',\n" * 100 + "];\n"
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "main.js").write_text(SCRIPT)
    (tmp_path / "site" / "small.css").write_text("a { color: red }")
    (tmp_path / "secret.txt").write_text("not for you")
    return tmp_path / "site"


@pytest.fixture
async def browser(folder):
    application = Starlette(routes=[Mount("/static", KeptFiles(folder))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://x.test") as client:
        yield client


async def test_a_script_travels_compressed_once(browser):
    """On bad wifi the console would take a minute to open, and again at every visit."""
    first = await browser.get("/static/main.js", headers={"Accept-Encoding": "gzip"})
    assert first.text == SCRIPT
    assert first.headers["Content-Encoding"] == "gzip"
    assert int(first.headers["Content-Length"]) < len(SCRIPT) / 5
    assert first.headers["Content-Type"].startswith("text/javascript")
    assert first.headers["Vary"] == "Accept-Encoding"
    assert first.headers["Cache-Control"] == "no-cache"
    again = await browser.get(
        "/static/main.js", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])


async def test_who_takes_no_gzip_gets_the_file_as_it_is(browser):
    """A proxy that can't unpack would hand on rubbish; and one tag for two encodings would mix them up in a cache."""
    plain = await browser.get("/static/main.js", headers=PLAIN)
    packed = await browser.get("/static/main.js", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert "Content-Encoding" not in plain.headers
    assert plain.text == packed.text
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert not accepts_gzip("gzip;q=0, identity")
    small = await browser.get("/static/small.css")
    assert "Content-Encoding" not in small.headers


async def test_a_changed_file_is_seen_at_once(browser, folder):
    """After an update half of the console would be the old one."""
    first = await browser.get("/static/main.js", headers=PLAIN)
    (folder / "main.js").write_text("export const words = [];")
    os.utime(folder / "main.js", ns=(1, 1))
    changed = await browser.get("/static/main.js", headers=PLAIN | {"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.text) == (200, "export const words = [];")


@pytest.mark.parametrize("path", ["none.js", "", "../secret.txt", "%2e%2e/secret.txt", "main.js/none", "a" * 300])
async def test_nothing_outside_of_the_folder(browser, path):
    """A folder listing or a file beside the folder is nobody's business."""
    assert (await browser.get(f"/static/{path}")).status_code == 404


async def test_only_reading(browser):
    """Whoever posts to a file has the wrong address, and is told."""
    assert (await browser.post("/static/main.js")).status_code == 405
    head = await browser.head("/static/main.js", headers=PLAIN)
    assert (head.content, head.headers["Content-Length"]) == (b"", str(len(SCRIPT)))


async def test_answers_of_the_api_are_compressed_too(client):
    """The vocabulary alone is 40 kB; the tag of a row stays what a change has to name."""
    answer = await client("maas", "viewer").get("/api/v1/vocabulary", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    raw = await client("maas", "viewer").get("/api/v1/vocabulary", headers=PLAIN)
    assert "Content-Encoding" not in raw.headers
    assert len(gzip.compress(raw.content)) < len(raw.content) / 3
    assert raw.json() == answer.json()
