/** The schedule: which drills there are and how they stand, when each is held, who plays and who is ready; and what may be done about each. */
import { myMember, Problem, read } from "./api.js";
import { DrillActs } from "./drill_acts.js";
import { openCalendar } from "./drill_calendar.js";
import { heldTexts, playedByMachine, takesPart, toneOfDrill } from "./drill_parts.js";
import { ReadyText, repeatsText, When } from "./drill_when.js";
import { link, onEntries } from "./feed.js";
import { named, stateName, t, word } from "./i18n.js";
import { useKeys } from "./keys.js";
import { Member, Nothing, Panel, State } from "./parts.js";
import { goTo, place, showing } from "./router.js";
import { may } from "./rules.js";
import { consoleOf, LIVE, titled } from "./space.js";
import { problemText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./drill_parts.js").DrillView} DrillView */

const PAGE = 50;
/** How long to wait for more to happen before reading again (ms). */
const SOON_MS = 300;
const SHOWN = /** @type {Record<string, string[]>} */ ({
  all: [],
  coming: ["planned", "approved", "scheduled", "held"],
  played: ["running", "paused"],
  past: ["ended", "reviewed", "closed", "stopped", "stood_down"],
});

/** The drills of the corridor by pages, the first of them read again when the journal tells of one. @param {string} query */
function usePages(query) {
  const [rows, setRows] = useState(/** @type {DrillView[] | null} */ (null));
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  const [failed, setFailed] = useState(/** @type {Problem | null} */ (null));
  const { live } = link.value;
  const learn = async (/** @type {string} */ cursor = "") => {
    try {
      const page = await read(`${LIVE}/drills?limit=${PAGE}${query}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      setRows((was) => (cursor ? [...(was ?? []), ...page.items] : page.items));
      setNext(page.next);
      setFailed(null);
    } catch (problem) {
      if (problem instanceof Problem) setFailed(problem);
    }
  };
  useEffect(() => {
    if (live) learn();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let soon;
    const stop = onEntries((entries) => {
      for (const state of entries.flatMap((entry) => entry.rows?.drill ?? [])) setRows((was) => was?.map((each) => (each.id === state.id ? { ...each, status: state.status, reason: state.reason, held_because: state.held_because } : each)) ?? null); // at once; the rest is read
      if (!entries.some((entry) => entry.type.startsWith("drill."))) return;
      clearTimeout(soon);
      soon = setTimeout(learn, SOON_MS);
    });
    return () => {
      clearTimeout(soon);
      stop();
    };
  }, [live, query]);
  return { rows, next, failed, learn };
}

/** What is played, then what comes, the next first, then what was. @param {DrillView} a @param {DrillView} b */
function inOrder(a, b) {
  const rank = (/** @type {DrillView} */ each) => (SHOWN.played.includes(each.status) ? 0 : SHOWN.coming.includes(each.status) ? 1 : 2);
  const begins = (/** @type {DrillView} */ each) => each.starts_at ?? each.announced_for ?? each.window_from ?? "9";
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  return rank(a) === 1 ? begins(a).localeCompare(begins(b)) : (b.started_at ?? b.id).localeCompare(a.started_at ?? a.id);
}

/** The screen. */
export function DrillsScreen() {
  const asked = place.value.query;
  const shown = asked.show in SHOWN ? asked.show : "all";
  const query = SHOWN[shown].map((status) => `&status=${status}`).join("") + (asked.ours ? `&member=${myMember()}` : "");
  const { rows, next, failed, learn } = usePages(query);
  const [at, setAt] = useState("");
  const listed = [...(rows ?? [])].sort(inOrder);
  useEffect(() => {
    titled(t("drills"));
  });
  const move = (/** @type {number} */ by) => {
    const now = listed.findIndex((each) => each.id === at);
    const goal = listed[Math.max(0, Math.min(listed.length - 1, now + by))];
    if (!goal) return;
    setAt(goal.id);
    const row = document.getElementById(`drill-${goal.id}`);
    row?.scrollIntoView({ block: "nearest" });
    row?.querySelector("a")?.focus({ preventScroll: true });
  };
  useKeys([
    { key: "j", does: () => move(1), text: "key.next_drill" },
    { key: "k", does: () => move(-1), text: "key.previous_drill" },
    { key: "o", does: () => at && goTo(`#/drill/${at}`), text: "key.open_drill" },
  ], [listed.map((each) => each.id).join(), at]);
  const filtered = (/** @type {Record<string, string>} */ next_) => showing({ ...asked, ...next_ });
  return html`<div class="request-screen drills-screen"><h1 class="sr">${t("drills")}</h1>
    <${Panel} id="drills" title=${t("drills")} count=${rows ? listed.length : undefined} tools=${html`<span class="buttons"><a class="button small" href="#/improvement">${t("improvement")}</a>
      <button type="button" class="button small" onClick=${openCalendar}>${t("drill.calendar")}</button>
      ${may("plan_drill") && html`<a class="button small primary" href="#/drill-plan/new">${t("drill.plan_new")}</a>`}</span>`}>
      <div class="filter"><div class="choices" role="group" aria-label=${t("filter")}>${Object.keys(SHOWN).map((each) => html`<button key=${each} type="button" aria-pressed=${shown === each} onClick=${() => filtered({ show: each === "all" ? "" : each })}>${t(`drills.${each}`)}</button>`)}</div>
        <div class="choices"><button type="button" aria-pressed=${Boolean(asked.ours)} onClick=${() => filtered({ ours: asked.ours ? "" : "yes" })}>${t("drills.ours")}</button></div></div>
      ${failed ? html`<p class="nothing" role="alert">${problemText(failed)} <button type="button" class="button small" onClick=${() => learn()}>${t("try_again")}</button></p>`
        : rows === null ? html`<${Nothing} text=${t("loading")} />`
        : listed.length === 0 ? html`<${Nothing} text=${t(`drills.none_${shown}`)} />`
        : html`<ul class="plain drill-list">${listed.map((each) => html`<${Row} key=${each.id} drill=${each} now=${each.id === at} again=${() => learn()} />`)}</ul>`}
      ${next && html`<p class="panel-text"><button type="button" class="button" onClick=${() => learn(next)}>${t("more_of_them")}</button></p>`}<//></div>`;
}

/** @param {{drill: DrillView, now: boolean, again: () => void}} props */
function Row({ drill, now, again }) {
  const coming = SHOWN.coming.includes(drill.status);
  const players = drill.participants.filter((each) => each.role === "player");
  const held = heldTexts(drill);
  const repeats = repeatsText(drill.recurrence);
  return html`<li id=${`drill-${drill.id}`} class="drill-row ${now ? "now" : ""}">
    <a class="drill-what" href=${`#/drill/${drill.id}`}><span class="drill-name"><span class="ref">${drill.code}</span> <strong>${named(drill.title)}</strong></span>
      <span class="drill-state"><${State} text=${stateName("drill", drill.status)} tone=${toneOfDrill(drill)} /></span>
      <span class="dim">${[word("drill_types", drill.type), word("drill_notices", drill.notice), repeats].filter(Boolean).join(" · ")}</span></a>
    <div class="drill-when"><${When} drill=${drill} /></div>
    <div>${coming && html`<p class="dim"><${ReadyText} drill=${drill} /></p>`}<ul class="drill-players" aria-label=${t("drill.players")}>${players.map((each) => html`<li key=${each.id} class=${coming && each.ready_at ? "ready" : ""}><${Member} id=${each.member_id} />${coming && (each.ready_at ? html` <span class="calm"><span aria-hidden="true">✓</span><span class="sr">${t("drill.is_ready")}</span></span>` : playedByMachine(drill, each.member_id) ? html` <span class="dim">(${t("drill.virtual.one")})</span>` : html` <span class="sr">${t("drill.is_not_ready")}</span>`)}</li>`)}</ul></div>
    ${held.length > 0 && html`<ul class="drill-held">${held.map((text) => html`<li key=${text}>! ${text}</li>`)}</ul>`}
    ${drill.reason && !held.length && html`<p class="dim"><q>${drill.reason}</q></p>`}
    <div class="drill-do"><${DrillActs} drill=${drill} again=${again} small />
      ${SHOWN.played.includes(drill.status) && takesPart(drill) && html`<a class="button small primary" href=${consoleOf(drill.plays_in ?? "")}>${t("drills_now.go")}</a>`}</div></li>`;
}
