/** What the own dispatch systems have taken over, under which number, and what they have not: of that somebody rings. */
import { LARGEST_PAGE, myMember, readFirst } from "./api.js";
import { openForm } from "./form.js";
import { eventName, t } from "./i18n.js";
import { inSpace, SpacePick } from "./inbox_parts.js";
import { useReading } from "./live_reading.js";
import { Age, More, Nothing, Panel } from "./parts.js";
import { place, requestLink, showing } from "./router.js";
import { may } from "./rules.js";
import { linkIn, SPACE } from "./space.js";
import { tables } from "./store.js";
import { WebhookName } from "./system_names.js";
import { stamp } from "./time.js";
import { html, useState } from "./view.js";

/** @typedef {{id: string, endpoint_id: string, seq: number, event: string, incident_id: string | null, mission_id: string | null, status: string, number: string | null, ring: boolean, request_id: string | null, request_ref: string | null, asked_at: string, rung_at: string | null, taken_at: string | null}} Receipt */

const PAGE = 50;
/** Another space's journal is not heard here (ms). */
const EVERY_MS = 3000;
/** Characters of a number (`ExternalCode`). */
const MOST_NUMBER = 100;
const SHOWN = /** @type {Record<string, string>} */ ({ all: "", ring: "?ring=true", taken: "?status=taken" });

/** The tab. */
export function Receipts() {
  const space = place.value.query.space || SPACE;
  const shown = SHOWN[place.value.query.shown ?? ""] === undefined ? "all" : place.value.query.shown;
  const show = (/** @type {Record<string, string>} */ part) => showing({ ...place.peek().query, ...part });
  const [limit, setLimit] = useState(PAGE);
  const { told, failed, again } = useReading(() => readFirst(inSpace(space, `/dispatch-receipts${SHOWN[shown]}`), limit), { deps: [space, shown, limit], about: (entry) => entry.type.startsWith("dispatch_receipt."), everyMs: space === SPACE ? undefined : EVERY_MS * Math.ceil(limit / LARGEST_PAGE) });
  const rows = /** @type {Receipt[]} */ (told?.items ?? []);
  const settle = async (/** @type {Receipt} */ row) => {
    await openForm({
      title: t("receipts.rung"), text: html`<p>${t("receipts.rung.text")}</p>`, action: t("receipts.rung"),
      fields: [{ name: "number", label: `${t("receipts.number")} (${t("optional")})`, most: MOST_NUMBER }],
      command: (values) => ({ path: inSpace(space, `/webhooks/${row.endpoint_id}/receipts`), body: { seq: row.seq, ...values } }),
      how: () => ({ done: t("done.rung") }),
    });
    await again();
  };
  return html`<div class="one-column"><${Panel} id="receipts" title=${t("receipts")} count=${rows.length || undefined}>
    <p class="panel-note">${t("receipts.note")}</p>
    <div class="filter"><div class="choices" role="group" aria-label=${t("filter.list")}>${Object.keys(SHOWN).map((each) => html`<button key=${each} type="button" aria-pressed=${each === shown} onClick=${() => show({ shown: each === "all" ? "" : each })}>${t(each === "ring" ? "receipts.missing" : `receipts.${each}`)}</button>`)}</div>
      <${SpacePick} value=${space} onChange=${(/** @type {string} */ next) => show({ space: next === SPACE ? "" : next })} /></div>
    ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
    ${told === null && !failed ? html`<${Nothing} text=${t("loading")} />` : rows.length === 0 && !failed ? html`<${Nothing} text=${t("receipts.none")} />` : ""}
    <ol class="plain receipt-list">${rows.map((row) => html`<li key=${row.id} class="receipt"><span class="receipt-how">${row.status === "taken" ? html`<span class="calm">● ${t("receipts.taken_at", { time: stamp(row.taken_at ?? "") })}</span>` : row.ring ? html`<strong class="late">☎ ${t("receipts.ring")}</strong> <span class="late"><${Age} at=${row.asked_at} /></span>` : html`<span class="dim">○ ${t("receipts.over")}</span>`}</span>
      <span class="receipt-what"><strong>${eventName(row.event)}</strong> <${About} row=${row} space=${space} /></span>
      <span class="receipt-number">${row.number ? html`${t("receipts.number")} <code>${row.number}</code>` : row.ring && may("take_into_dispatch", { member: myMember() }) ? html`<button type="button" class="button small primary" onClick=${() => settle(row)}>${t("receipts.rung")} …</button>` : ""}</span>
      <span class="receipt-of dim"><${WebhookName} id=${row.endpoint_id} /> #${row.seq} · ${stamp(row.asked_at)}</span></li>`)}</ol>
    <${More} told=${told} set=${setLimit} /><//></div>`;
}

/** The request it is about, where it is known here. @param {{row: Receipt, space: string}} props */
function About({ row, space }) {
  const incident = tables.incident.get(row.incident_id);
  if (row.request_id) return html`<a href=${linkIn(space, requestLink(row.request_id))}>${row.request_ref}</a>`;
  return incident ? html`<span class="dim">${incident.ref} ${incident.title}</span>` : null;
}
