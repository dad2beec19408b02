/**
 * The fields of a form that is a page: each kind by what it asks for. A field is described as data (`agreement_form.js`), reads and
 * writes one place of a document, and shows under itself what is wrong with it.
 */
import { memberName, sides } from "./about.js";
import { myMember, session } from "./api.js";
import { money } from "./agreement_words.js";
import { amountOf, at, codeFrom } from "./agreement_doc.js";
import { countriesOf, labelOf } from "./agreement_form.js";
import { AreaField } from "./agreement_area.js";
import { ListField, OrderField, PartiesField, TypeField, TypesField } from "./editor_lists.js";
import { Choice } from "./fields.js";
import { LANGUAGES, language, languageName, NO_LANGUAGE, phaseName, phases, t, word } from "./i18n.js";
import { tables } from "./store.js";
import { fullTime, instantOf, localOf } from "./time.js";
import { html, useState } from "./view.js";

/** @typedef {import("./agreement_form.js").Spec} Spec */
/** @typedef {import("./agreement_doc.js").Doc} Doc */
/** @typedef {{doc: Doc, set: (pointer: string, value: any) => void, wrong: import("./agreement_wrong.js").Wrong[]}} Editor */
/** @typedef {{ed: Editor, spec: Spec, value: any, set: (value: any) => void, label: string, bad: Record<string, any>}} Props bad: attributes that tell an input that it is wrong */

/** The id of a field's element. @param {string} pointer */
export const fieldId = (pointer) => `f${pointer.replace(/[^\w]/g, "-")}`;

const KINDS = /** @type {Record<string, (props: Props) => any>} */ ({
  text: TextField, area: LongField, texts: TextsField, code: CodeField, number: NumberField, money: MoneyField, select: SelectField, choice: ChoiceField, ticks: TicksField, some: SomeField, instant: InstantField,
  names: NamesField, clause: ClauseField, phases: PhasesField, hours: HoursField, daily: HoursField, parties: PartiesField, types: TypesField, only_types: TypesField, type: TypeField, order: OrderField, list: ListField, place: AreaField,
});

/** One field with what stands under it. @param {{ed: Editor, spec: Spec}} props */
export function Field({ ed, spec }) {
  const id = fieldId(spec.at);
  const wrong = ed.wrong.filter((each) => each.at === spec.at);
  const bad = wrong.length ? { "aria-invalid": "true", "aria-describedby": `${id}-wrong` } : {};
  const label = labelOf(spec) + (spec.required || NEVER_OPTIONAL.includes(spec.kind) ? "" : ` (${t("optional")})`);
  const Kind = KINDS[spec.kind];
  return html`<div class=${`edit-field kind-${spec.kind}${wrong.length ? " wrong" : ""}`} id=${id}>
    <${Kind} ed=${ed} spec=${spec} value=${at(ed.doc, spec.at)} set=${(/** @type {any} */ value) => ed.set(spec.at, value)} label=${label} bad=${bad} />
    ${spec.hint && html`<p class="dim note">${t(spec.hint)}</p>`}
    ${wrong.length > 0 && html`<p class="field-wrong" id=${`${id}-wrong`}>${wrong.map((each) => each.text).join(" ")}</p>`}</div>`;
}

/** Kinds of which one choice says that nothing is said, or that hold what may be empty by their nature. */
const NEVER_OPTIONAL = ["choice", "select", "ticks", "some", "types", "phases", "clause", "list", "place", "hours", "daily", "parties", "code"];

/** @param {Props} props */
function TextField({ spec, value, set, label, bad }) {
  return html`<label class="field"><span>${label}</span><input type="text" ...${bad} maxlength=${spec.most} value=${value ?? ""} onInput=${(/** @type {any} */ event) => set(event.target.value)} /></label>`;
}

/** @param {Props} props */
function LongField({ spec, value, set, label, bad }) {
  return html`<label class="field"><span>${label}</span><textarea rows="2" ...${bad} maxlength=${spec.most} value=${value ?? ""} onInput=${(/** @type {any} */ event) => set(event.target.value)}></textarea></label>`;
}

/** A text in the reader's language, in those in which there is one, and in more if wanted. @param {{label: string, texts: Record<string, string>, set: (texts: Record<string, string>) => void, bad: Record<string, any>, plain?: boolean}} props plain: the label stands above them all */
function ByLanguage({ label, texts, set, bad, plain }) {
  const [more, setMore] = useState(false);
  const shown = [...inOrder(), NO_LANGUAGE].filter((code, n) => (n === 0 || texts[code] !== undefined || (more && code !== NO_LANGUAGE)));
  return html`<div class="by-language">${shown.map((code) => html`<label class="field" key=${code}><span>${plain ? languageName(code) : `${label}: ${languageName(code)}`}</span><textarea rows="2" lang=${code} ...${bad} maxlength="4000" value=${texts[code] ?? ""} onInput=${(/** @type {any} */ event) => set({ ...texts, [code]: event.target.value })}></textarea></label>`)}</div>
    ${LANGUAGES.some((code) => !shown.includes(code)) && html`<button type="button" class="button small" aria-label=${`${label}: ${t("edit.more_languages")}`} onClick=${() => setMore(true)}>${t("edit.more_languages")}</button>`}`;
}

