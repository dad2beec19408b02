/**
 * Alarms (EEMUA 191): only what somebody here has to act on. Sound for four things alone: a new request to save lives, what stands broken
 * or was not taken into dispatch, a declined offer, a lost link; in a drill also for what exercise control tells, as the telephone would ring. More than three of a kind within a minute become one line; shelving a kind
 * ends by itself and is written down, and what came meanwhile and still waits is raised then. What a snapshot shows to be
 * waiting is raised from it, and an alarm goes with its cause, and comes back with it.
 */
import { answered, ENDED, HOME, linesOf, WANTING } from "./about.js";
import { myMember } from "./api.js";
import { isUnfilled } from "./automatic.js";
import { acknowledge, readHere, senderName, told } from "./exercise_told.js";
import { link, onEntries, onSnapshot } from "./feed.js";
import { isOurs, moneyDue, whatDue, whereDue } from "./money_due.js";
import { dispatchLink, frozen, IS_DRILL, SPACE } from "./space.js";
import { keep, recall } from "./theme.js";
import { tables } from "./store.js";
import { now } from "./time.js";
import { batch, computed, effect, signal } from "./view.js";

const WINDOW_MS = 10 * 60_000;
const GROUPED_MS = 60_000;
const ALONE = 3;
const MOST_KEPT = 200;
/** What is told in parts (a row, then how far its line is filled) may look settled for a moment: that is no new alarm. */
const FLICKER_MS = 5000;
const LINK_LOST_AFTER_MS = 10_000;
const SHELVES = `concord.shelves.${SPACE}`;
const MUTED = "concord.muted";

/** Kinds that are heard, and their pitch (Hz): the more urgent, the higher. */
const SOUNDS = /** @type {Record<string, number[]>} */ ({
  automatic_alarm: [880, 988, 880, 988],
  life_safety: [880, 660, 880],
  automatic_unfilled: [740, 587, 740],
  not_taken: [784, 659, 784],
  broken_commitment: [740, 740],
  offer_declined: [587, 494],
  link_lost: [440, 330, 440],
  webhook_stopped: [440, 330, 440],
  webhook_silent: [440, 330, 440],
  told: [659, 523, 659, 523],
});
/** Of money: told to whoever does the accounts. */
export const MONEY = ["payment_overdue", "answer_overdue", "claim_time_over", "rate_missing"];
/** Of the own dispatch systems: nothing goes out any more, or nothing is heard of them. */
export const WEBHOOK = ["webhook_stopped", "webhook_silent"];
/** Of what they told: a unit calls its dispatcher, or nobody may guess what a message means. */
export const INBOX = ["unit_call", "quarantine"];
/** Every kind, most urgent first. */
export const ALARM_KINDS = ["automatic_alarm", "life_safety", "automatic_unfilled", "not_taken", "broken_commitment", "offer_declined", "request_called_off", "link_lost", ...WEBHOOK, ...INBOX, "call_unconfirmed", "relief_due", "staged_without_task", "debt_overdue", ...(IS_DRILL ? ["told"] : []), ...MONEY];

/** Kinds whose cause is a state, which may come back; the others tell of something that was done. */
const STANDING = ["automatic_alarm", "life_safety", "automatic_unfilled", "not_taken", ...WEBHOOK, ...INBOX, "call_unconfirmed", "relief_due", "staged_without_task", "debt_overdue", ...MONEY];

/** @typedef {{request: string, who: string, subject: string, at: number, href?: string, text?: string}} Cause subject: the id of the row that it is about; who: a member's; href, text: where it is dealt with, if not at a request (alone) */
/** @typedef {{id: number, kind: string, at: number, raised: number, causes: Cause[], request: string, who: string, href: string, text: string, count: number, done: boolean, gone: number}} Alarm gone: when its cause went, if that is what ended it; else 0 */
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

