/** The band on every screen of a drill: the mark in every language, which drill and its clock, the way back to live, and the stop. */
import { Age } from "./parts.js";
import { ClockText } from "./drill_clock.js";
import { exercise, mySite } from "./exercise.js";
import { StopButton } from "./exercise_stop.js";
import { named, t } from "./i18n.js";
import { consoleOf, frozen, IS_DRILL, IS_LIVE, marks } from "./space.js";
import { html } from "./view.js";

/** The mark: `EXERCISE EXERCISE EXERCISE`, in every language of the corridor. @param {{class?: string}} props */
export function Mark({ class: name = "" }) {
  return html`<p class="exercise-mark ${name}">${marks().map(({ code, text }) => html`<span key=${code} lang=${code}>${text}</span> `)}</p>`;
}

/** What stands above the header, wherever this is not live. */
export function SpaceBand() {
  if (IS_LIVE) return null;
  if (!IS_DRILL) return html`<section class="exercise-band integration" aria-label=${t("space.integration")}><p class="exercise-mark">${t("space.integration")}</p><div class="exercise-line"><${ToLive} /></div></section>`;
  const known = exercise.value;
  const over = frozen.value;
  const stopped = known?.clock.status === "stopped";
  return html`<section class="exercise-band ${over ? "over" : ""} ${stopped ? "stopped" : ""}" aria-label=${t("exercise.band")}>
    <${Mark} />
    ${over && html`<p class="exercise-over" role="alert"><strong>${t(stopped ? "exercise.stopped" : "exercise.ended")}</strong> ${t("exercise.frozen")}</p>`}
    <div class="exercise-line">
      ${known && html`<a class="exercise-title" href="#/exercise"><span class="ref">${known.code}</span> <span>${named(known.title)}</span></a> <${ClockText} clock=${known.clock} site=${mySite.value} bare=${over} />`}
      ${over && known && html`<span class="exercise-since"><${Age} at=${known.clock.anchor_utc} /></span>`}
      <span class="grow"></span><${ToLive} />${!over && html`<${StopButton} />`}</div></section>`;
}

/** The way back to live. */
function ToLive() {
  return html`<a class="button to-live" href=${consoleOf("live")}>← ${t("to_live")}</a>`;
}

/** The mark once more at the end of what is printed. */
export function LastMark() {
  return IS_DRILL ? html`<${Mark} class="at-end" />` : null;
}
