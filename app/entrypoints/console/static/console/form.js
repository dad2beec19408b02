/**
 * A form in a dialog: what is asked for, and the one command that it sends. What was written stays until the server has taken
 * it: a refusal is told above the buttons, with what to do next.
 */
import { sides } from "./about.js";
import { openDialog, ProblemParts } from "./dialogs.js";
import { Choice, Quantity } from "./fields.js";
import { t } from "./i18n.js";
import { useSending } from "./sending.js";
import { dayText, fullTime, instantOf, localOf, now } from "./time.js";
import { html, useState } from "./view.js";

/** @typedef {import("./doing.js").Command} Command */
/** @typedef {import("./api.js").Problem} Problem */
/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {"text" | "area" | "tel" | "number" | "count" | "time" | "day" | "select" | "choice"} [kind] day: `2027-12-31`
 * @property {boolean} [required]
 * @property {any} [value] what stands there at first
 * @property {string} [hint]
 * @property {number} [most] characters, or the largest number
 * @property {number} [least]
 * @property {number | "any"} [step]
 * @property {number} [from] of a time: what its spans count from (ms); now, if nothing is said
 * @property {{value: string, text: any, disabled?: boolean}[]} [options]
 */

const SPANS_H = [1, 2, 4, 8, 12, 24];

/**
 * Open a form. Resolves to the receipt, or undefined where it was given up.
 * @param {{title: string, text?: any, fields: Field[] | ((values: Record<string, any>) => Field[]), action: string, danger?: boolean, wide?: boolean,
 *   command: (values: Record<string, any>, problem: Problem | null) => Command, how?: (values: Record<string, any>) => Parameters<typeof import("./doing.js").carryOut>[1]}} what
 *   command: of what was filled in, without what was left empty
 */
export function openForm(what) {
  return openDialog(what.title, (close) => html`<${Form} what=${what} close=${close} />`, { wide: what.wide });
}

