"""An example for every answer in the OpenAPI document, made from its schema, so that it can't fall behind the code.

Examples of bodies and parameters stand beside their operations; here they are put where tools look for them.

A field's value comes from the field's own example, else from the words below, else from its type. A receipt names the
command of its operation, and the state that the state machine says it leads to.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID, uuid5

from app.domain.lifecycle import machine

Json = dict[str, Any]

NAMESPACE: Final = UUID("0197a1b2-0000-7000-8000-000000000000")
MOMENT: Final = "2026-07-14T12:00:00Z"
HASH: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
POINT: Final = {"type": "Point", "coordinates": [5.706, 50.779]}
AREA: Final = {
    "type": "Polygon",
    "coordinates": [[[5.69, 50.76], [5.74, 50.76], [5.74, 50.8], [5.69, 50.8], [5.69, 50.76]]],
}
DEEPEST: Final = 12

WORDS: Final[Json] = {
    "act": "open", "action": "open_request", "actor": f"user:{uuid5(NAMESPACE, 'user')}", "address": "Eijsden, Nederland",
    "agreement_version": 1, "allowed": True, "area": AREA, "call_sign": "HCP Liège 1", "capacity_vph": 1800,
    "code": "meuse-rhine", "command": "open_request", "control": "checks", "country": "BE", "csrf_token": "k3JZ…",
    "currency": "EUR", "data": {"command": "open_request", "via": "console", "occurred_at": MOMENT}, "delay_min": 10,
    "detail": "It would leave 0 of 3 at home, and 1 has to stay.", "digest": HASH, "display_name": "Centrale de Liège",
    "email": "dienst@example.org", "event": "mission.in_transit", "function": "Adviseur gevaarlijke stoffen", "figures": {"type_code": "pump.high_capacity", "keep": 1, "available": 3, "promised": 0, "quantity": 3, "would_leave": 0},
    "hash": HASH, "hazard": "flood", "hazards": "flood", "head": 4711, "head_hash": HASH, "height_m": 3.6,
    "keep": 1, "kind": "immediate", "kinds": "immediate", "label": "dispatch system", "language": "fr", "languages": "fr",
    "legal_basis": {"en": "The Hague, 14 November 1984", "nl": "'s-Gravenhage, 14 november 1984"}, "length_m": 9.5, "login": "e.dupont", "mobilisation_min": 20,
    "name": "Liège", "names": {"en": "Liège", "de": "Lüttich", "fr": "Liège", "nl": "Luik"}, "ncos": 1, "crew": 3,
    "note": "Deux pompes avec équipage.", "other_names": "Lidje", "person_rung": "Meldkamer", "phase": "grip_2",
    "phases": {"NL": "grip_2"}, "phone": "+32 00 000 0208", "place": "Eijsden, Bat", "precedence": 20,
    "priority": "life_safety", "quantity": 2, "reason": "reserve", "ref": "R-7K2QM", "roads": "E25",
    "roles": "dispatcher", "scopes": "write", "seq": 4711, "severity": 4, "slug": "role-missing", "source": "FEMA 508-4",
    "space": "live", "state": "in_transit", "status": "open", "subject": f"request:{uuid5(NAMESPACE, 'request')}",
    "tag": "fr", "talkgroup": "DEMO-NL-101", "terms": "free", "text": "Dijk bij Borgharen houdt.",
    "time_zone": "Europe/Brussels", "title": "Meuse over its banks at Eijsden", "type": "request.opened",
    "type_code": "pump.high_capacity", "types": "pump.high_capacity", "unit": "piece", "via": "console",
    "rows": {"request": [{"id": str(uuid5(NAMESPACE, "request")), "revision": 3, "status": "open"}]},
    "visibility": "corridor", "wanted": 4, "weight_t": 18.0, "width_m": 2.5, "who_may_bind": {"en": "The dispatcher on duty.", "nl": "De centralist van dienst."},
    "why": "L'eau monte encore.", "geometry": POINT, "position": 1, "version": 1,
}  # fmt: skip
"""What a field of this name holds in most answers."""

STATES: Final = {
    "IncidentView": "active", "MissionView": "in_transit", "OfferView": "offered", "FormationView": "available", "FormationPartView": "available", "ResourceView": "available",
    "ExtensionView": "asked", "ReassignmentView": "proposed", "TurnView": "planned", "TurnSwapView": "proposed", "LenderWordView": "standing", "UnaskedOfferView": "offered", "HostSupportView": "asked",
    "AutomaticAidView": "alarmed", "AutomaticAlarmView": "alarmed",
    "ResponseCommitmentView": "kept", "CallView": "unconfirmed", "DebtView": "owed", "AgreementView": "in_force",
    "DrillView": "scheduled", "CorrectiveActionView": "open", "ClockView": "running",
    "WebhookView": "active", "WebhookHealth": "active", "Heard": "active", "DeliveryView": "delivered", "DeliveryDetail": "delivered", "DispatchReceiptView": "taken",
    "ClaimBrief": "submitted", "ClaimView": "submitted", "StatementBrief": "issued", "StatementView": "issued",
}  # fmt: skip
OWN_WORDS: Final[Json] = {
    "DrillView.code": "D-7K2QM", "DrillView.type": "functional", "DrillView.notice": "announced", "ExerciseView.code": "D-7K2QM", "DrillParticipantView.role": "player",
    "InjectView.kind": "information", "InjectView.trigger": "offset", "InjectDeliveryView.reason": "offset", "ObjectiveView.unit": "s", "ExpectedView.event": "request.opened", "ObjectiveView.rating": "S",
    "ProtocolBrief.code": "river_flood", "ProtocolView.code": "river_flood", "ProtocolOverlayView.code": "river_flood", "IncidentProtocolView.code": "river_flood",
    "ProtocolItem.code": "check_dikes", "ChecklistItemView.code": "check_dikes", "FittingRendezvous.code": "staging-eijsden", "DifferenceView.key": "boat.rescue",
    "CrossingView.code": "eijsden-vise", "DepotView.code": "vise", "MemberBrief.code": "be-liege",
    "MemberView.code": "be-liege", "ResourceTypeView.code": "pump.high_capacity", "ResourceTypeView.kind": "equipment",
    "AgreementView.code": "meuse-flood-nl-be", "UserView.kind": "person", "Me.kind": "person",
    "JournalPage.after": 4711, "FillView.committed": 2, "FillView.pending": 1, "FillView.open": 1,
    "LogEntryView.language": "nl", "ContactView.code": "hazmat-duty", "ContactView.language": "nl",
    "ExternalIdView.source": "cad-liege", "ExternalIdBrief.source": "cad-liege", "ExternalIdView.code": "2026-001234",
    "ExternalIdBrief.code": "2026-001234", "ExternalIdView.kind": "incident",
}  # fmt: skip
"""What a field holds in answers of one schema."""
LEADS_TO: Final = {
    "accept_offer": "accepted",
    "answer_automatic_alarm": "rolling",
    "acknowledge_statement": "acknowledged",
    "withdraw_dispute": "submitted",
    "answer_dispute": "disputed",
    "set_resource_status": "out_of_service",
    "change_incident": "active",
}
"""Where a command has several outcomes: the most usual one."""
_SECRET: Final = {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
ONCE: Final = {
    "add_token": {"token": "concord_3qvS0m…"},
    "renew_calendar_address": {"key": "concord_8fTd2k…"},
    "add_webhook": _SECRET,
    "rotate_webhook_secret": _SECRET,
    "add_inbox_source": _SECRET,
    "rotate_inbox_secret": _SECRET,
}
EMPTY: Final = frozenset(
    {
        "closed_at", "closed_until", "confirmed_at", "confirmed_by_id", "confirmed_person", "ended_by", "findings",
        "made_good_at", "made_good_by_id", "next", "once", "outcome", "out_of_service_reason", "relieve_by", "reserve_override",
        "alarms", "formation_id", "split_from_id", "relief_of_id", "stands_for_id", "to_member_id", "destination", "destination_lon", "destination_lat",
        "liaison_user_id", "consumables", "person_hours", "was", "valid_to", "phone_2",
        "consumable", "overdue", "waived", "dispute", "dispute_reason", "counter_amount", "disputed_at", "answer_by", "answer",
        "answer_amount", "answered_at", "exchange_rate", "rate_date", "rate_source", "disputed_by_member_id",
        "disputed_mission_id", "replaces_id", "replaced_by_id", "before", "payment_reference", "paid_at", "superseded_at",
        "failing_since", "silent_since", "missed_at", "paused_why", "old_secret_until", "rung_at", "waiting_since", "error", "receipt_by",
        "revoked_at", "suspended_reason", "warnings", "max_weight_t", "max_height_m", "max_width_m",
    }
)  # fmt: skip
"""Fields that are null or empty in most answers."""

SUBJECTS: Final = {
    "run_inbox_message": "inbox_matter",
    "discard_inbox_message": "inbox_matter",
    "answer_unit_call": "inbox_matter",
    "refill_integration": "member",
    "add_inbox_source": "inbox_source",
    "add_inbox_mapping": "inbox_mapping",
    "turn_on_inbox_mapping": "inbox_mapping",
    "decline_request": "response",
    "assist_now": "call",
    "add_log_entry": "incident_log",
    "send_day_to_day": "mission",
    "alarm_automatic_aid": "automatic_aid",
    "call_off_automatic_aid": "automatic_aid",
    "answer_automatic_alarm": "automatic_alarm",
    "ask_host_support": "host_support",
    "confirm_host_support": "host_support",
    "decline_host_support": "host_support",
    "add_external_id": "external_id",
    "end_external_id": "external_id",
    "enter_exchange_rate": "exchange_rate",
    "dispute_claim_line": "claim",
    "answer_dispute": "claim",
    "withdraw_dispute": "claim",
    "propose_turn_swap": "turn_swap",
    "answer_turn_swap": "turn_swap",
    "withdraw_turn_swap": "turn_swap",
    "tick_checklist_item": "checklist_item",
    "untick_checklist_item": "checklist_item",
    "add_protocol_overlay": "protocol_overlay",
    "change_protocol_overlay": "protocol_overlay",
    "remove_protocol_overlay": "protocol_overlay",
    "say_lender_word": "lender_word",
    "offer_unasked": "unasked_offer",
    "take_up_unasked_offer": "unasked_offer",
    "decline_unasked_offer": "unasked_offer",
    "withdraw_unasked_offer": "unasked_offer",
    "withdraw_lender_word": "lender_word",
    "deliver_inject": "drill",
    "answer_ready": "drill_participant",
    "tick_expectation": "drill_mark",
    "reach_sync_point": "drill_mark",
    "observe_drill": "drill_observation",
    "overrule_rating": "drill_rating",
    "write_hot_wash": "drill_hot_wash",
    "add_corrective_action": "corrective_action",
    "change_corrective_action": "corrective_action",
}
"""What a receipt is about where the address does not say it."""
VIEWS: Final = {"incident_log": "LogEntryView", "host_support": "HostSupportView", "external_id": "ExternalIdView",
    "automatic_aid": "AutomaticAidView", "automatic_alarm": "AutomaticAlarmView", "exchange_rate": "ExchangeRateView", "turn_swap": "TurnSwapView",
    "checklist_item": "ChecklistItemView", "protocol_overlay": "ProtocolOverlayView",
    "inbox_source": "InboxSourceView", "inbox_mapping": "InboxMappingView", "inbox_matter": "InboxMatterView",
    "webhook_endpoint": "WebhookView", "dispatch_receipt": "DispatchReceiptView",
    "lender_word": "LenderWordView", "unasked_offer": "UnaskedOfferView", "drill_participant": "DrillParticipantView",
    "drill_observation": "DrillObservationView", "drill_rating": "DrillRatingView", "drill_hot_wash": "DrillHotWashView",
    "corrective_action": "CorrectiveActionView",
}  # fmt: skip
MACHINES: Final = frozenset(
    {
        "agreement",
        "debt",
        "incident",
        "mission",
        "offer",
        "request",
        "resource",
        "claim",
        "statement",
        "extension",
        "reassignment",
        "host_support",
        "automatic_aid",
        "automatic_alarm",
        "turn_swap",
        "lender_word",
        "unasked_offer",
        "drill",
        "corrective_action",
    }
)


def add_examples(document: Json) -> None:
    """Give every answer of the document an example, unless it has one; bodies and parameters show theirs as a whole."""
    maker = _Maker(document.get("components", {}).get("schemas", {}))
    for path, operations in document.get("paths", {}).items():
        for operation in operations.values():
            if not isinstance(operation, dict):
                continue
            _show_sent(operation)
            for status, answer in operation.get("responses", {}).items():
                if not status.startswith("2"):
                    continue
                for content in answer.get("content", {}).values():
                    if not content.keys() & {"example", "examples"} and "schema" in content:
                        content["example"] = maker.answer(content["schema"], path, operation)


def _show_sent(operation: Json) -> None:
    """Lift the examples of a body out of its schema, where most tools don't look; give parameters theirs."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        found = content.get("schema", {}).pop("examples", [])
        if found:
            content["examples"] = {
                "example" if number == 1 else f"example {number}": {"value": each}
                for number, each in enumerate(found, 1)
            }
    for parameter in operation.get("parameters", ()):
        if examples := parameter.get("schema", {}).get("examples"):
            parameter["example"] = examples[0]


