/**
 * The screen on which an agreement is written: a new one, a draft, or a new version of one in force. What is asked for is data, in
 * `agreement_form.js`; how what is written is kept and saved is in `agreement_writing.js`.
 */
import { myMember, Problem } from "./api.js";
import { bodyOf } from "./agreement_doc.js";
import { sections } from "./agreement_form.js";
import { changesFrom, learn, NEW, Reading } from "./agreement_task.js";
import { crossingName, day, partyNames, rulesOf } from "./agreement_words.js";
import { FRESH, useWriting } from "./agreement_writing.js";
import { Field, fieldId } from "./editor_fields.js";
import { link, onEntries } from "./feed.js";
import { codes, named, stateName, t } from "./i18n.js";
import { useNewest } from "./newest.js";
import { Nothing, Panel, State } from "./parts.js";
import { may } from "./rules.js";
import { titled } from "./space.js";
import { problemText } from "./told.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./view.js";

/** @typedef {import("./agreement_task.js").Task} Task */
/** @typedef {import("./agreement_doc.js").Doc} Doc */
/** @typedef {import("./agreement_wrong.js").Wrong} Wrong */

const OPEN_AT_FIRST = { new: ["about", "parties"], draft: [], version: [] };

/** The screen: reads what can be written, and hands it on. @param {{id: string}} props */
export function AgreementEditor({ id }) {
  const [read_, setRead] = useState(/** @type {{task: Task | null, name: string} | null} */ (null));
  const [failed, setFailed] = useState(/** @type {Problem | null} */ (null));
  const { live } = link.value;
  const newest = useNewest();
  const again = async () => {
    try {
      const found = await newest(() => (id === FRESH ? Promise.resolve({ task: NEW, name: "" }) : learn(id)));
      if (!found) return;
      setRead(found);
      setFailed(null);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      setFailed(problem);
    }
  };
  useEffect(() => {
    if (live) again();
    return onEntries((entries) => {
      if (id !== FRESH && entries.some((entry) => entry.subject === `agreement:${id}`)) again();
    });
  }, [id, live]);
  useEffect(() => {
    titled(t(id === FRESH ? "edit.new" : "edit.title"));
  });
  const back = id === FRESH ? "#/agreements" : `#/agreement/${id}`;
  const task = read_?.task;
  if (task && may("change_agreement_draft", { party: partiesOf(task) })) return html`<${Editor} key=${task.id || FRESH} task=${task} again=${again} back=${back} />`;
  if (!read_ && !failed) return html`<div class="request-screen"><${Nothing} text=${t("loading")} /></div>`;
  const text = failed ? problemText(failed) : task ? t("edit.not_yours") : t("edit.nothing", { name: read_?.name ?? "" });
  return html`<div class="request-screen"><section class="panel missing" role="alert"><h1>${t("edit.title")}</h1><p>${text}</p><div class="buttons"><a class="button primary" href=${failed ? "#/agreements" : back}>${t("back")}</a></div></section></div>`;
}

/** Who may write: a party of what is written on. @param {Task} task */
function partiesOf(task) {
  return task.row ? [...(task.from?.lenders ?? []), ...(task.from?.borrowers ?? []), ...task.row.parties.map((each) => each.member_id)] : [myMember()];
}

