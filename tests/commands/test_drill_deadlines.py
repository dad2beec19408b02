"""Deadlines in a drill go by its clock: nothing lapses while it stands, and at speed 60 an hour is a minute."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app.commands.due import look_for_due
from app.domain.authority import Actor
from app.domain.errors import DrillPaused
from app.domain.ids import new_id
from app.store.folded import differences, folded_and_tables
from app.store.journal import read
from app.store.webhook_lanes import Claim, add, ring_later
from tests.commands.drilling import DIRECTOR_BE, MAASTRICHT, SAFETY
from tests.commands.telling import Cad
from tests.world import flood

REPRESENTATIVE = ("be-liege", "authorised_representative")


class Asked:
    """A request of Maastricht in the drill, and what Liège offers for it."""

    def __init__(self, drilling, beside, space):
        self.drilling, self.beside, self.space = drilling, beside, space
        self.began = drilling.clock.now()

    async def asks(self):
        report = await self.drilling.does("report_incident", who=MAASTRICHT, space=self.space, **flood(area={"type": "Point", "coordinates": [5.7, 50.85]}))  # fmt: skip
        line = {
            "type_code": "pump.high_capacity", "quantity": 2, "priority": "property", "lon": 5.7, "lat": 50.85,
            "needed_by": self.after(minutes=180),
        }  # fmt: skip
        made = await self.drilling.does("draft_request", who=MAASTRICHT, space=self.space, incident_id=report.id, kind="immediate", lines=[line], expires_at=self.after(minutes=240), then="open")  # fmt: skip
        self.incident = report.id
        self.request, self.line = made.id, made.rows["request_line"][0]["id"]
        return self

    async def offered(self, **more):
        send = {"request_line_id": self.line, "quantity": 1}
        made = await self.drilling.does("make_offer", self.request, who=REPRESENTATIVE, space=self.space, lines=[send], **more)  # fmt: skip
        return made.id

    def after(self, **delta):
        return self.began + timedelta(**delta)

    async def offer(self, id_):
        row = await self.beside.fetchrow("SELECT status, valid_until FROM offer WHERE space_id = $1 AND id = $2", self.space, id_)  # fmt: skip
        return row["status"], row["valid_until"]

    async def value(self, statement):
        return await self.beside.fetchval(statement, self.space)

    async def folds(self):
        assert differences(*await folded_and_tables(self.drilling.door.engine, self.space)) == []


@pytest.fixture
async def begun(drilling, beside):
    drill, space = await drilling.started()
    return drill, await Asked(drilling, beside, space).asks()


def of_staff(drilling, member, *roles):
    """Return somebody of the staff, whom a pause lets through, who also acts for the member."""
    return Actor(new_id(), "person", drilling.members[member], frozenset(roles), "console")


async def goes_on(drilling, drill):
    for who in ("nl-maastricht", "be-liege"):
        await drilling.does("resume_drill", drill, who=(who, "exercise_director"))


DUE = "SELECT min(due_at) FROM response_commitment WHERE space_id = $1 AND step = 'answer' AND status = 'running'"


async def test_a_pause_takes_nothing_from_anybody(drilling, begun):
    """Somebody lies hurt, the drill stands, and an offer that nobody may accept meanwhile lapses."""
    drill, asked = begun
    offer = await asked.offered(valid_until=asked.after(minutes=30))
    needed = "SELECT needed_by FROM request_line WHERE space_id = $1"
    expires = "SELECT expires_at FROM request WHERE space_id = $1"
    await drilling.until(minutes=10)
    await drilling.does("pause_drill", drill, who=SAFETY)
    await drilling.until(minutes=15)
    await drilling.does("set_drill_speed", drill, speed=1)  # a word on the clock while it stands moves its anchor
    await drilling.until(minutes=25)
    assert await asked.offer(offer) == ("offered", asked.after(minutes=30))
    assert await look_for_due(drilling.door) == (False, (await look_for_due(drilling.door))[1])
    with pytest.raises(DrillPaused):
        await drilling.does("accept_offer", offer, who=MAASTRICHT, space=asked.space)
    await drilling.does("resume_drill", drill)
    assert await asked.offer(offer) == ("offered", asked.after(minutes=30))
    await drilling.does("resume_drill", drill, who=DIRECTOR_BE)
    assert await asked.offer(offer) == ("offered", asked.after(minutes=70))
    assert await asked.value(needed) == asked.after(minutes=220)
    assert await asked.value(expires) == asked.after(minutes=280)
    await asked.folds()
    await drilling.until(minutes=19, seconds=59)
    assert (await asked.offer(offer))[0] == "offered"
    await drilling.until(seconds=1)
    assert (await asked.offer(offer))[0] == "expired"
    seen = "SELECT parties FROM journal_entry WHERE space_id = $1 AND type = 'drill.deadlines_moved' AND subject_kind = 'offer'"
    assert set(await asked.value(seen)) == {drilling.members["nl-maastricht"], drilling.members["be-liege"]}


async def test_a_lenders_commitment_is_not_broken_by_a_pause(drilling, begun):
    """Its agreement gives it twenty minutes to answer; the drill stood for forty, and the report would say that it was late."""
    drill, asked = begun
    due = await asked.value(DUE)
    assert due is not None
    await drilling.does("pause_drill", drill, who=SAFETY)
    await drilling.until(minutes=40)
    for who in (MAASTRICHT[0], DIRECTOR_BE[0]):
        await drilling.does("resume_drill", drill, who=(who, "exercise_director"))
    await drilling.due()
    assert await asked.value(DUE) == due + timedelta(minutes=40)
    broken = "SELECT count(*) FROM response_commitment WHERE space_id = $1 AND status = 'broken'"
    assert await asked.value(broken) == 0


async def test_at_speed_60_an_hour_is_a_minute(drilling, begun):
    """An offer for an hour would outlive the drill, and what the script says of the hour after it would never come."""
    drill, asked = begun
    offer = await asked.offered(valid_until=asked.after(minutes=50))
    await drilling.until(minutes=10)
    await drilling.does("set_drill_speed", drill, speed=60)
    assert await asked.offer(offer) == ("offered", asked.after(minutes=10, seconds=40))
    short = await asked.offered()  # two hours, where nothing is said
    assert await asked.offer(short) == ("offered", asked.after(minutes=12))
    await drilling.until(seconds=39)
    assert (await asked.offer(offer))[0] == "offered"
    await drilling.until(seconds=1)
    assert (await asked.offer(offer))[0] == "expired"
    # And back: 80 seconds at speed 60 are left of it, and 80 minutes at speed 1.
    await drilling.does("set_drill_speed", drill, speed=1)
    assert await asked.offer(short) == ("offered", asked.after(minutes=90, seconds=40))
    await asked.folds()


async def test_what_was_jumped_over_is_over(drilling, begun):
    """People would take what the script has left behind."""
    drill, asked = begun
    soon = await asked.offered(valid_until=asked.after(minutes=1))
    later = await asked.offered(valid_until=asked.after(minutes=30))
    await drilling.does("jump_drill", drill)  # to what follows the request, after two minutes
    assert await asked.offer(later) == ("offered", asked.after(minutes=28))
    await drilling.due()
    assert (await asked.offer(soon))[0] == "expired"
    await asked.folds()


async def test_help_from_day_to_day_stays_between_its_two_when_its_times_move(drilling, begun):
    """The corridor would read of an ambulance, and of what is owed for it, by the drill's clock."""
    drill, asked = begun
    both = {drilling.members["nl-maastricht"], drilling.members["be-liege"]}
    asks, sends = drilling.members["nl-maastricht"], drilling.members["be-liege"]
    body = {"requester_id": asks, "lender_id": sends, "kind": "day_to_day", "type_code": "ambulance.als", "quantity": 1, "lon": 5.7, "lat": 50.78}  # fmt: skip
    await drilling.does("assist_now", who=MAASTRICHT, space=asked.space, **body)
    await drilling.does("assist_now", who=MAASTRICHT, space=asked.space, **(body | {"kind": "immediate", "incident_id": asked.incident, "type_code": "pump.high_capacity"}))  # fmt: skip
    await drilling.does("set_drill_speed", drill, speed=4)
    moved = [each for each in await read(asked.beside, asked.space, 0, 5000) if each.type == "drill.deadlines_moved"]
    debts = {}
    for each in moved:
        for row in each.body()["rows"].get("debt", ()):
            debts.setdefault(row["request_id"], set()).add((each.visibility, frozenset(each.parties)))
    kinds = await asked.beside.fetch("SELECT id::text, kind FROM request WHERE space_id = $1 AND id = ANY($2)", asked.space, [UUID(id_) for id_ in debts])  # fmt: skip
    assert {(each["kind"], *debts[each["id"]]) for each in kinds} == {
        ("day_to_day", ("parties", frozenset(both))),
        ("immediate", ("corridor", frozenset())),
    }
    await asked.folds()


