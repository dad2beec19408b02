/** Alarming automatic aid: a button on the incident where a clause covers it, and one form with whom it will alarm. */
import { myMember, read } from "./api.js";
import { whereOf } from "./ask.js";
import { openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { Choice, PlaceField, Quantity } from "./fields.js";
import { t, typeName } from "./i18n.js";
import { Member, Nothing } from "./parts.js";
import { chosen } from "./router.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { codeText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {{lender_id: string, agreement_code: string, free: number, would_send: number, reasons: {code: string, figures: Record<string, any>}[]}} InTurn */
/** @typedef {{type_code: string, most: number, lenders: InTurn[]}} Covered */

/** What clauses cover at a place, asked anew when the place, the number or an agreement changes. @param {string} incidentId @param {number} lon @param {number} lat @param {number} quantity @returns {Covered[] | null} */
function useCovered(incidentId, lon, lat, quantity) {
  const [found, setFound] = useState(/** @type {Covered[] | null} */ (null));
  const changes = tables.agreement.changes.value;
  useEffect(() => {
    let late = false;
    read(`/incidents/${incidentId}/automatic-aid?lon=${lon}&lat=${lat}&quantity=${quantity}`).then((seen) => late || setFound(seen.types), () => late || setFound([]));
    return () => {
      late = true;
    };
  }, [incidentId, lon, lat, quantity, changes]);
  return found;
}

/** The button on the incident: only where there is a clause, and for who may. @param {{id: string}} props */
export function AutomaticButton({ id }) {
  const at = whereOf(id);
  const covered = useCovered(id, at.lon, at.lat, 1);
  const incident = tables.incident.get(id);
  if (!covered?.length || incident?.status === "closed" || !may("alarm_automatic_aid", { requester: myMember() })) return null;
  return html`<button type="button" class="button danger" onClick=${() => openAutomatic(id, covered)}>${t("automatic_aid")}</button>`;
}

/** @param {string} id @param {Covered[]} covered */
function openAutomatic(id, covered) {
  return openDialog(t("automatic.title"), (close) => html`<${Alarm} id=${id} first=${covered} close=${close} />`);
}

/** @param {{id: string, first: Covered[], close: () => void}} props */
function Alarm({ id, first, close }) {
  const [what, setWhat] = useState(() => ({ type_code: first[0].type_code, quantity: 1, place: "", ...whereOf(id) }));
  const [busy, setBusy] = useState(false);
  const change = (/** @type {any} */ part) => setWhat((was) => ({ ...was, ...part }));
  const covered = useCovered(id, what.lon, what.lat, what.quantity) ?? first;
  const clause = covered.find((each) => each.type_code === what.type_code);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    const receipt = await carryOut({ path: `/incidents/${id}/automatic-aid`, body: { ...what, place: what.place || null } }, { done: t("done.automatic_alarmed") });
    setBusy(false);
    if (!receipt) return;
    close();
    chosen.value = { kind: "request", id: String(receipt.subject.request_id) };
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <p class="dialog-text">${t("automatic.text")}</p>
    <${Choice} label=${t("type")} value=${what.type_code} onChange=${(/** @type {string} */ type_code) => change({ type_code })} options=${covered.map((each) => ({ value: each.type_code, text: typeName(each.type_code) }))} />
    <${Quantity} value=${what.quantity} most=${clause?.most ?? 100} onChange=${(/** @type {number} */ quantity) => change({ quantity })} />
    <${PlaceField} text=${what.place} onChange=${change} />
    <h3>${t("automatic.order")}</h3>
    ${clause ? html`<ol class="plain turns">${clause.lenders.map((each, n) => html`<${Lender} key=${each.lender_id} each=${each} n=${n + 1} />`)}</ol>` : html`<${Nothing} text=${t("automatic.not_there")} />`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${close}>${t("back")}</button><button class="button danger large" autofocus disabled=${busy || !clause}>${t("automatic.alarm")}</button></footer></form>`;
}

/** @param {{each: InTurn, n: number}} props */
function Lender({ each, n }) {
  return html`<li class="turn ${each.would_send ? "" : "passed"}"><span class="turn-no">${n}</span> <${Member} id=${each.lender_id} /> <span class="dim">${t("automatic.free", { n: each.free })}</span>
    ${each.reasons.map((reason) => html`<span class="late">${codeText(reason)}</span>`)}</li>`;
}
