"""The chain without a database: one form for each value, and every kind of tampering found and named."""

from __future__ import annotations

import copy
import enum
import itertools
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.chain import (
    GENESIS,
    HEADER_KEYS,
    Draft,
    Entry,
    actor_id,
    canonical,
    entry_digest,
    header_parts,
    link,
    new_salt,
    payload_digest,
    plain,
)
from app.domain.clock import stamp
from app.domain.findings import LISTED, Report
from app.domain.fold import fold
from app.domain.ids import new_id
from app.domain.verification import Verifier, parse_head, verify_lines

AT = datetime(2026, 7, 14, 3, 0, 0, 250_000, UTC)
ACTOR = f"user:{UUID(int=7)}"


def written(size: int, space: str = "live") -> list[dict[str, Any]]:
    """A journal of ``size`` entries as an export holds it, without the first line."""
    lines, before = [], GENESIS
    for seq in range(1, size + 1):
        draft = Draft(
            type="request.opened",
            subject_kind="request",
            subject_id=UUID(int=seq),
            visibility="corridor",
            payload={"data": {"n": seq}},
        )
        start, end = header_parts(draft, space=space, actor=ACTOR, recorded_at=AT + timedelta(seconds=seq))
        header, payload, salt = f"{start}{seq}{end}", canonical(draft.payload), new_salt()
        of_payload = payload_digest(salt, payload)
        digest = entry_digest(header.encode(), of_payload)
        before = link(before, digest)
        lines.append(
            {
                "seq": seq,
                "header": header,
                "payload": payload.decode(),
                "salt": salt.hex(),
                "payload_digest": of_payload.hex(),
                "digest": digest.hex(),
                "hash": before.hex(),
            }
        )
    return lines


def hidden(line: dict[str, Any]) -> dict[str, Any]:
    return {key: line[key] for key in ("seq", "digest", "hash")}


def opening(lines: list[dict[str, Any]], space: str = "live") -> dict[str, Any]:
    head = {"seq": lines[-1]["seq"], "hash": lines[-1]["hash"]} if lines else {"seq": 0, "hash": GENESIS.hex()}
    return {"concord_journal": 1, "space": space, "exported_at": stamp(AT), "head": head}


def names(report: Report, kind: str, *seqs: int) -> bool:
    """Whether a fault of this kind is about all these entries."""
    return any(f.kind == kind and all(f.first <= seq <= f.last for seq in seqs) for f in report.faults)


def forged(line: dict[str, Any], before: bytes, **header: Any) -> dict[str, Any]:
    """An entry made up by somebody who knows how: its own digests and its link to ``before`` are right."""
    made = dict(line)
    made["header"] = canonical(orjson.loads(line["header"]) | {"type": "request.forged"} | header).decode()
    digest = entry_digest(made["header"].encode(), bytes.fromhex(made["payload_digest"]))
    made["digest"], made["hash"] = digest.hex(), link(before, digest).hex()
    return made


journals = st.integers(2, 14).flatmap(
    lambda size: st.tuples(st.just(size), st.sets(st.integers(1, size)), st.sets(st.integers(1, size)), st.booleans())
)


def build(shape: tuple[int, set[int], set[int], bool]) -> list[dict[str, Any]]:
    """A journal with some entries hidden from its reader and some payloads erased."""
    size, stubs, erased, _ = shape
    lines = written(size)
    for seq in erased:
        lines[seq - 1] |= {"payload": None, "salt": None}
    return [hidden(line) if line["seq"] in stubs else line for line in lines]


def file_of(
    lines: list[dict[str, Any]], shape: tuple[int, set[int], set[int], bool], first: dict[str, Any]
) -> list[Any]:
    """The lines as a file would hold them, with or without the line that opens an export."""
    return [orjson.dumps(line) for line in ([first] if shape[3] else []) + lines]


