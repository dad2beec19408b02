/** What a person has to see to: messages that nobody may guess the meaning of, with why and what to do; and units that call their dispatcher. */
import { BackToList, chooseIn, chosenIn, useListKeys } from "./admin_parts.js";
import { myMember, Problem, read, readAll, send } from "./api.js";
import { confirmAct, openProblem } from "./dialogs.js";
import { carryOut, say } from "./doing.js";
import { MessageMend } from "./inbox_mend.js";
import { inSpace, reasonName, SpacePick, spaceShown, UnitName, whyText } from "./inbox_parts.js";
import { t } from "./i18n.js";
import { useReading } from "./live_reading.js";
import { Age, Nothing, Panel } from "./parts.js";
import { place, showing } from "./router.js";
import { may } from "./rules.js";
import { dispatchLink, INTEGRATION, IS_LIVE, SPACE } from "./space.js";
import { tables } from "./store.js";
import { stamp } from "./time.js";
import { html, useState } from "./view.js";

/** @typedef {import("./inbox_parts.js").Matter} Matter */
/** @typedef {import("./inbox_parts.js").Source} Source */
/** @typedef {{source_id: string, code: string, count: number}} Reason how many wait of a source for it */

const NAME = "message";
const STATES = ["held", "settled", "discarded"];
const PAGE = 200;
/** How many are run again, or discarded, in one call: it takes a second or two. */
const AT_ONCE = 50;
/** Another space's journal is not heard here (ms). */
const TRIED_EVERY_MS = 10_000;

/** How much waits in the space of this page. */
export function heldHere() {
  return tables.inbox_matter.all.value.filter((row) => row.status === "held" && row.member_id === myMember()).length;
}

/** How much waits where systems are tried, beside the number of live: it is no alarm, and not looked for in vain. */
export function HeldElsewhere() {
  const n = useTried();
  return n ? html` <span class="waits-elsewhere dim">${INTEGRATION} ${n}</span>` : null;
}

/** How many messages wait in `integration`, seen from live. */
function useTried() {
  const { told } = useReading(async () => (IS_LIVE ? (await read(inSpace(INTEGRATION, "/quarantine/reasons"))).waiting : 0), { everyMs: TRIED_EVERY_MS });
  return told ?? 0;
}

/** Empty here, while it is not where systems are tried. */
function TriedWaits() {
  const n = useTried();
  return n ? html`<p class="panel-note"><a href=${dispatchLink("quarantine", { space: INTEGRATION })}>${t("quarantine.tried", { n })}</a></p>` : null;
}

/** The first items of a list, page by page until there are as many, and what comes after. @param {string} path @param {number} most @returns {Promise<{items: Matter[], next: string}>} */
async function readFirst(path, most) {
  /** @type {Matter[]} */
  const items = [];
  let next = "";
  do {
    const page = await read(`${path}&limit=${PAGE}${next && `&cursor=${encodeURIComponent(next)}`}`);
    items.push(...page.items);
    next = page.next ?? "";
  } while (next && items.length < most);
  return { items, next };
}

