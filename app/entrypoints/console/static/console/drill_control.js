/** The controller's tab: the clock, the master events list, sync points, and the objectives as they stand. For a drill's staff alone. */
import { ProblemParts } from "./dialogs.js";
import { reach } from "./drill_control_acts.js";
import { DrillClock, mayNow } from "./drill_control_clock.js";
import { EventsList, isOver } from "./drill_control_events.js";
import { useControl } from "./drill_control_read.js";
import { timeText, memberOf, partyName } from "./drill_control_said.js";
import { DrillLine } from "./drill_control_line.js";
import { Objective } from "./drill_evaluate_objective.js";
import { named, t, word } from "./i18n.js";
import { Nothing, Panel } from "./parts.js";
import { html } from "./view.js";

/** The tab. `again` reads the drill itself anew. @param {{drill: any, again: () => void}} props */
export function ControllerTab({ drill, again }) {
  const { control, failed, again: look } = useControl(drill.id);
  if (failed && !control) return html`<div class="panel missing" role="alert"><${ProblemParts} problem=${failed} /></div>`;
  if (!control) return html`<${Nothing} text=${t("loading")} />`;
  const both = () => { look(); again(); };
  return html`<div class="drill-control">
    <${DrillClock} drill=${drill} control=${control} again=${both} />
    ${failed && html`<p class="clock-why late" role="alert">${t("control.not_read")}</p>`}
    ${isOver(control) && html`<p class="control-over">${t(control.clock?.status === "stopped" ? "control.stopped" : "control.over")}</p>`}
    <${DrillLine} drill=${drill} control=${control} />
    <div class="control-grid"><div class="control-main"><${EventsList} drill=${drill} control=${control} again=${both} /></div>
      <div class="control-side"><${SyncPoints} drill=${drill} control=${control} again=${both} />
        <${Panel} id="objectives" title=${t("objectives")} count=${control.objectives.length}><ul class="plain">${control.objectives.map((each) => html`<li key=${each.id}><${Objective} objective=${each} slim /></li>`)}</ul><//></div></div></div>`;
}

/** Points that both sides must reach, and which has. @param {{drill: any, control: import("./drill_control_read.js").Control, again: () => void}} props */
function SyncPoints({ drill, control, again }) {
  if (!control.sync_points.length) return null;
  const says = mayNow(drill, "reach_sync_point");
  return html`<${Panel} id="sync-points" title=${t("control.sync_points")} count=${control.sync_points.length}><ul class="plain">${control.sync_points.map((point) => html`<li key=${point.id}><p><strong>${named(point.name)}</strong> <span class="dim">${t(point.by_hand ? "control.sync_by_hand" : "control.sync_by_journal")}</span></p>
    <ul class="sync-sides">${point.sides.map(({ side, at_us }) => html`<li key=${side} class="sync-side"><span>${memberOf(side) ? partyName(side) : word("countries", side)}</span>
      ${at_us != null ? html`<span>✓ ${timeText(at_us)}</span>` : html`<span class="state ${isOver(control) ? "calm-state" : "notice"}">${t(isOver(control) ? "control.no_more" : "control.not_reached")}</span>`}
      ${at_us == null && point.by_hand && says && control.clock && !isOver(control) && html`<button type="button" class="button small" onClick=${() => reach(drill, point, side).then((receipt) => receipt && again())}>${t("control.reached")} …</button>`}</li>`)}</ul></li>`)}</ul><//>`;
}