/** What came while its kind was shelved, newest first. @type {{kind: string, cause: Cause}[]} */
let quiet = [];
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
  onSnapshot(lookAround);
  effect(() => {
    alarms.value;
    settle(over);
    standAgain();
  });
  effect(() => lookAtMoney(moneyDue.value));
  effect(() => lookAtTold());
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let losing;
  effect(() => {
    const { live, everLive } = link.value;
    clearTimeout(losing);
    if (live) settle((kind) => kind === "link_lost");
    else if (everLive) losing = setTimeout(() => raise("link_lost", { request: "", who: "", subject: "", at: now() }), LINK_LOST_AFTER_MS);
  });
  setInterval(() => {
    const since = now() - WINDOW_MS;
    if (times.peek().some((at) => at < since)) times.value = times.peek().filter((at) => at >= since);
    raiseQuiet();
  }, 5000);
  for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, wakeAudio, { once: true });
}

/** @param {import("./feed.js").Entry} entry */
function hear(entry) {
  const own = myMember();
  const rows = entry.rows ?? {};
  const at = Date.parse(entry.at) || now();
  const by = entry.data?.member_id;
  const mission = rows.mission?.[0];
  const offer = rows.offer?.[0];
  switch (entry.type) {
    case "request.opened":
      for (const request of rows.request ?? []) if (wantsLives(request)) raise("life_safety", { request: request.id, who: request.member_id, subject: request.id, at });
      break;
    case "request.called_off":
      for (const request of rows.request ?? []) if (request.member_id === own) raise("request_called_off", { request: request.id, who: by ?? "", subject: request.id, at });
      break;
    case "mission.recalled":
    case "mission.aborted":
      if (mission?.requester_id === own) raise("broken_commitment", { request: mission.request_id, who: mission.lender_id, subject: mission.id, at });
      break;
    case "mission.stood_down":
      if (mission?.lender_id === own && by !== own) raise("broken_commitment", { request: mission.request_id, who: mission.requester_id, subject: mission.id, at });
      break;
    case "automatic_alarm.raised":
      for (const row of rows.automatic_alarm ?? []) if (alarmsUs(row)) raise("automatic_alarm", { request: row.request_id, who: row.requester_id, subject: row.id, at });
      break;
    case "automatic_aid.unfilled":
      for (const row of rows.automatic_aid ?? []) if (row.requester_id === own) raise("automatic_unfilled", { request: row.request_id, who: "", subject: row.id, at });
      break;
    case "dispatch_receipt.missing":
      for (const row of rows.dispatch_receipt ?? []) if (isNotTaken(row)) raise("not_taken", { ...untaken(row), at });
      break;
    case "webhook_endpoint.given_up":
    case "webhook_endpoint.disabled":
    case "webhook_endpoint.silent":
      for (const row of rows.webhook_endpoint ?? []) for (const [kind, cause] of troubleOf(row)) raise(kind, { ...cause, at });
      break;
    case "inbox_matter.held":
    case "inbox_matter.called":
      for (const row of rows.inbox_matter ?? []) if (isHeld(row)) raise(kindOfMatter(row), { ...matterOf(row), at });
      break;
    case "response_commitment.broken":
      for (const row of rows.response_commitment ?? []) if (isBroken(row)) raise("broken_commitment", { ...promiseOf(row), at });
      break;
    case "offer.withdrawn":
      if (offer && tables.request.get(offer.request_id)?.member_id === own) raise("broken_commitment", { request: offer.request_id, who: offer.lender_id, subject: offer.id, at });
      break;
    case "offer.declined":
      if (offer?.lender_id === own) raise("offer_declined", { request: offer.request_id, who: by ?? "", subject: offer.id, at });
      break;
    case "call.recorded":
    case "call.ring_back":
      for (const call of rows.call ?? []) if (wantsUs(call)) raise("call_unconfirmed", { request: call.request_id, who: call.recorded_by_member_id, subject: call.id, at });
      break;
    case "mission.relief_due":
    case "mission.staged_without_task":
      for (const [kind, cause] of alarmsOf(mission)) raise(kind, { ...cause, at });
      break;
    case "debt.overdue":
      for (const debt of rows.debt ?? []) if (debt.member_id === own) raise("debt_overdue", { request: debt.request_id, who: own, subject: debt.id, at });
      break;
    default:
  }
}

