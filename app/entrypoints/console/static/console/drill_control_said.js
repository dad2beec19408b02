/** How the screens of a drill's staff say things: times of its clock, who is meant, why an inject comes, figures with their units. */
import { drillTime } from "./drill_parts.js";
import { language, named, number, t, word } from "./i18n.js";
import { tables } from "./store.js";
import { now, span } from "./time.js";

/** A second of drill time: all its times are whole microseconds, as the server counts them. */
export const SECOND_US = 1_000_000;
/** What the script calls everybody who plays, and whoever leads the exercise. */
const ALL = "all";
const CONTROL = "control";

/** @typedef {{status: string, at_us: number, speed: number, anchor_utc: string, anchor_us: number, paused_sites: string[], words: string[], site_words: [string, string][], pause_reasons: [string, string][]}} Clock */

/** The drill time now, by the server's clock; of a clock that stands, where it stands. @param {Clock} clock */
export function drillNow(clock) {
  if (clock.status !== "running") return clock.anchor_us;
  return clock.anchor_us + clock.speed * Math.max(0, now() - Date.parse(clock.anchor_utc)) * 1000;
}

/** A time of the drill's clock, or that there is none. @param {number | null | undefined} us */
export const timeText = (us) => (us == null ? "–" : drillTime(us));

/** How much later something came than planned: `+00:01:30`; nothing where it came at its second. @param {number | null | undefined} us */
export function difference(us) {
  if (us == null || Math.abs(us) < SECOND_US) return "";
  return us > 0 ? `+${timeText(us)}` : timeText(us);
}

/** A member by the code that scripts call it by. @param {string} code */
export function memberOf(code) {
  return tables.member.all.value.find((row) => row.code === code);
}

/** A party of a script in words: a member, a country, everybody. @param {string} code */
export function partyName(code) {
  if (code === ALL) return t("control.everybody");
  const found = memberOf(code);
  if (found) return named(found.names);
  return code === code.toUpperCase() ? word("countries", code) : code;
}

/** Several of them in one line. @param {readonly string[]} codes */
export function partyNames(codes) {
  return codes.map(partyName).join(", ") || "–";
}

/** Those an inject goes to, in one line; all who play by one word. @param {import("./drill_parts.js").DrillView} drill @param {readonly string[]} codes */
export function receivers(drill, codes) {
  const players = drill.participants.filter((each) => each.role === "player");
  return codes.length > 2 && codes.length === players.length ? t("control.all_players") : partyNames(codes);
}

/** A threshold as its scale says it, in as few signs as there are: `45 min`. @param {number} value @param {string} unit */
export function boundText(value, unit) {
  return unit === "s" && value % 60 === 0 ? span(value * 1000) : figureText(value, unit);
}

/** Who says what an inject says: a voice of the script, a member, or the exercise's control. @param {{sender: string, sender_name: Record<string, string> | null}} inject */
export function senderName({ sender, sender_name }) {
  if (sender_name) return named(sender_name);
  return sender === CONTROL ? t("control.control") : partyName(sender);
}

/** A figure of an objective: a time of the clock, a share, a number. @param {number | null | undefined} value @param {string} unit */
export function figureText(value, unit) {
  if (value == null) return "–";
  if (unit === "s") return timeText(value * SECOND_US);
  return unit === "share" ? share(value) : number(value);
}

/** A share as the reader writes it: `87 %`. @param {number} value 0 to 1 */
export function share(value) {
  return new Intl.NumberFormat(language.value, { style: "percent", maximumFractionDigits: 0 }).format(value);
}

/** What a figure rests on: how many, how many of them, and within which bounds the share lies. @param {any} objective */
export function restsOn({ n, hits, interval, open, not_assessed, over }) {
  const said = [t("objective.n", { n })];
  if (hits != null && n) said.push(t("objective.hits", { a: hits, b: n }));
  if (interval) said.push(t("objective.interval", { low: share(interval[0]), high: share(interval[1]) }));
  if (open) said.push(t(over ? "objective.never_came" : "objective.open", { n: open }));
  if (not_assessed) said.push(t("objective.not_assessed", { n: not_assessed }));
  return said.join(" · ");
}
