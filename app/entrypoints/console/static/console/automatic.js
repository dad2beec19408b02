/**
 * Automatic aid as it runs: at the lender a band over every screen, with two minutes for one of two words; at the requester who
 * was alarmed, who said what, who was passed over and why, and, when nobody is left, that nobody is.
 */
import { ENDED, linesOf, memberName } from "./about.js";
import { myMember, readAll } from "./api.js";
import { openDialog } from "./dialogs.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { codes, stateName, t, typeName, word } from "./i18n.js";
import { Age, Member, Nothing, Panel, Phone, State, useMark } from "./parts.js";
import { requestLink } from "./router.js";
import { may } from "./rules.js";
import { fillOf, tables } from "./store.js";
import { codeText } from "./told.js";
import { now, second } from "./time.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** Alarms that wait for our word, the most urgent first. */
export function alarmsForUs() {
  return tables.automatic_alarm.all.value.filter((row) => row.status === "alarmed" && row.lender_id === myMember()).sort((a, b) => a.answer_by.localeCompare(b.answer_by));
}

/** Whether nobody is left for our automatic aid, and something is still missing. @param {Row | undefined} aid */
export function isUnfilled(aid) {
  const request = tables.request.get(aid?.request_id);
  return aid?.status === "unfilled" && aid.requester_id === myMember() && request !== undefined && !ENDED.includes(request.status) && linesOf(request.id).some((line) => fillOf(line).open > 0);
}

/** What is left of the two minutes, to the second. @param {{at: string}} props */
export function Countdown({ at }) {
  second.value;
  const left = Math.ceil((Date.parse(at) - now()) / 1000);
  const shown = `${Math.floor(Math.max(0, left) / 60)}:${String(Math.max(0, left) % 60).padStart(2, "0")}`;
  return html`<span class="countdown ${left < 30 ? "late" : ""}" role="timer" aria-label=${t("automatic.left", { time: shown })}>${shown}</span>`;
}

/** The band over every screen of the lender's. */
export function AutomaticBand() {
  const alarms = alarmsForUs();
  if (!alarms.length) return null;
  return html`<section class="automatic-band" role="alert" aria-label=${t("automatic_alarm")}>${alarms.map((alarm) => html`<${Waiting} key=${alarm.id} alarm=${alarm} />`)}</section>`;
}

/** @param {{alarm: Row}} props */
function Waiting({ alarm }) {
  const line = linesOf(alarm.request_id)[0];
  const sides = { lender: alarm.lender_id };
  return html`<div class="automatic-alarm"><div class="automatic-what"><strong>${t("automatic_alarm")} · ${alarm.quantity} × ${typeName(alarm.type_code)}</strong>
      <span><${Member} id=${alarm.requester_id} />${line?.place ? ` · ${line.place}` : ""} · <a href=${requestLink(alarm.request_id)}>${tables.request.get(alarm.request_id)?.ref ?? t("request")}</a> <${Phone} id=${alarm.requester_id} /></span></div>
    <${Countdown} at=${alarm.answer_by} />
    ${may("answer_automatic_alarm", sides) && html`<span class="buttons"><button type="button" class="button danger large" onClick=${() => rolling(alarm)}>${t("automatic.rolling")}</button>
      <button type="button" class="button large" onClick=${() => cannot(alarm)}>${t("automatic.cannot")}</button></span>`}</div>`;
}

/** Say that units roll: which ones, and it binds. @param {Row} alarm */
async function rolling(alarm) {
  const units = await openDialog(t("automatic.rolling"), (close) => html`<${Units} alarm=${alarm} close=${close} />`);
  if (units) await carryOut({ path: `/automatic-alarms/${alarm.id}/answer`, body: { rolling: true, resource_ids: units }, revision: alarm.revision }, { done: t("done.automatic_rolling", { who: memberName(alarm.requester_id) }) });
}

