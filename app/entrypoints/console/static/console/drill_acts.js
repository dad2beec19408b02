/** What may be done about a drill before it begins, by the commands that the server allows who asks. What binds is confirmed. */
import { myMember } from "./api.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { scheduleDrill } from "./drill_schedule.js";
import { explainStop } from "./exercise_stop.js";
import { t } from "./i18n.js";
import { LIVE } from "./space.js";
import { html } from "./view.js";

/** @typedef {import("./drill_parts.js").DrillView} DrillView */

/** What is confirmed: its command, the last part of its address, and how it is asked. */
const CONFIRMED = /** @type {const} */ ([
  { command: "approve_drill", step: "approve" },
  { command: "go_ahead_with_drill", step: "go-ahead" },
  { command: "start_drill", step: "start" },
  { command: "stand_down_drill", step: "stand-down", danger: true, reason: true },
]);

/** The buttons. @param {{drill: DrillView, again: () => void, small?: boolean}} props */
export function DrillActs({ drill, again, small }) {
  const size = small ? "small" : "";
  const may = (/** @type {string} */ command) => drill.may.includes(command);
  const path = `${LIVE}/drills/${drill.id}`;
  const confirmed = async (/** @type {typeof CONFIRMED[number] & {danger?: boolean, reason?: boolean}} */ { step, danger, reason }) => {
    const receipt = await carryOutConfirmed({ title: t(`drill.${step}`), text: html`<p>${t(`drill.${step}.text`, { code: drill.code })}</p>`, action: t(`drill.${step}`), danger, why: reason ? "required" : undefined },
      (answer) => ({ path: `${path}/${step}`, body: reason ? { reason: answer.why } : {} }), { done: t(`done.drill_${step}`, { code: drill.code }) });
    if (receipt) again();
  };
  const schedule = async () => {
    if (await scheduleDrill(drill)) again();
  };
  return html`<div class="buttons drill-acts"><${Ready} drill=${drill} again=${again} size=${size} />
    ${may("schedule_drill") && html`<button type="button" class="button ${size} ${drill.status === "approved" ? "primary" : ""}" onClick=${schedule}>${t(drill.time_zone ? "drill.reschedule" : "drill.schedule")}</button>`}
    ${CONFIRMED.filter((each) => may(each.command)).map((each) => html`<button key=${each.step} type="button" class="button ${size} ${each.step === "approve" || (each.step === "go-ahead" && drill.status === "held") ? "primary" : ""}" onClick=${() => confirmed(each)}>${t(`drill.${each.step}`)}</button>`)}
    ${may("explain_stop") && html`<button type="button" class="button ${size}" onClick=${() => explainStop(drill).then((receipt) => receipt && again())}>${t(drill.reason ? "drill.stop_reason.again" : "drill.stopped.say")} …</button>`}
    ${may("change_drill") && html`<a class="button ${size}" href=${`#/drill-plan/${drill.id}`}>${t("drill.change")}</a>`}</div>`;
}

/** READY or not, of one's own member; once it has begun: join. @param {{drill: DrillView, again: () => void, size: string}} props */
function Ready({ drill, again, size }) {
  const mine = drill.participants.find((each) => each.role === "player" && each.member_id === myMember());
  if (!mine || !drill.may.includes("answer_ready")) return null;
  const say = async (/** @type {boolean} */ ready) => {
    const path = `${LIVE}/drills/${drill.id}/ready`;
    const joins = Boolean(drill.started_at);
    const receipt = await carryOut({ path, body: { ready } }, { done: t(joins ? "done.drill_joined" : ready ? "done.drill_ready" : "done.drill_not_ready", { code: drill.code }) });
    if (receipt) again();
  };
  if (drill.started_at) return html`<button type="button" class="button primary ${size}" onClick=${() => say(true)}>${t("drill.join")}</button>`;
  return mine.ready_at ? html`<button type="button" class="button ${size}" onClick=${() => say(false)}>${t("drill.not_ready")}</button>` : html`<button type="button" class="button primary ${size}" onClick=${() => say(true)}>${t("drill.ready")}</button>`;
}
