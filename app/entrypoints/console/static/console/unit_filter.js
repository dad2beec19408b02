/**
 * Which units the resources screen shows. What is chosen stands in the address, so a link shows somebody else the same; what
 * can be at a place in time is asked of the server, all else is known here.
 */
import { HOME, memberName } from "./about.js";
import { myMember, Problem, readAll } from "./api.js";
import { folded, language, stateName, t, typeName, typeOf } from "./i18n.js";
import { place, showing } from "./router.js";
import { tables } from "./store.js";
import { minute } from "./time.js";
import { problemText } from "./told.js";
import { computed, signal, useEffect } from "./view.js";

/** @typedef {import("./store.js").Row} Row */
/** @typedef {{resource_id: string, eta_min: number, drive_min: number, delay_min: number, crossing_id: string | null, via_crossing_ids: string[], distance_km: number}} Reached */

export const KINDS = ["team", "vehicle", "equipment", "facility", "supply", "person"];
export const STATUSES = ["available", "reserved", "committed", "out_of_service"];
/** Minutes that one may ask for at a click. */
export const MINUTES = ["15", "30", "60", "120", "240"];
const MOST = 5000;
const USUAL_MIN = 60;

/** What is chosen, by name; what is not chosen is empty. */
export const filter = computed(() => {
  const { q = "", kind = "", type = "", side = "", member = "", depot = "", status = "", min = "", lon = "", lat = "", place: where = "" } = place.value.query;
  return { q, kind, type, side, member, depot, status, min, lon, lat, place: where };
});

/** @param {Partial<typeof filter.value>} part what is chosen otherwise from now on */
export function narrow(part) {
  showing({ ...filter.peek(), ...part });
}

/** Show everything again. */
export function widen() {
  showing({});
}

/** How many things are chosen. */
export const narrowed = computed(() => {
  const { q, kind, type, side, member, depot, status, lon } = filter.value;
  return [q, kind, type, side, member, depot, status, lon].filter(Boolean).length;
});

/** The kind of each type. */
export function kindOf(/** @type {string} */ code) {
  return typeOf(code)?.kind ?? "";
}

/** What can be there in time, by unit; null where no place is chosen. */
export const reach = signal(/** @type {{of: Map<string, Reached>, at: number, failed: string} | null} */ (null));

/** Ask what can be there in time: when something else is chosen, and every minute. */
export function useReach() {
  const { lon, lat, min } = filter.value;
  const tick = minute.value;
  const asked = lon && lat ? `/reachable?lon=${encodeURIComponent(lon)}&lat=${encodeURIComponent(lat)}&within_min=${Number(min) || USUAL_MIN}` : "";
  useEffect(() => {
    if (!asked) {
      reach.value = null;
      return undefined;
    }
    let late = false;
    readAll(asked, MOST).then(
      (items) => {
        if (!late) reach.value = { of: new Map(items.map((each) => [each.resource_id, each])), at: tick, failed: "" };
      },
      (problem) => {
        if (!late && problem instanceof Problem) reach.value = { of: reach.peek()?.of ?? new Map(), at: reach.peek()?.at ?? 0, failed: problemText(problem) };
      },
    );
    return () => {
      late = true;
    };
  }, [asked, tick]);
}

/** The mission that a unit is on, if any. @param {string} id @returns {Row | undefined} */
export function missionOf(id) {
  return tables.mission.where("resource_id", id).find((each) => !HOME.includes(each.status));
}

/** @param {Row} row */
function textOf(row) {
  const member = tables.member.get(row.member_id);
  return [row.call_sign, typeName(row.type_code), ...Object.values(member?.names ?? {}), ...(member?.other_names ?? []), member?.country, stateName("resource", row.status), tables.depot.get(row.depot_id)?.name].join(" ");
}

