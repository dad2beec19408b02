/**
 * The words of a version while they are written: one plain object in the shape of the API's body, changed by pointer.
 *
 * A pointer is that of the API's refusals (`/terms/caps/units/0/most`), so a field, its value and what is wrong with it are found
 * by the same name. What was typed stays as it was typed; `bodyOf` makes of it what is sent.
 */
import { myMember } from "./api.js";
import { instantOf, localOf, now } from "./time.js";

/** @typedef {Record<string, any>} Doc */

/** What a version says beside its terms. */
const SAID = /** @type {const} */ (["lenders", "borrowers", "precedence", "terms", "effective_at", "expires_at", "review_at", "notice_days"]);
const DAY_MS = 86_400_000;

/** The instant of midnight, by the own side's clock, so many days from now. @param {number} days */
export function midnight(days) {
  return instantOf(`${localOf(now() + days * DAY_MS).slice(0, 10)}T00:00`);
}

/** A new agreement: open in all that can be left open, free, and for oneself as lender and borrower. @returns {Doc} */
export function blank() {
  return {
    code: "", names: {}, lenders: [myMember()], borrowers: [myMember()], precedence: 100, notice_days: 90, effective_at: midnight(1), expires_at: null, review_at: null,
    terms: {
      hazards: "*", types: "*", kinds: ["immediate", "planned"], phases: {}, area: null, crossings: "*", caps: { units: [], longest_deployment_h: null }, reserve: [],
      cost: { terms: "free", hours: null, currency: null, rate_date: "home", rates: [], claim_within_days: null, pay_within_days: null, disputes: null },
      yearly_cost: null, automatic_aid: [], response: [], clauses: {}, dispatchers_bind: {}, legal_basis: {}, who_may_bind: {}, inform_on: [],
    },
  };
}

/** What a version says, to be written on. @param {Record<string, any>} version @param {Record<string, any>} row its agreement @returns {Doc} */
export function docOf(version, row) {
  const said = Object.fromEntries(SAID.map((name) => [name, version[name]]));
  return structuredClone({ ...said, code: row.code, names: row.names });
}

/** @param {string} pointer */
export const stepsOf = (pointer) => pointer.split("/").slice(1);

/** What stands at a pointer; undefined where nothing does. @param {any} doc @param {string} pointer @returns {any} */
export function at(doc, pointer) {
  return stepsOf(pointer).reduce((here, step) => here?.[step], doc);
}

/** The same with another value at a pointer; what leads there is made where it is missing. @param {any} doc @param {string} pointer @param {any} value @returns {any} */
export function put(doc, pointer, value) {
  const [step, ...rest] = stepsOf(pointer);
  if (step === undefined) return value;
  const inner = put(doc?.[step], rest.map((each) => `/${each}`).join(""), value);
  return Array.isArray(doc) ? doc.map((each, n) => (String(n) === step ? inner : each)) : { ...doc, [step]: inner };
}

/** `1,250.5`, `1250,50`: with a point, as amounts are sent; what is no amount stays as it was typed, and is refused. @param {any} typed */
export function amountOf(typed) {
  const text = String(typed ?? "").replace(/[\s\u00a0']/g, "");
  if (!text) return null;
  const point = Math.max(text.lastIndexOf("."), text.lastIndexOf(","));
  if (point < 0 || text.length - point > 7) return text;
  return `${text.slice(0, point).replace(/[.,]/g, "")}.${text.slice(point + 1)}`;
}

/** Texts by language without the empty ones. @param {Record<string, string> | null | undefined} texts */
function filledIn(texts) {
  return Object.fromEntries(Object.entries(texts ?? {}).map(([language, text]) => [language, text.trim()]).filter(([, text]) => text));
}

/** Codes by country without those that were taken back. @param {Record<string, string> | null | undefined} codes */
const chosenOf = (codes) => Object.fromEntries(Object.entries(codes ?? {}).filter(([, code]) => code));

/** An instant as the server writes it. @param {string | null | undefined} instant */
const written = (instant) => (instant ? instant.replace(/\.000Z$/, "Z") : null);

/** What is sent, of a version. @param {Doc} doc @returns {Doc} */
export function bodyOf(doc) {
  const { terms } = doc;
  const { cost } = terms;
  const { disputes } = cost;
  const settledBy = filledIn(disputes?.settled_by);
  const most = amountOf(terms.yearly_cost?.amount);
  return {
    lenders: doc.lenders, borrowers: doc.borrowers, precedence: doc.precedence ?? 100, notice_days: doc.notice_days ?? 0,
    effective_at: written(doc.effective_at), expires_at: written(doc.expires_at), review_at: written(doc.review_at),
    terms: {
      ...terms, phases: chosenOf(terms.phases), dispatchers_bind: chosenOf(terms.dispatchers_bind),
      legal_basis: filledIn(terms.legal_basis), who_may_bind: filledIn(terms.who_may_bind),
      yearly_cost: most === null ? null : { amount: most, currency: cost.currency },
      cost: {
        ...cost, hours: cost.terms === "free_for_hours" ? cost.hours : null,
        rates: cost.terms === "free" ? [] : cost.rates.map((/** @type {any} */ rate) => ({
          ...rate, rate: amountOf(rate.rate), type: rate.type || null,
          consumable: rate.item === "consumables" ? rate.consumable : null, unit: rate.item === "consumables" ? rate.unit : null,
        })),
        disputes: disputes?.answer_within_days || Object.keys(settledBy).length ? { answer_within_days: disputes?.answer_within_days ?? null, settled_by: settledBy } : null,
      },
      reserve: terms.reserve.map((/** @type {any} */ floor) => ({ ...floor, lender: floor.lender || null })),
      clauses: Object.fromEntries(Object.entries(terms.clauses).map(([name, clause]) => [name, clause && { ...clause, texts: filledIn(clause.texts) }])),
    },
  };
}

/** The same with the name and, of a new one, the code. @param {Doc} doc @param {boolean} fresh */
export function namedBody(doc, fresh) {
  return { ...bodyOf(doc), names: filledIn(doc.names), ...(fresh ? { code: doc.code.trim() || codeFrom(doc.names) } : {}) };
}

/** A code out of a name: `Hochwasser an der Maas` → `hochwasser-an-der-maas`. @param {Record<string, string>} names */
export function codeFrom(names) {
  const [name = ""] = Object.values(filledIn(names));
  const plain = name.toLowerCase().replace(/ß/g, "ss").replace(/œ/g, "oe").replace(/æ/g, "ae").normalize("NFKD").replace(/\p{M}/gu, "");
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60).replace(/-$/, "");
}
