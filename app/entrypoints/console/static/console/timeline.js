/** What happened to a request, out of the journal: read once, and kept up by the feed. */
import { read } from "./api.js";
import { EventRow, events, isAbout } from "./events.js";
import { t } from "./i18n.js";
import { Nothing, Panel } from "./parts.js";
import { tables } from "./store.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./feed.js").Entry} Entry */

/** @param {{request: import("./store.js").Row}} props */
export function Timeline({ request }) {
  const [told, setTold] = useState(/** @type {Entry[]} */ ([]));
  const about = [
    `request/${request.id}`,
    ...tables.offer.where("request_id", request.id).map((row) => `offer/${row.id}`),
    ...tables.mission.where("request_id", request.id).map((row) => `mission/${row.id}`),
    ...["response", "extension", "reassignment", "host_support"].flatMap((kind) => tables[kind].where("request_id", request.id).map((row) => `${kind}/${row.id}`)),
  ];
  useEffect(() => {
    let late = false;
    Promise.all(about.map((each) => read(`/journal/about/${each}`).then((page) => page.entries, () => []))).then((pages) => {
      if (!late) setTold(pages.flat().filter((entry) => !entry.hidden && entry.rows).map((entry) => ({ ...entry, at: entry.recorded_at, live: false })));
    });
    return () => {
      late = true;
    };
  }, [about.length, request.id]);
  const bySeq = new Map([...told, ...events.value.filter((entry) => isAbout(entry, request.id))].map((entry) => [entry.seq, entry]));
  const all = [...bySeq.values()].filter((entry) => !entry.type.startsWith("resource.")).sort((a, b) => b.seq - a.seq);
  return html`<${Panel} live id="timeline" class="events timeline" title=${t("timeline")} count=${all.length}>
    ${all.length === 0 ? html`<${Nothing} text=${t("events.none")} />` : html`<ol class="event-list">${all.map((entry) => html`<${EventRow} key=${entry.seq} entry=${entry} />`)}</ol>`}<//>`;
}
