/** What one plan changes of another, and of what is promised now, in words. */
import { linesOf, memberName, wayOf } from "./about.js";
import { money } from "./claim_parts.js";
import { named, stateName, t, typeName } from "./i18n.js";
import { Nothing } from "./parts.js";
import { tables } from "./store.js";
import { html } from "./view.js";

/** @typedef {import("./plan.js").Change} Change */
/** @typedef {import("./plan.js").Way} Way */
/** @typedef {import("./plan.js").Now} Now */
/** @typedef {import("./plan_lines.js").PlanLine} PlanLine */

/** Which line it is, whether the plan that is shown has it or not. @param {string} id @param {readonly PlanLine[]} lines */
function lineName(id, lines) {
  const planned = lines.find((line) => line.request_line_id === id);
  if (planned) return `${planned.ref} · ${typeName(planned.type_code)}`;
  const row = tables.request_line.get(id);
  const request = row && tables.request.get(row.request_id);
  return request ? `${request.ref}${linesOf(request.id).length > 1 ? ` · ${typeName(row.type_code)}` : ""}` : t("plan.ended_line");
}

/** @param {{change: Change, lines: readonly PlanLine[]}} props */
export function Changes({ change, lines }) {
  if (![change.moved, change.rerouted, change.later, change.cost].some((each) => each.length) && !change.unmet_units && !change.life_safety_unmet) return html`<${Nothing} text=${t("plan.same")} />`;
  return html`<div class="plan-changes">
    ${change.life_safety_unmet !== 0 && html`<p class=${change.life_safety_unmet < 0 ? "calm" : "late"}>${t(change.life_safety_unmet < 0 ? "plan.life_fewer" : "plan.life_more", { n: Math.abs(change.life_safety_unmet) })}</p>`}
    ${change.unmet_units !== 0 && html`<p class=${change.unmet_units < 0 ? "calm" : "late"}>${t(change.unmet_units < 0 ? "plan.fewer_open" : "plan.more_open", { n: Math.abs(change.unmet_units) })}</p>`}
    <ul class="plain">${change.moved.map((each) => html`<li key=${each.request_line_id + each.member_id + each.type_code}><strong>${memberName(each.member_id)}</strong> → ${lineName(each.request_line_id, lines)}: <span class="plan-counts">${each.before} → ${each.after}</span></li>`)}
      ${change.rerouted.map((each, at) => html`<li key=${`${each.request_line_id}/${each.member_id}/${at}`}><strong>${memberName(each.member_id)}</strong> → ${lineName(each.request_line_id, lines)}: <span class="plan-counts">${each.quantity}\u00a0×</span> ${otherwise(each.before, each.after)}</li>`)}
      ${change.later.map((each) => html`<li key=${`${each.request_line_id}/later`} class=${each.minutes < 0 && each.fewer > 0 ? "notice" : "dim"}>${lineName(each.request_line_id, lines)}: ${laterText(each)}</li>`)}</ul>
    ${change.cost.map((each) => html`<p key=${each.currency} class="dim">${t("plan.cost_ours", { before: money(each.before, each.currency), after: money(each.after, each.currency) })}</p>`)}</div>`;
}

/** When the last one comes; that it is sooner is no gain where fewer come. @param {{minutes: number, fewer: number}} later */
function laterText({ minutes, fewer }) {
  const n = Math.abs(minutes);
  if (minutes > 0) return fewer < 0 ? t("plan.later_more", { n, more: -fewer }) : t("plan.later", { n });
  return fewer > 0 ? t("plan.sooner_fewer", { n, fewer }) : t("plan.sooner", { n });
}

/** Under what agreement, and over which crossing they go otherwise. @param {Way} before @param {Way} after */
function otherwise(before, after) {
  const paper = [before, after].map(paperOf);
  const told = paper[0] === paper[1] ? [] : [html`<span class=${after.ad_hoc ? "notice" : ""}>${paper.join(" → ")}</span>`];
  const over = [before, after].map((way) => (way.crossing_id ? t("plan.over", { name: wayOf(way).map((row) => named(row.names)).join(" + ") }) : "–"));
  if (over[0] !== over[1]) told.push(html`<span>${over.join(" → ")}</span>`);
  return told.map((each, at) => html`${at ? " · " : ""}${each}`);
}

/** @param {Way} way */
function paperOf(way) {
  if (way.ad_hoc) return t("plan.ad_hoc");
  const agreement = tables.agreement.all.value.find((row) => row.code === way.agreement_code);
  return way.agreement_code ? `${agreement ? named(agreement.names) : way.agreement_code} v${way.agreement_version}` : "–";
}

/** What the plan changes of what is promised and on its way. @param {{now: Now, lines: readonly PlanLine[]}} props */
export function SinceNow({ now, lines }) {
  const away = now.not_kept.filter((each) => each.to_line_id);
  const out = now.not_kept.filter((each) => !each.to_line_id);
  return html`<div class="plan-changes"><p class="dim">${t("plan.now.counts", { under_way: now.under_way, kept: now.kept })}</p>
    ${!now.newly.length && !now.not_kept.length && html`<${Nothing} text=${t("plan.now.same")} />`}
    ${away.length > 0 && html`<h3 class="late">${t("plan.now.elsewhere", { n: now.penalty_min })}</h3><ul class="plain">${away.map((each) => html`<li key=${each.request_line_id + each.member_id + each.to_line_id}><${Promised} of=${each} /> ${lineName(each.request_line_id, lines)} → ${lineName(each.to_line_id ?? "", lines)}</li>`)}</ul>`}
    ${out.length > 0 && html`<h3 class="late">${t("plan.now.nowhere")}</h3><ul class="plain">${out.map((each) => html`<li key=${each.request_line_id + each.member_id + each.type_code}><${Promised} of=${each} /> ${lineName(each.request_line_id, lines)}</li>`)}</ul>`}
    ${now.newly.length > 0 && html`<h3>${t("plan.now.newly")}</h3><ul class="plain">${now.newly.map((each) => html`<li key=${`${each.request_line_id}/${each.member_id}/${each.type_code}/${each.ad_hoc}`}><strong>${memberName(each.member_id)}</strong> → ${lineName(each.request_line_id, lines)}: <span class="plan-counts">${each.quantity}\u00a0×</span>${each.ad_hoc ? html` <span class="notice">${t("plan.ad_hoc")}</span>` : ""}</li>`)}</ul>`}</div>`;
}

/** Who has promised what, and whether it was accepted. @param {{of: Now["not_kept"][number]}} props */
function Promised({ of }) {
  return html`<strong>${memberName(of.member_id)}</strong> ${of.units.length ? of.units.map((unit) => unit.call_sign).join(", ") : `${of.quantity}\u00a0×`} <span class="dim">(${stateName("offer", of.offer_status)})</span>:`;
}
