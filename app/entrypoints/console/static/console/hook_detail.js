/** One webhook: what it asks for, how it is doing, and what its admin can do about it. */
import { openDialog } from "./dialogs.js";
import { EventList } from "./hook_events.js";
import { HookForm } from "./hook_form.js";
import { HookLog } from "./hook_log.js";
import { NextTry, showSecret } from "./hook_parts.js";
import { openReplay } from "./hook_replay.js";
import { sendTest } from "./hook_test.js";
import { ms, narrowed, percent, standing } from "./hook_words.js";
import { language, t } from "./i18n.js";
import { Age, Left, Panel, State } from "./parts.js";
import { dispatchLink, firstSpace } from "./space.js";
import { actsOf } from "./system_acts.js";
import { now, stamp } from "./time.js";
import { html } from "./view.js";

/** @typedef {import("./hook_words.js").Hook} Hook */
/** @typedef {import("./hook_words.js").HookHealth} HookHealth */

/** @param {{hook: Hook, health: HookHealth, again: () => Promise<void>}} props */
export function HookDetail({ hook, health, again }) {
  const { text, tone } = standing(hook, health);
  const there = hook.status !== "removed";
  const change = async () => {
    if (await openDialog(t("hooks.change"), (close) => html`<${HookForm} hook=${hook} close=${close} />`, { wide: true })) await again();
  };
  const more = narrowed(hook);
  return html`<${Panel} id="hook" title=${hook.label} tone=${tone === "alert" ? "alert" : ""} tools=${html`<${State} text=${text} tone=${tone || "calm-state"} />${there && html`<button type="button" class="button small" onClick=${change}>${t("hooks.change")}</button>`}`}>
      <${Trouble} hook=${hook} health=${health} />
      <dl class="facts wide-facts">
        <div><dt>${t(hook.url ? "hooks.url" : "hooks.way")}</dt><dd>${hook.url ? html`<code>${hook.url}</code>` : html`${t("hooks.outbox")}<br /><code>GET /api/v1/spaces/${hook.space_kinds.includes(firstSpace(hook.space_kinds)) ? firstSpace(hook.space_kinds) : "{drill}"}/outbox/${hook.id}?after=…</code>`}</dd></div>
        <div><dt>${t("hooks.events")}</dt><dd><${EventList} events=${hook.events} /></dd></div>
        <div><dt>${t("hooks.spaces")}</dt><dd>${hook.space_kinds.map((kind) => html`<span key=${kind} class=${`tag space-${kind}`}>${t(`hooks.space.${kind}`)}</span> `)}${hook.space_kinds.includes("exercise") && html`<br /><span class="dim">${t("hooks.space.exercise.warning")}</span>`}</dd></div>
        <div><dt>${t("hooks.narrow.short")}</dt><dd>${more.length ? more.join(" · ") : html`<span class="dim">${t("hooks.narrow.none")}</span>`}</dd></div>
        <div><dt>${t("hooks.source")}</dt><dd>${hook.source ? html`<code>${hook.source}</code>` : "–"}</dd></div>
        <div><dt>${t("hooks.receipts")}</dt><dd>${t(hook.receipts ? "hooks.receipts.on" : "hooks.receipts.off")}</dd></div>
        <div><dt>${t("hooks.heartbeat")}</dt><dd>${hook.heartbeat_min === null ? t("hooks.heartbeat.none") : t("hooks.heartbeat.every", { n: hook.heartbeat_min })}</dd></div>
        ${there && html`<div><dt>${t("hooks.secret")}</dt><dd>${oldCounts(hook) ? html`<span class="notice">${t("hooks.secret.two", { time: stamp(hook.old_secret_until ?? "") })}</span> <${Left} at=${hook.old_secret_until} />` : t("hooks.secret.one")}</dd></div>`}
        <div><dt>${t("hooks.made")}</dt><dd>${stamp(hook.created_at)} <span class="dim">${t("revision")} ${hook.revision}</span></dd></div></dl>
      ${there && html`<${Acts} hook=${hook} health=${health} again=${again} />`}<//>
    <${Doing} hook=${hook} health=${health} />
    <${HookLog} hook=${hook} health=${health} />`;
}

/** Whether two secrets count now. @param {Hook} hook */
function oldCounts(hook) {
  return hook.old_secret_until !== null && Date.parse(hook.old_secret_until) > now();
}

/** What has to be acted on, and how. @param {{hook: Hook, health: HookHealth}} props */
function Trouble({ hook, health }) {
  const told = hook.status === "disabled" ? t("hooks.disabled.text")
    : hook.status === "paused" && hook.paused_why === "failing" ? t("hooks.given_up.text")
    : hook.status === "paused" ? t(hook.url ? "hooks.paused.text" : "hooks.paused.text_pull", { n: health.waiting })
    : hook.status === "active" && hook.silent_since ? t("hooks.silent.text", { time: stamp(hook.silent_since) })
    : hook.status === "active" && health.failing_since ? t("hooks.failing.text", { time: stamp(health.failing_since) })
    : "";
  return told ? html`<p class=${hook.status === "paused" && hook.paused_why === "by_hand" ? "panel-note notice" : "hook-trouble"} role="status">${told}</p>` : null;
}

