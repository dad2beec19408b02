/** Who travels with a unit and who meets it, what it brings along, and what the mission took. Names and numbers of people are read apart. */
import { memberName, unitText } from "./about.js";
import { myMember, Problem, read } from "./api.js";
import { openDialog, ProblemParts } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { openForm } from "./form.js";
import { number, t } from "./i18n.js";
import { tables, take } from "./store.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** People's names are not in the feed: the two members read them, anew when somebody is named. @param {Row | undefined} row */
export function usePeople(row) {
  const ours = row && [row.lender_id, row.requester_id].includes(myMember());
  useEffect(() => {
    if (!row || !ours || !(row.liaison_at || row.guide_at)) return;
    read(`/missions/${row.id}`).then(({ geometry: at, ...told }) => take({ mission: [{ ...told, lon: at.coordinates[0], lat: at.coordinates[1] }] }), () => undefined);
  }, [row?.id, row?.liaison_at, row?.guide_at]);
}

/** Somebody's name, with the number to ring. @param {{name: string | null, phone: string | null}} props */
export function Person({ name, phone }) {
  return html`<span>${name ?? t("person.named")}</span>${phone ? html` <span class="phone"><a href=${`tel:${phone.replace(/[^+\d]/g, "")}`}><span aria-hidden="true">☎ </span>${phone}</a></span>` : ""}`;
}

/** What comes along, in a line. @param {Row} manifest */
export function manifestText(manifest) {
  const items = (manifest.items ?? []).map((/** @type {any} */ each) => `${each.quantity} × ${each.item}`);
  return [t("crew", { officers: manifest.officers, ncos: manifest.ncos, crew: manifest.crew }), t("manifest.vehicles", { n: manifest.vehicles }), ...items].join(" · ");
}

/** What a mission took, in a line; empty as long as nothing is known. @param {Row} row */
export function measuresText(row) {
  const parts = [];
  if (row.kilometres != null) parts.push(`${t("km", { n: number(row.kilometres) })}${row.kilometres_from === "estimate" ? ` (${t("measures.estimate")})` : ""}`);
  if (row.crew_count != null && row.home_at) parts.push(t("measures.people", { n: row.crew_count }));
  if (row.person_hours != null) parts.push(t("measures.person_hours_n", { n: number(row.person_hours) }));
  for (const each of row.consumables ?? []) parts.push(`${number(each.quantity)} ${each.unit} ${each.item}`);
  return parts.join(" · ");
}

/** Say who travels with the unit and speaks for it. @param {Row} row */
export function nameLiaison(row) {
  return openForm({
    title: t("liaison.name"),
    text: html`<p>${t("liaison.name.text", { unit: unitText(row), who: memberName(row.requester_id) })}</p>`,
    fields: [
      { name: "name", label: t("person.name"), required: true, value: row.liaison_name ?? "" },
      { name: "phone", label: t("person.phone"), kind: "tel", most: 40, value: row.liaison_phone ?? "" },
    ],
    action: t("person.save"),
    command: (values) => ({ path: `/missions/${row.id}/liaison`, body: values }),
    how: () => ({ done: t("done.liaison", { unit: unitText(row) }), undo: row.liaison_name ? () => ({ path: `/missions/${row.id}/liaison`, body: { name: row.liaison_name, ...(row.liaison_phone && { phone: row.liaison_phone }) } }) : undefined }),
  });
}

/** Say who meets the unit, and on which talkgroup it is spoken to. @param {Row} row */
export function nameGuide(row) {
  return openForm({
    title: t("guide.name"),
    text: html`<p>${t("guide.name.text", { unit: unitText(row), who: memberName(row.lender_id) })}</p>`,
    fields: [
      { name: "name", label: t("person.name"), required: true, value: row.guide_name ?? "" },
      { name: "phone", label: t("person.phone"), kind: "tel", most: 40, value: row.guide_phone ?? "" },
      { name: "talkgroup", label: t("talkgroup"), most: 60, value: row.talkgroup ?? "" },
    ],
    action: t("person.save"),
    command: (values) => ({ path: `/missions/${row.id}/guide`, body: values }),
    how: () => ({ done: t("done.guide", { unit: unitText(row) }), undo: row.guide_name ? () => ({ path: `/missions/${row.id}/guide`, body: { name: row.guide_name, ...(row.guide_phone && { phone: row.guide_phone }), ...(row.talkgroup && { talkgroup: row.talkgroup }) } }) : undefined }),
  });
}

/** Write what comes along. @param {Row} row */
export function writeManifest(row) {
  return openDialog(t("manifest.write"), (close) => html`<${Listed} row=${row} close=${close} what="manifest" />`, { wide: true });
}

/** Write down what a mission took. @param {Row} row */
export function recordMeasures(row) {
  return openDialog(t("measures.write"), (close) => html`<${Listed} row=${row} close=${close} what="measures" />`, { wide: true });
}

