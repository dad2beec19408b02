/** Reliefs: whose time is nearly up, who takes over from whom and when, and sending somebody. */
import { countryOf, HOME, memberName, unitText } from "./about.js";
import { myMember, readAll } from "./api.js";
import { openDialog } from "./dialogs.js";
import { openForm } from "./form.js";
import { named, stateName, t, typeName } from "./i18n.js";
import { askExtension } from "./matters.js";
import { Left, Member, Nothing, Panel, Phone, State, useMark } from "./parts.js";
import { requestLink } from "./router.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { agoMs, stamp } from "./time.js";
import { html } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** States in which a unit is let go, or on its way home. */
export const LEAVING = ["released", "stood_down", "recalled", "aborted", "returning", "returned", "closed"];
const LOST = ["stood_down", "recalled", "aborted"];
/** How long ahead the panel shows that somebody's time ends. */
const AHEAD_MS = 6 * 3_600_000;

/** The mission that relieves this one, if one is on its way. @param {Row} row */
export function reliefOf(row) {
  return tables.mission.where("relief_of_id", row.id).find((each) => !LOST.includes(each.status) && !LOST.includes(each.ended_by));
}

/** Who relieves whom, and when, in a line. @param {{row: Row}} props */
export function ReliefLine({ row }) {
  const next = reliefOf(row);
  const before = tables.mission.get(row.relief_of_id);
  return html`${row.relieve_by && !LEAVING.includes(row.status) ? html`<div><dt>${t("relief.due")}</dt><dd>${stamp(row.relieve_by)} (<${Left} at=${row.relieve_by} />)</dd></div>` : ""}
    ${next ? html`<div><dt>${t("relief.by")}</dt><dd>${unitText(next)} <span class="dim">${stateName("mission", next.status)}</span></dd></div>` : ""}
    ${before ? html`<div><dt>${t("relief.of")}</dt><dd>${unitText(before)} <span class="dim">${stateName("mission", before.status)}</span></dd></div>` : ""}`;
}

/** Units of either side whose time ends soon, ours and theirs; whose relief is on the way stands below. */
export function Reliefs() {
  const own = myMember();
  const due = tables.mission.all.value.filter((row) => row.relieve_by && !LEAVING.includes(row.status) && !HOME.includes(row.status) && [row.lender_id, row.requester_id].includes(own) && -agoMs(row.relieve_by) < AHEAD_MS)
    .sort((a, b) => Number(Boolean(reliefOf(a))) - Number(Boolean(reliefOf(b))) || a.relieve_by.localeCompare(b.relieve_by));
  if (!due.length) return null;
  const bare = due.some((row) => row.alarms?.includes("relief_due") && !reliefOf(row));
  return html`<${Panel} live id="reliefs" class="reliefs" tone=${bare ? "alert" : ""} title=${t("reliefs")} count=${due.length}><ul class="plain">${due.map((row) => html`<${Due} key=${row.id} id=${row.id} />`)}</ul><//>`;
}

/** @param {{id: string}} props */
function Due({ id }) {
  const row = tables.mission.get(id);
  const mark = useMark("mission", id, row?.revision);
  if (!row) return null;
  const own = myMember();
  const other = row.lender_id === own ? row.requester_id : row.lender_id;
  const next = reliefOf(row);
  const request = tables.request.get(row.request_id);
  return html`<li class="relief ${mark}"><div><strong>${unitText(row)}</strong> <${Member} id=${row.lender_id} short /> ${request && html`<a class="ref" href=${requestLink(request.id)}>${request.ref}</a>`} <span class="dim">${row.place ?? ""}</span></div>
    <div><${Left} at=${row.relieve_by} /> <span class="dim">${stamp(row.relieve_by)}</span>${next ? html` · ${t("relief.comes", { unit: unitText(next) })} <${State} text=${stateName("mission", next.status)} />` : html` · <span class="notice">${t("relief.nobody")}</span>`}</div>
    <div class="debt-foot"><${Phone} id=${other} named />${!next && html`<span class="buttons">${mayRelieve(row) && html`<button type="button" class="button primary small" onClick=${() => planRelief(row)}>${t("relief.plan")}</button>`}
      ${may("ask_extension", { requester: row.requester_id }) && html`<button type="button" class="button small" onClick=${() => askExtension(row)}>${t("extension.ask")}</button>`}</span>`}</div></li>`;
}

/** Whether whoever is signed in may send somebody in a unit's place. @param {Row} row */
export function mayRelieve(row) {
  return !LEAVING.includes(row.status) && row.kind !== "day_to_day" && !reliefOf(row) && may("plan_relief", { lender: row.lender_id }, { request_kind: row.kind });
}

/** Send another unit of ours to take over. It binds us, as a commitment does. @param {Row} row */
export async function planRelief(row) {
  const units = await readAll(`/resources?type=${row.type_code}&member=${row.lender_id}&status=available`).catch(() => []);
  if (!units.length) {
    return openDialog(t("relief.plan"), (close) => html`<div class="dialog-body"><${Nothing} text=${t("relief.no_unit", { what: typeName(row.type_code) })} /><p><${Member} id=${row.requester_id} /> <${Phone} id=${row.requester_id} /></p><footer class="dialog-foot"><button type="button" class="button primary" autofocus onClick=${() => close()}>${t("understood")}</button></footer></div>`);
  }
  const pair = [countryOf(row.lender_id), countryOf(row.requester_id)].sort().join();
  const ways = tables.crossing.all.peek().filter((each) => each.control !== "closed" && [countryOf(each.member_a_id), countryOf(each.member_b_id)].sort().join() === pair).sort((a, b) => named(a.names).localeCompare(named(b.names)));
  return openForm({
    title: t("relief.plan"),
    text: html`<p>${t("relief.plan.text", { unit: unitText(row), who: memberName(row.requester_id) })}</p>${row.relieve_by ? html`<p>${t("relief.due")}: <strong>${stamp(row.relieve_by)}</strong> (<${Left} at=${row.relieve_by} />)</p>` : ""}<p><${Member} id=${row.requester_id} /> <${Phone} id=${row.requester_id} /></p>`,
    fields: [
      { name: "resource_id", label: t("relief.unit"), kind: "choice", value: units[0].id, options: units.slice(0, 12).map((unit) => ({ value: unit.id, text: html`${unit.call_sign} <span class="dim">${t("mobilises", { n: unit.mobilisation_min })}</span>` })) },
      { name: "crossing_id", label: t("crossing"), kind: "select", options: [{ value: "", text: t("crossing.best") }, ...ways.map((each) => ({ value: each.id, text: `${named(each.names)}${each.delay_min ? ` (+${each.delay_min} min)` : ""}` }))] },
      { name: "relieve_by", label: t("relief.stays_until"), kind: "time", from: Date.parse(row.relieve_by ?? "") || undefined },
    ],
    action: t("relief.send"),
    command: (values) => ({ path: `/missions/${row.id}/relief`, body: values }),
    how: () => ({ done: t("done.relief", { unit: unitText(row) }), beyond: { lender: row.lender_id, without: true } }),
  });
}