/** @param {{what: Parameters<typeof openForm>[0], close: (answer?: any) => void}} props */
function Form({ what, close }) {
  const [typed, setTyped] = useState(/** @type {Record<string, any>} */ ({}));
  const { problem, busy, send } = useSending(close);
  const fields = typeof what.fields === "function" ? what.fields(typed) : what.fields;
  const valueOf = (/** @type {Field} */ field) => typed[field.name] ?? field.value ?? (field.kind === "count" ? 1 : "");
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = Object.fromEntries(fields.map((field) => [field.name, cleaned(field, valueOf(field))]).filter(([, value]) => value !== undefined));
    return send(what.command(values, problem), what.how?.(values));
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    ${what.text && html`<div class="dialog-text">${what.text}</div>`}
    ${fields.map((field, at) => html`<${Input} key=${field.name} field=${field} first=${at === 0} value=${valueOf(field)} onValue=${(/** @type {any} */ value) => setTyped((was) => ({ ...was, [field.name]: value }))} />`)}
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button>
      <button class=${what.danger ? "button danger" : "button primary"} autofocus=${fields.length === 0} disabled=${busy}>${what.action}</button></footer></form>`;
}

/** What a field holds as the command wants it; undefined where it is empty. @param {Field} field @param {any} value */
function cleaned(field, value) {
  if (field.kind === "number") return value === "" || value == null ? undefined : Number(value);
  if (typeof value !== "string") return value;
  return value.trim() || undefined;
}

/** @param {{field: Field, value: any, first: boolean, onValue: (value: any) => void}} props */
function Input({ field, value, first, onValue }) {
  const { kind = "text", required, hint, most, least, step, options = [] } = field;
  const label = field.required || kind === "choice" || kind === "count" ? field.label : `${field.label} (${t("optional")})`;
  const onInput = (/** @type {any} */ event) => onValue(event.target.value);
  if (kind === "choice") return html`<${Choice} label=${label} value=${value} options=${options} onChange=${onValue} />`;
  if (kind === "count") return html`<${Quantity} label=${label} value=${value} most=${most} onChange=${onValue} />`;
  if (kind === "time") return html`<${TimeField} label=${label} value=${value} from=${field.from} required=${required} onChange=${onValue} />`;
  if (kind === "select") return html`<label class="field"><span>${field.label}</span><select value=${value} autofocus=${first} onChange=${onInput}>${options.map((each) => html`<option value=${each.value} selected=${each.value === value} disabled=${each.disabled}>${each.text}</option>`)}</select></label>`;
  if (kind === "area") return html`<label class="field"><span>${label}</span><textarea rows="3" maxlength=${most ?? 1000} required=${required} autofocus=${first} placeholder=${hint} value=${value} onInput=${onInput}></textarea></label>`;
  if (kind === "number") return html`<label class="field"><span>${label}</span><input type="number" inputmode="decimal" min=${least ?? 0} max=${most} step=${step ?? 1} required=${required} autofocus=${first} value=${value} onInput=${onInput} /></label>`;
  if (kind === "day") return html`<label class="field"><span>${label}</span><input type="date" required=${required} autofocus=${first} value=${value} onInput=${onInput} /></label>`;
  return html`<label class="field"><span>${label}</span><input type=${kind === "tel" ? "tel" : "text"} maxlength=${most ?? 120} required=${required} autofocus=${first} placeholder=${hint} value=${value} onInput=${onInput} /></label>`;
}

const DAYS = 8;
const CLOCK = /^([01]?\d|2[0-3]):?([0-5]\d)$/;

/**
 * A time to come: by its span, or exactly, on the clock of the own side and by 24 hours whatever the browser is used to; both
 * sides' clocks are told under it.
 * @param {{label: string, value: string, from?: number, required?: boolean, onChange: (at: string) => void}} props value: ISO 8601, or empty
 */
export function TimeField({ label, value, from, required, onChange }) {
  const begin = from ?? now();
  const spans = SPANS_H.map((hours) => ({ hours, at: new Date(Math.ceil((begin + hours * 3_600_000) / 300_000) * 300_000).toISOString() }));
  const [day, clock] = localOf(value || now()).split("T");
  const [typed, setTyped] = useState(/** @type {{day: string, clock: string} | null} */ (null));
  const shown = typed ?? { day, clock: value ? clock : "" };
  const days = [...new Set([shown.day, ...Array.from({ length: DAYS }, (_, n) => localOf(now() + n * 86_400_000).slice(0, 10))])].sort();
  const set = (/** @type {{day: string, clock: string}} */ next) => {
    setTyped(next);
    const found = CLOCK.exec(next.clock.trim());
    onChange(found ? instantOf(`${next.day}T${found[1].padStart(2, "0")}:${found[2]}`) : "");
  };
  return html`<fieldset class="time-field"><legend>${label}</legend>
    <div class="choices" role="group" aria-label=${label}>${spans.map(({ hours, at }) => html`<button type="button" aria-pressed=${value === at} title=${t("hours", { n: hours })} onClick=${() => { setTyped(null); onChange(at); }}>+ ${t("hours.short", { n: hours })}</button>`)}</div>
    <div class="time-exact"><select aria-label=${`${label}: ${t("time.day")}`} value=${shown.day} onChange=${(/** @type {any} */ event) => set({ ...shown, day: event.target.value })}>${days.map((each) => html`<option value=${each} selected=${each === shown.day}>${dayText(each)}</option>`)}</select>
      <input type="text" inputmode="numeric" maxlength="5" pattern="([01]?[0-9]|2[0-3]):?[0-5][0-9]" placeholder="00:00" aria-label=${`${label}: ${t("time.clock")}`} required=${required} value=${shown.clock} onInput=${(/** @type {any} */ event) => set({ ...shown, clock: event.target.value })} /></div>
    <p class="dim note">${value ? fullTime(value, sides()) : t("time.own_clock")}</p></fieldset>`;
}