/** Say that none can: the next one is alarmed at once. @param {Row} alarm */
async function cannot(alarm) {
  const answer = await openDialog(t("automatic.cannot"), (close) => html`<div class="dialog-body"><p class="dialog-text">${t("automatic.cannot.text", { who: memberName(alarm.requester_id) })}</p>
    <div class="button-list">${codes("decline_reasons").filter((code) => code !== "no_agreement").map((code) => html`<button type="button" class="button" onClick=${() => close({ reason: code })}>${word("decline_reasons", code)}</button>`)}</div>
    <footer class="dialog-foot"><span class="grow"></span><${Countdown} at=${alarm.answer_by} /><button type="button" class="button" onClick=${() => close()}>${t("back")}</button></footer></div>`);
  if (answer) await carryOut({ path: `/automatic-alarms/${alarm.id}/answer`, body: { rolling: false, ...answer }, revision: alarm.revision }, { done: t("done.automatic_cannot") });
}

/** Our units of the type that are at home and free; as many as are wanted are ticked. @param {{alarm: Row, close: (ids?: string[]) => void}} props */
function Units({ alarm, close }) {
  const [units, setUnits] = useState(/** @type {any[] | null} */ (null));
  const [picked, setPicked] = useState(/** @type {string[]} */ ([]));
  useEffect(() => {
    readAll(`/resources?type=${alarm.type_code}&member=${alarm.lender_id}&status=available`).then(
      (found) => {
        const soonest = [...found].sort((a, b) => a.mobilisation_min - b.mobilisation_min || a.call_sign.localeCompare(b.call_sign));
        setUnits(soonest);
        setPicked(soonest.slice(0, alarm.quantity).map((unit) => unit.id));
      },
      () => setUnits([]),
    );
  }, []);
  const turn = (/** @type {string} */ id) => setPicked((was) => (was.includes(id) ? was.filter((each) => each !== id) : [...was, id].slice(-alarm.quantity)));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    close(picked);
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <p class="dialog-text">${t("automatic.rolling.text", { who: memberName(alarm.requester_id), n: alarm.quantity, type: typeName(alarm.type_code) })}</p>
    <fieldset class="choice unit-choice"><legend>${t("automatic.which")}</legend><div class="choice-options">${(units ?? []).map((unit) => html`<label key=${unit.id} class=${picked.includes(unit.id) ? "picked" : ""}>
      <input type=${alarm.quantity === 1 ? "radio" : "checkbox"} name="unit" value=${unit.id} checked=${picked.includes(unit.id)} onChange=${() => turn(unit.id)} /><span>${unit.call_sign} <span class="dim">${t("mobilises", { n: unit.mobilisation_min })}</span></span></label>`)}</div></fieldset>
    ${units?.length === 0 && html`<p class="nothing">${t("automatic.no_unit")}</p>`}
    ${picked.length > 0 && picked.length < alarm.quantity && html`<p class="notice" role="status">${t("automatic.rest", { n: alarm.quantity - picked.length })}</p>`}
    <footer class="dialog-foot"><${Countdown} at=${alarm.answer_by} /><span class="grow"></span><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button danger" autofocus disabled=${picked.length === 0}>${t("automatic.rolling")}</button></footer></form>`;
}

/** What we have alarmed for and is not settled: in the situation of our side. */
export function AutomaticAid() {
  const own = tables.automatic_aid.all.value.filter((row) => row.requester_id === myMember() && (row.status === "alarmed" || isUnfilled(row)));
  if (!own.length) return null;
  const rows = [...own].sort((a, b) => Number(b.status === "unfilled") - Number(a.status === "unfilled") || a.alarmed_at.localeCompare(b.alarmed_at));
  return html`<${Panel} live id="automatic-aid" class="automatic-aid" tone=${own.some(isUnfilled) ? "alert" : ""} title=${t("automatic_aid")} count=${own.length}><ul class="plain">${rows.map((row) => html`<li key=${row.id}><${Progress} aid=${row} named /></li>`)}</ul><//>`;
}

