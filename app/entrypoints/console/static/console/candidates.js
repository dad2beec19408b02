/**
 * Who can get there first, for one line of a request: own units and the other side's, with why and why not. The estimate is the
 * server's; nothing is reserved by looking at it.
 */
import { HOME, linesOf, lineText, memberName, UNFILLED, wayOf, wayText } from "./about.js";
import { myMember } from "./api.js";
import { money } from "./claim_parts.js";
import { mayGoBeyond, WhoMay } from "./beyond.js";
import { actFor, askUnit, sendUnit } from "./offering.js";
import { KIND, sendRun } from "./day_to_day.js";
import { named, stateName, t } from "./i18n.js";
import { Age, Member, Nothing, Panel, Phone, State } from "./parts.js";
import { mayOfferFor, openOffer } from "./offer_form.js";
import { Readiness } from "./offers.js";
import { etaText, useCandidates } from "./recommended.js";
import { may } from "./rules.js";
import { fillOf, tables } from "./store.js";
import { stamp } from "./time.js";
import { againstText, crossingCalled } from "./told.js";
import { html, useState } from "./view.js";

/** @typedef {import("./recommended.js").Candidate} Candidate */

const SHORT = 5;
/** How many are told at first, and how many more each time. */
const LONG = 12;
/** How many of our own are told at first that come after those. */
const OWN = 3;
/** More are not told at once. */
const MOST = 200;
/** Reasons why a crossing is passed by. */
const TOO_MUCH = ["too_heavy", "too_high", "too_wide"];
/** States of an offer in which its units are spoken for. */
const STANDS = ["offered", "provisional", "accepted"];

/**
 * The panel: on operations with the first few, on the request's screen with all.
 * @param {{request: import("./store.js").Row, compact?: boolean, title?: string, line?: string, onLine?: (id: string) => void}} props
 */
export function Candidates({ request, compact, title, line, onLine }) {
  const lines = linesOf(request.id);
  const [own, setOwn] = useState("");
  const picked = lines.find((each) => each.id === (line ?? own)) ?? lines.find((each) => fillOf(each).open > 0) ?? lines[0];
  const choose = onLine ?? setOwn;
  const [many, setMany] = useState({ all: LONG, own: OWN });
  const lends = request.member_id !== myMember();
  const found = useCandidates(request.id, picked?.id ?? "", many.all, `${request.revision}/${picked ? fillOf(picked).open : 0}/${tables.offer.where("request_id", request.id).map((offer) => offer.revision).join()}`, lends ? { member: myMember(), limit: many.own } : undefined);
  if (!picked) return null;
  const able = found?.items.filter((each) => each.can) ?? [];
  const first = firstOf(able);
  const items = found?.items.filter((each) => !compact || first.includes(each) || standing(request.id, each.resource_id)) ?? [];
  const shown = items.filter((each) => each.can || each.elsewhere || acts(each, request) || standing(request.id, each.resource_id));
  const barred = items.filter((each) => !shown.includes(each));
  const pulledUp = (/** @type {Candidate} */ each) => (compact ? able.indexOf(each) > first.indexOf(each) : each === shown.find((one) => one.beyond));
  const row = (/** @type {Candidate} */ each) => html`<${CandidateRow} key=${each.resource_id} rank=${each.beyond ? 0 : able.indexOf(each) + 1} found=${each} request=${request} line=${picked} compact=${compact} />`;
  return html`<${Panel} id="candidates" class="candidates ${compact ? "compact" : ""}" title=${t("candidates")} tools=${found?.at ? html`<span class="as-of">${t("as_of", { time: stamp(found.at) })}</span>` : ""}>
    ${compact && html`<p class="candidates-for"><strong>${title}</strong></p>`}
    ${lines.length > 1 && html`<div class="choices" role="group" aria-label=${t("lines")}>${lines.map((each) => html`<button type="button" aria-pressed=${each.id === picked.id} onClick=${() => choose(each.id)}>${lineText(each)}</button>`)}</div>`}
    ${found?.failed && html`<p class="late" role="alert">${found.failed}</p>`}
    ${found?.ways?.note && html`<p class="notice" role="status">${found.ways.note}</p>`}
    ${!found && html`<${Nothing} text=${t("loading")} />`}
    ${found && items.length === 0 && html`<${Nothing} text=${t("candidates.none")} />`}
    <ol class="candidate-list">${shown.map((each) => html`${pulledUp(each) ? html`<li class="divider" key="divider">${t(compact ? "candidates.first_own" : "candidates.own_later")}</li>` : ""}${row(each)}`)}</ol>
    ${barred.length > 0 && html`<details class="settled" open=${barred.length === items.length}><summary>${t("candidates.cannot", { n: barred.length })}</summary><ol class="candidate-list">${barred.map(row)}</ol></details>`}
    ${!compact && fillOf(picked).parts?.length && mayOfferFor(request) ? html`<p class="buttons"><span class="dim">${t("offer.in_parts")}</span> <button type="button" class="button" onClick=${() => openOffer(request)}>${t("offer.parts")}</button></p>` : ""}
    ${found && !compact && found.more_own > 0 && html`<p class="dim candidates-more">${t("candidates.more_own", { n: found.more_own })}${many.own < MOST && html` <button type="button" class="button small" onClick=${() => setMany({ ...many, own: Math.min(MOST, many.own + LONG) })}>${t("candidates.show_more_own")}</button>`}</p>`}
    ${found && !compact && found.more > 0 && html`<p class="dim candidates-more">${t("candidates.more", { n: found.more })}${many.all < MOST && html` <button type="button" class="button small" onClick=${() => setMany({ ...many, all: Math.min(MOST, many.all + LONG) })}>${t("candidates.show_more")}</button>`}</p>`}
    ${!compact && html`<p class="dim note">${t("candidates.order")} ${t(`candidates.note.${found?.ways?.by ?? "roads"}`)}</p>`}<//>`;
}

