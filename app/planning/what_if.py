"""Asking "what if": the same situation with one thing otherwise. Plan both, and tell the difference (``plan.difference``); nothing is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.domain.agreement_reasons import RESERVES
from app.planning.plan import Cover, Limit
from app.planning.rulings import Ruling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.planning.plan import Line, Situation


def crossing_closed(situation: Situation, code: str) -> Situation:
    """Return the situation with a crossing closed."""
    return replace(situation, shut=situation.shut | {code})


def agreement_suspended(situation: Situation, agreement: str) -> Situation:
    """Return the situation without an agreement: what ran under it has none."""
    covers = situation.covers

    def without(lender: Any, line: Line, type_code: str) -> Cover:
        cover = covers(lender, line, type_code)
        if cover.agreement != agreement:
            return cover
        return replace(cover, ruling=Ruling(acknowledge_min=cover.ruling.acknowledge_min), agreement=None)

    return replace(situation, covers=without)


def reserve_raised(
    situation: Situation, pool_ids: tuple[Any, ...], by: int = 1, figures: Mapping[str, Any] | None = None
) -> Situation:
    """Return the situation in which so many more of some pools stay at home (fewer, where it is negative); ``figures`` tell a reserve that there was none of; what is promised elsewhere is not there to be kept."""
    mine = set(pool_ids)
    known = [each for each in situation.limits if each.code in RESERVES and set(each.pools) == mine]
    if known:
        limits = [replace(each, left=each.left - by) if each in known else each for each in situation.limits]
    else:
        there = sum(pool.count for pool in situation.pools if pool.id in mine)
        free = min(
            (each.left for each in situation.limits if each.code == "promised" and set(each.pools) == mine),
            default=there,
        )
        said = {**(figures or {}), "promised": there - free}
        limits = [*situation.limits, Limit("reserve_floor", free - by, tuple(pool_ids), figures=said, lent_only=True)]
    return replace(situation, limits=tuple(limits))


def resource_out(situation: Situation, pool_id: Any, many: int = 1) -> Situation:
    """Return the situation with so many fewer units in a pool."""
    pools = [replace(pool, count=max(0, pool.count - many)) if pool.id == pool_id else pool for pool in situation.pools]
    limits = [replace(each, left=each.left - many) if pool_id in each.pools else each for each in situation.limits]
    return replace(situation, pools=tuple(pools), limits=tuple(limits))
