/** The exchange rate that a claim is converted by: whose word it is, who contests it, and how the two agree. */
import { memberName } from "./about.js";
import { myMember } from "./api.js";
import { amountOf, figure } from "./claim_parts.js";
import { carryOutConfirmed } from "./doing.js";
import { openForm } from "./form.js";
import { stateName, t } from "./i18n.js";
import { State } from "./parts.js";
import { may } from "./rules.js";
import { html } from "./view.js";

const UNVERIFIED = ["submitted", "disputed"];
const HELD = [...UNVERIFIED, "verified"];

/** What is said about it, and the step that is left. @param {{claim: any, again: () => void}} props */
export function ClaimRate({ claim, again }) {
  const rate = claim.rate;
  if (!rate) return null;
  const mine = myMember(), open = UNVERIFIED.includes(claim.status);
  const sides = [rate.entered_by_member_id, ...(rate.status === "settled" ? [rate.contested_by_member_id] : [])];
  const button = open && may("contest_exchange_rate", { other_member: sides.includes(mine) ? "" : mine ?? "" })
    && html`<button type="button" class="button small" onClick=${() => contest(rate).then((receipt) => receipt && again())}>${t("rate.contest")}</button>`;
  if (rate.status === "settled") {
    const told = { one: memberName(rate.entered_by_member_id), other: memberName(rate.contested_by_member_id), rate: figure(rate.rate), own: figure(claim.exchange_rate) };
    return html`<p class="missing-rate" role="note"><span class="dim">${t(Number(rate.rate) === Number(claim.exchange_rate) ? "rate.settled" : "rate.settled_since", told)}</span> ${button}</p>`;
  }
  if (rate.status === "entered") {
    if (!button) return null;
    return html`<p class="missing-rate" role="note"><span class="dim">${t("rate.word_of", { who: memberName(rate.entered_by_member_id), rate: figure(rate.rate), source: rate.source })}</span>
      ${button}</p>`;
  }
  return html`<div class="claim-dispute claim-rate" role="note"><p><${State} text=${stateName("exchange_rate", rate.status)} tone="notice" /> ${t("rate.contested", { who: memberName(rate.contested_by_member_id), counter: figure(rate.counter_rate), source: rate.counter_source, rate: figure(rate.rate) })} <q>${rate.contest_reason}</q></p>
    ${claim.rate_contested && HELD.includes(claim.status) && html`<p class="late">${t("rate.holds")}</p>`}
    <${Agree} rate=${rate} again=${again} /></div>`;
}

/** Take the other side's rate. @param {{rate: any, again: () => void}} props */
function Agree({ rate, again }) {
  if (!may("agree_to_exchange_rate", { disputant: [rate.entered_by_member_id, rate.contested_by_member_id] })) return null;
  const ours = rate.entered_by_member_id === myMember();
  const theirs = ours ? { who: rate.contested_by_member_id, rate: rate.counter_rate, source: rate.counter_source } : { who: rate.entered_by_member_id, rate: rate.rate, source: rate.source };
  const agree = async () => {
    const receipt = await carryOutConfirmed({ title: t("command.agree_to_exchange_rate"), text: html`<p>${t("rate.agree.text", { who: memberName(theirs.who), rate: figure(theirs.rate), source: theirs.source })}</p>`, action: t("rate.agree", { rate: figure(theirs.rate) }) },
      (answer) => ({ path: `/exchange-rates/${rate.id}/agree`, body: answer, revision: rate.revision }), { done: t("done.rate_agree") });
    if (receipt) again();
  };
  return html`<div class="buttons"><button type="button" class="button small" onClick=${agree}>${t("rate.agree", { rate: figure(theirs.rate) })}</button></div>`;
}

/** Say what it was, why, and by which source. @param {any} rate */
function contest(rate) {
  return openForm({
    title: t("command.contest_exchange_rate"),
    text: html`<p>${t("rate.word_of", { who: memberName(rate.entered_by_member_id), rate: figure(rate.rate), source: rate.source })}</p><p class="dim">${t("rate.contest.text")}</p>`,
    fields: [
      { name: "rate", label: t("rate.counter"), required: true, most: 20, hint: "1.0432" },
      { name: "source", label: t("rate.source"), required: true, most: 200 },
      { name: "reason", label: t("why"), kind: "area", required: true, most: 1000 },
    ],
    action: t("rate.contest"),
    command: (values) => ({ path: `/exchange-rates/${rate.id}/contest`, body: { ...values, rate: amountOf(values.rate) }, revision: rate.revision }),
    how: () => ({ done: t("done.rate_contest") }),
  });
}
