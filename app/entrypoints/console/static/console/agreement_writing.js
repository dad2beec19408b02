/**
 * What is written of an agreement, from the first letter to the proposal. It is kept in this tab until it is saved; neither what others
 * save in the meantime nor a saving of one's own that is still on its way takes it away.
 */
import { Problem } from "./api.js";
import { blank, put } from "./agreement_doc.js";
import { beginning, conflict, discard, learn, propose, saving, wholeOf } from "./agreement_task.js";
import { wrongBy, wrongIn } from "./agreement_wrong.js";
import { confirmAct, openProblem } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { t } from "./i18n.js";
import { keep, kept } from "./kept.js";
import { goTo, holdHere } from "./router.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./view.js";

/** @typedef {import("./agreement_task.js").Task} Task */
/** @typedef {import("./agreement_doc.js").Doc} Doc */
/** @typedef {import("./agreement_wrong.js").Wrong} Wrong */
/** @typedef {{task: Task, doc: Doc, saved: string, revision: number, found: boolean}} Written saved: all that was, when it was read or saved; found: whether it was kept in this tab */

export const FRESH = "new";

/** Begin with what was kept in this tab, else with what the server has. @param {Task} task @returns {Written} */
function begun(task) {
  const doc = beginning(task, blank);
  const found = kept(keptAs(task));
  const saved = wholeOf(doc);
  if (found && wholeOf(found.doc) !== saved) return { task, doc: { ...found.doc, fresh: doc.fresh, renamed: doc.renamed }, saved, revision: found.revision, found: true };
  return { task, doc, saved, revision: task.row?.revision ?? 0, found: false };
}

/** @param {{id: string}} task */
const keptAs = (task) => `agreement.${task.id || FRESH}`;

/** What is written goes on while what was sent is saved. @param {Written} was @param {Doc} sent @param {Task} next @param {import("./api.js").Receipt} receipt @returns {Written} */
function goingOn(was, sent, next, receipt) {
  const doc = { ...was.doc, fresh: false, renamed: next.named };
  const saved = wholeOf(next.row ? beginning(next, blank) : { ...sent, fresh: false, renamed: next.named });
  return { ...was, task: next, doc, saved, revision: next.row?.revision ?? receipt.revision };
}

/**
 * @param {{task: Task, again: () => Promise<void>, back: string, tell: (wrong: Wrong[]) => void}} props
 *   task: as it was read last; again: reads it; back: where one goes who drops it; tell: shows what is wrong
 */
export function useWriting({ task, again, back, tell }) {
  const [now, setNow] = useState(() => begun(task));
  const [busy, setBusy] = useState(false);
  const dirty = wholeOf(now.doc) !== now.saved;
  const left = useRef(false);
  left.current = dirty;
  const moving = useRef(false);
  /** As it is written at this moment, for whoever waits for an answer. */
  const written = useRef(now);
  written.current = now;
  useEffect(() => {
    if (!dirty) setNow(begun(task)); // nobody writes: what others saved is shown
  }, [task]);
  useLayoutEffect(() => { // at once: what is drawn next may be another page
    keep(keptAs(now.task), dirty ? { doc: now.doc, revision: now.revision } : null);
  }, [now]);
  useEffect(() => {
    const warn = (/** @type {BeforeUnloadEvent} */ event) => left.current && event.preventDefault();
    const free = holdHere(async () => moving.current || !left.current || Boolean(await confirmAct({ title: t("edit.leave"), text: html`<p>${t("edit.leave.text")}</p>`, action: t("edit.leave"), back: t("edit.stay") })));
    addEventListener("beforeunload", warn);
    return () => {
      removeEventListener("beforeunload", warn);
      free();
    };
  }, []);
  /** Send it; resolves to the agreement's id, or an empty text where it was refused, or more was written meanwhile. @param {number} [revision] @returns {Promise<string>} */
  const save = async (revision = written.current.revision) => {
    const { task: on, doc: sent } = written.current;
    const found = wrongIn(sent);
    tell(found);
    if (found.length) return "";
    setBusy(true);
    try {
      const receipt = await carryOut(saving(on, sent, revision), { done: t("done.draft_saved"), quiet: true });
      if (!receipt) return "";
      const id = on.id || receipt.id;
      if (written.current.doc === sent) keep(keptAs(on), null);
      setNow((was) => ({ ...was, saved: wholeOf(sent), revision: on.kind === "draft" ? receipt.revision : was.revision }));
      const next = (await learn(id).catch(() => null))?.task ?? { ...on, kind: /** @type {const} */ ("draft"), id };
      if (on.kind === "new") keep(keptAs(on), null);
      setNow((was) => (was.doc === sent && next.row ? begun(next) : goingOn(was, sent, next, receipt)));
      if (on.kind === "new") {
        moving.current = true; // what was written meanwhile is found again on the page of the draft
        goTo(`#/agreement-edit/${id}`);
      } else await again();
      await new Promise((drawn) => setTimeout(drawn));
      return wholeOf(written.current.doc) === written.current.saved ? id : "";
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      return await refused(problem);
    } finally {
      setBusy(false);
    }
  };
  /** @param {Problem} problem @returns {Promise<string>} */
  const refused = async (problem) => {
    const { task: on, doc } = written.current;
    if (problem.slug === "stale-revision") {
      const { task: fresh } = await learn(on.id);
      if (!fresh) await openProblem(problem);
      else {
        const mine = await conflict(fresh, doc);
        if (mine) return save(fresh.row?.revision);
        if (mine === false) {
          keep(keptAs(on), null);
          setNow(begun(fresh));
        }
      }
    } else if (problem.body.errors?.length) tell(wrongBy(doc, problem));
    else await openProblem(problem);
    await again();
    return "";
  };
  const putForward = async () => {
    const id = dirty || now.task.kind !== "draft" ? await save() : now.task.id;
    if (!id) return;
    const { task: fresh } = await learn(id);
    if (fresh && (await propose(fresh))) goTo(`#/agreement/${id}`);
  };
  const drop = async () => {
    if (now.task.kind === "draft") {
      if (!(await discard(now.task, Math.max(now.revision, now.task.row?.revision ?? 0)))) return;
    } else if (dirty && !(await confirmAct({ title: t("edit.drop"), text: html`<p>${t("edit.drop.text")}</p>`, action: t("edit.drop"), danger: true }))) return;
    keep(keptAs(now.task), null);
    setNow((was) => ({ ...was, saved: wholeOf(was.doc) }));
    goTo(now.task.kind === "draft" && now.task.row?.status === "draft" ? "#/agreements" : back);
  };
  const beginAnew = () => {
    keep(keptAs(now.task), null);
    setNow(begun(task));
  };
  /** @param {string} pointer @param {any} value */
  const write = (pointer, value) => setNow((was) => ({ ...was, doc: put(was.doc, pointer, value) }));
  return { now, dirty, busy, write, save, putForward, drop, beginAnew };
}
