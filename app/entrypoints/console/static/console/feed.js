/**
 * The feed: a snapshot, then every entry as it happens; after a cut it goes on behind the last one (`app/entrypoints/feed.py`
 * tells the whole course). What is told is put together for one frame of the screen, so a flood of entries is drawn once.
 */
import { asOf, take, takeFill, takePositions, takeSnapshot } from "./store.js";
import { loadSession, session, signedOut, SPACE } from "./api.js";
import { clockIs } from "./time.js";
import { batch, signal } from "./view.js";

/** @typedef {Record<string, any> & {kind: string}} Message */
/** @typedef {{seq: number, type: string, at: string, actor: string, subject: string, visibility: string, data: Record<string, any> | null, rows: Record<string, any[]> | null, live: boolean, news?: boolean}} Entry */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const SLACK_MS = 5_000;
const DRAW_EVERY_MS = 60;

/** How the link is: `up` tells whether a connection is open, `live` whether all that was missed has come. */
export const link = signal({ up: false, live: false, everLive: false });
/** When something was last heard (ms of `performance.now()`), and how often the server promises to speak (ms). */
export const heard = { at: 0, every: 10_000 };

/** @type {Set<(entries: Entry[]) => void>} */
const listeners = new Set();

/**
 * Be told of entries after they were taken in; those of a snapshot are not among them.
 * @param {(entries: Entry[]) => void} listener
 */
export function onEntries(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @type {Set<() => void>} */
const begun = new Set();

/**
 * Be told that everything was taken in anew.
 * @param {() => void} listener
 */
export function onSnapshot(listener) {
  begun.add(listener);
  return () => begun.delete(listener);
}

/** @type {WebSocket | null} */
let socket = null;
/** When this connection was begun, and then when it was opened (ms of `performance.now()`): it cannot have been silent for longer. */
let openedAt = 0;
let epoch = "";
/** The epoch of what is shown. */
let shown = "";
let mine = -1;
/** Behind which seq was asked for what is missing; entries behind the gap that are on their way ask no second time. */
let askedAfter = -2;
let pause = FIRST_PAUSE_MS;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;
/** @type {Record<string, any[]>} */
let parts = {};
/** @type {Message[]} */
let waiting = [];
let drawing = false;
let drawnAt = 0;

/** Begin, and go on until the page is left. */
export function startFeed() {
  connect();
  setInterval(watch, 1000);
  addEventListener("online", again);
  addEventListener("focus", comeBack);
  addEventListener("offline", () => lost(socket));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    draw();
    comeBack();
    again();
  });
}

/** How long nothing was heard (ms). */
export function silentFor() {
  return performance.now() - heard.at;
}

/** How long this connection has said nothing (ms): what was heard on the one before does not count. */
function deadFor() {
  return performance.now() - Math.max(heard.at, openedAt);
}

/** Somebody may have signed in again meanwhile, in another window of this browser: what was being written here is still there. */
async function comeBack() {
  if (!signedOut.peek()) return;
  await loadSession().then(() => {
    signedOut.value = false;
    lost(socket, 0);
  }, () => undefined);
}

/** Connect now, whatever the pause. */
export function again() {
  comeBack();
  if (socket && socket.readyState <= WebSocket.OPEN && deadFor() < heard.every + SLACK_MS) return;
  lost(socket, 0);
}

function connect() {
  clearTimeout(retry);
  if (signedOut.peek()) return;
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const mySocket = new WebSocket(`${scheme}//${location.host}/api/v1/spaces/${encodeURIComponent(SPACE)}/feed`);
  socket = mySocket;
  openedAt = performance.now();
  let opened = false;
  mySocket.onopen = () => {
    opened = true;
    if (mySocket === socket) openedAt = performance.now();
  };
  mySocket.onmessage = (event) => {
    if (mySocket === socket) hear(JSON.parse(event.data));
  };
  mySocket.onclose = (event) => {
    if (event.code === 4401) signedOut.value = true;
    if (event.code === 4403 || !opened) loadSession().catch(() => undefined); // a handshake that is refused does not say why
    lost(mySocket);
  };
}

