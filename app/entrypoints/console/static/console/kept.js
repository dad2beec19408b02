/**
 * What somebody writes and has not saved, kept for as long as this tab lives: a reload loses nothing. It is kept under who wrote it,
 * so that the next one at this desk does not find it.
 */
import { session, SPACE } from "./api.js";

/** @param {string} name */
const key = (name) => `concord.kept.${SPACE}.${session.value?.user.id ?? ""}.${name}`;

/** Keep something; null forgets it. A browser that keeps nothing says so by doing nothing. @param {string} name @param {any} value */
export function keep(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(key(name));
    else sessionStorage.setItem(key(name), JSON.stringify(value));
  } catch {
    // No room, or not allowed: what is written stays in the window, and leaving it warns.
  }
}

/** What was kept, or null. @param {string} name @returns {any} */
export function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(key(name)) ?? "null");
  } catch {
    return null;
  }
}
