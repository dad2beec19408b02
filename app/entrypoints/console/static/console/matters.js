/** What the two sides ask each other about a unit that is out: to stay longer, to go elsewhere, and what it needs over there. */
import { linesOf, memberName, unitText } from "./about.js";
import { myMember } from "./api.js";
import { openDialog, ProblemParts } from "./dialogs.js";
import { carryOutConfirmed } from "./doing.js";
import { PlaceField } from "./fields.js";
import { openForm } from "./form.js";
import { named, placeText, stateName, t, typeName } from "./i18n.js";
import { Age, Left, Member, Panel, Phone, State, useMark } from "./parts.js";
import { requestLink } from "./router.js";
import { can, may } from "./rules.js";
import { useSending } from "./sending.js";
import { fillOf, tables } from "./store.js";
import { stamp } from "./time.js";
import { codeText } from "./told.js";
import { html, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** Kind → the state in which it waits for the other side's word. */
const WAITS = /** @type {Record<string, string>} */ ({ extension: "asked", reassignment: "proposed", host_support: "asked" });
const KINDS = Object.keys(WAITS);
export const SUPPORTS = ["fuel", "food", "beds", "repair"];

/** Who answers: the lender about its unit, the requester about what it needs there. @param {string} kind @param {Row} mission */
function answers(kind, mission) {
  return kind === "host_support" ? mission.requester_id : mission.lender_id;
}

/** What is asked, in words. @param {string} kind @param {Row} row */
function whatText(kind, row) {
  if (kind === "extension") return t("extension.what", { time: stamp(row.until) });
  if (kind === "host_support") return t(`support.${row.kind}`, { n: row.quantity });
  const mission = tables.mission.get(row.mission_id);
  const incident = row.incident_id !== mission?.incident_id ? tables.incident.get(row.incident_id)?.title : "";
  return t("reassignment.what", { place: [row.place ?? t("place.point", { at: placeText(row.lon, row.lat, 3) }), incident].filter(Boolean).join(" · ") });
}

/** All that was asked about a unit; what was answered and superseded is left out. @param {{row: Row}} props */
export function Matters({ row }) {
  const shown = KINDS.flatMap((kind) => {
    const all = tables[kind].where("mission_id", row.id).filter((each) => each.status !== "lapsed").sort((a, b) => b.occurred_at.localeCompare(a.occurred_at));
    return (kind === "host_support" ? all : all.filter((each, at) => at === 0 || each.status === WAITS[kind])).map((each) => ({ kind, id: each.id }));
  });
  if (!shown.length) return null;
  return html`<ul class="matters">${shown.map(({ kind, id }) => html`<${Matter} key=${id} kind=${kind} id=${id} />`)}</ul>`;
}

/** Everything that waits for our side's word. */
export function ToAnswer() {
  const own = myMember();
  const waiting = KINDS.flatMap((kind) => tables[kind].all.value.filter((each) => {
    const mission = tables.mission.get(each.mission_id);
    return each.status === WAITS[kind] && mission && answers(kind, mission) === own;
  }).map((each) => ({ kind, id: each.id, at: each.occurred_at }))).sort((a, b) => a.at.localeCompare(b.at));
  if (!waiting.length) return null;
  return html`<${Panel} live id="to-answer" class="to-answer" title=${t("to_answer")} count=${waiting.length}><ul class="plain matters">${waiting.map(({ kind, id }) => html`<${Matter} key=${id} kind=${kind} id=${id} whole />`)}</ul><//>`;
}

/** @param {{kind: string, id: string, whole?: boolean}} props whole: with the unit, the request and whom to ring */
function Matter({ kind, id, whole }) {
  const row = tables[kind].get(id);
  const mission = tables.mission.get(row?.mission_id);
  const mark = useMark(kind, id, row?.revision);
  if (!row || !mission) return null;
  const request = tables.request.get(row.request_id);
  const waits = row.status === WAITS[kind];
  const who = answers(kind, mission);
  const asker = who === mission.lender_id ? mission.requester_id : mission.lender_id;
  return html`<li class="matter ${mark} ${waits ? "waits" : "dim"}">
    ${whole && html`<div><strong>${unitText(mission)}</strong> ${request && html`<a class="ref" href=${requestLink(request.id)}>${request.ref}</a> `}<${Member} id=${asker} /> <${Phone} id=${asker} /></div>`}
    <div><b>${whatText(kind, row)}</b>${kind === "extension" && waits ? html` · <${Left} at=${row.until} />` : ""}${row.needed_by && waits ? html` · <${Left} at=${row.needed_by} />` : ""}${row.reason || row.note ? html` <q>${row.reason ?? row.note}</q>` : ""} <span class="dim"><${Age} at=${row.occurred_at} /></span></div>
    <${Outside} row=${row} />
    <div class="matter-foot"><${State} text=${stateName(kind, row.status)} tone=${waits ? "notice" : ["refused", "declined"].includes(row.status) ? "alert" : ""} />${waits && who !== myMember() ? html` <span class="dim">${t("waits_for", { who: memberName(who) })}</span>` : ""}${row.status === "confirmed" ? html` <span>${row.place}${row.ready_at ? ` · ${t("support.from", { time: stamp(row.ready_at) })}` : ""}</span>` : ""}${row.answer ? html` <q>${row.answer}</q>` : ""}
      ${waits ? html`<span class="buttons"><${Answer} kind=${kind} row=${row} mission=${mission} /></span>` : ""}</div></li>`;
}

/** In what a unit would go outside the agreement that it runs under. @param {{row: Row}} props */
function Outside({ row }) {
  const findings = /** @type {{code: string, figures?: Record<string, any>}[]} */ (row.findings ?? []);
  if (!findings.length) return null;
  return html`<p class="late">${t("reassignment.outside")}</p><ul class="why">${findings.map((finding) => html`<li>${codeText(finding)}</li>`)}</ul>`;
}

/** @param {{kind: string, row: Row, mission: Row}} props */
function Answer({ kind, row, mission }) {
  const sides = { requester: mission.requester_id, lender: mission.lender_id };
  const unit = unitText(mission);
  const what = whatText(kind, row);
  if (kind === "host_support") {
    return html`${may("confirm_host_support", sides) && html`<button type="button" class="button primary small" onClick=${() => confirmSupport(row, mission)}>${t("support.confirm")}</button>`}
      ${may("decline_host_support", sides) && html`<button type="button" class="button small" onClick=${() => refuse(t("support.decline"), t("support.decline.text", { unit, what }), `/host-support/${row.id}/decline`, row, (why) => ({ reason: why }))}>${t("support.decline")}</button>`}`;
  }
  const [command, path, yes] = kind === "extension" ? ["answer_extension", "extensions", "granted"] : ["answer_reassignment", "reassignments", "agreed"];
  if (!may(command, sides, { request_kind: mission.kind })) return null;
  const agree = async () => {
    await carryOutConfirmed({ title: t(`${kind}.agree`), text: html`<p>${t(`${kind}.agree.text`, { unit, what, who: memberName(mission.requester_id) })}</p><${Outside} row=${row} /><p><${Member} id=${mission.requester_id} /> <${Phone} id=${mission.requester_id} /></p>`, action: t(`${kind}.agree`) },
      () => ({ path: `/${path}/${row.id}/answer`, body: { [yes]: true, ...(row.findings?.length && { confirm_findings: true }) }, revision: row.revision }), { done: t("done.agreed", { unit, what }), latest: () => tables[kind].get(row.id), beyond: { lender: mission.lender_id } });
  };
  return html`<button type="button" class="button primary small" onClick=${agree}>${t(`${kind}.agree`)}</button>
    <button type="button" class="button small" onClick=${() => refuse(t("refuse"), t(`${kind}.refuse.text`, { unit, what, who: memberName(mission.requester_id) }), `/${path}/${row.id}/answer`, row, (why) => ({ [yes]: false, reason: why }))}>${t("refuse")}</button>`;
}

/** @param {string} title @param {string} text @param {string} path @param {Row} row @param {(why: string) => Record<string, any>} body */
async function refuse(title, text, path, row, body) {
  await carryOutConfirmed({ title, text: html`<p>${text}</p>`, action: title, why: "required", danger: true }, (answer) => ({ path, body: body(answer.why ?? ""), revision: row.revision }), { done: t("done.refused") });
}

/** @param {Row} row @param {Row} mission */
function confirmSupport(row, mission) {
  const place = tables.rendezvous.get(mission.rendezvous_id);
  return openForm({
    title: t("support.confirm"),
    text: html`<p>${unitText(mission)}: <strong>${whatText("host_support", row)}</strong>${row.note ? html` <q>${row.note}</q>` : ""}</p>`,
    fields: [
      { name: "place", label: t("support.where"), required: true, value: place ? `${place.guide_code} ${named(place.names)}` : "" },
      { name: "ready_at", label: t("support.ready_at"), kind: "time" },
      { name: "note", label: t("note"), most: 300 },
    ],
    action: t("support.confirm"),
    command: (values) => ({ path: `/host-support/${row.id}/confirm`, body: values, revision: tables.host_support.get(row.id)?.revision }),
    how: () => ({ done: t("done.support_confirmed", { what: whatText("host_support", row) }) }),
  });
}

/** Ask the lender to leave a unit for longer. @param {Row} mission */
export function askExtension(mission) {
  const from = Math.max(Date.parse(mission.relieve_by ?? "") || 0, 0) || undefined;
  return openForm({
    title: t("extension.ask"),
    text: html`<p>${t("extension.ask.text", { unit: unitText(mission), who: memberName(mission.lender_id) })}</p>${mission.relieve_by ? html`<p>${t("extension.now")} <strong>${stamp(mission.relieve_by)}</strong> (<${Left} at=${mission.relieve_by} />)</p>` : ""}<p><${Member} id=${mission.lender_id} /> <${Phone} id=${mission.lender_id} /></p>`,
    fields: [
      { name: "until", label: t("extension.until"), kind: "time", required: true, from },
      { name: "reason", label: t("why"), required: true, most: 300 },
    ],
    action: t("extension.ask"),
    command: (values) => ({ path: `/missions/${mission.id}/extensions`, body: values }),
    how: () => ({ done: t("done.extension_asked", { who: memberName(mission.lender_id) }) }),
  });
}

/** Ask the other side for what a unit needs there. @param {Row} mission */
export function askSupport(mission) {
  return openForm({
    title: t("support.ask"),
    text: html`<p>${t("support.ask.text", { unit: unitText(mission), who: memberName(mission.requester_id) })}</p>`,
    fields: (values) => [
      { name: "kind", label: t("support.what"), kind: "choice", value: "fuel", options: SUPPORTS.map((code) => ({ value: code, text: t(`support.kind.${code}`) })) },
      { name: "quantity", label: t(`support.count.${values.kind ?? "fuel"}`), kind: "number", required: true, least: 1, most: 10_000 },
      { name: "needed_by", label: t("support.needed_by"), kind: "time" },
      { name: "note", label: t("note"), most: 300, hint: t("support.note_hint") },
    ],
    action: t("support.ask"),
    command: (values) => ({ path: `/missions/${mission.id}/host-support`, body: values }),
    how: () => ({ done: t("done.support_asked", { who: memberName(mission.requester_id) }) }),
  });
}

/** Whether a unit may still be sent elsewhere. @param {Row} mission */
export function movable(mission) {
  return mission.kind !== "day_to_day" && (["committed", "mobilising"].includes(mission.status) || can("mission", mission.status, "answer_reassignment", {}));
}

/** Propose another incident or place for a unit. @param {Row} mission */
export function reassign(mission) {
  return openDialog(t("reassignment.ask"), (close) => html`<${Elsewhere} mission=${mission} close=${close} />`);
}

/** Whether a line still wants a unit of a type: as what it asks for, or as a part of a formation that it asks for. @param {Row} line @param {string} type */
function takes(line, type) {
  const fill = fillOf(line);
  if (line.type_code === type) return fill.open > 0;
  return Boolean(fill.parts?.some((part) => part.type_code === type && part.open > 0));
}

/** @param {{mission: Row, close: (answer?: any) => void}} props */
function Elsewhere({ mission, close }) {
  const [what, setWhat] = useState({ incident_id: mission.incident_id, request_line_id: "", place: "", lon: mission.lon, lat: mission.lat, reason: "" });
  const { problem, busy, send } = useSending(close);
  const change = (/** @type {any} */ part) => setWhat((was) => ({ ...was, ...part }));
  const incidents = tables.incident.all.value.filter((row) => row.status !== "closed");
  const lines = tables.request.where("incident_id", what.incident_id).filter((row) => row.member_id === mission.requester_id && row.opened_at).flatMap((row) => linesOf(row.id))
    .filter((line) => line.id !== mission.request_line_id && takes(line, mission.type_code));
  const choose = (/** @type {string} */ id) => {
    const line = lines.find((each) => each.id === id);
    change({ request_line_id: id, ...(line && { place: line.place ?? "", lon: line.lon, lat: line.lat }) });
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const { request_line_id, place, reason, ...rest } = what;
    return send({ path: `/missions/${mission.id}/reassignments`, body: { ...rest, place: place.trim() || null, reason: reason.trim(), ...(request_line_id && { request_line_id }) } }, { done: t("done.reassignment_asked", { who: memberName(mission.lender_id) }) });
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <p class="dialog-text">${t("reassignment.ask.text", { unit: unitText(mission), who: memberName(mission.lender_id) })}</p><p><${Member} id=${mission.lender_id} /> <${Phone} id=${mission.lender_id} /></p>
    <label class="field"><span>${t("incident")}</span><select value=${what.incident_id} autofocus onChange=${(/** @type {any} */ event) => change({ incident_id: event.target.value, request_line_id: "" })}>${incidents.map((row) => html`<option value=${row.id} selected=${row.id === what.incident_id}>${row.ref} · ${row.title}</option>`)}</select></label>
    ${lines.length > 0 && html`<label class="field"><span>${t("reassignment.line")}</span><select value=${what.request_line_id} onChange=${(/** @type {any} */ event) => choose(event.target.value)}><option value="">${t("reassignment.no_line")}</option>${lines.map((line) => html`<option value=${line.id}>${tables.request.get(line.request_id)?.ref} · ${line.quantity} × ${typeName(line.type_code)} ${line.place ?? ""}</option>`)}</select></label>`}
    <${PlaceField} text=${what.place} note=${t("place.point", { at: placeText(what.lon, what.lat, 3) })} onChange=${change} />
    <label class="field"><span>${t("why")}</span><input type="text" maxlength="300" required value=${what.reason} onInput=${(/** @type {any} */ event) => change({ reason: event.target.value })} /></label>
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy || !what.place.trim()}>${t("reassignment.ask")}</button></footer></form>`;
}
