"""The script of a drill is for its staff. Everybody else asks every address that there is, and the feed, and finds nothing of it.

Words that stand only in the script, in what is hidden of it, or in what staff have written, are looked for in every answer.
"""

from __future__ import annotations

import io
import re
from contextlib import AsyncExitStack
from uuid import uuid4

import orjson
import pypdf
import pytest

from app.store.tables import JOURNALED
from tests.commands.drilling import SCRIPT
from tests.document import document
from tests.entrypoints.drilling import LIVE
from tests.following import following, served

HOUR, LOCAL_HOUR = "T07:13", "T09:13"
SECRETS = {
    "ids of injects": ("zq-inject-begin", "zq-inject-flood", "zq-inject-later", "zq-inject-hand", "zq-inject-end"),
    "texts that were not delivered": ("Zqlatertext", "Zqfloodtitle", "Zqneedplace"),
    "what one player was told": ("Zqtoldtoone",),
    "what is expected": ("Zqexpectedaction",),
    "objectives": ("zq-objective", "Zqobjectivename"),
    "thresholds, length and seed": ("4411", "01:13:31", "7073", "7073000000", "01:57:53", "7391573", "0.83173"),
    "sync points and policies": ("zq-sync", "Zqsyncname", "zq-policy"),
    "who planned it, and the plot": ("Zqsummary", "Zqauthor", "Zqapprover"),
    "what staff wrote": ("Zqobservation", "Zqtick"),
    "its hour": (HOUR, LOCAL_HOUR),
}
ALLOWED = {"player": ("Zqtoldtoone",), "safety officer": ("Zqtoldtoone",)}
"""What one of the readers was told in the drill; its staff read all of its journal."""
AFTER_THE_END = ("zq-objective", "Zqobjectivename")
"""Ratings are told once it has ended."""


def everywhere(text):
    return f"{{en: {text} en, de: {text} de, fr: {text} fr, nl: {text} nl}}"


def secret_script():
    """The small script, without notice, with words in it that are nowhere else."""
    made = SCRIPT
    for old, new in (
        ('duration: "01:00:00"', 'duration: "01:57:53"'),
        ('at: "01:00:00"', 'at: "01:57:53"'),
        ("notice: {kind: announced}", "notice: {kind: no_notice, window_h: 48}"),
        ("seed: 7", "seed: 7391573"),
        ("author: Exercise cell", "author: Zqauthor"),
        ("approver: Director", "approver: Zqapprover"),
        ("summary: {en: A small one, de: A small one, fr: A small one, nl: Een kleintje}", f"summary: {everywhere('Zqsummary')}"),
        ("{role: safety_officer, member: be-liege}", "{role: safety_officer, member: be-liege}\n  - {role: observer, member: de-aachen}"),
        ("calm", "zq-policy"),
        ("id: ready, name: {en: Ready, de: Ready, fr: Ready, nl: Klaar}", f"id: zq-sync, name: {everywhere('Zqsyncname')}"),
        ("id: asked\n    name: {en: Asked, de: Asked, fr: Asked, nl: Gevraagd}", f"id: zq-objective\n    name: {everywhere('Zqobjectivename')}"),
        ('M: {within: "00:20:00"}', 'M: {within: "01:13:31"}'),
        ("{at_least: 0.9}", "{at_least: 0.83173}"),
        ("id: begin,", "id: zq-inject-begin,"),
        ("point: ready", "point: zq-sync"),
        ("inject: flood", "inject: zq-inject-flood"),
        ("incident: flood", "incident: zq-inject-flood"),
        ("id: flood\n", "id: zq-inject-flood\n"),
        ("title: {en: Flood, de: Flood, fr: Flood, nl: Overstroming}", f"title: {everywhere('Zqfloodtitle')}"),
        ("action: {en: Asks, de: Asks, fr: Asks, nl: Vraagt}", f"action: {everywhere('Zqexpectedaction')}"),
        ("id: pumps\n", "id: zq-inject-later\n"),
        ("inject: pumps", "inject: zq-inject-later"),
        ("need: pumps", "need: zq-inject-later"),
        ("text: {en: Pumps, de: Pumps, fr: Pumps, nl: Pompen}", f"text: {everywhere('Zqlatertext')}"),
        ("place: Quay", "place: Zqneedplace"),
        ("id: spare", "id: zq-inject-hand"),
        ("id: finish,", "id: zq-inject-end,"),
        ("text: {en: Water, de: Water, fr: Water, nl: Water}", f"text: {everywhere('Zqtoldtoone')}"),
    ):  # fmt: skip
        assert old in made, old
        made = made.replace(old, new)
    return made


