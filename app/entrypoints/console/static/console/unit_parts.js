/** Pieces that say something about a unit: how it stands, whether it is ready to cross, who is on it. */
import { stateName, t, word } from "./i18n.js";
import { isWhole, missionOf } from "./unit_filter.js";
import { tables } from "./store.js";
import { html } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

const NEEDED = /** @type {const} */ (["papers", "couplings", "radios"]);

/** A form for each status, so that colour is never alone. @param {{status: string}} props */
export function StatusSign({ status }) {
  return html`<svg class="status-sign st-${status}" viewBox="0 0 16 16" aria-hidden="true">${
    status === "available" ? html`<circle cx="8" cy="8" r="6" />`
    : status === "reserved" ? html`<g><circle class="st-ring" cx="8" cy="8" r="5.5" /><path d="M8 2.5A5.5 5.5 0 0 1 8 13.5Z" /></g>`
    : status === "committed" ? html`<path d="M3 2 14 8 3 14Z" />`
    : html`<path class="st-cross" d="M3 3 13 13M13 3 3 13" />`}</svg>`;
}

/** How it stands in words: on a mission, how far that is; out of service, why. @param {Row} row */
export function statusText(row) {
  const mission = missionOf(row.id);
  if (mission) return stateName("mission", mission.status);
  if (row.status === "out_of_service" && row.out_of_service_reason) return `${stateName("resource", row.status)}: ${word("out_of_service_reasons", row.out_of_service_reason)}`;
  return stateName("resource", row.status);
}

/** What a unit lacks for the other side. @param {Row} row */
export function lacking(row) {
  return NEEDED.filter((each) => !row.readiness?.[each]);
}

/** Whether it can cross, in a few words. @param {{row: Row}} props */
export function Ready({ row }) {
  const without = lacking(row);
  return html`<span class=${without.length ? "lacks" : "ready"} title=${without.map((each) => word("readiness", each)).join(" · ")}>${without.length === 0 ? t("ready.yes") : without.length === NEEDED.length ? t("ready.no") : t("ready.partly", { n: NEEDED.length - without.length, of: NEEDED.length })}</span>`;
}

/** All that it needs over there, each with whether it has it. @param {{row: Row}} props */
export function Readiness({ row }) {
  return html`<ul class="checks">${NEEDED.map((each) => html`<li class=${row.readiness?.[each] ? "has" : "has-not"}><span aria-hidden="true">${row.readiness?.[each] ? "✓" : "–"}</span> ${word("readiness", each)}<span class="sr">: ${row.readiness?.[each] ? t("yes") : t("no")}</span></li>`)}</ul>`;
}

/** Tactical strength as both sides write it: officers / NCOs / crew // all. @param {Row} row */
export function strength(row) {
  return `${row.officers}/${row.ncos}/${row.crew}//${row.officers + row.ncos + row.crew}`;
}

/** @param {Row} row */
export function sizeText(row) {
  return [row.weight_t && `${row.weight_t} t`, row.length_m && `↔ ${row.length_m} m`, row.width_m && `⇿ ${row.width_m} m`, row.height_m && `↕ ${row.height_m} m`].filter(Boolean).join(" · ");
}

/** That it is a formation, with how many parts, or a part of one: neither is to be taken for the other. @param {{row: Row}} props */
export function Together({ row }) {
  const parts = tables.resource.where("formation_id", row.id).filter((each) => !each.retired).length;
  if (isWhole(row.type_code)) return html` <span class="badge whole">${t("formation.is_of", { n: parts })}</span>`;
  const of = row.formation_id ? tables.resource.get(row.formation_id)?.call_sign : undefined;
  return row.formation_id ? html` <span class="part-of">${t("formation.part_of")} ${of ?? t("formation.is")}</span>` : null;
}
