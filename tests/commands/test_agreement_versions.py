"""New versions of an agreement, notice, review: the old words count until all have signed the new ones, and missions keep theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.commands.agreement_versions import ChangeAgreementDraft, DraftAgreementVersion, WithdrawAgreement
from app.commands.agreements import (
    ConsentToAgreement,
    DraftAgreement,
    ExpireAgreement,
    ProposeAgreement,
    ReviewAgreement,
    SuspendAgreement,
    TerminateAgreement,
)
from app.commands.missions import CloseMission, ReleaseMission
from app.commands.offers import MakeOffer
from app.domain.authority import SYSTEM
from app.domain.errors import (
    AgreementRefused,
    Conflict,
    Malformed,
    NotFound,
    OutOfRange,
    RoleMissing,
    TransitionNotAllowed,
)
from app.queries import agreement_versions as versions_of
from app.queries import agreements as queries
from app.queries.snapshot import snapshot
from app.store.engine import reading
from tests.commands.conftest import LUIK, PUMP
from tests.interleaving import overlapping
from tests.world import everywhere

LUIK_BINDS, HASSELT_BINDS = ("luik", "authorised_representative"), ("hasselt", "authorised_representative")
MAAS_BINDS, AKEN_BINDS = ("maas", "authorised_representative"), ("aken", "authorised_representative")
TERMS = {"hazards": ["flood"], "types": [PUMP], "kinds": ["immediate", "planned"]}
END = datetime(2026, 12, 31, tzinfo=UTC)


@pytest.fixture
def body(world):
    """Makes the words of a version between luik and maas."""

    def make(**other):
        said = {
            "lenders": [world.members["luik"]],
            "borrowers": [world.members["maas"]],
            "terms": TERMS,
            "effective_at": "2026-07-01T00:00:00Z",
            "expires_at": END.isoformat(),
            "precedence": 10,
        }
        return said | other

    return make


@pytest.fixture
def signed(act, body):
    """Puts an agreement between luik and maas into force; returns its id."""

    async def signs(**other):
        drafted = await act(
            DraftAgreement, who=LUIK_BINDS, code="luik-maas", names=everywhere("Luik and Maas"), **body(**other)
        )
        await act(ProposeAgreement, drafted.id, who=LUIK_BINDS)
        await act(ConsentToAgreement, drafted.id, who=LUIK_BINDS)
        await act(ConsentToAgreement, drafted.id, who=MAAS_BINDS)
        return drafted.id

    return signs


@pytest.fixture
def offers(act, ask):
    """Offers one pump of luik's under an agreement; returns the version that the line cites."""

    async def makes(agreement, quantity=1):
        request, (line,) = await ask((PUMP, 4))
        said = {"request_line_id": line, "agreement_id": agreement, "quantity": quantity}
        made = await act(MakeOffer, request, who=LUIK, lines=[said])
        return made.rows["offer_line"][0]["agreement_version"]

    return makes


async def states(conn, agreement):
    rows = await conn.fetch(
        "SELECT version, status FROM agreement_version WHERE agreement_id = $1 ORDER BY 1", agreement
    )
    return {row["version"]: row["status"] for row in rows}


async def events(conn, agreement):
    rows = await conn.fetch("SELECT type FROM journal_entry WHERE subject_id = $1 ORDER BY seq", agreement)
    return [row["type"].removeprefix("agreement.") for row in rows]


async def test_the_old_version_counts_until_everybody_has_signed_the_new_one(
    act, signed, body, offers, conn, assert_fold
):
    """One city has signed that it keeps more pumps; the other still counts on what was agreed."""
    agreement = await signed()
    capped = body(terms=TERMS | {"caps": {"units": [{"type": PUMP, "most": 1}]}})
    await act(DraftAgreementVersion, agreement, who=MAAS_BINDS, **capped)
    assert await offers(agreement) == 1
    await act(ProposeAgreement, agreement, who=MAAS_BINDS)
    await act(ConsentToAgreement, agreement, who=MAAS_BINDS, version=2)
    assert await offers(agreement) == 1
    assert await states(conn, agreement) == {1: "in_force", 2: "proposed"}
    last = await act(ConsentToAgreement, agreement, who=LUIK_BINDS, version=2)
    assert (last.subject["version"], last.subject["status"]) == (2, "in_force")
    assert await states(conn, agreement) == {1: "replaced", 2: "in_force"}
    with pytest.raises(AgreementRefused):
        await offers(agreement)
    assert (await events(conn, agreement))[-5:] == [
        "version_drafted", "version_proposed", "consented", "consented", "version_entered_into_force",
    ]  # fmt: skip
    await assert_fold()


