/** Giving a drill its hour: a local time of a zone, whether there is such an hour, what the clocks of both sides show then, and how it comes again. */
import { openDialog, ProblemParts } from "./dialogs.js";
import { useDrills } from "./drill_parts.js";
import { drillCalled, Instant, repeatsText, weekdayName, When } from "./drill_when.js";
import { Choice, Quantity } from "./fields.js";
import { t } from "./i18n.js";
import { Member } from "./parts.js";
import { useSending } from "./sending.js";
import { LIVE } from "./space.js";
import { tables } from "./store.js";
import { instantsOf, localOf, now, ownZone, zoned, zulu } from "./time.js";
import { html, useState } from "./view.js";

/** @typedef {import("./drill_parts.js").DrillView} DrillView */

/** States in which a drill takes its players' time. */
const TAKING = ["scheduled", "held", "running", "paused"];
const DAY_MS = 86_400_000;
const WEEK = 7;
/** A time as it is typed: by 24 hours, whatever the browser is used to. */
const CLOCK = /([01]?[0-9]|2[0-3]):?([0-5][0-9])/;

/** Ask for the hour. Resolves to the receipt, or undefined where it was given up. @param {DrillView} drill */
export function scheduleDrill(drill) {
  return openDialog(t("drill.schedule_of", { code: drill.code }), (close) => html`<${Form} drill=${drill} close=${close} />`);
}

/** @param {{drill: DrillView, close: (answer?: any) => void}} props */
function Form({ drill, close }) {
  const { problem, busy, send } = useSending(close);
  const [zone, setZone] = useState(drill.time_zone ?? ownZone());
  const [begins] = useState(() => (drill.starts_at ? localOf(drill.starts_at, zone) : `${localOf(now() + WEEK * DAY_MS, zone).slice(0, 10)}T09:00`).split("T"));
  const [day, setDay] = useState(begins[0]);
  const [clock, setClock] = useState(begins[1]);
  const typed = new RegExp(`^${CLOCK.source}$`).exec(clock.trim());
  const local = day && typed ? `${day}T${typed[1].padStart(2, "0")}:${typed[2]}` : "";
  const [which, setWhich] = useState("first");
  const [repeats, setRepeats] = useState(drill.recurrence?.repeats?.weekly ? "weekly" : drill.recurrence?.repeats?.monthly ? "monthly" : "never");
  const [every, setEvery] = useState(1);
  const [last, setLast] = useState(false);
  const [until, setUntil] = useState("");
  const zones = [...new Set([zone, ...tables.member.all.value.map((each) => each.time_zone)])].sort();
  const found = local ? instantsOf(local, zone) : [];
  const wrong = !local ? "" : found.length === 0 ? gapText(local, zone) : found[0] <= now() ? t("schedule.over") : "";
  const rule = ruleOf(local, repeats, every, last, until);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (wrong || !local) return;
    send({ path: `${LIVE}/drills/${drill.id}/schedule`, body: { start: local, time_zone: zone, ...(found.length > 1 && { which }), ...(rule && { repeats: rule }) } }, { done: t("done.drill_schedule", { code: drill.code }) });
  };
  return html`<form class="dialog-body schedule-form" onSubmit=${submit}>
    <div class="two"><fieldset class="when-fields"><legend>${t("schedule.start")}</legend>
        <input type="date" required autofocus aria-label=${t("time.day")} value=${day} onInput=${(/** @type {any} */ event) => setDay(event.target.value)} />
        <input type="text" inputmode="numeric" required maxlength="5" placeholder="00:00" pattern=${CLOCK.source} aria-label=${t("time.clock")} aria-invalid=${Boolean(wrong)} aria-describedby="schedule-says" value=${clock} onInput=${(/** @type {any} */ event) => setClock(event.target.value)} /></fieldset>
      <label class="field"><span>${t("schedule.zone")}</span><select value=${zone} onChange=${(/** @type {any} */ event) => setZone(event.target.value)}>${zones.map((each) => html`<option value=${each} selected=${each === zone}>${each}</option>`)}</select></label></div>
    <p id="schedule-says" class=${wrong ? "late" : ""} role="status">${wrong || (found.length === 1 && html`<${Instant} at=${found[0]} zone=${zone} />`)}</p>
    ${found.length > 1 && html`<p class="notice">${t("schedule.twice")}</p><${Choice} label=${t("schedule.which")} value=${which} onChange=${setWhich} options=${["first", "second"].map((value, n) => ({ value, text: t(`schedule.${value}`, { time: zulu(found[n], false) }) }))} />`}
    <${Choice} label=${t("schedule.repeats")} value=${repeats} onChange=${setRepeats} options=${["never", "weekly", "monthly"].map((value) => ({ value, text: t(`schedule.${value}`) }))} />
    ${rule && html`<div class="two"><${Quantity} label=${t(`schedule.every_${repeats}`)} value=${every} most=${repeats === "weekly" ? 52 : 12} onChange=${setEvery} />
      <label class="field"><span>${t("schedule.until")} (${t("optional")})</span><input type="date" value=${until} min=${day} onInput=${(/** @type {any} */ event) => setUntil(event.target.value)} /></label></div>
      ${repeats === "monthly" && local && canBeLast(local) && html`<label class="tick"><input type="checkbox" checked=${last} onChange=${(/** @type {any} */ event) => setLast(event.target.checked)} /> <span>${t("schedule.last", { day: weekdayName(weekdayOf(local)) })}</span></label>`}
      <p class="dim">${t("schedule.same_hour")}</p>`}
    <${Booked} drill=${drill} />
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy || !local || Boolean(wrong)}>${t("drill.schedule")}</button></footer></form>`;
}

