/** Fields that several forms share: a type by any of its names, a place by name or by pointing at the map. */
import { findPlaces } from "./basemap.js";
import { folded, findTypes, language, named, t } from "./i18n.js";
import { html, useEffect, useRef, useState } from "./view.js";

let serial = 0;

/**
 * A text field with a list under it (the combobox of the ARIA practices): arrows move, Enter takes, Escape closes.
 * @param {{label: string, text: string, options: {key: string, text: string, note?: string, value: any}[], onText: (text: string) => void, onPick: (value: any) => void, required?: boolean, hint?: string, autofocus?: boolean}} props
 */
export function Combobox({ label, text, options, onText, onPick, required, hint, autofocus }) {
  const id = useRef(`combo-${++serial}`).current;
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const pick = (/** @type {any} */ value) => {
    setOpen(false);
    onPick(value);
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      setAt((was) => Math.max(0, Math.min(options.length - 1, was + (event.key === "ArrowDown" ? 1 : -1))));
    } else if (event.key === "Enter" && open && options[at]) {
      event.preventDefault();
      pick(options[at].value);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
    }
  };
  return html`<div class="field combo"><label for=${id}><span>${label}</span></label>
    <input id=${id} type="text" role="combobox" autocomplete="off" aria-expanded=${open && options.length > 0} aria-controls=${`${id}-list`} aria-autocomplete="list"
      aria-activedescendant=${open && options[at] ? `${id}-${at}` : undefined} value=${text} required=${required} placeholder=${hint} autofocus=${autofocus}
      onInput=${(/** @type {any} */ event) => { onText(event.target.value); setOpen(true); setAt(0); }} onFocus=${(/** @type {any} */ event) => event.target.select()} onClick=${() => setOpen(true)} onKeyDown=${key} onBlur=${() => setTimeout(() => setOpen(false), 150)} />
    ${open && options.length > 0 && html`<ul id=${`${id}-list`} role="listbox" class="options" aria-label=${label}>${options.map((option, n) => html`
      <li id=${`${id}-${n}`} key=${option.key} role="option" aria-selected=${n === at} onMouseDown=${(/** @type {Event} */ event) => { event.preventDefault(); pick(option.value); }}>${option.text}${option.note && html` <span class="dim">${option.note}</span>`}</li>`)}</ul>`}</div>`;
}

/** @param {{value: string, onChange: (code: string) => void, autofocus?: boolean}} props */
export function TypeField({ value, onChange, autofocus }) {
  const known = findTypes("").find((type) => type.code === value);
  const [text, setText] = useState(/** @type {string | null} */ (null));
  const shown = text ?? (known ? named(known.names) : "");
  const options = findTypes(text ?? "").map((type) => {
    const as = /** @type {any} */ (type).as;
    return { key: type.code, text: named(type.names), note: as && folded(as) !== folded(named(type.names)) ? as : "", value: type.code };
  });
  return html`<${Combobox} label=${t("type")} text=${shown} options=${options} required autofocus=${autofocus} hint=${t("type.hint")}
    onText=${(/** @type {string} */ next) => { setText(next); onChange(""); }} onPick=${(/** @type {string} */ code) => { setText(null); onChange(code); }} />`;
}

/**
 * A place: a name out of the map's places; its point becomes where help is wanted.
 * @param {{text: string, onChange: (found: {place: string, lon?: number, lat?: number}) => void, note?: string, label?: string}} props
 */
export function PlaceField({ text, onChange, note, label }) {
  const [found, setFound] = useState(/** @type {import("./basemap.js").Place[]} */ ([]));
  useEffect(() => {
    let late = false;
    findPlaces(text, 8).then((places) => late || setFound(places), () => undefined);
    return () => {
      late = true;
    };
  }, [text]);
  const options = found.map((place) => {
    const name = place.names?.[language.value] ?? place.n;
    return { key: `${place.cc}${place.n}${place.lon}`, text: name, note: [name === place.n ? "" : place.n, place.cc].filter(Boolean).join(" · "), value: { place: name, lon: place.lon, lat: place.lat } };
  });
  return html`<${Combobox} label=${label ?? t("place")} text=${text} options=${options} hint=${t("place.hint")} onText=${(/** @type {string} */ place) => onChange({ place })} onPick=${onChange} />
    ${note && html`<p class="dim note">${note}</p>`}`;
}

/**
 * One of a few, as buttons.
 * @param {{label: string, value: string, options: {value: string, text: any}[], onChange: (value: string) => void, autofocus?: boolean}} props
 */
export function Choice({ label, value, options, onChange, autofocus }) {
  const name = useRef(`choice-${++serial}`).current;
  return html`<fieldset class="choice"><legend>${label}</legend><div class="choice-options">${options.map((option) => html`
    <label class=${option.value === value ? "picked" : ""}><input type="radio" name=${name} value=${option.value} checked=${option.value === value} autofocus=${autofocus && option.value === value} onChange=${() => onChange(option.value)} /><span>${option.text}</span></label>`)}</div></fieldset>`;
}

/** How many: with buttons large enough for a thumb. @param {{value: number, onChange: (n: number) => void, label?: string, most?: number}} props */
export function Quantity({ value, onChange, label, most = 100 }) {
  const id = useRef(`quantity-${++serial}`).current;
  // What is being typed may be no number yet: it stays as it is typed, and the form does not go out with it.
  const [typed, setTyped] = useState(/** @type {string | null} */ (null));
  const set = (/** @type {number} */ n) => { setTyped(null); onChange(Math.max(1, Math.min(most, n))); };
  const type = (/** @type {string} */ text) => { setTyped(text); if (/^[1-9]\d*$/.test(text) && Number(text) <= most) onChange(Number(text)); };
  return html`<div class="field quantity"><label for=${id}><span>${label ?? t("quantity")}</span></label><div class="stepper">
    <button type="button" class="button" aria-label=${t("fewer")} onClick=${() => set(value - 1)}>−</button>
    <input id=${id} type="number" min="1" max=${most} step="1" required value=${typed ?? value} onInput=${(/** @type {any} */ event) => type(event.target.value)} onBlur=${(/** @type {any} */ event) => event.target.checkValidity() && setTyped(null)} />
    <button type="button" class="button" aria-label=${t("more")} onClick=${() => set(value + 1)}>+</button></div></div>`;
}

/** The same file again, mended meanwhile, is chosen anew: the browser is to tell of it. @param {any} event a click on a file field */
export function chooseAnew(event) {
  event.target.value = "";
}
