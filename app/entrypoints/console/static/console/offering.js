/** What lenders and requesters do about an offer: ask, send, accept, decline, commit, withdraw. What binds is confirmed. */
import { crossingText, linesText, linesOf, memberName, wayOf, wayText } from "./about.js";
import { read } from "./api.js";
import { beyondText, byNamedAct } from "./beyond.js";
import { leadToButton, openDialog, Reasons } from "./dialogs.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { codes, named, t, typeName, word } from "./i18n.js";
import { Member, Phone } from "./parts.js";
import { resourceRow, tables, take } from "./store.js";
import { Superseded } from "./superseded.js";
import { againstText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** Know a unit that no list has told yet. @param {string | null} id */
export async function learnUnit(id) {
  if (!id || tables.resource.rows.get(id)?.peek()) return;
  const seen = await read(`/resources/${id}`).catch(() => null);
  if (seen) take({ resource: [resourceRow(seen)] });
}

/** The named act by which a unit of ours goes that can't simply go; null, where none helps. @param {import("./recommended.js").Candidate} found @returns {import("./beyond.js").NamedAct | null} */
export const actFor = (found) => (found.only_reserve ? "override_reserve" : found.only_agreement ? "ad_hoc" : null);

/**
 * Offer a unit of ours for a line. It can be withdrawn, so it is not confirmed; below the reserve or without an agreement it wants a reason.
 * @param {Row} request @param {Row} line @param {import("./recommended.js").Candidate} found
 */
export async function sendUnit(request, line, found) {
  const act = found.can || found.elsewhere ? null : actFor(found);
  await sendUnits(request, line, [found], { lender: found.member_id, act, told: found.reasons.filter((reason) => reason.blocking).map(againstText) });
}

/**
 * Offer several units of ours for a line, in one offer.
 * @param {Row} request @param {Row} line @param {readonly {resource_id: string, call_sign: string}[]} units
 * @param {{lender: string, act: import("./beyond.js").NamedAct | null, told?: string[]}} by act: the named act without which they can't go; told: what stands against it
 */
export async function sendUnits(request, line, units, { lender, act, told = [] }) {
  const offer = { path: `/requests/${request.id}/offers`, body: { lines: units.map((unit) => ({ request_line_id: line.id, resource_id: unit.resource_id, quantity: 1 })) } };
  const how = {
    done: t("done.offered", { unit: units.map((unit) => unit.call_sign).join(", "), ref: request.ref }),
    undo: (/** @type {import("./api.js").Receipt} */ receipt) => ({ path: `/offers/${receipt.id}/withdraw`, body: {}, revision: receipt.revision }),
    beyond: { lender, without: true },
  };
  await Promise.all(units.map((unit) => learnUnit(unit.resource_id)));
  if (!act) {
    await carryOut(offer, how);
    return;
  }
  const { title, text, action } = beyondText(act, true);
  await carryOutConfirmed({ title, text: html`<${Reasons} texts=${told} /><p>${text}</p>`, action, why: "required", danger: true }, (answer) => byNamedAct(offer, act, answer.why ?? ""), how);
}

/** Ask a neighbour for its unit: a question on the request, and the number to ring. @param {Row} request @param {{call_sign: string, member_id: string}} found */
export function askUnit(request, found) {
  return openDialog(t("ask_member", { who: memberName(found.member_id) }), (close) => html`<${AskUnit} request=${request} found=${found} close=${close} />`);
}

/** @param {{request: Row, found: {call_sign: string, member_id: string}, close: () => void}} props */
function AskUnit({ request, found, close }) {
  const [text, setText] = useState(t("ask_unit.text", { unit: found.call_sign, what: linesText(linesOf(request.id)) }));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await carryOut({ path: `/requests/${request.id}/questions`, body: { text, to_member_id: found.member_id } }, { done: t("done.asked", { who: memberName(found.member_id) }) })) close();
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <p class="ring"><${Member} id=${found.member_id} /> <${Phone} id=${found.member_id} /></p>
    <label class="field"><span>${t("question")}</span><textarea rows="3" maxlength="1000" required value=${text} autofocus onInput=${(/** @type {any} */ event) => setText(event.target.value)}></textarea></label>
    <p class="dim">${t("ask_unit.note")}</p>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${close}>${t("back")}</button><button class="button primary">${t("ask")}</button></footer></form>`;
}

/** What an offer holds, in one line. @param {Row} offer */
export function offerText(offer) {
  return tables.offer_line.where("offer_id", offer.id).map((line) => tables.resource.get(line.resource_id)?.call_sign ?? `${line.quantity} × ${typeName(line.type_code)}`).join(" + ");
}

/** @param {Row} offer */
export async function declineOffer(offer) {
  await carryOutConfirmed({ title: t("decline_offer"), text: html`<p>${t("decline_offer.text", { what: offerText(offer), who: memberName(offer.lender_id) })}</p>`, action: t("decline_offer"), why: "asked", danger: true },
    (answer) => ({ path: `/offers/${offer.id}/decline`, body: answer, revision: offer.revision }), { done: t("done.declined"), latest: () => tables.offer.get(offer.id) });
}

/** @param {Row} offer */
export async function withdraw(offer) {
  await carryOutConfirmed({ title: t("withdraw"), text: html`<p>${t("withdraw.text", { what: offerText(offer) })}</p>`, action: t("withdraw"), why: "asked", danger: true },
    (answer) => ({ path: `/offers/${offer.id}/withdraw`, body: answer, revision: offer.revision }), { done: t("done.withdrawn"), latest: () => tables.offer.get(offer.id) });
}

/** Bind ourselves: each accepted line becomes a mission. @param {Row} request @param {Row} offer */
export async function commit(request, offer) {
  await openDialog(t("commit"), (close) => html`<${Commit} request=${request} offer=${offer} close=${close} />`);
}

/** By how many minutes a crossing may be slower than the soonest, and is still on the way. */
const ROUND_MIN = 30;

/** @typedef {{crossing_id: string, via_crossing_ids: string[], eta_min: number, allowed: boolean, against: string[], barred: string[], best: boolean}} Way */

/** @param {{request: Row, offer: Row, close: () => void}} props */
function Commit({ request, offer, close }) {
  const lines = tables.offer_line.where("offer_id", offer.id).filter((line) => line.accepted_quantity > 0 && !line.committed);
  const [crossing, setCrossing] = useState("");
  const [talkgroup, setTalkgroup] = useState("");
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState(/** @type {Way[] | null} */ (null));
  const ways = told ?? [];
  const [revision, setRevision] = useState(offer.revision);
  useEffect(() => {
    read(`/offers/${offer.id}/crossings`).then((found) => setTold(found.items), () => undefined);
  }, []);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    const units = lines.map((line) => ({ offer_line_id: line.id, ...(crossing && { crossing_id: crossing }), ...(talkgroup.trim() && { talkgroup: talkgroup.trim() }) }));
    const receipt = await carryOut({ path: `/offers/${offer.id}/commit`, body: { units }, revision }, { done: t("done.committed", { what: offerText(offer) }), beyond: { lender: offer.lender_id, without: true } });
    setBusy(false);
    if (receipt) close();
    else setRevision(tables.offer.get(offer.id)?.revision ?? revision);
  };
  const best = ways.filter((way) => way.best);
  const soonest = Math.min(...ways.filter((way) => !way.barred.length).map((way) => way.eta_min));
  const fit = ways.filter((way) => way.allowed && !way.barred.length && way.eta_min <= soonest + ROUND_MIN);
  return html`<form class="dialog-body" onSubmit=${submit} onKeyDown=${leadToButton}>
    <p class="dialog-text">${t("commit.text", { what: offerText(offer), who: memberName(request.member_id), ref: request.ref })}</p>
    <p><${Member} id=${request.member_id} /> <${Phone} id=${request.member_id} /></p><${Superseded} lines=${lines} />
    ${told?.length !== 0 && html`<label class="field"><span>${t("crossing")}</span><select value=${crossing} autofocus onChange=${(/** @type {any} */ event) => setCrossing(event.target.value)}>
      <option value="">${best.length === 1 ? t("crossing.best_named", { name: wayName(best[0]) }) : t("crossing.best")}</option>${fit.map(wayOption)}${fit.length < ways.length && html`<optgroup label=${t("crossing.others")}>${ways.filter((way) => !fit.includes(way)).map(wayOption)}</optgroup>`}</select></label>`}
    <label class="field"><span>${t("talkgroup")} (${t("optional")})</span><input type="text" maxlength="60" value=${talkgroup} onInput=${(/** @type {any} */ event) => setTalkgroup(event.target.value)} /></label>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary binds-us" disabled=${busy}>${t("commit")}</button></footer></form>`;
}

