/** What is chosen on the map: an incident, a crossing, a unit, a member; with whom to ring and what can be done. */
import { crossingText, HOME, linesOf, linesText, unitText } from "./about.js";
import { myMember, read } from "./api.js";
import { openAsk } from "./ask.js";
import { AutomaticButton } from "./automatic_ask.js";
import { openCall } from "./call.js";
import { closeIncident } from "./closing.js";
import { openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { Choice } from "./fields.js";
import { mayAddCode, openCodes } from "./external_codes.js";
import { TimeField } from "./form.js";
import { codes, named, number, phaseName, phases, stateName, t, typeName, word } from "./i18n.js";
import { Age, Left, Member, Phone, Priority, State, rankOfRequest } from "./parts.js";
import { incidentForms, Print } from "./print.js";
import { IncidentProtocol } from "./protocol_part.js";
import { ReliefLine } from "./reliefs.js";
import { chosen, requestLink } from "./router.js";
import { can, may, next } from "./rules.js";
import { positionOf, tables, take } from "./store.js";
import { stamp } from "./time.js";
import { Duty } from "./shift.js";
import { mayOffer, openUnasked } from "./unasked.js";
import { html, useEffect, useState } from "./view.js";
import { aheadOf, PlaceName, RendezvousCard, WayBarred } from "./ways.js";

/** @typedef {import("./store.js").Row} Row */

/** @param {{kind: string, id: string}} props */
export function ChosenCard({ kind, id }) {
  const card = { incident: IncidentCard, crossing: CrossingCard, unit: UnitCard, member: MemberCard, rendezvous: RendezvousCard }[kind];
  if (!card) return null;
  return html`<aside class="chosen" aria-label=${t("chosen")}><button type="button" class="icon-button chosen-close" aria-label=${t("close")} onClick=${() => { chosen.value = null; }}>✕</button><${card} key=${id} id=${id} /></aside>`;
}

/** @param {{id: string}} props */
function IncidentCard({ id }) {
  const row = tables.incident.get(id);
  useEffect(() => {
    read(`/incidents/${id}/log?limit=20`).then((page) => take({ incident_log: page.items }), () => undefined);
  }, [id]);
  if (!row) return null;
  const requests = tables.request.where("incident_id", id);
  const numbers = tables.external_id.where("incident_id", id).filter((each) => !each.valid_to);
  const log = [...tables.incident_log.where("incident_id", id)].sort((a, b) => b.occurred_at.localeCompare(a.occurred_at)).slice(0, 6);
  const lead = { lead: row.lead_member_id };
  const change = (/** @type {any} */ body, /** @type {any} */ back) => carryOut({ path: `/incidents/${id}`, method: "PATCH", body, revision: row.revision }, {
    done: t("done.incident", { title: row.title }),
    undo: back ? (receipt) => ({ path: `/incidents/${id}`, method: "PATCH", body: back, revision: receipt.revision }) : undefined,
  });
  const states = next("incident", row.status, "change_incident");
  return html`<h2>${row.title}</h2><p class="dim">${row.ref} · ${word("hazards", row.hazard)} · ${t("since")} ${stamp(row.occurred_at)} (<${Age} at=${row.occurred_at} />)</p>
    <p class="ring"><${Member} id=${row.lead_member_id} /> <${Phone} id=${row.lead_member_id} /></p>
    <div class="buttons">${may("assist_now", { requester: row.lead_member_id, lender: row.lead_member_id }) || may("report_incident") ? html`<button type="button" class="button danger" onClick=${() => openCall(id)}>${t("call")} <kbd>i</kbd></button>` : ""}
      ${may("report_incident") && html`<button type="button" class="button primary" onClick=${() => openAsk(id)}>${t("ask")}</button>`}
      ${mayOffer(row) && html`<button type="button" class="button" onClick=${() => openUnasked(row)}>${t("unasked.offer")}</button>`}
      <${AutomaticButton} id=${id} /></div>
    <dl class="facts"><div><dt>${t("status")}</dt><dd><${State} text=${stateName("incident", row.status)} /> ${may("change_incident") && states.map((state) => html`<button type="button" class="button small" onClick=${() => change({ status: state }, next("incident", state, "change_incident").includes(row.status) ? { status: row.status } : null)}>→ ${stateName("incident", state)}</button>`)}
        ${may("close_incident", lead) && can("incident", row.status, "close_incident") ? html`<button type="button" class="button small" onClick=${() => closeIncident(row)}>${t("close_incident")}</button>` : ""}</dd></div>
      <div><dt>${t("severity")}</dt><dd>${may("change_incident") ? html`<select aria-label=${t("severity")} value=${String(row.severity)} onChange=${(/** @type {any} */ event) => change({ severity: Number(event.target.value) }, { severity: row.severity })}>${codes("severities").map((code) => html`<option value=${code} selected=${code === String(row.severity)}>${code} ${word("severities", code)}</option>`)}</select>` : word("severities", row.severity)}</dd></div>
      ${[...new Set(tables.member.all.value.map((each) => each.country))].sort().map((country) => html`<${Phase} country=${country} row=${row} />`)}
      ${(numbers.length > 0 || mayAddCode("incident", myMember())) && html`<div><dt>${t("incident_numbers")}</dt><dd>${numbers.map((each) => html`<span key=${each.id} class="number-of"><${Member} id=${each.member_id} short /> ${each.code}</span> `)}
        <button type="button" class="button small" onClick=${() => openCodes("incident", id, myMember(), row.title)}>${t("codes.open")}</button></dd></div>`}</dl>
    <${IncidentProtocol} row=${row} />
    ${requests.length > 0 && html`<h3>${t("requests")}</h3><ul class="plain">${requests.map((request) => html`<li key=${request.id}><${Priority} rank=${rankOfRequest(request.id)} /> <a href=${requestLink(request.id)} class="ref">${request.ref}</a> ${linesText(linesOf(request.id))} <span class="dim">${stateName("request", request.status)}</span></li>`)}</ul>`}
    <h3>${t("log")} <${Print} of=${row.ref} forms=${incidentForms(id)} /></h3>${may("add_log_entry") && html`<${LogForm} id=${id} />`}
    <ul class="plain log">${log.map((entry) => html`<li key=${entry.id}><span class="dim">${stamp(entry.occurred_at)} <${Member} id=${entry.member_id} short /></span> ${entry.text}</li>`)}</ul>`;
}

/** How far a country has scaled up: its own members say so. @param {{country: string, row: Row}} props */
function Phase({ country, row }) {
  const code = row.phases?.[country] ?? "none";
  const own = may("change_phase", { country: tables.member.all.value.filter((each) => each.country === country).map((each) => each.id) });
  const change = (/** @type {string} */ phase) => carryOut({ path: `/incidents/${row.id}/phase`, body: { country, phase }, revision: row.revision }, {
    done: t("done.phase", { country, phase: phaseName(country, phase) }),
    undo: (receipt) => ({ path: `/incidents/${row.id}/phase`, body: { country, phase: code }, revision: receipt.revision }),
  });
  return html`<div><dt>${t("phase")} <abbr class="country" title=${word("countries", country)}>${country}</abbr></dt><dd>${own
    ? html`<select aria-label=${`${t("phase")} ${word("countries", country)}`} value=${code} onChange=${(/** @type {any} */ event) => change(event.target.value)}>${phases(country).map((each) => html`<option value=${each} selected=${each === code}>${phaseName(country, each)}</option>`)}</select>`
    : phaseName(country, code)}</dd></div>`;
}

/** @param {{id: string}} props */
function LogForm({ id }) {
  const [text, setText] = useState("");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await carryOut({ path: `/incidents/${id}/log`, body: { text: text.trim(), language: document.documentElement.lang } }, { done: t("done.logged") })) setText("");
  };
  return html`<form class="inline" onSubmit=${submit}><input type="text" maxlength="1000" required aria-label=${t("log.add")} placeholder=${t("log.add")} value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} /><button class="button small" disabled=${!text.trim()}>${t("write")}</button></form>`;
}