/** @param {{task: Task, again: () => Promise<void>, back: string}} props */
function Editor({ task, again, back }) {
  const [wrong, setWrong] = useState(/** @type {Wrong[]} */ ([]));
  const [open, setOpen] = useState(/** @type {string[]} */ (OPEN_AT_FIRST[task.kind]));
  const goal = useRef("");
  useLayoutEffect(() => {
    if (!goal.current) return;
    const field = document.getElementById(goal.current);
    goal.current = "";
    field?.scrollIntoView({ block: "center" });
    /** @type {HTMLElement | null | undefined} */ (field?.querySelector("input, select, textarea, button"))?.focus();
  });
  const tell = (/** @type {Wrong[]} */ found) => {
    setWrong(found);
    setOpen((was) => [...new Set([...was, ...found.map((each) => each.section)])]);
    goal.current = found.length ? "edit-wrong" : "";
  };
  const { now, dirty, busy, write, save, putForward, drop, beginAnew } = useWriting({ task, again, back, tell });
  const overtaken = dirty && task.row !== null && task.row.revision > now.revision;
  const set = (/** @type {string} */ pointer, /** @type {any} */ value) => {
    write(pointer, value);
    setWrong((was) => was.filter((each) => each.at !== pointer && !each.at.startsWith(`${pointer}/`)));
  };
  const ed = { doc: now.doc, set, wrong };
  const { kind, row } = now.task;
  const all = sections(now.doc);
  return html`<form class="request-screen agreement-screen agreement-editor" noValidate onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); save(); }}>
    <header class="request-head"><p class="back"><a href=${back}>‹ ${row ? named(row.names) : t("agreements")}</a></p>
      <div class="request-title agreement-title"><div><h1>${kind === "new" ? t("edit.new") : t(kind === "draft" ? "edit.draft_of" : "edit.version_of", { name: named(row?.names) })}</h1>
        <p class="dim">${t(`edit.${kind}.text`, { n: now.task.base?.version ?? 1 })}</p></div><${State} text=${kind === "draft" ? stateName("agreement_version", "draft") : t("edit.not_saved")} tone="notice" /></div>
      <div class="buttons"><button type="button" class="button small" disabled=${!dirty && kind !== "draft"} onClick=${drop}>${t(kind === "draft" ? "edit.discard" : "edit.drop")}</button></div>
      ${now.found && dirty && html`<p class="request-note">${t("edit.found")} <button type="button" class="button small" onClick=${beginAnew}>${t("edit.found.drop")}</button></p>`}
      ${overtaken && html`<p class="request-note soon" role="status">${t("edit.overtaken")}</p>`}</header>
    ${wrong.length > 0 && html`<section class="panel alert edit-wrong" role="alert" id="edit-wrong" tabindex="-1"><header class="panel-head"><h2>${t("edit.wrong", { n: wrong.length })}</h2></header><ul class="plain">${wrong.map((each) => html`<li><button type="button" class="link" onClick=${() => { setOpen((was) => [...was, each.section]); goal.current = each.at ? fieldId(each.at) : ""; }}>${each.label ? html`<b>${each.label}</b>: ` : ""}${each.text}</button></li>`)}</ul></section>`}
    <div class="request-grid"><div class="request-main">${all.map((section) => html`<${Section} key=${section.id} ed=${ed} section=${section} open=${open.includes(section.id)} toggle=${(/** @type {boolean} */ on) => setOpen((was) => (on ? [...new Set([...was, section.id])] : was.filter((each) => each !== section.id)))} />`)}
      <div class="buttons"><button type="button" class="button small" onClick=${() => setOpen(open.length ? [] : all.map((each) => each.id))}>${t(open.length ? "edit.fold" : "edit.unfold")}</button></div></div>
      <div class="request-side"><${Panel} id="reading" title=${now.task.base ? t("edit.changes", { n: now.task.base.version }) : t("edit.reads")} count=${now.task.base ? changesFrom(now.task, now.doc).length : undefined}><div class="panel-text"><${Reading} task=${now.task} doc=${now.doc} /></div><//></div></div>
    <div class="editor-bar"><span class=${dirty ? "soon" : "dim"} role="status">${t(dirty ? "edit.unsaved" : kind === "draft" ? "edit.saved" : "edit.not_saved")}</span>
      <span class="buttons"><button class="button" disabled=${busy || (!dirty && kind === "draft")}>${t("edit.save")}</button>
      <button type="button" class="button primary" disabled=${busy} onClick=${putForward}>${t("propose_agreement")} …</button></span></div></form>`;
}

/** A part of it that folds; folded, it says in short what it holds. @param {{ed: import("./editor_fields.js").Editor, section: import("./agreement_form.js").Section, open: boolean, toggle: (on: boolean) => void}} props */
function Section({ ed, section, open, toggle }) {
  const { id, fields } = section;
  const wrong = ed.wrong.filter((each) => each.section === id).length;
  return html`<details class="panel edit-section" id=${`section-${id}`} open=${open} onToggle=${(/** @type {any} */ event) => event.currentTarget.open !== open && toggle(event.currentTarget.open)}>
    <summary class="panel-head"><h2>${t(`edit.section.${id}`)}</h2>${wrong > 0 && html`<span class="late">! ${wrong}</span>`}<span class="section-says dim">${open ? "" : says(section, ed.doc)}</span></summary>
    ${open && html`<div class="panel-text edit-fields">${fields.map((spec) => html`<${Field} key=${spec.at} ed=${ed} spec=${spec} />`)}</div>`}</details>`;
}

const MOST_SAID = 3;

/** What a section holds, in short. @param {import("./agreement_form.js").Section} section @param {Doc} doc */
function says({ id, rules = [] }, doc) {
  if (id === "parties") return partyNames(doc.lenders, doc.borrowers);
  if (id === "validity") return `${day(doc.effective_at)} – ${doc.expires_at ? day(doc.expires_at) : t("agreement.open_end")}`;
  if (id === "where") return [t(doc.terms.area ? "rule.within_area" : "edit.anywhere"), doc.terms.crossings === "*" ? t("edit.every_crossing") : doc.terms.crossings.map(crossingName).join(", ")].join(" · ");
  if (id === "clauses") {
    const clauses = Object.values(doc.terms.clauses).filter((each) => each && each.status !== "open");
    return `${clauses.length}/${codes("agreement_clauses").length}`;
  }
  const said = rulesOf(/** @type {any} */ (bodyOf(doc))).filter((each) => rules.includes(each.key)).flatMap((each) => each.said);
  return said.length > MOST_SAID ? t("agreement.and_more", { first: said.slice(0, MOST_SAID).join(" · "), n: said.length - MOST_SAID }) : said.join(" · ") || "–";
}
