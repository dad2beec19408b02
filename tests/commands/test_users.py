"""Users: kept by their member's admin, journalled without names or secrets."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr, ValidationError

from app.commands import sessions, throttle
from app.commands.calls import AssistNow
from app.commands.erasure import EraseUser
from app.commands.incidents import ReportIncident
from app.commands.representatives import NameRepresentative, SetDuty
from app.commands.users import AddUser, ChangeUser, DeactivateUser
from app.domain.authority import SYSTEM
from app.domain.errors import (
    BadCredentials,
    Conflict,
    Duplicate,
    LastAdmin,
    LastOfRole,
    Malformed,
    MissingField,
    NotFound,
    OnCall,
    RoleMissing,
    StaleRevision,
    TooMany,
    UnknownCode,
)
from app.store.housekeeping import purge
from tests.world import flood

PASSWORD = "seven boats on the Meuse"


@pytest.fixture
def admin(world):
    """The admin of maas."""
    return world.actor("maas", "admin")


def somebody(**other):
    body = {"login": "a.visser", "display_name": "Anna Visser", "password": PASSWORD, "roles": ["dispatcher"]} | other
    return AddUser.model_validate(body)


async def added(door, admin, **other):
    return await door.execute(somebody(**other), actor=admin, space="live")


async def signs_in(door, password=PASSWORD, login="a.visser", address="192.0.2.7"):
    return await sessions.sign_in(door, login, SecretStr(password), address=address)


async def test_journal_tells_a_user_without_name_login_or_password(door, admin, pg, assert_fold):
    """Somebody who asks to be forgotten could not be: the chain would hold the name for good."""
    receipt = await added(door, admin, roles=["dispatcher", "viewer", "dispatcher"])
    await door.execute(ChangeUser(display_name="Anna de Vries"), actor=admin, space="live", target=receipt.id)
    payloads = "".join(
        row["payload"]
        for row in await (await pg()).fetch(
            "SELECT payload FROM journal_entry WHERE subject_id = $1 AND visibility = 'parties'", receipt.id
        )
    )
    assert payloads.count('"roles":["viewer","dispatcher"]') == 2
    for secret in ("Visser", "Vries", "a.visser", "argon2", PASSWORD):
        assert secret not in payloads
    await assert_fold()


async def test_admin_keeps_the_users_of_its_own_member_only(door, admin, world):
    """An admin of one city could make itself a representative of another."""
    with pytest.raises(RoleMissing):
        await added(door, admin, member_id=world.members["luik"])
    theirs = world.users["luik", "viewer"]
    for command in (ChangeUser(roles=["admin"]), DeactivateUser()):
        with pytest.raises(NotFound):
            await door.execute(command, actor=admin, space="live", target=theirs)
        with pytest.raises(RoleMissing):
            await door.execute(command, actor=world.actor("luik", "dispatcher"), space="live", target=theirs)


async def test_command_line_names_the_member(door, world):
    """The first admin of a member would belong to nobody."""
    with pytest.raises(MissingField):
        await added(door, SYSTEM)
    receipt = await added(door, SYSTEM, member_id=world.members["aken"], roles=["admin"])
    assert receipt.subject["member_id"] == str(world.members["aken"])


async def test_roles_are_those_of_the_authority_table(door, admin):
    """A misspelt role would look like one that was granted."""
    with pytest.raises(UnknownCode) as refusal:
        await added(door, admin, roles=["dispatcher", "dispatchr"])
    assert refusal.value.errors[0].pointer == "/roles/1"


@pytest.mark.parametrize("password", ["A.Visser-2026", "anna visser-2026"])
async def test_password_is_not_the_name(door, admin, password):
    """What everybody knows of somebody is what is tried first."""
    with pytest.raises(Malformed):
        await added(door, admin, login="a.visser-2026", display_name="Anna Visser-2026", password=password)


@pytest.mark.parametrize("password", ["eleven char", "x" * 257])
def test_password_has_a_length(password):
    """Short ones are guessed; endless ones keep a processor busy."""
    with pytest.raises(ValidationError) as refusal:
        somebody(password=password)
    assert password not in str(refusal.value)


async def test_service_has_no_password(door, admin):
    """A machine with a password would be a person that nobody knows."""
    with pytest.raises(Malformed):
        await added(door, admin, kind="service")


async def test_login_is_unique_also_among_two_admins_at_once(door, admin, world):
    """Two people under one login would sign for each other."""
    outcomes = await asyncio.gather(
        added(door, admin), added(door, world.actor("luik", "admin")), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [Duplicate.__name__, "Receipt"]


async def test_password_is_no_part_of_what_is_kept_under_a_key(door, admin, pg):
    """The digest kept for a repeat is quick to compute: it would give the password away to a guesser with the table."""
    first = await door.execute(somebody(), actor=admin, space="live", key="k")
    again = await door.execute(somebody(password="another long sentence"), actor=admin, space="live", key="k")
    assert again == first
    assert await signs_in(door)


async def test_change_wants_the_present_revision(door, admin):
    """Of two admins at work on one user, the slower would undo what the quicker did."""
    receipt = await added(door, admin)
    change = ChangeUser(roles=["viewer"])
    changed = await door.execute(change, actor=admin, space="live", target=receipt.id, revision=1)
    assert changed.subject["roles"] == ["viewer"]
    assert changed.revision == 2
    with pytest.raises(StaleRevision):
        await door.execute(change, actor=admin, space="live", target=receipt.id, revision=1)


async def test_new_password_ends_sessions_and_the_old_one(door, admin, pg):
    """Whoever stole the old password would stay inside."""
    receipt = await added(door, admin)
    await signs_in(door)
    await door.execute(
        ChangeUser.model_validate({"password": "eight boats on the Meuse"}),
        actor=admin,
        space="live",
        target=receipt.id,
    )
    assert await (await pg()).fetchval("SELECT count(*) FROM session") == 0
    with pytest.raises(BadCredentials):
        await signs_in(door)
    assert await signs_in(door, "eight boats on the Meuse")


async def test_deactivated_user_is_out(door, admin, pg, assert_fold):
    """Somebody who left the service would go on acting in its name."""
    receipt = await added(door, admin)
    await signs_in(door)
    gone = await door.execute(DeactivateUser(), actor=admin, space="live", target=receipt.id)
    assert gone.subject["active"] is False
    assert await (await pg()).fetchval("SELECT count(*) FROM session") == 0
    with pytest.raises(BadCredentials):
        await signs_in(door)
    for command in (DeactivateUser(), ChangeUser(roles=["admin"])):
        with pytest.raises(Conflict):
            await door.execute(command, actor=admin, space="live", target=receipt.id)
    await assert_fold()


async def test_the_last_who_may_settle_what_is_open_stays(act, world, assert_fold):
    """A debt would be left that nobody of the city may make good, and nobody would know before the lender asks."""
    admin, binds = ("maas", "admin"), world.users["maas", "authorised_representative"]
    incident = await act(ReportIncident, **flood())
    made = await act(
        AssistNow, who=("luik", "dispatcher"), requester_id=world.members["maas"], lender_id=world.members["luik"], incident_id=incident.id,
        type_code="pump.high_capacity", quantity=1, lon=5.7, lat=50.78, person_rung="Luc",
    )  # fmt: skip
    assert (owed := sum(row["member_id"] == str(world.members["maas"]) for row in made.rows["debt"]))
    for model, body in ((DeactivateUser, {}), (ChangeUser, {"roles": ["viewer"]})):
        with pytest.raises(LastOfRole) as refused:
            await act(model, binds, who=admin, **body)
        (reason,) = refused.value.extra["reasons"]
        assert (reason["code"], reason["figures"]) == (
            "owes_acts", {"n": owed, "role": "authorised_representative"},
        )  # fmt: skip
    await act(
        ChangeUser, world.users["maas", "dispatcher"], who=admin, roles=["dispatcher", "authorised_representative"]
    )
    gone = await act(DeactivateUser, binds, who=admin)
    assert (gone.subject["active"], gone.warnings) == (False, [])
    await assert_fold()


async def test_the_only_one_on_duty_is_not_let_go(act, world, assert_fold):
    """At three in the morning the other side would ring somebody who left the service last week."""
    admin, member = ("maas", "admin"), world.members["maas"]
    binds = world.users["maas", "authorised_representative"]
    first = await act(NameRepresentative, member, who=admin, user_id=binds)
    await act(SetDuty, first.id, on_duty=True)
    for model in (DeactivateUser, EraseUser):
        with pytest.raises(OnCall):
            await act(model, binds, who=admin)
    other = await act(
        AddUser, who=admin, login="deputy@maas", display_name="A deputy", roles=["authorised_representative"]
    )
    second = await act(NameRepresentative, member, who=admin, user_id=other.id, deputy_of_id=first.id)
    await act(SetDuty, second.id, on_duty=True)
    gone = await act(DeactivateUser, binds, who=admin)
    assert [warning["code"] for warning in gone.warnings] == ["still_representative"]
    with pytest.raises(OnCall):  # the first is on duty in name alone: a deactivated user answers nobody
        await act(DeactivateUser, other.id, who=admin)
    await act(SetDuty, second.id, on_duty=False)
    gone = await act(DeactivateUser, other.id, who=admin)
    assert [(warning["code"], warning.get("figures")) for warning in gone.warnings] == [
        ("still_representative", None), ("last_of_role", {"role": "authorised_representative"}),
    ]  # fmt: skip
    await assert_fold()


async def test_of_two_on_duty_who_go_at_once_one_stays(act, world, conn):
    """Each would count on the other, and nobody would be left."""
    admin, member = ("maas", "admin"), world.members["maas"]
    users = [world.users["maas", "authorised_representative"]]
    made = await act(AddUser, who=admin, login="deputy@maas", display_name="A", roles=["authorised_representative"])
    users.append(made.id)
    for user in users:
        named = await act(NameRepresentative, member, who=admin, user_id=user)
        await act(SetDuty, named.id, on_duty=True)
    ended = await asyncio.gather(*(act(DeactivateUser, user, who=admin) for user in users), return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["OnCall", "Receipt"]


# ---------------------------------------------------------------- throttled sign-in


async def fails(door, times, **how):
    for _ in range(times):
        with pytest.raises(BadCredentials):
            await signs_in(door, "not the password", **how)


@pytest.mark.parametrize("login", ["a.visser", "nobody.at.all"])
async def test_account_has_to_wait_longer_and_longer(door, admin, clock, login):
    """A password could be guessed at the speed of the machine; and an account that is not there must look the same."""
    await added(door, admin)
    address = (f"198.51.100.{n}" for n in range(100))
    for _ in range(throttle.FREE):
        await fails(door, 1, login=login, address=next(address))
    waits = []
    for _ in range(12):
        with pytest.raises(TooMany) as refusal:
            await signs_in(door, login=login, address=next(address))
        waits.append(refusal.value.retry_after_s)
        clock.move(seconds=waits[-1])
        await fails(door, 1, login=login, address=next(address))
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


async def test_success_forgives_the_account(door, admin):
    """Whoever mistypes once a day would be locked out on the fifth."""
    await added(door, admin)
    for number in range(3):
        await fails(door, throttle.FREE - 1, address=f"198.51.100.{number}")
        assert await signs_in(door, login=" A.Visser ", address="203.0.113.9")


async def test_many_tries_at_once_are_no_way_around(door, admin):
    """A thousand guesses sent together would all be looked at before the first is counted."""
    await added(door, admin)
    tries = [signs_in(door, f"guess number {n}", address=f"198.51.100.{n}") for n in range(12)]
    outcomes = [type(each) for each in await asyncio.gather(*tries, return_exceptions=True)]
    assert outcomes.count(BadCredentials) == throttle.FREE
    assert outcomes.count(TooMany) == 12 - throttle.FREE


@pytest.mark.parametrize(("first", "second"), [("192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::2"), ("", "")])
async def test_address_has_to_wait_too(door, admin, clock, first, second):
    """One address could try one password on every account."""
    await added(door, admin)
    for number in range(throttle.FREE):
        await fails(door, 1, login=f"user{number}", address=first)
    with pytest.raises(TooMany):
        await signs_in(door, address=second)
    assert await signs_in(door, address="203.0.113.9")
    clock.move(seconds=1)
    assert await signs_in(door, address=second)


async def test_failures_are_forgotten_after_an_hour(door, admin, clock):
    """A control room that mistypes now and then would wait a quarter of an hour each time."""
    await added(door, admin)
    await fails(door, throttle.FREE)
    clock.move(seconds=throttle.FORGOTTEN_AFTER.total_seconds())
    await fails(door, throttle.FREE - 1)
    assert await signs_in(door)


async def test_housekeeping_keeps_what_is_still_wanted(door, admin, world, clock, settings, pg):
    """Sessions, keys and refusals would pile up for ever; or be gone while somebody needs them."""
    await added(door, admin)
    await signs_in(door)
    await fails(door, 1)
    await door.execute(ChangeUser(language="nl"), actor=admin, space="live", target=admin.id, key="k")
    with pytest.raises(RoleMissing):
        await added(door, admin, member_id=world.members["luik"])
    conn = await pg()
    await conn.execute("DELETE FROM due_work")
    await conn.executemany(
        "INSERT INTO due_work (id, space_id, command, body, due_at, attempts, done_at)"
        " VALUES (gen_random_uuid(), 'live', 'ring_back', '{}', $1, 0, $2)",
        [(clock.now(), clock.now()), (clock.now(), None)],
    )
    tables = ("session", "login_throttle", "idempotency", "due_work", "audit")
    held = {table: await conn.fetchval(f"SELECT count(*) FROM {table}") for table in tables}
    assert held == {"session": 1, "login_throttle": 2, "idempotency": 1, "due_work": 2, "audit": 1}
    assert set((await purge(door.engine, settings, clock.now())).values()) == {0}
    clock.move(hours=24)
    gone = await purge(door.engine, settings, clock.now())
    assert gone == {
        "session": 1,
        "login_throttle": 2,
        "idempotency": 1,
        "due_work": 0,
        "audit": 0,
        "webhook_delivery": 0,
        "inbox_refusal": 0,
    }
    clock.move(days=400)
    gone = await purge(door.engine, settings, clock.now())
    assert gone == {
        "session": 0,
        "login_throttle": 0,
        "idempotency": 0,
        "due_work": 1,
        "audit": 1,
        "webhook_delivery": 0,
        "inbox_refusal": 0,
    }


async def test_the_last_admin_stays(door, admin, world, assert_fold):
    """Nobody of the member could let anybody in any more, nor out."""
    own = world.users["maas", "admin"]
    for command in (DeactivateUser(), ChangeUser(roles=["dispatcher"]), ChangeUser(roles=[])):
        with pytest.raises(LastAdmin):
            await door.execute(command, actor=admin, space="live", target=own)
    await door.execute(ChangeUser(roles=["dispatcher", "admin"]), actor=admin, space="live", target=own)
    other = await added(door, admin, roles=["admin"])
    await door.execute(DeactivateUser(), actor=admin, space="live", target=other.id)
    with pytest.raises(LastAdmin):
        await door.execute(DeactivateUser(), actor=admin, space="live", target=own)
    await added(door, admin, login="b.visser", roles=["admin"])
    await door.execute(DeactivateUser(), actor=admin, space="live", target=own)
    await assert_fold()


async def test_two_admins_who_let_go_of_one_another(door, admin, world):
    """Both would succeed, and nobody would be left."""
    own = world.users["maas", "admin"]
    other = await added(door, admin, roles=["admin"])
    done = await asyncio.gather(
        *(door.execute(DeactivateUser(), actor=admin, space="live", target=id_) for id_ in (own, other.id)),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in done) == ["LastAdmin", "Receipt"]
