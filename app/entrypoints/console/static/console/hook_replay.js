/** Sending once more: a range of a space's journal, or all since a seq; what that means is confirmed before. */
import { carryOutConfirmed } from "./doing.js";
import { openDialog } from "./dialogs.js";
import { Choice } from "./fields.js";
import { language, t } from "./i18n.js";
import { SPACE } from "./space.js";
import { html, useState } from "./view.js";

/** @typedef {import("./hook_words.js").Hook} Hook */
/** @typedef {import("./hook_words.js").HookHealth} HookHealth */

/** @param {Hook} hook @param {HookHealth} health */
export async function openReplay(hook, health) {
  const asked = /** @type {{space: string, from_seq: number, to_seq?: number} | undefined} */ (await openDialog(t("hooks.replay"), (close) => html`<${Form} health=${health} close=${close} />`));
  if (!asked) return;
  const number = new Intl.NumberFormat(language.value);
  const head = health.lanes.find((lane) => lane.space === asked.space)?.seq ?? asked.from_seq;
  const to = Math.min(asked.to_seq ?? head, head);
  await carryOutConfirmed(
    { title: t("hooks.replay"), text: html`<p>${t("hooks.replay.confirm", { label: hook.label, space: asked.space, from: number.format(asked.from_seq), to: number.format(to), n: Math.max(0, to - asked.from_seq + 1) })}</p><p class="dim">${t("hooks.replay.note")}</p>`, action: t("hooks.replay") },
    () => ({ path: `/api/v1/webhooks/${hook.id}/replay`, body: asked }), { done: t("done.replayed", { label: hook.label }) });
}

/** @param {{health: HookHealth, close: (answer?: any) => void}} props */
function Form({ health, close }) {
  const [space, setSpace] = useState((health.lanes.find((lane) => lane.space === SPACE) ?? health.lanes[0])?.space ?? "live");
  const [how, setHow] = useState("since");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const head = health.lanes.find((lane) => lane.space === space)?.seq ?? 0;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    close({ space, from_seq: Number(from), ...(how === "range" && { to_seq: Number(to) }) });
  };
  return html`<form class="dialog-body" onSubmit=${submit}><p class="dialog-text">${t("hooks.replay.text")}</p>
    ${health.lanes.length > 1 && html`<label class="field"><span>${t("hooks.lane.space")}</span><select value=${space} onChange=${(/** @type {any} */ event) => setSpace(event.target.value)}>${health.lanes.map((lane) => html`<option value=${lane.space} selected=${lane.space === space}>${lane.space}</option>`)}</select></label>`}
    <${Choice} label=${t("hooks.replay.how")} value=${how} onChange=${setHow} options=${["since", "range"].map((each) => ({ value: each, text: t(`hooks.replay.${each}`) }))} />
    <div class="two even"><label class="field"><span>${t("hooks.replay.from")}</span><input type="number" required autofocus min="1" max=${head || undefined} step="1" value=${from} onInput=${(/** @type {any} */ event) => setFrom(event.target.value)} /></label>
      ${how === "range" && html`<label class="field"><span>${t("hooks.replay.to")}</span><input type="number" required min=${from || 1} step="1" value=${to} onInput=${(/** @type {any} */ event) => setTo(event.target.value)} /></label>`}</div>
    <p class="dim note">${t("hooks.replay.head", { seq: new Intl.NumberFormat(language.value).format(head) })}</p>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary">${t("go_on")} …</button></footer></form>`;
}
