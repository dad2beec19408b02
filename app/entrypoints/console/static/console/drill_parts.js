/** What the screens of drills share: where drills are read and led, one drill as it is read, the time in a drill. */
import { myMember, read } from "./api.js";
import { readList, useRead } from "./claim_parts.js";
import { onEntries } from "./feed.js";
import { IS_LIVE, LIVE } from "./space.js";
import { tables } from "./store.js";
import { codeText } from "./told.js";
import { useEffect, useState } from "./view.js";

export { IS_LIVE, LIVE };

/**
 * A drill as `GET /drills/{id}` tells it. `staff`: who asks reads the script; `may`: the commands that they may send now.
 * @typedef {Record<string, any> & {id: string, revision: number, code: string, title: Record<string, string>, status: string, staff: boolean, may: string[], plays_in: string | null,
 *   participants: {id: string, member_id: string, role: string, count: number, site: string | null, ready_at: string | null, joined_us: number | null}[]}} DrillView
 */
/** What each tab of a drill is given: the drill, and what reads it again. @typedef {{drill: DrillView, again: () => void}} OfDrill */

/** Entries after which a drill is read again. */
const TOLD = ["drill."];

/** One drill, read again when the journal tells of one. @param {string} id @returns {{found: DrillView | null, failed: import("./api.js").Problem | null, again: () => void}} */
export function useDrill(id) {
  const { found, ...rest } = useRead(() => read(`${LIVE}/drills/${id}`), TOLD, [id]);
  const [told, setTold] = useState(/** @type {any} */ (null));
  useEffect(() => onEntries((entries) => {
    const state = entries.flatMap((entry) => entry.rows?.drill ?? []).findLast((/** @type {any} */ row) => row.id === id);
    if (state) setTold(state); // how it stands is shown at once; the rest is read
  }), [id]);
  return { found: found && told?.id === id && told.revision > found.revision ? { ...found, status: told.status, reason: told.reason, held_because: told.held_because } : found, ...rest };
}

/** The drills of the corridor, newest first. @param {string} [query] what they are chosen by: `status=held` @returns {{found: DrillView[] | null, failed: import("./api.js").Problem | null, again: () => void}} */
export function useDrills(query = "") {
  return useRead(() => readList(`${LIVE}/drills${query && `?${query}`}`), TOLD, [query]);
}

/** A time in the drill: `01:02:03`; a minus before its beginning. @param {number} us microseconds of drill time */
export function drillTime(us) {
  const s = Math.floor(Math.abs(us) / 1e6);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${us < 0 ? "−" : ""}${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** Whether one's own member has a part in a drill. @param {DrillView} drill */
export function takesPart(drill) {
  return drill.participants.some((each) => each.member_id === myMember());
}

/** Whether the plan has a member played by the machine: there is nobody to ring. @param {DrillView} drill @param {string} member */
export function playedByMachine(drill, member) {
  const code = tables.member.get(member)?.code;
  return Boolean(code && drill.handbook.simulated?.includes(code));
}

/** How a drill stands, as a tone. @param {DrillView} drill */
export function toneOfDrill({ status }) {
  if (status === "stopped") return "alert";
  if (["held", "paused"].includes(status)) return "notice";
  return ["closed", "stood_down"].includes(status) ? "calm-state" : "";
}

/** Why a drill is held back, or was stood down by itself, in words. @param {DrillView} drill @returns {string[]} */
export function heldTexts(drill) {
  return drill.held_because.map(codeText);
}
