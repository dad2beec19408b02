/** Asking for help: what, how many, how urgent, where to, by when. The button *Ask* opens the request across the border. */
import { PRIORITIES } from "./about.js";
import { myMember } from "./api.js";
import { leadToButton, openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { Choice, PlaceField, Quantity, TypeField } from "./fields.js";
import { MadeOf } from "./formations.js";
import { centreOf } from "./geometry.js";
import { placeText, t, word } from "./i18n.js";
import { Priority } from "./parts.js";
import { chosen, goTo, requestLink } from "./router.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { now } from "./time.js";
import { html, useState } from "./view.js";

const KINDS = ["immediate", "planned"]; // help from day to day has a form of its own
const HOURS = [1, 2, 4, 8, 24];

/** What is asked for most at a hazard: a beginning, to be changed. */
export const USUAL = /** @type {Record<string, string>} */ ({
  flood: "pump.high_capacity", flash_flood: "team.flood_rescue", wildfire: "tanker.water", structural_fire: "engine.pumper",
  chemical_release: "team.hazmat", mass_casualty: "ambulance.als", power_failure: "generator.mobile", storm: "engine.rescue",
});

/**
 * Open the form.
 * @param {string} incidentId the incident it is for; empty: to be chosen
 * @param {{type_code: string, quantity: number, priority: string, hours: number}[]} [suggested] lines that stand there at first
 */
export function openAsk(incidentId, suggested = []) {
  return openDialog(t("ask.title"), (close) => html`<${Ask} incident=${incidentId} suggested=${suggested} close=${close} />`, { wide: true });
}

/** @param {{incident: string, suggested: Parameters<typeof openAsk>[1], close: () => void}} props */
function Ask({ incident: first, suggested = [], close }) {
  const incidents = tables.incident.all.value.filter((row) => row.status !== "closed").sort((a, b) => b.occurred_at.localeCompare(a.occurred_at));
  const only = incidents.length === 1 ? incidents[0].id : ""; // of several, whoever asks says which
  const [incidentId, setIncident] = useState(first || lookedAt() || only);
  const [kind, setKind] = useState("immediate");
  const [note, setNote] = useState("");
  const [lines, setLines] = useState(() => {
    const empty = blank(first || lookedAt() || only);
    return suggested.length ? suggested.map((line) => ({ ...empty, ...line, hours: HOURS.find((n) => n >= line.hours) ?? 24 })) : [empty];
  });
  const [busy, setBusy] = useState(false);
  const opens = may("open_request", { requester: myMember() }, { request_kind: kind });
  const change = (/** @type {number} */ at, /** @type {any} */ part) => setLines((was) => was.with(at, { ...was[at], ...part }));
  const chooseIncident = (/** @type {string} */ id) => {
    setIncident(id);
    setLines((was) => was.map((line) => (line.touched ? line : { ...line, type_code: line.type_code || usualAt(id), ...whereOf(id), touched: false })));
  };
  const submit = async (/** @type {any} */ event) => {
    event.preventDefault();
    const then = event.submitter?.value ?? (opens ? "open" : "submit");
    setBusy(true);
    const receipt = await carryOut({
      path: "/requests",
      body: { incident_id: incidentId, kind, ...(note.trim() && { note: note.trim() }), then, lines: lines.map(({ hours, touched, ...line }) => ({ ...line, place: line.place || null, needed_by: hours ? new Date(now() + hours * 3_600_000).toISOString() : null })) },
    }, { done: t(`done.request_${then}`) });
    setBusy(false);
    if (!receipt) return;
    close();
    chosen.value = { kind: "request", id: receipt.id };
    goTo(requestLink(receipt.id));
  };
  if (!incidents.length) return html`<div class="dialog-body"><p>${t("ask.no_incident")}</p><footer class="dialog-foot"><button type="button" class="button primary" onClick=${close}>${t("understood")}</button></footer></div>`;
  const whole = incidentId && lines.every((line) => line.type_code);
  return html`<form class="dialog-body" onSubmit=${submit} onKeyDown=${leadToButton}>
    <label class="field"><span>${t("incident")}</span><select value=${incidentId} required onChange=${(/** @type {any} */ event) => chooseIncident(event.target.value)}>${!incidentId && html`<option value="" selected>${t("ask.which_incident")}</option>`}${incidents.map((row) => html`<option value=${row.id} selected=${row.id === incidentId}>${row.ref} · ${row.title}</option>`)}</select></label>
    ${lines.map((line, at) => html`<fieldset class="ask-line" key=${at}><legend>${lines.length > 1 ? t("line.n", { n: at + 1 }) : t("what")}</legend>
      <div class="two"><${TypeField} value=${line.type_code} autofocus=${at === 0} onChange=${(/** @type {string} */ code) => change(at, { type_code: code })} /><${Quantity} value=${line.quantity} onChange=${(/** @type {number} */ n) => change(at, { quantity: n })} /></div>
      <${MadeOf} code=${line.type_code} />
      <${Choice} label=${t("priority.label")} value=${line.priority} onChange=${(/** @type {string} */ code) => change(at, { priority: code })} options=${PRIORITIES.map((code, n) => ({ value: code, text: html`<${Priority} rank=${n + 1} /> ${word("priorities", code)}` }))} />
      <div class="two"><div><${PlaceField} text=${line.place} note=${incidentId && t("place.point", { at: placeText(line.lon, line.lat, 3) })} onChange=${(/** @type {any} */ found) => change(at, { ...found, touched: true })} /></div>
        <label class="field"><span>${t("needed_within")}</span><select value=${line.hours} onChange=${(/** @type {any} */ event) => change(at, { hours: Number(event.target.value) })}>${HOURS.map((n) => html`<option value=${n} selected=${n === line.hours}>${t("hours", { n })}</option>`)}<option value="0" selected=${!line.hours}>${t("no_time")}</option></select></label></div>
      ${lines.length > 1 && html`<button type="button" class="button small" onClick=${() => setLines(lines.filter((_, n) => n !== at))}>${t("line.remove")}</button>`}</fieldset>`)}
    <button type="button" class="button small" onClick=${() => setLines([...lines, { ...blank(incidentId), type_code: "" }])}>${t("line.add")}</button>
    <${Choice} label=${t("kind")} value=${kind} onChange=${setKind} options=${KINDS.map((code) => ({ value: code, text: word("request_kinds", code) }))} />
    <label class="field"><span>${t("note")} (${t("optional")})</span><textarea rows="2" maxlength="1000" value=${note} onInput=${(/** @type {any} */ event) => setNote(event.target.value)}></textarea></label>
    ${!opens && html`<p class="dim">${t("ask.needs_representative")}</p>`}
    <p class="binds">${opens ? t("ask.binds") : ""}</p>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${close}>${t("back")}</button><button class="button" name="then" value="draft" disabled=${!whole || busy}>${t("ask.draft")}</button>
      ${opens ? html`<button class="button primary binds-us" name="then" value="open" disabled=${!whole || busy}>${t("ask")}</button>` : html`<button class="button primary binds-us" name="then" value="submit" disabled=${!whole || busy}>${t("submit")}</button>`}</footer></form>`;
}

/** @param {string} incidentId */
function blank(incidentId) {
  return { type_code: usualAt(incidentId), quantity: 1, priority: "life_safety", hours: 2, place: "", ...whereOf(incidentId), touched: false };
}

/** What is asked for most at an incident. @param {string} incidentId */
const usualAt = (incidentId) => USUAL[tables.incident.get(incidentId)?.hazard] ?? "";

/** The incident that is being looked at, itself or through its request; empty where none is, or it is over. */
function lookedAt() {
  const { kind, id } = chosen.peek() ?? { kind: "", id: "" };
  const incident = tables.incident.get(kind === "request" ? tables.request.get(id)?.incident_id : kind === "incident" ? id : "");
  return incident && incident.status !== "closed" ? incident.id : "";
}

/** @param {string} incidentId */
export function whereOf(incidentId) {
  const incident = tables.incident.get(incidentId);
  const [lon, lat] = incident ? centreOf(incident.area) : [0, 0];
  return { lon, lat };
}
