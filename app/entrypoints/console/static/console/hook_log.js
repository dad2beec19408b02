/** What was, or is to be, delivered to a webhook: as it happens, by how it stands; each with its message and every try. */
import { LARGEST_PAGE, read, readFirst } from "./api.js";
import { openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { NextTry } from "./hook_parts.js";
import { isWell, ms, outcome } from "./hook_words.js";
import { eventCalled, t } from "./i18n.js";
import { useReading } from "./live_reading.js";
import { Age, More, Nothing, Panel } from "./parts.js";
import { IS_LIVE, SPACE } from "./space.js";
import { stamp } from "./time.js";
import { html, useState } from "./view.js";

/** @typedef {import("./hook_words.js").Hook} Hook */
/** @typedef {import("./hook_words.js").HookHealth} HookHealth */
/** @typedef {import("./hook_words.js").Delivery} Delivery */
/** @typedef {Delivery & {payload: any, attempts: {number: number, at: string, answer: number | null, error: string | null, latency_ms: number, digest: string}[]}} DeliveryDetail */

const EVERY_MS = 2000;
const PAGE = 25;
const SHORT_DIGEST = 12;
/** Which are shown → how they are asked for. @type {Record<string, Record<string, string>>} */
const SHOWN = { all: {}, waiting: { status: "waiting" }, failed: { failed: "true" }, delivered: { status: "delivered" } };

/** @param {{hook: Hook, health: HookHealth}} props */
export function HookLog({ hook, health }) {
  const [shown, setShown] = useState("all");
  const [space, setSpace] = useState(IS_LIVE || !health.lanes.some((lane) => lane.space === SPACE) ? "" : SPACE);
  const [limit, setLimit] = useState(PAGE);
  const { told, failed } = useReading(() => readFirst(`/api/v1/webhooks/${hook.id}/deliveries?${new URLSearchParams({ ...SHOWN[shown], ...(space && { space }) })}`, limit), { deps: [hook.id, shown, space, limit], about: () => true, everyMs: EVERY_MS * Math.ceil(limit / LARGEST_PAGE) });
  const rows = /** @type {Delivery[]} */ (told?.items ?? []);
  const lanes = new Map(health.lanes.map((lane) => [lane.space, lane]));
  return html`<${Panel} id="deliveries" class="deliveries" title=${t("deliveries")} count=${rows.length || undefined}>
    <div class="filter"><div class="choices" role="group" aria-label=${t("deliveries.filter")}>${Object.keys(SHOWN).map((each) => html`<button key=${each} type="button" aria-pressed=${each === shown} onClick=${() => setShown(each)}>${t(`deliveries.${each}`)}</button>`)}</div>
      ${health.lanes.length > 1 && html`<label class="narrow-pick"><span class="sr">${t("hooks.lane.space")}</span><select class=${space ? "set" : ""} value=${space} onChange=${(/** @type {any} */ event) => setSpace(event.target.value)}><option value="">${t("deliveries.any_space")}</option>${health.lanes.map((lane) => html`<option value=${lane.space} selected=${lane.space === space}>${lane.space}</option>`)}</select></label>`}</div>
    ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
    ${told === null && !failed ? html`<${Nothing} text=${t("loading")} />` : rows.length === 0 && !failed ? html`<${Nothing} text=${t(shown === "all" ? "deliveries.none" : "deliveries.none_such")} />` : ""}
    <ol class="plain delivery-list">${rows.map((row) => html`<li key=${`${row.space}:${row.seq}`}><button type="button" class="row-button delivery" onClick=${() => openDelivery(hook, row)}>
      <span class="delivery-what"><${EventTitle} event=${row.event} /></span>
      <span class="delivery-seq dim">${row.space === "live" ? "" : html`<span class="tag">${row.space}</span> `}#${row.seq}${row.replayed ? html` <span class="tag">${t("deliveries.replayed")}</span>` : ""}</span>
      <span class="delivery-how"><${Came} row=${row} lane=${lanes.get(row.space)} hook=${hook} /></span>
      <span class="delivery-at dim"><${Age} at=${row.tried_at ?? row.made_at} /></span></button></li>`)}</ol>
    <${More} told=${told} set=${setLimit} /><//>`;
}

/** An event by its name, with its code; by that alone where it has none. @param {{event: string}} props */
function EventTitle({ event }) {
  const name = eventCalled(event);
  return name ? html`<strong>${name}</strong> <code class="dim">${event}</code>` : html`<code><strong>${event}</strong></code>`;
}

/** How it stands. @param {{row: Delivery, lane: import("./hook_words.js").Lane | undefined, hook: Hook}} props */
function Came({ row, lane, hook }) {
  const tries = row.tries > 1 ? html` <span class="dim">${t("deliveries.tries", { n: row.tries })}</span>` : "";
  if (row.status === "delivered") return html`<span class="calm">● ${hook.url ? outcome(row) : t("deliveries.fetched")}</span> ${row.latency_ms !== null && html`<span class="dim">${ms(row.latency_ms)}</span>`}${tries}`;
  if (row.status === "dropped") return html`<span class="dim">○ ${t("deliveries.dropped")}</span>`;
  const next = hook.status === "active" && hook.url && lane?.next_at ? html` <${NextTry} at=${lane.next_at} />` : "";
  if (row.tries) return html`<span class="late">✕ ${outcome(row)}</span>${tries}${next}`;
  return html`<span class="notice">◔ ${t(!hook.url ? "deliveries.waits_fetch" : hook.status === "active" ? "deliveries.waits" : "deliveries.waits_paused")}</span>`;
}

/** One delivery in a dialog. @param {Hook} hook @param {Delivery} row */
export function openDelivery(hook, row) {
  return openDialog(`${eventCalled(row.event) || row.event} #${row.seq}`, (close) => html`<${Whole} hook=${hook} space=${row.space} seq=${row.seq} close=${close} />`, { wide: true });
}

/** @param {{hook: Hook, space: string, seq: number, close: () => void}} props */
function Whole({ hook, space, seq, close }) {
  const { told, failed } = useReading(() => /** @type {Promise<DeliveryDetail>} */ (read(`/api/v1/webhooks/${hook.id}/deliveries/${encodeURIComponent(space)}/${seq}`)), { deps: [hook.id, space, seq], everyMs: EVERY_MS });
  const replay = async () => {
    const receipt = await carryOut({ path: `/api/v1/webhooks/${hook.id}/replay`, body: { space, from_seq: seq, to_seq: seq } }, { done: t("done.replayed_one", { seq }) });
    if (receipt) close();
  };
  return html`<div class="dialog-body">${failed && html`<p class="late" role="alert">${failed}</p>`}
    ${!told ? !failed && html`<p class="nothing">${t("loading")}</p>` : html`<dl class="facts">
        <div><dt>${t("deliveries.event")}</dt><dd><code>${told.event}</code> ${told.replayed && html`<span class="tag">${t("deliveries.replayed")}</span>`}</dd></div>
        <div><dt>${t("deliveries.stands")}</dt><dd><${Came} row=${told} hook=${hook} /></dd></div>
        <div><dt>${t("deliveries.made")}</dt><dd>${stamp(told.made_at)} <span class="dim">${space} #${seq}</span></dd></div>
        ${told.receipt_by ? html`<div><dt>${t("deliveries.receipt_by")}</dt><dd>${stamp(told.receipt_by)}</dd></div>` : ""}</dl>
      <h3>${t("deliveries.attempts")}</h3>${told.attempts.length === 0 ? html`<p class="dim">${t(hook.url ? "deliveries.no_attempts" : "deliveries.pulled")}</p>` : html`<div class="scroll-x" tabindex="0" role="group" aria-label=${t("deliveries.attempts")}><table class="table attempts"><thead><tr><th scope="col" class="figure">${t("deliveries.try")}</th><th scope="col">${t("deliveries.at")}</th><th scope="col">${t("deliveries.answer")}</th><th scope="col" class="figure">${t("deliveries.latency")}</th><th scope="col">${t("deliveries.digest")}</th></tr></thead>
        <tbody>${told.attempts.map((each) => html`<tr key=${each.number}><td class="figure">${each.number}</td><td>${stamp(each.at)}</td><td class=${isWell(each.answer) ? "calm" : "late"}>${outcome(each)}</td><td class="figure">${ms(each.latency_ms)}</td><td><code title=${each.digest}>${each.digest.slice(0, SHORT_DIGEST)}…</code></td></tr>`)}</tbody></table></div>`}
      <h3>${t("deliveries.payload")}</h3>${told.payload ? html`<pre class="payload" tabindex="0" role="group" aria-label=${t("deliveries.payload")}>${JSON.stringify(told.payload, null, 2)}</pre><p class="dim note">${t("deliveries.payload.note")}</p>` : html`<p class="dim">${t("deliveries.payload.none")}</p>`}`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("close")}</button>${told && hook.status !== "removed" && html`<button type="button" class="button primary" onClick=${replay}>${t("deliveries.replay_one")}</button>`}</footer></div>`;
}
