/** The clock of a drill: how it stands, large, and what its directors do with it. One pauses; going on needs the word of each country's. */
import { countryOf } from "./about.js";
import { myMember } from "./api.js";
import { pause } from "./drill_control_acts.js";
import { drillNow, timeText } from "./drill_control_said.js";
import { Ticking } from "./drill_control_read.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { directors, siteWords, Stands } from "./drill_stands.js";
import { openForm } from "./form.js";
import { named, stateName, t, word } from "./i18n.js";
import { focusOn, useKeys } from "./keys.js";
import { html } from "./view.js";

/** @typedef {import("./drill_control_read.js").Control} Control */
/** @typedef {import("./drill_control_said.js").Clock} Clock */
/** @typedef {{drill: any, control: Control, again: () => void}} Props */

const SPEEDS = [1, 2, 5, 10, 30, 60];
const BY_CLOCK = ["running", "paused"];

/** Whether who is signed in may do something to the drill as it stands. @param {any} drill @param {string} command */
export const mayNow = (drill, command) => drill.may.includes(command);

/** The clock and what is done with it: it stays in sight however far the list is scrolled. @param {Props} props */
export function DrillClock({ drill, control, again }) {
  const { clock } = control;
  const does = acts(drill, control, again);
  const led = clock && BY_CLOCK.includes(clock.status) && mayNow(drill, "pause_drill");
  useKeys(led ? [{ key: "p", does: () => (clock.status === "paused" ? does.resume() : does.pause()), text: "key.control_pause" }] : [], [drill, control]);
  const live = clock && BY_CLOCK.includes(clock.status);
  const more = live && (mayNow(drill, "set_drill_speed") || mayNow(drill, "jump_drill") || mayNow(drill, "end_drill"));
  return html`<section class="control-top ${clock?.status ?? "ready"}" aria-labelledby="control-clock-title">
    <h2 id="control-clock-title" class="sr">${t("control.clock")}</h2>
    <div class="control-clock"><div class="clock-face"><span class="clock-digits" role="timer">${clock ? html`<${Ticking} clock=${clock} says=${timeText} />` : timeText(0)}</span>
        <span class="clock-says"><strong class="clock-state">${clock ? word("drill_clock_states", clock.status) : stateName("drill", drill.status)}${live ? ` · × ${clock.speed}` : ""}</strong>
          ${drill.lasts_s ? html`<span class="dim">${t("control.of_planned", { time: timeText(drill.lasts_s * 1_000_000) })}</span>` : ""}</span></div>
      <div class="buttons clock-acts">
        ${mayNow(drill, "start_drill") && html`<button type="button" class="button primary" onClick=${does.start}>${t("control.start")} …</button>`}
        ${clock?.status === "running" && mayNow(drill, "pause_drill") && html`<button type="button" class="button primary" onClick=${() => does.pause()}>${t("control.pause")} …</button>`}
        ${clock?.status === "paused" && mayNow(drill, "resume_drill") && !clock.words.includes(countryOf(myMember())) && html`<button type="button" class="button primary" onClick=${() => does.resume()}>${t("control.resume")} …</button>`}
        ${live && mayNow(drill, "jump_drill") && html`<button type="button" class="button" disabled=${!mayJump(control)} onClick=${does.jump}>${t("control.jump")}${control.next_us != null ? ` → ${timeText(control.next_us)}` : ""}</button>`}</div></div>
    ${more && clock && html`<div class="clock-more">
      ${mayNow(drill, "set_drill_speed") && html`<div class="choices" role="group" aria-label=${t("control.speed")}>${[...new Set([...SPEEDS, clock.speed])].sort((a, b) => a - b).map((n) => html`<button type="button" key=${n} aria-pressed=${clock.speed === n} onClick=${() => does.speed(n)}>× ${n}</button>`)}
        <button type="button" onClick=${does.otherSpeed}>${t("control.speed.other")} …</button></div>`}
      <span class="buttons">${clock?.status === "paused" && clock.paused_sites.length < control.sites.length && mayNow(drill, "pause_drill") && html`<button type="button" class="button" onClick=${() => does.pause()}>${t("control.pause_site")} …</button>`}
        ${mayNow(drill, "end_drill") && html`<button type="button" class="button" onClick=${does.end}>${t("control.end")} …</button>`}</span></div>`}
    ${clock && html`<${Stands} drill=${drill} clock=${clock} siteName=${(/** @type {string} */ site) => siteName(control, site)} onResume=${live && mayNow(drill, "resume_drill") && does.resume} />`}
    ${live && mayNow(drill, "jump_drill") && html`<${WhyNoJump} control=${control} />`}
  </section>`;
}