const FIGURES = /** @type {Record<string, {name: string, most: number, step: number | "any", required: boolean}[]>} */ ({
  manifest: [{ name: "officers", most: 999, step: 1, required: true }, { name: "ncos", most: 999, step: 1, required: true }, { name: "crew", most: 999, step: 1, required: true }, { name: "vehicles", most: 999, step: 1, required: true }],
  measures: [{ name: "kilometres", most: 20_000, step: "any", required: false }, { name: "crew_count", most: 999, step: 1, required: false }, { name: "person_hours", most: 100_000, step: "any", required: false }],
});

/** What stands there at first: what was written before, else what is known of the unit. @param {Row} row @param {string} what @returns {Record<string, any>} */
function begun(row, what) {
  const unit = tables.resource.get(row.resource_id);
  if (what === "measures") return { kilometres: row.kilometres_from === "odometer" ? row.kilometres : "", crew_count: row.crew_count ?? (unit ? unit.officers + unit.ncos + unit.crew : ""), person_hours: row.person_hours ?? "", items: row.consumables ?? [] };
  const { officers, ncos, crew, vehicles, items } = row.manifest ?? { officers: unit?.officers ?? 0, ncos: unit?.ncos ?? 0, crew: unit?.crew ?? 0, vehicles: 1, items: [] };
  return { officers, ncos, crew, vehicles, items };
}

/** Figures, and things with their numbers. @param {{row: Row, what: "manifest" | "measures", close: (answer?: any) => void}} props */
function Listed({ row, what, close }) {
  const was = begun(row, what);
  const [figures, setFigures] = useState(was);
  const [items, setItems] = useState(/** @type {any[]} */ (was.items.length ? was.items : []));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [busy, setBusy] = useState(false);
  const measures = what === "measures";
  const change = (/** @type {number} */ at, /** @type {any} */ part) => setItems(items.with(at, { ...items[at], ...part }));
  const body = (/** @type {Record<string, any>} */ told, /** @type {any[]} */ things) => ({
    ...Object.fromEntries(FIGURES[what].map(({ name }) => [name, told[name]]).filter(([, value]) => value !== "" && value != null).map(([name, value]) => [name, Number(value)])),
    [measures ? "consumables" : "items"]: things.filter((each) => each.item?.trim()).map((each) => (measures ? { item: each.item.trim(), quantity: Number(each.quantity), unit: each.unit?.trim() || "–" } : { item: each.item.trim(), quantity: Number(each.quantity), ...(each.weight_kg && { weight_kg: Number(each.weight_kg) }) })),
  });
  const path = `/missions/${row.id}/${what}`;
  const written = measures ? row.kilometres_from === "odometer" || row.person_hours != null : Boolean(row.manifest);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      close(await carryOut({ path, body: body(figures, items) }, { quiet: true, done: t(`done.${what}`, { unit: unitText(row) }), undo: written ? () => ({ path, body: body(was, was.items) }) : undefined }));
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <p class="dialog-text">${t(`${what}.text`, { unit: unitText(row) })}</p>
    <div class="figures">${FIGURES[what].map(({ name, most, step, required }, at) => html`<label class="field"><span>${t(name === "vehicles" ? "manifest.vehicles_label" : `${what}.${name}`)}</span><input type="number" inputmode="decimal" min="0" max=${most} step=${step} required=${required} autofocus=${at === 0} value=${figures[name]} onInput=${(/** @type {any} */ event) => setFigures({ ...figures, [name]: event.target.value })} /></label>`)}</div>
    <fieldset><legend>${t(`${what}.items`)}</legend>
      ${items.map((each, at) => html`<div class="item-row" key=${at}>
        <input type="text" required maxlength="120" aria-label=${t("item")} placeholder=${t("item")} value=${each.item} onInput=${(/** @type {any} */ event) => change(at, { item: event.target.value })} />
        <input type="number" required min=${measures ? "0.01" : "1"} step=${measures ? "any" : "1"} aria-label=${t("quantity")} value=${each.quantity} onInput=${(/** @type {any} */ event) => change(at, { quantity: event.target.value })} />
        ${measures ? html`<input type="text" required maxlength="20" aria-label=${t("item.unit")} placeholder=${t("item.unit")} value=${each.unit ?? ""} onInput=${(/** @type {any} */ event) => change(at, { unit: event.target.value })} />`
          : html`<input type="number" min="0" step="any" aria-label=${t("item.weight")} placeholder="kg" value=${each.weight_kg ?? ""} onInput=${(/** @type {any} */ event) => change(at, { weight_kg: event.target.value })} />`}
        <button type="button" class="icon-button" aria-label=${t("item.remove")} title=${t("item.remove")} onClick=${() => setItems(items.filter((_, n) => n !== at))}>✕</button></div>`)}
      <button type="button" class="button small" onClick=${() => setItems([...items, { item: "", quantity: 1, unit: "" }])}>${t("item.add")}</button></fieldset>
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy}>${t("person.save")}</button></footer></form>`;
}
