"""The lead's named act at the end of an incident: another member's request that still asks is called off, and its member told why.

Whoever asked cancels its own. But somebody has gone home, a control room does not answer, and an incident that still asks for help can't be closed:
units would leave for nothing, and everybody's screens would go on asking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.commands.letting_go import end_offers
from app.commands.registry import Act, handles
from app.commands.request_lines import require_seen
from app.commands.showing import Showing
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.errors import NotFound
from app.domain.forms import Note
from app.domain.lifecycle import machine
from app.store.tables import Incident, Request

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork, Visibility

UNDER_WAY: Final = (
    "SELECT count(*) FROM mission WHERE space_id = $1 AND request_id = $2 AND status NOT IN ('returned', 'closed')"
)


class CallOffRequest(Act):
    """The incident is ending: nobody need send anything more for this request of another member. By the lead's representative."""

    why: Note
    """What the member that asked is told."""


@handles(CallOffRequest)
async def call_off_request(uow: UnitOfWork, _cmd: CallOffRequest) -> None:
    """Record ``request.called_off``, and what becomes of its offers. Locks the request, then as ``end_offers``.

    Units that are under way for it go on until the member that asked releases them; a warning says how many.

    Raises:
        NotFound: a draft of somebody else; one that is not opened, to who doesn't lead its incident.
        TransitionNotAllowed: it asks for nothing any more.
    """
    request = await uow.lock(Request, uow.require_target())
    if request.status == machine("request").initial and not uow.sees(request.member_id):
        raise NotFound(Request.KIND, request.id)
    if request.kind == DAY_TO_DAY:
        require_seen(uow, request)
    lead = set() if request.incident_id is None else {(await uow.get(Incident, request.incident_id)).lead_member_id}
    if request.opened_at is None and not uow.sees(request.member_id, *lead):
        raise NotFound(Request.KIND, request.id)
    uow.authorise({"lead": lead - {request.member_id}})
    uow.expect_revision(request)
    with Showing(request):
        request.status = machine("request").to(request.status, "cancelled", by=uow.act.command).to
    request.closed_at = uow.act.occurred_at
    visibility: Visibility = "parties" if request.opened_at is None else "corridor"
    uow.record("request.called_off", request, visibility=visibility, parties=[request.member_id, *lead])
    await end_offers(uow, request)
    if n := await uow.raw.fetchval(UNDER_WAY, uow.space, request.id):
        uow.warn("units_go_on", f"Units go on for this request until they are released: {n}.", figures={"n": n})