/** What can be done about a unit of ours that can't simply come: an authorised representative's named act. @param {Candidate} found @param {any} request */
function acts(found, request) {
  if (found.can || found.member_id !== myMember() || request.member_id === myMember()) return null;
  const act = actFor(found);
  return request.kind === KIND && act === "override_reserve" ? null : act; // what rolls at once is not kept back for the reserve
}

/** The first few of those that can come, and the first of our own in any case: that is whom we can send. @param {Candidate[]} able */
function firstOf(able) {
  const own = able.find((each) => each.member_id === myMember());
  const first = able.slice(0, SHORT);
  return !own || first.includes(own) ? first : [...first.slice(0, SHORT - 1), own];
}

/** The mission in which a unit helps a request now. @param {string} requestId @param {string} unit */
function missionFor(requestId, unit) {
  return tables.mission.where("request_id", requestId).find((row) => row.resource_id === unit && !HOME.includes(row.status));
}

/** How a unit stands on a request that it is offered to, or helps already; empty where it does neither. @param {string} requestId @param {string} unit */
export function standing(requestId, unit) {
  const mission = missionFor(requestId, unit);
  if (mission) return stateName("mission", mission.status);
  for (const line of tables.offer_line.where("request_id", requestId)) {
    const offer = line.resource_id === unit ? tables.offer.get(line.offer_id) : undefined;
    if (offer && STANDS.includes(offer.status) && (offer.status !== "accepted" || line.accepted_quantity > 0) && !line.committed) return stateName("offer", offer.status);
  }
  return "";
}

