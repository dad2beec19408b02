/** The versions of an agreement, and what one says differently from another. */
import { Problem, read } from "./api.js";
import { Changes } from "./agreement_difference.js";
import { day } from "./agreement_words.js";
import { stateName, t } from "./i18n.js";
import { Nothing, Panel, State } from "./parts.js";
import { problemText } from "./told.js";
import { memberName } from "./about.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./agreement_words.js").Agreement} Agreement */
/** @typedef {{version: number, status: string, lenders: string[], borrowers: string[], precedence: number, notice_days: number, review_at: string | null, terms: Record<string, any>, effective_at: string, expires_at: string | null, in_force_at: string | null, replaced_at: string | null, proposed_at: string | null, awaiting: string[]}} Version */
/** @typedef {import("./agreement_difference.js").Change} Change */

const TONES = /** @type {Record<string, string>} */ ({ draft: "notice", proposed: "notice", agreed: "notice" });

/** @param {{row: Agreement, versions: Version[]}} props */
export function Versions({ row, versions }) {
  const numbers = versions.map((each) => each.version);
  const [pair, setPair] = useState(/** @type {[number, number] | null} */ (null));
  const [from, to] = pair ?? [(row.version !== numbers[0] && numbers.includes(row.version) ? row.version : numbers[1]) ?? 0, numbers[0] ?? 0];
  return html`<${Panel} id="versions" title=${t("agreement.versions")} count=${versions.length}><ul class="plain">${versions.map((each) => html`<li key=${each.version} class="version"><strong>${t("agreement.version", { n: each.version })}</strong> <${State} text=${stateName("agreement_version", each.status)} tone=${TONES[each.status] ?? ""} />
      <span class="dim">${day(each.effective_at)} – ${each.replaced_at ? day(each.replaced_at) : endOf(each, row)}</span>
      ${each.awaiting.length > 0 && html`<span class="soon">${t("agreement.awaits", { who: each.awaiting.map(memberName).join(", ") })}</span>`}</li>`)}</ul>
    ${numbers.length > 1 && html`<div class="difference"><div class="two difference-pick">${[from, to].map((value, side) => html`<label class="field"><span>${t(side === 0 ? "difference.from" : "difference.to")}</span><select value=${value} onChange=${(/** @type {any} */ event) => setPair(side === 0 ? [Number(event.target.value), to] : [from, Number(event.target.value)])}>${numbers.map((n) => html`<option value=${n} selected=${n === value}>${t("agreement.version", { n })}</option>`)}</select></label>`)}</div>
      <${Difference} id=${row.id} from=${from} to=${to} seen=${`${row.revision} ${versions.map((each) => each.status).join()}`} /></div>`}<//>`;
}

/** Until when a version counts: as it says, or as the notice does that was given of what is in force. @param {Version} version @param {Agreement} row */
function endOf(version, row) {
  const noticed = row.terminates_at && (!version.expires_at || row.terminates_at < version.expires_at);
  if (noticed) return html`${day(row.terminates_at)} <span class="late">${t("agreement.notice_given")}</span>`;
  return version.expires_at ? day(version.expires_at) : t("agreement.open_end");
}

/** @param {{id: string, from: number, to: number, seen: string}} props */
function Difference({ id, from, to, seen }) {
  const [changes, setChanges] = useState(/** @type {Change[] | null} */ (null));
  const [failed, setFailed] = useState(/** @type {Problem | null} */ (null));
  useEffect(() => {
    let late = false;
    read(`/agreements/${id}/difference?from_version=${from}&to_version=${to}`).then((found) => { if (!late) { setChanges(found.changes); setFailed(null); } }, (problem) => !late && problem instanceof Problem && setFailed(problem));
    return () => {
      late = true;
    };
  }, [id, from, to, seen]);
  if (failed) return html`<p class="nothing" role="alert">${problemText(failed)}</p>`;
  if (!changes) return html`<${Nothing} text=${t("loading")} />`;
  if (changes.length === 0) return html`<${Nothing} text=${t("difference.none")} />`;
  return html`<${Changes} changes=${changes} from=${t("agreement.version", { n: from })} to=${t("agreement.version", { n: to })} />`;
}
