/**
 * The offer of whoever lends, for all of a request at once: types and how many first; which units, for how long, at what cost and until
 * when it stands are folded, for none of them is needed at night. A formation that nobody has whole is offered in its parts.
 */
import { linesOf, memberName } from "./about.js";
import { myMember } from "./api.js";
import { amountOf } from "./claim_parts.js";
import { openDialog, ProblemParts } from "./dialogs.js";
import { Quantity } from "./fields.js";
import { TimeField } from "./form.js";
import { t, typeName, word } from "./i18n.js";
import { freeOwn, wantedOf } from "./offer_parts.js";
import { Member, Phone } from "./parts.js";
import { may } from "./rules.js";
import { useSending } from "./sending.js";
import { fillOf, tables } from "./store.js";
import { html, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */
/** @typedef {ReturnType<typeof wantedOf>[number]} Wanted */
/** @typedef {{n: number, units: string[]}} Picked how many, and which of them are named */

const TERMS = ["free", "free_for_hours", "reimbursed"];
const RATES = ["vehicle_hours", "person_hours", "kilometres"];
const MAY_ASK = ["open", "partly_committed"];

/** Whether my member may offer for a request, and something is still wanted. @param {Row} request */
export function mayOfferFor(request) {
  return request.kind !== "day_to_day" && request.member_id !== myMember() && MAY_ASK.includes(request.status) && (!request.to_member_id || request.to_member_id === myMember()) && may("make_offer", { lender: myMember() }, { request_kind: request.kind }) && linesOf(request.id).some((line) => fillOf(line).open > 0 || fillOf(line).parts?.some((part) => part.open > 0));
}

/** @param {Row} request */
export function openOffer(request) {
  return openDialog(t("offer.make"), (close) => html`<${OfferForm} request=${request} close=${close} />`, { wide: true });
}

/** @param {{request: Row, close: (answer?: any) => void}} props */
function OfferForm({ request, close }) {
  const wanted = wantedOf(linesOf(request.id));
  const [picked, setPicked] = useState(() => /** @type {Record<string, Picked>} */ (first(wanted)));
  const [more, setMore] = useState({ until: "", hours: "", note: "", terms: "", free: "24", rates: /** @type {Record<string, string>} */ ({}) });
  const { problem, busy, send } = useSending(close);
  const set = (/** @type {Partial<typeof more>} */ part) => setMore((was) => ({ ...was, ...part }));
  const pick = (/** @type {string} */ key, /** @type {Picked | null} */ next) => setPicked(({ [key]: _, ...was }) => (next ? { ...was, [key]: next } : was));
  const going = wanted.filter((each) => picked[each.key]);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const with_ = { ...(more.hours && { expected_hours: Number(more.hours) }), ...(more.terms && { cost: costOf(more) }) };
    const lines = going.flatMap((each) => linesFor(each, picked[each.key], with_));
    const body = { lines, ...(more.note.trim() && { note: more.note.trim() }), ...(more.until && { valid_until: more.until }) };
    return send({ path: `/requests/${request.id}/offers`, body }, { done: t("done.offer_made", { ref: request.ref }), beyond: { lender: myMember(), without: true } });
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <p class="ring"><${Member} id=${request.member_id} /> <${Phone} id=${request.member_id} /></p>
    <fieldset class="offer-lines"><legend>${t("offer.what")}</legend>${wanted.map((each, at) => html`<${Line} key=${each.key} wanted=${each} picked=${picked[each.key]} none=${going.length === 0} first=${at === 0} pick=${pick} />`)}</fieldset>
    <details class="more offer-more"><summary>${t("offer.more")}</summary>
      ${going.map((each) => html`<${Units} key=${each.key} wanted=${each} picked=${picked[each.key]} pick=${pick} />`)}
      <${TimeField} label=${`${t("unasked.until")} (${t("optional")})`} value=${more.until} onChange=${(/** @type {string} */ until) => set({ until })} />
      <label class="field short"><span>${t("call.hours")} (${t("optional")})</span><input type="number" inputmode="numeric" min="1" max="8760" step="1" value=${more.hours} onInput=${(/** @type {any} */ event) => set({ hours: event.target.value })} /></label>
      <${Terms} more=${more} set=${set} />
      <label class="field"><span>${t("note")} (${t("optional")})</span><textarea rows="2" maxlength="1000" value=${more.note} onInput=${(/** @type {any} */ event) => set({ note: event.target.value })}></textarea></label>
    </details>
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><span class="dim">${t("offer.note", { who: memberName(request.member_id) })}</span><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy}>${t("offer.do")}</button></footer></form>`;
}

/** What stands there at first: the first thing that we have, as many as are wanted and free. @param {Wanted[]} wanted @returns {Record<string, Picked>} */
function first(wanted) {
  const found = wanted.find((each) => freeOwn(each.type).length > 0) ?? wanted[0];
  return found ? { [found.key]: { n: atOnce(found), units: [] } } : {};
}

/** As many as are wanted and free, and one at least: the server says what stands against it. @param {Wanted} wanted */
const atOnce = (wanted) => Math.max(1, Math.min(wanted.open, freeOwn(wanted.type).length));

/** @param {{wanted: Wanted, picked: Picked | undefined, none: boolean, first: boolean, pick: (key: string, next: Picked | null) => void}} props */
function Line({ wanted, picked, none, first: focus, pick }) {
  const { key, line, type, part, open } = wanted;
  const name = typeName(type);
  return html`<div class=${part ? "taken-line part" : "taken-line"}><label><input type="checkbox" checked=${Boolean(picked)} required=${none} autofocus=${focus} onChange=${(/** @type {any} */ event) => pick(key, event.target.checked ? { n: atOnce(wanted), units: [] } : null)} />
      <span><strong>${name}</strong> ${part ? html`<span class="dim">${t("formation.part_of")} ${typeName(line.type_code)} ·</span>` : line.place ? html`<span class="dim">${line.place} ·</span>` : ""} <span class="dim">${t("offer.wanted_free", { open, free: freeOwn(type).length })}</span></span></label>
    ${picked ? html`<${Quantity} label=${`${t("quantity")}: ${name}`} value=${picked.n} most=${open} onChange=${(/** @type {number} */ n) => pick(key, { n, units: picked.units.slice(0, n) })} />` : ""}</div>`;
}

/** Which units go, where that is to be said. @param {{wanted: Wanted, picked: Picked, pick: (key: string, next: Picked | null) => void}} props */
function Units({ wanted, picked, pick }) {
  const free = freeOwn(wanted.type);
  if (!free.length) return null;
  const tick = (/** @type {string} */ id, /** @type {boolean} */ on) => {
    const units = on ? [...picked.units, id] : picked.units.filter((each) => each !== id);
    pick(wanted.key, { n: Math.max(picked.n, units.length), units });
  };
  return html`<fieldset><legend>${t("offer.units", { type: typeName(wanted.type) })}</legend><div class="ticks">${free.map((unit) => html`<label key=${unit.id}><input type="checkbox" checked=${picked.units.includes(unit.id)} disabled=${!picked.units.includes(unit.id) && picked.units.length >= wanted.open} onChange=${(/** @type {any} */ event) => tick(unit.id, event.target.checked)} /> <span>${unit.call_sign}</span></label>`)}</div></fieldset>`;
}

/** Terms of our own: what we ask for, where it is not what the agreement says. @param {{more: any, set: (part: any) => void}} props */
function Terms({ more, set }) {
  const currency = tables.member.get(myMember())?.currency ?? "";
  return html`<fieldset><legend>${t("offer.cost")}</legend><label class="field short"><span>${t("offer.terms")}</span><select value=${more.terms} onChange=${(/** @type {any} */ event) => set({ terms: event.target.value })}>
      <option value="">${t("offer.as_agreed")}</option>${TERMS.map((code) => html`<option value=${code} selected=${code === more.terms}>${word("cost_terms", code)}</option>`)}</select></label>
    ${more.terms === "free_for_hours" && html`<label class="field short"><span>${t("offer.free_hours")}</span><input type="number" min="1" max="8760" step="1" required value=${more.free} onInput=${(/** @type {any} */ event) => set({ free: event.target.value })} /></label>`}
    ${more.terms && more.terms !== "free" && RATES.map((item) => html`<label class="field short" key=${item}><span>${word("cost_items", item)} (${currency}, ${t("optional")})</span><input type="text" inputmode="decimal" maxlength="20" value=${more.rates[item] ?? ""} onInput=${(/** @type {any} */ event) => set({ rates: { ...more.rates, [item]: event.target.value } })} /></label>`)}</fieldset>`;
}

/** The terms as the API wants them. @param {any} more */
function costOf(more) {
  const rates = more.terms === "free" ? [] : RATES.filter((item) => more.rates[item]?.trim()).map((item) => ({ item, rate: amountOf(more.rates[item]) }));
  return { terms: more.terms, ...(more.terms === "free_for_hours" && { hours: Number(more.free) }), ...(rates.length && { rates }) };
}

/** The offered lines of one thing: the named units, each for itself, and the rest by type. @param {Wanted} wanted @param {Picked} picked @param {Record<string, any>} with_ */
function linesFor({ line, type }, { n, units }, with_) {
  const one = { request_line_id: line.id, type_code: type, ...with_ };
  const rest = n - units.length;
  return [...units.map((id) => ({ ...one, quantity: 1, resource_id: id })), ...(rest > 0 ? [{ ...one, quantity: rest }] : [])];
}