/** @param {{id: string}} props */
function CrossingCard({ id }) {
  const row = tables.crossing.get(id);
  if (!row) return null;
  const set = (/** @type {any} */ body) => carryOut({ path: `/crossings/${id}/state`, body, revision: row.revision }, {
    done: t("done.crossing", { name: named(row.names) }),
    undo: (receipt) => ({ path: `/crossings/${id}/state`, revision: receipt.revision, body: { control: row.control, delay_min: row.delay_min, ...(row.closed_until && { closed_until: row.closed_until }) } }),
  });
  const change = async () => {
    const answer = await openDialog(named(row.names), (close) => html`<${CrossingForm} row=${row} close=${close} />`);
    if (answer) await set(answer);
  };
  const limits = [row.max_weight_t && `≤ ${number(row.max_weight_t)} t`, row.max_height_m && `↕ ${number(row.max_height_m)} m`, row.max_width_m && `↔ ${number(row.max_width_m)} m`].filter(Boolean).join(" · ");
  const here = tables.mission.all.value.filter((mission) => aheadOf(mission).some((row) => row.id === id));
  return html`<h2>${named(row.names)}</h2><p class="dim">${row.roads.join(", ")}</p>
    <p><${State} text=${crossingText(row)} tone=${row.control === "closed" ? "alert" : row.control === "checks" ? "notice" : ""} />${row.closed_until && html` · ${t("crossing.opens")} <${Left} at=${row.closed_until} />`}</p>
    <p class="dim">${t("crossing.capacity", { n: row.capacity_vph })}${limits ? ` · ${limits}` : ""}</p>
    ${[row.member_a_id, row.member_b_id].map((each) => html`<p class="ring"><${Member} id=${each} /> <${Phone} id=${each} /></p>`)}
    ${here.length > 0 && html`<p>${t("crossing.units", { n: here.length })}</p><ul class="plain">${here.map((mission) => html`<li key=${mission.id}>${unitText(mission)} <${Member} id=${mission.lender_id} short /> <span class="dim">${stateName("mission", mission.status)}</span> <${WayBarred} row=${mission} /></li>`)}</ul>`}
    ${may("set_crossing_state", { joins: [row.member_a_id, row.member_b_id] }) && html`<div class="buttons"><button type="button" class="button" onClick=${change}>${t("crossing.change")}</button></div>`}`;
}