/** Raise what a snapshot shows to be waiting: unheard by whoever has just come, for it is not new. */
function lookAround() {
  /** @type {[string, Cause][]} */
  const found = [];
  for (const row of tables.request.all.peek()) if (wantsLives(row)) found.push(["life_safety", { request: row.id, who: row.member_id, subject: row.id, at: Date.parse(row.opened_at) || now() }]);
  for (const row of tables.call.all.peek()) if (wantsUs(row)) found.push(["call_unconfirmed", { request: row.request_id, who: row.recorded_by_member_id, subject: row.id, at: Date.parse(row.occurred_at) }]);
  for (const row of tables.debt.all.peek()) if (row.status === "overdue" && row.member_id === myMember()) found.push(["debt_overdue", { request: row.request_id, who: row.member_id, subject: row.id, at: Date.parse(row.due_at) }]);
  for (const row of tables.mission.all.peek()) found.push(...alarmsOf(row));
  for (const row of tables.automatic_alarm.all.peek()) if (alarmsUs(row)) found.push(["automatic_alarm", { request: row.request_id, who: row.requester_id, subject: row.id, at: Date.parse(row.alarmed_at) }]);
  for (const row of tables.automatic_aid.all.peek()) if (isUnfilled(row)) found.push(["automatic_unfilled", { request: row.request_id, who: "", subject: row.id, at: Date.parse(row.ended_at) || now() }]);
  for (const row of tables.response_commitment.all.peek()) if (isBroken(row)) found.push(["broken_commitment", promiseOf(row)]);
  for (const row of tables.inbox_matter.all.peek()) if (isHeld(row)) found.push([kindOfMatter(row), matterOf(row)]);
  for (const row of tables.webhook_endpoint.all.peek()) found.push(...troubleOf(row));
  for (const row of tables.dispatch_receipt.all.peek()) if (isNotTaken(row)) found.push(["not_taken", untaken(row)]);
  const unheard = !link.peek().everLive;
  batch(() => {
    for (const [kind, cause] of found.sort((a, b) => a[1].at - b[1].at))
      if (!alarms.peek().some((alarm) => alarm.kind === kind && alarm.causes.some((each) => each.subject === cause.subject))) raise(kind, cause, unheard);
  });
}

/** Raise what is overdue about money, and settle what is not any more. @param {import("./money_due.js").Due[]} due */
function lookAtMoney(due) {
  batch(() => {
    settle(over);
    standAgain();
    for (const row of due.filter(isOurs)) {
      const who = row.by_member_id === myMember() ? row.for_member_id : row.by_member_id;
      const known = alarms.peek().some((alarm) => alarm.kind === row.kind && alarm.causes.some((each) => each.subject === row.id));
      if (!known) raise(row.kind, { request: "", who, subject: row.id, at: Date.parse(row.due_at), href: whereDue(row), text: whatDue(row) }, true);
    }
  });
}

/** Whether what was told before this page was opened has been looked at: what comes after it rings. */
let begun = false;

/** Raise what exercise control has told and nobody here has read, and settle what was read. */
function lookAtTold() {
  const unread = frozen.value ? [] : told.value.items.filter((each) => !readHere.value.has(each.id));
  batch(() => {
    settle(over);
    for (const each of unread.toReversed()) {
      const known = alarms.peek().some((alarm) => alarm.kind === "told" && alarm.causes.some((cause) => cause.subject === each.id));
      if (!known) raise("told", { request: "", who: "", subject: each.id, at: Date.parse(each.delivered_at), href: "#/exercise", text: senderName(each.told) }, !begun);
    }
  });
  begun ||= told.value.loaded;
}

