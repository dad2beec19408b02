/** The offers on a request, the soonest first, with fit, border, readiness, cost, agreement, and what stands against them. */
import { memberName, wayOf, wayText } from "./about.js";
import { accept } from "./accepting.js";
import { myMember, readAll } from "./api.js";
import { named, stateName, t, typeName, word } from "./i18n.js";
import { money } from "./claim_parts.js";
import { commit, declineOffer, learnUnit, offerText, withdraw } from "./offering.js";
import { Age, Left, Member, Panel, Phone, State, useMark } from "./parts.js";
import { lastEstimate, useCandidates } from "./recommended.js";
import { can, may } from "./rules.js";
import { OnDuty } from "./shift.js";
import { tables, take } from "./store.js";
import { codeText } from "./told.js";
import { html, useEffect } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

const OVER = ["declined", "withdrawn", "expired"];
const WIDE = 50;

/** @param {{request: Row}} props */
export function Offers({ request }) {
  const offers = tables.offer.where("request_id", request.id);
  if (!offers.length) return null;
  return html`<${Ranked} request=${request} offers=${offers} />`;
}

/** @param {{request: Row, offers: readonly Row[]}} props */
function Ranked({ request, offers }) {
  useSides(request, offers);
  const told = useCandidates(request.id, "", WIDE, offers.length);
  const eta = new Map((told?.items ?? []).map((each) => [each.resource_id, each]));
  const first = (/** @type {Row} */ offer) => Math.min(...tables.offer_line.where("offer_id", offer.id).map((line) => eta.get(line.resource_id)?.eta_min ?? 1e6));
  const ranked = [...offers].sort((a, b) => Number(OVER.includes(a.status)) - Number(OVER.includes(b.status)) || first(a) - first(b) || a.offered_at.localeCompare(b.offered_at));
  return html`<${Panel} live id="offers" class="offers" title=${t("offers")} count=${offers.length}>
    <ul class="plain">${ranked.filter((offer) => !settled(offer)).map((offer) => html`<${Offer} key=${offer.id} id=${offer.id} request=${request} eta=${eta} />`)}</ul>
    ${ranked.some(settled) && html`<details class="settled"><summary>${t("offers.settled", { n: ranked.filter(settled).length })}</summary><ul class="plain">${ranked.filter(settled).map((offer) => html`<${Offer} key=${offer.id} id=${offer.id} request=${request} eta=${eta} />`)}</ul></details>`}<//>`;
}

/**
 * For planned help an agreement may let dispatchers bind, at a phase: the server knows at which, and is asked again when an offer
 * or the incident changes.
 * @param {Row} request @param {readonly Row[]} offers
 */
function useSides(request, offers) {
  const incident = tables.incident.get(request.incident_id);
  useEffect(() => {
    if (request.kind !== "planned") return;
    readAll(`/requests/${request.id}/offers`).then((found) => take({ offer: found.map(({ lines: _, ...offer }) => offer) }), () => undefined);
  }, [request.id, incident?.revision, offers.map((offer) => offer.revision).join()]);
}

/** Whether nothing is left to do about an offer: over, or committed with all that was accepted. @param {Row} offer */
function settled(offer) {
  const taken = tables.offer_line.where("offer_id", offer.id).filter((line) => line.accepted_quantity > 0);
  return OVER.includes(offer.status) || (taken.length > 0 && taken.every((line) => line.committed));
}

