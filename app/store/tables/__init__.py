"""Every table of the service. Importing this package fills ``SQLModel.metadata``."""

from app.store.tables.agreements import Agreement, AgreementConsent, AgreementVersion
from app.store.tables.automatic_aid import AutomaticAid, AutomaticAlarm
from app.store.tables.base import JOURNALED, Journaled, Spaced
from app.store.tables.calls import Call, Debt
from app.store.tables.claims import Claim, ClaimLine, ClaimMission, ExchangeRate
from app.store.tables.contacts import Contact
from app.store.tables.coordination import CoordinationTurn, Rota, TurnSwap
from app.store.tables.corridor import Corridor
from app.store.tables.crossings import Crossing
from app.store.tables.door import Audit, DueWork, Idempotency
from app.store.tables.drills import (
    CorrectiveAction,
    Drill,
    DrillClock,
    DrillDelivery,
    DrillHotWash,
    DrillMark,
    DrillNotice,
    DrillObservation,
    DrillParticipant,
    DrillRating,
    DrillTask,
)
from app.store.tables.extensions import Extension
from app.store.tables.external_ids import ExternalId
from app.store.tables.handovers import Handover
from app.store.tables.host_support import HostSupport
from app.store.tables.identity import LoginThrottle, Session, Token, TokenUse, User
from app.store.tables.inbox import InboxLast, InboxMapping, InboxMatter, InboxMessage, InboxRefusal, InboxSource
from app.store.tables.incidents import Incident, IncidentLogEntry
from app.store.tables.journal import JournalEntry, JournalHead
from app.store.tables.lender_words import LenderWord
from app.store.tables.members import Member
from app.store.tables.missions import Mission
from app.store.tables.notices import AuthorityNotice
from app.store.tables.offers import Offer, OfferLine, Response
from app.store.tables.playbooks import ChecklistItem, IncidentProtocol, ProtocolOverlay
from app.store.tables.positions import Position
from app.store.tables.questions import Question
from app.store.tables.reassignments import Reassignment
from app.store.tables.rendezvous import Rendezvous
from app.store.tables.representatives import Representative
from app.store.tables.requests import Acknowledgement, Request, RequestLine
from app.store.tables.resources import Depot, Resource, ResourceType
from app.store.tables.response_commitments import ResponseCommitment
from app.store.tables.space import Space
from app.store.tables.statements import Statement, StatementLine
from app.store.tables.unasked_offers import UnaskedOffer, UnaskedOfferLine
from app.store.tables.webhooks import (
    DispatchReceipt,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookLane,
    WebhookPulse,
)

__all__ = [
    "JOURNALED",
    "Acknowledgement",
    "Agreement",
    "AgreementConsent",
    "AgreementVersion",
    "Audit",
    "AuthorityNotice",
    "AutomaticAid",
    "AutomaticAlarm",
    "Call",
    "ChecklistItem",
    "Claim",
    "ClaimLine",
    "ClaimMission",
    "Contact",
    "CoordinationTurn",
    "CorrectiveAction",
    "Corridor",
    "Crossing",
    "Debt",
    "Depot",
    "DispatchReceipt",
    "Drill",
    "DrillClock",
    "DrillDelivery",
    "DrillHotWash",
    "DrillMark",
    "DrillNotice",
    "DrillObservation",
    "DrillParticipant",
    "DrillRating",
    "DrillTask",
    "DueWork",
    "ExchangeRate",
    "Extension",
    "ExternalId",
    "Handover",
    "HostSupport",
    "Idempotency",
    "InboxLast",
    "InboxMapping",
    "InboxMatter",
    "InboxMessage",
    "InboxRefusal",
    "InboxSource",
    "Incident",
    "IncidentLogEntry",
    "IncidentProtocol",
    "JournalEntry",
    "JournalHead",
    "Journaled",
    "LenderWord",
    "LoginThrottle",
    "Member",
    "Mission",
    "Offer",
    "OfferLine",
    "Position",
    "ProtocolOverlay",
    "Question",
    "Reassignment",
    "Rendezvous",
    "Representative",
    "Request",
    "RequestLine",
    "Resource",
    "ResourceType",
    "Response",
    "ResponseCommitment",
    "Rota",
    "Session",
    "Space",
    "Spaced",
    "Statement",
    "StatementLine",
    "Token",
    "TokenUse",
    "TurnSwap",
    "UnaskedOffer",
    "UnaskedOfferLine",
    "User",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookLane",
    "WebhookPulse",
]