/** Whether a request asks us to save lives, and we have said nothing to it. @param {import("./store.js").Row | undefined} request */
function wantsLives(request) {
  const known = tables.request.get(request?.id);
  if (!known || !WANTING.includes(known.status) || known.member_id === myMember() || answered(known.id)) return false;
  if (known.kind === "day_to_day" && known.to_member_id !== myMember()) return false;
  return linesOf(known.id).some((line) => line.priority === "life_safety");
}

/**
 * What a unit wants somebody of ours to see to: its relief, or a task.
 * @param {import("./store.js").Row | undefined} mission
 * @returns {[string, Cause][]}
 */
function alarmsOf(mission) {
  const own = myMember();
  if (!mission || ![mission.requester_id, mission.lender_id].includes(own)) return [];
  const who = mission.lender_id === own ? mission.requester_id : mission.lender_id;
  return (mission.alarms ?? []).filter((/** @type {string} */ kind) => ALARM_KINDS.includes(kind)).map((/** @type {string} */ kind) => [kind, { request: mission.request_id, who, subject: mission.id, at: Date.parse(mission.status_at) || now() }]);
}

/** Whether an automatic alarm waits for our word. @param {import("./store.js").Row | undefined} row */
function alarmsUs(row) {
  return row?.status === "alarmed" && row.lender_id === myMember();
}

/** Whether our dispatch system has not taken over what it has to act on, and it still matters. @param {import("./store.js").Row | undefined} row */
function isNotTaken(row) {
  const mission = tables.mission.get(row?.mission_id);
  return row?.status === "missing" && row.member_id === myMember() && !(mission && HOME.includes(mission.status));
}

/** @param {import("./store.js").Row} row @returns {Cause} */
function untaken(row) {
  return { request: tables.mission.get(row.mission_id)?.request_id ?? "", who: "", subject: row.id, at: Date.parse(row.rung_at) || now(), href: dispatchLink("receipts", { shown: "ring" }) };
}

/**
 * What is wrong with a webhook of ours that somebody has to see to: its dispatch system gets nothing any more, or says nothing. One that was
 * paused by hand is as somebody wanted it, and a trial that somebody has left alone in `integration` or a drill disturbs no shift.
 * @param {import("./store.js").Row | undefined} row
 * @returns {[string, Cause][]}
 */
function troubleOf(row) {
  if (!row || row.member_id !== myMember() || !row.space_kinds.includes("live")) return [];
  const cause = (/** @type {string | null} */ since) => ({ request: "", who: "", subject: row.id, at: Date.parse(since ?? "") || now(), href: dispatchLink("endpoints", { endpoint: row.id }) });
  if (row.status === "disabled" || (row.status === "paused" && row.paused_why === "failing")) return [["webhook_stopped", cause(null)]];
  return row.status === "active" && row.silent_since ? [["webhook_silent", cause(row.silent_since)]] : [];
}

/** Whether something that a dispatch system told waits for one of us. @param {import("./store.js").Row | undefined} row */
function isHeld(row) {
  return row?.status === "held" && row.member_id === myMember();
}

/** @param {import("./store.js").Row} row */
function kindOfMatter(row) {
  return row.what === "call" ? "unit_call" : "quarantine";
}

/** @param {import("./store.js").Row} row @returns {Cause} */
function matterOf(row) {
  const at = row.what === "call" ? (row.at ?? row.held_at) : row.held_at;
  return { request: "", who: "", subject: row.id, at: Date.parse(at) || now(), href: dispatchLink("quarantine", row.what === "call" ? {} : { message: row.id }) };
}

/** Whether what an agreement binds to was not done in time, and is still not done. @param {import("./store.js").Row | undefined} row */
function isBroken(row) {
  return row?.status === "broken" && row.binding === "obligatory" && !row.done_at;
}

/** @param {import("./store.js").Row} row @returns {Cause} */
function promiseOf(row) {
  return { request: row.request_id, who: row.lender_id === myMember() ? row.requester_id : row.lender_id, subject: row.id, at: Date.parse(row.due_at) || now() };
}

