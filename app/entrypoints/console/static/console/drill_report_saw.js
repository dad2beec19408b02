/** What each city saw: what it wrote, what others wrote that concerns it, each with the first of its kind. */
import { memberOf, timeText } from "./drill_control_said.js";
import { EntryLink } from "./drill_evaluate_entry.js";
import { eventName, t } from "./i18n.js";
import { Member, Panel } from "./parts.js";
import { html } from "./view.js";

/** @param {{drill: any, report: any}} props */
export function Saw({ drill, report }) {
  return html`<${Panel} id="report-saw" title=${t("drill_report.saw")} count=${report.saw.length}><div class="saw-cities">${report.saw.map((/** @type {any} */ saw) => html`<details key=${saw.member} class="saw-city"><summary><${Member} id=${memberOf(saw.member)?.id} /> <span class="dim">${t("drill_report.told_first", { n: saw.told.length, time: timeText(saw.first_told_us) })}</span></summary>
    ${[true, false].map((own) => html`<${Counts} key=${String(own)} drill=${drill} title=${t(own ? "drill_report.own" : "drill_report.others")} counts=${saw.counts.filter((/** @type {any} */ each) => each.own === own)} />`)}</details>`)}</div><//>`;
}

/** @param {{drill: any, title: string, counts: any[]}} props */
function Counts({ drill, title, counts }) {
  if (!counts.length) return html`<h3>${title}</h3><p class="dim">–</p>`;
  return html`<h3>${title}</h3><ul class="saw-counts">${counts.map((each) => html`<li key=${each.type}><span class="figure">${each.count} ×</span> ${eventName(each.type)} <span class="dim">${timeText(each.first_us)}</span> <${EntryLink} space=${drill.plays_in} seq=${each.first_seq} /></li>`)}</ul>`;
}
