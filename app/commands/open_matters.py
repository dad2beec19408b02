"""What a member owes that only some of its people may do: whoever is the last of them hands over before going."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.domain.errors import LastOfRole, OnCall
from app.store.tables import User

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.store.unit_of_work import UnitOfWork

FINANCE: Final = "finance"
REPRESENTATIVE: Final = "authorised_representative"

# Role → what is open for the member ($1) that nobody without the role may do: what it is, and how much of it.
OPEN: Final[dict[str, str]] = {
    FINANCE: """
        SELECT count(*) FROM claim WHERE $1 IN (lender_id, requester_id) AND status <> 'closed'
           AND (submitted_at IS NOT NULL OR lender_id = $1)
        UNION ALL SELECT count(*) FROM statement WHERE $1 IN (member_a_id, member_b_id) AND status IN ('issued', 'disputed', 'answered')
    """,
    REPRESENTATIVE: """
        SELECT count(*) FROM debt WHERE member_id = $1 AND status IN ('owed', 'overdue')
        UNION ALL SELECT count(*) FROM agreement_version v WHERE v.status = 'proposed' AND $1 = ANY(v.lenders || v.borrowers)
           AND NOT EXISTS (SELECT FROM agreement_consent c WHERE c.space_id = v.space_id AND c.agreement_id = v.agreement_id
                              AND c.version = v.version AND c.member_id = $1)
    """,
}
# Role → code and words of each of these, in their order.
WORDS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    FINANCE: (
        ("owes_claims", "claims that are not closed"),
        ("owes_statements", "monthly statements that are not acknowledged"),
    ),
    REPRESENTATIVE: (
        ("owes_acts", "acts that are missing after phone calls"),
        ("owes_consents", "agreements that wait for its word"),
    ),
}
NEEDED: Final = ("dispatcher", REPRESENTATIVE, FINANCE)
"""Roles without which a member can't ask, bind itself or settle."""
OTHERS: Final = "SELECT count(*) FROM user_account WHERE member_id = $1 AND active AND roles ? $3 AND id <> $2"


# The user ($1) is on duty in a space where nobody else of the member is who may still sign in.
ALONE_ON_DUTY: Final = """
    SELECT EXISTS (SELECT FROM representative r WHERE r.user_id = $1 AND r.on_duty AND NOT EXISTS (
        SELECT FROM representative o JOIN user_account u ON u.id = o.user_id
         WHERE o.space_id = r.space_id AND o.member_id = r.member_id AND o.user_id <> r.user_id AND o.on_duty AND u.active))
"""
NAMED: Final = "SELECT count(*) FROM representative WHERE user_id = $1"


async def require_successor(uow: UnitOfWork, user: User, leaving: Collection[str]) -> None:
    """Refuse to let go of the last one who may do what the member owes, in the roles that the user is ``leaving``.

    Of two who go at once, the second counts after the first.

    Raises:
        LastOfRole: something is open, and nobody else of the member has the role for it.
    """
    for role in (FINANCE, REPRESENTATIVE):
        if role not in user.roles or role not in leaving:
            continue
        await _take_turn(uow, user, role)
        if await _others(uow, user, role):
            continue
        counts = [row["count"] for row in await uow.raw.fetch(OPEN[role], user.member_id)]
        found = [(code, words, n) for (code, words), n in zip(WORDS[role], counts, strict=True) if n]
        if found:
            told = " and ".join(f"{n} {words}" for _, words, n in found)
            detail = f"Nobody else of the member is {_called(role)}, and it has {told}."
            reasons = [
                {"code": code, "text": f"{n} {words}", "figures": {"n": n, "role": role}} for code, words, n in found
            ]
            raise LastOfRole(detail, extra={"current": user.state(), "role": role, "reasons": reasons})


async def require_relief(uow: UnitOfWork, user: User) -> None:
    """Refuse to let go of the only representative on duty: whoever rings would find nobody who may sign in.

    Raises:
        OnCall: so it is, in some space.
    """
    await _take_turn(uow, user, REPRESENTATIVE)
    if await uow.raw.fetchval(ALONE_ON_DUTY, user.id):
        message = "Nobody else of the member's representatives is on duty."
        raise OnCall(message, extra={"current": user.state()})


async def warn_of_gaps(uow: UnitOfWork, user: User, leaving: Collection[str]) -> None:
    """Warn where the user stays on the list of those to ring, and where nobody of the member is left in a role that it needs."""
    if REPRESENTATIVE in leaving and await uow.raw.fetchval(NAMED, user.id):
        uow.warn("still_representative", "The user is still named as a representative: name another, or remove it.")
    for role in NEEDED:
        if role in leaving and not await _others(uow, user, role):
            detail = f"Nobody of the member is {_called(role)} any more: give somebody the role."
            uow.warn("last_of_role", detail, figures={"role": role})


def _called(role: str) -> str:
    return role.replace("_", " ")


async def _take_turn(uow: UnitOfWork, user: User, role: str) -> None:
    await uow.raw.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{role}/{user.member_id}")


async def _others(uow: UnitOfWork, user: User, role: str) -> int:
    found: int = await uow.raw.fetchval(OTHERS, user.member_id, user.id, role)
    return found