/** @param {{id: string, request: Row, eta: Map<string, import("./recommended.js").Candidate>}} props */
function Offer({ id, request, eta }) {
  const offer = tables.offer.get(id);
  const lines = tables.offer_line.where("offer_id", id);
  const mark = useMark("offer", id, offer?.revision);
  useEffect(() => {
    for (const line of lines) learnUnit(line.resource_id);
  }, [lines]);
  if (!offer) return null;
  const own = myMember();
  const sides = { requester: request.member_id, lender: offer.lender_id };
  /** What the table of authority asks of a side. @param {"requester" | "lender"} side @returns {Record<string, string>} */
  const facts = (side) => ({ request_kind: request.kind, ...(request.kind === "planned" && offer.dispatchers_bind?.includes(side) && { bound_by: "dispatcher" }) });
  const accepts = can("offer", offer.status, "accept_offer");
  const left = lines.some((line) => line.accepted_quantity > 0 && !line.committed);
  const committed = lines.some((line) => line.committed);
  const other = offer.lender_id === own ? request.member_id : offer.lender_id;
  return html`<li class="offer ${mark} ${OVER.includes(offer.status) ? "over" : ""}">
    <div class="offer-head"><${Member} id=${offer.lender_id} /> <${State} text=${committed && !left ? t("event.committed") : stateName("offer", offer.status)} tone=${["offered", "provisional"].includes(offer.status) || left ? "notice" : ""} />
      <span class="dim"><${Age} at=${offer.offered_at} />${offer.valid_until && !OVER.includes(offer.status) && !committed ? html` · ${t("valid")} <${Left} at=${offer.valid_until} />` : ""}</span><span class="grow"></span><${Phone} id=${other} named /></div>
    <ul class="plain offer-lines">${lines.map((line) => html`<${OfferLine} key=${line.id} line=${line} eta=${known(eta.get(line.resource_id)) ?? lastEstimate(request.id, line.resource_id) ?? eta.get(line.resource_id)} />`)}</ul>
    ${offer.note && html`<q>${offer.note}</q>`}
    <div class="buttons">
      ${accepts && may("accept_offer", sides, facts("requester")) ? html`<button type="button" class="button primary" onClick=${() => accept(request, offer, offerText(offer))}>${t("accept")}</button>` : ""}
      ${offer.status === "offered" && may("accept_offer", sides, facts("requester")) ? html`<button type="button" class="button" onClick=${() => accept(request, offer, offerText(offer), true)}>${t("accept_provisionally")}</button>` : ""}
      ${can("offer", offer.status, "decline_offer") && may("decline_offer", sides) ? html`<button type="button" class="button" onClick=${() => declineOffer(offer)}>${t("decline_offer")}</button>` : ""}
      ${offer.status === "accepted" && left && may("commit_offer", sides, facts("lender")) ? html`<button type="button" class="button primary" onClick=${() => commit(request, offer)}>${t("commit")}</button>` : ""}
      ${can("offer", offer.status, "withdraw_offer", { any_line_committed: committed }) && may("withdraw_offer", sides) ? html`<button type="button" class="button" onClick=${() => withdraw(offer)}>${t("withdraw")}</button>` : ""}
      ${accepts && own === request.member_id && !may("accept_offer", sides, facts("requester")) && may("decline_offer", sides) ? html`<span class="notice">${t("ask_representative.accept")} <${OnDuty} member=${own} /></span>` : ""}
      ${offer.status === "accepted" && left && own === offer.lender_id && !may("commit_offer", sides, facts("lender")) && may("withdraw_offer", sides) ? html`<span class="notice">${t("ask_representative.commit")} <${OnDuty} member=${own} /></span>` : ""}
      ${offer.status === "accepted" && left && own === request.member_id ? html`<span class="dim">${t("offer.waits", { who: memberName(offer.lender_id) })}</span>` : ""}
    </div></li>`;
}

/** @param {import("./recommended.js").Candidate | undefined} found */
const known = (found) => (found?.eta_min == null ? undefined : found);

/** @param {{line: Row, eta: import("./recommended.js").Candidate | undefined}} props */
function OfferLine({ line, eta }) {
  const unit = tables.resource.get(line.resource_id);
  const agreement = tables.agreement.get(line.agreement_id);
  const mission = tables.mission.where("request_id", line.request_id).find((row) => row.offer_line_id === line.id);
  const over = wayOf(mission ?? eta);
  const delay = over.reduce((sum, row) => sum + row.delay_min, 0);
  return html`<li class="offer-line"><strong>${unit?.call_sign ?? `${line.quantity} × ${typeName(line.type_code)}`}</strong>${unit ? html` <span class="dim">${typeName(line.type_code)}</span>` : ""}
    <dl class="facts inline-facts">
      ${!mission && eta?.eta_min != null ? html`<div><dt>${t("eta")}</dt><dd>${t("span.min", { n: eta.eta_min })}</dd></div>` : ""}
      ${over.length ? html`<div><dt>${t("border")}</dt><dd class=${over.some((row) => row.control === "closed") ? "late" : ""}>${wayText(mission ?? eta)}${delay ? ` +${t("span.min", { n: delay })}` : ""}</dd></div>` : ""}
      ${unit ? html`<div><dt>${t("ready")}</dt><dd><${Readiness} ready=${unit.readiness} /></dd></div>` : ""}
      <div><dt>${t("cost")}</dt><dd>${line.cost?.terms === "free_for_hours" ? t("cost.free_hours", { n: line.cost.hours }) : word("cost_terms", line.cost?.terms)}${Number(line.estimate?.amount) > 0 ? ` · ${t("cost.estimate", { amount: money(line.estimate.amount, line.estimate.currency) })}` : ""}</dd></div>
      <div><dt>${t("agreement")}</dt><dd>${agreement ? html`<span title=${agreement.code}>${named(agreement.names)}</span>` : t("ad_hoc")}</dd></div></dl>
    ${line.reserve_override && html`<p class="late">${t("reserve.overridden")} ${line.reserve_override.reason ?? ""}</p>`}
    ${(line.findings ?? []).length > 0 && html`<ul class="why">${line.findings.map((/** @type {any} */ finding) => html`<li class=${finding.blocking ? "why-not" : ""}>${codeText(finding)}</li>`)}</ul>`}</li>`;
}

/** What a unit has for working on the other side; what it lacks is named. @param {{ready: any}} props */
export function Readiness({ ready }) {
  const lacks = ["papers", "couplings", "radios"].filter((what) => !ready?.[what]);
  return html`${lacks.length === 0 ? html`<span class="calm">✓</span>` : html`<span class="notice">${t("lacks")} ${lacks.map((what) => word("readiness", what)).join(", ")}</span>`} <span class="dim">${(ready?.languages ?? []).join(" ").toUpperCase()}</span>`;
}
