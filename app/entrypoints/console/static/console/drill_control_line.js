/** The whole drill on one line: every inject where it came or is planned, and now. What is drawn is told by the list under it. */
import { drillNow, timeText } from "./drill_control_said.js";
import { t } from "./i18n.js";
import { html, useEffect, useState } from "./view.js";

const REDRAW_MS = 1000;
const MOST_TICKS = 8;
/** Steps that the marks of an axis may have, in seconds. */
const STEPS_S = [60, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** A share of a line as SVG places it. @param {number} us @param {number} total */
export const across = (us, total) => `${(100 * Math.min(1, Math.max(0, us / total))).toFixed(3)}%`;

/** Times at which an axis has a mark. @param {number} total in microseconds */
export function axisMarks(total) {
  const whole = total / 1_000_000;
  const step = STEPS_S.find((each) => whole / each <= MOST_TICKS) ?? STEPS_S[STEPS_S.length - 1];
  return Array.from({ length: Math.floor(whole / step) + 1 }, (_, n) => n * step * 1_000_000);
}

/** The marks of an axis with their times. @param {{total: number, height: number}} props height: of the lines (px) */
export function AxisMarks({ total, height }) {
  return axisMarks(total).map((us, n) => html`<g key=${us}><line class="axis-line" x1=${across(us, total)} x2=${across(us, total)} y1="0" y2=${height} /><text class="axis-text ${us > total * 0.93 ? "last" : us === 0 ? "first" : ""} ${n % 2 ? "odd" : ""}" x=${across(us, total)} y=${height + 12}>${timeText(us).replace(/:00$/, "")}</text></g>`);
}

/** @param {{drill: any, control: import("./drill_control_read.js").Control}} props */
export function DrillLine({ drill, control }) {
  const { clock, injects } = control;
  const [, draw] = useState(0);
  const runs = clock?.status === "running";
  useEffect(() => {
    if (!runs) return undefined;
    const timer = setInterval(() => draw((n) => n + 1), REDRAW_MS);
    return () => clearInterval(timer);
  }, [runs]);
  const at = clock ? drillNow(clock) : 0;
  const known = injects.map((each) => ({ each, us: each.delivered?.at_us ?? each.planned_us ?? each.latest_us })).filter(({ us }) => us != null);
  const total = Math.max(1, at, (drill.lasts_s ?? 0) * 1_000_000, ...known.map(({ us }) => us ?? 0));
  return html`<div class="control-line" aria-hidden="true"><svg width="100%" height="44">
    <${AxisMarks} total=${total} height=${28} />
    <rect class="line-past" x="0" y="12" width=${across(at, total)} height="4" /><rect class="line-ahead" x=${across(at, total)} y="12" width=${across(total - at, total)} height="4" />
    ${known.map(({ each, us }) => html`<svg key=${each.id} x=${across(us ?? 0, total)} y="14" overflow="visible" class="line-mark ${each.state}">${markOf(each.state)}</svg>`)}
    ${clock && html`<line class="line-now" x1=${across(at, total)} x2=${across(at, total)} y1="0" y2="30" />`}</svg>
    <p class="line-legend"><span>● ${t("control.state.delivered")}</span><span>○ ${t("control.state.planned")}</span><span>▏${t("control.now")}</span></p></div>`;
}

/** @param {string} state */
function markOf(state) {
  if (state === "delivered") return html`<circle r="5" />`;
  if (state === "spared") return html`<path d="M-4 0H4" />`;
  if (state === "held") return html`<path d="M-2.5 -6V6M2.5 -6V6" />`;
  return html`<circle r="4.5" />`;
}
