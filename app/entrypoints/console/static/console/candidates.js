/**
 * Who can get there first, for one line of a request: own units and the other side's, with why and why not. The estimate is the
 * server's; nothing is reserved by looking at it.
 */
import { linesOf, lineText, memberName, UNFILLED } from "./about.js";
import { myMember, Problem, read } from "./api.js";
import { askUnit, sendUnit } from "./offering.js";
import { language, named, t } from "./i18n.js";
import { Age, Member, Nothing, Panel, Phone } from "./parts.js";
import { may } from "./rules.js";
import { fillOf, tables } from "./store.js";
import { minute, stamp } from "./time.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {{resource_id: string, call_sign: string, member_id: string, of_requester: boolean, status: string, place: {coordinates: number[]}, position_at: string, mobilisation_min: number, drive_min: number, delay_min: number, eta_min: number | null, arrives_at: string | null, in_time: boolean | null, distance_km: number, crossing_id: string | null, can: boolean, only_reserve: boolean, agreement_id: string | null, agreement_code: string | null, reasons: {code: string, blocking: boolean, text: string}[]}} Candidate */

const SHORT = 5;
const LONG = 12;

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
        setTold(await read(`/requests/${requestId}/candidates?limit=${limit}&language=${language.peek()}${lineId && `&line=${lineId}`}`, { signal: abort.signal }));
      } catch (problem) {
        if (problem instanceof Problem) setTold((was) => ({ items: was?.items ?? [], more: was?.more ?? 0, at: was?.at ?? "", failed: problem.body.detail }));
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
  const found = useCandidates(request.id, picked?.id ?? "", LONG, `${request.revision}/${picked ? fillOf(picked).open : 0}`);
  if (!picked) return null;
  const items = found ? (compact ? firstOf(found.items) : found.items) : [];
  return html`<${Panel} id="candidates" class="candidates ${compact ? "compact" : ""}" title=${t("candidates")} tools=${found?.at ? html`<span class="as-of">${t("as_of", { time: stamp(found.at) })}</span>` : ""}>
    ${compact && html`<p class="candidates-for"><strong>${title}</strong></p>`}
    ${lines.length > 1 && html`<div class="choices" role="group" aria-label=${t("lines")}>${lines.map((each) => html`<button type="button" aria-pressed=${each.id === picked.id} onClick=${() => choose(each.id)}>${lineText(each)}</button>`)}</div>`}
    ${found?.failed && html`<p class="late" role="alert">${found.failed}</p>`}
    ${!found && html`<${Nothing} text=${t("loading")} />`}
    ${found && items.length === 0 && html`<${Nothing} text=${t("candidates.none")} />`}
    <ol class="candidate-list">${items.map((each, at) => html`<${CandidateRow} key=${each.resource_id} rank=${compact && found ? found.items.filter((other) => other.can).indexOf(each) + 1 : at + 1} found=${each} request=${request} line=${picked} compact=${compact} />`)}</ol>
    ${found && !compact && found.more > 0 && html`<p class="dim">${t("candidates.more", { n: found.more })}</p>`}
    ${!compact && html`<p class="dim note">${t("candidates.note")}</p>`}<//>`;
}

/** The first few that can come, and the first of our own in any case: that is whom we can send. @param {Candidate[]} items */
function firstOf(items) {
  const able = items.filter((each) => each.can);
  const own = able.find((each) => each.member_id === myMember());
  const first = able.slice(0, SHORT);
  return !own || first.includes(own) ? first : [...first.slice(0, SHORT - 1), own];
}

/** @param {{rank: number, found: Candidate, request: any, line: any, compact?: boolean}} props */
function CandidateRow({ rank, found, request, line, compact }) {
  const crossing = tables.crossing.get(found.crossing_id);
  const blocking = found.reasons.filter((reason) => reason.blocking);
  const notes = found.reasons.filter((reason) => !reason.blocking);
  return html`<li class="candidate ${found.can ? "" : "cannot"}">
    <span class="candidate-rank" aria-hidden="true">${rank}</span>
    <span class="candidate-unit"><strong>${found.call_sign}</strong> <${Member} id=${found.member_id} short=${compact} />${found.member_id === myMember() ? "" : html` <${Phone} id=${found.member_id} />`}</span>
    <span class="candidate-eta">${found.eta_min === null ? "–" : html`<strong>${t("span.min", { n: found.eta_min })}</strong>`}${found.in_time === false ? html` <span class="late">${t("too_late")}</span>` : ""}</span>
    <span class="candidate-way">${t("km", { n: Math.round(found.distance_km) })} · ${crossing ? html`<span class=${crossing.control === "closed" ? "late" : ""}>${crossingName(crossing)}${found.delay_min ? ` +${t("span.min", { n: found.delay_min })}` : ""}</span> · ` : ""}${found.of_requester ? t("own_unit") : found.agreement_code ? html`<span class="agreement" title=${found.agreement_code}>${agreementName(found)}</span>` : t("no_agreement")}${compact ? "" : html` · ${t("mobilises", { n: found.mobilisation_min })} · <span class="dim">${t("position")} <${Age} at=${found.position_at} /></span>`}</span>
    ${(!compact || !found.can) && found.reasons.length > 0 && html`<ul class="why">${blocking.map((reason) => html`<li class="why-not">${reason.text}</li>`)}${notes.map((reason) => html`<li>${reason.text}</li>`)}</ul>`}
    <span class="candidate-act"><${Act} found=${found} request=${request} line=${line} /></span></li>`;
}

/** *Ask* for the requester, *Send* for the lender. @param {{found: Candidate, request: any, line: any}} props */
function Act({ found, request, line }) {
  const own = myMember();
  if (!UNFILLED.includes(request.status) || fillOf(line).open === 0) return null;
  if (found.member_id === own && request.member_id !== own && may("make_offer", { lender: own }) && found.status !== "committed" && (found.can || found.only_reserve))
    return html`<button type="button" class="button primary small" onClick=${() => sendUnit(request, line, found)} aria-label=${t("send_unit", { unit: found.call_sign })}>${t("send")}</button>`;
  if (request.member_id === own && found.member_id !== own && found.can && request.status !== "draft")
    return html`<button type="button" class="button small" onClick=${() => askUnit(request, found)} aria-label=${t("ask_member", { who: memberName(found.member_id) })}>${t("ask")}</button>`;
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
