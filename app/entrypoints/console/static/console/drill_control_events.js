/**
 * The master events list, in the order of its time, with now: what came and when, what is still to come and what brings it, and how
 * what was expected of players stands.
 */
import { deliverNow, tick } from "./drill_control_acts.js";
import { mayNow } from "./drill_control_clock.js";
import { Ticking } from "./drill_control_read.js";
import { difference, drillNow, partyNames, receivers, senderName, timeText } from "./drill_control_said.js";
import { EntryLink } from "./drill_evaluate_entry.js";
import { LANGUAGES, languageName, named, t, word } from "./i18n.js";
import { focusOn, useKeys } from "./keys.js";
import { Nothing, Panel } from "./parts.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./drill_control_read.js").Control} Control */
/** @typedef {import("./drill_control_read.js").Inject} Inject */
/** @typedef {import("./drill_control_read.js").Expectation} Expectation */
/** @typedef {{drill: any, control: Control, again: () => void}} Props */

/** How an inject stands, as a sign beside its name: never colour alone. */
const SIGNS = /** @type {Record<string, string>} */ ({ planned: "○", held: "‖", delivered: "●", spared: "–", by_hand: "☞" });
/** Standings of what nobody has seen. */
const UNSEEN = ["open", "missed"];
/** How what was expected ended. */
export const STANDING_TONES = /** @type {Record<string, string>} */ ({ open: "notice", done: "calm-state", late: "notice", missed: "alert", not_assessed: "calm-state" });

/** When an inject came, or comes as far as is known; infinite where nothing is. @param {Inject} inject */
const timeOf = (inject) => inject.delivered?.at_us ?? inject.planned_us ?? inject.latest_us ?? Infinity;

/** The list. @param {Props} props */
export function EventsList({ drill, control, again }) {
  const [chosen, choose] = useState("");
  const timed = control.injects.filter((each) => timeOf(each) < Infinity).sort((a, b) => timeOf(a) - timeOf(b));
  const untimed = control.injects.filter((each) => timeOf(each) === Infinity);
  const ids = [...timed, ...untimed].map((each) => each.id);
  const here = control.injects.find((each) => each.id === chosen);
  const move = (/** @type {number} */ step) => {
    const at = ids.indexOf(chosen);
    const next = ids[at < 0 ? firstToCome(timed) : Math.max(0, Math.min(ids.length - 1, at + step))] ?? ids[0];
    choose(next);
    requestAnimationFrame(() => focusOn(`inject-${next}`));
  };
  const ticks = here && mayNow(drill, "tick_expectation") ? tickable(here) : [];
  useKeys(
    [
      { key: "j", does: () => move(1), text: "key.next_inject" },
      { key: "k", does: () => move(-1), text: "key.previous_inject" },
      ...(here && mayDeliver(drill, here) ? [{ key: "n", does: () => void deliverNow(drill, control, here).then(again), text: "key.inject_now" }] : []),
      ...(here && ticks.length > 0 ? [{ key: "t", does: () => void tick(drill, here, ticks[0]).then(again), text: "key.tick" }] : []),
      ...(control.clock ? [{ key: "g", does: goToNow, text: "key.now" }] : []),
      ...(here ? [{ key: "Escape", does: () => choose(""), text: "key.unchoose" }] : []),
    ],
    [ids.join(), chosen, drill, control],
  );
  const row = (/** @type {Inject} */ inject) => html`<${InjectRow} key=${inject.id} drill=${drill} control=${control} inject=${inject} now=${chosen === inject.id} onChoose=${() => choose(chosen === inject.id ? "" : inject.id)} again=${again} />`;
  const reached = useReached(control, timed);
  const over = isOver(control);
  return html`<${Panel} id="events-list" class="events-list" title=${t("control.events_list")} count=${t("control.delivered_of", { a: control.injects.filter((each) => each.delivered).length, n: control.injects.length })}
    tools=${control.clock && !over && html`<button type="button" class="button small" onClick=${goToNow}>${t("control.to_now")}</button>`}>
    ${control.injects.length === 0 ? html`<${Nothing} text=${t("control.no_injects")} />` : html`<ol class="injects">${timed.slice(0, reached).map(row)}
      ${control.clock && html`<li class="now-line" id="now-line" key="now">${over ? word("drill_clock_states", control.clock.status) : t("control.now")} <strong><${Ticking} clock=${control.clock} says=${timeText} /></strong>${control.next_us != null ? html` <span class="dim"><${Ticking} clock=${control.clock} says=${(/** @type {number} */ at) => t("control.next_in", { time: timeText(Math.max(0, (control.next_us ?? 0) - at)) })} /></span>` : ""}</li>`}
      ${timed.slice(reached).map(row)}
      ${untimed.length > 0 && html`<li class="divider" key="by-hand">${t("control.no_time")}</li>`}${untimed.map(row)}</ol>`}<//>`;
}

