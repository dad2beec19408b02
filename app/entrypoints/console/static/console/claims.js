/** The money: what is to be claimed, what others are to pay us and we them, and the monthly statements of day-to-day help. */
import { memberName } from "./about.js";
import { myMember, SPACE } from "./api.js";
import { amountOf, dayOf, Failed, figure, money, monthOf, readList, toneOf, useRead } from "./claim_parts.js";
import { carryOut } from "./doing.js";
import { openForm } from "./form.js";
import { stateName, t, typeName } from "./i18n.js";
import { MoneyDue } from "./money_due.js";
import { Left, Member, Nothing, Panel, State } from "./parts.js";
import { goTo, place, showing } from "./router.js";
import { holdsOne, may } from "./rules.js";
import { titled } from "./space.js";
import { html, useEffect, useState } from "./view.js";

const SHOWN = ["pay", "claim", "statements"];
export const DEALS_WITH_MONEY = ["finance", "authorised_representative", "dispatcher"];
const WAITING = ["submitted", "disputed", "verified"];

/** Whether there is anything on it for who is signed in. */
export function dealsWithMoney() {
  return holdsOne(DEALS_WITH_MONEY);
}

/** The screen. */
export function ClaimsScreen() {
  useEffect(() => {
    titled(t("claims"));
  });
  const { found, failed, again } = useRead(
    async () => {
      const [claims, unclaimed, statements] = await Promise.all([readList("/claims"), readList("/unclaimed-missions"), readList("/statements")]);
      return { claims, unclaimed, statements };
    },
    ["claim.", "statement.", "mission.returned"],
    [],
  );
  if (failed && !found) return html`<${Failed} problem=${failed} />`;
  const own = myMember();
  const claims = found?.claims ?? [];
  const owed = claims.filter((/** @type {any} */ row) => row.requester_id === own);
  const ours = claims.filter((/** @type {any} */ row) => row.lender_id === own);
  const counts = {
    pay: owed.filter((/** @type {any} */ row) => WAITING.includes(row.status)).length,
    claim: ours.filter((/** @type {any} */ row) => row.status !== "closed").length + (found?.unclaimed.length ?? 0),
    statements: (found?.statements ?? []).filter((/** @type {any} */ row) => ["issued", "disputed", "answered"].includes(row.status)).length,
  };
  const asked = place.value.query.show;
  const shown = SHOWN.includes(asked) ? asked : (SHOWN.find((code) => counts[/** @type {keyof typeof counts} */ (code)]) ?? "pay");
  return html`<div class="claims-screen">
    <header class="claims-head"><h1>${t("claims")}</h1>
      <div class="choices" role="group" aria-label=${t("claims")}>${SHOWN.map((code) => html`<button type="button" aria-pressed=${code === shown} onClick=${() => showing({ show: code })}>${t(`claims.${code}`)}${counts[/** @type {keyof typeof counts} */ (code)] ? html` <span class="count">${counts[/** @type {keyof typeof counts} */ (code)]}</span>` : ""}</button>`)}</div>
      <span class="grow"></span>
      <span class="buttons">${may("enter_exchange_rate") && html`<button type="button" class="button small" onClick=${() => enterRate()}>${t("claims.rate")}</button>`}
        <a class="button small" href=${`/api/v1/spaces/${encodeURIComponent(SPACE)}/claims.csv`} download>${t("claims.csv")}</a></span></header>
    <${MoneyDue} />
    ${!found ? html`<${Nothing} text=${t("loading")} />` : shown === "pay" ? html`<${Claims} id="to-pay" title=${t("claims.pay")} rows=${owed} none=${t("claims.pay.none")} />`
      : shown === "claim" ? html`<${ToClaim} rows=${found.unclaimed} again=${again} /><${Claims} id="ours" title=${t("claims.ours")} rows=${ours} none=${t("claims.ours.none")} />`
      : html`<${Statements} rows=${found.statements} />`}
  </div>`;
}