/** The tab. */
export function Quarantine() {
  const space = spaceShown();
  const of = place.value.query.of ?? "";
  const why = place.value.query.why ?? "";
  const [status, setStatus] = useState("held");
  const [most, setMost] = useState(PAGE);
  const about = (/** @type {import("./feed.js").Entry} */ entry) => entry.type.startsWith("inbox_");
  const { told: sources } = useReading(() => /** @type {Promise<Source[]>} */ (readAll("/api/v1/inbox-sources?status=active&status=paused&status=removed")), { about });
  const everyMs = space === SPACE ? undefined : 3000;
  const { told, failed, again } = useReading(() => readFirst(inSpace(space, `/quarantine?status=${status}${of && `&source=${of}`}${why && `&because=${why}`}`), most), { deps: [space, of, why, status, most], about, everyMs });
  const { told: counted, again: countAgain } = useReading(() => /** @type {Promise<{reasons: Reason[]}>} */ (read(inSpace(space, "/quarantine/reasons"))), { deps: [space], about, everyMs });
  const rows = told?.items ?? [];
  const ofSource = (counted?.reasons ?? []).filter((each) => !of || each.source_id === of);
  const waiting = status === "held" ? ofSource.filter((each) => !why || each.code === why) : [];
  const held = sum(waiting);
  const codes = [...new Set([...ofSource.map((each) => each.code), ...rows.map((row) => row.because?.code ?? ""), why])].filter(Boolean);
  const chosen = chosenIn(NAME);
  const shown = rows.find((row) => row.id === chosen);
  useListKeys(NAME, () => rows.map((row) => row.id), { filters: false });
  const label = (/** @type {string} */ id) => {
    const found = (sources ?? []).find((each) => each.id === id);
    const alike = (sources ?? []).filter((each) => each.label === found?.label).length > 1;
    return found ? (alike ? `${found.label} (${found.source})` : found.label) : "";
  };
  const show = (/** @type {Record<string, string>} */ part) => { setMost(PAGE); showing({ ...place.peek().query, [NAME]: "", ...part }); };
  const allAgain = async () => { await Promise.all([again(), countAgain()]); };
  return html`<div class="quarantine"><${Calls} space=${space} />
    <div class="master-detail" data-open=${chosen ? "yes" : "no"}>
      <${Panel} id="quarantine" class="master" title=${t("quarantine")} count=${told ? held || `${rows.length}${told.next ? "+" : ""}` : undefined} tone=${status === "held" && rows.length ? "alert" : ""} tools=${status === "held" && rows.length > 0 && html`<${RunAll} space=${space} waiting=${waiting} why=${why} label=${label} again=${allAgain} />`}>
        <div class="filter"><div class="choices" role="group" aria-label=${t("quarantine.filter")}>${STATES.map((each) => html`<button key=${each} type="button" aria-pressed=${each === status} onClick=${() => { setStatus(each); show({}); }}>${t(`quarantine.${each}`)}</button>`)}</div>
          <label class="narrow-pick"><span class="sr">${t("inbox.source")}</span><select class=${of ? "set" : ""} value=${of} onChange=${(/** @type {any} */ event) => show({ of: event.target.value })}><option value="">${t("quarantine.any_source")}</option>${(sources ?? []).filter((each) => each.status !== "removed" || each.id === of || rows.some((row) => row.source_id === each.id) || counted?.reasons.some((row) => row.source_id === each.id)).map((each) => html`<option value=${each.id} selected=${each.id === of}>${each.label}</option>`)}</select></label>
          <label class="narrow-pick"><span class="sr">${t("why")}</span><select class=${why ? "set" : ""} value=${why} onChange=${(/** @type {any} */ event) => show({ why: event.target.value })}><option value="">${t("quarantine.any_why")}</option>${codes.map((code) => html`<option value=${code} selected=${code === why}>${reasonName(code)}${status === "held" ? ` (${sum(ofSource.filter((each) => each.code === code))})` : ""}</option>`)}</select></label>
          <${SpacePick} value=${space} onChange=${(/** @type {string} */ next) => show({ space: next === SPACE ? "" : next })} /></div>
        ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
        ${told === null && !failed ? html`<${Nothing} text=${t("loading")} />` : rows.length === 0 && !failed ? html`<${Nothing} text=${t(status === "held" ? "quarantine.none" : "quarantine.none_such")} />${status === "held" && space === "live" && html`<${TriedWaits} />`}` : ""}
        <ul class="plain entries">${rows.map((row) => html`<li key=${row.id} id=${`${NAME}-${row.id}`} class=${row.id === chosen ? "now" : ""}><button type="button" class="row-button entry" aria-pressed=${row.id === chosen} onClick=${() => chooseIn(NAME, row.id)}>
          <span class="entry-more matter-why">${whyText(row.because) || t("quarantine.no_reason")}</span><span class="entry-more dim hook-line"><span>${label(row.source_id)}</span><span>${row.at ? stamp(row.at) : t("quarantine.no_time")}</span><span><${Age} at=${row.held_at} /></span>${row.tries > 1 && html`<span>${t("deliveries.tries", { n: row.tries })}</span>`}</span></button></li>`)}</ul>
        ${told?.next && html`<p class="panel-text"><button type="button" class="button small" onClick=${() => setMost(rows.length + PAGE)}>${t("more_of_them")}</button></p>`}<//>
      <div class="detail"><${BackToList} name=${NAME} text=${t("quarantine")} />${shown ? html`<${MessageMend} key=${shown.id} matter=${shown} space=${space} label=${label(shown.source_id)} again=${allAgain} />` : html`<section class="panel"><${Nothing} text=${t("quarantine.choose")} /></section>`}</div></div></div>`;
}

/** How many these are. @param {readonly Reason[]} reasons */
function sum(reasons) {
  return reasons.reduce((sofar, each) => sofar + each.count, 0);
}

/**
 * Go through all that waits of sources, call by call until nothing is left.
 * @param {string} path `…/run-all` or `…/discard-all` @param {readonly string[]} sources @param {Record<string, string>} body
 * @param {(run: number) => void} tell hears how many were gone through so far
 * @returns {Promise<{run: number, done: number, held: number}>}
 */
