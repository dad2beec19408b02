/** Taking an offer: all of it, or so many of each line as are still wanted. It binds the requester. */
import { linesOf, memberName } from "./about.js";
import { carryOutConfirmed } from "./doing.js";
import { Quantity } from "./fields.js";
import { t, typeName } from "./i18n.js";
import { openOf, takenAtFirst } from "./offer_parts.js";
import { Phone } from "./parts.js";
import { tables } from "./store.js";
import { Superseded } from "./superseded.js";
import { html, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/**
 * Of one unit nothing is to be chosen.
 * @param {Row} request @param {Row} offer @param {string} what what it holds, in words @param {boolean} [provisional]
 */
export async function accept(request, offer, what, provisional = false) {
  const offered = tables.offer_line.where("offer_id", offer.id);
  const wanted = takenAtFirst(offered, linesOf(request.id));
  const taken = [...wanted.values()].some((n) => n > 0) ? wanted : new Map(offered.map((line) => [line.id, line.quantity])); // the server says why none can be
  const single = offered.length === 1 && offered[0].quantity === 1;
  const who = memberName(offer.lender_id);
  const body = () => ({ provisional, lines: [...taken].filter(([, n]) => n > 0).map(([id, quantity]) => ({ offer_line_id: id, quantity })) });
  await carryOutConfirmed({
    title: provisional ? t("accept_provisionally") : t("accept"),
    text: html`<p>${single ? t("accept.text", { what, who, ref: request.ref }) : t("accept.text.chosen", { who, ref: request.ref })}</p>${!single && html`<${Taken} offered=${offered} taken=${taken} request=${request} />`}${provisional && html`<p class="dim">${t("accept.provisional_note")}</p>`}<${Superseded} lines=${offered} /><p><${Phone} id=${offer.lender_id} /></p>`,
    action: provisional ? t("accept_provisionally") : t("accept"),
  }, () => ({ path: `/offers/${offer.id}/accept`, body: body(), revision: offer.revision }), { done: single ? t("done.accepted", { what }) : t("done.accepted_of", { who }), latest: () => tables.offer.get(offer.id) });
}

/** How many of each line. @param {{offered: readonly Row[], taken: Map<string, number>, request: Row}} props taken: written here, read when it is sent */
function Taken({ offered, taken, request }) {
  const [, redraw] = useState(0);
  const lines = linesOf(request.id);
  const set = (/** @type {string} */ id, /** @type {number} */ n) => {
    taken.set(id, n);
    redraw((was) => was + 1);
  };
  const none = [...taken.values()].every((n) => n === 0);
  return html`<fieldset class="taken"><legend>${t("accept.how_many")}</legend>${offered.map((line) => {
    const n = taken.get(line.id) ?? 0;
    const asked = lines.find((row) => row.id === line.request_line_id);
    const name = tables.resource.get(line.resource_id)?.call_sign ?? typeName(line.type_code);
    const of = asked ? t("accept.of", { offered: line.quantity, wanted: openOf(asked, line.type_code) + line.accepted_quantity }) : "";
    return html`<div key=${line.id} class="taken-line"><label><input type="checkbox" checked=${n > 0} required=${none} onChange=${(/** @type {any} */ event) => set(line.id, event.target.checked ? Math.max(1, Math.min(line.quantity, asked ? openOf(asked, line.type_code) : line.quantity)) : 0)} /> <span><strong>${name}</strong> <span class="dim">${of}</span></span></label>
      ${line.quantity > 1 && n > 0 ? html`<${Quantity} label=${`${t("quantity")}: ${name}`} value=${n} most=${line.accepted_quantity || line.quantity} onChange=${(/** @type {number} */ next) => set(line.id, next)} />` : ""}</div>`;
  })}${none && html`<p class="notice">${t("accept.none")}</p>`}</fieldset>`;
}
