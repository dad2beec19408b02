/** Forming a formation out of one's own units, changing it, dissolving it: exactly what its type is made of, chosen with a search. */
import { myMember, read } from "./api.js";
import { openDialog, ProblemParts } from "./dialogs.js";
import { carryOutConfirmed } from "./doing.js";
import { partsOfType } from "./formations.js";
import { allTypes, folded, language, named, stateName, t, typeName } from "./i18n.js";
import { goTo } from "./router.js";
import { useSending } from "./sending.js";
import { tables } from "./store.js";
import { StatusSign } from "./unit_parts.js";
import { html, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** Statuses of units that can be put together; what is promised or away stays as it is. */
const FREE = ["available", "out_of_service"];
const PEOPLE = /** @type {const} */ (["officers", "ncos", "crew"]);
/** Of more units than these one looks for them by name. */
const MOST_SHOWN = 12;

/** Put units of one's own together. */
export async function formFormation() {
  const receipt = await openDialog(t("formation.form"), (close) => html`<${FormationForm} row=${null} leader=${null} close=${close} />`, { wide: true });
  if (receipt) goTo(`#/resource/${receipt.id}`);
}

/** Change what a formation is made of, who leads it and how it is spoken to. @param {Row} row */
export async function changeFormation(row) {
  const seen = await read(`/formations/${row.id}`).catch(() => null);
  if (seen) await openDialog(t("formation.change"), (close) => html`<${FormationForm} row=${row} leader=${seen} close=${close} />`, { wide: true });
}

/** Let its units be units again. @param {Row} row */
export async function dissolve(row) {
  const done = await carryOutConfirmed({ title: t("formation.dissolve"), text: html`<p>${t("formation.dissolve.text", { unit: row.call_sign })}</p>`, action: t("formation.dissolve"), why: "required", danger: true },
    (answer) => ({ path: `/resources/${row.id}/retire`, body: answer, revision: row.revision }), { done: t("done.formation_dissolved", { unit: row.call_sign }) });
  if (done) goTo("#/resources");
}

/** @param {readonly Row[]} rows how many people they are, as both sides write it */
function strengthOf(rows) {
  const [officers, ncos, crew] = PEOPLE.map((rank) => rows.reduce((sum, row) => sum + (row[rank] ?? 0), 0));
  return `${officers}/${ncos}/${crew}//${officers + ncos + crew}`;
}

/** @param {{row: Row | null, leader: Record<string, any> | null, close: (answer?: any) => void}} props row: null for a new one */
function FormationForm({ row, leader, close }) {
  const own = row?.member_id ?? myMember();
  const depots = tables.depot.where("member_id", own);
  const collator = new Intl.Collator(language.value, { numeric: true });
  const types = allTypes().filter((type) => type.parts?.length).sort((a, b) => collator.compare(named(a.names), named(b.names)));
  const [now, setNow] = useState(() => ({
    type_code: row?.type_code ?? "", call_sign: "", depot_id: depots[0]?.id ?? "", mobilisation_min: 30, officers: 0, ncos: 0, crew: 0,
    talkgroup: row?.talkgroup ?? "", leader_name: leader?.leader_name ?? "", leader_phone: leader?.leader_phone ?? "",
  }));
  const [picked, setPicked] = useState(/** @type {string[]} */ ((leader?.parts ?? []).map((/** @type {any} */ part) => part.resource_id)));
  const { problem, busy, send } = useSending(close);
  const set = (/** @type {any} */ part) => setNow((was) => ({ ...was, ...part }));
  const made = partsOfType(now.type_code);
  const units = tables.resource.where("member_id", own).filter((unit) => !unit.retired);
  const chosen = units.filter((unit) => picked.includes(unit.id));
  const whole = made.length > 0 && made.every((part) => chosen.filter((unit) => unit.type_code === part.type).length === part.quantity);
  const before = JSON.stringify([...(leader?.parts ?? []).map((/** @type {any} */ part) => part.resource_id)].sort());
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const text = (/** @type {string} */ value) => value.trim() || null;
    const said = { talkgroup: text(now.talkgroup), leader_name: text(now.leader_name), leader_phone: text(now.leader_phone) };
    /** @type {import("./doing.js").Command} */
    let command;
    if (row) {
      const body = Object.fromEntries(Object.entries(said).filter(([name, value]) => value !== (leader?.[name] ?? null)));
      if (JSON.stringify([...picked].sort()) !== before) body.part_ids = /** @type {any} */ (picked);
      if (!Object.keys(body).length) return close();
      command = { path: `/formations/${row.id}`, method: "PATCH", body, revision: row.revision };
    } else {
      const { type_code, call_sign, depot_id, mobilisation_min, officers, ncos, crew } = now;
      command = { path: "/formations", body: { type_code, call_sign: call_sign.trim(), depot_id, mobilisation_min, officers, ncos, crew, part_ids: picked, ...said } };
    }
    return send(command, { done: t(row ? "done.formation_changed" : "done.formation_formed", { unit: row?.call_sign ?? now.call_sign.trim() }) });
  };
  const number = (/** @type {string} */ name, /** @type {number} */ most) => html`<label class="field" key=${name}><span>${t(`field.${name}`)}</span><input type="number" min="0" max=${most} step="1" required value=${/** @type {any} */ (now)[name]} onInput=${(/** @type {any} */ event) => set({ [name]: Number(event.target.value) })} /></label>`;
  const line = (/** @type {"talkgroup" | "leader_name" | "leader_phone"} */ name, kind = "text", most = 120) => html`<label class="field" key=${name}><span>${t(`field.${name}`)} (${t("optional")})</span><input type=${kind} maxlength=${most} value=${now[name]} onInput=${(/** @type {any} */ event) => set({ [name]: event.target.value })} /></label>`;
  return html`<form class="dialog-body" onSubmit=${submit}>
    ${row ? html`<p class="dim note">${t("unit.type_stays", { type: typeName(row.type_code) })}</p>`
      : html`<div class="two even"><label class="field"><span>${t("formation.type")}</span><select required autofocus value=${now.type_code} onChange=${(/** @type {any} */ event) => { set({ type_code: event.target.value }); setPicked([]); }}><option value="">${t("formation.type.choose")}</option>${types.map((type) => html`<option value=${type.code} selected=${type.code === now.type_code}>${named(type.names)}</option>`)}</select></label>
          <label class="field"><span>${t("field.call_sign")}</span><input type="text" maxlength="40" required value=${now.call_sign} onInput=${(/** @type {any} */ event) => set({ call_sign: event.target.value })} /></label></div>
        <div class="two even"><label class="field"><span>${t("formation.gathers")}</span><select required value=${now.depot_id} onChange=${(/** @type {any} */ event) => set({ depot_id: event.target.value })}>${depots.map((depot) => html`<option value=${depot.id} selected=${depot.id === now.depot_id}>${depot.name}</option>`)}</select></label>${number("mobilisation_min", 10080)}</div>`}
    <div class="three">${line("leader_name")}${line("leader_phone", "tel", 40)}${line("talkgroup", "text", 60)}</div>
    ${made.map((part) => html`<${PartPicker} key=${part.type} part=${part} units=${units} of=${row?.id ?? ""} picked=${picked} onPick=${setPicked} />`)}
    ${!row && html`<fieldset><legend>${t("formation.own_people")}</legend><div class="three">${PEOPLE.map((name) => number(name, 999))}</div></fieldset>`}
    ${made.length > 0 && html`<p class="formation-sum" role="status">${t("formation.strength")} <strong class="strength">${strengthOf([...chosen, /** @type {any} */ (row ?? now)])}</strong> <span class="dim">${t("unit.strength.note")}</span></p>`}
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy || !whole}>${row ? t("write") : t("formation.form")}</button></footer></form>`;
}