/** @param {Row} row @param {typeof filter.value} chosen @param {Map<string, Reached> | undefined} near */
function fits(row, chosen, near) {
  if (row.retired) return false;
  if (chosen.status && row.status !== chosen.status) return false;
  if (chosen.type && row.type_code !== chosen.type) return false;
  if (chosen.kind && kindOf(row.type_code) !== chosen.kind) return false;
  if (chosen.member && row.member_id !== chosen.member) return false;
  if (chosen.depot && row.depot_id !== chosen.depot) return false;
  if (chosen.side && tables.member.get(row.member_id)?.country !== chosen.side) return false;
  if (near && !near.has(row.id)) return false;
  return !chosen.q || folded(textOf(row)).includes(folded(chosen.q));
}

/** Whether what the code names is made of units: a formation, and no unit more. @param {string} code */
export function isWhole(code) {
  return (typeOf(code)?.parts ?? []).length > 0;
}

/** How many units, and how many formations that some of them form. @param {readonly Row[]} rows */
export function tally(rows) {
  const formations = rows.filter((row) => isWhole(row.type_code)).length;
  return { units: rows.length - formations, formations };
}

/** "600 units · 10 formations": formations are made of units that are counted already. @param {{units: number, formations: number}} counted */
export function tallyText({ units, formations }) {
  return [units || !formations ? t("tally.units", { n: units }) : "", formations ? t("tally.formations", { n: formations }) : ""].filter(Boolean).join(" · ");
}

/** Every unit in use, and every formation. */
export const inUse = computed(() => tables.resource.all.value.filter((row) => !row.retired));

/** @typedef {{key: string, id: string, type: string, n: number, free: number}} Item a unit, or (without an id) the heading of a type */

/** @type {Item[]} */
let last = [];
/** What the list shows, in its order: by type, one's own first; where a place is chosen, the first to arrive first. The same array while it holds the same. */
export const items = computed(() => {
  const chosen = filter.value;
  const near = chosen.lon ? reach.value?.of ?? new Map() : undefined;
  const collator = new Intl.Collator(language.value, { numeric: true });
  const found = inUse.value.filter((row) => fits(row, chosen, near));
  const own = myMember();
  const names = new Map([...new Set(found.map((row) => row.type_code))].map((code) => [code, typeName(code)]));
  const whose = new Map([...new Set(found.map((row) => row.member_id))].map((id) => [id, memberName(id)]));
  const byName = (/** @type {Row} */ a, /** @type {Row} */ b) => Number(b.member_id === own) - Number(a.member_id === own) || collator.compare(whose.get(a.member_id) ?? "", whose.get(b.member_id) ?? "") || collator.compare(a.call_sign, b.call_sign);
  const now = near
    ? found.sort((a, b) => near.get(a.id).eta_min - near.get(b.id).eta_min || byName(a, b)).map((row) => ({ key: row.id, id: row.id, type: row.type_code, n: 1, free: 0 }))
    : headed(found.sort((a, b) => collator.compare(names.get(a.type_code) ?? "", names.get(b.type_code) ?? "") || byName(a, b)));
  if (now.length === last.length && now.every((each, at) => each.key === last[at].key && each.n === last[at].n && each.free === last[at].free)) return last;
  last = now;
  return now;
});

/** With a heading before each type. @param {Row[]} rows @returns {Item[]} */
function headed(rows) {
  /** @type {Item[]} */
  const all = [];
  let head = { key: "", id: "", type: "", n: 0, free: 0 };
  for (const row of rows) {
    if (head.type !== row.type_code) all.push((head = { key: `type-${row.type_code}`, id: "", type: row.type_code, n: 0, free: 0 }));
    head.n += 1;
    head.free += Number(row.status === "available");
    all.push({ key: row.id, id: row.id, type: row.type_code, n: 1, free: 0 });
  }
  return all;
}

/** The rows that the list shows, for the map. */
export const shownRows = computed(() => items.value.filter((each) => each.id).map((each) => tables.resource.get(each.id)).filter((row) => row !== undefined));
