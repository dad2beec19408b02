/** What the sections of the administration share: a list beside what is chosen in it, and the keys that move through it. */
import { t } from "./i18n.js";
import { useKeys } from "./keys.js";
import { place, showing } from "./router.js";
import { html, useRef } from "./view.js";

/** What is chosen in a section, by its name in the address. @param {string} name */
export function chosenIn(name) {
  return place.value.query[name] ?? "";
}

/** Choose something; on a telephone it then stands alone. @param {string} name @param {string} id */
export function chooseIn(name, id) {
  showing({ ...place.peek().query, [name]: id });
}

/**
 * Keys of a list: j and k move, `/` filters, Escape goes back.
 * @param {string} name in the address @param {() => string[]} ids what is shown now
 * @param {{filters?: boolean}} [how] filters: whether there is a field to filter with
 */
export function useListKeys(name, ids, { filters = true } = {}) {
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  const move = (/** @type {number} */ step) => {
    const list = ids();
    const at = list.indexOf(chosenIn(name));
    const next = list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + step))];
    if (next) chooseIn(name, next);
    requestAnimationFrame(() => document.getElementById(`${name}-${next}`)?.scrollIntoView({ block: "nearest" }));
  };
  useKeys(
    [
      { key: "j", does: () => move(1), text: "key.next_entry" },
      { key: "k", does: () => move(-1), text: "key.previous_entry" },
      ...(filters ? [{ key: "/", does: () => box.current?.focus(), text: "key.filter_list" }] : []),
      { key: "Escape", does: () => chooseIn(name, ""), text: "key.unchoose" },
    ],
    [ids().join()],
  );
  return box;
}

/** The way back to the list, where there is room for one of the two alone. @param {{name: string, text: string}} props */
export function BackToList({ name, text }) {
  return html`<p class="back back-to-list"><button type="button" class="button small" onClick=${() => chooseIn(name, "")}>‹ ${text}</button></p>`;
}

/** A field to filter with. @param {{box: any, value: string, hint: string, onInput: (text: string) => void}} props */
export function FilterBox({ box, value, hint, onInput }) {
  return html`<input ref=${box} type="search" value=${value} placeholder=${hint} aria-label=${t("filter.list")} onInput=${(/** @type {any} */ event) => onInput(event.target.value)}
    onKeyDown=${(/** @type {any} */ event) => { if (event.key === "Escape") { onInput(""); event.target.blur(); } }} />`;
}

/** A list of texts, with a word for none. @param {readonly string[]} texts */
export function joined(texts) {
  return texts.length ? texts.join(" · ") : "–";
}
