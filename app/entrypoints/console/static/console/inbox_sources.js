/** Dispatch systems that tell us something: which there are, how each is doing, what it told. Kept by the member's admin; its dispatchers see them. */
import { BackToList, chooseIn, chosenIn, useListKeys } from "./admin_parts.js";
import { myMember, read, readAll } from "./api.js";
import { openDialog } from "./dialogs.js";
import { InboxLog } from "./inbox_messages.js";
import { SourceForm } from "./inbox_source_form.js";
import { OUTCOMES } from "./inbox_parts.js";
import { stateName, t } from "./i18n.js";
import { dispatchLink, firstSpace, INTEGRATION } from "./space.js";
import { useReading } from "./live_reading.js";
import { Age, Left, Nothing, Panel, State } from "./parts.js";
import { may } from "./rules.js";
import { showOnce } from "./secret_once.js";
import { actsOf } from "./system_acts.js";
import { now, stamp } from "./time.js";
import { html } from "./view.js";

/** @typedef {import("./inbox_parts.js").Source} Source */
/** @typedef {import("./inbox_parts.js").SourceHealth} SourceHealth */
/** @typedef {Source & {health: SourceHealth}} SourceNow */

const NAME = "source";
const PATH = "/api/v1/inbox-sources";
/** Messages are in no journal, only what they did is: how they are doing is read by the clock (ms). */
const EVERY_MS = 3000;

/** Where its messages are sent to, in each space that there always is; in a drill's while it runs. @param {string} id @param {readonly string[]} kinds @returns {string[]} */
function addresses(id, kinds) {
  const spaces = ["live", INTEGRATION].filter((each) => kinds.includes(each));
  return [...spaces, ...(kinds.includes("exercise") ? ["{drill}"] : [])].map((space) => `POST /api/v1/spaces/${space}/inbox/${id}`);
}

/** The member's sources, kept up. */
export function useSources() {
  return useReading(async () => {
    const rows = /** @type {Source[]} */ (await readAll(PATH));
    return Promise.all(rows.map(async (row) => /** @type {SourceNow} */ ({ ...row, health: await read(`${PATH}/${row.id}/health`) })));
  }, { about: (entry) => entry.type.startsWith("inbox_"), everyMs: EVERY_MS });
}

/** Whether the signed-in user keeps the sources. */
export function keepsSources() {
  return may("change_inbox_source", { member: myMember() });
}

/** @param {string} label @param {string} secret @param {string} id @param {string[]} kinds of spaces that it acts in @param {string} [more] */
function showSecret(label, secret, id, kinds, more) {
  const first = firstSpace(kinds);
  const space = kinds.includes(first) ? first : "{drill}";
  return showOnce({ title: t("hooks.secret"), text: html`<p>${t("hooks.secret.once", { label })}</p>${more && html`<p>${more}</p>`}<p class="dim">${t("inbox.secret.how")}</p><p><code>POST /api/v1/spaces/${space}/inbox/${id}</code></p>`, label: t("hooks.secret"), secret, copied: t("hooks.secret.copied"), kept: t("hooks.secret.kept") });
}

/** How it stands. @param {SourceNow} row @returns {{text: string, tone: string}} */
function standing(row) {
  if (row.status !== "active") return { text: stateName("inbox_source", row.status), tone: "notice" };
  if (row.mapping_version === null) return { text: t("inbox.no_mapping"), tone: "alert" };
  return { text: stateName("inbox_source", row.status), tone: "" };
}

/** The tab. */
export function InboxSources() {
  const { told, failed, again } = useSources();
  const rows = told ?? [];
  const chosen = chosenIn(NAME);
  const shown = rows.find((row) => row.id === chosen);
  useListKeys(NAME, () => rows.map((row) => row.id), { filters: false });
  const add = async () => {
    const receipt = await openDialog(t("inbox.add"), (close) => html`<${SourceForm} close=${close} />`, { wide: true });
    if (!receipt) return;
    await again();
    chooseIn(NAME, receipt.id);
    await showSecret(receipt.label, receipt.once.secret, receipt.id, receipt.subject?.space_kinds ?? ["live"]);
  };
  return html`<div class="master-detail" data-open=${chosen ? "yes" : "no"}>
    <${Panel} id="sources" class="master" title=${t("inbox")} count=${rows.length} tools=${keepsSources() && html`<button type="button" class="button primary small" onClick=${add}>${t("inbox.add")}</button>`}>
      ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
      ${told === null && !failed && html`<${Nothing} text=${t("loading")} />`}${told !== null && rows.length === 0 && html`<${Nothing} text=${t("inbox.none")} />`}
      <ul class="plain entries">${rows.map((row) => html`<li key=${row.id} id=${`${NAME}-${row.id}`} class=${row.id === chosen ? "now" : ""}><button type="button" class="row-button entry" aria-pressed=${row.id === chosen} onClick=${() => chooseIn(NAME, row.id)}><${Line} row=${row} /></button></li>`)}</ul><//>
    <div class="detail"><${BackToList} name=${NAME} text=${t("inbox")} />${shown ? html`<${Detail} key=${shown.id} row=${shown} again=${again} />` : html`<section class="panel"><${Nothing} text=${t("inbox.choose")} /></section>`}</div></div>`;
}