def found_in(text, *, but=()):
    """Which of the secrets stand in a text: words as they are, numbers as numbers."""
    found = []
    for words in SECRETS.values():
        for word in words:
            pattern = rf"(?<![\w.-]){re.escape(word)}(?![\w-])" if word[0].isdigit() else re.escape(word)
            if word not in but and re.search(pattern, text):
                found.append(word)
    return found


def said_by(answer):
    """Everything that an answer says: its headers, and its body as a reader sees it."""
    body = answer.content
    if answer.headers.get("content-type", "").startswith("application/pdf"):
        read = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)
        text = read + "".join(read.split())
    else:
        text = body.decode("utf-8", "replace")
    return f"{dict(answer.headers)} {text}"


async def ids_of(conn, space):
    """One id of each kind of row there is in a space, by the name that stands in addresses."""
    found = {}
    for kind, table in JOURNALED.items():
        spaced = "space_id" in table.model_fields
        where = "WHERE space_id = $1" if spaced else "WHERE $1::text IS NOT NULL"
        row = await conn.fetchval(f"SELECT id FROM {table.__tablename__} {where} ORDER BY id DESC LIMIT 1", space)
        if row is not None:
            found[f"{kind}_id"] = str(row)
    return found


def addresses(spaces, drills, ids):
    """Every GET of the API's description, with everything that can stand in it."""
    for path, operations in document()["paths"].items():
        if "get" not in operations or path.endswith("/feed"):
            continue
        for space in spaces if "{space}" in path else [""]:
            for drill in drills if "{drill_id}" in path else [""]:
                filled = {
                    "space": space,
                    "drill_id": drill,
                    "kind": "drill",
                    "scenario_id": "meuse-flood",
                    "slug": "conflict",
                }
                filled |= {"subject_id": drills[0]} | {"code": "be-liege"}
                names = re.findall(r"{(\w+)}", path)
                known = ids[space or "live"]
                values = {name: filled.get(name) or known.get(name) or str(uuid4()) for name in names}
                if path.endswith("/{kind}"):
                    values["kind"] = "resources"
                query = "?" + "&".join(
                    f"{each['name']}={QUERIES.get(each['name'], '1')}"
                    for each in operations["get"].get("parameters", ())
                    if each["in"] == "query" and (each.get("required") or each["name"] in QUERIES)
                )
                yield path.format(**values) + query


QUERIES = {"limit": "200", "q": "a"}
"""Of what may be asked with it: as much as there is."""


@pytest.fixture
async def scene(cast, played, beside):
    """A drill without notice under way, with all that its staff did in it, and another on the calendar; who looks for the script."""
    drill, space = await cast.begun(script=secret_script())
    await played.drilling.until(minutes=6)
    await cast.sends("controller", f"drills/{drill}/injects", inject="zq-inject-hand")
    await cast.sends(
        "evaluator", f"drills/{drill}/observations", text="Zqobservation", objective="zq-objective", kind="strength"
    )
    await cast.sends(
        "controller", f"drills/{drill}/ticks", inject="zq-inject-flood", member="nl-maastricht", note="Zqtick"
    )
    await cast.sends(
        "other player",
        "incidents",
        space=space,
        title="Water",
        hazard="flood",
        severity=3,
        area={"type": "Point", "coordinates": [5.7, 50.8]},
    )
    # What the staff are refused, their own member's admins read.
    for body in ({"inject": "zq-inject-hand"}, {"inject": "zq-inject-later-on"}, {"inject": "zq-inject-end"}):
        answer = await cast.clients["controller"].post(f"{LIVE}/drills/{drill}/injects", json=body)
        assert answer.status_code in {404, 409}
    tick = {"inject": "zq-inject-flood", "member": "nl-maastricht"}
    assert (await cast.clients["controller"].post(f"{LIVE}/drills/{drill}/ticks", json=tick)).status_code == 409
    coming = await cast.planned(secret_script())
    when = {"start": f"2026-07-15{LOCAL_HOUR}", "time_zone": "Europe/Brussels", "repeats": {"weekly": {"weekday": 2}}}
    await cast.sends("director", f"drills/{coming}/schedule", **when)
    reading = ("admin", "authorised_representative", "dispatcher", "finance", "observer", "safety_officer", "viewer")
    everything = ("exercise_director", "drill_controller", "drill_evaluator", "simcell")
    readers = {
        "player": await played.of("nl-maastricht", *reading),
        "player of the other side": await played.of(
            "be-liege", *(role for role in reading if role != "safety_officer")
        ),
        "safety officer": await played.of("be-liege", *reading),
        "observer": await played.of("de-aachen", *reading, *everything),
        "takes no part": await played.of("be-verviers", *reading, *everything),
    }
    name = space.rpartition("/")[2]
    evaluator = {"user_id": str(played.users["nl-maastricht", "drill_evaluator"])}
    ids = {where: await ids_of(beside, where) | evaluator for where in ("live", name)}
    return {"drill": drill, "coming": coming, "space": name, "readers": readers, "ids": ids}


