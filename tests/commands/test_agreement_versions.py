"""New versions of an agreement, notice, review: the old words count until all have signed the new ones, and missions keep theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.commands import agreement_drafts
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
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.domain.authority import SYSTEM
from app.domain.errors import (
    AgreementRefused,
    Conflict,
    Malformed,
    NotFound,
    OutOfOrder,
    OutOfRange,
    RoleMissing,
    TransitionNotAllowed,
)
from app.queries import agreement_versions as versions_of
from app.queries import agreements as queries
from app.queries.snapshot import snapshot
from app.store import journal
from app.store.engine import reading
from tests.commands.conftest import LUIK, PUMP, RATES
from tests.interleaving import overlapping
from tests.world import everywhere

LUIK_BINDS, HASSELT_BINDS = ("luik", "authorised_representative"), ("hasselt", "authorised_representative")
MAAS_BINDS, AKEN_BINDS = ("maas", "authorised_representative"), ("aken", "authorised_representative")
TERMS = {"hazards": ["flood"], "types": [PUMP], "kinds": ["immediate", "planned"]}
PRICED = {"terms": "reimbursed", "currency": "EUR", "rates": RATES}
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


async def test_a_version_counts_from_when_its_last_consent_is_heard(act, signed, body, conn, clock, assert_fold):
    """A signature dated back over New Year would have old francs counted by nobody, and euros held against a cap that does not know them."""
    agreement = await signed(terms=TERMS | {"cost": PRICED})
    await act(DraftAgreementVersion, agreement, who=MAAS_BINDS, **body())
    proposed = {"occurred_at": "2025-12-30T12:00:00Z"}
    await act(ProposeAgreement, agreement, who=MAAS_BINDS, **proposed)
    with pytest.raises(OutOfOrder):
        await act(ConsentToAgreement, agreement, who=MAAS_BINDS, occurred_at="2025-12-29T12:00:00Z")
    for who in (MAAS_BINDS, LUIK_BINDS):
        last = await act(ConsentToAgreement, agreement, who=who, occurred_at="2025-12-31T12:00:00Z")
    assert last.rows["agreement_consent"][0]["occurred_at"] == "2025-12-31T12:00:00.000000Z", (
        "what is on the paper stays"
    )
    since = "SELECT in_force_at, replaced_at FROM agreement_version WHERE agreement_id = $1 ORDER BY version"
    counted = await conn.fetch(since, agreement)
    assert (counted[0]["replaced_at"], counted[1]["in_force_at"]) == (clock.now(), clock.now())
    cap = TERMS | {"cost": PRICED | {"currency": "CHF"}, "yearly_cost": {"amount": "1000.00", "currency": "CHF"}}
    with pytest.raises(OutOfRange):
        await act(DraftAgreementVersion, agreement, who=MAAS_BINDS, **body(terms=cap))
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
    told = await conn.fetchval("SELECT parties FROM journal_entry WHERE type = 'agreement.draft_changed'")
    assert set(told) == {world.members[each] for each in ("luik", "maas", "hasselt")}, "maas is no party any more"
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


@pytest.fixture
def signed_before_languages(signed, monkeypatch):
    """Puts an agreement into force as versions were stored before there was a text per language; returns its id."""

    def one_language(version, body):
        rewrite(version, body)
        cost = {"terms": "free", "disputes": {"answer_within_days": 30, "settled_by": "De gemengde commissie."}}
        version.terms |= {"legal_basis": "Den Haag, 14 november 1984", "who_may_bind": "", "cost": cost}

    async def signs():
        with monkeypatch.context() as then:
            then.setattr(agreement_drafts, "rewrite", one_language)
            return await signed()

    rewrite = agreement_drafts.rewrite
    return signs


async def test_a_version_of_before_there_was_a_text_per_language(
    act, signed_before_languages, body, offers, conn, world, assert_fold
):
    """What all have signed would be unreadable, or be another text than the one they signed, with the next release."""
    agreement = await signed_before_languages()
    assert await offers(agreement) == 1
    found = await queries.agreement(conn, "live", agreement, viewer=world.members["maas"])
    assert (found.terms.legal_basis, found.terms.who_may_bind) == ({"und": "Den Haag, 14 november 1984"}, {})
    assert found.terms.cost.disputes.settled_by == {"und": "De gemengde commissie."}
    assert (found.awaiting, found.status) == ((), "in_force")
    told = {"nl": "Den Haag, 14 november 1984", "fr": "La Haye, 14 novembre 1984"}
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(terms=TERMS | {"legal_basis": told}))
    changes = (await versions_of.difference_of(conn, "live", agreement, 1, 2, viewer=world.members["maas"])).changes
    assert [(each.path, each.kind) for each in changes] == [
        ("/terms/cost/disputes", "removed"), ("/terms/legal_basis/fr", "added"), ("/terms/legal_basis/nl", "added"), ("/terms/legal_basis/und", "removed"),
    ]  # fmt: skip
    stored = "SELECT terms->>'legal_basis' FROM agreement_version WHERE agreement_id = $1 AND version = 1"
    assert await conn.fetchval(stored, agreement) == "Den Haag, 14 november 1984"
    assert (await journal.verify(conn, "live")).ok
    await assert_fold()


async def test_who_commits_reads_that_another_version_counts_by_now(act, signed, body, ask, conn, assert_fold):
    """An offer of yesterday goes on under words that nobody looks at any more, and nobody has said that."""
    agreement = await signed()
    request, (line,) = await ask((PUMP, 2))
    said = {"request_line_id": line, "agreement_id": agreement, "quantity": 2}
    made = await act(MakeOffer, request, who=LUIK, lines=[said])
    capped = body(terms=TERMS | {"caps": {"units": [{"type": PUMP, "most": 1}]}}, notice_days=90)
    await act(DraftAgreementVersion, agreement, who=MAAS_BINDS, **capped)
    await act(ProposeAgreement, agreement, who=MAAS_BINDS)
    for who in (LUIK_BINDS, MAAS_BINDS):
        await act(ConsentToAgreement, agreement, who=who, version=2)
    accepted = await act(AcceptOffer, made.id)
    units = [
        {"offer_line_id": made.rows["offer_line"][0]["id"], "resource_id": unit} for unit in await luik_pumps(conn, 2)
    ]
    committed = await act(CommitOffer, made.id, who=LUIK, units=units)
    for receipt, pieces in ((accepted, 1), (committed, 2)):
        first, second, *_ = receipt.warnings
        assert (first["code"], second["code"]) == ("version_superseded", "present_version_refuses")
        told = {"agreement": "luik-maas", "version": 1, "counts": 2, "differs": ["notice_days", "caps"]}
        assert {name: first["figures"][name] for name in told} == told
        assert (second["figures"]["counts"], second["figures"]["reason"]["code"]) == (2, "cap_units")
        assert len(receipt.warnings) == 2 * pieces
    assert {row["agreement_version"] for row in committed.rows["mission"]} == {1}
    await assert_fold()


async def luik_pumps(conn, count):
    """Return the ids of so many pumps of luik's."""
    query = "SELECT id FROM resource WHERE call_sign LIKE 'luik pump %' ORDER BY call_sign LIMIT $1"
    return [str(row["id"]) for row in await conn.fetch(query, count)]


