/**
 * Whom to ask for one line of a request, as the server recommends: units that can come, and those that would be nearer and are left out, each with why. Nothing is
 * reserved by looking at it.
 */
import { Problem, read } from "./api.js";
import { language, t } from "./i18n.js";
import { tables } from "./store.js";
import { minute } from "./time.js";
import { problemText } from "./told.js";
import { useEffect, useState } from "./view.js";

/** @typedef {{code: string, blocking: boolean, text: string, figures: Record<string, any>}} Why */
/** @typedef {{acknowledge_min: number, mobilise_min: number, road_min: number, crossing_min: number, total_min: number}} Eta */
/** @typedef {{by: "router" | "roads" | "great_circle", note: string | null}} Ways */
/**
 * `can`: nothing stands against it; `elsewhere`: nothing but that the plan sends it to another line, which people decide.
 * @typedef {{resource_id: string, call_sign: string, member_id: string, of_requester: boolean, status: string, place: {coordinates: number[]}, position_at: string, mobilisation_min: number, eta: Eta | null, delay_min: number, eta_min: number | null, arrives_at: string | null, in_time: boolean | null, distance_km: number | null, crossing_id: string | null, via_crossing_ids: string[], can: boolean, elsewhere: boolean, only_reserve: boolean, only_agreement: boolean, agreement_id: string | null, agreement_code: string | null, agreement_version: number | null, reserve_left: number | null, readiness: any, estimate: {amount: string, currency: string} | null, reasons: Why[], beyond?: boolean}} Candidate
 */
/** `beyond`: one of our own that comes after all that were asked for; `more_own`: how many others of those there are. @typedef {{items: Candidate[], more: number, more_own: number, at: string, ways?: Ways, failed?: string}} Recommended */

/** The last estimate of each unit for each request: what is told while the next one is on its way. @type {Map<string, Candidate>} */
const estimates = new Map();
/** After how long it is asked again for what the plan says, where that was not ready or has not taken in everything; then twice as long, then with the minute. */
const PLAN_MS = 4000;
const PLAN_ASKED = 2;

/** The last estimate for a unit, if there was one. @param {string} requestId @param {string | null} unit */
export const lastEstimate = (requestId, unit) => estimates.get(`${requestId}/${unit}`);

/** One list of both, in the order of arrival. @param {any} told @returns {Candidate[]} */
function candidatesOf(told) {
  const can = told.items.map((/** @type {any} */ each) => ({ ...each, status: "available", can: true, elsewhere: false, only_reserve: false, only_agreement: false, reasons: each.warnings }));
  const out = told.left_out.map((/** @type {any} */ each) => {
    const reasons = each.why ? [each.why, ...each.others] : [];
    const elsewhere = reasons.length === 1 && reasons[0].code === "wanted_elsewhere";
    return { ...each, can: false, elsewhere, reasons, arrives_at: null, in_time: null, distance_km: null, readiness: null, estimate: null };
  });
  const near = (/** @type {any} */ each) => each.eta?.total_min ?? Infinity;
  return [...can, ...out].sort((a, b) => near(a) - near(b)).map((each) => ({ ...each, eta_min: each.eta?.total_min ?? null, delay_min: each.eta?.crossing_min ?? 0 }));
}

/** Of what the time until the arrival is made. @param {Eta} eta */
export function etaText(eta) {
  return [["answers", eta.acknowledge_min], ["readies", eta.mobilise_min], ["drives", eta.road_min], ["passes", eta.crossing_min]]
    .filter(([, minutes]) => minutes)
    .map(([what, minutes]) => t(`eta.${what}`, { n: minutes }))
    .join(" + ");
}

/**
 * Whom to ask; asked again when the line, the request, a crossing, an agreement, a lender's word, a refusal or a minute changes. `own` names a member whose first units are told
 * in any case, though more than `limit` others come before them.
 * @param {string} requestId @param {string} lineId @param {number} limit @param {any} changes @param {{member: string, limit: number}} [own]
 * @returns {Recommended | null}
 */
export function useCandidates(requestId, lineId, limit, changes, own) {
  const [told, setTold] = useState(/** @type {Recommended | null} */ (null));
  const tick = minute.value;
  const around = [tables.crossing, tables.agreement, tables.lender_word, tables.response].map((table) => table.all.value.map((row) => row.revision).join()).join("/");
  useEffect(() => {
    const abort = new AbortController();
    let asked = 0;
    const asking = (/** @type {number} */ many, /** @type {string} */ more) => read(`/requests/${requestId}/recommendations?limit=${many}&language=${language.peek()}${lineId && `&line=${lineId}`}${more}`, { signal: abort.signal });
    const ask = async () => {
      try {
        const [found, theirs] = await Promise.all([asking(limit, ""), own ? asking(own.limit, `&member=${own.member}`) : null]);
        const first = candidatesOf(found);
        const known = new Set(first.map((each) => each.resource_id));
        const beyond = theirs ? candidatesOf(theirs).filter((each) => !known.has(each.resource_id)).map((each) => ({ ...each, beyond: true })) : [];
        const items = [...first, ...beyond];
        for (const each of items) if (each.eta_min !== null) estimates.set(`${requestId}/${each.resource_id}`, each);
        setTold({ items, more: found.more - beyond.filter((each) => each.can).length - (theirs?.more ?? 0), more_own: theirs?.more ?? 0, at: found.at, ways: found.ways });
        if (asked < PLAN_ASKED && !(found.plan_as_of_seq >= found.as_of_seq)) timer = setTimeout(ask, PLAN_MS * ++asked);
      } catch (problem) {
        if (problem instanceof Problem) setTold((was) => ({ items: was?.items ?? [], more: was?.more ?? 0, more_own: was?.more_own ?? 0, at: was?.at ?? "", failed: problemText(problem) }));
      }
    };
    let timer = setTimeout(ask, told ? 300 : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [requestId, lineId, limit, changes, around, tick, language.value, own?.member, own?.limit]);
  return told;
}
