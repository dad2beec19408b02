/** What the server says, refusals and warnings, in the reader's language. */
import { memberName } from "./about.js";
import { decimal, filled, language, money, named, number, phaseName, reasonText, roleName, stateName, t, typeName, word } from "./i18n.js";
import { tables } from "./store.js";
import { stamp } from "./time.js";

/** @typedef {import("./api.js").Problem} Problem */

/** Slug → the figures that its words are told with, out of the body; null where they are not there. @type {Record<string, (body: Record<string, any>) => Record<string, string | number> | null>} */
const FIGURES = {
  "transition-not-allowed": ({ machine, state }) => (machine && stateName(machine, state) !== state ? { state: stateName(machine, state) } : null),
  "role-missing": ({ roles = [] }) => (roles.length ? { roles: roles.map(roleName).join(", ") } : null),
  "too-many": ({ retry_after_s: n }) => (n ? { n } : null),
};

/** A problem in words, with its figures. What nobody has words for here is told as the server tells it. @param {Problem} problem */
export function problemText(problem) {
  const figures = FIGURES[problem.slug]?.(problem.body);
  return figures ? t(`problem.${problem.slug}.now`, figures) : slugText(problem.slug) || problem.body.detail || problem.body.title || t("problem.unknown");
}

/** The words of a slug; empty where there are none. @param {string} slug */
export function slugText(slug) {
  const told = t(`problem.${slug}`);
  return told === `problem.${slug}` ? "" : told;
}

/** Refusals of which the server says each time anew what can be done. */
const ADVISED = ["conflict", "transition-not-allowed"];

/** What to do next, where the words of the refusal do not say it. What is meant for programs is left out. @param {Problem} problem @param {boolean} reasoned whether reasons are told, with what to do about each @returns {string} */
export function hintText(problem, reasoned) {
  const told = t(`hint.${problem.slug}`);
  if (told !== `hint.${problem.slug}`) return told;
  const { hint } = problem.body;
  const ours = Boolean(slugText(problem.slug));
  if (!hint || hint.includes("`") || (ours && (reasoned || language.value !== "en" || !ADVISED.includes(problem.slug)))) return "";
  return hint;
}

/** What stands against it, each reason in words. @param {Problem} problem @returns {string[]} */
export function reasonTexts(problem) {
  return (problem.body.reasons ?? []).map(againstText);
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

/** What stands in the way, where no agreement says it: with its figures; empty where there are no words for it. @param {string} code @param {Record<string, any>} figures */
function becauseText(code, figures) {
  const told = t(`because.${code}`, figures);
  return told === `because.${code}` ? "" : told;
}

/** @typedef {{code: string, detail?: string, text?: string, texts?: Record<string, string>, figures?: Record<string, any>}} Told */

/** What stands against something, in words: crossings, times and types as the reader knows them. @param {Told} told @returns {string} */
export function againstText(told) {
  if (typeof told === "string") return told;
  const figures = shownFigures(told.figures);
  return filled(reasonOf(told.code, figures), figures) || becauseText(told.code, figures) || (told.texts ? named(told.texts) : codeText(told));
}

/** A warning, or what stands against help, in words. @param {Told} told */
export function codeText({ code, detail, text, figures }) {
  const key = `warning.${code}`;
  const values = shownFigures(figures);
  const ours = t(key, values);
  return ours === key ? filled(reasonOf(code, values), values) || text || detail || code : ours;
}

/** Figures as people read them. @param {Record<string, any>} [figures] */
function shownFigures(figures = {}) {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, figure(name, value, figures)]));
}

/** The words of a reason. What was told before reasons named their type, or whose reserve it is, goes without. @param {string} code @param {Record<string, any>} values */
function reasonOf(code, values) {
  const words = "agreement" in values ? reasonText(code) : reasonText(code).replace(" ({agreement})", "");
  if ("type_code" in values) return words;
  const rest = words.replace(/^\{type_code\}\s?:\s/, "");
  return rest === words ? words : rest.charAt(0).toLocaleUpperCase(language.value) + rest.slice(1);
}

/** A crossing by its code, as people call it. @param {string} code */
export function crossingCalled(code) {
  const found = tables.crossing.all.value.find((row) => row.code === code);
  return found ? named(found.names) : code;
}

/** An agreement by its code, as people call it. @param {string} code */
function agreementCalled(code) {
  const found = tables.agreement.all.value.find((row) => row.code === code);
  return found ? named(found.names) : code;
}

/** Figures that are states, of machines that are called otherwise. */
const MACHINES = /** @type {Record<string, string>} */ ({ unit_status: "resource", wanted_status: "mission", version_status: "agreement_version" });

/** Figures that are amounts, where a currency stands beside them. */
const AMOUNTS = ["limit", "spent", "adds", "asks", "agreed", "amount", "least", "most"];

/** A figure as people read it: codes by their names, times as times. @param {string} name @param {any} value @param {Record<string, any>} beside @returns {string | number} */
function figure(name, value, beside) {
  if (Array.isArray(value)) return value.map((each) => figure(name, each, beside)).join(", ") || "–";
  if (name === "agreement") return agreementCalled(value);
  if (name === "differs") return t(`rule.${value}.name`);
  if (name === "reason" && typeof value === "object") return codeText(value);
  if (["crossing", "crossings", "allowed"].includes(name)) return crossingCalled(value);
  if (name === "decline_reason") return word("decline_reasons", value);
  if (name === "passed_for") return word("passed_for", value);
  if (name === "clauses") return word("agreement_clauses", value);
  if (name === "country") return word("countries", value);
  if (name === "phase" || name === "from_phase") return phaseName(beside.country, value);
  if (name === "hazard") return word("hazards", value);
  if (name === "kind") return word("request_kinds", value);
  if (name === "type_code") return typeName(String(value));
  if (name === "role") return roleName(value);
  if (name === "status") return stateName("agreement", String(value));
  if (/_status$/.test(name)) return stateName(MACHINES[name] ?? name.replace("_status", ""), String(value));
  if (name === "asked_id") return memberName(value);
  if (name === "would_leave") return number(Math.max(0, value));
  if (name === "until_local" && beside.until) return stamp(beside.until);
  if (["item", "out_of_service_reason"].includes(name)) return word(name === "item" ? "cost_items" : "out_of_service_reasons", value);
  if (name === "from_country" || name === "to_country") return word("countries", value);
  if (AMOUNTS.includes(name) && beside.currency) return money(value, beside.currency);
  if (typeof value === "number") return number(value);
  if (typeof value === "string" && /^-?\d+\.\d+$/.test(value)) return decimal(value);
  return /_at$/.test(name) ? stamp(value) : value;
}
