/** Help that nobody has asked for: a lender offers it on an incident, and whoever leads the incident takes it up or declines. */
import { memberName } from "./about.js";
import { myMember } from "./api.js";
import { confirmAct } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { openForm } from "./form.js";
import { findTypes, named, stateName, t, typeName, word } from "./i18n.js";
import { learnUnit } from "./offering.js";
import { Age, Left, Member, Panel, Phone, State, useMark } from "./parts.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { codeText } from "./told.js";
import { html, useEffect } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** What is offered, in words. @param {string} id */
export function unaskedText(id) {
  return tables.unasked_offer_line.where("unasked_offer_id", id).map((line) => tables.resource.get(line.resource_id)?.call_sign ?? `${line.quantity} × ${typeName(line.type_code)}`).join(", ");
}

/** On the operations screen: what stands, offered to my member or by it. */
export function UnaskedOffers() {
  const own = myMember();
  const open = tables.unasked_offer.all.value.filter((row) => row.status === "offered").sort((a, b) => Number(b.to_member_id === own) - Number(a.to_member_id === own) || a.valid_until.localeCompare(b.valid_until));
  if (!open.length) return null;
  return html`<${Panel} id="unasked" class="unasked" title=${t("unasked")} count=${open.length}><ul class="plain">${open.map((row) => html`<${Unasked} key=${row.id} row=${row} />`)}</ul><//>`;
}

/** @param {{row: Row}} props */
function Unasked({ row }) {
  const mark = useMark("unasked_offer", row.id, row.revision);
  const own = myMember();
  const incident = tables.incident.get(row.incident_id);
  const lines = tables.unasked_offer_line.where("unasked_offer_id", row.id);
  useEffect(() => {
    for (const line of lines) learnUnit(line.resource_id);
  }, [lines]);
  const takes = may("take_up_unasked_offer", { requester: row.to_member_id }, { request_kind: row.kind });
  const withdraw = async () => {
    const sure = await confirmAct({ title: t("unasked.withdraw"), text: html`<p>${t("unasked.withdraw.text", { who: memberName(row.to_member_id) })}</p>`, action: t("unasked.withdraw") });
    if (sure) await carryOut({ path: `/unasked-offers/${row.id}/withdraw`, body: {}, revision: row.revision }, { done: t("done.unasked_withdrawn") });
  };
  return html`<li class="offer ${mark}">
    <div class="offer-head"><${Member} id=${row.lender_id} /> <${State} text=${stateName("unasked_offer", row.status)} tone="notice" /> <span class="dim"><${Age} at=${row.offered_at} /> · ${t("valid")} <${Left} at=${row.valid_until} /></span></div>
    <p><strong>${unaskedText(row.id)}</strong> <span class="dim">${word("request_kinds", row.kind)} · ${incident?.title ?? ""}</span></p>
    ${row.note && html`<q>${row.note}</q>`}
    ${lines.map((line) => html`${line.reserve_override && html`<p class="late">${t("reserve.overridden")} ${line.reserve_override.reason ?? ""}</p>`}${(line.findings ?? []).length > 0 && html`<ul class="why">${line.findings.map((/** @type {any} */ finding) => html`<li>${codeText(finding)}</li>`)}</ul>`}`)}
    <div class="buttons">
      ${takes && html`<button type="button" class="button primary small" onClick=${() => takeUp(row)}>${t("unasked.take_up")}</button>`}
      ${may("decline_unasked_offer", { requester: row.to_member_id }) && html`<button type="button" class="button small" onClick=${() => decline(row)}>${t("unasked.decline")}</button>`}
      ${may("withdraw_unasked_offer", { lender: row.lender_id }) && html`<button type="button" class="button small" onClick=${withdraw}>${t("unasked.withdraw")}</button>`}
      ${own === row.to_member_id && !takes && may("decline_unasked_offer", { requester: own }) && html`<span class="notice">${t("unasked.ask_representative")}</span>`}
      <${Phone} id=${own === row.lender_id ? row.to_member_id : row.lender_id} named /></div></li>`;
}

/** Whether my member may offer help for an incident unasked. @param {Row} incident */
export function mayOffer(incident) {
  return incident.status !== "closed" && incident.lead_member_id !== myMember() && may("offer_unasked", { lender: myMember() });
}

/** @param {Row} incident */
export function openUnasked(incident) {
  const mine = new Set(tables.resource.where("member_id", myMember()).map((unit) => unit.type_code));
  const types = findTypes("").sort((a, b) => Number(mine.has(b.code)) - Number(mine.has(a.code)) || named(a.names).localeCompare(named(b.names)));
  return openForm({
    title: t("unasked.offer"),
    text: html`<p>${t("unasked.offer.text", { who: memberName(incident.lead_member_id), title: incident.title })}</p>`,
    fields: [
      { name: "type_code", label: t("type"), kind: "select", value: types[0]?.code, options: types.map((each) => ({ value: each.code, text: named(each.names) })) },
      { name: "quantity", label: t("quantity"), kind: "count" },
      { name: "kind", label: t("kind"), kind: "choice", value: "immediate", options: ["immediate", "planned"].map((each) => ({ value: each, text: word("request_kinds", each) })) },
      { name: "valid_until", label: t("unasked.until"), kind: "time", required: true },
      { name: "note", label: t("note"), kind: "area" },
    ],
    action: t("unasked.offer"),
    command: ({ type_code, quantity, ...rest }) => ({ path: `/incidents/${incident.id}/unasked-offers`, body: { ...rest, lines: [{ type_code, quantity }] } }),
    how: () => ({ done: t("done.unasked_offered", { who: memberName(incident.lead_member_id) }), beyond: { lender: myMember(), without: true } }),
  });
}

/** @param {Row} row */
function takeUp(row) {
  return openForm({
    title: t("unasked.take_up"),
    text: html`<p><strong>${unaskedText(row.id)}</strong> <${Member} id=${row.lender_id} /></p><p>${t("unasked.take_up.text", { who: memberName(row.lender_id) })}</p>`,
    fields: [
      { name: "priority", label: t("unasked.priority"), kind: "select", value: "life_safety", options: ["life_safety", "incident_stabilisation", "property", "recovery"].map((each) => ({ value: each, text: word("priorities", each) })) },
      { name: "place", label: t("place"), value: row.place ?? undefined },
    ],
    action: t("unasked.take_up"),
    command: (values) => ({ path: `/unasked-offers/${row.id}/take-up`, body: values, revision: row.revision }),
    how: () => ({ done: t("done.unasked_taken_up", { who: memberName(row.lender_id) }) }),
  });
}

/** @param {Row} row */
function decline(row) {
  return openForm({
    title: t("unasked.decline"),
    text: html`<p>${t("unasked.decline.text", { who: memberName(row.lender_id) })}</p>`,
    fields: [{ name: "reason", label: t("why"), kind: "area", required: true }],
    action: t("unasked.decline"),
    command: (values) => ({ path: `/unasked-offers/${row.id}/decline`, body: values, revision: row.revision }),
    how: () => ({ done: t("done.unasked_declined") }),
  });
}