/** Whether nothing comes any more. @param {Control} control */
export const isOver = ({ clock }) => clock != null && ["ended", "stopped"].includes(clock.status);

/** The first inject that has not come. @param {Inject[]} timed */
function firstToCome(timed) {
  const at = timed.findIndex((each) => !each.delivered);
  return at < 0 ? 0 : at;
}

function goToNow() {
  document.getElementById("now-line")?.scrollIntoView({ block: "center" });
}

/** How many of the injects lie before now; looked at anew when the next of them is passed. @param {Control} control @param {Inject[]} timed */
function useReached({ clock }, timed) {
  const [, look] = useState(0);
  const at = clock ? drillNow(clock) : -1;
  const reached = timed.filter((each) => timeOf(each) <= at).length;
  const next = timed[reached];
  useEffect(() => {
    if (!clock || clock.status !== "running" || !next) return undefined;
    const timer = setTimeout(() => look((n) => n + 1), Math.max(100, (timeOf(next) - drillNow(clock)) / clock.speed / 1000));
    return () => clearTimeout(timer);
  }, [clock, next?.id, reached]);
  return reached;
}

/** Whether a controller can deliver an inject before its time, or at all. @param {any} drill @param {Inject} inject */
function mayDeliver(drill, inject) {
  return mayNow(drill, "deliver_inject") && !inject.delivered && inject.kind !== "end_of_exercise";
}

/** What of an inject can be ticked: what the journal has not shown by now. @param {Inject} inject @returns {Expectation[]} */
export function tickable(inject) {
  return inject.delivered ? inject.expectations.filter((each) => !each.marked && UNSEEN.includes(each.standing)) : [];
}

/** @param {{drill: any, control: Control, inject: Inject, now: boolean, onChoose: () => void, again: () => void}} props */
function InjectRow({ drill, control, inject, now, onChoose, again }) {
  const { delivered } = inject;
  const late = (inject.state === "held" && !isOver(control)) || inject.expectations.some((each) => each.standing === "missed");
  return html`<li id=${`inject-${inject.id}`} class="inject ${inject.state} ${now ? "now" : ""}">
    <div class="inject-times"><span class="inject-sign ${late ? "alert" : ""}" aria-hidden="true">${SIGNS[inject.state] ?? "○"}</span>
      <${Times} inject=${inject} /></div>
    <div class="inject-what">
      <button type="button" class="row-button inject-button" aria-expanded=${now} onClick=${onChoose}>
        <span class="inject-kind"><span class="inject-no">${t("control.number", { n: inject.number })}</span> <strong>${word("drill_inject_kinds", inject.kind)}</strong> <span class="state ${inject.state === "held" && !isOver(control) ? "alert" : "calm-state"}">${stateText(control, inject)}</span></span>
        <span class="inject-route">${senderName(inject)} → ${receivers(drill, inject.to)} · ${word("drill_means", inject.means)}</span>
        <span class="inject-text">${named(inject.text)}</span></button>
      ${!delivered && !now && !["offset", "hand"].includes(inject.trigger) && html`<p class="inject-trigger dim">${named(inject.when)}</p>`}
      ${now && html`<${More} drill=${drill} control=${control} inject=${inject} />`}
      ${inject.expected && html`<${Expected} drill=${drill} control=${control} inject=${inject} again=${again} />`}
      ${mayDeliver(drill, inject) && (now || inject.state === "by_hand" || inject.state === "held") && html`<div class="buttons"><button type="button" class="button small" onClick=${() => deliverNow(drill, control, inject).then(again)}>${t("control.inject_now")} …</button></div>`}
    </div></li>`;
}

/** How an inject stands; of a drill that is over, what is still to come did not. @param {Control} control @param {Inject} inject */
function stateText(control, { state }) {
  return isOver(control) && !["delivered", "spared"].includes(state) ? t("drill_report.left_out") : t(`control.state.${state}`);
}

