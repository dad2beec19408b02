/** The units of a request: where each is on its way, and the steps that whoever is signed in may take. */
import { HOME, linesText, linesOf, memberName, unitText, wayText } from "./about.js";
import { myMember, readAll } from "./api.js";
import { manifestText, measuresText, nameGuide, nameLiaison, Person, recordMeasures, usePeople, writeManifest } from "./crew.js";
import { transport } from "./day_to_day.js";
import { leadToButton, openDialog } from "./dialogs.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { PartsOfMission, split, splits } from "./formations.js";
import { codes, stateName, t, typeName, word } from "./i18n.js";
import { askExtension, askSupport, Matters, movable, reassign } from "./matters.js";
import { learnUnit } from "./offering.js";
import { Age, Member, Panel, Phone, State, useMark } from "./parts.js";
import { LEAVING, mayRelieve, planRelief, ReliefLine } from "./reliefs.js";
import { can, may, next } from "./rules.js";
import { positionOf, tables } from "./store.js";
import { html, useEffect, useState } from "./view.js";
import { COMING, PlaceName, reroutable, reroute, sendToRendezvous, WayBarred } from "./ways.js";

/** @typedef {import("./store.js").Row} Row */

const WAY = ["committed", "mobilising", "in_transit", "at_border", "cleared", "at_rendezvous", "staged", "on_scene", "transporting", "at_destination", "released", "returning", "returned", "closed"];
const BROKEN = ["recalled", "aborted", "stood_down"];
const AFTER_RENDEZVOUS = ["on_scene", ...LEAVING];

/** @param {{request: Row}} props */
export function Missions({ request }) {
  const missions = tables.mission.where("request_id", request.id).filter((row) => row.ended_by !== "taken_back").sort((a, b) => Number(a.status === "closed") - Number(b.status === "closed") || a.id.localeCompare(b.id));
  if (!missions.length) return null;
  return html`<${Panel} live id="missions" class="missions" title=${t("missions")} count=${missions.length}><ul class="plain">${missions.map((row) => html`<${Mission} key=${row.id} id=${row.id} request=${request} />`)}</ul><//>`;
}

/** @param {{id: string, request: Row}} props */
function Mission({ id, request }) {
  const row = tables.mission.get(id);
  const mark = useMark("mission", id, row?.revision);
  useEffect(() => {
    learnUnit(row?.resource_id ?? null);
  }, [row?.resource_id]);
  usePeople(row);
  if (!row) return null;
  const other = otherSide(row);
  return html`<li class="mission ${mark} ${row.status === "closed" ? "over" : ""}">
    <div class="offer-head"><strong>${unitText(row)}</strong> <${Member} id=${row.lender_id} /> <${State} text=${stateName("mission", row.status)} tone=${BROKEN.includes(row.status) ? "alert" : ""} /> <span class="dim"><${Age} at=${row.status_at} /></span><span class="grow"></span><${Phone} id=${other} named /></div>
    <${Way} status=${row.status} control=${row.has_control} dayToDay=${row.kind === "day_to_day"} />
    <${WayBarred} row=${row} />
    <${Facts} row=${row} />
    <${PartsOfMission} row=${row} />
    <${Matters} row=${row} />
    <${Doing} row=${row} request=${request} /></li>`;
}

/** What one has to know about a unit that is out; what is not known takes no room. @param {{row: Row}} props */
function Facts({ row }) {
  const at = positionOf(tables.resource.get(row.resource_id));
  const measured = measuresText(row);
  const fact = (/** @type {string} */ name, /** @type {any} */ what) => (what ? html`<div><dt>${name}</dt><dd>${what}</dd></div>` : "");
  return html`<dl class="facts inline-facts mission-facts">
    ${fact(t("type"), row.resource_id ? typeName(row.type_code) : "")}
    ${fact(t("where_to"), row.place)}
    ${fact(t("destination"), row.destination)}
    ${fact(t("crossing"), wayText(row))}
    ${fact(t("rendezvous"), row.rendezvous_id && !AFTER_RENDEZVOUS.includes(row.status) ? html`<${PlaceName} id=${row.rendezvous_id} />` : "")}
    ${fact(t("talkgroup"), row.talkgroup)}
    <${ReliefLine} row=${row} />
    ${fact(t("liaison"), row.liaison_at ? html`<${Person} name=${row.liaison_name} phone=${row.liaison_phone} />` : "")}
    ${fact(t("guide"), row.guide_at ? html`<${Person} name=${row.guide_name} phone=${row.guide_phone} />` : "")}
    ${fact(t("manifest"), row.manifest ? manifestText(row.manifest) : "")}
    ${fact(t("measures"), measured)}
    ${fact(t("position"), at?.at && !HOME.includes(row.status) ? html`<${Age} at=${at.at} />` : "")}</dl>`;
}

