/** The request: what is asked for and how far it is filled, offers, units under way, who else could come, questions, what happened. */
import { answered, ENDED, linesOf, linesText, rankOf, WANTING } from "./about.js";
import { myMember, Problem, read, readAll } from "./api.js";
import { AutomaticOf } from "./automatic.js";
import { openCall } from "./call.js";
import { callOff, mayCallOff } from "./closing.js";
import { Candidates } from "./candidates.js";
import { CommitmentsOf } from "./commitments.js";
import { confirmAct } from "./dialogs.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { PartsFill } from "./formations.js";
import { link } from "./feed.js";
import { stateName, t, typeName, word } from "./i18n.js";
import { useKeys } from "./keys.js";
import { Missing } from "./missing.js";
import { Missions } from "./missions.js";
import { NoticesOf } from "./notices.js";
import { declineRequest, learnUnit } from "./offering.js";
import { mayOfferFor, openOffer } from "./offer_form.js";
import { Offers } from "./offers.js";
import { Age, Fill, Left, Member, Nothing, Panel, Phone, Priority, State } from "./parts.js";
import { Print, requestForms } from "./print.js";
import { Questions } from "./questions.js";
import { acknowledge } from "./requests.js";
import { can, may } from "./rules.js";
import { Debt, isOwed } from "./situation.js";
import { titled } from "./space.js";
import { fillOf, tables, take, takeFill } from "./store.js";
import { Timeline } from "./timeline.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/**
 * Know a request that the snapshot did not tell (it is over), with all that belongs to it.
 * @param {string} id
 */
async function learn(id) {
  const asked = performance.now();
  const seen = await read(`/requests/${id}`);
  const { lines, acknowledgements, geometry, response_commitments, ...row } = seen;
  take({ request: [row], response_commitment: response_commitments, request_line: lines.map((/** @type {any} */ { geometry: at, fill, ...line }) => ({ ...line, request_id: id, lon: at.coordinates[0], lat: at.coordinates[1] })) });
  takeFill(lines.map((/** @type {any} */ line) => ({ request_line_id: line.id, request_id: id, ...line.fill })), asked);
  const [offers, missions, responses, questions] = await Promise.all([readAll(`/requests/${id}/offers`), readAll(`/missions?request=${id}`), readAll(`/requests/${id}/responses`), readAll(`/requests/${id}/questions`)]);
  const [extensions, reassignments, supports, aids, alarms] = await Promise.all(["extensions", "reassignments", "host-support", "automatic-aid", "automatic-alarms"].map((kind) => readAll(`/${kind}?request=${id}`)));
  take({
    offer: offers.map(({ lines: _, ...offer }) => offer),
    offer_line: offers.flatMap((offer) => offer.lines.map((/** @type {any} */ line) => ({ ...line, offer_id: offer.id, request_id: id }))),
    mission: missions.map(({ geometry: at, ...mission }) => ({ ...mission, lon: at.coordinates[0], lat: at.coordinates[1] })),
    response: responses, question: questions, host_support: supports, automatic_aid: aids, automatic_alarm: alarms,
    extension: extensions, reassignment: reassignments.map(({ geometry: at, ...row }) => (at ? { ...row, lon: at.coordinates[0], lat: at.coordinates[1] } : row)),
  });
  await Promise.all([...missions.map((mission) => learnUnit(mission.resource_id)), ...offers.flatMap((offer) => offer.lines.map((/** @type {any} */ line) => learnUnit(line.resource_id)))]);
}

/** The screen. @param {{id: string}} props */
export function RequestScreen({ id }) {
  const row = tables.request.get(id);
  const [failed, setFailed] = useState(/** @type {Problem | null} */ (null));
  const [line, setLine] = useState("");
  const again = () => learn(id).then(() => setFailed(null), (problem) => setFailed(problem instanceof Problem ? problem : new Problem({ type: "/problems/unknown", title: "", status: 0, detail: String(problem) })));
  const live = link.value.live;
  useEffect(() => {
    if (live) again();
  }, [id, live]);
  useEffect(() => {
    titled(row?.ref ?? t("request"));
  });
  useKeys([
    { key: "a", does: () => acknowledge(id), text: "key.acknowledge" },
    { key: "i", does: () => tables.request.get(id) && openCall(tables.request.get(id)?.incident_id, id), text: "key.call" },
  ], [id]);
  if (!row && failed) return html`<${Missing} problem=${failed} what="request" back="#/operations" to="to_operations" again=${again} />`;
  if (!row) return html`<div class="request-screen"><p class="back"><a href="#/operations">‹ ${t("operations")}</a></p><${Nothing} text=${t("loading")} /></div>`;
  const wants = !ENDED.includes(row.status) && linesOf(id).some((each) => fillOf(each).open > 0);
  return html`<div class="request-screen">
    <${Head} row=${row} />
    <div class="request-grid">
      <div class="request-main">
        <${Lines} row=${row} line=${line} onLine=${setLine} />
        <${Offers} request=${row} />
        <${Missions} request=${row} />
        ${wants && html`<${Candidates} request=${row} line=${line || undefined} onLine=${setLine} />`}
      </div>
      <div class="request-side">
        <${AutomaticOf} id=${id} />
        <${OwnDebts} id=${id} />
        <${CommitmentsOf} id=${id} />
        <${Answers} row=${row} />
        ${row.kind !== "day_to_day" && html`<${Questions} request=${row} />`}
        <${NoticesOf} request=${row} />
        <${Timeline} request=${row} />
      </div>
    </div></div>`;
}

