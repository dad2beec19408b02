/**
 * The phone call: two clicks, `i` on the incident and *Units rolling*. Everything is filled in with what is most likely; what was
 * agreed by voice counts at once, and what is missing of the form becomes a debt.
 */
import { countryOf, ENDED, linesOf, members, memberName } from "./about.js";
import { myMember } from "./api.js";
import { USUAL, whereOf } from "./ask.js";
import { openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { Choice, PlaceField, Quantity, TypeField } from "./fields.js";
import { distanceKm } from "./geometry.js";
import { named, t } from "./i18n.js";
import { Phone } from "./parts.js";
import { chosen } from "./router.js";
import { fillOf, tables } from "./store.js";
import { html, useState } from "./view.js";

const NEAREST = 6;

/**
 * Open the form for an incident.
 * @param {string} incidentId empty: the latest
 */
export function openCall(incidentId) {
  const open = tables.incident.all.value.filter((row) => row.status !== "closed").sort((a, b) => b.occurred_at.localeCompare(a.occurred_at));
  const incident = tables.incident.get(incidentId) ?? open[0];
  if (!incident) return openDialog(t("call.title"), (close) => html`<div class="dialog-body"><p>${t("ask.no_incident")}</p><footer class="dialog-foot"><button type="button" class="button primary" onClick=${close}>${t("understood")}</button></footer></div>`);
  return openDialog(t("call.title"), (close) => html`<${Call} first=${incident.id} incidents=${open} close=${close} />`);
}

/** What is most likely for an incident: who rang whom, about what. @param {string} incidentId */
function likely(incidentId) {
  const incident = tables.incident.get(incidentId);
  const own = myMember();
  const at = whereOf(incidentId);
  const country = countryOf(own);
  const near = members().filter((each) => each.id !== own).sort((a, b) => Number(a.country === country) - Number(b.country === country) || distanceKm([a.lon, a.lat], [at.lon, at.lat]) - distanceKm([b.lon, b.lat], [at.lon, at.lat]));
  const lead = incident?.lead_member_id;
  const theirs = lead && lead !== own;
  const line = tables.request.where("incident_id", incidentId).filter((row) => !ENDED.includes(row.status)).flatMap((row) => linesOf(row.id)).find((each) => fillOf(each).open > 0);
  return { sends: theirs ? "us" : "them", other: theirs ? lead : near[0]?.id ?? "", type_code: line?.type_code ?? USUAL[incident?.hazard] ?? "", place: line?.place ?? "", lon: line?.lon ?? at.lon, lat: line?.lat ?? at.lat };
}

/** @param {{first: string, incidents: any[], close: () => void}} props */
function Call({ first, incidents, close }) {
  const [incidentId, setIncident] = useState(first);
  const [what, setWhat] = useState(() => ({ ...likely(first), quantity: 1, person_rung: "" }));
  const [busy, setBusy] = useState(false);
  const change = (/** @type {any} */ part) => setWhat((was) => ({ ...was, ...part }));
  const own = myMember();
  const at = [what.lon, what.lat];
  const near = members(own).filter((each) => each.id !== own).sort((a, b) => Number(b.id === what.other) - Number(a.id === what.other) || distanceKm([a.lon, a.lat], at) - distanceKm([b.lon, b.lat], at));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    const { sends, other, person_rung, place, ...rest } = what;
    const receipt = await carryOut({
      path: "/assist-now",
      body: { ...rest, incident_id: incidentId, requester_id: sends === "us" ? other : own, lender_id: sends === "us" ? own : other, place: place || null, ...(person_rung.trim() && { person_rung: person_rung.trim() }) },
    }, { done: t("done.rolling") });
    setBusy(false);
    if (!receipt) return;
    close();
    const call = receipt.rows.call?.[0];
    if (call) chosen.value = { kind: "request", id: call.request_id };
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <footer class="dialog-foot first"><button class="button danger large" autofocus disabled=${busy || !what.type_code || !what.other}>${t("units_rolling")}</button></footer>
    <p class="call-sum"><strong>${what.sends === "us" ? t("call.we_send", { who: memberName(what.other) }) : t("call.they_send", { who: memberName(what.other) })}</strong> · <${Phone} id=${what.other} /></p>
    <${Choice} label=${t("call.who_sends")} value=${what.sends} onChange=${(/** @type {string} */ sends) => change({ sends })} options=${[{ value: "us", text: t("call.us") }, { value: "them", text: t("call.them") }]} />
    <label class="field"><span>${t("call.other_side")}</span><select value=${what.other} onChange=${(/** @type {any} */ event) => change({ other: event.target.value })}>${near.slice(0, NEAREST).map((each) => option(each, what.other))}<optgroup label=${t("call.farther")}>${near.slice(NEAREST).map((each) => option(each, what.other))}</optgroup></select></label>
    <div class="two"><${TypeField} value=${what.type_code} onChange=${(/** @type {string} */ type_code) => change({ type_code })} /><${Quantity} value=${what.quantity} onChange=${(/** @type {number} */ quantity) => change({ quantity })} /></div>
    <label class="field"><span>${t("incident")}</span><select value=${incidentId} onChange=${(/** @type {any} */ event) => { setIncident(event.target.value); change(likely(event.target.value)); }}>${incidents.map((row) => html`<option value=${row.id} selected=${row.id === incidentId}>${row.ref} · ${row.title}</option>`)}</select></label>
    <${PlaceField} text=${what.place} onChange=${change} />
    <label class="field"><span>${t("call.person")} (${t("optional")})</span><input type="text" maxlength="120" value=${what.person_rung} onInput=${(/** @type {any} */ event) => change({ person_rung: event.target.value })} /></label>
    <p class="dim">${t("call.note")}</p></form>`;
}

/** @param {any} each @param {string} picked */
function option(each, picked) {
  return html`<option value=${each.id} selected=${each.id === picked}>${each.country} · ${named(each.names)}</option>`;
}
