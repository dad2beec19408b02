/** What an agreement says, in the reader's words: who, for what, until when, and each term as a rule. */
import { countryOf, member, memberName } from "./about.js";
import { myMember } from "./api.js";
import { decimal, language, money as inCurrency, named, phaseName, t, typeName, unitName, word } from "./i18n.js";
import { tables } from "./store.js";
import { now } from "./time.js";

/** @typedef {{member_id: string, code: string, country: string, names: Record<string, string>, lends: boolean, borrows: boolean, consented_at: string | null}} Party */
/** @typedef {{status: string, texts: Record<string, string>}} Clause */
/** @typedef {{version: number, status: string, effective_at: string, proposed_at: string | null}} Coming */
/**
 * @typedef {{id: string, revision: number, code: string, names: Record<string, string>, status: string, version: number, suspended_reason: string | null, suspended_by: string[],
 *   lenders: string[], borrowers: string[], precedence: number, terms: Record<string, any>, effective_at: string, expires_at: string | null, terminates_at: string | null,
 *   notice_by_member_id: string | null, notice_days: number, review_at: string | null, review_due: boolean, parties: Party[], coming: Coming | null,
 *   clauses_open: string[], clauses_unsaid: string[], awaiting: string[]}} Agreement
 */

const ALL = "*";
const SOON_MS = 60 * 86_400_000;

/** A day as people write it, by the own side's clock. @param {string | null | undefined} at */
export function day(at) {
  if (!at) return "–";
  return new Intl.DateTimeFormat(language.value, { day: "numeric", month: "short", year: "numeric", timeZone: member(myMember())?.time_zone ?? "UTC" }).format(new Date(at));
}

/** How its state is shown: what can't be used is abnormal, and so is what ends soon. @param {Agreement} row */
export function agreementTone(row) {
  if (row.status === "suspended" || row.status === "expired") return "alert";
  if (row.status === "proposed" || row.status === "draft" || row.terminates_at || endsSoon(row)) return "notice";
  return "";
}

/** @param {Agreement} row */
export function endsSoon(row) {
  const end = row.terminates_at ?? row.expires_at;
  return row.status === "in_force" && end !== null && Date.parse(end) - now() < SOON_MS;
}

/** Who helps whom, short. @param {Agreement} row */
export function partiesText(row) {
  return partyNames(row.parties.filter((party) => party.lends).map((party) => party.member_id), row.parties.filter((party) => party.borrows).map((party) => party.member_id));
}

/** Who helps whom, of ids. @param {string[]} lenders @param {string[]} borrowers */
export function partyNames(lenders, borrowers) {
  const same = lenders.length === borrowers.length && lenders.every((id) => borrowers.includes(id));
  return same ? `↔ ${side(lenders)}` : `${side(lenders)} → ${side(borrowers)}`;
}

/** @param {string[]} ids */
function side(ids) {
  if (ids.length <= 3) return ids.map(memberName).join(", ") || "–";
  return t("agreement.members", { n: ids.length, countries: [...new Set(ids.map(countryOf))].sort().join(" ") });
}

/** For what, short. @param {Agreement} row */
export function scopeText(row) {
  const { hazards, types } = row.terms;
  const said = [hazards === ALL ? t("agreement.all_hazards") : some(hazards, (code) => word("hazards", code)), types === ALL ? t("agreement.all_types") : some(types, typeName)];
  return said.join(" · ");
}

/** @param {string[]} codes @param {(code: string) => string} name */
function some(codes, name) {
  const first = codes.slice(0, 2).map(name).join(", ");
  return codes.length > 2 ? t("agreement.and_more", { first, n: codes.length - 2 }) : first;
}

/** Until when. @param {Agreement} row */
export function termText(row) {
  if (row.terminates_at) return t("agreement.ends", { day: day(row.terminates_at) });
  if (row.expires_at) return t(row.status === "expired" ? "agreement.ended" : "agreement.until", { day: day(row.expires_at) });
  return t("agreement.open_end");
}

/** Every code of a list by its name; all of them, if it is `*`. @param {string | string[]} codes @param {(code: string) => string} name @param {string} all */
function listed(codes, name, all) {
  return codes === ALL ? all : /** @type {string[]} */ (codes).map(name).join(", ");
}

/** @param {string} code */
export function crossingName(code) {
  const found = tables.crossing.all.value.find((each) => each.code === code);
  return found ? named(found.names) : code;
}

/** @param {{start: string, end: string, weekdays?: string[]} | null | undefined} hours */
export function hoursText(hours) {
  if (!hours) return "";
  const { weekdays = [] } = hours;
  const days = weekdays.length && weekdays.length < 7 ? ` (${weekdays.map((each) => t(`weekday.${each}`)).join(" ")})` : "";
  return ` · ${hours.start}–${hours.end}${days}`;
}

/** @param {Record<string, any>} floor */
export function reserveText(floor) {
  return `${t("rule.keeps", { n: floor.keep, type: typeName(floor.type) })}${hoursText(floor.hours)}${floor.area ? ` · ${t("rule.in_area")}` : ""}`;
}

/** @param {number | string} amount @param {string | null | undefined} currency */
export function money(amount, currency) {
  const value = Number(amount);
  if (!Number.isFinite(value)) return String(amount);
  if (!currency) return decimal(String(amount));
  return inCurrency(value, currency);
}