async def test_a_mission_goes_on_to_cite_its_version(act, signed, body, ask, sent, walk, conn, assert_fold):
    """What was agreed when the crew left is what it is paid and insured by, whatever is signed while it works."""
    agreement = await signed()
    (mission,) = await sent("luik-pump-1")
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(notice_days=0, terms=TERMS | {"types": "*"}))
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    for who in (LUIK_BINDS, MAAS_BINDS):
        await act(ConsentToAgreement, agreement, who=who)
    await walk(mission, "mobilising", "in_transit", "on_scene")
    await act(TerminateAgreement, agreement, who=LUIK_BINDS)
    await act(ReleaseMission, mission)
    await walk(mission, "returning", "returned")
    closed = await act(CloseMission, mission, who=LUIK)
    assert (closed.subject["agreement_id"], closed.subject["agreement_version"]) == (str(agreement), 1)
    await assert_fold()


async def test_missions_survive_the_end_of_the_term(act, signed, sent, walk, due, clock, conn, assert_fold):
    """At midnight the agreement is over, and the pump still stands in the water."""
    agreement = await signed()
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    clock.at = END + timedelta(seconds=1)
    await due()
    assert await conn.fetchval("SELECT status FROM agreement WHERE id = $1", agreement) == "expired"
    await act(ReleaseMission, mission)
    await walk(mission, "returning", "returned")
    closed = await act(CloseMission, mission, who=LUIK)
    assert (closed.subject["agreement_id"], closed.subject["agreement_version"]) == (str(agreement), 1)
    await assert_fold()


async def test_a_new_version_begins_on_its_first_day(act, signed, body, offers, due, clock, conn, assert_fold):
    """Signed in July for September: in August the old words count."""
    agreement = await signed()
    first_day = datetime(2026, 9, 1, tzinfo=UTC)
    new = body(effective_at=first_day.isoformat(), expires_at="2027-12-31T00:00:00Z")
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **new)
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    for who in (LUIK_BINDS, MAAS_BINDS):
        receipt = await act(ConsentToAgreement, agreement, who=who)
    assert receipt.subject["version"] == 1
    assert await states(conn, agreement) == {1: "in_force", 2: "agreed"}
    assert await offers(agreement) == 1
    clock.at = first_day
    await due()
    assert await states(conn, agreement) == {1: "replaced", 2: "in_force"}
    assert await offers(agreement) == 2
    clock.at = END + timedelta(seconds=1)
    await due()
    assert await conn.fetchval("SELECT status FROM agreement WHERE id = $1", agreement) == "in_force", "it ends in 2027"
    await assert_fold()


async def test_a_version_that_begins_where_the_old_one_ends_is_no_end(
    act, signed, body, door, due, clock, conn, assert_fold
):
    """Renewed in time and signed by all, the agreement would be over for good at midnight, by the chance of which clerk was quicker."""
    agreement = await signed()
    await act(
        DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(effective_at=END.isoformat(), expires_at="2028-01-01T00:00:00Z")
    )  # fmt: skip
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    for who in (LUIK_BINDS, MAAS_BINDS):
        await act(ConsentToAgreement, agreement, who=who)
    clock.at = END
    with pytest.raises(Conflict):
        await door.execute(ExpireAgreement(), actor=SYSTEM, space="live", target=agreement)
    await due()
    assert await states(conn, agreement) == {1: "replaced", 2: "in_force"}
    assert await conn.fetchval("SELECT status FROM agreement WHERE id = $1", agreement) == "in_force"
    await assert_fold()


