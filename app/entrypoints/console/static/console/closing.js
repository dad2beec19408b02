/** Closing an incident: what still asks for help is called off first, each request by a word of its own that its member is told. */
import { linesOf, linesText } from "./about.js";
import { myMember } from "./api.js";
import { openDialog } from "./dialogs.js";
import { carryOutConfirmed } from "./doing.js";
import { stateName, t } from "./i18n.js";
import { Member, Phone } from "./parts.js";
import { requestLink } from "./router.js";
import { can, may } from "./rules.js";
import { tables } from "./store.js";
import { html } from "./view.js";

/** @typedef {import("./store.js").Row} Row */
const ASKING = ["submitted", "open", "partly_committed"];

/** Close it, or show what stands against that. @param {Row} row an incident */
export async function closeIncident(row) {
  if (tables.request.where("incident_id", row.id).some(asks)) return openDialog(t("close_incident"), (close) => html`<${StillAsks} incident=${row} close=${close} />`);
  const now = tables.incident.get(row.id) ?? row;
  return carryOutConfirmed({ title: t("close_incident"), text: html`<p>${t("close_incident.text", { title: row.title })}</p>`, action: t("close_incident"), why: "asked", danger: true },
    (answer) => ({ path: `/incidents/${row.id}/close`, body: answer, revision: now.revision }), { done: t("done.incident", { title: row.title }), latest: () => tables.incident.get(row.id) });
}

/** Whether the lead may call a request off here. @param {Row} row a request */
export function mayCallOff(row) {
  const lead = tables.incident.get(row.incident_id)?.lead_member_id ?? "";
  return row.member_id !== myMember() && can("request", row.status, "call_off_request") && may("call_off_request", { lead });
}

/** @param {Row} row a request */
export function callOff(row) {
  return carryOutConfirmed({ title: t("command.call_off_request"), text: html`<p><span class="ref">${row.ref}</span> <${Member} id=${row.member_id} />: ${linesText(linesOf(row.id))}</p><p>${t("call_off_request.text")}</p>`, action: t("call_off_request"), why: "required", danger: true },
    (answer) => ({ path: `/requests/${row.id}/call-off`, body: answer, revision: row.revision }), { done: t("done.call_off_request", { ref: row.ref }), latest: () => tables.request.get(row.id) });
}

/** @param {Row} row a request */
function asks(row) {
  return ASKING.includes(row.status);
}

/** The requests that still ask, and whose they are. @param {{incident: Row, close: () => void}} props */
function StillAsks({ incident, close }) {
  const asking = tables.request.where("incident_id", incident.id).filter(asks);
  return html`<div class="dialog-body"><p class="dialog-text">${t("close_incident.asks", { n: asking.length })}</p>
    <ul class="plain still-asks">${asking.map((row) => html`<li key=${row.id}><div><a class="ref" href=${requestLink(row.id)} onClick=${() => close()}>${row.ref}</a> ${linesText(linesOf(row.id))} <span class="dim">${stateName("request", row.status)}</span></div>
      <div><${Member} id=${row.member_id} /> ${row.member_id !== myMember() && html`<${Phone} id=${row.member_id} />`} ${mayCallOff(row) && html`<button type="button" class="button small" onClick=${() => callOff(row).then((receipt) => receipt && closeIncident(incident))}>${t("call_off_request")}</button>`}</div></li>`)}</ul>
    <footer class="dialog-foot"><button type="button" class="button primary" onClick=${() => close()}>${t("back")}</button></footer></div>`;
}
