/** One monthly statement: what two members did for each other from day to day, who owes whom, and whether both say so. */
import { memberName } from "./about.js";
import { myMember, read, SPACE } from "./api.js";
import { dayOf, figure, money, monthOf, toneOf, useRead } from "./claim_parts.js";
import { MissingRate, whoPays } from "./claims.js";
import { carryOutConfirmed } from "./doing.js";
import { openForm } from "./form.js";
import { codes, stateName, t, typeName, word } from "./i18n.js";
import { Missing } from "./missing.js";
import { Member, Nothing, Panel, Phone, State } from "./parts.js";
import { can, may } from "./rules.js";
import { html, useEffect } from "./view.js";

/** The screen. @param {{id: string}} props */
export function StatementScreen({ id }) {
  const { found, failed, again } = useRead(() => read(`/statements/${id}`), ["statement."], [id]);
  useEffect(() => {
    document.title = `${found ? monthOf(found.month) : t("claims.statements")} · Concord`;
  });
  if (failed && !found) return html`<${Missing} problem=${failed} what="statement" back="#/claims?show=statements" to="to_claims" again=${again} />`;
  if (!found) return html`<div class="request-screen"><${Nothing} text=${t("loading")} /></div>`;
  const own = myMember();
  const other = found.member_a_id === own ? found.member_b_id : found.member_a_id;
  const mine = found.member_a_id === own ? found.acknowledged_by_a_at : found.acknowledged_by_b_at;
  const theirs = found.member_a_id === own ? found.acknowledged_by_b_at : found.acknowledged_by_a_at;
  const [weOwe, theyOwe] = found.member_a_id === own ? [found.a_owes, found.b_owes] : [found.b_owes, found.a_owes];
  const sides = /** @type {any} */ ({ requester: found.member_a_id, lender: found.member_b_id });
  const acknowledge = async () => {
    const done = await carryOutConfirmed({ title: t("statement.acknowledge"), text: html`<p>${t("statement.acknowledge.text", { month: monthOf(found.month), who: memberName(other) })}</p>`, action: t("statement.acknowledge") },
      () => ({ path: `/statements/${id}/acknowledge`, body: {}, revision: found.revision }), { done: t("done.statement_acknowledged") });
    if (done) again();
  };
  return html`<div class="request-screen claim-screen">
    <header class="request-head">
      <p class="back"><a href="#/claims?show=statements">← ${t("claims.statements")}</a></p>
      <div class="request-title"><div><h1>${monthOf(found.month)} · ${memberName(other)}</h1></div><${State} text=${stateName("statement", found.status)} tone=${toneOf(found)} /></div>
      <dl class="facts claim-facts">
        <div><dt>${t("statement.we_owe")}</dt><dd>${money(weOwe, found.currency)}</dd></div>
        <div><dt>${t("statement.they_owe", { who: memberName(other) })}</dt><dd>${money(theyOwe, found.currency)}</dd></div>
        <div><dt>${t("statement.net")}</dt><dd><strong>${money(found.net, found.currency)}</strong> ${whoPays(found)}</dd></div>
        <div><dt>${t("statement.acknowledged")}</dt><dd>${memberName(own)}: ${mine ? dayOf(mine) : t("statement.not_yet")} · ${memberName(other)}: ${theirs ? dayOf(theirs) : t("statement.not_yet")}</dd></div>
        ${found.dispute_reason && html`<div><dt>${stateName("statement", "disputed")}</dt><dd>${memberName(found.disputed_by_member_id)}: ${word("statement_reasons", found.dispute_reason)}${found.disputed_mission_id ? ` (${t("statement.line", { n: found.lines.findIndex((/** @type {any} */ line) => line.mission_id === found.disputed_mission_id) + 1 })})` : ""}</dd></div>`}
      </dl>
      <div class="request-who"><span class="ring"><${Member} id=${other} /> <${Phone} id=${other} /></span></div>
      ${missingRates(found).map((rate) => html`<${MissingRate} key=${rate.base} ...${rate} then=${t("rate.missing.statement")} again=${again} />`)}
      <div class="buttons">
        ${!mine && found.net != null && found.status !== "acknowledged" && may("acknowledge_statement", sides) && html`<button type="button" class="button primary" onClick=${acknowledge}>${t("statement.acknowledge")}</button>`}
        ${may("dispute_statement", sides) && can("statement", found.status, "dispute_statement") && html`<button type="button" class="button" onClick=${() => dispute(found, again)}>${t("statement.dispute")}</button>`}
        <a class="button" href=${`/api/v1/spaces/${encodeURIComponent(SPACE)}/statements/${id}/lines.csv`} download>${t("claims.csv")}</a></div>
    </header>
    <${Panel} id="statement-lines" title=${t("statement.lines")} count=${found.lines.length}>
      <p class="claim-terms dim">${t("statement.no_patients")}</p>
      <ol class="plain">${found.lines.map((/** @type {any} */ line, /** @type {number} */ at) => html`<li key=${line.mission_id} class=${`claim-line ${line.mission_id === found.disputed_mission_id ? "now" : ""}`}>
        <div class="claim-line-head"><span><span class="dim">${at + 1}.</span> <strong>${typeName(line.type_code)}</strong> <${Member} id=${line.lender_id} /> → <${Member} id=${line.requester_id} /></span><span class="claim-amount">${money(line.amount, line.currency)}</span></div>
        <p class="claim-sum">${dayOf(line.day)} · ${figure(line.hours)} h${line.kilometres == null ? "" : ` · ${figure(line.kilometres)} km`}${line.currency === found.currency ? "" : ` · ${line.ledger_amount == null ? t("statement.no_rate") : money(line.ledger_amount, found.currency)}`}</p></li>`)}</ol><//>
  </div>`;
}

/** The exchange rates that a statement waits for: of each currency, that of its first day. @param {any} found */
function missingRates(found) {
  const lines = found.lines.filter((/** @type {any} */ line) => line.ledger_amount == null);
  const bases = /** @type {string[]} */ ([...new Set(lines.map((/** @type {any} */ line) => line.currency))]);
  return bases.map((base) => ({ base, quote: found.currency, day: lines.find((/** @type {any} */ line) => line.currency === base).day }));
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
