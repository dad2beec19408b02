/**
 * Authorities that are kept informed: whom the control room has to tell, and the receipt that came back. Nothing waits for it.
 * In an exercise nobody real is rung: who answers for them is named in the place of their numbers.
 */
import { memberName } from "./about.js";
import { myMember, readAll } from "./api.js";
import { carryOut } from "./doing.js";
import { ByCode } from "./drill_handbook.js";
import { exercise } from "./exercise.js";
import { openForm } from "./form.js";
import { named, roleName, t, word } from "./i18n.js";
import { Age, Member, Panel } from "./parts.js";
import { requestLink } from "./router.js";
import { may } from "./rules.js";
import { IS_DRILL } from "./space.js";
import { tables, take } from "./store.js";
import { stamp } from "./time.js";
import { html, useEffect } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** Roles of a drill that answer for whom nobody plays, the first of them that there is. */
const CELL = ["simcell", "drill_controller"];

/** @param {Row} a @param {Row} b */
const openFirst = (a, b) => Number(Boolean(a.confirmed_at)) - Number(Boolean(b.confirmed_at)) || b.occurred_at.localeCompare(a.occurred_at);

/** Those of our own that have not confirmed, on the operations screen. */
export function Notices() {
  const own = myMember();
  const open = tables.authority_notice.all.value.filter((row) => row.member_id === own && !row.confirmed_at).sort(openFirst);
  if (!open.length) return null;
  return html`<${Panel} live id="notices" class="notices" title=${t("notices")} count=${open.length}><${Authorities} rows=${open} /><//>`;
}

/** On a request's screen: whom either side tells about it, and who has confirmed. @param {{request: Row}} props */
export function NoticesOf({ request }) {
  useEffect(() => {
    readAll(`/notices?request=${request.id}`, 200).then((rows) => take({ authority_notice: rows }), () => undefined);
  }, [request.id]);
  const rows = [...tables.authority_notice.where("request_id", request.id)].sort(openFirst);
  if (!rows.length) return null;
  return html`<${Panel} live id="notices" class="notices" title=${t("notices")} count=${t("notices.count", { n: rows.filter((row) => !row.confirmed_at).length, of: rows.length })}><${Authorities} rows=${rows} /><//>`;
}

/** By authority, our own first. @param {{rows: Row[]}} props */
function Authorities({ rows }) {
  const own = myMember();
  const all = [...new Set(rows.map((row) => `${row.member_id === own ? 0 : 1}/${row.member_id}/${row.name}`))].sort();
  return html`${IS_DRILL && html`<${AskTheCell} />`}${all.map((key) => html`<${Authority} key=${key} rows=${rows.filter((row) => key.endsWith(`/${row.member_id}/${row.name}`))} />`)}`;
}

/** One authority with all it is to be told: one call tells it everything. @param {{rows: Row[]}} props */
function Authority({ rows }) {
  const [first] = rows;
  const open = rows.filter((row) => !row.confirmed_at);
  return html`<div class="authority"><div class="notice-row"><span><${Member} id=${first.member_id} short /> <strong>${first.name}</strong> <span class="dim">${word("authority_kinds", first.kind)}</span></span>
      ${open.length === 0 ? html`<span class="calm">✓ ${t("notice.confirmed", { time: stamp(first.confirmed_at) })}</span>`
        : may("confirm_receipt", { member: first.member_id }) ? html`<button type="button" class="button small" onClick=${() => confirm(open)}>${t("notice.confirm")}</button>`
        : html`<span class="dim">${t("notice.open")}</span>`}</div>
    ${open.length > 0 && first.contact && !IS_DRILL ? html`<p><${Contact} text=${first.contact} /></p>` : ""}
    <details><summary class="dim">${word("inform_events", first.event)} <${Age} at=${first.occurred_at} />${rows.length > 1 ? ` · ${t("notices.more", { n: rows.length - 1 })}` : ""}</summary>
      <ul>${rows.map((row) => html`<${Notice} key=${row.id} id=${row.id} />`)}</ul></details></div>`;
}

/** Who answers for the authorities in an exercise, and by which channels of its own; without a simulation cell its controllers. */
function AskTheCell() {
  const { roles = [], communications = [] } = exercise.value?.handbook ?? {};
  const [sits] = CELL.map((role) => roles.filter((/** @type {any} */ each) => each.role === role)).filter((found) => found.length);
  const channels = communications.filter((/** @type {any} */ each) => each.detail);
  return html`<div class="ask-the-cell"><p><strong>${t("notices.exercise")}</strong></p>
    ${sits && html`<p>${roleName(sits[0].role)} ${sits.map((/** @type {any} */ each) => html`<${ByCode} key=${each.member} code=${each.member} /> `)}</p>`}
    ${channels.length > 0 && html`<ul>${channels.map((/** @type {any} */ each) => html`<li key=${each.detail}>${word("drill_channels", each.means)} <span class="talkgroup">${each.detail}</span> <span class="dim">${named(each.use)}</span></li>`)}</ul>`}</div>`;
}

/** A contact: a number is a number to ring. @param {{text: string}} props */
function Contact({ text }) {
  if (/^[+\d][\d\s/-]+$/.test(text)) return html`<span class="phone"><a href=${`tel:${text.replace(/[^+\d]/g, "")}`}><span aria-hidden="true">☎ </span>${text}</a></span>`;
  return html`<span class="dim">${text}</span>`;
}

/** @param {{id: string}} props */
function Notice({ id }) {
  const row = tables.authority_notice.get(id);
  if (!row) return null;
  const request = tables.request.get(row.request_id);
  return html`<li class="notice-row"><span>${word("inform_events", row.event)} ${request ? html`<a class="ref" href=${requestLink(request.id)}>${request.ref}</a>` : ""} <span class="dim"><${Age} at=${row.occurred_at} /></span></span>
    ${row.confirmed_at ? html`<span class="calm">✓ ${stamp(row.confirmed_at)}${row.confirmed_person ? ` · ${row.confirmed_person}` : ""}</span>` : ""}</li>`;
}

/** One receipt for all that an authority was told by one call. @param {Row[]} rows */
async function confirm(rows) {
  const [first, ...others] = rows;
  let said = {};
  const receipt = await openForm({
    title: t("notice.confirm"),
    text: html`<p>${t("notice.confirm.text", { who: first.name, what: [...new Set(rows.map((row) => word("inform_events", row.event)))].join("; "), member: memberName(first.member_id) })}</p>${IS_DRILL ? html`<${AskTheCell} />` : first.contact && html`<p><${Contact} text=${first.contact} /></p>`}`,
    fields: [{ name: "person", label: t("notice.person"), most: 120 }],
    action: t("notice.confirm"),
    command: (values) => {
      said = values;
      return { path: `/notices/${first.id}/confirm`, body: values };
    },
    how: () => ({ done: t("done.notice", { who: first.name }) }),
  });
  if (receipt) for (const row of others) await carryOut({ path: `/notices/${row.id}/confirm`, body: said });
}
