/** The alarms in the header: what waits, how many there were, and shelving. */
import { ALARM_KINDS, alarms, changeMuted, MONEY, muted, rate, seen, shelve, shelves, shelvedUntil, waiting } from "./alarms.js";
import { linesOf, linesText } from "./about.js";
import { myMember } from "./api.js";
import { t } from "./i18n.js";
import { UnitName, whyText } from "./inbox_parts.js";
import { doesAccounts } from "./money_due.js";
import { Age, Member, Nothing, Phone } from "./parts.js";
import { requestLink } from "./router.js";
import { tables } from "./store.js";
import { SourceName, WebhookName } from "./system_names.js";
import { minute, stamp } from "./time.js";
import { html } from "./view.js";

const MANAGEABLE = 10;
const SHELF_MINUTES = [15, 30, 60];

/** The button with what waits, and the panel under it. */
export function AlarmButton() {
  const n = waiting.value.length;
  const overload = rate.value > MANAGEABLE;
  return html`<details class="alarms" onKeyDown=${closeOnEscape}>
    <summary class="pill ${n ? "alarm" : ""}"><span class="sr">${t("alarms.waiting", { n })}, ${t("alarms.rate", { n: rate.value })}${muted.value ? `, ${t("alarms.muted")}` : ""}</span>
      <span aria-hidden="true">${muted.value ? "△" : "▲"} ${n}</span><span aria-hidden="true" class="rate ${overload ? "overload" : ""}">${t("alarms.rate_short", { n: rate.value })}</span></summary>
    <div class="alarm-panel" role="group" aria-label=${t("alarms")}>
      <div class="alarm-head"><h2>${t("alarms")}</h2><span class="grow"></span>
        <button type="button" class="button small" aria-pressed=${muted.value} onClick=${changeMuted}>${muted.value ? t("alarms.unmute") : t("alarms.mute")}</button>
        ${n > 0 && html`<button type="button" class="button small" onClick=${() => seen()}>${t("alarms.all_seen")}</button>`}</div>
      <p class=${overload ? "late" : "dim"}>${t("alarms.rate", { n: rate.value })}${overload ? ` – ${t("alarms.overload")}` : ""}</p>
      <ul class="alarm-list" onClick=${closeOnWay}>${alarms.value.slice(0, 30).map((alarm) => html`<${AlarmRow} key=${alarm.id} alarm=${alarm} />`)}</ul>
      ${alarms.value.length === 0 && html`<${Nothing} text=${t("alarms.none")} />`}
      <h3>${t("alarms.shelve")}</h3>
      <ul class="shelf">${ALARM_KINDS.filter((kind) => doesAccounts() || !MONEY.includes(kind)).map((kind) => html`<${Shelf} kind=${kind} />`)}</ul>
      ${shelves.value.length > 0 && html`<details><summary>${t("alarms.shelved_log")}</summary><ul class="dim">${shelves.value.map(
        (shelf) => html`<li>${t(`alarm.${shelf.kind}`)}: ${stamp(shelf.since)} – ${stamp(shelf.until)}</li>`)}</ul></details>`}
    </div></details>`;
}

/** @param {{alarm: import("./alarms.js").Alarm}} props */
function AlarmRow({ alarm }) {
  const request = tables.request.get(alarm.request);
  return html`<li class=${alarm.done ? "done" : "waits"}><div><strong>${t(`alarm.${alarm.kind}`)}</strong>${alarm.count > 1 ? html` <b>×${alarm.count}</b>` : ""} <${Age} at=${alarm.at} class="dim" />
      <div>${alarm.who && html`<${Member} id=${alarm.who} /> · `}${request && html`<a href=${requestLink(request.id)} onClick=${() => seen(alarm.id)}>${request.ref}</a> ${linesText(linesOf(request.id))} `}${DISPATCH[alarm.kind] ? alarm.causes.map((cause) => html`<${DISPATCH[alarm.kind]} key=${cause.subject} cause=${cause} onClick=${() => seen(alarm.id)} />`) : alarm.href && html`<a href=${alarm.href} onClick=${() => seen(alarm.id)}>${alarm.text || t(alarm.kind === "told" ? "exercise" : alarm.href.includes("#/admin/dispatch") ? "receipts" : "claims")}</a>`}</div></div>
    ${!alarm.done && html`<button type="button" class="button small" onClick=${() => seen(alarm.id)}>${t("alarms.seen")}</button>`}</li>`;
}

