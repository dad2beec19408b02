/** The hot wash in the report: what it came to, and what each city said straight after the end. It is written in a tab of its own. */
import { memberOf, partyNames } from "./drill_control_said.js";
import { t } from "./i18n.js";
import { Member, Nothing, Panel } from "./parts.js";
import { place, showing } from "./router.js";
import { stamp } from "./time.js";
import { html } from "./view.js";

const PARTS = ["went_well", "to_improve", "to_change"];

/** @param {{report: any}} props */
export function HotWashes({ report }) {
  const { hot_wash: said, silent, summary } = report;
  const open = () => showing({ ...place.peek().query, tab: "hot-wash" });
  return html`<${Panel} id="report-wash" title=${t("drill_report.wash")} count=${said.length} tools=${html`<button type="button" class="button small" onClick=${open}>${t("drill_report.wash_open")}</button>`}>
    ${summary && html`<div class="panel-text"><h3>${t("drill_report.wash_summary")}</h3><p class="note-text">${summary}</p></div>`}
    ${silent.length > 0 && html`<p class="panel-note">${t("drill_report.wash_silent", { who: partyNames(silent) })}</p>`}
    ${said.length === 0 ? html`<${Nothing} text=${t("drill_report.wash_none")} />` : html`<ul class="plain">${said.map((/** @type {any} */ each) => html`<li key=${each.wash.member}><p><${Member} id=${memberOf(each.wash.member)?.id} /> <span class="dim">${stamp(each.wash.at)}</span>${each.in_time ? "" : html` <span class="tag">${t("drill_report.wash_late")}</span>`}</p>
      ${PARTS.filter((part) => each.wash[part]).map((part) => html`<h3 key=${part}>${t(`drill_report.${part}`)}</h3><p class="note-text">${each.wash[part]}</p>`)}</li>`)}</ul>`}<//>`;
}
