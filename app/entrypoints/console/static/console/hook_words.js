/** A webhook in words: what it asks for, how it stands, what came of a try. */
import { eventCalled, language, t, typeName } from "./i18n.js";
import { memberName } from "./about.js";
import { tables } from "./store.js";

/**
 * @typedef {{id: string, revision: number, label: string, url: string | null, events: string[], incident_ids: string[], type_codes: string[], member_ids: string[], space_kinds: string[], source: string | null, receipts: boolean, heartbeat_min: number | null, silent_since: string | null, status: string, paused_why: string | null, old_secret_until: string | null, created_at: string}} Hook
 * @typedef {{space: string, seq: number, head: number, taken: number | null, waiting: number, waiting_since: string | null, failures: number, failing_since: string | null, next_at: string | null}} Lane
 * @typedef {{status: string, waiting: number, failing_since: string | null, reached_at: string | null, heard_at: string | null, missed_at: string | null, silent_since: string | null, delivered_24h: number, failed_24h: number, latency_ms_p50: number | null, latency_ms_p95: number | null, rung: number, rung_in: Record<string, number>, lanes: Lane[]}} HookHealth
 * @typedef {{space: string, seq: number, event: string, status: string, replayed: boolean, tries: number, made_at: string, tried_at: string | null, delivered_at: string | null, answer: number | null, error: string | null, latency_ms: number | null, receipt_by: string | null}} Delivery
 */

/** Every kind of space that a webhook can ask for. */
export const SPACE_KINDS = ["live", "exercise", "integration"];

/** A percentage as the reader writes it. @param {number} part @param {number} whole */
export function percent(part, whole) {
  return new Intl.NumberFormat(language.value, { style: "percent", maximumFractionDigits: part && part * 10 < whole ? 1 : 0 }).format(whole ? part / whole : 0);
}

/** A time that something took. @param {number | null} value ms */
export function ms(value) {
  return value === null ? "–" : new Intl.NumberFormat(language.value, { style: "unit", unit: "millisecond", maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** What is asked for, in words. @param {string} event `mission.in_transit`, `mission.*`, `*` */
export function wantedName(event) {
  if (event === "*") return t("hooks.events.all");
  return event.endsWith(".*") ? t("hooks.events.area", { area: event.slice(0, -2) }) : eventCalled(event) || event;
}

/** What narrows it, in words; empty where nothing does. @param {Hook} hook @returns {string[]} */
export function narrowed(hook) {
  return [
    ...hook.incident_ids.map((id) => incidentText(tables.incident.get(id)) ?? t("hooks.incident_gone")),
    ...hook.type_codes.map(typeName),
    ...hook.member_ids.map(memberName),
  ];
}

/** An incident as it is found in a list. @param {any} row */
export function incidentText(row) {
  return row && `${row.ref} ${row.title}`;
}

/** How it stands: words, and whether that is abnormal. @param {Pick<Hook, "status" | "paused_why" | "silent_since">} hook @param {{failing_since: string | null} | null} health @returns {{text: string, tone: string}} */
export function standing(hook, health) {
  if (hook.status === "disabled") return { text: t("hooks.disabled"), tone: "alert" };
  if (hook.status === "paused") return hook.paused_why === "failing" ? { text: t("hooks.given_up"), tone: "alert" } : { text: t("hooks.paused"), tone: "notice" };
  if (hook.status === "removed") return { text: t("hooks.removed"), tone: "" };
  if (hook.silent_since) return { text: t("hooks.silent"), tone: "alert" };
  if (health?.failing_since) return { text: t("hooks.failing"), tone: "alert" };
  return { text: t("hooks.active"), tone: "" };
}

/** What came of a try: the HTTP status, or why there was none. @param {{answer: number | null, error: string | null}} tried */
export function outcome({ answer, error }) {
  if (answer !== null) return t("hooks.answer", { n: answer });
  return error ? t(`hooks.error.${error}`) : "–";
}

/** Whether a try was taken. @param {number | null} answer */
export function isWell(answer) {
  return answer !== null && answer >= 200 && answer < 300;
}
