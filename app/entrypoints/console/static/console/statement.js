/** One monthly statement: what two members did for each other from day to day, who owes whom, and whether both say so. */
import { memberName } from "./about.js";
import { myMember, read, SPACE } from "./api.js";
import { dayOf, figure, itemName, money, monthOf, toneOf, useRead } from "./claim_parts.js";
import { freeHow, momentsText, sumText } from "./claim_sums.js";
import { MissingRate, whoPays } from "./claims.js";
import { recordMeasures } from "./crew.js";
import { carryOutConfirmed } from "./doing.js";
import { openForm } from "./form.js";
import { codes, named, stateName, t, typeName, word } from "./i18n.js";
import { Missing } from "./missing.js";
import { Member, Nothing, Panel, Phone, State } from "./parts.js";
import { can, may } from "./rules.js";
import { titled } from "./space.js";
import { html, useEffect } from "./view.js";

/** The screen. @param {{id: string}} props */
export function StatementScreen({ id }) {
  const { found, failed, again } = useRead(() => read(`/statements/${id}`), ["statement.", "exchange_rate."], [id]);
  useEffect(() => {
    titled(found ? monthOf(found.month) : t("claims.statements"));
  });
  if (failed && !found) return html`<${Missing} problem=${failed} what="statement" back="#/claims?show=statements" to="to_claims" again=${again} />`;
  if (!found) return html`<div class="request-screen"><${Nothing} text=${t("loading")} /></div>`;
  const own = myMember();
  const other = found.member_a_id === own ? found.member_b_id : found.member_a_id;
  const mine = found.member_a_id === own ? found.acknowledged_by_a_at : found.acknowledged_by_b_at;
  const theirs = found.member_a_id === own ? found.acknowledged_by_b_at : found.acknowledged_by_a_at;
  const [weOwe, theyOwe] = found.member_a_id === own ? [found.a_owes, found.b_owes] : [found.b_owes, found.a_owes];
  const sides = /** @type {any} */ ({ requester: found.member_a_id, lender: found.member_b_id });
  const held = ["paid", "replaced"].includes(found.status) ? null : found.contested_rate;
  const acknowledge = async () => {
    const done = await carryOutConfirmed({ title: t("statement.acknowledge"), text: html`<p>${t("statement.acknowledge.text", { month: monthOf(found.month), who: memberName(other) })}</p>`, action: t("statement.acknowledge") },
      () => ({ path: `/statements/${id}/acknowledge`, body: {}, revision: found.revision }), { done: t("done.statement_acknowledged") });
    if (done) again();
  };
  const corrects = can("statement", found.status, "reissue_statement") ? found.lines.filter((/** @type {any} */ line) => [null, line.mission_id].includes(found.disputed_mission_id) && may("reissue_statement", { lender: line.lender_id })) : [];
  const reissue = async () => {
    const done = await carryOutConfirmed({ title: t("statement.reissue"), text: html`<p>${t("statement.reissue.text", { n: found.version + 1 })}</p>`, action: t("statement.reissue") },
      () => ({ path: `/statements/${id}/reissue`, body: {}, revision: found.revision }), { done: t("done.statement_reissued") });
    if (done) location.hash = `#/statement/${done.id}`;
  };
  return html`<div class="request-screen claim-screen">
    <header class="request-head">
      <p class="back"><a href="#/claims?show=statements">← ${t("claims.statements")}</a></p>
      <div class="request-title"><div><h1>${monthOf(found.month)} · ${memberName(other)}</h1>${found.version > 1 || found.replaced_by_id ? html`<p class="dim">${t("statement.version", { n: found.version })}${found.replaces_id ? html` · <a href=${`#/statement/${found.replaces_id}`}>${t("statement.version_before")}</a>` : ""}${found.replaced_by_id ? html` · <a href=${`#/statement/${found.replaced_by_id}`}>${t("statement.version_after")}</a>` : ""}</p>` : ""}</div><${State} text=${stateName("statement", found.status)} tone=${toneOf(found)} /></div>
      <dl class="facts claim-facts">
        <div><dt>${t("statement.we_owe")}</dt><dd>${money(weOwe, found.currency)}</dd></div>
        <div><dt>${t("statement.they_owe", { who: memberName(other) })}</dt><dd>${money(theyOwe, found.currency)}</dd></div>
        <div><dt>${t("statement.net")}</dt><dd><strong>${money(found.net, found.currency)}</strong> ${whoPays(found)}${found.before && found.before.net !== found.net ? html` <span class="dim">${t("statement.was", { what: money(found.before.net, found.currency) })}</span>` : ""}</dd></div>
        <div><dt>${t("statement.acknowledged")}</dt><dd>${memberName(own)}: ${mine ? dayOf(mine) : t("statement.not_yet")} · ${memberName(other)}: ${theirs ? dayOf(theirs) : t("statement.not_yet")}</dd></div>
        ${found.dispute_reason && html`<div><dt>${stateName("statement", "disputed")}</dt><dd>${memberName(found.disputed_by_member_id)}: ${word("statement_reasons", found.dispute_reason)}${found.disputed_mission_id ? ` (${t("statement.line", { n: found.lines.findIndex((/** @type {any} */ line) => line.mission_id === found.disputed_mission_id) + 1 })})` : ""}</dd></div>`}
        ${found.answer && html`<div><dt>${t("statement.answered")}</dt><dd>${word("statement_answers", found.answer)} · ${dayOf(found.answered_at)}</dd></div>`}
        ${found.paid_at && html`<div><dt>${t("statement.paid")}</dt><dd>${dayOf(found.paid_at)} · ${found.payment_reference}</dd></div>`}
      </dl>
      <div class="request-who"><span class="ring"><${Member} id=${other} /> <${Phone} id=${other} /></span></div>
      ${missingRates(found).map((rate) => html`<${MissingRate} key=${rate.base} ...${rate} then=${t("rate.missing.statement")} again=${again} />`)}
      ${held && html`<div class="claim-dispute claim-rate" role="note"><p class="late">${t("because.rate_contested", { rate: figure(held.rate), counter_rate: figure(held.counter_rate) })}</p></div>`}
      <div class="buttons">
        ${!held && !mine && found.net != null && can("statement", found.status, "acknowledge_statement", { both_acknowledged: true }) && may("acknowledge_statement", sides) && html`<button type="button" class="button primary" onClick=${acknowledge}>${t("statement.acknowledge")}</button>`}
        ${may("dispute_statement", sides) && can("statement", found.status, "dispute_statement") && html`<button type="button" class="button" onClick=${() => dispute(found, again)}>${t("statement.dispute")}</button>`}
        ${can("statement", found.status, "answer_statement") && found.disputed_by_member_id !== own && may("answer_statement", { disputed_with: own }) && html`<button type="button" class="button" onClick=${() => answer(found, again)}>${t("statement.answer")}</button>`}
        ${corrects.length > 0 && html`<button type="button" class="button" onClick=${reissue}>${t("statement.reissue")}</button>`}
        ${!held && can("statement", found.status, "pay_statement", { something_to_pay: found.payer_id != null }) && may("pay_statement", { requester: found.payer_id }) && html`<button type="button" class="button primary" onClick=${() => pay(found, other, again)}>${t("statement.pay")}</button>`}
        <a class="button" href=${`/api/v1/spaces/${encodeURIComponent(SPACE)}/statements/${id}/lines.csv`} download>${t("claims.csv")}</a></div>
    </header>
    <${Panel} id="statement-lines" title=${t("statement.lines")} count=${found.lines.length}>
      <p class="claim-terms dim">${t("statement.no_patients")}</p>
      <ol class="plain">${found.lines.map((/** @type {any} */ line, /** @type {number} */ at) => html`<li key=${line.mission_id} class=${`claim-line ${line.mission_id === found.disputed_mission_id ? "now" : ""}`}>
        <div class="claim-line-head"><span><span class="dim">${at + 1}.</span> <strong>${typeName(line.type_code)}</strong> <${Member} id=${line.lender_id} /> → <${Member} id=${line.requester_id} /></span><span class="claim-amount">${money(line.amount, line.currency)}</span></div>
        <p class="dim">${line.call_sign ?? t("statement.no_unit")} · ${momentsText(line)} · ${line.agreement_code ? t("claim.agreement", { code: named(line.agreement_names), version: line.agreement_version }) : t("claim.ad_hoc")} · ${word("cost_terms", line.cost_terms)}${line.free_hours ? ` (${figure(String(line.free_hours))} h)` : ""}</p>
        ${line.items.length > 0 ? html`<ul class="plain claim-sum">${line.items.map((/** @type {any} */ each) => html`<li>${itemName(each)}: ${sumText(each, line.currency)}${Number(each.amount) > 0 ? ` = ${money(each.amount, line.currency)}` : ""}</li>`)}</ul>` : html`<p class="claim-sum">${figure(line.hours)} h${line.person_hours == null ? "" : ` · ${t("statement.person_hours", { n: figure(line.person_hours) })}`}${line.kilometres == null ? "" : ` · ${figure(line.kilometres)} km`}</p><p class="notice">${t("statement.changed_since")}</p>`}
        ${freeText(line.items, line.free_hours, line.hours)}
        ${line.currency === found.currency ? "" : html`<p class="claim-sum">${line.ledger_amount == null ? t("statement.no_rate") : money(line.ledger_amount, found.currency)}</p>`}
        ${line.before ? html`<p class="dim">${t("statement.was", { what: figuresOf(line.before) })}</p>` : ""}
        ${corrects.includes(line) && html`<p><button type="button" class="button small" onClick=${() => correct(line, again)}>${t("statement.correct")}</button></p>`}</li>`)}</ol><//>
  </div>`;
}

/** How what is free came about, where the agreement frees the first hours. @param {any[]} items @param {number | null} agreed @param {string} hours */
function freeText(items, agreed, hours) {
  return agreed && items.some((each) => Number(each.free) > 0) ? html`<p class="dim">${freeHow(agreed, Number(hours))}</p>` : "";
}

/** The exchange rates that a statement waits for: of each currency, that of its first day. @param {any} found */
function missingRates(found) {
  const lines = found.lines.filter((/** @type {any} */ line) => line.ledger_amount == null);
  const bases = /** @type {string[]} */ ([...new Set(lines.map((/** @type {any} */ line) => line.currency))]);
  return bases.map((base) => ({ base, quote: found.currency, day: lines.find((/** @type {any} */ line) => line.currency === base).day }));
}

/** Hours, way and money of a line as it was. @param {any} line */
function figuresOf(line) {
  return `${figure(line.hours)} h${line.kilometres == null ? "" : ` · ${figure(line.kilometres)} km`} · ${money(line.amount, line.currency)}`;
}

/** Correct what was measured on a mission that is disputed. @param {any} line @param {() => void} again */
async function correct(line, again) {
  const mission = await read(`/missions/${line.mission_id}`);
  await recordMeasures(mission);
  again();
}

/** Answer that all of it is right, and why, by code. @param {any} found @param {() => void} again */
function answer(found, again) {
  return openForm({
    title: t("statement.answer"),
    text: html`<p>${t("statement.answer.text")}</p>`,
    fields: [{ name: "answer", label: t("why"), kind: "select", value: "as_measured", options: codes("statement_answers").map((code) => ({ value: code, text: word("statement_answers", code) })) }],
    action: t("statement.answer"),
    command: (values) => ({ path: `/statements/${found.id}/answer`, body: values, revision: found.revision }),
    how: () => ({ done: t("done.statement_answered") }),
  }).then((receipt) => receipt && again());
}

/** Say that the rest was paid. @param {any} found @param {string} other @param {() => void} again */
function pay(found, other, again) {
  return openForm({
    title: t("statement.pay"),
    text: html`<p>${t("statement.pay.text", { amount: money(found.net, found.currency), who: memberName(other) })}</p>`,
    fields: [{ name: "reference", label: t("claim.reference"), most: 200, required: true }],
    action: t("statement.pay"),
    command: (values) => ({ path: `/statements/${found.id}/pay`, body: values, revision: found.revision }),
    how: () => ({ done: t("done.statement_paid") }),
  }).then((receipt) => receipt && again());
}

/** Say what is wrong, by code. @param {any} found @param {() => void} again */
function dispute(found, again) {
  return openForm({
    title: t("statement.dispute"),
    text: html`<p>${t("statement.dispute.text")}</p>`,
    fields: [
      { name: "reason", label: t("why"), kind: "select", value: "wrong_hours", options: codes("statement_reasons").map((code) => ({ value: code, text: word("statement_reasons", code) })) },
      { name: "mission_id", label: t("statement.which"), kind: "select", value: "", options: [{ value: "", text: t("statement.none_of_them") }, ...found.lines.map((/** @type {any} */ line, /** @type {number} */ at) => ({ value: line.mission_id, text: `${at + 1}. ${dayOf(line.day)} ${typeName(line.type_code)} ${money(line.amount, line.currency)}` }))] },
    ],
    action: t("statement.dispute"),
    command: (values) => ({ path: `/statements/${found.id}/dispute`, body: values, revision: found.revision }),
    how: () => ({ done: t("done.statement_disputed") }),
  }).then((receipt) => receipt && again());
}
