/** What is overdue where money is concerned: for whoever does the accounts, read when the state arrives and when the journal tells of money. */
import { memberName } from "./about.js";
import { myMember, read, session } from "./api.js";
import { money, monthOf } from "./claim_parts.js";
import { link, onEntries, onSnapshot } from "./feed.js";
import { t } from "./i18n.js";
import { learning } from "./learning.js";
import { Left, Member, Panel } from "./parts.js";
import { effect, html, signal } from "./view.js";

/** How long to wait for more to happen before reading again (ms). */
const SOON_MS = 500;
/** Most matters that are shown: what waits longest. */
const MOST = 200;
const TOLD = ["claim.", "statement.", "exchange_rate.", "mission.claim_time_over"];
const DOES_ACCOUNTS = ["finance", "authorised_representative"];

/** @typedef {{id: string, kind: string, due_at: string, by_member_id: string, for_member_id: string, claim_id: string | null, statement_id: string | null, mission_id: string | null, ref: string | null, amount: string | null, currency: string}} Due */

/** What waits longest first; our turn, and theirs. */
export const moneyDue = signal(/** @type {Due[]} */ ([]));

/** Whether who is signed in is told of it. */
export function doesAccounts() {
  return (session.value?.user.roles ?? []).some((role) => DOES_ACCOUNTS.includes(role));
}

/** Watch from now on, whatever roles who is signed in has by and by. */
export function startMoneyDue() {
  const learn = learning(async () => (doesAccounts() ? (await read(`/money-due?limit=${MOST}`)).items : []), (items) => {
    moneyDue.value = items;
  }, SOON_MS);
  effect(() => {
    session.value;
    if (link.value.live) learn();
  });
  onSnapshot(learn);
  onEntries((entries) => entries.some((entry) => TOLD.some((type) => entry.type?.startsWith(type))) && learn());
}

/** Whether somebody of ours has something to do about it: who is owed rings, or lets it be. @param {Due} row */
export function isOurs(row) {
  return row.by_member_id === myMember() || row.kind === "payment_overdue";
}

/** Where it is dealt with. @param {Due} row */
export function whereDue(row) {
  return row.claim_id ? `#/claim/${row.claim_id}` : row.statement_id ? `#/statement/${row.statement_id}` : "#/claims?show=claim";
}

/** What it is about, in words. @param {Due} row */
export function whatDue(row) {
  return row.statement_id && row.ref ? monthOf(`${row.ref}-01`) : (row.ref ?? "");
}

/** Everything that is overdue, above the lists; nothing where nothing is. */
export function MoneyDue() {
  const rows = moneyDue.value;
  if (!rows.length) return null;
  const own = myMember();
  return html`<${Panel} id="money-due" class="money-due" title=${t("claims.overdue")} count=${rows.length}>
    <ul class="plain claim-list">${rows.map((row) => html`<li key=${`${row.kind}/${row.id}`}><a class="claim-row" href=${whereDue(row)}>
      <span class="claim-what"><strong>${t(`alarm.${row.kind}`)}</strong> <span class="ref">${whatDue(row)}</span> <${Member} id=${row.by_member_id === own ? row.for_member_id : row.by_member_id} /></span>
      <span class="claim-amount">${row.amount == null ? row.currency : money(row.amount, row.currency)}</span>
      <span class="claim-state dim">${row.by_member_id === own ? t("claims.your_turn") : t("waits_for", { who: memberName(row.by_member_id) })}</span>
      <span class="claim-until"><${Left} at=${row.due_at} /></span></a></li>`)}</ul><//>`;
}
