/** The clock of a drill on the screen: it runs by the server's time, and stands where it was told to. */
import { drillTime } from "./drill_parts.js";
import { pauseReason } from "./drill_stands.js";
import { t, word } from "./i18n.js";
import { now, second } from "./time.js";
import { html } from "./view.js";

/** @typedef {{status: string, speed: number, anchor_utc: string, anchor_us: number, paused_sites: string[], words?: string[], site_words?: [string, string][], pause_reasons?: [string, string][]}} Clock */

/** The time in the drill now, in microseconds; ticks by itself where it is read while drawing. @param {Clock} clock */
export function drillNow(clock) {
  if (clock.status !== "running") return clock.anchor_us;
  second.value;
  return clock.anchor_us + clock.speed * 1000 * Math.max(0, now() - Date.parse(clock.anchor_utc));
}

/**
 * The time in the drill, how fast it runs, and whether it stands: for everybody, or at a site. `site`: what one's own is called, and its
 * name where it is known; `bare`: that all is over is told beside it.
 * @param {{clock: Clock, site?: {id: string, name: string} | null, bare?: boolean}} props
 */
export function ClockText({ clock, site, bare }) {
  const stands = clock.status !== "running";
  const why = pauseReason({ pause_reasons: clock.pause_reasons ?? [] }, stands ? "" : site?.id ?? "-");
  const here = !stands && site && clock.paused_sites.includes(site.id);
  return html`<span class="drill-clock ${stands || here ? "stands" : ""}"><span class="sr">${t("drill.time")} </span><time class="drill-time">${drillTime(drillNow(clock))}</time>
    ${clock.speed !== 1 && !stands && html` <span class="drill-speed" title=${t("drill.speed")}><span class="sr">${t("drill.speed")} </span>×${clock.speed}</span>`}
    ${stands && !bare && html` <span class="drill-stands">${word("drill_clock_states", clock.status)}</span>`}
    ${here && html` <span class="drill-stands">${t("drill.site_stands", { site: site.name })}</span>`}
    ${!here && !stands && clock.paused_sites.length > 0 && html` <span class="drill-stands">${t("drill.sites_stand", { n: clock.paused_sites.length })}</span>`}${why && !bare && html` <q class="drill-why">${why}</q>`}</span>`;
}
