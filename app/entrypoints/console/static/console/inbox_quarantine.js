/** What a person has to see to: messages that nobody may guess the meaning of, with why and what to do; and units that call their dispatcher. */
import { BackToList, chooseIn, chosenIn, useListKeys } from "./admin_parts.js";
import { myMember, Problem, read, readAll, send } from "./api.js";
import { openProblem } from "./dialogs.js";
import { carryOut, say } from "./doing.js";
import { MessageMend } from "./inbox_mend.js";
import { inSpace, SpacePick, spaceShown, UnitName, whyText } from "./inbox_parts.js";
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

const NAME = "message";
const STATES = ["held", "settled", "discarded"];
const MOST = 200;
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
  const { told } = useReading(async () => (IS_LIVE ? (await read(inSpace(INTEGRATION, `/quarantine?limit=${MOST}&status=held`))).items.length : 0), { everyMs: TRIED_EVERY_MS });
  return told ?? 0;
}

/** Empty here, while it is not where systems are tried. */
function TriedWaits() {
  const n = useTried();
  return n ? html`<p class="panel-note"><a href=${dispatchLink("quarantine", { space: INTEGRATION })}>${t("quarantine.tried", { n })}</a></p>` : null;
}

/** The tab. */
export function Quarantine() {
  const space = spaceShown();
  const of = place.value.query.of ?? "";
  const [status, setStatus] = useState("held");
  const about = (/** @type {import("./feed.js").Entry} */ entry) => entry.type.startsWith("inbox_");
  const { told: sources } = useReading(() => /** @type {Promise<Source[]>} */ (readAll("/api/v1/inbox-sources?status=active&status=paused&status=removed")), { about });
  const { told, failed, again } = useReading(() => read(inSpace(space, `/quarantine?limit=${MOST}&status=${status}${of && `&source=${of}`}`)), { deps: [space, of, status], about, everyMs: space === SPACE ? undefined : 3000 });
  const rows = /** @type {Matter[]} */ (told?.items ?? []);
  const chosen = chosenIn(NAME);
  const shown = rows.find((row) => row.id === chosen);
  useListKeys(NAME, () => rows.map((row) => row.id), { filters: false });
  const label = (/** @type {string} */ id) => {
    const found = (sources ?? []).find((each) => each.id === id);
    const alike = (sources ?? []).filter((each) => each.label === found?.label).length > 1;
    return found ? (alike ? `${found.label} (${found.source})` : found.label) : "";
  };
  const show = (/** @type {Record<string, string>} */ part) => showing({ ...place.peek().query, [NAME]: "", ...part });
  return html`<div class="quarantine"><${Calls} space=${space} />
    <div class="master-detail" data-open=${chosen ? "yes" : "no"}>
      <${Panel} id="quarantine" class="master" title=${t("quarantine")} count=${told ? `${rows.length}${told.next ? "+" : ""}` : undefined} tone=${status === "held" && rows.length ? "alert" : ""} tools=${status === "held" && rows.length > 0 && html`<${RunAll} space=${space} rows=${rows} label=${label} again=${again} />`}>
        <div class="filter"><div class="choices" role="group" aria-label=${t("quarantine.filter")}>${STATES.map((each) => html`<button key=${each} type="button" aria-pressed=${each === status} onClick=${() => { setStatus(each); show({}); }}>${t(`quarantine.${each}`)}</button>`)}</div>
          <label class="narrow-pick"><span class="sr">${t("inbox.source")}</span><select class=${of ? "set" : ""} value=${of} onChange=${(/** @type {any} */ event) => show({ of: event.target.value })}><option value="">${t("quarantine.any_source")}</option>${(sources ?? []).filter((each) => each.status !== "removed" || each.id === of || rows.some((row) => row.source_id === each.id)).map((each) => html`<option value=${each.id} selected=${each.id === of}>${each.label}</option>`)}</select></label>
          <${SpacePick} value=${space} onChange=${(/** @type {string} */ next) => show({ space: next === SPACE ? "" : next })} /></div>
        ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
        ${told === null && !failed ? html`<${Nothing} text=${t("loading")} />` : rows.length === 0 && !failed ? html`<${Nothing} text=${t(status === "held" ? "quarantine.none" : "quarantine.none_such")} />${status === "held" && space === "live" && html`<${TriedWaits} />`}` : ""}
        <ul class="plain entries">${rows.map((row) => html`<li key=${row.id} id=${`${NAME}-${row.id}`} class=${row.id === chosen ? "now" : ""}><button type="button" class="row-button entry" aria-pressed=${row.id === chosen} onClick=${() => chooseIn(NAME, row.id)}>
          <span class="entry-more matter-why">${whyText(row.because) || t("quarantine.no_reason")}</span><span class="entry-more dim hook-line"><span>${label(row.source_id)}</span><span>${row.at ? stamp(row.at) : t("quarantine.no_time")}</span><span><${Age} at=${row.held_at} /></span>${row.tries > 1 && html`<span>${t("deliveries.tries", { n: row.tries })}</span>`}</span></button></li>`)}</ul><//>
      <div class="detail"><${BackToList} name=${NAME} text=${t("quarantine")} />${shown ? html`<${MessageMend} key=${shown.id} matter=${shown} space=${space} label=${label(shown.source_id)} again=${again} />` : html`<section class="panel"><${Nothing} text=${t("quarantine.choose")} /></section>`}</div></div></div>`;
}

