/** How the messages of a source are read: the versions of its mapping, the text of one, tried on a message beside it, turned on, turned back. */
import { BackToList, chooseIn, chosenIn, useListKeys } from "./admin_parts.js";
import { myMember, read, readAll } from "./api.js";
import { carryOutConfirmed } from "./doing.js";
import { MappingEditor } from "./inbox_editor.js";
import { stateName, t } from "./i18n.js";
import { useReading } from "./live_reading.js";
import { Age, Nothing, Panel, State } from "./parts.js";
import { place, showing } from "./router.js";
import { may } from "./rules.js";
import { stamp } from "./time.js";
import { html } from "./view.js";

/** @typedef {import("./inbox_parts.js").Source} Source */
/** @typedef {{id: string, revision: number, source_id: string, version: number, status: string, title: string, note: string | null, created_at: string, tried_at: string | null, turned_on_at: string | null}} Version */
/** @typedef {{name: string, title: string, discipline: string, fictional: boolean, mapping: any}} Shipped */

const NAME = "version";
/** What is written anew, and is no version yet. */
const NEW = "new";

/** The tab. */
export function Mappings() {
  const about = (/** @type {import("./feed.js").Entry} */ entry) => entry.type.startsWith("inbox_mapping.") || entry.type.startsWith("inbox_source.");
  const { told: sources, failed } = useReading(() => /** @type {Promise<Source[]>} */ (readAll("/api/v1/inbox-sources")), { about });
  const { told: shipped } = useReading(async () => /** @type {Shipped[]} */ ((await read("/api/v1/inbox-mappings")).items));
  const source = (sources ?? []).find((each) => each.id === place.value.query.source) ?? sources?.[0];
  if (failed) return html`<section class="panel"><p class="late nothing" role="alert">${failed}</p></section>`;
  if (!sources) return html`<section class="panel"><${Nothing} text=${t("loading")} /></section>`;
  if (!source) return html`<section class="panel" aria-labelledby="mappings-title"><h2 id="mappings-title" class="panel-head">${t("mappings")}</h2><${Nothing} text=${t("mappings.no_source")} /></section>`;
  return html`<${OfSource} key=${source.id} source=${source} sources=${sources} shipped=${shipped ?? []} />`;
}

/** @param {{source: Source, sources: Source[], shipped: Shipped[]}} props */
function OfSource({ source, sources, shipped }) {
  const path = `/api/v1/inbox-sources/${source.id}/mappings`;
  const { told, failed, again } = useReading(() => /** @type {Promise<Version[]>} */ (readAll(path)), { deps: [source.id], about: (entry) => entry.type.startsWith("inbox_mapping.") });
  const rows = told ?? [];
  const keeps = may("add_inbox_mapping", { member: myMember() });
  const chosen = chosenIn(NAME) || (told && !rows.length && keeps ? NEW : "");
  const shown = rows.find((row) => String(row.version) === chosen);
  useListKeys(NAME, () => rows.map((row) => String(row.version)), { filters: false });
  const kept = async (/** @type {number} */ version) => {
    await again();
    chooseIn(NAME, String(version));
  };
  return html`<div class="master-detail mappings" data-open=${chosenIn(NAME) ? "yes" : "no"}>
    <${Panel} id="versions" class="master" title=${t("mappings")} count=${rows.length} tools=${keeps && html`<button type="button" class="button primary small" onClick=${() => chooseIn(NAME, NEW)}>${t("mappings.new")}</button>`}>
      <div class="filter"><label class="narrow-pick grow"><span class="sr">${t("inbox.source")}</span><select value=${source.id} onChange=${(/** @type {any} */ event) => showing({ tab: "mappings", source: event.target.value })}>${sources.map((each) => html`<option value=${each.id} selected=${each.id === source.id}>${each.label}</option>`)}</select></label></div>
      ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
      ${told === null && !failed && html`<${Nothing} text=${t("loading")} />`}${told !== null && rows.length === 0 && html`<${Nothing} text=${t("mappings.none")} />`}
      <ul class="plain entries">${rows.map((row) => html`<li key=${row.id} id=${`${NAME}-${row.version}`} class=${row === shown ? "now" : ""}><button type="button" class="row-button entry" aria-pressed=${row === shown} onClick=${() => chooseIn(NAME, String(row.version))}>
        <span><strong>${t("inbox.version", { n: row.version })}</strong> ${row.title}</span><${State} text=${stateName("inbox_mapping", row.status)} tone=${row.status === "in_use" ? "" : "calm-state"} />
        ${row.note && html`<span class="entry-more">${row.note}</span>`}<span class="entry-more dim hook-line"><span><${Age} at=${row.created_at} /></span><span>${row.tried_at ? t("mappings.tried", { time: stamp(row.tried_at) }) : t("mappings.untried")}</span>${row.turned_on_at && html`<span>${t("mappings.on_since", { time: stamp(row.turned_on_at) })}</span>`}</span></button></li>`)}</ul><//>
    <div class="detail"><${BackToList} name=${NAME} text=${t("mappings")} />${shown ? html`<${Kept} key=${shown.version} source=${source} row=${shown} path=${path} used=${rows.find((row) => row.status === "in_use")} kept=${kept} again=${again} />`
      : chosen === NEW && keeps ? html`<${Begin} source=${source} shipped=${shipped} kept=${kept} again=${again} />` : html`<section class="panel"><${Nothing} text=${t("mappings.choose")} /></section>`}</div></div>`;
}

