/** The protocol that applies to an incident: its checklist with ticks, what is missing of the standard package, radio plan, rendezvous. */
import { read } from "./api.js";
import { openAsk } from "./ask.js";
import { carryOut } from "./doing.js";
import { named, number, t, typeName, word } from "./i18n.js";
import { Left, Member } from "./parts.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { now, stamp } from "./time.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

const HOUR_MS = 3_600_000;

/** @param {{row: Row}} props row: the incident */
export function IncidentProtocol({ row }) {
  const applied = tables.incident_protocol.where("incident_id", row.id).find((each) => !each.superseded_at);
  const requests = tables.request.where("incident_id", row.id);
  const [whole, setWhole] = useState(/** @type {any} */ (null));
  useEffect(() => {
    if (applied) read(`/incidents/${row.id}/protocol`).then(setWhole, () => undefined);
  }, [applied?.id, requests.map((each) => `${each.id}${each.revision}`).join()]);
  const items = tables.checklist_item.where("incident_id", row.id).filter((each) => !each.superseded_at).sort((a, b) => a.due_at.localeCompare(b.due_at));
  if (!applied && !items.length) return null;
  const helping = tables.mission.where("incident_id", row.id).filter((each) => !["returned", "closed"].includes(each.status)).flatMap((each) => [each.lender_id, each.requester_id]);
  const ticks = may("tick_checklist_item", { lead: row.lead_member_id, helping });
  const done = items.filter((each) => each.done_at).length;
  const shown = whole?.id === applied?.id ? whole : null;
  return html`<section class="protocol" aria-label=${t("protocol")}>
    ${applied && html`<h3>${t("protocol")}</h3><p><a href=${`#/protocol/${applied.code}`}>${named(applied.names)}</a> <span class="dim">${t("protocol.version", { n: applied.version })}${applied.overlay_revision ? ` · ${t("protocol.adapted")}` : ""}</span></p>`}
    <h3>${t("checklist")} <span class="dim">${t("checklist.done_of", { done, all: items.length })}</span></h3>
    <ul class="plain checklist">${items.map((each) => html`<${Item} key=${each.id} row=${each} ticks=${ticks} />`)}</ul>
    ${shown && html`<${Package} incident=${row} lines=${shown.package} />
      <details><summary>${t("radio_plan")}</summary><p class="radio-plan">${named(shown.radio_plan)}</p></details>
      ${shown.rendezvous.length > 0 && html`<details><summary>${t("rendezvous.fitting")} (${shown.rendezvous.length})</summary><ul class="plain">${shown.rendezvous.map((/** @type {any} */ each) => html`<li key=${each.id}><strong>${each.guide_code}</strong> ${named(each.names)} <span class="dim">${word("rendezvous_kinds", each.kind)} · ${number(each.distance_km)} km</span> <${Member} id=${each.member_id} short /></li>`)}</ul></details>`}`}</section>`;
}

/** @param {{row: Row, ticks: boolean}} props */
function Item({ row, ticks }) {
  const path = `/checklist-items/${row.id}`;
  const change = (/** @type {boolean} */ done) => carryOut({ path: `${path}/${done ? "tick" : "untick"}`, body: {}, revision: row.revision }, {
    done: t(done ? "done.ticked" : "done.unticked", { what: named(row.texts) }),
    undo: (receipt) => ({ path: `${path}/${done ? "untick" : "tick"}`, body: {}, revision: receipt.revision }),
  });
  return html`<li class=${row.done_at ? "done" : ""}><label><input type="checkbox" checked=${Boolean(row.done_at)} disabled=${!ticks} onChange=${(/** @type {any} */ event) => { const wanted = event.target.checked; event.target.checked = Boolean(row.done_at); change(wanted); }} /> <span>${named(row.texts)}</span></label>
    ${row.done_at ? html`<span class="dim">${stamp(row.done_at)} ${row.done_by_member_id && html`<${Member} id=${row.done_by_member_id} short />`}</span>` : html`<${Left} at=${row.due_at} />`}</li>`;
}

/** @param {{incident: Row, lines: any[]}} props */
function Package({ incident, lines }) {
  const missing = lines.filter((each) => each.missing > 0);
  const ask = () => openAsk(incident.id, missing.map((each) => ({ type_code: each.type_code, quantity: each.missing, priority: each.priority, hours: Math.max(0, Date.parse(each.needed_by) - now()) / HOUR_MS })));
  return html`<h3>${t("package")}</h3><ul class="plain package">${lines.map((each) => html`<li key=${each.type_code}>${each.quantity} × ${typeName(each.type_code)} ${each.missing ? html`<span class="state notice">${t("package.missing", { n: each.missing })}</span>` : html`<span class="dim">${t("package.asked")}</span>`}</li>`)}</ul>
    ${missing.length > 0 && may("report_incident") && html`<p><button type="button" class="button" onClick=${ask}>${t("package.ask")}</button></p>`}`;
}
