/** A test delivery, and what became of it: it takes the way that everything takes. */
import { read } from "./api.js";
import { openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { isWell, ms, outcome } from "./hook_words.js";
import { t } from "./i18n.js";
import { useReading } from "./live_reading.js";
import { html } from "./view.js";

/** @typedef {import("./hook_words.js").Hook} Hook */
/** @typedef {import("./hook_words.js").Delivery} Delivery */

const EVERY_MS = 700;
const TESTED = "webhook_endpoint.tested";
/** The last few: others may be testing, too. */
const LOOK_AT = 20;

/** @param {Hook} hook */
export async function sendTest(hook) {
  const receipt = await carryOut({ path: `/api/v1/webhooks/${hook.id}/test`, body: {} });
  if (receipt) await openDialog(t("hooks.test"), (close) => html`<${Result} hook=${hook} seq=${receipt.seq} close=${close} />`);
}

/** @param {{hook: Hook, seq: number, close: () => void}} props */
function Result({ hook, seq, close }) {
  const { told, failed } = useReading(async () => {
    const page = await read(`/api/v1/webhooks/${hook.id}/deliveries?space=live&event=${TESTED}&limit=${LOOK_AT}`);
    return /** @type {Delivery | undefined} */ (page.items.find((/** @type {Delivery} */ each) => each.seq === seq)) ?? null;
  }, { deps: [hook.id, seq], everyMs: EVERY_MS });
  return html`<div class="dialog-body"><p class="dialog-text">${t("hooks.test.text", { label: hook.label, seq })}</p>
    ${failed && html`<p class="late" role="alert">${failed}</p>`}<p class="hook-verdict" role="status"><${Verdict} hook=${hook} row=${told} /></p>
    <footer class="dialog-foot"><button type="button" class="button primary" autofocus onClick=${() => close()}>${t("close")}</button></footer></div>`;
}

/** @param {{hook: Hook, row: Delivery | null}} props */
function Verdict({ hook, row }) {
  if (row?.status === "delivered") return html`<strong class="calm">● ${t("hooks.test.taken")}</strong> ${hook.url ? `${outcome(row)} · ${ms(row.latency_ms)}` : ""}`;
  if (row?.tries && !isWell(row.answer)) return html`<strong class="late">✕ ${t("hooks.test.failed")}</strong> ${outcome(row)}${row.latency_ms === null ? "" : ` · ${ms(row.latency_ms)}`}<br /><span class="dim">${t("hooks.test.again", { n: row.tries })}</span>`;
  if (hook.status !== "active") return html`<span class="notice">◔ ${t("hooks.test.paused")}</span>`;
  return html`<span class="notice">◔ ${t(hook.url ? "hooks.test.waits" : "hooks.test.outbox")}</span>`;
}
