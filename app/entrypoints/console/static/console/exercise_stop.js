/**
 * REAL EMERGENCY: one click by anybody stops the drill, and nothing is asked before. Why is asked afterwards, and need not be said.
 * The button stands on every screen of a drill and in every dialog there, for an open dialog covers the screen; in live on the drill's
 * page, where its staff sit, and in the line that tells of it.
 */
import { read } from "./api.js";
import { openDialog } from "./dialogs.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { exercise } from "./exercise.js";
import { t } from "./i18n.js";
import { consoleOf, frozen, IS_LIVE, LIVE } from "./space.js";
import { codeText } from "./told.js";
import { html, useState } from "./view.js";

const LONGEST = 500;

/** Whether it stands there for a drill that is read in live. @param {import("./drill_parts.js").DrillView} drill */
export const mayStop = (drill) => ["running", "paused"].includes(drill.status) && drill.may.includes("stop_drill");

/** The button. @param {{id?: string, small?: boolean}} props id: of the drill; without one it is the one that is played in this space */
export function StopButton({ id, small }) {
  const [busy, setBusy] = useState(false);
  const stop = async () => {
    setBusy(true);
    await stopDrill(id).finally(() => setBusy(false));
  };
  return html`<button type="button" class="button real-emergency ${small ? "small" : ""}" disabled=${busy} onClick=${stop}>${t(small ? "drill.stop.short" : "drill.stop")}</button>`;
}

/** Stop a drill at once. @param {string} [id] */
export async function stopDrill(id) {
  const drill = id ?? exercise.peek()?.drill_id ?? (await read("/exercise")).drill_id;
  if (!(await carryOut({ path: `${LIVE}/drills/${drill}/stop`, body: {} }))) return;
  if (!IS_LIVE) frozen.value = true; // the feed will say so in a moment
  await openDialog(t("drill.stopped"), (close) => html`<${Why} path=${reasonPath(drill)} close=${close} />`);
}

/** @param {string} drill its id */
const reasonPath = (drill) => `${LIVE}/drills/${drill}/stop-reason`;

/** Say why a drill was stopped, or say it anew: for who stopped it, and its staff. @param {import("./drill_parts.js").DrillView} drill */
export function explainStop(drill) {
  const title = t(drill.reason ? "drill.stop_reason.again" : "drill.stopped.say");
  return carryOutConfirmed({ title, text: html`${drill.held_because.length ? html`<p>${drill.held_because.map(codeText).join(" ")}</p>` : drill.reason && html`<p><q>${drill.reason}</q></p>`}<p>${t("drill.stop_reason.text")}</p>`, action: title, why: "required" },
    (answer) => ({ path: reasonPath(drill.id), body: { reason: answer.why } }), { done: t("done.stop_explained") });
}

/** It is stopped: what counts now, and room to say why. @param {{path: string, close: () => void}} props */
function Why({ path, close }) {
  const [reason, setReason] = useState("");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (reason.trim() && !(await carryOut({ path, body: { reason: reason.trim() } }))) return;
    close();
  };
  return html`<form class="dialog-body" onSubmit=${submit}><p class="dialog-text">${t("drill.stopped.text")}</p>
    <label class="field"><span>${t("why")} (${t("optional")})</span><textarea rows="2" maxlength=${LONGEST} value=${reason} onInput=${(/** @type {any} */ event) => setReason(event.target.value)}></textarea></label>
    <footer class="dialog-foot"><button class="button">${reason.trim() ? t("drill.stopped.say") : t("close")}</button>
      ${!IS_LIVE && html`<a class="button primary" href=${consoleOf("live")} autofocus>${t("to_live")}</a>`}</footer></form>`;
}