/** @param {Way} way */
function wayName(way) {
  return wayText(way);
}

/** A crossing to choose: how long over it, and why it should not or can't be taken. @param {Way} way */
function wayOption(way) {
  const closed = wayOf(way).filter((row) => row.control === "closed");
  const agreements = tables.agreement.all.value.filter((row) => way.against.includes(row.code)).map((row) => named(row.names));
  const told = [
    ...closed.map(crossingText), ...way.barred.filter((code) => code !== "closed").map((code) => t(`crossing.${code}`)),
    ...(way.allowed ? [] : [t("crossing.not_allowed", { agreement: agreements.join(", ") || way.against.join(", ") })]),
    ...(way.barred.length ? [] : [t("crossing.minutes", { n: way.eta_min })]),
  ];
  return html`<option value=${way.crossing_id} disabled=${way.barred.length > 0}>${wayName(way)} · ${told.join(" · ")}</option>`;
}

/** Say that we can't send. @param {Row} request */
export async function declineRequest(request) {
  const does = (/** @type {any} */ body) => carryOut({ path: `/requests/${request.id}/decline`, body }, { done: t("done.cannot_send", { ref: request.ref }) });
  await openDialog(t("cannot_send"), (close) => html`<${Decline} close=${close} does=${does} />`);
}

/** @param {{close: () => void, does: (body: any) => Promise<any>}} props */
function Decline({ close, does }) {
  const [note, setNote] = useState("");
  return html`<div class="dialog-body"><p class="dialog-text">${t("cannot_send.text")}</p>
    <label class="field"><span>${t("note")} (${t("optional")})</span><input type="text" maxlength="300" value=${note} onInput=${(/** @type {any} */ event) => setNote(event.target.value)} /></label>
    <div class="button-list">${codes("decline_reasons").map((code) => html`<button type="button" class="button" onClick=${async () => { if (await does({ reason: code, ...(note.trim() && { note: note.trim() }) })) close(); }}>${word("decline_reasons", code)}</button>`)}</div>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button></footer></div>`;
}

