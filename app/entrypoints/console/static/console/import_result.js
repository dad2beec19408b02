/** What an import did or would do, and every row that does not fit, with what to do about it. */
import { ProblemParts } from "./dialogs.js";
import { t } from "./i18n.js";
import { Panel } from "./parts.js";
import { fieldName } from "./told.js";
import { html, useState } from "./view.js";

/** @typedef {{row: number, name: string, does: "add" | "change", fields: string[]}} Change */
/** @typedef {{dry_run: boolean, kind: string, seq: number | null, added: number, changed: number, unchanged: number, changes: Change[]}} Answer */
/** @typedef {{line?: number, feature?: number, column: string | null, type: string, detail: string}} BadRow */

const PAGE = 25;

/** New, changed, unchanged. @param {{answer: Answer}} props */
export function Counts({ answer }) {
  return html`<dl class="import-counts">${/** @type {const} */ (["added", "changed", "unchanged"]).map((each) => html`<div key=${each}><dt>${t(`import.${each}`)}</dt><dd>${answer[each]}</dd></div>`)}</dl>`;
}

/** Which rows are new, and what differs in the others. @param {{answer: Answer}} props */
export function Changes({ answer }) {
  const [page, setPage] = useState(0);
  if (!answer.changes.length) return null;
  const shown = answer.changes.slice(page * PAGE, (page + 1) * PAGE);
  return html`<div class="scroll-x" tabindex="0" role="group" aria-label=${t("import.rows")}><table class="table import-rows"><thead><tr><th scope="col" class="figure">${t("import.row")}</th><th scope="col">${t("field.name")}</th><th scope="col">${t("import.does")}</th></tr></thead>
    <tbody>${shown.map((change) => html`<tr key=${change.row}><td class="figure">${change.row}</td><th scope="row">${change.name}</th><td>${change.does === "add" ? t("import.added.one") : change.fields.map(columnName).join(" · ")}</td></tr>`)}</tbody></table></div>
    <${Pages} page=${page} of=${Math.ceil(answer.changes.length / PAGE)} onPage=${setPage} />
    ${answer.changes.length < answer.added + answer.changed && html`<p class="panel-note">${t("import.first", { n: answer.changes.length })}</p>`}`;
}

/** Why nothing was changed; where rows are bad, all of them. @param {{problem: import("./api.js").Problem}} props */
export function Refused({ problem }) {
  const [page, setPage] = useState(0);
  /** @type {BadRow[]} */
  const rows = problem.body.rows ?? [];
  if (!rows.length) return html`<${Panel} id="import-refused" class="refused" title=${t("refused")}><div class="panel-text" role="alert"><${ProblemParts} problem=${problem} /></div><//>`;
  const shown = rows.slice(page * PAGE, (page + 1) * PAGE);
  const bad = new Set(rows.map((row) => row.line ?? row.feature)).size;
  return html`<${Panel} id="import-refused" class="refused" title=${t("import.bad")} count=${bad}><div class="panel-text" role="alert"><p>${t("import.bad.text", { n: bad })}</p></div>
    <div class="scroll-x" tabindex="0" role="group" aria-label=${t("import.bad")}><table class="table import-rows bad"><thead><tr><th scope="col" class="figure">${t(rows[0].line === undefined ? "import.feature" : "import.line")}</th><th scope="col">${t("import.column")}</th><th scope="col">${t("import.reason")}</th><th scope="col">${t("import.what_to_do")}</th></tr></thead>
      <tbody>${shown.map((row, at) => html`<tr key=${`${page}-${at}`}><td class="figure">${row.line ?? row.feature}</td><th scope="row">${row.column ? html`<code>${row.column}</code>` : html`<span class="dim">${t("import.whole_row")}</span>`}</th>
        <td>${row.detail}</td><td>${whatToDo(row)}</td></tr>`)}</tbody></table></div>
    <${Pages} page=${page} of=${Math.ceil(rows.length / PAGE)} onPage=${setPage} /><//>`;
}

/** @param {BadRow} row */
function slugOf(row) {
  return row.type.split("/").pop() ?? "";
}

/** @param {BadRow} row */
function whatToDo(row) {
  const told = t(`import.do.${slugOf(row)}`);
  return told.startsWith("import.do.") ? t("import.do.other") : told;
}

/** A column by the name that people read. @param {string} column */
function columnName(column) {
  return column === "external_ids" ? t("codes") : column === "type" ? t("resource_type") : column === "depot" ? t("depot") : fieldName(column);
}

/** @param {{page: number, of: number, onPage: (page: number) => void}} props */
function Pages({ page, of, onPage }) {
  if (of < 2) return null;
  return html`<nav class="pages" aria-label=${t("pages")}><button type="button" class="button small" disabled=${page === 0} onClick=${() => onPage(page - 1)}>‹ ${t("pages.before")}</button> <span>${t("pages.at", { n: page + 1, of })}</span> <button type="button" class="button small" disabled=${page + 1 >= of} onClick=${() => onPage(page + 1)}>${t("pages.next")} ›</button></nav>`;
}