/** When it was planned, and when it came. @param {{inject: Inject}} props */
function Times({ inject }) {
  const { delivered, planned_us: planned, latest_us: latest } = inject;
  const off = delivered && planned != null ? difference(delivered.at_us - planned) : "";
  if (delivered) return html`<span class="inject-at"><strong>${timeText(delivered.at_us)}</strong>${off ? html` <span class="inject-off">${off}</span>` : ""}${planned != null && off ? html`<span class="dim">${t("control.planned_at", { time: timeText(planned) })}</span>` : ""}</span>`;
  if (planned != null) return html`<span class="inject-at">${timeText(planned)}</span>`;
  if (latest != null) return html`<span class="inject-at">${t("control.latest", { time: timeText(latest) })}</span>`;
  return html`<span class="inject-at dim">–</span>`;
}

/** What is read out to those it goes to, in each of their languages, and how it came. @param {{drill: any, control: Control, inject: Inject}} props */
function More({ drill, control, inject }) {
  const { delivered } = inject;
  const objective = control.objectives.find((each) => each.id === inject.objective);
  return html`<dl class="facts inject-more">${LANGUAGES.filter((code) => inject.text[code]).map((code) => html`<div key=${code}><dt>${languageName(code)}</dt><dd lang=${code}>${inject.text[code]}</dd></div>`)}
    ${objective && html`<div><dt>${t("objective")}</dt><dd>${named(objective.name)}</dd></div>`}
    <div><dt>${t("control.trigger")}</dt><dd>${named(inject.when)}</dd></div>
    ${delivered && html`<div><dt>${t("control.came")}</dt><dd>${timeText(delivered.at_us)} <${Entries} space=${drill.plays_in} seqs=${[delivered.seq]} /></dd></div>
      <div><dt>${t("control.why")}</dt><dd>${word("drill_reasons", delivered.reason)} <${Entries} space=${drill.plays_in} seqs=${delivered.evidence} /></dd></div>`}</dl>`;
}

/** Entries of the drill's journal by their numbers, each to be opened. @param {{space: string, seqs: (number | null | undefined)[]}} props */
export function Entries({ space, seqs }) {
  return [...new Set(seqs.filter((seq) => seq != null))].map((seq) => html`<${EntryLink} key=${seq} space=${space} seq=${seq} /> `);
}

/** What is expected, and how it stands with each of them. @param {Props & {inject: Inject}} props */
function Expected({ drill, control, inject, again }) {
  const { expected } = inject;
  const ticks = mayNow(drill, "tick_expectation");
  const open = tickable(inject);
  return html`<div class="inject-expects"><p><span class="dim">${t("control.expects", { who: partyNames(expected.by) })}</span> ${named(expected.action)}${expected.within_s ? html` <span class="dim">${t("control.within", { time: timeText(expected.within_s * 1_000_000) })}</span>` : ""}</p>
    ${inject.expectations.length > 0 && html`<ul>${inject.expectations.map((each) => html`<li key=${each.members.join()} class="expectation"><span>${partyNames(each.members)}</span> <${Standing} control=${control} expectation=${each} timed=${expected.within_s != null} />
      ${each.marked && html`<span class="tag">✓ ${t("control.ticked")}</span>`}${each.note ? html` <q>${each.note}</q>` : ""}
      ${each.seq != null && html`<${EntryLink} space=${drill.plays_in} seq=${each.seq} />`}
      ${ticks && open.includes(each) && html`<button type="button" class="button small quiet" onClick=${() => tick(drill, inject, each).then(again)}>${t("control.tick")} …</button>`}</li>`)}</ul>`}</div>`;
}

/** How something expected stands: open with the time left, done at, late, missed. @param {{control: Control, expectation: Expectation, timed: boolean}} props timed: whether there is a time by which it is due */
function Standing({ control, expectation, timed }) {
  const { standing, done_us: done } = expectation;
  const due = timed ? expectation.due_us : null;
  const says = html`<span class="state ${STANDING_TONES[standing] ?? ""}">${word("drill_standings", standing)}</span>`;
  if (standing === "open" && isOver(control)) return html`<span class="state calm-state">${t("control.no_more")}</span>`;
  if (standing === "open" && due != null && control.clock) return html`${says} <span class="dim"><${Ticking} clock=${control.clock} says=${(/** @type {number} */ at) => (due > at ? t("control.time_left", { time: timeText(due - at) }) : t("control.was_due", { time: timeText(due) }))} /></span>`;
  return html`${says}${done != null ? html` <span class="dim">${timeText(done)}</span>` : due != null && standing === "missed" ? html` <span class="dim">${t("control.was_due", { time: timeText(due) })}</span>` : ""}`;
}
