/** Open requests by priority and age, with a filter; one is chosen, and `a` acknowledges it. */
import { answered, ENDED, fillOfAll, linesOf, linesText, member, memberName, placeText, rankOf, UNFILLED } from "./about.js";
import { myMember } from "./api.js";
import { openAsk } from "./ask.js";
import { carryOut } from "./doing.js";
import { folded, stateName, t, typeName } from "./i18n.js";
import { focusOn, useKeys } from "./keys.js";
import { Age, AsOf, Fill, Left, Member, Nothing, Panel, Priority, State, useMark } from "./parts.js";
import { chosen, goTo, requestLink } from "./router.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { computed, html, signal, useEffect, useRef } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

const filter = signal("");
const which = signal(/** @type {"all" | "unanswered" | "mine" | "sent"} */ ("all"));
const CHOICES = /** @type {const} */ (["all", "unanswered", "mine", "sent"]);

/** Requests that are not over, or have units out: most urgent first, among equals the longest open first. */
export const inOrder = computed(() => {
  /** @type {{row: Row, rank: number, filled: number}[]} */
  const found = [];
  for (const row of tables.request.all.value) {
    if (ENDED.includes(row.status) || row.kind === "day_to_day") continue;
    found.push({ row, rank: rankOf(linesOf(row.id)), filled: UNFILLED.includes(row.status) ? 0 : 1 });
  }
  return found.sort((a, b) => a.filled - b.filled || a.rank - b.rank || time(a.row) - time(b.row));
});

/** @param {Row} row */
function time(row) {
  return Date.parse(row.opened_at ?? "9999-01-01");
}

/** @type {{row: Row, rank: number, filled: number}[]} */
let last = [];
/** What the list shows: the same array while the same requests stand in the same order, so that a change draws one row and no list. */
const shown = computed(() => {
  const wanted = folded(filter.value);
  const now = inOrder.value.filter(({ row }) => fits(row, which.value) && (!wanted || folded(textOf(row)).includes(wanted)));
  if (now.length === last.length && now.every((each, at) => each.row.id === last[at].row.id && each.filled === last[at].filled)) return last;
  last = now;
  return now;
});

/** @param {Row} row */
function textOf(row) {
  const lines = linesOf(row.id);
  const asker = member(row.member_id);
  return [row.ref, ...lines.map((line) => `${typeName(line.type_code)} ${line.place ?? ""}`), ...Object.values(asker?.names ?? {}), ...(asker?.other_names ?? []), asker?.country, stateName("request", row.status), tables.incident.get(row.incident_id)?.title].join(" ");
}

/** @param {Row} row @param {typeof CHOICES[number]} choice */
function fits(row, choice) {
  const own = myMember();
  if (choice === "mine") return row.member_id === own;
  if (choice === "sent") return tables.mission.where("request_id", row.id).some((mission) => mission.lender_id === own);
  if (choice === "unanswered") return row.member_id !== own && UNFILLED.includes(row.status) && !answered(row.id);
  return true;
}

/** Say that my side has read it. @param {string} id */
export function acknowledge(id) {
  const row = tables.request.get(id);
  const own = myMember();
  if (!row || row.member_id === own || tables.acknowledgement.where("request_id", id).some((each) => each.member_id === own)) return;
  carryOut({ path: `/requests/${id}/acknowledge` }, { done: t("done.acknowledged", { ref: row.ref, who: memberName(row.member_id) }) });
}

