/** Whose turn it is to lead the corridor: the running turn, those planned, and swaps that wait for the other member's word. */
import { countryOf, memberName } from "./about.js";
import { myMember } from "./api.js";
import { carryOutConfirmed } from "./doing.js";
import { openForm } from "./form.js";
import { stateName, t } from "./i18n.js";
import { Member, Nothing, Panel, Phone, State, useMark } from "./parts.js";
import { may } from "./rules.js";
import { titled } from "./space.js";
import { tables } from "./store.js";
import { stamp } from "./time.js";
import { html, useEffect } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** Turns that are not over, the earliest first. */
function turns() {
  return [...tables.coordination_turn.all.value].filter((row) => row.status !== "past").sort((a, b) => a.from_at.localeCompare(b.from_at));
}

/** Swaps that nobody has answered. */
function proposals() {
  return tables.turn_swap.all.value.filter((row) => row.status === "proposed");
}

/** On the operations screen: one line, whom to ring about the corridor itself. */
export function Coordinator() {
  const current = turns().find((row) => row.status === "current");
  if (!current) return null;
  const asked = proposals().filter((row) => row.other_member_id === myMember()).length;
  return html`<${Panel} id="coordinator" class="coordinator" title=${t("coordination")} tools=${html`<a class="button small" href="#/coordination">${t("coordination.turns")}</a>`}>
    <p class="coordinator-now"><${Member} id=${current.member_id} /> <span class="dim">${t("coordination.until", { time: stamp(current.until_at) })}</span> <${Phone} id=${current.member_id} /></p>
    ${asked > 0 && may("answer_turn_swap", { member: myMember() }) && html`<p class="coordinator-now"><a href="#/coordination">${t("coordination.asked", { n: asked })}</a></p>`}<//>`;
}

/** The screen. */
export function CoordinationScreen() {
  const listed = turns();
  const current = listed.find((row) => row.status === "current");
  const rota = tables.rota.all.value[0];
  const open = proposals();
  useEffect(() => {
    titled(t("coordination"));
  });
  return html`<div class="request-screen coordination-screen">
    <header class="request-head"><div class="request-title"><div><h1>${t("coordination")}</h1><p class="dim">${t("coordination.text")}</p></div></div>
      ${current ? html`<dl class="facts">
        <div><dt>${t("coordination.now")}</dt><dd><${Member} id=${current.member_id} /> <${Phone} id=${current.member_id} /></dd></div>
        <div><dt>${t("coordination.turns_at")}</dt><dd>${stamp(current.until_at)}</dd></div>
        ${rota && html`<div><dt>${t("coordination.how_often")}</dt><dd>${t(`coordination.${rota.period}`)}</dd></div>`}</dl>` : html`<${Nothing} text=${t("coordination.none")} />`}
    </header>
    <${Panel} id="turn-swaps" title=${t("coordination.swaps")} count=${open.length || undefined}>
      ${open.length ? html`<ul class="plain">${open.map((row) => html`<${Swap} key=${row.id} row=${row} />`)}</ul>` : html`<${Nothing} text=${t("coordination.no_swaps")} />`}<//>
    <${Panel} id="turns" title=${t("coordination.turns")} count=${listed.length}>
      <ol class="plain turns">${listed.map((row) => html`<${Turn} key=${row.id} row=${row} all=${listed} />`)}</ol><//>
  </div>`;
}

/** @param {{row: Row, all: readonly Row[]}} props */
function Turn({ row, all }) {
  const mark = useMark("coordination_turn", row.id, row.revision);
  const others = all.filter((each) => each.status === "planned" && each.member_id !== row.member_id);
  const mine = row.status === "planned" && may("propose_turn_swap", { member: row.member_id }) && others.length > 0;
  return html`<li class=${`turn ${row.status} ${mark}`} aria-current=${row.status === "current" ? "true" : undefined}>
    <span class="turn-when">${stamp(row.from_at)} – ${stamp(row.until_at)}</span>
    <span class="turn-who"><${Member} id=${row.member_id} /> ${row.status === "current" && html`<${State} text=${stateName("coordination_turn", "current")} tone="good" />`}${row.swapped && html` <span class="dim">${t("coordination.swapped")}</span>`}</span>
    ${mine && html`<button type="button" class="button small" onClick=${() => propose(row, others)}>${t("coordination.swap")}</button>`}</li>`;
}

