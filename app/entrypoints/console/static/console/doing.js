/**
 * Carrying out what somebody asked for: the command, what it answers, and for eight seconds the way back.
 *
 * What can be undone is undone by a command of its own; the journal keeps both. What binds is never undone: it is confirmed
 * before (`dialogs.js`), and has no single key.
 */
import { Problem, send } from "./api.js";
import { byNamedAct, goBeyond } from "./beyond.js";
import { again } from "./feed.js";
import { confirmAct, openConflict, openProblem } from "./dialogs.js";
import { t } from "./i18n.js";
import { take } from "./store.js";
import { codeText } from "./told.js";
import { signal } from "./view.js";

const UNDO_MS = 8000;
const SAID_MS = 5000;
/** What is longer than this (characters) takes longer to read. */
const SHORT_TEXT = 70;
const MOST_SAID = 3;

/** @typedef {{path: string, body?: Record<string, any>, revision?: number, method?: "POST" | "PATCH" | "PUT"}} Command */
/** @typedef {{id: number, text: string, tone: "said" | "warning", undo?: () => void}} Toast */

/** Commands on their way: whoever clicks twice means it once. */
const atWork = new Set();

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
  toasts.value = [...crowded(toasts.peek()), toast];
  setTimeout(() => unsay(toast.id), how.ms ?? (text.length > SHORT_TEXT ? UNDO_MS : SAID_MS));
  return toast.id;
}

/** Of what was only said the last few stay; what can be undone stays for its eight seconds, however much is done. @param {Toast[]} said @returns {Toast[]} */
function crowded(said) {
  const plain = said.filter((toast) => !toast.undo);
  return said.filter((toast) => toast.undo || plain.indexOf(toast) >= plain.length - MOST_SAID);
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
 * @param {{done?: string, undo?: (receipt: import("./api.js").Receipt) => Command | null, quiet?: boolean, told?: (problem: Problem) => void, theirs?: () => void, beyond?: import("./beyond.js").Beyond}} [how]
 *   done: what to say; undo: the command that takes it back; quiet: a refusal is thrown, for whoever tells it; told: hears of a refusal
 *   that was told; theirs: somebody was faster, and what they wrote is kept; beyond: a lender's representative may go beyond the agreement
 */
export async function carryOut(command, how = {}) {
  const same = `${command.method ?? "POST"} ${command.path} ${command.revision ?? ""} ${JSON.stringify(command.body ?? {})}`;
  if (atWork.has(same)) return null;
  atWork.add(same);
  try {
    const receipt = await send(command.path, command.body, command);
    take(/** @type {any} */ (receipt.rows), { mark: true });
    for (const text of new Set(receipt.warnings.map(codeText))) say(text, { tone: "warning", ms: 12_000 });
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
    atWork.delete(same);
    how.told?.(problem);
    return await refused(problem, command, how);
  } finally {
    atWork.delete(same);
  }
}

/**
 * Have what binds confirmed, and carry it out while it is asked: refused, the dialog stays with what was typed.
 *
 * How things stood when it was opened counts. Who was refused because they stand otherwise has been told so, and means, confirming
 * again, how they stand now: `latest` is the row as it is then; without it, what the refusal said.
 * @param {Parameters<typeof confirmAct>[0]} what
 * @param {(answer: {why?: string}) => Command} command
 * @param {Parameters<typeof carryOut>[1] & {latest?: () => {revision: number} | undefined}} [how]
 * @returns {Promise<import("./api.js").Receipt | null>} null where it was given up
 */
export async function carryOutConfirmed(what, command, { latest, ...how } = {}) {
  /** @type {import("./api.js").Receipt | null} */
  let receipt = null;
  let refusals = 0;
  /** @type {{revision: number} | undefined} */
  let stands;
  const told = (/** @type {Problem} */ problem) => {
    refusals += 1;
    if (problem.slug === "stale-revision") stands = /** @type {any} */ (problem.body.current);
  };
  await confirmAct({
    ...what,
    does: async (answer) => {
      const sent = command(answer);
      const revision = refusals && latest ? latest()?.revision : stands?.revision ?? sent.revision;
      receipt = await carryOut({ ...sent, revision }, { ...how, told });
      return receipt;
    },
  });
  return receipt;
}

/**
 * Tell a refusal. Resolves to the receipt, where it is then done all the same.
 * @param {Problem} problem
 * @param {Command} command
 * @param {NonNullable<Parameters<typeof carryOut>[1]>} how
 * @returns {Promise<import("./api.js").Receipt | null>}
 */
async function refused(problem, command, how) {
  if (problem.status === 0) again();
  if (how.beyond && problem.slug === "agreement-refused") {
    const said = await goBeyond(problem, how.beyond);
    return said ? carryOut(byNamedAct(command, said.act, said.why), how) : null;
  }
  if (problem.slug !== "stale-revision") {
    openProblem(problem);
    return null;
  }
  const current = problem.body.current ?? {};
  const mine = await meetConflict(problem, command);
  take({ [String(problem.body.kind ?? "")]: [/** @type {any} */ (current)] });
  if (mine === undefined) openProblem(problem);
  else if (mine) return carryOut({ ...command, revision: current.revision }, how);
  else how.theirs?.();
  return null;
}

/**
 * Where somebody was faster with what is written: both side by side, over what is open. Resolves to true where ours is to be sent,
 * false where theirs is kept, and undefined where there is nothing to lay side by side.
 * @param {Problem} problem @param {Command} command @returns {Promise<boolean | undefined>}
 */
export async function meetConflict(problem, command) {
  if (problem.slug !== "stale-revision" || !isEdit(command, problem.body.current ?? {})) return undefined;
  return openConflict(problem, command.body ?? {});
}

/**
 * Whether a command writes fields that can be laid beside what they have become. What takes a step instead (accept, commit,
 * recall, the withdrawal that undoes an offer) was meant for how things stood, and is never sent again unseen.
 * @param {Command} command @param {Record<string, any>} current
 */
function isEdit(command, current) {
  return Object.keys(command.body ?? {}).some((field) => field in current);
}

