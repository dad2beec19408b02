/** Webhooks of one's own member: which there are and how each stands, beside the one that is chosen. For its admins. */
import { BackToList, chooseIn, chosenIn, FilterBox, useListKeys } from "./admin_parts.js";
import { myMember, read, readAll } from "./api.js";
import { openDialog } from "./dialogs.js";
import { HookDetail } from "./hook_detail.js";
import { HookForm } from "./hook_form.js";
import { showSecret } from "./hook_parts.js";
import { ms, percent, standing } from "./hook_words.js";
import { folded, t } from "./i18n.js";
import { useReading } from "./live_reading.js";
import { Age, Nothing, Panel, State } from "./parts.js";
import { may } from "./rules.js";
import { html, useState } from "./view.js";

/** @typedef {import("./hook_words.js").Hook} Hook */
/** @typedef {import("./hook_words.js").HookHealth} HookHealth */
/** @typedef {Hook & {health: HookHealth}} HookNow */

const NAME = "endpoint";
const PATH = "/api/v1/webhooks";
/** What is delivered is in no journal: it is read by the clock (ms). */
const EVERY_MS = 3000;

/** The tab. */
export function Hooks() {
  const [text, setText] = useState("");
  const [removed, setRemoved] = useState(false);
  const { told, failed, again } = useReading(async () => {
    const rows = /** @type {Hook[]} */ (await readAll(removed ? `${PATH}?status=removed` : PATH));
    return Promise.all(rows.map(async (row) => /** @type {HookNow} */ ({ ...row, health: await read(`${PATH}/${row.id}/health`) })));
  }, { deps: [removed], about: (entry) => entry.type.startsWith("webhook_endpoint.") || entry.type.startsWith("dispatch_receipt."), everyMs: EVERY_MS });
  const rows = (told ?? []).filter((row) => folded(`${row.label} ${row.url ?? ""} ${row.source ?? ""} ${row.events.join(" ")}`).includes(folded(text)));
  const now = chosenIn(NAME);
  const box = useListKeys(NAME, () => rows.map((row) => row.id));
  const shown = told?.find((row) => row.id === now);
  const add = async () => {
    const receipt = await openDialog(t("hooks.add"), (close) => html`<${HookForm} close=${close} />`, { wide: true });
    if (!receipt) return;
    await again();
    chooseIn(NAME, receipt.id);
    await showSecret(receipt.label, receipt.once.secret);
  };
  return html`<div class="master-detail" data-open=${now ? "yes" : "no"}>
    <${Panel} id="hooks" class="master" title=${t("hooks")} count=${rows.length} tools=${may("add_webhook", { member: myMember() }) && html`<button type="button" class="button primary small" onClick=${add}>${t("hooks.add")}</button>`}>
      <div class="filter"><${FilterBox} box=${box} value=${text} hint=${t("filter.list.hint")} onInput=${setText} />
        <div class="choices" role="group" aria-label=${t("filter.list")}><button type="button" aria-pressed=${!removed} onClick=${() => setRemoved(false)}>${t("hooks.kept")}</button><button type="button" aria-pressed=${removed} onClick=${() => setRemoved(true)}>${t("hooks.removed.list")}</button></div></div>
      ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
      ${told === null && !failed && html`<${Nothing} text=${t("loading")} />`}${told !== null && rows.length === 0 && html`<${Nothing} text=${t(removed ? "hooks.removed.none" : "hooks.none")} />`}
      <ul class="plain entries">${rows.map((row) => html`<li key=${row.id} id=${`${NAME}-${row.id}`} class=${row.id === now ? "now" : ""}><button type="button" class="row-button entry" aria-pressed=${row.id === now} onClick=${() => chooseIn(NAME, row.id)}><${Line} row=${row} /></button></li>`)}</ul><//>
    <div class="detail"><${BackToList} name=${NAME} text=${t("hooks")} />${shown ? html`<${HookDetail} key=${shown.id} hook=${shown} health=${shown.health} again=${again} />` : html`<section class="panel"><${Nothing} text=${t("hooks.choose")} /></section>`}</div></div>`;
}

/** One in the list. @param {{row: HookNow}} props */
function Line({ row }) {
  const { health } = row;
  const tries = health.delivered_24h + health.failed_24h;
  const { text, tone } = standing(row, health);
  return html`<span><strong>${row.label}</strong>${row.space_kinds.includes("live") ? "" : html` <span class="tag">${row.space_kinds.map((kind) => t(`hooks.space.${kind}`)).join(" · ")}</span>`}</span><${State} text=${text} tone=${tone || "calm-state"} />
    <span class="entry-more dim">${row.url ?? t("hooks.outbox")}</span>
    <span class="entry-more hook-line"><span class=${health.failed_24h ? "notice" : "dim"}>${tries ? t("hooks.rate", { rate: percent(health.failed_24h, tries) }) : t("hooks.rate.none")}</span>
      ${health.latency_ms_p50 !== null && html`<span class="dim">${ms(health.latency_ms_p50)}</span>`}
      <span class=${health.waiting && tone !== "" ? "late" : "dim"}>${t("hooks.waiting", { n: health.waiting })}</span>
      ${health.reached_at && html`<span class="dim">${t("hooks.last")} <${Age} at=${health.reached_at} /></span>`}${health.rung > 0 && html`<span class="late">${t("hooks.rung", { n: health.rung })}</span>`}</span>`;
}