@settings(max_examples=60, deadline=None)
@given(journals)
def test_what_nobody_touched_is_right(shape) -> None:
    """An export that fails without a reason would teach people to pass over the check."""
    lines = build(shape)
    report = verify_lines(file_of(lines, shape, opening(lines)), (lines[-1]["seq"], bytes.fromhex(lines[-1]["hash"])))
    assert report.ok, report.sentences()
    assert report.entries == shape[0]
    assert report.hidden == len(shape[1])
    erased = sorted(shape[2] - shape[1])
    assert (report.erased, list(report.erased_seqs)) == (len(erased), erased)
    assert report.head == (shape[0], bytes.fromhex(lines[-1]["hash"]))
    assert report.space == ("live" if shape[3] or shape[0] > len(shape[1]) else None)


def test_a_changed_first_entry_accuses_no_other() -> None:
    """The space is learnt from the entries where nobody names it: from a forged one, all the others would be foreign."""
    lines = written(3)
    lines[0]["header"] = lines[0]["header"].replace('"space":"live"', '"space":"0ive"')
    report = verify_lines([orjson.dumps(line) for line in lines])
    assert [(f.kind, f.first) for f in report.faults] == [("changed", 1)]
    assert report.space == "live"


@settings(max_examples=150, deadline=None)
@given(journals, st.data())
def test_any_field_changed_is_found_and_named(shape, data) -> None:
    """Whoever edits an entry afterwards, anywhere in it, is found out at that entry."""
    lines = build(shape)
    first = opening(lines)
    at = data.draw(st.integers(0, len(lines) - 1), label="at")
    line = dict(lines[at])
    key = data.draw(st.sampled_from([key for key in line if key != "seq" and line[key] is not None]), label="field")
    text = line[key]
    place = data.draw(st.integers(0, len(text) - 1), label="character")
    line[key] = text[:place] + ("1" if text[place] == "0" else "0") + text[place + 1 :]
    lines[at] = line
    report = verify_lines(file_of(lines, shape, first))
    assert not report.ok
    assert any(f.first <= at + 1 <= f.last and f.kind in {"changed", "broken"} for f in report.faults), (
        report.sentences()
    )
    assert all(f.first >= at and f.last <= at + 2 for f in report.faults), report.sentences()


@settings(max_examples=100, deadline=None)
@given(journals, st.data())
def test_any_entries_dropped_are_found_and_named(shape, data) -> None:
    """Whoever takes entries out, but for the tail of a file that does not say where it ends, is found out."""
    lines = build(shape)
    first = opening(lines)
    last = shape[0] if shape[3] else shape[0] - 1
    low = data.draw(st.integers(1, last))
    high = data.draw(st.integers(low, last))
    report = verify_lines(file_of(lines[: low - 1] + lines[high:], shape, first))
    assert [(f.kind, f.first, f.last) for f in report.faults] == [("dropped", low, high)], report.sentences()


@settings(max_examples=100, deadline=None)
@given(journals, st.data())
def test_any_two_entries_swapped_are_found_and_named(shape, data) -> None:
    """The order of events is what an inquiry asks about first."""
    lines = build(shape)
    first = opening(lines)
    low = data.draw(st.integers(1, shape[0] - 1))
    high = data.draw(st.integers(low + 1, shape[0]))
    lines[low - 1], lines[high - 1] = lines[high - 1], lines[low - 1]
    report = verify_lines(file_of(lines, shape, first))
    assert {f.kind for f in report.faults} == {"reordered"}, report.sentences()
    named = {f.first for f in report.faults} | {int(f.detail.split()[-1]) for f in report.faults}
    assert named <= set(range(low, high + 1))
    assert {low, high} <= named, report.sentences()


@settings(max_examples=100, deadline=None)
@given(journals, st.data())
def test_any_entry_moved_is_found_and_named(shape, data) -> None:
    lines = build(shape)
    first = opening(lines)
    source = data.draw(st.integers(0, shape[0] - 1))
    target = data.draw(st.integers(0, shape[0] - 1).filter(lambda to: to != source))
    moved = lines.pop(source)
    lines.insert(target, moved)
    report = verify_lines(file_of(lines, shape, first))
    assert {f.kind for f in report.faults} == {"reordered"}, report.sentences()
    named = {f.first for f in report.faults} | {int(f.detail.split()[-1]) for f in report.faults}
    assert source + 1 in named, report.sentences()


