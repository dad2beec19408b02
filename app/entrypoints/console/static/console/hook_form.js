/** A webhook is made, or changed: where to, what of, from which kinds of spaces, and what its system answers. */
import { members } from "./about.js";
import { myMember } from "./api.js";
import { ProblemParts } from "./dialogs.js";
import { TypesField } from "./editor_lists.js";
import { Choice } from "./fields.js";
import { EventsField, FOR_DISPATCH } from "./hook_events.js";
import { incidentText, SPACE_KINDS } from "./hook_words.js";
import { named, t } from "./i18n.js";
import { Member } from "./parts.js";
import { useSending } from "./sending.js";
import { INTEGRATION, IS_LIVE } from "./space.js";
import { tables } from "./store.js";
import { html, useState } from "./view.js";

/** @typedef {import("./hook_words.js").Hook} Hook */

const MINUTES = [1, 2, 5, 10, 15, 30, 60];
const FRESH = { label: "", url: "", events: FOR_DISPATCH, incident_ids: /** @type {string[]} */ ([]), type_codes: /** @type {string[]} */ ([]), member_ids: /** @type {string[]} */ ([]), space_kinds: [IS_LIVE ? "live" : INTEGRATION], source: "", receipts: false, heartbeat_min: /** @type {number | null} */ (null) };
/** @typedef {typeof FRESH} Written */

/** @param {Hook} hook @returns {Written} */
function writtenOf(hook) {
  const { label, url, events, incident_ids, type_codes, member_ids, space_kinds, source, receipts, heartbeat_min } = hook;
  return { label, url: url ?? "", events, incident_ids, type_codes, member_ids, space_kinds, source: source ?? "", receipts, heartbeat_min };
}

/** What is sent: empty texts are none. @param {Written} now @param {boolean} pull */
function bodyOf(now, pull) {
  return { ...now, label: now.label.trim(), url: pull ? null : now.url.trim(), source: now.source.trim() || null };
}

