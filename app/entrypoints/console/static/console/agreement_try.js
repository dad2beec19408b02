/** A request tried against the agreements: what each would say to it now, with every reason. Nothing is changed by it. */
import { countryOf, members } from "./about.js";
import { myMember, Problem, send } from "./api.js";
import { ProblemParts } from "./dialogs.js";
import { Choice, PlaceField, Quantity, TypeField } from "./fields.js";
import { TimeField } from "./form.js";
import { codes, named, number, phaseName, phases, t, word } from "./i18n.js";
import { Panel, State } from "./parts.js";
import { tables } from "./store.js";
import { againstText } from "./told.js";
import { html, useState } from "./view.js";

/** @typedef {{code: string, blocking: boolean, texts: Record<string, string>, figures: Record<string, any>}} Reason */
/** @typedef {{agreement_id: string, code: string, version: number, allowed: boolean, warned: boolean, only_reserve: boolean, reasons: Reason[]}} Verdict */
/** @typedef {{allowed: boolean, chosen: string | null, available: number, promised: number, reasons: Reason[], verdicts: Verdict[]}} Trial */

/** The form, and what came of it. @param {{only?: string, of?: Record<string, any>}} props only: the agreement that alone is asked; of: it, to begin with a case of its own */
export function AgreementTrial({ only, of }) {
  const own = myMember();
  const others = members().filter((each) => each.id !== own && countryOf(each.id) !== countryOf(own));
  const [what, setWhat] = useState(/** @type {() => Record<string, any>} */ (() => ({ direction: "ask", other: others[0]?.id ?? "", type_code: "pump.high_capacity", quantity: 1, hazard: "flood", kind: "immediate", phase: "", crossing: "", duration: "", place: "", at: "", ...caseOf(of, own) })));
  const [found, setFound] = useState(/** @type {Trial | null} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [busy, setBusy] = useState(false);
  const change = (/** @type {Record<string, any>} */ part) => { setWhat((was) => ({ ...was, ...part })); setFound(null); };
  const borrower = what.direction === "ask" ? own : what.other;
  const country = countryOf(borrower);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const lender = what.direction === "ask" ? what.other : own;
      setFound(/** @type {any} */ (await send("/agreements/try", {
        hazard: what.kind === "day_to_day" ? null : what.hazard, type_code: what.type_code, kind: what.kind, lender_id: lender, borrower_id: borrower, quantity: what.quantity,
        ...(what.lon === undefined ? {} : { place: { type: "Point", coordinates: [what.lon, what.lat] } }),
        ...(what.phase ? { phases: { [country]: what.phase } } : {}), ...(what.crossing ? { crossing: what.crossing } : {}), ...(what.at ? { at: what.at } : {}), ...(what.duration ? { duration_h: Number(what.duration) } : {}),
      })));
      setProblem(null);
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      setProblem(refusal);
    } finally {
      setBusy(false);
    }
  };
  const open = tables.crossing.all.value;
  return html`<${Panel} id="try" title=${t("try.title")}><form class="trial" onSubmit=${submit}>
    <p class="dim">${t("try.text")}</p>
    <${Choice} label=${t("try.direction")} value=${what.direction} options=${["ask", "send"].map((value) => ({ value, text: t(`try.${value}`) }))} onChange=${(/** @type {string} */ direction) => change({ direction })} />
    <label class="field"><span>${t(what.direction === "ask" ? "try.lender" : "try.borrower")}</span><select value=${what.other} onChange=${(/** @type {any} */ event) => change({ other: event.target.value, phase: "" })}>${members().filter((each) => each.id !== own).map((each) => html`<option value=${each.id} selected=${each.id === what.other}>${each.country} ${named(each.names)}</option>`)}</select></label>
    <div class="two"><${TypeField} value=${what.type_code} onChange=${(/** @type {string} */ type_code) => change({ type_code })} /><${Quantity} value=${what.quantity} onChange=${(/** @type {number} */ quantity) => change({ quantity })} /></div>
    <div class="two"><label class="field"><span>${t("hazard")}</span><select value=${what.hazard} disabled=${what.kind === "day_to_day"} onChange=${(/** @type {any} */ event) => change({ hazard: event.target.value })}>${codes("hazards").map((code) => html`<option value=${code} selected=${code === what.hazard}>${word("hazards", code)}</option>`)}</select></label>
      <label class="field"><span>${t("kind")}</span><select value=${what.kind} onChange=${(/** @type {any} */ event) => change({ kind: event.target.value })}>${codes("request_kinds").map((code) => html`<option value=${code} selected=${code === what.kind}>${word("request_kinds", code)}</option>`)}</select></label></div>
    <details class="more"><summary>${t("try.more")}</summary>
      <${PlaceField} text=${what.place} onChange=${(/** @type {any} */ at) => change({ lon: undefined, lat: undefined, ...at })} />
      <label class="field"><span>${t("phase")} (${word("countries", country)})</span><select value=${what.phase} onChange=${(/** @type {any} */ event) => change({ phase: event.target.value })}><option value="">${t("try.not_said")}</option>${phases(country).map((code) => html`<option value=${code} selected=${code === what.phase}>${phaseName(country, code)}</option>`)}</select></label>
      <label class="field"><span>${t("crossing")}</span><select value=${what.crossing} onChange=${(/** @type {any} */ event) => change({ crossing: event.target.value })}><option value="">${t("try.not_said")}</option>${open.map((each) => html`<option value=${each.code} selected=${each.code === what.crossing}>${named(each.names)}</option>`)}</select></label>
      <${TimeField} label=${t("try.when")} value=${what.at} onChange=${(/** @type {string} */ at) => change({ at })} />
      <label class="field"><span>${t("try.duration")}</span><input type="number" min="1" max="8760" step="1" value=${what.duration} onInput=${(/** @type {any} */ event) => change({ duration: event.target.value })} /></label></details>
    <div class="buttons"><button class="button primary" disabled=${busy || !what.type_code || !what.other}>${t("try.action")}</button></div>
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}</form>
    <div role="status" aria-live="polite">${found && html`<${Answer} trial=${found} only=${only} />`}</div><//>`;
}