async def test_what_is_put_down_while_the_drill_stands_begins_when_it_goes_on(drilling, begun):
    """Two hours would last five days, or half of them would be over before anybody might answer."""
    drill, asked = begun
    lender = of_staff(drilling, "be-liege", "drill_controller", "authorised_representative")
    send = {"lines": [{"request_line_id": asked.line, "quantity": 1}]}
    for before, at_making, at_resume in ((1, 1, 1), (60, 1, 1), (1, 60, 1), (1, 1, 60)):
        await drilling.does("set_drill_speed", drill, speed=before)
        await drilling.does("pause_drill", drill, who=SAFETY)
        await drilling.until(minutes=20)
        await drilling.does("set_drill_speed", drill, speed=at_making)
        made = await drilling.does("make_offer", asked.request, who=lender, space=asked.space, **send)  # two hours
        await drilling.until(minutes=5)
        await drilling.does("set_drill_speed", drill, speed=at_resume)
        await drilling.until(minutes=10)
        await goes_on(drilling, drill)
        due = drilling.clock.now() + timedelta(hours=2) / at_resume
        assert await asked.offer(made.id) == ("offered", due), (before, at_making, at_resume)
        work = "SELECT due_at FROM due_work WHERE space_id = $1 AND command = 'expire_offer' AND target = $2"
        assert await asked.beside.fetchval(work, asked.space, made.id) == due
        await drilling.does("withdraw_offer", made.id, who=lender, space=asked.space)
    await asked.folds()


