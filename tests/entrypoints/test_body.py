"""Bodies, read more strictly than the libraries do: alone, and under FastAPI."""

import json
import math

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from app.domain import errors
from app.domain.forms import Form, LongText
from app.domain.json_text import read_json, read_object
from app.entrypoints.http import problems
from app.entrypoints.http.body import StrictRoute, require_json_type


@pytest.mark.parametrize(
    ("raw", "error", "pointer"),
    [
        (b'{"a": "\xff"}', errors.InvalidUtf8, None),
        (b'{"a": "\xed\xa0\x80"}', errors.InvalidUtf8, None),
        ('{"a": 1}'.encode("utf-16"), errors.InvalidUtf8, None),
        (b"\xef\xbb\xbf{}", errors.MalformedJson, None),
        (b"", errors.MalformedJson, None),
        (b"{'a': 1}", errors.MalformedJson, None),
        (b'{"a": 1,}', errors.MalformedJson, None),
        (b'{"a": 1} {}', errors.MalformedJson, None),
        (b'{"a": "\x00"}', errors.MalformedJson, None),
        (b'{"a": 1, "a": 2}', errors.MalformedJson, None),
        (b'{"x": {"\\u0061": 1, "a": 2}}', errors.MalformedJson, None),
        (b"[" * 100_000, errors.MalformedJson, None),
        (b'{"a":' * 100_000, errors.MalformedJson, None),
        (b'{"a": NaN}', errors.NotFinite, "/a"),
        (b'{"a": [0, -Infinity]}', errors.NotFinite, "/a/1"),
        (b'{"a": 1e999}', errors.NotFinite, "/a"),
        (b'{"a": 9223372036854775808}', errors.IntegerOverflow, "/a"),
        (b'{"a": -9223372036854775809}', errors.IntegerOverflow, "/a"),
        (b'{"a": {"b/c~d": ' + b"9" * 100_000 + b"}}", errors.IntegerOverflow, "/a/b~1c~0d"),
        (b'{"a": "\\ud800"}', errors.LoneSurrogate, "/a"),
        (b'{"a": "\\uDC00\\uD800"}', errors.LoneSurrogate, "/a"),
        (b'{"\\ud83d": 1}', errors.LoneSurrogate, "/\\ud83d"),
        (b'{"a": [{"b": "x\\u0000"}]}', errors.ForbiddenCharacter, "/a/0/b"),
    ],
)
def test_what_is_refused_and_where(raw, error, pointer):
    """Each of these is stored wrongly, understood differently elsewhere, or brings the reader down."""
    with pytest.raises(errors.Malformed) as caught:
        read_json(raw)
    assert type(caught.value) is error
    assert [wrong.pointer for wrong in caught.value.errors] == ([] if pointer is None else [pointer])
    assert len(caught.value.detail) < 200


def test_a_key_that_stands_twice_is_named():
    """Whoever builds bodies by hand looks for it long."""
    with pytest.raises(errors.MalformedJson, match="'quantity'"):
        read_json(b'{"quantity": 1, "unit": "piece", "quantity": 4}')


def test_what_only_looks_bad_passes():
    """Whole pairs, the largest integers, and escaped backslashes are good JSON."""
    assert read_json(b'{"a": "\\ud83d\\ude92"}') == {"a": "🚒"}
    assert read_json(b'{"a": "\\\\ud800 \\\\u0000"}') == {"a": "\\ud800 \\u0000"}
    assert read_json(b'{"a": [9223372036854775807, -9223372036854775808, 1.5e308]}')["a"][0] == 2**63 - 1


@pytest.mark.parametrize("raw", [b"[]", b"null", b"1", b'"x"', b"true"])
def test_a_body_is_an_object(raw):
    """Commands have fields; a list or a number has none."""
    with pytest.raises(errors.WrongType):
        read_object(raw)