/**
 * A case that an agreement is made for: one of its parties across from ours, and a type, a hazard and a kind that it covers.
 * @param {Record<string, any> | undefined} row @param {string | null} own
 */
function caseOf(row, own) {
  if (!row) return {};
  const { lenders = [], borrowers = [], terms = {} } = row;
  const lends = lenders.includes(own) && !(borrowers.includes(own) && lenders.length > 1);
  const others = (lends ? borrowers : lenders).filter((/** @type {string} */ id) => id !== own);
  const abroad = others.find((/** @type {string} */ id) => countryOf(id) !== countryOf(own ?? ""));
  const one = (/** @type {string[] | "*" | undefined} */ listed, /** @type {string} */ usual) => (Array.isArray(listed) && listed.length && !listed.includes(usual) ? listed[0] : usual);
  return { direction: lends ? "send" : "ask", other: abroad ?? others[0] ?? "", type_code: one(terms.types, "pump.high_capacity"), hazard: one(terms.hazards, "flood"), kind: one(terms.kinds, "immediate") };
}

/** @param {{trial: Trial, only?: string}} props */
function Answer({ trial, only }) {
  const verdicts = only ? trial.verdicts.filter((each) => each.agreement_id === only) : trial.verdicts;
  const chosen = verdicts.find((each) => each.agreement_id === (only ?? trial.chosen));
  const rest = verdicts.filter((each) => each !== chosen);
  const allowed = only ? chosen?.allowed === true : trial.allowed;
  return html`<div class="trial-answer"><p class="trial-verdict ${allowed ? "yes" : "no"}"><span aria-hidden="true">${allowed ? "✓" : "✕"} </span><strong>${t(allowed ? (chosen?.warned ? "try.warned" : "try.allowed") : "try.refused")}</strong>
      <span class="dim">${t("try.stock", { n: trial.available, promised: trial.promised })}</span></p>
    ${chosen ? html`<ul class="plain"><${One} verdict=${chosen} chosen=${!only} /></ul>` : html`<ul class="trial-reasons">${trial.reasons.map((reason) => html`<li class=${reason.blocking ? "bars" : ""}>${againstText(reason)}</li>`)}</ul>`}
    ${rest.length > 0 && html`<details class="more"><summary>${t("try.others", { n: number(rest.length) })}</summary><ul class="plain">${rest.map((each) => html`<${One} key=${each.agreement_id} verdict=${each} />`)}</ul></details>`}</div>`;
}

/** @param {{verdict: Verdict, chosen?: boolean}} props */
function One({ verdict, chosen }) {
  const row = tables.agreement.get(verdict.agreement_id);
  return html`<li class="trial-one"><p><a href=${`#/agreement/${verdict.agreement_id}`}>${row ? named(row.names) : verdict.code}</a> <${State} text=${t(verdict.allowed ? (verdict.warned ? "try.warned" : "try.allowed") : "try.refused")} tone=${verdict.allowed ? (verdict.warned ? "notice" : "") : "alert"} />${chosen ? html` <span class="dim">${t("try.counts")}</span>` : ""}</p>
    ${verdict.reasons.length > 0 && html`<ul class="trial-reasons">${verdict.reasons.map((reason) => html`<li class=${reason.blocking ? "bars" : ""}>${againstText(reason)}</li>`)}</ul>`}
    ${verdict.only_reserve && html`<p class="dim">${t("try.only_reserve")}</p>`}</li>`;
}
