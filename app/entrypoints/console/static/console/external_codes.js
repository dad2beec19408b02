/** External ids: the codes by which dispatch systems know a unit, a depot or an incident; given, listed, ended. */
import { Problem, readAll } from "./api.js";
import { openDialog } from "./dialogs.js";
import { carryOutConfirmed } from "./doing.js";
import { openForm } from "./form.js";
import { t } from "./i18n.js";
import { Member, Panel } from "./parts.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { stamp } from "./time.js";
import { problemText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {"resource" | "depot" | "incident"} Kind */
/** @typedef {{id: string, member_id: string, source: string, code: string, valid_from: string, valid_to: string | null, revision: number}} Code */

/** Whether one gives codes for what this member owns; of an incident each member has its own. @param {Kind} kind @param {string} owner */
export function mayAddCode(kind, owner) {
  return may("add_external_id", { owner }, { external_kind: kind });
}

/** @param {Kind} kind @param {string} id @param {string} owner @param {string} name */
export function openCodes(kind, id, owner, name) {
  return openDialog(t("codes.of", { name }), (close) => html`<div class="dialog-body"><${CodeList} kind=${kind} id=${id} owner=${owner} again=${() => openCodes(kind, id, owner, name)} /><footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("close")}</button></footer></div>`);
}

/** The panel of a screen. @param {{kind: Kind, id: string, owner: string}} props */
export function ExternalCodes({ kind, id, owner }) {
  return html`<${Panel} id="codes" title=${t("codes")}><${CodeList} kind=${kind} id=${id} owner=${owner} /><//>`;
}

/** @param {{kind: Kind, id: string, owner: string, again?: () => void}} props again: what opens the list anew, where it stands in a dialog */
function CodeList({ kind, id, owner, again }) {
  const [found, setFound] = useState(/** @type {{now: Code[], before: Code[]} | null} */ (null));
  const [failed, setFailed] = useState("");
  const [turn, setTurn] = useState(0);
  const heard = tables.external_id.changes.value;
  useEffect(() => {
    let late = false;
    Promise.all([readAll(`/external-ids?subject=${id}`), readAll(`/external-ids?subject=${id}&ended=true`)]).then(
      ([now, before]) => { if (!late) { setFound({ now, before }); setFailed(""); } },
      (problem) => { if (!late && problem instanceof Problem) setFailed(problemText(problem)); },
    );
    return () => { late = true; };
  }, [id, turn, heard]);
  const done = () => (again ? again() : setTurn((was) => was + 1));
  const add = async () => {
    await openForm({
      title: t("codes.add"), text: html`<p>${t("codes.add.text")}</p>`, action: t("codes.add"),
      fields: [
        { name: "source", label: t("codes.source"), required: true, hint: "cad-liege", most: 60, value: found?.now[0]?.source ?? "" },
        { name: "code", label: t("codes.code"), required: true, most: 120 },
      ],
      command: (values) => ({ path: "/external-ids", body: { ...values, kind, subject_id: id, member_id: owner } }),
      how: (values) => ({ done: t("done.code_added", { code: values.code }) }),
    });
    done();
  };
  const end = async (/** @type {Code} */ code) => {
    await carryOutConfirmed({ title: t("codes.end"), text: html`<p>${t("codes.end.text", { code: `${code.source}: ${code.code}` })}</p>`, action: t("codes.end"), why: "asked" },
      (answer) => ({ path: `/external-ids/${code.id}/end`, body: answer, revision: code.revision }), { done: t("done.code_ended", { code: code.code }) });
    done();
  };
  if (failed) return html`<p class="late nothing" role="alert">${failed}</p>`;
  if (!found) return html`<p class="nothing">${t("loading")}</p>`;
  const ends = (/** @type {Code} */ code) => may("end_external_id", { owner: code.member_id }, { external_kind: kind });
  return html`${found.now.length === 0 && html`<p class="nothing">${t("codes.none")}</p>`}
    <ul class="plain codes">${found.now.map((code) => html`<li key=${code.id}><span><strong class="code">${code.code}</strong> <span class="dim">${code.source} · ${t("since")} ${stamp(code.valid_from)}</span>${kind === "incident" ? html` <${Member} id=${code.member_id} short />` : ""}</span>
      ${ends(code) && html`<button type="button" class="button small" aria-label=${`${t("codes.end")}: ${code.code}`} onClick=${() => end(code)}>${t("codes.end")}</button>`}</li>`)}</ul>
    ${found.before.length > 0 && html`<details class="codes-before"><summary>${t("codes.before", { n: found.before.length })}</summary><ul class="plain codes">${found.before.map((code) => html`<li key=${code.id}><span class="dim"><span class="code">${code.code}</span> ${code.source} · ${stamp(code.valid_from)} – ${stamp(code.valid_to ?? "")}</span></li>`)}</ul></details>`}
    ${mayAddCode(kind, owner) && html`<p class="panel-text"><button type="button" class="button small" onClick=${add}>${t("codes.add")}</button></p>`}`;
}
