/**
 * Alarms (EEMUA 191): only what somebody here has to act on. Sound for four things alone: a new request to save lives, a broken
 * commitment, a declined offer, a lost link. More than three of a kind within a minute become one line; shelving a kind
 * ends by itself and is written down.
 */
import { ENDED } from "./about.js";
import { myMember } from "./api.js";
import { link, onEntries } from "./feed.js";
import { keep, recall } from "./theme.js";
import { tables } from "./store.js";
import { now } from "./time.js";
import { computed, effect, signal } from "./view.js";

const WINDOW_MS = 10 * 60_000;
const GROUPED_MS = 60_000;
const ALONE = 3;
const MOST_KEPT = 200;
const LINK_LOST_AFTER_MS = 10_000;
const SHELVES = "concord.shelves";
const MUTED = "concord.muted";

/** Kinds that are heard, and their pitch (Hz): the more urgent, the higher. */
const SOUNDS = /** @type {Record<string, number[]>} */ ({
  life_safety: [880, 660, 880],
  broken_commitment: [740, 740],
  offer_declined: [587, 494],
  link_lost: [440, 330, 440],
});
/** Every kind, most urgent first. */
export const ALARM_KINDS = ["life_safety", "broken_commitment", "offer_declined", "link_lost", "call_unconfirmed", "debt_overdue"];

/** @typedef {{id: number, kind: string, at: number, request: string, who: string, count: number, done: boolean}} Alarm */
/** @typedef {{kind: string, until: number, since: number}} Shelf */

/** All alarms, newest first. */
export const alarms = signal(/** @type {Alarm[]} */ ([]));
/** Kinds that are shelved, each until when; what ended stays as a record. */
export const shelves = signal(/** @type {Shelf[]} */ ([]));
/** Whether this browser is silent. */
export const muted = signal(recall(MUTED) === "yes");
/** When each alarm came within the last ten minutes. */
const times = signal(/** @type {number[]} */ ([]));

/** What still wants an action. */
export const waiting = computed(() => alarms.value.filter((alarm) => !alarm.done));
/** Alarms in the last ten minutes. */
export const rate = computed(() => times.value.length);

let counter = 0;
/** @type {AudioContext | null} */
let audio = null;

/** Watch from now on. */
export function startAlarms() {
  try {
    shelves.value = JSON.parse(recall(SHELVES) ?? "[]");
  } catch {
    shelves.value = [];
  }
  onEntries((entries) => {
    for (const entry of entries) if (entry.news) hear(entry);
  });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let losing;
  effect(() => {
    const { live, everLive } = link.value;
    clearTimeout(losing);
    if (live) settle("link_lost");
    else if (everLive) losing = setTimeout(() => raise("link_lost", "", ""), LINK_LOST_AFTER_MS);
  });
  setInterval(() => {
    const since = now() - WINDOW_MS;
    if (times.peek().some((at) => at < since)) times.value = times.peek().filter((at) => at >= since);
  }, 5000);
  for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, wakeAudio, { once: true });
}

/** @param {import("./feed.js").Entry} entry */
function hear(entry) {
  const own = myMember();
  const rows = entry.rows ?? {};
  const by = entry.data?.member_id;
  switch (entry.type) {
    case "request.opened": {
      const lives = (rows.request_line ?? []).some((line) => line.priority === "life_safety");
      const request = rows.request?.[0];
      const over = ENDED.includes(tables.request.get(request?.id)?.status); // opened and over while the line was cut
      if (lives && request && !over && request.member_id !== own) raise("life_safety", request.id, request.member_id);
      break;
    }
    case "mission.recalled":
    case "mission.aborted": {
      const mission = rows.mission?.[0];
      if (mission?.requester_id === own) raise("broken_commitment", mission.request_id, mission.lender_id);
      break;
    }
    case "mission.stood_down": {
      const mission = rows.mission?.[0];
      if (mission?.lender_id === own && by !== own) raise("broken_commitment", mission.request_id, mission.requester_id);
      break;
    }
    case "offer.withdrawn": {
      const offer = rows.offer?.[0];
      if (offer && tables.request.get(offer.request_id)?.member_id === own) raise("broken_commitment", offer.request_id, offer.lender_id);
      break;
    }
    case "offer.declined": {
      const offer = rows.offer?.[0];
      if (offer?.lender_id === own) raise("offer_declined", offer.request_id, by ?? "");
      break;
    }
    case "call.recorded":
    case "call.ring_back": {
      const call = rows.call?.[0];
      if (call && call.recorded_by_member_id !== own && call.status !== "confirmed") raise("call_unconfirmed", call.request_id, call.recorded_by_member_id);
      break;
    }
    case "call.confirmed":
      settle("call_unconfirmed", rows.call?.[0]?.request_id);
      break;
    case "debt.fell_overdue":
    case "debt.overdue": {
      const debt = rows.debt?.[0];
      if (debt?.member_id === own) raise("debt_overdue", debt.request_id, own);
      break;
    }
    default:
  }
}

