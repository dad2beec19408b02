"""The corridor as a client reads it."""

from __future__ import annotations

from tests.world import box


async def test_everybody_signed_in_reads_it(client):
    """A map can't be drawn without its frame."""
    answer = await client("hasselt", "viewer").get("/api/v1/corridor")
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"1"'
    assert answer.json()["area"] == box(5.2, 50.4, 6.5, 51.2)
    assert answer.json()["languages"] == ["en", "de", "fr", "nl"]


async def test_nobody_else_does(anonymous):
    """Who is not in the corridor has no business with it."""
    answer = await anonymous.get("/api/v1/corridor")
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/not-signed-in"
