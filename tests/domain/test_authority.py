"""Who may do what: the design's table of steps, row by row, and laws that hold for every command."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.domain.authority import SYSTEM, Actor, authority, authority_from, check, commands, may, may_ever, roles
from app.domain.errors import ProtocolDataError, RoleMissing, ScopeMissing
from app.domain.protocol_data import LANGUAGES
from app.settings import protocols_path

US, THEM, OTHERS = (UUID(int=number) for number in (1, 2, 3))
ME, COLLEAGUE = UUID(int=10), UUID(int=11)
ALL_ROLES = frozenset(roles())
AR, DISPATCHER, LIAISON = "authorised_representative", "dispatcher", "liaison_officer"


def actor(*held, member=US, scopes=None, kind="person"):
    return Actor(id=ME, kind=kind, member_id=member, roles=frozenset(held), via="api", scopes=scopes)


def all_sides(member, user=ME):
    """Put one member on every side, and one user where a user counts."""
    return {
        code: frozenset({user if side.held_by == "user" else member})
        for code, side in authority().sides.items()
        if side.held_by != "nobody"
    }


def who_may(command, **facts):
    """Return the roles that, each alone, may do ``command`` on the right side."""
    return {role for role in roles() if may(command, actor(role), all_sides(US, COLLEAGUE), facts)}


# ---------------------------------------------------------------- the design's table, row by row


@pytest.mark.parametrize(
    ("command", "kind", "expected"),
    [
        ("submit_request", "planned", {"requester", DISPATCHER, AR}),
        ("open_request", "planned", {AR}),
        ("open_request", "immediate", {AR, DISPATCHER}),
        ("open_request", "day_to_day", {AR, DISPATCHER}),
        ("make_offer", "planned", {DISPATCHER, AR}),
        ("decline_request", "planned", {DISPATCHER, AR}),
        ("withdraw_offer", "planned", {DISPATCHER, AR}),
        ("offer_ad_hoc", "planned", {AR}),
        ("override_reserve", "immediate", {AR}),
        ("accept_offer", "planned", {AR}),
        ("accept_offer", "immediate", {AR, DISPATCHER}),
        ("commit_offer", "planned", {AR}),
        ("commit_offer", "day_to_day", {AR, DISPATCHER}),
        ("advance_mission", "planned", {DISPATCHER, AR, LIAISON}),
        ("report_at_border", "planned", {LIAISON, DISPATCHER}),
        ("stand_down", "planned", {DISPATCHER, AR}),
        ("reassign_mission", "planned", {DISPATCHER, AR}),
        ("release_mission", "planned", {DISPATCHER, AR}),
        ("recall", "planned", {DISPATCHER, AR}),
        ("acknowledge_request", "planned", {DISPATCHER, AR}),
        ("report_incident", "planned", {DISPATCHER}),
        ("add_log_entry", "planned", {DISPATCHER, AR, LIAISON}),
        ("hand_over_lead", "planned", {DISPATCHER}),
        ("close_incident", "planned", {AR}),
        ("propose_agreement", "planned", {AR}),
        ("consent_to_agreement", "planned", {AR}),
        ("suspend_agreement", "planned", {AR}),
        ("terminate_agreement", "planned", {AR}),
        ("draft_claim", "planned", {"finance"}),
        ("submit_claim", "planned", {"finance"}),
        ("verify_claim", "planned", {"finance"}),
        ("pay_claim", "planned", {"finance"}),
        ("waive_claim", "planned", {"finance", AR}),
        ("make_debt_good", "immediate", {AR}),
        ("assist_now", "immediate", {DISPATCHER}),
        ("add_resource", "planned", {DISPATCHER, "admin"}),
        ("change_depot", "planned", {DISPATCHER, "admin"}),
        ("remove_depot", "planned", {DISPATCHER, "admin"}),
        ("set_crossing_state", "planned", {DISPATCHER}),
        ("add_user", "planned", {"admin"}),
        ("change_member", "planned", {"admin"}),
        ("add_member", "planned", set()),
        ("define_corridor", "planned", set()),
        ("expire_request", "planned", set()),
    ],
)
def test_who_may(command, kind, expected):
    """Too few, and a city can't act in the night; too many, and somebody binds it who must not."""
    assert who_may(command, request_kind=kind) == expected


@pytest.mark.parametrize(
    ("command", "side"),
    [
        ("open_request", "requester"),
        ("accept_offer", "requester"),
        ("stand_down", "requester"),
        ("release_mission", "requester"),
        ("make_offer", "lender"),
        ("commit_offer", "lender"),
        ("recall", "lender"),
        ("report_at_border", "lender"),
        ("set_crossing_state", "joins"),
        ("add_resource", "owner"),
        ("close_incident", "lead"),
        ("acknowledge_request", "addressed"),
        ("suspend_agreement", "party"),
        ("make_debt_good", "owes"),
        ("add_user", "member"),
    ],
)
def test_the_other_side_may_not(command, side):
    """Nobody is in command across the border: a role counts at home and nowhere else."""
    sides = all_sides(US, COLLEAGUE) | {side: frozenset({THEM})}
    with pytest.raises(RoleMissing) as refused:
        check(command, actor(*ALL_ROLES), sides, {"request_kind": "immediate"})
    assert refused.value.extra["side"] == side
    check(command, actor(*ALL_ROLES, member=THEM), sides, {"request_kind": "immediate"})