/** @param {{hook: Hook, health: HookHealth, again: () => Promise<void>}} props */
function Acts({ hook, health, again }) {
  const path = `/api/v1/webhooks/${hook.id}`;
  const { label } = hook;
  const texts = { pause: t(hook.url ? "hooks.pause.text" : "hooks.pause.text_pull", { label }), rotate: t("hooks.rotate.text"), remove: t("hooks.remove.text", { label }) };
  const { pause, resume, rotate, remove } = actsOf({ path, row: hook, texts, again, show: (secret, more) => showSecret(label, secret, more) });
  return html`<div class="panel-text buttons">
    <button type="button" class="button" onClick=${() => sendTest(hook)}>${t("hooks.test")}</button>
    ${hook.status === "active" ? html`<button type="button" class="button" onClick=${pause}>${t("hooks.pause")}</button>` : html`<button type="button" class="button primary" onClick=${resume}>${t("hooks.resume")}</button>`}
    <button type="button" class="button" onClick=${() => openReplay(hook, health)}>${t("hooks.replay")} …</button>
    <button type="button" class="button" onClick=${rotate}>${t("hooks.rotate")} …</button>
    <button type="button" class="button" onClick=${remove}>${t("hooks.remove")} …</button></div>`;
}

/** How it is doing: figures, then how far it has come in each space. @param {{hook: Hook, health: HookHealth}} props */
function Doing({ hook, health }) {
  const tries = health.delivered_24h + health.failed_24h;
  const number = new Intl.NumberFormat(language.value);
  const missed = health.missed_at && (!health.reached_at || Date.parse(health.missed_at) > Date.parse(health.reached_at));
  return html`<${Panel} id="hook-health" title=${t("hooks.health")}><dl class="facts wide-facts">
      <div><dt>${t("hooks.rate.title")}</dt><dd class=${health.failed_24h ? "notice" : ""}>${tries ? t("hooks.rate.text", { rate: percent(health.failed_24h, tries), n: health.failed_24h, of: number.format(tries) }) : t("hooks.rate.none")}</dd></div>
      <div><dt>${t("hooks.latency")}</dt><dd>${health.latency_ms_p50 === null ? "–" : t("hooks.latency.text", { half: ms(health.latency_ms_p50), most: ms(health.latency_ms_p95) })}</dd></div>
      <div><dt>${t("hooks.reached")}</dt><dd>${health.reached_at ? html`${stamp(health.reached_at)} <span class="dim">· <${Age} at=${health.reached_at} /></span>` : t("hooks.never")}</dd></div>
      ${hook.heartbeat_min !== null || health.heard_at ? html`<div><dt>${t("hooks.heard")}</dt><dd class=${hook.silent_since ? "late" : ""}>${health.heard_at ? html`${stamp(health.heard_at)} <span class="dim">· <${Age} at=${health.heard_at} /></span>` : t("hooks.never")}</dd></div>` : ""}
      ${missed ? html`<div><dt>${t("hooks.missed")}</dt><dd class="late">${stamp(health.missed_at ?? "")}</dd></div>` : ""}
      ${hook.receipts ? html`<div><dt>${t("receipts")}</dt><dd class=${health.rung ? "late" : ""}>${health.rung ? Object.entries(health.rung_in).map(([space, n]) => html`<div key=${space}><a href=${dispatchLink("receipts", { shown: "ring", space })}>${t("hooks.rung", { n })}</a>${space === "live" ? "" : html` <span class="tag">${space}</span>`}</div>`) : t("hooks.rung.none")}</dd></div>` : ""}</dl>
    ${health.lanes.length > 0 && html`<div class="scroll-x" tabindex="0" role="group" aria-label=${t("hooks.lanes")}><table class="table hook-lanes"><thead><tr><th scope="col">${t("hooks.lane.space")}</th><th scope="col" class="figure">${t("hooks.lane.at")}</th><th scope="col" class="figure">${t("hooks.lane.behind")}</th><th scope="col">${t("hooks.lane.waiting")}</th><th scope="col">${t("hooks.lane.next")}</th></tr></thead>
      <tbody>${health.lanes.map((lane) => html`<tr key=${lane.space}><th scope="row">${lane.space}</th><td class="figure" data-label=${t("hooks.lane.at")}>${number.format(lane.seq)} <span class="dim">/ ${number.format(lane.head)}</span>${lane.taken !== null && html`<br /><span class="dim">${t(hook.url ? "hooks.lane.taken" : "hooks.lane.fetched", { seq: number.format(lane.taken) })}</span>`}</td><td class="figure" data-label=${t("hooks.lane.behind")}>${number.format(lane.head - lane.seq)}</td>
        <td data-label=${t("hooks.lane.waiting")}>${lane.waiting ? html`${number.format(lane.waiting)} <span class="dim">${t("since")} <${Age} at=${lane.waiting_since} /></span>` : html`<span class="calm">${t("hooks.lane.none")}</span>`}</td>
        <td data-label=${t("hooks.lane.next")}>${lane.failures ? html`<span class="late">${t("hooks.lane.failures", { n: lane.failures })}</span> ` : ""}${lane.next_at && hook.url && hook.status === "active" ? html`<${NextTry} at=${lane.next_at} />` : lane.failures ? "" : "–"}</td></tr>`)}</tbody></table></div>`}<p class="panel-note">${t("hooks.health.note")}</p><//>`;
}
