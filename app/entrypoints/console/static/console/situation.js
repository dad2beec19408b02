/** The situation of my side: what we owe, who is here from abroad, whose relief is due, how far each country has scaled up, the crossings. */
import { countryOf, crossingText, HOME, linesOf, linesText, memberName, unitText } from "./about.js";
import { myMember } from "./api.js";
import { AutomaticAid } from "./automatic.js";
import { Coordinator } from "./coordination.js";
import { carryOutConfirmed } from "./doing.js";
import { named, phaseName, phases, stateName, t, typeName, word } from "./i18n.js";
import { ToAnswer } from "./matters.js";
import { Notices } from "./notices.js";
import { Age, Left, Member, Nothing, Panel, Phone, State, useMark } from "./parts.js";
import { reliefOf, Reliefs } from "./reliefs.js";
import { chosen, lookAt, part, requestLink } from "./router.js";
import { may } from "./rules.js";
import { Shift } from "./shift.js";
import { tables } from "./store.js";
import { UnaskedOffers } from "./unasked.js";
import { html } from "./view.js";
import { centreOf } from "./geometry.js";
import { Room, roomOf, WayBarred } from "./ways.js";

/** All of it. */
export function Situation() {
  return html`<div class="situation"><${AutomaticAid} /><${Debts} /><${Calls} /><${UnaskedOffers} /><${ToAnswer} /><${Reliefs} /><${Shift} waits /><${Incidents} /><${Strength} /><${Shift} /><${Notices} /><${Crossings} /><${RendezvousList} /><${Coordinator} /></div>`;
}

/** Whether an act is still missing. @param {import("./store.js").Row} debt */
export const isOwed = (debt) => ["owed", "overdue"].includes(debt.status);

/** Acts that a phone call ran ahead of: in red, with the time left. */
export function Debts() {
  const own = myMember();
  const open = tables.debt.all.value.filter(isOwed).sort((a, b) => Number(b.member_id === own) - Number(a.member_id === own) || a.due_at.localeCompare(b.due_at));
  if (!open.length) return null;
  return html`<${Panel} live id="debts" class="debts" tone="alert" title=${t("debts")} count=${open.length}><ul class="plain">${open.map((debt) => html`<${Debt} key=${debt.id} debt=${debt} />`)}</ul><//>`;
}

/** @param {{debt: import("./store.js").Row}} props */
export function Debt({ debt }) {
  const request = tables.request.get(debt.request_id);
  const facts = { request_kind: request?.kind ?? "" };
  const mark = useMark("debt", debt.id, debt.revision);
  const settle = async () => {
    await carryOutConfirmed({ title: t("make_good"), text: html`<p>${t("make_good.text", { act: t(`act.${debt.act}`), ref: request?.ref ?? "" })}</p>`, action: t("make_good"), why: "asked" },
      (answer) => ({ path: `/debts/${debt.id}/make-good`, body: answer, revision: debt.revision }), { done: t("done.made_good"), latest: () => tables.debt.get(debt.id) });
  };
  return html`<li class="debt ${mark}"><div><strong>${t(`act.${debt.act}`)}</strong> <${Member} id=${debt.member_id} /></div>
    <div>${request && html`<a class="ref" href=${requestLink(request.id)}>${request.ref}</a> ${linesText(linesOf(request.id))}`}</div>
    <div class="debt-foot"><${Left} at=${debt.due_at} />${debt.member_id !== myMember() && html`<${Phone} id=${debt.member_id} />`}
      ${may("make_debt_good", { owes: debt.member_id }, facts) && html`<button type="button" class="button danger small" onClick=${settle}>${t("make_good")}</button>`}</div></li>`;
}

