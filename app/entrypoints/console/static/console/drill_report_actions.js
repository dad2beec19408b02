/** Corrective actions: what has to become better, by whose hand, until when, and which drill shows that it has. */
import { members } from "./about.js";
import { myMember } from "./api.js";
import { dayOf, readList } from "./claim_parts.js";
import { mayNow } from "./drill_control_clock.js";
import { carryOut } from "./doing.js";
import { onEntries } from "./feed.js";
import { openForm } from "./form.js";
import { named, stateName, t } from "./i18n.js";
import { Member, Nothing, Panel } from "./parts.js";
import { may, next } from "./rules.js";
import { html, useEffect, useState } from "./view.js";

const SOON_MS = 300;
const LONGEST = 4000;
const TONES = /** @type {Record<string, string>} */ ({ open: "", overdue: "alert", done: "notice", retested: "calm-state", dropped: "calm-state" });

/** How an action stands: what is open past its day is overdue. @param {any} action @returns {string} */
export const standingOf = (action) => (action.overdue ? "overdue" : action.status);

/** How an action stands, in words. @param {string} standing */
export const standingName = (standing) => (standing === "overdue" ? t("action.overdue") : stateName("corrective_action", standing));

/** Corrective actions and the drills that they come from or are retested by, kept up. @param {string} [query] `drill=…` @returns {{actions: any[] | null, drills: any[], again: () => void}} */
export function useActions(query = "") {
  const [found, setFound] = useState(/** @type {{actions: any[] | null, drills: any[]}} */ ({ actions: null, drills: [] }));
  const again = () => void Promise.all([readList(`/corrective-actions${query && `?${query}`}`), readList("/drills")]).then(([actions, drills]) => setFound({ actions, drills }), () => setFound((was) => ({ ...was, actions: was.actions ?? [] })));
  useEffect(() => {
    again();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let soon;
    const stop = onEntries((entries) => {
      if (!entries.some((entry) => entry.type?.startsWith("corrective_action."))) return;
      clearTimeout(soon);
      soon = setTimeout(again, SOON_MS);
    });
    return () => {
      clearTimeout(soon);
      stop();
    };
  }, [query]);
  return { ...found, again };
}

/** The actions of one drill. @param {{drill: any, objectives: any[]}} props */
export function Actions({ drill, objectives }) {
  const { actions, drills, again } = useActions(`drill=${drill.id}`);
  const add = () => openForm({
    title: t("action.add"),
    wide: true,
    fields: [
      { name: "text", label: t("action.text"), kind: "area", required: true, most: LONGEST },
      { name: "owner_member_id", label: t("action.owner"), kind: "select", value: myMember(), options: owners() },
      { name: "due_on", label: t("action.due"), kind: "day", required: true },
      { name: "objective", label: t("objective"), kind: "select", value: "", options: [{ value: "", text: "–" }, ...objectives.map((each) => ({ value: each.objective, text: named(each.name) }))] },
      { name: "retest_drill_id", label: t("action.retest"), kind: "select", value: "", options: retests(drill.id, drills) },
    ],
    action: t("action.add"),
    command: (body) => ({ path: `/drills/${drill.id}/corrective-actions`, body }),
    how: () => ({ done: t("done.action_added") }),
  }).then((receipt) => receipt && again());
  return html`<${Panel} id="actions" title=${t("actions")} count=${actions?.length} tools=${html`<a href="#/improvement">${t("improvement")}</a>${mayNow(drill, "add_corrective_action") && html`<button type="button" class="button small" onClick=${add}>${t("action.add")} …</button>`}`}>
    ${!actions ? html`<${Nothing} text=${t("loading")} />` : actions.length === 0 ? html`<${Nothing} text=${t("actions.none")} />` : html`<ul class="plain">${actions.map((each) => html`<${Action} key=${each.id} action=${each} drills=${drills} objectives=${objectives} again=${again} />`)}</ul>`}<//>`;
}

const owners = () => members(myMember()).map((each) => ({ value: each.id, text: named(each.names) }));

/** Drills that can retest what another one found. @param {string} of the drill it came from @param {any[]} drills */
const retests = (of, drills) => [{ value: "", text: "–" }, ...drills.filter((each) => each.id !== of && each.status !== "stood_down").map((each) => ({ value: each.id, text: `${each.code} ${named(each.title)}` }))];

/** A drill by its id, as a way to it. @param {{id: string | null, drills: any[]}} props */
function DrillLink({ id, drills }) {
  const found = drills.find((each) => each.id === id);
  return found ? html`<a class="ref" href=${`#/drill/${found.id}`}>${found.code}</a>` : html`<span class="dim">–</span>`;
}