/** @param {{row: Row}} props */
function Swap({ row }) {
  const mark = useMark("turn_swap", row.id, row.revision);
  const [mine, theirs] = [row.turn_id, row.other_turn_id].map((id) => tables.coordination_turn.get(id));
  const span = (/** @type {Row | undefined} */ turn) => (turn ? `${stamp(turn.from_at)} – ${stamp(turn.until_at)}` : "–");
  const agree = async () => {
    await carryOutConfirmed({ title: t("coordination.agree"), text: html`<p>${t("coordination.agree.text", { who: memberName(row.member_id), first: span(mine), second: span(theirs) })}</p>`, action: t("coordination.agree") },
      () => ({ path: `/coordination/swaps/${row.id}/answer`, body: { agreed: true }, revision: row.revision }), { done: t("done.turn_swapped") });
  };
  const withdraw = async () => {
    await carryOutConfirmed({ title: t("coordination.withdraw"), text: html`<p>${t("coordination.withdraw.text")}</p>`, action: t("coordination.withdraw") },
      () => ({ path: `/coordination/swaps/${row.id}/withdraw`, body: {}, revision: row.revision }), { done: t("done.turn_swap_withdrawn") });
  };
  return html`<li class=${mark}>
    <p><span class="swap-side"><${Member} id=${row.member_id} /> ${span(mine)}</span> <span aria-hidden="true">⇄</span><span class="sr">${t("coordination.for")}</span> <span class="swap-side"><${Member} id=${row.other_member_id} /> ${span(theirs)}</span></p>
    <p class="dim">${row.reason}</p>
    <div class="buttons">
      ${may("answer_turn_swap", { member: row.other_member_id }) && html`<button type="button" class="button primary small" onClick=${agree}>${t("coordination.agree")}</button>
      <button type="button" class="button small" onClick=${() => decline(row)}>${t("coordination.decline")}</button>`}
      ${may("withdraw_turn_swap", { member: row.member_id }) && html`<button type="button" class="button small" onClick=${withdraw}>${t("coordination.withdraw")}</button>`}
      ${row.member_id !== myMember() && html`<${Phone} id=${row.member_id} />`}</div></li>`;
}

/** @param {Row} row @param {readonly Row[]} others planned turns of other members */
function propose(row, others) {
  const country = countryOf(row.member_id);
  return openForm({
    title: t("coordination.swap"),
    text: html`<p>${t("coordination.swap.text", { when: `${stamp(row.from_at)} – ${stamp(row.until_at)}` })}</p>`,
    fields: [
      { name: "other_turn_id", label: t("coordination.swap.with"), kind: "select", value: (others.find((each) => countryOf(each.member_id) === country) ?? others[0]).id,
        options: others.map((each) => ({ value: each.id, text: `${stamp(each.from_at)} · ${memberName(each.member_id)} (${countryOf(each.member_id)})` })), hint: t("coordination.swap.hint") },
      { name: "reason", label: t("why"), kind: "area", required: true },
    ],
    action: t("coordination.swap.propose"),
    command: (values) => ({ path: `/coordination/turns/${row.id}/swaps`, body: values, revision: row.revision }),
    how: () => ({ done: t("done.turn_swap_proposed") }),
  });
}

/** @param {Row} row */
function decline(row) {
  return openForm({
    title: t("coordination.decline"),
    text: html`<p>${t("coordination.decline.text", { who: memberName(row.member_id) })}</p>`,
    fields: [{ name: "reason", label: t("why"), kind: "area", required: true }],
    action: t("coordination.decline"),
    command: (values) => ({ path: `/coordination/swaps/${row.id}/answer`, body: { agreed: false, ...values }, revision: row.revision }),
    how: () => ({ done: t("done.turn_swap_declined") }),
  });
}
