/** Asking what would be if: a crossing closed, an agreement set aside, more or fewer kept at home, a unit out; one of these or several at once. Nothing is touched by it. */
import { memberName, members } from "./about.js";
import { myMember, Problem, send } from "./api.js";
import { named, t, typeName } from "./i18n.js";
import { Panel } from "./parts.js";
import { Changes } from "./plan_changes.js";
import { PlanFacts, PlanLines } from "./plan_lines.js";
import { tables } from "./store.js";
import { stamp } from "./time.js";
import { problemText } from "./told.js";
import { html, useState } from "./view.js";

/** @typedef {{of: string, of_at: string, note: string | null, status: string, change: import("./plan.js").Change, lines: import("./plan_lines.js").PlanLine[], assignments: import("./plan_lines.js").Assignment[], unmet_units: number, life_safety_unmet: number, worst_share: number}} Answer */
/** @typedef {{crossing_closed: string, agreement_suspended: string, resource_out: string, type_code: string, member_id: string, by: number}} Asked */
/** @typedef {"crossing_closed" | "agreement_suspended" | "resource_out" | "type_code"} Kind */
/** @typedef {{value: string, text: string}} Choice */

const NOTHING = { crossing_closed: "", agreement_suspended: "", resource_out: "", type_code: "" };
/** How many more or fewer stay at home. */
const BY = [1, 2, 3, -1, -2, -3];
/** What was to be chosen once: the next plan may not have it any more. @type {Map<string, string>} */
const texts = new Map();

/** What can be asked of each kind: the plan's own units and types, the corridor's crossings and agreements. @param {Kind} kind @param {import("./plan.js").Plan} plan @param {string} chosen @returns {Choice[]} */
function choices(kind, plan, chosen) {
  const found = choicesNow(kind, plan);
  for (const each of found) texts.set(each.value, each.text);
  return !chosen || found.some((each) => each.value === chosen) ? found : [...found, { value: chosen, text: texts.get(chosen) ?? chosen }];
}

/** @param {Kind} kind @param {import("./plan.js").Plan} plan @returns {Choice[]} */
function choicesNow(kind, plan) {
  if (kind === "crossing_closed") return tables.crossing.all.value.filter((row) => row.control !== "closed").map((row) => ({ value: row.id, text: named(row.names) }));
  if (kind === "agreement_suspended") return tables.agreement.all.value.filter((row) => row.status === "in_force").map((row) => ({ value: row.id, text: named(row.names) }));
  if (kind === "resource_out") return plan.assignments.flatMap((each) => each.units).map((unit) => ({ value: unit.resource_id, text: unit.call_sign })).sort((a, b) => a.text.localeCompare(b.text));
  return [...new Set(plan.lines.map((line) => line.type_code))].map((code) => ({ value: code, text: typeName(code) }));
}

/** @param {Asked} asked */
function bodyOf({ crossing_closed, agreement_suspended, resource_out, type_code, member_id, by }) {
  return { ...(crossing_closed && { crossing_closed }), ...(agreement_suspended && { agreement_suspended }), ...(resource_out && { resource_out }), ...(type_code && { reserve_kept: { member_id, type_code, by } }) };
}

/** How many more or fewer stay at home. @param {number} by */
const byText = (by) => t(by > 0 ? "plan.what_if.more_home" : "plan.what_if.fewer_home", { n: Math.abs(by) });

/** What was asked, in words. @param {Asked} asked */
function askedText(asked) {
  const said = /** @type {const} */ (["crossing_closed", "agreement_suspended", "resource_out"]).filter((kind) => asked[kind]).map((kind) => `${t(`plan.what_if.${kind}`)}: ${texts.get(asked[kind]) ?? ""}`);
  if (asked.type_code) said.push(`${memberName(asked.member_id)}, ${typeName(asked.type_code)}: ${byText(asked.by)}`);
  return said.join(" · ");
}

