/**
 * Help from day to day: one ambulance or engine over the border, asked and sent without an offer in between, and off the
 * disaster's lists. Nothing about a patient is written down: there is no field for it.
 */
import { ENDED, HOME, linesOf, members, memberName, unitText } from "./about.js";
import { myMember, read, readAll } from "./api.js";
import { openDialog } from "./dialogs.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { link, onSnapshot } from "./feed.js";
import { Choice, PlaceField, TypeField } from "./fields.js";
import { openForm } from "./form.js";
import { distanceKm } from "./geometry.js";
import { language, named, placeText, stateName, t, typeName, word } from "./i18n.js";
import { learning } from "./learning.js";
import { learnUnit } from "./offering.js";
import { Age, Member, Nothing, Panel, Phone, State, useMark } from "./parts.js";
import { requestLink } from "./router.js";
import { can, may, next } from "./rules.js";
import { tables, take, takeFill } from "./store.js";
import { effect, html, useEffect, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

export const KIND = "day_to_day";
const PRIORITIES = ["life_safety", "incident_stabilisation"];
const USUAL = "ambulance.als";
const MOST = 200;
/** How long to wait before reading: the state and the link come together (ms). */
const SOON_MS = 50;

/** A snapshot tells the disaster's part alone: read ours apart, and let the feed keep it up. */
export function startDayToDay() {
  const learn = learning(ask, keep, SOON_MS);
  onSnapshot(learn);
  effect(() => {
    if (link.value.live) learn();
  });
}

async function ask() {
  const asked = performance.now();
  const [requests, missions] = await Promise.all([readAll(`/requests?kind=${KIND}&status=open&status=partly_committed&status=committed`, MOST), readAll(`/missions?kind=${KIND}&active=true`, MOST)]);
  return { requests, missions, asked };
}

/** @param {{requests: any[], missions: any[], asked: number}} told */
function keep({ requests, missions, asked }) {
  take({
    request: requests.map(({ lines: _, acknowledgements: __, geometry: ___, ...row }) => row),
    request_line: requests.flatMap((row) => row.lines.map((/** @type {any} */ { geometry: at, fill, ...line }) => ({ ...line, request_id: row.id, lon: at.coordinates[0], lat: at.coordinates[1] }))),
    mission: missions.map(({ geometry: at, ...mission }) => ({ ...mission, lon: at.coordinates[0], lat: at.coordinates[1] })),
  });
  takeFill(requests.flatMap((row) => row.lines.map((/** @type {any} */ line) => ({ request_line_id: line.id, request_id: row.id, ...line.fill }))), asked);
}

/** Whether a request of day-to-day help is our side's business: ours, or asked of us. @param {Row} row */
function ours(row) {
  const own = myMember();
  return row.member_id === own || row.to_member_id === own;
}

/** The panel: a place of its own beside the disaster's requests. */
export function DayToDay() {
  const own = myMember();
  const rows = tables.request.all.value.filter((row) => row.kind === KIND && row.opened_at && !over(row) && ours(row)).sort((a, b) => a.opened_at.localeCompare(b.opened_at));
  const asks = may("draft_request", { requester: own }) && may("open_request", { requester: own }, { request_kind: KIND });
  if (!rows.length && !asks) return null;
  return html`<${Panel} id="day-to-day" class="day-to-day" title=${t("day_to_day")} count=${rows.length || undefined} tools=${asks && html`<button type="button" class="button small" onClick=${askTransport}>${t("day_to_day.ask")}</button>`}>
    ${rows.length > 0 && html`<ul class="plain">${rows.map((row) => html`<${Run} key=${row.id} id=${row.id} />`)}</ul>`}<//>`;
}

/** Where to: the point alone, for an address in words would be a patient's. @param {Row} line */
function pointOf(line) {
  return placeText(line.lon, line.lat, 3);
}

/** Nothing is left to do about it: ended, or the unit is home. @param {Row} row */
function over(row) {
  const missions = tables.mission.where("request_id", row.id);
  return ENDED.includes(row.status) || (row.status === "committed" && missions.length > 0 && missions.every((each) => HOME.includes(each.status)));
}

/** One run. @param {{id: string}} props */
function Run({ id }) {
  const row = tables.request.get(id);
  const mission = tables.mission.where("request_id", id).find((each) => !HOME.includes(each.status) && !each.ended_by);
  const mark = useMark("request", id, row?.revision);
  useEffect(() => {
    learnUnit(mission?.resource_id ?? null);
  }, [mission?.resource_id]);
  const [line] = linesOf(id);
  if (!row || !line) return null;
  const own = myMember();
  const other = row.member_id === own ? mission?.lender_id ?? row.to_member_id : row.member_id;
  const steps = mission ? next("mission", mission.status, "advance_mission", { crossing_has_control: false, day_to_day: true }).filter(() => may("advance_mission", { lender: mission.lender_id })) : [];
  const [step] = steps.filter((to) => to !== "at_rendezvous");
  const sends = !mission && row.member_id !== own && may("send_day_to_day", { lender: own }) && row.to_member_id === own;
  return html`<li class="run ${mark}"><div><a class="ref" href=${requestLink(id)}>${row.ref}</a> <strong>${mission?.resource_id ? unitText(mission) : typeName(line.type_code)}</strong> <span class="dim">${pointOf(line)}</span>${mission?.destination ? ` → ${mission.destination}` : ""}${" "}
      <${State} text=${mission ? stateName("mission", mission.status) : stateName("request", row.status)} tone=${mission ? "" : "notice"} /> <span class="dim"><${Age} at=${mission?.status_at ?? row.opened_at} /></span></div>
    <div class="debt-foot"><span><${Member} id=${other} /> <${Phone} id=${other} /></span>
      <span class="buttons">${sends ? html`<button type="button" class="button primary small" onClick=${() => sendRun(row, line)}>${t("send")}</button>` : ""}
        ${mission && can("mission", mission.status, "release_mission", {}) && may("release_mission", { requester: mission.requester_id }) ? html`<button type="button" class="button primary small" onClick=${() => release(mission)}>${t("release_mission")}</button>` : ""}
        ${mission && step ? html`<button type="button" class="button primary small" onClick=${() => (step === "transporting" ? transport(mission) : carryOut({ path: `/missions/${mission.id}/advance`, body: { to: step }, revision: mission.revision }, { done: t("done.moved", { unit: unitText(mission), state: stateName("mission", step) }) }))}>→ ${stateName("mission", step)}</button>` : ""}</span></div></li>`;
}

/** The unit is needed no more. @param {Row} mission */
async function release(mission) {
  const unit = unitText(mission);
  await carryOutConfirmed({ title: t("release_mission"), text: html`<p>${t("release_mission.text", { unit, who: memberName(mission.lender_id) })}</p><p><${Member} id=${mission.lender_id} /> <${Phone} id=${mission.lender_id} /></p>`, action: t("release_mission") },
    (answer) => ({ path: `/missions/${mission.id}/release`, body: answer, revision: mission.revision }), { done: t("done.release_mission", { unit }), latest: () => tables.mission.get(mission.id) });
}

/** Ask for one unit, without an incident and without words. */
export function askTransport() {
  return openDialog(t("day_to_day.ask"), (close) => html`<${AskRun} close=${close} />`);
}

/** @param {{close: (answer?: any) => void}} props */
function AskRun({ close }) {
  const own = myMember();
  const home = tables.member.get(own);
  const [what, setWhat] = useState({ type_code: USUAL, priority: PRIORITIES[0], to: "", place: "", lon: home?.lon ?? 0, lat: home?.lat ?? 0 });
  const [busy, setBusy] = useState(false);
  const change = (/** @type {any} */ part) => setWhat((was) => ({ ...was, ...part }));
  const near = members().filter((each) => each.id !== own && each.country !== home?.country).sort((a, b) => distanceKm([a.lon, a.lat], [what.lon, what.lat]) - distanceKm([b.lon, b.lat], [what.lon, what.lat]));
  const to = what.to || near[0]?.id;
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    const { type_code, priority, lon, lat } = what;
    const receipt = await carryOut({ path: "/requests", body: { kind: KIND, then: "open", to_member_id: to, lines: [{ type_code, quantity: 1, priority, lon, lat }] } }, { done: t("done.day_to_day") });
    setBusy(false);
    if (receipt) close(receipt);
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <p class="dialog-text">${t("day_to_day.text")}</p>
    <${TypeField} value=${what.type_code} onChange=${(/** @type {string} */ type_code) => change({ type_code })} />
    <${PlaceField} text=${what.place} onChange=${change} note=${t("place.point", { at: placeText(what.lon, what.lat, 3) })} />
    <label class="field"><span>${t("question.to")}</span><select value=${to} onChange=${(/** @type {any} */ event) => change({ to: event.target.value })}>${near.map((each) => html`<option value=${each.id}>${each.country} · ${named(each.names)}</option>`)}</select></label>
    ${to && html`<p class="ring"><${Phone} id=${to} /></p>`}
    <${Choice} label=${t("priority.label")} value=${what.priority} onChange=${(/** @type {string} */ priority) => change({ priority })} options=${PRIORITIES.map((code) => ({ value: code, text: word("priorities", code) }))} />
    <p class="binds">${t("ask.binds")}</p>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy || !what.type_code || !what.place.trim() || !to}>${t("ask")}</button></footer></form>`;
}

/** Send a unit of ours: it rolls at once. The nearest first. @param {Row} request @param {Row} line @param {string} [unit] which one, where it was chosen already */
export async function sendRun(request, line, unit = "") {
  const own = myMember();
  const told = await read(`/requests/${request.id}/candidates?limit=50&language=${language.peek()}&line=${line.id}`).catch(() => ({ items: [] }));
  const units = told.items.filter((/** @type {any} */ each) => each.member_id === own && each.status === "available").slice(0, 12);
  const head = html`<p>${t("day_to_day.send.text", { who: memberName(request.member_id), place: pointOf(line) })}</p><p><${Member} id=${request.member_id} /> <${Phone} id=${request.member_id} /></p>`;
  if (!units.length) return openDialog(t("send"), (close) => html`<div class="dialog-body">${head}<${Nothing} text=${t("relief.no_unit", { what: typeName(line.type_code) })} /><footer class="dialog-foot"><button type="button" class="button primary" autofocus onClick=${() => close()}>${t("understood")}</button></footer></div>`);
  return openForm({
    title: t("day_to_day.send"),
    text: head,
    fields: [
      { name: "resource_id", label: t("relief.unit"), kind: "choice", value: unit || units[0].resource_id, options: units.map((/** @type {any} */ each) => ({ value: each.resource_id, text: html`${each.call_sign}${each.eta_min == null ? "" : html` <span class="dim">${t("span.min", { n: each.eta_min })}</span>`}` })) },
      { name: "talkgroup", label: t("talkgroup"), most: 60 },
    ],
    action: t("units_rolling"),
    danger: true,
    command: (values) => ({ path: `/requests/${request.id}/send`, body: values, revision: tables.request.get(request.id)?.revision }),
    how: () => ({ done: t("done.rolling") }),
  });
}

/** Carry somebody on: to which hospital. @param {Row} mission */
export function transport(mission) {
  return openDialog(t("transport"), (close) => html`<${Transport} mission=${mission} close=${close} />`);
}

/** @param {{mission: Row, close: (answer?: any) => void}} props */
function Transport({ mission, close }) {
  const [to, setTo] = useState(/** @type {{place: string, lon?: number, lat?: number}} */ ({ place: "" }));
  const [busy, setBusy] = useState(false);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    const destination = to.place.trim() && to.lon !== undefined ? { destination: { place: to.place.trim(), lon: to.lon, lat: to.lat } } : {};
    const now = tables.mission.get(mission.id) ?? mission;
    const receipt = await carryOut({ path: `/missions/${mission.id}/advance`, body: { to: "transporting", ...destination }, revision: now.revision }, { done: t("done.moved", { unit: unitText(mission), state: stateName("mission", "transporting") }) });
    setBusy(false);
    if (receipt) close(receipt);
  };
  return html`<form class="dialog-body" onSubmit=${submit}><p class="dialog-text">${t("transport.text", { unit: unitText(mission) })}</p>
    <${PlaceField} label=${t("destination")} text=${to.place} onChange=${(/** @type {any} */ found) => setTo((was) => ({ ...was, ...found }))} />
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy}>→ ${stateName("mission", "transporting")}</button></footer></form>`;
}
