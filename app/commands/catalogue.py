"""Every command there is: importing this module enters all handlers at the door."""

from app.commands import (
    agreements,
    corridor,
    crossings,
    depots,
    incidents,
    members,
    missions,
    offer_answers,
    offer_commitment,
    offers,
    requests,
    resources,
    responses,
    tokens,
    users,
)

__all__ = [
    "agreements",
    "corridor",
    "crossings",
    "depots",
    "incidents",
    "members",
    "missions",
    "offer_answers",
    "offer_commitment",
    "offers",
    "requests",
    "resources",
    "responses",
    "tokens",
    "users",
]