async def test_notice_that_is_given_once_all_have_signed_stands(act, signed, body, due, clock, conn, assert_fold):
    """That is the way out that is left: the first day of the new version, which comes before its end, does not close it."""
    agreement = await signed(notice_days=30)
    later = (clock.now() + timedelta(days=10)).isoformat()
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(effective_at=later, notice_days=30))
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    for who in (LUIK_BINDS, MAAS_BINDS):
        await act(ConsentToAgreement, agreement, who=who)
    await act(TerminateAgreement, agreement, who=MAAS_BINDS)
    clock.move(days=10)
    await due()
    assert await states(conn, agreement) == {1: "replaced", 2: "in_force"}
    clock.move(days=20)
    await due()
    assert await conn.fetchval("SELECT status FROM agreement WHERE id = $1", agreement) == "terminated"
    await assert_fold()


async def test_a_version_whose_term_is_over_is_not_signed_any_more(act, signed, body, due, clock, conn, assert_fold):
    """The last signature would end the agreement on the spot, and with it the version that counts."""
    agreement = await signed()
    ends = (clock.now() + timedelta(days=10)).isoformat()
    await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **body(expires_at=ends))
    await act(ProposeAgreement, agreement, who=LUIK_BINDS)
    await act(ConsentToAgreement, agreement, who=LUIK_BINDS)
    clock.move(days=10)
    with pytest.raises(Conflict) as refused:
        await act(ConsentToAgreement, agreement, who=MAAS_BINDS)
    assert refused.value.extra["reasons"][0]["code"] == "time_passed"
    await act(WithdrawAgreement, agreement, who=MAAS_BINDS, reason="It came too late.")
    await due()
    assert await conn.fetchval("SELECT status FROM agreement WHERE id = $1", agreement) == "in_force"
    await assert_fold()


async def test_who_leaves_takes_its_suspension_along(act, signed, body, world, assert_fold):
    """Nobody else takes it back, and who is no party any more can't: the agreement could only be ended."""
    lenders = [world.members["luik"], world.members["hasselt"]]
    agreement = await signed()
    everybody = (LUIK_BINDS, MAAS_BINDS, HASSELT_BINDS)
    for said in (body(lenders=lenders), body(precedence=20)):
        await act(DraftAgreementVersion, agreement, who=LUIK_BINDS, **said)
        await act(ProposeAgreement, agreement, who=LUIK_BINDS)
        for who in everybody:
            last = await act(ConsentToAgreement, agreement, who=who)
        if last.subject["version"] == 2:
            await act(SuspendAgreement, agreement, who=HASSELT_BINDS, reason="We leave.")
    told = last.subject
    assert (told["version"], told["status"], told["suspended_by"], told["suspended_reason"]) == (
        3,
        "in_force",
        [],
        None,
    )
    await assert_fold()
