/** An objective with what was measured: its figure among the thresholds, what that rests on, and its rating. */
import { boundText, figureText, partyNames, restsOn } from "./drill_control_said.js";
import { EntryLink } from "./drill_evaluate_entry.js";
import { named, t, word } from "./i18n.js";
import { html, useState } from "./view.js";

export const RATINGS = ["P", "S", "M", "U"];
/** How far beyond its last threshold a scale goes that has no end of its own. */
const BEYOND = 1.25;
/** How much of a scale stands before a bound of none. */
const ROOM = 0.12;
/** Entries that are linked beside one figure until all are asked for. */
const MOST_LINKS = 12;

/** A rating: its letter in a shape of its own, and what it means; never colour alone. @param {{rating: string | null | undefined}} props */
export function Rating({ rating }) {
  if (!rating) return html`<span class="rating none"><b>–</b><span class="sr">${t("objective.not_rated")}</span></span>`;
  const name = word("drill_ratings", rating);
  return html`<span class="rating r-${rating}" title=${name}><b>${rating}</b><span class="sr"> ${name}</span></span>`;
}

/** An evaluator's word on a rating: another one, or the same. @param {string | null | undefined} was @param {string} is */
export function wordOf(was, is) {
  return was === is ? t("evaluate.confirmed", { a: is }) : t("evaluate.overruled", { a: was ?? "–", b: is });
}

/** A figure on the scale of its thresholds: bands of the ratings, their bounds, the interval of a share. The text beside it says the same. @param {{objective: any}} props */
export function Scale({ objective }) {
  const { thresholds, better, unit, figure, interval, never } = objective;
  const levels = RATINGS.filter((letter) => letter in thresholds); // S and M may be left out
  const bounds = levels.map((letter) => thresholds[letter]);
  const top = unit === "share" ? 1 : Math.max(1, ...bounds, figure ?? 0) * BEYOND;
  const low = better === "less" && bounds[0] === 0 ? -top * ROOM : 0; // of what is performed with none at all, P is to be seen
  const width = top - low;
  const at = (/** @type {number} */ value) => `${(100 * Math.min(1, Math.max(0, (value - low) / width))).toFixed(2)}%`;
  let edge = better === "less" ? low : top;
  const bands = [...levels, "U"].map((letter, n) => {
    const bound = letter === "U" ? (better === "less" ? top : low) : bounds[n];
    const [from, to] = better === "less" ? [edge, bound] : [bound, edge];
    edge = bound;
    return { letter, from, to };
  }).filter(({ from, to }) => to > from);
  return html`<svg class="scale" width="100%" height="34" aria-hidden="true">
    ${bands.map(({ letter, from, to }) => html`<g key=${letter}><rect class="band b-${letter}" x=${at(from)} y="4" width=${`${(100 * (to - from)) / width}%`} height="12" />${(to - from) / width > 0.06 ? html`<text class="band-letter" x=${at((from + to) / 2)} y="13.5">${letter}</text>` : ""}</g>`)}
    ${[...new Set(bounds)].filter((each) => (each - low) / width > 0.04).map((each) => html`<text key=${each} class="bound ${each / top > 0.9 ? "last" : ""}" x=${at(each)} y="31">${boundText(each, unit)}</text>`)}
    ${interval && html`<line class="interval" x1=${at(interval[0])} x2=${at(interval[1])} y1="19" y2="19" />`}
    ${figure != null && !never && html`<svg x=${at(figure)} y="10" overflow="visible"><path class="figure-mark" d="M0 -10 5 0 0 10 -5 0Z" /></svg>`}</svg>`;
}

/** Its bounds in words, for who can't see the scale. @param {any} objective */
function boundsText({ thresholds, better, unit }) {
  return RATINGS.filter((letter) => letter in thresholds).map((letter) => `${letter} ${better === "less" ? "≤" : "≥"} ${figureText(thresholds[letter], unit)}`).join(", ");
}

/** What was measured, as text. @param {any} objective */
export function measuredText(objective) {
  return objective.never ? t("objective.never") : figureText(objective.figure, objective.unit);
}

/** One objective. @param {{objective: any, slim?: boolean, children?: any}} props children: what can be done about it */
export function Objective({ objective, slim, children }) {
  const { name, members, rating } = objective;
  return html`<div class="objective ${slim ? "slim" : ""}"><div class="objective-head"><${Rating} rating=${rating} /><strong class="objective-name">${named(name)}</strong><span class="objective-figure">${measuredText(objective)}</span></div>
    ${!slim && html`<p class="objective-says">${rating ? word("drill_ratings", rating) : t(objective.open && !objective.over ? "objective.not_yet" : "objective.not_rated")}</p>`}
    <${Scale} objective=${objective} /><p class="sr">${boundsText(objective)}</p>
    <p class="objective-rests dim">${slim ? "" : `${partyNames(members)} · `}${restsOn(objective)}</p>${children}</div>`;
}

/** The entries behind a figure, each to be opened; of many the first, until all are asked for. @param {{space: string, seqs: number[]}} props */
export function Evidence({ space, seqs }) {
  const [all, setAll] = useState(false);
  const each = [...new Set(seqs)];
  const shown = all ? each : each.slice(0, MOST_LINKS);
  return html`<p class="evidence"><span class="dim">${t("evaluate.evidence")}</span> ${shown.map((seq) => html`<${EntryLink} key=${seq} space=${space} seq=${seq} /> `)}
    ${shown.length < each.length && html`<button type="button" class="link-button" onClick=${() => setAll(true)}>${t("evaluate.evidence_all", { n: each.length })}</button>`}</p>`;
}