async def test_who_leaves_and_who_comes_has_to_sign(act, signed, body, world, conn, assert_fold):
    """Nobody is signed out of an agreement, and nobody in."""
    agreement = await signed()
    new = body(borrowers=[world.members["hasselt"]])
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **new)
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    for who in (LUIK_BINDS, HASSELT_BINDS):
        await act(ConsentToAgreement, agreement, who=who)
    assert (await states(conn, agreement))[2] == "proposed"
    with pytest.raises(RoleMissing):
        await act(ConsentToAgreement, agreement, who=AKEN_BINDS)
    await act(ConsentToAgreement, agreement, who=MAAS_BINDS)
    assert (await states(conn, agreement))[2] == "in_force"
    await assert_fold()


async def test_a_draft_can_be_written_anew_and_what_is_proposed_can_not(act, body, world, conn, assert_fold):
    """After a signature the words must not move."""
    drafted = await act(DraftAgreement, who=LUIK_BINDS, code="luik-maas", names=everywhere("Luik and Maas"), **body())
    anew = body(notice_days=30, borrowers=[world.members["hasselt"]])
    changed = await act(ChangeAgreementDraft, drafted.id, who=MAAS_BINDS, names=everywhere("Hasselt"), **anew)
    assert changed.subject["names"]["en"] == "Hasselt"
    assert changed.rows["agreement_version"][0]["notice_days"] == 30
    with pytest.raises(NotFound):
        await act(ChangeAgreementDraft, drafted.id, who=MAAS_BINDS, **anew)
    await act(ProposeAgreement, drafted.id, who=HASSELT_BINDS)
    with pytest.raises(TransitionNotAllowed):
        await act(ChangeAgreementDraft, drafted.id, who=LUIK_BINDS, **anew)
    await assert_fold()


async def test_a_new_version_on_its_way_is_withdrawn(act, signed, body, offers, conn, assert_fold):
    """The council says no: what was agreed before goes on."""
    agreement = await signed()
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(precedence=20))
    with pytest.raises(Conflict):
        await act(DraftAgreementVersion, agreement, who=MAAS_BINDS, **body())
    with pytest.raises(OutOfRange):
        await act(ChangeAgreementDraft, agreement, who=MAAS_BINDS, names=everywhere("Other"), **body())
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    await act(ConsentToAgreement, agreement, who=LUIK_BINDS)
    await act(WithdrawAgreement, agreement, who=MAAS_BINDS, reason="The council says no.")
    assert await states(conn, agreement) == {1: "in_force", 2: "withdrawn"}
    assert await offers(agreement) == 1
    with pytest.raises(TransitionNotAllowed):
        await act(WithdrawAgreement, agreement, who=MAAS_BINDS, reason="Once more.")
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(precedence=30))
    with pytest.raises(TransitionNotAllowed):
        await act(ConsentToAgreement, agreement, who=MAAS_BINDS, version=2)
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    with pytest.raises(Conflict):
        await act(ConsentToAgreement, agreement, who=MAAS_BINDS, version=2)
    await act(ConsentToAgreement, agreement, who=LUIK_BINDS, version=3)
    last = await act(ConsentToAgreement, agreement, who=MAAS_BINDS, version=3)
    assert last.subject["version"] == 3
    await assert_fold()


async def test_the_first_version_is_withdrawn_and_written_anew(act, body, conn, door, world, assert_fold):
    """Withdrawn before anybody was bound, it is the two parties' business again, and can still become an agreement."""
    drafted = await act(DraftAgreement, who=LUIK_BINDS, code="luik-maas", names=everywhere("Luik and Maas"), **body())
    with pytest.raises(TransitionNotAllowed):
        await act(WithdrawAgreement, drafted.id, who=LUIK_BINDS, reason="Never proposed.")
    await act(ProposeAgreement, drafted.id, who=LUIK_BINDS)
    withdrawn = await act(WithdrawAgreement, drafted.id, who=MAAS_BINDS, reason="Another wording.")
    assert (withdrawn.subject["status"], withdrawn.subject["proposed_at"]) == ("draft", None)
    with pytest.raises(NotFound):
        await queries.agreement(conn, "live", drafted.id, viewer=world.members["aken"])
    with pytest.raises(TransitionNotAllowed):
        await act(ProposeAgreement, drafted.id, who=LUIK_BINDS)
    anew = await act(DraftAgreementVersion, drafted.id, who=LUIK_BINDS, **body(precedence=5))
    assert anew.subject["version"] == 2
    await act(ProposeAgreement, drafted.id, who=LUIK_BINDS)
    for who in (LUIK_BINDS, MAAS_BINDS):
        last = await act(ConsentToAgreement, drafted.id, who=who)
    assert (last.subject["status"], last.subject["version"]) == ("in_force", 2)
    await assert_fold()


