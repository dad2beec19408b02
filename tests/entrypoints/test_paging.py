"""Pages and their cursors, filters in addresses, revisions in headers."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import BadCursor, PreconditionRequired, WrongFormat
from app.entrypoints.http import problems
from app.entrypoints.http.paging import (
    BoxQuery,
    Page,
    Paging,
    PagingQuery,
    decode_cursor,
    encode_cursor,
    etag,
    fingerprint,
    if_match,
    page_of,
    required_if_match,
)

KINDS = (datetime, UUID, int, str)
LIST = fingerprint("incidents", {"status": "active"})

keys = st.tuples(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.uuids(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20),
)


@given(keys)
def test_a_cursor_gives_its_key_back(key):
    """A key that comes back a little different skips an item or shows it twice."""
    assert decode_cursor(LIST, encode_cursor(LIST, key), KINDS) == key


def test_no_cursor_is_the_first_page():
    """Nothing to start behind."""
    assert decode_cursor(LIST, None, KINDS) is None


def test_a_cursor_belongs_to_its_list():
    """With other filters the same key stands elsewhere: the page would come out of nowhere."""
    cursor = encode_cursor(LIST, (7,))
    for other in (fingerprint("incidents"), fingerprint("missions", {"status": "active"})):
        with pytest.raises(BadCursor, match="another list"):
            decode_cursor(other, cursor, (int,))
    assert decode_cursor(fingerprint("incidents", {"status": "active", "member": None}), cursor, (int,)) == (7,)


def forged(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!!",
        "é",
        "a" * 999,
        forged({}),
        forged([]),
        forged([LIST]),
        forged([LIST, 1, 2]),
        forged([LIST, "7"]),
        forged([LIST, 7.5]),
        forged([LIST, True]),
        forged([LIST, None]),
        forged([LIST, 2**63]),
        base64.urlsafe_b64encode(b"[" * 700).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe\xff").decode(),
    ],
)
def test_forged_cursors_are_refused(cursor):
    """A cursor is input like any other: what is in it must not reach a query untyped."""
    with pytest.raises(BadCursor) as caught:
        decode_cursor(LIST, cursor, (int,))
    assert caught.value.errors[0].pointer == "query/cursor"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (str, 7),
        (str, "a\x00b"),
        (str, "\ud800"),
        (UUID, "7"),
        (UUID, 7),
        (datetime, "2026-07-14T03:00:00"),
        (datetime, "soon"),
        (int, "7"),
    ],
)
def test_parts_of_a_key_have_their_types(kind, value):
    """Each of these would be a failure of the database, as our fault."""
    with pytest.raises(BadCursor):
        decode_cursor(LIST, forged([LIST, value]), (kind,))


@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace")))
def test_any_text_is_read_or_refused(raw):
    """Nothing that stands in an address may raise anything else."""
    for cursor in (raw.decode("latin-1"), base64.urlsafe_b64encode(raw).decode()):
        with pytest.raises(BadCursor):
            decode_cursor(LIST, cursor, (int,))


def test_fingerprints_take_what_filters_are():
    """Filters are ids, times and codes; their order in the call does not matter."""
    at, member = datetime(2026, 7, 14, tzinfo=UTC), uuid4()
    assert fingerprint("x", {"at": at, "member": member}) == fingerprint("x", {"member": member, "at": at})
    assert fingerprint("x", {"at": at}) != fingerprint("x", {"at": at + timedelta(seconds=1)})


class Rows(list):
    """Rows 1 to n, in the order of their numbers, fetched as a query would."""

    def after(self, key, limit):
        return [row for row in self if key is None or row > key[0]][: limit + 1]


@given(st.integers(0, 30), st.integers(1, 12))
def test_pages_hold_every_row_once(count, limit):
    """The last page says that it is the last, also when it is full."""
    rows, seen, cursor, pages = Rows(range(count)), [], None, 0
    while True:
        found = rows.after(decode_cursor(LIST, cursor, (int,)), limit)
        page = page_of(found, Paging(limit, cursor), LIST, key=lambda row: (row,), item=lambda row: row)
        seen += page.items
        pages += 1
        if page.next is None:
            break
        cursor = page.next
    assert seen == list(range(count))
    assert pages == max(1, -(-count // limit))


@pytest.fixture
async def client():
    app = FastAPI()
    problems.install(app)

    @app.get("/things")
    async def things(paging: PagingQuery, box: BoxQuery) -> Page[str]:
        return Page(items=(str(paging.limit), str(paging.cursor), str(box and box.west)), next=None)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://concord.test") as client:
        yield client


async def test_lists_share_their_parameters(client):
    """One way to page and to ask for a box, with the same limits everywhere."""
    assert (await client.get("/things")).json() == {"items": ["50", "None", "None"], "next": None}
    given = await client.get("/things?limit=200&cursor=abc&bbox=5.6,50.6,6.3,51.1")
    assert given.json()["items"] == ["200", "abc", "5.6"]
    for query, slug in [
        ("limit=0", "out-of-range"),
        ("limit=201", "out-of-range"),
        ("limit=9223372036854775808", "out-of-range"),
        ("limit=ten", "wrong-format"),
        (f"cursor={'a' * 1001}", "out-of-range"),
        ("bbox=1,2", "wrong-format"),
        ("bbox=7,50,6,51", "out-of-range"),
        ("bbox=0,0,0,95", "outside-world"),
    ]:
        answer = await client.get(f"/things?{query}")
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{slug}")


def test_revisions_in_headers():
    """The ETag that was read goes back as it is."""
    assert etag(7) == '"7"'
    assert if_match(etag(7)) == 7
    assert if_match(None) is None
    assert required_if_match(' "12" ') == 12
    with pytest.raises(PreconditionRequired):
        required_if_match(None)


@pytest.mark.parametrize(
    "header", ["*", "7", 'W/"7"', '"7", "8"', '""', '"0"', '"-1"', '"seven"', '"99999999999999999999"']
)
def test_other_preconditions_are_refused(header):
    """`*` would overwrite whatever is there, which is what the header is to prevent."""
    with pytest.raises(WrongFormat):
        if_match(header)
