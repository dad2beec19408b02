"""What is agreed for the storm beside the corridor's own agreements: every limit there is, and each so near that it is met.

The corridor's floors by hour hold at night; a storm comes at any hour, and so these hold all day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.domain.authority import SYSTEM
from app.domain.resource_types import parts_of_type, type_codes

if TYPE_CHECKING:
    from app.commands.execute import Door

CODE: Final = "storm-limits"
COUNTED: Final = frozenset({"engine.pumper", "boat.rescue", "ambulance.als", "pump.high_capacity"})
ALL_DAY: Final = {"start": "00:00", "end": "00:00"}
MEUSE: Final = {
    "type": "Polygon",
    "coordinates": [[[5.4, 50.5], [6.0, 50.5], [6.0, 51.2], [5.4, 51.2], [5.4, 50.5]]],
}
RATES: Final = [
    {"item": "vehicle_hours", "rate": "95.00"},
    {"item": "person_hours", "rate": "34.00"},
    {"item": "kilometres", "rate": "1.10"},
]


async def agree_on_limits(door: Door, members: list[dict[str, Any]]) -> None:
    """Put the agreement into force between all members: caps of units, also of parts, hours and money; floors by hour and area."""
    parties = [row["id"] for row in members]
    now = datetime.now(UTC)
    terms = {
        "kinds": ["immediate", "planned"],
        "types": [*sorted(COUNTED), *(code for code in sorted(type_codes()) if COUNTED & parts_of_type(code).keys())],
        "caps": {
            "units": [
                {"type": "engine.pumper", "most": 12},
                {"type": "boat.rescue", "most": 4},
                {"type": "ambulance.als", "most": 6},
            ],
            "longest_deployment_h": 8,
        },
        "reserve": [
            {"type": "engine.pumper", "keep": 1},
            {"type": "engine.pumper", "keep": 2, "hours": ALL_DAY},
            {"type": "ambulance.als", "keep": 1, "hours": ALL_DAY},
            {"type": "boat.rescue", "keep": 1, "area": MEUSE},
            {"type": "pump.high_capacity", "keep": 1, "area": MEUSE, "hours": ALL_DAY},
        ],
        "cost": {
            "terms": "reimbursed",
            "currency": "EUR",
            "rates": RATES,
            "claim_within_days": 30,
            "pay_within_days": 30,
        },
        "yearly_cost": {"amount": "20000.00", "currency": "EUR"},
        "response": [{"types": "*", "acknowledge_min": 1, "answer_min": 1, "turn_out_min": 1, "binding": "obligatory"}],
    }
    drafted = await door.execute(
        DraftAgreement.model_validate(
            {
                "code": CODE,
                "names": dict.fromkeys(("en", "de", "fr", "nl"), "Every limit"),
                "lenders": parties,
                "borrowers": parties,
                "precedence": 11,
                "effective_at": now - timedelta(days=1),
                "expires_at": now + timedelta(days=365),
                "terms": terms,
            }
        ),
        actor=SYSTEM,
        space="live",
    )
    await door.execute(ProposeAgreement(), actor=SYSTEM, space="live", target=drafted.id)
    for party in parties:
        await door.execute(ConsentToAgreement(on_behalf_of=party), actor=SYSTEM, space="live", target=drafted.id)
