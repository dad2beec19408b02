/**
 * What is asked for when an agreement is written, as data: sections, and in each its fields with the pointer of the API's body.
 * What a kind of field looks like is in `editor_fields.js` and `editor_lists.js`; what a field is called, in `i18n` by the last
 * step of its pointer.
 */
import { countryOf, members } from "./about.js";
import { myMember } from "./api.js";
import { at } from "./agreement_doc.js";
import { codes, named, t, typeName, word } from "./i18n.js";
import { tables } from "./store.js";

/** @typedef {import("./agreement_doc.js").Doc} Doc */
/**
 * @typedef {object} Spec
 * @property {string} at pointer; of a field in a list, the step below its item
 * @property {string} kind
 * @property {string} [label] key of its name, where the last step does not give it
 * @property {string} [hint] key of what stands under it
 * @property {boolean} [required]
 * @property {number} [least]
 * @property {number} [most] the largest number, or so many characters
 * @property {string[]} [also] pointers of refusals that belong here, too
 * @property {Record<string, string>} [says] slug of a refusal → key of what to do about it, where the slug alone does not tell
 * @property {(doc: Doc, within: string) => boolean} [when] whether it is asked for
 * @property {(doc: Doc) => {value: string, text: string}[]} [options]
 * @property {string} [none] key of the choice that says nothing
 * @property {Spec[]} [of] of a list: the fields of an item
 * @property {() => any} [fresh] of a list: a new item
 * @property {string} [add] of a list: key of the button
 * @property {(item: any) => string} [title] of a list: what an item is called
 */
/** @typedef {{id: string, fields: Spec[], rules?: string[]}} Section rules: what of `rulesOf` tells a folded section */

const YEAR_H = 8760;
const TEN_YEARS = 3650;
const WEEK_MIN = 10_080;
const TEXT = 4000;
const TWICE = { malformed: "edit.wrong.twice" };

const words = (/** @type {string} */ group) => () => codes(group).map((value) => ({ value, text: word(group, value) }));
const lending = (/** @type {Doc} */ doc) => members(myMember()).filter((each) => doc.lenders.includes(each.id)).map((each) => ({ value: each.id, text: `${each.country} ${named(each.names)}` }));
const crossings = () => tables.crossing.all.value.map((each) => ({ value: each.code, text: named(each.names) })).sort((a, b) => a.text.localeCompare(b.text));
const currencies = () => [...new Set([...members().map((each) => each.currency).filter(Boolean), "EUR", "CHF", "CZK", "DKK", "GBP", "PLN"])].map((value) => ({ value, text: value }));
const chosen = (/** @type {string} */ prefix, /** @type {string[]} */ values) => () => values.map((value) => ({ value, text: t(`${prefix}.${value}`) }));
const several = (/** @type {string | string[]} */ types) => (types === "*" ? t("agreement.all_types") : [types].flat().map(typeName).join(", "));
const consumable = (/** @type {Doc} */ doc, /** @type {string} */ within) => at(doc, within)?.item === "consumables";

