/**
 * Which space this page shows: live, `integration`, or a drill's own. It stands in the page, which is another one for each space, and
 * never changes under who looks at it.
 */
import { language } from "./i18n.js";
import { signal } from "./view.js";

const frame = document.getElementById("app");
/** The space that is shown. */
export const SPACE = frame?.dataset.space || "live";
export const IS_LIVE = SPACE === "live";
export const IS_DRILL = frame?.dataset.kind === "drill";
/** The space for connecting systems. */
export const INTEGRATION = "integration";
/** The word that marks an exercise, by language of the corridor. @type {Record<string, string>} */
const MARKS = JSON.parse(frame?.dataset.marks || "{}");
/** Where the API has live: drills are planned, led and evaluated there, wherever one looks from. */
export const LIVE = "/api/v1/spaces/live";

/** Set once nothing can be done in this space any more. */
export const frozen = signal(false);

/** The console of a space. @param {string} space @param {string} [hash] `#/…` */
export function consoleOf(space, hash = "") {
  return `${space === "live" ? "/console" : `/console/${encodeURIComponent(space)}`}${hash}`;
}

/** The way to something of a space: on this page where it is this space's, else on that space's own. @param {string} space @param {string} hash `#/…` */
export function linkIn(space, hash) {
  return space === SPACE ? hash : consoleOf(space, hash);
}

/**
 * The way to a tab of the dispatch systems, about a space. Live and `integration` have those screens; what is about a drill is dealt with in live.
 * @param {string} tab @param {{space?: string} & Record<string, string>} [query]
 */
export function dispatchLink(tab, { space = SPACE, ...more } = {}) {
  const page = IS_DRILL ? "live" : SPACE;
  return linkIn(page, `#/admin/dispatch?${new URLSearchParams({ tab, ...more, ...(space !== page && { space }) })}`);
}

/** Of the spaces that a dispatch system is for, the one to show first: this page's where it is among them. @param {readonly string[]} kinds `live`, `exercise`, `integration` */
export function firstSpace(kinds) {
  return [SPACE, "live", INTEGRATION].find((each) => kinds.includes(each)) ?? SPACE;
}

/** What marks an exercise, in every language of the corridor, the reader's first: `EXERCISE EXERCISE EXERCISE`. @returns {{code: string, text: string}[]} */
export function marks() {
  const codes = Object.keys(MARKS).sort((a, b) => Number(b === language.value) - Number(a === language.value));
  return codes.map((code) => ({ code, text: Array(3).fill(MARKS[code]).join(" ") }));
}

/** Give the browser's tab its title: it begins with the mark of what is not live. @param {string} [what] */
export function titled(what) {
  document.title = [IS_DRILL ? marks()[0]?.text : !IS_LIVE && SPACE.toUpperCase(), what, "Concord"].filter(Boolean).join(" · ");
}