async function throughAll(path, sources, body, tell) {
  let [run, held] = [0, 0];
  tell(0);
  for (const source_id of sources) {
    let cursor = "";
    do {
      /** @type {any} */
      const did = await send(path, { ...body, source_id, most: AT_ONCE, ...(cursor && { cursor }) });
      run += did.run;
      held += (did.outcomes.quarantined ?? 0) + (did.outcomes.refused ?? 0);
      tell(run);
      cursor = did.next ?? "";
    } while (cursor);
  }
  return { run, done: run - held, held };
}

/**
 * Run all that waits of a source again: after a table was mended. What waits for one reason is discarded together, too.
 * @param {{space: string, waiting: readonly Reason[], why: string, label: (id: string) => string, again: () => Promise<void>}} props waiting: what is shown; why: its reason, of what was filtered by it
 */
function RunAll({ space, waiting, why, label, again }) {
  const [at, setAt] = useState(/** @type {{run: number, of: number} | null} */ (null));
  const ids = [...new Set(waiting.map((each) => each.source_id))];
  const n = sum(waiting);
  const reason = /** @type {Record<string, string>} */ (why ? { because: why } : {});
  /** @param {string} what @param {readonly string[]} sources @param {Record<string, string>} body @param {(did: {run: number, done: number, held: number}) => string} told */
  const go = async (what, sources, body, told) => {
    const of = sum(waiting.filter((each) => sources.includes(each.source_id)));
    try {
      const did = await throughAll(inSpace(space, `/quarantine/${what}`), sources, { ...reason, ...body }, (run) => setAt({ run, of: Math.max(run, of) }));
      say(told(did), { tone: did.held ? "warning" : "said" });
      return true;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      openProblem(problem);
      return false;
    } finally {
      setAt(null);
      await again();
    }
  };
  const run = (/** @type {string} */ id) => go("run-all", [id], {}, (did) => t("quarantine.ran", { n: did.run, done: did.done, held: did.held }));
  const discard = () => confirmAct({
    title: t("quarantine.discard_all"), text: html`<p>${reasonName(why)}</p><p>${t("quarantine.discard_all.text", { n })}</p>`, action: t("quarantine.discard_all"), why: "required", danger: true,
    does: (answer) => go("discard-all", ids, { why: answer.why ?? "" }, (did) => t("quarantine.discarded_all", { n: did.done })),
  });
  return html`${at && html`<span class="dim" role="status">${at.run} / ${at.of}</span>`}
    ${may("run_inbox_message", { member: myMember() }) && ids.map((id) => html`<button key=${id} type="button" class="button small" disabled=${at !== null} onClick=${() => run(id)}>${ids.length === 1 ? t("quarantine.run_all") : `${t("quarantine.run_all")}: ${label(id)}`}</button>`)}
    ${why && n > 0 && may("discard_inbox_message", { member: myMember() }) && html`<button type="button" class="button small" disabled=${at !== null} onClick=${discard}>${t("quarantine.discard_all")} …</button>`}`;
}

/** Units that call their dispatcher; nothing where none does. @param {{space: string}} props */
function Calls({ space }) {
  const { told, again } = useReading(() => /** @type {Promise<Matter[]>} */ (readAll(inSpace(space, "/unit-calls"))), { deps: [space], about: (entry) => entry.type.startsWith("inbox_matter."), everyMs: space === SPACE ? undefined : 3000 });
  const rows = [...(told ?? [])].sort((a, b) => Number(b.call === "urgent") - Number(a.call === "urgent"));
  if (!rows.length) return null;
  const answer = async (/** @type {Matter} */ row) => {
    await carryOut({ path: inSpace(space, `/unit-calls/${row.id}/answer`), body: {}, revision: row.revision }, { done: t("done.call_answered") });
    await again();
  };
  return html`<${Panel} id="unit-calls" title=${t("unit_calls")} count=${rows.length} tone="alert"><ul class="plain">${rows.map((row) => html`<li key=${row.id} class="unit-call"><strong class=${row.call === "urgent" ? "late" : "notice"}>☎ ${t(`unit_calls.${row.call}`)}</strong> <span><${UnitName} id=${row.resource_id} space=${space} /></span> <span class="dim"><${Age} at=${row.at ?? row.held_at} /></span><span class="grow"></span>
    ${may("answer_unit_call", { member: myMember() }) && html`<button type="button" class="button small primary" onClick=${() => answer(row)}>${t("unit_calls.answer")}</button>`}</li>`)}</ul><//>`;
}
