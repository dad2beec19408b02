/** The terms of an agreement as rules, with the areas that they speak of. */
import { AreaShown } from "./agreement_outline.js";
import { rulesOf } from "./agreement_words.js";
import { html } from "./view.js";

/** @param {{row: Parameters<typeof rulesOf>[0]}} props */
export function RuleList({ row }) {
  const shown = (/** @type {string} */ text, /** @type {any} */ area) => (area ? html`${text} <${AreaShown} area=${area} />` : text);
  return html`<dl class="facts rules">${rulesOf(row).map(({ name, said, areas }) => html`<div key=${name}><dt>${name}</dt><dd>${said.length === 1 ? shown(said[0], areas[0]) : html`<ul class="said">${said.map((each, n) => html`<li>${shown(each, areas[n])}</li>`)}</ul>`}</dd></div>`)}</dl>`;
}
