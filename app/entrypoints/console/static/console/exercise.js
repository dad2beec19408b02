/**
 * The exercise that is played in the space that is shown: its clock, its words, and whether all is over. It is read when the state
 * arrives; every step of the clock comes with the feed.
 */
import { read } from "./api.js";
import { onEntries, onSnapshot } from "./feed.js";
import { named } from "./i18n.js";
import { learning } from "./learning.js";
import { frozen, IS_DRILL } from "./space.js";
import { computed, effect, signal } from "./view.js";

/** @typedef {import("./drill_clock.js").Clock} Clock */
/** @typedef {{drill_id: string, code: string, title: Record<string, string>, stop_words: Record<string, string>, clock: Clock, handbook: Record<string, any>, my_site: string | null, frozen: boolean}} Exercise */

/** How long to wait for more to happen before reading again (ms). */
const SOON_MS = 300;
const OVER = ["ended", "stopped"];

/** What is known of it; null until it was read. */
export const exercise = signal(/** @type {Exercise | null} */ (null));
/** The site at which one's own member plays. */
export const mySite = computed(() => {
  const { handbook, my_site: id } = exercise.value ?? {};
  const found = handbook?.sites?.find((/** @type {any} */ site) => site.id === id);
  return id ? { id, name: found ? named(found.name) : id } : null;
});

/** Watch from now on, in the space of a drill. */
export function startExercise() {
  if (!IS_DRILL) return;
  const learn = learning(() => read("/exercise"), keep, SOON_MS);
  onSnapshot(learn);
  onEntries((entries) => {
    for (const entry of entries) for (const row of entry.rows?.drill_clock ?? []) step(row);
    if (entries.some((entry) => entry.type?.startsWith("drill."))) learn();
  });
  effect(() => {
    if (OVER.includes(exercise.value?.clock.status ?? "")) frozen.value = true;
  });
}

/** @param {Exercise} told */
function keep(told) {
  const known = exercise.peek()?.clock;
  exercise.value = known && known.anchor_utc > told.clock.anchor_utc ? { ...told, clock: known } : told; // what the feed told since is newer
  if (told.frozen) frozen.value = true;
}

/** The clock has taken a step: what is not told of it stays. @param {any} row */
function step({ status, speed, anchor_utc, anchor_us, paused_sites, words, site_words, pause_reasons }) {
  const known = exercise.peek();
  if (known) exercise.value = { ...known, clock: { status, speed, anchor_utc, anchor_us, paused_sites, words, site_words, pause_reasons } };
  if (OVER.includes(status)) frozen.value = true;
}
