/**
 * The phone call: two clicks, `i` on the incident and *Units rolling*. Where nothing is chosen and there are several incidents, it
 * asks first which one. Everything is filled in with what is most likely; what was
 * agreed by voice counts at once, and what is missing of the form becomes a debt. Where the same was asked for in the open, the
 * call fills that request, and makes no second one beside it.
 */
import { countryOf, linesOf, linesText, members, memberName, WANTING } from "./about.js";
import { myMember } from "./api.js";
import { USUAL, whereOf } from "./ask.js";
import { leadToButton, openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { Choice, PlaceField, Quantity, TypeField } from "./fields.js";
import { distanceKm } from "./geometry.js";
import { named, t, word } from "./i18n.js";
import { Phone } from "./parts.js";
import { chosen } from "./router.js";
import { fillOf, tables } from "./store.js";
import { html, useState } from "./view.js";

const NEAREST = 6;
/** How long help can be said to last: a year, in hours. */
const LONGEST_H = 24 * 365;

/**
 * Open the form for an incident.
 * @param {string} incidentId empty: it is asked for
 * @param {string} [requestId] the request that it is about
 */
export async function openCall(incidentId, requestId = "") {
  const open = tables.incident.all.value.filter((row) => row.status !== "closed").sort((a, b) => b.occurred_at.localeCompare(a.occurred_at));
  const picked = tables.incident.get(incidentId)?.id ?? (open.length > 1 ? await openDialog(t("call.title"), (close) => html`<${Which} incidents=${open} close=${close} />`) : open[0]?.id);
  if (!open.length) return openDialog(t("call.title"), (close) => html`<div class="dialog-body"><p>${t("ask.no_incident")}</p><footer class="dialog-foot"><button type="button" class="button primary" onClick=${close}>${t("understood")}</button></footer></div>`);
  if (!picked) return undefined;
  return openDialog(t("call.title"), (close) => html`<${Call} first=${picked} request=${requestId} incidents=${open} close=${close} />`);
}

/** Which incident somebody has rung about. @param {{incidents: any[], close: (id?: string) => void}} props */
function Which({ incidents, close }) {
  return html`<div class="dialog-body"><p class="dialog-text">${t("call.which_incident")}</p>
    <ul class="pick-list">${incidents.map((row, at) => html`<li key=${row.id}><button type="button" class="pick" autofocus=${at === 0} onClick=${() => close(row.id)}><strong>${row.title}</strong><span class="dim">${row.ref} · ${word("hazards", row.hazard)} · ${memberName(row.lead_member_id)}</span></button></li>`)}</ul>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button></footer></div>`;
}

/** What is most likely for an incident: who rang whom, about what. @param {string} incidentId @param {string} [requestId] */
function likely(incidentId, requestId = "") {
  const incident = tables.incident.get(incidentId);
  const own = myMember();
  const at = whereOf(incidentId);
  const country = countryOf(own);
  const near = members().filter((each) => each.id !== own).sort((a, b) => Number(a.country === country) - Number(b.country === country) || distanceKm([a.lon, a.lat], [at.lon, at.lat]) - distanceKm([b.lon, b.lat], [at.lon, at.lat]));
  const asks = tables.request.get(requestId)?.member_id ?? incident?.lead_member_id;
  const theirs = asks && asks !== own;
  const wanted = wantedLines(incidentId);
  const line = wanted.find((each) => each.request_id === requestId) ?? wanted.find((each) => tables.request.get(each.request_id)?.member_id === asks) ?? wanted[0];
  return { sends: theirs ? "us" : "them", other: theirs ? asks : near[0]?.id ?? "", type_code: line?.type_code ?? USUAL[incident?.hazard] ?? "", place: line?.place ?? "", lon: line?.lon ?? at.lon, lat: line?.lat ?? at.lat };
}

/** Lines of the open requests of an incident that lack something. @param {string} incidentId */
function wantedLines(incidentId) {
  return tables.request.where("incident_id", incidentId).filter((row) => WANTING.includes(row.status)).flatMap((row) => linesOf(row.id)).filter((line) => fillOf(line).open > 0);
}

/** @param {{first: string, request: string, incidents: any[], close: () => void}} props */
function Call({ first, request, incidents, close }) {
  const [incidentId, setIncident] = useState(first);
  const [what, setWhat] = useState(() => ({ ...likely(first, request), quantity: 1, person_rung: "", hours: "" }));
  const [picked, setPicked] = useState(/** @type {string | null} */ (null));
  const [busy, setBusy] = useState(false);
  const change = (/** @type {any} */ part) => setWhat((was) => ({ ...was, ...part }));
  const own = myMember();
  const at = [what.lon, what.lat];
  const near = members(own).filter((each) => each.id !== own).sort((a, b) => Number(b.id === what.other) - Number(a.id === what.other) || distanceKm([a.lon, a.lat], at) - distanceKm([b.lon, b.lat], at));
  const asker = what.sends === "us" ? what.other : own;
  const alike = wantedLines(incidentId).filter((line) => line.type_code === what.type_code && tables.request.get(line.request_id)?.member_id === asker);
  const fits = alike.filter((line) => fillOf(line).open >= what.quantity);
  const fills = picked === "" ? undefined : fits.find((line) => line.id === picked) ?? fits.find((line) => line.request_id === request) ?? fits[0];
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    const { sends, other, person_rung, hours, place, ...rest } = what;
    const receipt = await carryOut({
      path: "/assist-now",
      body: { ...rest, incident_id: incidentId, requester_id: sends === "us" ? other : own, lender_id: sends === "us" ? own : other, place: place || null, ...(fills && { request_line_id: fills.id }), ...(person_rung.trim() && { person_rung: person_rung.trim() }), ...(hours && { expected_hours: Number(hours) }) },
    }, { done: t("done.rolling") });
    setBusy(false);
    if (!receipt) return;
    close();
    const call = receipt.rows.call?.[0];
    if (call) chosen.value = { kind: "request", id: call.request_id };
  };
  return html`<form class="dialog-body" onSubmit=${submit} onKeyDown=${leadToButton}>
    <footer class="dialog-foot first"><button class="button danger large binds-us" disabled=${busy || !what.type_code || !what.other}>${t("units_rolling")}</button></footer>
    <p class="call-sum"><strong>${what.sends === "us" ? t("call.we_send", { who: memberName(what.other) }) : t("call.they_send", { who: memberName(what.other) })}</strong> · <${Phone} id=${what.other} /></p>
    <${Choice} label=${t("call.who_sends")} autofocus value=${what.sends} onChange=${(/** @type {string} */ sends) => change({ sends })} options=${[{ value: "us", text: t("call.us") }, { value: "them", text: t("call.them") }]} />
    <label class="field"><span>${t("call.other_side")}</span><select value=${what.other} onChange=${(/** @type {any} */ event) => change({ other: event.target.value })}>${near.slice(0, NEAREST).map((each) => option(each, what.other))}<optgroup label=${t("call.farther")}>${near.slice(NEAREST).map((each) => option(each, what.other))}</optgroup></select></label>
    ${fits.length > 0 && html`<${Choice} label=${t("call.for")} value=${fills?.id ?? ""} onChange=${setPicked} options=${[...fits.map((line) => ({ value: line.id, text: t("call.for_request", { ref: refOf(line), what: linesText([line]), n: fillOf(line).open }) })), { value: "", text: t("call.for_new") }]} />`}
    ${alike.length > 0 && !fits.length && html`<p class="notice" role="status">${t("call.too_many", { ref: refOf(alike[0]), n: fillOf(alike[0]).open })}</p>`}
    <div class="two"><${TypeField} value=${what.type_code} onChange=${(/** @type {string} */ type_code) => change({ type_code })} /><${Quantity} value=${what.quantity} onChange=${(/** @type {number} */ quantity) => change({ quantity })} /></div>
    <label class="field"><span>${t("incident")}</span><select value=${incidentId} onChange=${(/** @type {any} */ event) => { setIncident(event.target.value); setPicked(null); change(likely(event.target.value)); }}>${incidents.map((row) => html`<option value=${row.id} selected=${row.id === incidentId}>${row.ref} · ${row.title}</option>`)}</select></label>
    <${PlaceField} text=${what.place} onChange=${change} />
    <label class="field"><span>${t("call.hours")} (${t("optional")})</span><input type="number" min="1" max=${LONGEST_H} step="1" inputmode="numeric" value=${what.hours} onInput=${(/** @type {any} */ event) => change({ hours: event.target.value })} /></label>
    <label class="field"><span>${t("call.person")} (${t("optional")})</span><input type="text" maxlength="120" value=${what.person_rung} onInput=${(/** @type {any} */ event) => change({ person_rung: event.target.value })} /></label>
    <p class="dim">${t("call.note")}</p></form>`;
}

/** @param {any} line */
function refOf(line) {
  return tables.request.get(line.request_id)?.ref ?? "";
}

/** @param {any} each @param {string} picked */
function option(each, picked) {
  return html`<option value=${each.id} selected=${each.id === picked}>${each.country} · ${named(each.names)}</option>`;
}
