/**
 * Dialogs: confirming what binds, showing what was refused, and two versions side by side. The browser's own `<dialog>` keeps
 * the focus inside, gives it back, and closes on Escape.
 */
import { named, stateName, t, typeName, word } from "./i18n.js";
import { stamp } from "./time.js";
import { html, signal, useLayoutEffect, useRef, useState } from "./view.js";

/** @typedef {import("./api.js").Problem} Problem */

/** The dialog that is open: what draws it, given a way to close it. */
export const open = signal(/** @type {{view: (close: (answer?: any) => void) => any, done: (answer: any) => void, label: string, wide?: boolean} | null} */ (null));

/**
 * Open a dialog; the promise keeps what it was closed with.
 * @param {string} label its heading
 * @param {(close: (answer?: any) => void) => any} view
 * @param {{wide?: boolean}} [how]
 * @returns {Promise<any>}
 */
export function openDialog(label, view, how = {}) {
  open.peek()?.done(undefined);
  return new Promise((done) => {
    open.value = { label, view, done, ...how };
  });
}

/** Where the open dialog is drawn. */
export function DialogHost() {
  const shown = open.value;
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => {
    if (shown && box.current && !box.current.open) box.current.showModal();
  }, [shown]);
  if (!shown) return null;
  const close = (/** @type {any} */ answer = undefined) => {
    if (open.peek() === shown) open.value = null;
    shown.done(answer);
  };
  return html`<dialog ref=${box} class=${shown.wide ? "dialog wide" : "dialog"} aria-labelledby="dialog-title"
    onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); close(); }}>
    <header class="dialog-head">
      <h2 id="dialog-title">${shown.label}</h2>
      <button type="button" class="icon-button" aria-label=${t("close")} title=${t("close")} onClick=${() => close()}>✕</button>
    </header>
    ${shown.view(close)}
  </dialog>`;
}

/**
 * Confirm what binds. Resolves to what was filled in, or undefined.
 * @param {{title: string, text: any, action: string, why?: "asked" | "required", danger?: boolean}} what
 * @returns {Promise<{why?: string} | undefined>}
 */
export function confirmAct(what) {
  return openDialog(what.title, (close) => html`<${Confirm} what=${what} close=${close} />`);
}

/** @param {{what: Parameters<typeof confirmAct>[0], close: (answer?: any) => void}} props */
function Confirm({ what, close }) {
  const [why, setWhy] = useState("");
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    close(why.trim() ? { why: why.trim() } : {});
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <div class="dialog-text">${what.text}</div>
    ${what.why && html`<label class="field">
      <span>${t("why")}${what.why === "required" ? "" : ` (${t("optional")})`}</span>
      <input type="text" maxlength="300" required=${what.why === "required"} value=${why} autofocus
        onInput=${(/** @type {any} */ event) => setWhy(event.target.value)} />
    </label>`}
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${() => close()}>${t("back")}</button>
      <button type="submit" class=${what.danger ? "button danger" : "button primary"} autofocus=${!what.why}>${what.action}</button>
    </footer>
  </form>`;
}

/** Tell why something was refused, and what to do next. @param {Problem} problem */
export function openProblem(problem) {
  const key = `problem.${problem.slug}`;
  const ours = t(key);
  const texts = (problem.body.reasons ?? []).map((/** @type {any} */ reason) => (reason.texts ? named(reason.texts) : reason.text ?? reason.detail ?? reason.code));
  return openDialog(problem.status === 0 ? t("problem.no-connection.title") : t("refused"), (close) => html`
    <div class="dialog-body" role="alert">
      <p class="dialog-text">${ours === key ? problem.body.detail : ours}</p>
      ${texts.length > 0 && html`<ul class="reasons">${texts.map((/** @type {string} */ text) => html`<li>${text}</li>`)}</ul>`}
      ${(problem.body.errors ?? []).map((error) => html`<p class="dim"><code>${error.pointer}</code> ${error.detail}</p>`)}
      ${ours === key && problem.body.hint && html`<p class="dim">${problem.body.hint}</p>`}
      <footer class="dialog-foot"><button type="button" class="button primary" autofocus onClick=${() => close()}>${t("understood")}</button></footer>
    </div>`);
}

/**
 * Somebody was faster: show ours and theirs side by side. Resolves to true where ours is to be sent all the same.
 * @param {Problem} problem
 * @param {Record<string, any>} mine
 * @returns {Promise<boolean>}
 */
export async function openConflict(problem, mine) {
  const current = problem.body.current ?? {};
  const fields = Object.keys(mine).filter((field) => mine[field] != null && !["why", "occurred_at"].includes(field));
  const answer = await openDialog(t("conflict.title"), (close) => html`
    <div class="dialog-body">
      <p class="dialog-text">${t("conflict.text", { n: current.revision ?? "?" })}</p>
      <div class="scroll-x" tabindex="0" role="group" aria-label=${t("conflict.title")}>
      <table class="table conflict">
        <thead><tr><th scope="col"><span class="sr">${t("conflict.field")}</span></th><th scope="col">${t("conflict.mine")}</th><th scope="col">${t("conflict.theirs")}</th></tr></thead>
        <tbody>${fields.map((field) => html`<tr class=${same(mine[field], current[field]) ? "" : "differs"}>
          <th scope="row">${fieldName(field)}</th><td>${shown(field, mine[field])}</td><td>${shown(field, current[field])}</td></tr>`)}</tbody>
      </table></div>
      <footer class="dialog-foot">
        <button type="button" class="button" autofocus onClick=${() => close(false)}>${t("conflict.keep_theirs")}</button>
        <button type="button" class="button primary" onClick=${() => close(true)}>${t("conflict.send_mine")}</button>
      </footer>
    </div>`, { wide: true });
  return answer === true;
}

/** @param {any} a @param {any} b */
function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** @param {string} field */
function fieldName(field) {
  const told = t(`field.${field}`);
  return told === `field.${field}` ? field.replace(/_/g, " ") : told;
}

/** @param {string} field @param {any} value @returns {string} */
function shown(field, value) {
  if (value == null || value === "") return "–";
  if (field === "control") return word("crossing_controls", value);
  if (field === "hazard") return word("hazards", value);
  if (field === "severity") return word("severities", value);
  if (field === "status") return stateName("incident", value);
  if (field === "type_code") return typeName(value);
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value)) return stamp(value);
  if (Array.isArray(value)) return value.map((each) => (typeof each === "object" ? shown("", each) : String(each))).join("; ");
  if (typeof value === "object") return value.type && value.coordinates ? t("conflict.area") : Object.entries(value).map(([key, each]) => `${key}: ${each}`).join(", ");
  return String(value);
}