/** How far the automatic aid behind a request is: on the request's screen. @param {{id: string}} props */
export function AutomaticOf({ id }) {
  const aid = tables.automatic_aid.where("request_id", id)[0];
  const alarms = tables.automatic_alarm.where("request_id", id);
  if (!aid && !alarms.length) return null;
  return html`<${Panel} live id="automatic-aid" class="automatic-aid" tone=${isUnfilled(aid) ? "alert" : ""} title=${t("automatic_aid")}>${aid ? html`<${Progress} aid=${aid} />` : html`<ol class="plain turns">${alarms.map((alarm) => html`<${Turn} key=${alarm.id} alarm=${alarm} />`)}</ol>`}<//>`;
}

/** @param {{aid: Row, named?: boolean}} props named: with the request that it is for */
function Progress({ aid, named }) {
  const mark = useMark("automatic_aid", aid.id, aid.revision);
  const request = tables.request.get(aid.request_id);
  const alarms = [...tables.automatic_alarm.where("aid_id", aid.id)].sort((a, b) => a.turn - b.turn);
  const callOff = async () => {
    await carryOutConfirmed({ title: t("automatic.call_off"), text: html`<p>${t("automatic.call_off.text")}</p>`, action: t("automatic.call_off"), why: "asked", danger: true },
      (answer) => ({ path: `/automatic-aid/${aid.id}/call-off`, body: answer, revision: aid.revision }), { done: t("done.automatic_called_off"), latest: () => tables.automatic_aid.get(aid.id) });
  };
  return html`<div class="automatic ${mark}">
    <div class="offer-head">${named && request ? html`<a class="ref" href=${requestLink(request.id)}>${request.ref}</a> ` : ""}<strong>${aid.quantity} × ${typeName(aid.type_code)}</strong> <${State} text=${stateName("automatic_aid", aid.status)} tone=${aid.status === "unfilled" ? "alert" : aid.status === "alarmed" ? "notice" : ""} /> <span class="dim"><${Age} at=${aid.alarmed_at} /></span></div>
    ${aid.status === "unfilled" && html`<p class="late">${t("automatic.unfilled", { n: aid.lacking })}</p>`}
    <ol class="plain turns">${alarms.map((alarm) => html`<${Turn} key=${alarm.id} alarm=${alarm} />`)}</ol>
    ${alarms.length === 0 && html`<${Nothing} text=${t("automatic.nobody_alarmed")} />`}
    ${aid.passed_over.length > 0 && html`<details open=${aid.status === "unfilled"}><summary>${t("automatic.passed_over", { n: aid.passed_over.length })}</summary><ul class="plain">${aid.passed_over.map((/** @type {any} */ each) => html`<li><${Member} id=${each.lender_id} /> <span class="dim">${each.reasons.map((/** @type {any} */ reason) => codeText(reason)).join(" ")}</span></li>`)}</ul></details>`}
    ${aid.status === "alarmed" && may("call_off_automatic_aid", { requester: aid.requester_id }) && html`<div class="buttons"><button type="button" class="button small" onClick=${callOff}>${t("automatic.call_off")}</button></div>`}</div>`;
}

/** @param {{alarm: Row}} props */
function Turn({ alarm }) {
  const mark = useMark("automatic_alarm", alarm.id, alarm.revision);
  const waits = alarm.status === "alarmed";
  return html`<li class="turn ${mark}"><span class="turn-no">${alarm.turn}</span> <${Member} id=${alarm.lender_id} /> <${State} text=${stateName("automatic_alarm", alarm.status)} tone=${["cannot", "silent"].includes(alarm.status) ? "alert" : waits ? "notice" : ""} />
    ${alarm.reason && html`<span class="dim">${word("decline_reasons", alarm.reason)}</span>`} ${alarm.note && html`<q class="dim">${alarm.note}</q>`}
    ${waits && html`<${Countdown} at=${alarm.answer_by} />`} ${waits && alarm.lender_id !== myMember() && html`<${Phone} id=${alarm.lender_id} />`}</li>`;
}