/** Whether a phone call waits for our word. @param {import("./store.js").Row | undefined} call */
function wantsUs(call) {
  const own = myMember();
  return Boolean(call && ["unconfirmed", "alarmed"].includes(call.status) && call.recorded_by_member_id !== own && [call.requester_id, call.lender_id].includes(own));
}

/** Whether nothing is left to do about a cause, by what we know now. @param {string} kind @param {Cause} cause */
function over(kind, cause) {
  const request = tables.request.get(cause.request);
  const ended = !request || ENDED.includes(request.status);
  switch (kind) {
    case "life_safety":
      return !wantsLives(request);
    case "automatic_alarm":
      return !alarmsUs(tables.automatic_alarm.get(cause.subject));
    case "automatic_unfilled":
      return !isUnfilled(tables.automatic_aid.get(cause.subject));
    case "webhook_stopped":
    case "webhook_silent":
      return troubleOf(tables.webhook_endpoint.get(cause.subject)).every(([each]) => each !== kind);
    case "unit_call":
    case "quarantine":
      return !isHeld(tables.inbox_matter.get(cause.subject));
    case "not_taken":
      return !isNotTaken(tables.dispatch_receipt.get(cause.subject));
    case "broken_commitment": {
      const promise = tables.response_commitment.get(cause.subject);
      if (promise) return ended || !isBroken(promise);
      const mission = tables.mission.get(cause.subject);
      return ended || (mission ? HOME.includes(mission.status) : request.status === "committed");
    }
    case "offer_declined":
      return ended || request.status === "committed";
    case "call_unconfirmed":
      return !wantsUs(tables.call.get(cause.subject));
    case "relief_due":
    case "staged_without_task":
      return !tables.mission.get(cause.subject)?.alarms?.includes(kind);
    case "told":
      return frozen.peek() || readHere.peek().has(cause.subject);
    case "debt_overdue":
      return tables.debt.get(cause.subject)?.status !== "overdue";
    case "payment_overdue":
    case "answer_overdue":
    case "claim_time_over":
    case "rate_missing":
      return !moneyDue.peek().some((row) => row.kind === kind && row.id === cause.subject);
    default:
      return false;
  }
}

/** @param {string} kind @param {Cause} cause @param {boolean} [unheard] it was there before: no sound, and not counted */
function raise(kind, cause, unheard = false) {
  const at = now();
  quiet = quiet.filter((each) => each.kind !== kind || each.cause.subject !== cause.subject);
  if (isShelved(kind)) {
    quiet = [{ kind, cause }, ...quiet].slice(0, MOST_KEPT);
    return;
  }
  if (!unheard) times.value = [...times.peek(), at];
  settle((each, other) => each === kind && other.subject === cause.subject); // told again: once is enough
  const near = alarms.peek().filter((alarm) => alarm.kind === kind && at - alarm.raised < GROUPED_MS && !alarm.done);
  const group = near.find((alarm) => alarm.count > 1);
  const joined = group ? [group] : near.length >= ALONE ? near : [];
  const causes = [...joined.flatMap((alarm) => alarm.causes), cause];
  const kept = alarms.peek().filter((alarm) => !joined.includes(alarm));
  alarms.value = [about({ id: ++counter, kind, raised: at, done: false, gone: 0 }, causes), ...kept].slice(0, MOST_KEPT);
  if (SOUNDS[kind] && !muted.peek() && !unheard) sound(SOUNDS[kind]);
}

/** A shelf has ended: what came meanwhile, oldest first, as far as something is left to do about it. */
function raiseQuiet() {
  const free = quiet.filter(({ kind }) => !isShelved(kind)).reverse();
  if (!free.length) return;
  quiet = quiet.filter(({ kind }) => isShelved(kind));
  batch(() => {
    for (const { kind, cause } of free) if (!over(kind, cause)) raise(kind, cause);
  });
}

