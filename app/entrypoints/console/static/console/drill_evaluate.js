/** The evaluator's tab: each objective with what was measured and the evaluators' word beside it, observations, and what no entry can show. */
import { read } from "./api.js";
import { openDialog, ProblemParts } from "./dialogs.js";
import { tick } from "./drill_control_acts.js";
import { mayNow } from "./drill_control_clock.js";
import { tickable } from "./drill_control_events.js";
import { useControl } from "./drill_control_read.js";
import { partyNames, timeText } from "./drill_control_said.js";
import { EntryPicker } from "./drill_evaluate_entries.js";
import { EntryLink } from "./drill_evaluate_entry.js";
import { boundText, NoteForm, Notes, useObservations } from "./drill_evaluate_notes.js";
import { Evidence, Objective, RATINGS, wordOf } from "./drill_evaluate_objective.js";
import { Choice } from "./fields.js";
import { named, t, word } from "./i18n.js";
import { Nothing, Panel } from "./parts.js";
import { useSending } from "./sending.js";
import { html, useEffect, useState } from "./view.js";

/** States in which the ratings are there, computed once for all. */
const RATED = ["ended", "reviewed", "closed"];

/** The tab. @param {{drill: any, again: () => void}} props */
export function EvaluatorTab({ drill, again }) {
  const { control, failed, again: look } = useControl(drill.id);
  const { observations, again: readNotes } = useObservations(drill.id);
  const { ratings, again: readRatings } = useRatings(drill);
  if (failed && !control) return html`<div class="panel missing" role="alert"><${ProblemParts} problem=${failed} /></div>`;
  if (!control) return html`<${Nothing} text=${t("loading")} />`;
  const objectives = control.objectives.map((each) => withWord(each, ratings?.find((/** @type {any} */ row) => row.objective === each.id)));
  const unseen = control.injects.filter((each) => each.expected && !each.expected.event && each.delivered);
  const both = () => { look(); again(); };
  return html`<div class="drill-evaluate">
    <div class="evaluate-main"><${Panel} id="rated" title=${t("objectives")} count=${objectives.length}>
      <p class="panel-note">${t(RATED.includes(drill.status) ? "evaluate.final" : drill.status === "stopped" ? "control.stopped" : "evaluate.so_far")}</p>
      <ul class="plain">${objectives.map((each) => html`<li key=${each.id}><${Objective} objective=${each}><${Judged} drill=${drill} objective=${each} again=${() => { readRatings(); again(); }} /><//></li>`)}</ul><//>
      ${unseen.length > 0 && html`<${Unseen} drill=${drill} injects=${unseen} again=${both} />`}</div>
    <div class="evaluate-side">${mayNow(drill, "observe_drill") && html`<${NoteForm} drill=${drill} objectives=${objectives} again=${readNotes} />`}
      <${Notes} drill=${drill} observations=${observations} objectives=${objectives} /></div></div>`;
}

/** The ratings, once there are any. @param {any} drill @returns {{ratings: any[] | null, again: () => void}} */
function useRatings(drill) {
  const [ratings, setRatings] = useState(/** @type {any[] | null} */ (null));
  const there = RATED.includes(drill.status);
  const again = () => void read(`/drills/${drill.id}/ratings?limit=200`).then((page) => setRatings(page.items), () => undefined);
  useEffect(() => {
    if (there) again();
  }, [drill.id, drill.revision, there]);
  return { ratings, again };
}

/** An objective with the evaluators' word, where there is one. @param {any} objective @param {any} row of the ratings */
function withWord(objective, row) {
  if (!row) return { ...objective, computed: objective.rating };
  return { ...objective, ...row, id: objective.id, name: objective.name, rating: row.overruled ?? row.computed };
}

/** What was computed, what an evaluator says against it and why, and the way to say so. @param {{drill: any, objective: any, again: () => void}} props */
function Judged({ drill, objective, again }) {
  const { overruled, computed, reason, seq, evidence } = objective;
  return html`<div class="judged">
    ${overruled && html`<p><span class="dim">${wordOf(computed, overruled)}</span> <q>${reason}</q> ${seq != null && html`<${EntryLink} space=${drill.plays_in} seq=${seq} />`}</p>`}
    ${evidence?.length > 0 && html`<${Evidence} space=${drill.plays_in} seqs=${evidence} />`}
    ${mayNow(drill, "overrule_rating") && html`<div class="buttons"><button type="button" class="button small" onClick=${() => overrule(drill, objective).then((receipt) => receipt && again())}>${t("evaluate.overrule")} …</button></div>`}</div>`;
}

/** Put another rating in place of the computed one. @param {any} drill @param {any} objective */
function overrule(drill, objective) {
  return openDialog(t("evaluate.overrule"), (close) => html`<${OverruleForm} drill=${drill} objective=${objective} close=${close} />`, { wide: true });
}

/** @param {{drill: any, objective: any, close: (answer?: any) => void}} props */
function OverruleForm({ drill, objective, close }) {
  const [now, setNow] = useState({ rating: objective.overruled ?? objective.computed ?? "S", reason: objective.reason ?? "", seq: /** @type {number | null} */ (objective.seq ?? null) });
  const { problem, busy, send } = useSending(close);
  const set = (/** @type {any} */ part) => setNow((was) => ({ ...was, ...part }));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    return send({ path: `/drills/${drill.id}/overrules`, body: { objective: objective.id, rating: now.rating, reason: now.reason.trim(), ...(objective.revision && { revision: objective.revision }), ...(now.seq && { seq: now.seq }) } }, { done: t("done.overruled") });
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <div class="dialog-text"><p><strong>${named(objective.name)}</strong></p><p class="dim">${t("evaluate.computed", { rating: objective.computed ? `${objective.computed} – ${word("drill_ratings", objective.computed)}` : t("objective.not_rated") })}</p></div>
    <${Choice} label=${t("evaluate.rating")} value=${now.rating} options=${RATINGS.map((value) => ({ value, text: `${value} – ${word("drill_ratings", value)}` }))} onChange=${(/** @type {string} */ rating) => set({ rating })} autofocus />
    <label class="field"><span>${t("why")}</span><textarea rows="3" required maxlength="4000" value=${now.reason} onInput=${(/** @type {any} */ event) => set({ reason: event.target.value })}></textarea></label>
    <fieldset><legend>${boundText(now.seq)}</legend><${EntryPicker} space=${drill.plays_in} value=${now.seq} onChoose=${(/** @type {number | null} */ seq) => set({ seq })} /></fieldset>
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy || !now.reason.trim()}>${t("evaluate.overrule")}</button></footer></form>`;
}

