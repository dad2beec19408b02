/** Significant events: what the journal tells, in words of the reader's language; the newest first. */
import { ENDED, crossingText, linesOf, linesText, memberName, rankOf, unitText } from "./about.js";
import { read } from "./api.js";
import { link, onEntries } from "./feed.js";
import { named, phaseName, stateName, t, typeName, word } from "./i18n.js";
import { Member, Panel, Nothing, useMark } from "./parts.js";
import { requestLink } from "./router.js";
import { asOf, tables, take } from "./store.js";
import { now, stamp } from "./time.js";
import { effect, html, signal } from "./view.js";

/** @typedef {import("./feed.js").Entry} Entry */

const MOST = 300;
const FIRST = 400;
const TOLD = new Set(["incident", "incident_log", "request", "offer", "mission", "call", "debt", "crossing", "response", "acknowledgement", "question", "agreement"]);

/** The latest entries that people want to read, newest first. */
export const events = signal(/** @type {Entry[]} */ ([]));

/** Listen from now on, and read what was before. */
export function startEvents() {
  onEntries((entries) => add(entries));
  let wanted = true;
  effect(() => {
    if (!link.value.live || !wanted) return;
    wanted = false;
    earlier().catch(() => {
      wanted = true;
    });
  });
}

async function earlier() {
  const after = Math.max(0, asOf.peek().seq - FIRST);
  const page = await read(`/journal?after=${after}&limit=${FIRST}`);
  const found = page.entries.filter((/** @type {any} */ entry) => !entry.hidden).map((/** @type {any} */ entry) => ({ ...entry, at: entry.recorded_at, live: false }));
  for (const entry of found) take(entry.rows); // in their order up to now: what is known better stays
  add(found);
}

/** @param {Entry[]} entries */
function add(entries) {
  const told = entries.filter((entry) => entry.rows && TOLD.has(entry.subject?.split(":")[0] ?? ""));
  if (!told.length) return;
  const bySeq = new Map([...events.peek(), ...told].map((entry) => [entry.seq, entry]));
  events.value = [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, MOST);
}

/**
 * Whether an entry is about a request: itself, its lines, offers, missions, calls, questions.
 * @param {Entry} entry @param {string} id
 */
export function isAbout(entry, id) {
  return Object.entries(entry.rows ?? {}).some(([kind, rows]) => rows.some((row) => (kind === "request" ? row.id === id : row.request_id === id)));
}

/** The request that an entry is about, if any. @param {Entry} entry @returns {string} */
export function requestOf(entry) {
  const rows = entry.rows ?? {};
  for (const kind of ["request", "mission", "offer", "call", "debt", "response", "acknowledgement", "question", "request_line"]) {
    const row = rows[kind]?.[0];
    if (row) return kind === "request" ? row.id : row.request_id;
  }
  return "";
}

/** What happened, in words. @param {Entry} entry @returns {string} */
export function tell(entry) {
  const [subject] = (entry.subject ?? "").split(":");
  const rows = entry.rows ?? {};
  const row = rows[subject]?.[0];
  const event = entry.type.split(".")[1];
  if (!row) return entry.type;
  switch (subject) {
    case "incident":
      return event === "changed" ? t("event.incident", { title: row.title, what: incidentNow(row) }) : `${row.title}: ${stateName("incident", row.status)}`;
    case "incident_log":
      return row.text;
    case "crossing":
      return `${named(row.names)}: ${crossingText(row)}`;
    case "request":
      return event === "opened" ? t("event.asks", { what: linesText(rows.request_line ?? linesOf(row.id)) }) : `${linesText(linesOf(row.id))}: ${stateName("request", row.status)}`;
    case "response":
      return t("event.declines", { reason: word("decline_reasons", row.reason) });
    case "acknowledgement":
      return t("event.read");
    case "offer":
      return event === "made" ? t("event.offers", { who: memberName(row.lender_id), what: (rows.offer_line ?? []).map((line) => `${line.quantity} × ${typeName(line.type_code)}`).join(" + ") }) : t("event.offer", { who: memberName(row.lender_id), state: event === "committed" ? t("event.committed") : stateName("offer", row.status) });
    case "mission":
      return `${unitText(row)}: ${event === "unit_assigned" ? t("event.unit_named") : stateName("mission", row.status)}`;
    case "call":
      return t(`event.call_${row.status}`, { what: `${row.quantity} × ${typeName(row.type_code)}` });
    case "debt":
      return t("event.debt", { who: memberName(row.member_id), act: t(`act.${row.act}`), state: stateName("debt", row.status) });
    case "question":
      return row.answer ? t("event.answered", { text: row.answer }) : t("event.asked", { text: row.text });
    case "agreement":
      return `${named(row.names)}: ${stateName("agreement", row.status)}`;
    default:
      return entry.type;
  }
}

/** @param {any} incident */
function incidentNow(incident) {
  const phases = Object.entries(incident.phases ?? {}).filter(([, code]) => code !== "none").map(([country, code]) => phaseName(country, /** @type {string} */ (code)));
  return [stateName("incident", incident.status), word("severities", incident.severity), ...phases].join(" · ");
}

/** @param {Entry} entry */
function toneOf(entry) {
  if (/\.(recalled|aborted|declined|lost|withdrawn|overdue|fell_overdue|ring_back)$/.test(entry.type)) return "late";
  return entry.type === "crossing.state_set" && entry.rows?.crossing?.[0]?.control === "closed" ? "late" : "";
}

/** The panel. */
export function Events() {
  const shown = events.value;
  return html`<${Panel} id="events" class="events" title=${t("events")} tools=${html`<${AsOf} />`}>
    ${shown.length === 0 ? html`<${Nothing} text=${t("events.none")} />` : html`<ol class="event-list">${shown.map((entry) => html`<${EventRow} key=${entry.seq} entry=${entry} />`)}</ol>`}<//>`;
}

/** @param {{entry: Entry}} props */
export function EventRow({ entry }) {
  const id = requestOf(entry);
  const request = tables.request.get(id);
  const mark = useMark(...subjectOf(entry), entry.seq);
  const rank = request && !ENDED.includes(request.status) ? rankOf(linesOf(id)) : 0;
  return html`<li class="event ${mark} ${toneOf(entry)}"><time datetime=${entry.at} title=${`seq ${entry.seq}`}>${stamp(entry.data?.occurred_at ?? entry.at)}</time>
    <span class="event-who">${entry.data?.member_id ? html`<${Member} id=${entry.data.member_id} />` : html`<span class="dim">${t("system")}</span>`}</span>
    <span class="event-text">${request && html`<a class="ref ${rank === 1 ? "p1" : ""}" href=${requestLink(id)}>${request.ref}</a> `}${tell(entry)}${entry.data?.why && html`<q class="dim">${entry.data.why}</q>`}</span></li>`;
}

/** @param {Entry} entry @returns {[string, string]} */
function subjectOf(entry) {
  const [kind, id] = (entry.subject ?? ":").split(":");
  return [kind, entry.live ? id : ""];
}

/** As of which moment a panel is. */
export function AsOf() {
  const { seq, at } = asOf.value;
  if (!at) return null;
  const when = new Date(now() - (performance.now() - at));
  return html`<span class="as-of" title=${`${t("as_of", { time: stamp(when.getTime()) })} · seq ${seq}`}><span class="sr">${t("as_of", { time: "" })} </span>${stamp(when.getTime())}</span>`;
}
