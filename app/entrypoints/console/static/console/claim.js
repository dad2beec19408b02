/** One claim: its lines as they came about, the steps that each side may take, and the dispute about a line. */
import { memberName } from "./about.js";
import { read, SPACE } from "./api.js";
import { amountOf, dayOf, figure, itemName, money, toneOf, useRead } from "./claim_parts.js";
import { freeHow, momentsText, sumText } from "./claim_sums.js";
import { ClaimRate } from "./claim_rate.js";
import { MissingRate } from "./claims.js";
import { carryOutConfirmed } from "./doing.js";
import { openForm } from "./form.js";
import { named, stateName, t, typeName, word } from "./i18n.js";
import { Missing } from "./missing.js";
import { Left, Member, Nothing, Panel, Phone, State } from "./parts.js";
import { goTo, requestLink } from "./router.js";
import { can, may } from "./rules.js";
import { titled } from "./space.js";
import { tables } from "./store.js";
import { html, useEffect } from "./view.js";

const UNSETTLED = ["raised", "answered"];

/** An agreement by its code, as people call it; of one that has ended only the code is here. @param {string} code */
function agreementCalled(code) {
  const found = tables.agreement.all.value.find((row) => row.code === code);
  return found ? named(found.names) : code;
}

/** The screen. @param {{id: string}} props */
export function ClaimScreen({ id }) {
  const { found: claim, failed, again } = useRead(() => read(`/claims/${id}`), ["claim.", "exchange_rate."], [id]);
  useEffect(() => {
    titled(claim?.ref ?? t("claim"));
  });
  if (failed && !claim) return html`<${Missing} problem=${failed} what="claim" back="#/claims" to="to_claims" again=${again} />`;
  if (!claim) return html`<div class="request-screen"><${Nothing} text=${t("loading")} /></div>`;
  const sides = { lender: claim.lender_id, requester: claim.requester_id };
  return html`<div class="request-screen claim-screen">
    <header class="request-head">
      <p class="back"><a href="#/claims">← ${t("claims")}</a></p>
      <div class="request-title"><div><h1><span class="ref">${claim.ref}</span> ${t("claim.who", { lender: memberName(claim.lender_id), requester: memberName(claim.requester_id) })}</h1></div>
        <${State} text=${stateName("claim", claim.status)} tone=${toneOf(claim)} /></div>
      <dl class="facts claim-facts">
        <div><dt>${t("claim.total")}</dt><dd><strong>${money(claim.total, claim.currency)}</strong></dd></div>
        ${claim.agreed !== claim.total && html`<div><dt>${t("claim.agreed")}</dt><dd><strong>${money(claim.agreed, claim.currency)}</strong></dd></div>`}
        ${claim.exchange_rate && html`<div><dt>${t("claim.ledger")}</dt><dd>${money(claim.ledger_total, claim.ledger_currency)} <span class="dim">${t("claim.rate_of", { rate: figure(claim.exchange_rate), day: dayOf(claim.rate_date), source: claim.rate_source })}</span></dd></div>`}
        ${!claim.submitted_at && html`<div><dt>${t("claim.claim_by")}</dt><dd>${dayOf(claim.claim_by)} <${Left} at=${claim.claim_by} /></dd></div>`}
        ${claim.submitted_at && html`<div><dt>${t("claim.submitted_on")}</dt><dd>${dayOf(claim.submitted_at)}</dd></div>`}
        ${claim.pay_by && !claim.paid_at && !["waived", "closed"].includes(claim.status) && html`<div><dt>${t("claim.pay_until")}</dt><dd>${dayOf(claim.pay_by)} <${Left} at=${claim.pay_by} /></dd></div>`}
        ${claim.paid_at && html`<div><dt>${t("claim.paid")}</dt><dd>${dayOf(claim.paid_at)} · ${claim.payment_reference}</dd></div>`}
      </dl>
      <div class="request-who"><span class="ring"><${Member} id=${claim.lender_id} /> <${Phone} id=${claim.lender_id} /></span><span class="ring"><${Member} id=${claim.requester_id} /> <${Phone} id=${claim.requester_id} /></span></div>
      ${claim.no_rate && html`<${MissingRate} ...${claim.no_rate} then=${t("rate.missing.submit")} again=${again} />`}
      <${ClaimRate} claim=${claim} again=${again} />
      <${Steps} claim=${claim} sides=${sides} again=${again} />
    </header>
    ${claim.missions.map((/** @type {any} */ mission) => html`<${OfMission} key=${mission.mission_id} claim=${claim} mission=${mission} sides=${sides} again=${again} />`)}
  </div>`;
}

/** @typedef {{lender: string, requester: string}} Sides */

