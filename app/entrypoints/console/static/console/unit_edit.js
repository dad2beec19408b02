/** What its owner changes about a unit or a depot: particulars, whether it can be asked for, and that it is gone for good. */
import { myMember, read } from "./api.js";
import { openDialog, ProblemParts } from "./dialogs.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { PlaceField, TypeField } from "./fields.js";
import { codes, LANGUAGES, t, typeName, word } from "./i18n.js";
import { goTo } from "./router.js";
import { useSending } from "./sending.js";
import { tables, take } from "./store.js";
import { depotRow } from "./resources.js";
import { html, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

const SIZES = /** @type {const} */ (["weight_t", "length_m", "width_m", "height_m"]);
const PARTS = /** @type {const} */ (["officers", "ncos", "crew"]);
const NEEDED = /** @type {const} */ (["papers", "couplings", "radios"]);

/** Say that a unit can't be asked for, and why. @param {Row} row */
export async function takeOut(row) {
  const reason = await openDialog(t("unit.take_out"), (close) => html`<div class="dialog-body"><p class="dialog-text">${t("unit.take_out.text", { unit: row.call_sign })}</p>
    <div class="button-list">${codes("out_of_service_reasons").map((code, n) => html`<button type="button" class="button" autofocus=${n === 0} onClick=${() => close(code)}>${word("out_of_service_reasons", code)}</button>`)}</div>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button></footer></div>`);
  if (reason) await setStatus(row, { status: "out_of_service", reason });
}

/** Say that a unit can be asked for again. @param {Row} row */
export function bringBack(row) {
  return setStatus(row, { status: "available" });
}

/** @param {Row} row @param {{status: string, reason?: string}} body */
function setStatus(row, body) {
  const before = row.status === "out_of_service" ? { status: row.status, reason: row.out_of_service_reason } : { status: row.status };
  return carryOut({ path: `/resources/${row.id}/status`, body, revision: row.revision }, {
    done: body.status === "available" ? t("done.unit_back", { unit: row.call_sign }) : t("done.unit_out", { unit: row.call_sign }),
    undo: row.status === "committed" ? undefined : (receipt) => ({ path: `/resources/${row.id}/status`, body: before, revision: receipt.revision }),
  });
}

/** @param {Row} row */
export async function retire(row) {
  const done = await carryOutConfirmed({ title: t("unit.retire"), text: html`<p>${t("unit.retire.text", { unit: row.call_sign })}</p>`, action: t("unit.retire"), why: "required", danger: true },
    (answer) => ({ path: `/resources/${row.id}/retire`, body: answer, revision: row.revision }), { done: t("done.unit_retired", { unit: row.call_sign }) });
  if (done) goTo("#/resources");
}

/** @param {Row} row */
export async function changeUnit(row) {
  await openDialog(t("unit.change"), (close) => html`<${UnitForm} row=${row} close=${close} />`, { wide: true });
}

/** Enter a unit of one's own. */
export async function addUnit() {
  const receipt = await openDialog(t("unit.add"), (close) => html`<${UnitForm} row=${null} close=${close} />`, { wide: true });
  if (receipt) goTo(`#/resource/${receipt.id}`);
}

/** @param {{row: Row | null, close: (answer?: any) => void}} props */
function UnitForm({ row, close }) {
  const depots = tables.depot.where("member_id", row?.member_id ?? myMember());
  const [now, setNow] = useState(() => ({
    call_sign: row?.call_sign ?? "", type_code: row?.type_code ?? "", depot_id: row?.depot_id ?? depots[0]?.id ?? "", mobilisation_min: row?.mobilisation_min ?? 10,
    officers: row?.officers ?? 0, ncos: row?.ncos ?? 1, crew: row?.crew ?? 3, weight_t: row?.weight_t ?? null, length_m: row?.length_m ?? null, width_m: row?.width_m ?? null, height_m: row?.height_m ?? null,
    readiness: row?.readiness ?? { papers: false, couplings: false, radios: false, languages: /** @type {string[]} */ ([]) },
  }));
  const { problem, busy, send } = useSending(close);
  const set = (/** @type {any} */ part) => setNow((was) => ({ ...was, ...part }));
  const ready = (/** @type {any} */ part) => set({ readiness: { ...now.readiness, ...part } });
  const spoken = [...new Set([...LANGUAGES, ...now.readiness.languages])];
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const { type_code, ...rest } = now;
    if (!row) return send({ path: "/resources", body: { type_code, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null)) } }, { done: t("done.unit_added", { unit: now.call_sign }) });
    const body = Object.fromEntries(Object.entries(rest).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(row[name])));
    if (!Object.keys(body).length) return close();
    return send({ path: `/resources/${row.id}`, method: "PATCH", body, revision: row.revision }, {
      done: t("done.unit_changed", { unit: row.call_sign }),
      undo: (receipt) => ({ path: `/resources/${row.id}`, method: "PATCH", body: Object.fromEntries(Object.keys(body).map((name) => [name, row[name]])), revision: receipt.revision }),
    });
  };
  const number = (/** @type {string} */ name, /** @type {any} */ how = {}) => html`<label class="field" key=${name}><span>${t(`field.${name}`)}</span><input type="number" min="0" max=${how.max ?? 1000} step=${how.step ?? 1} required=${!how.optional} value=${/** @type {any} */ (now)[name] ?? ""} onInput=${(/** @type {any} */ event) => set({ [name]: event.target.value === "" && how.optional ? null : Number(event.target.value) })} /></label>`;
  return html`<form class="dialog-body" onSubmit=${submit}>
    <div class="three"><label class="field"><span>${t("field.call_sign")}</span><input type="text" maxlength="40" required autofocus value=${now.call_sign} onInput=${(/** @type {any} */ event) => set({ call_sign: event.target.value })} /></label>
      <label class="field"><span>${t("field.depot_id")}</span><select required value=${now.depot_id} onChange=${(/** @type {any} */ event) => set({ depot_id: event.target.value })}>${depots.map((depot) => html`<option value=${depot.id} selected=${depot.id === now.depot_id}>${depot.name}</option>`)}</select></label>
      ${number("mobilisation_min", { max: 10080 })}</div>
    ${row ? html`<p class="dim note">${t("unit.type_stays", { type: typeName(row.type_code) })}</p>` : html`<${TypeField} value=${now.type_code} onChange=${(/** @type {string} */ type_code) => set({ type_code })} />`}
    <fieldset><legend>${t("unit.strength")}</legend><div class="four">${PARTS.map((name) => number(name, { max: 999 }))}</div></fieldset>
    <fieldset><legend>${t("unit.size")} (${t("optional")})</legend><div class="four">${SIZES.map((name) => number(name, { max: 999, step: "any", optional: true }))}</div></fieldset>
    <fieldset><legend>${t("ready")}</legend><div class="ticks">${NEEDED.map((name) => html`<label><input type="checkbox" checked=${now.readiness[name]} onChange=${(/** @type {any} */ event) => ready({ [name]: event.target.checked })} /> ${word("readiness", name)}</label>`)}</div></fieldset>
    <fieldset><legend>${word("readiness", "languages")}</legend><div class="ticks">${spoken.map((code) => html`<label><input type="checkbox" checked=${now.readiness.languages.includes(code)} onChange=${(/** @type {any} */ event) => ready({ languages: event.target.checked ? [...now.readiness.languages, code] : now.readiness.languages.filter((/** @type {string} */ each) => each !== code) })} /> ${code.toUpperCase()}</label>`)}</div></fieldset>
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy || (!row && !now.type_code)}>${row ? t("write") : t("unit.add")}</button></footer></form>`;
}

