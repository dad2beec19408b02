/** The tabs of a drill, one line each: what the address calls it (`#/drill/<id>?tab=plan`), what draws it, and who finds it there. */
import { ControllerTab } from "./drill_control.js";
import { EvaluatorTab } from "./drill_evaluate.js";
import { DrillHotWash, hasHotWash } from "./drill_hot_wash.js";
import { DrillPlan } from "./drill_plan.js";
import { ReportTab } from "./drill_report.js";
import { takesPart } from "./drill_parts.js";
import { holdsOne } from "./rules.js";

/**
 * `title`: the key of its name; `shown`: whether there is anything on it, by the drill as it was read; `marked`: what is read there comes
 * out of the drill, and bears the mark of an exercise in live, too.
 * @typedef {{tab: string, title: string, view: any, marked?: boolean, shown: (drill: import("./drill_parts.js").DrillView) => boolean}} Tab
 */

/** @type {Tab[]} */
export const TABS = [
  { tab: "plan", title: "drill.tab.plan", view: DrillPlan, shown: () => true },
  { tab: "control", title: "drill.tab.control", view: ControllerTab, marked: true, shown: (drill) => drill.staff },
  { tab: "evaluate", title: "drill.tab.evaluate", view: EvaluatorTab, marked: true, shown: (drill) => drill.staff && Boolean(drill.plays_in) },
  { tab: "report", title: "drill.tab.report", view: ReportTab, marked: true, shown: hasReport },
  { tab: "hot-wash", title: "drill.tab.hot_wash", view: DrillHotWash, marked: true, shown: hasHotWash },
];

/**
 * Where a drill opens when the address names no tab: its staff where their work is, who played with what is asked of them.
 * @param {import("./drill_parts.js").DrillView} drill
 */
export function firstTab(drill) {
  const judges = drill.staff && drill.may.includes("observe_drill") && holdsOne(["drill_evaluator"]) && !drill.may.includes("pause_drill");
  if (drill.ended_at) return hasReport(drill) && (drill.staff || !drill.may.includes("write_hot_wash")) ? "report" : "hot-wash";
  if (drill.started_at && drill.staff) return judges ? "evaluate" : "control";
  return "plan";
}

/** Whether there is a report that who asks may read: staff at once, others who took part once the hot wash was held. @param {import("./drill_parts.js").DrillView} drill */
function hasReport(drill) {
  const told = ["reviewed", "closed"].includes(drill.status) && takesPart(drill);
  return Boolean(drill.ended_at) && (drill.staff || told);
}
