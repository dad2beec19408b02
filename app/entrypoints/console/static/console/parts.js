/** Small pieces that every screen is made of. */
import { linesOf, member, rankOf, sides } from "./about.js";
import { LARGEST_PAGE } from "./api.js";
import { link } from "./feed.js";
import { asOf, changedAt } from "./store.js";
import { named, t, word } from "./i18n.js";
import { agoMs, fullTime, now, span, stamp } from "./time.js";
import { PRIORITIES } from "./about.js";
import { html, useEffect, useState } from "./view.js";

const MARK_MS = 2000;

/** A priority: shape, digit and colour, never colour alone. @param {{rank: number}} props */
export function Priority({ rank }) {
  const name = word("priorities", PRIORITIES[rank - 1]);
  return html`<span class="priority p${rank}" title=${name}><svg viewBox="0 0 24 24" aria-hidden="true">${shape(rank)}
    <text x="12" y=${rank === 2 ? 18.5 : 16.5} text-anchor="middle">${rank}</text></svg><span class="sr">${t("priority", { n: rank, name })}</span></span>`;
}

/** @param {number} rank */
function shape(rank) {
  if (rank === 1) return html`<path d="M12 1 23 12 12 23 1 12Z" />`;
  if (rank === 2) return html`<path d="M12 2 23 22H1Z" />`;
  if (rank === 3) return html`<path d="M3 3H21V21H3Z" />`;
  return html`<circle cx="12" cy="12" r="10" />`;
}

/** A member's country and name. @param {{id: string | null | undefined, short?: boolean}} props */
export function Member({ id, short }) {
  const found = member(id);
  if (!found) return html`<span class="dim">${t("unknown")}</span>`;
  return html`<span class="member"><abbr class="country" title=${word("countries", found.country)}>${found.country}</abbr>${short ? "" : html` <span>${named(found.names)}</span>`}</span>`;
}

/** Whom to ring: number and talkgroup of a member, wherever one could need them. @param {{id: string, named?: boolean}} props named: with whose it is, where another's name stands beside it */
export function Phone({ id, named: whose }) {
  const found = member(id);
  if (!found) return null;
  return html`<span class="phone">${whose && html`<${Member} id=${id} /> `}<a href=${`tel:${found.phone.replace(/[^+\d]/g, "")}`}><span aria-hidden="true">☎ </span>${found.phone}</a>
    ${found.talkgroup && html`<span class="talkgroup" title=${t("talkgroup")}><span aria-hidden="true">⌁ </span><span class="sr">${t("talkgroup")} </span>${found.talkgroup}</span>`}</span>`;
}

/**
 * The whole truth about an instant as a tooltip, written when somebody points at it: for each of hundreds of rows it would take longer
 * than drawing them.
 * @param {string | number} at
 */
function telling(at) {
  return (/** @type {any} */ event) => { event.currentTarget.title = fullTime(new Date(at).toISOString(), sides()); };
}

/** How long ago. @param {{at: string | number | null | undefined, class?: string}} props */
export function Age({ at, class: name }) {
  if (!at) return html`<span class=${name}>–</span>`;
  const ms = agoMs(at);
  return html`<time class=${name} datetime=${new Date(at).toISOString()} onPointerEnter=${telling(at)}>${span(ms)}</time>`;
}

/** How long until; red and in words once it has passed. @param {{at: string | null | undefined}} props */
export function Left({ at }) {
  if (!at) return null;
  const left = -agoMs(at);
  const state = left < 0 ? "late" : left < 30 * 60_000 ? "soon" : "";
  return html`<time class="left ${state}" datetime=${at} onPointerEnter=${telling(at)}>${left < 0 ? `! ${t("late_by", { span: span(left) })}` : t("in_span", { span: span(left) })}</time>`;
}