async def test_a_draft_is_for_the_parties_alone(act, signed, body, conn, door, world, assert_fold):
    """What two cities are still writing is nobody else's business, in a list, in a version or in the picture of it all."""
    agreement = await signed()
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(precedence=20))
    seen = {}
    for member in ("luik", "maas", "aken"):
        viewer = world.members[member]
        coming = (await queries.agreement(conn, "live", agreement, viewer=viewer)).coming
        listed = await versions_of.versions(conn, "live", agreement, viewer=viewer)
        async with reading(door.engine, snapshot=True) as at_once:
            rows = (await snapshot(at_once, "live", viewer)).rows["agreement_version"]
        of_this = [row["version"] for row in rows if row["agreement_id"] == str(agreement)]
        seen[member] = (coming and coming.version, [each.version for each in listed], sorted(of_this))
    assert seen == {"luik": (2, [2, 1], [1, 2]), "maas": (2, [2, 1], [1, 2]), "aken": (None, [1], [1])}
    with pytest.raises(NotFound):
        await versions_of.version(conn, "live", agreement, 2, viewer=world.members["aken"])
    shown = await conn.fetchval("SELECT visibility FROM journal_entry WHERE type = 'agreement.version_drafted'")
    assert shown == "parties"
    await act(TerminateAgreement, agreement, who=LUIK_BINDS)
    rows = await conn.fetch(
        "SELECT type, visibility FROM journal_entry WHERE subject_id = $1 ORDER BY seq DESC LIMIT 2", agreement
    )
    assert {(row["type"], row["visibility"]) for row in rows} == {
        ("agreement.terminated", "corridor"), ("agreement.withdrawn", "parties"),
    }  # fmt: skip
    await assert_fold()


async def test_nothing_counts_between_two_versions_is_refused(act, signed, body):
    """A week without an agreement that nobody meant."""
    agreement = await signed()
    late = body(effective_at="2027-01-07T00:00:00Z", expires_at="2028-01-01T00:00:00Z")
    with pytest.raises(OutOfRange):
        await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **late)


async def test_what_two_versions_say_differently(act, signed, body, conn, world):
    """Who signs the second version wants to see what is new in it."""
    agreement = await signed()
    new = body(terms=TERMS | {"caps": {"units": [{"type": PUMP, "most": 3}]}}, notice_days=90)
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **new)
    found = await versions_of.difference_of(conn, "live", agreement, 1, 2, viewer=world.members["maas"])
    assert [(change.path, change.kind) for change in found.changes] == [
        ("/notice_days", "changed"),
        (f"/terms/caps/units/{PUMP}", "added"),
    ]
    assert found.changes[0].now == 90
    with pytest.raises(NotFound):
        await versions_of.difference_of(conn, "live", agreement, 1, 2, viewer=world.members["aken"])


# ---------------------------------------------------------------- notice and review


