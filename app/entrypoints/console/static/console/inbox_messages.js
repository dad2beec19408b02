/** What a source told: as it comes, by what became of it; each with its text and what it did. */
import { LARGEST_PAGE, read, readFirst } from "./api.js";
import { openDialog } from "./dialogs.js";
import { Effects, inSpace, OUTCOMES, Outcome, SpacePick, UnitName, whyText } from "./inbox_parts.js";
import { t } from "./i18n.js";
import { useReading } from "./live_reading.js";
import { Age, More, Nothing, Panel } from "./parts.js";
import { firstSpace, SPACE } from "./space.js";
import { stamp } from "./time.js";
import { html, useState } from "./view.js";

/** @typedef {import("./inbox_parts.js").Message} Message */
/** @typedef {import("./inbox_parts.js").MessageDetail} MessageDetail */

const EVERY_MS = 2000;
const PAGE = 25;

/** @param {{source: {id: string, space_kinds: string[]}}} props */
export function InboxLog({ source }) {
  const [outcome, setOutcome] = useState("");
  const [space, setSpace] = useState(() => firstSpace(source.space_kinds));
  const [limit, setLimit] = useState(PAGE);
  const { told, failed } = useReading(() => readFirst(inSpace(space, `/inbox/${source.id}/messages${outcome && `?outcome=${outcome}`}`), limit), { deps: [source.id, outcome, space, limit], about: () => true, everyMs: EVERY_MS * Math.ceil(limit / LARGEST_PAGE) });
  const rows = /** @type {Message[]} */ (told?.items ?? []);
  return html`<${Panel} id="inbox-log" class="deliveries" title=${t("inbox.log")} count=${rows.length || undefined}>
    <div class="filter"><label class="narrow-pick"><span class="sr">${t("inbox.outcome")}</span><select class=${outcome ? "set" : ""} value=${outcome} onChange=${(/** @type {any} */ event) => setOutcome(event.target.value)}><option value="">${t("inbox.outcome.any")}</option>${OUTCOMES.map((each) => html`<option value=${each} selected=${each === outcome}>${t(`inbox.outcome.${each}`)}</option>`)}</select></label>
      <${SpacePick} value=${space} onChange=${setSpace} /></div>
    ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
    ${told === null && !failed ? html`<${Nothing} text=${t("loading")} />` : rows.length === 0 && !failed ? html`<${Nothing} text=${t("inbox.log.none")} />` : ""}
    <ol class="plain delivery-list">${rows.map((row) => html`<li key=${row.id}><button type="button" class="row-button delivery message" onClick=${() => openMessage(space, source.id, row.id)}>
      <span class="delivery-what"><code>${row.webhook_id}</code> <span class="dim">${row.kinds.map((kind) => t(`inbox.kind.${kind}`)).join(" · ")}</span></span>
      <span class="delivery-how"><${Outcome} outcome=${row.outcome} />${row.because ? html`<br /><span class="dim">${whyText(row.because, row.detail)}</span>` : ""}</span>
      <span class="delivery-at dim"><${Age} at=${row.received_at} /></span></button></li>`)}</ol>
    <${More} told=${told} set=${setLimit} /><//>`;
}

/** One message in a dialog. @param {string} space @param {string} source @param {string} id */
export function openMessage(space, source, id) {
  return openDialog(t("inbox.message"), (close) => html`<${Whole} space=${space} source=${source} id=${id} close=${close} />`, { wide: true });
}

/** A message, kept up. @param {string} space @param {string} source @param {string} id */
export function useMessage(space, source, id) {
  return useReading(() => /** @type {Promise<MessageDetail>} */ (read(inSpace(space, `/inbox/${source}/messages/${id}`))), { deps: [space, source, id], about: (entry) => entry.type.startsWith("inbox_matter.") });
}

/** @param {{space: string, source: string, id: string, close: () => void}} props */
function Whole({ space, source, id, close }) {
  const { told, failed } = useMessage(space, source, id);
  return html`<div class="dialog-body">${failed && html`<p class="late" role="alert">${failed}</p>`}
    ${!told ? !failed && html`<p class="nothing">${t("loading")}</p>` : html`<${MessageFacts} message=${told} space=${space} why />
      <h3>${t("inbox.effects")}</h3><${Effects} effects=${told.effects} space=${space} />
      <${MessageText} message=${told} />`}
    <footer class="dialog-foot"><button type="button" class="button primary" onClick=${() => close()}>${t("close")}</button></footer></div>`;
}

/** What became of it, when, and of whom it tells. @param {{message: MessageDetail, space?: string, why?: boolean}} props why: with the reason */
export function MessageFacts({ message: told, space = SPACE, why }) {
  return html`<dl class="facts">
    <div><dt>${t("deliveries.stands")}</dt><dd><${Outcome} outcome=${told.outcome} />${why && told.because ? html`<br />${whyText(told.because, told.detail)}` : ""}</dd></div>
    <div><dt>${t("inbox.webhook_id")}</dt><dd><code>${told.webhook_id}</code></dd></div>
    <div><dt>${t("inbox.at")}</dt><dd>${told.at ? stamp(told.at) : "–"} <span class="dim">${t("inbox.received", { time: stamp(told.received_at) })}</span></dd></div>
    ${told.resource_id ? html`<div><dt>${t("unit")}</dt><dd><${UnitName} id=${told.resource_id} space=${space} /></dd></div>` : ""}
    <div><dt>${t("mapping")}</dt><dd>${told.mapping_version === null ? "–" : t("inbox.version", { n: told.mapping_version })} ${told.tries > 1 && html`<span class="dim">${t("deliveries.tries", { n: told.tries })}</span>`}</dd></div></dl>`;
}

/** As it came, and what a person has made of it. @param {{message: MessageDetail}} props */
export function MessageText({ message }) {
  const shown = (/** @type {any} */ value, /** @type {string} */ text) => (value === null ? text : JSON.stringify(value, null, 2));
  return html`<h3>${t("inbox.text")}</h3><pre class="payload" tabindex="0" role="group" aria-label=${t("inbox.text")}>${shown(message.body, message.text)}</pre>
    ${message.edited !== null && html`<h3>${t("inbox.edited")}</h3><pre class="payload" tabindex="0" role="group" aria-label=${t("inbox.edited")}>${shown(message.edited, "")}</pre>`}`;
}
