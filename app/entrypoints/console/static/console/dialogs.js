/**
 * Dialogs: confirming what binds, showing what was refused, and two versions side by side. The browser's own `<dialog>` keeps
 * the focus inside, gives it back, and closes on Escape.
 */
import { StopButton } from "./exercise_stop.js";
import { roleName, stateName, t, typeName, word } from "./i18n.js";
import { tables } from "./store.js";
import { frozen, IS_DRILL } from "./space.js";
import { stamp } from "./time.js";
import { fieldName, fieldTexts, hintText, problemText, reasonTexts } from "./told.js";
import { html, signal, useLayoutEffect, useRef, useState } from "./view.js";

/** @typedef {import("./api.js").Problem} Problem */

/** @typedef {{id: number, view: (close: (answer?: any) => void) => any, done: (answer: any) => void, label: string, wide?: boolean}} Dialog */

/** The dialogs that are open, the one on top last: a refusal is told over the form that it is about, which keeps what was written. */
export const open = signal(/** @type {readonly Dialog[]} */ ([]));
let serial = 0;

/**
 * Open a dialog; the promise keeps what it was closed with.
 * @param {string} label its heading
 * @param {(close: (answer?: any) => void) => any} view
 * @param {{wide?: boolean, over?: boolean}} [how] over: what is open stays as it is under it; else it is given up
 * @returns {Promise<any>}
 */
export function openDialog(label, view, { wide, over } = {}) {
  const under = open.peek();
  return new Promise((done) => {
    open.value = [...(over ? under : []), { id: ++serial, label, view, done, wide }];
    if (!over) for (const each of under) each.done(undefined);
  });
}

/** Where the open dialogs are drawn. */
export function DialogHost() {
  return open.value.map((each) => html`<${Shown} key=${each.id} shown=${each} />`);
}

/** One that is open. @param {{shown: Dialog}} props */
function Shown({ shown }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [froze] = useState(frozen.peek()); // what was opened afterwards knows it
  useLayoutEffect(() => {
    if (box.current && !box.current.open) box.current.showModal();
  }, []);
  const close = (/** @type {any} */ answer = undefined) => {
    open.value = open.peek().filter((each) => each !== shown);
    shown.done(answer);
  };
  const title = `dialog-${shown.id}`;
  return html`<dialog ref=${box} class=${shown.wide ? "dialog wide" : "dialog"} aria-labelledby=${title}
    onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); close(); }}>
    <header class="dialog-head">
      <h2 id=${title}>${shown.label}</h2>
      <button type="button" class="icon-button" aria-label=${t("close")} title=${t("close")} onClick=${() => close()}>✕</button>
    </header>
    ${frozen.value && !froze && html`<p class="frozen-note" role="alert">${t("problem.space-frozen")}</p>`}
    ${IS_DRILL ? html`<fieldset class="dialog-all" disabled=${frozen.value && !froze}>${shown.view(close)}</fieldset>` : shown.view(close)}
    ${IS_DRILL && !frozen.value && html`<p class="dialog-stop"><${StopButton} small /></p>`}
  </dialog>`; // the stop comes last: what is opened never has the keyboard on it
}

/**
 * Confirm what binds. Resolves to what was filled in, or undefined.
 *
 * `does` carries it out while the dialog is open: refused, it stays with the reason as it was typed.
 * @param {{title: string, text: any, action: string, back?: string, why?: "asked" | "required", danger?: boolean, does?: (answer: {why?: string}) => Promise<any>}} what
 * @returns {Promise<{why?: string} | undefined>}
 */
export function confirmAct(what) {
  return openDialog(what.title, (close) => html`<${Confirm} what=${what} close=${close} />`);
}

/**
 * Enter in a field of a form that binds leads to its button and presses nothing: what binds is never on a single key.
 * @param {KeyboardEvent} event
 */
export function leadToButton(event) {
  const field = event.target;
  if (event.key !== "Enter" || event.defaultPrevented || !(field instanceof HTMLInputElement)) return;
  event.preventDefault();
  /** @type {HTMLElement | null | undefined} */ (field.form?.querySelector("button.binds-us"))?.focus();
}

/** @param {{what: Parameters<typeof confirmAct>[0], close: (answer?: any) => void}} props */
function Confirm({ what, close }) {
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const answer = why.trim() ? { why: why.trim() } : {};
    if (what.does) {
      setBusy(true);
      const done = await what.does(answer);
      setBusy(false);
      if (!done) return;
    }
    close(answer);
  };
  return html`<form class="dialog-body" onSubmit=${submit} onKeyDown=${leadToButton}>
    <div class="dialog-text">${what.text}</div>
    ${what.why && html`<label class="field">
      <span>${t("why")}${what.why === "required" ? "" : ` (${t("optional")})`}</span>
      <input type="text" maxlength="300" required=${what.why === "required"} value=${why} autofocus
        onInput=${(/** @type {any} */ event) => setWhy(event.target.value)} />
    </label>`}
    <footer class="dialog-foot">
      <button type="button" class="button" autofocus=${!what.why} onClick=${() => close()}>${what.back ?? t("back")}</button>
      <button type="submit" class=${`button binds-us ${what.danger ? "danger" : "primary"}`} disabled=${busy || frozen.value}>${what.action}</button>
    </footer>
  </form>`;
}