/** Run all that waits of a source again: after a table was mended. @param {{space: string, rows: Matter[], label: (id: string) => string, again: () => Promise<void>}} props */
function RunAll({ space, rows, label, again }) {
  const [busy, setBusy] = useState(false);
  const ids = [...new Set(rows.map((row) => row.source_id))];
  const run = async (/** @type {string} */ id) => {
    setBusy(true);
    try {
      /** @type {any} */
      const did = await send(inSpace(space, "/quarantine/run-all"), { source_id: id, most: MOST });
      const held = (did.outcomes.quarantined ?? 0) + (did.outcomes.refused ?? 0);
      say(t("quarantine.ran", { n: did.run, done: did.run - held, held }), { tone: held ? "warning" : "said" });
      await again();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      openProblem(problem);
    } finally {
      setBusy(false);
    }
  };
  if (!may("run_inbox_message", { member: myMember() })) return null;
  return ids.map((id) => html`<button key=${id} type="button" class="button small" disabled=${busy} onClick=${() => run(id)}>${ids.length === 1 ? t("quarantine.run_all") : `${t("quarantine.run_all")}: ${label(id)}`}</button>`);
}

/** Units that call their dispatcher; nothing where none does. @param {{space: string}} props */
function Calls({ space }) {
  const { told, again } = useReading(() => read(inSpace(space, `/unit-calls?limit=${MOST}`)), { deps: [space], about: (entry) => entry.type.startsWith("inbox_matter."), everyMs: space === SPACE ? undefined : 3000 });
  const rows = /** @type {Matter[]} */ ([...(told?.items ?? [])]).sort((a, b) => Number(b.call === "urgent") - Number(a.call === "urgent"));
  if (!rows.length) return null;
  const answer = async (/** @type {Matter} */ row) => {
    await carryOut({ path: inSpace(space, `/unit-calls/${row.id}/answer`), body: {}, revision: row.revision }, { done: t("done.call_answered") });
    await again();
  };
  return html`<${Panel} id="unit-calls" title=${t("unit_calls")} count=${rows.length} tone="alert"><ul class="plain">${rows.map((row) => html`<li key=${row.id} class="unit-call"><strong class=${row.call === "urgent" ? "late" : "notice"}>☎ ${t(`unit_calls.${row.call}`)}</strong> <span><${UnitName} id=${row.resource_id} space=${space} /></span> <span class="dim"><${Age} at=${row.at ?? row.held_at} /></span><span class="grow"></span>
    ${may("answer_unit_call", { member: myMember() }) && html`<button type="button" class="button small primary" onClick=${() => answer(row)}>${t("unit_calls.answer")}</button>`}</li>`)}</ul><//>`;
}