/** One action, with what may be done about it. @param {{action: any, drills: any[], objectives?: any[], retest?: any, from?: boolean, again: () => void}} props from: with the drill that it came from */
export function Action({ action, drills, objectives = [], retest, from, again }) {
  const standing = standingOf(action);
  const objective = objectives.find((each) => each.objective === action.objective);
  return html`<li class="action ${standing}" id=${`action-${action.id}`}><div class="action-head"><span class="ref">${action.ref}</span> <span class="state ${TONES[standing]}">${standingName(standing)}</span>
      <span class="action-due">${t("action.due_on", { day: dayOf(action.due_on) })}</span></div>
    <p class="note-text">${action.text}</p>
    <dl class="inline-facts facts"><div><dt>${t("action.owner")}</dt><dd><${Member} id=${action.owner_member_id} /></dd></div>
      ${from && html`<div><dt>${t("action.from")}</dt><dd><${DrillLink} id=${action.drill_id} drills=${drills} /></dd></div>`}
      ${objective && html`<div><dt>${t("objective")}</dt><dd>${named(objective.name)}</dd></div>`}
      <div><dt>${t("action.retest")}</dt><dd><${DrillLink} id=${action.retest_drill_id} drills=${drills} />${retest ? html` <span class="dim">${t("action.retest_found", { before: retest.before ?? "–", after: retest.after ?? "–" })}</span>` : ""}</dd></div>
      ${action.note && html`<div><dt>${t("note")}</dt><dd><q>${action.note}</q></dd></div>`}</dl>
    <${Steps} action=${action} drills=${drills} again=${again} /></li>`;
}

/** Whether who is signed in may change an action: its owner's people, and directors of the drill it came from. @param {any} action @param {any[]} drills */
function mayChange(action, drills) {
  const found = drills.find((each) => each.id === action.drill_id);
  const directs = (found?.participants ?? []).filter((/** @type {any} */ each) => each.role === "exercise_director").map((/** @type {any} */ each) => each.member_id);
  return may("change_corrective_action", { owner: action.owner_member_id, directs });
}

/** @param {{action: any, drills: any[], again: () => void}} props */
function Steps({ action, drills, again }) {
  if (!mayChange(action, drills)) return null;
  const steps = next("corrective_action", action.status, "change_corrective_action");
  const path = `/corrective-actions/${action.id}`;
  const patch = { path, method: /** @type {const} */ ("PATCH"), revision: action.revision };
  const then = (/** @type {any} */ receipt) => { if (receipt) again(); };
  const change = () => openForm({
    title: t("action.change"),
    text: html`<p><span class="ref">${action.ref}</span> ${action.text}</p>`,
    fields: [
      { name: "due_on", label: t("action.due"), kind: "day", required: true, value: action.due_on },
      { name: "owner_member_id", label: t("action.owner"), kind: "select", value: action.owner_member_id, options: owners() },
      { name: "retest_drill_id", label: t("action.retest"), kind: "select", value: action.retest_drill_id ?? "", options: retests(action.drill_id, drills) },
      { name: "note", label: t("note"), kind: "area", most: LONGEST },
    ],
    action: t("action.change"),
    command: (values) => ({ ...patch, body: Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== action[name])) }),
    how: () => ({ done: t("done.action_changed") }),
  }).then(then);
  const done = () => carryOut({ ...patch, body: { status: "done" } }, { done: t("done.action_done"), undo: (receipt) => ({ path, method: "PATCH", body: { status: "open" }, revision: receipt.revision }) }).then(then);
  const reopen = () => carryOut({ ...patch, body: { status: "open" } }, { done: t("done.action_reopened") }).then(then);
  const step = (/** @type {string} */ status, /** @type {any[]} */ fields, danger = false) => openForm({
    title: t(`action.${status}`),
    text: html`<p><span class="ref">${action.ref}</span> ${action.text}</p><p class="dim">${t(`action.${status}.text`)}</p>`,
    fields,
    action: t(`action.${status}`),
    danger,
    command: (body) => ({ ...patch, body: { ...body, status } }),
    how: () => ({ done: t(`done.action_${status}`) }),
  }).then(then);
  const retested = () => step("retested", [{ name: "retest_drill_id", label: t("action.retest"), kind: "select", value: action.retest_drill_id ?? "", options: retests(action.drill_id, drills.filter((each) => each.ended_at)) }, { name: "note", label: t("note"), kind: "area", most: LONGEST }]);
  const drop = () => step("dropped", [{ name: "note", label: t("why"), kind: "area", required: true, most: LONGEST }], true);
  return html`<div class="buttons">${steps.includes("done") && html`<button type="button" class="button small" onClick=${done}>${t("action.done")}</button>`}
    ${steps.includes("retested") && html`<button type="button" class="button small" onClick=${retested}>${t("action.retested")} …</button>`}
    ${steps.includes("open") && html`<button type="button" class="button small" onClick=${reopen}>${t("action.reopen")}</button>`}
    ${steps.length > 0 && html`<button type="button" class="button small" onClick=${change}>${t("action.change")} …</button>`}
    ${steps.includes("dropped") && html`<button type="button" class="button small quiet" onClick=${drop}>${t("action.dropped")} …</button>`}</div>`;
}