/** @type {Section[]} */
export const SECTIONS = [
  { id: "about", rules: ["legal_basis", "precedence"], fields: [
    { at: "/names", kind: "names", label: "field.name", required: true, most: 200, when: (doc) => doc.renamed === true },
    { at: "/code", kind: "code", label: "field.code", hint: "edit.code.hint", most: 64, when: (doc) => doc.fresh === true, says: { duplicate: "problem.duplicate" } },
    { at: "/terms/legal_basis", kind: "texts", hint: "edit.legal_basis.hint", most: TEXT },
    { at: "/precedence", kind: "number", hint: "edit.precedence.hint", required: true, least: 1, most: 1000 },
  ] },
  { id: "parties", fields: [
    { at: "/lenders", kind: "parties", label: "edit.parties", hint: "edit.parties.hint", also: ["/borrowers"], says: { "out-of-range": "edit.wrong.two_parties" } },
    { at: "/terms/dispatchers_bind", kind: "phases", hint: "edit.dispatchers_bind.hint", none: "edit.representatives_alone" },
    { at: "/terms/who_may_bind", kind: "texts", label: "edit.who_may_bind", most: TEXT },
    { at: "/terms/inform_on", kind: "ticks", options: words("inform_events") },
  ] },
  { id: "scope", rules: ["kinds", "hazards", "types", "phases"], fields: [
    { at: "/terms/kinds", kind: "ticks", required: true, options: words("request_kinds") },
    { at: "/terms/hazards", kind: "some", none: "agreement.all_hazards", required: true, options: words("hazards") },
    { at: "/terms/types", kind: "types", none: "agreement.all_types", required: true },
    { at: "/terms/phases", kind: "phases", hint: "edit.phases.hint", none: "edit.at_any_phase" },
  ] },
  { id: "where", fields: [
    { at: "/terms/area", kind: "place", hint: "edit.area.hint", none: "edit.anywhere" },
    { at: "/terms/crossings", kind: "some", none: "edit.every_crossing", required: true, options: crossings },
  ] },
  { id: "automatic", rules: ["automatic"], fields: [
    { at: "/terms/automatic_aid", kind: "list", hint: "edit.automatic_aid.hint", add: "edit.automatic_aid.add", most: 20, title: (item) => several(item.types),
      fresh: () => ({ types: [], strip: null, hours: null, quantity: 1, lenders: [] }), of: [
        { at: "types", kind: "only_types", required: true },
        { at: "strip", kind: "place", required: true, hint: "edit.strip.hint" },
        { at: "hours", kind: "daily", hint: "edit.hours.hint", says: { malformed: "edit.wrong.hours" } },
        { at: "quantity", kind: "number", label: "edit.quantity", required: true, least: 1, most: 100 },
        { at: "lenders", kind: "order", required: true, hint: "edit.order.hint", options: lending },
      ] },
  ] },
  { id: "limits", rules: ["caps"], fields: [
    { at: "/terms/caps/units", kind: "list", add: "edit.units.add", also: ["/terms/caps"], says: TWICE, title: (item) => typeName(item.type), fresh: () => ({ type: "", most: 1 }), of: [
      { at: "type", kind: "type", required: true },
      { at: "most", kind: "number", label: "edit.most", required: true, least: 1, most: 10_000 },
    ] },
    { at: "/terms/caps/longest_deployment_h", kind: "number", least: 1, most: YEAR_H },
    { at: "/terms/yearly_cost/amount", kind: "money", label: "rule.yearly_cost.name", hint: "edit.yearly_cost.hint", also: ["/terms/yearly_cost"], says: { malformed: "edit.wrong.currency" } },
  ] },
  { id: "response", rules: ["response"], fields: [
    { at: "/terms/response", kind: "list", hint: "edit.response.hint", add: "edit.response.add", most: 50, says: TWICE, title: (item) => several(item.types),
      fresh: () => ({ types: "*", acknowledge_min: null, answer_min: null, turn_out_min: null, binding: "best_effort" }), of: [
        { at: "types", kind: "types", none: "agreement.all_types", required: true },
        { at: "acknowledge_min", kind: "number", least: 1, most: WEEK_MIN },
        { at: "answer_min", kind: "number", least: 1, most: WEEK_MIN },
        { at: "turn_out_min", kind: "number", least: 1, most: WEEK_MIN },
        { at: "binding", kind: "choice", options: chosen("rule", ["best_effort", "obligatory"]) },
      ] },
  ] },
  { id: "reserve", rules: ["reserve"], fields: [
    { at: "/terms/reserve", kind: "list", hint: "edit.reserve.hint", add: "edit.reserve.add", says: TWICE, title: (item) => typeName(item.type),
      fresh: () => ({ type: "", keep: 1, lender: null, area: null, hours: null }), of: [
        { at: "type", kind: "type", required: true },
        { at: "keep", kind: "number", required: true, least: 0, most: 10_000, label: "edit.keep" },
        { at: "lender", kind: "select", none: "edit.every_lender", options: lending },
        { at: "hours", kind: "hours", hint: "edit.hours.hint" },
        { at: "area", kind: "place", label: "edit.depots_in", none: "edit.any_depot" },
      ] },
  ] },
  { id: "cost", rules: ["cost", "disputes"], fields: [
    { at: "/terms/cost/terms", kind: "choice", label: "rule.cost.name", options: words("cost_terms") },
    { at: "/terms/cost/hours", kind: "number", label: "edit.free_hours", required: true, least: 1, most: YEAR_H, when: (doc) => doc.terms.cost.terms === "free_for_hours" },
    { at: "/terms/cost/currency", kind: "select", none: "edit.lenders_currency", options: currencies },
    { at: "/terms/cost/rates", kind: "list", hint: "edit.rates.hint", add: "edit.rates.add", most: 200, also: ["/terms/cost"], says: TWICE, when: (doc) => doc.terms.cost.terms !== "free",
      title: (item) => [word("cost_items", item.item), item.type && typeName(item.type)].filter(Boolean).join(" · "), fresh: () => ({ item: "vehicle_hours", rate: "", type: null, consumable: null, unit: null }), of: [
        { at: "item", kind: "select", required: true, options: words("cost_items") },
        { at: "rate", kind: "money", required: true },
        { at: "type", kind: "type", label: "edit.rate_type", none: "agreement.all_types" },
        { at: "consumable", kind: "text", required: true, most: 200, when: consumable },
        { at: "unit", kind: "text", required: true, most: 200, hint: "edit.unit.hint", when: consumable },
      ] },
    { at: "/terms/cost/rate_date", kind: "select", required: true, options: chosen("rate_date", ["mobilised", "home", "submitted"]), when: (doc) => doc.terms.cost.terms !== "free" },
    { at: "/terms/cost/claim_within_days", kind: "number", least: 1, most: TEN_YEARS, when: (doc) => doc.terms.cost.terms !== "free" },
    { at: "/terms/cost/pay_within_days", kind: "number", least: 1, most: TEN_YEARS, when: (doc) => doc.terms.cost.terms !== "free" },
    { at: "/terms/cost/disputes/answer_within_days", kind: "number", least: 1, most: TEN_YEARS, when: (doc) => doc.terms.cost.terms !== "free" },
    { at: "/terms/cost/disputes/settled_by", kind: "texts", when: (doc) => doc.terms.cost.terms !== "free" },
  ] },
  { id: "clauses", fields: [] },
  { id: "validity", rules: ["notice"], fields: [
    { at: "/effective_at", kind: "instant", required: true, says: { "out-of-range": "edit.wrong.gap" } },
    { at: "/expires_at", kind: "instant", hint: "edit.expires_at.hint", says: { "out-of-range": "edit.wrong.expires" } },
    { at: "/review_at", kind: "instant", hint: "edit.review_at.hint", says: { "out-of-range": "edit.wrong.review" } },
    { at: "/notice_days", kind: "number", least: 0, most: TEN_YEARS, hint: "edit.notice_days.hint" },
  ] },
];