async def test_a_termination_takes_effect_after_the_notice(act, signed, offers, due, clock, conn, assert_fold):
    """Three months were agreed so that the other city can look for pumps elsewhere."""
    agreement = await signed(notice_days=30)
    given = await act(TerminateAgreement, agreement, who=MAAS_BINDS, why="We join another one.")
    ends = clock.now() + timedelta(days=30)
    assert given.subject["status"] == "in_force"
    assert datetime.fromisoformat(given.subject["terminates_at"]) == ends
    with pytest.raises(Conflict):
        await act(TerminateAgreement, agreement, who=LUIK_BINDS)
    assert await offers(agreement) == 1
    told = await conn.fetchval("SELECT findings FROM offer_line WHERE agreement_id = $1", agreement)
    assert '"notice_given"' in told
    clock.at = ends - timedelta(seconds=1)
    await due()
    assert await conn.fetchval("SELECT status FROM agreement WHERE id = $1", agreement) == "in_force"
    clock.at = ends
    with pytest.raises(AgreementRefused):
        await offers(agreement)  # also while the service has not come round to ending it
    await due()
    assert await conn.fetchval("SELECT status FROM agreement WHERE id = $1", agreement) == "terminated"
    assert (await events(conn, agreement))[-2:] == ["notice_given", "terminated"]
    await assert_fold()


async def test_a_new_version_takes_the_notice_back(act, signed, body, due, clock, conn, assert_fold):
    """They have talked, and signed again, also who had given notice."""
    agreement = await signed(notice_days=30)
    await act(TerminateAgreement, agreement, who=MAAS_BINDS)
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(notice_days=60))
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    for who in (LUIK_BINDS, MAAS_BINDS):
        last = await act(ConsentToAgreement, agreement, who=who)
    assert (last.subject["terminates_at"], last.subject["notice_by_member_id"]) == (None, None)
    clock.move(days=31)
    await due()
    assert await conn.fetchval("SELECT status FROM agreement WHERE id = $1", agreement) == "in_force"
    await assert_fold()


async def test_a_review_is_told_when_its_day_has_come(act, signed, offers, due, clock, conn, assert_fold):
    """Nobody remembers in 2028 what was to be looked at in 2027."""
    agreement = await signed(review_at="2026-09-01T00:00:00Z")
    clock.at = datetime(2026, 9, 1, tzinfo=UTC)
    await due()
    assert await conn.fetchval("SELECT review_due FROM agreement WHERE id = $1", agreement) is True
    assert (await events(conn, agreement))[-1] == "review_due"
    assert await offers(agreement) == 1
    with pytest.raises(RoleMissing):
        await act(ReviewAgreement, agreement, who=LUIK, note="Fine.", next_review_at="2026-10-01T00:00:00Z")
    with pytest.raises(OutOfRange):
        await act(ReviewAgreement, agreement, who=LUIK_BINDS, note="Fine.", next_review_at="2027-10-01T00:00:00Z")
    seen = await act(ReviewAgreement, agreement, who=LUIK_BINDS, note="Fine.", next_review_at="2026-10-01T00:00:00Z")
    assert seen.subject["review_due"] is False
    clock.at = datetime(2026, 10, 1, tzinfo=UTC)
    await due()
    assert await conn.fetchval("SELECT review_due FROM agreement WHERE id = $1", agreement) is True
    await assert_fold()


@pytest.mark.parametrize(
    "other",
    [
        {"review_at": "2026-06-01T00:00:00Z"},
        {"review_at": "2027-06-01T00:00:00Z"},
        {"terms": TERMS | {"crossings": ["nowhere"]}},
        {"terms": TERMS | {"phases": {"NL": "katastrophenfall"}}},
        {"terms": TERMS | {"caps": {"units": [{"type": "pump.magic", "most": 1}]}}},
    ],
)
async def test_words_that_nobody_could_check_are_refused(act, body, other):
    """A crossing that is not there in an agreement is found on the day of the flood."""
    with pytest.raises(Malformed) as refusal:
        await act(DraftAgreement, who=LUIK_BINDS, code="wrong", names=everywhere("Wrong"), **body(**other))
    assert refusal.value.status == 422