/** A text of the parties, by language. @param {Props} props */
function TextsField({ value, set, label, bad }) {
  return html`<fieldset><legend>${label}</legend><${ByLanguage} label=${label} texts=${value ?? {}} set=${set} bad=${bad} plain /></fieldset>`;
}

/** The code that it is known by; made of the name as long as nobody gives another. @param {Props} props */
function CodeField({ ed, spec, value, set, label, bad }) {
  return html`<label class="field"><span>${label}</span><input type="text" ...${bad} autocapitalize="none" spellcheck="false" maxlength=${spec.most} placeholder=${codeFrom(ed.doc.names)} value=${value ?? ""} onInput=${(/** @type {any} */ event) => set(event.target.value)} /></label>`;
}

/** @param {Props} props */
function NumberField({ spec, value, set, label, bad }) {
  return html`<label class="field short"><span>${label}</span><input type="number" inputmode="numeric" step="1" ...${bad} min=${spec.least} max=${spec.most} value=${value ?? ""} onInput=${(/** @type {any} */ event) => set(event.target.value === "" ? null : Number(event.target.value))} /></label>`;
}

/** An amount as people write theirs, and how it was understood. @param {Props} props */
function MoneyField({ ed, value, set, label, bad }) {
  const amount = amountOf(value);
  const understood = amount !== null && Number.isFinite(Number(amount));
  return html`<label class="field short"><span>${label}</span><input type="text" inputmode="decimal" ...${bad} maxlength="20" value=${value ?? ""} onInput=${(/** @type {any} */ event) => set(event.target.value)} /></label>
    ${understood && html`<p class="dim note">= ${money(amount, ed.doc.terms.cost.currency)}</p>`}`;
}

/** @param {Props} props */
function SelectField({ ed, spec, value, set, label, bad }) {
  const options = [...(spec.none ? [{ value: "", text: t(spec.none) }] : []), ...(spec.options?.(ed.doc) ?? [])];
  return html`<label class="field short"><span>${label}</span><select ...${bad} value=${value ?? ""} onChange=${(/** @type {any} */ event) => set(event.target.value || null)}>${options.map((each) => html`<option value=${each.value} selected=${each.value === (value ?? "")}>${each.text}</option>`)}</select></label>`;
}

/** @param {Props} props */
function ChoiceField({ ed, spec, value, set, label }) {
  return html`<${Choice} label=${label} value=${value} options=${spec.options?.(ed.doc) ?? []} onChange=${set} />`;
}

/** @param {{options: {value: string, text: string}[], value: string[], set: (value: string[]) => void, bad?: Record<string, any>}} props */
export function Ticks({ options, value, set, bad = {} }) {
  const tick = (/** @type {string} */ code, /** @type {boolean} */ on) => set(options.map((each) => each.value).filter((each) => (each === code ? on : value.includes(each))));
  return html`<div class="ticks">${options.map((each) => html`<label key=${each.value}><input type="checkbox" ...${bad} checked=${value.includes(each.value)} onChange=${(/** @type {any} */ event) => tick(each.value, event.target.checked)} /> <span>${each.text}</span></label>`)}</div>`;
}

/** @param {Props} props */
function TicksField({ ed, spec, value, set, label, bad }) {
  return html`<fieldset><legend>${label}</legend><${Ticks} options=${spec.options?.(ed.doc) ?? []} value=${value ?? []} set=${set} bad=${bad} /></fieldset>`;
}

/** All there are and will be, or only some. @param {Props} props */
function SomeField({ ed, spec, value, set, label, bad }) {
  const all = value === "*";
  return html`<${Choice} label=${label} value=${all ? "all" : "some"} options=${[{ value: "all", text: t(spec.none ?? "") }, { value: "some", text: t("edit.only_these") }]} onChange=${(/** @type {string} */ each) => set(each === "all" ? "*" : [])} />
    ${!all && html`<div role="group" aria-label=${label}><${Ticks} options=${spec.options?.(ed.doc) ?? []} value=${value ?? []} set=${set} bad=${bad} /></div>`}`;
}

