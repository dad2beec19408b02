/**
 * What every screen tells of drills in which one's own member takes part: in live, that one is being played and where; anywhere, that the
 * form of the hot wash waits. That one was stopped is told to everybody in the corridor: whoever was rung from it may ring anybody.
 */
import { memberName } from "./about.js";
import { myMember, read, session } from "./api.js";
import { heldTexts, takesPart } from "./drill_parts.js";
import { mayStop, StopButton } from "./exercise_stop.js";
import { readHere, told } from "./exercise_told.js";
import { link, onEntries, onSnapshot } from "./feed.js";
import { named, t } from "./i18n.js";
import { learning } from "./learning.js";
import { Left } from "./parts.js";
import { place } from "./router.js";
import { consoleOf, frozen, IS_LIVE, LIVE } from "./space.js";
import { tables } from "./store.js";
import { now } from "./time.js";
import { effect, html, signal } from "./view.js";

/** How long to wait for more to happen before reading again (ms). */
const SOON_MS = 300;
const MOST = 50;
/** Entries of one drill in live: more than one has. */
const ENTRIES = 200;
/** How long it is told that a drill was stopped (ms). */
const STOPPED_MS = 30 * 60_000;
const PLAYED = ["running", "paused"];
const STATES = [...PLAYED, "ended"];

/** @typedef {import("./drill_parts.js").DrillView} DrillView */

/** Drills of ours that are played, and whose hot wash we owe; of anybody, those that a real emergency has just stopped. */
export const drillsNow = signal(/** @type {{played: DrillView[], owed: DrillView[], stopped: DrillView[]}} */ ({ played: [], owed: [], stopped: [] }));

/** Watch from now on. */
export function startDrillsNow() {
  const learn = learning(all, (told) => {
    drillsNow.value = told;
  }, SOON_MS);
  effect(() => {
    session.value;
    if (link.value.live) learn();
  });
  onSnapshot(learn);
  onEntries((entries) => {
    for (const entry of entries) for (const row of entry.rows?.drill ?? []) turned(row);
    if (entries.some((entry) => entry.type?.startsWith("drill."))) learn();
  });
}

async function all() {
  const [told, over] = await Promise.all([
    read(`${LIVE}/drills?member=${myMember()}&limit=${MOST}${STATES.map((status) => `&status=${status}`).join("")}`),
    read(`${LIVE}/drills?status=stopped&limit=${MOST}`),
  ]);
  const ours = /** @type {DrillView[]} */ (told.items);
  const owing = ours.filter((drill) => drill.status === "ended" && drill.may.includes("write_hot_wash"));
  const owed = await Promise.all(owing.map(async (drill) => {
    const written = await read(`${LIVE}/drills/${drill.id}/hot-washes`);
    return written.items.some((/** @type {any} */ form) => form.member_id === myMember()) ? null : drill;
  }));
  const stopped = await Promise.all(/** @type {DrillView[]} */ (over.items).filter((drill) => now() - Date.parse(drill.ended_at) < STOPPED_MS).map(withWord));
  return { played: ours.filter((drill) => PLAYED.includes(drill.status)), owed: /** @type {DrillView[]} */ (owed.filter(Boolean)), stopped };
}

/** A drill that was stopped, with whose word the reason is. @param {DrillView} drill @returns {Promise<DrillView>} */
async function withWord(drill) {
  if (!drill.reason || !takesPart(drill)) return drill;
  const told = await read(`${LIVE}/journal/about/drill/${drill.id}?limit=${ENTRIES}`).catch(() => null);
  const said = told?.entries.findLast((/** @type {any} */ entry) => entry.type?.startsWith("drill.stop") && entry.rows?.drill?.[0]?.reason);
  return { ...drill, stopped_by: said?.data?.member_id };
}

/** One that is over is told at once, before it was read again. @param {any} row */
function turned(row) {
  const { played, stopped, owed } = drillsNow.peek();
  const known = played.find((drill) => drill.id === row.id);
  if (!known || PLAYED.includes(row.status)) return;
  const over = /** @type {DrillView} */ ({ ...known, status: row.status, ended_at: row.ended_at, reason: row.reason, held_because: row.held_because });
  drillsNow.value = { owed, played: played.filter((drill) => drill !== known), stopped: row.status === "stopped" ? [over, ...stopped] : stopped };
}

/** Whom it was told to once is not told again in this tab. */
const seen = signal(/** @type {string[]} */ ([]));

/** That a real emergency has stopped one. @param {{drill: DrillView}} props */
function Stopped({ drill }) {
  const why = takesPart(drill) ? heldTexts(drill).join(" ") : "";
  const reason = !why && takesPart(drill) && drill.reason;
  return html`<p class="drill-line stopped" role="alert"><span><span class="ref">${drill.code}</span> ${t("drills_now.stopped")} ${why || (reason ? html`${drill.stopped_by ? t("drills_now.says", { who: memberName(drill.stopped_by) }) : ""} <q>${reason}</q>` : "")}</span> <button type="button" class="button small" onClick=${() => { seen.value = [...seen.peek(), drill.id]; }}>${t("understood")}</button></p>`;
}

/** That a real incident concerns one: its directors decide whether it goes on. @param {{drill: DrillView}} props */
function Concerned({ drill }) {
  const incidents = (drill.notices ?? []).filter((/** @type {any} */ each) => each.kind === "live_incident").map((/** @type {any} */ each) => tables.incident.get(each.incident_id)?.title ?? "…");
  if (!incidents.length) return null;
  return html`<p class="drill-line concerned" role="alert"><span><span class="ref">${drill.code}</span> ${t("drills_now.concerned", { what: incidents.join(", ") })}</span> <a href=${`#/drill/${drill.id}?tab=control`}>${t("drills_now.decide")}</a></p>`;
}

/** The thin lines under the header. */
export function DrillsNow() {
  const { played, owed, stopped } = drillsNow.value;
  const unread = frozen.value || place.value.screen === "exercise" ? 0 : told.value.items.filter((each) => !readHere.value.has(each.id)).length;
  return html`${unread > 0 && html`<p class="drill-line" role="status"><span>${t("drills_now.told", { n: unread })}</span> <a href="#/exercise">${t("drills_now.read")}</a></p>`}
    ${IS_LIVE && stopped.filter((drill) => !seen.value.includes(drill.id)).map((drill) => html`<${Stopped} key=${drill.id} drill=${drill} />`)}
    ${IS_LIVE && played.map((drill) => html`<${Concerned} key=${drill.id} drill=${drill} />`)}
    ${IS_LIVE && played.map((drill) => html`<p class="drill-line" key=${drill.id} role="status"><span><span class="ref">${drill.code}</span> ${t("drills_now.played", { title: named(drill.title) })}</span> <a href=${consoleOf(drill.plays_in ?? "")}>${t("drills_now.go")}</a>${mayStop(drill) && html`<${StopButton} id=${drill.id} small />`}</p>`)}
    ${owed.filter((drill) => place.value.id !== drill.id || !IS_LIVE).map((drill) => html`<p class="drill-line owed" key=${drill.id} role="status"><span><span class="ref">${drill.code}</span> ${t("drills_now.owed")}</span> <${Left} at=${drill.hot_wash_due_at} /> <a href=${consoleOf("live", `#/drill/${drill.id}?tab=hot-wash`)}>${t("drills_now.write")}</a></p>`)}`;
}
