/** Fields of several things: the parties, resource types found in any language, an order of lenders, and lists of terms. */
import { members } from "./about.js";
import { fieldsOf } from "./agreement_form.js";
import { Field } from "./editor_fields.js";
import { Choice, Combobox } from "./fields.js";
import { findTypes, folded, named, t, typeName } from "./i18n.js";
import { Member } from "./parts.js";
import { html, useState } from "./view.js";

/** @typedef {import("./editor_fields.js").Props} Props */

/** Who lends and who asks. @param {Props} props */
export function PartiesField({ ed, label, bad }) {
  const { lenders, borrowers } = ed.doc;
  const tick = (/** @type {string} */ list, /** @type {string[]} */ ids, /** @type {string} */ id, /** @type {boolean} */ on) => ed.set(`/${list}`, on ? [...ids, id] : ids.filter((each) => each !== id));
  const box = (/** @type {string} */ list, /** @type {string[]} */ ids, /** @type {any} */ row) => html`<label class="party-tick"><input type="checkbox" ...${bad} aria-label=${`${named(row.names)}: ${t(`rule.${list}.name`)}`} checked=${ids.includes(row.id)} onChange=${(/** @type {any} */ event) => tick(list, ids, row.id, event.target.checked)} /> <span>${t(list === "lenders" ? "party.lends" : "party.borrows")}</span></label>`;
  return html`<fieldset><legend>${label}</legend><ul class="plain parties-edit">${members().map((row) => html`<li key=${row.id} class=${lenders.includes(row.id) || borrowers.includes(row.id) ? "in" : ""}><${Member} id=${row.id} />${box("lenders", lenders, row)}${box("borrowers", borrowers, row)}</li>`)}</ul></fieldset>`;
}

/** Types by any of their names. @param {string} text @param {readonly string[]} without */
function typeOptions(text, without = []) {
  return findTypes(text).filter((type) => !without.includes(type.code)).map((type) => {
    const as = /** @type {any} */ (type).as;
    return { key: type.code, text: named(type.names), note: as && folded(as) !== folded(named(type.names)) ? as : "", value: type.code };
  });
}

/** One type. Where it may be left open, its name can be taken away again. @param {Props} props */
export function TypeField({ spec, value, set, label }) {
  const [text, setText] = useState(/** @type {string | null} */ (null));
  return html`<${Combobox} label=${label} text=${text ?? (value ? typeName(value) : "")} options=${typeOptions(text ?? "")} hint=${spec.none ? t(spec.none) : t("type.hint")}
    onText=${(/** @type {string} */ next) => { setText(next); set(spec.none ? null : ""); }} onPick=${(/** @type {string} */ code) => { setText(null); set(code); }} />`;
}

/** All types, or some: each is found by any of its names. @param {Props} props */
export function TypesField({ spec, value, set, label }) {
  const [text, setText] = useState("");
  const all = value === "*";
  const chosen = /** @type {string[]} */ (all ? [] : (value ?? []));
  const pick = html`<div role="group" aria-label=${label}>${chosen.length > 0 && html`<ul class="chips">${chosen.map((code) => html`<li key=${code}>${typeName(code)} <button type="button" class="chip-off" aria-label=${t("edit.take_off", { what: typeName(code) })} onClick=${() => set(chosen.filter((each) => each !== code))}>✕</button></li>`)}</ul>`}
    <${Combobox} label=${t("edit.add_type")} text=${text} options=${typeOptions(text, chosen)} hint=${t("type.hint")} onText=${setText} onPick=${(/** @type {string} */ code) => { setText(""); set([...chosen, code]); }} /></div>`;
  if (!spec.none) return html`<fieldset><legend>${label}</legend>${pick}</fieldset>`;
  return html`<${Choice} label=${label} value=${all ? "all" : "some"} options=${[{ value: "all", text: t(spec.none) }, { value: "some", text: t("edit.only_these") }]} onChange=${(/** @type {string} */ each) => set(each === "all" ? "*" : [])} />${!all && pick}`;
}

/** Things in an order: who is alarmed first. @param {Props} props */
export function OrderField({ ed, spec, value, set, label, bad }) {
  const ids = /** @type {string[]} */ (value ?? []);
  const rest = (spec.options?.(ed.doc) ?? []).filter((each) => !ids.includes(each.value));
  const first = (/** @type {number} */ n) => set([...ids.slice(0, n - 1), ids[n], ids[n - 1], ...ids.slice(n + 1)]);
  return html`<fieldset><legend>${label}</legend>${ids.length > 0 && html`<ol class="order">${ids.map((id, n) => html`<li key=${id}><span><${Member} id=${id} /></span> ${n > 0 && html`<button type="button" class="button small" onClick=${() => first(n)}>${t("edit.sooner")}</button>`}
      <button type="button" class="button small" onClick=${() => set(ids.filter((each) => each !== id))}>${t("edit.off")}</button></li>`)}</ol>`}
    ${rest.length > 0 && html`<label class="field short"><span>${t("edit.add_lender")}</span><select ...${bad} value="" onChange=${(/** @type {any} */ event) => { if (event.target.value) set([...ids, event.target.value]); event.target.value = ""; }}><option value="">–</option>${rest.map((each) => html`<option value=${each.value}>${each.text}</option>`)}</select></label>`}</fieldset>`;
}

/** A list of terms; each item has the fields that the list describes. @param {Props} props */
export function ListField({ ed, spec, value, set, label }) {
  const items = /** @type {any[]} */ (value ?? []);
  const add = () => set([...items, spec.fresh?.()]);
  return html`<div role="group" aria-label=${label}><h3>${label} <span class="count">${items.length}</span></h3>${items.map((item, n) => html`<fieldset class="edit-item" key=${n}><legend>${n + 1}. ${spec.title?.(item) ?? ""}</legend>
      <div class="item-fields">${fieldsOf(ed.doc, spec, n).map((field) => html`<${Field} key=${field.at} ed=${ed} spec=${field} />`)}</div>
      <div class="buttons"><button type="button" class="button small" aria-label=${`${t("edit.off")}: ${n + 1}. ${spec.title?.(item) ?? ""}`} onClick=${() => set(items.filter((_, other) => other !== n))}>${t("edit.off")}</button></div></fieldset>`)}
    ${items.length < (spec.most ?? 500) && html`<button type="button" class="button small" onClick=${add}>+ ${t(spec.add ?? "")}</button>`}</div>`;
}