/** Add a depot, or correct one. @param {Row | null} row */
export async function editDepot(row) {
  const receipt = await openDialog(row ? t("depot.change_it", { name: row.name }) : t("depot.add"), (close) => html`<${DepotForm} row=${row} close=${close} />`);
  if (!receipt || row) return;
  const found = await read(`/depots/${receipt.id}`).catch(() => null); // it is entered: where it can't be read now, the feed tells of it
  if (found) take({ depot: [depotRow(found)] });
}

/** @param {{row: Row | null, close: (answer?: any) => void}} props */
function DepotForm({ row, close }) {
  const home = tables.member.get(myMember());
  const [now, setNow] = useState(() => ({ name: row?.name ?? "", code: "", address: row?.address ?? "", lon: row?.lon ?? home?.lon ?? 0, lat: row?.lat ?? home?.lat ?? 0 }));
  const [place, setPlace] = useState("");
  const { problem, busy, send } = useSending(close);
  const set = (/** @type {any} */ part) => setNow((was) => ({ ...was, ...part }));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const { code, ...rest } = { ...now, address: now.address.trim() || null };
    const how = { done: t("done.depot", { name: now.name }) };
    if (!row) return send({ path: "/depots", body: { code: code.trim(), ...rest } }, { ...how, undo: (receipt) => ({ path: `/depots/${receipt.id}/remove`, body: {}, revision: receipt.revision }) });
    const body = Object.fromEntries(Object.entries(rest).filter(([name, value]) => value !== row[name]));
    if (!Object.keys(body).length) return close();
    return send({ path: `/depots/${row.id}`, method: "PATCH", body, revision: row.revision }, {
      ...how,
      undo: (receipt) => ({ path: `/depots/${row.id}`, method: "PATCH", body: Object.fromEntries(Object.keys(body).map((name) => [name, row[name] ?? null])), revision: receipt.revision }),
    });
  };
  const degrees = (/** @type {"lon" | "lat"} */ name, /** @type {number} */ most) => html`<label class="field"><span>${t(`field.${name}`)}</span><input type="number" step="any" min=${-most} max=${most} required value=${now[name]} onInput=${(/** @type {any} */ event) => set({ [name]: Number(event.target.value) })} /></label>`;
  return html`<form class="dialog-body" onSubmit=${submit}>
    <label class="field"><span>${t("field.name")}</span><input type="text" maxlength="120" required autofocus value=${now.name} onInput=${(/** @type {any} */ event) => set({ name: event.target.value })} /></label>
    ${!row && html`<label class="field"><span>${t("field.code")}</span><input type="text" maxlength="60" required pattern="[a-z0-9][a-z0-9._\\-]*" value=${now.code} onInput=${(/** @type {any} */ event) => set({ code: event.target.value })} /></label><p class="dim note">${t("depot.code.note")}</p>`}
    <label class="field"><span>${t("field.address")} (${t("optional")})</span><input type="text" maxlength="200" value=${now.address} onInput=${(/** @type {any} */ event) => set({ address: event.target.value })} /></label>
    <${PlaceField} label=${t("depot.near")} text=${place} onChange=${(/** @type {any} */ found) => { setPlace(found.place); if (found.lon !== undefined) set({ lon: found.lon, lat: found.lat }); }} />
    <div class="two">${degrees("lon", 180)}${degrees("lat", 90)}</div>
    ${row && html`<p class="dim note">${t("depot.moves_units")}</p>`}
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy}>${row ? t("write") : t("depot.add")}</button></footer></form>`;
}
