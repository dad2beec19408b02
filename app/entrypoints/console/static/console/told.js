/** What the server says, refusals and warnings, in the reader's language. */
import { filled, language, named, number, phaseName, reasonText, roleName, stateName, t, typeName, word } from "./i18n.js";
import { tables } from "./store.js";
import { stamp } from "./time.js";

/** @typedef {import("./api.js").Problem} Problem */

/** A problem in words. What nobody has words for here is told as the server tells it. @param {Problem} problem */
export function problemText(problem) {
  return slugText(problem.slug) || problem.body.detail || problem.body.title || t("problem.unknown");
}

/** The words of a slug; empty where there are none. @param {string} slug */
export function slugText(slug) {
  const told = t(`problem.${slug}`);
  return told === `problem.${slug}` ? "" : told;
}

/** What stands against it, each reason in words. @param {Problem} problem @returns {string[]} */
export function reasonTexts(problem) {
  return (problem.body.reasons ?? []).map((/** @type {any} */ reason) => (reason.texts ? named(reason.texts) : codeText(reason)));
}

/** Each field that is wrong: its name, and what is wrong with it. @param {Problem} problem @returns {string[]} */
export function fieldTexts(problem) {
  return (problem.body.errors ?? []).map((error) => {
    const names = error.pointer.split("/").filter((part) => part && !/^\d+$/.test(part)).map(fieldName);
    const slug = error.type.split("/").pop() ?? "";
    const exact = language.value === "en" || !slugText(slug) ? error.detail : slugText(slug);
    return [names.join(" · "), exact].filter(Boolean).join(": ");
  });
}

/** The name of a field. @param {string} field */
export function fieldName(field) {
  const told = t(`field.${field}`);
  return told === `field.${field}` ? field.replace(/_/g, " ") : told;
}

/** A warning, or what stands against help, in words. @param {{code: string, detail?: string, text?: string, figures?: Record<string, any>}} told */
export function codeText({ code, detail, text, figures }) {
  const key = `warning.${code}`;
  const values = Object.fromEntries(Object.entries(figures ?? {}).map(([name, value]) => [name, figure(name, value, figures ?? {})]));
  const ours = t(key, values);
  return ours === key ? filled(reasonOf(code, values), values) || text || detail || code : ours;
}

/** The words of a reason. What was told before reasons named their type goes without. @param {string} code @param {Record<string, any>} values */
function reasonOf(code, values) {
  const words = reasonText(code);
  if ("type_code" in values) return words;
  const rest = words.replace(/^\{type_code\}\s?:\s/, "");
  return rest === words ? words : rest.charAt(0).toLocaleUpperCase(language.value) + rest.slice(1);
}

/** A crossing by its code, as people call it. @param {string} code */
export function crossingCalled(code) {
  const found = tables.crossing.all.value.find((row) => row.code === code);
  return found ? named(found.names) : code;
}

/** A figure as people read it: codes by their names, times as times. @param {string} name @param {any} value @param {Record<string, any>} beside @returns {string | number} */
function figure(name, value, beside) {
  if (Array.isArray(value)) return value.map((each) => figure(name, each, beside)).join(", ");
  if (["crossing", "crossings", "allowed"].includes(name)) return crossingCalled(value);
  if (name === "decline_reason") return word("decline_reasons", value);
  if (name === "clauses") return word("agreement_clauses", value);
  if (name === "country") return word("countries", value);
  if (name === "phase" || name === "from_phase") return phaseName(beside.country, value);
  if (name === "hazard") return word("hazards", value);
  if (name === "kind") return word("request_kinds", value);
  if (name === "type_code") return typeName(String(value));
  if (name === "role") return roleName(value);
  if (name === "status") return stateName("agreement", String(value));
  if (name === "would_leave") return number(Math.max(0, value));
  if (typeof value === "number") return number(value);
  return /_at$/.test(name) ? stamp(value) : value;
}