@settings(max_examples=100, deadline=None)
@given(journals, st.data())
def test_any_entry_put_in_is_found_and_named(shape, data) -> None:
    """Also one that is made well, with right digests and a right link, before or after the one whose place it claims."""
    lines = build(shape)
    first = opening(lines)
    at = data.draw(st.integers(0, shape[0] - 1), label="claims the place of")
    before = bytes.fromhex(lines[at - 1]["hash"]) if at else GENESIS
    extra = forged(written(shape[0])[at], before)
    if data.draw(st.booleans(), label="a copy"):
        extra = lines[at]
    lines.insert(data.draw(st.integers(at, shape[0]), label="put in at"), extra)
    report = verify_lines(file_of(lines, shape, first))
    assert names(report, "inserted", at + 1), report.sentences()


@settings(max_examples=100, deadline=None)
@given(journals, st.data())
def test_entries_numbered_anew_after_one_was_put_in_or_taken_out(shape, data) -> None:
    """The places of the file follow one another again, but the hashes do not, and headers remember."""
    lines = build(shape)
    at = data.draw(st.integers(0, shape[0] - 2), label="at")
    if data.draw(st.booleans(), label="put in"):
        before = bytes.fromhex(lines[at - 1]["hash"]) if at else GENESIS
        lines.insert(at, forged(written(shape[0])[at], before))
        wrong = at + 2
    else:
        lines.pop(at)
        wrong = at + 1
    lines = [{**line, "seq": seq} for seq, line in enumerate(lines, start=1)]
    report = verify_lines(map(orjson.dumps, lines))
    assert names(report, "broken", wrong), report.sentences()
    if "header" in lines[wrong - 1]:
        assert names(report, "reordered", wrong), report.sentences()


def test_an_entry_rewritten_with_all_its_digests_breaks_the_chain_after_it() -> None:
    lines = written(6)
    lines[2] = forged(lines[2], bytes.fromhex(lines[1]["hash"]))
    report = verify_lines(lines)
    assert [(f.kind, f.first, f.last) for f in report.faults] == [("broken", 3, 4)]


def test_a_full_rewrite_or_a_cut_tail_shows_only_against_a_head_kept_elsewhere() -> None:
    """Without one the report says so, in plain words: nobody should think more was proved than was."""
    kept = written(5)
    head = (5, bytes.fromhex(kept[4]["hash"]))
    anew = written(5)  # other salts, so other hashes
    assert verify_lines(anew).ok
    assert "can't be seen" in verify_lines(anew).sentences()[-1]
    assert [f.kind for f in verify_lines(anew, head).faults] == ["head"]
    cut = verify_lines(kept[:3], head)
    assert [(f.kind, f.first, f.last) for f in cut.faults] == [("dropped", 4, 5)]
    assert verify_lines(kept[:3]).ok
    whole = verify_lines(kept, head)
    assert whole.ok
    assert "can't be seen" not in " ".join(whole.sentences())
    assert verify_lines(kept, (3, bytes.fromhex(kept[2]["hash"]))).ok, "it has grown since"
    assert verify_lines([], (0, GENESIS)).ok
    assert [f.kind for f in verify_lines(kept, (0, bytes(31) + b"x")).faults] == ["head"]


def test_the_first_line_of_an_export_says_where_it_ends() -> None:
    lines = written(4)
    first = opening(lines[:3])
    report = verify_lines([first, *lines])
    assert [(f.kind, f.first, f.last) for f in report.faults] == [("inserted", 4, 4)]
    other = {**opening(lines), "head": {"seq": 4, "hash": "00" * 32}}
    assert [f.kind for f in verify_lines([other, *lines]).faults] == ["head"]
    assert verify_lines([opening([])]).ok