/** One in the list. @param {{row: SourceNow}} props */
function Line({ row }) {
  const { text, tone } = standing(row);
  const { last_at, held, calls } = row.health;
  return html`<span><strong>${row.label}</strong> <code class="dim">${row.source}</code></span><${State} text=${text} tone=${tone || "calm-state"} />
    <span class="entry-more hook-line"><span class="dim">${row.mapping_version === null ? "" : t("inbox.version", { n: row.mapping_version })}</span><span class="dim">${last_at ? html`${t("inbox.last")} <${Age} at=${last_at} />` : t("inbox.nothing_came")}</span>
      ${held > 0 && html`<span class="late">${t("inbox.held", { n: held })}</span>`}${calls > 0 && html`<span class="notice">☎ ${t("inbox.calls", { n: calls })}</span>`}</span>`;
}

/** @param {{row: SourceNow, again: () => Promise<void>}} props */
function Detail({ row, again }) {
  const { health } = row;
  const { text, tone } = standing(row);
  const change = async () => {
    if (await openDialog(t("inbox.change"), (close) => html`<${SourceForm} source=${row} close=${close} />`, { wide: true })) await again();
  };
  const two = row.old_secret_until !== null && Date.parse(row.old_secret_until) > now();
  return html`<${Panel} id="source" title=${row.label} tone=${tone === "alert" ? "alert" : ""} tools=${html`<${State} text=${text} tone=${tone || "calm-state"} />${keepsSources() && html`<button type="button" class="button small" onClick=${change}>${t("inbox.change")}</button>`}`}>
      ${row.mapping_version === null && html`<p class="hook-trouble" role="status">${t("inbox.no_mapping.text")} <a href=${`#/admin/dispatch?tab=mappings&source=${row.id}`}>${t("mappings")}</a></p>`}
      ${row.status === "paused" && html`<p class="panel-note notice" role="status">${t("inbox.paused.text")}</p>`}
      <dl class="facts wide-facts">
        <div><dt>${t("inbox.address")}</dt><dd>${addresses(row.id, row.space_kinds).map((each) => html`<div key=${each}><code>${each}</code></div>`)}</dd></div>
        <div><dt>${t("hooks.source")}</dt><dd><code>${row.source}</code></dd></div>
        <div><dt>${t("inbox.spaces")}</dt><dd>${row.space_kinds.map((kind) => html`<span key=${kind} class=${`tag space-${kind}`}>${t(`hooks.space.${kind}`)}</span> `)}</dd></div>
        <div><dt>${t("mapping")}</dt><dd><a href=${`#/admin/dispatch?tab=mappings&source=${row.id}`}>${row.mapping_version === null ? t("inbox.no_mapping") : t("inbox.version", { n: row.mapping_version })}</a></dd></div>
        <div><dt>${t("inbox.per_minute")}</dt><dd>${row.per_minute}</dd></div>
        <div><dt>${t("hooks.secret")}</dt><dd>${two ? html`<span class="notice">${t("hooks.secret.two", { time: stamp(row.old_secret_until ?? "") })}</span> <${Left} at=${row.old_secret_until} />` : t("hooks.secret.one")}</dd></div>
        <div><dt>${t("inbox.last.title")}</dt><dd>${health.last_at ? html`${stamp(health.last_at)} <span class="dim">· <${Age} at=${health.last_at} /></span>` : t("inbox.nothing_came")}</dd></div>
        <div><dt>${t("inbox.last_applied")}</dt><dd>${health.last_applied_at ? html`${stamp(health.last_applied_at)} <span class="dim">· <${Age} at=${health.last_applied_at} /></span>` : t("hooks.never")}</dd></div>
        <div><dt>${t("inbox.today")}</dt><dd class="hook-line">${OUTCOMES.some((each) => health.today[each]) ? OUTCOMES.filter((each) => health.today[each]).map((each) => html`<span key=${each} class=${each === "quarantined" ? "late" : ""}>${t(`inbox.outcome.${each}`)} <b>${health.today[each]}</b></span>`) : "–"}</dd></div>
        <div><dt>${t("quarantine")}</dt><dd>${health.held ? Object.entries(health.held_in).map(([space, n]) => html`<div key=${space}><a class="late" href=${dispatchLink("quarantine", { of: row.id, space })}>${t("inbox.held", { n })}</a> <span class="tag">${space}</span></div>`) : t("inbox.held.none")}</dd></div></dl>
      ${keepsSources() && html`<${Acts} row=${row} again=${again} />`}<//>
    <${InboxLog} key=${row.id} source=${row} />`;
}

/** @param {{row: SourceNow, again: () => Promise<void>}} props */
function Acts({ row, again }) {
  const path = `${PATH}/${row.id}`;
  const { label } = row;
  const texts = { pause: t("inbox.pause.text", { label }), rotate: t("inbox.rotate.text"), remove: t("inbox.remove.text", { label }) };
  const { pause, resume, rotate, remove } = actsOf({ path, row, texts, again, show: (secret, more) => showSecret(label, secret, row.id, row.space_kinds, more) });
  return html`<div class="panel-text buttons">${row.status === "active" ? html`<button type="button" class="button" onClick=${pause}>${t("hooks.pause")}</button>` : html`<button type="button" class="button primary" onClick=${resume}>${t("hooks.resume")}</button>`}
    <button type="button" class="button" onClick=${rotate}>${t("hooks.rotate")} …</button><button type="button" class="button" onClick=${remove}>${t("hooks.remove")} …</button></div>`;
}