/** Who pays, in a line. @param {Record<string, any>} cost */
export function costText(cost) {
  return cost.terms === "free_for_hours" ? hoursFree(cost.hours) : word("cost_terms", cost.terms);
}

/** @param {number} hours */
function hoursFree(hours) {
  return hours % 24 === 0 && hours > 48 ? t("rule.free_days", { n: hours / 24 }) : t("rule.free_hours", { n: hours });
}

/** @param {Record<string, any>} rate @param {string | null} currency */
function rateText(rate, currency) {
  const what = rate.consumable ? `${rate.consumable} (${unitName(rate.unit)})` : t(`rule.item.${rate.item}`);
  return `${what}${rate.type ? `, ${typeName(rate.type)}` : ""}: ${money(rate.rate, currency)}`;
}

/** @param {Record<string, any>} each */
function responseText(each) {
  const steps = /** @type {const} */ (["acknowledge", "answer", "turn_out"]).filter((step) => each[`${step}_min`]).map((step) => t(`rule.${step}`, { n: each[`${step}_min`] }));
  return `${listed(each.types, typeName, t("agreement.all_types"))}: ${steps.join(", ")} · ${t(`rule.${each.binding}`)}`;
}

/** @param {Record<string, any>} each */
function automaticText(each) {
  const hours = each.hours ? ` · ${each.hours.begins}–${each.hours.ends}` : "";
  return `${listed(each.types, typeName, t("agreement.all_types"))}: ${t("rule.automatic", { n: each.quantity })}${hours} · ${each.lenders.map(memberName).join(" › ")}`;
}

/** A text of the parties in the reader's language, else in one that there is; nothing, where they said nothing. @param {Record<string, string> | undefined} texts */
const said = (texts) => (Object.keys(texts ?? {}).length ? [named(texts)] : []);

/**
 * The terms as rules, each with its heading; what nothing is said of is left out.
 * @param {{terms: Record<string, any>, precedence: number, notice_days?: number}} row
 * @returns {{key: string, name: string, said: string[], areas: any[]}[]} areas: those that the sentences speak of; null beside one that speaks of none
 */
export function rulesOf(row) {
  const { terms } = row;
  const { caps = {}, cost = { terms: "free" } } = terms;
  /** @type {[string, string[]][]} */
  const rules = [
    ["hazards", [listed(terms.hazards, (code) => word("hazards", code), t("agreement.all_hazards"))]],
    ["types", [listed(terms.types, typeName, t("agreement.all_types"))]],
    ["kinds", [terms.kinds.map((/** @type {string} */ code) => word("request_kinds", code)).join(", ")]],
    ["phases", Object.entries(terms.phases ?? {}).map(([country, phase]) => t("rule.from_phase", { country: word("countries", country), phase: phaseName(country, String(phase)) }))],
    ["area", terms.area ? [t("rule.within_area")] : []],
    ["crossings", terms.crossings && terms.crossings !== ALL ? [terms.crossings.map(crossingName).join(", ")] : []],
    ["reserve", (terms.reserve ?? []).map(reserveText)],
    ["caps", [...(caps.units ?? []).map((/** @type {any} */ cap) => t("rule.most", { n: cap.most, type: typeName(cap.type) })), ...(caps.longest_deployment_h ? [t("rule.longest", { n: caps.longest_deployment_h })] : []), ...(terms.yearly_cost ? [t("rule.yearly", { amount: money(terms.yearly_cost.amount, terms.yearly_cost.currency) })] : [])]],
    ["automatic", (terms.automatic_aid ?? []).map(automaticText)],
    ["response", (terms.response ?? []).map(responseText)],
    ["cost", [costText(cost), ...(cost.rates ?? []).map((/** @type {any} */ rate) => rateText(rate, cost.currency)), ...(cost.claim_within_days ? [t("rule.claim_within", { n: cost.claim_within_days })] : []), ...(cost.pay_within_days ? [t("rule.pay_within", { n: cost.pay_within_days })] : [])]],
    ["disputes", [...(cost.disputes?.answer_within_days ? [t("rule.disputes", { n: cost.disputes.answer_within_days })] : []), ...said(cost.disputes?.settled_by).map((text) => t("rule.settled", { text }))]],
    ["inform_on", (terms.inform_on ?? []).length ? [terms.inform_on.map((/** @type {string} */ code) => word("inform_events", code)).join(", ")] : []],
    ["legal_basis", said(terms.legal_basis)],
    ["who_may_bind", said(terms.who_may_bind)],
    ["notice", row.notice_days ? [t("rule.notice", { n: row.notice_days })] : []],
    ["precedence", [t("rule.precedence", { n: row.precedence })]],
  ];
  const areas = /** @type {Record<string, any[]>} */ ({ area: [terms.area], reserve: (terms.reserve ?? []).map((/** @type {any} */ floor) => floor.area), automatic: (terms.automatic_aid ?? []).map((/** @type {any} */ each) => each.strip) });
  return rules.filter(([, said]) => said.length).map(([key, said]) => ({ key, name: t(`rule.${key}.name`), said, areas: areas[key] ?? [] }));
}
