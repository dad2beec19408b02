/**
 * What controllers and evaluators read of a drill under way. Players act in the drill's own space, whose feed does not come here: it is
 * read again when live tells of the drill, when the next thing falls due, and every few seconds while somebody looks. An answer that
 * says nothing new draws nothing.
 */
import { Problem, read } from "./api.js";
import { drillNow } from "./drill_control_said.js";
import { link, onEntries } from "./feed.js";
import { useNewest } from "./newest.js";
import { clockIs } from "./time.js";
import { html, useEffect, useRef, useState } from "./view.js";

/** How often to look while the clock runs, and while it stands (ms). */
const RUNS_MS = 4000;
const STANDS_MS = 12_000;
/** What is due is delivered a moment later than it is due: to look before that would be to look in vain (ms). */
const DELIVERED_MS = 700;
/** How long to wait for more to happen before reading again. */
const SOON_MS = 250;

/** @typedef {import("./drill_control_said.js").Clock} Clock */
/** @typedef {{id: string, by_hand: boolean, name: Record<string, string>, sides: {side: string, at_us: number | null}[]}} SyncPoint */
/** @typedef {{members: string[], standing: string, asked_us: number | null, due_us: number | null, done_us: number | null, seq: number | null, marked: boolean, note?: string | null}} Expectation */
/** @typedef {{id: string, number: number, kind: string, sender: string, sender_name: Record<string, string> | null, to: string[], means: string, text: Record<string, string>, objective: string | null, trigger: string, when: Record<string, string>, planned_us: number | null, latest_us: number | null, state: string, delivered: any, expected: any, expectations: Expectation[]}} Inject */
/** @typedef {{at: string, clock: Clock | null, sites: {id: string, name: Record<string, string>}[], next_us: number | null, awaited: string[], injects: Inject[], sync_points: SyncPoint[], objectives: any[]}} Control */

/** What an answer says, without what only tells when it was given. @param {Control} control */
function said({ clock, at: _, ...rest }) {
  return JSON.stringify({ ...rest, clock: clock && { ...clock, at_us: 0 } });
}

/** In how many ms to look again. @param {Control | null} control */
function pauseAfter(control) {
  const clock = control?.clock;
  if (clock?.status !== "running" || !control) return STANDS_MS;
  if (control.next_us == null) return RUNS_MS;
  const untilNext = (control.next_us - drillNow(clock)) / clock.speed / 1000;
  return Math.min(RUNS_MS, Math.max(0, untilNext) + DELIVERED_MS);
}

/**
 * A drill as its staff sees it, kept up. `again` reads at once.
 * @param {string} id of the drill
 * @returns {{control: Control | null, failed: Problem | null, again: () => Promise<void>}}
 */
export function useControl(id) {
  const [control, setControl] = useState(/** @type {Control | null} */ (null));
  const [failed, setFailed] = useState(/** @type {Problem | null} */ (null));
  const newest = useNewest();
  const shown = useRef({ text: "", control: /** @type {Control | null} */ (null) });
  const again = async () => {
    try {
      const answer = await newest(() => read(`/drills/${id}/control`));
      if (!answer) return;
      clockIs(answer.at);
      const text = said(answer);
      if (text !== shown.current.text) setControl(answer);
      shown.current = { text, control: answer };
      setFailed(null);
    } catch (problem) {
      setFailed(problem instanceof Problem ? problem : new Problem({ type: "/problems/unknown", title: "", status: 0, detail: String(problem) }));
    }
  };
  const live = link.value.live;
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let left = false;
    let wanted = false;
    const look = async () => {
      clearTimeout(timer);
      wanted = false;
      if (document.visibilityState === "visible") await again();
      clearTimeout(timer);
      if (!left) timer = setTimeout(look, wanted ? SOON_MS : pauseAfter(shown.current.control));
    };
    const soon = () => {
      wanted = true;
      clearTimeout(timer);
      timer = setTimeout(look, SOON_MS);
    };
    const stop = onEntries((entries) => {
      if (entries.some((entry) => isAboutDrill(entry, id))) soon();
    });
    const back = () => {
      if (document.visibilityState === "visible") look();
    };
    document.addEventListener("visibilitychange", back);
    look();
    return () => {
      left = true;
      clearTimeout(timer);
      stop();
      document.removeEventListener("visibilitychange", back);
    };
  }, [id, live]);
  return { control, failed, again };
}

/** Whether an entry of live tells of this drill. @param {import("./feed.js").Entry} entry @param {string} id */
export function isAboutDrill(entry, id) {
  if (entry.subject === `drill:${id}` || entry.data?.drill_id === id) return true;
  return Object.values(entry.rows ?? {}).some((rows) => rows.some((row) => row.drill_id === id));
}

/** A drill time that ticks while it is looked at: alone, so that nothing else is drawn with it. @param {{clock: Clock, says: (us: number) => any}} props */
export function Ticking({ clock, says }) {
  const [, tick] = useState(0);
  useEffect(() => {
    if (clock.status !== "running") return undefined;
    const timer = setInterval(() => tick((n) => n + 1), 1000 / Math.min(4, clock.speed));
    return () => clearInterval(timer);
  }, [clock.status, clock.speed, clock.anchor_utc]);
  return html`${says(drillNow(clock))}`;
}
