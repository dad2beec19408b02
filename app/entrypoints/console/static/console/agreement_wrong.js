/** What is wrong with what was written: found here before it is sent, or told by the server; each at its field, in the reader's words. */
import { myMember } from "./api.js";
import { allFields, labelOf } from "./agreement_form.js";
import { amountOf, at, codeFrom } from "./agreement_doc.js";
import { language, t } from "./i18n.js";
import { slugText } from "./told.js";

/** @typedef {import("./agreement_doc.js").Doc} Doc */
/** @typedef {import("./agreement_form.js").Spec} Spec */
/** @typedef {{at: string, text: string, section: string, label: string}} Wrong at: the field's pointer; empty where it belongs to none */

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
const CODE = /^[a-z0-9]+([._-][a-z0-9]+)*$/;
const AMOUNT = /^(0|[1-9]\d{0,11})(\.\d{1,6})?$/;

/** What contradicts something else: where it is told, when it is so, and what to do. @type {{at: string, when: (doc: Doc) => boolean, say: string}[]} */
const CROSSED = [
  { at: "/lenders", when: (doc) => ![...doc.lenders, ...doc.borrowers].includes(myMember()), say: "edit.wrong.own_party" },
  { at: "/lenders", when: (doc) => doc.lenders.length === 0 || doc.borrowers.length === 0, say: "edit.wrong.directions" },
  { at: "/terms/cost/currency", when: (doc) => amountOf(doc.terms.yearly_cost?.amount) !== null && !doc.terms.cost.currency, say: "edit.wrong.currency" },
  { at: "/expires_at", when: (doc) => Boolean(doc.expires_at && doc.effective_at && doc.expires_at <= doc.effective_at), say: "edit.wrong.expires" },
];

/** What is wrong, as far as it can be known without the server. @param {Doc} doc @returns {Wrong[]} */
export function wrongIn(doc) {
  const fields = allFields(doc);
  const found = fields.flatMap((field) => {
    const text = wrongOf(doc, field);
    return text ? [wrongAt(field, text)] : [];
  });
  for (const each of CROSSED) {
    const field = fields.find((one) => one.at === each.at);
    if (field && each.when(doc)) found.push(wrongAt(field, t(each.say)));
  }
  return found;
}

/** @param {(Spec & {section: string}) | undefined} field @param {string} text @returns {Wrong} */
const wrongAt = (field, text) => ({ at: field?.at ?? "", section: field?.section ?? "", label: field ? labelOf(field) : "", text });

/** @param {any} value */
const empty = (value) => value == null || value === "" || (Array.isArray(value) && value.length === 0);

/** @param {Doc} doc @param {Spec} field @returns {string} empty where nothing is wrong */
function wrongOf(doc, field) {
  const value = at(doc, field.at);
  const { kind, required, least = 0, most = Infinity } = field;
  if (kind === "names") return Object.values(value ?? {}).some((text) => String(text).trim()) ? "" : t("edit.wrong.missing");
  if (kind === "code") return CODE.test(value || codeFrom(doc.names)) || !codeFrom(doc.names) ? "" : t("edit.wrong.code");
  if (kind === "clause") return value?.status === "settled" && !Object.values(value.texts ?? {}).some((text) => String(text).trim()) ? t("edit.wrong.settled") : "";
  if (kind === "hours" || kind === "daily") return value && !Object.entries(value).every(([name, each]) => name === "weekdays" || CLOCK.test(each)) ? t("edit.wrong.clock") : value?.weekdays?.length === 0 ? t("edit.wrong.missing") : value && kind === "daily" && value.begins === value.ends ? t("edit.wrong.hours") : "";
  if (required && empty(value)) return t("edit.wrong.missing");
  if (empty(value)) return field.at.endsWith("/turn_out_min") && nothingPromised(doc, field.at) ? t("edit.wrong.promise") : "";
  if (kind === "number") return Number.isInteger(value) && value >= least && value <= most ? "" : t("edit.wrong.between", { least, most });
  if (kind === "money") return AMOUNT.test(amountOf(value) ?? "") ? "" : t("edit.wrong.amount");
  return "";
}

/** Whether a commitment names no time at all. @param {Doc} doc @param {string} pointer of its last time */
function nothingPromised(doc, pointer) {
  const item = at(doc, pointer.replace(/\/[^/]+$/, ""));
  return !item.acknowledge_min && !item.answer_min && !item.turn_out_min;
}

/**
 * What the server says is wrong, each at the field that it belongs to; what belongs to none has no place.
 * @param {Doc} doc @param {import("./api.js").Problem} problem @returns {Wrong[]}
 */
export function wrongBy(doc, problem) {
  const fields = allFields(doc);
  return (problem.body.errors ?? []).map((error) => {
    const slug = error.type.split("/").pop() ?? "";
    const field = ownerOf(fields, error.pointer);
    return wrongAt(field, wordsFor(slug, error.detail, field, error.pointer));
  });
}

/** The field that a refusal belongs to: the one whose pointer, or another of its pointers, leads nearest to it. @template {Spec} F @param {F[]} fields @param {string} pointer @returns {F | undefined} */
function ownerOf(fields, pointer) {
  const far = (/** @type {string} */ one) => (pointer === one || pointer.startsWith(`${one}/`) ? one.length : -1);
  let best = /** @type {F | undefined} */ (undefined);
  let reach = 0;
  for (const field of fields) {
    const near = Math.max(far(field.at), ...(field.also ?? []).map(far));
    if (near > reach) [best, reach] = [field, near];
  }
  return best;
}

/** @param {string} slug @param {string} detail @param {Spec | undefined} field @param {string} pointer */
function wordsFor(slug, detail, field, pointer) {
  const own = field?.says?.[slug];
  if (own) return t(own);
  if (slug === "out-of-range" && field?.kind === "number") return t("edit.wrong.between", { least: field.least ?? 0, most: field.most ?? 0 });
  if (slug === "out-of-range" && /\/lenders?(\/\d+)?$/.test(pointer)) return t("edit.wrong.lender");
  if (slug === "missing-field" || (slug === "wrong-type" && field?.required)) return t("edit.wrong.missing");
  const told = t(`edit.wrong.${slug}`);
  if (told !== `edit.wrong.${slug}`) return told;
  return language.value === "en" ? detail : slugText(slug) || detail;
}
