/** The report of a drill that is over: planned and actual, ratings with what they rest on, what each city saw, what people wrote, what follows. */
import { Problem, read } from "./api.js";
import { ProblemParts } from "./dialogs.js";
import { EntryLink } from "./drill_evaluate_entry.js";
import { Notes, useObservations } from "./drill_evaluate_notes.js";
import { Evidence, Objective, wordOf } from "./drill_evaluate_objective.js";
import { timeText } from "./drill_control_said.js";
import { mayNow } from "./drill_control_clock.js";
import { isAboutDrill } from "./drill_control_read.js";
import { Actions } from "./drill_report_actions.js";
import { TimeLine } from "./drill_report_line.js";
import { Saw } from "./drill_report_saw.js";
import { HotWashes } from "./drill_report_wash.js";
import { carryOutConfirmed } from "./doing.js";
import { hrefOf } from "./api.js";
import { onEntries } from "./feed.js";
import { language, named, t, word } from "./i18n.js";
import { Nothing, Panel } from "./parts.js";
import { Print } from "./print.js";
import { tables } from "./store.js";
import { codeText } from "./told.js";
import { stamp } from "./time.js";
import { html, useEffect, useState } from "./view.js";

const SOON_MS = 400;

/** The tab. @param {import("./drill_parts.js").OfDrill} props */
export function ReportTab({ drill, again }) {
  const { report, failed } = useReport(drill);
  return html`<div class="drill-report">
    ${failed && !report ? html`<div class="panel missing" role="note"><${ProblemParts} problem=${failed} /></div>` : !report ? html`<${Nothing} text=${t("loading")} />` : html`<${Head} drill=${drill} report=${report} again=${again} />`}
    ${report && html`<${TimeLine} drill=${drill} report=${report} />
      <${Panel} id="report-ratings" title=${t("drill_report.ratings")} count=${report.objectives.length}><ul class="plain report-ratings">${report.objectives.map((/** @type {any} */ each) => html`<li key=${each.objective}><${Rated} drill=${drill} objective=${each} /></li>`)}</ul><//>
      <${Saw} drill=${drill} report=${report} />`}
    ${report && html`<div class="report-written"><${Observed} drill=${drill} objectives=${report.objectives} /><${HotWashes} report=${report} /></div>`}
    <${Actions} drill=${drill} objectives=${report?.objectives ?? []} />
  </div>`;
}

/** What was observed, newest first. @param {{drill: any, objectives: any[]}} props */
function Observed({ drill, objectives }) {
  const { observations } = useObservations(drill.id);
  return html`<${Notes} drill=${drill} observations=${observations} objectives=${objectives} />`;
}

/** The report, read again when somebody writes to it. @param {import("./drill_parts.js").DrillView} drill @returns {{report: any, failed: Problem | null}} */
function useReport(drill) {
  const [report, setReport] = useState(/** @type {any} */ (null));
  const [failed, setFailed] = useState(/** @type {Problem | null} */ (null));
  useEffect(() => {
    let left = false;
    const look = () => read(`/drills/${drill.id}/report`).then(
      (answer) => { if (!left) { setReport(answer.report ?? answer); setFailed(null); } },
      (problem) => { if (!left && problem instanceof Problem) setFailed(problem); },
    );
    look();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let soon;
    const stop = onEntries((entries) => {
      if (!entries.some((entry) => isAboutDrill(entry, drill.id))) return;
      clearTimeout(soon);
      soon = setTimeout(look, SOON_MS);
    });
    return () => {
      left = true;
      clearTimeout(soon);
      stop();
    };
  }, [drill.id, drill.status]);
  return { report, failed };
}

