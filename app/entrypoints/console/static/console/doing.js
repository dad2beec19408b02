/**
 * Carrying out what somebody asked for: the command, what it answers, and for eight seconds the way back.
 *
 * What can be undone is undone by a command of its own; the journal keeps both. What binds is never undone: it is confirmed
 * before (`dialogs.js`), and has no single key.
 */
import { Problem, send } from "./api.js";
import { again } from "./feed.js";
import { openConflict, openProblem } from "./dialogs.js";
import { t } from "./i18n.js";
import { take } from "./store.js";
import { signal } from "./view.js";

const UNDO_MS = 8000;
const SAID_MS = 5000;

/** @typedef {{path: string, body?: Record<string, any>, revision?: number, method?: "POST" | "PATCH"}} Command */
/** @typedef {{id: number, text: string, tone: "said" | "warning", undo?: () => void}} Toast */

/** What was just done, newest last. */
export const toasts = signal(/** @type {Toast[]} */ ([]));
let toastId = 0;

/**
 * Say something for a moment.
 * @param {string} text
 * @param {{tone?: "said" | "warning", undo?: () => void, ms?: number}} [how]
 */
export function say(text, how = {}) {
  const toast = { id: ++toastId, text, tone: how.tone ?? /** @type {const} */ ("said"), undo: how.undo };
  toasts.value = [...toasts.peek().slice(-3), toast];
  setTimeout(() => unsay(toast.id), how.ms ?? SAID_MS);
  return toast.id;
}

/** @param {number} id */
export function unsay(id) {
  toasts.value = toasts.peek().filter((toast) => toast.id !== id);
}

/** Undo what was done last, while its time runs (the key `z`). */
export function undoLast() {
  toasts.peek().findLast((toast) => toast.undo)?.undo?.();
}

/**
 * Carry out a command and show what it changed at once. Returns its receipt, or null where it was refused and the reader told.
 * @param {Command} command
 * @param {{done?: string, undo?: (receipt: import("./api.js").Receipt) => Command | null, quiet?: boolean}} [how]
 *   done: what to say; undo: the command that takes it back
 */
export async function carryOut(command, how = {}) {
  try {
    const receipt = await send(command.path, command.body, command);
    take(/** @type {any} */ (receipt.rows), { mark: true });
    for (const warning of receipt.warnings) say(warningText(warning), { tone: "warning", ms: 12_000 });
    const back = how.undo?.(receipt);
    if (how.done && back) {
      const id = say(how.done, {
        ms: UNDO_MS,
        undo: () => {
          unsay(id);
          carryOut(back, { done: t("undone", { what: how.done ?? "" }) });
        },
      });
    } else if (how.done) say(how.done);
    return receipt;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (how.quiet) throw problem;
    await refused(problem, command, how);
    return null;
  }
}

/**
 * @param {Problem} problem
 * @param {Command} command
 * @param {Parameters<typeof carryOut>[1]} how
 */
async function refused(problem, command, how) {
  if (problem.status === 0) again();
  if (problem.slug !== "stale-revision") {
    openProblem(problem);
    return;
  }
  const current = problem.body.current ?? {};
  if (!isEdit(command, current)) {
    take({ [String(problem.body.kind ?? "")]: [/** @type {any} */ (current)] });
    openProblem(problem);
    return;
  }
  const mine = await openConflict(problem, command.body ?? {});
  take({ [String(problem.body.kind ?? "")]: [/** @type {any} */ (current)] });
  if (mine) await carryOut({ ...command, revision: current.revision }, how);
}

/**
 * Whether a command writes fields that can be laid beside what they have become. What takes a step instead (accept, commit,
 * recall, the withdrawal that undoes an offer) was meant for how things stood, and is never sent again unseen.
 * @param {Command} command @param {Record<string, any>} current
 */
function isEdit(command, current) {
  return Object.keys(command.body ?? {}).some((field) => field in current);
}

/** A warning in the reader's language as far as it is known, else in the server's words. @param {import("./api.js").Receipt["warnings"][number]} warning */
function warningText(warning) {
  const key = `warning.${warning.code}`;
  const told = t(key, warning.figures ?? {});
  return told === key ? warning.detail : told;
}

/** A problem in the reader's language as far as it is known, else in the server's words. @param {Problem} problem */
export function problemText(problem) {
  const key = `problem.${problem.slug}`;
  const told = t(key);
  return told === key ? problem.body.detail : told;
}