/** An alarm about these causes. @param {{id: number, kind: string, raised: number, done: boolean, gone: number}} alarm @param {Cause[]} causes @returns {Alarm} */
function about({ id, kind, raised, done, gone }, causes) {
  const one = causes.length === 1;
  return { id, kind, raised, done, gone, causes, at: Math.max(...causes.map((each) => each.at)), request: one ? causes[0].request : "", who: one ? causes[0].who : "", href: one || kind === "told" ? (causes[0].href ?? "") : hrefOfMany(kind, causes[0].href ?? ""), text: one ? (causes[0].text ?? "") : "", count: causes.length };
}

/** Where several of a kind are dealt with. @param {string} kind @param {string} href where the first of them is */
function hrefOfMany(kind, href) {
  if (WEBHOOK.includes(kind)) return dispatchLink("endpoints");
  if (INBOX.includes(kind)) return dispatchLink("quarantine");
  if (kind === "not_taken") return href;
  return href ? "#/claims" : "";
}

/** What it was about is over: of a group only what is. @param {(kind: string, cause: Cause) => boolean} gone */
function settle(gone) {
  quiet = quiet.filter(({ kind, cause }) => !gone(kind, cause));
  let changed = false;
  const next = alarms.peek().map((alarm) => {
    if (alarm.done) {
      if (!alarm.gone || gone === over || !alarm.causes.every((cause) => gone(alarm.kind, cause))) return alarm;
      changed = true;
      return { ...alarm, gone: 0 };
    }
    const left = alarm.causes.filter((cause) => !gone(alarm.kind, cause));
    if (left.length === alarm.causes.length) return alarm;
    changed = true;
    return left.length ? about(alarm, left) : { ...alarm, done: true, gone: gone === over && STANDING.includes(alarm.kind) ? now() : 0 };
  });
  if (changed) alarms.value = next;
}

/** What had ended by itself and is there again: the same alarm if that was but a moment, else a new one. */
function standAgain() {
  const back = alarms.peek().filter((alarm) => alarm.gone && alarm.causes.some((cause) => !over(alarm.kind, cause)));
  if (!back.length) return;
  const brief = back.filter((alarm) => now() - alarm.gone < FLICKER_MS);
  alarms.value = alarms.peek().map((alarm) => (brief.includes(alarm) ? { ...alarm, done: false, gone: 0 } : back.includes(alarm) ? { ...alarm, gone: 0 } : alarm));
  for (const alarm of back) if (!brief.includes(alarm)) for (const cause of alarm.causes) if (!over(alarm.kind, cause)) raise(alarm.kind, { ...cause, at: now() });
}

/** Somebody has seen it and acts. @param {number} [id] all without one */
export function seen(id) {
  const heard = alarms.peek().filter((alarm) => alarm.kind === "told" && !alarm.done && (id === undefined || alarm.id === id));
  if (heard.length) acknowledge(heard.flatMap((alarm) => alarm.causes.map((cause) => cause.subject)));
  alarms.value = alarms.peek().map((alarm) => (id === undefined || alarm.id === id ? { ...alarm, done: true } : alarm));
}

/** Until when a kind is shelved; 0 where it is not. @param {string} kind */
export function shelvedUntil(kind) {
  const found = shelves.value.find((shelf) => shelf.kind === kind && shelf.until > now());
  return found ? found.until : 0;
}

/** The same without watching: what raises an alarm is not done again when a shelf changes. @param {string} kind */
function isShelved(kind) {
  return shelves.peek().some((shelf) => shelf.kind === kind && shelf.until > now());
}

/** Keep a kind quiet for some minutes; 0 ends it. @param {string} kind @param {number} minutes */
export function shelve(kind, minutes) {
  const at = now();
  const kept = shelves.peek().map((shelf) => (shelf.kind === kind && shelf.until > at ? { ...shelf, until: at } : shelf));
  shelves.value = (minutes ? [{ kind, since: at, until: at + minutes * 60_000 }, ...kept] : kept).slice(0, 20);
  keep(SHELVES, JSON.stringify(shelves.peek()));
  raiseQuiet();
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
