/** A drill's plan: how it stands, when, who plays and is ready, what everybody may read of it, and its papers. */
import { myMember } from "./api.js";
import { dayOf } from "./claim_parts.js";
import { DrillActs } from "./drill_acts.js";
import { ClockText } from "./drill_clock.js";
import { Handbook, StopWords } from "./drill_handbook.js";
import { heldTexts, playedByMachine, takesPart } from "./drill_parts.js";
import { Script } from "./drill_script.js";
import { Stands } from "./drill_stands.js";
import { ReadyText, repeatsText, When } from "./drill_when.js";
import { named, t, word } from "./i18n.js";
import { Age, Member, Panel, Phone } from "./parts.js";
import { Print } from "./print.js";
import { consoleOf, LIVE } from "./space.js";
import { html } from "./view.js";

/** @typedef {import("./drill_parts.js").DrillView} DrillView */

/** The tab. @param {import("./drill_parts.js").OfDrill} props */
export function DrillPlan({ drill, again }) {
  const held = heldTexts(drill);
  const repeats = repeatsText(drill.recurrence);
  return html`<div class="request-grid"><div class="request-main">
    <${Panel} id="drill-now" title=${t("drill.how_it_stands")}><div class="panel-text">
      <p class="drill-when"><${When} drill=${drill} /></p>
      ${held.length > 0 && html`<ul class="drill-held">${held.map((text) => html`<li key=${text}>! ${text}</li>`)}</ul>`}
      ${drill.reason && !held.length && html`<p><q>${drill.reason}</q></p>`}
      ${drill.clock && !drill.staff && html`<p class="exercise-big"><${ClockText} clock=${drill.clock} bare /></p><${Stands} drill=${drill} clock=${drill.clock} siteName=${(/** @type {string} */ id) => named(drill.handbook.sites.find((/** @type {any} */ each) => each.id === id)?.name) || id} />`}
      ${["running", "paused"].includes(drill.status) && takesPart(drill) && html`<p class="buttons"><a class="button primary" href=${consoleOf(drill.plays_in ?? "")}>${t("drills_now.go")}</a></p>`}
      <dl class="facts wide-facts">
        <div><dt>${t("drill.type")}</dt><dd>${word("drill_types", drill.type)} · ${word("drill_notices", drill.notice)}</dd></div>
        <div><dt>${t("drill.scenario")}</dt><dd><code>${drill.scenario}</code> ${t("drill.version", { n: drill.scenario_version })}</dd></div>
        ${repeats && html`<div><dt>${t("schedule.repeats")}</dt><dd>${repeats}</dd></div>`}
        <div><dt>${t("drill.speed")}</dt><dd>×${drill.speed}</dd></div>
        ${drill.virtual === "all" && html`<div><dt>${t("drill.virtual")}</dt><dd>${t("drill.virtual.all")}</dd></div>`}
        <div><dt>${t("drill.approved")}</dt><dd>${drill.approved_at ? dayOf(drill.approved_at) : t("drill.not_approved")}</dd></div>
        ${drill.go_ahead.length > 0 && html`<div><dt>${t("drill.go_aheads")}</dt><dd>${drill.go_ahead.map((/** @type {string} */ country) => word("countries", country)).join(", ")}</dd></div>`}
        ${drill.retests_id && html`<div><dt>${t("drill.retests")}</dt><dd><a href=${`#/drill/${drill.retests_id}`}>${t("drill.open")}</a></dd></div>`}
        ${drill.retested_by_id && html`<div><dt>${t("drill.retested_by")}</dt><dd><a href=${`#/drill/${drill.retested_by_id}`}>${t("drill.open")}</a></dd></div>`}</dl>
      <${DrillActs} drill=${drill} again=${again} />
      ${drill.written_by_me && drill.status === "planned" && html`<p class="dim">${t("drill.written_by_me")}</p>`}</div><//>
    <${Players} drill=${drill} />
    ${drill.staff && html`<${Script} drill=${drill} />`}
  </div><div class="request-side">
    <${Panel} id="stop-words" title=${t("handbook.stop_words")}><div class="panel-text"><${StopWords} words=${drill.handbook.stop_words} /></div><//>
    <${Panel} id="handbook" title=${t("handbook")} tools=${html`<${Papers} drill=${drill} />`}><${Handbook} handbook=${drill.handbook} /><//></div></div>`;
}

/** Those who play, where, and whether they are ready; whom to ring of who is not. @param {{drill: DrillView}} props */
function Players({ drill }) {
  const players = drill.participants.filter((each) => each.role === "player");
  const before = !drill.started_at;
  const byMachine = (/** @type {any} */ each) => playedByMachine(drill, each.member_id);
  const site = (/** @type {string | null} */ id) => named(drill.handbook.sites.find((/** @type {any} */ each) => each.id === id)?.name);
  return html`<${Panel} id="drill-players" title=${t("drill.players")} count=${players.length}>
    ${drill.readiness && html`<p class="panel-text"><${ReadyText} drill=${drill} /></p>`}
    <ul class="plain">${players.map((each) => html`<li key=${each.id} class="drill-player"><span><${Member} id=${each.member_id} />${each.member_id === myMember() ? html` <b class="own">${t("you")}</b>` : ""} <span class="dim">${site(each.site)}</span></span>
      <span class=${each.ready_at || each.joined_us != null ? "calm" : "dim"}>${each.joined_us != null ? t("drill.plays") : !before ? "" : each.ready_at ? html`✓ ${t("drill.is_ready")} <${Age} at=${each.ready_at} class="dim" />` : byMachine(each) ? t("drill.virtual.one") : t("drill.is_not_ready")}</span>
      ${before && !each.ready_at && !byMachine(each) && html`<${Phone} id=${each.member_id} />`}</li>`)}</ul><//>`;
}

/** What is printed of it, and the invitation for one's own calendar. @param {{drill: DrillView}} props */
function Papers({ drill }) {
  const forms = [{ name: "drill.paper.player", path: `/drills/${drill.id}/player-handbook.pdf` }];
  if (drill.staff) forms.push({ name: "drill.paper.controller", path: `/drills/${drill.id}/controller-handbook.pdf` });
  const planned = drill.announced_for || drill.window_from;
  return html`<span class="buttons"><${Print} of=${drill.code} forms=${forms} />${planned && !drill.started_at && html`<a class="button" href=${`${LIVE}/drills/${drill.id}/invitation.ics`} download>${t("drill.invitation")}</a>`}</span>`;
}