def test_an_entry_of_another_space_is_named() -> None:
    """A drill's entries must not pass for real ones."""
    lines, drill = written(3), written(3, space="drill-1")
    report = verify_lines([*lines[:2], drill[2]])
    assert names(report, "foreign", 3)
    assert names(report, "broken", 3)
    assert names(verify_lines([opening(drill, "live"), *drill]), "foreign", 1, 3)
    verifier = Verifier(space="live")
    verifier.feed(opening(drill, "drill-1"))
    assert [f.kind for f in verifier.finish().faults] == ["foreign", "dropped"]


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"\xff\xfe",
        b"[1]",
        b"7",
        b'"\\ud800"',
        {"seq": 2},
        {"seq": "2", "digest": "00", "hash": "00"},
        {"seq": True, "digest": "00", "hash": "00"},
        {"seq": 0, "digest": "00", "hash": "00"},
        {"seq": 2, "digest": 5, "hash": "00"},
        {"seq": 2, "digest": "zz", "hash": "00"},
        {"seq": 2, "digest": "00", "hash": "00", "payload": '{"data":{}}'},
        {"concord_journal": 1, "space": "live", "head": {"seq": 3, "hash": "00" * 32}},
    ],
)
def test_a_line_that_is_no_entry_is_named_by_its_number(line) -> None:
    """A stub with a payload beside it is among them: nothing would vouch for that payload."""
    lines: list[Any] = written(3)
    lines[1] = line
    report = verify_lines(lines)
    assert [(f.kind, f.first) for f in report.faults] == [("dropped", 2), ("unreadable", 2)], report.sentences()
    assert "line 2" in report.faults[1].sentence()


MARK = ["EXERCISE EXERCISE EXERCISE", "OEFENING OEFENING OEFENING"]
FIRST, LAST = {"exercise": MARK}, {"exercise_last": MARK}


def of_a_drill(size: int = 3) -> list[Any]:
    """The file of a drill's journal, with its marks."""
    lines = written(size, space="drill-1")
    return [FIRST, opening(lines, "drill-1"), *lines, LAST]


def test_the_marks_of_a_drill_are_no_entries() -> None:
    """Whoever checks the file of a drill would be told that it was tampered with."""
    report = verify_lines(map(orjson.dumps, of_a_drill()))
    assert report.ok, report.sentences()
    assert (report.entries, report.space, report.head[0]) == (3, "drill-1", 3)
    assert verify_lines(of_a_drill()[1:-1]).ok, "files of before the marks are read on"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda f: f[:-1], 5),
        (lambda f: f[1:], 5),
        (lambda f: [f[1], f[0], *f[2:]], 2),
        (lambda f: [*f[:3], FIRST, *f[3:]], 4),
        (lambda f: [*f[:3], LAST, *f[3:]], 5),
        (lambda f: [*f, LAST], 7),
        (lambda f: [*f, f[-2]], 7),
        (lambda f: [*f[:-1], {"exercise_last": MARK[:1]}], 6),
        (lambda f: [*f[:-1], LAST | {"note": "all of it"}], 6),
        (lambda f: [{"exercise": ["Eight dead at the bridge"]}, *f[1:]], 1),
        (lambda f: [{"exercise": []}, *f[1:]], 1),
        (lambda f: [{"exercise": MARK[:1] * 2}, *f[1:]], 1),
        (lambda f: [FIRST | f[1], *f[2:]], 1),
    ],
)
def test_nothing_but_the_marks_stands_around_a_journal(change, line) -> None:
    """What the check passes over is where somebody would write what never happened."""
    faults = verify_lines(change(of_a_drill())).faults
    assert ("unreadable", line) in [(fault.kind, fault.first) for fault in faults], faults


def test_a_live_journal_is_marked_as_no_drill() -> None:
    """What happened would be put aside as played."""
    lines = written(2)
    assert [f.kind for f in verify_lines([FIRST, opening(lines), *lines, LAST]).faults] == ["foreign"]


@pytest.mark.parametrize(
    "first",
    [
        {"concord_journal": 2, "space": "live", "head": {"seq": 0, "hash": "00" * 32}},
        {"concord_journal": 1, "space": None, "head": {"seq": 0, "hash": "00" * 32}},
        {"concord_journal": 1, "space": "live", "head": {"seq": "0", "hash": "00" * 32}},
        {"concord_journal": 1, "space": "live", "head": {"seq": 0, "hash": "00"}},
        {"concord_journal": 1, "space": "live", "head": None},
        {"concord_journal": 1, "space": "live"},
    ],
)
def test_an_opening_line_that_says_nothing_sure_is_named(first) -> None:
    assert [(f.kind, f.first) for f in verify_lines([first]).faults] == [("unreadable", 1)]