/** Every clause is a field of its own. @returns {Spec[]} */
function clauseFields() {
  return codes("agreement_clauses").map((name) => ({ at: `/terms/clauses/${name}`, kind: "clause", says: { malformed: "edit.wrong.settled" } }));
}

/** The sections as they are asked for now. @param {Doc} doc @returns {Section[]} */
export function sections(doc) {
  return SECTIONS.map((each) => (each.id === "clauses" ? { ...each, fields: clauseFields() } : { ...each, fields: each.fields.filter((field) => field.when?.(doc, "") !== false) }));
}

/** What a field is called. @param {Spec} spec @returns {string} */
export function labelOf(spec) {
  if (spec.label) return t(spec.label);
  const name = spec.at.split("/").pop() ?? "";
  return spec.kind === "clause" ? word("agreement_clauses", name) : t(`rule.${name}.name`);
}

/** Every field that is asked for, those in lists once for each item, with its whole pointer. @param {Doc} doc @returns {(Spec & {section: string})[]} */
export function allFields(doc) {
  return sections(doc).flatMap(({ id, fields }) => fields.flatMap((field) => [{ ...field, section: id }, ...itemFields(doc, field).map((each) => ({ ...each, section: id }))]));
}

/** The fields of a list's items. @param {Doc} doc @param {Spec} list @returns {Spec[]} */
function itemFields(doc, list) {
  if (!list.of) return [];
  return (at(doc, list.at) ?? []).flatMap((/** @type {any} */ _, /** @type {number} */ n) => fieldsOf(doc, list, n));
}

/** The fields of one item. @param {Doc} doc @param {Spec} list @param {number} n @returns {Spec[]} */
export function fieldsOf(doc, list, n) {
  const within = `${list.at}/${n}`;
  return (list.of ?? []).filter((field) => field.when?.(doc, within) !== false).map((field) => ({ ...field, at: `${within}/${field.at}` }));
}

/** Countries of the parties, each once. @param {Doc} doc */
export function countriesOf(doc) {
  return [...new Set([...doc.lenders, ...doc.borrowers].map(countryOf).filter(Boolean))].sort();
}