@pytest.mark.parametrize("command", ["assist_now", "confirm_call", "close_mission"])
def test_either_side_may_and_a_third_may_not(command):
    """A call has two ends; whoever was on neither writes nothing about it."""
    sides = {"requester": frozenset({US}), "lender": frozenset({THEM})}
    check(command, actor(DISPATCHER, member=US), sides)
    check(command, actor(DISPATCHER, member=THEM), sides)
    with pytest.raises(RoleMissing):
        check(command, actor(DISPATCHER, member=OTHERS), sides)


def test_one_s_own_token_needs_no_role():
    """Somebody who lost a token must be able to revoke it without waiting for an admin."""
    nobody_special = actor()
    check("revoke_token", nobody_special, {"member": frozenset({US}), "self": frozenset({ME})})
    with pytest.raises(RoleMissing) as refused:
        check("revoke_token", nobody_special, {"member": frozenset({US}), "self": frozenset({COLLEAGUE})})
    assert refused.value.extra == {"command": "revoke_token", "roles": ["admin"], "side": "member"}
    check("revoke_token", actor("admin"), {"member": frozenset({US}), "self": frozenset({COLLEAGUE})})


def test_a_user_s_id_is_no_member_s():
    """An id on the wrong kind of side must open nothing."""
    with pytest.raises(RoleMissing):
        check("revoke_token", actor(), {"member": frozenset({ME}), "self": frozenset({US})})


def test_the_refusal_names_the_roles_that_would_do_in_this_case():
    """A dispatcher sent to a colleague who may not either would lose the night."""
    with pytest.raises(RoleMissing) as refused:
        check("open_request", actor(DISPATCHER), {"requester": frozenset({US})}, {"request_kind": "planned"})
    assert refused.value.extra == {"command": "open_request", "roles": [AR], "side": "requester"}


def test_a_missing_fact_opens_nothing():
    """A caller that forgets the kind of a request must not let a dispatcher bind a city for days."""
    with pytest.raises(RoleMissing):
        check("commit_offer", actor(DISPATCHER), {"lender": frozenset({US})})


def test_a_caller_that_hands_in_no_side_is_mistaken():
    """It must not look as if the person lacked a role."""
    with pytest.raises(ValueError, match="decided by lender"):
        check("recall", actor(DISPATCHER), {"requester": frozenset({US})})


def test_an_unknown_command_is_a_mistake_of_ours():
    """A command that stands in no table is refused even to the service itself."""
    for who in (actor(*ALL_ROLES), SYSTEM):
        with pytest.raises(ValueError, match=r"authority\.yaml"):
            may_ever("launch_rocket", who)


# ---------------------------------------------------------------- laws of all commands

any_command = st.sampled_from(commands())
any_roles = st.frozensets(st.sampled_from(roles()))
any_kind = st.sampled_from(["immediate", "planned", "day_to_day"])
any_scopes = st.none() | st.frozensets(st.sampled_from(["read", "write", "recall", "make_offer"]))


@given(any_command, any_kind)
def test_the_service_itself_may_do_everything(command, kind):
    """Due work and the command line of whoever runs the deployment would stand still otherwise."""
    check(command, SYSTEM, {}, {"request_kind": kind})


@given(any_command, any_roles, any_kind, st.sampled_from([US, THEM, None]))
def test_whoever_may_now_may_ever(command, held, kind, member):
    """The quick question must never refuse what the full one allows."""
    someone = actor(*held, member=member)
    if may(command, someone, all_sides(US, COLLEAGUE), {"request_kind": kind}):
        may_ever(command, someone)


@given(any_command, any_roles, any_roles, any_kind)
def test_more_roles_never_take_anything_away(command, held, more, kind):
    """An admin who is a dispatcher too can do what either can."""
    facts = {"request_kind": kind}
    if may(command, actor(*held), all_sides(US), facts):
        check(command, actor(*held, *more), all_sides(US), facts)


@given(any_command, any_roles, any_scopes)
def test_a_token_narrows_and_never_widens(command, held, scopes):
    """A token made for reading must change nothing, whoever made it."""
    facts = {"request_kind": "immediate"}
    with_token = may(command, actor(*held, scopes=scopes), all_sides(US), facts)
    without = may(command, actor(*held), all_sides(US), facts)
    covered = scopes is None or bool(scopes & {"write", command})
    assert with_token == (without and covered)


