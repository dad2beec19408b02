/** Agreements: what each covers, until when and how it stands; and what they would say to a case that has not happened. */
import { Problem, myMember, readAll } from "./api.js";
import { AgreementTrial } from "./agreement_try.js";
import { agreementTone, partiesText, scopeText, termText } from "./agreement_words.js";
import { link, onEntries } from "./feed.js";
import { named, stateName, t } from "./i18n.js";
import { useKeys } from "./keys.js";
import { Nothing, Panel, State } from "./parts.js";
import { place, showing, goTo } from "./router.js";
import { may } from "./rules.js";
import { titled } from "./space.js";
import { problemText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./agreement_words.js").Agreement} Agreement */

const SHOWN = /** @type {const} */ (["all", "ours", "in_force", "waiting", "ended"]);

/** @param {Agreement} each @param {string} shown */
function fits(each, shown) {
  const ours = each.parties.some((party) => party.member_id === myMember());
  if (shown === "ours") return ours;
  if (shown === "in_force") return each.status === "in_force";
  if (shown === "waiting") return ["draft", "proposed", "suspended"].includes(each.status) || each.coming !== null || each.review_due;
  if (shown === "ended") return ["expired", "terminated"].includes(each.status);
  return true;
}

/** Read the agreements again whenever one has changed. @returns {{rows: Agreement[] | null, failed: Problem | null, again: () => void}} */
export function useAgreements() {
  const [rows, setRows] = useState(/** @type {Agreement[] | null} */ (null));
  const [failed, setFailed] = useState(/** @type {Problem | null} */ (null));
  const { live } = link.value;
  const again = () => readAll("/agreements").then((found) => { setRows(found); setFailed(null); }, (problem) => problem instanceof Problem && setFailed(problem));
  useEffect(() => {
    if (live) again();
    return onEntries((entries) => {
      if (entries.some((entry) => entry.type.startsWith("agreement"))) again();
    });
  }, [live]);
  return { rows, failed, again };
}

/** The screen. */
export function AgreementsScreen() {
  const { rows, failed, again } = useAgreements();
  const [at, setAt] = useState(-1);
  const shown = place.value.query.show ?? "all";
  const listed = (rows ?? []).filter((each) => fits(each, shown));
  useEffect(() => {
    titled(t("agreements"));
  });
  const go = (/** @type {number} */ to) => {
    setAt(Math.max(0, Math.min(listed.length - 1, to)));
    document.querySelectorAll(".agreement-row a")[to]?.scrollIntoView({ block: "nearest" });
  };
  useKeys([
    { key: "j", does: () => go(at + 1), text: "key.next_agreement" },
    { key: "k", does: () => go(at - 1), text: "key.previous_agreement" },
    { key: "o", does: () => listed[at] && goTo(`#/agreement/${listed[at].id}`), text: "key.open_agreement" },
  ], [listed.map((each) => each.id).join(), at]);
  return html`<div class="request-screen agreements-screen"><h1 class="sr">${t("agreements")}</h1><div class="request-grid">
    <div class="request-main"><${Panel} id="agreements" title=${t("agreements")} count=${listed.length} tools=${html`<a class="button small" href="#/protocols">${t("protocols")}</a> ${may("draft_agreement", { party: [myMember()] }) && html`<a class="button small" href="#/agreement-edit/new">${t("edit.new")}</a>`}`}>
      <div class="choices agreement-filter" role="group" aria-label=${t("filter")}>${SHOWN.map((each) => html`<button type="button" aria-pressed=${shown === each} onClick=${() => showing({ show: each === "all" ? "" : each })}>${t(`agreements.${each}`)}</button>`)}</div>
      ${failed ? html`<p class="nothing" role="alert">${problemText(failed)} <button type="button" class="button small" onClick=${again}>${t("try_again")}</button></p>`
      : rows === null ? html`<${Nothing} text=${t("loading")} />`
      : listed.length === 0 ? html`<${Nothing} text=${t("agreements.none")} />`
      : html`<ul class="plain">${listed.map((each, n) => html`<${Row} key=${each.id} row=${each} now=${n === at} />`)}</ul>`}<//></div>
    <div class="request-side"><${AgreementTrial} /></div></div></div>`;
}

/** @param {{row: Agreement, now: boolean}} props */
function Row({ row, now }) {
  const waits = row.status === "proposed" && row.awaiting.includes(myMember());
  return html`<li class="agreement-row ${now ? "now" : ""}"><a class="agreement-link" href=${`#/agreement/${row.id}`}><span class="agreement-name">${named(row.names)}</span>
      <${State} text=${stateName("agreement", row.status)} tone=${agreementTone(row)} />
      <span class="agreement-what">${partiesText(row)} · ${scopeText(row)}</span>
      <span class="agreement-term">${termText(row)}</span></a>
    ${(waits || row.coming || row.review_due) && html`<p class="agreement-waits">${[waits && t("agreement.waits_for_you"), row.coming && t("agreement.coming", { n: row.coming.version, state: stateName("agreement_version", row.coming.status) }), row.review_due && t("agreement.review_due")].filter(Boolean).join(" · ")}</p>`}</li>`;
}