/** @param {{plan: import("./plan.js").Plan}} props */
export function WhatIf({ plan }) {
  const [asked, setAsked] = useState(/** @type {Asked} */ ({ ...NOTHING, member_id: myMember(), by: 1 }));
  const [found, setFound] = useState(/** @type {{answer: Answer, asked: Asked} | null} */ (null));
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const ask = async (/** @type {Asked} */ what) => {
    setBusy(true);
    try {
      setFound({ answer: /** @type {any} */ (await send("/plan/what-if", bodyOf(what))), asked: what });
      setProblem("");
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      setProblem(problemText(refusal));
    } finally {
      setBusy(false);
    }
  };
  const set = (/** @type {Partial<Asked>} */ some) => setAsked((was) => ({ ...was, ...some }));
  const select = (/** @type {Kind} */ kind) => html`<label class="field"><span>${t(`plan.what_if.${kind}`)}</span><select value=${asked[kind]} onChange=${(/** @type {any} */ event) => set({ [kind]: event.target.value })}><option value="">${t("plan.what_if.as_is")}</option>${choices(kind, plan, asked[kind]).map((each) => html`<option key=${each.value} value=${each.value} selected=${each.value === asked[kind]}>${each.text}</option>`)}</select></label>`;
  return html`<${Panel} id="plan-what-if" title=${t("plan.what_if")}><form class="trial" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); ask(asked); }}>
    <p class="dim">${t("plan.what_if.text")}</p>
    ${select("crossing_closed")}${select("agreement_suspended")}${select("resource_out")}${select("type_code")}
    ${asked.type_code && html`<div class="plan-reserve"><label class="field"><span>${t("member")}</span><select value=${asked.member_id} onChange=${(/** @type {any} */ event) => set({ member_id: event.target.value })}>${members().map((each) => html`<option key=${each.id} value=${each.id} selected=${each.id === asked.member_id}>${each.country} ${named(each.names)}</option>`)}</select></label>
      <label class="field"><span>${t("plan.what_if.by")}</span><select value=${String(asked.by)} onChange=${(/** @type {any} */ event) => set({ by: Number(event.target.value) })}>${BY.map((by) => html`<option key=${by} value=${String(by)} selected=${by === asked.by}>${byText(by)}</option>`)}</select></label></div>`}
    <div class="buttons"><button class="button primary" disabled=${busy || !Object.keys(bodyOf(asked)).length}>${t("plan.what_if.ask")}</button></div>
    ${problem && html`<p class="form-problem" role="alert">${problem}</p>`}</form>
    ${found && html`<${Answered} answer=${found.answer} asked=${found.asked} plan=${plan} busy=${busy} again=${() => ask(found.asked)} />`}<//>`;
}

/** The difference first, then all of it. It stays while it is read, and says when the plan has gone on. @param {{answer: Answer, asked: Asked, plan: import("./plan.js").Plan, busy: boolean, again: () => void}} props */
function Answered({ answer, asked, plan, busy, again }) {
  const goneOn = Date.parse(plan.same_since) > Date.parse(answer.of_at);
  return html`<div class="plan-answer">
    <div role="status"><h3>${t("plan.what_if.if")} ${askedText(asked)}</h3><p class="dim">${t("plan.what_if.of", { time: stamp(answer.of_at) })}</p>
      ${answer.note && html`<p class="notice">${answer.note}</p>`}<${Changes} change=${answer.change} lines=${[...answer.lines, ...plan.lines]} />
      ${goneOn && html`<p class="notice">${t("plan.what_if.gone_on", { time: stamp(plan.same_since) })}</p>`}</div>
    ${goneOn && html`<button type="button" class="button" disabled=${busy} onClick=${again}>${t("plan.what_if.again")}</button>`}
    <details class="settled"><summary>${t("plan.what_if.whole")}</summary><${PlanFacts} plan=${{ ...answer, note: null }} /><${PlanLines} lines=${answer.lines} assignments=${answer.assignments} /></details></div>`;
}