async def test_a_draft_waits_as_well(drilling, begun):
    """It could not be opened after the pause, for it would have expired meanwhile."""
    drill, asked = begun
    told = "SELECT r.expires_at, l.needed_by FROM request r JOIN request_line l ON l.space_id = r.space_id AND l.request_id = r.id WHERE r.space_id = $1 AND r.id = $2"  # fmt: skip
    asks = of_staff(drilling, "nl-maastricht", "exercise_director", "dispatcher")

    async def drafts(then):
        now = drilling.clock.now()
        line = {
            "type_code": "pump.high_capacity", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.85,
            "needed_by": now + timedelta(minutes=20),
        }  # fmt: skip
        made = await drilling.does("draft_request", who=asks, space=asked.space, incident_id=asked.incident, kind="immediate", lines=[line], expires_at=now + timedelta(minutes=30), then=then)  # fmt: skip
        return made.id

    begun_before = [await drafts("draft"), await drafts("submit")]
    await drilling.does("pause_drill", drill, who=SAFETY)
    await drilling.until(minutes=40)
    meanwhile = await drafts("draft")
    await drilling.until(minutes=50)
    await goes_on(drilling, drill)
    now = drilling.clock.now()
    for id_ in (*begun_before, meanwhile):
        row = await asked.beside.fetchrow(told, asked.space, id_)
        assert tuple(row) == (now + timedelta(minutes=30), now + timedelta(minutes=20))
    moved = [each for each in await read(asked.beside, asked.space, 0, 5000) if each.type == "drill.deadlines_moved"]
    eyes = {
        (each.visibility, each.parties)
        for each in moved
        for row in each.body()["rows"].get("request", ())
        if row["id"] != str(asked.request)
    }
    assert eyes == {("parties", (drilling.members["nl-maastricht"],))}
    await asked.folds()


