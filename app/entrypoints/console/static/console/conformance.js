/** How well the own dispatch systems keep to what was agreed: figures over a window of time, each fault with what to do next. */
import { read, readAll } from "./api.js";
import { language, t } from "./i18n.js";
import { useReading } from "./live_reading.js";
import { Nothing, Panel, State } from "./parts.js";
import { INTEGRATION, IS_LIVE } from "./space.js";
import { now } from "./time.js";
import { html, useState } from "./view.js";

/**
 * @typedef {{code: string, weight: "fault" | "note", count: number, next: string}} Finding
 * @typedef {{label: string, conforms: boolean | null, findings: readonly Finding[]}} Judged
 * @typedef {Judged & {webhook_id: string, asked: number, taken: number, missed: number, late: number, tried_again: number, taken_again: number, latency_ms_p50: number | null, latency_ms_p95: number | null, receipts: {asked: number, taken: number, late: number, missing: number}}} Outgoing
 * @typedef {Judged & {source_id: string, received: number, late: number, out_of_order: number, duplicates: number, held: number, wrongly_signed: number, skew_s_worst: number | null, untold: number}} Incoming
 */

const DAYS = ["1", "7", "31"];
const SPACES = ["", "live", "integration"];
/** What is delivered and what comes in stands in no journal: it is read by the clock (ms). */
const EVERY_MS = 10_000;
const DAY_MS = 86_400_000;
/** Figures of what goes out, and of what comes in; `bad` ones are marked where they are not zero. */
const OUT = /** @type {const} */ ([["asked"], ["taken"], ["missed", "bad"], ["late", "bad"], ["tried_again"], ["taken_again"]]);
const IN = /** @type {const} */ ([["received"], ["late", "bad"], ["out_of_order"], ["duplicates"], ["held", "bad"], ["wrongly_signed", "bad"], ["untold", "bad"]]);

/** The tab. */
export function Conformance() {
  const [days, setDays] = useState("1");
  const [space, setSpace] = useState(IS_LIVE ? "" : INTEGRATION);
  const { told, failed } = useReading(async () => {
    const asked = new URLSearchParams({ since: new Date(now() - Number(days) * DAY_MS).toISOString() });
    if (space) asked.set("space", space);
    const all = async (/** @type {string} */ path, listed = path) => Promise.all((await readAll(listed)).map((/** @type {{id: string}} */ each) => read(`${path}/${each.id}/conformance?${asked}`)));
    // The list of webhooks is its admins'; whether they are reached, their dispatchers read, too.
    const out = /** @type {Outgoing[]} */ (await all("/api/v1/webhooks", "/api/v1/webhook-standings"));
    return { out, into: /** @type {Incoming[]} */ (await all("/api/v1/inbox-sources")) };
  }, { deps: [days, space], about: (entry) => /^(webhook_endpoint|inbox_|dispatch_receipt)/.test(entry.type), everyMs: EVERY_MS });
  const { out = [], into = [] } = told ?? {};
  return html`<div class="one-column conformance"><${Panel} id="conformance" title=${t("conformance")}>
      <p class="panel-note">${t("conformance.note")}</p>
      <div class="filter"><div class="choices" role="group" aria-label=${t("conformance.window")}>${DAYS.map((each) => html`<button key=${each} type="button" aria-pressed=${each === days} onClick=${() => setDays(each)}>${t(`conformance.window.${each}`)}</button>`)}</div>
        <div class="choices" role="group" aria-label=${t("hooks.lane.space")}>${SPACES.map((each) => html`<button key=${each} type="button" aria-pressed=${each === space} onClick=${() => setSpace(each)}>${t(each ? `hooks.space.${each}` : "conformance.any_space")}</button>`)}</div></div>
      ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
      ${told === null && !failed ? html`<${Nothing} text=${t("loading")} />` : out.length + into.length === 0 && !failed ? html`<${Nothing} text=${t("conformance.none")} />` : ""}<//>
    ${out.map((each) => html`<${One} key=${each.webhook_id} of=${each} way="out"><${Figures} names=${OUT} of=${each} /><${Answers} of=${each} /><//>`)}
    ${into.map((each) => html`<${One} key=${each.source_id} of=${each} way="in"><${Figures} names=${IN} of=${each} /><${Clock} of=${each} /><//>`)}</div>`;
}

/** One system in one direction. @param {{of: Judged, way: "out" | "in", children?: any}} props */
function One({ of, way, children }) {
  const [text, tone] = of.conforms === null ? ["unknown", ""] : of.conforms ? ["yes", "calm-state"] : ["no", "alert"];
  return html`<${Panel} id=${`conformance-${way}-${of.label}`} title=${`${of.label} · ${t(`conformance.${way}`)}`} tools=${html`<${State} text=${t(`conformance.${text}`)} tone=${tone} />`}>
    <dl class="facts wide-facts">${children}</dl>
    ${of.findings.length ? html`<ul class="plain findings">${of.findings.map((each) => html`<li key=${each.code} class=${each.weight === "fault" ? "hook-trouble" : "panel-note"}><b>${number(each.count)} ×</b> ${t(`conformance.find.${each.code}`)}</li>`)}</ul>` : of.conforms && html`<p class="panel-note">${t("conformance.well")}</p>`}<//>`;
}

/** @param {{names: readonly (readonly string[])[], of: any}} props */
function Figures({ names, of }) {
  return names.map(([name, bad]) => html`<div key=${name}><dt>${t(`conformance.${name}`)}</dt><dd class=${bad && of[name] ? "late" : ""}>${number(of[name])}</dd></div>`);
}

/** @param {{of: Outgoing}} props */
function Answers({ of }) {
  const { receipts } = of;
  return html`<div><dt>${t("conformance.receipts")}</dt><dd class=${receipts.late || receipts.missing ? "late" : ""}>${receipts.asked ? t("conformance.receipts.text", { taken: number(receipts.taken), asked: number(receipts.asked) }) : "–"}</dd></div>
    <div><dt>${t("hooks.latency")}</dt><dd>${of.latency_ms_p50 === null ? "–" : t("hooks.latency.text", { half: ms(of.latency_ms_p50), most: ms(of.latency_ms_p95 ?? of.latency_ms_p50) })}</dd></div>`;
}

/** @param {{of: Incoming}} props */
function Clock({ of }) {
  return html`<div><dt>${t("conformance.skew")}</dt><dd>${of.skew_s_worst === null ? "–" : t("conformance.seconds", { n: number(Math.round(of.skew_s_worst)) })}</dd></div>`;
}

/** @param {number} n */
function ms(n) {
  return `${number(Math.round(n))} ms`;
}

/** @param {number} n */
function number(n) {
  return new Intl.NumberFormat(language.value).format(n);
}
