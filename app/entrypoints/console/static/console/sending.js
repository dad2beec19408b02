/** Sending from a form in a dialog: it stays, with what was written, until the server has taken it. */
import { Problem } from "./api.js";
import { byNamedAct, goBeyond } from "./beyond.js";
import { carryOut, meetConflict } from "./doing.js";
import { frozen } from "./space.js";
import { take } from "./store.js";
import { useRef, useState } from "./view.js";

/**
 * What such a form shares. Where nothing can be done any more it is busy for ever: its button is for nobody. `send` closes it with the receipt, or where somebody was faster and theirs is kept; refused, `problem`
 * says why above the buttons. Who was told that others changed it in the meantime means, sending again, how it stands now.
 * @param {(answer?: any) => void} close
 */
export function useSending(close) {
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [busy, setBusy] = useState(false);
  const told = useRef(0);
  /** @param {import("./doing.js").Command} command @param {Parameters<typeof carryOut>[1]} [how] @returns {Promise<void>} */
  const send = async (command, how = {}) => {
    const meant = command.revision !== undefined && command.revision < told.current ? { ...command, revision: told.current } : command;
    setBusy(true);
    try {
      const receipt = await carryOut(meant, { ...how, quiet: true });
      if (receipt) close(receipt);
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      if (how.beyond && refusal.slug === "agreement-refused") {
        const said = await goBeyond(refusal, how.beyond);
        if (said) return send(byNamedAct(command, said.act, said.why), how);
      }
      const { current, kind } = refusal.body;
      const mine = await meetConflict(refusal, meant);
      if (current && kind) take({ [String(kind)]: [/** @type {any} */ (current)] });
      if (refusal.slug === "stale-revision") told.current = /** @type {any} */ (current)?.revision ?? 0;
      if (mine) return send(command, how);
      if (mine === false) close();
      else setProblem(refusal);
    } finally {
      setBusy(false);
    }
  };
  return { problem, busy: busy || frozen.value, send };
}
