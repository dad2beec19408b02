/** What can be written of an agreement now: a new one, a draft, or a new version; how it is sent, proposed and dropped. */
import { Problem, read, readAll } from "./api.js";
import { blank, bodyOf, docOf, midnight, namedBody } from "./agreement_doc.js";
import { changesOf, Changes } from "./agreement_difference.js";
import { RuleList } from "./agreement_rules.js";
import { openConflictOf } from "./agreement_conflict.js";
import { openDialog, ProblemParts } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { openForm } from "./form.js";
import { codes, named, t, word } from "./i18n.js";
import { html, useState } from "./view.js";

/** @typedef {import("./agreement_doc.js").Doc} Doc */
/** @typedef {import("./agreement_words.js").Agreement} Agreement */
/** @typedef {import("./agreement_versions.js").Version} Version */
/**
 * @typedef {object} Task
 * @property {"new" | "draft" | "version"} kind
 * @property {string} id of the agreement; empty of a new one
 * @property {Agreement | null} row
 * @property {Version | null} from whose words one begins with
 * @property {Version | null} base the version that counts, if one does
 * @property {boolean} named whether its name can be changed
 */

/** @type {Task} */
export const NEW = { kind: "new", id: "", row: null, from: null, base: null, named: true };
const COUNTING = ["draft", "in_force", "suspended"];

/** What can be written; null where nothing can: it is proposed, or over. @param {Agreement} row @param {Version[]} versions newest first @returns {Task | null} */
export function taskOf(row, versions) {
  const base = versions.find((each) => each.status === "in_force") ?? null;
  const draft = versions.find((each) => each.status === "draft");
  const shared = { id: row.id, row, base };
  if (draft && COUNTING.includes(row.status)) return { ...shared, kind: "draft", from: draft, named: row.status === "draft" };
  const waits = versions.some((each) => ["proposed", "agreed"].includes(each.status));
  if (waits || !COUNTING.includes(row.status)) return null;
  return { ...shared, kind: "version", from: base ?? versions[0] ?? null, named: false };
}

/** The words that one begins with. @param {Task} task @param {() => Doc} blank @returns {Doc} */
export function beginning(task, blank) {
  const doc = task.row && task.from ? docOf(task.from, task.row) : blank();
  if (task.kind === "version") {
    doc.effective_at = midnight(0); // it counts as soon as every party has consented, if nobody wants a later day
    if (doc.review_at && doc.review_at <= doc.effective_at) doc.review_at = null;
  }
  return { ...doc, fresh: task.kind === "new", renamed: task.named };
}

/** The command that saves it. @param {Task} task @param {Doc} doc @param {number} revision @returns {import("./doing.js").Command} */
export function saving(task, doc, revision) {
  if (task.kind === "new") return { path: "/agreements", body: namedBody(doc, true) };
  if (task.kind === "version") return { path: `/agreements/${task.id}/versions`, body: bodyOf(doc) };
  return { path: `/agreements/${task.id}/draft`, method: "PUT", revision, body: task.named ? namedBody(doc, false) : bodyOf(doc) };
}

/** All that is written, to compare. @param {Doc} doc */
export const wholeOf = (doc) => JSON.stringify(namedBody(doc, doc.fresh === true));

/** What would be different from the version that counts. @param {Task} task @param {Doc} doc */
export function changesFrom(task, doc) {
  return task.base && task.row ? changesOf(bodyOf(docOf(task.base, task.row)), bodyOf(doc)) : [];
}

/** Show what is proposed before it is: what becomes different, or all that it allows; then propose it. Resolves to a receipt. @param {Task} task */
export function propose(task) {
  return openDialog(t("propose_agreement"), (close) => html`<${Proposal} first=${task} close=${close} />`, { wide: true });
}

/** What is proposed is what is shown: where somebody wrote it anew meanwhile, that is shown before anything is proposed. @param {{first: Task, close: (answer?: any) => void}} props */
function Proposal({ first, close }) {
  const [task, setTask] = useState(first);
  const [why, setWhy] = useState("");
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [busy, setBusy] = useState(false);
  const doc = beginning(task, blank);
  const name = named(doc.names);
  const { clauses } = doc.terms;
  const open = codes("agreement_clauses").filter((name) => !clauses[name] || clauses[name].status === "open");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const receipt = await carryOut({ path: `/agreements/${task.id}/propose`, body: why.trim() ? { why: why.trim() } : {}, revision: task.row?.revision }, { done: t("done.propose_agreement", { name }), quiet: true });
      if (receipt) close(receipt);
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      const now = refusal.slug === "stale-revision" ? await learn(task.id).catch(() => null) : null;
      if (now?.task?.kind === "draft") setTask(now.task);
      setProblem(refusal);
    } finally {
      setBusy(false);
    }
  };
  return html`<form class="dialog-body" onSubmit=${submit}><p class="dialog-text">${t("propose_agreement.text", { name, n: task.from?.version ?? 1 })}</p>
    <${Reading} task=${task} doc=${doc} />
    ${open.length > 0 && html`<p class="soon">${t("edit.clauses_left", { clauses: open.map((name) => word("agreement_clauses", name)).join(", ") })}</p>`}
    <label class="field"><span>${t("why")} (${t("optional")})</span><input type="text" maxlength="300" value=${why} onInput=${(/** @type {any} */ event) => setWhy(event.target.value)} /></label>
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" autofocus onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy}>${t("propose_agreement")}</button></footer></form>`;
}

/** What can be written of an agreement as it stands now. @param {string} id @returns {Promise<{task: Task | null, name: string}>} */
export async function learn(id) {
  const [row, versions] = await Promise.all([read(`/agreements/${id}`), readAll(`/agreements/${id}/versions`)]);
  return { task: taskOf(row, versions), name: named(row.names) };
}

/** What it says: only what is different from what counts, or, where nothing counts yet, all of it. @param {{task: Task, doc: Doc}} props */
export function Reading({ task, doc }) {
  const { base } = task;
  if (!base) {
    const body = bodyOf(doc);
    return html`<${RuleList} row=${{ ...body, terms: body.terms, precedence: body.precedence }} />`;
  }
  const changes = changesFrom(task, doc);
  if (changes.length === 0) return html`<p class="nothing">${t("difference.none")}</p>`;
  return html`<${Changes} changes=${changes} from=${t("agreement.version", { n: base.version })} to=${t("edit.as_written")} />`;
}

/** Drop the draft: the first one ends unseen, that of a new version is withdrawn. Resolves to a receipt. @param {Task} task @param {number} [revision] of what is seen here: after saving it is newer than the row that was read before */
export function discard(task, revision = task.row?.revision) {
  const name = named(task.row?.names);
  const first = task.row?.status === "draft";
  return openForm({
    title: t("edit.discard"), text: html`<p>${t(first ? "edit.discard.first" : "edit.discard.text", { name })}</p>`, action: t("edit.discard"), danger: true,
    fields: [{ name: "reason", label: t("why"), required: !first, most: 300 }],
    command: ({ reason }) => ({ path: `/agreements/${task.id}/${first ? "terminate" : "withdraw"}`, body: first ? (reason ? { why: reason } : {}) : { reason }, revision }),
    how: () => ({ done: t("done.discard", { name }) }),
  });
}

/** Somebody saved before: lay both side by side. True where ours is to be sent. @param {Task} task as it is now @param {Doc} doc ours */
export function conflict(task, doc) {
  const theirs = task.row && task.from ? namedBody(docOf(task.from, task.row), false) : {};
  return openConflictOf(changesOf(theirs, namedBody(doc, false)), task.row?.revision ?? 0);
}
