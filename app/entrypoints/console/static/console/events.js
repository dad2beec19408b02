/** Significant events: what the journal tells, in words of the reader's language; the newest first. */
import { ENDED, crossingText, linesOf, linesText, memberName, rankOf, unitText, wayText } from "./about.js";
import { read } from "./api.js";
import { manifestText, measuresText } from "./crew.js";
import { link, onEntries } from "./feed.js";
import { named, phaseName, stateName, t, typeName, word } from "./i18n.js";
import { Member, Panel, Nothing, useMark } from "./parts.js";
import { requestLink } from "./router.js";
import { asOf, tables, take } from "./store.js";
import { SourceName } from "./system_names.js";
import { stamp } from "./time.js";
import { unaskedText } from "./unasked.js";
import { wordAbout } from "./lender_words.js";
import { computed, effect, html, signal } from "./view.js";

/** @typedef {import("./feed.js").Entry} Entry */

const MOST = 300;
const FIRST = 400;
const TOLD = new Set(["incident", "incident_log", "request", "offer", "mission", "call", "debt", "crossing", "response", "acknowledgement", "question", "agreement", "extension", "reassignment", "host_support", "automatic_aid", "automatic_alarm", "response_commitment", "rendezvous", "unasked_offer", "lender_word", "incident_protocol", "checklist_item"]);

/** What is only put down beforehand, or makes room for what was asked anew: nobody has to know of it. */
const UNTOLD = new Set(["response_commitment.begun", "response_commitment.put_off", "response_commitment.kept", "response_commitment.lapsed", "response_commitment.taken_back", "debt.lapsed", "automatic_aid.passed_on", "crossing.added", "rendezvous.added", "agreement.drafted", "agreement.consented", "extension.lapsed", "reassignment.lapsed", "host_support.lapsed"]);
const MOST_SHOWN = 120;
/** Steps that lie no farther apart are told in one line. */
const TOGETHER_MS = 120_000;

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

/** Entries that each say something of their own: they stand beside what came later about the same. */
const APART = new Set(["incident_log", "question", "response"]);

/**
 * What the list shows: of each thing the newest state alone, and what is abnormal besides; agreements that stand alike are one
 * line, and so are units of one request that take the same step one after the other by the same side's word.
 * @param {readonly Entry[]} newestFirst
 * @returns {(Entry & {alike?: number, units?: any[]})[]}
 */
export function newestOf(newestFirst) {
  const seen = new Set();
  /** @type {(Entry & {alike?: number, units?: any[]})[]} */
  const lines = [];
  for (const entry of newestFirst) {
    const kind = subjectKind(entry);
    if (seen.has(entry.subject) && !APART.has(kind) && !toneOf(entry)) continue;
    seen.add(entry.subject);
    const last = lines.at(-1);
    if (last && kind === "agreement" && subjectKind(last) === kind && statusOf(last) === statusOf(entry)) last.alike = (last.alike ?? 1) + 1;
    else if (last && kind === "mission" && together(last, entry)) last.units = [...(last.units ?? [last.rows?.mission[0]]), entry.rows?.mission[0]];
    else lines.push(kind === "agreement" || kind === "mission" ? { ...entry } : entry);
  }
  return lines;
}

/** @param {Entry} a @param {Entry} b */
function together(a, b) {
  return a.type === b.type && !toneOf(a) && !ABOUT_MISSION[a.type.split(".")[1]] && requestOf(a) === requestOf(b) && a.data?.member_id === b.data?.member_id && !a.data?.why && !b.data?.why && Math.abs(Date.parse(a.at) - Date.parse(b.at)) < TOGETHER_MS;
}

/** @param {Entry} entry */
function subjectKind(entry) {
  return (entry.subject ?? "").split(":")[0];
}

/** @param {Entry} entry @returns {string} */
function statusOf(entry) {
  return entry.rows?.[subjectKind(entry)]?.[0]?.status ?? "";
}

/** Of the disaster alone: help from day to day has its own place. */
const shownEvents = computed(() => newestOf(events.value.filter((entry) => !isDayToDay(entry))).slice(0, MOST_SHOWN));

/** @param {Entry} entry */
function isDayToDay(entry) {
  const rows = entry.rows ?? {};
  return [rows.request?.[0], rows.mission?.[0]].some((row) => row?.kind === "day_to_day") || tables.request.get(requestOf(entry))?.kind === "day_to_day";
}

/** What is drafted, submitted and opened in one breath is told with its last state: each entry says its own. */
const STEPS = /** @type {Record<string, string>} */ ({ drafted: "draft", submitted: "submitted" });