/** What may be done with the claim as a whole. What binds is confirmed. @param {{claim: any, sides: Sides, again: () => void}} props */
function Steps({ claim, sides, again }) {
  const able = (/** @type {string} */ command) => may(command, /** @type {any} */ (sides)) && can("claim", claim.status, command);
  const step = async (/** @type {string} */ what, /** @type {any} */ how) => {
    const receipt = await carryOutConfirmed({ title: t(`claim.${what}`), text: html`<p>${t(`claim.${what}.text`, { amount: money(claim.agreed, claim.currency), who: memberName(how.to) })}</p>`, action: t(`claim.${what}`), ...how.confirm },
      (answer) => ({ path: `/claims/${claim.id}/${what}`, body: answer, revision: claim.revision }), { done: t(`done.claim_${what}`) });
    if (receipt) how.then ? how.then() : again();
  };
  const pay = () => openForm({
    title: t("claim.pay"),
    text: html`<p>${t("claim.pay.text", { amount: money(claim.agreed, claim.currency), who: memberName(claim.lender_id) })}</p>`,
    fields: [{ name: "reference", label: t("claim.reference"), required: true, most: 100 }],
    action: t("claim.pay"),
    command: (values) => ({ path: `/claims/${claim.id}/pay`, body: values, revision: claim.revision }),
    how: () => ({ done: t("done.claim_pay") }),
  }).then((receipt) => receipt && again());
  return html`<div class="buttons">
    ${able("submit_claim") && html`<button type="button" class="button primary" onClick=${() => step("submit", { to: claim.requester_id })}>${t("claim.submit")}</button>`}
    ${able("verify_claim") && !claim.rate_contested && html`<button type="button" class="button primary" onClick=${() => step("verify", { to: claim.lender_id })}>${t("claim.verify")}</button>`}
    ${able("pay_claim") && !claim.rate_contested && html`<button type="button" class="button primary" onClick=${pay}>${t("claim.pay")}</button>`}
    ${able("close_claim") && html`<button type="button" class="button primary" onClick=${() => step("close", { to: claim.requester_id })}>${t("claim.close")}</button>`}
    ${able("waive_claim") && html`<button type="button" class="button" onClick=${() => step("waive", { to: claim.requester_id, confirm: { why: "required", danger: true } })}>${t("claim.waive")}</button>`}
    ${claim.status === "draft" && may("discard_claim", /** @type {any} */ (sides)) && html`<button type="button" class="button" onClick=${() => step("discard", { to: claim.requester_id, confirm: { danger: true }, then: () => goTo("#/claims?show=claim") })}>${t("claim.discard")}</button>`}
    <a class="button" href=${`/api/v1/spaces/${encodeURIComponent(SPACE)}/claims/${claim.id}/lines.csv`} download>${t("claims.csv")}</a></div>`;
}

/** One mission of the claim with its lines. @param {{claim: any, mission: any, sides: Sides, again: () => void}} props */
function OfMission({ claim, mission, sides, again }) {
  const lines = claim.lines.filter((/** @type {any} */ line) => line.mission_id === mission.mission_id);
  const cost = mission.cost;
  return html`<${Panel} id=${`mission-${mission.mission_id}`} title=${mission.call_sign ?? typeName(mission.type_code)} tools=${html`<a href=${requestLink(mission.request_id)}>${t("request")}</a>`}>
    <p class="claim-terms dim">${typeName(mission.type_code)} · ${momentsText(mission)} · ${mission.agreement_code ? t("claim.agreement", { code: agreementCalled(mission.agreement_code), version: mission.agreement_version }) : t("claim.ad_hoc")} · ${word("cost_terms", cost.terms)}${cost.hours ? ` (${figure(String(cost.hours))} h)` : ""}</p>
    ${cost.hours && lines.some((/** @type {any} */ line) => Number(line.free) > 0) && html`<p class="claim-terms dim">${freeHow(cost.hours, countedHours(mission, lines))}</p>`}
    <ul class="plain">${lines.map((/** @type {any} */ line) => html`<${Line} key=${line.id} claim=${claim} line=${line} sides=${sides} again=${again} />`)}</ul><//>`;
}

/** The hours of a mission of which so many are free: from the alarm until home, less the handover, to the hundredth as they are billed. @param {any} mission @param {any[]} lines */
function countedHours(mission, lines) {
  const hours = Math.round((Date.parse(mission.home_at) - Date.parse(mission.mobilised_at)) / 36_000) / 100;
  return hours - Number(lines.find((each) => each.item === "vehicle_hours")?.overlap ?? 0);
}

