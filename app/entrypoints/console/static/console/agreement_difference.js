/**
 * What two versions of an agreement say differently: worked out as the server does (`domain/agreement_difference.py`), for words
 * that only stand in this window yet; and how a difference reads.
 */
import { memberName } from "./about.js";
import { AreasCompared, AreaShown } from "./agreement_outline.js";
import { costText, crossingName, day, hoursText, money, reserveText } from "./agreement_words.js";
import { decimal, languageName, named, phaseName, t, typeName, word } from "./i18n.js";
import { localOf } from "./time.js";
import { fieldName } from "./told.js";
import { html } from "./view.js";

/** @typedef {{path: string, kind: "added" | "removed" | "changed", was: any, now: any}} Change */

const DATES = new Set(["effective_at", "expires_at", "review_at"]);
/** Fields whose value is a code of a group of words. */
const CODED = /** @type {Record<string, string>} */ ({ kinds: "request_kinds", hazards: "hazards", inform_on: "inform_events", weekdays: "weekdays", item: "cost_items" });

/** What is different, by path. The order of lists is no difference. @param {any} was @param {any} now @param {string} [path] @returns {Change[]} */
export function changesOf(was, now, path = "") {
  if (same(was, now)) return [];
  if (was == null || now == null) return [{ path, kind: was == null ? "added" : "removed", was: was ?? null, now: now ?? null }];
  if (Array.isArray(was) && Array.isArray(now)) return listChanges(was, now, path);
  if (plain(was) && plain(now)) return [...new Set([...Object.keys(was), ...Object.keys(now)])].sort().flatMap((name) => changesOf(was[name], now[name], `${path}/${name}`));
  return [{ path, kind: "changed", was, now }];
}

/** @param {any} value */
const plain = (value) => typeof value === "object" && !Array.isArray(value) && !("coordinates" in value);

/** @param {any} was @param {any} now */
function same(was, now) {
  return was === now || (was == null && now == null) || JSON.stringify(ordered(was)) === JSON.stringify(ordered(now));
}

/** With its names in one order. @param {any} value @returns {any} */
function ordered(value) {
  if (Array.isArray(value)) return value.map(ordered);
  return value && typeof value === "object" ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, ordered(value[key])])) : value;
}

/** @param {any[]} was @param {any[]} now @param {string} path @returns {Change[]} */
function listChanges(was, now, path) {
  if ([...was, ...now].every((each) => each && typeof each === "object")) return changesOf(keyed(was), keyed(now), path);
  return [
    ...was.filter((each) => !now.includes(each)).map((each) => ({ path, kind: /** @type {const} */ ("removed"), was: each, now: null })),
    ...now.filter((each) => !was.includes(each)).map((each) => ({ path, kind: /** @type {const} */ ("added"), was: null, now: each })),
  ];
}

/** Things by what they are about; several about the same by their number too. @param {any[]} things */
function keyed(things) {
  /** @type {Record<string, any>} */
  const found = {};
  for (const thing of [...things].sort((a, b) => JSON.stringify(ordered(a)).localeCompare(JSON.stringify(ordered(b))))) {
    const types = Array.isArray(thing.types) ? [...thing.types].sort().join("+") : thing.types;
    const name = [thing.item, thing.type, thing.consumable, types].filter(Boolean).join(":") || "item";
    let key = name;
    for (let n = 2; key in found; n++) key = `${name}#${n}`;
    found[key] = thing;
  }
  return found;
}

/** The differences as a table. @param {{changes: Change[], from: string, to: string}} props */
export function Changes({ changes, from, to }) {
  return html`<div class="scroll-x" tabindex="0" role="group" aria-label=${t("difference.title")}><table class="table difference-table"><thead><tr><th scope="col">${t("difference.what")}</th><th scope="col">${from}</th><th scope="col">${to}</th></tr></thead>
    <tbody>${changes.map((change) => both(change) ? html`<tr key=${change.path} class="change ${change.kind}"><th scope="row">${pathText(change.path)}</th><td colspan="2"><${AreasCompared} was=${change.was} now=${change.now} /></td></tr>` : html`<tr key=${`${change.path}${JSON.stringify(change.was)}${JSON.stringify(change.now)}`} class="change ${change.kind}"><th scope="row">${pathText(change.path)}</th><td class=${change.kind === "added" ? "dim" : "was"}><${Value} path=${change.path} value=${change.was} /></td><td class=${change.kind === "removed" ? "dim" : "becomes"}><${Value} path=${change.path} value=${change.now} /></td></tr>`)}</tbody></table></div>`;
}