/** Phone calls that the other side has not confirmed. */
function Calls() {
  const open = tables.call.all.value.filter((call) => ["unconfirmed", "alarmed"].includes(call.status));
  if (!open.length) return null;
  const own = myMember();
  const confirm = async (/** @type {any} */ call) => {
    await carryOutConfirmed({ title: t("confirm_call"), text: html`<p>${t("confirm_call.text", { who: memberName(call.recorded_by_member_id), what: `${call.quantity} × ${typeName(call.type_code)}` })}</p>`, action: t("confirm_call") },
      () => ({ path: `/calls/${call.id}/confirm`, body: {}, revision: call.revision }), { done: t("done.call_confirmed"), latest: () => tables.call.get(call.id) });
  };
  const takeBack = async (/** @type {any} */ call) => {
    await carryOutConfirmed({ title: t("command.take_back_call"), text: html`<p>${t("take_back_call.text", { what: `${call.quantity} × ${typeName(call.type_code)}` })}</p>`, action: t("command.take_back_call"), why: "required", danger: true },
      (answer) => ({ path: `/calls/${call.id}/take-back`, body: answer, revision: call.revision }), { done: t("done.call_taken_back"), latest: () => tables.call.get(call.id) });
  };
  return html`<${Panel} live id="calls" class="calls" tone="alert" title=${t("calls")} count=${open.length}><ul class="plain">${open.map((call) => {
    const other = call.requester_id === own ? call.lender_id : call.requester_id;
    const request = tables.request.get(call.request_id);
    return html`<li key=${call.id}><div><strong>${call.quantity} × ${typeName(call.type_code)}</strong> ${request && html`<a class="ref" href=${requestLink(request.id)}>${request.ref}</a>`}</div>
      <div><${Member} id=${other} /> <${Phone} id=${other} /></div>
      <div class="debt-foot"><span class=${call.status === "alarmed" ? "late" : "dim"}>${call.status === "alarmed" ? t("call.ring_back") : call.recorded_by_member_id === own ? t("call.waits_for_them") : t("call.waits_for_us")} · <${Age} at=${call.occurred_at} /></span>
        ${call.recorded_by_member_id !== own && may("confirm_call", { requester: call.requester_id, lender: call.lender_id }) && html`<button type="button" class="button primary small" onClick=${() => confirm(call)}>${t("confirm_call")}</button>`}
        ${may("take_back_call", { writer: call.recorded_by_member_id }) && html`<button type="button" class="button small" onClick=${() => takeBack(call)}>${t("take_back_call")}</button>`}</div></li>`;
  })}</ul><//>`;
}

/** Incidents, and how far each country has scaled up. */
function Incidents() {
  const rows = tables.incident.all.value.filter((row) => row.status !== "closed").sort((a, b) => b.severity - a.severity || a.occurred_at.localeCompare(b.occurred_at));
  const countries = [...new Set(tables.member.all.value.map((each) => each.country))].sort();
  return html`<${Panel} live id="incidents" title=${t("incidents")} count=${rows.length}>
    <dl class="phases">${countries.map((country) => {
      const highest = highestPhase(country, rows);
      return html`<div><dt><abbr class="country" title=${word("countries", country)}>${country}</abbr></dt><dd class=${highest === "none" ? "dim" : "scaled"}>${phaseName(country, highest)}</dd></div>`;
    })}</dl>
    ${rows.length === 0 && html`<${Nothing} text=${t("incidents.none")} />`}
    <ul class="plain">${rows.map((row) => html`<${IncidentRow} key=${row.id} id=${row.id} />`)}</ul><//>`;
}

/** @param {string} country @param {readonly any[]} incidents */
function highestPhase(country, incidents) {
  const order = phases(country);
  return incidents.reduce((highest, row) => (order.indexOf(row.phases?.[country]) > order.indexOf(highest) ? row.phases[country] : highest), "none");
}

/** Show something on the map, with its card: on a narrow screen that is another part. @param {string} kind @param {string} id @param {{lon: number, lat: number, zoom?: number}} where */
function show(kind, id, where) {
  chosen.value = { kind, id };
  lookAt.value = where;
  part.value = "map";
}

/** @param {{id: string}} props */
function IncidentRow({ id }) {
  const row = tables.incident.get(id);
  const mark = useMark("incident", id, row?.revision);
  if (!row) return null;
  const now = chosen.value?.kind === "incident" && chosen.value.id === id;
  const choose = () => {
    const [lon, lat] = centreOf(row.area);
    if (!now) show("incident", id, { lon, lat });
    else chosen.value = null;
  };
  return html`<li class="incident-row ${now ? "now" : ""} ${mark}"><button type="button" class="row-button plain-row" aria-pressed=${now} onClick=${choose}>
    <span><strong>${row.title}</strong></span>
    <span class="dim">${word("hazards", row.hazard)} · ${stateName("incident", row.status)} · <span class=${row.severity >= 4 ? "late" : ""}>${word("severities", row.severity)}</span> · <${Member} id=${row.lead_member_id} /></span></button></li>`;
}

