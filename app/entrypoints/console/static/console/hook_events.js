/** Which events a webhook is to hear of: what dispatch needs, everything, or some that are found by their names. */
import { Choice, Combobox } from "./fields.js";
import { folded, t, toldEvents } from "./i18n.js";
import { wantedName } from "./hook_words.js";
import { eventAreas } from "./rules.js";
import { html, useState } from "./view.js";

/** What a dispatch centre acts on, or has to know of. */
export const FOR_DISPATCH = ["incident.*", "request.*", "offer.*", "mission.*", "automatic_alarm.*", "call.*", "external_id.*"];
const MOST_OFFERED = 40;

/** @param {string[]} events */
function presetOf(events) {
  if (events.length === 1 && events[0] === "*") return "all";
  return [...events].sort().join() === [...FOR_DISPATCH].sort().join() ? "dispatch" : "some";
}

/** @param {string} text @param {string[]} chosen */
function offered(text, chosen) {
  const codes = [...eventAreas().map((area) => `${area}.*`), ...toldEvents()];
  const wanted = folded(text);
  const found = codes.filter((code) => !chosen.includes(code) && folded(`${code} ${wantedName(code)}`).includes(wanted)).slice(0, MOST_OFFERED);
  const typed = text.trim();
  const own = /^[a-z_]{1,40}\.(\*|[a-z_]{1,40})$/.test(typed) && !codes.includes(typed) && !chosen.includes(typed) ? [typed] : [];
  return [...found, ...own].map((code) => ({ key: code, text: wantedName(code), note: wantedName(code) === code ? "" : code, value: code }));
}

/** @param {{value: string[], set: (events: string[]) => void}} props */
export function EventsField({ value, set }) {
  const [text, setText] = useState("");
  const [how, setHow] = useState(() => presetOf(value));
  const choose = (/** @type {string} */ next) => {
    setHow(next);
    if (next !== "some") set(next === "all" ? ["*"] : FOR_DISPATCH);
    else if (presetOf(value) === "all") set([]);
  };
  return html`<${Choice} label=${t("hooks.events")} value=${how} options=${["dispatch", "all", "some"].map((each) => ({ value: each, text: t(`hooks.events.preset.${each}`) }))} onChange=${choose} />
    ${how === "some" ? html`<div role="group" aria-label=${t("hooks.events.preset.some")}>${value.length > 0 && html`<ul class="chips">${value.map((code) => html`<li key=${code}><span title=${code}>${wantedName(code)}</span> <button type="button" class="chip-off" aria-label=${t("edit.take_off", { what: wantedName(code) })} onClick=${() => set(value.filter((each) => each !== code))}>✕</button></li>`)}</ul>`}
      <${Combobox} label=${t("hooks.events.add")} text=${text} options=${offered(text, value)} hint="mission.*" onText=${setText} onPick=${(/** @type {string} */ code) => { setText(""); set([...value, code]); }} /></div>`
    : how === "dispatch" ? html`<p class="dim note">${FOR_DISPATCH.join(" · ")}</p>` : ""}`;
}

/** What is asked for, each with its code. @param {{events: string[]}} props */
export function EventList({ events }) {
  return html`<ul class="hook-events">${events.map((code) => html`<li key=${code}>${wantedName(code) === code ? "" : wantedName(code)} <code class="dim">${code}</code></li>`)}</ul>`;
}