/** @param {{hook?: Hook, close: (answer?: any) => void}} props hook: the one that is changed */
export function HookForm({ hook, close }) {
  const [now, setNow] = useState(() => (hook ? writtenOf(hook) : FRESH));
  const [pull, setPull] = useState(Boolean(hook && hook.url === null));
  const { problem, busy, send } = useSending((receipt) => close(receipt && { ...receipt, label: now.label.trim() }));
  const set = (/** @type {Partial<Written>} */ part) => setNow((was) => ({ ...was, ...part }));
  const body = bodyOf(now, pull);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!hook) return send({ path: "/api/v1/webhooks", body }, { done: t("done.hook_added", { label: body.label }) });
    const was = bodyOf(writtenOf(hook), hook.url === null);
    const changed = Object.fromEntries(Object.entries(body).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(/** @type {any} */ (was)[field])));
    return Object.keys(changed).length ? send({ path: `/api/v1/webhooks/${hook.id}`, method: "PATCH", body: changed, revision: hook.revision }, { done: t("done.hook_changed", { label: body.label }) }) : close();
  };
  const tick = (/** @type {"incident_ids" | "member_ids" | "space_kinds"} */ field, /** @type {string} */ value) => (/** @type {any} */ event) => set({ [field]: event.target.checked ? [...now[field], value] : now[field].filter((each) => each !== value) });
  return html`<form class="dialog-body hook-form" onSubmit=${submit}>
    <div class="two even"><label class="field"><span>${t("hooks.label")}</span><input type="text" required maxlength="120" autofocus autocomplete="off" placeholder=${t("hooks.label.hint")} value=${now.label} onInput=${(/** @type {any} */ event) => set({ label: event.target.value })} /></label>
      <label class="field"><span>${t("hooks.source")}${now.receipts ? "" : ` (${t("optional")})`}</span><input type="text" required=${now.receipts} maxlength="60" autocomplete="off" autocapitalize="none" spellcheck=${false} placeholder="cad-liege" value=${now.source} onInput=${(/** @type {any} */ event) => set({ source: event.target.value })} /></label></div>
    ${hook?.url ? "" : html`<${Choice} label=${t("hooks.way")} value=${pull ? "pull" : "push"} options=${["push", "pull"].map((each) => ({ value: each, text: t(`hooks.way.${each}`) }))} onChange=${(/** @type {string} */ each) => setPull(each === "pull")} />`}
    ${pull ? html`<p class="dim note">${t("hooks.way.pull.note")}</p>` : html`<label class="field"><span>${t("hooks.url")}</span><input type="url" required maxlength="500" autocomplete="off" spellcheck=${false} placeholder="https://" value=${now.url} onInput=${(/** @type {any} */ event) => set({ url: event.target.value })} /></label><p class="dim note">${t("hooks.url.note")}</p>`}
    <${EventsField} value=${now.events} set=${(/** @type {string[]} */ events) => set({ events })} />
    <fieldset><legend>${t("hooks.spaces")}</legend><div class="space-ticks">${SPACE_KINDS.map((kind) => html`<label key=${kind} class=${`space-tick ${kind}`}><input type="checkbox" checked=${now.space_kinds.includes(kind)} onChange=${tick("space_kinds", kind)} /><span><strong>${t(`hooks.space.${kind}`)}</strong> <code class="dim">${kind}</code><br /><span class="dim">${t(`hooks.space.${kind}.note`)}</span></span></label>`)}</div>
      ${now.space_kinds.includes("exercise") && html`<p class="binds" role="status">${t("hooks.space.exercise.warning")}</p>`}</fieldset>
    <details class="hook-narrow" open=${now.incident_ids.length + now.type_codes.length + now.member_ids.length > 0}><summary>${t("hooks.narrow")}</summary><p class="dim note">${t("hooks.narrow.note")}</p>
      <fieldset><legend>${t("hooks.narrow.incidents")}</legend><div class="ticks column">${tables.incident.all.value.map((row) => html`<label key=${row.id}><input type="checkbox" checked=${now.incident_ids.includes(row.id)} onChange=${tick("incident_ids", row.id)} /> ${incidentText(row)}</label>`)}
        ${now.incident_ids.filter((id) => !tables.incident.get(id)).map((id) => html`<label key=${id}><input type="checkbox" checked onChange=${tick("incident_ids", id)} /> ${t("hooks.incident_gone")} <code class="dim">${id}</code></label>`)}</div>${tables.incident.all.value.length === 0 && html`<p class="dim note">${t("hooks.narrow.no_incidents")}</p>`}</fieldset>
      <${TypesField} spec=${{}} value=${now.type_codes} set=${(/** @type {string[]} */ type_codes) => set({ type_codes })} label=${t("hooks.narrow.types")} />
      <fieldset><legend>${t("hooks.narrow.members")}</legend><div class="ticks">${members(myMember()).map((row) => html`<label key=${row.id} title=${named(row.names)}><input type="checkbox" checked=${now.member_ids.includes(row.id)} onChange=${tick("member_ids", row.id)} /> <${Member} id=${row.id} /></label>`)}</div></fieldset></details>
    <fieldset><legend>${t("hooks.answers")}</legend>
      <label class="space-tick"><input type="checkbox" checked=${now.receipts} onChange=${(/** @type {any} */ event) => set({ receipts: event.target.checked })} /><span><strong>${t("hooks.receipts")}</strong><br /><span class="dim">${t("hooks.receipts.note")}</span></span></label>
      <label class="field"><span>${t("hooks.heartbeat")}</span><select value=${String(now.heartbeat_min ?? "")} onChange=${(/** @type {any} */ event) => set({ heartbeat_min: event.target.value ? Number(event.target.value) : null })}><option value="" selected=${now.heartbeat_min === null}>${t("hooks.heartbeat.none")}</option>${[...new Set([...MINUTES, ...(now.heartbeat_min ? [now.heartbeat_min] : [])])].sort((a, b) => a - b).map((n) => html`<option value=${n} selected=${n === now.heartbeat_min}>${t("hooks.heartbeat.every", { n })}</option>`)}</select></label>
      <p class="dim note">${t("hooks.heartbeat.note")}</p></fieldset>
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy || !now.events.length || !now.space_kinds.length}>${t(hook ? "write" : "hooks.add")}</button></footer></form>`;
}