/** What was expected and no entry can show: evaluators say that they saw it. @param {{drill: any, injects: import("./drill_control_read.js").Inject[], again: () => void}} props */
function Unseen({ drill, injects, again }) {
  const ticks = mayNow(drill, "tick_expectation");
  return html`<${Panel} id="unseen" title=${t("evaluate.unseen")} count=${injects.flatMap((each) => tickable(each)).length || undefined}><p class="panel-note">${t("evaluate.unseen.text")}</p>
    <ul class="plain">${injects.flatMap((inject) => inject.expectations.map((each) => html`<li key=${`${inject.id}/${each.members}`} class="unseen-row"><span><strong>${partyNames(each.members)}</strong> · ${named(inject.expected.action)} <span class="dim">${word("drill_inject_kinds", inject.kind)}, ${timeText(inject.delivered?.at_us)}</span>${each.note ? html` <q>${each.note}</q>` : ""}</span>
      ${each.marked ? html`<span class="state calm-state">✓ ${t("control.ticked")} ${timeText(each.done_us)}</span>` : ticks ? html`<button type="button" class="button small" onClick=${() => tick(drill, inject, each).then((receipt) => receipt && again())}>${t("control.tick")} …</button>` : html`<span class="state notice">${word("drill_standings", each.standing)}</span>`}</li>`))}</ul><//>`;
}