class _Maker:
    def __init__(self, schemas: Json) -> None:
        self._schemas = schemas

    def answer(self, schema: Json, path: str, operation: Json) -> Any:
        """Return an example for an operation's answer."""
        made = self.value(schema, "")
        if schema.get("$ref", "").endswith("/Receipt"):
            return made | self._receipt(path, operation)
        return made

    def _receipt(self, path: str, operation: Json) -> Json:
        command = str(operation.get("operationId", "")).partition("_api_")[0]
        named = [
            part for part in path.split("/") if part.endswith("s") and not part.startswith("{") and part != "spaces"
        ]
        kind = SUBJECTS.get(command) or named[-1].removesuffix("s")
        view = VIEWS.get(kind, f"{kind.title()}View")
        state = self.value({"$ref": f"#/components/schemas/{view}"}, kind) if view in self._schemas else {}
        subject = {name: value for name, value in state.items() if not isinstance(value, list | dict)}
        subject |= {"id": _id(kind), "revision": 2}
        if kind in MACHINES and "status" in subject:
            step = next((step for step in machine(kind).transitions if command in step.by), None)
            subject["status"] = LEADS_TO.get(command) or (step.to if step else subject["status"])
        told = {"command": command, "kind": kind, "id": subject["id"], "subject": subject, "rows": {kind: [subject]}}
        return told | ({"once": ONCE[command]} if command in ONCE else {})

    def value(self, schema: Json, name: str, *, of: str = "", depth: int = 0) -> Any:
        """Return a value that is valid for the schema; ``name``: of the field, ``of``: of the schema it stands in."""
        if "$ref" in schema:
            own = schema["$ref"].rpartition("/")[2]
            return self.value(self._schemas[own], name, of=own, depth=depth + 1)
        for said in ("example", "const", "default"):
            if said in schema and schema[said] is not None:
                return schema[said]
        if schema.get("examples"):
            return schema["examples"][0]
        if choices := schema.get("anyOf") or schema.get("oneOf"):
            return self._choice(choices, name, of, depth)
        if "enum" in schema:
            word = WORDS.get(name)
            return word if word in schema["enum"] else schema["enum"][0]
        return self._typed(schema, name, of, depth)

    def _choice(self, choices: list[Json], name: str, of: str, depth: int) -> Any:
        nullable = any(choice.get("type") == "null" for choice in choices)
        if nullable and (name in EMPTY or depth > DEEPEST):
            return None
        return self.value(next(choice for choice in choices if choice.get("type") != "null"), name, of=of, depth=depth)

    def _typed(self, schema: Json, name: str, of: str, depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next(each for each in kind if each != "null")
        if kind == "object" or "properties" in schema:
            return self._object(schema, name, of, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind == "string" and schema.get("format") in {"uuid", "date-time"}:
            return _id(name.removesuffix("_id") or "it") if schema["format"] == "uuid" else MOMENT
        word = STATES.get(of) if name == "status" and of in STATES else OWN_WORDS.get(f"{of}.{name}", WORDS.get(name))
        plain: dict[str, tuple[type | tuple[type, ...], Any]] = {
            "string": (str, "…"),
            "integer": (int, schema.get("minimum", 1)),
            "number": ((int, float), schema.get("minimum", 1.5)),
            "boolean": (bool, False),
        }
        if kind not in plain:
            return None
        wanted, otherwise = plain[kind]
        return word if isinstance(word, wanted) else otherwise

    def _object(self, schema: Json, name: str, of: str, depth: int) -> Json:
        if "properties" in schema:
            inside = schema["properties"].items()
            return {field: self.value(each, field, of=of, depth=depth + 1) for field, each in inside}
        word = WORDS.get(name)
        more = schema.get("additionalProperties")
        if isinstance(word, dict) and (not isinstance(more, dict) or more.get("type") in {"string", "array"}):
            return word
        if isinstance(more, dict) and depth < DEEPEST and name not in EMPTY:
            keys = schema.get("propertyNames", {}).get("enum", ["en"])
            return {key: self.value(more, "", depth=depth + 1) for key in keys}
        return {}

    def _array(self, schema: Json, name: str, depth: int) -> list[Any]:
        if "prefixItems" in schema:
            return [self.value(each, name, depth=depth + 1) for each in schema["prefixItems"]]
        if name in EMPTY or depth > DEEPEST:
            return []
        least = max(1, int(schema.get("minItems", 1)))
        return [self.value(schema.get("items", {}), name, depth=depth + 1) for _ in range(least)]


def _id(name: str) -> str:
    return str(uuid5(NAMESPACE, name))