/** One line: what was measured, what is free and why, what is left, and what the two say about it. @param {{claim: any, line: any, sides: Sides, again: () => void}} props */
function Line({ claim, line, sides, again }) {
  const less = line.agreed !== line.amount;
  return html`<li class="claim-line">
    <div class="claim-line-head"><strong>${itemName(line)}</strong><span class="claim-amount">${less && html`<s>${money(line.amount, claim.currency)}</s> `}${money(line.agreed, claim.currency)}</span></div>
    <p class="claim-sum">${sumText(line, claim.currency)}</p>
    ${line.why.length > 0 && html`<p class="dim">${line.why.map((/** @type {any} */ why) => word("cost_reasons", why.code)).join(" · ")}</p>`}
    ${line.waived && html`<p><${State} text=${t("claim.line_waived")} tone="calm-state" /></p>`}
    ${line.dispute && html`<div class="claim-dispute"><p><${State} text=${stateName("claim_dispute", line.dispute)} tone=${UNSETTLED.includes(line.dispute) ? "notice" : "calm-state"} />${line.dispute === "raised" && line.answer_by ? html` <span class="dim">${t("claim.answer_due")}</span> <${Left} at=${line.answer_by} />` : ""}</p>
      <p>${t("claim.counter", { who: memberName(claim.requester_id), amount: money(line.counter_amount, claim.currency) })} <q>${line.dispute_reason}</q></p>
      ${line.answer && html`<p>${t("claim.answered", { who: memberName(claim.lender_id), amount: money(line.answer_amount, claim.currency) })} <q>${line.answer}</q></p>`}</div>`}
    <${LineSteps} claim=${claim} line=${line} sides=${sides} again=${again} /></li>`;
}

/** What each side may do about a line. @param {{claim: any, line: any, sides: Sides, again: () => void}} props */
function LineSteps({ claim, line, sides, again }) {
  const checked = ["submitted", "disputed"].includes(claim.status) && !line.waived;
  const of = /** @type {any} */ (sides);
  const disputes = checked && Number(line.agreed) > 0 && (!line.dispute || can("claim_dispute", line.dispute, "dispute_claim_line")) && may("dispute_claim_line", of);
  const answers = checked && line.dispute === "raised" && may("answer_dispute", of);
  const withdraws = checked && UNSETTLED.includes(line.dispute) && may("withdraw_dispute", of);
  const waives = ["submitted", "disputed", "verified"].includes(claim.status) && Number(line.agreed) > 0 && may("waive_claim", of);
  const dispute = () => openForm({
    title: t("claim.dispute"),
    text: html`<p><strong>${itemName(line)}</strong>: ${sumText(line, claim.currency)} = ${money(line.agreed, claim.currency)}</p>`,
    fields: [{ name: "counter_amount", label: t("claim.counter_amount", { currency: claim.currency }), required: true, most: 20 }, { name: "reason", label: t("why"), kind: "area", required: true, most: 1000 }],
    action: t("claim.dispute"),
    command: (values) => ({ path: `/claim-lines/${line.id}/dispute`, body: { ...values, counter_amount: amountOf(values.counter_amount) }, revision: line.revision }),
    how: () => ({ done: t("done.claim_dispute") }),
  }).then((receipt) => receipt && again());
  const answer = () => openForm({
    title: t("claim.answer"),
    text: html`<p>${t("claim.counter", { who: memberName(claim.requester_id), amount: money(line.counter_amount, claim.currency) })} <q>${line.dispute_reason}</q></p><p class="dim">${t("claim.answer.text")}</p>`,
    fields: [{ name: "amount", label: t("claim.answer_amount", { currency: claim.currency }), required: true, value: line.counter_amount, most: 20 }, { name: "answer", label: t("claim.answer.words"), kind: "area", required: true, most: 1000 }],
    action: t("claim.answer"),
    command: (values) => ({ path: `/claim-lines/${line.id}/answer`, body: { ...values, amount: amountOf(values.amount) }, revision: line.revision }),
    how: () => ({ done: t("done.claim_answer") }),
  }).then((receipt) => receipt && again());
  const withdraw = async () => {
    const amount = line.answer_amount ?? line.agreed;
    const done = await carryOutConfirmed({ title: t("claim.withdraw"), text: html`<p>${t("claim.withdraw.text", { amount: money(amount, claim.currency) })}</p>`, action: t("claim.withdraw") },
      () => ({ path: `/claim-lines/${line.id}/withdraw`, body: {}, revision: line.revision }), { done: t("done.claim_withdraw") });
    if (done) again();
  };
  const waive = async () => {
    const done = await carryOutConfirmed({ title: t("claim.waive_line"), text: html`<p>${t("claim.waive.text", { amount: money(line.agreed, claim.currency), who: memberName(claim.requester_id) })}</p>`, action: t("claim.waive_line"), why: "required", danger: true },
      (answer) => ({ path: `/claims/${claim.id}/waive`, body: { ...answer, line_ids: [line.id] }, revision: claim.revision }), { done: t("done.claim_waive") });
    if (done) again();
  };
  if (!disputes && !answers && !withdraws && !waives) return null;
  return html`<div class="buttons">
    ${disputes && html`<button type="button" class="button small" onClick=${dispute}>${t("claim.dispute")}</button>`}
    ${answers && html`<button type="button" class="button primary small" onClick=${answer}>${t("claim.answer")}</button>`}
    ${withdraws && html`<button type="button" class="button small" onClick=${withdraw}>${line.dispute === "answered" ? t("claim.accept_answer") : t("claim.withdraw")}</button>`}
    ${waives && html`<button type="button" class="button small" onClick=${waive}>${t("claim.waive_line")}</button>`}</div>`;
}
