/**
 * What agreements do not allow, and an authorised representative does all the same by a named act: going below the own reserve, or
 * helping beyond what is agreed. Both want a reason, which both sides read.
 */
import { openDialog, ProblemParts, Reasons } from "./dialogs.js";
import { t } from "./i18n.js";
import { may } from "./rules.js";
import { OnDuty } from "./shift.js";
import { reasonTexts } from "./told.js";
import { html, useState } from "./view.js";

/** @typedef {import("./doing.js").Command} Command */
/** @typedef {import("./api.js").Problem} Problem */
/** @typedef {"override_reserve" | "ad_hoc"} NamedAct */
/** @typedef {{lender: string, without?: boolean}} Beyond lender: whose representative may; without: it then goes under no agreement at all */

/** What each act is called in the rules of who may do what. */
const RIGHTS = /** @type {const} */ ({ override_reserve: "override_reserve", ad_hoc: "offer_ad_hoc" });
const RESERVE = /^reserve_floor/;

/** Whether whoever is signed in may do it for a lender. @param {NamedAct} act @param {string} lender */
export const mayGoBeyond = (act, lender) => may(RIGHTS[act], { lender });

/** By which act one goes on after a refusal; none, where no agreement refused it. @param {Problem} problem @returns {NamedAct | null} */
export function actAfter(problem) {
  if (problem.slug !== "agreement-refused") return null;
  const codes = (problem.body.reasons ?? []).filter((/** @type {any} */ each) => each.blocking !== false).map((/** @type {any} */ each) => each.code);
  return codes.length > 0 && codes.every((/** @type {string} */ code) => RESERVE.test(code)) ? "override_reserve" : "ad_hoc";
}

/** The words of such an act, and what it means. @param {NamedAct} act @param {boolean} [without] */
export function beyondText(act, without) {
  if (act === "override_reserve") return { title: t("reserve.title"), text: t("reserve.text"), action: t("reserve.override") };
  return { title: t("ad_hoc.title"), text: t(without ? "ad_hoc.text.without" : "ad_hoc.text"), action: t(without ? "ad_hoc.without" : "ad_hoc.beyond") };
}

/** The same command by a named act. @param {Command} command @param {NamedAct} act @param {string} why @returns {Command} */
export function byNamedAct({ body = {}, ...command }, act, why) {
  const inLines = Array.isArray(body.lines);
  const said = act === "ad_hoc" ? { ad_hoc: true } : { override_reserve: inLines ? { reason: why } : why };
  const named = inLines ? { lines: body.lines.map((/** @type {any} */ line) => ({ ...line, ...said })) } : said;
  return { ...command, body: { ...body, ...named, ...(act === "ad_hoc" && { why }) } };
}

/**
 * Tell a refusal, and ask whoever may whether it is done all the same. Resolves to the act and its reason; undefined, where it is not.
 * @param {Problem} problem @param {Beyond} beyond @returns {Promise<{act: NamedAct, why: string} | undefined>}
 */
export function goBeyond(problem, { lender, without }) {
  const act = actAfter(problem);
  if (!act || !mayGoBeyond(act, lender)) {
    return openDialog(t("refused"), (close) => html`<div class="dialog-body" role="alert"><${ProblemParts} problem=${problem} />${act && html`<p><${WhoMay} act=${act} lender=${lender} /></p>`}
      <footer class="dialog-foot"><button type="button" class="button primary" autofocus onClick=${() => close()}>${t("understood")}</button></footer></div>`, { over: true });
  }
  return openDialog(beyondText(act, without).title, (close) => html`<${Ask} problem=${problem} act=${act} without=${without} close=${close} />`, { over: true });
}

/** @param {{problem: Problem, act: NamedAct, without?: boolean, close: (answer?: any) => void}} props */
function Ask({ problem, act, without, close }) {
  const [why, setWhy] = useState("");
  const { text, action } = beyondText(act, without);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    close({ act, why: why.trim() });
  };
  return html`<form class="dialog-body" onSubmit=${submit}><${Reasons} texts=${reasonTexts(problem)} /><p class="dialog-text">${text}</p>
    <label class="field"><span>${t("why")}</span><input type="text" maxlength="300" required autofocus value=${why} onInput=${(/** @type {any} */ event) => setWhy(event.target.value)} /></label>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button danger binds-us" disabled=${!why.trim()}>${action}</button></footer></form>`;
}

/** Whom to ask, where one may not oneself. @param {{act: NamedAct, lender: string}} props */
export function WhoMay({ act, lender }) {
  return html`<span class="notice">${t(act === "ad_hoc" ? "ad_hoc.ask_representative" : "reserve.ask_representative")} <${OnDuty} member=${lender} /></span>`;
}