/** @param {string} kind @param {string} request @param {string} who a member's id */
function raise(kind, request, who) {
  const at = now();
  times.value = [...times.peek(), at];
  if (shelvedUntil(kind)) return;
  const near = alarms.peek().filter((alarm) => alarm.kind === kind && at - alarm.at < GROUPED_MS && !alarm.done);
  const group = near.find((alarm) => alarm.count > 1);
  const kept = alarms.peek().filter((alarm) => !(near.length >= ALONE && near.includes(alarm)) && alarm !== group);
  const count = group ? group.count + 1 : near.length >= ALONE ? near.length + 1 : 1;
  alarms.value = [{ id: ++counter, kind, at, request: count > 1 ? "" : request, who: count > 1 ? "" : who, count, done: false }, ...kept].slice(0, MOST_KEPT);
  if (SOUNDS[kind] && !muted.peek()) sound(SOUNDS[kind]);
}

/** What it was about is over. @param {string} kind @param {string} [request] */
function settle(kind, request) {
  if (!alarms.peek().some((alarm) => alarm.kind === kind && !alarm.done)) return;
  alarms.value = alarms.peek().map((alarm) => (alarm.kind === kind && (!request || alarm.request === request) ? { ...alarm, done: true } : alarm));
}

/** Somebody has seen it and acts. @param {number} [id] all without one */
export function seen(id) {
  alarms.value = alarms.peek().map((alarm) => (id === undefined || alarm.id === id ? { ...alarm, done: true } : alarm));
}

/** Until when a kind is shelved; 0 where it is not. @param {string} kind */
export function shelvedUntil(kind) {
  const found = shelves.value.find((shelf) => shelf.kind === kind && shelf.until > now());
  return found ? found.until : 0;
}

/** Keep a kind quiet for some minutes; 0 ends it. @param {string} kind @param {number} minutes */
export function shelve(kind, minutes) {
  const at = now();
  const kept = shelves.peek().map((shelf) => (shelf.kind === kind && shelf.until > at ? { ...shelf, until: at } : shelf));
  shelves.value = (minutes ? [{ kind, since: at, until: at + minutes * 60_000 }, ...kept] : kept).slice(0, 20);
  keep(SHELVES, JSON.stringify(shelves.peek()));
}

/** Be silent, or be heard again; being heard is tried out at once. */
export function changeMuted() {
  muted.value = !muted.peek();
  keep(MUTED, muted.peek() ? "yes" : "no");
  if (!muted.peek()) sound([660]);
}

function wakeAudio() {
  const Context = window.AudioContext ?? window.webkitAudioContext;
  if (Context && !audio) audio = new Context();
  audio?.resume();
}

/** @param {number[]} pitches */
function sound(pitches) {
  if (!audio || audio.state !== "running") return;
  let at = audio.currentTime;
  for (const pitch of pitches) {
    const tone = audio.createOscillator();
    const level = audio.createGain();
    tone.frequency.value = pitch;
    level.gain.setValueAtTime(0, at);
    level.gain.linearRampToValueAtTime(0.25, at + 0.02);
    level.gain.setValueAtTime(0.25, at + 0.16);
    level.gain.linearRampToValueAtTime(0, at + 0.2);
    tone.connect(level).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.22);
    at += 0.26;
  }
}
