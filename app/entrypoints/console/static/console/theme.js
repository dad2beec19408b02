/** Dark or light: what the system says, until somebody chooses. */
import { signal } from "./view.js";

const KEY = "concord.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** The theme that is shown. */
export const theme = signal(/** @type {"dark" | "light"} */ ("dark"));

/** Show the theme that was chosen here before, or the system's. */
export function startTheme() {
  const kept = recall(KEY);
  show(kept === "dark" || kept === "light" ? kept : dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => {
    if (!recall(KEY)) show(dark.matches ? "dark" : "light");
  });
}

/** Change over, and remember it. */
export function changeTheme() {
  const next = theme.peek() === "dark" ? "light" : "dark";
  keep(KEY, next);
  show(next);
}

/** @param {"dark" | "light"} which */
function show(which) {
  document.documentElement.dataset.theme = which;
  theme.value = which;
}

/** Read what this browser remembers; a browser may refuse to remember anything. @param {string} key */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
export function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // it is shown all the same, until the page is left
  }
}
