/** The lines of a plan: how good it is, who goes where, what stays open and why; in the plan that counts also what one can do about it. */
import { memberName, PRIORITIES, UNFILLED, wayText } from "./about.js";
import { myMember } from "./api.js";
import { mayGoBeyond, WhoMay } from "./beyond.js";
import { standing } from "./candidates.js";
import { money } from "./claim_parts.js";
import { language, named, t, typeName } from "./i18n.js";
import { askUnit, sendUnits } from "./offering.js";
import { Left, Member, Nothing, Phone, Priority, State } from "./parts.js";
import { etaText } from "./recommended.js";
import { requestLink } from "./router.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { stamp } from "./time.js";
import { againstText } from "./told.js";
import { html } from "./view.js";

/** @typedef {import("./recommended.js").Why} Why */
/** @typedef {{resource_id: string, call_sign: string}} Unit */
/** @typedef {{request_line_id: string, member_id: string, type_code: string, quantity: number, units: Unit[], eta_min: number, eta: import("./recommended.js").Eta, arrives_at: string, crossing_id: string | null, via_crossing_ids: string[], warnings: import("./recommended.js").Why[], waits_min: number, agreement_code: string | null, ad_hoc: boolean, part: boolean, estimate: {amount: string, currency: string} | null}} Assignment */
/** @typedef {{request_id: string, ref: string, request_line_id: string, member_id: string, type_code: string, priority: string, needed_by: string | null, under_way: number, parts_under_way: Record<string, number>, wanted: number, unmet: number, last_min: number | null, why: {why: Why, units: number, member_id: string | null}[]}} PlanLine */
/** @typedef {{status: string, note: string | null, ways?: import("./recommended.js").Ways, unmet_units: number, life_safety_unmet: number, worst_share: number}} Quality */

/** How good it is, and what stays open. @param {{plan: Quality}} props */
export function PlanFacts({ plan }) {
  return html`<dl class="facts">
    <div><dt>${t("plan.status")}</dt><dd><${State} text=${t(`plan.status.${plan.status}`)} tone=${plan.status === "optimal" ? "good" : "notice"} />${plan.note && html` <span class="dim">${plan.note}</span>`}</dd></div>
    <div><dt>${t("plan.unmet")}</dt><dd class=${plan.life_safety_unmet ? "late" : ""}>${t("plan.units", { n: plan.unmet_units })}${plan.life_safety_unmet > 0 && html` · ${t("plan.for_life_safety", { n: plan.life_safety_unmet })}`}</dd></div>
    <div><dt>${t("plan.worst")}</dt><dd>${new Intl.NumberFormat(language.value, { style: "percent" }).format(plan.worst_share)}</dd></div>
    ${plan.ways && html`<div><dt>${t("plan.ways")}</dt><dd>${t(`plan.ways.${plan.ways.by}`)}${plan.ways.note && html` <span class="notice">${plan.ways.note}</span>`}</dd></div>`}</dl>`;
}

/** @param {{lines: PlanLine[], assignments: Assignment[], acts?: boolean}} props acts: units can be sent, or asked for */
export function PlanLines({ lines, assignments, acts }) {
  if (!lines.length) return html`<${Nothing} text=${t("plan.nothing_open")} />`;
  return html`<ul class="plain">${lines.map((line) => html`<${Line} key=${line.request_line_id} line=${line} acts=${acts} sent=${assignments.filter((each) => each.request_line_id === line.request_line_id)} />`)}</ul>`;
}

/** One line, and who is to go there. @param {{line: PlanLine, sent: Assignment[], acts?: boolean}} props */
function Line({ line, sent, acts }) {
  return html`<li class=${`plan-line ${line.unmet ? "open" : ""}`}>
    <p class="plan-line-head"><${Priority} rank=${PRIORITIES.indexOf(line.priority) + 1} /> <strong>${line.wanted}\u00a0×\u00a0${typeName(line.type_code)}</strong> <a href=${requestLink(line.request_id)}>${line.ref}</a> <${Member} id=${line.member_id} />
      ${line.needed_by && html`<${Left} at=${line.needed_by} />`} ${line.under_way > 0 && html`<span class="dim">${t("plan.under_way", { n: line.under_way })}</span>`}
      ${Object.entries(line.parts_under_way).map(([code, n]) => html`<span class="dim" key=${code}>${t("plan.under_way", { n })} (${typeName(code)})</span> `)}
      ${line.unmet > 0 && html`<${State} text=${t("plan.open", { n: line.unmet })} tone=${line.priority === PRIORITIES[0] ? "alert" : "notice"} />`}</p>
    ${sent.length > 0 && html`<ul class="plain plan-sent">${sent.map((each) => html`<${Sent} key=${each.member_id + each.eta_min + each.type_code + each.crossing_id} sent=${each} line=${line} acts=${acts} />`)}</ul>`}
    ${line.why.length > 0 && html`<ul class="why">${line.why.map((each) => html`<li class="why-not" key=${each.why.code + each.member_id + each.why.figures.reason}>${each.member_id && html`<${Member} id=${each.member_id} />${each.member_id === myMember() ? "" : html` <${Phone} id=${each.member_id} />`} `}${againstText(each.why)}${each.units > 0 && html` <span class="dim">${t("plan.holds_back", { n: each.units })}</span>`}</li>`)}</ul>`}</li>`;
}

