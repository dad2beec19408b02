/** The plan for all open lines at once: who goes where, what stays open and why, what it changes of what is promised now, what would help, what is otherwise than before, and what would be if. */
import { Problem, readNewer } from "./api.js";
import { language, t } from "./i18n.js";
import { Nothing, Panel } from "./parts.js";
import { Changes, SinceNow } from "./plan_changes.js";
import { PlanFacts, PlanLines } from "./plan_lines.js";
import { WhatIf } from "./plan_what_if.js";
import { titled } from "./space.js";
import { stamp } from "./time.js";
import { problemText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {{agreement_code: string | null, agreement_version: number | null, ad_hoc: boolean, crossing_id: string | null, via_crossing_ids: string[]}} Way */
/** @typedef {{moved: {request_line_id: string, member_id: string, type_code: string, before: number, after: number}[], rerouted: {request_line_id: string, member_id: string, type_code: string, quantity: number, before: Way, after: Way}[], unmet_units: number, life_safety_unmet: number, minutes: number, cost: {currency: string, before: string, after: string}[], later: {request_line_id: string, minutes: number, fewer: number}[]}} Change */
/** @typedef {{under_way: number, kept: number, newly: {request_line_id: string, member_id: string, type_code: string, quantity: number, ad_hoc: boolean}[], not_kept: {request_line_id: string, member_id: string, type_code: string, quantity: number, units: import("./plan_lines.js").Unit[], offer_status: string, to_line_id: string | null}[], penalty_min: number}} Now */
/** @typedef {import("./plan_lines.js").Quality & {name: string, at: string, ways: import("./recommended.js").Ways, lines: import("./plan_lines.js").PlanLine[], assignments: import("./plan_lines.js").Assignment[], help: {what: string, text: string}[], now: Now, same_since: string, change: (Change & {since: string}) | null}} Plan */

const AGAIN_MS = 4000;

/** The plan as it is now: asked again every few seconds, and told only when there is another one. @returns {{plan: Plan | null, failed: string}} */
function usePlan() {
  const [known, setKnown] = useState(/** @type {{plan: Plan | null, failed: string}} */ ({ plan: null, failed: "" }));
  useEffect(() => {
    const abort = new AbortController();
    let tag = "";
    let timer = 0;
    const ask = async () => {
      try {
        const found = await readNewer(`/plan?language=${language.peek()}`, tag, { signal: abort.signal });
        if (found) {
          tag = found.tag;
          setKnown({ plan: found.told, failed: "" });
        } else setKnown((was) => (was.failed ? { plan: was.plan, failed: "" } : was));
      } catch (problem) {
        if (problem instanceof Problem) setKnown((was) => ({ plan: was.plan, failed: problemText(problem) }));
      }
      if (!abort.signal.aborted) timer = window.setTimeout(ask, AGAIN_MS);
    };
    ask();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [language.value]);
  return known;
}

/** The screen. */
export function PlanScreen() {
  const { plan, failed } = usePlan();
  useEffect(() => {
    titled(t("plan"));
  });
  return html`<div class="request-screen plan-screen">
    <header class="request-head"><div class="request-title"><div><h1>${t("plan")}</h1><p class="dim">${t("plan.text")}</p></div></div>
      ${failed && html`<p class="late" role="alert">${failed}</p>`}
      ${plan ? html`<${PlanFacts} plan=${plan} />` : !failed && html`<${Nothing} text=${t("loading")} />`}</header>
    ${plan && html`<${Panel} id="plan-lines" class="plan-lines" title=${t("plan.lines")} count=${plan.lines.length} tools=${html`<span class="as-of">${t("as_of", { time: stamp(plan.at) })}</span>`}>
      <${PlanLines} lines=${plan.lines} assignments=${plan.assignments} acts /><//>
    <div class="plan-beside">
      <${Panel} id="plan-now" title=${t("plan.now")}><${SinceNow} now=${plan.now} lines=${plan.lines} /><//>
      ${plan.help.length > 0 && html`<${Panel} id="plan-help" title=${t("plan.help")}><ol class="plan-help">${plan.help.map((each) => html`<li key=${each.text}>${each.text}</li>`)}</ol><//>`}
      <${Panel} id="plan-change" title=${t("plan.change")}>${plan.change ? html`<p class="dim">${t("plan.change.since", { before: stamp(plan.change.since), time: stamp(plan.same_since) })}</p><${Changes} change=${plan.change} lines=${plan.lines} />` : html`<${Nothing} text=${t("plan.no_change", { time: stamp(plan.same_since) })} />`}<//>
      <${WhatIf} plan=${plan} /></div>`}
  </div>`;
}