/** @param {{row: Row}} props */
function Head({ row }) {
  const lines = linesOf(row.id);
  const incident = tables.incident.get(row.incident_id);
  const own = row.member_id === myMember();
  return html`<header class="request-head">
    <p class="back"><a href="#/operations">‹ ${t("operations")}</a></p>
    <div class="request-title"><${Priority} rank=${rankOf(lines)} /><div><h1><span class="ref">${row.ref}</span> ${linesText(lines)}</h1>
      <p class="dim">${incident ? html`<span>${incident.title}</span> · ` : ""}${word("request_kinds", row.kind)}${row.opened_at ? html` · ${t("open_since")} <${Age} at=${row.opened_at} />` : ""}${row.expires_at && !ENDED.includes(row.status) ? html` · ${t("expires")} <${Left} at=${row.expires_at} />` : ""}</p></div>
      <${State} text=${stateName("request", row.status)} tone=${["open", "partly_committed"].includes(row.status) ? "notice" : ""} /></div>
    <div class="request-who"><span class="ring">${own ? html`<strong>${t("you_ask")}</strong>${row.to_member_id ? html` <${Member} id=${row.to_member_id} /> <${Phone} id=${row.to_member_id} />` : ""}` : html`<span class="dim">${t("asks")}</span> <${Member} id=${row.member_id} /> <${Phone} id=${row.member_id} />`}</span>
      <span class="buttons"><${Actions} row=${row} /></span></div>
    ${row.note && html`<p class="request-note">${row.note}</p>`}</header>`;
}

/** What can be done about the request as a whole. @param {{row: Row}} props */
function Actions({ row }) {
  const own = myMember();
  const mine = row.member_id === own;
  const sides = { requester: row.member_id, lender: mine ? "" : own, addressed: mine ? "" : own };
  const facts = { request_kind: row.kind };
  const missions = tables.mission.where("request_id", row.id);
  const under_way = missions.some((each) => !["returned", "closed"].includes(each.status));
  const told = { ever_committed: missions.some((each) => each.resource_id || each.mobilised_at || each.status !== "closed"), missions_under_way: under_way };
  const act = (/** @type {string} */ name, /** @type {string} */ path, danger = false) => async () => {
    await carryOutConfirmed({ title: t(name), text: html`<p>${t(`${name}.text`, { ref: row.ref, what: linesText(linesOf(row.id)) })}</p>`, action: t(name), why: danger ? "asked" : undefined, danger },
      (answer) => ({ path: `/requests/${row.id}/${path}`, body: answer, revision: row.revision }), { done: t(`done.${name}`, { ref: row.ref }), latest: () => tables.request.get(row.id) });
  };
  const read_ = answered(row.id);
  const over = ENDED.includes(row.status);
  return html`
    ${can("request", row.status, "submit_request") && may("submit_request", sides) && !may("open_request", sides, facts) ? html`<button type="button" class="button primary" onClick=${act("submit_request", "submit")}>${t("submit")}</button>` : ""}
    ${["draft", "submitted"].includes(row.status) && may("open_request", sides, facts) ? html`<button type="button" class="button primary" onClick=${openIt(row)}>${t("ask")}</button>` : ""}
    ${!mine && !over && !read_ && may("acknowledge_request", sides) ? html`<button type="button" class="button" onClick=${() => acknowledge(row.id)}>${t("acknowledge")} <kbd>a</kbd></button>` : ""}
    ${mayOfferFor(row) ? html`<button type="button" class="button primary" onClick=${() => openOffer(row)}>${t("offer.make")}</button>` : ""}
    ${!mine && ["open", "partly_committed"].includes(row.status) && may("decline_request", sides) ? html`<button type="button" class="button" onClick=${() => declineRequest(row)}>${t("cannot_send")}</button>` : ""}
    ${WANTING.includes(row.status) && row.kind !== "day_to_day" && may("assist_now", { requester: row.member_id, lender: own }) ? html`<button type="button" class="button" onClick=${() => openCall(row.incident_id, row.id)}>${t("call")} <kbd>i</kbd></button>` : ""}
    ${can("request", row.status, "cancel_request") && missions.length === 0 && may("cancel_request", sides) ? html`<button type="button" class="button" onClick=${act("cancel_request", "cancel", true)}>${t("cancel_request")}</button>` : ""}
    ${mayCallOff(row) ? html`<button type="button" class="button" onClick=${() => callOff(row)}>${t("call_off_request")}</button>` : ""}
    ${can("request", row.status, "close_request", told) && may("close_request", sides) ? html`<button type="button" class="button" onClick=${act("close_request", "close", true)}>${t("close_request")}</button>` : ""}
    <${Print} of=${row.ref} forms=${requestForms(row.id)} />`;
}

