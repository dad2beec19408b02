/** What controllers do by hand: deliver an inject, tick what no journal shows, say that a side has reached a sync point. */
import { difference, drillNow, timeText, memberOf, partyName, partyNames } from "./drill_control_said.js";
import { carryOutConfirmed } from "./doing.js";
import { openForm } from "./form.js";
import { named, t, word } from "./i18n.js";
import { html } from "./view.js";

/** @typedef {import("./drill_control_read.js").Control} Control */
/** @typedef {import("./drill_control_read.js").Inject} Inject */

/** Deliver an inject now, once it is confirmed: it cannot be taken back. @param {any} drill @param {Control} control @param {Inject} inject */
export function deliverNow(drill, control, inject) {
  const early = inject.planned_us != null && control.clock ? inject.planned_us - drillNow(control.clock) : 0;
  return carryOutConfirmed(
    {
      title: t("control.inject_now"),
      text: html`<p><strong>${word("drill_inject_kinds", inject.kind)}</strong> → ${partyNames(inject.to)}</p><p>${named(inject.text)}</p>
        ${early > 0 && html`<p>${t("control.inject_early", { time: timeText(inject.planned_us), early: difference(early).replace("+", "") })}</p>`}<p class="binds">${t("control.inject_now.text")}</p>`,
      action: t("control.inject_now"),
    },
    () => ({ path: `/drills/${drill.id}/injects`, body: { inject: inject.id } }),
    { done: t("done.inject_delivered") },
  );
}

/**
 * Tick that an expected action was seen, with a note; of several who may do it for all, which one did.
 * @param {any} drill @param {Inject} inject @param {import("./drill_control_read.js").Expectation} expectation
 */
export function tick(drill, inject, expectation) {
  const options = expectation.members.map((code) => ({ value: code, text: partyName(code) }));
  return openForm({
    title: t("control.tick"),
    text: html`<p><strong>${named(inject.expected.action)}</strong></p><p>${t(inject.expected.event ? "control.tick.text_journal" : "control.tick.text")}</p>`,
    fields: [
      { name: "member", label: t("control.who_did"), kind: "choice", value: options[0].value, options },
      { name: "note", label: t("note"), kind: "area", most: 4000 },
    ],
    action: t("control.tick"),
    command: (values) => ({ path: `/drills/${drill.id}/ticks`, body: { ...values, inject: inject.id } }),
    how: (values) => ({ done: t("done.expectation_ticked", { who: partyName(values.member) }) }),
  });
}

/** Say that a side has reached a sync point. @param {any} drill @param {import("./drill_control_read.js").SyncPoint} point @param {string} side */
export function reach(drill, point, side) {
  const who = memberOf(side) ? partyName(side) : word("countries", side);
  return carryOutConfirmed(
    { title: t("control.reached"), text: html`<p><strong>${named(point.name)}</strong></p><p>${t("control.reached.text", { who })}</p>`, action: t("control.reached") },
    () => ({ path: `/drills/${drill.id}/sync-points`, body: { point: point.id, side } }),
    { done: t("done.reached", { who }) },
  );
}

/**
 * Have the time stand, for everybody or at one site: by a director, or by a safety officer, who reads no script.
 * @param {any} drill @param {{id: string, name: Record<string, string>}[]} sites that play @param {boolean} everybody whether it runs for all
 */
export function pause(drill, sites, everybody) {
  const at = sites.map((each) => ({ value: each.id, text: named(each.name) }));
  const options = everybody ? [{ value: "", text: t("control.everybody") }, ...at] : at;
  return openForm({
    title: t("control.pause"),
    text: html`<p>${t("control.pause.text")}</p>`,
    fields: [
      { name: "site", label: t("control.who_stands"), kind: "choice", value: options[0]?.value ?? "", options },
      { name: "reason", label: t("why"), most: 200 },
    ],
    action: t("control.pause"),
    command: (values) => ({ path: `/drills/${drill.id}/pause`, body: values }),
    how: (values) => ({ done: t(values.site ? "done.control_pause_site" : "done.control_pause") }),
  });
}

/** The one thing that a safety officer does from here. @param {import("./drill_parts.js").OfDrill} props */
export function SafetyPause({ drill, again }) {
  if (drill.staff || !drill.may.includes("pause_drill")) return null;
  const stop = () => pause(drill, drill.handbook.sites, drill.status === "running").then((receipt) => receipt && again());
  return html`<button type="button" class="button primary" onClick=${stop}>${t("control.pause")} …</button>`;
}