/** @typedef {{cause: import("./alarms.js").Cause, onClick: () => void}} OfDispatch */

/** A unit that calls: which, whether it is urgent, who told so, since when. @param {OfDispatch} props */
function UnitCall({ cause, onClick }) {
  const row = tables.inbox_matter.get(cause.subject);
  if (!row) return html`<div><a href=${cause.href} onClick=${onClick}>${t("unit_calls")}</a></div>`;
  return html`<div class="alarm-cause"><strong class=${row.call === "urgent" ? "late" : "notice"}>☎ ${t(`unit_calls.${row.call}`)}</strong> <a href=${cause.href} onClick=${onClick}><${UnitName} id=${row.resource_id} bare /><span class="sr"> ${t("unit_calls")}</span></a> <span class="dim"><${SourceName} id=${row.source_id} /> · ${t("since")} ${stamp(row.at ?? row.held_at)}</span></div>`;
}

/** A message that waits: of which source, and why. @param {OfDispatch} props */
function Held({ cause, onClick }) {
  const row = tables.inbox_matter.get(cause.subject);
  return html`<div class="alarm-cause"><a href=${cause.href} onClick=${onClick}>${t("quarantine")}</a> <${SourceName} id=${row?.source_id} /> <span class="dim">${whyText(row?.because ?? null)}</span></div>`;
}

/** A dispatch system that is not reached: its name, since when, and whom to ring. @param {OfDispatch} props */
function Unreached({ cause, onClick }) {
  const since = tables.webhook_endpoint.get(cause.subject)?.silent_since ?? cause.at;
  return html`<div class="alarm-cause"><a href=${cause.href} onClick=${onClick}><${WebhookName} id=${cause.subject} /></a> <span class="dim">${t("since")} ${stamp(since)}</span> <${Phone} id=${myMember()} /></div>`;
}

/** Alarms about the own dispatch systems, each told whole. @type {Record<string, any>} */
const DISPATCH = { unit_call: UnitCall, quarantine: Held, webhook_stopped: Unreached, webhook_silent: Unreached };

/** @param {{kind: string}} props */
function Shelf({ kind }) {
  minute.value;
  const until = shelvedUntil(kind);
  return html`<li><span>${t(`alarm.${kind}`)}</span>${until
    ? html`<button type="button" class="button small" onClick=${() => shelve(kind, 0)}>${t("alarms.unshelve", { time: stamp(until) })}</button>`
    : html`<select aria-label=${`${t("alarms.shelve")}: ${t(`alarm.${kind}`)}`} value="" onChange=${(/** @type {any} */ event) => { shelve(kind, Number(event.target.value)); event.target.value = ""; }}>
        <option value="">${t("alarms.heard")}</option>${SHELF_MINUTES.map((n) => html`<option value=${n}>${t("alarms.shelve_for", { n })}</option>`)}</select>`}</li>`;
}

/** Who goes where it is dealt with wants to see that, and not the list over it. @param {MouseEvent} event */
function closeOnWay(event) {
  const way = event.target instanceof Element && event.target.closest("a[href*='#']");
  const box = way && way.closest("details");
  if (box) box.open = false;
}

/** @param {KeyboardEvent} event */
function closeOnEscape(event) {
  if (event.key !== "Escape" || !(event.currentTarget instanceof HTMLDetailsElement)) return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector("summary")?.focus();
}
