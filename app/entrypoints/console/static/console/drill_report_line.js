/** Planned and actual on one time line: each inject when it was planned and when it came, each city's entries, pauses and what was jumped over. */
import { AxisMarks, across } from "./drill_control_line.js";
import { difference, memberOf, partyNames, receivers, senderName, timeText } from "./drill_control_said.js";
import { EntryLink } from "./drill_evaluate_entry.js";
import { STANDING_TONES } from "./drill_control_events.js";
import { named, t, word } from "./i18n.js";
import { Member, Panel } from "./parts.js";
import { span } from "./time.js";
import { html } from "./view.js";

const ROW_PX = 34;
const LANE_PX = 46;

/** @typedef {{drill: any, report: any}} Props */

/** The whole of it: what is drawn is told beside each row. @param {Props} props */
export function TimeLine({ drill, report }) {
  const total = Math.max(1, report.planned_us, report.held.lasted_us);
  const sites = Object.fromEntries(report.saw.map((/** @type {any} */ each) => [each.member, each.site]));
  const cities = [...report.saw].sort((a, b) => (memberOf(a.member)?.country ?? "").localeCompare(memberOf(b.member)?.country ?? ""));
  return html`<${Panel} id="time-line" class="time-line" title=${t("drill_report.time_line")}>
    <${Legend} />
    <div class="tl-row tl-axis" aria-hidden="true"><span></span><svg width="100%" height="16"><${AxisMarks} total=${total} height=${0} /></svg></div>
    <ol class="tl-injects">${report.line.map((/** @type {any} */ line, /** @type {number} */ n) => html`<${InjectRow} key=${line.inject} drill=${drill} line=${line} number=${n + 1} total=${total} stretches=${stretchesOf(report, line.to.map((/** @type {string} */ code) => sites[code]))} />`)}</ol>
    <h3>${t("drill_report.cities")}</h3>
    <ul class="tl-cities">${cities.map((each) => html`<${Lane} key=${each.member} report=${report} saw=${each} total=${total} />`)}</ul>
    <${Stretches} drill=${drill} report=${report} /><//>`;
}

/** What was not played for those at these sites: jumps and pauses of everybody, and of their site. @param {any} report @param {(string | null)[]} sites */
const stretchesOf = (report, sites) => report.stretches.filter((/** @type {any} */ each) => each.site === null || sites.includes(each.site));

/** Pauses and jumps behind a row. @param {{stretches: any[], total: number, height: number}} props */
function Behind({ stretches, total, height }) {
  return stretches.map((each) => (each.from_us === each.to_us
    ? html`<line class="tl-stood" x1=${across(each.from_us, total)} x2=${across(each.from_us, total)} y1="0" y2=${height} />`
    : html`<rect class="tl-stretch ${each.kind}" x=${across(each.from_us, total)} width=${across(each.to_us - each.from_us, total)} y="0" height=${height} />`));
}

/** @param {{drill: any, line: any, number: number, total: number, stretches: any[]}} props */
function InjectRow({ drill, line, number, total, stretches }) {
  const due = Math.max(-1, ...line.expected.map((/** @type {any} */ each) => each.due_us ?? -1));
  const middle = ROW_PX / 2;
  const came = line.outcome === "delivered";
  return html`<li class="tl-row ${line.outcome}"><div class="tl-label"><p><b>${number}</b> ${word("drill_inject_kinds", line.kind)} <span class="dim">${senderName(line)} → ${receivers(drill, line.to)}</span></p>
      <p class="tl-times">${line.planned_us != null ? html`<span>${t("control.planned_at", { time: timeText(line.planned_us) })}</span>` : line.latest_us != null ? html`<span>${t("control.latest", { time: timeText(line.latest_us) })}</span>` : html`<span class="dim">${word("drill_reasons", line.trigger)}</span>`}
        ${came ? html` <strong>${t("drill_report.came_at", { time: timeText(line.delivered_us) })}</strong>${difference(line.difference_us) ? html` <span>(${difference(line.difference_us)})</span>` : ""}${line.delivered_by === "hand" ? html` <span class="tag">${t("drill_report.by_hand")}</span>` : ""}` : html` <strong>${t(`drill_report.${line.outcome}`)}</strong>`} ${line.seq != null && html`<${EntryLink} space=${drill.plays_in} seq=${line.seq} />`}</p>
      ${line.expected.map((/** @type {any} */ each) => html`<p key=${each.members.join()} class="tl-expected"><span class="state ${STANDING_TONES[each.standing] ?? ""}">${word("drill_standings", each.standing)}</span> ${partyNames(each.members)} · ${named(each.action)}${each.done_us != null ? html` <span class="dim">${timeText(each.done_us)}</span>` : ""} ${each.evidence.map((/** @type {number} */ seq) => html`<${EntryLink} key=${seq} space=${drill.plays_in} seq=${seq} /> `)}${each.by === "evaluator" ? html`<span class="dim">${t("drill_report.evaluators_word")}</span>` : ""}${each.note ? html` <q>${each.note}</q>` : ""}</p>`)}</div>
    <svg class="tl-drawn" width="100%" height=${ROW_PX} aria-hidden="true"><${Behind} stretches=${stretches} total=${total} height=${ROW_PX} /><line class="axis-line" x1="0" x2="100%" y1=${middle} y2=${middle} />
      ${came && due > line.delivered_us && html`<rect class="tl-window" x=${across(line.delivered_us, total)} width=${across(due - line.delivered_us, total)} y=${middle - 3} height="6" />`}
      ${line.latest_us != null && line.planned_us == null && html`<svg x=${across(line.latest_us, total)} y=${middle} overflow="visible"><path class="tl-latest" d="M-5 -5H5V5H-5Z" /></svg>`}
      ${line.planned_us != null && html`<svg x=${across(line.planned_us, total)} y=${middle} overflow="visible"><circle class="tl-planned" r="7" /></svg>`}
      ${came && html`<svg x=${across(line.delivered_us, total)} y=${middle} overflow="visible"><path class="tl-came" d="M-5 -4H5L0 5Z" /></svg>`}
      ${line.expected.map((/** @type {any} */ each) => mark(each, total, middle))}</svg></li>`;
}

