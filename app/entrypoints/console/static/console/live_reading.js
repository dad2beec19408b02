/** What a part of a screen reads over HTTP and keeps up: when it opens, when the journal tells of something near, and by the clock for what no journal tells of. */
import { Problem } from "./api.js";
import { link, onEntries, onSnapshot } from "./feed.js";
import { problemText } from "./told.js";
import { useEffect, useRef, useState } from "./view.js";

/** How long to wait for more to happen before reading again (ms). */
const SOON_MS = 250;

/**
 * Keep something read. What was read stays while it is read again, and where that fails; of several readings on their way the last counts.
 * @template T
 * @param {() => Promise<T>} ask
 * @param {{deps?: any[], about?: (entry: import("./feed.js").Entry) => boolean, everyMs?: number}} [how] deps: what it is asked by; about: which
 *   entries are near; everyMs: how often it is read besides, while somebody looks
 * @returns {{told: T | null, failed: string, again: () => Promise<void>}}
 */
export function useReading(ask, { deps = [], about, everyMs } = {}) {
  const [told, setTold] = useState(/** @type {T | null} */ (null));
  const [failed, setFailed] = useState("");
  const kept = useRef({ ask, about, turn: 0, gone: false });
  Object.assign(kept.current, { ask, about });
  const again = async () => {
    const mine = ++kept.current.turn;
    const counts = () => mine === kept.current.turn && !kept.current.gone;
    try {
      const found = await kept.current.ask();
      if (!counts()) return;
      setTold((was) => (was !== null && JSON.stringify(was) === JSON.stringify(found) ? was : found));
      setFailed("");
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (counts() && problem.status !== 0) setFailed(problemText(problem)); // without a link the pill says so
    }
  };
  useEffect(() => {
    kept.current.gone = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(again, SOON_MS);
    };
    again();
    const ends = [onSnapshot(soon), onEntries((entries) => entries.some((entry) => kept.current.about?.(entry)) && soon())];
    const ticking = everyMs && setInterval(() => document.visibilityState === "visible" && link.peek().up && again(), everyMs);
    return () => {
      kept.current.gone = true;
      clearTimeout(timer);
      if (ticking) clearInterval(ticking);
      for (const end of ends) end();
    };
  }, deps);
  return { told, failed, again };
}