/** One that is kept: its text, and the way to turn it on. @param {{source: Source, row: Version, path: string, used: Version | undefined, kept: (version: number) => Promise<void>, again: () => Promise<void>}} props */
function Kept({ source, row, path, used, kept, again }) {
  const { told } = useReading(() => read(`${path}/${row.version}`), { deps: [row.id] });
  const on = async () => {
    const text = used ? t("mappings.turn_on.replaces", { n: row.version, used: used.version }) : t("mappings.turn_on.text", { n: row.version });
    await carryOutConfirmed({ title: t("mappings.turn_on"), text: html`<p>${text}</p><p class="dim">${t("mappings.turn_on.note")}</p>`, action: t("mappings.turn_on") }, () => ({ path: `${path}/${row.version}/turn-on`, body: {} }), { done: t("done.mapping_on", { n: row.version }) });
    await again();
  };
  const tools = row.status !== "in_use" && may("turn_on_inbox_mapping", { member: myMember() }) && html`<button type="button" class="button primary small" disabled=${!row.tried_at} onClick=${on}>${t(row.status === "replaced" ? "mappings.turn_back" : "mappings.turn_on")}</button>`;
  if (!told) return html`<section class="panel"><${Nothing} text=${t("loading")} /></section>`;
  return html`<${MappingEditor} source=${source} version=${row} mapping=${told.mapping} tools=${tools} kept=${kept} again=${again} />`;
}

/** A first one, or another beginning: by one that comes with the service. @param {{source: Source, shipped: Shipped[], kept: (version: number) => Promise<void>, again: () => Promise<void>}} props */
function Begin({ source, shipped, kept, again }) {
  const name = place.value.query.from ?? "";
  const from = shipped.find((each) => each.name === name);
  if (!from) return html`<${Panel} id="begin" title=${t("mappings.begin")}><p class="panel-note">${t("mappings.begin.note")}</p><ul class="plain entries">${shipped.map((each) => html`<li key=${each.name}><button type="button" class="row-button entry" onClick=${() => showing({ ...place.peek().query, [NAME]: NEW, from: each.name })}><span><strong>${each.title}</strong> ${each.fictional && html`<span class="tag">${t("mappings.fictional")}</span>`}</span><code class="dim">${each.name}</code></button></li>`)}</ul><//>`;
  return html`<${MappingEditor} key=${from.name} source=${source} mapping=${from.mapping} kept=${kept} again=${again} />`;
}