/** How something expected ended, where it did: a tick, a late tick, a cross. @param {any} expected @param {number} total @param {number} middle */
function mark({ standing, done_us, due_us, members }, total, middle) {
  const at = standing === "missed" ? due_us : done_us;
  if (at == null || !["done", "late", "missed"].includes(standing)) return null;
  const shape = standing === "missed" ? "M-5 -5 5 5M5 -5-5 5" : standing === "late" ? "M0 -6V2M0 5V6" : "M-5 0-1 4 6-5";
  return html`<svg key=${members.join()} x=${across(at, total)} y=${middle} overflow="visible"><path class="tl-mark ${standing}" d=${shape} /></svg>`;
}

/** A city's own line: its entries above, those of others that concern it below, and when it was told something. @param {{report: any, saw: any, total: number}} props */
function Lane({ report, saw, total }) {
  const middle = LANE_PX / 2;
  const told = report.line.filter((/** @type {any} */ each) => saw.told.includes(each.inject) && each.delivered_us != null);
  return html`<li class="tl-row"><div class="tl-label"><p><${Member} id=${memberOf(saw.member)?.id} /></p><p class="tl-times dim">${t("drill_report.saw_counts", { own: saw.entries.filter((/** @type {any} */ each) => each.own).length, others: saw.entries.filter((/** @type {any} */ each) => !each.own).length, told: told.length })}${saw.joined_us ? ` · ${t("drill_report.joined", { time: timeText(saw.joined_us) })}` : ""}</p></div>
    <svg class="tl-drawn" width="100%" height=${LANE_PX} aria-hidden="true"><${Behind} stretches=${stretchesOf(report, [saw.site])} total=${total} height=${LANE_PX} />
      <line class="axis-line" x1=${across(saw.joined_us, total)} x2="100%" y1=${middle} y2=${middle} />
      ${saw.entries.map((/** @type {any} */ each) => html`<line key=${each.seq} class=${each.own ? "tl-own" : "tl-other"} x1=${across(each.at_us, total)} x2=${across(each.at_us, total)} y1=${middle} y2=${each.own ? middle - 14 : middle + 14} />`)}
      ${told.map((/** @type {any} */ each) => html`<svg key=${each.inject} x=${across(each.delivered_us, total)} y=${middle} overflow="visible"><path class="tl-came" d="M-4 -4H4L0 4Z" /></svg>`)}</svg></li>`;
}

/** What the signs mean. */
function Legend() {
  const sign = (/** @type {any} */ drawn, /** @type {string} */ key) => html`<li><svg width="18" height="16" aria-hidden="true"><svg x="9" y="8" overflow="visible">${drawn}</svg></svg>${t(key)}</li>`;
  return html`<ul class="tl-legend">${sign(html`<circle class="tl-planned" r="6" />`, "drill_report.l_planned")}${sign(html`<path class="tl-latest" d="M-5 -5H5V5H-5Z" />`, "drill_report.l_latest")}${sign(html`<path class="tl-came" d="M-5 -4H5L0 5Z" />`, "drill_report.l_came")}
    ${sign(html`<rect class="tl-window" x="-8" y="-3" width="16" height="6" />`, "drill_report.l_window")}${["done", "late", "missed"].map((each) => html`<li key=${each}><svg width="18" height="16" aria-hidden="true"><svg x="9" y="8" overflow="visible"><path class="tl-mark ${each}" d=${each === "missed" ? "M-5 -5 5 5M5 -5-5 5" : each === "late" ? "M0 -6V2M0 5V6" : "M-5 0-1 4 6-5"} /></svg></svg>${word("drill_standings", each)}</li>`)}
    ${sign(html`<rect class="tl-stretch pause" x="-8" y="-7" width="16" height="14" />`, "drill_report.l_not_played")}</ul>`;
}

/** Pauses and jumps in words. @param {Props} props */
function Stretches({ drill, report }) {
  if (!report.stretches.length) return null;
  const site = (/** @type {string} */ id) => named(drill.handbook?.sites?.find((/** @type {any} */ each) => each.id === id)?.name ?? { en: id });
  const says = (/** @type {any} */ each) => {
    if (each.kind === "jump") return t("drill_report.jumped", { from: timeText(each.from_us), to: timeText(each.to_us) });
    if (each.site === null) return t("drill_report.all_paused", { time: timeText(each.from_us), span: span((each.wall_s ?? 0) * 1000) });
    return t("drill_report.site_paused", { site: site(each.site), from: timeText(each.from_us), to: timeText(each.to_us) });
  };
  return html`<h3>${t("drill_report.stretches")}</h3><ul class="tl-stretches">${report.stretches.map((/** @type {any} */ each, /** @type {number} */ n) => html`<li key=${n}>${says(each)}${each.reason && html` <q>${each.reason}</q>`}</li>`)}</ul>`;
}