/** A day and a time of it, on the own side's clock and by 24 hours; all clocks of the corridor are told under it. @param {Props} props */
function InstantField({ value, set, label, bad }) {
  const own = tables.member.get(myMember());
  const [typed, setTyped] = useState(/** @type {string | null} */ (null));
  const [day, clock] = value ? localOf(value).split("T") : ["", "00:00"];
  const change = (/** @type {string} */ on, /** @type {string} */ at) => set(on ? instantOf(`${on}T${at}`) : null);
  const type = (/** @type {string} */ text) => {
    const time = clockOf(text);
    setTyped(text);
    if (day && CLOCK.test(time)) change(day, time);
  };
  return html`<fieldset><legend>${label}</legend><div class="time-exact"><input type="date" aria-label=${`${label}: ${t("time.day")}`} ...${bad} value=${day} onChange=${(/** @type {any} */ event) => change(event.target.value, clock)} />
    <input type="text" inputmode="numeric" maxlength="5" placeholder="00:00" aria-label=${`${label}: ${t("time.clock")}`} ...${bad} disabled=${!day} value=${typed ?? clock} onInput=${(/** @type {any} */ event) => type(event.target.value)} onBlur=${() => setTyped(null)} /></div>
    <p class="dim note">${value ? `${fullTime(value, sides())} · ` : ""}${t("edit.clock_of", { who: memberName(own?.id), zone: own?.time_zone ?? "UTC" })}</p></fieldset>`;
}

/** The languages, the reader's first. */
const inOrder = () => [...LANGUAGES].sort((a, b) => Number(b === language.value) - Number(a === language.value));

/** @param {Props} props */
function NamesField({ spec, value, set, label, bad }) {
  return html`<fieldset><legend>${label}</legend><div class="by-language">${inOrder().map((code) => html`<label class="field" key=${code}><span>${languageName(code)}</span><input type="text" lang=${code} ...${bad} maxlength=${spec.most} value=${value?.[code] ?? ""} onInput=${(/** @type {any} */ event) => set({ ...value, [code]: event.target.value })} /></label>`)}</div></fieldset>`;
}

const SAID = ["unsaid", "settled", "open", "not_applicable"];

/** A clause: not spoken of, settled, open, or none of ours; and in which words. @param {Props} props */
function ClauseField({ value, set, label, bad }) {
  const status = value?.status ?? "unsaid";
  const texts = value?.texts ?? {};
  return html`<${Choice} label=${label} value=${status} options=${SAID.map((each) => ({ value: each, text: t(`clause.${each}`) }))} onChange=${(/** @type {string} */ each) => set(each === "unsaid" ? null : { status: each, texts })} />
    ${status !== "unsaid" && html`<${ByLanguage} label=${label} texts=${texts} set=${(/** @type {Record<string, string>} */ said) => set({ status, texts: said })} bad=${bad} />`}`;
}

/** From which phase on, by country of the parties. @param {Props} props */
function PhasesField({ ed, spec, value, set, label, bad }) {
  return html`<fieldset><legend>${label}</legend><div class="by-country">${countriesOf(ed.doc).map((country) => html`<label class="field short" key=${country}><span>${word("countries", country)}</span>
    <select ...${bad} value=${value?.[country] ?? ""} onChange=${(/** @type {any} */ event) => set({ ...value, [country]: event.target.value })}><option value="">${t(spec.none ?? "")}</option>${phases(country).filter((_, n) => n > 0).map((code) => html`<option value=${code} selected=${code === value?.[country]}>${t("edit.from_phase", { phase: phaseName(country, code) })}</option>`)}</select></label>`)}</div></fieldset>`;
}

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** At all hours, or only from one time of day to another; by 24 hours, whatever the browser is used to. @param {Props} props */
function HoursField({ spec, value, set, label, bad }) {
  const daily = spec.kind === "daily";
  const [from, to] = daily ? ["begins", "ends"] : ["start", "end"];
  const fresh = daily ? { begins: "22:00", ends: "06:00" } : { start: "22:00", end: "06:00", weekdays: WEEK };
  const clock = (/** @type {string} */ name) => html`<label class="field clock"><span>${t(`rule.${name}.name`)}</span><input type="text" inputmode="numeric" placeholder="22:00" maxlength="5" ...${bad} value=${value[name]} onInput=${(/** @type {any} */ event) => set({ ...value, [name]: event.target.value })} onBlur=${(/** @type {any} */ event) => set({ ...value, [name]: clockOf(event.target.value) })} /></label>`;
  return html`<${Choice} label=${label} value=${value ? "some" : "all"} options=${[{ value: "all", text: t("edit.all_hours") }, { value: "some", text: t("edit.only_hours") }]} onChange=${(/** @type {string} */ each) => set(each === "all" ? null : fresh)} />
    ${value && html`<div class="from-until">${clock(from)}${clock(to)}</div>${!daily && html`<div role="group" aria-label=${t("rule.weekdays.name")}><${Ticks} options=${WEEK.map((day) => ({ value: day, text: word("weekdays", day) }))} value=${value.weekdays ?? WEEK} set=${(/** @type {string[]} */ weekdays) => set({ ...value, weekdays })} bad=${bad} /></div>`}`}`;
}

/** `6:30`, `630` as `06:30`; what is no time stays as it was typed. @param {string} typed */
function clockOf(typed) {
  const found = /^(\d{1,2})[:.h]?(\d\d)$/.exec(typed.trim());
  return found ? `${found[1].padStart(2, "0")}:${found[2]}` : typed.trim();
}

/** Whoever is signed in, for what is kept of theirs alone. */
export const whose = () => session.value?.user.id ?? "";