# ---------------------------------------------------------------- at once


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", range(1, 6))
async def test_an_offer_and_the_last_signature_at_once(
    act, signed, body, ask, conn, monkeypatch, swapped, at, assert_fold
):
    """Under the old words or under the new ones, never between: the line cites what it was checked against."""
    agreement = await signed()
    await act(
        DraftAgreementVersion,
        agreement,
        who=LUIK_BINDS,
        **body(terms=TERMS | {"caps": {"units": [{"type": PUMP, "most": 1}]}}),
    )
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    await act(ConsentToAgreement, agreement, who=LUIK_BINDS)
    request, (line,) = await ask((PUMP, 4))
    said = [{"request_line_id": line, "agreement_id": agreement, "quantity": 2}]
    offering = act(MakeOffer, request, who=LUIK, lines=said)
    signing = act(ConsentToAgreement, agreement, who=MAAS_BINDS)
    pair = (signing, offering) if swapped else (offering, signing)
    answers = await overlapping(monkeypatch, conn, *pair, at=at)
    offered = answers[1] if swapped else answers[0]
    if isinstance(offered, BaseException):
        assert isinstance(offered, AgreementRefused)
        (reason,) = [each for each in offered.extra["reasons"] if each["blocking"]]
        assert reason["code"] == "cap_units"
    else:
        assert offered.rows["offer_line"][0]["agreement_version"] == 1
    assert await states(conn, agreement) == {1: "replaced", 2: "in_force"}
    await assert_fold()


@pytest.mark.parametrize("at", range(1, 5))
async def test_two_new_versions_at_once(act, signed, body, conn, monkeypatch, at, assert_fold):
    """Two parties write at the same time: one of them finds the other's draft."""
    agreement = await signed()
    drafting = (
        act(DraftAgreementVersion, agreement, who=who, **body(precedence=20)) for who in (LUIK_BINDS, MAAS_BINDS)
    )
    answers = await overlapping(monkeypatch, conn, *drafting, at=at)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Receipt"]
    assert len(await states(conn, agreement)) == 2
    await assert_fold()


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", range(1, 5))
async def test_signed_or_withdrawn(act, signed, body, conn, monkeypatch, swapped, at, assert_fold):
    """The last signature and the withdrawal in the same second: one of the two came first, and holds."""
    agreement = await signed()
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(precedence=20))
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    await act(ConsentToAgreement, agreement, who=LUIK_BINDS)
    pair = [
        act(ConsentToAgreement, agreement, who=MAAS_BINDS, version=2),
        act(WithdrawAgreement, agreement, who=LUIK_BINDS, reason="No."),
    ]
    answers = await overlapping(monkeypatch, conn, *(reversed(pair) if swapped else pair), at=at)
    assert sorted(type(answer).__name__ for answer in answers) == ["Receipt", "TransitionNotAllowed"]
    expected = {1: "in_force", 2: "withdrawn"} if swapped else {1: "replaced", 2: "in_force"}
    assert await states(conn, agreement) == expected
    await assert_fold()


async def test_a_suspended_agreement_is_given_a_new_version_and_stays_suspended(act, signed, body, assert_fold):
    """They mend the words first, and take it up again afterwards."""
    agreement = await signed()
    await act(SuspendAgreement, agreement, who=LUIK_BINDS, reason="Insurance.")
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(precedence=20))
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    for who in (LUIK_BINDS, MAAS_BINDS):
        last = await act(ConsentToAgreement, agreement, who=who)
    assert (last.subject["status"], last.subject["version"]) == ("suspended", 2)
    await assert_fold()


async def test_what_all_have_signed_is_not_taken_back_by_one(act, signed, body, clock, conn, assert_fold):
    """One signature would undo the others', without the notice that they agreed on."""
    agreement = await signed()
    later = (clock.now() + timedelta(days=10)).isoformat()
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(precedence=20, effective_at=later))
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    for who in (LUIK_BINDS, MAAS_BINDS):
        await act(ConsentToAgreement, agreement, who=who)
    assert await states(conn, agreement) == {1: "in_force", 2: "agreed"}
    with pytest.raises(Conflict) as refused:
        await act(WithdrawAgreement, agreement, who=LUIK_BINDS, reason="Another mind.")
    assert refused.value.extra["current"]["status"] == "agreed"
    assert await states(conn, agreement) == {1: "in_force", 2: "agreed"}
    await act(TerminateAgreement, agreement, who=LUIK_BINDS)
    assert (await states(conn, agreement))[2] == "withdrawn", "with the agreement it is over"
    await assert_fold()
