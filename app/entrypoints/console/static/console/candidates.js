/**
 * Who can get there first, for one line of a request: own units and the other side's, with why and why not. The estimate is the
 * server's; nothing is reserved by looking at it.
 */
import { HOME, linesOf, lineText, memberName, UNFILLED } from "./about.js";
import { myMember, Problem, read } from "./api.js";
import { money } from "./claim_parts.js";
import { askUnit, sendUnit } from "./offering.js";
import { KIND, sendRun } from "./day_to_day.js";
import { language, named, stateName, t } from "./i18n.js";
import { Age, Member, Nothing, Panel, Phone, State } from "./parts.js";
import { may } from "./rules.js";
import { OnDuty } from "./shift.js";
import { fillOf, tables } from "./store.js";
import { minute, stamp } from "./time.js";
import { crossingCalled, problemText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {{resource_id: string, call_sign: string, member_id: string, of_requester: boolean, status: string, place: {coordinates: number[]}, position_at: string, mobilisation_min: number, drive_min: number, delay_min: number, eta_min: number | null, arrives_at: string | null, in_time: boolean | null, distance_km: number, crossing_id: string | null, can: boolean, only_reserve: boolean, agreement_id: string | null, agreement_code: string | null, estimate: {amount: string, currency: string} | null, reasons: {code: string, blocking: boolean, text: string, figures: Record<string, any>}[]}} Candidate */

const SHORT = 5;
const LONG = 12;
/** States of an offer in which its units are spoken for. */
const STANDS = ["offered", "provisional", "accepted"];

/** The last estimate of each unit for each request: what is told while the next one is on its way. @type {Map<string, Candidate>} */
const estimates = new Map();

/** The last estimate for a unit, if there was one. @param {string} requestId @param {string | null} unit */
export const lastEstimate = (requestId, unit) => estimates.get(`${requestId}/${unit}`);

/**
 * The candidates of a request; asked again when the line, the request or a minute changes.
 * @param {string} requestId @param {string} lineId @param {number} limit @param {any} changes
 */
export function useCandidates(requestId, lineId, limit, changes) {
  const [told, setTold] = useState(/** @type {{items: Candidate[], more: number, at: string, failed?: string} | null} */ (null));
  const tick = minute.value;
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const found = await read(`/requests/${requestId}/candidates?limit=${limit}&language=${language.peek()}${lineId && `&line=${lineId}`}`, { signal: abort.signal });
        for (const each of found.items) if (each.eta_min !== null) estimates.set(`${requestId}/${each.resource_id}`, each);
        setTold(found);
      } catch (problem) {
        if (problem instanceof Problem) setTold((was) => ({ items: was?.items ?? [], more: was?.more ?? 0, at: was?.at ?? "", failed: problemText(problem) }));
      }
    }, told ? 300 : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [requestId, lineId, limit, changes, tick, language.value]);
  return told;
}

/**
 * The panel: on operations with the first few, on the request's screen with all.
 * @param {{request: import("./store.js").Row, compact?: boolean, title?: string, line?: string, onLine?: (id: string) => void}} props
 */
export function Candidates({ request, compact, title, line, onLine }) {
  const lines = linesOf(request.id);
  const [own, setOwn] = useState("");
  const picked = lines.find((each) => each.id === (line ?? own)) ?? lines.find((each) => fillOf(each).open > 0) ?? lines[0];
  const choose = onLine ?? setOwn;
  const found = useCandidates(request.id, picked?.id ?? "", LONG, `${request.revision}/${picked ? fillOf(picked).open : 0}/${tables.offer.where("request_id", request.id).map((offer) => offer.revision).join()}`);
  if (!picked) return null;
  const able = found?.items.filter((each) => each.can) ?? [];
  const first = firstOf(able);
  const items = found?.items.filter((each) => !compact || first.includes(each) || standing(request.id, each.resource_id)) ?? [];
  const shown = items.filter((each) => each.can || acts(each, request) || standing(request.id, each.resource_id));
  const barred = items.filter((each) => !shown.includes(each));
  const pulledUp = (/** @type {Candidate} */ each) => compact && able.indexOf(each) > first.indexOf(each);
  const row = (/** @type {Candidate} */ each) => html`<${CandidateRow} key=${each.resource_id} rank=${able.indexOf(each) + 1} found=${each} request=${request} line=${picked} compact=${compact} />`;
  return html`<${Panel} id="candidates" class="candidates ${compact ? "compact" : ""}" title=${t("candidates")} tools=${found?.at ? html`<span class="as-of">${t("as_of", { time: stamp(found.at) })}</span>` : ""}>
    ${compact && html`<p class="candidates-for"><strong>${title}</strong></p>`}
    ${lines.length > 1 && html`<div class="choices" role="group" aria-label=${t("lines")}>${lines.map((each) => html`<button type="button" aria-pressed=${each.id === picked.id} onClick=${() => choose(each.id)}>${lineText(each)}</button>`)}</div>`}
    ${found?.failed && html`<p class="late" role="alert">${found.failed}</p>`}
    ${!found && html`<${Nothing} text=${t("loading")} />`}
    ${found && items.length === 0 && html`<${Nothing} text=${t("candidates.none")} />`}
    <ol class="candidate-list">${shown.map((each) => html`${pulledUp(each) ? html`<li class="divider" key="divider">${t("candidates.first_own")}</li>` : ""}${row(each)}`)}</ol>
    ${barred.length > 0 && html`<details class="settled" open=${barred.length === items.length}><summary>${t("candidates.cannot", { n: barred.length })}</summary><ol class="candidate-list">${barred.map(row)}</ol></details>`}
    ${found && !compact && found.more > 0 && html`<p class="dim">${t("candidates.more", { n: found.more })}</p>`}
    ${!compact && html`<p class="dim note">${t("candidates.order")} ${t("candidates.note")}</p>`}<//>`;
}