/** @param {{row: Row, close: (answer?: any) => void}} props */
function CrossingForm({ row, close }) {
  const [what, setWhat] = useState({ control: row.control, delay: String(row.delay_min), until: row.closed_until ?? "", why: "" });
  const change = (/** @type {any} */ part) => setWhat((was) => ({ ...was, ...part }));
  const closed = what.control === "closed";
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    close({ control: what.control, ...(closed ? { closed_until: what.until || null } : { delay_min: Number(what.delay) || 0 }), ...(what.why.trim() && { why: what.why.trim() }) });
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <${Choice} label=${t("status")} value=${what.control} onChange=${(/** @type {string} */ control) => change({ control })} options=${codes("crossing_controls").map((code) => ({ value: code, text: code === "none" ? t("crossing.open") : word("crossing_controls", code) }))} />
    ${closed ? html`<${TimeField} label=${`${t("crossing.until")} (${t("optional")})`} value=${what.until} onChange=${(/** @type {string} */ until) => change({ until })} /><p class="dim">${what.until ? t("crossing.reopens") : t("crossing.until_unknown")}</p>`
      : html`<label class="field"><span>${t("crossing.delay")}</span><input type="number" inputmode="numeric" min="0" max="1440" required value=${what.delay} onInput=${(/** @type {any} */ event) => change({ delay: event.target.value })} /></label>`}
    <label class="field"><span>${t("why")} (${t("optional")})</span><input type="text" maxlength="300" value=${what.why} onInput=${(/** @type {any} */ event) => change({ why: event.target.value })} /></label>
    <p class="dim">${t("crossing.both_sides")}</p>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class=${closed ? "button danger" : "button primary"}>${closed ? t("crossing.close") : t("crossing.save")}</button></footer></form>`;
}

/** @param {{id: string}} props */
function UnitCard({ id }) {
  const row = tables.resource.get(id);
  const at = positionOf(row);
  const mission = tables.mission.all.value.find((each) => each.resource_id === id && !HOME.includes(each.status));
  if (!row) return null;
  const request = tables.request.get(mission?.request_id);
  return html`<h2>${row.call_sign}</h2><p class="dim">${typeName(row.type_code)} · ${t("crew", { officers: row.officers, ncos: row.ncos, crew: row.crew })}</p>
    <p class="ring"><${Member} id=${row.member_id} /> <${Phone} id=${row.member_id} /></p>
    <dl class="facts"><div><dt>${t("status")}</dt><dd>${mission ? stateName("mission", mission.status) : stateName("resource", row.status)}</dd></div>
      <div><dt>${t("position")}</dt><dd>${at ? html`<${Age} at=${at.at} /> ${t("ago")}` : "–"}</dd></div>
      ${mission?.talkgroup && html`<div><dt>${t("talkgroup")}</dt><dd>${mission.talkgroup}</dd></div>`}
      ${mission?.rendezvous_id && html`<div><dt>${t("rendezvous")}</dt><dd><${PlaceName} id=${mission.rendezvous_id} /></dd></div>`}
      ${mission && html`<${ReliefLine} row=${mission} />`}
      ${request && html`<div><dt>${t("request")}</dt><dd><a class="ref" href=${requestLink(request.id)}>${request.ref}</a> ${linesText(linesOf(request.id))}</dd></div>`}</dl>
    <p class="card-more"><a href=${`#/resource/${id}`}>${t("unit.all_about")} ›</a></p>`;
}

/** @param {{id: string}} props */
function MemberCard({ id }) {
  const row = tables.member.get(id);
  if (!row) return null;
  return html`<h2><${Member} id=${id} /></h2>${row.other_names.length > 0 && html`<p class="dim">${row.other_names.join(" · ")}</p>`}<p class="ring"><${Phone} id=${id} /></p>
    <dl class="facts"><div><dt>${t("languages")}</dt><dd>${row.languages.join(", ").toUpperCase()}</dd></div></dl><${Duty} member=${id} />`;
}