def test_a_token_for_less_is_told_its_scope():
    """The message must say scope, not role: another token helps, another colleague doesn't."""
    with pytest.raises(ScopeMissing) as refused:
        may_ever("recall", actor(DISPATCHER, scopes=frozenset({"read"})))
    assert refused.value.extra == {"scope": "recall"}
    may_ever("recall", actor(DISPATCHER, scopes=frozenset({"recall"})))


@given(any_command, any_kind)
def test_watching_roles_change_nothing(command, kind):
    """A viewer or an observer must not move a unit, whatever member they belong to; whoever sees a real emergency stops the drill."""
    watcher = actor("viewer", "observer")
    assert may(command, watcher, all_sides(US, COLLEAGUE), {"request_kind": kind}) is (command == "stop_drill")
    evaluator = actor("drill_evaluator")
    of_drills = {
        "stop_drill", "explain_stop", "observe_drill", "overrule_rating", "tick_expectation", "write_hot_wash", "add_corrective_action",
    }  # fmt: skip
    assert may(command, evaluator, all_sides(US, COLLEAGUE), {"request_kind": kind}) is (command in of_drills)


def test_finance_does_nothing_but_the_money():
    """Who pays must not move a unit nor bind the member; what a deployment took is theirs to put right."""
    finance = actor("finance")
    theirs = {command for command in commands() if may(command, finance, all_sides(US, COLLEAGUE), {})}
    assert theirs - {"add_token", "revoke_token", "renew_calendar_address", "stop_drill", "explain_stop"} == {
        "record_measures", "draft_claim", "discard_claim", "submit_claim", "verify_claim", "dispute_claim_line", "answer_dispute",
        "withdraw_dispute", "pay_claim", "waive_claim", "close_claim", "enter_exchange_rate", "contest_exchange_rate", "agree_to_exchange_rate",
        "acknowledge_statement",
        "dispute_statement",
        "answer_statement",
        "reissue_statement",
        "pay_statement",
    }  # fmt: skip


@given(any_command, any_roles)
def test_somebody_without_a_member_may_only_keep_their_own_tokens_and_stop_a_drill(command, held):
    """Roles are held at a member; without one they mean nothing. A real emergency is anybody's word."""
    stray = actor(*held, member=None)
    assert may(command, stray, all_sides(US), {"request_kind": "immediate"}) == (
        command in {"add_token", "revoke_token", "renew_calendar_address", "stop_drill", "explain_stop"}
    )


@pytest.mark.parametrize("command", [command for command in commands() if command.split("_")[0] in {"expire", "ring"}])
def test_what_time_does_no_person_does(command):
    """A deadline that a person could call would end somebody else's request."""
    with pytest.raises(RoleMissing) as refused:
        may_ever(command, actor(*ALL_ROLES))
    assert refused.value.extra["side"] == "system"


def test_every_role_of_the_design_is_there_in_every_language():
    """A role without a name could not be given to anybody on one side of the border."""
    assert roles() == (
        "viewer", "dispatcher", "requester", "authorised_representative", "liaison_officer", "finance",
        "exercise_director", "drill_controller", "drill_evaluator", "safety_officer", "simcell", "observer", "admin",
    )  # fmt: skip
    assert all(tuple(role.names) == LANGUAGES for role in authority().roles.values())


def test_every_grant_names_known_roles_sides_and_facts():
    """A misspelt role would shut a command for everybody, without a word."""
    table = authority()
    for command, grants in table.commands.items():
        for grant in grants:
            assert set(grant.roles) <= set(table.roles), command
            assert table.sides[grant.side.code] is grant.side
            assert set(grant.when) <= set(table.facts), command


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("commands.recall.0.roles", lambda d: d["commands"]["recall"][0].update(roles=["boss"])),
        ("commands.recall.0.roles", lambda d: d["commands"]["recall"][0].pop("roles")),
        ("commands.recall.0.roles", lambda d: d["commands"]["recall"][0].update(side="system")),
        ("commands.recall.0.side", lambda d: d["commands"]["recall"][0].update(side="queen")),
        ("commands.recall.0.when.request_kind", lambda d: d["commands"]["recall"][0].update(when={"request_kind": ["x"]})),
        ("commands.recall.0.when.moon", lambda d: d["commands"]["recall"][0].update(when={"moon": ["full"]})),
        ("commands.recall", lambda d: d["commands"].update(recall=[])),
        ("sides.either.of", lambda d: d["sides"]["either"].update(of=["self"])),
        ("roles.admin.names", lambda d: d["roles"]["admin"]["names"].pop("de")),
    ],
)  # fmt: skip
def test_a_table_that_is_wrong_is_refused_by_key(key, change):
    """Whoever edits the table learns at the start what is wrong and where."""
    data = yaml.safe_load((protocols_path() / "authority.yaml").read_text(encoding="utf-8"))
    change(data)
    with pytest.raises(ProtocolDataError) as refused:
        authority_from(Path("authority.yaml"), yaml.safe_dump(data))
    assert refused.value.extra["key"] == key