/** The steps on its way; and what else can be arranged about a unit: seldom, so it stands behind one button. @param {{row: Row, request: Row}} props */
function Doing({ row, request }) {
  const [open, setOpen] = useState(false);
  const sides = { requester: row.requester_id, lender: row.lender_id };
  const away = !HOME.includes(row.status);
  const out = !LEAVING.includes(row.status);
  const ours = row.kind !== "day_to_day";
  const all = /** @type {[boolean, string, string, () => any][]} */ ([
    [out && ours, "ask_extension", "extension.ask", () => askExtension(row)],
    [movable(row), "reassign_mission", "reassignment.ask", () => reassign(row)],
    [mayRelieve(row), "plan_relief", "relief.plan", () => planRelief(row)],
    [COMING.includes(row.status), "send_to_rendezvous", "rendezvous.send", () => sendToRendezvous(row)],
    [reroutable(row), "reroute_mission", "reroute", () => reroute(row)],
    [away && splits(row), "split_mission", "formation.split", () => split(row)],
    [away, "name_liaison", "liaison.name", () => nameLiaison(row)],
    [away, "name_guide", "guide.name", () => nameGuide(row)],
    [away, "write_manifest", "manifest.write", () => writeManifest(row)],
    [away && ours, "ask_host_support", "support.ask", () => askSupport(row)],
  ]);
  const found = all.filter(([fits, command]) => fits && may(command, sides, { request_kind: row.kind }));
  return html`<div class="buttons"><${Steps} row=${row} request=${request} />${found.length > 0 && html`<button type="button" class="button quiet" aria-expanded=${open} onClick=${() => setOpen(!open)}>${t("arrange")}</button>`}</div>
    ${open && found.length > 0 && html`<div class="buttons arrange">${found.map(([, , key, does]) => html`<button type="button" class="button small" onClick=${does}>${t(key)}</button>`)}</div>`}`;
}

/** Whom to ring about a mission: for the lender who asked, for everybody else who sends. @param {Row} row */
function otherSide(row) {
  return row.lender_id === myMember() ? row.requester_id : row.lender_id;
}

/** Where on its way a unit is. @param {{status: string, control: boolean, dayToDay: boolean}} props */
function Way({ status, control, dayToDay }) {
  const stops = ["committed", "mobilising", "in_transit", ...(control ? ["at_border", "cleared"] : []), "on_scene", ...(dayToDay ? ["transporting", "at_destination"] : []), "returning", "returned"];
  const here = WAY.indexOf(BROKEN.includes(status) || status === "reassigned" ? "on_scene" : status);
  return html`<ol class="way" aria-hidden="true">${stops.map((stop) => html`<li class="${WAY.indexOf(stop) < here ? "past" : stop === status ? "here" : ""} ${BROKEN.includes(status) && stop === "on_scene" ? "broken" : ""}" title=${stateName("mission", stop)}></li>`)}</ol>`;
}

