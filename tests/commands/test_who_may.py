"""Who may do what, held against what really happens at the door: every command, every role, whose side one is on.

The table of the design (``domain.md``, *step / who may*) is written down here once more, by hand: ``authority.yaml`` must say the
same, and the handlers must do it.
"""

from __future__ import annotations

from types import MappingProxyType

import pytest
from pydantic import ValidationError

from app.commands.registry import BY_NAME
from app.domain import authority
from app.domain.authority import Actor
from app.domain.errors import ConcordError, NotFound, RoleMissing
from app.entrypoints.http.identity import SAFE_METHODS
from tests.commands.who_may import CASES, OWN, Scene

AR, DISPATCHER, LIAISON, REQUESTER, FINANCE, ADMIN = (
    "authorised_representative", "dispatcher", "liaison_officer", "requester", "finance", "admin",
)  # fmt: skip
AT_ONCE = ("immediate", "day_to_day")
MEMBERS = ("maas", "luik", "aken")
"""Who asks, who lends, and a third member."""

# ---------------------------------------------------------------- the table of the design

# step of the design: (commands, side, roles for planned help, roles for immediate help and help from day to day)
ABOVE = {DISPATCHER, AR}
DESIGN = MappingProxyType({
    "submit": (("submit_request",), "requester", {REQUESTER, DISPATCHER, AR}, None),
    "open": (("open_request",), "requester", {AR}, ABOVE),
    "ask a question": (("ask_question",), "any_member", {REQUESTER, DISPATCHER, AR, LIAISON}, None),
    "answer a question": (("answer_question",), "addressed", {REQUESTER, DISPATCHER, AR, LIAISON}, None),
    "offer, decline, offer unasked": (("make_offer", "decline_request", "withdraw_offer", "offer_unasked", "withdraw_unasked_offer"), "lender", ABOVE, None),
    "accept": (("accept_offer",), "requester", {AR}, ABOVE),
    "commit": (("commit_offer", "plan_relief", "answer_extension"), "lender", {AR}, ABOVE),
    "mobilise to on scene": (("advance_mission",), "lender", ABOVE | {LIAISON}, None),
    "at border, cleared": (("report_at_border",), "lender", {LIAISON, DISPATCHER}, None),
    "stand down, reassign, release": (("stand_down", "reassign_mission", "release_mission"), "requester", ABOVE, None),
    "extend": (("ask_extension",), "requester", ABOVE, None),
    "recall": (("recall", "abort_mission"), "lender", ABOVE, None),
    "claim": (("draft_claim", "discard_claim", "submit_claim", "close_claim", "answer_dispute"), "lender", {FINANCE}, None),
    "verify to paid": (("verify_claim", "pay_claim", "dispute_claim_line", "withdraw_dispute"), "requester", {FINANCE}, None),
    "acknowledge": (("acknowledge_request",), "addressed", ABOVE, None),
    "report, change an incident": (("report_incident", "change_incident"), "any_member", {DISPATCHER}, None),
    "log": (("add_log_entry",), "any_member", ABOVE | {LIAISON}, None),
    "close an incident, call off what still asks": (("close_incident", "call_off_request"), "lead", {AR}, None),
    "agreements": (
        ("draft_agreement", "propose_agreement", "consent_to_agreement", "suspend_agreement", "resume_agreement", "terminate_agreement"),
        "party", {AR}, None,
    ),
    "override a reserve, ad hoc": (("override_reserve", "offer_ad_hoc"), "lender", {AR}, None),
    "what the member itself cannot": (("withdraw_lender_word",), "member", ABOVE, None),
    "make a debt good": (("make_debt_good",), "owes", {AR}, None),
    "resources and depots": (
        ("add_resource", "change_resource", "set_resource_status", "retire_resource", "add_depot", "change_depot", "remove_depot"),
        "owner", {DISPATCHER, ADMIN}, None,
    ),
    "crossing's state": (("set_crossing_state",), "joins", {DISPATCHER}, None),
    "assist_now": (("assist_now", "confirm_call"), "either", {DISPATCHER}, None),
    "take back a call": (("take_back_call",), "writer", {DISPATCHER}, None),
    "users": (("add_user", "change_user", "deactivate_user", "erase_user", "erase_person", "change_member"), "member", {ADMIN}, None),
})  # fmt: skip


@pytest.mark.parametrize("step", DESIGN)
def test_the_table_says_what_the_design_says(step):
    """A line of the table that was changed by mistake would bind a city by somebody who must not, or shut out who has to."""
    commands, side, planned, at_once = DESIGN[step]
    for command in commands:
        for kind, expected in (("planned", planned), *((kind, at_once or planned) for kind in AT_ONCE)):
            grants = [grant for grant in authority.authority().commands[command] if grant.fits({"request_kind": kind})]
            assert {grant.side.code for grant in grants} == {side}, command
            assert {role for grant in grants for role in grant.roles} == expected, (command, kind)