/** @param {{sent: Assignment, line: PlanLine, acts?: boolean}} props */
function Sent({ sent, line, acts }) {
  const agreement = tables.agreement.all.value.find((row) => row.code === sent.agreement_code);
  const own = sent.member_id === line.member_id;
  return html`<li class="plan-unit">
    <span class="plan-who"><strong>${sent.quantity}\u00a0×</strong>${sent.type_code === line.type_code ? "" : ` ${typeName(sent.type_code)}`} <${Member} id=${sent.member_id} />${sent.member_id === myMember() ? "" : html` <${Phone} id=${sent.member_id} />`}</span>
    <span class="plan-eta"><strong>${t("span.min", { n: sent.eta_min })}</strong> <time datetime=${sent.arrives_at}>${stamp(sent.arrives_at)}</time></span>
    <span class="dim">${sent.units.map((unit) => unit.call_sign).join(", ")}${sent.crossing_id ? ` · ${wayText(sent)}` : ""}${sent.waits_min > 0 ? ` · ${t("plan.waits", { n: sent.waits_min })}` : ""} · ${own ? t("own_unit.theirs", { who: memberName(sent.member_id) }) : sent.ad_hoc ? html`<span class="notice">${t("plan.ad_hoc")}</span>` : agreement ? named(agreement.names) : sent.agreement_code}${Number(sent.estimate?.amount) > 0 ? ` · ${t("cost.estimate", { amount: money(sent.estimate?.amount, sent.estimate?.currency ?? "") })}` : ""} · <span class="eta-parts">${etaText(sent.eta)}</span></span>
    ${sent.warnings.length > 0 && html`<ul class="why">${sent.warnings.map((each) => html`<li key=${each.text}>${againstText(each)}</li>`)}</ul>`}
    ${acts && !own && html`<${Act} sent=${sent} line=${line} />`}</li>`;
}

/** *Send* for the lender, *Ask* for the requester; what was offered already says so. @param {{sent: Assignment, line: PlanLine}} props */
function Act({ sent, line }) {
  const own = myMember();
  const request = tables.request.get(line.request_id);
  const row = tables.request_line.get(line.request_line_id);
  if (!request || !row || !UNFILLED.includes(request.status)) return null;
  const states = sent.units.map((unit) => ({ unit, state: standing(request.id, unit.resource_id) }));
  const free = states.filter((each) => !each.state).map((each) => each.unit);
  const names = free.map((unit) => unit.call_sign).join(", ");
  const told = states.filter((each) => each.state).map((each) => html`<${State} key=${each.unit.resource_id} text=${`${each.unit.call_sign}: ${each.state}`} tone="notice" />`);
  let act = null;
  if (free.length && sent.member_id === own && request.member_id !== own && may("make_offer", { lender: own }))
    act = sent.ad_hoc && !mayGoBeyond("ad_hoc", own) ? html`<${WhoMay} act="ad_hoc" lender=${own} />` : html`<button type="button" class="button primary small" onClick=${() => sendUnits(request, row, free, { lender: own, act: sent.ad_hoc ? "ad_hoc" : null })} aria-label=${t("send_unit", { unit: names })}>${free.length > 1 ? t("plan.send_all", { n: free.length }) : t("send")}</button>`;
  else if (free.length && request.member_id === own)
    act = html`<button type="button" class="button small" onClick=${() => askUnit(request, { call_sign: names, member_id: sent.member_id })} aria-label=${`${t("ask")}: ${memberName(sent.member_id)}, ${names}`}>${t("ask")}</button>`;
  return told.length || act ? html`<span class="plan-act">${told}${act}</span>` : null;
}