/** @param {{row: Row, request: Row}} props */
function Steps({ row, request }) {
  const other = otherSide(row);
  const sides = { requester: row.requester_id, lender: row.lender_id };
  const facts = { crossing_has_control: row.has_control, day_to_day: request.kind === "day_to_day" };
  const send = (/** @type {string} */ path, /** @type {any} */ body, /** @type {string} */ done) => carryOut({ path: `/missions/${row.id}/${path}`, body, revision: row.revision }, { done });
  /** One step: told to both sides at once, so it has no way back. The second click of a double click would take the step after it. */
  const moveOn = (/** @type {MouseEvent} */ event, /** @type {string} */ path, /** @type {string} */ to) => {
    if (event.detail > 1) return;
    if (to === "transporting") transport(row);
    else send(path, { to }, t("done.moved", { unit: unitText(row), state: stateName("mission", to), who: memberName(other), phone: tables.member.get(other)?.phone ?? "" }));
  };
  const step = (/** @type {string} */ command, /** @type {string} */ path) => next("mission", row.status, command, facts).filter(() => may(command, sides)).map((to, n) =>
    html`<button type="button" class=${n === 0 ? "button primary" : "button"} onClick=${(/** @type {MouseEvent} */ event) => moveOn(event, path, to)}>→ ${stateName("mission", to)}</button>`);
  const binds = (/** @type {string} */ name, /** @type {string} */ path, /** @type {"asked" | "required"} */ why, danger = true) => async () => {
    // At any time, however far the unit has come meanwhile: no revision.
    await carryOutConfirmed({ title: t(name), text: html`<p>${t(`${name}.text`, { unit: unitText(row), who: memberName(row.lender_id), asker: memberName(row.requester_id), what: linesText(linesOf(request.id)) })}</p><p><${Member} id=${other} /> <${Phone} id=${other} /></p>`, action: t(name), why, danger },
      (answer) => ({ path: `/missions/${row.id}/${path}`, body: answer }), { done: t(`done.${name}`, { unit: unitText(row) }) });
  };
  const abort = async () => {
    await openDialog(t("abort_mission"), (close) => html`<${Abort} unit=${unitText(row)} close=${close} does=${(/** @type {any} */ answer) => carryOut({ path: `/missions/${row.id}/abort`, body: answer, revision: (tables.mission.get(row.id) ?? row).revision }, { done: t("done.abort_mission", { unit: unitText(row) }) })} />`);
  };
  const assign = async () => {
    const unit = await openDialog(t("assign_unit"), (close) => html`<${Assign} row=${row} close=${close} />`);
    if (unit) await send("assign-unit", { resource_id: unit }, t("done.assigned"));
  };
  return html`
    ${!row.resource_id && row.status !== "committed" && may("assign_unit", sides) ? html`<button type="button" class="button primary" onClick=${assign}>${t("assign_unit")}</button>` : ""}
    ${step("report_at_border", "border")}${step("advance_mission", "advance")}
    ${can("mission", row.status, "release_mission", facts) && may("release_mission", sides) ? html`<button type="button" class="button primary" onClick=${binds("release_mission", "release", "asked", false)}>${t("release_mission")}</button>` : ""}
    ${can("mission", row.status, "stand_down", facts) && may("stand_down", sides) ? html`<button type="button" class="button" onClick=${binds("stand_down", "stand-down", "asked")}>${t("stand_down")}</button>` : ""}
    ${can("mission", row.status, "recall", facts) && may("recall", sides) ? html`<button type="button" class="button" onClick=${binds("recall", "recall", "required")}>${t("recall")}</button>` : ""}
    ${can("mission", row.status, "abort_mission", facts) && may("abort_mission", sides) ? html`<button type="button" class="button" onClick=${abort}>${t("abort_mission")}</button>` : ""}
    ${(row.status === "returned" || (row.status === "closed" && row.kilometres_from !== "odometer")) && may("record_measures", sides) ? html`<button type="button" class=${row.kilometres_from === "odometer" ? "button" : "button primary"} onClick=${() => recordMeasures(row)}>${t("measures.write")}</button>` : ""}
    ${can("mission", row.status, "close_mission", facts) && may("close_mission", sides) ? html`<button type="button" class="button" onClick=${() => send("close", {}, t("done.close_mission", { unit: unitText(row) }))}>${t("close_mission")}</button>` : ""}`;
}

/** @param {{unit: string, close: () => void, does: (answer: any) => Promise<any>}} props */
function Abort({ unit, close, does }) {
  const [why, setWhy] = useState("");
  const [out, setOut] = useState("");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await does({ why: why.trim(), ...(out && { out_of_service: out }) })) close();
  };
  return html`<form class="dialog-body" onSubmit=${submit} onKeyDown=${leadToButton}><p class="dialog-text">${t("abort_mission.text", { unit })}</p>
    <label class="field"><span>${t("why")}</span><input type="text" maxlength="300" required autofocus value=${why} onInput=${(/** @type {any} */ event) => setWhy(event.target.value)} /></label>
    <label class="field"><span>${t("out_of_service")}</span><select value=${out} onChange=${(/** @type {any} */ event) => setOut(event.target.value)}><option value="">${t("no")}</option>${codes("out_of_service_reasons").filter((code) => code !== "exercise").map((code) => html`<option value=${code}>${word("out_of_service_reasons", code)}</option>`)}</select></label>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button danger binds-us">${t("abort_mission")}</button></footer></form>`;
}

/** Which unit it is, after a phone call. @param {{row: Row, close: (answer?: any) => void}} props */
function Assign({ row, close }) {
  const [units, setUnits] = useState(/** @type {any[] | null} */ (null));
  useEffect(() => {
    readAll(`/resources?type=${row.type_code}&member=${row.lender_id}&status=available`).then(setUnits, () => setUnits([]));
  }, []);
  return html`<div class="dialog-body"><p class="dialog-text">${t("assign_unit.text", { what: typeName(row.type_code) })}</p>
    <div class="button-list">${(units ?? []).map((unit, n) => html`<button type="button" class="button" autofocus=${n === 0} onClick=${() => close(unit.id)}>${unit.call_sign} <span class="dim">${t("mobilises", { n: unit.mobilisation_min })}</span></button>`)}</div>
    ${units?.length === 0 && html`<p class="nothing">${t("assign_unit.none")}</p>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button></footer></div>`;
}