/** Whether something can be done about a unit that can't simply come: below our own reserve, by an authorised representative's named act. @param {Candidate} found @param {any} request */
function acts(found, request) {
  return found.only_reserve && found.member_id === myMember() && request.member_id !== myMember();
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
function standing(requestId, unit) {
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
  const crossing = tables.crossing.get((missionFor(request.id, found.resource_id) ?? found).crossing_id);
  const stands = standing(request.id, found.resource_id);
  const reasons = stands ? [] : found.reasons;
  const asks = acts(found, request) && may("make_offer", { lender: myMember() }) && !may("override_reserve", { lender: myMember() });
  const blocking = reasons.filter((reason) => reason.blocking);
  const passedBy = reasons.filter((reason) => !reason.blocking && crossing && (reason.figures.crossing ?? crossing.code) !== crossing.code);
  const notes = reasons.filter((reason) => !reason.blocking && !passedBy.includes(reason));
  return html`<li class="candidate ${found.can || stands ? "" : "cannot"}">
    <span class="candidate-rank" title=${rank ? t("candidates.rank", { n: rank }) : undefined} aria-hidden="true">${rank || (stands ? "✓" : "–")}</span>
    <span class="candidate-unit"><strong>${found.call_sign}</strong> <${Member} id=${found.member_id} short=${compact} />${found.member_id === myMember() ? "" : html` <${Phone} id=${found.member_id} />`}</span>
    <span class="candidate-eta">${found.eta_min === null ? "–" : html`<strong>${t("span.min", { n: found.eta_min })}</strong>`}${found.in_time === false ? html` <span class="late">${t("too_late")}</span>` : ""}</span>
    <span class="candidate-way">${t("km", { n: Math.round(found.distance_km) })} · ${crossing ? html`<span class=${crossing.control === "closed" ? "late" : ""}>${crossingName(crossing)}${found.delay_min ? ` +${t("span.min", { n: found.delay_min })}` : ""}</span> · ` : ""}${found.of_requester ? (found.member_id === myMember() ? t("own_unit") : t("own_unit.theirs", { who: memberName(found.member_id) })) : found.agreement_code ? html`<span class="agreement" title=${found.agreement_code}>${agreementName(found)}</span>` : t("no_agreement")}${compact ? "" : html` · ${t("mobilises", { n: found.mobilisation_min })}${Number(found.estimate?.amount) > 0 ? ` · ${t("cost.estimate", { amount: money(found.estimate?.amount, found.estimate?.currency ?? "") })}` : ""} · <span class="dim">${t("position")} <${Age} at=${found.position_at} /></span>`}</span>
    ${(!compact || !found.can) && reasons.length > 0 && html`<ul class="why">${blocking.map((reason) => html`<li class="why-not">${reason.text}</li>`)}${notes.map((reason) => html`<li>${reason.text}</li>`)}${passedBy.length > 0 && html`<li>${t("candidates.passes_by", { name: named(crossing?.names), others: [...new Set(passedBy.map((reason) => crossingCalled(reason.figures.crossing)))].join(", ") })}</li>`}${asks && html`<li class="notice">${t("reserve.ask_representative")} <${OnDuty} member=${myMember()} /></li>`}</ul>`}
    <span class="candidate-act">${stands ? html`<${State} text=${stands} tone="notice" />` : html`<${Act} found=${found} request=${request} line=${line} />`}</span></li>`;
}

/** *Ask* for the requester, *Send* for the lender. @param {{found: Candidate, request: any, line: any}} props */
function Act({ found, request, line }) {
  const own = myMember();
  if (!UNFILLED.includes(request.status) || fillOf(line).open === 0) return null;
  if (request.kind === KIND) {
    if (found.member_id !== own || request.member_id === own || found.status !== "available" || !may("send_day_to_day", { lender: own })) return null;
    return html`<button type="button" class="button primary small" onClick=${() => sendRun(request, line, found.resource_id)} aria-label=${t("send_unit", { unit: found.call_sign })}>${t("send")}</button>`;
  }
  if (acts(found, request) && !may("override_reserve", { lender: own })) return null;
  if (found.member_id === own && request.member_id !== own && may("make_offer", { lender: own }) && found.status !== "committed" && (found.can || found.only_reserve))
    return html`<button type="button" class="button primary small" onClick=${() => sendUnit(request, line, found)} aria-label=${t("send_unit", { unit: found.call_sign })}>${t("send")}</button>`;
  if (request.member_id === own && found.member_id !== own && found.can && request.status !== "draft")
    return html`<button type="button" class="button small" onClick=${() => askUnit(request, found)} aria-label=${`${t("ask")}: ${memberName(found.member_id)}`}>${t("ask")}</button>`;
  return null;
}

/** The agreement that a unit would come under, in the reader's language. @param {Candidate} found */
function agreementName(found) {
  const agreement = tables.agreement.get(found.agreement_id);
  return agreement ? named(agreement.names) : found.agreement_code;
}

/** @param {any} crossing */
function crossingName(crossing) {
  return crossing.names[language.value] ?? crossing.names.en ?? crossing.code;
}
