"""What happens to every request around its route: limits, headers, ids, figures, the last net."""

import asyncio
import socket
from uuid import UUID

import httpx
import pytest
import structlog
import uvicorn
from fastapi import APIRouter, FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from structlog.testing import capture_logs

from app.domain.forms import Form, LongText
from app.entrypoints.http import docs, middleware, problems
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.middleware import SECURITY_HEADERS, BodyLimit
from app.entrypoints.http.pages import STATIC
from app.telemetry import HTTP_REQUESTS

LIMIT = 16 * 1024


class Ask(Form):
    text: LongText = ""


def small_app(limit=LIMIT):
    app = FastAPI(docs_url=None, redoc_url=None, routes=[STATIC])
    problems.install(app)
    middleware.install(app, body_limit=limit)
    docs.install(app)
    router = APIRouter(prefix="/api/v1/spaces/{space}", route_class=StrictRoute)

    @router.post("/asks")
    async def ask(space: str, body: Ask):
        return {"size": len(body.text)}

    @router.post("/raw")
    async def raw(space: str, request: Request):
        try:
            size = len(await request.body())
        except Exception as error:  # a route that swallows everything must not get around the limit
            return {"caught": repr(error)}
        return {"size": size}

    @router.get("/boom")
    async def boom(space: str):
        raise ValueError("secret")

    @router.get("/late")
    async def late(space: str):
        async def parts():
            yield b"begun"
            raise ValueError("secret")

        return StreamingResponse(parts(), media_type="text/plain")

    @router.get("/id")
    async def own_id(space: str, request: Request):
        bound = structlog.contextvars.get_contextvars()["request_id"]
        return JSONResponse(
            {"scope": request.scope["request_id"], "log": bound}, headers={"Cache-Control": "max-age=5"}
        )

    app.include_router(router)

    @app.websocket("/feed")
    async def feed(websocket: WebSocket):
        await websocket.accept()
        await websocket.send_text(str("request_id" in websocket.scope))
        await websocket.close()

    return app


