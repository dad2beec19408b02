/** What is read over HTTP beside the feed: when the state arrives, when the link is back, and again where the reading failed. */
import { Problem } from "./api.js";
import { link } from "./feed.js";

/** How long to wait before reading again what could not be read (ms). */
const AGAIN_MS = 5000;

/**
 * Returns what has something read soon. Of several readings on their way only the last one counts; one that failed is made again
 * for as long as there is a link, unless the server refused it.
 * @template T
 * @param {() => Promise<T>} ask
 * @param {(told: T) => void} keep
 * @param {number} soonMs how long to wait for more reasons to read
 */
export function learning(ask, keep, soonMs) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let readings = 0;
  const learn = async () => {
    const mine = ++readings;
    try {
      const told = await ask();
      if (mine === readings) keep(told);
    } catch (problem) {
      if (mine === readings && !refused(problem) && link.peek().up) soon(AGAIN_MS); // without a link: when it is back
    }
  };
  const soon = (after = soonMs) => {
    clearTimeout(timer);
    timer = setTimeout(learn, after);
  };
  return () => soon();
}

/** @param {unknown} problem */
function refused(problem) {
  return problem instanceof Problem && problem.status >= 400 && problem.status < 500 && problem.status !== 429;
}