/** Ask across the border: a draft is submitted on the way. @param {Row} row */
function openIt(row) {
  return async () => {
    await confirmAct({ title: t("open_it"), text: html`<p>${t("open_it.text", { what: linesText(linesOf(row.id)) })}</p>`, action: t("ask"), does: async (answer) => {
      const now = tables.request.get(row.id) ?? row;
      const submitted = now.status === "draft" ? await carryOut({ path: `/requests/${row.id}/submit`, body: {}, revision: now.revision }) : now;
      return submitted && carryOut({ path: `/requests/${row.id}/open`, body: answer, revision: submitted.revision }, { done: t("done.request_open") });
    } });
  };
}

/** @param {{row: Row, line: string, onLine: (id: string) => void}} props */
function Lines({ row, line, onLine }) {
  const lines = linesOf(row.id);
  return html`<${Panel} live id="lines" class="lines" title=${t("lines")}><ul class="plain">${lines.map((each) => {
    const fill = fillOf(each);
    return html`<li key=${each.id} class="line ${line === each.id ? "now" : ""}"><button type="button" class="row-button line-button" aria-pressed=${line === each.id} onClick=${() => onLine(line === each.id ? "" : each.id)}>
      <${Priority} rank=${rankOf([each])} /><span class="line-what"><strong>${each.quantity} × ${typeName(each.type_code)}</strong>${each.place ? html` <span class="dim">${each.place}</span>` : ""}</span>
      <${Fill} fill=${fill} /><span class="line-figures">${fill.open > 0 ? html`<b class="open">${t("fill.open", { n: fill.open })}</b>` : fill.pending > 0 ? html`<span class="notice">${t("fill.pending", { n: fill.pending })}, ${t("fill.not_committed")}</span>` : html`<span class="calm">${t("fill.full")}</span>`}${fill.open > 0 && fill.pending > 0 ? html` · ${t("fill.pending", { n: fill.pending })}` : ""}${fill.open > 0 && each.needed_by ? html` · <${Left} at=${each.needed_by} />` : ""}</span></button><${PartsFill} fill=${fill} /></li>`;
  })}</ul><//>`;
}

/** @param {{id: string}} props */
function OwnDebts({ id }) {
  const open = tables.debt.where("request_id", id).filter(isOwed);
  if (!open.length) return null;
  return html`<${Panel} live id="debts" class="debts" tone="alert" title=${t("debts")} count=${open.length}><ul class="plain">${open.map((debt) => html`<${Debt} key=${debt.id} debt=${debt} />`)}</ul><//>`;
}

/** Who has read it, who can't send and why. @param {{row: Row}} props */
function Answers({ row }) {
  const read_ = tables.acknowledgement.where("request_id", row.id);
  const declined = tables.response.where("request_id", row.id);
  if (!read_.length && !declined.length) return null;
  return html`<${Panel} live id="answers" title=${t("answers")}><ul class="plain">
    ${declined.map((each) => html`<li key=${each.id}><${Member} id=${each.member_id} /> <span class="late">${t("cannot_send")}</span>: ${word("decline_reasons", each.reason)}${each.note ? html` <q>${each.note}</q>` : ""} <span class="dim"><${Age} at=${each.occurred_at} /></span></li>`)}
    ${read_.filter((each) => !declined.some((other) => other.member_id === each.member_id)).map((each) => html`<li key=${each.id}><${Member} id=${each.member_id} /> ${t("has_read")} <span class="dim"><${Age} at=${each.occurred_at} /></span></li>`)}</ul><//>`;
}