@pytest.fixture(autouse=True)
def lines():
    """What is logged, instead of pages of tracebacks among the results."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture(scope="module")
def app():
    return small_app()


@pytest.fixture
async def client(app):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://concord.test") as client:
        yield client


async def chunks(count, size=1024):
    for _ in range(count):
        yield b"x" * size


async def test_a_body_within_the_limit_passes(client):
    """The limit is the last byte that is read, not the first that is refused."""
    assert (await client.post("/api/v1/spaces/live/raw", content=b"x" * LIMIT)).json() == {"size": LIMIT}
    assert (await client.post("/api/v1/spaces/live/raw", content=chunks(16))).json() == {"size": LIMIT}


@pytest.mark.parametrize("path", ["asks", "raw"])
@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_limit_is_refused(client, path, announced):
    """By its announced length or by counting, and whatever the route makes of its interrupted reading."""
    content = b"x" * (LIMIT + 1) if announced else chunks(17)
    answer = await client.post(
        f"/api/v1/spaces/live/{path}", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/body-too-large"
    assert answer.json()["limit_bytes"] == LIMIT
    assert "connection" not in answer.headers
    assert UUID(answer.headers["x-request-id"])
    assert answer.headers["content-security-policy"]


def scope_of(**changed):
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/v1/spaces/live/raw",
        "raw_path": b"",
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "server": ("concord.test", 80),
    } | changed


async def test_what_has_begun_is_not_replaced():
    """An answer that is on its way can't become another one; its route is told that the rest will not come."""
    sent = []

    async def talkative(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        told = [(await receive())["type"] for _ in range(3)]
        await send({"type": "http.response.body", "body": " ".join(told).encode()})

    async def receive():
        return {"type": "http.request", "body": b"x" * 1024, "more_body": len(sent) < 1}

    async def send(message):
        sent.append(message)

    await BodyLimit(talkative, 1500)(scope_of(), receive, send)
    assert [message.get("status") for message in sent] == [200, None]
    assert sent[1]["body"] == b"http.request http.disconnect http.disconnect"


async def test_endless_bodies_are_cut_off(app, monkeypatch):
    """Reading on is a courtesy with an end: by size, and by time."""
    sent = []

    async def send(message):
        sent.append(message)

    async def endless():
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x" * LIMIT, "more_body": True}

    async def silent():
        await asyncio.Event().wait()

    for receive, headers in [
        (endless, [(b"content-type", b"application/json")]),
        (endless, [(b"content-length", b"999999999999999999999999")]),
        (silent, [(b"content-length", b"10000000")]),
        (silent, [(b"content-length", b"10000000"), (b"expect", b"100-continue")]),
    ]:
        sent.clear()
        monkeypatch.setattr(middleware, "DRAIN_SECONDS", 15 if receive is endless else 0.01)
        await app(scope_of(headers=headers), receive, send)
        assert sent[0]["status"] == 413
        assert (b"connection", b"close") in sent[0]["headers"]


async def test_addresses_with_nul_are_refused(client):
    """PostgreSQL would fail on it, as our fault."""
    for path in ("/api/v1/spaces/li%00ve/id", "/api/v1/spaces/live/id?name=a%00b"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/forbidden-character")


async def test_every_answer_has_the_security_headers(client):
    """Also refusals, failures and files: a page that forgets one is the page that is attacked."""
    for path in ("/api/v1/spaces/live/id", "/nowhere", "/api/v1/spaces/live/boom", "/static/pages.css", "/docs"):
        headers = (await client.get(path)).headers
        assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert "strict-transport-security" not in headers
    assert "unsafe" not in SECURITY_HEADERS["Content-Security-Policy"]


async def test_the_api_is_not_kept_by_browsers(client):
    """What the last user of a shared workstation saw must not come back by the Back button; a route may decide otherwise."""
    assert (await client.get("/api/v1/spaces/live/boom")).headers["cache-control"] == "no-store"
    assert (await client.get("/api/v1/spaces/live/id")).headers["cache-control"] == "max-age=5"
    assert (await client.get("/static/pages.css")).headers["cache-control"] == "no-cache"


async def test_https_is_kept_where_there_is_https(client):
    """Over plain HTTP the header means nothing; on a machine of the demo it would lock the browser out."""
    assert (await client.get("https://concord.test/docs")).headers["strict-transport-security"].startswith("max-age=")


async def test_ids_are_our_own(client):
    """An id from outside could be made to look like another request's in the log."""
    given = "11111111-1111-7111-8111-111111111111"
    answer = await client.get("/api/v1/spaces/live/id", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == answer.json()["scope"] == answer.json()["log"] != given
    assert (await client.get("/api/v1/spaces/live/id")).headers["x-request-id"] != answer.headers["x-request-id"]
    assert "request_id" not in structlog.contextvars.get_contextvars()


async def test_what_nobody_foresaw_is_a_problem_too(client, lines):
    """The client gets an id to tell us, the log the cause; neither gets the other's."""
    answer = await client.get("/api/v1/spaces/live/boom")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text
    assert [line["event"] for line in lines] == ["request.failed"]


async def test_an_answer_that_breaks_off_is_logged(client, lines):
    """It can't be mended any more, but somebody should know."""
    with pytest.raises(ValueError, match="secret"):
        await client.get("/api/v1/spaces/live/late")
    assert [line["event"] for line in lines] == ["response.broken_off"]


async def test_figures_count_routes_not_addresses(client):
    """Ids or invented methods as labels would grow the figures without end."""

    def counted(method, route, status):
        return HTTP_REQUESTS.labels(method, route, status)._value.get()

    places = [
        ("GET", "/api/v1/spaces/{space}/id", "200"),
        ("GET", "none", "404"),
        ("other", "/api/v1/spaces/{space}/id", "405"),
        ("GET", "/api/v1/spaces/{space}/boom", "500"),
        ("GET", "mounted", "200"),
    ]
    before = [counted(*place) for place in places]
    await client.get("/api/v1/spaces/anything/id")
    await client.get("/nowhere/7")
    await client.request("BREW", "/api/v1/spaces/anything/id")
    await client.get("/api/v1/spaces/live/boom")
    await client.get("/static/pages.css")
    assert [counted(*place) for place in places] == [count + 1 for count in before]


async def test_websockets_pass_untouched(app):
    """The feed has limits of its own; an id or a header put into its handshake would break it."""
    sent = []
    told = iter([{"type": "websocket.connect"}])

    async def receive():
        return next(told)

    async def send(message):
        sent.append(message)

    scope = scope_of(type="websocket", scheme="ws", path="/feed", raw_path=b"/feed", subprotocols=[])
    await app(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert sent[1]["text"] == "False"


async def test_a_large_body_over_a_real_connection():
    """A client that is still sending 10 MB has to see the answer, not a reset; and may go on with the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(small_app(limit=1024 * 1024), log_level="error", lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=address, timeout=30) as client:
                for content in (b"x" * 10_000_000, chunks(9765)):
                    answer = await client.post("/api/v1/spaces/live/raw", content=content)
                    assert answer.status_code == 413
                assert (await client.post("/api/v1/spaces/live/raw", content=b"x")).json() == {"size": 1}
        finally:
            server.should_exit = True
            await running
