/**
 * What of a drill stands, why, and whose word is missing before it goes on: for its directors and controllers, and for its safety officers.
 * Whoever must say the word is told with function and phone: the next step is theirs.
 */
import { countryOf } from "./about.js";
import { myMember } from "./api.js";
import { roleName, t, word } from "./i18n.js";
import { Member, Phone } from "./parts.js";
import { html } from "./view.js";

/** @typedef {{status: string, paused_sites: string[], words: string[], site_words: [string, string][], pause_reasons: [string, string][]}} Standing */

/** The countries whose directors lead a drill, and whose words are needed together. @param {any} drill @returns {string[]} */
export function directors(drill) {
  return [...new Set(drill.participants.filter((/** @type {any} */ each) => each.role === "exercise_director").map((/** @type {any} */ each) => countryOf(each.member_id)))].sort();
}

/** The countries that have said that a site goes on. @param {Standing | null} clock @param {string} site */
export function siteWords(clock, site) {
  return (clock?.site_words ?? []).filter(([where]) => where === site).map(([, who]) => who);
}

/** Why something stands, in the words of who paused it; empty where nobody said so. @param {Pick<Standing, "pause_reasons"> | null | undefined} clock @param {string} site empty for everybody */
export function pauseReason(clock, site) {
  return (clock?.pause_reasons ?? []).find(([where]) => where === site)?.[1] ?? "";
}

/**
 * All that stands. `onResume` gives one's own word for a site, or for everybody under "".
 * @param {{drill: any, clock: Standing, siteName: (site: string) => string, onResume?: false | ((site: string) => void)}} props
 */
export function Stands({ drill, clock, siteName, onResume = false }) {
  return html`${clock.status === "paused" && html`<${Words} drill=${drill} said=${clock.words} why=${pauseReason(clock, "")} text=${t("control.paused")} />`}
    ${clock.paused_sites.map((site) => html`<${Words} key=${site} drill=${drill} said=${siteWords(clock, site)} why=${pauseReason(clock, site)} text=${t("control.site_paused", { site: siteName(site) })} onResume=${onResume && (() => onResume(site))} />`)}`;
}

/** What stands, whose word that it goes on is there, and who has to be rung for the others. @param {{drill: any, said: string[], text: string, why: string, onResume?: false | (() => void)}} props onResume: gives one's own, where it is not given above */
function Words({ drill, said, text, why, onResume = false }) {
  const mine = countryOf(myMember());
  const needed = directors(drill);
  const missing = needed.some((country) => !said.includes(country));
  return html`<div class="clock-words" role="status"><p><strong>${text}</strong> ${why && html`<q>${why}</q> `}<span>${t("control.words")}</span></p>
    <ul class="words">${needed.map((country) => html`<li key=${country} class=${said.includes(country) ? "word-given" : "word-missing"}><abbr class="country" title=${word("countries", country)}>${country}</abbr> ${said.includes(country) ? `✓ ${t("control.word_said")}` : html`${t("control.word_missing")} – <${Directors} drill=${drill} country=${country} />`}</li>`)}</ul>
    ${missing && html`<p class="dim">${t("control.word_how")}</p>`}
    ${said.includes(mine) ? html`<p class="dim">${t("control.word_yours")}</p>` : onResume && html`<div class="buttons"><button type="button" class="button" onClick=${onResume}>${t("control.resume")} …</button></div>`}</div>`;
}

/** Whom to ring for a country's word. @param {{drill: any, country: string}} props */
function Directors({ drill, country }) {
  const found = drill.participants.filter((/** @type {any} */ each) => each.role === "exercise_director" && countryOf(each.member_id) === country);
  return html`${found.map((/** @type {any} */ each) => html`<span key=${each.id} class="word-of">${roleName("exercise_director")} · <${Member} id=${each.member_id} /> <${Phone} id=${each.member_id} /></span> `)}`;
}