/** @param {WebSocket | null} which @param {number} [after] */
function lost(which, after) {
  if (which !== socket) return;
  const old = socket;
  socket = null;
  old?.close();
  parts = {};
  draw();
  link.value = { ...link.peek(), up: false, live: false };
  clearTimeout(retry);
  retry = setTimeout(connect, after ?? pause * (0.75 + Math.random() / 2));
  pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
}

/**
 * Nothing for long, not even a heartbeat: the line is dead, whatever the browser believes. Whoever has much to catch up with
 * is told so much else that no heartbeat is missed.
 */
function watch() {
  if (socket?.readyState === WebSocket.OPEN && deadFor() > 2 * heard.every + SLACK_MS) lost(socket);
}

/** @param {Record<string, unknown>} message */
function ask(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function askForAll() {
  parts = {};
  ask({ kind: "snapshot" });
}

/** @param {Message} message */
function hear(message) {
  heard.at = performance.now();
  if (message.at && message.kind !== "entry") clockIs(message.at);
  switch (message.kind) {
    case "hello":
      askedAfter = -2;
      if (message.you.user_id !== session.peek()?.user.id) {
        loadSession().catch(() => lost(socket));
        break;
      }
      heard.every = message.heartbeat_s * 1000;
      link.value = { ...link.peek(), up: true };
      if (mine >= 0 && message.epoch === epoch) ask({ kind: "resume", epoch, after: mine });
      else askForAll();
      epoch = message.epoch;
      break;
    case "reset":
      draw();
      epoch = message.epoch;
      askForAll();
      break;
    case "snapshot":
      for (const [kind, rows] of Object.entries(message.rows)) (parts[kind] ??= []).push(...rows);
      if (message.last) {
        waiting = [];
        const whole = parts;
        parts = {};
        takeSnapshot(whole, shown !== "" && shown !== epoch);
        shown = epoch;
        mine = message.seq;
        mark();
        for (const listener of begun) listener();
      }
      break;
    case "entry":
    case "heartbeat":
      if (message.prev > mine) {
        if (askedAfter !== mine || message.kind === "heartbeat") ask({ kind: "resume", epoch, after: Math.max(mine, 0) });
        askedAfter = mine;
        break;
      }
      if (message.seq > mine) mine = message.seq;
      else if (message.kind === "entry") break;
      if (message.kind === "entry") queue(message);
      else caughtUp();
      break;
    case "fill":
    case "positions":
      queue(message);
      break;
    default: // a problem: the close that follows says the same by its code
  }
}

function caughtUp() {
  draw();
  pause = FIRST_PAUSE_MS;
  mark();
  if (!link.peek().live) link.value = { up: true, live: true, everLive: true };
}

function mark() {
  asOf.value = { seq: mine, at: performance.now() };
}

/** @param {Message} message */
function queue(message) {
  waiting.push(message);
  if (drawing) return;
  drawing = true;
  setTimeout(draw, Math.max(0, drawnAt + DRAW_EVERY_MS - performance.now())); // what comes alone is drawn at once
}

/** Take in all that waits, in order. */
function draw() {
  drawing = false;
  drawnAt = performance.now();
  if (!waiting.length) return;
  const told = waiting;
  waiting = [];
  const { live, everLive: news } = link.peek(); // what comes after a cut is no longer live, and still new to who sits here
  /** @type {Entry[]} */
  const entries = [];
  batch(() => {
    for (const message of told) {
      if (message.kind === "fill") takeFill(message.items);
      else if (message.kind === "positions") takePositions(message.items);
      else {
        take(message.rows, { mark: live });
        entries.push(/** @type {any} */ ({ ...message, live, news }));
      }
    }
    mark();
    if (entries.length) for (const listener of listeners) listener(entries);
  });
}