async def test_what_is_over_is_told_no_more(drilling, begun):
    """A withdrawn offer, a request that was called off: each step of the clock would tell everybody of them anew."""
    drill, asked = begun
    offer = await asked.offered(valid_until=asked.after(minutes=30))
    await drilling.does("withdraw_offer", offer, who=REPRESENTATIVE, space=asked.space)
    other = await drilling.does("draft_request", who=MAASTRICHT, space=asked.space, incident_id=asked.incident, kind="immediate", lines=[{"type_code": "pump.high_capacity", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.85, "needed_by": asked.after(minutes=180)}], expires_at=asked.after(minutes=240), then="open")  # fmt: skip
    await drilling.does("cancel_request", other.id, who=MAASTRICHT, space=asked.space)
    told = "SELECT (SELECT (status, revision, valid_until)::text FROM offer WHERE space_id = $1 AND id = $2), (SELECT (status, revision, expires_at)::text FROM request WHERE space_id = $1 AND id = $3), (SELECT (revision, needed_by)::text FROM request_line WHERE space_id = $1 AND request_id = $3)"  # fmt: skip
    before = await asked.beside.fetchrow(told, asked.space, offer, other.id)
    assert before[0].startswith("(withdrawn"), before
    standing = "SELECT expires_at FROM request WHERE space_id = $1 AND status = 'open'"
    moves = await asked.value(standing)
    for speed in (2, 3, 4):
        await drilling.does("set_drill_speed", drill, speed=speed)
    assert await asked.beside.fetchrow(told, asked.space, offer, other.id) == before
    assert await asked.value(standing) < moves
    await asked.folds()


async def test_what_was_jumped_over_is_over_in_its_order(drilling, begun):
    """A commitment that was broken before its request expired would count as no longer needed."""
    drill, asked = begun
    last = await asked.offered(valid_until=asked.after(seconds=90))
    first = await asked.offered(valid_until=asked.after(seconds=30))
    await drilling.does("jump_drill", drill)
    work = "SELECT target FROM due_work WHERE space_id = $1 AND command = 'expire_offer' AND done_at IS NULL ORDER BY due_at, target = $2 DESC"
    assert [each["target"] for each in await asked.beside.fetch(work, asked.space, last)] == [first, last]
    await drilling.until(seconds=1)
    over = [each.subject_id for each in await read(asked.beside, asked.space, 0, 5000) if each.type == "offer.expired"]
    assert over == [first, last]
    await asked.folds()


async def test_a_checklist_goes_by_the_drills_clock(drilling, begun):
    """Half an hour to warn the villages would be thirty hours of the drill."""
    drill, asked = begun
    within = "SELECT min(i.due_at - p.applied_at), min(i.due_at) FROM checklist_item i JOIN incident_protocol p ON p.space_id = i.space_id AND p.id = i.incident_protocol_id WHERE i.space_id = $1 AND i.incident_id = $2"  # fmt: skip
    minutes, due = await asked.beside.fetchrow(within, asked.space, asked.incident)
    assert due is not None
    await drilling.does("pause_drill", drill, who=SAFETY)
    await drilling.until(minutes=40)
    await goes_on(drilling, drill)
    assert (await asked.beside.fetchrow(within, asked.space, asked.incident))[1] == due + timedelta(minutes=40)
    await drilling.does("set_drill_speed", drill, speed=60)
    where = {"type": "Point", "coordinates": [5.72, 50.87]}
    report = await drilling.does("report_incident", who=MAASTRICHT, space=asked.space, **flood(area=where))
    assert (await asked.beside.fetchrow(within, asked.space, report.id))[0] == minutes / 60
    await asked.folds()


