/**
 * Keys. A single key never binds anybody: it moves, filters, acknowledges or opens something that is confirmed there.
 * Screens say what a key does while they are shown; the last to say so counts.
 */
import { signal, useLayoutEffect } from "./view.js";

/** @typedef {{key: string, does: () => void, text: string}} Key */

/** What the keys do now, by key. */
export const keys = signal(/** @type {Key[]} */ ([]));

/**
 * While the component is shown, these keys do this: from its first moment, for some are quicker than a frame of the screen.
 * @param {Key[]} own
 * @param {any[]} inputs on which they depend
 */
export function useKeys(own, inputs) {
  useLayoutEffect(() => {
    keys.value = [...keys.peek(), ...own];
    return () => {
      keys.value = keys.peek().filter((key) => !own.includes(key));
    };
  }, inputs);
}

/** The row that a key has chosen comes into sight and has the keyboard: what Enter does next is about no other. @param {string} id of the row */
export function focusOn(id) {
  const row = document.getElementById(id);
  row?.scrollIntoView({ block: "nearest" });
  /** @type {HTMLElement | null | undefined} */ (row?.querySelector(".row-button"))?.focus({ preventScroll: true });
}

/** How a key is written. @param {string} key */
export const keyName = (key) => (key === "Escape" ? "Esc" : key);

/** Listen from now on. */
export function startKeys() {
  addEventListener("keydown", (event) => {
    const goTo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (!goTo && (event.ctrlKey || event.metaKey || event.altKey)) return;
    if (document.querySelector("dialog[open]")) return void (goTo && event.preventDefault()); // what is written there stays, and the browser's own search does not come
    if (!goTo && typing(event.target)) return;
    const wanted = goTo ? "Ctrl-K" : event.key;
    const found = keys.peek().findLast((key) => key.key === wanted);
    if (!found) return;
    event.preventDefault();
    found.does();
  });
}

/** @param {EventTarget | null} target */
function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