/** The panel. */
export function Requests() {
  const rows = shown.value;
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  const now = chosen.value?.kind === "request" ? chosen.value.id : "";
  const move = (/** @type {number} */ step) => {
    const list = shown.peek();
    const at = list.findIndex(({ row }) => row.id === chosen.peek()?.id);
    const next = list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + step))];
    if (!next) return;
    chosen.value = { kind: "request", id: next.row.id };
    requestAnimationFrame(() => focusOn(`request-${next.row.id}`));
  };
  useKeys(
    [
      { key: "j", does: () => move(1), text: "key.next" },
      { key: "k", does: () => move(-1), text: "key.previous" },
      { key: "a", does: () => chosen.peek()?.kind === "request" && acknowledge(chosen.peek()?.id ?? ""), text: "key.acknowledge" },
      { key: "o", does: () => chosen.peek()?.kind === "request" && goTo(requestLink(chosen.peek()?.id ?? "")), text: "key.open" },
      { key: "/", does: () => box.current?.focus(), text: "key.filter" },
    ],
    [],
  );
  const own = myMember();
  const firstFilled = rows.findIndex((each) => each.filled);
  return html`<${Panel} id="requests" class="requests" title=${t("requests")} count=${html`<span aria-hidden="true">${rows.length}</span><span class="sr">${t("requests.count", { n: rows.length })}</span>`} tools=${html`<${AsOf} /> <a class="button small" href="#/plan">${t("plan")}</a>
      ${may("draft_request", { requester: own }) && html`<button type="button" class="button primary small" onClick=${() => openAsk("")}>${t("ask")}</button>`}`}>
    <div class="filter">
      <input ref=${box} type="search" value=${filter.value} placeholder=${t("filter.hint")} aria-label=${t("filter")} onInput=${(/** @type {any} */ event) => { filter.value = event.target.value; }}
        onKeyDown=${(/** @type {any} */ event) => { if (event.key === "Escape") { filter.value = ""; event.target.blur(); } }} />
      <div class="choices" role="group" aria-label=${t("filter")}>${CHOICES.map((choice) => html`<button type="button" aria-pressed=${which.value === choice} onClick=${() => { which.value = choice; }}>${t(`filter.${choice}`)}</button>`)}</div>
    </div>
    ${rows.length === 0 && html`<${Nothing} text=${filter.value || which.value !== "all" ? t("requests.none_fit") : t("requests.none")} />`}
    <ul class="request-list">${rows.map(({ row, filled }, at) => html`
      ${filled && at === firstFilled ? html`<li class="divider" key="divider">${t("requests.filled")}</li>` : ""}
      <${RequestRow} key=${row.id} id=${row.id} now=${row.id === now} />`)}</ul><//>`;
}

/** One request of the list. @param {{id: string, now: boolean}} props */
function RequestRow({ id, now }) {
  const row = tables.request.get(id);
  const mark = useMark("request", id, row?.revision);
  const button = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const focused = document.activeElement;
    if (now && (focused === document.body || focused?.closest(".request-list"))) button.current?.focus({ preventScroll: true });
  }, [now]);
  if (!row) return null;
  const lines = linesOf(id);
  const fill = fillOfAll(lines);
  const own = row.member_id === myMember();
  const fresh = !own && fill.open > 0 && !answered(id);
  const needed = lines.map((line) => line.needed_by).filter(Boolean).sort()[0];
  return html`<li id=${`request-${id}`} class="request-row ${now ? "now" : ""} ${mark} ${fresh ? "fresh" : ""}">
    <button ref=${button} type="button" class="row-button" aria-pressed=${now} onClick=${() => { chosen.value = now ? null : { kind: "request", id }; }} onDblClick=${() => goTo(requestLink(id))}>
      <${Priority} rank=${rankOf(lines)} />
      <span class="row-what">${linesText(lines)}</span>
      <span class="row-state">${fresh ? html`<${State} tone="alert" text=${t("new")} />` : html`<${State} text=${stateName("request", row.status)} tone=${fill.open > 0 && row.status !== "draft" ? "notice" : ""} />`}</span>
      <span class="row-where"><b class="ref">${row.ref}</b> <${Member} id=${row.member_id} /> ${placeText(lines) && html`<span class="row-place">· ${placeText(lines)}</span>`}</span>
      <span class="row-fill"><${Fill} slim fill=${fill} /></span>
      <span class="row-time">${fill.open > 0 && needed ? html`<${Left} at=${needed} /> · ` : ""}<span class="dim" title=${t("open_since")}><${Age} at=${row.opened_at} /></span></span>
    </button>
    <a class="row-open" href=${requestLink(id)} aria-label=${t("open_request", { ref: row.ref })} title=${t("open_request", { ref: row.ref })}>›</a></li>`;
}