/** How far something is filled: a bar with its figures. @param {{fill: {wanted: number, committed: number, pending: number, open: number}, slim?: boolean}} props */
export function Fill({ fill, slim }) {
  const { wanted, committed, pending, open } = fill;
  const text = t("fill.text", { committed, pending, open, wanted });
  const total = Math.max(wanted, committed + pending, 1);
  return html`<span class=${slim ? "fill slim" : "fill"} title=${text}><span class="sr">${text}</span>
    <svg class="fill-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="fill-open" width="100" height="6" /><rect class="fill-pending" width=${(100 * (committed + pending)) / total} height="6" /><rect class="fill-committed" width=${(100 * committed) / total} height="6" /></svg>
    <span class="fill-figure" aria-hidden="true">${committed}${pending ? html`<span class="pending">+${pending}</span>` : ""}/${wanted}</span></span>`;
}

/** A state in words, with a shape of its own where it is abnormal. @param {{text: string, tone?: string}} props */
export function State({ text, tone = "" }) {
  return html`<span class="state ${tone}">${text}</span>`;
}

/** Nothing to show, and what that means; before anything was heard, that it is still to come. @param {{text: string}} props */
export function Nothing({ text }) {
  return html`<p class="nothing">${link.value.everLive ? text : t("loading")}</p>`;
}

/**
 * Below a list that is kept up: shows more of it, twice as many each time up to a whole page, and a page more from then on.
 * @param {{told: {next: string} | null, set: (how: (was: number) => number) => void}} props told: the list as it was read; set: how many are shown
 */
export function More({ told, set }) {
  const further = (/** @type {number} */ was) => (was < LARGEST_PAGE ? Math.min(LARGEST_PAGE, was * 2) : was + LARGEST_PAGE);
  return told?.next ? html`<p class="panel-text"><button type="button" class="button small" onClick=${() => set(further)}>${t("more_of_them")}</button></p>` : null;
}

/** As of which moment a panel is. */
export function AsOf() {
  const { seq, at } = asOf.value;
  if (!at) return null;
  const when = new Date(now() - (performance.now() - at));
  return html`<span class="as-of" title=${`${t("as_of", { time: stamp(when.getTime()) })} · seq ${seq}`}><span class="sr">${t("as_of", { time: "" })} </span>${stamp(when.getTime())}</span>`;
}

/**
 * A panel with its heading; `live`: what it shows is kept up by the feed, and it says as of when; `scrolls`: its body does, and may hold
 * nothing that takes the focus: the keyboard comes to it itself.
 * @param {{title: any, count?: any, tools?: any, class?: string, id: string, children?: any, tone?: string, live?: boolean, scrolls?: boolean}} props
 */
export function Panel({ title, count, tools, class: name = "", id, children, tone = "", live, scrolls }) {
  return html`<section class="panel ${name} ${tone}" aria-labelledby=${`${id}-title`} id=${id}>
    <header class="panel-head"><h2 id=${`${id}-title`}>${title}</h2>${count !== undefined && html`<span class="count">${count}</span>`}<span class="grow"></span>${live && html`<${AsOf} />`}${tools}</header>
    <div class="panel-body" tabindex=${scrolls ? "0" : undefined}>${children}</div></section>`;
}

/** The class of a row that has just changed: a mark that goes after two seconds; nothing moves. @param {string} kind @param {string} id @param {any} state */
export function useMark(kind, id, state) {
  const key = `${kind}:${id}`;
  const age = performance.now() - (changedAt.get(key) ?? -MARK_MS);
  const [, redraw] = useState(0);
  useEffect(() => {
    if (age >= MARK_MS) return undefined;
    const timer = setTimeout(() => redraw((n) => n + 1), MARK_MS - age + 20);
    return () => clearTimeout(timer);
  }, [state]);
  return age < MARK_MS ? "marked" : "";
}

/** The rank and country of a request, for its symbol. @param {string} requestId */
export function rankOfRequest(requestId) {
  return rankOf(linesOf(requestId));
}