/** @param {Control} control */
const mayJump = (control) => control.next_us != null && control.awaited.length === 0;

/** Why the clock can't go on to the next event: people are at work, or nothing is known to come. @param {{control: Control}} props */
function WhyNoJump({ control }) {
  if (control.awaited.length > 0) return html`<div class="clock-why"><span>${t("control.awaited")}</span><ul>${control.awaited.map((id) => html`<li key=${id}><button type="button" class="link-button" onClick=${() => showInject(id)}>${injectName(control, id)}</button></li>`)}</ul><span>${t("control.awaited.hint")}</span></div>`;
  if (control.next_us == null) return html`<p class="clock-why dim">${t("control.nothing_known")}</p>`;
  return null;
}

/** Bring an inject into sight, with the keyboard on it. @param {string} id */
const showInject = (id) => focusOn(`inject-${id}`);

/** What an inject is called where there is room for a few words. @param {Control} control @param {string} id */
export function injectName(control, id) {
  const found = control.injects.find((each) => each.id === id);
  if (!found) return id;
  const text = named(found.text);
  return `${word("drill_inject_kinds", found.kind)} “${text.length > 44 ? `${text.slice(0, 42).trimEnd()} …` : text}”`;
}

/** @param {Control} control @param {string} id */
function siteName(control, id) {
  return named(control.sites.find((each) => each.id === id)?.name) ?? id;
}

/** What the buttons and keys do; what cannot be taken back is confirmed. @param {any} drill @param {Control} control @param {() => void} again */
function acts(drill, control, again) {
  const path = `/drills/${drill.id}`;
  const { clock } = control;
  const then = (/** @type {any} */ receipt) => { if (receipt) again(); };
  const confirmed = (/** @type {string} */ what, /** @type {string} */ step, /** @type {any} */ text, /** @type {any} */ body = {}, danger = false) =>
    carryOutConfirmed({ title: t(`control.${what}`), text, action: t(`control.${what}`), danger }, () => ({ path: `${path}/${step}`, body }), { done: t(`done.control_${what}`) }).then(then);
  const setSpeed = (/** @type {number} */ speed) => {
    const was = clock?.speed ?? 1;
    if (speed === was) return;
    carryOut({ path: `${path}/speed`, body: { speed } }, { done: t("done.control_speed", { n: speed }), undo: () => ({ path: `${path}/speed`, body: { speed: was } }) }).then(then);
  };
  return {
    start: () => confirmed("start", "start", html`<p>${t("control.start.text")}</p>`),
    pause: () => {
      if (!clock || !BY_CLOCK.includes(clock.status) || !mayNow(drill, "pause_drill")) return;
      pause(drill, control.sites.filter((each) => !clock.paused_sites.includes(each.id)), clock.status === "running").then(then);
    },
    resume: (site = "") => {
      const mine = countryOf(myMember());
      const said = (site ? siteWords(clock, site) : clock?.words) ?? [];
      if (!mayNow(drill, "resume_drill") || said.includes(mine)) return;
      const missing = directors(drill).filter((each) => each !== mine && !said.includes(each));
      confirmed("resume", "resume", html`<p>${missing.length ? t("control.resume.others", { who: missing.map((each) => word("countries", each)).join(", ") }) : t("control.resume.last")}</p>`, site ? { site } : {});
    },
    speed: setSpeed,
    otherSpeed: () => openForm({
      title: t("control.speed"),
      fields: [{ name: "speed", label: t("control.speed.label"), kind: "number", required: true, least: 1, most: 60, value: clock?.speed ?? 1 }],
      action: t("control.speed.set"),
      command: (values) => ({ path: `${path}/speed`, body: values }),
      how: (values) => ({ done: t("done.control_speed", { n: values.speed }) }),
    }).then(then),
    jump: () => clock && confirmed("jump", "jump", html`<p>${t("control.jump.text", { from: timeText(drillNow(clock)), to: timeText(control.next_us) })}</p>${comes(control).map((id) => html`<p><strong>${injectName(control, id)}</strong></p>`)}`),
    end: () => confirmed("end", "end", html`<p>${t("control.end.text")}</p>${control.awaited.length > 0 && html`<p class="binds">${t("control.end.awaited", { n: control.awaited.length })}</p>`}`, {}, true),
  };
}

/** The injects that come next, as far as is known. @param {Control} control */
function comes({ injects, next_us }) {
  return injects.filter((each) => !each.delivered && (each.planned_us === next_us || (each.planned_us == null && each.latest_us === next_us))).map((each) => each.id);
}
