/** What an agreement promises about a request, and whether it was kept: with the figure. */
import { language, stateName, t } from "./i18n.js";
import { Left, Member, Panel, State, useMark } from "./parts.js";
import { tables } from "./store.js";
import { html } from "./view.js";

const STEPS = ["acknowledge", "answer", "turn_out"];
const TONES = /** @type {Record<string, string>} */ ({ broken: "alert", running: "notice" });

/** The panel on the request's screen; nothing where nothing was promised, or not between us. @param {{id: string}} props */
export function CommitmentsOf({ id }) {
  const rows = tables.response_commitment.where("request_id", id);
  if (!rows.length) return null;
  const lenders = [...new Set(rows.map((row) => row.lender_id))];
  const counted = rows.filter((row) => ["kept", "broken"].includes(row.status));
  return html`<${Panel} live id="commitments" class="commitments" title=${t("commitments")} count=${counted.length ? t("commitments.kept", { kept: counted.filter((row) => row.status === "kept").length, n: counted.length }) : undefined}>
    <ul class="plain">${lenders.map((lender) => html`<li key=${lender} class="commitment-of"><${Member} id=${lender} />
      <ul class="plain">${rows.filter((row) => row.lender_id === lender).sort((a, b) => STEPS.indexOf(a.step) - STEPS.indexOf(b.step)).map((row) => html`<${Commitment} key=${row.id} row=${row} />`)}</ul></li>`)}</ul><//>`;
}

/** @param {{row: import("./store.js").Row}} props */
function Commitment({ row }) {
  const mark = useMark("response_commitment", row.id, row.revision);
  const took = row.done_at ? (Date.parse(row.done_at) - Date.parse(row.since)) / 60_000 : null;
  return html`<li class="commitment ${mark}"><span>${t(`commitment.${row.step}`)} <span class="dim">${t("commitment.within", { n: row.within_min })}${row.binding === "obligatory" ? ` · ${t("commitment.obligatory")}` : ""}</span></span>
    <span class="commitment-state">${took === null ? row.status === "running" && html`<${Left} at=${row.due_at} /> ` : html`<span class="figure">${t("commitment.took", { n: minutes(took) })}</span> `}<${State} text=${stateName("response_commitment", row.status)} tone=${TONES[row.status] ?? ""} /></span></li>`;
}

/** Minutes as people read them: with a tenth where there are less than ten. @param {number} n */
function minutes(n) {
  return new Intl.NumberFormat(language.value, { maximumFractionDigits: n < 10 ? 1 : 0 }).format(n);
}