/** Whether an area becomes another one. @param {Change} change */
const both = ({ was, now }) => isArea(was) && isArea(now);

/** @param {any} value */
const isArea = (value) => value !== null && typeof value === "object" && "coordinates" in value;

/** A value in words, with the areas that it holds. @param {{path: string, value: any}} props */
function Value({ path, value }) {
  const area = isArea(value) ? value : (value?.strip ?? value?.area);
  if (path === "/terms/area" && value == null) return t("edit.anywhere");
  return html`${valueText(path, value)}${isArea(area) && html` <${AreaShown} area=${area} />`}`;
}

/** A path in words: `/terms/caps/units/pump.high_capacity/most`. @param {string} path */
export function pathText(path) {
  const parts = path.split("/").filter((part, n) => part && !(n === 1 && part === "terms"));
  return parts.map(partText).join(" · ");
}

/** @param {string} part */
function partText(part) {
  const [name] = part.split("#");
  const rule = t(`rule.${name}.name`);
  if (rule !== `rule.${name}.name`) return rule;
  if (name === "*") return t("agreement.all_types");
  if (/^[A-Z]{2}$/.test(name)) return word("countries", name);
  if (/^([a-z]{2}|und)$/.test(name)) return languageName(name);
  if (/[.:+]/.test(name) || /_hours$|^kilometres$|^consumables$/.test(name)) return name.split(/[:+]/).map((each) => (each.includes(".") ? typeName(each) : each === "*" ? t("agreement.all_types") : word("cost_items", each))).join(", ");
  const clause = word("agreement_clauses", name);
  return clause === name.replace(/[._]/g, " ") ? fieldName(name) : clause;
}

/** A value in words. @param {string} path @param {any} value @returns {string} */
export function valueText(path, value) {
  const steps = path.split("/");
  const name = steps.at(-1) ?? "";
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "object" && !Array.isArray(value)) return thingText(path, value);
  if (DATES.has(name)) return `${day(value)}, ${localOf(value).slice(11)}`;
  if (name === "lenders" || name === "borrowers" || name === "lender") return memberName(value);
  if (name === "types" || name === "type") return value === "*" ? t("agreement.all_types") : [value].flat().map(typeName).join(", ");
  if (value === "*") return name === "hazards" ? t("agreement.all_hazards") : t("edit.every_crossing");
  if (name in CODED) return [value].flat().map((each) => word(CODED[name], each)).join(", ");
  if (name === "crossings") return [value].flat().map(crossingName).join(", ");
  if (/^[A-Z]{2}$/.test(name)) return phaseName(name, value);
  if (name === "terms" && steps.at(-2) === "cost") return word("cost_terms", value);
  if (name === "rate_date") return t(`rate_date.${value}`);
  if (name === "binding") return t(`rule.${value}`);
  if (name === "status") return t(`clause.${value}`);
  if (["rate", "amount"].includes(name)) return decimal(String(value));
  return Array.isArray(value) ? value.map((each) => valueText(path, each)).join(", ") || "–" : String(value);
}

/** Something with parts, in a line. @param {string} path @param {any} value @returns {string} */
function thingText(path, value) {
  if ("start" in value || "begins" in value) return hoursText({ start: value.start ?? value.begins, end: value.end ?? value.ends, weekdays: value.weekdays }).replace(/^ · /, "");
  if ("coordinates" in value) return t("rule.within_area");
  if (path.startsWith("/terms/reserve/") && "keep" in value) return reserveText(value);
  if (path.endsWith("/yearly_cost")) return money(value.amount, value.currency);
  if (path.endsWith("/cost")) return costText(value);
  if ("status" in value && "texts" in value) return [t(`clause.${value.status}`), named(value.texts)].filter((each) => each !== "–").join(": ");
  return Object.entries(value).filter(([, each]) => each !== null && each !== "").map(([key, each]) => `${partText(key)}: ${valueText(`${path}/${key}`, each)}`).join(" · ") || "–";
}