/** @param {{rank: number, found: Candidate, request: any, line: any, compact?: boolean}} props rank: of those that can come; 0 where it can't */
function CandidateRow({ rank, found, request, line, compact }) {
  const mission = missionFor(request.id, found.resource_id);
  const over = wayOf(mission ?? found);
  const [crossing] = over;
  const stands = standing(request.id, found.resource_id);
  const reasons = stands ? [] : found.reasons;
  const act = acts(found, request);
  const asks = act && may("make_offer", { lender: myMember() }) && !mayGoBeyond(act, myMember());
  const blocking = reasons.filter((reason) => reason.blocking);
  const passedBy = reasons.filter((reason) => !reason.blocking && TOO_MUCH.includes(reason.code) && crossing && (reason.figures.crossing ?? crossing.code) !== crossing.code);
  const notes = reasons.filter((reason) => !reason.blocking && !passedBy.includes(reason));
  return html`<li class="candidate ${found.can || stands ? "" : "cannot"}">
    <span class="candidate-rank" title=${rank ? t("candidates.rank", { n: rank }) : undefined} aria-hidden="true">${rank || (stands ? "✓" : found.can ? "…" : "–")}</span>
    <span class="candidate-unit"><strong>${found.call_sign}</strong> <${Member} id=${found.member_id} short=${compact} />${found.member_id === myMember() ? "" : html` <${Phone} id=${found.member_id} />`}</span>
    <span class="candidate-eta">${found.eta_min === null ? "–" : html`<strong>${t("span.min", { n: found.eta_min })}</strong>`}${found.in_time === false ? html` <span class="late">${t("too_late")}</span>` : ""}</span>
    <span class="candidate-way">${found.distance_km === null ? "" : `${t("km", { n: Math.round(found.distance_km) })} · `}${crossing ? html`<span class=${over.some((row) => row.control === "closed") ? "late" : ""}>${wayText(mission ?? found)}${compact && found.delay_min ? ` +${t("span.min", { n: found.delay_min })}` : ""}</span> · ` : ""}${found.of_requester ? (found.member_id === myMember() ? t("own_unit") : t("own_unit.theirs", { who: memberName(found.member_id) })) : found.agreement_code ? html`<span class="agreement" title=${found.agreement_code}>${agreementName(found)}${compact || !found.agreement_version ? "" : ` v${found.agreement_version}`}</span>` : t("no_agreement")}${compact ? "" : html`${found.eta ? html` · <span class="eta-parts">${etaText(found.eta)}</span>` : ""}${found.reserve_left === null ? "" : ` · ${t("candidates.reserve_left", { n: found.reserve_left })}`}${found.readiness && !found.of_requester ? html` · ${t("candidates.ready")} <${Readiness} ready=${found.readiness} />` : ""}${Number(found.estimate?.amount) > 0 ? ` · ${t("cost.estimate", { amount: money(found.estimate?.amount, found.estimate?.currency ?? "") })}` : ""} · <span class="dim">${t("position")} <${Age} at=${found.position_at} /></span>`}</span>
    ${(!compact || !found.can) && reasons.length > 0 && html`<ul class="why">${blocking.map((reason) => html`<li class="why-not">${againstText(reason)}</li>`)}${notes.map((reason) => html`<li>${againstText(reason)}</li>`)}${passedBy.length > 0 && html`<li>${t("candidates.passes_by", { name: named(crossing?.names), others: [...new Set(passedBy.map((reason) => crossingCalled(reason.figures.crossing)))].join(", ") })}</li>`}${asks && html`<li><${WhoMay} act=${act} lender=${myMember()} /></li>`}</ul>`}
    <span class="candidate-act">${stands ? html`<${State} text=${stands} tone="notice" />` : html`<${Act} found=${found} request=${request} line=${line} />`}</span></li>`;
}

/** *Ask* for the requester, *Send* for the lender. @param {{found: Candidate, request: any, line: any}} props */
function Act({ found, request, line }) {
  const own = myMember();
  if (!UNFILLED.includes(request.status) || fillOf(line).open === 0) return null;
  const act = acts(found, request);
  if (request.kind === KIND) {
    if (found.member_id !== own || request.member_id === own || found.status !== "available" || (act && !mayGoBeyond(act, own)) || !may("send_day_to_day", { lender: own })) return null;
    return html`<button type="button" class="button primary small" onClick=${() => sendRun(request, line, found.resource_id)} aria-label=${t("send_unit", { unit: found.call_sign })}>${t("send")}</button>`;
  }
  if (act && !mayGoBeyond(act, own)) return null;
  if (found.member_id === own && request.member_id !== own && may("make_offer", { lender: own }) && found.status !== "committed" && (found.can || found.elsewhere || act))
    return html`<button type="button" class="button primary small" onClick=${() => sendUnit(request, line, found)} aria-label=${t("send_unit", { unit: found.call_sign })}>${t("send")}</button>`;
  if (request.member_id === own && found.member_id !== own && (found.can || found.elsewhere) && request.status !== "draft")
    return html`<button type="button" class="button small" onClick=${() => askUnit(request, found)} aria-label=${`${t("ask")}: ${memberName(found.member_id)}`}>${t("ask")}</button>`;
  return null;
}

/** The agreement that a unit would come under, in the reader's language. @param {Candidate} found */
function agreementName(found) {
  const agreement = tables.agreement.get(found.agreement_id);
  return agreement ? named(agreement.names) : found.agreement_code;
}
