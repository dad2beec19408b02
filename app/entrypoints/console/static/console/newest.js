/** Reads that are asked for again before they are answered: an answer that comes after a newer one is not shown. */
import { useRef } from "./view.js";

/** Returns what carries out a read; it resolves to null, and never fails, where a later read was answered before. @returns {<T>(does: () => Promise<T>) => Promise<T | null>} */
export function useNewest() {
  const asked = useRef(0);
  const answered = useRef(0);
  return async (does) => {
    const turn = ++asked.current;
    try {
      const found = await does();
      if (turn < answered.current) return null;
      answered.current = turn;
      return found;
    } catch (problem) {
      if (turn < answered.current) return null;
      throw problem;
    }
  };
}
