"""What a member owes that only some of its people may do: whoever is the last of them hands over before being erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.domain.errors import Conflict
from app.store.tables import User

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

FINANCE: Final = "finance"
REPRESENTATIVE: Final = "authorised_representative"

# Role → what is open for the member ($1) that nobody without the role may do: what it is, and how much of it.
OPEN: Final[dict[str, str]] = {
    FINANCE: """
        SELECT count(*) FROM claim WHERE $1 IN (lender_id, requester_id) AND status <> 'closed'
           AND (submitted_at IS NOT NULL OR lender_id = $1)
        UNION ALL SELECT count(*) FROM statement WHERE $1 IN (member_a_id, member_b_id) AND status <> 'acknowledged'
    """,
    REPRESENTATIVE: """
        SELECT count(*) FROM debt WHERE member_id = $1 AND status <> 'made_good'
        UNION ALL SELECT count(*) FROM agreement_version v WHERE v.status = 'proposed' AND $1 = ANY(v.lenders || v.borrowers)
           AND NOT EXISTS (SELECT FROM agreement_consent c WHERE c.space_id = v.space_id AND c.agreement_id = v.agreement_id
                              AND c.version = v.version AND c.member_id = $1)
    """,
}
WORDS: Final[dict[str, tuple[str, str]]] = {
    FINANCE: ("claims that are not closed", "monthly statements that are not acknowledged"),
    REPRESENTATIVE: ("acts that are missing after phone calls", "agreements that wait for its word"),
}
OTHERS: Final = "SELECT count(*) FROM user_account WHERE member_id = $1 AND active AND roles ? $3 AND id <> $2"


async def require_successor(uow: UnitOfWork, user: User) -> None:
    """Refuse to let go of the last one who may do what the member owes. Of two who go at once, the second counts after the first.

    Raises:
        Conflict: something is open, and nobody else of the member has the role for it.
    """
    for role in (FINANCE, REPRESENTATIVE):
        if role not in user.roles:
            continue
        await uow.raw.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{role}/{user.member_id}")
        if await uow.raw.fetchval(OTHERS, user.member_id, user.id, role):
            continue
        counts = [row["count"] for row in await uow.raw.fetch(OPEN[role], user.member_id)]
        if any(counts):
            told = " and ".join(f"{n} {what}" for n, what in zip(counts, WORDS[role], strict=True) if n)
            detail = f"Nobody else of the member is {role.replace('_', ' ')}, and it has {told}."
            hint = f"Give another user of the member the role {role} first, or bring these to their end."
            raise Conflict(detail, extra={"current": user.state(), "role": role, "open": sum(counts)}, hint=hint)