/** @param {Entry[]} entries */
function add(entries) {
  const told = entries.filter((entry) => entry.rows && TOLD.has(subjectKind(entry)) && !UNTOLD.has(entry.type));
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
  for (const kind of ["request", "mission", "offer", "call", "debt", "response", "acknowledgement", "question", "extension", "reassignment", "host_support", "automatic_aid", "automatic_alarm", "response_commitment", "request_line"]) {
    const row = rows[kind]?.[0];
    if (row) return kind === "request" ? row.id : row.request_id;
  }
  return "";
}

/** What happened, in words. @param {Entry & {alike?: number, units?: any[]}} entry @returns {string} */
export function tell(entry) {
  const [subject] = (entry.subject ?? "").split(":");
  const rows = entry.rows ?? {};
  const row = rows[subject]?.[0];
  const event = entry.type.split(".")[1];
  if (!row) return entry.type;
  switch (subject) {
    case "incident":
      if (event === "phase_changed") return t("event.phase", { title: row.title, country: entry.data?.country ?? "", phase: phaseName(entry.data?.country, entry.data?.phase) });
      return event === "changed" ? t("event.incident", { title: row.title, what: incidentNow(row) }) : `${row.title}: ${stateName("incident", row.status)}`;
    case "incident_log":
      return row.text;
    case "crossing":
      return `${named(row.names)}: ${crossingText(row)}${row.closed_until ? ` · ${t("crossing.opens")} ${stamp(row.closed_until)}` : ""}`;
    case "rendezvous":
      return `${row.guide_code} ${named(row.names)}: ${word("rendezvous_statuses", row.status)}`;
    case "request":
      if (event === "line_late") return t("event.line_late", { what: linesText(rows.request_line ?? linesOf(row.id)) });
      {
        const lines = rows.request_line ?? linesOf(row.id);
        if (event === "called_off") return t("event.called_off", { what: linesText(lines) || "–" });
        if (event === "opened") return t("event.asks", { what: linesText(lines) });
        const state = stateName("request", STEPS[event] ?? row.status);
        return lines.length ? `${linesText(lines)}: ${state}` : state; // of one that is over, the lines are not at hand
      }
    case "response":
      return t("event.declines", { reason: word("decline_reasons", row.reason) });
    case "acknowledgement":
      return t("event.read");
    case "offer":
      return event === "made" ? t("event.offers", { who: memberName(row.lender_id), what: offeredText(entry, row.id) }) : t("event.offer", { who: memberName(row.lender_id), what: offeredText(entry, row.id), state: event === "committed" ? t("event.committed") : stateName("offer", row.status) });
    case "mission":
      if (event === "relief_due" || event === "staged_without_task") return `${unitText(row)}: ${t(`alarm.${event}`)}`;
      return missionText(event, entry.data?.inferred ? { ...row, status: entry.data.state } : { ...row, barred_at: entry.data?.crossing_id }, entry.units); // what one message did at once is told with its last state
    case "call":
      return t(`event.call_${row.status}`, { what: `${row.quantity} × ${typeName(row.type_code)}` });
    case "automatic_aid":
      return t("event.automatic_aid", { what: `${row.quantity} × ${typeName(row.type_code)}`, state: stateName("automatic_aid", row.status) });
    case "automatic_alarm":
      return t("event.automatic_alarm", { who: memberName(row.lender_id), what: `${row.quantity} × ${typeName(row.type_code)}`, state: stateName("automatic_alarm", row.status) });
    case "response_commitment":
      return t("event.commitment", { who: memberName(row.lender_id), step: t(`commitment.${row.step}`), n: row.within_min, state: stateName("response_commitment", row.status) });
    case "unasked_offer":
      return t("event.unasked", { who: memberName(row.lender_id), what: unaskedText(row.id) || "–", state: stateName("unasked_offer", row.status) });
    case "lender_word":
      return t(row.status === "standing" ? `event.lender_${row.word}` : "event.lender_word", { who: memberName(row.member_id), what: wordAbout(row), time: stamp(row.until_at), state: stateName("lender_word", row.status) });
    case "debt":
      return t("event.debt", { who: memberName(row.member_id), act: t(`act.${row.act}`), state: stateName("debt", row.status) });
    case "question":
      return row.answer ? t("event.answered", { text: row.answer }) : t("event.asked", { text: row.text });
    case "extension":
    case "reassignment":
    case "host_support": {
      const mission = tables.mission.get(row.mission_id);
      return t(`event.${subject}`, { unit: mission ? unitText(mission) : "–", place: row.place ?? "–", state: stateName(subject, row.status) });
    }
    case "incident_protocol":
      return t(event === "superseded" ? "event.protocol_replaced" : "event.protocol_applied", { name: named(row.names), incident: tables.incident.get(row.incident_id)?.title ?? "–" });
    case "checklist_item":
      return t(row.done_at ? "event.item_ticked" : "event.item_unticked", { text: named(row.texts) });
    case "agreement":
      if (entry.type === "agreement.taken_back") return t("event.agreement_taken_back", { n: entry.alike ?? 1 });
      if (entry.alike) return t("event.agreements", { n: entry.alike, state: stateName("agreement", row.status) });
      return `${named(row.names)}: ${stateName("agreement", row.status)}`;
    default:
      return entry.type;
  }
}

