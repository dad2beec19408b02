/** The reader's language: our own texts from `i18n/<language>.json`, coded words from the API's vocabulary. */
import { signal } from "./view.js";

export const LANGUAGES = /** @type {const} */ (["en", "de", "fr", "nl"]);
/** The code of a text of which nobody said in which language it is. */
export const NO_LANGUAGE = "und";
/** The language of the screen. */
export const language = signal("en");

/** @typedef {Record<string, string>} Names language → name */
/** @typedef {{names: Names, rank?: number | null}} Word */
/** @typedef {{words: Record<string, Record<string, Word>>, phases: Record<string, Record<string, Word>>, states: Record<string, Record<string, Word>>, roles: Record<string, Word>, units: Record<string, Word>, languages: Record<string, {name: string}>, measures: Record<string, {names: Names, unit: string}>, reasons: Record<string, Names>, events: Record<string, Names>}} Vocabulary */
/** @typedef {{code: string, kind: string, unit: string, names: Names, also: Record<string, string[]>, parts: {type: string, quantity: number}[]}} ResourceType */

/** @type {Map<string, Record<string, string | Record<string, string>>>} */
const texts = new Map();
/** @type {Vocabulary} */
let vocabulary = { words: {}, phases: {}, states: {}, roles: {}, units: {}, languages: {}, measures: {}, reasons: {}, events: {} };
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
 * A text of ours. `{name}` is filled in; where the text has plural forms, `n` chooses among them, or the figure that `by` names.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const here = language.value;
  let text = texts.get(here)?.[key] ?? key;
  if (typeof text === "object") {
    const form = madeFor(here).plural.select(Number(values[text.by ?? "n"] ?? 0));
    text = text[form] ?? text.other;
  }
  return filled(text, values);
}

/** @type {Map<string, {plural: Intl.PluralRules, number: Intl.NumberFormat}>} */
const made = new Map();

/** What a language counts and writes numbers with: made once, for making it takes longer than a hundred uses. @param {string} code */
function madeFor(code) {
  const found = made.get(code) ?? { plural: new Intl.PluralRules(code), number: new Intl.NumberFormat(code, { maximumFractionDigits: 2, useGrouping: false }) };
  made.set(code, found);
  return found;
}

/** A number as the reader writes it: `11,9`. @param {number} n */
export function number(n) {
  return madeFor(language.value).number.format(n);
}