/** The units of one type that can be parts: so many of them are wanted. @param {{part: {type: string, quantity: number}, units: readonly Row[], of: string, picked: string[], onPick: (ids: string[]) => void}} props */
function PartPicker({ part, units, of, picked, onPick }) {
  const [text, setText] = useState("");
  const collator = new Intl.Collator(language.value, { numeric: true });
  const all = units.filter((unit) => unit.type_code === part.type).sort((a, b) => collator.compare(a.call_sign, b.call_sign));
  const free = all.filter((unit) => FREE.includes(unit.status) && (!unit.formation_id || unit.formation_id === of));
  const chosen = all.filter((unit) => picked.includes(unit.id));
  const found = free.filter((unit) => picked.includes(unit.id) || folded(`${unit.call_sign} ${tables.depot.get(unit.depot_id)?.name ?? ""}`).includes(folded(text)));
  const shown = [...found.filter((unit) => picked.includes(unit.id)), ...found.filter((unit) => !picked.includes(unit.id))].slice(0, MOST_SHOWN);
  const full = chosen.length >= part.quantity;
  const name = typeName(part.type);
  return html`<fieldset class="part-picker"><legend>${name} <span class=${full ? "calm" : "open"}>${t("formation.picked", { n: chosen.length, of: part.quantity })}</span></legend>
    ${free.length > MOST_SHOWN / 2 && html`<input type="search" aria-label=${t("formation.find", { type: name })} placeholder=${t("formation.find", { type: name })} value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && event.preventDefault()} />`}
    ${free.length === 0 && html`<p class="late">${t("formation.none_free", { type: name, n: all.length })}</p>`}
    ${free.length > 0 && shown.length === 0 && html`<p class="dim">${t("units.none_fit")}</p>`}
    <ul class="plain picks">${shown.map((unit) => {
      const on = picked.includes(unit.id);
      return html`<li key=${unit.id}><label><input type="checkbox" checked=${on} disabled=${!on && full} onChange=${() => onPick(on ? picked.filter((id) => id !== unit.id) : [...picked, unit.id])} /> <${StatusSign} status=${unit.status} /> <span>${unit.call_sign}</span> <span class="dim">${[tables.depot.get(unit.depot_id)?.name, unit.status === "available" ? "" : stateName("resource", unit.status)].filter(Boolean).join(" · ")}</span></label></li>`;
    })}</ul>
    ${found.length > shown.length && html`<p class="dim note">${t("formation.more", { n: found.length - shown.length })}</p>`}</fieldset>`;
}
