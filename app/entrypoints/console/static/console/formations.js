/** Formations: what a composite type is made of, how far each part is found, the parts of one that is out, and its split. */
import { unitText } from "./about.js";
import { read } from "./api.js";
import { openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { allTypes, stateName, t, typeName } from "./i18n.js";
import { Phone, State } from "./parts.js";
import { tables } from "./store.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */
/** @typedef {{resource_id: string, call_sign: string, type_code: string, status: string, mission_id: string | null}} Part */
/** @typedef {{call_sign: string, leader_name: string | null, leader_phone: string | null, strength: {officers: number, ncos: number, crew: number, total: number}, parts: Part[]}} Formation */

/** What a composite type is made of; of any other, nothing. @param {string} code */
export function partsOfType(code) {
  return allTypes().find((type) => type.code === code)?.parts ?? [];
}

/** What is asked for with one of it. @param {{code: string}} props */
export function MadeOf({ code }) {
  const parts = partsOfType(code);
  if (!parts.length) return null;
  return html`<p class="dim note made-of">${t("formation.made_of")}: ${parts.map((part) => `${part.quantity} × ${typeName(part.type)}`).join(" · ")}</p>`;
}

/** How far each part of a line is found, whoever sends it. @param {{fill: import("./store.js").Fill}} props */
export function PartsFill({ fill }) {
  if (!fill.parts?.length) return null;
  return html`<ul class="plain parts-fill">${fill.parts.map((part) => html`<li key=${part.type_code} class=${part.open > 0 ? "open" : "calm"}>
    <span>${typeName(part.type_code)}</span> <span class="fill-figure">${part.committed}${part.pending > 0 ? html`<span class="pending">+${part.pending}</span>` : ""}/${part.wanted}</span></li>`)}</ul>`;
}

/** How one of its parts stands: with it, or on its own way. @param {Part} part @param {boolean} out whether the formation is out */
function partText(part, out) {
  const alone = tables.mission.get(part.mission_id);
  if (alone) return `${t("formation.alone")}: ${stateName("mission", alone.status)}`;
  if (out && part.status === "committed") return t("formation.with_it");
  return stateName("resource", part.status);
}

/** Its leader, its strength, and each part with its state. `news` changes when there is something new to read. @param {{id: string, out: boolean, news: string}} props */
export function FormationParts({ id, out, news }) {
  const [found, setFound] = useState(/** @type {Formation | null} */ (null));
  useEffect(() => {
    let late = false;
    read(`/formations/${id}`).then((seen) => late || setFound(seen), () => undefined);
    return () => {
      late = true;
    };
  }, [id, news]);
  if (!found) return null;
  const { officers, ncos, crew, total } = found.strength;
  return html`<div class="formation-parts"><p>${t("formation.strength")} <strong class="strength">${officers}/${ncos}/${crew}//${total}</strong>${found.leader_name || found.leader_phone ? html` · ${t("formation.leader")} ${found.leader_name ?? ""} ${found.leader_phone ? html`<a href=${`tel:${found.leader_phone.replace(/[^+\d]/g, "")}`}><span aria-hidden="true">☎ </span>${found.leader_phone}</a>` : ""}` : ""}</p>
    <ul class="plain">${found.parts.map((part) => html`<li key=${part.resource_id}><a href=${`#/resource/${part.resource_id}`}>${part.call_sign}</a> <span class="dim">${typeName(part.type_code)}</span> <${State} text=${partText(part, out)} /></li>`)}</ul></div>`;
}

/** The parts of a mission that is a formation's; and of a part on its own way, where it came from. @param {{row: Row}} props */
export function PartsOfMission({ row }) {
  const from = tables.mission.get(row.split_from_id);
  const split = tables.mission.where("request_id", row.request_id).filter((each) => each.split_from_id === row.id);
  const news = [row, ...split].map((each) => `${each.id}${each.status}${each.revision}`).join();
  return html`${from ? html`<p class="dim note">${t("formation.split_from")} ${unitText(from)}</p>` : ""}
    ${row.resource_id && partsOfType(row.type_code).length > 0 && html`<${FormationParts} id=${row.resource_id} out=${true} news=${news} />`}`;
}

/** The formation that a unit is in, or the units that are in it. @param {{row: Row}} props */
export function PartsOfUnit({ row }) {
  const [of, setOf] = useState(/** @type {Formation | null} */ (null));
  useEffect(() => {
    setOf(null);
    if (row.formation_id) read(`/formations/${row.formation_id}`).then(setOf, () => undefined);
  }, [row.formation_id]);
  const whole = partsOfType(row.type_code).length > 0;
  if (!whole && !row.formation_id) return null;
  return html`<div><dt>${whole ? t("formation.parts") : t("formation.part_of")}</dt><dd>${whole ? html`<${FormationParts} id=${row.id} out=${row.status === "committed"} news=${String(row.revision)} />` : html`<a href=${`#/resource/${row.formation_id}`}>${of?.call_sign ?? "…"}</a>${row.status === "committed" ? html` <span class="dim">${t("formation.with_it")}</span>` : ""}`}</dd></div>`;
}

/** Whether parts can go on alone. @param {Row} row */
export function splits(row) {
  return Boolean(row.resource_id) && partsOfType(row.type_code).length > 0;
}

/** Let parts go on alone: which ones. @param {Row} row */
export async function split(row) {
  const found = /** @type {Formation | null} */ (await read(`/formations/${row.resource_id}`).catch(() => null));
  const here = (found?.parts ?? []).filter((part) => !part.mission_id && part.status === "committed");
  const picked = await openDialog(t("formation.split"), (close) => html`<${Split} row=${row} parts=${here} close=${close} />`);
  if (picked?.length) await carryOut({ path: `/missions/${row.id}/split`, body: { part_ids: picked }, revision: row.revision }, { done: t("done.split", { unit: unitText(row) }) });
}

/** @param {{row: Row, parts: Part[], close: (answer?: any) => void}} props */
function Split({ row, parts, close }) {
  const [picked, setPicked] = useState(/** @type {string[]} */ ([]));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    close(picked);
  };
  const pick = (/** @type {string} */ id, /** @type {boolean} */ on) => setPicked(on ? [...picked, id] : picked.filter((each) => each !== id));
  const some = picked.length > 0 && picked.length < parts.length;
  return html`<form class="dialog-body" onSubmit=${submit}><p class="dialog-text">${t("formation.split.text", { unit: unitText(row) })}</p><p><${Phone} id=${row.requester_id} /></p>
    <fieldset><legend>${t("formation.split.which")}</legend><div class="ticks column">${parts.map((part, at) => html`<label key=${part.resource_id}><input type="checkbox" autofocus=${at === 0} checked=${picked.includes(part.resource_id)} onChange=${(/** @type {any} */ event) => pick(part.resource_id, event.target.checked)} /> ${part.call_sign} <span class="dim">${typeName(part.type_code)}</span></label>`)}</div></fieldset>
    ${picked.length === parts.length && html`<p class="late" role="alert">${t("formation.split.one_stays")}</p>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${!some}>${t("formation.split.do")}</button></footer></form>`;
}