jsons = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(jsons, st.booleans())
def test_good_json_is_read_as_it_was_written(value, ascii_only):
    """Strictness that bends good bodies would be worse than none."""
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\ud80c0eE+-.9NaInfity \x00', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw):
    """No body may raise anything but our own errors, and none may let a value through that can't be stored."""
    try:
        value = read_json(raw)
    except errors.Malformed:
        return
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str):
            assert "\x00" not in each
            each.encode("utf-8")
        elif isinstance(each, float):
            assert math.isfinite(each)
        elif isinstance(each, int):
            assert -(2**63) <= each < 2**63
        else:
            assert each is None


@pytest.mark.parametrize(
    "good", ["application/json", "application/json; charset=UTF-8", "application/geo+json", "Application/JSON"]
)
def test_json_by_its_own_word(good):
    """What says it is JSON is read."""
    require_json_type(good)


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/jsonp",
        "application/json; charset=latin-1",
        "multipart/form-data; boundary=x",
    ],
)
def test_other_bodies(bad):
    """A form sent by a foreign page says it is one of these: it must not be taken for a command."""
    with pytest.raises(errors.UnsupportedMediaType):
        require_json_type(bad)


class Ask(Form):
    text: LongText = ""


def small_app():
    router = APIRouter(route_class=StrictRoute)

    @router.post("/asks/{id_}")
    async def ask(request: Request, id_: str, body: Ask | None = None):
        return {"id": id_, "text": body.text if body else None, "raw": (await request.body()).decode()}

    @router.post("/signals")
    async def signal(request: Request):
        return {"size": len(await request.body())}

    outer = APIRouter(prefix="/api")
    outer.include_router(router, prefix="/v1")
    app = FastAPI()
    problems.install(app)
    app.include_router(outer)
    return app


@pytest.fixture
async def client():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(small_app()), base_url="http://concord.test") as client:
        yield client


async def post(client, raw, content_type="application/json", path="/api/v1/asks/7"):
    headers = {"Content-Type": content_type} if content_type else {}
    return await client.post(path, content=raw, headers=headers)


async def test_fastapi_reads_through_it(client):
    """Routers are included in routers; the strict reading has to hold in each, and leave the body to the route."""
    answer = await post(client, b'{"text": "ok"}')
    assert answer.json() == {"id": "7", "text": "ok", "raw": '{"text": "ok"}'}
    assert (await post(client, b"", None)).json()["text"] is None


@pytest.mark.parametrize(
    ("raw", "slug"),
    [
        (b'{"text": "\xff"}', "invalid-utf8"),
        (b'{"text": "a", "text": "b"}', "malformed-json"),
        (b'{"text": NaN}', "not-finite"),
        (b'{"text": 99999999999999999999}', "integer-overflow"),
        (b'{"text": "\\ud800"}', "lone-surrogate"),
        (b'{"text": "\\u0000"}', "forbidden-character"),
        (b'{"text": "\\u0007"}', "forbidden-character"),
        (b"[" * 5000, "malformed-json"),
        (b"[]", "wrong-type"),
        (b'{"text": 1}', "wrong-type"),
        (b'{"test": ""}', "unknown-field"),
    ],
)
async def test_refusals_reach_the_client_as_problems(client, raw, slug):
    """FastAPI alone makes a 400 without a reason of most of these."""
    answer = await post(client, raw)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{slug}")


async def test_other_types_of_body_are_refused(client):
    """Also the one that a browser sends for a foreign page without asking."""
    for content_type in (None, "text/plain", "application/x-www-form-urlencoded"):
        answer = await post(client, b'{"text": "ok"}', content_type)
        assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")


async def test_a_route_without_a_body_is_left_alone(client):
    """A signal that carries bytes for nobody is not our business to read."""
    assert (await post(client, b"\xff\xff", "text/plain", "/api/v1/signals")).json() == {"size": 2}


def test_a_byte_order_mark_is_named():
    """Whoever saved a file in an editor sees nothing wrong with it, and a parser's words name a Python function."""
    with pytest.raises(errors.MalformedJson) as caught:
        read_json(b"\xef\xbb\xbf{}")
    assert caught.value.detail == "The body begins with a byte order mark (U+FEFF), which JSON does not have."