/** A text with its {places} filled in. @param {string} text @param {Record<string, string | number>} values */
export function filled(text, values) {
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

/** What stands against help under an agreement, with places for its figures in {braces}; empty where the code is none of these. @param {string} code */
export function reasonText(code) {
  return vocabulary.reasons[code] ? named(vocabulary.reasons[code]) : "";
}

/** What an entry of the journal is called, by its type: `request.opened`. @param {string} type */
export function eventName(type) {
  return eventCalled(type) || plain(type);
}

/** The same; empty where there are no words for it. @param {string} type */
export function eventCalled(type) {
  if (vocabulary.events[type]) return named(vocabulary.events[type]);
  const told = t(`event_name.${type}`);
  return told === `event_name.${type}` ? "" : told;
}

/** The types of entries that there are names for. */
export function toldEvents() {
  return Object.keys(vocabulary.events);
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

/** What something is counted in: `piece` in the reader's language; what is none of ours (`l`) as it is written. @param {string} unit */
export const unitName = (unit) => (vocabulary.units[unit] ? named(vocabulary.units[unit].names) : unit);

/** A language by its own name. @param {string} code */
export const languageName = (code) => (code === NO_LANGUAGE ? t("language.not_said") : (vocabulary.languages[code]?.name ?? code.toUpperCase()));

/** Every role, in the order in which they are kept. */
export function roles() {
  return Object.keys(vocabulary.roles);
}

/** What a command does, in a few words. @param {string} code */
export function commandName(code) {
  const told = t(`command.${code}`);
  return told === `command.${code}` ? plain(code) : told;
}

/** The name of a resource type. @param {string} code */
export function typeName(code) {
  const found = types.get(code);
  return found ? named(found.names) : plain(code);
}

/** What a measure counts by its own name (`divers`, `crew`): one more word for it says nothing. */
const COUNTED = ["piece", "person", "patient", "boat"];

/** A measure with its figure: `pumping capacity 250 m³/h`, `divers 4`. @param {{measure: string, value: number}} minimum */
export function measureText({ measure, value }) {
  const found = vocabulary.measures[measure];
  if (!found) return `${plain(measure)} ${value}`;
  const unit = COUNTED.includes(found.unit) ? "" : ` ${found.unit.replace("m3", "m³")}`.replace(" person/", "/");
  return `${named(found.names)} ${new Intl.NumberFormat(language.value).format(value)}${unit}`;
}

/** A coordinate with as many places as told, as the reader writes it: `50,776`. @param {number} degrees @param {number} places */
export function degreesText(degrees, places) {
  return new Intl.NumberFormat(language.value, { minimumFractionDigits: places, maximumFractionDigits: places }).format(degrees);
}

/** A latitude (or a longitude) with its hemisphere: `50,78° N`. @param {"lat" | "lon"} which @param {number} degrees @param {number} places */
export function degreeText(which, degrees, places) {
  const side = which === "lat" ? (degrees < 0 ? "south" : "north") : degrees < 0 ? "west" : "east";
  return `${degreesText(Math.abs(degrees), places)}° ${t(`degrees.${side}`)}`;
}

/** A place in degrees, which can be read also where a comma stands before the places. @param {number} lon @param {number} lat @param {number} places */
export function placeText(lon, lat, places) {
  return `${degreeText("lat", lat, places)}; ${degreeText("lon", lon, places)}`;
}

/** An amount with its currency: never computed with here. @param {string | number} amount @param {string} currency */
export function money(amount, currency) {
  return new Intl.NumberFormat(language.value, { style: "currency", currency, currencyDisplay: "code" }).format(Number(amount));
}

/** A decimal with all the places that it was told with: `50.00` as `50,00`. @param {string} value */
export function decimal(value) {
  const places = value.split(".")[1]?.length ?? 0;
  return new Intl.NumberFormat(language.value, { minimumFractionDigits: places, maximumFractionDigits: places }).format(Number(value));
}

/** The codes of a group, in their order where they have one. @param {string} group */
export function codes(group) {
  return inOrder(vocabulary.words[group] ?? {});
}

/** The phases of a country, lowest first. @param {string} country */
export function phases(country) {
  return inOrder(vocabulary.phases[country] ?? {});
}

/** A resource type by its code. @param {string} code */
export function typeOf(code) {
  return types.get(code);
}

/** Every resource type. */
export function allTypes() {
  return [...types.values()];
}

/** Without accents and capitals, as a search compares. @param {string} text */
export function folded(text) {
  return text.toLowerCase().replace(/ß/g, "ss").replace(/œ/g, "oe").replace(/æ/g, "ae").normalize("NFKD").replace(/\p{M}/gu, "").replace(/\s+/g, " ").trim();
}

/** How well a name fits: the very word first, then what begins with it, then what holds it; a name before what people also say. @param {string} name @param {string} wanted @param {boolean} own */
function rankOfHit(name, wanted, own) {
  const fit = name === wanted ? 0 : name.startsWith(wanted) ? 1 : 2;
  return 2 * fit + (own ? 0 : 1);
}

/**
 * Resource types that have a name, in whatever language, which contains the text; the very word first, then those that begin with it.
 * @param {string} text
 */
export function findTypes(text) {
  const wanted = folded(text);
  if (!wanted) return allTypes().sort(byName);
  /** @type {{type: ResourceType, rank: number, as: string}[]} */
  const found = [];
  for (const type of types.values()) {
    const names = Object.values(type.names);
    const said = [...names, ...Object.values(type.also).flat(), type.code];
    const hit = said.find((name) => folded(name) === wanted) ?? said.find((name) => folded(name).startsWith(wanted)) ?? said.find((name) => folded(name).includes(wanted));
    if (hit) found.push({ type, rank: rankOfHit(folded(hit), wanted, names.includes(hit)), as: hit });
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
