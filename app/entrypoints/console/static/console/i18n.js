/** The reader's language: our own texts from `i18n/<language>.json`, coded words from the API's vocabulary. */
import { signal } from "./view.js";

export const LANGUAGES = /** @type {const} */ (["en", "de", "fr", "nl"]);
/** The language of the screen. */
export const language = signal("en");

/** @typedef {Record<string, string>} Names language → name */
/** @typedef {{names: Names, rank?: number | null}} Word */
/** @typedef {{words: Record<string, Record<string, Word>>, phases: Record<string, Record<string, Word>>, states: Record<string, Record<string, Word>>, roles: Record<string, Word>, units: Record<string, Word>, languages: Record<string, {name: string}>}} Vocabulary */
/** @typedef {{code: string, kind: string, unit: string, names: Names, also: Record<string, string[]>}} ResourceType */

/** @type {Map<string, Record<string, string | Record<string, string>>>} */
const texts = new Map();
/** @type {Vocabulary} */
let vocabulary = { words: {}, phases: {}, states: {}, roles: {}, units: {}, languages: {} };
/** @type {Map<string, ResourceType>} */
const types = new Map();

/**
 * Show another language from now on.
 * @param {string} code
 */
export async function setLanguage(code) {
  if (!texts.has(code)) {
    const answer = await fetch(new URL(`./i18n/${code}.json`, import.meta.url));
    texts.set(code, await answer.json());
  }
  document.documentElement.lang = code;
  language.value = code;
}

/** @param {Vocabulary} told @param {ResourceType[]} list */
export function setVocabulary(told, list) {
  vocabulary = told;
  for (const type of list) types.set(type.code, type);
}

/**
 * A text of ours. `{name}` is filled in; where the text has plural forms, `n` chooses among them.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const here = language.value;
  let text = texts.get(here)?.[key] ?? key;
  if (typeof text === "object") {
    const form = new Intl.PluralRules(here).select(Number(values.n ?? 0));
    text = text[form] ?? text.other;
  }
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** A thing's own name in the reader's language, else in English, else any. @param {Names | null | undefined} names */
export function named(names) {
  if (!names) return "–";
  return names[language.value] ?? names.en ?? Object.values(names)[0] ?? "–";
}

/** A coded word. @param {string} group @param {string | number | null | undefined} code */
export function word(group, code) {
  const found = vocabulary.words[group]?.[String(code)];
  return found ? named(found.names) : plain(code);
}

/** The name of a state. @param {string} machine @param {string} state */
export function stateName(machine, state) {
  const found = vocabulary.states[machine]?.[state];
  return found ? named(found.names) : plain(state);
}

/** @param {string} country @param {string} code */
export function phaseName(country, code) {
  const found = vocabulary.phases[country]?.[code];
  return found ? named(found.names) : plain(code);
}

/** @param {string} role */
export function roleName(role) {
  return vocabulary.roles[role] ? named(vocabulary.roles[role].names) : plain(role);
}

/** The name of a resource type. @param {string} code */
export function typeName(code) {
  const found = types.get(code);
  return found ? named(found.names) : plain(code);
}

/** The codes of a group, in their order where they have one. @param {string} group */
export function codes(group) {
  return inOrder(vocabulary.words[group] ?? {});
}

/** The phases of a country, lowest first. @param {string} country */
export function phases(country) {
  return inOrder(vocabulary.phases[country] ?? {});
}

/** Every resource type. */
export function allTypes() {
  return [...types.values()];
}

/** Without accents and capitals, as a search compares. @param {string} text */
export function folded(text) {
  return text.toLowerCase().replace(/ß/g, "ss").replace(/œ/g, "oe").replace(/æ/g, "ae").normalize("NFKD").replace(/\p{M}/gu, "").replace(/\s+/g, " ").trim();
}

/**
 * Resource types that have a name, in whatever language, which contains the text; those that begin with it first.
 * @param {string} text
 */
export function findTypes(text) {
  const wanted = folded(text);
  if (!wanted) return allTypes().sort(byName);
  /** @type {{type: ResourceType, rank: number, as: string}[]} */
  const found = [];
  for (const type of types.values()) {
    const said = [...Object.values(type.names), ...Object.values(type.also).flat(), type.code];
    const hit = said.find((name) => folded(name).startsWith(wanted)) ?? said.find((name) => folded(name).includes(wanted));
    if (hit) found.push({ type, rank: folded(hit).startsWith(wanted) ? 0 : 1, as: hit });
  }
  return found.sort((a, b) => a.rank - b.rank || byName(a.type, b.type)).map((each) => ({ ...each.type, as: each.as }));
}

/** @param {ResourceType} a @param {ResourceType} b */
function byName(a, b) {
  return named(a.names).localeCompare(named(b.names), language.value);
}

/** @param {Record<string, Word>} words */
function inOrder(words) {
  const order = Object.keys(words);
  return order.sort((a, b) => (words[a].rank ?? order.indexOf(a)) - (words[b].rank ?? order.indexOf(b)));
}

/** @param {string | number | null | undefined} code */
function plain(code) {
  return code == null ? "–" : String(code).replace(/[._]/g, " ");
}