/** Tell why something was refused, and what to do next. @param {Problem} problem */
export function openProblem(problem) {
  return openDialog(problem.status === 0 ? t("problem.no-connection.title") : t("refused"), (close) => html`
    <div class="dialog-body" role="alert"><${ProblemParts} problem=${problem} />
      <footer class="dialog-foot"><button type="button" class="button primary" autofocus onClick=${() => close()}>${t("understood")}</button></footer>
    </div>`, { over: true });
}

/** A refusal in words: what, why, which field, what next. @param {{problem: Problem}} props */
export function ProblemParts({ problem }) {
  const texts = reasonTexts(problem);
  const hint = hintText(problem, texts.length > 0);
  return html`<p class="dialog-text">${problemText(problem)}</p><${Reasons} texts=${texts} />
    ${fieldTexts(problem).map((text) => html`<p class="dim">${text}</p>`)}
    ${hint && html`<p class="dim">${hint}</p>`}`;
}

/** What stands against it, one below the other. @param {{texts: string[]}} props */
export function Reasons({ texts }) {
  return texts.length ? html`<ul class="reasons">${texts.map((text) => html`<li>${text}</li>`)}</ul>` : null;
}

/**
 * Somebody was faster: show ours and theirs side by side. Resolves to true where ours is to be sent all the same.
 * @param {Problem} problem
 * @param {Record<string, any>} mine
 * @returns {Promise<boolean>}
 */
export async function openConflict(problem, mine) {
  const current = problem.body.current ?? {};
  const fields = Object.keys(mine).filter((field) => mine[field] != null && !["why", "occurred_at", "password"].includes(field));
  const kind = String(problem.body.kind ?? "");
  /** What a command calls by another name than the row: the reason why a unit is out of service. */
  const theirs = (/** @type {string} */ field) => current[field === "reason" ? "out_of_service_reason" : field];
  const answer = await openDialog(t("conflict.title"), (close) => html`
    <div class="dialog-body">
      <p class="dialog-text">${t("conflict.text", { n: current.revision ?? "?" })}</p>
      <div class="scroll-x" tabindex="0" role="group" aria-label=${t("conflict.title")}>
      <table class="table conflict">
        <thead><tr><th scope="col"><span class="sr">${t("conflict.field")}</span></th><th scope="col">${t("conflict.mine")}</th><th scope="col">${t("conflict.theirs")}</th></tr></thead>
        <tbody>${fields.map((field) => html`<tr class=${same(mine[field], theirs(field)) ? "" : "differs"}>
          <th scope="row">${fieldName(field)}</th><td>${shown(field, mine[field], kind)}</td><td>${shown(field, theirs(field), kind)}</td></tr>`)}</tbody>
      </table></div>
      <footer class="dialog-foot">
        <button type="button" class="button" autofocus onClick=${() => close(false)}>${t("conflict.keep_theirs")}</button>
        <button type="button" class="button primary" onClick=${() => close(true)}>${t("conflict.send_mine")}</button>
      </footer>
    </div>`, { wide: true, over: true });
  return answer === true;
}

/** @param {any} a @param {any} b */
function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** @param {string} field @param {any} value @param {string} [kind] of row @returns {string} */
function shown(field, value, kind = "incident") {
  if (value == null || value === "") return "–";
  if (field === "control") return word("crossing_controls", value);
  if (field === "hazard") return word("hazards", value);
  if (field === "severity") return word("severities", value);
  if (field === "status") return stateName(kind, value);
  if (field === "roles") return value.map(roleName).join("; ");
  if (field === "reason") return word("out_of_service_reasons", value);
  if (field === "depot_id") return tables.depot.get(value)?.name ?? String(value);
  if (field === "readiness") return Object.entries(value).map(([key, each]) => `${word("readiness", key)}: ${each === true ? t("yes") : each === false ? t("no") : shown("", each)}`).join("; ");
  if (field === "type_code") return typeName(value);
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value)) return stamp(value);
  if (Array.isArray(value)) return value.map((each) => (typeof each === "object" ? shown("", each) : String(each))).join("; ");
  if (typeof value === "object") return value.type && value.coordinates ? t("conflict.area") : Object.entries(value).map(([key, each]) => `${key}: ${each}`).join(", ");
  return String(value);
}