@pytest.mark.parametrize(
    "change",
    [
        {"payload": None},
        {"salt": None},
        {"payload": 7},
        {"header": None},
        {"header": "{}"},
        {"header": "no json"},
    ],
)
def test_half_an_erasure_or_a_header_that_is_none_counts_as_changed(change) -> None:
    lines = written(3)
    lines[1] |= change
    report = verify_lines(lines)
    assert {f.kind for f in report.faults} == {"changed"}
    assert names(report, "changed", 2)


def test_a_header_with_no_number_for_its_place_counts_as_changed() -> None:
    lines = written(2)
    lines[1] = forged(lines[1], bytes.fromhex(lines[0]["hash"]), seq="2")
    assert [(f.kind, f.first) for f in verify_lines(lines).faults] == [("changed", 2)]


def test_memory_and_report_stay_small_however_bad_the_file() -> None:
    """A hostile file must not fill the memory of who checks it."""
    lines = [hidden(line) for line in written(3000)]
    backwards = verify_lines(reversed(lines))
    assert len(backwards.faults) == LISTED
    assert backwards.unlisted > 2000
    assert f"{backwards.unlisted} more" in " ".join(backwards.sentences())
    holes = verify_lines(lines[::2])
    assert not holes.ok
    assert len(holes.faults) + holes.unlisted == 1499


def test_a_head_is_read_as_it_is_written() -> None:
    assert parse_head(f" 12:{'ab' * 32}\n") == (12, bytes.fromhex("ab" * 32))
    for text in ("", "12", "x:" + "ab" * 32, "-1:" + "ab" * 32, "12:" + "ab" * 31, "12:" + "zz" * 32, "٣:" + "ab" * 32):
        with pytest.raises(ValueError, match=r"SEQ:HASH|hexadecimal"):
            parse_head(text)


class Colour(enum.StrEnum):
    AMBER = "amber"


def test_plain_writes_each_value_in_one_way() -> None:
    value = {
        "id": UUID(int=1),
        "at": datetime(2026, 7, 14, 5, 0, tzinfo=timezone(timedelta(hours=2))),
        "day": date(2026, 7, 14),
        "price": Decimal("1.50"),
        "pair": (1, 2.5, True, None),
        "colour": Colour.AMBER,
    }
    assert plain(value) == {
        "id": "00000000-0000-0000-0000-000000000001",
        "at": "2026-07-14T03:00:00.000000Z",
        "day": "2026-07-14",
        "price": "1.50",
        "pair": [1, 2.5, True, None],
        "colour": "amber",
    }
    assert type(plain(Colour.AMBER)) is str


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800", datetime(2026, 7, 14, 3, 0)])
def test_what_json_can_not_hold_for_sure_is_refused(value) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical({"value": value})


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError):
        canonical({"value": object()})


def test_canonical_is_rfc_8785() -> None:
    """The standard's own points: keys by UTF-16 units, shortest numbers, few escapes."""
    assert canonical({"\U0001f600": 1, "\ufb33": 2, "a": 1.0, "A": 1e21, "é": "\u0007é/\\"}) == (
        '{"A":1e+21,"a":1,"é":"\\u0007é/\\\\","\U0001f600":1,"\ufb33":2}'.encode()
    )


numbers = st.one_of(
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-180, 180),
    st.floats(-1e-4, 1e-4),
    st.floats(1e14, 1e22),
    st.decimals(-180, 180, places=6).map(float),
)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts, st.uuids(), st.datetimes(timezones=st.just(UTC))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(values)
def test_the_quick_way_of_writing_gives_what_the_standard_wants(value) -> None:
    """One byte of difference, and an export would fail on a machine that writes by the standard."""
    assert canonical(value) == rfc8785.dumps(plain(value))


