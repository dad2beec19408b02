/** What is shown in place of a screen for which one lacks the role: which role it needs, and who of one's own member holds it. */
import { memberName } from "./about.js";
import { myMember, read } from "./api.js";
import { roleName, t } from "./i18n.js";
import { titled } from "./space.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {{role: string, names: string[], more: boolean}} Held */

const MOST_NAMED = 6;

/** Why this is not for who is signed in, and whom to turn to. @param {{title: string, roles: string[], back?: string}} props */
export function NeedsRole({ title, roles, back = "#/operations" }) {
  useEffect(() => {
    titled(title);
  });
  return html`<div class="request-screen"><section class="panel missing" role="alert"><h1>${title}</h1><p>${t("needs_role.text", { n: roles.length, roles: roles.map(roleName).join(" · ") })}</p>
    <${Holders} roles=${roles} /><div class="buttons"><a class="button primary" href=${back}>${t("back")}</a></div></section></div>`;
}

/** Who of one's own member holds one of these roles. @param {{roles: string[]}} props */
export function Holders({ roles }) {
  const [held, setHeld] = useState(/** @type {Held[] | null} */ (null));
  useEffect(() => {
    Promise.all(roles.map(async (role) => {
      const page = await read(`/api/v1/role-holders?role=${encodeURIComponent(role)}&limit=${MOST_NAMED}`);
      return { role, names: page.items.map((/** @type {any} */ each) => each.display_name), more: Boolean(page.next) };
    })).then(setHeld, () => setHeld([]));
  }, [roles.join()]);
  if (!held?.length) return null;
  return html`<p>${t("needs_role.held", { member: memberName(myMember()) })}</p>
    <dl class="facts wide-facts">${held.map(({ role, names, more }) => html`<div key=${role}><dt>${roleName(role)}</dt><dd>${names.length ? `${names.join(", ")}${more ? " …" : ""}` : html`<span class="dim">${t("needs_role.nobody")}</span>`}</dd></div>`)}</dl>`;
}
