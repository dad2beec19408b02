/** The shift's hand-over: word for those who come, with what the service finds open; and taking over, which names who has the watch. */
import { linesOf, linesText } from "./about.js";
import { shelves } from "./alarms.js";
import { myMember, read, readAll, session } from "./api.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { openForm } from "./form.js";
import { language, stateName, t, typeName, word } from "./i18n.js";
import { Age, Left, Nothing, Panel, useMark } from "./parts.js";
import { requestLink } from "./router.js";
import { may } from "./rules.js";
import { tables, take } from "./store.js";
import { now, stamp } from "./time.js";
import { html, useEffect } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

const MATTERS = ["requests", "asked_of_us", "missions", "debts", "calls", "notices"];

/** The panel: a note that waits to be taken over, who has the watch, and handing it on. @param {{waits?: boolean}} props waits: only where a note waits; else only where none does */
export function Shift({ waits = false }) {
  const own = myMember();
  const notes = tables.handover.all.value.filter((row) => row.member_id === own).sort((a, b) => b.occurred_at.localeCompare(a.occurred_at));
  const waiting = notes.filter((row) => !row.taken_at);
  const last = notes.find((row) => row.taken_at);
  useNames(notes);
  const writes = may("hand_over_shift", { member: own });
  if ((!notes.length && !writes) || waits !== waiting.length > 0) return null;
  return html`<${Panel} live id="shift" class="shift ${waiting.length ? "waits" : ""}" title=${t("shift")} count=${waiting.length || undefined} tools=${writes && html`<button type="button" class="button small" onClick=${handOver}>${t("shift.hand_over")}</button>`}>
    ${waiting.map((row) => html`<${Note} key=${row.id} id=${row.id} />`)}
    ${last ? html`<details class="settled"><summary>${last.taken_by ? t("shift.taken_by", { who: last.taken_by, time: stamp(last.taken_at) }) : t("shift.taken", { time: stamp(last.taken_at) })}</summary><${Note} id=${last.id} /></details>` : !waiting.length && html`<${Nothing} text=${t("shift.none")} />`}<//>`;
}

/** Who wrote and who took over is not in the feed. @param {Row[]} notes */
function useNames(notes) {
  const unknown = notes.some((row) => !row.written_by || (row.taken_at && !row.taken_by));
  useEffect(() => {
    if (unknown) read("/handovers?limit=10").then((page) => take({ handover: page.items }), () => undefined);
  }, [unknown, notes.length]);
}

/** @param {{id: string}} props */
function Note({ id }) {
  const row = tables.handover.get(id);
  const mark = useMark("handover", id, row?.revision);
  if (!row) return null;
  const mine = row.written_by_id === session.value?.user.id;
  const take_ = async () => {
    await carryOutConfirmed({ title: t("shift.take"), text: html`<p>${t("shift.take.text", { who: row.written_by ?? "–" })}</p>`, action: t("shift.take") },
      () => ({ path: `/handovers/${id}/take`, body: {}, revision: row.revision }), { done: t("done.shift_taken"), latest: () => tables.handover.get(id) });
  };
  return html`<div class="handover ${mark}"><p class="dim">${row.written_by ?? ""} · ${stamp(row.occurred_at)} (<${Age} at=${row.occurred_at} />)</p>
    <p class="handover-text" lang=${row.language ?? undefined}>${row.text}</p>
    <${Matters} matters=${row.matters} />
    ${!row.taken_at && may("take_over_shift", { member: row.member_id }) ? (mine ? html`<p class="dim">${t("shift.own")}</p>` : html`<div class="buttons"><button type="button" class="button primary" onClick=${take_}>${t("shift.take")}</button></div>`) : ""}</div>`;
}

/** What was open when it was written, as it was then. @param {{matters: Record<string, any>}} props */
function Matters({ matters }) {
  const kinds = MATTERS.filter((kind) => matters[kind]?.length);
  const shelved = matters.shelved ?? [];
  if (!kinds.length && !shelved.length) return html`<p class="dim">${t("shift.nothing_open")}</p>`;
  return html`<div class="open-matters">${kinds.map((kind) => html`<details key=${kind}><summary>${t(`shift.${kind}`)} <span class="count">${matters[kind].length + (matters.more?.[kind] ?? 0)}</span></summary><ul>${matters[kind].map((/** @type {any} */ each) => html`<li key=${each.id}><${Open} kind=${kind} row=${each} /></li>`)}</ul></details>`)}
    ${shelved.length > 0 && html`<details><summary>${t("alarms.shelved_log")} <span class="count">${shelved.length}</span></summary><ul>${shelved.map((/** @type {any} */ each) => html`<li>${t(`alarm.${each.kind}`)} – ${stamp(each.until)}</li>`)}</ul></details>`}</div>`;
}