/** What was held, in short; the files; and the end of it. @param {{drill: any, report: any, again: () => void}} props */
function Head({ drill, report, again }) {
  const { held, line, objectives, actions } = report;
  const expected = line.flatMap((/** @type {any} */ each) => each.expected).filter((/** @type {any} */ each) => each.standing !== "not_assessed");
  const count = (/** @type {any[]} */ all, /** @type {(each: any) => boolean} */ which) => html`<b>${all.filter(which).length}</b> / ${all.length}`;
  const unrated = objectives.filter((/** @type {any} */ each) => !each.rating).length;
  const close = () => carryOutConfirmed({ title: t("drill_report.close"), text: html`<p>${t("drill_report.close.text")}</p>`, action: t("drill_report.close") }, () => ({ path: `/drills/${drill.id}/close`, body: {} }), { done: t("done.report_closed") }).then((receipt) => receipt && again());
  return html`<${Panel} id="report-head" title=${t("drill_report")} tools=${html`<${Downloads} drill=${drill} />`}><div class="report-head">
    ${held.stopped && html`<p class="late">${t("drill_report.stopped")}</p>`}
    ${held.stop_reasons.length > 0 && html`<ul class="plain stop-reasons" aria-label=${t("drill_report.stop_reasons")}>${held.stop_reasons.map((/** @type {any} */ each, /** @type {number} */ at) => html`<li key=${each.at} class=${at < held.stop_reasons.length - 1 ? "dim" : ""}>${each.codes.length ? each.codes.map(codeText).join(" ") : html`<q>${each.reason}</q>`} <span class="dim">${whoWhen(each)}${at < held.stop_reasons.length - 1 ? ` · ${t("drill_report.replaced")}` : ""}</span></li>`)}</ul>`}
    <ul class="tiles">${objectives.length > 0 && html`<li>${count(objectives, (each) => each.rating === "P")} <span>${t("drill_report.k_objectives")}${unrated > 0 ? `, ${t("drill_report.k_unrated", { n: unrated })}` : ""}</span></li>`}
      <li>${count(line, (each) => each.outcome === "delivered")} <span>${t("drill_report.k_injects")}</span></li>
      <li>${count(expected, (each) => each.standing === "done")} <span>${t("drill_report.k_done")}</span></li>
      <li><b>${actions.length}</b> <span>${t("drill_report.k_actions")}</span></li></ul>
    <dl class="facts inline-facts"><div><dt>${t("drill_report.held")}</dt><dd>${stamp(held.started_at)} – ${stamp(held.ended_at)}</dd></div>
      <div><dt>${t("drill_report.lasted")}</dt><dd>${t("drill_report.of_planned", { a: timeText(held.lasted_us), b: timeText(report.planned_us) })}</dd></div>
      <div><dt>${t("drill_report.kind")}</dt><dd>${word("drill_types", report.type)}</dd></div><div><dt>${t("drill_report.hazard")}</dt><dd>${word("hazards", report.hazard)}</dd></div>
      <div><dt>${t("drill_report.scenario")}</dt><dd>${report.scenario} · ${report.version}</dd></div></dl>
    ${mayNow(drill, "close_drill") && html`<div class="buttons"><button type="button" class="button primary" onClick=${close}>${t("drill_report.close")} …</button></div>`}</div><//>`;
}

/** The report as files. @param {{drill: any}} props */
function Downloads({ drill }) {
  const file = (/** @type {string} */ name) => hrefOf(`/drills/${drill.id}/${name}`);
  return html`<span class="buttons downloads"><${Print} of=${`${drill.code} · ${t("drill_report")}`} forms=${[{ name: "drill_report.pdf", path: `/drills/${drill.id}/report.pdf` }]} />
    <a class="button small" href=${file("report")} download=${`${drill.code}.json`}>JSON</a>
    <a class="button small" href=${file(`time-line.csv?lang=${language.value}`)} download>${t("drill_report.csv_line")}</a>
    <a class="button small" href=${file(`ratings.csv?lang=${language.value}`)} download>${t("drill_report.csv_ratings")}</a>
    <a class="button small" href=${file("actions.csv")} download>${t("drill_report.csv_actions")}</a></span>`;
}

/** An objective as it was rated: the evaluators' word beside what was computed, and the entries behind it. @param {{drill: any, objective: any}} props */
function Rated({ drill, objective }) {
  const { overrules, computed, evidence } = objective;
  const before = (/** @type {number} */ at) => overrules[at - 1]?.rating ?? computed;
  return html`<${Objective} objective=${{ ...objective, over: true }}>${overrules.length > 0 && html`<ol class="plain overrules">${overrules.map((/** @type {any} */ each, /** @type {number} */ at) => html`<li key=${at} class=${at < overrules.length - 1 ? "replaced" : ""}><span class="dim">${wordOf(before(at), each.rating)}</span> <q>${each.reason}</q> ${each.seq != null && html`<${EntryLink} space=${drill.plays_in} seq=${each.seq} />`} <span class="dim">${whoWhen(each)}${at < overrules.length - 1 ? ` · ${t("drill_report.replaced")}` : ""}</span></li>`)}</ol>`}
    ${evidence.length > 0 && html`<${Evidence} space=${drill.plays_in} seqs=${evidence} />`}<//>`;
}

/** Whose word it was, and when. @param {{member: string | null, by: string, at: string | null}} said */
function whoWhen({ member, by, at }) {
  const known = tables.member.all.value.find((each) => each.code === member);
  return [known ? named(known.names) : member ?? (by === "system" ? t("drill_report.by_service") : ""), at && stamp(at)].filter(Boolean).join(", ");
}