# ---------------------------------------------------------------- and what really happens


def held_by_nobody(command):
    """Whether the command is the service's own, or the command line's."""
    return all(grant.side.held_by == "nobody" for grant in authority.authority().commands[command])


def actor_of(world, member, role):
    """Somebody of the member in that one role."""
    known = world.users.get((member, role), world.users[member, "viewer"])
    return Actor(known, "person", world.members[member], frozenset({role}), "console")


def expected(case, command, actor, member, world):
    """What the table says, with who stands on which side."""
    sides = {
        side: frozenset(world.members[member if each == OWN else each] for each in members)
        for side, members in case.sides.items()
    }
    if case.user is not None:
        sides["self"] = frozenset({case.user})
    return authority.may(command, actor, sides, case.facts)


async def outcome(door, command, case, actor, member):
    """What happens: ``may``, ``may not``, or what else stops it. Nothing stays."""
    body = case.body(member) if callable(case.body) else case.body
    try:
        model = BY_NAME[command].model.model_validate(body)
        await door.rehearse(model, actor=actor, space="live", target=case.target)
    except (RoleMissing, NotFound):
        return "may not"
    except ValidationError as error:
        return f"no body: {error.errors()[0]['loc']} {error.errors()[0]['msg']}"
    except ConcordError as refusal:
        return f"stopped by {refusal.slug}: {refusal.detail}"
    return "may"


async def test_what_happens_is_what_the_table_says(door, world, tools):
    """A handler that forgets to ask, or asks about the wrong side, lets one city act for another; nobody reads 90 handlers for that.

    A command without a case fails: add one to ``tests/commands/who_may.py``.
    """
    missing = {command for command in BY_NAME if command not in CASES and not held_by_nobody(command)}
    assert not missing, "add a case for each, in tests/commands/who_may.py"
    assert set(CASES) <= set(BY_NAME)
    scene = Scene(world, tools)
    await scene.prepare()
    wrong = []
    for command, makers in CASES.items():
        for make in makers:
            case = await make(scene)
            done = set()
            for member in MEMBERS:
                for role in authority.roles():
                    actor = actor_of(world, member, role)
                    happened = await outcome(door, command, case, actor, member)
                    if expected(case, command, actor, member, world):
                        right = (happened == "may") != (member in case.stopped)
                        done.add(happened)
                    else:
                        right = happened == "may not"
                    if not right:
                        wrong.append(f"{command} ({make.__name__}) by {role} of {member}: {happened}")
            if "may" not in done:
                wrong.append(f"{command} ({make.__name__}): nobody could, so nothing was compared")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("command", sorted(command for command in BY_NAME if held_by_nobody(command)))
async def test_what_is_nobody_s_is_refused_to_everybody(door, world, command):
    """What a deadline or the command line does, no person may."""
    model = BY_NAME[command].model.model_construct()
    for role in authority.roles():
        with pytest.raises(RoleMissing):
            await door.rehearse(model, actor=actor_of(world, "maas", role), space="live", target=world.members["maas"])


async def test_every_refused_command_lands_in_the_audit(door, world, conn):
    """An attempt would leave no trace for those who have to know, whichever command it was."""
    own = {
        command for command in BY_NAME if any(g.side.held_by == "user" for g in authority.authority().commands[command])
    }
    for command in BY_NAME.keys() - own:
        door._audited.clear()  # no attempt of many is left out here
        with pytest.raises(RoleMissing):
            await door.execute(
                BY_NAME[command].model.model_construct(), actor=actor_of(world, "maas", "observer"), space="live"
            )
    found = await conn.fetch("SELECT command, member_id FROM audit WHERE slug = 'role-missing'")
    assert {row["command"] for row in found} == BY_NAME.keys() - own
    assert {row["member_id"] for row in found} == {world.members["maas"]}


async def test_nobody_changes_anything_without_signing_in(application, anonymous):
    """An address that forgot to ask who it is would be found by whoever looks for it."""
    paths = application.openapi()["paths"]
    for path, operations in paths.items():
        for method in operations.keys() & {"post", "patch", "put", "delete"}:
            if path == "/api/v1/session" and method.upper() not in SAFE_METHODS:
                continue
            address = path.replace("{space}", "live")
            for name in [part[1:-1] for part in address.split("/") if part.startswith("{")]:
                address = address.replace(f"{{{name}}}", "0197a1b2-0000-7000-8000-000000000001")
            answer = await anonymous.request(method, address, json={})
            assert answer.status_code == 401, (method, path, answer.status_code)