/** Units of other members on my territory: what they are, whose, and when they are to be relieved. */
function Strength() {
  const own = myMember();
  const here = tables.mission.all.value.filter((row) => !HOME.includes(row.status) && row.kind !== "day_to_day");
  const guests = here.filter((row) => row.requester_id === own).sort((a, b) => memberName(a.lender_id).localeCompare(memberName(b.lender_id)));
  const away = here.filter((row) => row.lender_id === own).sort((a, b) => memberName(a.requester_id).localeCompare(memberName(b.requester_id)));
  return html`<${Panel} live id="strength" title=${t("strength")} count=${html`<span aria-hidden="true">${guests.length}</span><span class="sr">${t("strength.units", { n: guests.length })}</span>`}>
    ${guests.length === 0 ? html`<${Nothing} text=${t("strength.none")} />` : html`<ul class="plain">${guests.map((row, at) => html`<${Unit} key=${row.id} id=${row.id} other=${row.lender_id} ring=${guests[at - 1]?.lender_id !== row.lender_id} />`)}</ul>`}
    ${away.length > 0 && html`<h3>${t("strength.away")} <span class="count">${away.length}</span></h3><ul class="plain">${away.map((row, at) => html`<${Unit} key=${row.id} id=${row.id} other=${row.requester_id} ring=${away[at - 1]?.requester_id !== row.requester_id} />`)}</ul>`}<//>`;
}

/** @param {{id: string, other: string, ring: boolean}} props ring: the first of this member's, with the number to ring */
function Unit({ id, other, ring }) {
  const row = tables.mission.get(id);
  const mark = useMark("mission", id, row?.revision);
  if (!row) return null;
  const request = tables.request.get(row.request_id);
  return html`<li class="unit-row ${mark}"><span><strong>${unitText(row)}</strong> <${Member} id=${other} short /> ${request && html`<a class="ref" href=${requestLink(request.id)}>${request.ref}</a>`}</span>
    <span class="unit-state"><${State} text=${stateName("mission", row.status)} tone=${["recalled", "aborted", "stood_down"].includes(row.status) ? "alert" : ""} /> <span class="dim"><${Age} at=${row.status_at} /></span></span>
    ${row.relieve_by && html`<span class="dim">${t("relieve")} <${Left} at=${row.relieve_by} />${reliefOf(row) ? " ✓" : ""}</span>`}<${WayBarred} row=${row} />${ring && html`<${Phone} id=${other} named />`}</li>`;
}

/** The crossings: the abnormal ones first. */
function Crossings() {
  const worse = (/** @type {any} */ row) => (row.control === "closed" ? 2 : row.control === "checks" || row.delay_min > 0 ? 1 : 0);
  const rows = [...tables.crossing.all.value].sort((a, b) => worse(b) - worse(a) || named(a.names).localeCompare(named(b.names)));
  const list = (/** @type {any[]} */ some) => html`<ul class="plain">${some.map((row) => html`
    <li key=${row.id} class="crossing-row"><button type="button" class="row-button plain-row" aria-pressed=${chosen.value?.id === row.id} onClick=${() => show("crossing", row.id, { lon: row.lon, lat: row.lat, zoom: 12 })}>
      <span>${named(row.names)} <span class="dim pair">${countryOf(row.member_a_id)}–${countryOf(row.member_b_id)}</span></span>
      <span><${State} text=${crossingText(row)} tone=${row.control === "closed" ? "alert" : worse(row) ? "notice" : "calm-state"} />${row.closed_until && html` <span class="dim">${t("crossing.opens")} <${Left} at=${row.closed_until} /></span>`}</span></button></li>`)}</ul>`;
  const open = rows.filter((row) => !worse(row));
  return html`<${Panel} live id="crossings" title=${t("crossings")} count=${rows.length}>${list(rows.filter(worse))}
    ${open.length > 0 && html`<details class="settled" open><summary>${t("crossings.open", { n: open.length })}</summary>${list(open)}</details>`}<//>`;
}

/** Rendezvous: those that are full or closed first, then those that are used. */
function RendezvousList() {
  const worse = (/** @type {any} */ row) => (row.status === "closed" ? 3 : roomOf(row).left === 0 ? 2 : roomOf(row).coming + roomOf(row).there > 0 ? 1 : 0);
  const rows = [...tables.rendezvous.all.value].sort((a, b) => worse(b) - worse(a) || a.guide_code.localeCompare(b.guide_code, undefined, { numeric: true }));
  if (!rows.length) return null;
  return html`<${Panel} live id="rendezvous" title=${t("rendezvous.list")} count=${rows.length}><ul class="plain">${rows.map((row) => html`
    <li key=${row.id} class="crossing-row"><button type="button" class="row-button plain-row" aria-pressed=${chosen.value?.id === row.id} onClick=${() => show("rendezvous", row.id, { lon: row.lon, lat: row.lat, zoom: 12 })}>
      <span><b class="guide-code">${row.guide_code}</b> ${named(row.names)} <span class="dim pair">${countryOf(row.member_id)}</span></span>
      <span class="note"><${Room} place=${row} /></span></button></li>`)}</ul><//>`;
}
