/** Whether the own dispatch systems are reached, for dispatchers: by name, since when not, and whom to ring. Their admin sees more in its place. */
import { chosenIn } from "./admin_parts.js";
import { myMember, readAll } from "./api.js";
import { Hooks } from "./hooks.js";
import { standing } from "./hook_words.js";
import { t } from "./i18n.js";
import { useReading } from "./live_reading.js";
import { Holders } from "./needs_role.js";
import { Age, Nothing, Panel, Phone, State } from "./parts.js";
import { holdsOne } from "./rules.js";
import { stamp } from "./time.js";
import { html } from "./view.js";

/** @typedef {{id: string, label: string, space_kinds: string[], status: string, paused_why: string | null, silent_since: string | null, failing_since: string | null, heard_at: string | null, reached_at: string | null}} Standing */

/** What is delivered is in no journal: it is read by the clock (ms). */
const EVERY_MS = 5000;

/** The tab, for whoever looks. */
export function Endpoints() {
  return holdsOne(["admin"]) ? html`<${Hooks} />` : html`<${Standings} />`;
}

function Standings() {
  const { told, failed } = useReading(() => /** @type {Promise<Standing[]>} */ (readAll("/api/v1/webhook-standings")), { about: (entry) => entry.type.startsWith("webhook_endpoint."), everyMs: EVERY_MS });
  const rows = told ?? [];
  const chosen = chosenIn("endpoint");
  return html`<div class="one-column"><${Panel} id="standings" title=${t("hooks")} count=${rows.length || undefined}>
    ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
    ${told === null && !failed ? html`<${Nothing} text=${t("loading")} />` : rows.length === 0 && !failed ? html`<${Nothing} text=${t("hooks.none")} />` : ""}
    <ul class="plain entries">${rows.map((row) => html`<li key=${row.id} class=${row.id === chosen ? "now" : ""}><${Line} row=${row} /></li>`)}</ul><//>
    <${Panel} id="standings-kept" title=${t("hooks.kept_by")}><div class="panel-text"><${Holders} roles=${["admin"]} /></div><//></div>`;
}

/** @param {{row: Standing}} props */
function Line({ row }) {
  const { text, tone } = standing(row, row);
  const since = row.silent_since ?? row.failing_since;
  return html`<div class="entry standing"><span><strong>${row.label}</strong>${row.space_kinds.includes("live") ? "" : html` <span class="tag">${row.space_kinds.map((kind) => t(`hooks.space.${kind}`)).join(" · ")}</span>`}</span><${State} text=${text} tone=${tone || "calm-state"} />
    <span class="entry-more hook-line">${since && tone === "alert" ? html`<span class="late">${t("since")} ${stamp(since)} · <${Age} at=${since} /></span>` : ""}
      ${row.reached_at ? html`<span class="dim">${t("hooks.reached")}: <${Age} at=${row.reached_at} /></span>` : ""}${row.heard_at ? html`<span class="dim">${t("hooks.heard")}: <${Age} at=${row.heard_at} /></span>` : ""}</span>
    ${tone === "alert" && html`<span class="entry-more">${t("hooks.ring")} <${Phone} id=${myMember()} /></span>`}</div>`;
}
