/** The units of a request: where each is on its way, and the steps that whoever is signed in may take. */
import { linesText, linesOf, memberName, unitText } from "./about.js";
import { myMember, readAll } from "./api.js";
import { confirmAct, openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { codes, named, stateName, t, typeName, word } from "./i18n.js";
import { learnUnit } from "./offering.js";
import { Age, Left, Member, Panel, Phone, State, useMark } from "./parts.js";
import { can, may, next } from "./rules.js";
import { positionOf, tables } from "./store.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

const WAY = ["committed", "mobilising", "in_transit", "at_border", "cleared", "at_rendezvous", "staged", "on_scene", "transporting", "at_destination", "released", "returning", "returned", "closed"];
const BROKEN = ["recalled", "aborted", "stood_down"];

/** @param {{request: Row}} props */
export function Missions({ request }) {
  const missions = [...tables.mission.where("request_id", request.id)].sort((a, b) => Number(a.status === "closed") - Number(b.status === "closed") || a.id.localeCompare(b.id));
  if (!missions.length) return null;
  return html`<${Panel} id="missions" class="missions" title=${t("missions")} count=${missions.length}><ul class="plain">${missions.map((row) => html`<${Mission} key=${row.id} id=${row.id} request=${request} />`)}</ul><//>`;
}

/** @param {{id: string, request: Row}} props */
function Mission({ id, request }) {
  const row = tables.mission.get(id);
  const mark = useMark("mission", id, row?.revision);
  useEffect(() => {
    learnUnit(row?.resource_id ?? null);
  }, [row?.resource_id]);
  if (!row) return null;
  const other = otherSide(row);
  const at = positionOf(tables.resource.get(row.resource_id));
  const crossing = tables.crossing.get(row.crossing_id);
  return html`<li class="mission ${mark} ${row.status === "closed" ? "over" : ""}">
    <div class="offer-head"><strong>${unitText(row)}</strong> <${Member} id=${row.lender_id} /> <${State} text=${stateName("mission", row.status)} tone=${BROKEN.includes(row.status) ? "alert" : ""} /> <span class="dim"><${Age} at=${row.status_at} /></span><span class="grow"></span><${Phone} id=${other} /></div>
    <${Way} status=${row.status} control=${row.has_control} />
    <p class="dim">${row.resource_id ? typeName(row.type_code) : ""}${crossing ? html` · ${t("crossing")} ${named(crossing.names)}` : ""}${row.talkgroup ? ` · ${t("talkgroup")} ${row.talkgroup}` : ""}${row.relieve_by ? html` · ${t("relieve")} <${Left} at=${row.relieve_by} />` : ""}${at?.at && row.status !== "closed" ? html` · ${t("position")} <${Age} at=${at.at} />` : ""}</p>
    <div class="buttons"><${Steps} row=${row} request=${request} /></div></li>`;
}

/** Whom to ring about a mission: for the lender who asked, for everybody else who sends. @param {Row} row */
function otherSide(row) {
  return row.lender_id === myMember() ? row.requester_id : row.lender_id;
}

/** Where on its way a unit is. @param {{status: string, control: boolean}} props */
function Way({ status, control }) {
  const stops = ["committed", "mobilising", "in_transit", ...(control ? ["at_border", "cleared"] : []), "on_scene", "returning", "returned"];
  const here = WAY.indexOf(BROKEN.includes(status) || status === "reassigned" ? "on_scene" : status);
  return html`<ol class="way" aria-hidden="true">${stops.map((stop) => html`<li class="${WAY.indexOf(stop) < here ? "past" : stop === status ? "here" : ""} ${BROKEN.includes(status) && stop === "on_scene" ? "broken" : ""}" title=${stateName("mission", stop)}></li>`)}</ol>`;
}

/** @param {{row: Row, request: Row}} props */
function Steps({ row, request }) {
  const other = otherSide(row);
  const sides = { requester: row.requester_id, lender: row.lender_id };
  const facts = { crossing_has_control: row.has_control, day_to_day: request.kind === "day_to_day" };
  const send = (/** @type {string} */ path, /** @type {any} */ body, /** @type {string} */ done) => carryOut({ path: `/missions/${row.id}/${path}`, body, revision: row.revision }, { done });
  const step = (/** @type {string} */ command, /** @type {string} */ path) => next("mission", row.status, command, facts).filter(() => may(command, sides)).map((to, n) =>
    html`<button type="button" class=${n === 0 ? "button primary" : "button"} onClick=${() => send(path, { to }, t("done.moved", { unit: unitText(row), state: stateName("mission", to) }))}>→ ${stateName("mission", to)}</button>`);
  const binds = (/** @type {string} */ name, /** @type {string} */ path, /** @type {"asked" | "required"} */ why, danger = true) => async () => {
    const answer = await confirmAct({ title: t(name), text: html`<p>${t(`${name}.text`, { unit: unitText(row), who: memberName(row.lender_id), asker: memberName(row.requester_id), what: linesText(linesOf(request.id)) })}</p><p><${Member} id=${other} /> <${Phone} id=${other} /></p>`, action: t(name), why, danger });
    if (answer) await send(path, answer, t(`done.${name}`, { unit: unitText(row) }));
  };
  const abort = async () => {
    const answer = await openDialog(t("abort_mission"), (close) => html`<${Abort} unit=${unitText(row)} close=${close} />`);
    if (answer) await send("abort", answer, t("done.abort_mission", { unit: unitText(row) }));
  };
  const assign = async () => {
    const unit = await openDialog(t("assign_unit"), (close) => html`<${Assign} row=${row} close=${close} />`);
    if (unit) await send("assign-unit", { resource_id: unit }, t("done.assigned"));
  };
  return html`
    ${!row.resource_id && may("assign_unit", sides) ? html`<button type="button" class="button primary" onClick=${assign}>${t("assign_unit")}</button>` : ""}
    ${step("report_at_border", "border")}${step("advance_mission", "advance")}
    ${can("mission", row.status, "release_mission", facts) && may("release_mission", sides) ? html`<button type="button" class="button primary" onClick=${binds("release_mission", "release", "asked", false)}>${t("release_mission")}</button>` : ""}
    ${can("mission", row.status, "stand_down", facts) && may("stand_down", sides) ? html`<button type="button" class="button" onClick=${binds("stand_down", "stand-down", "asked")}>${t("stand_down")}</button>` : ""}
    ${can("mission", row.status, "recall", facts) && may("recall", sides) ? html`<button type="button" class="button" onClick=${binds("recall", "recall", "required")}>${t("recall")}</button>` : ""}
    ${can("mission", row.status, "abort_mission", facts) && may("abort_mission", sides) ? html`<button type="button" class="button" onClick=${abort}>${t("abort_mission")}</button>` : ""}
    ${can("mission", row.status, "close_mission", facts) && may("close_mission", sides) ? html`<button type="button" class="button" onClick=${() => send("close", {}, t("done.close_mission", { unit: unitText(row) }))}>${t("close_mission")}</button>` : ""}`;
}

/** @param {{unit: string, close: (answer?: any) => void}} props */
function Abort({ unit, close }) {
  const [why, setWhy] = useState("");
  const [out, setOut] = useState("");
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    close({ why: why.trim(), ...(out && { out_of_service: out }) });
  };
  return html`<form class="dialog-body" onSubmit=${submit}><p class="dialog-text">${t("abort_mission.text", { unit })}</p>
    <label class="field"><span>${t("why")}</span><input type="text" maxlength="300" required autofocus value=${why} onInput=${(/** @type {any} */ event) => setWhy(event.target.value)} /></label>
    <label class="field"><span>${t("out_of_service")}</span><select value=${out} onChange=${(/** @type {any} */ event) => setOut(event.target.value)}><option value="">${t("no")}</option>${codes("out_of_service_reasons").filter((code) => code !== "exercise").map((code) => html`<option value=${code}>${word("out_of_service_reasons", code)}</option>`)}</select></label>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button danger">${t("abort_mission")}</button></footer></form>`;
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
