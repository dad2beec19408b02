/** What everybody may read of a drill's plan: what it is for, how far it goes, how one talks, who plays where, the stop words. */
import { named, roleName, t, word } from "./i18n.js";
import { Member } from "./parts.js";
import { tables } from "./store.js";
import { span } from "./time.js";
import { html } from "./view.js";

/** The member of a code. @param {{code: string}} props */
export function ByCode({ code }) {
  const found = tables.member.all.value.find((row) => row.code === code);
  return found ? html`<${Member} id=${found.id} />` : code;
}

/** The stop words, in every language: what is said aloud, whatever somebody speaks. @param {{words: Record<string, string>}} props */
export function StopWords({ words }) {
  return html`<ul class="stop-words">${Object.entries(words).map(([code, text]) => html`<li key=${code}><abbr class="country">${code.toUpperCase()}</abbr> <strong lang=${code}>${text}</strong></li>`)}</ul>`;
}

/** The handbook. @param {{handbook: Record<string, any>}} props */
export function Handbook({ handbook }) {
  const said = (/** @type {string} */ key) => html`<h3>${t(`handbook.${key}`)}</h3><p>${named(handbook[key])}</p>`;
  return html`<div class="handbook">
    ${said("directive")}${said("extent_of_play")}${said("situation")}
    <p class="dim">${[word("drill_types", handbook.type), word("drill_notices", handbook.notice.kind), handbook.duration_s && t("handbook.lasts", { span: span(handbook.duration_s * 1000) })].filter(Boolean).join(" · ")}</p>
    <h3>${t("handbook.communications")}</h3><ul>${handbook.communications.map((/** @type {any} */ each, /** @type {number} */ n) => html`<li key=${n}><strong>${word("drill_channels", each.means)}</strong>${each.detail ? html` <span class="talkgroup">${each.detail}</span>` : ""} – ${named(each.use)}</li>`)}</ul>
    <h3>${t("handbook.sites")}</h3><ul>${handbook.sites.map((/** @type {any} */ site) => html`<li key=${site.id}><strong>${named(site.name)}</strong> ${handbook.players.filter((/** @type {string[]} */ player) => player[1] === site.id).map((/** @type {string[]} */ player) => html`<span key=${player[0]} class="site-player"><${ByCode} code=${player[0]} />${handbook.simulated?.includes(player[0]) ? html` <span class="dim">(${t("drill.virtual.one")})</span>` : ""}</span> `)}</li>`)}</ul>
    <h3>${t("handbook.roles")}</h3><ul>${handbook.roles.map((/** @type {any} */ each, /** @type {number} */ n) => html`<li key=${n}>${roleName(each.role)}${each.count > 1 ? ` (${each.count})` : ""} <${ByCode} code=${each.member} /></li>`)}</ul></div>`;
}