/** What those who play have on the calendar already: nobody plays two drills at one time. @param {{drill: DrillView}} props */
function Booked({ drill }) {
  const { found } = useDrills(TAKING.map((status) => `status=${status}`).join("&"));
  const mine = playersOf(drill);
  const others = (found ?? []).filter((each) => each.id !== drill.id && playersOf(each).some((id) => mine.includes(id)));
  if (!others.length) return null;
  return html`<div class="notice schedule-booked" id="schedule-booked"><p>${t("schedule.booked")}</p><ul>${others.map((each) => html`<li key=${each.id}><strong>${drillCalled(each)}</strong> <${When} drill=${each} />${repeatsText(each.recurrence) && html` <span class="dim">${repeatsText(each.recurrence)}</span>`}
    <span class="dim">${playersOf(each).filter((id) => mine.includes(id)).map((id, n) => html`${n > 0 ? ", " : ""}<${Member} key=${id} id=${id} />`)}</span></li>`)}</ul></div>`;
}

/** The members that play. @param {DrillView} drill @returns {string[]} */
const playersOf = (drill) => drill.participants.filter((each) => each.role === "player").map((each) => each.member_id);

/** That there is no such hour, and which there are beside it. @param {string} local @param {string} zone */
function gapText(local, zone) {
  const wanted = Date.parse(`${local}Z`);
  const shows = (/** @type {number} */ day) => {
    const off = Date.parse(`${localOf(wanted + day, zone)}Z`) - (wanted + day);
    return zoned(wanted - off, zone).slice(-5);
  };
  return t("schedule.gap", { zone, earlier: shows(DAY_MS), later: shows(-DAY_MS) });
}

/** The weekday of a local time. @param {string} local @returns {number} 0: Monday */
function weekdayOf(local) {
  return (new Date(`${local.slice(0, 10)}T12:00Z`).getUTCDay() + WEEK - 1) % WEEK;
}

/** Whether its weekday does not come again in its month. @param {string} local */
function canBeLast(local) {
  const day = new Date(`${local.slice(0, 10)}T12:00Z`);
  return new Date(day.getTime() + WEEK * DAY_MS).getUTCMonth() !== day.getUTCMonth();
}

/** How it comes again, as the command wants it. @param {string} local @param {string} repeats @param {number} every @param {boolean} last @param {string} until */
function ruleOf(local, repeats, every, last, until) {
  if (repeats === "never" || !local) return null;
  const weekday = weekdayOf(local);
  const nth = last && canBeLast(local) ? -1 : Math.ceil(Number(local.slice(8, 10)) / WEEK);
  return { ...(repeats === "weekly" ? { weekly: { weekday, every } } : { monthly: { nth, weekday, every } }), ...(until && { until }) };
}
