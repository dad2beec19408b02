"""Every table of the service. Importing this package fills ``SQLModel.metadata``."""

from app.store.tables.agreements import Agreement, AgreementConsent, AgreementVersion
from app.store.tables.base import JOURNALED, Journaled, Spaced
from app.store.tables.calls import Call, Debt
from app.store.tables.corridor import Corridor
from app.store.tables.crossings import Crossing
from app.store.tables.door import Audit, DueWork, Idempotency
from app.store.tables.identity import LoginThrottle, Session, Token, User
from app.store.tables.incidents import Incident, IncidentLogEntry
from app.store.tables.journal import JournalEntry, JournalHead
from app.store.tables.members import Member
from app.store.tables.missions import Mission
from app.store.tables.offers import Offer, OfferLine, Response
from app.store.tables.positions import Position
from app.store.tables.questions import Question
from app.store.tables.requests import Acknowledgement, Request, RequestLine
from app.store.tables.resources import Depot, Resource, ResourceType
from app.store.tables.space import Space

__all__ = [
    "JOURNALED",
    "Acknowledgement",
    "Agreement",
    "AgreementConsent",
    "AgreementVersion",
    "Audit",
    "Call",
    "Corridor",
    "Crossing",
    "Debt",
    "Depot",
    "DueWork",
    "Idempotency",
    "Incident",
    "IncidentLogEntry",
    "JournalEntry",
    "JournalHead",
    "Journaled",
    "LoginThrottle",
    "Member",
    "Mission",
    "Offer",
    "OfferLine",
    "Position",
    "Question",
    "Request",
    "RequestLine",
    "Resource",
    "ResourceType",
    "Response",
    "Session",
    "Space",
    "Spaced",
    "Token",
    "User",
]
