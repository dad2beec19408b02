/** Where one is: `#/operations`, `#/request/<id>`. */
import { signal } from "./view.js";

/** @typedef {{screen: "operations" | "request", id: string}} Place */

/** @returns {Place} */
function here() {
  const [, screen, id] = location.hash.split("/");
  return screen === "request" && id ? { screen, id } : { screen: "operations", id: "" };
}

/** The screen that is shown. */
export const place = signal(here());
addEventListener("hashchange", () => {
  place.value = here();
});

/** @param {string} hash `#/…` */
export function goTo(hash) {
  location.hash = hash;
}

/** @param {string} id */
export function requestLink(id) {
  return `#/request/${id}`;
}

/** What is chosen on the operations screen: a request in the list, or something on the map. */
export const chosen = signal(/** @type {{kind: string, id: string} | null} */ (null));
/** What the map is to move to next; it keeps the seq so that the same place can be asked for twice. */
export const lookAt = signal(/** @type {{lon: number, lat: number, zoom?: number} | null} */ (null));
/** On a narrow screen: which part of operations is shown. */
export const part = signal(/** @type {"requests" | "map" | "situation" | "events"} */ ("requests"));