ABOUT_DRILLS = ("drill", "journal", "corrective-actions", "improvement-plan", "system", "audit", "deliveries")


async def looked_through(scene, *, but=(), only=("",)):
    """Ask for everything as each reader; return what was found where, and how much was read."""
    found, read = [], 0
    paths = list(addresses(["live", scene["space"]], [scene["drill"], scene["coming"]], scene["ids"]))
    paths = [path for path in paths if any(word in path for word in only)]
    for who, client in scene["readers"].items():
        for path in paths:
            answer = await client.get(path)
            assert answer.status_code < 500, (path, answer.text)
            read += answer.is_success
            found += [(who, path, word) for word in found_in(said_by(answer), but=(*but, *ALLOWED.get(who, ())))]
    return found, read, len(paths)


async def test_no_address_tells_the_script(scene, cast, played):
    """One address that tells it, and whoever reads it plays a drill that they know."""
    found, read, asked = await looked_through(scene)
    assert found == []
    assert asked > 250
    assert read > asked, "most of what is asked for has to be answered"
    # Nor does what is refused to those who try, or answered to those who may.
    drill, coming = scene["drill"], scene["coming"]
    for who, client in scene["readers"].items():
        for path, body in (
            (f"drills/{drill}/injects", {"inject": "x"}), (f"drills/{drill}/ticks", {"inject": "x", "member": "be-liege"}),
            (f"drills/{drill}/jump", {}), (f"drills/{drill}/ready", {}), (f"drills/{drill}/schedule", {"start": "2026-07-16T09:00", "time_zone": "UTC"}),
            (f"drills/{coming}/ready", {"ready": True}), (f"drills/{coming}/approve", {}), (f"drills/{coming}/go-ahead", {}),
        ):  # fmt: skip
            answer = await client.post(f"{LIVE}/{path}", json=body)
            assert found_in(said_by(answer)) == [], (who, path)
    stale = await cast.clients["director"].patch(
        f"{LIVE}/drills/{coming}", json={"speed": 3}, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 409
    assert found_in(stale.text) == [], "a stale revision shows what everybody may read"
    # After the end, and before the hot wash was held.
    await cast.sends("director", f"drills/{drill}/end")
    await cast.sends("player", f"drills/{drill}/hot-washes", went_well="Zqobservation", to_improve="Zqobservation")
    del scene["readers"]["player"]  # whose member's own words these are
    found, _, _ = await looked_through(scene, but=AFTER_THE_END, only=ABOUT_DRILLS)
    assert found == []


async def test_the_feed_tells_no_script(scene, cast, played):
    """What the console of a player keeps in memory is one key away from being read."""
    received = {}
    async with AsyncExitStack() as open_:
        address = await open_.enter_async_context(served(played.application))
        for who in scene["readers"]:
            roles = next(key for key, client in played.people.items() if client is scene["readers"][who])
            for space in ("live", scene["space"]):
                follower = await open_.enter_async_context(following(address, space=space, token=played.tokens[roles]))
                if (who, space) == ("takes no part", scene["space"]):
                    assert await follower.closed() == 4403
                    continue
                received[who, space] = follower
                await follower.resume(0)
                await follower.next("heartbeat")
        await cast.sends("director", f"drills/{scene['drill']}/pause")
        await played.drilling.until(minutes=1)
        for who in ("director", "other director"):
            await cast.sends(who, f"drills/{scene['drill']}/resume")
        ended = await cast.sends("director", f"drills/{scene['drill']}/speed", speed=2)
        assert ended["command"] == "set_drill_speed"
        for follower in received.values():
            await follower.until(lambda each: any(entry["type"] == "drill.speed_set" for entry in each.entries))
    for (who, space), follower in received.items():
        text = orjson.dumps(follower.frames).decode()
        assert "drill.speed_set" in text, (who, space)
        assert found_in(text, but=ALLOWED.get(who, ())) == [], (who, space)


async def test_its_staff_read_all_of_it(scene, cast):
    """A controller without the script can't lead."""
    drill = scene["drill"]
    read = [(await cast.gets("controller", f"drills/{drill}/{what}")).text for what in ("control", "script")]
    missing = {word for words in SECRETS.values() for word in words} - set(found_in(" ".join(read)))
    assert missing == {"Zqobservation", HOUR, LOCAL_HOUR, "7073"}
    assert "Zqobservation" in (await cast.gets("director", f"drills/{drill}/observations")).text
    assert f"2026-07-15{HOUR}" in (await cast.gets("evaluator", f"drills/{scene['coming']}")).text
    paper = await cast.gets("evaluator", f"drills/{drill}/controller-handbook.pdf")
    assert {"Zqlatertext", "Zqexpectedaction", "Zqobjectivename"} <= set(found_in(said_by(paper)))
