/** The server's clock, Z first, then each side of the border; and how old things are. */
import { session } from "./api.js";
import { t, language } from "./i18n.js";
import { tables } from "./store.js";
import { signal } from "./view.js";

let offset = 0;
let known = false;

/** Ticks every second: for the clock, the link, and what is younger than a minute. */
export const second = signal(0);
/** Ticks every minute. */
export const minute = signal(0);

/** The time now (ms), by the server's clock: a thin client's own is often wrong. */
export function now() {
  return Date.now() + offset;
}

/**
 * The server has said what time it is. A message that was long on its way would set us back: the least delay counts.
 * @param {string} at
 */
export function clockIs(at) {
  const found = Date.parse(at) - Date.now();
  if (!known || found > offset || found < offset - 30_000) offset = found;
  known = true;
}

/** Begin to tick. */
export function startClock() {
  second.value = now();
  minute.value = now();
  let last = Math.floor(now() / 60_000);
  setInterval(() => {
    second.value = now();
    const current = Math.floor(now() / 60_000);
    if (current !== last) minute.value = now();
    last = current;
  }, 1000);
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} zone @param {Intl.DateTimeFormatOptions} options */
function format(zone, options) {
  const key = `${language.value}/${zone}/${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(language.value, { timeZone: zone, hourCycle: "h23", ...options });
    formats.set(key, found);
  }
  return found;
}

const CLOCK = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit" });
const EXACT = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = /** @type {const} */ ({ day: "2-digit", month: "short" });

/** `20:05:27 Z`. @param {number | string} at */
export function zulu(at, seconds = true) {
  return `${format("UTC", seconds ? EXACT : CLOCK).format(new Date(at))} Z`;
}

/**
 * The time of an entry in a list: `20:05Z`, with the day where it is not today's.
 * @param {string | number} at
 */
export function stamp(at) {
  const when = new Date(at);
  const today = new Date(now()).toISOString().slice(0, 10) === when.toISOString().slice(0, 10);
  const time = `${format("UTC", CLOCK).format(when)}Z`;
  return today ? time : `${format("UTC", DAY).format(when)} ${time}`;
}

/** Languages that have short names of their own for the zones of Europe (MEZ, MESZ); the others say CET and CEST. */
const OWN_ZONE_NAMES = ["de"];

/** The short name of a zone at an instant. @param {string} zone @param {number | string} at */
function zoneName(zone, at) {
  const locale = OWN_ZONE_NAMES.includes(language.value) ? language.value : "en-GB";
  const key = `${locale}/${zone}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "short" }));
  return formats.get(key)?.formatToParts(new Date(at)).find((part) => part.type === "timeZoneName")?.value ?? zone;
}

/**
 * The local times of both sides; zones that show the same are merged.
 * @param {number | string} at
 * @param {readonly {country: string, time_zone: string}[]} sides
 */
export function localTimes(at, sides) {
  /** @type {Map<string, Set<string>>} */
  const byTime = new Map();
  for (const side of sides) {
    const told = `${format(side.time_zone, CLOCK).format(new Date(at))} ${zoneName(side.time_zone, at)}`;
    if (!byTime.has(told)) byTime.set(told, new Set());
    byTime.get(told)?.add(side.country);
  }
  return Array.from(byTime, ([time, countries]) => ({ time, countries: [...countries].sort() }));
}

/** An instant as the clocks of a zone show it, with its day: `Tue 4 May 2027 09:00`. @param {number | string} at @param {string} zone */
export function zoned(at, zone) {
  const locale = language.value === "en" ? "en-GB" : language.value; // of Europe's English: the day before the month
  const day = new Intl.DateTimeFormat(locale, { timeZone: zone, weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(new Date(at));
  return `${day} ${format(zone, CLOCK).format(new Date(at))}`;
}

/** The whole truth about an instant, for a tooltip: Z, then each side. @param {string} at @param {readonly any[]} sides */
export function fullTime(at, sides) {
  const day = format("UTC", { ...DAY, year: "numeric" }).format(new Date(at));
  const local = localTimes(at, sides).map((each) => `${each.time} ${each.countries.join(" ")}`);
  return [`${day} ${zulu(at)}`, ...local].join(" · ");
}

/**
 * How long a time is, in words that fit a narrow column: `40 s`, `12 min`, `2 h 05`, `3 d`.
 * @param {number} ms
 */
export function span(ms) {
  const s = Math.max(0, Math.floor(Math.abs(ms) / 1000));
  if (s < 60) return t("span.s", { n: s });
  const min = Math.floor(s / 60);
  if (min < 60) return t("span.min", { n: min });
  if (min < 48 * 60) return t("span.h", { n: Math.floor(min / 60), rest: String(min % 60).padStart(2, "0") });
  return t("span.d", { n: Math.floor(min / 1440) });
}

/** How long ago something is (ms; negative: still to come); ticks by itself where it is read while drawing. @param {string | number} at */
export function agoMs(at) {
  minute.value;
  const ms = now() - new Date(at).getTime();
  if (Math.abs(ms) < 60_000) second.value;
  return ms;
}

/** The own member's time zone; UTC as long as it is not known. */
export function ownZone() {
  return tables.member.get(session.value?.user.member.id)?.time_zone ?? "UTC";
}

/** An instant as the clocks of a zone show it, the own side's unless another is named, in the form of a field: `2026-07-14T14:05`. @param {string | number} at @param {string} [zone] */
export function localOf(at, zone = ownZone()) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).formatToParts(new Date(at)).map((part) => [part.type, part.value]));
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

/** A day in the reader's language: `Tue 14 Jul`. @param {string} day `2026-07-14` */
export function dayText(day) {
  return format("UTC", { weekday: "short", ...DAY }).format(new Date(`${day}T12:00Z`));
}

/**
 * The instants at which the clocks of a zone show this: one; none where they go forward over it; two where they go back.
 * @param {string} local `2026-07-14T14:05` @param {string} zone
 */
export function instantsOf(local, zone) {
  const wanted = Date.parse(`${local}Z`);
  const off = (/** @type {number} */ at) => Date.parse(`${localOf(at, zone)}Z`) - at;
  const found = [wanted - off(wanted - 86_400_000), wanted - off(wanted + 86_400_000)];
  return [...new Set(found)].filter((at) => localOf(at, zone) === local).sort((a, b) => a - b);
}

/** The instant at which the own side's clock shows this; of an hour that there is twice, the first. @param {string} local `2026-07-14T14:05` */
export function instantOf(local) {
  const wanted = Date.parse(`${local}Z`);
  const off = (/** @type {number} */ at) => Date.parse(`${localOf(at)}Z`) - Math.floor(at / 60_000) * 60_000;
  const first = wanted - off(wanted - 86_400_000); // with the offset of the day before
  return new Date(off(first) === wanted - first ? first : wanted - off(first)).toISOString();
}
