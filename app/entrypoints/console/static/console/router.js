/** Where one is: `#/operations`, `#/request/<id>`, `#/resources?status=available`. Which screens there are: `screens.js`. */
import { signal } from "./view.js";

/** @typedef {{screen: string, id: string, query: Record<string, string>}} Place */

/** @returns {Place} */
function here() {
  const [path, query = ""] = location.hash.split("?");
  const [, screen = "", id = ""] = path.split("/");
  return { screen, id, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** The screen that is shown. */
export const place = signal(here());

/** Whoever writes on the screen that is shown, and is asked before it goes away. @type {(() => Promise<boolean>) | null} */
let held = null;

/** Ask before another screen is shown, for as long as something is written on this one; returns what ends that. @param {() => Promise<boolean>} ask */
export function holdHere(ask) {
  held = ask;
  return () => {
    if (held === ask) held = null;
  };
}

/** How many steps this entry of the history lies behind the first; each entry keeps its own, so that who turned back can be led forward again. */
let step = Number(history.state?.step ?? 0);
history.replaceState({ step }, "");
/** Our own way back to where somebody writes; called when it has arrived. @type {(() => void) | null} */
let turning = null;
let asking = false;

addEventListener("hashchange", () => {
  if (turning) {
    turning();
    turning = null;
    return;
  }
  const from = place.peek();
  const to = here();
  const known = history.state?.step; // a new entry has none
  if (held && (from.screen !== to.screen || from.id !== to.id)) {
    stay(location.hash, known === undefined ? 1 : known - step || -1, known === undefined);
    return;
  }
  step = known ?? step + 1;
  if (known === undefined) history.replaceState({ step }, "");
  place.value = to;
});

/**
 * Go back to where somebody writes, ask, and go where they were going if they will: to a new entry of the history, or to the one
 * that *back* or *forward* had led to. Who stays has the same way back as before.
 * @param {string} goal @param {number} steps @param {boolean} fresh
 */
async function stay(goal, steps, fresh) {
  await new Promise((/** @type {(value?: any) => void} */ arrived) => {
    turning = arrived;
    history.go(-steps);
  });
  if (asking || !held) return;
  asking = true;
  const leaves = await held().finally(() => { asking = false; });
  if (!leaves) return;
  held = null;
  if (fresh) goTo(goal);
  else history.go(steps);
}

/** @param {string} hash `#/…` */
export function goTo(hash) {
  location.hash = hash;
}

/** @param {string} id */
export function requestLink(id) {
  return `#/request/${id}`;
}

/**
 * Say in the address what this screen shows, so that it can be sent to somebody and is there again on the way back. It is no
 * step of its own: *back* leads to the screen before.
 * @param {Record<string, string>} query what is empty is left out
 */
export function showing(query) {
  const [path] = location.hash.split("?");
  const said = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  history.replaceState(history.state, "", said ? `${path}?${said}` : path || "#/");
  place.value = here();
}

/** What is chosen on the operations screen: a request in the list, or something on the map. */
export const chosen = signal(/** @type {{kind: string, id: string} | null} */ (null));
/** What the map is to move to next; it keeps the seq so that the same place can be asked for twice. */
export const lookAt = signal(/** @type {{lon: number, lat: number, zoom?: number} | null} */ (null));
/** On a narrow screen: which part of what is shown. */
export const part = signal(/** @type {"requests" | "map" | "situation" | "events" | "units" | "stock"} */ ("requests"));
