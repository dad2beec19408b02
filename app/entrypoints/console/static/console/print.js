/** Forms on paper: which one, in which language. The server makes them; a browser shows them in a tab of their own and prints them. */
import { hrefOf } from "./api.js";
import { openDialog } from "./dialogs.js";
import { LANGUAGES, languageName, t } from "./i18n.js";
import { html } from "./view.js";

/** @typedef {{name: string, path: string}} Form one form: its name (a key of the texts), and its address without the language */

/** A button that asks in which language. @param {{of: string, forms: Form[]}} props */
export function Print({ of, forms }) {
  const ask = () => openDialog(t("print.title", { of }), (close) => html`<div class="dialog-body print">
    ${forms.map((form) => html`<section key=${form.path}><h3>${t(form.name)}</h3><p class="buttons">${LANGUAGES.map((code) => html`<a key=${code} class="button" lang=${code} hreflang=${code} target="_blank" rel="noopener"
      href=${hrefOf(`${form.path}${form.path.includes("?") ? "&" : "?"}lang=${code}`)}>${languageName(code)}</a>`)}</p></section>`)}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("close")}</button></footer></div>`);
  return html`<button type="button" class="button" onClick=${ask}>${t("print")}</button>`;
}

/** What is printed of a request. @param {string} id @returns {Form[]} */
export const requestForms = (id) => [
  { name: "print.trilingual", path: `/requests/${id}/form.pdf?form=trilingual` },
  { name: "print.ics", path: `/requests/${id}/form.pdf?form=ics-213rr` },
];

/** What is printed of an incident. @param {string} id @returns {Form[]} */
export const incidentForms = (id) => [{ name: "print.log", path: `/incidents/${id}/log.pdf` }];