@given(
    st.integers(1, 2**53 - 1),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.sets(st.uuids(), max_size=3),
)
def test_a_header_put_together_around_its_place_is_canonical(seq, kind, parties) -> None:
    """The database puts the number in: the outcome must be the very text that canonical JSON of the whole gives."""
    draft = Draft(
        type=kind,
        subject_kind=kind,
        subject_id=UUID(int=5),
        visibility="parties" if parties else "public",
        parties=tuple(parties),
        payload={},
    )
    before, after = header_parts(draft, space="live", actor=ACTOR, recorded_at=AT)
    header = orjson.loads(f"{before}{seq}{after}")
    assert tuple(header) == HEADER_KEYS
    assert canonical(header).decode() == f"{before}{seq}{after}"
    assert header["seq"] == seq
    assert header["parties"] == sorted(map(str, parties))
    assert header["subject"] == f"{kind}:{UUID(int=5)}"


def test_parties_are_named_where_they_count_and_nowhere_else() -> None:
    """A draft for the parties without any would be seen by nobody; parties of a public one would not be kept from it."""
    some = {"type": "offer.made", "subject_kind": "offer", "subject_id": UUID(int=1), "payload": {}}
    one, two = UUID(int=2), UUID(int=1)
    assert Draft(**some, visibility="parties", parties=(one, two, one)).parties == (two, one)
    for wrong in (
        {"visibility": "parties"},
        {"visibility": "public", "parties": (one,)},
        {"visibility": "secret"},
    ):
        with pytest.raises(ValueError, match="entry"):
            Draft(**some, **wrong)


def test_actors_are_opaque() -> None:
    id_ = new_id()
    assert actor_id(f"user:{id_}") == id_
    assert actor_id("system") is None
    for wrong in ("", "maria", "user:maria", f"token:{id_}"):
        with pytest.raises(ValueError, match=r".+"):
            actor_id(wrong)


def entry(payload: dict[str, Any] | None) -> Entry:
    return Entry(
        seq=1,
        header="{}",
        payload=None if payload is None else canonical(payload).decode(),
        salt=None,
        payload_digest=b"",
        digest=b"",
        hash=b"",
        recorded_at=AT,
        type="x",
        subject_kind="x",
        subject_id=UUID(int=1),
        actor_id=None,
        visibility="public",
        parties=(),
    )


def test_a_fold_keeps_the_last_state_of_each_row() -> None:
    """Whoever rebuilds the present from the journal gets what the tables hold."""
    a, b = str(UUID(int=1)), str(UUID(int=2))
    told = [
        {"rows": {"request": [{"id": a, "revision": 1}, {"id": b, "revision": 1}], "line": [{"id": a, "n": 4}]}},
        {"data": {"nothing": "changed"}},
        {"rows": {"request": [{"id": a, "revision": 2}]}},
        {"rows": {"line": [{"id": a, "removed": True}, {"id": b, "removed": True}]}},
    ]
    expected = {
        ("request", UUID(int=1)): {"id": a, "revision": 2},
        ("request", UUID(int=2)): {"id": b, "revision": 1},
    }
    assert fold(told) == expected
    assert fold(entry(payload) for payload in told) == expected
    start = fold(told[:2])
    before = copy.deepcopy(start)
    assert fold(told[2:], start) == expected
    assert start == before
    with pytest.raises(ValueError, match="erased"):
        fold([entry(None)])


def test_columns_that_differ_from_the_header_are_named() -> None:
    line = written(1)[0]
    right = Entry(
        seq=1,
        header=line["header"],
        payload=None,
        salt=None,
        payload_digest=b"",
        digest=b"",
        hash=b"",
        recorded_at=AT + timedelta(seconds=1),
        type="request.opened",
        subject_kind="request",
        subject_id=UUID(int=1),
        actor_id=UUID(int=7),
        visibility="corridor",
        parties=(),
    )
    assert right.differing_columns() == []
    wrong = {
        "recorded_at": (AT, "at"),
        "type": ("x", "type"),
        "subject_id": (UUID(int=9), "subject"),
        "actor_id": (None, "actor"),
        "visibility": ("public", "visibility"),
        "parties": ((UUID(int=1),), "parties"),
        "header": ("no json", None),
    }
    for column, (value, named) in itertools.chain(wrong.items(), [("header", ("[]", None))]):
        changed = copy.copy(right)
        object.__setattr__(changed, column, value)
        assert changed.differing_columns() == ([named] if named else [])
