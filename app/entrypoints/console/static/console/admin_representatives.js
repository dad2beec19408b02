/** Who may bind a member, who stands in for whom, and who is on duty. Names are for the own member alone. */
import { myMember, readAll } from "./api.js";
import { openDialog, ProblemParts } from "./dialogs.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { onEntries } from "./feed.js";
import { t } from "./i18n.js";
import { Nothing, Panel, State } from "./parts.js";
import { may } from "./rules.js";
import { useSending } from "./sending.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {{id: string, revision: number, user_id: string, deputy_of_id: string | null, on_duty: boolean, may_bind: boolean, display_name: string | null}} Representative */

/** @param {{member: string}} props */
export function Representatives({ member }) {
  const [rows, setRows] = useState(/** @type {Representative[] | null} */ (null));
  const learn = () => readAll(`/members/${member}/representatives`).then(setRows, () => undefined);
  useEffect(() => {
    learn();
    return onEntries((entries) => entries.some((entry) => entry.type.startsWith("representative.")) && learn());
  }, [member]);
  const keeps = may("name_representative", { member });
  const add = async () => {
    if (await openDialog(t("representative.name"), (close) => html`<${Form} member=${member} rows=${rows ?? []} close=${close} />`)) learn();
  };
  const all = rows ?? [];
  const principals = all.filter((each) => !each.deputy_of_id);
  return html`<${Panel} id="representatives" title=${t("representatives")} count=${all.length} tools=${keeps && html`<button type="button" class="button small" onClick=${add}>${t("representative.name")}</button>`}>
    ${rows?.length === 0 && html`<${Nothing} text=${t("representatives.none")} />`}
    <ul class="plain">${principals.map((each, at) => html`<li key=${each.id}><${One} row=${each} member=${member} name=${each.display_name ?? t("representative.n", { n: at + 1 })} again=${learn} />
      ${all.filter((other) => other.deputy_of_id === each.id).map((other, n) => html`<div class="deputy" key=${other.id}><${One} row=${other} member=${member} name=${other.display_name ?? t("representative.deputy_n", { n: n + 1 })} again=${learn} /></div>`)}</li>`)}</ul><//>`;
}

/** @param {{row: Representative, member: string, name: string, again: () => void}} props */
function One({ row, member, name, again }) {
  const duty = async () => {
    if (await carryOut({ path: `/representatives/${row.id}/duty`, body: { on_duty: !row.on_duty }, revision: row.revision }, { done: t(row.on_duty ? "done.off_duty" : "done.on_duty", { who: name }) })) again();
  };
  const remove = async () => {
    const done = await carryOutConfirmed({ title: t("representative.remove"), text: html`<p>${t("representative.remove.text", { who: name })}</p>`, action: t("representative.remove"), why: "asked", danger: true },
      (answer) => ({ path: `/representatives/${row.id}/remove`, body: answer, revision: row.revision }), { done: t("done.representative") });
    if (done) again();
  };
  return html`<div class="representative"><span><strong>${name}</strong> ${row.deputy_of_id ? html`<span class="dim">${t("representative.deputy")}</span>` : ""} ${!row.may_bind && html`<${State} text=${t("representative.no_role")} tone="alert" />`}</span>
    <span class=${row.on_duty ? "calm" : "dim"}>${row.on_duty ? `● ${t("on_duty")}` : `○ ${t("off_duty")}`}</span>
    <span class="buttons">${may("set_duty", { member }) && html`<button type="button" class="button small" onClick=${duty}>${row.on_duty ? t("duty.end") : t("duty.begin")}</button>`}${may("remove_representative", { member }) && html`<button type="button" class="button small" onClick=${remove}>${t("remove")}</button>`}</span></div>`;
}

/** @param {{member: string, rows: Representative[], close: (answer?: any) => void}} props */
function Form({ member, rows, close }) {
  const [users, setUsers] = useState(/** @type {any[] | null} */ (null));
  const [user, setUser] = useState("");
  const [deputyOf, setDeputyOf] = useState("");
  const { problem, busy, send } = useSending(close);
  useEffect(() => {
    readAll("/api/v1/users?active=true").then((all) => {
      const found = all.filter((each) => each.member_id === myMember() && each.roles.includes("authorised_representative") && !rows.some((row) => row.user_id === each.id));
      setUsers(found);
      setUser(found[0]?.id ?? "");
    }, () => setUsers([]));
  }, []);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    return send({ path: `/members/${member}/representatives`, body: { user_id: user, ...(deputyOf && { deputy_of_id: deputyOf }) } }, { done: t("done.representative") });
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    ${users?.length === 0 ? html`<p class="dialog-text">${t("representative.nobody")}</p>` : html`<label class="field"><span>${t("user")}</span><select value=${user} onChange=${(/** @type {any} */ event) => setUser(event.target.value)}>${(users ?? []).map((each) => html`<option value=${each.id} selected=${each.id === user}>${each.display_name}</option>`)}</select></label>
    <label class="field"><span>${t("representative.deputy_of")}</span><select value=${deputyOf} onChange=${(/** @type {any} */ event) => setDeputyOf(event.target.value)}><option value="">${t("representative.principal")}</option>${rows.filter((row) => !row.deputy_of_id).map((row) => html`<option value=${row.id} selected=${row.id === deputyOf}>${row.display_name}</option>`)}</select></label>`}
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy || !user}>${t("representative.name")}</button></footer></form>`;
}