/** @param {{kind: string, row: any}} props */
function Open({ kind, row }) {
  const id = ["requests", "asked_of_us"].includes(kind) ? row.id : row.request_id;
  const request = tables.request.get(id);
  const ref = row.ref ?? request?.ref;
  const link = ref ? html`<a class="ref" href=${requestLink(id)}>${ref}</a> ` : "";
  if (kind === "missions") return html`${link}${row.call_sign ?? typeName(row.type_code)} <span class="dim">${stateName("mission", row.status)}</span>`;
  if (kind === "debts") return html`${link}${t(`act.${row.act}`)} <${Left} at=${row.due_at} />`;
  if (kind === "calls") return html`${link}<span class="dim">${stateName("call", row.status)}</span>`;
  if (kind === "notices") return html`${link}${row.name}: ${word("inform_events", row.event)}`;
  return html`${link}${request ? linesText(linesOf(id)) : ""} <span class="dim">${stateName("request", row.status)}</span>`;
}

/** Leave word for the next shift; alarms that are shelved here go with it, for only this screen knows of them. */
function handOver() {
  const shelved = shelves.peek().filter((shelf) => shelf.until > now()).map((shelf) => ({ kind: shelf.kind, until: new Date(shelf.until).toISOString() }));
  return openForm({
    title: t("shift.hand_over"),
    text: html`<p>${t("shift.hand_over.text")}</p>`,
    fields: [{ name: "text", label: t("shift.text"), kind: "area", required: true, hint: t("shift.hint") }],
    action: t("shift.hand_over"),
    command: (values) => ({ path: "/handovers", body: { ...values, language: language.peek(), shelved } }),
    how: () => ({ done: t("done.shift") }),
  });
}

/** Read the names of the own member's representatives, which the feed does not tell. @param {string} member */
function useRepresentatives(member) {
  const rows = tables.representative.where("member_id", member);
  const own = member === myMember();
  useEffect(() => {
    if (own && rows.some((row) => row.display_name === undefined)) readAll(`/members/${member}/representatives`, 100).then((found) => take({ representative: found }), () => undefined);
  }, [member, rows.length]);
  return rows;
}

/** Who of the own member's representatives can be asked now; nothing where nobody is on duty. @param {{member: string}} props */
export function OnDuty({ member }) {
  const names = useRepresentatives(member).filter((row) => row.on_duty).map((row) => row.display_name).filter(Boolean);
  return names.length ? t("duty.on_now", { who: names.join(", ") }) : null;
}

/** Who may bind a member now: at one's own, each with the word on whether they are on duty. @param {{member: string}} props */
export function Duty({ member }) {
  const rows = useRepresentatives(member);
  const own = member === myMember();
  if (!rows.length) return null;
  const on = rows.filter((row) => row.on_duty);
  if (!own) return html`<p class=${on.length ? "dim" : "notice"}>${on.length ? t("duty.on", { n: on.length }) : t("duty.nobody")}</p>`;
  const set = (/** @type {Row} */ row) => carryOut({ path: `/representatives/${row.id}/duty`, body: { on_duty: !row.on_duty }, revision: row.revision }, {
    done: t(row.on_duty ? "done.duty_off" : "done.duty_on", { who: row.display_name ?? "" }),
    undo: (receipt) => ({ path: `/representatives/${row.id}/duty`, body: { on_duty: row.on_duty }, revision: receipt.revision }),
  });
  return html`<h3>${t("duty")}</h3><ul class="plain duty">${rows.map((row) => html`<li key=${row.id}><label><input type="checkbox" checked=${row.on_duty} disabled=${!may("set_duty", { member })} onChange=${() => set(row)} /> ${row.display_name ?? "–"}${row.deputy_of_id ? html` <span class="dim">${t("duty.deputy")}</span>` : ""}</label></li>`)}</ul>`;
}