/** Claims in a list: whose, how they stand, how much, until when. @param {{id: string, title: string, rows: any[], none: string}} props */
function Claims({ id, title, rows, none }) {
  const own = myMember();
  return html`<${Panel} id=${id} title=${title} count=${rows.length || undefined}>
    ${rows.length === 0 ? html`<${Nothing} text=${none} />` : html`<ul class="plain claim-list">${rows.map((row) => html`<li key=${row.id}><a class="claim-row" href=${`#/claim/${row.id}`}>
      <span class="claim-what"><span class="ref">${row.ref}</span> <${Member} id=${row.lender_id === own ? row.requester_id : row.lender_id} /></span>
      <span class="claim-amount">${money(row.agreed, row.currency)}</span>
      <span class="claim-state"><${State} text=${stateName("claim", row.status)} tone=${toneOf(row)} /> <span class="dim">${row.open_disputes > 0 ? `${t("claim.disputes", { n: row.open_disputes })} · ` : ""}${t("claim.missions", { n: row.mission_count })}</span></span>
      <span class="claim-until">${deadline(row)}</span></a></li>`)}</ul>`}<//>`;
}

/** Until when somebody has to do something about a claim. @param {any} row */
function deadline(row) {
  if (row.status === "draft") return html`${t("claim.claim_by")} <${Left} at=${row.claim_by} />`;
  if (row.answer_by) return html`${t("claim.answer_by")} <${Left} at=${row.answer_by} />`;
  if (WAITING.includes(row.status)) return html`${t("claim.pay_by")} <${Left} at=${row.pay_by} />`;
  return row.paid_at ? t("claim.paid_on", { day: dayOf(row.paid_at) }) : "";
}

/** Missions that are home and in no claim, chosen together by requester and currency. @param {{rows: any[], again: () => void}} props */
function ToClaim({ rows, again }) {
  const own = myMember();
  const [chosen, setChosen] = useState(/** @type {string[]} */ ([]));
  if (!rows.length) return null;
  const first = rows.find((row) => chosen.includes(row.id));
  const fits = (/** @type {any} */ row) => !first || (row.requester_id === first.requester_id && row.currency === first.currency);
  const drafts = may("draft_claim", { lender: own });
  const toggle = (/** @type {string} */ id) => setChosen((was) => (was.includes(id) ? was.filter((each) => each !== id) : [...was, id]));
  const draft = async () => {
    const receipt = await carryOut({ path: "/claims", body: { mission_ids: chosen } }, { done: t("done.claim_drafted") });
    if (!receipt) return;
    setChosen([]);
    again();
    goTo(`#/claim/${receipt.id}`);
  };
  return html`<${Panel} id="to-claim" title=${t("claims.unclaimed")} count=${rows.length} tools=${drafts && html`<button type="button" class="button primary small" disabled=${!chosen.length} onClick=${draft}>${chosen.length ? t("claim.draft", { n: chosen.length }) : t("claim.draft_none")}</button>`}>
    <ul class="plain claim-list">${rows.map((row) => html`<li key=${row.id}><label class=${`claim-row pickable ${fits(row) ? "" : "apart"}`}>
      <span class="claim-what">${drafts && html`<input type="checkbox" checked=${chosen.includes(row.id)} disabled=${!fits(row)} onChange=${() => toggle(row.id)} /> `}<strong>${row.call_sign ?? typeName(row.type_code)}</strong> → <${Member} id=${row.requester_id} /></span>
      <span class="claim-amount">${row.currency}</span>
      <span class="claim-state dim">${typeName(row.type_code)} · ${dayOf(row.home_at)}${row.kilometres == null ? "" : ` · ${figure(row.kilometres)} km`}</span>
      <span class="claim-until">${t("claim.claim_by")} <${Left} at=${row.claim_by} /></span></label></li>`)}</ul><//>`;
}

/** The monthly statements. @param {{rows: any[]}} props */
function Statements({ rows }) {
  const own = myMember();
  return html`<${Panel} id="statements" title=${t("claims.statements")} count=${rows.length || undefined}>
    ${rows.length === 0 ? html`<${Nothing} text=${t("claims.statements.none")} />` : html`<ul class="plain claim-list">${rows.map((row) => html`<li key=${row.id}><a class="claim-row" href=${`#/statement/${row.id}`}>
      <span class="claim-what"><strong>${monthOf(row.month)}</strong> <${Member} id=${row.member_a_id === own ? row.member_b_id : row.member_a_id} /></span>
      <span class="claim-amount">${money(row.net, row.currency)}</span>
      <span class="claim-state"><${State} text=${stateName("statement", row.status)} tone=${toneOf(row)} /> <span class="dim">${t("claim.missions", { n: row.line_count })}</span></span>
      <span class="claim-until">${whoPays(row)}</span></a></li>`)}</ul>`}<//>`;
}

/** Who pays in the end. @param {any} row */
export function whoPays(row) {
  if (row.net == null) return t("statement.no_rate");
  if (!row.payer_id) return t("statement.even");
  return row.payer_id === myMember() ? t("statement.we_pay") : t("statement.they_pay", { who: memberName(row.payer_id) });
}

/** That a rate is missing, who may give it, and what happens then. @param {{base: string, quote: string, day: string, then: string, again: () => void}} props */
export function MissingRate({ base, quote, day, then, again }) {
  return html`<p class="missing-rate" role="note"><span>${t("rate.missing", { base, quote, day: dayOf(day) })} ${then}</span>
    ${may("enter_exchange_rate") && html`<button type="button" class="button small" onClick=${() => enterRate({ base, quote, day }).then((receipt) => receipt && again())}>${t("claims.rate")}</button>`}</p>`;
}

/** Type in what one currency is worth in another, with its source. @param {{base?: string, quote?: string, day?: string}} [known] */
export function enterRate({ base, quote, day } = {}) {
  return openForm({
    title: t("claims.rate"),
    text: html`<p>${t("claims.rate.text")}</p>`,
    fields: [
      { name: "base", label: t("rate.base"), required: true, most: 3, hint: "CHF", value: base },
      { name: "quote", label: t("rate.quote"), required: true, most: 3, hint: "EUR", value: quote },
      { name: "rate", label: t("rate.rate"), required: true, most: 20, hint: "1.0432" },
      { name: "day", label: t("rate.day"), required: true, most: 10, hint: "2026-07-13", value: day },
      { name: "source", label: t("rate.source"), required: true, most: 200 },
    ],
    action: t("claims.rate"),
    command: (values) => ({ path: "/exchange-rates", body: { ...values, base: values.base?.toUpperCase(), quote: values.quote?.toUpperCase(), rate: amountOf(values.rate) } }),
    how: () => ({ done: t("done.rate") }),
  });
}
