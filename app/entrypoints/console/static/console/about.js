/** What people call things: members, units, requests; and how far, how old and how urgent they are. */
import { myMember } from "./api.js";
import { named, t, typeName, word } from "./i18n.js";
import { covers } from "./geometry.js";
import { fillOf, tables } from "./store.js";

/** @typedef {import("./store.js").Row} Row */

export const PRIORITIES = ["life_safety", "incident_stabilisation", "property", "recovery"];
export const UNFILLED = ["open", "partly_committed", "submitted", "draft"];
/** States of a request in which units are still wanted across the border. */
export const WANTING = ["open", "partly_committed"];
export const ENDED = ["closed", "cancelled", "expired", "unfilled"];
export const HOME = ["returned", "closed"];

/** @param {string | null | undefined} id */
export function member(id) {
  return tables.member.get(id);
}

/** @param {string | null | undefined} id */
export function memberName(id) {
  const found = member(id);
  return found ? named(found.names) : t("unknown");
}

/** @param {string | null | undefined} id */
export function countryOf(id) {
  return member(id)?.country ?? "";
}

/** The country of the member whose area a place lies in. @param {{lon: number, lat: number}} place @param {string} [otherwise] where it lies in nobody's */
export function countryAt(place, otherwise = "") {
  return tables.member.all.value.find((each) => each.area && covers(each.area, [place.lon, place.lat]))?.country ?? otherwise;
}

/** The countries that a crossing joins. @param {Row} crossing */
export function countriesOf(crossing) {
  return [countryOf(crossing.member_a_id), countryOf(crossing.member_b_id)];
}

/** Every member, own country's first. @param {string} [own] */
export function members(own) {
  const country = countryOf(own);
  return [...tables.member.all.value].sort(
    (a, b) => Number(b.country === country) - Number(a.country === country) || named(a.names).localeCompare(named(b.names)),
  );
}

/** One side of each country, for the clocks. */
export function sides() {
  const found = new Map();
  for (const each of tables.member.all.value) found.set(`${each.country}/${each.time_zone}`, each);
  return [...found.values()].sort((a, b) => a.country.localeCompare(b.country));
}

/** The lines of a request, in their order. @param {string} requestId */
export function linesOf(requestId) {
  return [...tables.request_line.where("request_id", requestId)].sort((a, b) => a.position - b.position);
}

/** The most urgent priority among lines: its rank, 1 to 4. @param {readonly Row[]} lines */
export function rankOf(lines) {
  return Math.min(4, ...lines.map((line) => PRIORITIES.indexOf(line.priority) + 1));
}

/** How far all lines together are filled. @param {readonly Row[]} lines */
export function fillOfAll(lines) {
  const sum = { wanted: 0, committed: 0, pending: 0, open: 0 };
  for (const line of lines) {
    const fill = fillOf(line);
    sum.wanted += fill.wanted;
    sum.committed += fill.committed;
    sum.pending += fill.pending;
    sum.open += fill.open;
  }
  return sum;
}

/** `4 × High-capacity pump`. @param {Row} line */
export function lineText(line) {
  return `${line.quantity}\u00a0×\u00a0${typeName(line.type_code)}`;
}

/** What a request asks for, in one line. @param {readonly Row[]} lines */
export function linesText(lines) {
  return lines.length ? lines.map(lineText).join(" + ") : "–";
}

/** Where a request is wanted: its first line's place in words. @param {readonly Row[]} lines */
export function placeText(lines) {
  return lines.find((line) => line.place)?.place ?? "";
}

/** The unit of a mission in words. @param {Row} mission */
export function unitText(mission) {
  return tables.resource.get(mission.resource_id)?.call_sign ?? t("unit.unnamed", { type: typeName(mission.type_code) });
}

/** @param {Row} crossing */
export function crossingText(crossing) {
  const parts = [crossing.control === "none" ? t("crossing.open") : word("crossing_controls", crossing.control)];
  if (crossing.delay_min > 0 && crossing.control !== "closed") parts.push(`+${t("span.min", { n: crossing.delay_min })}`);
  return parts.join(" · ");
}

/** The crossings of a way, in turn: a mission's, or one that is told. @param {any} way @returns {Row[]} */
export function wayOf(way) {
  return [way?.crossing_id, ...(way?.via_crossing_ids ?? [])].flatMap((id) => tables.crossing.get(id) ?? []);
}

/** Their names, as one way; empty where it passes no border. @param {any} way */
export function wayText(way) {
  return wayOf(way).map((row) => named(row.names)).join(" → ");
}

/** Whether my side has said anything to a request, and stands by it. @param {string} id */
export function answered(id) {
  const own = myMember();
  return (
    tables.acknowledgement.where("request_id", id).some((row) => row.member_id === own) ||
    tables.response.where("request_id", id).some((row) => row.member_id === own) ||
    tables.offer.where("request_id", id).some((row) => row.lender_id === own && row.status !== "withdrawn")
  );
}
