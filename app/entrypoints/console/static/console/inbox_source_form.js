/** A source is made, or changed: what it is, whose codes it uses, in which kinds of spaces it acts. */
import { ProblemParts } from "./dialogs.js";
import { SPACE_KINDS } from "./hook_words.js";
import { t } from "./i18n.js";
import { useSending } from "./sending.js";
import { INTEGRATION, IS_LIVE } from "./space.js";
import { html, useState } from "./view.js";

/** @typedef {import("./inbox_parts.js").Source} Source */

const FRESH = { label: "", source: "", space_kinds: [IS_LIVE ? "live" : INTEGRATION], per_minute: 600 };
const MOST_A_MINUTE = 60_000;

/** @param {{source?: Source, close: (answer?: any) => void}} props source: the one that is changed */
export function SourceForm({ source, close }) {
  const [now, setNow] = useState(() => (source ? { label: source.label, source: source.source, space_kinds: source.space_kinds, per_minute: source.per_minute } : FRESH));
  const { problem, busy, send } = useSending((receipt) => close(receipt && { ...receipt, label: now.label.trim() }));
  const set = (/** @type {Partial<typeof FRESH>} */ part) => setNow((was) => ({ ...was, ...part }));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = { ...now, label: now.label.trim(), source: now.source.trim() };
    if (!source) return send({ path: "/api/v1/inbox-sources", body }, { done: t("done.source_added", { label: body.label }) });
    const changed = Object.fromEntries(Object.entries(body).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(/** @type {any} */ (source)[field])));
    return Object.keys(changed).length ? send({ path: `/api/v1/inbox-sources/${source.id}`, method: "PATCH", body: changed, revision: source.revision }, { done: t("done.source_changed", { label: body.label }) }) : close();
  };
  const tick = (/** @type {string} */ kind) => (/** @type {any} */ event) => set({ space_kinds: event.target.checked ? [...now.space_kinds, kind] : now.space_kinds.filter((each) => each !== kind) });
  return html`<form class="dialog-body" onSubmit=${submit}>
    <div class="two even"><label class="field"><span>${t("inbox.label")}</span><input type="text" required maxlength="120" autofocus autocomplete="off" placeholder=${t("hooks.label.hint")} value=${now.label} onInput=${(/** @type {any} */ event) => set({ label: event.target.value })} /></label>
      <label class="field"><span>${t("hooks.source")}</span><input type="text" required maxlength="60" autocomplete="off" autocapitalize="none" spellcheck=${false} placeholder="cad-liege" value=${now.source} onInput=${(/** @type {any} */ event) => set({ source: event.target.value })} /></label></div>
    <p class="dim note">${t("inbox.source.note")}</p>
    <fieldset><legend>${t("inbox.spaces")}</legend><div class="space-ticks">${SPACE_KINDS.map((kind) => html`<label key=${kind} class=${`space-tick ${kind}`}><input type="checkbox" checked=${now.space_kinds.includes(kind)} onChange=${tick(kind)} /><span><strong>${t(`hooks.space.${kind}`)}</strong> <code class="dim">${kind}</code><br /><span class="dim">${t(`inbox.space.${kind}.note`)}</span></span></label>`)}</div></fieldset>
    <label class="field"><span>${t("inbox.per_minute")}</span><input type="number" required min="1" max=${MOST_A_MINUTE} step="1" value=${now.per_minute} onInput=${(/** @type {any} */ event) => set({ per_minute: Number(event.target.value) })} /></label>
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy || !now.space_kinds.length}>${t(source ? "write" : "inbox.add")}</button></footer></form>`;
}
