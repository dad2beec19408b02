/** Each objective over the drills in which it was measured, oldest first: its rating as a height and a letter, with the figure. */
import { figureText } from "./drill_control_said.js";
import { dayOf } from "./claim_parts.js";
import { Rating } from "./drill_evaluate_objective.js";
import { named, t } from "./i18n.js";
import { Nothing, Panel } from "./parts.js";
import { html } from "./view.js";

/** How many drills fit beside each other: the latest. */
const MOST_POINTS = 8;
const WAYS = /** @type {Record<string, string>} */ ({ better: "calm", same: "dim", worse: "late" });
const SIGNS = /** @type {Record<string, string>} */ ({ better: "↗", same: "→", worse: "↘" });

/** @param {{trends: any[], drills: any[]}} props */
export function Trends({ trends, drills }) {
  return html`<${Panel} id="trends" title=${t("trends")} count=${trends.length}>${trends.length === 0 ? html`<${Nothing} text=${t("trends.none")} />` : html`<p class="panel-note">${t("trends.how")}</p>
    <ul class="trends">${trends.map((each) => html`<${Trend} key=${each.objective} trend=${each} drills=${drills} />`)}</ul>`}<//>`;
}

/** @param {{trend: any, drills: any[]}} props */
function Trend({ trend, drills }) {
  const { name, unit, way } = trend;
  const points = trend.points.slice(-MOST_POINTS);
  return html`<li class="trend"><p class="trend-head"><strong>${named(name)}</strong> <span class=${way ? WAYS[way] : "dim"}><span aria-hidden="true">${way ? SIGNS[way] : ""}</span> ${t(`trend.${way ?? "none"}`)}</span></p>
    <ol class="trend-points">${points.map((/** @type {any} */ each) => html`<li key=${`${each.drill}/${each.held_on}`} class="trend-point at-${each.rating ?? "none"} ${each.comparable ? "" : "changed"}"><span class="trend-rating"><${Rating} rating=${each.rating} /></span>
      <span class="trend-says"><b>${figureText(each.figure, unit)}</b><span class="dim">${each.n ? t("objective.n", { n: each.n }) : ""}</span>${codeLink(each.drill, drills)}<span class="dim">${dayOf(each.held_on)}</span>
        ${each.overruled && html`<span class="dim">${t("trend.overruled")}</span>`}${!each.comparable && html`<span class="dim">${t("trend.changed")}</span>`}</span></li>`)}</ol></li>`;
}

/** @param {string} code @param {any[]} drills */
function codeLink(code, drills) {
  const found = drills.find((each) => each.code === code);
  return found ? html`<a class="ref" href=${`#/drill/${found.id}?tab=report`}>${code}</a>` : html`<span class="ref">${code}</span>`;
}
