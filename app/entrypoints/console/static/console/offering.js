/** What lenders and requesters do about an offer: ask, send, accept, decline, commit, withdraw. What binds is confirmed. */
import { linesText, linesOf, memberName } from "./about.js";
import { read } from "./api.js";
import { confirmAct, openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { codes, named, t, typeName, word } from "./i18n.js";
import { Member, Phone } from "./parts.js";
import { resourceRow, tables, take } from "./store.js";
import { html, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** Know a unit that no list has told yet. @param {string | null} id */
export async function learnUnit(id) {
  if (!id || tables.resource.rows.get(id)?.peek()) return;
  const seen = await read(`/resources/${id}`).catch(() => null);
  if (seen) take({ resource: [resourceRow(seen)] });
}

/**
 * Offer a unit of ours for a line. It can be withdrawn, so it is not confirmed; below the reserve it wants a reason.
 * @param {Row} request @param {Row} line @param {import("./candidates.js").Candidate} found
 */
export async function sendUnit(request, line, found) {
  /** @type {Record<string, any>} */
  const offered = { request_line_id: line.id, resource_id: found.resource_id, quantity: 1 };
  if (found.only_reserve && !found.can) {
    const answer = await confirmAct({
      title: t("reserve.title"),
      text: html`${found.reasons.map((reason) => html`<p>${reason.text}</p>`)}<p>${t("reserve.text")}</p>`,
      action: t("reserve.override"), why: "required", danger: true,
    });
    if (!answer) return;
    offered.override_reserve = { reason: answer.why };
  }
  await learnUnit(found.resource_id);
  await carryOut({ path: `/requests/${request.id}/offers`, body: { lines: [offered] } }, {
    done: t("done.offered", { unit: found.call_sign, ref: request.ref }),
    undo: (receipt) => ({ path: `/offers/${receipt.id}/withdraw`, body: {}, revision: receipt.revision }),
  });
}

/** Ask a neighbour for its unit: a question on the request, and the number to ring. @param {Row} request @param {import("./candidates.js").Candidate} found */
export function askUnit(request, found) {
  return openDialog(t("ask_member", { who: memberName(found.member_id) }), (close) => html`<${AskUnit} request=${request} found=${found} close=${close} />`);
}

/** @param {{request: Row, found: import("./candidates.js").Candidate, close: () => void}} props */
function AskUnit({ request, found, close }) {
  const [text, setText] = useState(t("ask_unit.text", { unit: found.call_sign, what: linesText(linesOf(request.id)) }));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    close();
    await carryOut({ path: `/requests/${request.id}/questions`, body: { text, to_member_id: found.member_id } }, { done: t("done.asked", { who: memberName(found.member_id) }) });
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

/** Take an offer: it binds the requester. @param {Row} request @param {Row} offer @param {boolean} [provisional] */
export async function accept(request, offer, provisional = false) {
  const answer = await confirmAct({
    title: provisional ? t("accept_provisionally") : t("accept"),
    text: html`<p>${t("accept.text", { what: offerText(offer), who: memberName(offer.lender_id), ref: request.ref })}</p>${provisional && html`<p class="dim">${t("accept.provisional_note")}</p>`}<p><${Phone} id=${offer.lender_id} /></p>`,
    action: provisional ? t("accept_provisionally") : t("accept"),
  });
  if (answer) await carryOut({ path: `/offers/${offer.id}/accept`, body: { provisional }, revision: offer.revision }, { done: t("done.accepted", { what: offerText(offer) }) });
}

/** @param {Row} offer */
export async function declineOffer(offer) {
  const answer = await confirmAct({ title: t("decline_offer"), text: html`<p>${t("decline_offer.text", { what: offerText(offer), who: memberName(offer.lender_id) })}</p>`, action: t("decline_offer"), why: "asked", danger: true });
  if (answer) await carryOut({ path: `/offers/${offer.id}/decline`, body: answer, revision: offer.revision }, { done: t("done.declined") });
}

/** @param {Row} offer */
export async function withdraw(offer) {
  const answer = await confirmAct({ title: t("withdraw"), text: html`<p>${t("withdraw.text", { what: offerText(offer) })}</p>`, action: t("withdraw"), why: "asked", danger: true });
  if (answer) await carryOut({ path: `/offers/${offer.id}/withdraw`, body: answer, revision: offer.revision }, { done: t("done.withdrawn") });
}

/** Bind ourselves: each accepted line becomes a mission. @param {Row} request @param {Row} offer */
export async function commit(request, offer) {
  const units = await openDialog(t("commit"), (close) => html`<${Commit} request=${request} offer=${offer} close=${close} />`);
  if (units) await carryOut({ path: `/offers/${offer.id}/commit`, body: { units }, revision: offer.revision }, { done: t("done.committed", { what: offerText(offer) }) });
}

/** @param {{request: Row, offer: Row, close: (answer?: any) => void}} props */
function Commit({ request, offer, close }) {
  const lines = tables.offer_line.where("offer_id", offer.id).filter((line) => line.accepted_quantity > 0 && !line.committed);
  const [crossing, setCrossing] = useState("");
  const [talkgroup, setTalkgroup] = useState("");
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    close(lines.map((line) => ({ offer_line_id: line.id, ...(crossing && { crossing_id: crossing }), ...(talkgroup.trim() && { talkgroup: talkgroup.trim() }) })));
  };
  const ways = tables.crossing.all.value.filter((each) => each.control !== "closed").sort((a, b) => named(a.names).localeCompare(named(b.names)));
  return html`<form class="dialog-body" onSubmit=${submit}>
    <p class="dialog-text">${t("commit.text", { what: offerText(offer), who: memberName(request.member_id), ref: request.ref })}</p>
    <p><${Member} id=${request.member_id} /> <${Phone} id=${request.member_id} /></p>
    <label class="field"><span>${t("crossing")}</span><select value=${crossing} onChange=${(/** @type {any} */ event) => setCrossing(event.target.value)}>
      <option value="">${t("crossing.best")}</option>${ways.map((each) => html`<option value=${each.id}>${named(each.names)}${each.delay_min ? ` (+${each.delay_min} min)` : ""}</option>`)}</select></label>
    <label class="field"><span>${t("talkgroup")} (${t("optional")})</span><input type="text" maxlength="60" value=${talkgroup} onInput=${(/** @type {any} */ event) => setTalkgroup(event.target.value)} /></label>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" autofocus>${t("commit")}</button></footer></form>`;
}

/** Say that we can't send. @param {Row} request */
export async function declineRequest(request) {
  const answer = await openDialog(t("cannot_send"), (close) => html`<${Decline} close=${close} />`);
  if (answer) await carryOut({ path: `/requests/${request.id}/decline`, body: answer }, { done: t("done.cannot_send", { ref: request.ref }) });
}

/** @param {{close: (answer?: any) => void}} props */
function Decline({ close }) {
  const [note, setNote] = useState("");
  return html`<div class="dialog-body"><p class="dialog-text">${t("cannot_send.text")}</p>
    <label class="field"><span>${t("note")} (${t("optional")})</span><input type="text" maxlength="300" value=${note} onInput=${(/** @type {any} */ event) => setNote(event.target.value)} /></label>
    <div class="button-list">${codes("decline_reasons").map((code) => html`<button type="button" class="button" onClick=${() => close({ reason: code, ...(note.trim() && { note: note.trim() }) })}>${word("decline_reasons", code)}</button>`)}</div>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button></footer></div>`;
}