/** @type {Record<string, (row: any) => Record<string, string>>} what a mission's entry tells beside its unit, where it is no step on its way */
const ABOUT_MISSION = {
  guide_named: () => ({}),
  liaison_named: () => ({}),
  manifest_written: (row) => ({ what: manifestText(row.manifest) }),
  measured: (row) => ({ what: measuresText(row) }),
  plan_changed: (row) => ({ place: row.place ?? "–" }),
  relief_planned: () => ({}),
  split: () => ({}),
  taken_back: () => ({}),
  split_off: (row) => ({ whole: unitText(tables.mission.get(row.split_from_id) ?? row) }),
  rerouted: (row) => ({ crossing: wayText(row) || "–" }),
  barred: (row) => ({ crossing: named(tables.crossing.get(row.barred_at ?? row.crossing_id)?.names) }),
  rendezvous: (row) => ({ place: tables.rendezvous.get(row.rendezvous_id)?.guide_code ?? "–" }),
  rendezvous_none: () => ({}),
};

/** @param {string} event @param {any} row @param {any[]} [all] units that did the same */
function missionText(event, row, all) {
  const unit = (all ?? [row]).map(unitText).join(", ");
  const key = event === "way_barred" ? "barred" : event === "sent_to_rendezvous" ? (row.rendezvous_id ? "rendezvous" : "rendezvous_none") : event;
  if (ABOUT_MISSION[key]) return t(`event.${key}`, { unit, ...ABOUT_MISSION[key](row) });
  return `${unit}: ${event === "unit_assigned" ? t("event.unit_named") : stateName("mission", row.status)}`;
}

/** What an offer holds: its units as far as they are known. @param {Entry} entry @param {string} id */
function offeredText(entry, id) {
  const lines = entry.rows?.offer_line ?? tables.offer_line.where("offer_id", id);
  return lines.map((line) => tables.resource.get(line.resource_id)?.call_sign ?? `${line.quantity} × ${typeName(line.type_code)}`).join(" + ") || "–";
}

/** @param {any} incident */
function incidentNow(incident) {
  const phases = Object.entries(incident.phases ?? {}).filter(([, code]) => code !== "none").map(([country, code]) => phaseName(country, /** @type {string} */ (code)));
  return [stateName("incident", incident.status), word("severities", incident.severity), ...phases].join(" · ");
}

/** @param {Entry} entry */
function toneOf(entry) {
  if (/\.(recalled|aborted|cannot|silent|unfilled|broken|declined|lost|withdrawn|called_off|overdue|fell_overdue|ring_back|way_barred|line_late)$/.test(entry.type)) return "late";
  return entry.type === "crossing.state_set" && entry.rows?.crossing?.[0]?.control === "closed" ? "late" : "";
}

/** The panel. */
export function Events() {
  const shown = shownEvents.value;
  return html`<${Panel} live scrolls id="events" class="events" title=${t("events")}>
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
    <span class="event-text">${request && html`<a class="ref ${rank === 1 ? "p1" : ""}" href=${requestLink(id)}>${request.ref}</a> `}${tell(entry)}${entry.data?.why && html`<q class="dim">${entry.data.why}</q>`}${entry.data?.message_id && html` <${ToldBy} id=${entry.data.source_id} inferred=${entry.data.inferred} />`}</span></li>`;
}

/** That nobody typed it: a dispatch system told so, by its name where it is our own. @param {{id: string, inferred?: boolean}} props inferred: it told of a later step */
function ToldBy({ id, inferred }) {
  return html`<span class="dim told-by">${t("event.by_system")} <${SourceName} id=${id} />${inferred ? html` <span class="tag">${t("inbox.effects.inferred")}</span>` : ""}</span>`;
}

/** @param {Entry} entry @returns {[string, string]} */
function subjectOf(entry) {
  const [kind, id] = (entry.subject ?? ":").split(":");
  return [kind, entry.live ? id : ""];
}