async def test_what_a_dispatch_system_tells_goes_by_the_drills_clock(drilling, begun):
    """What its operator enters by hand is due in half an hour of the drill; what the system tells would be in thirty."""
    drill, asked = begun
    within = "SELECT min(i.due_at - p.applied_at) FROM checklist_item i JOIN incident_protocol p ON p.space_id = i.space_id AND p.id = i.incident_protocol_id WHERE i.space_id = $1 AND i.incident_id = $2"  # fmt: skip
    minutes = await asked.beside.fetchval(within, asked.space, asked.incident)
    cad = await Cad.of(drilling.door, drilling, "nl-maastricht", mapping="generic", codes={})
    await drilling.does("set_drill_speed", drill, speed=60)
    at = drilling.clock.now().isoformat()
    told = {"kind": "incident", "at": at, "number": "2026-77", "title": "Flood", "lon": 5.75, "lat": 50.86}
    answer = await cad.tells(told | {key: flood()[key] for key in ("hazard", "severity")}, space=asked.space)
    (incident,) = {UUID(each["id"]) for each in answer.effects if each["kind"] == "incident"}
    assert await asked.beside.fetchval(within, asked.space, incident) == minutes / 60


async def test_a_dispatch_system_answers_while_the_drill_stands(drilling, begun):
    """Its receipt is awaited by the wall's clock: refused, the console would ring for a mission that everybody has on the screen."""
    drill, asked = begun
    body = {"label": "CAD", "url": "https://cad.example.org", "events": ["*"], "receipts": True, "source": "cad", "space_kinds": ["live", "exercise"]}  # fmt: skip
    hook = (await drilling.does("add_webhook", who=("nl-maastricht", "admin"), **body)).id
    seq, by = await asked.value("SELECT max(seq) FROM journal_entry WHERE space_id = $1"), asked.after(seconds=60)
    claim = Claim(asked.space, hook, UUID(int=7))
    lane = "INSERT INTO webhook_lane (space_id, endpoint_id, seq, failures, next_at, lease, leased_until) VALUES ($1, $2, $3, 0, $4, $5, now() + interval '1 h') ON CONFLICT (space_id, endpoint_id) DO UPDATE SET lease = excluded.lease, leased_until = excluded.leased_until"  # fmt: skip
    await asked.beside.execute(lane, asked.space, hook, seq, by, claim.lease)
    await add(asked.beside, claim, asked.began, [(seq, "request.opened", by)], replayed=False)
    await ring_later(asked.beside, claim, [UUID(int=8)], [(seq, by)])
    await drilling.does("pause_drill", drill, who=SAFETY)
    taken = await drilling.does("take_into_dispatch", hook, who=MAASTRICHT, space=asked.space, seq=seq)
    assert taken.subject["status"] == "taken"
    await drilling.until(minutes=2)
    assert not await asked.value("SELECT count(*) FROM journal_entry WHERE space_id = $1 AND type = 'dispatch_receipt.missing'")  # fmt: skip
    with pytest.raises(DrillPaused):
        await drilling.does("withdraw_offer", new_id(), who=REPRESENTATIVE, space=asked.space)


async def test_a_commitment_begun_anew_keeps_its_time(drilling, begun):
    """A call that never was is taken back after a pause: the answer that it stood for would be late before anybody can give it."""
    drill, asked = begun
    due = await asked.value(DUE)
    lender = drilling.members["be-liege"]
    call = await drilling.does("assist_now", who=MAASTRICHT, space=asked.space, requester_id=drilling.members["nl-maastricht"], lender_id=lender, incident_id=asked.incident, kind="immediate", type_code="pump.high_capacity", quantity=1, lon=5.7, lat=50.85, request_line_id=asked.line)  # fmt: skip
    running = "SELECT due_at FROM response_commitment WHERE space_id = $1 AND step = 'answer' AND lender_id = $2 AND status = 'running'"
    assert await asked.beside.fetchval(running, asked.space, lender) is None
    await drilling.does("pause_drill", drill, who=SAFETY)
    await drilling.until(minutes=40)
    await goes_on(drilling, drill)
    await drilling.does("take_back_call", call.id, who=MAASTRICHT, space=asked.space, why="Written down twice.")
    await drilling.due()
    assert await asked.beside.fetchval(running, asked.space, lender) == due + timedelta(minutes=40)
    await asked.folds()
